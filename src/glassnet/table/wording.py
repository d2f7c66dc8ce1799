"""Cells and names in messages: quoted, and cut where they are long or many."""

from __future__ import annotations

from collections.abc import Sequence


def shown(cell: object) -> str:
    """Give a cell for a message: quoted, and cut if it is long.

    >>> shown("wide")
    "'wide'"
    """
    text = repr(cell)
    return text if len(text) <= 42 else f"{text[:38]}…{text[-1]}"


def listed(names: Sequence[object]) -> str:
    """Give names for a message: the first five, and how many more there are.

    >>> listed(("a", "b"))
    "'a', 'b'"
    """
    first = ", ".join(shown(name) for name in names[:5])
    return first + (f" and {len(names) - 5} more" if len(names) > 5 else "")
