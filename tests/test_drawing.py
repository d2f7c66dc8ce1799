"""The drawing of a network: every number on it is one of the network's, and it can be read."""

from __future__ import annotations

import itertools
import re
import string
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glassnet as gn
from checks import inputs_for
from glassnet.errors import DataError, DescriptionError
from glassnet.program import Program
from glassnet.rules.layers import Dense
from glassnet.rules.optimizers import SGD
from glassnet.table import Preparation, Table
from glassnet.trace import prediction_values, trace_step
from glassnet.views.drawing.colours import DARK, LIGHT, contrast, light_of
from glassnet.views.drawing.layout import MOST_LINES
from glassnet.views.drawing.letters import width_of
from glassnet.views.drawing.parts import overlap
from strategies import descriptions, same_examples

SVG = "{http://www.w3.org/2000/svg}"
NAMED = re.compile(r"([A-Za-z_]\w*)(?:\[(\d+(?:, \d+)*)\])? = ([^\s,]+)")
PRINTED = re.compile(r"(?:b |d |wanted )?(−?(?:[\d.]+(?:e−?\d+)?|inf)|nan)")
RANDOM = np.random.RandomState(0)
X = RANDOM.standard_normal((6, 3))
Y = RANDOM.standard_normal((6, 2))
JOINED = (
    gn.Dense(5, "relu"),
    gn.BatchNorm(),
    gn.Dropout(0.4),
    gn.Dense(5),
    gn.Add("a1"),
    gn.LayerNorm(),
    gn.Activation("tanh"),
    gn.Concatenate("x"),
    gn.Dense(2),
)
NETWORKS = {
    "plain": (gn.Dense(4, "tanh"), gn.Dense(2)),
    "joined": JOINED,
    "wide": (gn.Dense(40, "relu"), gn.Dense(20, "relu"), gn.Dense(2)),
    "scaled": (gn.Scale(), gn.GaussianNoise(0.1), gn.Dense(3, bias=False), gn.PReLU(), gn.Dense(2)),
    "looked up": (gn.Embedding((1, 2), (4, 3), (2, 1)), gn.Dense(3, "silu"), gn.Dense(2)),
}


def network(*layers, seed=0, **options):
    """Give a network of 3 inputs and 2 outputs whose biases and other parameters are not 0."""
    net = gn.Network(3, *layers, **{"dtype": "float64", "random_state": seed, **options})
    random = np.random.RandomState(seed + 1)
    for name, value in net.weights.items():
        net.weights[name] = np.array(value) + random.uniform(0.01, 0.3, value.shape)
    return net


def rows_for(net):
    """Give X, with whole numbers where there are categories."""
    x = X.copy()
    for column, categories in net.description.categories.items():
        x[:, column] = np.arange(len(x)) % categories
    return x


# ---------------------------------------------------------------------- reading a drawing


def read(drawing):
    """Give the root of the SVG, which must be valid XML."""
    return ElementTree.fromstring(drawing.svg)


def titled(root, tag):
    """Give each element of a kind with its title."""
    found = root.iter(f"{SVG}{tag}")
    return [(item, item.find(f"{SVG}title").text) for item in found if len(item)]


def lines(root, name=""):
    """Give the lines that stand for a number of an array, or of any, by that number's name."""
    group = next(g for g in root if g.get("data-part") == "links")
    neurons = next(g for g in root if g.get("data-part") == "neurons")
    found = {}
    for part in (group, neurons):
        for item, title in titled(part, "line"):
            named = NAMED.fullmatch(title)
            if named and (not name or named[1] == name):
                element = title.split(" = ")[0]
                assert element not in found, f"{element} is drawn twice"
                found[element] = item
    return found


def number(text):
    return float(text.replace("−", "-"))


