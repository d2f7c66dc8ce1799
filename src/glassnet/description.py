"""What the user says: layers, loss and number type, checked here, before anything is computed.

A Description is frozen, comparable and printable, goes to JSON and back, and holds no arrays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from glassnet.errors import DescriptionError, unknown_name
from glassnet.naming import Names
from glassnet.rules.activations import SHARES
from glassnet.rules.entry import is_integer
from glassnet.rules.initializers import INITIALIZERS, Initializer
from glassnet.rules.layers import LAYERS, Activation, Dense, Embedding, Layer, known_activation
from glassnet.rules.losses import Loss, backward_rule, loss_from_json
from glassnet.rules.losses import loss as loss_of

DTYPES = ("float32", "float64")
MOST_UNITS = 2**24  # a wider layer is a slip of the keyboard, not a network
MOST_PARAMETERS = 2**28  # 1 GiB of float32; gradients and Adam's state take three more


@dataclass(frozen=True)
class Parameter:
    """One array that is trained: its name, its shape, how it is first filled, and its kind."""

    name: str
    shape: tuple[int, ...]
    initializer: Initializer | float  # a number fills it
    kind: str = "scales"  # one of glassnet.rules.optimizers.PARAMETER_KINDS


@dataclass(frozen=True)
class Description:
    """A network as its user describes it: inputs, layers, loss, dtype.

    Args:
        inputs: number of columns of X.
        layers: the layers, in the order in which the numbers pass them.
        loss: a loss, or a name from the table of losses, which becomes one; by default
            cross_entropy after softmax or log_softmax, else mean_squared_error.
        dtype: "float32" or "float64".

    Raises:
        DescriptionError: anything that cannot be, with what would be right.

    Example:
        >>> Description.read("2-3-1 sigmoid")
        Description(2, Dense(3, activation='sigmoid'), Dense(1, activation='sigmoid'))
        >>> Description.read("2-3-1 sigmoid").loss
        MeanSquaredError()

    """

    inputs: int
    layers: tuple[Layer, ...]
    loss: Loss = ""  # type: ignore[assignment]  # a name becomes the loss it names
    dtype: str = "float32"

    def __post_init__(self) -> None:
        _check_size("inputs", self.inputs)
        object.__setattr__(self, "inputs", int(self.inputs))
        if not isinstance(self.layers, tuple | list):
            raise DescriptionError(f"the layers must be a list of layers, got {self.layers!r}")
        object.__setattr__(self, "layers", tuple(self.layers))
        for place, layer in enumerate(self.layers, start=1):
            if not isinstance(layer, Layer):
                raise DescriptionError(
                    f"layer {place} must be a layer such as gn.Dense(3, 'relu'), got {layer!r}"
                )
            if isinstance(layer, Dense):
                _check_size(f"units of layer {place}", layer.units)
        if not any(isinstance(layer, Dense) for layer in self.layers):
            raise DescriptionError("a network needs at least one Dense layer, got none")
        if not isinstance(self.layers[-1], Dense | Activation):
            raise DescriptionError(
                "the last layer must be a Dense or an Activation, whose numbers are the outputs,"
                f" got {self.layers[-1]!r}"
            )
        self._check_embeddings()
        for place, width in enumerate(self.widths, start=1):
            _check_size(f"columns that layer {place} gives", width)
        object.__setattr__(self, "dtype", _dtype_name(self.dtype))
        if not self.loss:
            shares = self.output_activation in SHARES
            object.__setattr__(self, "loss", "cross_entropy" if shares else "mean_squared_error")
        object.__setattr__(self, "loss", loss_of(self.loss))
        if self.output_activation in SHARES and self.outputs == 1:
            raise DescriptionError(
                f"a {self.output_activation} of 1 output is always the same: use 2 outputs, or"
                " sigmoid for yes and no"
            )
        self.loss.check_outputs(self.outputs)
        backward_rule(self.output_activation, self.loss)
        _check_parameters(self.parameter_counts())

    @classmethod
    def read(
        cls,
        what: str | Iterable[int],
        activations: Sequence[str] | str | None = None,
        loss: Loss | str = "",
        dtype: str = "float32",
    ) -> Description:
        """Make a description from a short form: "2-64-3 relu softmax", or sizes and activations.

        One activation is used in every layer; two are the hidden layers' and the output's; else
        one for each layer.
        """
        if isinstance(what, str):
            sizes, words = _read_text(what)
            if activations is not None and words:
                raise DescriptionError(f"activations given twice: in {what!r} and {activations!r}")
            activations = words or activations
        elif isinstance(what, Iterable) and not isinstance(what, bytes):
            sizes = list(what)
        else:
            raise DescriptionError(
                f"cannot read {what!r}: write '2-3-1 sigmoid', or sizes as in [2, 3, 1]"
            )
        if len(sizes) < 2:
            raise DescriptionError(f"a network needs at least 2 sizes, as in '2-3-1', got {what!r}")
        if not isinstance(activations, Sequence | None):
            raise DescriptionError(f"activations must be names, got {activations!r}")
        names = [activations] if isinstance(activations, str) else list(activations or [])
        layers = len(sizes) - 1
        if len(names) == 0:
            raise DescriptionError(
                f"no activation given: write '{'-'.join(map(str, sizes))} sigmoid'"
            )
        if len(names) == 1:
            names = names * layers
        elif len(names) == 2 and layers > 2:
            names = [names[0]] * (layers - 1) + [names[1]]
        if len(names) != layers:
            raise DescriptionError(
                f"{len(sizes)} sizes make {_counts_for(layers)},"
                f" got {len(names)}: {', '.join(map(str, names))}"
            )
        for place, size in enumerate(sizes):
            _check_size(f"size {place + 1}", size)
        dense = tuple(Dense(n, a) for n, a in zip(sizes[1:], names, strict=True))
        return cls(sizes[0], dense, loss, dtype)  # type: ignore[arg-type]

    def _check_embeddings(self) -> None:
        for place, layer in enumerate(self.layers, start=1):
            if isinstance(layer, Embedding) and place > 1:
                raise DescriptionError(
                    f"layer {place} is {layer!r}: an Embedding reads the categories in X and must"
                    " be the first layer, one for all columns of categories"
                )
        missing = [column for column in self.categories if column >= self.inputs]
        if missing:
            raise DescriptionError(
                f"{self.layers[0]!r} names column {missing[0]}, but X has {self.inputs}: columns"
                " are counted from 0"
            )

    @cached_property
    def categories(self) -> dict[int, int]:
        """How many categories there are in each column of X that holds categories."""
        lookups = [lookup for layer in self.layers for lookup in layer.lookups()]
        return {lookup.column: lookup.rows for lookup in lookups}

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """Number of columns that each layer gives."""
        names = Names(self.inputs, self.layers, training=True)
        return tuple(names.columns(item.width) for item in names.items)

    @property
    def outputs(self) -> int:
        """Number of columns of the outputs."""
        return self.widths[-1]

    @property
    def output_activation(self) -> str:
        """Name of the activation that gives the outputs."""
        last = self.layers[-1]
        assert isinstance(last, Dense | Activation)
        return last.activation

    @property
    def ties_rows(self) -> bool:
        """Whether the rows of a batch change each other while training."""
        return any(layer.ties_rows for layer in self.layers)

    def parameter_counts(self) -> list[int]:
        """Give the number of trained numbers in each layer.

        >>> Description.read("2-3-1 sigmoid").parameter_counts()
        [9, 4]
        """
        counts, given = [], self.inputs
        for layer, width in zip(self.layers, self.widths, strict=True):
            if isinstance(layer, Dense):
                counts.append((given + layer.bias) * layer.units)
            else:
                tables = sum(lookup.rows * lookup.columns for lookup in layer.lookups())
                counts.append(len(layer.parameters) * given + tables)
            given = width
        return counts

    def short(self) -> str:
        """Give the description in one line, as '2-64-3 relu softmax'; other layers by name.

        >>> Description.read("2-64-64-3 relu softmax").short()
        '2-64-64-3 relu softmax'
        """
        sizes = [str(self.inputs)] + [str(p.units) for p in self.layers if isinstance(p, Dense)]
        names = [p.activation for p in self.layers if isinstance(p, Dense | Activation)]
        if len(set(names)) == 1:
            names = names[:1]
        elif len(names) > 2 and len(set(names[:-1])) == 1:
            names = [names[0], names[-1]]
        others = [repr(p) for p in self.layers if not isinstance(p, Dense | Activation)]
        return " ".join(["-".join(sizes), *names, *dict.fromkeys(others)])

    def __repr__(self) -> str:
        usual = Description(self.inputs, self.layers)
        parts = [str(self.inputs), *map(repr, self.layers)]
        loss = repr(self.loss.name if self.loss.is_named else self.loss)
        parts += [f"loss={loss}"] if self.loss != usual.loss else []
        parts += [f"dtype={self.dtype!r}"] if self.dtype != usual.dtype else []
        return f"Description({', '.join(parts)})"

    def to_json(self) -> dict[str, Any]:
        """Give the description as plain data for JSON."""
        return {
            "inputs": self.inputs,
            "layers": [layer.to_json() for layer in self.layers],
            "loss": self.loss.name if self.loss.is_named else self.loss.to_json(),
            "dtype": self.dtype,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Description:
        """Make the description again from plain data.

        Names are only looked up in glassnet's own tables; anything unknown is an error.

        >>> net = Description.read("2-3-1 sigmoid")
        >>> Description.from_json(net.to_json()) == net
        True
        """
        if not isinstance(data, Mapping):
            raise DescriptionError(f"a description must be an object, got {type(data).__name__}")
        wanted = {"inputs", "layers", "loss", "dtype"}
        if set(data) != wanted:
            raise DescriptionError(
                f"a description has the keys {sorted(wanted)}, got {sorted(map(str, data))}"
            )
        if not isinstance(data["layers"], list):
            raise DescriptionError("the layers of a description must be a list")
        if not isinstance(data["dtype"], str) or not data["dtype"]:
            raise DescriptionError("the dtype of a description must be a name, as text")
        layers = tuple(_layer_from_json(entry) for entry in data["layers"])
        return cls(data["inputs"], layers, loss_from_json(data["loss"]), data["dtype"])


def _layer_from_json(data: Any) -> Layer:
    if not isinstance(data, Mapping) or not isinstance(data.get("name"), str):
        raise DescriptionError("a layer must be an object with a name")
    if data["name"] not in LAYERS:
        raise unknown_name("layer", data["name"], LAYERS)
    options = dict(data)
    for key, value in data.items():
        if isinstance(value, Mapping) and key.endswith("initializer"):
            options[key] = _initializer_from_json(value)
    layer: Layer = LAYERS[data["name"]].from_json(options)
    return layer


def _initializer_from_json(data: Mapping[str, Any]) -> Initializer:
    kinds = {kind.__name__: kind for kind in INITIALIZERS.values()}
    name = data.get("name")
    if not isinstance(name, str) or name not in kinds:
        raise unknown_name("initializer", name, kinds)
    return kinds[name].from_json(data)


def _dtype_name(dtype: object) -> str:
    """Give the name of a number type, which may also be NumPy's own object for it."""
    name = getattr(dtype, "__name__", None) or str(dtype)
    if name not in DTYPES:
        raise unknown_name("dtype", name, DTYPES)
    return name


