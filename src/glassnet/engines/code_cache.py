"""A private folder for compiled programs: code, so nobody else may write there.

A loop text is written to a file named by its hash, and Numba puts the compiled code beside it. The
file is used only if folder and file belong to this user alone and the text is exactly ours.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import stat
import sys
import tempfile
from functools import cache
from pathlib import Path

# Whose code is part of compiled code.
CALLED = """
    arithmetic compiled elementary instruction_values instructions meeting products shares
    subnormals tiles views written
""".split()
FOLDER_VARIABLE = "GLASSNET_CACHE_DIR"


def cache_folder() -> Path:
    """Give the folder: $GLASSNET_CACHE_DIR, or `glassnet` in the user's cache folder."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "glassnet"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "glassnet"


def cached_file(source: str) -> tuple[Path | None, str]:
    """Give the file that holds a loop text, written if need be, and a note for the user.

    Where the folder cannot be used the file is None and the note says why.
    """
    try:
        folder = cache_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        reason = _not_private(folder)
        if reason:
            return None, f"compiled code is not kept: {folder} {reason}"
        place = folder / _key(source)
        place.mkdir(mode=0o700, exist_ok=True)
        file = place / f"{place.name}.py"
        if not _is_ours(file, source):
            _write(file, source)
        return file, ""
    except OSError as error:
        return None, f"compiled code is not kept: {error.strerror or error}"


def is_kept(source: str) -> bool:
    """Whether compiled code of a loop text seems to be there."""
    return any((cache_folder() / _key(source)).glob("__pycache__/*.nbc"))


def forget(source: str) -> None:
    """Remove what is kept for a loop text."""
    place = cache_folder() / _key(source)
    for file in [*place.glob("__pycache__/*"), *place.glob("*.py")]:
        file.unlink(missing_ok=True)


def _key(source: str) -> str:
    return hashlib.sha256((source + _versions()).encode()).hexdigest()[:32]


@cache
def _versions() -> str:
    """Give everything else that compiled code depends on: versions, processor, called functions."""
    libraries = ("numba", "llvmlite", "numpy")
    found = [f"{library} {importlib.metadata.version(library)}" for library in libraries]
    called = [Path(__file__).parent / f"{name}.py" for name in CALLED]
    called.append(Path(__file__).parent.parent / "rules" / "randomness.py")
    texts = [file.read_text(encoding="utf-8") for file in called]
    return "\n".join([platform.machine(), sys.version, *found, *texts])


def _not_private(path: Path) -> str:
    """Say why a folder is not this user's alone; empty if it is."""
    if sys.platform == "win32":  # the user's own folder is private there by its access list
        return ""
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        return "is not a folder"
    if found.st_uid != os.getuid():
        return "belongs to another user"
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "can be written by others: chmod 700 it"
    return ""


def _is_ours(file: Path, source: str) -> bool:
    try:
        regular = stat.S_ISREG(file.lstat().st_mode)
        return regular and file.read_bytes() == source.encode()
    except OSError:
        return False


def _write(file: Path, source: str) -> None:
    """Write the file at once, so that no other process ever sees half of it."""
    handle, temporary = tempfile.mkstemp(dir=file.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as target:
            target.write(source.encode())
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
