"""Tables: a file is read as it stands or refused in one sentence; what is learnt is learnt once."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import glassnet
from fuzz_files import TABLES, damaged, table_or_refuse
from glassnet.errors import DataError, TableError
from glassnet.table import Preparation, Table, split, write_csv
from glassnet.table.labels import MOST_LABELS


@pytest.fixture
def read(tmp_path):
    """Write bytes or text to a file and read it as a table."""

    def reading(content):
        path = tmp_path / "t.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return Table.read(path)

    return reading


@pytest.fixture
def refused(read, tmp_path):
    """Give the sentence with which a file is refused, without the folder in it."""

    def refuse(content, use=plain):
        with pytest.raises(TableError) as caught:
            use(read(content))
        assert "\n" not in str(caught.value)
        return str(caught.value).replace(f"{tmp_path}/", "")

    return refuse


def plain(table):
    return {name: column.tolist() for name, column in table.columns.items()}


# ------------------------------------------------------------------------------ sound files


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("a,b\n1,x\n2,y\n", {"a": [1, 2], "b": ["x", "y"]}),
        ("a,b\r\n1,x\r\n2,y", {"a": [1, 2], "b": ["x", "y"]}),
        ("a;b\n1;x,y\n", {"a": [1], "b": ["x,y"]}),
        ("a\tb\n1\tx;y\n", {"a": [1], "b": ["x;y"]}),
        ('"a,1";b\n1;2\n', {"a,1": [1], "b": [2]}),
        ("\ufeffa,b\n1,2\n\n\r\n\n", {"a": [1], "b": [2]}),
        ('a,b\n"x ""y"" z","1"\n', {"a": ['x "y" z'], "b": [1]}),
        ('a\n"two\nlines"\n"two\r\nlines"\n', {"a": ["two\nlines", "two\r\nlines"]}),
        (" a , b\n 1 ,\tx y \n", {"a": [1], "b": ["x y"]}),
        ("ä,名\nö,1\n", {"ä": ["ö"], "名": [1]}),
        ("0,1,2\n5,6,7\n", {"0": [5], "1": [6], "2": [7]}),
        ("a\n-1.5e3\n+.5\n5.\n1E-2\n007\n", {"a": [-1500, 0.5, 5, 0.01, 7]}),
        ("a\n1_000\n0x10\n١\n1e\n", {"a": ["1_000", "0x10", "١", "1e"]}),
        ("a\n#1\n", {"a": ["#1"]}),
    ],
)
def test_sound_files_are_read(content, wanted, read):
    assert plain(read(content)) == wanted


def test_a_row_knows_its_line_through_cells_with_breaks(read):
    table = read('a,b\n"x\ny",1\n"z",2\n"p\n\nq",3\nw,4\n')
    assert table.lines.tolist() == [2, 4, 5, 8]
    assert table.where("b", 3).endswith("t.csv, line 8, column 'b'")


def test_missing_cells_are_an_error_only_where_they_are_used(read):
    table = read("a,b\n1,x\nNA,y\n3,\n")
    np.testing.assert_array_equal(table.columns["a"], [1, np.nan, 3])
    with pytest.raises(
        TableError, match=r"line 3, column 'a': the cell is missing \(it says 'NA'\); fill"
    ):
        table.numbers("a")
    with pytest.raises(TableError, match=r"line 4, column 'b': the label is missing"):
        table.labels("b")


WORDS = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
IN_A_FOLDER = [HealthCheck.function_scoped_fixture]


@settings(max_examples=60, deadline=None, suppress_health_check=IN_A_FOLDER)
@given(
    cells=st.lists(st.tuples(NUMBERS, WORDS), min_size=1, max_size=12),
    separator=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_the_csv_module_writes_is_read_to_the_last_bit(cells, separator, end, read):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator=end)
    writer.writerow(["number", "text"])
    writer.writerows([repr(number), f"t{words}t"] for number, words in cells)
    table = read(text.getvalue())
    assert table.numbers("number").tolist() == [number for number, _ in cells]
    assert table.columns["text"].tolist() == [f"t{words}t" for _, words in cells]


# ---------------------------------------------------------------------------- refused files


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "t.csv is empty"),
        (b"\n\r\n\n", "t.csv is empty"),
        (b"\xef\xbb\xbf", "t.csv is empty"),
        (b"a,b\n", "t.csv has one line only: write rows below"),
        (b"\x1f\x8b\x08rest", "t.csv is packed with gzip"),
        (b"PK\x03\x04rest", "t.csv is a zip archive or an Excel workbook"),
        (b"\xd0\xcf\x11\xe0rest", "t.csv is an old Excel workbook"),
        (b"PAR1rest", "t.csv is a Parquet file"),
        ("a,b\n1,2\n".encode("utf-16"), "t.csv is text in UTF-16"),
        (b"a,b\n1,2\n3,\x004\n", "line 3 has a NUL byte"),
        (b"a,b\n1,2\n3,\xe4\n", "line 3 is not UTF-8 (byte 0xe4): save the file as 'CSV UTF-8'"),
        (b"a,,c\n1,2,3\n", "line 1: column 2 has no name"),
        (b"a, \n1,2\n", "line 1: column 2 has no name"),
        (b"a,b,a\n1,2,3\n", "line 1: columns 1 and 3 have the same name 'a'"),
        (b"a,b, a\n1,2,3\n", "line 1: columns 1 and 3 have the same name 'a'"),
        (b"5.1,3.5\n1,2\n", "line 1 has numbers only, '5.1', '3.5': add a line above"),
        (b"a,b\n1,2\n3\n", "line 3 has 1 cell, but the header has 2"),
        (b"a,b\n1,2\n3,4,5\n", "line 3 has 3 cells, but the header has 2"),
        (b'a,b\n"x\n",2\n3\n', "line 4 has 1 cell, but the header has 2"),
        (b"a,b\n1,2\n\n3,4\n", "line 3 is empty: delete it"),
        (b'a,b\n1,2\n5" pipe,4\n', "line 3 has a double quote inside a cell"),
        (b'a,b\n1, "x"\n', "line 2 has a double quote inside a cell"),
        (
            b'a\n"x\ny"z\n',
            "line 3 has text after the closing quote of the cell that begins in line 2",
        ),
        (b'a,b\n1,2\n"x,4\n5,6\n', "line 3 opens a quote that is never closed"),
        (b"a,b\r1,2\r", "line 1 has a carriage return without a line feed"),
        (b"a,b\n1,2\r,3\n", "line 2 has a carriage return without a line feed"),
        (b"a" * 129 + b",b\n1,2\n", "has 129 letters; shorten it to at most 128"),
        (b"a,b\n1," + b"2" * 2**20 + b"\n", "line 2 has more than 1048576 bytes"),
        (b"a" * (2**20 + 1) + b"\n1\n", "line 1 has more than 1048576 bytes"),
        (b"a" * 140_000 + b"\n1\n", "line 1 cannot be read: field larger than field limit"),
        (b",".join(b"c%d" % n for n in range(10_001)) + b"\n1\n", "has 10001 columns, but must"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_other_files_are_refused_in_one_sentence_with_the_line(content, sentence, refused):
    assert sentence in refused(content)


def test_only_local_regular_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")  # to open it would wait for ever
    for path in (tmp_path, tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(TableError, match="a directory or a device"):
            Table.read(path)
    for address in ("https://example.org/t.csv", "file:///etc/passwd", "s3://bucket/t.csv"):
        with pytest.raises(TableError, match="is an address: download the file first"):
            Table.read(address)
    with pytest.raises(TableError, match=r"cannot read .*none.csv': No such .*; correct the name"):
        Table.read(tmp_path / "none.csv")
    with pytest.raises(TableError, match=r"no folder '.*none': make it, or correct the path"):
        Table.read(tmp_path / "none" / "t.csv")
    for wrong in (3, None, b"t.csv"):
        with pytest.raises(TableError, match=r"a path must be text or a pathlib.Path, got "):
            Table.read(wrong)


def test_a_pipe_that_takes_the_place_of_a_file_is_refused_without_waiting(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_text("a\n1\n")
    before = path.stat()
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(Path, "stat", lambda self, **_: before)
    with pytest.raises(TableError, match="a directory or a device"):
        Table.read(path)


def test_the_extension_is_not_believed(tmp_path):
    path = tmp_path / "t.csv.gz"
    path.write_text("a\n1\n")
    assert plain(Table.read(path)) == {"a": [1]}


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "t.csv").open("wb") as file:
        file.truncate(2**32 + 1)  # takes no room on the disk
    with pytest.raises(TableError, match="has more than 4294967296 bytes"):
        Table.read(tmp_path / "t.csv")


def test_what_polars_refuses_or_counts_otherwise_is_refused(read, monkeypatch):
    import polars

    honest = polars.read_csv

    def fail(*_, **__):
        raise polars.exceptions.ComputeError("no\nmore words")

    monkeypatch.setattr(polars, "read_csv", fail)
    with pytest.raises(TableError, match=r"cannot be read as a table: no$"):
        read("a\n1\n")
    monkeypatch.setattr(polars, "read_csv", lambda *a, **k: honest(*a, **k).head(1))
    with pytest.raises(TableError, match="1 rows or 2"):
        read("a\n1\n2\n")


@settings(max_examples=150, deadline=None, suppress_health_check=IN_A_FOLDER)
@given(chance=st.randoms(use_true_random=False), data=st.binary(max_size=60))
def test_any_file_gives_a_table_or_the_error_of_tables(chance, data, tmp_path):
    path = tmp_path / "t.csv"
    for content in (damaged(chance.choice(TABLES), chance), data, b"a,b\n" + data):
        path.write_bytes(content)
        table_or_refuse(path)


# ------------------------------------------------------------------------- columns in use


def test_a_typo_among_numbers_is_named(refused):
    content = "id,size\n" + "".join(f"{n},{n}\n" for n in range(20)) + "20,3o\n"
    sentence = refused(content, lambda table: table.numbers("size"))
    assert sentence == (
        "t.csv, line 22, column 'size': '3o' is not a number, but 20 of 21 cells of this column"
        " are; correct it"
    )
    assert refused(content, lambda table: Preparation.learn(table, "id")) == sentence
    as_target = refused(content, lambda table: Preparation.learn(table, "size"))
    assert as_target == sentence + ", or say that the target is classes if these are labels"


def test_labels_that_look_like_numbers_may_be_called_classes(read):
    table = read("id,size\n" + "".join(f"{n},{n % 2}\n" for n in range(20)) + "20,1a\n")
    assert Preparation.learn(table, "size", kind="classes").classes == ("0", "1", "1a")


def test_a_column_with_fewer_numbers_than_nine_in_ten_is_text(refused):
    content = "a\n" + "1\n" * 8 + "x\ny\n"
    assert refused(content, lambda table: table.numbers("a")) == (
        "t.csv, line 10, column 'a': 'x' is text, and only columns of numbers can be used here;"
        " write numbers into it"
    )


def test_a_decimal_comma_is_named(refused):
    sentence = refused("a;b\n1,5;1\n2,5;2\n", lambda table: table.numbers("a"))
    assert sentence.endswith("write a point, not a comma, before decimals: 1.5")


@pytest.mark.parametrize(
    ("cell", "remedy"),
    [
        ("1,200", "write 1200 if the comma parts thousands, or 1.200 if it stands before decimals"),
        ("-1,200", "write -1200 if the comma parts thousands, or -1.200 if it stands before"),
        ("1,200.50", "write it without commas between thousands: 1200.50"),
        ("1,200,000", "write it without commas between thousands: 1200000"),
        ("0,200", "write a point, not a comma, before decimals: 0.200"),
        ("1,20,3", "write numbers into it"),
    ],
)
def test_commas_between_thousands_are_told_from_those_before_decimals(cell, remedy, refused):
    sentence = refused(f"a;b\n{cell};1\n{cell};2\n", lambda table: table.numbers("a"))
    assert f"; {remedy}" in sentence


@pytest.mark.parametrize("cell", ["red", "NA", ""])
def test_a_column_that_is_not_needed_may_be_left_out(cell, refused):
    sentence = refused(
        f"my size,y\n{cell},1\n{'2' if cell != 'red' else 'blue'},3\n",
        lambda table: Preparation.learn(table, "y"),
    )
    assert sentence.endswith("leave the column out (--without 'my size'; in Python features=[...])")


def test_a_column_that_a_model_needs_cannot_be_left_out(read, refused):
    learnt = Preparation.learn(read("x,y\n1,2\n2,5\n"), "y")
    for text in ("x,y\nred,2\n", "x,y\n1,1\n,2\n"):
        assert "leave" not in refused(text, learnt.features_of)


@pytest.mark.parametrize("cell", ["", "NA", "nan", "null", "?"])
def test_a_missing_number_is_named_as_it_stands_there(cell, refused):
    says = f"it says '{cell}'" if cell else "it is empty"
    text = f"a,b\n1,2\n3,{cell}\n4,-\n"
    sentence = refused(text, lambda table: table.numbers("b"))
    assert sentence == (
        f"t.csv, line 3, column 'b': the cell is missing ({says}; 2 cells of this column are"
        " missing); fill it in or delete the row"
    )


@pytest.mark.parametrize("cell", ["inf", "-Infinity", "1e999"])
def test_an_infinite_number_is_named(cell, refused):
    sentence = refused(f"a,b\n1,2\n3,{cell}\n", lambda table: table.numbers("b"))
    assert "line 3, column 'b': the cell is infinite, or too large" in sentence


def test_an_unknown_column_is_named_with_the_nearest(refused):
    sentence = refused("age,colour\n1,2\n", lambda table: table.column("color"))
    assert sentence == "t.csv has no column 'color': did you mean 'colour'?"
    sentence = refused("age,colour\n1,2\n", lambda table: table.column("zzz"))
    assert sentence == "t.csv has no column 'zzz': it has 'age', 'colour'"


def test_arrays_make_a_table_of_their_own(read):
    X = np.array([[1.0], [2.0]])
    table = Table.from_arrays(X, [True, False])
    X[0] = 9
    assert plain(table) == {"x1": [1, 2], "y": [1, 0]}
    assert table.where("x1", 1) == "row 2, column 'x1'"
    with pytest.raises(ValueError, match="read-only"):
        table.numbers("x1")[0] = 5
    with pytest.raises(TableError, match="row 2, column 'x1': the cell is missing"):
        Table.from_arrays([[1.0], [np.nan]]).numbers("x1")
    for wrong in (
        lambda: Table.from_arrays([1.0, 2.0]),
        lambda: Table.from_arrays([[1.0]], [1, 2]),
        lambda: Table.from_arrays([[1.0]], names=["a", "b"]),
        lambda: Table.from_arrays([[1.0]], [1], names=["y"]),
        lambda: Table.from_arrays(np.ones((0, 2))),
    ):
        with pytest.raises(DataError):
            wrong()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["a", "b"], "classes"),
        (["1", "2"], "classes"),
        ([0, 1, 1, 0], "classes"),
        ([-1, 1], "classes"),
        ([5] * 30, "number"),
        ([0, 1, 2] * 10, "classes"),
        ([0, 1, 2] * 9, "number"),
        ([0, 1, 2.5] * 10, "number"),
        (list(range(20)) * 10, "classes"),
        (list(range(21)) * 10, "number"),
        ([0.5, 1.5], "number"),
    ],
)
def test_the_kind_of_a_target(values, kind):
    table = Table.from_arrays(np.zeros((len(values), 1)), values)
    assert table.kind("y") == kind


# -------------------------------------------------------------------------------- the split


@given(
    rows=st.integers(2, 60),
    fraction=st.floats(0.01, 0.99),
    seed=st.integers(0, 2**63 - 1),
)
def test_a_split_has_every_row_once(rows, fraction, seed):
    training, held_out = split(rows, fraction, seed)
    np.testing.assert_array_equal(np.sort(np.r_[training, held_out]), np.arange(rows))
    assert min(len(training), len(held_out)) >= 1
    assert abs(len(held_out) - fraction * rows) <= 1
    again = split(rows, fraction, seed)
    assert np.array_equal(training, again[0])


@given(
    labels=st.lists(st.sampled_from("abcde"), min_size=2, max_size=40),
    fraction=st.floats(0.05, 0.95),
    seed=st.integers(0, 99),
)
def test_a_split_by_class_has_every_class_in_both_parts(labels, fraction, seed):
    counts = {label: labels.count(label) for label in labels}
    if max(counts.values()) == 1:
        with pytest.raises(DataError, match="every class has one row only"):
            split(len(labels), fraction, seed, labels)
        return
    training, held_out = split(len(labels), fraction, seed, labels)
    np.testing.assert_array_equal(np.sort(np.r_[training, held_out]), np.arange(len(labels)))
    for label, count in counts.items():
        held = sum(labels[row] == label for row in held_out)
        assert held == 0 if count == 1 else 1 <= held < count
        assert abs(held - fraction * count) <= 1


def test_a_split_is_by_chance_and_the_same_everywhere():
    assert [p.tolist() for p in split(10, 0.3, seed=5)] == [[0, 1, 3, 4, 7, 8, 9], [2, 5, 6]]
    chosen = np.concatenate([split(20, 0.25, seed)[1] for seed in range(400)])
    counts = np.bincount(chosen, minlength=20)
    assert counts.sum() == 2000
    assert np.all(np.abs(counts - 100) < 45)  # more than five standard deviations


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan"), True, "0.2", None])
def test_a_part_that_cannot_be_held_out_is_refused(fraction):
    with pytest.raises(DataError, match="between 0 and 1"):
        split(10, fraction, 0)


def test_what_cannot_be_split_is_refused():
    with pytest.raises(DataError, match="at least 2, got 1: add rows"):
        split(1, 0.5, 0)
    for seed in (-1, 2**63, 1.0, None):
        with pytest.raises(DataError, match="the seed must be a whole number"):
            split(3, 0.5, seed)
    with pytest.raises(DataError, match="one class for each of 3 rows"):
        split(3, 0.5, 0, [1, 2])


# -------------------------------------------------------------------------- the preparation

FLOWERS = "width,kind,height\n1,rose,10\n2,lily,30\n4,rose,20\n9,lily,20\n"


def test_features_are_standardised_by_name_whatever_else_the_table_has(read):
    preparation = Preparation.learn(read(FLOWERS), "kind")
    X = preparation.features_of(read("height,note,width\n10,,1\n30,x,2\n20,,4\n20,y,9\n"))
    np.testing.assert_array_equal(X, preparation.features_of(read(FLOWERS)))
    assert X.flags.c_contiguous
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-15)
    np.testing.assert_allclose(X.std(axis=0), 1, rtol=1e-15)
    assert preparation.features == ("width", "height")
    assert preparation.outputs == 2


def test_chosen_features_and_their_order_are_kept(read):
    preparation = Preparation.learn(read(FLOWERS), "kind", features=["height"])
    assert preparation.features_of(read("height\n20\n")).tolist() == [[0.0]]


def test_nothing_is_learnt_from_rows_that_are_held_out(read):
    rows = np.array([0, 1, 2])
    learnt = Preparation.learn(read(FLOWERS), "kind", rows)
    other = read(FLOWERS.replace("9,lily,20", "1e6,lily,-5"))
    assert Preparation.learn(other, "kind", rows) == learnt
    assert Preparation.learn(other, "kind") != learnt
    unseen = read(FLOWERS.replace("9,lily", "9,tulip"))
    assert Preparation.learn(unseen, "kind", rows).classes == ("lily", "rose")
    with pytest.raises(TableError) as caught:
        learnt.targets_of(unseen)
    assert str(caught.value).endswith(
        "t.csv, line 5, column 'kind': the label 'tulip' is not one of those trained on, 'lily',"
        " 'rose'; correct it or train with such rows"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("x,y\n1,a\n2,a\n", "t.csv, column 'y' has one label only in the training rows, 'a'"),
        ("x,y\n1,5\n2,5\n", "t.csv, column 'y' never changes in the training rows, it is always 5"),
        ("y\na\nb\n", "t.csv has no column beside the target 'y'"),
        (f"x,y\n1,a\n2,{'b' * 129}\n", "t.csv, column 'y' has a label of 129 letters"),
    ],
)
def test_a_target_that_cannot_be_learnt_is_refused_with_the_file(content, sentence, refused):
    assert refused(content, lambda table: Preparation.learn(table, "y")).startswith(sentence)


def test_missing_columns_are_listed_in_one_sentence(read):
    preparation = Preparation.learn(read(FLOWERS), "kind")
    with pytest.raises(
        TableError,
        match=r"lacks 'width', 'height': the network was trained on 'width', 'height'$",
    ):
        preparation.features_of(read("Width,Height\n1,2\n"))


@pytest.mark.parametrize(
    ("given_labels", "classes"),
    [
        (["b", "a", "b"], ("a", "b")),
        ([1, 0, 1], (0, 1)),
        ([3, -2, 3], (-2, 3)),
        ([0.5, 2, 0.5], (0.5, 2)),
        ([2.0**60, 1, 1], (1, 2.0**60)),
    ],
)
def test_labels_go_to_class_numbers_and_back(given_labels, classes):
    table = Table.from_arrays([[1.0], [2.0], [4.0]], given_labels)
    preparation = Preparation.learn(table, "y", kind="classes")
    assert preparation.classes == classes
    numbers = preparation.targets_of(table)
    assert numbers.dtype == np.int64
    assert preparation.labels(np.eye(2)[numbers]).tolist() == given_labels
    assert preparation.labels(numbers[:, None] * 0.9).tolist() == given_labels
    again = Preparation.from_json(json.loads(json.dumps(preparation.to_json())))
    assert again == preparation
    assert [type(label) for label in again.classes] == [type(label) for label in classes]


def test_text_labels_are_found_again_where_all_look_like_numbers(read):
    preparation = Preparation.learn(read("x,y\n1,3\n2,b\n"), "y")
    assert preparation.classes == ("3", "b")
    assert preparation.targets_of(read("x,y\n5,3\n")).tolist() == [0]


def test_a_number_is_standardised_and_turned_back():
    values = [10.0, 20.0, 60.0, 70.5]
    table = Table.from_arrays([[1.0], [2.0], [3.0], [4.0]], values)
    preparation = Preparation.learn(table, "y")
    assert preparation.kind == "number"
    assert preparation.outputs == 1
    y = preparation.targets_of(table)
    np.testing.assert_allclose([y.mean(), y.std()], [0, 1], atol=1e-15)
    np.testing.assert_allclose(preparation.predictions(y[:, None]), values, rtol=1e-15)


def test_outputs_that_do_not_fit_are_refused():
    table = Table.from_arrays([[1.0], [2.0], [3.0]], ["a", "b", "c"])
    classes = Preparation.learn(table, "y")
    number = Preparation.learn(Table.from_arrays([[1.0], [2.0]], [0.5, 1.5]), "y")
    for wrong in (
        lambda: classes.labels(np.ones((2, 2))),
        lambda: classes.labels(np.ones(3)),
        lambda: classes.labels([[0.0, np.nan, 1.0]]),
        lambda: classes.numbers(np.ones((2, 3))),
        lambda: number.numbers(np.ones(3)),
        lambda: number.numbers([[np.inf]]),
        lambda: number.labels(np.ones((2, 1))),
    ):
        with pytest.raises(DataError):
            wrong()


@pytest.mark.parametrize("value", [0.0, 0.1, -3.3e17, 1e300, 5e-324])
def test_a_constant_column_keeps_its_scale_and_is_named(value):
    table = Table.from_arrays(np.c_[np.full(1000, value), np.arange(1000.0)], ["a", "b"] * 500)
    preparation = Preparation.learn(table, "y")
    assert preparation.constant == ("x1",)
    assert preparation.scales[0] == 1.0
    assert preparation.means[0] == pytest.approx(value, rel=1e-12)
    with pytest.raises(TableError, match=r"column 'x1' never changes .* choose another target$"):
        Preparation.learn(table, "x1", kind="number", features=["x2"])


@pytest.mark.parametrize("values", [[0.3, 0.1 + 0.2], [0.0, 5e-324], [1e16, 1e16 + 2]])
def test_a_column_that_changes_by_rounding_only_is_constant(values):
    table = Table.from_arrays(np.array(values * 500)[:, None], ["a", "b"] * 500)
    preparation = Preparation.learn(table, "y")
    assert preparation.constant == ("x1",)
    assert preparation.scales == (1.0,)


@pytest.mark.parametrize("unit", [1e-300, 1e-200, 1.0, 1e12, 1e200, 1e300])
def test_mean_and_scale_are_right_at_every_size(unit):
    values = np.array([1.0, 2.0, 4.0, 9.0])
    table = Table.from_arrays((values * unit)[:, None], [0.5, 1, 2, 3])
    preparation = Preparation.learn(table, "y")
    assert preparation.means[0] / unit == pytest.approx(4.0, rel=1e-14)
    assert preparation.scales[0] / unit == pytest.approx(np.std(values), rel=1e-14)
    assert not preparation.constant


def test_a_small_spread_about_a_large_mean_is_not_lost():
    values = 1e9 + np.arange(100.0)
    preparation = Preparation.learn(Table.from_arrays(values[:, None], np.arange(100) / 7), "y")
    assert preparation.scales[0] == pytest.approx(np.std(np.arange(100.0)), rel=1e-12)


def test_a_value_far_from_all_that_was_learnt_is_named():
    table = Table.from_arrays([[1.0], [2.0]], ["a", "b"])
    preparation = Preparation.learn(table, "y")
    with pytest.raises(TableError, match=r"row 2, column 'x1': 1e\+300 is too far"):
        preparation.features_of(Table.from_arrays([[1.0], [1e300]]))


@pytest.mark.parametrize(
    ("content", "options", "sentence"),
    [
        ("x,y\n1,a\n2,a\n", {}, "column 'y' has one label only in the training rows, 'a'"),
        ("y\na\nb\n", {}, "no column beside the target 'y'"),
        ("x,y\n1,a\n2,b\n", {"kind": "number"}, "line 2, column 'y': 'a' is text"),
        ("x,y\n1,a\n2,b\n", {"kind": "guess"}, "'a' is text"),
        ("x,y\n1,2\n2,3\n", {"kind": "guess"}, "must be 'classes' or 'number', got 'guess'"),
        ("x,y\nred,1\nblue,2\n", {}, "line 2, column 'x': 'red' is text"),
        ("x,y\n1,a\n2,b\n", {"features": ["z"]}, "has no column 'z'"),
        ("x,y\n1,a\n2,b\n", {"features": ["x", "y"]}, "'a' is text"),
        ("x,y\n1,a\n2,b\n", {"features": ["x", "x"]}, "have the same name 'x'"),
        ("x,y\n1,a\n2,b\n", {"rows": np.array([], int)}, "not be empty"),
        ("x,y\n1,a\n2,b\n", {"rows": np.array([0, 2])}, "must be from 0 to 1"),
        (f"x,y\n1,a\n2,{'b' * 129}\n", {}, "has a label of 129 letters"),
    ],
)
def test_what_cannot_be_learnt_is_refused(content, options, sentence, read):
    with pytest.raises(DataError) as caught:
        Preparation.learn(read(content), "y", **options)
    assert sentence in str(caught.value)


def test_a_target_with_more_labels_than_classes_can_be_is_refused():
    rows = MOST_LABELS + 1
    table = Table.from_arrays(np.arange(float(rows))[:, None], [f"n{n}" for n in range(rows)])
    with pytest.raises(TableError, match="has 10001 different labels, more than 10000"):
        Preparation.learn(table, "y")


SOUND = Preparation.learn(Table.from_arrays([[1.0, 5.0], [2.0, 5.0]], ["a", "b"]), "y").to_json()


@pytest.mark.parametrize(
    "changes",
    [
        {"features": []},
        {"features": ["x1", "x1"]},
        {"features": ["x1", "y"]},
        {"features": ["x1", ""]},
        {"features": ["x1", 2]},
        {"features": "ab"},
        {"target": None},
        {"kind": "number"},
        {"kind": "Classes"},
        {"classes": ["a"]},
        {"classes": ["a", "a"]},
        {"classes": ["a", 1]},
        {"classes": [1, True]},
        {"classes": [1, 1.0]},
        {"classes": ["a", ""]},
        {"classes": ["a", "b" * 129]},
        {"classes": ["a", ["b"]]},
        {"classes": [0.0, float("inf")]},
        {"means": [0.0]},
        {"means": [0.0, 1]},
        {"means": [0.0, float("nan")]},
        {"scales": [1.0, 0.0]},
        {"scales": [1.0, -1.0]},
        {"scales": [1.0, "1"]},
        {"target_mean": True},
        {"target_scale": 0.0},
        {"constant": ["x3"]},
        {"constant": [None]},
        {"extra": 1},
    ],
    ids=str,
)
def test_a_preparation_that_cannot_be_is_refused(changes):
    assert Preparation.from_json(SOUND).to_json() == SOUND
    with pytest.raises(DataError):
        Preparation.from_json({**SOUND, **changes})


@pytest.mark.parametrize("data", [[], None, "x", *({k: 1 for k in SOUND if k != n} for n in SOUND)])
def test_a_preparation_that_lacks_a_part_is_refused(data):
    with pytest.raises(DataError, match=r"must be an object|has the keys"):
        Preparation.from_json(data)


# ------------------------------------------------------------------------------ writing back


def test_a_table_that_is_written_is_read_again(tmp_path):
    columns = {
        "float64": [0.1, -1.5, 1e-300],
        "float32": np.array([0.1, -1.5, 1e30], dtype=np.float32),
        "int": [1, -2, 3],
        "text": np.array(['a,"b"', "two\nlines", " ä"], dtype=np.dtypes.StringDType()),
        "mixed": np.array([1, -2.5, "x"], dtype=object),
    }
    write_csv(tmp_path / "t.csv", columns)
    assert (tmp_path / "t.csv").read_bytes().splitlines()[1] == b'0.1,0.1,1,"a,""b""",1'
    table = Table.read(tmp_path / "t.csv")
    assert table.numbers("float64").tolist() == columns["float64"]
    assert table.numbers("float32").astype(np.float32).tolist() == columns["float32"].tolist()
    assert table.numbers("int").tolist() == columns["int"]
    assert table.columns["text"].tolist() == ['a,"b"', "two\nlines", "ä"]
    assert table.columns["mixed"].tolist() == ["1", "-2.5", "x"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝"])
def test_text_that_a_spreadsheet_would_run_is_made_harmless(start, tmp_path):
    cell = f"{start}HYPERLINK(1)"
    write_csv(tmp_path / "t.csv", {cell: [cell, "-"], "n": [-1.5, 2]})
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [[f"'{cell}", "n"], [f"'{cell}", "-1.5"], ["'-", "2.0"]]


@settings(max_examples=60, deadline=None, suppress_health_check=IN_A_FOLDER)
@given(
    names=st.lists(WORDS, min_size=1, max_size=3, unique_by=str.strip),
    cells=st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=9),
)
def test_any_text_that_is_written_is_one_cell_again(names, cells, tmp_path):
    names = [f"n{name}" for name in names]
    write_csv(tmp_path / "t.csv", dict.fromkeys(names, np.array(cells, dtype=object)))
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == names
    assert [len(row) for row in rows] == [len(names)] * len(cells)
    assert [row[0].removeprefix("'") for row in rows] == [cell.removeprefix("'") for cell in cells]
    if not any("\0" in cell for cell in cells):
        table = Table.read(tmp_path / "t.csv")
        assert table.rows == len(cells)
        assert table.names == tuple(name.strip() for name in names)


