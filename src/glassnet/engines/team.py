"""Threads that run one function together: the calling thread and helpers, which live for one call.

A helper costs some 50 µs to start, and no more has to be kept: none waits between two calls, none
is there when the process forks or ends. They run compiled code, outside of Python's lock.
"""

from __future__ import annotations

import _thread
from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import NDArray

from glassnet.engines.meeting import give_up, signatures


def run_together(
    function: Callable[..., int], threads: int, given: Sequence[Any], shared: Sequence[Any]
) -> int:
    """Call function(*given, thread, threads, signed, *shared) in so many threads at a time.

    Nobody waits for ever: where one call raises, the others leave their next meeting with −1.

    Returns:
        What the first thread's call gives; all calls are over then.

    Raises:
        MemoryError: there is no memory for one of the threads, or no further thread to be had.
        Exception: what a call raised, that of the first thread before others.

    """
    signed = signatures(threads)
    helpers = [
        Helper(function, (*given, k, threads, signed, *shared), signed) for k in range(1, threads)
    ]
    started: list[Helper] = []
    try:
        for helper in helpers:
            helper.start()
            started.append(helper)
        done = function(*given, 0, threads, signed, *shared)
    except BaseException:
        give_up(signed)
        raise
    finally:
        for helper in started:
            helper.wait()
    for helper in helpers:
        if helper.error is not None:
            raise helper.error
    return int(done)


class Helper:
    """A thread that makes one call."""

    def __init__(
        self, function: Callable[..., int], arguments: tuple[Any, ...], signed: NDArray[Any]
    ) -> None:
        self.function = function
        self.arguments = arguments
        self.signed = signed
        self.error: BaseException | None = None
        self._over = _thread.allocate_lock()

    def start(self) -> None:
        """Begin the call.

        Raises MemoryError where the system gives no further thread.
        """
        self._over.acquire()
        try:
            _thread.start_new_thread(self._call, ())
        except RuntimeError as error:
            raise MemoryError(
                f"no further thread to be had: {error}; fit with threads=1"
            ) from error

    def _call(self) -> None:
        try:
            self.function(*self.arguments)
        except BaseException as error:
            self.error = error
            give_up(self.signed)
        finally:
            self._over.release()

    def wait(self) -> None:
        """Return when the call is over."""
        self._over.acquire()
