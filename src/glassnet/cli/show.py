"""`glassnet show`: one step, line by line, with its real numbers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from glassnet.cli.options import (
    batch_of,
    data_options,
    loss_option,
    many,
    network_of,
    optimizer_of,
    optimizer_options,
    seed_option,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    import glassnet as gn

MOST_LINES = 3  # of the numbers of one value


@click.command()
@click.argument("network")
@data_options
@click.option("--row", type=click.IntRange(0), default=0, show_default=True, help="Row shown.")
@click.option("--explain", "number", help="Number to explain, such as 'dW1[0, 1]'.")
@optimizer_options
@loss_option
@seed_option
def show(
    network: str,
    data: str | None,
    target: str | None,
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
    X, y = batch_of(made, data, target, rows, seed)
    if row >= len(X):
        raise click.UsageError(f"there is no row {row}: the batch has the rows 0 to {len(X) - 1}")
    trace = made.trace(X, y, optimizer=optimizer_of(optimizer, learning_rate))
    click.echo(_heading(made, data, len(X), row))
    for line in _listing(trace, row, shutil.get_terminal_size().columns):
        click.echo(line)
    click.echo()
    click.echo(str(trace.explain(number or _first_gradient(trace))))


def _heading(network: gn.Network, data: str | None, rows: int, row: int) -> str:
    description = network.description
    source = data or "random numbers"
    return (
        f"{description.short()}, loss {description.loss};"
        f" {many(rows, 'row')} of {source}, row {row} shown"
    )


def _listing(trace: gn.Trace, row: int, width: int) -> Iterator[str]:
    """Give the inputs of a step and its lines, each with its shape and its numbers."""
    entries = list(_entries(trace))
    texts = [text for _, text, _, _ in entries]
    across = min(max(map(len, texts)), max(24, width // 2))
    shapes = max(len(str(trace[name].shape)) for _, _, name, _ in entries)
    before = ""
    for phase, text, name, of_rows in entries:
        if phase != before:
            yield click.style(phase, bold=True)
            before = phase
        value = trace[name]
        start = f"  {text:<{across}}  {value.shape!s:<{shapes}}  "
        if len(text) > across:
            yield f"  {text}"
            start = f"  {'':<{across}}  {value.shape!s:<{shapes}}  "
        for numbers in _numbers(value[row] if of_rows else value, max(12, width - len(start))):
            yield start + numbers
            start = " " * len(start)


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


def _numbers(value: NDArray[Any], room: int) -> list[str]:
    """Give the numbers of a value as far as there is room, in lines; a bar stands between rows.

    >>> import numpy as np
    >>> _numbers(np.array([[1, 2.5], [3, 4]]), 40), _numbers(np.arange(9), 12)
    (['1 2.5 | 3 4'], ['0 1 2 3 4 …'])
    >>> _numbers(np.array([[1, 2.5], [3, 4]]), 7)
    ['1 2.5 |', '3 4']
    """
    rows = value.reshape(-1, value.shape[-1]) if value.ndim else value.reshape(1, 1)
    texts = [" ".join(f"{number:.4g}" for number in row) for row in rows]
    whole = " | ".join(texts)
    if len(whole) > room and 1 < len(texts) <= MOST_LINES and len(rows[0]) > 1:
        barred = [f"{text} |" for text in texts[:-1]]
        return [_cut(text, room) for text in (*barred, texts[-1])]
    return [_cut(whole, room)]


def _cut(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    return text[: room - 1].rpartition(" ")[0].removesuffix(" |") + " …"


def _first_gradient(trace: gn.Trace) -> str:
    parameter = trace.program.parameters[0]
    return f"d{parameter.name}[{', '.join('0' for _ in parameter.shape)}]"
