"""Functions of numbers and arrays, written as LLVM instructions where compiled code calls them.

Numba infers the types of a function, makes it ready for calls from Python and from C, and turns all
of it into machine code, before it takes it in where another compiled function calls it. The parts
of a loop text need none of that: their types are those of what they are given, in one reading from
the first line to the last. So a first compile takes a fraction of the time.

What can be written so is a small part of Python: numbers, arrays of numbers, tuples of both;
arithmetic, comparisons, choices, loops over ranges, calls of such functions and of intrinsics. Its
types are Numba's: of two numbers the wider one, float64 for a whole number beside a real one.
Places in arrays are never below 0, and ranges go upwards. Whatever goes beyond is not written, and
left to Numba (`written.py`).
"""

# Numba and llvmlite are not typed.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, no-any-return"

from __future__ import annotations

import ast
import builtins
import functools
import itertools
import linecache
from collections.abc import Callable, Iterator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.registry import cpu_target

from glassnet.engines.arithmetic import OF_ONE, Arithmetic
from glassnet.engines.instruction_values import (
    CLASSES,
    KINDS,
    LLVM,
    TRUTH,
    WORD,
    Array,
    NotWrittenError,
    Number,
    Place,
    is_value,
    kind_at,
    kind_of,
    leaf_types,
    leaves_of,
    llvm_type,
    value_of,
)

# ---------------------------------------------------------------------- functions of such a text


