"""Neurons whose outputs cannot be learnt from: 0 for every row, or at the end of their range."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from glassnet.health.examined import Examined, Layer
from glassnet.health.record import Finding, Severity
from glassnet.health.thresholds import DEAD_SHARE, END, FEW_ROWS, SATURATED_SHARE
from glassnet.rules.losses import backward_rule

CUTS_OFF = ("relu", "relu6")  # they are 0, with a slope of 0, for all that is not above 0
# Squeezed between two ends, at which the slope is next to 0.
ENDS = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
}


def dead_neurons(examined: Examined) -> Iterator[Finding]:
    """Find relu neurons that are 0 for every row: no error passes them, so they stay as they are.

    A layer that is dead as a whole is always told; some dead neurons only where they are half of
    a layer and the network does not do well without them.
    """
    if len(examined.x) < FEW_ROWS:
        return
    for layer in examined.layers:
        if layer.activation not in CUTS_OFF or examined.trace is None:
            continue
        values = examined.trace[layer.output]
        neurons = values.shape[1]
        dead = int(np.sum(np.all(values == 0, axis=0)))
        whole = dead == neurons
        if not whole and (dead < DEAD_SHARE * neurons or examined.fits):
            continue
        number = layer.number
        then = ": nothing passes this layer, so nothing can be learnt" if whole else ""
        yield Finding(
            kind="dead neurons",
            severity=Severity.FAULT if whole else Severity.WARNING,
            what=f"{dead} of {neurons} {layer.activation} neurons of layer {number} are 0 for every"
            f" row{then}",
            evidence={"dead": dead, "neurons": neurons, "rows": len(values)},
            read=f"{layer.output} of the trace",
            remedy=_revival(examined, layer),
            layer=number,
        )


def _revival(examined: Examined, layer: Layer) -> str:
    """Advise what keeps relu neurons alive: of a first layer, inputs on both sides of 0."""
    instead = "take leaky_relu or elu in place of relu, which are never 0 for good"
    if layer.number == 1 and examined.x.min() >= 0:
        return (
            "bring the inputs to mean 0, as glassnet fit does, since a neuron with negative weights"
            f" is 0 wherever none of them is below 0; or {instead}"
        )
    return (
        "begin again with gn.He() as weight_initializer and a tenth of the learning rate"
        f" (--learning-rate), as too large a step is what mostly does this; or {instead}"
    )


def saturated_neurons(examined: Examined) -> Iterator[Finding]:
    """Find layers whose numbers nearly all lie at an end of sigmoid or tanh, where slopes are 0.

    A network that fits may saturate: it has no error left that would have to pass.
    """
    if len(examined.x) < FEW_ROWS or examined.fits:
        return
    for layer in examined.layers:
        if layer.activation not in ENDS or not _error_passes(examined, layer):
            continue
        assert examined.trace is not None
        values = examined.trace[layer.output]
        low, high = ENDS[layer.activation]
        near = END * (high - low)
        share = float(np.mean((values <= low + near) | (values >= high - near)))
        if share < SATURATED_SHARE:
            continue
        yield Finding(
            kind="saturated neurons",
            severity=Severity.WARNING,
            what=f"{share:.0%} of the outputs of layer {layer.number} are within {END:.0%} of an"
            f" end of {layer.activation} ({low:g} or {high:g}), where its slope is next to 0",
            evidence={"share": share, "end": END, "rows": len(values)},
            read=f"{layer.output} of the trace",
            remedy="scale the inputs to mean 0 and spread 1, as gn.table.Preparation and glassnet"
            " fit do; begin again with gn.Glorot() as weight_initializer; or put gn.LayerNorm()"
            " before the activation",
            layer=layer.number,
        )


def _error_passes(examined: Examined, layer: Layer) -> bool:
    """Whether the error has to pass the activation: of the last layer, the loss may see to that."""
    if not layer.is_last:
        return True
    return backward_rule(layer.activation, examined.description.loss) == "full"
