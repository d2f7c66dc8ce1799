"""Every entry of every table of rules, against the loops, true digits and its own slope."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import checks
import glassnet as gn
import loops
from glassnet.description import Description
from glassnet.errors import DescriptionError
from glassnet.program import Program
from glassnet.rules import losses
from glassnet.rules.activations import ACTIVATIONS
from glassnet.rules.averages import EMA, SWA
from glassnet.rules.entry import Entry
from glassnet.rules.erfc import erfc
from glassnet.rules.initializers import (
    INITIALIZERS,
    Fill,
    Glorot,
    He,
    Initializer,
    LeCun,
    Normal,
    Orthogonal,
    TruncatedNormal,
    Uniform,
    Zeros,
    initializer,
)
from glassnet.rules.layers import (
    LAYERS,
    Activation,
    BatchNorm,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    LayerNorm,
    PReLU,
)
from glassnet.rules.losses import LOSSES, Focal, HalfSquaredError, Quantile, backward_rule
from glassnet.rules.optimizers import (
    LBFGS,
    OPTIMIZERS,
    SGD,
    Adam,
    AdamW,
    Lion,
    NAdam,
    RAdam,
    RMSprop,
    optimizer,
)
from glassnet.rules.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    CosineRestarts,
    CosLog4,
    Exponential,
    FlatCosine,
    OneCycle,
    Polynomial,
    Schedule,
    Step,
    TimeDecay,
    WarmUp,
)
from strategies import ALL_LOSSES, all_optimizers, descriptions, same_examples, schedules

EPS = {"float32": 2.0**-23, "float64": 2.0**-52}
DTYPES = sorted(EPS)
FUNCTIONS = [name for name, entry in ACTIVATIONS.items() if entry.function]


@pytest.fixture(autouse=True)
def _no_warning_and_no_flag():
    """Raise where NumPy would warn; underflow is silent by default, and right: it rounds to 0."""
    with np.errstate(all="raise", under="ignore"), mpmath.workdps(50):
        yield


def sample(entry, shape=(7, 3), seed=0, wide=3.0):
    """Draw inputs of an activation that are far from its kinks."""
    z = wide * np.random.RandomState(seed).standard_normal(shape)
    for kink in entry.kinks:
        near = np.abs(z - kink) < checks.FAR
        z[near] = kink + 2 * checks.FAR
    return z


def back(entry, da, z, a):
    """Hand an error back through an activation, as a program's line does."""
    return entry.back(da, z, a) if entry.back else da * entry.slope(z, a)


def ulps(found, wanted, dtype):
    """Give the greatest distance from the true values, in units in their last place."""
    gaps = [
        abs(mpmath.mpf(float(f)) - w) / np.spacing(np.asarray(abs(float(w)), dtype))
        for f, w in zip(np.ravel(found), wanted, strict=True)
    ]
    return float(max(gaps))


# --------------------------------------------------------------------------- activations

# Mean 0 and variance 1 of a normal z stay what they are: the two numbers solve these equations.
with mpmath.workdps(30):
    _ROOT_E = mpmath.exp(mpmath.mpf(1) / 2)
    _BELOW = mpmath.erfc(mpmath.sqrt(mpmath.mpf(1) / 2))
    _ALPHA = mpmath.sqrt(2 / mpmath.pi) / (_BELOW * _ROOT_E * -1 + 1)
    _SQUARE = _BELOW * -2 * _ROOT_E + mpmath.erfc(mpmath.sqrt(2)) * mpmath.exp(2) + 1
    SELU = (mpmath.sqrt(2 / (1 + _ALPHA**2 * _SQUARE)), _ALPHA)


def each(rule):
    return lambda row: [rule(z) for z in row]


def true_gelu_tanh(z):
    return z * (1 + mpmath.tanh(mpmath.sqrt(2 / mpmath.pi) * (z + TERM * z**3))) / 2


TERM = mpmath.mpf("0.044715")


def true_ascending(row):
    steps = [mpmath.log1p(mpmath.exp(z)) for z in row]
    rises = list(itertools.accumulate(steps))
    return [(mpmath.fsum(row) - mpmath.fsum(rises)) / len(row) + rise for rise in rises]


TRUE_ACTIVATIONS = {
    "exp": each(mpmath.exp),
    "ascending": true_ascending,
    "relu": lambda row: [max(z, mpmath.mpf(0)) for z in row],
    "tanh": lambda row: [mpmath.tanh(z) for z in row],
    "sigmoid": lambda row: [1 / (1 + mpmath.exp(-z)) for z in row],
    "softmax": lambda row: [mpmath.exp(z) / mpmath.fsum(map(mpmath.exp, row)) for z in row],
    "log_softmax": lambda row: [z - mpmath.log(mpmath.fsum(map(mpmath.exp, row))) for z in row],
    "step": each(lambda z: mpmath.mpf(z > 0)),
    "leaky_relu": each(lambda z: z if z > 0 else z / 100),
    "elu": each(lambda z: z if z > 0 else mpmath.expm1(z)),
    "selu": each(lambda z: SELU[0] * (z if z > 0 else SELU[1] * mpmath.expm1(z))),
    "gelu": each(lambda z: z * mpmath.erfc(-z / mpmath.sqrt(2)) / 2),
    "gelu_tanh": each(true_gelu_tanh),
    "silu": each(lambda z: z / (1 + mpmath.exp(-z))),
    "mish": each(lambda z: z * mpmath.tanh(mpmath.log1p(mpmath.exp(z)))),
    "softplus": each(lambda z: mpmath.log1p(mpmath.exp(z))),
    "softsign": each(lambda z: z / (1 + abs(z))),
    "hard_sigmoid": each(lambda z: min(max((z + 3) / 6, mpmath.mpf(0)), mpmath.mpf(1))),
    "hard_swish": each(lambda z: z * min(max((z + 3) / 6, mpmath.mpf(0)), mpmath.mpf(1))),
}

# Where the true value is far smaller than what it is made of, rounding that costs more units:
# z − max(z) has as many as that difference has twos in it, and a cube stands in an exponent.
COARSE = {"softmax": 16, "gelu_tanh": 200}
# What is near 0 because two numbers are nearly equal has the digits of these two: distances from
# the true value in units of 1's last place.
BESIDE_0 = {"log_softmax": 8, "ascending": 32}


def true_rows(name, z):
    return [a for row in z for a in TRUE_ACTIVATIONS[name]([mpmath.mpf(float(v)) for v in row])]


def test_linear_alone_passes_numbers_on():
    assert [name for name, entry in ACTIVATIONS.items() if not entry.function] == ["linear"]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_is_named_by_its_key_and_has_a_way_back(name):
    entry = ACTIVATIONS[name]
    assert entry.name == name
    assert entry.note
    assert entry.source
    assert entry.formula.startswith("a = ")
    if entry.function:
        assert entry.function.__name__ in (name, f"{name}_function")
        assert (entry.slope is None) != (entry.back is None)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_activation_values_are_those_of_the_loops(name):
    entry = ACTIVATIONS[name]
    z = sample(entry)
    wanted = [loops.values(loops.ACTIVATIONS[name](loops.numbers(row))) for row in z.tolist()]
    np.testing.assert_allclose(entry.function(z), wanted, rtol=1e-14)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_activation_values_have_true_digits(name, dtype):
    entry = ACTIVATIONS[name]
    z = sample(entry, (40, 3)).astype(dtype)
    a = entry.function(z)
    assert a.dtype == z.dtype
    wanted = true_rows(name, z)
    if name in BESIDE_0:
        assert max(map(abs, (a.ravel() - wanted))) <= BESIDE_0[name] * EPS[dtype]
    else:
        assert ulps(a, wanted, dtype) <= COARSE.get(name, 4)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_activation_slope_is_that_of_central_differences(name):
    entry = ACTIVATIONS[name]
    z = sample(entry)
    da = np.random.RandomState(1).standard_normal(z.shape)
    wanted = checks.central_slope(lambda x: float(np.sum(da * entry.function(x))), z.copy())
    checks.assert_near(back(entry, da, z, entry.function(z)), wanted, 1e-8, 1e-10, name)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_activation_slope_is_that_of_the_complex_step(name):
    entry = ACTIVATIONS[name]
    z = sample(entry)
    da = np.random.RandomState(1).standard_normal(z.shape)
    function = checks.with_numpy(entry.function, checks.COMPLEX_NUMPY)
    wanted = checks.complex_slope(lambda x: np.sum(da * function(x)), z)
    checks.assert_near(back(entry, da, z, entry.function(z)), wanted, 1e-11, 1e-14, name)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_activation_backward_in_float32_is_near_float64(name):
    entry = ACTIVATIONS[name]
    z = sample(entry, (50, 4)).astype("float32")
    da = np.random.RandomState(1).standard_normal(z.shape).astype("float32")
    rough = back(entry, da, z, entry.function(z))
    z, da = z.astype("float64"), da.astype("float64")
    assert rough.dtype == np.float32
    assert checks.distance(rough, back(entry, da, z, entry.function(z))) <= 2e-6


