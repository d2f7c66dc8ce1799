"""Tiny programs, written number by number: the same steps as the loops for any size."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import glassnet as gn
from glassnet.batches import Batches
from glassnet.description import Description
from glassnet.engines import Work
from glassnet.engines.loops import write_loops
from glassnet.engines.numba import NumbaEngine
from glassnet.engines.numpy import NumpyEngine
from glassnet.engines.tiny import MOST_WEIGHTS, can_be_tiny, is_tiny
from glassnet.program import Program
from glassnet.rules.layers import BatchNorm, Concatenate, Dense, Dropout, Embedding, LayerNorm
from glassnet.rules.optimizers import SGD, Adam
from glassnet.rules.schedules import Constant, Cosine
from plain_loops import PlainEngine
from strategies import descriptions, optimizers
from test_engines import (
    assert_same_gradients,
    assert_same_update,
    first_values,
    rates_for,
    work_for,
)

SIGMOIDS = Description.read("2-3-1 sigmoid", dtype="float64")


def program_of(*layers: object, optimizer: object = None, **options: object) -> Program:
    return Program(Description(2, layers, **options), optimizer or SGD(0.1))


def engine_for(program: Program, *, compiled: bool = False) -> NumbaEngine:
    source = write_loops(program, tiny=True)
    if not compiled:
        return PlainEngine(program, source)
    engine = NumbaEngine(program)
    engine.source = source
    return engine


def assert_same_steps(program: Program, work: Work, engine: NumbaEngine, steps: int = 12) -> None:
    """Some steps of training end at the same values as with NumPy, whatever the chunks."""
    ours, theirs, parts = (first_values(program) for _ in range(3))
    rates = rates_for(program, steps)
    losses = NumpyEngine(program).train(work, ours, 0, steps, rates)
    others = engine.train(work, theirs, 0, steps, rates)
    bar = {"float32": 2e-4, "float64": 1e-10}[program.description.dtype]
    np.testing.assert_allclose(others, losses, rtol=bar, atol=bar)
    np.testing.assert_allclose(theirs.parameters, ours.parameters, rtol=bar, atol=bar)
    np.testing.assert_allclose(theirs.state, ours.state, rtol=bar, atol=bar)
    for first, last in ((0, 1), (1, 5), (5, steps)):
        engine.train(work, parts, first, last, rates[first:last])
    np.testing.assert_array_equal(parts.parameters, theirs.parameters)
    np.testing.assert_array_equal(parts.state, theirs.state)


# -------------------------------------------------------------- which programs are tiny


def test_few_weights_make_a_program_tiny():
    inputs = MOST_WEIGHTS - 1  # and a bias
    for count, tiny in ((inputs, True), (inputs + 1, False)):
        program = Program(Description(count, (Dense(1),)), SGD())
        assert is_tiny(program) is tiny
        assert ("def over_rows" in program.source_for("numba")) is tiny


@pytest.mark.parametrize(
    "layers",
    [
        (Dense(2), BatchNorm(), Dense(1)),  # rows wait for the mean of all
        (Embedding((0,), (3,), (2,)), Dense(1)),  # a row of a table is chosen by a number
    ],
    ids=["batch norm", "embedding"],
)
def test_rows_that_are_not_on_their_own_are_left_to_the_general_loops(layers):
    program = program_of(*layers)
    assert not can_be_tiny(program)
    assert "def over_rows" not in program.source_for("numba")


def test_one_text_for_one_set_of_sizes():
    texts = {
        text: write_loops(Program(Description.read(text), SGD(0.1)), tiny=True)
        for text in ("2-3-1 sigmoid", "2-4-1 sigmoid")
    }
    assert len({re.sub('""".*?"""', "", text) for text in texts.values()}) == 2
    again = Program(Description.read("2-3-1 sigmoid"), SGD(0.7))  # a rate is no part of it
    assert write_loops(again) == texts["2-3-1 sigmoid"]


def test_the_text_reads_as_the_arithmetic_by_hand():
    text = Program(Description.read("2-2-1 sigmoid"), SGD(0.1)).source_for("numba")
    for line in (
        "product1_0 = ((x_0 * W1_0_0) + (x_1 * W1_1_0))",
        "dW1_1_0 += (x_1 * dz1_0)",
        "new_W1_1_0 = (W1_1_0 - (learning_rate * dW1_1_0))",
    ):
        assert line in text, text
    assert max(map(len, text.splitlines())) <= 120


# ------------------------------------------------------------------ the same steps, plainly


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    descriptions(("float64",)),
    optimizers,
    st.booleans(),
    st.booleans(),
    st.integers(1, 9),
    st.integers(1, 4),
)
def test_random_programs_take_the_same_gradients(d, optimizer, weighted, shuffle, rows, batch):
    program = Program(d, optimizer)
    assume(can_be_tiny(program))
    work = work_for(program, rows, batch, weighted=weighted, shuffle=shuffle)
    engine = engine_for(program)
    assert_same_gradients(program, work, engine)
    assert_same_update(program, work, engine)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize(
    ("rows", "batch"), [(7, 1), (7, 3), (6, 3), (5, 5), (29, 13), (8, 8), (1, 1)]
)
def test_batches_of_every_kind(rows, batch, shuffle, weighted):
    program = Program(SIGMOIDS, Adam(0.01))
    work = work_for(program, rows, batch, weighted=weighted, shuffle=shuffle)
    assert_same_steps(program, work, engine_for(program))


STEPPING = {
    "nesterov": SGD(0.1, momentum=0.9, nesterov=True),
    "decay, clipped by value": gn.AdamW(0.01, weight_decay=0.1, clip_value=0.1),
    "clipped by norm": Adam(0.01, clip_norm=0.1),
    "average": SGD(0.1, average=gn.EMA(0.9)),
    "schedules": SGD(Cosine(0.1, 0.01), momentum=Cosine(0.9, 0.5)),
    "lion": gn.Lion(0.001),
    "rmsprop": gn.RMSprop(0.01),
}


@pytest.mark.parametrize("name", STEPPING)
def test_every_way_of_stepping(name):
    program = Program(SIGMOIDS, STEPPING[name])
    assert_same_steps(program, work_for(program, 9, 4), engine_for(program))


LAYERS = {
    "penalties and limits": (
        Dense(3, "tanh", l1=0.01, l2=0.1, max_norm=0.5),
        Dense(2, "softmax", non_negative=True),
    ),
    "masks": (Dropout(0.3), Dense(3, "relu"), gn.GaussianNoise(0.1), Dense(1)),
    "masks by schedules": (
        Dense(3, "relu"),
        Dropout(Cosine(0.5, 0.1)),
        Dense(2, "tanh"),
        Dropout(Constant(0.2)),
        Dense(1),
    ),
    "only masks that stay": (Dense(3, "relu"), Dropout(Constant(0.2)), Dense(1)),
    "layer norm": (Dense(3), LayerNorm(), Dense(2, "softmax")),
    "joined": (Dense(2, "tanh"), Concatenate("x"), Dense(1)),
    "ascending": (Dense(3, "ascending"),),
}


def layers_program(name: str, dtype: str = "float64") -> Program:
    loss = {"loss": gn.Quantile((0.1, 0.5, 0.9))} if name == "ascending" else {}
    return program_of(*LAYERS[name], dtype=dtype, **loss)


@pytest.mark.parametrize("name", LAYERS)
def test_every_kind_of_layer(name):
    program = layers_program(name)
    assert can_be_tiny(program)
    assert_same_steps(program, work_for(program, 9, 4, weighted=True), engine_for(program))


def test_a_loss_that_adds_up():
    program = program_of(Dense(2, "tanh"), Dense(1), loss="half_squared_error_sum", dtype="float64")
    for weighted in (False, True):
        work = work_for(program, 7, 3, weighted=weighted)
        assert_same_steps(program, work, engine_for(program))


# --------------------------------------------------------------------------- some, compiled


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", LAYERS)
def test_compiled_they_take_the_same_steps(name, dtype):
    program = layers_program(name, dtype)
    for shuffle in (True, False):
        work = work_for(program, 9, 4, weighted=shuffle, shuffle=shuffle)
        assert_same_steps(program, work, engine_for(program, compiled=True))


def test_large_batches_are_added_up_in_blocks():
    program = Program(Description.read("2-3-1 sigmoid"), SGD(0.1))
    work = work_for(program, 700, 600)
    engine = engine_for(program, compiled=True)
    assert_same_gradients(program, work, engine)
    assert_same_steps(program, work, engine, steps=6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch", [2, 3, 4, 5, 8, 9, 15, 21])
def test_compiled_what_is_left_of_a_batch_is_done_in_fours(batch, dtype):
    program = program_of(Dropout(0.3), Dense(3, "sigmoid"), Dense(1, "sigmoid"), dtype=dtype)
    work = work_for(program, 23, batch, weighted=batch % 2 == 0)
    assert_same_steps(program, work, engine_for(program, compiled=True))


def test_sums_over_many_rows_stay_exact_in_float32():
    program = Program(Description(1, (Dense(1),), "half_squared_error_sum"), SGD(0.1))
    rows = 60_000
    x = np.random.RandomState(0).uniform(0.5, 1.5, (rows, 1)).astype(np.float32)
    work = Work(x, np.zeros_like(x), None, Batches(rows, rows), seed=0)
    values = first_values(program)
    values.parameters[:] = 1.0, 0.0
    # As plain Python: compiled, the rows are added up in many sums side by side in any case.
    _, flat = engine_for(program).gradients(work, values)
    exact = x.astype(np.float64)
    np.testing.assert_allclose(flat, [np.sum(exact**2), np.sum(exact)], rtol=1e-6)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("compiled", [True, False])
def test_they_stop_before_the_update_of_a_bad_step(compiled, shuffle):
    program = Program(Description.read("3-4-2 tanh linear"), Adam(0.01))
    work = work_for(program, 8, batch=1, shuffle=shuffle)
    bad = int(work.batches.order(work.epochs_before)[3])
    for wrong in (np.nan, np.inf):
        work.y[bad, 1] = wrong
        values, good = first_values(program), first_values(program)
        losses = engine_for(program, compiled=compiled).train(
            work, values, 0, 8, rates_for(program, 8)
        )
        assert len(losses) == 4
        assert not np.isfinite(losses[3])
        work.y[bad, 1] = 0.0
        NumpyEngine(program).train(work, good, 0, 3, rates_for(program, 3))
        np.testing.assert_allclose(values.parameters, good.parameters, rtol=1e-4)


def test_a_compiled_tiny_text_is_kept_as_any_other(tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSNET_CACHE_DIR", str(tmp_path / "cache"))
    program = Program(Description.read("1-2-1 sigmoid"), SGD(0.1))
    work = work_for(program, 5, 2)
    assert_same_steps(program, work, engine_for(program, compiled=True))
    assert [*(tmp_path / "cache").glob("*/__pycache__/*.nbc")]


# --------------------------------------------------------------- these checks can fail

WRONG = {
    "a product": ("(x_0 * W1_0_1)", "(x_0 * W1_0_0)"),
    "a bias": ("(product1_0 + b1_0)", "product1_0"),
    "a sum": ("dW2_1_0 += (a1_1 * dz2_0)", "dW2_1_0 += (a1_0 * dz2_0)"),
    "a row of fours that is not there": ("(dz2_0 if start + lane < stop else real(0.0))", "dz2_0"),
    "the first of four": ("min(start + lane, stop - 1)", "stop - 1"),
    "what is left of a batch": (
        "for block in range(left, stop, 4)",
        "for block in range(left, left)",
    ),
    "a place in the array": ("parameters[3]", "parameters[2]"),
    "the update": ("(b1_1 - (learning_rate", "(b1_1 + (learning_rate"),
    "the last batch": ("stop = rows if", "stop = start + batch if"),
    "the order": ("order[place] if shuffled", "place if shuffled"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_line_is_noticed(wrong):
    program = Program(dataclasses.replace(SIGMOIDS), SGD(0.1))
    right, changed = WRONG[wrong]
    source = write_loops(program, tiny=True)
    assert right in source, source
    work = work_for(program, 29, 13)  # eight rows, and fours for the rest
    with pytest.raises((AssertionError, IndexError)):
        assert_same_steps(program, work, PlainEngine(program, source.replace(right, changed)))
