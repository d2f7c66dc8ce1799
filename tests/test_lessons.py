"""Lessons: every number of the sources, in both languages, and a wrong number is seen."""

from __future__ import annotations

import inspect
import io
import re
import string
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import glassnet as gn
from glassnet import lessons
from glassnet.errors import DescriptionError
from glassnet.lessons import beans, dense, exam, forward, layers, line, sheet
from glassnet.lessons.page import Page
from glassnet.lessons.printed import as_printed, within_digits
from glassnet.lessons.result import Result
from glassnet.lessons.texts import LANGUAGES, TEXTS
from glassnet.plots import files, fonts
from glassnet.views.letters import cells, fold

MODULES = {
    "layers": layers,
    "forward": forward,
    "line": line,
    "exam": exam,
    "dense": dense,
    "beans": beans,
}

# Every number that a source prints, as its lesson must show it.
PRINTED = {
    "layers": """2.385 -1.81 1.051 0.026 0.5031 -1.04185 -2.03875 0.2434 -2.7332 -5.7633 -0.99314
        1.41254 -0.35655 1.7640524 0.4001572 0.978738 2.2408931 1.867558 -1.0475188e-04
        1.1395361e-04 -4.7983500e-05 -2.7414842e-04 3.1729150e-04 -8.6921798e-05 -4.2188365e-04
        5.2666257e-04 -5.5912682e-05 -5.7707680e-04 7.1401405e-04 -8.9430439e-05""",
    "forward": """1.3 0.8 0.73 0.78 0.69 0.79 0.731059 0.785835 0.689974 1.235 1.233212 1.52
        1.520812""",
    "line": "2.269 1.01 2.99934 0.00446",
    "exam": """7.6 3.9 6.5 0.9994 1.000 0.9984 0.98016 1.79832 0.8579443 1.788529 0.8567468
        1.94e-18 0.91882413 0.9175 0.9184 2e-20 1e-13 1e-4 w1.txt w2.txt 100,000 [0.5,""",
    "dense": "[2, 10, 1] 0.01",
    "beans": "0.03 5000",
}

# What a source only names, and a lesson shows: a word of its text.
IDEAS = {
    "layers": ["inspected", "dead neuron", "revives", "trained before", "step", "that a line fits"],
    "forward": ["binary cross-entropy", "categorical", "mean squared error", "one matrix"],
    "line": ["without calculus", "Exact gradients", "2 and 0"],
    "exam": ["minimised", "own scale", "trained scale", "sleep, study", "numpy.loadtxt"],
    "dense": ["four equations", "unknown activation", "nan", "short one", "transposed", "sine"],
    "beans": ["de/da2", "da2/dz2", "dz1/dw1", "hill", "adds a dimension", "new beans", "any curve"],
}


@dataclass
class Ran:
    """A lesson that was run: what it printed and what it gave."""

    text: str
    result: Result


@pytest.fixture(scope="module")
def ran():
    """Run each lesson once, when it is first asked for."""
    kept: dict[tuple[str, str, int], Ran] = {}

    def run(name: str, lang: str = "en", columns: int = 80) -> Ran:
        asked = name, lang, columns
        if asked not in kept:
            stream = io.StringIO()
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("COLUMNS", str(columns))
                result = lessons.run(name, lang, stream=stream)
            kept[asked] = Ran(stream.getvalue(), result)
        return kept[asked]

    return run


# ------------------------------------------------------------------------------ the numbers


@pytest.mark.parametrize("name", lessons.LESSONS)
def test_every_row_agrees_or_says_why_not(ran, name):
    rows = ran(name).result.rows
    assert len(rows) >= 7
    assert ran(name).result.unexplained == []
    assert [row.what for row in rows if row.agrees and row.reason] == []  # no stale reason


@pytest.mark.parametrize("name", lessons.LESSONS)
def test_every_printed_number_and_every_idea_is_shown(ran, name):
    text = " ".join(ran(name).text.split())
    assert [number for number in PRINTED[name].split() if number not in text] == []
    assert [idea for idea in IDEAS[name] if idea not in text] == []


KNOWN_SLIPS = {"layers": 0, "forward": 3, "line": 2, "exam": 9, "dense": 4, "beans": 0}


@pytest.mark.parametrize("name", lessons.LESSONS)
def test_no_more_slips_than_are_known(ran, name):
    assert sum(not row.agrees for row in ran(name).result.rows) == KNOWN_SLIPS[name]


