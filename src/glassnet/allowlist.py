"""The second lock: what may stand in a program's text, checked before it is run.

It knows nothing of how programs are written. It parses the text and walks every node of it: only
the kinds of node, the calls and the attributes listed here pass. A mistake in the writer, or a
description made to abuse it, ends here.
"""

from __future__ import annotations

import ast

from glassnet.errors import ProgramError

NUMPY_NAMES = frozenset(
    "abs absolute arctan exp expm1 log log1p maximum minimum max min ones_like sign sqrt sum tanh"
    " where".split()
)
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
    ast.Pow,
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
    defined = {f.name for f in tree.body if isinstance(f, ast.FunctionDef)}
    docstrings = _docstrings(tree)
    for statement in tree.body:
        if not isinstance(statement, ast.FunctionDef | ast.Import | ast.Expr):
            raise _refused(statement, "only functions may stand at the top")
    for node in ast.walk(tree):
        _check_node(node, defined, docstrings)
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


def _special_arguments(arguments: ast.arguments) -> bool:
    several = arguments.vararg or arguments.kwarg or arguments.posonlyargs or arguments.kwonlyargs
    noted = any(a.annotation for a in arguments.args)
    return bool(several) or noted


def _check_name(node: ast.AST, name: str) -> None:
    if not name.isascii() or name.startswith("_"):
        raise _refused(node, f"the name {name!a} may not stand in it")


def _check_attribute(node: ast.Attribute) -> None:
    of_numpy = isinstance(node.value, ast.Name) and node.value.id == "np"
    if node.attr not in (NUMPY_NAMES if of_numpy else ARRAY_NAMES):
        raise _refused(node, f"the attribute {node.attr!a} may not stand in it")
    if not isinstance(node.ctx, ast.Load):
        raise _refused(node, "no attribute may be set")


def _check_call(node: ast.Call, defined: set[str]) -> None:
    called = node.func
    own = isinstance(called, ast.Name) and called.id in defined
    numpy = (
        isinstance(called, ast.Attribute)
        and isinstance(called.value, ast.Name)
        and called.value.id == "np"
    )
    if not (own or numpy) or any(k.arg is None for k in node.keywords):
        raise _refused(node, "only its own functions and NumPy's listed ones may be called")


def _refused(node: ast.AST, reason: str) -> ProgramError:
    return ProgramError(f"line {getattr(node, 'lineno', 1)} of the program: {reason}")
