"""The graph of the line that made a number, read at one element: its sums, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glassnet.explanation.arithmetic import (
    Expression,
    Leaf,
    Operation,
    leaves,
    parts_within,
    product,
    repeated,
    replaced,
)
from glassnet.explanation.digits import RESULT_DIGITS, in_full, printed
from glassnet.explanation.names import Index, axes_of, element_name
from glassnet.explanation.nodes import NodeValues
from glassnet.explanation.origins import origin_of, size_origin, sizes_of
from glassnet.explanation.record import Explanation, Operand, Step
from glassnet.explanation.writing import step_of
from glassnet.graph import Symbol, line_graph
from glassnet.lines import Phase, Shape
from glassnet.program import Role
from glassnet.trace import Trace

MOST_TERMS = 8  # a longer sum shows its SHOWN_TERMS largest terms, and the rest as one number
SHOWN_TERMS = 6
MOST_LONG_TERMS = 3  # the same, where each term needs lines of its own
READ_ELSEWHERE = frozenset({"column", "columns", "beside", "chosen"})
LONG_TERM = 4  # operations; a term with more of them is long


def explain_made(trace: Trace, name: str, index: Index) -> Explanation:
    """Explain a number that a line made."""
    reader = Reader(trace, name)
    reader.read(index)
    line, last = reader.line, reader.steps[-1]
    what, value = last.name, float(trace[name][index])
    operands = tuple(reader.operands())
    steps, remarks = tuple(reader.steps), tuple(_changed_later(trace, name, index))
    return Explanation(
        what, value, last.result, line.text, line.equation, line.note, steps, operands, remarks
    )


def _changed_later(trace: Trace, name: str, index: Index) -> Iterator[str]:
    """Say what the next line that makes the same name makes of a number."""
    changed = trace.line_of(name + "'") if name + "'" in trace else None
    if changed is not None:
        what = element_name(name + "'", axes_of(trace, name), index)
        result = in_full(trace[name + "'"][index])
        yield f"then {changed.phase.value} makes {what} = {result}"


class Reader:
    """Reads the graph of the line that made a value.

    Args:
        trace: has the values that are put in.
        name: the value whose line is read.

    """

    def __init__(self, trace: Trace, name: str) -> None:
        line = trace.line_of(name)
        assert line is not None
        self.trace, self.name, self.line = trace, name, line
        shapes = {i.name: i.shape for i in trace.program.inputs}
        for other in trace.lines:
            shapes.update(zip(other.outputs, other.shapes, strict=True))
        graph = line_graph(trace.program, line, shapes)
        self.read_as = trace.read_as(name)
        self.node = graph[name.rstrip("'")]
        # What the same line also makes has a name, and is not written out again.
        primes = {output: _primed(self.read_as, output) for output in line.outputs}
        self.named = {id(node): primes[o] for o, node in graph.items() if node is not self.node}
        self.values = NodeValues(trace, self.read_as)
        self._whole_step = _taken_away(self.node, self.named)
        self.steps: list[Step] = []
        self._inner = 0  # steps without a name in the program
        self._made: dict[tuple[int, Index], Leaf] = {}
        self._known: dict[Operation, Leaf] = {}  # what stands in more than one place, once written
        self._used: dict[str, tuple[str, Index, int]] = {}  # operands, and their printed digits

    def read(self, index: Index) -> None:
        """Write down the steps that lead to one element."""
        expression = self.expression(self.node, index, inline=True)
        what = element_name(self.name, axes_of(self.trace, self.name), index)
        self._finish(what, expression, float(self.trace[self.name][index]))

    def operands(self) -> Iterator[Operand]:
        """Give every value that the steps used: array by array, each in the order of its rows."""
        arrays = list(dict.fromkeys(name for name, _, _ in self._used.values()))
        in_order = sorted(self._used.items(), key=lambda u: (arrays.index(u[1][0]), u[1][1]))
        sizes = sizes_of(self.trace)
        for letters, (name, index, digits) in in_order:
            if letters in sizes:
                count = sizes[letters]
                yield Operand(letters, str(count), float(count), size_origin(letters))
                continue
            value = float(self.trace[name][index])
            origin = origin_of(self.trace, name, index)
            yield Operand(letters, printed(value, digits or RESULT_DIGITS[0]), value, origin)

    # ------------------------------------------------------------------------- expressions

    def expression(self, node: Symbol | float, index: Index, *, inline: bool = False) -> Expression:
        """Write one element of a node; `inline` says whether a sum may stand in this line."""
        if not isinstance(node, Symbol):
            return _number(node)
        if id(node) in self.named:
            return self._of_same_line(node, index)
        if node.op == "input":
            return self._operand(self.read_as.get(node.name, node.name), node.axes, index)
        says = self._own_quantity(node)
        if says and not inline:
            return self._step(node, index, says)
        return self._calculation(node, index, inline=inline)

    def _calculation(self, node: Symbol, index: Index, *, inline: bool) -> Expression:
        """Write one element of what a node makes of others."""
        if node.op == "size":
            self._used.setdefault(node.name, (node.name, (), 0))
            return Leaf(node.name, float(self.values.array(node)), "size")
        if node.op == "ones":
            return _number(1)
        if node.op == "numbers":
            return _number(node.args[index[1] if len(node.args) > 1 else 0])  # type: ignore[arg-type]
        if node.op == "transpose":
            return self._part(node, 0, index[::-1])
        if node.op in READ_ELSEWHERE:
            return self._read_elsewhere(node, index)
        if _is_reduction(node) and not inline:
            return self._step(node, index)
        if node.op == "element":
            return self._element(node, index, inline=inline)
        return self._reduced(node, index)

    def _part(self, node: Symbol, place: int, index: Index, *, inline: bool = False) -> Expression:
        """Write the element of an operand; a stretched axis is read at 0."""
        part = node.args[place]
        if not isinstance(part, Symbol):
            return self.expression(part, ())
        last = index[len(index) - len(part.axes) :]
        own = tuple(0 if a == 1 else i for a, i in zip(part.axes, last, strict=True))
        return self.expression(part, own, inline=inline)

    def _read_elsewhere(self, node: Symbol, index: Index) -> Expression:
        """Write an element that is one of another array, as it stands there."""
        if node.op == "column":
            return self._part(node, 0, (*index, int(node.args[1])))  # type: ignore[arg-type]
        row, column = index
        if node.op == "columns":
            return self._part(node, 0, (row, column + int(node.args[1])))  # type: ignore[arg-type]
        if node.op == "chosen":
            chosen = self.expression(node.args[1], (row,))  # noted as used: it says which row
            return self._part(node, 0, (int(chosen.value), column))
        for part in reversed(list(node.symbols)):
            start = int(part.args[1])  # type: ignore[arg-type]
            if start <= column:
                return self._part(part, 0, (row, column - start))
        raise AssertionError("the first part begins at 0")

    def _of_same_line(self, node: Symbol, index: Index) -> Leaf:
        """Write what the same line also makes: its name, and in an update its own calculation."""
        name = self.named[id(node)]
        if self.line.phase is not Phase.UPDATE:
            return self._operand(name, node.axes, index)
        key = (id(node), index)
        if key not in self._made:
            expression = self._calculation(node, index, inline=True)
            what = element_name(name, node.axes, index)
            self._made[key] = self._finish(what, expression, float(self.trace[name][index]))
        return self._made[key]

    def _operand(self, name: str, axes: Shape, index: Index) -> Leaf:
        letters = element_name(name, axes, index)
        self._used.setdefault(letters, (name, index, 0))
        return Leaf(letters, float(self.trace[name][index]), "value")

    def _element(self, node: Symbol, index: Index, *, inline: bool) -> Expression:
        value = self.values.at(node, index)
        if node.name == "where":
            condition = self._part(node, 0, index)
            chosen = self._part(node, 1 if condition.value else 2, index)
            return Operation("where", (condition, chosen), value)
        first = inline and node.name in ("add", "subtract", "divide")
        parts = [self._part(node, 0, index, inline=first)]
        parts += [self._part(node, place, index) for place in range(1, len(node.args))]
        if node.name == "add":
            return Operation("add", (*parts_within("add", parts[0]), *parts[1:]), value)
        if node.name == "multiply":
            factors = [factor for part in parts for factor in parts_within("multiply", part)]
            return product(factors, value)
        return Operation(node.name, tuple(parts), value)

    # -------------------------------------------------------------------- sums and maxima

    def _step(self, node: Symbol, index: Index, says: str = "") -> Leaf:
        """Write a sum as a step of its own, once."""
        key = (id(node), index)
        if key not in self._made:
            expression = self.expression(node, index, inline=True)
            value = self.values.at(node, index)
            self._made[key] = self._finish("", expression, value, says)
        return self._made[key]

    def _own_quantity(self, node: Symbol) -> str:
        """Say what a part of an update is that has a step of its own: "" where it has none."""
        if self.line.phase is not Phase.UPDATE or node.op != "element":
            return ""
        if node is self._whole_step:
            return "the step"
        divisor = node.args[-1]
        if node.name == "divide" and self._is_rate(divisor):
            return f"corrected by {divisor.name}"  # type: ignore[union-attr]
        return ""

    def _is_rate(self, node: Symbol | float) -> bool:
        given = isinstance(node, Symbol) and node.op == "input" and self.trace.input_of(node.name)
        return bool(given) and given.role is Role.RATE  # type: ignore[union-attr]

    def _reduced(self, node: Symbol, index: Index) -> Expression:
        if node.op == "row_cumsum":
            return self._running_sum(node, *index)
        terms = self._terms(node, index)
        most, shown = (MOST_LONG_TERMS,) * 2 if terms.long else (MOST_TERMS, SHOWN_TERMS)
        count = len(terms.values)
        places = range(count) if count <= most else _largest(terms.values, shown, node)
        own_line = terms.long and count > 1
        parts = [self._term(terms.expression(k), own_line=own_line) for k in places]
        if count > most:
            rest = np.delete(terms.values, places)
            with np.errstate(all="ignore"):
                together = rest.max() if node.op == "row_max" else rest.sum()
            parts.append(Leaf(f"({len(rest)} more)", float(together)))
        if not parts:
            return _number(0)  # no row of the batch has this number
        if len(parts) == 1:
            return parts[0]
        name = "maximum" if node.op == "row_max" else "add"
        return Operation(name, tuple(parts), self.values.at(node, index))

    def _running_sum(self, node: Symbol, row: int, column: int) -> Expression:
        """Write the sum up to a column as the one before it, and what is added."""
        added = self._part(node, 0, (row, column))
        if column == 0:
            return added
        before: Expression = Leaf(f"({column} more)", self.values.at(node, (row, column - 1)))
        if column < MOST_TERMS:
            before = self._step(node, (row, column - 1))
        value = self.values.at(node, (row, column))
        return Operation("add", (before, *parts_within("add", added)), value)

    def _term(self, expression: Expression, *, own_line: bool) -> Expression:
        return self._finish("", expression, expression.value) if own_line else expression

    def _terms(self, node: Symbol, index: Index) -> _Terms:
        if node.op == "product":
            return self._products(node, index)
        if node.op == "sums_by_row":
            return self._sum_of_rows(node, index)
        inner = node.args[0]
        assert isinstance(inner, Symbol)
        array = np.asarray(self.values.array(inner), np.float64)
        if node.op == "total":
            values, summed = array.ravel(), inner.axes
        elif node.op == "batch_sum":
            values, summed = array[:, index[0]], inner.axes[:1]
        else:
            values, summed = array[index[0]], inner.axes[1:]

        def term(k: int) -> Expression:
            if node.op == "total":
                return self._part(node, 0, tuple(map(int, np.unravel_index(k, array.shape))))
            return self._part(node, 0, (k, *index) if node.op == "batch_sum" else (index[0], k))

        return _Terms(values, term, self._is_long(inner, summed))

    def _products(self, node: Symbol, index: Index) -> _Terms:
        left, right = node.args
        row, column = index
        with np.errstate(all="ignore"):
            values = (
                np.asarray(self.values.array(left)[row], np.float64)
                * self.values.array(right)[:, column]
            )

        def term(k: int) -> Expression:
            factors = [self.expression(left, (row, k)), self.expression(right, (k, column))]
            return product(factors, float(values[k]))

        return _Terms(values, term, long=False)

    def _sum_of_rows(self, node: Symbol, index: Index) -> _Terms:
        """Give the terms of the rows of the batch whose number is that of this row."""
        given, numbers = node.args
        assert isinstance(given, Symbol)
        rows = np.flatnonzero(np.asarray(self.values.array(numbers)) == index[0])
        values = np.asarray(self.values.array(given), np.float64)[rows, index[1]]

        def term(k: int) -> Expression:
            row = int(rows[k])
            self.expression(numbers, (row,))  # noted as used: it says why the row is here
            return self.expression(given, (row, index[1]))

        return _Terms(values, term, long=False)

    def _is_long(self, node: Symbol, summed: Shape) -> bool:
        """Whether a term is too long for a sum in one line: it is big, or has sums of its own."""
        operations: set[int] = set()
        stack = [node]
        while stack:
            part = stack.pop()
            if id(part) in operations or id(part) in self.named:
                continue
            if _is_reduction(part):
                if any(axis in part.axes for axis in summed if axis != 1):
                    return True
                continue  # the same step for all terms
            if part.op == "element":
                operations.add(id(part))
            stack += part.symbols
        return len(operations) > LONG_TERM

    # ------------------------------------------------------------------------------- steps

    def _finish(self, name: str, expression: Expression, value: float, says: str = "") -> Leaf:
        """Write a step, after those for what occurs in it more than once; give its result."""
        while (again := repeated(expression)) is not None:
            leaf = self._finish("", again, again.value)
            expression = replaced(expression, again, leaf)
            self._known[again] = leaf
            for old, new in self._known.items():  # a part of what was just written may stand here
                expression = replaced(expression, old, new)
        if not name:
            self._inner += 1
            name = f"s{self._inner}"
        step, digits = step_of(name, expression, value, str(self.trace["loss"].dtype))
        self.steps.append(replace(step, words=(says, *step.words)) if says else step)
        for leaf in leaves(expression):
            if leaf.letters in self._used:
                place, index, before = self._used[leaf.letters]
                self._used[leaf.letters] = place, index, max(before, digits)
        return Leaf(name, value)


@dataclass(frozen=True)
class _Terms:
    """The parts of a sum or a maximum: their values, and each one as an expression on demand."""

    values: NDArray[np.float64]
    expression: Callable[[int], Expression]
    long: bool


def _primed(read_as: Mapping[str, str], output: str) -> str:
    """Name what a line makes: with a prime more than what the line read under this name."""
    return read_as[output] + "'" if output in read_as else output


def _taken_away(node: Symbol, named: Mapping[int, str]) -> Symbol | None:
    """Give what an update takes away from a parameter, where it is more than one product."""
    if node.op != "element" or node.name != "subtract" or not isinstance(node.args[1], Symbol):
        return None
    step = node.args[1]
    parts = (part for part in step.symbols if id(part) not in named)
    return step if any(part.op == "element" for part in parts) else None


def _is_reduction(node: Symbol | float) -> bool:
    """Whether a node is a sum or a maximum, or one that is divided by a count: a mean."""
    if not isinstance(node, Symbol):
        return False
    if node.op == "element" and node.name == "divide":
        count = node.args[1]
        is_count = not isinstance(count, Symbol) or (count.axes == () and _is_of_sizes(count))
        return is_count and _is_reduction(node.args[0])
    sums = ("row_sum", "row_cumsum", "row_max", "batch_sum", "total", "sums_by_row")
    return node.op == "product" or node.op in sums


def _is_of_sizes(node: Symbol) -> bool:
    return node.op == "size" or (node.op == "element" and all(map(_is_of_sizes, node.symbols)))


def _largest(values: NDArray[np.float64], shown: int, node: Symbol) -> list[int]:
    """Give the places of the largest terms, in their order; inf and nan are the largest."""
    size = values if node.op == "row_max" else np.abs(values)
    size = np.where(np.isnan(size), np.inf, size)
    if node.op != "row_max":
        shown = min(shown, max(1, int(np.count_nonzero(size))))  # a 0 adds nothing, in the rest too
    return sorted(int(place) for place in np.argsort(-size, kind="stable")[:shown])


def _number(value: float) -> Leaf:
    return Leaf(printed(float(value), 12), float(value), "number")
