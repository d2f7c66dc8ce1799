"""One number of a trace → its arithmetic, in letters and in numbers, and where its parts were made.

The line that made the number is called with symbols (`glassnet.graph`), and the graph is read at
one element: sums are written out, inner sums become steps with names of their own (s1, s2, …), and
values of the trace are put in. Nothing here knows a rule or a derivative. Numbers are printed with
as many digits as it takes for the printed arithmetic to give the printed result.

record.py       what an explanation holds; it is printed by views/explanations/
plain.py        the same as plain data for JSON
names.py        the name of one number, as it is asked for and as it is written
arithmetic.py   expressions: a calculation as a tree, and working it out
digits.py       numbers in print: how many digits they need
notation.py     a calculation in a notation: brackets, and how an operation looks
writing.py      a calculation in print: letters, numbers, words
origins.py      where a value comes from
given.py        numbers that no line made
whole.py        whole arrays
nodes.py        what each node of a line's graph comes to
reader.py       the graph of a line, read at one element
"""

from __future__ import annotations

import dataclasses

from glassnet.explanation.digits import printed as printed
from glassnet.explanation.given import explain_given, explain_size
from glassnet.explanation.names import checked, parsed
from glassnet.explanation.origins import sizes_of
from glassnet.explanation.reader import explain_made
from glassnet.explanation.record import Explanation as Explanation
from glassnet.explanation.record import Operand as Operand
from glassnet.explanation.record import Step as Step
from glassnet.explanation.whole import explain_array
from glassnet.trace import Trace


def explain(trace: Trace, what: str) -> Explanation:
    """Explain one number of a trace, or say what a whole array is.

    Args:
        trace: the values of a step.
        what: a name and an index for each axis, such as "dW1[0, 1]", "b1[2]" or "loss"; a prime
            asks for the value after the step, as in "W1'[0, 1]". A name alone asks for the array.

    Raises:
        DescriptionError: there is no such value or index.

    Example:
        >>> import numpy as np
        >>> from glassnet.description import Description
        >>> from glassnet.program import Program
        >>> from glassnet.rules.optimizers import SGD
        >>> from glassnet.trace import trace_step
        >>> program = Program(Description.read("2-1 linear"), SGD())
        >>> one = np.ones((1, 1))
        >>> given = {"x": np.array([[0.5, 2]]), "y": one, "w": one, "learning_rate": 0.1}
        >>> given |= {"W1": np.array([[0.25], [-1.5]]), "b1": np.array([0.1])}
        >>> print(explain(trace_step(program, given), "z1[0, 0]"))
        z1[0, 0] = −2.775: weighted sums of the inputs, plus a bias
          line      z1 = x @ W1 + b1
          equation  z1 = x · W1 + b1
        <BLANKLINE>
          z1[0, 0] = x[0, 0]·W1[0, 0] + x[0, 1]·W1[1, 0] + b1[0]
                   = 0.5·0.25 + 2·(−1.5) + 0.1
                   = −2.775
        <BLANKLINE>
        where
          x[0, 0] = 0.5, x[0, 1] = 2  (data, row 0 of the batch)
          W1[0, 0] = 0.25, W1[1, 0] = −1.5  (a weight before this step, trained)
          b1[0] = 0.1  (a bias before this step, trained)

    """
    asked, index = parsed(what)
    if asked in sizes_of(trace):
        return explain_size(trace, asked)
    name = trace.name_of(asked)
    if index is None and trace[name].size != 1:
        return with_alias(explain_array(trace, name), asked)
    index = checked(trace, name, asked, index)
    explained = explain_made if trace.line_of(name) else explain_given
    explanation = explained(trace, name, index)
    return with_alias(explanation, asked)


def with_alias(explanation: Explanation, asked: str) -> Explanation:
    """Say that a value was asked for under another name: the output of a linear layer."""
    name = explanation.what.partition("[")[0]
    if name == asked:
        return explanation
    remark = f"{asked} is {name}: this layer is linear and passes every number on as it is"
    return dataclasses.replace(explanation, remarks=(remark, *explanation.remarks))
