"""glassnet: the compiled engine, as `fit` calls it, on as many threads as it is told to use."""

from __future__ import annotations

import os

import numba  # noqa: F401 — what the first fit would import
import numpy as np

import glassnet as gn
from benchmarks.race.cells import CELLS, Cell
from benchmarks.race.rows import Given, given_for
from glassnet.history import Tally


def network_of(cell: Cell, given: Given) -> gn.Network:
    """Give the network with the first weights."""
    layers: list[gn.Layer] = []
    for units in cell.sizes[1:-1]:
        layers.append(gn.Dense(units, cell.activation))
        layers += [gn.LayerNorm()] if cell.norm else []
        layers += [gn.Dropout(cell.dropout)] if cell.dropout else []
    last = gn.Dense(cell.sizes[-1], cell.output)
    net = gn.Network(cell.sizes[0], *layers, last, random_state=0)
    for place, (w, b) in enumerate(zip(given.weights, given.biases, strict=True), start=1):
        net.weights[f"W{place}"], net.weights[f"b{place}"] = w, b
    return net


def optimizer_of(cell: Cell) -> gn.Optimizer:
    """Give the optimizer."""
    kinds = {"sgd": gn.SGD, "adam": gn.Adam, "adamw": gn.AdamW}
    return kinds[cell.optimizer](cell.rate)


class GlassnetSide:
    """A fit on the compiled engine, with all that a fit does: orders, guard, history."""

    def __init__(self, cell: Cell, given: Given) -> None:
        self.cell, self.given = cell, given
        self.net = network_of(cell, given)
        self.first = {name: np.array(self.net.weights[name]) for name in self.net.weights}

    def run(self, epochs: int) -> float:
        """Train from the first weights; order and optimizer begin anew, compiled code is kept."""
        for name, value in self.first.items():
            self.net.weights[name] = value
        self.net.optimizer, self.net.tally = None, Tally()
        history = self.net.fit(
            self.given.x,
            self.given.y,
            epochs=epochs,
            batch_size=self.cell.batch,
            optimizer=optimizer_of(self.cell),
            engine="numba",
            threads=int(os.environ["NUMBA_NUM_THREADS"]),
            verbose=False,
        )
        return float(history.loss[-1])

    def check(self, epochs: int) -> float:
        """Do the same: the order is the given one."""
        return self.run(epochs)


def make(number: int) -> GlassnetSide:
    """Give the side of a cell."""
    cell = CELLS[number]
    return GlassnetSide(cell, given_for(cell))
