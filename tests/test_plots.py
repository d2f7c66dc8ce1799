"""Plots: every number that is drawn is one that was computed; axes that are given are used."""

from __future__ import annotations

import io
import itertools
import os
import subprocess
import sys

import numpy as np
import pytest

import glassnet as gn
from glassnet.errors import DataError, DescriptionError, MissingExtraError
from glassnet.plots import palette
from glassnet.table import Preparation
from glassnet.trace import predicted_values

pytest.importorskip("matplotlib")

from matplotlib.figure import Figure

plots = gn.plots
SMALL = 12  # places along a side


@pytest.fixture(scope="module")
def spiral():
    """A network of three classes, its data, its history, and what was measured."""
    X, y = gn.datasets.spiral(30)
    net = gn.Network("2-8-4-3 relu softmax", random_state=0)
    seen = gn.callbacks.Measurements(X, y, every=4, bins=10)
    how = {"epochs": 24, "validation": 0.2, "early_stopping": 24, "metrics": "accuracy"}
    history = net.fit(X, y, callbacks=seen, optimizer=gn.Adam(0.02), verbose=False, **how)
    return net, X, y, history, seen


@pytest.fixture(scope="module")
def iris():
    """A network that was trained on a table, and the table."""
    table = gn.Table.read("data/iris.csv")
    preparation = Preparation.learn(table, "species")
    X, y = preparation.features_of(table), preparation.targets_of(table)
    net = gn.Network("4-6-3 relu softmax", random_state=0)
    net.fit(X, y, epochs=15, optimizer=gn.Adam(0.02), verbose=False)
    net.preparation = preparation
    return net, table, X, y


@pytest.fixture(scope="module")
def houses():
    """A network of numbers that was trained on a table with units far from 0."""
    random = np.random.RandomState(0)
    X = np.column_stack([random.uniform(50, 90, 60), random.uniform(1, 5, 60)])
    table = gn.Table.from_arrays(X, 1000.0 + 3 * X[:, 0], target="price")
    preparation = Preparation.learn(table, "price", kind="number")
    net = gn.Network("2-5-1 tanh linear", random_state=0)
    x, y = preparation.features_of(table), preparation.targets_of(table)
    net.fit(x, y, epochs=30, verbose=False)
    net.preparation = preparation
    return net, table, x, y


@pytest.fixture(scope="module")
def beans():
    X, y = gn.datasets.beans(40)
    net = gn.Network("1-3-1 sigmoid", dtype="float64", random_state=0)
    net.fit(X, y, epochs=20, verbose=False)
    return net, X, y


def offsets(ax):
    """Give the places of all points, in the order in which they were drawn."""
    return np.concatenate([np.asarray(c.get_offsets()) for c in ax.collections if _is_points(c)])


def _is_points(collection):
    return type(collection).__name__ == "PathCollection"


def pixel_places(image):
    """Give the middles of an image's pixels, along x and along y."""
    assert image.origin == "lower"  # the first row is the lowest
    left, right, bottom, top = image.get_extent()
    rows, columns = image.get_array().shape
    half = (right - left) / columns / 2, (top - bottom) / rows / 2
    return (
        np.linspace(left + half[0], right - half[0], columns),
        np.linspace(bottom + half[1], top - half[1], rows),
    )


def at_pixels(image):
    """Give every pixel's place as a row (x, y), in the order of the flat image."""
    across, up = pixel_places(image)
    return np.array([(a, b) for b in up for a in across])


# ------------------------------------------------------------------------------- the curves


@pytest.mark.parametrize("log", [False, True])
def test_loss_curve_is_the_history(spiral, log):
    history = spiral[3]
    ax = plots.loss_curve(history, log=log)
    training, validation = ax.lines
    np.testing.assert_array_equal(training.get_ydata(), history.loss)
    np.testing.assert_array_equal(validation.get_ydata(), history.validation_loss)
    np.testing.assert_array_equal(training.get_xdata(), np.arange(1, history.epochs + 1))
    best = history.best_epoch
    np.testing.assert_allclose(offsets(ax), [[best, history.validation_loss[best - 1]]])
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["training", "validation", f"best epoch {best}"]
    assert ax.get_yscale() == ("log" if log else "linear")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss")
    assert training.get_linestyle() != validation.get_linestyle()


def test_without_weights_put_back_the_lowest_validation_loss_is_marked(spiral):
    net = gn.Network("2-4-3 tanh softmax", random_state=0)
    history = net.fit(*spiral[1:3], epochs=6, validation=0.3, metrics=["accuracy"], verbose=False)
    assert history.best_epoch is None
    lowest = int(np.argmin(history.validation_loss))
    beside = {
        "loss": history.validation_loss,
        "accuracy": history.validation_metrics["accuracy"],
    }
    for metric, values in beside.items():
        ax = plots.metric_curve(history, metric)
        np.testing.assert_allclose(offsets(ax), [[lowest + 1, values[lowest]]])
        *_, mark = ax.get_legend().get_texts()
        assert mark.get_text() == f"lowest: epoch {lowest + 1}"


def test_metric_curve_shows_any_column_of_the_history(spiral):
    history = spiral[3]
    ax = plots.metric_curve(history, "accuracy", linewidth=3)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), history.metrics["accuracy"])
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), history.validation_metrics["accuracy"])
    assert [line.get_linewidth() for line in ax.lines] == [3, 3]
    rate = plots.metric_curve(history, "learning_rate", lw=2.5)
    np.testing.assert_array_equal(rate.lines[0].get_ydata(), history.learning_rate)
    assert rate.lines[0].get_linewidth() == 2.5
    assert rate.get_ylabel() == "learning rate"


