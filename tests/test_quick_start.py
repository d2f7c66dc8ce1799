"""A process that trains compiled loads no library that its program does not call."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("numba")

TRAIN = """
import sys
import glassnet as gn
X, y = gn.datasets.spiral(samples=20, random_state=0)
net = gn.Network("2-8-3 relu softmax", random_state=0)
net.fit(X, y, epochs=2, engine="numba", verbose=False)
assert "numba" in sys.modules
print("scipy.linalg" in sys.modules)
"""

DOT = """
import numpy as np
from numba import njit
a = np.array([[1.0, 2.0]])
print(njit(lambda a: np.dot(a, a.T))(a)[0, 0])
"""


def _printed(program: str) -> list[str]:
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def test_training_does_not_load_the_linear_algebra_of_scipy() -> None:
    assert _printed(TRAIN) == ["False"]


def test_a_product_of_someone_elses_compiled_function_still_finds_scipy() -> None:
    pytest.importorskip("scipy")
    assert _printed(TRAIN + DOT) == ["False", "5.0"]
