"""Explanations: every printed line is worked out again, by a reader that knows nothing of ours."""

from __future__ import annotations

import ast
import json
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import glassnet as gn
from glassnet.description import Description
from glassnet.errors import DescriptionError
from glassnet.explanation import explain, printed
from glassnet.explanation.reader import Reader
from glassnet.program import Program
from glassnet.rules.activations import ACTIVATIONS
from glassnet.rules.averages import EMA
from glassnet.rules.layers import Activation, BatchNorm, Dense, Dropout, LayerNorm
from glassnet.rules.optimizers import OPTIMIZERS as TABLE
from glassnet.rules.optimizers import SGD, Adam, AdamW, RMSprop
from glassnet.trace import trace_step
from strategies import ALL_LOSSES, descriptions, goes_with, optimizers
from test_trace import step_inputs

# --------------------------------------------------------- the reader of printed arithmetic

FUNCTIONS = {
    "erfc": lambda x: np.float64(math.erfc(x)),
    "erf": lambda x: np.float64(math.erf(x)),
    "cos": np.cos,
    "log2": np.log2,
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.rint,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "abs": np.abs,
    "sign": np.sign,
    "max": max,
    "min": min,
}
BINARY = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}
COMPARE = {ast.Gt: lambda a, b: a > b, ast.GtE: lambda a, b: a >= b}


def worked_out(text, names=None):
    """Read printed arithmetic as Python and work it out in float64."""
    tree = ast.parse(as_python(text), mode="eval")
    with np.errstate(all="ignore"):
        return float(_value(tree.body, {"nan": math.nan, "inf": math.inf, **(names or {})}))


def as_python(text):
    text = re.sub(r"\w+'*\[[\d, ]+\]", lambda found: as_name(found[0]), text).replace("'", "_after")
    text = text.replace("−", "-").replace("·", "*").replace("²", "**2").replace("√", "sqrt")
    text = text.replace("^", "**")
    text = text.replace("≥", ">=")
    pieces, before = [], "("
    for letter in text:
        opens = before in "(,+-*/|"
        pieces.append({True: "abs(", False: ")"}[opens] if letter == "|" else letter)
        before = before if letter == " " else "|" if letter == "|" and opens else letter
        before = ")" if letter == "|" and not opens else before
    return "".join(pieces)


def as_name(element):
    return re.sub(r"\W+", "_", element.replace("'", "_after")).strip("_")


def _value(node, names):
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return np.float64(node.value)
    if isinstance(node, ast.Name):
        return np.float64(names[node.id])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, names)
    if isinstance(node, ast.BinOp):
        return BINARY[type(node.op)](_value(node.left, names), _value(node.right, names))
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        holds = COMPARE[type(node.ops[0])]
        return np.float64(holds(_value(node.left, names), _value(node.comparators[0], names)))
    if isinstance(node, ast.Call) and not node.keywords:
        return FUNCTIONS[node.func.id](*(_value(part, names) for part in node.args))
    raise AssertionError(f"{ast.dump(node)} is no arithmetic")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.5·(−1.2) + 0.1", -0.5),
        ("1 / (1 + exp(−|−2|))", 1 / (1 + math.exp(-2))),
        ("|−1|·|2 − |−4||", 2),
        ("(−3)² − √(4)", 7),
        ("max(−1, 2.5e−3, 0)", 0.0025),
        ("2·3 / (4·5)", 0.3),
    ],
)
def test_the_reader_reads_what_is_printed(text, value):
    assert worked_out(text) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize("text", ["open('x')", "[1]", "1 if 1 else 2", "f.x", "'a'"])
def test_the_reader_reads_nothing_else(text):
    with pytest.raises((AssertionError, AttributeError, KeyError, SyntaxError)):
        worked_out(text)


# --------------------------------------------------------------------------- the checkers


def read_back(text):
    return float(text.replace("−", "-"))


def check_numbers(step):
    """Work out the printed numbers of a step; give whether it says that rounding hides them."""
    got, result = worked_out(step.numbers), read_back(step.result)
    if any("on the way" in words for words in step.words):
        largest = max(abs(read_back(n)) for n in re.findall(r"[\d.]+(?:e−?\d+)?", step.numbers))
        assert not math.isfinite(result) or abs(got - result) <= 1e-5 * max(largest, 1), step
        return True
    if not math.isfinite(result) or result == 0:
        assert got == result or (math.isnan(got) and math.isnan(result)), step
        return False
    last = 10.0 ** (math.floor(math.log10(abs(result))) - step.digits + 1)
    assert abs(got - result) <= last / 2 * (1 + 1e-6), step
    assert len(re.sub(r"e.*|\D", "", step.result).lstrip("0")) <= step.digits
    return False


