"""What callbacks multiply the learning rate by, kept by step: steps may have to be done again."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import DescriptionError
from glassnet.rules.entry import is_number


class RateFactors:
    """A factor for every step of a fit, which holds until the next one is set.

    Example:
        >>> factors = RateFactors()
        >>> factors.set(2, 0.5)
        >>> factors.at(np.arange(4))
        array([1. , 1. , 0.5, 0.5])

    """

    def __init__(self) -> None:
        self._steps = [0]
        self._factors = [1.0]

    def set(self, step: int, factor: Any) -> None:
        """Let a factor hold from a step on, counted from 0.

        Raises DescriptionError for what is no number from 0 up.
        """
        factor = factor.item() if isinstance(factor, np.number) else factor
        if not is_number(factor) or factor < 0:
            raise DescriptionError(
                "a callback has set history.rate_factor, which must be a number from 0 up, to"
                f" {factor!r}"
            )
        if factor != self._factors[-1]:
            self._steps.append(step)
            self._factors.append(factor)

    @property
    def any_set(self) -> bool:
        """Whether there is a factor other than 1."""
        return self._factors != [1.0]

    def at(self, steps: NDArray[np.int64]) -> NDArray[np.float64]:
        """Give the factor of each step."""
        place = np.searchsorted(self._steps, steps, side="right") - 1
        return np.array(self._factors)[place]
