"""Networks: how they are made, looked into, asked, and kept."""

from __future__ import annotations

import copy
import pickle
import zlib

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.metrics import accuracy_score, log_loss, mean_absolute_error, r2_score

import glassnet as gn
from glassnet import metrics
from glassnet.arrays import check_inputs, check_rows
from glassnet.description import Description
from glassnet.training import evaluation

X = np.random.RandomState(0).randn(20, 2)
Y = X[:, :1] * 2 - X[:, 1:]


# --------------------------------------------------------------------------- how it is made


def test_the_first_weights_are_drawn_in_order_and_rounded():
    normal = gn.Normal(1.0)
    net = gn.Network(
        2,
        gn.Dense(3, "sigmoid", weight_initializer=normal, bias_initializer=normal),
        gn.Dense(1, "sigmoid", weight_initializer=normal, bias_initializer=normal),
        random_state=7,
    )
    stream = np.random.RandomState(7)
    for name, shape in (("W1", (2, 3)), ("b1", (3,)), ("W2", (3, 1)), ("b2", (1,))):
        expected = stream.randn(*shape).astype(np.float32)
        assert net.weights[name].dtype == np.float32
        np.testing.assert_array_equal(net.weights[name], expected)


@pytest.mark.parametrize("kind", [np.random.RandomState, np.random.default_rng])
def test_a_given_generator_is_drawn_from_in_place(kind):
    random, same = kind(3), kind(3)
    net = gn.Network(2, gn.Dense(2, weight_initializer=gn.Normal(1.0)), random_state=random)
    expected = same.standard_normal((2, 2))
    np.testing.assert_array_equal(net.weights["W1"], expected.astype(np.float32))
    assert random.uniform() == same.uniform()


def test_fan_in_and_fan_out_reach_the_initializers():
    net = gn.Network(
        2000, gn.Dense(10, "relu", bias_initializer=gn.He()), random_state=0, dtype="float64"
    )
    assert abs(net.weights["W1"].std() / np.sqrt(2 / 2000) - 1) < 0.05
    assert np.abs(net.weights["b1"]).max() < 5 * np.sqrt(2 / 2000)


def test_the_seed_is_the_int_or_else_comes_from_the_first_weights():
    assert gn.Network("2-3-1 tanh", random_state=np.int64(5)).seed == 5
    random, same = np.random.RandomState(1), np.random.RandomState(1)
    net = gn.Network("2-3-1 tanh", random_state=random)
    assert net.seed == zlib.crc32(net.values.parameters.tobytes())
    assert net.seed == gn.Network("2-3-1 tanh", random_state=same).seed
    assert random.uniform() == same.uniform()  # the seed is not drawn


def test_running_statistics_begin_at_mean_0_and_variance_1():
    net = gn.Network(2, gn.Dense(3), gn.BatchNorm(), gn.LayerNorm(), gn.Dense(1))
    assert net.weights["mean1"].tolist() == [0] * 3
    assert net.weights["variance1"].tolist() == [1] * 3
    assert net.weights["scale1"].tolist() == [1] * 3
    assert net.weights["shift1_2"].tolist() == [0] * 3


def test_networks_without_random_state_differ():
    assert (gn.Network("2-3 linear").predict(X) != gn.Network("2-3 linear").predict(X)).any()


@pytest.mark.parametrize(
    "given",
    [
        ("2-10-1 sigmoid",),
        ("2-10-1", "sigmoid"),
        ([2, 10, 1], ["sigmoid", "sigmoid"]),
        ([2, 10, 1], "sigmoid"),
        ((2, 10, 1), "sigmoid", "sigmoid"),
        (2, gn.Dense(10, "sigmoid"), gn.Dense(1, "sigmoid")),
        (np.int64(2), gn.Dense(10, "sigmoid"), gn.Dense(1, "sigmoid")),
        (Description.read("2-10-1 sigmoid"),),
    ],
)
def test_every_short_form_gives_the_same_network(given):
    assert gn.Network(*given).description == Description.read("2-10-1 sigmoid")


