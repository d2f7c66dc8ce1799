"""Optimizers: the rule each one calls, then the line that it writes for a parameter.

In a line, {p} is the parameter, d{p} its gradient, and {name} a state array of the parameter's own
shape, all zeros at first. Names of `rates` are numbers that change from step to step: the learning
rate, and whatever else `rates_at` gives.
"""

# ruff: noqa: D103 - each rule is described by the optimizer that writes it

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from glassnet.errors import unknown_name
from glassnet.rules.entry import COUNT, FLAG, FRACTION, POSITIVE, Check, Entry, is_number, option
from glassnet.rules.schedules import SCHEDULES, Constant, Schedule


def sgd_momentum(p, dp, velocity, learning_rate, momentum=0.9):
    velocity = momentum * velocity + dp
    return p - learning_rate * velocity, velocity


def sgd_nesterov(p, dp, velocity, learning_rate, momentum=0.9):
    velocity = momentum * velocity + dp
    return p - learning_rate * (dp + momentum * velocity), velocity


def adam(
    p,
    dp,
    mean,
    square,
    learning_rate,
    correction1,
    correction2,
    beta1=0.9,
    beta2=0.999,
    epsilon=1e-8,
):
    mean = beta1 * mean + (1 - beta1) * dp
    square = beta2 * square + (1 - beta2) * dp * dp
    size = np.sqrt(square / correction2) + epsilon
    return p - learning_rate * (mean / correction1) / size, mean, square


RATE = Check(
    lambda v: (is_number(v) and v >= 0) or isinstance(v, Schedule),
    "a number from 0 up, or a schedule",
)


@dataclass(frozen=True, repr=False)
class Optimizer(Entry):
    """How a gradient becomes a step."""

    state: ClassVar[tuple[str, ...]] = ()
    note: ClassVar[str] = ""
    source: ClassVar[str] = ""

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

    def rate_names(self) -> tuple[str, ...]:
        """Names of the numbers that change from step to step, the learning rate first."""
        return ("learning_rate",)

    def rates_at(self, step: int, done: float) -> tuple[float, ...]:
        """Give those numbers for a step, counted from 1, when a part `done` of the fit is over."""
        return (self.schedule.rate(done),)

    @classmethod
    def from_json(cls, data: Any) -> Any:
        """Make the optimizer again from plain data."""
        rate = data.get("learning_rate")
        if isinstance(rate, dict):
            name = rate.get("name")
            if not isinstance(name, str) or name not in SCHEDULES:
                raise unknown_name("schedule", name, SCHEDULES)
            data = {**data, "learning_rate": SCHEDULES[name].from_json(rate)}
        return super().from_json(data)


@dataclass(frozen=True, repr=False)
class SGD(Optimizer):
    """Gradient descent, with momentum and Nesterov's look ahead on request (as PyTorch's SGD).

    velocity = momentum·velocity + dp;  p = p − learning_rate·velocity, or with nesterov
    p = p − learning_rate·(dp + momentum·velocity).

    Example:
        >>> SGD(0.1, momentum=0.9)
        SGD(learning_rate=0.1, momentum=0.9)

    """

    learning_rate: float | Schedule = option(RATE, 0.01)
    momentum: float = option(FRACTION, 0.0)
    nesterov: bool = option(FLAG, False)
    note: ClassVar[str] = "a step against the gradient"
    source: ClassVar[str] = "Sutskever and others: ICML (2013), in PyTorch's form"

    def state_names(self) -> tuple[str, ...]:
        """Give the velocity, where there is momentum."""
        return ("velocity",) if self.momentum else ()

    def line(self) -> tuple[str, str]:
        """Give the update: written out in full where there is no momentum."""
        if not self.momentum:
            return "{p} = {p} - learning_rate * d{p}", "{p} ← {p} − learning_rate · d{p}"
        rule = "sgd_nesterov" if self.nesterov else "sgd_momentum"
        ahead = "(d{p} + momentum · {velocity})" if self.nesterov else "{velocity}"
        shown = "" if self.momentum == 0.9 else f", momentum={self.momentum!r}"
        return (
            f"{{p}}, {{velocity}} = {rule}({{p}}, d{{p}}, {{velocity}}, learning_rate{shown})",
            "{velocity} ← momentum · {velocity} + d{p};  "
            f"{{p}} ← {{p}} − learning_rate · {ahead}",
        )


