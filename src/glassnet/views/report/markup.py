"""Numbers, tables and texts as HTML; all that comes from the user goes through `escaped`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from glassnet.views.escaping import escaped as escaped


def number(name: str, value: float, text: str = "") -> str:
    """Give a number that says its name and its exact value.

    >>> number("history.loss[0]", 0.125)
    '<span data-name="history.loss[0]" data-value="0.125">0.125</span>'
    >>> number("rows", 1200)
    '<span data-name="rows" data-value="1200">1,200</span>'
    >>> number("x[0, 0]", -2.0)
    '<span data-name="x[0, 0]" data-value="-2.0">−2</span>'
    """
    whole = isinstance(value, int | np.integer)
    exact = repr(int(value)) if whole else repr(float(value))
    shown = text or (f"{value:,}" if whole else f"{float(value):.4g}")
    shown = shown.replace("-", "−")
    return f'<span data-name="{escaped(name)}" data-value="{exact}">{escaped(shown)}</span>'


def counted(name: str, count: int, what: str) -> str:
    """Give a count with its noun.

    >>> counted("rows", 1, "row")
    '<span data-name="rows" data-value="1">1</span> row'
    """
    return f"{number(name, count)} {what}{'' if count == 1 else 's'}"


def percent(name: str, value: float) -> str:
    """Give a share as a percentage.

    >>> percent("accuracy", 0.925)
    '<span data-name="accuracy" data-value="0.925">92.5%</span>'
    """
    return number(name, float(value), f"{value:.1%}")


def table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], *, kind: str = ""
) -> str:
    """Give a table: the first cell of each row names it; cells are HTML already.

    A cell may bring its own tag: one that begins with `<td` is taken as it is.
    """
    rows = list(rows)
    columns = "".join(
        f'<th scope="col"{_like(rows, place)}>{cell}</th>' for place, cell in enumerate(head)
    )
    lines = "\n".join(
        f'<tr><th scope="row">{cells[0]}</th>' + "".join(map(_cell, cells[1:])) + "</tr>"
        for cells in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escaped(caption)}">'
        f'<table class="{kind}"><caption><span>{escaped(caption)}</span></caption>'
        f"<thead><tr>{columns}</tr></thead>\n<tbody>\n{lines}\n</tbody></table></div>"
    )


def _like(rows: Sequence[Sequence[str]], place: int) -> str:
    """Let the head of a column of words stand where its words stand."""
    words = bool(rows) and place < len(rows[0]) and rows[0][place].startswith('<td class="text"')
    return ' class="text"' if words else ""


def _cell(cell: str) -> str:
    return cell if cell.startswith("<td") else f"<td>{cell}</td>"


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Give names with what they are, which is HTML already."""
    rows = "\n".join(f"<dt>{escaped(name)}</dt><dd>{text}</dd>" for name, text in pairs)
    return f"<dl>\n{rows}\n</dl>"


def shown(thing: object) -> str:
    """Give something as it shows itself on a page, else its text."""
    own = getattr(thing, "_repr_html_", None)
    return str(own()) if own else f'<pre class="scroll" tabindex="0">{escaped(thing)}</pre>'


def figure(picture: str, caption: str) -> str:
    """Give a picture with what it shows."""
    return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"
