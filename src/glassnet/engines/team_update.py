"""The update of a program by a team: each thread does it for what it has the slopes of.

Totals over all slopes are made for each thread's places, and added up after a meeting.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from glassnet.engines.functions import Functions
from glassnet.engines.meetings import Part, Piece, Touch
from glassnet.engines.update_loops import UpdateLoops
from glassnet.program import Program


class TeamUpdate(UpdateLoops):
    """Writes the update of what belongs to a thread: some rows, or columns, of each parameter.

    Args:
        program: whose update.
        functions: of the text.
        cut: is told which axes are shared out.
        shared: is told which arrays all threads share, by name with the names of their axes.

    """

    def __init__(
        self,
        program: Program,
        functions: Functions,
        cut: dict[str, None],
        shared: dict[str, tuple[str, str]],
    ) -> None:
        super().__init__(program, functions)
        self.cut = cut
        self.shared = shared

    def columns(self, p: str) -> list[str]:
        """Write which columns of a parameter loops run over: all rows of a thread's own."""
        width = str(self.shapes[p][1])
        self.cut[width] = None
        return [f"first_{width}", f"last_{width}"]

    def alone(self, lines: Iterable[str], name: str) -> Piece:
        """Give the piece that makes a single number, which every thread does."""
        lines = tuple(lines)
        return Piece(lines, frozenset({*_numbers_in(lines), Touch(name, Part.ALONE, writes=True)}))

    def added_up(self, p: str, lines: Iterable[str], name: str) -> Iterator[Piece]:
        """Give the pieces that make a number of the totals of all threads."""
        self.shared[f"{name}_sums"] = ("threads", "1")
        place = list(self.shapes).index(p)
        call = self.over_places("total", lines, (f"own_first[{place}]", f"own_last[{place}]"), name)
        line = f"{name}_sums[thread, 0] = {call}"
        sums = Touch(f"{name}_sums", Part.ROWS, writes=True)
        read = {touch for touch in _numbers_in([line]) if touch.name != name}
        yield Piece((line,), frozenset({*read, self._slope(p, Part.ROWS), sums}))
        made = {Touch(f"{name}_sums", Part.WHOLE), Touch(name, Part.ALONE, writes=True)}
        yield Piece((f"{name} = real(total_of({name}_sums))",), frozenset(made))

    def in_places(self, parameters: list[str], lines: Iterable[str]) -> Piece:
        """Give the piece that updates a thread's own places of parameters."""
        first, last = (list(self.shapes).index(p) for p in (parameters[0], parameters[-1]))
        call = self.over_places("update", lines, ("own_first[part]", "own_last[part]"))
        loop = [f"for part in range({first}, {last + 1}):", f"    {call}"]
        return self._updated(parameters, loop, Part.ROWS)

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
