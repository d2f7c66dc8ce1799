"""The first call of a loop text: compiled, or loaded as it was compiled before."""

# Numba's dispatchers are not typed.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import importlib.util
import linecache
import pickle
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from glassnet.engines.code_cache import cached_file, forget, is_kept
from glassnet.engines.quick_start import load_array_functions

# What reading a damaged file of compiled code can end in; compiling and running raise others.
CACHE_FAULTS = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    IndexError,
    AttributeError,
    pickle.PickleError,
    ImportError,
)
ONE_AT_A_TIME = threading.RLock()  # several threads may want the same program


def first_call(
    source: str, arguments: tuple[Any, ...], name: str = "train"
) -> tuple[int, Callable[..., int], str]:
    """Call the `train` of a loop text, or another of its functions.

    Returns:
        What the call returned, the function for further calls, and a note for the user, empty
        where there is nothing to say.

    """

    def call(module: ModuleType) -> tuple[int, Callable[..., int]]:
        function = getattr(module, name)
        return int(function(*arguments)), function

    (done, function), note = from_cache(source, call)
    return done, function, note


def is_known(source: str) -> bool:
    """Whether a text need not be compiled: it was before, as far as can be seen from outside."""
    try:
        return is_kept(_without_heading(source))
    except OSError:
        return False


def from_cache(source: str, use: Callable[[ModuleType], Any]) -> tuple[Any, str]:
    """Use the module of a text, with its compiled code from the cache where it is there.

    A damaged cache is dropped, never fatal.

    Returns:
        What `use` returned, and a note for the user, empty where there is nothing to say.

    """
    source = _without_heading(source)
    with ONE_AT_A_TIME:
        load_array_functions()
        file, note = cached_file(source)
        if file is not None:
            try:
                return use(_module_from_file(file)), note
            except CACHE_FAULTS as error:
                forget(source)
                sys.modules.pop(_module_name(file), None)
                note = f"what was kept of compiled code was damaged and is dropped: {error}"
        return use(_module_from(source)), note


def _without_heading(source: str) -> str:
    """Give a text without its first line, which names one network: what follows serves many."""
    return source[source.index("\n") :].lstrip("\n")


def _module_name(file: Path) -> str:
    return f"glassnet_loops_{file.stem}"


def _module_from_file(file: Path) -> ModuleType:
    """Import a loop text from the private cache, where its compiled form lies beside it."""
    name = _module_name(file)
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # Numba looks the module of a function up when it loads its code
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _module_from(source: str) -> ModuleType:
    """Run a loop text without a cache."""
    module = ModuleType("glassnet_loops")
    text = source.replace("\n@cached", "\n@compiled")
    name = f"<glassnet loops {hash(text):x}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    exec(compile(text, name, "exec"), module.__dict__)
    return module
