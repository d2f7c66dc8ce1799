"""Functions of numbers and arrays, written as LLVM instructions where compiled code calls them.

Numba infers the types of a function, makes it ready for calls from Python and from C, and turns all
of it into machine code, before it takes it in where another compiled function calls it. The parts
of a loop text need none of that: their types are those of what they are given, in one reading from
the first line to the last. So a first compile takes a fraction of the time.

What can be written so is a small part of Python: numbers, arrays of numbers, tuples of both;
arithmetic, comparisons, choices, loops over ranges, calls of such functions and of intrinsics. Its
types are Numba's: of two numbers the wider one, float64 for a whole number beside a real one.
Places in arrays are never below 0, and ranges go upwards. Whatever goes beyond is left to Numba, which compiles it as ever.

Python calls such a function, too: then Numba compiles a function of one line that calls it.
"""

# Numba and llvmlite are not typed.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, no-any-return"

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import linecache
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.core.typing.templates import make_intrinsic_template
from numba.extending import typeof_impl

WORD = ir.IntType(64)
TRUTH = ir.IntType(1)
KINDS = {
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
SIGNS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
REAL = {ast.Add: "fadd", ast.Sub: "fsub", ast.Mult: "fmul", ast.Div: "fdiv"}
WHOLE = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.LShift: "shl"}
WHOLE |= {ast.BitAnd: "and_", ast.BitOr: "or_", ast.BitXor: "xor"}
OF_ONE = {np.sqrt: "sqrt", np.rint: "rint", np.abs: "fabs", abs: "fabs"}  # real numbers


class NotWritten(Exception):
    """Something that cannot be written here, and is left to Numba."""


# -------------------------------------------------------------------------------- what there is


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
        return isinstance(self.kind, types.Integer) and self.kind.signed


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
            raise NotWritten(f"an array of {kind.dtype}")
        yield LLVM[kind.dtype].as_pointer()
        yield from [WORD] * (kind.ndim if kind.layout == "C" else 2 * kind.ndim)
    elif isinstance(kind, types.BaseTuple):
        for part in kind:
            yield from leaf_types(part)
    elif kind in LLVM:
        yield LLVM[kind]
    else:
        raise NotWritten(f"a value of type {kind}")


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


# ---------------------------------------------------------------------- functions of such a text


