"""A calculation in print: in letters, in numbers, and in words for what these cannot say."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from glassnet.explanation.arithmetic import Expression, Leaf, Operation, is_small, leaves
from glassnet.explanation.digits import (
    RESULT_DIGITS,
    digits_needed,
    evaluated,
    in_numbers,
    printed,
)
from glassnet.explanation.record import Step
from glassnet.graph import COMPARISONS

SUM, QUOTIENT, PRODUCT, MINUS, POWER, ATOM = range(6)  # what binds more closely comes later
SIGNS = {"greater": ">", "greater_equal": "≥", "less": "<", "less_equal": "≤"}
HOLDS = {
    "greater": ("is above", "is not above"),
    "greater_equal": ("is at least", "is below"),
    "less": ("is below", "is not below"),
    "less_equal": ("is at most", "is above"),
}
FUNCTIONS = {"maximum": "max", "minimum": "min", "sqrt": "√", "rint": "round"}


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
    texts = {leaf: in_numbers(leaf, operand_digits) for leaf in leaves(expression)}
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
    if name == "log1p" and not is_small(expression):
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
    letters = _written(part, lambda leaf: leaf.letters, truth=False)[0]
    number = printed(part.value, RESULT_DIGITS[0])
    return letters if letters == number else f"{letters} = {number}"
