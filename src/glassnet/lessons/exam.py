"""Hours of study and sleep: forward, backward, train, predict, and weights kept as plain text."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import glassnet as gn
from glassnet.lessons.page import Array, Page
from glassnet.views import pictures

SEEDS = range(5)
STUCK = 1e-6  # a loss above this after 100,000 epochs has come to rest on a plateau


def lesson(page: Page) -> None:
    """Run the lesson."""
    hours, y = gn.datasets.exam()
    page.heading("data")
    page.say("data_text")
    page.code(hours)
    X = hours / hours.max(axis=0)
    by_hand(page, hours)
    one_update(page, X, y)
    short = network(0)
    history = short.fit(X, y, epochs=1000, metrics=[mean_square], **HOW)
    two_losses(page, X, y, short, history)
    five_starts(page, hours, y)
    kept_weights(page, short)


def network(seed: int, loss: str = "half_squared_error_sum") -> gn.Network:
    """Make the network of this lesson: 2-3-1, sigmoid, no biases, first weights N(0, 1)."""
    first = gn.Normal(1.0)
    return gn.Network(
        2,
        gn.Dense(3, "sigmoid", bias=False, weight_initializer=first),
        gn.Dense(1, "sigmoid", bias=False, weight_initializer=first),
        loss=loss,
        dtype="float64",
        random_state=seed,
    )


HOW: dict[str, Any] = {
    "batch_size": None,
    "optimizer": gn.SGD(1.0),
    "shuffle": False,
    "verbose": False,
}


def mean_square(y: Array, outputs: Array) -> float:
    """Give the mean squared error: the loss that the source shows, not the one it minimises."""
    return float(np.mean((y - outputs) ** 2))


def by_hand(page: Page, hours: Array) -> None:
    """Pass one student through given weights."""
    page.heading("by_hand")
    net = network(0)
    net.weights["W1"] = [[0.2, 0.6, 0.1], [0.8, 0.3, 0.7]]
    net.weights["W2"] = [[0.4], [0.5], [0.9]]
    page.say("by_hand_text")
    page.given(x=hours[:1], **net.weights)
    trace = net.trace(hours[:1], np.zeros((1, 1)))
    page.compare("sums", "7.6 3.9 6.5", trace["z1"])
    page.compare("sigmoid1", "0.9994", trace["a1"][0, 0], slip="cut")
    page.compare("sigmoid2", "1.000", trace["a1"][0, 1], slip="wrong")
    page.compare("sigmoid3", "0.9984", trace["a1"][0, 2], slip="cut")
    page.compare("sigmoid2_right", "0.98016", trace["a1"][0, 1])
    page.compare("sum_source", "1.79832", trace["z2"], slip="follows")
    page.compare("sum", "1.788529", trace["z2"])
    page.compare("output_source", "0.8579443", trace["a2"], slip="follows")
    page.compare("output", "0.8567468", trace["a2"])


def one_update(page: Page, X: Array, y: Array) -> None:
    """Show that the source's update is a step of SGD on half the summed squared error."""
    page.heading("update")
    page.say("update_text")
    net = network(0)
    trace = net.trace(X, y, optimizer=gn.SGD(1.0))
    error = (y - trace["a2"]) * trace["a2"] * (1 - trace["a2"])  # the slope from the output: s(1−s)
    page.check("update2", trace["W2"] + trace["a1"].T @ error, trace.after("W2"))
    hidden = error @ trace["W2"].T * trace["a1"] * (1 - trace["a1"])
    page.check("update1", trace["W1"] + X.T @ hidden, trace.after("W1"))
    page.compare_text(
        "range",
        "0 … 1",
        f"{net.weights['W1'].min():.3f} … {net.weights['W1'].max():.3f}",
        slip="normal",
    )
    page.compare_text(
        "columns", page.text("columns_other"), page.text("columns_ours"), slip="columns_slip"
    )


def two_losses(page: Page, X: Array, y: Array, net: gn.Network, history: gn.History) -> None:
    """Record both losses: the one that is minimised, and the one that the source shows."""
    page.heading("two_losses")
    shown = network(0, "mean_squared_error")
    for name, value in net.weights.items():
        shown.weights[name] = value
    minimised, mean = net.evaluate(X, y)["loss"], history.metrics["mean_square"][-1]
    page.say("two_losses_text", minimised, mean)
    page.check("mean", shown.evaluate(X, y)["loss"], mean)
    page.check("half_sum", mean * 3 / 2, minimised)
    page.show(
        "loss",
        pictures.loss(history, title=page.text("loss"), labels=page.of_loss),
        height=10,
    )


def five_starts(page: Page, hours: Array, y: Array) -> None:
    """Train 100,000 epochs from five starts, and read the prediction on both scales."""
    page.heading("five_starts")
    page.say("five_text")
    X = hours / hours.max(axis=0)
    new = np.array([[4.0, 8.0]])
    own, theirs = new / new.max(), new / hours.max(axis=0)
    found = []
    for seed in SEEDS:
        net = network(seed)
        net.fit(X, y, epochs=100_000, **HOW)
        loss = mean_square(y, net.predict(X))
        found.append((loss, net.predict(own).item(), net.predict(theirs).item()))
    rows = [[str(s), f"{a:.2e}", f"{b:.6f}", f"{c:.6f}"] for s, (a, b, c) in enumerate(found)]
    page.table([page.text(key) for key in ("seed", "loss_of", "own", "theirs")], rows)
    losses, scores, _ = zip(*found, strict=True)
    good = [score for loss, score in zip(losses, scores, strict=True) if loss < STUCK]
    moving = [loss for loss in losses if loss < STUCK]
    page.between("loss_source", "1.94e-18", moving)
    page.compare("loss_least", "2e-20", min(losses))
    page.compare("loss_worst", "1e-13", max(moving), slip="falling")
    page.compare("loss_stuck", "1e-4", max(losses))
    page.compare("score_source", "0.91882413", scores[0], slip="start")
    page.compare("score_low", "0.9175", min(good))
    page.compare("score_high", "0.9184", max(good))
    page.say("scale_text")


def kept_weights(page: Page, net: gn.Network) -> None:
    """Write each matrix to a text file, and read it back with NumPy."""
    page.heading("kept")
    with tempfile.TemporaryDirectory() as folder:
        net.weights.savetxt(folder)
        names = sorted(path.name for path in Path(folder).iterdir())
        page.compare_text("files", "w1.txt w2.txt", " ".join(names))
        page.check("back", np.loadtxt(Path(folder) / "w1.txt"), net.weights["W1"])
    page.say("kept_text")
