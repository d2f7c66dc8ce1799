"""Model files: what is written is read again, and everything else is refused without harm.

The twelve rules are those of a reader that writes code anew from what it reads; each has hostile
files here, made by the tests.
"""

from __future__ import annotations

import gzip
import inspect
import io
import json
import os
import pickle
import random
import stat
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz_files import (
    digest_of,
    hostile_model,
    model,
    models,
    packed,
    places_of,
    preparation,
    read_or_refuse,
    run,
    text_of,
)
from glassnet import files
from glassnet.allowlist import check_program
from glassnet.description import Description
from glassnet.errors import ModelFileError
from glassnet.files import check_model, read_model, write_model
from glassnet.program import Program
from glassnet.rules.optimizers import SGD, Adam
from glassnet.table import Preparation, Table

SOUND = models()
SMALL, FULL = SOUND[0], SOUND[1]


@pytest.fixture
def refused(tmp_path):
    """Write bytes to a file and give the sentence with which they are refused."""

    def refuse(data):
        path = tmp_path / "hostile.safetensors"
        path.write_bytes(data)
        with pytest.raises(ModelFileError) as caught:
            read_model(path)
        sentence = str(caught.value)
        assert sentence.startswith(f"cannot use {str(path)!r} as a model: ")
        assert "\n" not in sentence
        assert sentence.endswith(("fresh copy of the file", "that wrote it"))
        return sentence

    return refuse


def changed(header, *path, to):
    """Give a header with another value at a path; `to` may be a function of the old one."""
    header = json.loads(text_of(header))
    holder = header
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = to(holder[path[-1]]) if callable(to) else to
    return header


# ------------------------------------------------------------------------- what is sound


@pytest.mark.parametrize(
    "sound", SOUND, ids=["small", "full", "float64", "lbfgs", "every part", "average"]
)
def test_what_is_written_is_read_again_bit_by_bit(sound, tmp_path):
    header, arrays = sound
    write_model(tmp_path / "m.safetensors", header, arrays)
    again, numbers = read_model(tmp_path / "m.safetensors")
    assert again == header
    assert set(numbers) == set(arrays)
    for name, array in arrays.items():
        assert numbers[name].dtype == array.dtype
        assert numbers[name].tobytes() == array.tobytes()
        assert numbers[name].flags.writeable


def test_numbers_that_are_not_finite_and_arrays_of_any_order_survive(tmp_path):
    header, arrays = model(Description.read("3-2-1 sigmoid"))
    arrays["W1"] = np.asfortranarray(arrays["W1"])
    arrays["b1"][:] = [np.nan, -np.inf]
    write_model(tmp_path / "m", header, arrays)
    numbers = read_model(tmp_path / "m")[1]
    np.testing.assert_array_equal(numbers["W1"], arrays["W1"])
    np.testing.assert_array_equal(numbers["b1"], arrays["b1"])


def test_equal_models_give_equal_files_that_the_safetensors_library_reads(tmp_path):
    header, arrays = FULL
    write_model(tmp_path / "a", header, arrays)
    write_model(tmp_path / "b", header, dict(reversed(arrays.items())))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    theirs = safetensors.numpy.load_file(tmp_path / "a")
    assert all(np.array_equal(theirs[name], arrays[name]) for name in arrays)


def test_the_numbers_begin_at_a_multiple_of_8(tmp_path):
    for seed in (1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000):
        write_model(tmp_path / "m", {**SMALL[0], "seed": seed}, SMALL[1])
        assert int.from_bytes((tmp_path / "m").read_bytes()[:8], "little") % 8 == 0


def test_files_put_together_by_the_tests_are_sound(tmp_path):
    for header, arrays in SOUND:
        (tmp_path / "m").write_bytes(packed(header, arrays))
        assert read_model(tmp_path / "m")[0] == header


