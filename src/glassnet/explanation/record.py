"""What an explanation holds: its steps and the values they use, as plain data.

Every form in which it is printed (`glassnet.views.explanations`) is written from these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from glassnet.explanation.arithmetic import Expression


@dataclass(frozen=True)
class Step:
    """One calculation: what it gives, in letters, in numbers, and the result.

    `digits` is how many digits the printed result is good for; `words` say what letters cannot:
    which comparison held, how many terms were left out, what rounding did. `expression` is the
    calculation as a tree, whose numbers are printed with `operand_digits`: every form is written
    from it.
    """

    name: str
    letters: str
    numbers: str
    result: str
    value: float
    digits: int
    words: tuple[str, ...]
    expression: Expression
    operand_digits: int


@dataclass(frozen=True)
class Operand:
    """A value that a calculation used: its name, which can be explained in turn, and its origin."""

    name: str
    result: str
    value: float
    origin: str


@dataclass(frozen=True)
class Cell:
    """One number of an array: its name, as it is printed, and as it is."""

    name: str
    result: str
    value: float


@dataclass(frozen=True)
class Corner:
    """The numbers of an array that are shown: all of them, or its first rows and columns.

    Args:
        shape: of the whole array.
        axes: their names: "m" for the rows of the batch, "n1" for the neurons of layer 1.
        cells: what is shown, row by row; an array of one axis is one row.
        left_out: how many numbers are not shown.

    """

    shape: tuple[int, ...]
    axes: tuple[str, ...]
    cells: tuple[tuple[Cell, ...], ...]
    left_out: int


@dataclass(frozen=True)
class Explanation:
    """Where one number comes from; or, for a name without an index, what a whole array is.

    `steps` are in the order of calculation, the last is the number itself; a number that was given
    to the program has none. An array has no single `value` (it is nan): its numbers are in `array`.
    `str()` gives everything as text; `markdown`, `latex`, `html` and `as_dict` in other forms, all
    from the same numbers.
    """

    what: str
    value: float
    result: str
    origin: str
    equation: str
    note: str
    steps: tuple[Step, ...] = ()
    operands: tuple[Operand, ...] = ()
    remarks: tuple[str, ...] = ()
    array: Corner | None = None

    @property
    def letters(self) -> str:
        """The last calculation with names."""
        return self.steps[-1].letters if self.steps else ""

    @property
    def numbers(self) -> str:
        """The last calculation with numbers."""
        return self.steps[-1].numbers if self.steps else ""

    def as_dict(self) -> dict[str, Any]:
        """Give the explanation as plain data for JSON: exact values, printed texts, trees.

        >>> plain = Explanation("loss", float("inf"), "inf", "loss = …", "", "").as_dict()
        >>> plain["what"], plain["value"], plain["steps"]
        ('loss', 'inf', [])
        """
        from glassnet.explanation.plain import as_dict

        return as_dict(self)

    def markdown(self) -> str:
        """Give the explanation as Markdown."""
        from glassnet.views.explanations.markdown import markdown

        return markdown(self)

    def latex(self) -> str:
        """Give the explanation as a fragment of LaTeX, for a document with amsmath."""
        from glassnet.views.explanations.latex import latex

        return latex(self)

    def html(self) -> str:
        """Give the explanation as HTML that needs nothing else; each number has a data-name."""
        from glassnet.views.explanations.html import html

        return html(self)

    def _repr_html_(self) -> str:
        return self.html()

    def __str__(self) -> str:
        from glassnet.views.explanations.text import text  # views stand above

        return text(self)
