"""Files of this computer: only regular ones are opened, and one is replaced whole or not at all."""

from __future__ import annotations

import io
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from glassnet.errors import GlassnetError

_NO_TEXT = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def path_of(path: object, error: type[GlassnetError]) -> str:
    """Give a path as text; anything that is no path is the given error.

    >>> path_of(3, GlassnetError)
    Traceback (most recent call last):
    glassnet.errors.GlassnetError: a path must be text or a pathlib.Path, got 3
    """
    name = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(name, str):
        raise error(f"a path must be text or a pathlib.Path, got {path!r}")
    return name


def open_regular(path: str | os.PathLike[str], error: type[GlassnetError]) -> BinaryIO:
    """Open a regular file for reading bytes; anything else, such as a pipe, is the given error.

    >>> open_regular(os.curdir, GlassnetError)
    Traceback (most recent call last):
    glassnet.errors.GlassnetError: '.' is not a file that can be read: it is a directory or a device
    """
    name = path_of(path, error)
    ways = ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY")  # as far as the system has them
    flags = os.O_RDONLY
    for way in ways:
        flags |= getattr(os, way, 0)
    try:
        regular = stat.S_ISREG(Path(name).stat().st_mode)  # to open a device may change things
        descriptor = os.open(name, flags) if regular else None
        if descriptor is not None and not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)  # something else was put in its place in between
            descriptor = None
    except (OSError, ValueError) as problem:
        raise error(f"cannot read {name!r}: {_reason(problem, Path(name))}") from None
    if descriptor is None:
        raise error(f"{name!r} is not a file that can be read: it is a directory or a device")
    return os.fdopen(descriptor, "rb")


def open_to_append(
    path: str | os.PathLike[str], error: type[GlassnetError], *, fresh: bool
) -> io.FileIO:
    """Open a regular file, or a new one, to write whole lines at its end, each at once.

    What stands in it is dropped if it is to be `fresh`; else a last line that was left without an
    end is ended. Raises the given error if that cannot be done.

    >>> open_to_append(os.curdir, GlassnetError, fresh=False)
    Traceback (most recent call last):
    glassnet.errors.GlassnetError: cannot write '.': Is a directory
    """
    name = path_of(path, error)
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | _NO_TEXT | getattr(os, "O_NONBLOCK", 0)
    try:
        if Path(name).exists() and not Path(name).is_dir() and not Path(name).is_file():
            raise OSError(0, "it is a device")  # to open one may change things
        file = io.FileIO(os.open(name, flags, 0o666), "r+")
        try:
            if fresh:
                file.truncate(0)
            elif file.seek(0, os.SEEK_END) and not _ends_a_line(file):
                file.write(b"\n")
        except BaseException:
            file.close()
            raise
    except (OSError, ValueError) as problem:
        raise error(f"cannot write {name!r}: {_reason(problem, Path(name))}") from None
    return file


def _ends_a_line(file: io.FileIO) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def make_folder(path: str | os.PathLike[str], error: type[GlassnetError]) -> None:
    """Make a folder, and those above it, where they are not there.

    Raises the given error if that cannot be done.
    """
    name = path_of(path, error)
    try:
        Path(name).mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as problem:
        raise error(f"cannot make the folder {name!r}: {_reason(problem, Path(name))}") from None


def replace_file(
    path: str | os.PathLike[str], parts: Iterable[bytes | memoryview], error: type[GlassnetError]
) -> None:
    """Write a file so that, whatever happens, the old one or the whole new one stands there.

    The parts go to a new file beside it that only its owner can read; it is brought to the disk
    and takes the other's place and permissions. Raises the given error if that cannot be done.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "greeting")
    ...     replace_file(path, [b"good ", b"day"], GlassnetError)
    ...     path.read_bytes()
    b'good day'
    """
    target = Path(path_of(path, error))
    try:
        beside = target.with_name(f".{target.name[:50]}.{secrets.token_hex(8)}.part")
        mode = _mode_for(target)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_TEXT, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.writelines(parts)
                file.flush()
                os.fsync(file.fileno())
            beside.chmod(mode)
            beside.replace(target)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        _keep_folder(target.parent)
    except (OSError, ValueError) as problem:
        if isinstance(problem, GlassnetError):
            raise
        raise error(f"cannot write {str(target)!r}: {_reason(problem, target)}") from problem


def _reason(problem: OSError | ValueError, target: Path) -> str:
    """Say why a file cannot be had, and what to do about it."""
    reason = getattr(problem, "strerror", None) or str(problem)
    if isinstance(problem, FileNotFoundError | NotADirectoryError):
        folder = target.parent
        if not folder.is_dir():
            return f"{reason}; there is no folder {str(folder)!r}: make it, or correct the path"
        return f"{reason}; correct the name, or give the path of the folder that it is in too"
    if isinstance(problem, PermissionError):
        return f"{reason}; allow it, or choose another place"
    return reason


def _mode_for(target: Path) -> int:
    """Give the permissions of the file that is there, or those of a new one."""
    try:
        there = target.lstat()
    except FileNotFoundError:
        mask = os.umask(0o077)  # there is no other way to ask for it
        os.umask(mask)
        return 0o666 & ~mask
    if stat.S_ISLNK(there.st_mode):
        raise OSError(0, "it is a link; give the path of the file itself")
    if not stat.S_ISREG(there.st_mode):
        raise OSError(0, "it is a directory or a device")
    return stat.S_IMODE(there.st_mode) & 0o777


def _keep_folder(folder: Path) -> None:
    """Bring a folder's list of files to the disk, where the system can do that."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
