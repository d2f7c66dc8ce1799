"""A tape: what is kept of a training so that any step of it can be done again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glassnet.values import Values

if TYPE_CHECKING:
    from glassnet.training.run import Run

MOST_COPIES = 64
MOST_BYTES = 2**28  # of all copies together; a few are kept of the largest network too
FEWEST_COPIES = 4
NEVER = 2**62  # epochs: a tape is told of every chunk, and never called after an epoch

Flat = tuple[NDArray[Any], ...]  # parameters, statistics and state of one moment
Edit = tuple[tuple[NDArray[np.int64], NDArray[Any]], ...]  # of each: places, and what was put there


def flat(values: Values) -> Flat:
    """Give views of the numbers of values, flat."""
    return values.parameters, values.statistics, values.state.reshape(-1)


def copied(values: Values) -> Flat:
    """Give the numbers of values in arrays of their own."""
    return tuple(array.copy() for array in flat(values))


def put(values: Values, numbers: Flat) -> None:
    """Write the numbers of a moment into values."""
    for array, kept in zip(flat(values), numbers, strict=True):
        array[:] = kept


def most_copies(values: Values) -> int:
    """Give how many copies of values may be kept."""
    size = sum(array.nbytes for array in flat(values))
    return max(FEWEST_COPIES, min(MOST_COPIES, MOST_BYTES // max(1, size)))


class NoTape:
    """Keeps nothing."""

    keeps = False

    def start(self, values: Values) -> None:
        """Do nothing."""

    def keep(self, step: int, values: Values) -> None:
        """Do nothing."""

    def before_callbacks(self, values: Values) -> None:
        """Do nothing."""

    def after_callbacks(self, step: int, values: Values) -> None:
        """Do nothing."""

    def cut(self, step: int) -> None:
        """Do nothing."""


class Tape(NoTape):
    """Keeps copies of the values while a network is trained, and what callbacks set.

    It is given to a fit as a callback, and training then tells it of every chunk of steps. Of the
    copies there are never more than `MOST_COPIES`: where they become too many, every second one is
    left out, and from then on they are twice as far apart. So a step is never further behind a
    copy than a small part of the whole training.

    Args:
        most: copies kept; by default what fits into `MOST_BYTES`.

    Example:
        >>> import glassnet as gn
        >>> net, tape = gn.Network("1-1 linear", random_state=0), Tape(most=4)
        >>> how = {"engine": "numpy", "metrics": "mae", "verbose": False}
        >>> history = net.fit([[1.0]], [2.0], epochs=20, callbacks=tape, **how)
        >>> list(tape.copies), tape.run.history is history
        ([0, 8, 16], True)

    """

    keeps = True
    every: int = NEVER

    def __init__(self, most: int | None = None) -> None:
        self.run: Run | None = None  # the training that it is told of
        self.copies: dict[int, Flat] = {}  # by the steps that lie behind them
        self.edits: dict[int, Edit | None] = {}  # likewise; None where there were too many to keep
        self._most = most
        self._apart = 1
        self._edited = 0  # bytes
        self._seen: Flat = ()

    def __call__(self, network: Any, history: Any) -> object:
        """Do nothing: it is told of chunks."""
        return None

    def start(self, values: Values) -> None:
        """Keep the values before the first step."""
        self._most = self._most or most_copies(values)
        self.copies[0] = copied(values)

    def keep(self, step: int, values: Values) -> None:
        """Keep the values after so many steps, unless the last copy is near enough."""
        if step - max(self.copies) < self._apart:
            return
        self.copies[step] = copied(values)
        while len(self.copies) > (self._most or MOST_COPIES):
            self._thin_out()

    def _thin_out(self) -> None:
        self._apart *= 2
        last = 0
        for step in list(self.copies):
            if step and step - last < self._apart:
                del self.copies[step]
            else:
                last = step

    def before_callbacks(self, values: Values) -> None:
        """Look at the values, which callbacks may change."""
        self._seen = copied(values)

    def after_callbacks(self, step: int, values: Values) -> None:
        """Keep what callbacks have set after so many steps."""
        edit = tuple(_changed(*pair) for pair in zip(self._seen, flat(values), strict=True))
        self._seen = ()
        size = sum(places.nbytes + numbers.nbytes for places, numbers in edit)
        if size:
            self._edited += size
            self.edits[step] = edit if self._edited <= MOST_BYTES else None

    def cut(self, step: int) -> None:
        """Forget what came after so many steps: training went back to there."""
        for kept in (self.copies, self.edits):
            for later in [s for s in kept if s > step]:
                del kept[later]


def _changed(before: NDArray[Any], after: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Give the places where an array has other bits than before, and its numbers there."""
    as_bits = f"u{before.dtype.itemsize}"
    places = np.flatnonzero(before.view(as_bits) != after.view(as_bits))
    return places, after[places]
