"""The loop: the engine runs for a moment, then it is seen to what is due, and so on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.engines import Work
from glassnet.history import Tally
from glassnet.rules.losses import LOSSES
from glassnet.rules.optimizers import Optimizer
from glassnet.rules.schedules import Constant
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

    def train(self) -> None:
        """Do chunk after chunk."""
        self.guard = Guard(self.engine, self.values, self.work, self.rates)
        if not self.guard.is_good():
            self._fail(0)
        self.factors.set(0, self.history.rate_factor)
        while not self.history.stopped:
            self._chunk()
            self.stop_if_asked(self.step / self.steps)
        if not self.guard.keep(self.step, 0.0, always=True):
            self._fail(self.step)

    def _chunk(self) -> None:
        """Let the engine run for a moment; then record, check, and do what is due."""
        first, last = self.step, self._end_of_chunk()
        started = clock()
        losses = self._run_engine(first, last)
        seconds = clock() - started
        if len(losses) < last - first or not np.isfinite(losses[-1]):
            self._fail(first + len(losses), losses)
        self.pace.measured(last - first, seconds)
        self.step = last
        if not self.guard.keep(last, seconds):
            self._fail(last)
        if self._record(losses):
            self.look(self._tally())
            self._keep_what_callbacks_set()

    def _keep_what_callbacks_set(self) -> None:
        """Steps that are done again must begin where they began."""
        if not self.after.callbacks.due():
            return
        if not self.guard.keep(self.step, 0.0, always=True):
            self._fail(self.step)
        self.factors.set(self.step, self.history.rate_factor)

    def _end_of_chunk(self) -> int:
        per_epoch = self.work.batches.per_epoch
        stop = self.after.next_stop(self.step // per_epoch) * per_epoch
        return min(stop, self.step + self.pace.steps)

    def _run_engine(self, first: int, last: int) -> NDArray[Any]:
        """Do steps; if anything gets in between, go back to where they began."""
        try:
            return self.engine.train(self.work, self.values, first, last, self.rates(first, last))
        except BaseException:
            self.guard.go_to_copy()
            self.step = self.guard.step
            self.guard.go_to(first)
            self.step = first
            raise

    def _record(self, losses: NDArray[Any]) -> bool:
        """Record the epochs that these losses complete; say whether training stands after one."""
        per_epoch = self.work.batches.per_epoch
        together = np.concatenate([self._part, losses])  # float64
        whole = len(together) // per_epoch
        self._part = together[whole * per_epoch :]
        if whole:
            first = self.history.epochs
            epochs = together[: whole * per_epoch].reshape(whole, per_epoch)
            ends = range((first + 1) * per_epoch - 1, (first + whole) * per_epoch, per_epoch)
            rates = learning_rates(self.options.optimizer, self.steps, ends)
            self.history.record(
                loss=self._epoch_losses(epochs, first),
                learning_rate=rates * self.factors.at(np.array(ends)),
            )
        return not len(self._part)

    def _epoch_losses(self, losses: NDArray[np.float64], first: int) -> NDArray[np.float64]:
        """Give the mean over each epoch's batches (epochs, per_epoch), by weight, or their sum."""
        if LOSSES[self.values.program.description.loss].rows == "sum":
            return np.asarray(np.sum(losses, axis=1))
        epochs = range(first, first + len(losses))
        return np.asarray(np.sum(losses * batch_shares(self.work, epochs), axis=1))

    def _fail(self, bad: int, losses: NDArray[Any] | None = None) -> None:
        """Raise the error for values or losses, of this chunk, not finite after step `bad`."""
        first = self.step
        self.step, error = self.guard.stop(bad)
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

    def rates(self, first: int, last: int) -> NDArray[np.float64]:
        """Give what changes from step to step, for the steps first … last − 1 of this fit."""
        optimizer = self.options.optimizer
        rates = rates_between(optimizer, self.before.steps, self.steps, first, last)
        rates[:, 0] *= self.factors.at(np.arange(first, last))
        return rates


def rates_between(
    optimizer: Optimizer, steps_before: int, steps: int, first: int, last: int
) -> NDArray[np.float64]:
    """Give the rates (last − first, number of rates) of some steps of a fit.

    Args:
        optimizer: whose rates.
        steps_before: its steps in earlier fits.
        steps: of this fit in all.
        first: number of the first step in this fit, from 0.
        last: number after the last one.

    Example:
        >>> from glassnet.rules.optimizers import SGD
        >>> rates_between(SGD(0.1), 0, 100, 2, 4)
        array([[0.1],
               [0.1]])

    """
    rates_at: Callable[..., Any] = optimizer.own_rates_at  # of one step, or of an array of steps
    numbers = steps_before + 1.0 + np.arange(first, last)
    ends = [
        float(np.ravel(rate)[-1] - np.ravel(rate)[0]) for rate in rates_at(numbers[[0, -1]], 0.0)
    ]
    # Corrections of moments end at exactly 1; what is equal at both ends need not be computed.
    shown = numbers if any(ends) else numbers[:1]
    rates = np.empty((last - first, len(optimizer.rate_names())))
    for column, rate in enumerate(rates_at(shown, 0.0)):
        rates[:, column] = rate
    if not isinstance(optimizer.schedule, Constant):
        rates[:, 0] = learning_rates(optimizer, steps, range(first, last))
    if optimizer.averaging is not None:
        rates[:, -1] = optimizer.averaging.share(numbers, np.arange(first, last), steps)
    return rates


def learning_rates(optimizer: Optimizer, steps: int, which: range) -> NDArray[np.float64]:
    """Give the learning rate of some of the steps of a fit, which are counted from 0."""
    schedule = optimizer.schedule
    if isinstance(schedule, Constant):
        return np.full(len(which), schedule.value)
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
