"""Program → graph → plan → loops: the text that the compiled engine runs.

One generic writer for every program; `glassnet.engines.plan` says where each node is computed. The
text is Python with numbers of one type (`real`), and also runs without a compiler.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from glassnet.engines.expressions import (
    CALLS,
    ELEMENTARY,
    FALLING,
    SINGLE_ONLY,
    AtRowAndColumn,
    drawn_by,
    moved,
)
from glassnet.engines.functions import Functions
from glassnet.engines.meetings import Piece
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
from glassnet.engines.update_loops import UpdateLoops
from glassnet.graph import Symbol, gradient_graph
from glassnet.lines import Shape
from glassnet.program import Program

FLUSH = 256  # rows after which partial sums are added up, so that float32 sums stay exact


# --------------------------------------------------------------------------------- the stages


class Stages:
    """Writes each stage: products, numbers, columns, and the pass over the rows."""

    row = "i"  # the number of a row in the whole batch

    def __init__(self, plan: Plan, functions: Functions) -> None:
        self.plan = plan
        self.functions = functions
        self.partial_sums: dict[str, str] = {}  # name → width

    def body(self) -> Iterator[Piece]:
        """Give the pieces of all stages, up to loss and slopes."""
        for stage in range(self.plan.stages):
            nodes = [
                n
                for n in self.plan.nodes
                if self.plan.stage[id(n)] == stage and id(n) not in self.plan.finals
            ]
            yield from (self._product(n) for n in nodes if n.op == "product")
            yield from (self._number(n) for n in nodes if n.op == "element" and n.axes == ())
            yield from self._columns([n for n in nodes if n.op == "element" and is_column(n)])
            apart = [n for n in nodes if id(n) in self.plan.apart]
            yield from map(self._apart, apart)
            # What stands side by side is written part by part, where each part is computed.
            nested = [n for n in nodes if self.plan.in_nest(n) and n.op != "beside"]
            nested = [n for n in nested if id(n) not in self.plan.apart]
            of_rows = self._without_columns(nested)
            if of_rows:
                yield from self._rows(of_rows, "m")
                nested = [n for n in nested if not any(n is other for other in of_rows)]
            for rows in dict.fromkeys(map(rows_of, nested)):
                yield from self._rows([n for n in nested if rows_of(n) == rows], rows)

    def after(self) -> Iterator[Piece]:
        """Give the pieces that bring running statistics forward."""
        yield from self._columns([n for n in self.plan.nodes if id(n) in self.plan.finals])

    def piece(
        self, lines: Iterable[str], reads: Iterable[str], writes: Iterable[str], rows: str = ""
    ) -> Piece:
        """Put lines together; what they touch matters where several threads run them."""
        return Piece(tuple(lines), frozenset())

    def _product(self, node: Symbol) -> Piece:
        left, right = (self._matrix(part) for part in node.symbols)
        return self.piece([f"product({left}, {right}, {self.plan.array(node)})"], (), ())

    def _matrix(self, node: Symbol) -> str:
        return f"{self.name_of(base(node))}.T" if node.op == "transpose" else self.name_of(node)

    def name_of(self, node: Symbol) -> str:
        """Name the array that an operand of a product stands in."""
        return node.name if node.op == "input" else self.plan.array(node)

    def _number(self, node: Symbol) -> Piece:
        text, name = AtRowAndColumn(self.plan), self.plan.names[id(node)]
        return self.piece([f"{name} = {text.computed(node)}"], text.used, [name])

    def _columns(self, nodes: list[Symbol]) -> Iterator[Piece]:
        for width in dict.fromkeys(str(node.axes[0]) for node in nodes):
            here = [node for node in nodes if node.axes[0] == width]
            text = AtRowAndColumn(self.plan)
            lines = [f"for j in range({self.columns(width, here)}):"]
            for node in here:
                lines.append(f"    {text.name(node)} = {text.computed(node)}")
                lines.append(f"    {text.at(node)} = {text.name(node)}")
                text.local.add(id(node))
            yield self.piece(lines, text.used, map(self.plan.array, here))

    def columns(self, width: str, nodes: list[Symbol]) -> str:
        """Write which columns a loop runs over."""
        return width

    def _apart(self, node: Symbol) -> Piece:
        """Compute a node in a loop of its own, which runs over all its numbers."""
        target, sources = self.plan.array(node), [self.plan.array(n) for n in node.symbols]
        operands = ", ".join(f"{source}[q]" for source in sources)
        lines = [f"for q in range({target}.size):"]
        lines += [f"    {target}[q] = {CALLS[node.name]}({operands})"]
        takes = list(dict.fromkeys([target, *sources]))
        given = [f"numbers_of({array})" for array in takes]
        call = self.functions.call("each", lines, takes, given=given)
        return self.piece([call], sources, [target], "m")

    def _without_columns(self, nodes: list[Symbol]) -> list[Symbol]:
        """Find what has nothing to do with columns: a pass of its own goes through vectors of rows.

        It would also make a pass over columns different from those of other layers.
        """
        found = [
            n for n in nodes if n.op in ("element", "total") and not _width(n) and rows_of(n) == "m"
        ]
        while True:
            ids = {id(n) for n in found}
            others = {id(n) for n in nodes} - ids
            around = [(*self.plan.parts(n), *self.plan.users.get(id(n), [])) for n in found]
            kept = [
                n
                for n, near in zip(found, around, strict=True)
                if not others & {id(other) for other in near}
            ]
            if len(kept) == len(found):
                return found
            found = kept

    # ---------------------------------------------------------------- one pass over the rows

    def _rows(self, nodes: list[Symbol], rows: str) -> Iterator[Piece]:
        text, count = AtRowAndColumn(self.plan), self.count(rows)
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
        lines = [f"row_{mask} = mix(np.uint32({self.row}) ^ key_{mask})" for mask in masks]
        lines += [f"{name} = {found}" for name, found in text.numbers.items()]
        lines += [*inner, *self._flushed(sums, text, count)]
        takes = (count, *(name for name in text.used if name not in (*totals, count)))
        takes += self.of_rows(masks)
        lines = [*before, f"for i in range({count}):", *indented(lines)]
        stored = [n for n in nodes if id(n) in self.plan.stored]
        placed = [n for n in nodes if n.op == "placed"]
        stored += [whole for n in placed for whole in self.plan.users[id(n)]]
        yield from self.passed(lines, takes, totals, rows, stored)

    def count(self, rows: str) -> str:
        """Name the number of rows that a pass runs over."""
        return rows

    def of_rows(self, masks: list[str]) -> tuple[str, ...]:
        """Name what else a pass takes, to know a row's number in the whole batch."""
        return ()

    def passed(
        self,
        lines: list[str],
        takes: tuple[str, ...],
        totals: tuple[str, ...],
        rows: str,
        stored: list[Symbol],
    ) -> Iterator[Piece]:
        """Give the pieces that do a pass, which stores the values of some nodes."""
        call = self.functions.call("rows", lines, takes, totals)
        yield self.piece([f"{', '.join(totals)} = {call}" if totals else call], (), ())

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

    def _flushed(self, sums: list[Symbol], text: AtRowAndColumn, count: str) -> Iterator[str]:
        """Add the partial sums up every so many rows, and at the end."""
        if sums:
            yield f"if i % {FLUSH} == {FLUSH - 1} or i == {count} - 1:"
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
            yield from indented(self._in_loop(node, nodes, text))
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
            yield f"{name}_i = plus({name}_i, {text.value(node.args[0])})"
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


