"""What is on a picture, before anything is drawn: points, lines, labels, in charts side by side.

A Picture holds plain numbers, so the same one is drawn in a terminal, saved as a file, or kept as
one frame of a moving picture while the network it was made from trains on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import DataError, unknown_name
from glassnet.rules.reading import reading_of

if TYPE_CHECKING:
    from glassnet.history import History
    from glassnet.network import Network
    from glassnet.training.rate_finder import RateFinding

Array = NDArray[Any]
GRID = 200  # places at which a curve is computed: more than a terminal has dots in a row


class Label(str):
    """A text to be shown, with its English form for files where no font has the letters of it.

    Example:
        >>> label = Label("周期", english="epoch")
        >>> label, label.english, Label("size").english
        ('周期', 'epoch', 'size')

    """

    english: str

    def __new__(cls, text: str, english: str | None = None) -> Label:
        """Make a label; without an English form the text is its own."""
        label = super().__new__(cls, text)
        label.english = text if english is None else english
        return label


def in_english(label: str) -> str:
    """Give the English form of a label, or the text itself where it has none."""
    return label.english if isinstance(label, Label) else label


# ---------------------------------------------------------------------------- what there is


@dataclass(frozen=True, eq=False)
class Marks:
    """Points, or the line through them, in one colour and with one name.

    Dots are points that stay in the background: small, and never drawn as letters.
    `color` counts through the colours and the markers that the drawings have, from 0.
    """

    x: Array
    y: Array
    kind: Literal["points", "line", "dots"] = "points"
    name: str = ""
    color: int = 0


@dataclass(frozen=True)
class Chart:
    """One pair of axes with marks; texts stand at places of their own."""

    marks: tuple[Marks, ...]
    title: str = ""
    x_label: str = ""
    y_label: str = ""
    log: bool = False  # the y axis
    log_x: bool = False
    axes: bool = True
    texts: tuple[tuple[float, float, str], ...] = ()
    y_range: tuple[float, float] | None = None
    classes: bool = False  # whether points are told apart by a marker as well as by a colour

    def ranges(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Give the range of x and of y (of log10 on a log axis), with a little room.

        Example:
            >>> Chart((Marks(np.array([0, 1]), np.array([10, 1000])),), log=True).ranges()
            ((-0.02, 1.02), (0.92, 3.08))

        """
        x = np.concatenate([m.x for m in self.marks] + [np.array([t[0] for t in self.texts])])
        x = self.places(x)
        if self.y_range is not None:
            return _with_room(x, 0.02), self.y_range
        y = np.concatenate([self.heights(m.y) for m in self.marks])
        y = np.concatenate([y, [t[1] for t in self.texts]])
        return _with_room(x, 0.02), _with_room(y, 0.04)

    def dashed(self, marks: Marks) -> bool:
        """Whether a line needs gaps, to be told from the first one without colours."""
        named = [m for m in self.marks if m.kind == "line" and m.name]
        return any(marks is m for m in named[1:])

    def heights(self, y: Array) -> Array:
        """Give where values stand on the y axis; on a log axis what is not above 0 is nowhere."""
        return _log10(y) if self.log else np.asarray(y, dtype=np.float64)

    def places(self, x: Array) -> Array:
        """Give where values stand on the x axis; on a log axis what is not above 0 is nowhere."""
        return _log10(x) if self.log_x else np.asarray(x, dtype=np.float64)


@dataclass(frozen=True)
class Picture:
    """Charts side by side, under one title."""

    charts: tuple[Chart, ...]
    title: str = ""


def _log10(values: Array) -> Array:
    values = np.asarray(values, dtype=np.float64)
    return np.log10(values, out=np.full(values.shape, np.nan), where=values > 0)


def _with_room(values: Array, share: float) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    room = share * (high - low) or max(abs(low) * 0.1, 0.5)
    return low - room, high + room


# ----------------------------------------------------------------------- pictures of data


