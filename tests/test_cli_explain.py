"""`glassnet explain`: a row of a table in a saved model, in every form, down to its cells."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import glassnet as gn
from glassnet.explanation import printed
from glassnet.table import Preparation, Table
from test_cli import good, refused
from test_explanation_forms import check_latex, read_html

IRIS = "data/iris.csv"


def trained(path, *layers, optimizer="adam"):
    table = Table.read(IRIS)
    preparation = Preparation.learn(table, "species")
    net = gn.Network(4, *layers, gn.Dense(3, "softmax"), random_state=0)
    X, y = preparation.features_of(table), preparation.targets_of(table)
    net.fit(X, y, epochs=3, optimizer=optimizer, engine="numpy", verbose=False)
    net.preparation = preparation
    net.save(path)
    return net


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "iris.safetensors"
    trained(path, gn.Dense(5, "relu"))
    return str(path)


def test_without_a_number_it_explains_output_and_loss(model):
    text = good("explain", model, IRIS, "--row", 17)
    net, table = gn.load(model), Table.read(IRIS)
    X = net.preparation.features_of(table)
    assert text.startswith("row 17 of data/iris.csv, in 4-5-3 relu softmax, loss cross_entropy\n")
    label = net.preparation.labels(net.predict(X[17:18], engine="numpy"))[0]
    assert f"predicted: species = {label}" in text
    assert "wanted:    species = setosa" in text
    assert f"x[0, 1] = {printed(X[17, 1], 5)}: sepal_width = 3.5" in text
    assert "\nloss = " in text
    assert "a2[0, 0]" in text
    assert "  x(1,4)  y(1,3)  w(1,1)  W1(4,5)" in text


@pytest.mark.parametrize("number", ["z1[0, 2]", "dW1[0, 2]", "W1'[0, 2]", "loss", "a1", "b1[0]"])
def test_a_number_is_that_of_the_trace_of_the_row(model, number):
    net, table = gn.load(model), Table.read(IRIS)
    X, y = net.preparation.features_of(table)[17:18], net.preparation.targets_of(table)[17:18]
    trace = net.trace(X, y, optimizer=net.optimizer)
    wanted = trace.explain(number)
    shown = json.loads(
        good("explain", model, IRIS, "--row", 17, "--number", number, "--format", "json")
    )
    assert shown["row"] == 17
    assert "dW1" in shown["names"]
    first = shown["explanations"][0]
    assert first["what"] == wanted.what
    assert first["value"] == wanted.as_dict()["value"]
    assert [s["value"] for s in first["steps"]] == [s.value for s in wanted.steps]
    for operand in first["operands"]:
        if operand["name"].startswith("x["):
            column = int(operand["name"][5])
            name = net.preparation.features[column]
            assert f"data/iris.csv, line 19, column {name!r}" in operand["origin"]
    assert len(shown["explanations"]) == (2 if number == "b1[0]" else 1)


def test_an_input_comes_from_its_cell(model):
    text = good("explain", model, IRIS, "--row", 17, "--number", "x[0, 1]")
    assert "x[0, 1] = (cell − mean) / scale" in text
    assert "cell = 3.5  (data/iris.csv, line 19, column 'sepal_width')" in text
    text = good("explain", model, IRIS, "--row", 17, "--number", "y[0, 1]")
    assert text.startswith("y[0, 1] = 0: data/iris.csv, line 19, column 'species', says 'setosa'")


def test_a_first_weight_is_explained_beside_the_weight(model):
    text = good("explain", model, IRIS, "--number", "W1[0, 2]")
    assert "a weight before this step" in text
    assert "first value by He(), from random_state=0" in text


@pytest.mark.parametrize("form", ["markdown", "latex", "html", "json", "text"])
def test_every_form_is_printed_and_written(model, form, tmp_path):
    text = good("explain", model, IRIS, "--row", 3, "--format", form)
    suffix = {"markdown": ".md", "latex": ".tex", "html": ".html", "json": ".json", "text": ".txt"}
    path = tmp_path / f"row{suffix[form]}"
    said = good("explain", model, IRIS, "--row", 3, "--out", path)
    assert said == f"2 explanations in {path}\n"
    written = path.read_text(encoding="utf-8")
    assert written == text
    if form == "latex":
        check_latex(written)
    if form == "html":
        reader = read_html(written.partition("\n")[2])
        names = {name for name, _, _ in reader.numbers}
        assert {"loss", "z2[0, 0]", "y[0, 2]"} <= names
    if form == "json":
        assert [e["what"] for e in json.loads(written)["explanations"]][1] == "loss"


def test_without_a_target_the_forward_part_is_known(model, tmp_path):
    rows = Path(IRIS).read_text(encoding="utf-8").splitlines()
    path = tmp_path / "new.csv"
    path.write_text("\n".join(row.rpartition(",")[0] for row in rows), encoding="utf-8")
    text = good("explain", model, path, "--row", 2)
    assert "predicted: species = " in text
    assert "wanted" not in text
    assert "loss = " not in text
    assert "dW1" not in text
    assert "a2(1,3)" in text
    sentence = refused("explain", model, path, "--number", "dW1[0, 0]")
    assert "dW1 depends on what is wanted" in sentence
    assert "no column 'species'" in sentence
    assert "only x, W1" in sentence


def test_a_network_that_compares_rows_takes_more_of_them(tmp_path):
    path = tmp_path / "norm.safetensors"
    trained(path, gn.Dense(4), gn.BatchNorm(), gn.Activation("relu"), gn.Dropout(0.5))
    text = good("explain", path, IRIS, "--row", 140)
    assert "the step takes 32 rows from this one on" in text
    assert "with its masks; the prediction has none" in text
    text = good("explain", path, IRIS, "--row", 140, "--number", "x[10, 0]")
    assert "line 2, column" in text  # the row after the last one is the first


@pytest.mark.parametrize(
    ("labels", "layer", "loss"),
    [
        (["no", "yes"], gn.Dense(1, "sigmoid"), "binary_cross_entropy"),
        (["no", "yes"], gn.Dense(2, "softmax"), "cross_entropy"),
        (["a", "b", "c"], gn.Dense(3, "softmax"), "cross_entropy"),
        ([1.5, 2.5, 7.0], gn.Dense(1), "mean_squared_error"),
    ],
)
def test_inputs_and_targets_are_those_of_the_step(tmp_path, labels, layer, loss):
    X = np.random.RandomState(0).randn(30, 2).round(3)
    table = Table.from_arrays(X, np.array([labels[k % len(labels)] for k in range(30)]))
    kind = "number" if loss == "mean_squared_error" else "classes"
    preparation = Preparation.learn(table, "y", kind=kind)
    net = gn.Network(2, gn.Dense(2), layer, loss=loss, random_state=0)
    net.preparation = preparation
    net.save(tmp_path / "net.safetensors")
    rows = (f"{a},{b},{label}" for (a, b), label in zip(X, table.column("y"), strict=True))
    data = tmp_path / "data.csv"
    data.write_text("\n".join(["x1,x2,y", *rows]), encoding="utf-8")
    trace = net.trace(preparation.features_of(table)[4:5], preparation.targets_of(table)[4:5])
    for name in ("x", "y"):
        for place in np.ndindex(*trace[name].shape):
            number = f"{name}[{place[0]}, {place[1]}]"
            words = ("--row", 4, "--number", number, "--format", "json")
            shown = json.loads(good("explain", tmp_path / "net.safetensors", data, *words))
            (found,) = shown["explanations"]
            assert np.float32(found["value"]) == trace[name][place]
            assert (
                f"line 6, column '{name if name == 'y' else f'x{place[1] + 1}'}'" in found["origin"]
            )


@pytest.mark.parametrize("optimizer", ["sgd", "lbfgs"])
def test_the_optimizer_is_that_of_the_model(tmp_path, optimizer):
    path = tmp_path / "model.safetensors"
    trained(path, gn.Dense(2), optimizer=optimizer)
    names = json.loads(good("explain", path, IRIS, "--format", "json"))["names"]
    assert ("W1'" in names) == (optimizer == "sgd")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--row", 150), "there is no row 150: data/iris.csv has the rows 0 to 149"),
        (("--row", -1), "'-1' is not a whole number from 0 up"),
        (("--number", "q[0]"), "unknown value 'q'; known: W1, W1', W2"),
        (("--number", "a1[0, 9]"), "a1 has the shape (1, 5): there is no 9 in an axis of 5"),
        (("--number", "a1[0"), "cannot read 'a1[0'"),
        (("--number", ""), "cannot read '': write a name and an index"),
        (
            ("--out", "row.pdf"),
            "an explanation is saved as a .txt or .md or .tex or .html or .json",
        ),
        (("--out", "row.md", "--format", "html"), "an explanation is saved as a .html file"),
        (("--format", "word"), "'word' is not one of"),
    ],
)
def test_bad_input_is_one_sentence(model, words, sentence):
    assert sentence in refused("explain", model, IRIS, *words)


def test_a_model_without_a_preparation_is_refused(tmp_path):
    path = tmp_path / "bare.safetensors"
    gn.Network("4-3 softmax", random_state=0).save(path)
    assert "was saved without its table's preparation" in refused("explain", path, IRIS)


def test_the_numbers_of_the_text_are_those_of_the_trace(model):
    net, table = gn.load(model), Table.read(IRIS)
    X, y = net.preparation.features_of(table)[80:81], net.preparation.targets_of(table)[80:81]
    trace = net.trace(X, y, optimizer=net.optimizer)
    text = good("explain", model, IRIS, "--row", 80)
    found = re.findall(r"(?:^|[ ,])([xyz]\d?\[0, \d\]) = (−?[\d.]+(?:e−?\d+)?)", text)
    assert len(found) > 6
    for name, shown in found:
        value = trace.explain(name).value
        assert np.isclose(float(shown.replace("−", "-")), value, rtol=1e-3), name
