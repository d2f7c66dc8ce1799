"""A side in a process of its own: imports, compiles, and runs when it is told to.

Each library brings thread pools that fight with those of others, so none shares a process. The
process is bound to its cores before it begins, so that no pool can be larger. The parent says what
is to be done, and gets seconds, processor seconds and what was found back.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from benchmarks.race.sides import CannotError

THREADS = (
    "OMP_NUM_THREADS OPENBLAS_NUM_THREADS MKL_NUM_THREADS NUMBA_NUM_THREADS NPROC"
    " TF_NUM_INTRAOP_THREADS"
).split()
# Compiled code that is kept between processes: every side begins with an empty folder.
CACHES = "GLASSNET_CACHE_DIR TORCHINDUCTOR_CACHE_DIR".split()
BUSY = 1.05  # processor seconds a second and thread, above which a side took more than it has
REST = 0.05  # seconds before a run on several cores: waiting threads of other sides fall asleep


@dataclass(frozen=True)
class Ready:
    """A side that can run, and what it took to get there."""

    import_seconds: float
    compile_seconds: float


@dataclass(frozen=True)
class Done:
    """What a run took, and what it found."""

    seconds: float
    processor_seconds: float
    found: Any


@contextlib.contextmanager
def on_cores(count: int) -> Iterator[None]:
    """Bind processes that are started here to so many cores, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    all_cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(all_cores)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_cores)


def environment(threads: int) -> dict[str, str]:
    """Give the environment of a process with so many threads."""
    return {**os.environ, **dict.fromkeys(THREADS, str(threads))}


class Runner:
    """One side of one cell, in a process of its own on cores of its own.

    Args:
        sides: the package of sides: "benchmarks.race.sides".
        side: the module in it, whose `make(number)` gives something with `run(count)`.
        number: of the cell.
        threads: how many it may use.

    Raises:
        CannotError: the side cannot be made, with its reason.

    """

    def __init__(self, sides: str, side: str, number: int, threads: int) -> None:
        self.threads = threads
        self.busiest = 0.0  # processor seconds a second and thread, over all runs
        self.folder = tempfile.TemporaryDirectory(prefix="race-")
        with on_cores(threads):
            self.process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.race.runner", sides, side, str(number)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=environment(threads) | dict.fromkeys(CACHES, self.folder.name),
            )
        try:
            self.ready = Ready(**self._heard())
        except BaseException:
            self.close()
            raise

    def run(self, count: int, what: str = "run") -> Done:
        """Let the side do `what` with a count of epochs, or of calls."""
        if self.threads > 1:
            time.sleep(REST)
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what} {count}\n")
        self.process.stdin.flush()
        done = Done(**self._heard())
        if done.seconds > 0.05:  # clocks of processors are coarse
            busy = done.processor_seconds / done.seconds / self.threads
            self.busiest = max(self.busiest, busy)
        return done

    def _heard(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):  # a library may print what it likes
                found: dict[str, Any] = json.loads(line)
                if "error" in found:
                    raise CannotError(found["error"])
                return found
        raise CannotError(f"its process ended with {self.process.wait()}")

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()
        self.folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


@contextlib.contextmanager
def runners(
    package: str, sides: list[str], number: int, threads: int
) -> Iterator[tuple[dict[str, Runner], dict[str, str]]]:
    """Give a runner for each side, and the reason for each that cannot be."""
    found: dict[str, Runner] = {}
    missing: dict[str, str] = {}
    with contextlib.ExitStack() as stack:
        for side in sides:
            try:
                found[side] = stack.enter_context(Runner(package, side, number, threads))
            except CannotError as error:
                missing[side] = str(error)
        yield found, missing


def calls_in(runner: Runner, seconds: float) -> int:
    """Give the count that a run takes about so many seconds with; it has run with it then."""
    runner.run(1)
    count, taken = 1, runner.run(1).seconds
    while taken < seconds / 20:
        count *= 8
        runner.run(count)  # another count may be another program
        taken = runner.run(count).seconds
    count = max(1, round(count * seconds / taken))
    runner.run(count)
    return count


def serve(package: str, name: str, number: int) -> None:
    """Make the side, then do with it what comes in."""
    try:
        start = time.perf_counter()
        module = importlib.import_module(f"{package}.{name}")
        imported = time.perf_counter()
        side = module.make(number)
        side.run(1)
        first = time.perf_counter()
        side.run(1)
        again = time.perf_counter() - first
    except CannotError as error:
        _say({"error": str(error)})
        return
    except Exception as error:  # whatever it is, the race goes on without this side
        _say({"error": f"{type(error).__name__}: {error}"})
        return
    compiling = max(0.0, first - imported - again)
    _say({"import_seconds": imported - start, "compile_seconds": compiling})
    for line in sys.stdin:
        what, count = line.split()
        task = getattr(side, what)
        start, processor = time.perf_counter(), time.process_time()
        found = task(int(count))
        seconds = time.perf_counter() - start
        taken = time.process_time() - processor
        _say({"seconds": seconds, "processor_seconds": taken, "found": found})


def _say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], int(sys.argv[3]))
