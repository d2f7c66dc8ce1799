"""Activations that a user registers: checked first, and then like all others."""

from __future__ import annotations

import inspect
import subprocess
import sys

import numpy as np
import pytest

import checks
import glassnet as gn
from glassnet.allowlist import check_program
from glassnet.description import Description
from glassnet.errors import DescriptionError, ModelFileError
from glassnet.program import Program
from glassnet.rules.activations import ACTIVATIONS
from glassnet.rules.layers import Dense
from glassnet.rules.optimizers import SGD


@pytest.fixture(autouse=True)
def _the_table_as_before():
    before = dict(ACTIVATIONS)
    yield
    ACTIVATIONS.clear()
    ACTIVATIONS.update(before)


def bump(z):
    """A hill at 0."""
    return np.exp(-z * z)


def bump_slope(z, a):
    return -2 * z * a


WIDTH = 2.0


def wide(z):
    return np.tanh(z / WIDTH)  # a name that a program does not have


def wide_slope(z, a):
    return (1 - a * a) / WIDTH


def program_with(name):
    return Program(Description(3, (Dense(4, name), Dense(2, name)), dtype="float64"), SGD())


def hold(name):
    program = program_with(name)
    check_program(program.source)
    checks.check_all(program, checks.inputs_for(program))
    return program


def test_a_function_of_a_file_stands_in_the_program_as_it_was_written():
    gn.register_activation("bump", bump, bump_slope, formula="exp(−z²)")
    program = hold("bump")
    assert "def bump(z):" in program.source
    assert "A hill at 0." in program.source
    assert program.lines[1].equation == "a1 = exp(−z1²)"


def test_a_function_that_reads_other_names_is_written_anew():
    gn.register_activation("wide", wide, wide_slope)
    program = hold("wide")
    assert "WIDTH" not in program.source
    assert "/ 2.0" in program.source


def test_a_lambda_without_a_text_is_written_anew_and_saved(tmp_path):
    scope = {"np": np}
    exec("f = lambda z: np.where(z > 1, 2 * z - 1, z * z)", scope)
    exec("g = lambda z, a: np.where(z > 1, 2 + 0 * z, 2 * z)", scope)
    with pytest.raises(OSError):
        inspect.getsource(scope["f"])
    gn.register_activation("bent", scope["f"], scope["g"], kinks=[1], gain="he")
    program = hold("bent")
    saved = program.save(tmp_path / "step.py")
    inputs = checks.inputs_for(program)
    np.savez(tmp_path / "inputs.npz", **inputs)
    text = (
        "import inspect, sys, numpy as np, step\n"
        "given = np.load('inputs.npz')\n"
        "names = inspect.signature(step.gradients).parameters\n"
        "loss = step.gradients(*(given[n] for n in names))[0]\n"
        "assert 'glassnet' not in sys.modules\n"
        "print(float(loss).hex())\n"
    )
    (tmp_path / "main.py").write_text(text)
    made = subprocess.run(
        [sys.executable, "main.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert saved.exists()
    assert made.stdout.strip() == float(checks.call(program, "gradients", inputs)["loss"]).hex()


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_an_own_activation_trains_traces_and_is_explained(engine):
    gn.register_activation("wavy", lambda z: z + np.tanh(z) * 0.5, lambda z, a: 1 + 0.5 * (
        1 - np.tanh(z) * np.tanh(z)))  # fmt: skip
    random = np.random.RandomState(0)
    X, y = random.standard_normal((30, 2)), random.standard_normal((30, 1))
    net = gn.Network("2-4-1 wavy", random_state=0, dtype="float64")
    history = net.fit(X, y, epochs=4, optimizer=gn.SGD(0.05), engine=engine, verbose=False)
    assert history.engine == engine
    assert history.loss[-1] < history.loss[0]
    assert "tanh" in str(net.trace(X[:3], y[:3]).explain("a1[0, 0]"))
    assert net.check_gradients(X, y).passed


def test_a_slope_may_be_a_number():
    gn.register_activation("double", lambda z: 2 * z, lambda z, a: 2)
    hold("double")


REFUSED = {
    "a wrong slope": (("off", bump, lambda z, a: -z * a), "differences of the function give"),
    "a wrong slope far out": (
        ("off", bump, lambda z, a: np.where(z > 5.5, z, -2 * z * a)),
        "differences of the function give",
    ),
    "no number": (("off", lambda z: np.log(z), lambda z, a: 1 / z), "is not a number at z = "),
    "a taken name": (("relu", bump, bump_slope), "glassnet has an activation 'relu'"),
    "no name": (("Bump!", bump, bump_slope), "must be lower-case letters"),
    "a word of Python": (("lambda", bump, bump_slope), "must be lower-case letters"),
    "a name of a program": (("gradients", bump, bump_slope), "cannot stand in a program"),
    "not a function": (("off", 3, bump_slope), "must be a function of z"),
    "no second argument": (("off", bump, lambda z: z), "must be a function of z and a"),
    "a function not all engines have": (
        ("off", lambda z: np.sin(z), lambda z, a: np.cos(z)),
        "cannot be done by every engine",
    ),
    "a sum": (
        ("off", lambda z: z - np.sum(z, axis=1, keepdims=True) + z, lambda z, a: 1),
        "no function of single numbers",
    ),
    "a branch": (
        ("off", lambda z: z if np.max(z) > 0 else z + 1, lambda z, a: 1),
        "cannot be done by every engine",
    ),
    "float64 of float32": (
        ("off", lambda z: np.maximum(z, 0), lambda z, a: np.where(z > 0, 1.0, 0.0)),
        "makes float64 of float32",
    ),
    "an unknown gain": (("off", bump, bump_slope), "gain"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_an_activation_is_refused_in_one_sentence(case):
    given, words = REFUSED[case]
    options = {"gain": "big"} if case == "an unknown gain" else {"kinks": [0]}
    before = dict(ACTIVATIONS)
    with pytest.raises(DescriptionError) as caught:
        gn.register_activation(*given, **options)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert before == ACTIVATIONS


def test_a_name_may_be_registered_again():
    gn.register_activation("mine", bump, bump_slope)
    gn.register_activation("mine", lambda z: 3 * z, lambda z, a: 3 + 0 * z)
    assert "exp" not in program_with("mine").source


def test_a_file_is_not_read_where_its_activation_is_not_registered(tmp_path):
    gn.register_activation("bump", bump, bump_slope)
    net = gn.Network("2-3-1 bump", random_state=0)
    net.save(tmp_path / "m.safetensors")
    assert gn.load(tmp_path / "m.safetensors").description == net.description
    del ACTIVATIONS["bump"]
    with pytest.raises(ModelFileError) as caught:
        gn.load(tmp_path / "m.safetensors")
    assert "unknown activation 'bump'" in str(caught.value)
    assert "gn.register_activation" in str(caught.value)
    assert "\n" not in str(caught.value)
