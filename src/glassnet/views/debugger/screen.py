"""The debugger on a screen: the program with the line that is lit, and beside it what it did.

Textual does the screen. The program stands on the left; on the right are the values that the line
read and made, a drawing, what a change would do, and the arithmetic of one number. All that is told
by a colour is told by a sign too.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

from glassnet.debugger import KEYS, Debugger, Press
from glassnet.errors import missing_extra
from glassnet.views.debugger.parts import (
    explanation_rows,
    numbered,
    place_text,
    said,
    step_text,
    value_rows,
)
from glassnet.views.debugger.wires import drawing

if TYPE_CHECKING:
    from rich.text import Text

ARROWS = {"right": "n", "left": "b"}
SCROLLED = {"down": 1, "up": -1, "pagedown": 8, "pageup": -8}
PROMPTS = "gvw"  # keys after which something is typed
HINT = "? keys  q quit  n b line  l L layer  p P phase  s S batch  e E epoch  r R run"
NARROW = 76  # columns; in fewer the program stands above what it did, not beside it
STYLE = """
Screen { layout: vertical; }
#place { height: 2; text-style: bold; }
#middle { height: 1fr; }
#left { width: 2fr; max-width: 56; border-right: solid $foreground 40%; }
#right { width: 3fr; padding: 0 0 0 1; }
.narrow #middle { layout: vertical; }
.narrow #left { width: 100%; max-width: 100%; height: 2fr; border-right: none;
  border-bottom: solid $foreground 40%; }
