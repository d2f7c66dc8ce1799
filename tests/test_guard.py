"""The guard: what becomes inf or nan is named by step and line, and the network stays whole."""

from __future__ import annotations

import numpy as np
import pytest

import glassnet as gn
from glassnet.engines.numpy import NumpyEngine
from glassnet.history import Tally
from glassnet.training import guard, loop, pace

RANDOM = np.random.RandomState(0)
X = RANDOM.randn(24, 2)
Y = X[:, :1] - X[:, 1:]


def network(**options):
    return gn.Network("2-8-1 relu linear", random_state=0, **options)


def diverge(net, *, x=X, y=Y, rate=1.0, epochs=100, **options):
    with pytest.raises(gn.NotFiniteError) as caught:
        net.fit(
            x,
            y,
            epochs=epochs,
            batch_size=6,
            optimizer=gn.SGD(rate),
            **{"engine": "numpy", "verbose": False, **options},
        )
    return caught.value


def first_bad_step(rate):
    """Train step by step: where a loss or weight goes bad, and the weights to go back to.

    These are the weights before that step; where its loss is bad, those one more step before.
    """
    net, orders, earlier = network(), [], None
    for epoch in range(100):
        orders.append(gn.batches.order_of_rows(0, epoch, len(X)))
        for place in range(4):
            rows = orders[-1][6 * place :][:6]
            before = net.values.parameters.copy()
            program = net.program(gn.SGD(rate))
            w = np.full((6, 1), 1 / 6, np.float32)
            given = (X[rows].astype(np.float32), Y[rows].astype(np.float32), w)
            with np.errstate(all="ignore"):
                loss, *new = program.functions["step"](*given, *net.values.carried(), rate)
            if not np.isfinite(loss):
                return epoch, place, 4 * epoch + place - 1, earlier
            if not all(np.isfinite(n).all() for n in new):
                return epoch, place, 4 * epoch + place, before
            net.values.assign(new)
            earlier = before
    raise AssertionError("training went well")


