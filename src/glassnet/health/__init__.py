"""What is wrong with a network, in words: each finding with its evidence and a remedy.

Each rule is one function that reads what is there (a Trace of the rows, the History, the weights,
the outputs) and counts: how many neurons are 0, how small one gradient is beside another. No rule
computes what a network computes.

record.py       Finding and Health, as data and in print
thresholds.py   every number at which a rule begins to speak, with its reason
examined.py     what the rules read: a bounded number of rows, their trace, the history
activations.py  neurons that are 0 for every row, or at the end of their range
gradients.py    gradients that vanish, explode, or do not arrive
weights.py      neurons that are equal; steps too large or too small for the weights
losses.py       the curve of the loss: rising, still, swinging, not finite, overfitting
data.py         columns and targets
outputs.py      predictions that say the same for every row
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from glassnet.health import activations, data, gradients, losses, outputs, weights
from glassnet.health.examined import Examined
from glassnet.health.record import Finding as Finding
from glassnet.health.record import Health as Health
from glassnet.health.record import Severity as Severity
from glassnet.history import History

if TYPE_CHECKING:
    from glassnet.network import Network

# Causes before what follows from them.
RULES: tuple[Callable[[Examined], Iterator[Finding]], ...] = (
    losses.not_finite,
    data.constant_features,
    data.unscaled_features,
    data.missing_classes,
    data.rare_classes,
    data.unreachable_targets,
    data.unscaled_targets,
    data.many_parameters,
    activations.dead_neurons,
    activations.saturated_neurons,
    weights.equal_neurons,
    weights.large_updates,
    weights.small_updates,
    gradients.no_gradient,
    gradients.vanishing,
    gradients.exploding,
    losses.shot_up,
    losses.above_the_start,
    losses.rising,
    losses.not_moved,
    losses.swinging,
    losses.overfitting,
    outputs.constant_predictions,
    outputs.classes_never_predicted,
)


def examine(network: Network, X: ArrayLike, y: ArrayLike, history: History | None = None) -> Health:
    """Look a network over on given rows; `Network.health` says more.

    Raises DataError for arrays that do not fit.
    """
    examined = Examined(network, X, y, history)
    with np.errstate(all="ignore"):  # a number too large to be compared makes no rule speak
        found = [finding for rule in RULES for finding in rule(examined)]
    order = list(Severity)
    found.sort(key=lambda finding: order.index(finding.severity))  # keeps the order of the rules
    return Health(
        tuple(found),
        network=network.description.short(),
        rows=len(examined.x),
        total=examined.total,
        epochs=0 if history is None else history.epochs,
    )
