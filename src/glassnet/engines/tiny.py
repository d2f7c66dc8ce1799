"""Tiny programs as loops: sizes are constants, and every number has a name of its own.

A step of a network of a few neurons is a chain of some dozens of operations. Calls, arrays and
their bookkeeping would take longer than these. So all numbers of a row are written out here one by
one (`z1_0`, `z1_1`, …), and weights stay in local names from step to step, which the compiler keeps
in registers. A row is done at once, forward and backward, and what is summed over the batch is
added up on the way: this is for programs whose rows have nothing else to do with each other.

What is computed comes from the same graph, and is written by the same expressions, as in
`glassnet.engines.loops`; here is only how it is laid out.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import reduce

from glassnet.engines.expressions import Expressions, drawn_by, settings_of
from glassnet.engines.plan import Plan, base
from glassnet.graph import Symbol, gradient_graph, in_order, update_graph
from glassnet.lines import Shape
from glassnet.program import Program

# How many times faster a step was than with the general loops, for batches of 1, 8 and 32:
#   17 weights   SGD 5.4 3.7 3.2   Adam 3.3 3.2 2.7
#   31 weights   SGD 5.3 3.1 2.6   Adam 2.3 2.4 2.4
#   67 weights   SGD 4.2 2.3 2.5   Adam 1.5 1.7 2.2
#  128 weights   SGD 2.8 1.6 1.8   Adam 1.0 0.9 1.4
# And this text, which each set of sizes compiles anew, took 11 s for 67 weights with Adam and 19 s
# for 128, without the rows in fours below, which add about half as much.
MOST_WEIGHTS = 64

# A vector of rows is done in one go; what is left of a batch, in fours, unless it is one row. For
# three rows of 2-3-1 a step takes a quarter less time so than row by row.
SIDE_BY_SIDE = 8
FEW = 4
BLOCK = 256  # rows after which partial sums are added up, so that float32 sums stay exact
LOOKED_UP = frozenset({"chosen", "sums_by_row"})


def is_tiny(program: Program) -> bool:
    """Whether a program is written number by number."""
    weights = sum(math.prod(p.shape) for p in program.parameters)
    return weights <= MOST_WEIGHTS and can_be_tiny(program)


def can_be_tiny(program: Program) -> bool:
    """Whether the rows of a program have nothing to do with each other but in sums at the end."""
    return not program.statistics and _Parts(program).are_apart


def tiny_functions(program: Program, takes: str) -> list[str]:
    """Write the functions of a tiny program; the last one is `train`, which takes what is told.

    >>> from glassnet.description import Description
    >>> from glassnet.rules.optimizers import SGD
    >>> program = Program(Description.read("1-1 linear"), SGD())
    >>> print(tiny_functions(program, "...")[1])
    @merged
    def put(numbers, memory, found, parameters, state, slopes):
        (parameters[0], parameters[1]) = numbers
        (slopes[0], slopes[1]) = found[1:]
    """
    return _TinyWriter(program, takes).functions()


# ------------------------------------------------------------ numbers of a graph, one by one


class _OneByOne(Expressions):
    """Writes nodes at a place (row, column) whose row and column are known when it is written.

    Args:
        names: of nodes, by their id; the name of a number adds its place to it.
        sizes: lengths of the axes.
        alone: nodes that stand where they are read.

    """

    def __init__(
        self, names: Mapping[int, str], sizes: Mapping[str, int], alone: Iterable[int] = ()
    ) -> None:
        self.names = names
        self.sizes = sizes
        self.alone = set(alone)
        self._place = (0, 0)

    def length(self, axis: str | int) -> int:
        """Give the length of an axis; rows of the batch are done one at a time."""
        return 1 if axis == "m" else axis if isinstance(axis, int) else self.sizes[axis]

    def places(self, axes: Shape) -> Iterator[tuple[int, int]]:
        """Give row and column of each number of an array."""
        rows, columns = (1, 1, *axes)[-2:]
        for row in range(self.length(rows)):
            for column in range(self.length(columns)):
                yield row, column

    def name(self, node: Symbol, row: int, column: int) -> str:
        """Give the name of a node's number at a place."""
        rows, columns = (1, 1, *node.axes)[-2:]
        name = self.names.get(id(node), node.name)
        name += "" if rows in (1, "m") else f"_{row}"
        return name + ("" if columns in (1, "m") else f"_{column}")

    def numbers(self, node: Symbol) -> list[str]:
        """Give the names of all numbers of a node."""
        return [self.name(node, *place) for place in self.places(node.axes)]

    def at(self, node: Symbol | float, row: int, column: int) -> str:
        """Write a node's number at a place."""
        before, self._place = self._place, (row, column)
        try:
            return self.value(node)
        finally:
            self._place = before

    def named(self, node: Symbol) -> str:
        """Write what stands for a node where it is used."""
        row, column = self._place
        if node.op == "size":
            return f"real({self.sizes[node.name]})"
        if node.op == "numbers":
            return self.value(node.args[column if len(node.args) > 1 else 0])
        if node.op == "transpose":
            return self.at(base(node), column, row)
        if node.op == "columns":
            source, start = node.args
            return self.at(source, row, column + int(start))  # type: ignore[arg-type]
        if node.op == "placed":
            return self.value(node.args[0])
        if node.op == "beside":
            return self._beside(node)
        if id(node) in self.alone:
            return self.computed(node)
        return self.name(node, row, column)

    def _beside(self, node: Symbol) -> str:
        """Write the number of the part that stands at the column."""
        row, column = self._place
        parts = [(p.args[0], int(p.args[1])) for p in node.symbols]  # type: ignore[arg-type]
        part, start = next((p, start) for p, start in reversed(parts) if start <= column)
        return self.at(part, row, column - start)

    def lines(self, node: Symbol) -> Iterator[str]:
        """Write what makes all numbers of a node, unless they are written where they are read."""
        if id(node) in self.alone or node.is_truth or node.op in WHERE_READ:
            return
        for row, column in self.places(node.axes):
            yield f"{self.name(node, row, column)} = {self.made(node, row, column)}"

    def made(self, node: Symbol, row: int, column: int) -> str:
        """Write what makes a node's number at a place."""
        if node.op == "element":
            before, self._place = self._place, (row, column)
            try:
                return self.computed(node)
            finally:
                self._place = before
        if node.op == "row_cumsum":
            (given,) = node.symbols
            more = self.at(given, row, column)
            return f"({self.name(node, row, column - 1)} + {more})" if column else more
        parts = self.parts(node, row, column)
        if node.op == "row_max":
            return reduce(lambda a, b: f"greatest({a}, {b})", parts)
        if node.op in ("total", "batch_sum"):  # over weights: in float64, as in the general loops
            return f"real({' + '.join(['0.0', *parts])})"
        return added(parts)

    def parts(self, node: Symbol, row: int, column: int) -> list[str]:
        """Write what a node adds up, or takes the greatest of; of the batch, only one row's."""
        if node.op == "product":
            left, right = node.symbols
            inner = range(self.length(left.axes[-1]))
            return [f"({self.at(left, row, k)} * {self.at(right, k, column)})" for k in inner]
        (given,) = node.symbols
        own = {"row_sum": (row, None), "row_max": (row, None), "batch_sum": (None, column)}
        place = own.get(node.op, (None, None))
        return [
            self.at(given, *other)
            for other in self.places(given.axes)
            if all(p in (None, o) for p, o in zip(place, other, strict=True))
        ]


