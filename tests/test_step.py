"""The debugger: its keys by script, its pages, its screen; every number it shows is computed."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from inspect import signature
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import glassnet as gn
from glassnet.cli import main
from glassnet.debugger import KEYS, Debugger, Press, breakpoints, presses_in
from glassnet.errors import DataError, DescriptionError
from glassnet.lines import Phase
from glassnet.recording import Moment
from glassnet.views.debugger import parts, plain, wires
from glassnet.views.terminal import without_color

APART = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}
RUNNER = CliRunner(**APART)
X, Y = gn.datasets.exam()
QUIET = {"verbose": False, "engine": "numpy"}
NUMBER = r"[-−]?(?:\d+\.?\d*(?:e[-−+]?\d+)?|inf|nan)"


def debugger(short="2-3-1 sigmoid", x=X, y=Y, **options):
    net = gn.Network(short, random_state=0)
    how = {"epochs": 6, "batch_size": 2, "optimizer": gn.SGD(0.5), **QUIET, **options}
    return Debugger(gn.Recording(net, x, y, **how))


def pressed(keys, **options):
    one = debugger(**options)
    for press in presses_in(keys):
        one.press(press)
    return one


def at(one):
    return one.run.epoch, one.run.batch, one.run.line.outputs[0]


# ---------------------------------------------------------------------------------- what if


def test_what_if_is_the_step_with_the_other_number():
    net = gn.Network("2-3-1 sigmoid", random_state=0)
    found = net.trace(X, Y).what_if({"W1[0, 2]": 0.5, "x[1, 0]": 4})
    other = gn.Network("2-3-1 sigmoid", random_state=0)
    weights = np.array(other.weights["W1"])
    weights[0, 2] = 0.5
    other.weights["W1"] = weights
    x = np.array(X, float)
    x[1, 0] = 4
    trace = other.trace(x, Y)
    for name, value in trace.items():
        np.testing.assert_array_equal(found.after[name], value)
    assert found.outputs[1].tolist() == other.predict(x).tolist()
    assert found.loss == (float(found.before["loss"]), float(trace["loss"]))
    assert [c.name for c in found.changes if c.phase == "given"] == ["x", "W1"]
    order = list(found.before)
    places = [order.index(c.name) for c in found.changes]
    assert places == sorted(places)


def test_every_number_of_what_if_is_in_the_two_traces():
    found = gn.Network("2-3-1 tanh", random_state=0).trace(X, Y).what_if({"b1[1]": -2})
    plain_data = json.loads(json.dumps(found.as_dict()))
    assert plain_data["asked"] == {"b1[1]": -2}
    for change in plain_data["changes"]:
        name, index = re.fullmatch(r"([\w']+)(?:\[(.*)\])?", change["what"]).groups()
        place = tuple(int(i) for i in index.split(",")) if index else ()
        before, after = found.before[name], found.after[name]
        place += (0,) * (before.ndim - len(place))
        assert (change["before"], change["after"]) == (before[place], after[place])
        assert change["difference"] == change["after"] - change["before"]
        differs = before != after
        assert (change["changed"], change["size"]) == (np.count_nonzero(differs), before.size)
        apart = np.abs(after.astype(float) - before)
        assert apart[place] == apart.max()
    for text in (str(found), found.text(40)):
        shown = re.findall(rf"(\S+(?: \d+\])?) +({NUMBER}) → ({NUMBER})  \(([+−].*?)\)", text)
        assert len(shown) >= len(found.changes)
        for what, before, after, difference in shown:
            what = what if "[" in what or what == "loss" else text
            b, a, d = (float(n.replace("−", "-")) for n in (before, after, difference))
            assert d == pytest.approx(a - b, abs=1e-4 * max(abs(a), abs(b), 1e-9))
    narrow = [row for row in found.text(40).splitlines() if "→" in row]
    assert max(map(len, narrow)) <= 60


def test_what_if_that_changes_nothing_says_so():
    trace = gn.Network("2-3-1 relu linear", random_state=0).trace(X, Y)
    same = trace.what_if({"W1[0, 0]": float(trace["W1"][0, 0])})
    assert same.changes == ()
    assert str(same).endswith("the outputs z2 stay as they were\n  nothing changes")


def test_what_if_shows_what_becomes_inf():
    trace = gn.Network("2-3-1 relu linear", random_state=0).trace(X, Y)
    found = trace.what_if({"W2[0, 0]": 1e39, "b1": [1, 1, 1]})
    assert np.isinf(found.after["W2"][0, 0])
    assert "inf" in str(found)
    json.dumps(found.as_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({}, DescriptionError, "say what is to change, as in {'W1[0, 0]': 0.5}, got {}"),
        ({"W9[0]": 1}, DescriptionError, "unknown value 'W9'"),
        (
            {"W1": 1},
            DescriptionError,
            "W1 has the shape (2, 3): change one of its numbers, such as 'W1[0, 0]'",
        ),
        ({"W1[5, 0]": 1}, DescriptionError, "there is no 5 in an axis of 2"),
        ({"z1[0, 0]": 1}, DescriptionError, "z1[0, 0] is made by the line 'z1 = x @ W1 + b1'"),
        ({"W1[0, 0]": "much"}, DataError, "W1[0, 0] can only become a number, got 'much'"),
        ({"W1[0, 0]": True}, DataError, "W1[0, 0] can only become a number, got True"),
        ({"b1": [1, 2]}, DataError, "b1 can only become an array of the shape (3,)"),
    ],
)
def test_what_cannot_be_changed_is_said(changes, error, message):
    trace = gn.Network("2-3-1 sigmoid", random_state=0).trace(X, Y)
    with pytest.raises(error) as raised:
        trace.what_if(changes)
    assert message in str(raised.value)


# ------------------------------------------------------------------------------------ keys


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ("", (1, 1, "z1")),
        ("n", (1, 1, "a1")),
        ("n n b", (1, 1, "a1")),
        ("l", (1, 1, "z2")),
        ("l l L", (1, 1, "z2")),
        ("p p", (1, 1, "da2")),
        ("p p n P", (1, 1, "da2")),
        ("p p P", (1, 1, "loss")),
        ("n s", (1, 2, "a1")),
        ("n s S", (1, 1, "a1")),
        ("n s e", (2, 2, "a1")),
        ("n s e E", (1, 2, "a1")),
        ("g:3,2,dW1", (3, 2, "dW1")),
        ("g:3", (3, 1, "z1")),
        ("g:2,1,5", (2, 1, "loss")),
        ("b", (1, 1, "z1")),
        ("x:dW2 r r", (1, 2, "dW2")),
        ("x:dW2 r r R", (1, 1, "dW2")),
        ("x:dW2 x:dW2 r", (6, 2, "b2")),
        ("e e R", (1, 1, "z1")),
    ],
)
def test_keys_lead_to_places(keys, place):
    assert at(pressed(keys)) == place


def test_every_key_does_something_and_is_shown():
    for letter, key in KEYS.items():
        one = debugger()
        one.press(Press("n"))
        before = vars(one).copy(), one.run.place, one.breakpoints.lines.copy(), one.number
        flags = one.breakpoints.not_finite, one.breakpoints.rising
        one.press(Press(letter, key.takes))
        after = vars(one), one.run.place, one.breakpoints.lines, one.number
        changed = after != before or flags != (one.breakpoints.not_finite, one.breakpoints.rising)
        assert changed, letter
        assert any(re.search(rf"(^|  ){re.escape(letter)}[: ]", r) for r in parts.key_rows(80))


def test_numbers_of_a_line_take_turns():
    one = pressed(". .")
    assert one.number == "z1[0, 2]"
    one.press(Press(","))
    assert one.number == "z1[0, 1]"
    one.press(Press("v", "W1[1, 2]"))
    one.press(Press("n"))
    assert one.number == "W1[1, 2]"
    one.press(Press("v"))
    assert one.number == "a1[0, 0]"
    assert pressed(",").number == "z1[1, 2]"
    assert pressed("g:1,1,W2' " + ". " * 3, optimizer="adam").number == "mean_W2'[0, 0]"


def test_what_cannot_be_done_is_said_and_nothing_moves():
    for keys, message in {
        "v:W7": "unknown value 'W7'",
        "v:W1[9,9]": "there is no 9 in an axis",
        "g:99": "there is no epoch 99: epoch must be from 1 to 6",
        "g:a": "epoch is no whole number, got 'a'",
        "w:W1[0,0]": "write what is to change and to what, as in W1[0,1]=0.5, got 'W1[0,0]'",
        "w:W1[0,0]=x": "write what is to change",
        "x:dW9": "unknown value 'dW9'",
        "b": "this is the first line: the run begins here",
        "E": "this is the first epoch: the run begins here",
    }.items():
        one = pressed(keys)
        assert message in one.message
        assert at(one) == (1, 1, "z1")


def test_a_change_is_shown_until_one_moves():
    one = pressed("w:W1[0,2]=0.5;b1[0]=−1")
    assert list(one.changed.asked.values()) == [0.5, -1.0]
    assert "what if" in "\n".join(parts.said(one, 80))
    one.press(Press("n"))
    assert one.changed is None


def test_a_rising_loss_stops_the_run():
    losses = (one := pressed("i u", optimizer=gn.SGD(40.0), epochs=20)).run.history.loss
    rises = (np.flatnonzero(np.diff(losses) > 0) + 2).tolist()
    assert rises
    stops = []
    while True:
        one.press(Press("r"))
        if "rising" not in one.message and "above" not in one.message:
            break
        stops.append(one.run.epoch)
        assert one.run.line.phase is Phase.LOSS
        assert f"{losses[one.run.epoch - 1]:.6g}" in one.message
    assert stops == rises
    for epoch in reversed(rises):
        one.press(Press("R"))
        assert one.run.epoch == epoch


def test_nan_stops_the_run_at_the_line_that_made_it():
    one = pressed("r", short="2-3-1 relu linear", optimizer=gn.SGD(1e30), epochs=30)
    assert one.message.startswith("stopped by inf or nan: training stopped in epoch")
    made = [*one.run.values_made.values()]
    assert not all(np.isfinite(value).all() for value in made)
    for line in one.run.program.lines[: one.run.place.line]:
        for name in line.outputs:
            assert np.isfinite(one.run.trace[name]).all()
    page = "\n".join(plain.page(one))
    assert "inf" in page
    one.press(Press("d"))
    assert plain.page(one)
    one.press(Press("i"))
    one.run.go()
    one.press(Press("r"))
    assert one.message == "no breakpoint on the way: at the end of the run"


def saturated(steps=6):
    """Make a run in which z1 is inf in every step, and all that comes of it finite."""
    net = gn.Network("1-1-1 tanh linear", random_state=0)
    net.weights["W1"] = [[3e38]]
    how = {"epochs": steps, "optimizer": gn.SGD(0.1), **QUIET}
    return Debugger(gn.Recording(net, [[4.0]], [0.5], **how))


def test_inf_within_a_step_stops_the_run_though_the_weights_stay_finite():
    one = saturated()
    assert one.run.error is None
    one.run.go(line=2)
    for epoch in (2, 3):
        one.press(Press("r"))
        assert one.run.epoch == epoch
        assert one.run.line.outputs == ("z1",)
        assert one.message.startswith("stopped by inf or nan: z1[0, 0] is inf in the line 'z1 = x")
    one.press(Press("R"))
    assert (one.run.epoch, one.run.line_number) == (2, 1)
    one.press(Press("x"))
    one.run.go(line=2)
    one.press(Press("i"))
    one.press(Press("r"))
    assert one.message == "stopped by a breakpoint"


def test_how_far_was_looked_for_inf_is_said(monkeypatch):
    one = pressed("", epochs=20)
    one.press(Press("r"))
    assert one.message == "no breakpoint on the way: at the end of the run"
    monkeypatch.setattr(breakpoints, "MOST_STEPS", 7)
    one.press(Press("R"))
    assert one.message == (
        "no breakpoint on the way: at its beginning; of the 40 steps on the way the first 7 were"
        " looked through for inf and nan that did not end the run"
    )
    monkeypatch.setattr(breakpoints, "MOST_NUMBERS", 1)
    assert one.breakpoints.reach(one.run) == 1


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("n z", "there is no key 'z'. The keys: n next line; b back a line; l next layer"),
        ("nn", "there is no key 'nn'"),
        ("n:3", "the key n takes nothing (next line), got 'n:3'"),
        ("g", "the key g (go to epoch, batch, line) takes more: g:3,1,dW1"),
    ],
)
def test_a_bad_script_lists_the_keys(keys, message):
    with pytest.raises(DescriptionError) as error:
        list(presses_in(keys))
    assert message in str(error.value)


def test_a_script_may_have_rows_remarks_and_blanks_in_an_index():
    text = "n n  # two lines\n\nw:W1[0, 2]=0.5\n# nothing\nq"
    assert [p.letter for p in presses_in(text)] == ["n", "n", "w", "q"]


# ----------------------------------------------------------------------------------- pages


def printed_values(rows):
    """Give kind, name and numbers of each value on a page."""
    found, name = {}, None
    for row in rows:
        start = re.match(r" +(read|made)  (\S+) +(?:\(.*?\))?  +(.*)", row)
        if start:
            name = start[1], start[2]
            found[name] = start[3]
        elif name and re.fullmatch(r" {20,}[-−\d|. e…inf]+", row):
            found[name] += " " + row
        else:
            name = None
    return {
        key: [n for n in re.split(r"[ |]+", text) if n and n != "…"] for key, text in found.items()
    }


@pytest.mark.parametrize("width", [40, 80, 120])
def test_every_number_of_a_page_is_in_the_trace(width):
    one = debugger("2-3-2 tanh linear", y=np.hstack([Y.reshape(-1, 1), Y.reshape(-1, 1)]))
    lines = len(one.run.program.lines)
    for _ in range(2 * lines - 1):
        rows = plain.page(one, width)
        assert f"loss {one.run.loss:.6g}" in rows[1] or f"loss {one.run.loss:.6g}" in rows[2]
        values = printed_values(rows)
        both = {"read": one.run.values_read, "made": one.run.values_made}
        assert {name for _, name in values} == {n for v in both.values() for n in v}
        for (kind, name), numbers in values.items():
            true = [f"{number + 0.0:.4g}" for number in both[kind][name].ravel()]
            rest = iter(true)  # rows may be cut at their end: what is shown is in this order
            assert numbers
            assert all(number in rest for number in numbers)
        explained = one.explanation
        assert f"{explained.what} = {explained.result}" in "\n".join(rows)
        assert max(map(len, rows)) <= max(width, 40) + 12
        one.press(Press("n"))


def test_the_drawing_shows_what_is_known_at_the_line():
    one = debugger()
    for line in one.run.program.lines:
        rows = wires.drawing(one.run, 60)
        shown = re.findall(r"\((d?[-−]?[\d.e-]+|·)\)", "\n".join(rows))
        trace = one.run.trace
        expected = {f"{n:.3g}" for n in trace["x"][0]}
        done = [n for ln in one.run.program.lines[: one.run.line_number] for n in ln.outputs]
        known = {f"{n:.3g}" for name in ("a1", "a2") if name in done for n in trace[name][0]}
        errors = {f"d{n:.3g}" for name in ("dz1", "dz2") if name in done for n in trace[name][0]}
        assert expected <= set(shown)
        assert set(shown) <= expected | known | errors | {"·"}
        assert len(shown) == 6
        if line.phase is not Phase.BACKWARD:
            assert not any(text.startswith("d") for text in shown)
        one.press(Press("n"))


def test_the_drawing_is_the_same_without_colours():
    rows = wires.drawing(debugger().run, 60, color=True)
    assert [without_color(row) for row in rows] == wires.drawing(debugger().run, 60)


def test_a_network_too_big_to_draw_says_what_it_shows_instead():
    x = np.random.RandomState(0).standard_normal((9, 40))
    one = debugger("40-50-2 relu softmax", x=x, y=np.arange(9) % 2)
    assert " ".join(wires.drawing(one.run, 80)) == (
        "40 → 50 → 2 neurons: at most 6 in a layer and 5 layers are drawn; layer 1 is at work, and"
        " its numbers stand above"
    )
    one.press(Press("d"))
    rows = plain.page(one, 80)
    assert any(row.endswith("…") for row in rows)
    assert max(map(len, rows)) <= 80


def test_a_drawing_without_room_says_what_it_needs():
    rows = wires.drawing(debugger().run, 30)
    assert " ".join(rows).startswith(
        "2 → 3 → 1 neurons: to be drawn they need 36 columns, and there are 30; layer 1 is at work"
    )
    assert max(map(len, rows)) <= 30
    assert max(map(len, wires.drawing(debugger().run, 40))) <= 40


@pytest.mark.parametrize("width", [60, 82, 200])
def test_the_rows_of_a_batch_are_shown_however_long_the_rates_are(width):
    one = debugger(optimizer=gn.Adam(average=gn.EMA()))
    page = " ".join(row.strip() for row in plain.page(one, width)[:4])
    assert "rows 1 0 ▶" in page


@pytest.mark.parametrize("width", [60, 80])
def test_no_index_is_broken_where_there_is_room(width):
    """An explanation is written for the width of its page, and not broken a second time."""
    one = debugger(optimizer="adam")
    for line in range(len(one.run.program.lines)):
        one.run.go(line=line + 1)
        rows = parts.explanation_rows(one, width)
        assert max(map(len, rows)) <= width
        assert all(row.count("[") == row.count("]") for row in rows)


def test_layers_that_are_not_dense_can_be_walked_and_drawn():
    layers = (gn.Dense(3, "relu"), gn.BatchNorm(), gn.Dropout(0.5), gn.Dense(2))
    net = gn.Network(2, *layers, random_state=0)
    x = np.random.RandomState(0).standard_normal((9, 2))
    how = {"optimizer": gn.Adam(clip_norm=1.0, average=gn.EMA()), "epochs": 2, **QUIET}
    one = Debugger(gn.Recording(net, x, x, **how))
    one.press(Press("d"))
    for _ in range(2 * len(one.run.program.lines)):
        assert plain.page(one)
        one.press(Press("n"))
    assert one.message.startswith("this is the last line")


# --------------------------------------------------------------------------- the command


def run(*args, **more):
    result = RUNNER.invoke(main, ["step", *args], **more)
    return result.exit_code, result.stdout, result.stderr


def test_the_command_walks_by_a_script():
    code, out, err = run("2-3-1 sigmoid", "--data", "exam", "--keys", "n n b l q n")
    assert (code, err) == (0, "")
    places = re.findall(r"line (\d+) of 17", out)
    assert places == ["1", "2", "3", "2", "3"]
    assert out.startswith("2-3-1 sigmoid, 3 rows of exam: 10 epochs recorded, finished, loss ")


def test_a_script_may_come_from_a_file_or_a_pipe(tmp_path):
    script = tmp_path / "keys.txt"
    script.write_text("l  # a layer\nq\n")
    from_file = run("2-3-1 sigmoid", "--data", "exam", "--keys-from", str(script))
    from_pipe = run("2-3-1 sigmoid", "--data", "exam", "--keys-from", "-", input="l q")
    assert from_file == from_pipe
    assert re.findall(r"line (\d+) of 17", from_file[1]) == ["1", "3"]


def test_without_a_terminal_the_first_step_is_printed():
    code, out, _ = run("2-3-1 sigmoid", "--data", "exam")
    assert code == 0
    assert re.findall(r"epoch 1 of 10, batch 1 of 1, line (\d+)", out) == [
        str(n) for n in range(1, 18)
    ]
    assert "\x1b" not in out


def test_keys_that_lead_nowhere_print_their_news_only():
    _, out, _ = run("2-3-1 sigmoid", "--data", "exam", "--keys", "x d ? b")
    assert len(re.findall("epoch 1 of 10", out)) == 1
    assert "» breakpoint on: line 1, z1 = x @ W1 + b1" in out
    assert "» this is the first line: the run begins here" in out
    assert "weight from 0 up" in out
    assert "n  next line" in out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--keys", "n ü"], "there is no key 'ü'. The keys: n next line;"),
        (["--keys", "n", "--keys-from", "-"], "--keys and --keys-from are two ways to say it"),
        (["--keys-from", "nowhere.txt"], "cannot read or write 'nowhere.txt'"),
        (["--optimizer", "lbfgs"], "a recording does single steps again"),
        (["--epochs", "0"], "'0' is not a whole number from 1 up"),
        (["--data", "exams"], "did you mean 'exam'"),
    ],
)
def test_bad_options_are_one_sentence(args, message):
    code, out, err = run("2-3-1 sigmoid", *args)
    assert (code, out) == (2, "")
    assert message in " ".join(err.split())
    assert err.count("\n") == 1


def test_the_command_takes_what_fit_takes():
    args = ["--data", "spiral", "--epochs", "2", "--batch-size", "20", "--optimizer", "adam"]
    more = ["--learning-rate", "0.02", "--schedule", "cosine", "--seed", "3", "--rows", "60"]
    code, out, _ = run("2-4-3 tanh softmax", *args, *more, "--keys", "s e")
    assert code == 0
    assert "epoch 2 of 2, batch 2 of 3" in out
    assert re.search(r"learning_rate 0\.02, correction1", out)


def test_a_table_and_a_model_file_can_be_walked(tmp_path):
    table = str(Path(__file__).parent.parent / "data" / "iris.csv")
    args = ["--data", table, "--target", "species", "--epochs", "2", "--keys", "g:2,5,dW2"]
    code, out, _ = run("4-8-3 relu softmax", *args)
    assert code == 0
    assert out.startswith(f"4-8-3 relu softmax, 150 rows of {table}, columns scaled to mean 0")
    assert "epoch 2 of 2, batch 5 of 5, line" in out
    net = gn.Network("2-3-1 sigmoid", random_state=0)
    net.fit(X, Y, epochs=5, verbose=False)
    net.save(tmp_path / "exam.safetensors")
    code, out, _ = run(str(tmp_path / "exam.safetensors"), "--data", "exam", "--keys", "")
    assert code == 0
    assert f"{float(net.weights['W1'][0, 0]):.4g}" in out


def test_random_numbers_and_a_broken_run_can_be_walked():
    code, out, _ = run("3-4-2 relu linear", "--learning-rate", "1e30", "--keys", "r")
    assert code == 0
    assert "recorded, not finite" in out
    assert "» stopped by inf or nan: training stopped in epoch" in out


def test_help_names_the_command():
    assert "step" in RUNNER.invoke(main, ["--help"]).stdout
    assert "press ? for its keys" in RUNNER.invoke(main, ["step", "--help"]).stdout


def in_terminal(code, **environment):
    """Run a command in a terminal of its own, with keys typed into it."""
    script = (
        "import os, pty, sys\n"
        "master, slave = pty.openpty()\n"
        "import subprocess\n"
        f"run = subprocess.Popen([sys.executable, '-m', 'glassnet.cli', *{code!r}],"
        " stdin=slave, stdout=slave, stderr=slave)\n"
        "os.close(slave)\n"
        "os.write(master, b'n\\nz\\nq\\n')\n"
        "out = b''\n"
        "while True:\n"
        "    try: part = os.read(master, 4096)\n"
        "    except OSError: break\n"
        "    if not part: break\n"
        "    out += part\n"
        "sys.stdout.buffer.write(out)\n"
        "sys.exit(run.wait())\n"
    )
    import os

    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_dumb_terminal_gets_plain_steps_and_is_listened_to():
    done = in_terminal(["step", "2-3-1 sigmoid", "--data", "exam"], TERM="dumb", COLUMNS="80")
    out = done.stdout.decode()
    assert done.returncode == 0
    assert "keys, and the return key; ? shows them all, q ends" in out
    assert re.findall(r"line (\d+) of 17", out) == ["1", "2"]
    assert "there is no key 'z'" in out
    assert "\x1b" not in out


# ------------------------------------------------------------------------------ the screen


def on_screen(one, keys, size=(80, 24), look=None):
    """Press keys on a screen of a size; give what `look` sees of the app at the end."""
    pytest.importorskip("textual")
    from glassnet.views.debugger.screen import app_of

    async def walk():
        app = app_of(one, "a run")
        async with app.run_test(size=size) as pilot:
            for key in keys:
                await pilot.press(key)
            await pilot.pause()
            return look(app) if look else None

    return asyncio.run(walk())


def texts(app):
    from textual.widgets import Static

    strips = [
        "".join(segment.text for segment in strip)
        for strip in app.screen._compositor.render_strips()
    ]
    assert app.query_one("#seen", Static)
    return [row.rstrip() for row in strips]


def test_the_screen_shows_the_line_its_values_and_the_arithmetic():
    one = debugger()
    rows = on_screen(one, ["n", "l", "right", "left", "p"], look=texts)
    assert at(one) == (1, 1, "loss")
    assert len(rows) == 24
    assert max(map(len, rows)) <= 80
    assert rows[0].startswith("epoch 1 of 6, batch 1 of 2, line 5 of 17: loss")
    assert sum("▶" in row for row in rows) == 1
    assert any(re.match(r"▶  5  loss = mean_squ", row) for row in rows)
    whole = "\n".join(rows)
    assert f"made  loss          {float(one.run.trace['loss']):.4g}" in whole
    assert f"loss = {one.explanation.result}" in whole
    assert rows[-1].startswith("? keys  q quit  n b line")


def test_the_screen_asks_for_what_a_key_takes():
    one = debugger()
    on_screen(one, ["v", *"W1", "left_square_bracket", *"0,1", "right_square_bracket", "enter"])
    assert one.number == "W1[0,1]"
    one = debugger()
    on_screen(one, ["g", *"2,2", "enter", "n"])
    assert at(one) == (2, 2, "a1")
    one = debugger()
    on_screen(one, ["w", *"b1", "left_square_bracket", "0", "right_square_bracket", *"=1", "enter"])
    assert one.changed.asked == {"b1[0]": 1.0}
    one = debugger()
    on_screen(one, ["g", "3", "escape", "n", "w", "enter"])
    assert at(one) == (1, 1, "a1")


def test_every_key_works_on_the_screen():
    one = debugger()
    keys = ["n", "b", "l", "L", "p", "P", "s", "S", "e", "E", "x", "r", "R", "i", "u"]
    keys += ["full_stop", "comma", "d", "question_mark", "down", "up", "pagedown", "pageup", "Z"]
    rows = on_screen(one, keys, look=texts)
    assert rows[0].startswith("epoch 1 of 6")
    assert one.drawing
    on_screen(one, ["q"])
    assert one.over


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (160, 50)])
def test_the_screen_fits_small_and_large_terminals(size):
    one = debugger("2-3-1 sigmoid")
    rows = on_screen(one, ["d", *["n"] * 12, "question_mark"], size, texts)
    assert len(rows) == size[1]
    assert max(map(len, rows)) <= size[0]
    assert any(row.startswith("▶") for row in rows)


@pytest.mark.parametrize(("size", "beside"), [((110, 36), True), ((60, 24), False)])
def test_a_narrow_screen_has_the_program_above_what_it_did(size, beside):
    rows = on_screen(debugger("2-3-1 sigmoid"), ["l"], size, texts)
    assert rows[1].startswith("loss ")
    assert rows[-1].startswith("? keys  q quit")
    lit = next(row for row in rows if row.startswith("▶"))
    assert lit.split("│")[0].strip() == "▶  3  z2 = a1 @ W2 + b2"
    assert any(row.startswith("made  z2") for row in rows) is not beside


def test_the_screen_needs_its_library(monkeypatch):
    from glassnet.views.debugger import screen

    monkeypatch.setattr(screen, "is_available", lambda: False)
    with pytest.raises(gn.MissingExtraError) as error:
        screen.show(debugger(), "a run")
    assert "pip install 'glassnet[step]'" in str(error.value)


def test_places_are_ordered_by_step_and_line():
    assert Moment(1, 9) < Moment(2, 0)
