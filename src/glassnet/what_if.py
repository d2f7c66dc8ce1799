"""What if one number of a step were another: the step's lines are run again, and compared."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import DataError, DescriptionError
from glassnet.explanation.digits import printed
from glassnet.explanation.names import Index, axes_of, checked, element_name, parsed
from glassnet.trace import Trace, trace_step

SHOWN = 5  # digits
MOST_OUTPUTS = 6  # predictions in print; all of them are in `after`


@dataclass(frozen=True)
class Change:
    """How one value of a step changes: its number that changes most, and how many change at all.

    Args:
        name: of the value, as the trace calls it.
        line: that makes it; "" for what is given.
        phase: of the line; "given" for what is given.
        what: the number that changes most, such as "z1[0, 2]".
        before: this number as it was.
        after: as it becomes.
        changed: how many numbers of the value change.
        size: how many it has.

    """

    name: str
    line: str
    phase: str
    what: str
    before: float
    after: float
    changed: int
    size: int

    @property
    def difference(self) -> float:
        """By how much."""
        return self.after - self.before


@dataclass(frozen=True, eq=False)
class WhatIf:
    """A step as it was and as it would be, and all that differs, in the order of the program.

    `str()` gives it as text, `as_dict()` as plain data for JSON.

    Args:
        asked: what was set, by name, such as {"W1[0, 2]": 0.5}.
        before: the step as it was.
        after: as it would be.
        changes: values that differ, in the order of the program.

    """

    asked: Mapping[str, Any]
    before: Trace
    after: Trace
    changes: tuple[Change, ...]

    @property
    def loss(self) -> tuple[float, float]:
        """The loss before and after."""
        return float(self.before["loss"]), float(self.after["loss"])

    @property
    def outputs(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """What the network gives for the rows of the step (m, outputs), before and after."""
        name = self.before.program.outputs
        return self.before[name], self.after[name]

    def as_dict(self) -> dict[str, Any]:
        """Give plain data for JSON; inf and nan become text."""
        before, after = self.outputs
        fields = "name phase line what before after difference changed size".split()
        return {
            "asked": {name: _plain(value) for name, value in self.asked.items()},
            "loss": {"before": _plain(self.loss[0]), "after": _plain(self.loss[1])},
            "outputs": {"before": _plain(before), "after": _plain(after)},
            "changes": [
                {field: _plain(getattr(change, field)) for field in fields}
                for change in self.changes
            ],
        }

    def __str__(self) -> str:
        return self.text()

    def text(self, width: int = 100) -> str:
        """Give it as text; where columns are few, what changes is said in fewer words."""
        return "\n".join(self._rows(width))

    def _rows(self, width: int) -> Iterator[str]:
        yield f"what if {', '.join(self._asked())}"
        yield f"  loss  {_arrow(*self.loss)}"
        yield from self._outputs()
        if not self.changes:
            yield "  nothing changes"
            return
        full = self._table()
        if max(map(len, full)) <= width:
            yield "  value, how many of its numbers change, and the one that changes most:"
            yield from full
        else:
            yield "  of each value the number that changes most:"
            names = max(len(c.what) for c in self.changes)
            for change in self.changes:
                yield f"  {change.what:<{names}}  {_arrow(change.before, change.after)}"
        unchanged = [name for name in self._made() if name not in {c.name for c in self.changes}]
        if unchanged:
            yield f"  as it was: {', '.join(unchanged)}"

    def _table(self) -> list[str]:
        rows = [
            (c.phase, c.name, f"{c.changed} of {c.size}", c.what, _arrow(c.before, c.after))
            for c in self.changes
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        phases = ["", *(row[0] for row in rows)]
        table = []
        for before, row in zip(phases, rows, strict=False):
            shown = ("" if row[0] == before else row[0], *row[1:])
            cells = [f"{cell:<{width}}" for cell, width in zip(shown, widths, strict=True)]
            table.append(("  " + "  ".join(cells)).rstrip())
        return table

    def _asked(self) -> Iterator[str]:
        for what, value in self.asked.items():
            if np.ndim(value):
                yield f"{what} = {np.shape(value)} other numbers"
            else:
                name, index = place_of(self.before, what)
                assert index is not None
                was = float(self.before[name][index])
                now = float(self.after[name][index])
                yield f"{what} = {printed(now, SHOWN)} instead of {printed(was, SHOWN)}"

    def _outputs(self) -> Iterator[str]:
        name, (before, after) = self.before.program.outputs, self.outputs
        axes = axes_of(self.before, name)
        differ = np.argwhere(~_same(before, after))
        if not len(differ):
            yield f"  the outputs {name} stay as they were"
            return
        yield "  outputs"
        shown = [tuple(int(i) for i in place) for place in differ[:MOST_OUTPUTS]]
        names = [element_name(name, axes, index) for index in shown]
        for what, index in zip(names, shown, strict=True):
            numbers = _arrow(float(before[index]), float(after[index]))
            yield f"    {what:<{max(map(len, names))}}  {numbers}"
        if len(differ) > MOST_OUTPUTS:
            yield f"    and {len(differ) - MOST_OUTPUTS} more of {before.size}"

    def _made(self) -> Iterator[str]:
        return (name for name in self.before if self.before.line_of(name) is not None)


def what_if(trace: Trace, changes: Mapping[str, Any]) -> WhatIf:
    """Run the lines of a step again with some of its inputs changed, and compare.

    Args:
        trace: the step.
        changes: new numbers by name: of weights, biases, x, y, masks, rates, and whatever else the
            step is given, such as {"W1[0, 2]": 0.5}; or whole arrays, as in {"b1": [0, 0, 0]}.

    Raises:
        DescriptionError: no such number, or one that a line makes.
        DataError: what is no number, or an array that does not fit.

    Example:
        >>> import glassnet as gn
        >>> net = gn.Network("1-1 linear", random_state=0)
        >>> net.weights["W1"] = [[2.0]]
        >>> print(what_if(net.trace([[1.0]], [3.0]), {"W1[0, 0]": 3.0}))
        what if W1[0, 0] = 3 instead of 2
          loss  1 → 0  (−1)
          outputs
            z1[0, 0]  2 → 3  (+1)
          value, how many of its numbers change, and the one that changes most:
          given     W1    1 of 1  W1[0, 0]   2 → 3  (+1)
          forward   z1    1 of 1  z1[0, 0]   2 → 3  (+1)
          loss      loss  1 of 1  loss       1 → 0  (−1)
          backward  dz1   1 of 1  dz1[0, 0]  −2 → 0  (+2)
                    dW1   1 of 1  dW1[0, 0]  −2 → 0  (+2)
                    db1   1 of 1  db1[0]     −2 → 0  (+2)
          update    W1'   1 of 1  W1'[0, 0]  2.02 → 3  (+0.98)
                    b1'   1 of 1  b1'[0]     0.02 → 0  (−0.02)

    """
    if not isinstance(changes, Mapping) or not changes:
        raise DescriptionError(
            f"say what is to change, as in {{'{_an_input(trace)}': 0.5}}, got {changes!r}"
        )
    given = {i.name: np.array(trace[i.name]) for i in trace.program.inputs}
    for what, value in changes.items():
        name, index = place_of(trace, what, np.ndim(value))
        number = _number(what, value, given[name].shape if index is None else ())
        with np.errstate(over="ignore"):  # inf is shown, not warned of
            given[name][() if index is None else index] = number
    other = trace_step(trace.program, given)
    return WhatIf(dict(changes), trace, other, tuple(_changes(trace, other)))


def place_of(trace: Trace, what: str, axes: int = 0) -> tuple[str, Index | None]:
    """Give the input that is meant and the index in it; none where all of it is (of some axes).

    Raises DescriptionError for what is not there, or is made by a line.
    """
    asked, index = parsed(what)
    name = trace.name_of(asked)
    if trace.input_of(name) is None:
        line = trace.line_of(name)
        assert line is not None
        inputs = [i.name for i in trace.program.inputs]
        raise DescriptionError(
            f"{what} is made by the line '{line.text}', and follows from what the step is given:"
            f" change one of {', '.join(inputs)}"
        )
    if index is None and axes:
        return name, None
    if index is None and trace[name].size != 1:
        first = element_name(name, axes_of(trace, name), (0,) * trace[name].ndim)
        raise DescriptionError(
            f"{what} has the shape {trace[name].shape}: change one of its numbers, such as"
            f" '{first}', or give an array for all of them"
        )
    return name, checked(trace, name, asked, index or (0,) * trace[name].ndim)


def _an_input(trace: Trace) -> str:
    first = trace.program.parameters[0]
    return f"{first.name}[{', '.join('0' for _ in first.shape)}]"


def _number(what: str, value: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Give the new numbers as an array of the shape that is wanted."""
    try:
        numbers = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{what} can only become a number, got {value!r}") from None
    if isinstance(value, bool | str) or numbers.shape != shape:
        wanted = "a number" if shape == () else f"an array of the shape {shape}"
        shown = repr(value) if numbers.ndim == 0 else f"one of the shape {numbers.shape}"
        raise DataError(f"{what} can only become {wanted}, got {shown}")
    return numbers


