"""64-100-10 relu softmax LayerNorm() Dropout(0.2), loss cross_entropy, optimizer Adam(): written
out by glassnet. Samples are rows; d + name is the derivative of the loss by that name.

Takes
    x              (m, 64)      a batch of m rows
    y              (m, 10)      what is wanted for each row
    w              (m, 1)       weight of each row over the sum of weights: 1/m where none is given
    keep1          (m, 100)     1.25 with chance 0.8, else 0
    W1             (64, 100)    trained
    b1             (100,)       trained
    scale1         (100,)       trained
    shift1         (100,)       trained
    W2             (100, 10)    trained
    b2             (10,)        trained
    mean_W1        (64, 100)    starts at 0
    square_W1      (64, 100)    starts at 0
    mean_b1        (100,)       starts at 0
    square_b1      (100,)       starts at 0
    mean_scale1    (100,)       starts at 0
    square_scale1  (100,)       starts at 0
    mean_shift1    (100,)       starts at 0
    square_shift1  (100,)       starts at 0
    mean_W2        (100, 10)    starts at 0
    square_W2      (100, 10)    starts at 0
    mean_b2        (10,)        starts at 0
    square_b2      (10,)        starts at 0
    learning_rate  ()           the size of a step
    correction1    ()           1 − beta1^t at step t = 1, 2, …
    correction2    ()           1 − beta2^t at step t = 1, 2, …
"""

import numpy as np


def step(
    x, y, w, keep1, W1, b1, scale1, shift1, W2, b2, mean_W1, square_W1, mean_b1, square_b1,
    mean_scale1, square_scale1, mean_shift1, square_shift1, mean_W2, square_W2, mean_b2,
    square_b2, learning_rate, correction1, correction2,
):
    # forward
    z1 = x @ W1 + b1                     # (m, 100)  weighted sums of the inputs, plus a bias
    a1 = relu(z1)                        # (m, 100)  passes what is above 0 and cuts the rest
    # (m, 100)  each row is brought to mean 0 and spread 1, then scaled and shifted
    h1, normal1, per_spread1 = layer_norm(a1, scale1, shift1)
    h1_2 = h1 * keep1                    # (m, 100)  some numbers are left out by chance
    z2 = h1_2 @ W2 + b2                  # (m, 10)   weighted sums of h1_2, plus a bias
    a2 = softmax(z2)                     # (m, 10)   turns a row of numbers into shares that add up to 1
    # loss
    loss = cross_entropy(z2, y, w)       # ()        surprise at the true class, given its share
    # backward
    dz2 = cross_entropy_error(a2, y, w)  # (m, 10)   the error of the output layer
    dW2 = h1_2.T @ dz2                   # (100, 10) the weights' part: inputs times error
    db2 = sum_over_batch(dz2)            # (10,)     the biases' part: error, summed over the batch
    dh1_2 = dz2 @ W2.T                   # (m, 100)  the error, handed back through the weights
    dh1 = dh1_2 * keep1                  # (m, 100)  what was left out has no part
    # (m, 100)  the error, without the part that only moves or stretches a whole row
    da1, dscale1, dshift1 = layer_norm_back(dh1, normal1, per_spread1, scale1)
    dz1 = da1 * relu_slope(z1, a1)       # (m, 100)  the error of layer 1
    dW1 = x.T @ dz1                      # (64, 100) the weights' part: inputs times error
    db1 = sum_over_batch(dz1)            # (100,)    the biases' part: error, summed over the batch
    # update
    # (64, 100) a step against the running mean of the gradient, by its usual size
    W1, mean_W1, square_W1 = adam(W1, dW1, mean_W1, square_W1, learning_rate, correction1, correction2)
    b1, mean_b1, square_b1 = adam(b1, db1, mean_b1, square_b1, learning_rate, correction1, correction2)
    scale1, mean_scale1, square_scale1 = adam(scale1, dscale1, mean_scale1, square_scale1, learning_rate, correction1, correction2)
    shift1, mean_shift1, square_shift1 = adam(shift1, dshift1, mean_shift1, square_shift1, learning_rate, correction1, correction2)
    W2, mean_W2, square_W2 = adam(W2, dW2, mean_W2, square_W2, learning_rate, correction1, correction2)
    b2, mean_b2, square_b2 = adam(b2, db2, mean_b2, square_b2, learning_rate, correction1, correction2)
    return (
        loss, W1, b1, scale1, shift1, W2, b2, mean_W1, square_W1, mean_b1, square_b1,
        mean_scale1, square_scale1, mean_shift1, square_shift1, mean_W2, square_W2, mean_b2,
        square_b2,
    )


