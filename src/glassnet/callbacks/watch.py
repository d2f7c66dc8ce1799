"""A number that a callback watches: which one of a history, and what of it is better."""

from __future__ import annotations

import math
from dataclasses import dataclass

from glassnet.errors import DescriptionError, unknown_name
from glassnet.history import History
from glassnet.rules.entry import Check

WATCHED = Check(lambda v: isinstance(v, str), "'loss', or the name of a metric")
NONE_OR_FLAG = Check(lambda v: v is None or isinstance(v, bool), "True, False or None")


@dataclass(frozen=True)
class Watch:
    """One column of a history.

    Example:
        >>> history = History("numpy", "asked for", 0, {"accuracy": True}, validated=True)
        >>> Watch.of(history, "accuracy")
        Watch(column='validation_accuracy', larger_is_better=True)

    """

    column: str
    larger_is_better: bool

    @classmethod
    def of(cls, history: History, watch: str, larger_is_better: bool | None = None) -> Watch:
        """Find what is watched: of the validation rows if there are any, else of the training rows.

        Args:
            history: at the beginning of a fit.
            watch: "loss", or the name of a metric.
            larger_is_better: None for the metric's own direction.

        Raises:
            DescriptionError: a number that is not taken, or of which it is not known what is best.

        """
        known = history.larger_is_better
        if watch not in known:
            advice = "" if watch.startswith("validation_") else f", or add metrics=[{watch!r}]"
            error = unknown_name("number to watch", watch, known)
            raise DescriptionError(f"{error}{advice}")
        larger = known[watch] if larger_is_better is None else larger_is_better
        if larger is None:
            raise DescriptionError(
                f"it is not known whether more of {watch!r} is better: say larger_is_better=True or"
                " False, or give the function an attribute of that name"
            )
        column = f"validation_{watch}"
        return cls(column if column in history.columns else watch, larger)

    def last(self, history: History) -> float:
        """Give the number of the last epoch."""
        return float(history.columns[self.column][-1])

    @property
    def worst(self) -> float:
        """The number that every other is better than."""
        return -math.inf if self.larger_is_better else math.inf

    def better(self, number: float, than: float) -> bool:
        """Whether a number is better than another; nan never is."""
        return number > than if self.larger_is_better else number < than
