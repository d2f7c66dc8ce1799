"""Steps of a recorded training, done again: on its engine, with its rows, masks and rates."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.arrays import Rows
from glassnet.errors import TrainingError
from glassnet.trace import Place, Trace, trace_step
from glassnet.training.guard import step_inputs
from glassnet.training.loop import Loop
from glassnet.training.pace import MOST_STEPS
from glassnet.training.tape import (
    FEWEST_COPIES,
    MOST_BYTES,
    Flat,
    Tape,
    copied,
    flat,
    most_copies,
    put,
)
from glassnet.values import Values

MOST_TRACES = 8


class Replay:
    """Brings back the values before any step of a training, and every value of that step.

    A step is reached from the nearest copy behind it. On the way more copies are kept, the closer
    together the nearer they are to the step, so that going back step by step costs a few steps
    each time and not the whole way again.

    Args:
        loop: the training, which has ended.
        tape: what was kept of it.

    """

    def __init__(self, loop: Loop, tape: Tape) -> None:
        self.loop = loop
        self.tape = tape
        self.values: Values = loop.values.copy()
        self.steps_done = 0  # again, by the engine
        self._near: dict[int, Flat] = {}
        self._most = max(FEWEST_COPIES, most_copies(self.values))
        self._traces: OrderedDict[int, Trace] = OrderedDict()

    def trace(self, step: int) -> Trace:
        """Give every value of a step of the training, counted from 0."""
        if step in self._traces:
            self._traces.move_to_end(step)
            return self._traces[step]
        self.go_to(step)
        rates = self.rates(step)
        inputs = step_inputs(self.values, self.loop.work, step, rates)
        trace = trace_step(self.values.program, inputs, self._place(step))
        self._traces[step] = trace
        while len(self._traces) > 1 and self._too_many():
            self._traces.popitem(last=False)
        return trace

    def _place(self, step: int) -> Place:
        """Say where a step stands in training: what its rates, masks and rows come from."""
        loop, per_epoch = self.loop, self.loop.work.batches.per_epoch
        epoch, position = divmod(step, per_epoch)
        return Place(
            loop.work.seed,
            loop.work.epochs_before + epoch,
            position,
            loop.before.steps + step + 1,
            step,
            loop.steps,
            self.rows(step),
            dict(loop.schedules_in(epoch)) if loop.watching else {},
            float(loop.factors.at(np.array([step]))[0]),
        )

    def rows(self, step: int) -> NDArray[np.int64]:
        """Give the rows that a step takes, by their numbers from 0 in what was given to fit."""
        work = self.loop.work
        epoch, position = divmod(step, work.batches.per_epoch)
        start, stop = work.batches.bounds(position)
        rows = work.batches.order(work.epochs_before + epoch)[start:stop]
        numbers = self.loop.after.rows.numbers
        return rows if numbers is None else numbers[rows]

    def losses(self, epoch: int) -> NDArray[np.float64]:
        """Give the losses of the batches of an epoch, from 0, as the engine has them."""
        per_epoch = self.loop.work.batches.per_epoch
        first = epoch * per_epoch
        self.go_to(first)
        losses = [self._train(step, step + 1) for step in range(first, first + per_epoch)]
        return np.concatenate(losses).astype(np.float64)

    def judged(self, epoch: int, rows: Rows, figure: str) -> NDArray[np.float64]:
        """Judge each of some rows alone by the weights after an epoch, from 0.

        Args:
            epoch: whose callbacks have not been called yet.
            rows: are judged as prediction sees them.
            figure: "loss", or one of the metrics of the training.

        """
        after, last = self.loop.after, (epoch + 1) * self.loop.work.batches.per_epoch
        metrics = {} if figure == "loss" else {figure: after.options.metrics[figure]}
        self.go_to(last - 1)
        self._train(last - 1, last)
        self.values.exchange_averages()
        try:
            alone = (rows.at(np.array([row])) for row in range(len(rows)))
            found = [after.evaluation.judge(self.values, row, metrics) for row in alone]
        finally:
            self.values.exchange_averages()
        return np.array([numbers.get(figure, loss) for loss, numbers in found])

    def _too_many(self) -> bool:
        if len(self._traces) > MOST_TRACES:
            return True
        return sum(value.nbytes for t in self._traces.values() for value in t.values()) > MOST_BYTES

    def rates(self, step: int) -> Any:
        """Give the rates of a step, in the order of the program's `all_rate_names`."""
        return self.loop.rates(step, step + 1)[0]

    @property
    def copies(self) -> int:
        """How many copies of the values are kept."""
        return len(self.tape.copies) + len(self._near)

    def go_to(self, step: int) -> None:
        """Bring the values to those before a step.

        Raises:
            TrainingError: callbacks set more weights on the way there than could be kept.

        """
        known = self.tape.copies | self._near
        start = max(s for s in known if s <= step)
        put(self.values, known[start])
        for stop in self._stops(start, step):
            self._train(start, stop)
            if stop in self.tape.edits:
                self._edit(stop)
            self._keep(stop, step)
            start = stop

    def _stops(self, start: int, step: int) -> list[int]:
        """Give where to stop on the way: what is left is halved, and callbacks have their turn."""
        halves, left = [], step - start
        while left:
            halves.append(step - left // 2)
            left //= 2
        edits = [s for s in self.tape.edits if start < s <= step]
        return sorted({*halves, *edits})

    def _train(self, first: int, last: int) -> NDArray[Any]:
        """Do steps; give the losses of the last ones."""
        losses: NDArray[Any] = np.empty(0)
        for start, stop in _parts(first, last):
            rates = self.loop.rates(start, stop)
            losses = self.loop.engine.train(self.loop.work, self.values, start, stop, rates)
            self.steps_done += stop - start
        return losses

    def _edit(self, step: int) -> None:
        """Set what callbacks set after so many steps."""
        edit = self.tape.edits[step]
        if edit is None:
            epoch = step // self.loop.work.batches.per_epoch
            later = [s for s in self.tape.copies if s > step]
            goes_on = f"; go on from step {min(later)}" if later else ""
            raise TrainingError(
                f"the callbacks of this training set more weights than {MOST_BYTES >> 20} MB hold:"
                f" what they set after epoch {epoch} was not kept, and the steps behind it cannot"
                f" be done again{goes_on}"
            )
        for array, (places, numbers) in zip(flat(self.values), edit, strict=True):
            array[places] = numbers

    def _keep(self, stop: int, step: int) -> None:
        """Keep a copy on the way to a step; of too many, those ahead of it go first."""
        self._near[stop] = copied(self.values)
        while len(self._near) > self._most:
            farthest = max(self._near)
            del self._near[farthest if farthest > step else min(self._near)]


def _parts(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Cut steps into parts whose rates and losses take no more than a few MB."""
    for start in range(first, last, MOST_STEPS):
        yield start, min(last, start + MOST_STEPS)
