"""`glassnet program`: a network, written out."""

from __future__ import annotations

import click

from glassnet.cli.options import (
    ENGINES,
    loss_option,
    network_of,
    optimizer_of,
    optimizer_options,
    out_path,
)


@click.command()
@click.argument("network")
@optimizer_options
@loss_option
@click.option("--out", type=click.Path(), help="Python file to write.")
@click.option(
    "--for",
    "engine",
    type=click.Choice(ENGINES[1:]),
    default="numpy",
    show_default=True,
    help="The readable program, or the loops that are compiled from it.",
)
def program(
    network: str,
    optimizer: str,
    learning_rate: float | None,
    loss: str,
    out: str | None,
    engine: str,
) -> None:
    """Print the program of a network, or save it.

    A saved program is a Python file that needs NumPy only.

    \b
    glassnet program "2-3-1 sigmoid"
    glassnet program "784-64-10 relu softmax" --optimizer adam --out step.py
    glassnet program "2-3-1 sigmoid" --for numba
    """
    if out is not None:
        out_path(out, ".py", "a program", network)
        if engine != "numpy":
            raise click.UsageError(
                "only the readable program can be written to a file: leave --for out"
            )
    step = optimizer_of(optimizer, learning_rate)
    written = network_of(network, loss).program(optimizer=step)
    if out is None:
        click.echo(written.source_for(engine), nl=False)
    else:
        click.echo(f"written to {written.save(out)}")
