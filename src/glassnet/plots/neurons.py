"""Inside a network: what each neuron sees of the input plane, and how a layer warps that plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import DescriptionError, unknown_name
from glassnet.plots.figures import axes_or_new, line_options, small_axes, tidy, write
from glassnet.plots.fonts import letters, shown
from glassnet.plots.grids import line_of, plane_of
from glassnet.plots.palette import BOTH_SIGNS, COLORS, GREY, ONE_SIGN, color_map
from glassnet.plots.planes import WIDE, Columns, Held, points_by_class, show_image
from glassnet.plots.subjects import Subject, subject_of
from glassnet.rules.entry import COUNT, is_integer
from glassnet.trace import predicted_values

MOST_NEURONS = 16


def neurons(
    network: Any,
    X: Any,
    *,
    layer: int | str = 1,
    columns: Columns = (0, 1),
    at: Held = None,
    most: int = MOST_NEURONS,
    resolution: int = 60,
    ax: Any = None,
    **image: Any,
) -> NDArray[Any]:
    """Draw what each neuron of a layer gives over the plane of two columns, a small plot for each.

    All share one scale of colours. A network of one input has a curve for each neuron instead.

    Args:
        network: any.
        X: (m, inputs), or a Table; says how far the plane goes.
        layer: its number from 1, or a value of the program by name, such as "z2" or "h1".
        columns: the two columns of X, by number from 0 or by name.
        at: values of the other columns, as for `decision_regions`.
        most: how many neurons are drawn; a title says how many there are beside them.
        resolution: places along each side.
        ax: axes in a grid, whose place is parted; or as many axes as there are plots; None makes a
            figure of its own.
        image: options of `ax.imshow`, or of `ax.plot` where curves are drawn.

    Returns:
        An array of the axes, one for each neuron drawn.

    Raises:
        DescriptionError: a layer or column that there is not.
        DataError: an X that does not fit.

    Example:
        >>> import glassnet as gn
        >>> X, y = gn.datasets.spiral(20)
        >>> small = neurons(gn.Network("2-8-3 relu softmax", random_state=0), X)
        >>> [ax.get_title() for ax in small[:2]]
        ['a1[0]', 'a1[1]']

    """
    if not COUNT.holds(most):
        raise DescriptionError(f"most must be {COUNT.wanted}, got {most!r}")
    subject = subject_of(network, X)
    if len(subject.features) == 1:
        return _curves(subject, layer, most, resolution, ax, image)
    plane = plane_of(subject, columns, at, resolution)
    name, values = _values(subject, layer, plane.rows)
    count = min(most, values.shape[1])
    drawn = values[:, :count]
    low, high = float(drawn.min()), float(drawn.max())
    if low < 0:
        reach = max(-low, high)
        usual: dict[str, Any] = {"cmap": color_map(BOTH_SIGNS), "vmin": -reach, "vmax": reach}
    else:
        usual = {"cmap": ONE_SIGN, "vmin": 0.0, "vmax": high or 1.0}
    small = small_axes(ax, count)
    for number, one in enumerate(small):
        made = show_image(one, plane, plane.image(values[:, number]), {**usual, **image})
        _label_small(one, name, number, count, values.shape[1])
        write(one, x=plane.names[0] if _is_lowest(number, small) else "")
        write(one, y=plane.names[1] if number % 4 == 0 else "")
        one.tick_params(labelsize=7)
    bar = small[0].figure.colorbar(made, ax=small)
    bar.outline.set_visible(False)
    label = f"value of the neuron{'; ' + plane.note if plane.note else ''}"
    bar.set_label(shown(label), fontsize=9, **letters())
    return np.array(small, dtype=object)


def _curves(
    subject: Subject, layer: int | str, most: int, resolution: int, ax: Any, lines: Any
) -> NDArray[Any]:
    """Draw each neuron's own curve over the one input."""
    line = line_of(subject, 0, None, max(resolution, 100))
    name, values = _values(subject, layer, line.rows)
    shown = min(most, values.shape[1])
    small = small_axes(ax, shown)
    low, high = float(values[:, :shown].min()), float(values[:, :shown].max())
    room = 0.05 * (high - low) or 0.5
    for number, one in enumerate(small):
        color = COLORS[number % len(COLORS)]
        one.plot(line.places, values[:, number], **line_options(lines, color=color, linewidth=1.8))
        one.set_ylim(low - room, high + room)
        _label_small(one, name, number, shown, values.shape[1])
        write(one, x=subject.features[0] if _is_lowest(number, small) else "")
        tidy(one)
        one.tick_params(labelsize=7)
    return np.array(small, dtype=object)


