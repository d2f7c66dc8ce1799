"""Looks the network over while it is trained, and tells each finding once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from glassnet.callbacks.protocol import Callback
from glassnet.history import History
from glassnet.rules.entry import COUNT, check_options, option

if TYPE_CHECKING:
    from glassnet.health import Finding


@dataclass(eq=False)
class HealthCheck(Callback):
    """Looks the network over every so many epochs, and tells each finding when it first appears.

    A finding is told once for each layer; `found` keeps all that were told, with the epoch. What is
    looked at is what `net.health` looks at, so a check takes some milliseconds.

    Args:
        X: (m, inputs), best the rows that are trained.
        y: (m, outputs), or class numbers (m,).
        every: look after each so many epochs.
        show: called with the text of each finding; prints it by default.

    Raises:
        DataError: arrays that do not fit, when training begins.

    Example:
        >>> import glassnet as gn
        >>> net = gn.Network("2-3-1 tanh sigmoid", random_state=0)
        >>> X, y = gn.datasets.xor()
        >>> check = gn.callbacks.HealthCheck(X, 5 - y, every=2, show=lambda text: None)
        >>> _ = net.fit(X, 5 - y, epochs=10, callbacks=check, verbose=False)
        >>> [(epoch, finding.kind) for epoch, finding in check.found]
        [(2, 'unreachable targets')]

    """

    X: ArrayLike
    y: ArrayLike
    every: int = option(COUNT, 10)
    show: Callable[[str], Any] = print
    found: list[tuple[int, Finding]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        check_options(self, "HealthCheck: ")

    def begin(self, network: Any, history: History) -> None:
        """Forget the last fit, and see that the arrays fit."""
        self.found = []
        network.health(self.X, self.y)

    def __call__(self, network: Any, history: History) -> object:
        """Tell what is new."""
        told = {(finding.kind, finding.layer) for _, finding in self.found}
        for finding in network.health(self.X, self.y, history):
            if (finding.kind, finding.layer) not in told:
                self.found.append((history.epochs, finding))
                self.show(f"epoch {history.epochs}: {finding}")
        return None
