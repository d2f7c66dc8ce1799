"""Any number of layers, an activation for each, mini-batches, and the four equations."""

from __future__ import annotations

from typing import Any

import numpy as np

import glassnet as gn
from glassnet.lessons.page import Page
from glassnet.views import pictures

LOSS = "half_squared_error"  # half the mean squared error: its gradient is (a − y)·σ′/m


def lesson(page: Page) -> None:
    """Run the lesson."""
    description(page)
    four_equations(page)
    stable_sigmoid(page)
    slope_of_relu(page)
    every_sample(page)
    training(page)
    a_sine(page)


def dense(units: int, activation: str) -> gn.Dense:
    """Make a layer as the source does: weights and biases N(0, 1)."""
    first = gn.Normal(1.0)
    return gn.Dense(units, activation, weight_initializer=first, bias_initializer=first)


def description(page: Page) -> None:
    """Describe networks by sizes and activations; what cannot be is an error."""
    page.heading("description")
    page.say("description_text")
    net = gn.Network([2, 10, 1], ["sigmoid", "sigmoid"], random_state=0)
    page.code(net)
    for sizes, names in (([2, 10, 1], ["sigmoid"] * 3), ([2, 10, 1], ["sigmoid", "sigmod"])):
        try:
            gn.Network(sizes, names)
        except ValueError as error:
            page.code(f"{sizes} {names}\n  → {error}")
    page.compare_text(
        "unknown", page.text("unknown_source"), page.text("unknown_ours"), slip="unknown_slip"
    )
    page.compare_text("shape", "(n^L, n^L)", "(n^(L−1), n^L)", slip="shape_slip")
    page.say("letters")


def four_equations(page: Page) -> None:
    """Work the four equations of backpropagation out, and compare each with the trace."""
    page.heading("equations")
    page.say("equations_text")
    X, y = gn.datasets.xor()
    net = gn.Network(
        2, dense(10, "sigmoid"), dense(1, "sigmoid"), loss=LOSS, dtype="float64", random_state=0
    )
    trace = net.trace(X, y[:, None])
    m, a1, a2 = len(X), trace["a1"], trace["a2"]
    error2 = (a2 - y[:, None]) * a2 * (1 - a2) / m
    error1 = error2 @ trace["W2"].T * a1 * (1 - a1)
    page.check("eq_last", error2, trace["dz2"])
    page.check("eq_back", error1, trace["dz1"])
    page.check("eq_bias", error1.sum(axis=0), trace["db1"])
    page.check("eq_weight", a1.T @ error2, trace["dW2"])
    report = net.check_gradients(X, y[:, None])
    page.check("eq_nudged", report.nudged["W1"], report.exact["W1"], close=1e-6)
    columns = trace["W1"].T @ X.T + trace["b1"][:, None]  # Z = W·A + B, samples as columns
    page.check("eq_columns", columns.T, trace["z1"])


def stable_sigmoid(page: Page) -> None:
    """Take the sigmoid of large numbers, where a quotient of two huge numbers is none."""
    page.heading("overflow")
    x = np.array([[-1000.0], [0.0], [1000.0]])
    with np.errstate(over="ignore", invalid="ignore"):
        theirs = np.exp(x) / (1 + np.exp(x))
    net = gn.Network("1-1 sigmoid", dtype="float64")
    net.weights["W1"] = [[1.0]]
    ours = net.predict(x)
    shown = [" ".join(f"{value:g}" for value in values.ravel()) for values in (theirs, ours)]
    page.compare_text("overflow_values", *shown, slip="overflow_slip")


def slope_of_relu(page: Page) -> None:
    """Read the slope of relu at 0 from a trace: a choice that libraries make differently."""
    net = gn.Network("1-1 relu", loss=LOSS, dtype="float64")
    net.weights["W1"] = [[1.0]]
    trace = net.trace(np.zeros((1, 1)), np.ones((1, 1)))
    slope = trace["dz1"] / trace["da1"] + 0  # + 0: no minus before the zero
    page.compare("relu", "1", slope, slip="relu_slip")


def every_sample(page: Page) -> None:
    """Give each of seven samples a weight of its own: after one epoch all of them have moved."""
    page.heading("batches")
    page.say("batches_text")
    net = gn.Network(7, gn.Dense(1, bias=False), loss=LOSS, dtype="float64")
    net.weights["W1"] = np.zeros((7, 1))
    how: dict[str, Any] = {"epochs": 1, "batch_size": 3, "optimizer": gn.SGD(0.3), "verbose": False}
    net.fit(np.eye(7), np.ones((7, 1)), shuffle=False, **how)
    # Sample i moves weight i by rate · (1 − 0) / rows in its batch: 3, 3, then the last 1.
    page.check("moved", [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.3], net.weights["W1"].ravel())


def training(page: Page) -> None:
    """Train [2, 10, 1] with the source's settings."""
    page.heading("training")
    X, y = gn.datasets.gauss(200)
    net = gn.Network(2, dense(10, "sigmoid"), dense(1, "sigmoid"), loss=LOSS, random_state=0)
    how: dict[str, Any] = {
        "batch_size": 10,
        "epochs": 100,
        "optimizer": gn.SGD(0.01),
        "verbose": False,
    }
    history = net.fit(X, y[:, None], random_state=0, **how)
    found = net.evaluate(X, y[:, None], metrics=["accuracy"])
    page.say("training_text", history.loss[0], history.loss[-1], found["accuracy"])
    page.show(
        "loss",
        pictures.loss(history, title=page.text("loss"), labels=page.of_loss, log=False),
        height=8,
    )


def a_sine(page: Page) -> None:
    """Fit one wave of the sine, first with those settings, then with more steps."""
    page.heading("sine")
    X, y = gn.datasets.sine(100)
    net = gn.Network(1, dense(10, "sigmoid"), dense(1, "linear"), loss=LOSS, random_state=0)
    for name, epochs, optimizer in (("few", 100, gn.SGD(0.01)), ("many", 2000, gn.Adam(0.01))):
        net.fit(
            X, y, batch_size=10, epochs=epochs, optimizer=optimizer, random_state=0, verbose=False
        )
        title = page.text(f"{name}_title")
        page.show(name, pictures.curve(net, X, y, title=title), height=12)
        page.say(f"{name}_text", net.evaluate(X, y, metrics=["rmse"])["rmse"])
