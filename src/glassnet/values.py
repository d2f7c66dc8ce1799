"""The numbers of a network: all parameters in one flat array, and each by name as a view of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.program import Program
from glassnet.rules.optimizers import AVERAGE


class Values:
    """Parameters, running statistics and optimizer state of one program.

    `parameters` (P,) and `statistics` (S,) are flat; `state` (k, P) has a row for each state array
    of the optimizer, laid out as the parameters are. `by_name` holds writable views of all three.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.dtype = np.dtype(program.description.dtype)
        kinds = program.optimizer.state_names()
        sizes = [int(np.prod(p.shape)) for p in program.parameters]
        self.parameters = np.zeros(sum(sizes), self.dtype)
        self.state = np.zeros((len(kinds), sum(sizes)), self.dtype)
        self.statistics = np.zeros(sum(p.shape[0] for p in program.statistics), self.dtype)
        self.by_name: dict[str, NDArray[Any]] = {}
        self._add_views(self.parameters, program.parameters, "")
        self._add_views(self.statistics, program.statistics, "")
        for row, kind in zip(self.state, kinds, strict=True):
            self._add_views(row, program.parameters, f"{kind}_")
        self.carried_names = (
            *(p.name for p in program.parameters),
            *(p.name for p in program.statistics),
            *program.state_names,
        )

    def _add_views(self, flat: NDArray[Any], parameters: Sequence[Any], prefix: str) -> None:
        start = 0
        for p in parameters:
            stop = start + int(np.prod(p.shape))
            self.by_name[prefix + p.name] = flat[start:stop].reshape(p.shape)
            start = stop

    def carried(self) -> tuple[NDArray[Any], ...]:
        """What a step takes and gives back: parameters, statistics, state, as views."""
        return tuple(self.by_name[name] for name in self.carried_names)

    def assign(self, carried: Sequence[NDArray[Any]]) -> None:
        """Write what a step gave back."""
        for name, value in zip(self.carried_names, carried, strict=True):
            self.by_name[name][...] = value

    def copy(self) -> Values:
        """Give the same numbers in arrays of their own."""
        other = Values(self.program)
        # Zeros that nobody wrote take no memory, neither here nor there, as long as they are read.
        other.take(self, state=bool(self.state.any()))
        return other

    def take(self, other: Values, *, state: bool = True) -> None:
        """Take over all numbers of another of the same network.

        Where the dtypes differ they are rounded, and what is too large becomes inf; without
        `state` the optimizers may differ too.
        """
        with np.errstate(over="ignore"):
            self.parameters[:] = other.parameters
            self.statistics[:] = other.statistics
            if state:
                self.state[:] = other.state

    @property
    def _averages(self) -> NDArray[Any] | None:
        """The flat array of the weights' averages, where the optimizer keeps them."""
        kinds = self.program.optimizer.state_names()
        return self.state[kinds.index(AVERAGE)] if AVERAGE in kinds else None

    def exchange_averages(self) -> None:
        """Let parameters and their averages change places; nothing where there are none.

        At rest, the parameters are the averages, which predict, and what training goes on from
        stands in the averages' place; while training it is the other way round.
        """
        averages = self._averages
        if averages is not None:
            averages[:], self.parameters[:] = self.parameters.copy(), averages.copy()

    def begin_averages(self) -> None:
        """Let averages begin as the parameters."""
        averages = self._averages
        if averages is not None:
            averages[:] = self.parameters

    def set(self, name: str, numbers: NDArray[Any]) -> None:
        """Set a parameter or statistic, at rest: training goes on from there, its average too."""
        for place in (name, f"{AVERAGE}_{name}"):
            if place in self.by_name:
                self.by_name[place][...] = numbers

    def all_finite(self) -> bool:
        """Whether no parameter, statistic or state is inf or nan."""
        arrays = (self.parameters, self.statistics, self.state)
        return all(bool(np.isfinite(a).all()) for a in arrays)
