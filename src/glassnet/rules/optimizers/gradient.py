"""Gradient descent, plain, with momentum, and by the sign alone."""

# ruff: noqa: D103 - each rule is described by the optimizer that writes it

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from glassnet.errors import DescriptionError
from glassnet.rules.entry import FLAG, FRACTION, option
from glassnet.rules.optimizers.base import RATE, Stepping
from glassnet.rules.schedules import FRACTIONS, Schedule


def sgd_momentum(p, dp, velocity, learning_rate, momentum=0.9):
    velocity = momentum * velocity + dp
    return p - learning_rate * velocity, velocity


def sgd_nesterov(p, dp, velocity, learning_rate, momentum=0.9):
    velocity = momentum * velocity + dp
    return p - learning_rate * (dp + momentum * velocity), velocity


def lion(p, dp, mean, learning_rate, beta1=0.9, beta2=0.99):
    direction = np.sign(beta1 * mean + (1 - beta1) * dp)
    mean = beta2 * mean + (1 - beta2) * dp
    return p - learning_rate * direction, mean


@dataclass(frozen=True, repr=False)
class SGD(Stepping):
    """Gradient descent, with momentum and Nesterov's look ahead on request (as PyTorch's SGD).

    velocity = momentum·velocity + dp;  p = p − learning_rate·velocity, or with nesterov
    p = p − learning_rate·(dp + momentum·velocity).

    Example:
        >>> SGD(0.1, momentum=0.9)
        SGD(learning_rate=0.1, momentum=0.9)

    """

    learning_rate: float | Schedule = option(RATE, 0.01)
    momentum: float | Schedule = option(FRACTIONS, 0.0)
    nesterov: bool = option(FLAG, False)
    note: ClassVar[str] = "a step against the gradient"
    source: ClassVar[str] = "Sutskever and others: ICML (2013), in PyTorch's form"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and not self.momentum:
            raise DescriptionError(
                "SGD: nesterov looks ahead along the momentum and needs some, got momentum=0:"
                " write SGD(0.01, momentum=0.9, nesterov=True)"
            )

    def own_state(self) -> tuple[str, ...]:
        """Give the velocity, where there is momentum."""
        return ("velocity",) if self.momentum else ()

    def line(self) -> tuple[str, str]:
        """Give the update: written out in full where there is no momentum."""
        if not self.momentum:
            return "{p} = {p} - learning_rate * d{p}", "{p} ← {p} − learning_rate · d{p}"
        ahead = "(d{p} + momentum · {velocity})" if self.nesterov else "{velocity}"
        return (
            self.called(sgd_nesterov if self.nesterov else sgd_momentum),
            "{velocity} ← momentum · {velocity} + d{p};  "
            f"{{p}} ← {{p}} − learning_rate · {ahead}",
        )


@dataclass(frozen=True, repr=False)
class Lion(Stepping):
    """Steps of the learning rate's length in every number: the sign of a running mean decides.

    p = p − learning_rate·sign(β1·mean + (1−β1)·dp);  mean = β2·mean + (1−β2)·dp.
    Weight decay is decoupled. Take a learning rate of a third to a tenth of Adam's.

    Example:
        >>> Lion(3e-4, weight_decay=0.1)
        Lion(learning_rate=0.0003, weight_decay=0.1)

    """

    learning_rate: float | Schedule = option(RATE, 1e-4)
    beta1: float = option(FRACTION, 0.9)
    beta2: float = option(FRACTION, 0.99)
    state: ClassVar[tuple[str, ...]] = ("mean",)
    decoupled: ClassVar[bool] = True
    note: ClassVar[str] = "a step of one length, by the sign of the running mean"
    source: ClassVar[str] = "Chen and others: Symbolic Discovery of Optimization Algorithms (2023)"

    def line(self) -> tuple[str, str]:
        """Give the update."""
        return (
            self.called(lion),
            "{p} ← {p} − learning_rate · sign(β1 · {mean} + (1 − β1) · d{p});  "
            "{mean} ← β2 · {mean} + (1 − β2) · d{p}",
        )
