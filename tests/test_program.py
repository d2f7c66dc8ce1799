"""The written program: the whole step against loops and differences, and the text itself."""

from __future__ import annotations

import ast
import runpy
import subprocess
import sys
import traceback
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import checks
from checks import call
from glassnet import program as program_module
from glassnet.allowlist import check_program
from glassnet.description import Description
from glassnet.errors import DescriptionError
from glassnet.program import Program, Role
from glassnet.rules import activations
from glassnet.rules.layers import Activation, BatchNorm, Dense, Dropout, LayerNorm
from glassnet.rules.losses import LOSSES
from glassnet.rules.optimizers import LBFGS, SGD, Adam
from glassnet.rules.schedules import Cosine
from strategies import (
    all_optimizers,
    descriptions,
    keeps_its_constraints,
    optimizers,
    same_examples,
)

ROOT = Path(__file__).parent.parent


def net(inputs, *layers, loss="", optimizer=SGD(0.1), dtype="float64"):
    return Program(Description(inputs, layers, loss, dtype), optimizer)


NETWORKS = {
    "one layer": net(3, Dense(2)),
    "one neuron": net(1, Dense(1, "sigmoid")),
    "exam": net(2, Dense(3, "sigmoid", bias=False), Dense(1, "sigmoid", bias=False)),
    "deep": net(3, *(Dense(n, "tanh") for n in (5, 4, 3)), Dense(2, "linear")),
    "relu softmax": net(2, Dense(6, "relu"), Dense(3, "softmax"), optimizer=Adam()),
    "softmax inside": net(3, Dense(4, "softmax"), Dense(3, "softmax"), loss="half_squared_error"),
    "logits": net(3, Dense(4, "tanh"), Dense(3), loss="cross_entropy"),
    "yes and no": net(3, Dense(4, "relu"), Dense(2, "sigmoid"), loss="binary_cross_entropy"),
    "added up": net(3, Dense(4, "sigmoid"), Dense(2, "tanh"), loss="half_squared_error_sum"),
    "batch norm": net(
        4, Dense(8), BatchNorm(), Activation("relu"), Dense(3, "softmax"), optimizer=SGD(0.1, 0.9)
    ),
    "batch norm first": net(3, BatchNorm(0.3, 0.01), Dense(2, "tanh"), optimizer=Adam()),
    "layer norm": net(4, Dense(6, "relu"), LayerNorm(), Dense(2), optimizer=SGD(0.1, 0.9, True)),
    "layer norm first": net(4, LayerNorm(0.1), LayerNorm(), Dense(2)),
    "dropout": net(4, Dense(6, "relu"), Dropout(0.5), Dense(3, "softmax"), optimizer=Adam()),
    "dropout first": net(4, Dropout(0.2), Dropout(0.3), Dense(2, "sigmoid")),
    "activation first": net(3, Activation("tanh"), Dense(2)),
    "activations in a row": net(
        3, Dense(4, "relu"), Activation("tanh"), Activation("linear"), Dense(2), Activation("tanh")
    ),
    "linear at the end": net(3, Dense(3, "sigmoid"), Activation("linear"), loss="cross_entropy"),
    "norm before softmax": net(3, Dense(3), LayerNorm(), Activation("softmax")),
    "dropout of the outputs": net(3, Dense(3), Dropout(0.3), Activation("linear")),
    "everything": net(
        3,
        BatchNorm(),
        Dense(5, "relu", bias=False),
        LayerNorm(),
        Dropout(0.25),
        Dense(4),
        BatchNorm(),
        BatchNorm(momentum=0.5),
        Activation("sigmoid"),
        Dropout(0.1),
        Dense(3, "softmax"),
        optimizer=Adam(Cosine(0.1), beta1=0.8),
    ),
    "by L-BFGS": net(3, Dense(4, "tanh"), Dense(2), optimizer=LBFGS()),
}
every_network = pytest.mark.parametrize("name", NETWORKS)


def is_tied(program):
    return program.description.ties_rows


# ------------------------------------------------------------------- against loops and slopes


