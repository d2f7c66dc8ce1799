"""A first weight: the seed, the initializer, and which numbers of the stream it is made of."""

from __future__ import annotations

import copy
import dataclasses
import math
from typing import Any

import numpy as np

from glassnet.errors import DescriptionError, unknown_name
from glassnet.explanation.arithmetic import Leaf
from glassnet.explanation.digits import in_full
from glassnet.explanation.names import Index, checked_index, element_name, parsed
from glassnet.explanation.record import Explanation, Step
from glassnet.explanation.whole import corner_of
from glassnet.outside.recorded import Number, named, operands_of, steps_of, with_numbers
from glassnet.program import Program
from glassnet.rules.initializers import Initializer, RandomSource
from glassnet.training.first_weights import with_fans
from glassnet.values import Values


def explain_first_weight(program: Program, seed: int, name: str, index: Index) -> Explanation:
    """Explain a first weight as it is drawn anew from a seed.

    Args:
        program: of the network.
        seed: the `random_state` that the network was made with, a whole number.
        name: of the parameter, such as "W1".
        index: of the number.

    Raises:
        DescriptionError: the program has no such parameter.

    Example:
        >>> from glassnet.description import Description
        >>> from glassnet.rules.optimizers import SGD
        >>> program = Program(Description.read("2-1 tanh"), SGD())
        >>> for step in explain_first_weight(program, 0, "W1", (1, 0)).steps:
        ...     print(step.name, "=", step.letters, "=", step.result)
        low = −√(3·(2 / (inputs + outputs))) = −1.4142
        high = √(3·(2 / (inputs + outputs))) = 1.4142
        W1[1, 0] = low + (high − low)·u = 0.60865

    """
    stream: Any = _Stream(np.random.RandomState(seed))
    for parameter, fans in with_fans(program):
        rule = parameter.initializer
        if parameter.name == name:
            what = element_name(name, program.parameter_shapes[name], index)
            return _explained(what, rule, stream, parameter.shape, fans, index, seed, program)
        if isinstance(rule, Initializer):
            rule.draw(stream, parameter.shape, *fans)
    raise unknown_name("parameter", name, [p.name for p in program.parameters])


def explain_weight_of(values: Values, seed: int, epochs: int, what: str) -> Explanation:
    """Explain the first value of a weight of a network, and say what it is now."""
    program = values.program
    name, asked = parsed(what)
    if name not in program.parameter_shapes:
        raise unknown_name("parameter", name, list(program.parameter_shapes))
    array, axes = values.by_name[name], program.parameter_shapes[name]
    trained = f"it was trained for {epochs} epochs since" if epochs else "it is not trained yet"
    if asked is None and array.size != 1:
        example = element_name(name, axes, tuple(min(1, size - 1) for size in array.shape))
        rule = next(p.initializer for p in program.parameters if p.name == name)
        return Explanation(
            name,
            math.nan,
            f"shape {array.shape}",
            f"a parameter, at first by {rule!r}; {trained}",
            "",
            "",
            remarks=(f"ask for one of its numbers, as in {example!r}",),
            array=corner_of(name, array, axes),
        )
    index = checked_index(array, axes, name, asked)
    explanation = explain_first_weight(program, seed, name, index)
    now, first = array[index], array.dtype.type(explanation.value)
    if epochs:
        then = f"now it is {in_full(now)}: {trained}"
    elif now == first:
        return explanation
    else:
        then = f"now it is {in_full(now)}: it was set, fitted to the data, or drawn by another seed"
    return dataclasses.replace(explanation, remarks=(*explanation.remarks, then))


