"""A calculation in print: in letters, in numbers, and in words for what these cannot say."""

from __future__ import annotations

import math
from collections.abc import Iterator

from glassnet.explanation.arithmetic import Expression, Leaf, Operation, is_small
from glassnet.explanation.digits import (
    RESULT_DIGITS,
    digits_needed,
    evaluated,
    in_numbers,
    printed,
)
from glassnet.explanation.notation import Notation
from glassnet.explanation.record import Step
from glassnet.graph import COMPARISONS

HOLDS = {
    "greater": ("is above", "is not above"),
    "greater_equal": ("is at least", "is below"),
    "less": ("is below", "is not below"),
    "less_equal": ("is at most", "is above"),
}


def step_of(name: str, expression: Expression, value: float, dtype: str) -> tuple[Step, int]:
    """Print a step with as few digits as will do; give it, and the digits of its operands.

    >>> difference = Operation("subtract", (Leaf("a", 3.14), Leaf("b", -2.0)), 5.14)
    >>> step, digits = step_of("s1", difference, 5.14, "float64")
    >>> print(step.name, "=", step.letters, "=", step.numbers, "=", step.result, "with", digits)
    s1 = a − b = 3.14 − (−2) = 5.14 with 4
    """
    words = list(_words(expression))
    digits, operand_digits = digits_needed(expression, value)
    if not digits:
        digits, operand_digits = RESULT_DIGITS[0], 9 if dtype == "float32" else 17
        got = printed(evaluated(expression, operand_digits), RESULT_DIGITS[0])
        does = "rounds" if math.isfinite(value) else "overflows"
        words.append(f"these numbers give {got}: {dtype} {does} on the way")
    elif digits <= 3:
        words.append(f"{dtype} has no more digits of this: the rest is rounding")
    return (
        Step(
            name,
            in_letters(expression),
            Notation(lambda leaf: in_numbers(leaf, operand_digits), truth=True).text(expression),
            printed(value, digits),
            value,
            digits,
            tuple(dict.fromkeys(words)),
            expression,
            operand_digits,
        ),
        operand_digits,
    )


def in_letters(expression: Expression) -> str:
    """Write a calculation with names."""
    return Notation(lambda leaf: leaf.letters).text(expression)


def _words(expression: Expression) -> Iterator[str]:
    """Say what each comparison came to, and what it decided."""
    if isinstance(expression, Leaf):
        return
    name, parts = expression.name, expression.parts
    if name == "where" and isinstance(parts[0], Operation):
        yield f"in this form because {_comparison(parts[0])}"
        parts = parts[1:]
    elif name in COMPARISONS:
        letters = in_letters(expression)
        yield f"{letters[1:-1]} counts as {int(expression.value)}: {_comparison(expression)}"
    elif name == "log1p" and is_small(expression):
        yield "log1p(x) is log(1 + x), right for a small x too"
    for part in parts:
        yield from _words(part)


def _comparison(expression: Operation) -> str:
    left, right = (_side(part) for part in expression.parts)
    if any(math.isnan(part.value) for part in expression.parts):
        return f"{left} cannot be compared with {right}"
    return f"{left} {HOLDS[expression.name][0 if expression.value else 1]} {right}"


def _side(part: Expression) -> str:
    letters = in_letters(part)
    number = printed(part.value, RESULT_DIGITS[0])
    return letters if letters == number else f"{letters} = {number}"
