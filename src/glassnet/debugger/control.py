"""Keys → moves through a recorded run: the one controller behind the screen and the script."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from glassnet.debugger.breakpoints import Breakpoints
from glassnet.debugger.keys import BACK, KEYS, MOVES, Press
from glassnet.errors import DescriptionError, GlassnetError
from glassnet.explanation import Explanation
from glassnet.explanation.names import axes_of, element_name
from glassnet.recording import Moment, Recording
from glassnet.what_if import WhatIf


class Debugger:
    """What is looked at in a recorded run, and what the keys do to it.

    Args:
        run: the recorded run, which is walked.

    Example:
        >>> import glassnet as gn
        >>> X, y = gn.datasets.exam()
        >>> net = gn.Network("2-3-1 sigmoid", random_state=0)
        >>> debugger = Debugger(gn.Recording(net, X, y, epochs=3, verbose=False))
        >>> debugger.press(Press("l"))
        >>> debugger.run.line.text, debugger.number
        ('z2 = a1 @ W2 + b2', 'z2[0, 0]')

    """

    def __init__(self, run: Recording) -> None:
        self.run = run
        self.breakpoints = Breakpoints()
        self.message = ""  # what the last key has to say
        self.changed: WhatIf | None = None  # the step with other numbers, where that was asked for
        self.drawing = False
        self.help = False
        self.over = False
        self._asked: str | None = None  # the number that is explained, where one was asked for
        self._turn = 0  # which of the line's numbers is explained, otherwise
        self._keys: dict[str, Callable[[str], None]] = {
            "g": self._go,
            "r": lambda _: self._run(forwards=True),
            "R": lambda _: self._run(forwards=False),
            "x": self._break,
            "i": lambda _: self._break_on("not_finite", "inf and nan"),
            "u": lambda _: self._break_on("rising", "a rising loss"),
            ".": lambda _: self._turn_by(1),
            ",": lambda _: self._turn_by(-1),
            "v": self._explain,
            "w": self._what_if,
            "d": lambda _: self._draw(),
            "?": lambda _: self._show_keys(),
            "q": lambda _: self._quit(),
        }

    def press(self, press: Press) -> None:
        """Do what a key says; what cannot be done is said in `message`, and nothing moves."""
        self.message, self.help = "", False
        try:
            if press.letter in MOVES or press.letter in BACK:
                self._move(press.letter)
            else:
                self._keys[press.letter](press.text)
        except GlassnetError as error:
            self.message = str(error)

    # ------------------------------------------------------------------------------- moves

    def _move(self, letter: str) -> None:
        move = self.run.next if letter in MOVES else self.run.back
        moved = move((MOVES | BACK)[letter])
        self.message = self.run.note
        if moved:
            self._arrived()

    def _arrived(self) -> None:
        self._turn, self.changed = 0, None

    def _go(self, text: str) -> None:
        epoch, batch, line = (*text.split(","), "", "")[:3]
        self.run.go(_whole(epoch, "epoch"), _whole(batch, "batch"), _line(line))
        self._arrived()

    def _run(self, *, forwards: bool) -> None:
        found = (self.breakpoints.ahead if forwards else self.breakpoints.behind)(self.run)
        note = self._not_searched(found, forwards=forwards)
        if found is None:
            last = Moment(len(self.run) - 1, len(self.run.program.lines) - 1)
            self.run.go_to(last if forwards else Moment(0, 0))
            where = "at the end of the run" if forwards else "at its beginning"
            self.message = f"no breakpoint on the way: {where}{note}"
        else:
            self.run.go_to(found[0])
            self.message = f"stopped by {found[1]}{note}"
        self._arrived()

    def _not_searched(self, found: tuple[Moment, str] | None, *, forwards: bool) -> str:
        """Say how far was looked for inf and nan, where that is not all the way."""
        last = len(self.run) - 1 if forwards else 0
        way = abs((found[0].step if found else last) - self.run.place.step) + 1
        most = self.breakpoints.reach(self.run)
        if not self.breakpoints.not_finite or way <= most:
            return ""
        return (
            f"; of the {way:,} steps on the way the first {most:,} were looked through for inf and"
            " nan that did not end the run"
        )

    # ------------------------------------------------------------------------- breakpoints

    def _break(self, text: str) -> None:
        place = self.run.place
        if text:
            self.run.go(self.run.epoch, self.run.batch, _line(text))
        line, named = self.run.place.line, self.run.line.text
        self.run.go_to(place)
        lines = self.breakpoints.lines
        lines.symmetric_difference_update({line})
        self.message = f"breakpoint {'on' if line in lines else 'off'}: line {line + 1}, {named}"

    def _break_on(self, what: str, words: str) -> None:
        on = not getattr(self.breakpoints, what)
        setattr(self.breakpoints, what, on)
        self.message = f"breakpoint {'on' if on else 'off'}: {words}"

    # ------------------------------------------------------------------------ what is seen

    @property
    def number(self) -> str:
        """The number that is explained: the one that was asked for, or one that the line made."""
        if self._asked is not None:
            return self._asked
        trace, made = self.run.trace, self.run.values_made
        turn = self._turn % self._numbers
        for name, value in made.items():
            if turn < value.size:
                index = tuple(int(i) for i in np.unravel_index(turn, value.shape))
                return element_name(name, axes_of(trace, name), index)
            turn -= value.size
        raise AssertionError("a line makes at least one number")

    @property
    def _numbers(self) -> int:
        return sum(value.size for value in self.run.values_made.values())

    @property
    def explanation(self) -> Explanation:
        """The arithmetic of that number."""
        return self.run.explain(self.number)

    def _turn_by(self, places: int) -> None:
        self._asked = None
        self._turn = (self._turn + places) % self._numbers

    def _explain(self, text: str) -> None:
        if text:
            self.run.explain(text)
        self._asked, self._turn = text or None, 0

    def _what_if(self, text: str) -> None:
        if not text:
            self.changed = None
            return
        changes: dict[str, float] = {}
        for part in text.split(";"):
            name, _, number = part.partition("=")
            try:
                changes[name] = float(number.replace("−", "-"))
            except ValueError:
                raise DescriptionError(
                    f"write what is to change and to what, as in {KEYS['w'].takes}, got {part!r}"
                ) from None
        self.changed = self.run.what_if(changes)

    def _draw(self) -> None:
        self.drawing = not self.drawing

    def _show_keys(self) -> None:
        self.help = True

    def _quit(self) -> None:
        self.over = True


def _whole(text: str, what: str) -> int:
    """Read a number; 1 where nothing is written."""
    text = text.strip()
    if text and not text.isdigit():
        raise DescriptionError(
            f"write epoch, batch and line, as in {KEYS['g'].takes}: {what} is no whole number,"
            f" got {text!r}"
        )
    return int(text or 1)


def _line(text: str) -> int | str:
    text = text.strip()
    return int(text or 1) if text.isdigit() or not text else text
