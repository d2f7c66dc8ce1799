"""The report: what is on the page was computed, nothing on it loads or runs, and it reads well."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import glassnet as gn
from glassnet.arrays import class_numbers
from glassnet.cli import main
from glassnet.errors import DataError, DescriptionError
from glassnet.table import Preparation, split
from glassnet.views.chart_svg import chart_svg, thinned
from glassnet.views.pictures import Chart, Marks
from glassnet.views.report.markup import number
from glassnet.views.report.page import STYLE
from strategies import descriptions

IRIS = Path(__file__).parent.parent / "data" / "iris.csv"
ODD = [
    "<script>alert(1)</script>",
    "\"quoted\" & 'odd'",
    "</title></style>",
    "列名",
    "a" * 70,
    '" onload="x()',
    "javascript:alert(1)",
]


class Page(HTMLParser):
    """Reads a page: its tags, its numbers, its texts."""

    EMPTY = frozenset({"meta", "br"})

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.own = []  # names of the tags outside of explanations
        self.numbers = []
        self.explained = []
        self.groups = []
        self.text = []
        self._open = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        assert len(attributes) == len(attrs)
        self.tags.append((tag, attributes))
        self.own += [] if self._explains else [tag]
        if "data-kind" in attributes:
            self.groups.append((attributes, []))
        elif self.groups and tag in ("polyline", "circle", "path"):
            self.groups[-1][1].append((tag, attributes))
        if tag not in self.EMPTY:
            self._open.append((tag, attributes, []))

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.EMPTY:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        opened, attributes, texts = self._open.pop()
        assert opened == tag
        if "data-value" in attributes:
            shown = attributes["data-name"], attributes["data-value"], "".join(texts)
            # In an explanation, names are those of the trace.
            (self.explained if self._explains else self.numbers).append(shown)
        if tag == "g":
            self.groups.append(({"data-name": "end"}, []))

    def handle_data(self, data):
        for _, _, texts in self._open:
            texts.append(data)
        self.text.append(data)

    @property
    def _explains(self):
        return any("glassnet-explanation" in (a.get("class") or "") for _, a, _ in self._open)

    @property
    def words(self):
        return " ".join("".join(self.text).split())

    def points(self, name):
        """Give the points of marks, walked back from their places on the drawing."""
        ((attributes, drawn),) = [(a, d) for a, d in self.groups if a.get("data-name") == name]
        places = []
        for tag, mark in drawn:
            if tag == "polyline":
                places += [tuple(map(float, p.split(","))) for p in mark["points"].split()]
            elif tag == "circle":
                places.append((float(mark["cx"]), float(mark["cy"])))
            elif "data-at" in mark:
                places.append(tuple(map(float, mark["data-at"].split(","))))
        left, top, width, height = map(float, attributes["data-frame"].split())
        (x0, x1), (y0, y1) = (map(float, attributes[key].split()) for key in ("data-x", "data-y"))
        across, down = np.array(places).T
        x = x0 + (across - left) / width * (x1 - x0)
        y = y0 + (1 - (down - top) / height) * (y1 - y0)
        x = 10**x if "x" in attributes["data-log"] else x
        return x, 10**y if "y" in attributes["data-log"] else y


class Run:
    """A run on a table, with all that its report is about."""

    def __init__(self, table, target, short, *, row=0, validation=None, **options):
        self.table = table
        labels = table.labels(target) if table.kind(target) == "classes" else None
        self.training, self.testing = split(table.rows, 0.2, 0, labels)
        self.known = Preparation.learn(table, target, self.training)
        X, y = self.known.features_of(table), self.known.targets_of(table)
        self.X, self.y = X[self.training], y[self.training]
        self.held_X, self.held_y = X[self.testing], y[self.testing]
        self.net = gn.Network(short, random_state=0)
        self.net.preparation = self.known
        usual = {"epochs": 30, "optimizer": gn.Adam(0.01), "engine": "numpy", "verbose": False}
        if validation:
            options["validation"] = (self.held_X, self.held_y)
        self.history = self.net.fit(self.X, self.y, **usual | options)
        self.row = row
        self.report = gn.report(
            self.net,
            self.X,
            self.y,
            self.history,
            held_out=(self.held_X, self.held_y),
            table=table,
            rows=self.training,
            row=row,
        )
        self.page = Page(self.report.html)


def diabetes():
    from sklearn.datasets import load_diabetes

    data = load_diabetes(scaled=False)
    return gn.Table.from_arrays(
        data.data, data.target, names=data.feature_names, target="progression"
    )


def odd_table():
    random = np.random.RandomState(0)
    X = random.standard_normal((60, len(ODD)))
    labels = np.where(X[:, 0] > 0, "<b>yes</b>", 'no & "maybe"')
    return gn.Table.from_arrays(X, labels, names=ODD, target="<script>y</script>")


@pytest.fixture(scope="module")
def classes():
    return Run(
        gn.Table.read(IRIS), "species", "4-8-3 relu softmax", row=3, validation=True,
        metrics=["accuracy"], early_stopping=30,
    )  # fmt: skip


@pytest.fixture(scope="module")
def numbers():
    return Run(diabetes(), "progression", "10-8-1 tanh linear")


@pytest.fixture(scope="module")
def odd():
    return Run(odd_table(), "<script>y</script>", "7-6-2 relu softmax")


RUNS = ["classes", "numbers", "odd"]


@pytest.fixture(params=RUNS)
def run(request):
    return request.getfixturevalue(request.param)


# ------------------------------------------------------------ every number is walked back


def value_of(run, name):
    """Compute what a number of the page must be, from its name alone."""
    net, history = run.net, run.history
    X, y = np.float32(run.X), run.y
    parts = {"training": (run.X, y), "held_out": (run.held_X, run.held_y)}
    if name.startswith("explain."):
        trace = net.trace(run.X[run.row : run.row + 1], y[run.row : run.row + 1])
        return trace.explain(name.removeprefix("explain.")).value
    if found := re.fullmatch(r"health\[(\d+)\]\.(.+)", name):
        health = net.health(run.X, y, history)
        return health[int(found[1])].evidence[found[2]]
    if found := re.fullmatch(r"(history\.\w+)\[(\d+)\]", name):
        return getattr(history, found[1].split(".")[1])[int(found[2])]
    if found := re.fullmatch(r"(?:own|evaluate)\.(training|held_out)\.(\w+)", name):
        value = net.evaluate(*parts[found[1]], metrics=[m for m in [found[2]] if m != "loss"])
        unit = run.known.target_scale if name.startswith("own") else 1
        return value[found[2]] * unit
    if found := re.fullmatch(r"rows\.(\w+)", name):
        return len(parts[found[1]][0])
    if found := re.fullmatch(r"classes\.(\w+)\[(\d+)\]( / rows)?", name):
        wanted = parts[found[1]][1]
        count = int(np.sum(wanted == int(found[2])))
        return count / len(wanted) if found[3] else count
    if found := re.fullmatch(r"(confusion|recall)\.(\w+)\[(\d+)(?:, (\d+))?\]", name):
        rows, wanted = parts[found[2]]
        given = np.argmax(net.predict(rows), axis=1)
        row, column = int(found[3]), int(found[4] or found[3])
        count = int(np.sum((wanted == row) & (given == column)))
        return count if found[1] == "confusion" else count / np.sum(wanted == row)
    if found := re.fullmatch(r"guess\.(\w+)", name):
        wanted = parts[found[1]][1]
        if run.known.kind == "classes":
            return np.mean(wanted == np.argmax(np.bincount(y)))
        return np.sqrt(np.mean((np.float32(wanted) - np.float32(y).mean(dtype=float)) ** 2))
    if found := re.fullmatch(r"x\[:, (\d+)\]\.(\w+)", name):
        return getattr(X[:, int(found[1])].astype(float), found[2])()
    if found := re.fullmatch(r"x\[(\d+), (\d+)\]", name):
        return float(X[int(found[1]), int(found[2])])
    if found := re.fullmatch(r"y\[(\d+), (\d+)\]", name):
        wanted = y[int(found[1])]
        return wanted == int(found[2]) if run.known.kind == "classes" else float(np.float32(wanted))
    if found := re.fullmatch(r"table\[(.*)\]\[(\d+)\]", name, re.DOTALL):
        return run.table.columns[found[1]][int(found[2])]
    if found := re.fullmatch(r"table\.missing\[.*\]", name, re.DOTALL):
        return 0
    if found := re.fullmatch(r"preparation\.(means|scales)\[(\d+)\]", name):
        return getattr(run.known, found[1])[int(found[2])]
    if found := re.fullmatch(r"outputs\[(\d+)\]", name):
        return float(net.predict(run.X[run.row : run.row + 1])[0, int(found[1])])
    if found := re.fullmatch(r"(widths|parameter_counts)\[(\d+)\]", name):
        listed = {"widths": net.description.widths}
        listed["parameter_counts"] = net.description.parameter_counts()
        return listed[found[1]][int(found[2])]
    plain = {
        "table.rows": run.table.rows,
        "table.columns": len(run.table.names),
        "table.line": run.table.lines[run.training[run.row]],
        "columns": run.X.shape[1],
        "classes": len(run.known.classes),
        "row": run.row,
        "parameters": sum(array.size for array in net.weights.values()),
        "history.epochs": history.epochs,
        "history.seconds": history.seconds,
        "history.best_epoch": history.best_epoch,
        "history.seed": history.seed,
        "history.threads": history.threads,
        "network.seed": net.seed,
        "tally.epochs": net.tally.epochs,
        "preparation.target_mean": run.known.target_mean,
        "preparation.target_scale": run.known.target_scale,
    }
    if name == "outputs.own":
        return run.known.numbers(net.predict(run.X[run.row : run.row + 1]))[0]
    if name == "y.own":
        return run.known.numbers(np.float32([[y[run.row]]]))[0]
    return plain[name]  # a name that nobody knows is an error


def test_every_number_is_the_one_that_was_computed(run):
    assert len(run.page.numbers) > 60
    for name, value, _ in run.page.numbers:
        wanted = value_of(run, name)
        assert float(value) == pytest.approx(float(wanted), rel=1e-6, abs=1e-12), name


def test_the_arithmetic_is_the_traces(run):
    there = {name for name, _, _ in run.page.numbers if name.startswith("explain.")}
    last = len([name for name in run.net.weights if name[0] == "W"])
    assert any(name.startswith(f"explain.z{last}[0, ") for name in there)
    row = slice(run.row, run.row + 1)
    trace = run.net.trace(run.X[row], run.y[row])
    for name in there:
        assert str(trace.explain(name.removeprefix("explain.")).result) in run.page.words
    for name, value, _ in run.page.explained:
        if found := re.fullmatch(r"(\w+)\[([\d, ]+)\]", name):
            index = tuple(map(int, found[2].split(", ")))
            assert float(value) == float(trace[found[1]][index])


def test_what_is_printed_is_the_number_rounded(run):
    for name, value, text in run.page.numbers:
        if text == "never varies":
            continue
        plain = text.replace("−", "-").replace(",", "")
        shown = float(plain.rstrip("%")) / (100 if plain.endswith("%") else 1)
        assert shown == pytest.approx(float(value), rel=6e-3, abs=6e-3 if "." in text else 0), name


def test_the_numbers_that_matter_are_there(classes, numbers):
    for made in (classes, numbers):
        names = {name for name, _, _ in made.page.numbers}
        assert {"evaluate.training.loss", "evaluate.held_out.loss", "history.epochs"} <= names
        assert {"network.seed", "history.seconds", "table.rows", "rows.held_out"} <= names
    assert "evaluate.held_out.accuracy" in {n for n, _, _ in classes.page.numbers}
    assert {"own.held_out.rmse", "outputs.own"} <= {n for n, _, _ in numbers.page.numbers}
    matrix = [v for n, v, _ in classes.page.numbers if n.startswith("confusion.held_out")]
    assert len(matrix) == 9
    assert sum(map(int, matrix)) == len(classes.testing)


def test_the_curves_are_the_history(classes):
    for key in ("loss", "validation_loss", "accuracy", "validation_accuracy"):
        x, y = classes.page.points(f"history.{key}")
        wanted = classes.history.columns[key]
        assert np.allclose(x, np.arange(1, len(wanted) + 1), atol=0.01)
        assert np.allclose(y, wanted, rtol=2e-3, atol=2e-4)
    for key in ("loss", "accuracy"):
        x, y = classes.page.points(f"{key} at history.best_epoch")
        best = classes.history.best_epoch
        wanted = classes.history.columns[f"validation_{key}"][best - 1]
        assert np.allclose((x[0], y[0]), (best, wanted), rtol=2e-3)


def test_the_dots_are_targets_and_predictions(numbers):
    known = numbers.known
    given = known.numbers(numbers.net.predict(numbers.held_X))
    wanted = numbers.table.columns["progression"][numbers.testing]
    x, y = numbers.page.points("predicted.held_out")
    assert np.allclose(x, wanted, atol=0.1)
    assert np.allclose(y, given, atol=0.1)
    x, y = numbers.page.points("residuals.held_out")
    assert np.allclose(x, given, atol=0.1)
    assert np.allclose(y, wanted - given, atol=0.1)  # as in gn.plots.residuals


# -------------------------------------------------------------- nothing loads, nothing runs


def test_the_page_stands_alone(run):
    html = run.report.html
    allowed = {"xmlns": "http://www.w3.org/2000/svg"}
    for tag, attributes in run.page.tags:
        assert tag not in ("script", "link", "img", "iframe", "object", "embed", "base", "form")
        for key, value in attributes.items():
            assert not key.startswith("on"), (tag, key)
            assert key not in ("src", "srcset", "action", "data", "poster", "xlink:href")
            if key == "href":
                assert value.startswith("#")
            assert key in allowed or "//" not in (value or ""), (tag, key, value)
    policy = [a for t, a in run.page.tags if t == "meta" and "http-equiv" in a]
    assert policy[0]["content"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert html.replace(allowed["xmlns"], "").count("://") == 0
    assert "url(" not in html
    assert "@import" not in html


def test_names_from_outside_are_shown_as_they_are(odd):
    for name in (*ODD, "<script>y</script>", "<b>yes</b>", 'no & "maybe"'):
        assert name in odd.page.words
        if "<" in name:
            assert name not in odd.report.html


def test_a_title_is_escaped():
    X, y = gn.datasets.xor()
    net = gn.Network("2-2-1 tanh sigmoid", random_state=0)
    page = gn.report(net, X, y, title="</title><script>x</script>")
    assert "<script" not in page.html
    assert Page(page.html).words.startswith("</title><script>x</script>")


def test_a_notebook_gets_a_frame_in_which_nothing_runs(classes):
    ((tag, attributes),) = Page(classes.report._repr_html_()).tags
    assert (tag, attributes["sandbox"]) == ("iframe", "")
    assert attributes["srcdoc"] == classes.report.html


# ------------------------------------------------------------------------------- it reads


def test_the_page_is_for_everyone(run):
    tags = run.page.tags
    names = [tag for tag, _ in tags]
    assert tags[0] == ("html", {"lang": "en"})
    assert names.count("h1") == names.count("main") == 1
    assert run.page.own.count("table") == run.page.own.count("caption") > 4
    assert all(a.get("scope") in ("row", "col") for tag, a in tags if tag == "th")
    assert all(a["role"] == "img" and a["aria-label"] for tag, a in tags if tag == "svg")
    titles = {a["id"] for tag, a in tags if tag == "h2"}
    assert {a["aria-labelledby"] for tag, a in tags if tag == "section"} == titles
    ids = [a["id"] for _, a in tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for tag, a in tags if tag == "a"} <= set(ids)
    scrolling = [a for _, a in tags if "scroll" in (a.get("class") or "").split()]
    assert all(a.get("tabindex") == "0" for a in scrolling)
    assert ("meta", {"name": "color-scheme", "content": "light dark"}) in tags
    assert "@media print" in STYLE
    assert "prefers-color-scheme: dark" in STYLE


def test_its_sections(classes):
    sections = [a["id"] for tag, a in classes.page.tags if tag == "section"]
    assert sections == [
        "outcome", "data", "network", "training", "health", "example", "program", "settings",
    ]  # fmt: skip
    assert f"glassnet {gn.__version__}" in classes.page.words
    assert classes.history.engine_reason in classes.page.words
    assert "training ended: finished" in classes.page.words


def test_the_program_is_the_programs_own_text(classes):
    source = classes.net.program(classes.net.optimizer).source
    start = classes.report.html.index('<pre class="program')
    page = Page(classes.report.html[start : classes.report.html.index("</pre>", start) + 6])
    assert "".join(page.text) == source.rstrip("\n").replace("\n", "")


def test_equal_runs_make_equal_pages(numbers):
    again = Run(diabetes(), "progression", "10-8-1 tanh linear")
    pages = [
        re.sub(r"\d+\.\d+ ?s|seconds\".*?</span>", "", r.report.html) for r in (numbers, again)
    ]
    assert pages[0] == pages[1]


def test_health_is_on_the_page():
    X, y = gn.datasets.xor()
    net = gn.Network("2-4-1 tanh sigmoid", random_state=0)
    page = Page(gn.report(net, X, 300 - y).html)
    health = net.health(X, 300 - y)
    assert [f.kind for f in health] == ["unreachable targets"]
    assert " ".join(health[0].what.split()) in page.words
    assert health[0].remedy in page.words
    assert "Nothing found" in Page(gn.report(net, X, y).html).words


# --------------------------------------------------------------------- other runs, and errors


def test_without_history_table_or_held_out_rows():
    X, y = gn.datasets.spiral()
    net = gn.Network("2-8-3 tanh softmax", random_state=0)
    page = Page(gn.report(net, X, y.ravel()).html)
    assert "training" not in {a["id"] for tag, a in page.tags if tag == "section"}
    assert "x0" in page.words


def test_many_classes_are_listed_by_what_is_mixed_up():
    random = np.random.RandomState(0)
    X, y = random.standard_normal((200, 3)), random.randint(0, 20, 200)
    net = gn.Network("3-8-20 tanh softmax", random_state=0)
    page = Page(gn.report(net, X, y).html)
    pairs = {n: int(v) for n, v, _ in page.numbers if n.startswith("confusion")}
    given = np.argmax(net.predict(X), axis=1)
    assert len(pairs) == 15
    for name, count in pairs.items():
        row, column = map(int, re.findall(r"\d+", name))
        assert count == np.sum((y == row) & (given == column))


def test_a_long_run_and_many_rows_stay_a_small_page():
    X = np.linspace(-1, 1, 20_000)[:, None]
    net = gn.Network("1-4-1 tanh linear", random_state=0)
    history = gn.History("numpy", "asked for", 0)
    losses = np.exp(-np.arange(50_000) / 9_000)
    losses[31_234] = 40
    history.record(loss=losses, learning_rate=np.full(50_000, 0.1))
    html = gn.report(net, X, X**2, history).html
    assert len(html) < 250_000
    x, y = Page(html).points("history.loss")
    assert y.max() == pytest.approx(40, rel=0.01)  # no peak is lost
    assert x[int(y.argmax())] == pytest.approx(31_235, abs=100)
    assert "of 20,000 rows" in Page(html).words


def test_a_line_is_thinned_by_leaving_points_out():
    y = np.random.RandomState(0).standard_normal(5000)
    kept = thinned(y)
    assert len(kept) <= 600
    assert (kept[0], kept[-1]) == (0, 4999)
    assert {int(y.argmin()), int(y.argmax())} <= set(kept.tolist())
    assert np.array_equal(thinned(y[:600]), np.arange(600))


def test_a_batch_norm_is_explained_in_a_batch():
    X, y = gn.datasets.moons(samples=40)
    net = gn.Network(2, gn.Dense(4), gn.BatchNorm(), gn.Dense(1, "sigmoid"), random_state=0)
    assert "arithmetic of one number" in Page(gn.report(net, X, y).html).words


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"row": 4}, "no row 4: X has the rows 0 to 3"),
        ({"row": -1}, "no row -1"),
        ({"held_out": ([[1.0]], [1.0])}, "held_out X has 1 features"),
        ({"rows": [0, 1]}, "rows must be 4 row numbers"),
        ({"rows": [0, 1, 2, 9]}, "the table has the rows 0 to 3"),
    ],
)
def test_what_does_not_fit_is_an_error(options, words):
    X, y = gn.datasets.xor()
    net = gn.Network("2-2-1 tanh sigmoid", random_state=0)
    table = gn.Table.from_arrays(X, y.ravel())
    with pytest.raises(DataError, match=re.escape(words)):
        gn.report(net, X, y, table=table, **options)


def test_saving(tmp_path, classes):
    path = classes.report.save(tmp_path / "r.html")
    assert path.read_text(encoding="utf-8") == classes.report.html
    for wrong in ("r.txt", "no/r.html"):
        with pytest.raises((DataError, DescriptionError)):
            classes.report.save(tmp_path / wrong)


@settings(max_examples=25)
@given(descriptions(), st.integers(2, 6), st.integers(0, 2**16))
def test_any_network_has_a_report(description, rows, seed):
    random = np.random.RandomState(seed)
    net = gn.Network(description, random_state=seed % 100)
    X = random.standard_normal((rows, description.inputs))
    for column, categories in description.categories.items():
        X[:, column] = random.randint(0, categories, rows)
    y = random.randint(0, 2, (rows, description.loss.target_columns(description.outputs)))
    if description.loss.targets == "classes":
        y = random.randint(0, description.outputs, rows)
    page = Page(gn.report(net, X, y, row=rows - 1).html)
    for name, value, _ in page.numbers:
        assert name
        float(value)


# ------------------------------------------------------------------------------ parts of it


def test_a_number_names_itself_safely():
    assert number('a"><b', 0.5).startswith('<span data-name="a&quot;&gt;&lt;b" data-value="0.5">')


@pytest.mark.parametrize("kind", ["points", "dots", "line"])
def test_a_chart_is_drawn_where_its_numbers_are(kind):
    x, y = np.array([1.0, 2.0, 4.0]), np.array([0.1, 10.0, 1000.0])
    chart = Chart((Marks(x, y, kind),), "t", "x", "y", log=True, log_x=True)
    found = Page(chart_svg(chart, ["it"])).points("it")
    assert np.allclose(found, (x, y), rtol=1e-3)


def test_what_is_not_finite_or_below_0_on_a_log_axis_is_left_out():
    x, y = np.arange(5.0), np.array([1.0, np.nan, np.inf, -1.0, 10.0])
    chart = Chart((Marks(x, y, "line"),), log=True)
    found, _ = Page(chart_svg(chart, ["it"])).points("it")
    assert np.allclose(found, [0, 4], atol=0.01)


def test_classes_are_told_apart_by_shapes():
    marks = tuple(Marks(np.arange(3.0), np.arange(3.0), name=str(c), color=c) for c in range(4))
    page = Page(chart_svg(Chart(marks, classes=True), "abcd"))
    for name in "abcd":
        assert np.allclose(page.points(name)[0], [0, 1, 2], atol=0.01)


# ----------------------------------------------------------------------------- the command


def test_fit_writes_a_report(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = ["fit", str(IRIS), "--target", "species", "--report", "r.html", "--epochs", "20"]
    result = CliRunner().invoke(main, asked)
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1] == "report  r.html"
    page = Page(Path("r.html").read_text(encoding="utf-8"))
    assert "species from iris.csv" in page.words
    assert str(IRIS.parent) not in page.words  # where the file lies is nobody's business
    found = {name: value for name, value, _ in page.numbers}
    net = gn.load("iris.safetensors")
    table = gn.Table.read(IRIS)
    training, _ = split(150, 0.2, 0, table.labels("species"))
    X, y = net.preparation.features_of(table), net.preparation.targets_of(table)
    scores = net.evaluate(X[training], y[training], metrics=["accuracy"])
    assert float(found["evaluate.training.accuracy"]) == scores["accuracy"]
    assert int(found["rows.training"]) == len(training)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--report", "r.txt"], "a report is saved as a .html file"),
        (["--report", "no/r.html"], "there is no folder"),
        (["--report", "r.html", "--folds", "3"], "leave --report out"),
    ],
)
def test_a_report_that_cannot_be_is_refused_before_any_work(more, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["fit", str(IRIS), "--target", "species", *more])
    assert result.exit_code == 2
    assert words in result.output
    assert list(tmp_path.iterdir()) == []


def test_fit_says_what_is_wrong_and_nothing_where_nothing_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = ["fit", str(IRIS), "--target", "species", "--optimizer", "sgd"]
    well = CliRunner().invoke(main, asked)
    assert "health  " not in well.output
    badly = CliRunner().invoke(main, [*asked, "--learning-rate", "10", "--epochs", "30"])
    assert badly.exit_code == 0, badly.output
    lines = badly.output.splitlines()
    found = [line for line in lines if line.startswith("health  ")]
    assert any("class 'versicolor' has 40 rows and is predicted for none" in line for line in found)
    assert lines[-1].startswith("saved   ")
    net = gn.load("iris.safetensors")
    table = gn.Table.read(IRIS)
    training, _ = split(150, 0.2, 0, table.labels("species"))
    X, y = net.preparation.features_of(table), net.preparation.targets_of(table)
    for finding in net.health(X[training], y[training]):
        said = f"health {finding.severity}: {finding.what} remedy: {finding.remedy}"
        assert said in " ".join(badly.output.split())
    assert max(map(len, lines[1:])) <= 100
    quiet = CliRunner().invoke(main, [*asked, "--learning-rate", "10", "--quiet"])
    assert quiet.output == ""


def test_evidence_on_the_page_is_json_of_health(odd):
    health = odd.net.health(odd.X, odd.y, odd.history)
    json.dumps(health.as_dict(), allow_nan=False)
    assert class_numbers(np.eye(2), odd.net.description) is not None


# ----------------------------------------------------------------------- other networks


def test_each_of_several_numbers_is_judged_and_drawn():
    random = np.random.RandomState(0)
    X = random.standard_normal((40, 3))
    Y = np.column_stack([2 * X[:, 0], X[:, 1] - X[:, 2]])
    net = gn.Network("3-4-2 tanh linear", dtype="float64", random_state=0)
    net.fit(X, Y, epochs=5, verbose=False)
    page = Page(gn.report(net, X, Y).html)
    values = {name: float(exact) for name, exact, _ in page.numbers}
    for metric, value in net.evaluate(X, Y, metrics=["r2", "rmse", "mae"]).items():
        assert values[f"evaluate.training.{metric}"] == value
    assert values["guess.training"] == np.sqrt(np.mean((Y - Y.mean(axis=0)) ** 2))
    given = net.predict(X)
    for place in range(2):
        x, y = page.points(f"predicted.training[{place}]")
        assert np.allclose((x, y), (Y[:, place], given[:, place]), atol=0.02)
        x, y = page.points(f"residuals.training[{place}]")
        assert np.allclose((x, y), (given[:, place], Y[:, place] - given[:, place]), atol=0.02)


def test_a_step_whose_output_is_no_prediction_is_said_to_be_one():
    X = np.random.RandomState(0).standard_normal((30, 3))
    layers = gn.Dense(4, "relu"), gn.BatchNorm(), gn.Dropout(0.5), gn.Dense(1)
    words = "This is a step of training, in which noise, dropout and batch norm act."
    for whole in (True, False):
        used = [layer for layer in layers if whole or isinstance(layer, gn.Dense)]
        net = gn.Network(3, *used, random_state=0)
        html = gn.report(net, X, X[:, 0]).html
        assert (words in html) == whole


def test_several_yes_or_no_are_judged():
    X = np.random.RandomState(0).standard_normal((30, 3))
    Y = (X[:, :2] > 0).astype(float)
    net = gn.Network("3-4-2 relu sigmoid", loss="binary_cross_entropy", random_state=0)
    page = Page(gn.report(net, X, Y).html)
    values = {name: float(exact) for name, exact, _ in page.numbers}
    found = net.evaluate(X, Y, metrics=["accuracy"])["accuracy"]
    assert values["evaluate.training.accuracy"] == found
