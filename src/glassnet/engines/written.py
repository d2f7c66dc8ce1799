"""Functions that Numba's compiled code takes in as instructions of our own.

Numba sees an intrinsic: it asks for the types, and later for the instructions of a call. What
`instructions.py` cannot write is compiled by Numba as ever. Python calls such a function, too: then
Numba compiles a function of one line that calls it.
"""

# Numba and llvmlite are not typed.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, no-any-return"

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from numba import njit, types
from numba.core.typing.templates import make_intrinsic_template
from numba.extending import typeof_impl

from glassnet.engines.instruction_values import NotWrittenError, packed, unpacked
from glassnet.engines.instructions import Part, Stand


class Written(Part):
    """A function that compiled code takes in as instructions; see `Part`."""

    def __init__(
        self,
        py_func: Callable[..., Any],
        freedoms: frozenset[str] | set[str] = frozenset(),
        *,
        within: bool = False,
        merged: bool = False,
        apart: bool = False,
    ) -> None:
        super().__init__(py_func, freedoms, within=within, merged=merged, apart=apart)

        def definition(typing_context, *given):
            return self.meant(typing_context, given)

        own = inspect.signature(py_func).parameters.values()
        context = inspect.Parameter("typing_context", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        definition.__signature__ = inspect.Signature([context, *own])  # type: ignore[attr-defined]
        self.template = make_intrinsic_template(self, definition, py_func.__name__)

    def __call__(self, *arguments: Any) -> Any:
        """Call it from Python."""
        return self.for_python(*arguments)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in ("for_python", "numba"):
            raise AttributeError(name)
        return getattr(self.for_python, name)  # what Numba tells of a compiled function

    @functools.cached_property
    def for_python(self) -> Any:
        """The function for Python: it calls this one, and is compiled by Numba."""
        takes = ", ".join(inspect.signature(self.py_func).parameters)
        scope = {"function": self}
        exec(f"def call({takes}):\n    return function({takes})", scope)
        scope["call"].__name__ = self.py_func.__name__  # type: ignore[attr-defined]
        return njit(**self._settings())(scope["call"])

    @functools.cached_property
    def numba(self) -> Any:
        """The function as Numba compiles it by itself."""
        return njit(**self._settings())(self.py_func)

    def _settings(self) -> dict[str, Any]:
        settings = {"error_model": "numpy", "nogil": True, "forceinline": self.merged}
        return settings | {"fastmath": set(self.freedoms)} if self.freedoms else settings

    def meant(self, typing_context: Any, given: tuple[Any, ...]) -> Any:
        """Give the types that Numba shall take it for, and what writes a call."""
        given = tuple(types.unliteral(kind) for kind in given)
        try:
            found = self.instructions(given)
        except NotWrittenError:
            function = types.Dispatcher(self.numba)
            signature = function.get_call_type(typing_context, given, {})

            def called(context, builder, signature, arguments):
                return context.get_function(function, signature)(builder, arguments)

            return signature, called

        def written(context, builder, signature, arguments):
            values = [
                unpacked(context, builder, kind, argument)
                for kind, argument in zip(signature.args, arguments, strict=True)
            ]
            result = found.call(builder, values)
            return packed(context, builder, signature.return_type, result)

        return found.gives(*given), written


class Standing(Stand):
    """A function of Python for which `instructions` stand where compiled code calls it."""

    def __init__(self, py_func: Callable[..., Any]) -> None:
        functools.update_wrapper(self, py_func)
        self.py_func = py_func
        self.template: Any = None

    def instructions(self, definition: Callable[..., Any]) -> Callable[..., Any]:
        """Take in what gives Numba's signature, and what writes a call; as Numba's `intrinsic`."""
        self.meant = definition
        self.template = make_intrinsic_template(self, definition, self.py_func.__name__)
        return definition

    def __call__(self, *arguments: Any) -> Any:
        """Call it from Python, not compiled."""
        return self.py_func(*arguments)


@typeof_impl.register(Written)
@typeof_impl.register(Standing)
def _type_of(function, context):
    return types.Function(function.template)
