"""Views of arrays and new arrays, as loop texts ask for them: parts that are known to be there.

The instructions are written where the call stands; Numba's own slices, which may begin and end
anywhere, take several times as long to compile.
"""

# Numba and llvmlite are not typed.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, call-arg"

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import impl_ret_borrowed, impl_ret_new_ref
from numba.np import arrayobj

from glassnet.engines.written import Standing


class Given:
    """An array that a view is made of."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        self.context, self.builder, self.kind = context, builder, kind
        self.array = context.make_array(kind)(context, builder, value)
        self.shape = cgutils.unpack_tuple(builder, self.array.shape, kind.ndim)
        self.strides = cgutils.unpack_tuple(builder, self.array.strides, kind.ndim)

    def view(self, kind: Any, moved: Any, shape: Any, strides: Any) -> Any:
        """Give a view that begins so many bytes further on."""
        builder, source = self.builder, self.array
        found = self.context.make_array(kind)(self.context, builder)
        arrayobj.populate_array(
            found,
            data=cgutils.pointer_add(builder, source.data, moved, source.data.type),
            shape=shape,
            strides=strides,
            itemsize=source.itemsize,
            meminfo=source.meminfo,
            parent=source.parent,
        )
        return impl_ret_borrowed(self.context, builder, kind, found._getvalue())


WORD = types.intp
LINE = 64  # bytes of a line of the cache, at which a new array begins


@Standing
def matrix_in(flat, at, rows, columns):
    """Give a part of a flat array as a matrix."""
    return flat[at : at + rows * columns].reshape((rows, columns))


@matrix_in.instructions
def _matrix_in(typing_context, flat, at, rows, columns):
    kind = flat.copy(ndim=2)
    if flat.layout != "C":
        return None

    def written(context, builder, signature, arguments):
        whole = Given(context, builder, flat, arguments[0])
        at, rows, columns = arguments[1:]
        (size,) = whole.strides
        strides = [builder.mul(columns, size), size]
        return whole.view(kind, builder.mul(at, size), [rows, columns], strides)

    return kind(flat, WORD, WORD, WORD), written


@Standing
def numbers_in(flat, at, size):
    """Give a part of a flat array."""
    return flat[at : at + size]


@numbers_in.instructions
def _numbers_in(typing_context, flat, at, size):
    def written(context, builder, signature, arguments):
        whole = Given(context, builder, flat, arguments[0])
        at, size = arguments[1:]
        return whole.view(flat, builder.mul(at, whole.strides[0]), [size], whole.strides)

    return flat(flat, WORD, WORD), written


@Standing
def rows_between(array, first, last):
    """Give some rows of a matrix, or some numbers of a flat array."""
    return array[first:last]


@rows_between.instructions
def _rows_between(typing_context, array, first, last):
    kind = array.copy(layout="A" if array.layout == "F" and array.ndim > 1 else array.layout)

    def written(context, builder, signature, arguments):
        whole = Given(context, builder, array, arguments[0])
        first, last = arguments[1:]
        shape = [builder.sub(last, first), *whole.shape[1:]]
        return whole.view(kind, builder.mul(first, whole.strides[0]), shape, whole.strides)

    return kind(array, WORD, WORD), written


@Standing
def numbers_of(array):
    """Give the numbers of a matrix row after row, or those of a flat array."""
    return array.reshape(array.size)


@numbers_of.instructions
def _numbers_of(typing_context, array):
    kind = array.copy(ndim=1)
    if array.layout != "C":
        return None

    def written(context, builder, signature, arguments):
        whole = Given(context, builder, array, arguments[0])
        size = whole.shape[0]
        for length in whole.shape[1:]:
            size = builder.mul(size, length)
        return whole.view(kind, ir.Constant(size.type, 0), [size], whole.strides[-1:])

    return kind(array), written


@Standing
def row_of(matrix, row):
    """Give a row of a matrix."""
    return matrix[row]


@row_of.instructions
def _row_of(typing_context, matrix, row):
    kind = matrix.copy(ndim=1, layout="C" if matrix.layout == "C" else "A")

    def written(context, builder, signature, arguments):
        whole = Given(context, builder, matrix, arguments[0])
        moved = builder.mul(arguments[1], whole.strides[0])
        return whole.view(kind, moved, whole.shape[1:], whole.strides[1:])

    return kind(matrix, WORD), written


@Standing
def columns_between(matrix, first, last):
    """Give some columns of a matrix, as the rows of its transpose."""
    return matrix[:, first:last].T


@columns_between.instructions
def _columns_between(typing_context, matrix, first, last):
    kind = matrix.copy(layout="A")

    def written(context, builder, signature, arguments):
        whole = Given(context, builder, matrix, arguments[0])
        first, last = arguments[1:]
        shape = [builder.sub(last, first), whole.shape[0]]
        return whole.view(kind, builder.mul(first, whole.strides[1]), shape, whole.strides[::-1])

    return kind(matrix, WORD, WORD), written


def _new(ndim):
    """Make what gives a new array."""

    def written(context, builder, signature, arguments):
        kind, lengths = signature.return_type, arguments[:ndim]
        size = ir.Constant(lengths[0].type, kind.dtype.bitwidth // 8)
        strides = [size]
        for length in reversed(lengths):
            strides.insert(0, builder.mul(strides[0], length))
        align = ir.Constant(ir.IntType(32), LINE)
        memory = context.nrt.meminfo_alloc_aligned(builder, strides[0], align)
        found = context.make_array(kind)(context, builder)
        arrayobj.populate_array(
            found,
            data=builder.bitcast(context.nrt.meminfo_data(builder, memory), found.data.type),
            shape=lengths,
            strides=strides[1:],
            itemsize=size,
            meminfo=memory,
        )
        return impl_ret_new_ref(context, builder, kind, found._getvalue())

    return written


@Standing
def new_matrix(rows, columns, like):
    """Give a matrix of the dtype of another array, not filled."""
    return np.empty((rows, columns), like.dtype)


@new_matrix.instructions
def _new_matrix(typing_context, rows, columns, like):
    kind = types.Array(like.dtype, 2, "C")
    return kind(WORD, WORD, like), _new(2)


@Standing
def new_numbers(size, like):
    """Give a flat array of the dtype of another, not filled."""
    return np.empty(size, like.dtype)


@new_numbers.instructions
def _new_numbers(typing_context, size, like):
    kind = types.Array(like.dtype, 1, "C")
    return kind(WORD, like), _new(1)
