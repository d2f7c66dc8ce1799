"""Pictures in a terminal: Braille dots, two by four in each character.

Our own canvas, not a library's: plotext 5 and 6 share no name that draws a line, so no bound would
hold for both; it draws on one figure for the whole process; and a picture must be the same text
with and without a terminal. Nothing here prints: every function gives a text.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from glassnet.views.letters import cells, fold
from glassnet.views.pictures import Chart, Marks, Picture

# Told apart by all common kinds of colour vision, light and dark enough for both backgrounds:
# blue, orange, green, pink, light blue, yellow, grey, red (of the 256 colours of terminals).
COLORS = (32, 208, 36, 175, 117, 178, 102, 166)
BACK_TO_FRONT = ("dots", "line", "points")
MARKERS = "ox+*#%&@"  # plain letters are one column wide everywhere
DOT = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])  # by row and column
GAP = 2  # columns between two charts
NARROWEST = 20  # columns of a chart that can still be read; none is drawn narrower
FIELD = 8  # columns that are left for the marks, however long the numbers on the y axis are


def wants_color(stream: TextIO) -> bool:
    """Whether a stream is a terminal whose user has not asked for plain text (no-color.org)."""
    plain = os.environ.get("NO_COLOR", "") != "" or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain


class Canvas:
    r"""Characters in rows, filled with Braille dots and letters, each with a colour.

    Args:
        width: columns.
        height: rows.
        x_range: what the left and right edge stand for.
        y_range: what the lower and upper edge stand for.

    Example:
        >>> canvas = Canvas(8, 2, (0, 1), (0, 1))
        >>> canvas.line(np.array([0, 1]), np.array([0, 1]))
        >>> print("\n".join(canvas.rows()))
        ⠀⠀⠀⠀⣀⠤⠒⠉
        ⣀⠤⠒⠉⠁⠀⠀⠀

    """

    def __init__(
        self, width: int, height: int, x_range: tuple[float, float], y_range: tuple[float, float]
    ) -> None:
        self.width, self.height = width, height
        self.x_range, self.y_range = x_range, y_range
        self.dots = np.zeros((height, width), dtype=np.int64)
        self.letters = np.full((height, width), "", dtype=object)
        self.colors = np.full((height, width), -1)

    def points(self, x: NDArray[Any], y: NDArray[Any], color: int = 0) -> None:
        """Set the dots nearest to points; points outside of the canvas are left out."""
        column, row = self._dots(x, y)
        self._set(np.rint(column), np.rint(row), color)

    def line(
        self, x: NDArray[Any], y: NDArray[Any], color: int = 0, *, dashed: bool = False
    ) -> None:
        """Join points with straight lines; a gap stays where one of them is not a number."""
        column, row = self._dots(x, y)
        for i in range(len(column) - 1):
            ends = np.array([column[i : i + 2], row[i : i + 2]])
            if not np.isfinite(ends).all():
                continue
            steps = min(int(np.abs(ends[:, 1] - ends[:, 0]).max()) + 1, 4 * 4096)
            share = np.linspace(0, 1, steps + 1)
            path = np.rint(ends[:, :1] + share * (ends[:, 1:] - ends[:, :1]))
            path = path[:, path[0] % 4 < 2] if dashed else path
            self._set(path[0], path[1], color)

    def markers(self, x: NDArray[Any], y: NDArray[Any], letter: str, color: int = 0) -> None:
        """Put a letter at each point."""
        column, row = self._dots(x, y)
        for c, r in zip(np.rint(column) // 2, np.rint(row) // 4, strict=True):
            if 0 <= c < self.width and 0 <= r < self.height:
                self.letters[int(r), int(c)] = letter
                self.colors[int(r), int(c)] = color

    def text(self, x: float, y: float, text: str) -> None:
        """Write a text with its middle at a place, pushed inside where it would stick out."""
        column, row = self._dots(np.array([x]), np.array([y]))
        middle = np.rint(column[0] / 2 - cells(text) / 2)
        start = int(np.clip(middle, 0, max(0, self.width - cells(text))))
        line = int(np.clip(row[0] // 4, 0, self.height - 1))
        for letter in text:
            if start + cells(letter) <= self.width:
                self.letters[line, start] = letter
                self.letters[line, start + 1 : start + cells(letter)] = None  # the wide one's rest
                self.colors[line, start : start + cells(letter)] = -1
            start += cells(letter)

    def rows(self, *, color: bool = False) -> list[str]:
        """Give the rows as texts, with the colours of terminals or without."""
        return [self._row(r, color) for r in range(self.height)]

    def _dots(self, x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        (left, right), (low, high) = self.x_range, self.y_range
        column = (np.asarray(x, dtype=np.float64) - left) / (right - left) * (2 * self.width - 1)
        row = (high - np.asarray(y, dtype=np.float64)) / (high - low) * (4 * self.height - 1)
        return column, row

    def _set(self, column: NDArray[Any], row: NDArray[Any], color: int) -> None:
        inside = (column >= 0) & (column < 2 * self.width) & (row >= 0) & (row < 4 * self.height)
        c, r = column[inside].astype(int), row[inside].astype(int)
        np.bitwise_or.at(self.dots, (r // 4, c // 2), DOT[r % 4, c % 2])
        self.colors[r // 4, c // 2] = color

    def _row(self, r: int, color: bool) -> str:
        out, now = [], -1
        for c in range(self.width):
            letter = self.letters[r, c]
            if letter is None:
                continue
            wanted = int(self.colors[r, c])
            if color and wanted != now:
                out.append(_paint(wanted))
                now = wanted
            out.append(letter or chr(0x2800 + int(self.dots[r, c])))
        return "".join(out) + (_paint(-1) if color and now != -1 else "")


def _paint(color: int) -> str:
    return "\x1b[0m" if color < 0 else f"\x1b[38;5;{COLORS[color % len(COLORS)]}m"


# ---------------------------------------------------------------------------- the picture


def draw(picture: Picture, *, width: int = 76, height: int = 18, color: bool = False) -> str:
    """Give a picture as text.

    Args:
        picture: what to draw.
        width: columns of the whole picture; 20 where it is less.
        height: rows of the field in which the marks are.
        color: whether to use the colours of terminals; markers tell classes apart without them.

    Example:
        >>> from glassnet.views.pictures import scatter
        >>> X = np.array([[0, 0], [1, 1], [2, 4], [3, 9.0]])
        >>> print(draw(scatter(X, np.array([0, 0, 1, 1])), width=30, height=5))
        x2
          │                          x
          │
        5 ┤                 x
          │
        0 ┤o        o
          └┬────────────────┬─────────
           0                2
                                    x1
        o 0   x 1

    """
    width = max(width, NARROWEST)
    most = (width + GAP) // (NARROWEST + GAP)
    lines = math.ceil(len(picture.charts) / most)
    beside = math.ceil(len(picture.charts) / lines)
    rows = _centered(picture.title, width)
    for first in range(0, len(picture.charts), beside):
        rows += _beside(picture.charts[first : first + beside], beside, width, height, color)
    return "\n".join(rows)


def _beside(
    charts: Sequence[Chart], places: int, width: int, height: int, color: bool
) -> list[str]:
    """Give charts side by side, each as wide as if all places were taken."""
    each = (width - GAP * (places - 1)) // places
    blocks = [_chart(chart, each, height, color) for chart in charts]
    rows = []
    for r in range(max(map(len, blocks))):
        parts = [_padded(block[r] if r < len(block) else "", each) for block in blocks]
        rows.append((" " * GAP).join(parts).replace("\u2800", " ").rstrip())
    return rows


def _chart(chart: Chart, width: int, height: int, color: bool) -> list[str]:
    x_range, y_range = chart.ranges()
    title = _centered(chart.title, width)
    if not chart.axes:
        canvas = Canvas(width, height, x_range, y_range)
        _fill(canvas, chart)
        return [*title, *canvas.rows(color=color)]
    y_ticks = (
        log_ticks(*y_range, height // 2) if chart.log else ticks(*y_range, max(2, height // 3))
    )
    margin = max([len(text) for _, text in y_ticks], default=0)
    canvas = Canvas(max(FIELD, width - margin - 2), height, x_range, y_range)
    _fill(canvas, chart)
    at = {_row_of(canvas, value): text for value, text in y_ticks}
    field = [
        f"{at.get(r, ''):>{margin}} {'┤' if r in at else '│'}{row}"
        for r, row in enumerate(canvas.rows(color=color))
    ]
    name = [chart.y_label] if chart.y_label else []
    return [*title, *name, *field, *_below(chart, canvas, margin, color)]


def _fill(canvas: Canvas, chart: Chart) -> None:
    lines_first = sorted(chart.marks, key=lambda marks: BACK_TO_FRONT.index(marks.kind))
    crossed = any(marks.kind == "line" for marks in chart.marks)
    for marks in lines_first:
        x, y = chart.places(marks.x), chart.heights(marks.y)
        if marks.kind == "line":
            canvas.line(x, y, marks.color, dashed=chart.dashed(marks))
        elif marks.kind == "points" and (
            chart.classes or crossed
        ):  # dots would be lost beside a line of dots
            canvas.markers(x, y, MARKERS[marks.color % len(MARKERS)], marks.color)
        else:
            canvas.points(x, y, marks.color)
    for x_text, y_text, text in chart.texts:
        canvas.text(x_text, y_text, f"({text})")


def _row_of(canvas: Canvas, value: float) -> int:
    return int(np.rint(canvas._dots(np.zeros(1), np.array([value]))[1][0])) // 4


def _below(chart: Chart, canvas: Canvas, margin: int, color: bool) -> list[str]:
    """Give the x axis with its numbers, its name, and what the marks are called."""
    axis, numbers = ["─"] * canvas.width, [" "] * canvas.width
    free = 0
    find = log_ticks if chart.log_x else ticks
    for value, text in find(*canvas.x_range, max(2, canvas.width // 10)):
        column = int(np.rint(canvas._dots(np.array([value]), np.zeros(1))[0][0])) // 2
        axis[column] = "┬"
        start = max(0, min(column - len(text) // 2, canvas.width - len(text)))
        if start >= free:
            numbers[start : start + len(text)] = text
            free = start + len(text) + 1
    indent = " " * (margin + 1)
    rows = [f"{indent}└{''.join(axis)}", f"{indent} {''.join(numbers)}".rstrip()]
    if chart.x_label:
        rows.append(indent + " " * max(1, canvas.width + 1 - cells(chart.x_label)) + chart.x_label)
    return [*rows, *_legend(chart, margin + 2 + canvas.width, color)]


def _legend(chart: Chart, width: int, color: bool) -> list[str]:
    """Say what the marks are called, in as many rows as it takes."""
    rows: list[str] = []
    for text in (f"{_sample(m, chart, color)} {m.name}" for m in chart.marks if m.name):
        longer = f"{rows[-1]}   {text}" if rows else ""
        if rows and cells(without_color(longer)) <= width:
            rows[-1] = longer
        else:
            rows.append(text)
    return rows


def _sample(marks: Marks, chart: Chart, color: bool) -> str:
    line = "⠒ ⠒" if chart.dashed(marks) else "⠒⠒⠒"
    signs = {"line": line, "dots": "⠂"}
    sign = signs.get(marks.kind, MARKERS[marks.color % len(MARKERS)])
    return f"{_paint(marks.color)}{sign}{_paint(-1)}" if color else sign


def _centered(text: str, width: int) -> list[str]:
    """Give a title in the middle, in as many rows as it takes."""
    return [" " * max(0, (width - cells(row)) // 2) + row for row in fold(text, width).splitlines()]


def _padded(text: str, width: int) -> str:
    return text + " " * max(0, width - cells(without_color(text)))


def without_color(text: str) -> str:
    r"""Take the colours of terminals out of a text.

    Example:
        >>> without_color("\x1b[38;5;32mo\x1b[0m blue")
        'o blue'

    """
    parts = text.split("\x1b[")
    return parts[0] + "".join(part.split("m", 1)[1] for part in parts[1:])


# ------------------------------------------------------------------------------- the ticks


def ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Give round numbers between two ends, about so many, each with its text.

    Example:
        >>> ticks(0.1, 2.9, 4)
        [(1.0, '1'), (2.0, '2')]

    """
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * nice for nice in (1, 2, 5, 10) if power * nice >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    values = [i * step for i in range(first, last + 1)]
    plain = step >= 1e-4 and max(abs(low), abs(high)) < 1e6
    return [(v, f"{v + 0.0:.{places}f}" if plain else f"{v:.3g}") for v in values]


def log_ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Give the powers of ten between two exponents, thinned out where they are more than `most`.

    Example:
        >>> log_ticks(-3.2, 0.1, 5)
        [(-3.0, '1e-3'), (-2.0, '1e-2'), (-1.0, '1e-1'), (0.0, '1e0')]

    """
    powers: Sequence[int] = range(math.ceil(low), math.floor(high) + 1)
    if len(powers) < 2:  # less than a tenfold: numbers as they are
        return [(math.log10(v), text) for v, text in ticks(10**low, 10**high, 4) if v > 0]
    powers = powers[:: math.ceil(len(powers) / max(1, most))]
    return [(float(p), f"1e{p}") for p in powers]
