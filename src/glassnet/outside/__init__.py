"""Numbers that are made outside of a program → where they come from.

A program is given its rows, its first weights, its rates and its random inputs. Each of these was
made by a rule of its own: an initializer, an order, a schedule, a hash, the preparation of a table.
The functions here take plain data, run that rule, with numbers that write down what is done to them
(`recorded`), and give an `Explanation`, as `glassnet.explanation` does for what the lines make. No
rule is stated here a second time.

recorded.py       numbers that write down how they were made, and rules run with them
first_weights.py  a first weight: seed, initializer, place in the stream
orders.py         the rows of a batch: seed, epoch, order
rates.py          a rate: schedule, corrections, average
chance.py         a mask's or noise's number: hash, chance
cells.py          a scaled input or target: cell of the table, mean, scale
figures.py        a figure of a History: the mean of the batches' losses, a metric
in_step.py        what of these a trace can be asked for
"""

from __future__ import annotations

from glassnet.outside.cells import explain_input as explain_input
from glassnet.outside.cells import explain_target as explain_target
from glassnet.outside.chance import explain_chance as explain_chance
from glassnet.outside.figures import explain_figure as explain_figure
from glassnet.outside.first_weights import explain_first_weight as explain_first_weight
from glassnet.outside.in_step import explain_in_step as explain_in_step
from glassnet.outside.orders import explain_batch as explain_batch
from glassnet.outside.rates import explain_rate as explain_rate
