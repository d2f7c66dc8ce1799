"""Texts as they may stand in SVG and HTML: between tags, and in quoted attributes."""

from __future__ import annotations

import re

# What XML cannot hold at all, however it is written.
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def escaped(text: object) -> str:
    r"""Give a text whose letters mean themselves; one that no page can hold is replaced.

    >>> escaped('<a b="c">&'), escaped("\x00")
    ('&lt;a b=&quot;c&quot;&gt;&amp;', '\ufffd')
    """
    from html import escape  # takes a moment to load

    return escape(FORBIDDEN.sub("\ufffd", str(text)), quote=True)
