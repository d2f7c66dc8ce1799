"""`glassnet show`: one step, line by line, with its real numbers."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from glassnet.cli.options import (
    Batch,
    Whole,
    batch_of,
    data_options,
    loss_option,
    many,
    network_of,
    optimizer_of,
    optimizer_options,
    seed_option,
)
from glassnet.views.numbers import numbers_in

if TYPE_CHECKING:
    import glassnet as gn

FEWEST_LETTERS = 12  # for numbers, however narrow the terminal is


@click.command()
@click.argument("network")
@data_options
@click.option("--row", type=Whole(0), default=0, show_default=True, help="Row shown.")
@click.option("--explain", "number", help="Number to explain, such as 'dW1[0, 1]'.")
@optimizer_options
@loss_option
@seed_option
def show(
    network: str,
    data: str | None,
    target: str | None,
    without: tuple[str, ...],
    rows: int,
    row: int,
    number: str | None,
    optimizer: str,
    learning_rate: float | None,
    loss: str,
    seed: int,
) -> None:
    """Show one step, line by line, with its real numbers.

    NETWORK is a short form such as "2-3-1 sigmoid", or a model file. Of a value with a row for
    each sample one row is shown, of all others everything that fits.

    \b
    glassnet show "2-3-1 sigmoid" --data exam
    glassnet show "4-8-3 relu softmax" --data data/iris.csv --target species
    glassnet show "2-3-1 tanh" --optimizer adam --row 2 --explain "db2[0]"
    """
    made = network_of(network, loss, seed)
    step = optimizer_of(optimizer, learning_rate)
    batch = batch_of(made, data, target, without, rows, seed)
    if row >= len(batch.X):
        last = len(batch.X) - 1
        raise click.UsageError(f"there is no row {row}: the batch has the rows 0 to {last}")
    trace = made.trace(batch.X, batch.y, optimizer=step)
    explained = trace.explain(_first_gradient(trace) if number is None else number)
    width = shutil.get_terminal_size().columns
    for line in (*_heading(made, batch, row, width), *_listing(trace, row, width)):
        click.echo(line)
    click.echo()
    click.echo(str(explained))


def _heading(network: gn.Network, batch: Batch, row: int, width: int) -> list[str]:
    description = network.description
    text = (
        f"{description.short()}, loss {description.loss};"
        f" {many(len(batch.X), 'row')} of {batch.source}, row {row} shown"
    )
    return _broken(text, width)


def _listing(trace: gn.Trace, row: int, width: int) -> Iterator[str]:
    """Give the inputs of a step and its lines, each with its shape and its numbers."""
    entries = list(_entries(trace))
    texts = [text for _, text, _, _ in entries]
    shapes = max(len(str(trace[name].shape)) for _, _, name, _ in entries)
    room = width - shapes - FEWEST_LETTERS - 6
    across = min(max(map(len, texts)), max(24, width // 2), max(8, room))
    before = ""
    for phase, text, name, of_rows in entries:
        if phase != before:
            yield click.style(phase, bold=True)
            before = phase
        value = trace[name]
        start = f"  {text:<{across}}  {value.shape!s:<{shapes}}  "
        if len(text) > across:
            yield from _broken(f"  {text}", width)
            start = f"  {'':<{across}}  {value.shape!s:<{shapes}}  "
        for numbers in numbers_in(
            value[row] if of_rows else value, max(FEWEST_LETTERS, width - len(start))
        ):
            yield start + numbers
            start = " " * len(start)


def _broken(text: str, width: int) -> list[str]:
    """Give a line of the program in as many lines as the terminal needs.

    >>> _broken("  dW1 = x.T @ dz1", 12)
    ['  dW1 = x.T', '    @ dz1']
    """
    return textwrap.wrap(
        text,
        max(8, width),
        subsequent_indent="    ",
        break_on_hyphens=False,
        break_long_words=False,
    )


def _entries(trace: gn.Trace) -> Iterator[tuple[str, str, str, bool]]:
    """Give phase, text and value of each entry, and whether the value has a row for each sample."""
    for given in trace.program.inputs:
        if given.role.name != "STATE":  # what an optimizer remembers
            yield "given", given.name, given.name, given.shape[:1] == ("m",)
    names: dict[str, list[str]] = {}
    for name in trace:
        line = trace.line_of(name)
        if line is not None:
            names.setdefault(line.text, []).append(name)
    for line in trace.lines:
        for place, (name, shape) in enumerate(zip(names[line.text], line.shapes, strict=True)):
            text = f"  {name}" if place else line.text
            yield line.phase.value, text, name, shape[:1] == ("m",)


def _first_gradient(trace: gn.Trace) -> str:
    parameter = trace.program.parameters[0]
    return f"d{parameter.name}[{', '.join('0' for _ in parameter.shape)}]"
