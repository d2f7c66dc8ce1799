"""Schedules of everything that may have one, and what a plateau is: from their words to a fit."""

from __future__ import annotations

import csv
import json
import math

import numpy as np
import pytest

import checks
import glassnet as gn
import loops
from glassnet.description import Description
from glassnet.engines import Work
from glassnet.engines.numba import NumbaEngine
from glassnet.engines.numpy import NumpyEngine
from glassnet.errors import DescriptionError, NotFiniteError
from glassnet.program import Program
from glassnet.rules import schedules
from glassnet.rules.optimizers import OPTIMIZERS, Stepping
from glassnet.rules.randomness import keep_mask, mask_key, normal_noise
from glassnet.rules.schedules import SCHEDULES, Plateau, Schedule, schedule_of
from glassnet.rules.stall import Stall, stalled
from glassnet.training import pace
from glassnet.values import Values
from plain_loops import PlainEngine
from test_engines import assert_same_gradients, assert_same_training, work_for

RANDOM = np.random.RandomState(0)
X = RANDOM.standard_normal((40, 3))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
EVERY = [kind(0.5) for kind in SCHEDULES.values()]  # a first number of 0.5 is right for each
EVERY.append(gn.OneCycle(0.5, rise=0.305))
EVERY += [gn.WarmUp(kind(0.5)) for kind in SCHEDULES.values() if kind is not gn.WarmUp]
KINDS = [kind for kind in OPTIMIZERS.values() if issubclass(kind, Stepping)]


def by_every_schedule(test):
    return pytest.mark.parametrize("schedule", EVERY, ids=repr)(test)


def layers_with(schedule):
    return (
        *(gn.Scale(), gn.GaussianNoise(schedule), gn.Dense(5, "tanh")),
        *(gn.Dropout(schedule), gn.Dense(2, "softmax")),
    )


def optimizer_with(schedule):
    return gn.SGD(0.1, momentum=schedule, weight_decay=schedule)


def network_with(schedule, dtype="float64"):
    return gn.Network(3, *layers_with(schedule), dtype=dtype, random_state=0)


# ------------------------------------------------------------------- what may be a schedule


@by_every_schedule
def test_every_schedule_goes_to_json_and_back_wherever_it_stands(schedule):
    for kind in KINDS:
        chosen = kind(schedule, weight_decay=schedule)
        assert kind.from_json(json.loads(json.dumps(chosen.to_json()))) == chosen
    chosen = gn.RMSprop(momentum=schedule)
    assert gn.RMSprop.from_json(json.loads(json.dumps(chosen.to_json()))) == chosen
    description = Description(3, layers_with(schedule))
    assert Description.from_json(json.loads(json.dumps(description.to_json()))) == description


@by_every_schedule
def test_a_model_with_every_schedule_comes_back_from_a_file(schedule, tmp_path):
    net = network_with(schedule)
    net.fit(X, Y, epochs=2, optimizer=optimizer_with(schedule), engine="numpy", verbose=False)
    net.save(tmp_path / "net.safetensors")
    again = gn.load(tmp_path / "net.safetensors")
    assert (again.description, again.optimizer) == (net.description, net.optimizer)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_schedule_stands_in_the_line_by_its_name_and_a_number_in_full(kind):
    def lines(**options):
        program = Program(Description(3, (gn.Dense(2),)), kind(0.1, **options))
        return program, "\n".join(line.text for line in program.lines)

    program, text = lines(weight_decay=gn.Cosine(0.25))
    _, constant = lines(weight_decay=0.25)
    assert "0.25" in constant
    assert text == constant.replace("0.25", "weight_decay")
    assert program.names(checks.Role.RATE) == (*kind().rate_names(), "weight_decay")
    if "momentum" in kind.__dataclass_fields__:
        program, text = lines(momentum=gn.Cosine(0.25))
        assert ", momentum=momentum)" in text
        assert text == lines(momentum=0.25)[1].replace("0.25", "momentum")
        assert program.rates_at(1, 0.5)["momentum"] == pytest.approx(0.125)
    assert "momentum" not in lines()[0].rate_names


class Bump(Schedule):
    def rate(self, done):
        return 4 * done * (1 - done)


