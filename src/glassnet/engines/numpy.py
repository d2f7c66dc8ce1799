"""The NumPy engine: the program itself, called once a step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.engines import Work
from glassnet.program import Program
from glassnet.values import Values

Batch = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]


class NumpyEngine:
    """Runs a program's own functions with NumPy arrays."""

    name = "numpy"

    def __init__(self, program: Program) -> None:
        self.program = program

    def train(
        self, work: Work, values: Values, first: int, last: int, rates: NDArray[np.float64]
    ) -> NDArray[Any]:
        """Do steps, one call each; see `Engine.train`."""
        with np.errstate(all="ignore"):  # the guard of the training loop words what went wrong
            return self._train(work, values, first, last, rates)

    def _train(
        self, work: Work, values: Values, first: int, last: int, rates: NDArray[np.float64]
    ) -> NDArray[Any]:
        step, carried = self.program.functions["step"], values.carried()
        per_epoch = work.batches.per_epoch
        losses = np.empty(last - first, values.dtype)
        plain_rates = rates.tolist()  # plain numbers take on the dtype of the arrays they meet
        batches: list[Batch] = []
        masks: list[NDArray[Any]] = []
        for number in range(first, last):
            epoch, position = divmod(number, per_epoch)
            if not batches or (position == 0 and work.batches.shuffled):
                batches = self._batches(work, epoch)
            x, y, w = batches[position]
            if self.program.masks:
                masks = work.masks(self.program, number, len(x))
            loss, *new = step(x, y, w, *masks, *carried, *plain_rates[number - first])
            losses[number - first] = loss
            if not math.isfinite(loss):
                losses = losses[: number - first + 1]
                break
            carried = new
        values.assign(carried)
        return losses

    def _batches(self, work: Work, epoch: int) -> list[Batch]:
        """Give x, y and w for each step of an epoch; rows in their own order are not copied."""
        order = work.batches.order(work.epochs_before + epoch)
        x, y = (work.x[order], work.y[order]) if work.batches.shuffled else (work.x, work.y)
        equal: dict[int, NDArray[Any]] = {}  # w by batch size, where no weights were given
        batches = []
        for position in range(work.batches.per_epoch):
            start, stop = work.batches.bounds(position)
            w = equal.get(stop - start)
            if w is None:
                w = work.shares(self.program, order[start:stop])
            if work.weights is None:
                equal[stop - start] = w
            batches.append((x[start:stop], y[start:stop], w))
        return batches

    def gradients(self, work: Work, values: Values) -> tuple[float, NDArray[Any]]:
        """Give loss and flat gradient of all rows; see `Engine.gradients`."""
        w = work.shares(self.program, np.arange(len(work.x)))
        masks = work.masks(self.program, 0, len(work.x))
        given = values.carried()[: len(self.program.parameters) + len(self.program.statistics)]
        with np.errstate(all="ignore"):
            loss, *rest = self.program.functions["gradients"](work.x, work.y, w, *masks, *given)
        slopes = rest[: len(self.program.parameters)]
        for kept, new in zip(self.program.statistics, rest[len(slopes) :], strict=True):
            values.by_name[kept.name][...] = new
        return float(loss), np.concatenate([np.ravel(d) for d in slopes]).astype(np.float64)
