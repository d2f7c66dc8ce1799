"""Hypothesis strategies: random descriptions and optimizers that are allowed."""

from __future__ import annotations

import dataclasses

from hypothesis import assume, settings
from hypothesis import strategies as st

from glassnet.description import Description
from glassnet.errors import DescriptionError
from glassnet.naming import Names
from glassnet.program import Program
from glassnet.rules.activations import ACTIVATIONS, SHARES
from glassnet.rules.averages import EMA, SWA
from glassnet.rules.entry import FLAG, FRACTION
from glassnet.rules.initializers import (
    Fill,
    Glorot,
    He,
    LeCun,
    Normal,
    Orthogonal,
    TruncatedNormal,
    Uniform,
    UnitVariance,
    Zeros,
)
from glassnet.rules.layers import (
    Activation,
    Add,
    BatchNorm,
    Concatenate,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    LayerNorm,
    PReLU,
    Scale,
)
from glassnet.rules.losses import (
    LOSSES,
    BinaryCrossEntropy,
    BinaryFocal,
    CrossEntropy,
    Focal,
    Huber,
    Loss,
    Quantile,
    backward_rule,
)
from glassnet.rules.optimizers import (
    LBFGS,
    OPTIMIZERS,
    PARAMETER_KINDS,
    SGD,
    Adam,
    Stepping,
)
from glassnet.rules.schedules import FRACTIONS, SCHEDULES, Constant, Cosine, Exponential, WarmUp

# The same examples on every run, and no clock: a slow machine is not a failure.
same_examples = settings(max_examples=40, deadline=None, derandomize=True)

names = st.sampled_from(sorted(ACTIVATIONS))
small = st.floats(1e-3, 10, allow_nan=False)
initializers = st.one_of(
    st.builds(Zeros),
    st.builds(Normal, small),
    st.builds(Uniform, st.floats(-3, -1), st.floats(0, 3)),
    st.builds(Glorot, st.sampled_from(("normal", "uniform"))),
    st.builds(He, st.sampled_from(("normal", "uniform"))),
    st.builds(LeCun, st.sampled_from(("normal", "uniform"))),
    st.builds(Fill, st.floats(-1, 1)),
    st.builds(TruncatedNormal, small, st.floats(0.5, 5)),
    st.builds(Orthogonal, small),
)
flat = st.floats(0.07, 0.5)  # norms too flat for a difference of 1e-5 to miss their bend
simple_schedules = st.one_of(
    st.builds(Constant, small),
    st.builds(Cosine, small, st.floats(0, 1)),
    *(st.builds(kind, small) for name, kind in SCHEDULES.items() if name != "WarmUp"),
)
schedules = st.one_of(simple_schedules, st.builds(WarmUp, small | simple_schedules))
rates = st.one_of(st.floats(0, 1), schedules)
below_1 = st.floats(1e-3, 0.8)
fractions = st.one_of(
    st.builds(Constant, below_1),
    *(
        st.builds(kind, below_1, **{"end": below_1} if kind is Exponential else {})
        for name, kind in SCHEDULES.items()
        if name != "WarmUp"
    ),
)
part_schedules = st.one_of(fractions, st.builds(WarmUp, below_1 | fractions))


# Now and then one of what most networks do without.
averages = st.none() | st.builds(EMA, st.floats(0.5, 0.999), st.booleans()) | st.builds(SWA, flat)
penalty = st.sampled_from((0.0, 0.0, 0.01, 0.5))
limit = st.sampled_from((None, None, 0.3, 2.0))


def dense(units=st.integers(1, 4), activation=names):
    return st.builds(
        Dense,
        units,
        activation,
        bias=st.booleans(),
        weight_initializer=st.none() | st.builds(UnitVariance) | initializers,
        bias_initializer=st.none() | initializers,
        l1=penalty,
        l2=penalty,
        max_norm=limit,
        non_negative=st.sampled_from((False, False, False, True)),
    )


JOIN = object()  # stands for a layer that joins, until it is known what there is to be joined
layers = st.one_of(
    st.just(JOIN),
    dense(),
    st.builds(Activation, names),
    st.builds(PReLU),
    st.builds(Dropout, st.floats(0, 0.8) | part_schedules),
    st.builds(GaussianNoise, st.floats(0, 1) | part_schedules),
    st.builds(Scale),
    st.builds(LayerNorm, flat),
    st.builds(BatchNorm, st.floats(0.01, 1), flat),
)


