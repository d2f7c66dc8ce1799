"""Layers: the rules they call, forward above backward, then each layer as the lines it writes.

A layer never computes. It names its parameters, its running statistics and its random inputs, and
gives its forward, backward and remember lines as templates; `glassnet.program` puts the names in.
In the templates {x} is what goes in and {y} what comes out, d{x} and d{y} their gradients.
"""

# ruff: noqa: D103 - each rule is described by the layer that writes it

from __future__ import annotations

import itertools
import re
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np

from glassnet.errors import DescriptionError, unknown_name
from glassnet.rules.activations import ACTIVATIONS
from glassnet.rules.entry import (
    COUNT,
    FLAG,
    NONE_OR_POSITIVE,
    NOT_NEGATIVE,
    PART,
    POSITIVE,
    Check,
    Entry,
    Template,
    is_integer,
    option,
)
from glassnet.rules.initializers import Glorot, He, Initializer, LeCun, Normal, Zeros, initializer
from glassnet.rules.randomness import KEPT, NORMAL, Draw
from glassnet.rules.schedules import FRACTIONS, NOT_NEGATIVES, Schedule, with_schedules


def sum_over_batch(d):
    # A product adds in blocks; np.sum(d, axis=0) adds row after row and drifts in float32.
    return np.ones_like(d[:, 0]) @ d


def layer_norm(x, scale, shift, epsilon=1e-5):
    n = x.shape[1]
    centred = x - np.sum(x, axis=1, keepdims=True) / n
    per_spread = 1 / np.sqrt(np.sum(centred * centred, axis=1, keepdims=True) / n + epsilon)
    normal = centred * per_spread
    return normal * scale + shift, normal, per_spread


def layer_norm_back(dy, normal, per_spread, scale):
    n = dy.shape[1]
    d = dy * scale
    mean = np.sum(d, axis=1, keepdims=True) / n
    share = np.sum(d * normal, axis=1, keepdims=True) / n
    return per_spread * (d - mean - normal * share), sum_over_batch(dy * normal), sum_over_batch(dy)


def batch_norm(x, scale, shift, w, epsilon=1e-5):
    share = w / np.sum(w)
    mean = sum_over_batch(share * x)
    centred = x - mean
    variance = sum_over_batch(share * centred * centred)
    per_spread = 1 / np.sqrt(variance + epsilon)
    normal = centred * per_spread
    return normal * scale + shift, normal, per_spread, mean, variance


def batch_norm_back(dy, normal, per_spread, scale, w):
    share = w / np.sum(w)
    dscale = sum_over_batch(dy * normal)
    dshift = sum_over_batch(dy)
    return scale * per_spread * (dy - share * dshift - share * normal * dscale), dscale, dshift


def batch_norm_predict(x, scale, shift, mean, variance, epsilon=1e-5):
    return (x - mean) / np.sqrt(variance + epsilon) * scale + shift


def prelu(x, slope):
    return np.where(x > 0, x, slope * x)


def prelu_back(dy, x, slope):
    return dy * np.where(x > 0, 1, slope), sum_over_batch(dy * np.minimum(x, 0))


def running(old, new, momentum=0.1):
    return (1 - momentum) * old + momentum * new


def rows_of(table, numbers):
    return table[np.intp(numbers)]


def sums_by_row(d, numbers, table):
    sums = np.zeros_like(table)
    np.add.at(sums, np.intp(numbers), d)
    return sums


@dataclass(frozen=True)
class Chance:
    """A random input of a layer: its short name, how it is drawn, and the option that sets that."""

    name: str
    draw: Draw
    option: str


@dataclass(frozen=True)
class Lookup:
    """A learned table whose rows are chosen by the whole numbers in a column of the inputs."""

    name: str
    chosen: str  # name of the rows that a batch chooses
    column: int
    rows: int
    columns: int
    initializer: Initializer