@pytest.mark.parametrize("layer", [gn.BatchNorm(), gn.LayerNorm(), gn.Dropout(0.5)], ids=repr)
def test_a_description_counts_the_parameters_before_they_are_made(layer):
    net = gn.Network(4, gn.Dense(3, "tanh", bias=False), layer, gn.Dense(2), random_state=0)
    counts = net.description.parameter_counts()
    assert sum(counts) == net.values.parameters.size
    assert counts[0] == 12
    assert counts[2] == 8


@pytest.mark.parametrize(
    "short", ["60000-60000 relu", "2-16000000-16000000-2 relu softmax", "16777216-16777216 relu"]
)
def test_more_weights_than_memory_holds_are_refused_before_they_are_made(short):
    with pytest.raises(gn.DescriptionError, match=r"has [0-9,]+ weights.* more than 268,435,456 "):
        gn.Network(short)


@pytest.mark.parametrize(
    ("sizes", "wanted"),
    [
        ("2-1", "2 sizes make 1 layer, which takes 1 activation, got 2"),
        ("2-3-1", "3 sizes make 2 layers, which take 1 or 2 activations, got 3"),
        ("2-3-3-3-1", "5 sizes make 4 layers, which take 1, 2 or 4 activations, got 3"),
    ],
)
def test_how_many_activations_there_may_be_is_said_once_each(sizes, wanted):
    text = " ".join(["tanh"] * (2 if sizes == "2-1" else 3))
    with pytest.raises(gn.DescriptionError, match=wanted):
        gn.Network(f"{sizes} {text}")


@pytest.mark.parametrize(
    ("given", "options", "words"),
    [
        (("2-3-1 rellu",), {}, "did you mean 'relu'"),
        (([2, 10, 1], ["sigmoid"] * 3), {}, "3 sizes make 2 layers"),
        (("2-3-1", gn.Dense(3)), {}, "gn.Network(2, gn.Dense(3))"),
        ((Description.read("2-1 linear"),), {"loss": "half_squared_error"}, "leave loss out"),
        ((Description.read("2-1 linear"), gn.Dense(2)), {}, "layers are given by"),
        ((Description.read("2-1 linear"),), {"dtype": "float64"}, "dtype='float64'"),
        ((Description.read("2-1 linear"),), {"dtype": None}, "unknown dtype 'None'"),
        ((Description.read("2-1 linear"),), {"loss": 3}, "unknown loss 3"),
        (("2-1 linear",), {"dtype": None}, "unknown dtype 'None'"),
        (("2-1 linear",), {"dtype": object()}, "unknown dtype '<object"),
        (("2-1 linear",), {"dtype": int}, "unknown dtype 'int"),
        (("2-1 linear",), {"dtype": ""}, "unknown dtype ''"),
        (("2-1 linear",), {"random_state": -1}, "random_state must be"),
        (("2-1 linear",), {"random_state": 2**32}, "random_state must be"),
        (("2-1 linear",), {"random_state": "a"}, "random_state must be"),
        (("2-1 linear",), {"random_state": True}, "random_state must be"),
        (("2-1 linear",), {"dtype": "float16"}, "unknown dtype"),
        ((2, gn.Dense(1, weight_initializer=gn.Normal(1e300))), {}, "float32 cannot hold"),
    ],
)
def test_a_network_that_cannot_be_is_refused(given, options, words):
    with pytest.raises(gn.DescriptionError) as error:
        gn.Network(*given, **options)
    assert words in str(error.value)


def test_loss_and_dtype_are_taken_on():
    net = gn.Network("2-1 sigmoid", loss=gn.HalfSquaredError(reduction="sum"), dtype=np.float64)
    assert net.description.loss.name == "half_squared_error_sum"
    assert net.dtype == "float64"
    assert net.predict(X).dtype == np.float64


def test_beside_a_description_only_what_it_says_itself_is_taken():
    description = Description.read("2-1 sigmoid", dtype="float64")
    for options in ({}, {"dtype": float}, {"dtype": "float64", "loss": "mean_squared_error"}):
        assert gn.Network(description, **options).description is description
    with pytest.raises(gn.DescriptionError, match="dtype='float32'"):
        gn.Network(description, dtype="float32")


