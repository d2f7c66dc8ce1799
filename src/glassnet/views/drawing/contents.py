"""The numbers that belong to one neuron: its bias and other parameters, its values, its errors."""

from __future__ import annotations

from collections.abc import Iterator

from glassnet.naming import Named
from glassnet.rules.layers import Dense
from glassnet.views.drawing.columns import Column, sources
from glassnet.views.drawing.numbers import Number, Numbers


def own_numbers(
    numbers: Numbers, column: Column, before: Column | None, place: int
) -> Iterator[Number]:
    """Give every number of a neuron, in the order in which a step makes them.

    Args:
        numbers: that there are.
        column: of the neuron.
        before: the column to the left of it.
        place: of the neuron in its column.

    """
    found: list[Number | None] = []
    if before is None:
        found.append(numbers.in_row("x", place))
    for item in column.layers:
        found += _parameters(numbers, item, place)
        if before is not None and item.layer.lookups():
            found += _looked_up(numbers, column, before, place)
        for name in (item.names.get("z"), item.y):
            if name is not None and name != item.x:
                found.append(numbers.in_row(name, place))
    yield from {number.name: number for number in found if number}.values()
    yield from reversed(list(errors(numbers, column, place)))


def _parameters(numbers: Numbers, item: Named, place: int) -> Iterator[Number | None]:
    """Give what a layer keeps for a neuron, trained or running, and what is drawn for it."""
    layer = item.layer
    own = [n for n, _ in (*layer.parameters, *layer.statistics)]
    for short in ["b"] if isinstance(layer, Dense) else own:
        yield numbers.at(item.names[short], place)
        yield numbers.slope(item.names[short], place)
    for chance in layer.random:
        yield numbers.in_row(item.names[chance.name], place)


def _looked_up(
    numbers: Numbers, column: Column, before: Column, place: int
) -> Iterator[Number | None]:
    """Give the number of a table that a neuron of an Embedding was given."""
    _, lookup = list(sources(column, before))[place]
    which = numbers.in_row("x", lookup.column) if lookup else None
    if lookup and which:
        row = int(which.value)
        yield numbers.at(lookup.table, row, lookup.place)
        yield numbers.slope(lookup.table, row, lookup.place)
        yield numbers.in_row(lookup.chosen, lookup.place)


def biases(numbers: Numbers, column: Column, place: int) -> tuple[Number | None, Number | None]:
    """Give the bias of a neuron and its gradient, each where there is one."""
    if column.dense is None:
        return None, None
    name = column.dense.names["b"]
    return numbers.at(name, place), numbers.slope(name, place)


def errors(numbers: Numbers, column: Column, place: int) -> Iterator[Number]:
    """Give the gradients by the values of a neuron, that of its weighted sum first."""
    for name in column.values:
        error = numbers.error(name, place)
        if error:
            yield error
