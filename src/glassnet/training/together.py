"""Several fits of one program side by side: every step is one call of the stacked engine."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np

from glassnet.engines.stacked import StackedEngine, StackedRows
from glassnet.training.loop import Loop
from glassnet.training.pace import Interrupt, Pace
from glassnet.training.run import clock


class Together:
    """Trains with several loops at a time. Each sees to its own fit, as if it were alone.

    A loop whose training has stopped drops out; the others go on.

    Args:
        engine: does the steps.
        loops: of the same program and options, with equally many batches in an epoch; each has an
            engine of its own for steps that are done again.
        interrupt: hears Ctrl-C; the one of all loops.

    """

    def __init__(self, engine: StackedEngine, loops: Sequence[Loop], interrupt: Interrupt) -> None:
        self.engine = engine
        self.loops = tuple(loops)
        self.interrupt = interrupt
        self.pace = Pace()

    def run(self) -> None:
        """Train until every loop has stopped, and leave each network with what was learnt.

        Raises:
            NotFiniteError: in one of them a loss or weight became inf or nan; its `history` tells
                which.
            KeyboardInterrupt: at the second Ctrl-C; the first one ends training in good order.

        """
        with ExitStack() as stack:
            for loop in self.loops:
                stack.enter_context(loop.under_way())
            try:
                self._train()
            except KeyboardInterrupt:
                if self.interrupt.asked:
                    raise
                for loop in self._live:
                    loop.history.stopped = "interrupted"

    @property
    def _live(self) -> list[Loop]:
        return [loop for loop in self.loops if not loop.history.stopped]

    def _train(self) -> None:
        for loop in self.loops:
            loop.check_beginning()
        while live := self._live:
            rows = self.engine.rows_of([loop.work for loop in live])
            while len(self._live) == len(live):
                self._chunk(live, rows)

    def _chunk(self, live: Sequence[Loop], rows: StackedRows) -> None:
        """Let the engine run for a moment, and hand each loop its losses."""
        first = live[0].step
        last = min(first + self.pace.steps, *(loop.next_stop for loop in live))
        values, rates = [loop.values for loop in live], [loop.rates(first, last) for loop in live]
        started = clock()
        try:
            losses = self.engine.train(rows, values, first, last, rates)
        except BaseException:
            for loop in live:
                loop.go_back_to(first)
            raise
        seconds = clock() - started
        self.pace.measured(last - first, seconds)
        # One that failed ends the chunk for all: it has its say first.
        for place in np.argsort(np.isfinite(losses[-1]), kind="stable"):
            live[place].took(losses[:, place], last, seconds / len(live))
        for loop in live:
            loop.stop_if_asked(loop.done)
            if loop.history.stopped:
                loop.check_end()
