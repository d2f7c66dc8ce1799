"""The stacked engine: networks of one program, each on rows of its own, trained in one call a step.

The program's graph is printed once more, for arrays with an axis of networks in front:

    (m, n)  →  (k, m, n)      (m, 1)  →  (k, m, 1)      (n,)  →  (k, 1, n)      ()  →  (k, 1, 1)

Element by element NumPy stretches these as it did before, and a product of stacks is a product for
each network. So this file knows kinds of node only: no layer, loss or optimizer has a line in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.engines import Work
from glassnet.engines.expressions import INFIX
from glassnet.errors import ProgramError
from glassnet.graph import Symbol, in_order, step_graph
from glassnet.program import Program, Role
from glassnet.values import Values

LONGEST = 60  # an expression that is longer gets a name of its own
NUMBERS_TOGETHER = 50_000  # row numbers that are sorted in one go

GIVEN = (Role.DATA, Role.WEIGHT, Role.RANDOM)  # what each step is given anew

Batch = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]


# ------------------------------------------------------------------------------------ the text


class StackedWriter:
    """Writes a step of a program for stacked arrays.

    Raises:
        ProgramError: the program has something in it that is not known for stacked arrays.

    Example:
        >>> from glassnet.description import Description
        >>> from glassnet.rules.optimizers import SGD
        >>> print(StackedWriter(Program(Description.read("2-1 tanh"), SGD())).text)
        def step(x, y, w, W1, b1, learning_rate):
            ones = np.ones((1, x.shape[1]), x.dtype)
            z1 = (x @ W1) + b1
            a1 = np.tanh(z1)
            v1 = a1 - y
            loss = np.sum((w * v1) * v1, axis=(1, 2), keepdims=True) / 1
            da1 = ((2.0 * w) * v1) / 1
            dz1 = da1 * (1.0 - (a1 * a1))
            dW1 = x.swapaxes(1, 2) @ dz1
            db1 = ones @ dz1
            new_W1 = W1 - (learning_rate * dW1)
            new_b1 = b1 - (learning_rate * db1)
            return loss, new_W1, new_b1

    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.made = step_graph(program)
        last = {name: node for made in self.made for name, node in made.items()}
        kept = [item.name for item in program.inputs if item.role not in (*GIVEN, Role.RATE)]
        self.carried = tuple(kept)
        self.results = {name: last[name] for name in ("loss", *self.carried) if name in last}
        self.nodes = in_order(self.results.values())
        self.uses = Counter(id(node) for node in self.results.values())
        self.uses.update(id(part) for node in self.nodes for part in node.symbols)
        self.written: dict[int, str] = {}  # what stands for a node in the text
        self.lines: list[str] = []
        self.taken = {item.name for item in program.inputs}
        self.unnamed = 0  # values of rules, which have no name in the program

    @property
    def counts_rows(self) -> bool:
        """Whether the step reads the number of rows: then an added row would change something."""
        return any(node.op == "size" and node.name == "m" for node in self.nodes)

    @cached_property
    def text(self) -> str:
        """The function `step`."""
        for made in self.made:
            self._write(made)
        data, rates = self.program.names(*GIVEN), self.program.names(Role.RATE)
        takes = ", ".join([*data, *self.carried, *rates])
        new = {name: self.written[id(node)] for name, node in self.results.items()}
        gives = ", ".join(new.get(name, name) for name in ("loss", *self.carried))
        head = ["ones = np.ones((1, x.shape[1]), x.dtype)"]
        body = [f"    {line}" for line in (*head, *self.lines, f"return {gives}")]
        return "\n".join([f"def step({takes}):", *body])

    def _write(self, made: Mapping[str, Symbol]) -> None:
        """Write what makes the values of one line of the program, as far as anything needs them."""
        needed = {name: node for name, node in made.items() if id(node) in self.uses}
        names = {id(node): self._own_name(name) for name, node in needed.items()}
        for node in in_order(needed.values()):
            if id(node) in self.written:
                continue
            text = self._expression(node)
            if id(node) in names:
                self._name(node, names[id(node)], text)
            elif node.args and (self.uses[id(node)] > 1 or len(text) > LONGEST):
                self.unnamed += 1
                self._name(node, f"v{self.unnamed}", text)
            else:
                self.written[id(node)] = text

    def _own_name(self, name: str) -> str:
        """Give each value a name of its own: what is written later may read an older one."""
        wanted = f"new_{name}" if name in self.carried else name
        own, count = wanted, 1
        while own in self.taken:
            count += 1
            own = f"{wanted}_{count}"
        self.taken.add(own)
        return own

    def _name(self, node: Symbol, name: str, text: str) -> None:
        self.lines.append(f"{name} = {_bare(text)}")
        self.written[id(node)] = name

    def _value(self, node: Symbol | float) -> str:
        if isinstance(node, Symbol):
            return self.written[id(node)]
        text = repr(float(node))
        return text if np.isfinite(node) else f"np.{text}".replace("np.-", "-np.")

    def _expression(self, node: Symbol) -> str:
        """Write what makes a node of the values that it is made of."""
        values = [self._value(a) for a in node.args]
        axes = [part.axes for part in node.symbols]
        match node.op, axes:
            case "input", _:
                return node.name
            case "size", _:
                return "x.shape[1]" if node.name == "m" else str(self.program.sizes[node.name])
            case "ones", _ if node.axes == ("m",):
                return "ones"
            case "element", _:
                return _element(node.name, values)
            case "product", [_, (_, _)]:
                return f"({values[0]} @ {values[1]})"
            case "transpose", [(_, _)]:
                return f"{values[0]}.swapaxes(1, 2)"
            case "row_sum" | "row_max", [(_, _)]:
                return f"np.{node.op[4:]}({_bare(values[0])}, axis=2, keepdims=True)"
            case "row_cumsum", [(_, _)]:
                return f"np.cumsum({_bare(values[0])}, axis=2)"
            case "numbers", _:
                return f"np.array([{', '.join(values)}], x.dtype)"
            case "batch_sum", [("m", _)]:
                return f"(ones @ {values[0]})"
            case "batch_sum", [(_, _)]:  # down the columns of weights
                return f"np.sum({_bare(values[0])}, axis=1, keepdims=True)"
            case "column", [(_, _)]:
                return f"{values[0]}[:, None, :, {node.args[1]}]"
            case "columns", [(_, _)]:
                start, width = node.args[1], self.program.sizes[str(node.axes[1])]
                return f"{values[0]}[:, :, {start}:{start + width}]"
            case "placed", _:
                return values[0]
            case "beside", _:
                return f"np.concatenate(({', '.join(map(_bare, values))}), axis=2)"
            case "chosen", [(_, _), ("m",)]:
                return f"chosen({', '.join(map(_bare, values))})"
            case "sums_by_row", [("m", _), ("m",)]:
                rows = self.program.sizes[str(node.axes[0])]
                return f"sums_by_row({', '.join(map(_bare, values))}, {rows})"
            case "total", _:
                return f"np.sum({_bare(values[0])}, axis=(1, 2), keepdims=True)"
        raise ProgramError(f"{node.op} of {axes} is not known for stacked arrays")


