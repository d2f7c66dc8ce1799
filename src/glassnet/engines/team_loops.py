"""The loops of a program for a team: every thread runs the same text, each for its share.

A thread takes rows of the batch, from the gathering to the errors that are handed back. What is
summed over all rows needs the others: sums are made for each thread's rows and added up after a
meeting, in one order; a product contracted over the rows is done whole, by each thread for some
rows of the result. The update of these rows is then done by the same thread. Where the threads
meet is worked out by `glassnet.engines.meetings`.

Names stand for a thread's own rows of an array; `x_whole` is all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.engines.functions import Functions
from glassnet.engines.loops import (
    IMPORTS,
    TRAIN_TAKES,
    Stages,
    indented,
    keys_of_masks,
    prepared,
    rates_of,
    whole_text,
    with_train,
)
from glassnet.engines.meetings import MEETING, Part, Piece, Touch, with_meetings
from glassnet.engines.plan import Plan, base, is_column
from glassnet.engines.team_update import TeamUpdate
from glassnet.errors import ProgramError
from glassnet.graph import Symbol, gradient_graph
from glassnet.program import Program


@dataclass(frozen=True)
class TeamText:
    """The loops for a team, and the memory that its threads share.

    Args:
        source: the text, whose `train` takes what that for one thread takes, and its place in the
            team, the memory where it meets the others, and what they share.
        shared: names of the axes of each array in that memory, by its name.

    """

    source: str
    shared: dict[str, tuple[str, str]]

    def memory(
        self,
        sizes: Mapping[str, int],
        threads: int,
        most: int,
        kept_rows: int,
        dtype: np.dtype[Any],
    ) -> tuple[NDArray[Any], ...]:
        """Make the shared arrays, none filled; what each thread has of its own fills cache lines.

        Args:
            sizes: the program's axes by name.
            threads: in the team.
            most: rows in the largest batch.
            kept_rows: rows of a batch that are gathered, or 1 where none are.
            dtype: of the numbers.

        """
        known = {**sizes, "threads": threads, "most": most, "kept_rows": kept_rows, "1": 1}
        line = LINE // dtype.itemsize
        return tuple(
            _aligned(known[rows], -(-known[columns] // line) * line, dtype)
            if rows == "threads"
            else _aligned(known[rows], known[columns], dtype)
            for rows, columns in self.shared.values()
        )


LINE = 128  # bytes: a cache line of any processor, or two


def _aligned(rows: int, columns: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Give an array that begins with a cache line."""
    size = rows * columns * dtype.itemsize
    memory = np.empty(size + LINE, np.uint8)
    begin = -memory.ctypes.data % LINE
    return memory[begin : begin + size].view(dtype).reshape(rows, columns)


# A thread that takes rows of the batch goes through all weights of a layer, and copies them panel
# by panel for its few rows. From so many columns on, and as many terms, it takes columns instead:
# 1024-2048-2048-10 with 256 rows, two threads: 26.9 ms → 22.9 ms.
WIDE = 512


def write_team_loops(program: Program) -> TeamText:
    """Write the loops of a program for several threads.

    Raises ProgramError where a part of the program cannot be shared out.
    """
    plan = Plan(program, gradient_graph(program))
    functions = Functions()
    stages = TeamStages(plan, functions)
    body = [*stages.body(), *stages.kept_slopes()]
    update = TeamUpdate(program, functions, stages.cut, stages.shared)
    sections = [[SORT], [stages.batch()], body, list(stages.after()), list(update.pieces())]
    sort, batch, body, after, updating = with_meetings(sections)
    shared = {
        "x_rows": ("kept_rows", "n0"),
        "y_rows": ("kept_rows", str(program.inputs[1].shape[1])),
        "w_most": ("1", "most"),
        **stages.shared,
    }
    lines = [
        *prepared(program),
        *_shares(program, stages),
        *_memory(program, plan, stages, shared),
        "meetings = 0",
        "settings = flush_subnormals()",
        "for number in range(first, last):",
        *indented(_with_lines(sort)),
        *indented(_with_lines(batch)),
        *indented(_with_lines(body)),
        "    if thread == 0:",
        "        losses[number - first] = loss",
        "    if not is_finite(loss):",
        *indented(indented(leaving("number - first + 1"))),
        *indented(_with_lines(after)),
        "    if not updating:",
        *indented(indented(leaving("number - first + 1"))),
        *indented(rates_of(program)),
        *indented(_with_lines(updating)),
        *leaving("last - first"),
    ]
    texts = with_train(functions, TEAM_TAKES, lines)
    return TeamText(whole_text(program, "The loops of", TEAM_IMPORTS, texts), shared)


TEAM_TAKES = [*TRAIN_TAKES, *"thread threads signed order shared".split()]

