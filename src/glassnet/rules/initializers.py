"""Initializers: how first weights and biases are drawn.

Each draws from a generator in place, in float64; the caller rounds to the network's type. They take
NumPy's Generator and its older RandomState alike, with the numbers of `numpy.random.randn` and
`rand` for the latter, so that published first weights can be drawn again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import DescriptionError, unknown_name
from glassnet.rules.entry import NUMBER, POSITIVE, Check, Entry, option

RandomSource = np.random.Generator | np.random.RandomState

SHAPE_OF_CHANCE = Check(lambda v: v in ("normal", "uniform"), "'normal' or 'uniform'")


@dataclass(frozen=True, repr=False)
class Initializer(Entry):
    """How the first values of one parameter are drawn."""

    def draw(
        self, random: RandomSource, shape: tuple[int, ...], inputs: int, outputs: int
    ) -> NDArray[np.float64]:
        """Draw an array of a shape for a layer with so many inputs and outputs."""
        raise NotImplementedError


@dataclass(frozen=True, repr=False)
class Zeros(Initializer):
    """All zeros; nothing is drawn."""

    def draw(
        self, random: RandomSource, shape: tuple[int, ...], inputs: int, outputs: int
    ) -> NDArray[np.float64]:
        """Give zeros."""
        return np.zeros(shape)


@dataclass(frozen=True, repr=False)
class Normal(Initializer):
    """Normal numbers with mean 0 and standard deviation `scale`.

    Example:
        >>> random = np.random.RandomState(0)
        >>> Normal(0.01).draw(random, (3,), 3, 3)
        array([0.01764052, 0.00400157, 0.00978738])

    """

    scale: float = option(POSITIVE, 1.0)

    def draw(
        self, random: RandomSource, shape: tuple[int, ...], inputs: int, outputs: int
    ) -> NDArray[np.float64]:
        """Draw scale · N(0, 1)."""
        return self.scale * random.standard_normal(shape)


@dataclass(frozen=True, repr=False)
class Uniform(Initializer):
    """Numbers spread evenly from `low` to `high`."""

    low: float = option(NUMBER, 0.0)
    high: float = option(NUMBER, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.high - self.low < math.inf:
            raise DescriptionError(
                f"Uniform: low must be below high, got low={self.low!r}, high={self.high!r}"
            )

    def draw(
        self, random: RandomSource, shape: tuple[int, ...], inputs: int, outputs: int
    ) -> NDArray[np.float64]:
        """Draw uniform(low, high)."""
        return random.uniform(self.low, self.high, shape)


def _draw_with_variance(
    random: RandomSource, shape: tuple[int, ...], variance: float, distribution: str
) -> NDArray[np.float64]:
    if distribution == "normal":
        return math.sqrt(variance) * random.standard_normal(shape)
    limit = math.sqrt(3 * variance)  # uniform(−limit, limit) has this variance
    return random.uniform(-limit, limit, shape)


@dataclass(frozen=True, repr=False)
class Glorot(Initializer):
    """Variance 2 / (inputs + outputs): keeps the size of signals in tanh and linear layers.

    Source: Glorot, Bengio: AISTATS (2010).
    """

    distribution: Literal["normal", "uniform"] = option(SHAPE_OF_CHANCE, "uniform")

    def draw(
        self, random: RandomSource, shape: tuple[int, ...], inputs: int, outputs: int
    ) -> NDArray[np.float64]:
        """Draw numbers of variance 2 / (inputs + outputs)."""
        return _draw_with_variance(random, shape, 2 / (inputs + outputs), self.distribution)


@dataclass(frozen=True, repr=False)
class He(Initializer):
    """Variance 2 / inputs: keeps the size of signals in relu layers.

    Source: He and others: ICCV (2015).
    """

    distribution: Literal["normal", "uniform"] = option(SHAPE_OF_CHANCE, "normal")

    def draw(
        self, random: RandomSource, shape: tuple[int, ...], inputs: int, outputs: int
    ) -> NDArray[np.float64]:
        """Draw numbers of variance 2 / inputs."""
        return _draw_with_variance(random, shape, 2 / inputs, self.distribution)


INITIALIZERS: dict[str, type[Initializer]] = {
    "zeros": Zeros,
    "normal": Normal,
    "uniform": Uniform,
    "glorot": Glorot,
    "he": He,
}


def initializer(given: Initializer | str | Any) -> Initializer:
    """Give the initializer of a name, or the one that was given.

    Raises DescriptionError for an unknown name.
    """
    if isinstance(given, Initializer):
        return given
    if given not in INITIALIZERS:
        raise unknown_name("initializer", given, INITIALIZERS)
    return INITIALIZERS[given]()
