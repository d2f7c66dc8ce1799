"""The error surface: the loss over two directions of the weights, and the way training took."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glassnet.arrays import Rows
from glassnet.errors import DescriptionError, unknown_name
from glassnet.plots.figures import axes_or_new, few_ticks, tidy, write
from glassnet.plots.grids import check_resolution
from glassnet.plots.palette import COLORS, DARK, ONE_SIGN
from glassnet.plots.planes import WIDE
from glassnet.plots.subjects import subject_of
from glassnet.program import Program
from glassnet.rules.optimizers import SGD
from glassnet.training.evaluation import Evaluation
from glassnet.values import Values

if TYPE_CHECKING:
    from glassnet.callbacks.measurements import Measurements

Array = NDArray[Any]
PLACE = re.compile(r"\s*(\w+)\s*(?:\[([\d\s,]+)\])?\s*")
FAR = 30.0  # times the lowest loss, from which on a log scale shows more


def error_surface(
    network: Any,
    X: Any,
    y: Any = None,
    *,
    path: Measurements | None = None,
    directions: Sequence[str] | None = None,
    spans: Sequence[tuple[float, float]] | None = None,
    resolution: int = 41,
    log: bool | None = None,
    title: str = "",
    ax: Any = None,
    **mesh: Any,
) -> Any:
    """Draw the loss of the rows over two weights, or over the plane in which training mostly moved.

    Each place is the loss of a copy of the network whose weights were moved there, as `evaluate`
    gives it. The way that training took is drawn above it; it lies in the plane only as far as the
    other weights were then what they are now, so its colours are not the losses on the way.

    Args:
        network: whose weights are the middle.
        X: (m, inputs), or a Table, which has y in it.
        y: what is wanted.
        path: the Measurements that `fit` was given; None draws no way.
        directions: two numbers among the weights, such as ("W1[0, 0]", "b2[0]"); None for the two
            directions in which the weights on the path differ most.
        spans: least and greatest number along each; by default as far as the path and a bit beyond.
        resolution: places along each side.
        log: whether colours stand for the logarithm of the loss; None for what shows more.
        title: stands above.
        ax: matplotlib axes to draw on; None makes a figure of its own.
        mesh: options of `ax.pcolormesh`.

    Returns:
        The axes. Their first collection holds the loss at each place.

    Raises:
        DescriptionError: neither a path nor directions, or a weight that there is not.
        DataError: arrays that do not fit.

    Example:
        >>> import glassnet as gn
        >>> X, y = gn.datasets.line()
        >>> net = gn.Network("1-1 linear", random_state=0)
        >>> ax = error_surface(net, X, y, directions=("W1[0, 0]", "b1[0]"))
        >>> ax.get_xlabel(), ax.collections[0].get_array().shape
        ('W1[0, 0]', (41, 41))

    """
    subject = subject_of(network, X, y)
    rows = Rows(subject.x, subject.targets)
    check_resolution(resolution)
    values = Values(Program(network.description, SGD()))
    values.take(network.values, state=False)
    walked = None if path is None else _walked(path, values)
    plane = _two_directions(values, walked, directions)
    sides = _sides(plane, spans, resolution)
    losses = _losses(values, rows, plane, sides)
    ax = axes_or_new(ax, WIDE)
    drawn = _draw_losses(ax, sides, losses, log, mesh)
    bar = ax.figure.colorbar(drawn, ax=ax)
    bar.set_label("loss")
    bar.outline.set_visible(False)
    if plane.path is not None:
        ax.plot(*plane.path.T, color="white", linewidth=3.2, zorder=3, alpha=0.8)
        ax.plot(*plane.path.T, color=COLORS[7], linewidth=1.4, marker=".", markersize=4, zorder=4)
        ax.plot(*plane.path[0], "o", color="white", markeredgecolor=DARK, zorder=5)
    ax.plot(*plane.middle, "*", color="white", markeredgecolor=DARK, markersize=13, zorder=6)
    ax.set_xlim(sides[0][0], sides[0][-1])
    ax.set_ylim(sides[1][0], sides[1][-1])
    few_ticks(ax.xaxis)
    write(ax, title, x=plane.names[0], y=plane.names[1])
    return ax


@dataclass(frozen=True, eq=False)
class _Plane:
    """Two directions of the flat parameters.

    Args:
        origin: (P,) the parameters where both coordinates are 0.
        directions: (2, P).
        names: of the two axes.
        middle: the coordinates of the network.
        path: coordinates on the way, (snapshots, 2), or None.

    """

    origin: Array
    directions: Array
    names: tuple[str, str]
    middle: tuple[float, float]
    path: Array | None


def _walked(path: Any, values: Values) -> Array:
    if not hasattr(path, "path"):
        raise DescriptionError(
            "path must be the gn.callbacks.Measurements(X, y) that fit was given, got"
            f" {type(path).__name__}"
        )
    flat = np.asarray(path.path, np.float64)
    if flat.shape[1] != values.parameters.size:
        raise DescriptionError(
            f"the path is of a network with {flat.shape[1]} parameters, and this one has"
            f" {values.parameters.size}"
        )
    return flat


def _two_directions(
    values: Values, walked: Array | None, directions: Sequence[str] | None
) -> _Plane:
    now = values.parameters.astype(np.float64)
    if directions is not None:
        if isinstance(directions, str) or len(directions) != 2:
            raise DescriptionError(
                f'directions are two weights, such as ("W1[0, 0]", "b2[0]"), got {directions!r}'
            )
        found = [_place(values, str(named)) for named in directions]
        (first, one), (second, other) = found
        if first == second:
            raise DescriptionError(f"directions are two different weights, got {one} twice")
        origin, chosen = now.copy(), np.zeros((2, now.size))
        origin[[first, second]] = 0.0
        chosen[0, first] = chosen[1, second] = 1.0
        way = None if walked is None else walked[:, [first, second]]
        return _Plane(origin, chosen, (one, other), (now[first], now[second]), way)
    if walked is None:
        raise DescriptionError(
            'say over what: two weights, as directions=("W1[0, 0]", "b2[0]"), or the way that'
            " training took, as path=gn.callbacks.Measurements(X, y) that fit was given"
        )
    return _principal(now, walked)


def _principal(now: Array, walked: Array) -> _Plane:
    """Give the two directions in which the weights on the path differ most from the last."""
    moved = walked - now
    if len(walked) < 3 or now.size < 2:
        raise DescriptionError(
            f"two directions need at least 3 snapshots of 2 weights, got {len(walked)} of"
            f" {now.size}: measure more often, or name two weights as directions"
        )
    _, sizes, rows = np.linalg.svd(moved, full_matrices=False)
    shares = sizes**2 / max(float(np.sum(sizes**2)), 1e-300)
    chosen = rows[:2] * np.where((rows[:2] @ moved[0] > 0)[:, None], -1.0, 1.0)
    names = [f"along direction {i + 1} ({shares[i]:.0%} of the way)" for i in range(2)]
    return _Plane(now, chosen, (names[0], names[1]), (0.0, 0.0), moved @ chosen.T)


def _place(values: Values, named: str) -> tuple[int, str]:
    """Give where a number stands in the flat parameters, and its name as it is printed."""
    shapes = {p.name: p.shape for p in values.program.parameters}
    found = PLACE.fullmatch(named)
    if found is None or found[1] not in shapes:
        raise unknown_name("weight", named, [f"{n}{_indices(s)}" for n, s in shapes.items()])
    name, shape = found[1], shapes[found[1]]
    index = tuple(int(part) for part in (found[2] or "").split(",") if part.strip())
    if len(index) != len(shape) or any(i >= n for i, n in zip(index, shape, strict=True)):
        raise DescriptionError(
            f"{name} has the shape {shape}, so a number in it is {name}{_indices(shape)} at most,"
            f" got {named!r}"
        )
    start = 0
    for other, size in shapes.items():
        if other == name:
            break
        start += int(np.prod(size))
    place = start + int(np.ravel_multi_index(index, shape))
    return place, f"{name}[{', '.join(map(str, index))}]"


def _indices(shape: Sequence[int]) -> str:
    return f"[{', '.join(str(size - 1) for size in shape)}]"


def _sides(
    plane: _Plane, spans: Sequence[tuple[float, float]] | None, resolution: int
) -> tuple[Array, Array]:
    """Give the places along both directions."""
    found = []
    for axis in range(2):
        middle = plane.middle[axis]
        if spans is not None:
            low, high = (float(end) for end in spans[axis])
            if not np.isfinite([low, high]).all() or low >= high:
                raise DescriptionError(
                    f"spans are two pairs (least, greatest), got {spans[axis]!r}"
                )
        elif plane.path is None:
            reach = max(1.0, abs(middle))
            low, high = middle - reach, middle + reach
        else:
            ends = np.append(plane.path[:, axis], middle)
            low, high = float(ends.min()), float(ends.max())
            room = 0.25 * (high - low) or 0.5
            low, high = low - room, high + room
        found.append(np.linspace(low, high, resolution))
    return found[0], found[1]


def _losses(values: Values, rows: Rows, plane: _Plane, sides: tuple[Array, Array]) -> Array:
    """Give the loss at each place, (second side, first side), as evaluation gives it."""
    judge = Evaluation(values.program, "numpy")
    first, second = sides
    losses = np.empty((len(second), len(first)))
    for (row, column), _ in np.ndenumerate(losses):
        moved = first[column] * plane.directions[0] + second[row] * plane.directions[1]
        values.parameters[:] = plane.origin + moved
        losses[row, column] = judge.judge(values, rows, {})[0]
    return losses


def _draw_losses(
    ax: Any, sides: tuple[Array, Array], losses: Array, log: bool | None, mesh: dict[str, Any]
) -> Any:
    from matplotlib.colors import LogNorm

    shown = np.ma.masked_invalid(losses)
    if shown.count() == 0:
        raise DescriptionError("no loss in this plane is finite: choose narrower spans")
    low, high = float(shown.min()), float(shown.max())
    wide = low > 0 and high > FAR * low
    usual: dict[str, Any] = {"cmap": ONE_SIGN, "shading": "nearest", "rasterized": True}
    if (wide if log is None else log) and low > 0:
        usual["norm"] = LogNorm(low, high)
        levels = np.geomspace(low, high, 9)[1:-1]
    else:
        levels = np.linspace(low, high, 11)[1:-1]
    drawn = ax.pcolormesh(*sides, shown, zorder=0, **{**usual, **mesh})
    if high > low:
        ax.contour(*sides, shown, levels, colors="white", linewidths=0.5, alpha=0.45)
    tidy(ax)
    ax.grid(visible=False)
    return drawn
