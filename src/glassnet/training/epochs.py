"""What happens after an epoch: metrics, validation, early stopping, callbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from glassnet.arrays import Rows
from glassnet.history import History
from glassnet.training.evaluation import Evaluation
from glassnet.training.options import Options, due, next_stop
from glassnet.values import Values


class Best:
    """The values after the best epoch so far, for early stopping."""

    def __init__(self, values: Values) -> None:
        self.kept = values.copy()
        self.loss = float("inf")
        self.epoch = 0
        self.steps = 0

    def offer(self, loss: float, epoch: int, values: Values, steps: int) -> None:
        """Keep the values if they are finite and the loss is below all others; nan never is."""
        if loss < self.loss and values.all_finite():
            self.loss, self.epoch, self.steps = loss, epoch, steps
            self.kept.take(values)


class AfterEpoch:
    """Looks at the values after an epoch, records what it sees, and says when to stop.

    Args:
        network: is handed to the callbacks.
        evaluation: gives losses and metrics.
        values: are looked at.
        history: is written to.
        rows: what is trained on.
        held_out: validation rows, or None.
        options: patience, metrics, callbacks.

    """

    def __init__(
        self,
        network: Any,
        evaluation: Evaluation,
        values: Values,
        history: History,
        rows: Rows,
        held_out: Rows | None,
        options: Options,
    ) -> None:
        self.network = network
        self.evaluation = evaluation
        self.values = values
        self.history = history
        self.rows = rows
        self.held_out = held_out
        self.options = options
        self.best = Best(values) if options.early_stopping is not None else None

    def next_stop(self, epoch: int) -> int:
        """Give the next number of whole epochs after which `look` is to be called."""
        each = bool(self.held_out is not None or self.best or self.options.metrics)
        return next_stop(self.options, epoch, each=each)

    def look(self, steps: int, publish: Callable[[], None]) -> None:
        """Do what is due after the last epoch; `publish` makes the network current."""
        self._record()
        self._stop_early(steps)
        callbacks = due(self.options, self.history.epochs)
        if callbacks:
            publish()
        for callback in callbacks:
            if callback(self.network, self.history) is True:
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

    def _stop_early(self, steps: int) -> None:
        if self.best is None or self.options.early_stopping is None:
            return
        history = self.history
        watched = history.loss if self.held_out is None else history.validation_loss
        self.best.offer(float(watched[-1]), history.epochs, self.values, steps)
        if history.epochs - self.best.epoch >= self.options.early_stopping:
            history.stopped = history.stopped or "early stopping"

    @property
    def best_epoch(self) -> int:
        """The epoch that `restore_best` goes back to; 0 where there is none."""
        return 0 if self.best is None else self.best.epoch

    def restore_best(self) -> int | None:
        """Go back to the best epoch's values, if there is one; give its steps of the optimizer."""
        if self.best is None or self.best_epoch == 0:
            return None
        self.values.take(self.best.kept)
        self.history.best_epoch = self.best.epoch
        return self.best.steps
