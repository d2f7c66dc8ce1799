"""The metrics of every install: four short formulas, with rows that may count differently."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.rules.reading import USUAL, Reading

Weights = NDArray[Any] | None


def accuracy(
    y: NDArray[Any],
    outputs: NDArray[Any],
    sample_weight: Weights = None,
    *,
    reading: Reading = USUAL,
) -> float:
    """Share of right answers: the largest output names the class; one column is a yes or no.

    y is one-hot or of the outputs' shape; where every column is a yes or no of its own, each is an
    answer.

    >>> accuracy(np.array([[0, 1], [1, 0]]), np.array([[0.2, 0.8], [0.4, 0.6]]))
    0.5
    """
    wanted, given = reading.answers(y, outputs)
    return _mean((wanted == given).reshape(len(y), -1), sample_weight)


def r2(y: NDArray[Any], outputs: NDArray[Any], sample_weight: Weights = None) -> float:
    """Share of the targets' variance that the outputs explain, averaged over columns.

    1 is perfect, 0 is no better than the mean; a column of equal targets counts 1 where it is met
    exactly, else 0.

    >>> r2(np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [2.0], [4.0]]))
    0.5
    """
    wanted, given = np.asarray(y, np.float64), np.asarray(outputs, np.float64)
    w = 1.0 if sample_weight is None else np.asarray(sample_weight, np.float64)[:, None]
    left = np.sum(w * (wanted - given) ** 2, axis=0)
    mean = np.average(wanted, axis=0, weights=sample_weight)
    spread = np.sum(w * (wanted - mean) ** 2, axis=0)
    flat = np.ptp(wanted, axis=0) == 0  # a mean of equal numbers may miss them by its rounding
    shares = 1 - left / np.where(flat, 1, spread)
    return float(np.mean(np.where(flat, left == 0, shares)))


def rmse(y: NDArray[Any], outputs: NDArray[Any], sample_weight: Weights = None) -> float:
    """Root of the mean squared error over all numbers.

    >>> rmse(np.array([[1.0], [2.0]]), np.array([[1.0], [4.0]]))
    1.4142135623730951
    """
    return float(np.sqrt(_mean((np.asarray(y, np.float64) - outputs) ** 2, sample_weight)))


def mae(y: NDArray[Any], outputs: NDArray[Any], sample_weight: Weights = None) -> float:
    """Mean absolute error over all numbers.

    >>> mae(np.array([[1.0], [2.0]]), np.array([[1.0], [4.0]]))
    1.0
    """
    return _mean(np.abs(np.asarray(y, np.float64) - outputs), sample_weight)


def _mean(numbers: NDArray[Any], sample_weight: Weights) -> float:
    """Give the mean of numbers (m, n) whose rows count as their weights say."""
    if sample_weight is None:
        return float(np.mean(numbers))
    return float(np.average(np.mean(numbers, axis=1), weights=sample_weight))
