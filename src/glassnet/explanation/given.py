"""Numbers that no line made: the inputs of the step, and the lengths of its axes."""

from __future__ import annotations

from glassnet.explanation.arithmetic import Leaf, Operation
from glassnet.explanation.digits import in_full
from glassnet.explanation.names import Index, element_name
from glassnet.explanation.origins import is_one_over_m, origin_of, size_origin, sizes_of
from glassnet.explanation.record import Explanation
from glassnet.explanation.writing import step_of
from glassnet.program import Role
from glassnet.trace import Trace


def explain_given(trace: Trace, name: str, index: Index) -> Explanation:
    """Explain a number of an input: what it is, and what it is after the step."""
    given = trace.input_of(name)
    assert given is not None
    what, value = element_name(name, given.shape, index), float(trace[name][index])
    origin, remarks, steps = origin_of(trace, name, index), [], []
    result = in_full(trace[name][index])
    rows = len(trace["x"])
    if given.role is Role.WEIGHT and is_one_over_m(trace):
        parts = (Leaf("1", 1.0, "number"), Leaf("m", float(rows), "size"))
        steps = [step_of(what, Operation("divide", parts, value), value, str(trace["w"].dtype))[0]]
        result = steps[0].result
    if name + "'" in trace:
        after = element_name(trace.last_name_of(name), given.shape, index)
        remarks = [f"after the step: {after} = {in_full(trace.after(name)[index])}"]
    return Explanation(
        what, value, result, origin, "", given.note, tuple(steps), (), tuple(remarks)
    )


def explain_size(trace: Trace, axis: str) -> Explanation:
    """Explain the length of an axis."""
    count = sizes_of(trace)[axis]
    return Explanation(axis, float(count), str(count), size_origin(axis), "", "")
