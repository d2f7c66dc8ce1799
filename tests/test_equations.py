"""A network as equations: each is that of a line, tied to it, and can be typeset."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings

import glassnet as gn
from glassnet.errors import DescriptionError
from glassnet.explanation.equations import Equations
from glassnet.lines import Line, Phase
from glassnet.program import Program
from glassnet.recording import made_by
from glassnet.rules.activations import ACTIVATIONS
from glassnet.rules.layers import Dense
from glassnet.rules.optimizers import LBFGS, OPTIMIZERS, SGD
from glassnet.views.explanations.equations import in_latex
from glassnet.views.explanations.formula import formula
from glassnet.views.explanations.names import name_in_latex
from strategies import ALL_LOSSES, descriptions, goes_with, optimizers
from test_explanation_forms import check_latex, read_html


def check_equations(program):
    equations = Equations(program)
    assert len(equations) == len(program.lines)
    rows = program.source.splitlines()
    for entry, line in zip(equations, program.lines, strict=True):
        assert entry.line is line
        assert rows[entry.number - 1].split("  #")[0].strip() == line.text
        check_formula(entry)
    numbers = [entry.number for entry in equations]
    assert numbers == sorted(set(numbers))
    latex = equations.latex()
    check_latex(latex)
    assert [int(n) for n in re.findall(r"\\tag\{(\d+)\}", latex)] == numbers
    assert [int(n) for n in re.findall(r"\\item\[(\d+)\]", latex)] == numbers
    text, markdown, html = str(equations), equations.markdown(), equations.html()
    read_html(html)
    assert [int(n) for n in re.findall(r'data-line="(\d+)"', html)] == numbers
    assert [int(n) for n in re.findall(r"line (\d+): ", text)] == numbers
    assert [int(n) for n in re.findall(r"\$ \| (\d+) \| `", markdown)] == numbers
    for entry in equations:
        assert f"line {entry.number}: {entry.line.text}" in text
        parts = entry.line.equation.split(";  ")  # how each of several values is made
        assert all(" ".join(part.split()) in " ".join(text.split()) for part in parts)
    plain = json.loads(json.dumps(equations.as_dict()))["equations"]
    assert [(e["number"], e["line"]) for e in plain] == [(e.number, e.line.text) for e in equations]
    typeset = equations._repr_latex_()
    assert typeset.startswith("$$")
    assert typeset.count("&&") == len(numbers)


def check_formula(entry):
    """Every value of the equation is in its formula, and nothing is left in plain letters."""
    latex = in_latex(entry)
    check_latex(latex)
    names = re.findall(r"[A-Za-z_]\w*", entry.line.equation, re.ASCII)
    for name in names:
        if name in entry.shapes:
            assert name_in_latex(name) in latex, (name, latex)
    assert latex.count(r"\frac") <= entry.line.equation.count("/")


@given(descriptions(), optimizers)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_the_equations_of_any_network(description, optimizer):
    check_equations(Program(description, optimizer))


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop", "lbfgs", "nadam"])
def test_a_network_gives_its_equations(optimizer):
    net = gn.Network("2-3-1 relu sigmoid")
    equations = net.equations(optimizer=optimizer)
    check_equations(equations.program)
    has_update = optimizer != "lbfgs"
    assert equations.phases == ("forward", "loss", "backward", "update")[: 3 + has_update]


def test_the_four_equations_of_backpropagation():
    found = {
        e.line.outputs[0]: in_latex(e) for e in gn.Network("2-3-2 sigmoid softmax").equations()
    }
    assert (
        found["dz2"]
        == r"\mathrm{d}z_{2} = w \cdot \left(\operatorname{softmax}\left(z_{2}\right) - y\right)"
    )
    assert found["da1"] == r"\mathrm{d}a_{1} = \mathrm{d}z_{2}\,W_{2}^{\top}"
    assert found["dz1"] == (
        r"\mathrm{d}z_{1} = \mathrm{d}a_{1} \odot \left(a_{1} \odot \left(1 - a_{1}\right)\right)"
    )
    assert found["dW1"] == r"\mathrm{d}W_{1} = x^{\top}\,\mathrm{d}z_{1}"
    assert found["db1"] == r"\mathrm{d}b_{1} = \sum \mathrm{d}z_{1}\text{ over the batch }"
    assert found["a1"] == r"a_{1} = \frac{1}{1 + \exp\left(-z_{1}\right)}"


@pytest.mark.parametrize(
    ("equation", "latex"),
    [
        ("a = b / c / d", r"a = \frac{\frac{b}{c}}{d}"),
        ("a = b · (c + 1) / 2n", r"a = b \cdot \frac{c + 1}{2\,n}"),
        ("a = −z1² / √2", r"a = -\frac{z_{1}^{2}}{\sqrt{2}}"),
        ("a = (1 − p)^2.0 · (−log p)", r"a = \left(1 - p\right)^{2.0} \cdot \left(-\log p\right)"),
        ("a = b / Σ exp(c)", r"a = \frac{b}{\sum \exp\left(c\right)}"),
        ("a = b / Σ c · d", r"a = b/\sum c \cdot d"),
        ("a = 1e-08 · 10⁻⁶", r"a = 1 \cdot 10^{-8} \cdot 10^{-6}"),
        ("a ← 1 where b ≥ 0, else c", r"a \leftarrow 1\text{ where }b \geq 0,\; \text{ else }c"),
    ],
)
def test_a_formula(equation, latex):
    line = Line(Phase.FORWARD, "a = f(b)", ("a",), ((),), equation, "")
    assert formula(line, {}) == latex


def test_no_letter_of_a_sentence_is_taken_for_a_value():
    """A formula's letters are renamed: a word such as "a" must not be one of them."""
    for loss in ALL_LOSSES:
        for activation in ACTIVATIONS:
            if goes_with(activation, loss):
                for line in Program(gn.Description(2, (Dense(3, activation),), loss), SGD()).lines:
                    assert not re.search(r"(for|of|each) [az]\d? (yes|no)\b", line.equation)
                    assert not re.search(r"[az]1 (yes|no)\b", line.equation)


