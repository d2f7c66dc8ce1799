"""How many threads BLAS takes for a matrix product of NumPy: a setting of the whole process."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from glassnet.errors import missing_extra


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
