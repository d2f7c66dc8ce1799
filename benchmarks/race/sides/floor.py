"""The floor under our step: its matrix products alone, as the compiled engine calls them.

The products are those of the program's own graph, each timed by itself, so whatever stands between
two products, and whatever the engine does beside them, is left out.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from benchmarks.race.cells import CELLS, Cell
from benchmarks.race.rows import given_for
from benchmarks.race.sides.glassnet import network_of, optimizer_of
from glassnet.engines.compiled import compiled
from glassnet.engines.plan import Plan
from glassnet.engines.products import load, product
from glassnet.graph import Symbol, gradient_graph
from glassnet.program import Program


@compiled
def repeated(a, b, out, times):
    """Do one product again and again."""
    for _ in range(times):
        product(a, b, out)


class Floor:
    """The products of one step."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        load("float32")  # as the engine does before its first call
        program = Program(network_of(cell, given_for(cell)).description, optimizer_of(cell))
        self.sizes = {**program.sizes, "m": cell.batch}
        self.random = np.random.RandomState(0)
        self.operands = [
            (*(self._array(part) for part in node.symbols), np.empty(self._shape(node), np.float32))
            for node in Plan(program, gradient_graph(program)).nodes
            if node.op == "product"
        ]

    def _shape(self, node: Symbol) -> tuple[int, ...]:
        return tuple(int(self.sizes.get(str(axis), axis)) for axis in node.axes)

    def _array(self, node: Symbol) -> NDArray[np.float32]:
        """Make numbers for an operand; one that is transposed in the step is a view here too."""
        if node.op == "transpose":
            (inner,) = node.symbols
            return self._array(inner).T
        return self.random.standard_normal(self._shape(node)).astype(np.float32)

    def run(self, epochs: int) -> list[float]:
        """Give the microseconds of each product."""
        times, found = epochs * self.cell.per_epoch, []
        for a, b, out in self.operands:
            start = time.perf_counter()
            repeated(a, b, out, times)
            found.append(1e6 * (time.perf_counter() - start) / times)
        return found


def make(number: int) -> Floor:
    """Give the floor of a cell."""
    return Floor(CELLS[number])
