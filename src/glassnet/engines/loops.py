"""Program → graph → plan → loops: the text that the compiled engine runs.

One generic writer for every program; `glassnet.engines.plan` says where each node is computed. The
text is Python with numbers of one type (`real`), and also runs without a compiler.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator

from glassnet.engines.expressions import CALLS, ELEMENTARY, AtRowAndColumn, drawn_by, moved
from glassnet.engines.plan import (
    READ_IN_PLACE,
    ROW_REDUCTIONS,
    Plan,
    base,
    is_column,
    is_row,
    rows_of,
)
from glassnet.engines.tiny import is_tiny, tiny_functions
from glassnet.engines.update_loops import update_loops
from glassnet.graph import Symbol, gradient_graph
from glassnet.program import Program

FLUSH = 256  # rows after which partial sums are added up, so that float32 sums stay exact


# --------------------------------------------------------------------------------- the stages


class Stages:
    """Writes each stage: products, numbers, columns, and the pass over the rows."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.functions: list[str] = []  # one for each pass; equal passes share one
        self.known: dict[str, str] = {}  # text of a pass with neutral names → its function
        self.partial_sums: dict[str, str] = {}  # name → width

    def body(self) -> Iterator[str]:
        """Give the lines of all stages, up to loss and slopes."""
        for stage in range(self.plan.stages):
            nodes = [
                n
                for n in self.plan.nodes
                if self.plan.stage[id(n)] == stage and id(n) not in self.plan.finals
            ]
            yield from self._products(nodes)
            yield from self._numbers(nodes)
            yield from self._columns([n for n in nodes if n.op == "element" and is_column(n)])
            # What stands side by side is written part by part, where each part is computed.
            nested = [n for n in nodes if self.plan.in_nest(n) and n.op != "beside"]
            for rows in dict.fromkeys(map(rows_of, nested)):
                yield from self._rows([n for n in nested if rows_of(n) == rows], rows)

    def after(self) -> Iterator[str]:
        """Give the lines that bring running statistics forward."""
        yield from self._columns([n for n in self.plan.nodes if id(n) in self.plan.finals])

    def _products(self, nodes: Iterable[Symbol]) -> Iterator[str]:
        for node in nodes:
            if node.op == "product":
                left, right = (self._matrix(part) for part in node.symbols)
                yield f"product({left}, {right}, {self.plan.array(node)})"

    def _matrix(self, node: Symbol) -> str:
        inner = base(node)
        name = inner.name if inner.op == "input" else self.plan.array(inner)
        return f"{name}.T" if node.op == "transpose" else name

    def _numbers(self, nodes: Iterable[Symbol]) -> Iterator[str]:
        for node in nodes:
            if node.op == "element" and node.axes == ():
                yield f"{self.plan.names[id(node)]} = {AtRowAndColumn(self.plan).computed(node)}"

    def _columns(self, nodes: list[Symbol]) -> Iterator[str]:
        for width in dict.fromkeys(str(node.axes[0]) for node in nodes):
            yield f"for j in range({width}):"
            text = AtRowAndColumn(self.plan)
            for node in nodes:
                if node.axes[0] == width:
                    yield f"    {text.name(node)} = {text.computed(node)}"
                    yield f"    {text.at(node)} = {text.name(node)}"
                    text.local.add(id(node))

    # ---------------------------------------------------------------- one pass over the rows

    def _rows(self, nodes: list[Symbol], rows: str) -> Iterator[str]:
        text = AtRowAndColumn(self.plan)
        sums = [n for n in nodes if n.op == "batch_sum"]
        totals = tuple(self.plan.names[id(n)] for n in nodes if n.op == "total")
        before = [f"{name} = 0.0" for name in totals]
        before += [line for node in sums for line in self._cleared(node, text)]
        by_row = [n for n in nodes if n.op == "sums_by_row"]
        before += [line for node in by_row for line in self._cleared_table(node, text)]
        inner: list[str] = []
        for level in range(1 + max(self.plan.level[id(n)] for n in nodes)):
            here = [n for n in nodes if self.plan.level[id(n)] == level]
            inner += self._row_values(here, text)
            for width in dict.fromkeys(_width(n) for n in here if _width(n)):
                inner += self._loop([n for n in here if _width(n) == width], width, text)
            inner += self._row_results(here, text)
        masks = [name[4:] for name in text.used if name.startswith("key_")]
        lines = [f"row_{mask} = mix(np.uint32(i) ^ key_{mask})" for mask in masks]
        lines += [f"{name} = {found}" for name, found in text.numbers.items()]
        lines += [*inner, *self._flushed(sums, text, rows)]
        takes = (rows, *(name for name in text.used if name not in (*totals, rows)))
        lines = [*before, f"for i in range({rows}):", *_indented(lines)]
        yield self._called(lines, takes, totals)

    def _cleared(self, node: Symbol, text: AtRowAndColumn) -> Iterator[str]:
        name, width = text.use(self.plan.array(node)), text.use(str(node.axes[0]))
        self.partial_sums[f"part_{name}"] = width
        yield f"for j in range({width}):"
        yield f"    {name}[j] = real(0.0)"
        yield f"    {text.use(f'part_{name}')}[j] = real(0.0)"

    def _cleared_table(self, node: Symbol, text: AtRowAndColumn) -> Iterator[str]:
        name, (rows, columns) = text.use(self.plan.array(node)), map(str, node.axes)
        yield f"for k in range({text.use(rows)}):"
        yield f"    for j in range({text.use(columns)}):"
        yield f"        {name}[k, j] = real(0.0)"

    def _flushed(self, sums: list[Symbol], text: AtRowAndColumn, rows: str) -> Iterator[str]:
        """Add the partial sums up every so many rows, and at the end."""
        if sums:
            yield f"if i % {FLUSH} == {FLUSH - 1} or i == {rows} - 1:"
        for node in sums:
            name = self.plan.array(node)
            yield f"    for j in range({text.use(str(node.axes[0]))}):"
            yield f"        {name}[j] += part_{name}[j]"
            yield f"        part_{name}[j] = real(0.0)"

    def _row_values(self, nodes: list[Symbol], text: AtRowAndColumn) -> Iterator[str]:
        for node in nodes:
            if node.op == "element" and is_row(node):
                yield f"{text.name(node)} = {text.computed(node)}"
                text.local.add(id(node))

    def _row_results(self, nodes: list[Symbol], text: AtRowAndColumn) -> Iterator[str]:
        for node in nodes:
            if is_row(node) and id(node) in self.plan.stored:
                yield f"{text.at(node)} = {text.name(node)}"
            elif node.op == "total" and _width(node):
                yield f"{self.plan.names[id(node)]} += {self.plan.names[id(node)]}_i"
            elif node.op == "total":
                yield f"{self.plan.names[id(node)]} += {text.value(node.args[0])}"

    def _loop(self, nodes: list[Symbol], width: str, text: AtRowAndColumn) -> Iterator[str]:
        """Write a loop over the columns, with what it sums along the row set to 0 before."""
        for node in nodes:
            if node.op in ("row_sum", "row_cumsum", "total"):
                yield f"{self.plan.names[id(node)]}_i = real(0.0)"
            elif node.op == "row_max":
                yield f"{self.plan.names[id(node)]}_i = real(-np.inf)"
        yield f"for j in range({text.use(width)}):"
        inside = list(text.local)
        for node in nodes:
            old = self.plan.overwritten.get(id(node))
            if old is not None:
                yield f"    {text.name(old)} = {text.at(old)}"
                text.local.add(id(old))
        for node in nodes:
            yield from _indented(self._in_loop(node, nodes, text))
        text.local = set(inside) | {id(n) for n in nodes if n.op in ROW_REDUCTIONS}

    def _in_loop(self, node: Symbol, nodes: list[Symbol], text: AtRowAndColumn) -> Iterator[str]:
        name = self.plan.names[id(node)]
        if node.op == "element" or node.op in READ_IN_PLACE:
            stored = id(node) in self.plan.stored
            if not stored and self._read_once(node, nodes):
                return  # written where it is read
            yield f"{text.name(node)} = {text.computed(node)}"
            if stored:
                yield f"{text.at(node)} = {text.name(node)}"
            text.local.add(id(node))
        elif node.op == "row_cumsum":
            yield f"{name}_i += {text.value(node.args[0])}"
            yield f"{text.name(node)} = {name}_i"
            if id(node) in self.plan.stored:
                yield f"{text.at(node)} = {text.name(node)}"
            text.local.add(id(node))
        elif node.op == "placed":
            part, place = node.args
            for whole in self.plan.users[id(node)]:
                array = text.use(self.plan.array(whole))
                yield f"{array}[i, {moved(place)}] = {text.value(part)}"
        elif node.op == "sums_by_row":
            given, column = node.args
            assert isinstance(column, Symbol)
            number, array = text.number(column, str(node.axes[0])), self.plan.array(node)
            yield f"{array}[{number}, j] += {text.value(given)}"
        elif node.op == "row_max":
            yield f"{name}_i = greatest({name}_i, {text.value(node.args[0])})"
        elif node.op == "batch_sum":
            array = text.use(f"part_{self.plan.array(node)}")
            yield f"{array}[j] += {text.value(node.args[0])}"
        else:
            yield f"{name}_i += {text.value(node.args[0])}"

    def _read_once(self, node: Symbol, nodes: list[Symbol]) -> bool:
        """Whether one expression reads a node, once and always, so that it can stand there."""
        readers = self.plan.users.get(id(node), [])
        if len(readers) != 1 or readers[0].name == "where":
            return False
        here = any(readers[0] is other for other in nodes)
        return here and sum(a is node for a in readers[0].args) == 1

    def _called(self, lines: list[str], takes: tuple[str, ...], gives: tuple[str, ...]) -> str:
        """Give the call of a pass, whose function is written unless an equal one is there."""
        neutral = _neutral(lines, takes)
        if neutral not in self.known:
            self.known[neutral] = f"rows_{len(self.functions) + 1}"
            back = [f"return {', '.join(f'real({name})' for name in gives)}"] if gives else []
            head = f"def {self.known[neutral]}({', '.join(takes)}):"
            self.functions.append("\n".join(["@compiled", head, *_indented([*lines, *back])]))
        target = f"{', '.join(gives)} = " if gives else ""
        return f"{target}{self.known[neutral]}({', '.join(takes)})"


