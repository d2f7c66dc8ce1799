"""How long an engine runs at a time, and how Ctrl-C is heard in between."""

from __future__ import annotations

import math
import signal
import threading
from types import FrameType
from typing import Any, Self

CHUNK_SECONDS = 0.15  # short enough to be stopped, and to show progress, several times a second
MOST_STEPS = 2**18  # keeps the arrays of rates and losses of a chunk within a few MB
GROWTH = 16  # a chunk may be so many times longer than the one before it


class Pace:
    """Finds the number of steps that take about CHUNK_SECONDS; it never changes a result."""

    def __init__(self) -> None:
        self.steps = 1

    def measured(self, steps: int, seconds: float) -> None:
        """Learn from the time that some steps took."""
        wanted = CHUNK_SECONDS * steps / seconds if seconds > 0 else math.inf
        self.steps = int(max(1, min(wanted, GROWTH * max(steps, self.steps), MOST_STEPS)))


class Interrupt:
    """While it is entered, the first Ctrl-C only asks to stop; the second stops at once.

    It stays out of the way where the program around it has its own way with Ctrl-C, and outside
    of the main thread, where Python hears none. Several trainings may share one: what is entered
    first is left last.
    """

    def __init__(self) -> None:
        self.asked = False
        self._inside = 0
        self._before: Any = None

    def __enter__(self) -> Self:
        if _in_main_thread():
            self._inside += 1
            if self._inside == 1 and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def __exit__(self, *error: object) -> None:
        if _in_main_thread():
            self._inside -= 1
            if self._inside == 0 and self._before is not None:
                signal.signal(signal.SIGINT, self._before)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
