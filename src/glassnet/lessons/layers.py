"""Stacking layers: two layers by hand, a dense layer as a building block, the spiral."""

from __future__ import annotations

from typing import Any

import numpy as np

import glassnet as gn
from glassnet.lessons.page import Page
from glassnet.views import pictures

BATCH = np.array([[1, 2, 3, 2.5], [2, 5, -1, 2], [-1.5, 2.7, 3.3, -0.8]])
# One row for each neuron, as the source writes them.
ROWS1 = np.array([[0.2, 0.8, -0.5, 1], [0.5, -0.91, 0.26, -0.5], [-0.26, -0.27, 0.17, 0.87]])
ROWS2 = np.array([[0.1, -0.14, 0.5], [-0.5, 0.12, -0.33], [-0.44, 0.73, -0.13]])

HIDDEN, EPOCHS = 64, 500  # of the network that is watched

SOURCE_Z1 = "4.8 1.21 2.385; 8.9 -1.81 0.2; 1.41 1.051 0.026"
SOURCE_Z2 = "0.5031 -1.04185 -2.03875; 0.2434 -2.7332 -5.7633; -0.99314 1.41254 -0.35655"
SOURCE_DRAWN = "1.7640524 0.4001572 0.978738 2.2408931 1.867558"
SOURCE_SPIRAL = """0 0 0;
    -1.0475188e-04 1.1395361e-04 -4.7983500e-05; -2.7414842e-04 3.1729150e-04 -8.6921798e-05;
    -4.2188365e-04 5.2666257e-04 -5.5912682e-05; -5.7707680e-04 7.1401405e-04 -8.9430439e-05"""


def lesson(page: Page) -> None:
    """Run the lesson."""
    two_layers(page)
    a_dense_layer(page)
    the_spiral(page)
    what_a_line_can_do(page)
    watch_the_spiral(page)
    looking_inside(page)
    a_step(page)


def two_layers(page: Page) -> None:
    """Put given weights into a network, and read both layers' sums from a trace."""
    page.heading("two_layers")
    page.say("wiring")
    title = page.text("wiring_title")
    page.show("wiring", pictures.wiring(4, 3, title=title), width=44, height=12)
    net = gn.Network(4, gn.Dense(3), gn.Dense(3))
    for name, rows in {"W1": ROWS1, "W2": ROWS2}.items():
        net.weights[name] = rows.T  # from one row a neuron to (inputs, neurons)
    net.weights["b1"] = [2, 3, 0.5]
    net.weights["b2"] = [-1, 2, -0.5]
    page.say("given")
    page.given(x=BATCH, **net.weights)
    trace = net.trace(BATCH, np.zeros((3, 3)))
    page.compare("z1", SOURCE_Z1, trace["z1"])
    page.compare("z2", SOURCE_Z2, trace["z2"])
    page.say("pretrained")


def a_dense_layer(page: Page) -> None:
    """Draw first weights: the same seed gives the source's numbers."""
    page.heading("dense_layer")
    page.say("dense_layer_text")
    net = gn.Network(2, gn.Dense(5, weight_initializer=gn.Normal(1.0)), random_state=0)
    page.compare("drawn", SOURCE_DRAWN, net.weights["W1"][0])
    page.check("biases", np.zeros(5), net.weights["b1"])


def the_spiral(page: Page) -> None:
    """Draw the data and a fresh layer from one stream, and pass the data through."""
    page.heading("spiral")
    page.say("spiral_text")
    stream = np.random.RandomState(0)
    X, y = gn.datasets.spiral(100, 3, random_state=stream)
    page.show("points", pictures.scatter(X, title=page.text("points")))
    page.show("classes", pictures.scatter(X, y, title=page.text("classes")), height=22)
    small = gn.Normal(0.01)
    net = gn.Network(2, gn.Dense(3, weight_initializer=small), random_state=stream)
    page.compare("first_outputs", SOURCE_SPIRAL, net.predict(X)[:5], float32=True)
    page.say("float32")


def what_a_line_can_do(page: Page) -> None:
    """Fit a straight line to points that lie on one, and to points that do not."""
    page.heading("lines")
    for name, data in {"line": gn.datasets.line(), "wave": gn.datasets.sine(40)}.items():
        X, y = data
        net = gn.Network("1-1 linear", random_state=0)
        net.fit(X, y, epochs=1500, batch_size=None, optimizer=gn.Adam(0.05), verbose=False)
        title = page.text(f"{name}_title")
        page.show(
            name,
            pictures.curve(net, X, y, title=title),
            height=10,
        )
        page.say(f"{name}_text", net.evaluate(X, y, metrics=["r2"])["r2"])


def watch_the_spiral(page: Page) -> None:
    """Train a hidden layer on the spiral, and redraw where the classes end while it learns."""
    page.heading("watch")
    X, y = gn.datasets.spiral(100, 3)
    page.say("watch_text", HIDDEN, EPOCHS)
    net = gn.Network(f"2-{HIDDEN}-3 relu softmax", random_state=0)

    def draw(net: gn.Network, history: gn.History) -> pictures.Picture:
        return pictures.regions(net, X, y, title=page.text("epoch", history.epochs))

    with page.moving("learning", draw, every=20, printed=(20, EPOCHS), height=20) as watching:
        how: dict[str, Any] = {
            "optimizer": gn.Adam(gn.Cosine(0.05)),
            "engine": "numpy",
            "verbose": False,
        }
        net.fit(X, y, epochs=EPOCHS, callbacks=watching, **how)
    page.say("watch_result", net.evaluate(X, y, metrics=["accuracy"])["accuracy"])


def looking_inside(page: Page) -> None:
    """Find a dead neuron by looking at a hidden layer, and see why no training revives it."""
    page.heading("inside")
    page.say("inside_text")
    X, y = gn.datasets.spiral(100, 3)
    net = gn.Network("2-6-3 relu softmax", random_state=1)
    biases = net.weights["b1"].copy()
    biases[2] = -50  # so low that no point of the spiral lifts the sum above 0
    net.weights["b1"] = biases
    before = net.weights["W1"][:, 2].copy()
    trace = net.trace(X, y)
    page.code(page.text("active", (trace["a1"] > 0).mean(axis=0).round(2)))
    page.check("dead_in", np.zeros(2), trace["dW1"][:, 2])
    page.check("dead_out", np.zeros(3), trace["dW2"][2])
    net.fit(X, y, epochs=50, optimizer=gn.SGD(0.1), random_state=0, verbose=False)
    page.check("dead_still", before, net.weights["W1"][:, 2])
    page.say("dead_text")


def a_step(page: Page) -> None:
    """Come close to a step function, which has no slope to learn from, with a steep sigmoid."""
    page.heading("step")
    net = gn.Network("1-1 sigmoid")
    net.weights["W1"] = [[200.0]]
    x = np.array([[-1.0], [-0.1], [0.1], [1.0]])
    page.check("step_values", [0, 0, 1, 1], net.predict(x).ravel(), close=1e-6)
    page.check("step_slope", np.zeros((1, 1)), net.trace(x, np.ones((4, 1)))["dW1"], close=1e-6)
    page.say("step_text")
