"""Race every cell and print the table.

Each side of a cell is a process of its own, on as many cores as the race has threads. Runs are
interleaved and medians of seven are compared. First weights, rows, batches, optimizer and rate are
the same on every side, and so is the order, but for scikit-learn, Keras and glassnet, which shuffle
with their own. Import and compile time stand in columns of their own, and are not in the ratio.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

from benchmarks.race.cells import CELLS, Cell
from benchmarks.race.runner import Runner
from benchmarks.race.sides import SIDES

RUNS = 7
SECONDS = 0.5  # that a run should take
CHECKED = 3  # epochs after which the losses of all sides are compared
TIE = 0.03


def raced(number: int, threads: int, sides: list[str]) -> dict[str, Any]:
    """Race one cell and give its figures."""
    cell, runners, missing = CELLS[number], {}, {}
    for side in sides:
        try:
            runners[side] = Runner(side, number, threads)
        except RuntimeError as error:
            missing[side] = str(error)
    try:
        epochs = {side: _epochs(runner, cell) for side, runner in runners.items()}
        losses = {side: runner.run(CHECKED)[1] for side, runner in runners.items()}
        for side, runner in runners.items():
            runner.run(epochs[side])  # where another number of steps is another program
        taken: dict[str, list[float]] = {side: [] for side in runners}
        for _ in range(RUNS):
            for side, runner in runners.items():
                seconds, _ = runner.run(epochs[side])
                taken[side].append(1e6 * seconds / (epochs[side] * cell.per_epoch))
    finally:
        for runner in runners.values():
            runner.close()
    found = {
        side: {
            "microseconds": statistics.median(taken[side]),
            "loss": losses[side],
            "import_seconds": runner.ready.import_seconds,
            "compile_seconds": runner.ready.compile_seconds,
        }
        for side, runner in runners.items()
    }
    return {"cell": cell.name, "threads": threads, "bar": cell.bar, "sides": found,
            "missing": missing}  # fmt: skip


def _epochs(runner: Runner, cell: Cell) -> int:
    """Give the epochs that take about SECONDS."""
    runner.run(1)
    seconds, _ = runner.run(1)
    count = 1
    while seconds < SECONDS / 20:
        count *= 4
        seconds, _ = runner.run(count)
        seconds, _ = runner.run(count)
    return max(1, round(count * SECONDS / seconds))


def verdict(row: dict[str, Any]) -> str:
    """Say how the fastest peer's time compares with ours."""
    ours = row["sides"]["glassnet"]["microseconds"]
    peers = {s: f["microseconds"] for s, f in row["sides"].items() if s != "glassnet"}
    if not peers:
        return ""
    fastest = min(peers, key=lambda s: peers[s])
    ratio = peers[fastest] / ours
    bar = row["bar"] if row["threads"] == 1 else 1.0
    word = "ahead" if ratio > 1 + TIE else "a tie" if ratio > 1 - TIE else "BEHIND"
    missed = "" if ratio >= bar * (1 - TIE * (bar == 1)) else f", bar {bar} missed"
    return f"{ratio:5.2f} of {fastest}: {word}{missed}"


def main() -> None:
    """Run what is asked for."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--cells", nargs="+", help="only cells whose name holds one of these")
    options.add_argument("--peers", nargs="+", choices=[s for s in SIDES if s != "glassnet"])
    options.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options.add_argument("--json", type=Path, help="also write the figures to this file")
    chosen = options.parse_args()
    sides = ["glassnet", *(chosen.peers or [s for s in SIDES if s != "glassnet"])]
    rows = []
    for threads in chosen.threads:
        print(f"\nmicroseconds a step, {threads} thread{'s' if threads > 1 else ''}")
        print(f"{'':52}" + "".join(f"{side:>15}" for side in sides))
        for number, cell in enumerate(CELLS):
            if threads > 1 and not cell.two_threads:
                continue
            if chosen.cells and not any(part in cell.name for part in chosen.cells):
                continue
            row = raced(number, threads, sides)
            rows.append(row)
            figures = (row["sides"].get(side) for side in sides)
            shown = (f"{f['microseconds']:15.2f}" if f else f"{'–':>15}" for f in figures)
            print(f"{cell.name:52}" + "".join(shown) + f"   {verdict(row)}", flush=True)
            losses = (row["sides"].get(side) for side in sides)
            shown = (f"{f['loss']:15.5f}" if f else " " * 15 for f in losses)
            print(f"{f'  loss after {CHECKED} epochs':52}" + "".join(shown), flush=True)
            for side, reason in row["missing"].items():
                print(f"    without {side}: {reason}", flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
