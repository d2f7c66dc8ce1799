"""Training: what a fit computes, when it stops, and what it leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tracemalloc
from typing import ClassVar

import numpy as np
import pytest
from scipy.optimize import minimize

import glassnet as gn
from glassnet import engines
from glassnet.engines.numpy import NumpyEngine
from glassnet.rules.randomness import order_of_rows
from glassnet.training import loop, pace, run
from glassnet.training.lbfgs import Objective
from glassnet.training.loop import rates_between
from glassnet.training.split import split
from glassnet.views import progress

RANDOM = np.random.RandomState(0)
X = RANDOM.randn(23, 2)
Y = X[:, :1] * 2 - X[:, 1:] + 0.3
CLASSES = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)


def network(dtype="float64", **options):
    layers = (gn.Dense(5, "tanh"), gn.Dense(1))
    return gn.Network(2, *layers, dtype=dtype, random_state=0, **options)


def fit(net, y=Y, *, x=X, **options):
    return net.fit(x, y, **{"engine": "numpy", "verbose": False, **options})


def numbers(net):
    return {name: value.copy() for name, value in net.values.by_name.items()}


def assert_equal_bits(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)


# --------------------------------------------------------------- what a fit holds in memory


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_a_fit_holds_nothing_as_long_as_rows_that_need_no_change(engine):
    x = np.zeros((20_000, 400), np.float32)
    y = np.zeros((20_000, 1), np.float32)
    net = gn.Network("400-2-1 tanh linear", random_state=0)
    fit(net, y[:640], x=x[:640], epochs=2, engine=engine)  # makes what is kept
    tracemalloc.start()
    try:
        fit(net, y, x=x, epochs=2, engine=engine)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 0.1 * x.nbytes


# ------------------------------------------------------------------- what a fit computes


def by_plain_formulas(net, epochs, rate, weights, seed, batch, *, adds_up=False):
    """Train a 2-5-1 tanh linear network on the mean squared error, in formulas of its own."""
    w1, b1, w2, b2 = (np.array(net.weights[n]) for n in ("W1", "b1", "W2", "b2"))
    losses = []
    for epoch in range(epochs):
        order = order_of_rows(seed, epoch, len(X))
        total = 0.0
        for start in range(0, len(X), batch):
            rows = order[start : start + batch]
            x, y, w = X[rows], Y[rows], weights[rows, None]
            share = w if adds_up else w / w.sum()
            a = np.tanh(x @ w1 + b1)
            error = a @ w2 + b2 - y
            loss = (share * error**2).sum() * (0.5 if adds_up else 1)
            total += loss * (1 if adds_up else w.sum() / weights.sum())
            d = share * error * (1 if adds_up else 2)
            da = d @ w2.T * (1 - a**2)
            w1, b1 = w1 - rate * x.T @ da, b1 - rate * da.sum(axis=0)
            w2, b2 = w2 - rate * a.T @ d, b2 - rate * d.sum(axis=0)
        losses.append(total)
    return losses, {"W1": w1, "b1": b1, "W2": w2, "b2": b2}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", ["mean_squared_error", "half_squared_error_sum"])
def test_epochs_against_plain_formulas(weighted, loss):
    net = network(loss=loss)
    weights = np.random.RandomState(1).uniform(0.5, 2, len(X)) if weighted else np.ones(len(X))
    adds_up = loss.endswith("sum")
    losses, expected = by_plain_formulas(net, 6, 0.02, weights, 0, 5, adds_up=adds_up)
    given = weights if weighted else None
    history = fit(net, epochs=6, batch_size=5, optimizer=gn.SGD(0.02), sample_weight=given)
    np.testing.assert_allclose(history.loss, losses, rtol=1e-12)
    for name, value in expected.items():
        np.testing.assert_allclose(net.weights[name], value, rtol=1e-10)
    assert history.learning_rate.tolist() == [0.02] * 6
    assert history.stopped == "finished"
    assert (net.tally.epochs, net.tally.steps) == (6, 30)


def test_without_shuffle_rows_are_taken_in_order():
    shuffled, in_order, whole = network(), network(), network()
    for net, options in ((shuffled, {}), (in_order, {"shuffle": False})):
        fit(net, epochs=2, batch_size=1, optimizer="sgd", **options)
    for row in [*range(len(X)), *range(len(X))]:
        trained = {"epochs": 1, "batch_size": None, "optimizer": "sgd"}
        fit(whole, Y[row : row + 1], x=X[row : row + 1], **trained)
    np.testing.assert_allclose(in_order.weights["W1"], whole.weights["W1"], rtol=1e-12)
    assert (in_order.weights["W1"] != shuffled.weights["W1"]).any()


def test_a_whole_weight_is_a_row_given_so_often():
    counts = np.random.RandomState(2).randint(0, 4, len(X))
    weighted, repeated = network(), network()
    same = {"epochs": 30, "batch_size": None, "optimizer": gn.Adam(0.05)}
    one = fit(weighted, sample_weight=counts, **same)
    other = fit(repeated, np.repeat(Y, counts, 0), x=np.repeat(X, counts, 0), **same)
    np.testing.assert_allclose(one.loss, other.loss, rtol=1e-10)
    np.testing.assert_allclose(weighted.weights["W1"], repeated.weights["W1"], rtol=1e-8)


def test_rows_of_weight_0_are_dropped_before_batches_are_cut():
    weights = (np.arange(len(X)) % 2).astype(float)
    dropped, absent = network(), network()
    one = fit(dropped, sample_weight=weights, epochs=3, batch_size=4)
    other = fit(absent, Y[1::2], x=X[1::2], epochs=3, batch_size=4, sample_weight=weights[1::2])
    np.testing.assert_array_equal(one.loss, other.loss)
    assert_equal_bits(numbers(dropped), numbers(absent))


def test_a_batch_larger_than_the_rows_is_all_rows():
    one, other = network(), network()
    fit(one, epochs=3, batch_size=1000)
    fit(other, epochs=3, batch_size=None)
    assert_equal_bits(numbers(one), numbers(other))


def test_a_learning_rate_of_0_changes_nothing():
    net = network()
    before = numbers(net)
    history = fit(net, epochs=3, optimizer=gn.SGD(0.0), batch_size=None)
    assert_equal_bits(before, numbers(net))
    assert len(set(history.loss)) == 1


def test_a_schedule_runs_over_the_fit():
    history = fit(network(), epochs=4, batch_size=6, optimizer=gn.SGD(gn.Cosine(0.1)))
    steps = 4 * 4
    expected = [0.05 * (1 + np.cos(np.pi * (4 * e + 3) / steps)) for e in range(4)]
    np.testing.assert_allclose(history.learning_rate, expected, rtol=1e-12)


# ---------------------------------------------------------------------------- equal bits


def everything(dtype="float32"):
    """A network with a mask, running statistics and an optimizer with state and corrections."""
    layers = (gn.Dense(6, "relu"), gn.BatchNorm(), gn.Dropout(0.3), gn.Dense(3, "softmax"))
    return gn.Network(2, *layers, random_state=1, dtype=dtype)


def test_two_runs_are_equal_bit_for_bit():
    runs = [(net := everything(), fit(net, CLASSES, epochs=7, batch_size=4)) for _ in range(2)]
    np.testing.assert_array_equal(runs[0][1].loss, runs[1][1].loss)
    assert_equal_bits(numbers(runs[0][0]), numbers(runs[1][0]))


def test_another_seed_gives_another_run():
    one, other, same = everything(), everything(), everything()
    histories = [
        fit(net, CLASSES, epochs=2, batch_size=4, random_state=seed)
        for net, seed in ((one, 1), (other, 2), (same, None))
    ]
    assert [h.seed for h in histories] == [1, 2, 1]
    assert histories[0].loss[1] != histories[1].loss[1]
    np.testing.assert_array_equal(histories[0].loss, histories[2].loss)


def test_a_generator_gives_the_seed_and_moves_on():
    random = np.random.RandomState(4)
    seeds = {fit(network(), epochs=1, random_state=random).seed for _ in range(2)}
    seeds.add(fit(network(), epochs=1, random_state=np.random.default_rng(4)).seed)
    assert len(seeds) == 3


@pytest.mark.parametrize("optimizer", [gn.Adam(0.01), gn.SGD(gn.Cosine(0.1), momentum=0.9)])
@pytest.mark.parametrize("steps", [1, 3, 7, 1000])
def test_results_do_not_depend_on_the_lengths_of_chunks(monkeypatch, optimizer, steps):
    options = {"epochs": 9, "batch_size": 4, "optimizer": optimizer}
    weights = np.random.RandomState(1).uniform(0.5, 2, len(X))
    expected = everything()
    history = fit(expected, CLASSES, sample_weight=weights, **options)

    calls = []

    class Fixed(pace.Pace):
        def measured(self, done, seconds):
            calls.append(done)
            self.steps = steps

    monkeypatch.setattr(loop, "Pace", Fixed)
    net = everything()
    other = fit(net, CLASSES, sample_weight=weights, **options)
    np.testing.assert_array_equal(history.loss, other.loss)
    np.testing.assert_array_equal(history.learning_rate, other.learning_rate)
    assert_equal_bits(numbers(expected), numbers(net))
    assert max(calls) == min(steps, 9 * 6 - 1)


def test_rates_do_not_depend_on_the_lengths_of_chunks():
    program = gn.Network("2-1 linear").program("adam")
    whole = rates_between(program, 0, 10, 0, 45_000)
    for length in (1, 3, 16, 1000):
        starts = range(0, 2000 if length == 1 else 45_000, length)
        parts = [rates_between(program, 0, 10, s, min(s + length, 45_000)) for s in starts]
        together = np.concatenate(parts)
        np.testing.assert_array_equal(together, whole[: len(together)])
    exact = [gn.Adam().rates_at(step, 0.0) for step in range(1, 45_001)]
    np.testing.assert_allclose(whole, exact, rtol=0, atol=2.3e-16)


def test_a_pace_grows_to_the_wanted_time_and_no_further():
    own = pace.Pace()
    for _ in range(10):
        own.measured(own.steps, own.steps * 1e-5)
    assert own.steps == pytest.approx(pace.CHUNK_SECONDS / 1e-5, rel=0.01)
    own.measured(own.steps, 100.0)
    assert own.steps < 100
    own.measured(1, 1e9)
    assert own.steps == 1
    for _ in range(10):
        own.measured(own.steps, 0.0)
    assert own.steps == pace.MOST_STEPS


@pytest.mark.parametrize("optimizer", ["adam", gn.SGD(0.05, momentum=0.9)])
def test_5_epochs_twice_are_10_epochs_once(optimizer):
    weights = np.random.RandomState(1).uniform(0.5, 2, len(X))
    options = {"batch_size": 4, "optimizer": optimizer, "sample_weight": weights}
    once, twice = everything(), everything()
    history = fit(once, CLASSES, epochs=10, **options)
    parts = [fit(twice, CLASSES, epochs=5, **options) for _ in range(2)]
    np.testing.assert_array_equal(history.loss, np.concatenate([h.loss for h in parts]))
    assert_equal_bits(numbers(once), numbers(twice))
    assert once.tally == twice.tally


def test_another_optimizer_starts_anew_and_orders_go_on():
    net = everything()
    fit(net, CLASSES, epochs=3, batch_size=4, optimizer=gn.Adam(0.01))
    steps = net.tally.steps
    fit(net, CLASSES, epochs=1, batch_size=4, optimizer=gn.Adam(0.02))
    assert (net.tally.epochs, net.tally.steps) == (4, 6)
    assert steps == 18
    fresh = everything()
    fresh.values.parameters[:], fresh.values.statistics[:] = 0.1, 0.5
    net.values.parameters[:], net.values.statistics[:] = 0.1, 0.5
    fresh.tally.epochs = 4
    for one in (net, fresh):
        fit(one, CLASSES, epochs=1, batch_size=4, optimizer=gn.Adam(0.03))
    assert_equal_bits(numbers(net), numbers(fresh))


def test_a_fit_that_is_refused_leaves_the_state_of_the_optimizer():
    net = everything()
    fit(net, CLASSES, epochs=3, optimizer="adam")
    before, tally = numbers(net), net.tally
    for wrong in (
        {"optimizer": "sgd", "engine": "nump"},
        {"optimizer": "sgd", "batch_size": 1},
        {"optimizer": "sgd", "epochs": 0},
    ):
        with pytest.raises(gn.GlassnetError):
            fit(net, CLASSES, **wrong)
    assert_equal_bits(before, numbers(net))
    assert net.tally == tally
    assert net.optimizer == gn.Adam()


# -------------------------------------------------------------------- options out of range


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"epochs": 0}, "epochs must be a whole number from 1 up, got 0"),
        ({"epochs": 1.5}, "epochs must be"),
        ({"epochs": True}, "epochs must be"),
        ({"batch_size": 0}, "batch_size must be a whole number from 1 up, or None, got 0"),
        ({"optimizer": "adm"}, "did you mean 'adam'"),
        ({"early_stopping": 0}, "early_stopping must be"),
        ({"early_stopping": True}, "early_stopping must be"),
        ({"shuffle": 1}, "shuffle must be True or False"),
        ({"gradients": "nugded"}, "gradients must be 'exact' or 'nudged', got 'nugded'"),
        ({"nudge": 0}, "nudge must be"),
        ({"engine": "nmba"}, "did you mean 'numba'"),
        ({"engine": None}, "engine must be a name"),
        ({"time_limit": 0}, "time_limit must be"),
        ({"time_limit": np.nan}, "time_limit must be"),
        ({"random_state": "a"}, "random_state must be"),
        ({"engine": "foo", "gradients": "nudged"}, "unknown engine 'foo'"),
        ({"random_state": -1}, "random_state must be a whole number from 0 to 2**64 - 1, got -1"),
        ({"optimizer": gn.Adam}, "give gn.Adam()"),
        ({"metrics": 3}, "unknown metric 3"),
        ({"metrics": [[3]]}, "unknown metric [3]"),
        ({"metrics": lambda y, outputs: outputs}, "must give a number, got an array of (23, 1)"),
        ({"metrics": lambda y, outputs: "good"}, "must give a number, got 'good'"),
        ({"metrics": lambda y, outputs: None}, "must give a number, got None"),
        ({"verbose": "x"}, "verbose must be True, False or None, got 'x'"),
        ({"callbacks": 3}, "callbacks must be functions, or a list of them, got 3"),
        ({"metrics": ["acuracy"]}, "did you mean 'accuracy'"),
        ({"callbacks": [3]}, "a callback must be callable"),
        ({"validation": 1.0}, "fraction between 0 and 1"),
        ({"validation": 0.01}, "leaves 0 for validation and 23 for training"),
        ({"validation": 0.99}, "leaves 23 for validation and 0 for training"),
        ({"validation": (X,)}, "validation must be a fraction, (X, y)"),
        ({"validation": "0.2"}, "validation must be a fraction"),
        ({"validation": (X, Y[:3])}, "X and validation y need the same number of rows"),
        ({"validation": (X[:, :1], Y)}, "validation X has 1 features"),
        ({"optimizer": "lbfgs", "batch_size": 8}, "takes all 23 rows at once, got batch_size=8"),
        ({"optimizer": "lbfgs", "gradients": "nudged"}, "take another optimizer for nudged"),
    ],
)
def test_options_out_of_range_are_refused(options, words):
    with pytest.raises(gn.GlassnetError) as error:
        fit(network(), **options)
    assert words in str(error.value)


def test_no_metrics_and_no_callbacks_may_be_none():
    net = network()
    assert fit(net, epochs=1, metrics=None, callbacks=None).metrics == {}
    assert list(net.evaluate(X, Y, None)) == ["loss"]


def test_a_look_ahead_without_momentum_is_refused():
    with pytest.raises(gn.DescriptionError, match="nesterov looks ahead along the momentum"):
        gn.SGD(0.1, nesterov=True)


def test_an_unknown_option_is_a_type_error():
    with pytest.raises(TypeError, match="epoch"):
        fit(network(), epoch=3)


def test_numbers_of_numpy_are_numbers():
    one, other = network(), network()
    fit(one, epochs=np.int64(3), batch_size=np.int32(4), early_stopping=np.int8(2))
    fit(other, epochs=3, batch_size=4, early_stopping=2)
    assert_equal_bits(numbers(one), numbers(other))


# ------------------------------------------------- validation, metrics, early stopping, callbacks


def test_validation_and_metrics_are_those_of_evaluate():
    net = network()
    seen = []

    def look(network, history):
        seen.append((network.evaluate(X, Y, ["r2", "mae"]), network.evaluate(X[:9], Y[:9], ["r2"])))

    history = fit(
        net, epochs=4, validation=(X, Y), metrics=["r2", "mae"], callbacks=[look], batch_size=4
    )
    whole = [first for first, _ in seen]
    assert history.validation_loss.tolist() == [found["loss"] for found in whole]
    for name in ("r2", "mae"):
        assert history.metrics[name].tolist() == [found[name] for found in whole]
        assert history.validation_metrics[name].tolist() == [found[name] for found in whole]
    assert history.loss[1] != whole[1]["loss"]


def test_weights_of_validation_rows_count_in_its_loss():
    weights = np.arange(len(X)) + 1.0
    net = network()
    history = fit(net, epochs=1, validation=(X, Y, weights))
    errors = (net.predict(X) - Y)[:, 0] ** 2
    assert history.validation_loss[0] == pytest.approx(np.average(errors, weights=weights))


def test_a_fraction_is_drawn_by_class_and_kept_apart():
    y = np.repeat([0, 1, 2], [60, 30, 10])
    x = np.arange(100.0)[:, None]
    description = gn.Description.read("1-3 softmax")
    rows = gn.arrays.check_rows(x, y, None, description, "float64")
    train, held_out = split(rows, 0.2, description, seed=0)
    assert held_out.y.sum(axis=0).tolist() == [12, 6, 2]
    together = np.concatenate([train.x, held_out.x])[:, 0]
    assert sorted(together) == list(range(100))
    assert (np.diff(train.x[:, 0]) > 0).all()
    _, other = split(rows, 0.2, description, seed=1)
    assert set(other.x[:, 0]) != set(held_out.x[:, 0])


def test_rows_of_validation_are_not_trained_on():
    x, y = X.copy(), Y.copy()
    net, other = network(), network()
    history = fit(net, epochs=5, validation=0.3)
    rows = gn.arrays.check_rows(X, Y, None, net.description, "float64")
    train, _ = split(rows, 0.3, net.description, net.seed)
    used = {tuple(row) for row in train.x}
    held_out = np.array([tuple(row) not in used for row in x])
    assert held_out.sum() == 7
    y[held_out] += 100
    changed = other.fit(x, y, epochs=5, validation=0.3, engine="numpy", verbose=False)
    np.testing.assert_array_equal(history.loss, changed.loss)
    assert (changed.validation_loss > history.validation_loss + 100).all()


def made_losses(monkeypatch, losses):
    """Let the loss of the validation rows be what is given, epoch after epoch."""
    given = iter(losses)
    monkeypatch.setattr(
        "glassnet.training.evaluation.Evaluation.judge",
        lambda self, values, rows, metrics: (next(given), {}),
    )


def test_early_stopping_keeps_the_best_epoch(monkeypatch):
    made_losses(monkeypatch, [5, 4, 3, 3, np.nan, 3.5, 1])
    net = everything()
    kept = []
    history = fit(
        net,
        CLASSES,
        epochs=50,
        batch_size=4,
        validation=0.3,
        early_stopping=3,
        callbacks=[lambda network, history: kept.append((numbers(network), network.tally))],
    )
    assert history.stopped == "early stopping"
    assert (history.epochs, history.best_epoch) == (6, 3)
    assert_equal_bits(numbers(net), kept[2][0])
    assert net.tally.steps == kept[2][1].steps  # as old as the optimizer's state that was kept
    assert net.tally.epochs == 6


def test_the_best_epoch_is_kept_also_where_epochs_run_out(monkeypatch):
    made_losses(monkeypatch, [5, 1, 3])
    net, kept = everything(), []
    history = fit(
        net,
        CLASSES,
        epochs=3,
        validation=0.3,
        early_stopping=10,
        callbacks=[lambda network, history: kept.append(numbers(network))],
    )
    assert (history.stopped, history.best_epoch) == ("finished", 2)
    assert_equal_bits(numbers(net), kept[1])


def test_without_validation_the_training_loss_is_watched():
    net = network()
    history = fit(net, epochs=100, early_stopping=2, batch_size=None, optimizer=gn.SGD(0.0))
    assert (history.stopped, history.epochs, history.best_epoch) == ("early stopping", 3, 1)


def test_without_early_stopping_the_last_weights_stay(monkeypatch):
    made_losses(monkeypatch, [1, 2, 3])
    net, kept = network(), []
    callbacks = [lambda network, history: kept.append(numbers(network))]
    history = fit(net, epochs=3, validation=0.3, callbacks=callbacks)
    assert history.best_epoch is None
    assert_equal_bits(numbers(net), kept[-1])


class Every:
    """A callback that is called after each 4th epoch."""

    every = 4

    def __init__(self):
        self.seen = []

    def __call__(self, network, history):
        self.seen.append((history.epochs, network.tally.epochs, history.loss[-1]))


def test_callbacks_come_when_they_are_due_and_see_the_present():
    each, now_and_then = [], Every()
    history = fit(
        network(),
        epochs=10,
        callbacks=[lambda network, history: each.append(history.epochs), now_and_then],
    )
    assert each == list(range(1, 11))
    assert [(e, t) for e, t, _ in now_and_then.seen] == [(4, 4), (8, 8)]
    assert [loss for _, _, loss in now_and_then.seen] == history.loss[[3, 7]].tolist()


def test_between_callbacks_many_epochs_run_at_a_time(monkeypatch):
    calls = []
    real = NumpyEngine.train

    def train(self, work, values, first, last, rates):
        calls.append((first, last))
        return real(self, work, values, first, last, rates)

    monkeypatch.setattr(NumpyEngine, "train", train)
    monkeypatch.setattr(pace, "CHUNK_SECONDS", 1e9)
    fit(network(), epochs=400, batch_size=None, callbacks=[(every := Every())])
    assert len(every.seen) == 100
    assert len(calls) <= 102  # one for every callback, and two while the pace is found


def test_what_a_comparison_of_numpy_gives_stops_too():
    net = gn.Network("1-1 linear", random_state=0)
    enough = lambda network, history: history.loss[-1] < np.inf  # noqa: E731 - as people write it
    history = net.fit([[1.0], [2.0]], [1.0, 2.0], epochs=5, callbacks=enough, verbose=False)
    assert (history.epochs, history.stopped) == (1, "callback")


def test_a_callback_may_stop():
    def stop(network, history):
        return history.epochs == 3

    history = fit(network(), epochs=10, callbacks=[stop])
    assert (history.stopped, history.epochs) == ("callback", 3)
    history = fit(network(), epochs=10, callbacks=stop)  # one alone needs no list
    assert (history.stopped, history.epochs) == ("callback", 3)
    history = fit(network(), epochs=3, callbacks=[lambda network, history: "yes"])
    assert history.stopped == "finished"  # only True stops


def test_an_error_in_a_callback_leaves_what_was_learnt():
    def fail(network, history):
        if history.epochs == 4:
            raise RuntimeError("mine")

    net, other = everything(), everything()
    with pytest.raises(RuntimeError, match="mine"):
        fit(net, CLASSES, epochs=10, batch_size=4, callbacks=[fail])
    fit(other, CLASSES, epochs=4, batch_size=4)
    assert_equal_bits(numbers(net), numbers(other))
    assert net.tally == other.tally


def test_bad_attributes_of_callbacks_are_refused():
    callback = Every()
    callback.every = 0
    with pytest.raises(gn.DescriptionError, match="every of a callback must be"):
        fit(network(), callbacks=[callback])


# ------------------------------------------------------------------- the clock and Ctrl-C


class Clock:
    """A clock that goes on by one second each time it is looked at."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1
        return self.now