def test_learning_rates_are_the_finding():
    X, y = gn.datasets.sine(40)
    finding = gn.Network("1-8-1 tanh linear", random_state=0).find_learning_rate(X, y)
    ax = plots.learning_rates(finding)
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), finding.rates)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), finding.smoothed)
    assert ax.get_xscale() == "log"


def test_fold_scores_are_those_of_the_folds(iris):
    _, _, X, y = iris
    found = gn.cross_validate("4-3 softmax", X, y, folds=3, epochs=3, metrics="accuracy")
    ax = plots.fold_scores(found, "accuracy")
    np.testing.assert_allclose(offsets(ax)[:, 1], found.scores["accuracy"])
    np.testing.assert_allclose(offsets(ax)[:, 0], [1, 2, 3])
    mean, spread = found.mean["accuracy"], found.spread["accuracy"]
    assert ax.get_title() == f"mean {mean:.4g} ± {spread:.2g}"
    assert list(ax.lines[0].get_ydata()) == [mean, mean]
    with pytest.raises(DescriptionError, match=r"unknown score 'f1'; known: accuracy, loss"):
        plots.fold_scores(found, "f1")


def test_fit_1d_is_what_the_network_predicts(beans):
    net, X, y = beans
    ax = plots.fit_1d(net, X, y)
    (line,) = ax.lines
    wanted = net.predict(line.get_xdata()[:, None], engine="numpy")[:, 0]
    np.testing.assert_array_equal(line.get_ydata(), wanted)
    np.testing.assert_array_equal(offsets(ax), np.column_stack([X[:, 0], y[:, 0]]))
    assert len(plots.fit_1d(net, X).collections) == 0  # no data, no points


def test_fit_1d_stands_in_the_units_of_the_table(houses):
    net, table, _, _ = houses
    preparation = net.preparation
    ax = plots.fit_1d(net, table, column="x1", at={"x2": 3.0})
    (line,) = ax.lines
    rows = np.column_stack([line.get_xdata(), np.full(200, 3.0)])
    x = (rows - preparation.means) / preparation.scales
    wanted = preparation.numbers(net.predict(x.astype(np.float32), engine="numpy"))
    np.testing.assert_allclose(line.get_ydata(), wanted, rtol=1e-5)
    drawn = offsets(ax)
    np.testing.assert_allclose(drawn[:, 0], table.numbers("x1"), rtol=1e-5)
    np.testing.assert_allclose(drawn[:, 1], table.numbers("price"), rtol=1e-5)
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("x1", "price", "x2 = 3")


def test_fit_1d_draws_every_quantile():
    X, y = gn.datasets.sine(40)
    net = gn.Network("1-6-3 tanh ascending", loss=gn.Quantile((0.1, 0.5, 0.9)), random_state=0)
    ax = plots.fit_1d(net, X, y)
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["data", "quantile 0.1", "quantile 0.5", "quantile 0.9"]
    assert ax.get_ylabel() == "y"
    outputs = net.predict(ax.lines[0].get_xdata()[:, None].astype(np.float32), engine="numpy")
    for line, column in zip(ax.lines, outputs.T, strict=True):
        np.testing.assert_allclose(line.get_ydata(), column, rtol=1e-6)


# ------------------------------------------------------------------------------- the planes


def test_decision_regions_are_the_classes_that_the_network_names(spiral):
    net, X, y, _, _ = spiral
    ax = plots.decision_regions(net, X, y, resolution=SMALL)
    image = ax.images[0]
    outputs = net.predict(at_pixels(image).astype(np.float32), engine="numpy")
    np.testing.assert_array_equal(np.ravel(image.get_array()), np.argmax(outputs, axis=1))
    in_order = np.concatenate([X[y == number] for number in range(3)])
    np.testing.assert_allclose(offsets(ax), in_order, rtol=1e-6)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["0", "1", "2"]
    points = [c for c in ax.collections if _is_points(c)]
    shapes = {c.get_paths()[0].vertices.tobytes() for c in points}
    assert len(shapes) == len(points) == 3  # a marker of its own for each class


def test_planes_stand_in_the_units_of_the_table_and_say_what_is_fixed(iris):
    net, table, _, _ = iris
    preparation = net.preparation
    ax = plots.decision_regions(
        net, table, columns=("petal_length", 3), at={"sepal_width": 2.5}, resolution=SMALL
    )
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("petal_length", "petal_width")
    middle = float(np.median(table.numbers("sepal_length")))
    assert ax.get_title() == f"sepal_length = {middle:.4g}, sepal_width = 2.5"
    places = at_pixels(ax.images[0])
    rows = np.column_stack([np.tile([middle, 2.5], (len(places), 1)), places])
    x = (rows - preparation.means) / preparation.scales
    labels = preparation.labels(net.predict(x.astype(np.float32), engine="numpy"))
    drawn = np.array(preparation.classes)[np.ravel(ax.images[0].get_array())]
    assert (drawn == labels).mean() > 0.99  # of float32 places, one may lie on a border
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["setosa", "versicolor", "virginica"]
    np.testing.assert_allclose(offsets(ax)[:, 0], table.numbers("petal_length"), rtol=1e-5)


