"""The debugger as plain text: a page for each key, for pipes, scripts and simple terminals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from glassnet.debugger import Debugger, Press, presses_in
from glassnet.errors import DescriptionError
from glassnet.views.debugger.parts import (
    NARROWEST,
    explanation_rows,
    numbered,
    place_text,
    said,
    step_text,
    value_rows,
)
from glassnet.views.debugger.wires import drawing
from glassnet.views.letters import fold


def page(debugger: Debugger, width: int = 80) -> list[str]:
    """Give the rows of a page: where the run stands, the line, its values, one number explained."""
    width = max(NARROWEST, width)
    run = debugger.run
    rows = fold(place_text(run), width, hang=2).splitlines()
    rows += [f"  {row}" for row in fold(step_text(run, width - 2), width - 2).splitlines()]
    rows += fold(numbered(debugger, run.line, run.line_number), width, hang=4).splitlines()
    rows += [f"    {row}" for row in value_rows(debugger, width - 4)]
    rows += [f"    {row}" for row in explanation_rows(debugger, width - 4)]
    if debugger.drawing:
        rows += ["", *drawing(run, width)]
    return [*rows, *said(debugger, width)]


def program_rows(debugger: Debugger, width: int = 80) -> list[str]:
    """Give the whole program, a number before each line."""
    phase, rows = "", []
    for number, line in enumerate(debugger.run.program.lines, start=1):
        if line.phase.value != phase:
            phase = line.phase.value
            rows.append(phase)
        rows += fold(numbered(debugger, line, number), max(NARROWEST, width), hang=6).splitlines()
    return rows


def news(debugger: Debugger, width: int = 80) -> list[str]:
    """Give the rows of a key that led nowhere: what it has to say, and the drawing if it is on."""
    width = max(NARROWEST, width)
    rows = said(debugger, width)
    return rows or (drawing(debugger.run, width) if debugger.drawing else [])


def walk(
    debugger: Debugger, presses: Iterable[Press], say: Callable[[str], None], width: int = 80
) -> None:
    """Print the page where the run stands, and one more for each key until one of them ends it."""
    _print(page(debugger, width), say)
    for press in presses:
        before = (debugger.run.place, debugger.number)
        debugger.press(press)
        if debugger.over:
            return
        say("")
        moved = (debugger.run.place, debugger.number) != before
        _print((page if moved else news)(debugger, width), say)


def first_step(debugger: Debugger) -> Iterator[Press]:
    """Give the keys that lead through all lines of the first step."""
    for _ in debugger.run.program.lines[1:]:
        yield Press("n")


def typed(lines: Iterable[str], say: Callable[[str], None], *, strict: bool) -> Iterator[Press]:
    """Give the keys of lines as they are typed; what is no key is said, or raised if strict.

    Raises DescriptionError for what is no key, if strict.
    """
    for line in lines:
        try:
            yield from list(presses_in(line))
        except DescriptionError as error:
            if strict:
                raise
            say(f"» {error}")


def _print(rows: Iterable[str], say: Callable[[str], None]) -> None:
    for row in rows:
        say(row.rstrip())
