"""The update of a program by a team: each thread does it for what it has the slopes of.

Totals over all slopes are made for each thread's places, and added up after a meeting.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from glassnet.engines.meetings import Part, Piece, Touch
from glassnet.engines.update_loops import UpdateLoops
from glassnet.program import Program


class TeamUpdate(UpdateLoops):
    """Writes the update of what belongs to a thread: some rows, or columns, of each parameter.

    Args:
        program: whose update.
        cut: is told which axes are shared out.
        shared: is told which arrays all threads share, by name with the names of their axes.

    """

    def __init__(
        self, program: Program, cut: dict[str, None], shared: dict[str, tuple[str, str]]
    ) -> None:
        super().__init__(program)
        self.cut = cut
        self.shared = shared

    def columns(self, p: str) -> str:
        """Write which columns of a parameter loops run over: all rows of its own."""
        width = str(self.shapes[p][1])
        self.cut[width] = None
        return f"first_{width}, last_{width}"

    def over_places(self, parameters: list[str], lines: Iterable[str]) -> Iterator[str]:
        """Put lines into a loop over the own places of parameters that stand beside each other."""
        places = [list(self.shapes).index(p) for p in (parameters[0], parameters[-1])]
        yield f"for part in range({places[0]}, {places[1] + 1}):"
        yield "    for q in range(own_first[part], own_last[part]):"
        yield from (f"        {line}" for line in lines)

    def alone(self, lines: Iterable[str], name: str) -> Piece:
        """Give the piece that makes a single number, which every thread does."""
        lines = tuple(lines)
        return Piece(lines, frozenset({*_numbers_in(lines), Touch(name, Part.ALONE, writes=True)}))

    def added_up(self, p: str, lines: Iterable[str], total: str, name: str) -> Iterator[Piece]:
        """Give the pieces that make a number of the totals of all threads."""
        self.shared[f"{total}_sums"] = ("threads", "1")
        lines = (*lines, f"{total}_sums[thread, 0] = real({total})")
        sums = Touch(f"{total}_sums", Part.ROWS, writes=True)
        touched = {*_numbers_in(lines), self._slope(p, Part.ROWS), sums}
        yield Piece(lines, frozenset(touched))
        made = {Touch(f"{total}_sums", Part.WHOLE), Touch(name, Part.ALONE, writes=True)}
        yield Piece((f"{name} = real(total_of({total}_sums))",), frozenset(made))

    def in_places(self, parameters: list[str], lines: Iterable[str]) -> Piece:
        """Give the piece that updates a thread's own places of parameters."""
        return self._updated(parameters, lines, Part.ROWS)

    def in_columns(self, p: str, lines: Iterable[str]) -> Piece:
        """Give the piece that updates a thread's own columns of a parameter."""
        return self._updated([p], lines, Part.COLUMNS)

    def _updated(self, parameters: list[str], lines: Iterable[str], part: Part) -> Piece:
        lines = tuple(lines)
        touches = {self._slope(p, part) for p in parameters}
        touches |= {Touch(p, part, writes=True) for p in parameters}
        return Piece(lines, frozenset({*touches, *_numbers_in(lines)}))

    def _slope(self, p: str, part: Part) -> Touch:
        return Touch(f"d{p}" if len(self.shapes[p]) == 2 else f"slopes_d{p}", part)


def _numbers_in(lines: Iterable[str]) -> Iterator[Touch]:
    """Give the single numbers of the update that lines read."""
    for name in re.findall(r"\bnumber\d+\b", "\n".join(lines)):
        yield Touch(name, Part.ALONE)
