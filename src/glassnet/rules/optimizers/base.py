"""What every optimizer has: its rates, the line that it writes, and weight decay.

In a line, {p} is the parameter, d{p} its gradient, and {name} a state array of the parameter's own
shape, all zeros at first. Names of `rates` are numbers that change from step to step: the learning
rate, and whatever else `rates_at` gives.
"""

# ruff: noqa: D103 - each rule is described by the optimizer that writes it

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np

from glassnet.rules.entry import FRACTION, POSITIVE, Check, Entry, is_number, option
from glassnet.rules.schedules import NOT_NEGATIVE, Constant, Schedule, schedule_from_json

# What a parameter is: a Dense layer's W or b, what a norm scales and shifts its numbers by, or an
# Embedding's table. A table is a kind of its own, and no weight, because decay shrinks a row at
# every step, and only the steps whose batch has its category raise it again: rare ones would fade.
PARAMETER_KINDS = ("weights", "biases", "scales", "embeddings")


def with_decay(dp, p, weight_decay):
    return dp + weight_decay * p


def shrunk(p, learning_rate, weight_decay):
    return p * (1 - learning_rate * weight_decay)


@functools.cache
def usual_options(rule: Callable[..., Any]) -> dict[str, Any]:
    """Give the options of a rule with their defaults."""
    parameters = inspect.signature(rule).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


RATE = Check(
    lambda v: (is_number(v) and v >= 0) or isinstance(v, Schedule),
    "a number from 0 up, or a schedule",
)
KINDS = Check(
    lambda v: isinstance(v, tuple) and all(kind in PARAMETER_KINDS for kind in v),
    f"some of {', '.join(map(repr, PARAMETER_KINDS))}",
)


@dataclass(frozen=True, repr=False)
class Optimizer(Entry):
    """How a gradient becomes a step."""

    state: ClassVar[tuple[str, ...]] = ()
    note: ClassVar[str] = ""
    source: ClassVar[str] = ""
    rate_notes: ClassVar[Mapping[str, str]] = {"learning_rate": "the size of a step"}

    @property
    def schedule(self) -> Schedule:
        """The learning rate as a schedule."""
        rate = getattr(self, "learning_rate", 1.0)
        return rate if isinstance(rate, Schedule) else Constant(rate)

    def state_names(self) -> tuple[str, ...]:
        """Names of the state arrays of one parameter."""
        return self.state

    def line(self) -> tuple[str, str] | None:
        """Give the template of the update line and its equation; None where there is none."""
        raise NotImplementedError

    def line_for(self, kind: str) -> tuple[str, str] | None:
        """Give that line as it is for one kind of parameter."""
        return self.line()

    def rate_names(self) -> tuple[str, ...]:
        """Names of the numbers that change from step to step, the learning rate first."""
        return ("learning_rate",)

    def rates_at(self, step: Any, done: float) -> tuple[Any, ...]:
        """Give those numbers for a step, counted from 1, when a part `done` of the fit is over.

        For an array of steps, each number but the learning rate may be an array as well.
        """
        return (self.schedule.rate(done),)

    def called(self, rule: Callable[..., Any]) -> str:
        """Write the call of a rule, with the options that differ from the rule's own defaults."""
        state = [f"{{{name}}}" for name in self.state_names()]
        usual = usual_options(rule)
        shown = [f"{k}={getattr(self, k)!r}" for k, v in usual.items() if getattr(self, k) != v]
        takes = ["{p}", "d{p}", *state, *self.rate_names(), *shown]
        return f"{', '.join(['{p}', *state])} = {rule.__name__}({', '.join(takes)})"

    @classmethod
    def from_json(cls, data: Any) -> Any:
        """Make the optimizer again from plain data."""
        rate = data.get("learning_rate")
        if isinstance(rate, dict):
            data = {**data, "learning_rate": schedule_from_json(rate)}
        return super().from_json(data)


@dataclass(frozen=True, repr=False)
class Stepping(Optimizer):
    """An optimizer with a learning rate, and with weight decay on request.

    Weight decay is *coupled*, as a part of the gradient (dp + weight_decay·p), or *decoupled*, as a
    part of the step that no running mean sees (p·(1 − learning_rate·weight_decay)).
    `decayed` says which kinds of parameters it is for: "weights" alone, unless told otherwise,
    since a bias or the scale of a norm does not make a network bend more by being large.
    """

    learning_rate: float | Schedule = option(RATE, 0.01)
    _: KW_ONLY
    weight_decay: float = option(NOT_NEGATIVE, 0.0)
    decayed: tuple[str, ...] = option(KINDS, ("weights",))
    decoupled: ClassVar[bool] = False

    def __post_init__(self) -> None:
        kinds: Any = self.decayed
        if isinstance(kinds, str | list):  # one kind alone, or JSON's list of them
            kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds)
            object.__setattr__(self, "decayed", kinds)
        super().__post_init__()

    def line_for(self, kind: str) -> tuple[str, str] | None:
        """Give the line, with weight decay where it is for this kind of parameter."""
        line = self.line()
        if line is None or not self.weight_decay or kind not in self.decayed:
            return line
        text, equation = line
        target, made = text.split(" = ", 1)
        decay = repr(self.weight_decay)
        if self.decoupled:
            made = re.sub(r"(?<!d)\{p\}", f"shrunk({{p}}, learning_rate, {decay})", made)
            return (
                f"{target} = {made}",
                f"{equation},  {{p}} first times 1 − learning_rate · {decay}",
            )
        made = made.replace("d{p}", f"with_decay(d{{p}}, {{p}}, {decay})")
        return f"{target} = {made}", f"{equation},  with d{{p}} + {decay} · {{p}} for d{{p}}"


@dataclass(frozen=True, repr=False)
class ByMoments(Stepping):
    """What Adam's family shares: running means that begin at 0, and are corrected for that."""

    beta1: float = option(FRACTION, 0.9)
    beta2: float = option(FRACTION, 0.999)
    epsilon: float = option(POSITIVE, 1e-8)
    state: ClassVar[tuple[str, ...]] = ("mean", "square")
    rate_notes: ClassVar[Mapping[str, str]] = {
        **Optimizer.rate_notes,
        "correction1": "1 − beta1^t at step t = 1, 2, …",
        "correction2": "1 − beta2^t at step t = 1, 2, …",
    }

    def rate_names(self) -> tuple[str, ...]:
        """Give the learning rate and the two corrections for moments that began at 0."""
        return ("learning_rate", "correction1", "correction2")

    def rates_at(self, step: Any, done: float) -> tuple[Any, ...]:
        """Give rate, 1 − β1^t and 1 − β2^t."""
        return self.schedule.rate(done), 1 - self.beta1**step, 1 - self.beta2**step


def plain(value: Any) -> Any:
    """Give an array of one number as a plain number, whose type no array takes over."""
    return float(value) if np.ndim(value) == 0 else value
