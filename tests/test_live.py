"""While training: live plots in windows, notebooks and files, and measurements."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import types
from pathlib import Path

import numpy as np
import pytest

import glassnet as gn
from glassnet.callbacks import live as live_module
from glassnet.errors import DataError, DescriptionError, MissingExtraError
from glassnet.plots import files, screens

pytest.importorskip("matplotlib")

X, Y = gn.datasets.beans(40)
HOW = {"optimizer": gn.SGD(0.1), "engine": "numpy", "verbose": False}


def network():
    return gn.Network("1-2-1 sigmoid", dtype="float64", random_state=0)


def fitted(net, history, ax):
    gn.plots.fit_1d(net, X, Y, title=f"epoch {history.epochs}", ax=ax)


def frames_of(path):
    from PIL import Image, ImageSequence

    with Image.open(path) as image:
        return [frame.convert("RGB").tobytes() for frame in ImageSequence.Iterator(image)]


# ------------------------------------------------------------------------------ into files


def test_a_gif_has_a_frame_for_each_turn_and_the_end(tmp_path):
    live = gn.callbacks.Live(fitted, every=4, path=tmp_path / "a.gif")
    network().fit(X, Y, epochs=10, callbacks=live, **HOW)
    assert live.drawn == [4, 8, 10]
    assert len(set(frames_of(tmp_path / "a.gif"))) == 3
    assert live.saved == str(tmp_path / "a.gif")
    assert live.seconds > 0


def test_what_a_frame_shows_is_the_network_of_its_epoch(tmp_path):
    seen = {}

    def look(net, history, ax):
        gn.plots.fit_1d(net, X, Y, ax=ax)
        seen[history.epochs] = ax.lines[0].get_ydata()

    live = gn.callbacks.Live(look, every=5, path=tmp_path / "a.gif")
    network().fit(X, Y, epochs=10, callbacks=live, **HOW)
    for epochs, drawn in seen.items():
        other = network()
        other.fit(X, Y, epochs=epochs, **HOW)
        place = np.linspace(X.min(), X.max(), 200)[:, None]
        np.testing.assert_array_equal(drawn, other.predict(place, engine="numpy")[:, 0])


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_a_still_is_replaced_each_time(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    contents = []

    def look(net, history, ax):
        contents.append(path.read_bytes() if path.exists() else b"")
        fitted(net, history, ax)

    live = gn.callbacks.Live(look, every=5, path=path)
    network().fit(X, Y, epochs=10, callbacks=live, **HOW)
    assert contents[0] == b""
    assert len(contents[1]) > 3000
    assert path.read_bytes() != contents[1]
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_gets_a_file_for_each_turn(tmp_path):
    live = gn.callbacks.Live(every=5, path=tmp_path / "frames")  # the loss
    history = network().fit(X, Y, epochs=10, callbacks=live, **HOW)
    names = sorted(path.name for path in (tmp_path / "frames").iterdir())
    assert names == ["epoch-000005.png", "epoch-000010.png"]
    assert history.epochs == 10


def test_several_plots_stand_side_by_side(tmp_path):
    given = []

    def loss(net, history, ax):
        given.append(ax)
        gn.plots.loss_curve(history, ax=ax)

    live = gn.callbacks.Live([fitted, loss], every=5, path=tmp_path / "a.png")
    network().fit(X, Y, epochs=5, callbacks=live, **HOW)
    (ax,) = given
    assert len(ax.figure.axes) == 2
    assert ax.figure.get_size_inches().tolist() == pytest.approx([9.6, 3.6])


def test_colour_bars_do_not_pile_up(tmp_path):
    points, classes = gn.datasets.moons(30)
    net = gn.Network("2-3-1 tanh sigmoid", loss="binary_cross_entropy", random_state=0)
    counts = []

    def surface(net, history, ax):
        gn.plots.probability_surface(net, points, classes, resolution=9, ax=ax)
        counts.append(len(ax.figure.axes))

    live = gn.callbacks.Live(surface, every=1, path=tmp_path / "a.png")
    net.fit(points, classes, epochs=4, callbacks=live, verbose=False)
    assert counts == [2, 2, 2, 2]


def test_training_is_the_same_with_and_without(tmp_path):
    alone, watched = network(), network()
    one = alone.fit(X, Y, epochs=12, **HOW)
    live = gn.callbacks.Live(fitted, every=3, path=tmp_path / "a.gif")
    seen = gn.callbacks.Measurements(X, Y, every=5)
    other = watched.fit(X, Y, epochs=12, callbacks=[live, seen], **HOW)
    np.testing.assert_array_equal(one.loss, other.loss)
    for name in alone.weights:
        np.testing.assert_array_equal(alone.weights[name], watched.weights[name])


def test_a_headless_machine_gets_a_file(tmp_path):
    code = (
        "import sys, glassnet as gn\n"
        "X, y = gn.datasets.beans(20)\n"
        "live = gn.callbacks.Live(every=5)\n"
        "net = gn.Network('1-2-1 sigmoid', random_state=0)\n"
        "net.fit(X, y, epochs=10, callbacks=live, verbose=False)\n"
        "assert live.saved == 'live.gif' and live.drawn == [5, 10]\n"
    )
    environment = {
        k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND")
    }
    environment["PYTHONPATH"] = str(Path(gn.__file__).parent.parent)
    subprocess.run(
        [sys.executable, "-W", "error", "-c", code], check=True, env=environment, cwd=tmp_path
    )
    assert len(frames_of(tmp_path / "live.gif")) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"draw": 3}, "draw must be a function of (network, history, ax), or several of them"),
        ({"draw": []}, "draw must be a function"),
        ({"every": 0}, "every must be a whole number from 1 up, got 0"),
        ({"share": 0}, "share must be a number above 0 and up to 1, or None, got 0"),
        ({"path": 3}, "a path must be text"),
    ],
)
def test_options_out_of_range_are_refused(options, words):
    with pytest.raises(DescriptionError) as caught:
        gn.callbacks.Live(**options)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.jpg", "to a .gif, to a .png, .svg or .pdf that is replaced, or to a folder"),
        ("none/a.gif", "there is no folder"),
        ("none/a.png", "there is no folder"),
    ],
)
def test_a_file_that_cannot_be_written_leaves_the_network_as_it_was(tmp_path, name, words):
    net = network()
    before = net.weights["W1"].copy()
    live = gn.callbacks.Live(path=tmp_path / name)
    with pytest.raises(DescriptionError) as caught:
        net.fit(X, Y, epochs=2, callbacks=live, **HOW)
    assert words in str(caught.value)
    np.testing.assert_array_equal(net.weights["W1"], before)


def test_a_missing_library_is_named_before_training(monkeypatch, tmp_path):
    monkeypatch.setattr(screens, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"live plots needs matplotlib.*glassnet\[plots\]"):
        network().fit(X, Y, callbacks=gn.callbacks.Live(path=tmp_path / "a.png"), **HOW)
    monkeypatch.undo()
    monkeypatch.setattr(files, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"moving picture needs pillow"):
        network().fit(X, Y, callbacks=gn.callbacks.Live(path=tmp_path / "a.gif"), **HOW)


def test_an_error_while_drawing_ends_training_with_what_was_learnt(tmp_path):
    def fails(net, history, ax):
        raise RuntimeError("no ink")

    net = network()
    with pytest.raises(RuntimeError, match="no ink"):
        net.fit(X, Y, epochs=9, callbacks=gn.callbacks.Live(fails, path=tmp_path / "a.png"), **HOW)


def test_a_moving_picture_stays_bounded_and_ends_on_the_last(tmp_path):
    from matplotlib.figure import Figure

    moving = files.MovingPicture(tmp_path / "a.gif", most=4)
    for number in range(12):
        figure = Figure((1, 1))
        figure.text(0.3, 0.3, str(number))
        moving.add(figure)
    moving.save()
    frames = frames_of(tmp_path / "a.gif")
    assert len(frames) <= 6
    alone = files.MovingPicture(tmp_path / "b.gif")
    alone.add(figure)
    alone.save()
    assert frames[-1] == frames_of(tmp_path / "b.gif")[0]


def test_a_moving_picture_that_cannot_be_written_is_one_sentence(tmp_path):
    from matplotlib.figure import Figure

    moving = files.MovingPicture(tmp_path / "gone" / "a.gif")
    moving.add(Figure((1, 1)))
    with pytest.raises(DataError, match=r"a\.gif"):
        moving.save()


# ------------------------------------------------------------------- windows and notebooks


@pytest.fixture
def window(monkeypatch):
    """Matplotlib as it is where there is a display: pyplot's figures, drawn by Agg."""
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    monkeypatch.setattr(screens, "has_display", lambda: True)
    monkeypatch.setattr("matplotlib.figure.Figure.show", lambda self: None)
    yield pyplot
    pyplot.close("all")