def test_beans_are_learnt_and_new_ones_judged(ran):
    text = " ".join(ran("beans").text.split())
    first, last = map(float, re.search(r"fell from ([\d.]+) to ([\d.]+)\.", text).groups())
    assert first > 0.2
    assert last < 0.01
    assert float(re.search(r"judges ([\d.]+)% rightly", text)[1]) > 95
    assert "It judges 59% of the beans rightly" in text  # one sigmoid cannot
    errors = [float(e) for e in re.findall(r"^ +[1248] +(0\.\d{5})$", ran("beans").text, re.M)]
    assert errors == sorted(errors, reverse=True)
    assert len(errors) == 4


def test_the_spiral_is_learnt_while_it_is_watched(ran):
    text = ran("layers").text
    shown = [int(n) for n in re.findall(r"^ +epoch (\d+)$", text, re.M)]
    assert shown == [20, 500]
    words = " ".join(text.split())
    assert float(re.search(r"It names ([\d.]+)% of the points rightly", words)[1]) > 85


def test_frames_are_printed_where_nothing_can_be_redrawn(ran):
    shown = [int(n) for n in re.findall(r"^ +epoch (\d+)$", ran("beans").text, re.M)]
    assert shown == [100, 500, 1000, 5000]


@pytest.mark.parametrize(("lang", "columns"), [("en", 80), ("en", 40), ("zh", 40)])
@pytest.mark.parametrize("name", lessons.LESSONS)
def test_lines_fit_on_the_page(ran, name, lang, columns):
    rows = ran(name, lang, columns).text.splitlines()
    assert [row for row in rows if cells(row) > columns] == []


def test_lines_are_no_longer_than_can_be_read(ran):
    assert max(map(cells, ran("forward", columns=200).text.splitlines())) <= sheet.WIDTH


def test_on_a_narrow_page_values_stand_under_each_other(ran):
    assert (
        "\nsums of the hidden neurons  =\n  source    1 1.3 0.8\n" in ran("forward", "en", 40).text
    )
    for name in lessons.LESSONS:
        rows = ran(name, "zh", 40).text.splitlines()
        broken = [row for row in rows if re.fullmatch("[\u4e00-\u9fff]{1,2}", row)]
        assert set(broken) <= {"数据", "损失", "有毒"}, name  # headings, and names of axes


@pytest.mark.parametrize("columns", [1, 5])
@pytest.mark.parametrize("name", ["layers", "line"])
def test_a_tiny_terminal_gets_the_narrowest_page(ran, name, columns):
    assert ran(name, columns=columns).text == ran(name, columns=40).text


# ------------------------------------------------------------- what is needed to do it again


def first_arrays(text: str) -> dict[str, np.ndarray]:
    """Read the first arrays that a lesson says it starts from."""
    block = re.search(r"^    x +-?[\d.].*?\n\n", text, re.M | re.S)[0]
    arrays: dict[str, list[list[float]]] = {}
    for row in filter(None, block.splitlines()):
        name = row[4:6].strip() or list(arrays)[-1]
        arrays.setdefault(name, []).append([float(number) for number in row[6:].split()])
    return {name: np.array(rows) for name, rows in arrays.items()}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", ["layers", "forward", "exam", "beans"])
def test_what_is_calculated_by_hand_can_be_done_again(ran, name, lang):
    found = first_arrays(ran(name, lang, 40).text)
    z1 = found["x"] @ found["W1"] + found.get("b1", 0)
    a1 = z1 if name == "layers" else 1 / (1 + np.exp(-z1))
    z2 = a1 @ found["W2"] + found.get("b2", 0)
    wanted = {
        "layers": [-0.99314, 1.41254, -0.35655],
        "forward": [1.233212],
        "exam": [1.788529],
        "beans": [np.log(0.676479 / (1 - 0.676479))],  # e = (a2 − 1)² = 0.104666
    }
    np.testing.assert_allclose(z2[-1], wanted[name], atol=1e-5)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_rule_of_the_beans_and_all_first_weights_are_said(ran, lang):
    words = "".join(ran("beans", lang, 40).text.split())
    noise, start = {
        "en": ("uniformbetween−0.01and0.01", "drawnuniformlybetween0and1"),
        "zh": ("−0.01与0.01之间均匀分布", "0与1之间均匀抽取"),
    }[lang]
    for part in ("0.8<0.7·x+", "+0.5<1.4", "0.42857", "1.28571", noise, start):
        assert part in words
    normal = {"en": "weightsandbiasesaredrawnfromN(0,1)", "zh": "权重和偏置都从N(0,1)抽取"}[lang]
    assert normal in "".join(ran("dense", lang, 40).text.split())


