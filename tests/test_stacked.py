"""The stacked engine: networks trained side by side are what each would be if trained alone."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import checks
from glassnet.batches import Batches
from glassnet.description import Description
from glassnet.engines import Work, stacked
from glassnet.engines.numpy import NumpyEngine
from glassnet.engines.stacked import StackedEngine, StackedWriter
from glassnet.errors import ProgramError
from glassnet.graph import step_graph
from glassnet.program import Program, Role
from glassnet.rules.activations import ACTIVATIONS
from glassnet.rules.averages import EMA
from glassnet.rules.layers import (
    Activation,
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
from glassnet.rules.schedules import Cosine
from strategies import ALL_LOSSES, descriptions, goes_with, optimizers, same_examples
from test_engines import amplified_by, first_values, outputs_for, rates_for, targets_of

BARS = {"float32": 2e-5, "float64": 1e-11}  # relative L2 of the values after some steps
EVERYTHING = Description(
    3,
    (
        Dense(5, "tanh"),
        BatchNorm(),
        PReLU(),
        Dropout(0.4),
        LayerNorm(),
        Dense(4, bias=False),
        Activation("softplus"),
        Dense(3, "softmax"),
    ),
)


def work_of(program: Program, rows: int, batch: int, seed: int, **options) -> Work:
    """Give rows of their own to a network that is trained beside others."""
    description, random = program.description, np.random.RandomState(seed)
    dtype = description.dtype
    x = random.normal(size=(rows, description.inputs)).astype(dtype)
    checks.with_categories(description, x, random)
    y = targets_of(description, rows, random)
    weights = random.uniform(0.5, 2, rows).astype(dtype) if options.get("weighted") else None
    ties, shuffle = description.ties_rows, options.get("shuffle", True)
    batches = Batches(rows, min(batch, rows), shuffle, seed=seed, merge_single=ties)
    return Work(x, y.astype(dtype), weights, batches, seed=seed, epochs_before=seed % 3)


def works_of(program: Program, counts=(11, 10, 11), batch=4, **options) -> list[Work]:
    return [work_of(program, rows, batch, seed, **options) for seed, rows in enumerate(counts)]


def assert_as_alone(
    program: Program,
    works: list[Work],
    steps: int = 8,
    engine: StackedEngine | None = None,
    faster: float = 1.0,
) -> None:
    """Losses, parameters, statistics and state of each are those of its training alone."""
    engine = engine or StackedEngine(program)
    alone, together = ([first_values(program, seed) for seed in range(len(works))] for _ in "12")
    rates = [rates_for(program, steps) * faster**place for place in range(len(works))]
    rows, half = engine.rows_of(works), steps // 2
    parts = ((0, half), (half, steps))  # training is cut anywhere
    losses = [engine.train(rows, together, a, b, [r[a:b] for r in rates]) for a, b in parts]
    wanted = [
        NumpyEngine(program).train(work, own, 0, steps, its_rates)
        for work, own, its_rates in zip(works, alone, rates, strict=True)
    ]
    assert all(np.isfinite(own).all() for own in wanted)
    bar = BARS[program.description.dtype] * amplified_by(program)
    np.testing.assert_allclose(np.concatenate(losses).T, wanted, rtol=bar, atol=bar)
    for own, other in zip(together, alone, strict=True):
        for name, value in other.by_name.items():
            gap = np.linalg.norm(own.by_name[name] - value)
            assert gap <= bar * (1 + np.linalg.norm(value)), name


# ------------------------------------------------------------------- one table, every entry


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "name", sorted(n for n in OPTIMIZERS if issubclass(OPTIMIZERS[n], Stepping))
)
def test_every_optimizer(name, dtype):
    description = Description.read("3-4-2 tanh softmax", dtype=dtype)
    program = Program(description, OPTIMIZERS[name](0.01, weight_decay=0.01))
    assert_as_alone(program, works_of(program))


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_every_activation(name):
    description = Description(3, (Dense(4, name), Dense(2)), dtype="float64")
    program = Program(description, SGD(1e-4))  # exp is steep where its input is large
    assert_as_alone(program, works_of(program))


@pytest.mark.parametrize("loss", ALL_LOSSES, ids=str)
def test_every_loss(loss):
    outputs = outputs_for(loss)
    activation = next(name for name in sorted(ACTIVATIONS) if goes_with(name, loss, outputs))
    description = Description(3, (Dense(4, "tanh"), Dense(outputs, activation)), loss, "float64")
    program = Program(description, Adam(0.01))
    assert_as_alone(program, works_of(program, weighted=True))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("counts", [(11, 10, 11), (12, 12), (10, 12, 11), (5, 4), (13, 12)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_layer_with_rows_of_any_number(dtype, counts, shuffle, weighted):
    description = Description(3, EVERYTHING.layers, dtype=dtype)
    program = Program(description, Adam(0.01))
    works = works_of(
        program, counts, 4 if min(counts) > 5 else 6, shuffle=shuffle, weighted=weighted
    )
    assert len({work.batches.per_epoch for work in works}) == 1, counts
    assert_as_alone(program, works)


@same_examples
@given(descriptions(), optimizers, st.integers(4, 9), st.booleans(), st.booleans())
def test_every_network(description, optimizer, rows, weighted, shuffle):
    program = Program(description, optimizer)
    works = works_of(program, (rows, rows - 1, rows), rows, weighted=weighted, shuffle=shuffle)
    assert_as_alone(program, works, steps=3)


def test_a_network_with_nothing_random_in_one_batch():
    program = Program(Description.read("3-4-2 tanh softmax", dtype="float64"), SGD(0.1))
    assert_as_alone(program, works_of(program, (7, 7, 6), batch=7))


def test_one_network_alone_is_a_stack_too():
    program = Program(EVERYTHING, Adam(0.01))
    assert_as_alone(program, works_of(program, (11,)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_stands_around_the_update(dtype):
    bounded = Dense(4, "tanh", l1=0.01, l2=0.02, max_norm=1.1)
    description = Description(3, (bounded, Dense(2, non_negative=True)), dtype=dtype)
    around = {"clip_value": 0.2, "clip_norm": 0.1, "average": EMA(0.8)}
    for optimizer in (Adam(0.01, weight_decay=0.1, **around), SGD(0.1, 0.9, **around)):
        program = Program(description, optimizer)
        assert_as_alone(program, works_of(program))


@pytest.mark.parametrize("amount", [0.3, Cosine(0.6)], ids=str)
def test_what_is_drawn_follows_the_schedule_of_each(amount):
    layers = Dense(4, "tanh"), Dropout(amount), GaussianNoise(amount), Scale(), Dense(2)
    program = Program(Description(3, layers, dtype="float64"), SGD(0.1, momentum=Cosine(0.9)))
    assert_as_alone(program, works_of(program))
    assert_as_alone(program, works_of(program), faster=0.9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_that_are_joined_and_rows_of_tables(dtype):
    layers = (
        Embedding((0, 2), (5, 3), (2, 1)),
        Dense(4, "tanh"),
        Dense(4, "tanh"),
        Add("a1"),
        Concatenate("x"),
        Dense(2),
    )
    program = Program(Description(3, layers, dtype=dtype), Adam(0.01))
    assert_as_alone(program, works_of(program, weighted=True))


def test_networks_may_have_rates_of_their_own():
    program = Program(EVERYTHING, SGD(0.1, 0.9))
    assert_as_alone(program, works_of(program), faster=1.5)


# ------------------------------------------------------------------- what cannot be stacked


def program_with(rule) -> Program:
    """Give a program whose activation is another rule."""
    program = Program(Description.read("2-2-1 tanh linear"), SGD(0.1))
    line = next(line for line in program.lines if line.text == "a1 = tanh(z1)")
    changed = dataclasses.replace(line, text="a1 = rule(z1)")
    program.lines = tuple(changed if a is line else a for a in program.lines)
    program.__dict__["rules"] = {**program.rules, "rule": rule}
    return program


def by_number_of_rows(z):
    return z / z.shape[0]


def test_a_step_that_counts_rows_is_not_filled_up():
    program = program_with(by_number_of_rows)
    engine = StackedEngine(program)
    assert "z1 / x.shape[1]" in engine.source
    engine.rows_of(works_of(program, (8, 8)))
    with pytest.raises(ProgramError, match="counts the rows of a batch"):
        engine.rows_of(works_of(program, (8, 7)))


def above_minus_infinity(z):
    return np.where(z > -np.inf, z, np.inf)


def test_numbers_that_are_not_finite_can_be_written():
    engine = StackedEngine(program_with(above_minus_infinity))
    assert "np.where(z1 > -np.inf, z1, np.inf)" in engine.source
    works, rates = works_of(engine.program), [rates_for(engine.program, 2)] * 3
    values = [first_values(engine.program, seed) for seed in range(3)]
    losses = engine.train(engine.rows_of(works), values, 0, 2, rates)
    assert np.isfinite(losses).all()


def test_a_node_that_is_not_known_is_refused_in_words(monkeypatch):
    program = Program(Description.read("2-2-1 tanh linear"), SGD(0.1))
    kinds = {node.op for node in StackedWriter(program).nodes}
    assert {"input", "element", "product", "transpose", "batch_sum", "total"} <= kinds
    graph = step_graph(program)
    graph[0]["z1"].op = "roll"
    monkeypatch.setattr(stacked, "step_graph", lambda _: graph)
    with pytest.raises(ProgramError, match=r"roll of .* is not known for stacked arrays"):
        StackedEngine(program)


# ------------------------------------------------------------------------------- the text


def test_names_of_the_text_are_those_of_the_program():
    program = Program(Description(2, (Dense(3, "tanh"), BatchNorm(), Dense(1))), Adam())
    made = re.findall(r"^    (\w+) = ", StackedEngine(program).source, flags=re.M)
    named = {name for name in made if name != "ones" and not re.fullmatch(r"v\d+", name)}
    carried = program.names(Role.PARAMETER, Role.STATISTIC, Role.STATE)
    values = {name for line in program.lines for name in line.outputs}
    assert named == {f"new_{name}" if name in carried else name for name in values}


def test_the_text_is_shown_like_that_of_other_engines():
    program = Program(Description.read("2-3-1 tanh linear"), SGD())
    assert program.source_for("stacked") == StackedEngine(program).source


def test_equal_arithmetic_is_written_once():
    program = Program(Description(2, (Dense(3, "tanh"), Dense(2, "softmax"))), SGD())
    assert StackedEngine(program).source.count("np.exp(") == 1


# --------------------------------------------------------------- these checks can fail

WRONG_LINES = {
    "a transpose left out": ("a1.swapaxes(1, 2) @ dz2", "a1 @ dz2"),
    "a sum over all networks": ("axis=(1, 2), keepdims", "keepdims"),
    "the next network's bias": ("(a1 @ W2) + b2", "(a1 @ W2) + b2[::-1]"),
    "a mean over networks": ("np.max(z2, axis=2,", "np.max(z2, axis=0,"),
    "a sign in the update": ("W1 - ", "W1 + "),
}


@pytest.mark.parametrize("wrong", WRONG_LINES)
def test_a_wrong_line_is_noticed(wrong):
    program = Program(Description.read("4-4-4 tanh softmax", dtype="float64"), Adam(0.01))
    engine, (right, changed) = StackedEngine(program), WRONG_LINES[wrong]
    works = works_of(program, (8, 8, 8))
    assert_as_alone(program, works, engine=engine)
    assert right in engine.source, engine.source
    scope = {"np": np}
    exec(engine.source.replace(right, changed), scope)
    engine._step = scope["step"]
    with pytest.raises((AssertionError, ValueError)):
        assert_as_alone(program, works, engine=engine)


def counted_in_full(rows):
    rows.counted[:] = 1


def in_the_order_of_the_first(rows):
    rows.offsets[:] = 0


def with_the_masks_of_the_first(rows):
    rows.works = (rows.works[0],) * len(rows.works)


@pytest.mark.parametrize(
    "wrong", [counted_in_full, in_the_order_of_the_first, with_the_masks_of_the_first]
)
def test_wrong_rows_are_noticed(wrong):
    program = Program(EVERYTHING, Adam(0.01))
    works, engine = works_of(program, (11, 10, 11)), StackedEngine(program)
    right = engine.rows_of

    def rows_of(works):
        rows = right(works)
        wrong(rows)
        return rows

    engine.rows_of = rows_of
    with pytest.raises(AssertionError):
        assert_as_alone(program, works, engine=engine)
