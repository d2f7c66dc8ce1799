"""Where the threads of a team must meet: worked out from what each piece of a step touches.

A step is a list of pieces of text that every thread runs, each thread for its share. What one piece
writes in shares and another reads as a whole lies on two sides of a meeting; so does what is read
as a whole and then written. Shares that are cut alike need none: each thread meets only itself.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class Part(enum.Enum):
    """Which part of an array a thread touches."""

    ALONE = "its own array, or number, of that name"
    ROWS = "its own rows, or places, of a shared array"
    COLUMNS = "its own columns of a shared array"
    FIRST = "all of a shared array, in the first thread; nothing in others"
    WHOLE = "all of a shared array, in every thread"


@dataclass(frozen=True)
class Touch:
    """That a piece touches an array or number."""

    name: str
    part: Part
    writes: bool = False

    def before(self, other: Touch) -> bool:
        """Whether the order of the two matters."""
        return self.name == other.name and (self.writes or other.writes)

    def across(self, other: Touch) -> bool:
        """Whether one thread's touch can meet with the other touch of another thread."""
        if not self.before(other) or self.part is Part.ALONE:
            return False
        return self.part is not other.part or self.part is Part.WHOLE


@dataclass(frozen=True)
class Piece:
    """Lines that stand together, and what they touch."""

    lines: tuple[str, ...]
    touches: frozenset[Touch]

    def before(self, other: Piece) -> bool:
        """Whether the other piece must stay behind this one."""
        return any(mine.before(theirs) for mine in self.touches for theirs in other.touches)

    def across(self, touched: Iterable[Touch]) -> bool:
        """Whether a meeting must lie between what was touched and this piece."""
        return any(mine.across(theirs) for mine in self.touches for theirs in touched)


MEETING = Piece(("a meeting",), frozenset())


def with_meetings(sections: Sequence[Sequence[Piece]]) -> list[list[Piece]]:
    """Put meetings between the pieces of a step that is done again and again.

    Pieces stay in their sections. Within one they may change places: all that can be done before a
    meeting is done before it, so that there are few.

    Example:
        >>> ROWS, WHOLE = Part.ROWS, Part.WHOLE
        >>> forward = Piece(("z = x @ W",), frozenset({Touch("W", WHOLE), Touch("z", ROWS, True)}))
        >>> update = Piece(("W -= z[0]",), frozenset({Touch("z", WHOLE), Touch("W", ROWS, True)}))
        >>> (step,) = with_meetings([[forward, update]])
        >>> [piece.lines[0] for piece in step]
        ['a meeting', 'z = x @ W', 'a meeting', 'W -= z[0]']

    """
    touched: frozenset[Touch] = frozenset()  # since the last meeting of the step before
    while True:
        found, left = _arranged(sections, touched)
        if left <= touched:
            return found
        touched |= left


def _arranged(
    sections: Sequence[Sequence[Piece]], touched: frozenset[Touch]
) -> tuple[list[list[Piece]], frozenset[Touch]]:
    """Give the sections with meetings, and what is touched after the last one."""
    found: list[list[Piece]] = []
    for section in sections:
        waiting, done = list(section), list[Piece]()
        while waiting:
            late: list[Piece] = []
            for piece in waiting:
                if piece.across(touched) or any(other.before(piece) for other in late):
                    late.append(piece)
                else:
                    done.append(piece)
                    touched |= piece.touches
            if late:
                done.append(MEETING)
                touched = frozenset()
            waiting = late
        found.append(done)
    return found, touched
