"""The whole step against PyTorch: loss, gradients by autograd, and the optimizers' steps."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

import checks
from glassnet.description import Description
from glassnet.naming import Names
from glassnet.program import Program, Role
from glassnet.rules.activations import ACTIVATIONS
from glassnet.rules.averages import EMA, SWA
from glassnet.rules.layers import (
    Activation,
    Add,
    BatchNorm,
    Concatenate,
    Dense,
    Dropout,
    Embedding,
    LayerNorm,
    PReLU,
)
from glassnet.rules.optimizers import (
    LBFGS,
    PARAMETER_KINDS,
    SGD,
    Adam,
    AdamW,
    AMSGrad,
    Lion,
    NAdam,
    RAdam,
    RMSprop,
)
from glassnet.rules.optimizers import OPTIMIZERS as TABLE
from glassnet.rules.schedules import (
    Cosine,
    CosineRestarts,
    Exponential,
    FlatCosine,
    OneCycle,
    Plateau,
    Polynomial,
    Step,
    WarmUp,
)

BARS = {"float32": 2e-5, "float64": 1e-12}


def of_torch(values):
    return torch.tensor(np.asarray(values))


def ascending(z):
    rise = torch.cumsum(torch.nn.functional.softplus(z, threshold=100), dim=1)
    return (z - rise).mean(dim=1, keepdim=True) + rise


def activated(name, z):
    return {
        "linear": lambda z: z,
        "relu": torch.relu,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "softmax": lambda z: torch.softmax(z, dim=1),
        "log_softmax": lambda z: torch.log_softmax(z, dim=1),
        "step": lambda z: torch.heaviside(z.detach(), torch.zeros_like(z)) + 0 * z,
        "leaky_relu": lambda z: torch.nn.functional.leaky_relu(z, 0.01),
        "elu": torch.nn.functional.elu,
        "selu": torch.selu,
        "gelu": torch.nn.functional.gelu,
        "gelu_tanh": lambda z: torch.nn.functional.gelu(z, approximate="tanh"),
        "silu": torch.nn.functional.silu,
        "mish": torch.nn.functional.mish,
        # Its own softplus is z itself above 20.
        "softplus": lambda z: torch.nn.functional.softplus(z, threshold=100),
        "softsign": torch.nn.functional.softsign,
        # The slope of its own hardsigmoid is a sixth of float32, in float64 too.
        "hard_sigmoid": lambda z: torch.nn.functional.relu6(z + 3) / 6,
        "hard_swish": torch.nn.functional.hardswish,
        "exp": torch.exp,
        "ascending": ascending,
    }[name](z)


def normed(layer, x, scale, shift):
    if isinstance(layer, LayerNorm):
        return torch.nn.functional.layer_norm(x, x.shape[1:], scale, shift, layer.epsilon)
    return torch.nn.functional.batch_norm(
        x, None, None, scale, shift, training=True, eps=layer.epsilon
    )


def embedded(layer, x, tables):
    columns = [lookup.column for lookup in layer.lookups()]
    others = [column for column in range(x.shape[1]) if column not in columns]
    chosen = [torch.nn.functional.embedding(x[:, c].long(), next(tables)) for c in columns]
    return torch.cat([x[:, others], *chosen], dim=1)


def forward(program, inputs, parameters):
    """Give logits and outputs, with the masks that are given."""
    taken, masks = iter(parameters.values()), iter(program.names(Role.RANDOM))
    x = of_torch(inputs["x"])
    values = {"x": x}
    for item in Names(program.description.inputs, program.description.layers, training=True).items:
        layer = item.layer
        if isinstance(layer, Dense):
            x = x @ next(taken)
            x = x + next(taken) if layer.bias else x
            values[item.names["z"]] = x
        elif isinstance(layer, Dropout):
            x = x * of_torch(inputs[next(masks)])
        elif isinstance(layer, LayerNorm | BatchNorm):
            x = normed(layer, x, next(taken), next(taken))
        elif isinstance(layer, PReLU):
            x = torch.nn.functional.prelu(x, next(taken))
        elif isinstance(layer, Add):
            x = x + values[item.joined]
        elif isinstance(layer, Concatenate):
            x = torch.cat([x, values[item.joined]], dim=1)
        elif isinstance(layer, Embedding):
            x = embedded(layer, x, taken)
        logits = x
        if isinstance(layer, Dense | Activation):
            x = activated(layer.activation, x)
        values[item.y] = x
    return logits, x


def loss_of(name, logits, outputs, y):
    functional = torch.nn.functional
    return {
        "mean_squared_error": lambda: functional.mse_loss(outputs, y),
        "half_squared_error": lambda: functional.mse_loss(outputs, y) / 2,
        "half_squared_error_sum": lambda: functional.mse_loss(outputs, y, reduction="sum") / 2,
        "binary_cross_entropy": lambda: functional.binary_cross_entropy_with_logits(logits, y),
        "cross_entropy": lambda: functional.cross_entropy(logits, y),
    }[name]()


OPTIONS = {  # of torch, by ours
    "learning_rate": "lr",
    "epsilon": "eps",
    **{name: name for name in "momentum nesterov weight_decay alpha centered rho".split()},
    "momentum_decay": "momentum_decay",
}


def optimizer_of(chosen, parameters):
    """Give torch's optimizer of the same name; what does not decay stands in a group of its own."""
    options = {f.name: getattr(chosen, f.name) for f in dataclasses.fields(chosen)}
    given = {OPTIONS[name]: value for name, value in options.items() if name in OPTIONS}
    if "beta1" in options:
        given["betas"] = (chosen.beta1, chosen.beta2)
    kind = getattr(torch.optim, type(chosen).__name__, None)
    if isinstance(chosen, AMSGrad):
        kind, given["amsgrad"] = torch.optim.Adam, True
    kinds = {"W": "weights", "b": "biases", "E": "embeddings"}
    groups = [
        {"params": [p]}
        | ({} if kinds.get(name[0], "scales") in chosen.decayed else {"weight_decay": 0})
        for name, p in parameters.items()
    ]
    return kind(groups, **given)


