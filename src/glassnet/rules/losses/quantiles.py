"""The loss of quantiles: one of each target, or several of one target that never cross."""

# ruff: noqa: D103 - each rule is described by the loss that calls it

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from glassnet.errors import DescriptionError
from glassnet.rules.entry import Check, is_number, option
from glassnet.rules.losses.base import Loss


def quantile(a, y, w, quantiles=(0.5,)):
    part, below = np.full_like(a, quantiles), y - a
    apart = part * np.maximum(below, 0) + (1 - part) * np.maximum(-below, 0)
    return np.sum(w * apart) / a.shape[1]


def quantile_slope(a, y, w, quantiles=(0.5,)):  # where a = y, half way between those on both sides
    above = 0.5 + 0.5 * np.sign(a - y)
    return w * (above - np.full_like(a, quantiles)) / a.shape[1]


LEVELS = Check(
    lambda v: (
        isinstance(v, tuple)
        and len(v) > 0
        and all(is_number(level) and 0 < level < 1 for level in v)
        and all(low < high for low, high in itertools.pairwise(v))
    ),
    "levels between 0 and 1 in ascending order, such as (0.1, 0.5, 0.9)",
)


@dataclass(frozen=True, repr=False)
class Quantile(Loss):
    """The pinball loss, which is least where a part q of the targets lies below the output.

    With one level, every output is that quantile of its own target. With several, the network has
    an output for each, and all are of one target, y of shape (m, 1). The last activation is then
    `ascending`, whose outputs never fall along the row: so they cannot cross.

    Args:
        quantiles: the levels in ascending order, or one number.

    Raises:
        DescriptionError: levels that are not between 0 and 1 or do not ascend.

    Example:
        >>> Quantile((0.1, 0.5, 0.9))
        Quantile(quantiles=(0.1, 0.5, 0.9))

    """

    quantiles: tuple[float, ...] = option(LEVELS, (0.5,))
    rules: ClassVar = (quantile, quantile_slope)
    formula: ClassVar = "Σ w · max(q · (y − a), (q − 1) · (y − a)) / n, q = quantiles"
    slope_formula: ClassVar = (
        "w · (h − q) / n, h = 1 where a > y, 1/2 where a = y, else 0, q = quantiles"
    )
    note: ClassVar = "distance to the target, q for each unit below it, 1 − q above it"
    source: ClassVar = "Koenker, Bassett: Regression Quantiles, Econometrica 46 (1978)"

    def __post_init__(self) -> None:
        given: Any = self.quantiles
        if isinstance(given, list):  # as JSON gives them
            object.__setattr__(self, "quantiles", tuple(given))
        elif is_number(given):
            object.__setattr__(self, "quantiles", (given,))
        super().__post_init__()

    def target_columns(self, outputs: int) -> int:
        """Give 1 for several levels, which are all of one target."""
        return outputs if len(self.quantiles) == 1 else 1

    def check_outputs(self, outputs: int) -> None:
        """Raise DescriptionError unless there is an output for each of several levels."""
        levels = len(self.quantiles)
        if levels not in (1, outputs):
            raise DescriptionError(
                f"{self} needs {levels} outputs, one for each level, got {outputs}"
            )

    def refuses(self, activation: str) -> str:
        """Say why several levels need outputs that ascend."""
        if len(self.quantiles) == 1 or activation == "ascending":
            return ""
        return "outputs of several levels must not cross, so the last activation must be ascending"
