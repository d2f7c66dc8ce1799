"""Checks on the checks: a wrong rule, line or number turns the checker for it red."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import checks
import loops
from glassnet.description import Description
from glassnet.program import Program
from glassnet.rules.layers import (
    Activation,
    BatchNorm,
    Dense,
    Dropout,
    GaussianNoise,
    LayerNorm,
    Scale,
)
from glassnet.rules.optimizers import SGD, Adam


def network(*layers, loss="", rule=SGD(0.1), dtype="float64"):
    return Program(Description(3, layers, loss, dtype), rule)


def wide():
    """Give a network in which most rules are called."""
    return network(
        Dense(4), BatchNorm(), Activation("tanh"), Dropout(0.2), Dense(4, "sigmoid"), LayerNorm(),
        Dense(4, "relu"), Dense(3, "softmax"), rule=Adam(),
    )  # fmt: skip


def edited(program, old, new):
    """Give the same program with one thing wrong in its text, wherever it stands."""
    assert old in program.source, f"{old!r} is not in the program"
    program.__dict__["source"] = program.source.replace(old, new)
    for kept in ("functions", "digest", "filename"):
        program.__dict__.pop(kept, None)
    return program


# What is wrong in the text, and which checkers must see it. The complex step and the central
# difference look at gradients only; the loops look at everything.
EVERY = (checks.check_central, checks.check_complex, checks.check_loops)
WRONG_GRADIENTS = {
    "slope of tanh": ("1 - a * a", "1 - a", EVERY),
    "slope of sigmoid": ("a * (1 - a)", "a * (2 - a)", EVERY),
    "slope of relu": ("return a > 0", "return a < 0", EVERY),
    "a little too steep": ("a * (1 - a)", "1.0000001 * a * (1 - a)", EVERY),
    "error of the output": ("return w * (a - y)", "return w * (y - a)", EVERY),
    "error without weights": ("return w * (a - y)", "return a - y", EVERY),
    "wrong values in a matrix": ("dW3 = h2.T", "dW3 = a2.T", EVERY),
    "matrix the other way": ("@ W3.T", "@ W3", EVERY),
    "bias of another layer": ("sum_over_batch(dz3)", "sum_over_batch(da3)", EVERY),
    "dropout forgotten on the way back": ("da1 = dh1_2 * keep1", "da1 = dh1_2 * 1", EVERY),
    "layer norm without its mean": ("(d - mean - normal * share)", "(d - normal * share)", EVERY),
    "batch norm without its mean": ("dy - share * dshift - ", "dy - ", EVERY),
    "scale of a norm": ("dscale = sum_over_batch(dy * normal)", "dscale = dy[0]", EVERY),
}
WRONG_ELSEWHERE = {
    "loss": ("return np.sum(w * rows)", "return 2 * np.sum(w * rows)", EVERY),
    "loss plus a number": ("return np.sum(w * rows)", "return 1 + np.sum(w * rows)", EVERY[2:]),
    "activation": ("return np.tanh(z)", "return np.tanh(2 * z)", EVERY),
    "mean of a batch": ("share = w / np.sum(w)", "share = w * w / np.sum(w * w)", EVERY[2:]),
    "epsilon of a norm": ("epsilon=1e-5", "epsilon=1e-3", EVERY[2:]),
    "running mean": ("(1 - momentum) * old", "momentum * old", EVERY[2:]),
    "prediction": ("(x - mean) / np.sqrt(variance", "(x - mean) / np.sqrt(1 + variance", EVERY[2:]),
    "sign of the step": ("return p - learning_rate", "return p + learning_rate", EVERY[2:]),
    "first moment of Adam": ("mean / correction1", "mean * correction1", EVERY[2:]),
    "second moment of Adam": ("square / correction2", "square", EVERY[2:]),
    "square of the slope": ("(1 - beta2) * dp * dp", "(1 - beta2) * dp", EVERY[2:]),
    "what is carried on": ("mean = beta1 * mean +", "mean = mean +", EVERY[2:]),
}


@pytest.mark.parametrize("wrong", [*WRONG_GRADIENTS, *WRONG_ELSEWHERE])
def test_a_wrong_line_is_found(wrong):
    old, new, checkers = {**WRONG_GRADIENTS, **WRONG_ELSEWHERE}[wrong]
    program = wide()
    inputs = checks.inputs_for(program, 4)
    for checker in checkers:
        checker(program, inputs)
    edited(program, old, new)
    for checker in checkers:
        with pytest.raises((AssertionError, ValueError)):
            checker(program, inputs)


WRONG_CHANCES = {
    "noise on the way back": ("da1 = dh1", "da1 = dh1 * noise1", EVERY),
    "noise that multiplies": ("h1 = a1 + noise1", "h1 = a1 * noise1", EVERY[2:]),
    "noise in prediction": ("z2 = a1 @ W2", "z2 = (a1 + 1) @ W2", EVERY[2:]),
    "a factor without its inputs": ("(dh0 * x)", "(dh0)", EVERY),
    "a factor too many": ("h0 = x * scale0", "h0 = x * scale0 * scale0", EVERY),
}


@pytest.mark.parametrize("wrong", WRONG_CHANCES)
def test_a_wrong_line_of_noise_and_scale_is_found(wrong):
    old, new, checkers = WRONG_CHANCES[wrong]
    program = network(Scale(), Dense(4, "tanh"), GaussianNoise(0.5), Dense(2))
    inputs = checks.inputs_for(program, 4)
    for checker in checkers:
        checker(program, inputs)
    edited(program, old, new)
    for checker in checkers:
        with pytest.raises((AssertionError, ValueError)):
            checker(program, inputs)


WRONG_STEPS = {
    "momentum": ("momentum * velocity + dp", "momentum * velocity - dp"),
    "velocity times the rate": ("* velocity + dp", "* velocity + learning_rate * dp"),
    "nesterov": ("(dp + momentum * velocity)", "velocity"),
}


@pytest.mark.parametrize("wrong", WRONG_STEPS)
def test_a_wrong_optimizer_is_found(wrong):
    program = network(Dense(2), rule=SGD(0.1, momentum=0.9, nesterov=True))
    inputs = checks.inputs_for(program)
    checks.check_loops(program, inputs)
    edited(program, *WRONG_STEPS[wrong])
    with pytest.raises(AssertionError):
        checks.check_loops(program, inputs)


@pytest.mark.parametrize("loss", ["mean_squared_error", "half_squared_error"])
def test_a_factor_of_two_is_found(loss):
    program = network(Dense(2, "tanh"), loss=loss)
    inputs = checks.inputs_for(program)
    edited(program, "(a - y) / a.shape[1]", "(a - y) / a.shape[1] * 0.5")
    for checker in EVERY:
        with pytest.raises(AssertionError):
            checker(program, inputs)


def test_float32_that_loses_digits_is_found():
    program = network(Dense(4, "tanh"), Dense(2))
    inputs = checks.inputs_for(program, 30)
    checks.check_float32(program, inputs)
    edited(program, "1 - a * a", "(1000 + (1 - a * a)) - 1000")
    with pytest.raises(AssertionError):
        checks.check_float32(program, inputs)


def test_a_wrong_type_is_found():
    program = network(Dense(2, "tanh"), dtype="float32")
    inputs = checks.inputs_for(program)
    checks.check_types(program, inputs)
    with pytest.raises(AssertionError, match="float64"):
        checks.check_types(program, {**inputs, "learning_rate": np.float64(0.1)})


def with_line(program, old, **changes):
    """Give the program with one line declared otherwise."""
    line = next(line for line in program.lines if line.text == old)
    fields = {name: getattr(line, name) for name in line.__dataclass_fields__}
    other = type(line)(**{**fields, **changes})
    program.lines = tuple(other if each is line else each for each in program.lines)
    return program


def test_a_wrong_shape_is_found():
    program = network(Dense(2, "tanh"))
    with_line(program, "z1 = x @ W1 + b1", shapes=(("m", 7),))
    with pytest.raises(AssertionError, match="declared"):
        checks.check_types(program, checks.inputs_for(program))


def test_a_gradient_of_nothing_is_found():
    program = network(Dense(2, "tanh"))
    inputs = checks.inputs_for(program)
    with_line(program, "dW1 = x.T @ dz1", text="dQ = x.T @ dz1", outputs=("dQ",))
    with pytest.raises(AssertionError, match="gradient of nothing"):
        checks.check_types(program, inputs)


def test_a_gradient_of_another_shape_than_its_value_is_found():
    program = network(Dense(2, "tanh"))
    inputs = checks.inputs_for(program)
    with_line(program, "dW1 = x.T @ dz1", text="dW1 = dz1.T @ x", shapes=((2, 3),))
    with pytest.raises(AssertionError):
        checks.check_types(program, inputs)


def test_a_trace_that_differs_from_the_function_is_found():
    program = network(Dense(2, "tanh"))
    inputs = checks.inputs_for(program)
    checks.check_trace(program, inputs)
    edited(program, "z1 = x @ W1 + b1", "z1 = b1 + x @ W1 * 1.0000000000000002")
    with pytest.raises(AssertionError):
        checks.check_trace(program, inputs)


# ---------------------------------------------------------------------- the tools themselves


def test_the_loops_know_the_chain_rule():
    x, y = loops.Number(2.0), loops.Number(3.0)
    result = loops.exp(x * y) / (1 + loops.sqrt(y)) - loops.log(x) * x
    loops.walk_back(result)

    def plain(x, y):
        return np.exp(x * y) / (1 + np.sqrt(y)) - np.log(x) * x

    for number, at in ((x, lambda h: plain(2.0 + h, 3.0)), (y, lambda h: plain(2.0, 3.0 + h))):
        assert number.slope == pytest.approx((at(1e-6) - at(-1e-6)) / 2e-6, rel=1e-8)


def test_a_number_that_is_used_twice_counts_twice():
    x = loops.Number(3.0)
    loops.walk_back(x * x + x)
    assert x.slope == 7.0


def test_the_slopes_of_a_cube_are_found_by_both_differences():
    x = np.array([[1.0, 2.0], [-3.0, 0.5]])
    for slope in (checks.central_slope, checks.complex_slope):
        np.testing.assert_allclose(slope(lambda x: np.sum(x * x * x), x), 3 * x * x, rtol=1e-9)


def test_numpy_for_the_complex_step_looks_at_the_real_part():
    z = np.array([[-2 + 1j, 3 - 5j, 0.5 + 0j]])
    c = checks.COMPLEX_NUMPY
    np.testing.assert_array_equal(c.abs(z), [[2 - 1j, 3 - 5j, 0.5 + 0j]])
    np.testing.assert_array_equal(c.maximum(z, 0), [[0, 3 - 5j, 0.5 + 0j]])
    np.testing.assert_array_equal(c.minimum(z, 0), [[-2 + 1j, 0, 0]])
    np.testing.assert_array_equal(c.max(z, axis=1, keepdims=True), [[3 - 5j]])
    np.testing.assert_array_equal(c.min(z, axis=1, keepdims=True), [[-2 + 1j]])
    np.testing.assert_array_equal(c.sign(z), [[-1, 1, 1]])


def test_near_is_not_far():
    checks.assert_near([1.0, 2.0], [1.0, 2.0 + 1e-9], 1e-8, 0.0)
    for found, wanted in (([1.0, 2.0], [1.0, 2.1]), ([1.0], [1.0, 1.0]), ([np.nan], [1.0])):
        with pytest.raises(AssertionError):
            checks.assert_near(found, wanted, 1e-8, 0.0)
    with pytest.raises(AssertionError):
        checks.assert_near([1.0], [np.nan], 1e-8, 0.0)


def test_inputs_keep_away_from_kinks_and_flat_norms():
    program = network(Dense(4, "relu"), LayerNorm(), Dense(2))
    inputs = checks.inputs_for(program, 6)
    assert checks.is_smooth_at(program, inputs)
    z = inputs["x"] @ inputs["W1"] + inputs["b1"]
    inputs["b1"] = inputs["b1"] - z[0] + 1e-5
    assert not checks.is_smooth_at(program, inputs)


def test_every_checker_is_shown_to_fail():
    checkers = {name for name in vars(checks) if name.startswith("check_")} - {"check_all"}
    source = inspect.getsource(inspect.getmodule(network))
    assert checkers == {name for name in checkers if f"checks.{name}" in source}
