"""What a lesson writes on: texts in its language, numbers beside the source's, and pictures.

A lesson gives numbers and the keys of its texts; everything that is printed, drawn or compared
goes through here, so that a lesson itself reads as an example of using glassnet.
"""

from __future__ import annotations

import io
import os
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import ArrayLike, NDArray
from rich.console import Console
from rich.live import Live
from rich.text import Text

from glassnet.errors import unknown_name
from glassnet.lessons.texts import LANGUAGES, TEXTS
from glassnet.views import terminal
from glassnet.views.pictures import Label, Picture, Watch, cells

Array = NDArray[Any]
WIDTH = 96  # wider lines are hard to read
SMALL = 26  # letters of a value that stands beside its name
CLOSE = 1e-9  # two exact ways to one number differ by rounding only


@dataclass(frozen=True)
class Row:
    """One compared number or array: what the source prints, what glassnet gives, if they agree.

    `reason` is why they do not, where the source is wrong or where its number depends on a start
    that it does not give. `kind` is "source" for a number of a source, "check" for one number that
    was worked out in two ways.
    """

    what: str
    source: str
    ours: str
    agrees: bool
    reason: str = ""
    kind: str = "source"


@dataclass
class Result:
    """What a lesson gave: its compared rows, the pictures that were saved, and what it printed."""

    lesson: str
    rows: list[Row] = field(default_factory=list)
    pictures: list[Path] = field(default_factory=list)

    @property
    def unexplained(self) -> list[Row]:
        """Rows that do not agree and have no reason: there should be none."""
        return [row for row in self.rows if not row.agrees and not row.reason]


