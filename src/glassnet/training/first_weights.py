"""First weights: how they are drawn, and those that look at the data once its rows are known.

For these the forward lines are run one after another. Where a line reads a parameter that waits for
the data, the parameter is fitted to what the line makes of the rows, and the line is run again; so
each layer is fitted behind those before it, whatever they are. The rows come all in one batch, and
random inputs are at their mean: nothing is dropped and no noise is added, as in prediction. All is
done in float64, on every engine alike, before the first step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.arrays import Rows
from glassnet.description import Parameter
from glassnet.errors import DescriptionError
from glassnet.lines import Line, Phase
from glassnet.program import Program
from glassnet.rules.initializers import Initializer, RandomSource
from glassnet.rules.randomness import key, order_of_rows
from glassnet.values import Values

MOST_ROWS = 10_000  # a sample of so many knows a spread to 0.7 %: more would only take longer
SAMPLE = 4  # the purpose of these random numbers, beside orders, masks and validation rows


def with_fans(program: Program) -> Iterator[tuple[Parameter, tuple[int, int]]]:
    """Give the parameters in the order in which they are drawn, with their inputs and outputs."""
    fans = (1, 1)
    for parameter in program.parameters:
        if len(parameter.shape) == 2:
            fans = parameter.shape[0], parameter.shape[1]
        yield parameter, fans


def draw_first_weights(values: Values, random: RandomSource) -> None:
    """Draw the first weights in order, W1, b1, W2, …, in float64, and round them.

    Raises DescriptionError where an initializer's numbers are too large for the network's dtype.
    """
    for parameter, fans in with_fans(values.program):
        rule = parameter.initializer
        drawn = (
            np.full(parameter.shape, rule)
            if isinstance(rule, int | float)
            else rule.draw(random, parameter.shape, *fans)
        )
        with np.errstate(over="ignore"):
            values.by_name[parameter.name][...] = drawn
        if not np.isfinite(values.by_name[parameter.name]).all():
            raise DescriptionError(
                f"{rule!r} draws numbers for {parameter.name} that {values.dtype} cannot hold"
            )
    for statistic in values.program.statistics:
        values.by_name[statistic.name][...] = statistic.initializer


def waiting_for_data(program: Program) -> dict[str, Initializer]:
    """Give the parameters whose first values depend on the training rows, with the initializer.

    >>> from glassnet.description import Description
    >>> from glassnet.rules.layers import Dense
    >>> from glassnet.rules.optimizers import SGD
    >>> layers = (Dense(3, "tanh", weight_initializer="unitvariance"), Dense(1))
    >>> waiting_for_data(Program(Description(2, layers), SGD()))
    {'W1': UnitVariance()}
    """
    rules = {p.name: p.initializer for p in program.parameters}
    return {n: r for n, r in rules.items() if isinstance(r, Initializer) and r.looks_at_data}


def fit_first_weights(values: Values, rows: Rows, seed: int) -> None:
    """Change the values in place: fit what waits for the data to the rows.

    Where it was done for the same rows before, it changes nothing but the last digits.

    Args:
        values: the network's, not trained yet.
        rows: the training rows; of more than 10,000 a sample is taken.
        seed: decides the sample.

    """
    program = values.program
    waiting = waiting_for_data(program)
    if not waiting:
        return
    scope, share = _given(values, _sampled(rows, seed))
    with np.errstate(all="ignore"):  # what is not finite is left to the guard of the training loop
        for line in program.lines:
            if line.phase is not Phase.FORWARD:
                continue
            exec(line.code, scope)  # a line of a program that was checked when it was made
            for name in [name for name in line.code.co_names if name in waiting]:
                made, parts = scope[line.outputs[0]], _parts(line, scope)
                fitted = waiting[name].fitted(scope[name], made, parts, share)
                values.set(name, _held(values.by_name[name], fitted))
                scope[name] = values.by_name[name].astype(np.float64)
                exec(line.code, scope)


def _held(array: NDArray[Any], fitted: NDArray[np.float64]) -> NDArray[Any]:
    """Give the new numbers in the array's type, and the old ones of columns it cannot hold."""
    rounded = fitted.astype(array.dtype)
    return np.where(np.isfinite(rounded).all(axis=0), rounded, array)


def _sampled(rows: Rows, seed: int) -> Rows:
    if len(rows) <= MOST_ROWS:
        return rows
    return rows.at(np.sort(order_of_rows(key(seed, SAMPLE), 0, len(rows))[:MOST_ROWS]))


def _given(values: Values, rows: Rows) -> tuple[dict[str, Any], NDArray[np.float64]]:
    """Give what the forward lines read, by name, and what part of all each row is: (m, 1)."""
    program, count = values.program, len(rows)
    weights = np.ones(count) if rows.weights is None else rows.weights.astype(np.float64)
    share = (weights / np.sum(weights))[:, None]
    means = {
        mask.name: np.full((count, program.sizes[str(mask.columns)]), mask.draw.mean)
        for mask in program.masks
    }
    numbers = {name: value.astype(np.float64) for name, value in values.by_name.items()}
    x = rows.x.astype(np.float64)
    return {"np": np, **program.rules, "x": x, "w": share, **means, **numbers}, share


def _parts(line: Line, scope: dict[str, Any]) -> NDArray[np.float64]:
    """Give what a line makes where nothing cancels: of the sizes of all that it reads."""
    read = [name for name in line.code.co_names if isinstance(scope.get(name), np.ndarray)]
    sizes = {**scope, **{name: np.abs(scope[name]) for name in read}}
    exec(line.code, sizes)
    return np.asarray(sizes[line.outputs[0]])
