"""What stands around the update: penalties, clipping, decay, constraints, averages."""

from __future__ import annotations

import copy
import json
import pickle
import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import checks
import glassnet as gn
import loops
from glassnet.description import Description
from glassnet.engines.loops import write_loops
from glassnet.engines.numba import NumbaEngine
from glassnet.errors import DescriptionError, ModelFileError, NotFiniteError
from glassnet.files import check_model
from glassnet.lines import MEASURING, Phase
from glassnet.program import Program
from glassnet.rules.limits import clipped, not_negative, share_within, within_norm
from glassnet.training.loop import rates_between
from glassnet.views.rules import TABLES, entry, listing
from plain_loops import PlainEngine
from test_engines import assert_same_gradients, assert_same_training, assert_same_update, work_for

DTYPES = ("float32", "float64")
ALL = {"l1": 0.03, "l2": 0.02, "max_norm": 0.9, "non_negative": True}
LAYERS = (gn.Dense(4, "tanh", **ALL), gn.BatchNorm(), gn.Dense(2, bias=False, l2=0.1))
EVERYTHING = gn.Adam(0.01, weight_decay=0.1, clip_value=0.3, clip_norm=0.2, average=gn.EMA(0.9))
OPTIMIZERS = [
    EVERYTHING,
    gn.SGD(0.1, 0.9, clip_norm=0.2, average=gn.SWA(0.5)),
    gn.AdamW(0.01, clip_value=0.05),
    gn.Lion(0.01, weight_decay=0.1, clip_norm=1e-3, average=gn.EMA(0.5, debiased=False)),
]
X = np.random.RandomState(0).normal(size=(40, 3))
Y = np.sin(X[:, :2])


def network(*layers, **options):
    return gn.Network(3, *(layers or LAYERS), random_state=1, **options)


def fit(net, epochs=5, **options):
    options = {"optimizer": EVERYTHING, "batch_size": 8, "engine": "numpy", **options}
    return net.fit(X, Y, epochs=epochs, verbose=False, **options)


def phases(program):
    return list(dict.fromkeys(line.phase for line in program.lines))


# ------------------------------------------------------------------------------ the program


def test_phases_follow_each_other_and_stand_there_only_where_they_are_asked_for():
    program = Program(Description(3, LAYERS), EVERYTHING)
    assert phases(program) == list(Phase)
    plain = Program(Description.read("3-4-2 tanh linear"), gn.Adam())
    assert phases(plain) == [Phase.FORWARD, Phase.LOSS, Phase.BACKWARD, Phase.UPDATE]
    assert set(plain.rules) & {"clipped", "share_within", "with_decay", "averaged"} == set()


def test_lines_of_a_step():
    layers = (gn.Dense(1, bias=False, l1=0.5, l2=0.25, max_norm=3, non_negative=True),)
    optimizer = gn.SGD(0.1, weight_decay=0.01, clip_value=2.0, clip_norm=1.0, average=gn.EMA())
    assert [line.text for line in Program(Description(2, layers), optimizer).lines] == [
        "z1 = x @ W1",
        "data_loss = mean_squared_error(z1, y, w)",
        "penalty1 = l1_penalty(W1, 0.5) + l2_penalty(W1, 0.25)",
        "loss = data_loss + penalty1",
        "dz1 = mean_squared_error_slope(z1, y, w)",
        "dW1 = x.T @ dz1 + l1_slope(W1, 0.5) + l2_slope(W1, 0.25)",
        "dW1 = clipped(dW1, 2.0)",
        "squares_dW1 = sum_of_squares(dW1)",
        "gradient_norm = np.sqrt(squares_dW1)",
        "gradient_share = share_within(gradient_norm + 1e-6, 1.0)",
        "dW1 = dW1 * gradient_share",
        "dW1 = with_decay(dW1, W1, 0.01)",
        "W1 = W1 - learning_rate * dW1",
        "W1 = not_negative(W1)",
        "W1 = within_norm(W1, 3)",
        "average_W1 = averaged(average_W1, W1, average_share)",
    ]


@pytest.mark.parametrize("rows", [1, 6])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_a_step_is_that_of_the_loops_and_gradients_that_of_differences(optimizer, rows):
    program = Program(Description(3, LAYERS, dtype="float64"), optimizer)
    inputs = checks.inputs_for(program, rows)
    checks.check_all(program, inputs)
    checks.check_loops(program, inputs)


