"""Averages of the weights over the steps: the average predicts, the weights themselves go on.

An average is an option of an optimizer. Its line is the same for all of them: the average moves by
a share of the way to the weights. The share is a pure function of the step, and 1 at the first, so
that nothing is left of the average's first value.
"""

# ruff: noqa: D103 - each rule is described by the entry that names it

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from glassnet.errors import unknown_name
from glassnet.rules.entry import FLAG, FRACTION, Entry, Template, option, plain


def averaged(average, p, share):
    # In this form a share of 1 leaves exactly p.
    return (1 - share) * average + share * p


LINE = Template(
    "average_{p} = averaged(average_{p}, {p}, average_share)",
    "average_{p} ← (1 − average_share) · average_{p} + average_share · {p}",
    "the average of the weights, which predicts once the fit is over",
)


@dataclass(frozen=True, repr=False)
class Average(Entry):
    """How the weights of all steps are averaged."""

    formula: ClassVar[str] = ""
    source: ClassVar[str] = ""
    needs_end: ClassVar[bool] = False  # whether the shares depend on where the fit ends

    def share(self, step: Any, place: Any, steps: int) -> Any:
        """Give the share of a step's weights in the average; for arrays of steps, an array.

        Args:
            step: number of the optimizer's step, from 1, over all fits.
            place: number of the step in this fit, from 0.
            steps: of this fit in all.

        """
        raise NotImplementedError


@dataclass(frozen=True, repr=False)
class EMA(Average):
    """Exponential moving average: each step counts `decay` times as much as the one after it.

    share = (1 − decay) / (1 − decay^t) at step t: a mean by these weights from the first step on,
    as Adam corrects its moments. Not `debiased`, the first weights count as if they had been there
    for ever, as in PyTorch's `get_ema_multi_avg_fn`: share = 1 − decay, and 1 at the first step.

    Example:
        >>> [round(EMA(0.9).share(step, step - 1, 9), 4) for step in (1, 2, 9)]
        [1.0, 0.5263, 0.1632]
        >>> [round(EMA(0.9, debiased=False).share(step, step - 1, 9), 4) for step in (1, 2, 9)]
        [1.0, 0.1, 0.1]

    """

    decay: float = option(FRACTION, 0.999)
    debiased: bool = option(FLAG, True)
    formula: ClassVar[str] = "share = (1 − decay) / (1 − decay^t)"
    source: ClassVar[str] = "Polyak, Juditsky: SIAM J. Control Optim. 30 (1992)"

    def share(self, step: Any, place: Any, steps: int) -> Any:
        """Give the share: nearly 1/t at first, and 1 − decay in the end."""
        if self.debiased:
            return (1 - self.decay) / (1 - self.decay**step)
        return plain(np.where(np.asarray(step) > 1, 1 - self.decay, 1.0))


@dataclass(frozen=True, repr=False)
class SWA(Average):
    """Stochastic weight averaging: the mean of the weights from a part `start` of the fit on.

    Until then the average is the weights themselves. Each fit averages anew, as a schedule runs
    anew. Keep the learning rate from falling to 0 in that part, or there is little to average.

    Example:
        >>> [round(SWA(0.5).share(place + 1, place, 6), 4) for place in range(6)]
        [1.0, 1.0, 1.0, 1.0, 0.5, 0.3333]

    """

    start: float = option(FRACTION, 0.75)
    formula: ClassVar[str] = "share = 1 / k at the k-th step from start on, and 1 before"
    source: ClassVar[str] = "Izmailov and others: Averaging Weights Leads to Wider Optima (2018)"
    needs_end: ClassVar[bool] = True

    def share(self, step: Any, place: Any, steps: int) -> Any:
        """Give the share, which depends on the place in the fit alone."""
        first = np.ceil(self.start * steps - 1e-9)  # 0.29 · 100 is a little below 29 in floats
        return plain(1 / np.maximum(np.asarray(place) - first + 1, 1))


AVERAGES: dict[str, type[Average]] = {kind.__name__.lower(): kind for kind in (EMA, SWA)}


def average_from_json(data: Mapping[str, Any]) -> Average:
    """Make an average again from plain data.

    Raises DescriptionError for an unknown name or option.

    >>> average_from_json({"name": "EMA", "decay": 0.99})
    EMA(decay=0.99)
    """
    kinds = {kind.__name__: kind for kind in AVERAGES.values()}
    name = data.get("name")
    if not isinstance(name, str) or name not in kinds:
        raise unknown_name("average", name, kinds)
    return kinds[name].from_json(data)
