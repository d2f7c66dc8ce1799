"""The NumPy engine: the program itself, called once a step."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.engines import Work
from glassnet.engines.blas_threads import blas_threads
from glassnet.program import Program
from glassnet.values import Values

Batch = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]
ORDERS_TOGETHER = 50_000  # row numbers that are sorted in one go: small epochs share the overhead
GATHERED_TOGETHER = (
    2**17
)  # numbers of X: so small batches share the overhead, and no copy of all is made


class NumpyEngine:
    """Runs a program's own functions with NumPy arrays."""

    name = "numpy"
    note = ""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._equal: dict[int, NDArray[Any]] = {}  # w by size of batch, where no weights are given

    def seconds_to_wait(self, work: Work) -> float:
        """Give 0: nothing is compiled."""
        return 0.0

    def train(
        self, work: Work, values: Values, first: int, last: int, rates: NDArray[np.float64]
    ) -> NDArray[Any]:
        """Do steps, one call each; see `Engine.train`."""
        with (
            blas_threads(work.threads),
            np.errstate(all="ignore"),
        ):  # the guard of the training loop words what went wrong
            return self._train(work, values, first, last, rates)

    def _train(
        self, work: Work, values: Values, first: int, last: int, rates: NDArray[np.float64]
    ) -> NDArray[Any]:
        step, carried = self.program.functions["step"], values.carried()
        losses = np.empty(last - first, values.dtype)
        plain_rates = rates.tolist()  # plain numbers take on the dtype of the arrays they meet
        taken = len(self.program.rate_names)  # by the step; the others are for what is drawn
        masks: list[NDArray[Any]] = []
        for number, (x, y, w) in enumerate(self._batches(work, first, last)):
            if self.program.masks:
                masks = work.masks(self.program, first + number, len(x), plain_rates[number])
            loss, *new = step(x, y, w, *masks, *carried, *plain_rates[number][:taken])
            losses[number] = loss
            if not math.isfinite(loss):
                losses = losses[: number + 1]
                break
            carried = new
        values.assign(carried)
        return losses

    def _batches(self, work: Work, first: int, last: int) -> Iterator[Batch]:
        """Give x, y and w for each step."""
        per_epoch = work.batches.per_epoch
        epochs = range(first // per_epoch, -(-last // per_epoch))
        together = max(1, ORDERS_TOGETHER // work.batches.rows)
        for start in range(epochs.start, epochs.stop, together):
            block = epochs[start - epochs.start :][:together]
            for batches in self._epochs(work, block, first, last):
                yield from batches

    def _epochs(self, work: Work, epochs: range, first: int, last: int) -> Iterator[list[Batch]]:
        """Give the batches of each epoch of the steps first … last − 1, some at a time."""
        before, per_epoch = work.epochs_before, work.batches.per_epoch
        wanted = [slice(max(0, first - e * per_epoch), last - e * per_epoch) for e in epochs]
        if not work.batches.shuffled:
            order = np.arange(work.batches.rows)
            in_order = self._cut(work, order, work.batches.cuts, work.x, work.y)
            yield from (in_order[part] for part in wanted)
            return
        orders = work.batches.orders(before + epochs.start, before + epochs.stop)
        together = max(1, GATHERED_TOGETHER // (work.batches.size * work.x.shape[1]))
        for order, part in zip(orders, wanted, strict=True):
            all_cuts = work.batches.cuts[part]  # no others: a call may want few steps of an epoch
            for first_cut in range(0, len(all_cuts), together):
                cuts = all_cuts[first_cut : first_cut + together]
                start = cuts[0][0]
                rows = order[start : cuts[-1][1]]
                cuts = [(a - start, b - start) for a, b in cuts]
                yield self._cut(work, rows, cuts, work.x[rows], work.y[rows])

    def _cut(
        self,
        work: Work,
        order: NDArray[np.int64],
        cuts: list[tuple[int, int]],
        x: NDArray[Any],
        y: NDArray[Any],
    ) -> list[Batch]:
        batches = []
        for start, stop in cuts:
            equal = self._equal.get(stop - start) if work.weights is None else None
            w = work.shares(self.program, order[start:stop]) if equal is None else equal
            if work.weights is None:
                self._equal[stop - start] = w
            batches.append((x[start:stop], y[start:stop], w))
        return batches

    def check_threads(self) -> None:
        """Raise MissingExtraError where nothing is installed that sets BLAS's threads."""
        with blas_threads(1):
            pass

    def gradients(self, work: Work, values: Values) -> tuple[float, NDArray[Any]]:
        """Give loss and flat gradient of all rows; see `Engine.gradients`."""
        w = work.shares(self.program, np.arange(len(work.x)))
        masks = work.masks(self.program, 0, len(work.x), self.program.first_rates())
        given = values.carried()[: len(self.program.parameters) + len(self.program.statistics)]
        with blas_threads(work.threads), np.errstate(all="ignore"):
            loss, *rest = self.program.functions["gradients"](work.x, work.y, w, *masks, *given)
        slopes = rest[: len(self.program.parameters)]
        if math.isfinite(loss):
            for kept, new in zip(self.program.statistics, rest[len(slopes) :], strict=True):
                values.by_name[kept.name][...] = new
        return float(loss), np.concatenate([np.ravel(d) for d in slopes]).astype(np.float64)