@dataclass(frozen=True, repr=False)
class Adam(Optimizer):
    """Steps of about the learning rate, by running means of the gradient and of its square.

    mean = β1·mean + (1−β1)·dp;  square = β2·square + (1−β2)·dp²;
    p = p − learning_rate · (mean/(1−β1^t)) / (√(square/(1−β2^t)) + epsilon).
    Source: Kingma, Ba (2015), with epsilon outside the root, as PyTorch's Adam.

    Example:
        >>> Adam(0.01)
        Adam(learning_rate=0.01)

    """

    learning_rate: float | Schedule = option(RATE, 0.001)
    beta1: float = option(FRACTION, 0.9)
    beta2: float = option(FRACTION, 0.999)
    epsilon: float = option(POSITIVE, 1e-8)
    state: ClassVar[tuple[str, ...]] = ("mean", "square")
    note: ClassVar[str] = "a step against the running mean of the gradient, by its usual size"
    source: ClassVar[str] = "Kingma, Ba: Adam (2015)"

    def line(self) -> tuple[str, str]:
        """Give the update; settings other than the usual ones are written into it."""
        usual = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
        shown = "".join(
            f", {k}={getattr(self, k)!r}" for k, v in usual.items() if getattr(self, k) != v
        )
        return (
            "{p}, {mean}, {square} = adam({p}, d{p}, {mean}, {square}, "
            f"learning_rate, correction1, correction2{shown})",
            "{p} ← {p} − learning_rate · ({mean} / correction1) / (√({square} / correction2) + ε)",
        )

    def rate_names(self) -> tuple[str, ...]:
        """Give the learning rate and the two corrections for moments that began at 0."""
        return ("learning_rate", "correction1", "correction2")

    def rates_at(self, step: int, done: float) -> tuple[float, ...]:
        """Give rate, 1 − β1^t and 1 − β2^t."""
        return self.schedule.rate(done), 1 - self.beta1**step, 1 - self.beta2**step


@dataclass(frozen=True, repr=False)
class LBFGS(Optimizer):
    """Limited-memory BFGS on the whole batch, by SciPy: a step is an iteration with a line search.

    It has no update lines: SciPy makes the step from the loss and the gradients that the program
    gives. Source: Byrd, Lu, Nocedal, Zhu: SIAM J. Scientific Computing 16 (1995).

    Example:
        >>> LBFGS(memory=20)
        LBFGS(memory=20)

    """

    memory: int = option(COUNT, 10)
    tolerance: float = option(POSITIVE, 1e-9)
    note: ClassVar[str] = "SciPy makes the step from all gradients at once"
    source: ClassVar[str] = "Byrd, Lu, Nocedal, Zhu: SIAM J. Sci. Comput. 16 (1995)"

    def line(self) -> None:
        """Give no line: the step is made outside the program."""
        return

    def rate_names(self) -> tuple[str, ...]:
        """Give no names: there is no rate."""
        return ()

    def rates_at(self, step: int, done: float) -> tuple[float, ...]:
        """Give no numbers."""
        return ()


OPTIMIZERS: dict[str, type[Optimizer]] = {"sgd": SGD, "adam": Adam, "lbfgs": LBFGS}


def optimizer(given: Optimizer | str | Any) -> Optimizer:
    """Give the optimizer of a name, or the one that was given.

    Raises DescriptionError for an unknown name.

    Example:
        >>> optimizer("adam")
        Adam()

    """
    if isinstance(given, Optimizer):
        return given
    if not isinstance(given, str) or given.lower() not in OPTIMIZERS:
        raise unknown_name("optimizer", given, OPTIMIZERS)
    return OPTIMIZERS[given.lower()]()
