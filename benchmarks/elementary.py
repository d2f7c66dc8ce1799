"""Measure the compiled engine's exp, log, tanh … against Numba's: nanoseconds an element.

Each stands in a loop over an array that fits the cache, compiled with the engine's settings; runs
are interleaved, and medians are compared. The bar is for float32.

    python -m benchmarks.elementary
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from glassnet.engines import elementary
from glassnet.engines.compiled import compiled
from glassnet.engines.loops import ELEMENTARY

ELEMENTS, RUNS, REPEATS = 8192, 15, 10
BAR = 1.0

Loop = Callable[[np.ndarray, np.ndarray], None]


def over(function: Any) -> Loop:
    """Compile a loop that calls a function for each element."""

    @compiled
    def loop(x: np.ndarray, out: np.ndarray) -> None:
        for i in range(x.size):
            out[i] = function(x[i])

    return loop


def of_numba(name: str) -> Any:
    """Give what Numba makes of NumPy's function."""
    function = getattr(np, name)
    return njit(lambda x: function(x))


def nanoseconds(x: np.ndarray, *loops: Loop) -> list[float]:
    """Give the median nanoseconds an element of each loop, run in turn."""
    out = np.empty_like(x)
    taken: list[list[float]] = [[] for _ in loops]
    for run in range(RUNS + 1):
        for loop, seconds in zip(loops, taken, strict=True):
            start = time.perf_counter()
            for _ in range(REPEATS if run else 1):
                loop(x, out)
            if run:  # the first run compiles
                seconds.append(time.perf_counter() - start)
    return [1e9 * statistics.median(seconds) / (x.size * REPEATS) for seconds in taken]


def main() -> None:
    """Print the table."""
    normal = 3 * np.random.RandomState(0).standard_normal(ELEMENTS)
    print(f"{'one element':20}{'glassnet':>12}{'Numba':>10}{'ratio':>8}{'bar':>10}")
    for dtype in ("float32", "float64"):
        for name in ELEMENTARY:
            x = (np.abs(normal) if name.startswith("log") else normal).astype(dtype)
            loops = over(getattr(elementary, f"{name}_{dtype}")), over(of_numba(name))
            ours, theirs = nanoseconds(x, *loops)
            bar = f"{BAR:7.2f} ns" if dtype == "float32" else ""
            print(
                f"{name + ' ' + dtype:20}{ours:9.2f} ns{theirs:7.2f} ns{ours / theirs:8.2f}{bar}",
                flush=True,
            )


if __name__ == "__main__":
    main()
