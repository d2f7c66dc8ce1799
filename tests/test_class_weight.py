"""Class weights: those of scikit-learn, in both losses, and times the weights of rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

import glassnet as gn
from glassnet.arrays import check_rows
from glassnet.class_weight import with_class_weights

RANDOM = np.random.RandomState(0)
X = RANDOM.randn(40, 2)
CLASSES = np.repeat([0, 1, 2], [25, 10, 5])
YES = np.repeat([0, 1], [31, 9])
SEVERAL = (RANDOM.uniform(size=(40, 3)) < [0.2, 0.5, 0.8]).astype(int)
ROWS = RANDOM.uniform(0.5, 2, 40)
ABSENT = np.where(CLASSES == 1, 0, CLASSES)


def network(short, **options):
    loss = "binary_cross_entropy" if "sigmoid" in short else ""
    return gn.Network(short, loss=loss, random_state=0, dtype="float64", **options)


CASES = [
    ("2-3 softmax", CLASSES, "balanced"),
    ("2-3 softmax", ABSENT, "balanced"),
    ("2-3 softmax", CLASSES, {0: 0.5, 2: 7}),
    ("2-3 linear", CLASSES, {0: 0.5, 1: 2.0, 2: 7}),
    ("2-1 sigmoid", YES, "balanced"),
    ("2-1 sigmoid", YES, {1: 3}),
    ("2-3 sigmoid", SEVERAL, "balanced"),
    ("2-3 sigmoid", SEVERAL, [{0: 1, 1: 3.0}, {0: 1, 1: 2.0}, {0: 0.5, 1: 1.0}]),
]


def description_of(short):
    loss = "binary_cross_entropy" if "sigmoid" in short else "cross_entropy"
    return gn.Description.read(short, loss=loss)


@pytest.mark.parametrize(("short", "y", "class_weight"), CASES)
def test_the_weights_are_those_of_scikit_learn(short, y, class_weight):
    description = description_of(short)
    rows = check_rows(X, y, None, description, "float64")
    weighted, none = with_class_weights(class_weight, rows, None, description)
    expected = compute_sample_weight(class_weight, y)
    np.testing.assert_allclose(weighted.loss_weights, expected, rtol=1e-14)
    assert none is None
    assert weighted.weights is None  # metrics know nothing of them


def test_balanced_counts_rows_by_their_weights():
    description = description_of("2-3 softmax")
    rows = check_rows(X, CLASSES, ROWS, description, "float64")
    weighted, _ = with_class_weights("balanced", rows, None, description)
    sums = np.bincount(CLASSES, ROWS)
    expected = (ROWS.sum() / (3 * sums))[CLASSES]
    np.testing.assert_allclose(weighted.class_weights, expected, rtol=1e-14)
    np.testing.assert_allclose(weighted.loss_weights, expected * ROWS, rtol=1e-14)
    balanced = np.bincount(CLASSES, weighted.loss_weights)
    np.testing.assert_allclose(balanced, balanced[0], rtol=1e-12)
    whole = compute_class_weight("balanced", classes=np.unique(CLASSES), y=CLASSES)
    rows = check_rows(X, CLASSES, np.full(40, 2.0), description, "float64")
    twice, _ = with_class_weights("balanced", rows, None, description)
    np.testing.assert_allclose(twice.class_weights, whole[CLASSES], rtol=1e-14)


@pytest.mark.parametrize("engine", ["numpy", "numba"])
@pytest.mark.parametrize(("short", "y", "class_weight"), [CASES[0], CASES[5], CASES[7]])
def test_training_is_that_with_such_weights_of_rows(engine, short, y, class_weight):
    how = {"epochs": 5, "batch_size": 8, "engine": engine, "verbose": False, "metrics": "accuracy"}
    one, other = network(short), network(short)
    history = one.fit(X, y, class_weight=class_weight, **how)
    rows = compute_sample_weight(class_weight, y)
    expected = other.fit(X, y, sample_weight=rows, **how)
    np.testing.assert_allclose(history.loss, expected.loss, rtol=1e-12)
    np.testing.assert_allclose(one.values.parameters, other.values.parameters, rtol=1e-10)
    # accuracy counts all rows alike, whatever their classes count in the loss
    assert history.metrics["accuracy"][-1] == one.evaluate(X, y, "accuracy")["accuracy"]


def test_class_weights_hold_in_the_validation_loss_and_not_in_its_metrics():
    net, table = network("2-3 softmax"), {0: 1.0, 1: 2.0, 2: 5.0}
    history = net.fit(
        X,
        CLASSES,
        epochs=2,
        class_weight=table,
        sample_weight=ROWS,
        validation=(X[::2], CLASSES[::2], ROWS[::2]),
        metrics="accuracy",
        verbose=False,
    )
    rows = np.array([table[c] for c in CLASSES[::2]]) * ROWS[::2]
    loss = net.evaluate(X[::2], CLASSES[::2], sample_weight=rows)["loss"]
    assert history.validation_loss[-1] == pytest.approx(loss, rel=1e-12)
    share = net.evaluate(X[::2], CLASSES[::2], "accuracy", ROWS[::2])["accuracy"]
    assert history.validation_metrics["accuracy"][-1] == pytest.approx(share, rel=1e-12)


def test_balanced_is_learnt_from_the_training_rows():
    description = description_of("2-3 softmax")
    rows = check_rows(X, CLASSES, None, description, "float64")
    held_out = check_rows(X[:4], [0, 0, 1, 2], None, description, "float64")
    _, weighted = with_class_weights("balanced", rows, held_out, description)
    table = 40 / (3 * np.array([25, 10, 5]))
    np.testing.assert_allclose(weighted.loss_weights, table[[0, 0, 1, 2]], rtol=1e-14)


def test_shares_of_classes_have_the_class_of_the_largest():
    description = description_of("2-3 softmax")
    rows = check_rows(X[:2], [[0.6, 0.4, 0], [0.1, 0.1, 0.8]], None, description, "float64")
    weighted, _ = with_class_weights({0: 3, 2: 5}, rows, None, description)
    assert weighted.loss_weights.tolist() == [3, 5]


def test_rows_and_their_class_weights_stay_together():
    rows = gn.arrays.Rows(X, YES[:, None], ROWS, ROWS * 2)
    some = rows.at(np.array([3, 1]))
    assert some.class_weights.tolist() == (2 * ROWS[[3, 1]]).tolist()
    assert some.loss_weights.tolist() == (2 * ROWS[[3, 1]] ** 2).tolist()


@pytest.mark.parametrize(
    ("short", "y", "class_weight", "words"),
    [
        ("2-3 softmax", CLASSES, {3: 1.0}, "the class 3, which is unknown: the classes are"),
        ("2-3 softmax", CLASSES, {"a": 1.0}, "the class 'a'"),
        ("2-3 softmax", CLASSES, {0.5: 1.0}, "the class 0.5"),
        ("2-1 sigmoid", YES, {2: 1.0}, "whole numbers from 0 to 1"),
        ("2-3 softmax", CLASSES, {0: 0}, "a number above 0 for each class, got 0 for 0"),
        ("2-3 softmax", CLASSES, {0: np.nan}, "got nan for 0"),
        ("2-3 softmax", CLASSES, {0: "2"}, "got '2' for 0"),
        ("2-3 softmax", CLASSES, "balancd", "must be None, 'balanced', or a dict"),
        ("2-3 softmax", CLASSES, 3, "must be None, 'balanced', or a dict"),
        ("2-3 softmax", CLASSES, [1, 2, 3], "must be None, 'balanced', or a dict"),
        ("2-3 softmax", CLASSES, [{0: 1}, {0: 2}], "must be one dict for one column"),
        ("2-3 sigmoid", SEVERAL, {0: 1}, "a list of 3 dicts, one for each column of y"),
        ("2-3 sigmoid", SEVERAL, [{0: 1}] * 2, "a list of 3 dicts"),
        ("2-3 softmax", CLASSES, {0: 1e-320, 1: 1e300}, "cannot hold"),
        ("2-1 linear", YES, "balanced", "mean_squared_error has none: take cross_entropy or"),
    ],
)
def test_what_cannot_be_is_refused_before_training(short, y, class_weight, words):
    net = gn.Network(short, loss="binary_cross_entropy" if "sigmoid" in short else "")
    before = net.values.parameters.copy()
    with pytest.raises((gn.DescriptionError, gn.DataError)) as caught:
        net.fit(X, y, class_weight=class_weight, verbose=False)
    assert words in str(caught.value)
    np.testing.assert_array_equal(before, net.values.parameters)
