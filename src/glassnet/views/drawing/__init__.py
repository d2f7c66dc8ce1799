"""A network, drawn with its true weights: layers from left to right, as SVG of our own.

numbers.py   a number with its name, and the arrays that are drawn
letters.py   how wide a text is
columns.py   the network as columns of values, and what links them
contents.py  the numbers that belong to one neuron
captions.py  what is said of each column
legend.py    what is said below
parts.py     what a layout is made of: plain data with places
layout.py    the places
line_numbers.py  numbers on their lines, where there is room
colours.py   colours for light and dark
svg.py       the layout as a text
drawing.py   the object that is given back
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from glassnet.arrays import check_inputs
from glassnet.description import Description
from glassnet.errors import DataError, DescriptionError
from glassnet.rules.entry import is_integer
from glassnet.trace import Trace, prediction_values
from glassnet.views.drawing.drawing import Drawing as Drawing
from glassnet.views.drawing.layout import Names, laid_out
from glassnet.views.drawing.legend import Legend
from glassnet.views.drawing.numbers import Numbers

if TYPE_CHECKING:
    from glassnet.network import Network

MOST = 16  # neurons of a layer that are drawn: more lines than theirs cannot be told apart


def draw_network(
    network: Network,
    X: ArrayLike | None = None,
    y: ArrayLike | None = None,
    *,
    row: int = 0,
    gradients: bool = False,
    most: int = MOST,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
) -> Drawing:
    """Draw a network with its weights, and with one row of X; see `Network.draw`."""
    if y is not None or gradients:
        if X is None or y is None:
            missing = "X" if X is None else "y"
            raise DataError(
                f"a step of training takes X and y, and {missing} is missing: give both, or draw"
                " without gradients"
            )
        return _of_trace(
            network, network.trace(X, y), row, gradients, most, input_names, output_names
        )
    description, program = network.description, network.values.program
    names = _names(network, description, input_names, output_names)
    arrays = {p.name: network.values.by_name[p.name] for p in program.parameters}
    arrays |= {s.name: network.values.by_name[s.name] for s in program.statistics}
    if X is None:
        _check_row(row, 1, "without X there is no row to draw")
        numbers, legend = Numbers(arrays), Legend()
    else:
        x = check_inputs(X, description, network.dtype)
        _check_row(row, len(x), f"X has the rows 0 to {len(x) - 1}")
        values = prediction_values(program, {**arrays, "x": x[row : row + 1]})
        numbers = Numbers({**arrays, **values}, called=int(row))
        legend = Legend(f"row {row} of {len(x):,}, as the network predicts")
    return Drawing(
        laid_out(description, numbers, legend, names, training=X is None, most=_checked(most))
    )


def draw_trace(
    trace: Trace,
    *,
    row: int = 0,
    gradients: bool = False,
    most: int = MOST,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
) -> Drawing:
    """Draw one row of a step of training; see `Trace.draw`."""
    return _of_trace(None, trace, row, gradients, most, input_names, output_names)


def _of_trace(
    network: Network | None,
    trace: Trace,
    row: int,
    gradients: bool,
    most: int,
    input_names: Sequence[str] | None,
    output_names: Sequence[str] | None,
) -> Drawing:
    description = trace.program.description
    rows = len(trace["x"])
    _check_row(row, rows, f"the step has the rows 0 to {rows - 1}")
    numbers = Numbers(trace, int(row), int(row), bool(gradients))
    shared = trace["y"].shape[1] != description.outputs  # one target of several quantiles
    wanted = numbers.in_row("y", 0) if shared else None
    about = f"row {row} of {rows:,} in a step of training"
    legend = Legend(about, numbers.at("loss"), wanted)
    names = _names(network, description, input_names, output_names)
    return Drawing(
        laid_out(description, numbers, legend, names, training=True, most=_checked(most))
    )


def _names(
    network: Network | None,
    description: Description,
    inputs: Sequence[str] | None,
    outputs: Sequence[str] | None,
) -> Names:
    """Give what inputs and outputs are called: as asked, or as the network's table has it."""
    preparation: Any = None if network is None else network.preparation
    scaled = preparation is not None and len(preparation.features) == description.inputs
    known = tuple(preparation.features) if scaled else ()
    return Names(
        _given("input_names", inputs, description.inputs) or known,
        _given("output_names", outputs, description.outputs)
        or _of_outputs(preparation, description.outputs),
        scaled,
    )


def _of_outputs(preparation: Any, outputs: int) -> tuple[str, ...]:
    """Say what each output is about; nothing where the table does not tell."""
    if preparation is None:
        return ()
    classes = preparation.classes
    if len(classes) == outputs:
        return tuple(str(label) for label in classes)
    if outputs == 1:
        target = preparation.target
        return (f"{target}: {classes[1]}" if len(classes) == 2 else f"{target}, scaled",)
    return ()


def _given(what: str, names: Sequence[str] | None, wanted: int) -> tuple[str, ...]:
    if names is None:
        return ()
    found = [names] if isinstance(names, str) else list(names)
    if len(found) != wanted:
        raise DataError(f"{what} must be {wanted} names, one for each, got {len(found)}")
    return tuple(str(name) for name in found)


def _check_row(row: object, rows: int, there: str) -> None:
    if not (is_integer(row) or isinstance(row, np.integer)) or not 0 <= row < rows:  # type: ignore[operator]
        raise DataError(f"there is no row {row!r}: {there}")


def _checked(most: object) -> int:
    if not (is_integer(most) or isinstance(most, np.integer)) or not 1 <= most <= MOST:  # type: ignore[operator]
        raise DescriptionError(
            f"most must be a whole number from 1 to {MOST}, the neurons of a layer that are drawn,"
            f" got {most!r}"
        )
    return int(most)  # type: ignore[call-overload,no-any-return]
