"""Predictions that say the same for every row, and classes that no row is called."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from glassnet.health.examined import Examined
from glassnet.health.record import Finding, Severity
from glassnet.health.thresholds import CONSTANT, FEW_ROWS, ROWS_OF_CLASS
from glassnet.rules.reading import reading_of


def constant_predictions(examined: Examined) -> Iterator[Finding]:
    """Find outputs that are the same for every row, while rows and targets differ."""
    outputs, y = examined.outputs, examined.y
    if len(y) < FEW_ROWS or not np.isfinite(outputs).all() or outputs.shape != y.shape:
        return
    wanted = float(np.max(np.std(y, axis=0, dtype=np.float64)))
    given = float(np.max(np.std(outputs, axis=0, dtype=np.float64)))
    rows_differ = len(examined.constant_features) < examined.description.inputs
    if not wanted or given > CONSTANT * wanted or not rows_differ:
        return
    if given > 0 and not examined.was_trained:
        return  # first weights may well say next to the same, as those of sigmoid layers do
    yield Finding(
        kind="constant predictions",
        severity=Severity.FAULT,
        what=f"the predictions are the same for every row: they spread by {given:.2g}, the targets"
        f" by {wanted:.3g}",
        evidence={"spread": given, "targets_spread": wanted, "rows": len(y)},
        read="predict(X); y",
        remedy="look at the other findings for the cause: neurons that are dead or saturated,"
        " weights that are all equal, columns that are not scaled; then begin again with a"
        " learning rate that net.find_learning_rate(X, y) suggests",
    )


def classes_never_predicted(examined: Examined) -> Iterator[Finding]:
    """Find classes that have rows, and that a network which was trained never names."""
    if not examined.was_trained:
        return
    if examined.class_counts is None or not np.isfinite(examined.outputs).all():
        return
    loss, activation = examined.description.loss, examined.description.output_activation
    wanted, given = reading_of(loss, activation).answers(examined.y, examined.outputs)
    classes = len(examined.class_counts)
    there = np.bincount(wanted, minlength=classes)
    named = np.bincount(given, minlength=classes)
    never = [int(n) for n in np.flatnonzero((there >= ROWS_OF_CLASS) & (named == 0))]
    if not never:
        return
    first = never[0]
    more = f" ({len(never)} classes in all)" if len(never) > 1 else ""
    yield Finding(
        kind="class never predicted",
        severity=Severity.WARNING,
        what=f"class {examined.class_name(first)} has {there[first]:,} rows and is predicted for"
        f" none{more}",
        evidence={"rows_of_class": int(there[first]), "predicted": 0, "classes_never": len(never)},
        read="predict(X); y",
        remedy="train longer (--epochs), or with a tenth of the learning rate (--learning-rate); if"
        ' the class is rare, class_weight="balanced" (--class-weight balanced)',
    )
