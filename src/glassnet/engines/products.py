"""Matrix products of parts of arrays, as they stand, without copies."""

# Numba's decorators are not typed.
# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return, call-overload"

from __future__ import annotations

import numpy as np
from numba import types
from numba.extending import overload

_BLAS = types.ExternalFunction(
    "numba_xxgemm",
    types.intc(
        *(types.char, types.char, types.char, types.intp, types.intp, types.intp, types.voidptr),
        *(types.voidptr, types.intp, types.voidptr, types.intp, types.voidptr, types.voidptr),
        types.intp,
    ),
)


def product(a, b, out):
    """Write the matrix product of a (m, k) and b (k, n) into out (m, n), whose rows lie whole."""
    np.dot(a, b, out=out)


@overload(product)
def _compiled_product(a, b, out):
    kind = {"float32": 115, "float64": 100}[str(a.dtype)]  # the letters s and d
    size = a.dtype.bitwidth // 8

    def call(a, b, out):
        if out.shape[0] == 0:
            return
        one, zero = np.ones(1, a.dtype), np.zeros(1, a.dtype)
        across_a, across_b = a.strides[1] != size, b.strides[1] != size
        _BLAS(
            kind,
            116 if across_b else 110,
            116 if across_a else 110,
            out.shape[1],
            out.shape[0],
            a.shape[1],
            one.ctypes,
            b.ctypes,
            b.strides[1] // size if across_b else max(b.strides[0] // size, b.shape[1]),
            a.ctypes,
            a.strides[1] // size if across_a else max(a.strides[0] // size, a.shape[1]),
            zero.ctypes,
            out.ctypes,
            out.strides[0] // size,
        )

    return call
