"""Data sets: their formulas by slow loops, their streams, their table, their errors."""

from __future__ import annotations

import numpy as np
import pytest

import glassnet as gn
from glassnet.datasets import DATASETS, beans, circles, dataset, gauss, moons, sine, spiral, xor
from glassnet.errors import DataError, DescriptionError

RANDOM = ("spiral", "beans", "xor", "circles", "moons", "gauss")


# ---------------------------------------------------------------------------- the formulas


def test_spiral_is_the_published_one():
    random = np.random.RandomState(7)
    X, y = spiral(samples=20, classes=4, random_state=7)
    for arm in range(4):
        shake = random.randn(20) * 0.2
        for i in range(20):
            r = i / 19
            t = 4 * arm + 4 * i / 19 + shake[i]
            wanted = [r * np.sin(2.5 * t), r * np.cos(2.5 * t)]
            np.testing.assert_allclose(X[20 * arm + i], wanted, rtol=1e-12, atol=1e-15)
            assert y[20 * arm + i] == arm


def test_beans_are_drawn_sizes_first_then_noise():
    random = np.random.RandomState(3)
    sizes = sorted(random.rand(50) * 2)
    X, y = beans(50, random_state=3)
    np.testing.assert_array_equal(X[:, 0], sizes)
    for i, size in enumerate(sizes):
        poison = 0.7 * size + (random.rand() - 0.5) * 0.02 + 0.5
        assert y[i, 0] == (0.8 < poison < 1.4)


def test_beans_noise_blurs_the_edges_and_nothing_else():
    X, y = beans(5000)
    exact = (0.7 * X + 0.5 > 0.8) & (0.7 * X + 0.5 < 1.4)
    wrong = X[y != exact]
    assert 0 < len(wrong) < 100
    edge = np.minimum(abs(0.7 * wrong - 0.3), abs(0.7 * wrong - 0.9))
    assert edge.max() <= 0.01


def test_exam_and_line_are_the_sources_numbers():
    X, y = gn.datasets.exam()
    assert X.tolist() == [[2, 9], [1, 5], [3, 6]]
    assert y.ravel().tolist() == [0.92, 0.86, 0.89]
    X, y = gn.datasets.line()
    assert X.ravel().tolist() == [1, 3, 4, 8, 10]
    assert y.ravel().tolist() == [3, 9, 12, 24, 30]


def test_sine_is_one_whole_wave():
    X, y = sine(9)
    np.testing.assert_allclose(X.ravel(), np.arange(9) * np.pi / 4)
    np.testing.assert_allclose(y, np.sin(X))


def test_xor_is_four_corners_or_a_cloud_around_them():
    X, y = xor()
    assert {(*map(int, row), int(c)) for row, c in zip(X, y, strict=True)} == {
        (0, 0, 0),
        (0, 1, 1),
        (1, 0, 1),
        (1, 1, 0),
    }
    X, y = xor(400, noise=0.1)
    assert 0.08 < np.std(X - X.round().clip(0, 1)) < 0.12
    np.testing.assert_array_equal(X[:, 0].round() != X[:, 1].round(), y == 1)


def test_circles_are_a_disc_and_a_ring():
    X, y = circles(1000, noise=0)
    radius = np.hypot(X[:, 0], X[:, 1])
    assert radius[y == 1].max() <= 0.5
    assert radius[y == 0].min() >= 0.7
    assert radius[y == 0].max() <= 1
    assert abs(np.mean(np.arctan2(X[:, 1], X[:, 0]))) < 0.2  # all the way round


def test_moons_are_half_circles_around_two_centres():
    X, y = moons(101, noise=0)
    np.testing.assert_allclose(np.hypot(*X[y == 0].T), 1)
    np.testing.assert_allclose(np.hypot(*(X[y == 1] - [1, 0.5]).T), 1)
    assert (X[y == 0, 1] >= -1e-12).all()
    assert (X[y == 1, 1] <= 0.5 + 1e-12).all()