def _explained(
    what: str,
    rule: Initializer | float,
    stream: Any,
    shape: tuple[int, ...],
    fans: tuple[int, int],
    index: Index,
    seed: int,
    program: Program,
) -> Explanation:
    if not isinstance(rule, Initializer):
        return Explanation(what, float(rule), in_full(np.float64(rule)), "its first value", "", "")
    before, state = stream.drawn, copy.deepcopy(stream.random)
    drawn = rule.draw(stream, shape, *fans)
    value = float(drawn[index])
    dtype = program.description.dtype
    result = in_full(np.dtype(dtype).type(value))
    count = stream.drawn - before
    if not count:
        says = f"first value by {rule!r}; nothing is drawn for it"
        return Explanation(what, value, result, says, "", "")
    steps = _steps(what, rule, _Element(state, index), shape, fans, value)
    place = before + 1 + int(np.ravel_multi_index(index, shape))
    origin = f"first value by {rule!r}, from random_state={seed}"
    number = f"number {place} that NumPy's RandomState({seed}) draws"
    remarks = [f"{number}; numbers {before + 1} to {before + count} are for {what.split('[')[0]}"]
    if not steps:
        whole = f"made of numbers {before + 1} to {before + count} of RandomState({seed}) together"
        remarks = [whole]
    remarks.append("a network made without a whole number as random_state has other first weights")
    origins = {
        "u": f"between 0 and 1, {number}",
        "n": f"normal, {number}",
        "inputs": "numbers that go into a neuron of the layer",
        "outputs": "neurons of the layer",
        **{f.name: f"an option of {rule!r}" for f in dataclasses.fields(rule)},
    }
    result = steps[-1].result if steps else result
    operands = operands_of(steps, origins)
    return Explanation(what, value, result, origin, "", "", tuple(steps), operands, tuple(remarks))


def _steps(
    what: str,
    rule: Initializer,
    random: _Element,
    shape: tuple[int, ...],
    fans: tuple[int, int],
    value: float,
) -> list[Step]:
    """Run the rule with one number in place of all; nothing where it needs them together."""
    noted: Any = with_numbers(rule)
    inputs, outputs = named("inputs", fans[0]), named("outputs", fans[1])
    try:
        found = noted.draw(random, shape, inputs, outputs)
    except (TypeError, ValueError, DescriptionError, np.linalg.LinAlgError):
        return []
    if not isinstance(found, Number) or not math.isclose(float(found), value, rel_tol=1e-12):
        return []
    return [*random.limits, *steps_of(what, found, value)]


class _Stream:
    """A source of random numbers that counts how many were drawn."""

    def __init__(self, random: RandomSource) -> None:
        self.random, self.drawn = random, 0

    def standard_normal(self, shape: Any) -> Any:
        """Draw normal numbers."""
        self.drawn += int(np.prod(shape))
        return self.random.standard_normal(shape)

    def uniform(self, low: float, high: float, shape: Any) -> Any:
        """Draw numbers spread evenly."""
        self.drawn += int(np.prod(shape))
        return self.random.uniform(low, high, shape)


class _Element:
    """A source that gives one element of each array that is drawn, as a Number."""

    def __init__(self, random: Any, index: Index) -> None:
        self.random, self.index, self.calls = random, index, 0
        self.limits: list[Step] = []  # what low and high are made of

    def _once(self) -> None:
        self.calls += 1
        if self.calls > 1:
            raise TypeError("a rule that draws again is not one of single numbers")

    def standard_normal(self, shape: Any) -> Number:
        """Give a normal number."""
        self._once()
        return named("n", float(self.random.standard_normal(shape)[self.index]))

    def uniform(self, low: float, high: float, shape: Any) -> Any:
        """Give a number between low and high, as NumPy makes it of one between 0 and 1."""
        self._once()
        low, high = (self._limit(name, x) for name, x in (("low", low), ("high", high)))
        return low + (high - low) * named("u", float(self.random.random_sample(shape)[self.index]))

    def _limit(self, name: str, limit: float) -> float:
        """Give a limit as a name of its own, with its calculation as a step before."""
        if not isinstance(limit, Number) or isinstance(limit.expression, Leaf):
            return limit
        self.limits += steps_of(name, limit, float(limit))
        return Number(float(limit), Leaf(name, float(limit)))
