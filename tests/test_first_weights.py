"""First weights that look at the training rows: unit variance, once, before the first step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import glassnet as gn
import loops
from glassnet.rules.activations import ACTIVATIONS
from glassnet.rules.initializers import INITIALIZERS, Initializer
from glassnet.training import first_weights

RANDOM = np.random.RandomState(0)
X = RANDOM.standard_normal((60, 4)) * [1, 5, 0.1, 1] + [0, 3, 1, -2]
Y = X[:, :1] - np.tanh(X[:, 1:2])
WEIGHTS = RANDOM.uniform(0.2, 3, 60)
UNIT = {"weight_initializer": gn.UnitVariance()}


def deep(activation, layers=8, dtype="float32", units=16):
    hidden = [gn.Dense(units, activation, **UNIT) for _ in range(layers)]
    return gn.Network(4, *hidden, gn.Dense(1, **UNIT), dtype=dtype, random_state=0)


def pre_activations(net, x, w=None):
    """Give every z, by name, as the formulas of a plain network have it: no program is asked."""
    found, a = {}, np.asarray(x, np.float64)
    for number, layer in enumerate((one for one in net.description.layers), start=1):
        z = a @ net.weights[f"W{number}"].astype(float) + net.weights[f"b{number}"].astype(float)
        found[f"z{number}"] = z
        function = ACTIVATIONS[layer.activation].function
        a = z if function is None else function(z)
    return found


def start(net, x=X, y=Y, **options):
    """Train so slowly that nothing changes: what stays are the first weights."""
    net.fit(x, y, **{"epochs": 1, "optimizer": gn.SGD(0.0), "verbose": False, **options})
    return net


def numbers(net):
    return {name: np.array(net.weights[name]) for name in net.weights}


# --------------------------------------------------------------------------- what is measured


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "gelu", "linear"])
def test_every_pre_activation_of_a_deep_network_has_variance_1(activation, dtype):
    net = start(deep(activation, dtype=dtype))
    for name, z in pre_activations(net, X).items():
        varies = np.ptp(z, axis=0) > 1e-6
        np.testing.assert_allclose(np.var(z, axis=0)[varies], 1, atol=1e-5, err_msg=name)
        assert varies.mean() > 0.9
    before = pre_activations(deep(activation, dtype=dtype), X)
    assert abs(np.var(before["z8"], axis=0) - 1).max() > 0.1  # it is not so by itself


def test_the_trace_sees_it_too():
    net = deep("tanh")
    net.initialize(X)
    trace = net.trace(X, Y)
    for number in range(1, 10):
        np.testing.assert_allclose(np.var(trace[f"z{number}"], axis=0), 1, atol=1e-5)


NETWORKS = {
    "plain": (gn.Dense(3, "tanh", **UNIT), gn.Dense(2, **UNIT)),
    "batch norm, dropout": (
        gn.Dense(5, **UNIT), gn.BatchNorm(), gn.Activation("relu"), gn.Dropout(0.5),
        gn.Dense(4, "tanh", **UNIT), gn.Dropout(0.2), gn.Dense(1, **UNIT),
    ),
    "norms first, prelu": (
        gn.BatchNorm(), gn.Dense(5, **UNIT), gn.PReLU(), gn.LayerNorm(), gn.Dense(2, **UNIT),
    ),
    "only one of three": (gn.Dense(5, "relu"), gn.Dense(4, "relu", **UNIT), gn.Dense(1)),
    "without biases": (gn.Dense(3, "tanh", bias=False, **UNIT), gn.Dense(2, bias=False, **UNIT)),
    "biases that are not 0": (
        gn.Dense(3, "tanh", bias_initializer=gn.Normal(1.0), **UNIT), gn.Dense(1, **UNIT),
    ),
}  # fmt: skip


@pytest.mark.parametrize("layers", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_what_the_plain_loops_do(layers, weighted):
    net = gn.Network(4, *layers, dtype="float64", random_state=0)
    drawn = [value.tolist() for value in numbers(net).values()]
    count = len(net.values.program.parameters)
    w = WEIGHTS if weighted else np.ones(60)
    wanted = loops.with_unit_variance(
        net.description.layers, X.tolist(), drawn[:count], drawn[count:], w.tolist()
    )
    y = np.repeat(Y, net.description.outputs, axis=1)
    start(net, y=y, sample_weight=w if weighted else None)
    for parameter, value in zip(net.values.program.parameters, wanted, strict=True):
        np.testing.assert_allclose(net.weights[parameter.name], value, rtol=1e-11, atol=1e-14)


def test_a_whole_weight_is_a_row_given_so_often():
    counts = RANDOM.randint(0, 4, 60)
    one = start(deep("tanh", dtype="float64"), sample_weight=counts)
    other = start(deep("tanh", dtype="float64"), np.repeat(X, counts, 0), np.repeat(Y, counts, 0))
    for name, value in numbers(one).items():
        np.testing.assert_allclose(value, other.weights[name], rtol=1e-10, atol=1e-13)


def test_only_the_size_of_each_neurons_weights_changes():
    net = deep("relu", layers=2, dtype="float64")
    before = numbers(net)
    start(net)
    for name, value in numbers(net).items():
        if name.startswith("b"):
            np.testing.assert_array_equal(value, before[name])
        else:
            ratio = value / before[name]
            assert (ratio > 0).all()
            np.testing.assert_allclose(ratio, np.broadcast_to(ratio[0], ratio.shape), rtol=1e-12)


# --------------------------------------------------------------------------- nothing to divide by


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_neuron_that_never_changes_keeps_its_weights(dtype):
    constant = np.tile([[1e9, -7e8, 3.1, 0.0]], (60, 1)).astype(np.float32)
    net = gn.Network(4, gn.Dense(5, "relu", **UNIT), gn.Dense(1, **UNIT), dtype=dtype)
    before = numbers(net)
    net.initialize(constant)
    for name, value in numbers(net).items():
        np.testing.assert_array_equal(value, before[name])


def test_a_dead_layer_leaves_those_behind_it_as_they_are():
    dead = gn.Dense(3, "relu", bias_initializer=gn.Fill(-1e6), **UNIT)
    net = gn.Network(4, dead, gn.Dense(2, **UNIT), random_state=0)
    before = numbers(net)
    net.initialize(X)
    np.testing.assert_array_equal(net.weights["W2"], before["W2"])
    assert (net.weights["W1"] != before["W1"]).all()


def test_one_row_has_no_variance():
    net = deep("tanh")
    before = numbers(net)
    start(net, X[:1], Y[:1])
    for name, value in numbers(net).items():
        np.testing.assert_array_equal(value, before[name])


@pytest.mark.parametrize("size", [1e-44, 1e-30, 1e30])
def test_inputs_of_any_size_leave_finite_weights(size):
    net = deep("tanh", layers=2)
    net.initialize((np.sign(X) * size).astype(np.float32))
    assert all(np.isfinite(value).all() for value in numbers(net).values())
    z = pre_activations(net, np.sign(X) * size)["z1"]
    assert size == 1e-44 or np.var(z, axis=0) == pytest.approx(1, abs=1e-5)


# ------------------------------------------------------------------------------ when it is done


def test_it_is_done_once_with_the_first_fit():
    net = start(deep("tanh"))
    first = numbers(net)
    start(net, X * 7)
    for name, value in numbers(net).items():
        np.testing.assert_array_equal(value, first[name])


def test_with_another_optimizer_it_is_not_done_again():
    net = start(deep("tanh"))
    first = numbers(net)
    start(net, X * 7, optimizer=gn.Adam(0.0))
    np.testing.assert_array_equal(net.weights["W1"], first["W1"])


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_file_knows_whether_it_was_done(when, tmp_path):
    net = deep("tanh")
    if when == "after":
        start(net)
    net.save(tmp_path / "net.safetensors")
    again = gn.load(tmp_path / "net.safetensors")
    start(net, X * 7)
    start(again, X * 7)
    for name, value in numbers(net).items():
        np.testing.assert_array_equal(value, again.weights[name])
    deviation = np.std(pre_activations(again, X)["z1"], axis=0)
    wanted = 1 if when == "after" else 1 / 7
    np.testing.assert_allclose(deviation, wanted, rtol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {"engine": "numpy"},
        {"engine": "numba"},
        {"gradients": "nudged"},
        {"optimizer": "lbfgs"},
        {"early_stopping": 1, "optimizer": gn.SGD(0.0)},
        {"batch_size": None},
    ],
    ids=str,
)
def test_it_is_done_before_the_first_step_whatever_makes_it(options):
    net, ready = (deep("tanh", layers=2, dtype="float64", units=3) for _ in range(2))
    ready.initialize(X)
    how = {"epochs": 1, "batch_size": 60, "verbose": False, **options}
    history = net.fit(X, Y, **{"optimizer": gn.SGD(1e-9), **how})
    if options.get("optimizer") != "lbfgs":  # whose loss is that after its step
        assert history.loss[0] == pytest.approx(ready.evaluate(X, Y)["loss"], rel=1e-9)
        np.testing.assert_allclose(net.weights["W2"], ready.weights["W2"], rtol=1e-6)
    again = ready.fit(X, Y, **{"optimizer": gn.SGD(1e-9), **how})
    np.testing.assert_allclose(again.loss, history.loss, rtol=1e-9)


def test_averages_begin_with_them():
    net, plain = deep("tanh"), deep("tanh")
    start(net, optimizer=gn.SGD(0.0, average=gn.EMA(0.9, debiased=False)))
    start(plain)
    for name, value in numbers(plain).items():
        np.testing.assert_allclose(net.weights[name], value, rtol=1e-6)


def test_validation_rows_have_no_part_in_it():
    net, alone = deep("tanh"), deep("tanh")
    start(net, validation=(X * 100, Y))
    start(alone)
    np.testing.assert_array_equal(net.weights["W1"], alone.weights["W1"])
    half = start(deep("tanh"), validation=0.5)
    assert (half.weights["W1"] != alone.weights["W1"]).all()


def test_the_rate_finder_begins_where_a_fit_would():
    net = deep("tanh", dtype="float64")
    before = numbers(net)
    found = net.find_learning_rate(X, Y, batch_size=None)
    for name, value in numbers(net).items():
        np.testing.assert_array_equal(value, before[name])
    net.initialize(X)
    assert found.losses[0] == pytest.approx(net.evaluate(X, Y)["loss"])


def test_a_refused_fit_changes_nothing():
    net = deep("tanh")
    before = numbers(net)
    for bad in ({"engine": "nmba"}, {"batch_size": 0}, {"epochs": 0}):
        with pytest.raises(gn.GlassnetError):
            start(net, **bad)
    np.testing.assert_array_equal(net.weights["W1"], before["W1"])


def test_of_many_rows_a_sample_is_taken(monkeypatch):
    monkeypatch.setattr(first_weights, "MOST_ROWS", 30)
    one, same, other = deep("tanh"), deep("tanh"), deep("tanh")
    start(one, random_state=5)
    start(same, random_state=5)
    start(other, random_state=6)
    np.testing.assert_array_equal(one.weights["W1"], same.weights["W1"])
    assert (one.weights["W1"] != other.weights["W1"]).any()
    deviation = np.std(pre_activations(one, X)["z1"], axis=0)
    assert 0.7 < deviation.min() < deviation.max() < 1.4
    assert (abs(deviation - 1) > 1e-4).any()


def test_no_line_is_run_where_nothing_waits_for_the_data(monkeypatch):
    def fail(*_):
        raise AssertionError

    monkeypatch.setattr(first_weights, "_given", fail)
    start(gn.Network("4-3-1 tanh", random_state=0))
    with pytest.raises(AssertionError):
        start(deep("tanh"))


# -------------------------------------------------------------------------------- by itself


def test_initialize_does_it_without_training():
    net = deep("tanh")
    view = net.weights["W3"]
    net.initialize(X)
    assert net.tally.epochs == 0
    np.testing.assert_array_equal(view, net.weights["W3"])  # what someone holds stays true
    first = numbers(net)
    start(net)  # once more for the same rows
    for name, value in numbers(net).items():
        np.testing.assert_allclose(value, first[name], rtol=1e-5)


def test_initialize_refuses_where_there_is_nothing_to_do():
    with pytest.raises(gn.DescriptionError, match="no initializer of this network looks at"):
        gn.Network("4-3-1 tanh").initialize(X)
    with pytest.raises(gn.DescriptionError, match="was trained for 1 epochs already"):
        start(deep("tanh")).initialize(X)
    with pytest.raises(gn.DataError, match="4"):
        deep("tanh").initialize(X[:, :3])


def test_biases_refuse_it():
    with pytest.raises(gn.DescriptionError, match="is for weights"):
        gn.Dense(3, bias_initializer=gn.UnitVariance())


def test_the_weights_are_drawn_at_right_angles():
    w = gn.Network(4, gn.Dense(3, **UNIT), dtype="float64").weights["W1"]
    np.testing.assert_allclose(w.T @ w, np.eye(3), atol=1e-12)


@dataclass(frozen=True, repr=False)
class LargestOne(Initializer):
    """Weights with which no pre-activation of the training rows is larger than 1."""

    looks_at_data: ClassVar = True

    def draw(self, random, shape, inputs, outputs):
        return random.standard_normal(shape)

    def fitted(self, drawn, made, parts, share):
        return drawn / np.abs(made).max(axis=0)


def test_another_one_is_one_entry(monkeypatch, tmp_path):
    monkeypatch.setitem(INITIALIZERS, "largestone", LargestOne)
    layers = (gn.Dense(5, "tanh", weight_initializer="largestone"), gn.Dense(1))
    net = gn.Network(4, *layers, random_state=0)
    net.save(tmp_path / "net.safetensors")
    for one in (net, gn.load(tmp_path / "net.safetensors")):
        start(one)
        largest = np.abs(pre_activations(one, X)["z1"]).max(axis=0)
        np.testing.assert_allclose(largest, 1, rtol=1e-6)
