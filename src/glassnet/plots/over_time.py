"""What weights, gradients, activations and updates were like, epoch after epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import DescriptionError, unknown_name
from glassnet.plots.figures import (
    axes_or_new,
    beside,
    line_options,
    small_axes,
    tidy,
    whole_numbers,
    write,
)
from glassnet.plots.fonts import letters, shown
from glassnet.plots.palette import DARK, SHARES, color_map, style

if TYPE_CHECKING:
    from glassnet.callbacks.measurements import Measurements, Spread

USUAL_RATIO = 1e-3  # of an update to its weights, where training mostly goes well
KINDS = ("weights", "gradients", "activations")
DASHES = ("-", "--", ":", "-.")


def histograms_over_time(
    seen: Measurements,
    of: str | Sequence[str] = "weights",
    *,
    title: str = "",
    ax: Any = None,
    **collection: Any,
) -> NDArray[Any]:
    """Draw how weights, gradients or activations were spread at each epoch looked at.

    The darker a place, the larger the share of the numbers that lie there; each epoch has a scale
    of its own, from the least number to the greatest, whose ends can be seen.

    Args:
        seen: what was given to `fit` as a callback.
        of: "weights", "gradients" or "activations", for each layer; or names, such as "dW1".
        title: stands above all.
        ax: axes in a grid, whose place is parted; or as many axes as there are values; None makes a
            figure of its own.
        collection: options of matplotlib's PolyCollection.

    Returns:
        An array of the axes, one for each value. The first collection of each holds the shares.

    Raises:
        DescriptionError: a value that was not measured, with those that were.

    Example:
        >>> import glassnet as gn
        >>> X, y = gn.datasets.moons(60)
        >>> net = gn.Network("2-4-1 tanh sigmoid", loss="binary_cross_entropy", random_state=0)
        >>> seen = gn.callbacks.Measurements(X, y)
        >>> _ = net.fit(X, y, epochs=3, callbacks=seen, verbose=False)
        >>> [ax.get_title() for ax in histograms_over_time(seen, "gradients")]
        ['dW1', 'dW2']

    """
    _check(seen)
    names = _names(seen, of)
    small = small_axes(ax, len(names))
    ends = _ends(seen.epochs)
    most = max(_shares(spread).max() for name in names for spread in seen.spreads(name))
    from matplotlib.colors import PowerNorm
    from matplotlib.ticker import MaxNLocator

    usual = {"cmap": color_map(SHARES), "norm": PowerNorm(0.5, 0.0, max(float(most), 1e-9))}
    usual |= {"edgecolors": "face", "linewidths": 0.2}
    for number, (one, name) in enumerate(zip(small, names, strict=True)):
        drawn = _draw_spreads(one, seen.spreads(name), ends, {**usual, **collection})
        write(one, name, x="epoch", size=9)
        write(one, y="value" if number % 4 == 0 else "")
        one.set_xlim(ends[0], ends[-1])
        one.tick_params(labelsize=7)
        one.ticklabel_format(axis="y", scilimits=(-3, 4), useMathText=True)
        one.yaxis.get_offset_text().set_fontsize(7)
        one.spines[["top", "right"]].set_visible(False)
        whole_numbers(one.xaxis)
    bar = small[0].figure.colorbar(drawn, ax=small)
    bar.set_label("share of an epoch's numbers", fontsize=8)
    bar.ax.tick_params(labelsize=7)
    bar.locator = MaxNLocator(4)  # else the root scale has ticks that no one would choose
    bar.update_ticks()
    bar.outline.set_visible(False)
    if title:
        small[0].figure.suptitle(shown(title), fontsize=11, **letters())
    return np.array(small, dtype=object)


def _draw_spreads(one: Any, spreads: Any, ends: NDArray[Any], options: dict[str, Any]) -> Any:
    """Draw a box for each bin of each epoch, as dark as its share of the epoch's numbers."""
    from matplotlib.collections import PolyCollection

    boxes, shares = [], []
    for spread, left, right in zip(spreads, ends[:-1], ends[1:], strict=True):
        for low, high in zip(spread.edges[:-1], spread.edges[1:], strict=True):
            boxes.append([(left, low), (right, low), (right, high), (left, high)])
        shares.append(_shares(spread))
    drawn = PolyCollection(boxes, array=np.concatenate(shares), **options)
    one.add_collection(drawn)
    one.autoscale_view()
    low = min(float(spread.edges[0]) for spread in spreads)
    high = max(float(spread.edges[-1]) for spread in spreads)
    room = 0.04 * (high - low) or 0.5
    one.set_ylim(low - room, high + room)
    return drawn


def _shares(spread: Spread) -> NDArray[Any]:
    """Give which part of the finite numbers lies in each bin."""
    return np.asarray(spread.counts / max(1, int(spread.counts.sum())))


