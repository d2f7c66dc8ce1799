"""Rows a second that are predicted, in calls of 1, 100 and 100,000 rows, on one thread.

All sides have the same weights, take the same NumPy array and give the same chances; calls are
interleaved, and medians of seven are compared. PyTorch runs eagerly, in inference mode.
"""

from __future__ import annotations

import argparse
import statistics

from benchmarks.race.plots import plot_predict
from benchmarks.race.predictors import CASES, PREDICTORS
from benchmarks.race.results import Results, Row
from benchmarks.race.runner import BUSY, Runner, calls_in, runners
from benchmarks.race.verdict import compared

PACKAGE = "benchmarks.race.predictors"
RUNS = 7
SECONDS = 0.2  # that a run should take
CHECKED = 3  # rows whose outputs are compared
SAME = 1e-4  # by which they may differ


def measure(results: Results, options: argparse.Namespace) -> None:
    """Predict on every side and print rows a second."""
    print(f"  {'rows a second':26}" + "".join(f"{side:>14}" for side in PREDICTORS))
    rows = []
    missing: dict[str, str] = {}
    for number, case in enumerate(CASES):
        with runners(PACKAGE, list(PREDICTORS), number, 1) as (running, without):
            row = {"case": case.name, **_measured(running, case.batch)}
        rows.append(row)
        missing |= without
        shown = (row["rows_a_second"].get(side) for side in PREDICTORS)
        figures = "".join(f"{'–':>14}" if v is None else f"{v:14,.0f}" for v in shown)
        print(f"  {case.name:26}{figures}   {_verdict(row)}", flush=True)
    for side, reason in missing.items():
        print(f"  {side} is missing: {reason}")
    results.put("predict", rows)
    plot_predict(results)


def _measured(running: dict[str, Runner], batch: int) -> Row:
    outputs = {side: runner.run(CHECKED, "check").found for side, runner in running.items()}
    calls = {side: calls_in(runner, SECONDS) for side, runner in running.items()}
    taken: dict[str, list[float]] = {side: [] for side in running}
    for _ in range(RUNS):
        for side, runner in running.items():
            taken[side].append(runner.run(calls[side]).seconds / (calls[side] * batch))
    ours = outputs["glassnet"]
    apart = {s: max(abs(a - b) for a, b in zip(ours, o, strict=True)) for s, o in outputs.items()}
    return {
        "rows_a_second": {side: 1 / statistics.median(seconds) for side, seconds in taken.items()},
        "apart": apart,
        "busy": {side: runner.busiest for side, runner in running.items()},
    }


def _verdict(row: Row) -> str:
    """Say how we compare with the fastest of the others."""
    others = {side: speed for side, speed in row["rows_a_second"].items() if side != "glassnet"}
    if not others:
        return "no peer ran"
    best = max(others, key=lambda side: others[side])
    ratio = row["rows_a_second"]["glassnet"] / others[best]
    found = [f"{compared(ratio)}: {ratio:.2f} of {best}"]
    found += [f"{side} GIVES OTHER OUTPUTS" for side, by in row["apart"].items() if by > SAME]
    found += [f"{side} TOOK {b:.2f} PROCESSORS" for side, b in row["busy"].items() if b > BUSY]
    return ", ".join(found)
