"""How folds are trained: side by side in one stacked program, or one after the other."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from glassnet import engines
from glassnet.engines import ENGINES, Choice
from glassnet.engines.costs import costs_of_step, seconds_to_compile
from glassnet.engines.stacked import StackedEngine
from glassnet.errors import DescriptionError, ProgramError, unknown_name
from glassnet.history import History
from glassnet.program import Program
from glassnet.training.loop import Loop
from glassnet.training.options import Options
from glassnet.training.pace import Interrupt
from glassnet.training.run import Progress, Run, Silent, clock
from glassnet.training.together import Together

WAYS = ("stacked", *ENGINES)
SIDE_BY_SIDE = "the folds side by side, one call of NumPy for all of them"
MOMENT = 1e-3  # seconds that a fold has when the time is over already


@dataclass(frozen=True)
class Way:
    """How the folds are trained, and why so.

    Args:
        choice: the engine and the reason for it.
        stacked: the engine for folds side by side; None where each is trained alone.

    """

    choice: Choice
    stacked: StackedEngine | None = None

    @property
    def single_engine(self) -> str:
        """The engine of a fold that is trained alone."""
        return "numpy" if self.stacked else self.choice.engine


def choose(wanted: str, program: Program, rows: Sequence[int], options: Options) -> Way:
    """Choose how folds are trained: as asked for, or the fastest by measured estimates.

    Args:
        wanted: "auto", "stacked", "numpy" or "numba".
        program: of every fold.
        rows: training rows of each fold.
        options: of their training.

    Raises:
        DescriptionError: an unknown name, or "stacked" for a program that cannot be stacked.
        MissingExtraError: "numba" is asked for and not installed.

    """
    if wanted not in ("auto", *WAYS):
        raise unknown_name("engine", wanted, ("auto", *WAYS))
    if wanted in ENGINES:
        return Way(Choice(wanted, "asked for"))
    stacked, obstacle = _stacked_engine(program)
    if wanted == "stacked":
        if stacked is None:
            raise DescriptionError(f"the folds cannot be stacked: {obstacle}: take engine='auto'")
        return Way(Choice(wanted, "asked for"), stacked)
    longest, size = max(rows), options.rows_in_batch(max(rows))
    costs = costs_of_step(program, size)
    steps, folds = options.epochs * math.ceil(longest / size), len(rows)
    alone, together = steps * costs.alone(folds), steps * costs.stacked(folds)
    if stacked is not None and together < alone:
        fastest, seconds = "stacked", together
        reason = f"{SIDE_BY_SIDE}: about {together:.2g} s instead of {alone:.2g} s"
    else:
        fastest, seconds = "numpy", alone
        reason = obstacle or "for layers of this size, side by side is no faster than in turn"
    compiled = engines.choose(
        "auto", program, longest, options.epochs * folds, size, options.time_limit
    )
    compiling = steps * costs.compiled(folds) / _threads(folds) + seconds_to_compile(program)
    if compiled.engine == "numba" and compiling < seconds:
        reason = f"about {seconds:.2g} s of work for NumPy: compiling pays"
        return Way(Choice("numba", f"{reason}, each fold in turn"))
    return Way(Choice(fastest, reason), stacked if fastest == "stacked" else None)


def _stacked_engine(program: Program) -> tuple[StackedEngine | None, str]:
    """Give the engine for folds side by side, or None and why there is none."""
    if not program.trains:
        return None, f"{program.optimizer!r} makes its steps outside of the program"
    try:
        return StackedEngine(program), ""
    except ProgramError as error:
        return None, str(error)


def _threads(folds: int) -> int:
    return min(folds, os.cpu_count() or 1)


# ----------------------------------------------------------------------------------- training


def train(runs: Sequence[Run], way: Way, limit: float | None, progress: Progress) -> None:
    """Train all folds.

    The first Ctrl-C ends what is under way in good order; folds not begun are left as they are.

    Args:
        runs: one for each fold, ready to be run.
        way: how.
        limit: seconds for all of them, or None; folds that are trained one after the other each
            have an equal part of what is left.
        progress: is told how far they are.

    Raises:
        NotFiniteError: in one of them a loss or weight became inf or nan; its `history` tells in
            which.
        KeyboardInterrupt: at the second Ctrl-C.

    """
    interrupt, parts = Interrupt(), _in_parts(runs, way.stacked)
    threads = _threads(len(parts)) if way.choice.engine == "numba" else 1
    turns = Turns(way, len(runs), threads, limit, interrupt, progress)
    with interrupt:
        if threads == 1:
            for part in parts:
                turns.take(part)
            return
        # Compiled loops run outside of Python's lock: threads may train a fold each.
        from concurrent.futures import ThreadPoolExecutor  # takes long to load

        with ThreadPoolExecutor(threads) as pool:
            waiting = [pool.submit(turns.take, part) for part in parts]
        for one in waiting:
            one.result()


def _in_parts(runs: Sequence[Run], stacked: StackedEngine | None) -> list[list[Run]]:
    """Give the folds that are trained together: those with equally many batches in an epoch."""
    if stacked is None:
        return [[run] for run in runs]
    parts: dict[tuple[int, int], list[Run]] = {}
    for run in runs:
        rows = len(run.work.x) if stacked.writer.counts_rows else 0
        parts.setdefault((run.work.batches.per_epoch, rows), []).append(run)
    return list(parts.values())


class Turns:
    """Gives folds their turn, with their part of the time; none after Ctrl-C or a failure.

    Args:
        way: how they are trained.
        folds: how many there are.
        threads: that take turns at a time.
        limit: seconds for all.
        interrupt: hears Ctrl-C.
        progress: is told how far they are, all in all.

    """

    def __init__(
        self,
        way: Way,
        folds: int,
        threads: int,
        limit: float | None,
        interrupt: Interrupt,
        progress: Progress,
    ) -> None:
        self.way = way
        self.waiting = folds
        self.threads = threads
        self.end = None if limit is None else clock() + limit
        self.interrupt = interrupt
        self.total = Total(folds, progress)

    def take(self, runs: list[Run]) -> None:
        """Train one fold, or several side by side."""
        if self.interrupt.asked:
            for run in runs:
                run.history.stopped = "interrupted"
            return
        self._share_time(runs)
        for run in runs:
            run.interrupt, run.progress = self.interrupt, self.total.part()
        try:
            self._train(runs)
        except BaseException:
            self.interrupt.asked = True  # what other threads do is of no use any more
            raise

    def _train(self, runs: list[Run]) -> None:
        loops = [run for run in runs if isinstance(run, Loop)]
        if self.way.stacked is not None and len(loops) > 1:
            for loop in loops:
                loop.history.engine = self.way.choice.engine
                loop.history.engine_reason = self.way.choice.reason
            Together(self.way.stacked, loops, self.interrupt).run()
            return
        for run in runs:
            if self.way.stacked is not None:
                run.history.engine_reason = "its number of batches is not that of other folds"
            run.run()

    def _share_time(self, runs: list[Run]) -> None:
        if self.end is not None:
            share = min(1.0, len(runs) * self.threads / self.waiting)
            seconds = max(MOMENT, (self.end - clock()) * share)
            for run in runs:
                run.options = replace(run.options, time_limit=seconds)
        self.waiting -= len(runs)


class Total:
    """Adds up how far the folds are; they may be trained in several threads."""

    def __init__(self, folds: int, progress: Progress) -> None:
        self.folds = folds
        self.progress = progress
        self.parts: list[Part] = []
        self._lock = threading.Lock()

    def part(self) -> Part:
        """Give what one more fold tells how far it is."""
        with self._lock:
            self.parts.append(Part(self))
            return self.parts[-1]

    def show(self, history: History) -> None:
        """Show how much of all is done."""
        with self._lock:
            self.progress.show(sum(part.done for part in self.parts) / self.folds, history)


@dataclass
class Part(Silent):
    """How far one fold is."""

    total: Total
    done: float = field(default=0.0, init=False)

    def show(self, done: float, history: History) -> None:
        """Take note, and show the total."""
        self.done = done
        self.total.show(history)

    def close(self, history: History) -> None:
        """Take note that all is done."""
        self.done = 1.0
