"""The second lock: what may stand in a program's text, checked before it is run.

It knows nothing of how programs are written. It parses the text and walks every node of it: only
the kinds of node, the calls and the attributes listed here pass. A mistake in the writer, or a
description made to abuse it, ends here.
"""

from __future__ import annotations

import ast
from typing import TypeGuard

from glassnet.errors import ProgramError

NUMPY_NAMES = frozenset(
    "abs absolute arctan cumsum exp expm1 full_like hstack intp log log1p maximum minimum max min"
    " ones_like rint sign sqrt sum tanh where zeros_like".split()
)
NUMPY_OPTIONS = frozenset({"axis", "keepdims"})
NUMPY_ARGUMENTS = {
    "where": 3,
    "maximum": 2,
    "minimum": 2,
    "full_like": 2,
}  # at most; else 1
ARRAY_NAMES = frozenset({"T", "shape"})

NODES = (
    ast.Module,
    ast.FunctionDef,
    ast.arguments,
    ast.arg,
    ast.Return,
    ast.Assign,
    ast.Expr,
    ast.Tuple,
    ast.Name,
    ast.Load,
    ast.Store,
    ast.Constant,
    ast.BinOp,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.MatMult,
    ast.UnaryOp,
    ast.USub,
    ast.Compare,
    ast.Gt,
    ast.GtE,
    ast.Lt,
    ast.LtE,
    ast.Call,
    ast.keyword,
    ast.Attribute,
    ast.Subscript,
    ast.Slice,
    ast.Import,
    ast.alias,
)


