"""A drawing as an object: it shows itself in notebooks, and saves itself."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from glassnet.errors import DataError
from glassnet.local_files import path_of, replace_file
from glassnet.views.drawing.parts import Layout
from glassnet.views.drawing.svg import written
from glassnet.views.escaping import escaped

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>{name}</title>
</head>
<body>
{svg}</body>
</html>
"""


@dataclass(frozen=True)
class Drawing:
    """A network, drawn. Its text is SVG; `layout` has everything that is on it, with places.

    Example:
        >>> import glassnet as gn
        >>> drawing = gn.Network("2-3-1 sigmoid", random_state=0).draw()
        >>> drawing
        Drawing('2-3-1 sigmoid', 6 neurons, 9 lines)
        >>> drawing.layout.links[0].weight.name
        'W1[0, 0]'

    """

    layout: Layout

    @cached_property
    def svg(self) -> str:
        """The whole SVG file as text; equal drawings are equal texts."""
        return written(self.layout)

    def __str__(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        layout = self.layout
        counts = f"{len(layout.neurons):,} neurons, {len(layout.links):,} lines"
        return f"Drawing({layout.name!r}, {counts})"

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_html_(self) -> str:
        """Give the drawing as part of a page, where a resting mouse tells names and values."""
        return f'<div style="overflow-x:auto">{self.svg}</div>'

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the drawing as .svg, or as a page of its own as .html.

        Raises DataError for another ending, or where it cannot be written.
        """
        target = Path(path_of(path, DataError))
        if target.suffix not in (".svg", ".html"):
            raise DataError(f"a drawing is saved as .svg or .html, got {str(target)!r}")
        text = self.svg
        if target.suffix == ".html":
            text = PAGE.format(name=escaped(self.layout.name), svg=self.svg)
        replace_file(target, [text.encode()], DataError)
        return target
