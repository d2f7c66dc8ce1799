"""The name of one number: as it is asked for, and as it is written."""

from __future__ import annotations

import re
from typing import Any

from numpy.typing import NDArray

from glassnet.errors import DescriptionError
from glassnet.lines import Shape
from glassnet.trace import Trace

Index = tuple[int, ...]

ASKED = re.compile(r"\s*([A-Za-z_]\w*'*)\s*(?:\[\s*(-?\d+(?:\s*,\s*-?\d+)*)\s*,?\s*\])?\s*")


def parsed(what: str) -> tuple[str, Index | None]:
    """Read what is asked for: a name, and an index if there is one.

    Raises DescriptionError if it is neither.

    >>> parsed("dW1[0, -1]"), parsed("W1'[2,0]"), parsed("loss")
    (('dW1', (0, -1)), ("W1'", (2, 0)), ('loss', None))
    """
    found = ASKED.fullmatch(what) if isinstance(what, str) else None
    if found is None:
        raise DescriptionError(
            f"cannot read {what!r}: write a name and an index, as in 'dW1[0, 1]'"
        )
    name, inside = found.groups()
    return name, None if inside is None else tuple(int(part) for part in inside.split(","))


def checked(trace: Trace, name: str, asked: str, index: Index | None) -> Index:
    """Give the index with one place for each axis, counted from the start.

    Raises DescriptionError if there is no such place. An array of one number needs no index.
    """
    return checked_index(trace[name], axes_of(trace, name), asked, index)


def checked_index(array: NDArray[Any], axes: Shape, asked: str, index: Index | None) -> Index:
    """Give the index of one number of an array, with one place for each axis.

    Raises DescriptionError if there is no such place.

    >>> import numpy as np
    >>> checked_index(np.zeros((3, 1)), ("m", 1), "w", (-1,))
    (2, 0)
    """
    about = f"{asked} has the shape {array.shape}"
    if index is None:
        return (0,) * array.ndim
    if len(index) == array.ndim - 1 and axes[-1:] == (1,):
        index = (*index, 0)  # there is one column only, and it is not named
    if len(index) != array.ndim:
        raise DescriptionError(f"{about}, which takes {array.ndim} indexes, got {len(index)}")
    for place, size in zip(index, array.shape, strict=True):
        if not -size <= place < size:
            raise DescriptionError(f"{about}: there is no {place} in an axis of {size}")
    return tuple(place % size for place, size in zip(index, array.shape, strict=True))


def axes_of(trace: Trace, name: str) -> Shape:
    """Give the names of the axes of a value."""
    given, line = trace.input_of(name), trace.line_of(name)
    if given is not None:
        return given.shape
    assert line is not None
    return line.shapes[line.outputs.index(name.rstrip("'"))]


def element_name(name: str, axes: Shape, index: Index) -> str:
    """Write a name and its index; an axis that is always of length 1 is left out.

    >>> element_name("w", ("m", 1), (2, 0)), element_name("loss", (), ())
    ('w[2]', 'loss')
    """
    shown = [str(place) for axis, place in zip(axes, index, strict=True) if axis != 1]
    return f"{name}[{', '.join(shown)}]" if shown else name
