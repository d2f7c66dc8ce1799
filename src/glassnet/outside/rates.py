"""A rate of a step: by its schedule, or by the optimizer's own rule."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from glassnet.errors import unknown_name
from glassnet.explanation.arithmetic import Leaf
from glassnet.explanation.digits import in_full
from glassnet.explanation.record import Explanation, Step
from glassnet.outside.recorded import Number, named, operands_of, steps_of, with_numbers
from glassnet.program import Program
from glassnet.rules.entry import Entry
from glassnet.rules.schedules import Schedule
from glassnet.trace import Place

ORIGINS = {
    "t": "number of this step of the optimizer, from 1, over all fits",
    "before": "steps of this fit before this one",
    "steps": "steps of this fit in all",
    "rate_factor": "set by a callback: what the schedule gives is multiplied by it",
}


def explain_rate(program: Program, name: str, place: Place) -> Explanation:
    """Explain what changes from step to step: a learning rate, a correction, an average's share.

    Args:
        program: whose rate it is.
        name: of the rate, one of `program.all_rate_names`.
        place: of the step in training; its `schedules` hold those that have watched the loss.

    Raises:
        DescriptionError: the program has no such rate.

    Example:
        >>> from glassnet.description import Description
        >>> from glassnet.rules.optimizers import SGD
        >>> from glassnet.rules.schedules import TimeDecay
        >>> program = Program(Description.read("1-1 linear"), SGD(TimeDecay(0.1)))
        >>> print(explain_rate(program, "learning_rate", Place(seed=0, before=50, steps=100)))
        learning_rate = 0.018182: by TimeDecay(0.1)
        <BLANKLINE>
          done = before / steps
               = 50 / 100
               = 0.5
        <BLANKLINE>
          learning_rate = start / (1 + decay·done)
                        = 0.1 / (1 + 9·0.5)
                        = 0.018182
        <BLANKLINE>
        where
          before = 50  (steps of this fit before this one)
          steps = 100  (steps of this fit in all)
          start = 0.1, decay = 9  (an option of TimeDecay(0.1))

    """
    if name not in program.all_rate_names:
        raise unknown_name("rate", name, program.all_rate_names)
    found, rule, origins = _recorded(program, name, place)
    value = float(found)
    if name == "learning_rate" and place.rate_factor != 1:
        found = named("rate_factor", float(place.rate_factor)) * found
        value = float(found)
    steps: list[Step] = []
    if isinstance(found, Number) and not isinstance(found.expression, Leaf):
        steps = steps_of(name, found, value)
        if any("done" in step.letters for step in steps):
            done: Any = named("before", place.before) / named("steps", place.steps)
            steps = [*steps_of("done", done, float(done)), *steps]
    result = steps[-1].result if steps else in_full(np.float64(value))
    operands = operands_of(steps, ORIGINS | origins)
    return Explanation(name, value, result, f"by {rule}", "", "", tuple(steps), operands)


def _recorded(program: Program, name: str, place: Place) -> tuple[Any, str, dict[str, str]]:
    """Give the rate as its rule makes it, the rule, and where its numbers come from."""
    optimizer = program.optimizer
    schedules: dict[str, Schedule] = {**program.schedules, **place.schedules}
    if name in schedules or name == "learning_rate":
        schedule = schedules.get(name, optimizer.schedule)
        twin = with_numbers(schedule)
        done = Number(place.before / place.steps, Leaf("done", place.before / place.steps))
        return _or_plain(twin.rate, schedule.rate, done), repr(schedule), _options(schedule)
    step = named("t", place.step)
    if name == "average_share":
        average = optimizer.averaging
        assert average is not None
        taken = (step, named("before", place.before), named("steps", place.steps))
        share = _or_plain(with_numbers(average).share, average.share, *taken)
        return share, repr(average), _options(average)
    column = optimizer.own_rates().index(name)
    twin_of_it = with_numbers(optimizer)
    found = _or_plain(
        lambda *a: twin_of_it.own_rates_at(*a)[column],
        lambda *a: optimizer.own_rates_at(*a)[column],
        step,
        0.0,
    )
    return found, type(optimizer).__name__, _options(optimizer)


def _or_plain(noted: Any, plain: Any, *given: Any) -> Any:
    """Run a rule so that it notes what it does; where that gives another number, plainly."""
    numbers = [int(g) if float(g).is_integer() else float(g) for g in given]
    value = float(plain(*numbers))
    try:
        found = noted(*given)
    except (TypeError, ValueError, AttributeError):
        return value
    same = isinstance(found, Number) and math.isclose(float(found), value, rel_tol=1e-12)
    return found if same else value


def _options(entry: Any) -> dict[str, str]:
    """Say of each option where it stands, those of a schedule within a schedule too."""
    found: dict[str, str] = {}
    for field in dataclasses.fields(entry):
        value = getattr(entry, field.name)
        if isinstance(value, Entry):
            found |= {k: v for k, v in _options(value).items() if k not in found}
        found[field.name] = f"an option of {entry!r}"
    return found