OF_TEAMS = """from glassnet.engines.meeting import (
    leave,
    meet,
)
from glassnet.engines.shares import (
    add_up,
    columns_between,
    copy_between,
    fill_own_equal_shares,
    fill_own_shares,
    row_of,
    total_of,
)
"""
TEAM_IMPORTS = IMPORTS.replace("\nreal = ", f"{OF_TEAMS}\nreal = ")

MEET = [
    "meetings += 1",
    "if not meet(signed, thread, threads, meetings):",
    "    put_back(settings)",
    "    return -1",
]


def leaving(done: str) -> list[str]:
    """Write how a thread ends, which gives what was done."""
    return ["put_back(settings)", f"return leave(signed, thread, threads, meetings + 1, {done})"]


SORT = Piece(
    (
        "position = number % per_epoch",
        "if thread == 0 and shuffled and (number == first or position == 0):",
        "    key = order_keys[number // per_epoch - first // per_epoch]",
        "    sort_rows(key, order, hashes, counts)",
    ),
    frozenset({Touch("order", Part.FIRST, writes=True)}),
)

TAKE_OWN_BATCH = """start = position * batch
stop = rows if position == per_epoch - 1 else start + batch
if m != stop - start:
    m = stop - start
    begin = m * thread // threads
    end = m * (thread + 1) // threads
    own_m = end - begin
    w = rows_between(w_most, begin, end)
    fill_own_equal_shares(adds_up, m, w)
    {cut}
if shuffled:
    x_whole = rows_between(x_rows, 0, m)
    x = rows_between(x_rows, begin, end)
    y = rows_between(y_rows, begin, end)
    gather(x_all, order, start + begin, x)
    gather(y_all, order, start + begin, y)
else:
    x_whole = rows_between(x_all, start, stop)
    x = rows_between(x_all, start + begin, start + end)
    y = rows_between(y_all, start + begin, start + end)
if weights.size > 0:
    fill_own_shares(weights, order, start, stop, begin, shuffled, adds_up, w)"""


def _with_lines(pieces: Iterable[Piece]) -> Iterator[str]:
    for piece in pieces:
        yield from MEET if piece is MEETING else piece.lines


# --------------------------------------------------------------------------------- the stages


