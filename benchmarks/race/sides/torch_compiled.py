"""PyTorch with torch.compile."""

from __future__ import annotations

import torch
from torch import nn

from benchmarks.race.cells import CELLS, Cell
from benchmarks.race.rows import Given, given_for
from benchmarks.race.sides.torch import TorchSide


class CompiledTorchSide(TorchSide):
    """The same, with the model compiled once and its weights set back before each run."""

    def __init__(self, cell: Cell, given: Given) -> None:
        super().__init__(cell, given)
        self.model = super()._model()
        self.first = {k: v.clone() for k, v in self.model.state_dict().items()}
        self.compiled = torch.compile(self.model)

    def _model(self) -> nn.Module:
        self.model.load_state_dict(self.first)
        return self.model

    def _prepared(self, model: nn.Module) -> nn.Module:
        return self.compiled


def make(number: int) -> CompiledTorchSide:
    """Give the side of a cell."""
    cell = CELLS[number]
    return CompiledTorchSide(cell, given_for(cell))
