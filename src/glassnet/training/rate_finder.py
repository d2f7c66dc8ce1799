"""The rate-finder: one short training with a rate that grows from far too small to far too large.

Source: Smith: Cyclical Learning Rates for Training Neural Networks, WACV (2017), section 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glassnet.engines import Work
from glassnet.engines.numpy import NumpyEngine
from glassnet.errors import DescriptionError
from glassnet.rules.entry import FRACTION, POSITIVE, Check, Entry, is_integer, is_number, option
from glassnet.rules.optimizers import Optimizer, Stepping
from glassnet.rules.schedules import Exponential
from glassnet.training.loop import rates_between
from glassnet.values import Values

STEPS = Check(lambda v: is_integer(v) and v >= 10, "a whole number from 10 up")
ABOVE_1 = Check(lambda v: is_number(v) and v > 1, "a number above 1")
PARTS = 10  # the fall is measured over a tenth of the steps: over fewer, chance falls fastest
SURE = 3.0  # a fall over a window is more than chance at so many times what that does
MEDIAN_JUMP = 0.954  # between two normal numbers of deviation 1: 0.6745 · √2
CLEAR = 0.01  # part of the first loss that the fall must be, to be more than chance

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class RateSearch(Entry):
    """Which rates are tried, and when it is enough.

    Raises:
        DescriptionError: an option is out of its range.

    """

    start: float = option(POSITIVE, 1e-7)
    end: float = option(POSITIVE, 10.0)
    steps: int = option(STEPS, 100)
    smoothing: float = option(FRACTION, 0.9)
    explosion: float = option(ABOVE_1, 4.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.start < self.end:
            raise DescriptionError(
                f"start must be below end, got start={self.start!r}, end={self.end!r}"
            )

    def growing(self, optimizer: Optimizer) -> Stepping:
        """Give the optimizer with a rate that grows from `start` at the first step to `end`.

        Raises DescriptionError where it has no learning rate.
        """
        if not isinstance(optimizer, Stepping):
            raise DescriptionError(
                f"{optimizer!r} has no learning rate to be found: take another optimizer, such as"
                " 'adam'"
            )
        last = (self.steps - 1) / self.steps  # the part of a fit that is done before its last step
        end = self.start * (self.end / self.start) ** (1 / last)
        return replace(optimizer, learning_rate=Exponential(self.start, end))


@dataclass(frozen=True, eq=False)
class RateFinding:
    """What a rate-finder found; printed, it is a sentence.

    Args:
        rates: (k,) the learning rates that were tried, one step each.
        losses: (k,) the loss of each step's batch, before its update.
        smoothed: (k,) their running mean, corrected for its beginning at 0 as Adam's are.
        suggestion: the rate at which the smoothed loss falls fastest; None where it does not fall.
        reason: why this rate, or why none; and why no more rates were tried.

    """

    rates: FloatArray
    losses: FloatArray
    smoothed: FloatArray
    suggestion: float | None
    reason: str

    def __str__(self) -> str:
        found = "none" if self.suggestion is None else f"{self.suggestion:.2g}"
        return f"learning rate {found}: {self.reason}"


def find_rate(values: Values, work: Work, search: RateSearch) -> RateFinding:
    """Train with a growing rate until the loss explodes, and look where it fell fastest.

    Args:
        values: of a program whose optimizer is `search.growing(…)`; they are trained, by NumPy,
            as a compiler would take longer than so few steps.
        work: the rows, and how they are taken.
        search: which rates are tried.

    """
    engine = NumpyEngine(values.program)
    rates = rates_between(values.program, 0, search.steps, 0, search.steps)
    losses: list[float] = []
    smoothed, stopped = np.empty(0), ""
    while len(losses) < search.steps and not stopped:
        step = len(losses)
        (loss,) = engine.train(work, values, step, step + 1, rates[step : step + 1])
        if not np.isfinite(loss):
            stopped = "the next loss was not finite"
            break
        losses.append(float(loss))
        smoothed = smooth(np.array(losses), search.smoothing)
        if exploded(smoothed, search.explosion):
            stopped = f"the loss grew to {search.explosion:g} times its lowest"
    tried = rates[: len(losses), 0]
    chance = chance_in(np.array(losses), search.smoothing)
    suggestion, reason = suggested(tried, smoothed, max(1, search.steps // PARTS), chance)
    early = f"it ended after {len(losses)} of {search.steps} steps, as {stopped}"
    reason += f"; {early if stopped else 'every rate was tried'}"
    return RateFinding(tried, np.array(losses), smoothed, suggestion, reason)


def smooth(losses: FloatArray, smoothing: float) -> FloatArray:
    """Give the running mean m ← smoothing · m + (1 − smoothing) · loss, over 1 − smoothing^t.

    >>> smooth(np.array([2.0, 1.0, 1.0]), 0.5).round(4)
    array([2.    , 1.3333, 1.1429])
    """
    mean, means = 0.0, []
    for number, loss in enumerate(losses, start=1):
        mean = smoothing * mean + (1 - smoothing) * float(loss)
        means.append(mean / (1 - smoothing**number))
    return np.array(means)


def exploded(smoothed: FloatArray, explosion: float) -> bool:
    """Whether the last loss is so many times the lowest, or as far above one that is below 0.

    >>> exploded(np.array([2.0, 1.0, 4.1]), 4.0), exploded(np.array([-1.0, 1.9]), 4.0)
    (True, False)
    """
    lowest = smoothed.min()
    return bool(smoothed[-1] > lowest + (explosion - 1) * abs(lowest))


def chance_in(losses: FloatArray, smoothing: float) -> float:
    """Give how far the smoothed losses move by the chance of the batches alone, as a deviation.

    The median jump from step to step tells that of one loss, whether the losses fall or not; a
    running mean of independent numbers keeps √((1 − smoothing) / (1 + smoothing)) of it.

    >>> round(chance_in(np.array([1.0, 1.2, 0.9, 1.1, 1.0]), 0.9), 3)
    0.048
    """
    jump = float(np.median(np.abs(np.diff(losses)))) if len(losses) > 1 else 0.0
    return jump / MEDIAN_JUMP * float(np.sqrt((1 - smoothing) / (1 + smoothing)))


def suggested(
    rates: FloatArray, smoothed: FloatArray, window: int, chance: float = 0.0
) -> tuple[float | None, str]:
    """Give the rate at which the loss falls fastest on the way to its lowest, and say so.

    Rates grow by the same factor from step to step, so equal windows are equal on a log axis. The
    rate is the one in the middle of the steepest window, but at most a tenth of that at the lowest
    loss. The first window is left out: its means are of few losses. A fall that is no clearer than
    what chance does suggests nothing.

    >>> rates = 10.0 ** np.arange(-5, 1)
    >>> suggested(rates, np.array([1.0, 1.0, 0.9, 0.5, 0.4, 3.0]), 1)
    (0.0031622776601683794, 'the loss falls fastest there')
    """
    if not len(smoothed):
        return None, "the first loss is not finite"
    first = min(window, len(smoothed) - 1)
    level, lowest = smoothed[first], first + int(np.argmin(smoothed[first:]))
    fall = level - smoothed[lowest]
    if fall < CLEAR * abs(level):
        return None, "the loss does not fall at any rate"
    ends = np.minimum(np.arange(first, lowest) + window, lowest)
    falls = smoothed[first:lowest] - smoothed[ends]
    steepest = int(np.argmax(falls))
    if min(fall / 2, falls[steepest]) < SURE * chance:
        return None, "the loss does not fall further than chance takes it: try larger batches"
    middle = np.sqrt(rates[first + steepest] * rates[ends[steepest]])
    if middle > rates[lowest] / 10:
        return float(rates[lowest] / 10), "a tenth of the rate at which the loss is lowest"
    return float(middle), "the loss falls fastest there"
