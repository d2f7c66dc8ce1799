"""The compiled engine's loops, run as plain Python: the same text, without the compiler."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from types import CellType, FunctionType
from typing import Any

import numpy as np

from glassnet.engines import compiled, elementary, meeting, products, shares
from glassnet.engines.numba import NumbaEngine
from glassnet.engines.team_loops import TeamText
from glassnet.program import Program


def plain_python(function: object) -> object:
    """Give the Python of a compiled function, and of those that it was made with."""
    function = getattr(function, "py_func", function)
    if not isinstance(function, FunctionType) or not function.__closure__:
        return function
    cells = tuple(CellType(plain_python(cell.cell_contents)) for cell in function.__closure__)
    return FunctionType(function.__code__, function.__globals__, closure=cells)


def plain(source: str, name: str = "train") -> Callable[..., int]:
    """Give the `train` of a loop text, or another of its functions, as plain Python."""
    text, scope = source, dict[str, Any]()
    for module in (compiled, elementary, meeting, shares):
        header = rf"from {re.escape(module.__name__)} import \((.*?)\)\n"
        names = "".join(re.findall(header, source, flags=re.S))
        for given, known_as in re.findall(r"(\w+)(?: as (\w+))?,", names):
            scope[known_as or given] = plain_python(getattr(module, given))
        text = re.sub(header, "", text, flags=re.S)
    text = text.replace(f"from {products.__name__} import product\n", "")
    scope["product"] = products.product
    scope["cached"] = scope["compiled"] = scope["merged"] = lambda function: function
    exec(text, scope)

    def run(*arguments: object) -> int:
        with np.errstate(all="ignore"):  # scalars warn where compiled code and arrays do not
            return int(scope[name](*arguments))

    return run


class PlainEngine(NumbaEngine):
    """The Numba engine with its loops left uncompiled."""

    def __init__(self, program: Program, source: str = "") -> None:
        super().__init__(program)
        self._function = plain(source or self.source)

    @cached_property
    def team(self) -> TeamText:
        """The loops for several threads, which are there uncompiled as well."""
        found = super().team
        self._team_function = plain(found.source)
        return found