class TeamStages(Stages):
    """Writes each stage for a thread's share."""

    row = "begin + i"

    def __init__(self, plan: Plan, functions: Functions) -> None:
        super().__init__(plan, functions)
        program = plan.program
        self.shared: dict[str, tuple[str, str]] = {}  # buffers by name
        self.sums: dict[str, str] = {}  # width of each sum over the batch
        self.cut: dict[str, None] = {}  # axes whose places are shared out
        self.axes: dict[str, tuple[object, ...]] = {
            "x": ("m", "n0"),
            "y": program.inputs[1].shape,
            "w": ("m", 1),
            **program.parameter_shapes,
            **program.statistic_shapes,
            **{f"d{p}": s for p, s in program.parameter_shapes.items() if len(s) == 2},
            **{name: s for name, s in plan.buffers.items() if len(s) == 2},
        }
        self.given = {*program.parameter_shapes, *program.statistic_shapes}
        for name, shape in plan.buffers.items():
            if len(shape) == 2:
                rows = "most" if shape[0] == "m" else str(shape[0])
                axes = ("1", rows) if shape[1] == 1 else (rows, str(shape[1]))
                self.shared[f"{name}_most" if rows == "most" else name] = axes
        for shape in (*program.parameter_shapes.values(), *program.statistic_shapes.values()):
            self.cut[str(shape[0])] = None
        self.whole: dict[str, None] = {}  # arrays that some product reads whole
        self.own: dict[str, None] = {}  # arrays of weights of which own rows are taken

    def batch(self) -> Piece:
        """Give the piece that takes the rows of a batch."""
        program = self.plan.program
        cut = []
        for name, shape in self.plan.buffers.items():
            if shape[0] == "m":
                cut.append(f"{name} = rows_between({name}_most, begin, end)")
                if name in self.whole:
                    cut.append(f"{name}_whole = rows_between({name}_most, 0, m)")
        lines = TAKE_OWN_BATCH.replace("\n    {cut}", "".join(f"\n    {line}" for line in cut))
        touches = {Touch(name, Part.ROWS, writes=True) for name in ("x", "y", "w")}
        touches.add(Touch("order", Part.WHOLE))
        lines_of_masks = list(keys_of_masks(program))
        return Piece((*lines.splitlines(), *lines_of_masks), frozenset(touches))

    # ----------------------------------------------------------- what a piece touches

    def part_of(self, name: str, rows: str) -> Part:
        """Say which part of an array a pass over its own share of `rows` touches."""
        axes = self.axes.get(name)
        if axes is None or (len(axes) == 1 and name not in self.given):
            return Part.ALONE
        return Part.ROWS if len(axes) == 2 and axes[0] == rows else Part.WHOLE

    def piece(
        self,
        lines: Iterable[str],
        reads: Iterable[str],
        writes: Iterable[str],
        rows: str = "",
    ) -> Piece:
        """Put lines together with what they touch."""
        touches = {Touch(name, self.part_of(name, rows)) for name in reads}
        for name in writes:
            part = self.part_of(name, rows)
            part = Part.ROWS if part is Part.WHOLE else part  # running statistics
            touches -= {Touch(name, Part.WHOLE)}
            touches.add(Touch(name, part, writes=True))
        return Piece(tuple(lines), frozenset(touches))

    def columns(self, width: str, nodes: list[Symbol]) -> str:
        """Write which columns a loop runs over: its own where they are kept for all."""
        kept = [self.plan.array(node) in self.given for node in nodes]
        if any(kept) and not all(kept):
            raise ProgramError("columns of which some are kept for the next step")
        return f"first_{width}, last_{width}" if any(kept) else width

    # ------------------------------------------------------------------------ products

    def _product(self, node: Symbol) -> Piece:
        left, right = node.symbols
        out, name = self.plan.array(node), self.name_of(base(left))
        if node.axes[0] == "m" and left.op != "transpose":
            if self._is_wide(right):
                return self._shared_by_columns(node)
            lines = [f"product({name}, {self._matrix(right)}, {out})"]
            return self.piece(lines, [name, self.name_of(base(right))], [out], "m")
        if left.op != "transpose" or base(left).axes[0] != "m" or right.axes[0] != "m":
            raise ProgramError(f"a product of ({left.axes}) and ({right.axes})")
        rows, other = str(node.axes[0]), self.name_of(right)
        self.cut[rows] = None
        self.own[out] = None
        self.whole[name] = self.whole[other] = None
        part = f"columns_between({name}_whole, first_{rows}, last_{rows})"
        lines = [f"product({part}, {other}_whole, {out}_own)"]
        return self.piece(lines, [name, other], [out], rows)

    def _is_wide(self, matrix: Symbol) -> bool:
        """Whether a matrix is so large that each thread had better go through a part of it."""
        terms, columns = (self.plan.program.sizes.get(str(axis), 1) for axis in matrix.axes)
        return columns >= WIDE and terms * columns >= WIDE * WIDE

    def _shared_by_columns(self, node: Symbol) -> Piece:
        """Give the product of all rows of the batch and a thread's own columns."""
        left, right = node.symbols
        out, name, columns = self.plan.array(node), self.name_of(left), str(node.axes[1])
        self.cut[columns] = None
        self.whole[name] = self.whole[out] = None
        own = f", first_{columns}, last_{columns}).T"
        right_part = f"columns_between({self._matrix(right)}{own}"
        lines = (f"product({name}_whole, {right_part}, columns_between({out}_whole{own})",)
        reads = {Touch(name, Part.WHOLE), Touch(self.name_of(base(right)), Part.WHOLE)}
        return Piece(lines, frozenset({*reads, Touch(out, Part.COLUMNS, writes=True)}))

    # -------------------------------------------------------------------------- passes

    def count(self, rows: str) -> str:
        """Name the number of a thread's own rows."""
        if rows != "m":
            self.cut[rows] = None
        return f"own_{rows}"

    def of_rows(self, masks: list[str]) -> tuple[str, ...]:
        """Name what a pass takes to know a row's number in the whole batch."""
        return ("begin",) if masks else ()

    def passed(
        self,
        lines: list[str],
        takes: tuple[str, ...],
        totals: tuple[str, ...],
        rows: str,
        stored: list[Symbol],
    ) -> Iterator[Piece]:
        """Give the pieces that do a pass over a thread's rows, and add up what it summed."""
        if any(node.op == "sums_by_row" for node in stored):
            raise ProgramError("the rows of an embedding's table are added up one after the other")
        sums = {self.plan.array(n): str(n.axes[0]) for n in stored if n.op == "batch_sum"}
        written = {self.plan.array(n) for n in stored} - set(sums)
        self.sums |= sums
        self.shared |= {f"{name}_sums": ("threads", width) for name, width in sums.items()}
        self.shared |= {f"{name}_sums": ("threads", "1") for name in totals}
        given = [self._given(name, rows, sums) for name in takes]
        call = self.functions.call("rows", lines, takes, totals, given)
        target = ", ".join(f"{name}_sums[thread, 0]" for name in totals)
        line = f"{target} = {call}" if totals else call
        reads = [name for name in takes if name not in sums]
        done = self.piece([line], reads, written, rows)
        own = {Touch(f"{name}_sums", Part.ROWS, writes=True) for name in (*sums, *totals)}
        yield Piece(done.lines, done.touches | own)
        for node in stored:
            if node.op == "batch_sum" and not self._is_left_to_update(node):
                name = self.plan.array(node)
                yield self._added(f"add_up({name}_sums, 0, {sums[name]}, {name})", name)
        for name in totals:
            yield self._added(f"{name} = real(total_of({name}_sums))", name)

    def _given(self, name: str, rows: str, sums: Mapping[str, str]) -> str:
        if name in sums:
            return f"own_{name}"
        if rows != "m" and self.part_of(name, rows) is Part.ROWS:
            self.own[name] = None
            return f"{name}_own"
        return name

    def _added(self, line: str, name: str) -> Piece:
        touches = {Touch(f"{name}_sums", Part.WHOLE), Touch(name, Part.ALONE, writes=True)}
        return Piece((line,), frozenset(touches))

    # -------------------------------------------------------------------------- slopes

    def _is_left_to_update(self, node: Symbol) -> bool:
        """Whether a sum over the batch is a slope that nothing but the update reads."""
        is_slope = any(node is slope for slope in self.plan.graph.slopes.values())
        return is_slope and id(node) not in self.plan.users

    def kept_slopes(self) -> Iterator[Piece]:
        """Give the pieces that put slopes of one axis where the update finds them."""
        for p, node in self.plan.graph.slopes.items():
            if len(node.axes) != 1:
                continue
            width, name = str(node.axes[0]), self.plan.array(node)
            target = Touch(f"slopes_d{p}", Part.ROWS, writes=True)
            if node.op == "batch_sum" and self._is_left_to_update(node):
                line = f"add_up({name}_sums, first_{width}, last_{width}, slopes_d{p})"
                source = Touch(f"{name}_sums", Part.WHOLE)
            else:
                line = f"copy_between({name}, first_{width}, last_{width}, slopes_d{p})"
                source = Touch(name, Part.ALONE)
            yield Piece((line,), frozenset({source, target}))


