"""Where the time of a compiled step goes, line by line.

The loops of a network of the race are run with a clock read after each line of their step; what
reading it takes is left out. Products are shown with their GFLOP/s, everything else with its
nanoseconds for each number that it goes through. The last line is the whole step without clocks.

    python -m benchmarks.step                       every network of the race
    python -m benchmarks.step --cells 20-128 32×10  only those whose name holds one of these
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks.race.cells import CELLS, Cell
from benchmarks.race.rows import given_for
from benchmarks.race.sides.glassnet import network_of, optimizer_of
from glassnet.batches import Batches
from glassnet.engines import Work
from glassnet.engines.loops import write_loops
from glassnet.engines.numba import NumbaEngine
from glassnet.program import Program
from glassnet.values import Values

RUNS = 7
SECONDS = 0.3  # that a run should take
FIRST, LAST = "    for number in range(first, last):\n", "    put_back(settings)\n"
INSIDE = " " * 8

CLOCK = f"""
import ctypes

clock_gettime = ctypes.CDLL(None).clock_gettime
clock_gettime.argtypes = [ctypes.c_int, ctypes.c_void_p]
clock_gettime.restype = ctypes.c_int


@compiled
def now(clock):
    clock_gettime({time.CLOCK_MONOTONIC}, clock.ctypes)
    return clock[0] * 1_000_000_000 + clock[1]


@cached"""


def statements(body: str) -> Iterator[str]:
    """Take the body of the loop over the steps apart: lines, each with all that stands under it."""
    found: list[str] = []
    for line in body.splitlines(keepends=True):
        if found and re.match(INSIDE + r"(?!else|elif)\S", line):
            yield "".join(found)
            found = []
        found.append(line)
    yield "".join(found)


def numbers_in(part: str) -> str:
    """Write how much a statement does: operations of a product, or numbers gone through."""
    product = re.match(r" *np\.dot\((.+), (.+), (.+)\)", part)
    if product:
        left, _, out = product.groups()
        return f"2 * {out}.size * {left}.shape[1]"
    loop = re.match(r" *update_\d+\(([^,]+), ([^,]+)", part)
    if loop:
        start, stop = loop.groups()
        return f"{stop} - {start}"
    if "gather(x_all" in part:
        return "x.size"
    widths = re.findall(r"\bn\d+\b", part) if "rows_" in part else []
    return f"m * max({', '.join(widths)}, 1)" if widths else "0"


def with_clocks(source: str) -> tuple[str, list[str]]:
    """Give a loop text that reads a clock after each statement of its step, and the statements."""
    head, rest = source.split(FIRST)
    body, tail = rest.split(LAST)
    parts = list(statements(body))
    text = [
        head.replace("@cached", CLOCK).replace("losses,\n):", "losses, taken, numbers, clock,\n):")
    ]
    text += [FIRST, f"{INSIDE}moment = now(clock)\n"]
    for place, part in enumerate(parts):
        text += [
            part,
            f"{INSIDE}later = now(clock)\n",
            f"{INSIDE}taken[{place}] += later - moment\n",
            f"{INSIDE}numbers[{place}] = {numbers_in(part)}\n",
            f"{INSIDE}moment = now(clock)\n",
        ]
    text += [f"{INSIDE}taken[{len(parts)}] += now(clock) - moment  # of a clock alone\n"]
    return "".join([*text, LAST, tail]), parts


class Step:
    """The compiled step of a network, run for some epochs at a time."""

    def __init__(self, cell: Cell) -> None:
        given = given_for(cell)
        net = network_of(cell, given)
        self.program = Program(net.description, optimizer_of(cell))
        self.start = Values(self.program)
        for name in net.weights:
            self.start.by_name[name][...] = net.weights[name]
        batches = Batches(cell.rows, cell.batch, seed=1)
        self.work, self.per_epoch = Work(given.x, given.y, None, batches, seed=1), cell.per_epoch
        self.sizes = {**self.program.sizes, "m": cell.batch}

    def seconds(self, engine: NumbaEngine, epochs: int) -> float:
        """Train from the first weights and give the seconds that a step took."""
        steps, values = self.per_epoch * epochs, self.start.copy()
        optimizer = self.program.optimizer
        rates = np.array([optimizer.rates_at(k + 1, 0.0) for k in range(steps)])
        start = time.perf_counter()
        done = engine.train(self.work, values, 0, steps, rates)
        assert len(done) == steps, "the loss became inf or nan"
        return (time.perf_counter() - start) / steps

    def engine(self, source: str, *more: Any) -> NumbaEngine:
        """Give an engine that runs a loop text, which takes some more arguments."""
        made = NumbaEngine(self.program)
        module = ModuleType("loops")
        text = source.replace("@cached", "@compiled")
        exec(compile(text, "<loops with clocks>", "exec"), module.__dict__)
        made._function = lambda *arguments: module.train(*arguments, *more)
        return made


def measured(cell: Cell) -> None:
    """Print where the time of a cell's step goes."""
    step = Step(cell)
    text, parts = with_clocks(write_loops(step.program))
    taken, numbers = np.zeros(len(parts) + 1, np.int64), np.zeros(len(parts), np.int64)
    clocked = step.engine(text, taken, numbers, np.zeros(2, np.int64))
    plain = step.engine(write_loops(step.program))
    epochs = 1
    step.seconds(clocked, epochs)
    step.seconds(plain, epochs)
    epochs = max(1, round(SECONDS / (step.seconds(clocked, 1) * step.per_epoch)))
    shares, whole = [], []
    for _ in range(RUNS):
        taken[:] = 0
        step.seconds(clocked, epochs)
        shares.append(taken / (epochs * step.per_epoch * 1e3))
        whole.append(step.seconds(plain, epochs) * 1e6)
    *lines, clock = np.min(shares, axis=0)
    print(f"\n{cell.name}")
    products = 0.0
    for part, microseconds, count in zip(parts, lines, numbers, strict=True):
        net = max(microseconds - clock, 0.0)
        is_product = "np.dot(" in part
        products += net * is_product
        each = ""
        if count:
            each = (
                f"{count / net / 1e3:8.1f} GFLOP/s"
                if is_product
                else f"{1e3 * net / count:8.3f} ns"
            )
        if net >= 0.0005 * sum(lines):
            print(f"{shown(part):64}{net:10.3f} µs  {each}")
    rest = sum(max(t - clock, 0.0) for t in lines) - products
    print(f"{'products, and everything else':64}{products:10.3f} µs {rest:10.3f} µs")
    print(f"{'the step, without clocks':64}{np.min(whole):10.3f} µs")


def shown(part: str) -> str:
    """Give the first line of a statement, cut to what fits."""
    line = part.strip().splitlines()[0]
    return line if len(line) <= 60 else line[:57] + "..."


def main() -> None:
    """Measure what is asked for."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--cells", nargs="+", help="only cells whose name holds one of these")
    chosen = options.parse_args()
    for cell in CELLS:
        if not chosen.cells or any(part in cell.name for part in chosen.cells):
            measured(cell)


if __name__ == "__main__":
    main()
