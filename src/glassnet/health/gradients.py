"""Gradients on their way back through the layers: vanishing, exploding, or not arriving."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.health.examined import Examined, Layer
from glassnet.health.record import Finding, Severity
from glassnet.health.thresholds import GRADIENT_RATIO

Sized = tuple[Layer, float]  # with the size of its weights' gradient


def no_gradient(examined: Examined) -> Iterator[Finding]:
    """Find layers that no error reaches, while the last layer has one."""
    sizes = _sizes(examined)
    if not sizes or sizes[-1][1] == 0:
        return  # with no error at the end there is none to hand back
    silent = [layer for layer, size in sizes[:-1] if size == 0]
    if not silent:
        return
    last = silent[-1]
    named = " and ".join(str(layer.number) for layer in silent)
    yield Finding(
        kind="no gradient",
        severity=Severity.FAULT,
        what=f"no error reaches layer {named}: all gradients of {last.weights} are 0",
        evidence={
            f"nonzero_in_d{last.weights}": 0,
            "numbers": int(examined.gradient(last).size),
            "last_layer": sizes[-1][1],
        },
        read=f"d{last.weights}, d{sizes[-1][0].weights} of the trace",
        remedy="a relu layer that is 0 for every row, weights that are all 0 (gn.Zeros()) or the"
        " activation step let nothing pass: begin again with gn.He() or gn.Glorot() as"
        " weight_initializer, or take leaky_relu or tanh",
        layer=last.number,
    )


def vanishing(examined: Examined) -> Iterator[Finding]:
    """Find an earlier layer whose gradients are tiny beside a later one's."""
    found = _far_apart(examined, min, max)
    if found is None:
        return
    (small, smallest), (large, largest) = found
    yield Finding(
        kind="vanishing gradients",
        severity=Severity.WARNING,
        what=f"layer {small.number}'s gradients are {smallest / largest:.0e} of layer"
        f" {large.number}'s: it hardly learns",
        evidence=_evidence(small, smallest, large, largest),
        read=_read(small, large),
        remedy="take relu with gn.He() in place of sigmoid or tanh, fewer layers,"
        " gn.BatchNorm() or gn.LayerNorm() between them, or a skip: gn.Add(…)",
        layer=small.number,
    )


def exploding(examined: Examined) -> Iterator[Finding]:
    """Find an earlier layer whose gradients are huge beside a later one's."""
    found = _far_apart(examined, max, min)
    if found is None:
        return
    (large, largest), (small, smallest) = found
    yield Finding(
        kind="exploding gradients",
        severity=Severity.WARNING,
        what=f"layer {large.number}'s gradients are {largest / smallest:.0e} times layer"
        f" {small.number}'s: they grow on their way back",
        evidence=_evidence(small, smallest, large, largest),
        read=_read(small, large),
        remedy="begin again with smaller weights (gn.Glorot(), or gn.He() before relu), scale the"
        " inputs, or limit the gradients: gn.Adam(clip_norm=1.0)",
        layer=large.number,
    )


def _far_apart(
    examined: Examined, extreme: Callable[..., Sized], opposite: Callable[..., Sized]
) -> tuple[Sized, Sized] | None:
    """Give the layer of the least (min) or greatest (max) gradients, and its opposite behind it.

    None where these are near each other, or the network fits: there gradients are small for a good
    reason, and uneven.
    """
    sizes = [(layer, size) for layer, size in _sizes(examined) if size > 0]
    if len(sizes) < 2 or examined.fits:
        return None
    one = extreme(sizes, key=_size)
    behind = [pair for pair in sizes if pair[0].number > one[0].number]
    if not behind:
        return None
    other = opposite(behind, key=_size)
    near = min(one[1], other[1]) >= GRADIENT_RATIO * max(one[1], other[1])
    return None if near else (one, other)


def _size(pair: Sized) -> float:
    return pair[1]


def _sizes(examined: Examined) -> list[Sized]:
    """Give each layer with the size of its weights' gradient; none if a number is not finite."""
    found = [(layer, size_of(examined.gradient(layer))) for layer in examined.layers]
    return found if np.isfinite([size for _, size in found]).all() else []


def size_of(gradient: NDArray[Any]) -> float:
    """Give the geometric mean of what is not 0: one large number does not hide many small ones.

    >>> size_of(np.array([0.0, 1e-4, 1e-6])).__format__(".3g")
    '1e-05'
    """
    numbers = np.abs(gradient[gradient != 0].astype(np.float64))
    return float(np.exp(np.mean(np.log(numbers)))) if numbers.size else 0.0


def _evidence(small: Layer, smallest: float, large: Layer, largest: float) -> dict[str, float]:
    return {
        f"d{small.weights}": smallest,
        f"d{large.weights}": largest,
        "ratio": smallest / largest,
    }


def _read(small: Layer, large: Layer) -> str:
    return f"geometric means of d{small.weights} and d{large.weights} of the trace"