def test_what_cannot_be_written_is_refused_and_leaves_the_old_file(tmp_path):
    path = tmp_path / "t.csv"
    write_csv(path, {"a": [1]})
    old = path.read_bytes()
    for columns, sentence in (
        ({}, "columns of one length"),
        ({"a": [1], "b": [1, 2]}, r"got lengths \[1, 2\]"),
        ({"a": [[1]]}, "must have one axis"),
        ({"a": [1.0, np.nan]}, "column 'a', row 2: nan is not finite"),
        ({"a": ["\ud800"]}, "is not UTF-8"),
    ):
        with pytest.raises(DataError, match=sentence):
            write_csv(path, columns)
    with pytest.raises(DataError, match="cannot write"):
        write_csv(tmp_path / "none" / "t.csv", {"a": [1]})
    assert path.read_bytes() == old
    assert stat.S_ISREG(path.stat().st_mode)
    assert list(tmp_path.iterdir()) == [path]


# ------------------------------------------------------------------------------- the module


def test_the_module_is_light():
    code = "import sys, glassnet.table; print('polars' in sys.modules, 'pandas' in sys.modules)"
    source = Path(glassnet.__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["False", "False"]


def test_a_large_table_is_read_and_its_faults_are_found(tmp_path):
    draw, rows = random.Random(1), 20_000
    lines = [f"{draw.random()},{draw.choice('ab')},{n}" for n in range(rows)]
    lines[15_000] += ",4"
    path = tmp_path / "t.csv"
    path.write_text("x,y,n\n" + "\n".join(lines))
    with pytest.raises(TableError, match="line 15002 has 4 cells"):
        Table.read(path)
    lines[15_000] = "0.5,a,oops"
    path.write_text("x,y,n\n" + "\n".join(lines))
    with pytest.raises(TableError, match="line 15002, column 'n': 'oops' is not a number"):
        Preparation.learn(Table.read(path), "y")
