"""Engines against each other: NumPy, the loops as plain Python, and the loops compiled."""

from __future__ import annotations

import itertools
import re
from concurrent.futures import ThreadPoolExecutor
from inspect import signature

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

import checks
from glassnet import engines
from glassnet.batches import Batches
from glassnet.description import Description
from glassnet.engines import Work, compiled
from glassnet.engines.first_call import _module_from
from glassnet.engines.loops import write_loops
from glassnet.engines.numba import NumbaEngine
from glassnet.engines.numpy import NumpyEngine
from glassnet.engines.tiny import can_be_tiny
from glassnet.errors import DescriptionError
from glassnet.program import Program
from glassnet.rules.layers import (
    Activation,
    Add,
    BatchNorm,
    Concatenate,
    Dense,
    Dropout,
    Embedding,
    LayerNorm,
    PReLU,
)
from glassnet.rules.losses import BinaryFocal, Focal, Loss, Quantile
from glassnet.rules.optimizers import LBFGS, SGD, Adam
from glassnet.rules.schedules import Cosine
from glassnet.training.loop import rates_between
from glassnet.values import Values
from plain_loops import PlainEngine
from strategies import ALL_LOSSES, descriptions, goes_with, optimizers

BARS = {"float32": 1e-6, "float64": 1e-13}  # relative L2 of a gradient between engines


def first_values(program: Program, seed: int = 0) -> Values:
    values, random = Values(program), np.random.RandomState(seed)
    values.parameters[:] = random.normal(0, 0.7, values.parameters.size)
    values.statistics[:] = random.uniform(0.5, 1.5, values.statistics.size)
    values.state[:] = random.uniform(0.01, 1, values.state.shape)
    return values


def targets_of(description: Description, rows: int, random: np.random.RandomState) -> np.ndarray:
    """Draw wanted outputs; those from 0 to 1 are shares, not only yes and no."""
    kind = description.loss.targets
    shape = (rows, description.loss.target_columns(description.outputs))
    return random.uniform(size=shape) if kind == "zero_one" else checks.targets(kind, shape, random)


def outputs_for(loss: Loss) -> int:
    """Give a number of outputs that a loss can have."""
    return len(getattr(loss, "quantiles", ())) if loss.target_columns(3) == 1 else 3


def work_for(
    program: Program, rows: int = 9, batch: int = 4, *, weighted: bool = False, shuffle: bool = True
) -> Work:
    description, random = program.description, np.random.RandomState(3)
    dtype = description.dtype
    x = random.normal(size=(rows, description.inputs)).astype(dtype)
    checks.with_categories(description, x, random)
    y = targets_of(description, rows, random)
    weights = random.uniform(0.5, 2, rows).astype(dtype) if weighted else None
    size = min(batch, rows)
    batches = Batches(rows, size, shuffle, seed=7, merge_single=description.ties_rows)
    return Work(x, y.astype(dtype), weights, batches, seed=7, epochs_before=2)


def rates_for(program: Program, steps: int) -> np.ndarray:
    return rates_between(program, 0, steps, 0, steps)


def amplified_by(program: Program) -> float:
    """How much a BatchNorm can enlarge rounding: it divides by √(variance + epsilon)."""
    layers = program.description.layers
    return float(np.prod([p.epsilon**-0.5 for p in layers if isinstance(p, BatchNorm)]))


def assert_same_gradients(program: Program, work: Work, other: NumbaEngine) -> None:
    """Loss, slope of every parameter and running statistics agree to rounding."""
    ours, theirs = first_values(program), first_values(program)
    loss, flat = NumpyEngine(program).gradients(work, ours)
    other_loss, other_flat = other.gradients(work, theirs)
    bar = BARS[program.description.dtype] * amplified_by(program)
    np.testing.assert_allclose(other_loss, loss, rtol=4 * bar, atol=4 * bar)
    start, whole = 0, np.linalg.norm(flat) + abs(loss)
    for p in program.parameters:
        stop = start + int(np.prod(p.shape))
        a, b = flat[start:stop], other_flat[start:stop]
        # A tensor that cancels to nothing (a bias before BatchNorm) is held to the whole's size.
        assert np.linalg.norm(a - b) <= bar * (np.linalg.norm(a) + whole), p.name
        start = stop
    np.testing.assert_allclose(theirs.statistics, ours.statistics, rtol=8 * bar, atol=8 * bar)


