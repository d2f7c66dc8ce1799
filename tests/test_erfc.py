"""erfc in float32, over its whole range on both engines: at most 4 ulp from the true value."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import mpmath
import numpy as np
import pytest
from scipy.special import erfc as true_erfc

from glassnet.batches import Batches
from glassnet.description import Description
from glassnet.engines import ENGINES, Work, make
from glassnet.program import Program
from glassnet.rules.activations import ACTIVATIONS, Activation
from glassnet.rules.erfc import erfc
from glassnet.rules.losses import LOSSES, Loss
from glassnet.rules.optimizers import SGD
from glassnet.values import Values

BAR = 4  # ulp
ROOT_HALF = 0.7071067811865476
FARTHEST = {"erfc_alone": 9.19, "erfc_of_gelu": 12.99}  # from there on it is subnormal


def erfc_alone(z):
    return erfc(z)


def erfc_of_gelu(z):
    return erfc(z, 0.7071067811865476, 0.5)


def no_slope(z, a):
    return z


def output(a, y, w):
    return np.sum(w * a)


def output_slope(a, y, w):
    return w + 0 * a


@dataclass(frozen=True, repr=False)
class Output(Loss):
    rules: ClassVar = (output, output_slope)
    formula: ClassVar = "Σ w · a"
    slope_formula: ClassVar = "w"
    note: ClassVar = "the output itself"
    rows: ClassVar = "sum"


RULES = {rule.__name__: rule for rule in (erfc_alone, erfc_of_gelu)}


@pytest.fixture(autouse=True)
def entries(monkeypatch):
    """Each as the activation of a network whose loss is its one output."""
    for name, rule in RULES.items():
        entry = Activation(name, rule, "", "", "", slope=no_slope)
        monkeypatch.setitem(ACTIVATIONS, name, entry)
    monkeypatch.setitem(LOSSES, "output", Output())


@cache
def engine_for(name, engine):
    program = Program(Description.read(f"1-1 {name}", loss="output"), SGD(0.0))
    return program, make(engine, program)


def results(name, x, engine):
    """Give a rule of x (m,) as an engine computes it: the losses of m steps of one row each."""
    if engine == "numpy":
        return RULES[name](x)
    program, runs = engine_for(name, engine)
    values = Values(program)
    values.by_name["W1"][...] = 1
    rows = np.ascontiguousarray(x[:, None])
    work = Work(rows, np.zeros_like(rows), None, Batches(len(x), 1, shuffle=False), 0)
    losses = runs.train(work, values, 0, len(x), np.zeros((len(x), 1)))
    return np.asarray(losses, np.float32)


def argument(name, x):
    return x.astype(float) * (ROOT_HALF if name == "erfc_of_gelu" else 1)


def distances(name, x, found):
    """Give how many ulp each is off; SciPy's float64 has 29 bits more than are asked for."""
    true = true_erfc(argument(name, x))
    _, exponents = np.frexp(true)
    return np.abs(found - true) / np.ldexp(1.0, exponents - 24)


def every(step, name):
    """Every so-many-th float32 from 0.001 to where it is subnormal, of both signs."""
    first, last = np.array([1e-3, FARTHEST[name]], np.float32).view(np.int32)
    x = np.arange(first, last, step, dtype=np.int32).view(np.float32)
    return np.concatenate([x, -x])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", RULES)
def test_at_most_four_ulp_over_the_whole_range(name, engine):
    x = every(211, name)
    worst = distances(name, x, results(name, x, engine))
    place = int(np.argmax(worst))
    assert worst[place] <= BAR
    with mpmath.workprec(120):  # and mpmath agrees on the worst of them
        square = mpmath.mpf(1) / (2 if name == "erfc_of_gelu" else 1)
        true = mpmath.erfc(mpmath.mpf(float(x[place])) * mpmath.sqrt(square))
        found = results(name, x[place : place + 1], engine)[0]
        _, exponent = mpmath.frexp(true)
        exact = abs(mpmath.mpf(float(found)) - true) / mpmath.ldexp(1, int(exponent) - 24)
    assert float(exact) == pytest.approx(worst[place], abs=1e-5)


# The worst of all that were found, by what was worst there.
WORST = [0.62822050, 0.87418741, 0.84888071, 0.82776159, 1.16175449, 1.72342050, 6.65308332]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", RULES)
def test_around_the_worst_places(name, engine):
    bits = np.array(WORST, np.float32).view(np.int32)
    x = (bits[:, None] + np.arange(-2000, 2000, dtype=np.int32)).ravel().view(np.float32)
    assert distances(name, x, results(name, x, engine)).max() <= BAR


@pytest.mark.soak
@pytest.mark.parametrize("name", RULES)
def test_at_every_float_there_is(name):
    for part in np.array_split(every(1, name), 200):
        assert distances(name, part, results(name, part, "numpy")).max() <= BAR