class Page:
    """A page of one lesson.

    Args:
        lesson: name of the lesson.
        lang: "en" or "zh".
        stream: where to print; the terminal by default.
        folder: where pictures are saved; None saves none.
        pictures: whether pictures are made at all.

    Raises:
        DescriptionError: an unknown language.

    """

    def __init__(
        self,
        lesson: str,
        lang: str = "en",
        *,
        stream: TextIO | None = None,
        folder: str | os.PathLike[str] | None = None,
        pictures: bool = True,
    ) -> None:
        if lang not in LANGUAGES:
            raise unknown_name("language", lang, LANGUAGES)
        self.lesson, self.lang, self.pictures = lesson, lang, pictures
        self.stream = _writable(sys.stdout if stream is None else stream)
        self.color = terminal.wants_color(self.stream)
        self.redraws = self.stream.isatty() and os.environ.get("TERM") != "dumb"
        self.console = Console(
            file=self.stream, no_color=not self.color, highlight=False, markup=False, emoji=False
        )
        self.console.width = min(self.console.width, WIDTH)
        self.folder = None if folder is None else Path(folder)
        self.result = Result(lesson)
        self._waiting: list[Row] = []
        self._blank = False

    # ------------------------------------------------------------------------------- texts

    def text(self, key: str, *values: object, **named: object) -> Label:
        """Give a text of this lesson by its key, with values put in."""
        here, english = (TEXTS[lang][self.lesson][key] for lang in (self.lang, "en"))
        if values or named:
            return Label(here.format(*values, **named), english.format(*values, **named))
        return Label(here, english)

    def common(self, key: str) -> Label:
        """Give a text that all lessons share."""
        return Label(TEXTS[self.lang]["page"][key], TEXTS["en"]["page"][key])

    @property
    def of_loss(self) -> tuple[Label, Label]:
        """The names of the axes of a loss curve."""
        return self.common("epoch"), self.common("loss")

    def heading(self, key: str) -> None:
        """Print a heading, after what is still waiting to be compared."""
        self.flush()
        text = self.text(key)
        self._print("")
        self._print(Text(text, style="bold"))
        self._print("─" * min(cells(text), self.console.width))

    def say(self, key: str, *values: object, **named: object) -> None:
        """Print a paragraph."""
        self.flush()
        self._print(fold(self.text(key, *values, **named), self.console.width))

    def code(self, text: object) -> None:
        """Print lines as they are, indented: an array, a program, an error."""
        self.flush()
        self._print(textwrap.indent(str(text), "    "))

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table of numbers that are not compared with anything."""
        self.flush()
        widths = [max(map(cells, column)) for column in zip(heads, *rows, strict=True)]
        self._print("")
        for row in (heads, *rows):
            texts = (" " * (w - cells(t)) + t for t, w in zip(row, widths, strict=True))
            self._print("    " + "   ".join(texts))
        self._print("")

    def _print(self, text: str | Text) -> None:
        """Print lines as they are; never two empty ones in a row."""
        blank = not str(text)
        if not (blank and self._blank):
            self.console.print(Text(text) if isinstance(text, str) else text, soft_wrap=True)
        self._blank = blank

    # ---------------------------------------------------------------------------- numbers

    def compare(
        self, key: str, source: str, ours: ArrayLike, *, slip: str = "", float32: bool = False
    ) -> None:
        """Compare what a source prints with our number, to the digits that are printed.

        Args:
            key: says what the number is.
            source: the printed number; rows of an array are parted by ";".
            ours: the same from glassnet.
            slip: key of the reason why they do not agree, where the source's number is wrong.
            float32: whether it prints more digits than its numbers have.

        """
        printed = [row.split() for row in source.split(";")]
        values = np.asarray(ours, dtype=np.float64).reshape(len(printed), -1)
        pairs = [list(zip(*row, strict=True)) for row in zip(printed, values, strict=True)]
        digits = max(map(decimals, source.replace(";", " ").split()))
        agrees = all(
            within_digits(text, value, digits=digits, float32=float32)
            for row in pairs
            for text, value in row
        )
        write = as_printed if agrees else _six_digits
        shown = [[write(*pair) for pair in row] for row in pairs]
        self._add(key, _in_columns(printed), _in_columns(shown), agrees, slip)

    def compare_text(self, key: str, source: str, ours: str, *, slip: str = "") -> None:
        """Compare something that is not a number: it agrees when it is the same text."""
        self._add(key, source, ours, source == ours, slip)

    def between(self, key: str, source: str, ours: Sequence[float], *, slip: str = "") -> None:
        """Check that the source's number lies between the least and the largest of ours."""
        low, high = min(ours), max(ours)
        agrees = low <= float(source) <= high
        self._add(key, source, f"{low:.4g} … {high:.4g}", agrees, slip)

    def check(self, key: str, other: ArrayLike, ours: ArrayLike, close: float = CLOSE) -> None:
        """Check that two ways to one number, or to one array, end at the same."""
        a, b = np.asarray(other, dtype=np.float64), np.asarray(ours, dtype=np.float64)
        agrees = a.shape == b.shape and bool(np.allclose(a, b, rtol=close, atol=close))
        self._add(key, self._short(a), self._short(b), agrees, "", kind="check")

    def _short(self, values: Array) -> str:
        """Write a few numbers out, and of many the norm."""
        text = " ".join(f"{value + 0.0:.8g}" for value in values.ravel())
        if len(text) <= SMALL:
            return text
        return self.common("norm").format(f"{np.linalg.norm(values):.8g}")

    def _add(
        self, key: str, source: str, ours: str, agrees: bool, slip: str, kind: str = "source"
    ) -> None:
        reason = self.text(slip) if slip else ""
        row = Row(self.text(key), source, ours, agrees, reason, kind)
        self.result.rows.append(row)
        self._waiting.append(row)

    def flush(self) -> None:
        """Print what was compared since the last text as a table."""
        waiting, self._waiting = self._waiting, []
        for kind in ("source", "check"):
            rows = [row for row in waiting if row.kind == kind]
            if rows:
                self._print("")
                self._print_rows(kind, rows)
                self._print("")

    def _print_rows(self, kind: str, rows: list[Row]) -> None:
        """Print compared rows; a remark, and an array, stand on lines of their own."""
        small = [row for row in rows if _is_small(row)]
        heads = (self.common(kind), "glassnet")
        widths = [
            max(cells(text) for text in (head, *(getattr(row, side) for row in small)))
            for head, side in zip(heads, ("source", "ours"), strict=True)
        ]
        room = self.console.width - sum(widths) - 8
        if small:
            self._print_row(("", *heads), room, widths, " ")
        for row in rows:
            mark = "=" if row.agrees else "≠"
            if row in small:
                self._print_row((row.what, row.source, row.ours), room, widths, mark)
            else:
                self._print_arrays(row, mark)
            if row.reason:
                self._print(textwrap.indent(fold(row.reason, self.console.width - 6), " " * 6))

    def _print_row(self, texts: tuple[str, ...], room: int, widths: list[int], mark: str) -> None:
        *before, last = fold(texts[0], room).splitlines() or [""]
        values = "  ".join(
            " " * (width - cells(text)) + text
            for text, width in zip(texts[1:], widths, strict=True)
        )
        for line in before:
            self._print(line)
        self._print(f"{last}{' ' * (room - cells(last))}  {values}  {mark}".rstrip())

    def _print_arrays(self, row: Row, mark: str) -> None:
        self._print(f"{row.what}  {mark}")
        blocks = []
        for name, text in ((self.common(row.kind), row.source), ("glassnet", row.ours)):
            lines = text.splitlines()
            width = max(cells(line) for line in (name, *lines))
            blocks.append([" " * (width - cells(line)) + line for line in (name, *lines)])
        if sum(cells(block[0]) for block in blocks) + 8 <= self.console.width:
            for pair in zip(*blocks, strict=True):
                self._print("    " + "    ".join(pair))
        else:
            for block in blocks:
                self._print(textwrap.indent("\n".join(block), "    "))

    # --------------------------------------------------------------------------- pictures

    def show(self, name: str, picture: Picture, *, width: int = 76, height: int = 16) -> None:
        """Draw a picture in the terminal, and save it where pictures are saved."""
        if not self.pictures:
            return
        self.flush()
        self._draw(picture, width, height)
        if self.folder is not None:
            from glassnet.views import plots  # matplotlib is asked for only where a file is

            self.folder.mkdir(parents=True, exist_ok=True)
            target = self.folder / f"{self.lesson}-{name}.png"
            self.result.pictures.append(plots.save(picture, target))

    def _draw(self, picture: Picture, width: int, height: int) -> None:
        self._print("")
        self._print(self._drawn(picture, width, height))
        self._print("")

    def _drawn(self, picture: Picture, width: int, height: int) -> Text:
        width = min(width, self.console.width)
        return Text.from_ansi(terminal.draw(picture, width=width, height=height, color=self.color))

    @contextmanager
    def moving(
        self,
        name: str,
        draw: Callable[..., Picture],
        *,
        every: int,
        printed: Sequence[int],
        height: int = 12,
    ) -> Iterator[list[Watch]]:
        """Give the callbacks that draw while a network trains.

        In a terminal one picture is drawn over and over; elsewhere only those of the `printed`
        epochs are. All are saved as one moving picture, and the last one alone, where pictures
        are saved.
        """
        if not self.pictures:
            yield []
            return
        self.flush()
        over = Live(console=self.console, auto_refresh=False) if self.redraws else nullcontext()
        with over as live:

            def show(picture: Picture, epoch: int) -> None:
                if live is not None:
                    live.update(self._drawn(picture, 76, height), refresh=True)
                elif epoch in printed:
                    self._draw(picture, 76, height)

            watch = Watch(draw, every, show)
            yield [watch]
        if self.folder is not None:
            from glassnet.views import plots

            self.folder.mkdir(parents=True, exist_ok=True)
            target = self.folder / f"{self.lesson}-{name}"
            self.result.pictures += [
                plots.save_moving(watch.frames, target.with_suffix(".gif")),
                plots.save(watch.frames[-1], target.with_suffix(".png")),
            ]


