"""Layers: the rules they call, forward above backward, then each layer as the lines it writes.

A layer never computes. It names its parameters, its running statistics and its random inputs, and
gives its forward, backward and remember lines as templates; `glassnet.program` puts the names in.
In the templates {x} is what goes in and {y} what comes out, d{x} and d{y} their gradients.
"""

# ruff: noqa: D103 - each rule is described by the layer that writes it

from __future__ import annotations

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
    option,
)
from glassnet.rules.initializers import Glorot, He, Initializer, LeCun, Zeros, initializer
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


@dataclass(frozen=True)
class Chance:
    """A random input of a layer: its short name, how it is drawn, and the option that sets that."""

    name: str
    draw: Draw
    option: str


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
    source: ClassVar[str] = ""

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
    )
}
