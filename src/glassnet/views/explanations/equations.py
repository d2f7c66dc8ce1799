"""The equations of a network in print: text, Markdown, LaTeX, HTML."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from glassnet.explanation.equations import Equation, Equations
from glassnet.views.explanations.formula import AND, formula
from glassnet.views.explanations.html import STYLE, equation_in_html
from glassnet.views.explanations.latex import prose
from glassnet.views.explanations.markdown import code, escaped, table
from glassnet.views.explanations.text import WIDTH, equation_rows, wrapped

NO_NUMBER = r" \notag"
SAYS = {
    "forward": "what the network makes of its inputs",
    "loss": "how far that is from what is wanted",
    "penalty": "what the size of the weights costs",
    "backward": "how the loss changes with every number: the error of the last layer, handed back"
    " from layer to layer, and the part that weights and biases have in it",
    "remember": "what is kept for prediction",
    "clip": "gradients within limits",
    "decay": "weights drawn to 0",
    "update": "one step",
    "constrain": "weights within what their layers allow",
    "average": "the average that predicts",
}


def in_latex(entry: Equation) -> str:
    """Give an equation as a formula."""
    return formula(entry.line, entry.shapes)


def text(equations: Equations) -> str:
    """Give the equations as text, each with the number and the text of its line."""
    return "\n".join(_rows(equations))


def _rows(equations: Equations) -> Iterator[str]:
    yield _title(equations)
    short = [len(e.line.equation) for e in equations if len(e.line.equation) <= WIDTH // 2]
    across = max(short, default=0)
    for phase in equations.phases:
        yield from ("", *wrapped("", f"{phase}: {SAYS[phase]}"))
        for entry in equations.of_phase(phase):
            line = f"line {entry.number}: {entry.line.text}"
            if len(entry.line.equation) <= across:
                yield f"  {entry.line.equation:<{across}}  {line}"
            else:
                yield from equation_rows("  ", entry.line.equation)
                yield f"  {'':<{across}}  {line}"


def _title(equations: Equations) -> str:
    program = equations.program
    return f"{program.description.short()}, loss {program.description.loss}, {program.optimizer!r}"


def markdown(equations: Equations) -> str:
    """Give the equations as Markdown: a table for each part of a step."""
    return "\n".join(_markdown(equations))


def _markdown(equations: Equations) -> Iterator[str]:
    yield f"### {escaped(_title(equations))}"
    for phase in equations.phases:
        yield from ("", f"**{phase}**: {escaped(SAYS[phase])}", "")
        rows = [
            # A bar would end the cell: LaTeX has a word for it.
            (f"${in_latex(e).replace('|', chr(92) + 'vert ')}$", str(e.number), code(e.line.text))
            for e in equations.of_phase(phase)
        ]
        yield from table(("equation", "line", "program"), rows)


def latex(equations: Equations) -> str:
    """Give the equations as a fragment of LaTeX; each has the number of its line as its tag."""
    return "\n".join(_latex(equations))


def _latex(equations: Equations) -> Iterator[str]:
    yield rf"\paragraph{{{prose(_title(equations))}}}"
    for phase in equations.phases:
        entries = equations.of_phase(phase)
        yield rf"\paragraph{{{phase}}} {prose(SAYS[phase])}"
        yield r"\begin{align}"
        rows = [rf"{_aligned(in_latex(e), NO_NUMBER)} \tag{{{e.number}}}" for e in entries]
        yield " \\\\\n".join(rows)
        yield r"\end{align}"
        yield r"\begin{itemize}\sloppy"  # a long line of a program is broken between its words
        for e in entries:
            note = f" --- {prose(e.line.note)}" if e.line.note else ""
            yield rf"\item[{e.number}] \texttt{{{prose(e.line.text)}}}{note}"
        yield r"\end{itemize}"


def _aligned(formula: str, mark: str = "") -> str:
    """Give an equation; where it says how several values are made, a row for each of them.

    All rows but the last end with the mark, as this one alone has the number of the line.
    """
    return f"{mark} \\\\\n".join(map(_in_line, formula.split(AND)))


def _in_line(formula: str) -> str:
    """Let the rows of a block stand in line at their first sign of equality."""
    for sign in (" = ", r" \leftarrow "):
        if sign in formula:
            return formula.replace(sign, f" &{sign.strip()} ", 1)
    return f"&{formula}"


def typeset(equations: Equations) -> str:
    """Give the equations as one formula, as a notebook shows it."""
    rows = [
        rf"{_aligned(in_latex(e))} && \text{{line {e.number}, {phase}}}"
        for phase in equations.phases
        for e in equations.of_phase(phase)
    ]
    body = " \\\\\n".join(rows)
    return f"$$\n\\begin{{aligned}}\n{body}\n\\end{{aligned}}\n$$"


def html(equations: Equations) -> str:
    """Give the equations as HTML that stands alone."""
    return "\n".join(_html(equations))


def _html(equations: Equations) -> Iterator[str]:
    yield f'<div class="glassnet-explanation"><style>{STYLE}</style>'
    yield f"<h4>{escape(_title(equations))}</h4>"
    for phase in equations.phases:
        yield f"<p><b>{phase}</b>: {escape(SAYS[phase])}</p><table>"
        for e in equations.of_phase(phase):
            yield (
                f'<tr data-line="{e.number}"><td>{equation_in_html(e.line.equation)}</td>'
                f'<td class="quiet number">line {e.number}</td>'
                f'<td class="quiet"><code>{escape(e.line.text)}</code></td></tr>'
            )
        yield "</table>"
    yield "</div>"
