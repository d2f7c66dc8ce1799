"""Where rows come from: arrays, as they are, or a table that each fold prepares for itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassnet.arrays import Rows, check_inputs, check_targets, check_weights
from glassnet.cross_validation.splits import Split
from glassnet.description import Description
from glassnet.errors import DataError
from glassnet.training.split import classes_of

if TYPE_CHECKING:
    from glassnet.table import Preparation, Table


@dataclass(frozen=True, eq=False)
class FoldRows:
    """The rows of one fold as its network sees them.

    Args:
        train: to train on; none of weight 0.
        held_out: to score on; none of weight 0.
        x: (held-out rows, inputs) all of them, to predict for.
        preparation: what was learnt from the training rows of a table, else None.

    """

    train: Rows
    held_out: Rows
    x: NDArray[Any]
    preparation: Preparation | None = None

    def in_own_unit(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """Bring targets or outputs back to the unit of a table's column of numbers."""
        if self.preparation is None or self.preparation.kind == "classes":
            return numbers
        scale, mean = self.preparation.target_scale, self.preparation.target_mean
        return (numbers.astype(np.float64) * scale + mean).astype(numbers.dtype)


class Source(Protocol):
    """Gives the rows of each fold."""

    rows: int
    classes: NDArray[Any] | None  # (rows,) from 0, where each row belongs to one class
    labels: Sequence[Any] | None  # their names, where they have any

    def fold(self, split: Split) -> FoldRows:
        """Give the rows of a fold, prepared by its training rows alone."""


class Arrays:
    """Rows from X and y, checked once.

    Raises DataError for arrays that do not fit.
    """

    def __init__(
        self, X: ArrayLike, y: ArrayLike, weights: ArrayLike | None, description: Description
    ) -> None:
        self.x = check_inputs(X, description, description.dtype)
        self.rows = len(self.x)
        self.y = check_targets(y, self.rows, description, description.dtype)
        self.weights = _weights(weights, self.rows, description)
        told_apart = description.loss.targets == "classes" or description.loss.is_yes_or_no
        whole = told_apart and bool(np.isin(self.y, (-1, 0, 1)).all())
        classes = classes_of(self.y, description)
        self.classes: NDArray[Any] | None = classes if whole and classes.any() else None
        self.labels: Sequence[Any] | None = None

    def fold(self, split: Split) -> FoldRows:
        """Give the rows of a fold, as they are."""
        return _fold_rows(self.x, self.y, self.weights, split)


class Tabular:
    """Rows from a table: labels, scales and what else is learnt comes from a fold's own rows.

    Raises TableError, with column and row, for cells that cannot be used.
    """

    def __init__(
        self,
        table: Table,
        target: str,
        features: Sequence[str] | None,
        weights: ArrayLike | None,
        description: Description,
    ) -> None:
        from glassnet.table import Preparation

        self.table, self.target, self.features = table, target, features
        self.description = description
        self.rows = table.rows
        self.weights = _weights(weights, self.rows, description)
        whole = Preparation.learn(table, target, features=features)  # which labels there are
        self.kind = whole.kind
        told_apart = self.kind == "classes"
        self.classes: NDArray[Any] | None = whole.targets_of(table) if told_apart else None
        self.labels: Sequence[Any] | None = whole.classes

    def fold(self, split: Split) -> FoldRows:
        """Give the rows of a fold, as its training rows say."""
        from glassnet.table import Preparation

        learnt = Preparation.learn(
            self.table, self.target, split.train, kind=self.kind, features=self.features
        )
        dtype = self.description.dtype
        x = check_inputs(learnt.features_of(self.table), self.description, dtype)
        targets = learnt.targets_of(self.table)
        y = check_targets(targets, self.rows, self.description, dtype, self.target)
        return _fold_rows(x, y, self.weights, split, learnt)


def _weights(weights: ArrayLike | None, rows: int, description: Description) -> NDArray[Any] | None:
    return None if weights is None else check_weights(weights, rows, description.dtype)


def _fold_rows(
    x: NDArray[Any],
    y: NDArray[Any],
    weights: NDArray[Any] | None,
    split: Split,
    preparation: Preparation | None = None,
) -> FoldRows:
    rows = Rows(x, y, weights)
    counted = np.ones(len(x), bool) if weights is None else weights > 0
    train, held_out = split.train[counted[split.train]], split.held_out[counted[split.held_out]]
    for part, what in ((train, "trains on"), (held_out, "holds out")):
        if not len(part):
            raise DataError(f"it {what} no row with a weight above 0")
    return FoldRows(rows.at(train), rows.at(held_out), x[split.held_out], preparation)