@pytest.mark.parametrize("of", ["versicolor", 1])
def test_probability_surface_is_the_chance_of_a_class(iris, of):
    net, table, X, _ = iris
    ax = plots.probability_surface(net, table, of=of, columns=(2, 3), resolution=SMALL)
    image = ax.images[0]
    preparation = net.preparation
    base = np.tile(np.median(X, axis=0), (SMALL * SMALL, 1))
    base[:, 2:] = (at_pixels(image) - preparation.means[2:]) / preparation.scales[2:]
    chances = net.predict(base.astype(np.float32), engine="numpy")
    np.testing.assert_allclose(np.ravel(image.get_array()), chances[:, 1], atol=2e-4)
    assert ax.figure.axes[1].get_ylabel() == "chance of versicolor"


def test_probability_surface_of_the_highest_chance_and_of_one_output(spiral):
    net, X, y, _, _ = spiral
    image = plots.probability_surface(net, X, y, resolution=SMALL).images[0]
    outputs = net.predict(at_pixels(image).astype(np.float32), engine="numpy")
    np.testing.assert_allclose(np.ravel(image.get_array()), outputs.max(axis=1), atol=1e-5)
    X, y = gn.datasets.moons(40)
    yes = gn.Network("2-4-1 tanh linear", loss="binary_cross_entropy", random_state=0)  # logits
    drawn = [plots.probability_surface(yes, X, y, of=o, resolution=SMALL).images[0] for o in (0, 1)]
    logits = yes.predict(at_pixels(drawn[1]).astype(np.float32), engine="numpy")[:, 0]
    chances = 1 / (1 + np.exp(-logits.astype(np.float64)))
    np.testing.assert_allclose(np.ravel(drawn[1].get_array()), chances, atol=1e-5)
    np.testing.assert_allclose(np.ravel(drawn[0].get_array()), 1 - chances, atol=1e-5)


def test_output_surface_colours_plane_and_points_on_one_scale(houses):
    net, table, _, _ = houses
    ax = plots.output_surface(net, table, resolution=SMALL)
    image = ax.images[0]
    preparation = net.preparation
    x = (at_pixels(image) - preparation.means) / preparation.scales
    wanted = preparation.numbers(net.predict(x.astype(np.float32), engine="numpy"))
    np.testing.assert_allclose(np.ravel(image.get_array()), wanted, rtol=1e-5)
    points = ax.collections[0]
    np.testing.assert_allclose(points.get_array(), table.numbers("price"), rtol=1e-6)
    assert points.norm is image.norm
    assert ax.figure.axes[1].get_ylabel() == "price"


def test_columns_of_yes_and_no_are_drawn_one_at_a_time():
    X, _ = gn.datasets.moons(40)
    y = np.column_stack([X[:, 0] > 0, X[:, 1] > 0]).astype(float)
    net = gn.Network("2-4-2 tanh sigmoid", loss="binary_cross_entropy", random_state=0)
    net.fit(X, y, epochs=10, verbose=False)
    for output in (0, 1):
        ax = plots.decision_regions(net, X, y, output=output, resolution=SMALL)
        chances = net.predict(at_pixels(ax.images[0]).astype(np.float32), engine="numpy")
        np.testing.assert_array_equal(np.ravel(ax.images[0].get_array()), chances[:, output] > 0.5)
        matrix = plots.confusion_matrix(net, X, y, output=output)
        right = (net.predict(X)[:, output] > 0.5) == (y[:, output] > 0.5)
        assert matrix.get_title().startswith(f"{right.sum()} of 40 rows right")
    with pytest.raises(DescriptionError, match="2 outputs: say which with output=0 … 1, got None"):
        plots.decision_regions(net, X, y)


def test_a_column_of_categories_is_held_at_its_commonest():
    random = np.random.RandomState(0)
    X = np.column_stack([random.normal(size=(20, 2)), np.repeat([2.0, 0.0, 1.0], [9, 5, 6])])
    net = gn.Network(3, gn.Embedding((2,), 3, 2), gn.Dense(4, "tanh"), gn.Dense(1), random_state=0)
    ax = plots.output_surface(net, X, resolution=SMALL)
    assert ax.get_title() == "x3 = 2"
    places = np.column_stack([at_pixels(ax.images[0]), np.full(SMALL * SMALL, 2.0)])
    outputs = net.predict(places.astype(np.float32), engine="numpy")[:, 0]
    np.testing.assert_allclose(np.ravel(ax.images[0].get_array()), outputs, atol=1e-5)
    with pytest.raises(DescriptionError, match="x3 holds categories of an Embedding"):
        plots.output_surface(net, X, columns=(0, 2))


# ------------------------------------------------------------------------ inside the network


def test_neurons_are_the_values_of_the_layer(spiral):
    net, X, _, _, _ = spiral
    small = plots.neurons(net, X, layer=2, resolution=SMALL)
    assert [ax.get_title() for ax in small] == [f"a2[{number}]" for number in range(4)]
    places = at_pixels(small[0].images[0]).astype(np.float32)
    trace = net.trace(places, np.zeros(len(places), int))
    for number, ax in enumerate(small):
        drawn = np.ravel(ax.images[0].get_array())
        np.testing.assert_allclose(drawn, trace["a2"][:, number], atol=1e-5)
    assert len({ax.images[0].get_clim() for ax in small}) == 1  # one scale


