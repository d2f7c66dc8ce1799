"""Metrics taken from scikit-learn: outputs and targets are brought to the form that it takes.

Where every column is a yes or no of its own, each metric is the mean over the columns. Where a
metric is not defined, as the area under a curve of one class alone, it is nan.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import DescriptionError
from glassnet.rules.activations import Rule
from glassnet.rules.reading import USUAL, Reading

Weights = NDArray[Any] | None


def _taken(name: str) -> Callable[..., Any]:
    """Give a metric of scikit-learn, which is loaded now: it takes a second."""
    metrics: Any = importlib.import_module("sklearn.metrics")
    return getattr(metrics, name)  # type: ignore[no-any-return]


def balanced_accuracy(
    y: NDArray[Any],
    outputs: NDArray[Any],
    sample_weight: Weights = None,
    *,
    reading: Reading = USUAL,
) -> float:
    """Share of right answers in each class, averaged over the classes that are wanted anywhere.

    scikit-learn's balanced_accuracy_score.

    >>> y = np.array([[0.0], [0.0], [0.0], [1.0]])
    >>> balanced_accuracy(y, np.array([[0.1], [0.2], [0.3], [0.4]]))
    0.5
    """
    recall = _taken("recall_score")  # balanced_accuracy_score warns of classes that are not wanted

    def of_column(wanted: NDArray[Any], given: NDArray[Any]) -> float:
        options = {"labels": np.unique(wanted), "average": "macro", "zero_division": 0}
        return float(recall(wanted, given, sample_weight=sample_weight, **options))

    return _mean_of_columns(of_column, *reading.answers(y, outputs))


def f1(
    y: NDArray[Any],
    outputs: NDArray[Any],
    sample_weight: Weights = None,
    *,
    reading: Reading = USUAL,
) -> float:
    """Harmonic mean of precision and recall: of the yes, of class 1 of two, or of each class.

    scikit-learn's f1_score: binary for two classes, else macro, the mean over the classes that are
    wanted or given anywhere. Without a right answer it is 0.

    >>> y = np.array([[0.0], [0.0], [1.0], [1.0]])
    >>> f1(y, np.array([[0.1], [0.6], [0.3], [0.9]]))
    0.5
    """
    several = outputs.shape[1] > 2 and not reading.each
    options = {"average": "macro" if several else "binary", "zero_division": 0}
    score = _taken("f1_score")

    def of_column(wanted: NDArray[Any], given: NDArray[Any]) -> float:
        return float(score(wanted, given, sample_weight=sample_weight, **options))

    return _mean_of_columns(of_column, *reading.answers(y, outputs))


def roc_auc(
    y: NDArray[Any],
    outputs: NDArray[Any],
    sample_weight: Weights = None,
    *,
    reading: Reading = USUAL,
) -> float:
    """Chance that a yes has a larger output than a no: the area under the ROC curve.

    scikit-learn's roc_auc_score; of several classes each against the rest, by its share, averaged
    over the classes (one-vs-rest, macro). nan where a class has all rows, or none.

    >>> roc_auc(np.array([[0.0], [0.0], [1.0]]), np.array([[0.1], [0.8], [0.6]]))
    0.5
    """
    wanted, _ = reading.answers(y, outputs)
    scores = np.asarray(outputs, np.float64)
    if not reading.each and scores.shape[1] > 1:
        wanted = wanted[:, None] == np.arange(scores.shape[1])
        scores = scores if reading.chances is None else reading.chances(scores)
    wanted = wanted.reshape(scores.shape).astype(np.intp)
    if (wanted == wanted[0]).all(axis=0).any() or not np.isfinite(scores).all():
        return float("nan")
    return float(_taken("roc_auc_score")(wanted, scores, sample_weight=sample_weight))


def log_loss(
    y: NDArray[Any],
    outputs: NDArray[Any],
    sample_weight: Weights = None,
    *,
    reading: Reading = USUAL,
) -> float:
    """Mean of −log(chance given to what was wanted).

    scikit-learn's log_loss, which takes a chance of 0 as the smallest above it. The chances of
    several classes are divided by their sum; of shares in y the largest is what was wanted.

    Raises DescriptionError where outputs are no chances.

    >>> sure = Reading(chances=lambda outputs: outputs)
    >>> log_loss(np.array([[1.0], [0.0]]), np.array([[0.5], [0.5]]), reading=sure)
    0.6931471805599453
    """
    to_chances = chances_of(reading)
    score, (wanted, _) = _taken("log_loss"), reading.answers(y, outputs)
    chances = to_chances(np.asarray(outputs, np.float64))
    single = reading.each or outputs.shape[1] == 1
    if not single:
        chances = chances / np.sum(chances, axis=1, keepdims=True)
    if not np.isfinite(chances).all():
        return float("nan")
    if single:
        wanted = wanted.reshape(chances.shape)
        losses = [
            score(w, c, sample_weight=sample_weight, labels=[0, 1])
            for w, c in zip(wanted.T, chances.T, strict=True)
        ]
        return float(np.mean(losses))
    labels = np.arange(chances.shape[1])
    return float(score(wanted, chances, sample_weight=sample_weight, labels=labels))


def chances_of(reading: Reading) -> Rule:
    """Give what turns outputs into chances; raises DescriptionError where they are none."""
    if reading.chances is None:
        raise DescriptionError(
            "the metric 'log_loss' needs chances, and the outputs of this network are none: end it"
            " in sigmoid or softmax, or take the loss binary_cross_entropy or cross_entropy"
        )
    return reading.chances


def _mean_of_columns(
    of_column: Callable[[NDArray[Any], NDArray[Any]], float],
    wanted: NDArray[Any],
    given: NDArray[Any],
) -> float:
    """Give a metric of answers (m,), or its mean over the columns of (m, n)."""
    if wanted.ndim == 1:
        return of_column(wanted, given)
    return float(np.mean([of_column(w, g) for w, g in zip(wanted.T, given.T, strict=True)]))
