"""The data: columns that say nothing or are out of scale, classes that are rare or not there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from glassnet.health.examined import Examined
from glassnet.health.record import Finding, Severity
from glassnet.health.thresholds import FEW_TARGETS, IMBALANCE, LARGE, PARAMETERS, SPREADS
from glassnet.rules.activations import ACTIVATIONS

MOST_NAMED = 3  # columns or classes that a sentence names
BEYOND = 1e29  # an activation that gets so far has no end on that side


def constant_features(examined: Examined) -> Iterator[Finding]:
    """Find columns that are one number in every row."""
    constant = examined.constant_features
    if not constant or examined.total < 2:
        return
    named = _named([examined.feature(column) for column in constant])
    verb = "varies" if len(constant) == 1 else "vary"
    yield Finding(
        kind="constant feature",
        severity=Severity.WARNING,
        what=f"{named} never {verb}, so nothing can be learnt from {_it(len(constant))}",
        evidence={
            "constant": len(constant),
            "features": examined.description.inputs,
            "rows": examined.total,
            **{f"column_{c}": v for c, v in list(constant.items())[:MOST_NAMED]},
        },
        read="X, all rows",
        remedy=f"leave {_it(len(constant))} out (--without; in Python features=[…]), or look why"
        " no row has another value",
    )


def unscaled_features(examined: Examined) -> Iterator[Finding]:
    """Find columns far from 0, or of very different spreads: one rate cannot suit all of them."""
    used = [
        c
        for c in range(examined.description.inputs)
        if c not in examined.description.categories and c not in examined.constant_features
    ]
    if not used or len(examined.x) < 2:
        return
    columns = examined.x[:, used].astype(np.float64)
    spreads, largest = np.std(columns, axis=0), np.max(np.abs(columns), axis=0)
    low, high, far = (int(p) for p in (spreads.argmin(), spreads.argmax(), largest.argmax()))
    ratio = float(spreads[high] / spreads[low]) if spreads[low] > 0 else 1.0
    if ratio <= SPREADS and largest[far] <= LARGE:
        return
    if ratio > SPREADS:
        what = (
            f"the columns have very different scales: {examined.feature(used[high])} has a spread"
            f" of {spreads[high]:.3g}, {examined.feature(used[low])} one of {spreads[low]:.3g}"
        )
    else:
        what = (
            f"{examined.feature(used[far])} is not scaled: it holds numbers as large as"
            f" {largest[far]:.3g}"
        )
    yield Finding(
        kind="unscaled features",
        severity=Severity.WARNING,
        what=what,
        evidence={
            "largest": float(largest[far]),
            "largest_in_column": used[far],
            "widest_spread": float(spreads[high]),
            "narrowest_spread": float(spreads[low]),
            "ratio": ratio,
        },
        read="X",
        remedy="bring every column to mean 0 and spread 1: gn.table.Preparation and glassnet fit"
        " do; by hand (X - X.mean(axis=0)) / X.std(axis=0)",
    )


def missing_classes(examined: Examined) -> Iterator[Finding]:
    """Find classes that the network has an output for, and no row."""
    counts = examined.class_counts
    if counts is None or not (counts == 0).any():
        return
    absent = [int(number) for number in np.flatnonzero(counts == 0)]
    named = _named([f"class {examined.class_name(number)}" for number in absent])
    yield Finding(
        kind="missing class",
        severity=Severity.WARNING,
        what=f"{named} {'has' if len(absent) == 1 else 'have'} no row, so"
        f" {_it(len(absent))} cannot be learnt",
        evidence={"missing": len(absent), "classes": len(counts), "rows": int(counts.sum())},
        read="y, all rows",
        remedy="add rows of it, or end the network in as many outputs as there are classes; after"
        " a split, hold out a part of each class (gn.table.split with classes does)",
    )


def rare_classes(examined: Examined) -> Iterator[Finding]:
    """Find classes with few rows beside the most frequent one."""
    counts = examined.class_counts
    if counts is None or not (counts > 0).sum() > 1:
        return
    there = np.where(counts > 0, counts, counts.max())
    rare, usual = int(np.argmin(there)), int(np.argmax(counts))
    ratio = float(counts[usual] / counts[rare])
    if ratio < IMBALANCE:
        return
    yield Finding(
        kind="rare class",
        severity=Severity.REMARK,
        what=f"class {examined.class_name(rare)} has {counts[rare]:,} rows and class"
        f" {examined.class_name(usual)} has {counts[usual]:,}: the loss is mostly about the latter",
        evidence={"rarest": int(counts[rare]), "usual": int(counts[usual]), "ratio": ratio},
        read="y, all rows",
        remedy='let all classes count alike: class_weight="balanced" (--class-weight balanced); and'
        ' look at the metric "balanced_accuracy" or "f1" beside accuracy',
    )


def unreachable_targets(examined: Examined) -> Iterator[Finding]:
    """Find targets that the output activation cannot reach."""
    activation = examined.description.output_activation
    y = examined.y
    if examined.description.loss.targets != "numbers" or activation == "linear":
        return
    low, high = reach_of(activation)
    room = 1e-6 * max(1.0, *(abs(end) for end in (low, high) if np.isfinite(end)), 0.0)
    beyond = int(np.sum((y < low - room) | (y > high + room)))
    if not beyond:
        return
    bounds = f"between {low:.3g} and {high:.3g}"
    outputs = f"lie {bounds}"
    if not np.isfinite(high):
        bounds, outputs = f"up to {low:.3g} and more", f"are never below {low:.3g}"
    elif not np.isfinite(low):
        bounds, outputs = f"down to {high:.3g} and less", f"are never above {high:.3g}"
    yield Finding(
        kind="unreachable targets",
        severity=Severity.FAULT,
        what=f"the targets go from {float(y.min()):.6g} to {float(y.max()):.6g}, but outputs of"
        f" {activation} {outputs}",
        evidence={
            "lowest_target": float(y.min()),
            "highest_target": float(y.max()),
            "lowest_output": low,
            "highest_output": high,
            "out_of_reach": beyond,
            "targets": int(y.size),
        },
        read=f"y; {activation}",
        remedy=f"let the last layer be linear (gn.Dense({examined.description.outputs})), or bring"
        f" the targets {bounds}",
    )


def reach_of(activation: str) -> tuple[float, float]:
    """Give the lowest and the highest output of an activation, inf where there is no end.

    It is asked itself, over a range of numbers; what works on whole rows sees them in one row.

    >>> reach_of("tanh"), reach_of("relu"), reach_of("softmax")
    ((-1.0, 1.0), (0.0, inf), (0.0, 1.0))
    """
    function = ACTIVATIONS[activation].function
    if function is None:
        return -np.inf, np.inf
    numbers = np.concatenate([[-1e30], np.linspace(-50, 50, 2001), [1e30]])
    with np.errstate(all="ignore"):
        outputs = np.asarray(function(numbers[None, :]), np.float64)
    known = outputs[~np.isnan(outputs)]
    if not known.size:
        return -np.inf, np.inf
    low, high = float(known.min()), float(known.max())
    return (-np.inf if low < -BEYOND else low), (np.inf if high > BEYOND else high)


def unscaled_targets(examined: Examined) -> Iterator[Finding]:
    """Find targets that are large numbers, in a network that has not got there."""
    if examined.description.loss.targets != "numbers" or examined.fits:
        return
    if any(unreachable_targets(examined)):
        return  # which says more
    y = examined.y
    largest = float(np.max(np.abs(y)))
    if largest <= LARGE:
        return
    yield Finding(
        kind="unscaled targets",
        severity=Severity.WARNING,
        what=f"the targets are as large as {largest:.4g}: outputs begin near 0 and need many steps"
        " to get there",
        evidence={"largest": largest, "mean": float(np.mean(y, dtype=np.float64))},
        read="y",
        remedy="bring the targets to mean 0 and spread 1, and predictions back:"
        " gn.table.Preparation and glassnet fit do; by hand (y - y.mean()) / y.std()",
    )


def many_parameters(examined: Examined) -> Iterator[Finding]:
    """Remark on far more parameters than there are numbers to be learnt."""
    targets = examined.total * examined.y.shape[1]
    if examined.description.loss.targets == "classes":
        targets = examined.total  # one-hot rows say one thing each
    count = sum(examined.description.parameter_counts())
    if examined.total < FEW_TARGETS or count <= PARAMETERS * targets:
        return
    yield Finding(
        kind="many parameters",
        severity=Severity.REMARK,
        what=f"{count:,} parameters for {targets:,} targets: they can learn the rows by heart",
        evidence={"parameters": count, "targets": targets, "ratio": count / targets},
        read="the description; y",
        remedy="look at rows that were held out (validation=0.2, or gn.cross_validate); fewer"
        " neurons, early_stopping=10 or gn.AdamW(weight_decay=0.01) help where they do worse",
    )


def _named(names: list[str]) -> str:
    """Name a few, and say how many more there are.

    >>> _named(["a"]), _named(["a", "b"]), _named(list("abcdef"))
    ('a', 'a and b', 'a, b, c and 3 more')
    """
    if len(names) > MOST_NAMED:
        return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _it(count: int) -> str:
    return "it" if count == 1 else "them"
