"""What happens after an epoch: validation, metrics, callbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from glassnet.arrays import Rows
from glassnet.callbacks.protocol import Callbacks
from glassnet.history import History
from glassnet.training.evaluation import Evaluation
from glassnet.training.options import Options, next_stop
from glassnet.values import Values


class AfterEpoch:
    """Looks at the values after an epoch, records what it sees, and calls what is due.

    Args:
        evaluation: gives losses and metrics.
        values: are looked at.
        history: is written to.
        rows: what is trained on.
        held_out: validation rows, or None.
        options: metrics, and how often callbacks are due.
        callbacks: are called.

    """

    def __init__(
        self,
        evaluation: Evaluation,
        values: Values,
        history: History,
        rows: Rows,
        held_out: Rows | None,
        options: Options,
        callbacks: Callbacks,
    ) -> None:
        self.evaluation = evaluation
        self.values = values
        self.history = history
        self.rows = rows
        self.held_out = held_out
        self.options = options
        self.callbacks = callbacks

    def next_stop(self, epoch: int) -> int:
        """Give the next number of whole epochs after which `look` is to be called."""
        each = bool(self.held_out is not None or self.options.metrics)
        return next_stop(self.options, epoch, each=each)

    def look(self, publish: Callable[[], None]) -> None:
        """Do what is due after the last epoch; `publish` makes the network current."""
        self._record()
        if self.callbacks.due():
            publish()
            if self.callbacks.call():
                self.history.stopped = self.history.stopped or "callback"

    def _record(self) -> None:
        try:
            found = self._judged()
        except KeyboardInterrupt:  # a record of half an epoch would be of no use
            found = self._judged()
            self.history.stopped = "interrupted"
        self.history.record(**found)

    def _judged(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        metrics = self.options.metrics
        if metrics:
            _, found["metrics"] = self.evaluation.judge(self.values, self.rows, metrics)
        if self.held_out is not None:
            loss, numbers = self.evaluation.judge(self.values, self.held_out, metrics)
            found |= {"validation_loss": [loss], "validation_metrics": numbers}
        return found
