"""Tables: reading a CSV file, what is learnt from its columns, the held-out part, and writing back.

This is the only reader of data files. A file is either read as it stands or refused in one sentence
that names the line and the column; no cell is guessed at.

cells.py         what a cell may be
wording.py       cells and names in messages
names.py         which names columns may have
labels.py        labels of classes: as they are kept, told apart, and how many there may be
reading.py       a text file → columns
columns.py       Table: named columns, and what one of them is asked for
splitting.py     which rows are held out
scaling.py       a column of numbers → mean 0 and scale 1
preparation.py   Preparation: what is learnt from training rows, to turn tables into arrays and back
writing.py       columns → a text file
"""

from __future__ import annotations

from glassnet.table.columns import Table as Table
from glassnet.table.preparation import Preparation as Preparation
from glassnet.table.splitting import split as split
from glassnet.table.writing import write_csv as write_csv