@every_network
@pytest.mark.parametrize("rows", [1, 2, 7])
def test_a_whole_step_is_that_of_the_loops(name, rows):
    program = NETWORKS[name]
    checks.check_loops(program, checks.inputs_for(program, rows))


@every_network
def test_every_gradient_is_that_of_central_differences(name):
    program = NETWORKS[name]
    checks.check_central(program, checks.inputs_for(program, 6))


@every_network
def test_every_gradient_is_that_of_the_complex_step(name):
    program = NETWORKS[name]
    checks.check_complex(program, checks.inputs_for(program, 6))


@every_network
def test_gradients_in_float32_are_near_float64(name):
    program = NETWORKS[name]
    checks.check_float32(program, checks.inputs_for(program, 30))


@every_network
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_value_has_its_type_shape_and_name(name, dtype):
    of = NETWORKS[name].description
    program = Program(Description(of.inputs, of.layers, of.loss, dtype), NETWORKS[name].optimizer)
    inputs = checks.inputs_for(program, 5)
    checks.check_types(program, inputs)
    checks.check_trace(program, inputs)


@same_examples
@given(descriptions(), optimizers, st.integers(2, 6), st.integers(0, 99))
def test_any_network_is_right(description, optimizer, rows, seed):
    program = Program(description, optimizer)
    inputs = checks.inputs_for(program, rows, seed)
    checks.check_loops(program, inputs)
    checks.check_all(program, inputs)


@same_examples
@given(descriptions(), st.integers(0, 99))
def test_any_network_is_right_for_a_batch_of_one_row(description, seed):
    program = Program(description, SGD())
    inputs = checks.inputs_for(program, 1, seed, smooth=False)
    checks.check_loops(program, inputs)
    checks.check_types(program, inputs)


# ----------------------------------------------------- what must not change, or change so much


def slopes_of(program, inputs):
    found = call(program, "gradients", inputs)
    return {name: found[name] for name in ("loss", *(f"d{p}" for p in program.parameter_shapes))}


def rowwise(program):
    """Give the names of the inputs that have a row for each row of the batch."""
    return program.names(Role.DATA, Role.WEIGHT, Role.RANDOM)


def with_rows(program, inputs, rows):
    return {**inputs, **{name: inputs[name][rows] for name in rowwise(program)}}


def assert_same(found, wanted):
    scale = max(1.0, *(float(np.max(np.abs(v))) for v in wanted.values()))
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-11, atol=1e-13 * scale, err_msg=name)


@every_network
def test_the_order_of_the_rows_changes_nothing(name):
    program = NETWORKS[name]
    inputs = checks.inputs_for(program, 8)
    shuffled = with_rows(program, inputs, np.random.RandomState(0).permutation(8))
    assert_same(call(program, "gradients", shuffled), call(program, "gradients", inputs))


@every_network
def test_a_row_twice_is_a_row_of_weight_two(name):
    program = NETWORKS[name]
    inputs = checks.inputs_for(program, 5)
    twice = with_rows(program, inputs, [0, 1, 2, 3, 4, 2])
    heavy = {**inputs, "w": inputs["w"] * np.array([[1], [1], [2], [1], [1]])}
    assert_same(call(program, "gradients", twice), call(program, "gradients", heavy))


@every_network
def test_rows_of_weight_zero_change_nothing(name):
    program = NETWORKS[name]
    inputs = checks.inputs_for(program, 5)
    padded = with_rows(program, inputs, [0, 1, 2, 3, 4, 0, 3])
    padded["w"] = padded["w"] * np.array([[1.0]] * 5 + [[0.0]] * 2)
    padded["x"] = padded["x"] + np.array([[0.0]] * 5 + [[7.0]] * 2)
    assert_same(call(program, "gradients", padded), call(program, "gradients", inputs))


@every_network
def test_two_halves_of_a_batch_add_up_to_the_whole(name):
    program = NETWORKS[name]
    inputs = checks.inputs_for(program, 7)
    first, second = (
        slopes_of(program, with_rows(program, inputs, rows)) for rows in (slice(0, 3), slice(3, 7))
    )
    whole = slopes_of(program, inputs)
    added = {key: first[key] + second[key] for key in whole}
    if not is_tied(program):
        assert_same(added, whole)
    else:  # the halves have means of their own
        assert any(not np.allclose(added[key], whole[key]) for key in whole)


