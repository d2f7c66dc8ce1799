"""The whole step against PyTorch: loss, gradients by autograd, and the optimizers' steps."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import checks
from glassnet.description import Description
from glassnet.program import Program, Role
from glassnet.rules.layers import Activation, BatchNorm, Dense, Dropout, LayerNorm
from glassnet.rules.optimizers import SGD, Adam

BARS = {"float32": 2e-5, "float64": 1e-12}


def of_torch(values):
    return torch.tensor(np.asarray(values))


def activated(name, z):
    return {
        "linear": lambda z: z,
        "relu": torch.relu,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "softmax": lambda z: torch.softmax(z, dim=1),
    }[name](z)


def normed(layer, x, scale, shift):
    if isinstance(layer, LayerNorm):
        return torch.nn.functional.layer_norm(x, x.shape[1:], scale, shift, layer.epsilon)
    return torch.nn.functional.batch_norm(
        x, None, None, scale, shift, training=True, eps=layer.epsilon
    )


def forward(program, inputs, parameters):
    """Give logits and outputs, with the masks that are given."""
    taken, masks = iter(parameters.values()), iter(program.names(Role.RANDOM))
    x = of_torch(inputs["x"])
    for layer in program.description.layers:
        if isinstance(layer, Dense):
            x = x @ next(taken)
            x = x + next(taken) if layer.bias else x
        elif isinstance(layer, Dropout):
            x = x * of_torch(inputs[next(masks)])
        elif isinstance(layer, LayerNorm | BatchNorm):
            x = normed(layer, x, next(taken), next(taken))
        logits = x
        if isinstance(layer, Dense | Activation):
            x = activated(layer.activation, x)
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


def optimizer_of(chosen, parameters):
    if isinstance(chosen, SGD):
        return torch.optim.SGD(
            parameters, chosen.learning_rate, momentum=chosen.momentum, nesterov=chosen.nesterov
        )
    betas = (chosen.beta1, chosen.beta2)
    return torch.optim.Adam(parameters, chosen.learning_rate, betas, chosen.epsilon)


NETWORKS = {
    "tanh": ((Dense(5, "tanh"), Dense(2)), "mean_squared_error"),
    "half": ((Dense(5, "sigmoid", bias=False), Dense(2, "tanh")), "half_squared_error"),
    "sum": ((Dense(5, "sigmoid"), Dense(2, "sigmoid")), "half_squared_error_sum"),
    "yes and no": ((Dense(5, "relu"), Dense(2, "sigmoid")), "binary_cross_entropy"),
    "classes": ((Dense(5, "relu"), Dropout(0.3), Dense(3, "softmax")), "cross_entropy"),
    "squares of shares": ((Dense(5, "softmax"), Dense(3, "softmax")), "mean_squared_error"),
    "layer norm": ((Dense(5, "tanh"), LayerNorm(), Dense(3, "softmax")), "cross_entropy"),
    "batch norm": ((Dense(5), BatchNorm(), Activation("relu"), Dense(2)), "mean_squared_error"),
}
OPTIMIZERS = [
    SGD(0.1),
    SGD(0.1, momentum=0.9),
    SGD(0.1, momentum=0.9, nesterov=True),
    Adam(0.01),
    Adam(0.01, beta1=0.5, beta2=0.9, epsilon=1e-3),
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
    steps = optimizer_of(chosen, parameters.values())
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
