"""An explanation as rows of text."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from glassnet.explanation.record import Corner, Explanation, Operand, Step

WIDTH = 100
TOGETHER = r"\[[^]]*\]|\([^()]{,30}\)| [/=] "


def text(explanation: Explanation, width: int = WIDTH) -> str:
    """Give an explanation as text, of rows of up to so many letters where they can be broken."""
    return "\n".join(_rows(explanation, width))


def _rows(explanation: Explanation, width: int) -> Iterator[str]:
    yield heading(explanation)
    if explanation.equation:
        yield from wrapped("  line      ", explanation.origin, width)
        yield from equation_rows("  equation  ", explanation.equation, width)
    if explanation.array is not None:
        yield ""
        yield from _array(explanation.array)
        yield ""
    for remark in explanation.remarks:
        yield from wrapped("  ", remark, width)
    for step in explanation.steps:
        yield ""
        yield from step_rows(step, width)
        for word in step.words:
            yield from wrapped(" " * (len(step.name) + 3), f"({word})", width)
    if explanation.operands:
        yield ""
        yield "where"
    for origin, operands in by_origin(explanation.operands).items():
        values = ", ".join(f"{operand.name} = {operand.result}" for operand in operands)
        yield from wrapped("  ", f"{values}  ({origin})", width)


def heading(explanation: Explanation) -> str:
    """Say what is explained, and what it is."""
    note = f": {explanation.note}" if explanation.note else ""
    if not explanation.equation:
        note = f": {explanation.origin}"
    says = " is an array of " if explanation.array is not None else " = "
    return f"{explanation.what}{says}{explanation.result}{note}"


def parts_of(equation: str) -> list[str]:
    """Give how each value of a line is made, where its equation says so of several.

    >>> parts_of("v ← v + d;  p ← p − v")
    ['v ← v + d', 'p ← p − v']
    """
    return equation.split(";  ")


def equation_rows(head: str, equation: str, width: int = WIDTH) -> Iterator[str]:
    r"""Give an equation; where it says how several values are made, a row for each of them.

    >>> print(*equation_rows("so ", "v ← v + d;  p ← p − v"), sep="\n")
    so v ← v + d
       p ← p − v
    """
    for part in parts_of(equation):
        yield from wrapped(head, part, width)
        head = " " * len(head)


def step_rows(step: Step, width: int = WIDTH) -> Iterator[str]:
    """Give a calculation: with letters, with numbers, and the result, each after a sign =."""
    numbers = [] if step.numbers == step.result else [step.numbers]  # a number that is passed on
    rows = [step.letters, *numbers, step.result]
    for start, row in zip([step.name, "", ""], rows, strict=False):
        yield from wrapped(f"  {start:<{len(step.name)}} = ", row, width)


def _array(array: Corner) -> Iterator[str]:
    """Give a table: the numbers of rows and columns at its sides."""
    head = [str(column) for column in range(len(array.cells[0]))]
    rows = [[cell.result for cell in row] for row in array.cells]
    more = [len(row) < array.shape[-1] for row in array.cells]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    sides = ["", *(str(row) if len(array.shape) == 2 else "" for row in range(len(rows)))]
    side = max(map(len, sides))
    for start, cells, cut in zip(sides, [head, *rows], [False, *more], strict=True):
        padded = "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        yield f"  {start:>{side}}  {padded}{'  …' if cut else ''}"
    if len(array.shape) == 2 and len(rows) < array.shape[0]:
        yield f"  {'⋮':>{side}}"


def wrapped(head: str, row: str, width: int = WIDTH) -> list[str]:
    """Break a text into rows, but not within an index, a short bracket, a quotient or equality."""
    together = re.sub(TOGETHER, lambda found: found[0].replace(" ", "\u00a0"), row)
    indent = " " * (len(head) + 2)
    wrapper = textwrap.TextWrapper(
        width,
        initial_indent=head,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    rows = wrapper.wrap(together)
    return [row.replace("\u00a0", " ") for row in rows]


def by_origin(operands: Sequence[Operand]) -> dict[str, list[Operand]]:
    """Put operands together that come from one place."""
    groups: dict[str, list[Operand]] = {}
    for operand in operands:
        groups.setdefault(operand.origin, []).append(operand)
    return groups