def test_neurons_are_seen_as_prediction_sees_them():
    X, y = gn.datasets.moons(30)
    net = gn.Network(
        2, gn.Dense(3, "relu"), gn.BatchNorm(), gn.Dropout(0.5), gn.Dense(1, "sigmoid"),
        loss="binary_cross_entropy", random_state=0,
    )  # fmt: skip
    net.fit(X, y, epochs=2, verbose=False)
    small = plots.neurons(net, X, layer="h1", resolution=SMALL)
    x = at_pixels(small[0].images[0]).astype(np.float32)
    w = net.weights
    a1 = np.maximum(x @ w["W1"] + w["b1"], 0)
    h1 = (a1 - w["mean1"]) / np.sqrt(w["variance1"] + 1e-5) * w["scale1"] + w["shift1"]
    for number, ax in enumerate(small):
        np.testing.assert_allclose(np.ravel(ax.images[0].get_array()), h1[:, number], atol=1e-3)


def test_neurons_beyond_the_most_are_counted(spiral):
    net, X, _, _, _ = spiral
    small = plots.neurons(net, X, most=3, resolution=SMALL)
    assert [ax.get_title() for ax in small] == ["a1[0]", "a1[1]", "a1[2]  … 5 more"]


def test_neurons_of_one_input_are_curves(beans):
    net, X, _ = beans
    small = plots.neurons(net, X)
    place = small[0].lines[0].get_xdata()[:, None]
    a1 = net.trace(place, np.zeros((len(place), 1)))["a1"]
    for number, ax in enumerate(small):
        np.testing.assert_allclose(ax.lines[0].get_ydata(), a1[:, number], rtol=1e-12)


def test_warped_plane_is_the_grid_behind_the_layer(spiral):
    net, X, y, _, _ = spiral
    ax = plots.warped_plane(net, X, y, layer=1, pair=(2, 5), lines=5)
    across, upwards = ax.collections[:2]
    low, high = X.min(axis=0), X.max(axis=0)
    room = 0.06 * (high - low)
    sides = [np.linspace(a - r, b + r, 33) for a, b, r in zip(low, high, room, strict=True)]
    a1 = lambda rows: net.trace(rows.astype(np.float32), np.zeros(len(rows), int))["a1"]  # noqa: E731
    for number, segment in enumerate(across.get_segments()):
        rows = np.column_stack([sides[0], np.full(33, sides[1][8 * number])])
        np.testing.assert_allclose(segment, a1(rows)[:, [2, 5]], atol=1e-5)
    for number, segment in enumerate(upwards.get_segments()):
        rows = np.column_stack([np.full(33, sides[0][8 * number]), sides[1]])
        np.testing.assert_allclose(segment, a1(rows)[:, [2, 5]], atol=1e-5)
    in_order = np.concatenate([X[y == number] for number in range(3)])
    np.testing.assert_allclose(offsets(ax), a1(in_order)[:, [2, 5]], atol=1e-5)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("a1[2]", "a1[5]")


# ------------------------------------------------------------------------------ the answers


def counts_in(ax, size):
    """Read the counts back from the texts of a confusion matrix."""
    found = np.zeros((size, size), int)
    for text in ax.texts:
        column, row = (round(place) for place in text.get_position())
        first, *share = text.get_text().split("\n")
        found[row, column] = int(first)
        if share:
            drawn = ax.images[0].get_array()[row, column]
            assert share == [f"{drawn:.0%}"]
    return found


def test_confusion_matrix_counts_the_rows(iris):
    net, table, X, y = iris
    ax = plots.confusion_matrix(net, table)
    given = np.argmax(net.predict(X.astype(np.float32)), axis=1)
    wanted = np.zeros((3, 3), int)
    for true, answer in zip(y, given, strict=True):
        wanted[true, answer] += 1
    np.testing.assert_array_equal(counts_in(ax, 3), wanted)
    shares = wanted / wanted.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(ax.images[0].get_array(), shares)
    right = np.trace(wanted)
    assert ax.get_title() == f"{right} of 150 rows right ({right / 150:.1%})"
    names = ["setosa", "versicolor", "virginica"]
    assert [label.get_text() for label in ax.get_yticklabels()] == names
    assert [label.get_text() for label in ax.get_xticklabels()] == names


def test_confusion_matrix_of_held_out_rows(iris):
    _, _, X, y = iris
    found = gn.cross_validate("4-3 softmax", X, y, folds=3, epochs=3, random_state=0)
    ax = plots.confusion_matrix(found, y=y, classes=("a", "b", "c"))
    given = np.argmax(found.predictions, axis=1)
    for true in range(3):
        wanted = np.bincount(given[y == true], minlength=3)
        np.testing.assert_array_equal(counts_in(ax, 3)[true], wanted)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b", "c"]


@pytest.mark.parametrize("against", [None, "x1", 1])
def test_numbers_and_what_they_miss(houses, against):
    net, table, x, _ = houses
    true = table.numbers("price")
    given = net.preparation.numbers(net.predict(x.astype(np.float32), engine="numpy"))
    ax = plots.predicted_against_true(net, table)
    np.testing.assert_allclose(offsets(ax), np.column_stack([true, given]), rtol=1e-5)
    scores = net.evaluate(x, (true - net.preparation.target_mean) / net.preparation.target_scale,
                          metrics=["r2", "rmse"])  # fmt: skip
    rmse = scores["rmse"] * net.preparation.target_scale
    assert ax.get_title() == f"R² {scores['r2']:.3f}, RMSE {rmse:.4g}"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("true price", "predicted price")
    left = plots.residuals(net, table, against=against)
    place = given if against is None else table.numbers("x1" if against == "x1" else "x2")
    drawn = offsets(left)
    np.testing.assert_allclose(drawn[:, 0], place, rtol=1e-5)
    np.testing.assert_allclose(drawn[:, 1], true - given, atol=0.01)


