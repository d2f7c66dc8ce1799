"""Measure k-fold cross-validation: folds one after the other, side by side, and compiled.

python -m benchmarks.folds

Every column does the same work: the same folds, orders, masks and steps, so the losses agree to
rounding. Compiled loops lie in the cache of this machine: the time of a first compile is not in it.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from unittest import mock

import numpy as np

import glassnet as gn
from glassnet.cross_validation import ways

RUNS = 5


@dataclass(frozen=True)
class Case:
    """A network, its rows, and how long it is trained."""

    network: str
    rows: int
    folds: int
    batch: int
    epochs: int

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        description = gn.Network(self.network).description
        random = np.random.RandomState(0)
        x = random.standard_normal((self.rows, description.inputs)).astype(np.float32)
        if description.output_activation == "softmax":
            return x, np.arange(self.rows) % description.outputs
        return x, np.tanh(x @ random.standard_normal((description.inputs, description.outputs)))


CASES = (
    Case("4-16-3 relu softmax", 150, 5, 32, 100),
    Case("4-16-3 relu softmax", 150, 10, 32, 100),
    Case("13-32-1 relu linear", 500, 5, 32, 40),
    Case("20-64-64-1 relu linear", 1000, 5, 64, 10),
    Case("64-128-10 relu softmax", 1800, 5, 64, 4),
    Case("784-256-10 relu softmax", 2000, 5, 128, 1),
)


def seconds(case: Case, engine: str, threads: int = 0) -> tuple[float, gn.CrossValidation]:
    """Give the median seconds of a whole cross-validation, and its result."""
    x, y = case.data()
    usual = ways._threads
    taken = []
    with mock.patch.object(ways, "_threads", lambda folds: threads or usual(folds)):
        for run in range(RUNS + 1):
            start = time.perf_counter()
            found = gn.cross_validate(
                case.network, x, y, folds=case.folds, batch_size=case.batch, epochs=case.epochs,
                engine=engine, random_state=0, verbose=False,
            )  # fmt: skip
            if run:  # the first one warms up, and compiles
                taken.append(time.perf_counter() - start)
    return statistics.median(taken), found


def main() -> None:
    """Print the table."""
    ways_shown = {"in turn": ("numpy", 0), "stacked": ("stacked", 0)}
    ways_shown |= {"compiled": ("numba", 1), "threads": ("numba", 0)}
    head = "".join(f"{name:>11}" for name in ways_shown)
    print(f"{'network':26}{'folds':>6}{'batch':>6}{'steps':>7}{head}   stacked   auto takes")
    for case in CASES:
        found = {name: seconds(case, *way) for name, way in ways_shown.items()}
        losses = [cv.scores["loss"] for _, cv in found.values()]
        np.testing.assert_allclose(losses, [losses[0]] * len(losses), rtol=1e-2)
        auto = gn.cross_validate(
            case.network, *case.data(), folds=case.folds, batch_size=case.batch,
            epochs=case.epochs, random_state=0, verbose=False,
        )  # fmt: skip
        steps = case.epochs * -(-case.rows * (case.folds - 1) // case.folds // case.batch)
        times = "".join(f"{taken:9.3f} s" for taken, _ in found.values())
        gain = found["in turn"][0] / found["stacked"][0]
        name = f"{case.network:26}{case.folds:>6}{case.batch:>6}{steps:>7}"
        print(f"{name}{times}  {gain:6.1f} ×   {auto.engine}")


if __name__ == "__main__":
    main()