def test_a_window_is_redrawn_and_stays_open(window, monkeypatch):
    flushed = []
    monkeypatch.setattr(
        "matplotlib.backend_bases.FigureCanvasBase.flush_events", lambda self: flushed.append(1)
    )
    live = gn.callbacks.Live(fitted, every=3, share=1.0)
    network().fit(X, Y, epochs=9, callbacks=live, **HOW)
    assert live.drawn[-1] == 9
    assert len(flushed) == len(live.drawn)
    assert live.saved == ""
    (number,) = window.get_fignums()
    assert window.figure(number).axes[0].get_title() == "epoch 9"


def test_a_window_that_is_closed_is_no_longer_drawn(window):
    def closes(net, history, ax):
        fitted(net, history, ax)
        if history.epochs == 3:
            window.close("all")

    live = gn.callbacks.Live(closes, every=3, share=1.0)
    history = network().fit(X, Y, epochs=9, callbacks=live, **HOW)
    assert live.drawn == [3]
    assert history.epochs == 9


class Cell:
    """A notebook's cell: what was displayed in it, and what replaced it."""

    def __init__(self, monkeypatch):
        self.shown = []
        shell = types.ModuleType("IPython")
        shell.get_ipython = lambda: types.SimpleNamespace(kernel=True)
        display = types.ModuleType("IPython.display")
        display.Image = lambda data, format: data
        display.display = self.display
        monkeypatch.setitem(sys.modules, "IPython", shell)
        monkeypatch.setitem(sys.modules, "IPython.display", display)

    def display(self, image, display_id):
        assert display_id
        self.shown.append(image)
        return types.SimpleNamespace(update=self.shown.append)


