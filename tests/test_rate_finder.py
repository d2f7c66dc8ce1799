"""The rate-finder: the steps that it makes, where it ends, what it suggests and how it looks."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.figure import Figure

import glassnet as gn
from glassnet.cli import main
from glassnet.plots import charts, files
from glassnet.rules.optimizers import OPTIMIZERS
from glassnet.rules.randomness import keep_mask, mask_key, order_of_rows
from glassnet.training.rate_finder import smooth, suggested
from glassnet.views import pictures, terminal

RANDOM = np.random.RandomState(0)
X = RANDOM.standard_normal((50, 3))
Y = np.tanh(X[:, :1]) - X[:, 1:2] * X[:, 2:]
WEIGHTS = RANDOM.uniform(0.5, 2, 50)
IRIS = Path(__file__).parent.parent / "data" / "iris.csv"


def network(*layers, dtype="float64"):
    layers = layers or (gn.Dense(6, "tanh"), gn.Dense(1))
    return gn.Network(3, *layers, dtype=dtype, random_state=1)


# ------------------------------------------------------------------------- the steps it makes


def by_hand(net, optimizer, *, start, end, steps, batch, weights=None, seed=1):
    """Train with growing rates in a loop over the program's step; give rates and losses."""
    program = net.program(optimizer)
    step = program.functions["step"]
    given = {name: np.array(net.weights[name]) for name in net.weights}
    zeros = {n: np.zeros_like(given[n.split("_", 1)[1]]) for n in program.state_names}
    carried = [*given.values(), *zeros.values()]
    weights = np.ones(len(X)) if weights is None else weights
    per_epoch = -(-len(X) // batch)
    rates, losses = [], []
    for number in range(steps):
        epoch, position = divmod(number, per_epoch)
        rows = order_of_rows(seed, epoch, len(X))[position * batch : (position + 1) * batch]
        rate = start * (end / start) ** (number / (steps - 1))
        others = optimizer.rates_at(number + 1, 0.0)[1:]
        x, y = X[rows].astype(net.dtype), Y[rows].astype(net.dtype)
        w = (weights[rows] / weights[rows].sum()).astype(net.dtype)[:, None]
        masks = [
            keep_mask(
                mask_key(seed, (epoch << 32) + position, mask.layer),
                len(rows), program.sizes[mask.columns],
                1 - mask.amount, 1 / (1 - mask.amount), net.dtype,
            )
            for mask in program.masks
        ]  # fmt: skip
        loss, *carried = step(x, y, w, *masks, *carried, rate, *others)
        rates.append(rate)
        losses.append(float(loss))
    return rates, losses


LAYERS = {
    "plain": (),
    "batch norm and dropout": (
        gn.Dense(6, "relu"), gn.BatchNorm(), gn.Dropout(0.3), gn.Dense(1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
@pytest.mark.parametrize("optimizer", [gn.SGD(0.5, momentum=0.9), gn.Adam(), gn.NAdam()])
def test_it_makes_the_steps_of_a_loop_by_hand(optimizer, weights, layers):
    net = network(*layers)
    how = {"start": 1e-5, "end": 0.5, "steps": 30}
    found = net.find_learning_rate(
        X, Y, optimizer=optimizer, sample_weight=weights, batch_size=16, explosion=1e9, **how
    )
    rates, losses = by_hand(net, optimizer, batch=16, weights=weights, **how)
    np.testing.assert_allclose(found.rates, rates, rtol=1e-12)
    np.testing.assert_allclose(found.losses, losses, rtol=1e-12)
    assert len(set(losses)) == 30


@pytest.mark.parametrize("name", [n for n in OPTIMIZERS if n != "lbfgs"])
def test_every_optimizer_with_a_rate(name):
    found = network(dtype="float32").find_learning_rate(X, Y, optimizer=name)
    assert found.rates[0] == pytest.approx(1e-7)
    assert found.suggestion is not None
    assert found.losses.dtype == np.float64


def test_the_network_is_not_changed():
    net = network(gn.Dense(6, "relu"), gn.BatchNorm(), gn.Dense(1))
    net.fit(X, Y, epochs=2, optimizer="adam", verbose=False)
    before = {name: value.copy() for name, value in net.values.by_name.items()}
    tally = (net.tally.epochs, net.tally.steps)
    net.find_learning_rate(X, Y, optimizer=gn.Adam())
    net.find_learning_rate(X, Y, optimizer="sgd")
    assert (net.tally.epochs, net.tally.steps) == tally
    assert net.optimizer == gn.Adam()
    for name, value in net.values.by_name.items():
        np.testing.assert_array_equal(value, before[name])


def test_it_begins_with_the_weights_that_the_network_has():
    net = network()
    first = net.find_learning_rate(X, Y, batch_size=None)
    net.fit(X, Y, epochs=50, verbose=False)
    later = net.find_learning_rate(X, Y, batch_size=None)
    assert later.losses[0] == pytest.approx(net.evaluate(X, Y)["loss"])
    assert later.losses[0] < first.losses[0]


def test_the_same_seed_finds_the_same():
    one, other = (network().find_learning_rate(X, Y, random_state=3) for _ in range(2))
    np.testing.assert_array_equal(one.losses, other.losses)
    another = network().find_learning_rate(X, Y, random_state=4)
    assert another.losses[0] != one.losses[0]
    in_order = network().find_learning_rate(X, Y, shuffle=False, batch_size=10)
    first = network().evaluate(X[:10], Y[:10])["loss"]
    assert in_order.losses[0] == pytest.approx(first)


# ---------------------------------------------------------------------------- where it ends


def test_the_running_mean_is_that_of_the_formula():
    losses = RANDOM.uniform(1, 2, 20)
    for t, mean in enumerate(smooth(losses, 0.9), start=1):
        parts = 0.9 ** np.arange(t)[::-1]
        assert mean == pytest.approx(np.sum(parts * losses[:t]) / np.sum(parts))
    np.testing.assert_array_equal(smooth(losses, 0.0), losses)
    found = network().find_learning_rate(X, Y, smoothing=0.5)
    np.testing.assert_array_equal(found.smoothed, smooth(found.losses, 0.5))


def test_it_ends_where_the_loss_explodes():
    found = network().find_learning_rate(X, Y, optimizer="sgd", end=1000.0)
    lowest = np.minimum.accumulate(found.smoothed)
    assert found.smoothed[-1] > 4 * lowest[-1]
    assert (found.smoothed[:-1] <= 4 * lowest[:-1]).all()
    steps = len(found.rates)
    words = f"it ended after {steps} of 100 steps, as the loss grew to 4 times its lowest"
    assert words in found.reason
    later = network().find_learning_rate(X, Y, optimizer="sgd", end=1000.0, explosion=1e6)
    assert len(later.rates) > steps


def test_a_loss_that_is_not_finite_is_no_error():
    net = network(dtype="float32")
    found = net.find_learning_rate(X, Y, optimizer="sgd", start=0.01, end=1e30, explosion=1e300)
    assert np.isfinite(found.losses).all()
    assert len(found.losses) < 100
    assert "as the next loss was not finite" in found.reason


def test_a_first_loss_that_is_not_finite_leaves_nothing_to_suggest():
    net = network(dtype="float32")
    found = net.find_learning_rate(X, 1e30 * Y)
    assert (len(found.rates), found.suggestion) == (0, None)
    assert str(found).startswith("learning rate none: the first loss is not finite")
    with pytest.raises(gn.DataError, match="nothing to draw"):
        pictures.learning_rate(found)


# ------------------------------------------------------------------------- what it suggests


def test_of_a_parabola_it_suggests_a_rate_that_converges():
    """w − y of one weight shrinks by 1 − 2·rate a step: beyond a rate of 1 it grows."""
    net = gn.Network(1, gn.Dense(1, bias=False), dtype="float64", random_state=0)
    x, y = np.ones((8, 1)), np.full((8, 1), 5.0)
    found = net.find_learning_rate(x, y, optimizer="sgd", start=1e-4, end=100.0)
    assert 0.01 < found.suggestion < 1
    error = net.weights["W1"][0, 0] - 5
    for rate, loss in zip(found.rates, found.losses, strict=True):
        assert loss == pytest.approx(error**2, rel=1e-6)
        error *= 1 - 2 * rate
    assert "ended" in found.reason


def test_the_suggestion_is_the_middle_of_the_steepest_tenth():
    rates = 10.0 ** np.linspace(-5, 0, 51)
    falling = 2 - 1.5 / (1 + np.exp(-4 * (np.log10(rates) + 2)))  # steepest at 1e-2
    losses = np.where(rates > 10**-0.5, 10.0, falling)
    found, reason = suggested(rates, losses, 10)
    assert found == pytest.approx(1e-2)
    assert reason == "the loss falls fastest there"
    # A jump down that comes after the lowest loss, from an explosion, is none that helps.
    again = losses.copy()
    again[-1] = 1.0
    assert suggested(rates, again, 10)[0] == found


def test_where_the_loss_does_not_fall_nothing_is_suggested():
    rates = 10.0 ** np.arange(-5.0, 1)
    for losses in (np.ones(6), np.arange(1.0, 7), np.array([1, 0.999, 1, 1, 1, 1])):
        assert suggested(rates, losses, 2) == (None, "the loss does not fall at any rate")
    net = gn.Network(1, gn.Dense(1, bias=False), random_state=0)
    nothing = net.find_learning_rate(np.zeros((8, 1)), np.ones(8))
    assert str(nothing) == (
        "learning rate none: the loss does not fall at any rate; every rate was tried"
    )


def test_the_first_means_are_of_too_few_losses_to_fall():
    rates = 10.0 ** np.linspace(-7, 1, 100)
    losses = np.concatenate([[3.0, 2.0, 1.5], np.ones(60), np.linspace(1, 0.5, 20), np.ones(17)])
    found, _ = suggested(rates, losses, 10)
    assert rates[62] < found < rates[83]


def test_not_above_a_tenth_of_the_rate_of_the_lowest_loss():
    rates = 10.0 ** np.linspace(-5, 0, 51)
    late = np.concatenate([np.ones(40), np.linspace(1, 0.2, 5), np.full(6, 9.0)])
    found, reason = suggested(rates, late, 5)
    assert found == pytest.approx(rates[44] / 10)
    assert reason == "a tenth of the rate at which the loss is lowest"


@pytest.mark.parametrize("seed", range(8))
def test_chance_alone_suggests_nothing(seed):
    X, y = gn.datasets.spiral()  # 300 rows, a hundred steps of 32: nothing is learnt so soon
    found = gn.Network("2-64-3 relu softmax", random_state=seed).find_learning_rate(X, y)
    assert found.suggestion is None, found


def test_what_is_learnt_within_the_steps_suggests_a_usual_rate():
    X, y = gn.datasets.gauss(1000, noise=2)
    nets = [gn.Network("2-16-2 relu softmax", random_state=seed) for seed in range(8)]
    found = [net.find_learning_rate(X, y).suggestion for net in nets]
    rates = [rate for rate in found if rate is not None]
    assert len(rates) >= 6  # some first weights know it nearly all: no fall is left to be seen
    assert all(1e-3 < rate < 0.2 for rate in rates), found


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"start": 0}, "start must be a number above 0, got 0"),
        ({"end": -1.0}, "end must be a number above 0"),
        ({"start": 1.0, "end": 1.0}, "start must be below end, got start=1.0, end=1.0"),
        ({"steps": 9}, "steps must be a whole number from 10 up, got 9"),
        ({"smoothing": 1.0}, "smoothing must be"),
        ({"explosion": 1}, "explosion must be a number above 1"),
        ({"optimizer": "lbfgs"}, r"LBFGS\(\) has no learning rate to be found"),
        ({"optimizer": "adma"}, "adma"),
        ({"batch_size": 0}, "batch_size must be"),
        ({"random_state": -1}, "random_state must be"),
    ],
)
def test_options_out_of_range_are_refused(options, words):
    with pytest.raises(gn.DescriptionError, match=words):
        network().find_learning_rate(X, Y, **options)


