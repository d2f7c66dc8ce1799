"""The second lock: what is hostile stays out, what glassnet writes comes in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import checks
from glassnet.allowlist import NUMPY_NAMES, check_program
from glassnet.description import Description
from glassnet.errors import ProgramError
from glassnet.program import Program
from glassnet.rules.layers import LAYERS
from glassnet.rules.optimizers import OPTIMIZERS
from strategies import all_optimizers, descriptions, keeps_its_constraints, same_examples

HEAD = "import numpy as np\n\n\n"


def body(line):
    return f"{HEAD}def f(x, y):\n    {line}\n    return x\n"


INSIDE = {
    "import": "import os",
    "import of numpy": "import numpy as np",
    "import from": "from os import system",
    "import by name": "x = __import__(x)",
    "eval": "x = eval(x)",
    "open": "x = open(x)",
    "getattr": "x = getattr(x, y)",
    "method": "x = x.tofile(y)",
    "attribute": "x = x.ctypes",
    "class": "x = x.__class__",
    "attribute in full width letters": "x = x.ｄata",
    "dunder in full width letters": "x = x.＿_class__",
    "globals of a function": "x = f.__globals__",
    "private name": "x = _secret",
    "dunder name": "x = __builtins__",
    "text": "x = 'text'",
    "text as a line of its own": "x = x\n    'text'",
    "bytes": "x = b'text'",
    "formatted text": "x = f'{x}'",
    "imaginary number": "x = 1j",
    "dots": "x = ...",
    "list": "x = [x]",
    "set": "x = {x}",
    "dictionary": "x = {x: y}",
    "comprehension": "x = [v for v in x]",
    "generator": "x = (v for v in x)",
    "lambda": "x = lambda: x",
    "function inside": "def g(x):\n        return x",
    "class inside": "class C:\n        x = x",
    "walrus": "x = (y := x)",
    "if": "if x:\n        x = y",
    "if expression": "x = x if y else y",
    "for": "for v in x:\n        x = v",
    "while": "while x:\n        x = y",
    "with": "with x:\n        x = y",
    "try": "try:\n        x = y\n    except x:\n        x = y",
    "raise": "raise x",
    "assert": "assert x",
    "delete": "del x",
    "global": "global z",
    "nonlocal": "nonlocal z",
    "yield": "yield x",
    "await": "x = await y",
    "match": "match x:\n        case 1:\n            x = y",
    "and": "x = x and y",
    "not": "x = not x",
    "is": "x = x is y",
    "in": "x = x in y",
    "bits": "x = x ^ y",
    "whole division": "x = x // y",
    "add in place": "x += y",
    "annotation": "x: int = y",
    "star in a call": "x = f(*y)",
    "two stars in a call": "x = f(**y)",
    "star in an assignment": "x, *y = x",
    "call of a subscript": "x = y[0](x)",
    "call of a call": "x = f(x, y)(x)",
    "call of an argument": "x = y(x)",
    "call of a builtin": "x = print(x)",
    "call of numpy": "x = np(x)",
    "call and nothing else": "f(x, y)",
    "numpy that reads files": "x = np.load(x)",
    "numpy that writes files": "x = np.save(x, y)",
    "numpy's text": "x = np.fromstring(x)",
    "numpy's modules": "x = np.lib.npyio",
    "numpy's other modules": "x = np.ctypeslib.load_library(x, y)",
    "numpy's functions of functions": "x = np.vectorize(y)",
    "numpy into a given array": "x = np.exp(x, out=y)",
    "numpy of another type": "x = np.ones_like(x, dtype=y)",
    "numbers of another type": "x = np.full_like(x, 1, float)",
    "numpy of another shape": "x = np.ones_like(x, shape=y)",
    "numpy itself": "x = np",
    "numpy under another name": "np = x",
    "a function of numpy, uncalled": "x = np.exp",
    "a builtin, uncalled": "x = eval",
    "a builtin under a function's name": "f = eval",
    "a builtin in a tuple under a function's name": "f, y = eval, x",
    "a name that nobody made": "x = unknown",
    "a name that is made later": "x = later\n    later = y",
    "an entry that is set": "x[0] = y",
    "an attribute that is set": "x.T = y",
    "a function that is set": "f.x = y",
}


@pytest.mark.parametrize("case", INSIDE)
def test_no_function_has_such_a_line(case):
    with pytest.raises(ProgramError) as caught:
        check_program(body(INSIDE[case]))
    assert "\n" not in str(caught.value)


WHOLE = {
    "import of something else": "import os\n",
    "import of numpy and more": "import numpy as np, os\n",
    "import under another name": "import numpy\n",
    "import of a part": "import numpy.lib as np\n",
    "import from numpy": "from numpy import exp\n",
    "import of everything": "from numpy import *\n",
    "a value at the top": "x = 1\n",
    "a call at the top": f"{HEAD}def f(x):\n    return x\n\n\nf(1)\n",
    "an addition at the top": f"{HEAD}np.add.at(np, 1, 1)\n",
    "an addition at the top that calls a function": (
        f"{HEAD}def f(x):\n    return x\n\n\nnp.add.at(f, f(1), 1)\n"
    ),
    "a loop at the top": "while 1:\n    pass\n",
    "a class": "class C:\n    pass\n",
    "text that is no docstring": f"{HEAD}'text'\n",
    "decorator": f"{HEAD}@np.sum\ndef f(x):\n    return x\n",
    "decorator of its own": f"{HEAD}def g(x):\n    return x\n\n\n@g\ndef f(x):\n    return x\n",
    "async": "async def f(x):\n    return x\n",
    "star argument": "def f(*x):\n    return x\n",
    "two star argument": "def f(**x):\n    return x\n",
    "positional only": "def f(x, /):\n    return x\n",
    "keyword only": "def f(*, x):\n    return x\n",
    "annotation": f"{HEAD}def f(x: np.sum(1)):\n    return x\n",
    "annotation of the result": f"{HEAD}def f(x) -> np.sum(1):\n    return x\n",
    "default with a call": f"{HEAD}def f(x=np.exp(1)):\n    return x\n",
    "default with a call of a function that comes later": (
        "def f(x=exit()):\n    return x\n\n\ndef exit():\n    return 1\n"
    ),
    "default that takes for ever": "def f(x=9**9**9**9):\n    return x\n",
    "default in brackets with a call": f"{HEAD}def f(x=(1, np.exp(1))):\n    return x\n",
    "default in brackets within brackets": "def f(x=(1, (2, 3))):\n    return x\n",
    "default that is a name": "def f(x=eval):\n    return x\n",
    "private function": "def _f(x):\n    return x\n",
    "private argument": "def f(_x):\n    return _x\n",
    "argument called np": f"{HEAD}def f(np):\n    return np.exp(1)\n",
    "function called np": f"{HEAD}def np(x):\n    return x\n",
    "argument with a function's name": "def g(x):\n    return x\n\n\ndef f(g):\n    return g(1)\n",
    "a function that calls itself": "def f(x):\n    return f(x)\n",
    "functions that call each other": (
        "def f(x):\n    return g(x)\n\n\ndef g(x):\n    return f(x)\n"
    ),
    "a power that takes for ever": "def f(x):\n    return x + 9 ** 9 ** 9\n",
    "numpy into a given array, by place": f"{HEAD}def f(x):\n    return np.exp(x, x)\n",
    "numpy of another type, by place": f"{HEAD}def f(x):\n    return np.sum(x, 0, x)\n",
    "a function twice": "def f(x):\n    return x\n\n\ndef f(x):\n    return -x\n",
    "text in a call": f"{HEAD}def f(x):\n    return np.sum(x, axis='0')\n",
    "zero byte": "def f(x):\n    return x\0\n",
    "half of a letter": "def f(x):\n    return '\ud800'\n",
    "no Python": "def f(x:\n",
    "too deep": f"def f(x):\n    return {'(' * 5000}x{')' * 5000}\n",
    "too deep by signs": f"def f(x):\n    return {'-' * 100000}x\n",
    "argument in other letters": "def f(ª):\n    return ª + б\n",
}


@pytest.mark.parametrize("case", WHOLE)
def test_no_program_is_so(case):
    with pytest.raises(ProgramError) as caught:
        check_program(WHOLE[case])
    assert "\n" not in str(caught.value)


def letters(text):
    """Write a text without quotation marks: as the sum of calls of chr, by another name."""
    return " + ".join(f"c({ord(letter)})" for letter in text)


def test_builtins_do_not_come_in_under_the_names_of_functions():
    # Each name that is called is a function of the program; but the name is set anew before.
    text = (
        "def c(x):\n    return x\n\n\ndef e(x):\n    return x\n\n\n"
        f"def step(x):\n    c = chr\n    e = eval\n    return e({letters('40 + 2')})\n"
    )
    with pytest.raises(ProgramError):
        check_program(text)


def test_builtins_do_not_come_in_as_defaults_before_the_function_of_that_name():
    text = (
        f"def f(x=eval({letters('40 + 2').replace('c(', 'chr(')})):\n    return x\n\n\n"
        "def eval(x):\n    return x\n\n\ndef chr(x):\n    return x\n"
    )
    with pytest.raises(ProgramError):
        check_program(text)


def test_a_program_is_run_without_builtins():
    program = Program(Description.read("2-1 sigmoid"), OPTIMIZERS["sgd"]())
    scope = program.functions["step"].__globals__
    builtins = scope["__builtins__"]
    names = builtins if isinstance(builtins, dict) else vars(builtins)
    assert not {"eval", "exec", "open", "getattr"} & set(names)


GOOD = {
    "docstrings": f'"""What it is."""\n\n{HEAD}def f(x):\n    """More."""\n    return x\n',
    "plain defaults": "def f(x, y=0.5, z=1, w=-1e-5):\n    return x * y / z + w\n",
    "several numbers": f"{HEAD}def f(x, y=(0.5, 1)):\n    return np.full_like(x, y)\n",
    "running sums": f"{HEAD}def f(x):\n    return np.cumsum(x, axis=1)\n",
    "calls of its own": "def f(x):\n    return g(x, z=1)\n\n\ndef g(x, z):\n    return x\n",
    "two values": "def f(x):\n    a, b = x, -x\n    return a, b\n",
    "slices and shapes": "def f(x):\n    n = x.shape[1]\n    return x[:, 0] / n, x.T\n",
    "comparisons": f"{HEAD}def f(x):\n    return np.where(x >= 0, x < 1, x > 2)\n",
    "rows": f"{HEAD}def f(x):\n    return np.sum(x, axis=1, keepdims=True) + np.max(x)\n",
    "a name that a builtin has too": "def f(x):\n    sum = x + 1\n    return sum\n",
}


@pytest.mark.parametrize("case", GOOD)
def test_what_programs_need_may_stand_in_them(case):
    check_program(GOOD[case])


@pytest.mark.parametrize("name", sorted(NUMPY_NAMES))
def test_the_listed_functions_of_numpy_are_harmless_and_there(name):
    check_program(f"{HEAD}def f(x):\n    return np.{name}(x)\n")
    function = getattr(np, name)
    assert isinstance(function, np.ufunc) or function in (
        np.max,
        np.min,
        np.sum,
        np.where,
        np.ones_like,
        np.cumsum,
        np.full_like,
        np.zeros_like,
        np.hstack,
        np.intp,
    )


@same_examples
@given(descriptions(dtypes=("float32", "float64")), all_optimizers)
def test_every_written_program_passes(description, optimizer):
    assume(keeps_its_constraints(description, optimizer))
    check_program(Program(description, optimizer).source)


@same_examples
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    for program in (text, body(text)):
        assert "\n" not in answer_to(program)


def answer_to(program):
    """Give the reason for which a text is refused, or nothing."""
    try:
        check_program(program)
    except ProgramError as error:
        return str(error)
    return ""


def test_a_description_made_to_abuse_the_writer_ends_at_the_lock():
    class Evil(float):
        def __repr__(self):
            return "__import__('os').getpid()"

    layer = LAYERS["LayerNorm"](epsilon=Evil(0.5))
    program = Program(
        Description(2, (layer, LAYERS["Dense"](1))), checks.example(OPTIMIZERS["sgd"])
    )
    with pytest.raises(ProgramError):
        _ = program.functions
