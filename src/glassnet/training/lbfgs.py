"""L-BFGS: SciPy makes each step from the loss and the gradient of all rows."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.engines import Engine, Work, installed
from glassnet.errors import DescriptionError, missing_extra
from glassnet.history import Tally
from glassnet.rules.optimizers import LBFGS
from glassnet.training.guard import Guard
from glassnet.training.run import Run
from glassnet.values import Values

TOO_FAR = 4.0  # see Objective._beyond
WORDS = {0: "converged", 1: "finished"}  # what SciPy's numbers mean


class Objective:
    """Loss and gradient as a function of the flat parameters, for SciPy.

    Args:
        engine: gives both.
        work: the rows, all in one batch.
        values: take on the parameters that are tried.

    """

    def __init__(self, engine: Engine, work: Work, values: Values) -> None:
        self.engine = engine
        self.work = work
        self.values = values
        self.point = values.parameters.astype(np.float64)  # where the last step ended
        self.statistics = values.statistics.copy()
        self.loss, self.slope = self._measured()

    def __call__(self, point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Give loss and gradient (P,) at a point (P,)."""
        with np.errstate(over="ignore"):
            self.values.parameters[:] = point
        loss, slope = self._measured()
        if np.isfinite(loss) and np.isfinite(slope).all():
            return loss, slope
        return self._beyond(point)

    def _measured(self) -> tuple[float, NDArray[np.float64]]:
        loss, slope = self.engine.gradients(self.work, self.values)
        self.values.statistics[:] = self.statistics  # a point that is only tried leaves no trace
        return loss, slope

    def _beyond(self, point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Answer for a point where the loss is inf or nan: as a parabola that sends it back.

        From the last point p with slope g the parabola begins as the loss does, and rises so that
        its lowest place is a tenth of the way: the line search tries there next.
        """
        fall = abs(float(self.slope @ (point - self.point)))
        return self.loss + TOO_FAR * fall, -(2 * TOO_FAR + 1) * self.slope

    def accept(self, point: NDArray[np.float64]) -> None:
        """Take a point as the end of a step; the running statistics are brought forward there."""
        self.values.parameters[:] = point
        loss, slope = self.engine.gradients(self.work, self.values)
        self.point, self.loss, self.slope = np.array(point), loss, slope
        self.statistics = self.values.statistics.copy()

    def go_back(self) -> None:
        """Bring the values to where the last step ended."""
        self.values.parameters[:] = self.point
        self.values.statistics[:] = self.statistics


class Lbfgs(Run):
    """Trains with L-BFGS; an epoch is an iteration.

    Raises:
        DescriptionError: a schedule for random numbers, which are the same in every iteration.
        MissingExtraError: SciPy is not installed.

    """

    def __post_init__(self) -> None:
        super().__post_init__()
        for mask in self.values.program.changing_masks:
            layer = self.values.program.description.layers[mask.layer - 1]
            raise DescriptionError(
                f"L-BFGS draws the same random numbers in every iteration, which no schedule can"
                f" change: give {type(layer).__name__} a number, or take another optimizer, got"
                f" {layer!r}"
            )
        if not installed("scipy"):
            raise missing_extra("L-BFGS", "scipy", "scipy")
        self.objective = Objective(self.engine, self.work, self.values)

    def train(self) -> None:
        """Let SciPy make the steps; it calls `_after_iteration` after each."""
        optimize: Any = importlib.import_module("scipy.optimize")
        optimizer, objective = self.options.optimizer, self.objective
        assert isinstance(optimizer, LBFGS)
        if not (np.isfinite(objective.loss) and np.isfinite(objective.slope).all()):
            none = np.empty((1, 0))
            guard = Guard(self.engine, self.values, self.work, lambda first, last: none)
            _, error = guard.stop(0)
            raise self.not_finite(error)
        result = optimize.minimize(
            objective,
            objective.point,
            jac=True,
            method="L-BFGS-B",
            callback=self._after_iteration,
            options={
                "maxcor": optimizer.memory,
                "maxiter": self.options.epochs,
                "maxfun": 21 * self.options.epochs + 1,  # a line search tries at most 20 points
                "ftol": optimizer.tolerance,
                "gtol": optimizer.tolerance,
            },
        )
        reason = WORDS.get(result.status, "no better step found")
        self.history.stopped = self.history.stopped or reason

    def _after_iteration(self, intermediate_result: Any) -> None:
        self.objective.accept(intermediate_result.x)
        history = self.history
        history.record(loss=[self.objective.loss])
        if history.epochs == self.after.next_stop(history.epochs - 1):
            self.look(self._tally())
            self._check_factor()
        self.stop_if_asked(history.epochs / self.options.epochs)
        if history.stopped:
            raise StopIteration

    def _check_factor(self) -> None:
        if self.history.rate_factor != 1:
            raise DescriptionError(
                "a callback has set history.rate_factor, but L-BFGS has no learning rate: take"
                " another optimizer, such as 'adam'"
            )

    def settle(self) -> Tally:
        """Go back to the end of the last iteration."""
        self.objective.go_back()
        return self._tally()

    def _tally(self) -> Tally:
        epochs = self.history.epochs
        return Tally(self.before.epochs + epochs, self.before.steps + epochs)