def assert_same_update(program: Program, work: Work, other: NumbaEngine) -> None:
    """Given equal gradients, one step changes parameters and state within 4 ulp."""
    before, after = first_values(program), first_values(program)
    slopes = np.empty_like(after.parameters)
    rates, losses = rates_for(program, 1), np.empty(1, after.dtype)
    done = other._run(work, after, 0, 1, rates, slopes, losses, updating=True)
    assert done == 1
    given_slopes = dict(
        zip((p.name for p in program.parameters), _cut(program, slopes), strict=True)
    )
    names = [p.name for p in program.parameters]
    state = [before.by_name[name] for name in program.state_names]
    new = program.functions["update"](
        *(before.by_name[name] for name in names),
        *(given_slopes[name] for name in names),
        *state,
        *rates[0, : len(program.rate_names)].tolist(),
    )
    for name, wanted in zip([*names, *program.state_names], new, strict=True):
        largest = np.maximum(np.abs(wanted), np.abs(before.by_name[name]))
        distance = np.abs(after.by_name[name] - wanted)
        assert (distance <= 4 * np.spacing(largest)).all(), name


def _cut(program: Program, flat: np.ndarray) -> list[np.ndarray]:
    sizes = [int(np.prod(p.shape)) for p in program.parameters]
    parts = np.split(flat, np.cumsum(sizes)[:-1])
    return [part.reshape(p.shape) for part, p in zip(parts, program.parameters, strict=True)]


def texts_of(program: Program) -> list[str]:
    """Give the loops of a program as they are written for any size, and for tiny ones."""
    ways = (False, True) if can_be_tiny(program) else (False,)
    return [write_loops(program, tiny=tiny) for tiny in ways]


# ------------------------------------------------------------- hundreds, as plain Python


@settings(max_examples=150, deadline=None, derandomize=True)
@given(descriptions(("float32", "float64")), optimizers, st.booleans(), st.integers(2, 9))
def test_plain_loops_agree_with_numpy(description, optimizer, weighted, rows):
    program = Program(description, optimizer)
    work = work_for(program, rows, batch=4, weighted=weighted)
    for source in texts_of(program):
        engine = PlainEngine(program, source)
        assert_same_gradients(program, work, engine)
        assert_same_update(program, work, engine)


@pytest.mark.parametrize("dtype", BARS)
@pytest.mark.parametrize("loss", ALL_LOSSES, ids=str)
def test_plain_loops_of_every_loss_agree_with_numpy(loss, dtype):
    outputs = outputs_for(loss)
    last = ("linear", "sigmoid", "softmax", "exp", "ascending")
    for activation in (a for a in last if goes_with(a, loss, outputs)):
        layers = (Dense(4, "tanh"), Dense(outputs, activation))
        program = Program(Description(2, layers, loss, dtype), SGD(0.1))
        work = work_for(program, 7, batch=4, weighted=True)
        for source in texts_of(program):
            assert_same_gradients(program, work, PlainEngine(program, source))


# ---------------------------------------------------- some, compiled, each of many rules

