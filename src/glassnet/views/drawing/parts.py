"""What a drawing is made of, with its places: plain data that any front end can show.

Places are in units of a drawing whose upper left corner is (0, 0). Whatever stands for a number
holds that number, with its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from glassnet.views.drawing.letters import width_of
from glassnet.views.drawing.numbers import Number

Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True)
class Neuron:
    """One neuron, or one input.

    Args:
        column: it stands in, from 0.
        place: among all numbers of its column, drawn or not, from 0.
        x: of its middle.
        y: of its middle.
        radius: of its rim.
        called: what it is, in words.
        held: every number that is its own, in the order in which they are made.
        value: what it hands on, which fills it; None without an example.
        bias: of a Dense that has biases.
        bias_slope: its gradient, where gradients are drawn.
        error: how the loss changes with it, where gradients are drawn.
        wanted: the target, beside an output.

    """

    column: int
    place: int
    x: float
    y: float
    radius: float
    called: str
    held: tuple[Number, ...] = ()
    value: Number | None = None
    bias: Number | None = None
    bias_slope: Number | None = None
    error: Number | None = None
    wanted: Number | None = None

    @property
    def box(self) -> Box:
        """The room that it takes, within its rim."""
        radius = self.radius
        return self.x - radius, self.y - radius, self.x + radius, self.y + radius

    @property
    def title(self) -> str:
        """What is said of it: its name, then a line for each of its numbers."""
        return "\n".join([self.called, *(number.text for number in self.held)])


@dataclass(frozen=True)
class Link:
    """A line from one neuron to another: a weight, or that a number is handed on as it is.

    Args:
        start: where the number comes from.
        end: where it goes to.
        weight: None where there is none.
        gradient: of the weight, where gradients are drawn.
        note: what happens on a line without a weight.

    """

    start: Neuron
    end: Neuron
    weight: Number | None = None
    gradient: Number | None = None
    note: str = ""


@dataclass(frozen=True)
class Skip:
    """An arc under the columns, by which a layer joins an earlier value."""

    value: str
    equation: str
    start: tuple[float, float]
    end: tuple[float, float]
    depth: float  # y of its lowest part


@dataclass(frozen=True)
class Text:
    """A text with its place: x of its start, middle or end, and y of its base line.

    `number` is what the text shows, if it shows one, and `whole` the text where it was cut.
    """

    kind: Literal[
        "heading",
        "caption",
        "label",
        "value",
        "bias",
        "error",
        "weight",
        "gradient",
        "rest",
        "skip",
    ]
    text: str
    x: float
    y: float
    size: float
    anchor: Literal["start", "middle", "end"] = "middle"
    bold: bool = False
    number: Number | None = None
    whole: str = ""

    @property
    def box(self) -> Box:
        """The room that it takes, in any font."""
        width = width_of(self.text, self.size, bold=self.bold)
        left = self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return left, self.y - 0.8 * self.size, left + width, self.y + 0.25 * self.size


@dataclass(frozen=True)
class Key:
    """An entry of the legend: a sample, and what it stands for, in lines."""

    sample: Literal["weight", "bias", "value", "slope", "error", "passes", "bad", ""]
    lines: tuple[str, ...]
    x: float
    y: float  # base line of its first line
    number: Number | None = None


@dataclass(frozen=True)
class Layout:
    """Everything on a drawing.

    Args:
        width: of the whole.
        height: of the whole.
        name: of the network.
        description: of what is drawn, in sentences.
        neurons: column by column, from the top.
        links: in the order of the weights.
        skips: in the order of the layers.
        texts: that stand anywhere.
        keys: the legend.
        largest_weight: among those drawn, biases too: the widest line.
        largest_slope: the same for gradients.
        largest_error: among the errors of neurons.
        largest_values: by column.

    """

    width: float
    height: float
    name: str
    description: str
    neurons: tuple[Neuron, ...]
    links: tuple[Link, ...]
    skips: tuple[Skip, ...]
    texts: tuple[Text, ...]
    keys: tuple[Key, ...]
    largest_weight: Number | None
    largest_slope: Number | None
    largest_error: Number | None
    largest_values: tuple[Number | None, ...]


def overlap(a: Box, b: Box) -> bool:
    """Whether two boxes have room in common.

    >>> overlap((0, 0, 2, 2), (1, 1, 3, 3)), overlap((0, 0, 2, 2), (2, 0, 3, 2))
    (True, False)
    """
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
