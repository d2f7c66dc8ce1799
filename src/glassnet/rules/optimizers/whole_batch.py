"""L-BFGS, which SciPy runs from the gradients of all rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from glassnet.rules.entry import COUNT, POSITIVE, option
from glassnet.rules.optimizers.base import Optimizer


@dataclass(frozen=True, repr=False)
class LBFGS(Optimizer):
    """Limited-memory BFGS on the whole batch, by SciPy: a step is an iteration with a line search.

    It has no update lines: SciPy makes the step from the loss and the gradients that the program
    gives. Source: Byrd, Lu, Nocedal, Zhu: SIAM J. Scientific Computing 16 (1995).

    Example:
        >>> LBFGS(memory=20)
        LBFGS(memory=20)

    """

    memory: int = option(COUNT, 10)
    tolerance: float = option(POSITIVE, 1e-9)
    note: ClassVar[str] = "SciPy makes the step from all gradients at once"
    source: ClassVar[str] = "Byrd, Lu, Nocedal, Zhu: SIAM J. Sci. Comput. 16 (1995)"

    def line(self) -> None:
        """Give no line: the step is made outside the program."""
        return

    def own_rates(self) -> tuple[str, ...]:
        """Give no names: there is no rate."""
        return ()

    def own_rates_at(self, step: Any, done: float) -> tuple[Any, ...]:
        """Give no numbers."""
        return ()
