"""Symbols that write down what a program does to them: the program as a graph.

A Symbol stands for an array. Called with symbols instead of arrays, a program's functions do no
arithmetic: NumPy hands every operation to the symbol, which notes it as a new symbol. What comes
out is a graph of a few kinds of node. Equal sub-expressions are one node.

    input       a named array                    size         the length of an axis
    element     one NumPy function, element by element (where, comparisons and arithmetic included)
    product     a matrix product                 transpose    the same array, rows as columns
    row_sum, row_max    along each row: (m, n) → (m, 1)
    row_cumsum          along each row, with every sum on the way: (m, n) → (m, n)
    numbers             a number of the text for each column, the same in every row
    batch_sum           over the batch: (m, n) → (n,)
    total               over everything: → ()
    columns             some columns of an array, from a place on: (m, n) → (m, k)
    beside              arrays side by side: (m, n), (m, k) → (m, n + k), each `placed` there
    chosen              rows of a table, by the whole numbers in a column: (k, n), (m,) → (m, n)
    sums_by_row         rows added up by such numbers, in the shape of a table: (m, n) → (k, n)

Axes have names ("m", "n0", "n1", …), or the length 1 for an axis that is stretched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

from glassnet.errors import ProgramError
from glassnet.lines import Axis, Line, Shape
from glassnet.program import Program
from glassnet.rules.erfc import erfc

COMPARISONS = frozenset({"greater", "greater_equal", "less", "less_equal"})
# What `rows_of` and `sums_by_row` do stands in NumPy's words, which take no symbols: one node each.
IN_ONE = {
    "rows_of": lambda table, numbers: _node(
        table.table, "chosen", (table, numbers), (*numbers.axes, *table.axes[1:])
    ),
    "sums_by_row": lambda d, numbers, table: _node(
        d.table, "sums_by_row", (d, numbers), table.axes
    ),
}
ELEMENTWISE = (
    frozenset(
        "add subtract multiply divide negative absolute exp expm1 log log1p sqrt tanh arctan sign"
        " rint maximum minimum where".split()
    )
    | COMPARISONS
)


class Table(dict[Any, "Symbol"]):
    """The nodes of one graph, and the lengths of its axes, by which a part of an axis is known."""

    def __init__(self, sizes: Mapping[str, int] | None = None) -> None:
        self.sizes = dict(sizes or {})

    def axis(self, size: int) -> str:
        """Give the axis of a length."""
        found = next((axis for axis, n in self.sizes.items() if n == size), None)
        if found is None:
            raise ProgramError(f"no axis of this program has the length {size}")
        return found


class Symbol(np.lib.mixins.NDArrayOperatorsMixin):
    """One node of the graph: an operation, what it is done to, and the axes of its result."""

    def __init__(
        self,
        table: Table,
        op: str,
        args: tuple[Symbol | float, ...],
        axes: Shape,
        name: str = "",
    ) -> None:
        self.table = table
        self.op = op
        self.args = args
        self.axes = axes
        self.name = name  # of an input, of the axis of a size, of the function of an element

    @property
    def symbols(self) -> Iterator[Symbol]:
        """The operands that are symbols, not numbers."""
        return (a for a in self.args if isinstance(a, Symbol))

    @property
    def is_truth(self) -> bool:
        """Whether the values are true or false, not numbers."""
        return self.op == "element" and self.name in COMPARISONS

    @property
    def shape(self) -> tuple[Symbol | int, ...]:
        """The lengths of the axes, as symbols."""
        return tuple(
            _node(self.table, "size", (), (), axis) if isinstance(axis, str) else axis
            for axis in self.axes
        )

    @property
    def T(self) -> Symbol:  # noqa: N802 - NumPy's name
        """The transpose."""
        return _node(self.table, "transpose", (self,), self.axes[::-1])

    def __getitem__(self, index: Any) -> Symbol:
        if len(self.axes) == 2 and isinstance(index, tuple) and index[:1] == (slice(None),):
            (place,) = index[1:]
            if isinstance(place, int) and place >= 0:
                return _node(self.table, "column", (self, place), self.axes[:1])
            if isinstance(place, slice) and place.step is None:
                return self._columns(place)
        raise ProgramError(f"[{index!r}] is not in the common language of the engines")

    def _columns(self, place: slice) -> Symbol:
        width = self.axes[1]
        whole = width if isinstance(width, int) else self.table.sizes[width]
        start, stop, _ = place.indices(whole)
        if (start, stop) == (0, whole):
            return self
        axes = (self.axes[0], self.table.axis(stop - start))
        return _node(self.table, "columns", (self, start), axes)

    def __bool__(self) -> bool:
        raise ProgramError("a rule that branches on a value cannot be written as loops")

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **options: Any) -> Symbol:
        name = ufunc.__name__
        if method != "__call__" or options:
            raise ProgramError(f"np.{name}.{method} is not in the common language of the engines")
        if name == "matmul":
            return _product(self.table, *args)
        return _element(self.table, name, args)

    def __array_function__(
        self, function: Any, types: Any, args: tuple[Any, ...], options: Mapping[str, Any]
    ) -> Symbol:
        name = function.__name__
        if function is np.where and len(args) == 3 and not options:
            return _element(self.table, "where", args)
        if function is np.hstack and len(args) == 1 and not options:
            return _beside(self.table, args[0])
        if function is np.ones_like and not options:
            return _node(self.table, "ones", (), args[0].axes)
        if function is np.full_like and len(args) == 2 and not options:
            return _numbers(self.table, *args)
        if function is np.cumsum and len(args) == 1 and options == {"axis": 1}:
            return _node(self.table, "row_cumsum", args, args[0].axes)
        if function in (np.sum, np.max) and len(args) == 1:
            return _reduction(self.table, name, args[0], options)
        raise ProgramError(f"np.{name} is not in the common language of the engines")

    def __repr__(self) -> str:
        return f"<{self.name or self.op} {self.axes}>"


def _node(
    table: Table,
    op: str,
    args: tuple[Symbol | float, ...],
    axes: Shape,
    name: str = "",
) -> Symbol:
    """Give the node for an operation: the one that is there already, or a new one."""
    same = tuple(id(a) if isinstance(a, Symbol) else ("number", float(a)) for a in args)
    key = (op, name, same, axes)
    if key not in table:
        table[key] = Symbol(table, op, args, axes, name)
    return table[key]


def stretched(shapes: Iterable[Shape]) -> Shape:
    """Give the shape that arrays of these shapes have together, by NumPy's rule.

    >>> stretched([("m", "n1"), ("m", 1), ("n1",), ()])
    ('m', 'n1')
    """
    together: list[Axis] = []
    for shape in shapes:
        own = list(reversed(shape))
        for place, axis in enumerate(own):
            if place == len(together):
                together.append(axis)
            elif together[place] == 1:
                together[place] = axis
            elif axis not in (1, together[place]):
                raise ProgramError(f"axes {axis!r} and {together[place]!r} do not fit each other")
    return tuple(reversed(together))


def _element(table: Table, name: str, args: Sequence[Any]) -> Symbol:
    if name not in ELEMENTWISE:
        raise ProgramError(f"np.{name} is not in the common language of the engines")
    axes = stretched(a.axes for a in args if isinstance(a, Symbol))
    return _node(table, "element", tuple(args), axes, name)


def _product(table: Table, left: Symbol, right: Symbol) -> Symbol:
    if left.axes[-1] != right.axes[0]:
        raise ProgramError(f"a product of {left.axes} and {right.axes} cannot be")
    if left.op == "ones" and len(left.axes) == 1:
        return _node(table, "batch_sum", (right,), right.axes[1:])
    return _node(table, "product", (left, right), left.axes[:-1] + right.axes[1:])


def _beside(table: Table, parts: Sequence[Symbol]) -> Symbol:
    placed: list[Symbol] = []
    start = 0
    for part in parts:
        rows, width = part.axes
        placed.append(_node(table, "placed", (part, start), part.axes))
        start += width if isinstance(width, int) else table.sizes[width]
    return _node(table, "beside", tuple(placed), (rows, table.axis(start)))


def _reduction(table: Table, name: str, x: Symbol, options: Mapping[str, Any]) -> Symbol:
    if options == {"axis": 1, "keepdims": True}:
        return _node(table, f"row_{name}", (x,), (x.axes[0], 1))
    if options == {"axis": 0} and name == "sum":
        return _node(table, "batch_sum", (x,), x.axes[1:])
    if not options and name == "sum":
        return _node(table, "total", (x,), ())
    raise ProgramError(f"np.{name} with {dict(options)} is not in the common language")


def _numbers(table: Table, like: Symbol, values: Any) -> Symbol:
    """Give the node for numbers of the text, one for each column; one alone is for them all."""
    if not isinstance(values, tuple) or not all(isinstance(v, int | float) for v in values):
        raise ProgramError("np.full_like takes numbers in brackets, one for each column")
    return _node(table, "numbers", values, like.axes)


# ------------------------------------------------------------------- programs, called with symbols


def inputs(program: Program) -> dict[str, Symbol]:
    """Give a symbol for each input of a step."""
    table = Table(program.sizes)
    return {i.name: _node(table, "input", (), i.shape, i.name) for i in program.inputs}


def functions_for_symbols(program: Program) -> dict[str, Callable[..., Any]]:
    """Give the program's functions with the rules that are one node each."""
    functions = program.functions_with(np)
    scope = functions["gradients"].__globals__
    scope.update({name: rule for name, rule in IN_ONE.items() if name in scope})
    return functions


