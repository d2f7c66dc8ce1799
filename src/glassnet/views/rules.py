"""The tables of rules as texts: a list of each table, and one entry with its lines and its plot."""

from __future__ import annotations

import dataclasses
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.description import Description
from glassnet.errors import unknown_name
from glassnet.lines import Line, Phase
from glassnet.program import Program
from glassnet.rules.activations import ACTIVATIONS
from glassnet.rules.averages import AVERAGES
from glassnet.rules.entry import OptionRule
from glassnet.rules.initializers import INITIALIZERS
from glassnet.rules.layers import LAYERS, Dense, Layer
from glassnet.rules.limits import CLIPPING, CONSTRAINTS
from glassnet.rules.losses import LOSSES, Loss
from glassnet.rules.optimizers import DECAYS, OPTIMIZERS, SGD, Adam, AdamW, Optimizer
from glassnet.rules.penalties import PENALTIES
from glassnet.rules.schedules import SCHEDULES, Cosine, Schedule
from glassnet.views.pictures import Chart, Marks, Picture
from glassnet.views.terminal import draw

WIDTH = 96
PLOTTED = np.linspace(-5, 5, 401)[:, None]


@dataclass(frozen=True)
class Shown:
    """One entry as it is listed."""

    name: str
    formula: str
    note: str
    source: str


@dataclass(frozen=True)
class Table:
    """A table of rules: its entries, how one is listed, and what else is shown of it alone."""

    entries: Mapping[str, Any]
    shown: Callable[[str], Shown]
    more: Callable[[str], Iterator[str]]


def overview() -> str:
    """Give every table with the formulas of its entries."""
    parts = []
    for kind, table in TABLES.items():
        shown = [table.shown(name) for name in table.entries]
        width = max(len(entry.name) for entry in shown)
        rows = [f"  {entry.name:<{width}}  {entry.formula or entry.note}" for entry in shown]
        parts.append("\n".join([kind, *(_cut(row) for row in rows)]))
    return "\n\n".join(parts)


def listing(kind: str) -> str:
    """Give a table: each entry with formula, note and source.

    Raises DescriptionError for a kind or an entry that is not known.
    """
    table = _table(kind)
    return "\n\n".join("\n".join(_head(table.shown(name))) for name in table.entries)


def entry(kind: str, name: str) -> str:
    """Give one entry: formula, note, source, the lines that it writes, and a plot where it has one.

    >>> print(entry("initializers", "zeros"))
    zeros
      All zeros; nothing is drawn.
    <BLANKLINE>
    written as
      gn.Dense(3, weight_initializer=gn.Zeros())
    """
    table = _table(kind)
    known = {entry.casefold(): entry for entry in table.entries}
    found = name if name in table.entries else known.get(name.casefold())
    if found is None:
        raise unknown_name(f"entry of {kind}", name, table.entries)
    return "\n".join([*_head(table.shown(found)), "", *table.more(found)])


def kind_of(name: str) -> str:
    """Give the table that a name stands in; of its kind, where it is that of a table.

    Small and capital letters are told apart only where both are there: step is an activation and
    Step a schedule. Raises DescriptionError where there is none.
    """
    for kind, table in TABLES.items():
        if name == kind or name in table.entries:
            return kind
    for kind, table in TABLES.items():
        if name.casefold() in map(str.casefold, table.entries):
            return kind
    raise unknown_name("rule", name, [*TABLES, *(n for t in TABLES.values() for n in t.entries)])


def _table(kind: str) -> Table:
    if kind not in TABLES:
        raise unknown_name("kind of rule", kind, TABLES)
    return TABLES[kind]


def _head(shown: Shown) -> list[str]:
    rows = [row for row in (shown.formula, shown.note) if row]
    rows += [f"Source: {shown.source}"] if shown.source else []
    wrapped = (
        textwrap.fill(row, WIDTH, initial_indent="  ", subsequent_indent="    ") for row in rows
    )
    return [shown.name, *wrapped]


def _cut(row: str) -> str:
    return row if len(row) <= WIDTH else row[: WIDTH - 2] + " …"


# ---------------------------------------------------------------- activations and losses


def _shown_activation(name: str) -> Shown:
    rule = ACTIVATIONS[name]
    return Shown(name, rule.formula, rule.note, rule.source)


def _more_of_activation(name: str) -> Iterator[str]:
    rule = ACTIVATIONS[name]
    yield f"slope\n  {rule.slope_formula}"
    program = Program(Description(2, (Dense(2, name), Dense(2))), SGD())
    found = [line for line in program.lines if re.search(r"\w+\(z1\)|z1, a1\)", line.text)]
    yield from _written(found or [program.lines[0]])
    yield ""
    yield draw(_plot_of_activation(name), width=76, height=12)


