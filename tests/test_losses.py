"""Losses in networks: from the user's targets to training, metrics, files and words."""

from __future__ import annotations

import json

import numpy as np
import pytest

import checks
import glassnet as gn
from glassnet.description import Description
from glassnet.engines.loops import write_loops
from glassnet.program import Program
from glassnet.rules.layers import Dense
from glassnet.rules.losses import LOSSES, loss_from_json
from glassnet.rules.optimizers import SGD
from strategies import ALL_LOSSES

EVERY = pytest.mark.parametrize("loss", ALL_LOSSES, ids=str)


def network(loss, dtype="float64", seed=0):
    """Make a network that ends as the loss wants it."""
    several = loss.target_columns(3) == 1
    outputs = len(loss.quantiles) if several else 3
    last = "ascending" if several else next(iter(loss.short))
    layers = (gn.Dense(5, "tanh"), gn.Dense(outputs, last))
    return gn.Network(2, *layers, loss=loss, dtype=dtype, random_state=seed)


def rows_for(loss, rows=24, seed=0):
    random = np.random.RandomState(seed)
    outputs = network(loss).description.outputs
    X = random.standard_normal((rows, 2))
    return X, checks.targets(loss.targets, (rows, loss.target_columns(outputs)), random)


# ------------------------------------------------------------------------ every one of them


@EVERY
def test_every_loss_is_checked_traced_explained_evaluated_and_saved(loss, tmp_path):
    net = network(loss)
    X, y = rows_for(loss)
    assert net.check_gradients(X[:5], y[:5]).passed
    trace = net.trace(X, y)
    assert net.evaluate(X, y)["loss"] == pytest.approx(float(trace["loss"]), rel=1e-13)
    assert str(trace.explain("loss"))
    assert f"loss {loss}, " in net.program().source
    assert f"loss {loss}, " in str(net)
    net.save(tmp_path / "model.safetensors")
    again = gn.load(tmp_path / "model.safetensors")
    assert again.description == net.description
    np.testing.assert_array_equal(again.predict(X), net.predict(X))


@EVERY
def test_every_loss_is_made_smaller_by_training(loss):
    net = network(loss)
    X, y = rows_for(loss)
    before = net.evaluate(X, y)["loss"]
    rate = 0.001 if loss.rows == "sum" else 0.02
    net.fit(X, y, epochs=20, batch_size=8, optimizer=gn.SGD(rate), engine="numpy", validation=0.25)
    assert net.evaluate(X, y)["loss"] < before


@EVERY
def test_a_sample_weight_of_2_is_a_row_twice(loss):
    net = network(loss)
    X, y = rows_for(loss, 4)
    twice = [0, 1, 1, 3, 3, 3]
    weighted = net.trace(X, y, sample_weight=[1, 2, 0, 3])
    repeated = net.trace(X[twice], y[twice])
    for name in ("loss", "dW1", "db1", "dW2", "db2"):
        np.testing.assert_allclose(weighted[name], repeated[name], rtol=1e-12, atol=1e-14)
    counted = net.evaluate(X, y, sample_weight=[1, 2, 0, 3])["loss"]
    assert counted == pytest.approx(net.evaluate(X[twice], y[twice])["loss"], rel=1e-13)


@EVERY
def test_validation_shows_the_loss_that_is_trained(loss):
    net = network(loss)
    X, y = rows_for(loss)
    history = net.fit(
        X, y, epochs=1, batch_size=None, optimizer=gn.SGD(0.0), validation=(X, y), engine="numpy"
    )
    assert history.validation_loss[0] == pytest.approx(history.loss[0], rel=1e-13)


# ---------------------------------------------------------------------------- names and files


def test_a_loss_is_given_by_name_or_made():
    assert gn.Network("2-1 linear", loss="huber").description.loss == gn.Huber()
    made = gn.Network("2-1 linear", loss=gn.Huber(delta=2.0))
    assert "loss = huber(z1, y, w, delta=2.0)" in made.program().source
    assert "dz1 = huber_slope(z1, y, w, delta=2.0)" in made.program().source
    assert repr(made).endswith("loss=Huber(delta=2.0))")
    assert eval(repr(made), vars(gn)).description == made.description
    assert "loss = huber(z1, y, w)\n" in gn.Network("2-1 linear", loss="huber").program().source
    with pytest.raises(gn.DescriptionError, match=r"give gn.Huber\(\)"):
        gn.Network("2-1 linear", loss=gn.Huber)
    with pytest.raises(gn.DescriptionError, match="did you mean 'huber'"):
        gn.Network("2-1 linear", loss="hubert")