def test_print_counts_every_parameter():
    net = gn.Network(
        2, gn.Dense(8), gn.BatchNorm(), gn.Activation("relu"), gn.Dropout(0.5), gn.Dense(3)
    )
    rows = str(net).splitlines()[2:]
    counts = [int(row.split()[-1]) for row in rows]
    assert counts == [2 * 8 + 8, 2 * 8, 0, 0, 8 * 3 + 3, 67]
    assert sum(counts[:-1]) == counts[-1]
    assert eval(repr(net), vars(gn)).description == net.description


# ------------------------------------------------------------------------------- its weights


def test_a_view_shows_present_numbers_also_after_fits_with_other_optimizers():
    net = gn.Network("2-1 linear", random_state=0)
    view = net.weights["W1"]
    for optimizer in ("sgd", "adam", "lbfgs"):
        before = view.copy()
        net.fit(X, Y, epochs=2, optimizer=optimizer, verbose=False)
        assert (view != before).any()
        np.testing.assert_array_equal(view, net.weights["W1"])
        np.testing.assert_allclose(net.predict(X), X @ view + net.weights["b1"], rtol=1e-5)


def test_a_view_cannot_be_written_and_an_assignment_copies():
    net = gn.Network("2-1 linear", random_state=0)
    with pytest.raises(ValueError, match="read-only"):
        net.weights["W1"][0, 0] = 1
    mine = np.array([[3.0], [4.0]])
    net.weights["W1"] = mine
    mine[0] = 99
    assert net.weights["W1"].tolist() == [[3.0], [4.0]]
    assert list(net.weights) == ["W1", "b1"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("W2", 1, "unknown weight 'W2'"),
        ("W1", [1, 2], "must have shape (2, 1), got (2,)"),
        ("W1", [[1], [np.nan]], "got nan at [1, 0]"),
        ("W1", [[1], [1e39]], "finite numbers of float32, got inf at [1, 0]"),
        ("W1", [["a"], ["b"]], "must hold real numbers"),
        ("W1", [[1j], [0]], "must hold real numbers"),
    ],
)
def test_weights_that_do_not_fit_are_refused(name, value, words):
    net = gn.Network("2-1 linear", random_state=0)
    before = net.predict(X)
    with pytest.raises(gn.GlassnetError) as error:
        net.weights[name] = value
    assert words in str(error.value)
    np.testing.assert_array_equal(net.predict(X), before)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weights_go_to_text_files_and_back_exactly(tmp_path, dtype):
    layers = (gn.Dense(1, "tanh"), gn.BatchNorm(), gn.Dense(3), gn.Dense(1))
    net = gn.Network(2, *layers, dtype=dtype, random_state=0)
    net.fit(X, Y, epochs=3, verbose=False)
    paths = net.weights.savetxt(tmp_path)
    assert {p.name for p in paths} >= {"w1.txt", "b1.txt", "w2.txt", "mean1.txt", "variance1.txt"}
    assert np.loadtxt(tmp_path / "w2.txt").shape == (3,)
    other = gn.Network(2, *layers, dtype=dtype, random_state=1)
    other.weights.loadtxt(tmp_path)
    np.testing.assert_array_equal(other.predict(X), net.predict(X))


def test_text_files_that_do_not_fit_change_nothing(tmp_path):
    net = gn.Network("2-3-1 tanh", random_state=0)
    net.weights.savetxt(tmp_path)
    other = gn.Network("2-3-1 tanh", random_state=1)
    before = other.predict(X)
    for text, words in (("1 2 3", "shape"), ("a b", "cannot be read"), (None, "there is no file")):
        path = tmp_path / "b2.txt"
        path.unlink() if text is None else path.write_text(text)
        with pytest.raises(gn.DataError, match=words):
            other.weights.loadtxt(tmp_path)
        np.testing.assert_array_equal(other.predict(X), before)


def test_weights_are_not_written_where_a_file_stands(tmp_path):
    (tmp_path / "file").write_text("mine")
    weights = gn.Network("1-1 linear").weights
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(gn.DataError, match=r"cannot make the folder .*; give the name of"):
            weights.savetxt(folder)
    (tmp_path / "w1.txt").mkdir()
    with pytest.raises(gn.DataError, match=r"cannot write .*w1.txt.: it is a directory"):
        weights.savetxt(tmp_path)
    for wrong in (3, None):
        for use in (weights.savetxt, weights.loadtxt):
            with pytest.raises(gn.DataError, match=r"a path must be text or a pathlib\.Path, got"):
                use(wrong)