class Written:
    """A function that compiled code takes in as instructions.

    Args:
        py_func: the function.
        freedoms: what LLVM may do with its arithmetic; see LLVM's fast-math flags.
        within: whether its lines stand where it is called, without a function of their own.
        merged: whether LLVM shall take its function in wherever it is called.
        apart: whether no two arrays that it is given overlap. Else the compiler would have to
            compare their places in memory ahead of each loop, and where there are more than a few
            of them it does the loop number by number instead.

    """

    numbers = itertools.count()

    def __init__(
        self,
        py_func: Callable[..., Any],
        freedoms: frozenset[str] | set[str] = frozenset(),
        *,
        within: bool = False,
        merged: bool = False,
        apart: bool = False,
    ) -> None:
        functools.update_wrapper(self, py_func)
        self.py_func: Any = py_func
        self.freedoms = tuple(sorted(freedoms))
        self.within, self.merged, self.apart = within, merged, apart
        self.name = f"glassnet.{py_func.__name__}.{next(self.numbers)}"
        self.known: dict[tuple[Any, ...], Instructions] = {}

        def definition(typing_context, *given):
            return self.meant(typing_context, given)

        own = inspect.signature(py_func).parameters.values()
        context = inspect.Parameter("typing_context", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        definition.__signature__ = inspect.Signature([context, *own])  # type: ignore[attr-defined]
        self.template = make_intrinsic_template(self, definition, py_func.__name__)

    def __call__(self, *arguments: Any) -> Any:
        """Call it from Python."""
        return self.for_python(*arguments)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in ("for_python", "numba"):
            raise AttributeError(name)
        return getattr(self.for_python, name)  # what Numba tells of a compiled function

    @functools.cached_property
    def for_python(self) -> Any:
        """The function for Python: it calls this one, and is compiled by Numba."""
        takes = ", ".join(inspect.signature(self.py_func).parameters)
        scope = {"function": self}
        exec(f"def call({takes}):\n    return function({takes})", scope)
        scope["call"].__name__ = self.py_func.__name__  # type: ignore[attr-defined]
        return njit(**self._settings())(scope["call"])

    @functools.cached_property
    def numba(self) -> Any:
        """The function as Numba compiles it by itself."""
        return njit(**self._settings())(self.py_func)

    def _settings(self) -> dict[str, Any]:
        settings = {"error_model": "numpy", "nogil": True, "forceinline": self.merged}
        return settings | {"fastmath": set(self.freedoms)} if self.freedoms else settings

    @functools.cached_property
    def definition(self) -> ast.FunctionDef:
        """Its text, taken apart."""
        code = self.py_func.__code__
        functions = functions_in(code.co_filename, "".join(linecache.getlines(code.co_filename)))
        found = functions.get(code.co_firstlineno)
        if found is None:
            raise NotWritten(f"the text of {self.py_func.__name__} is not there")
        return found

    @functools.cached_property
    def scope(self) -> dict[str, Any]:
        """What its text names from outside."""
        cells = self.py_func.__closure__ or ()
        inner = zip(self.py_func.__code__.co_freevars, cells, strict=True)
        return {**self.py_func.__globals__, **{name: cell.cell_contents for name, cell in inner}}

    def meant(self, typing_context: Any, given: tuple[Any, ...]) -> Any:
        """Give the types that Numba shall take it for, and what writes a call."""
        given = tuple(types.unliteral(kind) for kind in given)
        try:
            found = self.instructions(given)
        except NotWritten:
            function = types.Dispatcher(self.numba)
            signature = function.get_call_type(typing_context, given, {})

            def called(context, builder, signature, arguments):
                return context.get_function(function, signature)(builder, arguments)

            return signature, called

        def written(context, builder, signature, arguments):
            values = [
                unpacked(context, builder, kind, argument)
                for kind, argument in zip(signature.args, arguments, strict=True)
            ]
            result = found.call(builder, values)
            return packed(context, builder, signature.return_type, result)

        return found.gives(*given), written

    def instructions(self, given: tuple[Any, ...]) -> Instructions:
        """Give its instructions for values of these types."""
        if given not in self.known:
            self.known[given] = Instructions(self, given)
        return self.known[given]


class Standing:
    """A function of Python for which `instructions` stand where compiled code calls it."""

    def __init__(self, py_func: Callable[..., Any]) -> None:
        functools.update_wrapper(self, py_func)
        self.py_func = py_func
        self.template: Any = None

    def instructions(self, definition: Callable[..., Any]) -> Callable[..., Any]:
        """Take in what gives Numba's signature, and what writes a call; as Numba's `intrinsic`."""
        self.meant = definition
        self.template = make_intrinsic_template(self, definition, self.py_func.__name__)
        return definition

    def __call__(self, *arguments: Any) -> Any:
        """Call it from Python, not compiled."""
        return self.py_func(*arguments)


@typeof_impl.register(Written)
@typeof_impl.register(Standing)
def _type_of(function, context):
    return types.Function(function.template)


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


@functools.lru_cache(maxsize=8)
def functions_in(file: str, text: str) -> dict[int, ast.FunctionDef]:
    """Give the functions of a text by their first line, which may be that of a decorator."""
    found = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            lines = [node.lineno, *(decorator.lineno for decorator in node.decorator_list)]
            found[min(lines)] = node
    return found


class Instructions:
    """The instructions of a function for values of certain types, in a module of their own.

    Args:
        function: what they do.
        given: types of its arguments.

    """

    def __init__(self, function: Written, given: tuple[Any, ...]) -> None:
        self.module = ir.Module(function.name)
        kinds = [list(leaf_types(kind)) for kind in given]
        name = f"{function.name}.{len(function.known)}"
        writer = Writer(self.module, function)
        self.result, self.function = writer.function(name, given, kinds)
        self.given = given

    def gives(self, *given: Any) -> Any:
        """Give Numba's signature."""
        return self.result(*given)

    def call(self, builder: Any, values: list[Any]) -> Any:
        """Write a call, and the function itself where the module does not have it."""
        put_into(builder.module, self.module)
        found = builder.call(self.function, list(leaves_of(values)))
        return result_of(builder, self.result, found)


def put_into(target: Any, source: Any) -> None:
    """Put what a module consists of into another."""
    for name, part in source.globals.items():
        if name not in target.globals:
            target.add_global(part)


def result_of(builder: Any, kind: Any, found: Any) -> Any:
    """Give what a call of a function gave back as a value of ours."""
    if kind == types.none:
        return None
    if not isinstance(kind, types.BaseTuple):
        return Number(kind, found)
    count = len(list(leaf_types(kind)))
    return value_of(kind, iter([builder.extract_value(found, k) for k in range(count)]))


# --------------------------------------------------------------------------------- the writing


class Writer:
    """Writes the lines of a function into a module."""

    def __init__(self, module: Any, function: Written) -> None:
        self.module = module
        self.enter(function)
        self.builder: Any = None
        self.loops: list[tuple[Any, Any]] = []  # where `continue` and `break` go
        self.within = False
        self.result: Any = types.none

    def enter(self, function: Written) -> None:
        """Go on with the text of a function."""
        self.flags, self.outside, self.names = function.freedoms, function.scope, dict[str, Any]()
        self.fixed = assigned_once(function)
        self.text = function

    def function(
        self, name: str, given: tuple[Any, ...], kinds: list[list[Any]]
    ) -> tuple[Any, Any]:
        """Write a whole function; give Numba's type of what it gives back, and the function."""
        takes = [leaf for leaves in kinds for leaf in leaves]
        result = self._type_given_back(name, given, takes)
        gives = ir.VoidType() if result == types.none else _llvm_type(result)
        function = ir.Function(self.module, ir.FunctionType(gives, takes), name)
        function.linkage = "internal"
        function.attributes.add("nounwind")
        if self.text.merged or self.text.within:
            function.attributes.add("alwaysinline")
        for argument in function.args:
            if self.text.apart and isinstance(argument.type, ir.PointerType):
                argument.add_attribute("noalias")
        self.builder = ir.IRBuilder(function.append_basic_block("entry"))
        self._write_body(given, iter(function.args))
        return self.result, function

    def _type_given_back(self, name: str, given: tuple[Any, ...], takes: list[Any]) -> Any:
        """Find what a function gives back; where it is anything, by writing it once for nothing."""
        returns = [n for n in ast.walk(self.text.definition) if isinstance(n, ast.Return)]
        if not any(node.value is not None for node in returns):
            return types.none
        trial = Writer(ir.Module("trial"), self.text)
        kind = ir.FunctionType(ir.VoidType(), takes)
        function = ir.Function(trial.module, kind, name)
        trial.builder = ir.IRBuilder(function.append_basic_block("entry"))
        trial._write_body(given, iter(function.args))
        return trial.result

    def _write_body(self, given: tuple[Any, ...], arguments: Iterator[Any]) -> None:
        definition = self.text.definition
        for argument, kind in zip(definition.args.args, given, strict=True):
            self.bind(argument.arg, value_of(kind, arguments))
        self.lines(definition.body)
        if not self.builder.block.is_terminated:
            if self.result != types.none:
                raise NotWritten("a function that gives something back only sometimes")
            self.builder.ret_void()

    # ------------------------------------------------------------------------------ lines

    def lines(self, nodes: list[ast.stmt]) -> None:
        """Write some lines."""
        for node in nodes:
            if self.builder.block.is_terminated:
                return
            writes = getattr(self, f"_line_{type(node).__name__}", None)
            if writes is None:
                raise NotWritten(f"{type(node).__name__} in {self.text.py_func.__name__}")
            writes(node)

    def _line_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # the text's own description
            self.value(node.value)

    def _line_Pass(self, node: ast.Pass) -> None:
        return

    def _line_Assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self.assign(target, value)

    def _line_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            before = self.name(node.target.id)
            value = self.combined(node.op, before, self.value(node.value))
            self.bind(node.target.id, value)
            return
        if not isinstance(node.target, ast.Subscript):
            raise NotWritten("a target that is neither a name nor a place")
        array, pointer = self.pointer(node.target)
        before = Number(array.type.dtype, self.builder.load(pointer))
        value = self.combined(node.op, before, self.value(node.value))
        self.builder.store(self.cast(value, array.type.dtype).value, pointer)

    def _line_Return(self, node: ast.Return) -> None:
        if self.within:
            raise NotWritten("a return in the middle of a function within others")
        if node.value is None:
            self.builder.ret_void()
            return
        value = self.value(node.value)
        kind = kind_of(value)
        if self.result not in (types.none, kind):
            raise NotWritten("results of several types")
        self.result = kind
        if isinstance(self.builder.function.ftype.return_type, ir.VoidType):
            self.builder.ret_void()  # on trial
        elif isinstance(value, tuple):
            self.builder.ret(self._struct(kind, value))
        else:
            self.builder.ret(value.value)

    def _struct(self, kind: Any, value: tuple[Any, ...]) -> Any:
        struct = ir.Constant(_llvm_type(kind), ir.Undefined)
        for place, leaf in enumerate(leaves_of(value)):
            struct = self.builder.insert_value(struct, leaf, place)
        return struct

    def _line_If(self, node: ast.If) -> None:
        condition = self.truth(node.test)
        before = dict(self.names)
        then = self.builder.append_basic_block("then")
        other = self.builder.append_basic_block("other") if node.orelse else None
        after = self.builder.append_basic_block("after")
        self.builder.cbranch(condition, then, other or after)
        self._branch(then, node.body, after, before)
        if other is not None:
            self._branch(other, node.orelse, after, before)
        self.builder.position_at_end(after)

    def _branch(
        self, block: Any, nodes: list[ast.stmt], after: Any, before: dict[str, Any]
    ) -> None:
        self.builder.position_at_end(block)
        self.lines(nodes)
        self._unchanged(before)
        if not self.builder.block.is_terminated:
            self.builder.branch(after)

    def _unchanged(self, before: dict[str, Any]) -> None:
        """Make sure that what was named before still stands where it did."""
        for name, place in before.items():
            if self.names[name] is not place:
                raise NotWritten(f"{name} changes its type")

    def _line_For(self, node: ast.For) -> None:
        call, target = node.iter, node.target
        over_range = isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
        if not over_range or call.func.id != "range" or not isinstance(target, ast.Name):  # type: ignore[attr-defined,union-attr]
            raise NotWritten("a loop over something else than a range")
        ends = [self.number(argument) for argument in call.args]  # type: ignore[attr-defined,union-attr]
        if len(ends) == 1:
            ends = [self.constant(0, types.int64), *ends]
        kind = self.wider(ends[0].kind, ends[1].kind)
        if not isinstance(kind, types.Integer):
            raise NotWritten("a range of real numbers")
        start, stop = (self.cast(end, kind).value for end in ends[:2])
        step = self.cast(ends[2], kind).value if len(ends) == 3 else ir.Constant(WORD, 1)
        builder, came_from = self.builder, self.builder.block
        top = builder.append_basic_block("top")
        body, following = builder.append_basic_block("body"), builder.append_basic_block("next")
        after = builder.append_basic_block("after")
        builder.branch(top)
        builder.position_at_end(top)
        number = builder.phi(LLVM[kind])
        number.add_incoming(start, came_from)
        less = builder.icmp_signed if kind.signed else builder.icmp_unsigned
        builder.cbranch(less("<", number, stop), body, after)
        builder.position_at_end(body)
        self.bind(target.id, Number(kind, number))
        self._loop(node.body, following, after)
        builder.position_at_end(following)
        flags = ("nsw", "nuw") if not kind.signed else ("nsw",)
        number.add_incoming(builder.add(number, step, flags=flags), following)
        builder.branch(top)
        builder.position_at_end(after)

    def _line_While(self, node: ast.While) -> None:
        top, body = (self.builder.append_basic_block(name) for name in ("top", "body"))
        after = self.builder.append_basic_block("after")
        self.builder.branch(top)
        self.builder.position_at_end(top)
        self.builder.cbranch(self.truth(node.test), body, after)
        self.builder.position_at_end(body)
        self._loop(node.body, top, after)
        self.builder.position_at_end(after)

    def _loop(self, nodes: list[ast.stmt], following: Any, after: Any) -> None:
        """Write the lines of a loop."""
        before = dict(self.names)
        self.loops.append((following, after))
        self.lines(nodes)
        self.loops.pop()
        self._unchanged(before)
        if not self.builder.block.is_terminated:
            self.builder.branch(following)

    def _line_Break(self, node: ast.Break) -> None:
        self.builder.branch(self.loops[-1][1])

    def _line_Continue(self, node: ast.Continue) -> None:
        self.builder.branch(self.loops[-1][0])

    # ------------------------------------------------------------------------------ names

    def assign(self, target: ast.expr, value: Any) -> None:
        """Give a value to a name, a place of an array, or the parts of a tuple to several."""
        if isinstance(target, ast.Name):
            self.bind(target.id, value)
        elif isinstance(target, ast.Tuple):
            if not isinstance(value, tuple) or len(value) != len(target.elts):
                raise NotWritten("parts of something that is no tuple of so many")
            for part, found in zip(target.elts, value, strict=True):
                self.assign(part, found)
        elif isinstance(target, ast.Subscript):
            array, pointer = self.pointer(target)
            self.builder.store(self.cast(value, array.type.dtype).value, pointer)
        else:
            raise NotWritten("a target of another kind")

    def bind(self, name: str, value: Any) -> None:
        """Let a name stand for a value from here on."""
        if name in self.fixed or isinstance(value, Array) or not _is_value(value):
            if name in self.names and name not in self.fixed:
                raise NotWritten(f"another value for {name}")
            self.names[name] = value
            return
        place = self.names.get(name)
        kind = kind_of(value)
        if place is None or _kind_at(place) != kind:
            place = self.names[name] = self._place(value, name)
        self._store(place, value)

    def _place(self, value: Any, name: str) -> Any:
        if isinstance(value, tuple):
            return tuple(self._place(part, name) for part in value)
        if not isinstance(value, Number):
            raise NotWritten(f"another value for {name}")
        with self.builder.goto_entry_block():
            return Place(value.kind, self.builder.alloca(LLVM[value.kind]))

    def _store(self, place: Any, value: Any) -> None:
        if isinstance(place, tuple):
            for part, found in zip(place, value, strict=True):
                self._store(part, found)
        else:
            self.builder.store(value.value, place.pointer)

    def name(self, name: str) -> Any:
        """Give what a name stands for."""
        if name in self.names:
            return self._load(self.names[name])
        if name in self.outside:
            return self.given(self.outside[name])
        builtins = __builtins__ if isinstance(__builtins__, dict) else vars(__builtins__)
        if name in builtins:
            return builtins[name]
        raise NotWritten(f"{name} is not known yet")

    def _load(self, place: Any) -> Any:
        if isinstance(place, Place):
            return Number(place.kind, self.builder.load(place.pointer))
        if isinstance(place, tuple):
            return tuple(self._load(part) for part in place)
        return place

    def given(self, value: Any) -> Any:
        """Give a value of Python as one of ours."""
        if isinstance(value, tuple):
            return tuple(self.given(part) for part in value)
        if isinstance(value, np.ndarray):
            return self._table(value)
        if isinstance(value, np.generic | bool | int | float):
            kind = KINDS.get(type(value))
            if kind is None:
                raise NotWritten(f"a number of type {type(value)}")
            return self.constant(value.item() if isinstance(value, np.generic) else value, kind)
        return value

    def _table(self, values: Any) -> Array:
        kind = types.Array(KINDS[values.dtype.type], values.ndim, "C", readonly=True)
        if values.ndim != 1:
            raise NotWritten("a table of several axes")
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

    # ------------------------------------------------------------------------------ values

    def value(self, node: ast.expr) -> Any:
        """Write what an expression stands for."""
        writes = getattr(self, f"_value_{type(node).__name__}", None)
        if writes is None:
            raise NotWritten(f"{type(node).__name__} in {self.text.py_func.__name__}")
        return writes(node)

    def number(self, node: ast.expr) -> Number:
        """Write an expression that is a number."""
        value = self.value(node)
        if not isinstance(value, Number):
            raise NotWritten("something else than a number")
        return value

    def truth(self, node: ast.expr) -> Any:
        """Write a condition."""
        value = self.number(node)
        if value.kind != types.boolean:
            raise NotWritten("a number as a condition")
        return value.value

    def _value_Constant(self, node: ast.Constant) -> Any:
        return self.given(node.value)

    def _value_Name(self, node: ast.Name) -> Any:
        return self.name(node.id)

    def _value_Tuple(self, node: ast.Tuple) -> Any:
        return tuple(self.value(part) for part in node.elts)

    def _value_Attribute(self, node: ast.Attribute) -> Any:
        value = self.value(node.value)
        if isinstance(value, Array):
            return self._of_array(value, node.attr)
        if isinstance(value, Number | tuple):
            raise NotWritten(f"{node.attr} of a number")
        return self.given(getattr(value, node.attr))

    def _of_array(self, array: Array, name: str) -> Any:
        if name == "shape":
            return tuple(Number(types.int64, length) for length in array.shape)
        if name == "size":
            size = array.shape[0]
            for length in array.shape[1:]:
                size = self.builder.mul(size, length, flags=("nsw",))
            return Number(types.int64, size)
        if name == "dtype":
            return np.dtype(CLASSES[array.type.dtype])
        raise NotWritten(f"{name} of an array")

    def _value_Subscript(self, node: ast.Subscript) -> Any:
        whole = self.value(node.value)
        if isinstance(whole, tuple):
            return whole[self._known_place(node.slice)]
        array, pointer = self.pointer(node, whole)
        return Number(array.type.dtype, self.builder.load(pointer))

    def _known_place(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Slice):
            ends = (node.lower, node.upper, node.step)
            return slice(*(None if end is None else self._known_place(end) for end in ends))
        value = self.number(node)
        if not isinstance(value.value, ir.Constant):
            raise NotWritten("a place in a tuple that is not known")
        return value.value.constant

    def pointer(self, node: ast.Subscript, array: Any = None) -> tuple[Array, Any]:
        """Write where a number of an array is."""
        array = self.value(node.value) if array is None else array
        found = self.value(node.slice)
        places = found if isinstance(found, tuple) else (found,)
        if not isinstance(array, Array) or len(places) != array.type.ndim:
            raise NotWritten("a part of an array")
        words = []
        for place in places:
            if not isinstance(place, Number) or not isinstance(place.kind, types.Integer):
                raise NotWritten("a place that is no whole number")
            words.append(self.cast(place, types.int64).value)
        builder, flags = self.builder, ("nsw",)
        if not array.strides:
            offset = words[0]
            for place, length in zip(words[1:], array.shape[1:], strict=True):
                offset = builder.add(builder.mul(offset, length, flags=flags), place, flags=flags)
            return array, builder.gep(array.data, [offset], inbounds=True)
        offset = ir.Constant(WORD, 0)
        for place, stride in zip(words, array.strides, strict=True):
            offset = builder.add(offset, builder.mul(place, stride, flags=flags), flags=flags)
        start = builder.bitcast(array.data, ir.IntType(8).as_pointer())
        moved = builder.gep(start, [offset], inbounds=True, source_etype=ir.IntType(8))
        return array, builder.bitcast(moved, array.data.type)

    # ------------------------------------------------------------------------------ arithmetic

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
            raise NotWritten("a number without a sign beside one with a sign")
        return types.int64

    def cast(self, number: Any, kind: Any) -> Number:
        """Write a number as one of another type."""
        if not isinstance(number, Number):
            raise NotWritten("something else than a number")
        if number.kind == kind:
            return number
        builder, value, target = self.builder, number.value, LLVM[kind]
        if isinstance(value, ir.Constant) and not isinstance(value.constant, str):
            return self._constant_cast(value.constant, number, kind)
        if kind == types.boolean:
            raise NotWritten("a number as a condition")
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
                raise NotWritten("a whole number that is not finite")
            return self.constant(int(value), kind)
        if kind == types.boolean:
            raise NotWritten("a number as a condition")
        bits = kind.bitwidth
        whole = int(value) & ((1 << bits) - 1)
        if kind.signed and whole >> (bits - 1):
            whole -= 1 << bits
        return self.constant(whole, kind)

    def _value_BinOp(self, node: ast.BinOp) -> Any:
        return self.combined(node.op, self.value(node.left), self.value(node.right))

    def combined(self, operation: ast.operator, a: Any, b: Any) -> Any:
        """Write an operation on two numbers."""
        if not isinstance(a, Number) or not isinstance(b, Number):
            raise NotWritten("arithmetic of something else than numbers")
        kind = self.wider(a.kind, b.kind)
        if isinstance(operation, ast.Div) and not isinstance(kind, types.Float):
            kind = types.float64
        left, right = self.cast(a, kind).value, self.cast(b, kind).value
        if isinstance(kind, types.Float):
            name = REAL.get(type(operation))
            if name is None:
                raise NotWritten(f"{type(operation).__name__} of real numbers")
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
            raise NotWritten(f"{type(operation).__name__} of whole numbers")
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

    def _value_UnaryOp(self, node: ast.UnaryOp) -> Any:
        value = self.number(node.operand)
        if isinstance(node.op, ast.Not) and value.kind == types.boolean:
            return Number(value.kind, self.builder.not_(value.value))
        if not isinstance(node.op, ast.USub):
            raise NotWritten(type(node.op).__name__)
        if isinstance(value.value, ir.Constant):
            return self._constant_cast(-value.value.constant, value, value.kind)
        if value.is_real:
            return Number(value.kind, self.builder.fneg(value.value, flags=self.flags))
        if not value.is_signed:
            raise NotWritten("a number without a sign, taken from 0")
        value = self.cast(value, types.int64)
        return Number(value.kind, self.builder.neg(value.value))

    def _value_Compare(self, node: ast.Compare) -> Any:
        left, whole = self.number(node.left), None
        for operation, other in zip(node.ops, node.comparators, strict=True):
            right = self.number(other)
            found = self._compared(operation, left, right)
            whole = found if whole is None else self.builder.and_(whole, found)
            left = right
        return Number(types.boolean, whole)

    def _compared(self, operation: ast.cmpop, a: Number, b: Number) -> Any:
        sign = SIGNS.get(type(operation))
        if sign is None:
            raise NotWritten(type(operation).__name__)
        kind = self.wider(a.kind, b.kind)
        left, right = self.cast(a, kind).value, self.cast(b, kind).value
        if isinstance(kind, types.Float):
            ordered = self.builder.fcmp_unordered if sign == "!=" else self.builder.fcmp_ordered
            return ordered(sign, left, right, flags=self.flags)
        compare = self.builder.icmp_signed if kind.signed else self.builder.icmp_unsigned
        return compare(sign, left, right)

    def _value_BoolOp(self, node: ast.BoolOp) -> Any:
        """Write conditions one after the other, the next only where it decides."""
        builder, stops = self.builder, isinstance(node.op, ast.Or)
        after, found = builder.append_basic_block("decided"), []
        for place, condition in enumerate(node.values):
            value = self.truth(condition)
            found.append((value, builder.block))
            if place == len(node.values) - 1:
                builder.branch(after)
                break
            more = builder.append_basic_block("more")
            builder.cbranch(value, *((after, more) if stops else (more, after)))
            builder.position_at_end(more)
        builder.position_at_end(after)
        whole = builder.phi(TRUTH)
        for value, block in found:
            whole.add_incoming(value, block)
        return Number(types.boolean, whole)

    def _value_IfExp(self, node: ast.IfExp) -> Any:
        condition = self.truth(node.test)
        if isinstance(condition, ir.Constant):
            return self.value(node.body if condition.constant else node.orelse)
        if is_harmless(node.body) and is_harmless(node.orelse):
            first, second = self._alike(self.number(node.body), self.number(node.orelse))
            chosen = self.builder.select(condition, first.value, second.value)
            return Number(first.kind, chosen)
        builder = self.builder
        then, other = builder.append_basic_block("then"), builder.append_basic_block("other")
        after = builder.append_basic_block("chosen")
        builder.cbranch(condition, then, other)
        builder.position_at_end(then)
        first, then = self.number(node.body), builder.block
        builder.position_at_end(other)
        second, other = self.number(node.orelse), builder.block
        kind = self._common(first, second)
        values = []
        for value, block in ((first, then), (second, other)):
            builder.position_at_end(block)
            values.append((self.cast(value, kind).value, block))
            builder.branch(after)
        builder.position_at_end(after)
        chosen = builder.phi(LLVM[kind])
        for value, block in values:
            chosen.add_incoming(value, block)
        return Number(kind, chosen)

    def _common(self, a: Number, b: Number) -> Any:
        return a.kind if a.kind == b.kind else self.wider(a.kind, b.kind)

    def _alike(self, a: Number, b: Number) -> tuple[Number, Number]:
        kind = self._common(a, b)
        return self.cast(a, kind), self.cast(b, kind)

    # ------------------------------------------------------------------------------ calls

    def _value_Call(self, node: ast.Call) -> Any:
        if node.keywords:
            raise NotWritten("a call with names")
        if isinstance(node.func, ast.Attribute) and node.func.attr == "view":
            return self._bits(self.number(node.func.value), self.value(node.args[0]))
        called = self.value(node.func)
        values = [self.value(argument) for argument in node.args]
        if isinstance(called, Written):
            return self._written(called, values)
        if called is type:
            return CLASSES[values[0].kind]
        if isinstance(called, type) and called in KINDS:
            return self.cast(values[0], KINDS[called])
        if called in OF_ONE:
            return self._of_one(OF_ONE[called], values[0])
        if called in (min, max):
            return self._first_of(called, values)
        if isinstance(called, Standing):
            return self._intrinsic(called.meant, values)
        if hasattr(called, "_defn"):  # an intrinsic of Numba
            return self._intrinsic(called._defn, values)
        raise NotWritten(f"a call of {called}")

    def _bits(self, number: Number, kind: Any) -> Number:
        target = LLVM[KINDS[kind]]
        if isinstance(number.value, ir.Constant):
            value = CLASSES[number.kind](number.value.constant).view(kind)
            return self.constant(value.item(), KINDS[kind])
        return Number(KINDS[kind], self.builder.bitcast(number.value, target))

    def _of_one(self, name: str, number: Any) -> Number:
        if not isinstance(number, Number) or not number.is_real:
            raise NotWritten(f"{name} of something else than a real number")
        function = self.builder.module.declare_intrinsic(f"llvm.{name}", [number.value.type])
        return Number(number.kind, self.builder.call(function, [number.value], fastmath=self.flags))

    def _first_of(self, called: Any, values: list[Any]) -> Number:
        a, b = self._alike(*values)
        sign = ast.Lt() if called is min else ast.Gt()
        if a.is_real:
            raise NotWritten("min and max of real numbers")
        return Number(a.kind, self.builder.select(self._compared(sign, b, a), b.value, a.value))

    def _intrinsic(self, definition: Any, values: list[Any]) -> Any:
        """Write what an intrinsic of Numba stands for."""
        kinds = [kind_of(value) for value in values]
        signature, written = definition(cpu_target.typing_context, *kinds)
        context = cpu_target.target_context
        each = zip(values, signature.args, strict=True)
        arguments = [self.cast(value, kind).value for value, kind in each]
        found = written(context, self.builder, signature, arguments)
        return None if signature.return_type == types.none else Number(signature.return_type, found)

    def _written(self, called: Written, values: list[Any]) -> Any:
        if called.within:
            return self._within(called, values)
        given = tuple(kind_of(value) for value in values)
        return called.instructions(given).call(self.builder, values)

    def _within(self, called: Written, values: list[Any]) -> Any:
        """Write the lines of a function where it is called; its last one gives the result."""
        *body, last = called.definition.body
        if not isinstance(last, ast.Return) or last.value is None:
            raise NotWritten("a function within others that does not end in a result")
        kept = (self.flags, self.outside, self.names, self.fixed, self.text, self.within)
        self.enter(called)
        self.within = True
        for argument, value in zip(called.definition.args.args, values, strict=True):
            self.bind(argument.arg, value)
        self.lines(body)
        result = self.value(last.value)
        self.flags, self.outside, self.names, self.fixed, self.text, self.within = kept
        return result


def _is_value(value: Any) -> bool:
    """Whether a value consists of numbers, which have places in memory."""
    if isinstance(value, tuple):
        return all(map(_is_value, value))
    return isinstance(value, Number)


def _kind_at(place: Any) -> Any:
    if isinstance(place, tuple):
        return types.Tuple([_kind_at(part) for part in place])
    return place.kind if isinstance(place, Place) else None


def _llvm_type(kind: Any) -> Any:
    if isinstance(kind, types.BaseTuple):
        return ir.LiteralStructType(list(leaf_types(kind)))
    if kind not in LLVM:
        raise NotWritten(f"a result of type {kind}")
    return LLVM[kind]


HARMLESS = (ast.Constant, ast.Name, ast.UnaryOp, ast.BinOp, ast.Compare, ast.Attribute, ast.IfExp)
NOT_HARMLESS = (ast.Mod, ast.FloorDiv)


@functools.lru_cache(maxsize=4096)
def is_harmless(node: ast.expr) -> bool:
    """Whether an expression may be computed where it is not needed: cheap, and reads no memory."""
    if isinstance(node, ast.Call):
        cheap = isinstance(node.func, ast.Name) and node.func.id in ("real", "abs", "whole")
        return cheap and all(map(is_harmless, node.args))
    if not isinstance(node, HARMLESS):
        return False
    parts = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
    operation = getattr(node, "op", None)
    return not isinstance(operation, NOT_HARMLESS) and all(map(is_harmless, parts))


# ------------------------------------------------------------------ names that never change


def assigned_once(function: Written) -> frozenset[str]:
    """Give the names that are given one value, which is read only where it is sure to be there."""
    definition = function.definition
    if "_fixed" not in vars(definition):
        definition._fixed = _assigned_once(definition)  # type: ignore[attr-defined]
    return definition._fixed  # type: ignore[attr-defined,no-any-return]


def _assigned_once(definition: ast.FunctionDef) -> frozenset[str]:
    stores: dict[str, list[tuple[int, ...]]] = {}
    loads: dict[str, list[tuple[int, ...]]] = {}
    numbers = itertools.count(1)

    def expressions(node: ast.AST, path: tuple[int, ...]) -> None:
        for part in ast.walk(node):
            if isinstance(part, ast.Name):
                kept = stores if isinstance(part.ctx, ast.Store) else loads
                kept.setdefault(part.id, []).append(path)

    def block(nodes: list[ast.stmt], path: tuple[int, ...]) -> None:
        for node in nodes:
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                stores.setdefault(node.target.id, []).extend([path, path])
            inner = []
            for name, field in ast.iter_fields(node):
                if name in ("body", "orelse") and isinstance(field, list):
                    inner.append(field)
                elif isinstance(node, ast.For) and name == "target":
                    continue
                elif isinstance(field, ast.AST):
                    expressions(field, path)
                elif isinstance(field, list):
                    for part in field:
                        expressions(part, path)
            for lines in inner:
                below = (*path, next(numbers))
                if isinstance(node, ast.For) and lines is node.body:
                    expressions(node.target, below)
                block(lines, below)

    for argument in definition.args.args:
        stores[argument.arg] = [()]
    block(definition.body, ())
    return frozenset(
        name
        for name, (first, *more) in stores.items()
        if not more and all(path[: len(first)] == first for path in loads.get(name, []))
    )
