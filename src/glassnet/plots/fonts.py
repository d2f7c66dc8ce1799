"""The letters of labels: a font with Chinese letters where there is one, else English labels."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import Any

from glassnet.views.pictures import in_english

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
    """Give the options of a text: a font that has its letters, where there is one."""
    return {"family": [chinese_font(), "DejaVu Sans"]} if chinese_font() else {}


def shown(label: str) -> str:
    """Give the label, or its English form where no font has its letters."""
    return str(label) if chinese_font() or label.isascii() else in_english(label)
