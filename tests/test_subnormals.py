"""Subnormal numbers are rounded to 0 while compiled loops run, and only then."""

from __future__ import annotations

import numpy as np
import pytest

import glassnet as gn
from glassnet.batches import Batches
from glassnet.description import Description
from glassnet.engines import Work
from glassnet.engines.compiled import compiled, flush_subnormals, put_back
from glassnet.engines.numba import NumbaEngine
from glassnet.engines.subnormals import CAN_BE_SET
from glassnet.program import Program
from glassnet.values import Values

on_x86 = pytest.mark.skipif(not CAN_BE_SET, reason="subnormals are rounded on x86 only")


@compiled
def halves(x, out):
    for i in range(x.size):
        out[i] = x[i] * x.dtype.type(0.5)


@compiled
def halves_flushed(x, out):
    settings = flush_subnormals()
    halves(x, out)
    put_back(settings)


def half_of_the_smallest(dtype, loop):
    x = np.full(40, np.finfo(dtype).smallest_normal, dtype)
    out = np.empty_like(x)
    loop(x, out)
    return out


@on_x86
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_between_the_two_calls_they_are_0_and_not_after(dtype):
    assert (half_of_the_smallest(dtype, halves_flushed) == 0).all()
    assert (half_of_the_smallest(dtype, halves) > 0).all()


def test_plain_python_has_neither():
    settings = flush_subnormals()
    put_back(settings)
    assert np.float32(1e-38) * np.float32(0.5) > 0


def dead_network():
    """A network with a relu that never fires: its gradients are 0."""
    program = Program(Description.read("2-4-1 relu linear"), gn.Adam(0.001))
    random = np.random.RandomState(0)
    x = random.standard_normal((8, 2)).astype(np.float32)
    work = Work(x, x[:, :1].copy(), None, Batches(8, 8, seed=0), seed=0)
    values = Values(program)
    values.by_name["W1"][...] = random.standard_normal((2, 4))
    values.by_name["W2"][...] = random.standard_normal((4, 1))
    values.by_name["b1"][0] = -100
    values.state[0] = 1e-3  # means left from when it still fired
    return program, work, values


@on_x86
@pytest.mark.parametrize("steps", [1500])
def test_moments_of_a_dead_weight_become_0(steps):
    program, work, values = dead_network()
    optimizer = program.optimizer
    rates = np.array([optimizer.rates_at(k + 1, 0.0) for k in range(steps)])
    engine = NumbaEngine(program)
    assert len(engine.train(work, values, 0, steps, rates)) == steps
    mean = values.state[0]
    assert (mean == 0).any()
    assert not ((mean != 0) & (np.abs(mean) < np.finfo(np.float32).smallest_normal)).any()
    assert (half_of_the_smallest("float32", halves) > 0).all()


def test_a_step_that_is_not_finite_leaves_the_processor_as_it_was():
    program, work, values = dead_network()
    values.by_name["W2"][...] = np.inf
    losses = NumbaEngine(program).train(work, values, 0, 5, np.ones((5, 3)))
    assert len(losses) == 1
    assert (half_of_the_smallest("float32", halves) > 0).all()
    NumbaEngine(program).gradients(work, values)
    assert (half_of_the_smallest("float32", halves) > 0).all()
