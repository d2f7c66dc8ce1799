"""Numbers on the lines that they belong to, where there are few: none overlaps anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from glassnet.views.drawing.numbers import Number
from glassnet.views.drawing.parts import Box, Link, Neuron, Text, overlap

FEW_LINES, FEW_PAIRS = 12, 6  # between two columns; pairs are of a weight and its gradient
SIZE = 9.0
MOST_ROOM = 60.0
ALONG = (0.3, 0.7, 0.4, 0.6, 0.5, 0.24, 0.76, 0.35, 0.65)  # where on a line
CLEAR, CLEAR_ENOUGH = 5.0, 12.0  # from the other lines

Kind = Literal["weight", "gradient"]


def room_for_numbers(lines: int, *, gradients: bool) -> float:
    """Give how much farther apart two columns must be for numbers on so many lines.

    >>> room_for_numbers(6, gradients=True) > room_for_numbers(6, gradients=False)
    True
    >>> room_for_numbers(7, gradients=True)
    0.0
    """
    if lines > (FEW_PAIRS if gradients else FEW_LINES):
        return 0.0
    return 2 * MOST_ROOM if gradients else MOST_ROOM


def numbers_on_lines(
    links: Sequence[Link], texts: Sequence[Text], neurons: Iterable[Neuron]
) -> list[Text]:
    """Print weights on their lines where there are few, each where other lines are farthest."""
    taken = [text.box for text in texts]
    taken += [n.box for n in neurons]
    found: list[Text] = []
    gaps: dict[int, list[Link]] = {}
    for link in links:
        if link.weight:
            gaps.setdefault(link.end.column, []).append(link)
    kinds: tuple[Kind, ...] = ("weight", "gradient")
    for gap in gaps.values():
        if len(gap) > (FEW_PAIRS if gap[0].gradient else FEW_LINES):
            continue
        for kind in kinds:
            for link in gap:
                number = link.weight if kind == "weight" else link.gradient
                text = _on_line(kind, number, link, gap, taken) if number else None
                if text:
                    found.append(text)
                    taken.append(text.box)
    return found


def _on_line(
    kind: Kind, number: Number, link: Link, gap: Sequence[Link], taken: Sequence[Box]
) -> Text | None:
    """Find the place on a line where a number is not taken for that of another line."""

    def clear(part: float) -> float:
        y = _height(link, part)
        return min(
            (abs(y - _height(other, part)) for other in gap if other is not link),
            default=CLEAR_ENOUGH,
        )

    printed = number.fitted(MOST_ROOM, SIZE, "d " if kind == "gradient" else "")
    for part in sorted(ALONG, key=lambda part: -min(round(clear(part)), CLEAR_ENOUGH)):
        x = link.start.x + part * (link.end.x - link.start.x)
        text = Text(kind, printed, x, _height(link, part) + 3, SIZE, number=number)
        if clear(part) >= CLEAR and not any(overlap(text.box, box) for box in taken):
            return text
    return None


def _height(link: Link, part: float) -> float:
    return link.start.y + part * (link.end.y - link.start.y)