def _width(node: Symbol) -> str:
    """Name of the columns that a node of a pass runs over; empty for values of a row."""
    own = node.op == "element" or node.op in READ_IN_PLACE
    shape = node.axes if own else node.args[0].axes  # type: ignore[union-attr]
    return "" if shape[1] == 1 else str(shape[1])


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _neutral(lines: list[str], takes: tuple[str, ...]) -> str:
    """Give a text with its own names numbered, so that equal work has equal text."""
    fixed = "for j i k m in range if or else real np uint32 inf sqrt rint abs T mix kept normal"
    fixed += " row_number"
    keep = {*fixed.split(), *CALLS.values()}
    numbers = {name: f"_{place}" for place, name in enumerate(takes)}

    def number(found: re.Match[str]) -> str:
        name = found.group()
        if name in keep:
            return name
        return numbers.setdefault(name, f"_{len(numbers)}")

    return re.sub(r"[A-Za-z_]\w*", number, "\n".join(lines))


# ---------------------------------------------------------------------------- the whole text


def write_loops(program: Program, *, tiny: bool | None = None) -> str:
    """Write the loops of a program.

    The text defines `train`; `glassnet.engines.numba` says what it takes.

    Args:
        program: what they do.
        tiny: whether every number has a name of its own; None: where that is faster.

    """
    if is_tiny(program) if tiny is None else tiny:
        functions, products = tiny_functions(program, ", ".join(TRAIN_TAKES)), ""
    else:
        functions, products = _general_functions(program), PRODUCTS
    heading = f'"""The loops of {program.description.short()}, written out by glassnet."""'
    dtype = program.description.dtype
    named = "".join(f"    {name}_{dtype} as {name},\n" for name in ELEMENTARY)
    imports = IMPORTS.format(dtype=dtype, functions=named, products=products)
    return "\n\n\n".join([f"{heading}\n\n{imports}", *functions]) + "\n"