# An exponential beyond these is no number of the type.
LARGEST_POWER = {"float32": 88.0, "float64": 709.0}
EDGES = [0.0, -0.0, 1.0, -1.0, 30.0, -30.0, 89.0, -89.0, 710.0, -710.0, 1e4, -1e4, 1e30, -1e30]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_activations_neither_warn_nor_break_at_finite_edges(name, dtype):
    entry = ACTIVATIONS[name]
    tiny = np.finfo(dtype).smallest_subnormal
    edges = np.array([*EDGES, tiny, -tiny], dtype)
    if name == "exp":
        edges = np.minimum(edges, LARGEST_POWER[dtype]).astype(dtype)
    z = np.stack([edges, edges[::-1], np.roll(edges, 3)], axis=1)
    for rows in (z, z.T.copy(), edges[:, None], edges[None, :]):
        a = entry.function(rows)
        dz = back(entry, np.ones_like(rows), rows, a)
        for values in (a, dz):
            assert values.dtype == dtype
            assert values.shape == rows.shape
            assert np.isfinite(values).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_activations_have_true_digits_at_edges(name, dtype):
    entry = ACTIVATIONS[name]
    edges = np.array([v for v in EDGES if abs(v) < 1e5], dtype)
    if name == "exp":
        edges = np.minimum(edges, LARGEST_POWER[dtype]).astype(dtype)
    z = np.stack([edges, np.roll(edges, 1)], axis=1)
    a = np.ravel(entry.function(z))
    for found, wanted in zip(a, true_rows(name, z), strict=True):
        floor = float(np.finfo(dtype).tiny)  # below it numbers lose digits one by one
        floor += EPS[dtype] * 100 * (name in BESIDE_0.keys() | COARSE.keys())
        assert abs(float(found) - wanted) <= 4 * EPS[dtype] * abs(wanted) + floor


AT_INFINITY = {
    "exp": (0, np.inf),
    "relu": (0, np.inf),
    "tanh": (-1, 1),
    "sigmoid": (0, 1),
    "step": (0, 1),
    "leaky_relu": (-np.inf, np.inf),
    "elu": (-1, np.inf),
    "selu": (-1.7580993408473766, np.inf),
    "gelu": (0, np.inf),
    "gelu_tanh": (0, np.inf),
    "silu": (0, np.inf),
    "mish": (0, np.inf),
    "softplus": (0, np.inf),
    "softsign": (-1, 1),
    "hard_sigmoid": (0, 1),
    "hard_swish": (0, np.inf),
}


def test_every_activation_of_single_numbers_has_its_limits_here():
    singles = {name for name, entry in ACTIVATIONS.items() if entry.slope}
    assert set(AT_INFINITY) == singles


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", AT_INFINITY)
def test_an_infinite_input_gives_the_limit(name, dtype):
    a = ACTIVATIONS[name].function(np.array([[-np.inf, np.inf]], dtype))
    np.testing.assert_array_equal(a, np.array([AT_INFINITY[name]], dtype))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_nan_stays_a_nan_in_its_row_and_nowhere_else(name):
    entry = ACTIVATIONS[name]
    z = np.array([[1.0, np.nan], [2.0, 3.0]])
    with np.errstate(invalid="ignore"):  # comparing with nan may raise the flag
        a = entry.function(z)
    assert np.isnan(a[0, 1])
    assert np.isfinite(a[1]).all()


@pytest.mark.parametrize("row", [[np.inf, 0.0], [np.inf, np.inf], [-np.inf, -np.inf]])
def test_softmax_of_no_finite_highest_is_nan_and_not_a_wrong_share(row):
    with np.errstate(invalid="ignore"):
        assert np.isnan(ACTIVATIONS["softmax"].function(np.array([row]))).any()


def test_softmax_leaves_out_what_is_minus_infinity():
    a = ACTIVATIONS["softmax"].function(np.array([[0.0, -np.inf, 0.0]]))
    np.testing.assert_array_equal(a, [[0.5, 0.0, 0.5]])


@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax_of_far_numbers(dtype):
    a = ACTIVATIONS["softmax"].function(np.array([[1000, 0, -1000]], dtype))
    np.testing.assert_array_equal(a, [[1, 0, 0]])


AT_KINK = {
    "relu": {0: 0},
    "step": {0: 0},
    "leaky_relu": {0: 0.01},
    "elu": {0: 1},
    "selu": {0: 1.7580993408473766},
    "softsign": {0: 1},
    "hard_sigmoid": {-3: 0, 3: 0},
    "hard_swish": {-3: 0, 3: 1},
}


@pytest.mark.parametrize("name", [name for name, entry in ACTIVATIONS.items() if entry.kinks])
def test_slopes_at_the_kink_are_those_of_the_specification(name):
    entry = ACTIVATIONS[name]
    assert set(entry.kinks) == set(AT_KINK[name])
    for kink, slope in AT_KINK[name].items():
        z = np.array([[kink, -0.0 if kink == 0 else kink]], float)
        np.testing.assert_array_equal(entry.slope(z, entry.function(z)), [[slope, slope]])


def test_the_two_gelus_are_told_apart():
    z = np.linspace(-4, 4, 1001)
    gap = np.abs(ACTIVATIONS["gelu"].function(z) - ACTIVATIONS["gelu_tanh"].function(z))
    assert 4.5e-4 < gap.max() < 5e-4


# ---------------------------------------------------------------------------------- erfc


@pytest.mark.parametrize("dtype", DTYPES)
def test_erfc_has_true_digits(dtype):
    last = {"float32": 9.19, "float64": 26.54}[dtype]  # from there on it is subnormal
    random = np.random.RandomState(0)
    x = np.concatenate([random.uniform(-last, last, 3000), random.uniform(-1, 1, 1500)])
    x = x.astype(dtype)
    assert ulps(erfc(x), [mpmath.erfc(mpmath.mpf(float(v))) for v in x], dtype) <= 4
    stretched = erfc(x, 0.7071067811865476, 0.5)
    wanted = [mpmath.erfc(mpmath.mpf(float(v)) / mpmath.sqrt(2)) for v in x]
    assert ulps(stretched, wanted, dtype) <= 4


