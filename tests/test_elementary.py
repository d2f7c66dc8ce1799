"""The compiled engine's own exp, log, tanh …: in ulps from mpmath, and right at every edge."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from benchmarks import fit_polynomials
from numba import njit

from glassnet.description import Description
from glassnet.engines import code_cache, elementary
from glassnet.engines.compiled import compiled
from glassnet.engines.expressions import ELEMENTARY, SINGLE_ONLY
from glassnet.engines.loops import write_loops
from glassnet.engines.plan import COSTLY
from glassnet.program import Program
from glassnet.rules.optimizers import SGD
from plain_loops import plain_python

BAR = 2  # ulp
DTYPES = ("float32", "float64")
EVERY = [(name, dtype) for dtype in DTYPES for name in ELEMENTARY]
WHOLE = {"float32": np.int32, "float64": np.int64}
MPMATH = {
    "exp": mpmath.exp,
    "expm1": mpmath.expm1,
    "log": mpmath.log,
    "log1p": mpmath.log1p,
    "tanh": mpmath.tanh,
    "arctan": mpmath.atan,
}
FROM = {"log": 0.0, "log1p": -1.0}  # each is a number above this, and has no value below
# Where a function is neither constant nor its argument, by type.
LIVELY = {
    "exp": {"float32": (-105, 90), "float64": (-750, 711)},
    "expm1": {"float32": (-18, 90), "float64": (-38, 711)},
    "log": {"float32": (0, 4), "float64": (0, 4)},
    "log1p": {"float32": (-1, 4), "float64": (-1, 4)},
    "tanh": {"float32": (-10, 10), "float64": (-20, 20)},
    "arctan": {"float32": (-4, 4), "float64": (-4, 4)},
}
# Where 2 ulp are exceeded if the rounding of numerator and denominator is not made up for: one
# number in a million.
RARE = {
    ("tanh", "float64"): """0x1.bbb27c78ade10p-3 0x1.084f6167edff3p-1 0x1.06ed41b035272p-1
    0x1.b8ced9586f870p-3 0x1.c378b2c3405d0p-3 0x1.8ce02e8e87644p-3 0x1.9cbeb738ddf6cp-3
    0x1.074f0691346cdp-1""",
}
# Where the way to the result changes, or the result does.
EDGES = [0.66, 2 / 3, 1, 4 / 3, 2, np.tan(3 * np.pi / 8), 10, 23, 46, 89, 104, 710, 746]
EDGES += [np.log(2) * (n + 0.5) for n in range(-3, 4)]


# --------------------------------------------------------------------------- how far, in ulps


def own(name: str, dtype: str) -> Any:
    return getattr(elementary, f"{name}_{dtype}")


def loop_over(function: Any, settings: Callable[[Any], Any] = compiled) -> Any:
    """A loop with the engine's freedoms around a function, as the writer makes it."""

    @settings
    def loop(x, out):
        for i in range(x.size):
            out[i] = function(x[i])

    return loop


@cache
def loop_of(name: str, dtype: str) -> Any:
    return loop_over(own(name, dtype))


def results(name: str, x: np.ndarray) -> np.ndarray:
    out = np.empty_like(x)
    loop_of(name, x.dtype.name)(x, out)
    return out


def distance(name: str, x: float, got: float, dtype: str) -> float:
    """How many ulp a result is from the true value; inf where just one of both is finite."""
    kind = np.finfo(dtype)
    with mpmath.workprec(120):
        true = MPMATH[name](mpmath.mpf(x))
        overflows = abs(true) >= mpmath.ldexp(2 - mpmath.ldexp(1, -kind.nmant - 1), kind.maxexp - 1)
        if overflows or not np.isfinite(got):
            return 0.0 if overflows and got == mpmath.sign(true) * np.inf else float("inf")
        _, exponent = mpmath.frexp(true)
        last = max(exponent - 1, kind.minexp) - kind.nmant
        return float(abs(mpmath.mpf(got) - true) / mpmath.ldexp(1, last))