@pytest.mark.parametrize("loss", ["mean_squared_error", "half_squared_error_sum"])
def test_a_penalty_counts_once_for_a_batch_of_any_size(loss):
    layer = gn.Dense(2, l1=0.5, l2=0.25)
    for rows in (1, 7):
        given = []
        for each in (layer, gn.Dense(2)):
            program = Program(Description(3, (each,), loss, "float64"), gn.SGD())
            inputs = checks.inputs_for(program, rows)
            given.append(checks.call(program, "gradients", inputs))
        w = inputs["W1"]
        wanted = 0.5 * np.abs(w).sum() + 0.25 * (w**2).sum()
        assert given[0]["loss"] - given[1]["loss"] == pytest.approx(wanted, rel=1e-12)
        slope = 0.5 * np.sign(w) + 0.5 * w
        np.testing.assert_allclose(given[0]["dW1"] - given[1]["dW1"], slope, rtol=1e-9)
        assert_array_equal(given[0]["db1"], given[1]["db1"])


def test_the_slope_of_the_size_of_a_weight_is_0_at_0():
    program = Program(Description(3, (gn.Dense(2, l1=0.5),)), gn.SGD())
    inputs = checks.inputs_for(program)
    inputs = {k: 0 * v if k in ("x", "W1") else v for k, v in inputs.items()}
    assert_array_equal(checks.call(program, "gradients", inputs)["dW1"], 0)


# --------------------------------------------------------------------------------- engines


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_loops_make_the_same_step(optimizer, dtype):
    program = Program(Description(3, LAYERS, dtype=dtype), optimizer)
    work, engine = work_for(program, weighted=True), PlainEngine(program)
    assert_same_gradients(program, work, engine)
    assert_same_update(program, work, engine)


@pytest.mark.parametrize("dtype", DTYPES)
def test_compiled_loops_take_the_same_steps(dtype):
    layers = (gn.Dense(4, "tanh", **ALL), gn.Dense(2, l2=0.1, max_norm=0.5))
    program = Program(Description(3, layers, dtype=dtype), EVERYTHING)
    work, engine = work_for(program, 23, batch=5), NumbaEngine(program)
    assert_same_gradients(program, work, engine)
    assert_same_update(program, work, engine)
    assert_same_training(program, work, engine)


def test_without_options_loops_have_nothing_of_them():
    program = Program(Description.read("3-40-2 tanh linear"), gn.Adam())
    text = write_loops(program, tiny=False)
    assert not re.search(r"\b(number|total|column)\d", text)
    assert text.count("for q in range") == 1


WILD = [np.nan, np.inf, -np.inf]


@pytest.mark.parametrize("value", WILD)
@pytest.mark.parametrize("dtype", DTYPES)
def test_no_limit_hides_what_is_not_finite(value, dtype):
    given = np.array([[1.0, 0.5], [value, -0.0]], dtype)
    with np.errstate(all="ignore"):
        for limited in (clipped(given, 0.1), not_negative(given), within_norm(given, 0.5)):
            assert limited.dtype == dtype
            assert np.isnan(limited[1, 0])
        assert np.isnan(share_within(given[1, 0], 1.0))


@pytest.mark.parametrize("dtype", DTYPES)
def test_limits_of_ordinary_and_extreme_numbers(dtype):
    tiny, huge = np.finfo(dtype).smallest_subnormal, np.finfo(dtype).max
    given = np.array([[0.0, -0.0, tiny, -tiny], [1e30, -1e30, 0.5, -2.0]], dtype)
    assert_array_equal(clipped(given, 1.0), np.clip(given, -1, 1))
    assert_array_equal(not_negative(given), np.maximum(given, 0))
    zeros = np.zeros((3, 2), dtype)
    assert_array_equal(within_norm(zeros, 1.0), zeros)
    columns = np.array([[3.0, 0.3], [4.0, 0.4]], dtype)
    np.testing.assert_allclose(
        within_norm(columns, 1.0), [[0.6, 0.3], [0.8, 0.4]], rtol=2 * np.finfo(dtype).eps
    )
    with np.errstate(over="ignore", invalid="ignore"):  # too large to be measured: not made 0
        assert np.isnan(within_norm(np.full((2, 1), huge, dtype), 1.0)).all()


