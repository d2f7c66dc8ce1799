"""Wild numbers: every engine gives nan, inf and −inf in the same places.

Wild are nan and inf themselves, numbers whose square is too large or nothing at all, and subnormal
ones, anywhere: in X, y, row weights, parameters, running statistics, optimizer state and rates.

Where it would depend on the order of a sum whether it becomes inf there is nothing to compare, as
engines add in different orders. So the numbers are chosen. Those that are large are far from the
largest, so that a sum of a few is finite, but any square is inf; and so it is with what large rates
lead to. The columns that BatchNorm is given never hold one large number in all rows: whether that
is its own mean, exactly, is up to rounding. The other weights are small: whether tanh(9) is 1, and
its slope 0, is up to the last digit. Where only some numbers are targets of a loss, others are
refused before any engine sees them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from glassnet.batches import Batches
from glassnet.description import Description
from glassnet.engines import Engine, Work
from glassnet.engines.loops import write_loops
from glassnet.engines.numba import NumbaEngine
from glassnet.engines.numpy import NumpyEngine
from glassnet.engines.tiny import is_tiny
from glassnet.program import Program
from glassnet.rules.activations import ACTIVATIONS
from glassnet.rules.averages import EMA, SWA
from glassnet.rules.layers import LAYERS as LAYERS_BY_NAME
from glassnet.rules.layers import (
    Add,
    BatchNorm,
    Concatenate,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    LayerNorm,
    PReLU,
    Scale,
)
from glassnet.rules.optimizers import OPTIMIZERS, SGD, Adam, Stepping
from glassnet.values import Values
from plain_loops import PlainEngine
from strategies import ALL_LOSSES, goes_with
from test_engines import MANY_RULES, first_values, is_red, outputs_for, rates_for, work_for

WILD = {
    "float32": (np.nan, np.inf, -np.inf, 1e30, -1e30, 1e-30, -1e-42),
    "float64": (np.nan, np.inf, -np.inf, 1e250, -1e250, 1e-250, -1e-320),
}
RATES = {"float32": (1e-42, 1e11, 1e30), "float64": (1e-320, 1e90, 1e250)}
STEPS = 4

Change = Callable[[Work, Values, np.ndarray], None]


def pattern(numbers: object) -> np.ndarray:
    """Give 0 for a finite number, 1 for nan, and ±2 for ±inf."""
    array = np.asarray(numbers)
    infinite = np.where(np.isinf(array), 2 * np.sign(array), 0)
    return np.where(np.isnan(array), 1, infinite)


def assert_same_pattern(ours: object, theirs: object, what: str) -> None:
    a, b = np.asarray(ours), np.asarray(theirs)
    assert a.shape == b.shape, f"{what}: {a} and {b}"
    apart = pattern(a) != pattern(b)
    assert not apart.any(), f"{what}: {a[apart]} and {b[apart]} at {np.argwhere(apart).tolist()}"


# ------------------------------------------------------------------------ where it is wild


def in_x(value: float) -> Change:
    def change(work, values, rates):
        work.x[2, -1] = value

    return change


def in_column_of_x(value: float) -> Change:
    def change(work, values, rates):
        work.x[:, -1] = value * np.arange(1, len(work.x) + 1) / len(work.x)

    return change


def in_y(value: float) -> Change:
    def change(work, values, rates):
        work.y[2, 0] = value

    return change


def in_weights(value: float) -> Change:
    def change(work, values, rates):
        work.weights[2] = abs(value)

    return change


def in_parameter(name: str) -> Callable[[float], Change]:
    def wild(value: float) -> Change:
        def change(work, values, rates):
            values.by_name[name].flat[-1] = value

        return change

    wild.__name__ = f"in_{name}"
    return wild


def in_statistics(value: float) -> Change:
    def change(work, values, rates):
        values.statistics[-1:] = abs(value)

    return change


def in_state(value: float) -> Change:
    def change(work, values, rates):
        values.state[:, 2] = abs(value)

    return change


def in_rates(value: float) -> Change:
    def change(work, values, rates):
        rates[1:, 0] = value

    return change


def places(program: Program) -> Iterator[Callable[[float], Change]]:
    yield from (in_x, in_column_of_x, in_weights)
    if program.description.loss.targets == "numbers":
        yield in_y
    for p in program.parameters:
        if not _is_before_batch_norm(program, p.name):
            yield in_parameter(p.name)
    if program.statistics:
        yield in_statistics


def _is_before_batch_norm(program: Program, name: str) -> bool:
    """Whether a bias gives a column that BatchNorm is given one number for all rows."""
    return name == "b1" and any(isinstance(p, BatchNorm) for p in program.description.layers)


def wild_cases(program: Program) -> Iterator[tuple[str, Change]]:
    for place, value in itertools.product(places(program), WILD[program.description.dtype]):
        yield f"{value} {place.__name__}", place(value)


def wild_steps(program: Program) -> Iterator[tuple[str, Change]]:
    """What only an update sees, and what reaches it through gradients."""
    dtype = program.description.dtype
    by_state = [(in_state, value) for value in WILD[dtype]] if program.state_names else []
    # Tiny programs add in an order of their own.
    rates = RATES[dtype][:-1] if is_tiny(program) else RATES[dtype]
    by_rate = [(in_rates, value) for value in rates]
    others = [(place, v) for place in (in_x, in_parameter("W1")) for v in WILD[dtype]]
    for place, value in (*by_state, *by_rate, *others):
        yield f"{value} {place.__name__}", place(value)


# ------------------------------------------------------------------------ what is compared


def wild(program: Program, change: Change, *, batch: int) -> tuple[Work, Values, np.ndarray]:
    work = work_for(program, 6, batch=6, weighted=True, shuffle=False)
    work = Work(work.x, work.y, work.weights, Batches(6, batch, False, seed=7), seed=7)
    values, rates = first_values(program), rates_for(program, STEPS).copy()
    values.parameters[:] *= 0.4
    change(work, values, rates)
    return work, values, rates


def assert_same_patterns(program: Program, engine: Engine) -> None:
    """Loss, every gradient and every running statistic of one batch."""
    for what, change in wild_cases(program):
        work, ours, _ = wild(program, change, batch=6)
        theirs = ours.copy()
        with np.errstate(all="ignore"):
            loss, flat = NumpyEngine(program).gradients(work, ours)
            other_loss, other_flat = engine.gradients(work, theirs)
        assert_same_pattern(loss, other_loss, f"{what}: loss")
        assert_same_pattern(flat, other_flat, f"{what}: gradients")
        assert_same_pattern(ours.statistics, theirs.statistics, f"{what}: statistics")


def assert_same_patterns_after_steps(program: Program, engine: Engine) -> None:
    """Losses, parameters, statistics and state after a few steps, and where they end."""
    for what, change in wild_steps(program):
        work, ours, rates = wild(program, change, batch=3)
        theirs = ours.copy()
        with np.errstate(all="ignore"):
            losses = NumpyEngine(program).train(work, ours, 0, STEPS, rates)
            other_losses = engine.train(work, theirs, 0, STEPS, rates)
        assert_same_pattern(losses, other_losses, f"{what}: losses")
        for name in ours.carried_names:
            assert_same_pattern(ours.by_name[name], theirs.by_name[name], f"{what}: {name}")


# ------------------------------------------------------------ every rule, alone, as plain Python

JOINED = (Dense(4), Add("z1"), Concatenate("x"))
LAYERS = [
    (PReLU(),),
    (Dropout(0.3),),
    (BatchNorm(),),
    (LayerNorm(),),
    (GaussianNoise(0.5),),
    (Scale(),),
    JOINED,
    (Dense(4, "tanh", l1=0.1, l2=0.1),),
]


def alone() -> Iterator[Program]:
    """Give each activation, layer and loss in a program with little around it."""
    usual = SGD(0.1)
    for name in sorted(ACTIVATIONS):
        layers = (Dense(4, name), Dense(2))
        yield Program(Description(3, layers, "half_squared_error"), usual)
    for layers in LAYERS:
        yield Program(Description(3, (Dense(4), *layers, Dense(2)), "half_squared_error"), usual)
    yield Program(Description(3, (Embedding((0,), (3,), (2,)), Dense(2))), usual)
    for loss in ALL_LOSSES:
        for activation in ("linear", "sigmoid", "softmax", "exp", "ascending", "tanh"):
            if goes_with(activation, loss, outputs_for(loss)):
                layers = (Dense(4, "tanh"), Dense(outputs_for(loss), activation))
                yield Program(Description(3, layers, loss), usual)


def said(program: Program) -> str:
    description, optimizer = program.description, program.optimizer
    return f"{description.short()} {description.loss} {description.dtype} {optimizer}"


def in_plain_python(program: Program) -> PlainEngine:
    """Products by BLAS, as in NumPy: between inf and −inf, nan depends on roundings."""
    return PlainEngine(program, write_loops(program, tiny=False))


@pytest.mark.parametrize("program", list(alone()), ids=said)
def test_gradients_of_every_rule_have_one_pattern(program):
    assert_same_patterns(program, in_plain_python(program))


STEPPING = [kind for kind in OPTIMIZERS.values() if issubclass(kind, Stepping)]
OPTIONS = [
    {},
    {"clip_value": 0.3},
    {"clip_norm": 0.3},
    {"weight_decay": 0.01},
    {"average": EMA(0.9)},
    {"average": SWA(0.1)},
]
MOMENTUM = [SGD(0.1, momentum=0.9), SGD(0.1, momentum=0.9, nesterov=True)]
KEPT_WITHIN = Dense(4, "tanh", l1=0.1, l2=0.1, max_norm=1.0, non_negative=True)


def updated(dtype: str) -> Iterator[Program]:
    """Give each optimizer with each option, where all else stays finite as long as it can."""
    for optimizer in (*(kind(0.1, **o) for kind in STEPPING for o in OPTIONS), *MOMENTUM):
        layers = (Dense(4, "relu"), Dense(2))
        yield Program(Description(3, layers, "mean_absolute_error", dtype), optimizer)
    layers = (KEPT_WITHIN, Dense(2))
    yield Program(Description(3, layers, "mean_absolute_error", dtype), SGD(0.1))


@pytest.mark.parametrize("program", list(updated("float32")), ids=said)
def test_steps_of_every_optimizer_have_one_pattern(program):
    assert_same_patterns_after_steps(program, in_plain_python(program))


# ------------------------------------------------------------ all rules in a few, compiled


def others() -> Iterator[Program]:
    """Give programs of the losses and optimizers that MANY_RULES leaves out, and of all else.

    A layer of tanh after an activation gives numbers that are finite again.
    """
    judged = {type(p.description.loss) for p in MANY_RULES}
    losses = itertools.cycle([loss for loss in ALL_LOSSES if type(loss) not in judged])
    all_options = {"clip_value": 0.3, "clip_norm": 0.5, "weight_decay": 0.01, "average": EMA(0.9)}
    options, dtypes = itertools.cycle(({}, {}, all_options)), itertools.cycle(WILD)
    activations, layers = itertools.cycle(sorted(ACTIVATIONS)), itertools.cycle(LAYERS)
    for kind in (kind for kind in STEPPING if kind not in (SGD, Adam)):
        hidden = (Dense(4, next(activations)), *next(layers), Dense(4, "tanh"))
        description = Description(3, (*hidden, Dense(2)), next(losses), next(dtypes))
        yield Program(description, kind(0.1, **next(options)))
    yield Program(Description(3, (KEPT_WITHIN, Dense(2)), "mean_absolute_error"), SGD(0.1))


TOGETHER = [*MANY_RULES, *others()]


def test_the_compiled_programs_hold_every_rule():
    layers = [layer for p in TOGETHER for layer in p.description.layers]
    assert {type(p.description.loss) for p in TOGETHER} == {type(loss) for loss in ALL_LOSSES}
    assert {getattr(layer, "activation", "linear") for layer in layers} == set(ACTIVATIONS)
    assert {type(layer) for layer in layers} == set(LAYERS_BY_NAME.values())
    assert {type(p.optimizer) for p in TOGETHER} == set(STEPPING)


@pytest.mark.parametrize("program", TOGETHER, ids=said)
def test_compiled_loops_have_the_pattern_of_numpy(program):
    engine = NumbaEngine(program)
    assert_same_patterns(program, engine)
    assert_same_patterns_after_steps(program, engine)


# ------------------------------------------------------------------------ what this has found


def test_the_sign_of_inf_is_1():
    """It was inf · 0 + 1 in loops, which is nan."""
    program = Program(Description.read("2-2 linear", loss="mean_absolute_error"), SGD(0.1))
    work, values, _ = wild(program, in_y(-np.inf), batch=6)
    _, flat = PlainEngine(program).gradients(work, values)
    assert np.isfinite(flat).all()


def test_compiled_training_stops_at_a_loss_of_nan_that_is_a_sum():
    """(a + b) − (a + b) was regrouped to 0, and so nan was taken for a finite number."""
    program = Program(Description(3, (KEPT_WITHIN, Dense(2)), "mean_absolute_error"), SGD(0.1))
    work, values, rates = wild(program, in_x(np.nan), batch=3)
    assert len(NumbaEngine(program).train(work, values, 0, STEPS, rates)) == 1
    assert np.isfinite(values.parameters).all()


# ------------------------------------------------------------------------ these checks can fail


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("a1_ij = greatest(", "a1_ij = np.fmax("),
        ("sign_of(", "np.cbrt("),
        ("if not is_finite(loss)", "if np.isinf(loss)"),
    ],
)
def test_a_loop_that_is_wrong_for_wild_numbers_alone_is_noticed(right, wrong):
    program = next(updated("float32"))
    source = write_loops(program, tiny=False)
    assert right in source, source
    engine = PlainEngine(program, source.replace(right, wrong))
    checks = (assert_same_patterns, assert_same_patterns_after_steps)
    assert any(is_red(check, program, engine) for check in checks)
