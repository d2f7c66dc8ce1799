"""What a cross-validation found: a network, its history and its scores for each fold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from glassnet.history import History
from glassnet.network import Network

PERCENT = frozenset({"accuracy"})  # shown as a share of 100


@dataclass(frozen=True, eq=False)
class Fold:
    """One fold.

    Args:
        network: trained on its rows.
        history: of its training.
        train: numbers of the rows that it was trained on.
        held_out: numbers of the rows that it never saw.
        scores: loss and metrics of the held-out rows, by name; nan where it was not trained.
        predictions: (held-out rows, outputs).

    """

    network: Network
    history: History
    train: NDArray[np.intp]
    held_out: NDArray[np.intp]
    scores: dict[str, float]
    predictions: NDArray[np.floating]

    @property
    def trained(self) -> bool:
        """Whether training began; Ctrl-C may have come before."""
        return self.history.stopped != "interrupted" or bool(self.history.epochs)


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """What the folds scored on the rows that each held out, and all that was made on the way.

    Printed, it is a table with a line for each fold, the mean, and ± the spread: the standard
    deviation between the folds, √(Σ (score − mean)² / (folds − 1)).

    Args:
        folds: in order.
        rows: how many rows there are in all.
        seed: decided folds, first weights, orders and masks.
        seconds: that all training took.

    """

    folds: tuple[Fold, ...]
    rows: int
    seed: int
    seconds: float

    @property
    def networks(self) -> tuple[Network, ...]:
        """The trained network of each fold."""
        return tuple(fold.network for fold in self.folds)

    @property
    def histories(self) -> tuple[History, ...]:
        """How each was trained."""
        return tuple(fold.history for fold in self.folds)

    @property
    def engine(self) -> str:
        """What the folds, or most of them, ran on: "stacked" (side by side), "numpy", "numba"."""
        return self._most_common.engine

    @property
    def engine_reason(self) -> str:
        """Why."""
        return self._most_common.engine_reason

    @property
    def _most_common(self) -> History:
        engines = [history.engine for history in self.histories]
        return self.histories[engines.index(max(engines, key=engines.count))]

    @cached_property
    def scores(self) -> dict[str, NDArray[np.float64]]:
        """Loss and each metric of the held-out rows, one number for each fold."""
        return {
            name: np.array([fold.scores[name] for fold in self.folds])
            for name in self.folds[0].scores
        }

    @property
    def mean(self) -> dict[str, float]:
        """The mean of each score over the folds that were trained."""
        return {name: float(np.mean(s)) if s.size else np.nan for name, s in self._of_trained()}

    @property
    def spread(self) -> dict[str, float]:
        """The standard deviation of each score between the folds that were trained."""
        return {
            name: float(np.std(s, ddof=1)) if s.size > 1 else np.nan
            for name, s in self._of_trained()
        }

    def _of_trained(self) -> Iterator[tuple[str, NDArray[np.float64]]]:
        trained = [fold.trained for fold in self.folds]
        return ((name, scores[trained]) for name, scores in self.scores.items())

    @cached_property
    def fold_of_row(self) -> NDArray[np.intp]:
        """The fold that holds each row out (rows,), counted from 0; −1 where none does."""
        fold_of = np.full(self.rows, -1)
        for number, fold in enumerate(self.folds):
            fold_of[fold.held_out] = number
        return fold_of

    @cached_property
    def predictions(self) -> NDArray[np.floating]:
        """Outputs (rows, outputs) for each row by the network that never saw it; else nan."""
        first = self.folds[0].predictions
        outputs = np.full((self.rows, first.shape[1]), np.nan, first.dtype)
        for fold in self.folds:
            outputs[fold.held_out] = fold.predictions
        return outputs

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it: some folds may have been trained less, or not at all."""
        return any(history.stopped == "interrupted" for history in self.histories)

    def __str__(self) -> str:
        """Give a table: the rows, epochs and scores of each fold, then mean and spread."""
        names = list(self.scores)
        table = [("fold", "rows", "epochs", *names)]
        for number, fold in enumerate(self.folds, start=1):
            scores = (_shown(name, fold.scores[name]) for name in names)
            table.append((str(number), str(len(fold.held_out)), str(fold.history.epochs), *scores))
        for word, found in (("mean", self.mean), ("±", self.spread)):
            table.append((word, "", "", *(_shown(name, found[name]) for name in names)))
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [
            "  ".join(
                [
                    f"{row[0]:<{widths[0]}}",
                    *(f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)),
                ]
            )
            for row in table
        ]
        return "\n".join(lines)

    def __repr__(self) -> str:
        scores = [
            f"{name} {_shown(name, self.mean[name])} ± {_shown(name, self.spread[name])}"
            for name in self.scores
        ]
        return f"CrossValidation({len(self.folds)} folds, {', '.join(scores)}, {self.engine})"


def _shown(name: str, score: float) -> str:
    if np.isnan(score):
        return "–"
    return f"{score:.1%}" if name in PERCENT else f"{score:.4g}"
