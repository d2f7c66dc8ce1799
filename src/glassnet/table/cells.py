"""What a cell of a table may be: a number, infinite, missing, or text."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]  # places: of rows, lines or bytes

MOST_LETTERS = 128  # of a column's name or a label: both are kept in model files

TEXT = np.dtypes.StringDType()
NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
INFINITE = r"[+-]?(?:[iI][nN][fF]|[iI][nN][fF][iI][nN][iI][tT][yY])"
MISSING = ("", "na", "n/a", "nan", "null", "none", "?", "-")  # in a column of numbers
