"""What a function written as instructions works with: numbers, arrays of them, tuples of both.

Their types are those of Numba, between whose compiled code and such functions they are passed.
"""

# Numba and llvmlite are not typed.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, no-any-return, attr-defined"
# mypy: disable-error-code="call-overload"

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

WORD = ir.IntType(64)
TRUTH = ir.IntType(1)
KINDS: dict[Any, Any] = {
    np.float32: types.float32,
    np.float64: types.float64,
    np.int32: types.int32,
    np.int64: types.int64,
    np.uint32: types.uint32,
    np.uint64: types.uint64,
    bool: types.boolean,
    np.bool_: types.boolean,
    int: types.int64,
    float: types.float64,
}
CLASSES = {
    kind: number for number, kind in KINDS.items() if number not in (int, float, bool, np.bool_)
}
LLVM = {
    types.float32: ir.FloatType(),
    types.float64: ir.DoubleType(),
    types.int32: ir.IntType(32),
    types.int64: WORD,
    types.uint32: ir.IntType(32),
    types.uint64: WORD,
    types.boolean: TRUTH,
}


class NotWrittenError(Exception):
    """Something that cannot be written here, and is left to Numba."""


@dataclass(frozen=True)
class Number:
    """A number: its type, and the LLVM value that it is."""

    kind: Any
    value: Any

    @property
    def is_real(self) -> bool:
        """Whether it is a floating-point number."""
        return isinstance(self.kind, types.Float)

    @property
    def is_signed(self) -> bool:
        """Whether it is a whole number that may be below 0."""
        return self.kind in (types.int32, types.int64)


@dataclass(frozen=True)
class Array:
    """An array: where its numbers are; strides in bytes, none where they lie side by side."""

    type: Any
    data: Any
    shape: tuple[Any, ...]
    strides: tuple[Any, ...]


@dataclass(frozen=True)
class Place:
    """Where a variable stands whose value changes."""

    kind: Any
    pointer: Any


def leaves_of(value: Any) -> Iterator[Any]:
    """Give the LLVM values that something consists of."""
    if isinstance(value, Number):
        yield value.value
    elif isinstance(value, Array):
        yield from (value.data, *value.shape, *value.strides)
    else:
        for part in value:
            yield from leaves_of(part)


def leaf_types(kind: Any) -> Iterator[Any]:
    """Give the LLVM types of the leaves of a value of Numba's type."""
    if isinstance(kind, types.Array):
        if kind.dtype not in LLVM or kind.dtype == types.boolean:
            raise NotWrittenError(f"an array of {kind.dtype}")
        yield LLVM[kind.dtype].as_pointer()
        yield from [WORD] * (kind.ndim if kind.layout == "C" else 2 * kind.ndim)
    elif isinstance(kind, types.BaseTuple):
        for part in kind:
            yield from leaf_types(part)
    elif kind in LLVM:
        yield LLVM[kind]
    else:
        raise NotWrittenError(f"a value of type {kind}")


def value_of(kind: Any, leaves: Iterator[Any]) -> Any:
    """Put a value of Numba's type together from its leaves."""
    if isinstance(kind, types.Array):
        data = next(leaves)
        shape = tuple(next(leaves) for _ in range(kind.ndim))
        strides = () if kind.layout == "C" else tuple(next(leaves) for _ in range(kind.ndim))
        return Array(kind, data, shape, strides)
    if isinstance(kind, types.BaseTuple):
        return tuple(value_of(part, leaves) for part in kind)
    return Number(kind, next(leaves))


def kind_of(value: Any) -> Any:
    """Give Numba's type of a value."""
    if value is None:
        return types.none
    if isinstance(value, Number):
        return value.kind
    if isinstance(value, Array):
        return value.type
    return types.Tuple([kind_of(part) for part in value])


def is_value(value: Any) -> bool:
    """Whether a value consists of numbers, which have places in memory."""
    if isinstance(value, tuple):
        return all(map(is_value, value))
    return isinstance(value, Number)


def kind_at(place: Any) -> Any:
    """Give Numba's type of what stands in some places; None for what has no place."""
    if isinstance(place, tuple):
        return types.Tuple([kind_at(part) for part in place])
    return place.kind if isinstance(place, Place) else None


def llvm_type(kind: Any) -> Any:
    """Give the LLVM type of what a function gives back."""
    if isinstance(kind, types.BaseTuple):
        return ir.LiteralStructType(list(leaf_types(kind)))
    if kind not in LLVM:
        raise NotWrittenError(f"a result of type {kind}")
    return LLVM[kind]


def unpacked(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """Give what Numba passes as a value of ours."""
    if isinstance(kind, types.Array):
        array = context.make_array(kind)(context, builder, value)
        shape = tuple(cgutils.unpack_tuple(builder, array.shape, kind.ndim))
        strides = ()
        if kind.layout != "C":
            strides = tuple(cgutils.unpack_tuple(builder, array.strides, kind.ndim))
        return Array(kind, array.data, shape, strides)
    if isinstance(kind, types.BaseTuple):
        parts = cgutils.unpack_tuple(builder, value, len(kind))
        each = zip(kind, parts, strict=True)
        return tuple(unpacked(context, builder, part, found) for part, found in each)
    return Number(kind, value)


def packed(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """Give a value of ours as Numba passes it."""
    if value is None:
        return context.get_dummy_value()
    if isinstance(value, tuple):
        each = zip(kind, value, strict=True)
        parts = [packed(context, builder, part, found) for part, found in each]
        return context.make_tuple(builder, kind, parts)
    return value.value
