"""Matrix products of the compiled engine: every shape, order and type, against exact sums."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from glassnet.engines import products
from glassnet.engines.products import product

TYPES = ("float32", "float64")


@njit
def multiplied(a, b, out):
    product(a, b, out)


@pytest.fixture(scope="module", autouse=True)
def _loaded():
    for dtype in TYPES:
        products.load(dtype)


def matrix(rng: np.random.Generator, rows: int, columns: int, order: str, dtype: str) -> np.ndarray:
    """Random numbers in rows, in columns, or in every other place of a larger array."""
    if order == "columns":
        return matrix(rng, columns, rows, "rows", dtype).T
    if order == "apart":
        return matrix(rng, 2 * rows, 3 * columns, "rows", dtype)[::2, ::3]
    return rng.standard_normal((rows, columns)).astype(dtype)


def in_a_frame(rows: int, columns: int, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """A place for a result, and the array around it, which nothing may change."""
    frame = np.full((rows + 2, columns + 2), 7.0, dtype)
    return frame[1:-1, 1:-1], frame


sizes = st.one_of(st.integers(1, 20), st.integers(1, 140))
orders = st.sampled_from(["rows", "columns", "apart"])


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 2**32), sizes, st.one_of(sizes, st.integers(250, 800)), sizes, orders, orders,
    st.sampled_from(TYPES),
)  # fmt: skip
def test_any_product_is_right_and_nothing_beside_it_is_written(seed, m, k, n, left, right, dtype):
    rng = np.random.default_rng(seed)
    a, b = matrix(rng, m, k, left, dtype), matrix(rng, k, n, right, dtype)
    out, frame = in_a_frame(m, n, dtype)
    multiplied(a, b, out)
    exact = a.astype(np.longdouble) @ b.astype(np.longdouble)
    most = np.abs(a).astype(np.float64) @ np.abs(b).astype(np.float64)
    error = np.abs(out - exact) / most  # of the sum of the terms' sizes, as the theory bounds it
    assert error.max() <= np.finfo(dtype).eps * (np.sqrt(k) + 3)
    out[...] = 7.0
    assert (frame == 7.0).all()


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(
    "shape", [(70, 600, 1100), (700, 300, 60), (1300, 40, 130), (96, 9, 4100), (530, 600, 2)]
)
def test_blocks_of_large_products_fit_together(shape, dtype):
    m, k, n = shape
    rng = np.random.default_rng(0)
    for left, right in (("rows", "rows"), ("columns", "rows"), ("rows", "columns")):
        a, b = matrix(rng, m, k, left, dtype), matrix(rng, k, n, right, dtype)
        out = np.empty((m, n), dtype)
        multiplied(a, b, out)
        exact = a.astype(np.float64) @ b.astype(np.float64)
        tolerance = 60 * np.finfo(dtype).eps
        np.testing.assert_allclose(out, exact, rtol=tolerance, atol=tolerance * np.sqrt(k))


@pytest.mark.parametrize("order", ["rows", "columns"])
def test_each_number_is_the_same_sum_whatever_stands_beside_it(order):
    rng = np.random.default_rng(1)
    a, b = matrix(rng, 61, 530, "rows", "float32"), matrix(rng, 530, 101, order, "float32")
    whole = np.empty((61, 101), np.float32)
    multiplied(a, b, whole)
    for rows, columns in (((0, 30), (0, 101)), ((30, 61), (17, 19)), ((5, 6), (3, 100))):
        part = np.empty((rows[1] - rows[0], columns[1] - columns[0]), np.float32)
        multiplied(a[slice(*rows)], b[:, slice(*columns)], part)
        assert (part == whole[slice(*rows), slice(*columns)]).all()


@pytest.mark.parametrize("wild", [np.nan, np.inf, -np.inf, 3e38])
def test_wild_numbers_stay_in_their_row_and_column(wild):
    rng = np.random.default_rng(2)
    a, b = matrix(rng, 19, 40, "rows", "float32"), matrix(rng, 40, 21, "columns", "float32")
    a[18, 7] = wild
    b[:, 20] = 0.0
    out, wanted = (np.empty((19, 21), np.float32) for _ in range(2))
    multiplied(a, b, out)
    with np.errstate(all="ignore"):
        np.dot(a, b, out=wanted)
    np.testing.assert_allclose(out, wanted, rtol=1e-4, atol=1e-5)
    assert np.isfinite(out[:18]).all()


def test_plain_python_gives_the_same():
    rng = np.random.default_rng(3)
    a, b = rng.standard_normal((5, 4)), rng.standard_normal((4, 3))
    plain, compiled = np.empty((5, 3)), np.empty((5, 3))
    product(a, b, plain)
    multiplied(a, b, compiled)
    np.testing.assert_allclose(plain, compiled, rtol=1e-14)


PROCESSORS = {  # processors that this machine can stand in for, with the width of their vectors
    "with AVX": ("haswell", "+avx,+avx2,+fma", 32, 4),
    "of any kind": ("x86-64", "", 16, 4),
}
ON_ANOTHER = """
import numpy as np
from numba import njit
from glassnet.engines import products, tiles
from glassnet.engines.products import product

@njit
def multiplied(a, b, out):
    product(a, b, out)

found = tiles.registers()
print(found.bytes, found.rows)
for dtype, error in (("float32", 2e-4), ("float64", 1e-12)):
    products.load(dtype)
    rng = np.random.default_rng(0)
    for m, k, n in ((33, 300, 41), (1, 5, 3), (64, 7, 12)):
        a, b = (rng.standard_normal(s).astype(dtype) for s in ((m, k), (k, n)))
        out = np.empty((m, n), dtype)
        for right in (b, np.asfortranarray(b)):
            multiplied(a, right, out)
            np.testing.assert_allclose(out, a.astype(float) @ b.astype(float), error, error)
print("right")
"""


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="stands in for x86 processors only"
)
@pytest.mark.parametrize("name", PROCESSORS)
def test_other_processors(name, tmp_path):
    processor, features, size, rows = PROCESSORS[name]
    chosen = {"NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": features}
    environment = {**os.environ, **chosen, "GLASSNET_CACHE_DIR": str(tmp_path / "kept")}
    ran = subprocess.run(
        [sys.executable, "-c", ON_ANOTHER], env=environment, capture_output=True, text=True
    )
    assert ran.stdout.split() == [str(size), str(rows), "right"], ran.stderr


MULTIPLY = """
import sys
import numpy as np
from glassnet.engines import products
from glassnet.engines.compiled import compiled

@compiled
def multiplied(a, b, out):
    products.product(a, b, out)

for dtype in sys.argv[1:]:
    products.load(dtype)
    random = np.random.default_rng(0)
    a, b = (random.standard_normal((70, 70)).astype(dtype) for _ in range(2))
    out = np.empty((70, 70), dtype)
    multiplied(a, b, out)
    assert np.allclose(out, a @ b, atol=1e-4), dtype
"""


def test_products_of_two_types_do_not_mix_whichever_was_kept_first(tmp_path):
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    environment = {**os.environ, "GLASSNET_CACHE_DIR": str(folder)}
    for dtypes in (["float64"], ["float32", "float64"], ["float64", "float32"]):
        run = subprocess.run(
            [sys.executable, "-c", MULTIPLY, *dtypes],
            env=environment, capture_output=True, text=True,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
