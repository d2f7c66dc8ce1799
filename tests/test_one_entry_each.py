"""A new rule is one entry of one table: nothing else is touched, and everything knows it.

Every entry here stands in this file, as a user's would stand in the user's. It takes under 30
lines, is written into programs, and is held to the same differences as glassnet's own.
"""

from __future__ import annotations

import inspect
import itertools
import json
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import checks
import glassnet as gn
from glassnet.allowlist import check_program
from glassnet.description import Description
from glassnet.program import Program
from glassnet.rules.activations import ACTIVATIONS
from glassnet.rules.activations import Activation as ActivationEntry
from glassnet.rules.averages import AVERAGES, Average
from glassnet.rules.entry import FRACTION, NONE_OR_POSITIVE, POSITIVE, option
from glassnet.rules.initializers import INITIALIZERS, Initializer
from glassnet.rules.layers import LAYERS, Dense, Layer, Template
from glassnet.rules.limits import CONSTRAINTS, Constraint
from glassnet.rules.losses import LOSSES, Loss
from glassnet.rules.optimizers import OPTIMIZERS, RATE, SGD, Optimizer, optimizer
from glassnet.rules.penalties import PENALTIES, Penalty
from glassnet.rules.schedules import SCHEDULES, Schedule

# --------------------------------------------------------------------------- the new entries


def swish(z):
    return z / (1 + np.exp(-z))


def swish_slope(z, a):
    share = 1 / (1 + np.exp(-z))
    return share + a * (1 - share)


SWISH = ActivationEntry(
    "swish", swish, "a = z / (1 + exp(−z))", "…", "a smooth relu", slope=swish_slope
)


def soft_distance(a, y, w, near=1.0):
    error = (a - y) / near
    return np.sum(w * near * near * (np.sqrt(1 + error * error) - 1)) / a.shape[1]


def soft_distance_slope(a, y, w, near=1.0):
    error = (a - y) / near
    return w * near * error / np.sqrt(1 + error * error) / a.shape[1]


@dataclass(frozen=True, repr=False)
class SoftDistance(Loss):
    near: float = option(POSITIVE, 1.0)
    rules: ClassVar = (soft_distance, soft_distance_slope)
    formula: ClassVar = "Σ w · near² · (√(1 + (a − y)² / near²) − 1) / n"
    slope_formula: ClassVar = "w · (a − y) / √(1 + (a − y)² / near²) / n"
    note: ClassVar = "squared distance near the target, distance far from it"


def stretch(x, factor, bend=0.5):
    return x * factor + bend * x * x


def stretch_back(dy, x, factor, bend=0.5):
    return dy * (factor + 2 * bend * x), sum_over_columns(dy * x)


def sum_over_columns(d):
    return np.ones_like(d[:, 0]) @ d


@dataclass(frozen=True, repr=False)
class Stretch(Layer):
    bend: float = option(FRACTION, 0.5)
    parameters: ClassVar = (("factor", 1.0),)
    forward: ClassVar = (Template("{y} = stretch({x}, {factor}{options})", "{y} = …", "stretched"),)
    backward: ClassVar = (
        Template("d{x}, d{factor} = stretch_back(d{y}, {x}, {factor}{options})", "…", "the error"),
    )
    shown_options: ClassVar = ("bend",)
    source: ClassVar = "this test"


def by_usual_size(p, dp, usual_square, learning_rate, memory=0.9):
    usual_square = memory * usual_square + (1 - memory) * dp * dp
    return p - learning_rate * dp / (np.sqrt(usual_square) + 1e-8), usual_square


@dataclass(frozen=True, repr=False)
class Propagation(Optimizer):
    learning_rate: float = option(RATE, 0.01)
    memory: float = option(FRACTION, 0.9)
    state: ClassVar = ("usual_square",)
    note: ClassVar = "a step by the usual size"

    def line(self):
        shown = "" if self.memory == 0.9 else f", memory={self.memory!r}"
        return (
            "{p}, {usual_square} = by_usual_size({p}, d{p}, {usual_square}, learning_rate"
            f"{shown})",
            "{p} ← {p} − learning_rate · d{p} / √{usual_square}",
        )


def fourth_powers(p, size):
    return size * np.sum(p * p * p * p)


def fourth_powers_slope(p, size):
    return 4 * size * p * p * p


FOURTH_POWERS = Penalty(
    name="fourth",
    function=fourth_powers,
    slope=fourth_powers_slope,
    formula="fourth · Σ p⁴",
    slope_formula="4 · fourth · p³",
    note="what large weights cost",
    source="this test",
)


def no_larger(p, most):
    return np.minimum(p, most)


NO_LARGER = Constraint(
    name="most",
    function=no_larger,
    formula="p ← min(p, most)",
    note="no weight is above the limit",
    source="this test",
)