MANY_RULES = [
    Program(Description.read("2-3-1 sigmoid", dtype="float64"), SGD(0.5)),
    Program(Description.read("3-5-4-2 tanh relu linear"), SGD(0.1, momentum=0.9)),
    Program(
        Description(
            4,
            (
                Dense(8),
                BatchNorm(epsilon=1e-3),
                Activation("relu"),
                Dropout(0.3),
                Dense(6, "tanh", bias=False),
                LayerNorm(),
                Dense(3, "softmax"),
            ),
        ),
        Adam(Cosine(0.01, 0.001), beta1=0.8),
    ),
    Program(
        Description(
            3,
            (Dropout(0.2), LayerNorm(), Dense(5, "softmax"), Dropout(0.5), Dense(2, "sigmoid")),
            "binary_cross_entropy",
            "float64",
        ),
        SGD(0.2, momentum=0.5, nesterov=True),
    ),
    Program(
        Description(2, (Dense(4, "relu"), BatchNorm(), Dense(3, "softmax")), "mean_squared_error"),
        Adam(),
    ),
    Program(Description.read("5-4-3 relu linear", loss="cross_entropy"), Adam(0.01)),
    Program(
        Description.read("5-4-2 sigmoid tanh", loss="half_squared_error_sum", dtype="float64"),
        SGD(0.05),
    ),
    Program(
        Description(
            3,
            (
                Dense(4, "gelu"),
                Dense(4, "silu"),
                Dense(4, "mish"),
                Dense(4),
                PReLU(),
                Dense(4, "hard_swish"),
                Dense(4, "softplus"),
                Dense(3, "log_softmax"),
            ),
        ),
        SGD(0.05),
    ),
    Program(
        Description.read("3-4-4-3 exp ascending ascending", loss=Quantile((0.1, 0.5, 0.9))),
        SGD(0.05),
    ),
    Program(Description.read("3-4-2 tanh exp", loss="poisson"), SGD(0.05)),
    Program(Description.read("3-4-2 tanh tanh", loss="log_cosh"), SGD(0.05)),
    Program(Description.read("3-4-3 tanh linear", loss="multiclass_hinge"), SGD(0.05)),
    Program(Description.read("3-4-2 tanh sigmoid", loss=BinaryFocal(0.5)), SGD(0.05)),
    Program(Description.read("3-4-3 tanh softmax", loss=Focal(3.0)), SGD(0.05)),
    Program(
        Description(
            4,
            (
                Embedding((0, 2), (5, 3), (4, 1)),
                Dropout(0.2),
                Dense(7, "relu"),
                Dense(7),
                LayerNorm(),
                Add("a1"),
                Activation("tanh"),
                Concatenate("h0"),
                Dropout(0.3),
                Dense(2),
            ),
        ),
        Adam(0.01),
    ),
    Program(
        Description.read(
            "3-4-4-4-4-4-4-4-2 gelu gelu_tanh elu selu softsign leaky_relu hard_sigmoid step",
            dtype="float64",
        ),
        SGD(0.05),
    ),
]


@pytest.mark.parametrize(
    "program", MANY_RULES, ids=lambda p: f"{p.description.short()[:40]} {p.description.loss}"
)
def test_compiled_loops_agree_with_numpy(program):
    engine = NumbaEngine(program)
    for weighted in (False, True):
        work = work_for(program, 23, batch=5, weighted=weighted)
        assert_same_gradients(program, work, engine)
        assert_same_update(program, work, engine)
        assert_same_training(program, work, engine)
    assert_same_bits(program, work, engine)


def assert_same_training(program: Program, work: Work, engine: NumbaEngine) -> None:
    """Orders, masks and short last batches are the same: losses agree over three epochs."""
    ours, theirs = first_values(program), first_values(program)
    steps = 3 * work.batches.per_epoch
    rates = rates_for(program, steps)
    wanted = NumpyEngine(program).train(work, ours, 0, steps, rates)
    losses = engine.train(work, theirs, 0, steps, rates)
    loose = 2e-4 if program.description.dtype == "float32" else 1e-10
    np.testing.assert_allclose(losses, wanted, rtol=loose, atol=loose)