def _general_functions(program: Program) -> list[str]:
    plan = Plan(program, gradient_graph(program))
    stages = Stages(plan)
    body, after = list(stages.body()), list(stages.after())
    train = [
        "@cached",
        "def train(",
        *_indented(textwrap.wrap(", ".join(TRAIN_TAKES) + ",", 90)),
        "):",
        *_indented(_prepared(program, plan, stages)),
        "    for number in range(first, last):",
        *_indented(_indented(TAKE_BATCH)),
        *(
            f"        key_{m.name} = mask_keys[number - first, {k}]"
            for k, m in enumerate(program.masks)
        ),
        *_indented(_indented(drawn_by(program, "number - first if changing else 0"))),
        *_indented(_indented(_cut_to_batch(plan))),
        *_indented(_indented(body)),
        "        losses[number - first] = loss",
        "        if not is_finite(loss):",
        "            return number - first + 1",
        *_indented(_indented(after)),
        "        if not updating:",
        "            return number - first + 1",
        *(
            f"        {name} = real(rates[number - first if changing else 0, {k}])"
            for k, name in enumerate(program.rate_names)
        ),
        *_indented(_indented(update_loops(program))),
        "    return last - first",
    ]
    return [*stages.functions, "\n".join(train)]


IMPORTS = """import numpy as np

from glassnet.engines.compiled import (
    cached,
    compiled,
    fill_equal_shares,
    fill_shares,
    gather,
    greatest,
    is_finite,
    kept,
    least,
    merged,
    mix,
    normal,
    row_number,
    sign_of,
    sort_rows,
    sum_of_weights,
)
from glassnet.engines.elementary import (
{functions})
{products}
real = np.{dtype}"""