def _changes(before: Trace, after: Trace) -> Iterator[Change]:
    for name in before:
        old, new = before[name], after[name]
        same = _same(old, new)
        if same.all():
            continue
        line, index = before.line_of(name), _largest(old, new, same)
        what = element_name(name, axes_of(before, name), index)
        changed = int(same.size - np.count_nonzero(same))
        yield Change(
            name,
            line.text if line else "",
            line.phase.value if line else "given",
            what,
            float(old[index]),
            float(new[index]),
            changed,
            same.size,
        )


def _same(old: NDArray[Any], new: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray((old == new) | (np.isnan(old) & np.isnan(new)))


def _largest(old: NDArray[Any], new: NDArray[Any], same: NDArray[np.bool_]) -> Index:
    """Give the place where two arrays differ most; what became inf or nan differs most of all."""
    with np.errstate(all="ignore"):
        apart = np.abs(np.asarray(new, np.float64) - np.asarray(old, np.float64))
    apart = np.where(same, -1.0, np.where(np.isfinite(apart), apart, math.inf))
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(apart)), apart.shape))


def _arrow(before: float, after: float) -> str:
    """Write a number before and after, and the difference, as `0.5 → 0.75  (+0.25)`."""
    text = f"{printed(before, SHOWN)} → {printed(after, SHOWN)}"
    difference = after - before
    if not math.isfinite(difference):
        return text
    sign = "+" if difference > 0 else ""
    return f"{text}  ({sign}{printed(difference, SHOWN)})"


def _plain(value: Any) -> Any:
    """Give lists and numbers; inf and nan as text."""
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