@dataclass(frozen=True, repr=False)
class Layer(Entry):
    """One layer of a network: options as fields, and the lines that it writes."""

    # What a layer is made of, each by a short name that also names it in the program.
    parameters: ClassVar[tuple[tuple[str, float], ...]] = ()  # (name, first value), of shape (n,)
    statistics: ClassVar[tuple[tuple[str, float], ...]] = ()  # running values, of shape (n,)
    values: ClassVar[tuple[tuple[str, str], ...]] = ()  # (name, shape): (m, n), (m, 1) or (n,)
    random: ClassVar[tuple[Chance, ...]] = ()  # random inputs of shape (m, n)
    forward: ClassVar[tuple[Template, ...]] = ()
    predict: ClassVar[tuple[Template, ...] | None] = None  # where it differs; () passes x on
    backward: ClassVar[tuple[Template, ...]] = ()
    remember: ClassVar[tuple[Template, ...]] = ()
    shown_options: ClassVar[tuple[str, ...]] = ()  # written into the lines where not the default
    gain: ClassVar[str] = ""  # the initializer that suits it, where it is an activation
    kinks: ClassVar[tuple[float, ...]] = ()  # where its slope jumps
    ties_rows: ClassVar[bool] = False  # whether the rows of a batch change each other
    joins_columns: ClassVar[bool] = False  # whether columns of different layers meet in it
    joins_equal_columns: ClassVar[bool] = False  # and must be equally many
    skip: ClassVar[str] = ""  # the error that goes back to an earlier value that it joins
    source: ClassVar[str] = ""

    @property
    def joined_value(self) -> str:
        """Name of the earlier value that it joins; empty if it joins none."""
        return ""

    def columns_out(self, columns: int, joined: int) -> int:
        """Give how many columns it makes of so many, and of so many that it joins."""
        return columns

    def forward_lines(self, columns: int) -> tuple[Template, ...]:
        """Give the forward lines for so many columns."""
        return self.forward

    def backward_lines(self, columns: int) -> tuple[Template, ...]:
        """Give the backward lines for so many columns."""
        return self.backward

    def lookups(self) -> tuple[Lookup, ...]:
        """Give its tables of rows."""
        return ()

    def parts(self, columns: int) -> tuple[int, ...]:
        """Give the sizes of the parts into which it cuts so many columns."""
        return ()

    @classmethod
    def from_json(cls, data: Any) -> Any:
        """Make the layer again from plain data."""
        return super().from_json(with_schedules(cls, data))


ACTIVATION_NAME = Check(lambda v: isinstance(v, str), "the name of an activation, as text")
INITIALIZER = Check(
    lambda v: v is None or isinstance(v, str | Initializer),
    "an initializer, such as gn.Normal(0.01) or 'he'",
)


def known_activation(name: str) -> None:
    """Raise DescriptionError unless there is an activation of this name."""
    if name not in ACTIVATIONS:
        if str(name).casefold() == PReLU.__name__.casefold():  # others call it an activation
            raise DescriptionError(
                f"{name!r} learns its slope, so it is a layer: write gn.PReLU() after the Dense"
            )
        unknown = unknown_name("activation", name, ACTIVATIONS)
        raise DescriptionError(f"{unknown}; one of your own: gn.register_activation first")


