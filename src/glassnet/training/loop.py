"""The loop: the engine runs for a moment, then it is seen to what is due, and so on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.engines import Work
from glassnet.history import Tally
from glassnet.program import Program
from glassnet.rules.schedules import Schedule
from glassnet.training.guard import Guard
from glassnet.training.pace import Pace
from glassnet.training.rate_factor import RateFactors
from glassnet.training.run import Run, clock


class Loop(Run):
    """Trains with an optimizer that has update lines."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.step = 0  # steps of this fit that are done
        self.steps = self.options.epochs * self.work.batches.per_epoch
        self.pace = Pace()
        self.factors = RateFactors()
        self._part: NDArray[Any] = np.empty(0)  # losses of the epoch under way
        program = self.values.program
        watching = {name: s for name, s in program.schedules.items() if s.watches_loss}
        self.watching = bool(watching)
        self._schedules = {0: watching}  # by epoch, as far as they are known and needed

    def train(self) -> None:
        """Do chunk after chunk."""
        self.check_beginning()
        waiting = self.engine.seconds_to_wait(self.work)
        if waiting:
            self.progress.wait(waiting)
        while not self.history.stopped:
            self._chunk()
            self.stop_if_asked(self.done)
        if self.engine.note:
            self.history.engine_reason += f"; {self.engine.note}"
        self.check_end()

    @property
    def done(self) -> float:
        """The part of the steps that is done."""
        return self.step / self.steps

    def check_beginning(self) -> None:
        """Raise NotFiniteError where training begins with values that are not finite."""
        self.tape.start(self.values)
        self.guard = Guard(self.engine, self.values, self.work, self.rates)
        if not self.guard.is_good():
            self._fail(0)
        self.factors.set(0, self.history.rate_factor)

    def check_end(self) -> None:
        """Raise NotFiniteError where it ends with such."""
        if not self.guard.is_good():
            self._fail(self.step)

    def _chunk(self) -> None:
        """Let the engine run for a moment; then record, check, and do what is due."""
        first, last = self.step, min(self.next_stop, self.step + self.pace.steps)
        started = clock()
        try:
            losses = self.engine.train(self.work, self.values, first, last, self.rates(first, last))
        except BaseException:
            self.go_back_to(first)
            raise
        seconds = clock() - started
        self.pace.measured(last - first, seconds)
        self.took(losses, last, seconds)

    @property
    def next_stop(self) -> int:
        """The next step after which something is to be done."""
        per_epoch = self.work.batches.per_epoch
        epoch = self.step // per_epoch
        return (epoch + 1 if self.watching else self.after.next_stop(epoch)) * per_epoch

    def go_back_to(self, first: int) -> None:
        """Bring the values back to the step where a chunk began that something got in between."""
        self.guard.go_to_copy()
        self.step = self.guard.step
        self.guard.go_to(first)
        self.step = first

    def took(self, losses: NDArray[Any], last: int, seconds: float) -> None:
        """Record the losses of a chunk up to the step `last`, check, and do what is due."""
        first = self.step
        if len(losses) < last - first or not np.isfinite(losses[-1]):
            self._fail(first + len(losses), losses)
        self.step = last
        if not self.guard.keep(last, seconds):
            self._fail(last)
        if self._record(losses):
            self.tape.before_callbacks(self.values)
            self.look(self._tally())
            self._keep_what_callbacks_set()
            self.tape.after_callbacks(self.step, self.values)
        self.tape.keep(self.step, self.values)

    def _keep_what_callbacks_set(self) -> None:
        """Steps that are done again must begin where they began."""
        if not self.after.callbacks.due():
            return
        if not self.guard.keep(self.step, 0.0, always=True):
            self._fail(self.step)
        self.factors.set(self.step, self.history.rate_factor)

    def _record(self, losses: NDArray[Any]) -> bool:
        """Record the epochs that these losses complete; say whether training stands after one."""
        per_epoch = self.work.batches.per_epoch
        together = np.concatenate([self._part, losses]) if len(self._part) else losses
        whole = len(together) // per_epoch
        self._part = together[whole * per_epoch :]
        if whole:
            first = self.history.epochs
            epochs = together[: whole * per_epoch].reshape(whole, per_epoch)
            ends = range((first + 1) * per_epoch - 1, (first + whole) * per_epoch, per_epoch)
            rates = self._rates_of(ends)
            self.history.record(
                loss=self._epoch_losses(epochs, first),
                learning_rate=rates.pop("learning_rate")
                * self.factors.at(np.arange(ends.start, ends.stop, ends.step)),
                rates=rates,
            )
        return not len(self._part)

    def _epoch_losses(self, losses: NDArray[Any], first: int) -> NDArray[np.float64]:
        """Give the mean over each epoch's batches (epochs, per_epoch), by weight, or their sum."""
        if self.values.program.description.loss.rows == "sum":
            return np.asarray(np.sum(losses, axis=1, dtype=np.float64))
        batches = self.work.batches
        if self.work.weights is None and batches.rows % batches.size == 0:
            return np.asarray(np.mean(losses, axis=1, dtype=np.float64))
        epochs = range(first, first + len(losses))
        return np.asarray(np.sum(losses * batch_shares(self.work, epochs), axis=1))

    def _fail(self, bad: int, losses: NDArray[Any] | None = None) -> None:
        """Raise the error for values or losses, of this chunk, not finite after step `bad`."""
        first = self.step
        self.step, error = self.guard.stop(bad)
        self.tape.cut(self.step)
        if losses is not None:
            self._record(losses[: max(0, self.step - first)])
        best = self.history.best_epoch or 0  # its weights are put back yet
        self.history.cut(max(self.step // self.work.batches.per_epoch, best))
        raise self.not_finite(error)

    def settle(self) -> Tally:
        """Say how far training is; the values stand there already."""
        return self._tally()

    def _tally(self) -> Tally:
        epochs = -(-self.step // self.work.batches.per_epoch)  # what was begun is not begun again
        return Tally(self.before.epochs + epochs, self.before.steps + self.step)

    # --------------------------------------------------------- what changes from step to step

    def rates(self, first: int, last: int) -> NDArray[np.float64]:
        """Give what changes from step to step, for the steps first … last − 1 of this fit."""
        program = self.values.program
        rates = rates_between(program, self.before.steps, self.steps, first, last)
        found = self._watching_rates_of(range(first, last))
        rates = np.array(rates) if found else rates
        for name, numbers in found.items():
            rates[:, program.all_rate_names.index(name)] = numbers
        if self.factors.any_set:
            rates = np.array(rates)
            rates[:, 0] *= self.factors.at(np.arange(first, last))
        return rates

    def _rates_of(self, which: range) -> dict[str, NDArray[np.float64]]:
        """Give what schedules give some steps of this fit, and in any case the learning rate."""
        schedules = {"learning_rate": self.options.optimizer.schedule}
        found = {
            name: scheduled_rates(schedule, self.steps, which)
            for name, schedule in (schedules | self.values.program.schedules).items()
        }
        return found | self._watching_rates_of(which)

    def _watching_rates_of(self, which: range) -> dict[str, NDArray[np.float64]]:
        """Give what those schedules give some steps that watch the loss."""
        found = {name: np.empty(len(which)) for name in self._schedules[max(self._schedules)]}
        if self.watching:
            epochs = np.asarray(which) // self.work.batches.per_epoch
            for epoch in np.unique(epochs).tolist():
                part = slice(*np.searchsorted(epochs, (epoch, epoch + 1)).tolist())
                for name, schedule in self.schedules_in(epoch):
                    found[name][part] = scheduled_rates(schedule, self.steps, which[part])
        return found

    def schedules_in(self, epoch: int) -> Iterable[tuple[str, Schedule]]:
        """Give the schedules that hold in an epoch, by the losses of those before it."""
        history, known = self.history, self._schedules
        watched = history.loss if self.after.held_out is None else history.validation_loss
        for last in range(max(known), epoch):
            loss = float(watched[last])
            known[last + 1] = {name: s.following(loss) for name, s in known[last].items()}
        oldest = self.guard.earlier_step // self.work.batches.per_epoch  # that may be done again
        for passed in [e for e in known if e < oldest and not self.tape.keeps]:
            del known[passed]
        return known[epoch].items()


def rates_between(
    program: Program, steps_before: int, steps: int, first: int, last: int
) -> NDArray[np.float64]:
    """Give the rates (last − first, number of rates) of some steps of a fit.

    Where nothing changes from step to step they are one row, shown for every step (a stride of 0):
    to be read, not written. Schedules that watch the loss are taken as they begin.

    Args:
        program: whose rates, in the order of its `all_rate_names`.
        steps_before: the optimizer's steps in earlier fits.
        steps: of this fit in all.
        first: number of the first step in this fit, from 0.
        last: number after the last one.

    Example:
        >>> from glassnet.description import Description
        >>> from glassnet.rules.optimizers import SGD
        >>> program = Program(Description.read("2-1 sigmoid"), SGD(0.1))
        >>> rates_between(program, 0, 100, 2, 4)
        array([[0.1],
               [0.1]])

    """
    optimizer = program.optimizer
    rates_at: Callable[..., Any] = optimizer.own_rates_at  # of one step, or of an array of steps
    ends = [
        float(np.ravel(rate)[-1] - np.ravel(rate)[0])
        for rate in rates_at(steps_before + np.array([first + 1.0, last]), 0.0)
    ]
    steady = all(schedule.is_steady for schedule in program.schedules.values())
    same = steady and not any(ends) and optimizer.averaging is None
    which = range(first, first + 1 if same else last)
    rates = np.empty((len(which), len(program.all_rate_names)))
    numbers = steps_before + 1.0 + np.arange(which.start, which.stop)
    # Corrections of moments end at exactly 1; what is equal at both ends need not be computed.
    shown = numbers if any(ends) else numbers[:1]
    for column, rate in enumerate(rates_at(shown, 0.0)):
        rates[:, column] = rate
    for name, schedule in program.schedules.items():
        column = program.all_rate_names.index(name)
        rates[:, column] = scheduled_rates(schedule, steps, which)
    if optimizer.averaging is not None:
        column = program.all_rate_names.index("average_share")
        rates[:, column] = optimizer.averaging.share(numbers, np.arange(first, last), steps)
    return np.broadcast_to(rates, (last - first, rates.shape[1])) if same else rates


def scheduled_rates(schedule: Schedule, steps: int, which: range) -> NDArray[np.float64]:
    """Give what a schedule gives for some of the steps of a fit, which are counted from 0."""
    if schedule.is_steady:
        return np.full(len(which), schedule.rate(0.0))
    return np.array([schedule.rate(k / steps) for k in which])


def batch_shares(work: Work, epochs: range) -> NDArray[np.float64]:
    """Give the part of an epoch's weight in each of its batches: (epochs or 1, per_epoch)."""
    batches = work.batches
    starts = np.arange(batches.per_epoch) * batches.size
    if work.weights is None or batches.per_epoch == 1:
        return np.diff(np.append(starts, batches.rows))[None, :] / batches.rows
    weights = work.weights.astype(np.float64)
    sums = [np.add.reduceat(weights[batches.order(work.epochs_before + e)], starts) for e in epochs]
    return np.array(sums) / np.sum(weights)