def scatter(
    X: Array,
    y: Array | None = None,
    *,
    title: str = "",
    labels: tuple[str, str] = ("x1", "x2"),
    classes: Sequence[str] | None = None,
) -> Picture:
    """Show points: two columns of X, or one column and y; class numbers y give each a colour.

    Args:
        X: points, (m, 2).
        y: class number of each point, (m,) or (m, 1); without it all points look the same.
        title: stands above.
        labels: names of the two axes.
        classes: names of the classes.

    Example:
        >>> picture = scatter(np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([0, 1]))
        >>> [marks.name for marks in picture.charts[0].marks]
        ['0', '1']

    """
    X = np.asarray(X, dtype=np.float64)
    if X.ndim != 2 or X.shape[1] != 2:
        raise DataError(f"a scatter shows points of 2 columns, got X of shape {X.shape}")
    if y is None:
        marks: tuple[Marks, ...] = (Marks(X[:, 0], X[:, 1]),)
    else:
        group = np.asarray(y).reshape(-1)
        if len(group) != len(X):
            raise DataError(f"X has {len(X)} rows and y has {len(group)}")
        known = np.unique(group)
        names = [f"{value:g}" for value in known] if classes is None else list(classes)
        marks = tuple(
            Marks(X[group == value, 0], X[group == value, 1], "points", name, place)
            for place, (value, name) in enumerate(zip(known, names, strict=True))
        )
    return Picture((Chart(marks, title, *labels, classes=y is not None),))


def wiring(
    inputs: int, neurons: int, *, title: str = "", names: tuple[str, str] = ("x", "n")
) -> Picture:
    """Show how every input is connected with every neuron of a layer.

    Example:
        >>> len(wiring(4, 3).charts[0].marks)
        12

    """
    left, right = _spread(inputs), _spread(neurons)
    marks = tuple(
        Marks(np.array([0.0, 1.0]), np.array([a, b]), "line", color=j)
        for j, b in enumerate(right)
        for a in left
    )
    texts = (
        *((0.0, a, f"{names[0]}{i}") for i, a in enumerate(left, start=1)),
        *((1.0, b, f"{names[1]}{j}") for j, b in enumerate(right, start=1)),
    )
    return Picture((Chart(marks, title, axes=False, texts=texts),))


def _spread(count: int) -> list[float]:
    return [-(i - (count - 1) / 2) for i in range(count)]


# ------------------------------------------------------------ pictures of a trained network


def curve(
    network: Network,
    X: Array,
    y: Array,
    *,
    title: str = "",
    labels: tuple[str, str] = ("x", "y"),
    names: tuple[str, str] = ("", ""),
    y_range: tuple[float, float] | None = None,
) -> Picture:
    """Show data of one input and one output, and the network's curve over it.

    Args:
        network: a network with one input and one output.
        X: the data, (m, 1).
        y: what is wanted, (m, 1).
        title: stands above.
        labels: names of the two axes.
        names: names of the data and of the curve.
        y_range: lower and upper end of the y axis, to hold it still while the curve moves.

    """
    place = _grid(X)
    line = place[:, 0], network.predict(place)
    chart = fitted((np.ravel(X), np.ravel(y)), line, labels, names, title=title, y_range=y_range)
    return Picture((chart,))


def fitted(
    points: tuple[Array, Array] | None,
    line: tuple[Array, Array],
    labels: tuple[str, str],
    names: Sequence[str],
    *,
    title: str = "",
    y_range: tuple[float, float] | None = None,
) -> Chart:
    """Show data and the curves that a network lays through them.

    Args:
        points: x and y of the data, (m,) each; None for curves alone.
        line: x (k,) and outputs (k, curves).
        labels: names of the two axes.
        names: names of the data and of each curve.
        title: stands above.
        y_range: lower and upper end of the y axis.

    """
    place, outputs = line
    marks = () if points is None else (Marks(*points, name=names[0], color=0),)
    lines = (
        Marks(place, column, "line", name, color)
        for color, (column, name) in enumerate(zip(outputs.T, names[1:], strict=True), start=1)
    )
    return Chart((*marks, *lines), title, *labels, y_range=y_range)