@dataclass(frozen=True, repr=False)
class Dense(Layer):
    """A fully connected layer: a = activation(x @ W + b).

    Args:
        units: number of neurons n; W is (inputs, n), b is (n,).
        activation: a name from the table of activations.
        bias: whether there is a b.
        weight_initializer: how W is drawn; by default He's where the activation is like relu, else
            Glorot's. A Dense without an activation asks the one that follows it.
        bias_initializer: how b is drawn; zeros by default.
        l1: l1·Σ|W| is added to the loss of each step, whatever the size of its batch; its slope at
            0 is 0.
        l2: l2·ΣW² is added likewise (as in Keras; it is a coupled weight decay of 2·l2).
        max_norm: after each step, the weights into a neuron that are longer are cut to this length.
        non_negative: after each step, weights below 0 become 0.

    Raises:
        DescriptionError: an option is out of range or a name is unknown.

    Example:
        >>> Dense(64, "relu")
        Dense(64, activation='relu')

    """

    units: int = option(COUNT)
    activation: str = option(ACTIVATION_NAME, "linear")
    bias: bool = option(FLAG, True)
    weight_initializer: Initializer | str | None = option(INITIALIZER, None)
    bias_initializer: Initializer | str | None = option(INITIALIZER, None)
    _: KW_ONLY
    l1: float = option(NOT_NEGATIVE, 0.0, later=True)
    l2: float = option(NOT_NEGATIVE, 0.0, later=True)
    max_norm: float | None = option(NONE_OR_POSITIVE, None, later=True)
    non_negative: bool = option(FLAG, False, later=True)
    source: ClassVar[str] = "Rumelhart, Hinton, Williams: Nature 323 (1986)"

    def __post_init__(self) -> None:
        super().__post_init__()
        known_activation(self.activation)
        if self.weight_initializer is None and self.activation != "linear":
            object.__setattr__(self, "weight_initializer", suited(self))
        for name, fallback in (("weight_initializer", None), ("bias_initializer", Zeros())):
            given = getattr(self, name)
            object.__setattr__(self, name, fallback if given is None else initializer(given))
        if getattr(self.bias_initializer, "looks_at_data", False):
            raise DescriptionError(
                f"Dense: {self.bias_initializer!r} is for weights, as a bias changes no variance:"
                " take another bias_initializer, such as gn.Zeros()"
            )

    def __repr__(self) -> str:
        plain = Dense(self.units, self.activation)
        shown = [str(self.units), f"activation={self.activation!r}"]
        for name in list(plain.__dataclass_fields__)[2:]:
            if getattr(self, name) != getattr(plain, name):
                shown.append(f"{name}={getattr(self, name)!r}")
        return f"Dense({', '.join(shown)})"


def suited(layer: Layer) -> Initializer:
    """Give the initializer of weights that keeps the size of signals through an activation.

    >>> suited(Activation("relu")), suited(Activation("tanh")), suited(PReLU())
    (He(), Glorot(), He())
    """
    name = getattr(layer, "activation", "")
    gain = ACTIVATIONS[name].gain if name else layer.gain
    return {"he": He(), "lecun": LeCun()}.get(gain, Glorot())


@dataclass(frozen=True, repr=False)
class Activation(Layer):
    """An activation as a layer of its own, for example after a BatchNorm.

    Raises:
        DescriptionError: the name is unknown.

    Example:
        >>> Activation("relu")
        Activation('relu')

    """

    activation: str = option(ACTIVATION_NAME)

    def __post_init__(self) -> None:
        super().__post_init__()
        known_activation(self.activation)


@dataclass(frozen=True, repr=False)
class PReLU(Layer):
    """Pass what is above 0, and the rest times a slope that each neuron learns.

    Source: He and others: Delving Deep into Rectifiers (2015). The slopes start at 0.25.

    Example:
        >>> PReLU()
        PReLU()

    """

    parameters: ClassVar[tuple[tuple[str, float], ...]] = (("slope", 0.25),)
    forward: ClassVar[tuple[Template, ...]] = (
        Template(
            "{y} = prelu({x}, {slope})",
            "{y} = {x} where {x} > 0, else {slope} · {x}",
            "passes what is above 0, and the rest by a slope that is learned",
        ),
    )
    backward: ClassVar[tuple[Template, ...]] = (
        Template(
            "d{x}, d{slope} = prelu_back(d{y}, {x}, {slope})",
            "d{x} = d{y} · (1 where {x} > 0, else {slope}),  d{slope} = Σ d{y} · min({x}, 0)",
            "the error, as steep as the part that the number was in",
        ),
    )
    gain: ClassVar[str] = "he"
    kinks: ClassVar[tuple[float, ...]] = (0.0,)
    source: ClassVar[str] = "He and others: Delving Deep into Rectifiers, ICCV (2015)"


