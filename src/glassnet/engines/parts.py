"""How functions are compiled that only other compiled functions call.

Numba makes each function ready to be called from Python, and from C: two more functions, that take
arguments apart, and machine code for all three. A part of a loop text needs none of it, only the
instructions that are taken in where it is called. That is a third of what a first compile takes.
"""

# Numba is not typed.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, misc"

from __future__ import annotations

import ctypes

from numba._dynfunc import make_function
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder


class Instructions(JITCodeLibrary):
    """The instructions of a part, to be linked into others; no machine code is made of them."""

    def _optimize_functions(self, ll_module):
        """Leave that to the steps that follow: they do it too."""

    def _finalize_final_module(self):
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True


class Merged(Instructions):
    """Those of a part that is taken in wherever it is called, and improved there."""

    def _optimize_final_module(self):
        """Leave them as they are."""


# What a function is known by is called where Python calls it. This one then calls an object that
# cannot be called, and so raises TypeError.
NOT_FROM_PYTHON = ctypes.cast(ctypes.pythonapi.PyObject_Call, ctypes.c_void_p).value


class Part(CompilerBase):
    """Numba's usual way of compiling, without what only a call from Python needs.

    It is told that no two arrays of a function overlap. Else the compiler would have to compare
    their places in memory ahead of each loop, and where there are more than a few of them it does
    the loop number by number instead.

    A function that is first called from Python is compiled as usual.
    """

    library, noalias = Instructions, True

    def define_pipelines(self):
        """Give the usual steps."""
        state = self.state
        state.flags.noalias = self.noalias
        if self._inside():
            state.flags.no_cpython_wrapper = state.flags.no_cfunc_wrapper = True
            state.flags.no_compile = True
            state.library = self.library(state.targetctx.codegen(), state.func_id.func_qualname)
        return [DefaultPassBuilder.define_nopython_pipeline(state)]

    def _inside(self):
        """Whether another function is being compiled, which calls this one."""
        return len(self.state.typingctx.callstack) > 0

    def _compile_core(self):
        inside = self._inside()
        result = super()._compile_core()
        if not inside:
            return result

        found = result.fndesc
        entry = make_function(
            found.lookup_module(),
            found.qualname.split(".")[-1],
            "only a part of other compiled functions: call those, or `.py_func`",
            NOT_FROM_PYTHON,
            result.environment,
            (result.library,),
        )
        self.state.targetctx.insert_user_function(entry, found, [result.library])
        return result._replace(entry_point=entry)


class MergedPart(Part):
    """The same for a part that is taken in wherever it is called."""

    library, noalias = Merged, False
