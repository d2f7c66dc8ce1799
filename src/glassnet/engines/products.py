"""Matrix products of the compiled engine: blocks that fit the caches, tiles that fit the registers.

`product(a, b, out)` stands in loop texts. Compiled, it calls one function for each type of numbers,
which is compiled once for a machine and not once more for each program: `load` makes it known under
the name that the calls are linked with.
"""

# Numba's decorators are not typed.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, no-any-return"

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba import cfunc, types
from numba.core import cgutils
from numpy.typing import NDArray

from glassnet.engines.first_call import ONE_AT_A_TIME, from_cache
from glassnet.engines.tiles import (
    LINE,
    WORD,
    line_fetched,
    memory_of,
    number_copied,
    registers,
    row_copied,
    tile,
    transposed_block,
)
from glassnet.engines.written import Standing, Written

VECTORS = 3  # of columns in a tile, at most
TERMS = 256  # of a sum at a time: a panel of the right matrix stays in the first cache
ROWS = 512  # of the left matrix at a time: with so many terms they stay in the second cache
FAR_APART, MANY_ROWS = 4096, 64  # bytes from row to row, and rows, from which on copying pays

SIGNATURE = types.void(*[types.int64] * 11)
NAME = "glassnet_product_{}"

TEXT = '''"""Matrix products of {dtype}, compiled once for this machine."""

from glassnet.engines.products import cached_call, compiled_call, multiply

multiply_{dtype} = multiply("{dtype}")


@cached_call
def product(a, a_row, a_next, b, b_row, b_next, c, c_row, rows, terms, columns):
    multiply_{dtype}(a, a_row, a_next, b, b_row, b_next, c, c_row, rows, terms, columns)
'''


@Standing
def product(a: NDArray[Any], b: NDArray[Any], out: NDArray[Any]) -> None:
    """Write the matrix product of a (m, k) and b (k, n), k ≥ 1, into out (m, n).

    a and b may stand in any order; the numbers of a row of out lie side by side.

    Each number is the same sum in the same order, however many rows and columns there are beside.

    >>> out = np.empty((1, 1))
    >>> product(np.array([[2.0, 3.0]]), np.array([[5.0], [7.0]]), out)
    >>> out
    array([[31.]])
    """
    np.matmul(a, b, out=out)


@product.instructions
def _compiled_product(typing_context, a, b, out):
    name = NAME.format(a.dtype)

    def written(context, builder, signature, arguments):
        given = []
        for kind, value in zip(signature.args, arguments, strict=True):
            array = context.make_array(kind)(context, builder, value)
            address = builder.ptrtoint(array.data, WORD)
            strides = cgutils.unpack_tuple(builder, array.strides, 2)
            given.append((address, strides, cgutils.unpack_tuple(builder, array.shape, 2)))
        left, right, (target, (row, _), _) = given
        words = [left[0], *left[1], right[0], *right[1], target, row, *left[2], right[2][1]]
        kind = ir.FunctionType(ir.VoidType(), [WORD] * len(words))
        builder.call(cgutils.get_or_insert_function(builder.module, kind, name), words)
        return context.get_dummy_value()

    return types.void(a, b, out), written


# Compiled for calls by address; `cached_call` keeps the code beside the text.
compiled_call = cfunc(SIGNATURE, error_model="numpy")
cached_call = cfunc(SIGNATURE, error_model="numpy", cache=True)

_loaded: dict[str, Any] = {}  # the functions must outlive every call


def load(dtype: str) -> str:
    """Make the product of numbers of a type known to compiled code.

    Returns:
        A note for the user on the cache, empty where there is nothing to say.

    """
    with ONE_AT_A_TIME:
        if dtype in _loaded:
            return ""
        function, note = from_cache(TEXT.format(dtype=dtype), _product_of)
        _loaded[dtype] = function
        llvmlite.binding.add_symbol(NAME.format(dtype), function.address)
        return note


def _product_of(module: ModuleType) -> Any:
    return module.product


