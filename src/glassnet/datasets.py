"""The lessons' data and the classic toy sets.

Every function gives (X, y): X is (m, n) in float64, samples are rows. Where y is a number to be met
it is (m, k) in float64; where y says which class a row is of it is (m,), class numbers from 0 up.

Example:
    >>> from glassnet import datasets
    >>> X, y = datasets.exam()
    >>> X.shape, y.shape
    ((3, 2), (3, 1))

"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import DataError, unknown_name

Array = NDArray[Any]
Data = tuple[Array, Array]
RandomState = int | np.random.RandomState | np.random.Generator | None


# ------------------------------------------------------------------------- the lessons' data


def spiral(samples: int = 100, classes: int = 3, random_state: RandomState = 0) -> Data:
    """Arms that wind around each other: no straight line parts the classes.

    On arm c the radius r runs from 0 to 1 while the angle t runs from 4c to 4(c + 1), shaken by
    0.2 · N(0, 1); a point is (r · sin 2.5t, r · cos 2.5t).

    Args:
        samples: points on each arm.
        classes: number of arms.
        random_state: a seed, or a generator that is drawn from in place.

    Returns:
        X (samples · classes, 2) and class numbers y (samples · classes,).

    Example:
        >>> X, y = spiral(samples=2, classes=3)
        >>> y
        array([0, 0, 1, 1, 2, 2])

    """
    _check_count("samples", samples)
    _check_count("classes", classes)
    random = _random(random_state)
    X = np.empty((samples * classes, 2))
    radius = np.linspace(0, 1, samples)
    for arm in range(classes):
        angle = np.linspace(4 * arm, 4 * (arm + 1), samples)
        angle = 2.5 * (angle + 0.2 * random.standard_normal(samples))
        rows = slice(samples * arm, samples * (arm + 1))
        X[rows] = np.column_stack([radius * np.sin(angle), radius * np.cos(angle)])
    return X, np.repeat(np.arange(classes), samples)


def beans(samples: int = 100, random_state: RandomState = 0) -> Data:
    """Beans by size: those of middling size are poisonous (1), small and big ones are not (0).

    Sizes are uniform from 0 to 2, in order; a bean is poisonous where 0.7 · size + 0.5, shaken by
    ±0.01, lies between 0.8 and 1.4.

    Returns:
        X (samples, 1), sorted, and y (samples, 1), numbers 0 or 1.

    Example:
        >>> X, y = beans(5)
        >>> X.round(2).ravel(), y.ravel()
        (array([0.85, 1.09, 1.1 , 1.21, 1.43]), array([1., 1., 1., 1., 0.]))

    """
    _check_count("samples", samples)
    random = _random(random_state)
    size = np.sort(random.uniform(0, 2, samples))
    poison = 0.7 * size + random.uniform(-0.01, 0.01, samples) + 0.5
    inside = (poison > 0.8) & (poison < 1.4)
    return size[:, None], inside.astype(np.float64)[:, None]


def exam() -> Data:
    """Three students: hours of study and of sleep, and the share of points in the exam.

    Returns:
        X (3, 2), hours as they are, and y (3, 1) between 0 and 1.

    Example:
        >>> X, y = exam()
        >>> X
        array([[2., 9.],
               [1., 5.],
               [3., 6.]])

    """
    X = np.array([[2.0, 9.0], [1.0, 5.0], [3.0, 6.0]])
    return X, np.array([[92.0], [86.0], [89.0]]) / 100


def line() -> Data:
    """Five points on the line y = 3x.

    Returns:
        X (5, 1) and y (5, 1).

    Example:
        >>> line()[1].ravel()
        array([ 3.,  9., 12., 24., 30.])

    """
    X = np.array([[1.0], [3.0], [4.0], [8.0], [10.0]])
    return X, 3 * X


# -------------------------------------------------------------------------- classic toy sets


def sine(samples: int = 100) -> Data:
    """One wave of y = sin x, at even steps from 0 to 2π.

    Returns:
        X (samples, 1) and y (samples, 1).

    Example:
        >>> X, y = sine(5)
        >>> y.ravel().round(3) + 0
        array([ 0.,  1.,  0., -1.,  0.])

    """
    _check_count("samples", samples)
    X = np.linspace(0, 2 * np.pi, samples)[:, None]
    return X, np.sin(X)


def xor(samples: int = 4, noise: float = 0.0, random_state: RandomState = 0) -> Data:
    """Either, but not both: the smallest data that one line cannot part.

    Args:
        samples: 4 are the four corners; more go around the corners again.
        noise: standard deviation of what shakes each point; 0 leaves the points on the corners.
        random_state: a seed, or a generator that is drawn from in place.

    Returns:
        X (samples, 2) and class numbers y (samples,).

    Example:
        >>> X, y = xor()
        >>> for corner, wanted in zip(X, y):
        ...     print(corner, wanted)
        [0. 0.] 0
        [0. 1.] 1
        [1. 0.] 1
        [1. 1.] 0

    """
    _check_count("samples", samples)
    corner = np.arange(samples) % 4
    X = np.column_stack([corner // 2, corner % 2]).astype(np.float64)
    return X + _shake(X.shape, noise, _random(random_state)), (corner // 2) ^ (corner % 2)


def circles(samples: int = 200, noise: float = 0.05, random_state: RandomState = 0) -> Data:
    """A disc (class 1) inside a ring (class 0).

    Every other row is of the disc, whose radius goes to 0.5; the ring's goes from 0.7 to 1.

    Returns:
        X (samples, 2) and class numbers y (samples,).

    Example:
        >>> X, y = circles(6, noise=0)
        >>> (np.hypot(*X.T) < 0.6).astype(int), y
        (array([0, 1, 0, 1, 0, 1]), array([0, 1, 0, 1, 0, 1]))

    """
    _check_count("samples", samples)
    random = _random(random_state)
    y = np.arange(samples) % 2
    low, high = np.where(y == 1, 0.0, 0.7), np.where(y == 1, 0.5, 1.0)
    radius = low + (high - low) * random.uniform(0, 1, samples)
    angle = random.uniform(0, 2 * np.pi, samples)
    X = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return X + _shake(X.shape, noise, random), y


def moons(samples: int = 200, noise: float = 0.1, random_state: RandomState = 0) -> Data:
    """Two half circles that reach into each other.

    Returns:
        X (samples, 2) and class numbers y (samples,), every other row of each class.

    Example:
        >>> X, y = moons(4, noise=0)
        >>> X.round(1) + 0
        array([[ 1. ,  0. ],
               [ 0. ,  0.5],
               [-1. ,  0. ],
               [ 2. ,  0.5]])

    """
    _check_count("samples", samples)
    y = np.arange(samples) % 2
    turn = np.pi * (np.arange(samples) // 2) / max(1, (samples + 1) // 2 - 1)
    upper = np.column_stack([np.cos(turn), np.sin(turn)])
    lower = np.column_stack([1 - np.cos(turn), 0.5 - np.sin(turn)])
    X = np.where(y[:, None] == 0, upper, lower)
    return X + _shake(X.shape, noise, _random(random_state)), y


def gauss(samples: int = 200, noise: float = 1.0, random_state: RandomState = 0) -> Data:
    """Two round clouds, around (2, 2) and (−2, −2): one line parts them.

    Returns:
        X (samples, 2) and class numbers y (samples,), every other row of each class.

    Example:
        >>> X, y = gauss(2, noise=0)
        >>> X
        array([[ 2.,  2.],
               [-2., -2.]])

    """
    _check_count("samples", samples)
    y = np.arange(samples) % 2
    X = np.repeat((2.0 - 4.0 * y)[:, None], 2, axis=1)
    return X + _shake(X.shape, noise, _random(random_state)), y


# --------------------------------------------------------------------------------- the table


@dataclass(frozen=True)
class Dataset:
    """One data set by name: how it is made, what its columns are, and what can learn it."""

    name: str
    make: Callable[..., Data]
    summary: str
    columns: tuple[str, ...]
    target: str
    network: str
    loss: str

    @property
    def kind(self) -> str:
        """What the target is: 'classes' or 'numbers'."""
        return "classes" if self.loss.endswith("cross_entropy") else "numbers"


DATASETS: dict[str, Dataset] = {
    entry.name: entry
    for entry in (
        Dataset(
            "spiral",
            spiral,
            "three arms that wind around each other",
            ("x1", "x2"),
            "arm",
            "2-64-64-3 relu softmax",
            "cross_entropy",
        ),
        Dataset(
            "beans",
            beans,
            "beans of middling size are poisonous",
            ("size",),
            "poisonous",
            "1-2-1 sigmoid",
            "mean_squared_error",
        ),
        Dataset(
            "exam",
            exam,
            "hours of study and sleep, and an exam",
            ("hours_studied", "hours_slept"),
            "score",
            "2-3-1 sigmoid",
            "half_squared_error_sum",
        ),
        Dataset(
            "line",
            line,
            "five points on y = 3x",
            ("x",),
            "y",
            "1-1 linear",
            "mean_squared_error",
        ),
        Dataset(
            "sine",
            sine,
            "one wave of sin x",
            ("x",),
            "y",
            "1-20-1 tanh linear",
            "mean_squared_error",
        ),
        Dataset(
            "xor",
            xor,
            "either, but not both",
            ("x1", "x2"),
            "either",
            "2-4-1 tanh sigmoid",
            "binary_cross_entropy",
        ),
        Dataset(
            "circles",
            circles,
            "a disc inside a ring",
            ("x1", "x2"),
            "inside",
            "2-8-1 tanh sigmoid",
            "binary_cross_entropy",
        ),
        Dataset(
            "moons",
            moons,
            "two half circles that reach into each other",
            ("x1", "x2"),
            "moon",
            "2-8-1 tanh sigmoid",
            "binary_cross_entropy",
        ),
        Dataset(
            "gauss",
            gauss,
            "two round clouds",
            ("x1", "x2"),
            "cloud",
            "2-1 sigmoid",
            "binary_cross_entropy",
        ),
    )
}


def dataset(name: str) -> Dataset:
    """Give the data set of a name.

    Raises DescriptionError for an unknown name, with the known ones.

    Example:
        >>> dataset("exam").columns
        ('hours_studied', 'hours_slept')

    """
    if name not in DATASETS:
        raise unknown_name("data set", name, DATASETS)
    return DATASETS[name]


# ----------------------------------------------------------------------------------- checks


def _random(random_state: RandomState) -> np.random.RandomState | np.random.Generator:
    """Give the generator to draw from; a seed means RandomState, whose stream never changes."""
    if isinstance(random_state, np.random.RandomState | np.random.Generator):
        return random_state
    whole = isinstance(random_state, int | np.integer) and not isinstance(random_state, bool)
    if random_state is not None and not (whole and 0 <= random_state < 2**32):
        raise DataError(
            "random_state must be a whole number from 0 to 4294967295, a RandomState, a Generator"
            f" or None, got {random_state!r}"
        )
    return np.random.RandomState(None if random_state is None else int(random_state))


def _shake(
    shape: tuple[int, ...], noise: float, random: np.random.RandomState | np.random.Generator
) -> Array:
    """Draw noise · N(0, 1); noise 0 draws nothing."""
    number = isinstance(noise, int | float | np.floating) and not isinstance(noise, bool)
    if not number or not 0 <= noise < np.inf:
        raise DataError(f"noise must be a number from 0 up, got {noise!r}")
    return noise * random.standard_normal(shape) if noise else np.zeros(shape)


def _check_count(what: str, count: object) -> None:
    whole = isinstance(count, int | np.integer) and not isinstance(count, bool)
    if not whole or count < 1:  # type: ignore[operator]
        raise DataError(f"{what} must be a whole number from 1 up, got {count!r}")
