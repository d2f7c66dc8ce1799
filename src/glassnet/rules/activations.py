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

from glassnet.rules.erfc import bell, erfc

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


def log_softmax(z):
    below = z - np.max(z, axis=1, keepdims=True)
    return below - np.log(np.sum(np.exp(below), axis=1, keepdims=True))


def log_softmax_back(da, z, a):
    return da - np.exp(a) * np.sum(da, axis=1, keepdims=True)


def step_function(z):  # a program has a function `step` of its own
    return np.maximum(np.sign(z), 0)


def step_function_slope(z, a):
    return 0 * a


def leaky_relu(z):
    return np.maximum(z, 0.01 * z)


def leaky_relu_slope(z, a):
    return np.maximum(np.sign(z), 0.01)


def elu(z):
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


def elu_slope(z, a):
    return np.exp(np.minimum(z, 0))


def selu(z):
    below = 1.7580993408473766 * np.expm1(np.minimum(z, 0))
    return np.where(z > 0, 1.0507009873554805 * z, below)


def selu_slope(z, a):
    return np.where(z > 0, 1.0507009873554805, 1.7580993408473766 * np.exp(np.minimum(z, 0)))


def gelu(z):  # −40: from there on it is 0, and −∞ times 0 would be no number
    return np.maximum(z, -40) * 0.5 * erfc(-z, 0.7071067811865476, 0.5)


def gelu_slope(z, a):
    share = 0.5 * erfc(-z, 0.7071067811865476, 0.5)
    return share + np.maximum(np.minimum(z, 40), -40) * 0.3989422804014327 * bell(z, 0.5)


def gelu_tanh(z):  # (1 + tanh(u)) / 2 is sigmoid(2u), which keeps its digits below 0
    near = np.maximum(np.minimum(z, 40), -40)
    return np.maximum(z, -40) * sigmoid(1.5957691216057308 * near * (1 + 0.044715 * near * near))


def gelu_tanh_slope(z, a):
    near = np.maximum(np.minimum(z, 40), -40)
    square = 0.044715 * near * near
    share = sigmoid(1.5957691216057308 * near * (1 + square))
    return share + near * share * (1 - share) * 1.5957691216057308 * (1 + 3 * square)


def silu(z):  # −800: from there on it is 0, and −∞ times 0 would be no number
    return np.maximum(z, -800) * sigmoid(z)


def silu_slope(z, a):
    share = sigmoid(z)
    return share + np.maximum(np.minimum(z, 800), -800) * share * (1 - share)


def mish_share(z):  # tanh(log(1 + exp(z))), without a number that overflows or cancels
    e = np.exp(-np.abs(z))
    above = np.where(z >= 0, 1 + 2 * e, e * (e + 2))
    return above / (above + 2 * np.where(z >= 0, e * e, 1))


def mish(z):
    return np.maximum(z, -800) * mish_share(z)


def mish_slope(z, a):
    share = mish_share(z)
    return share + np.maximum(np.minimum(z, 800), -800) * (1 - share * share) * sigmoid(z)


def softplus(z):
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def softplus_slope(z, a):
    return sigmoid(z)


def softsign(z):  # 1e30: ∞ / ∞ would be no number
    near = np.maximum(np.minimum(z, 1e30), -1e30)
    return near / (1 + np.abs(near))


def softsign_slope(z, a):
    share = 1 / (1 + np.abs(z))
    return share * share


def hard_sigmoid(z):
    return np.minimum(np.maximum(z + 3, 0), 6) / 6


def hard_sigmoid_slope(z, a):
    return np.where(np.abs(z) < 3, 1 / 6, 0 * a)


def hard_swish(z):  # −3: from there on it is 0, and −∞ times 0 would be no number
    return np.maximum(z, -3) * hard_sigmoid(z)


def hard_swish_slope(z, a):
    near = np.maximum(np.minimum(z, 3), -3)
    return np.where(np.abs(near) < 3, near / 3 + 0.5, np.maximum(np.sign(near), 0))


def exp(z):
    return np.exp(z)


def exp_slope(z, a):
    return a


def ascending(z):
    rise = np.cumsum(softplus(z), axis=1)  # of numbers that are never below 0: it never falls
    return np.sum(z - rise, axis=1, keepdims=True) / z.shape[1] + rise


