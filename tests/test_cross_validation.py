"""Cross-validation: which rows a fold holds out, and that it is what it would be alone."""

from __future__ import annotations

import os
import signal
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import KFold, StratifiedKFold

import glassnet as gn
from glassnet.cross_validation import source as sources
from glassnet.cross_validation import ways
from glassnet.cross_validation.splits import Split, splits
from glassnet.description import Description
from glassnet.program import Program
from glassnet.rules.optimizers import SGD, Adam
from glassnet.table import Preparation
from glassnet.training.options import Options
from strategies import same_examples

RANDOM = np.random.RandomState(0)
X = RANDOM.randn(47, 3)
Y = X[:, :1] * 2 - X[:, 1:2] + 0.3
CLASSES = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
WEIGHTS = np.random.RandomState(1).uniform(0.5, 2, len(X))


def network(*layers, loss="", dtype="float64"):
    return Description(3, layers or (gn.Dense(4, "tanh"), gn.Dense(1)), loss, dtype)


EVERYTHING = (gn.Dense(6, "relu"), gn.BatchNorm(), gn.Dropout(0.3), gn.Dense(3, "softmax"))


def validated(description=None, y=Y, *, x=X, **options):
    usual = {"epochs": 4, "batch_size": 8, "folds": 4, "random_state": 5, "verbose": False}
    return gn.cross_validate(description or network(), x, y, **{**usual, **options})


def assert_as_alone(found, description, y, weights=None, **options):
    """Each fold is what `fit` makes of its rows: weights, history, scores, predictions."""
    for fold in found.folds:
        alone = gn.Network(description, random_state=fold.history.seed)
        own = {} if weights is None else {"sample_weight": weights[fold.train]}
        if options.get("validation") == "held_out":
            own["validation"] = (X[fold.held_out], y[fold.held_out])
        history = alone.fit(X[fold.train], y[fold.train], verbose=False, engine="numpy",
                            **{**options, **own})  # fmt: skip
        same = {"rtol": 1e-9, "atol": 1e-10}
        for name, value in alone.values.by_name.items():
            np.testing.assert_allclose(fold.network.values.by_name[name], value, **same)
        assert fold.network.tally == alone.tally
        assert fold.history.epochs == history.epochs
        assert fold.history.best_epoch == history.best_epoch
        assert fold.history.stopped == history.stopped
        np.testing.assert_allclose(fold.history.loss, history.loss, **same)
        np.testing.assert_allclose(fold.history.validation_loss, history.validation_loss, **same)
        np.testing.assert_allclose(fold.history.learning_rate, history.learning_rate, **same)
        given = None if weights is None else weights[fold.held_out]
        scores = alone.evaluate(X[fold.held_out], y[fold.held_out], sample_weight=given)
        np.testing.assert_allclose(fold.scores["loss"], scores["loss"], **same)
        outputs = alone.predict(X[fold.held_out])
        np.testing.assert_allclose(found.predictions[fold.held_out], outputs, **same)


# ------------------------------------------------------------------------ as if it were alone


@pytest.mark.parametrize("engine", ["stacked", "numpy", "numba"])
@pytest.mark.parametrize(
    "options",
    [
        {"epochs": 3, "batch_size": 8},
        {"epochs": 3, "batch_size": None, "optimizer": gn.SGD(gn.Cosine(0.1), 0.9)},
        {"epochs": 3, "batch_size": 7, "shuffle": False, "optimizer": gn.AdamW(0.01)},
        {"epochs": 5, "batch_size": 8, "validation": 0.25},
        {"epochs": 5, "batch_size": 8, "validation": "held_out", "early_stopping": 2,
         "optimizer": gn.SGD(0.1, 0.9, clip_norm=0.5, average=gn.EMA(0.9))},
        {"epochs": 5, "batch_size": 8, "validation": "held_out"},
        {"epochs": 40, "batch_size": 8, "early_stopping": 1, "optimizer": gn.SGD(0.4)},
        {"epochs": 40, "batch_size": 8, "early_stopping": 2, "validation": "held_out",
         "optimizer": gn.SGD(0.3)},
    ],
    ids=lambda options: "-".join(options),
)  # fmt: skip
def test_a_fold_is_what_it_would_be_alone(options, engine):
    found = validated(engine=engine, **options)
    assert found.engine == engine
    assert_as_alone(found, network(), Y, **options)


