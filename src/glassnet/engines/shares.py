"""What the loop texts of a team call: views of shared memory, row weights, sums of threads' sums.

Compiled with Numba; each is also plain Python (`.py_func`).
"""

# Numba's decorators are not typed.
# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return"

from __future__ import annotations

from glassnet.engines.compiled import compiled
from glassnet.engines.views import columns_between, row_of

__all__ = ["columns_between", "row_of"]  # what texts find here beside what is written here


@compiled
def fill_own_equal_shares(adds_up, rows, w):
    """Give some rows of a batch the same weight: 1 for a loss that adds up, else 1/m."""
    share = w.dtype.type(1) if adds_up else w.dtype.type(1) / w.dtype.type(rows)
    for i in range(w.size):
        w[i] = share


@compiled
def fill_own_shares(weights, order, start, stop, begin, shuffled, adds_up, w):
    """Give the rows of a batch from `begin` on their weights, over the sum of the whole batch."""
    total = 0.0
    for k in range(start, stop):
        total += weights[order[k]] if shuffled else weights[k]
    whole = w.dtype.type(1) if adds_up else w.dtype.type(total)
    for i in range(w.size):
        k = start + begin + i
        w[i] = (weights[order[k]] if shuffled else weights[k]) / whole


@compiled
def add_up(sums, first, last, target):
    """Add up what each thread summed (threads, width or more), for the columns first … last − 1."""
    for j in range(first, last):
        target[j] = sums[0, j]
    for k in range(1, sums.shape[0]):
        for j in range(first, last):
            target[j] += sums[k, j]


@compiled
def total_of(sums):
    """Add up the one number that each thread has in the first column."""
    total = 0.0
    for k in range(sums.shape[0]):
        total += sums[k, 0]
    return total


@compiled
def copy_between(source, first, last, target):
    """Copy some numbers of a flat array to the same places of another."""
    for j in range(first, last):
        target[j] = source[j]
