"""Metrics: equal to scikit-learn's, read as the network means its outputs, never a traceback."""

from __future__ import annotations

import subprocess
import sys
import warnings

import numpy as np
import pytest
from scipy.special import expit, log_softmax, logit, softmax
from sklearn import metrics as theirs

import glassnet as gn
from glassnet import metrics
from glassnet.metrics import METRICS, by_name, measured
from glassnet.metrics import formulas as own
from glassnet.rules.reading import reading_of

RANDOM = np.random.RandomState(0)
ROWS = 60
WEIGHTS = RANDOM.uniform(0.2, 3, ROWS)
WANTED = RANDOM.randint(0, 2, (ROWS, 1)).astype(float)
SEVERAL = RANDOM.randint(0, 2, (ROWS, 3)).astype(float)
CLASSES = RANDOM.randint(0, 4, ROWS)
ONE_HOT = np.eye(4)[CLASSES]
Z1, Z3, Z4 = (RANDOM.randn(ROWS, n) for n in (1, 3, 4))
WEIGHTED = pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["alike", "weighted"])


def found(name, y, outputs, weights=None, *, loss, activation):
    (metric,) = by_name(name, loss=loss, activation=activation).values()
    return measured(metric, y, outputs, weights)


# --------------------------------------------------------------- equal to scikit-learn's


@WEIGHTED
@pytest.mark.parametrize("columns", [1, 3])
def test_formulas_are_those_of_scikit_learn(weights, columns):
    y, outputs = RANDOM.randn(ROWS, columns), RANDOM.randn(ROWS, columns)
    w = {"sample_weight": weights}
    assert own.r2(y, outputs, **w) == pytest.approx(theirs.r2_score(y, outputs, **w), rel=1e-12)
    mean = theirs.mean_absolute_error(y, outputs, **w)
    assert own.mae(y, outputs, **w) == pytest.approx(mean, rel=1e-12)
    square = theirs.mean_squared_error(y, outputs, **w)
    assert own.rmse(y, outputs, **w) == pytest.approx(np.sqrt(square), rel=1e-12)


@WEIGHTED
def test_accuracy_is_that_of_scikit_learn(weights):
    w = {"sample_weight": weights}
    several = theirs.accuracy_score(CLASSES, Z4.argmax(axis=1), **w)
    assert own.accuracy(ONE_HOT, Z4, **w) == pytest.approx(several, rel=1e-12)
    single = theirs.accuracy_score(WANTED[:, 0], expit(Z1[:, 0]) > 0.5, **w)
    assert own.accuracy(WANTED, expit(Z1), **w) == pytest.approx(single, rel=1e-12)


OF_ANSWERS = {
    "balanced_accuracy": lambda y, a, **o: theirs.balanced_accuracy_score(y, a, **o),
    "f1": lambda y, a, **o: theirs.f1_score(
        y, a, average="macro" if len(set(y)) > 2 else "binary", **o
    ),
    "accuracy": theirs.accuracy_score,
}


@WEIGHTED
@pytest.mark.parametrize("name", OF_ANSWERS)
@pytest.mark.parametrize("logits", [False, True])
def test_metrics_of_answers(name, weights, logits):
    score = OF_ANSWERS[name]
    how = {"activation": "linear" if logits else "softmax", "loss": "cross_entropy"}
    outputs = Z4 if logits else softmax(Z4, axis=1)
    expected = score(CLASSES, Z4.argmax(axis=1), sample_weight=weights)
    assert found(name, ONE_HOT, outputs, weights, **how) == pytest.approx(expected, rel=1e-12)
    how = {"activation": "linear" if logits else "sigmoid", "loss": "binary_cross_entropy"}
    outputs = Z1 if logits else expit(Z1)
    expected = score(WANTED[:, 0], Z1[:, 0] > 0, sample_weight=weights)
    assert found(name, WANTED, outputs, weights, **how) == pytest.approx(expected, rel=1e-12)
    outputs = Z3 if logits else expit(Z3)
    columns = zip(SEVERAL.T, Z3.T > 0, strict=True)
    expected = np.mean([score(y, a, sample_weight=weights) for y, a in columns])
    assert found(name, SEVERAL, outputs, weights, **how) == pytest.approx(expected, rel=1e-12)


def test_f1_of_two_classes_is_that_of_the_second():
    y, z = np.eye(2)[CLASSES % 2], Z4[:, :2]
    how = {"loss": "cross_entropy", "activation": "softmax"}
    expected = theirs.f1_score(CLASSES % 2, z.argmax(axis=1))
    assert found("f1", y, softmax(z, axis=1), **how) == pytest.approx(expected, rel=1e-12)


