"""Every loss that PyTorch has, by its name there: values, gradients by autograd, row weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import checks
from glassnet.rules.losses import (
    LOSSES,
    BinaryCrossEntropy,
    BinaryFocal,
    CrossEntropy,
    Huber,
    MulticlassHinge,
    Quantile,
)

BARS = {"float32": 2e-6, "float64": 1e-14}
functional = torch.nn.functional


def by_column(rule):
    """Give a loss of each row: the mean over the columns of a loss of each number."""
    return lambda given, y: rule(given, y).mean(dim=1)


def focal(z, y):
    """As torchvision.ops.sigmoid_focal_loss writes it, without alpha, for gamma 2."""
    p = torch.sigmoid(z)
    surprise = functional.binary_cross_entropy_with_logits(z, y, reduction="none")
    p_t = p * y + (1 - p) * (1 - y)
    return surprise * (1 - p_t) ** 2


def classes(y):
    return torch.argmax(y, dim=1)


def each(name, **options):
    rule = getattr(functional, name)
    return by_column(lambda given, y: rule(given, y, reduction="none", **options))


SAME = {  # ours, and the loss of each row by torch
    "squared": (LOSSES["mean_squared_error"], each("mse_loss")),
    "absolute": (LOSSES["mean_absolute_error"], each("l1_loss")),
    "huber": (Huber(), each("huber_loss")),
    "huber 0.3": (Huber(0.3), each("huber_loss", delta=0.3)),
    "huber 3": (Huber(3), each("huber_loss", delta=3.0)),
    "poisson": (LOSSES["poisson"], each("poisson_nll_loss", log_input=True, full=False)),
    "yes or no": (BinaryCrossEntropy(), each("binary_cross_entropy_with_logits")),
    "focal": (BinaryFocal(), by_column(focal)),
    "median": (Quantile(), by_column(lambda a, y: (a - y).abs() / 2)),
    "hinge": (
        LOSSES["hinge"],
        # Of torch's own, margin_ranking_loss(x, 0, y) is max(0, 1 − y·x) where the margin is 1.
        by_column(
            lambda z, y: functional.margin_ranking_loss(
                z, torch.zeros_like(z), y, margin=1.0, reduction="none"
            )
        ),
    ),
    "classes": (
        CrossEntropy(),
        lambda z, y: functional.cross_entropy(z, y, reduction="none"),
    ),
    "smoothed classes": (
        CrossEntropy(0.1),
        lambda z, y: functional.cross_entropy(z, y, reduction="none", label_smoothing=0.1),
    ),
    "smoothed class numbers": (
        CrossEntropy(0.3),
        lambda z, y: functional.cross_entropy(z, classes(y), reduction="none", label_smoothing=0.3),
    ),
    "hinge of classes": (
        MulticlassHinge(),
        lambda z, y: functional.multi_margin_loss(z, classes(y), reduction="none"),
    ),
}


@pytest.mark.parametrize("dtype", BARS)
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("name", SAME)
def test_values_and_gradients_are_those_of_torch(name, weighted, dtype):
    loss, of_rows = SAME[name]
    random = np.random.RandomState(0)
    given = (2 * random.standard_normal((20, 4))).astype(dtype)
    y = checks.targets(loss.targets, given.shape, random).astype(dtype)
    weights = random.uniform(0.1, 2, (20, 1)) if weighted else np.ones((20, 1))
    w = (weights / weights.sum()).astype(dtype)
    leaf = torch.tensor(given, requires_grad=True)
    value = (torch.tensor(w)[:, 0] * of_rows(leaf, torch.tensor(y))).sum()
    value.backward()
    bar = BARS[dtype]
    found = checks.rule_of_loss(loss, loss.function)(given, y, w)
    checks.assert_near(found, value.item(), bar, bar, name)
    slope = checks.rule_of_loss(loss, loss.slope)(given, y, w)
    checks.assert_near(slope, leaf.grad.numpy(), 4 * bar, bar, name)


def test_means_are_those_of_torch_too():
    random = np.random.RandomState(1)
    given, w = random.standard_normal((6, 3)), np.full((6, 1), 1 / 6)
    a = torch.tensor(given)
    counts = random.poisson(2, given.shape).astype(float)
    found = LOSSES["poisson"].function(given, counts, w)
    wanted = torch.nn.PoissonNLLLoss()(a, torch.tensor(counts)).item()
    np.testing.assert_allclose(found, wanted, rtol=1e-14)
    y = random.standard_normal(given.shape)
    wanted = torch.nn.HuberLoss()(a, torch.tensor(y)).item()
    np.testing.assert_allclose(LOSSES["huber"].function(given, y, w), wanted, rtol=1e-14)
    kinds = random.randint(0, 3, 6)
    wanted = torch.nn.MultiMarginLoss()(a, torch.tensor(kinds)).item()
    found = LOSSES["multiclass_hinge"].function(given, np.eye(3)[kinds], w)
    np.testing.assert_allclose(found, wanted, rtol=1e-14)
