"""Training without calculus, and the check of gradients by central differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.differentiate import derivative

import glassnet as gn
from glassnet.training import nudged

X = np.array([[1.0], [3.0], [4.0], [8.0], [10.0]])
RANDOM = np.random.RandomState(0)
ROWS = RANDOM.randn(12, 2)
CLASSES = np.arange(12) % 3


def line(dtype="float64"):
    net = gn.Network("1-1 linear", dtype=dtype)
    net.weights["W1"], net.weights["b1"] = [[2.269]], [1.01]
    return net


def train(net, x=X, y=None, **options):
    wanted = 3 * x if y is None else y
    defaults = {"batch_size": None, "gradients": "nudged", "verbose": False}
    return net.fit(x, wanted, **{**defaults, "optimizer": gn.SGD(0.01), **options})


def nudged_in_plain_loops(a, b, epochs):
    """The published way: raise each weight by 1e-4, see how the mean squared error changes."""

    def error(a, b):
        return sum((a * x + b - 3 * x) ** 2 for x in (1, 3, 4, 8, 10)) / 5

    for _ in range(epochs):
        start = error(a, b)
        a, b = (
            a - 0.01 * (error(a + 1e-4, b) - start) / 1e-4,
            b - 0.01 * (error(a, b + 1e-4) - start) / 1e-4,
        )
    return a, b


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_line_is_found_as_published(dtype):
    net = line(dtype)
    history = train(net, epochs=1000)
    a, b = float(net.weights["W1"][0, 0]), float(net.weights["b1"][0])
    assert (round(a, 5), round(b, 5)) == (2.99934, 0.00446)
    tolerance = 1e-9 if dtype == "float64" else 1e-6
    assert (a, b) == pytest.approx(nudged_in_plain_loops(2.269, 1.01, 1000), abs=tolerance)
    assert (history.engine, history.stopped) == ("numpy", "finished")
    assert "nudged gradients" in history.engine_reason


def test_exact_gradients_end_elsewhere():
    net = line()
    train(net, epochs=1000, gradients="exact", engine="numpy")
    assert round(float(net.weights["W1"][0, 0]), 5) != 2.99934


def test_the_size_of_the_nudge_counts():
    small, large = line(), line()
    train(small, epochs=1, nudge=1e-6)
    train(large, epochs=1, nudge=0.1)
    exact = line()
    train(exact, epochs=1, gradients="exact", engine="numpy")
    gaps = [abs(n.weights["W1"] - exact.weights["W1"]).item() for n in (small, large)]
    # Of a·w² the one-sided difference is off by a · nudge: here mean(x²) = 38, times the rate.
    assert gaps == pytest.approx([38 * 1e-6 * 0.01, 38 * 0.1 * 0.01], rel=1e-2)


def full_network(dtype="float64"):
    layers = (
        *(gn.Dense(4, bias=False), gn.BatchNorm(), gn.Activation("tanh"), gn.Dropout(0.3)),
        *(gn.Dense(4, "relu"), gn.LayerNorm(), gn.Dense(3, "softmax")),
    )
    return gn.Network(2, *layers, dtype=dtype, random_state=0)


@pytest.mark.parametrize("optimizer", [gn.SGD(0.1), gn.Adam(0.01), gn.SGD(0.1, momentum=0.9)])
def test_any_network_can_be_nudged_and_goes_almost_the_exact_way(optimizer):
    options = {"epochs": 3, "batch_size": 4, "optimizer": optimizer, "random_state": 5}
    one, other = full_network(), full_network()
    start = one.values.parameters.copy()
    found = train(one, ROWS, CLASSES, nudge=1e-7, **options)
    exact = train(other, ROWS, CLASSES, gradients="exact", engine="numpy", **options)
    np.testing.assert_allclose(found.loss, exact.loss, rtol=1e-4)
    moved = np.abs(other.values.parameters - start).max()
    assert np.abs(one.values.parameters - other.values.parameters).max() < 1e-3 * moved
    # Same masks and statistics, which no nudge has touched.
    np.testing.assert_allclose(one.weights["mean1"], other.weights["mean1"], rtol=1e-3, atol=1e-6)
    assert one.weights["mean1"].any()


def test_all_weights_are_nudged_from_the_same_start():
    net = gn.Network("2-1 linear", dtype="float64", random_state=0)
    start = net.values.parameters.copy()
    train(net, ROWS, ROWS[:, :1], epochs=1, optimizer=gn.SGD(1.0), nudge=1e-3)

    def loss(p):
        return np.mean((ROWS @ p[:2] + p[2] - ROWS[:, 0]) ** 2)

    slopes = [(loss(start + 1e-3 * unit) - loss(start)) / 1e-3 for unit in np.eye(3)]
    np.testing.assert_allclose(net.values.parameters, start - slopes, rtol=1e-8)


def test_a_float32_network_is_nudged_in_float64_and_callbacks_see_it():
    net, reference = full_network("float32"), full_network("float64")
    for name in net.weights:
        reference.weights[name] = net.weights[name]
    seen = []

    def look(network, history):
        seen.append(network.weights["W1"].copy())

    history = train(net, ROWS, CLASSES, epochs=3, callbacks=[look], validation=(ROWS, CLASSES))
    expected = train(reference, ROWS, CLASSES, epochs=3, validation=(ROWS, CLASSES))
    assert history.loss[0] == expected.loss[0]  # the same arithmetic, on the same weights
    np.testing.assert_allclose(history.loss, expected.loss, rtol=1e-6)
    np.testing.assert_allclose(history.validation_loss, expected.validation_loss, rtol=1e-6)
    np.testing.assert_allclose(net.weights["W1"], reference.weights["W1"], rtol=1e-6)
    np.testing.assert_array_equal(seen[-1], net.weights["W1"])
    assert (seen[0] != seen[1]).any()
    assert net.dtype == "float32"


@pytest.mark.parametrize("rate", [1e60, 1e300])
def test_nudging_is_guarded_in_the_range_of_the_networks_own_dtype(rate):
    net = gn.Network("3-5-1 relu linear", random_state=0)
    before = net.values.parameters.copy()
    with pytest.raises(gn.NotFiniteError, match=r"step 1: W1'\[0, 0\] is -?inf in the line"):
        train(net, RANDOM.randn(6, 3), np.ones(6), epochs=1, optimizer=gn.SGD(rate))
    np.testing.assert_array_equal(net.values.parameters, before)


@pytest.mark.parametrize("gradients", ["exact", "nudged"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_a_callback_sets_is_trained_on(gradients, dtype):
    net = full_network(dtype)

    def clear(network, history):
        network.weights["W1"] = np.zeros((2, 4))
        network.weights["mean1"] = np.full(4, 0.5)

    options = {"epochs": 3, "optimizer": gn.SGD(0.0), "gradients": gradients, "engine": "numpy"}
    train(net, ROWS, CLASSES, callbacks=clear, **options)
    assert not net.weights["W1"].any()
    assert (net.weights["mean1"] == 0.5).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nudging_5_epochs_twice_is_10_epochs_once(dtype):
    once, twice = full_network(dtype), full_network(dtype)
    options = {"batch_size": 4, "optimizer": gn.Adam(0.01)}
    train(once, ROWS, CLASSES, epochs=10, **options)
    for _ in range(2):
        train(twice, ROWS, CLASSES, epochs=5, **options)
    np.testing.assert_array_equal(once.values.parameters, twice.values.parameters)
    np.testing.assert_array_equal(once.values.state, twice.values.state)


def test_nudging_that_diverges_is_guarded():
    net = line()
    with pytest.raises(gn.NotFiniteError, match=r"rate of 1e[+]199 instead of 1e[+]200"):
        train(net, epochs=1000, optimizer=gn.SGD(1e200))
    assert np.isfinite(net.values.parameters).all()


# ----------------------------------------------------------------------- the gradient check


@pytest.mark.parametrize(
    ("net", "y"),
    [
        (gn.Network("2-4-3 tanh softmax", random_state=0), CLASSES),
        (gn.Network("2-4-3 relu softmax", random_state=0, dtype="float64"), CLASSES),
        (gn.Network("2-4-1 sigmoid", random_state=0), CLASSES == 1),
        (gn.Network("2-4-1 tanh linear", loss="half_squared_error_sum"), CLASSES * 1.0),
        (full_network(), CLASSES),
    ],
    ids=lambda value: "",
)
def test_every_network_passes(net, y):
    for weights in (None, np.arange(12.0)):
        report = net.check_gradients(ROWS, y, weights)
        assert report.passed, str(report)
        assert set(report.worst) == {p.name for p in net.values.program.parameters}


def test_the_differences_are_those_of_scipy():
    net = gn.Network("2-3-1 tanh sigmoid", random_state=0, dtype="float64")
    y = (CLASSES == 1).astype(float)
    report = net.check_gradients(ROWS, y)

    @np.vectorize
    def loss(value):
        w1 = net.weights["W1"].copy()
        w1[1, 2] = value
        z = np.tanh(ROWS @ w1 + net.weights["b1"]) @ net.weights["W2"] + net.weights["b2"]
        return np.mean((1 / (1 + np.exp(-z)) - y[:, None]) ** 2)

    expected = derivative(loss, net.weights["W1"][1, 2]).df
    assert report.nudged["W1"][1, 2] == pytest.approx(expected, rel=1e-8)
    assert report.exact["W1"][1, 2] == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("size", [1e-6, -1e-6])
def test_a_slope_that_is_wrong_by_a_millionth_does_not_pass(monkeypatch, size):
    def wrong(z, a):
        return (1 - a * a) * (1 + size)

    right = nudged.Program.functions.func

    def functions(program):
        found = right(program)
        found["gradients"].__globals__["tanh_slope"] = wrong
        return found

    net = gn.Network("2-4-3 tanh softmax", random_state=0)
    monkeypatch.setattr(nudged.Program, "functions", property(functions))
    report = net.check_gradients(ROWS, CLASSES)
    assert not report.passed
    assert not report
    assert report.worst["W1"] > 1e-8
    assert report.worst["W2"] < 1e-8
    assert str(report).splitlines()[0].startswith("BAD  dW1")
    assert str(report).splitlines()[2].startswith("ok   dW2")


def test_an_exact_zero_passes():
    net = gn.Network("2-3-1 linear", random_state=0, dtype="float64")
    net.weights["W2"] = np.zeros((3, 1))
    report = net.check_gradients(ROWS, np.zeros(12))
    assert report.passed
    assert not report.exact["W1"].any()


def test_entries_at_a_kink_are_counted_apart():
    net = gn.Network("1-2-1 relu linear", random_state=0, dtype="float64")
    net.weights["W1"], net.weights["b1"] = [[1.0, 1.0]], [0.0, 0.5]
    net.weights["W2"] = [[1.0], [1.0]]
    report = net.check_gradients([[0.0], [1.0]], [5.0, 5.0])  # z1[0, 0] is exactly 0
    assert report.at_kink == {"W1": 0, "b1": 1, "W2": 0, "b2": 0}
    assert report.checked["b1"] == 1
    assert report.passed
    assert "1 at a kink left out" in str(report)
    assert abs(report.exact["b1"] - report.nudged["b1"])[0] > 1  # it would not have passed


def test_a_large_parameter_is_sampled_and_says_so(monkeypatch):
    monkeypatch.setattr(nudged, "MOST_ENTRIES", 20)
    net = gn.Network("8-4-2 tanh softmax", random_state=0)
    x = RANDOM.randn(5, 8)
    report, again = (net.check_gradients(x, np.arange(5) % 2) for _ in range(2))
    assert report.checked == {"W1": 20, "b1": 4, "W2": 8, "b2": 2}
    assert np.isfinite(report.nudged["W1"]).sum() == 20
    np.testing.assert_array_equal(report.nudged["W1"], again.nudged["W1"])
    assert "20 entries of 32, a sample with seed 0" in str(report).splitlines()[0]
    assert report.passed


def test_masks_of_the_check_are_the_same_each_time():
    net = gn.Network(2, gn.Dense(20), gn.Dropout(0.5), gn.Dense(3, "softmax"), random_state=0)
    one, other = (net.check_gradients(ROWS, CLASSES) for _ in range(2))
    np.testing.assert_array_equal(one.exact["W1"], other.exact["W1"])
    assert one.passed
    net.seed = 1
    assert (net.check_gradients(ROWS, CLASSES).exact["W1"] != one.exact["W1"]).any()


def test_a_loss_that_bends_much_is_differenced_with_many_steps(monkeypatch):
    net = gn.Network("1-1 tanh", random_state=0)
    net.weights["W1"] = [[0.01]]
    x, y = [[50.0], [40.0]], [1.0, -1.0]
    assert net.check_gradients(x, y).passed
    monkeypatch.setattr(nudged, "WAYS", nudged.WAYS[:1])
    assert not net.check_gradients(x, y).passed


def stacked_norms(seed):
    layers = (
        *(gn.LayerNorm(), gn.LayerNorm(), gn.Dense(2), gn.BatchNorm()),
        *(gn.Activation("relu"), gn.Dense(1)),
    )
    net = gn.Network(2, *layers, random_state=seed, dtype="float64")
    random = np.random.RandomState(seed)
    return net, random.randn(2, 2), random.randn(2, 1)


@pytest.mark.parametrize("seed", range(40))
def test_norms_of_norms_bend_the_loss_and_pass(seed):
    net, x, y = stacked_norms(seed)
    report = net.check_gradients(x, y)
    assert report.passed, str(report)


def test_a_wrong_slope_does_not_pass_where_the_loss_bends_much(monkeypatch):
    right = nudged._exact
    seeds = [seed for seed in range(40) if right_way_alone_fails(monkeypatch, seed)]
    assert seeds  # these need many steps

    def wrong(program, given):
        return {name: slope * (1 + 1e-6) for name, slope in right(program, given).items()}

    monkeypatch.setattr(nudged, "_exact", wrong)
    for seed in seeds:
        net, x, y = stacked_norms(seed)
        assert not net.check_gradients(x, y).passed


def right_way_alone_fails(monkeypatch, seed):
    net, x, y = stacked_norms(seed)
    with monkeypatch.context() as patch:
        patch.setattr(nudged, "WAYS", nudged.WAYS[:1])
        return not net.check_gradients(x, y).passed


def test_steps_are_chosen_by_their_own_error_and_need_no_answer():
    steps = nudged.STEPS
    for bend in (1.0, 1e2, 1e4):  # sin(bend · p) at p = 0.3
        rises = np.sin(bend * (0.3 + steps)) - np.sin(bend * (0.3 - steps))
        slope = nudged.extrapolated(rises / (2 * steps), 1.0)
        assert slope == pytest.approx(bend * np.cos(bend * 0.3), rel=1e-9)
