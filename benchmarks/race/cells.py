"""The networks that are raced, each with its batch, optimizer and number of rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """One network of the race.

    Args:
        sizes: columns of X, neurons of each layer.
        activation: of the hidden layers.
        output: "softmax" with cross-entropy, "sigmoid" or "linear" with the mean squared error.
        batch: rows in a step.
        rows: rows of the data, a multiple of the batch.
        optimizer: "sgd", "adam" or "adamw", with PyTorch's defaults and the rate below.
        bar: the fastest peer's time over ours must be at least this on one thread.
        norm: whether a layer norm follows each hidden layer.
        dropout: chance of a number to be left out after each hidden layer.
        two_threads: whether it is raced on two threads as well.
        floor: the least share of the step that must be its matrix products, where that is asked.

    """

    sizes: tuple[int, ...]
    activation: str
    output: str
    batch: int
    rows: int
    optimizer: str
    bar: float = 1.0
    norm: bool = False
    dropout: float = 0.0
    two_threads: bool = False
    floor: float | None = None

    @property
    def name(self) -> str:
        """The cell in one line: '2-64-3 relu, batch 32, adam'."""
        hidden = self.sizes[1:-1]
        middle = f"{hidden[0]}×{len(hidden)}" if len(hidden) > 4 else "-".join(map(str, hidden))
        extra = " dropout layer-norm" if self.norm else ""
        sizes = f"{self.sizes[0]}-{middle}-{self.sizes[-1]}"
        return f"{sizes} {self.activation}{extra}, batch {self.batch}, {self.optimizer}"

    @property
    def rate(self) -> float:
        """The learning rate."""
        return 0.1 if self.optimizer == "sgd" else 0.001

    @property
    def per_epoch(self) -> int:
        """Steps in an epoch."""
        return self.rows // self.batch


CELLS = (
    Cell((1, 2, 1), "sigmoid", "sigmoid", 1, 64, "sgd", bar=1.2),
    Cell((2, 3, 1), "sigmoid", "sigmoid", 3, 192, "sgd", bar=1.2),
    Cell((2, 64, 3), "relu", "softmax", 300, 300, "adam", bar=1.5),
    Cell((2, 64, 3), "relu", "softmax", 32, 320, "adam", bar=1.5),
    Cell((64, 100, 10), "relu", "softmax", 32, 1792, "adam", bar=1.5),
    Cell((20, 50, 50, 1), "tanh", "linear", 64, 3200, "adam"),
    Cell((20, 128, 128, 1), "gelu", "linear", 128, 3200, "adam"),
    Cell((32, *(32,) * 10, 3), "relu", "softmax", 64, 3200, "adam"),
    Cell((100, 256, 256, 256, 1), "relu", "linear", 256, 2560, "adamw", norm=True, dropout=0.1,
         two_threads=True),
    Cell((784, 128, 128, 10), "relu", "softmax", 128, 2560, "adam", two_threads=True, floor=0.85),
    Cell((1024, 2048, 2048, 10), "relu", "softmax", 256, 1024, "sgd", two_threads=True, floor=0.9),
    Cell((1024, 2048, 2048, 10), "relu", "softmax", 256, 1024, "adam", two_threads=True),
)  # fmt: skip