def check_program(text: str) -> ast.Module:
    r"""Parse a program and give its syntax tree.

    Raises ProgramError if there is anything in it that no program needs.

    >>> _ = check_program("import numpy as np\ndef f(x):\n    return np.exp(x)\n")
    >>> check_program("import os\n")
    Traceback (most recent call last):
    glassnet.errors.ProgramError: line 1 of the program: only 'import numpy as np' may be imported
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ProgramError(f"the program is not Python: {error}") from None
    functions = [f for f in tree.body if isinstance(f, ast.FunctionDef)]
    defined = {f.name for f in functions}
    docstrings = _docstrings(tree)
    for statement in tree.body:
        if not isinstance(statement, ast.FunctionDef | ast.Import | ast.Expr):
            raise _refused(statement, "only functions may stand at the top")
    lines = [line for function in functions for line in function.body]
    additions = {id(part) for line in lines for part in _parts_of_addition(line)}
    for node in ast.walk(tree):
        if id(node) not in additions:
            _check_node(node, defined, docstrings)
    named = {f.name: {n.id for n in ast.walk(f) if isinstance(n, ast.Name)} for f in functions}
    for function in functions:
        _check_names(function, defined)
        _check_never_led_back_to(function, named)
    if len(defined) < len(functions):
        raise _refused(tree, "two functions have the same name")
    return tree


def _docstrings(tree: ast.Module) -> set[int]:
    places: list[ast.Module | ast.FunctionDef] = [
        tree,
        *(f for f in tree.body if isinstance(f, ast.FunctionDef)),
    ]
    firsts = [place.body[0] for place in places if place.body]
    return {
        id(part)
        for first in firsts
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
        for part in (first, first.value)
    }


def _parts_of_addition(line: ast.AST) -> tuple[ast.AST, ...]:
    """Give line, call, `np.add.at` and `np.add` of a line `np.add.at(name, …, …)`; else nothing."""
    call = line.value if isinstance(line, ast.Expr) else None
    if not isinstance(call, ast.Call) or len(call.args) != 3 or call.keywords:
        return ()
    at, added_to = call.func, call.args[0]
    add = at.value if isinstance(at, ast.Attribute) and at.attr == "at" else None
    if not isinstance(added_to, ast.Name) or add is None or not _is_of_numpy(add):
        return ()
    return (line, call, at, add) if add.attr == "add" else ()


def _is_made_of_zeros(line: ast.stmt) -> bool:
    """Whether a line is `name = np.zeros_like(…)`."""
    call = line.value if isinstance(line, ast.Assign) else None
    function = call.func if isinstance(call, ast.Call) else None
    return function is not None and _is_of_numpy(function) and function.attr == "zeros_like"


def _check_node(node: ast.AST, defined: set[str], docstrings: set[int]) -> None:
    if not isinstance(node, NODES):
        raise _refused(node, f"{type(node).__name__} may not stand in it")
    if isinstance(node, ast.Import):
        names = [(a.name, a.asname) for a in node.names]
        if names != [("numpy", "np")] or node.col_offset:
            raise _refused(node, "only 'import numpy as np' may be imported")
    elif isinstance(node, ast.FunctionDef):
        _check_name(node, node.name)
        if node.decorator_list or node.returns or _special_arguments(node.args):
            raise _refused(node, "functions take plain arguments and nothing else")
        if not all(_is_plain(default) for default in node.args.defaults):
            raise _refused(node, "a default must be a number, or several in brackets")
        if any(isinstance(part, ast.FunctionDef) for part in ast.walk(node) if part is not node):
            raise _refused(node, "no function may stand inside another")
    elif isinstance(node, ast.arg):
        _check_name(node, node.arg)
    elif isinstance(node, ast.Name):
        _check_name(node, node.id)
    elif isinstance(node, ast.Constant):
        number = isinstance(node.value, int | float | bool | type(None))
        if not number and id(node) not in docstrings:
            raise _refused(node, "only numbers may stand in it")
    elif isinstance(node, ast.Expr):
        if id(node) not in docstrings:
            raise _refused(node, "every line must give its value a name")
    elif isinstance(node, ast.Attribute):
        _check_attribute(node)
    elif isinstance(node, ast.Call):
        _check_call(node, defined)


def _is_plain(node: ast.expr) -> bool:
    """Whether a default is numbers as they stand: anything else would be run with the def."""
    if isinstance(node, ast.Tuple):
        return all(_is_plain_number(part) for part in node.elts)
    return _is_plain_number(node)


def _is_plain_number(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, ast.Constant)


def _check_names(function: ast.FunctionDef, defined: set[str]) -> None:
    """Check that every name is an argument or was made above: none reaches Python's builtins.

    No name may be made that a function or NumPy has, or a call would call something else.
    """
    known = {argument.arg for argument in function.args.args}
    own: set[str] = set()  # arrays made of zeros here: no one else's, so they may be added to
    _check_new(function, {function.name}, {"np"})
    _check_new(function, known, defined | {"np"})
    for statement in function.body:
        called = {id(n.func) for n in ast.walk(statement) if isinstance(n, ast.Call)}
        if parts := _parts_of_addition(statement):
            added_to = parts[1].args[0].id  # type: ignore[attr-defined]
            if added_to not in own:
                raise _refused(statement, f"{added_to!a} is not made of zeros here, to be added to")
            called |= {id(part) for part in parts}
        numpy = {id(n.value) for n in ast.walk(statement) if id(n) in called and _is_of_numpy(n)}
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                if id(node) not in called | numpy and node.id not in known:
                    raise _refused(node, f"{node.id!a} is not a value that was made above")
            elif isinstance(node, ast.Attribute) and _is_of_numpy(node) and id(node) not in called:
                raise _refused(node, "NumPy's functions may only be called")
        made = _made_by(statement)
        _check_new(statement, made, defined | {"np"})
        known |= made
        own = (own - made) | (made if _is_made_of_zeros(statement) else set())


def _check_never_led_back_to(function: ast.FunctionDef, named: dict[str, set[str]]) -> None:
    """Check that a function does not call itself, by way of others or at once: it would not end.

    `named` holds the names in each function.
    """
    reached: set[str] = set()
    ahead = [function.name]
    while ahead:
        called = (named[ahead.pop()] & named.keys()) - reached
        reached |= called
        ahead += called
    if function.name in reached:
        raise _refused(function, f"{function.name!a} calls itself")


def _made_by(statement: ast.stmt) -> set[str]:
    """Give the names that a line makes: only whole values get names, in one or in several."""
    if not isinstance(statement, ast.Assign):
        return set()
    parts = [p for t in statement.targets for p in (t.elts if isinstance(t, ast.Tuple) else [t])]
    for part in parts:
        if not isinstance(part, ast.Name):
            raise _refused(part, "a line may only give names to its values")
    return {part.id for part in parts if isinstance(part, ast.Name)}


def _check_new(node: ast.AST, names: set[str], taken: set[str]) -> None:
    for name in sorted(names & taken):
        raise _refused(node, f"the name {name!r} is taken")


def _is_of_numpy(node: ast.AST) -> TypeGuard[ast.Attribute]:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "np"
    )


def _special_arguments(arguments: ast.arguments) -> bool:
    several = arguments.vararg or arguments.kwarg or arguments.posonlyargs or arguments.kwonlyargs
    noted = any(a.annotation for a in arguments.args)
    return bool(several) or noted


def _check_name(node: ast.AST, name: str) -> None:
    if not name.isascii() or name.startswith("_"):
        raise _refused(node, f"the name {name!a} may not stand in it")


def _check_attribute(node: ast.Attribute) -> None:
    if node.attr not in (NUMPY_NAMES if _is_of_numpy(node) else ARRAY_NAMES):
        raise _refused(node, f"the attribute {node.attr!a} may not stand in it")
    if not isinstance(node.ctx, ast.Load):
        raise _refused(node, "no attribute may be set")


def _check_call(node: ast.Call, defined: set[str]) -> None:
    own = isinstance(node.func, ast.Name) and node.func.id in defined
    numpy = _is_of_numpy(node.func)
    if not (own or numpy) or any(k.arg is None for k in node.keywords):
        raise _refused(node, "only its own functions and NumPy's listed ones may be called")
    for option in node.keywords:
        if numpy and option.arg not in NUMPY_OPTIONS:
            raise _refused(node, f"the option {option.arg!a} may not stand in it")
    if _is_of_numpy(node.func) and len(node.args) > NUMPY_ARGUMENTS.get(node.func.attr, 1):
        raise _refused(node, f"np.{node.func.attr} is given too many arrays")


def _refused(node: ast.AST, reason: str) -> ProgramError:
    return ProgramError(f"line {getattr(node, 'lineno', 1)} of the program: {reason}")
