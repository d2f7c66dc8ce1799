"""Columns → a text file that is read again exactly, and that no spreadsheet runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassnet.errors import DataError
from glassnet.local_files import replace_file
from glassnet.rules.entry import is_number


def write_csv(path: str | os.PathLike[str], columns: Mapping[str, ArrayLike]) -> None:
    """Write columns to a CSV file, whole or not at all.

    Text that a spreadsheet would run as a formula (it begins with = + - @ or a control character)
    gets a ' before it; numbers are written so that they are read again exactly.

    Raises DataError for columns of different lengths, numbers that are not finite, or text that is
    not UTF-8; and if the file cannot be written.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "t.csv")
    ...     write_csv(path, {"x": [0.5, 2.0], "label": ["a", "=b"]})
    ...     print(path.read_text())
    x,label
    0.5,a
    2.0,'=b
    <BLANKLINE>
    """
    written = {name: _written(name, np.asarray(values)) for name, values in columns.items()}
    lengths = sorted({len(cells) for cells in written.values()})
    if len(lengths) != 1:
        raise DataError(f"a table needs columns of one length, got lengths {lengths}")
    header = ",".join(_quoted(_harmless(name)) for name in written)
    rows = (",".join(cells) for cells in zip(*written.values(), strict=True))
    try:
        data = "\n".join((header, *rows, "")).encode()
    except UnicodeEncodeError as problem:
        raise DataError(f"the text {problem.object[problem.start]!r} is not UTF-8") from None
    replace_file(path, [data], DataError)


def _written(name: str, values: NDArray[Any]) -> list[str]:
    if values.ndim != 1:
        raise DataError(f"column {name!r} must have one axis, got shape {values.shape}")
    if values.dtype.kind in "iu":
        return [str(value) for value in values.tolist()]
    if values.dtype.kind == "f":
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            raise DataError(f"column {name!r}, row {bad[0] + 1}: {values[bad[0]]} is not finite")
        return [str(value) for value in values]
    cells = values.tolist()
    return [str(cell) if is_number(cell) else _quoted(_harmless(str(cell))) for cell in cells]


def _harmless(text: str) -> str:
    """Put a ' before text that a spreadsheet would take for a formula.

    >>> _harmless("=1+1"), _harmless("plain")
    ("'=1+1", 'plain')
    """
    return f"'{text}" if text[:1] in tuple("=+-@\t\r\n\0＝＋－＠") else text


def _quoted(text: str) -> str:
    """Put text into double quotes where it could be taken for more or less than one cell."""
    plain = text and not any(letter in text for letter in ',;\t"\r\n')
    return text if plain else '"' + text.replace('"', '""') + '"'