def _plot_of_activation(name: str) -> Picture:
    rule, z = ACTIVATIONS[name], PLOTTED
    title = ""
    if rule.back is not None:
        z = np.hstack([z, np.zeros_like(z)])  # a row of two: the second stays 0
        title = "the first of two outputs, where the second z is 0"
    a = z if rule.function is None else rule.function(z)
    one = np.zeros_like(z)
    one[:, 0] = 1
    if rule.back is not None:
        slope = rule.back(one, z, a)
    else:
        slope = one if rule.slope is None else one * rule.slope(z, a)
    x = z[:, 0]
    lines = (Marks(x, a[:, 0], "line", name), Marks(x, slope[:, 0], "line", "slope", 1))
    return Picture((Chart(lines, x_label="z"),), title)


def _shown_loss(name: str) -> Shown:
    rule = LOSSES[name]
    return Shown(name, f"loss = {rule.formula}", rule.note, rule.source)


def _more_of_loss(name: str) -> Iterator[str]:
    rule = LOSSES[name]
    yield textwrap.fill(f"slope  {rule.slope_formula}", WIDTH, subsequent_indent="    ")
    if rule.options():
        yield f"options\n  {', '.join(f'{k}={v}' for k, v in rule.options().items())}"
    last = next(iter(rule.short), "linear")
    program = Program(Description(2, (Dense(2, last),), rule), SGD())
    place = next(i for i, line in enumerate(program.lines) if line.phase is Phase.LOSS)
    yield from _written(program.lines[place : place + 2])
    if rule.of == "logits":
        yield "\n" + textwrap.fill(f"reads the logits: {rule.refused}", WIDTH)
    yield ""
    yield draw(_plot_of_loss(rule), width=76, height=12)


def _plot_of_loss(rule: Loss) -> Picture:
    """Give loss and slope of one row by its first output or logit; the second class's is 0."""
    given = 0.8 * PLOTTED
    letter = "a" if rule.of == "outputs" else "z"
    y, title = np.full_like(given, rule.targets != "numbers"), "where y = 1"
    if rule.targets == "numbers":
        title = "where y = 0"
    elif rule.targets == "classes":
        given, y = np.hstack([given, 0 * given]), np.hstack([y, 0 * y])
        title = "the true one of two classes, where the second z is 0"
    one = np.ones((1, 1))
    pairs = [(given[i : i + 1], y[i : i + 1]) for i in range(len(given))]
    loss = np.array([rule.function(a, b, one) for a, b in pairs])
    slope = np.array([rule.slope(a, b, one)[0, 0] for a, b in pairs])
    x = given[:, 0]
    lines = (Marks(x, loss, "line", rule.name), Marks(x, slope, "line", "slope", 1))
    return Picture((Chart(lines, x_label=letter),), title)


def _written(lines: Iterable[Line]) -> Iterator[str]:
    yield "\nlines in a program"
    for line in lines:
        yield textwrap.fill(line.text, WIDTH, initial_indent="  ", subsequent_indent="      ")


# ------------------------------------------------- layers, optimizers, schedules, initializers


def _shown_class(kind: type, name: str, formula: str) -> Shown:
    first, *rest = inspect.cleandoc(kind.__doc__ or "").split("\n\n")
    found = re.search(r"Source: (.*?)(?:\. |\.$)", " ".join(" ".join(rest).split()))
    source = getattr(kind, "source", "") or (found[1] if found else "")
    return Shown(name, formula, " ".join(first.split()), source)


def _shown_layer(name: str) -> Shown:
    kind = LAYERS[name]
    formulas = {
        "Dense": "z = x · W + b",
        "Activation": "y = activation(x)",
        "Embedding": "e = row x[:, column] of E",
    }
    first = kind.forward[0].equation if kind.forward else ""
    for used in re.findall(r"\{(\w+)\}", first):
        first = first.replace(f"{{{used}}}", used)
    return _shown_class(kind, name, formulas.get(name, first))


def _more_of_layer(name: str) -> Iterator[str]:
    layer = example(LAYERS[name])
    layers: tuple[Layer, ...] = (Dense(4), layer, Dense(2))
    makes = {"a1", "h1", "dz1", *(f"d{parameter}1" for parameter, _ in layer.parameters)}
    if name == "Dense":
        layers, makes = (Dense(4), Dense(4), Dense(2)), {"z2", "dW2", "db2", "dz1"}
    if layer.lookups():
        layers, makes = (layer, Dense(2)), {"e3", "h0", "dE3"}
    program = Program(Description(4, layers), SGD())
    yield f"written as\n  gn.{layer!r}"
    yield from _written(
        line for line in program.lines if line.outputs[0] in makes or line.phase is Phase.REMEMBER
    )


def _shown_optimizer(name: str) -> Shown:
    kind = OPTIMIZERS[name]
    line = kind().line()
    formula = line[1] if line else ""
    return _shown_class(kind, name, re.sub(r"\{(\w+)\}", r"\1", formula))


def _more_of_optimizer(name: str) -> Iterator[str]:
    program = Program(Description(2, (Dense(1, bias=False),)), OPTIMIZERS[name]())
    yield f"written as\n  gn.{program.optimizer!r}"
    if program.trains:
        yield from _written([line for line in program.lines if line.phase is Phase.UPDATE])
    else:
        yield "\nwrites no line: it makes its step outside of the program"


