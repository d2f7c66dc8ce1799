"""What was given against what was wanted: classes in a confusion matrix, numbers as points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from glassnet.errors import DataError, DescriptionError
from glassnet.metrics import METRICS, measured
from glassnet.plots.figures import axes_or_new, point_options, tidy, write
from glassnet.plots.fonts import letters, short, shown
from glassnet.plots.palette import COLORS, DARK, SHARES, color_map
from glassnet.plots.subjects import Subject, names_or, subject_of

LONGEST = 8  # letters of a name that fit under a column
MOST_CLASSES = 30


def confusion_matrix(
    record: Any,
    X: Any = None,
    y: Any = None,
    *,
    output: int | None = None,
    classes: Sequence[str] | None = None,
    title: str = "",
    ax: Any = None,
    **image: Any,
) -> Any:
    """Draw how many rows of each class were given each class, and their share of the class.

    Args:
        record: a Network; or a CrossValidation, of which the rows that were held out count.
        X: (m, inputs), or a Table, which has y in it; None for a CrossValidation.
        y: the class of each row.
        output: which one is drawn, where each output is a yes or no of its own.
        classes: names of the classes; by default the labels of the table, or numbers.
        title: stands above; by default it says how many rows were given their class.
        ax: matplotlib axes to draw on; None makes a figure of its own.
        image: options of `ax.imshow`.

    Returns:
        The axes. Their image holds the shares, their texts the counts.

    Raises:
        DescriptionError: a network of numbers.
        DataError: arrays that do not fit, or y that holds no classes.

    Example:
        >>> import glassnet as gn
        >>> X, y = gn.datasets.spiral(20)
        >>> ax = confusion_matrix(gn.Network("2-8-3 relu softmax", random_state=0), X, y)
        >>> len(ax.texts)
        9

    """
    subject = subject_of(record, X, y).column(output)
    names = [short(shown(name)) for name in names_or(subject.classes, classes)]
    if len(names) > MOST_CLASSES:
        raise DescriptionError(
            f"a confusion matrix shows up to {MOST_CLASSES} classes, and there are {len(names)}: no"
            " number in it could be read"
        )
    counts = np.zeros((len(names), len(names)), np.int64)
    np.add.at(counts, (subject.wanted, subject.answers(subject.outputs)), 1)
    rows = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(rows, 1)
    side = max(3.6, 0.62 * len(names) + 1.6)
    ax = axes_or_new(ax, (side + 0.4, side))
    usual = {"cmap": color_map(SHARES), "vmin": 0.0, "vmax": 1.0, "aspect": "equal"}
    ax.imshow(shares, **{**usual, **image})
    _write_counts(ax, counts, shares)
    places, long = np.arange(len(names)), max(map(len, names))
    long = long > LONGEST or (len(names) > 8 and long > 3)
    ax.set_xticks(places, names, **letters())
    ax.set_yticks(places, names, **letters())
    if long:
        ax.tick_params(axis="x", rotation=40)
        for label in ax.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    right, all_rows = int(np.trace(counts)), int(counts.sum())
    said = f"{right} of {all_rows} rows right ({right / all_rows:.1%})"
    write(ax, title or said, x="class given", y="class wanted")
    return ax


def _write_counts(ax: Any, counts: Any, shares: Any) -> None:
    few = len(counts) <= 12
    size = 10 if len(counts) <= 5 else 8 if few else 6
    for (row, column), count in np.ndenumerate(counts):
        share = shares[row, column]
        text = f"{count}\n{share:.0%}" if few and count else f"{count}"
        color = "white" if share > 0.55 else DARK
        ax.text(column, row, text, ha="center", va="center", fontsize=size, color=color)


def predicted_against_true(
    record: Any,
    X: Any = None,
    y: Any = None,
    *,
    output: int | None = None,
    title: str = "",
    ax: Any = None,
    **points: Any,
) -> Any:
    """Draw each row's number as it was predicted over the true one; good ones lie on the line.

    Args:
        record: a Network; or a CrossValidation, of which the rows that were held out count.
        X: (m, inputs), or a Table, which has y in it; None for a CrossValidation.
        y: the number that is wanted of each row.
        output: the number of the output, from 0, where there are several.
        title: stands above; by default it says R² and the root mean squared error.
        ax: matplotlib axes to draw on; None makes a figure of its own.
        points: options of `ax.scatter`.

    Returns:
        The axes.

    Raises:
        DescriptionError: a network of classes, or an output that there is not.
        DataError: arrays that do not fit.

    """
    true, given, name = _numbers(record, X, y, output)
    ax = axes_or_new(ax, (4.2, 4.0))
    ends = [float(min(true.min(), given.min())), float(max(true.max(), given.max()))]
    ax.plot(ends, ends, color=DARK, linewidth=1.2, linestyle="--", zorder=4)
    ax.scatter(true, given, **_usual(points, len(true)))
    write(ax, title or _scores(true, given), x=f"true {name}", y=f"predicted {name}")
    tidy(ax)
    return ax


def residuals(
    record: Any,
    X: Any = None,
    y: Any = None,
    *,
    output: int | None = None,
    against: int | str | None = None,
    title: str = "",
    ax: Any = None,
    **points: Any,
) -> Any:
    """Draw what each row's prediction misses, true − predicted, over the prediction or a column.

    Args:
        record: a Network; or a CrossValidation, of which the rows that were held out count.
        X: (m, inputs), or a Table, which has y in it; None for a CrossValidation.
        y: the number that is wanted of each row.
        output: the number of the output, from 0, where there are several.
        against: a column of X, by number from 0 or by name; None for the prediction.
        title: stands above; by default it says R² and the root mean squared error.
        ax: matplotlib axes to draw on; None makes a figure of its own.
        points: options of `ax.scatter`.

    Returns:
        The axes.

    Raises:
        DescriptionError: a network of classes, or an output or column that there is not.
        DataError: arrays that do not fit.

    """
    true, given, name = _numbers(record, X, y, output)
    place, label = given, f"predicted {name}"
    if against is not None:
        subject = subject_of(record, X, y)
        column = subject.feature(against)
        if not subject.x.shape[1]:
            raise DataError("a CrossValidation does not keep X: leave against out")
        place, label = subject.in_unit(column, subject.x[:, column]), subject.features[column]
    ax = axes_or_new(ax)
    ax.axhline(0.0, color=DARK, linewidth=1.2, linestyle="--", zorder=4)
    ax.scatter(place, true - given, **_usual(points, len(true)))
    write(ax, title or _scores(true, given), x=label, y=f"{name}: true − predicted")
    tidy(ax)
    return ax


def _usual(points: Any, rows: int) -> dict[str, Any]:
    alpha, size = (0.75, 18) if rows <= 1000 else (0.35, 8)
    return point_options(points, s=size, color=COLORS[0], alpha=alpha, linewidth=0, zorder=3)


def _numbers(record: Any, X: Any, y: Any, output: int | None) -> tuple[Any, Any, str]:
    """Give the numbers that were wanted and given, in the unit of the table, and their name."""
    subject: Subject = subject_of(record, X, y)
    if subject.kind != "numbers" and not _holds_other_numbers(subject):
        raise DescriptionError(
            f"{subject.network.description.short()} tells classes apart: take"
            " gn.plots.confusion_matrix or decision_regions"
        )
    number = subject.output_number(output)
    targets = subject.targets
    column = number if targets.shape[1] > 1 else 0  # several quantiles have one target
    true = subject.target_in_unit(targets[:, column])
    return true, subject.target_in_unit(subject.outputs[:, number]), subject.target_name(number)


def _holds_other_numbers(subject: Subject) -> bool:
    """Whether a sigmoid is trained on shares, such as marks from 0 to 1, and not on yes and no."""
    loss = subject.network.description.loss
    number = loss.targets == "numbers" and subject.y is not None
    return number and not bool(np.isin(subject.targets, (0, 1)).all())


def _scores(true: Any, given: Any) -> str:
    pair = true[:, None], given[:, None]
    found = {name: measured(METRICS[name], *pair) for name in ("r2", "rmse")}
    return f"R² {found['r2']:.3f}, RMSE {found['rmse']:.4g}"
