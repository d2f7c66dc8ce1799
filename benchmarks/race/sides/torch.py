"""PyTorch, eager: the usual loop over batches, with its fused optimizers."""

from __future__ import annotations

import torch
from torch import nn

from benchmarks.race.cells import CELLS, Cell
from benchmarks.race.rows import Given, batches, given_for

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "gelu": nn.GELU}


class TorchSide:
    """A Sequential, its loss and its optimizer."""

    def __init__(self, cell: Cell, given: Given) -> None:
        self.cell, self.given = cell, given
        self.x, self.y = torch.from_numpy(given.x), torch.from_numpy(given.y)
        self.wanted = self.y.argmax(1) if cell.output == "softmax" else self.y
        self.loss = nn.CrossEntropyLoss() if cell.output == "softmax" else nn.MSELoss()

    def _model(self) -> nn.Module:
        cell, parts = self.cell, []
        for place, (w, b) in enumerate(zip(self.given.weights, self.given.biases, strict=True)):
            dense = nn.Linear(*w.shape)
            with torch.no_grad():
                dense.weight.copy_(torch.from_numpy(w.T))
                dense.bias.copy_(torch.from_numpy(b))
            parts.append(dense)
            if place < len(self.given.weights) - 1:
                parts.append(ACTIVATIONS[cell.activation]())
                parts += [nn.LayerNorm(w.shape[1])] if cell.norm else []
                parts += [nn.Dropout(cell.dropout)] if cell.dropout else []
        parts += [nn.Sigmoid()] if cell.output == "sigmoid" else []
        return nn.Sequential(*parts)

    def _prepared(self, model: nn.Module) -> nn.Module:
        return model

    def run(self, epochs: int) -> float:
        """Train from the first weights."""
        cell, plain = self.cell, self._model()
        kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
        optimizer = kinds[cell.optimizer](plain.parameters(), lr=cell.rate, fused=True)
        model = self._prepared(plain)
        losses = []
        for rows in torch.from_numpy(batches(cell, self.given.orders, epochs)):
            optimizer.zero_grad(set_to_none=True)
            loss = self.loss(model(self.x[rows]), self.wanted[rows])
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        return float(torch.stack(losses[-cell.per_epoch :]).mean())

    def check(self, epochs: int) -> float:
        """Do the same: the order is the given one."""
        return self.run(epochs)


def make(number: int) -> TorchSide:
    """Give the side of a cell."""
    cell = CELLS[number]
    return TorchSide(cell, given_for(cell))
