"""A step at a time: the numbers of the fit that it stands for, and nothing made anew."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import glassnet as gn
from glassnet import engines

RANDOM = np.random.RandomState(0)
X = RANDOM.randn(12, 2)
CLASSES = RANDOM.randint(0, 3, 12)
WEIGHTS = RANDOM.uniform(0.5, 2, 12)


def network(dtype="float32"):
    """A network with a mask and running statistics."""
    layers = (gn.Dense(6, "relu"), gn.BatchNorm(), gn.Dropout(0.3), gn.Dense(3, "softmax"))
    return gn.Network(2, *layers, random_state=1, dtype=dtype)


def assert_equal_bits(one, other):
    for name, value in one.values.by_name.items():
        np.testing.assert_array_equal(value, other.values.by_name[name], err_msg=name)
    assert one.tally == other.tally


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("engine", ["numpy", "numba"])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["alike", "weighted"])
@pytest.mark.parametrize(
    "optimizer", ["adam", gn.SGD(0.1, momentum=0.9), gn.Adam(0.05, average=gn.EMA(0.9))], ids=str
)
def test_so_many_steps_are_a_fit_of_so_many_epochs(dtype, engine, weights, optimizer):
    one, other = network(dtype), network(dtype)
    options = {"optimizer": optimizer, "engine": engine, "sample_weight": weights}
    losses = [one.partial_fit(X, CLASSES, **options) for _ in range(20)]
    history = other.fit(
        X, CLASSES, epochs=20, batch_size=None, shuffle=False, verbose=False, **options
    )
    np.testing.assert_array_equal(losses, history.loss)
    assert_equal_bits(one, other)
    assert one.optimizer == other.optimizer


def test_it_goes_on_from_a_fit_and_a_fit_from_it():
    one, other = network(), network()
    how = {"batch_size": None, "optimizer": gn.Adam(0.05), "engine": "numpy", "verbose": False}
    one.fit(X, CLASSES, epochs=3, **how)
    one.partial_fit(X, CLASSES)  # with the optimizer of the fit
    one.fit(X, CLASSES, epochs=2, **how)
    other.fit(X, CLASSES, epochs=6, **how)
    assert_equal_bits(one, other)


def test_adam_is_the_first_optimizer_and_another_begins_anew():
    net = network()
    net.partial_fit(X, CLASSES)
    net.partial_fit(X, CLASSES)
    assert (net.optimizer, net.tally.steps) == (gn.Adam(), 2)
    net.partial_fit(X, CLASSES, optimizer="sgd")
    assert (net.optimizer, net.tally.steps, net.tally.epochs) == (gn.SGD(), 1, 3)
    net.partial_fit(X, CLASSES)
    assert (net.optimizer, net.tally.steps) == (gn.SGD(), 2)


def test_rows_may_be_others_and_more_or_fewer_each_time():
    one, other = network(), network()
    for rows in (slice(0, 5), slice(5, 12), slice(0, 12), slice(3, 6)):
        loss = one.partial_fit(X[rows], CLASSES[rows], optimizer="adam")
        history = other.fit(
            X[rows], CLASSES[rows], epochs=1, batch_size=None, engine="numpy", verbose=False
        )
        assert loss == history.loss[0]
    assert_equal_bits(one, other)


def test_nothing_is_made_anew(monkeypatch):
    net = network()
    net.partial_fit(X, CLASSES, optimizer="adam")
    steps, kept = net._stepper[1], dict(net.engines)
    monkeypatch.setattr(engines, "make", None)
    monkeypatch.setattr("glassnet.network.Values", None)
    for _ in range(5):
        net.partial_fit(X, CLASSES, optimizer="adam")
    assert net._stepper[1] is steps
    assert net.engines == kept


def test_the_engine_is_numpy_until_one_is_compiled():
    net = network()
    net.partial_fit(X, CLASSES)
    assert net._stepper[1].engine.name == "numpy"
    net.fit(X, CLASSES, epochs=1, engine="numba", verbose=False)
    net.partial_fit(X, CLASSES)
    assert net._stepper[1].engine.name == "numba"
    net.partial_fit(X, CLASSES, engine="numpy")
    assert net._stepper[1].engine.name == "numpy"
    net.partial_fit(X, CLASSES, optimizer="sgd")
    assert net._stepper[1].engine.name == "numpy"


def test_a_copy_goes_its_own_way():
    net = network()
    net.partial_fit(X, CLASSES)
    other, before = copy.deepcopy(net), net.values.parameters.copy()
    other.partial_fit(X, CLASSES)
    np.testing.assert_array_equal(net.values.parameters, before)
    net.partial_fit(X, CLASSES)
    assert_equal_bits(net, other)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"optimizer": "lbfgs"}, "takes all rows at once, until it converges: use fit"),
        ({"optimizer": gn.SGD(gn.Cosine(0.1))}, "no end that Cosine(0.1) could run to"),
        ({"optimizer": gn.Adam(average=gn.SWA())}, "no end of which SWA() could average a part"),
        ({"optimizer": gn.SGD(gn.Plateau(0.1))}, "no end that Plateau(0.1) could run to"),
        ({"optimizer": "adm"}, "did you mean 'adam'"),
        ({"engine": "nmba"}, "did you mean 'numba'"),
        ({"sample_weight": [1.0]}, "sample_weight must have shape (12,)"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(options, words):
    net = network()
    net.fit(X, CLASSES, epochs=2, verbose=False)
    before, tally = {k: v.copy() for k, v in net.values.by_name.items()}, net.tally
    with pytest.raises(gn.GlassnetError) as caught:
        net.partial_fit(X, CLASSES, **options)
    assert words in str(caught.value)
    assert (net.optimizer, net.tally) == (gn.Adam(), tally)
    for name, value in before.items():
        np.testing.assert_array_equal(value, net.values.by_name[name])


def test_a_schedule_of_an_earlier_fit_does_not_go_on():
    net = network()
    net.fit(X, CLASSES, epochs=2, optimizer=gn.SGD(gn.Cosine(0.1)), verbose=False)
    with pytest.raises(gn.DescriptionError, match="partial_fit has no end"):
        net.partial_fit(X, CLASSES)


def test_a_schedule_in_a_layer_has_no_end_either():
    layers = gn.Dense(4, "tanh"), gn.Dropout(gn.Cosine(0.5)), gn.Dense(3, "softmax")
    with pytest.raises(gn.DescriptionError, match=r"no end that Cosine\(0.5\) could run to"):
        gn.Network(X.shape[1], *layers).partial_fit(X, CLASSES)


def test_a_single_row_is_too_few_for_batch_norm():
    net = network()
    net.partial_fit(X, CLASSES)
    state = net.values.state.copy()
    with pytest.raises(gn.DataError, match="BatchNorm compares the rows"):
        net.partial_fit(X[:1], CLASSES[:1], optimizer="sgd")
    np.testing.assert_array_equal(net.values.state, state)  # Adam's, still


@pytest.mark.parametrize("engine", ["numpy", "numba"])
@pytest.mark.parametrize("rate", [1e30, 3e38])
def test_what_becomes_infinite_leaves_the_network_as_it_was(engine, rate):
    net = gn.Network("1-1 linear", random_state=0)
    net.weights["W1"] = [[1e15]]
    net.partial_fit([[1.0]], [0.0], optimizer=gn.SGD(0.0), engine=engine)
    before, tally = net.values.parameters.copy(), net.tally
    with pytest.raises(gn.NotFiniteError, match=r"step 1: .*try a learning rate of"):
        net.partial_fit([[1.0]], [0.0], optimizer=gn.SGD(rate), engine=engine)
    np.testing.assert_array_equal(net.values.parameters, before)
    assert (net.tally, net.optimizer) == (tally, gn.SGD(0.0))


def test_an_interrupted_step_is_none(monkeypatch):
    net = network()
    net.partial_fit(X, CLASSES)
    before, tally = net.values.parameters.copy(), net.tally

    def train(self, work, values, first, last, rates):
        values.parameters[:] = 7
        raise KeyboardInterrupt

    monkeypatch.setattr("glassnet.engines.numpy.NumpyEngine.train", train)
    with pytest.raises(KeyboardInterrupt):
        net.partial_fit(X, CLASSES)
    np.testing.assert_array_equal(net.values.parameters, before)
    assert net.tally == tally
