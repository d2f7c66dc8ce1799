"""The words of the lessons, in English and in Chinese, by lesson and key."""

from __future__ import annotations

from glassnet.lessons.texts.en import TEXTS as ENGLISH
from glassnet.lessons.texts.zh import TEXTS as CHINESE

LANGUAGES = ("en", "zh")
TEXTS: dict[str, dict[str, dict[str, str]]] = {"en": ENGLISH, "zh": CHINESE}
