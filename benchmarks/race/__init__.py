"""The race: the compiled engine against every peer, the same work on every side.

    python -m benchmarks.race                   a training step of every cell, on one thread and two
    python -m benchmarks.race all               every measure below, one after the other
    python -m benchmarks.race predict memory    some of them
    python -m benchmarks.race steps --cells 64-100-10 --peers torch jax --threads 1

Measures, a module each: what it measures stands at its top.

steps.py      a training step of each cell, and the floor under it: its matrix products alone
cold.py       a whole process, from nothing to a trained network
compile.py    the first compile ever, by the number of layers
predict.py    rows a second that are predicted
memory.py     what memory grows by while `fit` runs
growth.py     how time grows with rows, epochs and parameters

What they share:

cells.py      the networks that are raced
rows.py       the rows, first weights and orders that every side is given
runner.py     a side in a process of its own, on cores of its own, which runs when told to
sides/        how each library trains
predictors/   how each library predicts
processes/    whole programs, a file for each library, for the cold start
verdict.py    ahead, a tie, BEHIND; bar met, bar missed
results.py    the figures, in one JSON file with the machine that they hold for
plots.py      the pictures
"""
