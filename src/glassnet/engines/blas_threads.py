"""How many threads BLAS takes for a matrix product of NumPy: a setting of the whole process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


@contextmanager
def blas_threads(wanted: int | None) -> Iterator[None]:
    """Let matrix products of NumPy take so many threads; None leaves them as they are."""
    if wanted is None:
        yield
        return
    with _pools_of_numpy().limit(limits=wanted, user_api="blas"):
        yield


@cache
def _pools_of_numpy() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
