"""What is made outside of a program: each explanation's number is the one that was used."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glassnet as gn
from glassnet import outside
from glassnet.arrays import Rows, check_rows
from glassnet.batches import Batches
from glassnet.description import Description
from glassnet.engines.numpy import NumpyEngine
from glassnet.errors import DescriptionError
from glassnet.explanation.writing import in_letters
from glassnet.history import History, Tally
from glassnet.outside.recorded import Number, named, with_numbers
from glassnet.program import Program
from glassnet.rules.layers import Dense, Dropout, Embedding, GaussianNoise
from glassnet.rules.optimizers import LBFGS, SGD, Adam, NAdam, RAdam
from glassnet.rules.schedules import SCHEDULES, Cosine, OneCycle, Plateau, Step, WarmUp
from glassnet.table import Preparation, Table
from glassnet.trace import Place, trace_step
from glassnet.training import work_for
from glassnet.training.first_weights import draw_first_weights
from glassnet.training.guard import step_inputs
from glassnet.training.loop import batch_shares, rates_between
from glassnet.training.options import Options
from glassnet.values import Values
from strategies import descriptions, initializers, optimizers, same_examples, schedules
from test_explanation import as_name, check_numbers, worked_out
from test_explanation_forms import check_latex, read_html


def check_steps(explanation):
    """Work out numbers and letters of all steps; every form can be written."""
    names = {as_name(operand.name): operand.value for operand in explanation.operands}
    for step in explanation.steps:
        check_numbers(step)
        if " more)" not in step.letters and math.isfinite(step.value):
            got = worked_out(step.letters, names)
            assert got == pytest.approx(step.value, rel=1e-5, abs=1e-12), step
        names[as_name(step.name)] = step.value
    if explanation.steps:
        assert explanation.steps[-1].name == explanation.what
        assert explanation.steps[-1].value == explanation.value
    check_latex(explanation.latex())
    for name, value, _ in read_html(explanation.html()).numbers:
        if as_name(name) in names:
            assert float(value) == names[as_name(name)]
    assert explanation.result in explanation.markdown()
    assert explanation.as_dict()["what"] == explanation.what


# ------------------------------------------------------------------------- first weights


@given(initializers, st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 4))
@same_examples
def test_a_first_weight_is_the_one_that_was_drawn(rule, seed, inputs, units):
    layers = (Dense(units, weight_initializer=rule, bias_initializer=rule), Dense(2))
    values = Values(Program(Description(inputs, layers, dtype="float64"), SGD()))
    draw_first_weights(values, np.random.RandomState(seed))
    for name in ("W1", "b1", "W2"):
        array = values.by_name[name]
        for index in [(0,) * array.ndim, tuple(size - 1 for size in array.shape)]:
            explanation = outside.explain_first_weight(values.program, seed, name, index)
            assert explanation.value == pytest.approx(array[index], rel=1e-14)
            check_steps(explanation)


def test_a_first_weight_says_seed_rule_and_place():
    net = gn.Network(2, gn.Dense(3, "tanh"), gn.Dense(1), random_state=7)
    explanation = net.explain("W1[1, 0]")
    assert np.float32(explanation.value) == net.weights["W1"][1, 0]
    assert explanation.origin == "first value by Glorot(), from random_state=7"
    assert explanation.remarks[0].startswith(
        "number 4 that NumPy's RandomState(7) draws; numbers 1"
    )
    assert [step.name for step in explanation.steps] == ["low", "high", "W1[1, 0]"]
    drawn = np.random.RandomState(7).random_sample(4)[3]
    assert [o.value for o in explanation.operands if o.name == "u"] == [drawn]
    assert net.explain("W2[0, 0]").remarks[0].startswith("number 7 that")
    assert "nothing is drawn for it" in net.explain("b1[2]").origin


def test_a_weight_that_was_trained_or_set_says_what_it_is_now():
    net = gn.Network("2-3-1 tanh linear", random_state=0)
    assert not [r for r in net.explain("W1[0, 0]").remarks if "now it is" in r]
    net.weights["W1"] = np.ones((2, 3))
    assert "now it is 1: it was set" in net.explain("W1[0, 0]").remarks[-1]
    net.fit([[0.0, 1.0], [1.0, 0.0]], [0, 1], epochs=3, verbose=False)
    assert "it was trained for 3 epochs" in net.explain("W1[0, 0]").remarks[-1]
    assert net.explain("W1").array.cells[1][2].value == net.weights["W1"][1, 2]


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("z1[0, 0]", "unknown parameter 'z1'; known: W1, W2, b1, b2"),
        ("W1[9, 0]", r"W1 has the shape \(2, 3\): there is no 9 in an axis of 2"),
        ("W1[0", "cannot read 'W1\\[0'"),
    ],
)
def test_an_unknown_weight_is_refused(what, message):
    with pytest.raises(DescriptionError, match=message):
        gn.Network("2-3-1 tanh linear", random_state=0).explain(what)


# --------------------------------------------------------------------------------- rates

DESCRIPTION = Description.read("1-1 linear")


@given(schedules, st.integers(1, 500), st.data())
@same_examples
def test_a_scheduled_rate_is_the_one_that_training_uses(schedule, steps, data):
    program = Program(DESCRIPTION, SGD(schedule))
    before = data.draw(st.integers(0, steps - 1))
    place = Place(0, step=before + 1, before=before, steps=steps)
    explanation = outside.explain_rate(program, "learning_rate", place)
    assert explanation.value == rates_between(program, 0, steps, before, before + 1)[0, 0]
    check_steps(explanation)


@given(optimizers, st.integers(1, 100), st.integers(0, 50), st.data())
@same_examples
def test_every_rate_of_every_optimizer_is_the_one_that_training_uses(optimizer, steps, old, data):
    program = Program(DESCRIPTION, optimizer)
    before = data.draw(st.integers(0, steps - 1))
    rates = rates_between(program, old, steps, before, before + 1)[0]
    place = Place(0, step=old + before + 1, before=before, steps=steps)
    for name, rate in zip(program.all_rate_names, rates, strict=True):
        explanation = outside.explain_rate(program, name, place)
        assert explanation.value == pytest.approx(rate, rel=1e-14, abs=0)
        check_steps(explanation)


@pytest.mark.parametrize(
    "name", [name for name in SCHEDULES if name not in ("Constant", "Plateau")]
)
def test_every_schedule_shows_its_formula(name):
    for before in (2, 45, 90):
        program = Program(DESCRIPTION, SGD(SCHEDULES[name](0.1)))
        place = Place(0, before=before, steps=100)
        explanation = outside.explain_rate(program, "learning_rate", place)
        if name != "WarmUp" or before < 10:  # then it is the number that it was given
            assert "done" in explanation.letters
            assert explanation.steps[0].letters == "before / steps"


def test_corrections_and_averages_show_their_formula():
    place = Place(0, step=81, before=80, steps=100)
    optimizer = Adam(average=gn.EMA(0.9))
    found = [
        outside.explain_rate(Program(DESCRIPTION, optimizer), name, place).letters
        for name in ("correction1", "correction2", "average_share")
    ]
    assert found == ["1 − beta1^t", "1 − beta2^t", "(1 − decay) / (1 − decay^t)"]
    for kind, name in ((NAdam, "mean_share"), (RAdam, "sized_share")):
        assert outside.explain_rate(Program(DESCRIPTION, kind()), name, place).letters


def test_what_a_callback_and_the_loss_did_to_a_rate():
    program = Program(DESCRIPTION, SGD(Plateau(0.1, patience=1)))
    later = program.schedules["learning_rate"]
    for loss in (1.0, 1.0, 1.0):
        later = later.following(loss)
    place = Place(0, before=3, steps=9, schedules={"learning_rate": later}, rate_factor=0.5)
    explanation = outside.explain_rate(program, "learning_rate", place)
    assert explanation.value == 0.5 * later.rate(1 / 3) == pytest.approx(0.005)
    assert explanation.letters == "rate_factor·now"


def test_an_unknown_rate_is_refused():
    with pytest.raises(DescriptionError, match="unknown rate 'speed'; known: learning_rate"):
        outside.explain_rate(Program(DESCRIPTION, SGD()), "speed", Place(0))


def test_numbers_write_down_what_is_done_to_them():
    a, b = named("a", 3.0), named("b", 4.0)
    for made in (a * a + b * b, np.sqrt(a * a) - 1 / b, 2 ** (-a) + abs(a - b), np.maximum(a, b)):
        assert isinstance(made, Number)
        assert worked_out(in_letters(made.expression), {"a": 3.0, "b": 4.0}) == pytest.approx(
            float(made)
        )
    assert isinstance(np.ones(2) * a, np.ndarray)
    rate = with_numbers(Step(0.1)).rate(named("done", 0.5))
    assert float(rate) == Step(0.1).rate(0.5)


# ----------------------------------------------------------------- orders, masks, a whole step


@given(st.integers(1, 40), st.integers(1, 12), st.booleans(), st.integers(0, 99), st.integers(0, 9))
@same_examples
def test_the_rows_of_a_batch_are_those_that_a_step_takes(rows, size, shuffle, seed, epoch):
    batches = Batches(rows, min(size, rows), shuffle, seed)
    seen = []
    for position in range(batches.per_epoch):
        explanation = outside.explain_batch(batches, epoch, position)
        start, stop = batches.bounds(position)
        wanted = batches.order(epoch)[start:stop]
        shown = [int(cell.value) for row in explanation.array.cells for cell in row]
        assert shown == wanted[: len(shown)].tolist()
        assert explanation.array.left_out == len(wanted) - len(shown)
        seen += wanted.tolist()
        check_latex(explanation.latex())
    assert sorted(seen) == list(range(rows))
    with pytest.raises(DescriptionError, match="there is no batch"):
        outside.explain_batch(batches, epoch, batches.per_epoch)


def a_step(optimizer, step=7, layers=None):
    """Trace a step of a fit as training does it, with its place."""
    layers = layers or (Dense(3, "tanh"), Dropout(0.4), GaussianNoise(Cosine(0.3)), Dense(1))
    program = Program(Description(2, layers), optimizer)
    net = gn.Network(program.description, random_state=0)
    values = Values(program)
    values.take(net.values, state=False)
    X, y = np.random.RandomState(1).randn(20, 2).astype(np.float32), np.zeros((20, 1), np.float32)
    rows = Rows(X, y)
    work = work_for(program, rows, Options(optimizer, batch_size=6, random_state=5), Tally(2, 8))
    rates = rates_between(program, 8, 40, step, step + 1)[0]
    epoch, position = divmod(step, work.batches.per_epoch)
    start, stop = work.batches.bounds(position)
    place = Place(
        5,
        2 + epoch,
        position,
        8 + step + 1,
        step,
        40,
        rows=work.batches.order(2 + epoch)[start:stop],
    )
    return trace_step(program, step_inputs(values, work, step, rates), place), X


@pytest.mark.parametrize(
    "optimizer", [Adam(OneCycle(0.1)), SGD(WarmUp(0.1, part=0.5), Cosine(0.9))]
)
def test_a_trace_with_its_place_explains_rates_chance_and_rows(optimizer):
    trace, X = a_step(optimizer)
    for name in trace.program.rate_names:
        explanation = trace.explain(name)
        assert explanation.value == float(trace[name])
        assert explanation.steps
        check_steps(explanation)
    for name in ("keep1", "noise1"):
        for place in np.ndindex(*trace[name].shape):
            explanation = trace.explain(f"{name}[{place[0]}, {place[1]}]")
            assert explanation.value == trace[name][place]
            assert explanation.remarks[-1 if name == "noise1" else -2].startswith("the hash of")
            assert bool(explanation.steps) == (trace[name][place] != 0)
            check_steps(explanation)
    for row in range(len(trace["x"])):
        says = trace.explain(f"x[{row}, 1]").remarks[-1]
        number = int(re.search(r"is row (\d+) of", says)[1])
        assert X[number, 1] == trace["x"][row, 1]
    assert trace.explain("z1[0, 0]").letters


def test_a_step_that_was_given_something_else_is_not_explained_by_the_rule():
    trace, _ = a_step(Adam(OneCycle(0.1)))
    given = {i.name: trace[i.name] for i in trace.program.inputs}
    given["learning_rate"], given["keep1"] = 0.5, np.full_like(trace["keep1"], 3)
    other = trace_step(trace.program, given, trace.place)
    assert other.explain("learning_rate").steps == ()
    assert other.explain("keep1[0, 0]").value == 3
    assert other.explain("keep1[0, 0]").remarks == ()


def test_an_unknown_random_input_is_refused():
    with pytest.raises(DescriptionError, match="unknown random input 'keep9'"):
        outside.explain_chance(Program(DESCRIPTION, SGD()), "keep9", (0, 0), Place(0))


def test_net_trace_knows_its_rates_and_masks():
    net = gn.Network(2, gn.Dense(3), gn.Dropout(0.5), gn.Dense(1), random_state=3)
    X, y = np.random.RandomState(0).randn(8, 2), np.zeros(8)
    net.fit(X, y, epochs=5, optimizer=gn.Adam(), verbose=False)
    trace = net.trace(X, y, optimizer=gn.Adam())
    assert trace.explain("correction1").numbers == "1 − 0.9^6"
    assert "(seed 3, epoch 5, batch 0, layer 2, row 0, column 1)" in str(
        trace.explain("keep1[0, 1]")
    )


@given(descriptions(("float32", "float64")), st.integers(1, 4))
@same_examples
def test_random_inputs_of_any_network(description, rows):
    if any(isinstance(layer, Embedding) for layer in description.layers):
        return
    net = gn.Network(description, random_state=1)
    X = np.random.RandomState(0).randn(max(rows, 2), description.inputs)
    y = np.eye(description.loss.target_columns(description.outputs))[[0] * len(X)]
    trace = net.trace(X, y)
    for mask in trace.program.masks:
        index = (len(X) - 1, trace[mask.name].shape[1] - 1)
        explanation = trace.explain(f"{mask.name}[{index[0]}, {index[1]}]")
        assert explanation.value == trace[mask.name][index]
        assert any(remark.startswith("the hash of") for remark in explanation.remarks)
        check_steps(explanation)


# ------------------------------------------------------------------------------ tables


def test_inputs_and_targets_come_from_cells():
    table = Table.read("data/iris.csv")
    preparation = Preparation.learn(table, "species", np.arange(0, 150, 2))
    X, y = preparation.features_of(table), preparation.targets_of(table)
    for row in (0, 17, 149):
        for column, name in enumerate(preparation.features):
            explanation = outside.explain_input(preparation, table, row, name)
            assert explanation.value == X[row, column]
            assert explanation.letters == "(cell − mean) / scale"
            assert explanation.operands[0].value == table.numbers(name)[row]
            assert f"line {table.lines[row]}, column {name!r}" in explanation.origin
            check_steps(explanation)
        for column in range(3):
            explanation = outside.explain_target(preparation, table, row, column)
            assert explanation.value == (y[row] == column)
            check_steps(explanation)


def test_a_number_that_is_wanted_is_scaled():
    table = Table.from_arrays([[1.0], [2.0], [4.0]], [0.5, 2.5, 9.0])
    preparation = Preparation.learn(table, "y", kind="number")
    explanation = outside.explain_target(preparation, table, 2)
    assert explanation.value == preparation.targets_of(table)[2]
    check_steps(explanation)


@pytest.mark.parametrize(
    ("row", "feature", "message"),
    [
        (3, "x1", "there is no row 3: the table has the rows 0 to 2"),
        (0, "x9", "unknown feature 'x9'; known: x1"),
        (0, 1, "there is no feature 1: there are 1, from 0"),
    ],
)
def test_a_cell_that_is_not_there_is_refused(row, feature, message):
    table = Table.from_arrays([[1.0], [2.0], [4.0]], [0, 1, 1])
    with pytest.raises(DescriptionError, match=message):
        outside.explain_input(Preparation.learn(table, "y"), table, row, feature)


# ----------------------------------------------------------------------------- a history


@pytest.mark.parametrize("weights", [None, np.arange(1.0, 21.0)])
@pytest.mark.parametrize(("size", "shown"), [(6, 4), (2, 7)])
def test_the_loss_of_an_epoch_is_the_mean_of_its_batches(size, shown, weights):
    program = Program(Description.read("2-3-1 tanh linear"), SGD(0.05))
    net = gn.Network(program.description, random_state=0)
    X = np.random.RandomState(1).randn(20, 2)
    y = X[:, 0] - X[:, 1]
    before = net.values.copy()
    history = net.fit(
        X, y, epochs=1, batch_size=size, optimizer=SGD(0.05), sample_weight=weights,
        engine="numpy", verbose=False,
    )  # fmt: skip

    rows = check_rows(X, y, weights, program.description, "float32")
    work = work_for(program, rows, Options(SGD(0.05), batch_size=size, random_state=0), Tally())
    values = Values(program)
    values.take(before, state=False)
    count = work.batches.per_epoch
    losses = NumpyEngine(program).train(
        work, values, 0, count, rates_between(program, 0, count, 0, count)
    )
    explanation = outside.explain_figure(
        history, "loss[0]", losses, batch_shares(work, range(1))[0]
    )
    assert explanation.value == history.loss[0]
    whole = explanation.steps[-1].expression
    equal = weights is None and 20 % size == 0
    assert (whole.name == "divide") == equal
    assert explanation.letters.endswith(") / 10") == equal
    assert len((whole.parts[0] if equal else whole).parts) == shown
    assert (" more)" in explanation.letters) == (count > 8)
    assert not check_numbers(explanation.steps[-1])
    shares = batch_shares(work, range(1))[0]
    for operand in explanation.operands:
        name, place = operand.name[:-1].split("[")
        assert operand.value == {"batch_loss": losses, "batch_share": shares}[name][int(place)]
    assert ("batch_share" in explanation.letters) != equal


def test_a_history_explains_its_figures():
    net = gn.Network("2-3-2 tanh softmax", random_state=0)
    X, y = np.random.RandomState(1).randn(30, 2), [0, 1] * 15
    history = net.fit(X, y, epochs=4, validation=0.2, metrics=["accuracy"], verbose=False)
    for name, column in history.columns.items():
        explanation = history.explain(f"{name}[-1]")
        assert explanation.what == f"{name}[3]"
        assert explanation.value == column[3]
        assert "of epoch 4" in explanation.remarks[0]
        assert history.explain(name).array.cells[0][2].value == column[2]
    best = int(np.argmin(history.loss))
    assert history.explain(f"loss[{best}]").remarks == (f"of epoch {best + 1}, the best so far",)
    with pytest.raises(DescriptionError, match="unknown figure 'los'"):
        history.explain("los[0]")
    with pytest.raises(DescriptionError, match=r"loss has the shape \(4,\): there is no 12"):
        history.explain("loss[12]")


def test_a_history_without_epochs_has_no_figures_yet():
    history = History("numpy", "asked for", 0)
    assert history.explain("loss").array is None
    with pytest.raises(DescriptionError, match="there is no 0 in an axis of 0"):
        history.explain("loss[0]")


def test_lbfgs_has_no_rates_to_be_explained():
    assert Program(DESCRIPTION, LBFGS()).all_rate_names == ()