NETWORKS = {
    "tanh": ((Dense(5, "tanh"), Dense(2)), "mean_squared_error"),
    "half": ((Dense(5, "sigmoid", bias=False), Dense(2, "tanh")), "half_squared_error"),
    "sum": ((Dense(5, "sigmoid"), Dense(2, "sigmoid")), "half_squared_error_sum"),
    "yes and no": ((Dense(5, "relu"), Dense(2, "sigmoid")), "binary_cross_entropy"),
    "classes": ((Dense(5, "relu"), Dropout(0.3), Dense(3, "softmax")), "cross_entropy"),
    "squares of shares": ((Dense(5, "softmax"), Dense(3, "softmax")), "mean_squared_error"),
    "layer norm": ((Dense(5, "tanh"), LayerNorm(), Dense(3, "softmax")), "cross_entropy"),
    "batch norm": ((Dense(5), BatchNorm(), Activation("relu"), Dense(2)), "mean_squared_error"),
    "learned slopes": ((Dense(5), PReLU(), Dense(2)), "mean_squared_error"),
    "residual": (
        (Dense(5, "relu"), Dense(5), LayerNorm(), Add("a1"), Activation("silu"), Dense(2)),
        "mean_squared_error",
    ),
    "side by side": (
        (Dense(5, "tanh"), Concatenate("x"), Dense(8, "gelu"), Add("h1"), Dense(3, "softmax")),
        "cross_entropy",
    ),
    "categories": (
        (Embedding((2, 0), (4, 3), (2, 3)), Dense(5, "relu"), Concatenate("h0"), Dense(2)),
        "mean_squared_error",
    ),
    "logarithms of shares": ((Dense(5, "relu"), Dense(3, "log_softmax")), "cross_entropy"),
    **{name: ((Dense(5, name), Dense(2)), "mean_squared_error") for name in ACTIVATIONS},
}
OPTIMIZERS = [
    SGD(0.1),
    SGD(0.1, momentum=0.9),
    SGD(0.1, momentum=0.9, nesterov=True),
    Adam(0.01),
    Adam(0.01, beta1=0.5, beta2=0.9, epsilon=1e-3),
]
NOT_IN_TORCH = (LBFGS, Lion)  # SciPy makes the steps of the first; the second is in no torch.optim
USUAL = [kind() for kind in TABLE.values() if kind not in NOT_IN_TORCH]
DECAYING = [
    dataclasses.replace(each, weight_decay=0.1, decayed=decayed)
    for each in USUAL
    for decayed in (("weights",), PARAMETER_KINDS)
]
OTHERS = [
    SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.1),
    NAdam(0.01, beta1=0.5, momentum_decay=0.5),
    RAdam(0.01, beta2=0.5),
    RAdam(0.01, beta2=0.9, epsilon=1e-3),
    RMSprop(0.01, momentum=0.9),
    RMSprop(0.01, centered=True),
    RMSprop(0.01, alpha=0.9, momentum=0.5, centered=True, weight_decay=0.1),
]


