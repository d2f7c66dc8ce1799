"""What every loop text calls: the compiler's settings, batches, and the few functions NumPy lacks.

Compiled with Numba; each is also plain Python (`.py_func`), for running a loop text without it.
"""

# Numba's decorators are not typed.
# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-untyped-call, no-any-return"

from __future__ import annotations

import numpy as np
from llvmlite import binding, ir
from numba import njit
from numba.core import cgutils

from glassnet.engines.subnormals import flush_subnormals, put_back
from glassnet.engines.views import (
    matrix_in,
    new_matrix,
    new_numbers,
    numbers_in,
    numbers_of,
    rows_between,
)
from glassnet.engines.written import Standing, Written
from glassnet.rules import randomness

__all__ = [  # what loop texts find here beside what is written here
    "flush_subnormals",
    "matrix_in",
    "new_matrix",
    "new_numbers",
    "numbers_in",
    "numbers_of",
    "put_back",
    "rows_between",
]

# Every freedom but the one that assumes there is no inf and no nan: with that, isfinite(nan) is
# compiled to True. Without error_model="numpy" a division checks for zero and is not vectorised.
FREEDOMS = {"reassoc", "contract", "arcp", "nsz", "afn"}


def compiled(function):
    """Make a function that compiled code calls; no two arrays that it is given overlap."""
    return Written(function, FREEDOMS, apart=True)


def merged(function):
    """Make a function that LLVM takes in wherever compiled code calls it."""
    return Written(function, FREEDOMS, merged=True)


def inlined(function):
    """Make a function whose lines stand where compiled code calls it."""
    return Written(function, FREEDOMS, within=True)


cached = njit(fastmath=FREEDOMS, error_model="numpy", nogil=True, cache=True)

mix = Written(randomness.mix, within=True)


@inlined
def kept(row_key, column, highest, value):
    """Give the value of a mask at a column: `value` where the number is kept, else 0."""
    return value if mix(row_key ^ np.uint32(column)) <= highest else type(value)(0)


COARSE, FINE = randomness.normal_tables()


@inlined
def normal(row_key, column, spread):
    """Give a normal number of mean 0 and a spread at a column: that of `normal_noise`."""
    hash_ = mix(row_key ^ np.uint32(column))
    coarse, fine = hash_ >> np.uint32(20), (hash_ >> np.uint32(8)) & np.uint32(4095)
    return (COARSE[coarse] + FINE[fine]) * spread


def greatest(a, b):
    """Give the greater number; nan if one of them is, as np.maximum does."""
    return a if (a >= b or a != a) else b


def least(a, b):
    """Give the lesser number; nan if one of them is, as np.minimum does."""
    return a if (a <= b or a != a) else b


def _in_one(name):
    """Make an operation of LLVM on two numbers of one type, for which −0 is 0."""

    def operation(typing_context, a, b):
        def written(context, builder, types, arguments):
            kind = arguments[0].type
            signature = ir.FunctionType(kind, [kind, kind])
            full_name = f"llvm.{name}.{kind.intrinsic_name}"
            called = cgutils.get_or_insert_function(builder.module, signature, full_name)
            return builder.call(called, arguments, fastmath=("nsz", "reassoc"))

        return a(a, b), written

    return operation


# LLVM knows the greatest of a row by this, and compares many columns at a time; older ones cannot
# compile it for every processor.
if binding.llvm_version_info[0] >= 18:
    greatest, least = Standing(greatest), Standing(least)
    greatest.instructions(_in_one("maximum"))
    least.instructions(_in_one("minimum"))
else:
    greatest, least = inlined(greatest), inlined(least)


@inlined
def sign_of(a):
    """Give −1, 0 or 1; nan stays nan, as np.sign does."""
    one = type(a)(1)  # 1 alone would make a number of 64 bits
    return one if a > 0 else (-one if a < 0 else a)


# Running sums are added up, and taken from other numbers, in just the order of the text: else what
# was added would be taken away again unseen, and a − (b + a) be −b even where a is inf. One freedom
# is named, the one that does no harm: a function without any is given those of its caller.
def in_order(function):
    """Make a function whose sums are added up as they stand."""
    return Written(function, {"contract"}, within=True)


