"""Model files: one flat safetensors file of numbers and names, safe to open whoever made it.

    8 bytes     length N of the front, at most 1 MiB
    N bytes     the front: JSON with the place of every array, and two texts in `__metadata__`:
                'glassnet', the header as JSON, and 'sha256' over the header and the arrays
    the rest    the arrays, one after the other, without a gap

A file holds choices and numbers, never a path, a module or a function: what is run is always
written anew from the description, and names are only looked up in glassnet's own tables. Reading
checks sizes before it reads, names and shapes before it makes an array, and refuses everything
that is not exactly what writing would give. The hash finds damage; it is no proof of who wrote it.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from glassnet.description import Description
from glassnet.errors import DescriptionError, GlassnetError, ModelFileError, unknown_name
from glassnet.local_files import open_regular, path_of, replace_file
from glassnet.program import Program
from glassnet.rules.optimizers import OPTIMIZERS, SGD, Optimizer
from glassnet.table import Preparation

FORMAT = 1
KEYS = ("format", "description", "preparation", "seed", "epochs", "steps", "optimizer")
MOST_FRONT = 2**20  # bytes
MOST_DEPTH = 6  # header, description, layers, layer, schedule, the one that it warms up for
MOST_LETTERS = 128  # of a text in the header
MOST_LAYERS = 1000
MOST_COUNT = 2**64  # seeds, epochs and steps are below
CODES = {"float32": "F32", "float64": "F64"}  # what safetensors calls them

Arrays = dict[str, NDArray[Any]]


def write_model(
    path: str | os.PathLike[str], header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Write a model file, whole or not at all.

    Args:
        path: where; a model that is there is replaced and keeps its permissions.
        header: the keys format (1), description, preparation, seed, epochs, steps and optimizer,
            as plain data; preparation and optimizer may be None.
        arrays: all parameters, running statistics and, with an optimizer, its state, by the names
            that the network's program gives them.

    Raises:
        ModelFileError: a header or arrays that could not be read again, or no place to write to.

    """
    text = _json_text(header)
    check_model(_strict_json(text, "its header"), arrays)
    ordered = {name: arrays[name] for name in sorted(arrays)}
    front = _front(text, ordered)
    if len(front) > MOST_FRONT:
        raise ModelFileError(
            f"the names and labels of this model take {len(front)} bytes, and a model file has"
            f" {MOST_FRONT} for them; use fewer or shorter ones"
        )
    parts: list[bytes | memoryview] = [len(front).to_bytes(8, "little"), front]
    parts += [_bytes(array) for array in ordered.values()]
    replace_file(path, parts, ModelFileError)


def check_model_path(path: str | os.PathLike[str]) -> None:
    """Raise ModelFileError unless a path ends as a model's does.

    >>> check_model_path("net.txt")
    Traceback (most recent call last):
    glassnet.errors.ModelFileError: a model is saved as a .safetensors file, got 'net.txt': write
    'net.safetensors'
    """
    target = Path(path_of(path, ModelFileError))
    if target.suffix == ".safetensors":
        return
    better = f": write {str(target.with_suffix('.safetensors'))!r}" if target.name else ""
    raise ModelFileError(f"a model is saved as a .safetensors file, got {str(path)!r}{better}")


def read_model(path: str | os.PathLike[str]) -> tuple[dict[str, Any], Arrays]:
    """Read a model file and give its header and its arrays, both checked.

    This is the only way in. Nothing in the file is run, looked up by name or used as a path, and
    no other file is opened. Raises ModelFileError, in one sentence, for anything that is wrong.
    """
    with open_regular(path, ModelFileError) as file:
        try:
            return _read(file)
        except ModelFileError as flaw:
            raise ModelFileError(f"cannot use {os.fspath(path)!r} as a model: {flaw}") from None