@dataclass(frozen=True)
class GradientGraph:
    """What `gradients` makes of its inputs: loss, slopes by parameter, new running statistics."""

    loss: Symbol
    slopes: Mapping[str, Symbol]
    statistics: Mapping[str, Symbol]

    @property
    def outputs(self) -> tuple[Symbol, ...]:
        """All results."""
        return (self.loss, *self.slopes.values(), *self.statistics.values())


# These rules take twice as many steps as float32 has digits for: one node each for its loops.
IN_FLOAT32 = {
    "erfc": lambda x, stretch=1.0, square=1.0: _node(
        x.table, "element", (x, stretch, square), x.axes, "erfc"
    ),
    "bell": lambda x, square=1.0: _node(x.table, "element", (x, square), x.axes, "bell"),
}


def scope_for_loops(program: Program) -> dict[str, Any]:
    """Give the program's functions and rules by name, as the compiled engine calls them."""
    scope = functions_for_symbols(program)["gradients"].__globals__
    if program.description.dtype == "float32":
        scope.update({name: rule for name, rule in IN_FLOAT32.items() if name in scope})
    return scope


def gradient_graph(program: Program) -> GradientGraph:
    """Call the program's `gradients` with symbols.

    >>> from glassnet.description import Description
    >>> from glassnet.rules.optimizers import SGD
    >>> program = Program(Description.read("1-1 linear"), SGD())
    >>> gradient_graph(program).slopes["W1"]
    <product ('n0', 'n1')>
    """
    given = inputs(program)
    gradients = scope_for_loops(program)["gradients"]
    takes = gradients.__code__
    names = takes.co_varnames[: takes.co_argcount]
    loss, *rest = gradients(*(given[name] for name in names))
    count = len(program.parameters)
    slopes = {p.name: d for p, d in zip(program.parameters, rest[:count], strict=True)}
    kept = {s.name: v for s, v in zip(program.statistics, rest[count:], strict=True)}
    return GradientGraph(loss, slopes, kept)


