"""A lower learning rate when a number stalls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from glassnet.callbacks.protocol import Callback
from glassnet.callbacks.watch import NONE_OR_FLAG, WATCHED, Watch
from glassnet.errors import DescriptionError
from glassnet.history import History
from glassnet.rules.entry import COUNT, NOT_NEGATIVE, SHARE, WHOLE, check_options, option
from glassnet.rules.stall import Stall, stalled


@dataclass(eq=False)
class ReduceOnPlateau(Callback):
    """Multiplies the learning rate by `factor` when a number has not become better for long.

    The rate is lower from the next epoch on, whatever schedule it follows, and to the end of the
    fit; the next fit begins with the optimizer's own. As ReduceLROnPlateau of Keras and PyTorch
    (which counts patience from 0).

    Args:
        watch: "loss" or the name of a metric of the fit; of the validation rows if there are any,
            else of the training rows.
        factor: what the rate is multiplied by.
        patience: epochs without a better number, after which that is done.
        least: a gain of no more than this is none.
        rest: epochs after a lower rate which are not counted.
        lowest: the rate is not brought below it.
        larger_is_better: None for the metric's own direction.

    Raises:
        DescriptionError: a number that the fit does not take, or an optimizer without a learning
            rate, when it begins.

    Example:
        >>> import glassnet as gn
        >>> net = gn.Network("1-1 linear", random_state=0)
        >>> how = {"optimizer": gn.SGD(1.0), "verbose": False}
        >>> slower = ReduceOnPlateau(factor=0.5, patience=2)
        >>> net.fit([[1.0]], [2.0], epochs=6, callbacks=slower, **how).learning_rate
        array([1.  , 1.  , 1.  , 0.5 , 0.5 , 0.25])

    """

    watch: str = option(WATCHED, "loss")
    factor: float = option(SHARE, 0.1)
    patience: int = option(COUNT, 10)
    least: float = option(NOT_NEGATIVE, 1e-4)
    rest: int = option(WHOLE, 0)
    lowest: float = option(NOT_NEGATIVE, 0.0)
    larger_is_better: bool | None = option(NONE_OR_FLAG, None)

    def __post_init__(self) -> None:
        check_options(self, "ReduceOnPlateau: ")

    def begin(self, network: Any, history: History) -> None:
        """Find what is watched."""
        if "learning_rate" not in network.optimizer.rate_names():
            raise DescriptionError(
                f"ReduceOnPlateau lowers a learning rate, and {network.optimizer!r} has none: leave"
                " it out, or take another optimizer, such as 'adam'"
            )
        self._watched = Watch.of(history, self.watch, self.larger_is_better)
        self._stall = Stall()

    def __call__(self, network: Any, history: History) -> object:
        """Lower the rate if it is time."""
        number = self._watched.last(history)
        self._stall, too_long = stalled(
            self._stall,
            -number if self._watched.larger_is_better else number,
            patience=self.patience - 1,  # there the epochs that are borne, here the one that is not
            threshold=self.least,
            relative=False,
            cooldown=self.rest,
        )
        rate = float(history.learning_rate[-1])
        if too_long and rate > self.lowest:
            history.rate_factor *= max(self.factor, self.lowest / rate)
        return None
