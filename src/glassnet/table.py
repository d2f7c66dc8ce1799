"""Tables: reading a CSV file, what is learnt from its columns, the held-out part, and writing back.

This is the only reader of data files. A file is either read as it stands or refused in one sentence
that names the line and the column; no cell is guessed at. The order is that of use: Table, split,
Preparation, write_csv, and then the small steps they are made of.
"""

from __future__ import annotations

import csv
import difflib
import io
import math
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassnet.errors import DataError, GlassnetError, TableError
from glassnet.rules.entry import is_integer, is_number
from glassnet.rules.randomness import order_of_rows

if TYPE_CHECKING:
    import polars

Kind = Literal["classes", "number"]
Label = str | int | float
Rows = NDArray[np.int64]

MOST_BYTES = 2**32  # of a file, which is held in memory
MOST_LINE = 2**20  # bytes of a line
MOST_COLUMNS = 10_000
MOST_LABELS = 10_000  # a target with more is a name or a number, not a class
MOST_LETTERS = 128  # of a column's name or a label: both are kept in model files
MOST_COUNTED = 20  # different whole numbers that may be class numbers
ROWS_PER_CLASS = 10  # that whole numbers need to be taken for class numbers
TYPO = 0.9  # with this part of numbers, a column is meant to be numbers

TEXT = np.dtypes.StringDType()
NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
INFINITE = r"[+-]?(?:[iI][nN][fF]|[iI][nN][fF][iI][nN][iI][tT][yY])"
MISSING = ("", "na", "n/a", "nan", "null", "none", "?", "-")  # in a column of numbers
LARGEST = float(np.finfo(np.float32).max)

# ------------------------------------------------------------------------------- the table


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
        _check_names(list(self.columns), self.source or "the table")
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
        source = os.fspath(path)
        data = _text_of(path)
        layout = _Layout.of(data, source)
        if len(layout.starts) == 1:
            raise TableError(f"{source} has one line only: write rows below the line with names")
        names = _header(data[: layout.starts[1]], layout.separator, source)
        layout.check_cells(len(names), data, source)
        cells = _cells(data[layout.starts[1] :], layout, names, source)
        columns = {name: _typed(cells[place]) for place, name in enumerate(names)}
        return cls(columns, layout.lines[1:], source)

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
            hint = f": did you mean {near[0]!r}?" if near else f": it has {_listed(self.names)}"
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
            return np.array([_plain(v) for v in numbers], dtype=TEXT) if as_text else numbers
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
            f"{self.where(name, others[0])}: {_shown(cells[others[0]])} is not a number, but"
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
            f"{self.where(name, row)}: {_shown(cells[row])} is text, and only columns of numbers"
            f" can be used here; {remedy}"
        )


def split(
    rows: int, fraction: float, seed: int, classes: ArrayLike | None = None
) -> tuple[Rows, Rows]:
    """Choose by chance which rows are for training and which are held out, both in file order.

    The choice is a pure function of its arguments, the same on every machine. With classes, the
    fraction is taken of each class: a class of two rows or more is in both parts, and a single
    row is for training.

    Raises DataError if a part would be empty, or for a fraction or seed that cannot be.

    >>> training, held_out = split(8, 0.25, seed=0)
    >>> training, held_out
    (array([0, 1, 3, 4, 5, 6]), array([2, 7]))
    """
    if not is_integer(rows) or rows < 2:
        raise DataError(f"a table of {rows} rows cannot be split: it needs at least 2")
    if not is_number(fraction) or not 0 < fraction < 1:
        raise DataError(f"the part to hold out must be a number between 0 and 1, got {fraction!r}")
    if not is_integer(seed) or not 0 <= seed < 2**63:
        raise DataError(f"the seed must be a whole number from 0 up to 2**63, got {seed!r}")
    groups = np.zeros(rows, dtype=np.int64)
    if classes is not None:
        labels = np.asarray(classes)
        if labels.shape != (rows,):
            raise DataError(f"there must be one class for each of {rows} rows, got {labels.shape}")
        groups = _told_apart(labels)[1]
    order = order_of_rows(seed, -1, rows)  # the epoch before the first: no epoch repeats it
    by_group = order[np.argsort(groups[order], kind="stable")]
    sizes = np.bincount(groups)
    held = [
        members[: min(max(math.floor(fraction * len(members) + 0.5), 1), len(members) - 1)]
        for members in np.split(by_group, np.cumsum(sizes)[:-1])
    ]
    held_out = np.sort(np.concatenate(held))
    if len(held_out) == 0:
        raise DataError("every class has one row only, so no row can be held out")
    return np.setdiff1d(np.arange(rows), held_out), held_out


