"""Where a value comes from: the line that made it, or what kind of input it is."""

from __future__ import annotations

import numpy as np

from glassnet.explanation.names import Index
from glassnet.program import Input, Role
from glassnet.trace import Trace


def origin_of(trace: Trace, name: str, index: Index) -> str:
    """Say where a value was made: the line, or what kind of input it is."""
    line, given = trace.line_of(name), trace.input_of(name)
    if line is not None:
        return line.text
    assert given is not None
    return _input_origin(trace, given, index)


def _input_origin(trace: Trace, given: Input, index: Index) -> str:
    row = index[0] if index else 0
    if given.role is Role.DATA:
        kind = "data" if given.name == "x" else "what is wanted"
        return f"{kind}, row {row} of the batch"
    if given.role is Role.WEIGHT:
        if is_one_over_m(trace):
            return f"weight of row {row}: 1/m = 1/{len(trace['w'])}"
        return given.note.partition(":")[0].replace("each row", f"row {row}")
    if given.role is Role.RANDOM:
        return f"drawn by chance: {given.note}"
    if given.role is Role.PARAMETER:
        kinds = {"W": "a weight", "b": "a bias", "E": "a number of a table"}
        kind = kinds.get(given.name[0], "a parameter")
        return f"{kind} before this step, {given.note}"
    if given.role in (Role.STATISTIC, Role.STATE):
        return f"{given.role.value} before this step, {given.note}"
    return f"given: {given.note}"


def is_one_over_m(trace: Trace) -> bool:
    """Whether all rows of the batch weigh the same, and 1 together."""
    w = trace["w"]
    return len(w) > 1 and bool(np.allclose(w, 1 / len(w), rtol=1e-6, atol=0))


def sizes_of(trace: Trace) -> dict[str, int]:
    """Give the length of each axis that has a name."""
    return {"m": len(trace["x"]), **trace.program.sizes}


def size_origin(axis: str) -> str:
    """Say what the length of an axis counts.

    >>> size_origin("m"), size_origin("n2")
    ('the number of rows in the batch', 'the number of neurons of layer 2')
    """
    if axis in ("m", "n0"):
        return {"m": "the number of rows in the batch", "n0": "the number of inputs"}[axis]
    counted = {"k": "categories in column", "p": "columns of a part:", "c": "columns side by side:"}
    return f"the number of {counted.get(axis[0], 'neurons of layer')} {axis[1:]}"