def check_model(header: Any, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Raise ModelFileError unless header and arrays are those of one model, to the last name."""
    wanted = _specifications(_checked(header))
    if set(arrays) != set(wanted):
        raise _flaw(f"it must have the arrays {_listed(wanted)}, and has {_listed(arrays)}")
    for name, (dtype, shape) in wanted.items():
        array = arrays[name]
        if not isinstance(array, np.ndarray) or array.dtype != dtype or array.shape != shape:
            raise _flaw(
                f"{name} must be {dtype} of shape {shape}, and is"
                f" {getattr(array, 'dtype', type(array).__name__)} {np.shape(array)}"
            )


# ------------------------------------------------------------------------------- the steps


def _read(file: BinaryIO) -> tuple[dict[str, Any], Arrays]:
    """Read in an order in which nothing is believed before it is checked."""
    size = os.fstat(file.fileno()).st_size
    length = file.read(8)
    count = int.from_bytes(length, "little")
    if len(length) < 8 or not 2 <= count <= min(MOST_FRONT, size - 8):
        raise _flaw("it does not begin as a model file does")
    front = file.read(count)
    places, text, digest = _places(front)
    header = _strict_json(text, "its header")
    wanted = _specifications(_checked(header))
    _check_places(places, wanted, size - 8 - count)
    body = file.read(size - 8 - count)
    if len(front) + len(body) != size - 8 or file.read(1):
        raise _flaw("it changed while it was read")
    arrays = _arrays(length + front + body)
    check_model(header, arrays)
    if _digest(text, arrays) != digest:
        raise _flaw("it is damaged: its numbers or names are not those that were saved")
    return header, arrays


def _places(front: bytes) -> tuple[dict[str, Any], str, str]:
    """Give the places of the arrays, the header's text and the hash from the front of a file."""
    if not front.startswith(b"{"):
        raise _flaw("its front is not JSON")
    places = _json(front, "its front")
    metadata = places.pop("__metadata__", None)
    if type(metadata) is not dict or set(metadata) != {"glassnet", "sha256"}:
        raise _flaw("it holds arrays, but was not written by glassnet")
    text, digest = metadata["glassnet"], metadata["sha256"]
    if type(text) is not str or type(digest) is not str:
        raise _flaw("its header and its hash must be texts")
    return places, text, digest


def _checked(header: Any) -> Program:
    """Check the header and give the program, from which the names and shapes of arrays come."""
    if type(header) is not dict:
        raise _flaw("its header is not an object")
    number = header.get("format")
    if type(number) is not int:
        raise _flaw("its header does not say which format it has")
    if number != FORMAT:
        raise ModelFileError(
            f"it has format {number}, and this glassnet reads format {FORMAT};"
            " use the version of glassnet that wrote it"
        )
    if set(header) != set(KEYS):
        raise _flaw(f"its header must have the keys {_listed(KEYS)}, and has {_listed(header)}")
    for name in ("seed", "epochs", "steps"):
        if type(header[name]) is not int or not 0 <= header[name] < MOST_COUNT:
            raise _flaw(f"its {name} must be a whole number from 0 up")
    description = _part("description", _description, header["description"])
    optimizer: Optimizer = SGD()  # one without state
    if header["optimizer"] is not None:
        optimizer = _part("optimizer", _optimizer, header["optimizer"])
    if header["preparation"] is not None:
        preparation = _part("preparation", Preparation.from_json, header["preparation"])
        _check_fit(description, preparation)
    try:
        return Program(description, optimizer)
    except DescriptionError as problem:
        raise _flaw(f"its network and its optimizer do not fit ({problem})") from None


class _Part(Protocol):
    """What goes to JSON and back."""

    def to_json(self) -> dict[str, Any]: ...


P = TypeVar("P", bound=_Part)


def _part(name: str, read: Callable[[Any], P], data: Any) -> P:
    """Read a part of the header, and refuse it unless it is letter by letter as we write it."""
    try:
        part = read(data)
        same = _canonical(part.to_json()) == _canonical(data)
    except (GlassnetError, TypeError, ValueError, KeyError, OverflowError) as problem:
        raise _flaw(f"its {name} cannot be ({problem})") from None
    if not same:
        raise _flaw(f"its {name} is not as glassnet writes it")
    return part


def _description(data: Any) -> Description:
    if len(data["layers"]) > MOST_LAYERS:  # before any of them is made
        raise DescriptionError(f"it has {len(data['layers'])} layers, more than {MOST_LAYERS}")
    return Description.from_json(data)


def _optimizer(data: Any) -> Optimizer:
    kinds = {kind.__name__: kind for kind in OPTIMIZERS.values()}
    if data["name"] not in kinds:
        raise unknown_name("optimizer", data["name"], kinds)
    optimizer: Optimizer = kinds[data["name"]].from_json(data)
    return optimizer


def _check_fit(description: Description, preparation: Preparation) -> None:
    if len(preparation.features) != description.inputs:
        raise _flaw(
            f"its network takes {description.inputs} columns, its preparation gives"
            f" {len(preparation.features)}"
        )
    two = len(preparation.classes) == 2 and description.outputs == 1  # the chance of the second
    if preparation.outputs != description.outputs and not two:
        raise _flaw(
            f"its network has {description.outputs} outputs, its preparation needs"
            f" {preparation.outputs}"
        )


def _specifications(program: Program) -> dict[str, tuple[np.dtype[Any], tuple[int, ...]]]:
    """Give dtype and shape of every array that the program's model has, by name."""
    shapes = {p.name: p.shape for p in (*program.parameters, *program.statistics)}
    for kind in program.optimizer.state_names():
        shapes |= {f"{kind}_{p.name}": p.shape for p in program.parameters}
    dtype = np.dtype(program.description.dtype).newbyteorder("<")
    return {name: (dtype, shape) for name, shape in shapes.items()}


def _check_places(
    places: Mapping[str, Any],
    wanted: Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]],
    room: int,
) -> None:
    """Raise ModelFileError unless the arrays wanted fill the room, without overlap or gap."""
    if set(places) != set(wanted):
        raise _flaw(f"it must have the arrays {_listed(wanted)}, and has {_listed(places)}")
    sizes = {name: math.prod(shape) * dtype.itemsize for name, (dtype, shape) in wanted.items()}
    if sum(sizes.values()) != room:
        raise _flaw(f"its arrays need {sum(sizes.values())} bytes, and it has {room}")
    spans = []
    for name, (dtype, shape) in wanted.items():
        place = places[name]
        if type(place) is not dict or set(place) != {"dtype", "shape", "data_offsets"}:
            raise _flaw(f"the place of {name} is not described as safetensors does")
        span = place["data_offsets"]
        if place["dtype"] != CODES[dtype.name] or not _are_counts(place["shape"], shape):
            raise _flaw(f"{name} must be {CODES[dtype.name]} of shape {shape}")
        if not _are_counts(span) or len(span) != 2 or span[1] - span[0] != sizes[name]:
            raise _flaw(f"{name} must have {sizes[name]} bytes")
        spans.append((span[0], span[1]))
    end = 0
    for start, stop in sorted(spans):
        if start != end:
            raise _flaw("its arrays overlap or leave a gap")
        end = stop


