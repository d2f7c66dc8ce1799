"""When a number that should fall has stalled: the one decision of every plateau."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Stall:
    """How long a number has not fallen.

    Args:
        best: the lowest number that was clearly below those before it.
        waited: epochs since then, or since it had stalled for too long.
        resting: epochs after that which are still not counted.

    """

    best: float = math.inf
    waited: int = 0
    resting: int = 0


def stalled(
    before: Stall,
    number: float,
    *,
    patience: int,
    threshold: float = 1e-4,
    relative: bool = True,
    cooldown: int = 0,
) -> tuple[Stall, bool]:
    """Say how things stand after the number of one more epoch, and whether it stalls for too long.

    That is so after more than `patience` epochs without a number below the best one by more than
    `threshold`, which is a part of that number, or where not `relative`, a number. The epochs count
    anew from there, once `cooldown` more have passed. nan is never below another. As PyTorch's
    ReduceLROnPlateau decides.

    >>> stall, seen = Stall(), []
    >>> for loss in (1.0, 0.5, 0.6, 0.55, 0.7):
    ...     stall, too_long = stalled(stall, loss, patience=1)
    ...     seen.append(too_long)
    >>> seen
    [False, False, False, True, False]
    """
    best, waited, resting = before.best, before.waited + 1, before.resting
    bar = best * (1 - threshold) if relative else best - threshold
    if number < bar:
        best, waited = number, 0
    if resting > 0:
        waited, resting = 0, resting - 1
    if waited > patience:
        return Stall(best, 0, cooldown), True
    return Stall(best, waited, resting), False