def test_a_preparation_comes_back_as_it_was(tmp_path):
    write_model(tmp_path / "m", *FULL)
    assert Preparation.from_json(read_model(tmp_path / "m")[0]["preparation"]) == preparation()


@pytest.mark.parametrize("name", ["W1", "b1"])
def test_arrays_that_do_not_belong_are_not_written(name, tmp_path):
    header, arrays = SMALL
    wrong = [
        {k: v for k, v in arrays.items() if k != name},
        {**arrays, "W2": arrays[name]},
        {**arrays, name: arrays[name].astype(np.float64)},
        {**arrays, name: arrays[name].astype(">f4")},
        {**arrays, name: arrays[name][None]},
        {**arrays, name: arrays[name].tolist()},
    ]
    for parts in wrong:
        sentence = name if len(parts) == 2 else "must have the arrays"
        with pytest.raises(ModelFileError, match=sentence):
            write_model(tmp_path / "m", header, parts)
    assert list(tmp_path.iterdir()) == []


def test_a_header_that_could_not_be_read_is_not_written(tmp_path):
    header, arrays = SMALL
    for wrong in (
        {**header, "seed": -1},
        {**header, "seed": 1.0},
        {**header, "steps": float("nan")},
        {**header, "notes": "x"},
        {**header, "preparation": {1, 2}},
        {**header, "description": Description.read("2-1 tanh")},
    ):
        with pytest.raises(ModelFileError):
            write_model(tmp_path / "m", wrong, arrays)
    assert list(tmp_path.iterdir()) == []


def test_more_names_than_the_front_can_hold_are_not_written(tmp_path):
    width = 9000
    table = Table.from_arrays(
        np.arange(2.0 * width).reshape(2, width),
        ["a", "b"],
        names=[f"{place:05} {'long' * 30}" for place in range(width)],
    )
    header, arrays = model(
        Description(width, Description.read("2-2 softmax").layers),
        preparation=Preparation.learn(table, "y"),
    )
    with pytest.raises(ModelFileError, match="bytes, and a model file has 1048576 for them"):
        write_model(tmp_path / "m", header, arrays)


def test_network_and_preparation_must_fit(refused):
    header, arrays = model(Description.read("2-3 softmax"), preparation=None)
    header["preparation"] = preparation().to_json()
    assert "takes 2 columns, its preparation gives 3" in refused(packed(header, arrays))
    header, arrays = model(Description.read("3-2 softmax"))
    header["preparation"] = preparation().to_json()
    assert "has 2 outputs, its preparation needs 3" in refused(packed(header, arrays))


def test_two_classes_may_have_one_output(tmp_path):
    learnt = Preparation.learn(Table.from_arrays([[1.0], [2.0]], ["no", "yes"]), "y")
    for short in ("1-1 sigmoid", "1-2 softmax"):
        write_model(tmp_path / "m", *model(Description.read(short), preparation=learnt))
        assert read_model(tmp_path / "m")[0]["preparation"]["classes"] == ["no", "yes"]


# ------------------------------------------------------------------------------ rule by rule


def test_rule_1_one_flat_file_and_no_other_kind(refused):
    data = packed(*SMALL)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as folder:
        folder.writestr("model.safetensors", data)
    for foreign in (
        gzip.compress(data),
        archive.getvalue(),
        pickle.dumps(SMALL),
        b"\x89HDF\r\n\x1a\n" + bytes(2000),
        b"",
        b"{}",
        bytes(8),
        bytes(2000),
    ):
        assert "does not begin as a model file" in refused(foreign)
    assert "not written by glassnet" in refused(safetensors.numpy.save({"W1": np.ones(3)}))
    text, sha = text_of(SMALL[0]), digest_of(text_of(SMALL[0]), SMALL[1])
    for metadata in (
        {"glassnet": text, "sha256": sha, "path": "/etc/passwd"},
        {"glassnet": text},
        {"glassnet": SMALL[0], "sha256": sha},
        {"glassnet": text, "sha256": None},
        [text, sha],
    ):
        refused(packed(*SMALL, metadata=metadata))


