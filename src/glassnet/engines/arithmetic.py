"""Arithmetic as LLVM instructions: what Numba would make of numbers of these types.

Of two numbers the wider type is taken, float64 for a whole number beside a real one, and no whole
number has fewer than 64 bits unless it is asked for.
"""

# Numba and llvmlite are not typed.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, no-any-return"

from __future__ import annotations

import ast
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from glassnet.engines.instruction_values import (
    CLASSES,
    KINDS,
    LLVM,
    WORD,
    Array,
    NotWrittenError,
    Number,
)

SIGNS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
REAL = {ast.Add: "fadd", ast.Sub: "fsub", ast.Mult: "fmul", ast.Div: "fdiv"}
WHOLE = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.LShift: "shl"}
WHOLE |= {ast.BitAnd: "and_", ast.BitOr: "or_", ast.BitXor: "xor"}
OF_ONE = {np.sqrt: "sqrt", np.rint: "rint", np.abs: "fabs", abs: "fabs"}  # real numbers


class Arithmetic:
    """Writes operations on numbers, and finds the places of arrays.

    `builder` says where, and `flags` which freedoms LLVM has with real numbers.
    """

    def __init__(self, module: Any) -> None:
        self.module = module
        self.builder: Any = None
        self.flags: tuple[str, ...] = ()

    def given(self, value: Any) -> Any:
        """Give a value of Python as one of ours."""
        if isinstance(value, tuple):
            return tuple(self.given(part) for part in value)
        if isinstance(value, np.ndarray):
            return self.table(value)
        if isinstance(value, np.generic | bool | int | float):
            kind = KINDS.get(type(value))
            if kind is None:
                raise NotWrittenError(f"a number of type {type(value)}")
            return self.constant(value.item() if isinstance(value, np.generic) else value, kind)
        return value

    def table(self, values: Any) -> Array:
        """Give an array of Python's as one of the text, which never changes."""
        kind = types.Array(KINDS[values.dtype.type], values.ndim, "C", readonly=True)
        if values.ndim != 1:
            raise NotWrittenError("a table of several axes")
        name = f"glassnet.table.{id(values)}"
        held = ir.ArrayType(LLVM[kind.dtype], values.size)
        if name not in self.module.globals:
            table = ir.GlobalVariable(self.module, held, name)
            table.linkage, table.global_constant = "internal", True
            table.initializer = ir.Constant(held, values.tolist())
        table = self.module.globals[name]
        zero = ir.Constant(WORD, 0)
        data = self.builder.gep(table, [zero, zero], inbounds=True)
        return Array(kind, data, (ir.Constant(WORD, values.size),), ())

    def constant(self, number: Any, kind: Any) -> Number:
        """Give a number of the text."""
        return Number(kind, ir.Constant(LLVM[kind], number))

    def wider(self, a: Any, b: Any) -> Any:
        """Give the type that two numbers are brought to, as Numba does."""
        if a == b and a not in (types.int32, types.uint32, types.boolean):
            return a
        reals = [kind for kind in (a, b) if isinstance(kind, types.Float)]
        if len(reals) == 2:
            return types.float64
        if len(reals) == 1:
            other = b if reals[0] is a else a
            return reals[0] if other == types.boolean else types.float64
        if a == b == types.boolean:
            return types.int64
        signed = [kind.signed for kind in (a, b) if kind != types.boolean]
        if all(signed):
            return types.int64
        if not any(signed):
            return types.uint64
        if types.uint64 in (a, b):
            raise NotWrittenError("a number without a sign beside one with a sign")
        return types.int64

    def cast(self, number: Any, kind: Any) -> Number:
        """Write a number as one of another type."""
        if not isinstance(number, Number):
            raise NotWrittenError("something else than a number")
        if number.kind == kind:
            return number
        builder, value, target = self.builder, number.value, LLVM[kind]
        if isinstance(value, ir.Constant) and not isinstance(value.constant, str):
            return self._constant_cast(value.constant, number, kind)
        if kind == types.boolean:
            raise NotWrittenError("a number as a condition")
        if isinstance(kind, types.Float):
            if number.is_real:
                grows = kind == types.float64
                return Number(kind, (builder.fpext if grows else builder.fptrunc)(value, target))
            convert = builder.sitofp if number.is_signed else builder.uitofp
            return Number(kind, convert(value, target))
        if number.is_real:
            convert = builder.fptosi if kind.signed else builder.fptoui
            return Number(kind, convert(value, target))
        if value.type.width > target.width:
            return Number(kind, builder.trunc(value, target))
        if value.type.width < target.width:
            extend = builder.sext if number.is_signed else builder.zext
            return Number(kind, extend(value, target))
        return Number(kind, value)

    def _constant_cast(self, value: Any, number: Number, kind: Any) -> Number:
        if isinstance(kind, types.Float):
            return self.constant(float(CLASSES[kind](value)), kind)
        if number.is_real:
            if not np.isfinite(value):
                raise NotWrittenError("a whole number that is not finite")
            return self.constant(int(value), kind)
        if kind == types.boolean:
            raise NotWrittenError("a number as a condition")
        bits = kind.bitwidth
        whole = int(value) & ((1 << bits) - 1)
        if kind.signed and whole >> (bits - 1):
            whole -= 1 << bits
        return self.constant(whole, kind)

    def combined(self, operation: ast.operator, a: Any, b: Any) -> Any:
        """Write an operation on two numbers."""
        if not isinstance(a, Number) or not isinstance(b, Number):
            raise NotWrittenError("arithmetic of something else than numbers")
        kind = self.wider(a.kind, b.kind)
        if isinstance(operation, ast.Div) and not isinstance(kind, types.Float):
            kind = types.float64
        left, right = self.cast(a, kind).value, self.cast(b, kind).value
        if isinstance(kind, types.Float):
            name = REAL.get(type(operation))
            if name is None:
                raise NotWrittenError(f"{type(operation).__name__} of real numbers")
            return Number(kind, getattr(self.builder, name)(left, right, flags=self.flags))
        return Number(kind, self._whole(operation, kind, left, right))

    def _whole(self, operation: ast.operator, kind: Any, left: Any, right: Any) -> Any:
        builder = self.builder
        name = WHOLE.get(type(operation))
        if name is not None:
            return getattr(builder, name)(left, right)
        if isinstance(operation, ast.RShift):
            return (builder.ashr if kind.signed else builder.lshr)(left, right)
        if not isinstance(operation, ast.Mod | ast.FloorDiv):
            raise NotWrittenError(f"{type(operation).__name__} of whole numbers")
        rest = isinstance(operation, ast.Mod)
        if not kind.signed:
            return (builder.urem if rest else builder.udiv)(left, right)
        zero = ir.Constant(LLVM[kind], 0)
        remainder = builder.srem(left, right)
        differ = builder.icmp_signed("<", builder.xor(remainder, right), zero)
        moves = builder.and_(builder.icmp_signed("!=", remainder, zero), differ)
        if rest:
            return builder.select(moves, builder.add(remainder, right), remainder)
        quotient = builder.sdiv(left, right)
        return builder.sub(quotient, builder.zext(moves, quotient.type))

    def negative(self, value: Number) -> Number:
        """Write a number with the other sign."""
        if isinstance(value.value, ir.Constant):
            return self._constant_cast(-value.value.constant, value, value.kind)
        if value.is_real:
            return Number(value.kind, self.builder.fneg(value.value, flags=self.flags))
        if not value.is_signed:
            raise NotWrittenError("a number without a sign, taken from 0")
        value = self.cast(value, types.int64)
        return Number(value.kind, self.builder.neg(value.value))

    def compared(self, operation: ast.cmpop, a: Number, b: Number) -> Any:
        """Write a comparison of two numbers."""
        sign = SIGNS.get(type(operation))
        if sign is None:
            raise NotWrittenError(type(operation).__name__)
        kind = self.wider(a.kind, b.kind)
        left, right = self.cast(a, kind).value, self.cast(b, kind).value
        if isinstance(kind, types.Float):
            ordered = self.builder.fcmp_unordered if sign == "!=" else self.builder.fcmp_ordered
            return ordered(sign, left, right, flags=self.flags)
        compare = self.builder.icmp_signed if kind.signed else self.builder.icmp_unsigned
        return compare(sign, left, right)

    def common(self, a: Number, b: Number) -> Any:
        """Give the type of a choice between two numbers."""
        return a.kind if a.kind == b.kind else self.wider(a.kind, b.kind)

    def alike(self, a: Number, b: Number) -> tuple[Number, Number]:
        """Write two numbers as numbers of one type."""
        kind = self.common(a, b)
        return self.cast(a, kind), self.cast(b, kind)

    def bits(self, number: Number, kind: Any) -> Number:
        """Write a number as the number of another type with the same bits."""
        target = LLVM[KINDS[kind]]
        if isinstance(number.value, ir.Constant):
            value = CLASSES[number.kind](number.value.constant).view(kind)
            return self.constant(value.item(), KINDS[kind])
        return Number(KINDS[kind], self.builder.bitcast(number.value, target))

    def of_one(self, name: str, number: Any) -> Number:
        """Write an instruction on one real number."""
        if not isinstance(number, Number) or not number.is_real:
            raise NotWrittenError(f"{name} of something else than a real number")
        function = self.builder.module.declare_intrinsic(f"llvm.{name}", [number.value.type])
        found = self.builder.call(function, [number.value], fastmath=self.flags)
        return Number(number.kind, found)

    def first_of(self, called: Any, values: list[Any]) -> Number:
        """Write the lesser or the greater of two whole numbers."""
        a, b = self.alike(*values)
        sign = ast.Lt() if called is min else ast.Gt()
        if a.is_real:
            raise NotWrittenError("min and max of real numbers")
        return Number(a.kind, self.builder.select(self.compared(sign, b, a), b.value, a.value))

    def of_array(self, array: Array, name: str) -> Any:
        """Give the shape, the size or the dtype of an array."""
        if name == "shape":
            return tuple(Number(types.int64, length) for length in array.shape)
        if name == "size":
            size = array.shape[0]
            for length in array.shape[1:]:
                size = self.builder.mul(size, length, flags=("nsw",))
            return Number(types.int64, size)
        if name == "dtype":
            return np.dtype(CLASSES[array.type.dtype])
        raise NotWrittenError(f"{name} of an array")

    def place_of(self, array: Any, places: Any) -> Any:
        """Write where a number of an array is."""
        places = places if isinstance(places, tuple) else (places,)
        if not isinstance(array, Array) or len(places) != array.type.ndim:
            raise NotWrittenError("a part of an array")
        words = []
        for place in places:
            if not isinstance(place, Number) or not isinstance(place.kind, types.Integer):
                raise NotWrittenError("a place that is no whole number")
            words.append(self.cast(place, types.int64).value)
        builder, flags = self.builder, ("nsw",)
        if not array.strides:
            offset = words[0]
            for place, length in zip(words[1:], array.shape[1:], strict=True):
                offset = builder.add(builder.mul(offset, length, flags=flags), place, flags=flags)
            return builder.gep(array.data, [offset], inbounds=True)
        offset = ir.Constant(WORD, 0)
        for place, stride in zip(words, array.strides, strict=True):
            offset = builder.add(offset, builder.mul(place, stride, flags=flags), flags=flags)
        start = builder.bitcast(array.data, ir.IntType(8).as_pointer())
        moved = builder.gep(start, [offset], inbounds=True, source_etype=ir.IntType(8))
        return builder.bitcast(moved, array.data.type)