# ------------------------------------------------------------------------- printed numbers


def decimals(printed: str) -> int:
    """Count the digits after the point.

    Example:
        >>> decimals("0.73"), decimals("1.05e-04"), decimals("7")
        (2, 6, 0)

    """
    exponent = Decimal(printed).as_tuple().exponent
    assert isinstance(exponent, int)
    return -exponent


def within_digits(
    printed: str, value: float, *, digits: int | None = None, float32: bool = False
) -> bool:
    """Whether a number is the printed one, as far as its digits go.

    Args:
        printed: the printed number.
        value: ours.
        digits: of its fellows in an array, whose closing zeros are not printed.
        float32: whether more digits are printed than the numbers have.

    Example:
        >>> within_digits("0.73", 0.731059), within_digits("0.78", 0.785835)
        (True, False)
        >>> within_digits("4.8", 4.8085), within_digits("4.8", 4.8085, digits=3)
        (True, False)

    """
    exponent = -decimals(printed)
    if digits is not None and "e" not in printed:
        exponent = min(exponent, -digits)
    apart = 0.5 * 10.0**exponent * (1 + 1e-6)
    if float32:  # the order of an addition may change its last bit, and the next one's
        apart = max(apart, 2 * float(np.spacing(np.float32(abs(value)))))
    return abs(float(printed) - value) <= apart


