"""Logs of training: a line an epoch, as CSV or as JSON lines."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassnet.callbacks.protocol import Callback
from glassnet.errors import DescriptionError, TrainingError
from glassnet.history import History
from glassnet.local_files import open_regular, open_to_append, path_of
from glassnet.rules.entry import COUNT, FLAG, check_options, option

clock = time.perf_counter


@dataclass(eq=False)
class Log(Callback):
    """What both logs have in common.

    Each line is written whole and at once, so that a file can be read while training goes on, and
    is made of whole lines when it is killed. Lines of epochs that the guard takes back stay.
    """

    path: str | os.PathLike[str]
    append: bool = option(FLAG, False)
    every: int = option(COUNT, 1)

    def __post_init__(self) -> None:
        check_options(self, f"{type(self).__name__}: ")
        path_of(self.path, DescriptionError)

    def begin(self, network: Any, history: History) -> None:
        """Open the file."""
        first = self.first_line(list(history.columns)) if self._is_new() else ""
        self._file = open_to_append(self.path, DescriptionError, fresh=not self.append)
        self._written, self._started = 0, clock()
        self._write(first)

    def _is_new(self) -> bool:
        try:
            return not self.append or Path(self.path).stat().st_size == 0
        except (OSError, ValueError):
            return True  # to open it will say what is wrong, if anything is

    def __call__(self, network: Any, history: History) -> object:
        """Write a line for each epoch since the last call."""
        seconds = round(clock() - self._started, 6)
        columns = history.columns
        for place in range(self._written, history.epochs):
            row: dict[str, Any] = {"epoch": place + 1, "seconds": seconds}
            for name, numbers in columns.items():
                row[name] = float(numbers[place]) if place < len(numbers) else None
            self._write(self.line(row))
        self._written = max(self._written, history.epochs)
        return None

    def end(self, network: Any, history: History) -> None:
        """Write what is left, and close the file."""
        with self._file:
            self(network, history)

    def _write(self, text: str) -> None:
        data = text.encode()
        try:
            whole = self._file.write(data) == len(data)
            reason = "there is no room left"
        except OSError as problem:
            whole, reason = False, str(problem.strerror)
        if not whole:
            raise TrainingError(f"cannot go on with the log {os.fspath(self.path)!r}: {reason}")

    def first_line(self, columns: list[str]) -> str:
        """Give what a new file begins with."""
        raise NotImplementedError

    def line(self, row: dict[str, Any]) -> str:
        """Give the line of an epoch; None stands for a number that there is not."""
        raise NotImplementedError


@dataclass(eq=False)
class CSVLog(Log):
    """Writes epoch, seconds since the beginning, losses, metrics and learning rate into a CSV file.

    The first line names the columns, as `history.columns` does. Numbers are written with all their
    digits; what is not finite is inf or nan, and what there is not (the rate of L-BFGS) is empty.

    Args:
        path: of the file. One that is there is replaced when training begins,
        append: unless its lines are to stay; then it must have the same columns.
        every: write after so many epochs, all their lines; between them training may run at once.

    Raises:
        DescriptionError: the file cannot be written, or has other columns, when training begins.
        TrainingError: a line cannot be written later.

    Example:
        >>> import glassnet as gn, tempfile
        >>> net = gn.Network("1-1 linear", random_state=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     log = CSVLog(f"{folder}/history.csv")
        ...     _ = net.fit([[1.0]], [2.0], epochs=2, callbacks=log, verbose=False)
        ...     print(Path(log.path).read_text().splitlines()[0])
        epoch,seconds,loss,learning_rate

    """

    def begin(self, network: Any, history: History) -> None:
        """Open the file; one that goes on must have the same columns."""
        if not self._is_new():
            with open_regular(self.path, DescriptionError) as file:
                there = file.readline(2**20).decode(errors="replace").strip()
            wanted = self.first_line(list(history.columns)).strip()
            if there != wanted:
                raise DescriptionError(
                    f"cannot append to {os.fspath(self.path)!r}: its columns are {there!r}, and"
                    f" this fit has {wanted!r}; choose another file, or append=False"
                )
        super().begin(network, history)

    def first_line(self, columns: list[str]) -> str:
        """Give the names of the columns."""
        return _as_csv(["epoch", "seconds", *columns])

    def line(self, row: dict[str, Any]) -> str:
        """Give the numbers of an epoch."""
        return _as_csv("" if number is None else repr(number) for number in row.values())


@dataclass(eq=False)
class JSONLinesLog(Log):
    """Writes a JSON object an epoch, one a line, with the names of `CSVLog` as keys.

    JSON has no numbers that are not finite; they are null, as is what there is not.

    Args:
        path: of the file. One that is there is replaced when training begins,
        append: unless its lines are to stay.
        every: write after so many epochs, all their lines; between them training may run at once.

    Raises:
        DescriptionError: the file cannot be written, when training begins.
        TrainingError: a line cannot be written later.

    """

    def first_line(self, columns: list[str]) -> str:
        """Give nothing: every line names its numbers."""
        return ""

    def line(self, row: dict[str, Any]) -> str:
        """Give the numbers of an epoch."""
        legal = {n: v if v is not None and math.isfinite(v) else None for n, v in row.items()}
        return json.dumps(legal, allow_nan=False) + "\n"


LOGS: dict[str, type[Log]] = {".csv": CSVLog, ".jsonl": JSONLinesLog}  # by the ending of the file


def _as_csv(cells: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
