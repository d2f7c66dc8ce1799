"""Keras on JAX: its fit."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"  # read when Keras is imported

import keras

from benchmarks.race.cells import CELLS, Cell
from benchmarks.race.rows import Given, given_for


class KerasSide:
    """A Sequential, compiled by Keras, with its own shuffling."""

    def __init__(self, cell: Cell, given: Given) -> None:
        self.cell, self.given = cell, given
        layers = [keras.Input((cell.sizes[0],))]
        for units in cell.sizes[1:-1]:
            layers.append(keras.layers.Dense(units, cell.activation))
            layers += [keras.layers.LayerNormalization(epsilon=1e-5)] if cell.norm else []
            layers += [keras.layers.Dropout(cell.dropout)] if cell.dropout else []
        layers.append(keras.layers.Dense(cell.sizes[-1], cell.output))
        self.model = keras.Sequential(layers)
        kinds = {
            "sgd": keras.optimizers.SGD,
            "adam": keras.optimizers.Adam,
            "adamw": keras.optimizers.AdamW,
        }
        loss = "categorical_crossentropy" if cell.output == "softmax" else "mse"
        self.model.compile(optimizer=kinds[cell.optimizer](cell.rate), loss=loss)
        dense = [part for part in self.model.layers if isinstance(part, keras.layers.Dense)]
        for part, w, b in zip(dense, given.weights, given.biases, strict=True):
            part.set_weights([w, b])
        self.model.optimizer.build(self.model.trainable_variables)
        self.numbers = [*self.model.variables, *self.model.optimizer.variables]
        self.first = [variable.numpy() for variable in self.numbers]

    def run(self, epochs: int) -> float:
        """Train from the first weights in an order of its own; what Keras compiled is kept."""
        self._begin()
        history = self.model.fit(
            self.given.x, self.given.y, batch_size=self.cell.batch, epochs=epochs, verbose=0
        )
        return float(history.history["loss"][-1])

    def check(self, epochs: int) -> float:
        """Train epoch after epoch on rows that lie in the given order."""
        self._begin()
        for epoch in range(epochs):
            order = self.given.orders[epoch]
            history = self.model.fit(
                self.given.x[order],
                self.given.y[order],
                batch_size=self.cell.batch,
                shuffle=False,
                verbose=0,
            )
        return float(history.history["loss"][-1])

    def _begin(self) -> None:
        for variable, value in zip(self.numbers, self.first, strict=True):
            variable.assign(value)


def make(number: int) -> KerasSide:
    """Give the side of a cell."""
    cell = CELLS[number]
    return KerasSide(cell, given_for(cell))
