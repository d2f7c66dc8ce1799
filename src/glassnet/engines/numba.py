"""The Numba engine: whole epochs of a program, compiled from the loops written for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.engines import Work, check_installed
from glassnet.engines.costs import seconds_to_compile
from glassnet.engines.first_call import first_call, is_known
from glassnet.engines.loops import PRODUCTS, TRAIN_TAKES, write_loops
from glassnet.engines.meeting import signatures
from glassnet.engines.team import run_together
from glassnet.engines.team_loops import TeamText, write_team_loops
from glassnet.program import Program
from glassnet.rules.randomness import ORDER, keys, mask_keys
from glassnet.values import Values


class NumbaEngine:
    """Runs the loops of a program, compiled.

    Raises:
        MissingExtraError: Numba is not installed.
        ProgramError: the program has something in it that cannot be written as loops.

    """

    name = "numba"

    def __init__(self, program: Program) -> None:
        check_installed()
        self.program = program
        self.source = write_loops(program)
        self.note = ""  # what the user should know of the cache
        self._function: Callable[..., int] | None = None
        self._team_function: Callable[..., int] | None = None

    @cached_property
    def team(self) -> TeamText:
        """The loops for several threads.

        Raises ProgramError where a part of the program cannot be shared out.
        """
        return write_team_loops(self.program)

    def seconds_to_wait(self, work: Work) -> float:
        """Give about how long the next call compiles; see `Engine.seconds_to_wait`."""
        alone = (work.threads or 1) == 1
        if (self._function if alone else self._team_function) is not None:
            return 0.0
        if is_known(self.source if alone else self.team.source):
            return 0.0
        return seconds_to_compile(self.program)

    def train(
        self, work: Work, values: Values, first: int, last: int, rates: NDArray[np.float64]
    ) -> NDArray[Any]:
        """Do steps, all in one call; see `Engine.train`."""
        slopes = np.empty_like(values.parameters)
        losses = np.empty(last - first, values.dtype)
        done = self._run(work, values, first, last, rates, slopes, losses, updating=True)
        return losses[:done]

    def gradients(self, work: Work, values: Values) -> tuple[float, NDArray[Any]]:
        """Give loss and flat gradient of all rows; see `Engine.gradients`."""
        slopes, losses = np.empty_like(values.parameters), np.empty(1, values.dtype)
        rates = np.array([self.program.first_rates()])
        self._run(work, values, 0, 1, rates, slopes, losses, updating=False)
        return float(losses[0]), slopes.astype(np.float64)

    def check_threads(self) -> None:
        """Raise ProgramError where the program cannot be shared by threads."""
        assert self.team

    def _run(
        self,
        work: Work,
        values: Values,
        first: int,
        last: int,
        rates: NDArray[np.float64],
        slopes: NDArray[Any],
        losses: NDArray[Any],
        *,
        updating: bool,
    ) -> int:
        batches = work.batches
        epochs = np.arange(first // batches.per_epoch, -(-last // batches.per_epoch))
        sizes = np.array(list(self.program.sizes.values()), np.int64)
        batch = batches.size if updating else len(work.x)
        shuffled = batches.shuffled and updating
        masks = np.empty((last - first, 0), np.uint32)
        if self.program.masks:
            moments = work.moments(first, last)
            layers = [mask.layer for mask in self.program.masks]
            masks = np.stack([mask_keys(work.seed, moments, k) for k in layers], axis=1)
        if rates.strides[0] == 0:  # one row, shown for every step
            rates = rates[:1].copy()
        weights = np.empty(0, values.dtype) if work.weights is None else work.weights
        arguments = (
            work.x,
            work.y,
            weights,
            self.program.description.loss.rows == "sum",
            batch,
            batches.per_epoch if updating else 1,
            shuffled,
            keys(batches.seed, ORDER, epochs + work.epochs_before),
            masks,
            self._drawn_by(rates),
            first,
            last,
            updating,
            values.parameters,
            slopes,
            values.statistics,
            values.state,
            rates,
            sizes,
            losses,
        )
        if (work.threads or 1) > 1:
            return self._run_team(work, batch, shuffled, arguments)
        if self._function is None:
            done, self._function = self._first_call(self.source, arguments)
            return done
        return int(self._function(*arguments))

    def _first_call(
        self, source: str, arguments: tuple[Any, ...]
    ) -> tuple[int, Callable[..., int]]:
        """Call the `train` of a text; give what it returned, and the function for further calls."""
        from glassnet.engines import products

        if PRODUCTS in source:
            self.note = products.load(self.program.description.dtype)
        done, function, note = first_call(source, arguments)
        self.note = self.note or note
        return done, function

    def _run_team(self, work: Work, batch: int, shuffled: bool, arguments: tuple[Any, ...]) -> int:
        """Let several threads do the same steps together."""
        threads, most = work.threads or 1, min(len(work.x), batch + 1)
        kept = most if shuffled else 1
        memory = self.team.memory(self.program.sizes, threads, most, kept, work.x.dtype)
        order = np.empty(len(work.x) if shuffled else 1, np.int64)
        shared = (order, memory)
        if self._team_function is None:
            # Compiled by a call of one thread that does no step: helpers must not wait so long.
            named = dict(zip(TRAIN_TAKES, arguments, strict=True))
            none = (named | {"last": named["first"]}).values()
            alone = (*none, 0, 1, signatures(1), *shared)
            _, self._team_function = self._first_call(self.team.source, alone)
        return run_together(self._team_function, threads, arguments, shared)

    def _drawn_by(self, rates: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give what random numbers are drawn by in each step, where a schedule gives it.

        It is worked out by the same text as for NumPy's arrays, so that no bit can differ.
        """
        columns = [np.empty((len(rates), 0))]
        for mask in self.program.changing_masks:
            amounts = rates[:, self.program.all_rate_names.index(mask.amount_name)]
            columns.append(np.array([mask.draw.set_by(amount) for amount in amounts.tolist()]))
        return np.hstack(columns)