@in_order
def plus(a, b):
    """Give a + b."""
    return a + b


@in_order
def minus(a, b):
    """Give a − b."""
    return a - b


@in_order
def over_root(a, root):
    """Give a / root, not a times a processor's quick estimate of 1/√x, which is nan at inf."""
    return a / root


@inlined
def row_number(number, rows):
    """Give a whole number as an index below `rows`; never one that is not there."""
    return np.int64(number) if 0 <= number < rows else np.int64(0)


@inlined
def is_finite(a):
    """Say whether a number is neither inf nor nan.

    It is compared, for np.isfinite looks whether a − a is 0, and in loops where sums are regrouped
    (b + c) − (b + c) is always 0.
    """
    return abs(a) < np.inf


@compiled
def all_finite(x):
    """Say whether every number is finite."""
    none, one, inf = x.dtype.type(0), x.dtype.type(1), x.dtype.type(np.inf)
    for i in range(x.shape[0]):
        wrong = none
        for j in range(x.shape[1]):
            wrong += none if abs(x[i, j]) < inf else one
        if wrong > none:
            return False
    return True


@compiled
def gather(source, order, start, target):
    """Copy the rows of a batch together."""
    for i in range(target.shape[0]):
        row = order[start + i]
        for j in range(source.shape[1]):
            target[i, j] = source[row, j]


@compiled
def fill_equal_shares(adds_up, w):
    """Give each row of a batch the same weight: 1 for a loss that adds up, else 1/m."""
    share = w.dtype.type(1) if adds_up else w.dtype.type(1) / w.dtype.type(w.size)
    for i in range(w.size):
        w[i] = share


@compiled
def sum_of_weights(weights, order, start, stop, shuffled):
    """Add the weights of a batch's rows up, in float64."""
    total = 0.0
    for i in range(start, stop):
        total += weights[order[i]] if shuffled else weights[i]
    return total


@compiled
def fill_shares(weights, order, start, shuffled, adds_up, w):
    """Give each row of a batch its weight, over their sum for a loss that averages."""
    total = 0.0
    for i in range(w.size):
        w[i] = weights[order[start + i]] if shuffled else weights[start + i]
        total += w[i]
    if not adds_up:
        whole = w.dtype.type(total)
        for i in range(w.size):
            w[i] = w[i] / whole


FEW_ROWS = 128  # up to here it is faster to compare each with each, 16 in one instruction


@compiled
def ranked(key, order, hashes):
    """Put few rows at their places, the number of smaller hashes; False if two are equal."""
    for row in range(hashes.size):
        hashes[row] = mix(np.uint32(row) ^ key)
    places = np.int64(0)
    for row in range(hashes.size):
        own, place = hashes[row], np.uint32(0)
        for other in range(hashes.size):
            place = np.uint32(place + np.uint32(hashes[other] < own))
        order[place] = row
        places += np.int64(place)
    return places == hashes.size * (hashes.size - 1) // 2


@compiled
def sort_rows(key, order, hashes, counts):
    """Fill `order` with the rows sorted by their hash: the order of `randomness.order_of_rows`.

    Hashes are spread evenly, so each row is put near its place at once, and few must move on.
    """
    rows = order.size
    if rows <= FEW_ROWS and ranked(key, order, hashes):
        return
    for k in range(rows + 1):
        counts[k] = 0
    for row in range(rows):
        near = (np.uint64(mix(np.uint32(row) ^ key)) * np.uint64(rows)) >> np.uint64(32)
        counts[np.int64(near) + 1] += 1
    for k in range(rows):
        counts[k + 1] += counts[k]
    for row in range(rows):
        hash_ = mix(np.uint32(row) ^ key)
        near = (np.uint64(hash_) * np.uint64(rows)) >> np.uint64(32)
        place = counts[np.int64(near)]
        counts[np.int64(near)] += 1
        order[place] = row
        hashes[place] = hash_
    for k in range(1, rows):
        row, hash_ = order[k], hashes[k]
        place = k
        while place > 0 and hashes[place - 1] > hash_:
            order[place] = order[place - 1]
            hashes[place] = hashes[place - 1]
            place -= 1
        order[place] = row
        hashes[place] = hash_
