"""How far training is: a bar in a terminal, a few lines elsewhere, or nothing."""

from __future__ import annotations

import sys
import time
from typing import Any

from glassnet.history import History

MOST_LINES = 20
QUIET_SECONDS = 1.0  # what is over sooner needs no lines, unless they were asked for
BAR_SECONDS = 0.3  # nor a bar
REFRESH_SECONDS = 0.1

clock = time.monotonic


def progress_for(verbose: bool | None, epochs: int) -> Bar | Lines | None:
    """Give what shows the progress of a fit on standard error: a bar, lines, or None for nothing.

    >>> progress_for(False, epochs=10) is None
    True
    """
    if verbose is False or sys.stderr is None:
        return None
    if sys.stderr.isatty():
        return Bar(epochs)
    return Lines(epochs, quiet=0.0 if verbose else QUIET_SECONDS)


def described(history: History, epochs: int) -> str:
    """Say where training stands: 'epoch 3 of 10, loss 0.25, validation loss 0.31'."""
    words = [f"epoch {history.epochs} of {epochs}"]
    if history.epochs:
        words.append(f"loss {history.loss[-1]:.4g}")
    if len(history.validation_loss):
        words.append(f"validation loss {history.validation_loss[-1]:.4g}")
    return ", ".join(words)


def time_text(seconds: float) -> str:
    """Give a time as people say it.

    >>> time_text(7.4), time_text(75), time_text(7260)
    ('7 s', '1:15 min', '2:01 h')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02d} h"


def compiling_text(seconds: float) -> str:
    """Say that a compiler is waited for.

    >>> compiling_text(2.6)
    'compiling for networks of this kind, about 3 s; kept on disk, so only this once'
    """
    return (
        f"compiling for networks of this kind, about {time_text(seconds)};"
        " kept on disk, so only this once"
    )


class Lines:
    """At most MOST_LINES lines, for logs: one for each twentieth of the work.

    Args:
        epochs: of the fit.
        quiet: seconds after which the first line may come.

    """

    def __init__(self, epochs: int, quiet: float = QUIET_SECONDS) -> None:
        self.epochs = epochs
        self.quiet = quiet
        self._started = clock()
        self._twentieths = 0

    def show(self, done: float, history: History) -> None:
        """Print a line if it is time for one."""
        seconds, twentieths = clock() - self._started, int(done * MOST_LINES)
        if twentieths <= self._twentieths or seconds < self.quiet:
            return
        self._twentieths = twentieths
        left = seconds * (1 - done) / done
        print(f"{described(history, self.epochs)}, {time_text(left)} left", file=sys.stderr)

    def wait(self, seconds: float) -> None:
        """Say what is waited for, where that takes long enough for a line."""
        if seconds > self.quiet:
            print(compiling_text(seconds), file=sys.stderr)

    def close(self, history: History) -> None:
        """Do nothing: the last line stands already."""


class Bar:
    """A bar that is drawn again and again, with the time left."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self._started = self._shown = clock()
        self._bar: Any = None

    def show(self, done: float, history: History) -> None:
        """Draw the bar again, unless it was drawn a moment ago."""
        now = clock()
        if now - self._started < BAR_SECONDS or now - self._shown < REFRESH_SECONDS:
            return
        self._shown = now
        self._draw(done, described(history, self.epochs))

    def wait(self, seconds: float) -> None:
        """Draw the bar at once, with what is waited for."""
        self._draw(0.0, compiling_text(seconds))

    def _draw(self, done: float, text: str) -> None:
        if self._bar is None:
            self._bar = _rich_bar()
            self._bar.start()
            self._bar.add_task("", total=1.0)
        self._bar.update(self._bar.task_ids[0], completed=done, description=text)
        self._bar.refresh()

    def close(self, history: History) -> None:
        """Draw the bar for the last time."""
        if self._bar is None:
            return
        text = f"{described(history, self.epochs)}, {history.stopped or 'stopped'}"
        self._bar.update(self._bar.task_ids[0], description=text)
        self._bar.stop()


def _rich_bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(file=sys.stderr), auto_refresh=False)
