"""Schedules: the learning rate as a function of how much of the training is done."""

from __future__ import annotations

import math
from dataclasses import dataclass

from glassnet.rules.entry import POSITIVE, Check, Entry, is_number, option

NOT_NEGATIVE = Check(lambda v: is_number(v) and v >= 0, "a number from 0 up")


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
        return self.end + (self.start - self.end) * (1 + math.cos(math.pi * done)) / 2


SCHEDULES: dict[str, type[Schedule]] = {s.__name__: s for s in (Constant, Cosine)}
