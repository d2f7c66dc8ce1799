"""Randomness as a rule: an integer hash of where a number is used, with equal bits on every engine.

No generator, no state: the number for (seed, purpose, step, layer, row, column) is computed from
these alone. So a run is the same on every engine, goes on exactly after it was stopped, and needs
nothing saved but its seed. `mix` is written once, in the part of NumPy that every engine speaks;
it takes arrays of 32-bit integers, or one such integer where it is compiled.

The mixer is Chris Wellons' low-bias 32-bit hash found by search (hash-prospector, 2018, constants
of 2021); the tests check its avalanche, its uniformity and the independence of neighbours.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ORDER = 1  # purposes: the order of the rows in an epoch,
MASK = 2  # and the random numbers of a layer in a step

# A normal number is a coarse one plus a fine one, whose squares add up to 1; they have no common
# measure with each other that would let pairs of them fall on the same sum.
COARSE, FINE = 0.8, 0.6
QUANTILES = 4096  # of each: so many equally likely numbers, chosen by 12 bits of a hash


def mix(x):
    """Scatter the bits of 32-bit integers: a bijection in which each bit in changes half out."""
    x = np.uint32((x ^ (x >> np.uint32(16))) * np.uint32(0x21F0AAAD))
    x = np.uint32((x ^ (x >> np.uint32(15))) * np.uint32(0xD35A2D97))
    return np.uint32(x ^ (x >> np.uint32(15)))


def keys(seed: int, purpose: int, *places: Any) -> NDArray[np.uint32]:
    """Fold a seed of up to 64 bits, a purpose and places into 32-bit keys.

    Places are whole numbers or arrays of them, of one shape, which the keys then have.
    """
    folded: NDArray[np.uint32] = mix(_low_bits(seed ^ 0x9E3779B9))
    for part in (seed >> 32, purpose, *places):
        folded = mix(folded ^ mix(_low_bits(part) + np.uint32(0x7F4A7C15)))
    return folded


def _low_bits(numbers: Any) -> NDArray[np.uint32]:
    if isinstance(numbers, int):  # of any length
        numbers = np.uint64(numbers & 0xFFFFFFFF)
    return np.atleast_1d(np.bitwise_and(numbers, 0xFFFFFFFF)).astype(np.uint32)


def key(seed: int, purpose: int, *place: int) -> int:
    """Fold a seed, a purpose and one place into one key.

    >>> key(0, ORDER, 3) == key(0, ORDER, 3), key(0, ORDER, 3) == key(0, MASK, 3)
    (True, False)
    """
    return int(keys(seed, purpose, *place)[0])


def orders_of_rows(seed: int, epochs: Any, rows: int) -> NDArray[np.int64]:
    """Give the orders in which epochs visit their rows, one below the other: (epochs, rows).

    An order is the rows sorted by the hash of their numbers. Rows with equal hashes stay in their
    order, so every way of sorting gives the same result.
    """
    numbers = np.arange(rows, dtype=np.uint32)
    hashes = mix(numbers ^ keys(seed, ORDER, epochs)[:, None])
    tagged = (hashes.astype(np.uint64) << np.uint64(32)) | numbers
    tagged.sort(axis=1)
    order: NDArray[np.int64] = (tagged & np.uint64(0xFFFFFFFF)).astype(np.int64)
    return order


def order_of_rows(seed: int, epoch: int, rows: int) -> NDArray[np.int64]:
    """Give the order in which one epoch visits its rows.

    >>> order_of_rows(seed=0, epoch=0, rows=6)
    array([5, 4, 3, 1, 0, 2])
    """
    order: NDArray[np.int64] = orders_of_rows(seed, epoch, rows)[0]
    return order


def moments_of(epochs: Any, positions: Any) -> Any:
    """Give each step a number of its own, over all fits, by epoch and place in the epoch.

    Whatever the batches of other fits are, no mask is used twice.

    >>> moments_of(1, 2) - moments_of(1, 0)
    2
    """
    return (epochs << 32) + positions


def mask_keys(seed: int, moments: Any, layer: int) -> NDArray[np.uint32]:
    """Give the keys of a layer's masks.

    A moment is a number of up to 64 bits that no other step of any fit has; layers are counted by
    their place.
    """
    moments = np.atleast_1d(moments)
    return keys(seed, MASK, moments, moments >> 32, layer)


def mask_key(seed: int, moment: int, layer: int) -> int:
    """Give the key of one mask."""
    return int(mask_keys(seed, moment, layer)[0])


def threshold(chance: float) -> int:
    """Give the number that a hash does not exceed with a chance."""
    return max(round(chance * 2**32), 1) - 1


def hashes_of(key_: int, rows: int, columns: int) -> NDArray[np.uint32]:
    """Give a hash for each row and column: (rows, columns)."""
    row_keys = mix(np.arange(rows, dtype=np.uint32)[:, None] ^ np.uint32(key_))
    hashes: NDArray[np.uint32] = mix(row_keys ^ np.arange(columns, dtype=np.uint32))
    return hashes


def keep_mask(
    key_: int, rows: int, columns: int, chance: float, value: float, dtype: Any
) -> NDArray[Any]:
    """Give a mask (rows, columns): `value` where a number is kept, by chance, and 0 elsewhere.

    >>> keep_mask(mask_key(0, 0, 1), 2, 4, 0.5, 2.0, np.float32)
    array([[0., 2., 0., 0.],
           [0., 0., 2., 2.]], dtype=float32)
    """
    return _kept(hashes_of(key_, rows, columns), dtype, threshold(chance), value)


def _kept(hashes: NDArray[np.uint32], dtype: Any, highest: int, value: float) -> NDArray[Any]:
    return np.where(hashes <= np.uint32(highest), np.asarray(value, dtype), np.asarray(0, dtype))


@functools.cache
def normal_tables() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give the coarse and the fine numbers that normal ones are added up from.

    Each table holds the means of QUANTILES equally likely parts of a normal distribution,
    stretched so that the squares of COARSE and FINE are their exact variances.
    """
    from statistics import NormalDist  # takes its time to load, and is not always needed

    edges = [NormalDist().inv_cdf(k / QUANTILES) for k in range(1, QUANTILES)]
    density = np.array([0.0, *(math.exp(-z * z / 2) for z in edges), 0.0])
    means = density[:-1] - density[1:]  # of a part: the density falls by its mean times its size
    means -= means[::-1]  # so that each number has its exact opposite
    means /= np.sqrt(np.mean(means * means))
    return (COARSE * means).astype(np.float32), (FINE * means).astype(np.float32)


