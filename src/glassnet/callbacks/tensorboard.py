"""The numbers of each epoch for TensorBoard, where a library that writes its files is installed."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from glassnet.callbacks.protocol import Callback
from glassnet.errors import DescriptionError, MissingExtraError
from glassnet.history import History
from glassnet.local_files import make_folder, path_of
from glassnet.rules.entry import COUNT, check_options, option


@dataclass(eq=False)
class TensorBoard(Callback):
    """Writes losses, metrics and learning rate as scalars, an epoch a step.

    Show them with `tensorboard --logdir FOLDER`. The files are written by tensorboardX, or by
    PyTorch and tensorboard together, whichever is installed.

    Args:
        folder: is made if it is not there; TensorBoard reads all files in it.
        every: write after so many epochs, all their numbers; between them training may run at once.

    Raises:
        MissingExtraError: neither is installed, when training begins.
        DescriptionError: the folder cannot be made, when training begins.

    """

    folder: str | os.PathLike[str]
    every: int = option(COUNT, 1)

    def __post_init__(self) -> None:
        check_options(self, "TensorBoard: ")
        path_of(self.folder, DescriptionError)

    def begin(self, network: Any, history: History) -> None:
        """Make the folder, and a file in it."""
        module: Any = importlib.import_module(_library())
        make_folder(self.folder, DescriptionError)
        self._writer = module.SummaryWriter(os.fspath(self.folder))
        self._written = 0

    def __call__(self, network: Any, history: History) -> object:
        """Write the numbers of each epoch since the last call."""
        for name, numbers in history.columns.items():
            for place in range(self._written, len(numbers)):
                self._writer.add_scalar(name, float(numbers[place]), place + 1)
        self._written = max(self._written, history.epochs)
        return None

    def end(self, network: Any, history: History) -> None:
        """Write what is left, and close the file."""
        try:
            self(network, history)
        finally:
            self._writer.close()


def _library() -> str:
    """Give the module that has a SummaryWriter."""
    if find_spec("tensorboardX") is not None:
        return "tensorboardX"
    if find_spec("torch") is not None and find_spec("tensorboard") is not None:
        return "torch.utils.tensorboard"
    raise MissingExtraError(
        "TensorBoard needs tensorboardX, or PyTorch and tensorboard, and they are not installed:"
        " pip install tensorboardX"
    )
