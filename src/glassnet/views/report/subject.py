"""What a report is about: a network, the rows it was trained and tested with, and their table."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glassnet.arrays import Rows, check_rows
from glassnet.errors import DataError
from glassnet.history import History, check_history
from glassnet.rules.entry import is_integer
from glassnet.rules.reading import reading_of

if TYPE_CHECKING:
    from glassnet.network import Network
    from glassnet.table import Preparation, Table


class Subject:
    """What the sections read; see `report` for the arguments."""

    def __init__(
        self,
        network: Network,
        X: Any,
        y: Any,
        history: History | None,
        held_out: tuple[Any, Any] | None,
        table: Table | None,
        rows: Any,
        row: int,
    ) -> None:
        check_history(history)
        self.network = network
        self.description = network.description
        self.history = history
        self.training = check_rows(X, y, None, self.description, network.dtype)
        self.held_out: Rows | None = None
        if held_out is not None and len(held_out[0]):
            names = ("held_out X", "held_out y", "")
            self.held_out = check_rows(*held_out, None, self.description, network.dtype, names)
        self.table = table
        self.rows = self._rows_of_table(rows)
        if not is_integer(row) or not 0 <= row < len(self.training):
            raise DataError(
                f"there is no row {row!r}: X has the rows 0 to {len(self.training) - 1}"
            )
        self.row = int(row)

    def _rows_of_table(self, rows: Any) -> NDArray[np.intp] | None:
        """Give the row of the table for each row of X; None where that is not known."""
        if self.table is None:
            return None
        if rows is None:
            same = self.table.rows == len(self.training)
            return np.arange(self.table.rows) if same else None
        places = np.asarray(rows)
        if places.shape != (len(self.training),) or places.dtype.kind not in "iu":
            raise DataError(
                f"rows must be {len(self.training)} row numbers of the table, one for each row of"
                f" X, got {places.dtype} of shape {places.shape}"
            )
        if places.min() < 0 or places.max() >= self.table.rows:
            raise DataError(f"the table has the rows 0 to {self.table.rows - 1}: rows is beyond it")
        return places.astype(np.intp)

    @property
    def parts(self) -> list[tuple[str, str, Rows]]:
        """The parts of the rows: name, words, rows."""
        found = [("training", "training", self.training)]
        if self.held_out is not None:
            found.append(("held_out", "held out", self.held_out))
        return found

    @property
    def preparation(self) -> Preparation | None:
        """How the table became X and y, where it is that of this network."""
        known = self.network.preparation
        fits = known is not None and len(known.features) == self.description.inputs
        return known if fits else None

    @property
    def features(self) -> list[str]:
        """Names of the columns of X."""
        known = self.preparation
        return list(known.features) if known else [f"x{i}" for i in range(self.description.inputs)]

    @property
    def target(self) -> str:
        """Name of what is learnt."""
        return self.preparation.target if self.preparation else "y"

    @cached_property
    def is_classes(self) -> bool:
        """Whether each row has one class."""
        loss = self.description.loss
        return loss.targets == "classes" or (loss.is_yes_or_no and self.description.outputs == 1)

    @cached_property
    def is_numbers(self) -> bool:
        """Whether there is a number to be met by each output."""
        return self.description.loss.targets == "numbers" and (
            self.description.outputs == self.training.y.shape[1]
        )

    @property
    def is_number(self) -> bool:
        """Whether there is one number to be met by one output."""
        return self.is_numbers and self.description.outputs == 1

    @property
    def classes(self) -> list[str]:
        """Names of the classes."""
        count = max(self.description.outputs, 2)
        known = self.preparation
        if known and len(known.classes) == count:
            return [str(label) for label in known.classes]
        return [str(number) for number in range(count)]

    def outputs(self, rows: Rows) -> NDArray[Any]:
        """Predict; on NumPy, so that equal runs make equal pages."""
        return self.network.predict(rows.x, engine="numpy")

    def answers(self, rows: Rows) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Give the classes wanted and given."""
        reading = reading_of(self.description.loss, self.description.output_activation)
        return reading.answers(rows.y, self.outputs(rows))

    def in_own_unit(self, numbers: NDArray[Any]) -> NDArray[np.float64]:
        """Give targets or outputs (m, 1) in the unit of the table's column."""
        known = self.preparation
        if known is None or known.kind != "number":
            return np.asarray(numbers[:, 0], dtype=np.float64)
        return known.numbers(numbers)
