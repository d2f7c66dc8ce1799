"""What every way of training has in common: how it stops, and how it leaves the network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from glassnet.engines import Engine, Work
from glassnet.errors import NotFiniteError
from glassnet.history import History, Tally
from glassnet.training.epochs import AfterEpoch
from glassnet.training.options import Options
from glassnet.training.pace import Interrupt
from glassnet.training.tape import NoTape, Tape
from glassnet.values import Values

clock = time.perf_counter


class Progress(Protocol):
    """Something that is told how far training is; training itself never prints."""

    def show(self, done: float, history: History) -> None:
        """Take note that a part `done` of the work, from 0 to 1, is over."""

    def wait(self, seconds: float) -> None:
        """Take note that a compiler is waited for, for about so many seconds."""

    def close(self, history: History) -> None:
        """Take note that training has ended."""


class Silent:
    """Shows nothing."""

    def show(self, done: float, history: History) -> None:
        """Do nothing."""

    def wait(self, seconds: float) -> None:
        """Do nothing."""

    def close(self, history: History) -> None:
        """Do nothing."""


@dataclass(kw_only=True)
class Run:
    """One fit.

    Args:
        engine: does the steps.
        values: are changed in place.
        work: the rows, and how they are taken.
        before: how far the network was trained before.
        history: is written to.
        after: what is done after an epoch.
        options: how it is trained.
        publish: tells the network how far it is: before callbacks, and at the end.
        progress: is told how far training is.
        tape: keeps what it takes to do steps again; one among the callbacks is taken.

    """

    engine: Engine
    values: Values
    work: Work
    before: Tally
    history: History
    after: AfterEpoch
    options: Options
    publish: Callable[[Tally], None]
    progress: Progress = field(default_factory=Silent)
    interrupt: Interrupt = field(default_factory=Interrupt)
    tape: NoTape = field(default_factory=NoTape)

    def __post_init__(self) -> None:
        """Make ready what a way of training needs of its own."""
        self.started = clock()

    def run(self) -> History:
        """Train until there is a reason to stop, and leave the network with what was learnt.

        Raises:
            NotFiniteError: a loss or weight became inf or nan. The last values with a finite loss
                are kept, and the error's `history` holds the epochs that lie behind them.
            KeyboardInterrupt: at the second Ctrl-C; the first one ends training in good order.

        """
        with self.under_way():
            self.train()
        return self.history

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Leave the network with what was learnt, however the training within `with` ends."""
        self.started = clock()
        self.values.exchange_averages()
        with self.interrupt:
            try:
                yield
            except KeyboardInterrupt:
                self.history.stopped = "interrupted"
                if self.interrupt.asked:
                    raise
            except BaseException:
                self.history.stopped = self.history.stopped or "error"
                raise
            finally:
                self._leave()

    def begin(self) -> None:
        """Begin the callbacks; where that cannot be done nothing is trained."""
        for tape in self.options.callbacks:
            if isinstance(tape, Tape):
                self.tape, tape.run = tape, self
        self.after.callbacks.begin()

    def _leave(self) -> None:
        """Leave the network with what was learnt, and end the callbacks."""
        tally = self.settle()
        self.values.exchange_averages()
        self.publish(tally)
        self.history.seconds = clock() - self.started
        try:
            self.after.callbacks.end()
        finally:
            self.progress.close(self.history)

    def train(self) -> None:
        """Train until the history says that it has stopped."""
        raise NotImplementedError

    def settle(self) -> Tally:
        """Bring the values to the end of the last whole step, and say how far that is."""
        raise NotImplementedError

    def look(self, tally: Tally) -> None:
        """Do what is due after an epoch; what looks sees averages, where there are some."""
        self.values.exchange_averages()
        try:
            self.after.look(lambda: self.publish(tally))
        finally:
            self.values.exchange_averages()

    def stop_if_asked(self, done: float) -> None:
        """Show that a part `done` is over; stop because it is all, for Ctrl-C, or for the clock."""
        limit, seconds = self.options.time_limit, clock() - self.started
        self.progress.show(done if limit is None else max(done, seconds / limit), self.history)
        if self.history.stopped:
            return
        if done >= 1:
            self.history.stopped = "finished"
        elif self.interrupt.asked:
            self.history.stopped = "interrupted"
        elif limit is not None and seconds >= limit:
            self.history.stopped = "time limit"

    def not_finite(self, error: NotFiniteError) -> NotFiniteError:
        """Give the error with the history."""
        self.history.stopped = "not finite"
        error.history = self.history
        return error
