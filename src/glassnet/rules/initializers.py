"""Initializers: how first weights and biases are drawn, and how they are fitted to the data.

Each draws from a generator in place, in float64; the caller rounds to the network's type. They take
NumPy's Generator and its older RandomState alike, with the numbers of `numpy.random.randn` and
`rand` for the latter, so that published first weights can be drawn again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import DescriptionError, unknown_name
from glassnet.rules.entry import NUMBER, POSITIVE, Check, Entry, is_number, option

RandomSource = np.random.Generator | np.random.RandomState

SHAPE_OF_CHANCE = Check(lambda v: v in ("normal", "uniform"), "'normal' or 'uniform'")
SAME = 1e-6  # a spread below such a part of what is added up may be nothing but rounding
LIMIT = Check(lambda v: is_number(v) and v >= 0.1, "a number from 0.1 up")


@dataclass(frozen=True, repr=False)
class Initializer(Entry):
    """How the first values of one parameter are drawn."""

    looks_at_data: ClassVar[bool] = False  # whether `fitted` is called when training first begins

    def draw(
        self, random: RandomSource, shape: tuple[int, ...], inputs: int, outputs: int
    ) -> NDArray[np.float64]:
        """Draw an array of a shape for a layer with so many inputs and outputs."""
        raise NotImplementedError

    def fitted(
        self,
        drawn: NDArray[np.float64],
        made: NDArray[np.float64],
        parts: NDArray[np.float64],
        share: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Give the values anew, once it is known what they make of the training rows.

        Args:
            drawn: the values so far, (inputs, n) for weights.
            made: what the line that reads them makes of the rows, (m, n).
            parts: the same where nothing cancels, (m, n): how large the parts of each sum are.
            share: what part of all each row is, (m, 1), by its weight.

        """
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
class Fill(Initializer):
    """The same number everywhere; nothing is drawn.

    Example:
        >>> Fill(0.1).draw(np.random.RandomState(0), (3,), 3, 3)
        array([0.1, 0.1, 0.1])

    """

    value: float = option(NUMBER, 1.0)

    def draw(
        self, random: RandomSource, shape: tuple[int, ...], inputs: int, outputs: int
    ) -> NDArray[np.float64]:
        """Give the value in every place."""
        return np.full(shape, float(self.value))


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


@dataclass(frozen=True, repr=False)
class TruncatedNormal(Initializer):
    """Normal numbers none of which is far out, with mean 0 and standard deviation `scale`.

    A normal is cut at `limit` of its own deviations, and then stretched so that what is left has
    the deviation `scale`. All numbers are drawn as Normal draws them; those beyond the limit
    are then drawn again together, in their order, until none is left: with a RandomState the
    numbers are those of `numpy.random.randn` for good.

    Example:
        >>> TruncatedNormal(0.01).draw(np.random.RandomState(0), (3,), 3, 3)
        array([0.02005458, 0.00454918, 0.01112676])

    """

    scale: float = option(POSITIVE, 1.0)
    limit: float = option(LIMIT, 2.0)

    def draw(
        self, random: RandomSource, shape: tuple[int, ...], inputs: int, outputs: int
    ) -> NDArray[np.float64]:
        """Draw N(0, 1) within the limit, and bring it to the standard deviation."""
        drawn = np.asarray(random.standard_normal(shape))
        out = np.abs(drawn) > self.limit
        while out.any():
            drawn[out] = random.standard_normal(int(out.sum()))
            out = np.abs(drawn) > self.limit
        return self.scale / self._deviation() * drawn

    def _deviation(self) -> float:
        """Give the deviation of what is left of N(0, 1): √(1 − 2·a·φ(a) / (Φ(a) − Φ(−a)))."""
        a = self.limit
        height = math.exp(-a * a / 2) / math.sqrt(2 * math.pi)
        return math.sqrt(1 - 2 * a * height / math.erf(a / math.sqrt(2)))


