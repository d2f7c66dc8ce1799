"""The race: one training step of glassnet against every peer, the same work on every side.

    python -m benchmarks.race            all cells, one thread and two
    python -m benchmarks.race --cells 64-100-10 --peers torch jax --threads 1

cells.py      the networks that are raced
rows.py       the rows, first weights and orders that every side is given
runner.py     a side in a process of its own, which runs when told to
sides/        how each library does it
__main__.py   runs them in turn, and prints the table
"""
