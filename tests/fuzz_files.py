"""Damaged, rearranged and invented input for the readers of model files and tables.

The tests take a little of it, `make fuzz` a lot; by hand, python tests/fuzz_files.py SECONDS SEED.
The bytes of a model file are put together here a second time, from the description of the format
alone, so that a mistake in the writer cannot hide one in the reader.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
import random
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from glassnet.description import Description
from glassnet.errors import ModelFileError, TableError
from glassnet.files import check_model, read_model
from glassnet.program import Program
from glassnet.rules.averages import EMA
from glassnet.rules.initializers import Normal, Orthogonal, UnitVariance
from glassnet.rules.layers import (
    Activation,
    Add,
    BatchNorm,
    Concatenate,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    LayerNorm,
    PReLU,
    Scale,
)
from glassnet.rules.losses import Huber, Quantile
from glassnet.rules.optimizers import LBFGS, SGD, Adam
from glassnet.rules.schedules import Cosine, CosineRestarts, FlatCosine, Plateau, WarmUp
from glassnet.table import Preparation, Table

CODES = {"float32": "F32", "float64": "F64"}

# ---------------------------------------------------------------------------- whole models


def model(description, optimizer=None, preparation=None, seed=1):
    """Give a header and arrays that belong together."""
    program = Program(description, optimizer or SGD())
    shapes = {p.name: p.shape for p in (*program.parameters, *program.statistics)}
    for parameter in program.parameters:
        for state in (optimizer or SGD()).state_names():
            shapes[f"{state}_{parameter.name}"] = parameter.shape
    draw, dtype = np.random.default_rng(seed), description.dtype
    arrays = {name: draw.standard_normal(shape).astype(dtype) for name, shape in shapes.items()}
    header = {
        "format": 1,
        "description": description.to_json(),
        "preparation": preparation.to_json() if preparation else None,
        "seed": 7,
        "epochs": 3,
        "steps": 12,
        "optimizer": optimizer.to_json() if optimizer else None,
    }
    return header, arrays


def preparation(kind="classes"):
    """Give a preparation for three columns and three classes, or a number."""
    X = np.arange(12.0).reshape(4, 3) ** 2
    y = ["a", "b", "c", "a"] if kind == "classes" else [0.5, 2.5, 3.0, 9.0]
    return Preparation.learn(Table.from_arrays(X, y), "y", kind=kind)


def models():
    """Give models that have everything that a file can hold."""
    return [
        model(Description.read("2-1 sigmoid")),
        model(
            Description(
                3,
                (
                    Dense(4, "relu", weight_initializer=Normal(0.1)),
                    BatchNorm(),
                    Dropout(WarmUp(FlatCosine(0.2))),
                    Dense(3, "softmax"),
                ),
            ),
            Adam(Cosine(0.1)),
            preparation(),
        ),
        model(
            Description(3, (LayerNorm(), Dense(2, "tanh"), Dense(1)), dtype="float64"),
            SGD(0.1, momentum=0.9),
            preparation("number"),
        ),
        model(Description.read("2-2-1 sigmoid"), LBFGS()),
        model(
            Description(
                3,
                (
                    Embedding((2, 0), (4, 3), 2, Normal(0.5)),
                    GaussianNoise(Cosine(0.2)),
                    Scale(),
                    Dense(4, weight_initializer=UnitVariance(), l1=0.1, max_norm=2.0),
                    PReLU(),
                    Add("z1"),
                    Concatenate("x"),
                    Dense(3, "ascending", weight_initializer=Orthogonal(), non_negative=True),
                ),
                Quantile((0.1, 0.5, 0.9)),
            ),
            SGD(
                WarmUp(CosineRestarts(0.1)),
                momentum=Cosine(0.9),
                weight_decay=Plateau(0.1),
                decayed=("weights", "embeddings"),
                clip_value=1.0,
                clip_norm=2.0,
                average=EMA(0.99),
            ),
        ),
        model(Description(2, (Dense(1), Activation("tanh")), Huber(0.5)), Adam(average=EMA())),
    ]


# ----------------------------------------------------------------- files, put together by hand


def text_of(header):
    return json.dumps(header, ensure_ascii=False, separators=(",", ":"))


def places_of(arrays):
    """Give where each array stands, for arrays one after the other."""
    places, end = {}, 0
    for name, array in arrays.items():
        start, end = end, end + array.nbytes
        code, shape = CODES[str(array.dtype)], list(array.shape)
        places[name] = {"dtype": code, "shape": shape, "data_offsets": [start, end]}
    return places


def digest_of(text, arrays):
    digest = hashlib.sha256(text.encode(errors="surrogatepass"))
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"\n{name} {CODES[str(array.dtype)]} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def packed(header, arrays, *, places=None, body=None, metadata=None, front=None):
    """Give the bytes of a model file, sound but for the parts that are given."""
    text = header if isinstance(header, str) else text_of(header)
    if metadata is None:
        metadata = {"glassnet": text, "sha256": digest_of(text, arrays)}
    places = places_of(arrays) if places is None else places
    if front is None:
        front = json.dumps({"__metadata__": metadata, **places}).encode()
    if body is None:
        body = b"".join(array.tobytes() for array in arrays.values())
    return len(front).to_bytes(8, "little") + front + body


# -------------------------------------------------------------------------------- mutations

STRANGE = [
    *(None, True, False, 0, -1, 1, 2, 3, 2**24, 2**24 + 1, 2**63, 2**64, 10**30),
    *(0.5, -0.5, 0.0, 1e308, 5e-324, float("nan"), float("inf")),
    *("", "relu", "Dense", "sgd", "SGD", "__class__", "os.system", "/etc/passwd", "../x", "W1"),
    *("__import__('os').system('true')", "a\n    import os", "ｗ１", "x" * 200, "\ud800", "F16"),
    *([], {}, [[]], [1, 2], {"name": "Dense"}, {"name": "Cosine", "start": 1}, [[[[[[[[]]]]]]]]),
]


def rearranged(tree, chance):
    """Give a copy of a tree of JSON with one to three of its parts changed, added or taken away."""
    tree = copy.deepcopy(tree)
    for _ in range(chance.randrange(1, 4)):
        spots = list(_spots(tree))
        if not spots:
            break
        holder, key = chance.choice(spots)
        what = chance.randrange(6)
        if what == 0:
            del holder[key]
        elif what == 1 and isinstance(holder, dict):
            holder[chance.choice(["path", "name", "module", "W9", "__reduce__"])] = holder[key]
        elif what == 2 and isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
        elif what == 3:
            holder[key] = copy.deepcopy(chance.choice(spots)[0])  # a part in another's place
        elif what == 4 and type(holder[key]) in (int, float):
            holder[key] = holder[key] + chance.choice([-1, 1, 0.0, 1e-9, 2**31])
        else:
            holder[key] = copy.deepcopy(chance.choice(STRANGE))
    return tree


def _spots(tree):
    keys = list(tree) if isinstance(tree, dict) else range(len(tree))
    for key in keys:
        yield tree, key
        if isinstance(tree[key], dict | list):
            yield from _spots(tree[key])


def damaged(data, chance):
    """Give bytes with some changed, cut out, doubled, or put elsewhere."""
    data = bytearray(data)
    for _ in range(chance.randrange(1, 5)):
        if not data:
            break
        start = chance.randrange(len(data))
        stop = min(len(data), start + chance.randrange(1, 9))
        what = chance.randrange(5)
        if what == 0:
            data[start] ^= 1 << chance.randrange(8)
        elif what == 1:
            data[start] = chance.choice(b'\x00\xff{}[]",:0123456789eE-\n\r;\\')
        elif what == 2:
            del data[start:stop]
        elif what == 3:
            data[start:start] = data[start:stop]
        else:
            del data[start:]
    return bytes(data)


def hostile_model(chance, sound):
    """Give the bytes of a model file that is damaged, or signed again after it was changed."""
    header, arrays = chance.choice(sound)
    what = chance.randrange(4)
    if what == 0:
        return damaged(packed(header, arrays), chance)
    if what == 1:
        return packed(rearranged(header, chance), arrays)
    if what == 2:
        return packed(header, arrays, places=rearranged(places_of(arrays), chance))
    return packed(damaged(text_of(header).encode(), chance).decode(errors="replace"), arrays)


# --------------------------------------------------------------------- what must always hold


def read_or_refuse(path):
    """Read a model file: it must give a model whose program is sound, or ModelFileError."""
    try:
        header, arrays = read_model(path)
    except ModelFileError as error:
        refused = str(error)
    else:
        refused = ""
    assert "\n" not in refused, "an error is one sentence"
    if refused:
        return None
    check_model(header, arrays)
    description = Description.from_json(header["description"])
    assert text_of(description.to_json()) == text_of(header["description"])
    assert set(Program(description, SGD()).functions) >= {"predict", "gradients"}
    return header, arrays


TABLES = [
    b"width,height,kind\n1.5,2,a\n-3e2,.5,b\n7,8,c\n",
    '\ufeffä;b\r\n1;"x;y"\r\n2;"he said ""no"""\r\n'.encode(),
    b'a\tb\n1\t"two\nlines"\nNA\tinf\n',
]


def table_or_refuse(path):
    """Read a table: it must give columns of one length, or TableError."""
    try:
        table = Table.read(path)
    except TableError as error:
        return str(error)
    assert {len(column) for column in table.columns.values()} == {table.rows}
    for name in table.names:
        for use in (table.numbers, table.labels, table.kind):
            with contextlib.suppress(TableError):
                use(name)
    return table


def run(seconds, seed):
    """Read hostile files until the time is over, and give how many were read and how many sound."""
    chance, sound = random.Random(seed), models()
    end, read, accepted = time.monotonic() + seconds, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hostile"
        while time.monotonic() < end:
            path.write_bytes(hostile_model(chance, sound))
            try:
                accepted += read_or_refuse(path) is not None
                path.write_bytes(damaged(chance.choice(TABLES), chance))
                table_or_refuse(path)
            except BaseException as error:
                error.add_note(f"seed {seed}, file {read}: {path.read_bytes()!r}")
                raise
            read += 1
    return read, accepted


if __name__ == "__main__":
    length = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    start = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() % 2**32
    count, fine = run(length, start)
    sys.stdout.write(f"seed {start}: {count} model files and tables, {fine} models accepted\n")