def added(parts: list[str]) -> str:
    """Write a sum.

    >>> added(["a", "b"]), added(["a"])
    ('(a + b)', 'a')
    """
    return f"({' + '.join(parts)})" if len(parts) > 1 else parts[0]


def is_sum_over_rows(node: Symbol) -> bool:
    """Whether a node adds up over the rows of the batch."""
    if node.op in ("total", "batch_sum"):
        return next(node.symbols).axes[0] == "m"
    return node.op == "product" and next(node.symbols).axes[-1] == "m"


def read_once(outputs: Collection[Symbol]) -> set[int]:
    """Give the ids of nodes that one expression reads, once and always: they can stand in it."""
    kept = {id(node) for node in outputs}
    readers: dict[int, list[Symbol]] = {}
    nodes = in_order(outputs)
    for node in nodes:
        for part in node.symbols:
            readers.setdefault(id(part), []).append(node)
    return {
        id(node)
        for node in nodes
        if node.op == "element"
        and not node.is_truth
        and id(node) not in kept
        and _takes_in(readers[id(node)], node)
    }


def _takes_in(readers: list[Symbol], node: Symbol) -> bool:
    reader = readers[0]
    own = reader.op == "element" and not reader.is_truth and reader.name != "where"
    return len(readers) == 1 and own and reader.axes == node.axes


# --------------------------------------------------------------------------- the whole text


