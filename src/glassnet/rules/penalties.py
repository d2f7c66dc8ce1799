"""Penalties: what a layer adds to the loss for the size of its weights, and to their gradient.

An entry is an option of a layer: `Dense(3, l2=0.01)` adds 0.01·ΣW² to the loss, once for a batch of
any size. In a formula, p is the array of weights.
"""

# ruff: noqa: D103 - each rule is described by the entry that names it

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Penalty:
    """One penalty: what it adds to the loss, how that changes with each weight, and where from."""

    name: str
    function: Callable[..., Any]
    slope: Callable[..., Any]
    formula: str
    slope_formula: str
    note: str
    source: str


def l1_penalty(p, l1):
    return l1 * np.sum(np.abs(p))


def l1_slope(p, l1):
    return l1 * np.sign(p)


def l2_penalty(p, l2):
    return l2 * np.sum(p * p)


def l2_slope(p, l2):
    return 2 * l2 * p


PENALTIES = {
    penalty.name: penalty
    for penalty in (
        Penalty(
            "l1",
            l1_penalty,
            l1_slope,
            "l1 · Σ |p|",
            "l1 · sign(p)",
            "draws every weight to 0 by the same force, which ends at 0",
            "Tibshirani: Regression Shrinkage and Selection via the Lasso (1996)",
        ),
        Penalty(
            "l2",
            l2_penalty,
            l2_slope,
            "l2 · Σ p²",
            "2 · l2 · p",
            "draws every weight to 0 by a force that grows with it",
            "Hoerl, Kennard: Ridge Regression (1970)",
        ),
    )
}