@pytest.mark.parametrize(
    ("layer", "options"),
    [
        ({}, {"clip_value": 1.0}),
        ({}, {"clip_norm": 1.0}),
        ({"non_negative": True}, {}),
        ({"max_norm": 1.0}, {}),
    ],
)
@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_a_gradient_that_is_not_finite_reaches_the_guard(engine, layer, options):
    net = gn.Network(1, gn.Dense(1, **layer), random_state=0)
    x, y = np.full((4, 1), 1e30), np.zeros((4, 1))
    net.weights["W1"] = [[1e-20]]  # a loss of 1e20, a gradient of 1e40
    optimizer = gn.SGD(0.1, **options)
    with pytest.raises(NotFiniteError, match="dW1"):
        net.fit(x, y, epochs=3, optimizer=optimizer, verbose=False, engine=engine)
    assert net.weights["W1"] == np.float32(1e-20)


def test_gradients_too_long_to_be_measured_reach_the_guard():
    net = gn.Network("1-1 linear", dtype="float32", random_state=0)
    net.weights["W1"] = [[1e-8]]
    x, y = np.full((4, 1), 1e15), np.zeros((4, 1))
    with pytest.raises(NotFiniteError, match=r"squares_dW1 .*dW1 is as large as"):
        net.fit(x, y, epochs=3, optimizer=gn.SGD(0.1, clip_norm=1.0), verbose=False)


# ------------------------------------------------------------------- traces and explanations


def test_a_trace_follows_a_name_that_is_made_more_than_once():
    net = network(dtype="float64")
    trace = net.trace(X[:5], Y[:5], optimizer=EVERYTHING)
    program = trace.program
    made = [name for line in program.lines for name in line.outputs if name == "dW1"]
    assert len(made) == 4  # backward, by value, by length, decay
    assert_array_equal(trace["dW1'"], np.clip(trace["dW1"], -0.3, 0.3))
    assert_array_equal(trace["dW1''"], trace["dW1'"] * trace["gradient_share"])
    assert_array_equal(trace["dW1'''"], trace["dW1''"] + 0.1 * trace["W1"])
    assert_array_equal(trace.after("dW1"), trace["dW1'''"])
    assert_array_equal(trace.after("W1"), trace["W1'''"])  # update, not negative, within norm
    assert trace.after("W1").min() >= 0
    assert trace.line_of("dW1").phase is Phase.BACKWARD
    assert trace.line_of("dW1'''").phase is Phase.DECAY
    with pytest.raises(DescriptionError, match="Changed: mean1, variance1, dW1, db1, "):
        trace.after("z1")


def test_explanations_tell_the_truth_of_each():
    trace = network(dtype="float64").trace(X[:5], Y[:5], optimizer=EVERYTHING)
    for name, *parts in (
        ("dW1", "x[0, 0]·dz1[0, 1]", "sign(W1[0, 1])", "0.04·W1[0, 1]", "then clip makes dW1'"),
        ("dW1'", "dW1[0, 1]", "then clip makes dW1''[0, 1]"),
        ("dW1''", "= dW1'[0, 1]·gradient_share", "then decay makes dW1'''[0, 1]"),
        ("dW1'''", "= dW1''[0, 1] + 0.1·W1[0, 1]"),
        ("mean_W1'", "dW1'''[0, 1]"),
        ("W1'", "mean_W1'[0, 1]", "then constrain makes W1''[0, 1]"),
        ("W1'''", "W1''[0, 1]"),
        ("average_W1'", "average_share", "W1'''[0, 1]"),
    ):
        explanation = trace.explain(f"{name}[0, 1]")
        assert explanation.value == trace[name][0, 1]
        for part in parts:
            assert part in str(explanation), (name, part)
    assert "penalty1" in str(trace.explain("loss"))
    assert "after the step: W1'''[0, 1] = " in str(trace.explain("W1[0, 1]"))
    assert "0.03·s1 + 0.02·s2" in str(trace.explain("penalty1"))


# -------------------------------------------------------------- losses that include penalties


