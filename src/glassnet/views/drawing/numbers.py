"""One number of a network, with its name: what everything that is drawn goes back to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.explanation.digits import in_full, printed
from glassnet.views.drawing.letters import width_of

DIGITS = (3, 2, 1)  # tried in this order, where a number is printed in a small place


@dataclass(frozen=True)
class Number:
    """A number and what the program calls it, such as W1[0, 2].

    Example:
        >>> number = Number("W1[0, 2]", np.float32(-0.31))
        >>> number.text, number.fitted(26, 10), number.fitted(7, 10)
        ('W1[0, 2] = −0.31', '−0.3', '')

    """

    name: str
    value: Any  # of NumPy, so that it knows how many of its digits are its own

    @property
    def text(self) -> str:
        """The name and the exact value."""
        return f"{self.name} = {in_full(self.value)}"

    @property
    def is_finite(self) -> bool:
        """Whether it is neither inf nor nan."""
        return bool(np.isfinite(self.value))

    @property
    def is_negative(self) -> bool:
        """Whether it is below 0; nan is not."""
        return bool(self.value < 0)

    def fitted(self, room: float, size: float, before: str = "") -> str:
        """Print it in so many units of width, rounded as far as need be; '' if there is no room."""
        if not self.is_finite:
            return before + printed(float(self.value), 1)  # said at any width
        texts = (before + printed(float(self.value), digits) for digits in DIGITS)
        return next((text for text in texts if width_of(text, size) <= room), "")


@dataclass(frozen=True)
class Numbers:
    """The arrays that are drawn, by name, and the row that is looked at.

    Args:
        arrays: parameters; with an example also values (m, n), and gradients.
        row: of the values that have one for each sample.
        called: what this row is called in names: it may be the only one that was computed.
        gradients: whether gradients are drawn.

    """

    arrays: Mapping[str, NDArray[Any]]
    row: int = 0
    called: int = 0
    gradients: bool = False

    def at(self, name: str, *index: int) -> Number | None:
        """Give a number of a parameter or of a single value; None where there is no such array."""
        array = self.arrays.get(name)
        if array is None:
            return None
        shown = f"[{', '.join(map(str, index))}]" if index else ""
        return Number(f"{name}{shown}", array[index])

    def in_row(self, name: str, column: int) -> Number | None:
        """Give a number of the row that is looked at; None where there is no such value."""
        array = self.arrays.get(name)
        if array is None:
            return None
        return Number(f"{name}[{self.called}, {column}]", array[self.row, column])

    def slope(self, name: str, *index: int) -> Number | None:
        """Give the gradient by a number of a parameter, where gradients are drawn."""
        return self.at(f"d{name}", *index) if self.gradients else None

    def error(self, name: str, column: int) -> Number | None:
        """Give the gradient by a value of the row, where gradients are drawn and it was made."""
        return self.in_row(f"d{name}", column) if self.gradients else None


@dataclass(frozen=True)
class Drawn:
    """All numbers that are drawn, by what they are: biases are among the weights."""

    weights: tuple[Number, ...]
    slopes: tuple[Number, ...]
    errors: tuple[Number, ...]
    values: tuple[Number, ...]


def largest(numbers: Sequence[Number]) -> Number | None:
    """Give the first of those whose finite value is farthest from 0; None where there is none.

    >>> largest([Number("a", np.float64(1)), Number("b", np.float64(-2))]).name
    'b'
    """
    finite = [number for number in numbers if number.is_finite]
    return max(finite, key=lambda number: abs(float(number.value)), default=None)


def share(number: Number, most: Number | None) -> float:
    """Give how large a number is beside the largest of its kind: from 0 to 1.

    >>> share(Number("a", np.float64(-1)), Number("b", np.float64(2)))
    0.5
    """
    top = 0.0 if most is None else abs(float(most.value))
    return abs(float(number.value)) / top if top > 0 else 0.0