@pytest.mark.parametrize("dtype", DTYPES)
def test_erfc_at_edges(dtype):
    tiny = np.finfo(dtype).smallest_subnormal
    x = np.array([0, -0.0, tiny, -tiny, np.inf, -np.inf, 1e30, -1e30, 30, -30], dtype)
    np.testing.assert_array_equal(erfc(x), [1, 1, 1, 1, 0, 2, 0, 2, 0, 2])
    with np.errstate(invalid="ignore"):
        assert np.isnan(erfc(np.array([np.nan], dtype)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_erfc_where_it_is_subnormal(dtype):
    first, last = {"float32": (9.2, 10.1), "float64": (26.55, 27.3)}[dtype]
    x = np.linspace(first, last, 200).astype(dtype)
    tiny = float(np.finfo(dtype).smallest_subnormal)
    for found, v in zip(erfc(x), x, strict=True):
        wanted = mpmath.erfc(mpmath.mpf(float(v)))
        assert abs(mpmath.mpf(float(found)) - wanted) <= 4 * EPS[dtype] * wanted + 2 * tiny


# -------------------------------------------------------------------------------- losses


def true_mean(rule):
    """Make a loss of lists of numbers of the loss of one: it is averaged over n columns."""
    return lambda a, y, w, n, entry: (
        mpmath.fsum(wi * rule(ai, yi, entry) for ai, yi, wi in zip(a, y, w, strict=True)) / n
    )


def true_rows_of(rule):
    """Make one of the loss of a row."""

    def loss(z, y, w, n, entry):
        starts = range(0, len(z), n)
        parts = [slice(start, start + n) for start in starts]
        return mpmath.fsum(w[k.start] * rule(z[k], y[k], entry) for k in parts)

    return loss


true_square = true_mean(lambda a, y, entry: (a - y) ** 2)


def true_huber(a, y, entry):
    error, delta = abs(a - y), mpmath.mpf(entry.delta)
    return error**2 / 2 if error <= delta else delta * (error - delta / 2)


def true_quantile(a, y, entry):
    (level,) = map(mpmath.mpf, entry.quantiles)
    return level * (y - a) if y > a else (level - 1) * (y - a)


def true_binary(z, y, entry):
    chance, part = 1 / (1 + mpmath.exp(-z)), mpmath.mpf(entry.label_smoothing)
    y = y * (1 - part) + part / 2
    return -y * mpmath.log(chance) - (1 - y) * mpmath.log(1 - chance)


def true_binary_focal(z, y, entry):
    chance = 1 / (1 + mpmath.exp(-z if y == 1 else z))
    return -((1 - chance) ** mpmath.mpf(entry.gamma)) * mpmath.log(chance)


def true_shares(row):
    return [mpmath.exp(z) / mpmath.fsum(map(mpmath.exp, row)) for z in row]


def true_cross_entropy(row, y, entry):
    part = mpmath.mpf(entry.label_smoothing)
    wanted = [yi * (1 - part) + part / len(y) for yi in y]
    return -mpmath.fsum(t * mpmath.log(p) for t, p in zip(wanted, true_shares(row), strict=True))


def true_focal(row, y, entry):
    share = true_shares(row)[y.index(1)]
    return -((1 - share) ** mpmath.mpf(entry.gamma)) * mpmath.log(share)


def true_multiclass_hinge(row, y, entry):
    true = row[y.index(1)]
    lacking = [max(1 - true + z, 0) for z, wanted in zip(row, y, strict=True) if not wanted]
    return mpmath.fsum(lacking) / len(row)


TRUE_LOSSES = {
    "mean_squared_error": true_square,
    "half_squared_error": lambda *given: true_square(*given) / 2,
    "half_squared_error_sum": lambda a, y, w, n, entry: true_square(a, y, w, n, entry) * n / 2,
    "mean_absolute_error": true_mean(lambda a, y, entry: abs(a - y)),
    "huber": true_mean(true_huber),
    "log_cosh": true_mean(lambda a, y, entry: mpmath.log(mpmath.cosh(a - y))),
    "quantile": true_mean(true_quantile),
    "poisson": true_mean(lambda z, y, entry: mpmath.exp(z) - z * y),
    "binary_cross_entropy": true_mean(true_binary),
    "binary_focal": true_mean(true_binary_focal),
    "hinge": true_mean(lambda z, y, entry: max(1 - z * (1 if y > 0 else -1), 0)),
    "cross_entropy": true_rows_of(true_cross_entropy),
    "focal": true_rows_of(true_focal),
    "multiclass_hinge": true_rows_of(true_multiclass_hinge),
}
# A loss of several outputs for each target is tested in networks, and below.
SINGLE_LOSSES = [entry for entry in ALL_LOSSES if entry.target_columns(3) == 3]
every_loss = pytest.mark.parametrize("entry", SINGLE_LOSSES, ids=str)


def loss_inputs(entry, shape=(6, 3), seed=0, dtype="float64"):
    """Draw what the network gives, what is wanted, and row weights, for a loss."""
    random = np.random.RandomState(seed)
    given_values = 2 * random.standard_normal(shape)
    wanted = checks.targets(entry.targets, shape, random)
    weights = random.uniform(0.5, 2, (shape[0], 1))
    if entry.rows == "mean":
        weights /= weights.sum()
    return given_values.astype(dtype), wanted.astype(dtype), weights.astype(dtype)


def function_of(entry):
    return checks.rule_of_loss(entry, entry.function)


def slope_of(entry):
    return checks.rule_of_loss(entry, entry.slope)


def true_loss(entry, values, y, w):
    spread = np.broadcast_to(w, values.shape)
    exact = [[mpmath.mpf(float(v)) for v in np.ravel(part)] for part in (values, y, spread)]
    return TRUE_LOSSES[entry.name](*exact, values.shape[1], entry)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_named_by_its_key(name):
    entry = LOSSES[name]
    assert entry.name == entry.function.__name__ == str(entry) == name
    assert entry.is_named
    assert entry.slope.__name__
    assert type(entry).__doc__
    assert entry.note
    assert entry.source
    assert (entry.of == "logits") == bool(entry.refused) == (name in loops.READ_LOGITS)
    assert set(entry.short) <= set(ACTIVATIONS)


@every_loss
def test_loss_values_are_those_of_the_loops(entry):
    values, y, w = loss_inputs(entry)
    rows = loops.numbers(values.tolist())
    wanted = loops.LOSSES[entry.name](rows, y.tolist(), np.ravel(w).tolist(), entry)
    np.testing.assert_allclose(function_of(entry)(values, y, w), wanted.value, rtol=1e-14)


@pytest.mark.parametrize("dtype", DTYPES)
@every_loss
def test_loss_values_have_true_digits(entry, dtype):
    values, y, w = loss_inputs(entry, dtype=dtype)
    loss = function_of(entry)(values, y, w)
    assert loss.dtype == dtype
    assert loss.shape == ()
    assert abs(float(loss) - true_loss(entry, values, y, w)) <= 8 * EPS[dtype] * abs(float(loss))


@every_loss
def test_loss_slope_is_that_of_central_differences(entry):
    values, y, w = loss_inputs(entry)
    wanted = checks.central_slope(lambda v: float(function_of(entry)(v, y, w)), values.copy())
    checks.assert_near(slope_of(entry)(values, y, w), wanted, 1e-8, 1e-10, entry.name)


@every_loss
def test_loss_slope_is_that_of_the_complex_step(entry):
    values, y, w = loss_inputs(entry)
    function = checks.rule_of_loss(entry, entry.function, checks.COMPLEX_NUMPY)
    wanted = checks.complex_slope(lambda v: function(v, y, w), values)
    checks.assert_near(slope_of(entry)(values, y, w), wanted, 1e-11, 1e-14, entry.name)


@every_loss
def test_loss_slope_in_float32_is_near_float64(entry):
    values, y, w = loss_inputs(entry, (200, 4), dtype="float32")
    rough = slope_of(entry)(values, y, w)
    exact = slope_of(entry)(*(part.astype("float64") for part in (values, y, w)))
    assert rough.dtype == np.float32
    assert checks.distance(rough, exact) <= 2e-6


@pytest.mark.parametrize("dtype", DTYPES)
@every_loss
def test_losses_neither_warn_nor_break_at_finite_edges(entry, dtype):
    values, y, w = loss_inputs(entry, (4, 2), dtype=dtype)
    # The square of 1e30 is no number of float32; a loss that only adds them reaches it.
    squares = "squared" in entry.name and dtype == "float32"
    least = -1e18 if squares else -1e30
    most = LARGEST_POWER[dtype] if entry.name == "poisson" else -least
    tiny = float(np.finfo(dtype).smallest_subnormal)
    for edge in (0.0, -0.0, tiny, 50.0, 1e4, -1e4, 1e18, -1e18, 1e30, -1e30):
        values[:, 0] = np.clip(edge, least, most)
        values[2:, 1] = np.clip(-edge, least, most)
        assert np.isfinite(function_of(entry)(values, y, w))
        assert np.isfinite(slope_of(entry)(values, y, w)).all()


@every_loss
def test_a_weight_of_2_is_a_row_twice(entry):
    values, y, _ = loss_inputs(entry, (5, 3))
    twice = np.repeat(np.arange(5), [1, 2, 1, 3, 0])
    weights = np.array([[1.0], [2], [1], [3], [0]])
    each = np.ones((7, 1))
    if entry.rows == "mean":
        weights, each = weights / 7, each / 7
    function, slope = function_of(entry), slope_of(entry)
    repeated = function(values[twice], y[twice], each)
    np.testing.assert_allclose(function(values, y, weights), repeated, rtol=1e-14)
    slopes = slope(values[twice], y[twice], each)
    together = np.zeros_like(values)
    np.add.at(together, twice, slopes)
    np.testing.assert_allclose(slope(values, y, weights), together, rtol=1e-13, atol=1e-17)


@pytest.mark.parametrize("entry", ALL_LOSSES, ids=str)
def test_a_loss_comes_back_from_text_and_json(entry):
    assert eval(repr(entry), vars(losses)) == entry
    said = entry.name if entry.is_named else entry.to_json()
    again = losses.loss_from_json(json.loads(json.dumps(said)))
    assert again == entry
    assert hash(again) == hash(entry)
    assert losses.loss_from_json(entry.to_json()) == entry


AT_KINKS = {  # outputs, or logits, then targets, then the slope of a single row of weight 1
    "mean_absolute_error": ([2.0], [2.0], [0.0]),
    "huber": ([3.0, 1.0], [2.0, 2.0], [0.5, -0.5]),
    "quantile": ([2.0], [2.0], [0.0]),
    "hinge": ([1.0, -1.0], [1.0, 0.0], [0.0, 0.0]),
    "multiclass_hinge": ([1.0, 0.0], [1.0, 0.0], [0.0, 0.0]),
}


@pytest.mark.parametrize("name", AT_KINKS)
def test_slopes_at_a_kink_are_those_that_are_said(name):
    values, y, wanted = (np.array([row]) for row in AT_KINKS[name])
    np.testing.assert_array_equal(LOSSES[name].slope(values, y, np.ones((1, 1))), wanted)


def test_the_slope_of_a_quantile_at_its_target_is_half_way():
    one = np.ones((1, 1))
    sides = [slope_of(Quantile(0.9))(one + aside, one, one) for aside in (-1e-9, 0, 1e-9)]
    np.testing.assert_allclose(np.ravel(sides), [-0.9, -0.4, 0.1], rtol=1e-15)


def test_log_cosh_has_its_digits_near_the_target():
    a, zero, one = np.array([[1e-6]]), np.zeros((1, 1)), np.ones((1, 1))
    np.testing.assert_allclose(LOSSES["log_cosh"].function(a, zero, one), 5e-13, rtol=1e-3)
    assert LOSSES["log_cosh"].function(zero, zero, one) == 0


def test_focal_losses_that_forgive_nothing_are_cross_entropies():
    for focal, plain in (("focal", "cross_entropy"), ("binary_focal", "binary_cross_entropy")):
        entry = dataclasses.replace(LOSSES[focal], gamma=0)
        for values in (loss_inputs(entry), loss_inputs(entry, seed=1)):
            for rule in ("function", "slope"):
                wanted = getattr(LOSSES[plain], rule)(*values)
                found = checks.rule_of_loss(entry, getattr(entry, rule))(*values)
                np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize("dtype", DTYPES)
def test_focal_of_an_answer_that_is_sure_and_right_is_next_to_nothing(dtype):
    one = np.ones((1, 1), dtype)
    z, y = np.array([[200.0, 0, 0]], dtype), np.array([[1.0, 0, 0]], dtype)
    for gamma in (0.5, 2.0):
        assert 0 <= function_of(Focal(gamma))(z, y, one) < 1e-18
        assert np.max(np.abs(slope_of(Focal(gamma))(z, y, one))) < 1e-18
        assert function_of(Focal(gamma))(-z, y, one) > 199


def test_a_hinge_takes_a_no_as_0_and_as_minus_1():
    z, y, w = loss_inputs(LOSSES["hinge"])
    for rule in LOSSES["hinge"].rules:
        np.testing.assert_array_equal(rule(z, y, w), rule(z, (y + 1) / 2, w))


def logits(*rows, dtype):
    return np.array(rows, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1e4, 700.0, 88.0, 16.0, 0.5])
def test_cross_entropy_is_exact_for_confident_answers(dtype, size):
    loss, one = LOSSES["cross_entropy"], np.ones((1, 1), dtype)
    z, y = logits([size, -size, 0.0], dtype=dtype), logits([0, 1, 0], dtype=dtype)
    assert ulps([loss.function(z, y, one)], [true_loss(loss, z, y, one)], dtype) <= 4
    assert loss.slope(z, y, one)[0, 1] <= -0.5  # a confident wrong answer is always told so


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1e4, 700.0, 88.0, 16.0, 0.5])
@pytest.mark.parametrize("wanted", [0.0, 1.0])
def test_binary_cross_entropy_is_exact_for_confident_answers(dtype, size, wanted):
    loss, one = LOSSES["binary_cross_entropy"], np.ones((1, 1), dtype)
    for z in (logits([size], dtype=dtype), logits([-size], dtype=dtype)):
        y = logits([wanted], dtype=dtype)
        with mpmath.workdps(10000):  # enough for 1 + exp(−10000)
            exact = true_loss(loss, z, y, one)
        found = loss.function(z, y, one)
        assert abs(float(found) - exact) <= 4 * EPS[dtype] * exact + np.finfo(dtype).tiny
        wrong = (z[0, 0] > 0) != (wanted > 0)
        assert not wrong or abs(loss.slope(z, y, one)[0, 0]) > 0.3


