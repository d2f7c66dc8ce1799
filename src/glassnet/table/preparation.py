"""Preparation: what is learnt from training rows, to turn tables into arrays and back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassnet.errors import DataError, TableError
from glassnet.table.cells import TEXT, Rows
from glassnet.table.columns import Kind, Table
from glassnet.table.labels import Label, check_classes, check_labels, label_of, told_apart
from glassnet.table.names import check_names
from glassnet.table.scaling import mean_and_scale, standardised
from glassnet.table.wording import listed, shown


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
        constant: names of the features that did not change over the training rows.

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
        check_names([*self.features, self.target], "the preparation")
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
            check_labels(self.classes)
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
        is one. A column that is constant keeps its scale, 1, and is named in `constant`; a target
        that is constant cannot be learnt.

        Raises TableError, with column and row, for cells that cannot be used.
        """
        used = _rows_of(table, rows)
        chosen = table.kind(target) if kind is None else kind
        others = [name for name in table.names if name != target]
        names = tuple(others if features is None else features)
        if not names:
            raise TableError(
                f"{table.source or 'the table'} has no column beside the target {target!r} to learn"
                " from: add one"
            )
        learnt = {name: mean_and_scale(table.numbers(name, spare=True)[used]) for name in names}
        constant = [name for name in names if learnt[name][2]]
        classes: tuple[Label, ...] = ()
        mean, scale = 0.0, 1.0
        if chosen == "classes":
            values = table.labels(target, as_text=_is_text(table, target))[used]
            classes = tuple(label_of(value) for value in told_apart(values)[0])
            check_classes(classes, table.place(target))
        else:
            mean, scale, unchanged = mean_and_scale(table.numbers(target)[used])
            if unchanged:
                raise TableError(
                    f"{table.place(target)} never changes in the training rows, it is always"
                    f" {mean:g}: there is nothing to learn, so choose another target"
                )
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
                f"{table.source or 'the table'} lacks {listed(missing)}: the network was trained"
                f" on {listed(self.features)}"
            )
        X = np.empty((table.rows, len(self.features)))
        for place, name in enumerate(self.features):
            values = table.numbers(name)
            X[:, place] = standardised(table, name, values, self.means[place], self.scales[place])
        return X

    def targets_of(self, table: Table) -> NDArray[Any]:
        """Give what is wanted for each row: class numbers from 0, or standardised numbers.

        Raises TableError with the row for a label that the training part did not have.
        """
        name = self.target
        if self.kind == "number":
            values = table.numbers(name)
            return standardised(table, name, values, self.target_mean, self.target_scale)
        text = isinstance(self.classes[0], str)
        values = table.labels(name, as_text=True) if text else table.numbers(name)
        different, which = told_apart(values)
        number_of: dict[Any, int] = {label: number for number, label in enumerate(self.classes)}
        numbers = np.array([number_of.get(v, -1) for v in different])[which]
        unknown = np.flatnonzero(numbers < 0)
        if unknown.size:
            row = unknown[0]
            raise TableError(
                f"{table.where(name, row)}: the label {shown(label_of(values[row]))} is not one of"
                f" those trained on, {listed(self.classes)}; correct it or train with such rows"
            )
        return numbers

    def predictions(self, outputs: ArrayLike, cut: float = 0.5) -> NDArray[Any]:
        """Turn outputs of the network into labels or numbers, by the kind of the target."""
        return self.labels(outputs, cut) if self.kind == "classes" else self.numbers(outputs)

    def labels(self, outputs: ArrayLike, cut: float = 0.5) -> NDArray[Any]:
        """Give the label of the largest output of each row, the first of equal ones.

        With two classes there may be one output: above the cut it names the second. That is 0.5
        for chances, and 0 for scores on both sides of 0, as logits are and what a hinge makes.

        Raises DataError for outputs of another shape, with nan, or if the target is a number.
        """
        if self.kind != "classes":
            raise DataError(f"the target {self.target!r} is a number and has no labels")
        values = np.asarray(outputs)
        single = values.ndim == 2 and values.shape[1] == 1 and len(self.classes) == 2
        values = self._checked(values, 1 if single else len(self.classes))
        numbers = (values[:, 0] > cut).astype(np.int64) if single else np.argmax(values, axis=1)
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


def _rows_of(table: Table, rows: Rows | None) -> Rows:
    if rows is None:
        return np.arange(table.rows)
    chosen = np.asarray(rows)
    if chosen.ndim != 1 or len(chosen) == 0 or chosen.dtype.kind not in "iu":
        raise DataError("the training rows must be a list of row numbers, and not be empty")
    if chosen.min() < 0 or chosen.max() >= table.rows:
        raise DataError(f"the training rows must be from 0 to {table.rows - 1}")
    return chosen.astype(np.int64)


def _is_text(table: Table, name: str) -> bool:
    return table.column(name).dtype != np.float64
