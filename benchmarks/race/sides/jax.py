"""JAX: whole epochs in one lax.scan, with optax."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.race.cells import CELLS, Cell
from benchmarks.race.rows import Given, batches, given_for

ACTIVATIONS = {
    "relu": jax.nn.relu,
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "gelu": lambda z: jax.nn.gelu(z, approximate=False),
}


class JaxSide:
    """One compiled function that trains; it is compiled anew for another number of steps."""

    def __init__(self, cell: Cell, given: Given) -> None:
        self.cell, self.given = cell, given
        kinds = {"sgd": optax.sgd, "adam": optax.adam, "adamw": optax.adamw}
        options = {"weight_decay": 0.01} if cell.optimizer == "adamw" else {}
        self.optimizer = kinds[cell.optimizer](cell.rate, **options)
        self.first = [
            {"w": w, "b": b, "scale": np.ones_like(b), "shift": np.zeros_like(b)}
            for w, b in zip(given.weights, given.biases, strict=True)
        ]
        if not cell.norm:
            self.first = [{k: p[k] for k in "wb"} for p in self.first]
        self.x, self.y = jnp.asarray(given.x), jnp.asarray(given.y)
        self.train = jax.jit(self._train)
        self.steps: dict[int, jax.Array] = {}  # by number of epochs, ready before they are timed

    def _forward(self, parameters, x, key):
        cell = self.cell
        for place, p in enumerate(parameters[:-1]):
            x = ACTIVATIONS[cell.activation](x @ p["w"] + p["b"])
            if cell.norm:
                mean = jnp.mean(x, axis=1, keepdims=True)
                x = (x - mean) / jnp.sqrt(jnp.var(x, axis=1, keepdims=True) + 1e-5)
                x = x * p["scale"] + p["shift"]
            if cell.dropout:
                chance = 1 - cell.dropout
                kept = jax.random.bernoulli(jax.random.fold_in(key, place), chance, x.shape)
                x = jnp.where(kept, x / chance, 0)
        last = parameters[-1]
        return x @ last["w"] + last["b"]

    def _loss(self, parameters, x, y, key):
        z = self._forward(parameters, x, key)
        if self.cell.output == "softmax":
            return jnp.mean(optax.softmax_cross_entropy(z, y))
        a = jax.nn.sigmoid(z) if self.cell.output == "sigmoid" else z
        return jnp.mean((a - y) ** 2)

    def _train(self, parameters, x, y, steps):
        def step(carried, rows):
            return self._step(carried, (x[rows], y[rows]))

        start = (parameters, self.optimizer.init(parameters), jax.random.key(0))
        return jax.lax.scan(step, start, steps)

    def _step(self, carried, rows):
        parameters, state, key = carried
        key, own = jax.random.split(key) if self.cell.dropout else (key, key)
        loss, slopes = jax.value_and_grad(self._loss)(parameters, *rows, own)
        updates, state = self.optimizer.update(slopes, state, parameters)
        return (optax.apply_updates(parameters, updates), state, key), loss

    def run(self, epochs: int) -> float:
        """Train from the first weights."""
        if epochs not in self.steps:
            rows = batches(self.cell, self.given.orders, epochs).astype(np.int32)
            self.steps = {epochs: jnp.asarray(rows)}
        _, losses = self.train(self.first, self.x, self.y, self.steps[epochs])
        return float(np.mean(np.asarray(losses)[-self.cell.per_epoch :]))

    def check(self, epochs: int) -> float:
        """Do the same: the order is the given one."""
        return self.run(epochs)


def make(number: int) -> JaxSide:
    """Give the side of a cell."""
    cell = CELLS[number]
    return JaxSide(cell, given_for(cell))