def test_folds_stop_early_each_at_its_time():
    found = validated(epochs=60, early_stopping=1, optimizer=gn.SGD(0.4), engine="stacked")
    assert len({history.epochs for history in found.histories}) > 1
    assert {history.stopped for history in found.histories} == {"early stopping"}


@pytest.mark.parametrize("engine", ["stacked", "numpy", "numba"])
@pytest.mark.parametrize("validation", [None, 0.25])
def test_class_weights_are_learnt_by_each_fold(engine, validation):
    y = np.array([0, 1, 0, 2, 0])[np.arange(len(X)) % 5]
    options = {"epochs": 3, "batch_size": 8, "class_weight": "balanced", "validation": validation}
    description = network(gn.Dense(6, "tanh"), gn.Dense(3, "softmax"))
    found = validated(description, y, engine=engine, **options)
    assert_as_alone(found, description, y, **options)
    plain = validated(description, y, engine=engine, **(options | {"class_weight": None}))
    assert not np.array_equal(plain.predictions, found.predictions)


def test_class_weights_need_classes():
    with pytest.raises(gn.DescriptionError, match="class_weight is for losses of classes"):
        validated(class_weight="balanced")


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("rows", [47, 46])
def test_masks_statistics_and_weights(rows, weighted):
    y, weights = np.arange(len(X)) % 3, WEIGHTS if weighted else None
    description = network(*EVERYTHING)
    order = np.arange(rows)
    own = [(np.setdiff1d(order, order[f::4]), order[f::4]) for f in range(4)]
    options = {"epochs": 3, "batch_size": 9}
    found = validated(description, y, folds=own, engine="stacked", sample_weight=weights, **options)
    assert_as_alone(found, description, y, weights, **options)


def test_this_check_can_fail(monkeypatch):
    rows_of = ways.StackedEngine.rows_of

    def in_the_order_of_the_first(self, works):
        rows = rows_of(self, works)
        rows.offsets[:] = 0
        return rows

    monkeypatch.setattr(ways.StackedEngine, "rows_of", in_the_order_of_the_first)
    found = validated(engine="stacked", epochs=3)
    with pytest.raises(AssertionError):
        assert_as_alone(found, network(), Y, epochs=3, batch_size=8)


def test_rows_of_weight_0_are_not_trained_on_and_not_scored():
    weights = (np.arange(len(X)) % 3 > 0).astype(float)
    found = validated(sample_weight=weights, metrics="mae")
    kept = found.folds[0].held_out[weights[found.folds[0].held_out] > 0]
    error = np.mean(np.abs(found.predictions[kept] - Y[kept]))
    np.testing.assert_allclose(found.folds[0].scores["mae"], error, rtol=1e-12)
    assert_as_alone(found, network(), Y, weights, epochs=4, batch_size=8)
    assert np.isfinite(found.predictions).all()


def test_folds_with_other_numbers_of_batches_are_stacked_apart():
    order = np.arange(len(X))
    own = [(order[k:], order[:k]) for k in (1, 2, 20)]
    own = [(own[0][0], [0]), (np.delete(order, 1), [1]), (order[20:], order[2:20])]
    found = validated(folds=own, engine="stacked")
    assert [history.engine for history in found.histories] == ["stacked", "stacked", "numpy"]
    assert "number of batches" in found.histories[2].engine_reason
    assert_as_alone(found, network(), Y, epochs=4, batch_size=8)
    assert found.fold_of_row[[0, 1, 2, 19, 20]].tolist() == [0, 1, 2, 2, -1]
    assert np.isnan(found.predictions[20:]).all()


