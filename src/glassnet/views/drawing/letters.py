"""How wide a text is in a drawing, without a font: no letter is taken for narrower than it is.

The widths are those of DejaVu Sans, the widest of the usual fonts, rounded up.
"""

from __future__ import annotations

import unicodedata

# Letters by their width, in heights of the letters; all others are as wide as they are high.
CLASSES = (
    (0.35, frozenset(".,:;|'·/\\ \u00a0ijlIJ")),
    (0.42, frozenset("frt()[]-!")),
    (0.65, frozenset('0123456789abcdeghknopqsuvxyz$*?_`"{}–')),
    (0.86, frozenset("ABCDEFGHKLNOPQRSTUVXYZ&−+<>=~^#")),
)
BOLDER = 1.18  # how much wider a bold letter is, at most
WIDTHS = {letter: width for width, letters in CLASSES for letter in letters}


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Give the width of a text whose letters are so large.

    >>> width_of("ii", 10) < width_of("aa", 10) < width_of("宽宽", 10)
    True
    """
    return sum(_width(letter) for letter in text) * size * (BOLDER if bold else 1.0)


def _width(letter: str) -> float:
    return 0.0 if unicodedata.combining(letter) else WIDTHS.get(letter, 1.02)


def cut(text: str, size: float, room: float, *, bold: bool = False) -> str:
    """Give as much of a text as there is room for, with … where something is missing.

    >>> cut("petal length", 10, 60), cut("petal", 10, 60)
    ('petal len…', 'petal')
    """
    if width_of(text, size, bold=bold) <= room:
        return text
    while text and width_of(text + "…", size, bold=bold) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def wrapped(text: str, size: float, room: float, *, bold: bool = False) -> list[str]:
    """Break a text at its plain blanks into lines that fit; a word that is too long is cut.

    >>> wrapped("8 neurons, sigmoid", 10, 70)
    ['8 neurons,', 'sigmoid']
    """
    lines: list[str] = []
    for word in filter(None, text.split(" ")):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size, bold=bold) <= room:
            lines[-1] = longer
        else:
            lines.append(cut(word, size, room, bold=bold))
    return lines
