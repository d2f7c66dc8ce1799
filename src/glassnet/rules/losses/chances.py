"""Losses of chances: how surprising what came is, given the chance or the share it was given."""

# ruff: noqa: D103 - each rule is described by the loss that calls it

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from glassnet.rules.activations import sigmoid, softmax
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


@dataclass(frozen=True, repr=False)
class BinaryCrossEntropy(Loss):
    """Surprise at each yes or no, given its chance; several columns are labels of their own."""

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


@dataclass(frozen=True, repr=False)
class CrossEntropy(Loss):
    """Surprise at the true class, given its share."""

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
