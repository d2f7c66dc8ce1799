"""The Numba engine: whole epochs of a program, compiled from the loops written for it."""

# Numba's dispatchers are not typed.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import importlib.util
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.engines import Work
from glassnet.engines.code_cache import cached_file, forget
from glassnet.engines.loops import write_loops
from glassnet.errors import missing_extra
from glassnet.program import Program
from glassnet.rules.losses import LOSSES
from glassnet.rules.randomness import ORDER, keys, mask_keys
from glassnet.values import Values

# What reading a damaged file of compiled code can end in; compiling and running raise others.
CACHE_FAULTS = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    IndexError,
    pickle.PickleError,
    ImportError,
)


class NumbaEngine:
    """Runs the loops of a program, compiled.

    Raises:
        MissingExtraError: Numba, SciPy or threadpoolctl is not installed.
        ProgramError: the program has something in it that cannot be written as loops.

    """

    name = "numba"

    def __init__(self, program: Program) -> None:
        for library in ("numba", "scipy", "threadpoolctl"):  # np.dot is SciPy's BLAS in Numba
            if importlib.util.find_spec(library) is None:
                raise missing_extra("the compiled engine", library, "numba")
        from threadpoolctl import ThreadpoolController

        self.program = program
        self.source = write_loops(program)
        self.note = ""  # what the user should know of the cache
        self._function: Callable[..., int] | None = None
        importlib.import_module("scipy.linalg.blas")  # loads the BLAS whose threads are counted
        self._pools = ThreadpoolController()

    def train(
        self, work: Work, values: Values, first: int, last: int, rates: NDArray[np.float64]
    ) -> NDArray[Any]:
        """Do steps, all in one call; see `Engine.train`."""
        slopes = np.empty_like(values.parameters)
        losses = np.empty(last - first, values.dtype)
        done = self._run(work, values, first, last, rates, slopes, losses, updating=True)
        return losses[:done]

    def gradients(self, work: Work, values: Values) -> tuple[float, NDArray[Any]]:
        """Give loss and flat gradient of all rows; see `Engine.gradients`."""
        slopes, losses = np.empty_like(values.parameters), np.empty(1, values.dtype)
        rates = np.zeros((1, len(self.program.rate_names)))
        self._run(work, values, 0, 1, rates, slopes, losses, updating=False)
        return float(losses[0]), slopes.astype(np.float64)

    def _run(
        self,
        work: Work,
        values: Values,
        first: int,
        last: int,
        rates: NDArray[np.float64],
        slopes: NDArray[Any],
        losses: NDArray[Any],
        *,
        updating: bool,
    ) -> int:
        batches, steps = work.batches, np.arange(first, last) + work.steps_before
        epochs = np.arange(first // batches.per_epoch, -(-last // batches.per_epoch))
        sizes = np.array(list(self.program.sizes.values()), np.int64)
        masks = [mask_keys(work.seed, steps, mask.layer) for mask in self.program.masks]
        none = np.empty((len(steps), 0), np.uint32)
        weights = np.empty(0, values.dtype) if work.weights is None else work.weights
        arguments = (
            work.x,
            work.y,
            weights,
            LOSSES[self.program.description.loss].rows == "sum",
            batches.size if updating else len(work.x),
            batches.per_epoch if updating else 1,
            batches.shuffled and updating,
            keys(batches.seed, ORDER, epochs + work.epochs_before),
            np.stack(masks, axis=1) if masks else none,
            first,
            last,
            updating,
            values.parameters,
            slopes,
            values.statistics,
            values.state,
            rates,
            sizes,
            losses,
        )
        with self._pools.limit(limits=1):
            if self._function is None:
                return self._first_call(arguments)
            return int(self._function(*arguments))

    def _first_call(self, arguments: tuple[Any, ...]) -> int:
        """Compile, or load what was compiled before; a damaged cache is dropped, never fatal."""
        file, self.note = cached_file(self.source)
        if file is not None:
            try:
                function = _module_from_file(file).train
                done = int(function(*arguments))
            except CACHE_FAULTS as error:
                forget(self.source)
                self.note = f"what was kept of compiled code was damaged and is dropped: {error}"
            else:
                self._function = function
                return done
        self._function = _module_from(self.source).train
        return int(self._function(*arguments))


def _module_from_file(file: Path) -> ModuleType:
    """Import a loop text from the private cache, where its compiled form lies beside it."""
    name = f"glassnet_loops_{file.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # Numba looks the module of a function up when it loads its code
    spec.loader.exec_module(module)
    return module


def _module_from(source: str) -> ModuleType:
    """Run a loop text without a cache."""
    module = ModuleType("glassnet_loops")
    exec(compile(_without_cache(source), "<glassnet loops>", "exec"), module.__dict__)
    return module


def _without_cache(source: str) -> str:
    return source.replace("@cached\n", "@compiled\n")