@WEIGHTED
@pytest.mark.parametrize(
    ("activation", "outputs"),
    [("softmax", softmax(Z4, axis=1)), ("log_softmax", log_softmax(Z4, axis=1)), ("linear", Z4)],
)
def test_metrics_of_the_shares_of_classes(activation, outputs, weights):
    how = {"loss": "cross_entropy", "activation": activation}
    shares = softmax(Z4, axis=1)
    area = theirs.roc_auc_score(
        CLASSES, shares, sample_weight=weights, multi_class="ovr", average="macro"
    )
    assert found("roc_auc", ONE_HOT, outputs, weights, **how) == pytest.approx(area, rel=1e-12)
    loss = theirs.log_loss(CLASSES, shares, sample_weight=weights)
    assert found("log_loss", ONE_HOT, outputs, weights, **how) == pytest.approx(loss, rel=1e-12)
    rounded = found("log_loss", ONE_HOT, outputs.astype("float32"), weights, **how)
    assert rounded == pytest.approx(loss, rel=1e-5)


@WEIGHTED
@pytest.mark.parametrize(
    ("activation", "of"), [("sigmoid", expit), ("linear", lambda z: z)], ids=["chances", "logits"]
)
def test_metrics_of_the_chance_of_a_yes(activation, of, weights):
    how = {"loss": "binary_cross_entropy", "activation": activation}
    for y, z in ((WANTED, Z1), (SEVERAL, Z3)):
        columns = list(zip(y.T, expit(z).T, strict=True))
        areas = [theirs.roc_auc_score(w, c, sample_weight=weights) for w, c in columns]
        area = found("roc_auc", y, of(z), weights, **how)
        assert area == pytest.approx(np.mean(areas), rel=1e-12)
        losses = [theirs.log_loss(w, c, sample_weight=weights) for w, c in columns]
        loss = found("log_loss", y, of(z), weights, **how)
        assert loss == pytest.approx(np.mean(losses), rel=1e-12)


def test_the_log_loss_is_the_loss_that_was_minimised():
    for short, y in (("2-3 softmax", CLASSES[:20] % 3), ("2-1 sigmoid", WANTED[:20])):
        loss = "" if "softmax" in short else "binary_cross_entropy"
        net = gn.Network(short, loss=loss, random_state=0, dtype="float64")
        evaluated = net.evaluate(Z4[:20, :2], y, "log_loss", sample_weight=WEIGHTS[:20])
        assert evaluated["log_loss"] == pytest.approx(evaluated["loss"], rel=1e-12)


# ------------------------------------------------------------------------ undefined and refused

EVERY = sorted(METRICS)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("wanted", [0, 1])
def test_one_class_alone_is_nan_or_a_number_and_no_warning(name, wanted):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for loss, activation, y, outputs in (
            ("binary_cross_entropy", "sigmoid", np.full((9, 1), wanted), expit(Z1[:9])),
            ("binary_cross_entropy", "linear", np.full((9, 3), wanted), Z3[:9]),
            ("cross_entropy", "softmax", np.eye(4)[[wanted] * 9], softmax(Z4[:9], axis=1)),
        ):
            number = found(name, y * 1.0, outputs, loss=loss, activation=activation)
            assert np.isnan(number) == (name == "roc_auc")


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_outputs_that_are_not_finite_give_a_number_or_nan(name, value):
    outputs = Z4.copy()
    outputs[3, 2] = value
    with np.errstate(all="ignore"):
        number = found(name, ONE_HOT, outputs, loss="cross_entropy", activation="linear")
    assert isinstance(number, float)


@pytest.mark.parametrize(
    ("loss", "activation"),
    [
        ("mean_squared_error", "linear"),
        ("mean_squared_error", "tanh"),
        ("hinge", "linear"),
        ("poisson", "linear"),
    ],
)
def test_a_log_loss_without_chances_is_refused_before_training(loss, activation):
    net = gn.Network(f"2-1 {activation}", loss=loss, random_state=0)
    before = net.values.parameters.copy()
    with pytest.raises(gn.DescriptionError, match="'log_loss' needs chances"):
        net.fit(Z4[:, :2], WANTED, metrics="log_loss", verbose=False)
    np.testing.assert_array_equal(before, net.values.parameters)


