"""The legend: what width, colour, dashes and fill stand for, and what else must be said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from glassnet.views.drawing.letters import wrapped
from glassnet.views.drawing.numbers import Drawn, Number, largest
from glassnet.views.drawing.parts import Key

SIZE, LINE, SAMPLE = 10.5, 14.0, 42.0
MOST_NAMED = 3  # of the numbers that are not finite


@dataclass(frozen=True)
class Legend:
    """What is said below a drawing.

    Args:
        about: the row that is drawn, and whether by prediction or in a step.
        loss: of the step.
        wanted: the target, where it is none of a single output.

    """

    about: str = ""
    loss: Number | None = None
    wanted: Number | None = None

    def entries(self, drawn: Drawn, *, biases: bool, passes: bool, limit: int) -> list[Key]:
        """Give the entries, which have no places yet.

        Args:
            drawn: the numbers.
            biases: whether some of them are biases.
            passes: whether there are lines without a weight.
            limit: of lines, where it made neurons fewer; else 0.

        """
        found = [Key("", (self.about,), 0, 0)] if self.about else []
        if self.loss:
            found.append(Key("", (f"of all rows together: {self.loss.text}",), 0, 0, self.loss))
        if self.wanted:
            found.append(Key("", (f"wanted: {self.wanted.text}",), 0, 0, self.wanted))
        found.append(_key("weight", "weight above and below 0", "thickest", drawn.weights))
        if biases:
            found.append(_key("bias", "bias, by the same measure"))
        if drawn.values:
            found.append(
                _key("value", "value above and below 0; strongest fill: the largest of its layer")
            )
        if drawn.slopes:
            found.append(_key("slope", "gradient by a weight or bias", "thickest", drawn.slopes))
        if drawn.errors:
            found.append(_key("error", "gradient by a neuron (d)", "thickest", drawn.errors))
        if passes:
            found.append(_key("passes", "a number handed on, without a weight"))
        found += _bad([*drawn.weights, *drawn.slopes, *drawn.errors, *drawn.values])
        if limit:
            found.append(_key("", f"fewer neurons are drawn, so that there are ≤ {limit:,} lines"))
        return found


def _key(sample: Any, text: str, what: str = "", numbers: Sequence[Number] = ()) -> Key:
    """Give an entry; one with a measure names the largest number too."""
    most = largest(numbers)
    return Key(sample, (f"{text}; {what}: {most.text}" if most else text,), 0, 0, most)


def _bad(numbers: Sequence[Number]) -> Iterator[Key]:
    """Name numbers that are inf or nan."""
    bad = [number for number in numbers if not number.is_finite]
    if bad:
        named = ", ".join(number.text for number in bad[:MOST_NAMED])
        more = f" and {len(bad) - MOST_NAMED:,} more" if len(bad) > MOST_NAMED else ""
        yield _key("bad", f"not finite: {named}{more}")


def placed(
    keys: Sequence[Key], left: float, top: float, room: float
) -> tuple[tuple[Key, ...], float]:
    """Set entries below each other; give also where the last one ends."""
    found, y = [], top
    for key in keys:
        lines = tuple(wrapped(key.lines[0], SIZE, room - (SAMPLE if key.sample else 0.0)))
        found.append(replace(key, lines=lines, y=y, x=left))
        y += len(lines) * LINE + 3
    return tuple(found), y - LINE
