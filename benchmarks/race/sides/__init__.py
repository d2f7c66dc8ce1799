"""How each library does the work of a cell: one class a side.

A side is made with a cell and what is given, which is where it compiles; `run(epochs)` trains from
the first weights and gives the mean loss of the last epoch. It raises CannotError where it has no
such network.
"""

from __future__ import annotations

import importlib
from typing import Protocol

from benchmarks.race.cells import Cell
from benchmarks.race.rows import Given

SIDES = {
    "glassnet": "GlassnetSide",
    "numpy": "NumpySide",
    "torch": "TorchSide",
    "torch_compiled": "CompiledTorchSide",
    "jax": "JaxSide",
    "sklearn": "SklearnSide",
    "keras": "KerasSide",
}


class CannotError(Exception):
    """The library has no such network."""


class Side(Protocol):
    """One library with one cell."""

    def run(self, epochs: int) -> float:
        """Train from the first weights, and give the mean loss of the last epoch."""


def make(name: str, cell: Cell, given: Given) -> Side:
    """Make a side; its library is imported here.

    Raises ImportError where the library is missing, CannotError where it has no such network.
    """
    module = importlib.import_module(f"benchmarks.race.sides.{name}")
    made: Side = getattr(module, SIDES[name])(cell, given)
    return made
