"""Records of training, and nothing else: History holds a number per epoch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import DescriptionError

if TYPE_CHECKING:
    from glassnet.explanation import Explanation


@dataclass
class Tally:
    """How much a network has been trained, over all fits.

    Args:
        epochs: epochs begun; the orders of the rows and the random masks count on from here, so
            that one which was stopped halfway is not begun a second time.
        steps: steps since the optimizer's state was all zeros; its rates count on from here.

    """

    epochs: int = 0
    steps: int = 0


class Column:
    """A row of numbers that grows at its end; reading it copies nothing.

    Example:
        >>> column = Column()
        >>> column.add([0.5, 0.25])
        >>> column.numbers
        array([0.5 , 0.25])

    """

    def __init__(self) -> None:
        self._room = np.empty(16)
        self._size = 0

    def add(self, numbers: Iterable[float] | NDArray[Any]) -> None:
        """Add numbers at the end."""
        new = np.asarray(numbers, dtype=np.float64)
        size = self._size + len(new)
        if size > len(self._room):
            room = np.empty(max(size, 2 * len(self._room)))
            room[: self._size] = self.numbers
            self._room = room
        self._room[self._size : size] = new
        self._size = size

    @property
    def numbers(self) -> NDArray[np.float64]:
        """All numbers so far, read-only."""
        view = self._room[: self._size]
        view.flags.writeable = False
        return view

    def cut(self, size: int) -> None:
        """Keep the first `size` numbers."""
        self._size = min(size, self._size)

    def __len__(self) -> int:
        return self._size


class History:
    """What one fit did: a number for each epoch, and how it ran.

    `loss`, `validation_loss`, `learning_rate` and each of `metrics` and `validation_metrics` are
    arrays with a number for each epoch of this fit. The loss of an epoch is the mean over its
    batches, each taken before its update, as training saw it; validation loss and metrics are
    taken after the epoch, as prediction sees them. `learning_rate` is that of the epoch's last
    step; L-BFGS has none, and its loss is taken after each iteration. `rates` holds, by name, what
    other schedules gave that step: momentum, weight_decay, or rate_keep1 for a Dropout.

    `stopped` says why training ended: "finished", "early stopping", "callback", "time limit",
    "interrupted", "not finite", "error" for one that a callback raised, or for L-BFGS "converged"
    or "no better step found". `best_epoch` is the epoch, from 1, whose weights were put back.

    Args:
        engine: name of the engine that did the steps.
        engine_reason: why it was taken.
        seed: decided the orders of the rows and the random masks.
        metrics: names of the metrics, and whether larger is better; None where that is not known.
        threads: how many threads shared each step; None where NumPy took as many as it liked.
        validated: whether there are validation rows.
        rates: names of what other schedules give.

    Example:
        >>> history = History(engine="numpy", engine_reason="asked for", seed=0)
        >>> history.record(loss=[0.5, 0.25], learning_rate=[0.1, 0.1])
        >>> history.epochs, history.loss
        (2, array([0.5 , 0.25]))

    """

    def __init__(
        self,
        engine: str,
        engine_reason: str,
        seed: int,
        metrics: Mapping[str, bool | None] | None = None,
        *,
        threads: int | None = None,
        validated: bool = False,
        rates: Iterable[str] = (),
    ) -> None:
        self.engine = engine
        self.engine_reason = engine_reason
        self.seed = seed
        self.threads = threads
        self.stopped = ""  # why training ended; empty while it goes on
        self.best_epoch: int | None = None  # from 1; its weights were kept as the best
        self.seconds = 0.0
        self.rate_factor = 1.0  # a callback may set it: times it is the rate from the next epoch on
        self.larger_is_better = {"loss": False, **(metrics or {})}
        self._loss = Column()
        self._validation_loss = Column()
        self._learning_rate = Column()
        self._rates = {name: Column() for name in rates}
        names = metrics or {}
        self._metrics = {name: Column() for name in names}
        self._validation_metrics = {name: Column() for name in names} if validated else {}
        self._validated = validated

    @property
    def epochs(self) -> int:
        """Whole epochs done in this fit."""
        return len(self._loss)

    @property
    def loss(self) -> NDArray[np.float64]:
        """Training loss of each epoch."""
        return self._loss.numbers

    @property
    def validation_loss(self) -> NDArray[np.float64]:
        """Loss of the validation rows after each epoch; empty where there are none."""
        return self._validation_loss.numbers

    @property
    def learning_rate(self) -> NDArray[np.float64]:
        """Learning rate at the end of each epoch; empty for L-BFGS."""
        return self._learning_rate.numbers

    @property
    def rates(self) -> dict[str, NDArray[np.float64]]:
        """Each other number that a schedule gives, at the end of each epoch."""
        return {name: column.numbers for name, column in self._rates.items()}

    @property
    def metrics(self) -> dict[str, NDArray[np.float64]]:
        """Each metric of the training rows after each epoch."""
        return {name: column.numbers for name, column in self._metrics.items()}

    @property
    def validation_metrics(self) -> dict[str, NDArray[np.float64]]:
        """Each metric of the validation rows after each epoch."""
        return {name: column.numbers for name, column in self._validation_metrics.items()}

    @property
    def columns(self) -> dict[str, NDArray[np.float64]]:
        """All of these by name, in the order of logs; "validation_" begins a validation metric.

        They are there from the beginning, and empty then.

        >>> names = {"metrics": {"mae": False}, "rates": ["momentum"]}
        >>> list(History("numpy", "asked for", 0, **names, validated=True).columns)
        ['loss', 'mae', 'validation_loss', 'validation_mae', 'learning_rate', 'momentum']
        """
        validation = {"loss": self.validation_loss} if self._validated else {}
        validation |= self.validation_metrics
        return {
            "loss": self.loss,
            **self.metrics,
            **{f"validation_{name}": numbers for name, numbers in validation.items()},
            "learning_rate": self.learning_rate,
            **self.rates,
        }

    def record(
        self,
        *,
        loss: Iterable[float] = (),
        validation_loss: Iterable[float] = (),
        learning_rate: Iterable[float] = (),
        rates: Mapping[str, Iterable[float]] | None = None,
        metrics: Mapping[str, float] | None = None,
        validation_metrics: Mapping[str, float] | None = None,
    ) -> None:
        """Add the numbers of one or more epochs."""
        self._loss.add(loss)
        self._validation_loss.add(validation_loss)
        self._learning_rate.add(learning_rate)
        for name, numbers in (rates or {}).items():
            self._rates.setdefault(name, Column()).add(numbers)
        for columns, new in (
            (self._metrics, metrics),
            (self._validation_metrics, validation_metrics),
        ):
            for name, number in (new or {}).items():
                columns.setdefault(name, Column()).add([number])

    def explain(self, what: str) -> Explanation:
        """Explain a figure, such as "loss[12]", which is that of epoch 13 of this fit.

        Raises DescriptionError if there is no such figure.
        """
        from glassnet.outside.figures import explain_figure  # it stands above

        return explain_figure(self, what)

    def cut(self, epochs: int) -> None:
        """Keep the numbers of the first `epochs` epochs."""
        named = (self._rates, self._metrics, self._validation_metrics)
        single = (self._loss, self._validation_loss, self._learning_rate)
        for column in (*single, *(c for columns in named for c in columns.values())):
            column.cut(epochs)

    def __repr__(self) -> str:
        parts = [f"{self.epochs} epoch{'s' if self.epochs != 1 else ''}"]
        if self.epochs:
            parts.append(f"loss {self.loss[0]:.4g} → {self.loss[-1]:.4g}")
        if len(self.validation_loss):
            parts.append(f"validation loss {self.validation_loss[-1]:.4g}")
        if self.best_epoch is not None:
            parts.append(f"best epoch {self.best_epoch}")
        parts += [f"stopped: {self.stopped}"] if self.stopped else []
        parts.append(f"engine {self.engine}")
        parts += [f"{self.threads} threads"] if (self.threads or 1) > 1 else []
        return f"History({', '.join(parts)}, {self.seconds:.2f} s)"


def check_history(given: object) -> None:
    """Refuse what is no History; None stands for none.

    >>> check_history(None)
    """
    if not isinstance(given, History | None):
        raise DescriptionError(
            f"history must be the History that fit gives, or None; got {type(given).__name__}"
        )
