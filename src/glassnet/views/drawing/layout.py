"""Places for everything: neurons in columns, lines between them, and texts that do not overlap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from glassnet.description import Description
from glassnet.views.counts import many
from glassnet.views.drawing.captions import caption, equation_of
from glassnet.views.drawing.columns import Column, chosen_places, columns_of, sources
from glassnet.views.drawing.contents import biases, errors, own_numbers
from glassnet.views.drawing.legend import Legend, placed
from glassnet.views.drawing.letters import cut, width_of, wrapped
from glassnet.views.drawing.line_numbers import numbers_on_lines, room_for_numbers
from glassnet.views.drawing.numbers import Drawn, Numbers, largest
from glassnet.views.drawing.parts import Layout, Link, Neuron, Skip, Text

MOST_LINES = 5_000  # in one drawing: of a very deep network fewer neurons are drawn
EDGE = 16.0  # free room around everything
NARROWEST = 460.0
CAPTION, HEADING, LABEL, SMALL = 11.0, 13.0, 11.0, 9.0  # sizes of letters
LINE = 14.0  # from one line of a caption to the next
CAPTION_ROOM, LABEL_ROOM = 140.0, 170.0
LEVEL = 24.0  # from one arc to the next
# By how many neurons stand in the highest column: how far apart they are, and how large.
SIZES = ((4, 72.0, 22.0), (8, 56.0, 18.0), (12, 38.0, 15.0), (2**31, 31.0, 12.5))
ROOM_FOR_ERRORS = 10.0  # between neurons, for the numbers of their errors
ROOMY = 56.0  # where neurons are so far apart, numbers are printed above and below them too


@dataclass(frozen=True)
class Names:
    """What the user calls inputs and outputs; empty where the program's own names do."""

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    scaled: bool = False  # inputs are columns of a table, brought to mean 0 and spread 1


def laid_out(
    description: Description,
    numbers: Numbers,
    legend: Legend,
    names: Names,
    *,
    training: bool,
    most: int,
) -> Layout:
    """Give everything its place.

    Args:
        description: of the network.
        numbers: its parameters, and values and gradients if there is an example.
        legend: what is said below.
        names: of inputs and outputs.
        training: whether the values are those of a step of training, or of a prediction.
        most: neurons of a layer that are drawn.

    """
    columns = columns_of(description, training=training)
    few = _few_enough(columns, most, numbers.gradients)
    plan = _Plan(columns, numbers, names, [chosen_places(c.size, few) for c in columns])
    return plan.layout(description, legend, few < most)


def _few_enough(columns: Sequence[Column], most: int, gradients: bool) -> int:
    """Give how many neurons of a layer can be drawn with no more than MOST_LINES lines."""

    def lines(most: int) -> int:
        shown = [min(column.size, most) for column in columns]
        pairs = zip(pairwise(shown), columns[1:], strict=True)
        single = sum(a * b if column.dense else b for (a, b), column in pairs)
        return single * (2 if gradients else 1)

    while most > 1 and lines(most) > MOST_LINES:
        most -= 1
    return most