@dataclass(frozen=True, repr=False)
class Dropout(Layer):
    """While training, set each number to 0 with chance `rate` and raise the others to 1/(1 − rate).

    The rate is a number, or a schedule that gives it for each step of a fit. Prediction passes
    everything on. Source: Srivastava and others, JMLR 15 (2014).

    Raises:
        DescriptionError: the rate is not in [0, 1).

    Example:
        >>> Dropout(0.2)
        Dropout(0.2)

    """

    rate: float | Schedule = option(FRACTIONS)
    random: ClassVar[tuple[Chance, ...]] = (Chance("keep", KEPT, "rate"),)
    forward: ClassVar[tuple[Template, ...]] = (
        Template("{y} = {x} * {keep}", "{y} = {x} · {keep}", "some numbers are left out by chance"),
    )
    predict: ClassVar[tuple[Template, ...] | None] = ()
    backward: ClassVar[tuple[Template, ...]] = (
        Template("d{x} = d{y} * {keep}", "d{x} = d{y} · {keep}", "what was left out has no part"),
    )
    source: ClassVar[str] = "Srivastava and others: Dropout, JMLR 15 (2014)"


@dataclass(frozen=True, repr=False)
class GaussianNoise(Layer):
    """While training, add a normal number of mean 0 and a spread to each number.

    The spread (standard deviation) is a number, or a schedule that gives it for each step of a fit.
    Prediction passes everything on. As Keras' GaussianNoise.
    Source: Bishop: Training with Noise is Equivalent to Tikhonov Regularization (1995).

    Raises:
        DescriptionError: the spread is below 0.

    Example:
        >>> GaussianNoise(0.1)
        GaussianNoise(0.1)

    """

    spread: float | Schedule = option(NOT_NEGATIVES)
    random: ClassVar[tuple[Chance, ...]] = (Chance("noise", NORMAL, "spread"),)
    forward: ClassVar[tuple[Template, ...]] = (
        Template(
            "{y} = {x} + {noise}", "{y} = {x} + {noise}", "normal numbers are added by chance"
        ),
    )
    predict: ClassVar[tuple[Template, ...] | None] = ()
    backward: ClassVar[tuple[Template, ...]] = (
        Template("d{x} = d{y}", "d{x} = d{y}", "noise takes nothing from the error"),
    )
    source: ClassVar[str] = "Bishop: Neural Computation 7 (1995)"


@dataclass(frozen=True, repr=False)
class Scale(Layer):
    """Stretch each column by a factor of its own, which is learned and starts at 1.

    As the first layer it learns how much each feature counts.
    Source: Holzmüller, Grinsztajn, Steinwart: RealMLP (2024).

    Example:
        >>> Scale()
        Scale()

    """

    parameters: ClassVar[tuple[tuple[str, float], ...]] = (("scale", 1.0),)
    forward: ClassVar[tuple[Template, ...]] = (
        Template(
            "{y} = {x} * {scale}", "{y} = {x} · {scale}", "each column by its own learned factor"
        ),
    )
    backward: ClassVar[tuple[Template, ...]] = (
        Template(
            "d{scale} = sum_over_batch(d{y} * {x})",
            "d{scale} = Σ d{y} · {x} over the batch",
            "the factors' part: error times inputs, summed over the batch",
        ),
        Template("d{x} = d{y} * {scale}", "d{x} = d{y} · {scale}", "the error, by the same factor"),
    )
    source: ClassVar[str] = "Holzmüller, Grinsztajn, Steinwart: RealMLP (2024)"