def normal_noise(key_: int, rows: int, columns: int, spread: float, dtype: Any) -> NDArray[Any]:
    """Give noise (rows, columns): normal numbers of mean 0 and a spread.

    They have the variance of a normal distribution, and its distribution function to within 1e-4;
    none is further than 5.3 spreads from 0.

    >>> normal_noise(mask_key(0, 0, 1), 1, 4, 0.5, np.float32).round(3)
    array([[ 0.767, -0.   ,  1.002, -0.192]], dtype=float32)
    """
    return _normal(hashes_of(key_, rows, columns), dtype, spread)


def _normal(hashes: NDArray[np.uint32], dtype: Any, spread: float) -> NDArray[Any]:
    coarse, fine = normal_tables()
    numbers = coarse[hashes >> np.uint32(20)] + fine[(hashes >> np.uint32(8)) & np.uint32(4095)]
    noise: NDArray[Any] = numbers.astype(dtype) * np.asarray(spread, dtype)
    return noise


# -------------------------------------------------------------- how a random input is drawn


@dataclass(frozen=True)
class Draw:
    """How the numbers of a random input are made of their hashes, and of one amount of chance.

    Args:
        name: of the function that gives one number in compiled loops.
        settings: what that function takes beside row and column: names, each with its type there.
        set_by: the settings by the amount.
        made: gives all numbers of some hashes, in a dtype, by the settings.
        said: says in words what the numbers are, by the amount or the schedule that gives it.
        mean: of the numbers, whatever the amount.

    """

    name: str
    settings: tuple[tuple[str, str], ...]
    set_by: Callable[[float], tuple[float, ...]]
    made: Callable[..., NDArray[Any]]
    said: Callable[[Any], str]
    mean: float

    def numbers(
        self, key_: int, rows: int, columns: int, amount: float, dtype: Any
    ) -> NDArray[Any]:
        """Give the numbers of a step: (rows, columns)."""
        return self.made(hashes_of(key_, rows, columns), dtype, *self.set_by(amount))


def _said_of_kept(rate: Any) -> str:
    if isinstance(rate, int | float):
        return f"{1 / (1 - rate):.4g} with chance {1 - rate:.4g}, else 0"
    return f"1/(1 - r) with chance 1 - r, else 0; r by {type(rate).__name__}"


def _said_of_normal(spread: Any) -> str:
    if isinstance(spread, int | float):
        return f"normal numbers of mean 0 and spread {spread:.4g}"
    return f"normal numbers of mean 0; their spread by {type(spread).__name__}"


KEPT = Draw(
    "kept",
    (("highest", "np.uint32"), ("value", "real")),
    lambda rate: (threshold(1 - rate), 1 / (1 - rate)),
    _kept,
    _said_of_kept,
    mean=1.0,
)
NORMAL = Draw(
    "normal",
    (("spread", "real"),),
    lambda spread: (float(spread),),
    _normal,
    _said_of_normal,
    mean=0.0,
)
