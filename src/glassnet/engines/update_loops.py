"""The update of a program as loops over the flat arrays of parameters, slopes and state.

Nearly all of an update is done number by number, in one loop over the flat arrays. What needs a sum
first (the length of all gradients, that of each column of weights) has the sum made in a loop of
its own ahead of that one. What such a loop computes on the way is not kept: it is computed again
where it is needed, from arrays that nobody writes to before they have been read.

Each loop is a function of the places that it goes over. Places are numbers without a sign: one that
could be below 0 would be checked for it, number by number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from glassnet.engines.expressions import AtPlace
from glassnet.engines.functions import Functions
from glassnet.engines.meetings import Piece
from glassnet.graph import Symbol, in_order, update_graph
from glassnet.program import Program


class UpdateLoops:
    """Writes the update: single numbers, then for each parameter its columns, then its own numbers.

    Parameters beside each other with equal rules share a loop.
    """

    def __init__(self, program: Program, functions: Functions) -> None:
        self.program = program
        self.functions = functions
        self.shapes = program.parameter_shapes
        self.kinds = program.optimizer.state_names()
        self.new = update_graph(program) if program.trains else {}
        self.places: dict[str, str] = {}  # where an array stands, by its name
        self.owners: dict[str, str] = {}  # the parameter that it belongs to
        for p in self.shapes:
            places = {p: "parameters[q]", f"d{p}": "slopes[q]"}
            places |= {f"{kind}_{p}": f"{kind}[q]" for kind in self.kinds}
            self.places |= places
            self.owners |= dict.fromkeys(places, p)
        self.numbers: dict[int, str] = {}  # what single numbers are called, by their node

    def pieces(self) -> Iterator[Piece]:
        """Give all pieces; none where the update is made outside of the program."""
        if not self.program.trains:
            return
        yield from self._single_numbers()
        groups: list[tuple[list[str], list[str]]] = []  # parameters, and the loop they share
        by_columns: dict[
            str, list[str]
        ] = {}  # or all lines of a parameter that has sums of its own
        for p in self.shapes:
            columns: dict[int, str] = {}
            ahead = list(self._columns(p, columns))
            lines = self._step(p, columns)
            if ahead:
                groups.append(([p], []))
                by_columns[p] = [*ahead, self._over_columns("update", p, lines)]
            elif groups and groups[-1][1] == lines:
                groups[-1][0].append(p)
            else:
                groups.append(([p], lines))
        for names, lines in groups:
            if lines:
                yield self.in_places(names, lines)
            else:
                yield self.in_columns(names[0], by_columns[names[0]])

    def _results(self, p: str) -> dict[str, Symbol]:
        """Give the new values of a parameter and its state, by the names of the arrays."""
        return {name: self.new[name] for name in (p, *(f"{kind}_{p}" for kind in self.kinds))}

    def _step(self, p: str, columns: Mapping[int, str]) -> list[str]:
        results = self._results(p)
        names = {**self.numbers, **columns}
        lines = self._made(results.values(), names)
        return lines + [f"{self.places[name]} = {names[id(n)]}" for name, n in results.items()]

    def _made(self, results: Iterable[Symbol], names: dict[int, str]) -> list[str]:
        """Write what leads to some numbers at place q, and name everything on the way."""
        text, known, lines = AtPlace(names), len(names), []
        for node in in_order(results, names):
            if node.op == "input":
                names[id(node)] = self.places[node.name].removesuffix("[q]") + "_q"
                lines.append(f"{names[id(node)]} = {self.places[node.name]}")
            elif not node.is_truth:  # a comparison stands where it is used
                names[id(node)] = f"q{len(names) - known}"
                lines.append(f"{names[id(node)]} = {text.computed(node)}")
        return lines

    # ------------------------------------------------------- what a sum has to be made for first

    def _single_numbers(self) -> Iterator[Piece]:
        """Write what is one number for all parameters: rates, totals, and what they lead to."""
        nodes = [node for node in in_order(self.new.values()) if node.axes == ()]
        self.numbers |= {id(node): node.name for node in nodes if node.op == "input"}
        for node in nodes:
            if node.op == "input" or node.is_truth:
                continue
            name = f"number{len(self.numbers)}"
            if node.op == "total":
                yield from self._total(node, name)
            else:
                yield self.alone([f"{name} = {AtPlace(self.numbers).computed(node)}"], name)
            self.numbers[id(node)] = name

    def _total(self, node: Symbol, name: str) -> Iterator[Piece]:
        (summed,) = node.symbols
        arrays = [n.name for n in in_order([summed], self.numbers) if n.op == "input"]
        names = dict(self.numbers)
        lines = [*self._made([summed], names), f"{name} += {names[id(summed)]}"]
        yield from self.added_up(self.owners[arrays[0]], lines, name)

    def _columns(self, p: str, columns: dict[int, str]) -> Iterator[str]:
        """Write what is one number for each column of a parameter, and name it."""
        shape = self.shapes[p]
        if len(shape) != 2:
            return
        for node in in_order(self._results(p).values(), self.numbers):
            if node.axes != shape[1:] or node.is_truth:
                continue
            name = f"column{len(columns)}_{p}"
            names = {**self.numbers, **columns}
            if node.op == "batch_sum":
                (summed,) = node.symbols
                lines = self._made([summed], names)
                yield f"{name} = np.zeros({shape[1]})"
                adding = f"{name}[j] += {names[id(summed)]}"
                yield self._over_columns("columns", p, [*lines, adding])
                columns[id(node)] = f"real({name}[j])"
            else:
                yield f"{name} = new_numbers({shape[1]}, parameters)"
                yield f"for j in range({', '.join(self.columns(p) or [str(shape[1])])}):"
                yield f"    {name}[j] = {AtPlace(names).computed(node)}"
                columns[id(node)] = f"{name}[j]"

    def _over_columns(self, kind: str, p: str, lines: Iterable[str]) -> str:
        """Put lines into a loop over the rows and columns of a parameter."""
        own = self.columns(p)
        loop = ["for i in range(rows):"]
        loop += [f"    for j in range({'first, last' if own else 'columns'}):"]
        loop += ["        q = np.uint64(start + i * columns + j)"]
        loop += [f"        {line}" for line in lines]
        given = [f"at_{p}", *map(str, self.shapes[p]), *own]
        takes = ["start", "rows", "columns", *(("first", "last") if own else ())]
        return self._called(kind, loop, takes, given)

    def over_places(
        self, kind: str, lines: Iterable[str], given: tuple[str, str], total: str = ""
    ) -> str:
        """Give the call of lines in a loop over places, from one to before another."""
        loop = [f"{total} = 0.0"] if total else []
        loop += ["for q in range(np.uint64(start), np.uint64(stop)):"]
        loop += [f"    {line}" for line in lines]
        return self._called(kind, loop, ["start", "stop"], given, total)

    def _called(
        self, kind: str, lines: list[str], takes: list[str], given: Iterable[str], gives: str = ""
    ) -> str:
        """Give the call of a function of places, which also takes what its lines read."""
        outside = {"parameters", "slopes", *self.kinds, *self.numbers.values()}
        words = dict.fromkeys(re.findall(r"[A-Za-z_]\w*", "\n".join(lines)))
        read = [word for word in words if word in outside or word.startswith("column")]
        read = [word for word in read if word not in (*takes, gives)]
        return self.functions.call(
            kind, lines, [*takes, *read], [gives] if gives else [], [*given, *read]
        )

    # ---------------------------------------------------- what is done otherwise by several threads

    def columns(self, p: str) -> list[str]:
        """Write the first column of a parameter that loops run over, and the one after the last.

        None for all of them.
        """
        return []

    def alone(self, lines: Iterable[str], name: str) -> Piece:
        """Give the piece that makes a single number."""
        return Piece(tuple(lines), frozenset())

    def added_up(self, p: str, lines: Iterable[str], name: str) -> Iterator[Piece]:
        """Give the pieces that make a number: the total of lines over a parameter."""
        call = self.over_places("total", lines, places_of([p]), name)
        yield Piece((f"{name} = {call}",), frozenset())

    def in_places(self, parameters: list[str], lines: Iterable[str]) -> Piece:
        """Give the piece that does lines at all places of parameters beside each other."""
        return Piece((self.over_places("update", lines, places_of(parameters)),), frozenset())

    def in_columns(self, p: str, lines: Iterable[str]) -> Piece:
        """Give the piece that updates a parameter whose columns are summed up first."""
        return Piece(tuple(lines), frozenset())


def places_of(parameters: list[str]) -> tuple[str, str]:
    """Write the first place of parameters that stand beside each other, and the one after them."""
    first, last = parameters[0], parameters[-1]
    return f"at_{first}", f"at_{last} + {last}.size"