def walk_back(drawing, arrays, row, at=0, rtol=0.0):
    """Look up every number of a drawing in the arrays that it is said to be of; count them.

    Args:
        drawing: is looked through.
        arrays: by name.
        row: what the row that is drawn is called.
        at: where it stands in the arrays.
        rtol: how far they may be off, besides what rounding in print does.

    """
    names_of_rows = re.compile(r"d?([xyazhe]|keep|noise)\d*(_\d+)?$")

    def true(name, index):
        place = tuple(int(part) for part in index.split(", ")) if index else ()
        if names_of_rows.fullmatch(name):
            assert place[0] == row
            place = (at, *place[1:])
        return arrays[name][place]

    root, count = read(drawing), 0
    texts = [title.text for title in root.iter(f"{SVG}title")]
    legend = next(g for g in root if g.get("data-part") == "legend")
    texts += [" ".join(text.text for text in legend.iter(f"{SVG}text"))]
    for text in texts:
        assert text.count(" = ") == len(NAMED.findall(text)) or _is_equation(text)
        for name, index, shown in NAMED.findall(text) if not _is_equation(text) else ():
            value = true(name, index)
            np.testing.assert_allclose(value.dtype.type(number(shown)), value, rtol=rtol)
            count += 1
    for text in next(g for g in root if g.get("data-part") == "texts"):
        named = re.fullmatch(r"(\w+)(?:\[(.+)\])?", text.get("data-name", ""))
        shown = PRINTED.fullmatch(_letters(text))
        if named and shown:
            value = float(true(*named.groups()))
            rounded = [float(f"{value:.{digits - 1}e}") for digits in (1, 2, 3)]
            near = np.isclose(number(shown[1]), rounded, rtol=max(rtol, 1e-9), equal_nan=True)
            assert near.any(), (named[0], value, shown[1])
            count += 1
        else:  # what is no number of the network says what it is
            assert named or not re.search(r"\d\.\d", _letters(text)) or text.get("data-kind")
    return count


def _is_equation(text):
    """Whether a title is that of a skip, which names values and no numbers."""
    return bool(re.match(r"h\d+(_\d+)? = ", text))


def _letters(text):
    return "".join(text.itertext()).replace(text.findtext(f"{SVG}title") or "", "", 1)