def test_gauss_is_two_round_clouds():
    X, y = gauss(2000, noise=0.5)
    for side, centre in ((0, 2), (1, -2)):
        np.testing.assert_allclose(X[y == side].mean(axis=0), centre, atol=0.06)
        np.testing.assert_allclose(X[y == side].std(axis=0), 0.5, atol=0.04)


# ------------------------------------------------------------------------------ randomness


@pytest.mark.parametrize("name", RANDOM)
def test_a_seed_means_randomstate_and_a_generator_is_drawn_from_in_place(name):
    options = {"noise": 0.1} if name not in ("spiral", "beans") else {}
    make = DATASETS[name].make
    stream = np.random.RandomState(5)
    first, again = make(random_state=stream, **options), make(random_state=stream, **options)
    np.testing.assert_array_equal(first[0], make(random_state=5, **options)[0])
    assert not np.array_equal(first[0], again[0])
    assert not np.array_equal(first[0], make(random_state=6, **options)[0])
    new = make(random_state=np.random.default_rng(5), **options)
    np.testing.assert_array_equal(new[0], make(random_state=np.random.default_rng(5), **options)[0])
    assert not np.array_equal(
        make(random_state=None, **options)[0], make(random_state=None, **options)[0]
    )


# -------------------------------------------------------------------------------- the table


@pytest.mark.parametrize("name", DATASETS)
def test_table_says_what_the_data_are(name):
    entry = DATASETS[name]
    X, y = entry.make()
    assert entry.name == name
    assert X.dtype == np.float64
    assert X.shape[1] == len(entry.columns)
    assert len({*entry.columns, entry.target}) == len(entry.columns) + 1
    if entry.kind == "classes":
        assert y.shape == (len(X),)
        assert y.dtype.kind == "i"
        assert set(y.tolist()) == set(range(y.max() + 1))
    else:
        assert y.shape == (len(X), 1)
        assert y.dtype == np.float64


@pytest.mark.parametrize("name", DATASETS)
def test_suggested_network_learns_the_data(name):
    entry = DATASETS[name]
    X, y = entry.make()
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    net = gn.Network(entry.network, loss=entry.loss, random_state=0)
    before = net.evaluate(X, y)["loss"]
    epochs = 400 if len(X) > 25 else 4000  # few rows make few steps in an epoch
    net.fit(X, y, epochs=epochs, batch_size=25, optimizer=gn.Adam(0.01), verbose=False)
    assert net.evaluate(X, y)["loss"] < 0.3 * before
    if entry.kind == "classes":
        assert net.evaluate(X, y, metrics=["accuracy"])["accuracy"] > 0.9


# ------------------------------------------------------------------------------- the errors


@pytest.mark.parametrize(
    ("make", "options", "words"),
    [
        (spiral, {"samples": 0}, "samples must be a whole number from 1 up, got 0"),
        (spiral, {"classes": 2.0}, "classes must be a whole number from 1 up, got 2.0"),
        (beans, {"samples": True}, "samples must be a whole number from 1 up, got True"),
        (moons, {"noise": -0.1}, "noise must be a number from 0 up, got -0.1"),
        (gauss, {"noise": float("nan")}, "noise must be a number from 0 up, got nan"),
        (xor, {"noise": float("inf")}, "noise must be a number from 0 up, got inf"),
        (circles, {"random_state": -1}, "random_state must be a whole number from 0"),
        (circles, {"random_state": 2**32}, "random_state must be a whole number from 0"),
        (circles, {"random_state": "0"}, "random_state must be a whole number from 0"),
    ],
)
def test_an_option_out_of_its_range_is_refused(make, options, words):
    with pytest.raises(DataError) as caught:
        make(**options)
    assert words in str(caught.value)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(DescriptionError) as caught:
        dataset("sprial")
    assert "did you mean 'spiral'?" in str(caught.value)
    assert all(name in str(caught.value) for name in DATASETS)
