"""Where a run is to stop: at lines, where inf or nan is made, where the loss rises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from glassnet.lines import Phase
from glassnet.recording import Moment, Recording


@dataclass
class Breakpoints:
    """What is waited for.

    Args:
        lines: numbers of lines, from 0.
        not_finite: the line that makes the first inf or nan, by which the training ended.
        rising: an epoch whose loss is above that of the epoch before it.

    """

    lines: set[int] = field(default_factory=set)
    not_finite: bool = True
    rising: bool = False

    @property
    def any(self) -> bool:
        """Whether anything is waited for."""
        return bool(self.lines) or self.not_finite or self.rising

    def ahead(self, run: Recording) -> tuple[Moment, str] | None:
        """Give the next place where the run is to stop, and why; None if there is none."""
        return min((p for p in self._places(run, 1) if p[0] > run.place), default=None)

    def behind(self, run: Recording) -> tuple[Moment, str] | None:
        """Give the last such place before the one that is looked at."""
        return max((p for p in self._places(run, -1) if p[0] < run.place), default=None)

    def _places(self, run: Recording, direction: int) -> Iterator[tuple[Moment, str]]:
        step = run.place.step
        for near in (step, step + direction):
            if 0 <= near < len(run):
                yield from ((Moment(near, line), "a breakpoint") for line in self.lines)
        if self.not_finite and run.error is not None:
            bad = run.fault
            yield bad, f"inf or nan: {run.error}"
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
