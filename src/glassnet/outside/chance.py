"""A number of a random input: a mask's or a noise's, by the hash of its place."""

from __future__ import annotations

import math

import numpy as np

from glassnet.errors import unknown_name
from glassnet.explanation.digits import in_full
from glassnet.explanation.names import Index, element_name
from glassnet.explanation.record import Explanation, Step
from glassnet.lines import Mask
from glassnet.outside.recorded import Number, named, noting, operands_of, steps_of
from glassnet.program import Program
from glassnet.rules.randomness import NORMAL, hashes_of, mask_key, moments_of
from glassnet.rules.schedules import Schedule
from glassnet.trace import Place


def explain_chance(
    program: Program, name: str, index: Index, place: Place, amount: float | None = None
) -> Explanation:
    """Explain a number of a random input, such as keep1[0, 2] of a Dropout.

    Args:
        program: of the step.
        name: of the random input.
        index: of the number: row of the batch, column.
        place: of the step in training: seed, epoch and position decide it.
        amount: of chance, where a schedule gives it; else the layer says it.

    Raises:
        DescriptionError: the program has no such random input.

    Example:
        >>> from glassnet.description import Description
        >>> from glassnet.rules.layers import Dense, Dropout
        >>> from glassnet.rules.optimizers import SGD
        >>> program = Program(Description(2, (Dense(2), Dropout(0.5), Dense(1))), SGD())
        >>> print(explain_chance(program, "keep1", (0, 1), Place(seed=0)).remarks[1])
        which is above 2147483647: not kept, whose chance is 0.5

    """
    masks = {mask.name: mask for mask in program.masks}
    if name not in masks:
        raise unknown_name("random input", name, masks)
    mask = masks[name]
    if amount is None:
        amount = mask.amount.rate(0.0) if isinstance(mask.amount, Schedule) else mask.amount
    row, column = index
    moment = moments_of(place.epoch, place.position)
    key = mask_key(place.seed, moment, mask.layer)
    dtype = np.dtype(program.description.dtype)
    value = mask.draw.numbers(key, row + 1, column + 1, amount, dtype)[row, column]
    number = int(hashes_of(key, row + 1, column + 1)[row, column])
    remarks = [
        f"the hash of (seed {place.seed}, epoch {place.epoch}, batch {place.position}, layer"
        f" {mask.layer}, row {row}, column {column}) is {number}"
    ]
    what = element_name(name, ("m", mask.columns), index)
    options = {"rate": amount, "spread": amount}
    steps = _normal(what, mask, key, index, amount, float(value), dtype)
    if mask.draw is not NORMAL:
        highest, kept = noting(mask.draw.set_by)(named("rate", float(amount)))
        is_kept = value != 0
        happens = "not above {}: kept" if is_kept else "above {}: not kept"
        share = in_full(np.float64(1 - amount if is_kept else amount))
        remarks.append(f"which is {happens.format(int(highest))}, whose chance is {share}")
        steps = steps_of(what, kept, float(value), str(dtype)) if is_kept else []
    origins = {option: f"what the layer is given: {v:.4g}" for option, v in options.items()}
    origins["n"] = "the normal number that the hash stands for"
    result = steps[-1].result if steps else in_full(value)
    return Explanation(
        what,
        float(value),
        result,
        f"drawn by chance: {mask.draw.said(mask.amount)}",
        "",
        "",
        tuple(steps),
        operands_of(steps, origins),
        tuple(remarks),
    )


def _normal(
    what: str,
    mask: Mask,
    key: int,
    index: Index,
    spread: float,
    value: float,
    dtype: np.dtype[np.floating],
) -> list[Step]:
    """Give a noise's number as a normal number times the spread."""
    if mask.draw is not NORMAL:
        return []
    row, column = index
    plain = float(mask.draw.numbers(key, row + 1, column + 1, 1.0, dtype)[row, column])
    found = named("n", plain) * named("spread", float(spread))
    close = math.isclose(float(found), value, rel_tol=1e-6, abs_tol=1e-30)
    return steps_of(what, found, value, str(dtype)) if close and isinstance(found, Number) else []