def _check_size(what: str, size: object) -> None:
    if hasattr(size, "item"):
        size = size.item()  # a NumPy integer
    if not is_integer(size) or not 1 <= size <= MOST_UNITS:  # type: ignore[operator]
        raise DescriptionError(
            f"{what} must be a whole number from 1 to {MOST_UNITS}, got {size!r}"
        )


def _check_parameters(counts: Sequence[int]) -> None:
    """Raise DescriptionError for more parameters than a computer of today can train."""
    if sum(counts) > MOST_PARAMETERS:
        raise DescriptionError(
            f"the network has {sum(counts):,} weights, {max(counts):,} of them in one layer; more"
            f" than {MOST_PARAMETERS:,} do not fit into memory with all that a step needs:"
            " make layers smaller"
        )


def _counts_for(layers: int) -> str:
    """Say how many activations may be given for so many layers.

    >>> [_counts_for(layers) for layers in (1, 2)]
    ['1 layer, which takes 1 activation', '2 layers, which take 1 or 2 activations']
    """
    if layers == 1:
        return "1 layer, which takes 1 activation"
    counts = "1 or 2" if layers == 2 else f"1, 2 or {layers}"
    return f"{layers} layers, which take {counts} activations"


def _read_text(text: str) -> tuple[list[int], list[str]]:
    first, *words = text.replace(",", " ").split() or [""]
    if not re.fullmatch(r"[0-9]{1,9}(-[0-9]{1,9})+", first):
        raise DescriptionError(
            f"cannot read {text!r}: write the sizes, then activations, as in '2-64-3 relu softmax'"
        )
    for word in words:
        known_activation(word)
    return [int(size) for size in first.split("-")], words