@dataclass(frozen=True, repr=False)
class LayerNorm(Layer):
    """Shift and scale each row to mean 0 and spread 1, then by learned scale and shift (n,).

    normal = (x − mean(x)) / √(var(x) + epsilon) over the columns of a row;
    y = normal·scale + shift. Source: Ba, Kiros, Hinton: Layer Normalization (2016).

    Raises:
        DescriptionError: epsilon is not above 0.

    Example:
        >>> LayerNorm()
        LayerNorm()

    """

    epsilon: float = option(POSITIVE, 1e-5)
    parameters: ClassVar[tuple[tuple[str, float], ...]] = (("scale", 1.0), ("shift", 0.0))
    values: ClassVar[tuple[tuple[str, str], ...]] = (("normal", "(m, n)"), ("per_spread", "(m, 1)"))
    forward: ClassVar[tuple[Template, ...]] = (
        Template(
            "{y}, {normal}, {per_spread} = layer_norm({x}, {scale}, {shift}{options})",
            "{y} = {normal} · {scale} + {shift},  {normal} = ({x} − mean) / √(variance + ε)",
            "each row is brought to mean 0 and spread 1, then scaled and shifted",
        ),
    )
    backward: ClassVar[tuple[Template, ...]] = (
        Template(
            "d{x}, d{scale}, d{shift} = layer_norm_back(d{y}, {normal}, {per_spread}, {scale})",
            "d{x} = (d − mean(d) − {normal} · mean(d · {normal})) · {per_spread},"
            "  d = d{y} · {scale}",
            "the error, without the part that only moves or stretches a whole row",
        ),
    )
    shown_options: ClassVar[tuple[str, ...]] = ("epsilon",)
    source: ClassVar[str] = "Ba, Kiros, Hinton: Layer Normalization (2016)"


@dataclass(frozen=True, repr=False)
class BatchNorm(Layer):
    """Shift and scale each column to mean 0 and spread 1 over the batch, then by scale and shift.

    Mean and variance count each row by its weight w. `momentum` is the part of a new batch in the
    running mean and variance, which prediction uses (as in PyTorch; Keras counts the other way).
    The running variance is the one that normalises (divided by the number of rows, as in Keras).
    Source: Ioffe, Szegedy: Batch Normalization (2015).

    Raises:
        DescriptionError: an option is out of range.

    Example:
        >>> BatchNorm(momentum=0.05)
        BatchNorm(momentum=0.05)

    """

    momentum: float = option(PART, 0.1)
    epsilon: float = option(POSITIVE, 1e-5)
    parameters: ClassVar[tuple[tuple[str, float], ...]] = (("scale", 1.0), ("shift", 0.0))
    statistics: ClassVar[tuple[tuple[str, float], ...]] = (("mean", 0.0), ("variance", 1.0))
    values: ClassVar[tuple[tuple[str, str], ...]] = (
        ("normal", "(m, n)"),
        ("per_spread", "(n,)"),
        ("batch_mean", "(n,)"),
        ("batch_variance", "(n,)"),
    )
    forward: ClassVar[tuple[Template, ...]] = (
        Template(
            "{y}, {normal}, {per_spread}, {batch_mean}, {batch_variance} = "
            "batch_norm({x}, {scale}, {shift}, w{options})",
            "{y} = {normal} · {scale} + {shift},  {normal} = ({x} − mean) / √(variance + ε)",
            "each column is brought to mean 0 and spread 1 over the batch, then scaled and shifted",
        ),
    )
    predict: ClassVar[tuple[Template, ...] | None] = (
        Template(
            "{y} = batch_norm_predict({x}, {scale}, {shift}, {mean}, {variance}{options})",
            "{y} = ({x} − {mean}) / √({variance} + ε) · {scale} + {shift}",
            "as while training, with the running mean and variance",
        ),
    )
    backward: ClassVar[tuple[Template, ...]] = (
        Template(
            "d{x}, d{scale}, d{shift} = batch_norm_back(d{y}, {normal}, {per_spread}, {scale}, w)",
            "d{x} = {scale} · {per_spread} · (d{y} − share·d{shift} − share·{normal}·d{scale}),"
            "  share = w / Σ w",
            "the error, without the part that only moves or stretches a whole column",
        ),
    )
    remember: ClassVar[tuple[Template, ...]] = (
        Template(
            "{mean} = running({mean}, {batch_mean}{momentum_option})",
            "{mean} = (1 − momentum) · {mean} + momentum · {batch_mean}",
            "the running mean, for prediction",
        ),
        Template(
            "{variance} = running({variance}, {batch_variance}{momentum_option})",
            "{variance} = (1 − momentum) · {variance} + momentum · {batch_variance}",
            "the running variance, for prediction",
        ),
    )
    shown_options: ClassVar[tuple[str, ...]] = ("epsilon",)
    ties_rows: ClassVar[bool] = True
    source: ClassVar[str] = "Ioffe, Szegedy: Batch Normalization (2015)"


