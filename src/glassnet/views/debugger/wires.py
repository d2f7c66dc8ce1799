"""The network as the debugger draws it: wires by the sign of their weights, numbers at neurons."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from glassnet.lines import Phase
from glassnet.recording import Recording, layer_of, made_by
from glassnet.views.letters import fold
from glassnet.views.pictures import Chart, Marks, Picture
from glassnet.views.terminal import draw

MOST_NEURONS = 6  # of a layer that is drawn
MOST_LAYERS = 5
COLUMNS = 12  # that a layer takes at least
LEGEND = "⠒⠒⠒ weight from 0 up   ⠒ ⠒ below 0   d error that came back"


def drawing(run: Recording, width: int, *, color: bool = False) -> list[str]:
    """Draw the network at the line that is looked at, with the first row of the batch.

    At each neuron stands what it puts out, as soon as the line that makes it has been run; once
    the error has come back to a layer, this stands there instead. A network that is too big is
    said in words.
    """
    sizes, weights = _layers(run)
    if max(sizes) > MOST_NEURONS or len(weights) > MOST_LAYERS:
        most = f"at most {MOST_NEURONS} in a layer and {MOST_LAYERS} layers are drawn"
        return _in_words(run, sizes, most, width)
    if width < COLUMNS * len(sizes):
        room = f"to be drawn they need {COLUMNS * len(sizes)} columns, and there are {width}"
        return _in_words(run, sizes, room, width)
    height = 2 * max(sizes) + 1
    picture = draw(_picture(run, sizes, weights), width=width, height=height, color=color)
    return [*picture.splitlines(), *fold(f"{LEGEND}; row {run.rows[0]}", width).splitlines()]


def _layers(run: Recording) -> tuple[list[int], list[str]]:
    """Give the number of inputs and of neurons of each layer, and what their weights are called."""
    weights = [p.name for p in run.program.parameters if re.fullmatch(r"W\d+", p.name)]
    shapes = [run.trace[name].shape for name in weights]
    return [run.program.description.inputs, *(shape[1] for shape in shapes)], weights


def _in_words(run: Recording, sizes: Sequence[int], why: str, width: int) -> list[str]:
    layer = layer_of(run.line)
    at = f"layer {layer} is at work" if layer else "all layers are at work"
    numbers = "their" if layer == 0 else "its"
    text = f"{' → '.join(map(str, sizes))} neurons: {why}; {at}, and {numbers} numbers stand above"
    return fold(text, width).splitlines()


def _picture(run: Recording, sizes: Sequence[int], weights: Sequence[str]) -> Picture:
    places = [[(size - 1) / 2 - n for n in range(size)] for size in sizes]
    wires = [
        (column, start, end, float(run.weights[name][i, j]))
        for column, name in enumerate(weights)
        if run.weights[name].shape == (sizes[column], sizes[column + 1])
        for i, start in enumerate(places[column])
        for j, end in enumerate(places[column + 1])
    ]
    marks = []
    for color, (name, wanted) in enumerate((("up", False), ("below", True))):
        own = [wire for wire in wires if (wire[3] < 0) == wanted]
        x = [number for column, *_ in own for number in (column, column + 1, np.nan)]
        y = [number for _, start, end, _ in own for number in (start, end, np.nan)]
        marks.append(Marks(np.array(x, float), np.array(y, float), "line", name, color))
    texts = tuple(
        (float(column), place, text)
        for column, (layer, shown) in enumerate(zip(places, _shown(run, len(sizes)), strict=True))
        for place, text in zip(layer, shown, strict=True)
    )
    return Picture((Chart(tuple(marks), axes=False, texts=texts),))


def _shown(run: Recording, layers: int) -> Iterator[list[str]]:
    """Give what stands at the neurons of each layer: outputs, or errors where they are there."""
    trace = run.trace
    done = {name for line in run.program.lines[: run.line_number] for name in made_by(trace, line)}
    yield [f"{number:.3g}" for number in trace["x"][0]]
    for layer in range(1, layers):
        name, text = f"a{layer}", ""
        if name in trace and trace.name_of(name) in done:
            text = name
        back = f"dz{layer}"
        if run.line.phase is Phase.BACKWARD and back in done:
            text = back
        size = trace[f"W{layer}"].shape[1]
        if not text:
            yield ["·"] * size
            continue
        sign = "d" if text == back else ""
        yield [f"{sign}{number:.3g}" for number in trace[text][0]]
