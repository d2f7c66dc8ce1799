"""Where a lesson is printed: the stream, its width, and lines on it."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable
from typing import TextIO

from rich.console import Console
from rich.text import Text

from glassnet.views import terminal

WIDTH = 96  # wider lines are hard to read
NARROWEST = 40  # a terminal with fewer columns breaks the lines itself


class Sheet:
    """Lines one after the other, on a terminal or a file.

    Args:
        stream: where to print; the standard output by default.

    Attributes:
        width: columns that a line may take.
        color: whether colours are wanted.
        redraws: whether one picture can be drawn over another.

    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = _writable(sys.stdout if stream is None else stream)
        self.color = terminal.wants_color(self.stream)
        self.console = Console(
            file=self.stream, no_color=not self.color, highlight=False, markup=False, emoji=False
        )
        is_terminal = self.stream.isatty() and os.environ.get("TERM") != "dumb"
        self.redraws = is_terminal and self.console.width >= NARROWEST
        self.width = max(NARROWEST, min(self.console.width, WIDTH))
        self.console.width = self.width
        self._blank = False

    def lines(self, lines: Iterable[str], style: str = "") -> None:
        """Print lines as they are."""
        for line in lines:
            self.text(Text(line, style=style))

    def blank(self) -> None:
        """Print an empty line, unless there is one already."""
        self.text(Text())

    def text(self, text: Text) -> None:
        """Print a text as it is; never two empty lines in a row."""
        empty = not text.plain
        if not (empty and self._blank):
            self.console.print(text, soft_wrap=True)
        self._blank = empty


def _writable(stream: TextIO) -> TextIO:
    """Make a stream put '?' where its encoding lacks our letters, instead of failing."""
    if isinstance(stream, io.TextIOWrapper):
        try:
            "⠿─≠网".encode(stream.encoding)
        except UnicodeEncodeError:
            stream.reconfigure(errors="replace")
    return stream
