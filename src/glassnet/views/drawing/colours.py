"""Colours by what they stand for, on light and on dark.

Values and weights are blue above 0 and orange below; gradients are purple and green. A test sees
all four as protanopes and deuteranopes do: the two of a pair stay far apart, and any two can be
told from each other. Nothing is told by colour alone: below 0 is dashed, gradients have arrows.
"""

from __future__ import annotations

LIGHT = {
    "plate": "#ffffff",  # behind everything, so that no page decides what can be read
    "ink": "#1b1f24",
    "soft": "#6a737d",
    "above": "#1f6fb4",
    "below": "#c9600f",
    "slope-above": "#8518f2",
    "slope-below": "#1f7a5c",
}
DARK = {
    "plate": "#16191d",
    "ink": "#e8eaed",
    "soft": "#98a2ad",
    "above": "#5aa9e6",
    "below": "#f0954a",
    "slope-above": "#a255f5",
    "slope-below": "#6fe3c0",
}

Colour = tuple[float, float, float]  # red, green, blue as light, from 0 to 1


def light_of(colour: str) -> Colour:
    """Give how much light of each kind a colour such as #1f6fb4 is.

    >>> light_of("#ff0000")
    (1.0, 0.0, 0.0)
    """
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return red, green, blue


def contrast(a: str, b: str) -> float:
    """Give the contrast of two colours, from 1 to 21, as WCAG 2 measures it.

    >>> round(contrast("#000000", "#ffffff"), 6)
    21.0
    """
    high, low = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = light_of(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
