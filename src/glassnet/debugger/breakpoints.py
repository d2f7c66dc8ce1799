"""Where a run is to stop: at lines, where inf or nan is made, where the loss rises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np

from glassnet.lines import Phase
from glassnet.recording import Moment, Recording

MOST_STEPS = 1000  # that are looked through at once
MOST_NUMBERS = 10**8  # of them together
PLACE = itemgetter(0)


@dataclass
class Breakpoints:
    """What is waited for.

    Args:
        lines: numbers of lines, from 0.
        not_finite: the line that makes the first inf or nan of a step: of the one by which the
            training ended, and of those near by whose weights stayed finite.
        rising: an epoch whose loss is above that of the epoch before it.

    """

    lines: set[int] = field(default_factory=set)
    not_finite: bool = True
    rising: bool = False

    def ahead(self, run: Recording) -> tuple[Moment, str] | None:
        """Give the next place where the run is to stop, and why; None if there is none."""
        found = min((p for p in self._places(run, 1) if p[0] > run.place), default=None)
        last = len(run) - 1 if found is None else found[0].step
        inside = self._searched(run, range(run.place.step, last + 1))
        return min(filter(None, (found, inside)), key=PLACE, default=None)

    def behind(self, run: Recording) -> tuple[Moment, str] | None:
        """Give the last such place before the one that is looked at."""
        found = max((p for p in self._places(run, -1) if p[0] < run.place), default=None)
        first = 0 if found is None else found[0].step
        inside = self._searched(run, range(run.place.step, first - 1, -1))
        return max(filter(None, (found, inside)), key=PLACE, default=None)

    def reach(self, run: Recording) -> int:
        """Give how many steps are looked through for inf and nan that left no trace in the weights.

        Each of them is run line by line, so that a long run of a large network is not all searched.
        """
        numbers = sum(value.size for value in run.trace.values())
        return min(MOST_STEPS, max(1, MOST_NUMBERS // numbers))

    def _searched(self, run: Recording, steps: range) -> tuple[Moment, str] | None:
        """Look through the steps on the way, the nearest first, for one that makes inf or nan."""
        if not self.not_finite:
            return None
        for step in steps[: self.reach(run)]:
            found = run.not_finite_in(step)
            if found is None:
                continue
            place, cause = found
            if place > run.place if steps.step > 0 else place < run.place:
                return place, f"inf or nan: {cause}"
        return None

    def _places(self, run: Recording, direction: int) -> Iterator[tuple[Moment, str]]:
        step = run.place.step
        for near in (step, step + direction):
            if 0 <= near < len(run):
                yield from ((Moment(near, line), "a breakpoint") for line in self.lines)
        if self.not_finite and run.error is not None:
            yield run.fault, f"inf or nan: {run.error}"
        if self.rising:
            yield from self._rises(run)

    def _rises(self, run: Recording) -> Iterator[tuple[Moment, str]]:
        """Give the line of the loss in the last batch of each epoch whose loss is higher."""
        losses = run.history.loss
        lines = run.program.lines
        of_loss = next(n for n, line in enumerate(lines) if line.phase is Phase.LOSS)
        for epoch in (np.flatnonzero(np.diff(losses) > 0) + 1).tolist():
            now, before = float(losses[epoch]), float(losses[epoch - 1])
            why = f"the loss of epoch {epoch + 1} is {now:.6g}, above {before:.6g}"
            yield Moment((epoch + 1) * run.batches - 1, of_loss), why
