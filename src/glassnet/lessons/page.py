"""What a lesson writes on: texts in its language, numbers beside the source's, and pictures.

A lesson gives numbers and the keys of its texts; everything that is printed, drawn or compared
goes through here, so that a lesson itself reads as an example of using glassnet.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import ArrayLike, NDArray

import glassnet as gn
from glassnet.errors import unknown_name
from glassnet.lessons import tables
from glassnet.lessons.gallery import Gallery
from glassnet.lessons.printed import (
    as_printed,
    decimals,
    in_columns,
    in_one_row,
    in_rows,
    six_digits,
    within_digits,
)
from glassnet.lessons.result import Result, Row
from glassnet.lessons.sheet import Sheet
from glassnet.lessons.texts import LANGUAGES, TEXTS
from glassnet.views.letters import cells, fold
from glassnet.views.pictures import Label, Picture, Watch

Array = NDArray[Any]
CLOSE = 1e-9  # two exact ways to one number differ by rounding only
TOGETHER = r"\[.*?\]( = [^ ,]+(?=,|  ))?"  # an index, with the value that follows in a list
FEW = 12  # numbers of an array that are all shown; of a larger one the norm is


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
        self.sheet = Sheet(stream)
        self.result = Result(lesson)
        self.gallery = Gallery(
            self.sheet,
            lesson,
            None if folder is None else Path(folder),
            self.result.pictures,
            "" if lang == "en" else self.common("no_font"),
        )
        self._waiting: list[Row] = []
        self._norm_shown = self._norm_explained = False

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
        lines = fold(self.text(key), self.sheet.width).splitlines()
        self.sheet.blank()
        self.sheet.lines(lines, style="bold")
        self.sheet.lines(["─" * max(map(cells, lines))])

    def say(self, key: str, *values: object, **named: object) -> None:
        """Print a paragraph."""
        self.flush()
        self._fold(self.text(key, *values, **named))

    def code(self, text: object) -> None:
        """Print lines as they are, indented: an array, a program, an error."""
        self.flush()
        self.sheet.lines(tables.indented(tables.fitted(str(text), self.sheet.width - 4), 4))

    def given(self, **arrays: Array) -> None:
        """Print the numbers that a calculation starts from, so that it can be done again."""
        self.flush()
        self.sheet.blank()
        self.code(tables.named_arrays(arrays))
        self.sheet.blank()

    def explain(self, trace: gn.Trace, what: str) -> None:
        """Print the arithmetic of one number of a trace, and where its operands come from."""
        self.flush()
        for line, hang in self._explanation(trace, what):
            # An index, and a name with its value, stay together on a line.
            together = re.sub(TOGETHER, lambda found: found[0].replace(" ", "\u00a0"), line)
            folded = fold(together, self.sheet.width - 4, hang) or " "  # an empty line stays one
            self.sheet.lines(tables.indented(folded.replace("\u00a0", " "), 4))

    def _explanation(self, trace: gn.Trace, what: str) -> Iterator[tuple[str, int]]:
        """Give the lines of an explanation, and how far a broken one hangs."""
        explanation = trace.explain(what)
        yield from ((explanation.origin, 2), ("", 0))
        for step in explanation.steps:
            across = len(step.name)
            yield f"{step.name} = {step.letters}", across + 3
            for part in (step.numbers, step.result):
                yield f"{' ' * across} = {part}", 2
        yield from (("", 0), (self.common("where"), 0))
        for origin in dict.fromkeys(operand.origin for operand in explanation.operands):
            same = (operand for operand in explanation.operands if operand.origin == origin)
            values = ", ".join(f"{operand.name} = {operand.result}" for operand in same)
            yield f"  {values}  ({self._origin(origin)})", 2

    def _origin(self, origin: str) -> str:
        """Give where an operand comes from; a line of the program is the same in all languages."""
        known = (self.common(key) for key in ("from_data", "from_weight"))
        return next((label for label in known if label.english == origin), origin)

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table of numbers that are not compared with anything."""
        self.flush()
        self.sheet.blank()
        self.sheet.lines(tables.plain(heads, rows, self.sheet.width))
        self.sheet.blank()

    def _fold(self, text: str) -> None:
        self.sheet.lines(fold(text, self.sheet.width).splitlines())

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
        shown = [
            [as_printed(text, value) if agrees else six_digits(value) for text, value in row]
            for row in pairs
        ]
        self._add(key, in_columns(printed), in_columns(shown), agrees, slip)

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
        self._add(key, self._written(a), self._written(b), agrees, "", kind="check")

    def _written(self, values: Array) -> str:
        """Write numbers out, on one line where they fit there; of many write the norm."""
        if values.size > FEW:
            self._norm_shown = True
            return self.common("norm").format(f"{np.linalg.norm(values):.8g}")
        row = in_one_row(values)
        return row if len(row) <= tables.SMALL else in_rows(values)

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
                heads = tables.Heads(self.common(kind), self.common(f"{kind}_short"))
                self.sheet.blank()
                self.sheet.lines(tables.compared(rows, heads, self.sheet.width))
                self.sheet.blank()
        if self._norm_shown and not self._norm_explained:
            self._norm_explained = True
            self._fold(self.common("norm_text"))

    # --------------------------------------------------------------------------- pictures

    def show(self, name: str, picture: Picture, *, width: int = 76, height: int = 16) -> None:
        """Draw a picture in the terminal, and save it where pictures are saved."""
        if self.pictures:
            self.flush()
            self.gallery.show(name, picture, width, height)

    def moving(
        self,
        name: str,
        draw: Callable[..., Picture],
        *,
        every: int,
        printed: Sequence[int],
        height: int = 12,
    ) -> AbstractContextManager[list[Watch]]:
        """Give the callbacks that draw while a network trains, and save what they drew."""
        if not self.pictures:
            return nullcontext([])
        self.flush()
        return self.gallery.moving(name, draw, every=every, printed=printed, height=height)
