"""Functions compiled as parts of others: right wherever they are called, no entry for Python."""

import numpy as np
import pytest

pytest.importorskip("numba")

from glassnet.engines.compiled import compiled, merged
from glassnet.engines.parts import Instructions


def doubled(x, out):
    for i in range(x.size):
        out[i] = x[i] + x[i]


def caller_of(part):
    @compiled
    def call(x, out):
        part(x, out)

    return call


@pytest.mark.parametrize("kind", [compiled, merged], ids=["compiled", "merged"])
def test_what_only_compiled_functions_call_has_no_entry_for_python(kind):
    part, x = kind(doubled), np.arange(5.0)
    out = np.empty(5)
    caller_of(part)(x, out)
    assert (out == x + x).all()
    (found,) = part.overloads.values()
    assert isinstance(found.library, Instructions)
    with pytest.raises(TypeError, match="not callable"):
        part(x, out)


@pytest.mark.parametrize("kind", [compiled, merged], ids=["compiled", "merged"])
def test_what_python_called_first_can_be_a_part_too(kind):
    part, x = kind(doubled), np.arange(5.0)
    first, second = np.empty(5), np.empty(5)
    part(x, first)
    caller_of(part)(x, second)
    part(x, first)
    assert (first == x + x).all()
    assert (second == x + x).all()