class _Parts:
    """The graph of a program, cut into what is done for each row, and what is done after."""

    def __init__(self, program: Program) -> None:
        self.plan = Plan(program, gradient_graph(program))
        nodes = in_order(self.plan.graph.outputs)
        self.sums = [node for node in nodes if is_sum_over_rows(node)]
        ids = {id(node) for node in self.sums}
        before = in_order([part for node in self.sums for part in node.symbols])
        self.in_rows = [node for node in before if id(node) not in ids]
        self.after = in_order(self.plan.graph.outputs, ids)
        # Sums that rows wait for, their number, and rows that choose among weights: not here.
        self.are_apart = len(self.in_rows) == len(before) and not any(
            node.op in LOOKED_UP or (node.op, node.name) == ("size", "m") for node in nodes
        )
        self.are_apart &= not any("m" in node.axes for node in self.after)


class _TinyWriter:
    """Writes the functions of a tiny program."""

    def __init__(self, program: Program, takes: str) -> None:
        self.program = program
        self.takes = takes
        self.parts = _Parts(program)
        graph = self.parts.plan.graph
        self.text = _OneByOne(self.parts.plan.names, program.sizes, read_once(graph.outputs))
        given = {n.name: n for n in in_order(graph.outputs) if n.op == "input"}
        self.given = {name: node for name, node in given.items() if name in ("x", "y")}
        self.masks = [mask for mask in program.masks if mask.name in given]
        self.mask_nodes = [given[mask.name] for mask in self.masks]
        self.adds_up = program.description.loss.rows == "sum"
        shapes = program.parameter_shapes
        self.weights = [name for p, axes in shapes.items() for name in self._named(p, axes)]
        self.slopes = [name for p, axes in shapes.items() for name in self._named(f"d{p}", axes)]
        self.kinds = program.optimizer.state_names()
        self.memory = [f"{kind}_{name}" for kind in self.kinds for name in self.weights]

    def _named(self, name: str, axes: Shape) -> list[str]:
        node = Symbol(self.parts.plan.graph.loss.table, "input", (), axes, name)
        return self.text.numbers(node)

    def functions(self) -> list[str]:
        """Give the functions."""
        made = [self._take(), self._put(), self._nothing(), self._over_rows(), self._over_few()]
        made += [self._add(), self._finish()]
        made += [self._update()] if self.program.trains else []
        return ["\n".join(lines) for lines in (*map(list, made), list(self._train()))]

    # ------------------------------------------------------- from the arrays, and back to them

    def _take(self) -> Iterator[str]:
        yield from _head("take", ["parameters", "state"])
        yield from _named("numbers", self._in_parameters())
        yield from _named("memory", self._in_state())
        yield "    return numbers, memory"

    def _put(self) -> Iterator[str]:
        yield from _head("put", ["numbers", "memory", "found", "parameters", "state", "slopes"])
        yield from _assigned(self._in_parameters(), "numbers")
        if self.memory:
            yield from _assigned(self._in_state(), "memory")
        yield from _assigned([f"slopes[{q}]" for q in range(len(self.weights))], "found[1:]")

    def _in_parameters(self) -> list[str]:
        return [f"parameters[{q}]" for q in range(len(self.weights))]

    def _in_state(self) -> list[str]:
        return [
            f"state[{k}, {q}]" for k in range(len(self.kinds)) for q in range(len(self.weights))
        ]

    # -------------------------------------------------------------------------- what rows do

    def _drawn(self) -> list[str]:
        """Give the names that random numbers are drawn by."""
        changing = [
            f"{name}_{mask.name}"
            for mask in self.masks
            if mask in self.program.changing_masks
            for name, _ in mask.draw.settings
        ]
        return [*(f"key_{mask.name}" for mask in self.masks), *changing]

    def _row_takes(self) -> list[str]:
        return [*ROW_TAKES, *self._drawn(), "numbers"]

    def _sums(self) -> list[str]:
        return [name for node in self.parts.sums for name in self.text.numbers(node)]

    def _nothing(self) -> Iterator[str]:
        """Write what sums begin with: totals are added up in float64."""
        yield from _head("nothing", [])
        zeros = [
            "0.0" if node.op == "total" else "real(0.0)"
            for node in self.parts.sums
            for _ in self.text.numbers(node)
        ]
        yield from _returned(zeros, "    ")

    def _over_rows(self) -> Iterator[str]:
        loop = ["for place in range(start, stop):"]
        yield from self._over("over_rows", loop, self._row(), self._added_up())

    def _over_few(self) -> Iterator[str]:
        """Write a loop over so few rows that the compiler does them in the lanes of one register.

        It is always as long. Where rows end before it does, the last is done again, and not added.
        """
        row = ["place = min(start + lane, stop - 1)", *self._row()]
        loop = [f"for lane in range({FEW}):"]
        yield from self._over("over_few", loop, row, self._added_up("start + lane < stop"))

    def _over(
        self, name: str, loop: Iterable[str], row: Iterable[str], sums: Iterable[str]
    ) -> Iterator[str]:
        yield from _head(name, self._row_takes())
        yield from _assigned(self.weights, "numbers")
        yield from _assigned(self._sums(), "nothing()")
        apart = [node for node in self.parts.in_rows if "m" not in node.axes]
        yield from _indented(line for node in apart for line in self.text.lines(node))
        yield from _indented([*loop, *_indented([*row, *sums])])
        yield from _returned(self._sums(), "    ")

    def _row(self) -> Iterator[str]:
        yield "row = order[place] if shuffled else place"
        yield f"w = {'weight' if self.adds_up else '(weight / whole)'}".replace(
            "weight", "(weights[row] if weighted else real(1.0))"
        )
        for name, node in self.given.items():
            for column, number in enumerate(self.text.numbers(node)):
                yield f"{number} = {name}_all[row, {column}]"
        for mask, node in zip(self.masks, self.mask_nodes, strict=True):
            settings = ", ".join(settings_of(mask))
            yield f"row_{mask.name} = mix(np.uint32(place - begin) ^ key_{mask.name})"
            for column, number in enumerate(self.text.numbers(node)):
                drawn = f"{mask.draw.name}(row_{mask.name}, {column}, {settings})"
                yield f"{number} = real({drawn})"
        for node in self.parts.in_rows:
            if "m" in node.axes:
                yield from self.text.lines(node)

    def _added_up(self, condition: str = "") -> Iterator[str]:
        """Write what adds a row to the sums, where a condition holds."""
        for node in self.parts.sums:
            for row, column in self.text.places(node.axes):
                more = added(self.text.parts(node, row, column))
                more = f"({more} if {condition} else real(0.0))" if condition else more
                yield f"{self.text.name(node, row, column)} += {more}"

    def _add(self) -> Iterator[str]:
        yield from _head("add", ["sums", "more"])
        yield from _returned([f"sums[{k}] + more[{k}]" for k in range(len(self._sums()))], "    ")

    def _finish(self) -> Iterator[str]:
        yield from _head("finish", ["sums", "numbers"])
        yield from _assigned(self.weights, "numbers")
        yield from _assigned(self._sums(), "sums")
        for node in self.parts.sums:
            if node.op == "total":
                (name,) = self.text.numbers(node)
                yield f"    {name} = real({name})"
        for node in self.parts.after:
            yield from _indented(self.text.lines(node))
        graph = self.parts.plan.graph
        found = [self.text.at(graph.loss, 0, 0)]
        for node in graph.slopes.values():
            found += [self.text.at(node, *place) for place in self.text.places(node.axes)]
        yield from _returned(found, "    ")

    # ------------------------------------------------------------------------------ the update

    def _update(self) -> Iterator[str]:
        rates = list(self.program.rate_names)
        yield from _head("update", ["numbers", "memory", "found", *rates])
        yield from _assigned(self.weights, "numbers")
        if self.memory:
            yield from _assigned(self.memory, "memory")
        yield from _assigned(["loss", *self.slopes], "found")
        new = update_graph(self.program)
        nodes = in_order(new.values())
        made = (n for n in nodes if n.op != "input")
        names = {id(node): f"q{place}" for place, node in enumerate(made, start=1)}
        for name, node in new.items():
            if node.op != "input":
                names[id(node)] = f"new_{name}"
        text = _OneByOne(names, self.program.sizes, read_once(new.values()))
        for node in nodes:
            yield from _indented(text.lines(node))
        found = {
            name: [text.at(node, *place) for place in text.places(node.axes)]
            for name, node in new.items()
        }
        own = [n for p in self.program.parameter_shapes for n in found[p]]
        kept = [
            n for k in self.kinds for p in self.program.parameter_shapes for n in found[f"{k}_{p}"]
        ]
        yield from _named("numbers", own)
        yield from _named("memory", kept)
        yield "    return numbers, memory"

    # ------------------------------------------------------------------------------- all steps

    def _train(self) -> Iterator[str]:
        given = ["start", *self._row_takes()[3:]]
        yield "@cached"
        yield "def train("
        yield from _indented(textwrap.wrap(f"{self.takes},", 90))
        yield "):"
        yield from _indented(BEFORE_STEPS)
        step = [*TAKE_BATCH, *self._whole(), *self._drawing()]
        for line in ONE_STEP:
            start, _, end = line.partition("GIVEN")
            indent = " " * (len(start) - len(start.lstrip()))
            call, _, own = start.lstrip().rpartition("(")
            takes = [*own.rstrip(", ").split(", "), *given]
            step += _wrapped(f"{call}(", takes, end, indent) if end else [line]
        for k, name in enumerate(self.program.rate_names):
            step.append(f"{name} = real(rates[number if changing else 0, {k}])")
        if self.program.trains:
            rates = ", ".join(["numbers", "memory", "found", *self.program.rate_names])
            step.append(f"numbers, memory = update({rates})")
        yield from _indented(_indented([*step, *NEXT_BATCH]))
        yield from _indented(AFTER_STEPS)

    def _whole(self) -> Iterator[str]:
        """Write what the weights of rows are divided by."""
        if self.adds_up:
            yield "whole = real(1.0)"
        else:
            yield "whole = real(stop - start)"
            yield "if weighted:"
            yield "    whole = real(sum_of_weights(weights, order, start, stop, shuffled))"

    def _drawing(self) -> Iterator[str]:
        for mask in self.masks:
            place = self.program.masks.index(mask)
            yield f"key_{mask.name} = mask_keys[number, {place}]"
        yield from drawn_by(self.program, "number if changing else 0")


