"""Losses of numbers: how far the outputs are from what is wanted."""

# ruff: noqa: D103 - each rule is described by the loss that calls it

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from glassnet.errors import unknown_name
from glassnet.rules.entry import POSITIVE, option
from glassnet.rules.losses.base import Loss


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


def mean_absolute_error(a, y, w):
    return np.sum(w * np.abs(a - y)) / a.shape[1]


def mean_absolute_error_slope(a, y, w):  # 0 where a = y, between the slopes on both sides
    return w * np.sign(a - y) / a.shape[1]


def huber(a, y, w, delta=1.0):
    size = np.abs(a - y)
    near = np.minimum(size, delta)
    return np.sum(w * near * (size - 0.5 * near)) / a.shape[1]


def huber_slope(a, y, w, delta=1.0):
    return w * np.maximum(np.minimum(a - y, delta), -delta) / a.shape[1]


def log_cosh(a, y, w):  # cosh itself would be too large for a number
    size = np.abs(a - y)
    return np.sum(w * (size + np.log1p(0.5 * np.expm1(-2 * size)))) / a.shape[1]


def log_cosh_slope(a, y, w):
    return w * np.tanh(a - y) / a.shape[1]


@dataclass(frozen=True, repr=False)
class MeanSquaredError(Loss):
    """The squared distance to the target, averaged."""

    rules: ClassVar = (mean_squared_error, mean_squared_error_slope)
    formula: ClassVar = "Σ w · (a − y)² / n"
    slope_formula: ClassVar = "2 · w · (a − y) / n"
    note: ClassVar = "squared distance to the target, averaged"


@dataclass(frozen=True, repr=False)
class HalfSquaredErrorMean(Loss):
    """Half the mean squared error."""

    rules: ClassVar = (half_squared_error, half_squared_error_slope)
    formula: ClassVar = "Σ w · (a − y)² / 2n"
    slope_formula: ClassVar = "w · (a − y) / n"
    note: ClassVar = "half the mean squared error: no factor 2 later"


@dataclass(frozen=True, repr=False)
class HalfSquaredErrorSum(Loss):
    """Half the squared error, added up over all rows."""

    rules: ClassVar = (half_squared_error_sum, half_squared_error_sum_slope)
    formula: ClassVar = "Σ w · (a − y)² / 2"
    slope_formula: ClassVar = "w · (a − y)"
    note: ClassVar = "half the squared error, added up over all rows"
    rows: ClassVar = "sum"


def HalfSquaredError(reduction: Literal["mean", "sum"] = "mean") -> Loss:  # noqa: N802
    """Give the half squared error that averages, or the one that adds up.

    Raises DescriptionError for another reduction.

    Example:
        >>> print(HalfSquaredError(reduction="sum"))
        half_squared_error_sum

    """
    kinds = {"mean": HalfSquaredErrorMean, "sum": HalfSquaredErrorSum}
    if reduction not in kinds:
        raise unknown_name("reduction", reduction, kinds)
    return kinds[reduction]()


@dataclass(frozen=True, repr=False)
class MeanAbsoluteError(Loss):
    """The distance to the target, averaged; far targets pull no harder than near ones.

    Its slope where an output meets its target is 0.
    """

    rules: ClassVar = (mean_absolute_error, mean_absolute_error_slope)
    formula: ClassVar = "Σ w · |a − y| / n"
    slope_formula: ClassVar = "w · sign(a − y) / n"
    note: ClassVar = "distance to the target, averaged"


@dataclass(frozen=True, repr=False)
class Huber(Loss):
    """Half the squared error up to a distance, and from there on a straight line.

    Args:
        delta: that distance, in the unit of y.

    Raises:
        DescriptionError: delta is not above 0.

    Example:
        >>> Huber(delta=2.0)
        Huber(delta=2.0)

    """

    delta: float = option(POSITIVE, 1.0)
    rules: ClassVar = (huber, huber_slope)
    formula: ClassVar = "Σ w · e · (|a − y| − e / 2) / n, e = min(|a − y|, delta)"
    slope_formula: ClassVar = "w · max(min(a − y, delta), −delta) / n"
    note: ClassVar = "squared distance near the target, distance times delta far from it"
    source: ClassVar = "Huber: Robust Estimation of a Location Parameter (1964), in PyTorch's form"


@dataclass(frozen=True, repr=False)
class LogCosh(Loss):
    """The logarithm of the hyperbolic cosine: half a square near the target, a distance far off."""

    rules: ClassVar = (log_cosh, log_cosh_slope)
    formula: ClassVar = "Σ w · log(cosh(a − y)) / n"
    slope_formula: ClassVar = "w · tanh(a − y) / n"
    note: ClassVar = "half a squared distance near the target, a distance far from it, smoothly"
    source: ClassVar = "Green: IEEE Transactions on Medical Imaging 9 (1990)"