def test_half_squared_error_names_both_ways_of_adding_up():
    assert HalfSquaredError() == LOSSES["half_squared_error"]
    assert HalfSquaredError(reduction="sum") == LOSSES["half_squared_error_sum"]


# ------------------------------------------------ pairs of an output activation and a loss

OF_OUTPUTS = [name for name in TRUE_LOSSES if name not in loops.READ_LOGITS]
PAIRS = {
    **{(a, loss): "full" for a in TRUE_ACTIVATIONS for loss in OF_OUTPUTS},
    **{(a, loss): "refused" for a in TRUE_ACTIVATIONS for loss in loops.READ_LOGITS},
    **{("linear", loss): "short" for loss in TRUE_LOSSES},
    ("exp", "poisson"): "short",
    ("sigmoid", "binary_cross_entropy"): "short",
    ("sigmoid", "binary_focal"): "short",
    ("softmax", "cross_entropy"): "short",
    ("log_softmax", "cross_entropy"): "short",
    ("softmax", "focal"): "short",
    ("log_softmax", "focal"): "short",
}
ALL_PAIRS = [(a, loss) for a in ACTIVATIONS for loss in LOSSES]


def rule_of(activation, loss):
    try:
        return backward_rule(activation, LOSSES[loss])
    except DescriptionError:
        return "refused"


def test_the_table_of_pairs_is_whole():
    assert set(PAIRS) == set(ALL_PAIRS)


@pytest.mark.parametrize(("activation", "loss"), ALL_PAIRS)
def test_each_pair_goes_the_way_that_is_right_for_it(activation, loss):
    assert rule_of(activation, loss) == PAIRS[activation, loss]
    if PAIRS[activation, loss] == "refused":
        with pytest.raises(DescriptionError) as caught:
            Description(2, (Dense(3, activation),), loss)
        message = str(caught.value)
        assert message.startswith(f"{loss} does not go with the output activation {activation!r}")
        assert "the last activation must be" in message
        return
    for last in ((Dense(3, activation),), (Dense(3), Activation(activation))):
        program = Program(Description(2, last, loss, "float64"), SGD())
        inputs = checks.inputs_for(program)
        checks.check_all(program, inputs)
        checks.check_loops(program, inputs)


@pytest.mark.parametrize(("activation", "loss"), [p for p in ALL_PAIRS if rule_of(*p) == "short"])
def test_the_short_error_is_the_slope_of_the_loss_by_the_logits(activation, loss):
    entry, function = LOSSES[loss], ACTIVATIONS[activation].function or (lambda z: z)
    z, y, w = loss_inputs(entry)

    def of_logits(z):
        return float(entry.function(z if entry.of == "logits" else function(z), y, w))

    wanted, rule = checks.central_slope(of_logits, z.copy()), entry.short[activation]
    given = z if entry.of == "logits" and rule is entry.slope else function(z)
    checks.assert_near(rule(given, y, w), wanted, 1e-8, 1e-10)


# -------------------------------------------------------------------------------- layers


def program_of(layer, dtype="float64", optimizer=SGD(), between=True):
    first = isinstance(layer, Embedding)  # which stands there only
    # An Add finds as many columns in x as come in.
    before = (Dense(3 if layer.joined_value else 4, "tanh"),) if between and not first else ()
    inputs = 4 if first else 3
    return Program(Description(inputs, (*before, layer, Dense(2)), dtype=dtype), optimizer)


OPTIONS_OF_LAYERS = [
    Dense(2, "sigmoid", bias=False),
    Dropout(0),
    Dropout(0.9),
    LayerNorm(epsilon=0.1),
    BatchNorm(momentum=0.6, epsilon=0.2),
    BatchNorm(momentum=1.0),
    Dropout(FlatCosine(0.5)),
    GaussianNoise(0),
    GaussianNoise(Cosine(2.0)),
    Embedding(1, 5, 1),
    Embedding((3, 0), (2, 7), (4, 1)),
    Embedding((0, 1, 2, 3), 3, 2),
]
ALL_LAYERS = [checks.example(kind) for kind in LAYERS.values()] + OPTIONS_OF_LAYERS


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_named_by_its_key_and_says_where_it_comes_from(name):
    assert LAYERS[name].__name__ == name
    assert LAYERS[name].__doc__
    if name != "Activation":  # its entry has the source
        assert LAYERS[name].source


