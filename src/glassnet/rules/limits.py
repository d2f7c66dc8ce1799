"""Limits: on the gradients ahead of the update, and on the weights after it.

Every limit lets inf and nan through as nan, so that they are found where they arise.
"""

# ruff: noqa: D103 - each rule is described by the entry that names it

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.rules.entry import OptionRule, Template


def clipped(dp, most):
    # 0 · inf is nan: a gradient that is inf is not made to look like a large one.
    return np.minimum(np.maximum(dp, -most), most) + 0 * dp


def sum_of_squares(dp):
    return np.sum(dp * dp)


def share_within(size, most):
    # 0 · inf is nan: what is too large to be measured is not made 0.
    return most / np.maximum(size, most) + 0 * size


def not_negative(p):
    return np.maximum(p, 0) + 0 * p


def within_norm(p, most):
    norms = np.sqrt(np.ones_like(p[:, 0]) @ (p * p))
    return p * share_within(norms, most)


# ---------------------------------------------------------------- gradients: options of optimizers

CLIP_VALUE = Template(
    "d{p} = clipped(d{p}, {value})",
    "d{p} ← min(max(d{p}, −{value}), {value})",
    "no number of a gradient is larger",
)
FIRST_SQUARES = Template(
    "squares_d{p} = sum_of_squares(d{p})",
    "squares_d{p} = Σ d{p}²",
    "the squares of all gradients, added up array by array",
)
MORE_SQUARES = Template(
    "squares_d{p} = squares_d{before} + sum_of_squares(d{p})",
    "squares_d{p} = squares_d{before} + Σ d{p}²",
    FIRST_SQUARES.note,
)
NORM = Template(
    "gradient_norm = np.sqrt(squares_d{before})",
    "gradient_norm = √squares_d{before}",
    "the length of all gradients as one vector",
)
SHARE = Template(
    "gradient_share = share_within(gradient_norm + 1e-6, {value})",
    "gradient_share = {value} / max(gradient_norm + 10⁻⁶, {value})",
    "the part of it that may stay",
)
CLIP_NORM = Template(
    "d{p} = d{p} * gradient_share",
    "d{p} ← d{p} · gradient_share",
    "together the gradients are no longer than the limit",
)


CLIPPING = {
    limit.name: limit
    for limit in (
        OptionRule(
            "clip_value",
            "dp ← min(max(dp, −clip_value), clip_value)",
            "no number of a gradient is larger",
            "Mikolov: Statistical Language Models Based on Neural Networks (2012)",
        ),
        OptionRule(
            "clip_norm",
            "dp ← dp · clip_norm / max(‖all gradients‖ + 10⁻⁶, clip_norm)",
            "together the gradients are no longer than the limit, and point where they did",
            "Pascanu, Mikolov, Bengio: On the difficulty of training recurrent networks (2013)",
        ),
    )
}


# ---------------------------------------------------------------------- weights: options of layers


@dataclass(frozen=True, kw_only=True)
class Constraint(OptionRule):
    """One limit on a layer's weights: what they become."""

    function: Callable[..., Any]
    is_flag: bool = False  # whether the option is yes or no, and no number


# In the order of their lines: the nearest weights that obey both are found in this order alone.
CONSTRAINTS = {
    constraint.name: constraint
    for constraint in (
        Constraint(
            name="non_negative",
            function=not_negative,
            formula="p ← max(p, 0)",
            note="no weight is below 0",
            source="Lee, Seung: Nature 401 (1999)",
            is_flag=True,
        ),
        Constraint(
            name="max_norm",
            function=within_norm,
            formula="p ← p · max_norm / max(‖column of p‖, max_norm)",
            note="the weights into each neuron are no longer than the limit",
            source="Srivastava and others: Dropout, JMLR 15 (2014), section 5.1",
        ),
    )
}