def points(name: str, dtype: str, count: int, seed: int = 0) -> np.ndarray:
    """Numbers of every exponent and sign, in the lively part, and around each edge."""
    random, kind = np.random.RandomState(seed), np.finfo(dtype)
    exponents = np.arange(2 ** (kind.bits - kind.nmant))
    exponents = np.resize(exponents, max(len(exponents), count // 2)).astype(np.uint64)
    fractions = random.randint(0, 2**kind.nmant, len(exponents), np.uint64)
    bits = (exponents << np.uint64(kind.nmant)) | fractions
    every = bits.astype(f"u{kind.bits // 8}").view(dtype)
    lively = random.uniform(*LIVELY[name][dtype], count // 4).astype(dtype)
    near_zero = random.uniform(-1, 1, count // 4).astype(dtype) ** 5
    rare = [float.fromhex(x) for x in RARE.get((name, dtype), "").split()]
    rare = np.array([*rare, *(-x for x in rare)], dtype)
    found = np.concatenate([every, lively, near_zero, edges(dtype), rare])
    found = found[np.isfinite(found)]
    return found[found > FROM.get(name, -np.inf)]


def edges(dtype: str) -> np.ndarray:
    """The numbers next to each edge, on both sides of it and of 0."""
    kind = np.finfo(dtype)
    centres = [*EDGES, kind.max, kind.smallest_normal, kind.smallest_subnormal]
    centres += [2.0 ** -(kind.nmant + 2), 2.0 ** (kind.nmant + 2)]
    with mpmath.workprec(120):  # e^x overflows, is subnormal, is nothing
        powers = (kind.maxexp, kind.minexp, kind.minexp - kind.nmant - 1)
        centres += [float(mpmath.log(2) * abs(n)) for n in powers]
    bits = np.array(centres, dtype).view(WHOLE[dtype])
    near = (bits[:, None] + np.arange(-3, 4).astype(WHOLE[dtype])).ravel().view(dtype)
    return np.concatenate([near, -near])


def assert_near(name: str, dtype: str, x: np.ndarray, got: np.ndarray) -> None:
    pairs = zip(x.tolist(), got.tolist(), strict=True)
    worst = max((distance(name, a, b, dtype), a, b) for a, b in pairs)
    assert worst[0] <= BAR, f"{worst[0]:.3f} ulp: {name}({worst[1]!r}) = {worst[2]!r}"


@pytest.mark.parametrize(("name", "dtype"), EVERY)
def test_at_most_two_ulp_from_the_true_value(name, dtype):
    x = points(name, dtype, 4000)
    assert_near(name, dtype, x, results(name, x))


@pytest.mark.parametrize(("name", "dtype"), EVERY)
def test_the_same_as_plain_python(name, dtype):
    x = points(name, dtype, 600, seed=1)
    function = plain_python(own(name, dtype))
    with np.errstate(all="ignore"):
        got = np.array([function(a) for a in x])
    assert got.dtype == dtype
    assert_near(name, dtype, x, got)


@pytest.mark.soak
@pytest.mark.parametrize(("name", "dtype"), EVERY)
def test_at_most_two_ulp_at_millions_of_points(name, dtype):
    for seed in range(10, 20):
        x = points(name, dtype, 40_000, seed)
        assert_near(name, dtype, x, results(name, x))


@pytest.mark.soak
@pytest.mark.parametrize("name", ELEMENTARY)
def test_every_thirty_first_float32_there_is(name):
    """NumPy's float64 has 29 bits more than are asked for: it stands for the true value."""
    kind = np.finfo(np.float32)
    worst = 0.0
    for start in range(-(2**31), 2**31, 2**24):
        x = np.arange(start, start + 2**24, 31).astype(np.int32).view(np.float32)
        got = results(name, x)
        with np.errstate(all="ignore"):
            true = getattr(np, name)(x.astype(np.float64))
            nearest = true.astype(np.float32)
        finite = np.isfinite(nearest)
        np.testing.assert_array_equal(got[~finite], nearest[~finite])
        np.testing.assert_array_equal(np.signbit(got[finite]), np.signbit(nearest[finite]))
        _, exponents = np.frexp(true[finite])
        last = np.maximum(exponents - 1, kind.minexp) - kind.nmant
        far = np.abs(got[finite] - true[finite]) / np.ldexp(1.0, last)
        worst = max(worst, far.max(initial=0.0))
    assert worst <= BAR


# ---------------------------------------------------------------------- the edges, one by one


def special_values(dtype: str) -> Iterator[tuple[str, float, float]]:
    """Arguments with the one right value."""
    inf, nan, half_pi = np.inf, np.nan, float(np.dtype(dtype).type(np.pi / 2))
    for name in ELEMENTARY:
        yield name, nan, nan
    yield from (("exp", x, value) for x, value in ((0.0, 1.0), (-0.0, 1.0), (inf, inf), (-inf, 0)))
    yield from (("expm1", inf, inf), ("expm1", -inf, -1.0), ("expm1", -1e30, -1.0))
    yield from (("tanh", inf, 1.0), ("tanh", -inf, -1.0), ("tanh", 1e30, 1.0), ("tanh", -60.0, -1))
    yield from (("log", 0.0, -inf), ("log", -0.0, -inf), ("log", inf, inf), ("log", 1.0, 0.0))
    yield from (("log", x, nan) for x in (-inf, -1e30, -1.0, -1e-40))
    yield from (("log1p", x, nan) for x in (-inf, -1e30, -1.5))
    yield from (("log1p", inf, inf), ("log1p", -1.0, -inf))
    yield from (("arctan", inf, half_pi), ("arctan", -inf, -half_pi), ("arctan", 1e30, half_pi))
    small = float(np.finfo(dtype).smallest_subnormal)
    for name in ("expm1", "log1p", "tanh", "arctan"):
        yield from ((name, x, x) for x in (0.0, -0.0, small, -small, 3 * small, -5 * small))
    yield from (("exp", x, 1.0) for x in (small, -small))


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_values_to_the_bit(dtype):
    for name, x, wanted in special_values(dtype):
        (got,) = results(name, np.array([x], dtype))
        case = f"{name}({x}) = {got}, not {wanted}"
        assert np.array_equal(got, wanted, equal_nan=True), case
        assert np.isnan(wanted) or np.signbit(got) == np.signbit(wanted), case


@pytest.mark.parametrize("dtype", DTYPES)
def test_exp_goes_under_gradually(dtype):
    """Where few bits are left, e^x is still rounded to the nearest number, and once."""
    kind = np.finfo(dtype)
    lowest = float(mpmath.log(2) * (kind.minexp - kind.nmant - 1))
    x = np.linspace(lowest + 1e-3, lowest + 10, 500).astype(dtype)
    got = results("exp", x)
    assert ((got > 0) & (got < kind.smallest_normal)).all()
    pairs = zip(x.tolist(), got.tolist(), strict=True)
    assert max(distance("exp", a, b, dtype) for a, b in pairs) <= 0.51
    assert (results("exp", np.array([lowest - 1e-3], dtype)) == 0).all()


@pytest.mark.parametrize("plainly", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_decay_is_exp_down_to_the_last_number_of_all_digits(dtype, plainly):
    kind, function = np.finfo(dtype), own("decay", dtype)
    x = points("exp", dtype, 600 if plainly else 4000)
    x = x[x <= 0]
    if plainly:
        function = plain_python(function)
        got = np.array([function(a) for a in x])
        assert got.dtype == dtype
    else:
        got = np.empty_like(x)
        loop_over(function)(x, got)
    smallest = np.log(float(kind.smallest_normal))
    assert_near("exp", dtype, x[x > smallest], got[x > smallest])
    assert (got[x < smallest] <= kind.smallest_normal).all()
    assert (got[x < smallest - np.log(2)] == 0).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_decay_at_its_ends_to_the_bit(dtype):
    x = np.array([0.0, -0.0, -np.inf, np.nan], dtype)
    got = np.empty_like(x)
    loop_over(own("decay", dtype))(x, got)
    np.testing.assert_array_equal(got, np.array([1, 1, 0, np.nan], dtype))


def test_decay_stands_just_where_nothing_is_above_0():
    for activation, calls in (("sigmoid", "decay"), ("softmax", "decay"), ("exp", "exp")):
        text = write_loops(Program(Description.read(f"2-30 {activation}"), SGD()), tiny=False)
        assert set(re.findall(r"\b(exp|decay)\(", text)) == {calls}


# ------------------------------------------------------------------------ how it is compiled


@pytest.mark.parametrize(("name", "dtype"), EVERY)
def test_a_loop_with_it_is_vectorised(name, dtype):
    results(name, np.ones(1, dtype))
    (code,) = loop_of(name, dtype).inspect_llvm().values()
    kind = {"float32": "float", "float64": "double"}[dtype]
    assert re.search(rf"fadd contract <\d+ x {kind}>", code)
    assert not re.search(rf"call [^@]*{kind} @(?!llvm\.fabs)", code), (
        "a function is called for each element"
    )


@pytest.mark.parametrize(("name", "dtype"), [("exp", "float32"), ("log1p", "float64")])
def test_the_freedoms_of_the_caller_do_not_reach_in(name, dtype):
    x = points(name, dtype, 2000)
    alone = np.empty_like(x)
    loop_over(own(name, dtype), njit)(x, alone)
    assert results(name, x).tobytes() == alone.tobytes()


# ----------------------------------------------------------------------- where it comes from


FITTED = [(fit, dtype) for fit in fit_polynomials.FITS for dtype in fit.degrees]


@pytest.mark.parametrize(("fit", "dtype"), FITTED, ids=lambda part: getattr(part, "name", part))
def test_the_coefficients_are_those_that_were_computed(fit, dtype):
    bits = dtype.removeprefix("float")
    assert fit_polynomials.coefficients(fit, dtype) == getattr(elementary, f"{fit.name}_{bits}")
    assert fit_polynomials.log2_in_parts(dtype) == getattr(elementary, f"LOG2_{bits}")
    assert fit_polynomials.worst(fit, dtype) < fit.bar / 20


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_writer_calls_them(dtype):
    program = Program(Description.read("2-30-20 tanh softmax", dtype=dtype), SGD())
    text = write_loops(program, tiny=False)
    assert " = tanh(" in text
    assert " = decay(" in text  # what a softmax is made of
    assert f"    decay_{dtype} as decay,\n" in text
    assert set(re.findall(r"np\.(\w+)\(", text)) & set(ELEMENTARY) == set()
    assert all(f"    {name}_{dtype} as {name},\n" in text for name in ELEMENTARY)


def test_every_costly_function_but_the_root_is_there():
    assert {*ELEMENTARY, *SINGLE_ONLY} == COSTLY - {"sqrt"}


def test_compiled_code_is_kept_for_these_very_functions():
    text = Path(elementary.__file__).read_text(encoding="utf-8")
    assert text in code_cache._versions()
