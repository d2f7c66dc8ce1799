"""A network's weights by name: to look at, to set, and to keep as plain text files."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassnet.errors import DataError, unknown_name
from glassnet.local_files import open_regular, path_of, replace_file
from glassnet.values import Values

FloatArray = NDArray[np.floating]


class Weights(Mapping[str, FloatArray]):
    """The parameters and running statistics of a network, each a read-only view by its name.

    A view always shows the present numbers; assigning copies into the network. To change one
    number, change it in a copy and assign the whole: the new numbers are checked in one place.
    Where an optimizer averages, the weights are the averages; an assigned one is both, the average
    and what training goes on from.

    Raises:
        DescriptionError: an unknown name.
        DataError: assigned numbers of another shape, or not finite.

    Example:
        >>> import glassnet as gn
        >>> net = gn.Network("1-1 linear", random_state=0)
        >>> net.weights["W1"] = [[2.5]]
        >>> net.weights["W1"]
        array([[2.5]], dtype=float32)
        >>> changed = net.weights["W1"].copy()
        >>> changed[0, 0] = 3
        >>> net.weights["W1"] = changed

    """

    def __init__(self, values_of: Callable[[], Values]) -> None:
        self._values_of = values_of  # the network's, which another optimizer changes
        values = values_of()
        program = values.program
        names = [p.name for p in (*program.parameters, *program.statistics)]
        self._arrays = {name: values.by_name[name] for name in names}

    def __getitem__(self, name: str) -> FloatArray:
        view = self._array(name).view()
        view.flags.writeable = False
        return view

    def __setitem__(self, name: str, given: ArrayLike) -> None:
        self._values_of().set(name, self._checked(name, given))

    def __contains__(self, name: object) -> bool:
        return name in self._arrays

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __repr__(self) -> str:
        shapes = (f"{name} {array.shape}" for name, array in self._arrays.items())
        return f"Weights({', '.join(shapes)})"

    def _array(self, name: str) -> FloatArray:
        if name not in self._arrays:
            raise unknown_name("weight", name, self._arrays)
        return self._arrays[name]

    def _checked(self, name: str, given: ArrayLike) -> FloatArray:
        array = self._array(name)
        numbers = np.asarray(given)
        if numbers.dtype.kind not in "biuf":
            raise DataError(f"{name} must hold real numbers, got {given!r}")
        with np.errstate(over="ignore"):
            numbers = numbers.astype(array.dtype)
        if numbers.shape != array.shape:
            raise DataError(f"{name} must have shape {array.shape}, got {numbers.shape}")
        if not np.isfinite(numbers).all():
            place = [int(index) for index in np.argwhere(~np.isfinite(numbers))[0]]
            raise DataError(
                f"{name} must hold finite numbers of {array.dtype}, got {numbers[tuple(place)]}"
                f" at {place}"
            )
        return numbers

    def savetxt(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write each array to a text file of its own, w1.txt, b1.txt, …, for numpy.loadtxt.

        The digits are enough to read back the same numbers exactly. Raises DataError where they
        cannot be written.
        """
        target = Path(path_of(folder, DataError))
        try:
            target.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise DataError(
                f"cannot make the folder {str(target)!r} for the weights: {problem.strerror};"
                " give the name of a folder, not of a file"
            ) from None
        paths = []
        for name, array in self._arrays.items():
            text = io.BytesIO()
            np.savetxt(text, array, fmt="%.9g" if array.dtype == np.float32 else "%.17g")
            paths.append(target / f"{name.lower()}.txt")
            replace_file(paths[-1], [text.getvalue()], DataError)
        return paths

    def loadtxt(self, folder: str | os.PathLike[str]) -> None:
        """Read what `savetxt` wrote; nothing changes unless every file fits.

        Raises DataError for a file that is missing, is no text of numbers, or has another shape.
        """
        source = Path(path_of(folder, DataError))
        found = {name: self._read(source / f"{name.lower()}.txt", name) for name in self}
        for name, numbers in found.items():
            self._values_of().set(name, numbers)

    def _read(self, path: Path, name: str) -> FloatArray:
        if not path.is_file():
            raise DataError(f"there is no file {path.name!r} in {str(path.parent)!r} for {name}")
        try:
            with open_regular(path, DataError) as file:
                numbers = np.loadtxt(file, dtype=np.float64, ndmin=2)
        except DataError:
            raise
        except ValueError as error:
            raise DataError(f"{path.name} cannot be read as numbers: {error}") from None
        shape = self._arrays[name].shape
        if len(shape) == 1 and numbers.shape == (*shape, 1):
            numbers = numbers[:, 0]
        return self._checked(name, numbers)