# -------------------------------------------------------------------------- the preparation


@dataclass(frozen=True)
class Preparation:
    """What was learnt from the training rows of a table, to turn tables into arrays and back.

    Args:
        features: names of the columns that go into the network, in its order.
        target: name of the column that is wanted.
        kind: 'classes' or 'number'.
        classes: the labels, in the order of their class numbers; empty for a number.
        means: what is subtracted from each feature, then
        scales: what it is divided by.
        target_mean: the same for a target that is a number; 0 and
        target_scale: 1 for classes.
        constant: names of the columns that did not change over the training rows.

    Raises:
        DataError: parts that do not fit each other.

    Example:
        >>> table = Table.from_arrays([[1.0], [3.0]], ["no", "yes"])
        >>> preparation = Preparation.learn(table, "y")
        >>> preparation.features_of(table), preparation.targets_of(table)
        (array([[-1.],
               [ 1.]]), array([0, 1]))
        >>> list(preparation.labels([[0.2, 0.8]]))
        ['yes']

    """

    features: tuple[str, ...]
    target: str
    kind: Kind
    classes: tuple[Label, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    target_mean: float = 0.0
    target_scale: float = 1.0
    constant: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_names([*self.features, self.target], "the preparation")
        if self.kind not in get_args(Kind):
            raise DataError(f"the kind must be 'classes' or 'number', got {self.kind!r}")
        if not 1 <= len(self.features) == len(self.means) == len(self.scales):
            raise DataError(
                f"{len(self.features)} features need as many means and scales,"
                f" got {len(self.means)} and {len(self.scales)}"
            )
        for value in (*self.means, self.target_mean, *self.scales, self.target_scale):
            if type(value) is not float or not math.isfinite(value):
                raise DataError(f"means and scales must be finite floats, got {value!r}")
        if min(*self.scales, self.target_scale) <= 0:
            raise DataError("scales must be above 0")
        if not set(self.constant) <= {*self.features, self.target}:
            raise DataError("a constant column must be a feature or the target")
        if self.kind == "classes":
            _check_labels(self.classes)
        elif self.classes:
            raise DataError("a target that is a number has no classes")

    @classmethod
    def learn(
        cls,
        table: Table,
        target: str,
        rows: Rows | None = None,
        *,
        kind: Kind | None = None,
        features: Sequence[str] | None = None,
    ) -> Preparation:
        """Learn labels, means and scales from the training rows of a table, and from these alone.

        Without `kind`, `Table.kind` decides by all rows; without `features`, every other column
        is one. A column that is constant keeps its scale, 1, and is named in `constant`.

        Raises TableError, with column and row, for cells that cannot be used.
        """
        used = _rows_of(table, rows)
        chosen = table.kind(target) if kind is None else kind
        others = [name for name in table.names if name != target]
        names = tuple(others if features is None else features)
        if not names:
            raise TableError(f"the table has no column beside the target {target!r}: add features")
        learnt = {name: _mean_and_scale(table.numbers(name)[used]) for name in names}
        constant = [name for name in names if learnt[name][2]]
        classes: tuple[Label, ...] = ()
        mean, scale = 0.0, 1.0
        if chosen == "classes":
            values = table.labels(target, as_text=_is_text(table, target))[used]
            classes = tuple(_label(value) for value in _told_apart(values)[0])
            _check_classes(classes, target)
        else:
            mean, scale, unchanged = _mean_and_scale(table.numbers(target)[used])
            constant += [target] if unchanged else []
        return cls(
            names,
            target,
            chosen,
            classes,
            tuple(learnt[name][0] for name in names),
            tuple(learnt[name][1] for name in names),
            mean,
            scale,
            tuple(constant),
        )

    @property
    def outputs(self) -> int:
        """Number of outputs that a network needs: one for each class, or one for a number."""
        return len(self.classes) or 1

    def features_of(self, table: Table) -> NDArray[np.float64]:
        """Give the network's inputs (rows, features) for a table, which needs no target.

        Other columns and their order do not matter. Raises TableError for missing columns, and
        with the row for a cell that cannot be used.
        """
        missing = [name for name in self.features if name not in table.columns]
        if missing:
            raise TableError(
                f"{table.source or 'the table'} lacks {_listed(missing)}: the network was trained"
                f" on {_listed(self.features)}"
            )
        X = np.empty((table.rows, len(self.features)))
        for place, name in enumerate(self.features):
            values = table.numbers(name)
            X[:, place] = _standardised(table, name, values, self.means[place], self.scales[place])
        return X

    def targets_of(self, table: Table) -> NDArray[Any]:
        """Give what is wanted for each row: class numbers from 0, or standardised numbers.

        Raises TableError with the row for a label that the training part did not have.
        """
        name = self.target
        if self.kind == "number":
            values = table.numbers(name)
            return _standardised(table, name, values, self.target_mean, self.target_scale)
        text = isinstance(self.classes[0], str)
        values = table.labels(name, as_text=True) if text else table.numbers(name)
        different, which = _told_apart(values)
        number_of: dict[Any, int] = {label: number for number, label in enumerate(self.classes)}
        numbers = np.array([number_of.get(v, -1) for v in different])[which]
        unknown = np.flatnonzero(numbers < 0)
        if unknown.size:
            row = unknown[0]
            raise TableError(
                f"{table.where(name, row)}: the label {_shown(_label(values[row]))} is not one of"
                f" those trained on, {_listed(self.classes)}; correct it or train with such rows"
            )
        return numbers

    def predictions(self, outputs: ArrayLike) -> NDArray[Any]:
        """Turn outputs of the network into labels or numbers, by the kind of the target."""
        return self.labels(outputs) if self.kind == "classes" else self.numbers(outputs)

    def labels(self, outputs: ArrayLike) -> NDArray[Any]:
        """Give the label of the largest output of each row, the first of equal ones.

        With two classes there may be one output, the chance of the second: above 0.5 is its label.

        Raises DataError for outputs of another shape, with nan, or if the target is a number.
        """
        if self.kind != "classes":
            raise DataError(f"the target {self.target!r} is a number and has no labels")
        values = np.asarray(outputs)
        single = values.ndim == 2 and values.shape[1] == 1 and len(self.classes) == 2
        values = self._checked(values, 1 if single else len(self.classes))
        numbers = (values[:, 0] > 0.5).astype(np.int64) if single else np.argmax(values, axis=1)
        text = isinstance(self.classes[0], str)
        labels: NDArray[Any] = np.array(self.classes, dtype=TEXT if text else None)[numbers]
        return labels

    def numbers(self, outputs: ArrayLike) -> NDArray[np.float64]:
        """Give the numbers, in the target's own unit, that outputs (rows, 1) stand for.

        Raises DataError for outputs of another shape, with nan, or if the target is classes.
        """
        if self.kind != "number":
            raise DataError(f"the target {self.target!r} is classes, not a number")
        values = self._checked(np.asarray(outputs), 1)
        return values[:, 0].astype(np.float64) * self.target_scale + self.target_mean

    def _checked(self, outputs: NDArray[Any], width: int) -> NDArray[Any]:
        if outputs.ndim != 2 or outputs.shape[1] != width:
            raise DataError(f"outputs must have shape (rows, {width}), got {outputs.shape}")
        bad = np.flatnonzero(~np.isfinite(outputs).all(axis=1))
        if bad.size:
            raise DataError(f"the outputs of row {bad[0] + 1} are not finite: {outputs[bad[0]]}")
        return outputs

    def to_json(self) -> dict[str, Any]:
        """Give the preparation as plain data for JSON."""
        return {
            "features": list(self.features),
            "target": self.target,
            "kind": self.kind,
            "classes": list(self.classes),
            "means": list(self.means),
            "scales": list(self.scales),
            "target_mean": self.target_mean,
            "target_scale": self.target_scale,
            "constant": list(self.constant),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Preparation:
        """Make the preparation again from plain data; raises DataError for anything else.

        >>> made = Preparation.learn(Table.from_arrays([[1.0], [3.0]], [0, 1]), "y")
        >>> Preparation.from_json(made.to_json()) == made
        True
        """
        if not isinstance(data, Mapping):
            raise DataError(f"a preparation must be an object, got {type(data).__name__}")
        wanted = set(cls.__dataclass_fields__)
        if set(data) != wanted:
            raise DataError(
                f"a preparation has the keys {sorted(wanted)}, got {sorted(map(str, data))}"
            )
        lists = ("features", "classes", "means", "scales", "constant")
        for key in lists:
            if not isinstance(data[key], list):
                raise DataError(f"the {key} of a preparation must be a list")
        for name in (*data["features"], data["target"], data["kind"], *data["constant"]):
            if not isinstance(name, str):
                raise DataError(f"names in a preparation must be text, got {name!r}")
        features, classes, means, scales, constant = (tuple(data[key]) for key in lists)
        return cls(
            features,
            data["target"],
            data["kind"],
            classes,
            means,
            scales,
            data["target_mean"],
            data["target_scale"],
            constant,
        )


def _told_apart(values: NDArray[Any]) -> tuple[list[Any], Rows]:
    """Give the different values in their order, and the number of each row's among them."""
    if values.dtype.kind in "biuf":
        different, which = np.unique(values, return_inverse=True)
        return different.tolist(), which
    cells = values.tolist()  # a dictionary of text is many times faster than sorting it
    words = sorted(set(cells))
    numbers = {word: number for number, word in enumerate(words)}
    return words, np.fromiter((numbers[cell] for cell in cells), np.int64, len(cells))


def _rows_of(table: Table, rows: Rows | None) -> Rows:
    if rows is None:
        return np.arange(table.rows)
    chosen = np.asarray(rows)
    if chosen.ndim != 1 or len(chosen) == 0 or chosen.dtype.kind not in "iu":
        raise DataError("the training rows must be a list of row numbers, and not be empty")
    if chosen.min() < 0 or chosen.max() >= table.rows:
        raise DataError(f"the training rows must be from 0 to {table.rows - 1}")
    return chosen.astype(np.int64)


def _mean_and_scale(values: NDArray[np.float64]) -> tuple[float, float, bool]:
    """Give mean, standard deviation and whether the values are constant, by two passes.

    Constant is what scikit-learn calls so: a variance within the rounding errors of the mean. The
    scale is then 1. Values are first divided by a power of two, which is exact, as the square of
    1e200 would be infinite.
    """
    n, eps = len(values), float(np.finfo(np.float64).eps)
    unit = math.ldexp(1.0, max(math.frexp(float(np.max(np.abs(values))))[1] - 1, -1000))
    near_one = values / unit
    mean = float(np.mean(near_one))
    centred = near_one - mean
    variance = max(float(np.mean(centred * centred) - np.mean(centred) ** 2), 0.0)
    scale = math.sqrt(variance) * unit
    constant = variance <= n * eps * variance + (n * mean * eps) ** 2 or scale == 0
    return mean * unit, 1.0 if constant else scale, constant


def _standardised(
    table: Table, name: str, values: NDArray[np.float64], mean: float, scale: float
) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):  # found and worded just below
        standard = (values - mean) / scale
    bad = np.flatnonzero(~(np.abs(standard) <= LARGEST))
    if bad.size:
        raise TableError(
            f"{table.where(name, bad[0])}: {values[bad[0]]:g} is too far from the training part's"
            f" mean {mean:g} to be computed with; correct it"
        )
    return standard


def _is_text(table: Table, name: str) -> bool:
    return table.column(name).dtype != np.float64


def _label(value: Any) -> Label:
    """Give a label as text, or as a number that is whole where it can be.

    >>> _label(np.float64(3.0)), _label(np.float64(0.5)), _label("a")
    (3, 0.5, 'a')
    """
    if isinstance(value, str):
        return str(value)
    number = float(value)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _plain(value: Any) -> str:
    """Give a number as it would be written as a label: 3, not 3.0."""
    return repr(_label(value))


def _check_classes(classes: tuple[Label, ...], target: str) -> None:
    if len(classes) < 2:
        raise TableError(
            f"column {target!r} has one label only in the training rows, {classes[0]!r}: there is"
            " nothing to tell apart"
        )
    if len(classes) > MOST_LABELS:
        raise TableError(
            f"column {target!r} has {len(classes)} different labels, more than {MOST_LABELS}:"
            " choose another target, or the kind 'number'"
        )
    for label in classes:
        if isinstance(label, str) and len(label) > MOST_LETTERS:
            raise TableError(
                f"column {target!r} has a label of {len(label)} letters, {_shown(label)}: shorten"
                f" it to at most {MOST_LETTERS}"
            )


def _check_labels(classes: tuple[Label, ...]) -> None:
    if not 2 <= len(classes) <= MOST_LABELS:
        raise DataError(f"there must be from 2 to {MOST_LABELS} classes, got {len(classes)}")
    text = all(isinstance(label, str) and 0 < len(label) <= MOST_LETTERS for label in classes)
    if not text and not all(is_number(label) for label in classes):
        raise DataError("the classes must be all text or all finite numbers")
    if len(set(classes)) != len(classes):
        raise DataError("the classes must differ from each other")


# --------------------------------------------------------------------------- writing a table


def write_csv(path: str | os.PathLike[str], columns: Mapping[str, ArrayLike]) -> None:
    """Write columns to a CSV file, whole or not at all.

    Text that a spreadsheet would run as a formula (it begins with = + - @ or a control character)
    gets a ' before it; numbers are written so that they are read again exactly.

    Raises DataError for columns of different lengths, numbers that are not finite, or text that is
    not UTF-8; and if the file cannot be written.
    """
    written = {name: _written(name, np.asarray(values)) for name, values in columns.items()}
    lengths = sorted({len(cells) for cells in written.values()})
    if len(lengths) != 1:
        raise DataError(f"a table needs columns of one length, got lengths {lengths}")
    header = ",".join(_quoted(_harmless(name)) for name in written)
    rows = (",".join(cells) for cells in zip(*written.values(), strict=True))
    try:
        data = "\n".join((header, *rows, "")).encode()
    except UnicodeEncodeError as problem:
        raise DataError(f"the text {problem.object[problem.start]!r} is not UTF-8") from None
    replace_file(path, [data], DataError)


def _written(name: str, values: NDArray[Any]) -> list[str]:
    if values.ndim != 1:
        raise DataError(f"column {name!r} must have one axis, got shape {values.shape}")
    if values.dtype.kind in "iu":
        return [str(value) for value in values.tolist()]
    if values.dtype.kind == "f":
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            raise DataError(f"column {name!r}, row {bad[0] + 1}: {values[bad[0]]} is not finite")
        return [str(value) for value in values]
    cells = values.tolist()
    return [str(cell) if is_number(cell) else _quoted(_harmless(str(cell))) for cell in cells]


def _harmless(text: str) -> str:
    """Put a ' before text that a spreadsheet would take for a formula.

    >>> _harmless("=1+1"), _harmless("plain")
    ("'=1+1", 'plain')
    """
    return f"'{text}" if text[:1] in tuple("=+-@\t\r\n\0＝＋－＠") else text


def _quoted(text: str) -> str:
    """Put text into double quotes where it could be taken for more or less than one cell."""
    plain = text and not any(letter in text for letter in ',;\t"\r\n')
    return text if plain else '"' + text.replace('"', '""') + '"'


# --------------------------------------------------------------------------- reading a table


@dataclass(frozen=True)
class _Layout:
    """Where the records of a CSV file stand: a record is a line, or more if a cell has a break."""

    separator: str
    starts: Rows  # first byte of each record, the header's first
    stops: Rows  # the byte after its last, a line feed or the end
    lines: Rows  # number of the line in which it begins
    cells: Rows  # how many it has

    @classmethod
    def of(cls, data: bytes, source: str) -> _Layout:
        """Find the records; raises TableError for quotes out of place or lines too long."""
        buffer = np.frombuffer(data, np.uint8)
        quotes = np.flatnonzero(buffer == ord('"'))
        breaks = np.flatnonzero(buffer == ord("\n"))

        def outside(places: Rows) -> Rows:
            even: NDArray[np.bool_] = np.searchsorted(quotes, places) % 2 == 0
            return places[even]

        stops = np.append(outside(breaks), len(data))
        starts = np.append(0, stops[:-1] + 1)
        first = outside(np.arange(stops[0])) if stops[0] <= MOST_LINE else np.arange(0)
        header = buffer[first].tobytes()
        separator = next((s for s in (",", ";", "\t") if s.encode() in header), ",")

        def line_of(place: int) -> int:
            return int(np.searchsorted(breaks, place)) + 1

        _check_quotes(buffer, quotes, separator, line_of, source)
        long = np.flatnonzero(stops - starts > MOST_LINE)
        if long.size:
            raise TableError(
                f"{source}, line {line_of(starts[long[0]])} has more than {MOST_LINE} bytes: this"
                " is no table of one row a line"
            )
        returns = outside(np.flatnonzero(buffer == ord("\r")))
        alone = returns[buffer[np.minimum(returns + 1, len(data) - 1)] != ord("\n")]
        if alone.size:
            raise TableError(
                f"{source}, line {line_of(alone[0])} has a carriage return without a line feed:"
                " save the file with ordinary line ends"
            )
        separators = outside(np.flatnonzero(buffer == ord(separator)))
        cells = np.diff(np.searchsorted(separators, stops), prepend=0) + 1
        return cls(separator, starts, stops, np.searchsorted(breaks, starts) + 1, cells)

    def check_cells(self, wanted: int, data: bytes, source: str) -> None:
        """Raise TableError unless every record has the cells that the header has."""
        wrong = np.flatnonzero(self.cells != wanted)
        if wrong.size == 0:
            return
        record = wrong[0]
        if not data[self.starts[record] : self.stops[record]].strip():
            raise TableError(f"{source}, line {self.lines[record]} is empty: delete it")
        count = f"{self.cells[record]} cell{'s' if self.cells[record] > 1 else ''}"
        raise TableError(
            f"{source}, line {self.lines[record]} has {count}, but the header has {wanted}: correct"
            f" the line, or put a cell with a {self.separator!r} in it into double quotes"
        )


def _text_of(path: str | os.PathLike[str]) -> bytes:
    """Give the bytes of UTF-8 text, without a byte order mark or empty lines at the end."""
    name = os.fspath(path)
    if "://" in str(name):
        raise TableError(f"{name!r} is an address: download the file first, then give its path")
    with open_regular(path, TableError) as file:
        if os.fstat(file.fileno()).st_size > MOST_BYTES:
            raise TableError(f"{name} has more than {MOST_BYTES} bytes: take a part of it")
        data = file.read()
    for magic, what in MAGIC.items():
        if data.startswith(magic):
            raise TableError(f"{name} is {what}, not a CSV file: save it as CSV, UTF-8")
    data = data.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n")
    if not data.strip():
        raise TableError(f"{name} is empty: it needs a line with names, and rows below")
    zero = data.find(b"\0")
    if zero >= 0:
        raise TableError(f"{name}, line {_line(data, zero)} has a NUL byte: it is not text")
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError as problem:
            raise TableError(
                f"{name}, line {_line(data, problem.start)} is not UTF-8 (byte"
                f" 0x{data[problem.start]:02x}): save the file as 'CSV UTF-8'"
            ) from None
    return data


MAGIC = {
    b"\x1f\x8b": "packed with gzip",
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"PK\x05\x06": "an empty zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\xfd7zXZ\0": "packed with xz",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
    b"PAR1": "a Parquet file",
    b"%PDF-": "a PDF file",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
}


def _line(data: bytes, place: int) -> int:
    return data.count(b"\n", 0, place) + 1


def _check_quotes(
    buffer: NDArray[np.uint8],
    quotes: Rows,
    separator: str,
    line_of: Callable[[int], int],
    source: str,
) -> None:
    """Raise TableError unless quotes stand around whole cells, and doubled inside of them."""
    opening, closing = quotes[0::2], quotes[1::2]
    ended = np.append(buffer, ord("\n"))  # also stands before the first byte
    inside = opening[~np.isin(ended[opening - 1], list(f'{separator}\n"'.encode()))]
    behind = closing[~np.isin(ended[closing + 1], list(f'{separator}\r\n"'.encode()))]
    if inside.size and not (behind.size and behind[0] < inside[0]):
        raise TableError(
            f"{source}, line {line_of(inside[0])} has a double quote inside a cell: put the whole"
            " cell into quotes and double this one, or delete it"
        )
    if behind.size:
        began = opening[np.searchsorted(closing, behind[0])]
        raise TableError(
            f"{source}, line {line_of(behind[0])} has text after the closing quote of the cell that"
            f" begins in line {line_of(began)}: a quote inside quotes must be doubled"
        )
    if len(quotes) % 2:
        raise TableError(
            f"{source}, line {line_of(quotes[-1])} opens a quote that is never closed: close it"
        )


def _header(line: bytes, separator: str, source: str) -> list[str]:
    """Give the names in the first record; raises TableError for names that cannot be."""
    try:
        cells = next(csv.reader(io.StringIO(line.decode(), newline=""), delimiter=separator))
    except csv.Error as problem:
        raise TableError(f"{source}, line 1 cannot be read: {problem}") from None
    names = [cell.strip() for cell in cells]
    _check_names(names, f"{source}, line 1")
    numbers = [name for name in names if re.fullmatch(NUMBER, name)]
    counted = [[str(n) for n in range(k, len(names) + k)] for k in (0, 1)]
    if len(numbers) == len(names) and names not in counted:
        raise TableError(
            f"{source}, line 1 has numbers only, {_listed(names)}: add a line above it with the"
            " names of the columns"
        )
    return names


def _check_names(names: Sequence[str], where: str) -> None:
    if not 1 <= len(names) <= MOST_COLUMNS:
        raise TableError(f"{where} has {len(names)} columns, but must have 1 to {MOST_COLUMNS}")
    seen: dict[str, int] = {}
    for place, name in enumerate(names, start=1):
        if not name:
            raise TableError(f"{where}: column {place} has no name; give it one")
        if len(name) > MOST_LETTERS:
            raise TableError(
                f"{where}: the name {_shown(name)} has {len(name)} letters; shorten it to at most"
                f" {MOST_LETTERS}"
            )
        if name in seen:
            raise TableError(
                f"{where}: columns {seen[name]} and {place} have the same name {name!r}; rename one"
            )
        seen[name] = place


def _cells(
    body: bytes, layout: _Layout, names: Sequence[str], source: str
) -> Sequence[polars.Series]:
    """Give the cells below the header as columns of text."""
    import polars

    try:
        frame = polars.read_csv(
            body,
            has_header=False,
            separator=layout.separator,
            schema={f"c{place}": polars.String() for place in range(len(names))},
            infer_schema_length=0,  # nothing is guessed
        )
    except polars.exceptions.PolarsError as problem:
        first = str(problem).splitlines()[0]
        raise TableError(f"{source} cannot be read as a table: {first}") from problem
    if frame.height != len(layout.starts) - 1:  # two readers must agree on what a row is
        raise TableError(
            f"{source} cannot be read for sure: {frame.height} rows or {len(layout.starts) - 1}?"
            " Save it again as CSV"
        )
    return frame.get_columns()


def _typed(cells: polars.Series) -> NDArray[Any]:
    """Give a column as numbers, with nan for missing cells, if all its cells are; else as text."""
    import polars

    text = cells.fill_null("").str.strip_chars(" \t")
    number = text.str.contains(f"^(?:{NUMBER})$")
    infinite = text.str.contains(f"^(?:{INFINITE})$")
    missing = text.str.to_lowercase().is_in(list(MISSING))
    some = bool((number | infinite).any()) or bool((text == "").all())
    if not some or not bool((number | infinite | missing).all()):
        return text.to_numpy().astype(TEXT)
    values = np.array(text.cast(polars.Float64, strict=False).to_numpy(), dtype=np.float64)
    values[missing.to_numpy()] = np.nan
    return values


def _shown(cell: object) -> str:
    """Give a cell for a message: quoted, and cut if it is long."""
    text = repr(cell)
    return text if len(text) <= 42 else f"{text[:38]}…{text[-1]}"


def _listed(names: Sequence[Label]) -> str:
    """Give names for a message: the first five, and how many more there are.

    >>> _listed(("a", "b"))
    "'a', 'b'"
    """
    shown = ", ".join(_shown(name) for name in names[:5])
    return shown + (f" and {len(names) - 5} more" if len(names) > 5 else "")


# --------------------------------------------------------------------- files, opened and replaced


def open_regular(path: str | os.PathLike[str], error: type[GlassnetError]) -> BinaryIO:
    """Open a regular file for reading bytes; anything else, such as a pipe, is the given error."""
    name = os.fspath(path)
    ways = ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY")  # as far as the system has them
    flags = os.O_RDONLY
    for way in ways:
        flags |= getattr(os, way, 0)
    try:
        regular = stat.S_ISREG(Path(name).stat().st_mode)  # to open a device may change things
        descriptor = os.open(name, flags) if regular else None
        if descriptor is not None and not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)  # something else was put in its place in between
            descriptor = None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise error(f"cannot read {name!r}: {reason}") from None
    if descriptor is None:
        raise error(f"{name!r} is not a file that can be read: it is a directory or a device")
    return os.fdopen(descriptor, "rb")


