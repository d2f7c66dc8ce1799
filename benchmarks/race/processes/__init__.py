"""Whole programs for the cold start: import, make the rows, train 64-100-10 for 50 epochs, predict.

Each is what a user would write with the library, and prints the part of the rows that it has right.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ROWS, BATCH, EPOCHS, RATE = 1797, 32, 50, 0.001


def digits() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Give rows (1797, 64) as large as scikit-learn's digits, and their classes (1797,)."""
    random = np.random.default_rng(0)
    centres = random.standard_normal((10, 64))
    classes = random.integers(0, 10, ROWS)
    return (centres[classes] + random.standard_normal((ROWS, 64))).astype(np.float32), classes
