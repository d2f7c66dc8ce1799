"""Losses: each function right above its slope, then the table that names them.

A loss takes what the network gives (its outputs a, or for the cross-entropies the logits z that
the last activation has not seen yet), the wanted y of the same shape (m, n) and the row weights w
of shape (m, 1), which add up to 1 (1/m each where nothing else was said). It returns one number.
The slope is the derivative by the outputs, or by the logits where a loss is computed from them.
"""

# ruff: noqa: D103 - each rule is described by its entry in the table below

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from glassnet.errors import DescriptionError, unknown_name
from glassnet.rules.activations import Rule, sigmoid, softmax


def mean_squared_error(a, y, w):
    error = a - y
    return np.sum(w * error * error) / a.shape[1]


def mean_squared_error_slope(a, y, w):
    return 2 * w * (a - y) / a.shape[1]


def half_squared_error(a, y, w):
    error = a - y
    return np.sum(w * error * error) / (2 * a.shape[1])


def half_squared_error_slope(a, y, w):
    return w * (a - y) / a.shape[1]


def half_squared_error_sum(a, y, w):
    error = a - y
    return np.sum(w * error * error) / 2


def half_squared_error_sum_slope(a, y, w):
    return w * (a - y)


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


@dataclass(frozen=True)
class Loss:
    """One loss: its function, its slope, and which output activations it goes with.

    `of` says what the function reads: the outputs of the network, or the logits before its last
    activation. `short` maps an output activation to a rule that gives dz of the last layer at
    once, where that is right; a loss of the outputs goes through the full backward rule of any
    other activation; a loss of the logits refuses any other, for the reason in `refused`.
    """

    name: str
    function: Rule
    slope: Rule
    formula: str
    slope_formula: str
    note: str
    of: Literal["outputs", "logits"] = "outputs"
    short: Mapping[str, Rule] = field(default_factory=dict)
    refused: str = ""
    rows: Literal["mean", "sum"] = "mean"  # whether w adds up to 1, or is 1 for every row
    targets: Literal["numbers", "zero_one", "classes"] = "numbers"
    source: str = "Goodfellow, Bengio, Courville: Deep Learning (2016), section 6.2"


LOSSES: dict[str, Loss] = {
    entry.name: entry
    for entry in (
        Loss(
            "mean_squared_error",
            mean_squared_error,
            mean_squared_error_slope,
            "Σ w · (a − y)² / n",
            "2 · w · (a − y) / n",
            "squared distance to the target, averaged",
            short={"linear": mean_squared_error_slope},
        ),
        Loss(
            "half_squared_error",
            half_squared_error,
            half_squared_error_slope,
            "Σ w · (a − y)² / 2n",
            "w · (a − y) / n",
            "half the mean squared error: no factor 2 later",
            short={"linear": half_squared_error_slope},
        ),
        Loss(
            "half_squared_error_sum",
            half_squared_error_sum,
            half_squared_error_sum_slope,
            "Σ w · (a − y)² / 2",
            "w · (a − y)",
            "half the squared error, added up over all rows",
            short={"linear": half_squared_error_sum_slope},
            rows="sum",
        ),
        Loss(
            "binary_cross_entropy",
            binary_cross_entropy,
            binary_cross_entropy_slope,
            "Σ w · (max(z, 0) − z·y + log(1 + exp(−|z|))) / n",
            "w · (sigmoid(z) − y) / n",
            "surprise at each yes or no, given its chance",
            of="logits",
            short={"sigmoid": binary_cross_entropy_error, "linear": binary_cross_entropy_slope},
            refused="it is computed from the logits of a yes or no, so the last activation must be"
            " sigmoid (outputs are chances) or linear (outputs are logits)",
            targets="zero_one",
        ),
        Loss(
            "cross_entropy",
            cross_entropy,
            cross_entropy_slope,
            "Σ w · (log Σ exp(z) − Σ z·y)",
            "w · (softmax(z) − y)",
            "surprise at the true class, given its share",
            of="logits",
            short={
                "softmax": cross_entropy_error,
                "log_softmax": cross_entropy_log_error,
                "linear": cross_entropy_slope,
            },
            refused="it is computed from the logits of classes that shut each other out, so the"
            " last activation must be softmax (outputs are shares), log_softmax (outputs are their"
            " logarithms) or linear (outputs are logits)",
            targets="classes",
        ),
    )
}


def HalfSquaredError(reduction: Literal["mean", "sum"] = "mean") -> str:  # noqa: N802
    """Name the half squared error that averages, or the one that adds up.

    Example:
        >>> HalfSquaredError(reduction="sum")
        'half_squared_error_sum'

    """
    names = {"mean": "half_squared_error", "sum": "half_squared_error_sum"}
    if reduction not in names:
        raise unknown_name("reduction", reduction, names)
    return names[reduction]


def backward_rule(activation: str, loss: str) -> Literal["short", "full"]:
    """How the error of the last layer is made: at once, or through the activation's slope.

    Raises DescriptionError for a pair that cannot be, with its reason.

    Example:
        >>> backward_rule("softmax", "cross_entropy"), backward_rule("tanh", "mean_squared_error")
        ('short', 'full')

    """
    entry = LOSSES[loss]
    if activation in entry.short:
        return "short"
    if entry.of == "outputs":
        return "full"
    raise DescriptionError(
        f"{loss} does not go with the output activation {activation!r}: {entry.refused}"
    )
