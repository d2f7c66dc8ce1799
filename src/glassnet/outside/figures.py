"""A figure of a History: what it is a mean of, or which metric it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from glassnet.errors import unknown_name
from glassnet.explanation.arithmetic import Leaf, Operation, leaves, product
from glassnet.explanation.digits import in_full
from glassnet.explanation.names import checked_index, parsed
from glassnet.explanation.reader import MOST_TERMS, SHOWN_TERMS
from glassnet.explanation.record import Explanation, Step
from glassnet.explanation.whole import corner_of
from glassnet.history import History
from glassnet.outside.recorded import Number, operands_of, steps_of

# What a figure is a mean of, and what the part of each is.
PARTS: Mapping[str, tuple[str, str]] = {
    "batch": ("loss of a batch before its update", "what part of the epoch the batch is"),
    "row": (
        "of the row alone, as prediction sees it after the epoch",
        "what part of all rows the row counts",
    ),
}
SAYS: Mapping[str, str] = {
    "loss": "the mean of its batches' losses, each before its update (their sum, where losses"
    " add up)",
    "validation_loss": "the loss of the validation rows after the epoch, as prediction sees it",
    "learning_rate": "the rate of the epoch's last step",
}


def explain_figure(
    history: History,
    what: str,
    losses: ArrayLike | None = None,
    shares: ArrayLike | None = None,
    *,
    part: str = "batch",
    numbers: Sequence[int] | None = None,
) -> Explanation:
    """Explain a figure of a History, such as "loss[12]" or "validation_accuracy[12]".

    Args:
        history: has the figure.
        what: a name of `history.columns` and the epoch of this fit, from 0.
        losses: of the epoch's batches, or other numbers of which the figure is a mean, where they
            are known: the figure is worked out from them.
        shares: what part each of them is of the figure; by default all the same.
        part: what each of them is of: a "batch" or a "row".
        numbers: of these batches or rows; by default from 0 on.

    Raises:
        DescriptionError: there is no such figure.

    Example:
        >>> history = History(engine="numpy", engine_reason="asked for", seed=0)
        >>> history.record(loss=[0.5], learning_rate=[0.1])
        >>> said = explain_figure(history, "loss[0]", [0.75, 0.25])
        >>> print(said)  # doctest: +NORMALIZE_WHITESPACE
        loss[0] = 0.5: the mean of its batches' losses, each before its update (their sum, where
        losses add up)
        <BLANKLINE>
          of epoch 1, the best so far
        <BLANKLINE>
          loss[0] = (batch_loss[0] + batch_loss[1]) / 2
                  = (0.75 + 0.25) / 2
                  = 0.5
        <BLANKLINE>
        where
          batch_loss[0] = 0.75, batch_loss[1] = 0.25  (loss of a batch before its update)

    """
    name, index = parsed(what)
    columns = history.columns
    if name not in columns:
        raise unknown_name("figure", name, columns)
    column = columns[name]
    if index is None and len(column) != 1:
        return Explanation(
            name,
            math.nan,
            f"shape {column.shape}",
            f"a number for each epoch: {_says(name)}",
            "",
            "",
            remarks=(f"ask for one of its numbers, as in '{name}[0]'",),
            array=corner_of(name, column, ("epochs",)) if len(column) else None,
        )
    (epoch,) = checked_index(column, ("epochs",), name, index)
    value, written = float(column[epoch]), f"{name}[{epoch}]"
    steps: list[Step] = []
    if losses is not None:
        found = np.asarray(losses, np.float64)
        parts = np.full(len(found), 1 / len(found)) if shares is None else np.asarray(shares)
        places = range(len(found)) if numbers is None else numbers
        one, share = f"{part}_{name.removeprefix('validation_')}", f"{part}_share"
        letters = [(f"{share}[{place}]", f"{one}[{place}]") for place in places]
        steps = _mean(written, found, parts, value, letters)
    operands = operands_of(steps, _origins(steps, part))
    result = steps[-1].result if steps else in_full(column[epoch])
    remarks = (f"of epoch {epoch + 1}{_rank(history, name, column, epoch)}",)
    return Explanation(written, value, result, _says(name), "", "", tuple(steps), operands, remarks)


def _origins(steps: list[Step], part: str) -> dict[str, str]:
    return {
        leaf.letters: PARTS[part][leaf.letters.startswith(f"{part}_share[")]
        for step in steps
        for leaf in leaves(step.expression)
        if leaf.kind == "value"
    }


def _says(name: str) -> str:
    if name in SAYS:
        return SAYS[name]
    rows = "validation" if name.startswith("validation_") else "training"
    metric = name.removeprefix("validation_")
    return f"the metric {metric} of the {rows} rows after the epoch"


def _rank(history: History, name: str, column: Any, epoch: int) -> str:
    """Say whether an epoch is the best so far, where it is known what is better."""
    better = history.larger_is_better.get(name.removeprefix("validation_"))
    if better is None:
        return ""
    best = np.nanmax(column[: epoch + 1]) if better else np.nanmin(column[: epoch + 1])
    return ", the best so far" if column[epoch] == best else ""


def _mean(
    what: str, losses: Any, shares: Any, value: float, letters: Sequence[tuple[str, str]]
) -> list[Step]:
    """Give the mean or weighted sum of some numbers: its largest terms, and the rest as one."""
    equal = len(losses) > 1 and np.allclose(shares, 1 / len(losses), rtol=1e-12, atol=0)
    shares = np.ones(len(losses)) if equal else shares
    terms = losses * shares
    places = range(len(terms))
    if len(terms) > MOST_TERMS:
        places = sorted(np.argsort(-np.abs(terms), kind="stable")[:SHOWN_TERMS])  # type: ignore[assignment]
    parts: list[Any] = []
    for k in places:
        loss = Leaf(letters[k][1], float(losses[k]), "value")
        share = Leaf(letters[k][0], float(shares[k]), "value")
        parts.append(loss if shares[k] == 1 else product([share, loss], float(terms[k])))
    if len(terms) > len(parts):
        rest = float(np.delete(terms, list(places)).sum())
        parts.append(Leaf(f"({len(terms) - len(parts)} more)", rest))
    whole = parts[0] if len(parts) == 1 else Operation("add", tuple(parts), float(terms.sum()))
    if equal:
        count = Leaf(str(len(losses)), float(len(losses)), "number")
        whole = Operation("divide", (whole, count), value)
    return steps_of(what, Number(value, whole), value)
