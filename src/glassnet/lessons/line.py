"""Training without calculus: nudge each weight, and see how the loss answers."""

from __future__ import annotations

from typing import Any

import glassnet as gn
from glassnet.lessons.page import Array, Page
from glassnet.views import pictures

RATE, STEP, EPOCHS = 0.01, 1e-4, 1000
HOW: dict[str, Any] = {"batch_size": None, "optimizer": gn.SGD(RATE), "verbose": False}


def lesson(page: Page) -> None:
    """Run the lesson."""
    X, y = gn.datasets.line()
    page.heading("nudge")
    page.say("nudge_text", STEP, RATE)
    page.show("start", pictures.curve(network(), X, y, title=page.text("start")), height=10)
    page.code("\n".join(f"{x:4g} → {wanted:g}" for x, wanted in zip(X[:, 0], y[:, 0], strict=True)))
    by_hand = network()
    for _ in range(EPOCHS):
        nudge_once(by_hand, X, y)
    page.compare("a", "2.99934", by_hand.weights["W1"])
    page.compare("b", "0.00446", by_hand.weights["b1"])
    page.compare("answer_a", "2", by_hand.weights["W1"], slip="slip_a")
    page.compare_text("name", page.text("name_source"), page.text("name_ours"), slip="slip_name")
    page.show("end", pictures.curve(by_hand, X, y, title=page.text("end")), height=10)
    the_same_with_fit(page, X, y, by_hand)


def network() -> gn.Network:
    """Make y = a·x + b with the source's first a and b."""
    net = gn.Network("1-1 linear", dtype="float64")
    net.weights["W1"], net.weights["b1"] = [[2.269]], [1.01]
    return net


def nudge_once(net: gn.Network, X: Array, y: Array) -> None:
    """Raise each weight alone by a little, see how the loss changes, then move all of them."""
    start = {name: value.copy() for name, value in net.weights.items()}
    loss, moved = net.evaluate(X, y)["loss"], {}
    for name, value in start.items():
        net.weights[name] = value + STEP
        rise = (net.evaluate(X, y)["loss"] - loss) / STEP
        moved[name] = value - RATE * rise
        net.weights[name] = value
    for name, value in moved.items():
        net.weights[name] = value


def the_same_with_fit(page: Page, X: Array, y: Array, by_hand: gn.Network) -> None:
    """Let `fit` nudge, then let it take exact gradients, and compare what they find."""
    page.heading("fit")
    page.say("fit_text")
    found = {}
    for how in ("nudged", "exact"):
        net = network()
        history = net.fit(X, y, epochs=EPOCHS, gradients=how, nudge=STEP, **HOW)
        found[how] = [net.weights["W1"].item(), net.weights["b1"].item()]
    page.check(
        "hand_fit", [by_hand.weights["W1"].item(), by_hand.weights["b1"].item()], found["nudged"]
    )
    page.say("exact_text", *found["exact"])
    page.show(
        "loss",
        pictures.loss(history, title=page.text("loss"), labels=page.of_loss),
        height=10,
    )
    report = network().check_gradients(X, y)
    page.check("gradient", report.nudged["W1"], report.exact["W1"], close=1e-6)
    net.fit(X, y, epochs=20 * EPOCHS, **HOW)
    page.check("limit", [3, 0], [net.weights["W1"].item(), net.weights["b1"].item()])
    page.say("limit_text")
