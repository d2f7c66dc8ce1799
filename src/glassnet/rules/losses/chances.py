"""Losses of chances: how surprising what came is, given the chance or the share it was given."""

# ruff: noqa: D103 - each rule is described by the loss that calls it

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from glassnet.rules.activations import sigmoid, softmax, softplus
from glassnet.rules.entry import FRACTION, NOT_NEGATIVE, option
from glassnet.rules.losses.base import Loss


def binary_cross_entropy(z, y, w):
    rows = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
    return np.sum(w * rows) / z.shape[1]


def binary_cross_entropy_slope(z, y, w):
    return w * (sigmoid(z) - y) / z.shape[1]


def binary_cross_entropy_error(a, y, w):  # the same slope where a = sigmoid(z) is at hand
    return w * (a - y) / a.shape[1]


def cross_entropy(z, y, w):
    below = z - np.max(z, axis=1, keepdims=True)
    rows = np.log(np.sum(np.exp(below), axis=1, keepdims=True)) - np.sum(
        below * y, axis=1, keepdims=True
    )
    return np.sum(w * rows)


def cross_entropy_slope(z, y, w):
    return w * (softmax(z) - y)


def cross_entropy_error(a, y, w):  # the same slope where a = softmax(z) is at hand
    return w * (a - y)


def cross_entropy_log_error(a, y, w):  # the same slope where a = log_softmax(z) is at hand
    return w * (np.exp(a) - y)


def smoothed_chance(y, label_smoothing):
    return y + label_smoothing * (0.5 - y)


def smoothed(y, label_smoothing):
    return y + label_smoothing * (1 / y.shape[1] - y)


def binary_focal(z, y, w, gamma=2.0):
    yes = softplus(-z) * np.exp(-gamma * softplus(z))  # −log p times (1 − p)^gamma
    no = softplus(z) * np.exp(-gamma * softplus(-z))
    return np.sum(w * (y * yes + (1 - y) * no)) / z.shape[1]


def binary_focal_slope(z, y, w, gamma=2.0):
    p, q = sigmoid(z), sigmoid(-z)
    yes = np.exp(-gamma * softplus(z)) * (q + gamma * p * softplus(-z))
    no = np.exp(-gamma * softplus(-z)) * (p + gamma * q * softplus(z))
    return w * ((1 - y) * no - y * yes) / z.shape[1]


def surprise_at(z, y):  # −log of the share p of the true class
    below = z - np.max(z, axis=1, keepdims=True)
    log_of_sum = np.log(np.sum(np.exp(below), axis=1, keepdims=True))
    return log_of_sum - np.sum(below * y, axis=1, keepdims=True)


def share_missed(z, y):  # 1 − p, with all its digits, and never 0: it has a logarithm
    return np.maximum(np.sum(softmax(z) * (1 - y), axis=1, keepdims=True), 1e-37)


def focal(z, y, w, gamma=2.0):
    weight = np.exp(gamma * np.log(share_missed(z, y)))
    return np.sum(w * weight * surprise_at(z, y))


def focal_slope(z, y, w, gamma=2.0):
    p, missed = softmax(z), share_missed(z, y)
    weight = np.exp(gamma * np.log(missed))
    bend = gamma * weight / missed * surprise_at(z, y)
    return w * (weight * (p - y) + bend * p * (1 - y - missed))


@dataclass(frozen=True, repr=False)
class BinaryCrossEntropy(Loss):
    """Surprise at each yes or no, given its chance; several columns are labels of their own.

    Args:
        label_smoothing: how much of each target is taken from it and given to yes and no alike:
            0.1 makes 0.95 of a yes, and 0.05 of a no.

    Raises:
        DescriptionError: a smoothing that is not from 0 up to, not including, 1.

    Example:
        >>> print(BinaryCrossEntropy(), BinaryCrossEntropy(label_smoothing=0.1))
        binary_cross_entropy BinaryCrossEntropy(label_smoothing=0.1)

    """

    label_smoothing: float = option(FRACTION, 0.0)
    rules: ClassVar = (binary_cross_entropy, binary_cross_entropy_slope)
    formula: ClassVar = "Σ w · (max(z, 0) − z·y + log(1 + exp(−|z|))) / n"
    slope_formula: ClassVar = "w · (sigmoid(z) − y) / n"
    note: ClassVar = "surprise at each yes or no, given its chance"
    of: ClassVar = "logits"
    at_once: ClassVar = {"sigmoid": binary_cross_entropy_error}
    refused: ClassVar = (
        "it is computed from the logits of a yes or no, so the last activation must be"
        " sigmoid (outputs are chances) or linear (outputs are logits)"
    )
    targets: ClassVar = "zero_one"
    beside: ClassVar = (smoothed_chance,)

    @property
    def wanted(self) -> str:
        """What its rules are given as y."""
        return f"smoothed_chance(y, {self.label_smoothing!r})" if self.label_smoothing else "y"

    def equation(self, formula: str) -> str:
        """Give a formula with what is done to y before."""
        return _smoothing(formula, self.label_smoothing, "2")


