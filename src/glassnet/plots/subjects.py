"""What is drawn: rows and what a network makes of them, with the names that a table gave them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from glassnet.arrays import check_inputs, check_rows, check_targets
from glassnet.errors import DataError, DescriptionError, unknown_name
from glassnet.rules.entry import is_integer
from glassnet.rules.reading import Reading, reading_of

if TYPE_CHECKING:
    from glassnet.description import Description
    from glassnet.network import Network
    from glassnet.table import Preparation

Array = NDArray[Any]
# Several classes, of which one is right; one column of yes and no; several of them; numbers.
Kind = Literal["classes", "yes or no", "several yes or no", "numbers"]


def kind_of(description: Description) -> Kind:
    """Say what the outputs of a network stand for, by its loss and its last activation.

    >>> from glassnet.description import Description
    >>> kind_of(Description.read("2-3 softmax")), kind_of(Description.read("2-1 linear"))
    ('classes', 'numbers')
    """
    loss, last = description.loss, description.output_activation
    single = description.outputs == 1
    if loss.is_yes_or_no:
        return "yes or no" if single else "several yes or no"
    if loss.targets == "classes" or last in ("softmax", "log_softmax"):
        return "classes"
    if last == "sigmoid":
        return "yes or no" if single else "classes"
    return "numbers"


@dataclass(frozen=True, eq=False)
class Subject:
    """Rows, the network that judges them, and their names.

    Args:
        network: judges them.
        x: (m, inputs), in the network's form; (0, inputs) where none were given.
        y: (m, columns of targets), in the network's form; None where none was given.
        given: outputs (m, outputs) that were made elsewhere; None for those of the network.
        only: the number of the one output that is looked at; None for all.

    """

    network: Network
    x: Array
    y: Array | None = None
    given: Array | None = None
    only: int | None = None

    @cached_property
    def outputs(self) -> Array:
        """Outputs of the network for the rows, (m, outputs)."""
        return self.predict(self.x) if self.given is None else self._looked_at(self.given)

    def predict(self, x: Array) -> Array:
        """Give the outputs of the network for other rows, as it takes them."""
        return self._looked_at(self.network.predict(x, engine="numpy"))

    def _looked_at(self, columns: Array) -> Array:
        return columns if self.only is None else columns[:, [self.only]]

    # -------------------------------------------------------------------------- the classes

    @property
    def kind(self) -> Kind:
        """What the outputs stand for."""
        return "yes or no" if self.only is not None else kind_of(self.network.description)

    @property
    def reading(self) -> Reading:
        """How outputs are read as answers."""
        description = self.network.description
        return reading_of(description.loss, description.output_activation)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes: the labels of the table, or numbers; of each yes or no, those two.

        Raises DescriptionError where the outputs are numbers.
        """
        preparation = self.network.preparation
        if preparation is not None and preparation.classes:
            return tuple(str(label) for label in preparation.classes)
        description = self.network.description
        match self.kind:
            case "numbers":
                raise DescriptionError(
                    f"{description.short()} with the loss {description.loss} gives numbers, no"
                    " classes: take gn.plots.fit_1d, output_surface, predicted_against_true or"
                    " residuals"
                )
            case "classes":
                return tuple(str(number) for number in range(description.outputs))
        return ("-1", "1") if description.loss.targets == "signs" else ("0", "1")

    def column(self, output: int | None) -> Subject:
        """Give one yes or no of several as a subject of its own; of others, the subject itself.

        Raises DescriptionError where several were meant and none, or one there is not, is named.
        """
        if self.kind != "several yes or no":
            return self
        return replace(self, only=self.output_number(output, needed=True))

    def output_number(self, output: int | None, *, needed: bool = False) -> int:
        """Give the number of an output, from 0; raises DescriptionError for one there is not."""
        count = self.network.description.outputs
        if output is None and (count == 1 or not needed):
            return 0
        if not is_integer(output) or not 0 <= int(output or 0) < count:
            raise DescriptionError(
                f"the network has {count} outputs: say which with output=0 … {count - 1}, got"
                f" {output!r}"
            )
        return int(output or 0)

    def answers(self, outputs: Array) -> NDArray[np.intp]:
        """Give the class of each row (m,) that outputs name."""
        return self.reading.answers(outputs, outputs)[1]

    @cached_property
    def wanted(self) -> NDArray[np.intp]:
        """The class of each row (m,).

        Raises DataError where there is no y, or where it holds other numbers than classes.
        """
        y = self.targets
        whole = (-1, 1) if self.network.description.loss.targets == "signs" else (0, 1)
        if self.kind == "yes or no" and not np.isin(y, whole).all():
            odd, (no, yes) = y[~np.isin(y, whole)].flat[0], whole
            raise DataError(
                f"y holds {odd:g}, which is neither of the classes {no} and {yes}: a plot of"
                " classes cannot show it; for numbers take gn.plots.predicted_against_true"
            )
        return self.reading.answers(y, y)[0]

    @property
    def targets(self) -> Array:
        """What is wanted, in the network's form; raises DataError where it was not given."""
        if self.y is None:
            raise DataError("this plot compares with what is wanted: give y as well")
        return self._looked_at(self.y)

    # ------------------------------------------------------------------ the names and units

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the columns of X: those of the table, or x1, x2, …."""
        preparation = self.network.preparation
        if preparation is not None:
            return preparation.features
        return tuple(f"x{place + 1}" for place in range(self.network.description.inputs))

    def feature(self, column: int | str) -> int:
        """Give the place of a column of X, which is a number from 0 or a name."""
        names = self.features
        if isinstance(column, str) and column in names:
            return names.index(column)
        if is_integer(column) and 0 <= int(column) < len(names):
            return int(column)
        if isinstance(column, str):
            raise unknown_name("column", column, names)
        raise DescriptionError(
            f"a column is a number from 0 to {len(names) - 1}, or a name of {', '.join(names)};"
            f" got {column!r}"
        )

    def in_unit(self, column: int, values: Array) -> Array:
        """Give values of a column in the unit of the table, from those that the network takes."""
        preparation = self.network.preparation
        if preparation is None:
            return np.asarray(values, dtype=np.float64)
        mean, scale = preparation.means[column], preparation.scales[column]
        return np.asarray(values, dtype=np.float64) * scale + mean

    def from_unit(self, column: int, value: float) -> float:
        """Give a value of a column as the network takes it, from the unit of the table."""
        preparation = self.network.preparation
        if preparation is None:
            return float(value)
        return (float(value) - preparation.means[column]) / preparation.scales[column]

    def target_name(self, output: int = 0) -> str:
        """Name of what an output stands for."""
        preparation = self.network.preparation
        if preparation is not None and preparation.kind == "number":
            return preparation.target
        description = self.network.description
        columns = description.loss.target_columns(description.outputs)
        return "y" if columns == 1 else f"y{output + 1}"

    def target_in_unit(self, numbers: Array) -> Array:
        """Give targets or outputs that are numbers in the unit of the table."""
        preparation: Preparation | None = self.network.preparation
        numbers = np.asarray(numbers, dtype=np.float64)
        if preparation is None or preparation.kind != "number":
            return numbers
        return numbers * preparation.target_scale + preparation.target_mean


# ----------------------------------------------------------------------- from what is given


def subject_of(record: Any, X: Any = None, y: Any = None) -> Subject:
    """Bring together what is given: a Network with X and y, or with a Table; a CrossValidation.

    Args:
        record: a Network; or a CrossValidation, whose held-out predictions are taken.
        X: (m, inputs), or a Table for a network that was trained on one; a CrossValidation has its
            own.
        y: what is wanted, or None.

    Raises:
        DescriptionError: a record of another kind.
        DataError: arrays that do not fit.

    """
    if hasattr(record, "folds") and hasattr(record, "predictions"):
        return _held_out(record, X, y)
    if not hasattr(record, "description") or not hasattr(record, "predict"):
        raise DescriptionError(
            "this plot shows a gn.Network, or a gn.CrossValidation where it needs predictions only;"
            f" got {type(record).__name__}"
        )
    if hasattr(X, "columns") and hasattr(X, "numbers") and hasattr(X, "kind"):
        return _of_table(record, X, y)
    description, dtype = record.description, record.dtype
    if X is None:
        raise DataError("this plot shows rows: give X, an array or a gn.Table")
    if y is None:
        return Subject(record, check_inputs(X, description, dtype))
    rows = check_rows(X, y, None, description, dtype)
    return Subject(record, rows.x, rows.y)


def _of_table(network: Network, table: Any, y: Any) -> Subject:
    preparation = network.preparation
    if preparation is None:
        raise DataError(
            "the network was not trained on a table, so it does not know which column is which:"
            " give X and y as arrays"
        )
    if y is not None:
        raise DataError("a Table has its target in it: leave y out, or give X as an array")
    X = preparation.features_of(table)
    known = preparation.target in table.columns
    return subject_of(network, X, preparation.targets_of(table) if known else None)


def _held_out(found: Any, X: Any, y: Any) -> Subject:
    if X is not None and y is None:
        raise DataError(
            "a CrossValidation has predictions for rows that it knows: give what is wanted of them"
            " as y=…, and no X"
        )
    network = found.networks[0]
    description, dtype = network.description, network.dtype
    predictions = found.predictions
    there = np.isfinite(predictions).all(axis=1)
    x = np.empty((int(there.sum()), 0), dtype)
    subject = Subject(network, x, None, predictions[there])
    if y is None:
        return subject
    return replace(subject, y=check_targets(y, found.rows, description, dtype)[there])


def names_or(known: Sequence[str], given: Sequence[str] | None) -> tuple[str, ...]:
    """Give the names that were given, one for each that is known; else those that are known.

    Raises DescriptionError for another number of them.
    """
    if given is None:
        return tuple(known)
    if len(given) != len(known):
        raise DescriptionError(f"{len(known)} classes need as many names, got {list(given)!r}")
    return tuple(str(name) for name in given)


def fixed_text(fixed: Mapping[str, float]) -> str:
    """Say at what value other columns are held."""
    shown = [f"{name} = {value:.4g}" for name, value in fixed.items()]
    return ", ".join(shown) if len(shown) <= 3 else f"{', '.join(shown[:3])}, …"