ROW_TAKES = "start stop begin whole weighted shuffled x_all y_all weights order".split()

BEFORE_STEPS = """rows = x_all.shape[0]
weighted, changing = weights.size > 0, rates.shape[0] > 1
places = rows if shuffled else 1
order = new_numbers(places, sizes)
hashes = new_numbers(places, order_keys)
counts = new_numbers(places + 1, sizes)
numbers, memory = take(parameters, state)
settings = flush_subnormals()
done = last - first
position, epoch = first % per_epoch, 0
if shuffled:
    sort_rows(order_keys[0], order, hashes, counts)
for number in range(done):""".splitlines()

TAKE_BATCH = """start = position * batch
stop = rows if position == per_epoch - 1 else start + batch""".splitlines()

ONE_STEP = f"""if stop - start == 1:
    sums = over_rows(start, start + 1, GIVEN)
else:
    sums = nothing()
    left = stop - (stop - start) % {SIDE_BY_SIDE}
    if stop - left == 1:
        left = stop
    for block in range(start, left, {BLOCK}):
        until = block + {BLOCK} if block + {BLOCK} < left else left
        more = over_rows(block, until, GIVEN)
        sums = add(sums, more)
    for block in range(left, stop, {FEW}):
        more = over_few(block, stop, GIVEN)
        sums = add(sums, more)
found = finish(sums, numbers)
losses[number] = found[0]
if not is_finite(found[0]) or not updating:
    done = number + 1
    break""".splitlines()