@pytest.mark.parametrize("between", [True, False], ids=["between", "first"])
@pytest.mark.parametrize("layer", ALL_LAYERS, ids=repr)
def test_a_layer_against_loops_and_differences(layer, between):
    program = program_of(layer, between=between)
    for rows in (2, 5):
        inputs = checks.inputs_for(program, rows)
        checks.check_loops(program, inputs)
        checks.check_all(program, inputs)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layer", ALL_LAYERS, ids=repr)
def test_a_layer_neither_warns_nor_breaks_at_finite_edges(layer, dtype):
    program = program_of(layer, dtype, between=False)
    largest = 1e18 if dtype == "float32" else 1e30  # where its square is still a number
    for edge in (0.0, -0.0, np.finfo(dtype).smallest_subnormal, 1e4, largest):
        inputs = checks.inputs_for(program, 4)
        x = np.where(inputs["x"] > 0, 1, -1).astype(dtype) * np.asarray(edge, dtype)
        random = np.random.RandomState(0)
        inputs["x"] = checks.with_categories(program.description, x, random)
        for line, name, value in checks.traced(program, inputs):
            if "loss" in line.text:
                break
            assert np.isfinite(value).all(), name
            assert value.dtype == dtype, name


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_norms_take_the_variance_in_two_passes(offset):
    x = (offset + np.random.RandomState(0).standard_normal((300, 300))).astype("float32")
    exact = x.astype("float64")
    for layer, rows in ((LayerNorm(), x), (BatchNorm(), x)):
        program = Program(Description(300, (layer, Dense(1))), SGD())
        inputs = checks.inputs_for(program, 300)
        inputs |= {"x": rows, "w": np.full((300, 1), 1 / 300, "float32")}
        normal = next(v for _, n, v in checks.traced(program, inputs) if n == "normal0")
        axis = 1 if isinstance(layer, LayerNorm) else 0
        centred = exact - exact.mean(axis=axis, keepdims=True)
        wanted = centred / np.sqrt((centred**2).mean(axis=axis, keepdims=True) + 1e-5)
        assert checks.distance(normal, wanted) < (
            1e-6 if offset == 0 else 5e-3
        )  # the mean has 4 digits behind the point


def test_a_batch_sum_does_not_stall_in_float32():
    ones = np.ones((2**24 + 8, 1), "float32")
    program = program_of(LayerNorm())
    assert program.rules["sum_over_batch"](ones)[0] == 2**24 + 8


# ------------------------------------------------------------------------------ optimizers

OPTIONS_OF_OPTIMIZERS = [
    SGD(0.1, momentum=0.9),
    SGD(0.1, momentum=0.9, nesterov=True),
    SGD(0.1, momentum=0.3, nesterov=True),
    SGD(Cosine(0.1), momentum=0.5),
    Adam(0.01, beta1=0.5, beta2=0.9, epsilon=1e-3),
    Adam(Cosine(0.1, end=0.01), beta1=0),
    SGD(0.1, weight_decay=0.2),
    SGD(WarmUp(0.1), momentum=0.9, nesterov=True, weight_decay=0.2, decayed="biases"),
    Adam(0.1, weight_decay=0.2, decayed=("weights", "biases", "scales")),
    AdamW(0.1, weight_decay=0.2, decayed=("weights", "scales")),
    Lion(0.1, beta1=0.5, weight_decay=0.2),
    NAdam(0.1, beta1=0, momentum_decay=0.5),
    RAdam(0.1, beta2=0.5),
    RAdam(0.1, beta2=0.9),
    RMSprop(0.1, momentum=0.5, weight_decay=0.2),
    RMSprop(0.1, centered=True),
    RMSprop(0.1, alpha=0.9, momentum=0.5, centered=True),
    SGD(0.1, momentum=OneCycle(0.9)),
    SGD(Cosine(0.1), WarmUp(0.9), nesterov=True, weight_decay=FlatCosine(0.2)),
    RMSprop(0.1, momentum=Cosine(0.5), centered=True),
    AdamW(0.1, weight_decay=CosLog4(0.2), decayed="scales"),
    SGD(0.1, clip_value=0.5),
    SGD(0.1, clip_norm=1.0, weight_decay=0.2),
    SGD(0.1, clip_norm=100.0),
    Adam(0.1, clip_value=1.5, clip_norm=2.0, average=EMA(0.9)),
    AdamW(0.1, 0.9, average=EMA(0.9, debiased=False)),
    Lion(0.1, average=SWA(0.4)),
]
ALL_OPTIMIZERS = [checks.example(kind) for kind in OPTIMIZERS.values()] + OPTIONS_OF_OPTIMIZERS
STEPPING = [o for o in ALL_OPTIMIZERS if o.line() is not None]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_is_found_by_its_key_and_says_where_it_comes_from(name):
    kind = OPTIMIZERS[name]
    assert kind.__name__.lower() == name
    assert optimizer(name) == optimizer(name.upper()) == kind()
    assert kind.note
    assert kind.source
    assert kind.__doc__


@pytest.mark.parametrize("chosen", STEPPING, ids=repr)
def test_an_optimizer_takes_the_steps_of_the_loops(chosen):
    program = program_of(LayerNorm(), optimizer=chosen)
    arrays = checks.inputs_for(program)
    plain = {k: v.tolist() for k, v in arrays.items() if isinstance(v, np.ndarray)}
    random = np.random.RandomState(0)
    for step in range(1, 10):  # far enough for RAdam's second kind of step
        rates = program.rates_at(step, step / 10, 10)
        now = checks.at(chosen, step / 10)
        slopes = {
            f"d{p}": random.standard_normal(arrays[p].shape) for p in program.parameter_shapes
        }
        arrays |= checks.call(program, "update", {**arrays, **slopes, **rates})
        names = list(program.parameter_shapes)
        states = {p: [f"{kind}_{p}" for kind in chosen.state_names()] for p in names}
        new, kept = loops.update_all(
            program.description.layers, now, names, [plain[p] for p in names],
            [slopes[f"d{p}"].tolist() for p in names],
            [[plain[name] for name in states[p]] for p in names],
            now.learning_rate, step,
            chosen.average and loops.share(chosen.average, step, step, 10),
        )  # fmt: skip
        for p, value, state in zip(names, new, kept, strict=True):
            plain |= {p: value, **dict(zip(states[p], state, strict=True))}
        for name in (*names, *program.state_names):
            np.testing.assert_allclose(arrays[name], plain[name], rtol=1e-12, err_msg=name)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("chosen", STEPPING, ids=repr)
def test_an_optimizer_neither_warns_nor_changes_the_type_at_edges(chosen, dtype):
    program = program_of(LayerNorm(), dtype, chosen)
    inputs = checks.inputs_for(program)
    largest = 1e18 if dtype == "float32" else 1e30
    for edge in (0.0, np.finfo(dtype).smallest_subnormal, 1e-30, largest, -largest):
        slopes = {f"d{p}": np.full_like(inputs[p], edge) for p in program.parameter_shapes}
        for name, value in checks.call(program, "update", {**inputs, **slopes}).items():
            assert value.dtype == dtype, name
            assert np.isfinite(value).all(), name


def test_the_first_step_of_adam_is_the_learning_rate_long_however_small_the_slope():
    program = Program(Description(1, (Dense(1, bias=False),), dtype="float64"), Adam(0.01))
    for slope in (1e-5, 1.0, -1e10):
        inputs = {"W1": np.zeros((1, 1)), "dW1": np.full((1, 1), slope)}
        inputs |= {"mean_W1": np.zeros((1, 1)), "square_W1": np.zeros((1, 1))}
        inputs |= dict(zip(program.rate_names, program.optimizer.rates_at(1, 0.0), strict=True))
        step = checks.call(program, "update", inputs)["W1"][0, 0]
        assert step == pytest.approx(-math.copysign(0.01, slope), rel=1e-2)


def test_epsilon_of_adam_stands_outside_of_the_root():
    program = Program(Description(1, (Dense(1, bias=False),), dtype="float64"), Adam(1.0))
    inputs = {"W1": np.zeros((1, 1)), "dW1": np.full((1, 1), 1e-8)}
    inputs |= {"mean_W1": np.zeros((1, 1)), "square_W1": np.zeros((1, 1))}
    inputs |= dict(zip(program.rate_names, program.optimizer.rates_at(1, 0.0), strict=True))
    assert checks.call(program, "update", inputs)["W1"][0, 0] == pytest.approx(-0.5)


def test_lbfgs_leaves_the_step_to_scipy():
    program = program_of(LayerNorm(), optimizer=LBFGS())
    assert not program.trains
    assert set(program.functions) & {"step", "update"} == set()
    assert program.rate_names == LBFGS().rates_at(1, 0.0) == ()


# ---------------------------------------------------------------------------- initializers

