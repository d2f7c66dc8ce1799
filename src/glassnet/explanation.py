"""One number of a trace → its arithmetic, in letters and in numbers, and where its parts were made.

The line that made the number is called with symbols (`glassnet.graph`), and the graph is read at
one element: sums are written out, inner sums become steps with names of their own (s1, s2, …), and
values of the trace are put in. Nothing here knows a rule or a derivative. Numbers are printed with
as many digits as it takes for the printed arithmetic to give the printed result.
"""

from __future__ import annotations

import dataclasses
import math
import re
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import DescriptionError
from glassnet.graph import COMPARISONS, Symbol, line_graph
from glassnet.program import Input, Role, Shape
from glassnet.trace import Trace

Index = tuple[int, ...]

RESULT_DIGITS = (5, 4, 3, 2, 1)  # tried in this order: fewer where rounding leaves no more
OPERAND_DIGITS = (4, 5, 6, 7, 8, 9, 10, 11, 12, 17)
MOST_TERMS = 8  # a longer sum shows its SHOWN_TERMS largest terms, and the rest as one number
SHOWN_TERMS = 6
MOST_LONG_TERMS = 3  # the same, where each term needs lines of its own
LONG_TERM = 4  # operations; a term with more of them is long
WIDTH = 100


# ------------------------------------------------------------------------ what is handed out


@dataclass(frozen=True)
class Step:
    """One calculation: what it gives, in letters, in numbers, and the result.

    `digits` is how many digits the printed numbers are good for; `words` say what letters cannot:
    which comparison held, how many terms were left out, what rounding did.
    """

    name: str
    letters: str
    numbers: str
    result: str
    value: float
    digits: int
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operand:
    """A value that a calculation used: its name, which can be explained in turn, and its origin."""

    name: str
    result: str
    value: float
    origin: str