@pytest.mark.parametrize("name", lessons.LESSONS)
def test_few_numbers_are_shown_and_a_norm_is_explained_once(ran, name):
    norms = [row.what for row in ran(name).result.rows if "norm" in row.ours]
    explained = TEXTS["en"]["page"]["norm_text"].split(";")[0]
    assert " ".join(ran(name).text.split()).count(explained) == (1 if norms else 0)
    assert len(norms) == {"dense": 3, "beans": 1}.get(name, 0)


def test_up_to_twelve_numbers_are_all_shown():
    blank = a_page()
    blank.check("mse", np.arange(12) / 7, np.arange(12) / 7)
    blank.check("mse", np.full((2, 6), 0.25), np.full((2, 6), 0.25))
    blank.check("mse", np.ones(13), np.ones(13))
    few, matrix, many = (row.ours for row in blank.result.rows)
    assert [float(number) for number in few.split()] == pytest.approx(np.arange(12) / 7, rel=1e-4)
    assert matrix == " ".join(["0.25"] * 6) + "\n" + " ".join(["0.25"] * 6)
    assert many == "norm 3.6055513"


# ------------------------------------------------------- a number that is wrong is seen red


def test_wrong_data_are_seen(monkeypatch):
    X, _ = gn.datasets.line()
    monkeypatch.setattr(gn.datasets, "line", lambda: (X, 2 * X))
    found = lessons.run("line", pictures=False, stream=io.StringIO())
    assert [row.what for row in found.unexplained][:2] == [
        "a after 1,000 epochs",
        "b after 1,000 epochs",
    ]


def test_wrong_weights_are_seen(monkeypatch):
    monkeypatch.setattr(layers, "ROWS1", layers.ROWS1 + np.array([[0.001], [0], [0]]))
    found = lessons.run("layers", pictures=False, stream=io.StringIO())
    assert [row.what for row in found.unexplained] == ["outputs of layer 1", "outputs of layer 2"]


def test_a_wrong_number_of_the_source_is_seen(monkeypatch):
    monkeypatch.setattr(layers, "SOURCE_Z1", layers.SOURCE_Z1.replace("1.051", "1.052"))
    stream = io.StringIO()
    found = lessons.run("layers", pictures=False, stream=stream)
    assert [row.what for row in found.unexplained] == ["outputs of layer 1"]
    assert "outputs of layer 1  ≠" in stream.getvalue()


def a_page(lesson: str = "forward") -> Page:
    return Page(lesson, stream=io.StringIO())


def test_rows_say_whether_they_agree():
    blank = a_page()
    blank.compare("sums", "1 2.5; 3 4", [[1, 2.54], [3, 4]])
    blank.compare("sums", "1 2.5; 3 4", [[1, 2.56], [3, 4]])
    blank.compare("sums", "1.0", 1.2, slip="cut")
    blank.check("mse", [1, 2], [1, 2 + 1e-12])
    blank.check("mse", [1, 2], [1, 2.1])
    blank.check("mse", [1, 2], [1, 2, 3])
    blank.between("sums", "2", [3, 1])
    blank.between("sums", "4", [3, 1])
    blank.compare_text("sums", "a", "b")
    agrees = [row.agrees for row in blank.result.rows]
    assert agrees == [True, False, False, True, False, False, True, False, False]
    assert [row.reason != "" for row in blank.result.rows].index(True) == 2
    assert len(blank.result.unexplained) == 5
    blank.flush()
    printed = blank.sheet.stream.getvalue()
    assert printed.count("≠") == 6
    assert "Cut off" in printed


def test_a_comparison_of_other_shape_is_an_error():
    with pytest.raises(ValueError, match="argument"):
        a_page().compare("sums", "1 2 3", [1, 2])


# Half a digit of a subnormal number is no number any more: there is nothing to tell apart.
@given(st.floats(-1e6, 1e6, allow_subnormal=False), st.integers(0, 6), st.booleans())
def test_a_number_agrees_with_its_own_printed_form(value, places, scientific):
    printed = f"{value:.{places}{'e' if scientific else 'f'}}"
    assert within_digits(printed, value)
    unit = 10.0**-places * (10.0 ** int(printed.split("e")[1]) if scientific else 1)
    assert not within_digits(printed, value + 1.1 * unit)
    assert not within_digits(printed, value - 1.1 * unit)
    assert as_printed(printed, float(printed)) in (printed, printed.removeprefix("-"))