VARIANCE = {
    "zeros": 0.0,
    "normal": 1.0,
    "uniform": 1 / 12,
    "glorot": 2 / (400 + 300),
    "he": 2 / 400,
    "lecun": 1 / 400,
    "fill": 0.0,
    "truncatednormal": 1.0,
    "orthogonal": 1 / 400,
    "unitvariance": 1 / 400,
}
SOURCES = [np.random.RandomState, np.random.default_rng]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", INITIALIZERS)
def test_an_initializer_draws_its_variance_and_the_same_numbers_again(name, source):
    chosen = checks.example(INITIALIZERS[name])
    drawn = chosen.draw(source(0), (400, 300), 400, 300)
    assert drawn.shape == (400, 300)
    assert drawn.dtype == np.float64
    assert np.var(drawn) == pytest.approx(VARIANCE[name], rel=0.02)
    np.testing.assert_array_equal(drawn, chosen.draw(source(0), (400, 300), 400, 300))
    assert initializer(name) == chosen
    assert initializer(chosen) is chosen


@pytest.mark.parametrize(
    ("chosen", "middle", "variance"),
    [
        (Normal(0.01), 0, 1e-4),
        (Uniform(-1, 3), 1, 16 / 12),
        (Glorot("normal"), 0, 2 / 500),
        (Glorot("uniform"), 0, 2 / 500),
        (He("normal"), 0, 2 / 100),
        (He("uniform"), 0, 2 / 100),
        (LeCun("normal"), 0, 1 / 100),
        (LeCun("uniform"), 0, 1 / 100),
        (Fill(-2), -2, 0),
        (TruncatedNormal(0.5), 0, 0.25),
        (TruncatedNormal(0.5, limit=0.1), 0, 0.25),
        (TruncatedNormal(0.5, limit=9), 0, 0.25),
        (Orthogonal(2), 0, 4 / 400),
    ],
    ids=repr,
)
def test_an_initializer_with_options(chosen, middle, variance):
    drawn = chosen.draw(np.random.RandomState(1), (100, 400), 100, 400)
    assert np.var(drawn) == pytest.approx(variance, rel=0.03)
    assert np.mean(drawn) == pytest.approx(middle, abs=5 * (variance / drawn.size) ** 0.5)


@pytest.mark.parametrize("chosen", [Glorot("uniform"), He("uniform")], ids=repr)
def test_uniform_numbers_stay_within_their_limit(chosen):
    drawn = chosen.draw(np.random.RandomState(0), (50, 200), 50, 200)
    limit = math.sqrt(3 * (2 / 250 if isinstance(chosen, Glorot) else 2 / 50))
    assert 0.99 * limit < np.abs(drawn).max() < limit


def test_numbers_of_the_older_generator_are_the_published_ones():
    drawn = Normal().draw(np.random.RandomState(0), (5,), 5, 5)
    published = [1.7640524, 0.4001572, 0.978738, 2.2408931, 1.867558]
    np.testing.assert_allclose(drawn, published, atol=5e-8)
    np.testing.assert_array_equal(drawn, np.random.RandomState(0).randn(5))
    drawn = Uniform().draw(np.random.RandomState(0), (2, 3), 2, 3)
    np.testing.assert_array_equal(drawn, np.random.RandomState(0).rand(2, 3))


def test_an_initializer_draws_in_place():
    random, other = np.random.RandomState(3), np.random.RandomState(3)
    for shape in ((2, 3), (3,)):
        np.testing.assert_array_equal(Normal().draw(random, shape, 2, 3), other.randn(*shape))
    Zeros().draw(random, (9,), 9, 9)
    assert random.rand() == other.rand()


def test_a_truncated_normal_has_nothing_beyond_its_limit_and_keeps_what_was_within():
    drawn = TruncatedNormal(limit=2.0).draw(np.random.RandomState(0), (100, 100), 100, 100)
    normal = np.random.RandomState(0).randn(100, 100)
    stretch = drawn[0, 0] / normal[0, 0]
    assert np.abs(drawn).max() <= 2 * stretch < 2.28
    within = np.abs(normal) <= 2
    np.testing.assert_allclose(drawn[within], stretch * normal[within], rtol=1e-15)
    assert not within.all()


@pytest.mark.parametrize("limit", [0.1, 0.5, 1.0, 2.0, 3.0, 30.0])
def test_a_truncated_normal_knows_its_own_deviation(limit):
    def density(z):
        return mpmath.exp(-(z**2) / 2)

    edges = [-limit, *(edge for edge in (-1, 0, 1) if abs(edge) < limit), limit]
    square = mpmath.quad(lambda z: z**2 * density(z), edges) / mpmath.quad(density, edges)
    assert TruncatedNormal(limit=limit)._deviation() == pytest.approx(
        float(mpmath.sqrt(square)), rel=1e-11
    )


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (6,), (1, 1)])
def test_orthogonal_columns_or_rows_are_at_right_angles(shape):
    drawn = Orthogonal(2.0).draw(np.random.RandomState(0), shape, *(*shape, 1)[:2])
    assert drawn.shape == shape
    tall = drawn.reshape(shape[0], -1)
    tall = tall if tall.shape[0] >= tall.shape[1] else tall.T
    np.testing.assert_allclose(tall.T @ tall, 4 * np.eye(tall.shape[1]), atol=1e-14)
    # The numbers that were drawn are a product of it with a triangle whose diagonal is positive.
    normal = np.random.RandomState(0).randn(*tall.shape)
    triangle = tall.T @ normal
    np.testing.assert_allclose(triangle, np.triu(triangle), atol=1e-13)
    assert (np.diag(triangle) > 0).all()


def test_a_range_too_wide_for_a_float_is_refused_when_it_is_given():
    with pytest.raises(DescriptionError):
        Uniform(-1e308, 1e308)


def weights_of(*layers):
    """Give the initializer of the first weights."""
    return Program(Description(3, layers), SGD()).parameters[0].initializer


@pytest.mark.parametrize(
    ("activation", "size"),
    [("linear", 1.0), ("relu", 1.0), ("leaky_relu", 1.0), ("selu", 1.0), ("tanh", 0.1)],
)
def test_default_weights_keep_the_size_of_signals_through_ten_layers(activation, size):
    random = np.random.RandomState(0)
    a = size * random.standard_normal((200, 256))  # Glorot's case for tanh: where it is straight
    first = np.mean(a**2)
    for _ in range(10):
        weights = weights_of(Dense(256, activation)).draw(random, (256, 256), 256, 256)
        z = a @ weights
        a = ACTIVATIONS[activation].function(z) if activation != "linear" else z
    assert 0.5 < np.mean(a**2) / first < 2


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_default_initializer_is_the_one_that_suits_the_activation(name):
    suits = {"he": He(), "lecun": LeCun()}.get(ACTIVATIONS[name].gain, Glorot())
    assert weights_of(Dense(3, name)) == suits
    assert Dense(3, name).bias_initializer == Zeros()
    between = (BatchNorm(), LayerNorm(), Dropout(0.5))
    for layers in ((Dense(3),), (Dense(3), *between)):
        assert weights_of(*layers, Activation(name)) == suits
        assert weights_of(*layers, Dense(2, name)) == Glorot()
    assert weights_of(Dense(3), PReLU(), Dense(1)) == He()
    assert weights_of(Dense(3, weight_initializer=Normal(0.5)), Activation(name)) == Normal(0.5)


def test_weights_of_a_layer_with_its_activation_apart_are_those_of_one_with_it():
    together = gn.Network(2, Dense(8, "relu"), Dense(1), random_state=0).weights["W1"]
    apart = gn.Network(2, Dense(8), Activation("relu"), Dense(1), random_state=0).weights["W1"]
    np.testing.assert_array_equal(apart, together)


# -------------------------------------------------------------------------------- schedules

ALL_SCHEDULES = [
    *map(checks.example, SCHEDULES.values()),
    Cosine(0.1, end=0.01),
    Constant(0),
    TimeDecay(0.1, 0),
    Step(0.1, 0.5, 7),
    Exponential(0.01, 0.1),
    Polynomial(0.1, 0.01, 0.9),
    CosineRestarts(0.1, 0.01, 4, 1),
    CosineRestarts(0.1, cycles=5, longer=1.5),
    OneCycle(0.1, 0.4, 0.1, 0.01),
    FlatCosine(0.1, 0.01, 0),
    WarmUp(Cosine(0.1), 0.3, 0.2),
    WarmUp(OneCycle(0.1)),
]


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_is_named_by_its_key(name):
    assert SCHEDULES[name].__name__ == name
    assert SCHEDULES[name].__doc__