def test_rule_1_only_regular_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")  # to open it would wait for ever
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(ModelFileError, match="a directory or a device"):
            read_model(path)
    with pytest.raises(ModelFileError, match="No such file"):
        read_model(tmp_path / "nothing")
    with pytest.raises(ModelFileError, match="null"):
        read_model("a\0b")
    for path in (3, None, b"model.safetensors"):
        with pytest.raises(ModelFileError, match=r"a path must be text or a pathlib.Path, got "):
            read_model(path)
        with pytest.raises(ModelFileError, match=r"a path must be text or a pathlib.Path, got "):
            write_model(path, *SMALL)


def test_rule_2_the_size_is_checked_before_anything_is_parsed(refused):
    data = packed(*SMALL)
    for count in (2**63, 2**64 - 1, len(data) - 7, 2**20 + 1, 1, 0):
        assert "does not begin" in refused(count.to_bytes(8, "little") + data[8:])
    front = data[8 : 8 + int.from_bytes(data[:8], "little")]
    padded = packed(*SMALL, front=front + b" " * (2**20 - len(front) + 1))
    assert "does not begin" in refused(padded)


def test_rule_2_a_front_of_just_1_mebibyte_is_read(tmp_path):
    data = packed(*SMALL)
    front = data[8 : 8 + int.from_bytes(data[:8], "little")]
    (tmp_path / "m").write_bytes(packed(*SMALL, front=front + b" " * (2**20 - len(front))))
    assert read_model(tmp_path / "m")[0] == SMALL[0]


def test_rule_2_a_file_cut_or_continued_anywhere_is_refused(refused):
    data = packed(*SMALL)
    for stop in range(len(data)):
        refused(data[:stop])
    assert "need 12 bytes, and it has 13" in refused(data + b"\0")


def test_rule_2_a_file_that_grows_while_it_is_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "m"
    path.write_bytes(packed(*SMALL) + b"\0")
    honest = os.fstat

    def smaller(descriptor):
        fields = list(honest(descriptor))
        fields[stat.ST_SIZE] -= 1
        return os.stat_result(fields)

    monkeypatch.setattr(os, "fstat", smaller)
    with pytest.raises(ModelFileError, match="changed while it was read"):
        read_model(path)


def test_rule_2_the_sum_is_checked_before_anything_is_allocated(refused):
    giant = Description.read([16_000, 16_000, 1], "tanh").to_json()
    header = {**SMALL[0], "description": giant}
    arrays = SMALL[1]
    places = {
        name: {"dtype": "F32", "shape": [2**32, 2**32], "data_offsets": [0, 0]}
        for name in ("W1", "b1", "W2", "b2")
    }
    refused(packed(*SMALL, places=places))  # imports what it needs
    tracemalloc.start()
    try:
        sentence = refused(packed(header, arrays, places=places))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "its arrays need 1024128004 bytes" in sentence
    assert peak < 10e6


def test_a_model_with_more_weights_than_can_be_trained_is_refused(refused):
    layers = [{**layer, "units": 2**24} for layer in SMALL[0]["description"]["layers"]]
    description = {**SMALL[0]["description"], "inputs": 2**24, "layers": layers}
    assert "268,435,456" in refused(packed({**SMALL[0], "description": description}, SMALL[1]))


