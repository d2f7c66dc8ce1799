"""Schedules: the learning rate as a function of how much of the training is done."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from glassnet.errors import unknown_name
from glassnet.rules.entry import (
    COUNT,
    FRACTION,
    NOT_NEGATIVE,
    POSITIVE,
    Check,
    Entry,
    is_number,
    option,
)

FACTOR = Check(lambda v: is_number(v) and v >= 1, "a number from 1 up")
SHARE = Check(lambda v: is_number(v) and 0 < v < 1, "a number above 0 and below 1")


@dataclass(frozen=True, repr=False)
class Schedule(Entry):
    """A learning rate for each step of a fit."""

    def rate(self, done: float) -> float:
        """Give the rate when a part `done` of the steps, from 0 to below 1, lies behind."""
        raise NotImplementedError


@dataclass(frozen=True, repr=False)
class Constant(Schedule):
    """The same rate at every step."""

    value: float = option(NOT_NEGATIVE)

    def rate(self, done: float) -> float:
        """Give the value."""
        return self.value


# ------------------------------------------------------------------- from high to low, once


@dataclass(frozen=True, repr=False)
class TimeDecay(Schedule):
    """Divided by what grows evenly with time: start / (1 + decay·done).

    Source: Robbins, Monro: Annals of Mathematical Statistics 22 (1951).

    Example:
        >>> [round(TimeDecay(0.1).rate(done), 4) for done in (0, 0.5, 1)]
        [0.1, 0.0182, 0.01]

    """

    start: float = option(POSITIVE)
    decay: float = option(NOT_NEGATIVE, 9.0)

    def rate(self, done: float) -> float:
        """Give the rate, which is start / (1 + decay) at the end."""
        return self.start / (1 + self.decay * done)


@dataclass(frozen=True, repr=False)
class Step(Schedule):
    """Down a stair of `count` equally long steps: start·factor^⌊count·done⌋.

    PyTorch's StepLR, with its step_size as a part of the whole training.

    Example:
        >>> [round(Step(0.1).rate(done), 4) for done in (0, 0.5, 0.75)]
        [0.1, 0.01, 0.001]

    """

    start: float = option(POSITIVE)
    factor: float = option(SHARE, 0.1)
    count: int = option(COUNT, 3)

    def rate(self, done: float) -> float:
        """Give the rate of this step of the stair."""
        # 0.29 · 100 is a little below 29 in floats, and done is rarely so near a stair's edge.
        return self.start * self.factor ** math.floor(self.count * done + 1e-9)


@dataclass(frozen=True, repr=False)
class Exponential(Schedule):
    """From `start` to `end` by the same factor at every step: start·(end/start)^done.

    PyTorch's ExponentialLR, with gamma = (end/start)^(1/steps).

    Example:
        >>> [round(Exponential(0.1, 0.001).rate(done), 4) for done in (0, 0.5, 1)]
        [0.1, 0.01, 0.001]

    """

    start: float = option(POSITIVE)
    end: float = option(POSITIVE, 1e-4)

    def rate(self, done: float) -> float:
        """Give the rate at this point of the curve."""
        return self.start * math.pow(self.end / self.start, done)


@dataclass(frozen=True, repr=False)
class Polynomial(Schedule):
    """From `start` to `end` along a power: end + (start − end)·(1 − done)^power; 1 is a line.

    PyTorch's PolynomialLR where end is 0.

    Example:
        >>> [round(Polynomial(0.1, power=2).rate(done), 4) for done in (0, 0.5, 1)]
        [0.1, 0.025, 0.0]

    """

    start: float = option(POSITIVE)
    end: float = option(NOT_NEGATIVE, 0.0)
    power: float = option(POSITIVE, 1.0)

    def rate(self, done: float) -> float:
        """Give the rate at this point of the curve."""
        return self.end + (self.start - self.end) * math.pow(1 - done, self.power)


@dataclass(frozen=True, repr=False)
class Cosine(Schedule):
    """From `start` down to `end` along half a cosine: end + (start − end)·(1 + cos(π·done))/2.

    Source: Loshchilov, Hutter: SGDR (2017), without restarts.

    Example:
        >>> [round(Cosine(0.1).rate(done), 4) for done in (0, 0.5, 0.75)]
        [0.1, 0.05, 0.0146]

    """

    start: float = option(POSITIVE)
    end: float = option(NOT_NEGATIVE, 0.0)

    def rate(self, done: float) -> float:
        """Give the rate at this point of the half cosine."""
        return _along_cosine(self.start, self.end, done)


@dataclass(frozen=True, repr=False)
class FlatCosine(Schedule):
    """At `start` for the part `flat` of the training, then down to `end` along half a cosine.

    Source: Holzmüller, Grinsztajn, Steinwart: RealMLP (2024), where flat is a half.

    Example:
        >>> [round(FlatCosine(0.1).rate(done), 4) for done in (0, 0.5, 0.75)]
        [0.1, 0.1, 0.05]

    """

    start: float = option(POSITIVE)
    end: float = option(NOT_NEGATIVE, 0.0)
    flat: float = option(FRACTION, 0.5)

    def rate(self, done: float) -> float:
        """Give the rate: flat, or at this point of the half cosine."""
        return _along_cosine(self.start, self.end, max(0.0, (done - self.flat) / (1 - self.flat)))


# ------------------------------------------------------------------------------ up and down


@dataclass(frozen=True, repr=False)
class CosineRestarts(Schedule):
    """Half a cosine from `start` to `end`, `cycles` times, each `longer` times as long as before.

    PyTorch's CosineAnnealingWarmRestarts, with its T_mult as `longer`.
    Source: Loshchilov, Hutter: SGDR (2017).

    Example:
        >>> twice = CosineRestarts(0.1, cycles=2, longer=1)
        >>> [round(twice.rate(done), 4) for done in (0, 0.25, 0.5, 0.75)]
        [0.1, 0.05, 0.1, 0.05]

    """

    start: float = option(POSITIVE)
    end: float = option(NOT_NEGATIVE, 0.0)
    cycles: int = option(COUNT, 3)
    longer: float = option(FACTOR, 2.0)

    def rate(self, done: float) -> float:
        """Give the rate at this point of the cycle under way."""
        lengths = [self.longer**k for k in range(self.cycles)]
        place = done * sum(lengths) + 1e-9  # rounding must not put a restart one step too late
        for length in lengths[:-1]:
            if place < length:
                break
            place -= length
        else:
            length = lengths[-1]
        return _along_cosine(self.start, self.end, min(1.0, max(0.0, place - 1e-9) / length))


@dataclass(frozen=True, repr=False)
class OneCycle(Schedule):
    """Up to `highest` along half a cosine for the part `rise`, then down along another.

    It begins at highest·first and ends at highest·last, as PyTorch's OneCycleLR (whose
    final_div_factor counts from the first rate). Source: Smith, Topin: Super-Convergence (2018).

    Example:
        >>> [round(OneCycle(0.1).rate(done), 4) for done in (0, 0.15, 0.3, 0.65)]
        [0.004, 0.052, 0.1, 0.05]

    """

    highest: float = option(POSITIVE)
    rise: float = option(SHARE, 0.3)
    first: float = option(SHARE, 0.04)
    last: float = option(SHARE, 4e-6)

    def rate(self, done: float) -> float:
        """Give the rate on the way up or down."""
        if done < self.rise:
            return _along_cosine(self.first * self.highest, self.highest, done / self.rise)
        left = (done - self.rise) / (1 - self.rise)
        return _along_cosine(self.highest, self.last * self.highest, left)


@dataclass(frozen=True, repr=False)
class CosLog4(Schedule):
    """Four waves from 0 up to `highest`, each twice as long: (1 − cos(2π·log2(1 + 15·done)))/2.

    Source: Holzmüller, Grinsztajn, Steinwart: RealMLP (2024).

    Example:
        >>> [round(CosLog4(0.1).rate(done), 4) for done in (0, 1 / 15, 0.122, 0.2, 0.5)]
        [0.0, 0.0, 0.1, 0.0, 0.0074]

    """

    highest: float = option(POSITIVE)

    def rate(self, done: float) -> float:
        """Give the rate at this point of the wave under way."""
        return self.highest * (1 - math.cos(2 * math.pi * math.log2(1 + 15 * done))) / 2


def _along_cosine(start: float, end: float, done: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * done)) / 2


# ------------------------------------------------------------------------ before another one


@dataclass(frozen=True, repr=False)
class WarmUp(Schedule):
    """For the first `part` evenly up to the rate that another schedule begins with, then that.

    The rise begins at `first` times that rate; the other schedule has the rest of the training for
    the whole of its way. Source: Goyal and others: Accurate, Large Minibatch SGD (2017).

    Example:
        >>> [round(WarmUp(Cosine(0.1)).rate(done), 4) for done in (0, 0.05, 0.1, 0.55)]
        [0.0, 0.05, 0.1, 0.05]

    """

    then: Schedule | float = option(
        Check(
            lambda v: (
                NOT_NEGATIVE.holds(v) or (isinstance(v, Schedule) and not isinstance(v, WarmUp))
            ),
            "a number from 0 up, or a schedule other than a WarmUp",
        )
    )
    part: float = option(SHARE, 0.1)
    first: float = option(FRACTION, 0.0)

    def rate(self, done: float) -> float:
        """Give the rate on the way up, or the other schedule's."""
        then = self.then if isinstance(self.then, Schedule) else Constant(self.then)
        if done < self.part:
            return then.rate(0.0) * (self.first + (1 - self.first) * done / self.part)
        return then.rate((done - self.part) / (1 - self.part))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Any:
        """Make the schedule again from plain data."""
        if isinstance(data.get("then"), dict):
            if data["then"].get("name") == cls.__name__:  # however deep: refused before it is made
                data = {**data, "then": None}
            else:
                data = {**data, "then": schedule_from_json(data["then"])}
        return super().from_json(data)


SCHEDULES: dict[str, type[Schedule]] = {
    s.__name__: s
    for s in (
        Constant,
        TimeDecay,
        Step,
        Exponential,
        Polynomial,
        Cosine,
        CosineRestarts,
        OneCycle,
        CosLog4,
        FlatCosine,
        WarmUp,
    )
}


def schedule_from_json(data: Mapping[str, Any]) -> Schedule:
    """Make a schedule again from plain data.

    Raises DescriptionError for an unknown name.

    >>> schedule_from_json({"name": "Cosine", "start": 0.1})
    Cosine(0.1)
    """
    name = data.get("name")
    if not isinstance(name, str) or name not in SCHEDULES:
        raise unknown_name("schedule", name, SCHEDULES)
    return SCHEDULES[name].from_json(data)
