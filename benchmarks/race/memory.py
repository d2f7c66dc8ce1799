"""What memory grows by while `fit` runs: 60,000 rows of 784 columns, compiled engine.

Each case is a process of its own. A fit on few rows warms the same program up; then the peak of
what the process holds is set back, and the fit on all rows is measured from there. The data stand
in memory before. Asked for float32 without validation: at most a quarter of the data, 8 copies of
the parameters, and a gradient for each thread.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.race.plots import plot_memory
from benchmarks.race.results import Results, Row
from benchmarks.race.runner import environment, on_cores

MEGABYTE = 2**20
# What is freed is given back at once, so that no fit can hide in what another one left behind.
GIVEN_BACK = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}


@dataclass(frozen=True)
class Case:
    """A fit.

    Args:
        name: what is special about it.
        options: what fit is asked for.
        rows: of 784 columns.
        dtype: of X.
        network: what is trained, with Adam.
        threads: on how many.
        asked: whether the bar holds for it.

    """

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    rows: int = 60_000
    dtype: str = "float32"
    network: str = "784-128-128-10 relu softmax"
    threads: int = 1
    asked: bool = True


CASES = (
    Case("float32"),
    Case("float32, not shuffled", {"shuffle": False}),
    Case("float32, two threads", threads=2),
    Case("float32, accuracy", {"metrics": ["accuracy"]}),
    Case("few rows, 5.8 million parameters", rows=2560, network="784-2048-2048-10 relu softmax"),
    Case("float64, of which a float32 is made", dtype="float64", asked=False),
    Case("float32, validation=0.1", {"validation": 0.1}, asked=False),
    Case("float32, early stopping", {"validation": 0.1, "early_stopping": 5}, asked=False),
)


def measure(results: Results, options: argparse.Namespace) -> None:
    """Measure each case and print what was found."""
    if not Path("/proc/self/clear_refs").exists():
        print("not measured: only Linux can set back the peak of what a process holds")
        return
    print(f"  {'MB':38}{'data':>8}{'parameters':>12}{'growth':>9}{'of data':>9}{'of bar':>8}")
    rows = []
    for number, case in enumerate(CASES):
        row = _measured(number, case)
        rows.append(row)
        share = row["growth"] / row["bar"]
        bar = f"bar {'met' if share <= 1 else 'MISSED'}" if case.asked else "not asked"
        print(
            f"  {case.name:38}{row['data'] / MEGABYTE:8.1f}{row['parameters'] / MEGABYTE:12.2f}"
            f"{row['growth'] / MEGABYTE:9.1f}{row['growth'] / row['data']:9.2f}{share:8.2f}  {bar}",
            flush=True,
        )
    results.put("memory", rows)
    plot_memory(results)


def _measured(number: int, case: Case) -> Row:
    with on_cores(case.threads):
        found = subprocess.run(
            [sys.executable, "-m", "benchmarks.race.memory", str(number)],
            env=environment(case.threads) | GIVEN_BACK,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    row: Row = json.loads(found.stdout.splitlines()[-1])
    bar = row["data"] / 4 + (8 + case.threads) * row["parameters"]
    return {"case": case.name, "threads": case.threads, **row, "bar": bar, "asked": case.asked}


# ---------------------------------------------------------------------- in a process of its own


def fitted(case: Case) -> Row:
    """Give the bytes of data and parameters, and what a fit adds to them."""
    import numpy as np

    import glassnet as gn

    random = np.random.default_rng(0)
    x = np.empty((case.rows, 784), case.dtype)
    for row in x:
        row[:] = random.standard_normal(784)
    y = random.integers(0, 10, case.rows)
    net = gn.Network(case.network, random_state=0)
    usual = {"batch_size": 128, "engine": "numba", "verbose": False, **case.options}
    few = slice(0, 1280)
    net.fit(x[few], y[few], epochs=2, **usual)
    growth = peak_growth(lambda: net.fit(x, y, epochs=2, **usual))
    size = sum(net.weights[name].nbytes for name in net.weights)
    return {"data": x.nbytes, "parameters": size, "growth": growth}


def peak_growth(task: Callable[[], Any]) -> int:
    """Give the bytes that the process holds at most while a task runs, over those before it."""
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # the peak begins anew
    before = _status("VmRSS")
    task()
    return _status("VmHWM") - before


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    (found,) = (line for line in lines if line.startswith(f"{name}:"))
    return 1024 * int(found.split()[1])


if __name__ == "__main__":
    print(json.dumps(fitted(CASES[int(sys.argv[1])])))
