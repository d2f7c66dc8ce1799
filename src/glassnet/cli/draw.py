"""`glassnet draw`: a network as SVG, with its true weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glassnet.cli.options import (
    Whole,
    check_classes,
    features_of,
    loss_option,
    many,
    network_of,
    out_path,
    seed_option,
    target_of,
    without_option,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    import glassnet as gn

MOST = 16  # neurons of a layer


@dataclass(frozen=True)
class Example:
    """Rows to draw, their targets where these were asked for, and the table they are from."""

    X: NDArray[Any]
    y: NDArray[Any] | None
    source: str


@click.command()
@click.argument("network")
@click.argument("data", required=False)
@click.option("--target", help="Column that is wanted, for a CSV file.")
@without_option
@click.option("--row", type=Whole(0), help="Row whose values fill the neurons; by default 0.")
@click.option("--gradients", is_flag=True, help="Draw the gradients of all rows together, too.")
@click.option(
    "--most",
    type=Whole(1, MOST),
    default=MOST,
    show_default=True,
    help="Neurons of a layer that are drawn; of more, the first and the last.",
)
@loss_option
@seed_option
@click.option("--out", type=click.Path(), help="File to write: .svg, or .html as a page.")
def draw(
    network: str,
    data: str | None,
    target: str | None,
    without: tuple[str, ...],
    row: int | None,
    gradients: bool,
    most: int,
    loss: str,
    seed: int,
    out: str | None,
) -> None:
    """Draw a network with its true weights, as SVG.

    NETWORK is a short form such as "2-3-1 sigmoid", or a model file. DATA is a data set or a CSV
    file: one of its rows is drawn as it goes through the network. Without --out the SVG is
    printed.

    \b
    glassnet draw "2-3-1 sigmoid" --out net.svg
    glassnet draw "2-3-1 sigmoid" exam --row 2 --gradients --out step.svg
    glassnet draw iris.safetensors data/iris.csv --row 17 --out row17.svg
    """
    if out is not None:
        out_path(out, (".svg", ".html"), "a drawing", network, data)
    made = network_of(network, loss, seed)
    if data is None:
        _refuse_without_data(row, gradients, target, without)
        drawing = made.draw(most=most)
        about = "its weights"
    else:
        example = _example(made, data, target, without, gradients)
        if (row or 0) >= len(example.X):
            last = len(example.X) - 1
            raise click.UsageError(f"there is no row {row}: {data} has the rows 0 to {last}")
        drawing = made.draw(example.X, example.y, row=row or 0, gradients=gradients, most=most)
        about = f"row {row or 0} of {example.source}"
    if out is None:
        click.echo(drawing.svg, nl=False)
        return
    drawing.save(out)
    layout = drawing.layout
    weights = sum(link.weight is not None for link in layout.links)
    of = made.description.short()
    click.echo(
        f"{out}: {of}, {many(len(layout.neurons), 'neuron')}, {many(weights, 'weight')}; {about}"
    )


def _refuse_without_data(
    row: int | None, gradients: bool, target: str | None, without: Sequence[str]
) -> None:
    """Refuse what asks for rows where there are none."""
    asked = {
        "--row": row is not None,
        "--gradients": gradients,
        "--target": target is not None,
        "--without": bool(without),
    }
    for option, given in asked.items():
        if given:
            raise click.UsageError(
                f"{option} is about rows: name a data set or CSV file after NETWORK"
            )


def _example(
    network: gn.Network, data: str, target: str | None, without: Sequence[str], gradients: bool
) -> Example:
    """Give all rows of a data set or CSV file; targets only where gradients need them.

    A network without a table of its own takes over the file's, whose names are drawn.
    """
    from glassnet.datasets import DATASETS, dataset

    if data not in DATASETS and Path(data).suffix:
        return _of_table(network, data, target, without, gradients)
    for option, given in (("--target", target), ("--without", without)):
        if given:
            raise click.UsageError(
                f"{option} names columns of a CSV file, got the data set {data!r}"
            )
    X, y = dataset(data).make()
    if gradients and y.dtype.kind in "iu":
        check_classes(network.description, int(y.max()) + 1, data)
    return Example(X, y if gradients else None, data)


def _of_table(
    network: gn.Network, path: str, target: str | None, without: Sequence[str], gradients: bool
) -> Example:
    from glassnet.table import Preparation, Table

    table = Table.read(path)
    if network.preparation is not None:
        for option, given in (("--target", target), ("--without", without)):
            if given:
                raise click.UsageError(f"the model knows its columns: leave {option} out")
    else:
        name = target_of(table, target)
        features = features_of(table, name, without)
        network.preparation = Preparation.learn(table, name, features=features)
    preparation = network.preparation
    X = preparation.features_of(table)
    y = None
    if gradients:
        y = preparation.targets_of(table)
        if preparation.classes:
            place = f"{path}, column {preparation.target!r}"
            check_classes(network.description, len(preparation.classes), place)
    return Example(X, y, path)
