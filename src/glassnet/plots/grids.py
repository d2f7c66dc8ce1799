"""Places over the input plane: two columns of X run through a grid, all others stand still."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import DescriptionError
from glassnet.plots.subjects import Subject, fixed_text
from glassnet.rules.entry import COUNT

Array = NDArray[Any]
ROOM = 0.06  # beyond the outermost points, as a part of their range


@dataclass(frozen=True, eq=False)
class Line:
    """Places along one column of X.

    Args:
        rows: (places, inputs), as the network takes them.
        places: (places,), in the unit of the table.
        fixed: at what value the other columns are held, by name, in their units.

    """

    rows: Array
    places: Array
    fixed: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Plane:
    """A grid over two columns of X.

    Args:
        subject: whose columns they are.
        columns: the two.
        sides: places along each, (resolution,), in the unit of the table.
        rows: (resolution², inputs), as the network takes them; the first column runs fastest.
        fixed: at what value the other columns are held, by name, in their units.

    """

    subject: Subject
    columns: tuple[int, int]
    sides: tuple[Array, Array]
    rows: Array
    fixed: Mapping[str, float]

    @property
    def names(self) -> tuple[str, str]:
        """Names of the two columns."""
        first, second = (self.subject.features[column] for column in self.columns)
        return first, second

    @property
    def note(self) -> str:
        """Says at what value the other columns are held; empty where there are none."""
        return fixed_text(self.fixed)

    @cached_property
    def points(self) -> tuple[Array, Array]:
        """Where the rows of X lie."""
        x = self.subject.x
        first, second = (self.subject.in_unit(c, x[:, c]) for c in self.columns)
        return first, second

    def image(self, values: Array) -> Array:
        """Give numbers of all places as an image (resolution, resolution), from below."""
        first, second = self.sides
        return np.asarray(values).reshape(len(second), len(first))

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Where an image begins and ends, so that the middle of each pixel is its place."""
        ends = []
        for side in self.sides:
            half = (side[-1] - side[0]) / (len(side) - 1) / 2
            ends += [float(side[0] - half), float(side[-1] + half)]
        left, right, bottom, top = ends
        return left, right, bottom, top


def plane_of(
    subject: Subject,
    columns: Sequence[int | str] = (0, 1),
    at: Mapping[str | int, float] | None = None,
    resolution: int = 200,
) -> Plane:
    """Lay a grid over two columns of X.

    Args:
        subject: whose columns they are.
        columns: two numbers from 0, or names.
        at: the values of other columns, by number or name, in the unit of the table; those that are
            not named stand at their median over the rows, a column of categories at its commonest.
        resolution: places along each side.

    Raises:
        DescriptionError: columns that there are not, a network with a single input.

    """
    inputs = len(subject.features)
    if inputs < 2:
        raise DescriptionError(
            "the network has 1 input, and a plane needs 2: take gn.plots.fit_1d for its curve"
        )
    chosen = [subject.feature(column) for column in columns]
    if len(chosen) != 2 or chosen[0] == chosen[1]:
        raise DescriptionError(f"a plane needs two different columns, got {list(columns)!r}")
    check_resolution(resolution)
    base, fixed = _held(subject, chosen, at)
    sides = [_range(subject, column, resolution) for column in chosen]
    rows = np.repeat(base[None], resolution * resolution, axis=0)
    rows[:, chosen[0]] = np.tile(sides[0], resolution)
    rows[:, chosen[1]] = np.repeat(sides[1], resolution)
    first, second = (subject.in_unit(c, side) for c, side in zip(chosen, sides, strict=True))
    return Plane(subject, (chosen[0], chosen[1]), (first, second), rows, fixed)


def line_of(
    subject: Subject,
    column: int | str = 0,
    at: Mapping[str | int, float] | None = None,
    resolution: int = 200,
) -> Line:
    """Lay places along one column of X, as `plane_of` does along two."""
    chosen = subject.feature(column)
    check_resolution(resolution)
    base, fixed = _held(subject, [chosen], at)
    side = _range(subject, chosen, resolution, room=0.0)
    rows = np.repeat(base[None], resolution, axis=0)
    rows[:, chosen] = side
    return Line(rows, subject.in_unit(chosen, side), fixed)


def check_resolution(resolution: int) -> None:
    """Raise DescriptionError for a number of places that is none, or that nobody could see."""
    if not COUNT.holds(resolution) or not 2 <= resolution <= 2000:
        raise DescriptionError(
            f"resolution must be a whole number from 2 to 2000, got {resolution!r}"
        )


def _held(
    subject: Subject, chosen: Sequence[int], at: Mapping[str | int, float] | None
) -> tuple[Array, dict[str, float]]:
    """Give a row with the values of the columns that stand still, and these by name."""
    categories = subject.network.description.categories
    for column in chosen:
        if column in categories:
            raise DescriptionError(
                f"column {subject.features[column]} holds categories of an Embedding, between which"
                " there is nothing: choose other columns, and hold it at one with at={…}"
            )
    x = subject.x
    base = np.median(x, axis=0).astype(x.dtype)
    for column in categories:
        base[column] = np.argmax(np.bincount(x[:, column].astype(np.intp)))
    for named, value in (at or {}).items():
        column = subject.feature(named)
        if column in chosen:
            raise DescriptionError(
                f"column {subject.features[column]} is drawn along, and cannot be held at {value!r}"
            )
        base[column] = subject.from_unit(column, value)
    others = [c for c in range(x.shape[1]) if c not in chosen]
    fixed = {
        subject.features[c]: float(subject.in_unit(c, base[c : c + 1].astype(np.float64))[0])
        for c in others
    }
    return base, fixed


def _range(subject: Subject, column: int, resolution: int, room: float = ROOM) -> Array:
    """Give places along a column, as the network takes them, over its rows and a little beyond."""
    values = subject.x[:, column]
    low, high = float(values.min()), float(values.max())
    beyond = room * (high - low) if high > low else 0.5
    return np.linspace(low - beyond, high + beyond, resolution).astype(values.dtype)
