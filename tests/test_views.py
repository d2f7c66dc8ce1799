"""Views: pictures hold what they are given, drawings show them, with and without colours."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glassnet as gn
from glassnet.errors import DataError, MissingExtraError
from glassnet.plots import charts, files, fonts, palette
from glassnet.views import pictures, terminal
from glassnet.views.letters import cells
from glassnet.views.pictures import Chart, Label, Marks, Picture, Watch

BRAILLE = {chr(c) for c in range(0x2801, 0x2900)}
SPIRAL = gn.datasets.spiral(30)
LINE = gn.datasets.line()


@pytest.fixture(scope="module")
def beans():
    """A small trained network of one input, its data, and its history."""
    X, y = gn.datasets.beans(40)
    net = gn.Network("1-3-1 sigmoid", dtype="float64", random_state=0)
    how = {"optimizer": gn.Adam(0.05), "verbose": False}
    history = net.fit(X, y, epochs=60, validation=0.2, **how)
    return net, X, y, history


@pytest.fixture(scope="module")
def gallery(beans):
    """One picture of each kind."""
    net, X, y, history = beans
    return {
        "points": pictures.scatter(SPIRAL[0], title="points"),
        "classes": pictures.scatter(*SPIRAL, title=Label("螺旋", "spiral")),
        "wiring": pictures.wiring(4, 3, title="4 to 3"),
        "curve": pictures.curve(net, X, y, names=("beans", "network"), labels=("size", "y")),
        "loss": pictures.loss(history, title="loss"),
        "linear": pictures.loss(history, log=False),
        "hidden": pictures.hidden(net, X, title=Label("隐藏层", "hidden")),
    }


# ----------------------------------------------------------------------------- the pictures


def test_scatter_parts_points_by_class():
    X, y = SPIRAL
    marks = pictures.scatter(X, y, classes=("a", "b", "c")).charts[0].marks
    assert [m.name for m in marks] == ["a", "b", "c"]
    assert [m.color for m in marks] == [0, 1, 2]
    np.testing.assert_array_equal(np.column_stack([marks[1].x, marks[1].y]), X[y == 1])
    alone = pictures.scatter(X).charts[0].marks
    np.testing.assert_array_equal(np.column_stack([alone[0].x, alone[0].y]), X)


def test_curve_is_what_the_network_predicts(beans):
    net, X, y, _ = beans
    points, line = pictures.curve(net, X, y).charts[0].marks
    np.testing.assert_array_equal(points.y, y.ravel())
    np.testing.assert_array_equal(line.y, net.predict(line.x[:, None])[:, 0])
    assert (line.x[0], line.x[-1]) == (X.min(), X.max())


def test_regions_end_where_the_network_names_another_class():
    X, y = SPIRAL
    net = gn.Network("2-8-3 relu softmax", random_state=0)
    border, *points = pictures.regions(net, X, y).charts[0].marks
    assert [m.name for m in points] == ["0", "1", "2"]
    x1, x2 = (np.linspace(X[:, i].min(), X[:, i].max(), pictures.GRID) for i in range(2))
    named = np.array([np.argmax(net.predict(np.column_stack([x1, 0 * x1 + v])), 1) for v in x2])
    wanted = {
        (x1[i], x2[j])
        for j in range(pictures.GRID)
        for i in range(pictures.GRID)
        if (i + 1 < len(x1) and named[j, i] != named[j, i + 1])
        or (j + 1 < len(x2) and named[j, i] != named[j + 1, i])
    }
    assert wanted
    assert set(zip(border.x, border.y, strict=True)) == wanted


def test_loss_is_the_history(beans):
    history = beans[3]
    training, validation, lowest = pictures.loss(history).charts[0].marks
    np.testing.assert_array_equal(training.y, history.loss)
    np.testing.assert_array_equal(validation.y, history.validation_loss)
    assert training.x[0] == 1
    assert training.x[-1] == 60
    assert (lowest.x, lowest.y) == (1 + history.validation_loss.argmin(), validation.y.min())


def test_hidden_shows_each_neuron_and_what_the_output_adds_up(beans):
    net, X, _, _ = beans
    charts = pictures.hidden(net, X).charts
    assert len(charts) == 4
    place = charts[0].marks[0].x[:, None]
    sums = place @ net.weights["W1"] + net.weights["b1"]
    neurons = 1 / (1 + np.exp(-sums))
    for chart, column in zip(charts, neurons.T, strict=False):
        np.testing.assert_allclose(chart.marks[0].y, column, rtol=1e-12)
    added = neurons @ net.weights["W2"] + net.weights["b2"]
    np.testing.assert_allclose(charts[3].marks[0].y, added[:, 0], rtol=1e-10)


def test_wiring_joins_every_input_with_every_neuron():
    chart = pictures.wiring(4, 3).charts[0]
    ends = {(m.y[0], m.y[1]) for m in chart.marks}
    assert len(ends) == 12
    assert [text for _, _, text in chart.texts] == ["x1", "x2", "x3", "x4", "n1", "n2", "n3"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: pictures.scatter(np.zeros((3, 3))), "2 columns, got X of shape (3, 3)"),
        (lambda: pictures.scatter(np.zeros((3, 2)), np.zeros(4)), "X has 3 rows and y has 4"),
        (lambda: pictures.curve(None, np.zeros((3, 2)), 0), "1 column, got X of shape (3, 2)"),
    ],
)
def test_data_that_do_not_fit_a_picture_are_refused(make, words):
    with pytest.raises(DataError) as caught:
        make()
    assert words in str(caught.value)


def test_log_axis_leaves_out_what_is_not_above_zero():
    chart = Chart((Marks(np.arange(4), np.array([100.0, 0, -1, 1]), "line"),), log=True)
    assert np.isnan(chart.heights(chart.marks[0].y)).tolist() == [False, True, True, False]
    assert chart.ranges()[1] == pytest.approx((-0.08, 2.08))
    assert "1e2" in terminal.draw(Picture((chart,)))


@pytest.mark.parametrize("values", [[3.0], [2.0, 2.0], [], [np.nan, np.inf]])
def test_a_range_is_never_empty(values):
    chart = Chart((Marks(np.arange(len(values)), np.array(values)),))
    low, high = chart.ranges()[1]
    assert low < high
    assert terminal.draw(Picture((chart,)))


def test_watch_draws_every_so_many_epochs():
    X, y = LINE
    shown = []
    watch = Watch(
        lambda net, history: pictures.curve(net, X, y, title=str(history.epochs)),
        every=10,
        show=lambda picture, epoch: shown.append((picture.charts[0].title, epoch)),
    )
    net = gn.Network("1-1 linear", random_state=0)
    net.fit(X, y, epochs=30, callbacks=[watch], verbose=False)
    assert shown == [("10", 10), ("20", 20), ("30", 30)]
    last = [frame.charts[0].marks[1].y for frame in watch.frames]
    assert len(last) == 3
    assert not np.array_equal(last[0], last[2])  # frames keep what was, not what is
    np.testing.assert_array_equal(last[2], pictures.curve(net, X, y).charts[0].marks[1].y)


# ----------------------------------------------------------------------------- the terminal


@pytest.mark.parametrize(
    ("x", "y", "letter"),
    [
        (0, 3, "⠁"),
        (0, 2, "⠂"),
        (0, 1, "⠄"),
        (0, 0, "⡀"),
        (1, 3, "⠈"),
        (1, 2, "⠐"),
        (1, 1, "⠠"),
        (1, 0, "⢀"),
    ],
)
def test_each_dot_of_a_braille_letter_has_its_place(x, y, letter):
    canvas = terminal.Canvas(1, 1, (0, 1), (0, 3))
    canvas.points(np.array([x]), np.array([y]))
    assert canvas.rows() == [letter]


def test_a_line_joins_its_points_and_stops_at_a_gap():
    canvas = terminal.Canvas(4, 1, (0, 7), (0, 3))
    canvas.line(np.array([0.0, 3, 5, 7]), np.array([0.0, 0, np.nan, 0]))
    assert canvas.rows() == ["⣀⣀⠀⠀"]
    canvas.line(np.array([0.0, 7]), np.array([3.0, 3]), dashed=True)
    assert canvas.rows() == ["⣉⣀⠉⠀"]


def test_what_is_outside_is_left_out():
    canvas = terminal.Canvas(2, 1, (0, 1), (0, 1))
    canvas.points(np.array([-1, 2, 0.5]), np.array([0.5, 0.5, 9]))
    canvas.markers(np.array([-1, 2, 0.5]), np.array([0.5, 0.5, 9]), "x")
    assert canvas.rows() == ["⠀⠀"]


def test_wide_letters_take_two_columns():
    canvas = terminal.Canvas(8, 1, (0, 1), (0, 1))
    canvas.text(0.5, 0.5, "输入")
    assert canvas.rows() == ["⠀⠀输入⠀⠀"]


@pytest.mark.parametrize("width", [20, 33, 40, 76, 120])
def test_no_row_is_wider_than_the_picture(gallery, width):
    for name, picture in gallery.items():
        for color in (False, True):
            text = terminal.draw(picture, width=width, color=color)
            longest = max(cells(terminal.without_color(row)) for row in text.splitlines())
            assert longest <= width, name


@pytest.mark.parametrize("width", [-3, 0, 1, 5, 19])
def test_a_width_that_shows_nothing_is_taken_as_the_narrowest(gallery, width):
    for name, picture in gallery.items():
        assert terminal.draw(picture, width=width) == terminal.draw(picture, width=20), name


def test_long_numbers_leave_room_for_the_marks():
    y = np.array([123456.7891, 123456.7893])
    text = terminal.draw(Picture((Chart((Marks(np.array([-1e-300, 1e300]), y),)),)), width=1)
    assert BRAILLE & set(text)


def test_titles_and_names_take_as_many_rows_as_they_need():
    lines = [Marks(np.arange(3), np.arange(3), "line", name) for name in ("training", "validation")]
    chart = Chart(tuple(lines), "a title that is much too long")
    rows = terminal.draw(Picture((chart,)), width=22).splitlines()
    assert [row.strip() for row in rows[:2]] == ["a title that is much", "too long"]
    assert rows[-2:] == ["⠒⠒⠒ training", "⠒ ⠒ validation"]


def test_colours_change_nothing_but_the_colours(gallery):
    for name, picture in gallery.items():
        plain, coloured = (terminal.draw(picture, color=color) for color in (False, True))
        assert "\x1b" not in plain
        assert "\x1b[38;5;" in coloured, name
        rows = terminal.without_color(coloured).splitlines()
        assert [row.rstrip() for row in rows] == plain.splitlines(), name


def test_classes_are_told_apart_without_colours(gallery):
    text = terminal.draw(gallery["classes"], height=24)
    field = text.split("x2\n")[1].split("└")[0]
    for letter in "ox+":
        assert field.count(letter) > 15
    assert text.endswith("o 0   x 1   + 2")
    assert not BRAILLE & set(field)


def test_points_without_classes_are_dots(gallery):
    assert BRAILLE & set(terminal.draw(gallery["points"]))


def test_two_lines_are_told_apart_without_colours(gallery):
    text = terminal.draw(gallery["loss"])
    chart = gallery["loss"].charts[0]
    assert text.endswith(f"⠒⠒⠒ training   ⠒ ⠒ validation   + {chart.marks[2].name}")
    assert [chart.dashed(marks) for marks in chart.marks[:2]] == [False, True]


def test_a_picture_in_full():
    net = gn.Network("1-1 linear")
    net.weights["W1"] = [[1.0]]
    net.weights["b1"] = [0.0]
    X = np.array([[0.0], [10.0]])
    text = terminal.draw(pictures.curve(net, X, X / 2, title="half"), width=24, height=5)
    assert text == "\n".join(
        [
            "          half",
            "y",
            "10 ┤                ⣀⡤⠔⠂",
            "   │            ⣀⡤⠖⠋⠁",
            "   │       ⢀⣀⠤⠒⠉⠁      o",
            "   │   ⢀⣠⠴⠚⠉",
            " 0 ┤o⠔⠚⠉",
            "   └┬──────────────────┬",
            "    0                 10",
            "                       x",
        ]
    )


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_colours_are_for_terminals_that_want_them(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert terminal.wants_color(Terminal())
    assert not terminal.wants_color(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not terminal.wants_color(Terminal())
    monkeypatch.setenv("NO_COLOR", "")
    assert terminal.wants_color(Terminal())
    monkeypatch.setenv("TERM", "dumb")
    assert not terminal.wants_color(Terminal())


ENDS = st.floats(-1e6, 1e6).map(lambda v: round(v, 3))


@given(ENDS, ENDS.map(abs).filter(lambda v: v > 1e-3), st.integers(2, 12))
def test_ticks_are_inside_and_say_their_value(low, spread, most):
    high = low + spread
    found = terminal.ticks(low, high, most)
    assert len(found) <= most + 1
    room = 1e-6 * max(abs(low), abs(high), spread)
    for value, text in found:
        assert low - room <= value <= high + room
        assert float(text) == pytest.approx(value, rel=6e-3, abs=spread / most)
    steps = np.diff([value for value, _ in found])
    np.testing.assert_allclose(steps, steps[:1].repeat(len(steps)), rtol=1e-4)


# -------------------------------------------------------------------------------- the files


def test_a_figure_holds_what_the_picture_does(gallery):
    axes = charts.figure(gallery["classes"]).axes[0]
    drawn = np.concatenate([points.get_offsets() for points in axes.collections])
    assert len(drawn) == len(SPIRAL[0])
    assert len({tuple(points.get_facecolor()[0]) for points in axes.collections}) == 3
    shapes = {points.get_paths()[0].vertices.tobytes() for points in axes.collections}
    assert len(shapes) == 3  # a marker of its own for each class
    line = charts.figure(gallery["loss"]).axes[0]
    assert line.get_yscale() == "log"
    assert [part.get_linestyle() for part in line.lines] == ["-", "--"]
    np.testing.assert_array_equal(line.lines[0].get_ydata(), gallery["loss"].charts[0].marks[0].y)
    assert len(charts.figure(gallery["hidden"]).axes) == 4


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_every_picture_is_saved(gallery, tmp_path, ending):
    for name, picture in gallery.items():
        path = files.save(picture, tmp_path / f"{name}.{ending}")
        assert path.stat().st_size > 3000


def test_a_saved_picture_shows_its_points(tmp_path):
    from PIL import Image

    X, y = SPIRAL
    path = files.save(pictures.scatter(X, y), tmp_path / "a.png")
    pixels = np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3)
    for color in palette.COLORS[:3]:
        wanted = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
        assert (pixels == wanted).all(axis=1).sum() > 30


def test_a_moving_picture_has_every_frame_and_rests_on_the_last(tmp_path, beans):
    from PIL import Image, ImageSequence

    X, y = LINE
    frames = []
    for slope in (1.0, 2.0, 3.0):
        net = gn.Network("1-1 linear")
        net.weights["W1"] = [[slope]]
        frames.append(pictures.curve(net, X, y, y_range=(0, 31)))
    path = files.save_moving(frames, tmp_path / "a.gif", seconds=0.2)
    with Image.open(path) as image:
        found = [frame.convert("RGB").tobytes() for frame in ImageSequence.Iterator(image)]
        times = [frame.info["duration"] for frame in ImageSequence.Iterator(image)]
        assert image.info["loop"] == 0
    assert len(set(found)) == 3
    assert times == [200, 200, 2000]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: files.save(Picture(()), "a.jpg"), "saved as .png, .svg or .pdf, got 'a.jpg'"),
        (lambda: files.save_moving([], "a.png"), "saved as .gif, got 'a.png'"),
        (lambda: files.save_moving([], "a.gif"), "at least one picture, got none"),
    ],
)
def test_a_file_that_cannot_be_is_refused(call, words):
    with pytest.raises(DataError) as caught:
        call()
    assert words in str(caught.value)


def test_a_missing_library_is_named_with_its_extra(monkeypatch, gallery, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"needs matplotlib.*glassnet\[plots\]"):
        files.save(gallery["points"], tmp_path / "a.png")
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingExtraError, match=r"needs pillow.*glassnet\[plots\]"):
        files.save_moving([gallery["points"]], tmp_path / "a.gif")


def test_chinese_labels_need_a_font_and_are_english_without_one(gallery, monkeypatch):
    monkeypatch.setattr(fonts, "chinese_font", lambda: "")
    assert charts.figure(gallery["classes"]).axes[0].get_title() == "spiral"
    assert charts.figure(gallery["hidden"]).get_suptitle() == "hidden"
    monkeypatch.setattr(fonts, "chinese_font", lambda: "SimHei")
    axes = charts.figure(gallery["classes"]).axes[0]
    assert axes.get_title() == "螺旋"
    assert axes.title.get_fontfamily()[0] == "SimHei"


def test_a_font_that_was_installed_later_is_found(monkeypatch):
    from matplotlib import font_manager

    manager = font_manager.fontManager
    mono = next(font for font in manager.ttflist if font.name == "DejaVu Sans Mono")
    broken = __file__  # not a font
    monkeypatch.setattr(manager, "ttflist", [f for f in manager.ttflist if f.name != mono.name])
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [broken, mono.fname])
    monkeypatch.setattr(fonts, "CHINESE_FONTS", ("DejaVu Sans Mono",))
    fonts.chinese_font.cache_clear()
    try:
        assert fonts.chinese_font() == "DejaVu Sans Mono"
    finally:
        fonts.chinese_font.cache_clear()


def test_drawing_to_a_file_opens_no_window_and_leaves_no_state(tmp_path):
    code = (
        "import sys, numpy as np\n"
        "from glassnet.plots import files\n"
        "from glassnet.views import pictures\n"
        f"files.save(pictures.scatter(np.eye(2)), {str(tmp_path / 'a.png')!r})\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "MPLBACKEND")}
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, env=environment)


def test_colours_of_a_chart_do_not_repeat_soon():
    for table in (palette.COLORS, palette.MARKERS, terminal.COLORS, terminal.MARKERS):
        assert len(set(table)) == len(table) == 8
