"""Pictures as files: PNG, SVG or PDF through matplotlib, moving ones as GIF through Pillow."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from glassnet.errors import DataError, missing_extra
from glassnet.local_files import replace_file
from glassnet.plots.charts import figure
from glassnet.views.pictures import Picture


def save(picture: Picture, path: str | os.PathLike[str]) -> Path:
    """Write a picture to a file; its ending says how: .png, .svg or .pdf.

    Raises DataError for another ending.
    """
    target = Path(path)
    if target.suffix not in (".png", ".svg", ".pdf"):
        raise DataError(f"a picture is saved as .png, .svg or .pdf, got {str(target)!r}")
    figure(picture).savefig(target)
    return target


def save_moving(
    pictures: Iterable[Picture], path: str | os.PathLike[str], *, seconds: float = 0.12
) -> Path:
    """Write pictures one after another to a GIF, which stays on the last one for a while.

    Args:
        pictures: the frames, at least one, all of the same size.
        path: a file that ends in .gif.
        seconds: how long each frame is shown.

    """
    moving = MovingPicture(path)
    for picture in pictures:
        moving.add(figure(picture))
    return moving.save(seconds)


class MovingPicture:
    """The frames of a GIF, each kept as its few colours.

    Args:
        path: a file that ends in .gif.
        most: where there are more frames than this every second one is left out, so that memory
            and file stay bounded; the last one is always there.

    Raises:
        MissingExtraError: Pillow is not installed.
        DataError: the path does not end in .gif, or nothing was added before it is saved.

    """

    def __init__(self, path: str | os.PathLike[str], most: int = 400) -> None:
        if find_spec("PIL") is None:
            raise missing_extra("writing a moving picture", "pillow", "plots")
        self.path, self.most = Path(path), most
        if self.path.suffix != ".gif":
            raise DataError(f"a moving picture is saved as .gif, got {str(self.path)!r}")
        self._frames: list[Any] = []
        self._stride, self._added = 1, 0
        self._last: Any = None

    def add(self, page: Any) -> None:
        """Add what a figure shows now, as one more frame."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from PIL import Image

        canvas: Any = FigureCanvasAgg(page)
        canvas.draw()
        drawn = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        self._last = drawn.quantize(64, dither=Image.Dither.NONE)
        if self._added % self._stride == 0:
            self._frames.append(self._last)
        self._added += 1
        if len(self._frames) > self.most:
            self._frames, self._stride = self._frames[::2], 2 * self._stride

    def save(self, seconds: float = 0.12) -> Path:
        """Write the file; each frame is shown for so many seconds, the last for two.

        Raises DataError where it cannot be written.
        """
        if not self._frames:
            raise DataError("a moving picture needs at least one picture, got none")
        ended = self._frames[-1] is self._last
        frames = self._frames if ended else [*self._frames, self._last]
        times = [round(1000 * seconds)] * (len(frames) - 1) + [2000]
        how = {"save_all": True, "append_images": frames[1:], "duration": times, "loop": 0}
        file = io.BytesIO()
        frames[0].save(file, format="GIF", **how)
        replace_file(self.path, [file.getvalue()], DataError)
        return self.path