def test_descriptions_with_other_options_are_not_equal():
    one, other = (Description(2, (Dense(1),), gn.Huber(delta)) for delta in (1.0, 2.0))
    assert one != other
    assert one == Description(2, (Dense(1),), "huber")
    assert hash(one) == hash(Description(2, (Dense(1),), "huber"))
    assert len({one, other}) == 2


def test_files_written_before_there_were_options_are_still_read():
    for name in ("mean_squared_error", "half_squared_error_sum", "cross_entropy"):
        data = Description.read("2-3 linear", loss=name).to_json()
        assert data["loss"] == name  # as text, as it always was
        assert Description.from_json(json.loads(json.dumps(data))).loss == LOSSES[name]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("", "must be a name"),
        (3, "must be a name"),
        (None, "must be a name"),
        ("hubert", "unknown loss"),
        ({}, "unknown loss"),
        ({"name": "huber"}, "unknown loss"),
        ({"name": "Dense"}, "unknown loss"),
        ({"name": "Huber", "delta": -1}, "delta must be"),
        ({"name": "Huber", "delta": [1]}, "delta must be"),
        ({"name": "Huber", "slope": 1}, "no option"),
        ({"name": "Quantile", "quantiles": "0.5"}, "levels between"),
        ({"name": "Quantile", "quantiles": [0.5, [0.7]]}, "levels between"),
        ({"name": "CrossEntropy", "label_smoothing": "__import__('os')"}, "label_smoothing must"),
    ],
)
def test_other_data_is_no_loss(data, words):
    with pytest.raises(gn.DescriptionError, match=words):
        loss_from_json(data)


# --------------------------------------------------------------------------------- quantiles

LEVELS = (0.1, 0.5, 0.9)


def spreading(rows, seed=0):
    """Draw a target whose spread grows along x: 0.5 + x for x from 0 to 1."""
    random = np.random.RandomState(seed)
    x = random.uniform(0, 1, (rows, 1))
    return x, x[:, 0] + (0.5 + x[:, 0]) * random.standard_normal(rows)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_quantiles_never_cross_whatever_the_weights(dtype):
    levels = tuple(np.linspace(0.02, 0.98, 25).tolist())
    net = gn.Network(
        2, gn.Dense(8, "relu"), gn.Dense(25, "ascending"), loss=gn.Quantile(levels), dtype=dtype
    )
    random = np.random.RandomState(0)
    for size in (1e-3, 1.0, 30.0, 1e3, 1e8):
        for name in net.weights:
            shape = net.weights[name].shape
            net.weights[name] = size * random.standard_normal(shape)
        outputs = net.predict(10 * random.standard_normal((500, 2)))
        assert np.isfinite(outputs).all()
        assert (np.diff(outputs, axis=1) >= 0).all()


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_quantiles_are_those_of_the_target(engine):
    x, y = spreading(2000)
    net = gn.Network("1-16-3 tanh ascending", loss=gn.Quantile(LEVELS), random_state=0)
    net.fit(x, y, epochs=60, batch_size=50, optimizer=gn.Adam(0.01), engine=engine)
    outputs = net.predict(x)
    assert (np.diff(outputs, axis=1) > 0).all()
    np.testing.assert_allclose(np.mean(y[:, None] < outputs, axis=0), LEVELS, atol=0.03)
    places = np.array([[0.1], [0.9]])
    wanted = places + (0.5 + places) * np.array([-1.2816, 0, 1.2816])  # of a normal number
    np.testing.assert_allclose(net.predict(places), wanted, atol=0.25)


def test_one_quantile_is_of_each_target_and_needs_no_activation():
    net = gn.Network("2-3 linear", loss=gn.Quantile(0.5), dtype="float64", random_state=0)
    X, y = rows_for(gn.Quantile())
    half = gn.Network("2-3 linear", loss="mean_absolute_error", dtype="float64", random_state=0)
    assert net.evaluate(X, y)["loss"] == pytest.approx(half.evaluate(X, y)["loss"] / 2)


