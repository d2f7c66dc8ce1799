"""Outputs, loss and metrics as prediction sees them: no chance, running statistics in use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.arrays import Rows
from glassnet.description import Description
from glassnet.engines.prediction import Prediction
from glassnet.lines import DATA_LOSS, Phase
from glassnet.metrics import Metric, measured
from glassnet.program import Program
from glassnet.rules.activations import ACTIVATIONS
from glassnet.values import Values

BLOCK_NUMBERS = 2**20  # of the widest layer: keeps what a loss needs within a few MB


class Evaluation:
    """Judges the outputs of a program as prediction makes them.

    Args:
        program: whose outputs and loss are wanted.
        engine: what predicts, as in `Prediction`.

    """

    def __init__(self, program: Program, engine: str = "numpy") -> None:
        self.program = program
        self.loss = program.description.loss
        self.loss_line = next(line for line in program.lines if line.phase is Phase.LOSS)
        self.activation = ACTIVATIONS[program.description.output_activation].function
        self.engine = engine
        self.prediction = Prediction(program, engine)
        widest = max(program.description.inputs, *program.description.widths)
        self.block = max(64, BLOCK_NUMBERS // widest)

    @cached_property
    def logits(self) -> Prediction:
        """What gives the logits: the same layers without the last activation."""
        description = self.program.description
        *others, last = description.layers
        layers = (*others, replace(last, activation="linear"))  # type: ignore[call-arg]
        # Its own loss plays no part in `predict`, and need not go with linear outputs.
        usual = Description(description.inputs, layers, dtype=description.dtype)
        return Prediction(Program(usual, self.program.optimizer), self.engine)

    def outputs(self, values: Values, x: NDArray[Any]) -> NDArray[Any]:
        """Give the outputs (m, n) for x (m, inputs)."""
        return self.prediction.outputs(values, x)

    def judge(
        self, values: Values, rows: Rows, metrics: Mapping[str, Metric]
    ) -> tuple[float, dict[str, float]]:
        """Give the loss of the rows, and each metric of them.

        Weights of rows count in both, class weights in the loss alone.
        """
        with np.errstate(all="ignore"):  # a loss may be inf: the guard and the reader see it
            logits, loss = self._logits_and_loss(values, rows)
            loss = self._with_penalties(loss, values)
            outputs = logits if self.activation is None else self.activation(logits)
            found = {
                name: measured(metric, rows.y, outputs, rows.weights)
                for name, metric in metrics.items()
            }
        return loss, found

    def _logits_and_loss(self, values: Values, rows: Rows) -> tuple[NDArray[Any], float]:
        ones = np.ones(len(rows), rows.x.dtype)
        weights = ones if rows.loss_weights is None else rows.loss_weights
        logits = self.logits.outputs(values, rows.x)
        losses, sums = [], []
        for block in self._blocks(len(rows)):
            z = logits[block]
            total = np.sum(weights[block])
            w = weights[block] if self.loss.rows == "sum" else weights[block] / total
            losses.append(self._loss(z, rows.y[block], w[:, None]))
            sums.append(float(total))
        if self.loss.rows == "sum":
            return logits, sum(losses)
        shares = np.array(sums) / np.sum(sums)
        return logits, float(np.sum(shares * losses))

    def _loss(self, logits: NDArray[Any], y: NDArray[Any], w: NDArray[Any]) -> float:
        """Run the program's line of the loss."""
        scope: dict[str, Any] = {**self.program.rules, "np": np, "y": y, "w": w}
        scope[self.program.logits] = logits
        if self.loss.of == "outputs" and self.activation is not None:
            scope[self.program.outputs] = self.activation(logits)
        exec(self.loss_line.code, scope)  # a line of a program that was checked when it was made
        return float(scope[self.loss_line.outputs[0]])

    def _with_penalties(self, loss: float, values: Values) -> float:
        """Add what the program's lines add to the loss of the data."""
        lines = [line for line in self.program.lines if line.phase is Phase.PENALTY]
        if not lines:
            return loss
        scope: dict[str, Any] = {"np": np, **self.program.rules, **values.by_name, DATA_LOSS: loss}
        for line in lines:
            exec(line.code, scope)  # a line of a program that was checked when it was made
        return float(scope["loss"])

    def _blocks(self, rows: int) -> Iterator[slice]:
        return (slice(start, start + self.block) for start in range(0, rows, self.block))