# --------------------------------------------------------------------- predict and evaluate


def by_hand(net):
    """Outputs of a 2-n-3 tanh softmax network, in float64."""
    w = {name: np.asarray(value, float) for name, value in net.weights.items()}
    return softmax(np.tanh(X @ w["W1"] + w["b1"]) @ w["W2"] + w["b2"], axis=1)


def test_outputs_loss_and_accuracy_against_other_libraries():
    net = gn.Network("2-5-3 tanh softmax", random_state=0, dtype="float64")
    y = np.arange(20) % 3
    np.testing.assert_allclose(net.predict(X), by_hand(net), rtol=1e-12)
    weights = np.random.RandomState(1).uniform(0.5, 2, 20)
    found = net.evaluate(X, y, ["accuracy"], sample_weight=weights)
    assert found["loss"] == pytest.approx(log_loss(y, by_hand(net), sample_weight=weights))
    given = by_hand(net).argmax(axis=1)
    assert found["accuracy"] == pytest.approx(accuracy_score(y, given, sample_weight=weights))


def test_blocks_of_rows_change_nothing(monkeypatch):
    net = gn.Network("2-5-3 tanh softmax", random_state=0, dtype="float64")
    y, weights = np.arange(20) % 3, np.arange(20) + 1.0
    whole, outputs = net.evaluate(X, y, ["accuracy"], weights), net.predict(X)
    summed = gn.Network("2-1 linear", loss="half_squared_error_sum", random_state=0)
    total = summed.evaluate(X, Y)["loss"]
    for one in (net, summed):
        monkeypatch.setattr(one._evaluation, "block", 7)
    np.testing.assert_allclose(net.predict(X), outputs, rtol=1e-14)
    assert net.evaluate(X, y, ["accuracy"], weights) == pytest.approx(whole, rel=1e-14)
    assert summed.evaluate(X, Y)["loss"] == pytest.approx(total, rel=1e-6)
    assert total == pytest.approx(0.5 * np.sum((summed.predict(X) - Y) ** 2), rel=1e-5)
    assert evaluation.BLOCK_NUMBERS > 0


def test_logits_and_chances_give_the_same_loss_and_accuracy():
    y = (X[:, 0] > 0).astype(float)
    chances = gn.Network("2-1 sigmoid", loss="binary_cross_entropy", random_state=0)
    logits = gn.Network("2-1 linear", loss="binary_cross_entropy", random_state=1)
    for name in ("W1", "b1"):
        logits.weights[name] = chances.weights[name]
    np.testing.assert_allclose(expit(logits.predict(X)), chances.predict(X), rtol=1e-6)
    assert chances.evaluate(X, y, ["accuracy"]) == logits.evaluate(X, y, ["accuracy"])
    wanted = log_loss(y, chances.predict(X)[:, 0].astype(float))
    assert chances.evaluate(X, y)["loss"] == pytest.approx(wanted, rel=1e-6)


def test_evaluation_uses_running_statistics_and_no_chance():
    layers = (gn.Dense(4), gn.BatchNorm(), gn.Dropout(0.5), gn.Activation("softmax"))
    net = gn.Network(2, *layers, random_state=0, dtype="float64")
    y = np.arange(20) % 4
    net.fit(X, y, epochs=3, verbose=False)
    loss = net.evaluate(X, y)["loss"]
    assert loss == pytest.approx(log_loss(y, net.predict(X)), rel=1e-12)
    assert loss != pytest.approx(float(net.trace(X, y)["loss"]), rel=1e-3)


def test_metrics_against_scikit_learn():
    random = np.random.RandomState(0)
    y, outputs = random.randn(30, 2), random.randn(30, 2)
    assert metrics.r2(y, outputs) == pytest.approx(r2_score(y, outputs))
    assert metrics.mae(y, outputs) == pytest.approx(mean_absolute_error(y, outputs))
    assert metrics.rmse(y, outputs) == pytest.approx(np.sqrt(np.mean((y - outputs) ** 2)))


