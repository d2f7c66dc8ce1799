"""Charts, which are plain numbers, drawn with matplotlib."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from glassnet.plots.figures import SIZE, draw_legend, line_options, new_figure, tidy, write
from glassnet.plots.fonts import letters, shown
from glassnet.plots.palette import COLORS, MARKERS
from glassnet.views.pictures import Chart, Marks, Picture

FEW = 20  # points that may be drawn larger


def figure(picture: Picture) -> Any:
    """Draw a picture on a matplotlib Figure of its own.

    Raises MissingExtraError where matplotlib is not installed.
    """
    count = len(picture.charts)
    width = SIZE[0] if count == 1 else 3.2
    made = new_figure((width * count, SIZE[1] if count == 1 else 2.8))
    for axes, chart in zip(made.subplots(1, count, squeeze=False)[0], picture.charts, strict=True):
        draw_chart(axes, chart)
    if picture.title:
        made.suptitle(shown(picture.title), fontsize=11, **letters())
    return made


def draw_chart(axes: Any, chart: Chart, **lines: Any) -> None:
    """Draw one chart on matplotlib axes that are given; options of `axes.plot` are for its lines.

    Example:
        >>> from matplotlib.figure import Figure
        >>> axes = Figure().subplots()
        >>> draw_chart(axes, Chart((Marks(np.array([1]), np.array([2])),), "one point"))
        >>> axes.get_title()
        'one point'

    """
    for marks in chart.marks:
        _draw_marks(axes, marks, chart, lines)
    for x, y, text in chart.texts:
        box = {"boxstyle": "circle,pad=0.35", "facecolor": "white", "edgecolor": "#444444"}
        axes.text(x, y, shown(text), ha="center", va="center", bbox=box, zorder=5, **letters())
    write(axes, chart.title)
    if not chart.axes:
        axes.set_axis_off()
        axes.margins(0.15)
        return
    write(axes, x=chart.x_label, y=chart.y_label)
    if chart.log:
        axes.set_yscale("log")
    if chart.log_x:
        axes.set_xscale("log")
    if chart.y_range is not None:
        axes.set_ylim(*(np.power(10.0, chart.y_range) if chart.log else chart.y_range))
    tidy(axes)
    if any(marks.name for marks in chart.marks):
        outside = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)} if chart.classes else {}
        still = {"loc": "upper right"} if chart.y_range is not None else {}  # from frame to frame
        still = {"loc": "lower left"} if chart.log_x else still  # a loss falls and rises to it
        draw_legend(axes, **outside, **still)


def _draw_marks(axes: Any, marks: Marks, chart: Chart, lines: Mapping[str, Any]) -> None:
    color, name = COLORS[marks.color % len(COLORS)], shown(marks.name) or None
    if marks.kind == "line":
        usual = {"linewidth": 1.2 if not chart.axes else 1.8, "color": color}
        usual["linestyle"] = "--" if chart.dashed(marks) else "-"
        usual["zorder"] = 4  # above the points, which may lie as close as a band
        axes.plot(marks.x, marks.y, label=name, **line_options(lines, **usual))
        return
    marker = MARKERS[marks.color % len(MARKERS)] if chart.classes else "o"
    size = 6 if marks.kind == "dots" else 18 if len(marks.x) > FEW else 36
    axes.scatter(
        marks.x,
        marks.y,
        size,
        color=color,
        marker=marker,
        linewidths=1.2 if marker in "x+" else 0,
        label=name,
        zorder=5 if len(marks.x) == 1 else 3,  # a single point is there to be seen
    )
