"""Prediction: the outputs of a program for checked rows, by NumPy or by compiled loops.

The loops are compiled where that pays, and taken wherever they are there already. Which of the two
is taken depends on what was predicted in this process before, and never on a clock or on what lies
in a cache: a script that is run again gives the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.engines import check_installed, choose_for_prediction
from glassnet.engines.costs import costs_of_prediction
from glassnet.errors import ProgramError
from glassnet.program import Program
from glassnet.values import Values

# Numbers of one block of rows, in all its layers. NumPy's calls cost something for each block; a
# compiled block is to stay in the second cache, beside the weights.
NUMPY_BLOCK, COMPILED_BLOCK = 2**18, 2**17

Loops = Callable[..., int]
_COMPILED: dict[object, Loops] = {}  # by description: what was compiled in this process, or loaded


class Prediction:
    """Gives the outputs of one program, again and again.

    Args:
        program: whose `predict` is run.
        engine: "numpy", "numba", or "auto": compiled loops where they are there already, or where
            the rows predicted so far would have paid for compiling them.

    """

    def __init__(self, program: Program, engine: str = "auto") -> None:
        self.program = program
        self.engine = engine
        self.width = program.description.outputs
        units = program.description.inputs + sum(program.description.widths)
        self.numpy_block = max(64, NUMPY_BLOCK // units)
        self.block = max(64, COMPILED_BLOCK // units)
        self._spent = 0.0  # seconds of NumPy, by estimate
        self._sizes = np.array(list(program.sizes.values()), np.int64)
        self._source = ""  # of the loops, once they are wanted
        self._loops: Loops | None = None
        self._known = -1  # how many were compiled when last looked for

    def outputs(self, values: Values, x: NDArray[Any], engine: str = "") -> NDArray[Any]:
        """Give the outputs (m, n) for checked x (m, inputs)."""
        found = self.outputs_if_finite(values, x, engine)
        return self._by_numpy(values, x) if found is None else found

    def outputs_if_finite(
        self, values: Values, x: NDArray[Any], engine: str = ""
    ) -> NDArray[Any] | None:
        """Give the outputs for x in the program's form; None where a number is not finite."""
        if not self._compiled_for(len(x), engine or self.engine):
            return self._by_numpy(values, x) if self._all_finite(x) else None
        outputs = np.empty((len(x), self.width), x.dtype)
        return outputs if self._run(values, x, outputs) == len(x) else None

    # ------------------------------------------------------------------------ with NumPy

    def _all_finite(self, x: NDArray[Any]) -> bool:
        """Whether every number is finite, looked for in parts: no array as large as x is made."""
        starts = range(0, len(x), self.numpy_block)
        return all(np.isfinite(x[start : start + self.numpy_block]).all() for start in starts)

    def _by_numpy(self, values: Values, x: NDArray[Any]) -> NDArray[Any]:
        predict, given = self.program.functions["predict"], settled(values)
        starts = range(0, len(x), self.numpy_block)
        with np.errstate(all="ignore"):
            if len(starts) == 1:
                return np.asarray(predict(x, *given))
            outputs = np.empty((len(x), self.width), x.dtype)
            for start in starts:
                block = slice(start, start + self.numpy_block)
                outputs[block] = predict(x[block], *given)
        return outputs

    # ------------------------------------------------------------------------ compiled

    def _compiled_for(self, rows: int, engine: str) -> bool:
        """Whether rows are predicted by compiled loops, which are then known or about to be."""
        if self._known != len(_COMPILED):
            self._known = len(_COMPILED)
            self._loops = _COMPILED.get(self.program.description)
        if self._loops is not None and engine in ("auto", "numba"):
            return True
        self._spent += costs_of_prediction(self.program, rows).alone()
        if choose_for_prediction(engine, self.program, self._spent) == "numpy":
            return False
        check_installed()
        from glassnet.engines.prediction_loops import write_prediction

        try:
            self._source = write_prediction(self.program)
        except ProgramError:
            if engine != "auto":
                raise
            self._spent = -math.inf  # never ask again
        return self._source != ""

    def _run(self, values: Values, x: NDArray[Any], outputs: NDArray[Any]) -> int:
        given = (x, values.parameters, values.statistics, self._sizes, outputs, self.block)
        if self._loops is not None:
            return self._loops(*given)
        return self._first_run(given)

    def _first_run(self, given: tuple[Any, ...]) -> int:
        from glassnet.engines import products  # loads Numba
        from glassnet.engines.first_call import first_call

        products.load(self.program.description.dtype)
        done, self._loops, _ = first_call(self._source, given, "predict")
        _COMPILED[self.program.description] = self._loops
        return done


def settled(values: Values) -> list[NDArray[Any]]:
    """Give what `predict` takes beside x: parameters, then running statistics."""
    program = values.program
    return [values.by_name[p.name] for p in (*program.parameters, *program.statistics)]