def test_rule_2_the_places_of_arrays_leave_no_choice(refused):
    header, arrays = model(Description.read("2-2-2 tanh"))
    sound = places_of(arrays)
    w1, b1 = sound["W1"], sound["b1"]
    start, stop = w1["data_offsets"]
    shape, size, cover = (
        "W1 must be F32 of shape",
        "W1 must have 16 bytes",
        "overlap or leave a gap",
    )
    wrong = [
        (cover, {**sound, "W2": w1}),  # two arrays in one place, and a gap
        (size, {**sound, "W1": {**w1, "data_offsets": [start, stop - 1]}}),
        (cover, {**sound, "W1": {**w1, "data_offsets": [start + 1, stop + 1]}}),
        (size, {**sound, "W1": {**w1, "data_offsets": [float(start), stop]}}),
        (size, {**sound, "W1": {**w1, "data_offsets": [False, stop]}}),
        (size, {**sound, "W1": {**w1, "data_offsets": [start, stop, stop]}}),
        (size, {**sound, "W1": {**w1, "data_offsets": [-stop, 0]}}),
        (size, {**sound, "W1": {**w1, "data_offsets": None}}),
        (shape, {**sound, "W1": {**w1, "shape": [4, 1]}}),
        (shape, {**sound, "W1": {**w1, "shape": [2, 2.0]}}),
        (shape, {**sound, "W1": {**w1, "shape": [-2, -2]}}),
        (shape, {**sound, "W1": {**w1, "shape": "22"}}),
        (shape, {**sound, "W1": {**w1, "dtype": "I32"}}),
        (shape, {**sound, "W1": {**w1, "dtype": "F64"}}),
        (shape, {**sound, "W1": {**w1, "dtype": ["F32"]}}),
        ("b1 must be F32", {**sound, "b1": {**b1, "dtype": "BF16", "shape": [4]}}),
        ("not described", {**sound, "W1": {**w1, "path": "x"}}),
        ("not described", {**sound, "W1": [w1]}),
        ("must have the arrays", {k: v for k, v in sound.items() if k != "b2"}),
        ("must have the arrays", {**sound, "W9": w1}),
    ]
    for sentence, places in wrong:
        assert sentence in refused(packed(header, arrays, places=places))


STRICT = {
    "a key twice": ('"seed":7', '"seed":7,"seed":8', "gives a name twice"),
    "NaN": ('"seed":7', '"seed":NaN', "NaN, which is no number"),
    "Infinity": ('"seed":7', '"seed":Infinity', "Infinity, which is no number"),
    "-Infinity": ('"seed":7', '"seed":-Infinity', "-Infinity, which is no number"),
    "1e999": ('"seed":7', '"seed":1e999', "number that is too large"),
    "5000 digits": ('"seed":7', f'"seed":{"9" * 5000}', "whole number that is too large"),
    "a bool": ('"seed":7', '"seed":true', "seed must be a whole number"),
    "a float": ('"seed":7', '"seed":7.0', "seed must be a whole number"),
    "65 bits": ('"seed":7', f'"seed":{2**64}', "seed must be a whole number"),
    "a long text": ('"seed":7', f'"seed":"{"x" * 129}"', "more than 128 letters"),
    "a long key": ('"seed":7', f'"{"x" * 129}":7', "more than 128 letters"),
    "half a letter": ('"seed":7', '"seed":"\\ud800"', "or with half ones"),
    "100,000 brackets": ('"seed":7', f'"seed":{"[" * 100_000}', "is not JSON"),
    "too deep": ('"seed":7', '"seed":[[[[[[7]]]]]]', "nested deeper than 6 levels"),
    "no end": ('"seed":7', '"seed":', "is not JSON"),
    "a comment": ('"seed":7', '"seed":7/**/', "is not JSON"),
    "no object": (None, "[]", "is not an object"),
    "nothing": (None, "", "is not JSON"),
}


@pytest.mark.parametrize("case", STRICT)
def test_rule_3_json_is_strict(case, refused):
    old, new, sentence = STRICT[case]
    text = text_of(SMALL[0]).replace(old, new) if old else new
    assert sentence in refused(packed(text, SMALL[1]))


@pytest.mark.parametrize(
    "front",
    [
        b'{"__metadata__":{"glassnet":"","sha256":""},"__metadata__":{}}',
        b'{"a":' * 100_000,
        b"[" * 100_000,
        b'{"a":NaN}',
        b'{"a":1e999}',
        b'{"a":"\xff"}',
        b"{}",
        b'{"__metadata__":1}',
    ],
)
def test_rule_3_the_front_is_strict_too(front, refused):
    refused(packed(*SMALL, front=front))