def check_letters(explanation, trace, rtol):
    """Work out the letters of all steps, from the first to the last, with the trace's values."""
    names = {"m": len(trace["x"]), **trace.program.sizes}
    for operand in explanation.operands:
        names[as_name(operand.name)] = operand.value
    for step in explanation.steps:
        if " more)" in step.letters or not math.isfinite(step.value):
            names[as_name(step.name)] = step.value
            continue
        got = worked_out(step.letters, names)
        size = max([1e-3, *(abs(v) for v in names.values() if math.isfinite(v))])
        np.testing.assert_allclose(got, step.value, rtol=rtol, atol=rtol * size, err_msg=step)
        names[as_name(step.name)] = got


def check_form(explanation, trace):
    """Check what every explanation has: a text, and operands that can be explained in turn."""
    text = re.sub(r"\s+", " ", str(explanation))
    made = [step.name for step in explanation.steps]
    assert len(set(made)) == len(made)
    for step in explanation.steps:
        for part in (step.letters, step.numbers, step.result, *step.words):
            assert part in text
        written = re.findall(r"\bs\d+\b", step.letters)
        assert all(made.index(name) < made.index(step.name) for name in written)
    letters = [step.letters for step in explanation.steps]
    assert len(set(letters)) == len(letters)  # nothing is worked out twice
    assert max(map(len, str(explanation).splitlines())) <= 120
    for operand in explanation.operands:
        asked = trace.explain(operand.name)
        np.testing.assert_equal(asked.value, operand.value)
        assert operand.origin == asked.origin
        assert f"{operand.name} = {operand.result}" in text
    assert (
        json.loads(json.dumps(explanation.as_dict(), allow_nan=False))["what"] == explanation.what
    )


def elements(trace, name, most, random):
    """Give some elements of a value: the first, the last and others."""
    places = list(np.ndindex(*trace[name].shape))
    if len(places) <= most:
        return places
    others = random.choice(len(places), most - 2, replace=False)
    return [places[0], places[-1], *(places[k] for k in others)]


def asked_for(name, place):
    return f"{name}[{', '.join(str(int(k)) for k in place)}]" if len(place) else name


def check_all(program, inputs, most=3):
    """Check some elements of every value of a step; give how many steps rounding hides, and all."""
    trace = trace_step(program, inputs)
    rtol = 1e-9 if program.description.dtype == "float64" else 2e-4
    random, hidden, count = np.random.RandomState(0), 0, 0
    for name in trace:
        for place in elements(trace, name, most, random):
            explanation = explain(trace, asked_for(name, place))
            np.testing.assert_equal(explanation.value, float(trace[name][place]))
            assert bool(explanation.equation) == (trace.line_of(name) is not None)
            hidden += sum(check_numbers(step) for step in explanation.steps)
            count += len(explanation.steps)
            check_letters(explanation, trace, rtol)
            check_form(explanation, trace)
    return hidden, count


# ------------------------------------------------------------ every rule, every element class

LAYERS = {
    "plain": (),
    "norms": (BatchNorm(), Activation("relu"), Dropout(0.4), LayerNorm()),
}
PAIRS = [(a, loss) for a in ACTIVATIONS for loss in ALL_LOSSES if goes_with(a, loss)]
OPTIMIZERS = [
    SGD(0.1),
    SGD(0.1, momentum=0.9),
    SGD(0.1, momentum=0.5, nesterov=True),
    *(kind() for kind in TABLE.values()),
    RMSprop(momentum=0.5, centered=True),
    SGD(0.1, momentum=0.9, weight_decay=0.1),
    AdamW(0.1, weight_decay=0.1),
    SGD(0.1, weight_decay=0.1, clip_value=0.5, clip_norm=1.0, average=EMA(0.9)),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("activation", "loss"), PAIRS, ids=str)
