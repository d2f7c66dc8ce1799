"""A tile of a matrix product in the processor's registers, as instructions for LLVM.

A tile is a few rows by a few vectors of columns of the result. Its numbers stay in registers while
the sum runs: at each turn one number of each row of the left matrix is multiplied with the vectors
of a row of the right one, and added (Goto and van de Geijn, Anatomy of High-Performance Matrix
Multiplication, 2008). Addresses are whole numbers and strides count bytes: a matrix may stand in
any order of rows and columns. Each number of the result is the same sum in the same order, whatever
the tile that it falls into.
"""

# Numba's decorators and llvmlite are not typed.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, no-any-return"

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic

WORD = ir.IntType(64)
COUNT = ir.IntType(32)
LINE = 64  # bytes of a line of the cache


@dataclass(frozen=True)
class Registers:
    """The vector registers of a processor: their bytes, and how many rows a tile may have."""

    bytes: int
    rows: int


def registers() -> Registers:
    """Give the registers of the processor that Numba compiles for.

    A tile of 8 rows by 3 vectors needs 28 registers: those of AVX-512 and of ARM are 32; older
    ones are 16, enough for 4 rows.
    """
    triple, _, features = cpu_target.target_context.codegen().magic_tuple()
    found = set(features.split(","))
    if "+avx512f" in found:
        return Registers(64, 8)
    if "+avx" in found:
        return Registers(32, 4)
    return Registers(16, 8 if triple.startswith(("aarch64", "arm64")) else 4)


