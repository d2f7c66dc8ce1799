"""How the time of `fit` grows with rows, epochs and parameters: it should be in proportion.

One of the three is doubled again and again while the others stay; the compiled engine trains on one
core. What is shown for each is the power that the time grows with, over the upper half of the
points: 1 is in proportion. Below 1 a fixed cost is still being shared out, above 1 something grows
faster, as where weights no longer fit into the processor's own memory.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.race.plots import plot_growth
from benchmarks.race.results import Results, Row
from benchmarks.race.runner import environment, on_cores

RUNS = 3  # the fastest of them counts
LINEAR = 0.15  # by which the power may differ from 1


@dataclass(frozen=True)
class Fit:
    """What is trained: a network 64-width-10, its batch, rows and epochs."""

    width: int = 64
    rows: int = 2048
    epochs: int = 8
    batch: int = 64


GROWING: dict[str, Callable[[int], Fit]] = {
    "rows": lambda k: Fit(rows=1024 * 2**k),
    "epochs": lambda k: Fit(epochs=8 * 2**k),
    "parameters": lambda k: Fit(width=32 * 2**k),
}
POINTS = 8


def measure(results: Results, options: argparse.Namespace) -> None:
    """Grow each and print the times."""
    with on_cores(1):
        found = subprocess.run(
            [sys.executable, "-m", "benchmarks.race.growth"],
            env=environment(1),
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    rows: list[Row] = json.loads(found.stdout.splitlines()[-1])
    for row in rows:
        print(f"  {row['of']:12}" + "".join(f"{n:>11,}" for n in row["amounts"]))
        print(f"  {'seconds':12}" + "".join(f"{s:11.4f}" for s in row["seconds"]))
        word = "in proportion" if abs(row["power"] - 1) <= LINEAR else "NOT IN PROPORTION"
        print(f"  {'':12} power {row['power']:.2f}: {word}", flush=True)
    results.put("growth", rows)
    plot_growth(results)


def power(amounts: list[int], seconds: list[float]) -> float:
    """Give the slope of the logarithms, over the upper half of the points.

    >>> round(power([1, 2, 4, 8], [5.0, 1.0, 3.0, 9.0]), 3)
    1.585
    """
    half = len(amounts) // 2
    x, y = ([math.log(v) for v in values[half:]] for values in (amounts, seconds))
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    across = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return across / sum((a - mean_x) ** 2 for a in x)


# ---------------------------------------------------------------------- in a process of its own


def grown(of: str, fit_for: Callable[[int], Fit]) -> Row:
    """Give amounts and times as one thing grows, and the power that fits."""
    fits = [fit_for(k) for k in range(POINTS)]
    parameters = [fit.width * 64 + fit.width + fit.width * 10 + 10 for fit in fits]
    amounts = {"rows": [fit.rows for fit in fits], "epochs": [fit.epochs for fit in fits]}
    amounts["parameters"] = parameters
    best = [math.inf] * POINTS
    tasks = [_task(fit) for fit in fits]
    for _ in range(RUNS):
        for place, task in enumerate(tasks):
            start = time.perf_counter()
            task()
            best[place] = min(best[place], time.perf_counter() - start)
    return {"of": of, "amounts": amounts[of], "seconds": best, "power": power(amounts[of], best)}


def _task(fit: Fit) -> Callable[[], object]:
    import numpy as np

    import glassnet as gn

    random = np.random.default_rng(0)
    x = random.standard_normal((fit.rows, 64), dtype=np.float32)
    y = random.integers(0, 10, fit.rows)
    net = gn.Network(f"64-{fit.width}-10 relu softmax", random_state=0)

    def train(epochs: int = fit.epochs) -> None:
        net.fit(x, y, epochs=epochs, batch_size=fit.batch, engine="numba", verbose=False)

    train(1)
    return train


if __name__ == "__main__":
    print(json.dumps([grown(of, fit_for) for of, fit_for in GROWING.items()]))