def test_one_of_several_numbers():
    random = np.random.RandomState(0)
    X, y = random.normal(size=(20, 2)), random.normal(size=(20, 2))
    net = gn.Network("2-4-2 tanh linear", random_state=0)
    ax = plots.predicted_against_true(net, X, y, output=1)
    wanted = np.column_stack([y[:, 1], net.predict(X)[:, 1]])
    np.testing.assert_allclose(offsets(ax), wanted, rtol=1e-5, atol=1e-6)
    assert ax.get_xlabel() == "true y2"


# -------------------------------------------------------------------------------- over time


def test_histograms_over_time_are_the_counts(spiral):
    seen = spiral[4]
    for of, names in (
        ("weights", ["W1", "W2", "W3"]),
        ("gradients", ["dW1", "dW2", "dW3"]),
        ("activations", ["a1", "a2", "a3"]),
        ("db2", ["db2"]),
        (("b1", "a2"), ["b1", "a2"]),
    ):
        small = plots.histograms_over_time(seen, of)
        assert [ax.get_title() for ax in small] == names
        for ax, name in zip(small, names, strict=True):
            boxes = ax.collections[0]
            shares = np.array([s.counts / s.counts.sum() for s in seen.spreads(name)])
            np.testing.assert_allclose(boxes.get_array(), shares.ravel())
            lows = [path.vertices[:, 1].min() for path in boxes.get_paths()]
            edges = np.array([s.edges[:-1] for s in seen.spreads(name)])
            np.testing.assert_allclose(lows, edges.ravel())
            highs = [path.vertices[:, 1].max() for path in boxes.get_paths()]
            ends = np.array([s.edges[1:] for s in seen.spreads(name)])
            np.testing.assert_allclose(highs, ends.ravel())
            lefts = np.array([path.vertices[:, 0].min() for path in boxes.get_paths()])
            np.testing.assert_allclose(lefts[::10], seen.epochs - 2.0)
        assert len({ax.collections[0].get_clim() for ax in small}) == 1


def test_gradient_norms_and_update_ratios_are_those_measured(spiral):
    seen = spiral[4]
    ax = plots.gradient_norms(seen)
    for line, name in zip(ax.lines, ("W1", "W2", "W3"), strict=True):
        assert line.get_label() == f"d{name}"
        np.testing.assert_array_equal(line.get_xdata(), seen.epochs)
        np.testing.assert_array_equal(line.get_ydata(), seen.norms(f"d{name}"))
    assert ax.get_yscale() == "log"
    ax = plots.update_ratios(seen, ["W2", "b1"], log=False)
    for line, name in zip(ax.lines, ("W2", "b1"), strict=False):
        weights = seen.norms(name)
        with np.errstate(all="ignore"):
            wanted = np.where(weights > 0, seen.norms(f"Δ{name}") / weights, np.nan)
        np.testing.assert_allclose(line.get_ydata(), wanted)
    assert len({line.get_linestyle() for line in plots.gradient_norms(seen).lines}) == 3


# ------------------------------------------------------------------------ the error surface


def test_error_surface_over_two_weights_is_what_evaluate_gives():
    X, y = gn.datasets.line()
    net = gn.Network("1-1 linear", random_state=0)
    seen = gn.callbacks.Measurements(X, y)
    net.fit(X, y, epochs=8, optimizer=gn.SGD(0.005), callbacks=seen, verbose=False)
    before = net.weights["W1"].copy()
    spans = [(1.0, 4.0), (-1.0, 2.0)]
    ax = plots.error_surface(
        net, X, y, path=seen, directions=("W1[0,0]", "b1[0]"), spans=spans, resolution=5
    )
    drawn = np.asarray(ax.collections[0].get_array()).reshape(5, 5)
    other = gn.Network("1-1 linear")
    for row, b in enumerate(np.linspace(-1, 2, 5)):
        for column, w in enumerate(np.linspace(1, 4, 5)):
            other.weights["W1"], other.weights["b1"] = [[w]], [b]
            assert drawn[row, column] == pytest.approx(other.evaluate(X, y)["loss"], rel=1e-5)
    way = np.column_stack([seen.weights["W1"][:, 0, 0], seen.weights["b1"][:, 0]])
    np.testing.assert_allclose(ax.lines[0].get_xydata(), way, rtol=1e-6)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("W1[0, 0]", "b1[0]")
    here = [net.weights["W1"].item(), net.weights["b1"].item()]
    np.testing.assert_allclose(ax.lines[-1].get_xydata(), [here])
    np.testing.assert_array_equal(net.weights["W1"], before)  # the network is as it was


