"""Health: each rule speaks of a network built to have the fault, and is silent on healthy ones."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import glassnet as gn
from glassnet.errors import DataError, DescriptionError, GlassnetError
from glassnet.health import RULES, Health, Severity, thresholds
from glassnet.health.gradients import size_of
from glassnet.history import History
from strategies import descriptions

ROWS = 40


def plane(outputs=1, rows=ROWS, seed=0):
    """Rows of two columns of mean 0, and targets that a small network can learn."""
    random = np.random.RandomState(seed)
    X = random.standard_normal((rows, 2))
    return X, np.column_stack([np.sin(X[:, 0] + k) * X[:, 1] for k in range(outputs)])


def clouds(counts, seed=0):
    """Rows around a place of their own for each class."""
    random = np.random.RandomState(seed)
    y = np.repeat(np.arange(len(counts)), counts)
    places = 4 * random.standard_normal((len(counts), 2))
    return places[y] / 4 + 0.1 * random.standard_normal((len(y), 2)), y


def kinds(health):
    return [finding.kind for finding in health]


def the(health, kind):
    """Give the finding of a kind, of which there must be one."""
    (found,) = [finding for finding in health if finding.kind == kind]
    return found


def history_of(losses, validation=(), rate=0.1, stopped="finished"):
    history = History("numpy", "asked for", 0, validated=bool(len(validation)))
    history.record(loss=losses, validation_loss=validation, learning_rate=[rate] * len(losses))
    history.stopped = stopped
    return history


# ---------------------------------------------------------------------------- activations


@pytest.mark.parametrize("dead", [7, 10])
def test_dead_neurons(dead):
    X, y = plane()
    net = gn.Network("2-10-1 relu linear", random_state=0)
    biases = np.zeros(10, np.float32)
    biases[:dead] = -100
    net.weights["b1"] = biases
    found = the(net.health(X, y), "dead neurons")
    trace = net.trace(X, y)
    count = int(np.sum(np.all(trace["a1"] == 0, axis=0)))
    assert found.evidence == {"dead": count, "neurons": 10, "rows": ROWS}
    assert count >= dead
    assert found.what.startswith(f"{count} of 10 relu neurons of layer 1 are 0 for every row")
    assert found.severity == (Severity.FAULT if count == 10 else Severity.WARNING)
    assert found.layer == 1
    assert "gn.He()" in found.remedy


def test_neurons_that_inputs_above_0_kill_are_told_the_right_remedy():
    X, y = plane()
    net = gn.Network("2-10-1 relu linear", random_state=0)
    net.weights["W1"] = -np.abs(net.weights["W1"])
    found = the(net.health(np.abs(X), y), "dead neurons")
    assert found.evidence["dead"] == 10
    assert "mean 0" in found.remedy


def test_a_relu_layer_of_its_own_is_found_too():
    X, y = plane()
    net = gn.Network(2, gn.Dense(6), gn.Activation("relu"), gn.Dense(1), random_state=0)
    net.weights["b1"] = np.full(6, -100)
    assert the(net.health(X, y), "dead neurons").evidence["dead"] == 6


@pytest.mark.parametrize(("activation", "low"), [("sigmoid", 0), ("tanh", -1)])
def test_saturated_neurons(activation, low):
    X, y = plane()
    net = gn.Network(f"2-6-1 {activation} linear", random_state=0)
    net.weights["W1"] = 500 * net.weights["W1"]
    found = the(net.health(X, y), "saturated neurons")
    a = net.trace(X, y)["a1"]
    near = 0.01 * (1 - low)
    assert found.evidence["share"] == float(np.mean((a <= low + near) | (a >= 1 - near)))
    assert found.evidence["share"] >= thresholds.SATURATED_SHARE
    assert found.layer == 1


def test_an_output_is_saturated_where_its_slope_counts():
    X, y = plane()
    wanted = (y > 0).astype(float)
    for loss, speaks in (("mean_squared_error", True), ("binary_cross_entropy", False)):
        net = gn.Network("2-1 sigmoid", loss=loss, random_state=0)
        net.weights["b1"] = [100.0]
        assert ("saturated neurons" in kinds(net.health(X, wanted))) == speaks


# ------------------------------------------------------------------------------ gradients


def test_vanishing_gradients():
    X, y = plane()
    net = gn.Network("2-8-8-8-8-8-8-1 sigmoid sigmoid sigmoid sigmoid sigmoid sigmoid linear")
    for layer in range(1, 7):
        net.weights[f"W{layer}"] = 0.1 * net.weights[f"W{layer}"]
    found = the(net.health(X, y), "vanishing gradients")
    trace = net.trace(X, y)
    sizes = {f"dW{k}": size_of(trace[f"dW{k}"]) for k in range(1, 8)}
    small, large = min(sizes, key=sizes.get), max(sizes, key=sizes.get)
    assert found.evidence == {
        small: sizes[small],
        large: sizes[large],
        "ratio": sizes[small] / sizes[large],
    }
    assert f"layer {small[2:]}'s gradients are" in found.what
    assert found.layer == int(small[2:])


def test_exploding_gradients():
    X, y = plane()
    net = gn.Network("2-8-8-8-1 linear", random_state=0)
    for layer in (2, 3, 4):
        net.weights[f"W{layer}"] = 200 * net.weights[f"W{layer}"]
    net.weights["W1"] = 1e-7 * net.weights["W1"]
    found = the(net.health(X, y), "exploding gradients")
    trace = net.trace(X, y)
    assert found.evidence["dW1"] == size_of(trace["dW1"])
    assert found.evidence["ratio"] < thresholds.GRADIENT_RATIO
    assert found.layer == 1


def test_no_gradient():
    X, y = plane()
    net = gn.Network("2-4-1 step linear", random_state=0)
    found = the(net.health(X, y), "no gradient")
    trace = net.trace(X, y)
    assert not trace["dW1"].any()
    assert found.evidence["last_layer"] == size_of(trace["dW2"]) > 0
    assert found.evidence["numbers"] == 8
    assert found.severity == Severity.FAULT


# -------------------------------------------------------------------------------- weights


@pytest.mark.parametrize("first", [gn.Fill(0.5), gn.Zeros()])
def test_equal_neurons(first):
    X, y = plane()
    layers = (gn.Dense(5, "tanh", weight_initializer=first),)
    net = gn.Network(2, *layers, gn.Dense(1, weight_initializer=gn.Fill(0.1)), random_state=0)
    found = the(net.health(X, y), "equal neurons")
    assert found.evidence["repeats"] == 4
    assert "all 5 neurons of layer 1" in found.what
    net.fit(X, y, epochs=30, engine="numpy", verbose=False)
    assert the(net.health(X, y), "equal neurons").evidence["repeats"] == 4  # it stays so


def test_two_equal_neurons_of_many():
    X, y = plane()
    net = gn.Network("2-5-1 tanh linear", random_state=0)
    for name, axis in (("W1", 1), ("W2", 0)):
        twins = np.array(net.weights[name])
        twins[(slice(None),) * axis + (3,)] = twins[(slice(None),) * axis + (0,)]
        net.weights[name] = twins
    found = the(net.health(X, y), "equal neurons")
    assert found.evidence["repeats"] == 1
    assert found.severity == Severity.WARNING
    different = np.array(net.weights["W2"])
    different[3] += 0.1  # other weights out: the gradients differ, so they part
    net.weights["W2"] = different
    assert "equal neurons" not in kinds(net.health(X, y))


@pytest.mark.parametrize(("rate", "kind"), [(1e-9, "small updates"), (3.0, "large updates")])
def test_updates_that_do_not_fit_the_weights(rate, kind):
    X, _ = plane()
    y = np.random.RandomState(1).standard_normal((ROWS, 1))
    y -= y.mean()
    net = gn.Network("2-1 linear", random_state=0)
    history = net.fit(X, y, epochs=1, optimizer=gn.Adam(rate), engine="numpy", verbose=False)
    found = the(net.health(X, y, history), kind)
    trace = net.trace(X, y, optimizer=net.optimizer)
    step = np.linalg.norm(trace.after("W1").astype(float) - trace["W1"])
    assert found.evidence["step"] == step
    assert found.evidence["ratio"] == step / np.linalg.norm(trace["W1"].astype(float))
    better = rate * (10 if rate < 1 else 0.1)
    assert f"{better:.3g} instead of {rate:.3g} (--learning-rate {better:.3g})" in found.remedy


def test_an_optimizer_without_update_lines_makes_no_small_updates():
    X, _ = plane()
    y = np.random.RandomState(1).standard_normal((ROWS, 1))
    net = gn.Network("2-1 linear", random_state=0)
    net.fit(X, y, epochs=1, optimizer="lbfgs", batch_size=None, engine="numpy", verbose=False)
    net.weights["W1"] = [[5.0], [5.0]]
    assert net.trace(X, y)["dW1"].any()
    assert kinds(net.health(X, y)) == []


# ------------------------------------------------------------------------------ the losses


def test_a_run_that_the_guard_stopped():
    X, y = plane()
    net = gn.Network("2-8-1 relu linear", random_state=0)
    with pytest.raises(gn.NotFiniteError) as caught:
        net.fit(X, y, epochs=50, optimizer=gn.SGD(1e4), engine="numpy", verbose=False)
    history = caught.value.history
    found = the(net.health(X, y, history), "not finite")
    assert found.evidence == {"epochs": history.epochs, "losses_not_finite": 0}
    assert found.remedy.startswith("try a tenth of the learning rate")


def test_a_loss_above_where_it_began():
    X, y = plane()
    net = gn.Network("2-3-1 tanh linear", random_state=0)
    history = history_of([1.0] + [2.0, 3.0] * 8)
    found = the(net.health(X, y, history), "diverging loss")
    assert found.evidence == {"first": 1.0, "lowest_of_last": 2.0, "epochs": 10}
    assert "0.01 instead of 0.1" in found.remedy


def test_a_loss_that_shot_up_and_came_back():
    X, y = plane()
    net = gn.Network("2-3-1 tanh linear", random_state=0)
    losses = [1.0, 0.5, 1001.0, 3.0, 0.4]
    found = the(net.health(X, y, history_of(losses)), "loss shot up")
    assert found.evidence == {"first": 1.0, "largest": 1001.0, "epoch": 3}
    losses[2] = 999.0
    assert kinds(net.health(X, y, history_of(losses))) == []


def test_a_loss_that_rises():
    X, y = plane()
    net = gn.Network("2-3-1 tanh linear", random_state=0)
    losses = [1.0, 0.5, *np.linspace(0.4, 0.9, 21)]
    found = the(net.health(X, y, history_of(losses)), "rising loss")
    assert found.evidence == {"epochs": 20, "from_epoch": 3, "from_loss": 0.4, "to_loss": 0.9}
    assert found.what.startswith("the loss rose for 20 epochs in a row, from 0.4 in epoch 3")
    assert "try a tenth of the learning rate: 0.01 instead of 0.1" in found.remedy
    for healthy in (
        losses[:-1],  # 19 epochs
        [*losses, 0.3],  # it came back
        [1.0, 0.5, *np.linspace(0.4, 0.404, 21)],  # by a hundredth
        [1.0, 0.5, *np.linspace(1e-9, 2e-9, 21)],  # the last digits of a finished run
    ):
        assert kinds(net.health(X, y, history_of(healthy))) == []


def test_a_loss_that_does_not_move():
    X, y = plane()
    net = gn.Network("2-3-1 step linear", random_state=0)
    net.weights["W2"] = np.zeros((3, 1))
    net.weights["b2"] = [float(np.mean(y))]
    history = net.fit(X, y, epochs=30, optimizer=gn.SGD(1e-9), engine="numpy", verbose=False)
    found = the(net.health(X, y, history), "loss has not moved")
    assert found.evidence["first"] == history.loss[0]
    assert found.evidence["lowest"] == history.loss.min()
    assert "find_learning_rate" in found.remedy


def test_a_network_that_goes_on_from_a_good_one_has_not_stalled():
    X, y = plane()
    net = gn.Network("2-16-1 tanh linear", random_state=0)
    net.fit(X, y, epochs=1, optimizer="lbfgs", engine="numpy", verbose=False)
    net.fit(X, y, epochs=300, optimizer="lbfgs", engine="numpy", verbose=False)
    history = net.fit(X, y, epochs=30, optimizer=gn.SGD(1e-9), engine="numpy", verbose=False)
    assert not net.health(X, y, history)


def test_a_loss_that_swings():
    X, y = plane()
    net = gn.Network("2-3-1 tanh linear", random_state=0)
    losses = [1.0, *[0.5, 0.9] * 15]
    found = the(net.health(X, y, history_of(losses)), "swinging loss")
    assert found.evidence["mean_jump"] == pytest.approx(0.4)
    assert found.evidence["turns"] == 1.0
    assert "--schedule cosine" in found.remedy
    calm = [1.0, *[0.5, 0.52] * 15]
    falling = [1.0, *np.linspace(0.9, 0.1, 30) * np.tile([0.8, 1.2], 15)]
    assert kinds(net.health(X, y, history_of(calm))) == []
    assert kinds(net.health(X, y, history_of(falling))) == []


def test_overfitting():
    X, _ = plane(rows=8)
    noise, other = np.random.RandomState(3).standard_normal((2, 8, 1))
    net = gn.Network("2-64-1 tanh linear", random_state=0)
    options = {"epochs": 300, "optimizer": gn.Adam(0.02), "engine": "numpy", "verbose": False}
    history = net.fit(X, noise, validation=(X, other), **options)
    found = the(net.health(X, noise, history), "overfitting")
    best = int(np.argmin(history.validation_loss))
    assert found.evidence == {
        "best_epoch": best + 1,
        "lowest_validation_loss": history.validation_loss.min(),
        "validation_loss": np.mean(history.validation_loss[-5:]),
        "training_loss_then": history.loss[best],
        "training_loss": history.loss[-1],
    }
    again = gn.Network("2-64-1 tanh linear", random_state=0)
    history = again.fit(X, noise, validation=(X, other), early_stopping=10, **options)
    assert "overfitting" not in kinds(again.health(X, noise, history))  # its remedy


def test_a_validation_loss_that_is_not_overfitting():
    X, y = plane()
    net = gn.Network("2-3-1 tanh linear", random_state=0)
    falls, rises = np.linspace(1, 0.2, 40), np.concatenate([[0.5], np.linspace(0.5, 0.8, 39)])
    assert kinds(net.health(X, y, history_of(falls, rises))) == ["overfitting"]
    for losses, validation in (
        (falls, 0.5 + 0.05 * rises),  # it rises by little
        (falls, 0.1 * rises),  # and is lower still than that of training
        ([1.0, *np.full(39, 0.5)], [0.6, *rises[1:]]),  # training does not fall
        (falls, [*np.linspace(1, 0.5, 31), *np.linspace(0.6, 0.9, 9)]),  # for a few epochs
    ):
        assert kinds(net.health(X, y, history_of(losses, validation))) == []


# ---------------------------------------------------------------------------------- data


def test_a_constant_feature():
    X, y = plane()
    X = np.column_stack([X, np.full(ROWS, 7.5)])
    net = gn.Network("3-4-1 tanh linear", random_state=0)
    found = the(net.health(X, y), "constant feature")
    assert found.evidence == {"constant": 1, "features": 3, "rows": ROWS, "column_2": 7.5}
    assert found.what.startswith("column 2 of X never varies")


def test_a_column_that_varies_only_beyond_the_rows_looked_at_is_not_constant():
    X, y = plane(rows=9000)
    X = np.column_stack([X, np.zeros(9000)])
    X[4, 2] = 1
    net = gn.Network("3-4-1 tanh linear", random_state=0)
    health = net.health(X, y)
    assert "constant feature" not in kinds(health)
    assert (health.rows, health.total) == (2000, 9000)
    assert "2,000 of 9,000 rows" in str(health)
    X[4, 2] = 0
    assert the(net.health(X, y), "constant feature").evidence["rows"] == 9000


def test_features_out_of_scale():
    X, y = plane()
    net = gn.Network("2-4-1 tanh linear", random_state=0)
    far = the(net.health(X + np.array([0, 500]), y), "unscaled features")
    assert far.evidence["largest"] == np.float32(X[:, 1] + 500).max()
    assert "column 1 of X is not scaled" in far.what
    wide = the(net.health(X * [1e-4, 10], y), "unscaled features")
    x = np.float32(X * [1e-4, 10]).astype(float)
    assert wide.evidence["ratio"] == x[:, 1].std() / x[:, 0].std()
    assert "very different scales" in wide.what


def test_a_class_without_rows():
    X, y = clouds([20, 0, 20])
    net = gn.Network("2-4-3 tanh softmax", random_state=0)
    found = the(net.health(X, y), "missing class")
    assert found.evidence == {"missing": 1, "classes": 3, "rows": 40}
    assert found.what.startswith("class 1 has no row")


@pytest.mark.parametrize("form", ["numbers", "one-hot", "single"])
def test_a_rare_class(form):
    X, y = clouds([95, 5])
    net = gn.Network("2-4-2 tanh softmax", random_state=0)
    if form == "single":
        net = gn.Network("2-4-1 tanh sigmoid", loss="binary_cross_entropy", random_state=0)
    found = the(net.health(X, np.eye(2)[y] if form == "one-hot" else y), "rare class")
    assert found.evidence == {"rarest": 5, "usual": 95, "ratio": 19.0}
    assert found.severity == Severity.REMARK
    assert "--class-weight balanced" in found.remedy


def test_classes_of_many_rows_are_counted_whole():
    X, y = clouds([70_000, 3])
    net = gn.Network("2-4-2 tanh softmax", random_state=0)
    found = the(net.health(X, y), "rare class")
    assert found.evidence["rarest"] == 3
    assert "missing class" not in kinds(net.health(X, y))


@pytest.mark.parametrize(
    ("activation", "shift", "low", "high"),
    [
        ("sigmoid", 300, 0, 1),
        ("tanh", 5, -1, 1),
        ("relu", -10, 0, np.inf),
        ("elu", -10, -1, np.inf),
    ],
)
def test_targets_that_the_output_cannot_reach(activation, shift, low, high):
    X, y = plane()
    net = gn.Network(f"2-4-1 tanh {activation}", random_state=0)
    found = the(net.health(X, y + shift), "unreachable targets")
    assert (found.evidence["lowest_output"], found.evidence["highest_output"]) == (low, high)
    wanted = np.float32(y + shift)
    assert found.evidence["lowest_target"] == wanted.min()
    assert found.evidence["out_of_reach"] == np.sum((wanted < low) | (wanted > high))
    assert kinds(net.health(X, np.clip(0.4 * y, 0, 1))) == []


def test_targets_out_of_scale():
    X, y = plane()
    net = gn.Network("2-4-1 tanh linear", random_state=0)
    found = the(net.health(X, 200 + 80 * y), "unscaled targets")
    assert found.evidence["largest"] == np.float32(200 + 80 * y).max()


def test_far_more_parameters_than_targets():
    X, y = plane(rows=12)
    net = gn.Network("2-64-64-1 relu linear", random_state=0)
    found = the(net.health(X, y), "many parameters")
    count = sum(array.size for array in net.weights.values())
    assert found.evidence == {"parameters": count, "targets": 12, "ratio": count / 12}
    assert found.severity == Severity.REMARK


# -------------------------------------------------------------------------------- outputs


def test_constant_predictions():
    X, y = plane()
    net = gn.Network("2-4-1 tanh linear", random_state=0)
    net.weights["W2"] = np.zeros((4, 1))
    found = the(net.health(X, y), "constant predictions")
    assert found.evidence["spread"] == np.std(net.predict(X)) == 0
    assert found.evidence["targets_spread"] == np.std(np.float32(y), dtype=float)


def test_steps_that_are_lost_in_rounding():
    X, _ = plane()
    y = np.random.RandomState(1).standard_normal((ROWS, 1))
    net = gn.Network("2-1 linear", random_state=0)
    net.fit(X, y - y.mean(), epochs=1, optimizer=gn.SGD(1e-12), engine="numpy", verbose=False)
    found = the(net.health(X, y - y.mean()), "small updates")
    assert found.evidence["ratio"] == 0
    assert found.what.startswith("a step changes no weight at all: all of it is lost in rounding")


@pytest.mark.parametrize("history", ["loss.csv", 3, {"loss": [1.0]}])
def test_what_is_no_history_is_refused(history):
    X, y = plane()
    net = gn.Network("2-3-1 tanh linear", random_state=0)
    for looked in (net.health, lambda *given: gn.report(net, *given)):
        with pytest.raises(DescriptionError, match="history must be the History that fit gives"):
            looked(X, y, history)


def test_first_weights_may_say_next_to_the_same_for_every_row():
    X, y = gn.datasets.beans()
    net = gn.Network("1-3-1 sigmoid", random_state=0)
    assert 0 < np.std(net.predict(X)) < 0.001 * np.std(y)
    assert kinds(net.health(X, y)) == []
    net.fit(X, y, epochs=1, optimizer=gn.SGD(1e-6), engine="numpy", verbose=False)
    assert "constant predictions" in kinds(net.health(X, y))


def test_a_class_that_is_never_predicted():
    X, y = clouds([20, 20, 20])
    net = gn.Network("2-4-3 tanh softmax", random_state=0)
    net.fit(X, y, epochs=1, optimizer=gn.SGD(1e-6), engine="numpy", verbose=False)
    net.weights["b2"] = [0, 0, -50]
    found = the(net.health(X, y), "class never predicted")
    assert found.evidence["rows_of_class"] == 20
    assert not (np.argmax(net.predict(X), axis=1) == 2).any()
    assert found.what.startswith("class 2 has 20 rows and is predicted for none")


# ---------------------------------------------------------------------- healthy networks


def scaled(X):
    spread = X.std(axis=0)
    return (X - X.mean(axis=0)) / np.where(spread == 0, 1, spread)


def healthy():
    """Networks that learn their rows: data, short form, optimizer, epochs."""
    from sklearn.datasets import load_diabetes, load_iris, load_wine

    iris, wine, diabetes = (f(return_X_y=True) for f in (load_iris, load_wine, load_diabetes))
    grades = scaled(diabetes[1][:, None])
    usual, plain = gn.Adam(0.01), gn.SGD(0.1)
    for X, y in ((scaled(iris[0]), iris[1]), (scaled(wine[0]), wine[1])):
        inputs = X.shape[1]
        yield X, y, f"{inputs}-16-3 relu softmax", usual, 100
        yield X, y, f"{inputs}-64-64-3 relu softmax", usual, 50
        yield X, y, f"{inputs}-8-3 tanh softmax", plain, 100
        yield X, y, f"{inputs}-8-3 sigmoid softmax", usual, 100
        yield X, y, f"{inputs}-32-16-8-3 gelu softmax", usual, 50
        yield X, y, f"{inputs}-3 softmax", "lbfgs", 50
    yield diabetes[0], grades, "10-16-1 relu linear", usual, 100
    yield diabetes[0], grades, "10-8-1 tanh linear", plain, 100
    yield diabetes[0], grades, "10-8-1 sigmoid linear", "lbfgs", 60
    for name in ("spiral", "moons", "circles", "gauss"):
        X, y = getattr(gn.datasets, name)()
        classes = int(y.max()) + 1
        yield X, y.ravel(), f"2-16-{classes} relu softmax", usual, 100
        yield X, y.ravel(), f"2-64-64-{classes} relu softmax", usual, 60
        yield X, y.ravel(), f"2-8-{classes} tanh softmax", "lbfgs", 60
    X, y = gn.datasets.xor()
    yield X, y, "2-8-1 tanh sigmoid", gn.Adam(0.05), 400
    yield X, y, "2-4-1 sigmoid", gn.Adam(0.05), 600
    X, y = gn.datasets.exam()
    yield X, y, "2-3-1 sigmoid", plain, 200
    yield X, y, "2-5-1 tanh sigmoid", usual, 200


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_healthy_networks_are_told_nothing(seed):
    runs = 0
    for X, y, short, optimizer, epochs in healthy():
        net = gn.Network(short, random_state=seed)
        options = {"epochs": epochs, "optimizer": optimizer, "engine": "numpy", "verbose": False}
        if optimizer == "lbfgs":
            options["batch_size"] = None
        assert kinds(net.health(X, y)) == [], f"{short} before training"
        history = net.fit(X, y, **options)
        health = net.health(X, y, history)
        assert not health, f"{short} {optimizer}: {health}"
        runs += 1
    assert runs == 31


# ------------------------------------------------------------------------- what it gives


def test_a_healthy_network_in_print():
    X, y = plane()
    health = gn.Network("2-4-1 tanh linear", random_state=0).health(X, y)
    assert not health
    assert (len(health), list(health)) == (0, [])
    assert str(health) == "nothing found in 40 rows of 2-4-1 tanh linear"


def test_findings_in_print_and_as_data():
    X, y = plane()
    net = gn.Network("2-4-1 tanh relu", random_state=0)
    health = net.health(X * [1, 1e6], y, history_of([1.0]))
    assert isinstance(health, Health)
    assert health[0].severity == Severity.FAULT  # the worst come first
    assert [f.severity for f in health] == sorted(
        (f.severity for f in health), key=list(Severity).index
    )
    data = health.as_dict()
    json.dumps(data, allow_nan=False)
    assert [f["kind"] for f in data["findings"]] == kinds(health)
    assert data["findings"][0]["evidence"]["highest_output"] == "inf"
    text = str(health)
    assert text.startswith(f"{len(health)} findings in 40 rows of 2-4-1 tanh relu and 1 epoch:")
    for finding in health:
        assert " ".join(finding.what.split()) in " ".join(text.split())
        assert " ".join(finding.remedy.split()) in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 100


def test_columns_and_classes_have_the_names_of_their_table():
    table = gn.Table.from_arrays(
        [[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]], ["no", "yes", "no"], names=["size", "<b>"]
    )
    preparation = gn.table.Preparation.learn(table, "y")
    net = gn.Network("2-3-2 tanh softmax", random_state=0)
    net.preparation = preparation
    X = preparation.features_of(table)
    found = net.health(X, [0, 0, 0])
    assert "column '<b>' never varies" in the(found, "constant feature").what
    assert "class 'yes' has no row" in the(found, "missing class").what


def test_looking_changes_nothing():
    X, y = plane()
    net = gn.Network("2-8-1 relu linear", random_state=0)
    history = net.fit(X, y, epochs=5, engine="numpy", verbose=False)
    before = net.values.parameters.copy(), net.tally, list(history.loss)
    net.health(X, y, history)
    assert np.array_equal(net.values.parameters, before[0])
    assert (net.tally, list(history.loss)) == before[1:]


@pytest.mark.parametrize(
    ("X", "y", "words"),
    [
        ([[1.0, 2.0]], [1.0, 2.0], "inconsistent numbers of samples"),
        ([1.0, 2.0], [1.0, 2.0], "Expected 2D array"),
        ([[1.0]], [1.0], "has 1 features"),
        ([[np.nan, 2.0]], [1.0], "NaN"),
        ([[1.0, 2.0]], None, "None"),
        ([[1.0, 2.0], [1.0]], [1.0, 2.0], "unequal length"),
        ([[1.0, "a"]], [1.0], "must hold numbers"),
    ],
)
def test_arrays_that_do_not_fit(X, y, words):
    with pytest.raises(DataError, match=words):
        gn.Network("2-4-1 tanh linear").health(X, y)


def test_every_rule_has_a_test_that_makes_it_speak():
    text = Path(__file__).read_text(encoding="utf-8")
    sources = {rule.__module__ for rule in RULES}
    spoken = set()
    for name in sources:
        lines = Path(sys.modules[name].__file__).read_text(encoding="utf-8").splitlines()
        spoken |= {line.split('"')[1] for line in lines if line.strip().startswith('kind="')}
    assert len(spoken) == len(RULES)
    assert [
        kind for kind in spoken if f'"{kind}"' not in text.split("def test_every_rule")[0]
    ] == []


# ------------------------------------------------------------------------- it never raises


@settings(max_examples=60)
@given(
    descriptions(),
    st.integers(1, 7),
    st.integers(0, 2**16),
    st.sampled_from([1e-30, 1e-3, 1.0, 1e3, 1e12]),
    st.sampled_from([0.0, 1.0, 1e4]),
    st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=30),
)
def test_any_network_can_be_looked_over(description, rows, seed, size, weights, losses):
    random = np.random.RandomState(seed)
    net = gn.Network(description, random_state=seed % 100)
    for name in net.weights:
        if name[0] == "W":
            net.weights[name] = weights * np.array(net.weights[name])
    X = size * random.standard_normal((rows, description.inputs))
    for column, categories in description.categories.items():
        X[:, column] = random.randint(0, categories, rows)
    y = random.randint(0, 2, (rows, description.loss.target_columns(description.outputs)))
    if description.loss.targets == "classes":
        y = random.randint(0, description.outputs, rows)
    health = net.health(X, y, history_of(losses, validation=losses[::-1]))
    str(health)
    json.dumps(health.as_dict(), allow_nan=False)


# --------------------------------------------------------------------------- in training


def test_a_health_check_tells_each_finding_once():
    X, y = plane()
    told = []
    check = gn.callbacks.HealthCheck(X, y + 300, every=5, show=told.append)
    net = gn.Network("2-4-1 tanh sigmoid", random_state=0)
    history = net.fit(X, y + 300, epochs=40, callbacks=check, engine="numpy", verbose=False)
    assert [kind for _, kind in sorted({(e, f.kind) for e, f in check.found})].count(
        "unreachable targets"
    ) == 1
    assert len(told) == len(check.found) == len({(f.kind, f.layer) for _, f in check.found})
    assert told[0].startswith("epoch 5: fault")
    assert history.stopped == "finished"


def test_a_health_check_finds_what_appears_later():
    X, y = plane()

    class Spoil:
        every = 1

        def __call__(self, network, history):
            if history.epochs == 12:
                network.weights["b1"] = np.full(8, -1e3)

    check = gn.callbacks.HealthCheck(X, y, every=5, show=lambda text: None)
    net = gn.Network("2-8-1 relu linear", random_state=0)
    net.fit(X, y, epochs=20, callbacks=[Spoil(), check], engine="numpy", verbose=False)
    assert (15, "dead neurons") in [(epoch, finding.kind) for epoch, finding in check.found]


def test_a_health_check_does_not_change_the_run():
    X, y = plane()
    runs = []
    for callbacks in ((), gn.callbacks.HealthCheck(X, y, every=3)):
        net = gn.Network("2-8-1 tanh linear", random_state=0)
        net.fit(X, y, epochs=10, callbacks=callbacks, engine="numpy", verbose=False)
        runs.append(net.values.parameters.copy())
    assert np.array_equal(*runs)


def test_a_health_check_that_cannot_begin_says_so():
    with pytest.raises(GlassnetError, match="every must be a whole number"):
        gn.callbacks.HealthCheck([[1.0]], [1.0], every=0)
    net = gn.Network("2-4-1 tanh linear")
    with pytest.raises(DataError):
        net.fit([[1.0, 2.0]], [1.0], callbacks=gn.callbacks.HealthCheck([[1.0]], [1.0]))
