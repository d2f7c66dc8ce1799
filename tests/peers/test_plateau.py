"""The decision of ReduceOnPlateau against PyTorch's ReduceLROnPlateau."""

from __future__ import annotations

import types

import numpy as np
import pytest
import torch

import glassnet as gn
from glassnet.history import History


@pytest.mark.parametrize("larger_is_better", [False, True])
@pytest.mark.parametrize("rest", [0, 1, 3])
@pytest.mark.parametrize("patience", [1, 2, 5])
@pytest.mark.parametrize("least", [0.0, 0.2])
def test_the_rate_falls_when_pytorch_s_does(larger_is_better, rest, patience, least):
    numbers = np.cumsum(np.random.RandomState(patience).standard_normal(200)) / 5
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer,
        mode="max" if larger_is_better else "min",
        factor=0.9,
        patience=patience - 1,  # theirs counts from 0
        threshold=least,
        threshold_mode="abs",
        cooldown=rest,
        eps=0.0,
    )
    how = {"patience": patience, "least": least, "rest": rest}
    ours = gn.callbacks.ReduceOnPlateau("score", 0.9, **how)
    history = History("numpy", "asked for", 0, {"score": larger_is_better})
    ours.begin(types.SimpleNamespace(optimizer=gn.SGD(1.0)), history)
    for number in numbers:
        theirs.step(number)
        history.record(loss=[0.0], metrics={"score": number}, learning_rate=[history.rate_factor])
        ours(None, history)
        assert optimizer.param_groups[0]["lr"] == pytest.approx(history.rate_factor, rel=1e-12)
    assert history.rate_factor < 0.9
