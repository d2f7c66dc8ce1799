"""What is said of each column: what makes it, how many neurons it has, and which are drawn."""

from __future__ import annotations

from collections.abc import Sequence

from glassnet.naming import Named
from glassnet.rules.layers import Activation, Dense
from glassnet.views.counts import many
from glassnet.views.drawing.columns import Column

ARROW = "→\u00a0"  # never alone at the end of a line
MOST_TABLES = 3  # of an Embedding, that are named one by one


def caption(
    columns: Sequence[Column], place: int, drawn: Sequence[int], *, values: bool, scaled: bool
) -> list[str]:
    """Give the lines above a column; the first is its name.

    Args:
        columns: of the network.
        place: of this one.
        drawn: its neurons that are drawn.
        values: whether the neurons are filled by the numbers of an example.
        scaled: whether inputs are columns of a table, brought to mean 0 and spread 1.

    """
    column = columns[place]
    lines = [_name(columns, place), *_made_of(column)]
    if place == 0 and scaled:
        lines.append("scaled")
    lines += [_changed(item) for item in column.changing]
    if values and len(column.values) > 1:
        lines.append(f"filled by {column.last_value}")
    if len(drawn) < column.size:
        lines.append(f"drawn: {ranges(drawn)}")
    return [line for line in lines if line]


def _name(columns: Sequence[Column], place: int) -> str:
    column = columns[place]
    if place == 0:
        return "inputs x"
    if column.dense:
        last = place == len(columns) - 1
        return f"layer {column.dense.block}{', outputs' if last else ''}"
    assert column.first is not None
    return "embedding h0" if column.first.layer.lookups() else equation_of(column.first)


def _made_of(column: Column) -> list[str]:
    if column.dense:
        layer = column.dense.layer
        assert isinstance(layer, Dense)
        plain = [] if layer.bias else ["no biases"]
        return [f"{many(column.size, 'neuron')}, {layer.activation}", *plain]
    count = many(column.size, "column")
    if column.first is None:
        return [count]
    item = column.first
    tables = [f"{item.names[t.name]}: {t.rows} × {t.columns}" for t in item.layer.lookups()]
    more = len(tables) - MOST_TABLES
    rest = [f"and {many(more, 'table')} more"] if more > 0 else []
    return [count, *tables[:MOST_TABLES], *rest]


def _changed(item: Named) -> str:
    """Say which layer changes the numbers of a column, or that it passes them on."""
    if isinstance(item.layer, Activation):
        return "" if item.layer.activation == "linear" else f"{ARROW}{item.layer.activation}"
    name = repr(item.layer).removesuffix("()")
    return f"{ARROW}{name}{', off' if item.y == item.x else ''}"


def equation_of(item: Named) -> str:
    """Give the equation of a layer that joins values, as its line in the program has it."""
    fields = {**item.names, "x": item.x, "y": item.y, "value": item.joined}
    return item.layer.forward[0].equation.format(**fields)


def ranges(places: Sequence[int]) -> str:
    """Give numbers as ranges.

    >>> ranges([0, 1, 2, 7, 8]), ranges([0, 9])
    ('0–2, 7–8', '0, 9')
    """
    runs: list[list[int]] = []
    for place in places:
        if runs and place == runs[-1][-1] + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