@dataclass(frozen=True, repr=False)
class CrossEntropy(Loss):
    """Surprise at the true class, given its share.

    Args:
        label_smoothing: how much of each target is taken from it and given to all classes alike.

    Raises:
        DescriptionError: a smoothing that is not from 0 up to, not including, 1.

    Example:
        >>> CrossEntropy(label_smoothing=0.1)
        CrossEntropy(label_smoothing=0.1)

    """

    label_smoothing: float = option(FRACTION, 0.0)
    rules: ClassVar = (cross_entropy, cross_entropy_slope)
    formula: ClassVar = "Σ w · (log Σ exp(z) − Σ z·y)"
    slope_formula: ClassVar = "w · (softmax(z) − y)"
    note: ClassVar = "surprise at the true class, given its share"
    of: ClassVar = "logits"
    at_once: ClassVar = {"softmax": cross_entropy_error, "log_softmax": cross_entropy_log_error}
    refused: ClassVar = (
        "it is computed from the logits of classes that shut each other out, so the last"
        " activation must be softmax (outputs are shares), log_softmax (outputs are their"
        " logarithms) or linear (outputs are logits)"
    )
    targets: ClassVar = "classes"
    beside: ClassVar = (smoothed,)

    @property
    def wanted(self) -> str:
        """What its rules are given as y."""
        return f"smoothed(y, {self.label_smoothing!r})" if self.label_smoothing else "y"

    def equation(self, formula: str) -> str:
        """Give a formula with what is done to y before."""
        return _smoothing(formula, self.label_smoothing, "n")


def _smoothing(formula: str, part: float, kinds: str) -> str:
    return f"{formula}, with y + {part!r} · (1/{kinds} − y) for y" if part else formula


FOCAL = "Lin and others: Focal Loss for Dense Object Detection, ICCV (2017)"


@dataclass(frozen=True, repr=False)
class BinaryFocal(Loss):
    """Surprise at each yes or no, which counts less the likelier it was.

    Args:
        gamma: how much less; with 0 it is the binary cross-entropy.

    Raises:
        DescriptionError: gamma is below 0.

    Example:
        >>> BinaryFocal(gamma=1.0)
        BinaryFocal(gamma=1.0)

    """

    gamma: float = option(NOT_NEGATIVE, 2.0)
    rules: ClassVar = (binary_focal, binary_focal_slope)
    formula: ClassVar = (
        "Σ w · (1 − p)^gamma · (−log p) / n, p = sigmoid(z) where y = 1, sigmoid(−z) where y = 0"
    )
    slope_formula: ClassVar = (
        "w · (1 − p)^gamma · (1 − p − gamma · p · log p) / n, times −1 where y = 1"
    )
    note: ClassVar = "surprise at each yes or no, which counts less the likelier it was"
    of: ClassVar = "logits"
    at_once: ClassVar = {"sigmoid": binary_focal_slope}
    refused: ClassVar = BinaryCrossEntropy.refused
    targets: ClassVar = "zero_one"
    source: ClassVar = FOCAL


@dataclass(frozen=True, repr=False)
class Focal(Loss):
    """Surprise at the true class, which counts less the larger its share was.

    Args:
        gamma: how much less; with 0 it is the cross-entropy.

    Raises:
        DescriptionError: gamma is below 0.

    Example:
        >>> Focal(gamma=1.0)
        Focal(gamma=1.0)

    """

    gamma: float = option(NOT_NEGATIVE, 2.0)
    rules: ClassVar = (focal, focal_slope)
    formula: ClassVar = "Σ w · (1 − p)^gamma · (log Σ exp(z) − Σ z·y), p = Σ softmax(z)·y"
    slope_formula: ClassVar = (
        "w · (s · (softmax(z) − y) − gamma · s / (1 − p) · log p · softmax(z) · (p − y)),"
        " s = (1 − p)^gamma"
    )
    note: ClassVar = "surprise at the true class, which counts less the larger its share was"
    of: ClassVar = "logits"
    at_once: ClassVar = dict.fromkeys(("softmax", "log_softmax"), focal_slope)
    refused: ClassVar = CrossEntropy.refused
    targets: ClassVar = "classes"
    source: ClassVar = FOCAL