def test_rule_3_the_front_begins_with_its_object(refused):
    data = packed(*SMALL)
    front = data[8 : 8 + int.from_bytes(data[:8], "little")]
    assert "its front is not JSON" in refused(packed(*SMALL, front=b" " + front))


def test_rule_4_an_unknown_or_missing_key_is_an_error_at_every_level(refused):
    header, arrays = FULL
    places = [
        (),
        ("description",),
        ("description", "layers", 0),
        ("description", "layers", 0, "weight_initializer"),
        ("description", "layers", 1),
        ("optimizer",),
        ("optimizer", "learning_rate"),
        ("preparation",),
    ]
    for place in places:
        part = header
        for key in place:
            part = part[key]
        for odd in (
            {**part, "path": "/tmp/x"},
            {**part, "__class__": "os"},
            *({k: v for k, v in part.items() if k != gone} for gone in part),
        ):
            wrong = changed(header, *place, to=odd) if place else odd
            refused(packed(wrong, arrays))


@pytest.mark.parametrize("number", [0, 2, -1, True, 1.0, "1", None])
def test_rule_4_the_format_is_exact(number, refused):
    sentence = refused(packed({**SMALL[0], "format": number}, SMALL[1]))
    assert ("reads format 1; use the version" in sentence) == (type(number) is int)


def test_rule_4_a_newer_format_is_told_from_damage(refused):
    newer = {"format": 2, "something": "new"}
    assert "it has format 2, and this glassnet reads format 1" in refused(packed(newer, SMALL[1]))


UNKNOWN = [
    ("description", "layers", 0, "name"),
    ("description", "layers", 0, "activation"),
    ("description", "layers", 0, "weight_initializer", "name"),
    ("description", "loss"),
    ("description", "dtype"),
    ("optimizer", "name"),
    ("optimizer", "learning_rate", "name"),
    ("preparation", "kind"),
]


@pytest.mark.parametrize("path", UNKNOWN, ids=lambda path: ".".join(map(str, path)))
def test_rule_5_names_are_only_looked_up_in_our_own_tables(path, refused):
    header, arrays = FULL
    for name in ("os.system", "__class__", "Layer", "Entry", "numpy", "", None, 1, ["SGD"], {}):
        refused(packed(changed(header, *path, to=name), arrays))


def test_rule_5_a_model_has_at_most_1000_layers(refused):
    many = changed(SMALL[0], "description", "layers", to=lambda layers: layers * 1001)
    assert "it has 1001 layers, more than 1000" in refused(packed(many, SMALL[1]))


def test_rule_6_no_text_of_a_file_stands_in_a_program(tmp_path):
    evil = "x\n    import os  # "
    table = Table.from_arrays([[1.0, 2.0], [3.0, 5.0]], [evil, "b"], names=[evil, "__import__"])
    learnt = Preparation.learn(table, "y")
    write_model(tmp_path / "m", *model(Description.read("2-2 softmax"), preparation=learnt))
    header = read_model(tmp_path / "m")[0]
    assert header["preparation"]["features"] == [evil, "__import__"]
    program = Program(Description.from_json(header["description"]), SGD())
    assert "import os" not in program.source
    assert "__import__" not in program.source


@pytest.mark.parametrize("name", ["ｒｅｌｕ", "relu\n", "relu#", "ReLU", "relu "])
def test_rule_6_a_name_that_only_looks_like_ours_is_refused(name, refused):
    header = changed(FULL[0], "description", "layers", 0, "activation", to=name)
    assert "its description cannot be" in refused(packed(header, FULL[1]))


