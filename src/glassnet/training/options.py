"""What a fit may be asked for, each option checked once, before any work is done."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from glassnet.callbacks.protocol import CallbackLike, check_callback, every_of
from glassnet.callbacks.watch import NONE_OR_FLAG
from glassnet.errors import DescriptionError
from glassnet.metrics import Metric
from glassnet.rules.entry import (
    COUNT,
    FLAG,
    NONE_OR_POSITIVE,
    POSITIVE,
    Check,
    check_options,
    is_integer,
    option,
)
from glassnet.rules.optimizers import Optimizer

NONE_OR_COUNT = Check(lambda v: v is None or COUNT.holds(v), "a whole number from 1 up, or None")
SEED = Check(lambda v: is_integer(v) and 0 <= v < 2**64, "a whole number from 0 to 2**64 - 1")
GRADIENTS = Check(lambda v: v in ("exact", "nudged"), "'exact' or 'nudged'")
TEXT = Check(lambda v: isinstance(v, str), "a name, as text")


class Unasked(int):
    """A number that nobody asked for: it gives way where it does not fit."""


USUAL_BATCH = Unasked(32)
ONE_EACH = Unasked(1)  # thread, for trainings that run side by side


@dataclass(frozen=True)
class Options:
    """How a fit is done.

    Raises:
        DescriptionError: an option is out of its range.

    Example:
        >>> from glassnet.rules.optimizers import SGD
        >>> Options(epochs=0, optimizer=SGD())
        Traceback (most recent call last):
        ...
        glassnet.errors.DescriptionError: epochs must be a whole number from 1 up, got 0

    """

    optimizer: Optimizer
    epochs: int = option(COUNT, 100)
    batch_size: int | None = option(NONE_OR_COUNT, USUAL_BATCH)  # None: all rows
    early_stopping: int | None = option(NONE_OR_COUNT, None)  # patience, in epochs
    shuffle: bool = option(FLAG, True)
    random_state: int = option(SEED, 0)  # decides orders, masks and validation rows
    gradients: str = option(GRADIENTS, "exact")
    nudge: float = option(POSITIVE, 1e-4)
    engine: str = option(TEXT, "auto")
    threads: int | None = option(NONE_OR_COUNT, None)  # that share a step; None: what suits it
    time_limit: float | None = option(NONE_OR_POSITIVE, None)  # seconds
    verbose: bool | None = option(NONE_OR_FLAG, None)
    metrics: Mapping[str, Metric] = dataclasses.field(default_factory=dict)
    callbacks: tuple[CallbackLike, ...] = ()

    def __post_init__(self) -> None:
        check_options(self)
        for callback in self.callbacks:
            check_callback(callback)
        if self.gradients == "nudged" and self.optimizer.line() is None:
            raise DescriptionError(
                f"{self.optimizer!r} makes its steps from exact gradients:"
                " take another optimizer for nudged ones, such as gn.SGD(0.01)"
            )

    def rows_in_batch(self, rows: int) -> int:
        """Give the size of a batch: never more than there are rows.

        Raises DescriptionError for batches smaller than that where the optimizer takes all rows.
        """
        size = rows if self.batch_size is None else min(int(self.batch_size), rows)
        if self.optimizer.line() is not None:
            return size
        if size < rows and not isinstance(self.batch_size, Unasked):
            raise DescriptionError(
                f"{self.optimizer!r} takes all {rows} rows at once, got batch_size={size}:"
                " leave batch_size out, or take an optimizer for batches, such as 'adam'"
            )
        return rows


def listed(
    callbacks: Iterable[CallbackLike] | CallbackLike | None,
) -> tuple[CallbackLike, ...]:
    """Give the callbacks as a tuple: of one, of several, or of none for None.

    Raises DescriptionError for anything else.
    """
    if callbacks is None:
        return ()
    if callable(callbacks):
        return (callbacks,)
    if not isinstance(callbacks, Iterable):
        raise DescriptionError(f"callbacks must be functions, or a list of them, got {callbacks!r}")
    return tuple(callbacks)


def next_stop(options: Options, epoch: int, *, each: bool) -> int:
    """Give the next number of whole epochs at which something is to be done.

    >>> from glassnet.rules.optimizers import SGD
    >>> show = lambda network, history: None
    >>> show.every = 40
    >>> next_stop(Options(SGD(), epochs=100, callbacks=(show,)), 50, each=False)
    80
    """
    if each:
        return epoch + 1
    stops = (math.floor(epoch / c) * c + c for c in map(every_of, options.callbacks))
    return min(options.epochs, *stops) if options.callbacks else options.epochs
