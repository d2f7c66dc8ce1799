"""`glassnet step`: a recorded training, walked line by line, forwards and back."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from glassnet.cli.options import (
    ENGINES,
    MOST_ROWS,
    SEED,
    ScheduleName,
    Whole,
    batch_of,
    loss_option,
    many,
    network_of,
    optimizer_of,
    optimizer_options,
    without_option,
)

if TYPE_CHECKING:
    import glassnet as gn
    from glassnet.debugger import Debugger, Press

RANDOM_ROWS = 8  # where no data is named
MOST_KEYS = 1_000_000  # characters of a script


@click.command()
@click.argument("network")
@click.option("--data", help="Data set or CSV file; by default random numbers.")
@click.option("--target", help="Column that is wanted, for a CSV file.")
@without_option
@click.option("--rows", type=Whole(1, MOST_ROWS), help="Rows, from the top; by default all.")
@click.option("--epochs", type=Whole(1), default=10, show_default=True)
@click.option("--batch-size", type=Whole(1), default=32, show_default=True, help="Rows of a step.")
@optimizer_options
@click.option("--schedule", type=ScheduleName(), help="How the learning rate changes.")
@loss_option
@click.option(
    "--seed", type=SEED, default=0, show_default=True, help="First weights, orders and masks."
)
@click.option("--engine", type=click.Choice(ENGINES), default="auto", show_default=True)
@click.option("--keys", help='Keys to press, such as "n n b l q"; no screen is opened.')
@click.option(
    "--keys-from", type=click.Path(), help="The same, read from a file; - is what is piped in."
)
def step(
    network: str,
    data: str | None,
    target: str | None,
    without: tuple[str, ...],
    rows: int | None,
    epochs: int,
    batch_size: int,
    optimizer: str,
    learning_rate: float | None,
    schedule: str | None,
    loss: str,
    seed: int,
    engine: str,
    keys: str | None,
    keys_from: str | None,
) -> None:
    """Train, and walk it line by line, forwards and back.

    NETWORK is a short form such as "2-3-1 sigmoid", or a model file. In a terminal a screen is
    opened: press ? for its keys. Elsewhere the same keys may be given, and each prints a page; what
    is not a terminal and brings no keys gets the lines of the first step.

    \b
    glassnet step "2-3-1 sigmoid" --data exam
    glassnet step "2-3-1 sigmoid" --data exam --keys "l l v:W1[0,2] w:W1[0,2]=0.5 q"
    glassnet step "2-8-3 tanh softmax" --data spiral --optimizer adam --epochs 50
    """
    from glassnet.debugger import Debugger, presses_in
    from glassnet.recording import Recording

    script = _script(keys, keys_from)
    presses = None if script is None else list(presses_in(script))  # a flaw is said before work
    made = network_of(network, loss, seed)
    how = optimizer_of(optimizer, learning_rate, schedule)
    wanted = rows or (MOST_ROWS if data is not None else RANDOM_ROWS)
    batch = batch_of(made, data, target, without, wanted, seed)
    run = Recording(
        made,
        batch.X,
        batch.y,
        epochs=epochs,
        batch_size=batch_size,
        optimizer=how,
        random_state=seed,
        engine=engine,
        verbose=None if presses is None else False,
    )
    title = f"{made.description.short()}, {many(len(batch.X), 'row')} of {batch.source}"
    debugger = Debugger(run)
    if presses is None and _has_screen():
        from glassnet.views.debugger import screen

        screen.show(debugger, title)
        return
    _plain(debugger, title, presses)


def _script(keys: str | None, keys_from: str | None) -> str | None:
    if keys is not None and keys_from is not None:
        raise click.UsageError("--keys and --keys-from are two ways to say it: leave one out")
    if keys_from is None:
        return keys
    if keys_from == "-":
        return sys.stdin.read(MOST_KEYS)
    with Path(keys_from).open(encoding="utf-8") as file:
        return file.read(MOST_KEYS)


def _has_screen() -> bool:
    """Whether there is a terminal to read keys from and to draw on, and a library that does it."""
    from glassnet.views.debugger import screen

    if not _is_terminal():
        return False
    if os.environ.get("TERM") in ("dumb", None) and os.name != "nt":
        return False
    if screen.is_available():
        return True
    click.echo("for a screen: pip install 'glassnet[step]'; here are plain steps", err=True)
    return False


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _plain(debugger: Debugger, title: str, presses: list[Press] | None) -> None:
    from glassnet.views.debugger import plain

    width = shutil.get_terminal_size().columns
    click.echo(f"{title}: {_ending(debugger.run)}")
    for row in plain.program_rows(debugger, width):
        click.echo(row)
    click.echo()
    if presses is None and _is_terminal():
        click.echo("keys, and the return key; ? shows them all, q ends")
        plain.walk(debugger, plain.typed(sys.stdin, click.echo, strict=False), click.echo, width)
        return
    walked = plain.first_step(debugger) if presses is None else presses
    plain.walk(debugger, walked, click.echo, width)


def _ending(run: gn.Recording) -> str:
    losses = run.history.loss
    text = f"{many(run.epochs, 'epoch')} recorded, {run.history.stopped}"
    return f"{text}, loss {losses[0]:.6g} → {losses[-1]:.6g}" if len(losses) else text