def test_quantiles_take_one_column_of_targets():
    net = network(gn.Quantile(LEVELS))
    X, y = rows_for(gn.Quantile(LEVELS))
    assert net.evaluate(X, y[:, 0]) == net.evaluate(X, y)
    assert net.program().inputs[1].shape == ("m", 1)
    with pytest.raises(gn.DataError, match=r"3 outputs for 1 column of targets.*\(24, 1\)"):
        net.evaluate(X, np.hstack([y, y, y]))
    assert net.evaluate(X, y, metrics=["mae"])["mae"] > 0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: gn.Quantile(()), "levels between 0 and 1"),
        (lambda: gn.Quantile((0.5, 0.5)), "ascending order"),
        (lambda: gn.Quantile((0.9, 0.1)), "ascending order"),
        (lambda: gn.Quantile((0.0, 0.5)), "between 0 and 1"),
        (lambda: gn.Quantile(1.0), "between 0 and 1"),
        (lambda: gn.Quantile("0.5"), "levels between 0 and 1"),
        (lambda: gn.Network("2-3 linear", loss=gn.Quantile(LEVELS)), "must be ascending"),
        (lambda: gn.Network("2-2 ascending", loss=gn.Quantile(LEVELS)), "needs 3 outputs"),
        (lambda: gn.Network("2-1 linear", loss="cross_entropy"), "at least 2 outputs"),
        (lambda: gn.Network("2-1 linear", loss="focal"), "at least 2 outputs"),
        (lambda: gn.Network("2-1 relu", loss="poisson"), "must be exp"),
        (lambda: gn.Network("2-1 tanh", loss="hinge"), "must be linear"),
        (lambda: gn.Huber(0), "delta must be a number above 0"),
        (lambda: gn.CrossEntropy(1.0), "label_smoothing must be"),
        (lambda: gn.Focal(-1), "gamma must be"),
    ],
)
def test_what_cannot_be_is_refused(make, words):
    with pytest.raises(gn.DescriptionError, match=words):
        make()


def test_numbers_of_the_text_and_running_sums_are_written_into_loops():
    program = Program(Description(2, (Dense(3, "ascending"),), gn.Quantile(LEVELS)), SGD())
    text = write_loops(program, tiny=False)
    assert "np.array((0.1, 0.5, 0.9), real)" in text
    assert "y[i, 0]" in text


# ------------------------------------------------------------------------------------ counts


def test_rates_are_learnt_from_counts():
    random = np.random.RandomState(0)
    x = random.uniform(-1, 1, (4000, 1))
    counts = random.poisson(np.exp(0.5 + x[:, 0]))
    rates = gn.Network("1-1 exp", loss="poisson", dtype="float64", random_state=0)
    rates.fit(x, counts, epochs=50, optimizer="lbfgs")
    assert rates.weights["W1"][0, 0] == pytest.approx(1, abs=0.05)
    assert rates.weights["b1"][0] == pytest.approx(0.5, abs=0.05)
    logarithms = gn.Network("1-1 linear", loss="poisson", dtype="float64", random_state=0)
    for name in rates.weights:
        logarithms.weights[name] = rates.weights[name]
    np.testing.assert_allclose(np.exp(logarithms.predict(x)), rates.predict(x), rtol=1e-14)
    assert logarithms.evaluate(x, counts) == rates.evaluate(x, counts)


def test_a_count_below_0_is_named():
    net = gn.Network("1-1 exp", loss="poisson")
    with pytest.raises(gn.DataError, match=r"0 or more.* poisson, got -1.0 in row 1, column 0"):
        net.fit([[0.0], [1.0]], [2, -1])


# ------------------------------------------------------------------------ yes and no, margins


@pytest.mark.parametrize("no", [0, -1])
def test_a_hinge_learns_either_way_of_saying_no(no):
    random = np.random.RandomState(0)
    X = random.standard_normal((200, 2))
    yes = X[:, 0] + X[:, 1] > 0
    net = gn.Network("2-1 linear", loss="hinge", random_state=0)
    history = net.fit(
        X, np.where(yes, 1, no), epochs=30, optimizer=gn.Adam(0.05), metrics=["accuracy"],
        validation=0.2, engine="numpy",
    )  # fmt: skip
    assert history.metrics["accuracy"][-1] > 0.95
    found = net.evaluate(X, np.where(yes, 1, no), metrics=["accuracy"])["accuracy"]
    assert found == np.mean((net.predict(X)[:, 0] > 0) == yes)


