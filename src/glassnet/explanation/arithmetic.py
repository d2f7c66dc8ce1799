"""Expressions: a calculation as a tree of numbers and what is done to them, and working it out."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glassnet.graph import COMPARISONS, function_of


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


def product(factors: Sequence[Expression], value: float) -> Expression:
    """Make a product; a factor that comes twice is a square.

    >>> a, b = Leaf("a", 3.0), Leaf("b", 2.0)
    >>> [part.value for part in product([a, b, a], 18.0).parts]
    [9.0, 2.0]
    """
    powers = [
        Operation("square", (factor,), factor.value**2) if count == 2 else factor
        for factor, count in Counter(factors).items()
        for _ in range(1 if count == 2 else count)
    ]
    return powers[0] if len(powers) == 1 else Operation("multiply", tuple(powers), value)


def parts_within(name: str, part: Expression) -> tuple[Expression, ...]:
    """Give the parts of a sum within a sum, or of a product within a product.

    >>> a, b = Leaf("a", 3.0), Leaf("b", 2.0)
    >>> [len(parts_within(name, Operation("add", (a, b), 5.0))) for name in ("add", "multiply")]
    [2, 1]
    """
    return part.parts if isinstance(part, Operation) and part.name == name else (part,)


def leaves(expression: Expression) -> Iterator[Leaf]:
    """Give the numbers of a calculation, from left to right.

    >>> difference = Operation("subtract", (Leaf("a", 3.0), Leaf("b", 2.0)), 1.0)
    >>> [leaf.letters for leaf in leaves(difference)]
    ['a', 'b']
    """
    return (part for part in _all_parts(expression) if isinstance(part, Leaf))


def _all_parts(expression: Expression) -> Iterator[Expression]:
    yield expression
    if isinstance(expression, Operation):
        for part in expression.parts:
            yield from _all_parts(part)


def repeated(expression: Expression) -> Operation | None:
    """Give the largest calculation that occurs more than once; a comparison is not one.

    >>> root = Operation("sqrt", (Leaf("a", 4.0),), 2.0)
    >>> repeated(Operation("divide", (root, Operation("exp", (root,), 7.4)), 0.27)) == root
    True
    """
    counts = Counter(p for p in _all_parts(expression) if isinstance(p, Operation))
    again = [p for p, n in counts.items() if n > 1 and p.name not in COMPARISONS]
    return max(again, key=lambda part: sum(1 for _ in _all_parts(part)), default=None)


def replaced(expression: Expression, old: Operation, new: Leaf) -> Expression:
    """Put a number in the place of a calculation, wherever it occurs.

    >>> root = Operation("sqrt", (Leaf("a", 4.0),), 2.0)
    >>> replaced(Operation("exp", (root,), 7.4), root, Leaf("s1", 2.0)).parts
    (Leaf(letters='s1', value=2.0, kind='made'),)
    """
    if expression == old:
        return new
    if isinstance(expression, Leaf):
        return expression
    parts = tuple(replaced(part, old, new) for part in expression.parts)
    return dataclasses.replace(expression, parts=parts)


def worked_out(expression: Expression, of: Callable[[Leaf], float]) -> Any:
    """Work a calculation out as it is printed, with a number for each leaf.

    >>> difference = Operation("subtract", (Leaf("a", 3.14), Leaf("b", 2.0)), 1.14)
    >>> float(worked_out(difference, lambda leaf: round(leaf.value)))
    1.0
    """
    if isinstance(expression, Leaf):
        return np.float64(of(expression))
    if expression.name in COMPARISONS:
        return np.float64(expression.value)  # it is printed as the 1 or 0 that it is
    if expression.name == "where":
        return worked_out(expression.parts[1], of)
    first, *others = (worked_out(part, of) for part in expression.parts)
    if expression.name == "square":
        return first * first
    if expression.name == "log1p" and not is_small(expression):
        return np.log(1 + first)
    if expression.name == "erf":
        return np.float64(math.erf(first))
    function = function_of(expression.name)
    if not others:
        return function(first)
    for other in others:
        first = function(first, other)
    return first


def is_small(log1p: Operation) -> bool:
    """Whether 1 + x would lose the digits of x, so that log1p(x) is printed, not log(1 + x).

    >>> [is_small(Operation("log1p", (Leaf("x", x),), x)) for x in (1e-5, 0.5)]
    [True, False]
    """
    return abs(log1p.parts[0].value) < 1e-4