def test_every_loss_that_is_reported_includes_the_penalties():
    net = network(gn.Dense(3, "tanh", l1=0.1), gn.Dense(2, l2=0.5), dtype="float64")
    before = net.evaluate(X, Y)["loss"]
    w1, w2 = net.weights["W1"], net.weights["W2"]
    penalty = 0.1 * np.abs(w1).sum() + 0.5 * (w2**2).sum()
    assert before == pytest.approx(np.mean((net.predict(X) - Y) ** 2) + penalty, rel=1e-12)
    assert net.trace(X, Y)["loss"] == pytest.approx(before, rel=1e-12)
    history = fit(net, 3, optimizer=gn.SGD(0.05), batch_size=None, validation=(X, Y))
    assert history.loss[0] == pytest.approx(before, rel=1e-12)
    assert history.validation_loss[:-1] == pytest.approx(history.loss[1:], rel=1e-12)


def test_a_loss_that_adds_up_counts_the_penalty_once_a_step():
    net = network(gn.Dense(2, l2=0.5), loss="half_squared_error_sum", dtype="float64")
    penalty = 0.5 * float((net.weights["W1"] ** 2).sum())
    data = 0.5 * np.sum((net.predict(X) - Y) ** 2)
    assert net.evaluate(X, Y)["loss"] == pytest.approx(data + penalty, rel=1e-12)
    trace = net.trace(X, Y)
    assert trace["loss"] == pytest.approx(data + penalty, rel=1e-12)


def test_gradients_of_penalties_are_checked_and_nudged_and_seen_by_lbfgs():
    layers = (gn.Dense(3, "tanh", l1=0.1), gn.Dense(2, l2=0.5))
    net = network(*layers, dtype="float64")
    changed = net.weights["W1"].copy()
    changed[0, 0] = 0.0  # at the kink: left out, and said so
    net.weights["W1"] = changed
    report = net.check_gradients(X, Y)
    assert report.passed
    assert report.at_kink["W1"] == 1
    exact, nudged = (
        fit(network(*layers, dtype="float64"), 3, optimizer=gn.SGD(0.05), gradients=how)
        for how in ("exact", "nudged")
    )
    np.testing.assert_allclose(nudged.loss, exact.loss, rtol=1e-3)
    free, held = network(gn.Dense(2), dtype="float64"), network(gn.Dense(2, l2=10), dtype="float64")
    for each in (free, held):
        fit(each, 50, optimizer="lbfgs", batch_size=None)
    assert np.abs(held.weights["W1"]).max() < 0.1 < np.abs(free.weights["W1"]).max()
    # Ridge regression by its own formula: (XᵀX/m + l2·outputs)·W = Xᵀ(Y − b)/m.
    b = held.weights["b1"]
    wanted = np.linalg.solve(X.T @ X / 40 + 20 * np.eye(3), X.T @ (Y - b) / 40)
    np.testing.assert_allclose(held.weights["W1"], wanted, rtol=1e-4, atol=1e-6)


# ------------------------------------------------------------------------------ constraints


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_weights_obey_constraints_after_every_step(engine):
    net = network(gn.Dense(4, "tanh", max_norm=0.7, non_negative=True), gn.Dense(2))
    seen = []

    def look(network, history):
        seen.append(network.weights["W1"].copy())

    fit(net, 6, optimizer=gn.SGD(0.5), callbacks=look, engine=engine)
    for w in seen:
        assert w.min() >= 0
        assert np.sqrt((w**2).sum(axis=0)).max() <= 0.7 * (1 + 1e-6)
    assert np.sqrt((seen[-1] ** 2).sum(axis=0)).max() > 0.69


@pytest.mark.parametrize("option", [{"max_norm": 1.0}, {"non_negative": True}])
def test_an_optimizer_that_steps_by_itself_refuses_constraints(option):
    with pytest.raises(DescriptionError, match="outside of the program"):
        fit(network(gn.Dense(2, **option)), optimizer="lbfgs", batch_size=None)


def test_a_file_with_constraints_that_nobody_can_keep_is_refused():
    net = network(gn.Dense(2, max_norm=1.0))
    header = {
        "format": 1, "description": net.description.to_json(), "preparation": None, "seed": 0,
        "epochs": 0, "steps": 0, "optimizer": gn.LBFGS().to_json(),
    }  # fmt: skip
    with pytest.raises(ModelFileError, match="do not fit"):
        check_model(header, dict(net.values.by_name))


# --------------------------------------------------------------------------------- averages


