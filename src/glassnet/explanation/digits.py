"""Numbers in print: as many digits as it takes for the printed arithmetic to give the result."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np

from glassnet.explanation.arithmetic import Expression, Leaf, worked_out

RESULT_DIGITS = (5, 4, 3, 2, 1)  # tried in this order: fewer where rounding leaves no more
OPERAND_DIGITS = (4, 5, 6, 7, 8, 9, 10, 11, 12, 17)


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


def in_full(value: Any) -> str:
    """Write a number of an array with the fewest digits that stand for it and no other.

    >>> in_full(np.float32(0.1)), in_full(np.float64(0.1) + 0.2)
    ('0.1', '0.30000000000000004')
    """
    texts = (printed(float(value), digits) for digits in range(1, 17))
    same = (t for t in texts if value.dtype.type(_read_back(t)) == value)
    return next(same, printed(float(value), 17))


def _read_back(text: str) -> float:
    return float(text.replace("−", "-"))


def digits_needed(expression: Expression, value: float) -> tuple[int, int]:
    """Find the digits of result and operands at which the printed arithmetic is right; else 0.

    >>> from glassnet.explanation.arithmetic import Operation
    >>> twice = Operation("multiply", (Leaf("a", 1.23456), Leaf("b", 2.0)), 2.46912)
    >>> digits_needed(twice, twice.value)
    (5, 6)
    """
    for digits in RESULT_DIGITS:
        for operand_digits in OPERAND_DIGITS:
            if _agrees(evaluated(expression, operand_digits), value, digits):
                return digits, operand_digits
    return 0, 0


def evaluated(expression: Expression, digits: int) -> float:
    """Work a calculation out with so many digits of each operand.

    >>> from glassnet.explanation.arithmetic import Operation
    >>> evaluated(Operation("multiply", (Leaf("a", 1.23456), Leaf("b", 2.0)), 2.46912), 3)
    2.46
    """
    with np.errstate(all="ignore"):
        return float(worked_out(expression, lambda leaf: _read_back(in_numbers(leaf, digits))))


def in_numbers(leaf: Leaf, digits: int) -> str:
    """Write an operand; a count and a number of the text are always written in full.

    >>> in_numbers(Leaf("a", 1.23456), 3), in_numbers(Leaf("m", 12345.0, "size"), 3)
    ('1.23', '12345')
    """
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
