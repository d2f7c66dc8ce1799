"""Nodes of a graph as the text of expressions, with numbers of one type (`real`)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from glassnet.engines.plan import READ_IN_PLACE, Plan, is_column, is_full, is_row
from glassnet.errors import ProgramError
from glassnet.graph import Symbol
from glassnet.lines import Mask
from glassnet.program import Program
from glassnet.rules.schedules import Schedule

INFIX = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}
INFIX |= {"greater": ">", "greater_equal": ">=", "less": "<", "less_equal": "<="}
IN_ORDER = {"add": "plus", "subtract": "minus"}  # of running sums
# What glassnet.engines.elementary has: for both types, and for float32.
ELEMENTARY = ("arctan", "exp", "expm1", "log", "log1p", "tanh")
SINGLE_ONLY = ("bell", "erfc")
FALLING = "decay"  # exp of what is not above 0
CALLS = {"absolute": "abs", "maximum": "greatest", "minimum": "least", "sign": "sign_of"}
CALLS |= {name: name for name in (*ELEMENTARY, *SINGLE_ONLY)}


def moved(start: Symbol | float) -> str:
    """Write column j of a part that starts at a column of the whole.

    >>> moved(0), moved(4)
    ('j', 'j + 4')
    """
    return f"j + {start}" if start else "j"


class Expressions:
    """Writes what makes a node; what stands for its operands is up to those who know the place."""

    def named(self, node: Symbol) -> str:
        """Write what stands for a node where it is used."""
        raise NotImplementedError

    def value(self, node: Symbol | float) -> str:
        """Write an operand: a number of the text, 1 or 0 for a comparison, or a node."""
        if not isinstance(node, Symbol):
            return f"real({float(node)!r})"
        if node.is_truth:
            return f"(real(1.0) if {self.truth(node)} else real(0.0))"
        return self.named(node)

    def truth(self, node: Symbol | float) -> str:
        """Write a comparison."""
        assert isinstance(node, Symbol)
        left, right = (self.value(a) for a in node.args)
        return f"({left} {INFIX[node.name]} {right})"

    def read_in_place(self, node: Symbol) -> str:
        """Write the number of another array that a node is."""
        raise NotImplementedError

    def computed(self, node: Symbol) -> str:
        """Write the arithmetic that makes a node."""
        name, args = node.name, node.args
        if node.op in READ_IN_PLACE:
            return self.read_in_place(node)
        if name == "where":
            condition = self.truth(args[0])
            return f"({self.value(args[1])} if {condition} else {self.value(args[2])})"
        values = [self.value(a) for a in args]
        if name in IN_ORDER and any(a.op == "row_cumsum" for a in node.symbols):
            return f"{IN_ORDER[name]}({values[0]}, {values[1]})"
        if name == "divide" and _is_root(args[1], node):
            return f"over_root({values[0]}, {values[1]})"
        if name in INFIX:
            return f"({values[0]} {INFIX[name]} {values[1]})"
        if name == "negative":
            return f"(-{values[0]})"
        known = FALLING if name == "exp" and _is_never_above_0(args[0]) else CALLS.get(name)
        call = f"{known or 'np.' + name}({', '.join(values)})"
        return f"real({call})" if name == "sign" else call  # its 1 would make it a float64


def _is_root(divisor: Symbol | float, whole: Symbol) -> bool:
    """Whether a divisor is a root, taken for each number of the whole anew."""
    if not isinstance(divisor, Symbol):
        return False
    return divisor.name == "sqrt" and divisor.axes == whole.axes


def _is_never_above_0(node: Symbol | float) -> bool:
    """Whether a node is −|…|, or a number less the greatest of its row."""
    if not isinstance(node, Symbol) or node.name not in ("negative", "subtract"):
        return False
    last = node.args[-1]
    if not isinstance(last, Symbol):
        return False
    if node.name == "negative":
        return last.name == "absolute"
    return last.op == "row_max" and last.args[0] is node.args[0]


class AtRowAndColumn(Expressions):
    """Writes nodes at row i and column j, and notes the names that they use."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.masks = {mask.name: mask for mask in plan.program.masks}
        self.used: dict[str, None] = {}
        self.local: set[int] = set()  # nodes that have a local name where the text stands
        self.numbers: dict[str, str] = {}  # of rows of tables: what finds them, by local name

    def use(self, name: str) -> str:
        """Note a name that comes from outside, and give it."""
        self.used.setdefault(name)
        return name

    def number(self, column: Symbol, rows: str) -> str:
        """Give the number of a table's row, of so many, that a column of an input chooses."""
        given, place = column.args
        assert isinstance(given, Symbol)
        if given.op != "input":
            raise ProgramError("only a column of an input chooses rows of a table")
        name = f"number_{rows}_{place}"
        self.numbers[name] = f"row_number({self.use(given.name)}[i, {place}], {self.use(rows)})"
        return name

    def read_in_place(self, node: Symbol) -> str:
        """Write some columns of an array, or a row of a table, at row i and column j."""
        source, place = node.args
        assert isinstance(source, Symbol)
        array = source.name if source.op == "input" else self.plan.array(source)
        if node.op == "columns":
            return f"{self.use(array)}[i, {moved(place)}]"
        assert isinstance(place, Symbol)
        return f"{self.use(array)}[{self.number(place, str(source.axes[0]))}, j]"

    def name(self, node: Symbol) -> str:
        """Give the local name of a node's value at row i, column j."""
        place = (
            "_ij" if is_full(node) else "_i" if is_row(node) else "_j" if is_column(node) else ""
        )
        return self.plan.names[id(node)] + place

    def at(self, node: Symbol) -> str:
        """Give a stored node's place in its array."""
        place = "[i, j]" if is_full(node) else "[i]" if is_row(node) else "[j]"
        return self.use(self.plan.array(node)) + place

    def named(self, node: Symbol) -> str:
        """Write what stands for a node where it is used."""
        if node.op == "size":
            return f"real({self.use(node.name)})"
        if node.op == "numbers":
            several = len(node.args) > 1
            return f"{self.use(self.plan.names[id(node)])}[j]" if several else self._alone(node)
        if node.op == "input":
            return self._given(node)
        if id(node) in self.local:
            return self.name(node)
        if node.axes == ():
            return self.use(self.plan.names[id(node)])
        if id(node) in self.plan.stored:
            return self.at(node)
        return self.computed(node)

    def _alone(self, node: Symbol) -> str:
        (number,) = node.args
        return self.value(number)

    def _given(self, node: Symbol) -> str:
        mask = self.masks.get(node.name)
        if mask is None:
            row = "[i]" if node.name == "w" else "[i, 0]"  # of the rows' data, w alone has one axis
            place = "[i, j]" if is_full(node) else row if is_row(node) else "[j]"
            return self.use(node.name) + (place if node.axes else "")
        self.use(f"key_{node.name}")
        settings = settings_of(mask)
        if isinstance(mask.amount, Schedule):
            settings = [self.use(name) for name in settings]
        return f"{mask.draw.name}(row_{node.name}, j, {', '.join(settings)})"


def settings_of(mask: Mask) -> list[str]:
    """Write what a random number is drawn by: names of the step's, or numbers of the text."""
    if isinstance(mask.amount, Schedule):
        return [f"{name}_{mask.name}" for name, _ in mask.draw.settings]
    values = mask.draw.set_by(mask.amount)
    kinds = (kind for _, kind in mask.draw.settings)
    return [f"{kind}({value!r})" for kind, value in zip(kinds, values, strict=True)]


def drawn_by(program: Program, step: str) -> Iterator[str]:
    """Write what random numbers are drawn by in a step, where a schedule gives it."""
    places = itertools.count()
    for mask in program.changing_masks:
        for name, kind in mask.draw.settings:
            yield f"{name}_{mask.name} = {kind}(drawn_by[{step}, {next(places)}])"


class AtPlace(Expressions):
    """Writes nodes at place q of the flat arrays, where every node has a local name."""

    def __init__(self, names: Mapping[int, str]) -> None:
        self.names = names

    def named(self, node: Symbol) -> str:
        """Give the local name."""
        return self.names[id(node)]
