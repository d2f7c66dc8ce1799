"""Section: loss and metrics over the epochs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassnet.history import History
from glassnet.views.chart_svg import MOST_POINTS, chart_svg
from glassnet.views.pictures import Chart, Marks
from glassnet.views.report.markup import escaped, figure, number
from glassnet.views.report.subject import Subject

NAME, TITLE = "training", "Training"
WIDE_RANGE = 5.0  # a loss that falls by more is shown on a log axis


def section(subject: Subject) -> str:
    """Draw the curves of all columns of the history; nothing without one."""
    history = subject.history
    if history is None or not history.epochs:
        return ""
    pictures = [_picture(history, "loss")]
    pictures += [_picture(history, name) for name in history.metrics]
    if len(history.learning_rate) and np.ptp(history.learning_rate) > 0:
        pictures.append(_picture(history, "learning_rate"))
    note = ""
    if history.epochs > MOST_POINTS:
        note = (
            f'<p class="soft">Of {history.epochs:,} epochs, the lowest and the highest of each'
            " stretch are drawn.</p>"
        )
    return f'{_sentence(history)}\n<div class="charts">{"".join(pictures)}</div>{note}'


def _sentence(history: History) -> str:
    last = history.epochs - 1
    text = (
        f"<p>{number('history.epochs', history.epochs)} epochs took"
        f" {number('history.seconds', history.seconds, f'{history.seconds:.2f}')} s; the loss went"
        f" from {number('history.loss[0]', history.loss[0])} to"
        f" {number(f'history.loss[{last}]', history.loss[last])}"
    )
    if len(history.validation_loss):
        place = len(history.validation_loss) - 1
        text += (
            ", that of the validation rows from"
            f" {number('history.validation_loss[0]', history.validation_loss[0])} to"
            f" {number(f'history.validation_loss[{place}]', history.validation_loss[place])}"
        )
    text += f"; training ended: {escaped(history.stopped or 'under way')}."
    if history.best_epoch is not None:
        text += (
            f" The weights are those of epoch {number('history.best_epoch', history.best_epoch)},"
            " the best."
        )
    return text + "</p>"


def _picture(history: History, name: str) -> str:
    """Draw a column of the history, that of the validation rows beside it, and the best epoch."""
    columns = history.columns
    marks, names = [], []
    validation = columns.get(f"validation_{name}", np.empty(0))
    for color, (key, words, values) in enumerate(
        ((name, "training", columns[name]), (f"validation_{name}", "validation", validation))
    ):
        if len(values):
            label = words if len(validation) else ""
            marks.append(Marks(_epochs(values), values, "line", label, color))
            names.append(f"history.{key}")
    best = history.best_epoch
    if best is not None and name == "loss":
        watched = validation if len(validation) else columns[name]
        if best <= len(watched):
            point = Marks(np.array([best]), watched[best - 1 : best], "points", "best epoch", 2)
            marks.append(point)
            names.append("history.best_epoch")
    finite = np.concatenate([m.y[np.isfinite(m.y)] for m in marks])
    log = bool(finite.size and finite.min() > 0 and finite.max() > WIDE_RANGE * finite.min())
    words = name.replace("_", " ")
    chart = Chart(tuple(marks), f"{words} of each epoch", "epoch", words, log=log)
    scale = ", on a log axis" if log else ""
    return figure(chart_svg(chart, names), f"{escaped(words)} of each epoch{scale}")


def _epochs(values: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.arange(1, len(values) + 1)
