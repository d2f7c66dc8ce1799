"""Numbers in print: read to the digits that they have, and written with as many."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

IN_A_ROW = 3  # numbers of a list: so many of five digits fit on the narrowest page


def decimals(printed: str) -> int:
    """Count the digits after the point.

    Example:
        >>> decimals("0.73"), decimals("1.05e-04"), decimals("7")
        (2, 6, 0)

    """
    exponent = Decimal(printed).as_tuple().exponent
    assert isinstance(exponent, int)
    return -exponent


def within_digits(
    printed: str, value: float, *, digits: int | None = None, float32: bool = False
) -> bool:
    """Whether a number is the printed one, as far as its digits go.

    Args:
        printed: the printed number.
        value: ours.
        digits: of its fellows in an array, whose closing zeros are not printed.
        float32: whether more digits are printed than the numbers have.

    Example:
        >>> within_digits("0.73", 0.731059), within_digits("0.78", 0.785835)
        (True, False)
        >>> within_digits("4.8", 4.8085), within_digits("4.8", 4.8085, digits=3)
        (True, False)

    """
    exponent = -decimals(printed)
    if digits is not None and "e" not in printed:
        exponent = min(exponent, -digits)
    apart = 0.5 * 10.0**exponent * (1 + 1e-6)
    if float32:  # the order of an addition may change its last bit, and the next one's
        apart = max(apart, 2 * float(np.spacing(np.float32(abs(value)))))
    return abs(float(printed) - value) <= apart


def as_printed(printed: str, value: float) -> str:
    """Write a number with as many digits as another one has.

    Example:
        >>> as_printed("0.73", 0.731059), as_printed("-1.05e-04", -0.000104752)
        ('0.73', '-1.05e-04')

    """
    digits = printed.partition("e")[0].partition(".")[2]
    return f"{value + 0.0:.{len(digits)}{'e' if 'e' in printed else 'f'}}"


def six_digits(value: float) -> str:
    """Write a number with six digits, and no minus before a zero."""
    return f"{value + 0.0:.6g}"


def five_digits(value: float) -> str:
    """Write a number with five digits, and no minus before a zero."""
    return f"{value + 0.0:.5g}"


def in_one_row(values: NDArray[Any]) -> str:
    """Write a few numbers one after the other, with eight digits.

    Example:
        >>> in_one_row(np.array([[0.5], [1 / 3]]))
        '0.5 0.33333333'

    """
    return " ".join(f"{value + 0.0:.8g}" for value in values.ravel())


def in_rows(values: NDArray[Any]) -> str:
    """Write an array in its rows, with five digits; of a list three numbers to a row.

    Example:
        >>> print(in_rows(np.array([[1, -2], [30, 4]])))
         1 -2
        30  4
        >>> print(in_rows(np.arange(5)))
        0 1 2
        3 4

    """
    numbers = [five_digits(value) for value in values.ravel()]
    listed = values.ndim < 2 or values.shape[1] == 1
    count = IN_A_ROW if listed else values.shape[1]
    rows = [numbers[i : i + count] for i in range(0, len(numbers), count)]
    return in_columns([row + [""] * (len(rows[0]) - len(row)) for row in rows])


def in_columns(rows: Sequence[Sequence[str]]) -> str:
    """Set texts in columns of one width.

    Example:
        >>> print(in_columns([["1", "-20"], ["300", "4"]]))
          1 -20
        300   4

    """
    widths = [max(len(text) for text in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        " ".join(f"{text:>{width}}" for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
