"""The rows of a batch: a part of the order of its epoch."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from glassnet.batches import Batches
from glassnet.errors import DescriptionError
from glassnet.explanation.record import Explanation
from glassnet.explanation.whole import SHOWN, corner_of


def explain_batch(
    batches: Batches, epoch: int, position: int, numbers: NDArray[np.int64] | None = None
) -> Explanation:
    """Explain which rows a batch takes; `array` shows them as "rows[0]", "rows[1]", ….

    Args:
        batches: how the rows are cut, with the seed of their orders.
        epoch: over all fits, from 0.
        position: of the batch in its epoch, from 0.
        numbers: the row of X that each row that is trained on is; None where these are all.

    Raises:
        DescriptionError: an epoch has no such batch.

    Example:
        >>> print(explain_batch(Batches(rows=6, size=2), epoch=0, position=1))
        rows is an array of shape (2,): the rows of X that batch 1 of epoch 0 takes
        <BLANKLINE>
            0  1
            3  1
        <BLANKLINE>
          places 2 to 3 of the epoch's order of 6 rows
          the order: all rows by the hash of (seed 0, epoch 0, number of the row)

    """
    if not 0 <= position < batches.per_epoch:
        raise DescriptionError(
            f"an epoch has {batches.per_epoch} batches, 0 to {batches.per_epoch - 1}: there is no"
            f" batch {position}"
        )
    start, stop = batches.bounds(position)
    order = batches.order(epoch)[start:stop]
    rows = order if numbers is None else numbers[order]
    by_hash = f"all rows by the hash of (seed {batches.seed}, epoch {epoch}, number of the row)"
    remarks = [
        f"places {start} to {stop - 1} of the epoch's order of {batches.rows} rows",
        f"the order: {by_hash if batches.shuffled else 'all rows as they stand, not shuffled'}",
    ]
    if numbers is not None:
        remarks.append(
            "counted there are the rows that are trained on, without those held back for validation"
            f" and those of weight 0; of them this batch takes {_listed(order)}"
        )
    corner = corner_of("rows", np.asarray(rows), ("m",))
    if corner.left_out:
        remarks.insert(0, f"shown are the first {len(corner.cells[0])} of {len(rows)}")
    origin = f"the rows of X that batch {position} of epoch {epoch} takes"
    return Explanation(
        "rows",
        math.nan,
        f"shape {rows.shape}",
        origin,
        "",
        "",
        remarks=tuple(remarks),
        array=corner,
    )


def _listed(rows: NDArray[np.int64]) -> str:
    """List the first of some numbers.

    >>> _listed(np.arange(9))
    '0, 1, 2, 3, 4, 5, …'
    """
    shown = [str(row) for row in rows[:SHOWN].tolist()]
    return ", ".join(shown + ["…"] * (len(rows) > SHOWN))
