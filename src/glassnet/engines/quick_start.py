"""Numba made ready to load or compile a text, without the libraries that no text calls.

Numba looks for SciPy's BLAS by importing it when it first gets to its array functions, which takes
a fifth of the time in which a process starts and trains a small network. Products of our own do
not call it (`products.py`).
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import Any


def load_array_functions() -> None:
    """Load Numba's array functions, and SciPy not before a function that is compiled calls it.

    A later np.dot in anyone's compiled function still looks for SciPy by itself. Where Numba has
    another form than this, it is left to do as it does.

    >>> load_array_functions()
    >>> "numba.np.arraymath" in sys.modules
    True
    """
    if "numba.np.arraymath" in sys.modules:
        return
    linear_algebra: Any = importlib.import_module("numba.np.linalg")
    if not hasattr(linear_algebra, "ensure_blas"):
        return
    usual, linear_algebra.ensure_blas = linear_algebra.ensure_blas, _look_for_scipy
    try:
        importlib.import_module("numba.np.arraymath")
    finally:
        linear_algebra.ensure_blas = usual


def _look_for_scipy() -> None:
    """Raise ImportError where SciPy is not installed."""
    if importlib.util.find_spec("scipy") is None:
        raise ImportError("SciPy is not installed")