def test_every_activation_and_loss(activation, loss, dtype):
    hidden_one = "tanh" if activation == "exp" else activation  # powers of powers hide all digits
    layers = (Dense(2, hidden_one), Dense(3, activation))
    program = Program(Description(2, layers, loss, dtype), SGD(0.1))
    hidden, count = check_all(program, step_inputs(program, rows=3))
    assert hidden <= 0.02 * count


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_every_layer_and_optimizer(optimizer, dtype):
    layers = (Dense(4), *LAYERS["norms"], Dense(2, "tanh"))
    program = Program(Description(3, layers, dtype=dtype), optimizer)
    hidden, count = check_all(program, step_inputs(program, rows=4))
    assert hidden <= 0.02 * count


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("last", ["softmax", "sigmoid", "ascending"])
def test_long_sums(last, layers, dtype):
    described = Description(20, (Dense(30), *layers, Dense(12, last)), dtype=dtype)
    program = Program(described, Adam(0.01))
    hidden, count = check_all(program, step_inputs(program, rows=25), most=2)
    assert hidden <= 0.05 * count


@given(descriptions(("float32", "float64")), optimizers, st.integers(1, 6), st.integers(0, 9))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_any_network(description, optimizer, rows, seed):
    program = Program(description, optimizer)
    inputs = step_inputs(program, rows=rows, seed=seed)
    if seed % 2:
        inputs["w"] = np.linspace(0, 1, rows + 1, dtype=description.dtype)[1:, None]
    check_all(program, inputs, most=2)


@given(descriptions(("float32", "float64")), optimizers, st.integers(1, 6))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_the_graph_gives_the_values_of_the_trace(description, optimizer, rows):
    program = Program(description, optimizer)
    trace = trace_step(program, step_inputs(program, rows=rows))
    for name in trace:
        if trace.line_of(name) is not None:
            reader = Reader(trace, name)
            found = np.asarray(reader.values.array(reader.node))
            assert found.dtype == trace[name].dtype
            np.testing.assert_allclose(found, trace[name], rtol=1e-6, atol=1e-30)


def test_values_that_are_not_finite_are_explained():
    program = Program(Description.read("2-3-2 relu softmax"), Adam())
    inputs = step_inputs(program, rows=3)
    with np.errstate(all="ignore"):
        inputs["W1"] = inputs["W1"] * np.float32(3e38)
        inputs["b2"][0] = np.nan
    check_all(program, inputs, most=9)


def test_a_wrong_number_would_be_found():
    trace = small_trace()
    step = trace.explain("z1[0, 2]").steps[-1]
    assert not check_numbers(step)
    for wrong in (
        {"numbers": step.numbers.replace("·", "+", 1)},
        {"result": printed(step.value * 1.001, step.digits)},
    ):
        with pytest.raises(AssertionError):
            check_numbers(type(step)(**{**vars(step), **wrong}))


# ------------------------------------------------------------------------ what is printed


def small_trace(text="2-3-2 sigmoid softmax", rows=3):
    program = Program(Description.read(text), SGD(0.5))
    return trace_step(program, step_inputs(program, rows=rows))


def test_a_weighted_sum():
    assert str(small_trace().explain("z1[0, 2]")).splitlines()[:7] == [
        "z1[0, 2] = −2.1296: weighted sums of the inputs, plus a bias",
        "  line      z1 = x @ W1 + b1",
        "  equation  z1 = x · W1 + b1",
        "",
        "  z1[0, 2] = x[0, 0]·W1[0, 2] + x[0, 1]·W1[1, 2] + b1[2]",
        "           = 1.76·(−0.21) + 0.4·(−2.55) + (−0.74)",
        "           = −2.1296",
    ]


def test_what_was_given_says_what_it_is():
    trace = small_trace()
    assert trace.explain("x[1, 0]").origin == "data, row 1 of the batch"
    assert trace.explain("y[2, 1]").origin == "what is wanted, row 2 of the batch"
    assert trace.explain("w[0]").origin == "weight of row 0: 1/m = 1/3"
    assert (trace.explain("w[0]").letters, trace.explain("w[0]").numbers) == ("1 / m", "1 / 3")
    assert trace.explain("learning_rate").origin == "given: the size of a step"
    weight = trace.explain("W1[0, 2]")
    assert weight.origin == "a weight before this step, trained"
    assert weight.remarks[0].startswith("after the step: W1'[0, 2] = ")
    assert weight.letters == weight.numbers == ""
    assert trace.explain("m").result == "3"
    assert trace.explain("n2").origin == "the number of neurons of layer 2"