def _chosen(table: NDArray[Any], numbers: NDArray[Any]) -> NDArray[Any]:
    """Give the rows of each network's own table, by the numbers (k, 1, m)."""
    return np.take_along_axis(table, numbers.astype(np.intp).swapaxes(1, 2), axis=1)


def _sums_by_row(d: NDArray[Any], numbers: NDArray[Any], rows: int) -> NDArray[Any]:
    """Add up rows by such numbers, in tables of so many rows."""
    sums = np.zeros((len(d), rows, d.shape[2]), d.dtype)
    np.add.at(sums, (np.arange(len(d))[:, None], numbers[:, 0].astype(np.intp)), d)
    return sums


def _element(name: str, values: list[str]) -> str:
    if name in INFIX:
        return f"({values[0]} {INFIX[name]} {values[1]})"
    if name == "negative":
        return f"(-{values[0]})"
    return f"np.{name}({', '.join(map(_bare, values))})"


def _bare(text: str) -> str:
    """Leave out brackets around the whole text.

    >>> _bare("(a + (b))"), _bare("(a) + (b)")
    ('a + (b)', '(a) + (b)')
    """
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and place < len(text) - 1:
            return text
    return text[1:-1] if text.startswith("(") else text


# ------------------------------------------------------------------------------------ the rows


