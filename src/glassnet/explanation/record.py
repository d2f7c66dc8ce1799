"""What an explanation holds: its steps and the values they use; as plain data, and as text."""

from __future__ import annotations

import dataclasses
import math
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from glassnet.explanation.arithmetic import Expression

WIDTH = 100
TOGETHER = r"\[[^]]*\]|\([^()]{,30}\)| [/=] "


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
class Explanation:
    """Where one number comes from.

    `steps` are in the order of calculation, the last is the number itself; a number that was given
    to the program has none. `str()` gives everything as text.
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

    @property
    def letters(self) -> str:
        """The last calculation with names."""
        return self.steps[-1].letters if self.steps else ""

    @property
    def numbers(self) -> str:
        """The last calculation with numbers."""
        return self.steps[-1].numbers if self.steps else ""

    def to_json(self) -> dict[str, Any]:
        """Give the explanation as plain data for JSON; inf and nan become text.

        >>> plain = Explanation("loss", math.inf, "inf", "loss = …", "", "").to_json()
        >>> plain["what"], plain["value"], plain["steps"]
        ('loss', 'inf', [])
        """
        plain: dict[str, Any] = _plain(dataclasses.asdict(self))
        return plain

    def __str__(self) -> str:
        return "\n".join(_text(self))


# --------------------------------------------------------------------------- as plain data


def _plain(value: Any) -> Any:
    """Give plain data with lists for tuples, and text for inf and nan."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


# ---------------------------------------------------------------------------------- as text


def _text(explanation: Explanation) -> Iterator[str]:
    """Lay an explanation out as lines of text."""
    note = f": {explanation.note}" if explanation.note else ""
    if not explanation.equation:
        note = f": {explanation.origin}"
    yield f"{explanation.what} = {explanation.result}{note}"
    if explanation.equation:
        yield from _wrapped("  line      ", explanation.origin)
        yield from _wrapped("  equation  ", explanation.equation)
    for remark in explanation.remarks:
        yield f"  {remark}"
    for step in explanation.steps:
        yield ""
        yield from _step_text(step)
    if explanation.operands:
        yield ""
        yield "where"
    for origin, operands in _by_origin(explanation.operands).items():
        values = ", ".join(f"{operand.name} = {operand.result}" for operand in operands)
        yield from _wrapped("  ", f"{values}  ({origin})")


def _step_text(step: Step) -> Iterator[str]:
    numbers = [] if step.numbers == step.result else [step.numbers]  # a number that is passed on
    rows = [step.letters, *numbers, step.result]
    for start, text in zip([step.name, "", ""], rows, strict=False):
        yield from _wrapped(f"  {start:<{len(step.name)}} = ", text)
    for word in step.words:
        yield f"{' ' * (len(step.name) + 3)}({word})"


def _wrapped(head: str, text: str) -> list[str]:
    """Break a text into rows, but not within an index, a short bracket, a quotient or equality."""
    together = re.sub(TOGETHER, lambda found: found[0].replace(" ", "\u00a0"), text)
    indent = " " * (len(head) + 2)
    wrapper = textwrap.TextWrapper(
        WIDTH,
        initial_indent=head,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    rows = wrapper.wrap(together)
    return [row.replace("\u00a0", " ") for row in rows]


def _by_origin(operands: Sequence[Operand]) -> dict[str, list[Operand]]:
    groups: dict[str, list[Operand]] = {}
    for operand in operands:
        groups.setdefault(operand.origin, []).append(operand)
    return groups
