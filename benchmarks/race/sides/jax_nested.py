"""JAX with a scan in a scan: the rows of an epoch are put in order at once, then cut into batches.

For the smallest batches this is several times faster than taking rows in each step; for larger ones
it is a little slower. Both are raced, and the faster one counts.
"""

from __future__ import annotations

import jax

from benchmarks.race.cells import CELLS
from benchmarks.race.rows import given_for
from benchmarks.race.sides.jax import JaxSide


class NestedJaxSide(JaxSide):
    """The same step, on batches that lie ready."""

    def _train(self, parameters, x, y, steps):
        per_epoch, batch = self.cell.per_epoch, self.cell.batch

        def epoch(carried, order):
            in_order = (a[order].reshape(per_epoch, batch, -1) for a in (x, y))
            return jax.lax.scan(self._step, carried, tuple(in_order))

        start = (parameters, self.optimizer.init(parameters), jax.random.key(0))
        end, losses = jax.lax.scan(epoch, start, steps.reshape(-1, per_epoch * batch))
        return end, losses.ravel()


def make(number: int) -> NestedJaxSide:
    """Give the side of a cell."""
    cell = CELLS[number]
    return NestedJaxSide(cell, given_for(cell))