def loss(
    history: History,
    *,
    title: str = "",
    labels: tuple[str, str] = ("epoch", "loss"),
    names: tuple[str, str] = ("training", "validation"),
    log: bool = True,
) -> Picture:
    """Show the loss of every epoch, and the validation's beside it where there was one."""
    return over_epochs(history, "loss", title=title, labels=labels, names=names, log=log)


def over_epochs(
    history: History,
    column: str,
    *,
    title: str = "",
    labels: tuple[str, str] | None = None,
    names: tuple[str, str] = ("training", "validation"),
    best: str = "best epoch {}",
    lowest: str = "lowest: epoch {}",
    log: bool = False,
) -> Picture:
    """Show a number of every epoch, that of the validation rows beside it, and the best epoch.

    Args:
        history: of a fit.
        column: one of `history.columns`.
        title: stands above.
        labels: names of the two axes; by default epoch, and the column's own name.
        names: of the line of the training rows and of the validation rows.
        best: name of the mark at the epoch whose weights were put back, with its number put in.
        lowest: the same where none were put back, of the epoch with the lowest validation loss;
            without validation rows there is no mark then.
        log: whether the numbers stand on a log axis.

    Raises:
        DescriptionError: an unknown column.

    """
    columns = history.columns
    if column not in columns:
        raise unknown_name("number of an epoch", column, columns)
    found = [columns[column]]
    if len(beside := columns.get(f"validation_{column}", np.empty(0))):
        found.append(beside)
    lines = [np.asarray(numbers, dtype=np.float64) for numbers in found]
    named = names if len(lines) == 2 else ("",)
    marks = [
        Marks(np.arange(1, len(values) + 1), values, "line", name, color)
        for color, (values, name) in enumerate(zip(lines, named, strict=True))
    ]
    epoch = history.best_epoch or _lowest(history.validation_loss)
    if epoch is not None and epoch <= len(lines[-1]):
        place = np.array([epoch]), lines[-1][[epoch - 1]]
        words = lowest if history.best_epoch is None else best
        marks.append(Marks(*place, "points", fill(words, epoch), 2))
    axes = labels or ("epoch", column.replace("_", " "))
    return Picture((Chart(tuple(marks), title, *axes, log=log),))


def _lowest(validation_loss: Array) -> int | None:
    """Give the epoch, from 1, with the lowest validation loss; None where there is none."""
    if not np.isfinite(validation_loss).any():
        return None
    return int(np.nanargmin(validation_loss)) + 1


def learning_rate(
    finding: RateFinding,
    *,
    title: str = "",
    labels: tuple[str, str] = ("learning rate", "loss"),
    names: tuple[str, str, str] = ("smoothed", "each step", "suggested {:.2g}"),
) -> Picture:
    """Show the loss over the learning rates that a rate-finder tried, and mark its suggestion.

    Args:
        finding: what `Network.find_learning_rate` gave.
        title: stands above.
        labels: names of the two axes.
        names: of the smoothed loss, of the loss, and of the mark, with the rate put in.

    Raises:
        DataError: not even the first loss was finite, so there is nothing to draw.

    """
    if not len(finding.rates):
        raise DataError("no learning rate has a finite loss: there is nothing to draw")
    marks = [
        Marks(finding.rates, finding.smoothed, "line", names[0]),
        Marks(finding.rates, finding.losses, "dots", names[1], 6),
    ]
    if finding.suggestion is not None:
        rate = np.array([finding.suggestion])
        loss = np.interp(np.log(rate), np.log(finding.rates), finding.smoothed)
        marks.append(Marks(rate, loss, "points", fill(names[2], finding.suggestion), 1))
    # The last losses may be beyond all measure; what they were before says how high to look.
    before = finding.smoothed[:-1] if len(finding.smoothed) > 1 else finding.smoothed
    chart = Chart(tuple(marks), title, *labels, log_x=True, y_range=_with_room(before, share=0.15))
    return Picture((chart,))


