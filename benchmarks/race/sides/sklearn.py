"""scikit-learn's MLP: its own order of rows and first weights, else the same work."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from benchmarks.race.cells import Cell
from benchmarks.race.rows import Given
from benchmarks.race.sides import CannotError

ACTIVATIONS = {"relu": "relu", "sigmoid": "logistic", "tanh": "tanh"}


class SklearnSide:
    """A fit for a number of epochs, without tests of convergence."""

    def __init__(self, cell: Cell, given: Given) -> None:
        if cell.norm or cell.dropout or cell.activation not in ACTIVATIONS:
            raise CannotError("scikit-learn has no such layers")
        self.cell, self.given = cell, given
        classes = cell.output != "linear"
        self.kind = MLPClassifier if classes else MLPRegressor
        self.y = np.argmax(given.y, axis=1) if cell.output == "softmax" else given.y.ravel()

    def run(self, epochs: int) -> float:
        """Train from scikit-learn's own first weights."""
        cell = self.cell
        model = self.kind(
            cell.sizes[1:-1],
            activation=ACTIVATIONS[cell.activation],
            solver="sgd" if cell.optimizer == "sgd" else "adam",
            alpha=0,
            batch_size=cell.batch,
            learning_rate_init=cell.rate,
            max_iter=epochs,
            momentum=0,
            tol=0.0,
            n_iter_no_change=epochs + 1,
            random_state=0,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(self.given.x, self.y)
        return float(model.loss_)
