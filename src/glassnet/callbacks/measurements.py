"""What weights, gradients, activations and updates are like while a network is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassnet.callbacks.protocol import Callback
from glassnet.errors import DataError, DescriptionError, unknown_name
from glassnet.history import History
from glassnet.rules.entry import COUNT, FLAG, check_options, option

if TYPE_CHECKING:
    from glassnet.trace import Trace

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Spread:
    """How the numbers of an array are spread: how many lie between each two edges.

    Args:
        counts: (bins,) of the finite numbers.
        edges: (bins + 1,) from the least finite number to the greatest.
        not_finite: how many are inf or nan.

    Example:
        >>> spread = Spread.of(np.array([0.0, 0.1, 1.0, np.nan]), bins=2)
        >>> spread.counts, spread.edges, spread.not_finite
        (array([2, 1]), array([0. , 0.5, 1. ]), 1)

    """

    counts: Array
    edges: Array
    not_finite: int

    @classmethod
    def of(cls, numbers: Array, bins: int) -> Spread:
        """Count the numbers of an array."""
        finite = np.asarray(numbers, np.float64).ravel()
        finite = finite[np.isfinite(finite)]
        counts, edges = np.histogram(finite, bins)
        return cls(counts, edges, int(np.size(numbers) - finite.size))


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What one epoch has left, seen in one step on the sample of rows.

    Args:
        epoch: how many were over; 0 is before training.
        loss: of the sample, as training sees it.
        spreads: of weights (W1), their gradients (dW1) and activations (a1), by name.
        norms: Euclidean norm of the same parameters and gradients, and of each update by the
            parameter's name with a Δ before it (ΔW1).
        weights: (P,) all parameters, one after the other; None where they are not kept.

    """

    epoch: int
    loss: float
    spreads: Mapping[str, Spread]
    norms: Mapping[str, float]
    weights: Array | None


