r"""The equation of a program's line in LaTeX.

An equation is written in plain letters: "a1 = 1 / (1 + exp(−z1))". It is read into atoms (names,
numbers, brackets, functions) and what stands between them; quotients become fractions, and a dot is
a matrix product, a product element by element or one with a number, as the program's line says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from glassnet.lines import Line, Shape
from glassnet.views.explanations.names import escaped, name_in_latex

TOKEN = re.compile(
    r"(?P<word>(?:\d+(?:\.\d+)?e[+-]?\d+|\d+\.\d+|β?\w+)(?:'s\b)?(?:\[[^\]]*\])?)"
    r"|(?P<space>\s+)|(?P<sign>.)",
    re.ASCII,
)
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?")
KNOWN = ("exp", "log", "max", "min", "tanh", "cosh")  # functions of LaTeX
FUNCTIONS = (*KNOWN, "sigmoid", "softmax", "softplus", "sign", "erfc", "mean")
WORDS = frozenset(
    "where else over the batch with for yes no times true class's score columns up to its own"
    " before below above and side by each row is sum of it chose first column".split()
)
AND = r";\quad "  # between the equations of a line that makes several values
POWERS = {"²": "2", "³": "3", "ᵀ": r"\top", "⁻": "-", "⁶": "6"}
SIGNS = {
    "−": "-",
    "←": r"\leftarrow ",
    "Σ": r"\sum ",
    "≥": r"\geq ",
    "≤": r"\leq ",
    "ε": r"\varepsilon ",
    "α": r"\alpha ",
    "ρ": r"\rho ",
    "π": r"\pi ",
    ",": r",\; ",
    ";": AND,
}


@dataclass
class Atom:
    """A part that is one thing: its LaTeX, what stands in its brackets, and as plain text."""

    latex: str
    plain: str
    inside: str = ""


@dataclass
class Sign:
    """What stands between atoms."""

    latex: str
    plain: str


Item = Atom | Sign


def formula(line: Line, shapes: Mapping[str, Shape]) -> str:
    r"""Give the equation of a line in LaTeX.

    Args:
        line: of a program.
        shapes: of all values of the program, by name.

    Example:
        >>> from glassnet.description import Description
        >>> from glassnet.program import Program
        >>> from glassnet.rules.optimizers import SGD
        >>> lines = Program(Description.read("2-1 sigmoid"), SGD()).lines
        >>> print(formula(lines[0], {}), "and", formula(lines[1], {}))
        z_{1} = x\,W_{1} + b_{1} and a_{1} = \frac{1}{1 + \exp\left(-z_{1}\right)}

    """
    tokens = [found for found in TOKEN.finditer(line.equation) if not found["space"]]
    items = _Reader([found[0] for found in tokens], line, shapes).items(())
    return _joined(items, line, shapes)


class _Reader:
    """Reads tokens into items, bracket by bracket."""

    def __init__(self, tokens: list[str], line: Line, shapes: Mapping[str, Shape]) -> None:
        self.tokens, self.place = tokens, 0
        self.line, self.shapes = line, shapes

    def peek(self) -> str:
        """Give the next token, and stay; nothing at the end."""
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self) -> str:
        """Give the next token, and go on."""
        self.place += 1
        return self.tokens[self.place - 1]

    def items(self, ends: tuple[str, ...]) -> list[Item]:
        """Read until one of the signs that end a bracket."""
        found: list[Item] = []
        while self.peek() and self.peek() not in ends:
            self._next(found)
        return found

    def _next(self, found: list[Item]) -> None:
        token = self.take()
        if token in POWERS or token == "^":
            self._raise(token, found)
        elif token == "√":
            inner: list[Item] = []
            self._next(inner)
            (root,) = inner
            assert isinstance(root, Atom)
            found.append(Atom(rf"\sqrt{{{root.inside or root.latex}}}", "√" + root.plain))
        elif token in ("(", "|", "‖"):
            found.append(self._bracket(token))
        elif re.match(r"β?\w", token, re.ASCII):
            found.append(self._word(token, found))
        else:
            found.append(Sign(SIGNS.get(token, token), token))

    def _raise(self, token: str, found: list[Item]) -> None:
        base = found[-1]
        assert isinstance(base, Atom)
        power = POWERS.get(token, "")
        if token == "^":
            inner: list[Item] = []
            self._next(inner)
            (exponent,) = inner
            assert isinstance(exponent, Atom)
            power = exponent.inside or exponent.latex
        while self.peek() in POWERS and token == "⁻":
            power += POWERS[self.take()]
        found[-1] = Atom(f"{base.latex}^{{{power}}}", base.plain + token)

    def _bracket(self, opening: str) -> Atom:
        closing = {"(": ")"}.get(opening, opening)
        start = self.place
        inside = _joined(self.items((closing,)), self.line, self.shapes)
        self.take()
        plain = opening + " ".join(self.tokens[start : self.place])
        left, right = {"(": ("(", ")"), "|": ("|", "|"), "‖": (r"\|", r"\|")}[opening]
        kept = inside if opening == "(" else ""
        return Atom(rf"\left{left}{inside}\right{right}", plain, kept)

    def _word(self, token: str, found: list[Item]) -> Item:
        if NUMBER.fullmatch(token):
            return Atom(_number(token), token)
        if re.match(r"\d+[a-z]$", token):  # 2n
            return Atom(f"{token[:-1]}\\,{token[-1]}", token)
        if token in FUNCTIONS and (self.peek() in ("(", "Σ") or token == "log"):
            name = f"\\{token}" if token in KNOWN else rf"\operatorname{{{token}}}"
            if self.peek() != "(":
                return Sign(name + " ", token)
            self.take()
            inside = self._bracket("(")
            return Atom(name + inside.latex, token + inside.plain)
        if token in WORDS:
            if found and isinstance(found[-1], Sign) and found[-1].latex.startswith(r"\text"):
                before = found.pop()
                return Sign(rf"{before.latex[:-2]} {escaped(token)} }}", f"{before.plain} {token}")
            return Sign(rf"\text{{ {escaped(token)} }}", token)
        return Atom(name_in_latex(token), token)


def _number(text: str) -> str:
    factor, _, exponent = text.partition("e")
    return rf"{factor} \cdot 10^{{{int(exponent)}}}" if exponent else factor


def _joined(items: list[Item], line: Line, shapes: Mapping[str, Shape]) -> str:
    """Put items together: quotients as fractions, dots as the products that they are."""
    items = list(_with_fractions(items))
    out = ""
    for place, item in enumerate(items):
        text = item.latex
        if isinstance(item, Sign) and item.plain == "·":
            text = _product(items[place - 1], items[place + 1], line, shapes)
        elif isinstance(item, Sign) and item.plain in ("+", "=", "←", "<", ">", "≥", "≤"):
            text = f" {text.strip()} "
        elif isinstance(item, Sign) and item.plain == "−":
            binary = place and isinstance(items[place - 1], Atom)
            text = " - " if binary else "-"
        elif isinstance(item, Atom) and place and isinstance(items[place - 1], Atom):
            text = rf"\,{text}"
        out += text
    return out.strip()


def _with_fractions(items: list[Item]) -> Iterator[Item]:
    done: list[Item] = []
    place = 0
    while place < len(items):
        item = items[place]
        after = items[place + 1] if place + 1 < len(items) else None
        if item.plain == "/" and after is not None and after.plain == "Σ":
            after, place = _summed(items, place)
        if item.plain == "/" and done and isinstance(done[-1], Atom) and isinstance(after, Atom):
            upper = done.pop()
            assert isinstance(upper, Atom)
            parts = upper.inside or upper.latex, after.inside or after.latex
            plain = f"{upper.plain} / {after.plain}"
            done.append(Atom(rf"\frac{{{parts[0]}}}{{{parts[1]}}}", plain))
            place += 2
            continue
        done.append(item)
        place += 1
    yield from done


def _summed(items: list[Item], place: int) -> tuple[Item, int]:
    """Give a sum of one atom after a stroke as one atom; a longer one stays as it is."""
    sign, *rest = items[place + 1 : place + 4]
    if not rest or not isinstance(rest[0], Atom) or [r.plain for r in rest[1:]] == ["·"]:
        return sign, place
    return Atom(sign.latex + rest[0].latex, f"Σ {rest[0].plain}"), place + 1


def _product(left: Item, right: Item, line: Line, shapes: Mapping[str, Shape]) -> str:
    """Give the sign of a product: of matrices, element by element, or with a number."""
    pair = f"{left.plain.replace('ᵀ', '.T')} @ {right.plain.replace('ᵀ', '.T')}"
    if pair in line.text:
        return r"\,"
    if _is_array(left, shapes) and _is_array(right, shapes):
        return r" \odot "
    return r" \cdot "


def _is_array(item: Item, shapes: Mapping[str, Shape]) -> bool:
    names = re.findall(r"[A-Za-z_]\w*", item.plain)
    return any(shapes.get(name, (1,))[-1:] not in ((1,), ()) for name in names)
