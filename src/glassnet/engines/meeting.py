"""A barrier for threads that run compiled code: spinning, without a lock, on shared memory.

Each thread signs in a place of its own and waits until others have signed in theirs: the one beside
it, then the one 2 places off, then 4 … so that after log₂(threads) rounds each knows that all have
come. A signature is the number of the meeting, which only grows: nothing has to be put back. It is
written with release and read with acquire, so what was written ahead of a meeting is read after it,
on ARM too, and nothing but loads and stores is needed.

Who waits long gives way to other threads of the machine, and looks whether somebody has given up.
The same text runs as plain Python.
"""

# Numba's decorators are not typed.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, no-any-return"
# mypy: disable-error-code="call-arg"

from __future__ import annotations

import ctypes
import platform
import sys
import time

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

APART = 16  # signatures are so many numbers apart: 128 bytes, so that no two share a cache line
TURNS = 2000  # looks at a signature, some 30 µs in all, before a waiting thread gives way
# What tells a processor that a thread waits: the name of LLVM's intrinsic, and what it is given.
PAUSES: dict[str, tuple[str, list[int]]] = {
    name: ("llvm.x86.sse2.pause", []) for name in ("x86_64", "AMD64")
}
PAUSES |= {name: ("llvm.aarch64.hint", [1]) for name in ("aarch64", "arm64", "ARM64")}


def signatures(threads: int) -> NDArray[np.int64]:
    """Give the memory in which so many threads meet: (n,) int64, all 0."""
    rounds = (threads - 1).bit_length()
    return np.zeros((rounds * threads + 1) * APART, np.int64)


def give_up(signed: NDArray[np.int64]) -> None:
    """Tell all who wait, or will, that somebody does not come any more."""
    signed[0] = 1


@njit(nogil=True, error_model="numpy")
def meet(signed, thread, threads, number):
    """Wait for all threads at meeting `number`, from 1; False if one has given up."""
    distance, place = 1, 1
    while distance < threads:
        sign(signed, (place + thread) * APART, number)
        other = (place + (thread - distance) % threads) * APART
        turns = 0
        while signature(signed, other) < number:
            turns += 1
            if turns % TURNS == 0:
                if signature(signed, 0) != 0:
                    return False
                give_way()
            else:
                pause()
        distance *= 2
        place += threads
    return True


@njit(nogil=True, error_model="numpy")
def leave(signed, thread, threads, number, done):
    """Meet for the last time; give what was done, or −1 if somebody has given up."""
    return done if meet(signed, thread, threads, number) else -1


# --------------------------------------------------------- as Python, and as compiled code


def sign(signed, place, number):
    """Write a number, after everything that was written before."""
    signed[place] = number


def signature(signed, place):
    """Read a number, ahead of everything that is read afterwards."""
    return signed[place]


def give_way():
    """Let another thread of this machine run."""
    time.sleep(0)


def pause():
    """Tell the processor that this thread waits for memory."""
    time.sleep(0)


def _pointer(context, builder, signature, args):
    array = context.make_array(signature.args[0])(context, builder, args[0])
    return cgutils.get_item_pointer(
        context, builder, signature.args[0], array, [args[1]], wraparound=False
    )


@intrinsic
def _release(typingctx, signed, place, number):
    def written(context, builder, signature, args):
        pointer = _pointer(context, builder, signature, args)
        builder.store_atomic(args[2], pointer, "release", 8)
        return context.get_dummy_value()

    return types.void(signed, types.intp, types.int64), written


@intrinsic
def _acquire(typingctx, signed, place):
    def read(context, builder, signature, args):
        return builder.load_atomic(_pointer(context, builder, signature, args), "acquire", 8)

    return types.int64(signed, types.intp), read


@intrinsic
def _pause(typingctx):
    def paused(context, builder, signature, args):
        name, given = PAUSES.get(platform.machine(), ("", []))
        if name:
            kind = ir.FunctionType(ir.VoidType(), [ir.IntType(32)] * len(given))
            function = cgutils.get_or_insert_function(builder.module, kind, name)
            builder.call(function, [ir.Constant(ir.IntType(32), number) for number in given])
        return context.get_dummy_value()

    return types.void(), paused


def _address_of_yield():
    """Give the system's own function that lets others run: a name of ours stands for it."""
    if sys.platform == "win32":
        function = ctypes.WinDLL("kernel32").SwitchToThread
    else:
        function = ctypes.CDLL(None).sched_yield
    return ctypes.cast(function, ctypes.c_void_p).value


llvmlite.binding.add_symbol("glassnet_give_way", _address_of_yield())
_give_way = types.ExternalFunction("glassnet_give_way", types.int32())


@overload(sign)
def _sign(signed, place, number):
    return lambda signed, place, number: _release(signed, place, number)


@overload(signature)
def _signature(signed, place):
    return lambda signed, place: _acquire(signed, place)


@overload(pause)
def _paused():
    return lambda: _pause()


@overload(give_way)
def _gave_way():
    def gave_way():
        _give_way()

    return gave_way
