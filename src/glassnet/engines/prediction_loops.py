"""The prediction of a program as loops: its forward lines alone, block of rows after block.

The text is made by the writer that makes the loops of a step. A block is as many rows as stay near
the processor, so a prediction of any number of rows needs no more memory than its outputs.
"""

from __future__ import annotations

from collections.abc import Iterator

from glassnet.engines.functions import Functions
from glassnet.engines.loops import IMPORTS, Stages, indented, lines_of, new_array, view, whole_text
from glassnet.engines.plan import Plan
from glassnet.graph import GradientGraph, Symbol, prediction_graph
from glassnet.lines import Shape
from glassnet.program import Program

PREDICT_TAKES = "x_all, parameters, statistics, sizes, outputs_all, block"


class PredictionPlan(Plan):
    """The plan of the forward lines: one result, a value for each row and output."""

    def __init__(self, program: Program) -> None:
        self.outputs = prediction_graph(program)
        super().__init__(program, GradientGraph(self.outputs, {}, {}))

    def _names(self) -> dict[int, str]:
        names = super()._names()
        names[id(self.outputs)] = "outputs"
        return names

    def _named_by_program(self) -> dict[str, Symbol]:
        return self._named_by(self.program.predict_lines)


def write_prediction(program: Program) -> str:
    """Write the loops of a prediction.

    The text defines `predict`; `glassnet.engines.prediction` says what it takes.
    """
    plan = PredictionPlan(program)
    functions = Functions()
    stages = Stages(plan, functions)
    body = list(lines_of(stages.body()))
    predict = [
        "@cached",
        f"def predict({PREDICT_TAKES}):",
        *indented(_prepared(program, plan)),
        "    for start in range(0, rows, block):",
        "        stop = start + block if start + block < rows else rows",
        "        m = stop - start",
        "        x = rows_between(x_all, start, stop)",
        "        if not all_finite(x):",
        "            return start",
        "        outputs = rows_between(outputs_all, start, stop)",
        *indented(indented(_cut_to_block(plan))),
        *indented(indented(body)),
        "    return rows",
    ]
    functions_and_predict = [*functions.texts, "\n".join(predict)]
    return whole_text(program, "The prediction of", IMPORTS, functions_and_predict)


def _cut_to_block(plan: Plan) -> Iterator[str]:
    """Write what changes with the block: the buffers cut to its rows."""
    for name, shape in _buffers(plan):
        if shape[0] == "m":
            yield f"{name} = rows_between({name}_most, 0, m)"


def _buffers(plan: Plan) -> Iterator[tuple[str, Shape]]:
    """Give what is kept on the way to the outputs, with its shape."""
    return ((name, shape) for name, shape in plan.buffers.items() if name != "outputs")


def _prepared(program: Program, plan: Plan) -> Iterator[str]:
    """Write what is done once: views of the flat arrays by name, and the buffers of a block."""
    for place, width in enumerate(program.sizes):
        yield f"{width} = sizes[{place}]"
    for flat, shapes in (
        ("parameters", program.parameter_shapes),
        ("statistics", program.statistic_shapes),
    ):
        if shapes:
            yield "at = 0"
        for name, shape in shapes.items():
            yield f"{name} = {view(flat, shape)}"
            yield f"at += {' * '.join(map(str, shape))}"
    yield "rows = x_all.shape[0]"
    yield "most = rows if rows < block else block"
    for name, shape in _buffers(plan):
        if shape[0] == "m":
            yield f"{name}_most = {new_array(['most', *shape[1:]])}"
        else:
            yield f"{name} = {new_array(shape)}"
    for name, values in plan.numbers.items():
        yield f"{name} = np.array({values!r}, real)"