@pytest.mark.parametrize("average", [gn.EMA(0.9), gn.EMA(0.9, debiased=False), gn.SWA(0.4)])
@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_weights_after_a_fit_are_the_average_of_those_after_each_step(average, engine):
    plain = gn.SGD(0.1, 0.9)
    net, averaged = network(dtype="float64"), network(dtype="float64")
    steps = []
    for _ in range(10):
        fit(net, 1, optimizer=plain, batch_size=None)
        steps.append({name: array.copy() for name, array in net.weights.items()})
    how = {"optimizer": gn.SGD(0.1, 0.9, average=average), "batch_size": None, "engine": engine}
    fit(averaged, 10, **how)
    for name in ("W1", "b1", "W2", "scale1"):
        wanted = steps[0][name]
        for place, step in enumerate(steps):
            share = average.share(place + 1, place, 10)
            wanted = wanted + share * (step[name] - wanted)
        np.testing.assert_allclose(averaged.weights[name], wanted, rtol=1e-9, atol=1e-12)
        assert not np.allclose(wanted, steps[-1][name])
    # Batch norm's statistics are those of the steps, and no average.
    np.testing.assert_allclose(averaged.weights["mean1"], steps[-1]["mean1"], rtol=1e-9)


@pytest.mark.parametrize("average", [gn.EMA(0.9), gn.EMA(0.9, debiased=False)])
@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_5_epochs_twice_are_10_once_with_an_average(average, engine, tmp_path):
    how = {"optimizer": gn.Adam(0.05, average=average), "engine": engine}
    once, twice, saved = network(), network(), network()
    whole = fit(once, 10, **how)
    first, second = fit(twice, 5, **how), fit(twice, 5, **how)
    assert_array_equal(np.concatenate([first.loss, second.loss]), whole.loss)
    fit(saved, 5, **how)
    saved.save(tmp_path / "net.safetensors")
    saved = pickle.loads(pickle.dumps(copy.deepcopy(gn.load(tmp_path / "net.safetensors"))))
    fit(saved, 5, **how)
    for name, array in once.weights.items():
        assert_array_equal(twice.weights[name], array)
        assert_array_equal(saved.weights[name], array)
    for name, array in once.values.by_name.items():
        assert_array_equal(twice.values.by_name[name], array)


def test_everything_that_looks_at_the_network_sees_averages():
    net, seen = network(), []

    def look(network, history):
        assert network.evaluate(X, Y)["loss"] == history.validation_loss[-1]
        seen.append(network.weights["W1"].copy())

    optimizer = gn.SGD(0.5, average=gn.EMA(0.99))
    history = fit(net, 6, optimizer=optimizer, validation=(X, Y), callbacks=look)
    plain = fit(network(), 6, optimizer=gn.SGD(0.5), validation=(X, Y))
    assert_array_equal(history.loss, plain.loss)  # the steps know nothing of it
    assert (history.validation_loss != plain.validation_loss).any()
    assert_array_equal(net.weights["W1"], seen[-1])
    assert net.evaluate(X, Y)["loss"] == history.validation_loss[-1]


def test_early_stopping_goes_back_to_the_average_of_the_best_epoch():
    net, seen = network(), []
    optimizer = gn.SGD(gn.Constant(0.05), 0.9, average=gn.EMA(0.9))
    history = fit(
        net, 40, optimizer=optimizer, validation=(X[:5], -Y[:5]), early_stopping=2,
        callbacks=lambda network, history: seen.append(network.weights["W1"].copy()),
    )  # fmt: skip
    assert history.best_epoch < history.epochs
    assert_array_equal(net.weights["W1"], seen[history.best_epoch - 1])
    assert net.evaluate(X[:5], -Y[:5])["loss"] == history.validation_loss[history.best_epoch - 1]


def test_an_assigned_weight_is_the_average_and_what_training_goes_on_from():
    net, optimizer = network(gn.Dense(2), dtype="float64"), gn.SGD(0.1, average=gn.EMA(0.5))
    fit(net, 3, optimizer=optimizer)
    given = np.full((3, 2), 0.25)
    net.weights["W1"] = given
    trace = net.trace(X[:4], Y[:4], optimizer=optimizer)
    assert_array_equal(trace["W1"], given)
    assert_array_equal(trace["average_W1"], given)
    assert_array_equal(net.weights["W1"], given)


