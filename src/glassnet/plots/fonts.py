"""The letters of labels: a font with Chinese letters where there is one, else English labels.

Names come from tables and are shown as they are: no $ in them begins a formula.
"""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import Any

from glassnet.views.pictures import in_english

LONGEST_NAME = 24  # letters of a class beside a plot
CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "STHeiti",
    "SimHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Noto Sans CJK JP",  # what the common package of all Noto CJK fonts is found as
)


@lru_cache(maxsize=1)
def chinese_font() -> str:
    """Name the first font at hand that has Chinese letters; '' where there is none."""
    return _known_chinese_font() or (_add_new_fonts() and _known_chinese_font()) or ""


def _known_chinese_font() -> str:
    from matplotlib import font_manager

    present = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in CHINESE_FONTS if name in present), "")


def _add_new_fonts() -> bool:
    """Add the fonts that were installed after matplotlib made its list; say whether there are."""
    from matplotlib import font_manager

    manager = font_manager.fontManager
    new = set(font_manager.findSystemFonts()) - {font.fname for font in manager.ttflist}
    for path in new:
        with suppress(RuntimeError, OSError):  # matplotlib cannot read every font
            manager.addfont(path)
    return bool(new)


def font() -> dict[str, Any]:
    """Give the options of a font that has the letters, where there is one."""
    return {"family": [chinese_font(), "DejaVu Sans"]} if chinese_font() else {}


def letters() -> dict[str, Any]:
    """Give the options of a text: its font, and that $ in it is a letter and begins no formula."""
    return {"parse_math": False, **font()}


def short(name: str, most: int = LONGEST_NAME) -> str:
    """Give a name that leaves room for the plot beside it.

    >>> short("setosa"), short("a name that goes on and on", 12)
    ('setosa', 'a name that…')
    """
    return name if len(name) <= most else name[: most - 1].rstrip() + "…"


def shown(label: str) -> str:
    """Give the label, or its English form where no font has its letters."""
    return str(label) if chinese_font() or label.isascii() else in_english(label)
