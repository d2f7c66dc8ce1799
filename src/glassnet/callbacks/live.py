"""Plots that are drawn anew while a network is trained."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from glassnet.callbacks.protocol import Callback
from glassnet.errors import DescriptionError
from glassnet.history import History
from glassnet.local_files import path_of
from glassnet.rules.entry import COUNT, Check, check_options, is_number, option

if TYPE_CHECKING:
    from glassnet.plots.screens import Screen

clock = time.perf_counter

Draw = Callable[[Any, History, Any], object]
NONE_OR_PART = Check(
    lambda v: v is None or (is_number(v) and 0 < v <= 1), "a number above 0 and up to 1, or None"
)
WATCHED_SHARE = 0.5  # of the time, at most, for drawing in a window or notebook
SIDE = (4.8, 3.6)  # inches of one plot


@dataclass(eq=False)
class Live(Callback):
    """Draws while a network is trained: in a window, in a notebook's cell, or into files.

    Without a path the plots go to the notebook's cell in which `fit` was called, or to a window
    where matplotlib can open one; on a machine without a display they go to the file live.gif.
    Training is slower by the time of drawing, which `seconds` holds, and by no more.

    Args:
        draw: called as draw(network, history, ax), draws on the empty matplotlib axes ax; several
            of them draw side by side. None draws the loss.
        every: draw after so many epochs; between them training may run at once.
        path: ends in .gif for moving pictures, in .png, .svg or .pdf for one file that is replaced
            each time; else it is a folder, which gets a PNG for each time.
        share: the part of all time that drawing may take: while it has taken more, a turn is left
            out. None takes half in a window or notebook; into files every turn is drawn.

    Raises:
        MissingExtraError: matplotlib or Pillow is not installed, when training begins.
        DescriptionError: an option out of its range, a file that cannot be written.

    Example:
        >>> import glassnet as gn, tempfile
        >>> X, y = gn.datasets.beans(50)
        >>> net = gn.Network("1-2-1 sigmoid", random_state=0)
        >>> def fitted(network, history, ax):
        ...     gn.plots.fit_1d(network, X, y, title=f"epoch {history.epochs}", ax=ax)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     live = Live(fitted, every=10, path=f"{folder}/beans.gif")
        ...     _ = net.fit(X, y, epochs=30, callbacks=live, verbose=False)
        >>> live.drawn
        [10, 20, 30]

    """

    draw: Draw | Sequence[Draw] | None = None
    every: int = option(COUNT, 10)
    path: str | os.PathLike[str] | None = None
    share: float | None = option(NONE_OR_PART, None)
    drawn: list[int] = field(default_factory=list, init=False)  # the epochs
    seconds: float = field(default=0.0, init=False)  # that drawing took
    saved: str = field(default="", init=False)  # the file or folder that was written

    def __post_init__(self) -> None:
        check_options(self, "Live: ")
        if self.path is not None:
            path_of(self.path, DescriptionError)
        given = self.draw
        if given is None:
            self._draws: list[Draw] = [_draw_loss]
        else:
            self._draws = list(given) if isinstance(given, Sequence) else [given]
        if not self._draws or not all(callable(draw) for draw in self._draws):
            raise DescriptionError(
                "Live: draw must be a function of (network, history, ax), or several of them, got"
                f" {given!r}"
            )

    def begin(self, network: Any, history: History) -> None:
        """Open the window, or make ready what is written to."""
        from glassnet.plots.screens import screen_for  # matplotlib is loaded here, if at all

        self.drawn, self.seconds, self._began = [], 0.0, clock()
        size = (SIDE[0] * len(self._draws), SIDE[1])
        self._screen: Screen
        self._screen, self.saved = screen_for(self.path, size)
        watched = WATCHED_SHARE if self._screen.waits else 1.0
        self._share = watched if self.share is None else self.share
        self.seconds = clock() - self._began

    def __call__(self, network: Any, history: History) -> object:
        """Draw, unless drawing has taken more than its share."""
        if self._screen.watched() and self.seconds <= self._share * (clock() - self._began):
            self._draw(network, history)
        return None

    def end(self, network: Any, history: History) -> None:
        """Draw what training has left, and write the file."""
        last = self.drawn[-1] if self.drawn else 0
        if history.epochs != last and self._screen.watched():
            self._draw(network, history)
        started = clock()
        self._screen.close()
        self.seconds += clock() - started

    def _draw(self, network: Any, history: History) -> None:
        started = clock()
        figure = self._screen.figure
        figure.clear()  # colour bars and legends too
        places = figure.subplots(1, len(self._draws), squeeze=False)[0]
        for draw, ax in zip(self._draws, places, strict=True):
            draw(network, history, ax)
        self._screen.show(history.epochs)
        self.drawn.append(history.epochs)
        self.seconds += clock() - started


def _draw_loss(_network: Any, history: History, ax: Any) -> None:
    from glassnet.plots.curves import loss_curve

    loss_curve(history, ax=ax)
