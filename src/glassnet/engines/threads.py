"""How many threads share a step: a pure function of the work and of the cores there are."""

from __future__ import annotations

import os
import sys

from glassnet.engines import Engine
from glassnet.engines.costs import COMPILED, costs_of_step
from glassnet.errors import ProgramError
from glassnet.program import Program

# A thread's share of a step must be worth its while. Measured on two cores that do nothing else, a
# step of 64-100-10 with 32 rows takes 9.3 µs on one thread and 7.5 on two, one of 784-128-128-10
# with 128 rows 321 and 185. Beside other work of the machine threads wait for each other, and steps
# of any length take up to twice as long as on one thread: nothing that a least time could prevent.
LEAST_SECONDS = 1.5e-4
LEAST_ROWS = 16  # of a batch, in a thread's share

_process = os.getpid()  # of the one that loaded this file: a forked child has another


def cores() -> int:
    """Give how many cores this process may use; one in a worker, which is one of several."""
    if os.getpid() != _process or _is_worker():
        return 1
    if hasattr(os, "process_cpu_count"):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _is_worker() -> bool:
    """Whether this process was started by Python's own multiprocessing."""
    processes = sys.modules.get("multiprocessing")
    return processes is not None and processes.parent_process() is not None


def usual_threads(program: Program, rows: int, available: int) -> int:
    """Give how many threads suit a step of a compiled program: one, unless it is long enough.

    Args:
        program: what is trained.
        rows: in a batch.
        available: cores.

    """
    seconds = costs_of_step(program, rows).seconds_of_numbers(COMPILED)
    return max(1, min(available, int(seconds / LEAST_SECONDS), rows // LEAST_ROWS))


def threads_for(
    wanted: int | None, engine: Engine, program: Program, rows: int
) -> tuple[int | None, str]:
    """Give how many threads share a step, and why it is one where there could be more.

    Args:
        wanted: by the user; None for what suits the work, and for NumPy what it does by itself.
        engine: does the steps.
        program: what is trained.
        rows: in a batch.

    Raises MissingExtraError if a library is not installed that a number for NumPy needs.

    """
    if engine.name == "numpy":
        if wanted is not None:
            engine.check_threads()
        return wanted, ""
    threads = usual_threads(program, rows, cores()) if wanted is None else wanted
    if threads == 1:
        return 1, ""
    try:
        engine.check_threads()
    except ProgramError as error:
        return 1, f"on one thread, since {error}"
    return threads, ""
