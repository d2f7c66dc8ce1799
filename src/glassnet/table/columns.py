"""Table: named columns of equal length, and what one of them is asked for."""

from __future__ import annotations

import difflib
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassnet.errors import DataError, TableError
from glassnet.table.cells import MISSING, NUMBER, TEXT, Rows
from glassnet.table.labels import plain_label
from glassnet.table.names import check_names
from glassnet.table.reading import read_columns
from glassnet.table.wording import listed, shown

Kind = Literal["classes", "number"]

MOST_COUNTED = 20  # different whole numbers that may be class numbers
ROWS_PER_CLASS = 10  # that whole numbers need to be taken for class numbers
TYPO = 0.9  # with this part of numbers, a column is meant to be numbers


@dataclass(frozen=True, eq=False)
class Table:
    """Named columns of equal length: numbers where every cell is one, else text.

    Args:
        columns: float64 arrays (a missing cell is nan) and arrays of text, by name.
        lines: the line of the file in which each row begins; for arrays, its number from 1.
        source: the file's name, for messages; empty for arrays.
        gaps: what stands in the first missing cell of a column of numbers, by the column's name.

    Raises:
        TableError: columns of different lengths, no rows, or names that cannot be.

    Example:
        >>> table = Table.from_arrays([[1, 5], [2, 6]], ["no", "yes"], names=["a", "b"])
        >>> table.names, table.rows
        (('a', 'b', 'y'), 2)
        >>> table.numbers("b")
        array([5., 6.])

    """

    columns: Mapping[str, NDArray[Any]]
    lines: Rows
    source: str = ""
    gaps: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_names(list(self.columns), self.source or "the table")
        if len(self.lines) == 0:
            raise TableError(f"{self.source or 'the table'} has no rows")
        for name, column in self.columns.items():
            if column.shape != (len(self.lines),):
                raise TableError(
                    f"column {name!r} has shape {column.shape}, the table {len(self.lines)} rows"
                )
            column.flags.writeable = False

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Table:
        """Read a CSV file: UTF-8, names in the first line, separated by comma, semicolon or tab.

        The separator is the first of the three that the first line has. Cells may stand in double
        quotes; spaces around a cell are dropped. A column is numbers if all its cells are numbers
        or missing (empty, NA, null and the like); whether a missing cell is an error is only asked
        when the column is used.

        Raises TableError for anything that is not such a file, with the line that is at fault.
        """
        columns, lines, gaps = read_columns(path)
        return cls(columns, lines, os.fspath(path), gaps)

    @classmethod
    def from_arrays(
        cls,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        names: Sequence[str] | None = None,
        target: str = "y",
    ) -> Table:
        """Make a table of an array (rows, columns) of numbers and, if given, a target column.

        Columns are named x1, x2, … unless names are given. Raises DataError for other shapes.
        """
        features = np.asarray(X, dtype=np.float64)
        if features.ndim != 2:
            raise DataError(f"X must be (rows, columns), got shape {features.shape}")
        rows, width = features.shape
        given = [f"x{place + 1}" for place in range(width)] if names is None else list(names)
        if len(given) != width:
            raise DataError(f"X has {width} columns, but {len(given)} names are given")
        if len({*given, target}) != width + 1:
            raise DataError(f"names must differ from each other and from the target {target!r}")
        columns: dict[str, NDArray[Any]] = {
            name: features[:, place].copy() for place, name in enumerate(given)
        }
        if y is not None:
            values = np.asarray(y)
            if values.shape != (rows,):
                raise DataError(f"y must have shape ({rows},), as X has rows, got {values.shape}")
            numeric = values.dtype.kind in "biuf"
            columns[target] = values.astype(np.float64) if numeric else values.astype(TEXT)
        return cls(columns, np.arange(1, rows + 1))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in the file's order."""
        return tuple(self.columns)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.lines)

    def where(self, name: str, row: int) -> str:
        """Say where a cell stands: "iris.csv, line 5, column 'width'"."""
        line = f"{self.source}, line" if self.source else "row"
        return f"{line} {self.lines[row]}, column {name!r}"

    def place(self, name: str) -> str:
        """Say where a column stands: "iris.csv, column 'width'"."""
        return f"{self.source}, column {name!r}" if self.source else f"column {name!r}"

    def column(self, name: str) -> NDArray[Any]:
        """Give a column as it is; raises TableError if there is none of this name."""
        if name not in self.columns:
            near = difflib.get_close_matches(name, self.names, n=1, cutoff=0.5)
            hint = f": did you mean {near[0]!r}?" if near else f": it has {listed(self.names)}"
            raise TableError(f"{self.source or 'the table'} has no column {name!r}{hint}")
        return self.columns[name]

    def numbers(self, name: str, *, spare: bool = False) -> NDArray[np.float64]:
        """Give a column of finite numbers; it may be said that the user can do without it.

        Raises TableError with the row for a missing cell, inf, a typo among numbers, or text.
        """
        column = self.column(name)
        if column.dtype != np.float64:
            raise TableError(self._typo(name) or self._text(name, spare))
        bad = np.flatnonzero(~np.isfinite(column))
        if bad.size and np.isnan(column[bad[0]]):
            leave = f", or {_left_out(name)}" if spare else ""
            raise TableError(
                f"{self.where(name, bad[0])}: the cell is missing{self._gap(name)}; fill it in or"
                f" delete the row{leave}"
            )
        if bad.size:
            raise TableError(
                f"{self.where(name, bad[0])}: the cell is infinite, or too large for a number of"
                " 64 bits; correct it"
            )
        return column

    def labels(self, name: str, *, as_text: bool = False) -> NDArray[Any]:
        """Give a column of labels: text, or finite numbers.

        Raises TableError with the row for a missing cell, and for a typo among numbers unless it
        is said that the labels are text.
        """
        column = self.column(name)
        if column.dtype == np.float64:
            numbers = self.numbers(name)
            return np.array([plain_label(v) for v in numbers], dtype=TEXT) if as_text else numbers
        empty = np.flatnonzero(column == "")
        if empty.size:
            raise TableError(f"{self.where(name, empty[0])}: the label is missing; fill it in")
        typo = None if as_text else self._typo(name)
        if typo:
            raise TableError(f"{typo}, or say that the target is classes if these are labels")
        return column

    def kind(self, target: str) -> Kind:
        """Say whether a target column is taken for classes or for a number.

        Text is classes. Numbers are classes if they are whole and either only two differ, or at
        most 20 differ with at least 10 rows for each; else they are a number to be estimated.

        >>> table = Table.from_arrays([[0.0]] * 4, [0, 1, 1, 0])
        >>> table.kind("y"), table.kind("x1")
        ('classes', 'number')
        """
        values = self.labels(target)
        if values.dtype != np.float64:
            return "classes"
        different = len(np.unique(values))
        enough = different <= min(MOST_COUNTED, self.rows // ROWS_PER_CLASS)
        whole = bool(np.all(values == np.floor(values)))
        return "classes" if whole and (different == 2 or (different > 2 and enough)) else "number"

    def _typo(self, name: str) -> str | None:
        """Word the error for a column of which nearly all cells are numbers, if it is one."""
        cells = self.columns[name].tolist()
        filled = [row for row, cell in enumerate(cells) if cell.lower() not in MISSING]
        others = [row for row in filled if not re.fullmatch(NUMBER, cells[row])]
        if not others or len(filled) - len(others) < TYPO * len(filled):
            return None
        return (
            f"{self.where(name, others[0])}: {shown(cells[others[0]])} is not a number, but"
            f" {len(filled) - len(others)} of {len(filled)} cells of this column are; correct it"
        )

    def _gap(self, name: str) -> str:
        """Say what stands in the first missing cell of a column, and how many there are."""
        gap = self.gaps.get(name)
        count = int(np.isnan(self.columns[name]).sum())
        parts = [] if gap is None else [f"it says {gap!r}" if gap else "it is empty"]
        parts += [f"{count} cells of this column are missing"] if count > 1 else []
        return f" ({'; '.join(parts)})" if parts else ""

    def _text(self, name: str, spare: bool) -> str:
        """Word the error for a column of text where numbers are needed."""
        cells = self.columns[name].tolist()
        words = (r for r, c in enumerate(cells) if c.lower() not in MISSING)
        row = next((r for r in words if not re.fullmatch(NUMBER, cells[r])), 0)
        remedy = _without_comma(cells[row])
        remedy = remedy or (_left_out(name) if spare else "write numbers into it")
        return (
            f"{self.where(name, row)}: {shown(cells[row])} is text, and only columns of numbers"
            f" can be used here; {remedy}"
        )


def _left_out(name: str) -> str:
    """Say how to do without a column, with the command and in Python."""
    return f"leave the column out (--without {shlex.quote(name)}; in Python features=[...])"


def _without_comma(cell: str) -> str:
    """Say how to write a number that has commas in it; empty for a cell that is none.

    >>> _without_comma("1,5")
    'write a point, not a comma, before decimals: 1.5'
    >>> _without_comma("1,200,000.5")
    'write it without commas between thousands: 1200000.5'
    >>> _without_comma("1,200")
    'write 1200 if the comma parts thousands, or 1.200 if it stands before decimals'
    """
    thousands = re.fullmatch(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]*)?", cell)
    decimals = re.fullmatch(r"[+-]?[0-9]+,[0-9]+", cell)
    plain, point = cell.replace(",", ""), cell.replace(",", ".")
    if thousands and decimals:
        return (
            f"write {plain} if the comma parts thousands, or {point} if it stands before decimals"
        )
    if thousands:
        return f"write it without commas between thousands: {plain}"
    return f"write a point, not a comma, before decimals: {point}" if decimals else ""