def update_graph(program: Program) -> dict[str, Symbol]:
    """Call the program's `update` with symbols: the new value of each parameter and state array.

    The gradient of a parameter p stands in it as the input "d" + p.
    """
    table = Table()
    shapes = {i.name: i.shape for i in program.inputs}
    shapes.update({f"d{p}": shape for p, shape in program.parameter_shapes.items()})
    code = program.functions["update"].__code__
    names = code.co_varnames[: code.co_argcount]
    given = (_node(table, "input", (), shapes[name], name) for name in names)
    new = program.functions["update"](*given)
    kept = [*(p.name for p in program.parameters), *program.state_names]
    return dict(zip(kept, new, strict=True))


def _erfc_in_one(x: Symbol, stretch: float = 1.0, square: float = 1.0) -> Symbol:
    given = x if stretch == 1 else x * stretch
    return _node(given.table, "element", (given,), given.axes, "erfc")


def _bell_in_one(x: Symbol, square: float = 1.0) -> Symbol:
    powers = x * x if square == 1 else x * x * square
    return np.exp(-powers)  # type: ignore[no-any-return]


# What these rules do for the sake of the last digits would hide in a line what they are.
PLAINLY = {"erfc": _erfc_in_one, "bell": _bell_in_one}


def function_of(name: str) -> Callable[..., Any]:
    """Give the function that an element node stands for.

    >>> function_of("erfc")(0.0), function_of("sign")(-2.0)
    (array(1.), np.float64(-1.0))
    """
    function: Callable[..., Any] = erfc if name == "erfc" else getattr(np, name)
    return function


