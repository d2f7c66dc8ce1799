"""What a callback is: any function, or an object with more of the parts below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, Protocol

import numpy as np

from glassnet.errors import DescriptionError
from glassnet.history import History
from glassnet.rules.entry import COUNT


class Callback(Protocol):
    """Something that is called while a network is trained.

    A plain function of (network, history) is a callback; so is every object that can be called
    like that. `every`, `begin` and `end` may be missing; what is derived from this class has them.

    What a callback may do: look at the network, which is as training has left it; set its weights;
    set `history.rate_factor`, by which the learning rate is multiplied from the next epoch on; stop
    the training by returning True, with the reason in `history.stopped` if it has one; raise an
    error, which ends the training with what was learnt until then.

    Example:
        >>> class Watcher(Callback):
        ...     every = 10
        ...
        ...     def begin(self, network, history):
        ...         print("columns:", *history.columns)
        ...
        ...     def __call__(self, network, history):
        ...         print("epoch", history.epochs)
        ...
        ...     def end(self, network, history):
        ...         print(history.stopped)
        >>> import glassnet as gn
        >>> net = gn.Network("1-1 linear", random_state=0)
        >>> _ = net.fit([[1.0]], [2.0], epochs=25, callbacks=Watcher(), verbose=False)
        columns: loss learning_rate
        epoch 10
        epoch 20
        finished

    """

    every: int = 1  # it is called after each so many epochs; in between, training may run at once

    def begin(self, network: Any, history: History) -> None:
        """Make ready, before anything is trained; an error here leaves the network as it was."""

    def __call__(self, network: Any, history: History) -> object:
        """Look at what an epoch has left; return True to stop."""

    def end(self, network: Any, history: History) -> None:
        """Finish, however training ended: at its end, by Ctrl-C, by the guard, by an error.

        The network has the weights that it keeps, and `history.stopped` says why it ended.
        """


CallbackLike = Callback | Callable[[Any, History], object]


def check_callback(callback: Any) -> None:
    """Raise DescriptionError for what cannot be a callback."""
    if isinstance(callback, type):
        raise DescriptionError(
            f"a callback must be made before it is given: write {callback.__name__}(), got the"
            f" class {callback.__name__}"
        )
    if not callable(callback):
        raise DescriptionError(
            f"a callback must be callable as callback(network, history), got {callback!r}"
        )
    every = every_of(callback)
    if not COUNT.holds(every):
        raise DescriptionError(
            f"the attribute every of a callback must be {COUNT.wanted}, got {every!r}"
        )
    for part in ("begin", "end"):
        if not callable(getattr(callback, part, check_callback)):
            raise DescriptionError(
                f"the attribute {part} of a callback must be callable as {part}(network, history),"
                f" got {getattr(callback, part)!r}"
            )


def every_of(callback: Any) -> Any:
    """Give the number of epochs after each of which a callback is called."""
    return getattr(callback, "every", 1)


class Callbacks:
    """The callbacks of a fit: begun in their order, and each that was begun is ended.

    Args:
        callbacks: in the order in which they are called.
        network: is handed to them,
        history: and so is this.

    """

    def __init__(self, callbacks: Sequence[CallbackLike], network: Any, history: History) -> None:
        self.callbacks = callbacks
        self.network = network
        self.history = history
        self._begun: list[CallbackLike] = []

    def begin(self) -> None:
        """Begin each; if one cannot, those before it are ended."""
        try:
            for callback in self.callbacks:
                self._tell(callback, "begin")
                self._begun.append(callback)
        except BaseException:
            self.end()
            raise

    def call(self) -> bool:
        """Call those that are due; say whether one of them wants to stop."""
        answers = [call(self.network, self.history) for call in self.due()]
        return any(isinstance(answer, bool | np.bool_) and bool(answer) for answer in answers)

    def due(self) -> list[CallbackLike]:
        """Give the callbacks whose turn it is after the epochs done."""
        return [c for c in self.callbacks if self.history.epochs % every_of(c) == 0]

    def end(self) -> None:
        """End each that was begun, in their order, whatever the others raise."""
        begun, self._begun = self._begun, []
        with ExitStack() as ends:  # which are called from the last to the first
            for callback in reversed(begun):
                ends.callback(self._tell, callback, "end")

    def _tell(self, callback: CallbackLike, part: str) -> None:
        tell = getattr(callback, part, None)
        if tell is not None:
            tell(self.network, self.history)
