"""A report of one run: a page of HTML that stands alone.

It has no script and asks for no address; whatever came from the user (names of columns, labels,
file names) is escaped. Every number on it says its name (`data-name`) and its exact value
(`data-value`), so that a test, or a reader, can walk it back to where it was computed.

subject.py   what the report is about: the network, its rows, their table
markup.py    numbers, tables and texts as HTML
page.py      the page around the sections, and the object that is given back
data.py      section: what the rows are
drawing.py   section: the network
curves.py    section: loss and metrics over the epochs
outcome.py   section: how good it is; confusion matrix, or predictions beside targets
health.py    section: what is wrong
example.py   section: one row on its way through the network, and the arithmetic of one number
program.py   section: the program
settings.py  section: how it was trained
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from glassnet.history import History
from glassnet.views.report import (
    curves,
    data,
    drawing,
    example,
    health,
    outcome,
    program,
    settings,
)
from glassnet.views.report.page import Report as Report
from glassnet.views.report.subject import Subject

if TYPE_CHECKING:
    from glassnet.network import Network
    from glassnet.table import Table

SECTIONS = (outcome, data, drawing, curves, health, example, program, settings)


def report(
    network: Network,
    X: ArrayLike,
    y: ArrayLike,
    history: History | None = None,
    *,
    held_out: tuple[ArrayLike, ArrayLike] | None = None,
    table: Table | None = None,
    rows: Sequence[int] | Any = None,
    row: int = 0,
    title: str = "",
) -> Report:
    """Write a report of a run, as a page of HTML that stands alone.

    Args:
        network: that was trained; its preparation gives the names of columns and classes.
        X: (m, inputs), the training rows as the network takes them.
        y: (m, outputs), or class numbers (m,).
        history: what `fit` gave; without it there are no curves.
        held_out: (X, y) of rows that only test.
        table: where the rows came from; it shows what kinds its columns are, and raw values.
        rows: which rows of the table X holds; by default all, where there are as many.
        row: of X, shown on its way through the network.
        title: stands above; by default the network's short form.

    Returns:
        The report: `.html`, `.save(path)`; it shows itself in notebooks.

    Raises:
        DescriptionError: a history that is none.
        DataError: arrays that do not fit, a row that is not there.

    Example:
        >>> import glassnet as gn
        >>> X, y = gn.datasets.xor()
        >>> net = gn.Network("2-4-1 tanh sigmoid", random_state=0)
        >>> history = net.fit(X, y, epochs=5, verbose=False)
        >>> page = gn.report(net, X, y, history)
        >>> page.html[:15], "<script" in page.html
        ('<!DOCTYPE html>', False)

    """
    subject = Subject(network, X, y, history, held_out, table, rows, row)
    sections = [(part.NAME, part.TITLE, part.section(subject)) for part in SECTIONS]
    return Report(title or network.description.short(), tuple(s for s in sections if s[2]))
