"""Where each node of a program's graph is computed, what is kept, and what it is called.

It knows kinds of node, not layers or losses:

* A matrix product is one call into a buffer of its own.
* Everything between two products is one pass over the rows of the batch: element-wise nodes, row
  reductions, and sums over the batch, together. A row reduction ends a loop over the columns; what
  needs its result stands in the next loop over the columns (the next *level*).
* A running sum along the row goes on from column to column, within one loop.
* A sum over the batch, and a total, is complete only when the pass is over: what needs it belongs
  to the next *stage*. So a program is a list of stages: products, then columns, then a pass.
* A costly function of few columns would leave most of each vector empty, row by row: it has a loop
  of its own over all its numbers, whatever row they are in, ahead of the pass that goes on from it.
  So does one of a value of each row that was made from few columns.
* A value is kept in a buffer only where another stage, another level or a product reads it.
* Arrays side by side are one buffer; each part is placed in it where the part is computed. Some
  columns of an array are read where they stand, once its row is whole: one level later.
* Rows chosen from a table are read in it, and sums by row are added up in their own array.
* What is done to weights (a penalty and its slope) is a pass over the rows of the weights: the same
  in every way but for the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from glassnet.graph import GradientGraph, Symbol, in_order, scope_for_loops
from glassnet.lines import MEASURING, Line, Phase, Shape
from glassnet.program import Program

COSTLY = frozenset("exp expm1 log log1p sqrt tanh arctan erfc bell".split())
FEW_COLUMNS = 16  # up to which a costly function has a loop of its own
SUMS_OVER_ROWS = frozenset({"batch_sum", "total", "sums_by_row"})
ROW_REDUCTIONS = frozenset({"row_sum", "row_max"})
READ_IN_PLACE = frozenset({"columns", "chosen"})  # a number of another array
JOINED = frozenset({"placed", "beside"})
IN_PASSES = SUMS_OVER_ROWS | ROW_REDUCTIONS | READ_IN_PLACE | JOINED | {"row_cumsum"}
GIVEN = frozenset({"input", "size", "ones", "column", "transpose", "numbers"})


def is_full(node: Symbol) -> bool:
    """Whether a node has a value for each row, of the batch or of weights, and each column."""
    return len(node.axes) == 2 and node.axes[1] != 1


def is_row(node: Symbol) -> bool:
    """Whether a node has one value for each row."""
    return node.axes == ("m", 1)


def is_column(node: Symbol) -> bool:
    """Whether a node has one value for each column."""
    return len(node.axes) == 1 and node.axes[0] != "m"


def rows_of(node: Symbol) -> str:
    """Name of the rows that a node of a pass runs over: "m", or those of weights."""
    sums_up = node.op in SUMS_OVER_ROWS | ROW_REDUCTIONS
    return str((next(node.symbols) if sums_up else node).axes[0])


def base(node: Symbol) -> Symbol:
    """Give the array that a node is a view of."""
    while node.op == "transpose":
        (inner,) = node.symbols
        node = inner
    return node


class Plan:
    """Where each node is computed, what is kept, and what everything is called."""

    def __init__(self, program: Program, graph: GradientGraph) -> None:
        self.program = program
        self.graph = graph
        self.nodes = [n for n in in_order(graph.outputs) if n.op not in GIVEN and not n.is_truth]
        self.users = self._users()
        self.finals = {id(n) for n in graph.statistics.values()}
        self.apart = {id(n) for n in self.nodes if self._is_apart(n)}
        self.stage: dict[int, int] = {}
        self.level: dict[int, int] = {}
        for node in self.nodes:
            self.stage[id(node)] = self._earliest_stage(node)
        self._delay()
        for node in self.nodes:
            self.level[id(node)] = self._level(node)
        self.stages = 1 + max(self.stage.values())
        self.names = self._names()
        self.numbers = self._numbers()
        self.stored = {id(n) for n in self.nodes if self._is_stored(n)}
        self.overwritten: dict[int, Symbol] = {}  # by the node that is written in its place
        self.buffers = self._buffers()

    def parts(self, node: Symbol) -> Iterator[Symbol]:
        """Give what a node is computed from: comparisons, which are never kept, looked through."""
        for part in node.symbols:
            if part.is_truth:
                yield from self.parts(part)
            elif part.op == "transpose":
                yield base(part)
            elif part.op != "size":
                yield part

    def _users(self) -> dict[int, list[Symbol]]:
        users: dict[int, list[Symbol]] = {}
        for node in self.nodes:
            for part in self.parts(node):
                users.setdefault(id(part), []).append(node)
        return users

    def _is_output(self, node: Symbol) -> bool:
        return any(node is out for out in self.graph.outputs)

    def in_nest(self, node: Symbol) -> bool:
        """Whether a node is computed in a pass over the rows."""
        if node.op in IN_PASSES:
            return True
        return node.op == "element" and (is_full(node) or is_row(node))

    def _is_apart(self, node: Symbol) -> bool:
        """Whether a node is computed in a loop of its own, over the numbers of all rows."""
        if node.name not in COSTLY - {"sqrt"} or node.axes[:1] != ("m",):
            return False
        made = {"element", "product"} | ROW_REDUCTIONS
        for part in node.args:
            if not isinstance(part, Symbol) or part.op not in made:
                return False
            if part.axes != node.axes or part.is_truth:
                return False
        return 0 < self._most_columns(node) <= FEW_COLUMNS

    def _most_columns(self, node: Symbol) -> int:
        """Give the most columns of what a value of the pass over the batch is made from."""
        if is_full(node):
            return self.program.sizes.get(str(node.axes[1]), 0)
        return max((self._most_columns(n) for n in node.symbols if n.axes[:1] == ("m",)), default=1)

    def _earliest_stage(self, node: Symbol) -> int:
        earliest = 0
        for part in self.parts(node):
            if part.op in GIVEN:
                continue
            waits = part.op in SUMS_OVER_ROWS
            if id(node) in self.apart:
                waits = waits or (self.in_nest(part) and id(part) not in self.apart)
            if node.op == "product":
                waits = waits or self.in_nest(part)
            earliest = max(earliest, self.stage[id(part)] + waits)
        return earliest

    def _delay(self) -> None:
        """Move what only later stages need, and is cheap, to the stage that needs it.

        It is worth it where no more than one value has to be kept in its place.
        """
        for node in reversed(self.nodes):
            users = self.users.get(id(node), [])
            movable = node.op in ("element", "columns") and self.in_nest(node)
            movable = movable and node.name not in COSTLY
            if not movable or self._is_output(node) or not users:
                continue
            if any(user.op == "product" for user in users):
                continue
            first = min(self.stage[id(user)] - (id(user) in self.apart) for user in users)
            if first > self.stage[id(node)] and len(self._to_keep(node)) <= 1:
                self.stage[id(node)] = first

    def _to_keep(self, node: Symbol) -> set[int]:
        """Which values of a row and column a later stage would have to find in a buffer."""
        return {
            id(part)
            for part in self.parts(node)
            if is_full(part)
            and part.op not in GIVEN
            and not any(user.op == "product" for user in self.users[id(part)])
        }

    def _level(self, node: Symbol) -> int:
        level = 0
        if id(node) in self.apart:
            return -1  # ahead of the pass
        for part in self.parts(node):
            if part.op in GIVEN or self.stage[id(part)] != self.stage[id(node)]:
                continue
            whole_row = part.op in ROW_REDUCTIONS or part.op == "beside" or node.op == "columns"
            level = max(level, self.level[id(part)] + whole_row)
        return level

    def _is_stored(self, node: Symbol) -> bool:
        if node.op in ("product", "batch_sum", "sums_by_row", "beside") or is_column(node):
            return True
        if node.op == "placed":
            return False
        if not self.in_nest(node) or node.op == "total":
            return False
        if self._is_output(node) or id(node) in self.apart:
            return True
        for user in self.users.get(id(node), []):
            if user.op == "product" or id(user) in self.apart:
                return True
            if self.stage[id(user)] != self.stage[id(node)]:
                return True
            if is_full(node) and self.level[id(user)] != self.level[id(node)]:
                return True
        return False

    def _names(self) -> dict[int, str]:
        """Give each node the name that the program gives it, or one of its own."""
        names: dict[int, str] = {}
        for name, node in self._named_by_program().items():
            names.setdefault(id(node), name)
        for p, node in self.graph.slopes.items():
            names[id(node)] = f"d{p}"
        for s, node in self.graph.statistics.items():
            names[id(node)] = s
        names[id(self.graph.loss)] = "loss"
        products = others = 0
        for node in self.nodes:
            if id(node) in names:
                continue
            if node.op == "product":
                products += 1
                names[id(node)] = f"product{products}"
            else:
                others += 1
                names[id(node)] = f"t{others}"
        return names

    def _numbers(self) -> dict[str, tuple[float, ...]]:
        """Name the numbers of the text that differ by column, and give them by name."""
        found = [n for n in in_order(self.graph.outputs) if n.op == "numbers" and len(n.args) > 1]
        self.names |= {id(node): f"numbers{place}" for place, node in enumerate(found, start=1)}
        return {self.names[id(node)]: tuple(map(float, node.args)) for node in found}  # type: ignore[arg-type]

    def _named_by_program(self) -> dict[str, Symbol]:
        named = set(MEASURING) - {Phase.REMEMBER}
        return self._named_by(line for line in self.program.lines if line.phase in named)

    def _named_by(self, lines: Iterable[Line]) -> dict[str, Symbol]:
        scope = scope_for_loops(self.program)
        table = self.graph.loss.table
        scope.update({n.name: n for n in table.values() if n.op == "input"})
        found: dict[str, Symbol] = {}
        for line in lines:
            exec(line.code, scope)  # a line of a program that was checked when it was made
            for name in line.outputs:
                found[name] = scope[name]
        return found

    def _buffers(self) -> dict[str, Shape]:
        """Give the buffers by name with their shapes; slopes and statistics have their own place.

        Where the last reader of a buffer writes a value of the same shape, it writes it there; the
        buffer then has the name of its last value.
        """
        own_place = {f"d{p}" for p in self.graph.slopes} | set(self.graph.statistics)
        tenants: list[list[Symbol]] = []
        free: dict[int, list[Symbol]] = {}  # by the node whose buffer can be taken over
        for node in self.nodes:
            if id(node) not in self.stored or self.names[id(node)] in own_place:
                continue
            taken = self._buffer_to_take(node, free)
            if taken is None:
                tenants.append([node])
                group = tenants[-1]
            else:
                group = free.pop(id(taken))
                self.overwritten[id(node)] = taken
                group.append(node)
            if is_full(node) and self._is_read_at_its_place(node):
                free[id(node)] = group
        self.arrays = {id(node): self.names[id(group[-1])] for group in tenants for node in group}
        return {self.names[id(group[-1])]: group[-1].axes for group in tenants}

    def _is_read_at_its_place(self, node: Symbol) -> bool:
        """Whether whatever reads a value at row i, column j is computed at that place, too."""
        return not any(u.op in ("product", "columns") for u in self.users.get(id(node), []))

    def _buffer_to_take(self, node: Symbol, free: Mapping[int, list[Symbol]]) -> Symbol | None:
        """Find a buffer whose every reader comes no later than the node, in the same pass.

        What is computed apart goes on where its operand stands, if all others have read it.
        """
        if not is_full(node) or node.op in ("product", "beside"):
            return None
        place = (self.stage[id(node)], self.level[id(node)])
        for group in free.values():
            candidate = group[-1]
            reads = [(self.stage[id(u)], self.level[id(u)]) for u in self.users[id(candidate)]]
            fits = candidate.axes == node.axes
            if id(node) in self.apart:
                fits = any(candidate is part for part in node.args)
                if fits and max(reads) == place and reads.count(place) == 1:
                    return candidate
            elif fits and all(stage == place[0] and level <= place[1] for stage, level in reads):
                return candidate
        return None

    def array(self, node: Symbol) -> str:
        """Name of the array that holds a stored node."""
        return self.arrays.get(id(node), self.names[id(node)])
