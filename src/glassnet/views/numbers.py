"""The numbers of a value, as far as there is room for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_LINES = 3  # of the numbers of one value


def numbers_in(value: NDArray[Any], room: int) -> list[str]:
    """Give the numbers of a value as far as there is room, in lines; a bar stands between rows.

    >>> import numpy as np
    >>> numbers_in(np.array([[1, 2.5], [3, 4]]), 40), numbers_in(np.arange(9), 12)
    (['1 2.5 | 3 4'], ['0 1 2 3 4 …'])
    >>> numbers_in(np.array([[1, 2.5], [3, 4]]), 7)
    ['1 2.5 |', '3 4']
    """
    rows = value.reshape(-1, value.shape[-1]) if value.ndim else value.reshape(1, 1)
    # More than there is room for need not be written.
    texts = [" ".join(f"{number + 0.0:.4g}" for number in row[:room]) for row in rows[:room]]
    whole = " | ".join(texts)
    if len(whole) > room and 1 < len(texts) <= MOST_LINES and len(rows[0]) > 1:
        barred = [f"{text} |" for text in texts[:-1]]
        return [_cut(text, room) for text in (*barred, texts[-1])]
    return [_cut(whole, room)]


def _cut(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    return text[: room - 1].rpartition(" ")[0].removesuffix(" |") + " …"
