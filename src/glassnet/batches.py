"""Which rows each step of training takes: a pure function of the seed and the step's number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import DataError
from glassnet.rules.randomness import order_of_rows, orders_of_rows


@dataclass(frozen=True)
class Batches:
    """The rows of an epoch, cut into batches of `size`; what is left over is a batch of its own.

    Args:
        rows: number of rows.
        size: rows in a batch; at most `rows`.
        shuffle: whether each epoch has an order of its own (never where one batch takes all).
        seed: decides the orders.
        merge_single: whether a last batch of one row is added to the one before it, for networks
            that compare the rows of a batch.

    Raises:
        DataError: a batch of 1 row for a network that compares the rows of a batch.

    Example:
        >>> batches = Batches(rows=5, size=2, shuffle=False)
        >>> [batches.bounds(position) for position in range(batches.per_epoch)]
        [(0, 2), (2, 4), (4, 5)]

    """

    rows: int
    size: int
    shuffle: bool = True
    seed: int = 0
    merge_single: bool = False

    def __post_init__(self) -> None:
        if self.merge_single and self.size < 2:
            raise DataError(
                "BatchNorm compares the rows of a batch and needs at least 2 of them, got a batch"
                f" of {self.size}: raise batch_size, or use LayerNorm"
            )

    @cached_property
    def per_epoch(self) -> int:
        """Number of batches in an epoch."""
        left_over = self.rows % self.size
        whole = self.rows // self.size
        merged = left_over == 1 and self.merge_single and whole > 0
        return whole + (left_over > 0 and not merged)

    @property
    def shuffled(self) -> bool:
        """Whether the order of the rows changes from epoch to epoch."""
        return self.shuffle and self.per_epoch > 1

    @property
    def largest(self) -> int:
        """Rows in the largest batch."""
        return max(
            stop - start for start, stop in (self.bounds(0), self.bounds(self.per_epoch - 1))
        )

    @cached_property
    def cuts(self) -> list[tuple[int, int]]:
        """Where each batch of an epoch begins and ends."""
        return [self.bounds(position) for position in range(self.per_epoch)]

    def bounds(self, position: int) -> tuple[int, int]:
        """Where a batch of an epoch begins and ends in the epoch's order."""
        last = position == self.per_epoch - 1
        return position * self.size, self.rows if last else (position + 1) * self.size

    def order(self, epoch: int) -> NDArray[np.int64]:
        """The order in which an epoch visits the rows; epochs are counted over all fits."""
        if not self.shuffled:
            return np.arange(self.rows)
        return order_of_rows(self.seed, epoch, self.rows)

    def orders(self, first: int, last: int) -> NDArray[np.int64]:
        """The orders of epochs first … last − 1, one below the other: made together, faster."""
        return orders_of_rows(self.seed, np.arange(first, last), self.rows)

    def shares(self, weights: NDArray[Any], *, adds_up: bool) -> NDArray[Any]:
        """Give w of shape (m, 1) for the weights of a batch: over their sum, or as they are."""
        return (weights if adds_up else weights / np.sum(weights))[:, None]
