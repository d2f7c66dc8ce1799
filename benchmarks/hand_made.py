"""A hand-made training loop for relu networks with softmax, cross-entropy and Adam: the yardstick.

Everything that a careful person would do by hand with Numba: whole epochs compiled, buffers made
once, matrix products by BLAS into them, bias, activation, slope and bias gradient in one pass in
place, softmax and cross-entropy in one pass, Adam as one loop over flat arrays. It is written for
this one kind of network, independently of the loops that glassnet writes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

fast = njit(fastmath={"reassoc", "contract", "arcp", "nsz", "afn"}, error_model="numpy")
f4 = np.float32


@fast
def take_rows(source, rows, target):
    for i in range(rows.size):
        for j in range(source.shape[1]):
            target[i, j] = source[rows[i], j]


@fast
def add_bias_and_relu(z, b):
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            z[i, j] = max(z[i, j] + b[j], f4(0))


@fast
def relu_back(d, a, db):
    db[:] = 0
    for i in range(d.shape[0]):
        for j in range(d.shape[1]):
            kept = d[i, j] if a[i, j] > f4(0) else f4(0)
            d[i, j] = kept
            db[j] += kept


@fast
def softmax_and_cross_entropy(z, b, classes, db, share):
    """Turn logits without bias into their error, in place, and give the loss."""
    loss = 0.0
    db[:] = 0
    columns = z.shape[1]
    for i in range(z.shape[0]):
        top = f4(-3e38)
        for j in range(columns):
            z[i, j] += b[j]
            top = max(top, z[i, j])
        right = z[i, classes[i]] - top
        total = f4(0)
        for j in range(columns):
            e = np.exp(z[i, j] - top)
            z[i, j] = e
            total += e
        loss += np.log(total) - right
        factor = share / total
        for j in range(columns):
            z[i, j] *= factor
        z[i, classes[i]] -= share
        for j in range(columns):
            db[j] += z[i, j]
    return loss * share


@fast
def adam(p, g, m, v, rate, correction1, correction2):
    for k in range(p.size):
        m[k] = f4(0.9) * m[k] + f4(0.1) * g[k]
        v[k] = f4(0.999) * v[k] + f4(0.001) * g[k] * g[k]
        p[k] -= rate * (m[k] / correction1) / (np.sqrt(v[k] / correction2) + f4(1e-8))


def write(sizes: list[int]) -> str:
    """Write the loop for layers of these sizes."""
    layers = range(1, len(sizes))
    last = len(sizes) - 1
    out = ["def train(X, classes, orders, batch, rate, first_step, theta, g, m, v):"]
    at = 0
    for k in layers:
        size = sizes[k - 1] * sizes[k]
        shape = f"({sizes[k - 1]}, {sizes[k]})"
        out.append(f"    W{k} = theta[{at}:{at + size}].reshape({shape})")
        out.append(f"    dW{k} = g[{at}:{at + size}].reshape({shape})")
        at += size
        out.append(f"    b{k}, db{k} = theta[{at}:{at + sizes[k]}], g[{at}:{at + sizes[k]}]")
        at += sizes[k]
    for k in range(len(sizes)):
        out.append(f"    A{k} = np.empty((batch, {sizes[k]}), np.float32)")
        out.append(f"    D{k} = np.empty((batch, {sizes[k]}), np.float32)")
    out += [
        "    y = np.empty(batch, np.int64)",
        "    step, loss, rows_in_all = first_step, 0.0, X.shape[0]",
        "    for epoch in range(orders.shape[0]):",
        "        loss = 0.0",
        "        for start in range(0, rows_in_all, batch):",
        "            n = min(batch, rows_in_all - start)",
        "            rows = orders[epoch, start : start + n]",
    ]
    out += [f"            a{k}, d{k} = A{k}[:n], D{k}[:n]" for k in range(len(sizes))]
    out += [
        "            take_rows(X, rows, a0)",
        "            for i in range(n):",
        "                y[i] = classes[rows[i]]",
    ]
    for k in layers:
        if k < last:
            out.append(f"            np.dot(a{k - 1}, W{k}, a{k})")
            out.append(f"            add_bias_and_relu(a{k}, b{k})")
    out += [
        f"            np.dot(a{last - 1}, W{last}, d{last})",
        f"            error = softmax_and_cross_entropy(d{last}, b{last}, y, db{last}, f4(1 / n))",
        "            loss += n * error",
    ]
    for k in reversed(layers):
        out.append(f"            np.dot(a{k - 1}.T, d{k}, dW{k})")
        if k > 1:
            out.append(f"            np.dot(d{k}, W{k}.T, d{k - 1})")
            out.append(f"            relu_back(d{k - 1}, a{k - 1}, db{k - 1})")
    out += [
        "            step += 1",
        "            c1, c2 = f4(1 - 0.9**step), f4(1 - 0.999**step)",
        "            adam(theta, g, m, v, f4(rate), c1, c2)",
        "    return loss / rows_in_all",
    ]
    return "\n".join(out)


def compiled(sizes: list[int]) -> Callable[..., float]:
    """Compile the loop for layers of these sizes."""
    scope: dict[str, Any] = {**globals()}
    exec(write(sizes), scope)
    train: Callable[..., float] = fast(scope["train"])
    return train
