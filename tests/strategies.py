"""Hypothesis strategies: random descriptions and optimizers that are allowed."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

from glassnet.description import Description
from glassnet.errors import DescriptionError
from glassnet.rules.activations import ACTIVATIONS
from glassnet.rules.initializers import Glorot, He, Normal, Uniform, Zeros
from glassnet.rules.layers import Activation, BatchNorm, Dense, Dropout, LayerNorm
from glassnet.rules.losses import LOSSES, backward_rule
from glassnet.rules.optimizers import LBFGS, SGD, Adam
from glassnet.rules.schedules import Constant, Cosine

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
)
flat = st.floats(0.07, 0.5)  # norms too flat for a difference of 1e-5 to miss their bend
schedules = st.one_of(st.builds(Constant, small), st.builds(Cosine, small, st.floats(0, 1)))
rates = st.one_of(st.floats(0, 1), schedules)


def dense(units=st.integers(1, 4), activation=names):
    return st.builds(
        Dense,
        units,
        activation,
        bias=st.booleans(),
        weight_initializer=st.none() | initializers,
        bias_initializer=st.none() | initializers,
    )


layers = st.one_of(
    dense(),
    st.builds(Activation, names),
    st.builds(Dropout, st.floats(0, 0.8)),
    st.builds(LayerNorm, flat),
    st.builds(BatchNorm, st.floats(0.01, 1), flat),
)


def goes_with(activation: str, loss: str) -> bool:
    try:
        backward_rule(activation, loss)
    except DescriptionError:
        return False
    return True


@st.composite
def descriptions(draw, dtypes=("float64",)):
    """Draw up to four layers, a last one, and a loss that goes with its activation."""
    hidden = draw(st.lists(layers, max_size=4))
    activation = draw(names)
    units = draw(st.integers(2 if activation == "softmax" else 1, 3))
    last = [draw(dense(st.just(units), st.just(activation)))]
    if draw(st.booleans()):
        last = [draw(dense(st.just(units))), Activation(activation)]
    allowed = [loss for loss in sorted(LOSSES) if goes_with(activation, loss)]
    if units == 1:
        allowed = [loss for loss in allowed if LOSSES[loss].targets != "classes"]
    return Description(
        draw(st.integers(1, 4)),
        (*hidden, *last),
        draw(st.sampled_from(allowed)),
        draw(st.sampled_from(dtypes)),
    )


optimizers = st.one_of(
    st.builds(SGD, rates, st.sampled_from((0.0, 0.5, 0.9)), st.booleans()),
    st.builds(
        Adam,
        rates,
        st.sampled_from((0.0, 0.8, 0.9)),
        st.sampled_from((0.9, 0.999)),
        st.sampled_from((1e-8, 1e-3)),
    ),
)
all_optimizers = st.one_of(optimizers, st.builds(LBFGS, st.integers(1, 20)))
