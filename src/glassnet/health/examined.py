"""What the rules read: a bounded number of rows, their trace, the outputs and the history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassnet.arrays import check_rows, check_targets, class_numbers
from glassnet.errors import DataError
from glassnet.health.thresholds import (
    FEWEST_ROWS,
    FITS,
    LEARNT_NOTHING,
    MOST_NUMBERS,
    MOST_ROWS,
)
from glassnet.history import History, check_history
from glassnet.lines import LineWriter
from glassnet.metrics.formulas import accuracy, r2
from glassnet.rules.layers import Activation, Dense
from glassnet.rules.reading import reading_of
from glassnet.trace import Trace

if TYPE_CHECKING:
    from glassnet.network import Network

PART = 2**16  # rows of y that are counted at a time


@dataclass(frozen=True)
class Layer:
    """A layer of weights, and the activation after it, by their names in the trace."""

    number: int  # from 1
    weights: str  # "W1"
    biases: str  # "b1"; not in the trace where the layer has none
    output: str  # "a1"
    activation: str  # "relu"
    is_last: bool


class Examined:
    """A network, rows for it, and what follows from them; each is made when a rule first asks.

    Of many rows some are looked at, evenly spaced, so that it takes no longer than a moment; only
    y is counted whole.

    Args:
        network: is not changed.
        X: (m, inputs).
        y: (m, outputs), or class numbers (m,).
        history: of its last fit, if there is one.

    Raises:
        DescriptionError: a history that is none.
        DataError: arrays that do not fit.

    """

    def __init__(
        self, network: Network, X: ArrayLike, y: ArrayLike, history: History | None
    ) -> None:
        check_history(history)
        self.network = network
        self.description = network.description
        self.history = history
        try:
            self.X, self.targets = np.asarray(X), np.asarray(y)
        except ValueError:  # rows of unequal length, which are refused in better words
            check_rows(X, y, None, self.description, network.dtype)
            raise
        rows = check_rows(*self._some(X, y), None, self.description, network.dtype)
        self.x, self.y = rows.x, rows.y
        self.total = len(self.X)

    def _some(self, X: ArrayLike, y: ArrayLike) -> tuple[ArrayLike, ArrayLike]:
        """Give the rows that are looked at; what does not fit is given whole, to be refused."""
        shapes = self.X.shape, self.targets.shape
        if not all(shapes) or shapes[0][0] != shapes[1][0]:
            return X, y
        widths = self.description.inputs + sum(self.description.widths)
        most = max(min(MOST_ROWS, MOST_NUMBERS // widths), FEWEST_ROWS)
        if len(self.X) <= most:
            return X, y
        places = np.linspace(0, len(self.X) - 1, most).astype(np.intp)
        return self.X[places], self.targets[places]

    # ----------------------------------------------------------------------- the rows looked at

    @cached_property
    def trace(self) -> Trace | None:
        """One step on the rows; None where their batch is too small for batch norm."""
        optimizer = self.network.optimizer or "sgd"
        try:
            return self.network.trace(self.x, self.y, optimizer=optimizer)
        except DataError:
            if len(self.x) > 1:
                raise
            return None

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The layers of weights in the trace; none without one."""
        if self.trace is None:
            return ()
        items = LineWriter(self.description).training
        blocks = max(item.block for item in items)
        found: dict[int, Layer] = {}
        for item in items:
            if isinstance(item.layer, Dense):
                names, activation = item.names, item.layer.activation
                found[item.block] = Layer(
                    item.block, names["W"], names["b"], item.y, activation, item.block == blocks
                )
            elif isinstance(item.layer, Activation) and item.block in found:
                before = found[item.block]
                if before.activation == "linear" != item.layer.activation:
                    activation = item.layer.activation
                    found[item.block] = replace(before, output=item.y, activation=activation)
        return tuple(found.values())

    def gradient(self, layer: Layer) -> NDArray[Any]:
        """Give the gradient of a layer's weights."""
        assert self.trace is not None
        return self.trace[f"d{layer.weights}"]

    @cached_property
    def outputs(self) -> NDArray[Any]:
        """The outputs for the rows, as prediction sees them."""
        return self.network.predict(self.x, engine="numpy")

    @cached_property
    def explained(self) -> float | None:
        """How much better than a constant the outputs are: 1 is perfect, 0 is no better.

        R² of numbers and of chances; of a hinge's scores, which are no chances, the share of the
        answers that the most frequent one gets wrong and these get right. None where outputs and
        targets do not stand for the same, as for several quantiles.
        """
        loss, outputs, y = self.description.loss, self.outputs, self.y
        if outputs.shape != y.shape or loss.targets == "counts" or not np.isfinite(outputs).all():
            return None
        if loss.targets == "numbers":
            return r2(y, outputs)
        reading = reading_of(loss, self.description.output_activation)
        if reading.chances is not None:
            return r2(y, reading.chances(outputs))
        right = accuracy(y, outputs, reading=reading)
        usual = np.broadcast_to(np.mean(y, axis=0, keepdims=True), y.shape)
        guess = accuracy(y, usual, reading=reading)
        return (right - guess) / (1 - guess) if guess < 1 else float(right == 1)

    @property
    def was_trained(self) -> bool:
        """Whether the network has an epoch behind it, or is in the middle of its first fit."""
        return self.network.tally.epochs > 0 or bool(self.history and self.history.epochs)

    @property
    def fits(self) -> bool:
        """Whether the network explains a good part of the targets."""
        return self.explained is not None and self.explained >= FITS

    @property
    def learnt_nothing(self) -> bool:
        """Whether the network is known to do no better than a constant."""
        return self.explained is not None and self.explained < LEARNT_NOTHING

    # ------------------------------------------------------------------------------ all the rows

    @cached_property
    def class_counts(self) -> NDArray[np.intp] | None:
        """Rows of each class, counted over all rows; None where there are no classes.

        A single column of yes and no has the classes 0 and 1.
        """
        description = self.description
        if description.loss.targets != "classes" and not (
            description.loss.is_yes_or_no and description.outputs == 1
        ):
            return None
        counts = np.zeros(max(description.outputs, 2), np.intp)
        for start in range(0, self.total, PART):
            part = self.targets[start : start + PART]
            checked = check_targets(part, len(part), description, self.network.dtype)
            numbers = class_numbers(checked, description)
            assert numbers is not None
            counts += np.bincount(numbers[:, 0], minlength=len(counts))
        return counts

    @cached_property
    def constant_features(self) -> dict[int, float]:
        """The columns of X that are one number in every row, with that number.

        Only a column that is constant in the rows looked at is read to its end.
        """
        same = np.flatnonzero(np.all(self.x == self.x[0], axis=0)).tolist()
        found = [column for column in same if column not in self.description.categories]
        if self.total > len(self.x):
            found = [c for c in found if np.all(self.X[:, c] == self.X[0, c])]
        return {column: float(self.x[0, column]) for column in found}

    def feature(self, column: int) -> str:
        """Name a column of X: as its table does, or by its place."""
        preparation = self.network.preparation
        if preparation is None or len(preparation.features) != self.description.inputs:
            return f"column {column} of X"
        return f"column {preparation.features[column]!r}"

    def class_name(self, number: int) -> str:
        """Name a class: by its label, or by its number."""
        preparation = self.network.preparation
        if preparation is None or not number < len(preparation.classes):
            return str(number)
        return repr(preparation.classes[number])
