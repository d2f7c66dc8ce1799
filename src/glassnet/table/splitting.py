"""Which rows of a table are for training, and which are held out."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from glassnet.errors import DataError
from glassnet.rules.entry import is_integer, is_number
from glassnet.rules.randomness import order_of_rows
from glassnet.table.cells import Rows
from glassnet.table.labels import told_apart


def split(
    rows: int, fraction: float, seed: int, classes: ArrayLike | None = None
) -> tuple[Rows, Rows]:
    """Choose by chance which rows are for training and which are held out, both in file order.

    The choice is a pure function of its arguments, the same on every machine. With classes, the
    fraction is taken of each class: a class of two rows or more is in both parts, and a single
    row is for training.

    Raises DataError if a part would be empty, or for a fraction or seed that cannot be.

    >>> training, held_out = split(8, 0.25, seed=0)
    >>> training, held_out
    (array([0, 1, 3, 4, 5, 6]), array([2, 7]))
    """
    if not is_integer(rows) or rows < 2:
        raise DataError(
            f"rows can be held out of at least 2, got {rows!r}: add rows, or hold none out"
        )
    if not is_number(fraction) or not 0 < fraction < 1:
        raise DataError(f"the part to hold out must be a number between 0 and 1, got {fraction!r}")
    if not is_integer(seed) or not 0 <= seed < 2**63:
        raise DataError(f"the seed must be a whole number from 0 up to 2**63, got {seed!r}")
    groups = np.zeros(rows, dtype=np.int64)
    if classes is not None:
        labels = np.asarray(classes)
        if labels.shape != (rows,):
            raise DataError(f"there must be one class for each of {rows} rows, got {labels.shape}")
        groups = told_apart(labels)[1]
    order = order_of_rows(seed, -1, rows)  # the epoch before the first: no epoch repeats it
    by_group = order[np.argsort(groups[order], kind="stable")]
    sizes = np.bincount(groups)
    held = [
        members[: min(max(math.floor(fraction * len(members) + 0.5), 1), len(members) - 1)]
        for members in np.split(by_group, np.cumsum(sizes)[:-1])
    ]
    held_out = np.sort(np.concatenate(held))
    if len(held_out) == 0:
        raise DataError("every class has one row only, so no row can be held out")
    return np.setdiff1d(np.arange(rows), held_out), held_out
