"""`glassnet predict`: use a saved model on a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from glassnet.cli.options import many, out_path

if TYPE_CHECKING:
    from numpy.typing import NDArray

    import glassnet as gn
    from glassnet.table import Preparation, Table

LISTED = 10  # rows of predictions that are listed in the terminal


@click.command()
@click.argument("model", type=click.Path())
@click.argument("data", type=click.Path())
@click.option("--out", type=click.Path(), help="CSV file for all predictions.")
def predict(model: str, data: str, out: str | None) -> None:
    """Predict for the rows of a CSV file with a saved model.

    The columns may stand in any order, and others beside them. Where the target is among them, the
    predictions are scored too.

    \b
    glassnet predict iris.safetensors data/iris.csv
    glassnet predict iris.safetensors new.csv --out predictions.csv
    """
    import glassnet as gn
    from glassnet.rules.reading import reading_of
    from glassnet.table import Table, write_csv

    if out is not None:
        out_path(out, ".csv", "a table of predictions", model, data)
    network = gn.load(model)
    preparation = network.preparation
    if preparation is None:
        raise click.UsageError(
            f"{model} was saved without its table's preparation, so it cannot read a CSV file: use"
            " glassnet.load in Python"
        )
    table = Table.read(data)
    X = preparation.features_of(table)
    outputs = network.predict(X)
    reading = reading_of(network.description.loss, network.description.output_activation)
    found = preparation.predictions(outputs, reading.cut)
    columns: dict[str, Any] = {preparation.target: found}
    if preparation.kind == "classes" and reading.chances is not None:
        columns["probability"] = _probability(reading.chances(outputs))
    if out is None:
        for line in _columns(columns):
            click.echo(line)
    else:
        write_csv(out, columns)
        click.echo(f"{many(table.rows, 'prediction')} in {out}")
    if preparation.target in table.columns:
        click.echo(_scored(network, preparation, table, X))


def _probability(chances: NDArray[Any]) -> NDArray[Any]:
    """Give the chance of the label that was predicted."""
    import numpy as np

    if chances.shape[1] == 1:
        return np.asarray(np.maximum(chances[:, 0], 1 - chances[:, 0]))
    return np.asarray(chances.max(axis=1))


def _columns(columns: dict[str, Any]) -> Iterator[str]:
    """Give the first rows as a table for people, and say how many there are beside them."""
    rows = len(next(iter(columns.values())))
    shown = [
        [
            name,
            *(
                f"{v + 0.0:.4g}" if isinstance(v, float) else str(v)
                for v in values[:LISTED].tolist()
            ),
        ]
        for name, values in {"row": _counted(rows), **columns}.items()
    ]
    widths = [max(map(len, column)) for column in shown]
    for cells in zip(*shown, strict=True):
        padded = (f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
        yield "  ".join(padded).rstrip()
    if rows > LISTED:
        yield f"… and {rows - LISTED} more: --out FILE writes all of them"


def _counted(rows: int) -> NDArray[Any]:
    import numpy as np

    return np.arange(1, rows + 1)


def _scored(network: gn.Network, preparation: Preparation, table: Table, X: NDArray[Any]) -> str:
    from glassnet.errors import TableError

    try:
        y = preparation.targets_of(table)
    except TableError as error:  # predictions need no target, so a bad one is no reason to stop
        return f"not scored: {error}"
    if preparation.kind == "classes":
        right = network.evaluate(X, y, metrics=["accuracy"])["accuracy"]
        return f"accuracy {right:.1%} on {many(table.rows, 'row')}"
    found = network.evaluate(X, y, metrics=["r2", "rmse"])
    return f"R² {found['r2']:.3f}, RMSE {found['rmse'] * preparation.target_scale:.4g}"
