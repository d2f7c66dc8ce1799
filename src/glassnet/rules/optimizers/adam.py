"""Adam and its family: running means of the gradient and of its size."""

# ruff: noqa: D103 - each rule is described by the optimizer that writes it

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np

from glassnet.rules.entry import NOT_NEGATIVE, option, plain
from glassnet.rules.optimizers.base import RATE, ByMoments
from glassnet.rules.schedules import Schedule

# The running means, as they stand in the equations of a step.
MEAN = "{mean} ← β1 · {mean} + (1 − β1) · d{p}"
SQUARE = "{square} ← β2 · {square} + (1 − β2) · d{p}²"


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


def amsgrad(
    p,
    dp,
    mean,
    square,
    largest,
    learning_rate,
    correction1,
    correction2,
    beta1=0.9,
    beta2=0.999,
    epsilon=1e-8,
):
    mean = beta1 * mean + (1 - beta1) * dp
    square = beta2 * square + (1 - beta2) * dp * dp
    largest = np.maximum(largest, square)
    size = np.sqrt(largest / correction2) + epsilon
    return p - learning_rate * (mean / correction1) / size, mean, square, largest


def adamax(p, dp, mean, size, learning_rate, correction1, beta1=0.9, beta2=0.999, epsilon=1e-8):
    mean = beta1 * mean + (1 - beta1) * dp
    size = np.maximum(beta2 * size, np.abs(dp) + epsilon)
    return p - learning_rate * (mean / correction1) / size, mean, size


def nadam(
    p,
    dp,
    mean,
    square,
    learning_rate,
    slope_share,
    mean_share,
    correction2,
    beta1=0.9,
    beta2=0.999,
    epsilon=1e-8,
):
    mean = beta1 * mean + (1 - beta1) * dp
    square = beta2 * square + (1 - beta2) * dp * dp
    size = np.sqrt(square / correction2) + epsilon
    return p - learning_rate * (slope_share * dp + mean_share * mean) / size, mean, square


def radam(
    p,
    dp,
    mean,
    square,
    learning_rate,
    correction1,
    plain_share,
    sized_share,
    beta1=0.9,
    beta2=0.999,
    epsilon=1e-8,
):
    mean = beta1 * mean + (1 - beta1) * dp
    square = beta2 * square + (1 - beta2) * dp * dp
    share = plain_share + sized_share / (np.sqrt(square) + epsilon)
    return p - learning_rate * (mean / correction1) * share, mean, square


@dataclass(frozen=True, repr=False)
class Adam(ByMoments):
    """Steps of about the learning rate, by running means of the gradient and of its square.

    mean = β1·mean + (1−β1)·dp;  square = β2·square + (1−β2)·dp²;
    p = p − learning_rate · (mean/(1−β1^t)) / (√(square/(1−β2^t)) + epsilon).
    Source: Kingma, Ba (2015), with epsilon outside the root, as PyTorch's Adam.

    Example:
        >>> Adam(0.01)
        Adam(learning_rate=0.01)

    """

    learning_rate: float | Schedule = option(RATE, 0.001)
    note: ClassVar[str] = "a step against the running mean of the gradient, by its usual size"
    source: ClassVar[str] = "Kingma, Ba: Adam (2015)"

    def line(self) -> tuple[str, str]:
        """Give the update; settings other than the usual ones are written into it."""
        return (
            self.called(adam),
            f"{MEAN};  {SQUARE};  "
            "{p} ← {p} − learning_rate · ({mean} / correction1) / (√({square} / correction2) + ε)",
        )


@dataclass(frozen=True, repr=False)
class AdamW(Adam):
    """Adam with decoupled weight decay, as PyTorch's AdamW, for weight matrices alone.

    p = p·(1 − learning_rate·weight_decay), then Adam's step.

    Example:
        >>> AdamW(weight_decay=0.05, decayed=("weights", "biases"))
        AdamW(weight_decay=0.05, decayed=('weights', 'biases'))

    """

    _: KW_ONLY
    weight_decay: float | Schedule = option(RATE, 0.01)
    decoupled: ClassVar[bool] = True
    source: ClassVar[str] = "Loshchilov, Hutter: Decoupled Weight Decay Regularization (2019)"


