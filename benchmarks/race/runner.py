"""A side in a process of its own: imports, compiles, and runs when it is told to.

Each library brings thread pools that fight with those of others, so none shares a process. The
parent sends numbers of epochs, and gets seconds and losses back.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from benchmarks.race.cells import CELLS

THREADS = (
    "OMP_NUM_THREADS OPENBLAS_NUM_THREADS MKL_NUM_THREADS NUMBA_NUM_THREADS"
    " NPROC TF_NUM_INTRAOP_THREADS"
).split()

ONE_THREAD_OF_XLA = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


@dataclass(frozen=True)
class Ready:
    """A side that can run, and what it took to get there."""

    import_seconds: float
    compile_seconds: float


class Runner:
    """One side of one cell, in a process of its own on a number of cores.

    Raises:
        RuntimeError: the side cannot be made, with its reason.

    """

    def __init__(self, side: str, cell: int, threads: int) -> None:
        environment = {**os.environ, **dict.fromkeys(THREADS, str(threads))}
        if threads == 1:  # XLA's own pool knows none of these names
            environment["XLA_FLAGS"] = ONE_THREAD_OF_XLA
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.race.runner", side, str(cell), str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        said = self._heard()
        if "error" in said:
            self.close()
            raise RuntimeError(said["error"])
        self.ready = Ready(**said)

    def run(self, epochs: int) -> tuple[float, float]:
        """Give seconds and final loss of a run."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{epochs}\n")
        self.process.stdin.flush()
        said = self._heard()
        if "error" in said:
            raise RuntimeError(said["error"])
        return said["seconds"], said["loss"]

    def _heard(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):  # a library may print what it likes
                found: dict[str, Any] = json.loads(line)
                return found
        return {"error": f"the process ended with {self.process.wait()}"}

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def serve(name: str, cell_number: int, threads: int) -> None:
    """Make the side, then run it for each number of epochs that comes in."""
    if hasattr(os, "sched_setaffinity"):  # a pool that does not ask for its size
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    from benchmarks.race.rows import given_for
    from benchmarks.race.sides import CannotError, make

    cell = CELLS[cell_number]
    given = given_for(cell)
    try:
        start = time.perf_counter()
        importlib.import_module(f"benchmarks.race.sides.{name}")
        imported = time.perf_counter()
        side = make(name, cell, given)
        side.run(1)
        ready = time.perf_counter()
    except (ImportError, CannotError) as error:
        _say({"error": str(error)})
        return
    _say({"import_seconds": imported - start, "compile_seconds": ready - imported})
    for line in sys.stdin:
        start = time.perf_counter()
        loss = side.run(int(line))
        _say({"seconds": time.perf_counter() - start, "loss": loss})


def _say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