@dataclass(frozen=True, repr=False)
class Orthogonal(Initializer):
    """Columns, or rows where they are fewer, at right angles to each other and of length `gain`.

    The Q of normal numbers, drawn as Normal draws them for the longer side first, with the signs
    that make it the only one (R's diagonal positive). A bias is one such column.
    Source: Saxe, McClelland, Ganguli: ICLR (2014).

    Example:
        >>> drawn = Orthogonal().draw(np.random.RandomState(0), (3, 2), 3, 2)
        >>> bool(np.allclose(drawn.T @ drawn, np.eye(2)))
        True

    """

    gain: float = option(POSITIVE, 1.0)

    def draw(
        self, random: RandomSource, shape: tuple[int, ...], inputs: int, outputs: int
    ) -> NDArray[np.float64]:
        """Draw gain · Q."""
        rows, columns = (*shape, 1)[:2]
        long, short = max(rows, columns), min(rows, columns)
        q, r = np.linalg.qr(random.standard_normal((long, short)))
        q = q * np.where(np.diag(r) < 0, -1.0, 1.0)
        return self.gain * (q if rows >= columns else q.T).reshape(shape)


@dataclass(frozen=True, repr=False)
class UnitVariance(Initializer):
    """Weights with which every pre-activation has the variance 1 over the training rows.

    They are drawn as Orthogonal draws them. When training first begins, layer by layer, the weights
    of each neuron are divided by the standard deviation of the neuron's weighted sum. A neuron
    that makes the same of all rows, to a millionth of what it adds up, keeps its weights. For
    weights only: a bias changes no variance.
    Source: Mishkin, Matas: All you need is a good init, ICLR (2016); by neuron as in Krähenbühl and
    others: Data-dependent Initializations of Convolutional Neural Networks, ICLR (2016).

    Example:
        >>> import glassnet as gn
        >>> net = gn.Network(2, gn.Dense(3, weight_initializer=gn.UnitVariance()))
        >>> X = np.random.RandomState(0).uniform(5, 9, (100, 2))
        >>> net.initialize(X)
        >>> np.var(X @ net.weights["W1"], axis=0).round(4)
        array([1., 1., 1.])

    """

    looks_at_data: ClassVar[bool] = True

    def draw(
        self, random: RandomSource, shape: tuple[int, ...], inputs: int, outputs: int
    ) -> NDArray[np.float64]:
        """Draw what Orthogonal draws."""
        return Orthogonal().draw(random, shape, inputs, outputs)

    def fitted(
        self,
        drawn: NDArray[np.float64],
        made: NDArray[np.float64],
        parts: NDArray[np.float64],
        share: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Give drawn / √(Σ share · (made − mean)²), column by column."""
        centred = made - np.sum(share * made, axis=0)
        spread = np.sqrt(np.sum(share * centred * centred, axis=0))
        varies = (spread > SAME * np.max(parts, axis=0)) & np.isfinite(spread)
        return drawn / np.where(varies, spread, 1.0)


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


@dataclass(frozen=True, repr=False)
class LeCun(Initializer):
    """Variance 1 / inputs: keeps the size of signals in selu layers, and in linear ones.

    Source: LeCun, Bottou, Orr, Müller: Efficient BackProp (1998).
    """

    distribution: Literal["normal", "uniform"] = option(SHAPE_OF_CHANCE, "normal")

    def draw(
        self, random: RandomSource, shape: tuple[int, ...], inputs: int, outputs: int
    ) -> NDArray[np.float64]:
        """Draw numbers of variance 1 / inputs."""
        return _draw_with_variance(random, shape, 1 / inputs, self.distribution)


INITIALIZERS: dict[str, type[Initializer]] = {
    "zeros": Zeros,
    "fill": Fill,
    "normal": Normal,
    "truncatednormal": TruncatedNormal,
    "uniform": Uniform,
    "orthogonal": Orthogonal,
    "glorot": Glorot,
    "he": He,
    "lecun": LeCun,
    "unitvariance": UnitVariance,
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
