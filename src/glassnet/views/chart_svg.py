"""A Chart as SVG, written by ourselves: for pages that need no plotting library and no script.

Every line and every set of points is a group that says how its places were made, so that whoever
reads the file can walk each one back to its number: `data-name` is what it is, `data-x` and
`data-y` are the two ends of each axis, and the group's frame is in `data-frame`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.views.escaping import escaped
from glassnet.views.pictures import Chart, Marks

# Okabe and Ito's colours, as on white paper and, lighter, as on a dark page.
LIGHT = ("#0072B2", "#C4570A", "#00795A", "#A8487F", "#2B83B5", "#857300", "#666666", "#B34700")
DARK = ("#5AB4E6", "#F2A65A", "#3CC9A0", "#E3A1C6", "#8CCBEE", "#D9C84A", "#A8A8A8", "#F08A4B")
_IN_THE_DARK = "\n".join(
    f"  .chart .s{place} {{ stroke: {colour} }} .chart .f{place} {{ fill: {colour} }}"
    for place, colour in enumerate(DARK)
)
STYLE = f"@media (prefers-color-scheme: dark) {{\n{_IN_THE_DARK}\n}}"
MOST_POINTS = 600  # of a line: more than a page has dots from left to right
SHAPES = "circle", "square", "diamond", "triangle"
LETTER = 8.0  # width of a letter of the labels, generously


@dataclass(frozen=True)
class Frame:
    """Where the inside of the axes lies on the drawing, and what its ends stand for."""

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Give places on the drawing for values, after any logarithm."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return self.left + across * self.width, self.top + (1 - up) * self.height


def chart_svg(
    chart: Chart, names: Sequence[str] = (), *, width: float = 520, height: float = 300
) -> str:
    """Draw one chart.

    Args:
        chart: what is on it.
        names: of its marks in their order, as the reader of the file will know them.
        width: of the drawing; it shrinks with the page,
        height: and so does this.

    Example:
        >>> text = chart_svg(Chart((Marks(np.array([1, 2]), np.array([3, 1]), "line"),)), ["loss"])
        >>> text.count("<polyline"), 'data-name="loss"' in text
        (1, True)

    """
    return "\n".join(_written(chart, tuple(names), width, height))


def _written(chart: Chart, names: tuple[str, ...], width: float, height: float) -> Iterator[str]:
    x, y = chart.ranges()
    labels = [_label(v, log=chart.log) for v in _ticks(y, log=chart.log)]
    left = 30 + LETTER * max(map(len, labels), default=1)
    legend = [m for m in chart.marks if m.name]
    top = 12 + (22 * len(_rows(legend, width - left)) if legend else 0)
    frame = Frame(left, top, width - left - 14, height - top - 46, x, y)
    title = escaped(chart.title or f"{chart.y_label} over {chart.x_label}")
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-label="{title}"'
        f' viewBox="0 0 {width:g} {height:g}" font-size="13">'
    )
    yield f"<title>{title}</title>"
    yield from _axes(chart, frame)
    for place, marks in enumerate(chart.marks):
        name = names[place] if place < len(names) else marks.name
        yield from _marks(chart, frame, marks, name)
    yield from _legend(chart, legend, left, width)
    yield "</svg>"


# -------------------------------------------------------------------------------- the axes


def _axes(chart: Chart, frame: Frame) -> Iterator[str]:
    right, bottom = frame.left + frame.width, frame.top + frame.height
    yield '<g class="axes" stroke="currentColor" fill="none">'
    for value in _ticks(frame.y, log=chart.log):
        _, place = frame.at(np.array(0.0), np.array(value))
        yield (
            f'<line x1="{frame.left:.1f}" x2="{right:.1f}" y1="{place:.1f}" y2="{place:.1f}"'
            ' stroke-opacity="0.15"/>'
        )
    yield (
        f'<path d="M{frame.left:.1f} {frame.top:.1f}V{bottom:.1f}H{right:.1f}"'
        ' stroke-opacity="0.6"/></g>'
    )
    yield '<g class="ticks" fill="currentColor">'
    for value in _ticks(frame.y, log=chart.log):
        _, place = frame.at(np.array(0.0), np.array(value))
        text = _label(value, log=chart.log)
        at = f'x="{frame.left - 6:.1f}" y="{place + 4.5:.1f}"'
        yield f'<text {at} text-anchor="end">{text}</text>'
    for value in _ticks(frame.x, log=chart.log_x, most=6):
        place, _ = frame.at(np.array(value), np.array(0.0))
        text = _label(value, log=chart.log_x)
        yield f'<text x="{place:.1f}" y="{bottom + 18:.1f}" text-anchor="middle">{text}</text>'
    middle = frame.left + frame.width / 2
    yield (
        f'<text x="{middle:.1f}" y="{bottom + 38:.1f}" text-anchor="middle">'
        f"{escaped(chart.x_label)}</text>"
    )
    up = frame.top + frame.height / 2
    yield (
        f'<text transform="translate(12 {up:.1f}) rotate(-90)" text-anchor="middle">'
        f"{escaped(chart.y_label)}</text></g>"
    )


def _ticks(ends: tuple[float, float], *, log: bool = False, most: int = 5) -> list[float]:
    """Give round numbers between two ends; on a log axis powers of 10, or 1, 2, 5 times these.

    >>> _ticks((0.0, 103.0)), _ticks((-0.1, 1.1))
    ([0.0, 20.0, 40.0, 60.0, 80.0, 100.0], [0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
    """
    low, high = ends
    if log and high - low > 0.6:
        step = max(1, math.ceil((high - low) / most))
        powers = [float(p) for p in range(math.ceil(low), math.floor(high) + 1, step)]
        if len(powers) > 1:
            return powers
        steps = [
            math.log10(f) + p
            for p in range(math.floor(low), 1 + math.ceil(high))
            for f in (1, 2, 5)
        ]
        return [value for value in steps if low <= value <= high]
    if log:
        return [math.log10(v) for v in _ticks((10**low, 10**high), most=most) if v > 0]
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    size = next(power * f for f in (1, 2, 5, 10) if power * f >= rough * 0.8)
    first, last = math.ceil(low / size - 1e-9), math.floor(high / size + 1e-9)
    return [round(count * size, 12) for count in range(first, last + 1)]


def _label(value: float, *, log: bool) -> str:
    """Write a number beside its tick.

    >>> _label(-2.0, log=False), _label(-2.0, log=True)
    ('−2', '0.01')
    """
    text = f"{10**value:.4g}" if log else f"{value:.6g}"
    return text.replace("-", "−")


# -------------------------------------------------------------------------------- the marks


def _marks(chart: Chart, frame: Frame, marks: Marks, name: str) -> Iterator[str]:
    x = chart.places(marks.x)
    y = chart.heights(marks.y)
    shown = np.isfinite(x) & np.isfinite(y)
    color = marks.color % len(LIGHT)
    kept = np.flatnonzero(shown)
    if marks.kind == "line":
        kept = kept[thinned(y[kept])]
    across, down = frame.at(x[kept], y[kept])
    log = ("x" if chart.log_x else "") + ("y" if chart.log else "")
    yield (
        f'<g data-name="{escaped(name)}" data-kind="{marks.kind}" data-log="{log}"'
        f' data-frame="{frame.left:.3f} {frame.top:.3f} {frame.width:.3f} {frame.height:.3f}"'
        f' data-x="{frame.x[0]!r} {frame.x[1]!r}" data-y="{frame.y[0]!r} {frame.y[1]!r}"'
        f' data-shown="{len(kept)} of {len(x)}">'
    )
    places = [f"{a:.3f},{b:.3f}" for a, b in zip(across.tolist(), down.tolist(), strict=True)]
    if marks.kind == "line" and len(places) > 1:
        dashes = ' stroke-dasharray="7 4"' if chart.dashed(marks) else ""
        yield (
            f'<polyline points="{" ".join(places)}" fill="none" class="s{color}"'
            f' stroke="{LIGHT[color]}" stroke-width="2" stroke-linejoin="round"{dashes}/>'
        )
    else:
        shape = SHAPES[color % len(SHAPES)] if chart.classes else "circle"
        size = 3.0 if marks.kind == "dots" or len(places) > 60 else 5.0
        for a, b in zip(across.tolist(), down.tolist(), strict=True):
            yield _point(a, b, size, color, shape)
    yield "</g>"


def _point(x: float, y: float, size: float, color: int, shape: str) -> str:
    drawn = f'class="f{color}" fill="{LIGHT[color]}" fill-opacity="0.75"'
    if shape == "circle":
        return f'<circle cx="{x:.3f}" cy="{y:.3f}" r="{size:g}" {drawn}/>'
    corners = {
        "square": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
        "diamond": ((0, -1.4), (1.4, 0), (0, 1.4), (-1.4, 0)),
        "triangle": ((0, -1.3), (1.2, 0.9), (-1.2, 0.9)),
    }[shape]
    path = "L".join(f"{x + size * a:.2f} {y + size * b:.2f}" for a, b in corners)
    return f'<path d="M{path}Z" data-at="{x:.3f},{y:.3f}" {drawn}/>'


def thinned(y: NDArray[Any], most: int = MOST_POINTS) -> NDArray[np.intp]:
    """Choose the places of a long line that are drawn: of each stretch its lowest and highest.

    So no peak is lost, and every point that is drawn is one that there is.

    >>> thinned(np.array([1.0, 2.0, 1.0])), len(thinned(np.arange(5000.0)))
    (array([0, 1, 2]), 600)
    """
    if len(y) <= most:
        return np.arange(len(y))
    borders = np.linspace(0, len(y), most // 2 + 1).astype(np.intp)
    kept = []
    for first, last in itertools.pairwise(borders.tolist()):
        part = y[first:last]
        kept += sorted({first + int(part.argmin()), first + int(part.argmax())})
    kept[0], kept[-1] = 0, len(y) - 1
    return np.unique(kept)


# ------------------------------------------------------------------------------- the legend


def _rows(legend: Sequence[Marks], width: float) -> list[list[Marks]]:
    """Put the names into rows that are not wider than the drawing."""
    rows: list[list[Marks]] = [[]]
    used = 0.0
    for marks in legend:
        need = 34 + LETTER * len(marks.name)
        if rows[-1] and used + need > width:
            rows.append([])
            used = 0.0
        rows[-1].append(marks)
        used += need
    return rows


def _legend(chart: Chart, legend: Sequence[Marks], left: float, width: float) -> Iterator[str]:
    yield '<g class="legend" fill="currentColor">'
    for row, line in enumerate(_rows(legend, width - left)):
        x, y = left, 16 + 22 * row
        for marks in line:
            color = marks.color % len(LIGHT)
            if marks.kind == "line":
                dashes = ' stroke-dasharray="7 4"' if chart.dashed(marks) else ""
                yield (
                    f'<line x1="{x:.1f}" x2="{x + 22:.1f}" y1="{y - 4}" y2="{y - 4}"'
                    f' class="s{color}" stroke="{LIGHT[color]}" stroke-width="2"{dashes}/>'
                )
            else:
                shape = SHAPES[color % len(SHAPES)] if chart.classes else "circle"
                yield _point(x + 11, y - 4, 4, color, shape)
            yield f'<text x="{x + 27:.1f}" y="{y}">{escaped(marks.name)}</text>'
            x += 34 + LETTER * len(marks.name)
    yield "</g>"
