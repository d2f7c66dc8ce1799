"""The loss of counts: how many of something came, given the rate."""

# ruff: noqa: D103 - each rule is described by the loss that calls it

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from glassnet.rules.losses.base import Loss


def poisson(z, y, w):
    return np.sum(w * (np.exp(z) - z * y)) / z.shape[1]


def poisson_slope(z, y, w):
    return w * (np.exp(z) - y) / z.shape[1]


def poisson_error(a, y, w):  # the same slope where a = exp(z) is at hand
    return w * (a - y) / a.shape[1]


@dataclass(frozen=True, repr=False)
class Poisson(Loss):
    """Surprise at each count, given its rate, but for a part that no rate changes.

    Counts are numbers from 0 up. The network gives the logarithms of the rates with a linear output
    layer, and the rates themselves with `exp`.
    """

    rules: ClassVar = (poisson, poisson_slope)
    formula: ClassVar = "Σ w · (exp(z) − z·y) / n"
    slope_formula: ClassVar = "w · (exp(z) − y) / n"
    note: ClassVar = "surprise at each count, given its rate, but for log(y!)"
    of: ClassVar = "logits"
    at_once: ClassVar = {"exp": poisson_error}
    refused: ClassVar = (
        "it is computed from the logarithms of rates, so the last activation must be exp (outputs"
        " are rates) or linear (outputs are their logarithms)"
    )
    targets: ClassVar = "counts"
    source: ClassVar = "McCullagh, Nelder: Generalized Linear Models (1989), in PyTorch's form"
