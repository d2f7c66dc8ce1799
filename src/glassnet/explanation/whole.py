"""A whole array: what made it, and as many of its numbers as can be read."""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import NDArray

from glassnet.explanation.digits import RESULT_DIGITS, printed
from glassnet.explanation.names import axes_of, element_name
from glassnet.explanation.origins import sizes_of
from glassnet.explanation.record import Cell, Corner, Explanation
from glassnet.lines import Shape
from glassnet.trace import Trace

MOST = 8  # rows, and columns, of an array that is shown whole
SHOWN = 6  # of each in the corner of a larger one


def explain_array(trace: Trace, name: str) -> Explanation:
    """Say what an array is and where it was made, and show it or its corner."""
    array, axes, line = trace[name], axes_of(trace, name), trace.line_of(name)
    corner = corner_of(name, array, axes)
    shape = tuple(sizes_of(trace).get(str(axis), axis) for axis in axes)
    result = f"shape {shape}"
    example = element_name(name, axes, tuple(min(1, size - 1) for size in array.shape))
    remarks = [f"ask for one of its numbers, as in {example!r}"]
    if corner.left_out:
        remarks.insert(0, _left_out(corner))
    given = trace.input_of(name)
    origin, equation, note = f"{given.role.value}, {given.note}" if given else "", "", ""
    if line is not None:
        origin, equation, note = line.text, line.equation, line.note
    return Explanation(
        name, math.nan, result, origin, equation, note, remarks=tuple(remarks), array=corner
    )


def corner_of(name: str, array: NDArray[Any], axes: Shape) -> Corner:
    """Give the numbers of an array, or those of its first rows and columns where it is large.

    >>> import numpy as np
    >>> corner = corner_of("b1", np.arange(20.0), ("n1",))
    >>> corner.left_out, corner.cells[0][1]
    (14, Cell(name='b1[1]', result='1', value=1.0))
    """
    shown = [size if size <= MOST else SHOWN for size in array.shape]
    rows = shown[0] if array.ndim == 2 else 1
    places = [
        [(row, column)[2 - array.ndim :] for column in range(shown[-1])] for row in range(rows)
    ]
    cells = tuple(
        tuple(
            Cell(element_name(name, axes, place), in_short(array[place]), float(array[place]))
            for place in row
        )
        for row in places
    )
    left_out = int(array.size) - rows * shown[-1]
    return Corner(array.shape, tuple(map(str, axes)), cells, left_out)


def in_short(value: Any) -> str:
    """Write a number that stands among others."""
    return printed(float(value), RESULT_DIGITS[0])


def _left_out(corner: Corner) -> str:
    names = ("rows", "columns") if len(corner.shape) == 2 else ("numbers",)
    shown = (len(corner.cells), len(corner.cells[0]))[2 - len(corner.shape) :]
    parts = [
        f"the first {few} of {size:,} {name}"
        for few, size, name in zip(shown, corner.shape, names, strict=True)
        if few < size
    ]
    return f"shown are {' and '.join(parts)}; {corner.left_out:,} numbers are left out"
