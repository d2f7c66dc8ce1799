"""The command: each sub-command's good path, and every bad file or option as one sentence."""

from __future__ import annotations

import csv
import os
import re
import resource
import signal
import subprocess
import sys
import warnings
from inspect import signature
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import glassnet as gn
from glassnet.cli import main
from glassnet.rules.activations import ACTIVATIONS
from glassnet.rules.initializers import INITIALIZERS
from glassnet.rules.layers import LAYERS
from glassnet.rules.losses import LOSSES
from glassnet.rules.optimizers import OPTIMIZERS
from glassnet.rules.schedules import SCHEDULES

ROOT = Path(__file__).parent.parent
# Before 8.2, click kept stderr apart on request only; since then it always does.
APART = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}
RUNNER = CliRunner(**APART)
IRIS = str(ROOT / "data" / "iris.csv")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model that was trained on iris.csv by the command."""
    path = tmp_path_factory.mktemp("model") / "iris.safetensors"
    assert (
        run("fit", IRIS, "--target", "species", "--engine", "numpy", "--out", path).exit_code == 0
    )
    return str(path)


def run(*words, **options):
    """Run the command in this process."""
    return RUNNER.invoke(main, [str(word) for word in words], **options)


def good(*words, **options) -> str:
    """Run the command, which must succeed; give what it prints.

    On stderr there is nothing but the progress of a training that takes long.
    """
    result = run(*words, **options)
    assert result.exit_code == 0, result.output
    assert all(line.startswith("epoch ") for line in result.stderr.splitlines())
    return result.stdout


def refused(*words) -> str:
    """Run the command, which must refuse with one sentence on stderr; give the sentence."""
    result = run(*words)
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("glassnet: ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.output
    return result.stderr


def process(*words, **options):
    """Run the command as a process of its own."""
    path = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1", **options.pop("env", {})}
    return subprocess.Popen(
        [sys.executable, "-m", "glassnet.cli", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment,
        **options,
    )


def rows_of(path):
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# ------------------------------------------------------------------------------------ help


def test_without_a_command_it_helps():
    assert "Commands:" in good()


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_has_a_summary_and_an_example(name):
    text = good(name, "--help")
    assert f"glassnet {name}" in text.split("Options:")[0].split("\n", 1)[1]
    summary = main.commands[name].get_short_help_str(60)
    assert not summary.endswith("...")


def test_every_example_in_the_help_can_be_read():
    for name, command in main.commands.items():
        for line in re.findall(rf"^ *glassnet {name}.*$", command.help, re.MULTILINE):
            words = re.findall(r'"[^"]*"|\S+', line.strip().split("  ")[0])
            context = command.make_context(name, [word.strip('"') for word in words[2:]])
            assert context.params is not None


# ------------------------------------------------------------------------------------ show


def test_show_gives_every_line_its_shape_and_its_numbers():
    text = good("show", "2-3-1 sigmoid", "--data", "exam", env={"COLUMNS": "100"})
    trace = gn.Network("2-3-1 sigmoid", random_state=0).trace(*gn.datasets.exam())
    for line in trace.lines:
        shown = next(row for row in text.splitlines() if row.strip().startswith(line.text))
        assert line.text in shown
    a1 = next(row for row in text.splitlines() if "a1 = sigmoid(z1)" in row)
    assert "(3, 3)" in a1
    assert a1.endswith("  " + " ".join(f"{value:.4g}" for value in trace["a1"][0]))
    for phase in ("given", "forward", "loss", "backward", "update"):
        assert phase in text.splitlines()


def test_show_takes_numbers_after_the_update_from_after_the_update():
    text = good("show", "2-1 sigmoid", "--data", "exam", "--learning-rate", "100")
    trace = gn.Network("2-1 sigmoid", random_state=0).trace(
        *gn.datasets.exam(), optimizer=gn.SGD(100)
    )
    row = next(row for row in text.splitlines() if "b1 = b1 - " in row)
    assert row.endswith(f"{trace.after('b1')[0]:.4g}")


def test_show_shows_the_row_that_is_asked_for():
    X, _ = gn.datasets.exam()
    text = good("show", "2-3-1 sigmoid", "--data", "exam", "--row", "2")
    x = next(row for row in text.splitlines() if row.startswith("  x "))
    assert x.split()[-2:] == [f"{value:g}" for value in X[2]]


def test_show_explains_one_number():
    trace = gn.Network("2-3-1 sigmoid", random_state=0).trace(*gn.datasets.exam())
    usual = good("show", "2-3-1 sigmoid", "--data", "exam")
    assert usual.endswith(f"\n\n{trace.explain('dW1[0, 0]')}\n")
    asked = good("show", "2-3-1 sigmoid", "--data", "exam", "--explain", "dW2[1, 0]")
    assert asked.endswith(f"\n\n{trace.explain('dW2[1, 0]')}\n")


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 160])
def test_show_fits_into_the_terminal(columns):
    text = good("show", "2-30-1 sigmoid", "--data", "exam", env={"COLUMNS": str(columns)})
    listing = text.split("\n\n")[0].splitlines()
    assert max(map(len, listing)) <= columns
    assert any(row.endswith(" …") for row in listing)


def test_show_says_that_columns_are_scaled(model):
    words = ["--data", IRIS, "--target", "species"]
    text = good("show", "4-3 softmax", *words, env={"COLUMNS": "200"})
    title = "iris.csv, columns scaled to mean 0, spread 1, row 0 shown"
    assert text.splitlines()[0].endswith(title)
    text = good("show", model, "--data", IRIS, env={"COLUMNS": "200"})
    assert text.splitlines()[0].endswith("iris.csv, columns scaled as in training, row 0 shown")
    assert "scaled" not in good("show", "2-3-1 sigmoid", "--data", "exam")


def test_show_and_check_write_no_minus_before_zero():
    zeros = ["1-1 relu", "--data", "line", "--loss", "mean_squared_error"]
    for seed in range(4):
        for command in ("show", "check"):
            text = good(command, *zeros, "--seed", seed).split("\n\n")[0]
            assert not re.search(r"-0(?![.\d])", text)


def test_show_explains_before_it_prints():
    result = run("show", "2-3-1 sigmoid", "--data", "exam", "--explain", "foo")
    assert (result.exit_code, result.stdout) == (2, "")


def test_show_fits_onto_one_screen():
    text = good("show", "2-3-1 sigmoid", "--data", "exam", env={"COLUMNS": "100"})
    assert len(text.splitlines()) <= 50


def test_show_takes_a_table_and_an_optimizer():
    text = good(
        *("show", "4-5-3 relu softmax", "--data", IRIS, "--target", "species"),
        *("--optimizer", "adam", "--rows", "10"),
    )
    assert "adam(W1, dW1, mean_W1, square_W1" in text
    assert "(10, 4)" in text


def test_show_takes_a_saved_model(model):
    assert "softmax" in good("show", model, "--data", IRIS)


def test_show_without_data_takes_random_numbers():
    assert "random numbers" in good("show", "5-4-3 relu softmax")
    assert good("show", "5-4-3 tanh") == good("show", "5-4-3 tanh")
    assert good("show", "5-4-3 tanh") != good("show", "5-4-3 tanh", "--seed", "1")


def test_colours_only_where_somebody_sees_them(monkeypatch):
    words = ["show", "2-1 sigmoid", "--data", "exam"]
    assert "\x1b[" not in good(*words)
    assert "\x1b[" in good(*words, color=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in good(*words, color=True)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["show", "2-3-1 sigmod"], "did you mean 'sigmoid'?"),
        (["show", "2-3-1"], "no activation given"),
        (["show", "2-3-1 sigmoid", "--data", "exm"], "did you mean 'exam'?"),
        (["show", "2-3-1 sigmoid", "--data", "no.csv", "--target", "y"], "no.csv"),
        (["show", "2-3-1 sigmoid", "--data", "exam", "--row", "3"], "rows 0 to 2"),
        (["show", "2-3-1 sigmoid", "--data", "exam", "--explain", "dW9[0, 0]"], "dW9"),
        (["show", "2-3-1 sigmoid", "--data", "exam", "--explain", "dW1[0, 7]"], "dW1"),
        (["show", "3-1 sigmoid", "--data", "exam"], "3"),
        (["show", "4-3 softmax", "--data", IRIS], "--target sepal_length|"),
        (["show", "4-3 softmax", "--data", IRIS, "--target", "specie"], "'species'"),
        (["show", "2-1 sigmoid", "--optimizer", "lbfgs", "--learning-rate", "1"], "lbfgs"),
        (["show", "2-1 sigmoid", "--learning-rate", "-1"], "'-1' is not a number above 0"),
        (["show", "2-1 sigmoid", "--learning-rate", "fast"], "'fast' is not a number above 0"),
        (["show", "2-1 sigmoid", "--rows", "abc"], "'abc' is not a whole number from 1 to 100000"),
        (["show", "2-1 sigmoid", "--rows", "100001"], "is not a whole number from 1 to 100000"),
        (["show", "2-1 sigmoid", "--row", "-1"], "'-1' is not a whole number from 0 up"),
        (["show", "2-1 sigmoid", "--explain", ""], "''"),
        (["show", "60000-60000 relu"], "has 3,600,060,000 weights"),
        (["show", "2-3-1 sigmoid", "--data", "spiral"], "end the network in 3 and softmax"),
        (["show", "4-1 linear", "--data", IRIS, "--target", "species"], "3 and softmax"),
        (["show", "2-1 sigmoid", "--data", "exam", "--without", "a"], "--data"),
        (["show", "2-3 softmax", "--data", IRIS, "--target", "species", "--without", "a"], "'a'"),
        (["show", "2-1 sigmoid", "--loss", "mse"], "mean_squared_error"),
        (["show", "2-1 sigmoid", "--optimizer", "adm"], "adam"),
        (["show", "nothing.safetensors"], "nothing.safetensors"),
        (["show"], "NETWORK"),
        (["show", "2-1 sigmoid", "--sed", "3"], "--seed"),
    ],
)
def test_show_refuses(words, sentence):
    assert sentence in refused(*words)


# ------------------------------------------------------------------------------------ draw


def drawn(*words):
    """Draw, and give the numbers of the drawing by name."""
    svg = good("draw", *words)
    found = re.findall(r"([A-Za-z]\w*\[[\d, ]+\]) = ([^\s<,]+)", svg)
    return {name: float(value.replace("−", "-")) for name, value in found}


def test_draw_prints_the_weights():
    numbers = drawn("2-3-1 sigmoid", "--seed", "3")
    net = gn.Network("2-3-1 sigmoid", random_state=3)
    assert len(numbers) == 6 + 3 + 3 + 1
    assert numbers["W1[1, 2]"] == pytest.approx(net.weights["W1"][1, 2], rel=1e-6)


def test_draw_takes_a_row_of_a_data_set(folder):
    X, y = gn.datasets.exam()
    net = gn.Network("2-3-1 sigmoid", random_state=0)
    numbers = drawn("2-3-1 sigmoid", "exam", "--row", "2")
    assert numbers["a2[2, 0]"] == pytest.approx(net.predict(X)[2, 0], rel=1e-6)
    assert "dW1[0, 0]" not in numbers
    text = good("draw", "2-3-1 sigmoid", "exam", "--gradients", "--out", "net.svg")
    assert text == "net.svg: 2-3-1 sigmoid, 6 neurons, 9 weights; row 0 of exam\n"
    assert Path("net.svg").read_text(encoding="utf-8") == net.draw(X, y, gradients=True).svg


def test_draw_takes_a_model_and_a_table(model, folder):
    net = gn.load(model)
    table = gn.table.Table.read(IRIS)
    X = net.preparation.features_of(table)
    numbers = drawn(model, IRIS, "--row", "17")
    for j, value in enumerate(net.predict(X)[17]):
        assert numbers[f"a2[17, {j}]"] == pytest.approx(value, rel=1e-5)
    svg = good("draw", model, IRIS, "--row", "17")
    for name in ("petal_length", "virginica"):
        assert f"</title>{name}</text>" in svg
    good("draw", model, IRIS, "--out", "net.html")
    assert Path("net.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_draw_needs_no_target_to_predict(model, folder):
    lines = Path(IRIS).read_text(encoding="utf-8").splitlines()
    Path("new.csv").write_text("\n".join(line.rpartition(",")[0] for line in lines))
    assert "a2[5, 0]" in drawn(model, "new.csv", "--row", "5")
    assert "'species'" in refused("draw", model, "new.csv", "--gradients")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["2-3-1 sigmoid", "--row", "0"], "--row is about rows: name a data set or CSV file"),
        (["2-3-1 sigmoid", "--gradients"], "--gradients is about rows"),
        (["2-3-1 sigmoid", "--target", "y"], "--target is about rows"),
        (["2-3-1 sigmoid", "exam", "--row", "3"], "no row 3: exam has the rows 0 to 2"),
        (["2-3-1 sigmoid", "exam", "--row", "-1"], "'-1' is not a whole number from 0 up"),
        (["2-3-1 sigmoid", "exm"], "did you mean 'exam'?"),
        (["2-3-1 sigmoid", "exam", "--out", "a.png"], "saved as a .svg or .html file"),
        (["2-3-1 sigmoid", "exam", "--out", "none/a.svg"], "there is no folder 'none'"),
        (["2-3-1 sigmoid", "exam", "--target", "y"], "--target names columns of a CSV file"),
        (["2-3-1 sigmoid", "exam", "--without", "y"], "--without names columns of a CSV file"),
        (["3-3-1 sigmoid", "exam"], "X has 2 features, but this network is expecting 3"),
        (["4-3-1 sigmoid", IRIS], "name the column that is wanted: --target"),
        (["4-3-1 sigmoid", IRIS, "--target", "specis"], "did you mean 'species'?"),
        (["4-3-1 sigmoid", IRIS, "--target", "species", "--gradients"], "has 3 classes, which one"),
        (["2-3-1 sigmoid", "--most", "17"], "'17' is not a whole number from 1 to 16"),
        (["2-3-1 sigmoid", "none.csv"], "cannot read 'none.csv'"),
        (["2-3-1 sigmid"], "did you mean 'sigmoid'?"),
    ],
)
def test_draw_refuses_what_cannot_be_drawn(folder, words, told):
    assert told in refused("draw", *words)


def test_draw_refuses_columns_that_the_model_knows(model):
    assert "leave --target out" in refused("draw", model, IRIS, "--target", "species")
    assert "leave --without out" in refused("draw", model, IRIS, "--without", "species")


# ------------------------------------------------------------------------- fit and predict


def test_fit_trains_tests_and_saves(folder):
    text = good("fit", IRIS, "--target", "species", "--engine", "numpy")
    assert "150 rows, 4 columns" in text
    assert "3 classes: setosa, versicolor, virginica" in text
    assert "120 for training, 30 held out" in text
    assert "engine  numpy: asked for" in text
    accuracy, guess = map(float, re.findall(r"([0-9.]+)%", text))
    assert accuracy >= 90
    assert guess == pytest.approx(33.3)
    assert gn.load("iris.safetensors").preparation.target == "species"


def test_fit_says_on_how_many_threads_it_ran(folder):
    words = ("fit", IRIS, "--target", "species", "--engine", "numpy", "--epochs", "2")
    assert "engine  numpy on 2 threads: asked for" in good(*words, "--threads", "2")
    assert "engine  numpy: asked for" in good(*words, "--threads", "1")
    assert "from 1 up" in refused(*words, "--threads", "0")
    assert "leave --threads out" in refused(*words, "--threads", "2", "--folds", "3")


def test_fit_is_the_same_on_every_run(folder):
    words = ["fit", IRIS, "--target", "species", "--engine", "numpy", "--epochs", "3"]
    good(*words, "--out", "a.safetensors")
    good(*words, "--out", "b.safetensors")
    good(*words, "--seed", "1", "--out", "c.safetensors")
    first, second, other = (gn.load(f"{name}.safetensors").weights["W1"] for name in "abc")
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_fit_learns_a_number(folder):
    X, y = gn.datasets.sine(200)
    lines = [f"{x},{value}" for (x,), (value,) in zip(X, 100 + 10 * y, strict=True)]
    Path("sine.csv").write_text("\n".join(["x,y", *lines]), encoding="utf-8")
    text = good(
        *("fit", "sine.csv", "--target", "y", "--network", "1-20-1 tanh linear"),
        *("--optimizer", "lbfgs", "--epochs", "200"),
    )
    assert "target  y, a number" in text
    share = float(re.search(r"R² ([0-9.]+)", text)[1])
    error, guess = map(
        float, re.search(r"RMSE (\S+) \(always saying the mean: (.*)\)", text).groups()
    )
    assert share > 0.999
    assert error < 0.3 < 5 < guess < 10
    text = good("predict", "sine.safetensors", "sine.csv", "--out", "out.csv")
    assert float(re.search(r"RMSE (\S+)", text)[1]) < 0.3
    predicted = np.array([float(row["y"]) for row in rows_of("out.csv")])
    assert predicted == pytest.approx(100 + 10 * y[:, 0], abs=1)


def test_fit_takes_one_output_for_two_classes(folder):
    good("data", "gauss", "--out", "gauss.csv")
    text = good(
        "fit", "gauss.csv", "--target", "cloud", "--network", "2-1 sigmoid", "--epochs", "20"
    )
    assert "binary_cross_entropy" in text
    assert float(re.search(r"accuracy ([0-9.]+)%", text)[1]) > 95
    good("predict", "gauss.safetensors", "gauss.csv", "--out", "out.csv")
    rows = rows_of("out.csv")
    assert {row["cloud"] for row in rows} == {"0", "1"}
    assert all(0.5 <= float(row["probability"]) <= 1 for row in rows)


def test_fit_uses_every_row_where_none_is_held_out(folder):
    text = good("fit", IRIS, "--target", "species", "--held-out", "0", "--epochs", "1")
    assert "150 for training, 0 held out" in text
    assert "accuracy" not in text


@pytest.mark.parametrize("name", SCHEDULES)
def test_fit_takes_every_schedule_from_the_rate_that_is_given(name, folder):
    words = ("fit", IRIS, "--target", "species", "--engine", "numpy", "--epochs", "2")
    for rate in (None, 0.02):
        given = () if rate is None else ("--learning-rate", str(rate))
        good(*words, "--schedule", name.lower(), *given)
        schedule = gn.load("iris.safetensors").optimizer.learning_rate
        assert schedule == SCHEDULES[name](rate or 0.01)
    good(*words, "--schedule", name, "--optimizer", "adadelta")
    assert gn.load("iris.safetensors").optimizer == gn.Adadelta(SCHEDULES[name](1.0))


def test_fit_can_be_quiet(folder):
    assert good("fit", IRIS, "--target", "species", "--epochs", "1", "--quiet") == ""
    assert Path("iris.safetensors").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "--target sepal_length|sepal_width|petal_length|petal_width|species"),
        (["--target", "specis"], "'species'"),
        (["--target", "species", "--network", "3-3 softmax"], "begin it with 4-"),
        (["--target", "species", "--network", "4-2 softmax"], "ends in 3 and softmax"),
        (["--target", "species", "--network", "4-3 linear"], "ends in 3 and softmax"),
        (["--target", "sepal_width"], "text"),
        (["--target", "species", "--epochs", "0"], "--epochs"),
        (["--target", "species", "--held-out", "1"], "--held-out"),
        (["--target", "species", "--engine", "cuda"], "numba"),
        (["--target", "species", "--optimizer", "lbfgs", "--batch-size", "8"], "--batch-size"),
        (["--target", "species", "--learning-rate", "-1"], "'-1' is not a number above 0"),
        (["--target", "species", "--network", "4-3 sofmax"], "did you mean 'softmax'?"),
        (["--target", "species", "--network", ""], "cannot read ''"),
        (["--target", "species", "--network", "4-16000000-16000000-3 relu softmax"], "weights"),
        (["--target", "species", "--out", ""], ".safetensors"),
        (["--target", "species", "--held-out", "nan"], "'nan' is not a number from 0 up to"),
        (["--target", "species", "--epochs", "abc"], "'abc' is not a whole number from 1 up"),
        (["--target", "species", "--seed", "-1"], "not a whole number from 0 to 4294967295"),
        (["--target", "species", "--without", "specis"], "did you mean 'species'?"),
        (["--target", "species", "--without", "species"], "is the target"),
        (["--target", "species", "--out", "no/folder/m.safetensors"], "no/folder"),
        (["--target", "species", "--out", "model.pickle"], "model.pickle"),
        (["--target", "species", "--learning-rate", "nan"], "--learning-rate"),
        (["--target", "species", "--schedule", "cosin"], "did you mean 'cosine'?"),
        (["--target", "species", "--schedule", "cosine", "--optimizer", "lbfgs"], "--schedule out"),
    ],
)
def test_fit_refuses_before_it_prints_anything(words, sentence, folder):
    assert sentence in refused("fit", IRIS, *words)
    assert run("fit", IRIS, *words).stdout == ""


@pytest.mark.parametrize("target", ["species", "petal_width"])
def test_fit_draws_a_page(folder, target):
    words = ("--target", target, *(() if target == "species" else ("--without", "species")))
    text = good("fit", IRIS, *words, "--epochs", 5, "--plot", "page.png")
    assert text.splitlines()[-1] == "plot    page.png"
    assert Path("page.png").read_bytes().startswith(b"\x89PNG")
    good("fit", IRIS, *words, "--epochs", 5, "--held-out", 0, "--plot", "page.svg")
    assert "matplotlib" in Path("page.svg").read_text(encoding="utf-8")


def test_fit_says_where_a_plot_lacks_letters(folder):
    rows = [f"{n},{chr(0x13000) if n < 10 else 'b'}" for n in range(20)]  # in no usual font
    Path("letters.csv").write_text("\n".join(["x,y", *rows]), encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lines = good("fit", "letters.csv", "--target", "y", "--plot", "page.png").splitlines()
    note = "note    letters of some names are missing: no font that is installed has them"
    assert lines[-2:] == ["plot    page.png", note]


def test_fit_draws_while_it_trains(folder, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("glassnet.plots.screens.has_display", lambda: False)
    words = ("fit", IRIS, "--target", "species", "--epochs", 4)
    assert good(*words, "--live").splitlines()[-1] == "plot    live.gif"
    assert good(*words, "--plot", "a.gif").splitlines()[-1] == "plot    a.gif"
    for path in ("live.gif", "a.gif"):
        with Image.open(path) as image:
            assert image.n_frames == 4
    assert "a plot is saved as a .png or .svg or .pdf or .gif file" in refused(
        *words, "--plot", "a.jpg"
    )
    for option in (("--live",), ("--plot", "a.png")):
        assert f"leave {option[0]} out" in refused(*words, *option, "--folds", 3)


def test_fit_in_folds_prints_scores_with_mean_and_spread_and_saves_nothing(folder):
    words = ("fit", IRIS, "--target", "species", "--folds", 5, "--seed", 3)
    text = good(*words)
    found = gn.cross_validate(
        "4-16-3 relu softmax",
        gn.Table.read(IRIS),
        "species",
        optimizer=gn.Adam(0.01),
        metrics="accuracy",
        random_state=3,
    )
    assert str(found) in text
    assert "guess   accuracy 33.3% by always saying the most frequent label" in text
    assert "150 rows, 4 columns" in text
    assert f"engine  {found.engine}: " in text
    assert list(folder.iterdir()) == []
    assert str(found) not in good(*words[:-1], 4)


def test_fit_in_folds_weights_classes(folder):
    words = ("fit", IRIS, "--target", "species", "--folds", 5, "--epochs", 20)
    scores = {good(*words).split("fold  rows")[1]}
    for weight in ("balanced", "virginica=1"):  # each has 40 rows, so all count 1
        scores.add(good(*words, "--class-weight", weight).split("fold  rows")[1])
    assert len(scores) == 1
    assert good(*words, "--class-weight", "virginica=50").split("fold  rows")[1] not in scores


def test_fit_in_folds_learns_a_number(folder):
    words = ("--target", "petal_width", "--without", "species", "--folds", 3, "--epochs", 5)
    text = good("fit", IRIS, *words)
    assert re.search(r"fold  rows  epochs +loss +r2 +rmse\n1 +50 +5 ", text)
    table = gn.Table.read(IRIS)
    spread = table.numbers("petal_width").std()
    guess = float(re.search(r"RMSE ([\d.]+) by always saying the mean", text)[1])
    assert guess == pytest.approx(spread, rel=0.05)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--folds", 1), "'1' is not a whole number from 2 up"),
        (("--folds", 51), "class 'setosa' has 50 rows, fewer than the 51 folds"),
        (("--folds", 5, "--out", "m.safetensors"), "no model is saved: leave --out out"),
        (("--folds", 5, "--held-out", 0.2), "each fold holds rows out itself: leave --held-out"),
        (("--folds", 5, "--quiet"), "there is nothing but what is printed: leave --quiet out"),
        (("--folds", 5, "--learning-rate", 1e30), "fold 1: training stopped in epoch"),
        (("--folds", 5, "--network", "5-3 softmax"), "takes 5: begin it with 4-"),
    ],
)
def test_fit_in_folds_refuses_before_it_prints_anything(words, sentence, folder):
    assert sentence in refused("fit", IRIS, "--target", "species", *words)
    assert run("fit", IRIS, "--target", "species", *words).stdout == ""


def test_ctrl_c_in_folds_keeps_what_was_learnt(folder):
    child = process("fit", IRIS, "--target", "species", "--epochs", "2000000", "--folds", "3")
    assert child.stderr.readline().startswith("epoch ")
    child.send_signal(signal.SIGINT)
    output, errors = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "Traceback" not in errors
    assert "interrupted: some folds were trained less, or not at all" in output
    assert "mean" in output


def test_fit_leaves_columns_out(folder):
    lines = Path(IRIS).read_text(encoding="utf-8").splitlines()
    named = [f"{line},plant {place}" for place, line in enumerate(lines)]
    Path("named.csv").write_text("\n".join(named), encoding="utf-8")
    words = ["named.csv", "--target", "species", "--epochs", "1"]
    sentence = refused("fit", *words)
    assert "leave the column out (--without 'plant 0'; in Python" in sentence
    text = good("fit", *words, "--without", "plant 0", "--without", "sepal_width")
    assert "150 rows, 3 columns" in text
    kept = gn.load("named.safetensors").preparation.features
    assert kept == ("sepal_length", "petal_length", "petal_width")
    for command in ("show", "check"):
        words = ["4-3 softmax", "--data", "named.csv", "--target", "species"]
        good(command, *words, "--without", "plant 0")
    assert "needs its columns" in refused(
        *("show", "named.safetensors", "--data", IRIS, "--without", "sepal_width")
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "empty"),
        ("a,y\n", "one line only"),
        ("a,y\n1,2,3\n", "line 2 has 3 cells"),
        ("a,y\n1,no\n,yes\n3,no\n4,yes\n", "line 3, column 'a'"),
        ("a,y\n1,no\n2,no\n", "bad.csv, column 'y' has one label only"),
        ("a,y\n1,no\n", "bad.csv: rows can be held out of at least 2, got 1"),
        ("a,y\n1,p\n2,q\n3,r\n", "bad.csv, column 'y': every class has one row only"),
        ("a,y\n" + "".join(f"{n},7.5\n" for n in range(30)), "bad.csv, column 'y' never changes"),
        ("a,y\nred,no\nblue,yes\nred,no\ngreen,yes\n", "line 2, column 'a'"),
        ("a,a\n1,2\n", "same name"),
    ],
)
def test_fit_refuses_bad_files(text, sentence, folder):
    Path("bad.csv").write_text(text, encoding="utf-8")
    assert sentence in refused("fit", "bad.csv", "--target", "y")


def test_fit_names_the_ways_out_of_classes_of_one_row(folder):
    Path("ids.csv").write_text("a,y\n1,p\n2,q\n3,r\n", encoding="utf-8")
    sentence = refused("fit", "ids.csv", "--target", "y")
    assert "if this is an id column" in sentence
    assert "--held-out 0" in sentence
    good("fit", "ids.csv", "--target", "y", "--held-out", "0", "--epochs", "1")


def test_no_file_that_is_read_is_written_over(model, folder):
    Path("m.safetensors").write_bytes(Path(model).read_bytes())
    Path("data.csv").write_bytes(Path(IRIS).read_bytes())
    os.link("data.csv", "same.csv")
    os.link("data.csv", "data.safetensors")
    before = {path: path.read_bytes() for path in Path().iterdir()}
    predict = ["predict", "m.safetensors", "data.csv", "--out"]
    for words, sentence in (
        ([*predict, "m.safetensors"], "saved as a .csv file"),
        ([*predict, "data.csv"], "'data.csv' would be written over 'data.csv'"),
        ([*predict, "./data.csv"], "would be written over 'data.csv'"),
        ([*predict, "same.csv"], "'same.csv' would be written over 'data.csv'"),
        (["data", "line", "--out", "m.safetensors"], "saved as a .csv file"),
        (["fit", "data.csv", "--target", "species"], "'data.safetensors' would be written over"),
        (["program", "m.safetensors", "--out", "m.safetensors"], "saved as a .py file"),
    ):
        assert sentence in refused(*words)
    assert {path: path.read_bytes() for path in Path().iterdir()} == before


def test_fit_refuses_what_is_no_file(folder):
    sentence = refused("fit", "no.csv", "--target", "y")
    assert "cannot read 'no.csv': No such file" in sentence
    assert "correct the name" in sentence
    assert str(folder) in refused("fit", folder, "--target", "y")


def test_fit_says_where_a_number_became_infinite(folder):
    words = ["--optimizer", "sgd", "--learning-rate", "1e30", "--engine", "numpy"]
    sentence = refused("fit", IRIS, "--target", "species", *words)
    assert "step" in sentence


def test_predict_lists_and_scores(model, folder):
    text = good("predict", model, IRIS)
    assert text.splitlines()[0].split() == ["row", "species", "probability"]
    assert "… and 140 more" in text
    assert float(re.search(r"accuracy ([0-9.]+)% on 150 rows", text)[1]) >= 90


@pytest.mark.parametrize("last", [
    ("sigmoid", gn.BinaryCrossEntropy()), ("linear", gn.BinaryCrossEntropy()),
    ("linear", gn.BinaryFocal()), ("linear", gn.Hinge()),
], ids=str)  # fmt: skip
def test_predict_reads_a_single_output_as_its_loss_means_it(last, folder):
    activation, loss = last
    X = np.linspace(-1, 1, 41)
    gn.table.write_csv("yes.csv", {"x": X, "kind": np.where(X > 0.1, "yes", "no")})
    table = gn.Table.read("yes.csv")
    net = gn.Network(1, gn.Dense(1, activation), loss=loss, random_state=0)
    net.preparation = gn.table.Preparation.learn(table, "kind")
    net.weights["W1"], net.weights["b1"] = [[1.0]], [0.05]  # many scores are between 0 and 0.5
    net.save("yes.safetensors")
    text = good("predict", "yes.safetensors", "yes.csv", "--out", "out.csv")
    scores = net.preparation.features_of(table)[:, 0] + 0.05
    rows = rows_of("out.csv")
    assert [row["kind"] for row in rows] == np.where(scores > 0, "yes", "no").tolist()
    right = np.mean((scores > 0) == (X > 0.1))
    assert f"accuracy {right:.1%} on 41 rows" in text  # of the labels that are printed
    if isinstance(loss, gn.Hinge):
        assert list(rows[0]) == ["kind"]  # its scores are no chances
    else:
        wanted = 1 / (1 + np.exp(-np.abs(scores)))
        found = [float(row["probability"]) for row in rows]
        np.testing.assert_allclose(found, wanted, rtol=1e-6)


@pytest.mark.parametrize("activation", ["softmax", "log_softmax", "linear"])
def test_predict_gives_chances_of_classes(activation, folder):
    table = gn.Table.read(IRIS)
    net = gn.Network(4, gn.Dense(3, activation), loss="cross_entropy", random_state=0)
    net.preparation = gn.table.Preparation.learn(table, "species")
    net.save("m.safetensors")
    good("predict", "m.safetensors", IRIS, "--out", "out.csv")
    found = [float(row["probability"]) for row in rows_of("out.csv")]
    z = net.preparation.features_of(table) @ net.weights["W1"] + net.weights["b1"]
    chances = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found, chances.max(axis=1), rtol=1e-5)


def test_predict_writes_every_row(model, folder):
    text = good("predict", model, IRIS, "--out", "out.csv")
    assert "150 predictions in out.csv" in text
    rows, wanted = rows_of("out.csv"), rows_of(IRIS)
    right = np.mean([a["species"] == b["species"] for a, b in zip(rows, wanted, strict=True)])
    assert f"accuracy {right:.1%}" in text
    outputs = gn.load(model).predict(
        gn.load(model).preparation.features_of(gn.table.Table.read(IRIS))
    )
    assert [float(row["probability"]) for row in rows] == pytest.approx(outputs.max(axis=1))


def test_predict_needs_no_target_and_no_order(model, folder):
    rows = rows_of(IRIS)
    names = ["petal_width", "petal_length", "note", "sepal_width", "sepal_length"]
    lines = [",".join(row.get(name, "x") for name in names) for row in rows]
    Path("new.csv").write_text("\n".join([",".join(names), *lines]), encoding="utf-8")
    text = good("predict", model, "new.csv")
    assert "accuracy" not in text
    assert text == "".join(good("predict", model, IRIS).splitlines(keepends=True)[:-1])


def test_predict_does_not_stop_at_an_unknown_label(model, folder):
    text = Path(IRIS).read_text(encoding="utf-8").replace("setosa", "violet")
    Path("new.csv").write_text(text, encoding="utf-8")
    printed = good("predict", model, "new.csv")
    assert "not scored" in printed
    assert "violet" in printed


def test_predict_refuses(model, folder):
    Path("few.csv").write_text("sepal_length\n5.1\n", encoding="utf-8")
    assert "lacks" in refused("predict", model, "few.csv")
    assert "no.safetensors" in refused("predict", "no.safetensors", IRIS)
    Path("bad.safetensors").write_bytes(b"not a model")
    assert "bad.safetensors" in refused("predict", "bad.safetensors", IRIS)
    gn.Network("4-3 softmax").save("bare.safetensors")
    assert "without its table's preparation" in refused("predict", "bare.safetensors", IRIS)
    assert "no/folder" in refused("predict", model, IRIS, "--out", "no/folder/out.csv")


@pytest.mark.soak
def test_a_thousand_fits_leak_nothing_and_change_nothing(folder):
    words = ["fit", IRIS, "--target", "species", "--epochs", "20", "--quiet"]
    first, most = {}, 0
    for count in range(1000):
        engine = ("numpy", "numba")[count % 2]
        good(*words, "--engine", engine)
        weights = gn.load("iris.safetensors").weights["W1"].copy()
        assert np.array_equal(first.setdefault(engine, weights), weights)
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if count == 100:
            most = used
    assert used < most * 1.05


# -------------------------------------------------------------------- program, check, data


def test_program_prints_what_the_library_writes(folder):
    net = gn.Network("2-3-1 sigmoid")
    assert good("program", "2-3-1 sigmoid") == net.program().source
    assert good("program", "2-3-1 sigmoid", "--optimizer", "adam") == net.program("adam").source
    assert good("program", "2-3-1 sigmoid", "--for", "numba") == net.program().source_for("numba")
    good("program", "2-3-1 sigmoid", "--out", "step.py")
    assert Path("step.py").read_text(encoding="utf-8") == net.program().source


def test_program_refuses(folder):
    assert ".py" in refused("program", "2-3-1 sigmoid", "--out", "step.txt")
    assert "--for" in refused("program", "2-1 sigmoid", "--out", "a.py", "--for", "numba")
    assert "'2_3_1 sigmoid'" in refused("program", "2_3_1 sigmoid")
    sentence = refused("program", "2-1 sigmoid", "--out", "no/folder/a.py")
    assert "cannot write 'no/folder/a.py': there is no folder 'no/folder'; make it" in sentence


def test_check_lists_every_gradient():
    text = good("check", "2-3-1 sigmoid", "--data", "exam")
    assert text.splitlines()[-1] == "passed"
    for name in ("dW1[0, 0]", "dW1[1, 2]", "db1[2]", "dW2[2, 0]", "db2[0]"):
        (row,) = [row for row in text.splitlines() if row.startswith(name)]
        ours, nudged, difference = map(float, row.removeprefix(name).split())
        assert ours == pytest.approx(nudged, rel=1e-4, abs=1e-9)
        assert difference < 1e-6


def test_check_of_a_large_network_lists_the_worst():
    text = good("check", "4-30-3 relu softmax", "--data", IRIS, "--target", "species")
    assert len(text.splitlines()) == 11  # heading, columns, four arrays, four verdicts, passed


def test_check_fails_for_a_wrong_rule(monkeypatch):
    from glassnet.rules import activations

    def tanh_slope(z, a):
        return 1 - a

    monkeypatch.setattr(activations.tanh_slope, "__code__", tanh_slope.__code__)
    result = run("check", "2-3-1 tanh", "--data", "exam", "--seed", "3")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == "FAILED"


def test_check_refuses():
    assert "did you mean" in refused("check", "2-3-1 sigmoid", "--data", "exan")
    assert "to 100000" in refused("check", "2-3-1 sigmoid", "--rows", "100000000")
    assert "3 classes" in refused("check", "2-3-1 sigmoid", "--data", "spiral")


def test_data_lists_the_sets():
    text = good("data")
    for name in gn.datasets.DATASETS:
        assert re.search(rf"^{name} ", text, re.MULTILINE)


def test_data_writes_what_the_library_makes(folder):
    good("data", "spiral", "--samples", "7", "--seed", "3", "--out", "spiral.csv")
    X, y = gn.datasets.spiral(7, random_state=3)
    rows = rows_of("spiral.csv")
    assert list(rows[0]) == ["x1", "x2", "arm"]
    assert np.array_equal([[float(row["x1"]), float(row["x2"])] for row in rows], X)
    assert [int(row["arm"]) for row in rows] == list(y)
    assert good("data", "exam").splitlines()[1] == "2.0,9.0,0.92"


def test_data_refuses(folder):
    assert "did you mean 'spiral'?" in refused("data", "spirals")
    assert "--noise" in refused("data", "exam", "--noise", "1")
    assert "noise" in refused("data", "moons", "--noise", "-1")
    assert "'x' is not a number from 0 up" in refused("data", "moons", "--noise", "x")
    for samples in (0, 1_000_001):
        sentence = refused("data", "spiral", "--samples", samples)
        assert f"'{samples}' is not a whole number from 1 to 1000000" in sentence
    assert "no/folder" in refused("data", "exam", "--out", "no/folder/exam.csv")


# ----------------------------------------------------------------------------------- rules

KINDS = {
    "activations": ACTIVATIONS,
    "losses": LOSSES,
    "layers": LAYERS,
    "optimizers": OPTIMIZERS,
    "schedules": SCHEDULES,
    "initializers": INITIALIZERS,
}


def test_rules_lists_every_entry_of_every_table():
    printed = good("rules")
    for kind, table in KINDS.items():
        assert re.search(rf"^{kind}$", printed, re.MULTILINE)
        for name in table:
            assert re.search(rf"^  {name} ", printed, re.MULTILINE), name


@pytest.mark.parametrize("kind", KINDS)
def test_rules_of_a_kind_have_note_and_source(kind):
    printed = good("rules", kind)
    for name, entry in KINDS[kind].items():
        part = re.search(rf"^{name}\n(.*?)(\n\n|\Z)", printed, re.MULTILINE | re.DOTALL)[1]
        assert getattr(entry, "source", None) is None or not entry.source or "Source: " in part
        assert len(part.splitlines()) >= 1
        assert not hasattr(entry, "formula") or entry.formula in " ".join(part.split())


ONE_OF_EACH = [(kind, name) for kind, table in KINDS.items() for name in table]


@pytest.mark.parametrize(("kind", "name"), ONE_OF_EACH)
def test_one_rule_fits_a_screen_with_its_lines_and_its_plot(kind, name):
    printed = good("rules", kind, name)
    lines = printed.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 96
    assert ("┤" in printed) == (kind in ("activations", "losses", "schedules"))
    wanted = {
        "activations": r"^  [az]1 = ",
        "losses": rf"^  loss = {name}\(",
        "layers": rf"^  gn\.{name}\((.|\n)*^  \S+.* = ",
        "optimizers": r"^  W1\S* .*= |writes no line",
        "schedules": rf"gn\.{name}\(",
        "initializers": r"weight_initializer=gn\.",
    }
    assert re.search(wanted[kind], printed, re.MULTILINE)


def test_rules_finds_a_name_in_its_table():
    assert good("rules", "gelu") == good("rules", "activations", "gelu")
    assert good("rules", "PReLU") == good("rules", "layers", "PReLU")


def test_rules_refuses_what_it_does_not_know_and_lists_what_it_does():
    assert "did you mean 'relu'?" in refused("rules", "rellu")
    assert "initializers" in refused("rules", "kinds", "relu")
    assert "cross_entropy" in refused("rules", "losses", "relu")


# ---------------------------------------------------------------------------------- lesson


def test_lesson_lists_the_lessons():
    assert re.search(r"^beans ", good("lesson"), re.MULTILINE)
    assert re.search(r"^beans .*[\u4e00-\u9fff]", good("lesson", "--lang", "zh"), re.MULTILINE)


def test_lesson_runs(folder):
    assert "1.2332" in good("lesson", "forward")
    assert re.search(r"[\u4e00-\u9fff]", good("lesson", "forward", "--lang", "zh"))
    good("lesson", "layers", "--pictures", "pictures")
    assert list(Path("pictures").iterdir())


def test_lesson_refuses(folder):
    assert "did you mean 'beans'?" in refused("lesson", "bean")
    assert "zh" in refused("lesson", "--lang", "fr")
    assert "zh" in refused("lesson", "beans", "--lang", "fr")


# ----------------------------------------------------------------------------- as a process


def test_too_little_memory_is_one_sentence(monkeypatch):
    def trace(*_, **__):
        raise MemoryError

    monkeypatch.setattr(gn.Network, "trace", trace)
    assert "not enough memory for this: take fewer rows" in refused("show", "2-1 sigmoid")


def test_an_unknown_command_is_one_sentence():
    assert "dta" in refused("dta")
    assert "--foo" in refused("--foo")


def test_a_process_ends_with_the_code_and_without_a_traceback():
    child = process("show", "2-3-1 sigmod")
    output, errors = child.communicate(timeout=60)
    assert (child.returncode, output) == (2, "")
    assert errors.startswith("glassnet: unknown activation")
    assert errors.count("\n") == 1


def test_a_closed_pipe_is_no_error():
    for words in (["data", "spiral", "--samples", "100000"], ["show", "2-3-1 sigmoid"], ["--help"]):
        child = process(*words)
        child.stdout.close()
        assert child.stderr.read() == ""
        child.stderr.close()
        assert child.wait(timeout=60) in (0, 141)  # what a shell says of a closed pipe


def test_ctrl_c_ends_with_130_and_without_a_traceback(folder):
    child = process("data", "spiral", "--samples", "100000")
    assert child.stdout.readline() == "x1,x2,arm\n"
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 130
    assert errors.strip() == ""


def test_ctrl_c_in_training_keeps_what_was_learnt(folder):
    child = process(
        *("fit", IRIS, "--target", "species", "--epochs", "20000", "--engine", "numpy"),
        *("--out", folder / "m.safetensors"),
    )
    assert child.stderr.readline().startswith("epoch ")
    child.send_signal(signal.SIGINT)
    output, errors = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "Traceback" not in errors
    assert "interrupted before epoch 20,000: what was learnt until then is kept" in output
    assert "saved   " in output
    assert 0 < gn.load(folder / "m.safetensors").tally.epochs < 20000


def test_a_terminal_without_the_letters_gets_question_marks():
    child = process(
        "program", "2-3-1 sigmoid", env={"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    )
    output, errors = child.communicate(timeout=60)
    assert (child.returncode, errors) == (0, "")
    assert "def step(" in output


# ----------------------------------------------------------- class weights and logs of a fit


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_fit_writes_a_log(folder, suffix):
    path = folder / f"history{suffix}"
    text = good("fit", IRIS, "--target", "species", "--epochs", 7, "--log", path)
    assert f"log     {path}" in text
    assert len(path.read_text().splitlines()) == 7 + (suffix == ".csv")


def test_fit_weighs_classes_by_their_labels(folder):
    words = ("fit", IRIS, "--target", "species", "--epochs", 5, "--out", "a.safetensors")
    weights = {}
    for name, options in {
        "none": (),
        "balanced": ("--class-weight", "balanced"),
        "ones": ("--class-weight", "setosa=1", "--class-weight", "virginica=1"),
        "virginica": ("--class-weight", "virginica=50"),
    }.items():
        good(*words, *options)
        net = gn.load("a.safetensors")
        weights[name] = net.values.parameters.copy()
    np.testing.assert_array_equal(weights["none"], weights["ones"])
    assert (weights["none"] != weights["virginica"]).any()
    X = net.preparation.features_of(gn.Table.read(IRIS))
    often = np.bincount(net.predict(X).argmax(axis=1))
    assert often[2] > 75  # a mistake about the third class is 50 times as dear


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--log", "a.txt"), "a log is saved as a .csv or .jsonl file, got 'a.txt'"),
        (("--log", "none/a.csv"), "there is no folder 'none'"),
        (("--log", IRIS), "would be written over"),
        (("--class-weight", "rose=2"), "LABEL=WEIGHT with a label of species (setosa, versicolor"),
        (("--class-weight", "setosa"), "LABEL=WEIGHT with a label of species"),
        (("--class-weight", "setosa=0"), "'0' is not a weight above 0"),
        (("--class-weight", "setosa=x"), "'x' is not a weight above 0"),
        (
            ("--target", "petal_length", "--without", "species", "--class-weight", "balanced"),
            "is a number and has no classes",
        ),
    ],
)
def test_fit_refuses_bad_logs_and_class_weights(words, sentence, folder):
    result = run("fit", IRIS, "--target", "species", *words)
    assert result.exit_code == 2
    assert sentence in result.output + result.stderr
    assert list(folder.iterdir()) == []


def test_rules_are_found_in_small_letters_too():
    assert good("rules", "plateau") == good("rules", "schedules", "Plateau")
    assert good("rules", "initializers", "UnitVariance") == good("rules", "unitvariance")
    assert good("rules", "Step") != good("rules", "step")  # a schedule and an activation
