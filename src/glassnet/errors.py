"""Every error that glassnet raises, as one tree.

    GlassnetError
    ├── DescriptionError (ValueError)    a network, layer, loss or optimizer that cannot be
    ├── DataError (ValueError)           arrays or tables that do not fit
    │   └── TableError                   a data file: always names column and row where it can
    ├── ModelFileError (ValueError)      a model file that is damaged, foreign or hostile
    ├── ProgramError (RuntimeError)      a program that fails its own check
    ├── TrainingError (RuntimeError)     training that cannot go on
    │   └── NotFiniteError               a loss or a weight that became inf or nan
    └── MissingExtraError (ImportError)  an optional library that is not installed

Every message says what is wrong, where, what was received and what to do. Each class is also the
built-in exception that a caller who does not know glassnet would expect.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class GlassnetError(Exception):
    """Any error that glassnet raises on purpose."""


class DescriptionError(GlassnetError, ValueError):
    """A network, layer, loss, optimizer or option that cannot be."""


class DataError(GlassnetError, ValueError):
    """Arrays or tables that do not fit the network, or each other."""


class TableError(DataError):
    """A data file that cannot be read as it is."""


class ModelFileError(GlassnetError, ValueError):
    """A model file that is damaged, foreign or hostile."""


class ProgramError(GlassnetError, RuntimeError):
    """A written program that fails the check made before it is run."""


class TrainingError(GlassnetError, RuntimeError):
    """Training that cannot go on."""


class NotFiniteError(TrainingError):
    """A loss or a weight became inf or nan while training.

    `history` holds the whole epochs that lie behind the weights that the network keeps.
    """

    history: object = None


class MissingExtraError(GlassnetError, ImportError):
    """An optional library is needed and not installed."""


def unknown_name(what: str, received: object, known: Iterable[str]) -> DescriptionError:
    """Word the error for a name that is in no table.

    >>> print(unknown_name("activation", "rellu", ["relu", "tanh"]))
    unknown activation 'rellu': did you mean 'relu'? Known: relu, tanh
    >>> print(unknown_name("loss", "mse", ["cross_entropy", "mean_squared_error"]))
    unknown loss 'mse'; known: cross_entropy, mean_squared_error
    """
    names = sorted(known)
    lower = {name.lower(): name for name in reversed(names)}
    near = difflib.get_close_matches(str(received).lower(), lower, n=1)
    hint = f": did you mean {lower[near[0]]!r}? Known" if near else "; known"
    return DescriptionError(f"unknown {what} {received!r}{hint}: {', '.join(names)}")


def missing_extra(purpose: str, library: str, extra: str) -> MissingExtraError:
    """Word the error for an optional library that is not installed.

    >>> print(missing_extra("the compiled engine", "numba", "numba"))
    the compiled engine needs numba, which is not installed: pip install 'glassnet[numba]'
    """
    return MissingExtraError(
        f"{purpose} needs {library}, which is not installed: pip install 'glassnet[{extra}]'"
    )
