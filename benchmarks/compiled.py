"""Measure the compiled engine against hand-made loops, layers against the plain network, the guard.

Both sides of a cell get the same rows, orders, first weights and optimizer, on one thread; runs are
interleaved and medians of seven are compared. Prints a table; --json writes the figures to a file.

    python -m benchmarks.compiled
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import glassnet as gn
from benchmarks import hand_made
from glassnet.batches import Batches
from glassnet.engines import Work
from glassnet.engines.numba import NumbaEngine
from glassnet.program import Program
from glassnet.values import Values

RUNS = 7


class Compiled:
    """One network on the compiled engine, run for some epochs at a time."""

    def __init__(self, net: gn.Network, rows: int, batch: int, epochs: int) -> None:
        self.program = Program(net.description, gn.Adam(0.001))
        self.start = Values(self.program)
        for name, value in self.start.by_name.items():
            if name in net.weights:
                value[...] = net.weights[name]
        x, self.classes = data(rows, net.description.inputs, net.description.outputs)
        y = np.eye(net.description.outputs, dtype=np.float32)[self.classes]
        self.work = Work(x, y, None, Batches(rows, batch, seed=1), seed=1)
        self.steps = self.work.batches.per_epoch * epochs
        optimizer = self.program.optimizer
        self.rates = np.array([optimizer.rates_at(k + 1, 0.0) for k in range(self.steps)])
        self.engine = NumbaEngine(self.program)
        self.loss = float("nan")

    def run(self) -> None:
        """Train from the first weights."""
        values = self.start.copy()
        losses = self.engine.train(self.work, values, 0, self.steps, self.rates)
        last = losses[-self.work.batches.per_epoch :].astype(np.float64)
        bounds = [self.work.batches.bounds(k) for k in range(len(last))]
        self.loss = float(sum(v * (b - a) for v, (a, b) in zip(last, bounds, strict=True)))
        self.loss /= self.work.batches.rows


class HandMade:
    """The same network by hand."""

    def __init__(self, twin: Compiled, sizes: list[int], epochs: int) -> None:
        self.twin = twin
        self.train = hand_made.compiled(sizes)
        batches = twin.work.batches
        self.orders = np.array([batches.order(epoch) for epoch in range(epochs)])
        self.loss = float("nan")

    def run(self) -> None:
        """Train from the first weights."""
        theta = self.twin.start.parameters.copy()
        g, m, v = (np.zeros_like(theta) for _ in range(3))
        work = self.twin.work
        size = work.batches.size
        self.loss = self.train(
            work.x, self.twin.classes, self.orders, size, 0.001, 0, theta, g, m, v
        )


def data(rows: int, columns: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Make rows of normal numbers with classes that can be learnt."""
    random = np.random.RandomState(0)
    x = random.standard_normal((rows, columns)).astype(np.float32)
    y = np.argmax(x @ random.standard_normal((columns, classes)), axis=1)
    return x, y


def interleaved(*sides: Callable[[], None]) -> list[float]:
    """Give the median seconds of each side, run in turn; the first run of each is not counted."""
    for side in sides:
        side()
    taken: list[list[float]] = [[] for _ in sides]
    for _ in range(RUNS):
        for side, seconds in zip(sides, taken, strict=True):
            start = time.perf_counter()
            side()
            seconds.append(time.perf_counter() - start)
    return [statistics.median(seconds) for seconds in taken]


def against_hand_made(text: str, rows: int, batch: int, epochs: int) -> dict[str, object]:
    """Measure one network against the hand-made loop."""
    net = gn.Network(text, random_state=0)
    ours = Compiled(net, rows, batch, epochs)
    hand = HandMade(ours, [int(size) for size in text.split()[0].split("-")], epochs)
    with threadpool_limits(1):
        seconds = interleaved(ours.run, hand.run)
    mine, theirs = (1e6 * s / ours.steps for s in seconds)
    return {
        "cell": f"{text}, batch {batch}",
        "against": "hand-made loops",
        "microseconds": mine,
        "theirs": theirs,
        "ratio": mine / theirs,
        "bar": 1.25,
        "losses": [ours.loss, hand.loss],
    }


