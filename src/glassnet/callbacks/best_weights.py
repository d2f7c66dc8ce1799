"""The weights of the best epoch, kept and put back; and a stop when no better ones come."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from glassnet.callbacks.protocol import Callback
from glassnet.callbacks.watch import NONE_OR_FLAG, WATCHED, Watch
from glassnet.history import History
from glassnet.rules.entry import COUNT, check_options, option


@dataclass(eq=False)
class BestWeights(Callback):
    """Keeps the weights of the best epoch, and puts them back however training ends.

    With them goes back all else that a step changes: the optimizer's state, and its steps. The
    first of equally good epochs is the best.

    Args:
        watch: "loss" or the name of a metric of the fit; of the validation rows if there are any,
            else of the training rows.
        larger_is_better: None for the metric's own direction.

    Raises:
        DescriptionError: a number that the fit does not take, when it begins.

    Example:
        >>> import glassnet as gn
        >>> net = gn.Network("1-1 linear", random_state=0)
        >>> best = BestWeights("mae")
        >>> how = {"optimizer": gn.SGD(0.9), "metrics": "mae", "verbose": False}
        >>> _ = net.fit([[1.0]], [2.0], epochs=5, callbacks=best, **how)
        >>> net.evaluate([[1.0]], [2.0], "mae")["mae"] == best.best
        True

    """

    watch: str = option(WATCHED, "loss")
    larger_is_better: bool | None = option(NONE_OR_FLAG, None)
    best: float = field(default=float("nan"), init=False)  # the best number
    epoch: int = field(default=0, init=False)  # its epoch, from 1; 0 where there is none

    def __post_init__(self) -> None:
        check_options(self, f"{type(self).__name__}: ")

    def begin(self, network: Any, history: History) -> None:
        """Find what is watched."""
        self._watched = Watch.of(history, self.watch, self.larger_is_better)
        self.best, self.epoch = self._watched.worst, 0
        self._kept, self._steps = network.values.copy(), network.tally.steps

    def __call__(self, network: Any, history: History) -> object:
        """Keep the weights if they are the best so far and finite; nan is never best."""
        number = self._watched.last(history)
        if self._watched.better(number, self.best) and network.values.all_finite():
            self._kept.take(network.values)
            self._steps = network.tally.steps
            self.best, self.epoch = number, history.epochs
            history.best_epoch = self.epoch
        return None

    def end(self, network: Any, history: History) -> None:
        """Put the best weights back, if there are any."""
        if self.epoch:
            network.values.take(self._kept)
            network.tally = replace(network.tally, steps=self._steps)
            history.best_epoch = self.epoch
        del self._kept  # as large as the network


@dataclass(eq=False)
class EarlyStopping(BestWeights):
    """Stops after `patience` epochs that were no better than the best, and keeps the best weights.

    `fit(…, early_stopping=10)` stands for `EarlyStopping(10)` before all other callbacks.

    Args:
        patience: in epochs.
        watch: "loss" or the name of a metric, as for BestWeights.
        larger_is_better: None for the metric's own direction.

    """

    patience: int = option(COUNT, 10)

    def __init__(
        self, patience: int = 10, watch: str = "loss", *, larger_is_better: bool | None = None
    ) -> None:
        self.patience = patience
        super().__init__(watch, larger_is_better)

    def __call__(self, network: Any, history: History) -> object:
        """Stop if no better epoch came for so long."""
        super().__call__(network, history)
        if history.epochs - self.epoch < self.patience:
            return None
        history.stopped = history.stopped or "early stopping"
        return True
