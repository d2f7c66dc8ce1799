"""Section: how good the network is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glassnet.arrays import Rows
from glassnet.views.chart_svg import chart_svg
from glassnet.views.pictures import Chart, Marks
from glassnet.views.report.markup import escaped, figure, number, percent, table
from glassnet.views.report.subject import Subject

NAME, TITLE = "outcome", "Outcome"
MOST_CLASSES = 12  # of a matrix that fits a page
MOST_PAIRS = 15  # of classes taken for one another
MOST_DOTS = 400
MOST_OUTPUTS = 6  # whose numbers are drawn


def section(subject: Subject) -> str:
    """Give loss and metrics of each part of the rows, and what stands behind them."""
    parts = [_scores(subject)]
    name, _, rows = subject.parts[-1]  # those held out, where there are some
    words = "training rows" if name == "training" else "rows held out"
    if subject.is_classes:
        parts.append(_confusion(subject, name, words, rows))
    elif subject.is_numbers:
        parts += [_numbers(part, words) for part in _outputs(subject, name, rows)]
    return "\n".join(parts)


def _scores(subject: Subject) -> str:
    yes_or_no = subject.description.loss.is_yes_or_no
    metrics = ["accuracy"] if subject.is_classes or yes_or_no else []
    metrics += ["r2", "rmse", "mae"] if subject.is_numbers else []
    known = subject.preparation
    unit = known.target_scale if subject.is_number and known else None
    lines = []
    for name, words, rows in subject.parts:
        found = subject.network.evaluate(rows.x, rows.y, metrics=metrics)
        cells = [escaped(words), number(f"rows.{name}", len(rows))]
        for metric, value in found.items():
            show = percent if metric == "accuracy" else number
            cells.append(show(f"evaluate.{name}.{metric}", value))
        cells += _guess(subject, name, rows)
        if unit is not None:
            cells.append(number(f"own.{name}.rmse", found["rmse"] * unit))
        lines.append(cells)
    head = ["rows", "count", "loss", *map(_titled, metrics)]
    if subject.is_classes:
        head.append("always saying the commonest class")
    elif subject.is_numbers:
        head.append("RMSE of always saying the mean")
    if unit is not None:
        head.append(f"RMSE in the unit of {escaped(subject.target)}")
    return table("loss and metrics, in the scale of the network's outputs", head, lines)


def _titled(metric: str) -> str:
    return {"r2": "R²", "rmse": "RMSE", "mae": "MAE"}.get(metric, metric)


def _guess(subject: Subject, name: str, rows: Rows) -> Iterator[str]:
    """Say how good the simplest guess would be, which knows the training rows."""
    if subject.is_classes:
        usual = np.argmax(np.bincount(subject.answers(subject.training)[0]))
        yield percent(f"guess.{name}", float(np.mean(subject.answers(rows)[0] == usual)))
    elif subject.is_numbers:
        mean = np.mean(subject.training.y, axis=0, dtype=np.float64)
        yield number(f"guess.{name}", float(np.sqrt(np.mean((rows.y - mean) ** 2))))


# ------------------------------------------------------------------------------------ classes


def _confusion(subject: Subject, name: str, words: str, rows: Rows) -> str:
    wanted, given = subject.answers(rows)
    classes = subject.classes
    counts = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(counts, (wanted, given), 1)
    if len(classes) > MOST_CLASSES:
        return _pairs(subject, name, words, counts)
    lines = []
    for row, label in enumerate(classes):
        total = int(counts[row].sum())
        cells = [escaped(label)]
        cells += [
            _shaded(f"confusion.{name}[{row}, {c}]", n, total, right=row == c)
            for c, n in enumerate(counts[row].tolist())
        ]
        cells.append(percent(f"recall.{name}[{row}]", counts[row, row] / total) if total else "–")
        lines.append(cells)
    head = ["is ↓ / predicted →", *map(escaped, classes), "found"]
    caption = f"confusion matrix of the {words}: each row is a class, each column a prediction"
    return table(caption, head, lines, kind="confusion")


def _shaded(name: str, count: int, total: int, *, right: bool) -> str:
    """Give a cell that is the darker, the larger its share of the class."""
    share = count / total if total else 0.0
    colour = "--share" if right else "--wrong"
    style = f"background: rgba(var({colour}), {0.6 * share:.3f})"
    return f'<td style="{style}">{number(name, count)}</td>'


def _pairs(subject: Subject, name: str, words: str, counts: NDArray[np.int64]) -> str:
    """List what is most often taken for something else, of classes too many for a matrix."""
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_PAIRS]
    lines = []
    for place in order.tolist():
        row, column = divmod(place, len(counts))
        if wrong[row, column]:
            label, other = subject.classes[row], subject.classes[column]
            count = number(f"confusion.{name}[{row}, {column}]", wrong[row, column])
            lines.append((escaped(label), f'<td class="text">{escaped(other)}</td>', count))
    caption = f"classes of the {words} that are most often taken for another"
    return table(caption, ["is", "predicted", "rows"], lines)


# ------------------------------------------------------------------------------------ numbers


@dataclass(frozen=True)
class _Output:
    """The numbers wanted of one output and given by it, with the names of both."""

    name: str  # of its marks, "held_out", or "held_out[1]" where there are several outputs
    target: str
    wanted: NDArray[np.float64]
    given: NDArray[np.float64]
    rows: int  # of which these are some


def _outputs(subject: Subject, name: str, rows: Rows) -> Iterator[_Output]:
    """Give the numbers of each output, for rows that fit on a page."""
    some = np.arange(len(rows))
    if len(rows) > MOST_DOTS:
        some = np.linspace(0, len(rows) - 1, MOST_DOTS).astype(np.intp)
    chosen = rows.at(some)
    wanted, given = chosen.y, subject.outputs(chosen)
    single = given.shape[1] == 1
    for place in range(min(given.shape[1], MOST_OUTPUTS)):
        yield _Output(
            name if single else f"{name}[{place}]",
            subject.target if single else f"{subject.target}[{place}]",
            subject.in_own_unit(wanted[:, [place]]),
            subject.in_own_unit(given[:, [place]]),
            len(rows),
        )


def _numbers(output: _Output, words: str) -> str:
    """Draw predictions beside targets, and what is left."""
    wanted, given, target = output.wanted, output.given, output.target
    ends = np.array([min(wanted.min(), given.min()), max(wanted.max(), given.max())])
    beside = Chart(
        (
            Marks(wanted, given, "dots", "rows", 0),
            Marks(ends, ends, "line", "predicted = true", 1),
        ),
        f"predicted against true {target}",
        f"true {target}",
        "predicted",
    )
    left = Chart(
        (
            Marks(given, wanted - given, "dots", "", 0),
            Marks(np.array([given.min(), given.max()]), np.zeros(2), "line", "", 1),
        ),
        f"residuals of {target}",
        f"predicted {target}",
        "true − predicted",
    )
    size = f"the {output.rows:,}"
    if len(wanted) < output.rows:
        size = f"{len(wanted):,} of {output.rows:,}"
    shown = f"{size} {words}"
    return (
        '<div class="charts">'
        + figure(
            chart_svg(beside, [f"predicted.{output.name}", "equal"], height=360),
            f"predicted against true {escaped(target)}, {shown}",
        )
        + figure(
            chart_svg(left, [f"residuals.{output.name}", "zero"], height=360),
            f"residuals of {escaped(target)}, true − predicted, of {shown}",
        )
        + "</div>"
    )