@pytest.mark.parametrize("dtype", BARS)
@pytest.mark.parametrize("chosen", OPTIMIZERS, ids=repr)
@pytest.mark.parametrize("name", NETWORKS)
def test_steps_are_those_of_torch(name, chosen, dtype):
    layers, loss = NETWORKS[name]
    program = Program(Description(3, layers, loss, dtype), chosen)
    inputs = checks.inputs_for(program, 6)
    each = 1 if "sum" in loss else 1 / 6
    inputs["w"] = np.full((6, 1), each, dtype)
    inputs |= {state: np.zeros_like(inputs[state]) for state in program.state_names}
    parameters = {
        p: of_torch(inputs[p]).clone().requires_grad_() for p in program.names(Role.PARAMETER)
    }
    steps = optimizer_of(chosen, parameters)
    for step in range(1, 4):
        rates = zip(program.rate_names, chosen.rates_at(step, 0.0), strict=True)
        inputs |= dict(rates)
        slopes = checks.call(program, "gradients", inputs)
        steps.zero_grad()
        value = loss_of(loss, *forward(program, inputs, parameters), of_torch(inputs["y"]))
        value.backward()
        checks.assert_near(slopes["loss"], value.item(), BARS[dtype], BARS[dtype], "loss")
        for p, parameter in parameters.items():
            wanted = parameter.grad.numpy()
            checks.assert_near(slopes[f"d{p}"], wanted, BARS[dtype], BARS[dtype], f"d{p}")
            parameter.grad = of_torch(slopes[f"d{p}"])  # Adam would blow up their last bit
        steps.step()
        inputs |= checks.call(program, "step", inputs)
        for p, parameter in parameters.items():
            wanted = parameter.detach().numpy()
            checks.assert_near(inputs[p], wanted, BARS[dtype], BARS[dtype], p)


