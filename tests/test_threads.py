"""Several threads that share each step: the results of one thread, and the same bits every time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

import glassnet as gn
from glassnet.description import Description
from glassnet.engines import meeting, team_loops
from glassnet.engines.functions import Functions
from glassnet.engines.meeting import give_up, meet, signatures
from glassnet.engines.meetings import Piece
from glassnet.engines.numba import NumbaEngine
from glassnet.engines.numpy import NumpyEngine
from glassnet.engines.plan import Plan
from glassnet.engines.team import run_together
from glassnet.engines.team_loops import TeamStages
from glassnet.engines.threads import threads_for, usual_threads
from glassnet.errors import ProgramError
from glassnet.graph import gradient_graph
from glassnet.program import Program
from glassnet.rules.layers import Activation, BatchNorm, Concatenate, Dense, Dropout, Embedding
from glassnet.rules.optimizers import SGD, Adam
from plain_loops import PlainEngine
from strategies import descriptions, optimizers
from test_engines import (
    assert_same_bits,
    assert_same_gradients,
    assert_same_training,
    assert_same_update,
    first_values,
    rates_for,
    work_for,
)

X = np.random.RandomState(0).normal(size=(200, 6)).astype("float32")
Y = np.random.RandomState(1).randint(0, 3, 200)


@pytest.fixture
def often_switched():
    """Let Python's threads take turns every few instructions, so that they meet in any order."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def network(seed: int = 0) -> gn.Network:
    return gn.Network("6-8-3 relu softmax", random_state=seed)


def fitted(**options: object) -> tuple[gn.Network, gn.History]:
    net = network()
    return net, net.fit(X, Y, epochs=3, engine="numba", verbose=False, **options)


# ---------------------------------------------------------------------------- the meeting


def passed(signed, thread, threads, cells, times):
    """Meet so often; give −1 once a thread is seen that is not as far as this one."""
    for number in range(1, times + 1):
        cells[16 * thread] = number
        if not meet.py_func(signed, thread, threads, 2 * number - 1):
            return -2
        for other in range(threads):
            if cells[16 * other] != number:
                return -1
        if not meet.py_func(signed, thread, threads, 2 * number):
            return -2
    return times


def call_of(function, cells, times):
    return lambda thread, threads, signed: function(signed, thread, threads, cells, times)


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
@pytest.mark.usefixtures("often_switched")
def test_nobody_leaves_a_meeting_before_all_have_come(threads):
    cells, found = np.zeros(16 * threads, np.int64), []
    call = call_of(passed, cells, 20)
    run_together(lambda *a: found.append(call(*a)) or 0, threads, (), ())
    assert found == [20] * threads


def test_nobody_leaves_a_compiled_meeting_before_all_have_come():
    from numba import njit

    @njit(nogil=True)
    def compiled_passes(signed, thread, threads, cells, times):
        for number in range(1, times + 1):
            cells[16 * thread] = number
            if not meet(signed, thread, threads, 2 * number - 1):
                return -2
            for other in range(threads):
                if cells[16 * other] != number:
                    return -1
            if not meet(signed, thread, threads, 2 * number):
                return -2
        return times

    compiled_passes(signatures(1), 0, 1, np.zeros(16, np.int64), 1)
    for threads in (2, 3):
        cells, found = np.zeros(16 * threads, np.int64), []
        call = call_of(compiled_passes, cells, 200)
        run_together(
            lambda *a, call=call, found=found: found.append(call(*a)) or 0, threads, (), ()
        )
        assert found == [200] * threads


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_where_one_call_raises_the_others_leave(failing):
    left = []

    def call(thread, threads, signed):
        if thread == failing:
            raise KeyboardInterrupt
        left.append(meet(signed, thread, threads, 1))
        return 0

    with pytest.raises(KeyboardInterrupt):
        run_together(call, 3, (), ())
    assert left == [False, False]


