"""Losses: the rules that each one calls, and the table that names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glassnet.errors import DescriptionError, unknown_name
from glassnet.rules.entry import usual_options
from glassnet.rules.losses.base import Loss, backward_rule
from glassnet.rules.losses.chances import BinaryCrossEntropy, BinaryFocal, CrossEntropy, Focal
from glassnet.rules.losses.counts import Poisson
from glassnet.rules.losses.distances import (
    HalfSquaredError,
    HalfSquaredErrorMean,
    HalfSquaredErrorSum,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanSquaredError,
)
from glassnet.rules.losses.margins import Hinge, MulticlassHinge
from glassnet.rules.losses.quantiles import Quantile

__all__ = [
    "LOSSES",
    "BinaryCrossEntropy",
    "BinaryFocal",
    "CrossEntropy",
    "Focal",
    "HalfSquaredError",
    "Hinge",
    "Huber",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "MulticlassHinge",
    "Poisson",
    "Quantile",
    "backward_rule",
    "loss",
    "loss_from_json",
]

# Each with its options as they usually are.
LOSSES: dict[str, Loss] = {
    entry.name: entry
    for entry in (
        MeanSquaredError(),
        HalfSquaredErrorMean(),
        HalfSquaredErrorSum(),
        MeanAbsoluteError(),
        Huber(),
        LogCosh(),
        Quantile(),
        Poisson(),
        BinaryCrossEntropy(),
        BinaryFocal(),
        Hinge(),
        CrossEntropy(),
        Focal(),
        MulticlassHinge(),
    )
}

# Looked up now, so that no code is inspected later, while a file is read.
for _entry in LOSSES.values():
    for _rule in (*_entry.rules, *_entry.at_once.values()):
        usual_options(_rule)


def loss(given: Loss | str | Any) -> Loss:
    """Give the loss of a name, or the one that was given.

    Raises DescriptionError for an unknown name.

    Example:
        >>> loss("cross_entropy")
        CrossEntropy()

    """
    if isinstance(given, Loss):
        return given
    if isinstance(given, type) and issubclass(given, Loss):
        name = given.__name__
        raise DescriptionError(f"loss must be made, got the class {name}: give gn.{name}()")
    if not isinstance(given, str) or given not in LOSSES:
        raise unknown_name("loss", given, LOSSES)
    return LOSSES[given]


def loss_from_json(data: Any) -> Loss:
    """Make a loss again from plain data: its name as text, or an object with its options.

    Raises DescriptionError for anything else.
    """
    if isinstance(data, str) and data:
        return loss(data)
    if not isinstance(data, Mapping):
        raise DescriptionError("the loss of a description must be a name, as text, or an object")
    kinds = {type(entry).__name__: type(entry) for entry in LOSSES.values()}
    if not isinstance(data.get("name"), str) or data["name"] not in kinds:
        raise unknown_name("loss", data.get("name"), kinds)
    return kinds[data["name"]].from_json(data)
