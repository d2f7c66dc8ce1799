"""The decision of ReduceOnPlateau against PyTorch's ReduceLROnPlateau."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from glassnet.callbacks.plateau import Stall, stalled
from glassnet.callbacks.watch import Watch


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
    watch = Watch("loss", larger_is_better)
    state, rate = Stall(watch.worst), 1.0
    for number in numbers:
        theirs.step(number)
        state, too_long = stalled(state, number, watch, patience=patience, least=least, rest=rest)
        rate *= 0.9 if too_long else 1.0
        assert optimizer.param_groups[0]["lr"] == pytest.approx(rate, rel=1e-12)
    assert rate < 0.9
