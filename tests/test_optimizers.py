"""Weight decay by kind of parameter, rates that change from step to step, and whole fits."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import checks
import glassnet as gn
from glassnet.description import Description
from glassnet.engines.loops import write_loops
from glassnet.engines.numba import NumbaEngine
from glassnet.lines import Phase
from glassnet.program import Program
from glassnet.rules.layers import BatchNorm, Dense, LayerNorm
from glassnet.rules.optimizers import OPTIMIZERS, PARAMETER_KINDS, Stepping
from glassnet.training.loop import rates_between
from plain_loops import PlainEngine
from test_engines import assert_same_training, assert_same_update, work_for

KINDS = [kind for kind in OPTIMIZERS.values() if issubclass(kind, Stepping)]
EVERY = [
    *(kind() for kind in KINDS),
    gn.RMSprop(0.01, momentum=0.5, centered=True),
    gn.SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.1),
    gn.Adam(0.01, weight_decay=0.1, decayed=PARAMETER_KINDS),
    gn.Lion(0.01, weight_decay=0.1, decayed=("weights", "scales")),
    gn.NAdam(0.01, momentum_decay=0.5),
    gn.RAdam(0.01, beta2=0.5),
    gn.SGD(0.1, clip_value=0.3, weight_decay=0.1),
    gn.Adam(0.01, clip_norm=0.2, average=gn.EMA(0.9)),
    gn.AdamW(0.01, clip_value=0.3, clip_norm=0.2, average=gn.SWA(0.5)),
    gn.RMSprop(0.01, centered=True, average=gn.EMA(0.99, debiased=False)),
]
LAYERS = (Dense(4, "tanh"), LayerNorm(), BatchNorm(), Dense(2))


def lines_of(optimizer, phase=Phase.UPDATE):
    program = Program(Description(3, (gn.Embedding(0, 3, 2), *LAYERS)), optimizer)
    return {line.outputs[0]: line.text for line in program.lines if line.phase is phase}


# ---------------------------------------------------------------------------- weight decay


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("decayed", [(), ("weights",), ("biases", "scales"), PARAMETER_KINDS])
def test_weight_decay_is_written_for_the_kinds_that_are_asked_for(kind, decayed):
    names = {"weights": ["W1", "W2"], "biases": ["b1", "b2"], "embeddings": ["E0"]}
    names["scales"] = ["scale1", "shift1", "scale1_2", "shift1_2"]
    wanted = {name for each in decayed for name in names[each]}
    chosen = kind(weight_decay=0.25, decayed=decayed)
    assert lines_of(chosen) == lines_of(kind(weight_decay=0))  # the update knows nothing of it
    decays = lines_of(chosen, Phase.DECAY)
    assert {name.removeprefix("d") for name in decays} == wanted
    for name, text in decays.items():
        if kind.decoupled:
            assert text == f"{name} = shrunk({name}, learning_rate, 0.25)"
        else:
            assert text == f"{name} = with_decay({name}, {name[1:]}, 0.25)"
    assert not lines_of(kind(weight_decay=0, decayed=decayed), Phase.DECAY)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_weight_decay_is_for_weight_matrices_unless_told_otherwise(kind):
    lines = lines_of(kind(weight_decay=0.25), Phase.DECAY)
    assert [name.removeprefix("d") for name in lines] == ["W1", "W2"]


def test_only_adamw_decays_by_default():
    assert [kind for kind in KINDS if kind().weight_decay] == [gn.AdamW]


def test_decoupled_decay_does_not_pass_through_the_running_means():
    for kind in KINDS:
        program = Program(Description(3, LAYERS, dtype="float64"), kind(0.1, weight_decay=0.5))
        inputs = checks.inputs_for(program)
        inputs |= {f"d{p}": np.zeros_like(inputs[p]) for p in program.parameter_shapes}
        zeros = {state: np.zeros_like(inputs[state]) for state in program.state_names}
        after = checks.call(program, "update", inputs | zeros)
        still = all((after[f"{state}_W1"] == 0).all() for state in kind().state_names())
        if kind.decoupled:
            np.testing.assert_allclose(after["W1"], inputs["W1"] * 0.95, rtol=1e-15)
        assert kind.decoupled == (still and bool(program.state_names))


def test_kinds_may_be_one_text_and_come_back_from_json():
    assert gn.SGD(weight_decay=0.1, decayed="biases") == gn.SGD(
        weight_decay=0.1, decayed=["biases"]
    )
    chosen = gn.AdamW(decayed=["weights", "scales"])
    assert chosen.decayed == ("weights", "scales")
    assert gn.AdamW.from_json(json.loads(json.dumps(chosen.to_json()))) == chosen


def test_what_decays_is_said_by_name_only():
    with pytest.raises(TypeError):
        gn.AdamW(0.1, 0.9, 0.999, 1e-8, 0.5)


# ---------------------------------------------------------- rates that change with the steps


@pytest.mark.parametrize("optimizer", EVERY, ids=repr)
def test_rates_of_many_steps_are_those_of_each_step_however_they_are_cut(optimizer):
    steps = 3000
    program = Program(Description(3, LAYERS), optimizer)
    whole = rates_between(program, 7, steps, 0, steps)
    for length in (1, 16, 1000):
        starts = range(0, 400 if length == 1 else steps, length)
        parts = [rates_between(program, 7, steps, s, min(s + length, steps)) for s in starts]
        together = np.concatenate(parts)
        np.testing.assert_array_equal(together, whole[: len(together)])
    exact = [optimizer.rates_at(8 + k, k / steps, steps) for k in range(steps)]
    np.testing.assert_allclose(whole, exact, rtol=1e-12, atol=3e-16)  # RAdam's ρ_t − 4 cancels
    assert all(type(rate) is float for rate in exact[0] if rate != 1)


def test_the_shares_of_nadam_are_right_for_any_beta1():
    for beta1 in (0.0, 0.5, 0.9, 0.9999):
        optimizer = gn.NAdam(beta1=beta1, momentum_decay=0.02)
        steps = np.arange(1, 3001)
        momenta = beta1 * (1 - 0.5 * 0.96 ** (np.arange(1, 3002) * 0.02))
        products = np.cumprod(momenta)
        _, slope_share, mean_share, _ = optimizer.rates_at(steps, 0.0)
        wanted = (1 - momenta[:-1]) / (1 - products[:-1])
        np.testing.assert_allclose(slope_share, wanted, rtol=1e-13)
        np.testing.assert_allclose(mean_share, momenta[1:] / (1 - products[1:]), rtol=1e-13)


def test_the_shares_of_a_late_step_of_nadam_take_no_longer_than_an_early_one(monkeypatch):
    sizes, momentum = [], gn.NAdam._momentum

    def noted(self, step):
        sizes.append(np.size(step))
        return momentum(self, step)

    monkeypatch.setattr(gn.NAdam, "_momentum", noted)
    late = gn.NAdam().rates_at(500_000, 0.0)
    assert max(sizes) < 500
    assert late[1] == pytest.approx(0.1)


def test_radam_divides_by_the_size_of_the_gradient_from_the_sixth_step_on():
    shares = [gn.RAdam().rates_at(step, 0.0)[2:] for step in range(1, 9)]
    assert [plain for plain, _ in shares] == [1, 1, 1, 1, 1, 0, 0, 0]
    assert [sized > 0 for _, sized in shares] == [False] * 5 + [True] * 3
    assert gn.RAdam().rates_at(10**6, 0.0)[3] == pytest.approx(1, rel=1e-12)


def test_every_rate_has_a_note():
    for kind in KINDS:
        program = Program(Description(3, LAYERS), kind())
        notes = {i.name: i.note for i in program.inputs if i.name in program.rate_names}
        assert "changes from step to step" not in notes.values(), kind


# ------------------------------------------------------------------------------ on engines


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", EVERY, ids=repr)
def test_the_loops_of_an_optimizer_make_its_step(optimizer, dtype):
    program = Program(Description(3, LAYERS, dtype=dtype), optimizer)
    assert_same_update(program, work_for(program), PlainEngine(program))


def test_parameters_beside_each_other_with_equal_rules_share_a_loop():
    # Apart from each other stand W1 | b1, scales and shifts | W2 | b2.
    for decayed, loops in (("weights", 4), (PARAMETER_KINDS, 1), ((), 1)):
        program = Program(Description(3, LAYERS), gn.AdamW(decayed=decayed))
        text = write_loops(program, tiny=False)
        assert len(re.findall(r"\n +update_\d\(", text)) == loops


@pytest.mark.parametrize(
    "optimizer", [gn.Lion(0.01, weight_decay=0.1), gn.AMSGrad(), gn.RMSprop(momentum=0.5)], ids=repr
)
def test_compiled_loops_take_the_same_steps(optimizer):
    program = Program(Description.read("3-4-2 tanh linear", dtype="float64"), optimizer)
    work, engine = work_for(program, 23, batch=5), NumbaEngine(program)
    assert_same_update(program, work, engine)
    assert_same_training(program, work, engine)


# -------------------------------------------------------------------------------- whole fits

RATES = {"adadelta": 1.0, "sgd": 0.1}


@pytest.mark.parametrize("name", [kind.__name__.lower() for kind in KINDS])
def test_a_fit_learns_is_saved_and_goes_on(name, tmp_path):
    random = np.random.RandomState(0)
    X = random.standard_normal((60, 2))
    y = (X[:, 0] * X[:, 1] > 0).astype(float)
    optimizer = OPTIMIZERS[name](gn.WarmUp(gn.Cosine(RATES.get(name, 0.01))), weight_decay=1e-4)
    how = {"epochs": 60, "batch_size": 20, "optimizer": optimizer, "verbose": False}
    net = gn.Network("2-8-1 tanh sigmoid", loss="binary_cross_entropy", random_state=1)
    first = net.fit(X, y, random_state=1, **how)
    assert first.loss[-1] < first.loss[0]
    net.save(tmp_path / "net.safetensors")
    again = gn.load(tmp_path / "net.safetensors")
    assert again.optimizer == optimizer
    assert again.tally.steps == 180  # corrections go on from there
    one, other = (each.fit(X, y, random_state=2, **how) for each in (net, again))
    np.testing.assert_array_equal(one.loss, other.loss)
    trace = net.trace(X[:5], y[:5], optimizer=optimizer)
    assert str(trace.explain("W1'[0, 1]"))