def _label_small(one: Any, name: str, number: int, shown: int, there_are: int) -> None:
    more = there_are - shown if number == shown - 1 else 0
    write(one, f"{name}[{number}]{f'  … {more} more' if more else ''}", size=8)


def _is_lowest(number: int, small: Sequence[Any]) -> bool:
    return number + 4 >= len(small)


def warped_plane(
    network: Any,
    X: Any,
    y: Any = None,
    *,
    layer: int | str = 1,
    pair: tuple[int, int] = (0, 1),
    columns: Columns = (0, 1),
    at: Held = None,
    lines: int = 21,
    title: str = "",
    ax: Any = None,
    **options: Any,
) -> Any:
    """Draw where a layer puts the input plane: a grid of straight lines, and the rows, after it.

    Args:
        network: any with at least two inputs.
        X: (m, inputs), or a Table.
        y: the class of each row, which colours the points; None draws them grey.
        layer: its number from 1, or a value of the program by name, such as "z2" or "h1".
        pair: the two neurons of the layer that are the axes, from 0.
        columns: the two columns of X that the grid lies over, by number from 0 or by name.
        at: values of the other columns, as for `decision_regions`. The points are rows as they are.
        lines: of the grid, in each direction.
        title: stands above.
        ax: matplotlib axes to draw on; None makes a figure of its own.
        options: of matplotlib's LineCollection, for the grid.

    Returns:
        The axes. Their first two collections are the lines across and the lines upwards.

    Raises:
        DescriptionError: a layer, neuron or column that there is not.
        DataError: arrays that do not fit.

    """
    if not COUNT.holds(lines) or lines < 2:
        raise DescriptionError(f"lines must be a whole number from 2 up, got {lines!r}")
    subject = subject_of(network, X, y)
    classes = subject.y is not None and subject.kind in ("classes", "yes or no")
    fine = 8 * (lines - 1) + 1
    plane = plane_of(subject, columns, at, fine)
    name, values = _values(subject, layer, plane.rows)
    first, second = _pair(pair, name, values.shape[1])
    grid = values[:, [first, second]].reshape(fine, fine, 2)
    points = _values(subject, layer, subject.x)[1][:, [first, second]]
    ax = axes_or_new(ax, WIDE)
    from matplotlib.collections import LineCollection

    for color, style, drawn in (
        (COLORS[4], "-", grid[::8]),
        (GREY, "-", grid[:, ::8].swapaxes(0, 1)),
    ):
        usual = {"colors": color, "linewidths": 0.8, "linestyles": style, "zorder": 1}
        ax.add_collection(LineCollection(list(drawn), **{**usual, **options}))
    ax.autoscale_view()
    shown = subject if classes else Subject(subject.network, subject.x)
    names = subject.classes if classes else ()
    points_by_class(ax, (points[:, 0], points[:, 1]), shown, names)
    write(ax, title or f"the plane of {plane.names[0]} and {plane.names[1]} after {name}", size=10)
    write(ax, x=f"{name}[{first}]", y=f"{name}[{second}]")
    tidy(ax)
    return ax


def _values(subject: Subject, layer: int | str, x: NDArray[Any]) -> tuple[str, NDArray[Any]]:
    """Give the name and the values (rows, neurons) of a layer as prediction sees them.

    Raises DescriptionError for one that there is not.
    """
    values = subject.network.values
    made = predicted_values(values.program, values.by_name, x)
    known = [name for name, value in made.items() if value.ndim == 2]
    if is_integer(layer):
        count = len([name for name in known if name[0] == "a" and name[1:].isdecimal()])
        if not 1 <= int(layer) <= count:
            raise DescriptionError(f"layer must be from 1 to {count}, got {layer!r}")
        layer = f"a{layer}"
    if layer not in known:
        raise unknown_name("layer", layer, known)
    return str(layer), made[str(layer)]


def _pair(pair: Sequence[int], name: str, neurons: int) -> tuple[int, int]:
    if neurons < 2:
        raise DescriptionError(
            f"{name} has 1 neuron, and a plane needs 2: take another layer, or gn.plots.neurons"
        )
    chosen = list(pair)
    good = all(is_integer(n) and 0 <= n < neurons for n in chosen)
    if len(chosen) != 2 or not good or chosen[0] == chosen[1]:
        raise DescriptionError(
            f"pair must be two neurons of {name}, from 0 to {neurons - 1}, got {pair!r}"
        )
    return chosen[0], chosen[1]
