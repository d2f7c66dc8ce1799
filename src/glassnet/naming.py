"""What everything in a network is called: values, parameters and axes, layer by layer.

A layer's output is a1 after an activation, z1 for a linear Dense, h1 after any other layer; the
number is that of the Dense that it belongs to. A layer that joins names an earlier value so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from glassnet.errors import DescriptionError, unknown_name
from glassnet.rules.layers import Activation, Dense, Layer

Axis = str | int  # "m" rows of the batch, "n0" inputs, "n1" neurons of layer 1, …, or a fixed size


@dataclass(frozen=True)
class Named:
    """A layer with its names: what goes in, what comes out, and the names of its own values."""

    layer: Layer
    place: int  # among the layers, from 1
    block: int  # number of the Dense layer it belongs to, from 1; 0 before the first
    x: str
    y: str
    width_in: Axis
    width: Axis
    names: Mapping[str, str]
    joined: str = ""  # the earlier value that the layer joins
    made_at: int = 0  # the place of the layer that makes that value; 0 for the inputs

    @property
    def is_trained(self) -> bool:
        """Whether the layer has parameters."""
        return isinstance(self.layer, Dense) or bool(self.layer.parameters or self.layer.lookups())


@dataclass(frozen=True)
class _Value:
    """An earlier value: its name in the lines, its columns, and the place of its layer."""

    name: str
    width: Axis
    made_at: int


class Names:
    """Names the layers of a network in order.

    Args:
        inputs: number of columns of X.
        layers: the layers.
        training: whether the lines of training are named, or those of prediction.

    Raises:
        DescriptionError: a layer joins what is not there, or what does not fit.

    Example:
        >>> names = Names(2, (Dense(3, "relu"), Dense(3)), training=True)
        >>> [(item.x, item.y, item.width) for item in names.items], names.sizes
        ([('x', 'a1', 'n1'), ('a1', 'z2', 'n2')], {'n0': 2, 'n1': 3, 'n2': 3})

    """

    def __init__(self, inputs: int, layers: Sequence[Layer], *, training: bool) -> None:
        self.sizes: dict[str, int] = {}
        self._first_axes: dict[int, str] = {}  # by length
        self._training = training
        # Where values are joined, columns of different layers meet: axes of one length are one.
        self._one_axis_a_size = any(layer.joins_columns for layer in layers)
        self._used: set[str] = set()
        self.values = {"x": _Value("x", self.axis("n0", inputs), 0)}
        self.items = list(self._named(layers))

    def columns(self, axis: Axis) -> int:
        """Give the length of an axis of columns."""
        return axis if isinstance(axis, int) else self.sizes[axis]

    def axis(self, name: str, size: int) -> str:
        """Give the name of an axis: its own, or that of an equally long one where values meet."""
        if self._one_axis_a_size:
            name = self._first_axes.setdefault(size, name)
        self.sizes.setdefault(name, size)
        return name

    def _unique(self, name: str) -> str:
        count, candidate = 1, name
        while candidate in self._used:
            count += 1
            candidate = f"{name}_{count}"
        self._used.add(candidate)
        return candidate

    def _named(self, layers: Sequence[Layer]) -> Iterator[Named]:
        value, block = self.values["x"], 0
        for place, layer in enumerate(layers, start=1):
            block += isinstance(layer, Dense)
            other = self._joined(layer, place, value) if layer.joined_value else None
            width = self._width(layer, block, value.width, other)
            names, y = self._own(layer, block, value.name)
            made = y  # what the value is called while training
            if not isinstance(layer, Dense | Activation) and not self._training:
                y = value.name if layer.predict == () else y
            joined = (other.name, other.made_at) if other else ("", 0)
            yield Named(layer, place, block, value.name, y, value.width, width, names, *joined)
            value = value if y == value.name else _Value(y, width, place)
            self.values[made] = value
            if "z" in names:
                self.values[names["z"]] = _Value(names["z"], width, place)
                self.values[f"a{block}"] = value  # a linear layer's output, too

    def _own(self, layer: Layer, block: int, x: str) -> tuple[dict[str, str], str]:
        """Give the names of a layer's own values, and that of its output."""
        if isinstance(layer, Dense):
            names = {"W": f"W{block}", "b": f"b{block}", "z": self._unique(f"z{block}")}
            linear = layer.activation == "linear"
            return names, names["z"] if linear else self._unique(f"a{block}")
        if isinstance(layer, Activation):
            return {}, x if layer.activation == "linear" else self._unique(f"a{block}")
        own = [n for n, _ in (*layer.parameters, *layer.statistics, *layer.values)]
        names = {n: self._unique(f"{n}{block}") for n in (*own, *(c.name for c in layer.random))}
        for lookup in layer.lookups():
            names |= {n: self._unique(n) for n in (lookup.name, lookup.chosen)}
        return names, self._unique(f"h{block}")

    def _width(self, layer: Layer, block: int, given: Axis, other: _Value | None) -> Axis:
        columns = self.columns(given)
        joined = self.columns(other.width) if other else 0
        for lookup in layer.lookups():
            self.axis(f"k{lookup.column}", lookup.rows)
        for size in layer.parts(columns):
            self.axis(f"p{size}", size)
        if isinstance(layer, Dense):
            return self.axis(f"n{block}", layer.units)
        width = layer.columns_out(columns, joined)
        return given if width == columns else self.axis(f"c{width}", width)

    def _joined(self, layer: Layer, place: int, value: _Value) -> _Value:
        """Find the earlier value that a layer joins; raise DescriptionError if it does not fit."""
        other = self.values.get(layer.joined_value)
        if other is None:
            raise DescriptionError(
                f"layer {place}, {layer!r}:"
                f" {unknown_name('earlier value', layer.joined_value, self.values)}"
            )
        columns = self.columns(value.width), self.columns(other.width)
        if layer.joins_equal_columns and columns[0] != columns[1]:
            raise DescriptionError(
                f"layer {place}, {layer!r}, adds up {value.name} with {_counted(columns[0])} and"
                f" {layer.joined_value} with {_counted(columns[1])}: bring one of them to the"
                " other's number of columns with a Dense layer, or set them side by side with"
                f" gn.Concatenate({layer.joined_value!r})"
            )
        return other


def _counted(columns: int) -> str:
    """Count columns in words.

    >>> _counted(1), _counted(3)
    ('1 column', '3 columns')
    """
    return f"{columns} column{'s' if columns != 1 else ''}"
