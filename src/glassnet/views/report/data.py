"""Section: what the rows are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from glassnet.arrays import class_numbers
from glassnet.views.report.markup import counted, escaped, facts, number, percent, table
from glassnet.views.report.subject import Subject

NAME, TITLE = "data", "Data"
MOST_COLUMNS = 40  # that are told one by one


def section(subject: Subject) -> str:
    """Tell the rows, their parts, the classes and the columns."""
    parts = [facts(_facts(subject))]
    if subject.is_classes:
        parts.append(_classes(subject))
    parts.append(_columns(subject))
    if subject.table is not None:
        parts.append(_unused(subject))
    return "\n".join(filter(None, parts))


def _facts(subject: Subject) -> Iterator[tuple[str, str]]:
    source = subject.table
    if source is not None:
        # The file's name alone: its folders are nobody's business.
        name = f"{escaped(Path(source.source).name)}: " if source.source else ""
        yield (
            "table",
            f"{name}{counted('table.rows', source.rows, 'row')},"
            f" {counted('table.columns', len(source.names), 'column')}",
        )
    rows = [f"{number(f'rows.{name}', len(part))} {words}" for name, words, part in subject.parts]
    yield "rows", ", ".join(rows)
    yield "learnt from", counted("columns", subject.description.inputs, "column")
    kind = f"one of {number('classes', len(subject.classes))} classes"
    if not subject.is_classes:
        columns = subject.training.y.shape[1]
        kind = "a number" if columns == 1 else f"{number('targets', columns)} numbers"
    yield "wanted", f"{escaped(subject.target)}, {kind}"
    known = subject.preparation
    if known is not None:
        yield "scaling", "each column to mean 0 and spread 1, by the training rows alone"
        if known.kind == "number":
            yield (
                f"scaling of {subject.target}",
                f"mean {number('preparation.target_mean', known.target_mean)}, spread"
                f" {number('preparation.target_scale', known.target_scale)}",
            )


def _classes(subject: Subject) -> str:
    """Count the rows of each class."""
    count = len(subject.classes)
    counts_of = []
    for name, _, rows in subject.parts:
        numbers = class_numbers(rows.y, subject.description)
        assert numbers is not None
        counts_of.append((name, len(rows), np.bincount(numbers[:, 0], minlength=count)))
    head = [escaped(subject.target)]
    for _, words, _ in subject.parts:
        head += [f"{words}, rows", "share"]
    lines = []
    for place, label in list(enumerate(subject.classes))[:MOST_COLUMNS]:
        cells = [escaped(label)]
        for name, rows_there, counts in counts_of:
            named = f"classes.{name}[{place}]"
            cells.append(number(named, counts[place]))
            cells.append(percent(f"{named} / rows", counts[place] / rows_there))
        lines.append(cells)
    return table("rows of each class", head, lines) + _more(count)


def _columns(subject: Subject) -> str:
    """Tell the range of each column as the network takes it, and how it was scaled."""
    x, known = subject.training.x, subject.preparation
    head = ["column", "lowest", "highest", "mean", "spread"]
    caption = "columns of the training rows, as the network takes them"
    if known is not None:
        head += ["its mean in the table", "its spread in the table"]
    lines = []
    for place, name in enumerate(subject.features[:MOST_COLUMNS]):
        column = x[:, place].astype(np.float64)
        cells = [
            escaped(name),
            number(f"x[:, {place}].min", column.min()),
            number(f"x[:, {place}].max", column.max()),
            number(f"x[:, {place}].mean", column.mean(), _near(column.mean())),
            number(f"x[:, {place}].std", column.std()),
        ]
        if known is not None:
            cells.append(number(f"preparation.means[{place}]", known.means[place]))
            constant = known.features[place] in known.constant
            never = "never varies" if constant else ""
            cells.append(number(f"preparation.scales[{place}]", known.scales[place], never))
        lines.append(cells)
    return table(caption, head, lines) + _more(len(subject.features))


def _near(value: float) -> str:
    """Write a mean, which is seldom exactly 0 where columns are scaled.

    >>> _near(-1e-17), _near(0.25)
    ('0.000', '0.250')
    """
    return f"{round(value, 3) + 0.0:.3f}"


def _unused(subject: Subject) -> str:
    """Tell kinds and missing cells of all columns of the table."""
    source = subject.table
    assert source is not None
    lines = []
    for name in source.names[:MOST_COLUMNS]:
        column = source.columns[name]
        numbers = column.dtype == np.float64
        missing = np.isnan(column) if numbers else column == ""
        role = "not used"
        if name in subject.features:
            role = "learnt from"
        elif name == subject.target:
            role = "wanted"
        lines.append(
            (
                escaped(name),
                f'<td class="text">{"numbers" if numbers else "text"}</td>',
                f'<td class="text">{role}</td>',
                number(f"table.missing[{escaped(name)}]", int(np.sum(missing))),
            )
        )
    caption = "columns of the table, all rows"
    return table(caption, ["column", "kind", "use", "missing cells"], lines) + _more(
        len(source.names)
    )


def _more(count: int) -> str:
    return f'<p class="soft">… and {count - MOST_COLUMNS} more</p>' if count > MOST_COLUMNS else ""
