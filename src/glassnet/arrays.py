"""The user's arrays, checked and brought into the one form that the engines take.

X becomes (m, inputs) and y (m, outputs) in the network's dtype, in C order and writeable, so that a
compiled engine meets one kind of array; what has that form already is not copied. Every error
names the row and column at fault.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from glassnet.description import Description
from glassnet.errors import DataError
from glassnet.rules.losses import Loss

SUM_TOLERANCE = 1e-5  # shares of classes that were rounded to float32 still add up to 1
PART = 2**16  # numbers that are looked at together: they stay near the processor


@dataclass(frozen=True)
class Rows:
    """Checked rows: x (m, inputs), y (m, outputs), and the weight of each row (m,), or None.

    `class_weights` (m,) is what the class of each row multiplies its weight by, in the loss alone;
    `numbers` (m,) which row of what the user gave each one is, or None where all are there.
    """

    x: NDArray[Any]
    y: NDArray[Any]
    weights: NDArray[Any] | None = None
    class_weights: NDArray[Any] | None = None
    numbers: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.x)

    def at(self, rows: NDArray[Any]) -> Rows:
        """Give some of the rows."""
        some = [None if w is None else w[rows] for w in (self.weights, self.class_weights)]
        numbers = np.arange(len(self)) if self.numbers is None else self.numbers
        weights, class_weights = some
        return Rows(self.x[rows], self.y[rows], weights, class_weights, numbers[rows])

    @property
    def loss_weights(self) -> NDArray[Any] | None:
        """What each row counts in the loss (m,), or None for 1 each."""
        if self.weights is None or self.class_weights is None:
            return self.class_weights if self.weights is None else self.weights
        return np.asarray(self.weights * self.class_weights)


def check_rows(
    X: ArrayLike,
    y: ArrayLike,
    weights: ArrayLike | None,
    description: Description,
    dtype: DTypeLike,
    names: tuple[str, str, str] = ("X", "y", "sample_weight"),
) -> Rows:
    """Check X, y and row weights of a network; rows of weight 0 are left out.

    Raises:
        DataError: shapes that do not fit, values that are no finite numbers, classes out of range,
            weights below 0 or all 0.

    Example:
        >>> description = Description.read("2-3 softmax")
        >>> check_rows([[1, 2], [3, 4]], [2, 0], None, description, "float32").y
        array([[0., 0., 1.],
               [1., 0., 0.]], dtype=float32)

    """
    x = check_inputs(X, description, dtype, names[0])
    targets = check_targets(y, len(x), description, dtype, names[1])
    if weights is None:
        return Rows(x, targets)
    checked = check_weights(weights, len(x), dtype, names[2])
    rows = Rows(x, targets, checked)
    return rows.at(checked > 0) if (checked == 0).any() else rows


def check_inputs(
    X: ArrayLike, description: Description, dtype: DTypeLike, name: str = "X"
) -> NDArray[Any]:
    """Check X of shape (m, inputs).

    Raises DataError for any other shape, and for values that are no finite numbers.

    >>> check_inputs([[1, 2]], Description.read("2-1 linear"), "float32")
    array([[1., 2.]], dtype=float32)
    """
    given = _numbers(X, name)
    if given.ndim != 2:
        advice = (
            f": reshape it with {name}.reshape(-1, 1) if it has a single column, or"
            f" {name}.reshape(1, -1) if it is a single row"
            if given.ndim == 1
            else ": a row for each sample, a column for each input"
        )
        raise DataError(f"Expected 2D array, got {given.ndim}D array instead{advice}")
    if given.shape[1] != description.inputs:
        raise DataError(
            f"{name} has {given.shape[1]} features, but this network is expecting"
            f" {description.inputs} features as input: give it a column for each"
        )
    if len(given) == 0:
        raise DataError(
            f"Found array with 0 sample(s) (shape={given.shape}) while a minimum of 1 is required:"
            f" {name} needs at least one row"
        )
    checked = _cast(given, dtype, name)
    for column, categories in description.categories.items():
        _check_categories(given[:, column], column, categories, name)
    return checked


def is_in_form(
    X: object, description: Description, dtype: np.dtype[Any]
) -> TypeGuard[NDArray[Any]]:
    """Whether X has the form that `check_inputs` gives, as far as a quick look can tell.

    What is left to see is that its numbers are finite.

    >>> description = Description.read("2-1 linear")
    >>> is_in_form(np.ones((3, 2)), description, np.dtype("float64"))
    True
    >>> is_in_form([[1.0, 1.0]], description, np.dtype("float64"))
    False
    """
    return (
        type(X) is np.ndarray
        and X.dtype == dtype
        and X.ndim == 2
        and X.shape[1] == description.inputs
        and len(X) > 0
        and X.flags.carray
        and not description.categories
    )


def _check_categories(numbers: NDArray[Any], column: int, categories: int, name: str) -> None:
    """Raise DataError unless a column holds numbers of rows of a table with so many."""
    wrong = (numbers != np.floor(numbers)) | (numbers < 0) | (numbers >= categories)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"{name} has category {numbers[row]} in row {row}, column {column}, but the Embedding"
            f" knows {categories} categories there: they are whole numbers from 0 to"
            f" {categories - 1}"
        )


def check_targets(
    y: ArrayLike, rows: int, description: Description, dtype: DTypeLike, name: str = "y"
) -> NDArray[Any]:
    """Check y and give it as (m, outputs): class numbers become one-hot, (m,) becomes (m, 1).

    Raises DataError for any other shape, and for values that the loss cannot take.
    """
    if y is None:
        raise DataError(f"training requires y to be passed, but the target {name} is None")
    given = _numbers(y, name)
    if given.ndim == 0:
        raise DataError(f"{name} must have a row for each row of X, got a single number")
    if len(given) != rows:
        raise DataError(
            f"Found input variables with inconsistent numbers of samples: {[rows, len(given)]}:"
            f" X and {name} need the same number of rows"
        )
    outputs, loss = description.outputs, description.loss
    columns, kind = loss.target_columns(outputs), loss.targets
    flat = given.ndim == 1 or given.shape[1:] == (1,)
    if kind == "classes" and flat:
        return _one_hot(given.reshape(-1), outputs, dtype, name)
    if given.ndim == 1 and columns == 1:
        given = given[:, None]
    if given.shape != (rows, columns):
        classes = f", or ({rows},) with class numbers" if kind == "classes" else ""
        alone = "" if columns == outputs else f" for {columns} column of targets"
        raise DataError(
            f"{name} has shape {given.shape}, but the network has {outputs} output"
            f"{'s' if outputs != 1 else ''}{alone}: it must be {(rows, columns)}{classes}"
        )
    targets = _cast(given, dtype, name)
    if kind in WANTED:
        _check_kind(targets, loss, name)
    if kind == "classes":
        _check_sums(targets, name)
    return targets


def class_numbers(y: NDArray[Any], description: Description) -> NDArray[np.intp] | None:
    """Give the class of each row of checked targets, (m, 1); None where a loss has no classes.

    Of shares of classes it is the largest. Columns that are a yes or no of their own give a 0 or 1
    each, (m, outputs).

    >>> description = Description.read("2-3 softmax")
    >>> class_numbers(np.array([[0, 0, 1], [1, 0, 0]]), description)
    array([[2],
           [0]])
    """
    if description.loss.targets == "classes":
        return np.asarray(np.argmax(y, axis=1)[:, None])
    return (y > 0.5).astype(np.intp) if description.loss.is_yes_or_no else None


def check_weights(
    weights: ArrayLike, rows: int, dtype: DTypeLike, name: str = "sample_weight"
) -> NDArray[Any]:
    """Check the weights (m,) of rows: none below 0, and not all of them 0.

    Raises DataError for others.

    >>> check_weights([1, 0.5], 2, "float32")
    array([1. , 0.5], dtype=float32)
    """
    given = _numbers(weights, name)
    if given.shape != (rows,):
        raise DataError(
            f"{name} must have shape ({rows},), a number for each row, got {given.shape}"
        )
    checked = _cast(given, dtype, name)
    if (checked < 0).any():
        row = int(np.argmax(checked < 0))
        raise DataError(f"{name} must not be negative, got {given[row]} in row {row}")
    if not (checked > 0).any():
        raise DataError(
            f"{name}: Sample weights must contain at least one non-zero number. Give each row that"
            " counts a weight above 0"
        )
    if not np.isfinite(np.sum(checked)):
        raise DataError(f"{name} adds up to more than {checked.dtype} can hold: scale it down")
    return checked


def _numbers(given: ArrayLike, name: str) -> NDArray[Any]:
    """Give an array of real numbers, of whatever type it has."""
    try:
        array = np.asarray(given)
    except ValueError:
        raise DataError(f"{name} has rows of unequal length: give each the same columns") from None
    if array.dtype.kind == "c":
        raise DataError(f"Complex data not supported: {name} holds complex numbers")
    if array.dtype.kind in "biuf":
        return array
    if array.dtype.kind == "O":  # as a table with columns of several types gives
        try:
            return array.astype(np.float64)
        except (TypeError, ValueError):
            pass
    found = next((v for v in array.ravel().tolist() if not _is_real(v)), None)
    raise DataError(
        f"{name} must hold numbers, got {type(given).__name__} with {found!r}: turn text into"
        " numbers first (np.unique(labels, return_inverse=True) numbers the classes)"
    )


def _is_real(value: Any) -> bool:
    return isinstance(value, int | float | np.number)


def _cast(given: NDArray[Any], dtype: DTypeLike, name: str) -> NDArray[Any]:
    """Give the array in a dtype, C order and writeable; every number in it is finite."""
    with np.errstate(over="ignore"):
        array = np.require(given, np.dtype(dtype), ["C", "W"])
    if _all_finite(array):
        return array
    place = tuple(int(index) for index in np.argwhere(~np.isfinite(array))[0])
    where = f"row {place[0]}" + (f", column {place[1]}" if len(place) > 1 else "")
    if np.isnan(given[place]):
        raise DataError(f"Input {name} contains NaN: in {where}; fill the gap or leave the row out")
    raise DataError(
        f"Input {name} contains infinity or a value too large for dtype('{array.dtype}'):"
        f" {given[place]} in {where}; correct it, or scale the column"
    )


def _all_finite(array: NDArray[Any]) -> bool:
    """Whether every number is finite; looked at in parts, so that nothing as long as X is made."""
    flat = array.reshape(-1)
    parts = (flat[start : start + PART] for start in range(0, flat.size, PART))
    return all(bool(np.isfinite(part).all()) for part in parts)


def _one_hot(classes: NDArray[Any], outputs: int, dtype: DTypeLike, name: str) -> NDArray[Any]:
    numbers = _cast(classes, np.float64, name)
    wrong = (numbers != np.floor(numbers)) | (numbers < 0) | (numbers >= outputs)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"{name} has class {classes[row]} in row {row}, but the network has {outputs} outputs:"
            f" classes are whole numbers from 0 to {outputs - 1}"
        )
    one_hot = np.zeros((len(numbers), outputs), dtype)
    one_hot[np.arange(len(numbers)), numbers.astype(np.intp)] = 1
    return one_hot


# What the targets of a kind of loss are: which are right, and how that is said.
WANTED: dict[str, tuple[Callable[[NDArray[Any]], NDArray[np.bool_]], str]] = {
    "zero_one": (lambda y: (y >= 0) & (y <= 1), "must lie between 0 and 1"),
    "classes": (lambda y: (y >= 0) & (y <= 1), "must lie between 0 and 1"),
    "signs": (
        lambda y: (y == 1) | (y == _no(y)),
        "must be 0 or 1, or −1 or 1,",
    ),
    "counts": (lambda y: y >= 0, "must be 0 or more, as counts are,"),
}


def _no(y: NDArray[Any]) -> int:
    """Give the number that stands for no beside a 1."""
    return -1 if (y == -1).any() else 0


def _check_kind(targets: NDArray[Any], loss: Loss, name: str) -> None:
    right, words = WANTED[loss.targets]
    wrong = ~right(targets)
    if wrong.any():
        row, column = (int(index) for index in np.argwhere(wrong)[0])
        raise DataError(
            f"{name} {words} for {loss}, got {targets[row, column]} in row {row}, column {column}"
        )


def _check_sums(targets: NDArray[Any], name: str) -> None:
    sums: NDArray[np.float64] = np.sum(targets, axis=1, dtype=np.float64)
    wrong = np.abs(sums - 1) > SUM_TOLERANCE
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"each row of {name} must add up to 1, as one-hot rows and shares of classes do,"
            f" got {sums[row]:.6g} in row {row}"
        )