def test_a_time_limit_stops_within_an_epoch(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(run, "clock", clock)
    monkeypatch.setattr(loop, "clock", clock)
    net, other = network(), network()
    history = fit(net, epochs=1000, batch_size=2, time_limit=20, optimizer="sgd")
    assert history.stopped == "time limit"
    steps = net.tally.steps
    assert 0 < steps < 12  # a step a chunk of 3 looks at the clock each
    assert (history.epochs, net.tally.epochs) == (0, 1)  # the next fit begins a new epoch
    x, y = X[order_of_rows(0, 0, len(X))], Y[order_of_rows(0, 0, len(X))]
    fit(
        other,
        y[: 2 * steps],
        x=x[: 2 * steps],
        epochs=1,
        batch_size=2,
        shuffle=False,
        optimizer="sgd",
    )
    assert_equal_bits(numbers(net), numbers(other))


def test_no_order_and_no_mask_is_used_twice_after_a_stop_within_an_epoch(monkeypatch):
    monkeypatch.setattr(run, "clock", clock := Clock())
    monkeypatch.setattr(loop, "clock", clock)
    monkeypatch.setattr(pace, "CHUNK_SECONDS", 0.0)
    taken = []
    real = NumpyEngine.train

    def train(self, work, values, first, last, rates):
        moments = work.moments(first, last)
        taken.extend((int(moment) >> 32, int(moment)) for moment in moments)
        return real(self, work, values, first, last, rates)

    monkeypatch.setattr(NumpyEngine, "train", train)
    net = everything()
    for limit in (12, 30, None):
        before = net.tally
        fit(net, CLASSES, epochs=3, batch_size=4, time_limit=limit)
        begun = taken[-(net.tally.steps - before.steps) :]
        assert begun[0][0] == before.epochs
    masks = [step for _, step in taken]
    assert len(masks) == len(set(masks)) == net.tally.steps
    assert net.tally.steps % 6


def test_no_mask_is_used_twice_when_the_batches_change_from_fit_to_fit(monkeypatch):
    taken = []
    real = NumpyEngine.train

    def train(self, work, values, first, last, rates):
        taken.extend(work.moments(first, last).tolist())
        return real(self, work, values, first, last, rates)

    monkeypatch.setattr(NumpyEngine, "train", train)
    net = everything()
    for batch_size in (4, 12, None, 2):
        fit(net, CLASSES, epochs=3, batch_size=batch_size)
    assert len(taken) == len(set(taken))


def stub(monkeypatch, at, action, *, halfway=True):
    """Let something happen in the engine's call number `at`, before its work or amidst it."""
    real, count = NumpyEngine.train, [0]

    def train(self, work, values, first, last, rates):
        count[0] += 1
        if count[0] == at:
            if halfway:
                real(self, work, values, first, last, rates)
            action()
        return real(self, work, values, first, last, rates)

    monkeypatch.setattr(NumpyEngine, "train", train)


def interrupt():
    raise KeyboardInterrupt


def test_an_interrupted_fit_keeps_the_values_of_the_last_border(monkeypatch):
    monkeypatch.setattr(pace, "CHUNK_SECONDS", 0.0)  # a step a chunk
    net, other = everything(), everything()
    fit(other, CLASSES, epochs=2, batch_size=4)
    with monkeypatch.context() as patch:
        stub(patch, 6 * 2 + 1, interrupt)
        history = fit(net, CLASSES, epochs=50, batch_size=4)
    assert (history.stopped, history.epochs) == ("interrupted", 2)
    assert_equal_bits(numbers(net), numbers(other))
    assert net.tally == other.tally


def test_a_copy_that_is_older_than_the_last_border_is_brought_forward(monkeypatch):
    monkeypatch.setattr(pace, "CHUNK_SECONDS", 0.0)
    monkeypatch.setattr("glassnet.training.guard.COPY_SHARE", 0.0)  # only the first copy is made
    net, other = everything(), everything()
    fit(other, CLASSES, epochs=2, batch_size=4)
    with monkeypatch.context() as patch:
        stub(patch, 6 * 2 + 1, interrupt)
        fit(net, CLASSES, epochs=50, batch_size=4)
    assert_equal_bits(numbers(net), numbers(other))


def test_any_other_error_in_an_engine_leaves_whole_steps(monkeypatch):
    def fail():
        raise MemoryError("mine")

    monkeypatch.setattr(pace, "CHUNK_SECONDS", 0.0)
    net, other = everything(), everything()
    fit(other, CLASSES, epochs=2, batch_size=4)
    with monkeypatch.context() as patch:
        stub(patch, 6 * 2 + 1, fail)
        with pytest.raises(MemoryError, match="mine"):
            fit(net, CLASSES, epochs=50, batch_size=4)
    assert_equal_bits(numbers(net), numbers(other))
    assert net.tally == other.tally


def test_the_first_ctrl_c_finishes_the_steps_under_way(monkeypatch):
    monkeypatch.setattr(pace, "CHUNK_SECONDS", 0.0)
    net, other = everything(), everything()
    with monkeypatch.context() as patch:
        stub(patch, 4, lambda: signal.raise_signal(signal.SIGINT), halfway=False)
        history = fit(net, CLASSES, epochs=50, batch_size=4)
    assert history.stopped == "interrupted"
    assert net.tally.steps == 4
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with monkeypatch.context() as patch:
        stub(patch, 5, interrupt)
        fit(other, CLASSES, epochs=50, batch_size=4)
    assert_equal_bits(numbers(net), numbers(other))


def test_the_second_ctrl_c_stops_at_once(monkeypatch):
    def twice():
        os.kill(os.getpid(), signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    net = everything()
    stub(monkeypatch, 1, twice)
    before = numbers(net)
    with pytest.raises(KeyboardInterrupt):
        fit(net, CLASSES, epochs=50, batch_size=4, optimizer="sgd")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert_equal_bits(before, numbers(net))


def test_a_program_with_its_own_ctrl_c_keeps_it(monkeypatch):
    heard = []
    before = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        history = fit(
            network(),
            epochs=3,
            callbacks=[lambda network, history: signal.raise_signal(signal.SIGINT)],
        )
    finally:
        signal.signal(signal.SIGINT, before)
    assert (len(heard), history.stopped) == (3, "finished")


def test_an_interrupt_during_validation_leaves_a_whole_record(monkeypatch):
    real, count = gn.training.evaluation.Evaluation.judge, [0]

    def judge(self, values, rows, metrics):
        count[0] += 1
        if count[0] == 3:
            raise KeyboardInterrupt
        return real(self, values, rows, metrics)

    monkeypatch.setattr(gn.training.evaluation.Evaluation, "judge", judge)
    history = fit(network(), epochs=10, validation=0.3)
    assert history.stopped == "interrupted"
    assert len(history.validation_loss) == history.epochs == 3


# ---------------------------------------------------------------------------------- L-BFGS


def test_lbfgs_against_scipy_on_formulas_of_its_own():
    net = network()
    start = np.concatenate([np.ravel(net.weights[n]) for n in ("W1", "b1", "W2", "b2")])

    def loss(p):
        w1, b1, w2, b2 = p[:10].reshape(2, 5), p[10:15], p[15:20, None], p[20]
        a = np.tanh(X @ w1 + b1)
        d = 2 * (a @ w2 + b2 - Y) / len(X)
        da = d @ w2.T * (1 - a**2)
        slopes = (X.T @ da, da.sum(0), a.T @ d, d.sum(0))
        return (d**2).sum() * len(X) / 4, np.concatenate([np.ravel(s) for s in slopes])

    options = {"maxiter": 12, "maxcor": 10, "ftol": 1e-9, "gtol": 1e-9}
    expected = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    history = fit(net, optimizer="lbfgs", epochs=12)
    assert (history.epochs, history.stopped) == (12, "finished")
    assert history.loss[-1] == pytest.approx(expected.fun, rel=1e-6)
    np.testing.assert_allclose(net.values.parameters, expected.x, rtol=1e-4)
    assert history.loss[-1] == pytest.approx(net.evaluate(X, Y)["loss"])
    assert len(history.learning_rate) == 0


def test_lbfgs_says_how_it_ended():
    line = gn.Network("2-1 linear", dtype="float64", random_state=0)
    history = fit(line, optimizer="lbfgs", epochs=200)
    assert history.stopped == "converged"
    assert history.epochs < 30
    np.testing.assert_allclose(line.weights["W1"], [[2], [-1]], atol=1e-3)


def test_lbfgs_takes_callbacks_validation_and_early_stopping(monkeypatch):
    seen = []

    def look(network, history):
        seen.append(network.evaluate(X, Y)["loss"])
        return len(seen) == 4

    history = fit(network(), optimizer="lbfgs", epochs=50, callbacks=[look])
    assert (history.stopped, history.epochs) == ("callback", 4)
    np.testing.assert_allclose(history.loss, seen, rtol=1e-12)
    made_losses(monkeypatch, [3, 2, 4, 5, 1])
    kept, net = [], network()
    history = fit(
        net,
        optimizer="lbfgs",
        epochs=50,
        validation=0.3,
        early_stopping=2,
        callbacks=[lambda network, history: kept.append(numbers(network))],
    )
    assert (history.stopped, history.epochs, history.best_epoch) == ("early stopping", 4, 2)
    assert_equal_bits(numbers(net), kept[1])


def test_lbfgs_interrupted_keeps_the_last_iteration(monkeypatch):
    net, other = everything("float64"), everything("float64")
    fit(other, CLASSES, optimizer="lbfgs", epochs=3)
    real = NumpyEngine.gradients

    def gradients(self, work, values):
        if net.tally.epochs == 3:
            real(self, work, values)
            raise KeyboardInterrupt
        return real(self, work, values)

    monkeypatch.setattr(NumpyEngine, "gradients", gradients)
    callbacks = [lambda network, history: None]
    history = fit(net, CLASSES, optimizer="lbfgs", epochs=50, callbacks=callbacks)
    assert (history.stopped, history.epochs) == ("interrupted", 3)
    assert_equal_bits(numbers(net), numbers(other))


def test_running_statistics_move_once_an_iteration():
    net = gn.Network(2, gn.Dense(3), gn.BatchNorm(), gn.Dense(1), random_state=0, dtype="float64")
    hidden = []

    def look(network, history):
        hidden.append((X @ network.weights["W1"] + network.weights["b1"]).mean(axis=0))

    fit(net, optimizer="lbfgs", epochs=5, callbacks=[look])
    expected = np.zeros(3)
    for mean in hidden:
        expected = 0.9 * expected + 0.1 * mean
    np.testing.assert_allclose(net.weights["mean1"], expected, rtol=1e-10)


def test_lbfgs_comes_back_from_where_the_loss_is_infinite():
    class Cliff:
        """(p − 1)², and nothing beyond 3."""

        def gradients(self, work, values):
            p = float(values.parameters[0])
            return (
                ((p - 1) ** 2, np.array([2 * (p - 1)])) if p < 3 else (np.inf, np.array([np.nan]))
            )

    class Numbers:
        parameters = np.array([-1.0])
        statistics = np.empty(0)

    objective = Objective(Cliff(), None, Numbers())
    far = np.array([9.0])
    loss, slope = objective(far)
    # The parabola falls as the loss does at the last point and has its lowest place at a tenth.
    fall, length = float(objective.slope[0]), 10.0
    bend = (loss - objective.loss - fall * length) / length**2
    assert -fall / (2 * bend) == pytest.approx(length / 10)
    assert slope[0] == pytest.approx(fall + 2 * bend * length)
    result = minimize(objective, np.array([-1.0]), jac=True, method="L-BFGS-B", bounds=[(None, 20)])
    assert result.x[0] == pytest.approx(1, abs=1e-4)


def test_lbfgs_without_scipy_names_the_extra(monkeypatch):
    monkeypatch.setattr("glassnet.training.lbfgs.installed", lambda library: False)
    with pytest.raises(gn.MissingExtraError, match=r"glassnet\[scipy\]"):
        fit(network(), optimizer="lbfgs")


# --------------------------------------------------------------------------------- engines


def test_the_engine_is_named_with_its_reason_and_kept():
    net = network()
    first = net.fit(X, Y, epochs=2, verbose=False)
    assert (first.engine, "compiler" in first.engine_reason) == ("numpy", True)
    kept = dict(net.engines)
    assert fit(net, epochs=2).engine_reason == "asked for"
    assert dict(net.engines) == kept
    fit(net, epochs=2, optimizer="sgd")
    assert list(net.engines) == [("numpy", gn.SGD())]


def test_a_program_that_cannot_be_compiled_runs_in_numpy(monkeypatch):
    real = engines.make

    def make(name, program):
        if name == "numba":
            raise gn.ProgramError("it branches on a value")
        return real(name, program)

    monkeypatch.setattr(engines, "make", make)
    history = fit(network(), epochs=2, engine="numba")
    assert history.engine == "numpy"
    assert history.engine_reason == "numba cannot run this program: it branches on a value"


# -------------------------------------------------------------------------------- progress


class Recorded:
    """A progress that writes down what it is told."""

    made: ClassVar[list] = []

    def __init__(self):
        self.done, self.closed = [], 0
        self.made.append(self)

    def show(self, done, history):
        self.done.append(done)

    def close(self, history):
        self.closed += 1


def test_progress_is_told_from_0_to_1_and_closed_once(monkeypatch):
    monkeypatch.setattr(progress, "progress_for", lambda verbose, epochs: Recorded())
    for optimizer in ("sgd", "lbfgs"):
        fit(network(), epochs=5, optimizer=optimizer)
        made = Recorded.made.pop()
        assert made.done == sorted(made.done)
        assert (made.done[-1], made.closed) == (1.0, 1)
    with pytest.raises(gn.NotFiniteError):
        fit(network(), epochs=500, optimizer=gn.SGD(1e200), batch_size=4)
    assert Recorded.made.pop().closed == 1


def test_at_most_20_lines_and_silence(monkeypatch, capsys):
    clock = Clock()
    monkeypatch.setattr(progress, "clock", clock)
    monkeypatch.setattr(pace, "CHUNK_SECONDS", 0.0)
    for verbose in (None, True):
        fit(network(), epochs=100, batch_size=2, verbose=verbose, validation=0.3)
        lines = capsys.readouterr().err.splitlines()
        assert 15 <= len(lines) <= 20
        assert lines[-1].startswith("epoch 100 of 100, loss ")
        assert lines[-1].endswith("0 s left")
        assert "validation loss" in lines[-1]
    fit(network(), epochs=100, batch_size=2, verbose=False)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_what_is_over_at_once_needs_no_lines(monkeypatch, capsys):
    monkeypatch.setattr(progress, "clock", lambda: 0.0)
    fit(network(), epochs=10, verbose=None)
    assert capsys.readouterr().err == ""
    fit(network(), epochs=10, verbose=True)
    assert "epoch 10 of 10" in capsys.readouterr().err


def test_time_left_is_what_the_pace_so_far_says(monkeypatch, capsys):
    times = iter([0.0, 30.0])
    monkeypatch.setattr(progress, "clock", lambda: next(times))
    lines = progress.Lines(epochs=10)
    history = gn.History("numpy", "asked for", 0)
    history.record(loss=[1.0, 0.5])
    lines.show(0.2, history)
    assert capsys.readouterr().err == "epoch 2 of 10, loss 0.5, 2:00 min left\n"


def test_a_bar_in_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr(progress, "clock", Clock())
    monkeypatch.setattr(pace, "CHUNK_SECONDS", 0.0)
    fit(network(), epochs=3, verbose=None)
    assert "epoch 3 of 3" in capsys.readouterr().err


def test_a_silent_fit_loads_no_bar():
    code = (
        "import sys, glassnet as gn\n"
        "gn.Network('1-1 linear').fit([[1.0]], [2.0], epochs=2, verbose=False)\n"
        "print('rich' in sys.modules, 'numba' in sys.modules, 'polars' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False False\n"