def line_graph(program: Program, line: Line, shapes: Mapping[str, Shape]) -> dict[str, Symbol]:
    """Run one line with symbols for every value it reads, and give what it makes, by name."""
    table = Table(program.sizes)
    scope = _scope(program)
    known = {**PLAINLY, **IN_ONE}
    scope |= {name: rule for name, rule in known.items() if name in program.rules}
    for name in line.code.co_names:
        if name in shapes:
            scope[name] = _node(table, "input", (), shapes[name], name)
    exec(line.code, scope)  # a line of a program that was checked when it was made
    return {name: scope[name] for name in line.outputs}


def step_graph(program: Program) -> list[dict[str, Symbol]]:
    """Run all lines of a step with symbols, and give what each of them makes, by name.

    >>> from glassnet.description import Description
    >>> from glassnet.rules.optimizers import SGD
    >>> step_graph(Program(Description.read("1-1 linear"), SGD()))[0]
    {'z1': <add ('m', 'n1')>}
    """
    rules = {name: rule for name, rule in IN_ONE.items() if name in program.rules}
    scope = _scope(program) | rules | inputs(program)
    made = []
    for line in program.lines:
        exec(line.code, scope)  # as above
        made.append({name: scope[name] for name in line.outputs})
    return made


def _scope(program: Program) -> dict[str, Any]:
    """Give the names that lines read beside their values: NumPy and the rules."""
    scope: dict[str, Any] = {"np": np}
    for name, rule in program.rules.items():
        scope[name] = FunctionType(rule.__code__, scope, name, rule.__defaults__)
    return scope


def activation_graph(rule: Callable[..., Any], arguments: int) -> Symbol | float:
    """Call an activation's function or slope with symbols, and give what it makes of them.

    Raises ProgramError if that is more than one element's own business.

    >>> activation_graph(lambda z: np.tanh(z) * 2, 1)
    <multiply ('m', 'n')>
    """
    table = Table()
    made = rule(*(_node(table, "input", (), ("m", "n"), name) for name in "za"[:arguments]))
    if not isinstance(made, Symbol):
        if isinstance(made, int | float):
            return float(made)
        raise ProgramError(f"it gives {type(made).__name__}, not an array")
    for node in in_order([made]):
        if node.op not in ("input", "element"):
            raise ProgramError(f"it is no function of single numbers: it takes a {node.op}")
    return made


def in_order(outputs: Iterable[Symbol], known: Iterable[int] = ()) -> list[Symbol]:
    """Give every node that the outputs need, each after what it is made of.

    Nodes whose id is known are left out, and what only they are made of.
    """
    found: list[Symbol] = []
    seen: set[int] = set(known)
    waiting = [(output, False) for output in reversed(list(outputs))]
    while waiting:  # not by recursion: a deep network is a deep graph
        node, ready = waiting.pop()
        if ready:
            found.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            waiting.append((node, True))
            waiting.extend((part, False) for part in reversed(list(node.symbols)))
    return found
