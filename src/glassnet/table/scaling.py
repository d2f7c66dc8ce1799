"""A column of numbers → mean 0 and scale 1."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import TableError
from glassnet.table.columns import Table

LARGEST = float(np.finfo(np.float32).max)  # networks may compute in float32


def mean_and_scale(values: NDArray[np.float64]) -> tuple[float, float, bool]:
    """Give mean, standard deviation and whether the values are constant, by two passes.

    Constant is what scikit-learn calls so: a variance within the rounding errors of the mean. The
    scale is then 1. Values are first divided by a power of two, which is exact, as the square of
    1e200 would be infinite.

    >>> mean_and_scale(np.array([1.0, 3.0]))
    (2.0, 1.0, False)
    """
    n, eps = len(values), float(np.finfo(np.float64).eps)
    unit = math.ldexp(1.0, max(math.frexp(float(np.max(np.abs(values))))[1] - 1, -1000))
    near_one = values / unit
    mean = float(np.mean(near_one))
    centred = near_one - mean
    variance = max(float(np.mean(centred * centred) - np.mean(centred) ** 2), 0.0)
    scale = math.sqrt(variance) * unit
    constant = variance <= n * eps * variance + (n * mean * eps) ** 2 or scale == 0
    return mean * unit, 1.0 if constant else scale, constant


def standardised(
    table: Table, name: str, values: NDArray[np.float64], mean: float, scale: float
) -> NDArray[np.float64]:
    """Give values of a column in the training part's scale.

    Raises TableError with the row for a value that is too far from the mean.

    >>> table = Table.from_arrays([[1.0], [3.0]])
    >>> standardised(table, "x1", table.numbers("x1"), 1.0, 4.0)
    array([0. , 0.5])
    """
    with np.errstate(over="ignore"):  # found and worded just below
        standard = (values - mean) / scale
    bad = np.flatnonzero(~(np.abs(standard) <= LARGEST))
    if bad.size:
        raise TableError(
            f"{table.where(name, bad[0])}: {values[bad[0]]:g} is too far from the training part's"
            f" mean {mean:g} to be computed with; correct it"
        )
    return standard
