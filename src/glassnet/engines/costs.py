"""What a step, a prediction and a first compile take, in seconds: one estimate for all who choose.

Counted are multiplications with their sum (terms), numbers that a pass over the rows goes through,
numbers of the update, and calls of NumPy; each has a price, by NumPy and by compiled loops.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from glassnet.program import Program

PASSES = 10  # that NumPy makes over the numbers of a layer in a step; one to predict


@dataclass(frozen=True)
class Prices:
    """Seconds for one of each; measured with `make bench`."""

    call: float
    term: float
    passed: float
    updated: float


NUMPY = Prices(call=4e-6, term=4e-11, passed=2e-9, updated=1e-8)
COMPILED = Prices(call=0.0, term=1e-11, passed=3e-11, updated=1.5e-10)
COMPILED_STEP = 2e-6  # the least that a step in compiled loops takes
# What a call costs for a stack of networks, and what an array of a stack costs, both against those
# of one network.
STACKED_CALL, STACKED_NUMBER = 1.3, 1.1


@dataclass(frozen=True)
class Costs:
    """How much there is to be done, in one go.

    Args:
        calls: of NumPy.
        terms: multiplications with their sum.
        passed: numbers that passes go through.
        updated: numbers of the update.

    """

    calls: float
    terms: float
    passed: float
    updated: float = 0.0

    def seconds_of_calls(self, prices: Prices = NUMPY) -> float:
        """What it takes whatever the size of the arrays."""
        return self.calls * prices.call

    def seconds_of_numbers(self, prices: Prices = NUMPY) -> float:
        """What grows with the arrays."""
        terms, passed = self.terms * prices.term, self.passed * prices.passed
        return terms + passed + self.updated * prices.updated

    def alone(self, networks: int = 1) -> float:
        """By NumPy, for so many networks one after the other."""
        return networks * (self.seconds_of_calls() + self.seconds_of_numbers())

    def stacked(self, networks: int) -> float:
        """The same side by side: the calls are shared, and each takes a little longer."""
        numbers = networks * STACKED_NUMBER * self.seconds_of_numbers()
        return STACKED_CALL * self.seconds_of_calls() + numbers

    def compiled(self, networks: int = 1) -> float:
        """By compiled loops, for so many networks one after the other."""
        return networks * (COMPILED_STEP + self.seconds_of_numbers(COMPILED))


def costs_of_step(program: Program, rows: int) -> Costs:
    """Count what a step with so many rows takes."""
    weights = sum(math.prod(p.shape) for p in program.parameters)
    units = program.description.inputs + sum(program.description.widths)
    # No error is handed back to the inputs.
    terms = 3 * weights - (math.prod(program.parameters[0].shape) if program.parameters else 0)
    return Costs(len(program.lines), terms * rows, PASSES * units * rows, weights)


def costs_of_prediction(program: Program, rows: int) -> Costs:
    """Count what predicting so many rows at once takes."""
    weights = sum(math.prod(p.shape) for p in program.parameters)
    units = sum(program.description.widths)
    return Costs(len(program.predict_lines), weights * rows, units * rows)


def seconds_to_compile(program: Program) -> float:
    """Estimate what the first compile of a step takes, with the import of the compiler.

    Measured, it grows faster than the network's depth.
    """
    layers = len(program.parameters) / 2
    return 1.7 + 0.1 * layers + 0.008 * layers**2


def seconds_to_compile_prediction(program: Program) -> float:
    """Estimate the same of the lines that predict, once the compiler is there."""
    return 0.4 + 0.04 * len(program.parameters) / 2