PRODUCTS = "from glassnet.engines.products import product\n"

TRAIN_TAKES = (
    "x_all y_all weights adds_up batch per_epoch shuffled order_keys mask_keys drawn_by first last"
    " updating parameters slopes statistics state rates sizes losses"
).split()

TAKE_BATCH = """position = number % per_epoch
if shuffled and (number == first or position == 0):
    sort_rows(order_keys[number // per_epoch - first // per_epoch], order, hashes, counts)
start = position * batch
stop = rows if position == per_epoch - 1 else start + batch
if shuffled:
    x = x_rows[: stop - start]
    y = y_rows[: stop - start]
    gather(x_all, order, start, x)
    gather(y_all, order, start, y)
else:
    x = x_all[start:stop]
    y = y_all[start:stop]""".splitlines()


def _prepared(program: Program, plan: Plan, stages: Stages) -> Iterator[str]:
    """Write what is done once: views of the flat arrays by name, and the buffers."""
    for place, width in enumerate(program.sizes):
        yield f"{width} = sizes[{place}]"
    yield "at = 0"
    for p, shape in program.parameter_shapes.items():
        size = " * ".join(map(str, shape))
        reshaped = f".reshape(({', '.join(map(str, shape))}))" if len(shape) == 2 else ""
        yield f"at_{p} = at"
        yield f"{p} = parameters[at : at + {size}]{reshaped}"
        yield f"d{p} = slopes[at : at + {size}]{reshaped}"
        yield f"at += {size}"
    for row, kind in enumerate(program.optimizer.state_names()):
        yield f"{kind} = state[{row}]"
    if program.statistics:
        yield "at = 0"
    for name, shape in program.statistic_shapes.items():
        yield f"{name} = statistics[at : at + {shape[0]}]"
        yield f"at += {shape[0]}"
    yield "rows = x_all.shape[0]"
    yield "most = min(rows, batch + 1)"
    for name, shape in plan.buffers.items():
        if shape[0] == "m":
            columns = f"(most, {shape[1]})" if shape[1] != 1 else "most"
            yield f"{name}_most = np.empty({columns}, real)"
            yield f"{name} = {name}_most[:most]"
        else:
            size = f"({', '.join(map(str, shape))})" if len(shape) > 1 else str(shape[0])
            yield f"{name} = np.empty({size}, real)"
    for name, width in stages.partial_sums.items():
        yield f"{name} = np.empty({width}, real)"
    for name, values in plan.numbers.items():
        yield f"{name} = np.array({values!r}, real)"
    yield "w_most = np.empty(most, real)"
    yield "w = w_most[:most]"
    yield "m = 0"
    yield "changing = rates.shape[0] > 1"
    yield "kept_rows = most if shuffled else 1"
    yield "x_rows = np.empty((kept_rows, n0), real)"
    yield f"y_rows = np.empty((kept_rows, {program.inputs[1].shape[1]}), real)"
    yield "order = np.empty(rows if shuffled else 1, np.int64)"
    yield "hashes = np.empty(order.size, np.uint32)"
    yield "counts = np.empty(order.size + 1, np.int64)"


def _cut_to_batch(plan: Plan) -> Iterator[str]:
    """Write what changes with the batch: the buffers cut to its rows, and the row weights."""
    yield "if m != stop - start:"
    yield "    m = stop - start"
    for name, shape in plan.buffers.items():
        if shape[0] == "m":
            yield f"    {name} = {name}_most[:m]"
    yield "    w = w_most[:m]"
    yield "    fill_equal_shares(adds_up, w)"
    yield "if weights.size > 0:"
    yield "    fill_shares(weights, order, start, shuffled, adds_up, w)"