@pytest.mark.parametrize("schedule", ALL_SCHEDULES, ids=repr)
def test_schedules_are_those_of_the_loops(schedule):
    rates = [schedule.rate(done) for done in np.linspace(0, 1, 50)]
    wanted = [loops.schedule(schedule, done) for done in np.linspace(0, 1, 50)]
    np.testing.assert_allclose(rates, wanted, rtol=1e-13, atol=1e-15)
    assert all(type(schedule.rate(done)) is not np.float32 for done in (0, 0.5))
    assert all(rate >= 0 for rate in rates)


def test_cosine_goes_from_start_to_end():
    assert Cosine(0.4, end=0.1).rate(0) == pytest.approx(0.4)
    assert Cosine(0.4, end=0.1).rate(0.5) == pytest.approx(0.25)
    assert Cosine(0.4, end=0.1).rate(1) == pytest.approx(0.1)


def test_schedules_that_rise_and_fall_have_their_corners_where_they_say():
    assert WarmUp(0.2, 0.1, 0.5).rate(0) == pytest.approx(0.1)
    assert WarmUp(0.2, 0.1, 0.5).rate(0.5) == 0.2
    assert WarmUp(Cosine(0.2), 0.1).rate(0.1) == 0.2
    assert OneCycle(0.1).rate(0.3) == 0.1
    assert FlatCosine(0.1).rate(0.5) == 0.1
    for edge in (0, 1 / 15, 3 / 15, 7 / 15, 1):
        assert CosLog4(1.0).rate(edge) == pytest.approx(0, abs=1e-14)
    for peak in (0.0276, 0.122, 0.310, 0.688):
        assert CosLog4(1.0).rate(peak) == pytest.approx(1, abs=1e-3)
    again = CosineRestarts(0.1, cycles=3, longer=2)
    for start in (0, 1 / 7, 3 / 7):
        assert again.rate(start) == pytest.approx(0.1)
        assert start == 0 or again.rate(start - 1e-6) < 1e-6


@pytest.mark.parametrize("steps", [3, 10, 30, 99, 100, 700])
def test_stairs_and_restarts_come_at_the_step_that_is_due_whatever_the_rounding(steps):
    for parts in range(1, 13):
        if steps % parts:
            continue
        stair = [Step(1.0, 0.5, parts).rate(k / steps) for k in range(steps)]
        assert stair == [0.5 ** (k * parts // steps) for k in range(steps)]
        cycles = [CosineRestarts(1.0, cycles=parts, longer=1).rate(k / steps) for k in range(steps)]
        one = [Cosine(1.0).rate(k * parts % steps / steps) for k in range(steps)]
        np.testing.assert_allclose(cycles, one, atol=1e-7)


def test_a_number_as_a_rate_is_a_constant_schedule():
    assert SGD(0.3).schedule == Constant(0.3)
    assert Adam(Cosine(0.1)).schedule == Cosine(0.1)
    assert Adam(0.1).rates_at(2, 0.0) == (0.1, 1 - 0.9**2, 1 - 0.999**2)


# ------------------------------------------------------------------------ what cannot be

NAN, INF, HUGE = math.nan, math.inf, 10**400  # JSON may hold the last
DATA = {
    "inputs": 2,
    "layers": [Dense(1).to_json()],
    "loss": "mean_squared_error",
    "dtype": "float32",
}


def shown(value):
    """Name a value in the name of a case: a number of 400 digits is no name."""
    return "huge" if value in (HUGE, -HUGE) else repr(value)


WRONG = {
    "unknown activation": lambda: Dense(3, "rellu"),
    "unknown activation layer": lambda: Activation("rellu"),
    "activation that is no text": lambda: Dense(3, 5),
    "unknown loss": lambda: Description(2, (Dense(1),), "mse"),
    "loss that is no text": lambda: Description(2, (Dense(1),), ["mse"]),
    "unknown dtype": lambda: Description(2, (Dense(1),), dtype="float16"),
    "unknown initializer": lambda: Dense(3, weight_initializer="hee"),
    "initializer of weights for a bias": lambda: Dense(3, bias_initializer="unitvariance"),
    "initializer that is none": lambda: Dense(3, bias_initializer=0.0),
    "unknown optimizer": lambda: optimizer("adamm"),
    "optimizer that is none": lambda: optimizer(0.1),
    "unknown reduction": lambda: HalfSquaredError("product"),
    **{f"units {shown(u)}": lambda u=u: Dense(u) for u in (0, -1, 2.0, True, "3", None, NAN)},
    **{
        f"inputs {shown(n)}": lambda n=n: Description(n, (Dense(1),))
        for n in (0, -1, 2.5, True, "2", None, 2**24 + 1, HUGE)
    },
    "too many units": lambda: Description(2, (Dense(HUGE),)),
    "bias": lambda: Dense(3, bias=1),
    **{
        f"dropout {shown(r)}": lambda r=r: Dropout(r)
        for r in (1, -0.1, NAN, INF, True, "0.5", HUGE)
    },
    **{f"layer norm {shown(e)}": lambda e=e: LayerNorm(e) for e in (0, -1.0, NAN, INF, HUGE)},
    **{f"batch norm {shown(m)}": lambda m=m: BatchNorm(m) for m in (0, -0.5, 1.5, NAN, HUGE)},
    "batch norm epsilon": lambda: BatchNorm(epsilon=0),
    **{
        f"rate {shown(r)}": lambda r=r: SGD(r)
        for r in (-0.1, NAN, INF, True, "0.1", None, -HUGE, HUGE)
    },
    **{f"momentum {shown(m)}": lambda m=m: SGD(0.1, m) for m in (1, -0.1, 2, NAN)},
    "nesterov": lambda: SGD(0.1, 0.9, nesterov=1),
    "beta1": lambda: Adam(beta1=1),
    "beta2": lambda: Adam(beta2=-0.1),
    "epsilon": lambda: Adam(epsilon=0),
    "weight decay": lambda: SGD(weight_decay=-0.1),
    **{
        f"decayed {kinds!r}": lambda kinds=kinds: SGD(weight_decay=0.1, decayed=kinds)
        for kinds in ("weight", ("weights", "b"), ["scale"], 1, None, ([],))
    },
    "alpha": lambda: RMSprop(alpha=1),
    "centered": lambda: RMSprop(centered=1),
    "momentum decay": lambda: NAdam(momentum_decay=-1),
    "memory": lambda: LBFGS(0),
    "tolerance": lambda: LBFGS(tolerance=0),
    "constant": lambda: Constant(-1),
    "cosine": lambda: Cosine(0),
    "cosine end": lambda: Cosine(0.1, end=-1),
    "step factor": lambda: Step(0.1, 1),
    "step count": lambda: Step(0.1, 0.5, 2.5),
    "exponential end": lambda: Exponential(0.1, 0),
    "polynomial power": lambda: Polynomial(0.1, power=0),
    "time decay": lambda: TimeDecay(0.1, -1),
    "restarts": lambda: CosineRestarts(0.1, longer=0.5),
    "restarts without end": lambda: CosineRestarts(0.1, cycles=10**9),
    "restarts beyond every float": lambda: SGD(CosineRestarts(0.1, cycles=2000)),
    "one cycle": lambda: OneCycle(0.1, rise=1),
    "coslog4": lambda: CosLog4(-1),
    "flat": lambda: FlatCosine(0.1, flat=1),
    "warm-up of nothing": lambda: WarmUp(None),
    "warm-up before nothing": lambda: WarmUp(0.1, 0),
    "warm-up of a warm-up": lambda: WarmUp(WarmUp(0.1)),
    "warm-up data of a warm-up": lambda: WarmUp.from_json({"then": {"name": "WarmUp", "then": 1}}),
    "warm-up data of a strange name": lambda: WarmUp.from_json({"then": {"name": "os"}}),
    "normal": lambda: Normal(0),
    "uniform": lambda: Uniform(1, 1),
    "glorot": lambda: Glorot("gauss"),
    "lecun": lambda: LeCun(1),
    "fill": lambda: Fill(INF),
    "truncated": lambda: TruncatedNormal(limit=0.01),
    "orthogonal": lambda: Orthogonal(0),
    "no layer": lambda: Description(2, ()),
    "one layer that is in no list": lambda: Description(2, Dense(1)),
    "no dense layer": lambda: Description(2, (Activation("tanh"),)),
    "dropout at the end": lambda: Description(2, (Dense(3), Dropout(0.5))),
    "something else as a layer": lambda: Description(2, ("relu", Dense(3))),
    "softmax of 1": lambda: Description(2, (Dense(1, "softmax"),)),
    "classes of 1": lambda: Description(2, (Dense(1),), "cross_entropy"),
    "no text": lambda: Description.read(""),
    "one size": lambda: Description.read("3"),
    "no activation": lambda: Description.read("2-3-1"),
    "size 0": lambda: Description.read("2-0-1 relu"),
    "unknown word": lambda: Description.read("2-3-1 rellu"),
    "too many words": lambda: Description.read("2-3-1 relu tanh relu"),
    "words twice": lambda: Description.read("2-3-1 relu", "tanh"),
    "list of one size": lambda: Description.read([2], "tanh"),
    "list and no activation": lambda: Description.read([2, 1]),
    "list of no sizes": lambda: Description.read([2, 0.5], "tanh"),
    "short form that is nothing": lambda: Description.read(None),
    "short form that is a fraction": lambda: Description.read(2.5),
    "short form of bytes": lambda: Description.read(b"2-3-1", "tanh"),
    "activations that are a number": lambda: Description.read("2-3-1", 5),
    "data that is a list": lambda: Description.from_json([]),
    "data without a key": lambda: Description.from_json({"inputs": 2}),
    "data with a key too many": lambda: Description.from_json({**DATA, "more": 1}),
    "data of no layers": lambda: Description.from_json({**DATA, "layers": "Dense"}),
    "data of an unknown layer": lambda: Description.from_json({**DATA, "layers": [{"name": "os"}]}),
    "layer data without a name": lambda: Description.from_json({**DATA, "layers": [{}]}),
    "layer data without units": lambda: Description.from_json(
        {**DATA, "layers": [{"name": "Dense"}]}
    ),
    "layer data with an unknown option": lambda: Description.from_json(
        {**DATA, "layers": [{"name": "Dense", "units": 1, "size": 2}]}
    ),
    "layer data with an unknown initializer": lambda: Description.from_json(
        {**DATA, "layers": [{"name": "Dense", "units": 1, "weight_initializer": {"name": []}}]}
    ),
    "schedule data without its start": lambda: SGD.from_json({"learning_rate": {"name": "Cosine"}}),
    "schedule data with a strange name": lambda: SGD.from_json({"learning_rate": {"name": []}}),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_is_refused_in_one_sentence(case):
    with pytest.raises(DescriptionError) as caught:
        WRONG[case]()
    message = str(caught.value)
    assert message
    assert "\n" not in message
    assert not message.endswith(".")
    assert len(message) < 1000


def test_a_near_name_is_offered():
    with pytest.raises(DescriptionError, match="did you mean 'relu'"):
        Dense(3, "rellu")
    with pytest.raises(DescriptionError, match="did you mean 'adam'"):
        optimizer("adamm")


# ---------------------------------------------------------------------- JSON and short forms


def through_json(entry):
    return json.loads(json.dumps(entry.to_json(), allow_nan=False))


@same_examples
@given(descriptions(dtypes=("float32", "float64")))
def test_a_description_comes_back_from_json(description):
    again = Description.from_json(through_json(description))
    assert again == description
    assert hash(again) == hash(description)
    assert repr(again) == repr(description)


@same_examples
@given(all_optimizers)
def test_an_optimizer_comes_back_from_json(chosen):
    assert type(chosen).from_json(through_json(chosen)) == chosen


@same_examples
@given(schedules)
def test_a_schedule_comes_back_from_json(schedule):
    assert type(schedule).from_json(through_json(schedule)) == schedule


def entries():
    tables = (LAYERS, OPTIMIZERS, INITIALIZERS, SCHEDULES)
    return [checks.example(kind) for table in tables for kind in table.values()]


@pytest.mark.parametrize("entry", entries(), ids=repr)
def test_every_entry_is_frozen_comparable_and_comes_back_from_json(entry):
    assert isinstance(entry, Entry)
    again = type(entry).from_json(through_json(entry) | initializers_of(entry))
    assert again == entry
    assert hash(again) == hash(entry)
    field = dataclasses.fields(entry)[:1]
    for f in field:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(entry, f.name, 1)


def initializers_of(entry):
    """Give the initializers of a layer, which Description.from_json makes for it."""
    found = {f.name: getattr(entry, f.name) for f in dataclasses.fields(entry)}
    return {k: v for k, v in found.items() if isinstance(v, Initializer)}


@pytest.mark.parametrize("entry", entries(), ids=repr)
def test_every_entry_prints_as_the_code_that_makes_it(entry):
    names = {kind.__name__: kind for kind in (*LAYERS.values(), *OPTIMIZERS.values())}
    names |= {kind.__name__: kind for kind in (*INITIALIZERS.values(), *SCHEDULES.values())}
    assert eval(repr(entry), names) == entry


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(HUGE) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(("name", "units", "x")), inner, max_size=2)
    ),
    max_leaves=4,
)


