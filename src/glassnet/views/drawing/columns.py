"""A network as columns of neurons: which of its values stand in one column, and what links two.

A Dense, a join and an Embedding begin a column, as they change how many numbers there are or where
they come from. What only changes each number (activations, dropout, norms) stays in its column,
so that a weight always begins at the very number that it is multiplied with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from glassnet.description import Description
from glassnet.naming import Named, Names
from glassnet.rules.layers import Dense


@dataclass(frozen=True)
class Column:
    """Numbers that stand above each other.

    Args:
        values: names of what its neurons hold, one after the other: z1, a1, h1.
        size: number of neurons.
        layers: the one that makes it (none for the inputs), then those that change its numbers.

    """

    values: tuple[str, ...]
    size: int
    layers: tuple[Named, ...] = ()

    @property
    def first(self) -> Named | None:
        """The layer that makes the column; None for the inputs, whatever changes them."""
        return self.layers[0] if self.layers and begins_column(self.layers[0]) else None

    @property
    def changing(self) -> tuple[Named, ...]:
        """The layers that change its numbers and leave them where they are."""
        return self.layers[1:] if self.first else self.layers

    @property
    def dense(self) -> Named | None:
        """The Dense that makes it, if one does."""
        return self.first if self.first and isinstance(self.first.layer, Dense) else None

    @property
    def last_value(self) -> str:
        """Name of what it hands on."""
        return self.values[-1]


def begins_column(item: Named) -> bool:
    """Whether a layer makes other numbers than those that come in, or takes in others as well."""
    return isinstance(item.layer, Dense) or bool(item.layer.joined_value or item.layer.lookups())


def columns_of(description: Description, *, training: bool) -> list[Column]:
    """Give the columns of a network, as it is while training or when it predicts.

    >>> [column.values for column in columns_of(Description.read("2-3-1 tanh linear"),
    ...     training=True)]
    [('x',), ('z1', 'a1'), ('z2',)]
    """
    names = Names(description.inputs, description.layers, training=training)
    found = [Column(("x",), description.inputs)]
    for item in names.items:
        size = names.columns(item.width)
        if begins_column(item):
            made = [item.names["z"], item.y] if "z" in item.names else [item.y]
            found.append(Column(tuple(dict.fromkeys(made)), size, (item,)))
        else:
            last = found[-1]
            changed = tuple(dict.fromkeys((*last.values, item.y)))
            found[-1] = Column(changed, size, (*last.layers, item))
    return found


@dataclass(frozen=True)
class Lookup:
    """Where a number that an Embedding makes comes from: which number of which table's row."""

    table: str
    chosen: str
    column: int  # of the inputs, which chooses the row
    place: int  # in the row


def sources(column: Column, before: Column) -> Iterator[tuple[int, Lookup | None]]:
    """For each neuron of a join or Embedding: the neuron it is handed on from, and its table.

    A neuron of a join that only an earlier value gives is not among them.
    """
    item = column.first
    assert item is not None
    lookups = item.layer.lookups()
    named = {lookup.column for lookup in lookups}
    for place in range(before.size):
        if place not in named:
            yield place, None
    for each in lookups:
        for place in range(each.columns):
            table, chosen = item.names[each.name], item.names[each.chosen]
            yield each.column, Lookup(table, chosen, each.column, place)


def chosen_places(size: int, most: int) -> list[int]:
    """Give the neurons of a column that are drawn: all, or the first and the last of many.

    >>> chosen_places(3, 4), chosen_places(9, 5)
    ([0, 1, 2], [0, 1, 2, 7, 8])
    """
    if size <= most:
        return list(range(size))
    return [*range((most + 1) // 2), *range(size - most // 2, size)]
