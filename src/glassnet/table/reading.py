"""A text file → columns: read as it stands, or refused in one sentence that names the line."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import TableError
from glassnet.local_files import open_regular, path_of
from glassnet.table.cells import INFINITE, MISSING, NUMBER, TEXT, Rows
from glassnet.table.names import check_names
from glassnet.table.wording import listed

if TYPE_CHECKING:
    import polars

MOST_BYTES = 2**32  # of a file, which is held in memory
MOST_LINE = 2**20  # bytes of a line

MAGIC = {
    b"\x1f\x8b": "packed with gzip",
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"PK\x05\x06": "an empty zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\xfd7zXZ\0": "packed with xz",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
    b"PAR1": "a Parquet file",
    b"%PDF-": "a PDF file",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
}


def read_columns(
    path: str | os.PathLike[str],
) -> tuple[dict[str, NDArray[Any]], Rows, dict[str, str]]:
    r"""Give the columns of a CSV file by name, the line in which each row begins, and its gaps.

    The gaps say for a column of numbers what stands in its first missing cell.

    Raises TableError for anything that is not such a file, with the line that is at fault.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "t.csv")
    ...     _ = path.write_text("a,b\n1,5\n2,NA\n")
    ...     columns, lines, gaps = read_columns(path)
    >>> columns, lines, gaps
    ({'a': array([1., 2.]), 'b': array([ 5., nan])}, array([2, 3]), {'b': 'NA'})
    """
    source = path_of(path, TableError)
    data = _text_of(source)
    layout = _Layout.of(data, source)
    if len(layout.starts) == 1:
        raise TableError(f"{source} has one line only: write rows below the line with names")
    names = _header(data[: layout.starts[1]], layout.separator, source)
    layout.check_cells(len(names), data, source)
    cells = _cells(data[layout.starts[1] :], layout, names, source)
    columns: dict[str, NDArray[Any]] = {}
    gaps: dict[str, str] = {}
    for name, column in zip(names, cells, strict=True):
        columns[name], gap = _typed(column)
        if gap is not None:
            gaps[name] = gap
    return columns, layout.lines[1:], gaps


def _text_of(path: str) -> bytes:
    """Give the bytes of UTF-8 text, without a byte order mark or empty lines at the end."""
    if "://" in path:
        raise TableError(f"{path!r} is an address: download the file first, then give its path")
    with open_regular(path, TableError) as file:
        if os.fstat(file.fileno()).st_size > MOST_BYTES:
            raise TableError(f"{path} has more than {MOST_BYTES} bytes: take a part of it")
        data = file.read()
    for magic, what in MAGIC.items():
        if data.startswith(magic):
            raise TableError(f"{path} is {what}, not a CSV file: save it as CSV, UTF-8")
    data = data.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n")
    if not data.strip():
        raise TableError(f"{path} is empty: it needs a line with names, and rows below")
    zero = data.find(b"\0")
    if zero >= 0:
        raise TableError(f"{path}, line {_line(data, zero)} has a NUL byte: it is not text")
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError as problem:
            raise TableError(
                f"{path}, line {_line(data, problem.start)} is not UTF-8 (byte"
                f" 0x{data[problem.start]:02x}): save the file as 'CSV UTF-8'"
            ) from None
    return data


def _line(data: bytes, place: int) -> int:
    return data.count(b"\n", 0, place) + 1


@dataclass(frozen=True)
class _Layout:
    """Where the records of a CSV file stand: a record is a line, or more if a cell has a break."""

    separator: str
    starts: Rows  # first byte of each record, the header's first
    stops: Rows  # the byte after its last, a line feed or the end
    lines: Rows  # number of the line in which it begins
    cells: Rows  # how many it has

    @classmethod
    def of(cls, data: bytes, source: str) -> _Layout:
        """Find the records; raises TableError for quotes out of place or lines too long."""
        buffer = np.frombuffer(data, np.uint8)
        quotes = np.flatnonzero(buffer == ord('"'))
        breaks = np.flatnonzero(buffer == ord("\n"))

        def outside(places: Rows) -> Rows:
            even: NDArray[np.bool_] = np.searchsorted(quotes, places) % 2 == 0
            return places[even]

        stops = np.append(outside(breaks), len(data))
        starts = np.append(0, stops[:-1] + 1)
        first = outside(np.arange(stops[0])) if stops[0] <= MOST_LINE else np.arange(0)
        header = buffer[first].tobytes()
        separator = next((s for s in (",", ";", "\t") if s.encode() in header), ",")

        def line_of(place: int) -> int:
            return int(np.searchsorted(breaks, place)) + 1

        _check_quotes(buffer, quotes, separator, line_of, source)
        long = np.flatnonzero(stops - starts > MOST_LINE)
        if long.size:
            raise TableError(
                f"{source}, line {line_of(starts[long[0]])} has more than {MOST_LINE} bytes: this"
                " is no table of one row a line"
            )
        returns = outside(np.flatnonzero(buffer == ord("\r")))
        alone = returns[buffer[np.minimum(returns + 1, len(data) - 1)] != ord("\n")]
        if alone.size:
            raise TableError(
                f"{source}, line {line_of(alone[0])} has a carriage return without a line feed:"
                " save the file with ordinary line ends"
            )
        separators = outside(np.flatnonzero(buffer == ord(separator)))
        cells = np.diff(np.searchsorted(separators, stops), prepend=0) + 1
        return cls(separator, starts, stops, np.searchsorted(breaks, starts) + 1, cells)

    def check_cells(self, wanted: int, data: bytes, source: str) -> None:
        """Raise TableError unless every record has the cells that the header has."""
        wrong = np.flatnonzero(self.cells != wanted)
        if wrong.size == 0:
            return
        record = wrong[0]
        if not data[self.starts[record] : self.stops[record]].strip():
            raise TableError(f"{source}, line {self.lines[record]} is empty: delete it")
        count = f"{self.cells[record]} cell{'s' if self.cells[record] > 1 else ''}"
        raise TableError(
            f"{source}, line {self.lines[record]} has {count}, but the header has {wanted}: correct"
            f" the line, or put a cell with a {self.separator!r} in it into double quotes"
        )


def _check_quotes(
    buffer: NDArray[np.uint8],
    quotes: Rows,
    separator: str,
    line_of: Callable[[int], int],
    source: str,
) -> None:
    """Raise TableError unless quotes stand around whole cells, and doubled inside of them."""
    opening, closing = quotes[0::2], quotes[1::2]
    ended = np.append(buffer, ord("\n"))  # also stands before the first byte
    inside = opening[~np.isin(ended[opening - 1], list(f'{separator}\n"'.encode()))]
    behind = closing[~np.isin(ended[closing + 1], list(f'{separator}\r\n"'.encode()))]
    if inside.size and not (behind.size and behind[0] < inside[0]):
        raise TableError(
            f"{source}, line {line_of(inside[0])} has a double quote inside a cell: put the whole"
            " cell into quotes and double this one, or delete it"
        )
    if behind.size:
        began = opening[np.searchsorted(closing, behind[0])]
        raise TableError(
            f"{source}, line {line_of(behind[0])} has text after the closing quote of the cell that"
            f" begins in line {line_of(began)}: a quote inside quotes must be doubled"
        )
    if len(quotes) % 2:
        raise TableError(
            f"{source}, line {line_of(quotes[-1])} opens a quote that is never closed: close it"
        )


def _header(line: bytes, separator: str, source: str) -> list[str]:
    """Give the names in the first record; raises TableError for names that cannot be."""
    try:
        cells = next(csv.reader(io.StringIO(line.decode(), newline=""), delimiter=separator))
    except csv.Error as problem:
        raise TableError(f"{source}, line 1 cannot be read: {problem}") from None
    names = [cell.strip() for cell in cells]
    check_names(names, f"{source}, line 1")
    numbers = [name for name in names if re.fullmatch(NUMBER, name)]
    counted = [[str(n) for n in range(k, len(names) + k)] for k in (0, 1)]
    if len(numbers) == len(names) and names not in counted:
        raise TableError(
            f"{source}, line 1 has numbers only, {listed(names)}: add a line above it with the"
            " names of the columns"
        )
    return names


def _cells(
    body: bytes, layout: _Layout, names: Sequence[str], source: str
) -> Sequence[polars.Series]:
    """Give the cells below the header as columns of text."""
    import polars

    try:
        frame = polars.read_csv(
            body,
            has_header=False,
            separator=layout.separator,
            schema={f"c{place}": polars.String() for place in range(len(names))},
            infer_schema_length=0,  # nothing is guessed
        )
    except polars.exceptions.PolarsError as problem:
        first = str(problem).splitlines()[0]
        raise TableError(f"{source} cannot be read as a table: {first}") from problem
    if frame.height != len(layout.starts) - 1:  # two readers must agree on what a row is
        raise TableError(
            f"{source} cannot be read for sure: {frame.height} rows or {len(layout.starts) - 1}?"
            " Save it again as CSV"
        )
    return frame.get_columns()


def _typed(cells: polars.Series) -> tuple[NDArray[Any], str | None]:
    """Give a column as numbers, with nan for missing cells, if all its cells are; else as text.

    Beside it comes what stands in the first missing cell of a column of numbers.
    """
    import polars

    text = cells.fill_null("").str.strip_chars(" \t")
    number = text.str.contains(f"^(?:{NUMBER})$")
    infinite = text.str.contains(f"^(?:{INFINITE})$")
    missing = text.str.to_lowercase().is_in(list(MISSING))
    some = bool((number | infinite).any()) or bool((text == "").all())
    if not some or not bool((number | infinite | missing).all()):
        return text.to_numpy().astype(TEXT), None
    values = np.array(text.cast(polars.Float64, strict=False).to_numpy(), dtype=np.float64)
    gaps = np.flatnonzero(missing.to_numpy())
    values[gaps] = np.nan
    return values, str(text[int(gaps[0])]) if gaps.size else None
