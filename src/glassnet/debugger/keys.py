"""The keys of the debugger, and how a text of them is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from glassnet.errors import DescriptionError


@dataclass(frozen=True)
class Key:
    """A key: what it does, and what is written behind it where it takes something.

    Args:
        letter: the key.
        does: in words.
        takes: an example of what it takes; "" where it takes nothing.
        needs: whether it does nothing without that.

    """

    letter: str
    does: str
    takes: str = ""
    needs: bool = False


KEYS = {
    key.letter: key
    for key in (
        Key("n", "next line"),
        Key("b", "back a line"),
        Key("l", "next layer"),
        Key("L", "back a layer"),
        Key("p", "next phase"),
        Key("P", "back a phase"),
        Key("s", "same line of the next batch"),
        Key("S", "… of the batch before"),
        Key("e", "same line of the next epoch"),
        Key("E", "… of the epoch before"),
        Key("g", "go to epoch, batch, line", "3,1,dW1", needs=True),
        Key("r", "run to the next breakpoint"),
        Key("R", "run back to the one before"),
        Key("x", "breakpoint on this line, on or off", "dW1"),
        Key("i", "breakpoint on inf and nan, on or off"),
        Key("u", "breakpoint on a rising loss, on or off"),
        Key(".", "explain the line's next number"),
        Key(",", "… the number before"),
        Key("v", "explain a value of the step", "W1[0,1]"),
        Key("w", "what if a number were another", "W1[0,1]=0.5"),
        Key("d", "drawing, on or off"),
        Key("?", "keys"),
        Key("q", "quit"),
    )
}
MOVES = {"n": "line", "l": "layer", "p": "phase", "s": "batch", "e": "epoch"}  # next
BACK = {"b": "line", "L": "layer", "P": "phase", "S": "batch", "E": "epoch"}
TOKEN = re.compile(r"(?:\[[^\]\s]*(?:\s*,\s*[^\]\s]*)*\]|\S)+")  # blanks may stand in an index


@dataclass(frozen=True)
class Press:
    """A key that was pressed, and what was written behind it."""

    letter: str
    text: str = ""


def presses_in(text: str) -> Iterator[Press]:
    """Read keys with blanks between them; what a key takes stands behind a colon.

    Raises DescriptionError for what is no key, with those that there are.

    >>> list(presses_in("n w:W1[0, 2]=0.5"))
    [Press(letter='n', text=''), Press(letter='w', text='W1[0, 2]=0.5')]
    """
    for row in text.splitlines():
        for token in TOKEN.findall(row.partition("#")[0]):
            yield _press(token)


def _press(token: str) -> Press:
    letter, colon, text = token.partition(":")
    key = KEYS.get(letter)
    if key is None:
        known = "; ".join(f"{k.letter} {k.does}" for k in KEYS.values())
        raise DescriptionError(f"there is no key {letter!r}. The keys: {known}")
    if colon and not key.takes:
        raise DescriptionError(f"the key {letter} takes nothing ({key.does}), got {token!r}")
    if key.needs and not text:
        raise DescriptionError(f"the key {letter} ({key.does}) takes more: {letter}:{key.takes}")
    return Press(letter, text)
