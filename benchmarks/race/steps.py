"""A training step of every cell on every side, and the floor under ours.

Runs are interleaved, and medians of seven are compared; losses are compared after a few epochs.
Rows, first weights, batches, optimizer, rate and threads are the same on every side, and so is the
order of the rows, but for Keras, which is timed in an order of its own (its loss is that of the
given order). scikit-learn has another loss for a sigmoid. Import and compile time, with empty
caches, stand in columns of their own and are not in the ratio.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator
from typing import Any

from benchmarks.race.cells import CELLS, Cell
from benchmarks.race.plots import plot_steps
from benchmarks.race.results import Results, Row
from benchmarks.race.runner import BUSY, Runner, calls_in, runners
from benchmarks.race.sides import SIDES
from benchmarks.race.verdict import at_least, compared

PACKAGE = "benchmarks.race.sides"
RUNS = 7
SECONDS = 0.4  # that a run should take
STEPS = 64  # that a run has at least: the first touches memory that all others find there
CHECKED = 3  # epochs after which the losses of all sides are compared
SAME = 1e-3  # part by which losses may differ: rounding, after so many epochs
COUNTS = {1: "one thread", 2: "two threads"}


def measure(results: Results, options: argparse.Namespace) -> None:
    """Race the chosen cells and print what was found."""
    peers = options.peers or [side for side in SIDES if side != "glassnet"]
    for threads in options.threads:
        for number, cell in enumerate(CELLS):
            if threads > 1 and not cell.two_threads:
                continue
            if options.cells and not any(part in cell.name for part in options.cells):
                continue
            row = raced(number, threads, ["glassnet", *peers])
            results.put("steps", [row], keys=("cell", "threads"))
            print("\n".join(_lines(row)), end="\n\n", flush=True)
    print("\n".join(_summary(results.rows("steps"))), flush=True)
    plot_steps(results)


def raced(number: int, threads: int, sides: list[str]) -> Row:
    """Race one cell and give its figures."""
    cell = CELLS[number]
    floor = ["floor"] if threads == 1 else []
    with runners(PACKAGE, [*sides, *floor], number, threads) as (running, missing):
        losses = {s: r.run(CHECKED, "check").found for s, r in running.items() if s != "floor"}
        epochs = {side: _epochs_in(runner, cell) for side, runner in running.items()}
        taken: dict[str, list[float]] = {side: [] for side in running}
        products: list[list[float]] = []
        for _ in range(RUNS):
            for side, runner in running.items():
                done = runner.run(epochs[side])
                taken[side].append(1e6 * done.seconds / (epochs[side] * cell.per_epoch))
                if side == "floor":
                    products.append(done.found)
        found = {
            side: _figures(runner, taken[side]) | {"loss": losses[side]}
            for side, runner in running.items()
            if side != "floor"
        }
    row = {"cell": cell.name, "threads": threads, "bar": cell.bar if threads == 1 else 1.0}
    row |= {"sides": found, "missing": missing}
    if products:
        row["floor"] = _floor(cell, products, found["glassnet"]["microseconds"])
    return row


def _epochs_in(runner: Runner, cell: Cell) -> int:
    """Give the epochs of a run; it has run with so many then."""
    found, least = calls_in(runner, SECONDS), -(-STEPS // cell.per_epoch)
    if found < least:
        runner.run(least)  # another number of epochs may be another program
    return max(found, least)


def _figures(runner: Runner, taken: list[float]) -> Row:
    return {
        "microseconds": statistics.median(taken),
        "runs": taken,
        "import_seconds": runner.ready.import_seconds,
        "compile_seconds": runner.ready.compile_seconds,
        "busy": runner.busiest,
    }


def _floor(cell: Cell, products: list[list[float]], step: float) -> Row:
    """Compare the products of a step, each by its median, with the step."""
    each = [statistics.median(taken) for taken in zip(*products, strict=True)]
    return {"microseconds": sum(each), "products": each, "share": sum(each) / step,
            "bar": cell.floor}  # fmt: skip


def fastest(row: Row) -> tuple[str, float]:
    """Give the fastest peer and its time over ours; an empty name where no peer ran."""
    ours = row["sides"]["glassnet"]["microseconds"]
    peers = {s: f["microseconds"] for s, f in row["sides"].items() if s != "glassnet"}
    if not peers:
        return "", float("nan")
    best = min(peers, key=lambda side: peers[side])
    return best, peers[best] / ours


def _lines(row: Row) -> Iterator[str]:
    """Give the table of one cell."""
    ours = row["sides"]["glassnet"]
    yield f"{row['cell']}, {COUNTS.get(row['threads'], row['threads'])}"
    yield f"  {'':16}{'µs a step':>12}{'over ours':>11}{'import s':>10}{'compile s':>11}" + (
        f"{f'loss, epoch {CHECKED}':>16}"
    )
    for side, figures in row["sides"].items():
        ratio = figures["microseconds"] / ours["microseconds"]
        yield (
            f"  {side:16}{figures['microseconds']:12.3f}{ratio:11.2f}"
            f"{figures['import_seconds']:10.2f}{figures['compile_seconds']:11.2f}"
            f"{figures['loss']:16.6f}{_remarks(side, figures, ours, row['cell'])}"
        )
    for side, reason in row["missing"].items():
        yield f"  {side:16}is missing: {reason}"
    if "floor" in row:
        yield f"  {'products alone':16}{row['floor']['microseconds']:12.3f}   {_floor_words(row)}"
    yield f"  {_verdict(row)}"


def _remarks(side: str, figures: Row, ours: Row, cell: str) -> str:
    """Say what is not as it should be with a side."""
    found = []
    loss = ours["loss"]
    if abs(figures["loss"] - loss) > SAME * abs(loss):
        random = "dropout" in cell
        found.append("masks of its own" if random else "another loss")
    if figures["busy"] > BUSY:
        found.append(f"TOOK {figures['busy']:.2f} OF ITS PROCESSORS")
    return f"   {', '.join(found)}" if found else ""


def _floor_words(row: Row) -> str:
    floor = row["floor"]
    bar = f", {at_least(floor['share'], floor['bar'])}" if floor["bar"] else ""
    return f"{floor['share']:.2f} of our step{bar}"


def _verdict(row: Row) -> str:
    side, ratio = fastest(row)
    if not side:
        return "no peer ran"
    return f"{compared(ratio)}: {ratio:.2f} of {side}, {at_least(ratio, row['bar'])}"


def _summary(rows: list[Row]) -> Iterator[str]:
    """Give a line for each cell that was ever measured."""
    sides = [side for side in SIDES if any(side in row["sides"] for row in rows)]
    for threads in sorted({row["threads"] for row in rows}):
        name = f"microseconds a step, {COUNTS.get(threads, threads)}"
        yield f"{name:46}" + "".join(f"{side:>12.11}" for side in sides)
        for row in (r for r in rows if r["threads"] == threads):
            shown = "".join(_cell_of(row["sides"].get(side)) for side in sides)
            floor = f"; products {_floor_words(row)}" if row.get("floor", {}).get("bar") else ""
            yield f"{row['cell']:46}{shown}  {_verdict(row)}{floor}"
        yield ""


def _cell_of(figures: dict[str, Any] | None) -> str:
    if figures is None:
        return f"{'–':>12}"
    digits = 3 if figures["microseconds"] < 10 else 1
    return f"{figures['microseconds']:12.{digits}f}"