def ascending_back(da, z, a):
    mean = np.sum(da, axis=1, keepdims=True) / z.shape[1]
    apart = da - mean
    return mean + sigmoid(z) * (apart - np.cumsum(apart, axis=1))


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
    gain: Literal["he", "glorot", "lecun"] = "glorot"  # initializer that keeps its signal's size
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
        Activation(
            "log_softmax",
            log_softmax,
            "a = z − log Σ exp(z)",
            "dz = da − exp(a) · Σ da",
            "turns a row of numbers into the logarithms of shares",
            back=log_softmax_back,
        ),
        Activation(
            "step",
            step_function,
            "a = 1 where z > 0, else 0",
            "0",
            "says yes above 0, else no; it cannot be trained: its slope is 0, so no error passes",
            slope=step_function_slope,
            kinks=(0.0,),
            source="Rosenblatt: The Perceptron, Psychological Review 65 (1958)",
        ),
        Activation(
            "leaky_relu",
            leaky_relu,
            "a = max(z, 0.01 · z)",
            "1 where z > 0, else 0.01",
            "passes what is above 0 and a hundredth of the rest",
            slope=leaky_relu_slope,
            kinks=(0.0,),
            gain="he",
            source="Maas, Hannun, Ng: Rectifier Nonlinearities, ICML workshop (2013)",
        ),
        Activation(
            "elu",
            elu,
            "a = z where z > 0, else exp(z) − 1",
            "exp(min(z, 0))",
            "passes what is above 0 and bends the rest towards −1",
            slope=elu_slope,
            kinks=(0.0,),
            gain="he",
            source="Clevert, Unterthiner, Hochreiter: ICLR (2016)",
        ),
        Activation(
            "selu",
            selu,
            "a = 1.0507 · (z where z > 0, else 1.6733 · (exp(z) − 1))",
            "1.0507 where z > 0, else 1.7581 · exp(z)",
            "draws mean 0 and spread 1 towards itself from layer to layer",
            slope=selu_slope,
            kinks=(0.0,),
            gain="lecun",
            source="Klambauer and others: Self-Normalizing Neural Networks, NeurIPS (2017)",
        ),
        Activation(
            "gelu",
            gelu,
            "a = z · erfc(−z / √2) / 2",
            "erfc(−z / √2) / 2 + z · exp(−z² / 2) / √(2π)",
            "passes each number by the chance that a normal one lies below it",
            slope=gelu_slope,
            gain="he",
            source="Hendrycks, Gimpel: Gaussian Error Linear Units (2016)",
        ),
        Activation(
            "gelu_tanh",
            gelu_tanh,
            "a = z · (1 + tanh(√(2/π) · (z + 0.044715 · z³))) / 2",
            "s + z · s · (1 − s) · √(8/π) · (1 + 0.134145 · z²),  s = a / z",
            "is gelu to three digits, by tanh",
            slope=gelu_tanh_slope,
            gain="he",
            source="Hendrycks, Gimpel: Gaussian Error Linear Units (2016)",
        ),
        Activation(
            "silu",
            silu,
            "a = z / (1 + exp(−z))",
            "s + z · s · (1 − s),  s = sigmoid(z)",
            "a smooth relu that dips below 0 once; also called swish",
            slope=silu_slope,
            gain="he",
            source="Elfwing, Uchibe, Doya: Neural Networks 107 (2018)",
        ),
        Activation(
            "mish",
            mish,
            "a = z · tanh(log(1 + exp(z)))",
            "s + z · (1 − s²) · sigmoid(z),  s = tanh(log(1 + exp(z)))",
            "a smooth relu that dips below 0 once",
            slope=mish_slope,
            gain="he",
            source="Misra: Mish, BMVC (2020)",
        ),
        Activation(
            "softplus",
            softplus,
            "a = log(1 + exp(z))",
            "sigmoid(z)",
            "a smooth relu that is always above 0",
            slope=softplus_slope,
            gain="he",
            source="Dugas and others: NeurIPS (2000)",
        ),
        Activation(
            "softsign",
            softsign,
            "a = z / (1 + |z|)",
            "1 / (1 + |z|)²",
            "squeezes every number between −1 and 1, more slowly than tanh",
            slope=softsign_slope,
            kinks=(0.0,),
            source="Bergstra and others: Quadratic Polynomials Learn Better Image Features (2009)",
        ),
        Activation(
            "hard_sigmoid",
            hard_sigmoid,
            "a = min(max(z + 3, 0), 6) / 6",
            "1/6 where |z| < 3, else 0",
            "a sigmoid of three straight lines",
            slope=hard_sigmoid_slope,
            kinks=(-3.0, 3.0),
            source="Howard and others: Searching for MobileNetV3, ICCV (2019)",
        ),
        Activation(
            "hard_swish",
            hard_swish,
            "a = z · min(max(z + 3, 0), 6) / 6",
            "z / 3 + 1/2 where |z| < 3, else 0 below and 1 above",
            "a silu of straight lines and one parabola",
            slope=hard_swish_slope,
            kinks=(-3.0, 3.0),
            gain="he",
            source="Howard and others: Searching for MobileNetV3, ICCV (2019)",
        ),
        Activation(
            "exp",
            exp,
            "a = exp(z)",
            "a",
            "turns the logarithm of a rate into the rate: always above 0",
            slope=exp_slope,
            source="McCullagh, Nelder: Generalized Linear Models (1989), chapter 6",
        ),
        Activation(
            "ascending",
            ascending,
            "a = r + mean(z − r), r = Σ softplus(z) over the columns up to its own",
            "dz = mean(da) − sigmoid(z) · Σ (da − mean(da)) over the columns before",
            "never falls along the row: each is softplus(z) above the last",
            back=ascending_back,
            source="Park and others: Learning Quantile Functions without Quantile Crossing, AISTATS"
            " (2022), with the mean of z as the mean of the outputs",
        ),
    )
}

# Those whose outputs are shares of a whole, or the logarithms of shares.
SHARES = frozenset({"softmax", "log_softmax"})