def assert_same_bits(program: Program, work: Work, engine: NumbaEngine) -> None:
    """Run again, and in pieces, a run gives the same bits."""
    steps = 3 * work.batches.per_epoch
    rates = rates_for(program, steps)
    runs = []
    for cuts in ([0, steps], [0, steps], [0, 1, 4, 7, steps]):
        values, losses = first_values(program), []
        for first, last in itertools.pairwise(cuts):
            losses.append(engine.train(work, values, first, last, rates[first:last]))
        runs.append((np.concatenate(losses), values))
    for losses, values in runs[1:]:
        assert losses.tobytes() == runs[0][0].tobytes()
        assert values.parameters.tobytes() == runs[0][1].parameters.tobytes()
        assert values.state.tobytes() == runs[0][1].state.tobytes()
        assert values.statistics.tobytes() == runs[0][1].statistics.tobytes()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30, -1e30, 1e-42])
def test_wild_inputs_give_the_same_pattern_of_nan_and_inf(value):
    for program in MANY_RULES[:3]:
        work = work_for(program, 6, batch=6, shuffle=False)
        work.x[2, 0] = value
        ours, theirs = first_values(program), first_values(program)
        loss, flat = NumpyEngine(program).gradients(work, ours)
        other_loss, other = PlainEngine(program).gradients(work, theirs)
        assert np.isnan(loss) == np.isnan(other_loss)
        assert (np.isnan(flat) == np.isnan(other)).all()
        assert (np.isinf(flat) == np.isinf(other)).all()


def test_compiled_code_knows_nan():
    """With the wrong compiler flags isfinite(nan) is compiled to True."""
    program = MANY_RULES[1]
    work = work_for(program, 8, batch=4, shuffle=False)
    work.x[5, 1] = np.nan
    values = first_values(program)
    losses = NumbaEngine(program).train(work, values, 0, 4, rates_for(program, 4))
    assert len(losses) == 2
    assert np.isnan(losses[1])
    assert np.isfinite(values.parameters).all()


def test_both_engines_stop_before_the_update_of_a_bad_step():
    program = MANY_RULES[1]
    work = work_for(program, 8, batch=4, shuffle=False)
    work.y[5, 1] = np.inf
    for engine in (NumpyEngine(program), PlainEngine(program)):
        values, good = first_values(program), first_values(program)
        losses = engine.train(work, values, 0, 4, rates_for(program, 4))
        assert len(losses) == 2
        NumpyEngine(program).train(work, good, 0, 1, rates_for(program, 1))
        np.testing.assert_allclose(values.parameters, good.parameters, rtol=1e-5)


def test_rows_in_order_are_not_shuffled_and_not_copied():
    program = MANY_RULES[0]
    work = work_for(program, 9, batch=4, shuffle=False)
    batches = list(NumpyEngine(program)._batches(work, 0, 3))
    assert [len(x) for x, _, _ in batches] == [4, 4, 1]
    assert all(np.shares_memory(x, work.x) for x, _, _ in batches)


@pytest.mark.parametrize(("engine", "rows"), [(NumpyEngine, 100_000), (NumbaEngine, 400_000)])
def test_bias_gradients_of_large_batches_are_exact(engine, rows):
    program = Program(Description.read("2-3-1 sigmoid"), SGD())
    work, wanted = many_rows(program, rows)
    assert distance(bias_gradients(program, engine(program), work), wanted) <= 2e-6


def test_adding_row_after_row_would_lose_the_sixth_digit():
    program = Program(Description.read("2-3-1 sigmoid"), SGD())
    work, wanted = many_rows(program, 400_000)
    program.functions["gradients"].__globals__["sum_over_batch"] = lambda d: np.sum(d, axis=0)
    assert distance(bias_gradients(program, NumpyEngine(program), work), wanted) > 2e-6


def many_rows(program: Program, rows: int) -> tuple[Work, np.ndarray]:
    """Give many rows, and the bias gradients that float64 finds for them."""
    exact = Program(Description.read(program.description.short(), dtype="float64"), SGD())
    work = work_for(program, rows, batch=rows)
    work.y[:] += 3
    fine = Work(work.x.astype("f8"), work.y.astype("f8"), None, work.batches, 7)
    return work, bias_gradients(exact, NumpyEngine(exact), fine)


