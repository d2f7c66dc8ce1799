"""What a trace can be asked for: what its lines made, and with its place what it was given."""

from __future__ import annotations

import dataclasses

from glassnet.explanation import explain
from glassnet.explanation.names import checked, parsed
from glassnet.explanation.record import Explanation
from glassnet.outside.chance import explain_chance
from glassnet.outside.rates import explain_rate
from glassnet.program import Role
from glassnet.trace import Trace


def explain_in_step(trace: Trace, what: str) -> Explanation:
    """Explain a number of a trace; where the step's place is known, rates and chance as well.

    Raises DescriptionError if there is no such number.
    """
    explanation = explain(trace, what)
    name, asked = parsed(what)
    given = trace.input_of(name) if name in trace else None
    if trace.place is None or given is None or explanation.array is not None:
        return explanation
    if given.role is Role.RATE:
        outer = explain_rate(trace.program, name, trace.place)
    elif given.role is Role.RANDOM:
        index = checked(trace, name, name, asked)
        outer = explain_chance(trace.program, name, index, trace.place, _amount(trace, name))
    elif given.role is Role.DATA and trace.place.rows is not None:
        row = checked(trace, name, name, asked)[0]
        says = f"row {row} of the batch is row {int(trace.place.rows[row])} of X"
        return dataclasses.replace(explanation, remarks=(*explanation.remarks, says))
    else:
        return explanation
    if trace[name].dtype.type(outer.value) != trace[name][() if not asked else index]:
        return explanation  # the step was given something else
    return dataclasses.replace(
        explanation,
        result=outer.result,
        steps=outer.steps,
        operands=outer.operands,
        remarks=(*explanation.remarks, *_says(explanation, outer), *outer.remarks),
    )


def _says(explanation: Explanation, outer: Explanation) -> list[str]:
    return [outer.origin] if outer.origin != explanation.origin else []


def _amount(trace: Trace, name: str) -> float | None:
    """Give the amount of chance that a schedule gives a random input here."""
    mask = next(mask for mask in trace.program.masks if mask.name == name)
    schedule = trace.program.schedules.get(mask.amount_name)
    place = trace.place
    if schedule is None or place is None:
        return None
    return float(place.schedules.get(mask.amount_name, schedule).rate(place.before / place.steps))
