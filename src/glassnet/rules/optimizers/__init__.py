"""Optimizers: the rule each one calls, then the line that it writes for a parameter."""

from __future__ import annotations

import inspect
import sys
from typing import Any

from glassnet.errors import DescriptionError, unknown_name
from glassnet.rules.entry import usual_options
from glassnet.rules.optimizers.adam import Adam, Adamax, AdamW, AMSGrad, NAdam, RAdam
from glassnet.rules.optimizers.base import AVERAGE as AVERAGE
from glassnet.rules.optimizers.base import DECAYS as DECAYS
from glassnet.rules.optimizers.base import PARAMETER_KINDS as PARAMETER_KINDS
from glassnet.rules.optimizers.base import RATE as RATE
from glassnet.rules.optimizers.base import Optimizer, Stepping
from glassnet.rules.optimizers.gradient import SGD, Lion
from glassnet.rules.optimizers.usual_size import Adadelta, Adagrad, RMSprop
from glassnet.rules.optimizers.whole_batch import LBFGS

__all__ = [
    "LBFGS",
    "SGD",
    "AMSGrad",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Lion",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Stepping",
    "optimizer",
]

OPTIMIZERS: dict[str, type[Optimizer]] = {
    kind.__name__.lower(): kind
    for kind in (
        SGD,
        Adam,
        LBFGS,
        AdamW,
        AMSGrad,
        NAdam,
        RAdam,
        Adamax,
        Adagrad,
        Adadelta,
        RMSprop,
        Lion,
    )
}

# Looked up now, so that no code is inspected later, while a file is read.
for _kind in (Adam, SGD, RMSprop):
    for _rule in vars(sys.modules[_kind.__module__]).values():
        if inspect.isfunction(_rule) and _rule.__module__ == _kind.__module__:
            usual_options(_rule)


def optimizer(given: Optimizer | str | Any) -> Optimizer:
    """Give the optimizer of a name, or the one that was given.

    Raises DescriptionError for an unknown name.

    Example:
        >>> optimizer("adam")
        Adam()

    """
    if isinstance(given, Optimizer):
        return given
    if isinstance(given, type) and issubclass(given, Optimizer):
        name = given.__name__
        raise DescriptionError(f"optimizer must be made, got the class {name}: give gn.{name}()")
    if not isinstance(given, str) or given.lower() not in OPTIMIZERS:
        raise unknown_name("optimizer", given, OPTIMIZERS)
    return OPTIMIZERS[given.lower()]()