def test_rows_that_do_not_fit_are_refused():
    with pytest.raises(gn.DataError):
        network().find_learning_rate(X[:, :2], Y)


def test_it_takes_what_fit_takes():
    fit, find = (
        inspect.signature(f).parameters for f in (gn.Network.fit, gn.Network.find_learning_rate)
    )
    for name in set(fit) & set(find):
        assert find[name] == fit[name]


# ------------------------------------------------------------------------------ how it looks


@pytest.fixture(scope="module")
def finding():
    return network().find_learning_rate(X, Y, optimizer="sgd")


def test_the_picture_holds_what_was_found(finding):
    (chart,) = pictures.learning_rate(finding).charts
    smoothed, each, mark = chart.marks
    assert chart.log_x
    np.testing.assert_array_equal(smoothed.x, finding.rates)
    np.testing.assert_array_equal(smoothed.y, finding.smoothed)
    np.testing.assert_array_equal(each.y, finding.losses)
    assert mark.x.tolist() == [finding.suggestion]
    assert min(finding.smoothed) <= mark.y[0] <= max(finding.smoothed[:-1])
    low, high = chart.ranges()[1]
    assert low < min(finding.smoothed) < max(finding.smoothed[:-1]) < high
    assert high < max(finding.losses)  # the explosion leaves the picture