def test_another_optimizer_goes_on_from_the_average(tmp_path):
    net = network(gn.Dense(2), dtype="float64")
    fit(net, 3, optimizer=gn.SGD(0.1, average=gn.EMA(0.5)))
    kept = net.weights["W1"].copy()
    for other in (gn.SGD(0.1), gn.SGD(0.1, average=gn.EMA(0.7))):
        assert_array_equal(net.trace(X, Y, optimizer=other)["W1"], kept)
    held = net.weights["W1"]
    fit(net, 1, optimizer=gn.SGD(0.0))
    assert_array_equal(held, kept)
    assert_array_equal(net.weights["W1"], kept)


def test_a_fit_that_fails_leaves_the_average_of_the_last_good_steps():
    net = gn.Network("1-1 linear", dtype="float32", random_state=0)
    optimizer = gn.SGD(50.0, average=gn.EMA(0.5))
    with pytest.raises(NotFiniteError):
        net.fit(X[:, :1], Y[:, :1], epochs=500, optimizer=optimizer, verbose=False)
    assert np.isfinite(net.weights["W1"]).all()
    raw = net.trace(X[:, :1], Y[:, :1], optimizer=optimizer)
    assert abs(raw["W1"]).max() > abs(net.weights["W1"]).max()


@pytest.mark.parametrize("average", [gn.EMA(0.99), gn.EMA(0.9, debiased=False), gn.SWA(0.29)])
def test_shares_are_those_of_the_loops_however_steps_are_cut(average):
    program = gn.Network("2-1 linear").program(gn.Adam(average=average))
    whole = rates_between(program, 3, 100, 0, 100)[:, -1]
    wanted = [loops.share(average, 4 + place, place, 100) for place in range(100)]
    np.testing.assert_allclose(whole, wanted, rtol=1e-12)
    parts = [rates_between(program, 3, 100, k, k + 20)[:, -1] for k in range(0, 100, 20)]
    assert_array_equal(np.concatenate(parts), whole)


# ------------------------------------------------------------------- options, JSON and files


def test_options_are_printed_and_go_to_json_and_back():
    for made in (*OPTIMIZERS, gn.EMA(0.5), gn.SWA()):
        again = type(made).from_json(json.loads(json.dumps(made.to_json())))
        assert again == made
        assert repr(again) == repr(made)
    assert repr(EVERYTHING.average) in repr(EVERYTHING)
    assert "l1=0.03, l2=0.02, max_norm=0.9, non_negative=True" in repr(LAYERS[0])
    described = Description(3, LAYERS)
    assert Description.from_json(json.loads(json.dumps(described.to_json()))) == described


def test_what_came_later_is_left_out_of_json_where_it_is_not_used():
    assert set(gn.Dense(3).to_json()) == {
        "name", "units", "activation", "bias", "weight_initializer", "bias_initializer"
    }  # fmt: skip
    assert not {"clip_value", "clip_norm", "average"} & set(gn.Adam().to_json())


@pytest.mark.parametrize(
    "make",
    [
        lambda: gn.Dense(3, l1=-1.0),
        lambda: gn.Dense(3, l2=float("nan")),
        lambda: gn.Dense(3, max_norm=0.0),
        lambda: gn.Dense(3, non_negative=1),
        lambda: gn.SGD(clip_value=0),
        lambda: gn.SGD(clip_norm=-1.0),
        lambda: gn.SGD(average="ema"),
        lambda: gn.EMA(1.0),
        lambda: gn.SWA(1.0),
        lambda: gn.SGD.from_json({"name": "SGD", "average": {"name": "Mean"}}),
    ],
)
def test_options_out_of_range_are_refused(make):
    with pytest.raises(DescriptionError, match=r"must be|unknown"):
        make()


@pytest.mark.parametrize("kind", ["penalties", "clipping", "decay", "constraints", "averages"])
def test_every_table_is_listed_with_its_lines(kind):
    for name, made in TABLES[kind].entries.items():
        assert made.source
        assert name in listing(kind)
        assert "lines in a program" in entry(kind, name)


def test_gradients_are_all_lines_ahead_of_the_update():
    program = Program(Description(3, LAYERS), EVERYTHING)
    inputs = checks.inputs_for(program)
    made = {name: value for _, name, value in checks.traced(program, inputs, *MEASURING)}
    assert_array_equal(checks.call(program, "gradients", inputs)["dW1"], made["dW1"])