def test_equal_seeds_give_equal_bits_and_others_do_not():
    one, same, other = (validated(random_state=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.predictions, same.predictions)
    assert (one.predictions != other.predictions).any()
    assert (one.fold_of_row != other.fold_of_row).any()
    drawn = [validated(random_state=np.random.RandomState(3)).seed for _ in range(2)]
    assert drawn[0] == drawn[1]


def test_a_network_that_has_learnt_hands_nothing_on():
    learnt = gn.Network(network(), random_state=0)
    learnt.fit(X, Y, epochs=5, verbose=False)
    before = learnt.weights["W1"].copy()
    np.testing.assert_array_equal(validated(learnt).predictions, validated().predictions)
    np.testing.assert_array_equal(learnt.weights["W1"], before)


# ---------------------------------------------------------------------- which rows are held out


@same_examples
@given(st.integers(2, 6), st.lists(st.integers(0, 3), min_size=6, max_size=60), st.integers(0, 99))
def test_each_row_is_held_out_once_and_each_class_has_its_share(folds, classes, seed):
    classes = np.array(classes)
    found = splits(folds, len(classes), seed, classes)
    assert np.sort(np.concatenate([s.held_out for s in found])).tolist() == [*range(len(classes))]
    for split in found:
        assert np.union1d(split.train, split.held_out).size == len(classes)
        assert np.intersect1d(split.train, split.held_out).size == 0
    counts = np.array([np.bincount(classes[s.held_out], minlength=4) for s in found])
    assert (np.ptp(counts, axis=0) <= 1).all()
    assert np.ptp(counts.sum(axis=1)) <= 1


@same_examples
@given(st.integers(2, 4), st.lists(st.integers(0, 9), min_size=20, max_size=60), st.integers(0, 99))
def test_groups_stay_together(folds, groups, seed):
    groups = np.array(groups)
    if len(np.unique(groups)) < folds:
        with pytest.raises(gn.DataError, match="need at least as many groups"):
            splits(folds, len(groups), seed, groups=groups)
        return
    found = splits(folds, len(groups), seed, groups=groups)
    held = [set(groups[split.held_out]) for split in found]
    assert sum(map(len, held)) == len(set(groups))
    sizes = [len(split.held_out) for split in found]
    assert max(sizes) - min(sizes) <= np.bincount(groups).max()
    assert all(split.train.size for split in found)


def test_folds_differ_by_seed_and_groups_of_one_size_by_chance():
    groups = np.repeat(np.arange(8), 3)
    held = {tuple(splits(2, 24, seed, groups=groups)[0].held_out) for seed in range(9)}
    assert len(held) > 5


def test_a_large_group_is_set_against_many_small_ones():
    groups = np.append(np.zeros(10, int), np.arange(1, 11))
    assert [len(split.held_out) for split in splits(2, 20, seed=0, groups=groups)] == [10, 10]


def test_classes_are_found_in_every_form_of_y():
    one_hot = np.eye(3)[CLASSES]
    for y in (CLASSES, one_hot):
        found = validated(network(gn.Dense(3, "softmax")), y)
        counts = [np.bincount(CLASSES[fold.held_out], minlength=3) for fold in found.folds]
        assert (np.ptp(counts, axis=0) <= 1).all()
    yes = (CLASSES > 1).astype(int)
    found = validated(network(gn.Dense(1, "sigmoid"), loss="binary_cross_entropy"), yes)
    assert np.ptp([yes[fold.held_out].sum() for fold in found.folds]) <= 1


def test_splits_of_scikit_learn_are_taken_as_they_are():
    for splitter in (KFold(3, shuffle=True, random_state=0), StratifiedKFold(3)):
        wanted = list(splitter.split(X, CLASSES))
        found = validated(
            network(gn.Dense(3, "softmax")), CLASSES, folds=splitter.split(X, CLASSES)
        )
        for fold, (train, held_out) in zip(found.folds, wanted, strict=True):
            np.testing.assert_array_equal(fold.train, train)
            np.testing.assert_array_equal(fold.held_out, held_out)


REFUSED = {
    "one fold": ({"folds": 1}, gn.DescriptionError, "folds must be a whole .* from 2 up, got 1"),
    "no number": ({"folds": 2.5}, gn.DescriptionError, r"pairs \(train, held out\)"),
    "text": ({"folds": "five"}, gn.DescriptionError, r"pairs \(train, held out\)"),
    "true": ({"folds": True}, gn.DescriptionError, r"pairs \(train, held out\)"),
    "more than rows": ({"folds": 48}, gn.DataError, "48 folds need at least as many rows, got 47"),
    "one split": ({"folds": [([1, 2], [0])]}, gn.DescriptionError, "at least 2 folds, got 1"),
    "no pair": ({"folds": [[1], [2]]}, gn.DataError, "fold 1 must be a pair"),
    "out of range": ({"folds": [([1], [47]), ([1], [2])]}, gn.DataError, "held-out rows of fold 1"),
    "negative": ({"folds": [([-1], [4]), ([1], [2])]}, gn.DataError, "from 0 to 46, got -1 to -1"),
    "empty": ({"folds": [([1], []), ([1], [2])]}, gn.DataError, "not be empty"),
    "on both sides": ({"folds": [([1, 2], [0]), ([3, 4], [4])]}, gn.DataError,
                      "fold 2 trains on row 4 and holds it out too"),
    "held out twice": ({"folds": [([1], [0]), ([3], [0])]}, gn.DataError, "row 0 is held out by"),
    "a row twice": ({"folds": [([1, 1], [0]), ([3], [2])]}, gn.DataError, "name a row twice"),
    "groups and splits": ({"folds": [([1], [0]), ([3], [2])], "groups": CLASSES},
                          gn.DescriptionError, "got splits as well"),
    "groups of other rows": ({"groups": [1, 2]}, gn.DataError, r"groups must have shape \(47,\)"),
    "few groups": ({"groups": np.zeros(47)}, gn.DataError, "4 folds need at least as many groups"),
    "validation": ({"validation": "some"}, gn.DescriptionError, "a fraction, 'held_out' or None"),
    "too much validation": ({"validation": 1.5}, gn.DataError, "fraction between 0 and 1"),
    "engine": ({"engine": "stack"}, gn.DescriptionError, "did you mean 'stacked'"),
    "stacked L-BFGS": ({"engine": "stacked", "optimizer": "lbfgs", "batch_size": None},
                       gn.DescriptionError, "cannot be stacked: LBFGS"),
    "features": ({"features": ["a"]}, gn.DescriptionError, "names of columns of a Table"),
    "epochs": ({"epochs": 0}, gn.DescriptionError, "epochs must be"),
    "all weights of a fold 0": ({"sample_weight": (np.arange(47) == 3) * 1.0}, gn.DataError,
                                "fold [1-4]: it (holds out|trains on) no row with a weight above"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_in_words(case):
    options, error, message = REFUSED[case]
    with pytest.raises(error, match=message):
        validated(**options)


def test_a_class_with_fewer_rows_than_folds_is_refused():
    y = np.where(np.arange(47) < 3, 2, CLASSES > 0)
    with pytest.raises(gn.DataError, match="class 2 has 3 rows, fewer than the 4 folds"):
        validated(network(gn.Dense(3, "softmax")), y)
    validated(network(gn.Dense(3, "softmax")), y, folds=3)
    with pytest.raises(gn.DescriptionError, match="got list"):
        validated([3, 1])


# -------------------------------------------------------------------------------- what is found


def test_scores_mean_and_spread():
    found = validated(network(gn.Dense(3, "softmax")), CLASSES, metrics=["accuracy"])
    for name in ("loss", "accuracy"):
        scores = found.scores[name]
        assert scores.shape == (4,)
        assert found.mean[name] == pytest.approx(np.mean(scores))
        assert found.spread[name] == pytest.approx(
            np.sqrt(np.sum((scores - scores.mean()) ** 2) / 3)
        )
    right = np.argmax(found.predictions, axis=1) == CLASSES
    for number, fold in enumerate(found.folds):
        own = found.fold_of_row == number
        np.testing.assert_array_equal(np.flatnonzero(own), fold.held_out)
        assert fold.scores["accuracy"] == pytest.approx(right[own].mean())
        np.testing.assert_array_equal(found.predictions[own], fold.network.predict(X[own]))
    assert found.networks == tuple(fold.network for fold in found.folds)


def test_in_print():
    found = validated(network(gn.Dense(3, "softmax")), CLASSES, metrics="accuracy")
    lines = str(found).splitlines()
    assert lines[0].split() == ["fold", "rows", "epochs", "loss", "accuracy"]
    assert [line.split()[0] for line in lines[1:]] == ["1", "2", "3", "4", "mean", "±"]
    assert f"{found.mean['accuracy']:.1%}" in lines[5]
    assert f"{found.spread['loss']:.4g}" in lines[6]
    assert len({len(line) for line in lines}) == 1
    assert repr(found).startswith("CrossValidation(4 folds, loss ")
    assert f"{found.mean['accuracy']:.1%} ± {found.spread['accuracy']:.1%}" in repr(found)


# -------------------------------------------------------------------------- tables: no leakage


def table(numbers=None, target=None):
    numbers = X if numbers is None else numbers
    wanted = 100 * Y[:, 0] + 7 if target is None else target
    return gn.Table.from_arrays(numbers, wanted, names=["a", "b", "c"], target="price")


def test_each_fold_of_a_table_is_prepared_by_its_training_rows_alone():
    found = validated(x=table(), y="price", metrics=["rmse", "r2"])
    for fold in found.folds:
        wanted = Preparation.learn(table(), "price", fold.train)
        assert fold.network.preparation == wanted
        own = table().columns["price"][fold.held_out]
        error = np.sqrt(np.mean((found.predictions[fold.held_out, 0] - own) ** 2))
        assert fold.scores["rmse"] == pytest.approx(error, rel=1e-9)
        scaled = wanted.features_of(table())[fold.held_out]
        outputs = wanted.numbers(fold.network.predict(scaled))
        np.testing.assert_allclose(found.predictions[fold.held_out, 0], outputs, rtol=1e-9)


def nothing_of_the_held_out_rows_is_seen() -> bool:
    """Whether a fold's network stays as it is, to the bit, whatever stands in its held-out rows."""
    before = validated(x=table(), y="price")
    held_out = before.folds[1].held_out
    numbers, target = X.copy(), 100 * Y[:, 0] + 7
    numbers[held_out] = 1000 * numbers[held_out] + 5
    target[held_out] = -3 * target[held_out]
    after = validated(x=table(numbers, target), y="price")
    np.testing.assert_array_equal(after.folds[1].held_out, held_out)
    pairs = [(cv.folds[1].network.values, cv.folds[0].network.values) for cv in (before, after)]
    assert (pairs[0][1].parameters != pairs[1][1].parameters).any()  # the others see them
    return bool((pairs[0][0].parameters == pairs[1][0].parameters).all())


def test_nothing_of_the_held_out_rows_is_seen():
    assert nothing_of_the_held_out_rows_is_seen()


def test_a_leak_would_be_noticed(monkeypatch):
    class Leaky(sources.Tabular):
        def fold(self, split):
            everything = Split(np.arange(self.rows), split.held_out)
            rows = super().fold(everything)
            part = np.setdiff1d(np.arange(self.rows), split.held_out)
            return sources.FoldRows(rows.train.at(part), rows.held_out, rows.x, rows.preparation)

    monkeypatch.setattr("glassnet.cross_validation.Tabular", Leaky)
    assert not nothing_of_the_held_out_rows_is_seen()


def test_labels_of_a_table():
    words = np.array(["no", "yes", "perhaps"])[CLASSES]
    found = validated(network(gn.Dense(3, "softmax")), x=table(target=words), y="price",
                      metrics="accuracy")  # fmt: skip
    chosen = found.networks[0].preparation.labels(found.predictions)
    assert np.mean(chosen == words) == pytest.approx(
        np.average(found.scores["accuracy"], weights=[len(f.held_out) for f in found.folds])
    )
    words = np.where(np.arange(47) == 3, "never", words)
    with pytest.raises(gn.DataError, match="class 'never' has 1 row, fewer than the 4 folds"):
        validated(network(gn.Dense(4, "softmax")), x=table(target=words), y="price")
    own = [(np.arange(20, 40), np.arange(20)), (np.arange(20), np.arange(20, 40))]
    with pytest.raises(gn.TableError, match=r"fold 1: .*the label 'never' is not one of those"):
        validated(network(gn.Dense(3, "softmax")), x=table(target=words), y="price", folds=own)


def test_columns_of_a_table_can_be_chosen():
    described = Description(1, (gn.Dense(1),), dtype="float64")
    found = validated(described, x=table(), y="price", features=["b"])
    assert found.networks[0].preparation.features == ("b",)
    with pytest.raises(gn.DataError, match="name of the Table's target column, got ndarray"):
        validated(x=table(), y=Y)


# -------------------------------------------------------------------------- when training ends


def test_a_fold_that_becomes_infinite_is_named():
    bad = X.copy()
    bad[5] = 1e30
    order = np.delete(np.arange(len(X)), 5)
    own = [(order[10:], order[:10]), ([*order[:10], 5, *order[20:]], order[10:20])]
    for engine in ("stacked", "numpy", "numba"):
        with pytest.raises(gn.NotFiniteError, match=r"fold 2: training stopped in epoch 1, ") as e:
            validated(network(gn.Dense(1), dtype="float32"), x=bad, folds=own, engine=engine)
        assert e.value.history.stopped == "not finite"


@pytest.mark.parametrize("engine", ["stacked", "numpy", "numba"])
def test_a_time_limit_is_for_all_folds(engine):
    validated(engine=engine, epochs=1)  # compiles
    found = validated(engine=engine, epochs=10**7, time_limit=0.6)
    assert found.seconds < 30
    assert found.histories[0].epochs
    assert {history.stopped for history in found.histories} == {"time limit"}


def test_folds_in_turn_have_equal_parts_of_the_time_left(monkeypatch):
    now = iter([0.0, 0.0, 2.0, 9.0, 9.5])
    monkeypatch.setattr(ways, "clock", lambda: next(now))
    turns = ways.Turns(way("2-1 linear", SGD()), 4, 1, 8.0, ways.Interrupt(), ways.Silent())
    runs = [SimpleNamespace(options=Options(SGD())) for _ in range(4)]
    for run in runs:
        turns._share_time([run])
    assert [run.options.time_limit for run in runs] == [2.0, 2.0, ways.MOMENT, ways.MOMENT]


@pytest.mark.parametrize("engine", ["stacked", "numpy", "numba"])
def test_ctrl_c_keeps_what_was_learnt(engine):
    validated(engine=engine, epochs=1)  # compiles
    timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    found = validated(engine=engine, epochs=10**7, folds=4)
    timer.join()
    assert found.interrupted
    assert {history.stopped for history in found.histories} == {"interrupted"}
    trained = [fold.trained for fold in found.folds]
    assert any(trained)
    assert all(trained) == (engine == "stacked")
    assert np.isnan(found.scores["loss"]).tolist() == [not own for own in trained]
    assert np.isfinite(found.mean["loss"])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_metrics_that_are_not_a_number_are_refused():
    with pytest.raises(gn.DescriptionError, match="'subtract' must give a number"):
        validated(metrics=np.subtract)


# ------------------------------------------------------------------------- how it is trained


def way(text, optimizer, rows=100, folds=5, epochs=100, wanted="auto"):
    program = Program(Description.read(text), optimizer)
    return ways.choose(wanted, program, [rows] * folds, Options(optimizer, epochs=epochs))


def test_the_faster_way_is_taken_and_says_why(monkeypatch):
    small = way("4-16-3 relu softmax", Adam())
    assert (small.choice.engine, small.single_engine) == ("stacked", "numpy")
    assert "side by side" in small.choice.reason
    large = way("784-512-512-10 relu softmax", Adam(), rows=50, epochs=1)
    assert large.choice.engine == "numpy"
    assert "no faster" in large.choice.reason
    assert large.stacked is None
    long = way("4-16-3 relu softmax", Adam(), rows=10_000, epochs=1000)
    assert long.choice.engine == long.single_engine == "numba"
    assert "compiling pays" in long.choice.reason
    second_order = way("4-16-3 relu softmax", gn.LBFGS(), epochs=1)
    assert second_order.choice.engine == "numpy"
    assert "outside of the program" in second_order.choice.reason
    monkeypatch.setattr(ways.engines, "installed", lambda library: False)
    assert way("4-16-3 relu softmax", Adam(), rows=10_000, epochs=1000).choice.engine == "stacked"


@pytest.mark.parametrize("wanted", ["stacked", "numpy", "numba"])
def test_a_way_that_is_asked_for_is_taken(wanted):
    found = validated(engine=wanted)
    assert (found.engine, found.engine_reason) == (wanted, "asked for")


def test_lbfgs_trains_fold_after_fold():
    found = validated(network(gn.Dense(1)), optimizer="lbfgs", batch_size=None, metrics="r2")
    assert found.mean["r2"] > 0.999
    assert found.engine == "numpy"


def test_a_program_that_cannot_be_stacked_is_trained_fold_by_fold(monkeypatch):
    def refuse(program):
        raise gn.errors.ProgramError("roll of [('m', 'n1')] is not known for stacked arrays")

    monkeypatch.setattr(ways, "StackedEngine", refuse)
    found = validated()
    assert found.engine == "numpy"
    assert "roll of" in found.engine_reason


def test_progress_is_shown_when_asked_for(capsys):
    validated(verbose=True, epochs=50)
    assert "epoch 50 of 50" in capsys.readouterr().err
    validated(verbose=False, epochs=50)
    assert capsys.readouterr().err == ""


def test_optimizers_hand_the_network_on_to_further_training():
    found = validated(optimizer=SGD(0.1, 0.9))
    fold = found.folds[0]
    alone = gn.Network(network(), random_state=fold.history.seed)
    train = {"batch_size": 8, "optimizer": SGD(0.1, 0.9), "verbose": False, "engine": "numpy"}
    alone.fit(X[fold.train], Y[fold.train], epochs=6, **train)
    fold.network.fit(X[fold.train], Y[fold.train], epochs=2, **train)
    np.testing.assert_allclose(fold.network.weights["W1"], alone.weights["W1"], rtol=1e-9)