def test_a_thread_that_cannot_be_started_ends_the_others(monkeypatch):
    from glassnet.engines import team

    real, begun = team._thread.start_new_thread, []

    def start(function, arguments):
        if begun:
            raise RuntimeError("can't start new thread")
        begun.append(1)
        return real(function, arguments)

    monkeypatch.setattr(team._thread, "start_new_thread", start)
    with pytest.raises(MemoryError, match="threads=1"):
        run_together(lambda thread, threads, signed: meet(signed, thread, threads, 1), 3, (), ())


def test_who_waits_gives_way_and_looks_up(monkeypatch):
    gave_way = []

    def give_way():
        gave_way.append(1)
        give_up(signed)

    monkeypatch.setattr(meeting, "give_way", give_way)
    signed = signatures(2)
    assert meet.py_func(signed, 0, 2, 1) is False
    assert len(gave_way) == 1


# ------------------------------------------------------------- what a piece says that it writes


def written_by(piece: Piece, texts: list[str]) -> set[str]:
    """Find the arrays of the step that the functions which a piece calls write to."""
    found = set()
    for line in piece.lines:
        called = re.fullmatch(r"(?:.* = )?((?:rows|each)_\d+)\((.*)\)", line)
        if called is None:
            continue
        (text,) = (t for t in texts if f"def {called[1]}(" in t)
        takes = re.search(r"def \w+\((.*)\):", text)[1].split(", ")
        assigned = set(re.findall(r"^ *(\w+)\[.*\] \+?= ", text, flags=re.MULTILINE))
        given = dict(zip(takes, called[2].split(", "), strict=True))
        found |= {re.sub(r"^numbers_of\((.*)\)$", r"\1", given[name]) for name in assigned}
    return found


@settings(max_examples=60, deadline=None, derandomize=True)
@given(descriptions(("float32",)), optimizers)
@example(Description(1, (Dense(3, "tanh"), Concatenate("x"), Dense(1, "tanh"))), SGD(0.1))
def test_pieces_of_a_shared_step_say_all_that_they_write(description, optimizer):
    program = Program(description, optimizer)
    plan, functions = Plan(program, gradient_graph(program)), Functions()
    stages = TeamStages(plan, functions)
    try:
        pieces = [*stages.body(), *stages.after()]
    except ProgramError:  # an embedding
        return
    for piece in pieces:
        said = {touch.name for touch in piece.touches if touch.writes}
        assert written_by(piece, functions.texts) & set(plan.buffers) - said <= set(stages.sums)


# ----------------------------------------------------------------------- random programs


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    descriptions(("float32", "float64")),
    optimizers,
    st.booleans(),
    st.integers(2, 9),
    st.integers(2, 3),
)
def test_plain_loops_on_several_threads_agree_with_numpy(
    description, optimizer, weighted, rows, threads
):
    program = Program(description, optimizer)
    work = replace(work_for(program, rows, batch=4, weighted=weighted), threads=threads)
    engine = PlainEngine(program)
    if threads_for(threads, engine, program, rows)[0] == 1:
        assert any(isinstance(layer, Embedding) for layer in description.layers)
        return
    assert_same_gradients(program, work, engine)
    assert_same_update(program, work, engine)


SHARED = [
    Program(Description.read("3-5-4-2 tanh relu linear"), SGD(0.1, momentum=0.9)),
    Program(
        Description(
            4,
            (
                Dense(8, l2=0.01),
                BatchNorm(epsilon=1e-3),
                Activation("relu"),
                Dropout(0.3),
                Dense(6, "tanh", max_norm=1.0, bias=False),
                Dense(3, "softmax"),
            ),
        ),
        Adam(0.01, clip_norm=1.0),
    ),
]


@pytest.mark.parametrize("program", SHARED, ids=lambda p: p.description.short()[:30])
@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.usefixtures("often_switched")
def test_plain_loops_on_several_threads_train_to_the_same_bits(program, threads):
    for weighted in (False, True):
        for shuffle in (False, True):
            given_rows = work_for(program, 11, batch=4, weighted=weighted, shuffle=shuffle)
            work = replace(given_rows, threads=threads)
            assert_same_training(program, work, PlainEngine(program))
    assert_same_bits(program, work, PlainEngine(program))