REFUSED = {
    "momentum of 1": (lambda: gn.SGD(momentum=gn.Cosine(1.0)), "is 1 when 0% of the training"),
    "momentum at its top": (lambda: gn.SGD(momentum=gn.OneCycle(1.0)), "is 1 when 30% of"),
    "momentum of a wave": (lambda: gn.SGD(momentum=gn.CosLog4(1.0)), "is 1 when 2.76% of"),
    "momentum at its end": (
        lambda: gn.SGD(momentum=gn.Exponential(0.5, 2.0)),
        "SGD: momentum must be a number from 0 up to, not including, 1, or a schedule of such"
        " numbers, got Exponential(0.5, end=2.0), which is 1 when 50% of the training is done",
    ),
    "momentum of restarts": (lambda: gn.SGD(momentum=gn.CosineRestarts(0.5, 1.5)), "is 1.5"),
    "momentum of another kind": (lambda: gn.SGD(momentum=Bump()), "is 1 when 50% of"),
    "momentum after a warm-up": (lambda: gn.SGD(momentum=gn.WarmUp(gn.OneCycle(1.0))), "37% of"),
    "momentum of a plateau": (lambda: gn.RMSprop(momentum=gn.Plateau(1.0)), "is 1 when 0% of"),
    "dropout": (lambda: gn.Dropout(gn.FlatCosine(1.0)), "Dropout: rate must be a number from 0"),
    "dropout at its end": (lambda: gn.Dropout(gn.Cosine(0.5, end=1.0)), "is 1 when 100% of"),
    "no number at all": (lambda: gn.Dropout("cosine"), "or a schedule of such numbers, got 'cos"),
    "a rate beyond floats": (
        lambda: gn.SGD(gn.Step(0.1, 0.5, 10**400)),
        "whose numbers no float can hold",
    ),
    "cycles beyond floats": (
        lambda: gn.CosineRestarts(0.1, cycles=2000),
        "whose lengths together no float can hold: take fewer cycles, or a smaller longer",
    ),
    "cycles beyond memory": (
        lambda: gn.CosineRestarts(0.1, cycles=10**12, longer=1.0),
        "cycles must be a whole number from 1 to 10000",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_schedule_that_leaves_its_range_is_refused_when_it_is_given(case):
    make, words = REFUSED[case]
    with pytest.raises(DescriptionError) as caught:
        make()
    assert words in str(caught.value)


@by_every_schedule
def test_the_highest_and_the_lowest_rate_are_known_beforehand(schedule):
    known = [rate for _, rate in schedule.rates()]
    found = [schedule.rate(done) for done in np.linspace(0, 1, 5001)[:-1]]
    assert min(known) <= min(found) + 1e-15
    assert max(known) >= max(found) - 1e-15


def test_a_decay_of_a_schedule_of_zeros_is_still_a_rate():
    program = Program(Description(3, (gn.Dense(2),)), gn.SGD(0.1, weight_decay=gn.Constant(0)))
    assert program.rate_names == ("learning_rate", "weight_decay")


# -------------------------------------------------------------------- what a fit makes of it


def test_every_random_input_has_its_own_amount():
    layers = (gn.Dropout(0.1), gn.GaussianNoise(gn.Cosine(0.2)), gn.Dropout(gn.FlatCosine(0.3)))
    program = Program(Description(3, (*layers, gn.Dense(2))), gn.SGD(0.5, gn.Cosine(0.4)))
    assert program.first_rates() == [0.5, 0.4, 0.2, 0.3]
    assert program.amounts([0.5, 0.4, 0.15, 0.25]) == [0.1, 0.15, 0.25]
    assert [mask.draw.said(mask.amount) for mask in program.masks] == [
        "1.111 with chance 0.9, else 0",
        "normal numbers of mean 0; their spread by Cosine",
        "1/(1 - r) with chance 1 - r, else 0; r by FlatCosine",
    ]


def rates_by_hand(schedule, steps):
    """Give the number of each step by the slow specification."""
    return [loops.schedule(schedule, step / steps) for step in range(steps)]


@by_every_schedule
def test_a_fit_takes_the_rate_of_each_step_on_every_engine(schedule):
    epochs = 6
    optimizer = gn.SGD(0.1, momentum=schedule, weight_decay=schedule)
    wanted = network_with(schedule)
    by_hand(wanted, optimizer, rates_by_hand(schedule, epochs), epochs)
    found = {}
    for name in ("numpy", "numba"):
        net = network_with(schedule)
        history = net.fit(
            X, Y, epochs=epochs, batch_size=None, shuffle=False, optimizer=optimizer,
            engine=name if schedule in EVERY[:3] else "numpy", verbose=False,
        )  # fmt: skip
        found[name] = net.values.parameters
        assert set(history.rates) == {"momentum", "weight_decay", "spread_noise0", "rate_keep1"}
        for numbers in history.rates.values():
            np.testing.assert_allclose(
                numbers, rates_by_hand(schedule, epochs), rtol=1e-12, atol=1e-15
            )
        np.testing.assert_array_equal(history.learning_rate, np.full(epochs, 0.1))
    for parameters in found.values():
        np.testing.assert_allclose(parameters, wanted.values.parameters, rtol=1e-10, atol=1e-12)


def by_hand(net, optimizer, rates, epochs):
    """Train on all rows at once, with masks and noise drawn here."""
    program = net.program(optimizer)
    names = [p.name for p in program.parameters]
    now = {name: net.values.by_name[name].copy() for name in names}
    now |= {f"velocity_{name}": np.zeros_like(now[name]) for name in names}
    w = np.full((len(X), 1), 1 / len(X))
    for epoch, rate in enumerate(rates):
        keys = [mask_key(net.seed, epoch << 32, layer) for layer in (2, 4)]
        noise = normal_noise(keys[0], len(X), 3, rate, "float64")
        keep = keep_mask(keys[1], len(X), 5, 1 - rate, 1 / (1 - rate), "float64")
        now |= {"x": X, "y": np.eye(2)[Y], "w": w, "noise0": noise, "keep1": keep}
        now |= {"learning_rate": 0.1, "momentum": rate, "weight_decay": rate}
        now |= checks.call(program, "step", now)
    for name in names:
        net.values.by_name[name][...] = now[name]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@by_every_schedule
def test_random_numbers_of_a_schedule_are_the_same_in_plain_loops(schedule, dtype):
    program = Program(Description(3, layers_with(schedule), dtype=dtype), optimizer_with(schedule))
    work, engine = work_for(program, 23, batch=5), PlainEngine(program)
    assert_same_gradients(program, work, engine)
    assert_same_training(program, work, engine)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_random_numbers_of_a_schedule_are_the_same_in_compiled_loops(dtype):
    layers = layers_with(gn.CosLog4(0.5))
    program = Program(Description(3, layers, dtype=dtype), optimizer_with(gn.OneCycle(0.9)))
    work, engine = work_for(program, 23, batch=5), NumbaEngine(program)
    assert_same_gradients(program, work, engine)
    assert_same_training(program, work, engine)


def numbers_of(layer, row, engine, dtype):
    """Give seven random numbers of a row, read from the slope of the weights behind them.

    No other row counts, the error is 1, and what goes in is 1 for factors and 0 for noise.
    """
    layers = (gn.Dense(7, bias=False), layer, gn.Dense(1, bias=False))
    program = Program(Description(1, layers, "half_squared_error_sum", dtype), gn.SGD(0.1))
    work = work_for(program, rows=300, batch=300, shuffle=False)
    counts = (np.arange(300) == row).astype(dtype)
    work = Work(np.ones_like(work.x), -np.ones_like(work.y), counts, work.batches, 7, 2)
    values = Values(program)
    values.by_name["W1"][:] = isinstance(layer, gn.Dropout)
    _, slopes = engine(program).gradients(work, values)
    return slopes[7:]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "layer",
    [kind(amount) for kind in (gn.Dropout, gn.GaussianNoise) for amount in (0.3, gn.Cosine(0.3))],
    ids=repr,
)
def test_random_numbers_have_the_same_bits_on_every_engine(layer, dtype):
    for row in (0, 1, 255, 256, 299):
        found = numbers_of(layer, row, NumpyEngine, dtype)
        np.testing.assert_array_equal(numbers_of(layer, row, NumbaEngine, dtype), found)
        assert len(set(found.tolist())) > 1


def test_the_trace_and_the_check_of_gradients_take_what_the_fit_begins_with():
    net = network_with(gn.WarmUp(gn.Cosine(0.5), 0.5, first=0.5))
    trace = net.trace(X, Y, optimizer=optimizer_with(gn.Cosine(0.5)))
    assert float(trace["momentum"]) == 0.5
    keep = keep_mask(mask_key(net.seed, 0, 4), len(X), 5, 0.75, 1 / 0.75, "float64")
    np.testing.assert_array_equal(trace["keep1"], keep)
    noise = normal_noise(mask_key(net.seed, 0, 2), len(X), 3, 0.25, "float64")
    np.testing.assert_array_equal(trace["noise0"], noise)
    assert "1/(1 - r) with chance 1 - r, else 0; r by WarmUp" in str(trace.explain("keep1[0, 0]"))
    assert "spread by WarmUp" in str(trace.explain("noise0[0, 0]"))
    assert str(trace.explain("W1'[0, 0]"))
    assert net.check_gradients(X, Y).passed


def test_nudged_gradients_take_the_same_steps():
    how = {"epochs": 3, "batch_size": 16, "optimizer": optimizer_with(gn.Cosine(0.5))}
    exact, nudged = network_with(gn.Cosine(0.5)), network_with(gn.Cosine(0.5))
    exact.fit(X, Y, **how, engine="numpy", verbose=False)
    nudged.fit(X, Y, **how, gradients="nudged", nudge=1e-7, verbose=False)
    np.testing.assert_allclose(nudged.values.parameters, exact.values.parameters, rtol=1e-4)


def test_prediction_knows_nothing_of_chance():
    plain = gn.Network(3, gn.Scale(), gn.Dense(5, "tanh"), gn.Dense(2, "softmax"), random_state=0,
                       dtype="float64")  # fmt: skip
    np.testing.assert_array_equal(network_with(gn.Cosine(0.5)).predict(X), plain.predict(X))


def test_lbfgs_takes_numbers_for_chance_and_no_schedule():
    net = gn.Network(3, gn.Dense(4, "tanh"), gn.Dropout(gn.Cosine(0.5)), gn.Dense(2, "softmax"))
    with pytest.raises(DescriptionError, match="give Dropout a number"):
        net.fit(X, Y, optimizer="lbfgs", verbose=False)
    with pytest.raises(DescriptionError, match="give GaussianNoise a number"):
        network_with(gn.Cosine(0.5)).fit(X, Y, optimizer="lbfgs", verbose=False)
    history = network_with(0.2).fit(X, Y, epochs=5, optimizer="lbfgs", verbose=False)
    assert history.rates == {}


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_the_guard_does_steps_again_with_their_own_rates(engine):
    """The rate grows until the loss is inf: the step is found by training again from a copy."""
    layers = (gn.Dense(5, "relu"), gn.Dropout(gn.FlatCosine(0.5)), gn.Dense(1))
    net = gn.Network(3, *layers, random_state=0)
    optimizer = gn.SGD(gn.Exponential(1e-3, 1e12), momentum=gn.OneCycle(0.9))
    with pytest.raises(NotFiniteError) as caught:
        net.fit(X, X[:, 0], epochs=200, optimizer=optimizer, engine=engine, verbose=False)
    assert "training stopped in epoch " in str(caught.value)
    history = caught.value.history
    assert len(history.rates["rate_keep1"]) == len(history.loss) == history.epochs > 10
    assert np.isfinite(net.predict(X)).all()


# ---------------------------------------------------------------------------------- plateaus

PLATEAUS = [
    Plateau(0.1, patience=2),
    Plateau(0.1, 0.5, 0, cooldown=3),
    Plateau(0.1, 0.5, 1, threshold=0.1),
    Plateau(0.1, 0.5, 1, threshold=0.1, relative=False),
    Plateau(0.1, 0.1, 1, lowest=3e-3),
    Plateau(1e-7, 0.5, 0),
]


def curves():
    random = np.random.RandomState(1)
    yield np.ones(20)
    yield np.linspace(1, 0, 20)
    for _ in range(20):
        yield np.exp(-0.05 * np.arange(60)) + 0.05 * random.standard_normal(60)
    yield [1.0, math.nan, 0.5, math.inf, 0.5, -math.inf, *[0.1] * 9, -1, -1.05, -1.2, -2]


@pytest.mark.parametrize("plateau", PLATEAUS, ids=repr)
def test_a_plateau_is_that_of_the_loops(plateau):
    for losses in curves():
        now = plateau
        for epoch, loss in enumerate(losses):
            now = now.following(float(loss))
            wanted = loops.plateau(plateau, losses[: epoch + 1])
            assert now.rate(0.5) == pytest.approx(wanted, rel=1e-12)


def test_a_plateau_changes_nothing_that_was_known_before():
    first = Plateau(0.1, patience=0)
    second = first.following(1.0)
    assert second.following(1.0).rate(0) == pytest.approx(0.01)
    assert (first.rate(0), second.rate(0)) == (0.1, 0.1)
    assert Stall() == Stall(math.inf, 0, 0)
    assert stalled(Stall(1.0, 3), 2.0, patience=3) == (Stall(1.0, 0), True)


def rates_of(net, schedule, **options):
    how = {"epochs": 40, "batch_size": 10, "optimizer": gn.SGD(schedule), "verbose": False}
    return net.fit(X, Y, **{**how, **options})


@pytest.mark.parametrize("engine", ["numpy", "numba"])
@pytest.mark.parametrize("validation", [None, 0.25])
def test_a_fit_goes_down_by_the_loss_that_it_watches(validation, engine):
    plateau = Plateau(1.0, 0.5, patience=1)
    net = gn.Network("3-4-2 tanh softmax", random_state=0)
    history = rates_of(net, plateau, validation=validation, engine=engine)
    seen = history.loss if validation is None else history.validation_loss
    wanted = [loops.plateau(plateau, seen[:epoch]) for epoch in range(40)]
    np.testing.assert_allclose(history.learning_rate, wanted, rtol=1e-12)
    assert len(set(wanted)) > 3


def test_the_steps_after_a_plateau_are_made_with_the_lower_rate():
    optimizer = gn.SGD(Plateau(2.0, 0.5, 0), momentum=Plateau(0.9, 0.5, 0))
    net = gn.Network("3-4-2 tanh softmax", dtype="float64", random_state=0)
    program, w = net.program(optimizer), np.full((len(X), 1), 1 / len(X))
    now = {p.name: net.values.by_name[p.name].copy() for p in program.parameters}
    now |= {f"velocity_{p.name}": np.zeros(p.shape) for p in program.parameters}
    losses = []
    for _ in range(40):
        rates = {s: loops.plateau(getattr(optimizer, s), losses) for s in program.rate_names}
        now |= checks.call(program, "step", {**now, "x": X, "y": np.eye(2)[Y], "w": w, **rates})
        losses.append(float(now["loss"]))
    history = rates_of(net, 1.0, optimizer=optimizer, batch_size=None, shuffle=False)
    assert len(set(history.learning_rate)) > 2
    np.testing.assert_allclose(history.loss, losses, rtol=1e-12)
    for p in program.parameters:
        np.testing.assert_allclose(net.values.by_name[p.name], now[p.name], rtol=1e-9, atol=1e-12)


def test_a_plateau_is_looked_at_after_each_epoch_however_long_the_engine_may_run(monkeypatch):
    def run():
        net = gn.Network("3-4-2 tanh softmax", random_state=0)
        return rates_of(net, Plateau(1.0, 0.5, 1), engine="numpy"), net.values.parameters

    whole, end = run()
    monkeypatch.setattr(pace, "MOST_STEPS", 1)
    cut, other = run()
    np.testing.assert_array_equal(cut.learning_rate, whole.learning_rate)
    np.testing.assert_array_equal(other, end)


def test_a_plateau_after_a_warm_up_and_in_every_place():
    schedule = gn.WarmUp(Plateau(0.5, 0.5, 1), 0.25)
    optimizer = gn.SGD(schedule, momentum=schedule, weight_decay=gn.Plateau(0.01, patience=0))
    history = rates_of(network_with(schedule), 0.1, optimizer=optimizer, engine="numpy")
    ends = np.arange(1, 41) / 40 - 1 / 160
    down = [loops.plateau(schedule.then, history.loss[:epoch]) for epoch in range(40)]
    wanted = np.array(down) * np.minimum(ends / 0.25, 1)
    np.testing.assert_allclose(history.learning_rate, wanted, rtol=1e-12)
    for name in ("momentum", "spread_noise0", "rate_keep1"):
        np.testing.assert_array_equal(history.rates[name], history.learning_rate)
    decay = [loops.plateau(gn.Plateau(0.01, patience=0), history.loss[:k]) for k in range(40)]
    np.testing.assert_allclose(history.rates["weight_decay"], decay, rtol=1e-12)


def test_a_rate_that_holds_for_an_epoch_is_not_asked_for_at_each_step(monkeypatch):
    asked, rate = [], schedules._OnPlateau.rate
    monkeypatch.setattr(
        schedules._OnPlateau, "rate", lambda self, done: asked.append(done) or rate(self, done)
    )
    net = gn.Network("3-4-2 tanh softmax", random_state=0)
    rates_of(net, Plateau(1.0), batch_size=1, epochs=3, engine="numpy")
    assert 2 <= len(asked) <= 6  # for the steps of an epoch, and for its history


def test_a_plateau_begins_anew_with_each_fit():
    net = gn.Network("3-4-2 tanh softmax", random_state=0)
    first, second = (rates_of(net, Plateau(1.0, 0.5, 1), engine="numpy") for _ in range(2))
    assert first.learning_rate[-1] < 1
    assert second.learning_rate[0] == 1


@pytest.mark.parametrize("steps", [1, 2**18])
def test_the_guard_knows_the_losses_of_the_epochs_that_it_does_again(steps, monkeypatch):
    monkeypatch.setattr(pace, "MOST_STEPS", steps)
    net = gn.Network("3-4-1 relu linear", random_state=0)
    plateau = gn.SGD(0.01, momentum=Plateau(0.9, 0.9, 0), weight_decay=gn.Exponential(1e-3, 1e9))
    with pytest.raises(NotFiniteError) as caught:
        rates_of(net, 0.1, optimizer=plateau, epochs=200, engine="numpy")
    history = caught.value.history
    wanted = [loops.plateau(plateau.momentum, history.loss[:k]) for k in range(history.epochs)]
    np.testing.assert_allclose(history.rates["momentum"], wanted, rtol=1e-12)
    assert history.epochs > 20


def test_a_schedule_of_a_number_is_constant():
    assert schedule_of(0.5) == gn.Constant(0.5)
    assert not gn.Constant(0.5).watches_loss
    assert gn.WarmUp(Plateau(0.1)).watches_loss


def test_logs_have_a_column_for_each_schedule(tmp_path):
    layers = gn.Dense(4, "tanh"), gn.Dropout(gn.Cosine(0.5, 0.1)), gn.Dense(1)
    net = gn.Network(2, *layers, random_state=0)
    optimizer = gn.SGD(gn.Plateau(0.1), momentum=gn.Cosine(0.9, 0.5))
    logs = [
        gn.callbacks.CSVLog(tmp_path / "a.csv"),
        gn.callbacks.JSONLinesLog(tmp_path / "a.jsonl"),
    ]
    X = np.linspace(-1, 1, 16).reshape(8, 2)
    history = net.fit(X, X[:, 0], epochs=3, optimizer=optimizer, callbacks=logs, verbose=False)
    names, *rows = csv.reader((tmp_path / "a.csv").read_text().splitlines())
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert names == ["epoch", "seconds", *history.columns]
    assert sorted(history.rates) == ["momentum", "rate_keep1"]
    for name, numbers in history.rates.items():
        assert len(set(numbers)) == 3
        np.testing.assert_array_equal(history.columns[name], numbers)
        assert [float(row[names.index(name)]) for row in rows] == numbers.tolist()
        assert [line[name] for line in lines] == numbers.tolist()
