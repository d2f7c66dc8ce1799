"""A figure of a recorded history, worked out from the batches of its epoch or from single rows."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from glassnet.arrays import Rows
from glassnet.explanation import Explanation
from glassnet.explanation.names import parsed
from glassnet.outside import explain_figure
from glassnet.recording.replay import Replay
from glassnet.training.loop import batch_shares

MOST_ROWS = 2000  # that are judged one by one
MEANS = ("loss", "accuracy", "mae")  # figures that are means over rows, by what each row counts
PREFIX = "validation_"


def explain_recorded(replay: Replay, what: str) -> Explanation:
    """Explain a figure: the loss by those of its batches, what validation found by its rows.

    What is no mean over rows, or has too many of them, is said in words alone.

    Args:
        replay: of the recorded training.
        what: a name of the history's columns and the epoch, from 0, such as "loss[3]".

    Raises:
        DescriptionError: there is no such figure.

    Example:
        >>> import glassnet as gn
        >>> net = gn.Network("1-1 linear", random_state=0)
        >>> how = {"validation": ([[1.0], [3.0]], [2.0, 0.0]), "epochs": 2, "verbose": False}
        >>> run = gn.Recording(net, [[1.0], [2.0]], [2.0, 4.0], **how)
        >>> run.explain("history.validation_loss[1]").steps[-1].letters
        '(row_loss[0] + row_loss[1]) / 2'

    """
    history = replay.loop.history
    name, index = parsed(what)
    figures = history.columns.get(name, np.empty(0))
    epoch = index[0] if index else 0
    if not -len(figures) <= epoch < len(figures):
        return explain_figure(history, what)
    epoch %= len(figures)
    if name == "loss":
        return explain_figure(
            history, what, replay.losses(epoch), _shares_of_batches(replay, epoch)
        )
    rows = replay.loop.after.held_out if name.startswith(PREFIX) else replay.loop.after.rows
    figure = name.removeprefix(PREFIX)
    if figure not in MEANS or rows is None or len(rows) > MOST_ROWS:
        return explain_figure(history, what)
    shares = _shares_of_rows(replay, rows, figure)
    found = replay.judged(epoch, rows, figure)
    if not math.isclose(float(np.sum(shares * found)), float(figures[epoch]), rel_tol=1e-4):
        return explain_figure(history, what)  # a metric of the user's with the name of ours
    numbers = np.arange(len(rows)) if rows.numbers is None else rows.numbers
    return explain_figure(history, what, found, shares, part="row", numbers=numbers.tolist())


def _shares_of_batches(replay: Replay, epoch: int) -> NDArray[np.float64]:
    loop = replay.loop
    if loop.values.program.description.loss.rows == "sum":
        return np.ones(loop.work.batches.per_epoch)
    return np.asarray(batch_shares(loop.work, range(epoch, epoch + 1))[0])


def _shares_of_rows(replay: Replay, rows: Rows, figure: str) -> NDArray[np.float64]:
    """Give what part of the figure each row is; losses that add up have their weights in them."""
    sums = replay.loop.values.program.description.loss.rows == "sum"
    if figure == "loss" and sums:
        return np.ones(len(rows))
    weights = rows.loss_weights if figure == "loss" else rows.weights
    counts = np.ones(len(rows)) if weights is None else np.asarray(weights, np.float64)
    return np.asarray(counts / counts.sum())
