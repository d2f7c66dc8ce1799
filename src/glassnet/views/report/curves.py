"""Section: loss and metrics over the epochs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from glassnet.history import History
from glassnet.views import pictures
from glassnet.views.chart_svg import MOST_POINTS, chart_svg
from glassnet.views.pictures import Chart
from glassnet.views.report.markup import counted, escaped, figure, number
from glassnet.views.report.subject import Subject

NAME, TITLE = "training", "Training"
WIDE_RANGE = 5.0  # a loss that falls by more is shown on a log axis


def section(subject: Subject) -> str:
    """Draw the curves of all columns of the history; nothing without one."""
    history = subject.history
    if history is None or not history.epochs:
        return ""
    drawn = [_picture(history, "loss")]
    drawn += [_picture(history, name) for name in history.metrics]
    if len(history.learning_rate) and np.ptp(history.learning_rate) > 0:
        drawn.append(_picture(history, "learning_rate"))
    note = ""
    if history.epochs > MOST_POINTS:
        note = (
            f'<p class="soft">Of {history.epochs:,} epochs, the lowest and the highest of each'
            " stretch are drawn.</p>"
        )
    return f'{_sentence(history)}\n<div class="charts">{"".join(drawn)}</div>{note}'


def _sentence(history: History) -> str:
    last = history.epochs - 1
    text = (
        f"<p>{counted('history.epochs', history.epochs, 'epoch')} took"
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
    words = name.replace("_", " ")
    title = f"{words} of each epoch"
    (chart,) = pictures.over_epochs(history, name, title=title).charts
    finite = np.concatenate([marks.y[np.isfinite(marks.y)] for marks in chart.marks])
    log = bool(finite.size and finite.min() > 0 and finite.max() > WIDE_RANGE * finite.min())
    scale = ", on a log axis" if log else ""
    drawn = chart_svg(replace(chart, log=log), _names(history, name, chart))
    return figure(drawn, f"{escaped(title)}{scale}")


def _names(history: History, name: str, chart: Chart) -> list[str]:
    """Name each mark as the history does."""
    lines = [f"history.{name}", f"history.validation_{name}"]
    drawn = [marks for marks in chart.marks if marks.kind == "line"]
    best = "lowest validation loss" if history.best_epoch is None else "history.best_epoch"
    return [*lines[: len(drawn)], f"{name} at {best}"]
