"""Why a hidden layer works: two sigmoids make a hill, and the hill finds the poisonous beans."""

from __future__ import annotations

from typing import Any

import numpy as np

import glassnet as gn
from glassnet.lessons.page import Array, Page
from glassnet.views import pictures

EPOCHS, RATE = 5000, 0.03
EDGES = (0.8 - 0.5) / 0.7, (1.4 - 0.5) / 0.7  # where 0.8 < 0.7·size + 0.5 < 1.4 begins and ends


def lesson(page: Page) -> None:
    """Run the lesson."""
    stream = np.random.RandomState(0)
    X, y = gn.datasets.beans(100, random_state=stream)
    one_sigmoid(page, X, y)
    first = gn.Uniform(0.0, 1.0)
    options: dict[str, Any] = {"weight_initializer": first, "bias_initializer": first}
    net = gn.Network(
        1,
        gn.Dense(2, "sigmoid", **options),
        gn.Dense(1, "sigmoid", **options),
        loss="mean_squared_error",
        dtype="float64",
        random_state=stream,
    )
    chain_rule(page, net, X[30:31], y[30:31])
    watch_it_learn(page, net, X, y)
    the_hill(page, net, X)
    one_cut(page, net, X, y)
    unseen_beans(page, net)
    more_neurons(page)


HOW: dict[str, Any] = {
    "batch_size": 1,
    "shuffle": False,
    "optimizer": gn.SGD(RATE),
    "verbose": False,
}


def one_sigmoid(page: Page, X: Array, y: Array) -> None:
    """Train one sigmoid alone: it only ever climbs or falls, so it must fail."""
    page.heading("one")
    page.say("rule", *EDGES)
    page.say("one_text", int(y.sum()), len(y))
    alone = gn.Network("1-1 sigmoid", dtype="float64", random_state=0)
    alone.fit(X, y, epochs=500, **HOW)
    labels = page.text("size"), page.text("poisonous")
    page.show(
        "one",
        pictures.curve(alone, X, y, title=page.text("one_title"), labels=labels),
        height=10,
    )
    page.say("one_result", alone.evaluate(X, y, metrics=["accuracy"])["accuracy"])


def chain_rule(page: Page, net: gn.Network, x: Array, y: Array) -> None:
    """Write the chain rule out for one bean: every factor by its name, then their product."""
    page.heading("chain")
    page.say("chain_text", x.item(), y.item())
    page.given(x=x, **net.weights)
    trace = net.trace(x, y)
    a2, a1 = trace["a2"].item(), trace["a1"][0, 0]
    de_da2 = trace["da2"].item()
    da2_dz2 = a2 * (1 - a2)
    dz2_da1 = trace["W2"][0, 0]
    da1_dz1 = a1 * (1 - a1)
    factors = {
        "e = (a2 − y)²": trace["loss"].item(),
        "de/da2 = 2·(a2 − y)": de_da2,
        "da2/dz2 = a2·(1 − a2)": da2_dz2,
        "dz2/dw2 = a1": a1,
        "dz2/da1 = w2": dz2_da1,
        "da1/dz1 = a1·(1 − a1)": da1_dz1,
        "dz1/dw1 = x": x.item(),
    }
    page.code("\n".join(f"{name:<24}{value: .6f}" for name, value in factors.items()))
    page.check("de_da2", 2 * (a2 - y.item()), de_da2)
    page.check("de_dw2", de_da2 * da2_dz2 * a1, trace["dW2"][0, 0])
    page.check("de_db2", de_da2 * da2_dz2, trace["db2"][0])
    page.check("de_dw1", de_da2 * da2_dz2 * dz2_da1 * da1_dz1 * x.item(), trace["dW1"][0, 0])
    page.check("de_db1", de_da2 * da2_dz2 * dz2_da1 * da1_dz1, trace["db1"][0])
    page.explain(trace, "dW1[0, 0]")


def watch_it_learn(page: Page, net: gn.Network, X: Array, y: Array) -> None:
    """Train one bean at a time, and redraw the curve over the beans every 100 epochs."""
    page.heading("learn")
    page.say("learn_text", RATE, EPOCHS)
    labels = page.text("size"), page.text("poisonous")
    names = page.text("beans"), page.text("network")

    def draw(net: gn.Network, history: gn.History) -> pictures.Picture:
        title = page.text("epoch", history.epochs)
        return pictures.curve(
            net, X, y, title=title, labels=labels, names=names, y_range=(-0.1, 1.1)
        )

    with page.moving("learning", draw, every=100, printed=(100, 500, 1000, 5000)) as watching:
        history = net.fit(X, y, epochs=EPOCHS, callbacks=watching, **HOW)
    page.show(
        "loss",
        pictures.loss(history, title=page.text("loss"), labels=page.of_loss),
        height=8,
    )
    page.say("learn_result", history.loss[0], history.loss[-1])


def the_hill(page: Page, net: gn.Network, X: Array) -> None:
    """Show each hidden neuron's own curve and what the output adds up: a hill."""
    page.heading("hill")
    page.say("hill_text")
    labels, neuron, total = (page.text("size"), ""), page.text("neuron"), page.text("sum")
    page.show(
        "hidden",
        pictures.hidden(net, X, labels=labels, neuron=neuron, total=total),
        height=9,
    )
    size = np.linspace(0, 2, 2001)[:, None]
    trace = net.trace(size, np.zeros((len(size), 1)))
    added = trace["a1"] @ trace["W2"] + trace["b2"]
    page.check("added", added, trace["z2"])
    inside = size[trace["a2"][:, 0] > 0.5, 0]
    page.check("hill_begins", EDGES[0], inside[0], close=0.02)
    page.check("hill_ends", EDGES[1], inside[-1], close=0.02)


def one_cut(page: Page, net: gn.Network, X: Array, y: Array) -> None:
    """Show the beans in the plane of the two hidden neurons, where one straight cut parts them."""
    page.heading("space")
    page.say("space_text")
    hidden = net.trace(X, y)["a1"]
    classes = page.text("harmless"), page.text("harmful")
    labels = page.text("neuron", 1), page.text("neuron", 2)
    title = page.text("space_title")
    page.show(
        "space",
        pictures.scatter(hidden, y, title=title, labels=labels, classes=classes),
        height=12,
    )


def unseen_beans(page: Page, net: gn.Network) -> None:
    """Judge beans that the network has never seen."""
    page.heading("unseen")
    X, y = gn.datasets.beans(1000, random_state=1)
    page.say("unseen_text", net.evaluate(X, y, metrics=["accuracy"])["accuracy"])


def more_neurons(page: Page) -> None:
    """Come closer to a curve with more neurons."""
    page.heading("more")
    X, y = gn.datasets.sine(80)
    errors = []
    for neurons in (1, 2, 4, 8):
        net = gn.Network(f"1-{neurons}-1 tanh linear", dtype="float64", random_state=0)
        net.fit(X, y, epochs=3000, batch_size=None, optimizer=gn.Adam(0.02), verbose=False)
        errors.append(net.evaluate(X, y, metrics=["rmse"])["rmse"])
    page.table(
        [page.text("neurons"), page.text("rmse")],
        [[str(n), f"{e:.5f}"] for n, e in zip((1, 2, 4, 8), errors, strict=True)],
    )
    page.say("more_text")