def _width(node: Symbol) -> str:
    """Name of the columns that a node of a pass runs over; empty for values of a row."""
    own = node.op == "element" or node.op in READ_IN_PLACE
    shape = node.axes if own else node.args[0].axes  # type: ignore[union-attr]
    return "" if shape[1] == 1 else str(shape[1])


def indented(lines: Iterable[str]) -> list[str]:
    """Move lines to the right."""
    return [f"    {line}" for line in lines]


# ---------------------------------------------------------------------------- the whole text


def write_loops(program: Program, *, tiny: bool | None = None) -> str:
    """Write the loops of a program, for one thread.

    The text defines `train`; `glassnet.engines.numba` says what it takes.

    Args:
        program: what they do.
        tiny: whether every number has a name of its own; None: where that is faster.

    """
    if is_tiny(program) if tiny is None else tiny:
        functions, imports = tiny_functions(program, ", ".join(TRAIN_TAKES)), TINY_IMPORTS
    else:
        functions, imports = _general_functions(program), IMPORTS
    return whole_text(program, "The loops of", imports, functions)


def _general_functions(program: Program) -> list[str]:
    plan = Plan(program, gradient_graph(program))
    functions = Functions()
    stages = Stages(plan, functions)
    body, after = list(stages.body()), list(stages.after())
    lines = [
        *prepared(program),
        *_buffers(program, plan, stages),
        "settings = flush_subnormals()",  # when nothing more is allocated, which may fail
        "for number in range(first, last):",
        *indented(TAKE_BATCH),
        *indented(keys_of_masks(program)),
        *indented(_cut_to_batch(plan)),
        *indented(lines_of(body)),
        "    losses[number - first] = loss",
        "    if not is_finite(loss):",
        "        put_back(settings)",
        "        return number - first + 1",
        *indented(lines_of(after)),
        "    if not updating:",
        "        put_back(settings)",
        "        return number - first + 1",
        *indented(rates_of(program)),
        *indented(lines_of(UpdateLoops(program, functions).pieces())),
        "put_back(settings)",
        "return last - first",
    ]
    return with_train(functions, TRAIN_TAKES, lines)


