"""How each library trains: one module a side.

`make(number)` gives the side of a cell; `run(epochs)` trains from the first weights and gives the
mean loss of the last epoch, and `check(epochs)` does so in the given order where `run` has another.
All begin with the same weights and rows, and have the same batches, optimizer and rate.
"""

from __future__ import annotations

from typing import Protocol

SIDES = "glassnet jax jax_nested torch torch_compiled keras sklearn numpy".split()


class CannotError(Exception):
    """The library has no such network."""


class Side(Protocol):
    """One library with one cell."""

    def run(self, epochs: int) -> float:
        """Train from the first weights, and give the mean loss of the last epoch."""

    def check(self, epochs: int) -> float:
        """Do the same, in the order that all sides are given."""