@pytest.mark.parametrize("rate", [0.8, 1.0, 30.0, 1e20])
@pytest.mark.parametrize("seconds", [0.0, 1e9])
def test_the_step_is_found_whatever_the_chunks_are(monkeypatch, rate, seconds):
    monkeypatch.setattr(pace, "CHUNK_SECONDS", seconds)
    epoch, place, steps, before = first_bad_step(rate)
    net = network()
    error = diverge(net, rate=rate)
    assert str(error).startswith(f"training stopped in epoch {epoch + 1}, step {place + 1}: ")
    np.testing.assert_array_equal(net.values.parameters, before)
    assert (error.history.epochs, error.history.stopped) == (steps // 4, "not finite")
    assert np.isfinite(error.history.loss).all()
    assert net.tally == Tally(epochs=-(-steps // 4), steps=steps)


def test_the_step_is_found_from_an_old_copy(monkeypatch):
    monkeypatch.setattr(pace, "CHUNK_SECONDS", 0.0)
    monkeypatch.setattr(guard, "COPY_SHARE", 0.0)
    epoch, place, _, before = first_bad_step(1.0)
    net = network()
    error = diverge(net)
    assert f"epoch {epoch + 1}, step {place + 1}:" in str(error)
    np.testing.assert_array_equal(net.values.parameters, before)


def test_the_message_names_line_size_and_remedy():
    message = str(diverge(network(), rate=1e20))
    assert "in the line 'z2 = a1 @ W2 + b2', where W2 is as large as" in message
    assert "try a learning rate of 1e+19 instead of 1e+20" in message
    assert "scale the inputs" not in message
    scaled = str(diverge(network(), x=X * 1e6, rate=0.1))
    assert "scale the inputs, which are as large as" in scaled
    assert f"{np.abs(X * 1e6).max():.3g}" in scaled


def test_a_weight_that_overflows_under_a_finite_loss_is_found():
    # The last step of the fit: no loss comes after it.
    net = gn.Network("1-1 linear", random_state=0)
    net.weights["W1"], net.weights["b1"] = [[1e15]], [0.0]
    before = net.values.parameters.copy()
    with pytest.raises(gn.NotFiniteError) as caught:
        net.fit([[1.0]], [0.0], epochs=1, optimizer=gn.SGD(3e38), engine="numpy", verbose=False)
    assert "W1'[0, 0] is -inf in the line 'W1 = W1 - learning_rate * dW1'" in str(caught.value)
    assert "epoch 1, step 1" in str(caught.value)
    np.testing.assert_array_equal(net.values.parameters, before)
    assert caught.value.history.epochs == 0


def test_state_that_overflows_is_found():
    net = gn.Network("1-1 linear", random_state=0)
    net.weights["W1"], net.weights["b1"] = [[1.0]], [0.0]
    with pytest.raises(gn.NotFiniteError, match=r"square_W1'\[0, 0\] is inf in the line 'W1, mean"):
        net.fit([[1e12]], [0.0], epochs=1, engine="numpy", verbose=False)


@pytest.mark.parametrize("place", range(10))
def test_a_step_deep_inside_of_a_chunk_is_found_where_no_loss_shows_it(monkeypatch, place):
    class AllAtOnce(pace.Pace):
        def __init__(self):
            self.steps = 1000

    monkeypatch.setattr(loop, "Pace", AllAtOnce)
    x = np.ones((10, 1))
    x[place] = 1e12  # its gradient's square overflows; Adam's step is then 0, and losses are finite
    kept, net = gn.Network("1-1 linear", random_state=0), gn.Network("1-1 linear", random_state=0)
    options = {"batch_size": 1, "epochs": 1, "shuffle": False, "engine": "numpy", "verbose": False}
    with pytest.raises(gn.NotFiniteError, match=f"epoch 1, step {place + 1}: square_W1'"):
        net.fit(x, np.zeros(10), **options)
    if place:
        kept.fit(x[:place], np.zeros(place), **options)
    np.testing.assert_array_equal(net.values.parameters, kept.values.parameters)
    assert net.tally.steps == place


@pytest.mark.parametrize("optimizer", ["sgd", "lbfgs"])
def test_weights_that_are_bad_from_the_start_are_named(optimizer):
    net = network()
    net.values.by_name["W2"][3, 0] = np.nan  # assignment by `weights` would refuse it
    with pytest.raises(gn.NotFiniteError) as caught:
        net.fit(X, Y, optimizer=optimizer, engine="numpy", verbose=False)
    assert "W2[3, 0] is nan before the step. Set W2 to finite numbers" in str(caught.value)
    assert "learning rate" not in str(caught.value)
    assert caught.value.history.stopped == "not finite"


def test_lbfgs_names_the_line_of_a_first_loss_that_is_infinite():
    net = network()
    net.weights["W1"] = np.full((2, 8), 1e38)
    with pytest.raises(gn.NotFiniteError, match=r"in the line '.*start from smaller weights"):
        net.fit(X, Y, optimizer="lbfgs", engine="numpy", verbose=False)


def test_a_network_can_be_trained_after_the_guard_has_stopped_it():
    net = network()
    diverge(net, rate=30.0)
    assert np.isfinite(net.values.parameters).all()
    for name, value in network().weights.items():
        net.weights[name] = value
    history = net.fit(X, Y, epochs=5, optimizer=gn.SGD(0.01), engine="numpy", verbose=False)
    assert history.stopped == "finished"
    assert history.loss[-1] < history.loss[0]


def test_a_warm_fit_counts_its_own_epochs_and_finds_its_own_orders():
    net = network()
    net.fit(X, Y, epochs=3, batch_size=6, optimizer=gn.SGD(0.01), engine="numpy", verbose=False)
    error = diverge(net, rate=1e20)
    assert "epoch 1, step 2" in str(error)
    assert net.tally.epochs == 3


def test_copies_take_a_small_part_of_the_time(monkeypatch):
    net = network()
    net.fit(X, Y, epochs=1, optimizer="sgd", engine="numpy", verbose=False)
    own = guard.Guard(NumpyEngine(net.values.program), net.values, None, lambda a, b: None)
    times = iter([0.0, 3.0, 10.0, 13.0])
    monkeypatch.setattr(guard.time, "perf_counter", lambda: next(times))
    assert own.keep(1, 1.0)  # the first copy costs 3 seconds
    assert [own.keep(step, 40.0) and own.step for step in (2, 3, 4)] == [1, 1, 4]


def test_no_number_is_lost_where_nothing_is_wrong(monkeypatch):
    looked = []
    real = guard.Guard.is_good

    def is_good(self):
        looked.append(self.values.parameters.copy())
        return real(self)

    monkeypatch.setattr(guard.Guard, "is_good", is_good)
    net = network()
    net.fit(X, Y, epochs=5, batch_size=6, optimizer="sgd", engine="numpy", verbose=False)
    assert np.array_equal(looked[-1], net.values.parameters)  # at the end, for certain


def loss_of(net, x=X, y=Y):
    return net.evaluate(x, y)["loss"]


@pytest.mark.parametrize("optimizer", [gn.Adam(1e38), gn.SGD(1e20), gn.Adam(1e30)])
@pytest.mark.parametrize("seconds", [0.0, 1e9])
@pytest.mark.parametrize("share", [0.0, 1e9])
def test_the_weights_that_are_kept_have_a_finite_loss(monkeypatch, optimizer, seconds, share):
    monkeypatch.setattr(pace, "CHUNK_SECONDS", seconds)
    monkeypatch.setattr(guard, "COPY_SHARE", share)
    net, kept = network(), network()
    options = {"batch_size": None, "optimizer": optimizer, "engine": "numpy", "verbose": False}
    with pytest.raises(gn.NotFiniteError) as caught:
        net.fit(X, Y, epochs=50, **options)
    assert np.isfinite(loss_of(net))
    assert "before the step ahead of it, the last with a finite loss" in str(caught.value)
    assert caught.value.history.epochs == net.tally.epochs == net.tally.steps
    if net.tally.steps:
        kept.fit(X, Y, epochs=net.tally.steps, **options)
    np.testing.assert_array_equal(net.values.parameters, kept.values.parameters)


def test_a_first_loss_that_is_infinite_leaves_the_weights_and_says_so():
    net = network()
    net.weights["W1"] = np.full((2, 8), 1e38)
    before = net.values.parameters.copy()
    error = diverge(net)
    assert "The network keeps the weights that it had before that step" in str(error)
    np.testing.assert_array_equal(net.values.parameters, before)


def test_history_and_network_agree_where_the_fault_is_found_late(monkeypatch):
    monkeypatch.setattr(guard, "COPY_SHARE", 0.0)
    net = gn.Network("1-1 linear", random_state=0)
    with pytest.raises(gn.NotFiniteError, match="epoch 1, step 2: square_W1'") as caught:
        net.fit(
            [[1.0], [1e12]],
            [0.0, 0.0],
            epochs=6,
            batch_size=1,
            shuffle=False,
            metrics=["mae"],
            validation=([[1.0]], [0.0]),
            engine="numpy",
            verbose=False,
        )
    history = caught.value.history
    assert (history.epochs, net.tally) == (0, Tally(1, 1))
    for column in (history.loss, history.learning_rate, history.validation_loss):
        assert len(column) == 0
    for column in (*history.metrics.values(), *history.validation_metrics.values()):
        assert len(column) == 0


def test_the_best_epoch_is_one_of_finite_numbers(monkeypatch):
    monkeypatch.setattr(guard, "COPY_SHARE", 0.0)
    net = gn.Network("1-1 linear", random_state=0)
    options = {"batch_size": 1, "shuffle": False, "engine": "numpy", "verbose": False}
    with pytest.raises(gn.NotFiniteError) as caught:
        net.fit([[1.0], [1e12]], [0.0, 0.0], epochs=3, early_stopping=9, **options)
    assert caught.value.history.best_epoch is None
    assert net.values.all_finite()


def test_steps_are_done_again_from_what_a_callback_has_set(monkeypatch):
    monkeypatch.setattr(pace, "CHUNK_SECONDS", 0.0)
    monkeypatch.setattr(guard, "COPY_SHARE", 0.0)

    def calm(network, history):
        network.weights["W1"] = np.zeros((2, 8))

    def interrupt(self, work, values, first, last, rates):
        if first == 10:
            raise KeyboardInterrupt
        return real(self, work, values, first, last, rates)

    real = NumpyEngine.train
    options = {"batch_size": 6, "optimizer": gn.SGD(0.01), "engine": "numpy", "verbose": False}
    net, other = network(), network()
    with monkeypatch.context() as patch:
        patch.setattr(NumpyEngine, "train", interrupt)
        net.fit(X, Y, epochs=5, callbacks=calm, **options)
    assert net.tally.steps == 10
    interrupted = net.values.parameters.copy()
    other.fit(X, Y, epochs=2, callbacks=calm, **options)
    work = other.values.copy()
    assert (interrupted != work.parameters).any()
    x = X[gn.batches.order_of_rows(0, 2, len(X))][:12]
    y = Y[gn.batches.order_of_rows(0, 2, len(X))][:12]
    other.fit(x, y, epochs=1, shuffle=False, **options)
    np.testing.assert_array_equal(interrupted, other.values.parameters)


def test_a_copy_takes_no_more_memory_than_is_needed():
    net = network()
    net.fit(X, Y, epochs=1, optimizer="adam", engine="numpy", verbose=False)
    own = guard.Guard(NumpyEngine(net.values.program), net.values, None, lambda a, b: None)
    first, before = own.copy, net.values.parameters.copy()
    assert own.earlier is first  # a second one is made when there is something else to keep
    net.values.parameters += 1
    assert own.keep(1, 0.0, always=True)
    assert own.earlier is first
    assert own.copy is not first
    assert np.array_equal(first.parameters, before)
    assert np.array_equal(own.copy.parameters, before + 1)
    assert own.copy.state.any()
    third = own.earlier
    assert own.keep(2, 0.0, always=True)
    assert own.copy is third  # from then on the two take turns
