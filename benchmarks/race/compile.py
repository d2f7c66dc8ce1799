"""The first compile ever, by the number of dense layers: seconds of the first step in `fit`.

Each network (32 columns, hidden layers of 32) is trained in a process of its own with an empty
cache, on one core, for one epoch, and for another: the difference is what compiling costs, with the
import of the compiler. Then the same in a new process, with what is kept on disk by then. Asked of
the first: 3 s up to 4 layers, then 0.4 s for each further one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time

from benchmarks.race.plots import plot_compile
from benchmarks.race.results import Results, Row
from benchmarks.race.runner import environment, on_cores
from benchmarks.race.verdict import at_most

LAYERS = (1, 2, 3, 4, 6, 8, 12, 16, 20)


def bar_for(layers: int) -> float:
    """Give the seconds that are asked for.

    >>> bar_for(4), bar_for(6)
    (3.0, 3.8)
    """
    return 3.0 + 0.4 * max(0, layers - 4)


def measure(results: Results, options: argparse.Namespace) -> None:
    """Compile networks of more and more layers and print what each took."""
    print(f"  {'layers':>8}{'first s':>10}{'again s':>10}{'first s a layer':>18}")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        _seconds(1, folder)  # brings the libraries themselves into memory
    for layers in LAYERS:
        with tempfile.TemporaryDirectory() as folder:
            first, again = _seconds(layers, folder), _seconds(layers, folder)
        bar = bar_for(layers)
        rows.append({"layers": layers, "first": first, "again": again, "bar": bar})
        figures = f"{layers:8}{first:10.2f}{again:10.2f}{first / layers:18.2f}"
        print(f"  {figures}   {at_most(first, bar)}", flush=True)
    results.put("compile", rows)
    plot_compile(results)


def _seconds(layers: int, folder: str) -> float:
    with on_cores(1):
        found = subprocess.run(
            [sys.executable, "-m", "benchmarks.race.compile", str(layers)],
            env=environment(1) | {"GLASSNET_CACHE_DIR": folder},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    return float(json.loads(found.stdout.splitlines()[-1]))


# ---------------------------------------------------------------------- in a process of its own


def compiling(layers: int) -> float:
    """Give the seconds of a first fit over those of a second one."""
    import numpy as np

    import glassnet as gn

    random = np.random.default_rng(0)
    x, y = random.standard_normal((640, 32)), random.integers(0, 3, 640)
    hidden = [gn.Dense(32, "relu") for _ in range(layers - 1)]
    net = gn.Network(32, *hidden, gn.Dense(3, "softmax"), random_state=0)
    taken = []
    for _ in range(2):
        start = time.perf_counter()
        net.fit(x, y, epochs=1, batch_size=64, engine="numba", verbose=False)
        taken.append(time.perf_counter() - start)
    return taken[0] - taken[1]


if __name__ == "__main__":
    print(json.dumps(compiling(int(sys.argv[1]))))