@dataclass(frozen=True)
class Explanation:
    """Where one number comes from.

    `steps` are in the order of calculation, the last is the number itself; a number that was given
    to the program has none. `str()` gives everything as text.
    """

    what: str
    value: float
    result: str
    origin: str
    equation: str
    note: str
    steps: tuple[Step, ...] = ()
    operands: tuple[Operand, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def letters(self) -> str:
        """The last calculation with names."""
        return self.steps[-1].letters if self.steps else ""

    @property
    def numbers(self) -> str:
        """The last calculation with numbers."""
        return self.steps[-1].numbers if self.steps else ""

    def to_json(self) -> dict[str, Any]:
        """Give the explanation as plain data for JSON; inf and nan become text."""
        plain: dict[str, Any] = _plain(dataclasses.asdict(self))
        return plain

    def __str__(self) -> str:
        return "\n".join(_text(self))


def explain(trace: Trace, what: str) -> Explanation:
    """Explain one number of a trace.

    Args:
        trace: the values of a step.
        what: a name and an index for each axis, such as "dW1[0, 1]", "b1[2]" or "loss"; a prime
            asks for the value after the step, as in "W1'[0, 1]".

    Raises:
        DescriptionError: there is no such value or index, or the index is missing.

    Example:
        >>> from glassnet.description import Description
        >>> from glassnet.program import Program
        >>> from glassnet.rules.optimizers import SGD
        >>> from glassnet.trace import trace_step
        >>> program = Program(Description.read("2-1 linear"), SGD())
        >>> one = np.ones((1, 1))
        >>> given = {"x": np.array([[0.5, 2]]), "y": one, "w": one, "learning_rate": 0.1}
        >>> given |= {"W1": np.array([[0.25], [-1.5]]), "b1": np.array([0.1])}
        >>> print(explain(trace_step(program, given), "z1[0, 0]"))
        z1[0, 0] = −2.775: weighted sums of the inputs, plus a bias
          line      z1 = x @ W1 + b1
          equation  z1 = x · W1 + b1
        <BLANKLINE>
          z1[0, 0] = x[0, 0]·W1[0, 0] + x[0, 1]·W1[1, 0] + b1[0]
                   = 0.5·0.25 + 2·(−1.5) + 0.1
                   = −2.775
        <BLANKLINE>
        where
          x[0, 0] = 0.5, x[0, 1] = 2  (data, row 0 of the batch)
          W1[0, 0] = 0.25, W1[1, 0] = −1.5  (a weight before this step, trained)
          b1[0] = 0.1  (a bias before this step, trained)

    """
    asked, index = _parsed(what)
    if asked in _sizes(trace):
        return _size(trace, asked)
    name = trace.name_of(asked)
    index = _checked(trace, name, asked, index)
    explanation = _made(trace, name, index) if trace.line_of(name) else _given(trace, name, index)
    if name != asked:
        remark = f"{asked} is {name}: this layer is linear and passes every number on as it is"
        return dataclasses.replace(explanation, remarks=(remark, *explanation.remarks))
    return explanation


# ----------------------------------------------------------------------- what is asked for

ASKED = re.compile(r"\s*([A-Za-z_]\w*'*)\s*(?:\[\s*(-?\d+(?:\s*,\s*-?\d+)*)\s*,?\s*\])?\s*")


def _parsed(what: str) -> tuple[str, Index | None]:
    found = ASKED.fullmatch(what) if isinstance(what, str) else None
    if found is None:
        raise DescriptionError(
            f"cannot read {what!r}: write a name and an index, as in 'dW1[0, 1]'"
        )
    name, inside = found.groups()
    return name, None if inside is None else tuple(int(part) for part in inside.split(","))


def _checked(trace: Trace, name: str, asked: str, index: Index | None) -> Index:
    """Give the index with one place for each axis, counted from the start."""
    array = trace[name]
    example = f"'{_element_name(asked, _axes(trace, name), (0,) * array.ndim)}'"
    about = f"{asked} has the shape {array.shape}"
    if index is None:
        if array.size != 1:
            raise DescriptionError(f"{about}: ask for one of its numbers, such as {example}")
        return (0,) * array.ndim
    if len(index) == array.ndim - 1 and _axes(trace, name)[-1:] == (1,):
        index = (*index, 0)  # there is one column only, and it is not named
    if len(index) != array.ndim:
        raise DescriptionError(f"{about}, which takes {array.ndim} indexes, got {len(index)}")
    for place, size in zip(index, array.shape, strict=True):
        if not -size <= place < size:
            raise DescriptionError(f"{about}: there is no {place} in an axis of {size}")
    return tuple(place % size for place, size in zip(index, array.shape, strict=True))


def _axes(trace: Trace, name: str) -> Shape:
    """Give the names of the axes of a value."""
    given, line = trace.input_of(name), trace.line_of(name)
    if given is not None:
        return given.shape
    assert line is not None
    return line.shapes[line.outputs.index(name.rstrip("'"))]


def _element_name(name: str, axes: Shape, index: Index) -> str:
    """Write a name and its index; an axis that is always of length 1 is left out.

    >>> _element_name("w", ("m", 1), (2, 0)), _element_name("loss", (), ())
    ('w[2]', 'loss')
    """
    shown = [str(place) for axis, place in zip(axes, index, strict=True) if axis != 1]
    return f"{name}[{', '.join(shown)}]" if shown else name


# ------------------------------------------------------------------- numbers that were given


def _given(trace: Trace, name: str, index: Index) -> Explanation:
    given = trace.input_of(name)
    assert given is not None
    what, value = _element_name(name, given.shape, index), float(trace[name][index])
    origin, remarks, steps = _origin(trace, name, index), [], []
    result = _in_full(trace[name][index])
    rows = len(trace["x"])
    if given.role is Role.WEIGHT and _is_one_over_m(trace):
        steps = [Step(what, "1 / m", f"1 / {rows}", printed(value, 5), value, 5)]
        result = steps[0].result
    if name + "'" in trace:
        after = _element_name(f"{name}'", given.shape, index)
        remarks = [f"after the step: {after} = {_in_full(trace.after(name)[index])}"]
    return Explanation(
        what, value, result, origin, "", given.note, tuple(steps), (), tuple(remarks)
    )


def _sizes(trace: Trace) -> dict[str, int]:
    return {"m": len(trace["x"]), **trace.program.sizes}


def _size(trace: Trace, axis: str) -> Explanation:
    count = _sizes(trace)[axis]
    return Explanation(axis, float(count), str(count), _size_origin(axis), "", "")


def _size_origin(axis: str) -> str:
    if axis in ("m", "n0"):
        return {"m": "the number of rows in the batch", "n0": "the number of inputs"}[axis]
    return f"the number of neurons of layer {axis[1:]}"


def _is_one_over_m(trace: Trace) -> bool:
    w = trace["w"]
    return len(w) > 1 and bool(np.allclose(w, 1 / len(w), rtol=1e-6, atol=0))


def _origin(trace: Trace, name: str, index: Index) -> str:
    """Say where a value was made: the line, or what kind of input it is."""
    line, given = trace.line_of(name), trace.input_of(name)
    if line is not None:
        return line.text
    assert given is not None
    return _input_origin(trace, given, index)


def _input_origin(trace: Trace, given: Input, index: Index) -> str:
    row = index[0] if index else 0
    if given.role is Role.DATA:
        kind = "data" if given.name == "x" else "what is wanted"
        return f"{kind}, row {row} of the batch"
    if given.role is Role.WEIGHT:
        if _is_one_over_m(trace):
            return f"weight of row {row}: 1/m = 1/{len(trace['w'])}"
        return given.note.partition(":")[0].replace("each row", f"row {row}")
    if given.role is Role.RANDOM:
        return f"drawn by chance: {given.note}"
    if given.role is Role.PARAMETER:
        kind = {"W": "a weight", "b": "a bias"}.get(given.name[0], "a parameter")
        return f"{kind} before this step, {given.note}"
    if given.role in (Role.STATISTIC, Role.STATE):
        return f"{given.role.value} before this step, {given.note}"
    return f"given: {given.note}"


# ------------------------------------------------------------- a line, read at one element


@dataclass(frozen=True)
class Leaf:
    """A number in a calculation: how it is written in letters, and its value.

    `kind` is value (of the trace), size (of an axis), number (of the text), or made (by a step).
    """

    letters: str
    value: float = field(compare=False)
    kind: str = "made"


@dataclass(frozen=True)
class Operation:
    """A calculation with the numbers that its parts give."""

    name: str
    parts: tuple[Expression, ...]
    value: float = field(compare=False)


Expression = Leaf | Operation


@dataclass(frozen=True)
class _Terms:
    """The parts of a sum or a maximum: their values, and each one as an expression on demand."""

    values: NDArray[np.float64]
    expression: Callable[[int], Expression]
    long: bool


def _made(trace: Trace, name: str, index: Index) -> Explanation:
    reader = _Reader(trace, name)
    reader.read(index)
    line, last = reader.line, reader.steps[-1]
    what, value = last.name, float(trace[name][index])
    operands = tuple(reader.operands())
    note = line.note
    return Explanation(
        what, value, last.result, line.text, line.equation, note, tuple(reader.steps), operands
    )


class _Reader:
    """Reads the graph of the line that made a value."""

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
        primes = {output: _primed(trace, self.read_as, output) for output in line.outputs}
        self.named = {id(node): primes[o] for o, node in graph.items() if node is not self.node}
        self.steps: list[Step] = []
        self._arrays: dict[int, Any] = {}
        self._made: dict[tuple[int, Index], Leaf] = {}
        self._used: dict[str, tuple[str, Index, int]] = {}  # operands, and their printed digits

    def read(self, index: Index) -> None:
        """Write down the steps that lead to one element."""
        expression = self.expression(self.node, index, inline=True)
        what = _element_name(self.name, _axes(self.trace, self.name), index)
        self._finish(what, expression, float(self.trace[self.name][index]))

    def operands(self) -> Iterator[Operand]:
        """Give every value that the steps used: array by array, each in the order of its rows."""
        arrays = list(dict.fromkeys(name for name, _, _ in self._used.values()))
        in_order = sorted(self._used.items(), key=lambda u: (arrays.index(u[1][0]), u[1][1]))
        sizes = _sizes(self.trace)
        for letters, (name, index, digits) in in_order:
            if letters in sizes:
                count = sizes[letters]
                yield Operand(letters, str(count), float(count), _size_origin(letters))
                continue
            value = float(self.trace[name][index])
            origin = _origin(self.trace, name, index)
            yield Operand(letters, printed(value, digits or RESULT_DIGITS[0]), value, origin)

    # ----------------------------------------------------------------- values of the graph

    def array(self, node: Symbol | float) -> Any:
        """Give the value of a node, as NumPy makes it of the values of the trace."""
        if not isinstance(node, Symbol):
            return node
        if id(node) not in self._arrays:
            with np.errstate(all="ignore"):
                self._arrays[id(node)] = self._computed(node)
        return self._arrays[id(node)]

    def _computed(self, node: Symbol) -> Any:
        if node.op == "input":
            value = self.trace[self.read_as.get(node.name, node.name)]
            given = self.trace.input_of(node.name)
            return float(value) if given and given.role is Role.RATE else value
        if node.op == "size":
            return _sizes(self.trace)[node.name]
        parts = [self.array(a) for a in node.args]
        value = OPERATIONS[node.op](node.name, *parts)
        # As in the program, numbers alone make a plain number, which takes on any dtype.
        return value.item() if all(isinstance(part, int | float) for part in parts) else value

    def at(self, node: Symbol | float, index: Index) -> float:
        """Give one element of the value of a node."""
        value = np.asarray(self.array(node))
        return float(value[index] if value.ndim else value)

    # ------------------------------------------------------------------------- expressions

    def expression(self, node: Symbol | float, index: Index, *, inline: bool = False) -> Expression:
        """Write one element of a node; `inline` says whether a sum may stand in this line."""
        if not isinstance(node, Symbol):
            return _number(node)
        if id(node) in self.named:
            return self._operand(self.named[id(node)], node.axes, index)
        if node.op == "input":
            return self._operand(self.read_as.get(node.name, node.name), node.axes, index)
        if node.op == "size":
            self._used.setdefault(node.name, (node.name, (), 0))
            return Leaf(node.name, float(self.array(node)), "size")
        if node.op == "ones":
            return _number(1)
        if node.op == "transpose":
            return self._part(node, 0, index[::-1])
        if node.op == "column":
            return self._part(node, 0, (*index, 0))
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

    def _operand(self, name: str, axes: Shape, index: Index) -> Leaf:
        letters = _element_name(name, axes, index)
        self._used.setdefault(letters, (name, index, 0))
        return Leaf(letters, float(self.trace[name][index]), "value")

    def _element(self, node: Symbol, index: Index, *, inline: bool) -> Expression:
        value = self.at(node, index)
        if node.name == "where":
            condition = self._part(node, 0, index)
            chosen = self._part(node, 1 if condition.value else 2, index)
            return Operation("where", (condition, chosen), value)
        first = inline and node.name in ("add", "subtract", "divide")
        parts = [self._part(node, 0, index, inline=first)]
        parts += [self._part(node, place, index) for place in range(1, len(node.args))]
        if node.name == "add":
            return Operation("add", (*_inner("add", parts[0]), *parts[1:]), value)
        if node.name == "multiply":
            factors = [factor for part in parts for factor in _inner("multiply", part)]
            return _product(factors, value)
        return Operation(node.name, tuple(parts), value)

    # -------------------------------------------------------------------- sums and maxima

    def _step(self, node: Symbol, index: Index) -> Leaf:
        """Write a sum as a step of its own, once."""
        key = (id(node), index)
        if key not in self._made:
            expression = self.expression(node, index, inline=True)
            self._made[key] = self._finish("", expression, self.at(node, index))
        return self._made[key]

    def _reduced(self, node: Symbol, index: Index) -> Expression:
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
        if len(parts) == 1:
            return parts[0]
        name = "maximum" if node.op == "row_max" else "add"
        return Operation(name, tuple(parts), self.at(node, index))

    def _term(self, expression: Expression, *, own_line: bool) -> Expression:
        return self._finish("", expression, expression.value) if own_line else expression

    def _terms(self, node: Symbol, index: Index) -> _Terms:
        if node.op == "product":
            return self._products(node, index)
        inner = node.args[0]
        assert isinstance(inner, Symbol)
        array = np.asarray(self.array(inner), np.float64)
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
            values = np.asarray(self.array(left)[row], np.float64) * self.array(right)[:, column]

        def term(k: int) -> Expression:
            factors = [self.expression(left, (row, k)), self.expression(right, (k, column))]
            return _product(factors, float(values[k]))

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

    def _finish(self, name: str, expression: Expression, value: float) -> Leaf:
        """Write a step, after those for what occurs in it more than once; give its result."""
        while (again := _repeated(expression)) is not None:
            leaf = self._finish("", again, again.value)
            expression = _replaced(expression, again, leaf)
        name = name or f"s{len(self.steps) + 1}"
        step, digits = _step_of(name, expression, value, self.trace)
        self.steps.append(step)
        for leaf in _leaves(expression):
            if leaf.letters in self._used:
                place, index, before = self._used[leaf.letters]
                self._used[leaf.letters] = place, index, max(before, digits)
        return Leaf(name, value)


def _primed(trace: Trace, read_as: Mapping[str, str], output: str) -> str:
    """Name what a line makes: with a prime more than what the line read under this name."""
    return read_as[output] + "'" if output in read_as else output


def _is_reduction(node: Symbol | float) -> bool:
    """Whether a node is a sum or a maximum, or one that is divided by a count: a mean."""
    if not isinstance(node, Symbol):
        return False
    if node.op == "element" and node.name == "divide":
        count = node.args[1]
        is_count = not isinstance(count, Symbol) or (count.axes == () and _is_of_sizes(count))
        return is_count and _is_reduction(node.args[0])
    return node.op in ("product", "row_sum", "row_max", "batch_sum", "total")


def _is_of_sizes(node: Symbol) -> bool:
    return node.op == "size" or (node.op == "element" and all(map(_is_of_sizes, node.symbols)))


def _largest(values: NDArray[np.float64], shown: int, node: Symbol) -> list[int]:
    """Give the places of the largest terms, in their order; inf and nan are the largest."""
    size = values if node.op == "row_max" else np.abs(values)
    size = np.where(np.isnan(size), np.inf, size)
    if node.op != "row_max":
        shown = min(shown, max(1, int(np.count_nonzero(size))))  # a 0 adds nothing, in the rest too
    return sorted(int(place) for place in np.argsort(-size, kind="stable")[:shown])


OPERATIONS: dict[str, Callable[..., Any]] = {
    "element": lambda name, *parts: getattr(np, name)(*parts),
    "product": lambda name, left, right: left @ right,
    "transpose": lambda name, x: x.T,
    "column": lambda name, x: x[:, 0],
    "row_sum": lambda name, x: np.sum(x, axis=1, keepdims=True),
    "row_max": lambda name, x: np.max(x, axis=1, keepdims=True),
    "batch_sum": lambda name, x: np.ones_like(x[:, 0]) @ x,
    "total": lambda name, x: np.sum(x),
}


# ------------------------------------------------------------------------- expressions


def _number(value: float) -> Leaf:
    return Leaf(printed(float(value), 12), float(value), "number")


def _inner(name: str, part: Expression) -> tuple[Expression, ...]:
    """Give the parts of a sum within a sum, or of a product within a product."""
    return part.parts if isinstance(part, Operation) and part.name == name else (part,)


def _product(factors: Sequence[Expression], value: float) -> Expression:
    """Write a product; a factor that comes twice is a square."""
    powers = [
        Operation("square", (factor,), factor.value**2) if count == 2 else factor
        for factor, count in Counter(factors).items()
        for _ in range(1 if count == 2 else count)
    ]
    return powers[0] if len(powers) == 1 else Operation("multiply", tuple(powers), value)


def _all_parts(expression: Expression) -> Iterator[Expression]:
    yield expression
    if isinstance(expression, Operation):
        for part in expression.parts:
            yield from _all_parts(part)


def _leaves(expression: Expression) -> Iterator[Leaf]:
    return (part for part in _all_parts(expression) if isinstance(part, Leaf))


def _repeated(expression: Expression) -> Operation | None:
    """Give the largest calculation that occurs more than once."""
    counts = Counter(p for p in _all_parts(expression) if isinstance(p, Operation))
    again = [p for p, n in counts.items() if n > 1 and p.name not in COMPARISONS]
    return max(again, key=lambda part: sum(1 for _ in _all_parts(part)), default=None)


def _replaced(expression: Expression, old: Operation, new: Leaf) -> Expression:
    if expression == old:
        return new
    if isinstance(expression, Leaf):
        return expression
    parts = tuple(_replaced(part, old, new) for part in expression.parts)
    return dataclasses.replace(expression, parts=parts)


def _recomputed(expression: Expression, of: Callable[[Leaf], float]) -> Any:
    """Work out what is printed, with the numbers as they are printed."""
    if isinstance(expression, Leaf):
        return np.float64(of(expression))
    if expression.name in COMPARISONS:
        return np.float64(expression.value)  # it is printed as the 1 or 0 that it is
    if expression.name == "where":
        return _recomputed(expression.parts[1], of)
    first, *others = (_recomputed(part, of) for part in expression.parts)
    if expression.name == "square":
        return first * first
    if expression.name == "log1p" and not _is_small(expression):
        return np.log(1 + first)
    function = getattr(np, expression.name)
    if not others:
        return function(first)
    for other in others:
        first = function(first, other)
    return first


def _is_small(log1p: Operation) -> bool:
    """Whether 1 + x would lose the digits of x, so that log1p(x) is printed, not log(1 + x)."""
    return abs(log1p.parts[0].value) < 1e-4


# ------------------------------------------------------------------------- digits


def printed(value: float, digits: int) -> str:
    """Write a number with so many significant digits, without zeros at the end.

    >>> [printed(v, 4) for v in (0.1, -1.23456, 1234.5, 12345, 0.00001234, -0.0)]
    ['0.1', '−1.235', '1234', '1.234e4', '1.234e−5', '0']
    """
    if not math.isfinite(value):
        return str(value).replace("-", "−")
    if value == 0:
        return "0"
    rounded = f"{value:.{digits - 1}e}"
    factor, exponent = rounded.partition("e")[0], int(rounded.partition("e")[2])
    plain = -5 < exponent < digits
    text = f"{Decimal(rounded):f}" if plain else factor
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return (text if plain else f"{text}e{exponent}").replace("-", "−")


def _read_back(text: str) -> float:
    return float(text.replace("−", "-"))


def _in_full(value: Any) -> str:
    """Write a number of an array with the fewest digits that stand for it and no other."""
    texts = (printed(float(value), digits) for digits in range(1, 17))
    same = (t for t in texts if value.dtype.type(_read_back(t)) == value)
    return next(same, printed(float(value), 17))


def _step_of(name: str, expression: Expression, value: float, trace: Trace) -> tuple[Step, int]:
    """Print a step with as few digits as will do; give it, and the digits of its operands."""
    words = list(_words(expression))
    digits, operand_digits = _digits(expression, value)
    dtype = str(trace["loss"].dtype)
    if not digits:
        digits, operand_digits = RESULT_DIGITS[0], 9 if dtype == "float32" else 17
        got = printed(_evaluated(expression, operand_digits), RESULT_DIGITS[0])
        does = "rounds" if math.isfinite(value) else "overflows"
        words.append(f"these numbers give {got}: {dtype} {does} on the way")
    elif digits <= 3:
        words.append(f"{dtype} has no more digits of this: the rest is rounding")
    texts = {leaf: _in_numbers(leaf, operand_digits) for leaf in _leaves(expression)}
    return (
        Step(
            name,
            _written(expression, lambda leaf: leaf.letters, truth=False)[0],
            _written(expression, texts.__getitem__, truth=True)[0],
            printed(value, digits),
            value,
            digits,
            tuple(dict.fromkeys(words)),
        ),
        operand_digits,
    )


def _digits(expression: Expression, value: float) -> tuple[int, int]:
    """Find the digits of result and operands at which the printed arithmetic is right; else 0."""
    for digits in RESULT_DIGITS:
        for operand_digits in OPERAND_DIGITS:
            if _agrees(_evaluated(expression, operand_digits), value, digits):
                return digits, operand_digits
    return 0, 0


def _evaluated(expression: Expression, digits: int) -> float:
    with np.errstate(all="ignore"):
        return float(_recomputed(expression, lambda leaf: _read_back(_in_numbers(leaf, digits))))


def _in_numbers(leaf: Leaf, digits: int) -> str:
    if leaf.kind == "size":
        return str(int(leaf.value))
    return leaf.letters if leaf.kind == "number" else printed(leaf.value, digits)


def _agrees(found: float, value: float, digits: int) -> bool:
    """Whether a number, rounded, is the value as it is printed."""
    result = _read_back(printed(value, digits))
    if not (math.isfinite(found) and math.isfinite(result)) or result == 0:
        return found == result or (math.isnan(found) and math.isnan(result))
    last = 10.0 ** (math.floor(math.log10(abs(result))) - digits + 1)
    return abs(found - result) <= 0.5 * last * (1 + 1e-9)


# ------------------------------------------------------------------------- in print

SUM, QUOTIENT, PRODUCT, MINUS, POWER, ATOM = range(6)  # what binds more closely comes later
SIGNS = {"greater": ">", "greater_equal": "≥", "less": "<", "less_equal": "≤"}
HOLDS = {
    "greater": ("is above", "is not above"),
    "greater_equal": ("is at least", "is below"),
    "less": ("is below", "is not below"),
    "less_equal": ("is at most", "is above"),
}
FUNCTIONS = {"maximum": "max", "minimum": "min", "sqrt": "√"}


def _written(
    expression: Expression, text_of: Callable[[Leaf], str], *, truth: bool
) -> tuple[str, int]:
    """Write an expression, and say how closely it binds; `truth` prints comparisons as 1 or 0."""
    if isinstance(expression, Leaf):
        text = text_of(expression)
        return text, MINUS if text.startswith("−") else ATOM
    name, parts = expression.name, expression.parts
    if name == "where":
        return _written(parts[1], text_of, truth=truth)
    if name in COMPARISONS and truth:
        return str(int(expression.value)), ATOM

    def part(place: int, binds: int) -> str:
        text, own = _written(parts[place], text_of, truth=truth)
        return f"({text})" if own < binds or (place and text.startswith("−")) else text

    if name in COMPARISONS:
        return f"({part(0, SUM)} {SIGNS[name]} {part(1, SUM)})", ATOM
    if name == "add":
        rest = (part(place, QUOTIENT) for place in range(1, len(parts)))
        return " + ".join([part(0, SUM), *rest]), SUM
    if name == "subtract":
        return f"{part(0, SUM)} − {part(1, QUOTIENT)}", SUM
    if name == "multiply":
        return "·".join(part(place, POWER) for place in range(len(parts))), PRODUCT
    if name == "divide":
        return f"{part(0, PRODUCT)} / {part(1, POWER)}", QUOTIENT
    if name == "negative":
        return f"−{part(0, POWER)}", MINUS
    if name == "square":
        return f"{part(0, ATOM)}²", POWER
    inside = ", ".join(_written(p, text_of, truth=truth)[0] for p in parts)
    if name == "absolute":
        return f"|{inside}|", ATOM
    if name == "log1p" and not _is_small(expression):
        return f"log(1 + {part(0, QUOTIENT)})", ATOM
    return f"{FUNCTIONS.get(name, name)}({inside})", ATOM


def _words(expression: Expression) -> Iterator[str]:
    """Say what each comparison came to, and what it decided."""
    if isinstance(expression, Leaf):
        return
    name, parts = expression.name, expression.parts
    if name == "where" and isinstance(parts[0], Operation):
        yield f"in this form because {_comparison(parts[0])}"
        parts = parts[1:]
    elif name in COMPARISONS:
        letters = _written(expression, lambda leaf: leaf.letters, truth=False)[0]
        yield f"{letters[1:-1]} counts as {int(expression.value)}: {_comparison(expression)}"
    elif name == "log1p" and _is_small(expression):
        yield "log1p(x) is log(1 + x), right for a small x too"
    for part in parts:
        yield from _words(part)


def _comparison(expression: Operation) -> str:
    left, right = (_side(part) for part in expression.parts)
    if any(math.isnan(part.value) for part in expression.parts):
        return f"{left} cannot be compared with {right}"
    return f"{left} {HOLDS[expression.name][0 if expression.value else 1]} {right}"


def _side(part: Expression) -> str:
    letters = _written(part, lambda leaf: leaf.letters, truth=False)[0]
    number = printed(part.value, RESULT_DIGITS[0])
    return letters if letters == number else f"{letters} = {number}"


def _text(explanation: Explanation) -> Iterator[str]:
    """Lay an explanation out as lines of text."""
    note = f": {explanation.note}" if explanation.note else ""
    if not explanation.equation:
        note = f": {explanation.origin}"
    yield f"{explanation.what} = {explanation.result}{note}"
    if explanation.equation:
        yield from _wrapped("  line      ", explanation.origin)
        yield from _wrapped("  equation  ", explanation.equation)
    for remark in explanation.remarks:
        yield f"  {remark}"
    for step in explanation.steps:
        yield ""
        yield from _step_text(step)
    if explanation.operands:
        yield ""
        yield "where"
    for origin, operands in _by_origin(explanation.operands).items():
        values = ", ".join(f"{operand.name} = {operand.result}" for operand in operands)
        yield from _wrapped("  ", f"{values}  ({origin})")


def _step_text(step: Step) -> Iterator[str]:
    for start, text in ((step.name, step.letters), ("", step.numbers), ("", step.result)):
        yield from _wrapped(f"  {start:<{len(step.name)}} = ", text)
    for word in step.words:
        yield f"{' ' * (len(step.name) + 3)}({word})"


TOGETHER = r"\[[^]]*\]|\([^()]{,30}\)| [/=] "


def _wrapped(head: str, text: str) -> list[str]:
    """Break a text into rows, but not within an index, a short bracket, a quotient or equality."""
    together = re.sub(TOGETHER, lambda found: found[0].replace(" ", "\u00a0"), text)
    indent = " " * (len(head) + 2)
    wrapper = textwrap.TextWrapper(
        WIDTH,
        initial_indent=head,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    rows = wrapper.wrap(together)
    return [row.replace("\u00a0", " ") for row in rows]


def _by_origin(operands: Sequence[Operand]) -> dict[str, list[Operand]]:
    groups: dict[str, list[Operand]] = {}
    for operand in operands:
        groups.setdefault(operand.origin, []).append(operand)
    return groups


def _plain(value: Any) -> Any:
    """Give plain data with lists for tuples, and text for inf and nan."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
