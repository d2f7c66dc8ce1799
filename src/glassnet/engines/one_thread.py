"""How many threads BLAS takes for a matrix product: a setting of the whole process.

For NumPy it is what the user asks for. `ONE_THREAD` is for compiled loops that call BLAS, in
however many threads they run. Those inside are counted: the first one in sets it to one, the last
one out puts back what was there.
"""

from __future__ import annotations

import importlib
import importlib.util
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import TracebackType
from typing import Any

from glassnet.errors import missing_extra


class OneThread:
    """A context that can be entered by many at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._pools: Any = None
        self._limit: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if self._pools is None:
                self._pools = _pools()
            if self._inside == 0:
                self._limit = self._pools.limit(limits=1)
            self._inside += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._limit.restore_original_limits()


def _pools() -> Any:
    from threadpoolctl import ThreadpoolController

    importlib.import_module("scipy.linalg.blas")  # loads the BLAS that compiled products call
    return ThreadpoolController()


ONE_THREAD = OneThread()


@contextmanager
def blas_threads(wanted: int | None) -> Iterator[None]:
    """Let matrix products of NumPy take so many threads; None leaves them as they are.

    Raises MissingExtraError where nothing is installed that could set it.
    """
    if wanted is None:
        yield
        return
    with _pools_of_numpy().limit(limits=wanted, user_api="blas"):
        yield


@cache
def _pools_of_numpy() -> Any:
    if importlib.util.find_spec("threadpoolctl") is None:
        raise missing_extra("threads= with the engine numpy", "threadpoolctl", "numba")
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
