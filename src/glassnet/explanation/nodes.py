"""What each node of a line's graph comes to, by NumPy, from the values of the trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from glassnet.explanation.names import Index
from glassnet.explanation.origins import sizes_of
from glassnet.graph import Symbol, function_of
from glassnet.program import Role
from glassnet.rules.layers import rows_of, sums_by_row
from glassnet.trace import Trace

OPERATIONS: dict[str, Callable[..., Any]] = {
    "element": lambda name, *parts: function_of(name)(*parts),
    "product": lambda name, left, right: left @ right,
    "transpose": lambda name, x: x.T,
    "column": lambda name, x, place: x[:, place],
    "placed": lambda name, x, start: x,
    "beside": lambda name, *parts: np.hstack(parts),
    "chosen": lambda name, table, numbers: rows_of(table, numbers),
    "row_sum": lambda name, x: np.sum(x, axis=1, keepdims=True),
    "row_cumsum": lambda name, x: np.cumsum(x, axis=1),
    "row_max": lambda name, x: np.max(x, axis=1, keepdims=True),
    "batch_sum": lambda name, x: np.ones_like(x[:, 0]) @ x,
    "total": lambda name, x: np.sum(x),
}


class NodeValues:
    """The values of the nodes of one graph; each is worked out once.

    Args:
        trace: has the values of the inputs.
        read_as: each name that the line read, as the trace names it.

    """

    def __init__(self, trace: Trace, read_as: Mapping[str, str]) -> None:
        self.trace, self.read_as = trace, read_as
        self._arrays: dict[int, Any] = {}

    def array(self, node: Symbol | float) -> Any:
        """Give the value of a node, as NumPy makes it of the values of the trace."""
        if not isinstance(node, Symbol):
            return node
        if id(node) not in self._arrays:
            with np.errstate(all="ignore"):
                self._arrays[id(node)] = self._computed(node)
        return self._arrays[id(node)]

    def _computed(self, node: Symbol) -> Any:
        if node.op == "input":
            value = self.trace[self.read_as.get(node.name, node.name)]
            given = self.trace.input_of(node.name)
            return float(value) if given and given.role is Role.RATE else value
        if node.op == "size":
            return sizes_of(self.trace)[node.name]
        if node.op == "numbers":
            shape = [sizes_of(self.trace)[str(axis)] for axis in node.axes]
            return np.full(shape, node.args, self.trace["loss"].dtype)
        parts = [self.array(a) for a in node.args]
        sizes = sizes_of(self.trace)
        if node.op == "columns":
            x, start = parts
            return x[:, start : start + sizes[str(node.axes[1])]]
        if node.op == "sums_by_row":
            d, numbers = parts
            rows, columns = (sizes[str(axis)] for axis in node.axes)
            return sums_by_row(d, numbers, np.empty((rows, columns), d.dtype))
        value = OPERATIONS[node.op](node.name, *parts)
        # As in the program, numbers alone make a plain number, which takes on any dtype.
        return value.item() if all(isinstance(part, int | float) for part in parts) else value

    def at(self, node: Symbol | float, index: Index) -> float:
        """Give one element of the value of a node."""
        value = np.asarray(self.array(node))
        return float(value[index] if value.ndim else value)