def _ends(epochs: NDArray[Any]) -> NDArray[Any]:
    """Give where the column of each epoch begins and ends: half-way to the next."""
    if len(epochs) == 1:
        return np.asarray(epochs[0] + np.array([-0.5, 0.5]))
    middles = (epochs[:-1] + epochs[1:]) / 2
    first, last = 2 * epochs[0] - middles[0], 2 * epochs[-1] - middles[-1]
    return np.array([first, *middles, last])


def _names(seen: Measurements, of: str | Sequence[str]) -> list[str]:
    """Give the names of what is to be drawn."""
    if not isinstance(of, str):
        return list(of)
    wide = [name for name, shape in seen.shapes.items() if len(shape) == 2]
    match of:
        case "weights":
            return wide
        case "gradients":
            return [f"d{name}" for name in wide]
        case "activations":
            return [name for name in seen.names if name not in seen.shapes and name[0] == "a"]
    if of not in seen.names:
        raise unknown_name("measured value", of, (*KINDS, *seen.names))
    return [of]


def gradient_norms(
    seen: Measurements,
    parameters: Sequence[str] | None = None,
    *,
    log: bool = True,
    title: str = "",
    ax: Any = None,
    **lines: Any,
) -> Any:
    """Draw the norm of each layer's gradient at each epoch looked at.

    Args:
        seen: what was given to `fit` as a callback.
        parameters: by name; None for the weights of each layer.
        log: whether the norms stand on a log axis.
        title: stands above.
        ax: matplotlib axes to draw on; None makes a figure of its own.
        lines: options of `ax.plot`.

    Returns:
        The axes.

    Raises:
        DescriptionError: a parameter that there is not, with those that there are.

    """
    names = _parameters(seen, parameters)
    values = {f"d{name}": seen.norms(f"d{name}") for name in names}
    ax = _draw_lines(seen, values, log, ax, lines)
    write(ax, title, x="epoch", y="norm of the gradient")
    return ax


def update_ratios(
    seen: Measurements,
    parameters: Sequence[str] | None = None,
    *,
    log: bool = True,
    title: str = "",
    ax: Any = None,
    **lines: Any,
) -> Any:
    """Draw how large each layer's update is beside its weights, at each epoch looked at.

    A thousandth, which is marked, is a usual size; far less learns slowly, far more is unsteady.

    Args:
        seen: what was given to `fit` as a callback.
        parameters: by name; None for the weights of each layer.
        log: whether the ratios stand on a log axis.
        title: stands above.
        ax: matplotlib axes to draw on; None makes a figure of its own.
        lines: options of `ax.plot`.

    Returns:
        The axes.

    Raises:
        DescriptionError: a parameter that there is not, or an optimizer such as L-BFGS, which
            makes its step outside of the program.

    """
    names = _parameters(seen, parameters)
    if f"Δ{names[0]}" not in seen.snapshots[0].norms:
        raise DescriptionError(
            "this optimizer makes its step outside of the program, so no update was measured: take"
            " gn.plots.gradient_norms"
        )
    values = {}
    for name in names:
        weights = seen.norms(name)
        none = np.full(weights.shape, np.nan)  # weights of 0 have no ratio
        values[name] = np.divide(seen.norms(f"Δ{name}"), weights, out=none, where=weights > 0)
    ax = _draw_lines(seen, values, log, ax, lines)
    ax.axhline(USUAL_RATIO, color=DARK, linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
    write(ax, title, x="epoch", y="norm of the update / norm of the weights")
    return ax


def _parameters(seen: Measurements, asked: Sequence[str] | None) -> list[str]:
    _check(seen)
    wide = [name for name, shape in seen.shapes.items() if len(shape) == 2]
    if asked is None:
        return wide or list(seen.shapes)
    names = [asked] if isinstance(asked, str) else list(asked)
    for name in names:
        if name not in seen.shapes:
            raise unknown_name("parameter", name, seen.shapes)
    return names


def _draw_lines(
    seen: Measurements, values: dict[str, Any], log: bool, ax: Any, lines: dict[str, Any]
) -> Any:
    ax = axes_or_new(ax, (5.2, 3.4))
    for number, (name, numbers) in enumerate(values.items()):
        dash = DASHES[number % len(DASHES)]
        look = line_options(lines, color=style(number)[0], linestyle=dash, linewidth=1.8)
        ax.plot(seen.epochs, numbers, label=name, **look)
    if log and any(np.any(numbers > 0) for numbers in values.values()):
        ax.set_yscale("log")
    tidy(ax)
    beside(ax)
    whole_numbers(ax.xaxis)
    return ax


def _check(seen: Any) -> None:
    if not hasattr(seen, "spreads"):
        raise DescriptionError(
            "this plot shows gn.callbacks.Measurements(X, y), which fit takes as a callback; got"
            f" {type(seen).__name__}"
        )
    if not len(seen.epochs):
        raise DescriptionError(
            "nothing was measured yet: give these Measurements to fit, as callbacks=…"
        )