def test_the_terminal_shows_powers_of_ten_and_the_mark(finding):
    text = terminal.draw(pictures.learning_rate(finding, title="rate"), width=76, height=12)
    for word in ("1e-7", "1e-3", "learning rate", f"x suggested {finding.suggestion:.2g}", "rate"):
        assert word in text
    field = text.splitlines()[2:14]
    (row,) = (row for row in field if "x" in row)
    low, high = np.log10(finding.rates[[0, -1]])
    share = (np.log10(finding.suggestion) - low) / (high - low)
    start = row.index("│") if "│" in row else row.index("┤")
    assert (row.index("x") - start) / (76 - start) == pytest.approx(share, abs=0.03)


def test_a_file_has_a_log_axis_and_the_mark(finding, tmp_path):
    axes = Figure().subplots()
    charts.draw_chart(axes, pictures.learning_rate(finding).charts[0])
    assert axes.get_xscale() == "log"
    assert axes.get_yscale() == "linear"
    offsets = [c.get_offsets().tolist() for c in axes.collections]
    assert [finding.suggestion] in [[o[0] for o in found] for found in offsets]
    path = files.save(pictures.learning_rate(finding), tmp_path / "rate.png")
    assert path.stat().st_size > 5000


def command(*words):
    return CliRunner().invoke(main, ["rate", *map(str, words)])


