"""A calculation in a notation: where brackets stand, and how each operation is written.

`Notation` writes plain text. Another form (HTML, LaTeX) is a subclass that says how a number and an
operation look; which parts need brackets is decided here, once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from glassnet.explanation.arithmetic import Expression, Leaf, Operation, is_small
from glassnet.graph import COMPARISONS

SUM, QUOTIENT, PRODUCT, MINUS, POWER, ATOM = range(6)  # what binds more closely comes later


class Written(NamedTuple):
    """A part of a calculation: its text, how closely it binds, and whether it begins with −."""

    text: str
    binds: int
    minus: bool = False


class Notation:
    """Plain text, such as "w·(a − y)² / n".

    Args:
        of: gives the text of a number.
        truth: whether a comparison is written as the 1 or 0 that it is.

    Example:
        >>> error = Operation("subtract", (Leaf("a", 3.0), Leaf("y", 1.0)), 2.0)
        >>> Notation(lambda leaf: leaf.letters).text(Operation("square", (error,), 4.0))
        '(a − y)²'

    """

    signs: ClassVar = {"greater": ">", "greater_equal": "≥", "less": "<", "less_equal": "≤"}
    names: ClassVar = {"maximum": "max", "minimum": "min", "sqrt": "√", "rint": "round"}
    minus, dot = "−", "·"

    def __init__(self, of: Callable[[Leaf], str], *, truth: bool = False) -> None:
        self.of, self.truth = of, truth

    def text(self, expression: Expression) -> str:
        """Write a calculation."""
        return self.written(expression).text

    def leaf(self, leaf: Leaf) -> str:
        """Write a number."""
        return self.of(leaf)

    def judged(self, comparison: Operation) -> str:
        """Write a comparison as the 1 or 0 that it counts."""
        return str(int(comparison.value))

    def brackets(self, inside: str) -> str:
        """Put brackets around a part."""
        return f"({inside})"

    def divided(self, expression: Operation) -> Written:
        """Write a quotient."""
        upper = self.part(expression, 0, PRODUCT)
        return Written(
            f"{upper.text} / {self.part(expression, 1, POWER).text}", QUOTIENT, upper.minus
        )

    def squared(self, base: str) -> str:
        """Write a square."""
        return f"{base}²"

    def raised(self, base: str, exponent: str) -> str:
        """Write a power."""
        return f"{base}^{exponent}"

    def exponent(self, expression: Operation) -> str:
        """Write an exponent."""
        return self.part(expression, 1, ATOM).text

    def size(self, inside: str) -> str:
        """Write an absolute value."""
        return f"|{inside}|"

    def called(self, name: str, inside: Sequence[str]) -> str:
        """Write a function of some parts."""
        return f"{self.names.get(name, name)}({', '.join(inside)})"

    # ---------------------------------------------------------------------- what binds how

    def written(self, expression: Expression) -> Written:
        """Write a calculation, and say how closely it binds."""
        if isinstance(expression, Leaf):
            negative = self.of(expression).startswith("−")
            return Written(self.leaf(expression), MINUS if negative else ATOM, negative)
        name, parts = expression.name, expression.parts
        if name == "where":
            return self.written(parts[1])
        if name in COMPARISONS:
            return self._compared(expression)
        if name == "add":
            rest = (self.part(expression, place, QUOTIENT) for place in range(1, len(parts)))
            all_parts = [self.part(expression, 0, SUM), *rest]
            return Written(" + ".join(p.text for p in all_parts), SUM, all_parts[0].minus)
        if name == "subtract":
            left, right = self.part(expression, 0, SUM), self.part(expression, 1, QUOTIENT)
            return Written(f"{left.text} {self.minus} {right.text}", SUM, left.minus)
        if name == "multiply":
            factors = (self.part(expression, place, POWER) for place in range(len(parts)))
            return Written(self.dot.join(p.text for p in factors), PRODUCT)
        if name == "divide":
            return self.divided(expression)
        if name == "negative":
            return Written(f"{self.minus}{self.part(expression, 0, POWER).text}", MINUS, True)
        if name == "square":
            return Written(self.squared(self.part(expression, 0, ATOM).text), POWER)
        if name == "power":
            base, exponent = self.part(expression, 0, ATOM).text, self.exponent(expression)
            return Written(self.raised(base, exponent), POWER)
        return Written(self._function(expression), ATOM)

    def part(self, expression: Operation, place: int, binds: int) -> Written:
        """Write a part, in brackets where it binds less closely than it must."""
        part = self.written(expression.parts[place])
        if part.binds < binds or (place and part.minus):
            return Written(self.brackets(part.text), ATOM)
        return part

    def _compared(self, expression: Operation) -> Written:
        if self.truth:
            return Written(self.judged(expression), ATOM)
        left, right = self.part(expression, 0, SUM).text, self.part(expression, 1, SUM).text
        return Written(self.brackets(f"{left} {self.signs[expression.name]} {right}"), ATOM)

    def _function(self, expression: Operation) -> str:
        inside = [self.text(part) for part in expression.parts]
        if expression.name == "absolute":
            return self.size(inside[0])
        if expression.name == "log1p" and not is_small(expression):
            return self.called("log", [f"1 + {self.part(expression, 0, QUOTIENT).text}"])
        return self.called(expression.name, inside)