def test_float32_forgives_two_of_its_last_bits_only():
    value = 3.1729147e-04
    assert not within_digits("3.1729150e-04", value)
    assert within_digits("3.1729150e-04", value, float32=True)
    assert not within_digits("3.1729250e-04", value, float32=True)


# -------------------------------------------------------------------------------- the texts


def fields(text: str) -> list[str]:
    """Give the places of a text that are filled in, in the order in which they are counted."""
    found = [
        (name, spec) for _, name, spec, _ in string.Formatter().parse(text) if name is not None
    ]
    numbered = [(name or str(place), spec) for place, (name, spec) in enumerate(found)]
    return sorted(f"{name}:{spec}" for name, spec in numbered)


@pytest.mark.parametrize("name", ["page", *lessons.LESSONS])
def test_both_languages_say_the_same_things(name):
    english, chinese = TEXTS["en"][name], TEXTS["zh"][name]
    assert list(english) == list(chinese)
    for key in english:
        assert fields(english[key]) == fields(chinese[key]), key


@pytest.mark.parametrize("name", lessons.LESSONS)
def test_every_text_is_used(name):
    source = inspect.getsource(MODULES[name])
    used = set(re.findall(r"\"(\w+)\"", source)) | {"title"}
    for prefix, suffixes in (("line", ""), ("wave", ""), ("few", ""), ("many", "")):
        used |= {f"{prefix}_{part}{suffixes}" for part in ("title", "text")}
    assert set(TEXTS["en"][name]) - used == set()


def test_chinese_is_chinese():
    for name, texts in TEXTS["zh"].items():
        for key, text in texts.items():
            plain = re.sub(r"[\w.]*\(.*?\)|net\.\S+", "", text)
            if re.search(r"[a-z]{4,}", plain) and name != "page":
                assert re.search(r"[\u4e00-\u9fff]", text), (name, key)
            assert not re.search(r"[\u4e00-\u9fff][,;:!?]", text), (name, key)


@pytest.mark.parametrize("name", lessons.LESSONS)
def test_lessons_run_in_chinese_with_the_same_numbers(ran, name):
    english, chinese = ran(name).result.rows, ran(name, "zh", 40).result.rows
    assert [row.agrees for row in english] == [row.agrees for row in chinese]
    assert TEXTS["zh"][name]["title"] in ran(name, "zh", 40).text
    assert "独立计算" in ran(name, "zh", 40).text


@pytest.mark.parametrize("name", [name for name in lessons.LESSONS if name != "dense"])
def test_chinese_lessons_have_no_english_sentences(ran, name):
    # The lesson `dense` shows what the library itself says: a network in print, and two errors.
    rows = [row for row in ran(name, "zh", 40).text.splitlines() if not re.search("[│┤]", row)]
    assert re.findall(r"[a-z]+ [a-z]+ [a-z]+", "\n".join(rows)) == []
    assert re.search(r"where|weight before", ran(name, "zh", 40).text) is None


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_explanation_says_where_its_operands_come_from(ran, lang):
    text = " ".join(ran("forward", lang, 40).text.split())
    for part in (
        "z2 = a1 @ W2",
        "0.7311·0.3 + 0.7858·0.5 + 0.69·0.9 = 1.2332",
        "a1[0, 1] = 0.7858",
    ):
        assert part in text
    assert "".join(TEXTS[lang]["page"]["from_weight"].split()) in "".join(text.split())
    assert re.search(r"\n +a1\[0, 1\] = 0.7858", ran("forward", lang, 40).text)  # not broken within


# Words that say something else in this field, or a second word for one thing.
NOT_SAID = ["微调", "另一种算法", "毒性", "对 a 的梯度", "记录中", "跟踪", "空格或错字"]


@pytest.mark.parametrize("word", NOT_SAID)
def test_chinese_words_are_those_of_the_field(word):
    readme = Path(__file__).parent.parent / "README.zh-CN.md"
    said = [text for texts in TEXTS["zh"].values() for text in texts.values()]
    assert [text for text in [*said, readme.read_text(encoding="utf-8")] if word in text] == []