def check_lines(drawing, net, most=16):
    """Check that each weight that can be seen has one line, as wide as it is large."""
    root, weights = read(drawing), {}
    for place, layer in enumerate(p for p in net.description.layers if isinstance(p, Dense)):
        w, b = f"W{place + 1}", f"b{place + 1}"
        value = np.array(net.values.by_name[w])
        shown = [
            range(size) if size <= most else [*range(-(-most // 2)), *range(size - most // 2, size)]
            for size in value.shape
        ]
        wanted = {f"{w}[{i}, {j}]": value[i, j] for i, j in itertools.product(*shown)}
        if layer.bias:
            wanted |= {f"{b}[{j}]": net.values.by_name[b][j] for j in shown[1]}
        found = lines(root, w) | lines(root, b)
        assert set(found) == set(wanted)
        weights |= {name: (wanted[name], item) for name, item in found.items()}
    ordered = sorted(weights.values(), key=lambda pair: abs(pair[0]))
    widths = [float(item.get("stroke-width")) for _, item in ordered]
    assert widths == sorted(widths)
    for value, item in weights.values():
        assert (item.get("stroke-dasharray") is not None) == (value < 0)
        role = "soft" if value == 0 else "below" if value < 0 else "above"
        assert item.get("stroke") == LIGHT[role]
        assert item.get("class") == f"stroke-{role}"
    return [value for value, _ in ordered], widths


def check_form(drawing):
    """Check that a drawing is whole in itself, and that nothing on it lies on something else."""
    text, root, layout = drawing.svg, read(drawing), drawing.layout
    assert text.replace("http://www.w3.org/2000/svg", "", 1).count("://") == 0
    for word in ("<script", "href", "@import", "url(", "<image", "<foreignObject", "<!ENTITY"):
        assert word not in text
    assert root.get("role") == "img"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == root.get("aria-label")
    assert root[1].tag == f"{SVG}desc"
    width, height = layout.width, layout.height
    boxes = [(item.text, item.box) for item in layout.texts]
    boxes += [(n.called, n.box) for n in layout.neurons]
    inside = {item.text for item in layout.texts if item.kind == "value"}
    for name, box in boxes:
        assert box[0] >= 0, name
        assert box[1] >= 0, name
        assert box[2] <= width, name
        assert box[3] <= height, name
    for (a, first), (b, second) in itertools.combinations(boxes, 2):
        assert not overlap(first, second) or inside & {a, b}, (a, b)
    top = max(box[3] for _, box in boxes)
    places = [key.y + 14 * n for key in layout.keys for n in range(len(key.lines))]
    assert all(b - a >= 12 for a, b in itertools.pairwise([top, *places]))
    assert max(places) < height
    for place in re.findall(r' (?:[xy][12]?|c[xy]|r)="([^"]+)"', text):
        assert re.fullmatch(r"-?\d+(\.\d)?", place)


# --------------------------------------------------------------------- whole networks


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_alone(name):
    net = network(*NETWORKS[name])
    drawing = net.draw()
    check_form(drawing)
    check_lines(drawing, net)
    assert walk_back(drawing, net.weights, 0) > len(drawing.layout.links) / 2
    assert all(neuron.value is None for neuron in drawing.layout.neurons)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_row_as_it_is_predicted(name):
    net = network(*NETWORKS[name])
    x = rows_for(net)
    drawing = net.draw(x, row=4)
    arrays = dict(net.weights) | prediction_values(net.values.program, {**net.weights, "x": x})
    check_form(drawing)
    check_lines(drawing, net)
    assert walk_back(drawing, arrays, 4, at=4, rtol=1e-12) > len(drawing.layout.links) / 2
    shown = [n.value.value for n in drawing.layout.neurons if n.column == last_of(drawing)]
    np.testing.assert_allclose(shown, net.predict(x)[4], rtol=1e-12)


def last_of(drawing):
    return max(neuron.column for neuron in drawing.layout.neurons)


@pytest.mark.parametrize("gradients", [False, True])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_row_in_a_step(name, gradients):
    net = network(*NETWORKS[name])
    x = rows_for(net)
    trace = net.trace(x, Y)
    drawing = net.draw(x, Y, row=3, gradients=gradients)
    assert trace.draw(row=3, gradients=gradients) == drawing
    check_form(drawing)
    check_lines(drawing, net)
    assert walk_back(drawing, trace, 3, at=3) > len(drawing.layout.links) / 2
    root = read(drawing)
    slopes = {n for n in lines(root) if n.startswith("d")}
    shown = {f"d{n}" for n in lines(root) if not n.startswith("d")}
    assert slopes == (shown if gradients else set())
    assert "loss = " in drawing.svg


@same_examples
@given(descriptions(), st.integers(2, 4), st.integers(0, 99), st.integers(1, 16))
def test_any_network(description, rows, seed, most):
    inputs = inputs_for(Program(description, SGD()), rows, seed, smooth=False)
    net = gn.Network(description)
    for name in net.weights:
        net.values.by_name[name][...] = inputs[name]
    row = seed % rows
    drawing = net.draw(most=most)
    check_form(drawing)
    check_lines(drawing, net, most)
    walk_back(drawing, net.weights, row)
    drawing = net.draw(inputs["x"], row=row, most=most)
    arrays = prediction_values(net.values.program, {**net.weights, "x": inputs["x"][row][None]})
    check_form(drawing)
    check_lines(drawing, net, most)
    walk_back(drawing, {**net.weights, **arrays}, row)
    trace = trace_step(net.values.program, inputs)
    drawing = trace.draw(row=row, most=most, gradients=True)
    check_form(drawing)
    check_lines(drawing, net, most)
    walk_back(drawing, trace, row, at=row)


# --------------------------------------------------------------------------- the numbers


def test_the_walk_finds_a_number_that_is_not_the_networks():
    net = network(*NETWORKS["plain"])
    drawing = net.draw(X)
    arrays = dict(net.weights) | prediction_values(net.values.program, {**net.weights, "x": X})
    walk_back(drawing, arrays, 0, rtol=1e-12)
    for name in ("W1", "b2", "a1", "z2"):
        with pytest.raises(AssertionError):
            walk_back(drawing, {**arrays, name: arrays[name] * 1.01}, 0, rtol=1e-12)


def test_widths_are_in_proportion():
    net = network(*NETWORKS["plain"])
    values, widths = check_lines(net.draw(), net)
    sizes = np.abs(values)
    thinnest, thickest = 0.5, 5.0
    wanted = thinnest + (thickest - thinnest) * sizes / sizes.max()
    np.testing.assert_allclose(widths, wanted, rtol=0.01)  # printed with three digits


def test_gradients_go_back():
    net = network(*NETWORKS["plain"])
    drawing = net.draw(X, Y, gradients=True)
    root, trace = read(drawing), net.trace(X, Y)
    slopes = lines(root, "dW1") | lines(root, "dW2") | lines(root, "db1") | lines(root, "db2")
    heads = [p for p in root.iter(f"{SVG}path") if "slope-" in p.get("class", "")]
    legend = next(g for g in root if g.get("data-part") == "legend")
    samples = [p for p in legend.iter(f"{SVG}path") if "slope-" in p.get("class", "")]
    assert len(heads) - len(samples) == len(slopes) == 12 + 8 + 4 + 2
    for name, item in slopes.items():
        array, index = re.fullmatch(r"(\w+)\[(.+)\]", name).groups()
        value = trace[array][tuple(map(int, index.split(", ")))]
        assert item.get("stroke") == LIGHT["slope-below" if value < 0 else "slope-above"]
        assert (item.get("stroke-dasharray") is not None) == (value < 0)
    # The tip of each head is where the weight's line begins.
    starts = {(i.get("x1"), i.get("y1")) for n, i in slopes.items() if n.startswith("dW1")}
    tips = {tuple(re.match(r"M(\S+) ([^L]+)L", p.get("d")).groups()) for p in heads}
    assert starts <= tips
    rims = [n.error for n in drawing.layout.neurons]
    assert [e.name for e in rims if e] == [
        *(f"dz1[0, {j}]" for j in range(4)),
        *(f"dz2[0, {j}]" for j in range(2)),
    ]


def test_a_neuron_tells_all_that_it_holds():
    net = network(*JOINED)
    trace = net.trace(X, Y)
    titles = [n.title for n in trace.draw(row=2, gradients=True).layout.neurons if n.column == 1]
    names = [line.split(" = ")[0] for line in titles[3].splitlines()]
    assert names == [
        "h1_2[:, 3]", "b1[3]", "db1[3]", "z1[2, 3]", "a1[2, 3]", "scale1[3]", "dscale1[3]",
        "shift1[3]", "dshift1[3]", "mean1[3]", "variance1[3]", "h1[2, 3]", "keep1[2, 3]",
        "h1_2[2, 3]", "dh1_2[2, 3]", "dh1[2, 3]", "da1[2, 3]", "dz1[2, 3]",
    ]  # fmt: skip


def test_dropout_and_batch_norm_are_those_of_what_is_drawn():
    net = network(*JOINED)
    kept = net.trace(X, Y)["keep1"][2] != 0
    assert not kept.all()
    dropped = [n.value.value == 0 for n in net.draw(X, Y, row=2).layout.neurons if n.column == 1]
    # A neuron is 0 where it was dropped; batch norm's own numbers are not.
    assert dropped == [not k for k in kept]
    predicted = net.draw(X, row=2)
    assert "Dropout(0.4), off" in predicted.svg.replace("\u00a0", " ")
    assert not any(n.value.value == 0 for n in predicted.layout.neurons if n.column == 1)


def test_a_table_is_looked_up():
    net = network(*NETWORKS["looked up"])
    x = rows_for(net)
    layout = net.draw(x, row=2).layout
    held = {n.place: [h.name for h in n.held] for n in layout.neurons if n.column == 1}
    assert held[0] == ["h0[2, 0]"]
    assert held[2] == ["E1[2, 1]", "e1[2, 1]", "h0[2, 2]"]
    ways = [(link.start.place, link.end.place) for link in layout.links if link.end.column == 1]
    assert ways == [(0, 0), (1, 1), (1, 2), (2, 3)]
    assert all(link.weight is None for link in layout.links if link.end.column == 1)


def test_skips_are_arcs_from_the_value_that_they_join():
    drawing = network(*JOINED).draw()
    columns = sorted({n.x for n in drawing.layout.neurons})
    skips = [(s.value, s.equation, s.start[0], s.end[0]) for s in drawing.layout.skips]
    assert skips == [
        ("a1", "h2 = z2 + a1", columns[1] + 6, columns[3] - 6),
        ("x", "h2_3 = a2 and x, side by side", columns[0] + 6, columns[4] - 6),
    ]
    root = read(drawing)
    arcs = [t for _, t in titled(root, "path")]
    assert arcs == [equation for _, equation, _, _ in skips]
    depths = [s.depth for s in drawing.layout.skips]
    assert depths[0] != depths[1]  # they overlap, so one goes below the other


def test_skips_one_after_the_other_share_a_level():
    layers = [gn.Dense(3, "relu"), gn.Dense(3), gn.Add("a1"), gn.Dense(3), gn.Add("h2")]
    first, second = network(*layers, gn.Dense(2)).draw().layout.skips
    assert first.depth == second.depth
    assert first.end[0] < second.start[0]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_crossed_and_named(value):
    net = network(*NETWORKS["plain"])
    net.values.by_name["W1"][1, 2] = value
    net.values.by_name["b2"][0] = value
    drawing = net.draw(X)
    shown = str(value).replace("-", "−")
    assert f"not finite: W1[1, 2] = {shown}, b2[0] = {shown}" in drawing.svg
    item = lines(read(drawing))["W1[1, 2]"]
    assert item.get("stroke") == LIGHT["ink"]
    assert item.get("stroke-dasharray") is None
    assert float(item.get("stroke-width")) == 5
    bad = sum(not n.value.is_finite for n in drawing.layout.neurons)
    assert bad >= 1
    crosses = re.findall(r'<path d="M\S+ \S+L\S+ \S+M\S+ \S+L\S+ \S+" fill="none"', drawing.svg)
    assert len(crosses) == 2 + bad + 1  # the lines, the neurons, and the legend's
    arrays = dict(net.weights) | prediction_values(net.values.program, {**net.weights, "x": X})
    walk_back(drawing, arrays, 0, rtol=1e-12)
    widths = [float(i.get("stroke-width")) for n, i in lines(read(drawing)).items() if "W2" in n]
    assert all(np.isfinite(widths))
    assert "nan" not in re.sub(r"<title>.*?</title>|>[^<]*<", "", drawing.svg)


def test_a_network_of_zeros():
    net = gn.Network(3, gn.Dense(2, weight_initializer=gn.Zeros()))
    drawing = net.draw(np.zeros((1, 3)))
    check_form(drawing)
    check_lines(drawing, net)


# ------------------------------------------------------------------------ large networks


def test_of_many_neurons_the_first_and_last_are_drawn_and_said():
    net = gn.Network("784-128-17-10 relu softmax", random_state=0)
    drawing = net.draw(np.random.RandomState(0).uniform(size=(1, 784)))
    layout = drawing.layout
    assert Counter(n.column for n in layout.neurons) == {0: 16, 1: 16, 2: 16, 3: 10}
    assert [n.place for n in layout.neurons if n.column == 1] == [*range(8), *range(120, 128)]
    texts = [text.text for text in layout.texts]
    for wanted in ("⋮ 768 more", "⋮ 112 more", "⋮ 1 more", "784 columns", "128 neurons, relu"):
        assert wanted in texts
    assert "drawn: 0–7, 120–127" in layout.description
    check_form(drawing)
    check_lines(drawing, net)


def test_fewer_where_asked():
    net = gn.Network("20-9-1 relu linear", random_state=0)
    layout = net.draw(most=5).layout
    assert [n.place for n in layout.neurons if n.column == 1] == [0, 1, 2, 7, 8]
    assert [n.place for n in net.draw(most=1).layout.neurons] == [0, 0, 0]
    check_lines(net.draw(most=5), net, 5)


def test_a_deep_network_has_no_more_lines_than_can_be_drawn():
    ten = gn.Network("-".join(["16"] * 11) + " tanh", random_state=0)
    assert len(ten.draw().layout.links) == 10 * 256
    assert "fewer neurons" not in ten.draw().svg
    deep = gn.Network("-".join(["16"] * 61) + " tanh", random_state=0)
    x = np.zeros((1, 16))
    for drawing in (deep.draw(), deep.draw(x, x, gradients=True)):
        drawn = sum(
            (link.weight is not None) + (link.gradient is not None) for link in drawing.layout.links
        )
        assert MOST_LINES * 0.7 < drawn <= MOST_LINES
        assert "fewer neurons are drawn" in drawing.svg
        check_form(drawing)


# -------------------------------------------------------------------------------- names


def test_names_of_the_table():
    X = np.array([[1.0, 2.0], [3.0, 5.0], [4.0, 1.0], [0.0, 2.0]])
    table = Table.from_arrays(
        X, ["no", "yes", "no", "yes"], names=["size", "weight"], target="ripe"
    )
    preparation = Preparation.learn(table, "ripe")
    labels = {}
    for form in ("2-3-2 tanh softmax", "2-3-1 sigmoid"):
        net = gn.Network(form, random_state=0)
        net.preparation = preparation
        texts = net.draw(preparation.features_of(table)).layout.texts
        labels[form] = [t.text for t in texts if t.kind == "label"]
        assert "scaled" in [t.text for t in texts]
    assert labels["2-3-2 tanh softmax"] == ["size", "weight", "no", "yes"]
    assert labels["2-3-1 sigmoid"] == ["size", "weight", "ripe: yes"]
    number = Table.from_arrays(X, [1.0, 2.5, 3.5, 1.5], target="price")
    net.preparation = Preparation.learn(number, "price")
    texts = [t.text for t in net.draw().layout.texts if t.kind == "label"]
    assert texts == ["x1", "x2", "price, scaled"]


@pytest.mark.parametrize("bold", [False, True])
def test_no_letter_is_wider_than_it_is_taken_for(bold):
    fonts = pytest.importorskip("matplotlib.font_manager")
    image_font = pytest.importorskip("PIL.ImageFont")
    chosen = fonts.FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")
    font = image_font.truetype(fonts.findfont(chosen), 1000)
    for letter in string.printable[:95] + "−·→⋮…×–éß":
        assert font.getlength(letter) <= width_of(letter, 1000, bold=bold), letter


def test_wide_captions_keep_apart():
    layers = [gn.Dense(1, "hard_sigmoid"), gn.GaussianNoise(0.123), gn.LayerNorm(epsilon=0.123456)]
    joins = [gn.Concatenate("x"), gn.Concatenate("h1"), gn.BatchNorm(0.25), gn.Concatenate("z1")]
    drawing = network(*layers, *joins, gn.Dense(2)).draw(X, input_names=list("abc"))
    assert any("…" in t.text for t in drawing.layout.texts if t.kind == "caption")
    check_form(drawing)


STRANGE = ["<b>&\"'", "a\x00b\nc", "价格" * 40, "m" * 300, "]]>", "\ud800"]


def test_strange_names_are_text_and_nothing_else():
    net = gn.Network(6, gn.Dense(6), random_state=0)
    drawing = net.draw(np.ones((1, 6)), input_names=STRANGE, output_names=STRANGE[::-1])
    check_form(drawing)
    drawing.svg.encode()
    titles = [title for _, title in titled(read(drawing), "text")]
    assert "<b>&\"': x[:, 0]" in titles
    assert "价格" * 40 + ": x[:, 2]" in titles
    for text in drawing.layout.texts:
        assert text.box[2] - text.box[0] < 200


def test_outputs_beside_what_was_wanted():
    net = network(*NETWORKS["plain"])
    layout = net.draw(X, Y, row=1).layout
    wanted = [t for t in layout.texts if t.number and t.number.name.startswith("y[")]
    assert [t.number.value for t in wanted] == Y[1].tolist()
    assert not [t for t in net.draw(X).layout.texts if t.text.startswith("wanted")]


def test_one_target_of_several_quantiles_is_said_below():
    net = network(gn.Dense(2, "ascending"), loss=gn.Quantile((0.1, 0.9)))
    drawing = net.draw(X, Y[:, 0], row=1)
    assert "wanted: y[1, 0] = " in drawing.svg
    walk_back(drawing, net.trace(X, Y[:, 0]), 1, at=1)


# -------------------------------------------------------------------------------- looks


def seen_by(kind, colour):
    """Give a colour as a dichromat sees it, as Viénot, Brettel and Mollon (1999) compute it."""
    light = np.array(light_of(colour))
    to_cones = np.array(
        [[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]]
    )
    cones = to_cones @ light
    if kind == "protanope":
        cones[0] = 2.02344 * cones[1] - 2.52581 * cones[2]
    if kind == "deuteranope":
        cones[1] = 0.494207 * cones[0] + 1.24827 * cones[2]
    return np.clip(np.linalg.solve(to_cones, cones), 0, 1)


def lab(light):
    """Give a colour by how people tell it from others (CIE Lab, D65)."""
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    t = to_xyz @ light / (to_xyz @ np.ones(3))
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eyes", ["usual", "protanope", "deuteranope"])
@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_can_be_told_apart(palette, eyes):
    def apart(a, b):
        return np.linalg.norm(lab(seen_by(eyes, palette[a])) - lab(seen_by(eyes, palette[b])))

    assert apart("above", "below") > 60
    assert apart("slope-above", "slope-below") > 60
    roles = ("above", "below", "slope-above", "slope-below")
    assert min(itertools.starmap(apart, itertools.combinations(roles, 2))) > 30


def test_the_simulation_sees_red_and_green_alike():
    distance = np.linalg.norm(
        lab(seen_by("deuteranope", "#d62728")) - lab(seen_by("deuteranope", "#7a8a1f"))
    )
    assert distance < 30


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_everything_stands_out_from_the_plate(palette):
    assert contrast(palette["ink"], palette["plate"]) > 12
    for role in ("soft", "above", "below", "slope-above", "slope-below"):
        assert contrast(palette[role], palette["plate"]) > 3


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_numbers_can_be_read_on_the_darkest_fill(palette):
    for role in ("above", "below"):
        mixed = [
            round(
                0.55 * int(palette[role][i : i + 2], 16)
                + 0.45 * int(palette["plate"][i : i + 2], 16)
            )
            for i in (1, 3, 5)
        ]
        assert contrast("#" + "".join(f"{part:02x}" for part in mixed), palette["ink"]) > 4.5


def test_every_colour_has_its_dark_form():
    drawing = network(*JOINED).draw(X, Y, gradients=True)
    assert LIGHT.keys() == DARK.keys()
    used = set(re.findall(r'(?:fill|stroke)="(#\w+)"', drawing.svg))
    assert used <= set(LIGHT.values())
    for item in read(drawing).iter():
        for use in ("fill", "stroke"):
            if item.get(use, "none") != "none":
                role = next(r for r, colour in LIGHT.items() if colour == item.get(use))
                assert f"{use}-{role}" in item.get("class").split()
    for role, colour in DARK.items():
        for use in ("fill", "stroke"):
            assert f".{use}-{role}{{{use}:{colour}}}" in drawing.svg
    style = drawing.svg.split("<style>")[1].split("</style>")[0]
    assert all(
        rule.startswith(".glassnet ") for rule in re.findall(r"[^{}]+(?={fill|{stroke)", style)
    )


# ---------------------------------------------------------------------------- the object


def test_the_same_network_is_the_same_text():
    first, second = (network(*JOINED).draw(X, Y, gradients=True) for _ in range(2))
    assert first.svg == second.svg == str(first) == first._repr_svg_()
    assert first == second
    assert first.svg in first._repr_html_()
    changed = network(*JOINED)
    weights = changed.weights["W2"].copy()
    weights[0, 0] += 1e-3
    changed.weights["W2"] = weights
    before, after = (n.draw().svg.splitlines() for n in (network(*JOINED), changed))
    assert len(before) == len(after)
    differ = [b for b, a in zip(before, after, strict=True) if b != a]
    assert all("W2[0, 0]" in line for line in differ)


def test_it_saves_itself(tmp_path):
    drawing = network(*NETWORKS["plain"]).draw(X, input_names=["<&", "b", "c"])
    assert drawing.save(tmp_path / "net.svg").read_text(encoding="utf-8") == drawing.svg
    page = drawing.save(str(tmp_path / "net.html")).read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert drawing.svg in page
    with pytest.raises(DataError, match=r"saved as \.svg or \.html, got 'net\.png'"):
        drawing.save("net.png")
    with pytest.raises(DataError, match="there is no folder"):
        drawing.save(tmp_path / "none" / "net.svg")


def test_a_drawing_is_no_view_of_weights_that_change():
    net = network(*NETWORKS["plain"])
    drawing, other = net.draw(), net.draw()
    other.svg  # noqa: B018 - is made now
    net.weights["W1"] = np.zeros((3, 4))
    assert drawing.svg == other.svg


def test_the_picture_in_the_docs_is_what_the_command_of_the_readme_draws():
    """Apart from last digits, which differ between processors."""
    X, y = gn.datasets.exam()
    drawn = gn.Network("2-3-1 sigmoid", random_state=0).draw(X, y, gradients=True).svg
    kept = (Path(__file__).parent.parent / "docs" / "pictures" / "exam.svg").read_text("utf-8")
    number_in = re.compile(r"(?<![#\w])−?\d+(?:\.\d+)?(?:e−?\d+)?")
    assert number_in.sub("0", kept) == number_in.sub("0", drawn)
    numbers = [[number(n) for n in number_in.findall(text)] for text in (kept, drawn)]
    np.testing.assert_allclose(*numbers, rtol=0.02, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"row": 1}, "no row 1: without X there is no row to draw"),
        ({"X": X, "row": 6}, "no row 6: X has the rows 0 to 5"),
        ({"X": X, "row": -1}, "no row -1"),
        ({"X": X, "row": 0.5}, "no row 0.5"),
        ({"X": X, "row": True}, "no row True"),
        ({"X": X, "y": Y, "row": 6}, "no row 6: the step has the rows 0 to 5"),
        ({"gradients": True}, "takes X and y, and X is missing"),
        ({"X": X, "gradients": True}, "takes X and y, and y is missing"),
        ({"y": Y}, "X is missing"),
        ({"X": X[:, :2]}, "X has 2 features, but this network is expecting 3"),
        ({"most": 0}, "most must be a whole number from 1 to 16"),
        ({"most": 17}, "got 17"),
        ({"input_names": ["a"]}, "input_names must be 3 names, one for each, got 1"),
        ({"output_names": "abc"}, "output_names must be 2 names, one for each, got 1"),
    ],
)
def test_what_cannot_be_drawn_is_refused(options, words):
    net = network(*NETWORKS["plain"])
    with pytest.raises((DataError, DescriptionError)) as caught:
        net.draw(**options)
    assert words in str(caught.value)


def test_the_network_is_not_changed():
    net = network(*JOINED)
    before = {name: np.array(value) for name, value in net.weights.items()}
    net.draw(X, Y, gradients=True)
    for name, value in net.weights.items():
        np.testing.assert_array_equal(value, before[name])
