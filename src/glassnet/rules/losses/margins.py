"""Losses of margins: nothing is lost where the right answer leads by 1."""

# ruff: noqa: D103 - each rule is described by the loss that calls it

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from glassnet.rules.losses.base import Loss


def hinge(z, y, w):
    side = np.sign(y - 0.5)  # 1 for a yes; −1 for a no, be it written 0 or −1
    return np.sum(w * np.maximum(1 - side * z, 0)) / z.shape[1]


def hinge_slope(z, y, w):  # 0 where the lead is 1
    side = np.sign(y - 0.5)
    return w * np.where(side * z < 1, -side, 0 * side) / z.shape[1]


def multiclass_hinge(z, y, w):
    behind = z - np.sum(z * y, axis=1, keepdims=True)
    return np.sum(w * (1 - y) * np.maximum(1 + behind, 0)) / z.shape[1]


def multiclass_hinge_slope(z, y, w):  # 0 where the lead is 1
    behind = z - np.sum(z * y, axis=1, keepdims=True)
    close = (1 - y) * (1 + behind > 0)
    return w * (close - y * np.sum(close, axis=1, keepdims=True)) / z.shape[1]


@dataclass(frozen=True, repr=False)
class Hinge(Loss):
    """How much the score of each yes or no lacks to be on its side of 0, and 1 away from it.

    Targets are 0 and 1, or −1 and 1. A score above 0 says yes. The slope where nothing is lacking
    any more, at 1, is 0.
    """

    rules: ClassVar = (hinge, hinge_slope)
    formula: ClassVar = "Σ w · max(1 − s·z, 0) / n, s = 1 for yes, −1 for no"
    slope_formula: ClassVar = "w · (−s where s·z < 1, else 0) / n, s = 1 for yes, −1 for no"
    note: ClassVar = "what each score lacks to be 1 away from 0 on its side"
    of: ClassVar = "logits"
    refused: ClassVar = (
        "it is computed from scores on both sides of 0, so the last activation must be linear"
    )
    targets: ClassVar = "signs"
    source: ClassVar = "Cortes, Vapnik: Support-Vector Networks, Machine Learning 20 (1995)"


@dataclass(frozen=True, repr=False)
class MulticlassHinge(Loss):
    """How much the score of the true class lacks to lead each other class by 1.

    The largest score names the class. The slope where nothing is lacking any more is 0.
    """

    rules: ClassVar = (multiclass_hinge, multiclass_hinge_slope)
    formula: ClassVar = "Σ w · (1 − y) · max(1 + z − t, 0) / n, t = Σ z·y, the true class's score"
    slope_formula: ClassVar = "w · (c − y · Σ c) / n, c = 1 − y where 1 + z − Σ z·y > 0, else 0"
    note: ClassVar = "what the true class's score lacks to lead each other one by 1"
    of: ClassVar = "logits"
    refused: ClassVar = (
        "it is computed from the scores of classes, so the last activation must be linear"
    )
    targets: ClassVar = "classes"
    source: ClassVar = "Weston, Watkins: ESANN (1999), in PyTorch's form (MultiMarginLoss)"
