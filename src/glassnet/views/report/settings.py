"""Section: how it was trained, and by what."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator

from glassnet.views.report.markup import escaped, facts, number
from glassnet.views.report.subject import Subject

NAME, TITLE = "settings", "Settings"
LIBRARIES = "glassnet", "numpy", "numba"  # that compute; named where they are loaded


def section(subject: Subject) -> str:
    """Give all that is needed to do it again."""
    return facts(_facts(subject))


def _facts(subject: Subject) -> Iterator[tuple[str, str]]:
    network, history = subject.network, subject.history
    yield "network", escaped(repr(subject.description).replace("Description", "Network", 1))
    yield "numbers", escaped(subject.description.dtype)
    yield "first weights", f"seed {number('network.seed', network.seed)}"
    if network.optimizer is not None:
        yield "optimizer", escaped(repr(network.optimizer))
    yield "epochs in all", number("tally.epochs", network.tally.epochs)
    if history is not None:
        yield "orders and masks", f"seed {number('history.seed', history.seed)}"
        yield "engine", f"{escaped(history.engine)}: {escaped(history.engine_reason)}"
        if history.threads is not None:
            yield "threads", number("history.threads", history.threads)
        seconds = number("history.seconds", history.seconds, f"{history.seconds:.2f}")
        yield "time", f"{seconds} s for {number('history.epochs', history.epochs)} epochs"
    yield "versions", escaped(", ".join(_versions()))


def _versions() -> Iterator[str]:
    yield f"Python {platform.python_version()}"
    for name in LIBRARIES:
        if name in sys.modules:
            yield f"{name} {sys.modules[name].__version__}"
