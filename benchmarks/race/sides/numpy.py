"""A plain NumPy loop, as the tutorials write it."""

from __future__ import annotations

import numpy as np

from benchmarks.race.cells import CELLS, Cell
from benchmarks.race.rows import Given, batches, given_for
from benchmarks.race.sides import CannotError

ACTIVATIONS = {
    "relu": (lambda z: np.maximum(z, 0), lambda z, a: (z > 0).astype(z.dtype)),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z, a: a * (1 - a)),
    "tanh": (np.tanh, lambda z, a: 1 - a * a),
}


class NumpySide:
    """Forward, backward and update, an array operation each."""

    def __init__(self, cell: Cell, given: Given) -> None:
        if cell.norm or cell.activation not in ACTIVATIONS:
            raise CannotError("no tutorial writes this network")
        self.cell, self.given = cell, given

    def run(self, epochs: int) -> float:
        """Train from the first weights."""
        cell, x, y = self.cell, self.given.x, self.given.y
        function, slope = ACTIVATIONS[cell.activation]
        count = len(self.given.weights)
        layers = zip(self.given.weights, self.given.biases, strict=True)
        p = [array.copy() for layer in layers for array in layer]
        mean, square = [np.zeros_like(v) for v in p], [np.zeros_like(v) for v in p]
        losses = []
        for step, rows in enumerate(batches(cell, self.given.orders, epochs), start=1):
            a, zs, wanted = [x[rows]], [], y[rows]
            for k in range(count):
                zs.append(a[-1] @ p[2 * k] + p[2 * k + 1])
                last = k == count - 1
                a.append(self._output(zs[-1]) if last else function(zs[-1]))
            loss, dz = self._loss(a[-1], wanted)
            losses.append(loss)
            d: list[np.ndarray] = []
            for k in range(count - 1, -1, -1):
                d[:0] = [a[k].T @ dz, np.sum(dz, axis=0)]
                if k:
                    dz = (dz @ p[2 * k].T) * slope(zs[k - 1], a[k])
            self._update(p, d, mean, square, step)
        return float(np.mean(losses[-cell.per_epoch :]))

    def check(self, epochs: int) -> float:
        """Do the same: the order is the given one."""
        return self.run(epochs)

    def _output(self, z):
        if self.cell.output == "softmax":
            e = np.exp(z - np.max(z, axis=1, keepdims=True))
            return e / np.sum(e, axis=1, keepdims=True)
        return 1 / (1 + np.exp(-z)) if self.cell.output == "sigmoid" else z

    def _loss(self, a, y):
        if self.cell.output == "softmax":
            return -np.mean(np.log(np.sum(a * y, axis=1))), (a - y) / np.float32(len(y))
        error = a - y
        dz = 2 * error / np.float32(error.size)
        if self.cell.output == "sigmoid":
            dz = dz * a * (1 - a)
        return np.mean(error * error), dz

    def _update(self, p, d, mean, square, step):
        rate = self.cell.rate
        for k in range(len(p)):
            if self.cell.optimizer == "sgd":
                p[k] -= rate * d[k]
                continue
            mean[k] = 0.9 * mean[k] + 0.1 * d[k]
            square[k] = 0.999 * square[k] + 0.001 * d[k] * d[k]
            size = np.sqrt(square[k] / (1 - 0.999**step)) + 1e-8
            p[k] -= rate * mean[k] / (1 - 0.9**step) / size


def make(number: int) -> NumpySide:
    """Give the side of a cell."""
    cell = CELLS[number]
    return NumpySide(cell, given_for(cell))
