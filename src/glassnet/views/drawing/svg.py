"""A layout as SVG: whole, without script, and without anything from elsewhere.

Colours stand at every element for those who know no style sheets; one rule for each of them makes
them fit dark pages. Everything that stands for a number has a <title> with its name and value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from glassnet.views.drawing.colours import DARK, LIGHT
from glassnet.views.drawing.legend import LINE, SAMPLE, SIZE
from glassnet.views.drawing.numbers import Number, share
from glassnet.views.drawing.parts import Key, Layout, Link, Neuron, Skip, Text
from glassnet.views.escaping import escaped

THINNEST, THICKEST, THICKEST_CROWDED, THICKEST_RIM = 0.5, 5.0, 3.0, 3.0
DASHES = "5 3"
CROWDED = 14.0  # neurons that are no larger stand so close that lines must be thin
FAINTEST, FAINTEST_FILL, DARKEST_FILL = 0.35, 0.06, 0.55
FONT = "Helvetica, Arial, 'DejaVu Sans', sans-serif"
DIAGONAL = math.sqrt(0.5)
BIAS_LENGTH, BESIDE_BIAS = 9.0, 5.0
ASIDE = 0.8  # how far a weight and its gradient keep from the way between neurons


def written(layout: Layout) -> str:
    """Give the layout as the text of an SVG file, one element a line."""
    return "\n".join(_lines(layout)) + "\n"


def _lines(layout: Layout) -> Iterator[str]:
    width, height = _number(layout.width), _number(layout.height)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="glassnet" role="img"'
        f' aria-label="{escaped(layout.name)}" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" font-family="{FONT}">'
    )
    yield f"<title>{escaped(layout.name)}</title>"
    yield f"<desc>{escaped(layout.description)}</desc>"
    yield f"<style>{_dark_style()}</style>"
    yield f'<rect width="{width}" height="{height}" rx="6" {_paint("fill", "plate")}/>'
    pen = _Pen(layout)
    groups = (
        ("skips", (line for skip in layout.skips for line in _skip(skip))),
        ("links", (line for link in layout.links for line in pen.link(link))),
        ("neurons", (line for neuron in layout.neurons for line in pen.neuron(neuron))),
        ("texts", (line for text in layout.texts for line in _text(text))),
        ("legend", (line for key in layout.keys for line in _key(key))),
    )
    for name, lines in groups:
        yield f'<g data-part="{name}">'
        yield from lines
        yield "</g>"
    yield "</svg>"


def _dark_style() -> str:
    """Give the colours of dark pages, which a style sheet puts over those at the elements."""
    rules = "".join(
        f".glassnet .{use}-{role}{{{use}:{colour}}}"
        for role, colour in DARK.items()
        for use in ("fill", "stroke")
    )
    return f"@media (prefers-color-scheme:dark){{{rules}}}"


def _paint(use: str, role: str) -> str:
    """Give the class and the colour by which something is filled or drawn."""
    return f'class="{use}-{role}" {use}="{LIGHT[role]}"'


def _role(number: Number, kind: str = "") -> str:
    """Give the colour of a number by its sign."""
    if not number.is_finite:
        return "ink"
    if number.value == 0:
        return "soft"
    return f"{kind}{'below' if number.is_negative else 'above'}"


def _dashes(number: Number) -> str:
    return f' stroke-dasharray="{DASHES}"' if number.is_negative and number.is_finite else ""


def _part(number: Number, most: Number | None) -> float:
    """Give how much of a scale a number takes; one that is not finite takes all of it."""
    return share(number, most) if number.is_finite else 1.0


class _Pen:
    """Draws lines and neurons of one layout by its scales."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.thickest = THICKEST if layout.neurons[0].radius > CROWDED else THICKEST_CROWDED

    def width(self, number: Number, most: Number | None, thickest: float = 0.0) -> float:
        """Give the width of a line: in proportion, above the thinnest that can be seen."""
        return THINNEST + ((thickest or self.thickest) - THINNEST) * _part(number, most)

    def stroke(
        self, number: Number, most: Number | None, kind: str = "", thickest: float = 0.0
    ) -> str:
        """Give the look of a line that stands for a number."""
        opacity = FAINTEST + (1 - FAINTEST) * _part(number, most)
        width = self.width(number, most, thickest)
        return (
            f'{_paint("stroke", _role(number, kind))} stroke-width="{width:.3g}"'
            f' stroke-opacity="{opacity:.2g}"{_dashes(number)}'
        )

    def link(self, link: Link) -> Iterator[str]:
        """Draw a weight, and the gradient beside it; or that a number is handed on."""
        start, end = _ends(link)
        if link.weight is None:
            yield (
                f'<line {_places(start, end)} {_paint("stroke", "soft")} stroke-width="0.8"'
                f' stroke-opacity="0.7">{_title(link.note)}</line>'
            )
            return
        if link.gradient is None:
            yield from self.line(link.weight, start, end)
            return
        wide = self.width(link.weight, self.layout.largest_weight)
        yield from self.line(link.weight, *_moved(start, end, -ASIDE - wide / 2))
        wide = self.width(link.gradient, self.layout.largest_slope)
        yield from self.slope(link.gradient, *_moved(start, end, ASIDE + wide / 2))

    def line(self, number: Number, start: _Point, end: _Point) -> Iterator[str]:
        """Draw the line of a weight or bias."""
        look = self.stroke(number, self.layout.largest_weight)
        yield f"<line {_places(start, end)} {look}>{_title(number.text)}</line>"
        yield from _cross_if_bad(number, start, end)

    def slope(self, number: Number, start: _Point, end: _Point) -> Iterator[str]:
        """Draw the line of a gradient, with an arrow back to where the weight begins."""
        look = self.stroke(number, self.layout.largest_slope, "slope-")
        yield f"<line {_places(start, end)} {look}>{_title(number.text)}</line>"
        size = self.thickest + self.width(number, self.layout.largest_slope)
        look = _paint("fill", _role(number, "slope-"))
        yield f'<path d="{_arrow(end, start, size)}" {look}/>'
        yield from _cross_if_bad(number, start, end)

    def neuron(self, neuron: Neuron) -> Iterator[str]:
        """Draw a neuron: its bias, its rim and its fill; all of its numbers are in its title."""
        yield from self.bias(neuron)
        yield "<g>"
        yield _title(neuron.title)
        place = f'cx="{_number(neuron.x)}" cy="{_number(neuron.y)}"'
        value, radius = neuron.value, neuron.radius
        rim = _dashes(value) if value else ""
        yield (
            f'<circle {place} r="{_number(radius)}" fill="{LIGHT["plate"]}" stroke="{LIGHT["ink"]}"'
            f' class="fill-plate stroke-ink" stroke-width="1.2"{rim}/>'
        )
        if value:
            yield from self.fill(neuron, value, place)
        if neuron.error:
            most = self.layout.largest_error
            look = self.stroke(neuron.error, most, "slope-", THICKEST_RIM)
            yield f'<circle {place} r="{_number(radius + 3.5)}" fill="none" {look}/>'
        yield "</g>"

    def fill(self, neuron: Neuron, value: Number, place: str) -> Iterator[str]:
        """Fill a neuron by its value; one that is inf or nan is crossed out."""
        if not value.is_finite:
            reach = neuron.radius * DIAGONAL
            yield _cross(neuron.x, neuron.y, reach, ' stroke-opacity="0.3"')
            return
        part = share(value, self.layout.largest_values[neuron.column])
        opacity = FAINTEST_FILL + (DARKEST_FILL - FAINTEST_FILL) * part
        yield (
            f'<circle {place} r="{_number(neuron.radius)}" {_paint("fill", _role(value))}'
            f' fill-opacity="{opacity:.2g}"/>'
        )

    def bias(self, neuron: Neuron) -> Iterator[str]:
        """Draw a bias as a short line that comes in from below."""
        if neuron.bias is None:
            return
        away, rim = neuron.radius + BIAS_LENGTH, neuron.radius
        start = (neuron.x - DIAGONAL * away, neuron.y + DIAGONAL * away)
        end = (neuron.x - DIAGONAL * rim, neuron.y + DIAGONAL * rim)
        yield from self.line(neuron.bias, start, end)
        if neuron.bias_slope:
            yield from self.slope(neuron.bias_slope, *_moved(start, end, BESIDE_BIAS))