def _are_counts(values: Any, wanted: Iterable[int] | None = None) -> bool:
    """Whether a value of the front is a list of whole numbers, and of these if they are given."""
    if type(values) is not list or not all(type(v) is int and v >= 0 for v in values):
        return False
    return wanted is None or values == list(wanted)


def _arrays(data: bytes) -> Arrays:
    """Give the arrays of a file, by the safetensors library, which checks it once more."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return {name: np.array(array) for name, array in load(data).items()}
    except SafetensorError as problem:
        raise _flaw(f"the safetensors library refuses it ({problem})") from None


# ---------------------------------------------------------------------------- JSON and hash


def _front(text: str, arrays: Arrays) -> bytes:
    """Give the front of a file: the header's text, the hash, and where each array will stand."""
    front: dict[str, Any] = {
        "__metadata__": {"glassnet": text, "sha256": _digest(text, arrays)},
    }
    end = 0
    for name, array in arrays.items():
        start, end = end, end + array.nbytes
        front[name] = {
            "dtype": CODES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [start, end],
        }
    data = _json_text(front).encode()
    return data + b" " * (-len(data) % 8)  # so that the numbers begin at a multiple of 8


def _digest(text: str, arrays: Mapping[str, NDArray[Any]]) -> str:
    """Give the sha256 over the header's text and every array with its name, dtype and shape."""
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"\n{name} {CODES[array.dtype.name]} {array.shape}\n".encode())
        digest.update(_bytes(array))
    return digest.hexdigest()


def _bytes(array: NDArray[Any]) -> memoryview:
    """Give the bytes of an array, row after row."""
    return array.reshape(-1).view(np.uint8).data


def _json_text(data: Mapping[str, Any]) -> str:
    try:
        text = json.dumps(dict(data), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode()
    except (TypeError, ValueError, RecursionError) as problem:
        raise ModelFileError(f"this model cannot be written as JSON ({problem})") from None
    return text


def _canonical(data: Any) -> str:
    return json.dumps(data, sort_keys=True, allow_nan=False)


def _strict_json(text: str, what: str) -> Any:
    """Read JSON whose texts are short, whose nesting is shallow and whose numbers are finite."""
    tree = _json(text.encode(errors="surrogatepass"), what)
    level = [tree]
    for _ in range(MOST_DEPTH + 1):  # what the deepest objects hold is looked at too
        level = [part for value in level for part in _parts(value, what)]
    if level:
        raise _flaw(f"{what} is nested deeper than {MOST_DEPTH} levels")
    return tree


def _parts(value: Any, what: str) -> Iterable[Any]:
    """Give what an object or a list holds, keys too."""
    if type(value) is str:
        if len(value) > MOST_LETTERS or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise _flaw(f"{what} has a text of more than {MOST_LETTERS} letters, or with half ones")
        return ()
    if type(value) is dict:
        return (*value, *value.values())
    return value if type(value) is list else ()


def _json(data: bytes, what: str) -> Any:
    """Read JSON, and refuse what Python's reader lets pass: doubled keys, NaN, endless numbers."""
    try:
        tree = json.loads(
            data.decode(),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_whole,
        )
    except ModelFileError:
        raise
    except (ValueError, RecursionError, MemoryError) as problem:
        raise _flaw(f"{what} is not JSON ({type(problem).__name__})") from None
    return tree


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _flaw("its JSON gives a name twice")
    return found


def _no_constant(text: str) -> Any:
    raise _flaw(f"its JSON has {text}, which is no number")


def _finite(text: str) -> float:
    if not math.isfinite(float(text)):
        raise _flaw("its JSON has a number that is too large")
    return float(text)


def _whole(text: str) -> int:
    if len(text) > len(str(MOST_COUNT)):
        raise _flaw("its JSON has a whole number that is too large")
    return int(text)


def _flaw(what: str) -> ModelFileError:
    """Word the error for a file that is wrong, with what can be done about it."""
    return ModelFileError(f"{what}; save the model again, or fetch a fresh copy of the file")


def _listed(names: Iterable[str]) -> str:
    """Give names for a message, as ASCII: those of a file may hold anything."""
    shown = sorted(ascii(str(name)[:MOST_LETTERS]) for name in names)
    return ", ".join(shown[:8]) + (f" and {len(shown) - 8} more" if len(shown) > 8 else "")
