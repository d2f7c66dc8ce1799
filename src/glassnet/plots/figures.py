"""Figures and axes: new ones, or those that are given; what all plots have in common.

A figure is made without pyplot: no window, no state that one plot leaves to the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from glassnet.errors import DescriptionError, missing_extra
from glassnet.plots.fonts import font, letters, shown

SIZE, DPI = (4.8, 3.4), 100  # inches of one plot
MOST_COLUMNS = 4  # of small plots side by side
FEW_TICKS = 5


def new_figure(size: tuple[float, float] = SIZE) -> Any:
    """Give an empty figure of so many inches, whose parts make room for each other.

    Raises MissingExtraError where matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise missing_extra("drawing a plot", "matplotlib", "plots") from None
    return Figure(size, DPI, layout="constrained")


def axes_or_new(ax: Any, size: tuple[float, float] = SIZE) -> Any:
    """Give the axes that were given, or those of a new figure.

    Raises DescriptionError for anything else.
    """
    if ax is None:
        return new_figure(size).subplots()
    if not hasattr(ax, "add_artist"):
        raise DescriptionError(
            "ax must be matplotlib axes, such as plt.subplots()[1], or None for a figure of its"
            f" own; got {type(ax).__name__}"
        )
    return ax


def small_axes(ax: Any, count: int) -> list[Any]:
    """Give so many small axes: those that were given, the parts of one that was, or new ones.

    Raises DescriptionError where neither can be had.
    """
    if isinstance(ax, Sequence | np.ndarray) and not isinstance(ax, str):
        given = np.asarray(ax, dtype=object).ravel().tolist()
        if len(given) != count:
            raise DescriptionError(f"this needs {count} axes, got {len(given)}")
        return [axes_or_new(one) for one in given]
    columns = min(count, MOST_COLUMNS)
    rows = -(-count // columns)
    if ax is None:
        grid = new_figure((max(2.0 * columns + 0.9, 3.2), 1.9 * rows + (0.9 if rows == 1 else 0.6)))
        return _first_of(grid.subplots(rows, columns, squeeze=False), count)
    place = axes_or_new(ax).get_subplotspec()
    if place is None:
        raise DescriptionError(
            "axes that are to be parted must stand in a grid, as those of plt.subplots() do;"
            f" or give {count} axes"
        )
    ax.set_axis_off()
    parts = place.subgridspec(rows, columns).subplots(squeeze=False)
    return _first_of(parts, count)


def _first_of(grid: Any, count: int) -> list[Any]:
    """Give the first axes of a grid, and take the others away."""
    found = grid.ravel().tolist()
    for unused in found[count:]:
        unused.remove()
    return list(found[:count])


def write(axes: Any, title: str = "", *, x: str = "", y: str = "", size: float = 11) -> None:
    """Write a title and what is on the two axes, in a font that has the letters."""
    if title:
        axes.set_title(shown(title), fontsize=size, **letters())
    if x:
        axes.set_xlabel(shown(x), **letters())
    if y:
        axes.set_ylabel(shown(y), **letters())


def tidy(axes: Any) -> None:
    """Leave out what carries no number, and put a faint grid behind what does."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)


def draw_legend(axes: Any, **options: Any) -> None:
    """Name what is drawn."""
    legend = axes.legend(frameon=False, prop={"size": 9, **font()}, **options)
    for text in legend.get_texts():
        text.set_parse_math(False)


def beside(axes: Any) -> None:
    """Name what is drawn to the right of it, where it hides nothing."""
    draw_legend(axes, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def line_options(options: Mapping[str, Any], **usual: Any) -> dict[str, Any]:
    """Give the options of a line, by their long names: those given, else the usual ones.

    >>> line_options({"lw": 3, "alpha": 0.5}, linewidth=1.8)
    {'linewidth': 3, 'alpha': 0.5}
    """
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.lines import Line2D

    return usual | normalize_kwargs(dict(options), Line2D)


def point_options(options: Mapping[str, Any], **usual: Any) -> dict[str, Any]:
    """Give the options of points, by their long names: those given, else the usual ones.

    >>> point_options({"lw": 3, "c": "red"}, color="blue", s=9)
    {'color': 'red', 's': 9, 'linewidth': 3}
    """
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.collections import PathCollection

    given = dict(options)
    if isinstance(given.get("c"), str):
        given["color"] = given.pop("c")
    return usual | normalize_kwargs(given, PathCollection)


def few_ticks(axis: Any) -> None:
    """Put few ticks on an axis, whose labels stay apart where there is little room."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins=FEW_TICKS, steps=[1, 2, 2.5, 5, 10]))


def whole_numbers(axis: Any) -> None:
    """Put ticks at whole numbers only, as epochs are."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True, nbins="auto", steps=[1, 2, 5, 10]))
