"""An explanation as LaTeX: a fragment for any document that uses amsmath."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar

from glassnet.explanation.arithmetic import Expression, Leaf, Operation
from glassnet.explanation.digits import in_numbers
from glassnet.explanation.notation import (
    POWER,
    PRODUCT,
    QUOTIENT,
    SUM,
    Notation,
    Written,
)
from glassnet.explanation.record import Corner, Explanation, Step
from glassnet.views.explanations.names import escaped, name_in_latex
from glassnet.views.explanations.text import by_origin, heading

MOST_TERMS = 3  # of a sum in one row


def latex(explanation: Explanation) -> str:
    """Give an explanation as a fragment of LaTeX."""
    return "\n".join(_rows(explanation))


def _rows(explanation: Explanation) -> Iterator[str]:
    yield rf"\paragraph{{{prose(heading(explanation))}}}"
    if explanation.equation:
        line = rf"\texttt{{{prose(explanation.origin)}}}"
        yield rf"{{\sloppy Line {line}, which says: {prose(explanation.equation)}\par}}"
    if explanation.array is not None:
        yield from _array(explanation.array)
    for remark in explanation.remarks:
        yield f"\n{prose(remark)}"
    for step in explanation.steps:
        yield r"\begin{align*}"
        yield from _step(step)
        yield r"\end{align*}"
        for word in step.words:
            yield f"({prose(word)})"
    if explanation.operands:
        yield r"\noindent where"
        yield r"\begin{itemize}\sloppy"
        for origin, operands in by_origin(explanation.operands).items():
            values = ", ".join(
                f"${name_in_latex(o.name)} = {number_in_latex(o.result)}$" for o in operands
            )
            yield rf"\item {values} ({prose(origin)})"
        yield r"\end{itemize}"


def number_in_latex(text: str) -> str:
    r"""Write a printed number in a formula.

    >>> number_in_latex("−1.25e−5"), number_in_latex("inf"), number_in_latex("(14 more)")
    ('-1.25 \\cdot 10^{-5}', '\\infty', '\\text{(14 more)}')
    """
    found = re.fullmatch(r"(−?[\d.]+)(?:e(−?\d+))?", text)
    if found is None:
        known = {"inf": r"\infty", "−inf": r"-\infty", "nan": r"\mathrm{nan}"}
        return known.get(text, rf"\text{{{prose(text)}}}")
    factor, exponent = found.groups()
    power = rf" \cdot 10^{{{exponent}}}" if exponent else ""
    return (factor + power).replace("−", "-")


class InLatex(Notation):
    """The notation of LaTeX's formulas."""

    signs: ClassVar = {
        "greater": ">",
        "greater_equal": r"\geq",
        "less": "<",
        "less_equal": r"\leq",
    }
    names: ClassVar = {"maximum": "max", "minimum": "min", "rint": "round"}
    minus, dot = "-", r" \cdot "

    def leaf(self, leaf: Leaf) -> str:
        """Write a name or a number."""
        text = self.of(leaf)
        if leaf.kind != "number" and text == leaf.letters and not text.startswith("("):
            return name_in_latex(text)
        return number_in_latex(text)

    def written(self, expression: Expression) -> Written:
        """Write a calculation; a number with a power of ten is a product."""
        found = super().written(expression)
        if isinstance(expression, Leaf) and r" \cdot " in found.text and not found.minus:
            return Written(found.text, PRODUCT)
        return found

    def brackets(self, inside: str) -> str:
        r"""Put brackets around a part, as high as it is."""
        return rf"\left({inside}\right)"

    def divided(self, expression: Operation) -> Written:
        """Write a fraction, which needs no brackets inside, but some below an exponent."""
        upper, lower = (self.part(expression, 0, SUM), self.written(expression.parts[1]))
        return Written(rf"\frac{{{upper.text}}}{{{lower.text}}}", POWER)

    def squared(self, base: str) -> str:
        """Write a square."""
        return f"{base}^{{2}}"

    def raised(self, base: str, exponent: str) -> str:
        """Write a power."""
        return f"{base}^{{{exponent}}}"

    def exponent(self, expression: Operation) -> str:
        """Write an exponent, which stands apart by its height."""
        return self.text(expression.parts[1])

    def size(self, inside: str) -> str:
        """Write an absolute value."""
        return rf"\left|{inside}\right|"

    def called(self, name: str, inside: Sequence[str]) -> str:
        """Write a function of some parts."""
        if name == "sqrt":
            return rf"\sqrt{{{inside[0]}}}"
        if name == "floor":
            return rf"\left\lfloor {inside[0]}\right\rfloor "
        plain = escaped(self.names.get(name, name))
        return rf"\operatorname{{{plain}}}{self.brackets(', '.join(inside))}"


def _step(step: Step) -> Iterator[str]:
    letters = InLatex(lambda leaf: leaf.letters)
    numbers = InLatex(lambda leaf: in_numbers(leaf, step.operand_digits), truth=True)
    rows = [_broken(letters, step.expression)]
    rows += [] if step.numbers == step.result else [_broken(numbers, step.expression)]
    rows += [number_in_latex(step.result)]
    starts = [name_in_latex(step.name), *[""] * len(rows)]
    yield " \\\\\n".join(f"{s} &= {row}".lstrip() for s, row in zip(starts, rows, strict=False))


def _broken(notation: InLatex, expression: Expression) -> str:
    """Write a calculation, a long sum in several rows."""
    if not isinstance(expression, Operation) or expression.name != "add":
        return notation.text(expression)
    last = len(expression.parts)
    texts = [notation.part(expression, k, QUOTIENT if k else SUM).text for k in range(last)]
    groups = [" + ".join(texts[k : k + MOST_TERMS]) for k in range(0, last, MOST_TERMS)]
    return " \\\\\n&\\quad + ".join(groups)


def _array(array: Corner) -> Iterator[str]:
    cut = array.shape[-1] > len(array.cells[0])
    yield r"\["
    yield rf"\begin{{array}}{{{'r' * (len(array.cells[0]) + cut)}}}"
    rows = [
        " & ".join([*(number_in_latex(cell.result) for cell in row), *([r"\cdots"] * cut)])
        for row in array.cells
    ]
    if len(array.shape) == 2 and len(array.cells) < array.shape[0]:
        rows.append(r"\vdots")
    yield " \\\\\n".join(rows)
    yield r"\end{array}"
    yield r"\]"


# What is written outside of formulas, letter by letter, where a plain document may not know it.
LETTERS = {
    "−": "$-$",
    "·": r"$\cdot$",
    "Σ": r"$\sum$",
    "√": r"$\surd$",
    "²": "$^2$",
    "³": "$^3$",
    "ᵀ": r"$^{\top}$",
    "←": r"$\leftarrow$",
    "→": r"$\to$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "ε": r"$\varepsilon$",
    "β": r"$\beta$",
    "α": r"$\alpha$",
    "ρ": r"$\rho$",
    "π": r"$\pi$",
    "×": r"$\times$",
    "⌊": r"$\lfloor$",
    "⌋": r"$\rfloor$",
    "‖": r"$\Vert$",
    "…": r"\dots{}",
    "<": r"$<$",
    ">": r"$>$",
    "|": r"$\vert$",
    "⁻": "$^-$",
    "⁶": "$^6$",
}


def prose(text: str) -> str:
    r"""Give a text for LaTeX outside of formulas.

    >>> print(prose("a1 > 0 counts as 1: 50%"))
    a1 $>$ 0 counts as 1: 50\%
    """
    return "".join(LETTERS.get(letter) or escaped(letter) for letter in text)