class Part:
    """A function to be written as instructions.

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
        functools.update_wrapper(self, py_func)  # type: ignore[arg-type]
        self.py_func: Any = py_func
        self.freedoms = tuple(sorted(freedoms))
        self.within, self.merged, self.apart = within, merged, apart
        self.name = f"glassnet.{py_func.__name__}.{next(self.numbers)}"
        self.known: dict[tuple[Any, ...], Instructions] = {}

    @functools.cached_property
    def definition(self) -> ast.FunctionDef:
        """Its text, taken apart."""
        code = self.py_func.__code__
        functions = functions_in(code.co_filename, "".join(linecache.getlines(code.co_filename)))
        found = functions.get(code.co_firstlineno)
        if found is None:
            raise NotWrittenError(f"the text of {self.py_func.__name__} is not there")
        return found

    @functools.cached_property
    def scope(self) -> dict[str, Any]:
        """What its text names from outside."""
        cells = self.py_func.__closure__ or ()
        inner = zip(self.py_func.__code__.co_freevars, cells, strict=True)
        return {**self.py_func.__globals__, **{name: cell.cell_contents for name, cell in inner}}

    @functools.cached_property
    def fixed(self) -> frozenset[str]:
        """The names that are given one value, which is read only where it is sure to be there."""
        return assigned_once(self.definition)

    def instructions(self, given: tuple[Any, ...]) -> Instructions:
        """Give its instructions for values of these types."""
        if given not in self.known:
            self.known[given] = Instructions(self, given)
        return self.known[given]


class Stand:
    """What instructions stand for where compiled code calls it.

    `meant` gives Numba's signature, and what writes a call; as an `intrinsic` of Numba does.
    """

    meant: Callable[..., Any]


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

    def __init__(self, function: Part, given: tuple[Any, ...]) -> None:
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


class Writer(Arithmetic):
    """Writes the lines of a function into a module."""

    def __init__(self, module: Any, part: Part) -> None:
        super().__init__(module)
        self.enter(part)
        self.loops: list[tuple[Any, Any]] = []  # where `continue` and `break` go
        self.within = False
        self.result: Any = types.none

    def enter(self, part: Part) -> None:
        """Go on with the text of a function."""
        self.flags, self.outside, self.names = part.freedoms, part.scope, dict[str, Any]()
        self.fixed, self.text = part.fixed, part

    def function(
        self, name: str, given: tuple[Any, ...], kinds: list[list[Any]]
    ) -> tuple[Any, Any]:
        """Write a whole function; give Numba's type of what it gives back, and the function."""
        takes = [leaf for leaves in kinds for leaf in leaves]
        result = self._type_given_back(name, given, takes)
        gives = ir.VoidType() if result == types.none else llvm_type(result)
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
                raise NotWrittenError("a function that gives something back only sometimes")
            self.builder.ret_void()

    # ------------------------------------------------------------------------------ lines

    def lines(self, nodes: list[ast.stmt]) -> None:
        """Write some lines."""
        for node in nodes:
            if self.builder.block.is_terminated:
                return
            writes = getattr(self, f"_line_{type(node).__name__.lower()}", None)
            if writes is None:
                raise NotWrittenError(f"{type(node).__name__} in {self.text.py_func.__name__}")
            writes(node)

    def _line_expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # the text's own description
            self.value(node.value)

    def _line_pass(self, node: ast.Pass) -> None:
        return

    def _line_assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self.assign(target, value)

    def _line_augassign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            before = self.name(node.target.id)
            value = self.combined(node.op, before, self.value(node.value))
            self.bind(node.target.id, value)
            return
        if not isinstance(node.target, ast.Subscript):
            raise NotWrittenError("a target that is neither a name nor a place")
        array, pointer = self.pointer(node.target)
        before = Number(array.type.dtype, self.builder.load(pointer))
        value = self.combined(node.op, before, self.value(node.value))
        self.builder.store(self.cast(value, array.type.dtype).value, pointer)

    def _line_return(self, node: ast.Return) -> None:
        if self.within:
            raise NotWrittenError("a return in the middle of a function within others")
        if node.value is None:
            self.builder.ret_void()
            return
        value = self.value(node.value)
        kind = kind_of(value)
        if self.result not in (types.none, kind):
            raise NotWrittenError("results of several types")
        self.result = kind
        if isinstance(self.builder.function.ftype.return_type, ir.VoidType):
            self.builder.ret_void()  # on trial
        elif isinstance(value, tuple):
            self.builder.ret(self._struct(kind, value))
        else:
            self.builder.ret(value.value)

    def _struct(self, kind: Any, value: tuple[Any, ...]) -> Any:
        struct = ir.Constant(llvm_type(kind), ir.Undefined)
        for place, leaf in enumerate(leaves_of(value)):
            struct = self.builder.insert_value(struct, leaf, place)
        return struct

    def _line_if(self, node: ast.If) -> None:
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
                raise NotWrittenError(f"{name} changes its type")

    def _line_for(self, node: ast.For) -> None:
        call, target = node.iter, node.target
        over_range = isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
        if not over_range or call.func.id != "range" or not isinstance(target, ast.Name):  # type: ignore[attr-defined]
            raise NotWrittenError("a loop over something else than a range")
        ends = [self.number(argument) for argument in call.args]  # type: ignore[attr-defined]
        if len(ends) == 1:
            ends = [self.constant(0, types.int64), *ends]
        kind = self.wider(ends[0].kind, ends[1].kind)
        if not isinstance(kind, types.Integer):
            raise NotWrittenError("a range of real numbers")
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
        less = builder.icmp_signed if kind == types.int64 else builder.icmp_unsigned
        builder.cbranch(less("<", number, stop), body, after)
        builder.position_at_end(body)
        self.bind(target.id, Number(kind, number))
        self._loop(node.body, following, after)
        builder.position_at_end(following)
        flags = ("nsw", "nuw") if kind == types.uint64 else ("nsw",)
        number.add_incoming(builder.add(number, step, flags=flags), following)
        builder.branch(top)
        builder.position_at_end(after)

    def _line_while(self, node: ast.While) -> None:
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

    def _line_break(self, node: ast.Break) -> None:
        self.builder.branch(self.loops[-1][1])

    def _line_continue(self, node: ast.Continue) -> None:
        self.builder.branch(self.loops[-1][0])

    # ------------------------------------------------------------------------------ names

    def assign(self, target: ast.expr, value: Any) -> None:
        """Give a value to a name, a place of an array, or the parts of a tuple to several."""
        if isinstance(target, ast.Name):
            self.bind(target.id, value)
        elif isinstance(target, ast.Tuple):
            if not isinstance(value, tuple) or len(value) != len(target.elts):
                raise NotWrittenError("parts of something that is no tuple of so many")
            for part, found in zip(target.elts, value, strict=True):
                self.assign(part, found)
        elif isinstance(target, ast.Subscript):
            array, pointer = self.pointer(target)
            self.builder.store(self.cast(value, array.type.dtype).value, pointer)
        else:
            raise NotWrittenError("a target of another kind")

    def bind(self, name: str, value: Any) -> None:
        """Let a name stand for a value from here on."""
        if name in self.fixed or isinstance(value, Array) or not is_value(value):
            if name in self.names and name not in self.fixed:
                raise NotWrittenError(f"another value for {name}")
            self.names[name] = value
            return
        place = self.names.get(name)
        kind = kind_of(value)
        if place is None or kind_at(place) != kind:
            place = self.names[name] = self._place(value, name)
        self._store(place, value)

    def _place(self, value: Any, name: str) -> Any:
        if isinstance(value, tuple):
            return tuple(self._place(part, name) for part in value)
        if not isinstance(value, Number):
            raise NotWrittenError(f"another value for {name}")
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
        if hasattr(builtins, name):
            return getattr(builtins, name)
        raise NotWrittenError(f"{name} is not known yet")

    def _load(self, place: Any) -> Any:
        if isinstance(place, Place):
            return Number(place.kind, self.builder.load(place.pointer))
        if isinstance(place, tuple):
            return tuple(self._load(part) for part in place)
        return place

    # ------------------------------------------------------------------------------ values

    def value(self, node: ast.expr) -> Any:
        """Write what an expression stands for."""
        writes = getattr(self, f"_value_{type(node).__name__.lower()}", None)
        if writes is None:
            raise NotWrittenError(f"{type(node).__name__} in {self.text.py_func.__name__}")
        return writes(node)

    def number(self, node: ast.expr) -> Number:
        """Write an expression that is a number."""
        value = self.value(node)
        if not isinstance(value, Number):
            raise NotWrittenError("something else than a number")
        return value

    def truth(self, node: ast.expr) -> Any:
        """Write a condition."""
        value = self.number(node)
        if value.kind != types.boolean:
            raise NotWrittenError("a number as a condition")
        return value.value

    def _value_constant(self, node: ast.Constant) -> Any:
        return self.given(node.value)

    def _value_name(self, node: ast.Name) -> Any:
        return self.name(node.id)

    def _value_tuple(self, node: ast.Tuple) -> Any:
        return tuple(self.value(part) for part in node.elts)

    def _value_attribute(self, node: ast.Attribute) -> Any:
        value = self.value(node.value)
        if isinstance(value, Array):
            return self.of_array(value, node.attr)
        if isinstance(value, Number | tuple):
            raise NotWrittenError(f"{node.attr} of a number")
        return self.given(getattr(value, node.attr))

    def _value_subscript(self, node: ast.Subscript) -> Any:
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
            raise NotWrittenError("a place in a tuple that is not known")
        return value.value.constant

    def pointer(self, node: ast.Subscript, array: Any = None) -> tuple[Array, Any]:
        """Write where a number of an array is; give the array, too."""
        array = self.value(node.value) if array is None else array
        return array, self.place_of(array, self.value(node.slice))

    # ------------------------------------------------------------------------------ arithmetic

    def _value_binop(self, node: ast.BinOp) -> Any:
        return self.combined(node.op, self.value(node.left), self.value(node.right))

    def _value_unaryop(self, node: ast.UnaryOp) -> Any:
        value = self.number(node.operand)
        if isinstance(node.op, ast.Not) and value.kind == types.boolean:
            return Number(value.kind, self.builder.not_(value.value))
        if not isinstance(node.op, ast.USub):
            raise NotWrittenError(type(node.op).__name__)
        return self.negative(value)

    def _value_compare(self, node: ast.Compare) -> Any:
        left, whole = self.number(node.left), None
        for operation, other in zip(node.ops, node.comparators, strict=True):
            right = self.number(other)
            found = self.compared(operation, left, right)
            whole = found if whole is None else self.builder.and_(whole, found)
            left = right
        return Number(types.boolean, whole)

    def _value_boolop(self, node: ast.BoolOp) -> Any:
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

    def _value_ifexp(self, node: ast.IfExp) -> Any:
        condition = self.truth(node.test)
        if isinstance(condition, ir.Constant):
            return self.value(node.body if condition.constant else node.orelse)
        if is_harmless(node.body) and is_harmless(node.orelse):
            first, second = self.alike(self.number(node.body), self.number(node.orelse))
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
        kind = self.common(first, second)
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

    # ------------------------------------------------------------------------------ calls

    def _value_call(self, node: ast.Call) -> Any:
        if node.keywords:
            raise NotWrittenError("a call with names")
        if isinstance(node.func, ast.Attribute) and node.func.attr == "view":
            return self.bits(self.number(node.func.value), self.value(node.args[0]))
        called = self.value(node.func)
        values = [self.value(argument) for argument in node.args]
        if isinstance(called, Part):
            return self._written(called, values)
        if called is type:
            return CLASSES[values[0].kind]
        if isinstance(called, type) and called in KINDS:
            return self.cast(values[0], KINDS[called])
        if called in OF_ONE:
            return self.of_one(OF_ONE[called], values[0])
        if called in (min, max):
            return self.first_of(called, values)
        if isinstance(called, Stand):
            return self._intrinsic(called.meant, values)
        if hasattr(called, "_defn"):  # an intrinsic of Numba
            return self._intrinsic(called._defn, values)
        raise NotWrittenError(f"a call of {called}")

    def _intrinsic(self, definition: Any, values: list[Any]) -> Any:
        """Write what an intrinsic of Numba stands for."""
        kinds = [kind_of(value) for value in values]
        signature, written = definition(cpu_target.typing_context, *kinds)
        context = cpu_target.target_context
        each = zip(values, signature.args, strict=True)
        arguments = [self.cast(value, kind).value for value, kind in each]
        found = written(context, self.builder, signature, arguments)
        return None if signature.return_type == types.none else Number(signature.return_type, found)

    def _written(self, called: Part, values: list[Any]) -> Any:
        if called.within:
            return self._within(called, values)
        given = tuple(kind_of(value) for value in values)
        return called.instructions(given).call(self.builder, values)

    def _within(self, called: Part, values: list[Any]) -> Any:
        """Write the lines of a function where it is called; its last one gives the result."""
        *body, last = called.definition.body
        if not isinstance(last, ast.Return) or last.value is None:
            raise NotWrittenError("a function within others that does not end in a result")
        kept = (self.flags, self.outside, self.names, self.fixed, self.text, self.within)
        self.enter(called)
        self.within = True
        for argument, value in zip(called.definition.args.args, values, strict=True):
            self.bind(argument.arg, value)
        self.lines(body)
        result = self.value(last.value)
        self.flags, self.outside, self.names, self.fixed, self.text, self.within = kept
        return result


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


def assigned_once(definition: ast.FunctionDef) -> frozenset[str]:
    """Give the names that are given one value, read only where it is sure to be there."""
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
