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

from glassnet.rules.entry import OptionRule


@dataclass(frozen=True, kw_only=True)
class Penalty(OptionRule):
    """One penalty: what it adds to the loss, and how that changes with each weight."""

    function: Callable[..., Any]
    slope: Callable[..., Any]
    slope_formula: str
    kinks: tuple[float, ...] = ()  # where its slope jumps


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
            name="l1",
            function=l1_penalty,
            slope=l1_slope,
            formula="l1 · Σ |p|",
            slope_formula="l1 · sign(p)",
            note="draws every weight to 0 by the same force, which ends at 0",
            source="Tibshirani: Regression Shrinkage and Selection via the Lasso (1996)",
            kinks=(0.0,),
        ),
        Penalty(
            name="l2",
            function=l2_penalty,
            slope=l2_slope,
            formula="l2 · Σ p²",
            slope_formula="2 · l2 · p",
            note="draws every weight to 0 by a force that grows with it",
            source="Hoerl, Kennard: Ridge Regression (1970)",
        ),
    )
}