def lines_of(pieces: Iterable[Piece]) -> Iterator[str]:
    """Give the lines of some pieces."""
    for piece in pieces:
        yield from piece.lines


def with_train(functions: Functions, takes: Iterable[str], lines: Iterable[str]) -> list[str]:
    """Give the functions of a text, and `train` with its lines after them."""
    train = [
        "@cached",
        "def train(",
        *indented(textwrap.wrap(", ".join(takes) + ",", 90)),
        "):",
        *indented(lines),
    ]
    return [*functions.texts, "\n".join(train)]


def whole_text(program: Program, what: str, imports: str, functions: Iterable[str]) -> str:
    """Give a whole text: heading, imports, and functions."""
    dtype = program.description.dtype
    names = (*ELEMENTARY, FALLING, *(SINGLE_ONLY if dtype == "float32" else ()))
    elementary = "".join(f"    {name}_{dtype} as {name},\n" for name in sorted(names))
    opening = imports.format(dtype=dtype, elementary=elementary)
    heading = f'"""{what} {program.description.short()}, written out by glassnet."""'
    return "\n\n\n".join([f"{heading}\n\n{opening}", *functions]) + "\n"


IMPORTS = """import numpy as np

from glassnet.engines.compiled import (
    all_finite,
    cached,
    compiled,
    fill_equal_shares,
    fill_shares,
    flush_subnormals,
    gather,
    greatest,
    is_finite,
    kept,
    least,
    matrix_in,
    merged,
    minus,
    mix,
    new_matrix,
    new_numbers,
    normal,
    numbers_in,
    numbers_of,
    over_root,
    plus,
    put_back,
    row_number,
    rows_between,
    sign_of,
    sort_rows,
    sum_of_weights,
)
from glassnet.engines.elementary import (
{elementary})
from glassnet.engines.products import product

real = np.{dtype}"""

PRODUCTS = "from glassnet.engines.products import product\n"

TINY_IMPORTS = IMPORTS.replace(PRODUCTS, "")

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
    x = rows_between(x_rows, 0, stop - start)
    y = rows_between(y_rows, 0, stop - start)
    gather(x_all, order, start, x)
    gather(y_all, order, start, y)