def multiply(dtype: str) -> Callable[..., None]:
    """Make the function that multiplies matrices of a type, given by address and strides in bytes.

    Returns:
        f(a, a_row, a_next, b, b_row, b_next, c, c_row, rows, terms, columns), to be compiled into
        its caller: a (rows, terms), b (terms, columns), c (rows, columns).

    """
    size = np.dtype(dtype).itemsize
    number = ir.FloatType() if size == 4 else ir.DoubleType()
    processor = registers()
    lanes, high = processor.bytes // size, processor.rows
    widest = VECTORS * lanes
    rows_by_vectors = tile(number, lanes, high, VECTORS)
    copy, moved = number_copied(number), row_copied(number, lanes, VECTORS)
    swapped = transposed_block(number, lanes)
    fetched, fetched_to_write = line_fetched(to_write=False), line_fetched(to_write=True)
    room = memory_of(TERMS * widest * size)
    spare_row = memory_of(widest * size)
    few = max(1, lanes // 4)
    swapped_tile = memory_of(few * widest * size)

    @Written
    def copied(b, b_row, b_next, terms, columns, target):
        """Copy a panel of the right matrix, so that its rows lie side by side."""
        if b_next == size:
            for p in range(terms):
                moved(b + p * b_row, target + p * widest * size, columns)
            return
        full_terms = terms & -lanes if b_row == size else 0
        full_columns = columns & -lanes
        for p in range(0, full_terms, lanes):
            for j in range(0, full_columns, lanes):
                source = b + p * b_row + j * b_next
                swapped(source, b_next, target + (p * widest + j) * size, widest * size)
        for p in range(terms):
            for j in range(full_columns if p < full_terms else 0, columns):
                copy(b + p * b_row + j * b_next, target + (p * widest + j) * size)

    @Written
    def fetch(b, b_row, b_next, terms, columns, part, parts):
        """Ask for one of so many parts of a panel of the right matrix, ahead of its turn."""
        runs, step, length = terms, b_row, columns * size
        if b_next != size:
            runs, step, length = columns, b_next, terms * size
        for run in range(runs * part // parts, runs * (part + 1) // parts):
            for place in range(0, length + LINE - 1, LINE):
                fetched(b + run * step + place)

    @Written
    def multiplied(a, a_row, a_next, b, b_row, b_next, c, c_row, rows, terms, columns):
        """Go through slices of the sums, blocks of rows, and panels of columns.

        Few columns would leave most of each vector empty: then the two matrices change places, and
        what is computed is the result with its sides swapped.
        """
        swaps = columns <= few and rows >= lanes
        if swaps:
            a, a_row, a_next, b, b_row, b_next = b, b_next, b_row, a, a_next, a_row
            rows, columns = columns, rows
        copies = b_next != size or (b_row >= FAR_APART and rows >= MANY_ROWS)
        target, spare, aside = room(), spare_row(), swapped_tile()
        vectors = -(-columns // lanes)
        panels = -(-vectors // VECTORS)
        slices = max(1, -(-terms // TERMS))
        at_a_time = max(1, -(-terms // slices))
        for p in range(0, terms, at_a_time):
            here = min(at_a_time, terms - p)
            for i in range(0, rows, ROWS):
                stop, first = min(rows, i + ROWS), 0
                for panel in range(panels):
                    after = vectors * (panel + 1) // panels
                    j = first * lanes
                    found = min(columns, after * lanes) - j
                    right, right_row = b + p * b_row + j * b_next, b_row
                    if copies:
                        copied(right, b_row, b_next, here, found, target)
                        right, right_row = target, widest * size
                    last = found - (after - first - 1) * lanes
                    if swaps and p > 0:
                        for q in range(found):
                            for row in range(rows):
                                there = aside + (row * widest + q) * size
                                copy(c + (j + q) * c_row + row * size, there)
                    coming, coming_columns, coming_terms = right, 0, here
                    if copies and panel + 1 < panels:
                        to = min(columns, vectors * (panel + 2) // panels * lanes)
                        coming = b + p * b_row + (j + found) * b_next
                        coming_columns = to - j - found
                    elif copies and stop == rows and p + here < terms:
                        coming = b + (p + here) * b_row
                        coming_columns = min(columns, vectors // panels * lanes)
                        coming_terms = min(at_a_time, terms - p - here)
                    tiles = -(-(stop - i) // high)
                    for row in range(i, stop, high):
                        if coming_columns > 0:
                            fetch(coming, b_row, b_next, coming_terms, coming_columns,
                                  (row - i) // high, tiles)  # fmt: skip
                        out, out_row = c + row * c_row + j * size, c_row
                        if swaps:
                            out, out_row = aside, widest * size
                        elif c_row >= FAR_APART:
                            for q in range(min(high, stop - row)):
                                for place in range(0, found * size + LINE - 1, LINE):
                                    fetched_to_write(out + q * c_row + place)
                        rows_by_vectors(
                            after - first, stop - row, last,
                            a + row * a_row + p * a_next, a_row, a_next, right, right_row, here,
                            out, out_row, p == 0, spare,
                        )  # fmt: skip
                    if swaps:
                        for q in range(found):
                            for row in range(rows):
                                there = aside + (row * widest + q) * size
                                copy(there, c + (j + q) * c_row + row * size)
                    first = after

    return multiplied
