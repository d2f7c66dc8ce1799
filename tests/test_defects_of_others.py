"""Defects that were read in the code of other tools: each has a test that would find it here.

A comment names the tool and what it does; the test says what is right. Others build on the same
formulas, so each of these mistakes was once made by somebody who knew them.
"""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest

import glassnet as gn
from glassnet.arrays import check_rows
from glassnet.batches import Batches
from glassnet.rules.activations import ACTIVATIONS
from glassnet.rules.losses import LOSSES
from glassnet.training.split import split

RANDOM = np.random.RandomState(0)
X = RANDOM.standard_normal((24, 3))
CLASSES = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)
Y = X[:, :1] - 2 * X[:, 1:2]


def network(*layers, loss="", seed=0):
    layers = layers or (gn.Dense(5, "tanh"), gn.Dense(1))
    return gn.Network(3, *layers, loss=loss, dtype="float64", random_state=seed)


def fit(net, y=Y, x=X, **options):
    return net.fit(x, y, **{"epochs": 1, "verbose": False, "engine": "numpy", **options})


def weights(net):
    return {name: np.array(value) for name, value in net.weights.items()}


def gradients(net, x, y):
    """Give the gradient of all rows together by each parameter, read from a trace."""
    trace = net.trace(x, y)
    return {p.name: np.array(trace[f"d{p.name}"]) for p in net.values.program.parameters}


# ------------------------------------------------------------------------------------ mlxtend


def test_probabilities_go_through_softmax_once():
    """mlxtend 0.25: predict_proba takes the softmax of outputs that are one already."""
    net = network(gn.Dense(4, "tanh"), gn.Dense(3, "softmax"))
    w = weights(net)
    z = np.tanh(X @ w["W1"] + w["b1"]) @ w["W2"] + w["b2"]
    once = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    assert net.predict(X).shape == (24, 3)
    np.testing.assert_allclose(net.predict(X), once, rtol=1e-12)
    sure = -np.log(once[np.arange(24), CLASSES]).mean()
    assert net.evaluate(X, CLASSES)["loss"] == pytest.approx(sure)


def test_dropout_drops():
    """mlxtend 0.25: the argument `dropout` is accepted and ignored."""
    layers = gn.Dense(50, "tanh"), gn.Dropout(0.4), gn.Dense(1)
    kept = network(*layers).trace(X, Y)["h1"] != 0
    assert 0.5 < kept.mean() < 0.7
    without = network(layers[0], layers[2])
    dropped = network(*layers)
    assert fit(dropped).loss[0] != fit(without).loss[0]


@pytest.mark.parametrize("loss", LOSSES)
def test_what_enters_the_loss_enters_the_gradient(loss):
    """mlxtend 0.25: the L1 penalty is part of the cost, and of no gradient."""
    kind, short = LOSSES[loss].targets, next(iter(LOSSES[loss].short), "linear")
    outputs = 3 if kind == "classes" else 1
    yes = CLASSES[:, None] > 0
    y = {"classes": CLASSES, "zero_one": yes, "signs": yes, "counts": CLASSES}.get(kind, Y)
    net = network(gn.Dense(4, "tanh"), gn.Dense(outputs, short), loss=loss)
    assert net.check_gradients(X, y).passed


@pytest.mark.parametrize("penalty", [{"l1": 0.1}, {"l2": 0.1}], ids=str)
def test_a_penalty_enters_the_loss_and_the_gradient(penalty):
    """mlxtend 0.25: the same, with a penalty."""
    plain = network(gn.Dense(5, "tanh"), gn.Dense(1))
    net = network(gn.Dense(5, "tanh", **penalty), gn.Dense(1))
    w = weights(net)["W1"]
    size, slope = (np.abs(w), np.sign(w)) if "l1" in penalty else (w**2, 2 * w)
    trace, without = net.trace(X, Y), plain.trace(X, Y)
    assert trace["loss"] - without["loss"] == pytest.approx(0.1 * size.sum())
    np.testing.assert_allclose(trace["dW1"] - without["dW1"], 0.1 * slope, atol=1e-12)
    assert net.check_gradients(X, Y).passed


def test_an_l2_penalty_is_as_strong_in_any_batch():
    """scikit-learn: alpha is divided by the rows of the batch."""
    for rows in (4, 24):
        net = network(gn.Dense(1, l2=0.25))
        before = weights(net)["W1"]
        fit(net, np.zeros(rows), np.zeros((rows, 3)), batch_size=None, optimizer=gn.SGD(0.1))
        np.testing.assert_allclose(net.weights["W1"], (1 - 0.1 * 2 * 0.25) * before, rtol=1e-12)


