"""Metrics: how good outputs are, in words that people use; larger accuracy and r2 are better.

Each takes what is wanted, y (m, n), and the outputs of the network (m, n), and gives a number.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import DescriptionError, unknown_name

Metric = Callable[[NDArray[Any], NDArray[Any]], float]


def accuracy(
    y: NDArray[Any],
    outputs: NDArray[Any],
    *,
    cut: float = 0.5,
    wanted_cut: float = 0.5,
    each: bool = False,
) -> float:
    """Share of right answers: the largest output names the class; one column is yes above `cut`.

    y is one-hot or of the outputs' shape; `each` judges every column as a yes or no of its own.

    >>> accuracy(np.array([[0, 1], [1, 0]]), np.array([[0.2, 0.8], [0.4, 0.6]]))
    0.5
    """
    if each or outputs.shape[1] == 1:
        return float(np.mean((outputs > cut) == (y > wanted_cut)))
    return float(np.mean(np.argmax(outputs, axis=1) == np.argmax(y, axis=1)))


def r2(y: NDArray[Any], outputs: NDArray[Any]) -> float:
    """Share of the targets' variance that the outputs explain, averaged over columns.

    1 is perfect, 0 is no better than the mean; a column of equal targets counts 1 where it is met
    exactly, else 0.

    >>> r2(np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [2.0], [4.0]]))
    0.5
    """
    wanted, given = np.asarray(y, np.float64), np.asarray(outputs, np.float64)
    left = np.sum((wanted - given) ** 2, axis=0)
    spread = np.sum((wanted - np.mean(wanted, axis=0)) ** 2, axis=0)
    flat = spread == 0
    shares = 1 - left / np.where(flat, 1, spread)
    return float(np.mean(np.where(flat, left == 0, shares)))


def rmse(y: NDArray[Any], outputs: NDArray[Any]) -> float:
    """Root of the mean squared error over all numbers.

    >>> rmse(np.array([[1.0], [2.0]]), np.array([[1.0], [4.0]]))
    1.4142135623730951
    """
    return float(np.sqrt(np.mean((np.asarray(y, np.float64) - outputs) ** 2)))


def mae(y: NDArray[Any], outputs: NDArray[Any]) -> float:
    """Mean absolute error over all numbers.

    >>> mae(np.array([[1.0], [2.0]]), np.array([[1.0], [4.0]]))
    1.0
    """
    return float(np.mean(np.abs(np.asarray(y, np.float64) - outputs)))


METRICS: dict[str, Metric] = {f.__name__: f for f in (accuracy, r2, rmse, mae)}


def by_name(
    metrics: Iterable[str | Metric] | str | Metric | None, *, each: bool, activation: str
) -> dict[str, Metric]:
    """Give the functions of the metrics that were asked for, by name; None asks for none.

    Accuracy cuts where the outputs of this output activation mean yes and no alike; `each` says
    that every column is a yes or no of its own.

    Raises:
        DescriptionError: an unknown name, or one given twice.

    Example:
        >>> list(by_name(["rmse", max], each=False, activation="linear"))
        ['rmse', 'max']

    """
    if metrics is None:
        return {}
    several = isinstance(metrics, Iterable) and not isinstance(metrics, str)
    wanted: list[Any] = list(metrics) if several else [metrics]  # type: ignore[arg-type]
    found: dict[str, Metric] = {}
    for metric in wanted:
        if callable(metric):
            name, function = getattr(metric, "__name__", type(metric).__name__), metric
        elif isinstance(metric, str) and metric in METRICS:
            name, function = metric, METRICS[metric]
        else:
            raise unknown_name("metric", metric, METRICS)
        if name in found:
            raise DescriptionError(f"the metric {name!r} was given twice: give each once")
        found[name] = _accuracy_for(each, activation) if function is accuracy else function
    return found


def measured(name: str, metric: Metric, y: NDArray[Any], outputs: NDArray[Any]) -> float:
    """Take a metric.

    Raises:
        DescriptionError: it gives something else than a number.

    Example:
        >>> measured("gap", lambda y, outputs: outputs - y, np.ones(3), np.ones(3))
        Traceback (most recent call last):
        ...
        glassnet.errors.DescriptionError: the metric 'gap' must give a number, got an array of (3,)

    """
    found = metric(y, outputs)
    number = np.asarray(found)
    if number.ndim == 0 and number.dtype.kind in "biuf":
        return float(number)
    got = f"an array of {number.shape}" if number.ndim else repr(found)
    raise DescriptionError(f"the metric {name!r} must give a number, got {got}")


def _accuracy_for(each: bool, activation: str) -> Metric:
    middle = 0.0 if activation == "tanh" else 0.5  # of targets −1 and 1, or 0 and 1
    cut = 0.0 if each and activation == "linear" else middle  # a logit of 0 is a chance of 0.5
    return functools.partial(accuracy, cut=cut, wanted_cut=middle, each=each)