def bias_gradients(program: Program, engine: engines.Engine, work: Work) -> np.ndarray:
    _, flat = engine.gradients(work, first_values(program))
    return np.concatenate([d for d in _cut(program, flat) if d.ndim == 1])


def distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


def test_engines_run_in_several_threads_at_a_time(tmp_path, monkeypatch):
    """One compiles while the others wait; the threads of BLAS are put back when the last is out."""
    monkeypatch.setenv("GLASSNET_CACHE_DIR", str(tmp_path / "fresh"))
    program = Program(Description.read("3-7-2 tanh", dtype="float64"), SGD(0.0625))
    work = work_for(program, 40, batch=4)
    NumbaEngine(MANY_RULES[0]).gradients(work_for(MANY_RULES[0]), first_values(MANY_RULES[0]))
    before = [pool["num_threads"] for pool in threadpool_info()]

    def run(_: int) -> bytes:
        values = first_values(program)
        NumbaEngine(program).train(work, values, 0, 300, rates_for(program, 300))
        return values.parameters.tobytes()

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(run, range(12)))
    assert len(set(results)) == 1
    assert [pool["num_threads"] for pool in threadpool_info()] == before


# ------------------------------------------------------------------ the choice of an engine


def test_short_work_is_left_to_numpy_and_long_work_compiled():
    program = MANY_RULES[0]
    assert engines.choose("auto", program, 3, 10, 3).engine == "numpy"
    assert engines.choose("auto", program, 100, 5000, 1).engine == "numba"
    assert engines.choose("numba", program, 3, 10, 3).reason == "asked for"


def test_what_a_compiler_would_take_longer_for_is_left_to_numpy():
    deep = Program(Description.read("-".join(["8"] * 101) + " relu"), SGD())
    assert engines.choose("auto", deep, 200, 200, 32).engine == "numpy"
    assert engines.choose("auto", deep, 20_000, 2000, 32).engine == "numba"
    choice = engines.choose("auto", MANY_RULES[0], 1000, 10**6, 32, time_limit=0.5)
    assert choice.engine == "numpy"
    assert "time limit of 0.5 s" in choice.reason


def test_without_numba_the_reason_names_what_to_install(monkeypatch):
    monkeypatch.setattr(engines, "installed", lambda library: library != "numba")
    choice = engines.choose("auto", MANY_RULES[0], 1000, 5000, 1)
    assert choice.engine == "numpy"
    assert "pip install 'glassnet[numba]'" in choice.reason


def test_an_unknown_engine_is_refused():
    with pytest.raises(DescriptionError, match="did you mean 'numba'"):
        engines.choose("numbaa", MANY_RULES[0], 1, 1, 1)
    with pytest.raises(DescriptionError, match="unknown engine 'cuda'"):
        MANY_RULES[0].source_for("cuda")


def test_loops_are_written_for_optimizers_with_and_without_update_lines():
    assert "def update_" in write_loops(MANY_RULES[0], tiny=False)
    assert "def update" in write_loops(MANY_RULES[0], tiny=True)
    program = Program(MANY_RULES[0].description, LBFGS())
    assert "def update_" not in write_loops(program, tiny=False)
    assert "def update" not in write_loops(program, tiny=True)
    for source in texts_of(program):
        assert_same_gradients(program, work_for(program), PlainEngine(program, source))


def test_equal_passes_are_one_function():
    deep = Program(Description.read("8-8-8-8-8-2 relu softmax"), SGD())
    assert deep.source_for("numba").count("def rows_") == 5


# --------------------------------------------------------------- these checks can fail

WRONG_LINES = {
    "a transpose left out": ("product(a1.T, dz2, dW2)", "product(a1, dz2[: a1.shape[1]], dW2)"),
    "a bias left out": ("(product1_ij + b1[j])", "product1_ij"),
    "a slope turned round": ("a1[i, j] > real(0.0)", "a1[i, j] < real(0.0)"),
    "a sum not begun at 0": ("part_db2[j] = real(0.0)", "part_db2[j] = real(1e-3)"),
    "a weight forgotten": ("w[i] * ((", "real(0.25001) * (("),
    "a sign in the update": ("(parameters_q - ", "(parameters_q + "),
    "a constant in the update": ("real(0.999)", "real(0.99901)"),
}


