"""Measure what glassnet adds: a step of the NumPy engine over its bare lines, and the import.

python -m benchmarks.overhead
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

import numpy as np

from glassnet.batches import Batches
from glassnet.description import Description
from glassnet.engines import Work
from glassnet.engines.numpy import NumpyEngine
from glassnet.program import Program
from glassnet.rules.optimizers import SGD, Adam, Optimizer
from glassnet.values import Values

RUNS = 7
BAR = 10.0


def over_bare_lines(text: str, optimizer: Optimizer, rows: int, batch: int) -> tuple[float, float]:
    """Give microseconds a step, of the engine and of the program's step called by hand."""
    program = Program(Description.read(text), optimizer)
    random = np.random.RandomState(0)
    x = random.standard_normal((rows, program.description.inputs)).astype(np.float32)
    y = random.uniform(size=(rows, program.description.outputs)).astype(np.float32)
    work = Work(x, y, None, Batches(rows, batch, shuffle=True, seed=0), seed=0)
    values, engine, step = Values(program), NumpyEngine(program), program.functions["step"]
    steps = 2000 // work.batches.per_epoch * work.batches.per_epoch
    rates = np.array([optimizer.rates_at(k + 1, 0.0) for k in range(steps)])
    plain = rates.tolist()

    def by_engine() -> None:
        engine.train(work, values, 0, steps, rates)

    bx, by, bw = x[:batch], y[:batch], np.full((batch, 1), 1 / batch, np.float32)

    def by_hand() -> None:
        carried = values.carried()
        for k in range(steps):
            _, *carried = step(bx, by, bw, *carried, *plain[k])

    taken: list[list[float]] = [[], []]
    for run in range(RUNS + 1):
        for seconds, side in zip(taken, (by_engine, by_hand), strict=True):
            start = time.perf_counter()
            side()
            if run:
                seconds.append(time.perf_counter() - start)
    engine_time, hand_time = (1e6 * statistics.median(s) / steps for s in taken)
    return engine_time, hand_time


def process_seconds(statement: str) -> float:
    """Give the median seconds of a process that only runs a statement."""
    taken = []
    for _ in range(RUNS):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    """Print both."""
    print(f"{'NumPy engine':36}{'a step':>10}{'bare lines':>12}{'more':>9}{'bar':>8}")
    for text, optimizer, rows, batch in (
        ("2-3-1 sigmoid", SGD(1.0), 3, 3),
        ("1-2-1 sigmoid", SGD(0.03), 100, 1),
        ("2-64-3 relu softmax", Adam(), 300, 32),
    ):
        engine, hand = over_bare_lines(text, optimizer, rows, batch)
        name = f"{text}, batch {batch}"
        print(f"{name:36}{engine:8.1f}µs{hand:10.1f}µs{engine - hand:7.1f}µs{BAR:6.0f}µs")
    numpy = process_seconds("import numpy")
    bars = {"import glassnet": ", bar 0.1 s", "from glassnet import Network": ""}
    for statement, bar in bars.items():
        more = process_seconds(statement) - numpy
        print(f"{statement}: {more:+.3f} s over import numpy ({numpy:.3f} s){bar}")


if __name__ == "__main__":
    main()