NAMES_OF_VALUES = re.compile(r"x|[ahz][0-9]{1,9}(_[0-9]{1,9})?")
VALUE_NAME = Check(
    lambda v: isinstance(v, str) and bool(NAMES_OF_VALUES.fullmatch(v)),
    "the name of an earlier value, such as 'a1' or 'x'",
)


@dataclass(frozen=True, repr=False)
class Add(Layer):
    """Add an earlier value: a skip connection, by which numbers and errors pass layers by.

    Args:
        value: what is added, by its name in the program: "x" for the inputs, "a1" for the output
            of the first Dense, "h2" for what a Dropout, a norm or a join after the second gives.
            It must have as many columns.

    Source: He and others: Deep Residual Learning (2016).

    Raises:
        DescriptionError: this is no name of a value. A network also refuses one that is not there,
            or has another number of columns.

    Example:
        >>> import glassnet as gn
        >>> block = gn.Dense(8, "relu"), gn.Dense(8), gn.Add("a1"), gn.Activation("relu")
        >>> for line in gn.Network(2, *block, gn.Dense(1)).program().lines[2:5]:
        ...     print(line.text)
        z2 = a1 @ W2 + b2
        h2 = z2 + a1
        a2 = relu(h2)

    """

    value: str = option(VALUE_NAME)
    forward: ClassVar[tuple[Template, ...]] = (
        Template("{y} = {x} + {value}", "{y} = {x} + {value}", "an earlier value is added"),
    )
    backward: ClassVar[tuple[Template, ...]] = (
        Template("d{x} = d{y}", "d{x} = d{y}", "a sum hands its error on as it is"),
    )
    skip: ClassVar[str] = "d{y}"
    joins_columns: ClassVar[bool] = True
    joins_equal_columns: ClassVar[bool] = True
    source: ClassVar[str] = "He and others: Deep Residual Learning, CVPR (2016)"

    @property
    def joined_value(self) -> str:
        """Name of what is added."""
        return self.value


@dataclass(frozen=True, repr=False)
class Concatenate(Layer):
    """Set an earlier value beside the columns that come in: a skip connection without a sum.

    Args:
        value: what is set to the right, by its name in the program: "x", "a1", "h2", …

    Source: Huang and others: Densely Connected Convolutional Networks (2017).

    Raises:
        DescriptionError: this is no name of a value. A network also refuses one that is not there.

    Example:
        >>> import glassnet as gn
        >>> net = gn.Network(2, gn.Dense(8, "relu"), gn.Concatenate("x"), gn.Dense(1))
        >>> print(net.program().lines[2].text)
        h1 = np.hstack((a1, x))
        >>> net.weights["W2"].shape
        (10, 1)

    """

    value: str = option(VALUE_NAME)
    forward: ClassVar[tuple[Template, ...]] = (
        Template(
            "{y} = np.hstack(({x}, {value}))",
            "{y} = {x} and {value}, side by side",
            "an earlier value is set beside it",
        ),
    )
    backward: ClassVar[tuple[Template, ...]] = (
        Template(
            "d{x} = d{y}[:, :{columns}]",
            "d{x} = the first {columns} columns of d{y}",
            "each part takes the error of its own columns",
        ),
    )
    skip: ClassVar[str] = "d{y}[:, {columns}:]"
    joins_columns: ClassVar[bool] = True
    source: ClassVar[str] = (
        "Huang and others: Densely Connected Convolutional Networks, CVPR (2017)"
    )

    @property
    def joined_value(self) -> str:
        """Name of what is set to the right."""
        return self.value

    def columns_out(self, columns: int, joined: int) -> int:
        """Give both together."""
        return columns + joined


