"""Lines: losses and metrics over epochs, the search for a rate, folds, the fit over one column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.errors import DataError, DescriptionError, unknown_name
from glassnet.plots.charts import draw_chart
from glassnet.plots.figures import axes_or_new, point_options, tidy, whole_numbers, write
from glassnet.plots.grids import line_of
from glassnet.plots.palette import COLORS, DARK
from glassnet.plots.subjects import fixed_text, subject_of
from glassnet.rules.entry import FLAG
from glassnet.views import pictures

if TYPE_CHECKING:
    from glassnet.cross_validation import CrossValidation
    from glassnet.history import History
    from glassnet.training.rate_finder import RateFinding


def loss_curve(
    history: History, *, log: bool = False, title: str = "", ax: Any = None, **lines: Any
) -> Any:
    """Draw the loss of every epoch, that of the validation rows beside it, and the best epoch.

    Marked is the epoch whose weights were put back; where none were, the one with the lowest
    validation loss.

    Args:
        history: what `fit` gave.
        log: whether the loss stands on a log axis.
        title: stands above.
        ax: matplotlib axes to draw on; None makes a figure of its own (`ax.figure`).
        lines: options of `ax.plot`.

    Returns:
        The axes.

    Raises:
        DataError: no epoch was finished.
        MissingExtraError: matplotlib is not installed.

    Example:
        >>> import glassnet as gn
        >>> net = gn.Network("1-1 linear", random_state=0)
        >>> history = net.fit([[1.0]], [2.0], epochs=5, verbose=False)
        >>> ax = loss_curve(history)
        >>> bool((ax.lines[0].get_ydata() == history.loss).all())
        True

    """
    return metric_curve(history, "loss", log=log, title=title, ax=ax, **lines)


def metric_curve(
    history: History,
    metric: str,
    *,
    log: bool = False,
    title: str = "",
    ax: Any = None,
    **lines: Any,
) -> Any:
    """Draw a number of every epoch, that of the validation rows beside it, and the best epoch.

    Args:
        history: what `fit` gave.
        metric: one of `history.columns`: a metric of the fit, "loss", "learning_rate", or the name
            of another rate that changes.
        log: whether the numbers stand on a log axis.
        title: stands above.
        ax: matplotlib axes to draw on; None makes a figure of its own.
        lines: options of `ax.plot`.

    Returns:
        The axes.

    Raises:
        DescriptionError: a number that the fit did not take, with those that it did.
        DataError: no epoch was finished.

    """
    if not hasattr(history, "best_epoch"):
        raise DescriptionError(
            "a curve over epochs shows the History that fit gives,"
            f" got {type(history).__name__}; for a CrossValidation take one of its histories"
        )
    if not FLAG.holds(log):
        raise DescriptionError(f"log must be {FLAG.wanted}, got {log!r}")
    (chart,) = pictures.over_epochs(history, metric, title=title, log=log).charts
    if not len(chart.marks[0].x):
        raise DataError("no epoch was finished, so there is no curve to draw")
    ax = axes_or_new(ax)
    draw_chart(ax, chart, **lines)
    whole_numbers(ax.xaxis)
    return ax


def learning_rates(finding: RateFinding, *, ax: Any = None, **lines: Any) -> Any:
    """Draw the loss over the learning rates that `find_learning_rate` tried, and its suggestion.

    Args:
        finding: what `find_learning_rate` gave.
        ax: matplotlib axes to draw on; None makes a figure of its own.
        lines: options of `ax.plot`.

    Returns:
        The axes.

    Raises:
        DataError: not even the first loss was finite.

    """
    (chart,) = pictures.learning_rate(finding).charts
    ax = axes_or_new(ax)
    draw_chart(ax, chart, **lines)
    return ax


def fold_scores(
    found: CrossValidation, metric: str = "loss", *, ax: Any = None, **points: Any
) -> Any:
    """Draw the score of each fold on the rows that it held out, their mean and their spread.

    Args:
        found: what `gn.cross_validate` gave.
        metric: one of `found.scores`.
        ax: matplotlib axes to draw on; None makes a figure of its own.
        points: options of `ax.scatter`.

    Returns:
        The axes.

    Raises:
        DescriptionError: a score that was not taken, with those that were.

    """
    if metric not in found.scores:
        raise unknown_name("score", metric, found.scores)
    ax = axes_or_new(ax)
    scores = found.scores[metric]
    mean, spread = found.mean[metric], found.spread[metric]
    label = f"mean {mean:.4g} ± {spread:.2g}"
    ax.axhspan(mean - spread, mean + spread, color=COLORS[0], alpha=0.15, linewidth=0)
    ax.axhline(mean, color=COLORS[0], linewidth=1.8)
    numbers = np.arange(1, len(scores) + 1)
    ax.scatter(numbers, scores, **point_options(points, s=36, color=DARK, zorder=3))
    ax.set_xlim(0.5, len(scores) + 0.5)
    write(ax, label, x="fold", y=f"{metric.replace('_', ' ')} of the held-out rows")
    tidy(ax)
    whole_numbers(ax.xaxis)
    return ax


def fit_1d(
    network: Any,
    X: Any,
    y: Any = None,
    *,
    column: int | str = 0,
    at: Mapping[str | int, float] | None = None,
    resolution: int = 200,
    title: str = "",
    ax: Any = None,
    **lines: Any,
) -> Any:
    """Draw what a network gives along one column of X, and the data beside it.

    Every output has a line of its own, so that several quantiles make a band. Numbers of a network
    that was trained on a table stand in the table's units.

    Args:
        network: a trained network whose outputs are numbers or chances.
        X: (m, inputs), or a Table.
        y: what is wanted; None draws the curve alone.
        column: the column of X that is drawn along, by number from 0 or by name.
        at: values of the other columns, by number or name; those that are not named stand at their
            median.
        resolution: places along the column.
        title: stands above; by default it says at what value other columns are held.
        ax: matplotlib axes to draw on; None makes a figure of its own.
        lines: options of `ax.plot`.

    Returns:
        The axes.

    Raises:
        DescriptionError: a column or an output there is not.
        DataError: arrays that do not fit.

    Example:
        >>> import glassnet as gn
        >>> X, y = gn.datasets.line()
        >>> ax = fit_1d(gn.Network("1-1 linear", random_state=0), X, y)
        >>> ax.get_xlabel(), ax.get_ylabel()
        ('x1', 'y')

    """
    subject = subject_of(network, X, y)
    line = line_of(subject, column, at, resolution)
    outputs = subject.target_in_unit(subject.predict(line.rows))
    count = outputs.shape[1]
    wanted = None if subject.y is None else subject.target_in_unit(subject.y)
    levels = getattr(subject.network.description.loss, "quantiles", None)
    if levels is not None and len(levels) == count > 1:
        names = [f"quantile {level:g}" for level in levels]
    else:
        names = [subject.target_name(i) for i in range(count)] if count > 1 else ["network"]
    chosen = subject.feature(column)
    here = subject.in_unit(chosen, subject.x[:, chosen])
    ax = axes_or_new(ax)
    single = wanted is not None and wanted.shape[1] == 1
    points = None if wanted is None or not single else (here, wanted[:, 0])
    label = (subject.features[chosen], subject.target_name() if count == 1 or single else "outputs")
    chart = pictures.fitted(
        points,
        (line.places, outputs),
        label,
        ("data", *names),
        title=title or fixed_text(line.fixed),
    )
    draw_chart(ax, chart, **lines)
    if wanted is not None and not single:  # a colour for each output, and its data
        for number, column_of in enumerate(wanted.T, start=1):
            ax.scatter(here, column_of, 14, color=COLORS[number % len(COLORS)], alpha=0.5, lw=0)
    if title == "" and line.fixed:
        ax.title.set_fontsize(9)
    return ax
