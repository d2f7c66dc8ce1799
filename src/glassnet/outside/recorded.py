"""Numbers that write down how they were made, and rules that are run with such numbers.

A `Number` is a float. What is done to it by arithmetic, by `math` or by NumPy gives a Number again,
whose `expression` is the calculation so far. So a schedule or an initializer, called with Numbers,
gives its value and its formula at once, from the one text that it has.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType
from typing import Any, TypeVar

import numpy as np

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
from glassnet.explanation.digits import in_numbers, printed
from glassnet.explanation.record import Operand, Step
from glassnet.explanation.writing import step_of
from glassnet.graph import COMPARISONS
from glassnet.rules.entry import Entry

Kind = TypeVar("Kind", bound=Entry)
EXACT = 12  # digits of a number that stands in the text of a rule


class Number(float):
    """A float that knows the calculation that made it.

    Example:
        >>> done = named("done", 0.5)
        >>> half = (1 + done) / 3
        >>> float(half), half.expression.name
        (0.5, 'divide')

    """

    expression: Expression

    def __new__(cls, value: float, expression: Expression) -> Number:
        """Make a number of a value and its calculation."""
        number = super().__new__(cls, value)
        number.expression = expression
        return number

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **options: Any) -> Any:
        plain = [float(a) if isinstance(a, Number) else a for a in args]
        value = getattr(ufunc, method)(*plain, **options)
        name = ufunc.__name__
        if method != "__call__" or options or np.ndim(value) or name in COMPARISONS:
            return value
        return _made(name, float(value), *args)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        if function is np.where and len(args) == 3 and not np.ndim(args[0]):
            return args[1] if args[0] else args[2]
        return function(*(float(a) if isinstance(a, Number) else a for a in args), **options)

    def __index__(self) -> int:
        if not self.is_integer():
            raise TypeError(f"{float(self)} is no whole number")
        return int(self)

    def astype(self, kind: Any) -> Any:
        """Give a plain number of a type: what rules use as a place is no calculation."""
        return np.asarray(float(self)).astype(kind)

    # Comparisons are NumPy's, so that ~ turns them round as rules expect.
    def __lt__(self, other: object) -> Any:
        return np.less(float(self), other)  # type: ignore[call-overload]

    def __le__(self, other: object) -> Any:
        return np.less_equal(float(self), other)  # type: ignore[call-overload]

    def __gt__(self, other: object) -> Any:
        return np.greater(float(self), other)  # type: ignore[call-overload]

    def __ge__(self, other: object) -> Any:
        return np.greater_equal(float(self), other)  # type: ignore[call-overload]

    def __neg__(self) -> Number:
        return _made("negative", -float(self), self)

    def __abs__(self) -> Number:
        return _made("absolute", abs(float(self)), self)


def _two(name: str, operation: Callable[[Any, Any], Any], *, turned: bool) -> Callable[..., Any]:
    def method(self: Number, other: Any) -> Any:
        if np.ndim(other) or not isinstance(other, int | float | np.number | np.ndarray):
            return NotImplemented
        left, right = (other, self) if turned else (self, other)
        return _made(name, operation(float(left), float(right)), left, right)

    return method


for _name, _short, _function in (
    ("add", "add", lambda a, b: a + b),
    ("subtract", "sub", lambda a, b: a - b),
    ("multiply", "mul", lambda a, b: a * b),
    ("divide", "truediv", lambda a, b: a / b),
    ("power", "pow", lambda a, b: a**b),
):
    setattr(Number, f"__{_short}__", _two(_name, _function, turned=False))
    setattr(Number, f"__r{_short}__", _two(_name, _function, turned=True))


def named(letters: str, value: float) -> Number:
    """Give a number a name; a whole number is printed in full."""
    kind = "size" if isinstance(value, int) and value >= 0 else "value"
    return Number(value, Leaf(letters, float(value), kind))


def _part(value: Any) -> Expression:
    if isinstance(value, Number):
        return value.expression
    return Leaf(printed(float(value), EXACT), float(value), "number")


def _made(name: str, value: float, *parts: Any) -> Number:
    """Give what an operation makes, with equal operations put together as they are printed."""
    found = [_part(part) for part in parts]
    if name == "add":
        found = [*parts_within("add", found[0]), *found[1:]]
    if name == "multiply":
        factors = [factor for part in found for factor in parts_within("multiply", part)]
        return Number(value, product(factors, value))
    return Number(value, Operation(name, tuple(found), value))


# --------------------------------------------------------------------- rules, run with Numbers


class _Math:
    """The module `math`, whose functions write down what they do."""

    NAMES = {"pow": "power"}  # noqa: RUF012 - never changed

    def __getattr__(self, name: str) -> Any:
        found = getattr(math, name)
        if not callable(found):
            return named({"pi": "π"}.get(name, name), float(found))

        def noted(*args: Any) -> Any:
            value = found(*map(float, args))
            if not any(isinstance(a, Number) for a in args):
                return value
            return _made(self.NAMES.get(name, name), float(value), *args)

        return noted


class _Numpy:
    """NumPy, of which a Number makes no array."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    @staticmethod
    def asarray(value: Any, *options: Any) -> Any:
        """Give an array of anything but a Number."""
        return value if isinstance(value, Number) else np.asarray(value, *options)


