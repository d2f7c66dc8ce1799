"""The guard: what became inf or nan is traced to the step and the line that did it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.engines import Engine, Work
from glassnet.errors import NotFiniteError
from glassnet.trace import Trace, trace_step
from glassnet.values import Values

COPY_SHARE = 0.03  # part of the time that may go into keeping copies
LARGE_INPUT = 100.0  # inputs beyond this are more often unscaled than meant
# Which weights stay, by how many steps ahead of the one at fault they are.
KEPT = (
    "The network keeps the weights that it had before that step",
    "The network keeps the weights that it had before the step ahead of it, the last with a finite"
    " loss",
)


class Guard:
    """Keeps copies of values known to be finite, and finds what broke them.

    Two of them: of the last one nothing is known but that it is finite; the loss of the one before
    it is finite as well, since training went on from there.

    Args:
        engine: does steps again.
        values: are watched.
        work: the rows that steps take.
        rates: gives the rates of the steps first … last − 1.

    """

    def __init__(
        self,
        engine: Engine,
        values: Values,
        work: Work,
        rates: Callable[[int, int], NDArray[np.float64]],
    ) -> None:
        self.engine = engine
        self.values = values
        self.work = work
        self.rates = rates
        self.fault: int | None = None  # the step that made something inf or nan, once it is known
        self.step = 0  # steps of this fit that the copy has behind it
        started = time.perf_counter()
        self.copy = values.copy()
        self.earlier_step = 0
        self.earlier = self.copy  # as long as nothing else is kept
        self._cost, self._since = time.perf_counter() - started, 0.0

    def is_good(self) -> bool:
        """Whether all values are finite."""
        return self.values.all_finite()

    def keep(self, step: int, seconds: float, *, always: bool = False) -> bool:
        """Keep a copy after `step` steps, unless copies would cost too much; False if not finite.

        Args:
            step: steps of this fit done.
            seconds: time since the last call.
            always: whether to check and copy now, whatever it costs.

        """
        self._since += seconds
        if not always and self._since * COPY_SHARE < self._cost:
            return True
        started = time.perf_counter()
        if not self.is_good():
            return False
        self._copy(step)
        self._cost, self._since = time.perf_counter() - started, 0.0
        return True

    def _copy(self, step: int) -> None:
        if step > self.step:
            spare = self.earlier if self.earlier is not self.copy else Values(self.values.program)
            self.earlier, self.copy = self.copy, spare
            self.earlier_step, self.step = self.step, step
        self.copy.take(self.values)

    def go_to_copy(self) -> None:
        """Bring the values back to the copy."""
        self.values.take(self.copy)

    def go_to(self, step: int) -> None:
        """Bring the values to those after `step` steps, by training again from a copy."""
        start, copy = self.step, self.copy
        if step < start:
            start, copy = self.earlier_step, self.earlier
        self.values.take(copy)
        if step > start:
            self._train(start, step)

    def go_to_fault(self, bad: int) -> int:
        """Find the step, from 0, that made something inf or nan, when it was so after step `bad`.

        What is inf or nan stays so, hence the steps in between are halved again and again. The
        values are left as they were before the step that is returned.
        """
        self.go_to_copy()
        while bad - self.step > 1:
            middle = (self.step + bad) // 2
            losses = self._train(self.step, middle)
            if np.isfinite(losses).all() and self.is_good():
                self._copy(middle)
            else:
                self.go_to_copy()
                bad = middle
        return self.step

    def _go_before(self, fault: int) -> int:
        """Bring the values to the last ones whose loss was finite; give the steps behind them.

        These are the ones before the step at fault where that made a weight inf or nan. Where
        their loss already is, they are of no use, and it is one step more.
        """
        kept = fault
        if fault > 0 and not np.isfinite(self._train(fault, fault + 1)).all():
            kept = fault - 1
        self.go_to(kept)
        return kept

    def _train(self, first: int, last: int) -> NDArray[Any]:
        return self.engine.train(self.work, self.values, first, last, self.rates(first, last))

    def stop(self, bad: int) -> tuple[int, NotFiniteError]:
        """Go back to the last good values when something was inf or nan after step `bad`.

        Gives how many steps these have behind them, and the error that names the step at fault.
        """
        fault = self.fault = self.go_to_fault(bad)
        rates = self.rates(fault, fault + 1)[0]
        trace = trace_step(self.values.program, step_inputs(self.values, self.work, fault, rates))
        kept = self._go_before(fault)
        epoch, position = divmod(fault, self.work.batches.per_epoch)
        return kept, NotFiniteError(
            f"training stopped in epoch {epoch + 1}, step {position + 1}: {cause_of(trace)}."
            f" {_remedy(trace, rates, KEPT[fault - kept])}"
        )


def step_inputs(
    values: Values, work: Work, step: int, rates: NDArray[np.float64]
) -> dict[str, Any]:
    """Give every input of a step of a fit, from 0, by name: what `trace_step` takes."""
    program = values.program
    data = [*work.batch(program, step)]
    data += work.masks(program, step, len(data[0]), rates.tolist())
    with np.errstate(over="ignore"):  # rows are in float64 for nudging
        x, y, w, *masks = (array.astype(values.dtype, copy=False) for array in data)
    return {
        "x": x,
        "y": y,
        "w": w,
        **{mask.name: kept for mask, kept in zip(program.masks, masks, strict=True)},
        **values.by_name,
        **dict(zip(program.all_rate_names, rates.tolist(), strict=True)),
    }


def cause_of(trace: Trace) -> str:
    """Say which value of a step is the first that is inf or nan, and what its line read."""
    found = trace.first_not_finite()
    if found is None:
        return "the loss or a weight became inf or nan"
    line, name = found
    place = [int(index) for index in np.argwhere(~np.isfinite(trace[name]))[0]]
    index = f"[{', '.join(map(str, place))}]" if place else ""
    bad = f"{name}{index} is {float(trace[name][tuple(place)])}"
    if line is None:
        return f"{bad} before the step"
    read = trace.read_as(name)
    sizes = {n: _largest(trace[read[n]]) for n in line.code.co_names if n in read}
    large = max(sizes, key=lambda n: sizes[n])
    return f"{bad} in the line '{line.text}', where {large} is as large as {sizes[large]:.3g}"


def _largest(value: NDArray[Any]) -> float:
    return float(np.max(np.abs(value)))


def _remedy(trace: Trace, rates: NDArray[np.float64], kept: str) -> str:
    found = trace.first_not_finite()
    if found is not None and found[0] is None:
        return f"Set {found[1]} to finite numbers, or begin with a new network"
    largest = _largest(trace["x"])
    scale = f"scale the inputs, which are as large as {largest:.3g}, or "
    advice = scale if largest > LARGE_INPUT else ""
    if len(rates):
        advice += f"try a learning rate of {rates[0] / 10:.3g} instead of {rates[0]:.3g}"
    else:
        advice += "start from smaller weights"
    return f"{kept}; {advice}"
