"""The rows that are kept back for validation: a pure function of the seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassnet.arrays import Rows, class_numbers
from glassnet.description import Description
from glassnet.errors import DataError
from glassnet.rules.randomness import key, order_of_rows

VALIDATION = 3  # the purpose of these random numbers, beside those of the orders and the masks


def split(rows: Rows, fraction: float, description: Description, seed: int) -> tuple[Rows, Rows]:
    """Give the rows to train with, in their order, and a part of all rows for validation.

    The part is drawn by chance; where the targets are classes, each class has its share of it.

    Raises:
        DataError: the fraction is not between 0 and 1, or leaves one side without rows.

    Example:
        >>> rows = Rows(np.arange(8.0)[:, None], np.zeros((8, 1)))
        >>> train, held_out = split(rows, 0.25, Description.read("1-1 linear"), seed=0)
        >>> len(train), len(held_out)
        (6, 2)

    """
    if not 0 < fraction < 1:
        raise DataError(
            f"validation must be a fraction between 0 and 1, or (X, y), got {fraction!r}"
        )
    count = round(fraction * len(rows))
    if not 0 < count < len(rows):
        raise DataError(
            f"validation={fraction} of {len(rows)} rows leaves {count} for validation and"
            f" {len(rows) - count} for training: both need at least one"
        )
    order = order_of_rows(key(seed, VALIDATION), 0, len(rows))
    by_class = order[np.argsort(classes_of(rows.y, description)[order], kind="stable")]
    # Rows at equal distances in an order by class: each class gives its share, to within one.
    places = np.floor((np.arange(count) + 0.5) * len(rows) / count).astype(np.intp)
    chosen = np.zeros(len(rows), bool)
    chosen[by_class[places]] = True
    return rows.at(np.flatnonzero(~chosen)), rows.at(np.flatnonzero(chosen))


def classes_of(y: NDArray[np.floating], description: Description) -> NDArray[np.intp]:
    """Give the class of each row of checked targets (m, outputs); all 0 where there are none.

    >>> classes_of(np.array([[0.0], [1.0]]), Description.read("1-1 linear"))
    array([0, 0])
    """
    numbers = class_numbers(y, description)
    if numbers is None or numbers.shape[1] > 1:
        return np.zeros(len(y), np.intp)
    return numbers[:, 0]
