"""Explanations in every form: each printed number is walked back to the trace and worked out."""

from __future__ import annotations

import json
import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import glassnet as gn
from glassnet.description import Description
from glassnet.explanation import explain
from glassnet.explanation.names import parsed
from glassnet.program import Program
from glassnet.rules.layers import Dense, LayerNorm
from glassnet.rules.optimizers import SGD
from glassnet.trace import trace_step
from glassnet.views.explanations.html import page
from strategies import descriptions, optimizers
from test_explanation import (
    FUNCTIONS,
    OPTIMIZERS,
    PAIRS,
    as_name,
    asked_for,
    elements,
    read_back,
    worked_out,
)
from test_trace import step_inputs

# -------------------------------------------------------------------- readers of the forms


class Reader(HTMLParser):
    """Reads HTML: the numbers with their names, the rows of calculations, and what stands open."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.numbers, self.rows, self.open, self.text = [], [], [], ""
        self.bare = ""  # text of a row that stands in no number

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        assert not {"src", "href", "action"} & set(attributes)
        if tag in ("meta",):
            return
        self.open.append(tag)
        if tag == "span":
            self.numbers.append([attributes["data-name"], attributes["data-value"], ""])
        if tag == "tr":
            self.text, self.bare = "", ""

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag == "tr":
            self.rows.append((self.text, self.bare))

    def handle_data(self, data):
        self.text += data
        if "span" in self.open:
            self.numbers[-1][2] += data
        else:
            self.bare += data


def read_html(text):
    assert "http" not in text
    assert "<script" not in text
    assert "@import" not in text
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader


def from_latex(text):
    r"""Give a formula of numbers as Python: \frac{a}{b} as ((a)/(b))."""
    out, place = "", 0
    text = text.replace("\\left|", "abs(").replace("\\right|", ")")
    text = text.replace("\\left\\lfloor ", "floor(").replace("\\right\\rfloor ", ")")
    text = re.sub(r"\\left|\\right|\\quad|\\\\|&|\n", "", text)
    text = re.sub(r"\\operatorname\{(\w+)\}", r"\1", text).replace("\\cdot", "*")
    text = text.replace("\\infty", "inf").replace("\\mathrm{nan}", "nan")
    while place < len(text):
        if text.startswith("\\frac", place):
            upper, place = group(text, place + 5)
            lower, place = group(text, place)
            out += f"(({from_latex(upper)})/({from_latex(lower)}))"
        elif text.startswith("\\sqrt", place):
            inner, place = group(text, place + 5)
            out += f"sqrt({from_latex(inner)})"
        elif text.startswith("^", place):
            inner, place = group(text, place + 1)
            out += f"**({from_latex(inner)})"
        else:
            out, place = out + text[place], place + 1
    return out.strip()


def group(text, place):
    assert text[place] == "{"
    depth = 0
    for end in range(place, len(text)):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        if not depth:
            return text[place + 1 : end], end + 1
    raise AssertionError("a bracket is never closed")


def check_latex(text):
    """Check that brackets and environments are closed in the order in which they were opened."""
    plain = re.sub(r"\\\\|\\[{}%&#$_]", "", text)
    depth = 0
    for letter in plain:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        assert depth >= 0
    assert depth == 0
    opened = []
    for what, name in re.findall(r"\\(begin|end)\{(\w+\*?)\}", plain):
        if what == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert opened == []
    assert len(re.findall(r"\\left(?![a-z])", plain)) == len(re.findall(r"\\right(?![a-z])", plain))
    assert plain.replace(r"\$", "").count("$") % 2 == 0
    assert plain.isascii(), sorted(set(re.findall(r"[^\x00-\x7f]", plain)))


# -------------------------------------------------------------------------- the checkers


def same(a, b):
    return a == b or (math.isnan(float(a)) and math.isnan(float(b)))


def check_printed(text, value):
    """A printed number is its value, rounded."""
    shown = read_back(text)
    if not math.isfinite(value) or not math.isfinite(shown):
        assert same(shown, value)
        return
    digits = max(len(re.sub(r"e.*|\D", "", text).lstrip("0")), 1)
    size = abs(value) or 1
    assert abs(shown - value) <= 0.51 * 10.0 ** (math.floor(math.log10(size)) + 1 - digits)


def known_values(trace, explanation):
    values = {step.name: step.value for step in explanation.steps}
    values |= {"m": len(trace["x"]), **trace.program.sizes}
    return values


def check_name(trace, explanation, name, value):
    """A name in a form stands for a number of the trace, and the value is that number."""
    known = known_values(trace, explanation)
    if name in known:
        assert same(float(value), known[name])
        return
    if re.fullmatch(r"[A-Za-z_][\w']*(\[[\d, ]+\])?", name) and parsed(name)[0] in trace:
        assert same(float(value), explain(trace, name).value)
        return
    if name.endswith(" more)"):
        return
    # What remains is a number of the text, or a small calculation, such as |a1[0, 2]| or a1 > 0.
    names = {as_name(known): number for known, number in known.items()}
    names |= {as_name(o.name): o.value for o in explanation.operands}
    found = worked_out(name, names)
    assert float(value) == pytest.approx(found, rel=1e-4, abs=1e-6, nan_ok=True), name


def check_html(trace, explanation):
    reader = read_html(explanation.html())
    for name, value, text in reader.numbers:
        check_name(trace, explanation, name, value)
        check_printed(text, float(value))
    for step in explanation.steps:
        shown = [row for row in reader.rows if row[0].endswith(f"={step.numbers}")]
        assert shown, (step.numbers, reader.rows)
        if step.numbers != step.result:  # no number stands there without its name
            bare = shown[0][1].replace("log(1 + ", "").replace("log1p", "").replace("expm1", "")
            assert not re.search(r"\d", bare.replace(step.name, "").replace("log2", "")), shown[0]
    for operand in explanation.operands:
        marked = [[operand.name, repr(operand.value), operand.result]]
        assert any(marked == [found] for found in reader.numbers)


def check_tree(trace, explanation, tree):
    """Work a tree out from its printed numbers."""
    if "operation" not in tree:
        check_name(trace, explanation, tree["name"], float(tree["value"]))
        return np.float64(read_back(tree["printed"]))
    name, parts = tree["operation"], tree["parts"]
    if name in ("greater", "greater_equal", "less", "less_equal"):
        for part in parts:
            check_tree(trace, explanation, part)
        return np.float64(tree["value"])
    if name == "where":
        return check_tree(trace, explanation, parts[1])
    found = [check_tree(trace, explanation, part) for part in parts]
    called = {"maximum": "max", "minimum": "min", "absolute": "abs", "rint": "round"}
    joined = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}
    values = {f"p{k}": value for k, value in enumerate(found)}
    if name in joined:
        return np.float64(worked_out(joined[name].join(values), values))
    if name in ("negative", "square"):
        return -found[0] if name == "negative" else found[0] ** 2
    assert called.get(name, name) in FUNCTIONS
    if name == "log1p" and abs(tree["parts"][0]["value"]) >= 1e-4:
        return np.log(1 + found[0])
    return np.float64(worked_out(f"{called.get(name, name)}({','.join(values)})", values))


def check_json(trace, explanation):
    plain = json.loads(json.dumps(explanation.as_dict(), allow_nan=False))
    assert same(float(plain["value"]), explanation.value)
    assert [step["printed"] for step in plain["steps"]] == [s.result for s in explanation.steps]
    for step, kept in zip(plain["steps"], explanation.steps, strict=True):
        assert same(float(step["value"]), kept.value)
        with np.errstate(all="ignore"):
            got = check_tree(trace, explanation, step["tree"])
        assert got == pytest.approx(worked_out(kept.numbers), rel=1e-12, nan_ok=True)
    for operand, kept in zip(plain["operands"], explanation.operands, strict=True):
        assert operand["name"] == kept.name
        assert operand["origin"] == kept.origin
        check_name(trace, explanation, operand["name"], operand["value"])


def check_markdown(trace, explanation):
    text = explanation.markdown()
    blocks = re.findall(r"```text\n(.*?)\n```", text, re.DOTALL)
    assert len(blocks) == len(explanation.steps)
    for block, step in zip(blocks, explanation.steps, strict=True):
        together = re.sub(r"\s+", " ", block)
        name, *parts = re.split(r" = ", together)
        assert name.strip() == step.name
        assert parts[0] == step.letters
        assert parts[-1] == step.result
        if len(parts) == 3:
            assert same(worked_out(parts[1]), worked_out(step.numbers))
    rows = re.findall(r"^\| `([^`]+)` \| (\S+) \|", text, re.MULTILINE)
    assert rows == [(o.name.replace("|", "∣"), o.result) for o in explanation.operands]
    for name, result in rows:
        check_printed(result, explain(trace, name).value)


def check_latex_numbers(explanation):
    text = explanation.latex()
    check_latex(text)
    blocks = re.findall(r"\\begin\{align\*\}\n(.*?)\n\\end\{align\*\}", text, re.DOTALL)
    assert len(blocks) == len(explanation.steps)
    for block, step in zip(blocks, explanation.steps, strict=True):
        _, *parts = block.split("&= ")
        assert from_latex(parts[-1]).replace(" ", "").replace("-", "−") in (
            step.result.replace("e", "*10**(") + (")" if "e" in step.result else ""),
        )
        if step.numbers != step.result:
            got, wanted = worked_out(from_latex(parts[1])), worked_out(step.numbers)
            assert got == pytest.approx(wanted, rel=1e-9, abs=1e-300, nan_ok=True), block


def check_forms(trace, what):
    explanation = explain(trace, what)
    check_html(trace, explanation)
    check_json(trace, explanation)
    check_markdown(trace, explanation)
    check_latex_numbers(explanation)


def check_array(trace, name):
    explanation = explain(trace, name)
    reader = read_html(explanation.html())
    cells = [cell for row in explanation.array.cells for cell in row]
    assert [(n, float(v), t) for n, v, t in reader.numbers] == [
        (cell.name, cell.value, cell.result) for cell in cells
    ]
    for cell in cells:
        assert same(explain(trace, cell.name).value, cell.value)
        check_printed(cell.result, cell.value)
    plain = json.loads(json.dumps(explanation.as_dict(), allow_nan=False))
    assert plain["value"] is None
    assert [c["name"] for row in plain["array"]["cells"] for c in row] == [c.name for c in cells]
    check_latex(explanation.latex())
    for row in explanation.array.cells:
        joined = " | ".join(cell.result for cell in row)
        assert joined in explanation.markdown()
        assert re.search(r"\s+".join(re.escape(cell.result) for cell in row), str(explanation))


# ------------------------------------------------------------------------------- programs


@given(descriptions(("float32", "float64")), optimizers, st.integers(1, 9), st.integers(0, 9))
@settings(max_examples=12, deadline=None, derandomize=True)
def test_every_number_of_every_form_is_one_of_the_trace(description, optimizer, rows, seed):
    program = Program(description, optimizer)
    trace = trace_step(program, step_inputs(program, rows=rows, seed=seed))
    random = np.random.RandomState(seed)
    for name in trace:
        if random.rand() < 0.5:
            places = elements(trace, name, 2, random)
            check_forms(trace, asked_for(name, places[random.randint(len(places))]))
        if trace[name].size > 1:
            check_array(trace, name)


def net_and_trace():
    net = gn.Network("2-3-2 relu softmax", random_state=0)
    return net.trace([[0.5, 2.0], [1.0, -1.0]], [0, 1], optimizer="adam")


@pytest.mark.parametrize("what", ["W1'[0, 1]", "loss", "dz1[0, 0]", "a2[1, 1]", "dW1[1, 2]"])
def test_usual_numbers_in_every_form(what):
    check_forms(net_and_trace(), what)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_what_every_optimizer_keeps_in_every_form(optimizer):
    limit = 1.0 if optimizer.line() else None
    layers = (Dense(3, "tanh"), LayerNorm(), Dense(2, l2=0.1, max_norm=limit))
    program = Program(Description(2, layers), optimizer)
    trace = trace_step(program, step_inputs(program, rows=3))
    for name in trace:
        if trace.line_of(name) is not None and (name.endswith("'") or "norm" in name):
            shape = trace[name].shape
            check_forms(trace, asked_for(name, tuple(size - 1 for size in shape)))


@pytest.mark.parametrize(("activation", "loss"), PAIRS, ids=str)
def test_every_activation_and_loss_in_every_form(activation, loss):
    hidden_one = "tanh" if activation == "exp" else activation
    layers = (Dense(2, hidden_one), Dense(3, activation))
    program = Program(Description(2, layers, loss, "float64"), SGD(0.1))
    trace = trace_step(program, step_inputs(program, rows=2))
    for name in ("a1", "z2", "loss", f"d{program.logits}", "dz1"):
        shape = trace[name].shape
        check_forms(trace, asked_for(trace.name_of(name), tuple(size - 1 for size in shape)))


def test_a_wrong_number_in_a_form_would_be_found():
    trace = net_and_trace()
    explanation = explain(trace, "z1[0, 1]")
    text = explanation.html()
    name, value = re.search(r'data-name="(x\[0, 0\])" data-value="([^"]+)"', text).groups()
    with pytest.raises(AssertionError):
        check_name(trace, explanation, name, float(value) + 1e-9)
    with pytest.raises(AssertionError):
        check_printed("0.51", float(value))
    with pytest.raises(AssertionError):
        check_latex(explanation.latex().replace("\\end{align*}", ""))
    with pytest.raises(AssertionError):
        check_latex(explanation.latex().replace("{", "", 1))


def test_names_and_signs_are_escaped_in_html():
    explanation = net_and_trace().explain("dz1[0, 0]")
    assert "a1[0, 0] &gt; 0" in explanation.html()
    assert explanation._repr_html_() == explanation.html()
    whole = page("a < b & c", [explanation])
    assert "<title>a &lt; b &amp; c</title>" in whole
    read_html(whole.removeprefix("<!doctype html>"))


def test_html_has_no_colours_of_its_own():
    style = re.search(r"<style>(.*?)</style>", net_and_trace().explain("a2").html(), re.DOTALL)[1]
    assert not re.search(r"#[0-9a-f]{3}|rgb|white(?!-space)|black", style)
    assert "color: inherit" in style


@pytest.mark.parametrize("what", ["W1'[0, 1]", "loss", "a2[1, 1]"])
def test_a_typesetter_can_read_the_formulas(what):
    mathtext = pytest.importorskip("matplotlib.mathtext")
    parser = mathtext.MathTextParser("path")
    latex = net_and_trace().explain(what).latex()
    for block in re.findall(r"\\begin\{align\*\}\n(.*?)\n\\end", latex, re.DOTALL):
        for row in re.split(r"\\\\", block):
            parser.parse(f"${row.replace('&', '').strip()}$")
