"""Letters in a terminal: how wide a text is, and where it may be broken."""

from __future__ import annotations

import unicodedata


def cells(text: str) -> int:
    """Count the columns that a text takes in a terminal: Chinese letters take two each.

    Example:
        >>> cells("loss"), cells("损失")
        (4, 4)

    """
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def fold(text: str, width: int, hang: int = 0) -> str:
    """Break lines that are too long; Chinese letters take two columns and may part anywhere.

    Args:
        text: lines; one that begins with blanks keeps them.
        width: columns that a line may take.
        hang: how much further than its beginning a broken line goes on.

    Example:
        >>> print(fold("one two three", 8))
        one two
        three
        >>> print(fold("神经网络，好。", 8))
        神经网
        络，好。
        >>> print(fold("  1 + 2 + 3 + 4", 9, hang=2))
          1 + 2 +
            3 + 4

    """
    return "\n".join(_fold_line(line, width, hang) for line in text.splitlines())


def _fold_line(line: str, width: int, hang: int) -> str:
    start = " " * (len(line) - len(line.lstrip(" ")) + hang) if hang else ""
    lines, now = [], ""
    for piece in _pieces(line):
        if now.strip() and cells(now) + cells(piece.rstrip(" ")) > width:
            lines.append(now.rstrip(" "))
            now = start + piece.lstrip(" ")
        else:
            now += piece
    return "\n".join([*lines, now.rstrip(" ")])


def _pieces(line: str) -> list[str]:
    """Part a line where it may be broken: after a blank, and beside a Chinese letter."""
    pieces = [""]
    for place, (before, letter) in enumerate(zip(" " + line, line, strict=False)):
        closes = letter in "，。；：、！？）》”’,.;:!?)"  # never at the start of a line
        opens = line[:place].rstrip(" ").endswith(tuple("（《“‘("))  # never at the end of one
        wide = cells(letter) == 2 or cells(before) == 2
        if (before == " " or wide) and letter != " " and not closes and not opens:
            pieces.append("")
        pieces[-1] += letter
    return [piece for piece in pieces if piece]