NEXT_BATCH = """position += 1
if position == per_epoch:
    position, epoch = 0, epoch + 1
    if shuffled and number + 1 < done:
        sort_rows(order_keys[epoch], order, hashes, counts)""".splitlines()

AFTER_STEPS = """put_back(settings)
put(numbers, memory, found, parameters, state, slopes)
return done""".splitlines()


def _head(name: str, takes: list[str]) -> Iterator[str]:
    yield "@merged"
    yield from _wrapped(f"def {name}(", takes, "):", "")


def _named(name: str, parts: list[str]) -> Iterator[str]:
    yield from _wrapped(f"{name} = (", parts, f"{',' * (len(parts) == 1)})", "    ")


def _assigned(names: list[str], source: str) -> Iterator[str]:
    yield from _wrapped("(", names, f"{',' * (len(names) == 1)}) = {source}", "    ")


def _returned(parts: list[str], indent: str) -> Iterator[str]:
    yield from _wrapped("return (", parts, f"{',' * (len(parts) == 1)})", indent)


def _wrapped(start: str, parts: list[str], end: str, indent: str) -> Iterator[str]:
    """Write parts in one line, or, where they are too long for that, in several."""
    line = f"{indent}{start}{', '.join(parts)}{end}"
    if len(line) <= 90:
        yield line
        return
    yield f"{indent}{start}"
    inside = textwrap.wrap(", ".join(parts) + ",", 82, break_long_words=False)
    yield from (f"{indent}    {part}" for part in inside)
    yield f"{indent}{end.removeprefix(',')}"


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]


WHERE_READ = frozenset(
    {"input", "size", "ones", "column", "transpose", "numbers", "columns", "placed", "beside"}
)
