"""The compiled engine's loops, run as plain Python: the same text, without the compiler."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import CellType, FunctionType
from typing import Any

import numpy as np

from glassnet.engines import compiled, elementary, products
from glassnet.engines.numba import NumbaEngine
from glassnet.program import Program


def plain_python(function: object) -> object:
    """Give the Python of a compiled function, and of those that it was made with."""
    function = getattr(function, "py_func", function)
    if not isinstance(function, FunctionType) or not function.__closure__:
        return function
    cells = tuple(CellType(plain_python(cell.cell_contents)) for cell in function.__closure__)
    return FunctionType(function.__code__, function.__globals__, closure=cells)


def plain(source: str) -> Callable[..., int]:
    """Give the `train` of a loop text as a plain Python function."""
    text, scope = source, dict[str, Any]()
    for module in (compiled, elementary):
        header = rf"from {re.escape(module.__name__)} import \((.*?)\)\n"
        (names,) = re.findall(header, source, flags=re.S)
        for name, known_as in re.findall(r"(\w+)(?: as (\w+))?,", names):
            scope[known_as or name] = plain_python(getattr(module, name))
        text = re.sub(header, "", text, flags=re.S)
    text = text.replace(f"from {products.__name__} import product\n", "")
    scope["product"] = products.product
    scope["cached"] = scope["compiled"] = scope["merged"] = lambda function: function
    exec(text, scope)

    def train(*arguments: object) -> int:
        with np.errstate(all="ignore"):  # scalars warn where compiled code and arrays do not
            return int(scope["train"](*arguments))

    return train


class PlainEngine(NumbaEngine):
    """The Numba engine with its loops left uncompiled."""

    def __init__(self, program: Program, source: str = "") -> None:
        super().__init__(program)
        self._function = plain(source or self.source)
