"""One forward pass by hand, the losses, and why there is an activation at all."""

from __future__ import annotations

import numpy as np

import glassnet as gn
from glassnet.lessons.page import Page

W1 = np.array([[0.8, 0.4, 0.3], [0.2, 0.9, 0.5]])
W2 = np.array([[0.3], [0.5], [0.9]])
X, Y = np.array([[1.0, 1.0]]), np.array([[0.0]])


def lesson(page: Page) -> None:
    """Run the lesson."""
    one_pass(page)
    losses(page)
    without_activation(page)


def network(activation: str) -> gn.Network:
    """Make the network of this lesson: 2-3-1 without biases, with the given weights."""
    net = gn.Network(
        2,
        gn.Dense(3, activation, bias=False),
        gn.Dense(1, bias=False),
        loss="mean_squared_error",
        dtype="float64",
    )
    net.weights["W1"], net.weights["W2"] = W1, W2
    return net


def one_pass(page: Page) -> None:
    """Trace one row, and put every number beside the source's."""
    page.heading("one_pass")
    page.say("one_pass_text")
    net = network("sigmoid")
    page.given(x=X, **net.weights)
    trace = net.trace(X, Y)
    page.compare("sums", "1 1.3 0.8", trace["z1"])
    page.compare("sigmoids", "0.731059 0.785835 0.689974", trace["a1"])
    page.compare("first", "0.73", trace["a1"][0, 0])
    page.compare("second_right", "0.79", trace["a1"][0, 1])
    page.compare("second_cut", "0.78", trace["a1"][0, 1], slip="cut")
    page.compare("third", "0.69", trace["a1"][0, 2])
    page.compare("output_rounded", "1.235", trace["z2"], slip="rounded")
    page.compare("output", "1.233212", trace["z2"])
    page.compare("loss_two", "1.52", trace["loss"])
    page.compare("loss_six", "1.520812", trace["loss"])
    page.say("explain")
    page.explain(trace, "z2[0, 0]")


def losses(page: Page) -> None:
    """Work out the losses that the source names, with the binary one set right."""
    page.heading("losses")
    page.say("losses_text")
    x, yes = np.array([[-2.0], [0.5], [1.0]]), np.array([[0.0], [1.0], [1.0]])
    for name in ("mean_squared_error", "binary_cross_entropy"):
        net = gn.Network("1-1 sigmoid", loss=name, dtype="float64")
        net.weights["W1"] = [[1.0]]
        p, found = net.predict(x), net.evaluate(x, yes)["loss"]
        if name == "mean_squared_error":
            page.given(y=yes.T, p=p.T)
            page.check("mse", np.mean((p - yes) ** 2), found)
            continue
        printed = np.sum(yes * np.log(p) + (1 - yes) * np.log(1 - p))
        page.compare("bce_printed", f"{printed:.6f}", found, slip="bce_slip")
        page.check("bce", -printed / len(x), found)
    net = gn.Network("1-3 softmax", dtype="float64", random_state=0)
    p, classes = net.predict(x), np.array([0, 1, 2])
    page.say("classes_text")
    page.given(y=classes, p=p)
    right = p[np.arange(3), classes]
    page.check("cce", -np.mean(np.log(right)), net.evaluate(x, classes)["loss"])


def without_activation(page: Page) -> None:
    """Multiply two linear layers out: one layer gives the same outputs."""
    page.heading("linear")
    page.say("linear_text")
    deep = network("linear")
    flat = gn.Network(2, gn.Dense(1, bias=False), dtype="float64")
    flat.weights["W1"] = deep.weights["W1"] @ deep.weights["W2"]
    x = np.random.RandomState(0).standard_normal((5, 2))
    page.code(f"W1 · W2 = {flat.weights['W1'].ravel()}")
    page.check("collapse", deep.predict(x), flat.predict(x))
    bent = network("sigmoid")
    page.say("bent", 2 * bent.predict(X)[0, 0], bent.predict(2 * X)[0, 0])