@dataclass(frozen=True, repr=False)
class AMSGrad(ByMoments):
    """Adam by the largest running square so far, as PyTorch's Adam(amsgrad=True).

    largest = max(largest, square) stands in the place of square in Adam's step.

    Example:
        >>> AMSGrad(0.01)
        AMSGrad(learning_rate=0.01)

    """

    learning_rate: float | Schedule = option(RATE, 0.001)
    state: ClassVar[tuple[str, ...]] = ("mean", "square", "largest")
    note: ClassVar[str] = "a step against the gradient's running mean, by its largest usual size"
    source: ClassVar[str] = "Reddi, Kale, Kumar: On the Convergence of Adam and Beyond (2018)"

    def line(self) -> tuple[str, str]:
        """Give the update."""
        return (
            self.called(amsgrad),
            f"{MEAN};  {SQUARE};  {{largest}} ← max({{largest}}, {{square}});  "
            "{p} ← {p} − learning_rate · ({mean} / correction1) / (√({largest} / correction2) + ε)",
        )


@dataclass(frozen=True, repr=False)
class Adamax(ByMoments):
    """Adam by the largest gradient, which is slowly forgotten, as PyTorch's Adamax.

    mean = β1·mean + (1−β1)·dp;  size = max(β2·size, |dp| + epsilon);
    p = p − learning_rate · (mean/(1−β1^t)) / size.

    Example:
        >>> Adamax()
        Adamax()

    """

    learning_rate: float | Schedule = option(RATE, 0.002)
    state: ClassVar[tuple[str, ...]] = ("mean", "size")
    note: ClassVar[str] = "a step against the running mean of the gradient, by its largest size"
    source: ClassVar[str] = "Kingma, Ba: Adam (2015), section 7"

    def line(self) -> tuple[str, str]:
        """Give the update."""
        return (
            self.called(adamax),
            f"{MEAN};  {{size}} ← max(β2 · {{size}}, |d{{p}}| + ε);  "
            "{p} ← {p} − learning_rate · ({mean} / correction1) / {size}",
        )

    def own_rates(self) -> tuple[str, ...]:
        """Give the learning rate and the correction of the mean: a largest number needs none."""
        return ("learning_rate", "correction1")

    def own_rates_at(self, step: Any, done: float) -> tuple[Any, ...]:
        """Give rate and 1 − β1^t."""
        return self.schedule.rate(done), 1 - self.beta1**step


@dataclass(frozen=True, repr=False)
class NAdam(ByMoments):
    """Adam with Nesterov's look ahead, as PyTorch's NAdam.

    The momentum grows: μ_t = β1·(1 − 0.96^(t·momentum_decay)/2). With mean and square as Adam's,
    p = p − learning_rate · ((1−μ_t)/(1−Π)·dp + μ_(t+1)/(1−Π·μ_(t+1))·mean)
    / (√(square/(1−β2^t)) + epsilon), where Π = μ_1 · … · μ_t.

    Example:
        >>> [round(float(rate), 6) for rate in NAdam().rates_at(2, 0.0)]
        [0.002, 0.689557, 0.495409, 0.001999]

    """

    learning_rate: float | Schedule = option(RATE, 0.002)
    momentum_decay: float = option(NOT_NEGATIVE, 0.004)
    note: ClassVar[str] = "a step against gradient and running mean, by the gradient's usual size"
    source: ClassVar[str] = "Dozat: Incorporating Nesterov Momentum into Adam (2016)"
    rate_notes: ClassVar[Mapping[str, str]] = {
        **ByMoments.rate_notes,
        "slope_share": "(1 − mu_t) / (1 − mu_1 · … · mu_t) at step t = 1, 2, …",
        "mean_share": "mu_(t+1) / (1 − mu_1 · … · mu_(t+1)) at step t = 1, 2, …",
    }

    def line(self) -> tuple[str, str]:
        """Give the update."""
        return (
            self.called(nadam),
            f"{MEAN};  {SQUARE};  "
            "{p} ← {p} − learning_rate · (slope_share · d{p} + mean_share · {mean})"
            " / (√({square} / correction2) + ε)",
        )

    def own_rates(self) -> tuple[str, ...]:
        """Give the learning rate, the parts of gradient and mean, and the square's correction."""
        return ("learning_rate", "slope_share", "mean_share", "correction2")

    def own_rates_at(self, step: Any, done: float) -> tuple[Any, ...]:
        """Give rate, (1−μ_t)/(1−Π), μ_(t+1)/(1−Π·μ_(t+1)) and 1 − β2^t."""
        now, following = self._momentum(step), self._momentum(step + 1)
        product = self._product(step)
        return (
            self.schedule.rate(done),
            plain((1 - now) / (1 - product)),
            plain(following / (1 - product * following)),
            1 - self.beta2**step,
        )

    def _momentum(self, step: Any) -> Any:
        return self.beta1 * (1 - 0.5 * 0.96 ** (step * self.momentum_decay))

    def _product(self, step: Any) -> Any:
        """Give μ_1 · … · μ_t: as it is below β1^t, few factors are worth multiplying."""
        enough = 40 / -math.log(max(self.beta1, 1e-9))  # exp(−40) no longer changes a 1
        last = int(min(np.max(step), 1 + enough))
        products = np.cumprod(self._momentum(np.arange(1, last + 1)))
        places = np.minimum(step, last).astype(int) - 1
        return np.where(np.asarray(step) <= last, products[places], 0.0)


