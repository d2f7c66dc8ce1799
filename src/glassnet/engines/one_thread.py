"""One thread for matrix products while the compiled engine runs, in however many threads it does.

How many threads BLAS takes is a setting of the whole process. So those who run are counted: the
first one in sets it to one, the last one out puts back what was there.
"""

from __future__ import annotations

import importlib
import threading
from types import TracebackType
from typing import Any


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
