"""Pictures as files: PNG, SVG or PDF through matplotlib, moving ones as GIF through Pillow.

Both libraries are the optional extra `plots`. Figures are made without pyplot: no window, no state
that one picture leaves to the next.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from glassnet.errors import DataError, missing_extra
from glassnet.views.pictures import Chart, Marks, Picture, in_english

# Okabe and Ito's colours, in the order in which white paper shows them best: blue, orange, green,
# pink, light blue, yellow, grey, red.
COLORS = ("#0072B2", "#E08214", "#009E73", "#CC79A7", "#56B4E9", "#B8A000", "#666666", "#D55E00")
MARKERS = "ox+s^Dv*"
CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "STHeiti",
    "SimHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Noto Sans CJK JP",  # what the common package of all Noto CJK fonts is found as
)
FEW = 20  # points that may be drawn larger
SIZE, DPI = (4.8, 3.4), 100  # inches of one chart


def figure(picture: Picture) -> Any:
    """Draw a picture on a matplotlib Figure of its own.

    Raises MissingExtraError where matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise missing_extra("drawing a picture to a file", "matplotlib", "plots") from None
    count = len(picture.charts)
    width = SIZE[0] if count == 1 else 3.2
    made = Figure((width * count, SIZE[1] if count == 1 else 2.8), DPI, layout="constrained")
    for axes, chart in zip(made.subplots(1, count, squeeze=False)[0], picture.charts, strict=True):
        draw_chart(axes, chart)
    if picture.title:
        made.suptitle(_shown(picture.title), fontsize=11, **_font())
    return made


def draw_chart(axes: Any, chart: Chart) -> None:
    """Draw one chart on matplotlib axes that are given.

    Example:
        >>> from matplotlib.figure import Figure
        >>> axes = Figure().subplots()
        >>> draw_chart(axes, Chart((Marks(np.array([1]), np.array([2])),), "one point"))
        >>> axes.get_title()
        'one point'

    """
    for marks in chart.marks:
        _draw_marks(axes, marks, chart)
    for x, y, text in chart.texts:
        box = {"boxstyle": "circle,pad=0.35", "facecolor": "white", "edgecolor": "#444444"}
        axes.text(x, y, _shown(text), ha="center", va="center", bbox=box, zorder=5, **_font())
    if chart.title:
        axes.set_title(_shown(chart.title), fontsize=11, **_font())
    if not chart.axes:
        axes.set_axis_off()
        axes.margins(0.15)
        return
    axes.set_xlabel(_shown(chart.x_label), **_font())
    axes.set_ylabel(_shown(chart.y_label), **_font())
    if chart.log:
        axes.set_yscale("log")
    if chart.log_x:
        axes.set_xscale("log")
    if chart.y_range is not None:
        axes.set_ylim(*(np.power(10.0, chart.y_range) if chart.log else chart.y_range))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.6)
    if any(marks.name for marks in chart.marks):
        outside = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)} if chart.classes else {}
        still = {"loc": "upper right"} if chart.y_range is not None else {}  # from frame to frame
        still = {"loc": "lower left"} if chart.log_x else still  # a loss falls and rises to it
        axes.legend(frameon=False, prop={"size": 9, **_font()}, **outside, **still)


def _draw_marks(axes: Any, marks: Marks, chart: Chart) -> None:
    color, name = COLORS[marks.color % len(COLORS)], _shown(marks.name) or None
    if marks.kind == "line":
        axes.plot(
            marks.x,
            marks.y,
            color=color,
            label=name,
            linewidth=1.2 if not chart.axes else 1.8,
            linestyle="--" if chart.dashed(marks) else "-",
            zorder=4,  # above the points, which may lie as close as a band
        )
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


def save(picture: Picture, path: str | os.PathLike[str]) -> Path:
    """Write a picture to a file; its ending says how: .png, .svg or .pdf.

    Raises DataError for another ending.
    """
    target = Path(path)
    if target.suffix not in (".png", ".svg", ".pdf"):
        raise DataError(f"a picture is saved as .png, .svg or .pdf, got {str(target)!r}")
    figure(picture).savefig(target)
    return target


def save_moving(
    pictures: Iterable[Picture], path: str | os.PathLike[str], *, seconds: float = 0.12
) -> Path:
    """Write pictures one after another to a GIF, which stays on the last one for a while.

    Args:
        pictures: the frames, at least one, all of the same size.
        path: a file that ends in .gif.
        seconds: how long each frame is shown.

    """
    try:
        from PIL import Image
    except ImportError:
        raise missing_extra("writing a moving picture", "pillow", "plots") from None
    target = Path(path)
    if target.suffix != ".gif":
        raise DataError(f"a moving picture is saved as .gif, got {str(target)!r}")
    frames = []
    for picture in pictures:
        page = io.BytesIO()
        figure(picture).savefig(page, format="png")
        frames.append(Image.open(page).convert("RGB").quantize(64, dither=Image.Dither.NONE))
    if not frames:
        raise DataError("a moving picture needs at least one picture, got none")
    times = [round(1000 * seconds)] * (len(frames) - 1) + [2000]
    frames[0].save(target, save_all=True, append_images=frames[1:], duration=times, loop=0)
    return target


# ------------------------------------------------------------------------------ the letters


@lru_cache(maxsize=1)
def chinese_font() -> str:
    """Name the first font at hand that has Chinese letters; '' where there is none."""
    return _known_chinese_font() or (_add_new_fonts() and _known_chinese_font()) or ""


def _known_chinese_font() -> str:
    from matplotlib import font_manager

    present = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in CHINESE_FONTS if name in present), "")


def _add_new_fonts() -> bool:
    """Add the fonts that were installed after matplotlib made its list; say whether there are."""
    from matplotlib import font_manager

    manager = font_manager.fontManager
    new = set(font_manager.findSystemFonts()) - {font.fname for font in manager.ttflist}
    for path in new:
        with suppress(RuntimeError, OSError):  # matplotlib cannot read every font
            manager.addfont(path)
    return bool(new)


def _font() -> dict[str, Any]:
    return {"family": [chinese_font(), "DejaVu Sans"]} if chinese_font() else {}


def _shown(label: str) -> str:
    """Give the label, or its English form where no font has its letters."""
    return str(label) if chinese_font() or label.isascii() else in_english(label)