MOST_TABLES = 1000  # of one Embedding: each has lines of its own in the program


def _counts(lowest: int) -> Check:
    return Check(
        lambda v: (
            1 <= len(_several(v)) <= MOST_TABLES
            and all(is_integer(n) and lowest <= n < 2**24 for n in _several(v))
        ),
        f"a whole number from {lowest} up, or at most {MOST_TABLES} of them",
    )


@dataclass(frozen=True, repr=False)
class Embedding(Layer):
    """Turn columns of categories into learned numbers; the first layer, where there is one.

    A column that holds the whole numbers 0 … k − 1 chooses, in each row of X, one row of a table
    E of shape (k, size). The columns that are not named come first in the output, as they are.

    Args:
        columns: which columns of X, counted from 0.
        categories: how many categories k each of them has; one number is for all.
        size: how many numbers each becomes; one number is for all.
        initializer: how a table is drawn; by default mean 0 and spread 1, as scaled columns have.

    Source: Bengio and others, JMLR 3 (2003).

    Raises:
        DescriptionError: an option is out of range, a column comes twice, or the counts differ.

    Example:
        >>> import glassnet as gn
        >>> net = gn.Network(3, gn.Embedding(columns=1, categories=50, size=4), gn.Dense(1))
        >>> for line in net.program().lines[:2]:
        ...     print(line.text)
        e1 = rows_of(E1, x[:, 1])
        h0 = np.hstack((x[:, :1], x[:, 2:], e1))
        >>> net.weights["E1"].shape
        (50, 4)

    """

    columns: int | tuple[int, ...] = option(_counts(0))
    categories: int | tuple[int, ...] = option(_counts(2))
    size: int | tuple[int, ...] = option(_counts(1))
    initializer: Initializer | str = option(INITIALIZER, Normal(1.0))
    joins_columns: ClassVar[bool] = True
    source: ClassVar[str] = (
        "Bengio and others: A Neural Probabilistic Language Model, JMLR 3 (2003)"
    )

    def __post_init__(self) -> None:
        for name in ("columns", "categories", "size"):
            object.__setattr__(self, name, _shortest(getattr(self, name), name != "columns"))
        object.__setattr__(self, "initializer", initializer(self.initializer))
        super().__post_init__()
        columns = _several(self.columns)
        if len(set(columns)) < len(columns):
            raise DescriptionError(f"Embedding: a column is named twice in {self.columns!r}")
        for name in ("categories", "size"):
            if len(_several(getattr(self, name))) not in (1, len(columns)):
                raise DescriptionError(
                    f"Embedding: {name} must be one number, or one for each of the"
                    f" {len(columns)} columns, got {getattr(self, name)!r}"
                )

    def lookups(self) -> tuple[Lookup, ...]:
        """Give the table of each column: E2 for column 2, whose chosen rows are e2."""
        columns = _several(self.columns)
        counts = [_for_each(n, len(columns)) for n in (self.categories, self.size)]
        assert isinstance(self.initializer, Initializer)
        return tuple(
            Lookup(f"E{column}", f"e{column}", column, rows, size, self.initializer)
            for column, rows, size in zip(columns, *counts, strict=True)
        )

    def columns_out(self, columns: int, joined: int) -> int:
        """Give what passes on, and the numbers from all tables."""
        lookups = self.lookups()
        return columns - len(lookups) + sum(lookup.columns for lookup in lookups)

    def parts(self, columns: int) -> tuple[int, ...]:
        """Give the sizes of the parts of X that pass on, and of what is chosen from each table."""
        passing = [stop - start for start, stop in self._passing(columns)]
        return (*passing, *(lookup.columns for lookup in self.lookups()))

    def forward_lines(self, columns: int) -> tuple[Template, ...]:
        """Give the choice of each column's rows, and all columns side by side."""
        chosen = [
            Template(
                f"{{{each.chosen}}} = rows_of({{{each.name}}}, {{x}}[:, {each.column}])",
                f"{{{each.chosen}}} = row {{x}}[:, {each.column}] of {{{each.name}}}",
                f"column {each.column} chooses a row of its table",
            )
            for each in self.lookups()
        ]
        parts = [f"{{x}}{_cut(*part, columns)}" for part in self._passing(columns)]
        parts += [f"{{{each.chosen}}}" for each in self.lookups()]
        if len(parts) == 1:
            return (
                *chosen,
                Template(f"{{y}} = {parts[0]}", f"{{y}} = {parts[0]}", "no other columns"),
            )
        note = "the other columns, and the chosen rows"
        beside = f"{{y}} = np.hstack(({', '.join(parts)}))"
        return (*chosen, Template(beside, f"{{y}} = {' and '.join(parts)}, side by side", note))

    def backward_lines(self, columns: int) -> tuple[Template, ...]:
        """Give the slope of each table: a row has the errors of the rows of X that chose it."""
        lines, start = [], columns - len(self.lookups())
        whole = self.columns_out(columns, 0)
        for each in self.lookups():
            stop = start + each.columns
            part = f"d{{y}}{_cut(start, stop, whole)}"
            lines.append(
                Template(
                    f"d{{{each.name}}} = sums_by_row({part}, {{x}}[:, {each.column}],"
                    f" {{{each.name}}})",
                    f"d{{{each.name}}}: each row is the sum of {part}"
                    f" where {{x}}[:, {each.column}] chose it",
                    "the table's part: a row takes the errors where it was chosen",
                )
            )
            start = stop
        return tuple(lines)

    def _passing(self, columns: int) -> list[tuple[int, int]]:
        """Give the runs of columns that are not named, each as start and stop."""
        edges = [-1, *sorted(_several(self.columns)), columns]
        return [(a + 1, b) for a, b in itertools.pairwise(edges) if b > a + 1]


