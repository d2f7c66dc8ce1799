"""scikit-learn's MLP, which has other losses: log-loss of a sigmoid, half of the squared error."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from benchmarks.race.cells import CELLS, Cell
from benchmarks.race.rows import Given, given_for
from benchmarks.race.sides import CannotError

ACTIVATIONS = {"relu": "relu", "sigmoid": "logistic", "tanh": "tanh"}


class GivenOrders(np.random.RandomState):
    """Shuffles the rows, epoch after epoch, into the given orders.

    scikit-learn shuffles the order of the epoch before; so what is set is the way from there.
    """

    def begin(self, orders: NDArray[np.int64]) -> None:
        """Begin with the first order."""
        self.orders, self.epoch = orders, 0
        self.before = np.arange(orders.shape[1])

    def shuffle(self, x: NDArray[np.int64]) -> None:
        """Fill x with the places, in the order of the epoch before, of the rows of this one."""
        order = self.orders[self.epoch % len(self.orders)]
        x[:] = np.argsort(self.before)[order]
        self.before, self.epoch = order, self.epoch + 1


class SklearnSide:
    """A fit for a number of epochs, without tests of convergence."""

    def __init__(self, cell: Cell, given: Given) -> None:
        if cell.norm or cell.dropout or cell.activation not in ACTIVATIONS:
            raise CannotError("scikit-learn has no such layers")
        self.cell, self.given = cell, given
        kind = MLPRegressor if cell.output == "linear" else MLPClassifier
        self.y = np.argmax(given.y, axis=1) if cell.output == "softmax" else given.y.ravel()
        self.orders = GivenOrders(0)
        self.model = kind(
            cell.sizes[1:-1],
            activation=ACTIVATIONS[cell.activation],
            solver="sgd" if cell.optimizer == "sgd" else "adam",
            alpha=0,
            batch_size=cell.batch,
            learning_rate_init=cell.rate,
            momentum=0,
            tol=0.0,
            warm_start=True,  # from the weights that are set
            random_state=0,
        )
        self._fit(1)  # makes the weights, to be set
        self.model.random_state = self.orders

    def run(self, epochs: int) -> float:
        """Train from the first weights, with a new optimizer, in the given order."""
        self.orders.begin(self.given.orders)
        self.model.coefs_ = [w.copy() for w in self.given.weights]
        self.model.intercepts_ = [b.copy() for b in self.given.biases]
        self._fit(epochs)
        loss = float(self.model.loss_)
        return 2 * loss if self.cell.output == "linear" else loss

    def check(self, epochs: int) -> float:
        """Do the same: the order is the given one."""
        return self.run(epochs)

    def _fit(self, epochs: int) -> None:
        self.model.set_params(max_iter=epochs, n_iter_no_change=epochs + 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.model.fit(self.given.x, self.y)


def make(number: int) -> SklearnSide:
    """Give the side of a cell."""
    cell = CELLS[number]
    return SklearnSide(cell, given_for(cell))