def test_what_was_given_is_printed_in_full():
    trace = small_trace()
    for name in ("x", "W1", "b2"):
        for place in np.ndindex(*trace[name].shape):
            text = trace.explain(asked_for(name, place)).result
            assert np.float32(read_back(text)) == trace[name][place]
    assert trace.explain("y[0, 0]").result == "1"


def test_the_update_is_asked_for_with_a_prime():
    explanation = small_trace().explain("W1'[0, 2]")
    assert explanation.letters == "W1[0, 2] − learning_rate·dW1[0, 2]"
    assert explanation.origin == "W1 = W1 - learning_rate * dW1"


@pytest.mark.parametrize(
    ("optimizer", "names"),
    [
        (SGD(0.1, momentum=0.9), ["velocity_W1'[0, 2]", "W1'[0, 2]"]),
        (
            Adam(),
            ["mean_W1'[0, 2]", "s1", "square_W1'[0, 2]", "s2", "s3", "W1'[0, 2]"],
        ),
    ],
)
def test_an_update_shows_the_optimizers_own_quantities(optimizer, names):
    program = Program(Description.read("2-3-2 sigmoid softmax"), optimizer)
    trace = trace_step(program, step_inputs(program))
    steps = {step.name: step for step in trace.explain("W1'[0, 2]").steps}
    assert list(steps) == names
    for name in [name for name in names if "'" in name]:
        assert steps[name].value == float(trace[name.partition("[")[0]][0, 2])
    if isinstance(optimizer, Adam):
        assert steps["s1"].letters == "mean_W1'[0, 2] / correction1"
        assert steps["s1"].words == ("corrected by correction1",)
        assert steps["s3"].words[0] == "the step"
        assert steps["W1'[0, 2]"].letters == "W1[0, 2] − s3"


def test_an_inner_sum_is_a_step_with_a_name():
    steps = small_trace().explain("a2[0, 1]").steps
    assert [(step.name, step.letters) for step in steps] == [
        ("s1", "max(z2[0, 0], z2[0, 1])"),
        ("s2", "exp(z2[0, 0] − s1) + exp(z2[0, 1] − s1)"),
        ("a2[0, 1]", "exp(z2[0, 1] − s1) / s2"),
    ]


def test_what_the_same_line_makes_is_named():
    program = Program(Description(2, (Dense(3), LayerNorm(), Dense(1))), SGD())
    explanation = trace_step(program, step_inputs(program)).explain("h1[0, 1]")
    assert explanation.letters == "normal1[0, 1]·scale1[1] + shift1[1]"


def test_a_comparison_is_said_in_words():
    trace = small_trace("2-3-2 relu softmax")
    place = np.argwhere(trace["a1"] > 0)[0]
    explanation = trace.explain(asked_for("dz1", place))
    a1, da1 = asked_for("a1", place), asked_for("da1", place)
    assert explanation.letters == f"{da1}·({a1} > 0)"
    assert explanation.numbers.endswith("·1")
    value = printed(float(trace["a1"][*place]), 5)
    assert explanation.steps[-1].words == (f"{a1} > 0 counts as 1: {a1} = {value} is above 0",)


def test_a_choice_shows_the_form_that_was_taken():
    trace = small_trace()
    above = explain(trace, asked_for("a1", np.argwhere(trace["z1"] >= 0)[0]))
    below = explain(trace, asked_for("a1", np.argwhere(trace["z1"] < 0)[0]))
    assert above.letters.startswith("1 / (1 + exp(−|z1")
    assert "is at least 0" in above.steps[-1].words[0]
    assert below.letters == "s1 / (1 + s1)"
    assert "is below 0" in below.steps[-1].words[0]


def test_a_long_sum_shows_its_largest_terms():
    trace = small_trace("20-2-2 tanh softmax")
    explanation = trace.explain("z1[0, 1]")
    shown = [int(k) for k in re.findall(r"x\[0, (\d+)\]", explanation.letters)]
    sizes = np.abs(trace["x"][0] * trace["W1"][:, 1])
    assert sorted(shown) == sorted(np.argsort(-sizes)[:6])
    assert "(14 more)" in explanation.letters


def test_a_linear_layer_is_explained_by_its_sum():
    trace = small_trace("2-3-2 relu linear")
    explanation = trace.explain("a2[0, 1]")
    assert explanation.what == "z2[0, 1]"
    assert explanation.remarks[0].startswith("a2 is z2: this layer is linear")


