"""Labels of classes: as they are kept, told apart, and how many there may be."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import DataError, TableError
from glassnet.rules.entry import is_number
from glassnet.table.cells import MOST_LETTERS, Rows
from glassnet.table.wording import shown

Label = str | int | float

MOST_LABELS = 10_000  # a target with more is a name or a number, not a class


def label_of(value: Any) -> Label:
    """Give a label as text, or as a number that is whole where it can be.

    >>> label_of(np.float64(3.0)), label_of(np.float64(0.5)), label_of("a")
    (3, 0.5, 'a')
    """
    if isinstance(value, str):
        return str(value)
    number = float(value)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def plain_label(value: Any) -> str:
    """Give a number as it would be written as a label.

    >>> plain_label(3.0)
    '3'
    """
    return repr(label_of(value))


def told_apart(values: NDArray[Any]) -> tuple[list[Any], Rows]:
    """Give the different values in their order, and the number of each row's among them.

    >>> told_apart(np.array([5, 2, 5]))
    ([2, 5], array([1, 0, 1]))
    """
    if values.dtype.kind in "biuf":
        different, which = np.unique(values, return_inverse=True)
        return different.tolist(), which
    cells = values.tolist()  # a dictionary of text is many times faster than sorting it
    words = sorted(set(cells))
    numbers = {word: number for number, word in enumerate(words)}
    return words, np.fromiter((numbers[cell] for cell in cells), np.int64, len(cells))


def check_classes(classes: tuple[Label, ...], place: str) -> None:
    """Raise TableError unless these labels of a column can be learnt as classes.

    >>> check_classes(("yes",), "column 'y'")
    Traceback (most recent call last):
    glassnet.errors.TableError: column 'y' has one label only in the training rows, 'yes': there is
    nothing to tell apart, so add rows of another label or choose another target
    """
    if len(classes) < 2:
        raise TableError(
            f"{place} has one label only in the training rows, {classes[0]!r}: there is nothing to"
            " tell apart, so add rows of another label or choose another target"
        )
    if len(classes) > MOST_LABELS:
        raise TableError(
            f"{place} has {len(classes)} different labels, more than {MOST_LABELS}:"
            " choose another target, or the kind 'number'"
        )
    for label in classes:
        if isinstance(label, str) and len(label) > MOST_LETTERS:
            raise TableError(
                f"{place} has a label of {len(label)} letters, {shown(label)}: shorten"
                f" it to at most {MOST_LETTERS}"
            )


def check_labels(classes: tuple[Label, ...]) -> None:
    """Raise DataError unless these can be the classes of a preparation, whoever made it.

    >>> check_labels((1, "two"))
    Traceback (most recent call last):
    glassnet.errors.DataError: the classes must be all text or all finite numbers
    """
    if not 2 <= len(classes) <= MOST_LABELS:
        raise DataError(f"there must be from 2 to {MOST_LABELS} classes, got {len(classes)}")
    text = all(isinstance(label, str) and 0 < len(label) <= MOST_LETTERS for label in classes)
    if not text and not all(is_number(label) for label in classes):
        raise DataError("the classes must be all text or all finite numbers")
    if len(set(classes)) != len(classes):
        raise DataError("the classes must differ from each other")