@pytest.fixture
def _numbers_of_torch_in_the_same_type(request):
    """NAdam of torch keeps its product of momenta in torch's default type."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, request.getfixturevalue("dtype")))
    yield
    torch.set_default_dtype(before)


@pytest.mark.usefixtures("_numbers_of_torch_in_the_same_type")
@pytest.mark.parametrize("dtype", BARS)
@pytest.mark.parametrize("chosen", [*USUAL, *DECAYING, *OTHERS], ids=repr)
def test_many_steps_of_an_optimizer_are_those_of_torch(chosen, dtype):
    layers = (Dense(4, "tanh"), LayerNorm(), Dense(2))
    program = Program(Description(3, layers, dtype=dtype), chosen)
    random = np.random.RandomState(0)
    inputs = checks.inputs_for(program)
    inputs |= {state: np.zeros_like(inputs[state]) for state in program.state_names}
    parameters = {
        p: of_torch(inputs[p]).clone().requires_grad_() for p in program.names(Role.PARAMETER)
    }
    steps = optimizer_of(chosen, parameters)
    for step in range(1, 51):
        inputs |= dict(zip(program.rate_names, chosen.rates_at(step, 0.0), strict=True))
        for name, parameter in parameters.items():
            inputs[f"d{name}"] = random.standard_normal(inputs[name].shape).astype(dtype)
            parameter.grad = of_torch(inputs[f"d{name}"])
        inputs |= checks.call(program, "update", inputs)
        steps.step()
    for name, parameter in parameters.items():
        bar = BARS[dtype]
        checks.assert_near(inputs[name], parameter.detach().numpy(), bar, bar, name)


@pytest.mark.parametrize("kind", [type(each) for each in USUAL], ids=lambda kind: kind.__name__)
def test_defaults_are_those_of_torch(kind):
    ours = optimizer_of(kind(), {"W1": torch.zeros(1)}).param_groups[0]
    name = "Adam" if kind is AMSGrad else kind.__name__
    theirs = getattr(torch.optim, name)([torch.zeros(1)]).param_groups[0]
    if kind is SGD:
        theirs["lr"] = 0.01  # ours was so before torch had a default
    theirs["amsgrad"] = ours.get("amsgrad")  # chosen by its name here
    assert {k: v for k, v in ours.items() if k != "params"} == {
        k: v for k, v in theirs.items() if k != "params" and (k != "amsgrad" or v is not None)
    }


# --------------------------------------------------------------- what stands around the update

AROUND = [
    SGD(0.1, momentum=0.9, clip_value=0.5),
    SGD(0.1, momentum=0.9, clip_norm=0.7, weight_decay=0.1),
    Adam(0.01, clip_value=0.5, clip_norm=0.7, weight_decay=0.1),
    AdamW(0.01, clip_norm=1e3),
    SGD(0.1, average=EMA(0.9, debiased=False)),
    AdamW(0.01, average=EMA(0.99, debiased=False)),
    Adam(0.01, average=SWA(0.5)),
]


class Holder(torch.nn.Module):
    """A module of parameters alone."""

    def __init__(self, parameters):
        super().__init__()
        for name, parameter in parameters.items():
            self.register_parameter(name, torch.nn.Parameter(parameter))


@pytest.mark.parametrize("dtype", BARS)
@pytest.mark.parametrize("chosen", AROUND, ids=repr)
def test_clipping_and_averages_over_many_steps_are_those_of_torch(chosen, dtype):
    swa_utils = torch.optim.swa_utils
    program = Program(
        Description(3, (Dense(4, "tanh"), LayerNorm(), Dense(2)), dtype=dtype), chosen
    )
    random = np.random.RandomState(0)
    inputs = checks.inputs_for(program)
    inputs |= {state: np.zeros_like(inputs[state]) for state in program.state_names}
    holder = Holder({p: of_torch(inputs[p]).clone() for p in program.names(Role.PARAMETER)})
    parameters = dict(holder.named_parameters())
    steps = optimizer_of(chosen, parameters)
    ema = isinstance(chosen.average, EMA)
    rule = swa_utils.get_ema_multi_avg_fn(chosen.average.decay) if ema else None
    average = swa_utils.AveragedModel(holder, multi_avg_fn=rule)
    for step in range(1, 51):
        rates = chosen.rates_at(step, (step - 1) / 50, 50)
        inputs |= dict(zip(program.rate_names, rates, strict=True))
        for name, parameter in parameters.items():
            inputs[f"d{name}"] = random.standard_normal(inputs[name].shape).astype(dtype)
            parameter.grad = of_torch(inputs[f"d{name}"]).clone()
        if chosen.clip_value is not None:
            torch.nn.utils.clip_grad_value_(parameters.values(), chosen.clip_value)
        if chosen.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(parameters.values(), chosen.clip_norm)
        inputs |= checks.call(program, "update", inputs)
        steps.step()
        if ema or step > 25:
            average.update_parameters(holder)
    bar = BARS[dtype]
    for name, parameter in parameters.items():
        checks.assert_near(inputs[name], parameter.detach().numpy(), bar, bar, name)
        if chosen.average is not None:
            wanted = getattr(average.module, name).detach().numpy()
            checks.assert_near(inputs[f"average_{name}"], wanted, bar, bar, name)


@pytest.mark.parametrize("dtype", BARS)
def test_penalties_and_constraints_are_those_of_torch(dtype):
    layers = (Dense(5, "tanh", l1=0.1, l2=0.2), Dense(2, l2=0.3, max_norm=0.5))
    program = Program(Description(3, layers, dtype=dtype), SGD(0.1))
    inputs = checks.inputs_for(program, 6)
    inputs["w"] = np.full((6, 1), 1 / 6, dtype)
    parameters = {
        p: of_torch(inputs[p]).clone().requires_grad_() for p in program.names(Role.PARAMETER)
    }
    for _ in range(10):
        inputs["learning_rate"] = 0.1
        slopes = checks.call(program, "gradients", inputs)
        first, second = parameters["W1"], parameters["W2"]
        data = loss_of(
            "mean_squared_error", *forward(program, inputs, parameters), of_torch(inputs["y"])
        )
        value = data + 0.1 * first.abs().sum() + 0.2 * (first**2).sum() + 0.3 * (second**2).sum()
        value.backward()
        checks.assert_near(slopes["loss"], value.item(), BARS[dtype], BARS[dtype], "loss")
        for p, parameter in parameters.items():
            wanted = parameter.grad.numpy()
            checks.assert_near(slopes[f"d{p}"], wanted, BARS[dtype], BARS[dtype], f"d{p}")
        after = checks.call(program, "step", inputs)
        with torch.no_grad():
            for parameter in parameters.values():
                parameter -= 0.1 * parameter.grad
                parameter.grad = None
            # Torch adds 1e-7 to a length before it divides by it.
            checks.assert_near(after["W2"], torch.renorm(second, 2, 1, 0.5).numpy(), 1e-6, 1e-6)
            for p, parameter in parameters.items():
                parameter.copy_(of_torch(after[p]))
        inputs |= after


# -------------------------------------------------------------------------------- schedules

STEPS = 60


def rates_of_torch(make):
    steps = torch.optim.SGD([torch.zeros(1)], 0.1)
    schedule = make(steps)
    rates = []
    for _ in range(STEPS):
        rates.append(steps.param_groups[0]["lr"])
        steps.step()
        schedule.step()
    return rates


torch_schedules = torch.optim.lr_scheduler
SAME = {
    "step": (Step(0.1, 0.5, 4), lambda o: torch_schedules.StepLR(o, STEPS // 4, 0.5)),
    "exponential": (
        Exponential(0.1, 0.001),
        lambda o: torch_schedules.ExponentialLR(o, 0.01 ** (1 / STEPS)),
    ),
    "polynomial": (
        Polynomial(0.1, power=2),
        lambda o: torch_schedules.PolynomialLR(o, STEPS, power=2),
    ),
    "line": (
        Polynomial(0.1, end=0.02),
        lambda o: torch_schedules.LinearLR(o, 1.0, 0.2, STEPS),
    ),
    "cosine": (
        Cosine(0.1, 0.01),
        lambda o: torch_schedules.CosineAnnealingLR(o, STEPS, 0.01),
    ),
    "restarts": (
        CosineRestarts(0.1, 0.01, cycles=4, longer=1),
        lambda o: torch_schedules.CosineAnnealingWarmRestarts(o, STEPS // 4, eta_min=0.01),
    ),
    "longer restarts": (
        CosineRestarts(0.1, cycles=4, longer=2),
        lambda o: torch_schedules.CosineAnnealingWarmRestarts(o, STEPS // 15, 2),
    ),
    "warm-up": (
        WarmUp(Cosine(0.1), 0.25, 0.2),
        lambda o: torch_schedules.SequentialLR(
            o,
            [
                torch_schedules.LinearLR(o, 0.2, 1.0, STEPS // 4),
                torch_schedules.CosineAnnealingLR(o, STEPS * 3 // 4),
            ],
            [STEPS // 4],
        ),
    ),
}


@pytest.mark.parametrize("name", SAME)
@pytest.mark.filterwarnings("ignore:The epoch parameter")  # of torch's own SequentialLR
def test_schedules_are_those_of_torch(name):
    schedule, make = SAME[name]
    rates = [schedule.rate(step / STEPS) for step in range(STEPS)]
    np.testing.assert_allclose(rates, rates_of_torch(make), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("plateau", "options"),
    [
        (Plateau(0.1), {}),
        (Plateau(0.1, patience=2), {"patience": 2}),
        (Plateau(0.1, 0.5, 0, cooldown=3), {"factor": 0.5, "patience": 0, "cooldown": 3}),
        (Plateau(0.1, 0.5, 1, threshold=0.1), {"factor": 0.5, "patience": 1, "threshold": 0.1}),
        (
            Plateau(0.1, 0.5, 1, threshold=0.1, relative=False),
            {"factor": 0.5, "patience": 1, "threshold": 0.1, "threshold_mode": "abs"},
        ),
        (Plateau(0.1, patience=1, lowest=3e-3), {"patience": 1, "min_lr": 3e-3}),
        (Plateau(0.1, patience=0, least=1e-3), {"patience": 0, "eps": 1e-3}),
    ],
    ids=repr,
)
def test_a_plateau_is_that_of_torch(plateau, options):
    random = np.random.RandomState(0)
    falling = np.exp(-0.05 * np.arange(80))
    curves = [falling + 0.05 * random.standard_normal(80) for _ in range(20)]
    curves += [np.ones(40), -falling, 1 - 2 * falling]
    curves.append(np.array([1, np.nan, 0.5, np.inf, 0.5, *[0.1] * 30, -1, -1.05, -1.2, -2]))
    for losses in curves:
        steps = torch.optim.SGD([torch.zeros(1)], plateau.start)
        theirs, ours = torch_schedules.ReduceLROnPlateau(steps, **options), plateau
        for loss in losses.tolist():
            theirs.step(loss)
            ours = ours.following(loss)
            assert ours.rate(0.5) == pytest.approx(steps.param_groups[0]["lr"], rel=1e-12)


@pytest.mark.parametrize("dtype", BARS)
def test_scheduled_momentum_and_decay_are_those_that_torch_is_given(dtype):
    chosen = SGD(Cosine(0.1), momentum=OneCycle(0.9), weight_decay=FlatCosine(0.1))
    program = Program(Description(3, (Dense(4, "tanh"), Dense(2)), dtype=dtype), chosen)
    inputs = checks.inputs_for(program)
    inputs |= {state: np.zeros_like(inputs[state]) for state in program.state_names}
    weights = of_torch(inputs["W1"]).clone().requires_grad_()
    steps = torch.optim.SGD([weights], 0.1, momentum=0.9)
    for step in range(STEPS):
        rates = program.rates_at(step + 1, step / STEPS)
        steps.param_groups[0].update(
            lr=rates["learning_rate"],
            momentum=rates["momentum"],
            weight_decay=rates["weight_decay"],
        )
        slopes = checks.call(program, "gradients", inputs)
        weights.grad = of_torch(slopes["dW1"])
        steps.step()
        inputs |= checks.call(program, "step", inputs | rates)
        checks.assert_near(inputs["W1"], weights.detach().numpy(), BARS[dtype], BARS[dtype], "W1")


def test_one_cycle_is_that_of_torch():
    wanted = rates_of_torch(lambda o: torch_schedules.OneCycleLR(o, 0.1, total_steps=STEPS))
    schedule, top = OneCycle(0.1), 0.3 * STEPS - 1
    # Torch counts the first step as 0 and the last as STEPS − 1, so that its corners lie earlier.
    places = [
        0.3 * step / top if step <= top else 0.3 + 0.7 * (step - top) / (STEPS - 1 - top)
        for step in range(STEPS)
    ]
    rates = [schedule.rate(place) for place in places]
    np.testing.assert_allclose(rates, wanted, rtol=1e-9)