def test_a_notebook_replaces_one_picture(monkeypatch):
    cell = Cell(monkeypatch)
    live = gn.callbacks.Live(fitted, every=3, share=1.0)
    network().fit(X, Y, epochs=9, callbacks=live, **HOW)
    assert live.drawn[-1] == 9
    assert len(cell.shown) == len(live.drawn)
    assert all(image.startswith(b"\x89PNG") for image in cell.shown)
    assert len(set(cell.shown)) == len(cell.shown)


def test_where_somebody_watches_drawing_takes_no_more_than_its_share(monkeypatch):
    Cell(monkeypatch)
    now = [0.0]
    monkeypatch.setattr(live_module, "clock", lambda: now[0])

    def slow(net, history, ax):
        now[0] += 4.0

    def passing(net, history):
        now[0] += 1.0

    live = gn.callbacks.Live(slow, every=1, share=0.25)
    network().fit(X, Y, epochs=26, callbacks=[passing, live], **HOW)
    # 4 s of drawing are a quarter of 16 s: the next turn comes when 12 epochs of 1 s have passed.
    assert live.drawn == [1, 12, 24, 26]
    usual = gn.callbacks.Live(slow, every=1)
    network().fit(X, Y, epochs=12, callbacks=[passing, usual], **HOW)
    assert usual.drawn == [1, 4, 8, 12]  # half of the time


def test_files_get_every_turn_however_long_it_takes(monkeypatch, tmp_path):
    now = [0.0]
    monkeypatch.setattr(live_module, "clock", lambda: now[0])

    def slow(net, history, ax):
        now[0] += 100.0

    live = gn.callbacks.Live(slow, every=1, path=tmp_path / "a.png")
    network().fit(X, Y, epochs=4, callbacks=live, **HOW)
    assert live.drawn == [1, 2, 3, 4]
    assert live.seconds == 400.0


def test_training_is_no_slower_than_by_the_drawing(tmp_path):
    def slow(net, history, ax):
        time.sleep(0.02)

    live = gn.callbacks.Live(slow, every=10, path=tmp_path / "a.png")
    network().fit(X, Y, epochs=20, callbacks=live, **HOW)  # matplotlib is loaded now
    alone, beside = [], []
    for _ in range(3):
        began = time.perf_counter()
        network().fit(X, Y, epochs=300, **HOW)
        alone.append(time.perf_counter() - began)
        began = time.perf_counter()
        network().fit(X, Y, epochs=300, callbacks=live, **HOW)
        beside.append(time.perf_counter() - began - live.seconds)
        assert live.seconds > 30 * 0.02
    assert min(beside) < 3 * min(alone) + 0.1  # drawing itself takes some 2 s


def test_ipython_without_a_notebook_has_no_cell(monkeypatch):
    shell = types.ModuleType("IPython")
    shell.get_ipython = lambda: types.SimpleNamespace()
    monkeypatch.setitem(sys.modules, "IPython", shell)
    assert not screens.in_notebook()
    shell.get_ipython = lambda: None
    assert not screens.in_notebook()


# ---------------------------------------------------------------------------- measurements


