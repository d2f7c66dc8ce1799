"""The rows, first weights and orders that every side of a cell is given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.race.cells import Cell

ORDERS = 64  # orders that are made; epochs beyond them begin again with the first


@dataclass(frozen=True)
class Given:
    """What every side starts from.

    `x` (rows, inputs); `y` (rows, outputs); `weights` and `biases` of each layer; `orders`
    (ORDERS, rows).
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    weights: list[NDArray[np.float32]]
    biases: list[NDArray[np.float32]]
    orders: NDArray[np.int64]


def given_for(cell: Cell) -> Given:
    """Make them, the same on every call."""
    from glassnet.batches import Batches  # not before the time of the side's import was taken

    random = np.random.RandomState(0)
    inputs, outputs = cell.sizes[0], cell.sizes[-1]
    x = random.standard_normal((cell.rows, inputs))
    signal = np.tanh(x @ random.standard_normal((inputs, outputs)) / np.sqrt(inputs))
    if cell.output == "softmax":
        y = np.eye(outputs)[np.argmax(signal, axis=1)]
    else:
        y = (signal > 0) * 1.0 if cell.output == "sigmoid" else signal
    pairs = list(zip(cell.sizes[:-1], cell.sizes[1:], strict=True))
    weights = [random.standard_normal((a, b)) * np.sqrt(1 / a) for a, b in pairs]
    biases = [np.zeros(b) for _, b in pairs]
    orders = Batches(cell.rows, cell.batch, seed=0).orders(0, ORDERS)  # those of a fit
    if cell.per_epoch == 1:
        orders[:] = np.arange(cell.rows)  # one batch is not shuffled
    return Given(
        x.astype(np.float32),
        y.astype(np.float32),
        [w.astype(np.float32) for w in weights],
        [b.astype(np.float32) for b in biases],
        orders,
    )


def batches(cell: Cell, orders: NDArray[np.int64], epochs: int) -> NDArray[np.int64]:
    """Give the rows of each step: (epochs · per_epoch, batch)."""
    chosen = orders[np.arange(epochs) % len(orders)]
    return chosen.reshape(epochs * cell.per_epoch, cell.batch)
