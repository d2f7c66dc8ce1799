"""Keras on JAX: its fit."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"  # read when Keras is imported

import keras

from benchmarks.race.cells import Cell
from benchmarks.race.rows import Given


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
        self.run(1)

    def run(self, epochs: int) -> float:
        """Train from the first weights; what Keras compiled is kept."""
        for variable, value in zip(self.numbers, self.first, strict=True):
            variable.assign(value)
        history = self.model.fit(
            self.given.x, self.given.y, batch_size=self.cell.batch, epochs=epochs, verbose=0
        )
        return float(history.history["loss"][-1])
