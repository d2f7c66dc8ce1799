"""Counts with their nouns, as they are printed and drawn."""

from __future__ import annotations


def many(count: int, what: str) -> str:
    """Give a count with its noun.

    >>> many(1, "row"), many(2000, "row")
    ('1 row', '2,000 rows')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"