def _shown_option(entry: OptionRule) -> Shown:
    return Shown(entry.name, entry.formula, entry.note, entry.source)


def _more_of_penalty(name: str) -> Iterator[str]:
    yield f"slope\n  {PENALTIES[name].slope_formula}\n"
    layer = Dense(1, bias=False, **{name: 0.01})  # type: ignore[arg-type]
    yield from _around(layer, SGD(), f"{name}_")


def _more_of_clipping(name: str) -> Iterator[str]:
    yield from _around(Dense(1), SGD(**{name: 1.0}), Phase.CLIP)  # type: ignore[arg-type]


def _more_of_constraint(name: str) -> Iterator[str]:
    value = True if CONSTRAINTS[name].is_flag else 1.0
    layer = Dense(1, bias=False, **{name: value})  # type: ignore[arg-type]
    yield from _around(layer, SGD(), Phase.CONSTRAIN)


def _more_of_decay(name: str) -> Iterator[str]:
    kind = {"coupled": Adam, "decoupled": AdamW}[name]
    yield from _around(Dense(1, bias=False), kind(weight_decay=0.01), Phase.DECAY)


def _more_of_average(name: str) -> Iterator[str]:
    yield from _around(Dense(1, bias=False), SGD(average=AVERAGES[name]()), Phase.AVERAGE)


def _around(layer: Dense, optimizer: Optimizer, wanted: Phase | str) -> Iterator[str]:
    """Give an option as it is said, of a layer or an optimizer, and the lines of it.

    These are the lines of a phase, or those that have something in them.
    """
    of_layer = wanted is Phase.CONSTRAIN or isinstance(wanted, str)
    said = re.sub(r"=(?=[A-Z]\w+\()", "=gn.", repr(layer if of_layer else optimizer))
    yield f"written as\n  gn.{said}"
    lines = Program(Description(2, (layer,)), optimizer).lines
    yield from _written(
        line
        for line in lines
        if line.phase is wanted or (isinstance(wanted, str) and wanted in line.text)
    )


def _more_of_schedule(name: str) -> Iterator[str]:
    schedule = example(SCHEDULES[name])
    yield f"written as\n  gn.SGD(gn.{schedule!r})\n"
    done = np.linspace(0, 1, 400, endpoint=False)
    rates = np.array(list(_rates(schedule, done.tolist())))
    low, high = float(rates.min()), float(rates.max())
    room = 0.05 * (high - low) or high or 1.0
    chart = Chart(
        (Marks(done, rates, "line"),),
        x_label="part of the training that is done",
        y_label="rate",
        y_range=(low - room, high + room),
    )
    yield draw(Picture((chart,)), width=76, height=10)


def _rates(schedule: Schedule, done: Iterable[float]) -> Iterator[float]:
    """Give the rates at parts of a training whose loss falls no more after the first third."""
    for part in done:
        yield schedule.rate(part)
        schedule = schedule.following(max(1 - 3 * part, 0.1))


def _more_of_initializer(name: str) -> Iterator[str]:
    chosen = example(INITIALIZERS[name])
    yield f"written as\n  gn.Dense(3, weight_initializer=gn.{chosen!r})"


CANDIDATES = (0.1, 3, "relu", "x", Cosine(0.1))  # one is right for every option without a default


def example(kind: type) -> Any:
    """Make an entry of a kind, with every option left at its default where it has one."""
    given = {}
    for field in dataclasses.fields(kind):
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            check = field.metadata["check"]
            given[field.name] = next(c for c in CANDIDATES if check.holds(c))
    return kind(**given)


TABLES = {
    "activations": Table(ACTIVATIONS, _shown_activation, _more_of_activation),
    "losses": Table(LOSSES, _shown_loss, _more_of_loss),
    "layers": Table(LAYERS, _shown_layer, _more_of_layer),
    "optimizers": Table(OPTIMIZERS, _shown_optimizer, _more_of_optimizer),
    "penalties": Table(PENALTIES, lambda name: _shown_option(PENALTIES[name]), _more_of_penalty),
    "clipping": Table(CLIPPING, lambda name: _shown_option(CLIPPING[name]), _more_of_clipping),
    "decay": Table(DECAYS, lambda name: _shown_option(DECAYS[name]), _more_of_decay),
    "constraints": Table(
        CONSTRAINTS, lambda name: _shown_option(CONSTRAINTS[name]), _more_of_constraint
    ),
    "averages": Table(
        AVERAGES,
        lambda name: _shown_class(AVERAGES[name], name, AVERAGES[name].formula),
        _more_of_average,
    ),
    "schedules": Table(
        SCHEDULES, lambda name: _shown_class(SCHEDULES[name], name, ""), _more_of_schedule
    ),
    "initializers": Table(
        INITIALIZERS, lambda name: _shown_class(INITIALIZERS[name], name, ""), _more_of_initializer
    ),
}