@dataclass(eq=False)
class Measurements(Callback):
    """Looks at a step on a sample of rows, before training and every so many epochs.

    The step is traced and not made: training goes on as without it, bit by bit. Of arrays only
    counts and norms are kept, and the weights themselves, so that a path can be drawn through
    them; where there are more than `most` snapshots, every second one is left out from then on.
    `gn.plots` draws histograms_over_time, gradient_norms, update_ratios and error_surface from it.

    Args:
        X: (m, inputs) rows to look at; of more than `rows`, those spread evenly over them.
        y: what is wanted of them.
        every: take a snapshot after so many epochs; between them training may run at once.
        rows: of the sample, at most.
        bins: of each histogram.
        most: snapshots that are kept.
        keep_weights: whether the weights themselves are kept.

    Raises:
        DataError: arrays that do not fit the network, when training begins.

    Example:
        >>> import glassnet as gn
        >>> X, y = gn.datasets.moons(60)
        >>> net = gn.Network("2-4-1 tanh sigmoid", loss="binary_cross_entropy", random_state=0)
        >>> seen = Measurements(X, y, every=5)
        >>> _ = net.fit(X, y, epochs=10, callbacks=seen, verbose=False)
        >>> seen.epochs, seen.weights["W1"].shape
        (array([ 0,  5, 10]), (3, 2, 4))

    """

    X: ArrayLike
    y: ArrayLike
    every: int = option(COUNT, 1)
    rows: int = option(COUNT, 256)
    bins: int = option(COUNT, 40)
    most: int = option(COUNT, 200)
    keep_weights: bool = option(FLAG, True)
    snapshots: list[Snapshot] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        check_options(self, "Measurements: ")
        x, y = np.asarray(self.X), np.asarray(self.y)
        if x.ndim and y.ndim and len(x) != len(y):
            raise DataError(f"Measurements: X has {len(x)} rows and y has {len(y)}")

    def begin(self, network: Any, history: History) -> None:
        """Choose the rows, and look at the network before it is trained."""
        x, y = np.asarray(self.X), np.asarray(self.y)
        if x.ndim == 2 and len(x) > self.rows:
            chosen = np.linspace(0, len(x) - 1, self.rows).astype(np.intp)
            x, y = x[chosen], y[chosen]
        self._x, self._y = x, y
        self.snapshots, self._stride = [], 1
        self._shapes = {p.name: p.shape for p in network.values.program.parameters}
        self._take(network, 0)

    def __call__(self, network: Any, history: History) -> object:
        """Look at the network if its turn has come."""
        if history.epochs % (self.every * self._stride) == 0:
            self._take(network, history.epochs)
        return None

    def _take(self, network: Any, epoch: int) -> None:
        trace = network.trace(self._x, self._y, optimizer=network.optimizer)
        weights = np.array(network.values.parameters) if self.keep_weights else None
        spreads, norms = _measured(trace, list(self._shapes), self.bins)
        # The guard may take epochs back and do them again.
        kept = [seen for seen in self.snapshots if seen.epoch < epoch]
        kept.append(Snapshot(epoch, float(trace["loss"]), spreads, norms, weights))
        if len(kept) > self.most:
            self._stride *= 2
            kept = [s for s in kept if s.epoch % (self.every * self._stride) == 0]
        self.snapshots = kept

    # --------------------------------------------------------------------------- to be read

    @property
    def epochs(self) -> NDArray[np.intp]:
        """The epochs that were looked at; 0 is before training."""
        return np.array([seen.epoch for seen in self.snapshots], np.intp)

    @property
    def losses(self) -> NDArray[np.float64]:
        """The loss of the sample at each of them, as training sees it."""
        return np.array([seen.loss for seen in self.snapshots])

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each parameter, by name."""
        self._check_taken()
        return dict(self._shapes)

    @property
    def names(self) -> tuple[str, ...]:
        """What histograms there are of."""
        return tuple(self.snapshots[0].spreads) if self.snapshots else ()

    def spreads(self, name: str) -> list[Spread]:
        """Give the histograms of a value, such as "W1", "dW1" or "a1", one for each epoch.

        Raises DescriptionError for a name that there is not.
        """
        self._check_taken()
        if name not in self.names:
            raise unknown_name("measured value", name, self.names)
        return [seen.spreads[name] for seen in self.snapshots]

    def norms(self, name: str) -> NDArray[np.float64]:
        """Give the norms of a parameter, its gradient or its update: "W1", "dW1", "ΔW1".

        Raises DescriptionError for a name that there is not.
        """
        self._check_taken()
        known = self.snapshots[0].norms
        if name not in known:
            raise unknown_name("measured norm", name, known)
        return np.array([seen.norms[name] for seen in self.snapshots])

    @property
    def weights(self) -> dict[str, Array]:
        """Each parameter at all epochs looked at, (snapshots, its shape).

        Raises DescriptionError where they were not kept.
        """
        flat, found, start = self.path, {}, 0
        for name, shape in self._shapes.items():
            stop = start + int(np.prod(shape))
            found[name] = flat[:, start:stop].reshape(len(flat), *shape)
            start = stop
        return found

    @property
    def path(self) -> Array:
        """All parameters in one row for each epoch looked at, (snapshots, P).

        Raises DescriptionError where they were not kept.
        """
        self._check_taken()
        rows = [seen.weights for seen in self.snapshots if seen.weights is not None]
        if not rows:
            raise DescriptionError(
                "these Measurements kept no weights: make them with keep_weights=True"
            )
        return np.array(rows)

    def _check_taken(self) -> None:
        if not self.snapshots:
            raise DescriptionError(
                "nothing was measured yet: give these Measurements to fit, as callbacks=…"
            )


def _measured(
    trace: Trace, parameters: list[str], bins: int
) -> tuple[dict[str, Spread], dict[str, float]]:
    """Give the spreads and norms of the values of a step, by name."""
    changed = trace.program.trains
    arrays = {name: trace[name] for name in parameters}
    arrays |= {f"d{name}": trace[f"d{name}"] for name in parameters}
    norms = {name: _norm(array) for name, array in arrays.items()}
    if changed:
        norms |= {f"Δ{name}": _norm(trace.after(name) - trace[name]) for name in parameters}
    layer = 1
    while f"a{layer}" in trace:
        arrays[f"a{layer}"] = trace[f"a{layer}"]
        layer += 1
    return {name: Spread.of(array, bins) for name, array in arrays.items()}, norms


def _norm(array: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.linalg.norm(np.asarray(array, np.float64)))
