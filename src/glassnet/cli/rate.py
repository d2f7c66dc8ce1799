"""`glassnet rate`: find a learning rate for a table."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glassnet.cli.fit import USUAL_BATCH
from glassnet.cli.job import job_of, table_of
from glassnet.cli.options import (
    SEED,
    OptimizerName,
    Real,
    Whole,
    optimizer_of,
    out_path,
    without_option,
)

if TYPE_CHECKING:
    import glassnet as gn

MOST_COLUMNS = 76
PICTURES = (".png", ".svg", ".pdf")


@click.command()
@click.argument("data", type=click.Path())
@click.option("--target", help="Column to be learnt.")
@without_option
@click.option("--network", "short", help="Short form; by default chosen by the table.")
@click.option("--batch-size", type=Whole(1), default=USUAL_BATCH, show_default=True)
@click.option(
    "--optimizer",
    type=OptimizerName(),
    default="adam",
    show_default=True,
    help="What makes the update.",
)
@click.option("--steps", type=Whole(10), default=100, show_default=True, help="Rates to be tried.")
@click.option("--seed", type=SEED, default=0, show_default=True)
@click.option(
    "--held-out",
    type=Real("a number from 0 up to, not including, 1", min=0, max=1, max_open=True),
    default=0.2,
    show_default=True,
    help="Part of the rows that `fit` only tests with, left out here too.",
)
@click.option("--out", type=click.Path(), help="Picture to write: .png, .svg or .pdf.")
def rate(
    data: str,
    target: str | None,
    without: tuple[str, ...],
    short: str | None,
    batch_size: int,
    optimizer: str,
    steps: int,
    seed: int,
    held_out: float,
    out: str | None,
) -> None:
    """Find a learning rate for a CSV file, and draw the search.

    A network is trained for one step at each of many rates, from far too small to far too large.
    Where its loss falls fastest is a good rate for `fit`, which takes the same options.

    \b
    glassnet rate data/iris.csv --target species
    glassnet rate houses.csv --target price --optimizer sgd --out rate.png
    """
    path = None if out is None else _picture_path(out, data)
    step = optimizer_of(optimizer, None)
    job = job_of(table_of(data, target, without, short), short, held_out, seed)
    finding = job.network.find_learning_rate(
        job.X[job.training],
        job.y[job.training],
        optimizer=step,
        steps=steps,
        batch_size=batch_size,
    )
    for line in job.about():
        click.echo(line)
    _show(finding, path)


def _picture_path(out: str, data: str) -> str:
    suffix = Path(out).suffix
    if suffix not in PICTURES:
        raise click.UsageError(f"a picture is saved as {', '.join(PICTURES)}, got {out!r}")
    return out_path(out, suffix, "a picture", data)


def _show(finding: gn.RateFinding, path: str | None) -> None:
    """Print the picture and the suggestion; write the picture to a file, if one is named."""
    from glassnet.plots import files
    from glassnet.views import pictures, terminal

    if len(finding.rates):
        picture = pictures.learning_rate(finding)
        if path is not None:
            files.save(picture, path)
        width = min(MOST_COLUMNS, shutil.get_terminal_size().columns)
        how: dict[str, Any] = {"width": width, "color": terminal.wants_color(sys.stdout)}
        click.echo(terminal.draw(picture, height=14, **how), color=how["color"] or None)
        if path is not None:
            click.echo(f"saved   {path}")
    click.echo(str(finding))
    if finding.suggestion is not None:
        click.echo(f"next    glassnet fit … --learning-rate {finding.suggestion:.2g}")