def test_the_command_shows_the_picture_and_the_suggestion(tmp_path):
    out = tmp_path / "rate.svg"
    result = command(IRIS, "--target", "species", "--out", out)
    assert result.exit_code == 0, result.output
    net = gn.Network("4-16-3 relu softmax", random_state=0)
    for words in ("rows    120 for training, 30 held out", str(net).split(",")[0], "1e-5", "saved"):
        assert words in result.output
    *_, sentence, following = result.output.strip().splitlines()
    rate = float(sentence.split()[2].rstrip(":"))
    assert following == f"next    glassnet fit … --learning-rate {rate:.2g}"
    assert 1e-3 < rate < 1
    assert out.read_text().startswith("<?xml")


def test_the_command_takes_every_option_into_account():
    usual = command(IRIS, "--target", "species").output
    others = {"--seed": 1, "--steps": 20, "--batch-size": 8, "--optimizer": "sgd", "--held-out": 0}
    others |= {"--without": "petal_length", "--network": "4-5-3 tanh softmax"}
    for option, value in others.items():
        changed = command(IRIS, "--target", "species", option, value)
        assert changed.exit_code == 0, changed.output
        assert changed.output.splitlines()[5:] != usual.splitlines()[5:], option


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--out", "rate.txt"), "a picture is saved as .png, .svg, .pdf, got 'rate.txt'"),
        (("--out", "nowhere/rate.png"), "there is no folder 'nowhere'"),
        (("--optimizer", "lbfgs"), "LBFGS() has no learning rate to be found"),
        (("--steps", "5"), "'5' is not a whole number from 10 up"),
    ],
)
def test_the_command_refuses(words, sentence):
    result = command(IRIS, "--target", "species", *words)
    assert result.exit_code == 2
    assert sentence in result.output
