"""`glassnet data`: the data sets as CSV."""

from __future__ import annotations

from typing import Any

import click

from glassnet.cli.options import SEED, Real, Whole, many, out_path

MOST_SAMPLES = 1_000_000  # a set is made in memory, and written as text


@click.command()
@click.argument("name", required=False)
@click.option("--out", type=click.Path(), help="CSV file to write; by default it is printed.")
@click.option("--samples", type=Whole(1, MOST_SAMPLES), help="Size, for sets that are drawn.")
@click.option(
    "--noise", type=Real("a number from 0 up", min=0), help="Spread, for sets that are shaken."
)
@click.option("--seed", type=SEED, help="For sets that are drawn.")
def data(
    name: str | None, out: str | None, samples: int | None, noise: float | None, seed: int | None
) -> None:
    """Write a data set as CSV; without a name, list them.

    \b
    glassnet data
    glassnet data spiral --out spiral.csv
    glassnet data moons --samples 1000 --noise 0.2 --out moons.csv
    """
    from glassnet.datasets import DATASETS, dataset

    if name is None:
        for entry in DATASETS.values():
            click.echo(f"{entry.name:<8}  {entry.network:<22}  {entry.summary}")
        return
    if out is not None:
        out_path(out, ".csv", "a data set")
    entry = dataset(name)
    columns = _columns_of(entry, {"samples": samples, "noise": noise, "random_state": seed})
    if out is None:
        click.echo(",".join(columns))
        for row in zip(*columns.values(), strict=True):
            click.echo(",".join(map(str, row)))
        return
    from glassnet.table import write_csv

    write_csv(out, columns)
    click.echo(f"{many(len(columns[entry.target]), 'row')} of {entry.name} in {out}")


def _columns_of(entry: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Make a data set with the options that were given, and give its columns by name."""
    import inspect

    takes = inspect.signature(entry.make).parameters
    given = {key: value for key, value in options.items() if value is not None}
    for key in given:
        if key not in takes:
            word = "seed" if key == "random_state" else key
            raise click.UsageError(f"the data set {entry.name} has no --{word}")
    X, y = entry.make(**given)
    columns = {name: X[:, place] for place, name in enumerate(entry.columns)}
    return {**columns, entry.target: y.reshape(len(X))}