# ---------------------------------------------------------------------- what is done once


def _shares(program: Program, stages: TeamStages) -> Iterator[str]:
    """Write which rows and places of the parameters belong to a thread."""
    for axis in stages.cut:
        yield f"first_{axis} = {axis} * thread // threads"
        yield f"last_{axis} = {axis} * (thread + 1) // threads"
        yield f"own_{axis} = last_{axis} - first_{axis}"
    yield f"own_first = new_numbers({len(program.parameters)}, sizes)"
    yield f"own_last = new_numbers({len(program.parameters)}, sizes)"
    for place, (p, shape) in enumerate(program.parameter_shapes.items()):
        times = "".join(f" * {axis}" for axis in shape[1:])
        yield f"own_first[{place}] = at_{p} + first_{shape[0]}{times}"
        yield f"own_last[{place}] = at_{p} + last_{shape[0]}{times}"


def _memory(
    program: Program, plan: Plan, stages: TeamStages, shared: Mapping[str, tuple[str, str]]
) -> Iterator[str]:
    """Write the buffers: views of the shared memory, and arrays that belong to a thread."""
    yield "rows = x_all.shape[0]"
    yield "changing = rates.shape[0] > 1"
    yield "most = rows if rows <= batch else batch + 1"
    yield "kept_rows = most if shuffled else 1"
    for place, (name, (rows, _)) in enumerate(shared.items()):
        yield f"{name} = row_of(shared[{place}], 0)" if rows == "1" else f"{name} = shared[{place}]"
    for name, columns in stages.sums.items():
        yield f"own_{name} = row_of({name}_sums, thread)"
        yield f"part_{name} = new_numbers({columns}, parameters)"
    for name in stages.own:
        axis = stages.axes[name][0]
        yield f"{name}_own = rows_between({name}, first_{axis}, last_{axis})"
    private = {name: shape[0] for name, shape in plan.buffers.items() if len(shape) == 1}
    private |= {plan.array(n): n.axes[0] for n in plan.graph.slopes.values() if is_column(n)}
    for name, width in private.items():
        if name.removeprefix("d") in program.parameter_shapes:
            yield f"slopes_{name} = {name}"
        yield f"{name} = new_numbers({width}, parameters)"
    for name, values in plan.numbers.items():
        yield f"{name} = np.array({values!r}, real)"
    yield "m, begin, end, own_m = 0, 0, 0, 0"
    yield "w = rows_between(w_most, 0, 0)"
    for name, axes in plan.buffers.items():
        if axes[0] == "m":
            yield f"{name} = rows_between({name}_most, 0, 0)"
            if name in stages.whole:
                yield f"{name}_whole = rows_between({name}_most, 0, 0)"
    yield "places = rows if shuffled and thread == 0 else 1"
    yield "hashes = new_numbers(places, order_keys)"
    yield "counts = new_numbers(places + 1, sizes)"