def as_printed(printed: str, value: float) -> str:
    """Write a number with as many digits as another one has.

    Example:
        >>> as_printed("0.73", 0.731059), as_printed("-1.05e-04", -0.000104752)
        ('0.73', '-1.05e-04')

    """
    digits = printed.partition("e")[0].partition(".")[2]
    return f"{value + 0.0:.{len(digits)}{'e' if 'e' in printed else 'f'}}"


def _six_digits(_: str, value: float) -> str:
    return f"{value:.6g}"


def _is_small(row: Row) -> bool:
    return max(len(row.source), len(row.ours)) <= SMALL and "\n" not in row.source + row.ours


def _in_columns(rows: Sequence[Sequence[str]]) -> str:
    """Set texts in columns of one width.

    Example:
        >>> print(_in_columns([["1", "-20"], ["300", "4"]]))
          1 -20
        300   4

    """
    widths = [max(len(text) for text in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        " ".join(f"{text:>{width}}" for text, width in zip(row, widths, strict=True))
        for row in rows
    )


# --------------------------------------------------------------------------------- letters


def fold(text: str, width: int) -> str:
    """Break paragraphs into lines; Chinese letters take two columns and may part anywhere.

    Example:
        >>> print(fold("one two three", 8))
        one two
        three
        >>> print(fold("神经网络，好。", 8))
        神经网
        络，好。

    """
    return "\n".join(_fold_line(line, width) for line in text.splitlines())


def _fold_line(line: str, width: int) -> str:
    lines, now = [], ""
    for piece in _pieces(line):
        if now and cells(now) + cells(piece.rstrip()) > width:
            lines.append(now.rstrip())
            now = piece.lstrip()
        else:
            now += piece
    return "\n".join([*lines, now.rstrip()])


def _pieces(line: str) -> list[str]:
    """Part a line where it may be broken: after a blank, and beside a Chinese letter."""
    pieces = [""]
    for before, letter in zip(" " + line, line, strict=False):
        closes = letter in "，。；：、！？）》”’,.;:!?)"  # never at the start of a line
        opens = before in "（《“‘("  # never left at the end of one
        wide = cells(letter) == 2 or cells(before) == 2
        if (before == " " or wide) and letter != " " and not closes and not opens:
            pieces.append("")
        pieces[-1] += letter
    return [piece for piece in pieces if piece]


def _writable(stream: TextIO) -> TextIO:
    """Make a stream put '?' where its encoding lacks our letters, instead of failing."""
    if isinstance(stream, io.TextIOWrapper):
        try:
            "⠿─≠网".encode(stream.encoding)
        except UnicodeEncodeError:
            stream.reconfigure(errors="replace")
    return stream