def _several(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _for_each(value: Any, count: int) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,) * count


def _shortest(value: Any, one_for_all: bool) -> Any:
    """Give several numbers as a tuple, and as a number what is one, or one for all.

    >>> _shortest([4, 4], True), _shortest([4, 2], True), _shortest((7,), False)
    (4, (4, 2), 7)
    """
    if isinstance(value, list):
        value = tuple(value)
    if isinstance(value, tuple):
        value = tuple(n.item() if hasattr(n, "item") else n for n in value)
    same = isinstance(value, tuple) and value and all(n == value[0] for n in value)
    return value[0] if same and (one_for_all or len(value) == 1) else value


def _cut(start: int, stop: int, whole: int) -> str:
    """Write the columns from start to stop of so many.

    >>> _cut(0, 2, 5), _cut(2, 4, 5), _cut(4, 5, 5), _cut(0, 5, 5)
    ('[:, :2]', '[:, 2:4]', '[:, 4:]', '')
    """
    if (start, stop) == (0, whole):
        return ""
    return f"[:, {start or ''}:{stop if stop < whole else ''}]"


LAYERS: dict[str, type[Layer]] = {
    layer.__name__: layer
    for layer in (
        Dense,
        Activation,
        PReLU,
        Dropout,
        GaussianNoise,
        Scale,
        LayerNorm,
        BatchNorm,
        Add,
        Concatenate,
        Embedding,
    )
}