def against_plain(kind: str, layer: Callable[[], gn.Layer]) -> dict[str, object]:
    """Measure a network with a layer after each hidden one against the network without."""
    sizes, batch, epochs = (100, 100), 32, 30
    head = gn.Dense(10, "softmax")
    plain = gn.Network(64, *(gn.Dense(n, "relu") for n in sizes), head, random_state=0)
    more = [part for n in sizes for part in (gn.Dense(n, "relu"), layer())]
    full = gn.Network(64, *more, head, random_state=0)
    with_layer, without = (Compiled(net, 1792, batch, epochs) for net in (full, plain))
    seconds = interleaved(with_layer.run, without.run)
    mine, theirs = (1e6 * s / with_layer.steps for s in seconds)
    return {
        "cell": f"64-100-100-10 with {kind}, batch {batch}",
        "against": "the plain network",
        "microseconds": mine,
        "theirs": theirs,
        "ratio": mine / theirs,
        "bar": 1.2,
        "losses": [with_layer.loss, without.loss],
    }


GUARDS = {  # in general loops and in those of tiny programs: what stands there without them
    """        if not is_finite(loss):
            put_back(settings)
            return number - first + 1
""": "",
    "if not is_finite(found[0]) or not updating:": "if not updating:",
}


def against_unguarded(text: str, rows: int, batch: int, epochs: int, bar: float) -> dict[str, Any]:
    """Measure what it costs to look at each loss whether it is finite."""
    net = gn.Network(text, random_state=0)
    guarded, bare = (Compiled(net, rows, batch, epochs) for _ in range(2))
    (guard,) = (guard for guard in GUARDS if guard in bare.engine.source)
    bare.engine.source = bare.engine.source.replace(guard, GUARDS[guard])
    seconds = interleaved(guarded.run, bare.run)
    mine, theirs = (1e6 * s / guarded.steps for s in seconds)
    return {
        "cell": f"{text}, batch {batch}",
        "against": "loops without the guard",
        "microseconds": mine,
        "theirs": theirs,
        "ratio": mine / theirs,
        "bar": bar,
        "losses": [guarded.loss, bare.loss],
    }


def main() -> None:
    """Run every cell and print the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--json", type=Path, help="also write the figures to this file")
    chosen = options.parse_args()
    print(f"{'':44}{'glassnet':>10}{'other':>10}{'ratio':>8}{'bar':>7}   final losses")
    rows = []
    for cell in (
        lambda: against_hand_made("2-64-3 relu softmax", 300, 300, 3000),
        lambda: against_hand_made("2-64-3 relu softmax", 300, 32, 1000),
        lambda: against_hand_made("64-100-10 relu softmax", 1797, 32, 50),
        lambda: against_plain("layer norm", gn.LayerNorm),
        lambda: against_plain("batch norm", gn.BatchNorm),
        lambda: against_plain("dropout", lambda: gn.Dropout(0.1)),
        lambda: against_unguarded("2-3-1 sigmoid", 192, 3, 1000, 1.03),
        lambda: against_unguarded("2-64-3 relu softmax", 320, 32, 2000, 1.03),
        lambda: against_unguarded("64-100-10 relu softmax", 1792, 32, 100, 1.01),
    ):
        row = cell()
        rows.append(row)
        print(
            f"{row['cell']:44}{row['microseconds']:8.2f}µs{row['theirs']:8.2f}µs"
            f"{row['ratio']:8.2f}{row['bar']:7.2f}   "
            + " ".join(f"{loss:.5f}" for loss in row["losses"])
            + f"   against {row['against']}",
            flush=True,
        )
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