@pytest.mark.parametrize("program", SHARED, ids=lambda p: p.description.short()[:30])
def test_compiled_loops_on_several_threads_agree_and_give_the_same_bits(program):
    engine = NumbaEngine(program)
    for threads in (2, 3):
        for weighted in (False, True):
            work = replace(work_for(program, 23, batch=5, weighted=weighted), threads=threads)
            assert_same_gradients(program, work, engine)
            assert_same_update(program, work, engine)
            assert_same_training(program, work, engine)
        for _ in range(5):
            assert_same_bits(program, work, engine)


def test_a_layer_shared_by_columns_gives_the_bits_of_one_shared_by_rows(monkeypatch):
    program = Program(Description.read("3-20-18-2 tanh relu linear"), Adam(0.01))
    work = replace(work_for(program, 23, batch=5), threads=2)
    rates = rates_for(program, 10)
    by_rows, by_columns = first_values(program), first_values(program)
    NumbaEngine(program).train(work, by_rows, 0, 10, rates)
    monkeypatch.setattr(team_loops, "WIDE", 18)
    engine = NumbaEngine(program)
    assert "columns_between(a2_whole, first_n2, last_n2)" in engine.team.source
    engine.train(work, by_columns, 0, 10, rates)
    assert np.array_equal(by_rows.parameters, by_columns.parameters)
    assert_same_training(program, work, PlainEngine(program))


def test_batches_smaller_than_the_team_leave_some_threads_without_rows():
    program = SHARED[0]
    for rows, batch in ((1, 1), (2, 2), (7, 3)):
        work = replace(work_for(program, rows, batch=batch), threads=5)
        assert_same_gradients(program, work, PlainEngine(program))
        assert_same_training(program, work, PlainEngine(program))


def test_all_threads_stop_before_the_update_of_a_bad_step():
    program = SHARED[0]
    work = replace(work_for(program, 8, batch=4, shuffle=False), threads=2)
    work.y[5, 1] = np.inf
    for engine in (PlainEngine(program), NumbaEngine(program)):
        values, good = first_values(program), first_values(program)
        losses = engine.train(work, values, 0, 4, rates_for(program, 4))
        assert len(losses) == 2
        engine.train(work, good, 0, 1, rates_for(program, 1))
        assert values.parameters.tobytes() == good.parameters.tobytes()


# ------------------------------------------------------------------- as the user sees it


def test_a_fit_on_two_threads_is_that_on_one_but_for_rounding():
    one, history = fitted(threads=1)
    two, other = fitted(threads=2)
    again, _ = fitted(threads=2)
    assert (history.threads, other.threads) == (1, 2)
    assert "2 threads" in repr(other)
    np.testing.assert_allclose(other.loss, history.loss, rtol=1e-5)
    for name in one.weights:
        np.testing.assert_allclose(two.weights[name], one.weights[name], atol=1e-4)
        assert two.weights[name].tobytes() == again.weights[name].tobytes()


def test_a_fit_in_two_parts_is_one_fit_on_the_same_threads():
    whole, _ = fitted(threads=2)
    parts = network()
    for epochs in (1, 2):
        parts.fit(X, Y, epochs=epochs, engine="numba", threads=2, verbose=False)
    assert all((parts.weights[n] == whole.weights[n]).all() for n in whole.weights)


def test_gradients_of_lbfgs_are_shared_too():
    _, one = fitted(threads=1, optimizer="lbfgs")
    _, two = fitted(threads=2, optimizer="lbfgs")
    assert two.threads == 2
    np.testing.assert_allclose(two.loss, one.loss, rtol=1e-3)


@pytest.mark.parametrize("bad", [0, -1, 1.5, "2", True])
def test_numbers_of_threads_that_cannot_be_are_refused(bad):
    for call in (lambda: network().fit(X, Y, threads=bad),
                 lambda: network().partial_fit(X, Y, threads=bad)):  # fmt: skip
        with pytest.raises(gn.DescriptionError, match="threads must be a whole number from 1 up"):
            call()


