"""Schedules: a number, such as the learning rate, as a function of how much training is done."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from glassnet.errors import DescriptionError, unknown_name
from glassnet.rules.entry import (
    COUNT,
    FLAG,
    FRACTION,
    NOT_NEGATIVE,
    POSITIVE,
    SHARE,
    WHOLE,
    Check,
    Entry,
    is_integer,
    is_number,
    option,
)
from glassnet.rules.stall import Stall, stalled

CYCLES = Check(
    lambda v: is_integer(v) and 1 <= v <= 10_000, "a whole number from 1 to 10000"
)  # they are listed, and a file may name any number
FACTOR = Check(lambda v: is_number(v) and v >= 1, "a number from 1 up")


@dataclass(frozen=True, repr=False)
class Schedule(Entry):
    """A number for each step of a fit: a learning rate, a momentum, a weight decay, a dropout."""

    def rate(self, done: float) -> float:
        """Give the rate when a part `done` of the steps, from 0 to below 1, lies behind."""
        raise NotImplementedError

    @property
    def is_steady(self) -> bool:
        """Whether it gives one rate, however much is done: then no step need be asked for."""
        return False

    @property
    def watches_loss(self) -> bool:
        """Whether the loss of an epoch has a say in what comes after it."""
        return False

    def following(self, loss: float) -> Schedule:
        """Give the schedule that holds after one more epoch, which ended with this loss."""
        return self

    def turns(self) -> Iterator[float]:
        """Give parts of the training at which the rate may be highest or lowest."""
        yield from (k / 100 for k in range(101))

    def rates(self) -> Iterator[tuple[float, float]]:
        """Give pairs of done and rate, the highest and the lowest rate among them."""
        yield from ((done, self.rate(done)) for done in self.turns())


@dataclass(frozen=True)
class Scheduled(Check):
    """The check of an option that is a number, or a schedule of such numbers."""

    number: Check

    def received(self, value: Any) -> str:
        """Say what was given; of a schedule, when it leaves its range."""
        if not isinstance(value, Schedule):
            return repr(value)
        try:
            done, rate = next(pair for pair in value.rates() if not self.number.holds(pair[1]))
        except OverflowError:
            return f"{value!r}, whose numbers no float can hold"
        return f"{value!r}, which is {rate:.6g} when {100 * done:.3g}% of the training is done"


def scheduled(number: Check) -> Scheduled:
    """Give the check of an option that may be a schedule whose every rate passes a check.

    >>> scheduled(FRACTION).holds(OneCycle(0.95)), scheduled(FRACTION).holds(OneCycle(1.0))
    (True, False)
    """

    def holds(given: Any) -> bool:
        if not isinstance(given, Schedule):
            return number.holds(given)
        try:
            return all(number.holds(rate) for _, rate in given.rates())
        except OverflowError:
            return False

    return Scheduled(holds, f"{number.wanted}, or a schedule of such numbers", number)


NOT_NEGATIVES = scheduled(NOT_NEGATIVE)
FRACTIONS = scheduled(FRACTION)


def schedule_of(given: float | Schedule) -> Schedule:
    """Give a schedule as it is, and a number as a Constant.

    >>> schedule_of(0.1), schedule_of(Cosine(0.1))
    (Constant(0.1), Cosine(0.1))
    """
    return given if isinstance(given, Schedule) else Constant(given)


@dataclass(frozen=True, repr=False)
class Constant(Schedule):
    """The same rate at every step."""

    value: float = option(NOT_NEGATIVE)

    @property
    def is_steady(self) -> bool:
        """It is."""
        return True

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

    Raises:
        DescriptionError: an option is out of range, or the cycles grow beyond every float.

    Example:
        >>> twice = CosineRestarts(0.1, cycles=2, longer=1)
        >>> [round(twice.rate(done), 4) for done in (0, 0.25, 0.5, 0.75)]
        [0.1, 0.05, 0.1, 0.05]

    """

    start: float = option(POSITIVE)
    end: float = option(NOT_NEGATIVE, 0.0)
    cycles: int = option(CYCLES, 3)
    longer: float = option(FACTOR, 2.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            whole = sum(self._lengths)
        except OverflowError:
            whole = math.inf
        if not math.isfinite(whole):
            raise DescriptionError(
                f"CosineRestarts: {self.cycles} cycles, each {self.longer!r} times as long as the"
                " one before, whose lengths together no float can hold: take fewer cycles, or a"
                " smaller longer"
            )

    @cached_property
    def _lengths(self) -> tuple[float, ...]:
        return tuple(float(self.longer) ** k for k in range(self.cycles))

    def rate(self, done: float) -> float:
        """Give the rate at this point of the cycle under way."""
        lengths = self._lengths
        place = done * sum(lengths) + 1e-9  # rounding must not put a restart one step too late
        for length in lengths[:-1]:
            if place < length:
                break
            place -= length
        else:
            length = lengths[-1]
        return _along_cosine(self.start, self.end, min(1.0, max(0.0, place - 1e-9) / length))

    def rates(self) -> Iterator[tuple[float, float]]:
        """Give beginning and end: no cycle comes above the one, or below the other."""
        yield from ((0.0, self.start), (1.0, self.end))


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

    def turns(self) -> Iterator[float]:
        """Give the top, beside the usual places."""
        yield from (self.rise, *super().turns())


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

    def turns(self) -> Iterator[float]:
        """Give the tops of the four waves, beside the usual places."""
        yield from (*((2 ** (wave + 0.5) - 1) / 15 for wave in range(4)), *super().turns())


def _along_cosine(start: float, end: float, done: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * done)) / 2