@pytest.mark.parametrize("value", ["0.1", "0.1)\nimport os", True, None, [0.1], -1, 10**400])
def test_rule_7_numbers_are_numbers(value, refused):
    for path in (
        ("description", "layers", 1, "momentum"),
        ("description", "layers", 2, "rate"),
        ("optimizer", "beta1"),
        ("preparation", "target_mean"),
    ):
        refused(packed(changed(FULL[0], *path, to=value), FULL[1]))


def test_rule_8_the_safetensors_library_is_a_second_lock(tmp_path, monkeypatch):
    write_model(tmp_path / "m", *SMALL)

    def refuse(data):
        raise safetensors.SafetensorError("no")

    monkeypatch.setattr(safetensors.numpy, "load", refuse)
    with pytest.raises(ModelFileError, match="the safetensors library refuses it"):
        read_model(tmp_path / "m")
    for other in ({}, {"W1": np.ones(3)}, {**SMALL[1], "b1": np.ones(1)}):
        monkeypatch.setattr(safetensors.numpy, "load", lambda data, other=other: other)
        with pytest.raises(ModelFileError, match=r"must have the arrays|b1 must be float32"):
            read_model(tmp_path / "m")


def test_rule_8_every_program_of_a_file_passes_the_list_of_what_is_allowed(tmp_path):
    for header, arrays in SOUND:
        write_model(tmp_path / "m", header, arrays)
        description = Description.from_json(read_model(tmp_path / "m")[0]["description"])
        check_program(Program(description, Adam()).source)


def test_rule_10_there_is_one_way_in_without_a_switch():
    assert list(inspect.signature(read_model).parameters) == ["path"]
    opening = [n for n, f in vars(files).items() if "with open_regular(" in _source(f)]
    assert opening == ["read_model"]


def _source(thing):
    return inspect.getsource(thing) if inspect.isfunction(thing) else ""


def test_rule_12_damage_of_any_byte_is_noticed(tmp_path):
    write_model(tmp_path / "m", *SMALL)
    data, chance = (tmp_path / "m").read_bytes(), random.Random(0)
    accepted = []
    for place in range(len(data)):
        other = bytearray(data)
        other[place] ^= 1 << chance.randrange(8)
        (tmp_path / "m").write_bytes(other)
        try:
            header, arrays = read_model(tmp_path / "m")
        except ModelFileError:
            continue
        accepted.append(place)
        assert header == SMALL[0]
        assert all(np.array_equal(arrays[name], SMALL[1][name]) for name in arrays)
    assert all(data[place : place + 1] == b" " for place in accepted)  # filling, of no meaning


def test_rule_12_swapped_arrays_are_noticed(refused):
    header, arrays = model(Description.read("2-2-2 tanh"))
    swapped = {**arrays, "W1": arrays["W2"], "W2": arrays["W1"]}
    signed = {"glassnet": text_of(header), "sha256": digest_of(text_of(header), arrays)}
    assert "it is damaged" in refused(packed(header, swapped, metadata=signed))


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(chance=st.randoms(use_true_random=False))
def test_rule_12_a_file_gives_a_model_or_the_error_of_model_files(chance, tmp_path):
    path = tmp_path / "hostile"
    path.write_bytes(hostile_model(chance, SOUND))
    read_or_refuse(path)


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.binary(max_size=300))
def test_rule_12_any_bytes_are_refused(data, tmp_path):
    path = tmp_path / "hostile"
    for content in (data, packed(*SMALL, front=data), packed(data.decode("latin-1"), SMALL[1])):
        path.write_bytes(content)
        assert read_or_refuse(path) is None


WATCHED = """
import sys
from pathlib import Path
import safetensors.numpy
from glassnet.errors import ModelFileError
from glassnet.files import read_model

folder = Path(sys.argv[1])
paths = sorted(folder.glob("*.safetensors"))
events = []

def watch(event, details):
    if event == "open" and (str(details[0]) == path or type(details[0]) is int):
        return  # the model itself, by its name or once it is open
    events.append(f"{event} {details[:2]!r}")

outcomes = []
path = ""
sys.addaudithook(watch)
for path in map(str, paths):
    try:
        read_model(path)
        outcomes.append("model")
    except ModelFileError:
        outcomes.append("refused")
path = None
seen = list(events)
open(paths[0], "rb").close()
noticed = len(events) > len(seen)
print(outcomes, noticed, *seen, sep="\\n")
"""


