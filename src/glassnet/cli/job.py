"""A table that is to be learnt from, and the network for it: what the commands that train share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from glassnet.cli.options import Real, features_of, many, target_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    import glassnet as gn
    from glassnet.table import Preparation, Table

_WEIGHT = Real("a weight above 0", min=0, min_open=True)


@dataclass(frozen=True)
class Asked:
    """A table, the column that is to be learnt, and those that it is learnt from."""

    table: Table
    target: str
    features: Sequence[str]


def table_of(data: str, target: str | None, without: Sequence[str], short: str | None) -> Asked:
    """Read the table; a short form of a network that cannot be read is refused before that."""
    import glassnet as gn
    from glassnet.table import Table

    if short is not None:
        gn.Description.read(short)
    table = Table.read(data)
    name = target_of(table, target)
    return Asked(table, name, features_of(table, name, without))


@dataclass(frozen=True)
class Job:
    """A table, ready to be learnt from: numbers, which rows train and which test, a network."""

    table: Table
    preparation: Preparation
    network: gn.Network
    X: NDArray[Any]
    y: NDArray[Any]
    training: NDArray[Any]
    testing: NDArray[Any]

    def about(self) -> Iterator[str]:
        """Say what there is, a line each."""
        yield from about(self.table, self.preparation)
        yield f"rows    {len(self.training)} for training, {len(self.testing)} held out"
        yield about_network(self.network)


def job_of(asked: Asked, short: str | None, held_out: float, seed: int) -> Job:
    """Make a network for a table, with numbers scaled by the rows for training."""
    from glassnet.table import Preparation

    table, target = asked.table, asked.target
    training, testing = _parts(table, target, held_out, seed)
    preparation = Preparation.learn(table, target, training, features=asked.features)
    network = network_for(preparation, len(training), short, seed)
    X, y = preparation.features_of(table), preparation.targets_of(table)
    return Job(table, preparation, network, X, y, training, testing)


def _parts(
    table: Table, target: str, held_out: float, seed: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Choose the rows for training and those held out; of classes, a part of each is held out."""
    import numpy as np

    from glassnet.errors import DataError, TableError
    from glassnet.table import split

    if held_out == 0:
        return np.arange(table.rows), np.arange(0)
    labels = table.labels(target) if table.kind(target) == "classes" else None
    if labels is not None and len(set(labels.tolist())) == table.rows > 1:
        raise TableError(
            f"{table.place(target)}: every class has one row only, so none can be held out; choose"
            " another target if this is an id column, or take --held-out 0"
        )
    try:
        return split(table.rows, held_out, seed, labels)
    except DataError as flaw:
        raise TableError(f"{table.source}: {flaw}") from None


def class_weight_of(given: Sequence[str], preparation: Preparation) -> Any:
    """Give what `fit` takes: None, "balanced", or the weight of each class that was named."""
    if not given:
        return None
    if preparation.kind != "classes":
        raise click.UsageError(
            f"{preparation.target} is a number and has no classes: leave --class-weight out"
        )
    if given == ("balanced",):
        return "balanced"
    number_of = {str(label): number for number, label in enumerate(preparation.classes)}
    weights: dict[int, float] = {}
    for text in given:
        label, _, weight = text.rpartition("=")
        if label not in number_of:
            raise click.UsageError(
                f"--class-weight is balanced, or LABEL=WEIGHT with a label of {preparation.target}"
                f" ({few(preparation.classes)}), got {text!r}"
            )
        weights[number_of[label]] = _WEIGHT.convert(weight, None, None)
    return weights


def about(table: Table, preparation: Preparation) -> Iterator[str]:
    """Say what is in a table, and what is wanted of it."""
    columns = many(len(preparation.features), "column")
    yield f"table   {table.source}: {many(table.rows, 'row')}, {columns} beside the target"
    wanted = "a number"
    if preparation.classes:
        wanted = f"{len(preparation.classes)} classes: {few(preparation.classes)}"
    yield f"target  {preparation.target}, {wanted}"
    for name in preparation.constant:
        yield f"note    column {name} never changes, so nothing can be learnt from it"


def few(labels: Sequence[object]) -> str:
    """Name the first labels, and say where there are more.

    >>> few("abcdefg")
    'a, b, c, d, e, …'
    """
    shown = ", ".join(map(str, labels[:5]))
    return shown if len(labels) <= 5 else f"{shown}, …"


def network_for(preparation: Preparation, rows: int, short: str | None, seed: int) -> gn.Network:
    """Make the network that was asked for, or a usual one: the more rows, the larger."""
    import glassnet as gn

    classes = preparation.kind == "classes"
    inputs, outputs = len(preparation.features), preparation.outputs
    usual = "16" if rows < 1000 else "64-64"
    last = "softmax" if classes else "linear"
    if short is None:
        short = f"{inputs}-{usual}-{outputs} relu {last}"
    network = gn.Network(short, random_state=seed)
    description = network.description
    if description.inputs != inputs:
        raise click.UsageError(
            f"the table has {many(inputs, 'column')} beside the target, but"
            f" {description.short()!r} takes {description.inputs}: begin it with {inputs}-"
        )
    single = len(preparation.classes) == 2 and description.output_activation == "sigmoid"
    if description.outputs == 1 and single:
        return gn.Network(short, loss="binary_cross_entropy", random_state=seed)
    if description.outputs != outputs or (classes and description.output_activation != "softmax"):
        raise click.UsageError(
            f"{preparation.target} needs a network that ends in {outputs} and {last},"
            f" got {description.short()!r}"
        )
    return network


def about_network(network: gn.Network) -> str:
    """Say which network it is, and how large."""
    description, size = network.description, sum(v.size for v in network.weights.values())
    return f"network {description.short()}, loss {description.loss}, {size:,} parameters"