def test_r2_of_equal_targets_is_a_number():
    same = np.ones((3, 1))
    assert metrics.r2(same, same) == 1.0
    assert metrics.r2(same, same + 0.1) == 0.0


def test_accuracy_of_minus_one_and_one_under_tanh():
    net = gn.Network("1-1 tanh", random_state=0)
    net.weights["W1"], net.weights["b1"] = [[1.0]], [0.0]
    found = net.evaluate([[0.2], [-0.2], [0.3]], [1, -1, -1], ["accuracy"])
    assert found["accuracy"] == pytest.approx(2 / 3)


def test_metrics_may_be_functions_and_are_named_once():
    net = gn.Network("2-1 linear", random_state=0)

    def largest_error(y, outputs):
        return float(np.max(np.abs(y - outputs)))

    assert net.evaluate(X, Y, [largest_error])["largest_error"] == pytest.approx(
        np.abs(Y - net.predict(X)).max(), rel=1e-6
    )
    for wanted, words in ((["rmse", "rmse"], "twice"), (["rsme"], "did you mean 'rmse'")):
        with pytest.raises(gn.DescriptionError, match=words):
            net.evaluate(X, Y, wanted)


# ------------------------------------------------------------------------ arrays that do not fit

NAN, INF = np.nan, np.inf


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([1.0, 2.0], "Expected 2D array, got 1D array instead: reshape it with X.reshape(-1, 1)"),
        (np.zeros((2, 2, 2)), "Expected 2D array, got 3D array"),
        (np.zeros((4, 3)), "X has 3 features, but this network is expecting 2 features as input"),
        (np.zeros((0, 2)), "0 sample(s) (shape=(0, 2)) while a minimum of 1 is required"),
        ([[1, 2], [3, NAN]], "Input X contains NaN: in row 1, column 1"),
        ([[1, -INF], [3, 4]], "contains infinity or a value too large for dtype('float32')"),
        ([[1, 1e39], [3, 4]], "1e+39 in row 0, column 1"),
        ([[1, 2j]], "Complex data not supported"),
        ([["a", "b"]], "X must hold numbers, got list with 'a'"),
        (np.array([[1, None]], object), "NaN: in row 0, column 1"),
        (np.array([[1, "x"]], object), "with 'x'"),
        ([[1, 2], [3]], "rows of unequal length"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(given, words):
    net = gn.Network("2-1 linear")
    for use in (net.predict, lambda x: net.fit(x, [0.0] * len(x), verbose=False)):
        with pytest.raises(gn.DataError) as error:
            use(given)
        assert words in str(error.value)


def refused(short, y, words, loss="", **options):
    net = gn.Network(short, loss=loss)
    before = net.predict(X)
    in_float64 = [] if "1e+40" in words else [net.check_gradients]
    for use in (net.fit, net.evaluate, net.trace, *in_float64):
        silent = {"verbose": False} if use == net.fit else {}
        with pytest.raises(gn.DataError) as error:
            use(X, y, **options, **silent)
        assert words in str(error.value)
    np.testing.assert_array_equal(net.predict(X), before)


def changed(array, place, value):
    new = np.array(array, float)
    new[place] = value
    return new


@pytest.mark.parametrize(
    ("short", "y", "words"),
    [
        ("2-1 linear", None, "requires y to be passed, but the target y is None"),
        ("2-1 linear", 1.0, "got a single number"),
        ("2-1 linear", Y[:19], "inconsistent numbers of samples: [20, 19]"),
        ("2-2 linear", Y, "y has shape (20, 1), but the network has 2 outputs"),
        ("2-2 linear", Y[:, 0], "it must be (20, 2)"),
        ("2-1 linear", np.zeros((20, 2)), "it must be (20, 1)"),
        ("2-20 linear", Y[:, 0], "it must be (20, 20)"),
        ("2-1 linear", changed(Y, (3, 0), NAN), "Input y contains NaN: in row 3, column 0"),
        ("2-1 linear", changed(Y, (3, 0), 1e40), "1e+40 in row 3, column 0"),
        ("2-3 softmax", changed(np.zeros(20), 7, 3), "y has class 3.0 in row 7"),
        ("2-3 softmax", changed(np.zeros(20), 7, -1), "whole numbers from 0 to 2"),
        ("2-3 softmax", changed(np.zeros(20), 7, 0.5), "class 0.5 in row 7"),
        ("2-3 softmax", changed(np.zeros(20), 7, NAN), "NaN: in row 7"),
        ("2-3 softmax", np.zeros((20, 2)), "or (20,) with class numbers"),
        ("2-3 softmax", np.full((20, 3), 0.5), "must add up to 1"),
        ("2-3 softmax", np.tile([2.0, -1.0, 0.0], (20, 1)), "between 0 and 1"),
        ("2-3 softmax", ["setosa"] * 20, "np.unique(labels"),
    ],
)
def test_targets_that_do_not_fit_are_refused(short, y, words):
    refused(short, y, words)


def test_targets_of_yes_and_no_lie_between_0_and_1():
    wrong = changed(np.zeros(20), 5, 1.5)
    refused("2-1 sigmoid", wrong, "got 1.5 in row 5, column 0", "binary_cross_entropy")


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (np.ones(19), "sample_weight must have shape (20,)"),
        (np.ones((20, 1)), "sample_weight must have shape (20,)"),
        (changed(np.ones(20), 4, -1), "must not be negative, got -1.0 in row 4"),
        (changed(np.ones(20), 4, NAN), "Input sample_weight contains NaN: in row 4"),
        (np.zeros(20), "Sample weights must contain at least one non-zero number. Give each row"),
        (np.full(20, 3e38), "adds up to more than float32 can hold"),
    ],
)
def test_weights_of_rows_that_do_not_fit_are_refused(weights, words):
    net = gn.Network("2-1 linear")
    with np.errstate(over="ignore"), pytest.raises(gn.DataError) as error:
        net.fit(X, Y, sample_weight=weights, verbose=False)
    assert words in str(error.value)


