"""Table: named columns of equal length, and what one of them is asked for."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
        columns, lines = read_columns(path)
        return cls(columns, lines, os.fspath(path))

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

    def column(self, name: str) -> NDArray[Any]:
        """Give a column as it is; raises TableError if there is none of this name."""
        if name not in self.columns:
            near = difflib.get_close_matches(name, self.names, n=1, cutoff=0.5)
            hint = f": did you mean {near[0]!r}?" if near else f": it has {listed(self.names)}"
            raise TableError(f"{self.source or 'the table'} has no column {name!r}{hint}")
        return self.columns[name]

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Give a column of finite numbers.

        Raises TableError with the row for a missing cell, inf, a typo among numbers, or text.
        """
        column = self.column(name)
        if column.dtype != np.float64:
            raise TableError(self._typo(name) or self._text(name))
        bad = np.flatnonzero(~np.isfinite(column))
        if bad.size and np.isnan(column[bad[0]]):
            count = int(np.isnan(column).sum())
            more = f" ({count} cells of this column are)" if count > 1 else ""
            raise TableError(
                f"{self.where(name, bad[0])}: the cell is missing{more}; fill it in, delete the row"
                " or leave the column out"
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

    def _text(self, name: str) -> str:
        """Word the error for a column of text where numbers are needed."""
        cells = self.columns[name].tolist()
        words = (r for r, c in enumerate(cells) if c.lower() not in MISSING)
        row = next((r for r in words if not re.fullmatch(NUMBER, cells[r])), 0)
        comma = re.fullmatch(r"[+-]?[0-9]+,[0-9]+", cells[row])
        remedy = "write a point, not a comma, before decimals" if comma else "leave the column out"
        return (
            f"{self.where(name, row)}: {shown(cells[row])} is text, and only columns of numbers"
            f" can be used here; {remedy}"
        )
