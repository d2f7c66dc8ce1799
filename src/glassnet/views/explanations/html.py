"""An explanation as HTML that stands alone: no script, no address, the page's own colours.

Each number that is shown stands in a `<span data-name="W1[0, 2]" data-value="0.3125">`: its name,
which can be asked for in turn, and its exact value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import ClassVar

from glassnet.explanation.arithmetic import Expression, Leaf, Operation
from glassnet.explanation.digits import RESULT_DIGITS, in_numbers, printed
from glassnet.explanation.notation import Notation
from glassnet.explanation.record import Corner, Explanation, Step
from glassnet.explanation.writing import in_letters
from glassnet.views.explanations.text import by_origin, heading, parts_of

# Lines and faint words are made of the text's own colour, so that they suit dark pages and light.
STYLE = """
.glassnet-explanation { line-height: 1.5; max-width: 60em; }
.glassnet-explanation h4 { margin: .3em 0; font-size: 1.05em; }
.glassnet-explanation table { border-collapse: collapse; margin: .5em 0; color: inherit; }
.glassnet-explanation td, .glassnet-explanation th { padding: .1em .6em .1em 0; text-align: left;
  vertical-align: top; border: 0; background: transparent; color: inherit; }
.glassnet-explanation code, .glassnet-explanation .made td, .glassnet-explanation .shown td {
  font-family: ui-monospace, Menlo, Consolas, monospace; font-size: .95em; background: transparent;
  color: inherit; }
.glassnet-explanation .made { border-left: 2px solid; }
.glassnet-explanation .made td:first-child { padding-left: .8em; white-space: nowrap; }
.glassnet-explanation .shown td, .glassnet-explanation .shown th { text-align: right;
  padding: .1em .6em; }
.glassnet-explanation .number { white-space: nowrap; }
.glassnet-explanation .quiet { opacity: .75; }
""".strip()


def html(explanation: Explanation) -> str:
    """Give an explanation as a piece of HTML that can stand in any page."""
    return "\n".join(_rows(explanation))


def _rows(explanation: Explanation) -> Iterator[str]:
    yield f'<div class="glassnet-explanation"><style>{STYLE}</style>'
    yield f"<h4>{_heading(explanation)}</h4>"
    if explanation.equation:
        yield "<table>"
        line = f"<code>{escape(explanation.origin)}</code>"
        for name, text in (("line", line), ("equation", equation_in_html(explanation.equation))):
            yield f'<tr><td class="quiet">{name}</td><td>{text}</td></tr>'
        yield "</table>"
    if explanation.array is not None:
        yield from _array(explanation.array)
    for remark in explanation.remarks:
        yield f'<p class="quiet">{escape(remark)}</p>'
    for step in explanation.steps:
        yield from _step(step)
    if explanation.operands:
        yield '<p>where</p><table class="operands">'
        for origin, operands in by_origin(explanation.operands).items():
            values = ", ".join(
                f"{escape(o.name)} = {number(o.name, o.value, o.result)}" for o in operands
            )
            yield (
                f'<tr><td><code>{values}</code></td><td class="quiet">{escape(origin)}</td></tr>'
            )
        yield "</table>"
    yield "</div>"


def number(name: str, value: float, text: str) -> str:
    """Give a number that says its name and its exact value.

    >>> number("a1[0, 2]", 0.125, "0.13")
    '<span data-name="a1[0, 2]" data-value="0.125" title="a1[0, 2]">0.13</span>'
    """
    name = escape(name, quote=True)
    return f'<span data-name="{name}" data-value="{float(value)!r}" title="{name}">{text}</span>'


def equation_in_html(equation: str) -> str:
    """Give an equation in plain letters, a row for each value that it makes.

    >>> equation_in_html("v ← v + d;  p ← p − v")
    '<div><code>v ← v + d</code></div><div><code>p ← p − v</code></div>'
    """
    return "".join(f"<div><code>{escape(part)}</code></div>" for part in parts_of(equation))


def _heading(explanation: Explanation) -> str:
    start = f"{explanation.what} = {explanation.result}"
    text = heading(explanation)
    if explanation.array is not None or not text.startswith(start):
        return escape(text)
    value = number(explanation.what, explanation.value, explanation.result)
    return f"{escape(explanation.what)} = {value}{escape(text[len(start) :])}"


class _Marked(Notation):
    """Plain text whose numbers say their names."""

    signs: ClassVar = {name: escape(sign) for name, sign in Notation.signs.items()}

    def leaf(self, leaf: Leaf) -> str:
        """Write a number with its name."""
        return number(leaf.letters, leaf.value, self.of(leaf))

    def judged(self, comparison: Operation) -> str:
        """Write the 1 or 0 of a comparison with what is compared."""
        return number(in_letters(comparison), comparison.value, super().judged(comparison))


def _step(step: Step) -> Iterator[str]:
    numbers = _Marked(lambda leaf: in_numbers(leaf, step.operand_digits), truth=True)
    rows = [escape(step.letters)]
    rows += [] if step.numbers == step.result else [numbers.text(step.expression)]
    rows += [f"<b>{number(step.name, step.value, step.result)}</b>"]
    yield '<table class="made">'
    for start, row in zip([step.name, "", ""], rows, strict=False):
        yield f"<tr><td>{escape(start)}</td><td>=</td><td>{row}</td></tr>"
    for word in step.words:
        yield f'<tr><td></td><td></td><td class="quiet">({_words(step, word)})</td></tr>'
    yield "</table>"


def _words(step: Step, word: str) -> str:
    """Let the numbers in a sentence say their names: each stands as "name = number"."""
    text = escape(word)
    for part in _parts(step.expression):
        letters, shown = escape(in_letters(part)), printed(part.value, RESULT_DIGITS[0])
        marked = number(in_letters(part), part.value, shown)
        text = text.replace(f"{letters} = {shown} ", f"{letters} = {marked} ")
    return text


def _parts(expression: Expression) -> Iterator[Expression]:
    yield expression
    if isinstance(expression, Operation):
        for part in expression.parts:
            yield from _parts(part)


def _array(array: Corner) -> Iterator[str]:
    width = len(array.cells[0])
    cut = "<td>…</td>" if width < array.shape[-1] else ""
    heads = "".join(f'<th class="quiet">{place}</th>' for place in range(width))
    yield f'<table class="shown"><tr><th></th>{heads}</tr>'
    for place, row in enumerate(array.cells):
        side = place if len(array.shape) == 2 else ""
        cells = "".join(f"<td>{number(c.name, c.value, c.result)}</td>" for c in row)
        yield f'<tr><th class="quiet">{side}</th>{cells}{cut}</tr>'
    yield "</table>"


def page(title: str, explanations: Iterable[Explanation]) -> str:
    """Give a page of explanations: one file, in the colours that the reader's system has."""
    body = "\n".join(html(explanation) for explanation in explanations)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title></head>\n"
        f'<body style="font-family: system-ui, sans-serif; margin: 2em">\n'
        f"<h3>{escape(title)}</h3>\n{body}\n</body></html>"
    )
