"""Tables of a lesson as lines of text, none wider than the page; nothing here prints."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.lessons.printed import in_columns, six_digits
from glassnet.lessons.result import Row
from glassnet.views.letters import cells, fold

SMALL = 26  # letters of a value that stands beside its name
LABEL = 20  # columns that a name needs beside two values; where there are fewer, it stands above


@dataclass(frozen=True)
class Heads:
    """What stands over the two values of a row, and, shorter, before them on a narrow page."""

    other: str
    short: str
    ours: str = "glassnet"


def compared(rows: Sequence[Row], heads: Heads, width: int) -> Iterator[str]:
    r"""Set compared rows; an array, and the reason of a difference, stand on lines of their own.

    Example:
        >>> heads = Heads("source", "source")
        >>> rows = [Row("the sum of two numbers", "3", "3", True), Row("a", "1", "2", False, "b")]
        >>> print("\n".join(compared(rows, heads, 44)))
                             source  glassnet
        the sum of two
        numbers                   3         3  =
        a                         1         2  ≠
              b
        >>> print("\n".join(compared(rows, heads, 40)))
        the sum of two numbers  =
          source    3
          glassnet  3
        a  ≠
          source    1
          glassnet  2
              b

    """
    small = [row for row in rows if is_small(row)]
    widths = [
        max(map(cells, [heads.other, *(row.source for row in small)])),
        max(map(cells, [heads.ours, *(row.ours for row in small)])),
    ]
    room = width - sum(widths) - 8
    if small and room >= LABEL:
        yield from _beside(("", heads.other, heads.ours), room, widths, "")
    for row in rows:
        mark = "=" if row.agrees else "≠"
        if row not in small:
            yield from _arrays(row, heads, mark, width)
        elif room >= LABEL:
            yield from _beside((row.what, row.source, row.ours), room, widths, mark)
        else:
            yield from _stacked(row, heads, mark, width)
        if row.reason:
            yield from indented(fold(row.reason, width - 6), 6)


def is_small(row: Row) -> bool:
    """Whether both values of a row may stand beside its name."""
    return max(len(row.source), len(row.ours)) <= SMALL and "\n" not in row.source + row.ours


def _beside(texts: Sequence[str], room: int, widths: list[int], mark: str) -> Iterator[str]:
    *before, last = fold(texts[0], room).splitlines() or [""]
    values = "  ".join(map(_right, texts[1:], widths))
    yield from before
    yield f"{_left(last, room)}  {values}  {mark}".rstrip()


def _stacked(row: Row, heads: Heads, mark: str, width: int) -> Iterator[str]:
    yield from _named(row, mark, width)
    across = max(map(cells, (heads.short, heads.ours)))
    wide = max(map(cells, (row.source, row.ours)))
    for name, text in ((heads.short, row.source), (heads.ours, row.ours)):
        yield from fold(f"  {_left(name, across)}  {_right(text, wide)}", width, 4).splitlines()


def _arrays(row: Row, heads: Heads, mark: str, width: int) -> Iterator[str]:
    yield from _named(row, mark, width)
    blocks = []
    for name, text in ((heads.other, row.source), (heads.ours, row.ours)):
        lines = text.splitlines()
        across = max(map(cells, (name, *lines)))
        blocks.append([_right(name, across), *(_left(line, across) for line in lines)])
    if sum(cells(block[0]) for block in blocks) + 8 <= width:
        pairs = ("    ".join(pair) for pair in zip(*blocks, strict=True))
        yield from indented("\n".join(pairs), 4)
        return
    for block in blocks:
        yield f"    {block[0].strip()}"
        yield from indented(fold("\n".join(block[1:]), width - 4, 2), 4)


def _named(row: Row, mark: str, width: int) -> Iterator[str]:
    *before, last = fold(row.what, width - 3).splitlines()
    yield from before
    yield f"{last}  {mark}"


def plain(heads: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    r"""Set a table of numbers that are not compared; closer together where it would not fit.

    Example:
        >>> print("\n".join(plain(["n", "error"], [["1", "0.25"], ["10", "0.125"]], 40)))
             n   error
             1    0.25
            10   0.125

    """
    widths = [max(map(cells, column)) for column in zip(heads, *rows, strict=True)]
    fits = sum(widths) + 3 * (len(widths) - 1) + 4 <= width
    gap, start = ("   ", "    ") if fits else ("  ", "")
    for row in (heads, *rows):
        yield start + gap.join(map(_right, row, widths))


def named_arrays(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Write arrays out, each behind its name and in its rows.

    Example:
        >>> print(named_arrays({"x": np.array([[1, -2.5], [3, 4]]), "b1": np.array([0.5])}))
        x   1 -2.5
            3    4
        b1  0.5

    """
    across = max(map(cells, arrays))
    lines = []
    for name, values in arrays.items():
        rows = [[six_digits(value) for value in row] for row in np.atleast_2d(values)]
        for start, row in zip_longest([name], in_columns(rows).splitlines(), fillvalue=""):
            lines.append(f"{_left(start, across)}  {row}")
    return "\n".join(lines)


def fitted(text: str, width: int) -> str:
    """Make lines fit: columns of one that is too wide move closer together, then it is broken.

    Example:
        >>> print(fitted("a     b", 8))
        a     b
        >>> print(fitted("layer         shape", 12))
        layer  shape

    """
    lines = (
        line if cells(line) <= width else re.sub(r"(?<=\S) {3,}", "  ", line)
        for line in text.splitlines()
    )
    return fold("\n".join(lines), width, 2)


def indented(text: str, by: int) -> Iterator[str]:
    """Give the lines of a text, moved to the right."""
    return (line.rstrip() for line in textwrap.indent(text, " " * by).splitlines())


def _left(text: str, width: int) -> str:
    return text + " " * (width - cells(text))


def _right(text: str, width: int) -> str:
    return " " * (width - cells(text)) + text
