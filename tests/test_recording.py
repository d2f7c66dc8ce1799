"""A recorded run: the same training as fit, and every step of it once more, in any order."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import glassnet as gn
from glassnet.errors import DataError, DescriptionError, TrainingError
from glassnet.recording import MOVES, Moment, replay
from glassnet.recording import figures as recorded_figures
from glassnet.recording.moments import Moves
from glassnet.rules.optimizers import OPTIMIZERS
from glassnet.training import tape as tapes

RANDOM = np.random.RandomState(0)
X = RANDOM.standard_normal((23, 3)).astype(np.float32)
Y = RANDOM.randint(0, 3, 23)
WEIGHTS = RANDOM.uniform(0.5, 2, 23)
QUIET = {"verbose": False}


def network(**options):
    layers = (gn.Dense(4, "tanh"), gn.BatchNorm(), gn.Dropout(0.3), gn.Dense(3, "softmax"))
    return gn.Network(3, *layers, random_state=1, **options)


def plain(**options):
    return gn.Network("3-4-3 tanh softmax", random_state=1, **options)


class Lower:
    """Halves the rate after each third epoch."""

    every = 3

    def __call__(self, _network, history):
        history.rate_factor /= 2


class Shift:
    """Sets a weight after each epoch."""

    def __call__(self, net, _history):
        net.weights["W1"] = net.weights["W1"] + np.float32(0.125)


RUNS = {
    "plain": (plain, {}),
    "sgd, momentum, one batch": (plain, {"optimizer": gn.SGD(0.1, 0.9), "batch_size": None}),
    "not shuffled": (plain, {"shuffle": False}),
    "batch norm and dropout": (network, {}),
    "float64": (lambda: network(dtype="float64"), {}),
    "weights": (plain, {"sample_weight": WEIGHTS, "class_weight": "balanced"}),
    "schedule": (plain, {"optimizer": gn.Adam(gn.WarmUp(gn.Cosine(0.1), 0.3))}),
    "plateau": (plain, {"optimizer": gn.SGD(gn.Plateau(0.5, patience=1)), "validation": 0.3}),
    "plateau of the training loss": (plain, {"optimizer": gn.SGD(gn.Plateau(5.0, patience=1))}),
    "average, decay, clipping": (
        network,
        {"optimizer": gn.Adam(0.05, weight_decay=0.1, clip_norm=0.5, average=gn.EMA(0.9))},
    ),
    "average of the last": (plain, {"optimizer": gn.SGD(0.1, average=gn.SWA(0.5))}),
    "early stopping": (
        plain,
        {"optimizer": gn.Adam(0.3), "early_stopping": 2, "validation": 0.3, "metrics": "accuracy"},
    ),
    "rate factor": (plain, {"callbacks": Lower()}),
    "a callback sets weights": (plain, {"callbacks": [Shift()], "metrics": "accuracy"}),
    "scheduled chance": (
        lambda: gn.Network(
            3, gn.Dense(4, "relu"), gn.Dropout(gn.Cosine(0.5)), gn.Dense(3), random_state=1
        ),
        {},
    ),
}


def trained(make, options, **more):
    return {"epochs": 12, "batch_size": 5, **QUIET, **options, **more}


def both(name, **more):
    """Give the network that `fit` trains with its history, and the recorded one."""
    make, options = RUNS[name]
    how = trained(make, options, **more)
    fitted, recorded = make(), make()
    y = np.eye(3)[Y] if fitted.description.output_activation != "softmax" else Y
    history = fitted.fit(X, y, **how)
    return fitted, history, recorded, gn.Recording(recorded, X, y, **how)


def bits(net):
    return [a.tobytes() for a in (net.values.parameters, net.values.statistics, net.values.state)]


def step_by_step(run):
    """Give the inputs of every step, each by one call of the engine for one step more."""
    loop = run._loop
    make, options = loop.values.copy(), []
    tapes.put(make, run._replay.tape.copies[0])
    for step in range(len(run)):
        options.append([a.copy() for a in tapes.flat(make)])
        loop.engine.train(loop.work, make, step, step + 1, loop.rates(step, step + 1))
        edit = run._replay.tape.edits.get(step + 1)
        for array, (places, numbers) in zip(tapes.flat(make), edit or (), strict=False):
            array[places] = numbers
    return options


COMPILED = ("plateau", "weights", "average, decay, clipping", "a callback sets weights")


@pytest.mark.parametrize(
    ("name", "engine"), [*((n, "numpy") for n in RUNS), *((n, "numba") for n in COMPILED)]
)
def test_it_trains_as_fit_does_and_knows_every_step(name, engine):
    fitted, history, recorded, run = both(name, engine=engine)
    assert bits(fitted) == bits(recorded)
    assert fitted.tally == recorded.tally
    for column, numbers in history.columns.items():
        np.testing.assert_array_equal(run.history.columns[column], numbers)
    assert (history.stopped, history.best_epoch) == (run.history.stopped, run.history.best_epoch)
    assert len(run) == history.epochs * run.batches
    every = step_by_step(run)
    for step in [*run._replay.tape.copies][1::2]:
        del run._replay.tape.copies[step]  # so that more has to be done again
    order = np.random.RandomState(2).permutation(len(run))
    for step in order[:25]:
        run._replay.go_to(int(step))
        for found, wanted in zip(tapes.flat(run._replay.values), every[step], strict=True):
            assert found.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("name", sorted(set(OPTIMIZERS) - {"lbfgs"}))
def test_every_optimizer_can_be_recorded(name):
    how = {"epochs": 4, "batch_size": 6, "optimizer": name, "engine": "numpy", **QUIET}
    net, other = network(), network()
    net.fit(X, Y, **how)
    run = gn.Recording(other, X, Y, **how)
    assert bits(net) == bits(other)
    every = step_by_step(run)
    for step in (9, 3, 15, 0):
        run.go_to(Moment(step, len(run.program.lines) - 1))
        before = np.concatenate([run.trace[p.name].ravel() for p in run.program.parameters])
        assert before.tobytes() == every[step][0].tobytes()
        if step + 1 < len(run):
            after = np.concatenate([run.weights[p.name].ravel() for p in run.program.parameters])
            assert after.tobytes() == every[step + 1][0].tobytes()


def test_threads_and_a_second_fit_are_done_again_too():
    net, other = plain(), plain()
    how = {"epochs": 4, "batch_size": 8, "engine": "numba", "threads": 2, **QUIET}
    for one in (net, other):
        one.fit(X, Y, **how)
    net.fit(X, Y, **how)
    run = gn.Recording(other, X, Y, **how)
    assert bits(net) == bits(other)
    every = step_by_step(run)
    run.go(4, 3)
    assert run.trace["W1"].tobytes() == every[-1][0][:12].tobytes()
    assert run.rates["correction1"] == pytest.approx(1 - 0.9 ** (12 + 12))


def test_the_end_of_the_last_step_is_what_the_network_has():
    run = gn.Recording(net := plain(), X, Y, epochs=5, batch_size=5, engine="numpy", **QUIET)
    run.go_to(run._moves.last)
    for name in net.weights:
        assert run.weights[name].tobytes() == net.weights[name].tobytes()


def test_the_trace_is_the_one_of_the_step():
    run = gn.Recording(net := plain(), X, Y, epochs=2, batch_size=5, engine="numpy", **QUIET)
    del net
    run.go(2, 5)
    assert len(run.rows) == 3  # the short batch at the end
    np.testing.assert_array_equal(run.trace["x"], X[run.rows])
    np.testing.assert_array_equal(run.trace["y"], np.eye(3)[Y[run.rows]])
    assert run.loss == float(run.trace["loss"])
    rows = {row for batch in range(1, 6) if run.go(1, batch) is None for row in run.rows.tolist()}
    assert rows == set(range(23))


def test_it_keeps_rows_of_its_own():
    x = X.copy()
    run = gn.Recording(plain(), x, Y, epochs=3, batch_size=5, **QUIET)
    assert run.trace["x"].any()
    x[:] = 0
    run.go(3, 1)
    np.testing.assert_array_equal(run.trace["x"], X[run.rows])


# ---------------------------------------------------------------------------------- moves


@given(
    st.lists(st.tuples(st.sampled_from(["next", "back"]), st.sampled_from(MOVES)), max_size=30),
    st.integers(0, 39),
)
@settings(max_examples=30)
def test_however_one_walks_the_same_place_shows_the_same(walk, start):
    run, clean = RECORDED, CLEAN
    run.go(start // 5 + 1, start % 5 + 1)
    for direction, by in walk:
        before = run.place
        moved = getattr(run, direction)(by)
        assert moved == (run.place != before)
        assert moved == (not run.note)
        assert (run.place > before) == (moved and direction == "next")
        clean._replay._near.clear()
        clean._replay._traces.clear()
        clean.go_to(run.place)
        for name, value in run.trace.items():
            assert value.tobytes() == clean.trace[name].tobytes()


RECORDED = gn.Recording(network(), X, Y, epochs=8, batch_size=5, engine="numpy", **QUIET)
CLEAN = gn.Recording(network(), X, Y, epochs=8, batch_size=5, engine="numpy", **QUIET)


@given(
    st.integers(1, 40),
    st.integers(1, 7),
    st.sampled_from(MOVES),
    st.integers(0, 39),
    st.integers(0, 10**6),
)
@settings(max_examples=300)
def test_back_undoes_next(steps, per_epoch, by, step, line):
    moves = Moves(RECORDED.program.lines, steps, per_epoch)
    firsts = moves.firsts.get(by, range(len(moves.lines)))
    place = Moment(step % steps, list(firsts)[line % len(firsts)])
    after = moves.next(place, by)
    cut_short = after is not None and by == "epoch" and after.step - place.step < per_epoch
    if after is not None and not cut_short:
        assert after > place
        assert moves.back(after, by) == place


def test_layers_and_phases_begin_with_their_first_line():
    run = gn.Recording(gn.Network("2-3-1 tanh", random_state=0), X[:, :2], X[:, 2], epochs=2)
    firsts = {"phase": [], "layer": []}
    for by, found in firsts.items():
        run.go()
        while run.epoch == 1:
            found.append(run.line.outputs[0])
            run.next(by)
    assert firsts["phase"] == ["z1", "loss", "da2", "W1"]
    assert firsts["layer"][:2] == ["z1", "z2"]
    run.go(1, 1, "dW2")
    run.back("phase")
    assert run.line.phase.value == "backward"
    run.back("phase")
    assert run.line.phase.value == "loss"


def test_the_ends_are_told():
    run = RECORDED
    run.go()
    assert not run.back("epoch")
    assert run.note == "this is the first epoch: the run begins here"
    run.go_to(run._moves.last)
    for by in MOVES:
        assert not run.next(by)
        assert run.note == f"this is the last {by}: the run ended here, finished"


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"epoch": 9}, "there is no epoch 9: epoch must be from 1 to 8"),
        ({"epoch": 0}, "there is no epoch 0: epoch must be from 1 to 8"),
        ({"epoch": 2, "batch": 6}, "there is no batch of epoch 2 6: batch must be from 1 to 5"),
        ({"line": 1.5}, "there is no line 1.5: line must be from 1 to"),
    ],
)
def test_places_that_are_not_there_say_which_are(wanted, message):
    with pytest.raises(DataError) as error:
        RECORDED.go(**wanted)
    assert str(error.value).startswith(message)


def test_moves_and_values_that_are_not_there_name_those_that_are():
    with pytest.raises(DescriptionError) as error:
        RECORDED.next("epochs")
    assert "did you mean 'epoch'" in str(error.value)
    with pytest.raises(DescriptionError) as error:
        RECORDED.go(line="W1")
    assert "no line makes W1, which the step is given" in str(error.value)
    with pytest.raises(DescriptionError) as error:
        RECORDED.go(line="dW9")
    assert "unknown value 'dW9'" in str(error.value)


def test_a_line_is_found_by_what_it_makes():
    RECORDED.go(2, 3, "W2'")
    assert RECORDED.line.outputs[0] == "W2"
    assert next(iter(RECORDED.values_made)) == "W2'"
    assert {"W2", "dW2", "learning_rate"} <= set(RECORDED.values_read)
    assert RECORDED.weights["W2"] is RECORDED.trace["W2'"] or np.array_equal(
        RECORDED.weights["W2"], RECORDED.trace["W2'"]
    )
    RECORDED.back()
    np.testing.assert_array_equal(RECORDED.weights["W2"], RECORDED.trace["W2"])
    assert str(RECORDED.explain("dW2[0, 0]")) == str(RECORDED.trace.explain("dW2[0, 0]"))


# ------------------------------------------------------------------ what is made outside


def test_what_a_step_is_given_is_explained():
    how = {"epochs": 5, "batch_size": 5, "optimizer": gn.Adam(gn.Cosine(0.1)), **QUIET}
    run = gn.Recording(net := network(), X, Y, metrics="accuracy", **how)
    first = network()
    for name, shape in {"W1": (3, 4), "W2": (4, 3)}.items():
        for index in np.ndindex(shape):
            found = run.explain(f"{name}[{index[0]}, {index[1]}]")
            assert np.float32(found.value) == first.weights[name][index]
            assert "random_state=1" in " ".join(found.remarks)
            assert found.steps
    run.go(3, 2)
    assert net.tally.epochs == 5
    assert not run.explain("W1[0, 0]").steps
    rows = run.explain("rows")
    assert [[cell.value for cell in row] for row in rows.array.cells] == [run.rows.tolist()]
    assert "batch 1 of epoch 2" in rows.origin
    assert f"is row {run.rows[3]} of X" in str(run.explain("x[3, 1]"))
    rate = run.explain("learning_rate")
    assert rate.value == run.rates["learning_rate"] == run.trace["learning_rate"]
    assert "Cosine(0.1)" in " ".join(rate.remarks)
    keep = run.explain("keep1[2, 1]")
    assert keep.value == run.trace["keep1"][2, 1]
    assert "epoch 2, batch 1" in " ".join(keep.remarks)


def test_rows_are_numbered_as_in_what_was_given():
    """Rows held back and rows of weight 0 shift the others within what is trained on."""
    weights = np.where(np.arange(23) % 5 == 0, 0, 1)
    how = {"epochs": 2, "batch_size": 4, "validation": 0.3, "sample_weight": weights, **QUIET}
    run = gn.Recording(plain(), X, Y, **how)
    seen = set()
    for batch in range(1, run.batches + 1):
        run.go(1, batch)
        np.testing.assert_array_equal(run.trace["x"], X[run.rows])
        said = run.explain("rows")
        assert [cell.value for cell in said.array.cells[0]] == run.rows.tolist()
        assert f"row 0 of the batch is row {run.rows[0]} of X" in str(run.explain("x[0, 1]"))
        assert "without those held back for validation" in " ".join(said.remarks)
        seen |= set(run.rows.tolist())
    assert max(seen) > len(seen) - 1  # else the numbers would be the same
    assert not any(weights[row] == 0 for row in seen)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_figures_of_the_history_are_worked_out_from_the_batches(weights):
    how = {"epochs": 5, "batch_size": 5, "validation": 0.2, "sample_weight": weights, **QUIET}
    run = gn.Recording(plain(), X, Y, metrics="accuracy", engine="numpy", **how)
    for epoch in (4, 0, 2, -1):
        found = run.explain(f"history.loss[{epoch}]")
        assert found.value == run.history.loss[epoch]
        run.go(epoch % 5 + 1)
        values = {operand.name: operand.value for operand in found.operands}
        for batch in range(run.batches):
            run.go(epoch % 5 + 1, batch + 1)
            assert values[f"batch_loss[{batch}]"] == run.loss
        assert len(values) == 2 * run.batches
        terms = re.findall(r"(batch_share\[\d\])·(batch_loss\[\d\])", found.steps[-1].letters)
        assert len(terms) == run.batches
        assert sum(values[share] * values[loss] for share, loss in terms) == pytest.approx(
            found.value, rel=1e-12
        )
    with pytest.raises(DescriptionError) as error:
        run.explain("history.los[3]")
    assert "did you mean 'loss'" in str(error.value)
    with pytest.raises(DescriptionError) as error:
        run.explain("history.loss[5]")
    assert "there is no 5 in an axis of 5" in str(error.value)


JUDGED = {
    "plain": (plain, Y, {}),
    "weights": (plain, Y, {"sample_weight": WEIGHTS, "class_weight": "balanced"}),
    "an average predicts": (plain, Y, {"optimizer": gn.Adam(0.1, average=gn.EMA(0.9))}),
    "norm, dropout, a penalty": (network, Y, {}),
    "losses that add up": (
        lambda: gn.Network(3, gn.Dense(1), loss=gn.HalfSquaredError("sum"), random_state=0),
        X[:, 0],
        {"sample_weight": WEIGHTS},
    ),
    "a callback sets weights": (plain, Y, {"callbacks": Shift()}),
    "compiled": (plain, Y, {"engine": "numba"}),
}


@pytest.mark.parametrize("kind", JUDGED)
def test_what_validation_found_is_worked_out_from_its_rows(kind):
    make, y, options = JUDGED[kind]
    figures = ["mae"] if kind == "losses that add up" else ["accuracy"]
    how = {"epochs": 4, "batch_size": 5, "metrics": figures, "validation": 0.3, **QUIET}
    run = gn.Recording(make(), X, y, **how | {"engine": "numpy"} | options)
    for what in ("validation_loss", f"validation_{figures[0]}", figures[0]):
        for epoch in (3, 1):
            found = run.explain(f"history.{what}[{epoch}]")
            assert found.value == run.history.columns[what][epoch]
            (step,) = found.steps
            assert step.value == found.value
            values = {operand.name: operand.value for operand in found.operands} | {"": 1.0}
            pattern = r"(?:(row_share\[\d+\])·)?(row_(?:loss|mae|accuracy)\[\d+\])"
            shown = re.findall(pattern, step.letters)
            rest = re.search(r"\((\d+) more\)", step.letters)
            known = len(shown) + int(rest[1] if rest else 0)
            assert known == (7 if what.startswith("validation_") else 16)
            parts = [values[share] * values[one] for share, one in shown]
            count = re.search(r"/ (\d+)$", step.letters)
            assert not count or int(count[1]) == known
            if not rest:
                assert sum(parts) / (known if count else 1) == pytest.approx(found.value, rel=1e-5)
            assert not any("rounds on the way" in word for word in step.words)


def test_what_is_no_mean_over_rows_is_said_in_words(monkeypatch):
    def mae(y, outputs):
        return float(np.max(np.abs(y - outputs)))  # the user's own, by a name of ours

    how = {"epochs": 2, "metrics": ["rmse", mae], "validation": 0.3, "engine": "numpy", **QUIET}
    run = gn.Recording(gn.Network("3-1 linear", random_state=0), X, X[:, 0], **how)
    for what in ("validation_rmse", "rmse", "mae"):
        found = run.explain(f"history.{what}[1]")
        assert (found.value, found.steps) == (run.history.columns[what][1], ())
    assert run.explain("history.validation_loss[1]").steps
    monkeypatch.setattr(recorded_figures, "MOST_ROWS", 3)
    assert not run.explain("history.validation_loss[1]").steps


def test_rates_that_watched_the_loss_are_explained_by_what_holds_there():
    make, options = RUNS["plateau of the training loss"]
    run = gn.Recording(make(), X, Y, **trained(make, options), engine="numpy")
    rates = []
    for epoch in range(1, 13):
        run.go(epoch, 1)
        rates.append(run.rates["learning_rate"])
        found = run.explain("learning_rate")
        assert found.value == rates[-1]
        assert "Plateau" in " ".join(found.remarks)  # and not only: given
        assert run.history.learning_rate[epoch - 1] == rates[-1]
    assert len(set(rates)) > 1


def test_a_rate_that_a_callback_lowered_is_explained_with_its_factor():
    make, options = RUNS["rate factor"]
    run = gn.Recording(make(), X, Y, **trained(make, options), engine="numpy")
    for epoch, factor in ((1, 1.0), (4, 0.5), (12, 0.125)):
        run.go(epoch)
        found = run.explain("learning_rate")
        assert found.value == run.rates["learning_rate"] == 0.001 * factor
        if epoch > 1:
            assert f"{factor:g}" in " ".join([*found.remarks, str(found)])
            assert found.steps


# ---------------------------------------------------------------------------------- memory


def test_ten_thousand_epochs_keep_a_bounded_number_of_copies():
    how = {"epochs": 10_000, "batch_size": 23, "engine": "numpy", **QUIET}
    run = gn.Recording(plain(), X, Y, callbacks=lambda *_: None, **how)
    assert len(run) == 10_000
    assert 16 <= len(run._replay.tape.copies) <= tapes.MOST_COPIES
    gaps = np.diff([*run._replay.tape.copies, len(run)])
    assert gaps.max() <= 4 * 10_000 / tapes.MOST_COPIES
    run.go(10_000)
    for _ in range(500):
        run.back("epoch")
        assert run.trace["loss"].shape == ()
        assert run._replay.copies <= 2 * tapes.MOST_COPIES
        assert len(run._replay._traces) <= replay.MOST_TRACES


def test_what_training_went_back_behind_is_forgotten():
    tape, values = tapes.Tape(), plain().values
    tape.start(values)
    for step in (1, 2, 3, 4):
        tape.keep(step, values)
        tape.before_callbacks(values)
        values.parameters += 1
        tape.after_callbacks(step, values)
    tape.cut(2)
    assert list(tape.copies) == [0, 1, 2]
    assert list(tape.edits) == [1, 2]


def test_going_back_costs_a_few_steps_each():
    how = {"epochs": 4096, "batch_size": 23, "engine": "numpy", **QUIET}
    run = gn.Recording(plain(), X, Y, **how)
    copies = run._replay.tape.copies
    for step in [s for s in copies if s]:
        del copies[step]  # a run with one copy, at its beginning
    run._replay._near.clear()
    run._replay.go_to(4095)
    assert run._replay.steps_done == 4095
    for step in range(4094, 3094, -1):
        run._replay.go_to(step)
    assert run._replay.steps_done - 4095 < 1000 * 12


def test_large_networks_are_copied_less_often(monkeypatch):
    monkeypatch.setattr(tapes, "MOST_BYTES", 1_000)
    values = plain().values
    size = sum(a.nbytes for a in tapes.flat(values))
    assert tapes.most_copies(values) == 1_000 // size
    monkeypatch.setattr(tapes, "MOST_BYTES", 100)
    assert tapes.most_copies(values) == tapes.FEWEST_COPIES


def test_what_callbacks_set_beyond_the_bound_is_missed_in_words(monkeypatch):
    monkeypatch.setattr(tapes, "MOST_BYTES", 200)
    how = {"epochs": 30, "batch_size": 23, "engine": "numpy", "callbacks": Shift(), **QUIET}
    run = gn.Recording(plain(), X, Y, **how)
    for step in [s for s in run._replay.tape.copies if s]:
        del run._replay.tape.copies[step]
    run._replay._near.clear()
    run.go(2)
    assert run.trace["loss"].shape == ()
    run.go(30)
    with pytest.raises(TrainingError) as error:
        run.trace["loss"]
    assert "what they set after epoch" in str(error.value)


# -------------------------------------------------------------------------------- the ends


@pytest.mark.parametrize("rate", [1e30, gn.Plateau(1e15)], ids=str)
@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_a_run_that_broke_ends_with_the_step_that_broke_it(engine, rate):
    how = {"epochs": 50, "batch_size": 5, "optimizer": gn.SGD(rate), "engine": engine, **QUIET}
    net, other = (gn.Network("3-4-1 relu linear", random_state=1) for _ in range(2))
    with pytest.raises(gn.NotFiniteError) as raised:
        other.fit(X, X[:, 0], **how)
    run = gn.Recording(net, X, X[:, 0], **how)
    assert str(run.error) == str(raised.value)
    assert bits(net) == bits(other)
    run.go_to(run._moves.last)
    assert run.trace.first_not_finite() is not None
    name = run.trace.first_not_finite()[1]
    assert run.fault == Moment(len(run) - 1, run._number_of(run.trace.line_of(name)))
    assert f"epoch {run.epoch}, step {run.batch}" in str(run.error)
    assert not run.next()
    assert run.note.endswith("not finite")


def test_first_weights_that_are_nan_are_shown():
    net = plain()
    net.values.by_name["W1"][:] = np.nan
    run = gn.Recording(net, X, Y, epochs=3, **QUIET)
    assert len(run) == 1
    assert run.trace.first_not_finite() == (None, "W1")
    assert run.fault == Moment(0, 0)
    with pytest.raises(TrainingError) as error:
        assert RECORDED.fault
    assert str(error.value) == "nothing became inf or nan in this run"


def test_best_weights_that_were_put_back_are_told_of():
    make, options = RUNS["early stopping"]
    run = gn.Recording(net := make(), X, Y, **trained(make, options), engine="numpy")
    run.go_to(run._moves.last)
    run.next()
    best = run.history.best_epoch
    assert run.note == (
        "this is the last line: the run ended here, early stopping; the network was given the"
        f" weights of epoch {best} back"
    )
    run.go(best, run.batches, len(run.program.lines))
    for name in net.weights:
        np.testing.assert_array_equal(run.weights[name], net.weights[name])


def test_a_run_that_was_stopped_within_an_epoch_has_a_short_last_one():
    class Clock:
        every = 1

        def __call__(self, _network, history):
            return history.epochs == 2

    run = gn.Recording(plain(), X, Y, epochs=9, batch_size=5, callbacks=Clock(), **QUIET)
    assert (run.epochs, len(run), run.history.stopped) == (2, 10, "callback")
    moves = Moves(run.program.lines, 7, 5)
    assert moves.next(Moment(3, 2), "epoch") == Moment(6, 2)
    assert moves.next(Moment(6, 2), "epoch") is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimizer": "lbfgs"}, "a recording does single steps again, and LBFGS"),
        ({"gradients": "nudged"}, "nudged gradients come from no line"),
        ({"epochs": 0}, "epochs must be a whole number from 1 up, got 0"),
    ],
)
def test_what_cannot_be_recorded_is_refused_before_anything_is_trained(options, message):
    net = plain()
    before = bits(net)
    with pytest.raises(DescriptionError) as error:
        gn.Recording(net, X, Y, **options)
    assert message in str(error.value)
    assert bits(net) == before


def test_it_takes_what_fit_takes():
    own, fits = (inspect.signature(f).parameters for f in (gn.Recording, gn.Network.fit))
    expected = {k: v for k, v in fits.items() if k not in ("self", "nudge")}
    assert {k: v for k, v in own.items() if k != "network"} == expected


def test_what_is_no_network_is_refused():
    with pytest.raises(DescriptionError, match=r"gn\.Network\('2-3-1 sigmoid'\), got '3-1'"):
        gn.Recording("3-1", X, Y)
