"""Steps by the usual size of each number's gradient: Adagrad and what came of it before Adam."""

# ruff: noqa: D103 - each rule is described by the optimizer that writes it

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from glassnet.rules.entry import FLAG, FRACTION, POSITIVE, option
from glassnet.rules.optimizers.base import RATE, Stepping
from glassnet.rules.schedules import FRACTIONS, Schedule


def adagrad(p, dp, squares, learning_rate, epsilon=1e-10):
    squares = squares + dp * dp
    return p - learning_rate * dp / (np.sqrt(squares) + epsilon), squares


def adadelta(p, dp, square, change, learning_rate, rho=0.9, epsilon=1e-6):
    square = rho * square + (1 - rho) * dp * dp
    move = np.sqrt(change + epsilon) / np.sqrt(square + epsilon) * dp
    change = rho * change + (1 - rho) * move * move
    return p - learning_rate * move, square, change


def rmsprop(p, dp, square, learning_rate, alpha=0.99, epsilon=1e-8):
    square = alpha * square + (1 - alpha) * dp * dp
    return p - learning_rate * dp / (np.sqrt(square) + epsilon), square


def rmsprop_momentum(p, dp, square, velocity, learning_rate, alpha=0.99, epsilon=1e-8, momentum=0):
    square = alpha * square + (1 - alpha) * dp * dp
    velocity = momentum * velocity + dp / (np.sqrt(square) + epsilon)
    return p - learning_rate * velocity, square, velocity


def rmsprop_centered(p, dp, square, mean, learning_rate, alpha=0.99, epsilon=1e-8):
    square = alpha * square + (1 - alpha) * dp * dp
    mean = alpha * mean + (1 - alpha) * dp
    return p - learning_rate * dp / (spread(square, mean) + epsilon), square, mean


def rmsprop_centered_momentum(
    p, dp, square, mean, velocity, learning_rate, alpha=0.99, epsilon=1e-8, momentum=0
):
    square = alpha * square + (1 - alpha) * dp * dp
    mean = alpha * mean + (1 - alpha) * dp
    velocity = momentum * velocity + dp / (spread(square, mean) + epsilon)
    return p - learning_rate * velocity, square, mean, velocity


def spread(square, mean):
    # Where all gradients were equal, rounding can leave the difference a little below 0.
    return np.sqrt(np.maximum(square - mean * mean, 0))


@dataclass(frozen=True, repr=False)
class Adagrad(Stepping):
    """Steps that become shorter the more gradient a number has had, as PyTorch's Adagrad.

    squares = squares + dp²;  p = p − learning_rate·dp / (√squares + epsilon).

    Example:
        >>> Adagrad(0.1)
        Adagrad(learning_rate=0.1)

    """

    learning_rate: float | Schedule = option(RATE, 0.01)
    epsilon: float = option(POSITIVE, 1e-10)
    state: ClassVar[tuple[str, ...]] = ("squares",)
    note: ClassVar[str] = "a step by the size of all gradients so far"
    source: ClassVar[str] = "Duchi, Hazan, Singer: JMLR 12 (2011)"

    def line(self) -> tuple[str, str]:
        """Give the update."""
        return (
            self.called(adagrad),
            "{squares} ← {squares} + d{p}²;  {p} ← {p} − learning_rate · d{p} / (√{squares} + ε)",
        )


@dataclass(frozen=True, repr=False)
class Adadelta(Stepping):
    """Steps in the unit of the parameter, by the running size of steps and of gradients.

    square = ρ·square + (1−ρ)·dp²;  move = √(change + epsilon) / √(square + epsilon) · dp;
    change = ρ·change + (1−ρ)·move²;  p = p − learning_rate·move. As PyTorch's Adadelta.

    Example:
        >>> Adadelta(rho=0.95)
        Adadelta(rho=0.95)

    """

    learning_rate: float | Schedule = option(RATE, 1.0)
    rho: float = option(FRACTION, 0.9)
    epsilon: float = option(POSITIVE, 1e-6)
    state: ClassVar[tuple[str, ...]] = ("square", "change")
    note: ClassVar[str] = "a step as large as steps usually are, by the gradient's usual size"
    source: ClassVar[str] = "Zeiler: ADADELTA (2012)"

    def line(self) -> tuple[str, str]:
        """Give the update."""
        return (
            self.called(adadelta),
            "{square} ← ρ · {square} + (1 − ρ) · d{p}²;  "
            "move = √({change} + ε) / √({square} + ε) · d{p};  "
            "{change} ← ρ · {change} + (1 − ρ) · move²;  {p} ← {p} − learning_rate · move",
        )


@dataclass(frozen=True, repr=False)
class RMSprop(Stepping):
    """Steps by the running size of the gradient, as PyTorch's RMSprop.

    square = α·square + (1−α)·dp²;  step = dp / (√square + epsilon);  p = p − learning_rate·step.
    `centered` takes √(square − mean²), the gradient's spread, in the place of √square, with
    mean = α·mean + (1−α)·dp; `momentum` adds steps up: velocity = momentum·velocity + step.

    Example:
        >>> RMSprop(0.001, momentum=0.9, centered=True)
        RMSprop(learning_rate=0.001, momentum=0.9, centered=True)

    """

    learning_rate: float | Schedule = option(RATE, 0.01)
    alpha: float = option(FRACTION, 0.99)
    epsilon: float = option(POSITIVE, 1e-8)
    momentum: float | Schedule = option(FRACTIONS, 0.0)
    centered: bool = option(FLAG, False)
    note: ClassVar[str] = "a step by the gradient's usual size"
    source: ClassVar[str] = "Tieleman, Hinton (2012); centered: Graves (2013)"

    def own_state(self) -> tuple[str, ...]:
        """Give the running square; the mean and the velocity where they are asked for."""
        mean = ("mean",) if self.centered else ()
        return ("square", *mean, *(("velocity",) if self.momentum else ()))

    def line(self) -> tuple[str, str]:
        """Give the update, by the rule that has what is asked for and nothing else."""
        means = "{square} ← α · {square} + (1 − α) · d{p}²;  "
        if self.centered:
            means += "{mean} ← α · {mean} + (1 − α) · d{p};  "
        root = "√({square} − {mean}²)" if self.centered else "√{square}"
        step = f"d{{p}} / ({root} + ε)"
        if not self.momentum:
            text = self.called(rmsprop_centered if self.centered else rmsprop)
            return text, f"{means}{{p}} ← {{p}} − learning_rate · {step}"
        return (
            self.called(rmsprop_centered_momentum if self.centered else rmsprop_momentum),
            f"{means}{{velocity}} ← momentum · {{velocity}} + {step};  "
            "{p} ← {p} − learning_rate · {velocity}",
        )