def test_class_numbers_are_one_hot_and_one_column_is_a_list():
    net = gn.Network("2-3 softmax", random_state=0)
    y = np.arange(20) % 3
    for same in (y, y.astype(float), y[:, None], y.tolist(), np.eye(3)[y], y.astype(np.uint8)):
        assert net.evaluate(X, same) == net.evaluate(X, y)
    one = gn.Network("2-1 linear", random_state=0)
    assert one.evaluate(X, Y[:, 0]) == one.evaluate(X, Y)
    yes = gn.Network("2-1 sigmoid", loss="binary_cross_entropy", random_state=0)
    assert yes.evaluate(X, Y[:, 0] > 0) == yes.evaluate(X, (Y > 0).astype(int))


def test_arrays_that_fit_are_not_copied_and_others_are_made_fit():
    description = Description.read("2-1 linear")
    fit = X.astype(np.float32)
    assert check_inputs(fit, description, "float32") is fit
    fixed = fit.copy()
    fixed.flags.writeable = False
    for other in (X, np.asfortranarray(fit), fit[::-1], fixed, fit.tolist()):
        made = check_inputs(other, description, "float32")
        assert made.flags.c_contiguous
        assert made.flags.writeable
        assert made.dtype == np.float32
        np.testing.assert_array_equal(made, np.asarray(other, np.float32))


def test_rows_of_weight_0_are_left_out():
    weights = np.arange(20) % 2
    rows = check_rows(X, Y, weights, Description.read("2-1 linear"), "float64")
    np.testing.assert_array_equal(rows.x, X[1::2])
    np.testing.assert_array_equal(rows.y, Y[1::2])
    np.testing.assert_array_equal(rows.weights, np.ones(10))


# ------------------------------------------------------------------------ trace, keep and copy


def test_a_trace_is_the_step_that_fit_would_do():
    for optimizer in (gn.SGD(0.1), gn.Adam(0.1)):
        net = gn.Network(2, gn.Dense(4, "tanh"), gn.Dropout(0.3), gn.Dense(1), random_state=0)
        for _ in range(3):
            trace = net.trace(X, Y, optimizer=optimizer)
            before = net.weights["W1"].copy()
            history = net.fit(
                X, Y, epochs=1, batch_size=None, optimizer=optimizer, engine="numpy", verbose=False
            )
            np.testing.assert_array_equal(trace["W1"], before)
            np.testing.assert_array_equal(trace.after("W1"), net.weights["W1"])
            assert history.loss[0] == trace["loss"]


