"""What `glassnet fit` draws: the loss while it falls, and a page of plots when it is done."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    import glassnet as gn

ENDINGS = (".png", ".svg", ".pdf", ".gif")
MOST_FRAMES = 50  # of a moving picture
MISSING_LETTER = re.compile(r"Glyph .* missing from")  # matplotlib's warning


def live_of(path: str | None, live: bool, epochs: int) -> gn.callbacks.Live | None:
    """Give what draws the loss while training: for a .gif, or where it was asked for.

    Raises MissingExtraError, before anything is trained, where a library is not installed.
    """
    import glassnet as gn
    from glassnet.plots.figures import new_figure

    if path is not None:
        new_figure()
    moving = path is not None and Path(path).suffix == ".gif"
    if not moving and not live:
        return None
    return gn.callbacks.Live(every=max(1, epochs // MOST_FRAMES), path=path if moving else None)


def save_page(
    path: str, network: gn.Network, history: gn.History, X: NDArray[Any], y: NDArray[Any]
) -> Iterator[str]:
    """Draw the loss, and beside it what was given to the held-out rows, if there are any.

    Gives a line for the user where a name has letters that no font here has.
    """
    page = _page(network, history, X, y)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        page.savefig(path)
    missing = [w for w in found if MISSING_LETTER.match(str(w.message))]
    for other in found:
        if other not in missing:
            warnings.warn_explicit(other.message, other.category, other.filename, other.lineno)
    yield f"plot    {path}"
    if missing:
        yield "note    letters of some names are missing: no font that is installed has them"


def _page(network: gn.Network, history: gn.History, X: NDArray[Any], y: NDArray[Any]) -> Any:
    """Give matplotlib's figure of the plots."""
    import glassnet as gn
    from glassnet.plots.figures import new_figure

    if not len(X):
        return gn.plots.loss_curve(history).figure
    page = new_figure((9.4, 4.2))
    left, right = page.subplots(1, 2)
    gn.plots.loss_curve(history, title="loss", ax=left)
    assert network.preparation is not None  # it was trained on a table
    if network.preparation.kind == "classes":
        gn.plots.confusion_matrix(network, X, y, ax=right)
    else:
        gn.plots.predicted_against_true(network, X, y, ax=right)
    return page