# --------------------------------------------------------------------------------- geometry

_Point = tuple[float, float]


def _ends(link: Link) -> tuple[_Point, _Point]:
    """Give where a line leaves one rim and comes to the other."""
    a, b = link.start, link.end
    length = math.hypot(b.x - a.x, b.y - a.y)
    across, down = (b.x - a.x) / length, (b.y - a.y) / length
    return (
        (a.x + across * a.radius, a.y + down * a.radius),
        (b.x - across * b.radius, b.y - down * b.radius),
    )


def _moved(start: _Point, end: _Point, aside: float) -> tuple[_Point, _Point]:
    """Give a line moved to its right by so much."""
    length = math.hypot(end[0] - start[0], end[1] - start[1])
    x, y = -(end[1] - start[1]) / length * aside, (end[0] - start[0]) / length * aside
    return (start[0] + x, start[1] + y), (end[0] + x, end[1] + y)


def _arrow(start: _Point, tip: _Point, size: float = 6.0) -> str:
    """Give a head at the tip of a line."""
    length = math.hypot(tip[0] - start[0], tip[1] - start[1])
    across, down = (tip[0] - start[0]) / length * size, (tip[1] - start[1]) / length * size
    x, y = tip[0] - across, tip[1] - down
    corners = (tip, (x - down / 2, y + across / 2), (x + down / 2, y - across / 2))
    return "M" + "L".join(f"{_number(a)} {_number(b)}" for a, b in corners) + "Z"


def _places(start: _Point, end: _Point) -> str:
    return (
        f'x1="{_number(start[0])}" y1="{_number(start[1])}"'
        f' x2="{_number(end[0])}" y2="{_number(end[1])}"'
    )