@dataclass(frozen=True, repr=False)
class Restrained(Dense):
    """What the two options above are options of."""

    fourth: float = option(FRACTION, 0.0)
    most: float | None = option(NONE_OR_POSITIVE, None)


@dataclass(frozen=True, repr=False)
class Slowing(Average):
    def share(self, step, place, steps):
        return 2 / (step + 1)


@dataclass(frozen=True, repr=False)
class Checkerboard(Initializer):
    size: float = option(POSITIVE, 1.0)

    def draw(self, random, shape, inputs, outputs):
        return self.size * (1 - 2.0 * (np.indices(shape).sum(axis=0) % 2))


@dataclass(frozen=True, repr=False)
class Falling(Schedule):
    start: float = option(POSITIVE)

    def rate(self, done):
        return self.start * (1 - done)


# --------------------------------------------------------------------------------- the tests


def check(program):
    """Hold a program with a new entry to what every program is held to."""
    check_program(program.source)
    for rows in (1, 5):
        checks.check_all(program, checks.inputs_for(program, rows))


def network(*layers, loss="", rule=SGD(0.1)):
    return Program(Description(3, layers, loss, "float64"), rule)


def test_an_activation(monkeypatch):
    monkeypatch.setitem(ACTIVATIONS, "swish", SWISH)
    program = network(Dense(4, "swish"), LAYERS["Activation"]("swish"), Dense(2, "swish"))
    assert "a1 = swish(z1)" in program.source
    assert {"swish", "swish_slope"} <= set(program.rules)
    check(program)
    assert Description.read("3-4-2 swish").short() == "3-4-2 swish"


def test_a_loss(monkeypatch):
    monkeypatch.setitem(LOSSES, "soft_distance", SoftDistance())
    for last, loss in itertools.product(("linear", "tanh"), ("soft_distance", SoftDistance(0.25))):
        program = network(Dense(4, "tanh"), Dense(2, last), loss=loss)
        assert "loss = soft_distance(" in program.source
        assert program.source.count("y, w, near=0.25)") == (0 if loss == "soft_distance" else 4)
        check(program)
        again = Description.from_json(json.loads(json.dumps(program.description.to_json())))
        assert again == program.description
        assert hash(again) == hash(program.description)


def test_a_layer(monkeypatch):
    monkeypatch.setitem(LAYERS, "Stretch", Stretch)
    for layer in (Stretch(), Stretch(0.25)):
        program = network(Dense(4, "tanh"), layer, Dense(2))
        assert ("bend=0.25" in program.source) == (layer.bend == 0.25)
        assert "sum_over_columns" in program.rules  # a rule that a rule calls
        check(program)
        again = Description.from_json(json.loads(json.dumps(program.description.to_json())))
        assert again == program.description
    check(network(Stretch(), Dense(2)))


def test_a_penalty(monkeypatch):
    monkeypatch.setitem(PENALTIES, "fourth", FOURTH_POWERS)
    program = network(Restrained(4, "tanh", fourth=0.5), Dense(2))
    assert "penalty1 = fourth_powers(W1, 0.5)" in program.source
    assert "dW1 = x.T @ dz1 + fourth_powers_slope(W1, 0.5)" in program.source
    check(program)


def test_a_constraint(monkeypatch):
    monkeypatch.setitem(CONSTRAINTS, "most", NO_LARGER)
    program = network(Restrained(4, "tanh", most=0.25), Dense(2))
    check(program)
    assert checks.call(program, "step", checks.inputs_for(program))["W1"].max() <= 0.25


def test_an_average(monkeypatch):
    monkeypatch.setitem(AVERAGES, "slowing", Slowing)
    program = network(Dense(4, "tanh"), Dense(2), rule=SGD(0.1, average=Slowing()))
    check(program)
    inputs = checks.inputs_for(program)
    after = checks.call(program, "step", inputs)
    wanted = (inputs["average_W1"] + after["W1"]) / 2  # step 3
    np.testing.assert_allclose(after["average_W1"], wanted, rtol=1e-13)
    made = SGD(0.1, average=Slowing())
    assert SGD.from_json(json.loads(json.dumps(made.to_json()))) == made


def test_an_optimizer(monkeypatch):
    monkeypatch.setitem(OPTIMIZERS, "propagation", Propagation)
    program = network(Dense(4, "tanh"), Dense(2), rule=optimizer("propagation"))
    check(program)
    inputs = checks.inputs_for(program)
    slopes = checks.call(program, "gradients", inputs)
    after = checks.call(program, "step", inputs)
    for p in program.parameter_shapes:
        square = 0.9 * inputs[f"usual_square_{p}"] + 0.1 * slopes[f"d{p}"] ** 2
        wanted = inputs[p] - 0.01 * slopes[f"d{p}"] / (np.sqrt(square) + 1e-8)
        np.testing.assert_allclose(after[p], wanted, rtol=1e-13)
        np.testing.assert_allclose(after[f"usual_square_{p}"], square, rtol=1e-13)
    assert Propagation.from_json(Propagation(0.5, 0.8).to_json()) == Propagation(0.5, 0.8)


