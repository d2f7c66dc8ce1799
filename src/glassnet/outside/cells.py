"""A scaled input or a target: the cell of the table that it comes from, and what was done to it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from glassnet.errors import DescriptionError, unknown_name
from glassnet.explanation.digits import in_full
from glassnet.explanation.names import parsed
from glassnet.explanation.record import Explanation, Step
from glassnet.outside.recorded import Number, named, operands_of, steps_of
from glassnet.table import Preparation, Table
from glassnet.table.labels import label_of
from glassnet.table.scaling import standardised


def explain_input(
    preparation: Preparation, table: Table, row: int, feature: int | str, what: str = ""
) -> Explanation:
    """Explain an input of the network by the cell of the table that it stands for.

    Args:
        preparation: what was learnt from the training rows.
        table: has the cell.
        row: of the table, from 0.
        feature: number of the input, from 0, or name of the column.
        what: how the number is called, where it is not by the table's row.

    Raises:
        DescriptionError: there is no such row or feature.
        TableError: the cell cannot be used.

    Example:
        >>> table = Table.from_arrays([[1.0], [3.0]], ["no", "yes"])
        >>> print(explain_input(Preparation.learn(table, "y"), table, 0, "x1"))
        x[0, 0] = −1: row 1, column 'x1', in the scale of the training rows
        <BLANKLINE>
          x[0, 0] = (cell − mean) / scale
                  = (1 − 2) / 1
                  = −1
        <BLANKLINE>
        where
          cell = 1  (row 1, column 'x1')
          mean = 2, scale = 1  (learnt from the training rows)

    """
    _check_row(table, row)
    names = preparation.features
    if isinstance(feature, str) and feature not in names:
        raise unknown_name("feature", feature, names)
    column = names.index(feature) if isinstance(feature, str) else feature
    if not 0 <= column < len(names):
        raise DescriptionError(f"there is no feature {column}: there are {len(names)}, from 0")
    name = names[column]
    numbers = preparation.means[column], preparation.scales[column]
    what = what or f"x[{row}, {column}]"
    return _scaled(what, table, name, row, float(table.numbers(name)[row]), *numbers)


def explain_target(
    preparation: Preparation,
    table: Table,
    row: int,
    column: int = 0,
    what: str = "",
    *,
    columns: int | None = None,
) -> Explanation:
    """Explain what is wanted of an output by the cell of the table that says it.

    Args:
        preparation: what was learnt from the training rows.
        table: has the cell.
        row: of the table, from 0.
        column: of y, from 0.
        what: how the number is called, where it is not by the table's row.
        columns: of y; one for each class, unless it is said that one column tells two apart.

    Raises:
        DescriptionError: there is no such row or column.
        TableError: the cell cannot be used.

    Example:
        >>> table = Table.from_arrays([[1.0], [3.0]], ["no", "yes"])
        >>> print(explain_target(Preparation.learn(table, "y"), table, 1, 1))
        y[1, 1] = 1: row 2, column 'y', says 'yes', which is class 1

    """
    _check_row(table, row)
    name, what = preparation.target, what or f"y[{row}, {column}]"
    columns = preparation.outputs if columns is None else columns
    if not 0 <= column < columns:
        raise DescriptionError(f"there is no output {column}: there are {columns}")
    if preparation.kind == "number":
        numbers = preparation.target_mean, preparation.target_scale
        return _scaled(what, table, name, row, float(table.numbers(name)[row]), *numbers)
    label = label_of(table.column(name)[row])
    wanted = int(preparation.targets_of(table)[row])
    says = f"{table.where(name, row)}, says {label!r}, which is class {wanted}"
    value = float(wanted if columns == 1 else wanted == column)
    if columns > 1 and wanted != column:
        says += f", not class {column} ({preparation.classes[column]!r})"
    return Explanation(what, value, in_full(np.float64(value)), says, "", "")


def with_cells(
    explanation: Explanation,
    preparation: Preparation,
    table: Table,
    rows: Sequence[int],
    columns: int,
) -> Explanation:
    """Say of each input and target in an explanation from which cell of a table it comes.

    Args:
        explanation: of a number of a step.
        preparation: how the table became X and y.
        table: has the cells.
        rows: the table's row that each row of the batch is.
        columns: of y.

    """
    of = preparation, table, rows, columns
    own = _of_cell(explanation.what, *of)
    if own is not None and math.isclose(own.value, explanation.value, rel_tol=1e-6):
        return own
    operands = []
    for operand in explanation.operands:
        found = _of_cell(operand.name, *of)
        same = found is not None and math.isclose(found.value, operand.value, rel_tol=1e-6)
        origin = found.origin if same and found is not None else operand.origin
        operands.append(dataclasses.replace(operand, origin=origin))
    return dataclasses.replace(explanation, operands=tuple(operands))


def _of_cell(
    name: str, preparation: Preparation, table: Table, rows: Sequence[int], columns: int
) -> Explanation | None:
    """Explain an input or a target by its name, such as "x[0, 2]"; nothing for other names."""
    letter, index = parsed(name)
    if letter not in ("x", "y") or index is None:
        return None
    row, column = rows[index[0]], (*index, 0)[1]
    if letter == "x":
        return explain_input(preparation, table, row, column, name)
    return explain_target(preparation, table, row, column, name, columns=columns)


def _check_row(table: Table, row: int) -> None:
    if not 0 <= row < table.rows:
        raise DescriptionError(
            f"there is no row {row}: {table.source or 'the table'} has the rows 0 to"
            f" {table.rows - 1}"
        )


def _scaled(
    what: str, table: Table, name: str, row: int, cell: float, mean: float, scale: float
) -> Explanation:
    given: Any = named("cell", cell)
    found: Any = standardised(table, name, given, named("mean", mean), named("scale", scale))
    where = table.where(name, row)
    steps: list[Step] = []
    if isinstance(found, Number):
        steps = steps_of(what, found, float(found))
    learnt = "learnt from the training rows"
    operands = operands_of(steps, {"cell": where, "mean": learnt, "scale": learnt})
    result = steps[-1].result if steps else in_full(np.float64(found))
    origin = f"{where}, in the scale of the training rows"
    return Explanation(what, float(found), result, origin, "", "", tuple(steps), operands)
