"""2-64-3 relu softmax, loss cross_entropy, optimizer Adam(learning_rate=0.01): written out by
glassnet. Samples are rows; d + name is the derivative of the loss by that name.

Takes
    x              (m, 2)       a batch of m rows
    y              (m, 3)       what is wanted for each row
    w              (m, 1)       weight of each row over the sum of weights: 1/m where none is given
    W1             (2, 64)      trained
    b1             (64,)        trained
    W2             (64, 3)      trained
    b2             (3,)         trained
    mean_W1        (2, 64)      starts at 0
    square_W1      (2, 64)      starts at 0
    mean_b1        (64,)        starts at 0
    square_b1      (64,)        starts at 0
    mean_W2        (64, 3)      starts at 0
    square_W2      (64, 3)      starts at 0
    mean_b2        (3,)         starts at 0
    square_b2      (3,)         starts at 0
    learning_rate  ()           the size of a step
    correction1    ()           1 − beta1^t at step t = 1, 2, …
    correction2    ()           1 − beta2^t at step t = 1, 2, …
"""

import numpy as np


def step(
    x, y, w, W1, b1, W2, b2, mean_W1, square_W1, mean_b1, square_b1, mean_W2, square_W2,
    mean_b2, square_b2, learning_rate, correction1, correction2,
):
    # forward
    z1 = x @ W1 + b1                     # (m, 64)   weighted sums of the inputs, plus a bias
    a1 = relu(z1)                        # (m, 64)   passes what is above 0 and cuts the rest
    z2 = a1 @ W2 + b2                    # (m, 3)    weighted sums of a1, plus a bias
    a2 = softmax(z2)                     # (m, 3)    turns a row of numbers into shares that add up to 1
    # loss
    loss = cross_entropy(z2, y, w)       # ()        surprise at the true class, given its share
    # backward
    dz2 = cross_entropy_error(a2, y, w)  # (m, 3)    the error of the output layer
    dW2 = a1.T @ dz2                     # (64, 3)   the weights' part: inputs times error
    db2 = sum_over_batch(dz2)            # (3,)      the biases' part: error, summed over the batch
    da1 = dz2 @ W2.T                     # (m, 64)   the error, handed back through the weights
    dz1 = da1 * relu_slope(z1, a1)       # (m, 64)   the error of layer 1
    dW1 = x.T @ dz1                      # (2, 64)   the weights' part: inputs times error
    db1 = sum_over_batch(dz1)            # (64,)     the biases' part: error, summed over the batch
    # update
    # (2, 64)   a step against the running mean of the gradient, by its usual size
    W1, mean_W1, square_W1 = adam(W1, dW1, mean_W1, square_W1, learning_rate, correction1, correction2)
    b1, mean_b1, square_b1 = adam(b1, db1, mean_b1, square_b1, learning_rate, correction1, correction2)
    W2, mean_W2, square_W2 = adam(W2, dW2, mean_W2, square_W2, learning_rate, correction1, correction2)
    b2, mean_b2, square_b2 = adam(b2, db2, mean_b2, square_b2, learning_rate, correction1, correction2)
    return (
        loss, W1, b1, W2, b2, mean_W1, square_W1, mean_b1, square_b1, mean_W2, square_W2,
        mean_b2, square_b2,
    )


def predict(x, W1, b1, W2, b2):
    z1 = x @ W1 + b1
    a1 = relu(z1)
    z2 = a1 @ W2 + b2
    a2 = softmax(z2)
    return a2


def gradients(x, y, w, W1, b1, W2, b2):
    z1 = x @ W1 + b1
    a1 = relu(z1)
    z2 = a1 @ W2 + b2
    a2 = softmax(z2)
    loss = cross_entropy(z2, y, w)
    dz2 = cross_entropy_error(a2, y, w)
    dW2 = a1.T @ dz2
    db2 = sum_over_batch(dz2)
    da1 = dz2 @ W2.T
    dz1 = da1 * relu_slope(z1, a1)
    dW1 = x.T @ dz1
    db1 = sum_over_batch(dz1)
    return loss, dW1, db1, dW2, db2


def update(
    W1, b1, W2, b2, dW1, db1, dW2, db2, mean_W1, square_W1, mean_b1, square_b1, mean_W2,
    square_W2, mean_b2, square_b2, learning_rate, correction1, correction2,
):
    W1, mean_W1, square_W1 = adam(W1, dW1, mean_W1, square_W1, learning_rate, correction1, correction2)
    b1, mean_b1, square_b1 = adam(b1, db1, mean_b1, square_b1, learning_rate, correction1, correction2)
    W2, mean_W2, square_W2 = adam(W2, dW2, mean_W2, square_W2, learning_rate, correction1, correction2)
    b2, mean_b2, square_b2 = adam(b2, db2, mean_b2, square_b2, learning_rate, correction1, correction2)
    return (
        W1, b1, W2, b2, mean_W1, square_W1, mean_b1, square_b1, mean_W2, square_W2, mean_b2,
        square_b2,
    )


# The rules that it calls.


def relu(z):
    return np.maximum(z, 0)


def softmax(z):
    e = np.exp(z - np.max(z, axis=1, keepdims=True))  # never above 1: no overflow for any z
    return e / np.sum(e, axis=1, keepdims=True)


def cross_entropy(z, y, w):
    below = z - np.max(z, axis=1, keepdims=True)
    rows = np.log(np.sum(np.exp(below), axis=1, keepdims=True)) - np.sum(
        below * y, axis=1, keepdims=True
    )
    return np.sum(w * rows)


def cross_entropy_error(a, y, w):  # the same slope where a = softmax(z) is at hand
    return w * (a - y)


def sum_over_batch(d):
    # A product adds in blocks; np.sum(d, axis=0) adds row after row and drifts in float32.
    return np.ones_like(d[:, 0]) @ d


def relu_slope(z, a):
    return a > 0


def adam(
    p,
    dp,
    mean,
    square,
    learning_rate,
    correction1,
    correction2,
    beta1=0.9,
    beta2=0.999,
    epsilon=1e-8,
):
    mean = beta1 * mean + (1 - beta1) * dp
    square = beta2 * square + (1 - beta2) * dp * dp
    size = np.sqrt(square / correction2) + epsilon
    return p - learning_rate * (mean / correction1) / size, mean, square
