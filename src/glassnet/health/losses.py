"""The curve of the loss: not finite, rising, still, swinging, or falling for training alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from glassnet.health.examined import Examined
from glassnet.health.record import Finding, Severity
from glassnet.health.thresholds import (
    ABOVE_START_EPOCHS,
    MOVED,
    OVERFIT,
    OVERFIT_EPOCHS,
    ROSE,
    ROSE_OF_FIRST,
    SHOT_UP,
    STEADY_EPOCHS,
    SWING,
    TURNS,
)
from glassnet.history import History


def not_finite(examined: Examined) -> Iterator[Finding]:
    """Find a run that the guard has stopped, or a loss that is not finite."""
    history = examined.history
    if history is None:
        return
    bad = int(np.sum(~np.isfinite(history.loss)))
    if history.stopped != "not finite" and not bad:
        return
    yield Finding(
        kind="not finite",
        severity=Severity.FAULT,
        what=f"the loss or a weight became inf or nan after {history.epochs} whole epochs",
        evidence={"epochs": history.epochs, "losses_not_finite": bad},
        read="loss and stopped of the history",
        remedy=f"{_slower(history)}, scale the inputs, or limit the gradients:"
        " gn.Adam(clip_norm=1.0); the error of fit names the line in which it began",
    )


def above_the_start(examined: Examined) -> Iterator[Finding]:
    """Find a run whose last losses are all higher than its first."""
    history = examined.history
    if history is None or history.epochs <= ABOVE_START_EPOCHS or examined.fits:
        return
    first, last = history.loss[0], history.loss[-ABOVE_START_EPOCHS:]
    lowest = float(np.min(last))
    if not (np.isfinite(last).all() and first > 0 and lowest > (1 + ROSE) * first):
        return
    yield Finding(
        kind="diverging loss",
        severity=Severity.FAULT,
        what=f"the loss of the last {ABOVE_START_EPOCHS} epochs is never below {lowest:.3g}, and"
        f" that of the first was {first:.3g}: training makes it worse",
        evidence={"first": float(first), "lowest_of_last": lowest, "epochs": ABOVE_START_EPOCHS},
        read="loss of the history",
        remedy=_slower(history),
    )


def shot_up(examined: Examined) -> Iterator[Finding]:
    """Find a loss that was once a thousand times the first one, even where it came back."""
    history = examined.history
    if history is None or not history.epochs or not np.isfinite(history.loss).all():
        return
    first, place = float(history.loss[0]), int(np.argmax(history.loss))
    largest = float(history.loss[place])
    if first <= 0 or largest <= SHOT_UP * first:
        return
    yield Finding(
        kind="loss shot up",
        severity=Severity.WARNING,
        what=f"the loss was {largest:.3g} in epoch {place + 1}, and {first:.3g} in the first: a"
        " step threw the weights far off",
        evidence={"first": first, "largest": largest, "epoch": place + 1},
        read="loss of the history",
        remedy=f"{_slower(history)}, or limit the gradients: clip_norm=1.0 in the optimizer",
    )


def rising(examined: Examined) -> Iterator[Finding]:
    """Find a loss that rose for many epochs in a row and has not come back."""
    history = examined.history
    if history is None or history.epochs <= STEADY_EPOCHS or not np.isfinite(history.loss).all():
        return
    loss = history.loss
    start, stop = longest_rise(loss)
    height = loss[stop] - loss[start]
    if stop - start < STEADY_EPOCHS or loss[-1] <= loss[start]:
        return
    if height < ROSE * abs(loss[start]) or height < ROSE_OF_FIRST * abs(loss[0]):
        return
    yield Finding(
        kind="rising loss",
        severity=Severity.WARNING,
        what=f"the loss rose for {stop - start} epochs in a row, from {loss[start]:.3g} in epoch"
        f" {start + 1} to {loss[stop]:.3g} in epoch {stop + 1}",
        evidence={
            "epochs": stop - start,
            "from_epoch": start + 1,
            "from_loss": float(loss[start]),
            "to_loss": float(loss[stop]),
        },
        read="loss of the history",
        remedy=_slower(history),
    )


def longest_rise(loss: np.ndarray) -> tuple[int, int]:
    """Give the first and the last place of the longest stretch in which each number is higher.

    >>> longest_rise(np.array([3.0, 1.0, 2.0, 3.0, 2.0]))
    (1, 3)
    """
    ends = np.flatnonzero(np.diff(loss) <= 0)
    borders = np.concatenate([[-1], ends, [len(loss) - 1]])
    longest = int(np.argmax(np.diff(borders)))
    return int(borders[longest]) + 1, int(borders[longest + 1])


def not_moved(examined: Examined) -> Iterator[Finding]:
    """Find a loss that is where it began, in a network that does no better than a constant."""
    history = examined.history
    if history is None or history.epochs < STEADY_EPOCHS or not examined.learnt_nothing:
        return
    loss = history.loss
    first, lowest = float(loss[0]), float(np.min(loss))
    if not np.isfinite(loss).all() or first - lowest > MOVED * abs(first):
        return
    yield Finding(
        kind="loss has not moved",
        severity=Severity.FAULT,
        what=f"the loss has not moved in {history.epochs} epochs: it was {first:.4g} in the first,"
        f" and never below {lowest:.4g}",
        evidence={"first": first, "lowest": lowest, "epochs": history.epochs},
        read="loss of the history",
        remedy="ask net.find_learning_rate(X, y) for a rate that learns (glassnet rate); look at"
        " the other findings; if there are none, the network may be too small (--network), or"
        " the columns say nothing of the target",
    )


def swinging(examined: Examined) -> Iterator[Finding]:
    """Find a loss that goes up and down by much and gets no lower."""
    history = examined.history
    if history is None or history.epochs <= STEADY_EPOCHS or examined.fits:
        return
    last = history.loss[-STEADY_EPOCHS - 1 :]
    first = abs(float(history.loss[0]))
    if not np.isfinite(history.loss).all() or first == 0:
        return
    jumps = np.diff(last)
    swing = float(np.mean(np.abs(jumps)))
    turns = float(np.mean(jumps[1:] * jumps[:-1] < 0))
    half = len(last) // 2
    falls = np.mean(last[half:]) < (1 - ROSE) * np.mean(last[:half])
    if swing < SWING * first or turns < TURNS or falls:
        return
    yield Finding(
        kind="swinging loss",
        severity=Severity.WARNING,
        what=f"the loss goes up and down by {swing:.3g} from epoch to epoch, {swing / first:.0%} of"
        f" what it was at first, and gets no lower in {STEADY_EPOCHS} epochs",
        evidence={"mean_jump": swing, "first": first, "turns": turns, "epochs": STEADY_EPOCHS},
        read="loss of the history",
        remedy=f"{_slower(history)}, a larger batch_size (--batch-size), or a schedule that ends"
        " low: gn.Cosine(…) (--schedule cosine)",
    )


def overfitting(examined: Examined) -> Iterator[Finding]:
    """Find a validation loss that rises while the training loss falls.

    Not where the weights of the best epoch were put back: that is the remedy.
    """
    history = examined.history
    if history is None or history.best_epoch is not None or not len(history.validation_loss):
        return
    epochs = min(history.epochs, len(history.validation_loss))
    validation, training = history.validation_loss[:epochs], history.loss[:epochs]
    if not (np.isfinite(validation).all() and np.isfinite(training).all()):
        return
    best = int(np.argmin(validation))
    lowest, now = float(validation[best]), float(np.mean(validation[-OVERFIT_EPOCHS // 2 :]))
    fell = training[-1] < (1 - OVERFIT) * training[best]
    if epochs - 1 - best < OVERFIT_EPOCHS or now <= (1 + OVERFIT) * lowest or not fell:
        return
    if now <= training[-1]:
        return  # rows that nothing was learnt from fit better still than those for training
    yield Finding(
        kind="overfitting",
        severity=Severity.WARNING,
        what=f"since epoch {best + 1} the validation loss has risen from {lowest:.3g} to {now:.3g},"
        f" while the training loss fell from {training[best]:.3g} to {training[-1]:.3g}: what is"
        " learnt now holds for the training rows only",
        evidence={
            "best_epoch": best + 1,
            "lowest_validation_loss": lowest,
            "validation_loss": now,
            "training_loss_then": float(training[best]),
            "training_loss": float(training[-1]),
        },
        read=f"loss and validation_loss of the history, the latter as the mean of the last"
        f" {OVERFIT_EPOCHS // 2} epochs",
        remedy="stop in time: early_stopping=10, which keeps the best epoch's weights; or"
        " gn.AdamW(weight_decay=0.01), gn.Dropout(0.2), fewer neurons, more rows",
    )


def _slower(history: History) -> str:
    """Advise a tenth of the learning rate, in numbers."""
    if not history.epochs:
        return "try a tenth of the learning rate (--learning-rate)"
    if not len(history.learning_rate):
        return "start from smaller weights"  # L-BFGS has no rate
    rate = float(history.learning_rate[-1])
    return (
        f"try a tenth of the learning rate: {rate / 10:.3g} instead of {rate:.3g}"
        f" (--learning-rate {rate / 10:.3g})"
    )
