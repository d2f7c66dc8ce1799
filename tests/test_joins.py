"""Layers that join: skip connections and tables of categories, their names, lines and refusals."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import checks
import glassnet as gn
from glassnet.allowlist import check_program
from glassnet.description import Description
from glassnet.engines import compiled
from glassnet.errors import DataError, DescriptionError, ProgramError
from glassnet.graph import gradient_graph, in_order
from glassnet.lines import Phase
from glassnet.naming import Names
from glassnet.program import Program, Role
from glassnet.rules.layers import Layer, Template
from glassnet.rules.optimizers import SGD, AdamW
from plain_loops import PlainEngine
from strategies import descriptions, same_examples
from test_engines import assert_same_gradients, work_for

RESIDUAL = (
    gn.Dense(4, "relu"),
    gn.Dense(4, "relu"),
    gn.Dense(4),
    gn.Add("a1"),
    gn.Activation("tanh"),
    gn.Dense(2),
)


def program_of(inputs, *layers, dtype="float64", optimizer=SGD()):
    return Program(Description(inputs, layers, dtype=dtype), optimizer)


def lines_of(program, start):
    return [line.text for line in program.lines if line.outputs[0].startswith(start)]


def held_to_everything(program):
    check_program(program.source)
    for rows in (1, 5):
        inputs = checks.inputs_for(program, rows)
        checks.check_loops(program, inputs)
        checks.check_all(program, inputs)


# -------------------------------------------------------------------------- skip connections


def test_the_lines_of_a_residual_block():
    texts = [line.text for line in program_of(2, *RESIDUAL).lines]
    assert texts[4:8] == ["z3 = a2 @ W3 + b3", "h3 = z3 + a1", "a3 = tanh(h3)", "z4 = a3 @ W4 + b4"]
    assert [text for text in texts if text.startswith(("dh", "da", "dz"))] == [
        "dz4 = mean_squared_error_slope(z4, y, w)",
        "da3 = dz4 @ W4.T",
        "dh3 = da3 * tanh_slope(h3, a3)",
        "dz3 = dh3",
        "da2 = dz3 @ W3.T",
        "dz2 = da2 * relu_slope(z2, a2)",
        "da1 = dz2 @ W2.T + dh3",
        "dz1 = da1 * relu_slope(z1, a1)",
    ]


@pytest.mark.parametrize(
    "layers",
    [
        RESIDUAL,
        (gn.Dense(3, "tanh"), gn.Add("x"), gn.Dense(2)),
        (gn.Dense(3), gn.Add("z1"), gn.Add("a1"), gn.Dense(2, "sigmoid")),
        (gn.Dense(3, "tanh"), gn.Add("z1"), gn.Dense(2)),
        (gn.Add("x"), gn.Concatenate("x"), gn.Dense(2)),
        (gn.Dense(3, "gelu"), gn.LayerNorm(), gn.Add("a1"), gn.Concatenate("h1"), gn.Dense(2)),
        (gn.Dense(3), gn.BatchNorm(), gn.Add("z1"), gn.PReLU(), gn.Add("h1_2"), gn.Dense(2)),
        (gn.PReLU(), gn.Dense(3, "tanh"), gn.Add("h0"), gn.Add("x"), gn.Dense(2)),
        (gn.Dropout(0.4), gn.Dense(3, "tanh"), gn.Dropout(0.4), gn.Add("h0"), gn.Dense(2)),
        (gn.LayerNorm(), gn.Dense(3, "tanh"), gn.Concatenate("h0"), gn.Dropout(0.3), gn.Dense(2)),
        # Sums of sums: equal widths of different parts are one axis.
        (
            gn.Dense(5, "tanh"),
            gn.Concatenate("x"),
            gn.Dense(4, "tanh"),
            gn.Concatenate("a2"),
            gn.Add("h1"),
            gn.Dense(2),
        ),
        (gn.Dense(2, "tanh"), gn.Add("a1"), gn.Activation("softmax")),
        (gn.Dense(2), gn.Concatenate("x"), gn.Activation("softmax")),
    ],
    ids=repr,
)
def test_skips_against_loops_and_differences(layers):
    program = program_of(3, *layers)
    if any(isinstance(layer, gn.BatchNorm) for layer in layers):
        inputs = checks.inputs_for(program, 5)
        checks.check_loops(program, inputs)
        checks.check_all(program, inputs)
    else:
        held_to_everything(program)


@same_examples
@given(descriptions(), st.integers(0, 99))
def test_a_value_that_is_used_twice_has_the_sum_of_the_errors(description, seed):
    """Every d + name of a trace is the difference that a nudge of that value makes to the loss."""
    program = Program(description, SGD())
    inputs = checks.inputs_for(program, 3, seed)
    made = {name: (line, value) for line, name, value in checks.traced(program, inputs)}
    forward = {name for name, (line, _) in made.items() if line.phase is Phase.FORWARD}
    for d in [d for d in made if d[0] == "d" and d[1:] in forward]:
        if np.any(np.abs(made[d[1:]][1]) < checks.FAR):
            continue  # an exact 0 may lie on a kink, and only stays there if it is not nudged
        place = program.lines.index(made[d[1:]][0])

        def loss(value, name=d[1:], place=place):
            scope = {**program.rules, "np": np, **inputs, **{n: made[n][1] for n in forward}}
            scope[name] = value
            for line in program.lines[place + 1 :]:
                if line.phase in (Phase.FORWARD, Phase.LOSS, Phase.PENALTY):
                    exec(line.code, scope)
            return float(scope["loss"])

        wanted = checks.central_slope(loss, made[d[1:]][1].copy())
        found = made[d][1]
        size = np.linalg.norm(wanted)
        assert np.linalg.norm(found - wanted) <= 1e-6 * size + 1e-7, d


def turned(x):
    twice = x * 2
    return np.hstack((twice[:, 1:], twice[:, :1]))


def turned_back(dy):
    return 2 * np.hstack((dy[:, 3:], dy[:, :3]))


@dataclass(frozen=True, repr=False)
class Turned(Layer):
    """Columns that change their places: what is read is not where it is written."""

    forward: ClassVar = (Template("{y} = turned({x})", "", ""),)
    backward: ClassVar = (Template("d{x} = turned_back(d{y})", "", ""),)
    joins_columns: ClassVar = True

    def parts(self, columns):
        return 1, columns - 1


def test_columns_that_are_read_elsewhere_keep_their_buffer():
    layers = (gn.Dense(4, "tanh"), gn.Dropout(0.2), Turned(), gn.Dense(4), Turned(), gn.Dense(2))
    program = program_of(3, *layers)
    checks.check_all(program, checks.inputs_for(program, 5))
    work = work_for(program, 9)
    assert_same_gradients(program, work, PlainEngine(program))


def test_nothing_asks_for_the_error_of_the_inputs():
    program = program_of(3, gn.Dense(3, "relu"), gn.Add("x"), gn.Concatenate("x"), gn.Dense(1))
    assert not lines_of(program, "dx")
    assert lines_of(program, "da1") == ["da1 = dh1"]
    assert lines_of(program, "dh1 ") == []
    assert not any("x[:" in line.text for line in program.lines)


def test_the_error_of_the_inputs_is_whole_where_a_line_makes_it_all_the_same():
    program = program_of(3, gn.LayerNorm(), gn.Dense(3), gn.Add("x"), gn.Dense(1))
    back = "dx_by_h0, dscale0, dshift0 = layer_norm_back(dh0, normal0, per_spread0, scale0)"
    assert lines_of(program, "dx") == [back, "dx = dx_by_h0 + dh1"]
    again = program_of(3, gn.PReLU(), gn.Add("x"), gn.Dense(1))
    assert lines_of(again, "dx") == [
        "dx_by_h0, dslope0 = prelu_back(dh0, x, slope0)",
        "dx = dx_by_h0 + dh0_2",
    ]


def test_where_a_line_makes_more_the_sum_has_a_line_of_its_own():
    program = program_of(2, gn.Dense(4, "relu"), gn.LayerNorm(), gn.Add("a1"), gn.Dense(1))
    assert lines_of(program, "da1") == [
        "da1_by_h1, dscale1, dshift1 = layer_norm_back(dh1, normal1, per_spread1, scale1)",
        "da1 = da1_by_h1 + dh1_2",
    ]
    trace = gn.Network(program.description, random_state=0).trace([[1, 2]], [3])
    np.testing.assert_array_equal(trace["da1"], trace["da1_by_h1"] + trace["dh1_2"])


def test_prediction_knows_a_value_that_dropout_passes_on_by_another_name():
    layers = (gn.Dense(3, "relu"), gn.Dropout(0.5), gn.Dense(3), gn.Add("h1"), gn.Dense(1))
    program = program_of(2, *layers)
    assert lines_of(program, "h2") == ["h2 = z2 + h1"]
    assert "h2 = z2 + a1" in [line.text for line in program.predict_lines]


def test_names_are_those_of_the_program():
    layers = (gn.Dense(3), gn.Activation("relu"), gn.LayerNorm(), gn.Dropout(0.1), gn.Add("a1"))
    names = Names(2, layers, training=True)
    assert list(names.values) == ["x", "z1", "a1", "h1", "h1_2", "h1_3"]
    assert names.items[-1].joined == "a1"
    before = Names(2, (gn.Dense(3), gn.Add("a1")), training=True)
    assert before.items[-1].joined == "z1"  # a linear layer's output, as in a trace


def test_equal_widths_are_one_axis_where_values_meet_and_only_there():
    joined = program_of(3, gn.Dense(4, "relu"), gn.Dense(4), gn.Add("a1"), gn.Dense(1))
    assert joined.sizes == {"n0": 3, "n1": 4, "n3": 1}
    plain = program_of(3, gn.Dense(4, "relu"), gn.Dense(4), gn.Dense(1))
    assert plain.sizes == {"n0": 3, "n1": 4, "n2": 4, "n3": 1}


REFUSED = {
    "layer 2, Add('a7'): unknown earlier value 'a7'; known: a1, x, z1": (
        lambda: gn.Network(2, gn.Dense(3, "relu"), gn.Add("a7"), gn.Dense(1))
    ),
    "layer 2, Concatenate('z2'): unknown earlier value 'z2'; known: a1, x, z1": lambda: gn.Network(
        2, gn.Dense(3), gn.Concatenate("z2"), gn.Dense(1)
    ),
    "layer 1, Concatenate('a1'): unknown earlier value 'a1'": (
        lambda: gn.Network(2, gn.Concatenate("a1"), gn.Dense(1))
    ),
    "layer 3, Add('a1'), adds up z2 with 2 columns and a1 with 3 columns": (
        lambda: gn.Network(2, gn.Dense(3, "relu"), gn.Dense(2), gn.Add("a1"), gn.Dense(1))
    ),
    "gn.Concatenate('x')": lambda: gn.Network(2, gn.Dense(1), gn.Add("x"), gn.Dense(1)),
    "the last layer must be": lambda: gn.Network(2, gn.Dense(2), gn.Add("x")),
    "Add: value must be the name of an earlier value": lambda: gn.Add(2),
    "got 'W1'": lambda: gn.Add("W1"),
    "got 'loss; import os'": lambda: gn.Concatenate("loss; import os"),
    "Embedding: columns must be a whole number from 0 up": lambda: gn.Embedding(-1, 3, 2),
    "Embedding: categories must be a whole number from 2 up": lambda: gn.Embedding(0, 1, 2),
    "Embedding: size must be a whole number from 1 up": lambda: gn.Embedding(0, 3, 0.5),
    "or at most 1000 of them, got (0, 1,": lambda: gn.Embedding(tuple(range(1001)), 3, 2),
    "got ()": lambda: gn.Embedding((), 3, 2),
    "a column is named twice in (1, 1)": lambda: gn.Embedding((1, 1), (3, 4), 2),
    "categories must be one number, or one for each of the 2 columns": (
        lambda: gn.Embedding((0, 1), (3, 4, 5), 2)
    ),
    "layer 2 is Embedding(0, 3, 2): an Embedding reads the categories in X": (
        lambda: gn.Network(2, gn.Dense(2), gn.Embedding(0, 3, 2), gn.Dense(1))
    ),
    "names column 2, but X has 2": lambda: gn.Network(2, gn.Embedding(2, 3, 2), gn.Dense(1)),
    "unknown initializer": lambda: gn.Embedding(0, 3, 2, "hee"),
    "columns that layer 2 gives must be a whole number": (
        lambda: gn.Network(2**23, gn.Concatenate("x"), gn.Concatenate("x"), gn.Dense(1))
    ),
    "weights": lambda: gn.Network(2, gn.Embedding(0, 2**23, 2**10), gn.Dense(1)),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_cannot_be_is_refused_in_one_sentence(sentence):
    with pytest.raises(DescriptionError) as error:
        REFUSED[sentence]()
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


# ------------------------------------------------------------------------------- embeddings


def test_the_lines_of_an_embedding():
    program = program_of(4, gn.Embedding((3, 1), (5, 2), (2, 3)), gn.Dense(1))
    assert [line.text for line in program.lines[:3]] == [
        "e3 = rows_of(E3, x[:, 3])",
        "e1 = rows_of(E1, x[:, 1])",
        "h0 = np.hstack((x[:, :1], x[:, 2:3], e3, e1))",
    ]
    assert lines_of(program, "dE") == [
        "dE3 = sums_by_row(dh0[:, 2:4], x[:, 3], E3)",
        "dE1 = sums_by_row(dh0[:, 4:], x[:, 1], E1)",
    ]
    shapes = {p.name: (p.shape, p.kind) for p in program.parameters[:2]}
    assert shapes == {"E3": ((5, 2), "embeddings"), "E1": ((2, 3), "embeddings")}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_embedding_is_one_hot_columns_times_a_table(dtype):
    """Weights, losses and training are those of the same network on one-hot columns."""
    random = np.random.RandomState(0)
    codes, others = random.randint(0, 6, 40), random.standard_normal((40, 2))
    y = random.standard_normal(40)
    embedded = gn.Network(3, gn.Embedding(1, 6, 3), gn.Dense(4, "tanh"), gn.Dense(1), dtype=dtype)
    joined = gn.Network(8, gn.Dense(5, bias=False), gn.Dense(4, "tanh"), gn.Dense(1), dtype=dtype)
    wide = np.zeros((8, 5))
    wide[:2, :2] = np.eye(2)
    wide[2:, 2:] = embedded.weights["E1"]
    joined.weights["W1"] = wide
    for name, other in (("W1", "W2"), ("W2", "W3")):
        joined.weights[other] = embedded.weights[name]
    X = np.column_stack([others[:, 0], codes, others[:, 1]])
    one_hot = np.column_stack([others, np.eye(6)[codes]])
    close = 1e-5 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(embedded.predict(X), joined.predict(one_hot), rtol=close, atol=close)
    ours, theirs = embedded.trace(X, y), joined.trace(one_hot, y)
    np.testing.assert_allclose(ours["dE1"], theirs["dW1"][2:, 2:], rtol=close, atol=close)


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_a_table_learns_what_each_category_means(engine):
    random = np.random.RandomState(0)
    means, codes = random.standard_normal(20), random.randint(0, 20, 400)
    net = gn.Network(1, gn.Embedding(0, 20, 1), gn.Dense(1), random_state=0)
    net.fit(codes[:, None], means[codes], epochs=100, optimizer=gn.Adam(0.02), engine=engine)
    assert net.evaluate(codes[:, None], means[codes])["loss"] < 1e-4


WRONG_CODES = {
    "X has category 3.0 in row 1, column 0, but the Embedding knows 3 categories": 3,
    "X has category -1.0 in row 1, column 0": -1,
    "X has category 0.5 in row 1, column 0": 0.5,
    "X has category 1.00000001 in row 1, column 0": 1.00000001,  # 1 in float32
    "X has category 1e+30 in row 1, column 0": 1e30,
    "Input X contains NaN: in row 1, column 0": np.nan,
}


@pytest.mark.parametrize("sentence", WRONG_CODES)
def test_a_category_that_is_not_there_is_refused_with_row_and_column(sentence):
    net = gn.Network(2, gn.Embedding(0, 3, 2), gn.Dense(1), random_state=0)
    X = np.array([[0, 1.5], [WRONG_CODES[sentence], 2.5]])
    for refuses in (
        lambda: net.predict(X),
        lambda: net.fit(X, [0, 1], engine="numba"),
        lambda: net.trace(X, [0, 1]),
        lambda: net.evaluate(X, [0, 1]),
        lambda: net.check_gradients(X, [0, 1]),
    ):
        with pytest.raises(DataError) as error:
            refuses()
        assert sentence in str(error.value)
    with pytest.raises(DataError, match="validation X has category 7"):
        net.fit(X[:1], [0], validation=([[7, 0]], [0]))


def test_compiled_code_never_reads_outside_of_a_table():
    number = compiled.row_number
    for wrong in (-1.0, 3.0, 1e30, np.nan, np.inf, -np.inf, -0.0):
        assert number(wrong, 3) == 0
    assert [number(float(k), 3) for k in range(3)] == [0, 1, 2]


def test_a_row_that_no_batch_chooses_does_not_change():
    net = gn.Network(2, gn.Embedding(0, 3, 2), gn.Dense(1), random_state=0)
    before = net.weights["E0"].copy()
    net.fit([[0, 1.0], [2, 2.0]], [0, 1], epochs=3, optimizer=AdamW(0.1, weight_decay=0.5))
    after = net.weights["E0"]
    np.testing.assert_array_equal(after[1], before[1])
    assert (after[[0, 2]] != before[[0, 2]]).all()
    decaying = AdamW(0.1, weight_decay=0.5, decayed=("embeddings",))
    net.fit([[0, 1.0], [2, 2.0]], [0, 1], epochs=1, optimizer=decaying)
    assert (np.abs(net.weights["E0"][1]) < np.abs(before[1])).all()


def test_one_number_for_all_columns_is_kept_short():
    assert gn.Embedding((1, 2), (4, 4), [2, 2]) == gn.Embedding([1, 2], 4, 2)
    assert repr(gn.Embedding((np.int64(1),), (4,), 2)) == "Embedding(1, 4, 2)"


# ------------------------------------------------------------------ files, tables, two engines


def everything(dtype="float32"):
    return gn.Network(
        4,
        gn.Embedding((0, 2), (5, 3), (4, 2)),
        gn.Dropout(0.1),
        gn.Dense(8, "relu"),
        gn.Dense(8),
        gn.LayerNorm(),
        gn.Add("a1"),
        gn.Activation("gelu"),
        gn.Concatenate("h0"),
        gn.Dense(3, "softmax"),
        dtype=dtype,
        random_state=0,
    )


def rows_for(net, rows=60):
    random = np.random.RandomState(1)
    X = checks.with_categories(net.description, random.standard_normal((rows, 4)), random)
    return X, random.randint(0, 3, rows)


def test_a_network_of_joins_comes_back_from_a_file_and_goes_on(tmp_path):
    net = everything()
    X, y = rows_for(net)
    net.fit(X, y, epochs=2, engine="numpy")
    net.save(tmp_path / "net.safetensors")
    again = gn.load(tmp_path / "net.safetensors")
    assert again.description == net.description
    for each in (net, again):
        each.fit(X, y, epochs=2, engine="numpy")
    np.testing.assert_array_equal(again.predict(X), net.predict(X))
    net.weights.savetxt(tmp_path / "texts")
    again.weights.loadtxt(tmp_path / "texts")
    np.testing.assert_array_equal(again.weights["E0"], net.weights["E0"])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_both_engines_train_it_alike(dtype):
    losses = []
    for engine in ("numpy", "numba"):
        net = everything(dtype)
        X, y = rows_for(net)
        losses.append(net.fit(X, y, epochs=5, batch_size=16, engine=engine).loss)
    np.testing.assert_allclose(*losses, rtol=1e-4 if dtype == "float32" else 1e-11)
    assert losses[0][-1] < losses[0][0]


def test_a_saved_program_stands_alone(tmp_path):
    net = everything("float64")
    X, _ = rows_for(net)
    path = net.program().save(tmp_path / "program.py")
    scope: dict[str, object] = {}
    exec(path.read_text(), scope)
    predict = scope["predict"]
    given = [net.weights[name] for name in list(inspect.signature(predict).parameters)[1:]]
    np.testing.assert_array_equal(predict(X, *given), net.predict(X))


def test_the_table_of_a_network_shows_widths_and_parameters():
    text = str(everything())
    for row in (
        "Embedding((0, 2), (5, 3), (4, 2)) (m, 8) 26",
        "Add('a1') (m, 8) 0",
        "Concatenate('h0') (m, 16) 0",
        "3 Dense (m, 3) softmax 51",
    ):
        assert row in " ".join(text.split()), text
    net = everything()
    assert sum(net.description.parameter_counts()) == net.values.parameters.size


def test_explanations_say_which_row_was_chosen_and_what_came_by_the_skip():
    net = everything("float64")
    X, y = rows_for(net, 6)
    X[:, 0] = [1, 3, 1, 4, 1, 0]
    trace = net.trace(X, y)
    chosen = trace.explain("e2[1, 0]")
    row = int(X[1, 2])
    assert chosen.letters == f"E2[{row}, 0]"
    assert [o.name for o in chosen.operands] == ["x[1, 2]", f"E2[{row}, 0]"]
    assert trace.explain("da1[0, 1]").letters.endswith(" + dh2_2[0, 1]")
    beside = {trace.explain(f"h2_3[0, {k}]").letters for k in (0, 7, 8, 15)}
    assert beside == {"a2[0, 0]", "a2[0, 7]", "h0[0, 0]", "h0[0, 7]"}
    assert trace.explain("dE0[1, 2]").letters == "dh0[0, 4] + dh0[2, 4] + dh0[4, 4]"
    assert trace.explain("dE0[2, 2]").numbers == "0"  # chosen by no row


def test_the_graph_has_one_node_for_each_look_into_a_table():
    program = everything().program()
    ops = [node.op for node in in_order(gradient_graph(program).outputs)]
    assert (ops.count("chosen"), ops.count("sums_by_row"), ops.count("beside")) == (2, 2, 2)


# --------------------------------------------------------------------------- the second lock

HEAD = "import numpy as np\n\n\n"
ADDS = {
    "x, not made of zeros": "np.add.at(x, n, x)",
    "another name of x": "s = x\n    np.add.at(s, n, x)",
    "what was made of zeros, and then of x": (
        "s = np.zeros_like(x)\n    s = x\n    np.add.at(s, n, x)"
    ),
    "another function": "s = np.zeros_like(x)\n    np.subtract.at(s, n, x)",
    "another method": "s = np.zeros_like(x)\n    np.add.reduce(s, n, x)",
    "its result": "s = np.zeros_like(x)\n    s = np.add.at(s, n, x)",
    "an option": "s = np.zeros_like(x)\n    np.add.at(s, n, b=x)",
    "the function itself": "s = np.add",
    "a part of an array": "s = np.zeros_like(x)\n    np.add.at(s.T, n, x)",
}


@pytest.mark.parametrize("case", ADDS)
def test_only_an_array_of_zeros_made_here_is_added_to(case):
    right = f"{HEAD}def f(x, n):\n    s = np.zeros_like(x)\n    np.add.at(s, n, x)\n    return s\n"
    check_program(right)
    with pytest.raises(ProgramError):
        check_program(f"{HEAD}def f(x, n):\n    {ADDS[case]}\n    return s\n")


# ------------------------------------------------------------------------ these can fail

WRONG_LINES = {
    "the skip's error left out": ("dz2 @ W2.T + dh2", "dz2 @ W2.T"),
    "the skip's error twice": ("+ dh2\n", "+ dh2 + dh2\n"),
    "other columns": ("dh2_2[:, :4]", "dh2_2[:, 1:5]"),
    "another column's numbers": ("x[:, 0], E0)", "x[:, 1], E0)"),
    "rows that replace each other": ("np.add.at(sums, np.intp(numbers), d)", "sums = sums + 1"),
}


@pytest.mark.parametrize("wrong", WRONG_LINES)
def test_a_wrong_line_is_noticed(wrong):
    layers = (
        gn.Embedding((0, 1), 2, (1, 2)),
        gn.Dense(4, "tanh"),
        gn.Dense(4),
        gn.Add("a1"),
        gn.Concatenate("h0"),
        gn.Dense(1),
    )
    program = program_of(3, *layers)
    inputs = checks.inputs_for(program, 6)
    checks.check_central(program, inputs)
    right, changed = WRONG_LINES[wrong]
    assert right in program.source, program.source
    program.__dict__["source"] = program.source.replace(right, changed)
    del program.__dict__["functions"]
    with pytest.raises(AssertionError):
        checks.check_central(program, inputs)
    assert program.names(Role.PARAMETER)[:2] == ("E0", "E1")