def test_momentum_carries_steps_that_have_the_size_of_the_learning_rate():
    """mlxtend 0.25: momentum adds the last gradient as it is, without the learning rate."""
    moved = {}
    for rate in (1e-6, 2e-6):  # so small that the gradient stays what it is
        net = network()
        slope, before = gradients(net, X, Y), weights(net)
        fit(net, batch_size=None, epochs=3, optimizer=gn.SGD(rate, momentum=0.9))
        moved[rate] = before["W1"] - net.weights["W1"]
        parts = 1 + (1 + 0.9) + (1 + 0.9 + 0.81)
        np.testing.assert_allclose(moved[rate], rate * parts * slope["W1"], rtol=1e-4)
    np.testing.assert_allclose(moved[2e-6], 2 * moved[1e-6], rtol=1e-4)


@pytest.mark.parametrize(
    "schedule", [gn.TimeDecay(0.1, 3.0), gn.Step(0.1, 0.5, 4), gn.Exponential(0.1, 0.01)]
)
def test_a_rate_falls_by_epochs_whatever_the_batches_are(schedule):
    """mlxtend 0.25: a decay that is documented for each epoch is applied for each batch."""
    for epoch in range(1, 8):
        first = [
            fit(network(), epochs=epochs, batch_size=size, optimizer=gn.SGD(schedule))
            for epochs, size in ((8, None), (8, 12), (8, 4))
        ]
        at_start = [history.learning_rate[epoch - 1] for history in first]
        assert at_start[0] == schedule.rate((epoch - 1) / 8)
        for per_epoch, rate in zip((1, 2, 6), at_start, strict=True):
            assert rate == pytest.approx(schedule.rate((epoch - 1 / per_epoch) / 8))


def test_the_step_does_not_grow_with_the_batch():
    """mlxtend 0.25: the gradient is the sum over the batch, so eta means less in a small one."""
    once, twice = network(), network()
    fit(once, batch_size=None, optimizer=gn.SGD(0.1))
    fit(twice, np.tile(Y, (2, 1)), np.tile(X, (2, 1)), batch_size=None, optimizer=gn.SGD(0.1))
    for name, value in weights(once).items():
        np.testing.assert_allclose(twice.weights[name], value, rtol=1e-12)


# ----------------------------------------------------------------- ConvNetJS, Playground, nnfs


def test_the_first_step_of_adam_is_as_long_as_its_rate():
    """ConvNetJS: means are multiplied by 1 − beta^t, where they must be divided by it."""
    net = network()
    slope, before = gradients(net, X, Y), weights(net)
    fit(net, batch_size=None, optimizer=gn.Adam(1e-3))
    for name, gradient in slope.items():
        step = before[name] - net.weights[name]
        np.testing.assert_allclose(step, 1e-3 * np.sign(gradient), rtol=1e-4)


