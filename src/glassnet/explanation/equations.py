"""A network as equations: each line of its program, with what it says in mathematics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from glassnet.errors import unknown_name
from glassnet.lines import Line, Shape
from glassnet.program import Program


@dataclass(frozen=True)
class Equation:
    """One line of a program as an equation.

    Args:
        number: of the line in the program's source, from 1.
        line: the line: its text, its equation, its phase and what it means.
        shapes: of all values of the program, by name.

    """

    number: int
    line: Line
    shapes: Mapping[str, Shape]


class Equations:
    """A network as equations: forward, loss, backward, update, each with its program line.

    They are the equations of the program's lines, in their order; nothing is stated anew.
    `str()` gives plain text; `latex()`, `markdown()` and `html()` other forms. In a notebook they
    are typeset.

    Args:
        program: whose lines they are.

    Example:
        >>> from glassnet.description import Description
        >>> from glassnet.rules.optimizers import SGD
        >>> equations = Equations(Program(Description.read("2-1 tanh"), SGD()))
        >>> print(equations.text("forward"))
        z1 = x · W1 + b1
        a1 = tanh(z1)
        >>> [(e.number, e.line.text) for e in equations][0]
        (18, 'z1 = x @ W1 + b1')

    """

    def __init__(self, program: Program) -> None:
        self.program = program
        shapes = {i.name: i.shape for i in program.inputs}
        for line in program.lines:
            shapes.update(zip(line.outputs, line.shapes, strict=True))
        numbers = _numbers(program)
        self.entries = tuple(
            Equation(number, line, shapes)
            for number, line in zip(numbers, program.lines, strict=True)
        )

    def __iter__(self) -> Iterator[Equation]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def phases(self) -> tuple[str, ...]:
        """The parts of a step, in order: forward, loss, backward, …."""
        return tuple(dict.fromkeys(entry.line.phase.value for entry in self.entries))

    def of_phase(self, phase: str) -> tuple[Equation, ...]:
        """Give the equations of one part of a step; raises DescriptionError for an unknown one."""
        if phase not in self.phases:
            raise unknown_name("phase", phase, self.phases)
        return tuple(entry for entry in self.entries if entry.line.phase.value == phase)

    def text(self, phase: str) -> str:
        """Give the equations of one part of a step alone, a line each."""
        return "\n".join(entry.line.equation for entry in self.of_phase(phase))

    def as_dict(self) -> dict[str, Any]:
        """Give the equations as plain data for JSON, with their LaTeX."""
        from glassnet.views.explanations.equations import in_latex

        return {
            "network": self.program.description.short(),
            "equations": [
                {
                    "number": entry.number,
                    "phase": entry.line.phase.value,
                    "line": entry.line.text,
                    "equation": entry.line.equation,
                    "latex": in_latex(entry),
                    "note": entry.line.note,
                }
                for entry in self.entries
            ],
        }

    def latex(self) -> str:
        """Give a fragment of LaTeX, for a document with amsmath."""
        from glassnet.views.explanations.equations import latex

        return latex(self)

    def markdown(self) -> str:
        """Give Markdown, with the mathematics between dollar signs."""
        from glassnet.views.explanations.equations import markdown

        return markdown(self)

    def html(self) -> str:
        """Give HTML that needs nothing else: the equations in plain letters."""
        from glassnet.views.explanations.equations import html

        return html(self)

    def _repr_latex_(self) -> str:
        from glassnet.views.explanations.equations import typeset

        return typeset(self)

    def __str__(self) -> str:
        from glassnet.views.explanations.equations import text

        return text(self)


def _numbers(program: Program) -> Iterator[int]:
    """Give the number of each line in the program's source, where it is explained."""
    rows = program.source.splitlines()
    function = "def step(" if program.trains else "def gradients("
    place = next(k for k, row in enumerate(rows) if row.startswith(function))
    for line in program.lines:
        place += 1
        while rows[place].split("  #")[0].strip() != line.text:
            place += 1
        yield place + 1
