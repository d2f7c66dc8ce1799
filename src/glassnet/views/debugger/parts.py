"""The parts of a page: where it stands, the program, the values, what there is to say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from numpy.typing import NDArray

from glassnet.debugger import KEYS, Debugger
from glassnet.lines import Line
from glassnet.recording import Recording, layer_of
from glassnet.views.explanations.text import text
from glassnet.views.letters import cells, fold
from glassnet.views.numbers import numbers_in

NARROWEST = 40
FEWEST = 12  # columns for the rows of a batch
AT, STOP = "▶", "●"


def place_text(run: Recording) -> str:
    """Say where the run stands, in one sentence.

    >>> import glassnet as gn
    >>> net = gn.Network("1-1 linear", random_state=0)
    >>> place_text(gn.Recording(net, [[1.0]], [2.0], epochs=3, verbose=False))
    'epoch 1 of 3, batch 1 of 1, line 1 of 7: forward, layer 1'
    """
    layer = layer_of(run.line)
    of_layer = f", layer {layer}" if layer else ""
    return (
        f"epoch {run.epoch} of {run.epochs}, batch {run.batch} of {run.batches},"
        f" line {run.line_number} of {len(run.program.lines)}: {run.line.phase.value}{of_layer}"
    )


def step_text(run: Recording, width: int) -> str:
    """Say what holds for the whole step: the loss of its batch, its rates, its rows.

    Where there is no room for rows behind the rates, they are as many as fit into a second line.
    """
    rates = ", ".join(f"{name} {number:.4g}" for name, number in run.rates.items())
    start = f"loss {run.loss:.6g}" + (f", {rates}" if rates else "") + ", rows "
    shown = run.rows.tolist()
    rows = " ".join(map(str, shown[:width]))
    room = width - len(start)
    room = room if room >= FEWEST else width
    if len(rows) > room:
        rows = rows[: room - 2].rpartition(" ")[0] + " …"
    return start + rows


def numbered(debugger: Debugger, line: Line, number: int) -> str:
    """Give a line of the program with its number, and marks for a breakpoint and for being run."""
    at = AT if number == debugger.run.line_number else " "
    stop = STOP if number - 1 in debugger.breakpoints.lines else " "
    return f"{at}{stop}{number:>{len(str(len(debugger.run.program.lines)))}}  {line.text}"


def value_rows(debugger: Debugger, width: int) -> list[str]:
    """Give what the line read and what it made: names, shapes, and numbers as far as they fit."""
    run = debugger.run
    rows = [
        *(("read", *row) for row in _values(run.values_read)),
        *(("made", *row) for row in _values(run.values_made)),
    ]
    names = max(cells(name) for _, name, _, _ in rows)
    shapes = max(len(shape) for _, _, shape, _ in rows)
    lines = []
    for kind, name, shape, value in rows:
        start = f"{kind}  {name:<{names}}  {shape:<{shapes}}  "
        for numbers in numbers_in(value, max(12, width - len(start))):
            lines.append(start + numbers)
            start = " " * len(start)
    return lines


def _values(values: Mapping[str, NDArray[Any]]) -> Iterator[tuple[str, str, NDArray[Any]]]:
    for name, value in values.items():
        yield name, str(value.shape) if value.ndim else "", value


def explanation_rows(debugger: Debugger, width: int) -> list[str]:
    """Give the arithmetic of the number that is chosen."""
    return fold(text(debugger.explanation, width), width, hang=2).splitlines()


def key_rows(width: int) -> list[str]:
    """Give the keys with what they do, in as many columns as there is room for.

    >>> print(key_rows(90)[0])
    n  next line                               b  back a line
    """
    texts = [
        f"{key.letter}{':' + key.takes if key.takes else ''}  {key.does}" for key in KEYS.values()
    ]
    longest = max(map(len, texts))
    across = max(1, (width + 2) // (longest + 2))
    return [
        "  ".join(f"{text:<{longest}}" for text in texts[n : n + across]).rstrip()
        for n in range(0, len(texts), across)
    ]


def said(debugger: Debugger, width: int) -> list[str]:
    """Give what the last key has to say: its message, what a change would do, the keys."""
    rows = fold(f"» {debugger.message}", width, hang=2).splitlines() if debugger.message else []
    if debugger.changed is not None:
        rows += fold(debugger.changed.text(width), width, hang=4).splitlines()
    if debugger.help:
        rows += key_rows(width)
    return rows
