"""A step at a time, on rows that come one after the other: made once, and cheap to call often."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from glassnet.arrays import Rows
from glassnet.batches import Batches
from glassnet.engines import Engine, Work
from glassnet.engines.threads import threads_for
from glassnet.errors import DescriptionError, NotFiniteError
from glassnet.history import Tally
from glassnet.program import Program
from glassnet.training.guard import Guard
from glassnet.training.loop import rates_between
from glassnet.values import Values


class Stepper:
    """Does one step with all rows that it is given.

    Args:
        values: are changed in place.
        engine: does the steps.
        threads: how many share a step; None for what suits the rows given.

    """

    def __init__(self, values: Values, engine: Engine, threads: int | None = None) -> None:
        self.values = values
        self.engine = engine
        self.threads = threads
        self.optimizer = values.program.optimizer
        self.ties_rows = values.program.description.ties_rows
        self.before = values.copy()

    def step(self, rows: Rows, tally: Tally, seed: int) -> float:
        """Do a step; give the loss of the rows before it.

        Args:
            rows: make one batch.
            tally: how far the network is; it decides rates and masks, as in `fit`.
            seed: decides masks.

        Raises:
            NotFiniteError: the loss or a weight became inf or nan; the values are as they were.

        """
        count = len(rows)
        batches = Batches(count, count, shuffle=False, merge_single=self.ties_rows)
        threads, _ = threads_for(self.threads, self.engine, self.values.program, count)
        work = Work(rows.x, rows.y, rows.loss_weights, batches, seed, tally.epochs, threads)
        rates = rates_between(self.values.program, tally.steps, 1, 0, 1)
        self.before.take(self.values)
        try:
            self.values.exchange_averages()
            loss = float(self.engine.train(work, self.values, 0, 1, rates)[0])
            self.values.exchange_averages()
            if not (math.isfinite(loss) and self.values.all_finite()):
                raise self._fault(work, rates)
        except BaseException:
            self.values.take(self.before)
            raise
        return loss

    def _fault(self, work: Work, rates: NDArray[np.float64]) -> NotFiniteError:
        """Do the step again, under the guard, which words what went wrong."""
        self.values.take(self.before)
        self.values.exchange_averages()
        guard = Guard(self.engine, self.values, work, lambda first, last: rates)
        return guard.stop(1)[1]


def check_steps(program: Program) -> None:
    """Raise DescriptionError for a program that cannot go on step by step without an end."""
    optimizer = program.optimizer
    if optimizer.line() is None:
        raise DescriptionError(
            f"{optimizer!r} takes all rows at once, until it converges: use fit, or another"
            " optimizer, such as 'adam'"
        )
    if optimizer.averaging is not None and optimizer.averaging.needs_end:
        raise DescriptionError(
            f"partial_fit has no end of which {optimizer.averaging!r} could average a part: take"
            " gn.EMA() in its place"
        )
    endless = [s for s in program.schedules.values() if s.watches_loss or not s.is_steady]
    if endless:
        raise DescriptionError(
            f"partial_fit has no end that {endless[0]!r} could run to: give a number in its place"
        )
