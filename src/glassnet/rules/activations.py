"""Activations: each function right above its slope, then the table that names them.

They are called with whole arrays: z (m, n) is what goes in, a (m, n) what came out, and a slope is
da/dz. The same text is called with NumPy arrays, with symbols and with other arrays that speak
NumPy's language, so it keeps to the few functions listed in `glassnet.graph`.
"""

# ruff: noqa: D103 - each rule is described by its entry in the table below

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Rule = Callable[..., Any]


def relu(z):
    return np.maximum(z, 0)


def relu_slope(z, a):
    return a > 0


def tanh(z):
    return np.tanh(z)


def tanh_slope(z, a):
    return 1 - a * a


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never above 1: no overflow for any z
    return np.where(z >= 0, 1, e) / (1 + e)


def sigmoid_slope(z, a):
    return a * (1 - a)


def softmax(z):
    e = np.exp(z - np.max(z, axis=1, keepdims=True))  # never above 1: no overflow for any z
    return e / np.sum(e, axis=1, keepdims=True)


def softmax_back(da, z, a):
    return a * (da - np.sum(da * a, axis=1, keepdims=True))


@dataclass(frozen=True)
class Activation:
    """One activation: what it does to z, and how an error is handed back through it.

    `slope(z, a)` is da/dz for functions that treat each element alone. A function that ties the
    outputs of a row together has `back(da, z, a)` instead, which returns dz for a given da.
    """

    name: str
    function: Rule | None
    formula: str
    slope_formula: str
    note: str
    slope: Rule | None = None
    back: Rule | None = None
    kinks: tuple[float, ...] = ()
    gain: Literal["he", "glorot"] = "glorot"  # the initializer that keeps its signal's size
    source: str = "Goodfellow, Bengio, Courville: Deep Learning (2016), section 6.3"


ACTIVATIONS: dict[str, Activation] = {
    entry.name: entry
    for entry in (
        Activation(
            "linear",
            None,
            "a = z",
            "1",
            "passes every number on as it is",
        ),
        Activation(
            "relu",
            relu,
            "a = max(z, 0)",
            "1 where a > 0, else 0",
            "passes what is above 0 and cuts the rest",
            slope=relu_slope,
            kinks=(0.0,),
            gain="he",
        ),
        Activation(
            "tanh",
            tanh,
            "a = tanh(z)",
            "1 − a²",
            "squeezes every number between −1 and 1",
            slope=tanh_slope,
        ),
        Activation(
            "sigmoid",
            sigmoid,
            "a = 1 / (1 + exp(−z))",
            "a · (1 − a)",
            "squeezes every number between 0 and 1",
            slope=sigmoid_slope,
        ),
        Activation(
            "softmax",
            softmax,
            "a = exp(z) / Σ exp(z)",
            "dz = a · (da − Σ da · a)",
            "turns a row of numbers into shares that add up to 1",
            back=softmax_back,
        ),
    )
}
