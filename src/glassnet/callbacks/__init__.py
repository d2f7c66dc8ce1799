"""Callbacks: what is called while a network is trained. `gn.callbacks.Callback` is the protocol.

protocol.py      what a callback may have; begun and ended whatever happens
watch.py         a number that is watched, and what of it is better
best_weights.py  keeps the best epoch's weights; stops when no better ones come
health_check.py  looks the network over, and tells what is wrong with it
plateau.py       lowers the learning rate when a number stalls
logs.py          a line an epoch, as CSV or JSON
tensorboard.py   the same for TensorBoard
live.py          plots, in a window, a notebook or files
measurements.py  how weights, gradients, activations and updates are spread

Example:
    >>> import glassnet as gn
    >>> X, y = gn.datasets.moons(samples=60, random_state=0)
    >>> net = gn.Network("2-8-1 relu sigmoid", loss="binary_cross_entropy", random_state=0)
    >>> best = gn.callbacks.BestWeights("accuracy")
    >>> history = net.fit(
    ...     X, y, epochs=9, validation=0.3, metrics="accuracy", callbacks=best, verbose=False
    ... )
    >>> history.best_epoch == best.epoch
    True

"""

from glassnet.callbacks.best_weights import BestWeights, EarlyStopping
from glassnet.callbacks.health_check import HealthCheck
from glassnet.callbacks.live import Live
from glassnet.callbacks.logs import LOGS, CSVLog, JSONLinesLog
from glassnet.callbacks.measurements import Measurements
from glassnet.callbacks.plateau import ReduceOnPlateau
from glassnet.callbacks.protocol import Callback, CallbackLike
from glassnet.callbacks.tensorboard import TensorBoard

__all__ = [
    "LOGS",
    "BestWeights",
    "CSVLog",
    "Callback",
    "CallbackLike",
    "EarlyStopping",
    "HealthCheck",
    "JSONLinesLog",
    "Live",
    "Measurements",
    "ReduceOnPlateau",
    "TensorBoard",
]