@dataclass
class _Plan:
    """The columns of one drawing on their way to their places."""

    columns: list[Column]
    numbers: Numbers
    names: Names
    drawn: list[list[int]]
    neurons: list[dict[int, Neuron]] = field(default_factory=list)  # of each column, by place

    def layout(self, description: Description, legend: Legend, fewer: bool) -> Layout:
        """Place one kind of thing after the other; each knows where the earlier ones are."""
        self.neurons = [self._column_of_neurons(place) for place in range(len(self.columns))]
        links = tuple(self._links())
        skips = tuple(self._skips())
        texts = [*self._captions(), *self._labels(), *self._beside(), *self._rests()]
        texts += numbers_on_lines(links, texts, self._all())
        texts += [_name_of(skip, skips) for skip in skips]
        right = max(text.box[2] for text in texts) + EDGE
        width = max(NARROWEST, right, self.xs[-1] + self.radius + EDGE)
        texts.append(_heading(description.short(), width))
        drawn = self._drawn(links)
        keys, end = placed(
            legend.entries(
                drawn,
                biases=any(neuron.bias for neuron in self._all()),
                passes=any(link.weight is None for link in links),
                limit=MOST_LINES if fewer else 0,
            ),
            EDGE,
            max([self.bottom, *(skip.depth + 16 for skip in skips)]) + 22,
            width - 2 * EDGE,
        )
        columns = [[n.value for n in column.values() if n.value] for column in self.neurons]
        return Layout(
            width=width,
            height=end + EDGE,
            name=description.short(),
            description=self._said(description),
            neurons=tuple(self._all()),
            links=links,
            skips=skips,
            texts=tuple(texts),
            keys=keys,
            largest_weight=largest(drawn.weights),
            largest_slope=largest(drawn.slopes),
            largest_error=largest(drawn.errors),
            largest_values=tuple(map(largest, columns)),
        )

    def _drawn(self, links: Sequence[Link]) -> Drawn:
        """Collect the numbers that lines, neurons and rims stand for."""
        neurons = list(self._all())
        weights = [*(link.weight for link in links), *(n.bias for n in neurons)]
        slopes = [*(link.gradient for link in links), *(n.bias_slope for n in neurons)]
        errors, values = [n.error for n in neurons], [n.value for n in neurons]
        kinds = (weights, slopes, errors, values)
        return Drawn(*(tuple(number for number in kind if number) for kind in kinds))

    # ------------------------------------------------------------------------- the measures

    def slots(self, place: int) -> int:
        """Give how many places a column takes: one more where neurons are left out."""
        return len(self.drawn[place]) + (len(self.drawn[place]) < self.columns[place].size)

    @cached_property
    def highest(self) -> int:
        """Places in the highest column."""
        return max(map(self.slots, range(len(self.columns))))

    @cached_property
    def _size(self) -> tuple[float, float]:
        pitch, radius = next((p, r) for most, p, r in SIZES if self.highest <= most)
        more = ROOM_FOR_ERRORS if self.numbers.gradients and pitch >= ROOMY else 0.0
        return pitch + more, radius

    @property
    def pitch(self) -> float:
        """From one neuron to the one below it."""
        return self._size[0]

    @property
    def radius(self) -> float:
        """Of a neuron."""
        return self._size[1]

    @cached_property
    def captions(self) -> list[list[tuple[str, bool, str]]]:
        """The lines above each column; with each whether it is bold, and all of it if it is cut."""
        found = []
        for place in range(len(self.columns)):
            lines = caption(
                self.columns,
                place,
                self.drawn[place],
                values=self.numbers.in_row("x", 0) is not None,
                scaled=self.names.scaled,
            )
            found.append(
                [
                    (part, n == 0, line if "…" in part else "")
                    for n, line in enumerate(lines)
                    for part in wrapped(line, CAPTION, CAPTION_ROOM, bold=n == 0)
                ]
            )
        return found

    def _caption_width(self, place: int) -> float:
        return max(width_of(line, CAPTION, bold=bold) for line, bold, _ in self.captions[place])

    @cached_property
    def xs(self) -> list[float]:
        """The middle of each column."""
        labels = [width_of(text, LABEL) for _, text in self._label_texts(0)]
        left = max([*labels, 0.0]) + self.radius + 10
        found = [EDGE + max(left, self._caption_width(0) / 2)]
        for a, b in pairwise(range(len(self.columns))):
            needed = (self._caption_width(a) + self._caption_width(b)) / 2 + EDGE
            fan = 2 * self.radius + (84.0 if self.columns[b].dense else 60.0)
            fan += 5.0 * max(len(self.drawn[a]), len(self.drawn[b]))
            if self.columns[b].dense:
                lines = len(self.drawn[a]) * len(self.drawn[b])
                fan += room_for_numbers(lines, gradients=self.numbers.gradients)
            found.append(found[-1] + max(needed, fan))
        return found

    @cached_property
    def top(self) -> float:
        """Where the room for neurons begins."""
        return EDGE + 20 + LINE * max(map(len, self.captions)) + 12

    @property
    def bottom(self) -> float:
        """Where it ends."""
        return self.top + self.highest * self.pitch

    # ------------------------------------------------------------------------- the neurons

    def _all(self) -> Iterator[Neuron]:
        for column in self.neurons:
            yield from column.values()

    def _y(self, column: int, slot: int) -> float:
        free = (self.highest - self.slots(column)) * self.pitch / 2
        return self.top + free + (slot + 0.5) * self.pitch

    def _gap(self, column: int) -> int | None:
        """Give the slot that stands for the neurons that are left out."""
        drawn = self.drawn[column]
        if len(drawn) == self.columns[column].size:
            return None
        return (len(drawn) + 1) // 2

    def _column_of_neurons(self, column: int) -> dict[int, Neuron]:
        gap, found = self._gap(column), {}
        for order, place in enumerate(self.drawn[column]):
            slot = order + (gap is not None and order >= gap)
            found[place] = self._neuron(column, place, self._y(column, slot))
        return found

    def _neuron(self, column: int, place: int, y: float) -> Neuron:
        numbers, of = self.numbers, self.columns[column]
        before = self.columns[column - 1] if column else None
        last = column == len(self.columns) - 1
        wanted = numbers.in_row("y", place) if last and self._wants_each() else None
        held = [*own_numbers(numbers, of, before, place), wanted]
        called = f"{of.last_value}[:, {place}]"
        known = self.names.inputs if column == 0 else self.names.outputs if last else ()
        if known:
            called = f"{known[place]}: {called}"
        return Neuron(
            column,
            place,
            self.xs[column],
            y,
            self.radius,
            called,
            tuple(number for number in held if number),
            numbers.in_row(of.last_value, place),
            *biases(numbers, of, place),
            next(errors(numbers, of, place), None),
            wanted,
        )

    def _wants_each(self) -> bool:
        """Whether every output has a target of its own."""
        wanted = self.numbers.arrays.get("y")
        return wanted is not None and wanted.shape[1] == self.columns[-1].size

    # --------------------------------------------------------------------------- the lines

    def _links(self) -> Iterator[Link]:
        for place in range(1, len(self.columns)):
            before, here = self.neurons[place - 1], self.neurons[place]
            dense = self.columns[place].dense
            if dense:
                w = dense.names["W"]
                for i, start in before.items():
                    for j, end in here.items():
                        weight = self.numbers.at(w, i, j)
                        yield Link(start, end, weight, self.numbers.slope(w, i, j))
                continue
            found = sources(self.columns[place], self.columns[place - 1])
            for j, (i, lookup) in enumerate(found):
                if i in before and j in here:
                    note = f"{before[i].called} is handed on to {here[j].called}"
                    if lookup:
                        note = f"{before[i].called} chooses the row of {lookup.table}"
                    yield Link(before[i], here[j], note=note)

    def _skips(self) -> Iterator[Skip]:
        made_in = {name: n for n, column in enumerate(self.columns) for name in column.values}
        ends = [0.0]  # by level: how far to the right it is taken
        for place, column in enumerate(self.columns):
            item = column.first
            if item is None or not item.joined:
                continue
            start, end = self.xs[made_in[item.joined]] + 6, self.xs[place] - 6
            level = next((n for n, taken in enumerate(ends) if taken < start), len(ends))
            ends[level:] = [end, *ends[level + 1 :]]
            yield Skip(
                item.joined,
                equation_of(item),
                (start, self._foot(made_in[item.joined])),
                (end, self._foot(place)),
                self.bottom + 10 + level * LEVEL,
            )

    def _foot(self, column: int) -> float:
        """Give the end of what stands in a column."""
        lowest = max(neuron.y for neuron in self.neurons[column].values())
        return lowest + self.radius + (14.0 if self.pitch >= ROOMY else 6.0)

    # --------------------------------------------------------------------------- the texts

    def _captions(self) -> Iterator[Text]:
        for place, lines in enumerate(self.captions):
            start = self.top - 12 - LINE * (len(lines) - 1)
            for n, (line, bold, whole) in enumerate(lines):
                y = start + n * LINE
                yield Text("caption", line, self.xs[place], y, CAPTION, bold=bold, whole=whole)

    def _label_texts(self, column: int) -> Iterator[tuple[int, str]]:
        """Give what stands beside each input, or each output."""
        names = self.names.outputs if column else self.names.inputs
        value = self.columns[column].last_value
        for place in self.drawn[column]:
            text = names[place] if names else f"{value if column else 'x'}[:, {place}]"
            yield place, cut(" ".join(text.split()), LABEL, LABEL_ROOM)

    def _labels(self) -> Iterator[Text]:
        aside = self.radius + 10
        for place, text in self._label_texts(0):
            at = self.neurons[0][place]
            yield Text("label", text, at.x - aside, at.y + 4, LABEL, "end", whole=at.called)
        for place, text in self._label_texts(len(self.columns) - 1):
            at, raised = self.neurons[-1][place], 0.0
            if at.wanted:
                raised = 6.0
                wanted = at.wanted.fitted(LABEL_ROOM, SMALL, "wanted ")
                y = at.y + 11
                yield Text("label", wanted, at.x + aside, y, SMALL, "start", number=at.wanted)
            y = at.y + 4 - raised
            yield Text("label", text, at.x + aside, y, LABEL, "start", whole=at.called)

    def _beside(self) -> Iterator[Text]:
        """Give the numbers in the neurons, and those above and below where there is room."""
        inside, size = 2 * self.radius - 3, min(10.5, self.radius * 0.56)
        for at in self._all():
            if at.value and (text := at.value.fitted(inside, size)):
                yield Text("value", text, at.x, at.y + size * 0.36, size, number=at.value)
            if self.pitch < ROOMY:
                continue
            room = self.radius * 3.2
            if at.bias and (text := at.bias.fitted(room, SMALL, "b ")):
                y = at.y + self.radius + 10
                yield Text("bias", text, at.x, y, SMALL, number=at.bias)
            if at.error and (text := at.error.fitted(room, SMALL, "d ")):
                y = at.y - self.radius - 6
                yield Text("error", text, at.x, y, SMALL, number=at.error)

    def _rests(self) -> Iterator[Text]:
        """Give ⋮ and a count for the neurons that are left out."""
        for place, column in enumerate(self.columns):
            gap = self._gap(place)
            if gap is not None:
                text = f"⋮ {column.size - len(self.drawn[place]):,} more"
                yield Text("rest", text, self.xs[place], self._y(place, gap) + 4, CAPTION)

    def _said(self, description: Description) -> str:
        """Describe the drawing for those who cannot see it."""
        parts = []
        for place in range(len(self.columns)):
            lines = caption(
                self.columns, place, self.drawn[place], values=False, scaled=self.names.scaled
            )
            parts.append(", ".join(lines))
        return (
            f"The network {description.short()}, loss {description.loss}, as"
            f" {many(len(self.columns), 'column')} of neurons from left to right: "
            + "; ".join(parts)
            + "."
        )


def _heading(name: str, width: float) -> Text:
    shown = cut(name, HEADING, width - 2 * EDGE, bold=True)
    return Text("heading", shown, EDGE, EDGE + 11, HEADING, "start", bold=True, whole=name)


def _name_of(skip: Skip, others: Sequence[Skip]) -> Text:
    """Set the name of what is joined on its arc, where no other arc crosses it."""
    ends = [x for other in others for x, _ in (other.start, other.end)]
    places = [skip.start[0] + part * (skip.end[0] - skip.start[0]) for part in (0.5, 0.4, 0.6, 0.3)]
    x = max(places, key=lambda x: min(LEVEL, *(abs(x - end) for end in ends)))
    return Text("skip", skip.value, x, skip.depth + 4, CAPTION)
