"""Engines: program → something that runs. Here: what an engine is, and which one is chosen."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from glassnet.batches import Batches
from glassnet.engines.costs import (
    costs_of_step,
    seconds_to_compile,
    seconds_to_compile_prediction,
)
from glassnet.errors import missing_extra, unknown_name
from glassnet.program import Program
from glassnet.rules.randomness import mask_key, moments_of
from glassnet.values import Values

ENGINES = ("numpy", "numba")
BESIDE = ("stacked", "prediction")  # texts that are run for a purpose of their own


@dataclass(frozen=True)
class Work:
    """What a fit works on: the rows, in the network's dtype and C order, and how they are taken.

    Args:
        x: (rows, inputs).
        y: (rows, outputs).
        weights: (rows,) weight of each row, or None for 1 each.
        batches: which rows each step takes.
        seed: decides orders and masks.
        epochs_before: epochs of earlier fits; orders and masks count on from there.
        threads: how many share each step; None for what an engine does by itself.

    """

    x: NDArray[Any]
    y: NDArray[Any]
    weights: NDArray[Any] | None
    batches: Batches
    seed: int
    epochs_before: int = 0
    threads: int | None = None

    def batch(self, program: Program, step: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Give x, y and w of a step of this fit, counted from 0."""
        epoch, position = divmod(step, self.batches.per_epoch)
        start, stop = self.batches.bounds(position)
        rows = self.batches.order(self.epochs_before + epoch)[start:stop]
        return self.x[rows], self.y[rows], self.shares(program, rows)

    def shares(self, program: Program, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Give w of the batch with these rows."""
        ones = np.ones(len(rows), self.x.dtype)
        weights = ones if self.weights is None else self.weights[rows]
        adds_up = program.description.loss.rows == "sum"
        return self.batches.shares(weights, adds_up=adds_up)

    def moments(self, first: int, last: int) -> NDArray[np.int64]:
        """Give a number of its own to each step first … last − 1, over all fits."""
        epochs, positions = np.divmod(np.arange(first, last), self.batches.per_epoch)
        moments: NDArray[np.int64] = moments_of(self.epochs_before + epochs, positions)
        return moments

    def masks(
        self, program: Program, step: int, rows: int, rates: Sequence[float]
    ) -> list[NDArray[Any]]:
        """Give the random inputs of a step of this fit, by its rates."""
        (moment,) = self.moments(step, step + 1)
        return [
            mask.draw.numbers(
                mask_key(self.seed, int(moment), mask.layer),
                rows,
                program.sizes[str(mask.columns)],
                amount,
                self.x.dtype,
            )
            for mask, amount in zip(program.masks, program.amounts(rates), strict=True)
        ]


class Engine(Protocol):
    """Something that runs a program."""

    name: str
    program: Program
    note: str  # what the user should know of how it runs; empty where there is nothing

    def seconds_to_wait(self, work: Work) -> float:
        """Give about how long the next call waits for a compiler, in seconds; mostly 0."""

    def train(
        self, work: Work, values: Values, first: int, last: int, rates: NDArray[np.float64]
    ) -> NDArray[Any]:
        """Do the steps first … last − 1 of a fit, changing the values in place.

        Args:
            work: the rows, and how they are taken.
            values: parameters, statistics and state before step `first`; afterwards, after the
                last step done.
            first: number of the first step in this fit, from 0.
            last: number after the last step.
            rates: (last − first, number of rates) what changes from step to step, in the order of
                `program.all_rate_names`; where nothing changes it may be one row, shown for every
                step (a stride of 0).

        Returns:
            The loss of each step done, before its update. Where a loss is inf or nan it is the
            last one, its update is not made, and fewer than last − first come back.

        """

    def gradients(self, work: Work, values: Values) -> tuple[float, NDArray[Any]]:
        """Give the loss of all rows at once, and its flat gradient (P,), in float64.

        Running statistics are brought forward as in a step, unless the loss is inf or nan;
        parameters stay as they are.
        """

    def check_threads(self) -> None:
        """Raise ProgramError where a step of the program cannot be shared by threads.

        Raises MissingExtraError if a library is not installed that this needs.
        """


@dataclass(frozen=True)
class Choice:
    """An engine and why it was taken."""

    engine: str
    reason: str


def installed(library: str) -> bool:
    """Whether a library can be imported."""
    return importlib.util.find_spec(library) is not None


def choose(
    wanted: str,
    program: Program,
    rows: int,
    epochs: int,
    batch_size: int,
    time_limit: float | None = None,
) -> Choice:
    """Choose the engine: the one asked for, or by the work to be done and what is installed.

    Raises DescriptionError for an unknown engine, MissingExtraError for one that is not installed.
    """
    if wanted not in ("auto", *ENGINES):
        raise unknown_name("engine", wanted, ("auto", *ENGINES))
    if wanted != "auto":
        return Choice(wanted, "asked for")
    if not installed("numba"):
        return Choice("numpy", "numba is not installed: pip install 'glassnet[numba]'")
    steps = epochs * -(-rows // max(1, min(batch_size, rows)))
    seconds = steps * costs_of_step(program, min(batch_size, rows)).alone()
    compiling = seconds_to_compile(program)
    if seconds < compiling:
        reason = f"about {seconds:.2g} s of work: over before a compiler would be ready"
        return Choice("numpy", reason)
    if time_limit is not None and time_limit < compiling:
        reason = f"a time limit of {time_limit:g} s: over before a compiler would be ready"
        return Choice("numpy", reason)
    return Choice("numba", f"about {seconds:.2g} s of work for NumPy: compiling pays")


def choose_for_prediction(wanted: str, program: Program, seconds: float) -> str:
    """Choose the engine that predicts, where nothing is compiled yet.

    "auto" compiles where NumPy would have taken as long, by estimate, for all rows so far: so no
    short job waits for a compiler, and a long one has lost no more than it then saves.

    Raises DescriptionError for an unknown engine.
    """
    if wanted not in ("auto", *ENGINES):
        raise unknown_name("engine", wanted, ("auto", *ENGINES))
    if wanted != "auto":
        return wanted
    pays = seconds > seconds_to_compile_prediction(program)
    return "numba" if pays and installed("numba") else "numpy"


def check_installed() -> None:
    """Raise MissingExtraError unless compiled loops can run."""
    if not installed("numba"):
        raise missing_extra("the compiled engine", "numba", "numba")


def make(name: str, program: Program) -> Engine:
    """Make an engine for a program.

    Raises MissingExtraError if the engine's library is not installed.
    """
    if name == "numpy":
        from glassnet.engines.numpy import NumpyEngine

        return NumpyEngine(program)
    from glassnet.engines.numba import NumbaEngine

    return NumbaEngine(program)


def source_for(program: Program, engine: str) -> str:
    """Give the text that an engine runs.

    "stacked" runs several networks side by side; "prediction" is the compiled engine's too.

    Raises DescriptionError for an unknown engine.
    """
    if engine not in (*ENGINES, *BESIDE):
        raise unknown_name("engine", engine, (*ENGINES, *BESIDE))
    if engine == "numpy":
        return program.source
    if engine == "stacked":
        from glassnet.engines.stacked import StackedWriter

        return StackedWriter(program).text
    if engine == "prediction":
        from glassnet.engines.prediction_loops import write_prediction

        return write_prediction(program)
    from glassnet.engines.loops import write_loops

    return write_loops(program)