# Every loss of the table, and some with options.
ALL_LOSSES = [
    *LOSSES.values(),
    Huber(0.25),
    Quantile(0.9),
    Quantile((0.25, 0.75)),
    Quantile((0.1, 0.5, 0.9)),
    BinaryCrossEntropy(0.1),
    BinaryFocal(0.5),
    CrossEntropy(0.1),
    Focal(0.5),
]


@st.composite
def joins(draw, inputs, before):
    """Draw a layer that joins one of the values that the layers before it make."""
    names = Names(inputs, before, training=True)
    width = names.items[-1].width if names.items else "n0"
    equal = [name for name, value in names.values.items() if value.width == width]
    if draw(st.booleans()):
        return Add(draw(st.sampled_from(equal)))
    return Concatenate(draw(st.sampled_from(sorted(names.values))))


@st.composite
def embeddings(draw, inputs):
    """Draw tables for some of the columns of X."""
    columns = draw(st.lists(st.integers(0, inputs - 1), min_size=1, unique=True))
    categories, size = (tuple(draw(st.integers(low, 4)) for _ in columns) for low in (2, 1))
    return Embedding(tuple(columns), categories, size)


def goes_with(activation: str, loss: Loss, outputs: int = 3) -> bool:
    try:
        loss.check_outputs(outputs)
        backward_rule(activation, loss)
    except DescriptionError:
        return False
    return True


@st.composite
def descriptions(draw, dtypes=("float64",)):
    """Draw up to six layers, a last one, and a loss that goes with its activation."""
    inputs = draw(st.integers(1, 4))
    hidden = [draw(embeddings(inputs))] if draw(st.integers(0, 3)) == 0 else []
    for layer in draw(st.lists(layers, max_size=5)):
        hidden.append(draw(joins(inputs, hidden)) if layer is JOIN else layer)
    activation = draw(names)
    units = draw(st.integers(2 if activation in SHARES else 1, 3))
    last = [draw(dense(st.just(units), st.just(activation)))]
    if draw(st.booleans()):
        last = [draw(dense(st.just(units))), Activation(activation)]
    # The exp of an exp is so steep that no difference tells its slope.
    activations = [getattr(layer, "activation", "") for layer in (*hidden, *last)]
    assume(activations.count("exp") <= 1)
    allowed = [loss for loss in ALL_LOSSES if goes_with(activation, loss, units)]
    return Description(
        inputs,
        (*hidden, *last),
        draw(st.sampled_from(allowed)),
        draw(st.sampled_from(dtypes)),
    )


def stepping(kind):
    """Draw an optimizer of a kind: its flags, its fractions, and what decays."""
    options = {f.name: (f.metadata["check"], f.default) for f in dataclasses.fields(kind)}
    chosen = {
        name: st.booleans() if check is FLAG else st.sampled_from((default, 0.5))
        for name, (check, default) in options.items()
        if check in (FLAG, FRACTION, FRACTIONS)
    }
    if options.get("momentum"):
        chosen["momentum"] |= part_schedules

    def made(rate, **options):
        if not options.get("momentum"):
            options.pop("nesterov", None)  # which looks ahead along the momentum
        return kind(rate, **options)

    # A large rate would turn the last bit of a slope that nearly cancels into a large step.
    return st.builds(
        made,
        st.floats(0, 0.1),
        weight_decay=st.sampled_from((0.0, 0.01)) | part_schedules,
        decayed=st.lists(st.sampled_from(PARAMETER_KINDS), unique=True),
        clip_value=limit,
        clip_norm=limit,
        average=averages,
        **chosen,
    )


optimizers = st.one_of(
    *(stepping(kind) for kind in OPTIMIZERS.values() if issubclass(kind, Stepping)),
    st.builds(SGD, rates),
    st.builds(SGD, rates, st.sampled_from((0.5, 0.9)), st.booleans()),
    st.builds(
        Adam,
        rates,
        st.sampled_from((0.0, 0.8, 0.9)),
        st.sampled_from((0.9, 0.999)),
        st.sampled_from((1e-8, 1e-3)),
    ),
)


def keeps_its_constraints(description, optimizer):
    """Whether an optimizer can keep what the layers allow: one that steps by itself cannot."""
    try:
        Program(description, optimizer)
    except DescriptionError:
        return False
    return True


all_optimizers = st.one_of(optimizers, st.builds(LBFGS, st.integers(1, 20)))
