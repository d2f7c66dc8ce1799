"""PyTorch, eager, in inference mode, from a NumPy array to a NumPy array."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from benchmarks.race.predictors import CASES, Predictor, Trained


class TorchPredictor(Predictor):
    """A Sequential."""

    def __init__(self, case: Trained) -> None:
        super().__init__(case)
        parts: list[nn.Module] = []
        for w, b in case.layers:
            dense = nn.Linear(*w.shape)
            dense.load_state_dict({"weight": torch.from_numpy(w.T), "bias": torch.from_numpy(b)})
            parts += [dense, nn.ReLU()]
        self.model = nn.Sequential(*parts[:-1], nn.Softmax(dim=1)).eval()

    def predict(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give the chances."""
        with torch.inference_mode():
            return self.model(torch.from_numpy(x)).numpy()


def make(number: int) -> Predictor:
    """Give the side of a case."""
    return TorchPredictor(CASES[number])
