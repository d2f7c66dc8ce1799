"""Colours, marker shapes and maps of colours: one choice for all plots.

Okabe and Ito's colours can be told apart by colour-blind readers; a shape or a dash stands beside
each colour wherever more than one is used. Numbers on both sides of 0 run from orange to blue,
grey being 0; numbers on one side of it from dark blue to yellow (cividis).
"""

from __future__ import annotations

from typing import Any

# In the order in which white paper shows them best: blue, orange, green, pink, light blue, yellow,
# grey, red.
COLORS = ("#0072B2", "#E08214", "#009E73", "#CC79A7", "#56B4E9", "#B8A000", "#666666", "#D55E00")
MARKERS = "ox+s^Dv*"
BOTH_SIGNS = ("#B35806", "#F1A340", "#F0F0F0", "#67A9CF", "#0B559F")  # below 0, 0, above 0
ONE_SIGN = "cividis"
SHARES = ("#FFFFFF", "#9CC4E4", "#0B559F")  # from none to all
DARK, GREY = "#222222", "#888888"


def style(number: int) -> tuple[str, str]:
    """Give the colour and the marker of a class; no two of the first 64 have both in common.

    >>> style(0), style(9)
    (('#0072B2', 'o'), ('#E08214', '+'))
    """
    turn = number // len(COLORS)
    return COLORS[number % len(COLORS)], MARKERS[(number + turn) % len(MARKERS)]


def tint(color: str, share: float = 0.35) -> tuple[float, float, float]:
    """Mix a colour with white, for an area that things are drawn upon.

    >>> tint("#FF0000", 0.5)
    (1.0, 0.5, 0.5)
    """
    parts = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (share * part + 1 - share for part in parts)
    return red, green, blue


def color_map(colors: Any, name: str = "glassnet") -> Any:
    """Give matplotlib's map of colours that runs through these."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list(name, list(colors))