def replace_file(
    path: str | os.PathLike[str], parts: Iterable[bytes | memoryview], error: type[GlassnetError]
) -> None:
    """Write a file so that, whatever happens, the old one or the whole new one stands there.

    The parts go to a new file beside it that only its owner can read; it is brought to the disk
    and takes the other's place and permissions. Raises the given error if that cannot be done.
    """
    target = Path(path)
    try:
        beside = target.with_name(f".{target.name[:50]}.{secrets.token_hex(8)}.part")
        mode = _mode_for(target)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_TEXT, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.writelines(parts)
                file.flush()
                os.fsync(file.fileno())
            beside.chmod(mode)
            beside.replace(target)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        _keep_folder(target.parent)
    except (OSError, ValueError) as problem:
        if isinstance(problem, GlassnetError):
            raise
        reason = getattr(problem, "strerror", None) or problem
        raise error(f"cannot write {str(target)!r}: {reason}") from problem


_NO_TEXT = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def _mode_for(target: Path) -> int:
    """Give the permissions of the file that is there, or those of a new one."""
    try:
        there = target.lstat()
    except FileNotFoundError:
        mask = os.umask(0o077)  # there is no other way to ask for it
        os.umask(mask)
        return 0o666 & ~mask
    if stat.S_ISLNK(there.st_mode):
        raise OSError(0, "it is a link; give the path of the file itself")
    if not stat.S_ISREG(there.st_mode):
        raise OSError(0, "it is a directory or a device")
    return stat.S_IMODE(there.st_mode) & 0o777


def _keep_folder(folder: Path) -> None:
    """Bring a folder's list of files to the disk, where the system can do that."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
