"""A whole process, from nothing to a trained network: 64-100-10, 50 epochs of 1,797 rows.

Each library's program stands in processes/ and is started anew for each run, on one core; runs are
interleaved, and medians of seven are compared. What libraries keep on disk between processes is
there already: the bytecode of all Python modules, glassnet's compiled code, and JAX's where it is
told to keep it, which it does not do by itself. Asked: at most a third of PyTorch's time, and half
of JAX's.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.race.plots import plot_cold
from benchmarks.race.results import Results, Row
from benchmarks.race.runner import environment, on_cores
from benchmarks.race.verdict import at_most

RUNS = 7
# name: the program and its words; then what is set for it, {} being a folder that is kept
CACHE_OF_JAX = {
    "JAX_COMPILATION_CACHE_DIR": "{}",
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "0",
}
PROGRAMS: dict[str, tuple[list[str], dict[str, str]]] = {
    "glassnet, compiled": (["glassnet", "numba"], {"GLASSNET_CACHE_DIR": "{}"}),
    "glassnet, engine='auto'": (["glassnet", "auto"], {"GLASSNET_CACHE_DIR": "{}"}),
    "torch": (["torch"], {}),
    "jax": (["jax"], {}),
    "jax, cache on disk": (["jax"], CACHE_OF_JAX),
    "sklearn": (["sklearn"], {}),
}
BARS = {"torch": 1 / 3, "jax": 1 / 2, "jax, cache on disk": 1 / 2}


def measure(results: Results, options: argparse.Namespace) -> None:
    """Run every program in turn and print what each took."""
    taken: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    right: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, on_cores(1):
        for run in range(1 + RUNS):  # the first fills caches
            for name in list(taken):
                try:
                    seconds, right[name] = _seconds(name, folder)
                except subprocess.CalledProcessError as error:
                    print(f"  {name:26}is missing: {error.stderr.strip().splitlines()[-1]}")
                    del taken[name]
                    continue
                if run:
                    taken[name].append(seconds)
    rows: list[Row] = [
        {"program": name, "seconds": statistics.median(runs), "runs": runs, "right": right[name]}
        for name, runs in taken.items()
    ]
    ours = {row["program"]: row["seconds"] for row in rows if "glassnet" in row["program"]}
    print(f"  {'':26}{'seconds':>9}{'rows right':>12}   ours as a part of it, compiled and auto")
    for row in rows:
        bar = BARS.get(row["program"])
        parts = [seconds / row["seconds"] for seconds in ours.values()]
        words = f"   {' '.join(f'{p:.2f} {at_most(p, bar)};' for p in parts)}" if bar else ""
        print(f"  {row['program']:26}{row['seconds']:9.3f}{row['right']:12.3f}{words.rstrip(';')}")
    results.put("cold", rows)
    plot_cold(results)


def _seconds(name: str, folder: str) -> tuple[float, float]:
    """Give the seconds of a process, and the part of the rows that its network has right."""
    (program, *words), settings = PROGRAMS[name]
    start = time.perf_counter()
    found = subprocess.run(
        [sys.executable, "-m", f"benchmarks.race.processes.{program}", *words],
        env=_environment(folder) | {k: v.format(folder) for k, v in settings.items()},
        capture_output=True,
        text=True,
        check=True,
    )
    return time.perf_counter() - start, float(found.stdout.split()[-1])


def _environment(folder: str) -> dict[str, str]:
    """Give the environment of a process, in which Python keeps the bytecode of all modules alike.

    Installed libraries have theirs; without it, only what runs from a clone would be read anew.
    """
    kept = {k: v for k, v in environment(1).items() if k != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(Path(folder, "bytecode"))}