# ------------------------------------------------------------------------- by the loss so far


@dataclass(frozen=True, repr=False)
class Plateau(Schedule):
    """At `start`, and times `factor` whenever the loss has not fallen for `patience` epochs.

    It looks at the validation loss, or without one at the training loss, after each epoch of a
    fit. A loss counts as lower where it is so by at least `threshold`, as a part of the best loss,
    or where not `relative`, as a loss; after each change, `cooldown` epochs are not counted; the
    rate never comes below `lowest`, and stays where it would change by `least` or less. As
    PyTorch's ReduceLROnPlateau, with its min_lr as `lowest` and its eps as `least`.

    Example:
        >>> later = Plateau(0.1, patience=1)
        >>> for loss in (1.0, 0.5, 0.6, 0.55):
        ...     later = later.following(loss)
        >>> Plateau(0.1, patience=1).rate(0.0), round(later.rate(0.5), 4)
        (0.1, 0.01)

    """

    start: float = option(POSITIVE)
    factor: float = option(SHARE, 0.1)
    patience: int = option(WHOLE, 10)
    threshold: float = option(NOT_NEGATIVE, 1e-4)
    relative: bool = option(FLAG, True)
    cooldown: int = option(WHOLE, 0)
    lowest: float = option(NOT_NEGATIVE, 0.0)
    least: float = option(NOT_NEGATIVE, 1e-8)

    @property
    def is_steady(self) -> bool:
        """It is, from one loss to the next."""
        return True

    def rate(self, done: float) -> float:
        """Give the rate before any loss is known; `following` gives what comes after."""
        return self.start

    def rates(self) -> Iterator[tuple[float, float]]:
        """Give the rate at the beginning, and the lowest that it can come to."""
        yield from ((0.0, self.start), (1.0, min(self.start, self.lowest)))

    @property
    def watches_loss(self) -> bool:
        """It does."""
        return True

    def following(self, loss: float) -> Schedule:
        """Give the schedule after the first epoch."""
        return _OnPlateau(self, self.start, Stall()).following(loss)


@dataclass(frozen=True, repr=False)
class _OnPlateau(Schedule):
    """A Plateau after some epochs: its rate now, and what it knows of their losses."""

    of: Plateau
    now: float
    stall: Stall

    @property
    def is_steady(self) -> bool:
        """It is, until the next epoch ends."""
        return True

    def rate(self, done: float) -> float:
        """Give the rate until the next epoch ends."""
        return self.now

    @property
    def watches_loss(self) -> bool:
        """It does."""
        return True

    def following(self, loss: float) -> Schedule:
        """Give the schedule after one more epoch."""
        of = self.of
        stall, too_long = stalled(
            self.stall,
            loss,
            patience=of.patience,
            threshold=of.threshold,
            relative=of.relative,
            cooldown=of.cooldown,
        )
        lower = max(self.now * of.factor, of.lowest) if too_long else self.now
        return _OnPlateau(of, lower if self.now - lower > of.least else self.now, stall)


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
        then = schedule_of(self.then)
        if done < self.part:
            return then.rate(0.0) * (self.first + (1 - self.first) * done / self.part)
        return then.rate((done - self.part) / (1 - self.part))

    def rates(self) -> Iterator[tuple[float, float]]:
        """Give the rate at the beginning, and the pairs of the other schedule."""
        yield 0.0, self.rate(0.0)
        yield from (
            (self.part + (1 - self.part) * done, rate)
            for done, rate in schedule_of(self.then).rates()
        )

    @property
    def watches_loss(self) -> bool:
        """Whether the other schedule does."""
        return schedule_of(self.then).watches_loss

    def following(self, loss: float) -> Schedule:
        """Give the same warm-up before what follows of the other schedule."""
        return replace(self, then=schedule_of(self.then).following(loss))

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
        Plateau,
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


def with_schedules(kind: type[Entry], data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give plain data of an entry with the schedules among its options made again."""
    made = {
        f.name: schedule_from_json(data[f.name])
        for f in dataclasses.fields(kind)
        if isinstance(f.metadata.get("check"), Scheduled) and isinstance(data.get(f.name), dict)
    }
    return {**data, **made}