def test_measurements_are_those_of_a_step_at_that_epoch():
    points, classes = gn.datasets.moons(30)

    def make():
        return gn.Network("2-4-1 tanh sigmoid", loss="binary_cross_entropy", random_state=0)

    adam = gn.Adam(0.05)
    seen = gn.callbacks.Measurements(points, classes, every=3, bins=7)
    how = {"optimizer": adam, "verbose": False, "engine": "numpy"}
    make().fit(points, classes, epochs=6, callbacks=seen, **how)
    assert seen.epochs.tolist() == [0, 3, 6]
    for number, epochs in enumerate(seen.epochs[1:], start=1):
        net = make()
        net.fit(points, classes, epochs=int(epochs), **how)
        trace = net.trace(points, classes, optimizer=adam)
        assert seen.losses[number] == trace["loss"]
        for name in ("W1", "b1", "W2", "b2"):
            np.testing.assert_array_equal(seen.weights[name][number], net.weights[name])
            assert seen.norms(name)[number] == np.linalg.norm(trace[name].astype(float))
            assert seen.norms(f"d{name}")[number] == np.linalg.norm(trace[f"d{name}"].astype(float))
            step = (trace.after(name) - trace[name]).astype(float)
            assert seen.norms(f"Δ{name}")[number] == np.linalg.norm(step)
        for name in ("W1", "dW2", "a1", "a2"):
            counts, edges = np.histogram(trace[name].astype(float), 7)
            np.testing.assert_array_equal(seen.spreads(name)[number].counts, counts)
            np.testing.assert_array_equal(seen.spreads(name)[number].edges, edges)
    assert seen.spreads("a1")[0].counts.sum() == 30 * 4


def test_measurements_stay_bounded():
    seen = gn.callbacks.Measurements(X, Y, every=2, most=5)
    network().fit(X, Y, epochs=40, callbacks=seen, **HOW)
    assert len(seen.snapshots) <= 5
    steps = np.diff(seen.epochs)
    assert set(steps) == {steps[0]}  # evenly
    assert seen.epochs[0] == 0
    assert seen.epochs[-1] >= 32


def test_measurements_look_at_rows_spread_over_all():
    seen = gn.callbacks.Measurements(X, Y, rows=4)
    net = network()
    net.fit(X, Y, epochs=1, callbacks=seen, **HOW)
    assert seen.spreads("a1")[0].counts.sum() == 4 * 2
    chosen = X[[0, 13, 26, 39]], Y[[0, 13, 26, 39]]
    assert seen.losses[0] == network().trace(*chosen)["loss"]


def test_measurements_without_weights_have_no_path():
    seen = gn.callbacks.Measurements(X, Y, keep_weights=False)
    net = network()
    net.fit(X, Y, epochs=2, callbacks=seen, **HOW)
    with pytest.raises(DescriptionError, match="keep_weights=True"):
        gn.plots.error_surface(net, X, Y, path=seen)
    with pytest.raises(DescriptionError, match=r"unknown measured norm 'W9'.*W1"):
        seen.norms("W9")
    with pytest.raises(DescriptionError, match=r"unknown measured value 'a9'.*a1"):
        seen.spreads("a9")


def test_measurements_of_lbfgs_have_no_updates():
    pytest.importorskip("scipy")
    seen = gn.callbacks.Measurements(X, Y)
    network().fit(X, Y, epochs=3, optimizer="lbfgs", callbacks=seen, verbose=False)
    assert gn.plots.gradient_norms(seen).lines
    with pytest.raises(DescriptionError, match="outside of the program"):
        gn.plots.update_ratios(seen)


def test_measurements_of_averaged_weights_trace_those_under_way():
    adam = gn.Adam(0.05, average=gn.EMA(0.9))
    seen = gn.callbacks.Measurements(X, Y, every=5)
    net = network()
    net.fit(X, Y, epochs=5, optimizer=adam, verbose=False, callbacks=seen)
    assert seen.losses[-1] == net.trace(X, Y, optimizer=adam)["loss"]
    np.testing.assert_array_equal(seen.weights["W1"][-1], net.weights["W1"])


def test_measurements_refuse_rows_that_do_not_fit():
    with pytest.raises(DataError, match="X has 40 rows and y has 39"):
        gn.callbacks.Measurements(X, Y[:-1])
    with pytest.raises(DescriptionError, match="most must be"):
        gn.callbacks.Measurements(X, Y, most=0)
    net = network()
    with pytest.raises(DataError, match="2 features"):
        net.fit(X, Y, callbacks=gn.callbacks.Measurements(np.ones((3, 2)), Y[:3]), **HOW)


def test_numbers_that_are_not_finite_are_counted_apart():
    from glassnet.callbacks.measurements import Spread

    spread = Spread.of(np.array([np.inf, np.nan, -np.inf]), 3)
    assert spread.not_finite == 3
    assert spread.counts.tolist() == [0, 0, 0]