@pytest.mark.parametrize(("columns", "apart"), [(3, 2), (16, 2), (17, 0)])
def test_costly_functions_of_few_columns_are_done_for_all_rows_at_once(columns, apart):
    source = write_loops(Program(Description.read(f"4-20-{columns} relu softmax"), Adam()))
    found = re.findall(r"def each_\d+\(.*\):\n    for q in .*\n.* = (\w+)", source)
    assert found == ["exp", "log"][:apart]


@pytest.mark.parametrize("wrong", WRONG_LINES)
def test_a_wrong_line_in_the_loops_is_noticed(wrong):
    program = Program(Description.read("4-4-3 relu softmax", dtype="float64"), Adam())
    right, changed = WRONG_LINES[wrong]
    source = write_loops(program, tiny=False)
    assert right in source, source
    work = work_for(program, 4, batch=4, shuffle=False)
    assert_same_gradients(program, work, PlainEngine(program, source))
    assert_same_update(program, work, PlainEngine(program, source))
    engine = PlainEngine(program, source.replace(right, changed))
    checks = (assert_same_gradients, assert_same_update)
    assert any(is_red(check, program, work, engine) for check in checks)


def is_red(check, *arguments) -> bool:
    try:
        check(*arguments)
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "call",
    [
        lambda x: compiled.greatest(x, x),
        lambda x: compiled.least(x, x),
        lambda x: compiled.sign_of(x),
        lambda x: compiled.kept(np.uint32(3), 1, np.uint32(3), x),
        lambda x: compiled.normal(np.uint32(3), 1, x),
    ],
    ids=["greatest", "least", "sign_of", "kept", "normal"],
)
def test_what_loops_call_keeps_the_type_of_its_numbers(call, dtype):
    """A number of 64 bits among those of 32 makes a loop of float32 half as fast, unseen."""
    call = compiled.compiled(call)
    call(np.dtype(dtype).type(0.5))
    (found,) = call.nopython_signatures
    assert str(found.return_type) == dtype


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("ours", "theirs"), [("greatest", np.maximum), ("least", np.minimum)])
def test_the_greatest_and_the_least_are_those_of_numpy(ours, theirs, dtype):
    function = getattr(compiled, ours)

    @compiled.compiled
    def of_rows(x, pairs, whole):
        for i in range(x.shape[0]):
            found = x[i, 0]
            for j in range(x.shape[1]):
                found = function(found, x[i, j])
                pairs[i, j] = function(x[i, 0], x[i, j])
            whole[i] = found

    x = np.random.RandomState(0).standard_normal((60, 37)).astype(dtype)
    x[:20, 5], x[10:30, 0], x[40:, 36], x[50:, 7] = np.nan, np.nan, np.inf, -np.inf
    pairs, whole = np.empty_like(x), np.empty(60, dtype)
    of_rows(x, pairs, whole)
    np.testing.assert_array_equal(pairs, theirs(x[:, :1], x))
    np.testing.assert_array_equal(whole, theirs.reduce(x, axis=1))
    assert [function(a, b) for a, b in x[:, :2].tolist()] == pytest.approx(
        theirs(x[:, 0], x[:, 1]).tolist(), nan_ok=True
    )


def test_an_update_that_begins_anywhere_does_many_numbers_at_a_time():
    source = Program(Description.read("8-10-2 tanh linear"), Adam()).source_for("numba")
    update = _module_from(source).update_1
    numbers = {"start": 7, "stop": 40}
    arrays = ("parameters", "slopes", "mean", "square")
    given = {name: np.ones(64, np.float32) for name in arrays} | numbers
    update(*(given.get(name, np.float32(0.5)) for name in signature(update.py_func).parameters))
    (code,) = update.inspect_llvm().values()
    assert re.search(r"fdiv[\w ]* <\d+ x float>", code)