def test_an_initializer(monkeypatch):
    monkeypatch.setitem(INITIALIZERS, "checkerboard", Checkerboard)
    layer = Dense(2, weight_initializer="checkerboard")
    assert layer.weight_initializer == Checkerboard()
    drawn = layer.weight_initializer.draw(np.random.RandomState(0), (2, 2), 2, 2)
    np.testing.assert_array_equal(drawn, [[1, -1], [-1, 1]])
    description = Description(2, (layer,))
    assert Description.from_json(json.loads(json.dumps(description.to_json()))) == description


def test_a_schedule(monkeypatch):
    monkeypatch.setitem(SCHEDULES, "Falling", Falling)
    for kind in (OPTIMIZERS["sgd"], OPTIMIZERS["adam"]):
        chosen = kind(Falling(0.4))
        assert chosen.rates_at(1, 0.75)[0] == pytest.approx(0.1)
        assert kind.from_json(json.loads(json.dumps(chosen.to_json()))) == chosen


def test_the_same_state_name_may_stand_before_any_parameter(monkeypatch):
    # usual_square_scale1: the name of the state and of the parameter both have parts.
    monkeypatch.setitem(OPTIMIZERS, "propagation", Propagation)
    layers = (LAYERS["LayerNorm"](), LAYERS["LayerNorm"](), Dense(2))
    program = network(*layers, rule=Propagation())
    shapes = {item.name: item.shape for item in program.inputs}
    for p, shape in program.parameter_shapes.items():
        assert shapes[f"usual_square_{p}"] == shape


ALL = {
    "ACTIVATIONS": (ACTIVATIONS, "swish", SWISH),
    "LOSSES": (LOSSES, "soft_distance", SoftDistance()),
    "LAYERS": (LAYERS, "Stretch", Stretch),
    "OPTIMIZERS": (OPTIMIZERS, "propagation", Propagation),
    "INITIALIZERS": (INITIALIZERS, "checkerboard", Checkerboard),
    "SCHEDULES": (SCHEDULES, "Falling", Falling),
}


@pytest.fixture
def every_entry(monkeypatch):
    for table, name, entry in ALL.values():
        monkeypatch.setitem(table, name, entry)


def all_new(dtype="float64"):
    hidden = Dense(4, "swish", weight_initializer="checkerboard")
    layers = (hidden, Stretch(0.25), Dense(2, "tanh"))
    return gn.Network(3, *layers, loss=SoftDistance(0.25), dtype=dtype, random_state=0)


@pytest.mark.usefixtures("every_entry")
def test_all_of_them_train_on_every_engine_and_come_back_from_a_file(tmp_path):
    random = np.random.RandomState(0)
    X, y = random.standard_normal((20, 3)), random.standard_normal((20, 2))
    outputs, losses = {}, {}
    for engine in ("numpy", "numba"):
        net = all_new()
        history = net.fit(
            X, y, epochs=5, batch_size=8, optimizer=Propagation(Falling(0.05)), engine=engine,
            random_state=0,
        )  # fmt: skip
        assert history.engine == engine
        net.save(tmp_path / f"{engine}.safetensors")
        again = gn.load(tmp_path / f"{engine}.safetensors")
        assert again.description == net.description
        np.testing.assert_array_equal(again.predict(X), net.predict(X))
        outputs[engine], losses[engine] = net.predict(X), history.loss
    np.testing.assert_allclose(outputs["numba"], outputs["numpy"], rtol=1e-9)
    np.testing.assert_allclose(losses["numba"], losses["numpy"], rtol=1e-11)
    assert losses["numpy"][-1] < losses["numpy"][0]


@pytest.mark.usefixtures("every_entry")
def test_numbers_made_by_all_of_them_are_explained():
    random = np.random.RandomState(0)
    trace = all_new().trace(
        random.standard_normal((4, 3)), random.standard_normal((4, 2)), optimizer=Propagation()
    )
    for number in ("a1[0, 1]", "h1[1, 2]", "loss", "dfactor1[0]", "dz1[0, 0]"):
        assert str(trace.explain(number))


def test_every_entry_is_short():
    parts = {
        "activation": (swish, swish_slope),
        "loss": (soft_distance, soft_distance_slope, SoftDistance),
        "layer": (stretch, stretch_back, sum_over_columns, Stretch),
        "optimizer": (by_usual_size, Propagation),
        "initializer": (Checkerboard,),
        "schedule": (Falling,),
    }
    for kind, texts in parts.items():
        assert sum(len(inspect.getsource(text).splitlines()) for text in texts) < 30, kind
