"""Which names the columns of a table may have."""

from __future__ import annotations

from collections.abc import Sequence

from glassnet.errors import TableError
from glassnet.table.cells import MOST_LETTERS
from glassnet.table.wording import shown

MOST_COLUMNS = 10_000


def check_names(names: Sequence[str], where: str) -> None:
    """Raise TableError unless all columns have short names that differ from each other.

    >>> check_names(["a", "b", "a"], "line 1")
    Traceback (most recent call last):
    glassnet.errors.TableError: line 1: columns 1 and 3 have the same name 'a'; rename one
    """
    if not 1 <= len(names) <= MOST_COLUMNS:
        raise TableError(f"{where} has {len(names)} columns, but must have 1 to {MOST_COLUMNS}")
    seen: dict[str, int] = {}
    for place, name in enumerate(names, start=1):
        if not name:
            raise TableError(f"{where}: column {place} has no name; give it one")
        if len(name) > MOST_LETTERS:
            raise TableError(
                f"{where}: the name {shown(name)} has {len(name)} letters; shorten it to at most"
                f" {MOST_LETTERS}"
            )
        if name in seen:
            raise TableError(
                f"{where}: columns {seen[name]} and {place} have the same name {name!r}; rename one"
            )
        seen[name] = place