def test_titles_of_all_lessons():
    titles = [lesson.title(lang) for lang in LANGUAGES for lesson in lessons.LESSONS.values()]
    assert len(set(titles)) == 12


WORDS = st.text(alphabet="ab 神经网络，。（）", max_size=60)


@given(WORDS, st.integers(8, 30))
def test_folded_lines_lose_nothing_and_start_with_no_stop(text, width):
    lines = fold(text, width).splitlines()
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert not any(line.startswith(("，", "。", "）")) for line in lines[1:])
    assert not any(line.endswith("（") for line in lines[:-1])


# --------------------------------------------------------------------------------- the page


def test_unknown_names_are_refused():
    with pytest.raises(DescriptionError, match="did you mean 'beans'"):
        lessons.run("bean")
    with pytest.raises(DescriptionError, match="unknown language 'de'"):
        lessons.run("forward", "de")


def test_pictures_are_saved_where_they_are_asked_for(tmp_path):
    found = lessons.run("layers", picture_folder=tmp_path / "new", stream=io.StringIO())
    names = ["wiring", "points", "classes", "line", "wave", "learning"]
    stills = [path for path in found.pictures if path.suffix == ".png"]
    assert [path.name for path in stills] == [f"layers-{name}.png" for name in names]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in stills)
    (moving,) = set(found.pictures) - set(stills)
    assert moving.name == "layers-learning.gif"
    with Image.open(moving) as image:
        assert image.n_frames == layers.EPOCHS // 20
    assert {path.name for path in (tmp_path / "new").iterdir()} == {p.name for p in found.pictures}


@pytest.mark.parametrize(
    ("lang", "font", "said"), [("zh", "", 1), ("zh", "SimHei", 0), ("en", "", 0)]
)
def test_it_is_said_once_that_files_have_no_chinese(tmp_path, monkeypatch, lang, font, said):
    monkeypatch.setattr(fonts, "chinese_font", lambda: font)
    monkeypatch.setattr(files, "save", lambda picture, path: path)
    stream = io.StringIO()
    lessons.run("line", lang, picture_folder=tmp_path, stream=stream)
    assert "".join(stream.getvalue().split()).count("NotoSansCJK") == said


def test_the_moving_picture_has_a_frame_every_hundred_epochs(tmp_path, monkeypatch):
    monkeypatch.setattr(beans, "EPOCHS", 300)
    sheet = Page("beans", stream=io.StringIO(), folder=tmp_path)
    X, y = gn.datasets.beans(20)
    net = gn.Network("1-2-1 sigmoid", dtype="float64", random_state=0)
    beans.watch_it_learn(sheet, net, X, y)
    moving, last, loss = sheet.result.pictures
    assert (moving.name, last.name) == ("beans-learning.gif", "beans-learning.png")
    assert loss == tmp_path / "beans-loss.png"
    with Image.open(moving) as image:
        assert image.n_frames == 3


def test_without_pictures_none_are_drawn_or_saved(tmp_path):
    stream = io.StringIO()
    found = lessons.run("line", pictures=False, picture_folder=tmp_path / "none", stream=stream)
    assert found.pictures == []
    assert not (tmp_path / "none").exists()
    assert not re.search("[\u2801-\u28ff]", stream.getvalue())


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_colours_and_one_picture_over_and_over(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(beans, "EPOCHS", 300)
    stream = Terminal()
    sheet = Page("beans", stream=stream)
    X, y = gn.datasets.beans(20)
    beans.watch_it_learn(sheet, gn.Network("1-2-1 sigmoid", random_state=0), X, y)
    text = stream.getvalue()
    assert [f"epoch {n}" in text for n in (100, 200, 300)] == [True] * 3
    assert "\x1b[1A" in text  # the cursor goes back up
    assert "\x1b[38;5;" in text


def test_no_color_is_honoured(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    lessons.run("forward", stream=stream)
    assert "\x1b[38" not in stream.getvalue()


def test_a_stream_that_lacks_the_letters_does_not_fail():
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding="ascii") as stream:
        lessons.run("forward", "zh", stream=stream)
        stream.flush()
        assert b"0.731059" in raw.getvalue()
        assert b"?" in raw.getvalue()


def test_lessons_are_short_enough_to_be_read():
    for name, module in MODULES.items():
        rows = Path(inspect.getsourcefile(module)).read_text(encoding="utf-8").splitlines()
        assert len(rows) <= 170, name