def test_trace_and_gradient_check_change_nothing():
    net = gn.Network(2, gn.Dense(4), gn.BatchNorm(), gn.Dense(1), random_state=0)
    net.fit(X, Y, epochs=2, verbose=False)
    before = copy.deepcopy(net)
    net.trace(X, Y)
    net.check_gradients(X, Y)
    for name in net.values.by_name:
        np.testing.assert_array_equal(net.values.by_name[name], before.values.by_name[name])
    assert net.tally == before.tally


def fitted(**options):
    layers = (gn.Dense(4, "relu"), gn.BatchNorm(), gn.Dropout(0.2), gn.Dense(1))
    net = gn.Network(2, *layers, random_state=0)
    net.fit(X, Y, epochs=3, batch_size=6, engine="numpy", verbose=False, **options)
    return net


def continued(net):
    history = net.fit(X, Y, epochs=4, batch_size=6, engine="numpy", verbose=False)
    return history.loss, {name: value.copy() for name, value in net.values.by_name.items()}


@pytest.mark.parametrize("way", ["deepcopy", "pickle", "file"])
@pytest.mark.parametrize("optimizer", ["adam", "sgd", None])
def test_a_kept_network_goes_on_exactly(tmp_path, way, optimizer):
    net = fitted(optimizer=optimizer) if optimizer else fitted(optimizer=gn.Adam(gn.Cosine(0.1)))
    if way == "file":
        net.save(tmp_path / "net.safetensors")
        other = gn.load(tmp_path / "net.safetensors")
    else:
        other = copy.deepcopy(net) if way == "deepcopy" else pickle.loads(pickle.dumps(net))
    assert (other.description, other.seed, other.tally) == (net.description, net.seed, net.tally)
    np.testing.assert_array_equal(other.predict(X), net.predict(X))
    (loss, values), (same_loss, same_values) = continued(net), continued(other)
    np.testing.assert_array_equal(loss, same_loss)
    for name, value in values.items():
        np.testing.assert_array_equal(value, same_values[name])


def test_a_network_that_was_never_trained_is_kept_too(tmp_path):
    net = gn.Network("2-3-1 tanh", random_state=0)
    net.save(tmp_path / "net.safetensors")
    other = gn.load(tmp_path / "net.safetensors")
    assert other.optimizer is None
    np.testing.assert_array_equal(continued(other)[0], continued(net)[0])


def test_a_copy_shares_nothing():
    net = fitted()
    other, before = copy.deepcopy(net), net.predict(X)
    other.weights["W1"] = np.zeros((2, 4))
    np.testing.assert_array_equal(net.predict(X), before)
    other.values.parameters[:] = 0  # views by name must be of the same memory
    assert not other.weights["b2"].any()


# ----------------------------------------------------------------------------- public names


def test_public_names_are_there_and_sorted():
    assert set(gn.__all__) <= set(dir(gn))
    for name in gn.__all__:
        assert getattr(gn, name) is not None
    assert len(set(gn.__all__)) == len(gn.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Netwrok'"):
        _ = gn.Netwrok


@pytest.mark.parametrize("name", ["a.txt", "model", "a.safetensors.txt", "a.Safetensors"])
def test_a_model_is_saved_under_its_own_ending_only(name, tmp_path):
    with pytest.raises(gn.ModelFileError, match=r"saved as a \.safetensors file, got .*: write '"):
        gn.Network("1-1 linear").save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", [3, None, b"a.safetensors"])
def test_what_is_no_path_is_refused_in_words(path):
    words = "a path must be text or a pathlib.Path, got "
    with pytest.raises(gn.ModelFileError, match=words):
        gn.load(path)
    with pytest.raises(gn.ModelFileError, match=words):
        gn.Network("1-1 linear").save(path)
    with pytest.raises(gn.DescriptionError, match=words):
        gn.Network("1-1 linear").program().save(path)


def test_weights_are_set_by_name_and_never_as_a_whole():
    net = gn.Network("1-1 linear", random_state=0)
    with pytest.raises(AttributeError, match="weights"):
        net.weights = {"W1": [[2.5]], "b1": [0.0]}  # would be looked at, and not predict