def _cross_if_bad(number: Number, start: _Point, end: _Point) -> Iterable[str]:
    if number.is_finite:
        return []
    return [_cross((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, 5.0)]


def _cross(x: float, y: float, reach: float, more: str = "") -> str:
    a, b, c, d = (_number(v) for v in (x - reach, y - reach, x + reach, y + reach))
    return (
        f'<path d="M{a} {b}L{c} {d}M{a} {d}L{c} {b}" fill="none" {_paint("stroke", "ink")}'
        f' stroke-width="2"{more}/>'
    )


# ------------------------------------------------------------------------- everything else


def _skip(skip: Skip) -> Iterator[str]:
    (x, y), (to_x, to_y), low = skip.start, skip.end, skip.depth
    n = _number
    path = (
        f"M{n(x)} {n(y)}V{n(low - 8)}Q{n(x)} {n(low)} {n(x + 8)} {n(low)}"
        f"H{n(to_x - 8)}Q{n(to_x)} {n(low)} {n(to_x)} {n(low - 8)}V{n(to_y + 5)}"
    )
    yield (
        f'<path d="{path}" fill="none" {_paint("stroke", "soft")} stroke-width="1.5">'
        f"{_title(skip.equation)}</path>"
    )
    yield f'<path d="{_arrow((to_x, low), (to_x, to_y))}" {_paint("fill", "soft")}/>'


def _text(text: Text) -> Iterator[str]:
    named = f' data-name="{escaped(text.number.name)}"' if text.number else ""
    if text.kind in ("heading", "caption", "label"):
        named += f' data-kind="{text.kind}"'
    bold = ' font-weight="bold"' if text.bold else ""
    whole = f"{_title(text.number.text if text.number else text.whole)}"
    yield (
        f'<text x="{_number(text.x)}" y="{_number(text.y)}" font-size="{_number(text.size)}"'
        f' text-anchor="{text.anchor}"{bold}{named} fill="{LIGHT["ink"]}"'
        f" {_halo(text)}>{whole}{escaped(text.text)}</text>"
    )


def _halo(text: Text) -> str:
    """Give letters that stand on lines a rim in the colour of the plate."""
    if text.kind in ("heading", "value"):
        return 'class="fill-ink"'
    width = 5 if text.kind in ("weight", "gradient") else 4  # lines go right through these
    return (
        f'class="fill-ink stroke-plate" stroke="{LIGHT["plate"]}" stroke-width="{width}"'
        ' paint-order="stroke" stroke-linejoin="round"'
    )


def _key(key: Key) -> Iterator[str]:
    aside = SAMPLE if key.sample else 0.0
    if key.sample:
        yield from _sample(key.sample, key.x, key.y - 0.35 * SIZE)
    named = f' data-name="{escaped(key.number.name)}"' if key.number else ""
    for n, line in enumerate(key.lines):
        yield (
            f'<text x="{_number(key.x + aside)}" y="{_number(key.y + n * LINE)}"'
            f' font-size="{_number(SIZE)}"{named} {_paint("fill", "ink")}>{escaped(line)}</text>'
        )


def _sample(kind: str, x: float, y: float) -> Iterator[str]:
    """Draw what an entry of the legend is about."""
    right = x + SAMPLE - 10

    def line(role: str, width: float, more: str = "", left: float = x, end: float = right) -> str:
        places = _places((left, y), (end, y))
        return f'<line {places} {_paint("stroke", role)} stroke-width="{width}"{more}/>'

    def circle(at: float, role: str, more: str = "") -> str:
        return (
            f'<circle cx="{_number(at)}" cy="{_number(y)}" r="5.5" {_paint(*role.split())}{more}/>'
        )

    dashed, middle = f' stroke-dasharray="{DASHES}"', (x + right) / 2
    halves = (("above", "", x, middle - 2), ("below", dashed, middle + 2, right))
    if kind == "weight":
        for role, more, left, end in halves:
            yield line(role, 3, more, left, end)
    elif kind == "slope":
        for role, more, left, end in halves:
            yield line(f"slope-{role}", 2, more, left + 4, end)
            yield f'<path d="{_arrow((end, y), (left, y))}" {_paint("fill", f"slope-{role}")}/>'
    elif kind == "bias":
        yield line("above", 3, left=middle - 9, end=middle)
        yield circle(middle + 5.5, "stroke ink", ' fill="none"')
    elif kind in ("value", "error"):
        for at, role, more in ((x + 7, "above", ""), (x + 22, "below", dashed)):
            if kind == "value":
                yield circle(at, f"fill {role}", ' fill-opacity="0.5"')
                yield circle(at, "stroke ink", f' fill="none"{more}')
            else:
                yield circle(at, f"stroke slope-{role}", f' fill="none" stroke-width="2"{more}')
    elif kind == "passes":
        yield line("soft", 0.8)
    elif kind == "bad":
        yield line("ink", 3)
        yield _cross(middle, y, 5.0)


def _title(text: str) -> str:
    return f"<title>{escaped(text)}</title>" if text else ""


def _number(value: float) -> str:
    """Write a place with one decimal at most.

    >>> _number(12.0), _number(0.25), _number(-0.01)
    ('12', '0.2', '0')
    """
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")
