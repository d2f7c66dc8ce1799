"""What the outputs of a network mean: which class they name, and with what chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.rules.activations import Rule, sigmoid, softmax
from glassnet.rules.losses import Loss
from glassnet.rules.losses import loss as loss_of


def _themselves(outputs: Any) -> Any:
    return outputs


@dataclass(frozen=True)
class Reading:
    """How outputs (m, n) and targets (m, n) are read as answers.

    Args:
        each: whether every column is a yes or no of its own, and not one of several classes; so
            is a single column.
        cut: an output above it is a yes.
        wanted_cut: a target above it is a yes.
        chances: turns outputs into chances; None where they are none.

    Example:
        >>> Reading().answers(np.array([[0, 1], [1, 0]]), np.array([[0.2, 0.8], [0.4, 0.6]]))
        (array([1, 0]), array([1, 1]))

    """

    each: bool = False
    cut: float = 0.5
    wanted_cut: float = 0.5
    chances: Rule | None = None

    def answers(
        self, y: NDArray[Any], outputs: NDArray[Any]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Give the answers wanted and given: class numbers (m,), or 0 and 1 for each column.

        A single column gives (m,) too; several that are a yes or no each give (m, n).
        """
        if outputs.shape[1] == 1:
            y, outputs = y[:, 0], outputs[:, 0]
        elif not self.each:
            return np.argmax(y, axis=1), np.argmax(outputs, axis=1)
        return (y > self.wanted_cut).astype(np.intp), (outputs > self.cut).astype(np.intp)


USUAL = Reading()


def reading_of(loss: Loss | str, activation: str) -> Reading:
    """Say how the outputs of a network with this loss and output activation are read.

    >>> reading_of("binary_cross_entropy", "linear").cut  # a logit of 0 is a chance of a half
    0.0
    """
    entry = loss_of(loss)
    each, classes = entry.is_yes_or_no, entry.targets == "classes"
    scores = activation == "linear"  # logits, or what a hinge wants on the right side of 0
    middle = 0.0 if activation == "tanh" else 0.5  # of targets −1 and 1, or 0 and 1
    chances: dict[str, Rule] = {"sigmoid": _themselves, "softmax": _themselves}
    if classes:
        chances["log_softmax"] = np.exp
    logits = [rule for rule in (sigmoid, softmax) if rule.__name__ in entry.short]
    if logits:  # a hinge's scores and a Poisson's logarithms are none
        chances["linear"] = logits[0]
    return Reading(each, 0.0 if each and scores else middle, middle, chances.get(activation))
