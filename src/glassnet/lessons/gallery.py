"""The pictures of a lesson: drawn in the terminal, and saved as files where they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from rich.live import Live
from rich.text import Text

from glassnet.lessons.sheet import Sheet
from glassnet.views import terminal
from glassnet.views.letters import fold
from glassnet.views.pictures import Picture, Watch

WIDTH = 76


class Gallery:
    """The pictures of one lesson.

    Args:
        sheet: where they are drawn.
        lesson: the name that the files begin with.
        folder: where they are saved; None saves none.
        saved: receives the path of each file.
        no_font: said once where files cannot show the letters of their labels; "" says nothing.

    """

    def __init__(
        self, sheet: Sheet, lesson: str, folder: Path | None, saved: list[Path], no_font: str = ""
    ) -> None:
        self.sheet, self.lesson, self.folder = sheet, lesson, folder
        self.saved, self.no_font = saved, no_font

    def show(self, name: str, picture: Picture, width: int, height: int) -> None:
        """Draw a picture in the terminal, and save it where pictures are saved."""
        self._draw(picture, width, height)
        self._save(name, [picture])

    @contextmanager
    def moving(
        self,
        name: str,
        draw: Callable[..., Picture],
        *,
        every: int,
        printed: Sequence[int],
        height: int,
    ) -> Iterator[list[Watch]]:
        """Give the callbacks that draw while a network trains.

        In a terminal one picture is drawn over and over; elsewhere only those of the `printed`
        epochs are. All are saved as one moving picture, and the last one alone, where pictures
        are saved.
        """
        redraws, console = self.sheet.redraws, self.sheet.console
        over = Live(console=console, auto_refresh=False) if redraws else nullcontext()
        with over as live:

            def show(picture: Picture, epoch: int) -> None:
                if live is not None:
                    live.update(self._drawn(picture, WIDTH, height), refresh=True)
                elif epoch in printed:
                    self._draw(picture, WIDTH, height)

            watch = Watch(draw, every, show)
            yield [watch]
        self._save(name, watch.frames)

    def _draw(self, picture: Picture, width: int, height: int) -> None:
        self.sheet.blank()
        self.sheet.text(self._drawn(picture, width, height))
        self.sheet.blank()

    def _drawn(self, picture: Picture, width: int, height: int) -> Text:
        width = min(width, self.sheet.width)
        color = self.sheet.color
        return Text.from_ansi(terminal.draw(picture, width=width, height=height, color=color))

    def _save(self, name: str, frames: Sequence[Picture]) -> None:
        """Save the last frame, and all of them as a moving picture where there are several."""
        if self.folder is None:
            return
        from glassnet.plots import files, fonts  # matplotlib is asked for only where a file is

        self.folder.mkdir(parents=True, exist_ok=True)
        target = self.folder / f"{self.lesson}-{name}"
        if len(frames) > 1:
            self.saved.append(files.save_moving(frames, target.with_suffix(".gif")))
        self.saved.append(files.save(frames[-1], target.with_suffix(".png")))
        if self.no_font and not fonts.chinese_font():
            self.sheet.lines(fold(self.no_font, self.sheet.width).splitlines())
            self.no_font = ""
