"""Five introductions to neural networks as runnable lessons, each number beside the source's.

Every lesson is an example of the public interface: it is written with `import glassnet as gn`, and
what it says, in English and in Chinese, stands in `texts`.

page.py      what a lesson writes on
tables.py    compared numbers and arrays as lines of text
printed.py   numbers in print
gallery.py   pictures, in the terminal and as files
sheet.py     the stream and its width
result.py    what a lesson gives back
"""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from typing import TextIO

from glassnet.errors import unknown_name
from glassnet.lessons.page import Page
from glassnet.lessons.result import Result, Row
from glassnet.lessons.texts import LANGUAGES, TEXTS

__all__ = ["LANGUAGES", "LESSONS", "Lesson", "Result", "Row", "run"]


@dataclass(frozen=True)
class Lesson:
    """One lesson: its name, and its title in each language.

    Example:
        >>> LESSONS["beans"].title("en")
        'Watching a hidden layer learn'

    """

    name: str

    def title(self, lang: str = "en") -> str:
        """Give the title in a language."""
        return TEXTS[lang][self.name]["title"]


LESSONS: dict[str, Lesson] = {
    name: Lesson(name) for name in ("layers", "forward", "line", "exam", "dense", "beans")
}


def run(
    name: str,
    lang: str = "en",
    *,
    picture_folder: str | os.PathLike[str] | None = None,
    pictures: bool = True,
    stream: TextIO | None = None,
) -> Result:
    """Run a lesson: print it, draw its pictures, and give the numbers that it compared.

    Args:
        name: a name from the table of lessons.
        lang: "en" or "zh".
        picture_folder: where pictures are saved as files too; None saves none.
        pictures: whether there are pictures at all.
        stream: where to print; the terminal by default.

    Raises:
        DescriptionError: an unknown lesson or language.
        MissingExtraError: pictures are to be saved, and matplotlib is not installed.

    """
    if name not in LESSONS:
        raise unknown_name("lesson", name, LESSONS)
    page = Page(name, lang, stream=stream, folder=picture_folder, pictures=pictures)
    page.heading("title")
    importlib.import_module(f"glassnet.lessons.{name}").lesson(page)
    page.flush()
    return page.result