def predict(x, W1, b1, scale1, shift1, W2, b2):
    z1 = x @ W1 + b1
    a1 = relu(z1)
    h1, normal1, per_spread1 = layer_norm(a1, scale1, shift1)
    z2 = h1 @ W2 + b2
    a2 = softmax(z2)
    return a2


def gradients(x, y, w, keep1, W1, b1, scale1, shift1, W2, b2):
    z1 = x @ W1 + b1
    a1 = relu(z1)
    h1, normal1, per_spread1 = layer_norm(a1, scale1, shift1)
    h1_2 = h1 * keep1
    z2 = h1_2 @ W2 + b2
    a2 = softmax(z2)
    loss = cross_entropy(z2, y, w)
    dz2 = cross_entropy_error(a2, y, w)
    dW2 = h1_2.T @ dz2
    db2 = sum_over_batch(dz2)
    dh1_2 = dz2 @ W2.T
    dh1 = dh1_2 * keep1
    da1, dscale1, dshift1 = layer_norm_back(dh1, normal1, per_spread1, scale1)
    dz1 = da1 * relu_slope(z1, a1)
    dW1 = x.T @ dz1
    db1 = sum_over_batch(dz1)
    return loss, dW1, db1, dscale1, dshift1, dW2, db2


def update(
    W1, b1, scale1, shift1, W2, b2, dW1, db1, dscale1, dshift1, dW2, db2, mean_W1,
    square_W1, mean_b1, square_b1, mean_scale1, square_scale1, mean_shift1, square_shift1,
    mean_W2, square_W2, mean_b2, square_b2, learning_rate, correction1, correction2,
):
    W1, mean_W1, square_W1 = adam(W1, dW1, mean_W1, square_W1, learning_rate, correction1, correction2)
    b1, mean_b1, square_b1 = adam(b1, db1, mean_b1, square_b1, learning_rate, correction1, correction2)
    scale1, mean_scale1, square_scale1 = adam(scale1, dscale1, mean_scale1, square_scale1, learning_rate, correction1, correction2)
    shift1, mean_shift1, square_shift1 = adam(shift1, dshift1, mean_shift1, square_shift1, learning_rate, correction1, correction2)
    W2, mean_W2, square_W2 = adam(W2, dW2, mean_W2, square_W2, learning_rate, correction1, correction2)
    b2, mean_b2, square_b2 = adam(b2, db2, mean_b2, square_b2, learning_rate, correction1, correction2)
    return (
        W1, b1, scale1, shift1, W2, b2, mean_W1, square_W1, mean_b1, square_b1, mean_scale1,
        square_scale1, mean_shift1, square_shift1, mean_W2, square_W2, mean_b2, square_b2,
    )


# The rules that it calls.


def relu(z):
    return np.maximum(z, 0)


def layer_norm(x, scale, shift, epsilon=1e-5):
    n = x.shape[1]
    centred = x - np.sum(x, axis=1, keepdims=True) / n
    per_spread = 1 / np.sqrt(np.sum(centred * centred, axis=1, keepdims=True) / n + epsilon)
    normal = centred * per_spread
    return normal * scale + shift, normal, per_spread


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


def layer_norm_back(dy, normal, per_spread, scale):
    n = dy.shape[1]
    d = dy * scale
    mean = np.sum(d, axis=1, keepdims=True) / n
    share = np.sum(d * normal, axis=1, keepdims=True) / n
    return per_spread * (d - mean - normal * share), sum_over_batch(dy * normal), sum_over_batch(dy)


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
