"""Moments of a run: which step and which line, and where each kind of move leads."""

from __future__ import annotations

import re
from dataclasses import dataclass

from glassnet.errors import unknown_name
from glassnet.lines import Line

MOVES = ("line", "layer", "phase", "batch", "epoch")


@dataclass(frozen=True, order=True)
class Moment:
    """A line of a step, which has just been run; both are counted from 0."""

    step: int
    line: int


def layer_of(line: Line) -> int:
    """Give the number of the layer that a line belongs to; 0 where it belongs to all of them.

    >>> from glassnet.lines import Phase
    >>> layer_of(Line(Phase.BACKWARD, "dW2 = a1.T @ dz2", ("dW2",), ((3, 1),), "", ""))
    2
    """
    number = re.search(r"\d+", line.outputs[0])
    return int(number[0]) if number else 0


class Moves:
    """Finds where moves lead, in both directions.

    `line` goes to the next line, and from the last one of a step to the first of the next. `layer`
    and `phase` go to the first line of the next group of lines; back, to the first of their own,
    and from there to the first of the group before it. `batch` and `epoch` stay at the same line.

    Args:
        lines: of the program.
        steps: of the run that can be looked at.
        per_epoch: steps in an epoch.

    """

    def __init__(self, lines: tuple[Line, ...], steps: int, per_epoch: int) -> None:
        self.lines = lines
        self.steps = steps
        self.per_epoch = per_epoch
        groups = {
            "layer": [(line.phase, layer_of(line)) for line in lines],
            "phase": [(line.phase, 0) for line in lines],
        }
        self.firsts = {
            by: [n for n, group in enumerate(found) if n == 0 or found[n - 1] != group]
            for by, found in groups.items()
        }
        self.firsts["line"] = list(range(len(lines)))

    @property
    def last(self) -> Moment:
        """The last line of the run."""
        return Moment(self.steps - 1, len(self.lines) - 1)

    def next(self, place: Moment, by: str) -> Moment | None:
        """Give the place that comes next, or None at the end.

        Raises DescriptionError for a kind of move that is not known.
        """
        check_move(by)
        if by in self.firsts:
            later = [line for line in self.firsts[by] if line > place.line]
            if later:
                return Moment(place.step, later[0])
            return Moment(place.step + 1, 0) if place.step + 1 < self.steps else None
        if place.step == self.steps - 1:
            return None
        step = place.step + (1 if by == "batch" else self.per_epoch)
        # An epoch that was not finished has no batch of that number: its last one is taken.
        ends_within = step // self.per_epoch == (self.steps - 1) // self.per_epoch
        if step >= self.steps and not ends_within:
            return None
        return Moment(min(step, self.steps - 1), place.line)

    def back(self, place: Moment, by: str) -> Moment | None:
        """Give the place that came before, or None at the beginning.

        Raises DescriptionError for a kind of move that is not known.
        """
        check_move(by)
        if by in self.firsts:
            earlier = [line for line in self.firsts[by] if line < place.line]
            if earlier:
                return Moment(place.step, earlier[-1])
            return Moment(place.step - 1, self.firsts[by][-1]) if place.step else None
        step = place.step - (1 if by == "batch" else self.per_epoch)
        return Moment(step, place.line) if step >= 0 else None


def check_move(by: str) -> None:
    """Raise DescriptionError for a kind of move that is not known."""
    if by not in MOVES:
        raise unknown_name("move", by, MOVES)
