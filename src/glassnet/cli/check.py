"""`glassnet check`: gradients beside those found by nudging."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from glassnet.cli.group import FAILED
from glassnet.cli.options import batch_of, data_options, loss_option, many, network_of, seed_option

MOST_LISTED = 24  # gradients; of more, only the worst of each array


@click.command()
@click.argument("network")
@data_options
@loss_option
@seed_option
@click.pass_context
def check(
    context: click.Context,
    network: str,
    data: str | None,
    target: str | None,
    without: tuple[str, ...],
    rows: int,
    loss: str,
    seed: int,
) -> None:
    """Compare gradients with those found by nudging each weight.

    Exit code 0 if they agree, 1 if not. Of a large network only the worst number of each array is
    listed; all are compared.

    \b
    glassnet check "2-3-1 sigmoid" --data exam
    glassnet check "4-8-3 relu softmax" --data data/iris.csv --target species --rows 20
    """
    made = network_of(network, loss, seed)
    batch = batch_of(made, data, target, without, rows, seed)
    report = made.check_gradients(batch.X, batch.y)
    count = many(len(batch.X), "row")
    click.echo(f"{made.description.short()}, loss {made.description.loss}; {count}")
    for line in _compared(report):
        click.echo(line)
    click.echo(str(report))
    click.echo("passed" if report.passed else "FAILED")
    context.exit(0 if report.passed else FAILED)


def _compared(report: Any) -> Iterator[str]:
    import numpy as np

    many = sum(value.size for value in report.exact.values()) > MOST_LISTED
    cells = [("", "ours", "nudged", "difference")]
    for name, exact in report.exact.items():
        nudged = report.nudged[name]
        gaps = np.nan_to_num(np.abs(exact - nudged))  # nan where only a sample was nudged
        places = (
            [np.unravel_index(int(np.argmax(gaps)), gaps.shape)] if many else np.ndindex(gaps.shape)
        )
        for place in places:
            where = f"d{name}[{', '.join(map(str, place))}]"
            numbers = (
                f"{exact[place] + 0.0: .10g}",
                f"{nudged[place] + 0.0: .10g}",
                f"{gaps[place]:.1e}",
            )
            cells.append((where, *numbers))
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    for row in cells:
        yield "  ".join(
            f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)
        ).rstrip()
