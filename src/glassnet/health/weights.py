"""Weights: neurons that are equal and stay so, and steps that do not fit the weights' size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.health.examined import Examined, Layer
from glassnet.health.record import Finding, Severity
from glassnet.health.thresholds import EQUAL, LARGE_UPDATE, SMALL_UPDATE

MOST_COMPARED = 4096  # neurons of a layer: more are not looked at for equal ones


def equal_neurons(examined: Examined) -> Iterator[Finding]:
    """Find hidden neurons with the same weights in and out: they always learn the same."""
    for layer, after in zip(examined.layers, examined.layers[1:], strict=False):
        assert examined.trace is not None
        weights, following = examined.trace[layer.weights], examined.trace[after.weights]
        if following.shape[0] != weights.shape[1] or not 1 < weights.shape[1] <= MOST_COMPARED:
            continue
        parts = [weights.T, following]
        biases = examined.trace.get(layer.biases)
        if biases is not None:
            parts.append(biases[:, None])
        neurons = np.concatenate(parts, axis=1)
        if not np.isfinite(neurons).all():
            continue
        used = neurons[np.any(weights != 0, axis=0)] if weights.any() else neurons
        repeated = _repeated(used)
        if repeated == 0:
            continue
        count = weights.shape[1]
        yield Finding(
            kind="equal neurons",
            severity=Severity.FAULT if repeated == count - 1 else Severity.WARNING,
            what=f"{repeated + 1} of {count} neurons of layer {layer.number} have a twin with the"
            " same weights in and out: they always get the same gradient, so they stay one neuron"
            if repeated < count - 1
            else f"all {count} neurons of layer {layer.number} have the same weights in and out:"
            " they always get the same gradient, so they stay one neuron",
            evidence={"repeats": repeated, "neurons": count, "tolerance": EQUAL},
            read=f"{layer.weights}, {layer.biases} and {after.weights}, the weights",
            remedy="begin with random weights: leave weight_initializer out, or give gn.Glorot()"
            " or gn.He() in place of gn.Zeros() or gn.Fill(…)",
            layer=layer.number,
        )


def _repeated(neurons: NDArray[Any]) -> int:
    """Count the rows that repeat an earlier one, up to rounding of each number.

    >>> _repeated(np.array([[1.0, 2.0], [1.0, 2.0], [3.0, 2.0]]))
    1
    """
    if len(neurons) < 2:
        return 0
    parts, exponents = np.frexp(neurons.astype(np.float64))
    rounded = np.ldexp(np.round(parts / EQUAL), exponents)
    return len(rounded) - len(np.unique(rounded, axis=0))


def large_updates(examined: Examined) -> Iterator[Finding]:
    """Find steps that are large beside the weights, in a network that does not learn."""
    if not examined.learnt_nothing:
        return
    found = [pair for pair in _updates(examined) if pair[1] > LARGE_UPDATE]
    if not found:
        return
    layer, ratio, step, size = max(found, key=lambda pair: pair[1])
    yield Finding(
        kind="large updates",
        severity=Severity.WARNING,
        what=f"one step changes the weights of layer {layer.number} by {ratio:.0%} of their size"
        " (about 0.1 % is usual), and nothing is learnt",
        evidence={"step": step, "weights": size, "ratio": ratio},
        read=f"{layer.weights} before and after the step of the trace",
        remedy=f"try a tenth of the learning rate{_rate(examined, 0.1)}, or ask"
        " net.find_learning_rate(X, y)",
        layer=layer.number,
    )


def small_updates(examined: Examined) -> Iterator[Finding]:
    """Find steps that are tiny beside the weights of every layer, in a network that learns not."""
    updates = _updates(examined)
    if not examined.learnt_nothing or not updates:
        return
    layer, ratio, step, size = max(updates, key=lambda pair: pair[1])
    if ratio >= SMALL_UPDATE or not examined.gradient(layer).any():
        return  # without a gradient the rate is not at fault
    found = (
        f"no step changes the weights of a layer by more than {ratio:.0e} of their size (about"
        " 1e-03 is usual)"
    )
    if not ratio:
        lost = f"all of it is lost in rounding to {examined.network.dtype}"
        found = f"a step changes no weight at all: {lost}"
    yield Finding(
        kind="small updates",
        severity=Severity.WARNING,
        what=f"{found}, and nothing is learnt",
        evidence={"step": step, "weights": size, "ratio": ratio},
        read=f"{layer.weights} before and after the step of the trace",
        remedy=f"try ten times the learning rate{_rate(examined, 10)}, or ask"
        " net.find_learning_rate(X, y)",
        layer=layer.number,
    )


def _updates(examined: Examined) -> list[tuple[Layer, float, float, float]]:
    """Give for each layer |step| / |weights|, |step| and |weights| of the network's own optimizer.

    Nothing before the first fit, which says what the optimizer is.
    """
    found = []
    if examined.network.optimizer is None or examined.trace is None:
        return []
    for layer in examined.layers:
        last = examined.trace.last_name_of(layer.weights)
        if last == layer.weights:
            continue  # the program has no update lines, as for L-BFGS
        before, after = examined.trace[layer.weights], examined.trace[last]
        with np.errstate(all="ignore"):
            size = float(np.linalg.norm(before.astype(np.float64)))
            step = float(np.linalg.norm(after.astype(np.float64) - before))
        if size > 0 and np.isfinite(size) and np.isfinite(step):
            found.append((layer, step / size, step, size))
    return found


def _rate(examined: Examined, factor: float) -> str:
    """Word the rate that is advised, where the history says which one there was."""
    history = examined.history
    if history is None or not len(history.learning_rate):
        return " (--learning-rate)"
    rate = float(history.learning_rate[-1])
    return f": {rate * factor:.3g} instead of {rate:.3g} (--learning-rate {rate * factor:.3g})"
