"""`glassnet explain`: where the numbers of one row of a table come from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glassnet.cli.options import Whole, many, out_path

if TYPE_CHECKING:
    import glassnet as gn
    from glassnet.explanation import Explanation
    from glassnet.table import Preparation, Table

FORMATS = {"text": ".txt", "markdown": ".md", "latex": ".tex", "html": ".html", "json": ".json"}
TIED_ROWS = 32  # of a step of a network that compares the rows of a batch


@click.command()
@click.argument("model", type=click.Path())
@click.argument("data", type=click.Path())
@click.option(
    "--row", type=Whole(0), default=0, show_default=True, help="Row of the table, from 0."
)
@click.option("--number", help="Number to explain, such as 'dW1[0, 2]'; or a name, such as 'a1'.")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    help="By default text, or what the file's name says.",
)
@click.option("--out", type=click.Path(), help="File to write; by default it is printed.")
def explain(
    model: str, data: str, row: int, number: str | None, form: str | None, out: str | None
) -> None:
    """Explain the numbers of a row, down to the table's cells.

    The row is the batch of one step of training: its outputs, its loss, its gradients and the
    update that would follow. Without --number: its outputs and its loss, and what else can be
    asked for. Where the target is not among the columns, only what leads to the outputs is known.

    \b
    glassnet explain iris.safetensors data/iris.csv --row 17
    glassnet explain iris.safetensors data/iris.csv --row 17 --number "dW1[0, 2]"
    glassnet explain iris.safetensors data/iris.csv --row 17 --number loss --out loss.html
    """
    import glassnet as gn

    form = _form(form, out, model, data)
    network = gn.load(model)
    preparation = network.preparation
    if preparation is None:
        raise click.UsageError(
            f"{model} was saved without its table's preparation, so it cannot read a CSV file: use"
            " glassnet.load and trace in Python"
        )
    case = _case(network, preparation, gn.Table.read(data), row)
    explanations = list(case.usual()) if number is None else [case.explain(number)]
    if number is not None and number in case.first_weights(number):
        explanations.append(network.explain(number))
    text = _printed(case, explanations, form, asked=number is not None)
    if out is None:
        click.echo(text)
    else:
        from glassnet.errors import DataError
        from glassnet.local_files import replace_file

        replace_file(out, [f"{text}\n".encode()], DataError)
        click.echo(f"{many(len(explanations), 'explanation')} in {out}")


def _form(form: str | None, out: str | None, *inputs: str) -> str:
    """Give the form that is asked for, by its name or by that of the file."""
    if out is None:
        return form or "text"
    suffixes = tuple(FORMATS.values()) if form is None else (FORMATS[form],)
    out_path(out, suffixes, "an explanation", *inputs)
    return next(name for name, suffix in FORMATS.items() if suffix == Path(out).suffix)


@dataclass(frozen=True)
class Case:
    """One row of a table in a network: a step on it, and where its numbers stand."""

    network: gn.Network
    preparation: Preparation
    table: Table
    rows: Sequence[int]
    trace: gn.Trace
    has_target: bool

    def explain(self, what: str) -> Explanation:
        """Explain a number, down to the cells of the table."""
        from glassnet.explanation.names import parsed
        from glassnet.outside.cells import with_cells

        self.check_known(parsed(what)[0])
        columns = self.trace["y"].shape[1]
        found = self.trace.explain(what)
        return with_cells(found, self.preparation, self.table, self.rows, columns)

    def usual(self) -> Iterator[Explanation]:
        """Explain the largest output of the row, and its loss."""
        outputs = self.trace[self.trace.program.outputs]
        name = self.trace.program.outputs
        yield self.explain(f"{name}[0, {int(outputs[0].argmax())}]")
        if self.has_target:
            yield self.explain("loss")

    def first_weights(self, number: str) -> tuple[str, ...]:
        """Give the number itself where it is one of a parameter before the step."""
        name = number.partition("[")[0].strip()
        return (number,) if name in self.trace.program.parameter_shapes and "[" in number else ()

    def check_known(self, name: str) -> None:
        """Refuse what needs the target where there is none."""
        if self.has_target or name not in self.trace:
            return
        if name not in self.names():
            raise click.UsageError(
                f"{name} depends on what is wanted, and {self.table.source} has no column"
                f" {self.preparation.target!r}: only {', '.join(self.names())} are known"
            )

    def names(self) -> list[str]:
        """Give the names that can be asked for."""
        if self.has_target:
            return list(self.trace)
        lines = ((name, self.trace.line_of(name)) for name in self.trace)
        return [
            name
            for name, line in lines
            if name not in ("y", "w") and (line is None or line.phase.value == "forward")
        ]


def _case(network: gn.Network, preparation: Preparation, table: Table, row: int) -> Case:
    """Do a step on one row; where a network compares rows, on those that follow as well."""
    import numpy as np

    if row >= table.rows:
        raise click.UsageError(
            f"there is no row {row}: {table.source} has the rows 0 to {table.rows - 1}"
        )
    count = min(TIED_ROWS, table.rows) if network.description.ties_rows else 1
    rows = [(row + k) % table.rows for k in range(count)]
    X = preparation.features_of(table)[rows]
    has_target = preparation.target in table.columns
    y = preparation.targets_of(table)[rows] if has_target else np.zeros(count, np.int64)
    trace = network.trace(X, y, optimizer=network.optimizer or "sgd")
    return Case(network, preparation, table, rows, trace, has_target)


def _printed(case: Case, explanations: Sequence[Explanation], form: str, *, asked: bool) -> str:
    if form == "json":
        plain: Any = [explanation.as_dict() for explanation in explanations]
        about = {"row": case.rows[0], "names": case.names(), "explanations": plain}
        return json.dumps(about, ensure_ascii=False, indent=1, allow_nan=False)
    if form == "html":
        from glassnet.views.explanations.html import page

        return page(f"row {case.rows[0]} of {case.table.source}", explanations)
    if form == "text":
        parts = [str(explanation) for explanation in explanations]
        parts = parts if asked else ["\n".join(_about(case)), *parts, "\n".join(_names(case))]
        return "\n\n".join(parts)
    return "\n\n".join(getattr(explanation, form)() for explanation in explanations)


def _about(case: Case) -> Iterator[str]:
    """Say which row it is, what is predicted for it, and which numbers go in."""
    from glassnet.explanation import printed

    network, preparation, row = case.network, case.preparation, case.rows[0]
    description = network.description
    yield f"row {row} of {case.table.source}, in {description.short()}, loss {description.loss}"
    yield f"predicted: {_prediction(case)}"
    if case.has_target:
        yield f"wanted:    {preparation.target} = {case.table.column(preparation.target)[row]}"
    if len(case.rows) > 1:
        yield f"the network compares rows: the step takes {len(case.rows)} rows from this one on"
    if case.trace.program.masks:
        yield "the step is one of training, with its masks; the prediction has none"
    for place, name in enumerate(preparation.features):
        cell, scaled = case.table.column(name)[row], case.trace["x"][0, place]
        yield f"  x[0, {place}] = {printed(scaled, 5)}: {name} = {printed(cell, 12)}"


def _prediction(case: Case) -> str:
    from glassnet.explanation import printed
    from glassnet.rules.reading import reading_of

    description, preparation = case.network.description, case.preparation
    reading = reading_of(description.loss, description.output_activation)
    outputs = case.network.predict(case.trace["x"], engine="numpy")[:1]
    found = preparation.predictions(outputs, reading.cut)[0]
    shown = printed(found, 5) if preparation.kind == "number" else str(found)
    return f"{preparation.target} = {shown}"


def _names(case: Case) -> Iterator[str]:
    """List what can be asked for, with shapes."""
    import textwrap

    yield '--number explains any of these, as in --number "z1[0, 2]", or a name alone:'
    shapes = (
        f"{n}{'' if not case.trace[n].ndim else str(case.trace[n].shape).replace(' ', '')}"
        for n in case.names()
    )
    yield from textwrap.wrap(
        "  ".join(shapes), 98, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
    )
