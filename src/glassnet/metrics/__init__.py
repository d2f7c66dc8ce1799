"""Metrics: how good outputs are, in words that people use.

Each takes what is wanted, y (m, n), the outputs of the network (m, n) and what each row counts
(m,), and gives a number.

formulas.py      accuracy, r2, rmse, mae: on every install
scikit_learn.py  those taken from scikit-learn
"""

from __future__ import annotations

import functools
import importlib.util
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import DescriptionError, missing_extra, unknown_name
from glassnet.metrics.formulas import accuracy, mae, r2, rmse
from glassnet.metrics.scikit_learn import (
    balanced_accuracy,
    chances_of,
    f1,
    log_loss,
    roc_auc,
)
from glassnet.rules.losses import Loss
from glassnet.rules.reading import Reading, reading_of

__all__ = ["METRICS", "Metric", "MetricFunction", "by_name", "measured"]

MetricFunction = Callable[..., float]  # f(y, outputs), or f(y, outputs, sample_weight=…)
# Names of other columns of a history.
TAKEN = ("epoch", "seconds", "loss", "learning_rate", "momentum", "weight_decay")


@dataclass(frozen=True)
class Metric:
    """A metric that was asked for.

    Args:
        name: in histories, and in what `evaluate` gives.
        function: f(y, outputs), or f(y, outputs, sample_weight=…).
        larger_is_better: None where nobody said; it is then not known what is best.
        weighted: whether the function takes sample_weight.
        reads: whether it takes reading=, what outputs mean.
        scikit_learn: whether it is taken from there.

    """

    name: str
    function: MetricFunction
    larger_is_better: bool | None
    weighted: bool = True
    reads: bool = False
    scikit_learn: bool = False


def _taken(name: str, function: MetricFunction, *, larger_is_better: bool = True) -> Metric:
    return Metric(name, function, larger_is_better, reads=True, scikit_learn=True)


METRICS: dict[str, Metric] = {
    entry.name: entry
    for entry in (
        Metric("accuracy", accuracy, larger_is_better=True, reads=True),
        _taken("balanced_accuracy", balanced_accuracy),
        _taken("f1", f1),
        _taken("roc_auc", roc_auc),
        _taken("log_loss", log_loss, larger_is_better=False),
        Metric("r2", r2, larger_is_better=True),
        Metric("rmse", rmse, larger_is_better=False),
        Metric("mae", mae, larger_is_better=False),
    )
}


def by_name(
    metrics: Iterable[str | MetricFunction] | str | MetricFunction | None,
    *,
    loss: Loss | str,
    activation: str,
) -> dict[str, Metric]:
    """Give the metrics that were asked for, by name; None asks for none.

    They read the outputs as this loss and output activation mean them. Of an own function, the
    attribute `larger_is_better` says what is good, and a parameter `sample_weight` is filled.

    Raises:
        DescriptionError: an unknown name, one given twice or one that means something else in a
            history, or a metric that outputs of this kind do not have.
        MissingExtraError: the library that a metric is taken from is not installed.

    Example:
        >>> list(by_name(["rmse", max], loss="mean_squared_error", activation="linear"))
        ['rmse', 'max']

    """
    if metrics is None:
        return {}
    several = isinstance(metrics, Iterable) and not isinstance(metrics, str)
    wanted: list[Any] = list(metrics) if several else [metrics]  # type: ignore[arg-type]
    reading = reading_of(loss, activation)
    found: dict[str, Metric] = {}
    for asked in wanted:
        metric = _bound(_entry(asked), reading)
        if metric.name in found:
            raise DescriptionError(f"the metric {metric.name!r} was given twice: give each once")
        found[metric.name] = metric
    return found


def _entry(asked: Any) -> Metric:
    if isinstance(asked, str) and asked in METRICS:
        return METRICS[asked]
    if not callable(asked):
        raise unknown_name("metric", asked, METRICS)
    name = getattr(asked, "__name__", type(asked).__name__)
    if name in TAKEN or name.startswith("validation_"):
        raise DescriptionError(
            f"a metric cannot be called {name!r}, which means something else in a history: give"
            " the function another name"
        )
    better = getattr(asked, "larger_is_better", None)
    if not isinstance(better, bool | None):
        raise DescriptionError(
            f"the attribute larger_is_better of the metric {name!r} must be True or False, got"
            f" {better!r}"
        )
    return Metric(name, asked, better, weighted=_takes_weights(asked))


def _takes_weights(function: MetricFunction) -> bool:
    try:
        return "sample_weight" in inspect.signature(function).parameters
    except (TypeError, ValueError):  # some functions of C do not say what they take
        return False


def _bound(metric: Metric, reading: Reading) -> Metric:
    """Give a metric that reads outputs as this network means them."""
    if metric.scikit_learn and importlib.util.find_spec("sklearn") is None:
        raise missing_extra(f"the metric {metric.name!r}", "scikit-learn", "sklearn")
    if metric.function is log_loss:
        chances_of(reading)  # raises, before training
    if not metric.reads:
        return metric
    function = functools.partial(metric.function, reading=reading)
    return Metric(metric.name, function, metric.larger_is_better)


def measured(
    metric: Metric,
    y: NDArray[Any],
    outputs: NDArray[Any],
    sample_weight: NDArray[Any] | None = None,
) -> float:
    """Take a metric.

    Raises:
        DescriptionError: it gives something else than a number.

    Example:
        >>> gap = Metric("gap", lambda y, outputs: outputs - y, None, weighted=False)
        >>> measured(gap, np.ones(3), np.ones(3))
        Traceback (most recent call last):
        ...
        glassnet.errors.DescriptionError: the metric 'gap' must give a number, got an array of (3,)

    """
    if metric.weighted and sample_weight is not None:
        found = metric.function(y, outputs, sample_weight=sample_weight)
    else:
        found = metric.function(y, outputs)
    number = np.asarray(found)
    if number.ndim == 0 and number.dtype.kind in "biuf":
        return float(number)
    got = f"an array of {number.shape}" if number.ndim else repr(found)
    raise DescriptionError(f"the metric {metric.name!r} must give a number, got {got}")
