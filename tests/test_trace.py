"""The trace: every value of a step, the same as the program's own, and nothing changed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import checks
from checks import call, chance_numbers, gives
from glassnet.description import Description
from glassnet.errors import DataError, DescriptionError
from glassnet.lines import Phase
from glassnet.program import Program, Role
from glassnet.rules.layers import BatchNorm, Dense, Dropout
from glassnet.rules.optimizers import LBFGS, SGD, Adam
from glassnet.trace import run_lines, trace_step
from strategies import descriptions, optimizers, same_examples


def step_inputs(program, rows=4, seed=0):
    """Draw inputs for a step: two digits each, classes as y, equal weights where they average."""
    random = np.random.RandomState(seed)
    dtype = program.description.dtype
    rates = program.rates_at(3, 0.25)
    masks = {mask.name: mask for mask in program.masks}
    drawn = {}
    for i in program.inputs:
        shape = tuple({"m": rows, **program.sizes}.get(axis, axis) for axis in i.shape)
        numbers = random.standard_normal(shape).round(2)
        if i.role in (Role.STATE, Role.STATISTIC):
            numbers = np.abs(numbers)
        elif i.role is Role.RANDOM:
            numbers = chance_numbers(masks[i.name], random, shape)
        elif i.role is Role.WEIGHT:
            numbers = np.full(shape, 1.0 if "1 where none" in i.note else 1 / rows)
        elif i.name == "y":
            numbers = np.eye(shape[1])[np.arange(rows) % shape[1]]
        drawn[i.name] = rates[i.name] if i.role is Role.RATE else numbers.astype(dtype)
    checks.with_categories(program.description, drawn["x"], random)
    return drawn


PROGRAM = Program(Description.read("2-3-2 tanh softmax"), Adam())
INPUTS = step_inputs(PROGRAM, rows=4)


@pytest.fixture(scope="module")
def trace():
    return trace_step(PROGRAM, INPUTS)


@given(descriptions(("float32", "float64")), optimizers, st.integers(1, 6))
@same_examples
def test_the_values_are_the_bits_of_the_step(description, optimizer, rows):
    program = Program(description, optimizer)
    inputs = step_inputs(program, rows=rows)
    trace = trace_step(program, inputs)
    step = call(program, "step", inputs)
    for name in gives(program, "step"):
        value = trace["loss"] if name == "loss" else trace.after(name)
        assert value.dtype == np.asarray(step[name]).dtype == program.description.dtype
        assert value.tobytes() == np.asarray(step[name]).tobytes(), name


def test_every_value_is_there_in_program_order(trace):
    names = [i.name for i in PROGRAM.inputs]
    for line in PROGRAM.lines:
        names += [f"{n}'" if line.phase is Phase.UPDATE else n for n in line.outputs]
    assert list(trace) == names
    assert len(trace) == len(names)
    for line in PROGRAM.lines:
        for name, shape in zip(line.outputs, line.shapes, strict=True):
            sizes = {"m": 4, **PROGRAM.sizes}
            assert trace[name].shape == tuple(sizes.get(axis, axis) for axis in shape)


def test_before_and_after_the_step(trace):
    assert np.array_equal(trace["W1"], INPUTS["W1"])
    assert np.array_equal(trace["W1'"], trace.after("W1"))
    assert not np.array_equal(trace["W1"], trace.after("W1"))


def test_running_statistics_change_too():
    layers = (Dense(3), BatchNorm(), Dense(1))
    program = Program(Description(2, layers), SGD())
    inputs = step_inputs(program)
    trace = trace_step(program, inputs)
    assert np.array_equal(trace["mean1"], inputs["mean1"])
    wanted = 0.9 * inputs["mean1"] + 0.1 * trace["batch_mean1"]
    np.testing.assert_allclose(trace.after("mean1"), wanted, rtol=1e-6)


def test_nothing_given_is_changed_or_kept():
    inputs = step_inputs(PROGRAM)
    copies = {name: np.copy(value) for name, value in inputs.items()}
    trace = trace_step(PROGRAM, inputs)
    for name, value in inputs.items():
        assert np.array_equal(value, copies[name])
        if isinstance(value, np.ndarray):
            assert value.flags.writeable
            value += 1
    for name, value in copies.items():
        assert np.array_equal(trace[name], value)


def test_all_arrays_are_read_only(trace):
    for name, value in trace.items():
        assert not value.flags.writeable, name
    with pytest.raises(ValueError, match="read-only"):
        trace["W1"][0, 0] = 1
    with pytest.raises(TypeError):
        trace["W1"] = 1


def test_a_rate_given_as_an_array_changes_no_dtype():
    inputs = {**INPUTS, "learning_rate": np.array(INPUTS["learning_rate"], np.float64)}
    assert trace_step(PROGRAM, inputs).after("W1").dtype == np.float32


# ------------------------------------------------------------------------------- names


def test_a_linear_layer_answers_with_its_sum():
    program = Program(Description.read("2-3-1 relu linear"), SGD())
    trace = trace_step(program, step_inputs(program))
    assert trace["a2"] is trace["z2"]
    assert trace["da2"] is trace["dz2"]
    assert trace.name_of("a2") == "z2"
    assert trace.name_of("a1") == "a1"
    assert trace.line_of("a2").text == "z2 = a1 @ W2 + b2"
    assert "a2" in trace
    assert "a2" not in list(trace)
    assert trace.get("a2") is trace["z2"]


def test_a_value_that_the_program_skips_is_not_made_up(trace):
    # dz2 is made at once: there is no da2, and a2 is no other name of z2
    assert trace.name_of("a2") == "a2"
    assert "da2" not in trace


def test_an_unknown_name_lists_the_known_ones(trace):
    with pytest.raises(
        DescriptionError, match=r"unknown value 'dW11': did you mean 'dW1'\? Known: "
    ):
        trace["dW11"]
    for ask in (trace.line_of, trace.name_of, trace.input_of, trace.after, trace.read_as):
        with pytest.raises(DescriptionError, match="unknown value 'nothing'"):
            ask("nothing")
    assert trace.get("nothing") is None
    assert trace.get("nothing", 3) == 3
    assert "nothing" not in trace


def test_what_is_not_changed_has_no_value_after(trace):
    with pytest.raises(DescriptionError, match=r"z1 is not changed by this step\. Changed: W1, "):
        trace.after("z1")


def test_lbfgs_has_no_update_lines():
    program = Program(Description.read("2-2-1 tanh linear"), LBFGS())
    trace = trace_step(program, step_inputs(program))
    assert list(trace)[-1] == "db1"
    with pytest.raises(DescriptionError, match="Changed: nothing"):
        trace.after("W1")


# ------------------------------------------------------------------------ where they come from


def test_the_line_that_made_each_value(trace):
    for line in PROGRAM.lines:
        for name in line.outputs:
            made = f"{name}'" if line.phase is Phase.UPDATE else name
            assert trace.line_of(made) is line
            assert trace.input_of(made) is None
    for given_ in PROGRAM.inputs:
        assert trace.line_of(given_.name) is None
        assert trace.input_of(given_.name) is given_
    assert trace.lines == PROGRAM.lines


def test_what_a_line_reads_is_the_value_of_its_time():
    program = Program(Description.read("1-1 linear"), Adam())
    trace = trace_step(program, step_inputs(program))
    assert trace.read_as("W1'")["W1"] == "W1"
    assert trace.read_as("b1'")["W1"] == "W1'"


# -------------------------------------------------------------------------------- the guard


def test_the_first_value_that_is_not_finite_is_named(trace):
    assert trace.first_not_finite() is None
    weights = INPUTS["W2"].copy()
    weights[1, 1] = np.nan
    line, name = trace_step(PROGRAM, {**INPUTS, "W2": weights}).first_not_finite()
    assert (line, name) == (None, "W2")
    x = np.full_like(INPUTS["x"], 3e38)
    big = {**INPUTS, "x": x, "W1": np.full_like(INPUTS["W1"], 2)}
    line, name = trace_step(PROGRAM, big).first_not_finite()
    assert (line.text, name) == ("z1 = x @ W1 + b1", "z1")


def test_lines_are_run_when_asked_for():
    lines = run_lines(PROGRAM, INPUTS)
    line, made = next(lines)
    assert line is PROGRAM.lines[0]
    assert list(made) == ["z1"]
    assert [line.text for line, _ in lines] == [line.text for line in PROGRAM.lines[1:]]


# ------------------------------------------------------------------------------ what is given


def test_a_missing_input_is_named():
    inputs = {k: v for k, v in INPUTS.items() if k not in ("W1", "learning_rate")}
    with pytest.raises(DataError, match="a step also takes W1, learning_rate: give an array for"):
        trace_step(PROGRAM, inputs)


@pytest.mark.parametrize("name", ["x", "y", "w", "W2", "b1", "mean_W1", "correction1"])
def test_a_wrong_shape_is_named(name):
    with pytest.raises(DataError, match=rf"^{name} must have the shape .*, got \(7, 7\)"):
        trace_step(PROGRAM, {**INPUTS, name: np.zeros((7, 7))})


def test_dropout_takes_its_mask():
    program = Program(Description(2, (Dense(3, "relu"), Dropout(0.5), Dense(1))), SGD())
    inputs = step_inputs(program)
    trace = trace_step(program, inputs)
    assert np.array_equal(trace["h1"], trace["a1"] * inputs["keep1"])


# --------------------------------------------------------------------------------- in print


def test_the_printed_forms(trace):
    assert repr(trace).startswith("Trace('2-3-2 tanh softmax', 4 rows): x, y, w, W1, b1")
    rows = str(trace).splitlines()
    assert len(rows) == len(trace)
    assert rows[0].split() == "x (4, 2) data: a batch of m rows".split()
    assert "z1             (4, 3)  z1 = x @ W1 + b1" in rows


def test_a_trace_is_itself_and_no_other(trace):
    assert trace == trace
    assert trace != trace_step(PROGRAM, INPUTS)
    assert len({trace, trace}) == 1