else:
    x = rows_between(x_all, start, stop)
    y = rows_between(y_all, start, stop)""".splitlines()


def prepared(program: Program) -> Iterator[str]:
    """Write what is done once: views of the flat arrays by name."""
    for place, width in enumerate(program.sizes):
        yield f"{width} = sizes[{place}]"
    yield "at = 0"
    for p, shape in program.parameter_shapes.items():
        yield f"at_{p} = at"
        yield f"{p} = {view('parameters', shape)}"
        yield f"d{p} = {view('slopes', shape)}"
        yield f"at += {' * '.join(map(str, shape))}"
    for row, kind in enumerate(program.optimizer.state_names()):
        yield f"{kind} = state[{row}]"
    if program.statistics:
        yield "at = 0"
    for name, shape in program.statistic_shapes.items():
        yield f"{name} = {view('statistics', shape)}"
        yield f"at += {shape[0]}"


def view(flat: str, shape: Shape) -> str:
    """Write the part of a flat array that begins at `at` and has a shape."""
    kind = "matrix_in" if len(shape) == 2 else "numbers_in"
    return f"{kind}({flat}, at, {', '.join(map(str, shape))})"


def new_array(axes: Iterable[object]) -> str:
    """Write an array of such axes, those of one number left out."""
    sizes = [str(axis) for axis in axes if axis != 1]
    kind = "new_matrix" if len(sizes) == 2 else "new_numbers"
    return f"{kind}({', '.join(sizes)}, parameters)"


def _buffers(program: Program, plan: Plan, stages: Stages) -> Iterator[str]:
    """Write the buffers, which are made once."""
    yield "rows = x_all.shape[0]"
    yield "most = rows if rows <= batch else batch + 1"
    for name, shape in plan.buffers.items():
        if shape[0] == "m":
            yield f"{name}_most = {new_array(['most', *shape[1:]])}"
            yield f"{name} = rows_between({name}_most, 0, most)"
        else:
            yield f"{name} = {new_array(shape)}"
    for name, width in stages.partial_sums.items():
        yield f"{name} = {new_array([width])}"
    for name, values in plan.numbers.items():
        yield f"{name} = np.array({values!r}, real)"
    yield f"w_most = {new_array(['most'])}"
    yield "w = rows_between(w_most, 0, most)"
    yield "m = 0"
    yield "changing = rates.shape[0] > 1"
    yield "kept_rows = most if shuffled else 1"
    yield "x_rows = new_matrix(kept_rows, x_all.shape[1], parameters)"
    yield "y_rows = new_matrix(kept_rows, y_all.shape[1], parameters)"
    yield "places = rows if shuffled else 1"
    yield "order = new_numbers(places, sizes)"
    yield "hashes = new_numbers(places, order_keys)"
    yield "counts = new_numbers(places + 1, sizes)"


def keys_of_masks(program: Program) -> Iterator[str]:
    """Write what random numbers are drawn by in this step."""
    for place, mask in enumerate(program.masks):
        yield f"key_{mask.name} = mask_keys[number - first, {place}]"
    yield from drawn_by(program, "number - first if changing else 0")


def rates_of(program: Program) -> Iterator[str]:
    """Write the rates of this step."""
    for place, name in enumerate(program.rate_names):
        yield f"{name} = real(rates[number - first if changing else 0, {place}])"


def _cut_to_batch(plan: Plan) -> Iterator[str]:
    """Write what changes with the batch: the buffers cut to its rows, and the row weights."""
    yield "if m != stop - start:"
    yield "    m = stop - start"
    for name, shape in plan.buffers.items():
        if shape[0] == "m":
            yield f"    {name} = rows_between({name}_most, 0, m)"
    yield "    w = rows_between(w_most, 0, m)"
    yield "    fill_equal_shares(adds_up, w)"
    yield "if weights.size > 0:"
    yield "    fill_shares(weights, order, start, shuffled, adds_up, w)"
