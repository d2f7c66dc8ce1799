"""Numbers too small for all their digits: rounded to 0 while loops run, where they are slow.

Where a gradient is 0, as behind a relu that never fires, Adam makes its moments a tenth smaller in
each step: after a thousand they are subnormal, and stay so. x86 processors take several times as
long for these, and no rule needs them. The setting belongs to the thread that runs; whoever
changes it puts it back.
"""

# Numba's decorators are not typed, and hide what they make of a function.
# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-untyped-call"
# mypy: no-warn-unreachable

from __future__ import annotations

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils

from glassnet.engines.written import Standing

FLUSH_TO_ZERO = 0x8000  # the bit of the register MXCSR
CAN_BE_SET = binding.get_process_triple().startswith(("x86_64", "i686"))


def _with_word(builder, instruction, value=None):
    """Call an instruction that reads or writes a word in memory, and give the word."""
    word = cgutils.alloca_once(builder, ir.IntType(32))
    if value is not None:
        builder.store(value, word)
    place = builder.bitcast(word, ir.IntType(8).as_pointer())
    kind = ir.FunctionType(ir.VoidType(), [place.type])
    builder.call(cgutils.get_or_insert_function(builder.module, kind, instruction), [place])
    return builder.load(word)


@Standing
def flush_subnormals():
    """Round them to 0 from here on, and give what `put_back` takes; nothing in plain Python."""
    return 0


@flush_subnormals.instructions
def _flush_subnormals(typing_context):
    def written(context, builder, signature, arguments):
        if not CAN_BE_SET:
            return ir.Constant(ir.IntType(32), 0)
        before = _with_word(builder, "llvm.x86.sse.stmxcsr")
        bit = ir.Constant(before.type, FLUSH_TO_ZERO)
        _with_word(builder, "llvm.x86.sse.ldmxcsr", builder.or_(before, bit))
        return before

    return types.uint32(), written


@Standing
def put_back(settings):
    """Set the processor as it was."""


@put_back.instructions
def _put_back(typing_context, settings):
    def written(context, builder, signature, arguments):
        if CAN_BE_SET:
            _with_word(builder, "llvm.x86.sse.ldmxcsr", arguments[0])
        return context.get_dummy_value()

    return types.void(types.uint32), written