def test_error_surface_over_the_plane_of_the_path(spiral):
    net, X, y, _, seen = spiral
    ax = plots.error_surface(net, X, y, path=seen, resolution=3)
    way = ax.lines[0].get_xydata()
    flat = net.values.parameters.astype(np.float64)
    moved = seen.path.astype(np.float64) - flat
    _, sizes, rows = np.linalg.svd(moved, full_matrices=False)
    np.testing.assert_allclose(np.abs(way), np.abs(moved @ rows[:2].T), atol=1e-6)
    share = sizes[0] ** 2 / np.sum(sizes**2)
    assert ax.get_xlabel() == f"along direction 1 ({share:.0%} of the way)"
    drawn = np.asarray(ax.collections[0].get_array()).reshape(3, 3)
    signs = np.sign(np.sum(way * (moved @ rows[:2].T), axis=0))
    across, up = (np.linspace(*limits, 3) for limits in (ax.get_xlim(), ax.get_ylim()))
    other = gn.Network("2-8-4-3 relu softmax")
    for (row, column), loss in np.ndenumerate(drawn):
        place = flat + across[column] * signs[0] * rows[0] + up[row] * signs[1] * rows[1]
        other.values.parameters[:] = place
        assert loss == pytest.approx(other.evaluate(X, y)["loss"], rel=1e-4)


def test_error_surface_has_the_penalties_in_it():
    X, y = gn.datasets.line()
    net = gn.Network(1, gn.Dense(1, l2=0.5), random_state=0)
    ax = plots.error_surface(net, X, y, directions=("W1[0, 0]", "b1[0]"), resolution=3)
    drawn = np.asarray(ax.collections[0].get_array()).reshape(3, 3)
    assert drawn[1, 1] == pytest.approx(net.evaluate(X, y)["loss"], rel=1e-6)


# --------------------------------------------------------------------------- what all share


def calls(spiral, houses, beans, iris):
    """One call of each function, which takes ax."""
    net, X, y, history, seen = spiral
    house, houses_table, _, _ = houses
    bean, bean_x, bean_y = beans
    found = gn.cross_validate("4-3 softmax", iris[2], iris[3], folds=2, epochs=2)
    rates = gn.Network("1-4-1 tanh linear", random_state=0).find_learning_rate(*gn.datasets.line())
    return {
        "loss_curve": lambda **k: plots.loss_curve(history, **k),
        "metric_curve": lambda **k: plots.metric_curve(history, "accuracy", **k),
        "learning_rates": lambda **k: plots.learning_rates(rates, **k),
        "fold_scores": lambda **k: plots.fold_scores(found, **k),
        "fit_1d": lambda **k: plots.fit_1d(bean, bean_x, bean_y, **k),
        "decision_regions": lambda **k: plots.decision_regions(net, X, y, resolution=9, **k),
        "probability_surface": lambda **k: plots.probability_surface(net, X, resolution=9, **k),
        "output_surface": lambda **k: plots.output_surface(house, houses_table, resolution=9, **k),
        "neurons": lambda **k: plots.neurons(net, X, resolution=9, **k),
        "warped_plane": lambda **k: plots.warped_plane(net, X, y, lines=4, **k),
        "confusion_matrix": lambda **k: plots.confusion_matrix(net, X, y, **k),
        "predicted_against_true": lambda **k: plots.predicted_against_true(
            house, houses_table, **k
        ),
        "residuals": lambda **k: plots.residuals(house, houses_table, **k),
        "histograms_over_time": lambda **k: plots.histograms_over_time(seen, **k),
        "gradient_norms": lambda **k: plots.gradient_norms(seen, **k),
        "update_ratios": lambda **k: plots.update_ratios(seen, **k),
        "error_surface": lambda **k: plots.error_surface(net, X, y, path=seen, resolution=4, **k),
    }