@pytest.mark.parametrize("wrong", [[1, 0, -1], [1, 0.5, 0], [1, 2, 0], [-1, 1, -0.5]])
def test_a_hinge_refuses_what_is_neither_yes_nor_no(wrong):
    net = gn.Network("1-1 linear", loss="hinge")
    with pytest.raises(gn.DataError, match="must be 0 or 1, or −1 or 1, for hinge"):
        net.evaluate([[0.0], [1.0], [2.0]], wrong)


@pytest.mark.parametrize("loss", ["multiclass_hinge", "focal", "cross_entropy"])
def test_classes_are_learnt_by_number_or_one_hot(loss):
    random, y = np.random.RandomState(0), np.arange(150) % 3
    X = random.standard_normal((150, 2)) + np.array([[0, 3], [3, 0], [-3, -3]])[y]
    last = "linear" if loss == "multiclass_hinge" else "softmax"
    net = gn.Network(2, gn.Dense(32, "relu"), gn.Dense(3, last), loss=loss, random_state=0)
    assert net.evaluate(X, y) == net.evaluate(X, np.eye(3)[y])
    net.fit(X, y, epochs=30, optimizer=gn.Adam(0.02), engine="numpy")
    found = net.evaluate(X, y, metrics=["accuracy"])["accuracy"]
    assert found == np.mean(np.argmax(net.predict(X), axis=1) == y)
    assert found > 0.9


@pytest.mark.parametrize(
    ("loss", "last", "cut"),
    [
        ("binary_cross_entropy", "sigmoid", 0.5),
        ("binary_cross_entropy", "linear", 0.0),
        ("binary_focal", "sigmoid", 0.5),
        ("binary_focal", "linear", 0.0),
        ("hinge", "linear", 0.0),
    ],
)
def test_several_labels_at_once_are_each_a_yes_or_no(loss, last, cut, tmp_path):
    random = np.random.RandomState(1)
    X = random.standard_normal((300, 4))
    y = (X[:, :3] + X[:, 1:] > 0).astype(int)  # none, one or several of three labels
    net = gn.Network(
        4, gn.Dense(16, "relu"), gn.Dense(3, last), loss=loss, dtype="float64", random_state=0
    )
    history = net.fit(
        X,
        y,
        epochs=40,
        optimizer=gn.Adam(0.02),
        metrics=["accuracy"],
        validation=0.2,
        engine="numpy",
    )
    assert history.validation_metrics["accuracy"][-1] > 0.9
    found = net.evaluate(X, y, metrics=["accuracy"])["accuracy"]
    assert found == np.mean((net.predict(X) > cut) == y)
    net.save(tmp_path / "labels.safetensors")
    assert gn.load(tmp_path / "labels.safetensors").evaluate(X, y) == net.evaluate(X, y)
    with pytest.raises(gn.DataError, match="row 2, column 1"):
        net.evaluate(X, np.where(np.arange(900).reshape(300, 3) == 7, 2, y))


# --------------------------------------------------------------------------- label smoothing


def test_smoothed_targets_are_what_is_learnt():
    X, y = np.eye(3), np.arange(3)
    net = gn.Network(
        "3-3 softmax", loss=gn.CrossEntropy(label_smoothing=0.3), dtype="float64", random_state=0
    )
    assert "loss = cross_entropy(z1, smoothed(y, 0.3), w)" in net.program().source
    assert "dz1 = cross_entropy_error(a1, smoothed(y, 0.3), w)" in net.program().source
    net.fit(X, y, epochs=500, optimizer="lbfgs")
    np.testing.assert_allclose(net.predict(X), 0.1 + 0.7 * np.eye(3), atol=1e-4)


def test_smoothed_yes_and_no_are_what_is_learnt():
    net = gn.Network(
        "2-1 sigmoid", loss=gn.BinaryCrossEntropy(label_smoothing=0.2), dtype="float64"
    )
    net.fit(np.eye(2), [0, 1], epochs=500, optimizer="lbfgs")
    np.testing.assert_allclose(net.predict(np.eye(2)), [[0.1], [0.9]], atol=1e-4)