def test_chances_at_the_edge_are_those_of_scikit_learn():
    y, chances = np.array([[1.0], [0.0]]), np.array([[0.0], [0.25]])
    number = found("log_loss", y, chances, loss="binary_cross_entropy", activation="sigmoid")
    assert number == pytest.approx(theirs.log_loss([1, 0], [0.0, 0.25]))
    sure = np.array([[800.0], [logit(0.25)]])  # its sigmoid rounds to 1
    number = found("log_loss", y, sure, loss="binary_cross_entropy", activation="linear")
    assert number == pytest.approx(-np.log(0.75) / 2)


@pytest.mark.parametrize("name", [n for n, m in METRICS.items() if m.scikit_learn])
def test_without_scikit_learn_the_extra_is_named(monkeypatch, name):
    monkeypatch.setattr("importlib.util.find_spec", lambda module: None)
    with pytest.raises(gn.MissingExtraError, match=r"scikit-learn.*glassnet\[sklearn\]"):
        gn.Network("2-1 sigmoid").evaluate(Z4[:, :2], WANTED, name)


def test_scikit_learn_is_loaded_only_for_its_own_metrics():
    code = (
        "import sys, glassnet as gn\n"
        "net = gn.Network('1-1 sigmoid')\n"
        "net.evaluate([[1.0]], [1.0], ['accuracy', 'r2', 'rmse', 'mae'])\n"
        "before = 'sklearn' in sys.modules\n"
        "net.evaluate([[1.0]], [1.0], 'f1')\n"
        "print(before, 'sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"


# --------------------------------------------------------------------------- own functions


def test_own_functions_get_weights_if_they_take_them():
    net = gn.Network("2-1 linear", random_state=0)
    x, y, seen = Z4[:5, :2], WANTED[:5], []

    def plain(y, outputs):
        seen.append(None)
        return 1.0

    def weighted(y, outputs, sample_weight=None):
        seen.append(sample_weight)
        return 2.0

    assert net.evaluate(x, y, [plain, weighted])["weighted"] == 2.0
    net.evaluate(x, y, [plain, weighted], sample_weight=[1, 2, 3, 4, 5])
    assert seen[:3] == [None, None, None]
    np.testing.assert_array_equal(seen[3], [1, 2, 3, 4, 5])
    found = net.evaluate(x, y, theirs.mean_absolute_error, sample_weight=[1, 2, 3, 4, 5])
    expected = theirs.mean_absolute_error(y, net.predict(x), sample_weight=[1, 2, 3, 4, 5])
    assert found["mean_absolute_error"] == pytest.approx(expected, rel=1e-6)


def test_a_whole_weight_is_a_row_given_so_often_in_every_metric():
    counts = RANDOM.randint(0, 4, ROWS)
    net = gn.Network("2-4 softmax", random_state=0, dtype="float64")
    one = net.evaluate(Z4[:, :2], CLASSES, EVERY, sample_weight=counts)
    rows = np.repeat(np.arange(ROWS), counts)
    other = net.evaluate(Z4[rows, :2], CLASSES[rows], EVERY)
    assert one == pytest.approx(other, rel=1e-9)


@pytest.mark.parametrize("name", ["loss", "learning_rate", "epoch", "seconds", "validation_mae"])
def test_names_with_another_meaning_are_refused(name):
    def function(y, outputs):
        return 0.0

    function.__name__ = name
    with pytest.raises(gn.DescriptionError, match=f"cannot be called '{name}'"):
        gn.Network("2-1 linear").evaluate(Z4[:, :2], WANTED, function)


def test_a_direction_that_is_no_answer_is_refused():
    def gap(y, outputs):
        return 0.0

    gap.larger_is_better = "yes"
    with pytest.raises(gn.DescriptionError, match="larger_is_better of the metric 'gap' must be"):
        gn.Network("2-1 linear").evaluate(Z4[:, :2], WANTED, gap)


def test_every_metric_knows_what_is_better():
    perfect, poor = np.eye(4)[CLASSES], np.eye(4)[(CLASSES + 1) % 4]
    for name, metric in METRICS.items():
        how = {"loss": "cross_entropy", "activation": "softmax"}
        best, worst = (found(name, ONE_HOT, outputs, **how) for outputs in (perfect, poor))
        assert metric.larger_is_better == (best > worst)


def test_a_reading_for_tanh_cuts_at_zero():
    assert reading_of("mean_squared_error", "tanh").cut == 0.0
    assert (
        metrics.accuracy(
            np.array([[1.0], [-1.0]]),
            np.array([[0.1], [-0.1]]),
            reading=reading_of("mean_squared_error", "tanh"),
        )
        == 1.0
    )
