"""The functions of a loop text: work that is equal but for its names is written once, and called.

So layers that are alike share a function, and a deep network takes hardly longer to compile than
a shallow one. The arrays of a function never overlap, which lets the compiler read ahead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from glassnet.engines.expressions import CALLS, FALLING

NOT_NAMES = {
    *"for j i k m q start stop in range if or else".split(),
    *"real np uint32 uint64 inf sqrt rint abs T".split(),
    *"mix kept normal plus minus over_root row_number".split(),
    *CALLS.values(),
    FALLING,
}


class Functions:
    """The functions of one text so far.

    `texts`: what they are, in the order in which they were first called.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.known: dict[str, str] = {}  # text of a function with neutral names → its name

    def call(
        self,
        kind: str,
        lines: list[str],
        takes: Iterable[str],
        gives: Iterable[str] = (),
        given: Iterable[str] = (),
    ) -> str:
        """Give the call of a function, which is written unless an equal one is there.

        What it gives back is left to the caller.

        Args:
            kind: what its name begins with.
            lines: what it does.
            takes: the names that it takes, which are also those of what it is given,
            given: unless something else is named here.
            gives: the numbers that it gives back, under names of its own.

        """
        takes, gives = tuple(takes), tuple(gives)
        neutral = kind + neutral_text(lines, takes)
        if neutral not in self.known:
            self.known[neutral] = f"{kind}_{1 + sum(n.startswith(kind) for n in self.known)}"
            back = [f"return {', '.join(f'real({name})' for name in gives)}"] if gives else []
            head = f"def {self.known[neutral]}({', '.join(takes)}):"
            indented = [f"    {line}" for line in [*lines, *back]]
            self.texts.append("\n".join(["@compiled", head, *indented]))
        return f"{self.known[neutral]}({', '.join(given or takes)})"


def neutral_text(lines: Iterable[str], takes: Iterable[str]) -> str:
    """Give a text with its own names numbered, so that equal work has equal text.

    >>> neutral_text(["a[i] = b[i]"], ["b"]) == neutral_text(["c[i] = d[i]"], ["d"])
    True
    """
    numbers = {name: f"_{place}" for place, name in enumerate(takes)}

    def number(found: re.Match[str]) -> str:
        name = found.group()
        if name in NOT_NAMES:
            return name
        return numbers.setdefault(name, f"_{len(numbers)}")

    return re.sub(r"[A-Za-z_]\w*", number, "\n".join(lines))
