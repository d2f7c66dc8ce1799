"""glassnet: fully connected neural networks made of glass."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glassnet import callbacks as callbacks
    from glassnet import datasets as datasets
    from glassnet import plots as plots
    from glassnet import table as table
    from glassnet.cross_validation import CrossValidation as CrossValidation
    from glassnet.cross_validation import cross_validate as cross_validate
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
    from glassnet.own_rules import register_activation as register_activation
    from glassnet.program import Program as Program
    from glassnet.recording import Recording as Recording
    from glassnet.rules.averages import EMA as EMA
    from glassnet.rules.averages import SWA as SWA
    from glassnet.rules.initializers import Fill as Fill
    from glassnet.rules.initializers import Glorot as Glorot
    from glassnet.rules.initializers import He as He
    from glassnet.rules.initializers import LeCun as LeCun
    from glassnet.rules.initializers import Normal as Normal
    from glassnet.rules.initializers import Orthogonal as Orthogonal
    from glassnet.rules.initializers import TruncatedNormal as TruncatedNormal
    from glassnet.rules.initializers import Uniform as Uniform
    from glassnet.rules.initializers import UnitVariance as UnitVariance
    from glassnet.rules.initializers import Zeros as Zeros
    from glassnet.rules.layers import Activation as Activation
    from glassnet.rules.layers import Add as Add
    from glassnet.rules.layers import BatchNorm as BatchNorm
    from glassnet.rules.layers import Concatenate as Concatenate
    from glassnet.rules.layers import Dense as Dense
    from glassnet.rules.layers import Dropout as Dropout
    from glassnet.rules.layers import Embedding as Embedding
    from glassnet.rules.layers import GaussianNoise as GaussianNoise
    from glassnet.rules.layers import LayerNorm as LayerNorm
    from glassnet.rules.layers import PReLU as PReLU
    from glassnet.rules.layers import Scale as Scale
    from glassnet.rules.losses import BinaryCrossEntropy as BinaryCrossEntropy
    from glassnet.rules.losses import BinaryFocal as BinaryFocal
    from glassnet.rules.losses import CrossEntropy as CrossEntropy
    from glassnet.rules.losses import Focal as Focal
    from glassnet.rules.losses import HalfSquaredError as HalfSquaredError
    from glassnet.rules.losses import Hinge as Hinge
    from glassnet.rules.losses import Huber as Huber
    from glassnet.rules.losses import LogCosh as LogCosh
    from glassnet.rules.losses import MeanAbsoluteError as MeanAbsoluteError
    from glassnet.rules.losses import MeanSquaredError as MeanSquaredError
    from glassnet.rules.losses import MulticlassHinge as MulticlassHinge
    from glassnet.rules.losses import Poisson as Poisson
    from glassnet.rules.losses import Quantile as Quantile
    from glassnet.rules.optimizers import LBFGS as LBFGS
    from glassnet.rules.optimizers import SGD as SGD
    from glassnet.rules.optimizers import Adadelta as Adadelta
    from glassnet.rules.optimizers import Adagrad as Adagrad
    from glassnet.rules.optimizers import Adam as Adam
    from glassnet.rules.optimizers import Adamax as Adamax
    from glassnet.rules.optimizers import AdamW as AdamW
    from glassnet.rules.optimizers import AMSGrad as AMSGrad
    from glassnet.rules.optimizers import Lion as Lion
    from glassnet.rules.optimizers import NAdam as NAdam
    from glassnet.rules.optimizers import RAdam as RAdam
    from glassnet.rules.optimizers import RMSprop as RMSprop
    from glassnet.rules.schedules import Constant as Constant
    from glassnet.rules.schedules import Cosine as Cosine
    from glassnet.rules.schedules import CosineRestarts as CosineRestarts
    from glassnet.rules.schedules import CosLog4 as CosLog4
    from glassnet.rules.schedules import Exponential as Exponential
    from glassnet.rules.schedules import FlatCosine as FlatCosine
    from glassnet.rules.schedules import OneCycle as OneCycle
    from glassnet.rules.schedules import Plateau as Plateau
    from glassnet.rules.schedules import Polynomial as Polynomial
    from glassnet.rules.schedules import Step as Step
    from glassnet.rules.schedules import TimeDecay as TimeDecay
    from glassnet.rules.schedules import WarmUp as WarmUp
    from glassnet.table import Table as Table
    from glassnet.trace import Trace as Trace
    from glassnet.training.rate_finder import RateFinding as RateFinding
    from glassnet.views.report import report as report
    from glassnet.what_if import WhatIf as WhatIf

__version__ = "0.1.0"

# Where each public name stands. A name is loaded when it is first asked for, so that the import
# itself costs next to nothing; type checkers read the imports above, and a test compares the two.
PLACES = {
    "glassnet.cross_validation": "CrossValidation cross_validate",
    "glassnet.description": "Description",
    "glassnet.errors": "DataError DescriptionError GlassnetError MissingExtraError ModelFileError"
    " NotFiniteError ProgramError TableError TrainingError",
    "glassnet.history": "History",
    "glassnet.network": "Network load",
    "glassnet.own_rules": "register_activation",
    "glassnet.program": "Program",
    "glassnet.recording": "Recording",
    "glassnet.rules.averages": "EMA SWA",
    "glassnet.rules.initializers": "Fill Glorot He LeCun Normal Orthogonal TruncatedNormal Uniform"
    " UnitVariance Zeros",
    "glassnet.rules.layers": "Activation Add BatchNorm Concatenate Dense Dropout Embedding"
    " GaussianNoise LayerNorm PReLU Scale",
    "glassnet.rules.losses": "BinaryCrossEntropy BinaryFocal CrossEntropy Focal HalfSquaredError"
    " Hinge Huber LogCosh MeanAbsoluteError MeanSquaredError MulticlassHinge Poisson Quantile",
    "glassnet.rules.optimizers": "AMSGrad Adadelta Adagrad Adam AdamW Adamax LBFGS Lion NAdam RAdam"
    " RMSprop SGD",
    "glassnet.rules.schedules": "Constant CosLog4 Cosine CosineRestarts Exponential FlatCosine"
    " OneCycle Plateau Polynomial Step TimeDecay WarmUp",
    "glassnet.table": "Table",
    "glassnet.trace": "Trace",
    "glassnet.training.rate_finder": "RateFinding",
    "glassnet.what_if": "WhatIf",
    "glassnet.views.report": "report",
}
MODULES = ("callbacks", "datasets", "plots", "table")
_PLACE_OF = {name: place for place, names in PLACES.items() for name in names.split()}

__all__ = sorted([*_PLACE_OF, *MODULES])


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for."""
    if name in MODULES:
        return importlib.import_module(f"glassnet.{name}")
    if name not in _PLACE_OF:
        raise AttributeError(f"module 'glassnet' has no attribute {name!r}")
    value = getattr(importlib.import_module(_PLACE_OF[name]), name)
    globals()[name] = value  # from now on without this detour
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