@every_network
def test_weights_times_a_number_are_the_loss_times_that_number(name):
    program = NETWORKS[name]
    inputs = checks.inputs_for(program, 5)
    scaled = slopes_of(program, {**inputs, "w": 4 * inputs["w"]})
    wanted = {key: 4 * value for key, value in slopes_of(program, inputs).items()}
    assert_same(scaled, wanted)


@every_network
def test_a_rate_of_zero_changes_no_bit_of_a_parameter(name):
    program = NETWORKS[name]
    if not program.trains:
        assert "update" not in program.functions
        return
    inputs = {**checks.inputs_for(program, 5), "learning_rate": 0.0}
    after = call(program, "step", inputs)
    for parameter in program.parameter_shapes:
        np.testing.assert_array_equal(after[parameter], inputs[parameter])


@every_network
def test_nothing_that_is_given_is_written_to(name):
    program = NETWORKS[name]
    inputs = checks.inputs_for(program, 4)
    before = {k: np.copy(v) for k, v in inputs.items()}
    for function in program.functions.keys() & {"step", "predict", "gradients"}:
        call(program, function, inputs)
    for key, value in before.items():
        np.testing.assert_array_equal(inputs[key], value)


@every_network
def test_a_step_is_gradients_and_then_update(name):
    program = NETWORKS[name]
    if not program.trains:
        assert {"gradients", "predict"} <= set(program.functions)
        return
    inputs = checks.inputs_for(program, 4)
    slopes = call(program, "gradients", inputs)
    apart = {**slopes, **call(program, "update", {**inputs, **slopes})}
    for key, value in call(program, "step", inputs).items():
        np.testing.assert_array_equal(apart[key], value, err_msg=key)


def test_prediction_knows_no_dropout_and_the_running_statistics():
    program = NETWORKS["dropout"]
    plain = net(4, Dense(6, "relu"), Dense(3, "softmax"))
    inputs = checks.inputs_for(program, 4)
    found, wanted = (call(p, "predict", inputs)["outputs"] for p in (program, plain))
    np.testing.assert_array_equal(found, wanted)
    program = NETWORKS["batch norm"]
    inputs = checks.inputs_for(program, 6)
    whole = call(program, "predict", inputs)["outputs"]
    alone = call(program, "predict", {**inputs, "x": inputs["x"][:1]})["outputs"]
    np.testing.assert_allclose(alone, whole[:1], rtol=1e-13)


def test_training_makes_the_loss_smaller():
    program = net(2, Dense(8, "tanh"), Dense(2, "softmax"), optimizer=Adam(0.05))
    inputs = checks.inputs_for(program, 20)
    inputs |= {name: np.zeros_like(inputs[name]) for name in program.state_names}
    losses = []
    for step in range(1, 101):
        rates = program.rates_at(step, 0.0)
        inputs |= call(program, "step", {**inputs, **rates})
        losses.append(float(inputs["loss"]))
    assert losses[-1] < 0.2 * losses[0]


# ----------------------------------------------------------------------------- the text


def test_the_lines_of_a_small_network_read_as_they_should():
    program = net(2, Dense(3, "relu"), Dense(2, "softmax", bias=False))
    assert [line.text for line in program.lines] == [
        "z1 = x @ W1 + b1",
        "a1 = relu(z1)",
        "z2 = a1 @ W2",
        "a2 = softmax(z2)",
        "loss = cross_entropy(z2, y, w)",
        "dz2 = cross_entropy_error(a2, y, w)",
        "dW2 = a1.T @ dz2",
        "da1 = dz2 @ W2.T",
        "dz1 = da1 * relu_slope(z1, a1)",
        "dW1 = x.T @ dz1",
        "db1 = sum_over_batch(dz1)",
        "W1 = W1 - learning_rate * dW1",
        "b1 = b1 - learning_rate * db1",
        "W2 = W2 - learning_rate * dW2",
    ]


