"""The compiled engine's loops, run as plain Python: the same text, without the compiler."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from glassnet.engines import compiled
from glassnet.engines.numba import NumbaEngine
from glassnet.program import Program


def plain(source: str) -> Callable[..., int]:
    """Give the `train` of a loop text as a plain Python function."""
    text, found = re.subn(
        r"from glassnet\.engines\.compiled import \(.*?\)\n", "", source, flags=re.S
    )
    assert found == 1
    names = re.findall(r"^    (\w+),$", source.split("real =")[0], flags=re.M)
    scope = {name: getattr(getattr(compiled, name), "py_func", None) for name in names}
    scope["cached"] = scope["compiled"] = lambda function: function
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