@st.composite
def damaged(draw):
    """Draw the data of a description with one place of it changed or taken out."""
    data = through_json(draw(descriptions()))
    place = draw(st.sampled_from([data, *data["layers"]]))
    key = draw(st.sampled_from(sorted(place)))
    if draw(st.booleans()):
        del place[key]
    else:
        place[key] = draw(json_values)
    return data


@same_examples
@given(damaged())
def test_damaged_data_is_read_or_refused_and_nothing_else_happens(data):
    description = read_or_refused(data)
    if isinstance(description, Description):
        assert Description.from_json(through_json(description)) == description
    else:
        assert "\n" not in description


def read_or_refused(data):
    """Give the description that is read from data, or the reason for which it is refused."""
    try:
        return Description.from_json(data)
    except DescriptionError as error:
        return str(error)


def test_numpy_numbers_are_kept_as_plain_ones():
    plain = Description(2, (Dense(3), Dropout(0.5), Dense(1)))
    of_numpy = Description(np.int64(2), (Dense(np.int32(3)), Dropout(np.float64(0.5)), Dense(1)))
    assert of_numpy == plain
    assert through_json(of_numpy) == through_json(plain)


def test_a_dtype_of_numpy_is_kept_as_its_name():
    description = Description(2, (Dense(1),), dtype=np.dtype("float64"))
    assert type(description.dtype) is str
    assert through_json(description)["dtype"] == "float64"


SHORT = {
    "2-3-1 sigmoid": [(3, "sigmoid"), (1, "sigmoid")],
    "2-64-3 relu softmax": [(64, "relu"), (3, "softmax")],
    "2-8-8-3 relu softmax": [(8, "relu"), (8, "relu"), (3, "softmax")],
    "2-8-8-3 relu tanh softmax": [(8, "relu"), (8, "tanh"), (3, "softmax")],
    "1-1 linear": [(1, "linear")],
}


@pytest.mark.parametrize("text", SHORT)
def test_short_forms(text):
    layers = tuple(Dense(units, name) for units, name in SHORT[text])
    sizes, *words = text.split()
    numbers = [int(size) for size in sizes.split("-")]
    wanted = Description(numbers[0], layers)
    assert Description.read(text) == wanted
    assert Description.read(sizes, words) == wanted
    assert Description.read(numbers, words) == wanted
    assert Description.read(tuple(numbers), tuple(words)) == wanted
    assert Description.read(np.array(numbers), words) == wanted
    assert wanted.short() == text


def test_one_word_may_be_given_as_text():
    assert Description.read([2, 3, 1], "tanh") == Description.read("2-3-1 tanh")
    assert Description.read("2-3-1", "tanh") == Description.read("2-3-1 tanh")


@same_examples
@given(st.lists(st.integers(2, 9), min_size=2, max_size=6), st.data())
def test_the_short_form_is_read_back(sizes, data):
    count = len(sizes) - 1
    words = data.draw(
        st.lists(st.sampled_from(sorted(ACTIVATIONS)), min_size=count, max_size=count)
    )
    description = Description.read(sizes, words)
    assert Description.read(description.short()) == description


def test_the_loss_is_chosen_by_the_last_activation():
    assert Description.read("2-3 softmax").loss == LOSSES["cross_entropy"]
    assert Description.read("2-3 sigmoid").loss == LOSSES["mean_squared_error"]
    assert Description.read("2-3 linear", loss="cross_entropy").loss == LOSSES["cross_entropy"]


@pytest.mark.parametrize("kind", [Schedule, Initializer])
def test_the_base_of_a_table_is_no_entry_of_it(kind):
    assert kind not in (*SCHEDULES.values(), *INITIALIZERS.values())


@pytest.mark.parametrize("made", [lambda: gn.Dense(3, "prelu"), lambda: gn.Network("2-3-1 prelu")])
def test_who_looks_for_prelu_is_told_of_the_layer(made):
    with pytest.raises(gn.DescriptionError, match=r"it is a layer: write gn\.PReLU\(\)"):
        made()
