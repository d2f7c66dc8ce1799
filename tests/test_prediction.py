"""Prediction: by NumPy and by compiled loops, which must agree, refuse, and be chosen alike."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import checks
import glassnet as gn
from glassnet import engines
from glassnet.engines import prediction
from glassnet.engines.prediction import Prediction
from glassnet.engines.prediction_loops import write_prediction
from glassnet.program import Program
from glassnet.rules.optimizers import SGD
from plain_loops import plain
from strategies import descriptions
from test_engines import BARS, MANY_RULES, amplified_by, first_values


def rows_for(program: Program, rows: int) -> np.ndarray:
    description, random = program.description, np.random.RandomState(5)
    x = random.normal(size=(rows, description.inputs)).astype(description.dtype)
    checks.with_categories(description, x, random)
    return x


def by_loops(program: Program, x: np.ndarray, source: str = "", block: int = 4) -> np.ndarray:
    """Run the loops as plain Python."""
    values = first_values(program)
    sizes = np.array(list(program.sizes.values()))
    outputs = np.full((len(x), program.description.outputs), np.nan, x.dtype)
    predict = plain(source or write_prediction(program), "predict")
    done = predict(x, values.parameters, values.statistics, sizes, outputs, block)
    assert done == len(x)
    return outputs


def assert_close(program: Program, found: np.ndarray, x: np.ndarray) -> None:
    wanted = Prediction(program, "numpy").outputs(first_values(program), x)
    assert found.dtype == wanted.dtype
    bar = 4 * BARS[program.description.dtype] * amplified_by(program)
    assert np.linalg.norm(found - wanted) <= bar * (np.linalg.norm(wanted) + 1)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(descriptions(("float32", "float64")), st.integers(1, 9))
def test_plain_loops_predict_as_numpy_does(description, rows):
    program = Program(description, SGD())
    x = rows_for(program, rows)
    assert_close(program, by_loops(program, x), x)


@pytest.mark.parametrize(
    "program", MANY_RULES, ids=lambda p: f"{p.description.short()[:40]} {p.description.loss}"
)
def test_compiled_loops_predict_as_numpy_does(program):
    compiled = Prediction(program, "numba")
    for rows in (1, 3, 2500):
        x = rows_for(program, rows)
        found = compiled.outputs(first_values(program), x)
        assert_close(program, found, x)
        again = compiled.outputs(first_values(program), x)
        assert found.tobytes() == again.tobytes()


@pytest.mark.parametrize("changed", [("+ b1[j]", "- b1[j]"), ("at += n1\n", "at += 0\n")])
def test_a_wrong_line_in_the_loops_is_noticed(changed):
    program = MANY_RULES[1]
    x, source = rows_for(program, 5), write_prediction(program)
    assert changed[0] in source
    with pytest.raises(AssertionError):
        assert_close(program, by_loops(program, x, source.replace(*changed)), x)


# ------------------------------------------------------------------------ Network.predict

NET = "3-4-2 relu softmax"
LONG = 100_000  # epochs


@pytest.fixture
def afresh(monkeypatch):
    """Nothing is compiled in this process yet."""
    monkeypatch.setattr(prediction, "_COMPILED", {})


@pytest.mark.parametrize("engine", ["numpy", "numba"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_is_named_in_whatever_block_it_is(engine, bad):
    net = gn.Network(NET, random_state=0)
    X = np.random.RandomState(0).normal(size=(100_000, 3)).astype("f4")
    for row in (0, 70_001, 99_999):
        wrong = X.copy()
        wrong[row, 1] = bad
        with pytest.raises(gn.DataError, match=f"in row {row}, column 1"):
            net.predict(wrong, engine=engine)


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_rows_in_any_form_give_the_same_outputs(engine, tmp_path):
    net = gn.Network(NET, random_state=0)
    X = np.random.RandomState(0).normal(size=(300, 3)).astype("f4")
    wanted = net.predict(X, engine=engine)
    read_only = X.copy()
    read_only.flags.writeable = False
    mapped = np.memmap(tmp_path / "x", np.float32, "w+", shape=X.shape)
    mapped[:] = X
    unaligned = np.frombuffer(b"\0" + X.tobytes(), np.float32, offset=1).reshape(X.shape)
    wide = np.repeat(X, 2, axis=1)[:, ::2]
    forms = [np.asfortranarray(X), X[::-1][::-1], wide, read_only, mapped, X.tolist(), unaligned]
    forms += [X.astype("f8"), X.astype(">f4"), X.astype("O")]
    for form in forms:
        found = net.predict(form, engine=engine)
        assert type(found) is np.ndarray
        assert found.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_weights_that_were_set_are_seen_at_once(engine):
    net = gn.Network(NET, random_state=0)
    X = np.ones((2, 3), "f4")
    before = net.predict(X, engine=engine)
    net.weights["b2"] = [50, 0]
    set_once = net.predict(X, engine=engine)
    assert (set_once[:, 0] > 0.9).all()
    assert (before[:, 0] < 0.9).all()
    net.fit(X, [1, 1], epochs=90, optimizer=gn.SGD(0.5), engine="numpy", verbose=False)
    assert (net.predict(X, engine=engine)[:, 0] < 0.1).all()


def test_outputs_are_arrays_of_their_own():
    net = gn.Network(NET, random_state=0)
    X = np.ones((2, 3), "f4")
    one = net.predict(X, engine="numba")
    kept = one.copy()
    two = net.predict(2 * X, engine="numba")
    assert one.tobytes() == kept.tobytes()
    assert not np.shares_memory(one, two)


def test_a_category_that_is_none_is_refused_by_both_engines():
    net = gn.Network(2, gn.Embedding(0, 3, 2), gn.Dense(1), random_state=0)
    for engine in ("numpy", "numba"):
        assert net.predict(np.array([[2, 0.5]], "f4"), engine=engine).shape == (1, 1)
        with pytest.raises(gn.DataError, match=r"category 3\.0 in row 1, column 0"):
            net.predict(np.array([[1, 0.5], [3, 0.5]], "f4"), engine=engine)


def test_an_unknown_engine_is_refused():
    with pytest.raises(gn.DescriptionError, match="did you mean 'numba'"):
        gn.Network(NET).predict([[1, 2, 3]], engine="numbaa")


def test_evaluation_takes_the_compiled_loops_that_are_there(afresh):
    net = gn.Network(NET, random_state=0)
    X, y = np.random.RandomState(0).normal(size=(500, 3)).astype("f4"), np.arange(500) % 2
    by_numpy = net.evaluate(X, y, ["accuracy"])
    logits = net._evaluation.logits
    logits.outputs(net.values, X, "numba")
    assert net.evaluate(X, y, ["accuracy"]) == pytest.approx(by_numpy, rel=1e-6)
    assert logits._loops is not None


# ------------------------------------------------------------------------ the choice


def test_short_predictions_never_wait_for_a_compiler(afresh):
    net = gn.Network(NET, random_state=0)
    for _ in range(20):
        net.predict(np.ones((100, 3), "f4"))
    assert prediction._COMPILED == {}


def test_what_was_compiled_in_this_process_is_taken_by_all_networks_like_it(afresh):
    X = np.random.RandomState(0).normal(size=(50, 3)).astype("f4")
    first, second = (gn.Network(NET, random_state=0) for _ in range(2))
    second.predict(X)
    compiled = first.predict(X, engine="numba")
    assert second._evaluation.prediction._loops is None
    for net in (first, second, gn.Network(NET, random_state=0)):
        assert net.predict(X).tobytes() == compiled.tobytes()
        assert net._evaluation.prediction._loops is not None
    by_numpy = gn.Network(NET, random_state=0).predict(X, engine="numpy")
    assert first.predict(X, engine="numpy").tobytes() == by_numpy.tobytes()


def test_many_predictions_pay_for_compiling(afresh, monkeypatch):
    monkeypatch.setattr(engines, "seconds_to_compile_prediction", lambda program: 0.01)
    net = gn.Network(NET, random_state=0)
    X = np.random.RandomState(0).normal(size=(1000, 3)).astype("f4")
    when = []
    for _ in range(2000):
        net.predict(X)
        when.append(len(prediction._COMPILED))
    assert when[0] == 0
    assert when[-1] == 1


def test_without_numba_it_is_numpy_or_an_error_that_says_what_to_install(afresh, monkeypatch):
    monkeypatch.setattr(engines, "installed", lambda library: library != "numba")
    net = gn.Network(NET, random_state=0)
    net._evaluation.prediction._spent = 1e9
    assert net.predict([[1, 2, 3]]).shape == (1, 2)
    with pytest.raises(gn.MissingExtraError, match="pip install 'glassnet\\[numba\\]'"):
        net.predict([[1, 2, 3]], engine="numba")


def test_validation_is_compiled_where_training_is_and_all_epochs_pay_for_it(afresh):
    X, y = np.random.RandomState(0).normal(size=(2000, 3)).astype("f4"), np.arange(2000) % 2
    losses = {}
    for engine, epochs in (("numpy", LONG), ("numba", 3), ("numba", LONG)):
        run = gn.Network(NET, random_state=0)
        asked = {"optimizer": gn.SGD(0.125), "engine": engine, "verbose": False}
        stop = [lambda network, history: True]  # after the first epoch
        history = run.fit(X, y, epochs=epochs, validation=0.25, callbacks=stop, **asked)
        losses[engine, epochs] = history.validation_loss[0]
        assert len(prediction._COMPILED) == (engine == "numba" and epochs == LONG)
    assert len({f"{loss:.5f}" for loss in losses.values()}) == 1


def test_several_threads_predict_at_a_time(afresh, monkeypatch, tmp_path):
    monkeypatch.setenv("GLASSNET_CACHE_DIR", str(tmp_path / "fresh"))
    net = gn.Network("3-5-2 tanh", random_state=0)
    X = np.random.RandomState(0).normal(size=(5000, 3)).astype("f4")
    found = []

    def run() -> None:
        found.extend(net.predict(X, engine="numba").tobytes() for _ in range(20))

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 120
    assert len(set(found)) == 1


def test_compiled_prediction_needs_no_more_memory_than_its_outputs():
    code = (
        "import resource, numpy as np, glassnet as gn\n"
        "net = gn.Network('16-256-256-1 relu linear', random_state=0)\n"
        "X = np.ones((200_000, 16), 'f4')\n"
        "for engine in ('numba', 'numpy'):\n"
        "    net.predict(X[:2000], engine=engine)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "net.predict(X, engine='numba')\n"
        "net.predict(X, engine='numpy')\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(ran.stdout) < 20_000  # KiB; an array of rows and units would be 200 MB


def test_the_loops_of_a_prediction_can_be_read():
    source = gn.Network(NET).program().source_for("prediction")
    assert source.startswith('"""The prediction of 3-4-2 relu softmax, written out by glassnet."""')
    assert "loss" not in source
    assert "product(x, W1, a1)" in source