.narrow #right { width: 100%; height: 3fr; padding: 0; }
#left, #right { scrollbar-size-vertical: 1; }
#hint { height: 1; }
#typed { display: none; height: 1; border: none; padding: 0; }
#typed.open { display: block; }
"""


def is_available() -> bool:
    """Whether Textual is installed."""
    return importlib.util.find_spec("textual") is not None


def show(debugger: Debugger, title: str) -> None:
    """Open the screen, until it is quit.

    Raises MissingExtraError if Textual is not installed.
    """
    app_of(debugger, title).run()


def app_of(debugger: Debugger, title: str, *, color: bool = True) -> Any:
    """Make Textual's app.

    Args:
        debugger: is walked by the keys.
        title: stands above.
        color: whether the drawing is in colours.

    Raises:
        MissingExtraError: Textual is not installed.

    """
    if not is_available():
        raise missing_extra("the debugger's screen", "textual", "step")
    from rich.text import Text
    from textual.app import App, ComposeResult
    from textual.containers import Horizontal, VerticalScroll
    from textual.events import Key, Resize
    from textual.widgets import Input, Static

    class Screen(App[None]):
        """The screen of one debugger."""

        CSS = STYLE
        TITLE = title
        ENABLE_COMMAND_PALETTE = False
        BINDINGS = [("ctrl+c", "quit", "quit")]  # noqa: RUF012 - Textual's own way to say it
        pending = ""  # the key that waits for what is typed

        def compose(self) -> ComposeResult:
            """Lay the parts out."""
            yield Static(id="place")
            with Horizontal(id="middle"):
                with VerticalScroll(id="left", can_focus=False):
                    yield Static(id="program")
                with VerticalScroll(id="right", can_focus=False):
                    yield Static(id="seen")
            yield Input(id="typed")
            yield Static(HINT, id="hint", markup=False)

        def on_mount(self) -> None:
            """Begin with no field to type into."""
            self.query_one(Input).disabled = True
            self.refresh_parts()

        def on_resize(self, event: Resize) -> None:
            """Fit everything into the new size."""
            self.screen.set_class(event.size.width < NARROW, "narrow")
            self.call_after_refresh(self.refresh_parts)

        def on_key(self, event: Key) -> None:
            """Do what a key says."""
            if self.pending:
                if event.key == "escape":
                    self.close_prompt()
                return
            right = self.query_one("#right", VerticalScroll)
            if event.key in SCROLLED:
                right.scroll_relative(y=SCROLLED[event.key], animate=False)
                return
            letter = ARROWS.get(event.key, event.character or "")
            if letter in tuple(PROMPTS):
                self.open_prompt(letter)
            elif letter in KEYS:
                self.do(Press(letter))

        def open_prompt(self, letter: str) -> None:
            """Ask for what a key takes."""
            key, field = KEYS[letter], self.query_one(Input)
            self.pending = letter
            field.value, field.placeholder = "", f"{key.does}, as in {key.takes}; esc leaves"
            field.disabled = False
            field.add_class("open")
            field.focus()

        def close_prompt(self) -> None:
            """Let keys be keys again."""
            field = self.query_one(Input)
            self.pending = ""
            field.remove_class("open")
            field.disabled = True
            self.set_focus(None)

        def on_input_submitted(self, event: Input.Submitted) -> None:
            """Do what was asked for."""
            press = Press(self.pending, event.value.strip())
            self.close_prompt()
            if press.text or not KEYS[press.letter].needs:
                self.do(press)

        def do(self, press: Press) -> None:
            """Tell the debugger, and show what came of it."""
            debugger.press(press)
            if debugger.over:
                self.exit()
                return
            self.query_one("#right", VerticalScroll).scroll_home(animate=False)
            self.refresh_parts()

        def refresh_parts(self) -> None:
            """Show where the run stands."""
            width = self.size.width
            left, right = (self.query_one(at, VerticalScroll) for at in ("#left", "#right"))
            room = max(12, left.size.width - 1)  # beside the scroll bar
            self.query_one("#place", Static).update(_place(debugger, title, width))
            self.query_one("#program", Static).update(_program(debugger, room))
            top = row_of_line(debugger) - left.size.height // 2
            self.call_after_refresh(left.scroll_to, y=top, animate=False)
            inner = max(12, right.size.width - 3)
            rows = "\n".join(seen(debugger, inner, color=color and not self.no_color))
            self.query_one("#seen", Static).update(Text.from_ansi(rows))

    return Screen()


def _place(debugger: Debugger, title: str, width: int) -> Text:
    from rich.text import Text

    rows = (f"{place_text(debugger.run)}  {title}", step_text(debugger.run, width))
    return Text("\n".join(_cut(row, width) for row in rows))


def _program(debugger: Debugger, width: int) -> Text:
    """Give the program, the line that has been run in reverse and with a sign."""
    from rich.text import Text

    text = Text()
    for row, lit in program_rows(debugger):
        style = "bold reverse" if lit else "" if row.startswith((" ", "▶")) else "bold"
        text.append(_cut(row, width) + "\n", style)
    return text


def _cut(row: str, width: int) -> str:
    return row if len(row) <= width else row[: width - 1] + "…"


def program_rows(debugger: Debugger) -> list[tuple[str, bool]]:
    """Give the rows of the program, with its phases above their lines, and which one is lit."""
    rows: list[tuple[str, bool]] = []
    phase = ""
    for number, line in enumerate(debugger.run.program.lines, start=1):
        if line.phase.value != phase:
            phase = line.phase.value
            rows.append((phase, False))
        rows.append((numbered(debugger, line, number), number == debugger.run.line_number))
    return rows


def row_of_line(debugger: Debugger) -> int:
    """Give the row of the program that is lit."""
    return next(row for row, (_, lit) in enumerate(program_rows(debugger)) if lit)


def seen(debugger: Debugger, width: int, *, color: bool) -> list[str]:
    """Give the rows that stand beside the program."""
    rows = [*said(debugger, width), ""] if _says(debugger) else []
    rows += [debugger.run.line.text, *value_rows(debugger, width), ""]
    if debugger.drawing:
        rows += [*drawing(debugger.run, width, color=color), ""]
    return rows + explanation_rows(debugger, width)


def _says(debugger: Debugger) -> bool:
    return bool(debugger.message or debugger.changed or debugger.help)
