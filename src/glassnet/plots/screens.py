"""Where live plots go: a window, the cell of a notebook, or files.

A screen gives the figure that is drawn on, and shows it as often as it is told to.
"""

from __future__ import annotations

import io
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from glassnet.errors import DataError, DescriptionError, missing_extra
from glassnet.local_files import make_folder, path_of, replace_file
from glassnet.plots.figures import new_figure
from glassnet.plots.files import MovingPicture

HEADLESS = "live.gif"  # where plots go that have no screen


class Screen(Protocol):
    """Something that live plots are shown on."""

    figure: Any
    waits: bool  # whether somebody watches, so that plots may be left out to save time

    def watched(self) -> bool:
        """Whether there is anybody or anything to draw for; a window may have been closed."""

    def show(self, epoch: int) -> None:
        """Show what the figure holds now."""

    def close(self) -> None:
        """Show nothing more; what was shown stays."""


class Window:
    """A window of matplotlib's, where there is a display; it can be closed while training goes on.

    Args:
        size: of the figure, in inches.

    """

    waits = True

    def __init__(self, size: tuple[float, float]) -> None:
        from matplotlib import pyplot

        self._pyplot = pyplot
        self.figure = pyplot.figure(figsize=size, layout="constrained")
        self.figure.show()

    def watched(self) -> bool:
        """Whether the window is still open."""
        return bool(self._pyplot.fignum_exists(self.figure.number))

    def show(self, epoch: int) -> None:
        """Redraw the window, and let it answer the mouse."""
        self.figure.canvas.draw_idle()
        self.figure.canvas.flush_events()

    def close(self) -> None:
        """Leave the window as it is; plt.show() keeps it on the screen."""


class Notebook:
    """The output of a notebook's cell, in which one picture is replaced again and again.

    Args:
        size: of the figure, in inches.

    """

    waits = True

    def __init__(self, size: tuple[float, float]) -> None:
        self.figure = new_figure(size)
        self._handle: Any = None

    def watched(self) -> bool:
        """Whether to draw: always."""
        return True

    def show(self, epoch: int) -> None:
        """Replace the picture."""
        from IPython.display import Image, display

        page = io.BytesIO()
        self.figure.savefig(page, format="png")
        image = Image(data=page.getvalue(), format="png")
        if self._handle is None:
            self._handle = display(image, display_id=True)
        else:
            self._handle.update(image)

    def close(self) -> None:
        """Leave the last picture."""


class GIF:
    """A file of moving pictures, written when training ends.

    Args:
        size: of the figure, in inches.
        path: ends in .gif.

    """

    waits = False

    def __init__(self, size: tuple[float, float], path: str) -> None:
        self.figure, self._moving = new_figure(size), MovingPicture(path)
        self._frames = 0
        _check_place(path)

    def watched(self) -> bool:
        """Whether to draw: always."""
        return True

    def show(self, epoch: int) -> None:
        """Keep one more frame."""
        self._moving.add(self.figure)
        self._frames += 1

    def close(self) -> None:
        """Write the file, if there is anything in it."""
        if self._frames:
            self._moving.save()


class Still:
    """One picture, replaced whole each time: for a viewer that looks at the file again.

    Args:
        size: of the figure, in inches.
        path: ends in .png, .svg or .pdf.

    """

    waits = False

    def __init__(self, size: tuple[float, float], path: str) -> None:
        self.figure, self._path = new_figure(size), path
        _check_place(path)

    def watched(self) -> bool:
        """Whether to draw: always."""
        return True

    def show(self, epoch: int) -> None:
        """Replace the file."""
        page = io.BytesIO()
        self.figure.savefig(page, format=Path(self._path).suffix[1:])
        replace_file(self._path, [page.getvalue()], DataError)

    def close(self) -> None:
        """Leave the file."""


class Frames:
    """A folder with a PNG file for each frame, named by its epoch.

    Args:
        size: of the figure, in inches.
        path: the folder; is made if it is not there.

    """

    waits = False

    def __init__(self, size: tuple[float, float], path: str) -> None:
        self.figure, self._path = new_figure(size), Path(path)
        make_folder(path, DescriptionError)

    def watched(self) -> bool:
        """Whether to draw: always."""
        return True

    def show(self, epoch: int) -> None:
        """Write one more file."""
        page = io.BytesIO()
        self.figure.savefig(page, format="png")
        replace_file(self._path / f"epoch-{epoch:06}.png", [page.getvalue()], DataError)

    def close(self) -> None:
        """Leave the files."""


def screen_for(
    path: str | os.PathLike[str] | None, size: tuple[float, float]
) -> tuple[Screen, str]:
    """Give where live plots go, and the path of the file or folder; empty where there is none.

    Args:
        path: ends in .gif (moving), .png, .svg or .pdf (one file that is replaced), or in nothing
            (a folder with a PNG for each frame). None takes the notebook's cell, or a window where
            there is a display, else the file live.gif.
        size: of the figure, in inches.

    Raises:
        MissingExtraError: matplotlib or Pillow is not installed.
        DescriptionError: a path that cannot be written, or another ending.

    """
    if find_spec("matplotlib") is None:
        raise missing_extra("drawing live plots", "matplotlib", "plots")
    if path is None:
        if in_notebook():
            return Notebook(size), ""
        if has_display():
            return Window(size), ""
        path = HEADLESS
    name = path_of(path, DescriptionError)
    check_ending(name)
    match Path(name).suffix:
        case ".gif":
            return GIF(size, name), name
        case "":
            return Frames(size, name), name
    return Still(size, name), name


def check_ending(name: str) -> None:
    """Raise DescriptionError for the name of a file of another kind."""
    if Path(name).suffix not in ("", ".gif", ".png", ".svg", ".pdf"):
        raise DescriptionError(
            "live plots go to a .gif, to a .png, .svg or .pdf that is replaced, or to a folder with"
            f" a PNG for each; got {name!r}"
        )


def _check_place(path: str) -> None:
    """Raise DescriptionError for a file in a folder that is not there."""
    folder = Path(path).parent
    if not folder.is_dir():
        raise DescriptionError(f"cannot write {path!r}: there is no folder {str(folder)!r}")


def in_notebook() -> bool:
    """Whether this runs in a notebook, whose cells show pictures."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell is not None else None
    return running is not None and hasattr(running, "kernel")


def has_display() -> bool:
    """Whether matplotlib has a backend that opens windows."""
    import matplotlib
    from matplotlib.backends.registry import BackendFilter, backend_registry

    backend = matplotlib.get_backend().lower()  # looks for a display where none was named
    registry: Any = backend_registry
    return backend in {name.lower() for name in registry.list_builtin(BackendFilter.INTERACTIVE)}
