"""Gradients without calculus: raise one weight a little, and see how much the loss rises.

Always in float64: a nudge of a float32 loses most of its digits. Masks are those of the step, and
running statistics do not notice the nudges.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.engines import Work
from glassnet.program import Phase, Program
from glassnet.rules.activations import ACTIVATIONS
from glassnet.values import Values

CHECK_NUDGE = 1e-5  # the error of a central difference is smallest about here
MOST_ENTRIES = 2_000  # of one parameter; of a larger one a sample is checked
SAMPLE_SEED = 0
# How often the nudge is taken, and how each loss counts: the central difference, and one of higher
# order for parameters on which the loss bends so much that the first one misses.
WAYS = ({-1: -1 / 2, 1: 1 / 2}, {-2: 1 / 12, -1: -2 / 3, 1: 2 / 3, 2: -1 / 12})


def in_float64(program: Program) -> Program:
    """Give the same network and optimizer as a program in float64."""
    return Program(replace(program.description, dtype="float64"), program.optimizer)


class NudgedLoss:
    """The loss of one batch as a function of the parameters alone: forward lines and loss line.

    Args:
        program: whose lines are run, in float64.
        given: x, y, w, masks, parameters and running statistics by name; parameters are looked at
            afresh at each call, so they may be changed in place.

    """

    def __init__(self, program: Program, given: Mapping[str, Any]) -> None:
        self.program = program
        self.given = given
        lines = [ln for ln in program.lines if ln.phase in (Phase.FORWARD, Phase.LOSS)]
        self._code = compile("\n".join(ln.text for ln in lines), "<glassnet forward>", "exec")
        self._remember = [ln for ln in program.lines if ln.phase is Phase.REMEMBER]
        calls = [ln.text.partition(" = ")[2].rstrip(")").partition("(") for ln in lines]
        self._kinks = [
            (argument, ACTIVATIONS[rule].kinks)
            for rule, _, argument in calls
            if rule in ACTIVATIONS and ACTIVATIONS[rule].kinks
        ]

    def __call__(self) -> float:
        """Give the loss."""
        return float(self._run()["loss"])

    def with_sides(self) -> tuple[float, list[NDArray[np.bool_]]]:
        """Give the loss, and on which side of each kink of an activation its inputs lie."""
        scope = self._run()
        return float(scope["loss"]), [scope[z] > kink for z, kinks in self._kinks for kink in kinks]

    def statistics(self) -> dict[str, NDArray[Any]]:
        """Give the running statistics after the step."""
        scope = self._run()
        for line in self._remember:
            exec(line.code, scope)  # a line of a program that was checked when it was made
        return {s.name: scope[s.name] for s in self.program.statistics}

    def _run(self) -> dict[str, Any]:
        scope = {"np": np, **self.program.rules, **self.given}
        with np.errstate(all="ignore"):
            exec(self._code, scope)  # lines of a program that was checked when it was made
        return scope


class NudgedEngine:
    """Trains with one-sided nudges: all weights of a step are nudged from the same start."""

    name = "numpy"

    def __init__(self, program: Program, nudge: float) -> None:
        self.program = program
        self.nudge = nudge

    def train(
        self, work: Work, values: Values, first: int, last: int, rates: NDArray[np.float64]
    ) -> NDArray[Any]:
        """Do steps; see `Engine.train`."""
        losses = np.empty(last - first)
        for number in range(first, last):
            x, y, w = work.batch(self.program, number)
            masks = work.masks(self.program, number, len(x))
            loss, slopes, statistics = self._nudged(values, (x, y, w), masks)
            losses[number - first] = loss
            if not math.isfinite(loss):
                return losses[: number - first + 1]
            self._update(values, slopes, rates[number - first].tolist())
            for name, value in statistics.items():
                values.by_name[name][...] = value
        return losses

    def gradients(self, work: Work, values: Values) -> tuple[float, NDArray[Any]]:
        """Give loss and flat nudged gradient of all rows; see `Engine.gradients`."""
        batch = (work.x, work.y, work.shares(self.program, np.arange(len(work.x))))
        masks = work.masks(self.program, 0, len(work.x))
        loss, slopes, statistics = self._nudged(values, batch, masks)
        for name, value in statistics.items():
            values.by_name[name][...] = value
        return loss, np.concatenate([np.ravel(d) for d in slopes])

    def _nudged(
        self, values: Values, batch: tuple[NDArray[Any], ...], masks: list[NDArray[Any]]
    ) -> tuple[float, list[NDArray[Any]], dict[str, NDArray[Any]]]:
        """Give the loss, how fast it rises with each parameter, and the new running statistics."""
        measure = NudgedLoss(self.program, _named(self.program, batch, masks, values))
        loss = measure()
        slopes = []
        for parameter in self.program.parameters:
            array = values.by_name[parameter.name]
            slope = np.empty(array.shape)
            for place in np.ndindex(array.shape):
                before = array[place]
                array[place] = before + self.nudge
                slope[place] = (measure() - loss) / self.nudge
                array[place] = before
            slopes.append(slope)
        return loss, slopes, measure.statistics() if self.program.statistics else {}

    def _update(self, values: Values, slopes: list[NDArray[Any]], rates: list[float]) -> None:
        names = [*(p.name for p in self.program.parameters), *self.program.state_names]
        given = [values.by_name[name] for name in names]
        count = len(slopes)
        with np.errstate(all="ignore"):
            update = self.program.functions["update"]
            new = update(*given[:count], *slopes, *given[count:], *rates)
        for name, value in zip(names, new, strict=True):
            values.by_name[name][...] = value


def _named(
    program: Program,
    batch: tuple[NDArray[Any], ...],
    masks: list[NDArray[Any]],
    values: Values,
) -> dict[str, Any]:
    """Name what the forward lines read; parameters are the arrays of `values` themselves."""
    return {
        **dict(zip(("x", "y", "w"), batch, strict=True)),
        **{mask.name: kept for mask, kept in zip(program.masks, masks, strict=True)},
        **values.by_name,
    }


# ------------------------------------------------------------------------- the gradient check


@dataclass(frozen=True)
class GradientCheck:
    """Exact gradients beside central differences, both in float64.

    Args:
        exact: gradient by the program's backward lines, by parameter.
        nudged: by central differences; nan where an entry was not in the sample.
        worst: error of each parameter: ‖exact − nudged‖ over ‖exact‖, where the noise of the
            differences themselves, about 1e-10 · max(1, |loss|) an entry, is forgiven. Up to 1e-8
            it passes.
        checked: number of entries compared, by parameter.
        at_kink: number of entries left out, because their two nudges lay on different sides of a
            kink, where there is no single slope.

    """

    exact: Mapping[str, NDArray[np.float64]]
    nudged: Mapping[str, NDArray[np.float64]]
    worst: Mapping[str, float]
    checked: Mapping[str, int]
    at_kink: Mapping[str, int]

    @property
    def passed(self) -> bool:
        """Whether every parameter passes."""
        return all(error <= BAR for error in self.worst.values())

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        width = max(map(len, self.worst))
        return "\n".join(self._row(name, width) for name in self.worst)

    def _row(self, name: str, width: int) -> str:
        error, size, checked = self.worst[name], self.exact[name].size, self.checked[name]
        of = f" of {size}, a sample with seed {SAMPLE_SEED}" if size > MOST_ENTRIES else ""
        kinks = f", {self.at_kink[name]} at a kink left out" if self.at_kink[name] else ""
        verdict = "ok " if error <= BAR else "BAD"
        return f"{verdict}  d{name:<{width}}  error {error:.1e}  ({checked} entries{of}{kinks})"


BAR = 1e-8
NOISE = 1e-10  # of one central difference, times max(1, |loss|)


def check_gradients(values: Values, work: Work) -> GradientCheck:
    """Compare the gradients of a network with central differences, on all rows at once.

    Nothing that is given is changed.

    Args:
        values: parameters and running statistics, of any dtype.
        work: all rows in one batch, in float64.

    """
    program = in_float64(values.program)
    own = Values(program)
    own.take(values)
    batch = work.batch(program, 0)
    given = _named(program, batch, work.masks(program, 0, len(batch[0])), own)
    exact = _exact(program, given)
    measure = NudgedLoss(program, given)
    random = np.random.RandomState(SAMPLE_SEED)
    nudged, worst, checked, at_kink = {}, {}, {}, {}
    for parameter in program.parameters:
        name = parameter.name
        entries = _sample(parameter.shape, random)
        for way in WAYS:
            nudged[name], kinks = _differences(measure, own.by_name[name], entries, way)
            compared = np.isfinite(nudged[name]) & ~kinks
            worst[name] = _error(exact[name][compared], nudged[name][compared], measure())
            if worst[name] <= BAR:
                break
        checked[name], at_kink[name] = int(compared.sum()), int(kinks.sum())
    return GradientCheck(exact, nudged, worst, checked, at_kink)


def _exact(program: Program, given: Mapping[str, Any]) -> dict[str, NDArray[np.float64]]:
    gradients = program.functions["gradients"]
    code = gradients.__code__
    with np.errstate(all="ignore"):
        found = gradients(*(given[name] for name in code.co_varnames[: code.co_argcount]))
    names = [p.name for p in program.parameters]
    return dict(zip(names, found[1 : 1 + len(names)], strict=True))


def _sample(shape: tuple[int, ...], random: np.random.RandomState) -> list[tuple[int, ...]]:
    """Give the places of all entries of an array, or of MOST_ENTRIES drawn by chance."""
    size = math.prod(shape)
    if size <= MOST_ENTRIES:
        return list(np.ndindex(shape))
    chosen = np.sort(random.choice(size, MOST_ENTRIES, replace=False))
    return [tuple(int(i) for i in np.unravel_index(entry, shape)) for entry in chosen]


def _differences(
    measure: NudgedLoss,
    array: NDArray[np.float64],
    places: list[tuple[int, ...]],
    way: Mapping[int, float],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Nudge entries of an array both ways; give the slopes, and which lie at a kink."""
    slopes, kinks = np.full(array.shape, np.nan), np.zeros(array.shape, bool)
    for place in places:
        before, slope, sides = array[place], 0.0, []
        for nudges, share in way.items():
            array[place] = before + nudges * CHECK_NUDGE
            loss, own_sides = measure.with_sides()
            slope += share * loss / CHECK_NUDGE
            sides.append(own_sides)
        array[place] = before
        slopes[place] = slope
        kinks[place] = any(
            (a != b).any() for other in sides for a, b in zip(sides[0], other, strict=True)
        )
    return slopes, kinks


def _error(exact: NDArray[np.float64], nudged: NDArray[np.float64], loss: float) -> float:
    """Give the error that is at most BAR where ‖a − n‖ ≤ BAR·‖a‖ + NOISE·max(1, |loss|)·√size."""
    if not exact.size:
        return 0.0
    noise = NOISE * max(1.0, abs(loss)) * math.sqrt(exact.size)
    return float(np.linalg.norm(exact - nudged) / (np.linalg.norm(exact) + noise / BAR))
