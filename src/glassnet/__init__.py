"""glassnet: fully connected neural networks made of glass."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from glassnet.description import Description as Description
from glassnet.errors import DataError as DataError
from glassnet.errors import DescriptionError as DescriptionError
from glassnet.errors import GlassnetError as GlassnetError
from glassnet.errors import MissingExtraError as MissingExtraError
from glassnet.errors import ModelFileError as ModelFileError
from glassnet.errors import NotFiniteError as NotFiniteError
from glassnet.errors import ProgramError as ProgramError
from glassnet.errors import TableError as TableError
from glassnet.errors import TrainingError as TrainingError
from glassnet.history import History as History
from glassnet.network import Network as Network
from glassnet.network import load as load
from glassnet.program import Program as Program
from glassnet.rules.initializers import Glorot as Glorot
from glassnet.rules.initializers import He as He
from glassnet.rules.initializers import Normal as Normal
from glassnet.rules.initializers import Uniform as Uniform
from glassnet.rules.initializers import Zeros as Zeros
from glassnet.rules.layers import Activation as Activation
from glassnet.rules.layers import BatchNorm as BatchNorm
from glassnet.rules.layers import Dense as Dense
from glassnet.rules.layers import Dropout as Dropout
from glassnet.rules.layers import LayerNorm as LayerNorm
from glassnet.rules.losses import HalfSquaredError as HalfSquaredError
from glassnet.rules.optimizers import LBFGS as LBFGS
from glassnet.rules.optimizers import SGD as SGD
from glassnet.rules.optimizers import Adam as Adam
from glassnet.rules.schedules import Constant as Constant
from glassnet.rules.schedules import Cosine as Cosine
from glassnet.trace import Trace as Trace

if TYPE_CHECKING:
    from glassnet import datasets as datasets
    from glassnet import table as table
    from glassnet.table import Table as Table

__version__ = "0.1.0"

__all__ = [
    "LBFGS",
    "SGD",
    "Activation",
    "Adam",
    "BatchNorm",
    "Constant",
    "Cosine",
    "DataError",
    "Dense",
    "Description",
    "DescriptionError",
    "Dropout",
    "GlassnetError",
    "Glorot",
    "HalfSquaredError",
    "He",
    "History",
    "LayerNorm",
    "MissingExtraError",
    "ModelFileError",
    "Network",
    "Normal",
    "NotFiniteError",
    "Program",
    "ProgramError",
    "Table",
    "TableError",
    "Trace",
    "TrainingError",
    "Uniform",
    "Zeros",
    "datasets",
    "load",
    "table",
]


def __getattr__(name: str) -> Any:
    """Load the parts that few programs need when they are first asked for."""
    if name in ("datasets", "table"):
        return importlib.import_module(f"glassnet.{name}")
    if name == "Table":
        return importlib.import_module("glassnet.table").Table
    raise AttributeError(f"module 'glassnet' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
