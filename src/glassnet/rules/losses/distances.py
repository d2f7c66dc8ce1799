"""Losses of numbers: how far the outputs are from what is wanted."""

# ruff: noqa: D103 - each rule is described by the loss that calls it

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from glassnet.errors import unknown_name
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
