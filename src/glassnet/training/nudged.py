"""Gradients without calculus: raise one weight a little, and see how much the loss rises.

Always in float64: a nudge of a float32 loses most of its digits. What a step ends with is rounded
to the network's own dtype. Masks are those of the step, and running statistics do not notice the
nudges.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.engines import Work
from glassnet.engines.blas_threads import blas_threads
from glassnet.lines import Phase
from glassnet.program import Program
from glassnet.rules.activations import ACTIVATIONS
from glassnet.rules.penalties import PENALTIES
from glassnet.values import Values

NUDGE = 1e-5  # the error of a central difference is smallest about here
# Nudges where one alone misses, from large to small.
STEPS: NDArray[np.float64] = np.array([1e-2 / 2.0**k for k in range(24)])
MOST_ORDERS = 5  # each takes away one more power of the nudge's square from the error
DOUBT = 10  # times the spread of the smallest steps: what lies further away is contradicted
ROUNDING = 30 * np.finfo(np.float64).eps  # of a loss, by its size
MOST_ENTRIES = 2_000  # of one parameter; of a larger one a sample is checked
SAMPLE_SEED = 0
MEASURED = (Phase.FORWARD, Phase.LOSS, Phase.PENALTY)  # all that the loss depends on
# One nudge for each entry; many for parameters on which the loss bends so much that one misses.
WAYS = (np.array([NUDGE]), STEPS)


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
        lines = [ln for ln in program.lines if ln.phase in MEASURED]
        self._code = compile("\n".join(ln.text for ln in lines), "<glassnet forward>", "exec")
        self._remember = [ln for ln in program.lines if ln.phase is Phase.REMEMBER]
        calls = [ln.text.partition(" = ")[2].rstrip(")").partition("(") for ln in lines]
        self._kinks = [
            (argument, ACTIVATIONS[rule].kinks)
            for rule, _, argument in calls
            if rule in ACTIVATIONS and ACTIVATIONS[rule].kinks
        ]
        kinks = {penalty.function.__name__: penalty.kinks for penalty in PENALTIES.values()}
        costs = "\n".join(ln.text for ln in lines if ln.phase is Phase.PENALTY)
        self._kinks += [(w, kinks.get(rule, ())) for rule, w in re.findall(r"(\w+)\((\w+),", costs)]

    def __call__(self) -> float:
        """Give the loss."""
        return float(self._run()["loss"])

    def with_sides(self) -> tuple[float, list[NDArray[np.bool_]]]:
        """Give the loss, and on which side of each kink of a rule what it reads lies."""
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
    """Trains with one-sided nudges: all weights of a step are nudged from the same start.

    Each step begins with the values that it is given and ends with them rounded to their dtype;
    so nothing is known here that the network does not show.
    """

    name = "numpy"
    note = ""

    def __init__(self, program: Program, nudge: float) -> None:
        self.program = in_float64(program)
        self.own = Values(self.program)
        self.nudge = nudge

    def seconds_to_wait(self, work: Work) -> float:
        """Give 0: nothing is compiled."""
        return 0.0

    def train(
        self, work: Work, values: Values, first: int, last: int, rates: NDArray[np.float64]
    ) -> NDArray[Any]:
        """Do steps; see `Engine.train`."""
        with blas_threads(work.threads):
            return self._train(work, values, first, last, rates)

    def check_threads(self) -> None:
        """Raise MissingExtraError where nothing is installed that sets BLAS's threads."""
        with blas_threads(1):
            pass

    def _train(
        self, work: Work, values: Values, first: int, last: int, rates: NDArray[np.float64]
    ) -> NDArray[Any]:
        losses = np.empty(last - first)
        for number in range(first, last):
            x, y, w = work.batch(self.program, number)
            row = rates[number - first].tolist()
            masks = work.masks(self.program, number, len(x), row)
            self.own.take(values)
            loss, slopes, statistics = self._nudged((x, y, w), masks)
            losses[number - first] = loss
            if not math.isfinite(loss):
                return losses[: number - first + 1]
            self._update(slopes, row[: len(self.program.rate_names)])
            self._remember(statistics)
            values.take(self.own)
        return losses

    def gradients(self, work: Work, values: Values) -> tuple[float, NDArray[Any]]:
        """Give loss and flat nudged gradient of all rows; see `Engine.gradients`."""
        batch = (work.x, work.y, work.shares(self.program, np.arange(len(work.x))))
        masks = work.masks(self.program, 0, len(work.x), self.program.first_rates())
        self.own.take(values)
        loss, slopes, statistics = self._nudged(batch, masks)
        self._remember(statistics)
        values.take(self.own)
        return loss, np.concatenate([np.ravel(d) for d in slopes])

    def _nudged(
        self, batch: tuple[NDArray[Any], ...], masks: list[NDArray[Any]]
    ) -> tuple[float, list[NDArray[Any]], dict[str, NDArray[Any]]]:
        """Give the loss, how fast it rises with each parameter, and the new running statistics."""
        measure = NudgedLoss(self.program, _named(self.program, batch, masks, self.own))
        loss = measure()
        slopes = []
        for parameter in self.program.parameters:
            array = self.own.by_name[parameter.name]
            slope = np.empty(array.shape)
            for place in np.ndindex(array.shape):
                before = array[place]
                array[place] = before + self.nudge
                slope[place] = (measure() - loss) / self.nudge
                array[place] = before
            slopes.append(slope)
        return loss, slopes, measure.statistics() if self.program.statistics else {}

    def _update(self, slopes: list[NDArray[Any]], rates: list[float]) -> None:
        names = [*(p.name for p in self.program.parameters), *self.program.state_names]
        given = [self.own.by_name[name] for name in names]
        count = len(slopes)
        with np.errstate(all="ignore"):
            update = self.program.functions["update"]
            new = update(*given[:count], *slopes, *given[count:], *rates)
        for name, value in zip(names, new, strict=True):
            self.own.by_name[name][...] = value

    def _remember(self, statistics: dict[str, NDArray[Any]]) -> None:
        for name, value in statistics.items():
            self.own.by_name[name][...] = value


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
            it passes. Where nudges of one size give more, many sizes are taken together, each
            entry's by their own error and not by what is wanted.
        checked: number of entries compared, by parameter.
        at_kink: number of entries left out, because a nudge came to the other side of a kink, where
            there is no single slope.

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
    masks = work.masks(program, 0, len(batch[0]), program.first_rates())
    given = _named(program, batch, masks, own)
    exact = _exact(program, given)
    measure = NudgedLoss(program, given)
    random = np.random.RandomState(SAMPLE_SEED)
    nudged, worst, checked, at_kink = {}, {}, {}, {}
    for parameter in program.parameters:
        name = parameter.name
        entries = _sample(parameter.shape, random)
        for steps in WAYS:
            nudged[name], kinks = _differences(measure, own.by_name[name], entries, steps)
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
    steps: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Nudge entries of an array both ways; give the slopes, and which lie at a kink."""
    slopes, kinks = np.full(array.shape, np.nan), np.zeros(array.shape, bool)
    loss, sides = measure.with_sides()
    for place in places:
        before = array[place]
        found: list[float] = []
        for step in steps[::-1]:  # from the smallest up, as far as there is no kink
            ends = before + step, before - step
            (high, above), (low, below) = (_measured_at(measure, array, place, p) for p in ends)
            kinked = _differ(sides, above) or _differ(sides, below)
            kinks[place] |= kinked and step <= NUDGE
            if kinked and found:
                break
            found.append((high - low) / (ends[0] - ends[1]))
        array[place] = before
        used = steps[::-1][: len(found)][::-1]
        slopes[place] = extrapolated(np.array(found[::-1]), loss, used)
    return slopes, kinks


def _measured_at(
    measure: NudgedLoss, array: NDArray[np.float64], place: tuple[int, ...], value: float
) -> tuple[float, list[NDArray[np.bool_]]]:
    array[place] = value
    return measure.with_sides()


def _differ(sides: list[NDArray[np.bool_]], others: list[NDArray[np.bool_]]) -> bool:
    return any(bool((a != b).any()) for a, b in zip(sides, others, strict=True))


def extrapolated(
    slopes: NDArray[np.float64], loss: float, steps: NDArray[np.float64] = STEPS
) -> float:
    """Give the slope for a step of 0 from central differences, each step half of the one before.

    Of Richardson's table this is the place with the smallest error, as Ridders estimates it (how
    far a place is from the two that it is made of), and what rounding the loss adds. A place that
    the smallest steps contradict belongs to the loss as seen from far away, and is left out.

    >>> round(extrapolated(np.sinh(STEPS) / STEPS, loss=1.0), 10)
    1.0
    """
    near, best, smallest = slopes[-6:], slopes[-1], np.inf
    doubt = DOUBT * (np.sum(np.abs(np.diff(near))) + ROUNDING * abs(loss) / steps[-1])
    for order in range(1, min(MOST_ORDERS, len(slopes) - 1) + 1):
        share = 4.0**order
        made = (share * slopes[1:] - slopes[:-1]) / (share - 1)
        errors = np.maximum(np.abs(made - slopes[1:]), np.abs(made - slopes[:-1]))
        errors += ROUNDING * abs(loss) / steps[order:]
        errors[np.abs(made - near[-1]) > doubt] = np.inf
        place = int(np.argmin(errors))
        if errors[place] < smallest:
            best, smallest = made[place], errors[place]
        slopes = made
    return float(best)


def _error(exact: NDArray[np.float64], nudged: NDArray[np.float64], loss: float) -> float:
    """Give the error that is at most BAR where ‖a − n‖ ≤ BAR·‖a‖ + NOISE·max(1, |loss|)·√size."""
    if not exact.size:
        return 0.0
    noise = NOISE * max(1.0, abs(loss)) * math.sqrt(exact.size)
    return float(np.linalg.norm(exact - nudged) / (np.linalg.norm(exact) + noise / BAR))