def test_a_step_of_partial_fit_is_shared():
    one, two = network(), network()
    for net, threads in ((one, 1), (two, 2)):
        net.fit(X, Y, epochs=1, engine="numba", threads=threads, verbose=False)
        net.partial_fit(X, Y, threads=threads)
    np.testing.assert_allclose(two.weights["W1"], one.weights["W1"], atol=1e-4)


def test_an_embedding_is_trained_on_one_thread_and_history_says_so():
    layers = (Embedding((0,), (5,), 3), Dense(3, "softmax"))
    codes = np.random.RandomState(0).randint(0, 5, (40, 1))
    history = gn.Network(1, *layers).fit(
        codes, Y[:40], epochs=1, engine="numba", threads=2, verbose=False
    )
    assert history.threads == 1
    assert history.engine_reason.startswith("asked for; on one thread, since the rows of an emb")


def test_numpy_takes_so_many_threads_while_it_trains_and_no_longer():
    seen, before = [], {p["filepath"]: p["num_threads"] for p in threadpool_info()}
    program = SHARED[0]
    engine = NumpyEngine(program)
    real = program.functions["step"]

    def step(*given_values):
        pools = [p for p in threadpool_info() if p["user_api"] == "blas"]
        # SciPy may have brought another one, in which NumPy multiplies nothing.
        seen.append({p["num_threads"] for p in pools if "scipy.libs" not in p["filepath"]})
        return real(*given_values)

    program.functions["step"] = step
    try:
        work = replace(work_for(program), threads=1)
        engine.train(work, first_values(program), 0, 1, rates_for(program, 1))
    finally:
        program.functions["step"] = real
    assert seen == [{1}]
    assert all(p["num_threads"] == before.get(p["filepath"], p["num_threads"])
               for p in threadpool_info())  # fmt: skip
    assert network().fit(X, Y, epochs=1, engine="numpy", verbose=False).threads is None
    assert network().fit(X, Y, epochs=1, engine="numpy", threads=2, verbose=False).threads == 2


def test_small_networks_take_one_thread_and_large_ones_all_cores():
    small = Program(Description.read("4-8-3 relu softmax"), Adam())
    large = Program(Description.read("784-1024-1024-10 relu relu softmax"), Adam())
    assert usual_threads(small, 32, 64) == 1
    assert usual_threads(Program(Description.read("2-64-3 relu softmax"), Adam()), 32, 64) == 1
    middle = Program(Description.read("784-128-128-10 relu relu softmax"), Adam())
    assert usual_threads(Program(Description.read("64-100-10 relu softmax"), Adam()), 32, 64) == 1
    assert usual_threads(middle, 128, 64) == 2
    assert usual_threads(middle, 64, 64) == 1
    assert usual_threads(large, 256, 2) == 2
    assert usual_threads(large, 4096, 64) == 64
    assert usual_threads(large, 32, 64) == 2
    assert usual_threads(large, 1, 64) == 1


def test_folds_are_trained_on_one_thread_each():
    found = gn.cross_validate(
        "6-8-3 relu softmax", X, Y, folds=2, epochs=1, engine="numba", verbose=False
    )
    assert [history.threads for history in found.histories] == [1, 1]


# ---------------------------------------------------------------------- processes that fork


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_trains_and_lives():
    script = """
        import os, sys, warnings
        warnings.simplefilter("ignore")
        import numpy as np
        import glassnet as gn
        from glassnet.engines.threads import cores

        x = np.random.RandomState(0).normal(size=(64, 6)).astype("float32")
        y = np.random.RandomState(1).randint(0, 3, 64)

        def weights(threads):
            net = gn.Network("6-8-3 relu softmax", random_state=0)
            net.fit(x, y, epochs=20, engine="numba", threads=threads, verbose=False)
            return net.weights["W1"].tobytes()

        wanted = weights(2)
        child = os.fork()
        if child == 0:
            os._exit(0 if cores() == 1 and weights(2) == wanted and weights(None) else 1)
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], timeout=120, check=False)
    assert done.returncode == 0
