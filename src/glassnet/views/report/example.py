"""Section: one row on its way through the network, and the arithmetic of one number."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from glassnet.errors import DataError
from glassnet.explanation import Explanation
from glassnet.trace import Trace
from glassnet.views.report.markup import escaped, number, shown, table
from glassnet.views.report.subject import Subject

NAME, TITLE = "example", "One row explained"
MOST = 40  # columns and outputs that are told one by one
BATCH = 32  # rows of a step, where one row alone cannot make one


def section(subject: Subject) -> str:
    """Give a row's inputs, its outputs, and how the first of these was made."""
    head = f"Row {number('row', subject.row)} of the training rows"
    if subject.rows is not None and subject.table is not None:
        line = int(subject.table.lines[subject.rows[subject.row]])
        where = "line" if subject.table.source else "row"
        head += f", {where} {number('table.line', line)} of the table"
    parts = [f"<p>{head}.</p>", _inputs(subject), _outputs(subject), *_arithmetic(subject)]
    return "\n".join(parts)


def _inputs(subject: Subject) -> str:
    """Give the row as it stands in the table, and as the network takes it."""
    x, row = subject.training.x, subject.row
    raw = subject.rows is not None and subject.preparation is not None
    lines = []
    for place, name in enumerate(subject.features[:MOST]):
        cells = [escaped(name)]
        if raw:
            assert subject.table is not None
            assert subject.rows is not None
            value = subject.table.columns[name][subject.rows[row]]
            cells.append(number(f"table[{name}][{subject.rows[row]}]", value))
        lines.append([*cells, number(f"x[{row}, {place}]", float(x[row, place]))])
    head = ["column", *(["in the table"] if raw else []), "as the network takes it"]
    more = len(subject.features) - MOST
    rest = f'<p class="soft">… and {more} more columns</p>' if more > 0 else ""
    return table("inputs", head, lines) + rest


def _outputs(subject: Subject) -> str:
    row = subject.row
    rows = subject.training.at(np.array([row]))
    outputs = subject.outputs(rows)[0]
    names = [f"output {place}" for place in range(len(outputs))]
    if len(outputs) == len(subject.classes):
        names = subject.classes
    elif len(outputs) == 1:
        names = [subject.target]
    own = subject.is_number and subject.preparation is not None
    lines = []
    for place in range(min(len(outputs), MOST)):
        cells = [escaped(names[place]), number(f"outputs[{place}]", float(outputs[place]))]
        if rows.y.shape[1] == len(outputs):
            cells.append(number(f"y[{row}, {place}]", float(rows.y[0, place])))
        if own:
            cells.append(number("outputs.own", float(subject.in_own_unit(outputs[None])[0])))
            cells.append(number("y.own", float(subject.in_own_unit(rows.y)[0])))
        lines.append(cells)
    head = ["output", "network's output"]
    head += ["wanted"] if rows.y.shape[1] == len(outputs) else []
    if own:
        target = escaped(subject.target)
        head += [f"as {target}", f"true {target}"]
    text = table("outputs", head, lines)
    if subject.is_classes:
        wanted, given = subject.answers(rows)
        right = "right" if wanted[0] == given[0] else "wrong"
        text += (
            f"<p>It is taken for {escaped(subject.classes[given[0]])} and is"
            f" {escaped(subject.classes[wanted[0]])}: {right}.</p>"
        )
    return text


def _arithmetic(subject: Subject) -> Iterator[str]:
    """Explain the largest output, as it is made in a step of training."""
    yield "<h3>The arithmetic of one number</h3>"
    trace = _trace(subject)
    place = int(np.argmax(trace[trace.program.outputs][0]))
    row = subject.training.at(np.array([subject.row]))
    predicted = float(subject.outputs(row)[0, place])
    if not np.isclose(float(trace[trace.program.outputs][0, place]), predicted, rtol=1e-4):
        yield (
            "<p>This is a step of training, in which noise, dropout and batch norm act. Prediction"
            " does without noise and dropout, and takes what batch norm has learnt of all rows: its"
            f" output is {number(f'outputs[{place}]', predicted)}.</p>"
        )
    for words, explanation in _explanations(trace, place):
        name = f"explain.{explanation.what}"
        value = number(name, explanation.value, explanation.result)
        yield f"<h4>{words}: {value}</h4>"
        yield shown(explanation)


def _trace(subject: Subject) -> Trace:
    """Give a step on the row, which is the first of it."""
    row, rows = subject.row, subject.training
    try:
        return subject.network.trace(rows.x[row : row + 1], rows.y[row : row + 1])
    except DataError:  # a layer that compares the rows of a batch needs more of them
        near = (row + np.arange(min(BATCH, len(rows)))) % len(rows)
        return subject.network.trace(rows.x[near], rows.y[near])


def _explanations(trace: Trace, place: int) -> Iterator[tuple[str, Explanation]]:
    """Explain the last layer's sum for one output, and that output."""
    program = trace.program
    output = "the output" if trace[program.outputs].shape[1] == 1 else "the largest output"
    if program.logits != program.outputs:
        yield (
            f"What the last layer adds up for {output}",
            trace.explain(f"{program.logits}[0, {place}]"),
        )
    yield output.capitalize(), trace.explain(f"{program.outputs}[0, {place}]")
