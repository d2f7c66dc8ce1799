"""How each library predicts: one module a side.

`make(number)` gives the side of a network and batch; `run(calls)` predicts so many times, and
`check(rows)` gives the outputs of the first rows. All have the same weights, and give chances.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

PREDICTORS = ("glassnet", "sklearn", "torch", "onnxruntime")
NETWORKS = ((64, 100, 10), (784, 128, 128, 10))
BATCHES = (1, 100, 100_000)


@dataclass(frozen=True)
class Trained:
    """A network with relu and softmax, and the rows to predict.

    Args:
        sizes: columns of X, neurons of each layer.
        batch: rows in a call.

    """

    sizes: tuple[int, ...]
    batch: int

    @property
    def name(self) -> str:
        """The network and the batch in one line."""
        return f"{'-'.join(map(str, self.sizes))}, {self.batch:,} row{'s' * (self.batch > 1)}"

    @cached_property
    def layers(self) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Weights and biases of each layer."""
        random = np.random.default_rng(0)
        pairs = zip(self.sizes[:-1], self.sizes[1:], strict=True)
        return [
            (
                random.standard_normal((a, b), dtype=np.float32) * np.float32(a**-0.5),
                random.standard_normal(b, dtype=np.float32),
            )
            for a, b in pairs
        ]

    @cached_property
    def x(self) -> NDArray[np.float32]:
        """The rows."""
        random = np.random.default_rng(1)
        return random.standard_normal((self.batch, self.sizes[0]), dtype=np.float32)


CASES = [Trained(sizes, batch) for sizes in NETWORKS for batch in BATCHES]


class Predictor:
    """One library with one network."""

    def __init__(self, case: Trained) -> None:
        self.x = case.x

    def predict(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give the chances (rows, classes)."""
        raise NotImplementedError

    def run(self, calls: int) -> None:
        """Predict all rows so many times."""
        for _ in range(calls):
            self.predict(self.x)

    def check(self, rows: int) -> list[float]:
        """Give the outputs of the first rows, one after the other."""
        found: list[float] = np.ravel(self.predict(self.x)[:rows]).tolist()
        return found