@pytest.mark.parametrize("name", plots.__all__)
def test_every_plot_draws_on_axes_of_its_own_and_on_given_ones(
    name, spiral, houses, beans, iris, tmp_path
):
    call = calls(spiral, houses, beans, iris)[name]
    alone = np.ravel(np.array(call(), dtype=object))
    page = tmp_path / "alone.png"
    alone[0].figure.savefig(page)
    assert page.stat().st_size > 3000
    figure = Figure((9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    given = np.ravel(np.array(call(ax=left), dtype=object))
    assert all(ax.figure is figure for ax in given)
    if len(given) == 1:
        assert given[0] is left
    assert not right.lines
    assert not right.images
    assert not right.collections
    figure.savefig(tmp_path / "given.png")
    assert all(ax.get_position().x1 < right.get_position().x0 for ax in given)
    with pytest.raises(DescriptionError, match=r"ax must be matplotlib axes.*got str"):
        call(ax="left")
    assert "matplotlib.pyplot" not in sys.modules or not _open_figures()


def _open_figures():
    from matplotlib import pyplot

    return pyplot.get_fignums()


def test_small_plots_take_as_many_axes_as_they_need(spiral):
    net, X, _, _, _ = spiral
    axes = Figure().subplots(2, 2)
    assert plots.neurons(net, X, layer=2, ax=axes, resolution=5).tolist() == axes.ravel().tolist()
    with pytest.raises(DescriptionError, match="needs 8 axes, got 4"):
        plots.neurons(net, X, layer=1, ax=axes, resolution=5)
    free = Figure().add_axes((0, 0, 1, 1))
    with pytest.raises(DescriptionError, match="must stand in a grid"):
        plots.neurons(net, X, ax=free, resolution=5)


def test_options_go_on_to_what_draws(spiral):
    net, X, y, _, seen = spiral
    ax = plots.decision_regions(net, X, y, resolution=9, alpha=0.5)
    assert ax.images[0].get_alpha() == 0.5
    assert plots.gradient_norms(seen, color="red").lines[0].get_color() == "red"
    assert plots.confusion_matrix(net, X, y, cmap="Greens").images[0].cmap.name == "Greens"
    assert (
        plots.error_surface(net, X, y, path=seen, resolution=4, alpha=0.25)
        .collections[0]
        .get_alpha()
        == 0.25
    )


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda n, X, y, h, s: plots.metric_curve(h, "f1"), DescriptionError,
         "unknown number of an epoch 'f1'; known: accuracy, learning_rate, loss"),
        (lambda n, X, y, h, s: plots.loss_curve(n), DescriptionError, "History that fit gives"),
        (lambda n, X, y, h, s: plots.loss_curve(h, log=2), DescriptionError, "log must be"),
        (lambda n, X, y, h, s: plots.decision_regions(h, X), DescriptionError,
         "shows a gn.Network"),
        (lambda n, X, y, h, s: plots.decision_regions(n, X, columns=(0, "x9")), DescriptionError,
         "unknown column 'x9'"),
        (lambda n, X, y, h, s: plots.decision_regions(n, X, columns=(0, 2)), DescriptionError,
         "from 0 to 1, or a name of x1, x2; got 2"),
        (lambda n, X, y, h, s: plots.decision_regions(n, X, columns=(1, 1)), DescriptionError,
         "two different columns"),
        (lambda n, X, y, h, s: plots.decision_regions(n, X, at={"x1": 1}), DescriptionError,
         "drawn along, and cannot be held"),
        (lambda n, X, y, h, s: plots.decision_regions(n, X, resolution=1), DescriptionError,
         "from 2 to 2000, got 1"),
        (lambda n, X, y, h, s: plots.decision_regions(n, X, classes=["a"]), DescriptionError,
         "3 classes need as many names"),
        (lambda n, X, y, h, s: plots.decision_regions(n, None), DataError, "give X"),
        (lambda n, X, y, h, s: plots.probability_surface(n, X, of="9"), DescriptionError,
         "unknown class '9'; known: 0, 1, 2"),
        (lambda n, X, y, h, s: plots.probability_surface(n, X, of=3), DescriptionError,
         "from 0 to 2"),
        (lambda n, X, y, h, s: plots.output_surface(n, X, output=3), DescriptionError,
         "3 outputs: say which"),
        (lambda n, X, y, h, s: plots.neurons(n, X, layer=4), DescriptionError,
         "layer must be from 1 to 3, got 4"),
        (lambda n, X, y, h, s: plots.neurons(n, X, layer="q"), DescriptionError,
         "unknown layer 'q'; known: a1, a2, a3, z1, z2, z3"),
        (lambda n, X, y, h, s: plots.neurons(n, X, most=0), DescriptionError, "most must be"),
        (lambda n, X, y, h, s: plots.warped_plane(n, X, pair=(0, 8)), DescriptionError,
         "two neurons of a1, from 0 to 7"),
        (lambda n, X, y, h, s: plots.warped_plane(n, X, lines=1), DescriptionError, "lines must"),
        (lambda n, X, y, h, s: plots.confusion_matrix(n, X), DataError, "give y as well"),
        (lambda n, X, y, h, s: plots.predicted_against_true(n, X, y), DescriptionError,
         "tells classes apart"),
        (lambda n, X, y, h, s: plots.gradient_norms(h), DescriptionError,
         "shows gn.callbacks.Measurements(X, y)"),
        (lambda n, X, y, h, s: plots.gradient_norms(s, ["W9"]), DescriptionError,
         "unknown parameter 'W9'"),
        (lambda n, X, y, h, s: plots.histograms_over_time(s, "weight"), DescriptionError,
         "did you mean 'weights'"),
        (lambda n, X, y, h, s: plots.histograms_over_time(gn.callbacks.Measurements(X, y)),
         DescriptionError, "nothing was measured yet"),
        (lambda n, X, y, h, s: plots.error_surface(n, X, y), DescriptionError, "say over what"),
        (lambda n, X, y, h, s: plots.error_surface(n, X, y, path=h), DescriptionError,
         "path must be the gn.callbacks.Measurements"),
        (lambda n, X, y, h, s: plots.error_surface(n, X, y, directions=("W1[2, 0]", "b1[0]")),
         DescriptionError, "W1 has the shape (2, 8), so a number in it is W1[1, 7] at most"),
        (lambda n, X, y, h, s: plots.error_surface(n, X, y, directions=("W4[0, 0]", "b1[0]")),
         DescriptionError, "unknown weight 'W4[0, 0]'"),
        (lambda n, X, y, h, s: plots.error_surface(n, X, y, directions=("b1[0]", "b1[0]")),
         DescriptionError, "two different weights"),
        (lambda n, X, y, h, s: plots.error_surface(n, X, y, directions="W1"), DescriptionError,
         "directions are two weights"),
        (lambda n, X, y, h, s: plots.error_surface(n, X, y, path=s, spans=[(1, 0), (0, 1)]),
         DescriptionError, "spans are two pairs"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_refused_in_words(call, kind, words, spiral):
    with pytest.raises(kind) as caught:
        call(*spiral)
    assert words in str(caught.value)


def test_plots_of_classes_refuse_numbers_and_the_other_way_round(houses, beans):
    net, table, _, y = houses
    for plot in (plots.decision_regions, plots.confusion_matrix, plots.probability_surface):
        with pytest.raises(DescriptionError, match="gives numbers, no classes"):
            plot(net, table)
    with pytest.raises(DataError, match="leave y out"):
        plots.residuals(net, table, y)
    with pytest.raises(DescriptionError, match="1 input, and a plane needs 2"):
        plots.decision_regions(*beans)
    exam = gn.Network("2-3-1 sigmoid", random_state=0)
    with pytest.raises(DataError, match=r"y holds 0\.9.*neither of the classes 0 and 1"):
        plots.confusion_matrix(exam, *gn.datasets.exam())
    assert plots.predicted_against_true(exam, *gn.datasets.exam()).get_title()  # marks, not classes
    bare = gn.Network("2-1 linear", random_state=0)
    with pytest.raises(DataError, match="not trained on a table"):
        plots.residuals(bare, table)
    empty = gn.History("numpy", "asked for", 0)
    with pytest.raises(DataError, match="no epoch was finished"):
        plots.loss_curve(empty)


def test_scores_of_a_hinge_are_no_chances():
    X, y = gn.datasets.moons(20)
    net = gn.Network("2-1 linear", loss="hinge", random_state=0)
    signs = 2.0 * y.reshape(-1, 1) - 1
    with pytest.raises(DescriptionError, match="scores that are no chances"):
        plots.probability_surface(net, X, signs)
    ax = plots.decision_regions(net, X, signs, resolution=SMALL)
    scores = net.predict(at_pixels(ax.images[0]).astype(np.float32), engine="numpy")[:, 0]
    np.testing.assert_array_equal(np.ravel(ax.images[0].get_array()), scores > 0)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["-1", "1"]


def test_predicted_values_are_those_of_predict(spiral, iris):
    for net, X in ((spiral[0], spiral[1]), (iris[0], iris[2])):
        x = X.astype(np.float32)
        made = predicted_values(net.values.program, net.values.by_name, x)
        np.testing.assert_array_equal(
            made[net.values.program.predict_outputs], net.predict(x, engine="numpy")
        )


def test_no_plot_loads_pyplot_or_opens_a_window(tmp_path):
    code = (
        "import sys, glassnet as gn\n"
        "assert 'matplotlib' not in sys.modules\n"
        "X, y = gn.datasets.spiral(10)\n"
        "net = gn.Network('2-4-3 relu softmax', random_state=0)\n"
        "assert gn.plots and 'matplotlib' not in sys.modules\n"
        f"gn.plots.decision_regions(net, X, y).figure.savefig({str(tmp_path / 'a.png')!r})\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "MPLBACKEND")}
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, env=environment)


def test_a_missing_library_is_named_with_its_extra(monkeypatch, spiral):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"needs matplotlib.*glassnet\[plots\]"):
        plots.loss_curve(spiral[3])


def test_classes_are_told_apart_by_shape_and_colour():
    assert len({palette.style(number) for number in range(64)}) == 64


def test_dollars_in_names_begin_no_formula():
    X = np.array([[0.0, 1.0], [1.0, 0.0], [0.5, 0.5]])
    net = gn.Network("2-2-3 tanh softmax", random_state=0)
    names = ["$a$", "$b^$", "c"]  # the second is no formula that can be read
    pages = [
        plots.confusion_matrix(net, X, [0, 1, 2], classes=names, title="$t^$").figure,
        plots.decision_regions(net, X, [0, 1, 2], classes=names).figure,
        plots.probability_surface(net, X, [0, 1, 2], of=1, classes=names).figure,
    ]
    for page in pages:
        page.savefig(io.BytesIO())  # this is where matplotlib reads formulas
    ticks = pages[0].axes[0].get_xticklabels()
    assert [(tick.get_text(), tick.get_parse_math()) for tick in ticks[:2]] == [
        ("$a$", False),
        ("$b^$", False),
    ]


def test_long_names_of_classes_leave_room_for_the_plot():
    X = np.array([[0.0, 1.0], [1.0, 0.0], [0.5, 0.5]])
    net = gn.Network("2-2-3 tanh softmax", random_state=0)
    long = "a class whose name goes on and on and on"
    names = [long, "b", "c"]
    matrix = plots.confusion_matrix(net, X, [0, 1, 2], classes=names)
    regions = plots.decision_regions(net, X, [0, 1, 2], classes=names)
    first = matrix.get_yticklabels()[0], regions.get_legend().get_texts()[0]
    for text in first:
        assert text.get_text().endswith("…")
        assert long.startswith(text.get_text()[:-1])


def test_ticks_stay_apart_on_narrow_axes():
    X, y = gn.datasets.spiral()
    net = gn.Network("2-4-3 tanh softmax", random_state=0)
    page = Figure((9.6, 3.6), layout="constrained")
    left, _ = page.subplots(1, 2)
    ax = plots.decision_regions(net, X, y, ax=left)
    page.savefig(io.BytesIO())
    boxes = [label.get_window_extent() for label in ax.get_xticklabels() if label.get_text()]
    low, high = ax.bbox.x0, ax.bbox.x1
    inside = [box for box in boxes if box.x1 > low and box.x0 < high]
    assert len(inside) > 1
    assert all(a.x1 + 4 < b.x0 for a, b in itertools.pairwise(inside))  # dots, half a letter