def regions(
    network: Network,
    X: Array,
    y: Array,
    *,
    title: str = "",
    labels: tuple[str, str] = ("x1", "x2"),
    classes: Sequence[str] | None = None,
) -> Picture:
    """Show points by class, and the lines along which a network of two inputs names another class.

    A line is the dots of a grid whose right or upper neighbour is named otherwise.

    Args:
        network: tells classes apart.
        X: points, (m, 2).
        y: class number of each point.
        title: stands above.
        labels: names of the two axes.
        classes: names of the classes.

    """
    points = scatter(X, y, title=title, labels=labels, classes=classes).charts[0]
    x1, x2 = (np.linspace(low, high, GRID) for low, high in zip(X.min(0), X.max(0), strict=True))
    places = np.stack(np.meshgrid(x1, x2), axis=-1)
    outputs = network.predict(places.reshape(-1, 2))
    reading = reading_of(network.description.loss, network.description.output_activation)
    named = reading.answers(outputs, outputs)[1].reshape(GRID, GRID)
    border = np.zeros((GRID, GRID), dtype=bool)
    border[:, :-1] |= named[:, :-1] != named[:, 1:]
    border[:-1] |= named[:-1] != named[1:]
    across, up = places[border].T
    line = Marks(across, up, "dots", color=6)
    return Picture((replace(points, marks=(line, *points.marks)),))


def hidden(
    network: Network,
    X: Array,
    *,
    title: str = "",
    labels: tuple[str, str] = ("x", ""),
    neuron: str = "neuron {}",
    total: str = "weighted sum",
) -> Picture:
    """Show the curve of each neuron before the last layer, and what the last layer adds up.

    The values are read from a trace of the network over the range of X, (m, 1).
    """
    place = _grid(X)
    trace = network.trace(place, network.predict(place))
    layers = len([name for name in network.weights if name.startswith("W")])
    neurons = np.asarray(trace[f"a{layers - 1}"])
    charts = [
        Chart((Marks(place[:, 0], column, "line", color=j),), fill(neuron, j + 1), *labels)
        for j, column in enumerate(neurons.T)
    ]
    added = np.asarray(trace[f"z{layers}"])[:, 0]
    charts.append(Chart((Marks(place[:, 0], added, "line", color=len(charts)),), total, *labels))
    return Picture(tuple(charts), title)


def fill(text: str, *values: object, **named: object) -> str:
    """Put values into a label, in both of its languages."""
    if isinstance(text, Label):
        return Label(text.format(*values, **named), text.english.format(*values, **named))
    return text.format(*values, **named)


def _grid(X: Array) -> Array:
    """Places over the range of one column, close enough to draw a curve through."""
    X = np.asarray(X, dtype=np.float64)
    if X.ndim != 2 or X.shape[1] != 1:
        raise DataError(f"a curve is drawn over 1 column, got X of shape {X.shape}")
    return np.linspace(X.min(), X.max(), GRID)[:, None]


# ------------------------------------------------------------------------- moving pictures


@dataclass
class Watch:
    """A callback that makes a picture every so many epochs, and keeps them all.

    Args:
        draw: called with (network, history), gives the picture.
        every: number of epochs between two pictures.
        show: called with each picture and the number of its epoch, to draw it at once.

    """

    draw: Callable[[Network, History], Picture]
    every: int = 100
    show: Callable[[Picture, int], None] | None = None
    frames: list[Picture] = field(default_factory=list)

    def __call__(self, network: Network, history: History) -> None:
        """Make one more picture."""
        picture = self.draw(network, history)
        self.frames.append(picture)
        if self.show is not None:
            self.show(picture, len(history.loss))