class StackedRows:
    """The rows of several works, and the batches that each step takes of all of them.

    Where works have different numbers of rows, the last batch of the shorter ones is filled up with
    rows of weight 0.

    Args:
        program: of all works.
        works: have equally many batches in an epoch, of equal size; all have weights, or none has.

    """

    def __init__(self, program: Program, works: Sequence[Work]) -> None:
        self.program = program
        self.works = tuple(works)
        self.rows = max(len(work.x) for work in works)
        longest = max(works, key=lambda work: len(work.x))
        self.batches = longest.batches
        self.last_start = self.batches.cuts[-1][0]
        self.x = self._filled([work.x for work in works])
        self.y = self._filled([work.y for work in works])
        counts = np.array([len(work.x) for work in works])
        self.counted = (np.arange(self.rows) < counts[:, None]).astype(self.x.dtype)
        weights = [work.weights for work in works if work.weights is not None]
        self.weights = self._filled(weights) if weights else None
        self.offsets = self.rows * np.arange(len(works))[:, None]  # of each work in flat rows
        self._equal: dict[int, NDArray[Any]] = {}

    def _filled(self, arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """Stack arrays; a shorter one is filled up with the first row of its last batch."""
        stack = np.empty((len(arrays), self.rows, *arrays[0].shape[1:]), arrays[0].dtype)
        for part, array in zip(stack, arrays, strict=True):
            part[: len(array)] = array
            part[len(array) :] = array[self.last_start]
        return stack

    def steps(self, first: int, last: int) -> Iterator[Batch]:
        """Give x, y and w, each with an axis of works in front, for the steps first … last − 1."""
        per_epoch = self.batches.per_epoch
        epochs = range(first // per_epoch, -(-last // per_epoch))
        together = max(1, NUMBERS_TOGETHER // self.offsets.size // self.rows)
        for start in range(epochs.start, epochs.stop, together):
            block = epochs[start - epochs.start :][:together]
            for epoch, order in zip(block, self._orders(block), strict=True):
                part = slice(max(0, first - epoch * per_epoch), last - epoch * per_epoch)
                yield from self._cut(order, part)

    def _orders(self, epochs: range) -> Iterator[NDArray[np.int64] | None]:
        """Give each epoch's order as flat numbers of rows (works, rows); None: as they stand."""
        if not self.batches.shuffled:
            yield from (None for _ in epochs)
            return
        orders = np.empty((len(self.works), len(epochs), self.rows), np.int64)
        for part, work in zip(orders, self.works, strict=True):
            before, count = work.epochs_before, len(work.x)
            part[:, :count] = work.batches.orders(before + epochs.start, before + epochs.stop)
            part[:, count:] = part[:, self.last_start, None]
        orders += self.offsets[:, :, None]
        yield from orders.swapaxes(0, 1)

    def _cut(self, order: NDArray[np.int64] | None, part: slice) -> Iterator[Batch]:
        """Give the batches of an epoch that are wanted."""
        cuts, x, y, weights = self.batches.cuts[part], self.x, self.y, self.weights
        begin, end = cuts[0][0], cuts[-1][1]
        if order is None:
            x, y = x[:, begin:end], y[:, begin:end]
            weights = None if weights is None else weights[:, begin:end]
        else:
            rows = order[:, begin:end]
            x, y = (np.take(a.reshape(-1, a.shape[2]), rows, axis=0) for a in (x, y))
            weights = None if weights is None else np.take(weights, rows)
        for start, stop in cuts:
            at = slice(start - begin, stop - begin)
            own = None if weights is None else weights[:, at]
            yield x[:, at], y[:, at], self._shares(own, start, stop)

    def _shares(self, weights: NDArray[Any] | None, start: int, stop: int) -> NDArray[Any]:
        """Give w (works, m, 1) of a batch; where no weights are given it is made only once."""
        if weights is None and start in self._equal:
            return self._equal[start]
        counted = self.counted[:, start:stop]
        given = counted if weights is None else weights * counted
        adds_up = self.program.description.loss.rows == "sum"
        w = (given if adds_up else given / np.sum(given, axis=1, keepdims=True))[:, :, None]
        if weights is None:
            self._equal[start] = w
        return w

    def masks(
        self, step: int, rows: int, rates: Sequence[NDArray[np.float64]]
    ) -> list[NDArray[Any]]:
        """Give the random inputs of a step, by the rates that each work has in it."""
        if not self.program.masks:
            return []
        each = (
            work.masks(self.program, step, rows, own.tolist())
            for work, own in zip(self.works, rates, strict=True)
        )
        return [np.stack(masks) for masks in zip(*each, strict=True)]


# ---------------------------------------------------------------------------------- the engine


class StackedEngine:
    """Runs the stacked step of a program.

    Raises:
        ProgramError: the program has something in it that is not known for stacked arrays.

    """

    name = "stacked"

    def __init__(self, program: Program) -> None:
        self.program = program
        self.writer = StackedWriter(program)
        self.source = self.writer.text
        scope: dict[str, Any] = {"np": np, "__builtins__": {}}
        scope |= {"chosen": _chosen, "sums_by_row": _sums_by_row}
        exec(compile(self.source, "<glassnet stacked program>", "exec"), scope)  # our own text
        self._step: Callable[..., Any] = scope["step"]

    def rows_of(self, works: Sequence[Work]) -> StackedRows:
        """Stack the rows of several works.

        Raises ProgramError where they are of different numbers and the program counts rows.
        """
        if len({len(work.x) for work in works}) > 1 and self.writer.counts_rows:
            raise ProgramError("the program counts the rows of a batch, so none can be added")
        return StackedRows(self.program, works)

    def train(
        self,
        rows: StackedRows,
        values: Sequence[Values],
        first: int,
        last: int,
        rates: Sequence[NDArray[np.float64]],
    ) -> NDArray[Any]:
        """Do the steps first … last − 1 of all works, changing the values in place.

        Args:
            rows: of the works.
            values: of each work.
            first: number of the first step, from 0.
            last: number after the last step.
            rates: of each work, (last − first, number of rates) what changes from step to step.

        Returns:
            The losses (steps done, works). Where one is inf or nan its step is the last one, and no
            update of this step is made. Values change at the end only: if something gets in
            between they are as they were.

        """
        losses = np.empty((last - first, len(values)), values[0].dtype)
        inputs = len(self.program.rate_names)  # what else changes sets the random inputs
        at_step = _rates_at_each_step([own[:, :inputs] for own in rates], losses.dtype)
        carried = self._stacked(values)
        with np.errstate(all="ignore"):  # the guards of the works word what went wrong
            for number, (x, y, w) in enumerate(rows.steps(first, last)):
                masks = rows.masks(first + number, x.shape[1], [own[number] for own in rates])
                loss, *new = self._step(x, y, w, *masks, *carried, *at_step[number])
                losses[number] = loss[:, 0, 0]
                if not np.isfinite(losses[number]).all():
                    losses = losses[: number + 1]
                    break
                carried = new
        for place, own in enumerate(values):
            own.assign(
                [
                    array[place].reshape(own.by_name[name].shape)
                    for name, array in zip(self.writer.carried, carried, strict=True)
                ]
            )
        return losses

    def _stacked(self, values: Sequence[Values]) -> list[NDArray[Any]]:
        """Give the arrays that a step takes and gives back, with two axes for each network."""
        arrays = (np.stack([own.by_name[name] for own in values]) for name in self.writer.carried)
        return [a if a.ndim == 3 else a.reshape(len(a), 1, -1) for a in arrays]


def _rates_at_each_step(rates: Sequence[NDArray[np.float64]], dtype: np.dtype[Any]) -> Any:
    """Give the rates of each step: plain numbers where all networks have the same."""
    if all(np.array_equal(own, rates[0]) for own in rates):
        return rates[0].tolist()  # plain numbers take on the dtype of the arrays they meet
    return np.stack(rates, axis=2)[:, :, :, None, None].astype(dtype)
