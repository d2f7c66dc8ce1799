"""An explanation as Markdown: the arithmetic as code, the operands as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from glassnet.explanation.record import Corner, Explanation
from glassnet.views.explanations.text import heading, step_rows

SPECIAL = "\\`*_{}[]<>#|"


def markdown(explanation: Explanation) -> str:
    """Give an explanation as Markdown (with GitHub's tables)."""
    return "\n".join(_rows(explanation))


def _rows(explanation: Explanation) -> Iterator[str]:
    yield f"### {escaped(heading(explanation))}"
    if explanation.equation:
        yield from ("", f"* line: {code(explanation.origin)}")
        yield f"* equation: {code(explanation.equation)}"
    if explanation.array is not None:
        yield from ("", *_array(explanation.array))
    for remark in explanation.remarks:
        yield from ("", escaped(remark))
    for step in explanation.steps:
        yield from ("", "```text", *step_rows(step), "```")
        for word in step.words:
            yield from ("", f"({escaped(word)})")
    if explanation.operands:
        cells = [
            (code(operand.name), operand.result, escaped(operand.origin))
            for operand in explanation.operands
        ]
        yield from ("", *table(("operand", "value", "from"), cells))


def _array(array: Corner) -> Iterator[str]:
    width = len(array.cells[0])
    cut = ("…",) if width < array.shape[-1] else ()
    rows = [
        (f"**{place}**" if len(array.shape) == 2 else "", *(cell.result for cell in row), *cut)
        for place, row in enumerate(array.cells)
    ]
    return table(("", *map(str, range(width)), *cut), rows)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Give the rows of a table; the cells are Markdown already.

    >>> list(table(("a", "b"), [("1", "2")]))
    ['| a | b |', '| --- | --- |', '| 1 | 2 |']
    """
    for row in (heads, ["---"] * len(heads), *rows):
        yield f"| {' | '.join(row)} |"


def code(text: str) -> str:
    """Give a text as code; a bar would end a table's cell, and stands as one of another kind.

    >>> code("|z| · 2")
    '`∣z∣ · 2`'
    """
    return f"`{text.replace('|', '∣')}`"


def escaped(text: str) -> str:
    r"""Give a text whose letters mean themselves.

    >>> print(escaped("W1[0, 1] < learning_rate"))
    W1\[0, 1\] \< learning\_rate
    """
    return "".join(f"\\{letter}" if letter in SPECIAL else letter for letter in text)