@every_network
def test_no_line_makes_what_nothing_reads(name):
    program = NETWORKS[name]
    wanted = {*call_names(program), "loss"}
    wasted = []
    for line in reversed(program.lines):
        if wanted & set(line.outputs):
            wanted |= set(line.code.co_names)
        else:
            wasted.append(line.text)
    shown = {f"{program.outputs} = "}  # outputs are there to be seen, even where no loss reads them
    assert [text for text in wasted if not any(text.startswith(s) for s in shown)] == []


def call_names(program):
    return set(checks.gives(program, "gradients")) | (
        set(checks.gives(program, "step")) if program.trains else set()
    )


@same_examples
@given(descriptions(dtypes=("float32", "float64")), all_optimizers)
def test_every_program_passes_the_second_lock_and_is_written_the_same_again(description, optimizer):
    assume(keeps_its_constraints(description, optimizer))
    program = Program(description, optimizer)
    check_program(program.source)
    again = Program(Description.from_json(description.to_json()), optimizer)
    assert again.source == program.source
    assert again.digest == program.digest
    assert [len(line.outputs) for line in program.lines] == [
        len(line.shapes) for line in program.lines
    ]


@same_examples
@given(descriptions(), all_optimizers)
def test_inputs_are_what_the_functions_take(description, optimizer):
    assume(keeps_its_constraints(description, optimizer))
    program = Program(description, optimizer)
    names = [item.name for item in program.inputs]
    assert len(names) == len(set(names))
    code = program.functions["step" if program.trains else "gradients"].__code__
    assert list(code.co_varnames[: code.co_argcount]) == names
    made = [name for line in program.lines for name in line.outputs]
    carried = {*program.names(Role.PARAMETER, Role.STATISTIC, Role.STATE)}
    for name in set(made):  # only the lines around the update change what is there already
        if made.count(name) > 1:
            assert name.removeprefix("d") in program.parameter_shapes
    assert set(made) & set(names) <= carried


def test_options_are_written_into_the_lines_only_where_they_are_not_the_usual_ones():
    source = net(3, BatchNorm(), LayerNorm(), Dense(2), optimizer=Adam()).source
    assert "epsilon=" not in source.split("# The rules")[0]
    source = net(
        3, BatchNorm(0.2, 0.01), LayerNorm(0.1), Dense(2), optimizer=SGD(0.1, 0.8, nesterov=True)
    ).source
    for text in ("w, epsilon=0.01)", "momentum=0.2)", "shift0_2, epsilon=0.1)", "momentum=0.8)"):
        assert text in source


def test_rules_stand_in_the_text_once_and_only_where_they_are_called():
    source = NETWORKS["everything"].source
    for rule in NETWORKS["everything"].rules:
        assert source.count(f"def {rule}(") == 1
    assert "def relu(" not in NETWORKS["deep"].source


def test_a_rule_is_not_taken_in_for_a_name_that_numpy_has_too(monkeypatch):
    # sigmoid calls np.exp, which is no call of a rule exp that stands beside it.
    monkeypatch.setattr(activations, "exp", lambda z: z, raising=False)
    assert "exp" not in net(2, Dense(2, "sigmoid"), Dense(1)).rules


def test_a_program_is_shown_in_tracebacks():
    program = NETWORKS["one layer"]
    inputs = checks.inputs_for(program, 3)
    inputs["W1"] = inputs["W1"][:-1]
    with pytest.raises(ValueError, match="matmul") as caught:
        call(program, "step", inputs)
    text = "".join(traceback.format_exception(caught.value))
    assert f'File "{program.filename}", line ' in text
    assert "z1 = x @ W1 + b1" in text
    assert program.filename.startswith("<glassnet program ")


def test_a_program_with_another_module_for_numpy_calls_that():
    called = []
    numpy = type("Numpy", (), {"tanh": staticmethod(lambda z: called.append(1) or np.tanh(z))})
    program = net(2, Dense(2, "tanh"), loss="half_squared_error_sum")
    inputs = checks.inputs_for(program)
    functions = program.functions_with(numpy)
    functions["predict"](*(inputs[name] for name in ("x", "W1", "b1")))
    assert called