@dataclass(frozen=True, repr=False)
class RAdam(ByMoments):
    """Adam that divides by the gradient's size only once that is known well, as PyTorch's RAdam.

    With mean and square as Adam's, ρ = 2/(1−β2) − 1 and ρ_t = ρ − 2t·β2^t/(1−β2^t):
    p = p − learning_rate · mean/(1−β1^t) while ρ_t ≤ 5, then that times
    √((ρ_t−4)(ρ_t−2)ρ / ((ρ−4)(ρ−2)ρ_t)) · √(1−β2^t) / (√square + epsilon).

    Example:
        >>> [round(float(rate), 6) for rate in RAdam().rates_at(5, 0.0)]
        [0.001, 0.40951, 1.0, 0.0]
        >>> [round(float(rate), 6) for rate in RAdam().rates_at(6, 0.0)]
        [0.001, 0.468559, 0.0, 0.001998]

    """

    learning_rate: float | Schedule = option(RATE, 0.001)
    note: ClassVar[str] = "a step against the gradient's running mean, by its size once known"
    source: ClassVar[str] = "Liu and others: On the Variance of the Adaptive Learning Rate (2020)"
    rate_notes: ClassVar[Mapping[str, str]] = {
        **ByMoments.rate_notes,
        "plain_share": "1 while the gradient's size is not known well, then 0",
        "sized_share": "0, and from then on the rectification times √(1 − beta2^t)",
    }

    def line(self) -> tuple[str, str]:
        """Give the update."""
        return (
            self.called(radam),
            f"{MEAN};  {SQUARE};  "
            "{p} ← {p} − learning_rate · ({mean} / correction1)"
            " · (plain_share + sized_share / (√{square} + ε))",
        )

    def own_rates(self) -> tuple[str, ...]:
        """Give the learning rate, the mean's correction, and the parts of the two kinds of step."""
        return ("learning_rate", "correction1", "plain_share", "sized_share")

    def own_rates_at(self, step: Any, done: float) -> tuple[Any, ...]:
        """Give rate, 1 − β1^t, and the two parts, of which one is 0."""
        most = 2 / (1 - self.beta2) - 1
        correction2 = 1 - self.beta2**step
        known = most - 2 * step * self.beta2**step / correction2
        over = np.maximum(known, 5)  # where it is not above 5, what it gives is not used
        limit = max(most, 5)
        rectified = ((over - 4) * (over - 2) * limit / ((limit - 4) * (limit - 2) * over)) ** 0.5
        return (
            self.schedule.rate(done),
            1 - self.beta1**step,
            plain(np.where(known > 5, 0.0, 1.0)),
            plain(np.where(known > 5, rectified * correction2**0.5, 0.0)),
        )