def _choice(name: str, choose: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*args: Any, **options: Any) -> Any:
        if len(args) < 2 or options or not any(isinstance(a, Number) for a in args):
            return choose(*args, **options)
        return _made(name, float(choose(*map(float, args))), *args)

    return noted


def with_numbers(entry: Kind, **letters: str) -> Kind:
    """Give an entry of a rule table whose options are named numbers and whose methods note them.

    Args:
        entry: a schedule, an initializer, an optimizer.
        letters: other names than the options' own.

    Example:
        >>> from glassnet.rules.schedules import Cosine
        >>> rate = with_numbers(Cosine(0.1)).rate(named("done", 0.5))
        >>> float(rate), [leaf.letters for leaf in leaves(rate.expression)]
        (0.05, ['end', 'start', 'end', '1', 'π', 'done', '2'])

    """
    scopes: dict[int, dict[str, Any]] = {}
    kind = type(entry)
    methods = {
        name: _noting(part, scopes)
        for owner in reversed(kind.__mro__)
        if owner.__module__.startswith("glassnet.rules")
        for name, part in vars(owner).items()
        if isinstance(part, FunctionType | property | functools.cached_property)
        and not name.startswith("__")
    }
    twin: Any = object.__new__(type(kind.__name__, (kind,), methods))
    for field in dataclasses.fields(entry):
        value = getattr(entry, field.name)
        if isinstance(value, Entry):
            value = with_numbers(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            value = named(letters.get(field.name, field.name), value)
        object.__setattr__(twin, field.name, value)
    return twin  # type: ignore[no-any-return]


def _noting(part: Any, scopes: dict[int, dict[str, Any]]) -> Any:
    """Give a method whose `math`, max and min write down what they do."""
    if isinstance(part, property):
        return property(_noting(part.fget, scopes))
    if isinstance(part, functools.cached_property):
        return property(_noting(part.func, scopes))
    return noting(part, scopes)


def noting(
    function: Callable[..., Any], scopes: dict[int, dict[str, Any]] | None = None
) -> Callable[..., Any]:
    """Give a function of a rule that writes down what it does to Numbers.

    >>> from glassnet.rules.randomness import KEPT
    >>> value = noting(KEPT.set_by)(named("rate", 0.5))[1]
    >>> float(value), value.expression.name
    (2.0, 'divide')
    """
    scopes = {} if scopes is None else scopes
    assert isinstance(function, FunctionType)
    own = function.__globals__
    if id(own) not in scopes:
        scope = scopes[id(own)] = {**own, "math": _Math(), "np": _Numpy()}
        scope |= {"max": _choice("maximum", max), "min": _choice("minimum", min)}
        scope |= {
            name: noting(part, scopes)
            for name, part in own.items()
            if inspect.isfunction(part) and part.__globals__ is own
        }
    return FunctionType(
        function.__code__,
        scopes[id(own)],
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )


# ------------------------------------------------------------------------------- in print


def steps_of(what: str, number: Number, value: float, dtype: str = "float64") -> list[Step]:
    """Give the steps of a calculation: first what occurs in it more than once, then itself."""
    steps: list[Step] = []
    _finish(what, number.expression, value, dtype, steps)
    return steps


def _finish(what: str, expression: Expression, value: float, dtype: str, steps: list[Step]) -> str:
    """Write a step, after those for what occurs in it more than once; give its name."""
    while (again := repeated(expression)) is not None:
        name = _finish("", again, again.value, dtype, steps)
        expression = replaced(expression, again, Leaf(name, again.value))
    name = what or f"s{len(steps) + 1}"
    steps.append(step_of(name, expression, value, dtype)[0])
    return name


def operands_of(steps: list[Step], origins: Mapping[str, str]) -> tuple[Operand, ...]:
    """Give the named numbers of some steps, each with the words that say where it comes from."""
    constants = {"π": "the circumference of a circle over its diameter"}
    return tuple(dict.fromkeys(_operands(steps, constants | dict(origins))))


def _operands(steps: list[Step], origins: Mapping[str, str]) -> Iterator[Operand]:
    shown: dict[str, tuple[Leaf, int]] = {}
    for step in steps:
        for leaf in leaves(step.expression):
            if leaf.kind in ("value", "size"):
                before = shown.get(leaf.letters, (leaf, 0))[1]
                shown[leaf.letters] = leaf, max(before, step.operand_digits)
    for letters, (leaf, digits) in shown.items():
        if letters in origins:
            yield Operand(letters, in_numbers(leaf, digits), leaf.value, origins[letters])