def test_an_unknown_phase_is_refused():
    with pytest.raises(DescriptionError, match="unknown phase 'updat': did you mean 'update'"):
        gn.Network("1-1 linear").equations().text("updat")


@pytest.mark.parametrize("loss", ALL_LOSSES, ids=str)
def test_a_typesetter_can_read_all_formulas(loss):
    mathtext = pytest.importorskip("matplotlib.mathtext")
    parser = mathtext.MathTextParser("path")
    for activation in ACTIVATIONS:
        if goes_with(activation, loss):
            layers = (Dense(2, activation), Dense(3, activation))
            for entry in Equations(Program(gn.Description(2, layers, loss), SGD())):
                parser.parse(f"${in_latex(entry)}$")


def as_python(expression):
    """Write an equation's right side as Python; d|x| is a size and √x a root of one name."""
    for old, new in (("·", "*"), ("−", "-"), ("²", "**2"), ("sign(", "np.sign(")):
        expression = expression.replace(old, new)
    expression = re.sub(r"\|(\w+)\|", r"abs(\1)", expression).replace("max(", "np.maximum(")
    return re.sub(r"√(\w+)", r"np.sqrt(\1)", expression).replace("√(", "np.sqrt(")


UPDATES = [
    *(kind() for name, kind in OPTIMIZERS.items() if name != "lbfgs"),
    gn.SGD(0.1, momentum=0.9),
    gn.SGD(0.1, momentum=0.9, nesterov=True),
    gn.RMSprop(momentum=0.5),
    gn.RMSprop(centered=True),
    gn.RMSprop(momentum=0.5, centered=True),
]


@pytest.mark.parametrize("optimizer", UPDATES, ids=repr)
def test_the_equation_of_an_update_makes_all_that_its_line_makes(optimizer):
    """Worked out as it is written, it gives the weight and all that the optimizer keeps."""
    net = gn.Network("2-1 linear", dtype="float64", random_state=0)
    x, y = [[1.0, -2.0], [0.5, 3.0]], [1.0, -1.0]
    for _ in range(7):
        net.partial_fit(x, y, optimizer=optimizer)
    trace = net.trace(x, y, optimizer=optimizer)
    options = {"β1": "beta1", "β2": "beta2", "ε": "epsilon", "α": "alpha", "ρ": "rho"}
    known = {letter: getattr(optimizer, name, None) for letter, name in options.items()}
    known |= {"np": np, "momentum": getattr(optimizer, "momentum", None)}
    line = next(line for line in trace.lines if line.phase is Phase.UPDATE)
    results = dict(zip(line.outputs, made_by(trace, line), strict=True))
    known |= {name: trace[read] for name, read in trace.read_as(results["W1"]).items()}
    made = set()
    for part in line.equation.split(";  "):
        name, expression = re.split(" ← | = ", part)
        known[name] = eval(as_python(expression), {}, known)
        made.add(name)
    assert made >= set(line.outputs)
    for name, result in results.items():
        np.testing.assert_allclose(known[name], trace[result], rtol=1e-12)


def test_how_several_values_are_made_stands_in_rows():
    equations = gn.Network("1-1 linear").equations("adam")
    rows = str(equations).splitlines()
    place = rows.index("  mean_W1 ← β1 · mean_W1 + (1 − β1) · dW1")
    assert rows[place + 1] == "  square_W1 ← β2 · square_W1 + (1 − β2) · dW1²"
    assert rows[place + 2].startswith("  W1 ← W1 − learning_rate · (mean_W1 / correction1)")
    first = '<tr data-line="{}"><td><div><code>mean_W1 ← β1 · mean_W1 + (1 − β1) · dW1</code></div>'
    assert first.format(next(iter(equations.of_phase("update"))).number) in equations.html()
    update = equations.latex().split(r"\paragraph{update}")[1]
    block = update.partition(r"\end{align}")[0]
    assert (block.count(r"\tag"), block.count(r"\notag"), block.count(" &")) == (2, 4, 6)


def test_lbfgs_has_the_lines_of_its_gradients():
    check_equations(Program(gn.Description.read("2-2-1 tanh"), LBFGS()))
