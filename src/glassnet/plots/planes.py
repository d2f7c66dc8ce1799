"""What a network says over the plane of two columns: regions of classes, chances, numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import DescriptionError, unknown_name
from glassnet.plots.figures import axes_or_new, beside, draw_legend, few_ticks, write
from glassnet.plots.fonts import letters, short, shown
from glassnet.plots.grids import Plane, plane_of
from glassnet.plots.palette import COLORS, DARK, ONE_SIGN, SHARES, color_map, style, tint
from glassnet.plots.subjects import Subject, names_or, subject_of

WIDE = (5.4, 3.9)
DEEP = 0.65  # of a class's own colour, where its chance is 1: its points must still be seen
Columns = Sequence[int | str]
Held = Mapping[str | int, float] | None


def decision_regions(
    network: Any,
    X: Any,
    y: Any = None,
    *,
    columns: Columns = (0, 1),
    at: Held = None,
    output: int | None = None,
    classes: Sequence[str] | None = None,
    resolution: int = 200,
    title: str = "",
    ax: Any = None,
    **image: Any,
) -> Any:
    """Colour the plane of two columns by the class that a network names there.

    Numbers of a network that was trained on a table stand in the table's units, and its classes
    have their labels.

    Args:
        network: tells classes apart.
        X: (m, inputs), or a Table; its rows are drawn as points, and say how far the plane goes.
        y: the class of each row, which colours the points; None draws them grey.
        columns: the two columns of X, by number from 0 or by name.
        at: values of the other columns, by number or name; those that are not named stand at their
            median, a column of categories at its commonest.
        output: which one is drawn, where each output is a yes or no of its own.
        classes: names of the classes.
        resolution: places along each side of the plane.
        title: stands above; by default it says at what value other columns are held.
        ax: matplotlib axes to draw on; None makes a figure of its own.
        image: options of `ax.imshow`.

    Returns:
        The axes. Their first image holds the class number of each place.

    Raises:
        DescriptionError: a network of numbers, of one input, or a column that there is not.
        DataError: arrays that do not fit.

    Example:
        >>> import glassnet as gn
        >>> X, y = gn.datasets.spiral(20)
        >>> ax = decision_regions(gn.Network("2-8-3 relu softmax", random_state=0), X, y)
        >>> ax.images[0].get_array().shape
        (200, 200)

    """
    subject = subject_of(network, X, y).column(output)
    names = names_or(subject.classes, classes)
    plane = plane_of(subject, columns, at, resolution)
    named = plane.image(subject.answers(subject.predict(plane.rows)))
    ax = axes_or_new(ax, WIDE)
    from matplotlib.colors import ListedColormap

    styles = [style(number) for number in range(len(names))]
    tints = ListedColormap([tint(color) for color, _ in styles])
    usual = {"cmap": tints, "vmin": -0.5, "vmax": len(names) - 0.5, "interpolation": "nearest"}
    show_image(ax, plane, named, {**usual, **image})
    for number in range(len(names) if len(names) > 2 else 1):
        inside = named == number
        if inside.any() and not inside.all():
            ax.contour(*plane.sides, inside, [0.5], colors=DARK, linewidths=0.8)
    points_by_class(ax, plane.points, subject, names)
    _finish(ax, plane, title)
    return ax


def probability_surface(
    network: Any,
    X: Any,
    y: Any = None,
    *,
    of: int | str | None = None,
    columns: Columns = (0, 1),
    at: Held = None,
    classes: Sequence[str] | None = None,
    resolution: int = 200,
    title: str = "",
    ax: Any = None,
    **image: Any,
) -> Any:
    """Colour the plane of two columns by the chance that a network gives a class there.

    Args:
        network: gives chances.
        X: (m, inputs), or a Table.
        y: the class of each row, which colours the points; None draws them grey.
        of: the class, by number or name, or the number of a yes or no of its own; by default the
            second of two classes, and of more the one with the highest chance, whichever it is.
        columns: the two columns of X, by number from 0 or by name.
        at: values of the other columns, as for `decision_regions`.
        classes: names of the classes.
        resolution: places along each side of the plane.
        title: stands above; by default it says at what value other columns are held.
        ax: matplotlib axes to draw on; None makes a figure of its own.
        image: options of `ax.imshow`.

    Returns:
        The axes. Their first image holds the chance at each place.

    Raises:
        DescriptionError: a network that gives numbers, or scores that are no chances.
        DataError: arrays that do not fit.

    """
    subject = subject_of(network, X, y)
    several = subject.kind == "several yes or no"
    subject = subject.column(of if isinstance(of, int) else None) if several else subject
    names = names_or(subject.classes, classes)
    if subject.reading.chances is None:
        raise DescriptionError(
            f"the loss {subject.network.description.loss} makes scores that are no chances: take"
            " gn.plots.output_surface or decision_regions"
        )
    number = None if several else _class_number(of, names)
    plane = plane_of(subject, columns, at, resolution)
    chances = subject.reading.chances(subject.predict(plane.rows))
    ax = axes_or_new(ax, WIDE)
    if chances.shape[1] == 1:
        number = 1 if number is None else number
        values = chances[:, 0] if number == 1 else 1 - chances[:, 0]
        colors = [tint(COLORS[1 - number], DEEP), "#FFFFFF", tint(COLORS[number], DEEP)]
    elif number is None:
        values, colors = chances.max(axis=1), None
    else:
        values, colors = chances[:, number], ["#FFFFFF", tint(style(number)[0], DEEP)]
    said = f"chance of {names[number]}" if number is not None else "highest chance of a class"
    usual = {"cmap": color_map(SHARES[:2] if colors is None else colors), "vmin": 0.0, "vmax": 1.0}
    usual |= {"vmin": 1 / chances.shape[1]} if number is None else {}  # no highest chance is lower
    drawn = show_image(ax, plane, plane.image(values), {**usual, **image})
    _bar(ax, drawn, said)
    if number is not None and values.min() < 0.5 < values.max():
        ax.contour(*plane.sides, plane.image(values), [0.5], colors=DARK, linewidths=1.0)
    points_by_class(ax, plane.points, subject, names, below=True)
    _finish(ax, plane, title)
    return ax


def output_surface(
    network: Any,
    X: Any,
    y: Any = None,
    *,
    output: int | None = None,
    columns: Columns = (0, 1),
    at: Held = None,
    resolution: int = 200,
    title: str = "",
    ax: Any = None,
    **image: Any,
) -> Any:
    """Colour the plane of two columns by a number that a network gives there, as points are by y.

    Args:
        network: any, with at least two inputs.
        X: (m, inputs), or a Table.
        y: what is wanted of each row, which colours the points on the same scale.
        output: the number of the output, from 0.
        columns: the two columns of X, by number from 0 or by name.
        at: values of the other columns, as for `decision_regions`.
        resolution: places along each side of the plane.
        title: stands above; by default it says at what value other columns are held.
        ax: matplotlib axes to draw on; None makes a figure of its own.
        image: options of `ax.imshow`.

    Returns:
        The axes. Their first image holds the number at each place.

    Raises:
        DescriptionError: a network of one input, or a column or output that there is not.
        DataError: arrays that do not fit.

    """
    subject = subject_of(network, X, y)
    number = subject.output_number(output)
    plane = plane_of(subject, columns, at, resolution)
    values = subject.target_in_unit(subject.predict(plane.rows)[:, number])
    wanted = None
    if subject.y is not None and subject.y.shape[1] > number:
        wanted = subject.target_in_unit(subject.y[:, number])
    ax = axes_or_new(ax, WIDE)
    both = values if wanted is None else np.concatenate([values, wanted])
    usual = {"cmap": ONE_SIGN, "vmin": float(both.min()), "vmax": float(both.max())}
    drawn = show_image(ax, plane, plane.image(values), {**usual, **image})
    _bar(ax, drawn, subject.target_name(number))
    points: dict[str, Any] = {"color": "white"} if wanted is None else {"c": wanted}
    points |= {} if wanted is None else {"cmap": drawn.cmap, "norm": drawn.norm}
    ax.scatter(*plane.points, 22, edgecolors="white", linewidths=0.8, zorder=3, **points)
    _finish(ax, plane, title)
    return ax


# ----------------------------------------------------------------------------- what they share


def _class_number(of: int | str | None, names: Sequence[str]) -> int | None:
    if of is None:
        return None
    if isinstance(of, str):
        if of not in names:
            raise unknown_name("class", of, names)
        return list(names).index(of)
    if isinstance(of, bool) or not 0 <= of < len(names):
        raise DescriptionError(
            f"of must be a class from 0 to {len(names) - 1} or one of {', '.join(names)}, got"
            f" {of!r}"
        )
    return int(of)


def show_image(ax: Any, plane: Plane, image: NDArray[Any], options: dict[str, Any]) -> Any:
    """Draw an image over a plane, from below, so that each pixel lies around its place."""
    usual = {"origin": "lower", "extent": plane.extent, "aspect": "auto", "zorder": 0}
    drawn = ax.imshow(image, **{**usual, **options})
    few_ticks(ax.xaxis)
    return drawn


def _bar(ax: Any, drawn: Any, label: str) -> None:
    bar = ax.figure.colorbar(drawn, ax=ax)
    bar.set_label(shown(label), **letters())
    bar.outline.set_visible(False)


def points_by_class(
    ax: Any,
    places: Sequence[NDArray[Any]],
    subject: Subject,
    names: Sequence[str],
    *,
    below: bool = False,
) -> None:
    """Draw the rows of a subject at their places, with the colour and the marker of their class.

    The classes are named to the right of the axes, or below them.
    """
    from matplotlib.patheffects import withStroke

    first, second = places
    halo = [withStroke(linewidth=2.6, foreground="white")]  # markers without an area need it
    size = 26 if len(first) <= 300 else 12
    if subject.y is None:
        ax.scatter(first, second, size // 2, color="#555555", alpha=0.7, linewidths=0, zorder=3)
        return
    for number, name in enumerate(names):
        rows = subject.wanted == number
        color, marker = style(number)
        edge: dict[str, Any] = {"edgecolors": "white", "linewidths": 0.5}
        edge = {"linewidths": 1.4, "path_effects": halo} if marker in "x+" else edge
        look = {"color": color, "marker": marker, "label": short(shown(name)), **edge}
        if rows.any():
            ax.scatter(first[rows], second[rows], size, zorder=3, **look)
    if below:
        under = {"bbox_to_anchor": (0.5, -0.16), "ncols": min(len(names), 4)}
        draw_legend(ax, loc="upper center", **under)
    else:
        beside(ax)


def _finish(ax: Any, plane: Plane, title: str) -> None:
    left, right, bottom, top = plane.extent
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    write(ax, title or plane.note, x=plane.names[0], y=plane.names[1], size=11 if title else 9)