def test_rounding_is_named_where_it_shows():
    program = Program(Description.read("1-1 tanh"), SGD())
    one = np.ones((1, 1), np.float32)
    inputs = {"x": 3 * one, "y": one, "w": one, "W1": one / 10, "learning_rate": 0.1}
    trace = trace_step(program, {**inputs, "b1": np.array([-0.3], np.float32)})
    step = trace.explain("z1[0, 0]").steps[-1]
    assert step.numbers == "3·0.100000001 + (−0.300000012)"
    assert step.result == "0"
    assert step.words == ("these numbers give −9e−9: float32 rounds on the way",)
    trace = trace_step(program, {**inputs, "b1": np.array([-0.299999], np.float32)})
    step = trace.explain("z1[0, 0]").steps[-1]
    assert step.words == ("float32 has no more digits of this: the rest is rounding",)


# ------------------------------------------------------------------------- what is asked for


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("W9[0, 0]", "unknown value 'W9'"),
        ("dW1[0]", r"dW1 has the shape \(2, 3\), which takes 2 indexes, got 1"),
        ("loss[0]", r"loss has the shape \(\), which takes 0 indexes, got 1"),
        ("dW1[2, 0]", r"dW1 has the shape \(2, 3\): there is no 2 in an axis of 2"),
        ("dW1[0, -4]", r"there is no -4 in an axis of 3"),
        ("dW1[0, 1", "cannot read 'dW1\\[0, 1': write a name and an index, as in"),
        ("dW1[0.5, 1]", "cannot read"),
        ("__import__('os')", "cannot read"),
        ("", "cannot read ''"),
        (None, "cannot read None"),
    ],
)
def test_what_cannot_be_explained_says_why(what, message):
    with pytest.raises(DescriptionError, match=message):
        small_trace().explain(what)


def test_an_index_may_be_written_as_in_python():
    trace = small_trace()
    assert trace.explain(" dW1[ -1,2 ] ").what == "dW1[1, 2]"
    assert trace.explain("w[1, 0]") == trace.explain("w[1]")
    assert trace.explain("loss").what == "loss"


def test_a_whole_array_is_shown_with_its_line():
    trace = small_trace()
    explanation = trace.explain("a2")
    assert math.isnan(explanation.value)
    assert explanation.origin == "a2 = softmax(z2)"
    for row, cells in enumerate(explanation.array.cells):
        for column, cell in enumerate(cells):
            assert cell.name == f"a2[{row}, {column}]"
            assert cell.value == trace["a2"][row, column]
            assert cell.result == printed(cell.value, 5)
    assert explanation.array.left_out == 0
    text = str(explanation)
    assert text.startswith("a2 is an array of shape (3, 2): turns a row of numbers into shares")
    assert text.endswith("ask for one of its numbers, as in 'a2[1, 1]'")


@pytest.mark.parametrize(
    ("name", "shown", "says"),
    [
        ("x", (6, 6), "shown are the first 6 of 9 rows and the first 6 of 20 columns; 144 numbers"),
        ("W2", (6, 2), "shown are the first 6 of 10 rows; 8 numbers are left out"),
        ("b1", (1, 6), "shown are the first 6 of 10 numbers; 4 numbers are left out"),
        ("w", (6, 1), "shown are the first 6 of 9 rows; 3 numbers are left out"),
    ],
)
def test_of_a_large_array_a_corner_is_shown(name, shown, says):
    explanation = small_trace("20-10-2 tanh softmax", rows=9).explain(name)
    corner = explanation.array
    assert (len(corner.cells), len(corner.cells[0])) == shown
    assert corner.left_out == math.prod(corner.shape) - math.prod(shown)
    assert explanation.remarks[0].startswith(says)
    assert says in str(explanation)


def test_an_array_of_one_number_needs_no_index():
    trace = small_trace("2-3-1 tanh sigmoid", rows=1)
    assert trace.explain("a2").what == "a2[0, 0]"
    assert trace.explain("b2").what == "b2[0]"


@pytest.mark.parametrize("number", ["a1[0, 1]", "dz1[1, 0]"])
def test_a_gelu_is_explained_by_erfc_and_not_by_its_polynomials(number):
    net = gn.Network("2-3-1 gelu linear", random_state=0)
    trace = net.trace([[1.0, -2.0], [0.3, 0.4]], [[0.0], [1.0]])
    explained = trace.explain(number)
    assert "erfc(" in str(explained)
    assert len(str(explained).splitlines()) < 20
