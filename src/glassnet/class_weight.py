"""Class weights: what the rows of each class count in the loss.

They are learnt from the rows that are trained on, and hold for validation rows as well, so that
both losses measure the same. Metrics do not know of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.arrays import Rows, class_numbers
from glassnet.description import Description
from glassnet.errors import DataError, DescriptionError
from glassnet.rules.entry import POSITIVE

ClassWeight = str | Mapping[Any, float] | Sequence[Mapping[Any, float]] | None


def with_class_weights(
    class_weight: ClassWeight, rows: Rows, held_out: Rows | None, description: Description
) -> tuple[Rows, Rows | None]:
    """Give rows whose class weights are set; None leaves them as they are.

    Args:
        class_weight: "balanced"; or {class: weight}, where a class that is not named has 1; for
            several columns of yes and no a list of such, one for each, whose weights are
            multiplied.
        rows: what is trained on; "balanced" is learnt from these.
        held_out: validation rows, or None.
        description: says what the classes are.

    Raises:
        DescriptionError: a loss without classes, a class that is unknown, a weight that is no
            number above 0.
        DataError: with the weights of the rows they give numbers that the dtype cannot hold.

    Example:
        >>> rows = Rows(np.zeros((4, 1)), np.array([[0.0], [0.0], [0.0], [1.0]]))
        >>> description = Description.read("1-1 sigmoid", loss="binary_cross_entropy")
        >>> with_class_weights("balanced", rows, None, description)[0].class_weights
        array([0.66666667, 0.66666667, 0.66666667, 2.        ])

    """
    if class_weight is None:
        return rows, held_out
    classes = _classes_of(rows, description)
    tables = _tables(class_weight, classes, rows.weights, description)
    weighted = _weighted(rows, classes, tables)
    if held_out is None:
        return weighted, None
    return weighted, _weighted(held_out, _classes_of(held_out, description), tables)


def _classes_of(rows: Rows, description: Description) -> NDArray[np.intp]:
    """Give the class of each row: (m, 1), or (m, n) for n columns of yes and no."""
    numbers = class_numbers(rows.y, description)
    if numbers is None:
        raise DescriptionError(
            f"class_weight is for losses of classes, and {description.loss} has none: take"
            " cross_entropy or binary_cross_entropy, or say with sample_weight what each row counts"
        )
    return numbers


def _tables(
    class_weight: ClassWeight,
    classes: NDArray[np.intp],
    weights: NDArray[Any] | None,
    description: Description,
) -> list[NDArray[np.float64]]:
    """Give the weight of each class (k,), for each column of classes (m, columns)."""
    columns = classes.shape[1]
    count = description.outputs if columns == 1 and description.outputs > 1 else 2
    if isinstance(class_weight, str):
        if class_weight != "balanced":
            raise _refused(class_weight)
        return [_balanced(column, count, weights) for column in classes.T]
    given = [class_weight] if isinstance(class_weight, Mapping) else class_weight
    if not isinstance(given, list | tuple) or not all(isinstance(g, Mapping) for g in given):
        raise _refused(class_weight)
    if len(given) != columns:
        raise DescriptionError(
            f"class_weight must be a list of {columns} dicts, one for each column of y, or"
            f" 'balanced', got {class_weight!r}"
            if columns > 1
            else f"class_weight must be one dict for one column of classes, got {class_weight!r}"
        )
    return [_table(named, count) for named in given]


def _refused(class_weight: object) -> DescriptionError:
    return DescriptionError(
        "class_weight must be None, 'balanced', or a dict such as {0: 1.0, 1: 5.0}, got"
        f" {class_weight!r}"
    )


def _balanced(
    column: NDArray[np.intp], count: int, weights: NDArray[Any] | None
) -> NDArray[np.float64]:
    """Give the weights with which each class that is there counts alike, and 1 a row on average.

    Where rows have weights of their own, a row of weight 2 is two rows.
    """
    frequencies = np.bincount(column, weights, minlength=count).astype(np.float64)
    there = frequencies > 0
    table = np.ones(count)
    table[there] = np.sum(frequencies) / (np.sum(there) * frequencies[there])
    return table


def _table(named: Mapping[Any, Any], count: int) -> NDArray[np.float64]:
    table = np.ones(count)
    for label, weight in named.items():
        if isinstance(label, str) or label not in range(count):
            raise DescriptionError(
                f"class_weight names the class {label!r}, which is unknown: the classes are the"
                f" whole numbers from 0 to {count - 1}"
            )
        number = weight.item() if isinstance(weight, np.number) else weight
        if not POSITIVE.holds(number):
            raise DescriptionError(
                f"class_weight must be {POSITIVE.wanted} for each class, got {weight!r} for"
                f" {label!r}; leave out rows that are to count nothing"
            )
        table[int(label)] = number
    return table


def _weighted(rows: Rows, classes: NDArray[np.intp], tables: Sequence[NDArray[np.float64]]) -> Rows:
    factors = np.ones(len(rows))
    for column, table in zip(classes.T, tables, strict=True):
        factors = factors * table[column]
    with np.errstate(over="ignore", under="ignore"):
        weighted = replace(rows, class_weights=factors.astype(rows.x.dtype))
        together = weighted.loss_weights
    assert together is not None
    if not ((together > 0).all() and np.isfinite(np.sum(together))):
        raise DataError(
            "class_weight, times sample_weight, gives numbers that"
            f" {rows.x.dtype} cannot hold: give weights that differ less"
        )
    return weighted
