"""Which rows each fold holds out: a pure function of the seed, or as the user says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassnet.errors import DataError, DescriptionError
from glassnet.rules.entry import is_integer
from glassnet.rules.randomness import key, order_of_rows

FOLDS = 4  # the purpose of these random numbers, beside those of orders, masks and validation

Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Split:
    """The rows that a fold trains on, and those that it holds out, by number from 0."""

    train: Indices
    held_out: Indices


def splits(
    folds: int | Iterable[Sequence[ArrayLike]],
    rows: int,
    seed: int,
    classes: NDArray[Any] | None = None,
    groups: ArrayLike | None = None,
) -> list[Split]:
    """Give the rows of each fold.

    Args:
        folds: how many; each row is held out by one of them. Or the splits themselves, as pairs
            (train, held out) of row numbers, such as the splitters of scikit-learn give.
        rows: how many rows there are.
        seed: decides which fold holds a row out.
        classes: (rows,) the class of each row; each fold holds out its share of every class, to
            within one row.
        groups: (rows,) rows of the same group are held out by the same fold; then classes are not
            looked at, and folds are as equal in size as groups allow.

    Raises:
        DescriptionError: fewer than 2 folds.
        DataError: more folds than rows or groups, or splits that cannot be.

    Example:
        >>> for split in splits(2, 5, seed=0):
        ...     print(split.train, split.held_out)
        [0 1] [2 3 4]
        [2 3 4] [0 1]

    """
    if not is_integer(folds):
        if groups is not None:
            raise DescriptionError("groups go with a number of folds, got splits as well")
        return _own(folds, rows)
    count = int(folds)  # type: ignore[arg-type]
    if count < 2:
        raise DescriptionError(f"folds must be a whole number from 2 up, got {count}")
    if count > rows:
        raise DataError(f"{count} folds need at least as many rows, got {rows}: take fewer folds")
    order = order_of_rows(key(seed, FOLDS), 0, rows)
    if groups is not None:
        fold_of = _by_group(groups, order, count)
    else:
        fold_of = _by_class(np.zeros(rows) if classes is None else classes, order, count)
    return [Split(np.flatnonzero(fold_of != f), np.flatnonzero(fold_of == f)) for f in range(count)]


def _by_class(classes: NDArray[Any], order: Indices, folds: int) -> Indices:
    """Deal the rows out to the folds, class after class."""
    by_class = order[np.argsort(classes[order], kind="stable")]
    fold_of = np.empty(len(order), np.intp)
    fold_of[by_class] = np.arange(len(order)) % folds
    return fold_of


def _by_group(groups: ArrayLike, order: Indices, folds: int) -> Indices:
    """Give each group to the fold with the fewest rows so far, the largest group first."""
    given = np.asarray(groups)
    if given.shape != (len(order),):
        raise DataError(
            f"groups must have shape ({len(order)},), a group for each row, got {given.shape}"
        )
    _, first, group_of, sizes = np.unique(
        given, return_index=True, return_inverse=True, return_counts=True
    )
    if len(sizes) < folds:
        raise DataError(
            f"{folds} folds need at least as many groups, got {len(sizes)}: take fewer folds"
        )
    by_chance = np.empty(len(order), np.intp)
    by_chance[order] = np.arange(len(order))
    fold_of_group, filled = np.empty(len(sizes), np.intp), np.zeros(folds, np.intp)
    for group in np.lexsort((by_chance[first], -sizes)):
        fold_of_group[group] = np.argmin(filled)
        filled[fold_of_group[group]] += sizes[group]
    return fold_of_group[group_of]


def check_shares(classes: NDArray[Any], folds: int, labels: Sequence[Any] | None = None) -> None:
    """Raise DataError for a class with fewer rows than folds: some would hold none of it out.

    >>> check_shares(np.array([0, 0, 0, 1]), 2)
    Traceback (most recent call last):
    ...
    glassnet.errors.DataError: class 1 has 1 row, fewer than the 2 folds: take fewer folds, add rows
    of the class, or give splits of your own
    """
    sizes = np.bincount(classes)
    few = np.flatnonzero((sizes > 0) & (sizes < folds))
    if few.size:
        label = int(few[0]) if labels is None else labels[few[0]]
        rows = "1 row" if sizes[few[0]] == 1 else f"{sizes[few[0]]} rows"
        raise DataError(
            f"class {label!r} has {rows}, fewer than the {folds} folds: take fewer folds, add rows"
            " of the class, or give splits of your own"
        )


def _own(given: Any, rows: int) -> list[Split]:
    """Check splits that the user gives."""
    if not isinstance(given, Iterable) or isinstance(given, str):
        raise DescriptionError(
            "folds must be a whole number from 2 up, or pairs (train, held out) of row numbers,"
            f" got {given!r}"
        )
    found, seen = [], np.zeros(rows, bool)
    for number, pair in enumerate(given, start=1):
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise DataError(f"fold {number} must be a pair (train, held out), got {pair!r}")
        names = (f"the training rows of fold {number}", f"the held-out rows of fold {number}")
        train, held_out = (_rows(p, rows, n) for p, n in zip(pair, names, strict=True))
        both = np.intersect1d(train, held_out)
        if both.size:
            raise DataError(f"fold {number} trains on row {both[0]} and holds it out too")
        if seen[held_out].any():
            again = held_out[seen[held_out]][0]
            raise DataError(
                f"row {again} is held out by fold {number} and by one before it: give each row to"
                " one fold, and call cross_validate once for each division"
            )
        seen[held_out] = True
        found.append(Split(train, held_out))
    if len(found) < 2:
        raise DescriptionError(f"there must be at least 2 folds, got {len(found)} splits")
    return found


def _rows(given: ArrayLike, rows: int, what: str) -> Indices:
    numbers = np.asarray(given)
    if numbers.ndim != 1 or numbers.dtype.kind not in "iu" or not numbers.size:
        raise DataError(f"{what} must be a list of row numbers, and not be empty")
    if numbers.min() < 0 or numbers.max() >= rows:
        raise DataError(
            f"{what} must be from 0 to {rows - 1}, got {numbers.min()} to {numbers.max()}"
        )
    if len(np.unique(numbers)) < len(numbers):
        raise DataError(f"{what} name a row twice: give it a weight instead")
    return numbers.astype(np.intp)