def test_rules_9_11_and_12_reading_touches_nothing_but_the_file(tmp_path):
    for place, (header, arrays) in enumerate(SOUND):
        write_model(tmp_path / f"{place}.safetensors", header, arrays)
    chance = random.Random(5)
    for place in range(60):
        (tmp_path / f"hostile{place:02}.safetensors").write_bytes(hostile_model(chance, SOUND))
    trap = "import pathlib; pathlib.Path('sprung').touch()"
    for name in ("0.py", "model.py", "glassnet_program.py", "sitecustomize.py"):
        (tmp_path / name).write_text(trap)
    before = sorted(tmp_path.rglob("*"))
    source = Path(files.__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-P", "-B", "-c", WATCHED, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(source)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    outcomes, noticed, *events = done.stdout.splitlines()
    assert outcomes.startswith("[" + "'model', " * len(SOUND) + "'refused'")
    assert noticed == "True", "the watch itself does not work"
    assert events == []
    assert sorted(tmp_path.rglob("*")) == before  # no cache, no trap


def test_the_long_run_reads_models_and_tables():
    read, accepted = run(1.5, seed=0)
    assert 0 <= accepted <= read
    assert read > 0


# -------------------------------------------------------------------------- whole or not at all


def test_a_write_that_fails_leaves_the_old_model_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "m"
    write_model(path, *SMALL)
    old = path.read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    for name, owner in (("fsync", os), ("replace", Path), ("chmod", Path)):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, fail)
            with pytest.raises(ModelFileError, match=r"cannot write .*: No space left on device"):
                write_model(path, *FULL)
        assert path.read_bytes() == old
        assert list(tmp_path.iterdir()) == [path]


def test_a_write_is_brought_to_the_disk_before_and_after_it_takes_its_place(tmp_path, monkeypatch):
    path = tmp_path / "m"
    write_model(path, *SMALL)
    seen = []
    honest = os.fsync, Path.replace

    def fsync(descriptor):
        state = os.fstat(descriptor)
        seen.append("folder" if stat.S_ISDIR(state.st_mode) else oct(stat.S_IMODE(state.st_mode)))
        honest[0](descriptor)

    def replace(self, target):
        seen.append("replace")
        assert self.parent == Path(target).parent
        return honest[1](self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    write_model(path, *FULL)
    assert seen == ["0o600", "replace", "folder"]
    assert read_model(path)[0] == FULL[0]


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_new_file_has_the_usual_permissions_and_an_old_one_keeps_its_own(mask, tmp_path):
    path = tmp_path / "m"
    usual = os.umask(mask)
    try:
        write_model(path, *SMALL)
        assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
        path.chmod(0o640)
        write_model(path, *SMALL)
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        assert os.umask(mask) == mask
    finally:
        os.umask(usual)


def test_only_a_file_is_replaced(tmp_path):
    (tmp_path / "real").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for path, sentence in (
        (tmp_path / "link", "it is a link"),
        (tmp_path, "a directory or a device"),
        (Path("/dev/null"), "a directory or a device"),
        (tmp_path / "none" / "m", "No such file"),
        (Path(), "empty name"),
    ):
        with pytest.raises(ModelFileError, match=sentence):
            write_model(path, *SMALL)
    assert (tmp_path / "real").read_bytes() == b"x"


def test_check_model_takes_what_reading_gives_and_no_more():
    header, arrays = FULL
    check_model(header, arrays)
    with pytest.raises(ModelFileError, match="must have the arrays"):
        check_model({**header, "optimizer": None}, arrays)