def test_a_text_is_checked_once_however_often_its_functions_are_made(monkeypatch):
    checked = []
    monkeypatch.setattr(
        program_module, "check_program", lambda t: checked.append(t) or ast.parse(t)
    )
    for _ in range(2):  # equal programs, as the folds of a cross-validation have
        program = net(3, Dense(7, "tanh"), Dense(2), optimizer=SGD(0.12345))
        scopes = [program.functions_with(np)["step"].__globals__ for _ in range(2)]
    assert checked == [program.source]
    assert scopes[0] is not scopes[1]  # what one is run with is not seen by the other


# ------------------------------------------------------------------------- saved programs

RUN_SAVED = """
import runpy, sys
import numpy as np
inputs = dict(np.load(sys.argv[2]))
step = runpy.run_path(sys.argv[1])["step"]
names = step.__code__.co_varnames[:step.__code__.co_argcount]
given = [inputs[n] if inputs[n].ndim else float(inputs[n]) for n in names]
np.savez(sys.argv[3], *step(*given))
loaded = {name.split(".")[0] for name in sys.modules} - set(sys.stdlib_module_names)
print(*sorted(name for name in loaded if not name.startswith("_")))
"""


def test_a_saved_program_gives_the_same_bits_with_numpy_alone(tmp_path):
    program = net(
        3, Dense(5), BatchNorm(), Activation("tanh"), Dropout(0.3), Dense(3, "softmax"),
        optimizer=Adam(), dtype="float32",
    )  # fmt: skip
    inputs = checks.inputs_for(program, 6)
    saved = program.save(tmp_path / "saved.py")
    assert saved.read_text(encoding="utf-8") == program.source
    np.savez(tmp_path / "inputs.npz", **inputs)
    arguments = [str(tmp_path / name) for name in ("saved.py", "inputs.npz", "outputs.npz")]
    run = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", RUN_SAVED, *arguments],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ["numpy"]
    with np.load(tmp_path / "outputs.npz") as outputs:
        for saved_value, (name, value) in zip(
            outputs.values(), call(program, "step", inputs).items(), strict=True
        ):
            assert saved_value.tobytes() == np.asarray(value).tobytes(), name


def test_a_program_is_saved_as_python_only(tmp_path):
    with pytest.raises(DescriptionError, match=r"\.py"):
        NETWORKS["exam"].save(tmp_path / "exam.txt")


WRITTEN = runpy.run_path(str(ROOT / "programs" / "write.py"))
PROGRAMS, LOOPS = WRITTEN["PROGRAMS"], WRITTEN["LOOPS"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_programs_in_the_repository_are_what_is_written_today(name):
    path = ROOT / "programs" / name
    assert path.read_text(encoding="utf-8") == PROGRAMS[name].source, "run: make programs"


@pytest.mark.parametrize("name", LOOPS)
def test_the_loops_in_the_repository_are_what_is_written_today(name):
    path, (program, engine) = ROOT / "programs" / "loops" / name, LOOPS[name]
    assert path.read_text(encoding="utf-8") == program.source_for(engine), "run: make programs"


def test_no_other_programs_lie_in_the_repository():
    found = {path.name for path in (ROOT / "programs").glob("*.py")}
    assert found == {*PROGRAMS, "write.py", "__main__.py"}
    assert {path.name for path in (ROOT / "programs" / "loops").glob("*")} == set(LOOPS)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_programs_in_the_repository_are_right(name):
    of, optimizer = PROGRAMS[name].description, PROGRAMS[name].optimizer
    description = Description(of.inputs, of.layers, of.loss, "float64")
    program = Program(description, optimizer)
    inputs = checks.inputs_for(program, 3)
    if sum(p.size for p in map(np.asarray, inputs.values())) < 2000:
        checks.check_central(program, inputs)
    checks.check_loops(program, inputs)
    checks.check_types(program, inputs)


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_says_what_its_weights_are(loss):
    program = net(2, Dense(2), loss=loss)
    note = next(item.note for item in program.inputs if item.name == "w")
    assert ("sum of weights" in note) == (LOSSES[loss].rows == "mean")


def test_another_engine_gives_its_own_text():
    program = NETWORKS["exam"]
    assert program.source_for("numpy") == program.source
    with pytest.raises(DescriptionError, match="engine"):
        program.source_for("abacus")