def test_the_rows_left_over_make_a_step_of_their_own_epoch():
    """Playground: what is left over waits, and is added to the next epoch's first update."""
    net, by_hand = network(), network()
    fit(net, batch_size=10, shuffle=False, optimizer=gn.SGD(0.1))
    assert net.tally.steps == 3
    for rows in (slice(0, 10), slice(10, 20), slice(20, 24)):
        for name, gradient in gradients(by_hand, X[rows], Y[rows]).items():
            by_hand.weights[name] = by_hand.weights[name] - 0.1 * gradient
    for name, value in weights(by_hand).items():
        np.testing.assert_allclose(net.weights[name], value, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("activation", ["linear", "tanh", "relu", "selu"])
def test_first_weights_know_how_many_inputs_there_are(activation):
    """Playground: first weights are Math.random() − 0.5 for 2 inputs as for 2,000."""
    for inputs in (10, 1000):
        x = np.random.RandomState(1).standard_normal((500, inputs))
        net = gn.Network(inputs, gn.Dense(inputs, activation), gn.Dense(1), random_state=0)
        assert 0.8 < np.std(x @ net.weights["W1"]) < 1.7
        assert abs(net.weights["W1"].mean()) < 0.3 * net.weights["W1"].std()


def test_every_epoch_has_an_order_of_its_own():
    """nnfs: batches are never shuffled, and always hold the same rows."""
    orders = [Batches(24, 6).order(epoch).tolist() for epoch in range(4)]
    assert all(sorted(order) == list(range(24)) for order in orders)
    assert len({tuple(order) for order in orders}) == 4
    shuffled, in_order = network(), network()
    fit(shuffled, batch_size=6)
    fit(in_order, batch_size=6, shuffle=False)
    assert (shuffled.weights["W1"] != in_order.weights["W1"]).any()


def test_numpy_is_left_as_it_is():
    """nnfs: nnfs.init() puts functions of its own in the place of np.dot, np.zeros, np.random."""
    before, state = dict(vars(np)), np.random.get_state()
    settings = np.geterr()
    fit(network(gn.Dense(4, "gelu"), gn.Dropout(0.5), gn.Dense(1)), epochs=2)
    gn.datasets.spiral(20)
    changed = [name for name, value in vars(np).items() if before.get(name, value) is not value]
    assert changed == []
    assert np.geterr() == settings
    for one, other in zip(state, np.random.get_state(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_signals_do_not_fade_from_layer_to_layer(activation):
    """nnfs: weights begin as 0.01 · randn, so the tenth layer of such a network is all but 0."""
    layers = [gn.Dense(64, activation) for _ in range(10)]
    trace = network(*layers, gn.Dense(1)).trace(X, Y)
    assert np.std(trace["a10"]) > 0.2 * np.std(trace["a1"])


# ------------------------------------------------------------------------------- scikit-learn


def test_early_stopping_watches_the_loss_and_not_the_accuracy():
    """scikit-learn: only accuracy or R² is watched, and a plateau of it ends a loss that falls."""
    net = network(gn.Dense(3, "softmax"))
    y = (X[:, 0] > 0).astype(int)
    history = fit(
        net, y, epochs=60, early_stopping=3, validation=(X, y), metrics="accuracy",
        optimizer=gn.SGD(0.01), batch_size=None,
    )  # fmt: skip
    accuracy = history.validation_metrics["accuracy"]
    plateau = max(len(run) for run in "".join(np.where(np.diff(accuracy) > 0, "|", "-")).split("|"))
    assert plateau > 3
    assert (np.diff(history.validation_loss) < 0).all()
    assert history.epochs == 60


@pytest.mark.parametrize("optimizer", [gn.SGD(0.1, weight_decay=0.5), gn.AdamW(0.1)])
def test_weight_decay_is_as_strong_in_any_batch(optimizer):
    """scikit-learn: alpha is divided by the rows of the batch."""
    shrunk = []
    for rows in (4, 24):
        net = network(gn.Dense(1))
        still = np.zeros((rows, 3))  # no weight has a part in the loss
        before = weights(net)["W1"]
        fit(net, np.zeros(rows), still, batch_size=None, optimizer=optimizer)
        shrunk.append(net.weights["W1"] / before)
    np.testing.assert_allclose(shrunk[0], 1 - 0.1 * optimizer.weight_decay, rtol=1e-12)
    np.testing.assert_array_equal(*shrunk)


def test_validation_rows_may_be_given():
    """scikit-learn: rows of one's own for early stopping cannot be given."""
    own, y = RANDOM.standard_normal((7, 3)), RANDOM.standard_normal((7, 1))
    with_them, alone = network(), network()
    history = fit(with_them, epochs=4, validation=(own, y))
    fit(alone, epochs=4)
    assert history.validation_loss[-1] == pytest.approx(alone.evaluate(own, y)["loss"])
    for name, value in weights(alone).items():  # and nothing is learnt from them
        np.testing.assert_array_equal(with_them.weights[name], value)


# --------------------------------------------------------------- Keras, fastai, pytabkit, thinc


def test_validation_rows_of_sorted_data_are_of_every_class():
    """Keras: validation_split takes the last rows, which are of one class where they are sorted."""
    net = gn.Network("1-3 softmax", random_state=0)
    y = np.repeat([0, 1, 2], 20)
    rows = check_rows(np.arange(60.0)[:, None], y, None, net.description, "float32")
    chosen = []
    for seed in (0, 1):
        training, held_out = split(rows, 0.25, net.description, seed)
        assert held_out.y.sum(axis=0).tolist() == [5, 5, 5]
        assert not set(training.x.ravel()) & set(held_out.x.ravel())
        chosen.append(held_out.x.ravel().tolist())
    assert chosen[0] != chosen[1]


def test_a_cell_missing_at_prediction_only_is_named():
    """fastai: AssertionError for a column that has no gap in training, and one later."""
    train = gn.Table.from_arrays([[1.0, 2.0], [3.0, 1.0], [2.0, 2.5]], [1.0, 2.0, 3.0])
    preparation = gn.table.Preparation.learn(train, "y")
    later = gn.Table.from_arrays([[1.0, 2.0], [3.0, np.nan]], [1.0, 2.0])
    with pytest.raises(gn.TableError, match=r"row 2.*x2.*missing|x2.*row 2.*missing"):
        preparation.features_of(later)
    lacking = gn.Table.from_arrays([[1.0], [3.0]], [1.0, 2.0])
    with pytest.raises(gn.TableError, match="lacks 'x2'"):
        preparation.features_of(lacking)


def test_decoupled_decay_is_applied_once():
    """pytabkit: a parameter's own factors of rate and decay are applied twice, as squares."""
    net = network(gn.Dense(1))
    before = weights(net)
    fit(
        net,
        np.zeros(24),
        np.zeros((24, 3)),
        batch_size=None,
        optimizer=gn.AdamW(0.1, weight_decay=0.5),
    )
    np.testing.assert_allclose(net.weights["W1"], (1 - 0.1 * 0.5) * before["W1"], rtol=1e-12)
    np.testing.assert_array_equal(net.weights["b1"], before["b1"])


MISSPELT = {
    "fit": lambda: fit(network(), batchsize=3),
    "find_learning_rate": lambda: network().find_learning_rate(X, Y, step=10),
    "network": lambda: gn.Network(3, gn.Dense(1), los="mean_squared_error"),
    "layer": lambda: gn.Dense(3, activaton="relu"),
    "optimizer": lambda: gn.Adam(learningrate=0.1),
    "schedule": lambda: gn.Cosine(0.1, ends=0.0),
    "initializer": lambda: gn.Normal(scales=1.0),
    "optimizer from a file": lambda: gn.Adam.from_json({"learning_rates": 0.1}),
    "name of an activation": lambda: gn.Dense(3, "rleu"),
    "name of a metric": lambda: fit(network(), metrics="acuracy"),
    "name of an engine": lambda: fit(network(), engine="nunba"),
}


@pytest.mark.parametrize("misspelt", MISSPELT.values(), ids=MISSPELT)
def test_a_misspelt_option_is_refused(misspelt):
    """pytabkit: "parameter typos in **config will often not be caught"."""
    with pytest.raises((TypeError, gn.DescriptionError)):
        misspelt()


def test_no_public_function_takes_options_of_any_name():
    """The same: `**config` is where typos hide."""
    methods = [f for _, f in inspect.getmembers(gn.Network, inspect.isfunction)]
    public = [getattr(gn, name) for name in gn.__all__ if name not in gn.MODULES]
    for function in (*methods, *public):
        if not callable(function) or (
            isinstance(function, type) and issubclass(function, Exception)
        ):
            continue
        kinds = {p.kind for p in inspect.signature(function).parameters.values()}
        assert inspect.Parameter.VAR_KEYWORD not in kinds, function


def test_the_gradient_check_works_and_finds_a_wrong_slope(monkeypatch):
    """thinc: its numeric test of gradients says that it does not work since a refactoring."""
    layers = gn.Dense(4, "tanh"), gn.LayerNorm(), gn.Dense(3, "softmax")
    assert network(*layers).check_gradients(X, CLASSES).passed

    def tanh_slope(z, a):
        return 1 - a * a * a

    monkeypatch.setattr(ACTIVATIONS["tanh"].slope, "__code__", tanh_slope.__code__)
    found = network(*layers).check_gradients(X, CLASSES)
    assert not found.passed
    assert found.worst["W1"] > 1e-3 > 1e-8 > found.worst["W2"]


# ----------------------------------------------------------------------------------- NN-SVG


def test_a_drawing_shows_the_numbers_of_the_network():
    """NN-SVG: edges "proportional to the weights" are drawn by random numbers."""
    net = gn.Network("3-4-2 tanh linear", dtype="float64", random_state=0)
    w = weights(net)
    ratios = []
    for drawing in (net.draw(), net.draw(X)):
        named = r'<line [^>]*stroke-width="([^"]+)"[^>]*><title>(W\d)\[(\d), (\d)\] = ([^<]+)<'
        found = re.findall(named, drawing.svg)
        assert len(found) == 3 * 4 + 4 * 2
        for width, name, i, j, shown in found:
            value = w[name][int(i), int(j)]
            assert float(shown.replace("−", "-")) == value
            ratios.append((float(width) - 0.5) / abs(value))  # above the thinnest line there is
    np.testing.assert_allclose(ratios, ratios[0], rtol=0.05)