class Vectors:
    """Writes instructions on vectors of numbers of one type."""

    def __init__(self, builder: Any, number: Any, lanes: int) -> None:
        self.builder, self.number, self.lanes = builder, number, lanes
        self.type = ir.VectorType(number, lanes)
        self.counts = ir.VectorType(COUNT, lanes)
        self.truths = ir.VectorType(ir.IntType(1), lanes)
        self.zero = ir.Constant(self.type, [0.0] * lanes)
        self.bytes = lanes * (4 if isinstance(number, ir.FloatType) else 8)
        self.name = f"v{lanes}{'f32' if isinstance(number, ir.FloatType) else 'f64'}"

    def pointer(self, address: Any, kind: Any = None) -> Any:
        """Give an address as a pointer to a vector, or to another kind of value."""
        return self.builder.inttoptr(address, (kind or self.type).as_pointer())

    def moved(self, address: Any, step: int) -> Any:
        """Give the address so many bytes further on."""
        return self.builder.add(address, WORD(step)) if step else address

    def load(self, address: Any) -> Any:
        """Read a vector that need not be aligned."""
        return self.builder.load(self.pointer(address), align=self.bytes // self.lanes)

    def store(self, value: Any, address: Any) -> None:
        """Write a vector to where it need not be aligned."""
        self.builder.store(value, self.pointer(address), align=self.bytes // self.lanes)

    def number_everywhere(self, address: Any) -> Any:
        """Read one number into all places of a vector."""
        pointer = self.pointer(address, self.number)
        return self.everywhere(self.builder.load(pointer, align=self.bytes // self.lanes))

    def everywhere(self, value: Any) -> Any:
        """Put a value into all places of a vector."""
        kind = ir.VectorType(value.type, self.lanes)
        nothing = ir.Constant(kind, ir.Undefined)
        first = self.builder.insert_element(nothing, value, COUNT(0))
        return self.builder.shuffle_vector(
            first, nothing, ir.Constant(self.counts, [0] * self.lanes)
        )

    def first(self, count: Any) -> Any:
        """Give the mask of the first so many places."""
        places = ir.Constant(self.counts, list(range(self.lanes)))
        return self.builder.icmp_signed(
            "<", places, self.everywhere(self.builder.trunc(count, COUNT))
        )

    def load_first(self, address: Any, mask: Any) -> Any:
        """Read the places of a mask, and 0 in all others; memory beyond is not touched."""
        pointer = self.pointer(address)
        takes = [pointer.type, COUNT, self.truths, self.type]
        kind = ir.FunctionType(self.type, takes)
        name = f"llvm.masked.load.{self.name}.p0{self.name}"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        align = COUNT(self.bytes // self.lanes)
        return self.builder.call(function, [pointer, align, mask, self.zero])

    def store_first(self, value: Any, address: Any, mask: Any) -> None:
        """Write the places of a mask; memory beyond is not touched."""
        pointer = self.pointer(address)
        kind = ir.FunctionType(ir.VoidType(), [self.type, pointer.type, COUNT, self.truths])
        name = f"llvm.masked.store.{self.name}.p0{self.name}"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        self.builder.call(function, [value, pointer, COUNT(self.bytes // self.lanes), mask])

    def multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        """Give a·b + c, in one rounding where the processor can."""
        kind = ir.FunctionType(self.type, [self.type] * 3)
        name = f"llvm.fmuladd.{self.name}"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, [a, b, c])


def tile(number: Any, lanes: int, rows: int, vectors: int) -> Callable[..., None]:
    """Make the function that computes a tile of up to so many rows and vectors: c = a·b, or + a·b.

    Args:
        number: LLVM's type of the numbers.
        lanes: numbers in a vector.
        rows: of the tile, at most; half as many and one have instructions of their own.
        vectors: of columns of the tile, at most.

    Returns:
        f(vectors, rows, last, a, a_row, a_next, b, b_next, terms, c, c_row, begin, spare) for
        compiled code: how many vectors and rows there are, and how many columns of the last vector;
        addresses and strides in bytes, and how many terms each sum has; whether the sum begins
        here; and the address of as much memory as a row of the tile takes, where rows that are not
        there are written.

    """

    @intrinsic
    def function(
        context, found, found_rows, last, a, a_row, a_next, b, b_next, terms, c, c_row, begin, spare
    ):
        def write(context, builder, signature, arguments):
            found, found_rows, *others = arguments
            after = builder.append_basic_block("after_tile")
            alone = builder.icmp_signed("==", found_rows, WORD(1))
            few = builder.icmp_signed("<=", found_rows, WORD(rows // 2))
            skipped = builder.select(few, WORD(vectors), WORD(0))
            skipped = builder.select(alone, WORD(2 * vectors), skipped)
            cases = builder.switch(builder.add(skipped, found), after)
            heights = [rows] * vectors + [rows // 2] * vectors + [1] * vectors
            for number_of, high in enumerate(heights):
                case = builder.append_basic_block("tile")
                cases.add_case(WORD(number_of + 1), case)
                builder.position_at_end(case)
                vector = Vectors(builder, number, lanes)
                _Tile(vector, high, number_of % vectors + 1, found_rows, *others).write()
                builder.branch(after)
            builder.position_at_end(after)
            return context.get_dummy_value()

        return types.void(*[types.int64] * 11, types.boolean, types.int64), write

    return function


class _Tile:
    """Writes the instructions of one tile."""

    def __init__(self, vector: Vectors, rows: int, vectors: int, *arguments: Any) -> None:
        self.vector, self.builder = vector, vector.builder
        self.rows, self.vectors = rows, vectors
        self.found, last, self.a, self.a_row, self.a_next, self.b, self.b_next = arguments[:7]
        self.terms, self.c, self.c_row, self.begin, self.spare = arguments[7:]
        self.mask = vector.first(last)

    def write(self) -> None:
        """Sum in registers, then write the tile to memory."""
        a_rows = [self._row(self.a, self.a_row, i, self.a) for i in range(self.rows)]
        c_rows = [self._row(self.c, self.c_row, i, self.spare) for i in range(self.rows)]
        sums = self._sums(a_rows)
        added, written, over = self._block("added"), self._block("written"), self._block("over")
        self.builder.cbranch(self.begin, written, added)
        self.builder.position_at_end(added)
        for address, row in zip(c_rows, sums, strict=True):
            self._store([self._added(address, v, row[v]) for v in range(self.vectors)], address)
        self.builder.branch(over)
        self.builder.position_at_end(written)
        for address, row in zip(c_rows, sums, strict=True):
            self._store(row, address)
        self.builder.branch(over)
        self.builder.position_at_end(over)

    def _block(self, name: str) -> Any:
        return self.builder.append_basic_block(name)

    def _row(self, address: Any, stride: Any, row: int, otherwise: Any) -> Any:
        """Give the address of a row, or another one where there is no such row."""
        if row == 0:
            return address
        there = self.builder.icmp_signed("<", WORD(row), self.found)
        moved = self.builder.add(address, self.builder.mul(stride, WORD(row)))
        return self.builder.select(there, moved, otherwise)

    def _sums(self, a_rows: list[Any]) -> list[list[Any]]:
        """Write the loop over the terms, and give the sums."""
        builder, vector = self.builder, self.vector
        before, loop, after = builder.block, self._block("terms"), self._block("summed")
        builder.branch(loop)
        builder.position_at_end(loop)

        def carried(kind: Any, start: Any) -> Any:
            value = builder.phi(kind)
            value.add_incoming(start, before)
            return value

        term, a_place, b_place = (
            carried(WORD, WORD(0)), carried(WORD, WORD(0)), carried(WORD, self.b),
        )  # fmt: skip
        places = [(i, v) for i in range(self.rows) for v in range(self.vectors)]
        sums = {place: carried(vector.type, vector.zero) for place in places}
        right = [self._load(b_place, v) for v in range(self.vectors)]
        left = [vector.number_everywhere(builder.add(row, a_place)) for row in a_rows]
        new = {(i, v): vector.multiply_add(left[i], right[v], sums[i, v]) for i, v in places}
        following = builder.add(term, WORD(1))
        term.add_incoming(following, loop)
        a_place.add_incoming(builder.add(a_place, self.a_next), loop)
        b_place.add_incoming(builder.add(b_place, self.b_next), loop)
        for place in places:
            sums[place].add_incoming(new[place], loop)
        builder.cbranch(builder.icmp_signed("<", following, self.terms), loop, after)
        builder.position_at_end(after)
        return [[new[i, v] for v in range(self.vectors)] for i in range(self.rows)]

    def _load(self, address: Any, v: int) -> Any:
        place = self.vector.moved(address, v * self.vector.bytes)
        if v == self.vectors - 1:
            return self.vector.load_first(place, self.mask)
        return self.vector.load(place)

    def _added(self, address: Any, v: int, value: Any) -> Any:
        return self.builder.fadd(self._load(address, v), value)

    def _store(self, row: list[Any], address: Any) -> None:
        for v, value in enumerate(row):
            place = self.vector.moved(address, v * self.vector.bytes)
            if v == self.vectors - 1:
                self.vector.store_first(value, place, self.mask)
            else:
                self.vector.store(value, place)


def transposed_block(number: Any, lanes: int) -> Callable[..., None]:
    """Make the function that copies a square block, as wide as a vector, with its sides swapped.

    Returns:
        f(source, source_row, target, target_row) for compiled code: addresses, strides in bytes.

    """

    @intrinsic
    def function(context, source, source_row, target, target_row):
        def write(context, builder, signature, arguments):
            vector = Vectors(builder, number, lanes)
            source, source_row, target, target_row = arguments
            addresses = [
                builder.add(source, builder.mul(source_row, WORD(i))) for i in range(lanes)
            ]
            rows = [vector.load(address) for address in addresses]
            for i, row in enumerate(_sides_swapped(vector, rows)):
                vector.store(row, builder.add(target, builder.mul(target_row, WORD(i))))
            return context.get_dummy_value()

        return types.void(*[types.int64] * 4), write

    return function


def _sides_swapped(vector: Vectors, rows: list[Any]) -> list[Any]:
    """Interleave rows half a block apart, until each has come to stand as a column."""
    lanes, half = vector.lanes, vector.lanes // 2
    low = [place for i in range(half) for place in (i, lanes + i)]
    high = [place + half for place in low]
    for _ in range(lanes.bit_length() - 1):
        pairs = list(zip(rows[:half], rows[half:], strict=True))
        rows = [
            vector.builder.shuffle_vector(a, b, ir.Constant(vector.counts, places))
            for a, b in pairs
            for places in (low, high)
        ]
    return rows


def memory_of(size: int) -> Callable[..., int]:
    """Make the function that gives the address of so many bytes that last for the call."""

    @intrinsic
    def function(context):
        def write(context, builder, signature, arguments):
            kind = ir.ArrayType(ir.IntType(8), size + LINE)
            with builder.goto_entry_block():  # once for a call, however often it stands in a loop
                place = builder.ptrtoint(builder.alloca(kind), WORD)
            return builder.and_(builder.add(place, WORD(LINE - 1)), WORD(-LINE))

        return types.int64(), write

    return function


def line_fetched(*, to_write: bool) -> Callable[..., None]:
    """Make the function that asks for the cache line at an address, ahead of its turn.

    Args:
        to_write: whether it will be written, and soon; else it comes to the second cache only.

    """
    written, near = (1, 3) if to_write else (0, 2)

    @intrinsic
    def function(context, address):
        def write(context, builder, signature, arguments):
            pointer = builder.inttoptr(arguments[0], ir.IntType(8).as_pointer())
            kind = ir.FunctionType(ir.VoidType(), [pointer.type, COUNT, COUNT, COUNT])
            name = "llvm.prefetch.p0i8"
            fetch = cgutils.get_or_insert_function(builder.module, kind, name)
            builder.call(fetch, [pointer, COUNT(written), COUNT(near), COUNT(1)])  # 1: data
            return context.get_dummy_value()

        return types.void(types.int64), write

    return function


def number_copied(number: Any) -> Callable[..., None]:
    """Make the function that copies one number from an address to another."""

    @intrinsic
    def function(context, source, target):
        def write(context, builder, signature, arguments):
            source, target = (builder.inttoptr(a, number.as_pointer()) for a in arguments)
            size = 4 if isinstance(number, ir.FloatType) else 8
            builder.store(builder.load(source, align=size), target, align=size)
            return context.get_dummy_value()

        return types.void(types.int64, types.int64), write

    return function


def row_copied(number: Any, lanes: int, vectors: int) -> Callable[..., None]:
    """Make the function that copies a row of up to so many vectors.

    Returns:
        f(source, target, count) for compiled code: addresses, and how many numbers there are.

    """

    @intrinsic
    def function(context, source, target, count):
        def write(context, builder, signature, arguments):
            vector = Vectors(builder, number, lanes)
            source, target, count = arguments
            for v in range(vectors):
                mask = vector.first(builder.sub(count, WORD(v * lanes)))
                value = vector.load_first(vector.moved(source, v * vector.bytes), mask)
                vector.store_first(value, vector.moved(target, v * vector.bytes), mask)
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, types.int64), write

    return function
