"""The words for a figure: how it compares, and whether it reaches what was asked."""

from __future__ import annotations

TIE = 0.03  # times closer than this are a tie


def compared(ratio: float) -> str:
    """Say how our speed over another's compares.

    >>> compared(1.5), compared(0.98), compared(0.5)
    ('ahead', 'a tie', 'BEHIND')
    """
    if ratio > 1 + TIE:
        return "ahead"
    return "a tie" if ratio >= 1 - TIE else "BEHIND"


def at_least(value: float, bar: float) -> str:
    """Say whether a figure is as high as its bar; a bar of 1 is met by a tie.

    >>> at_least(1.4, 1.5), at_least(0.98, 1.0)
    ('bar 1.5 MISSED', 'bar 1 met')
    """
    reached = value >= bar - TIE if bar == 1 else value >= bar
    return f"bar {bar:g} {'met' if reached else 'MISSED'}"


def at_most(value: float, bar: float) -> str:
    """Say whether a figure is as low as its bar.

    >>> at_most(2.0, 3.0)
    'bar 3 met'
    """
    return f"bar {bar:.3g} {'met' if value <= bar else 'MISSED'}"
