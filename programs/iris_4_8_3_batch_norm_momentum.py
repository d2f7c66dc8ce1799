"""4-8-3 linear relu softmax BatchNorm(), loss cross_entropy, optimizer SGD(learning_rate=0.1,
momentum=0.9): written out by glassnet. Samples are rows; d + name is the derivative of the loss
by that name.

Takes
    x                (m, 4)       a batch of m rows
    y                (m, 3)       what is wanted for each row
    w                (m, 1)       weight of each row over the sum of weights: 1/m where none is given
    W1               (4, 8)       trained
    b1               (8,)         trained
    scale1           (8,)         trained
    shift1           (8,)         trained
    W2               (8, 3)       trained
    b2               (3,)         trained
    mean1            (8,)         for prediction
    variance1        (8,)         for prediction
    velocity_W1      (4, 8)       starts at 0
    velocity_b1      (8,)         starts at 0
    velocity_scale1  (8,)         starts at 0
    velocity_shift1  (8,)         starts at 0
    velocity_W2      (8, 3)       starts at 0
    velocity_b2      (3,)         starts at 0
    learning_rate    ()           the size of a step
"""

import numpy as np


def step(
    x, y, w, W1, b1, scale1, shift1, W2, b2, mean1, variance1, velocity_W1, velocity_b1,
    velocity_scale1, velocity_shift1, velocity_W2, velocity_b2, learning_rate,
):
    # forward
    z1 = x @ W1 + b1                     # (m, 8)    weighted sums of the inputs, plus a bias
    # (m, 8)    each column is brought to mean 0 and spread 1 over the batch, then scaled and shifted
    h1, normal1, per_spread1, batch_mean1, batch_variance1 = batch_norm(z1, scale1, shift1, w)
    a1 = relu(h1)                        # (m, 8)    passes what is above 0 and cuts the rest
    z2 = a1 @ W2 + b2                    # (m, 3)    weighted sums of a1, plus a bias
    a2 = softmax(z2)                     # (m, 3)    turns a row of numbers into shares that add up to 1
    # loss
    loss = cross_entropy(z2, y, w)       # ()        surprise at the true class, given its share
    # backward
    dz2 = cross_entropy_error(a2, y, w)  # (m, 3)    the error of the output layer
    dW2 = a1.T @ dz2                     # (8, 3)    the weights' part: inputs times error
    db2 = sum_over_batch(dz2)            # (3,)      the biases' part: error, summed over the batch
    da1 = dz2 @ W2.T                     # (m, 8)    the error, handed back through the weights
    dh1 = da1 * relu_slope(h1, a1)       # (m, 8)    the error of layer 1
    # (m, 8)    the error, without the part that only moves or stretches a whole column
    dz1, dscale1, dshift1 = batch_norm_back(dh1, normal1, per_spread1, scale1, w)
    dW1 = x.T @ dz1                      # (4, 8)    the weights' part: inputs times error
    db1 = sum_over_batch(dz1)            # (8,)      the biases' part: error, summed over the batch
    # remember
    mean1 = running(mean1, batch_mean1)  # (8,)      the running mean, for prediction
    # (8,)      the running variance, for prediction
    variance1 = running(variance1, batch_variance1)
    # update
    # (4, 8)    a step against the gradient
    W1, velocity_W1 = sgd_momentum(W1, dW1, velocity_W1, learning_rate)
    b1, velocity_b1 = sgd_momentum(b1, db1, velocity_b1, learning_rate)
    scale1, velocity_scale1 = sgd_momentum(scale1, dscale1, velocity_scale1, learning_rate)
    shift1, velocity_shift1 = sgd_momentum(shift1, dshift1, velocity_shift1, learning_rate)
    W2, velocity_W2 = sgd_momentum(W2, dW2, velocity_W2, learning_rate)
    b2, velocity_b2 = sgd_momentum(b2, db2, velocity_b2, learning_rate)
    return (
        loss, W1, b1, scale1, shift1, W2, b2, mean1, variance1, velocity_W1, velocity_b1,
        velocity_scale1, velocity_shift1, velocity_W2, velocity_b2,
    )


def predict(x, W1, b1, scale1, shift1, W2, b2, mean1, variance1):
    z1 = x @ W1 + b1
    h1 = batch_norm_predict(z1, scale1, shift1, mean1, variance1)
    a1 = relu(h1)
    z2 = a1 @ W2 + b2
    a2 = softmax(z2)
    return a2


def gradients(x, y, w, W1, b1, scale1, shift1, W2, b2, mean1, variance1):
    z1 = x @ W1 + b1
    h1, normal1, per_spread1, batch_mean1, batch_variance1 = batch_norm(z1, scale1, shift1, w)
    a1 = relu(h1)
    z2 = a1 @ W2 + b2
    a2 = softmax(z2)
    loss = cross_entropy(z2, y, w)
    dz2 = cross_entropy_error(a2, y, w)
    dW2 = a1.T @ dz2
    db2 = sum_over_batch(dz2)
    da1 = dz2 @ W2.T
    dh1 = da1 * relu_slope(h1, a1)
    dz1, dscale1, dshift1 = batch_norm_back(dh1, normal1, per_spread1, scale1, w)
    dW1 = x.T @ dz1
    db1 = sum_over_batch(dz1)
    mean1 = running(mean1, batch_mean1)
    variance1 = running(variance1, batch_variance1)
    return loss, dW1, db1, dscale1, dshift1, dW2, db2, mean1, variance1


def update(
    W1, b1, scale1, shift1, W2, b2, dW1, db1, dscale1, dshift1, dW2, db2, velocity_W1,
    velocity_b1, velocity_scale1, velocity_shift1, velocity_W2, velocity_b2, learning_rate,
):
    W1, velocity_W1 = sgd_momentum(W1, dW1, velocity_W1, learning_rate)
    b1, velocity_b1 = sgd_momentum(b1, db1, velocity_b1, learning_rate)
    scale1, velocity_scale1 = sgd_momentum(scale1, dscale1, velocity_scale1, learning_rate)
    shift1, velocity_shift1 = sgd_momentum(shift1, dshift1, velocity_shift1, learning_rate)
    W2, velocity_W2 = sgd_momentum(W2, dW2, velocity_W2, learning_rate)
    b2, velocity_b2 = sgd_momentum(b2, db2, velocity_b2, learning_rate)
    return (
        W1, b1, scale1, shift1, W2, b2, velocity_W1, velocity_b1, velocity_scale1,
        velocity_shift1, velocity_W2, velocity_b2,
    )


# The rules that it calls.


def batch_norm(x, scale, shift, w, epsilon=1e-5):
    share = w / np.sum(w)
    mean = sum_over_batch(share * x)
    centred = x - mean
    variance = sum_over_batch(share * centred * centred)
    per_spread = 1 / np.sqrt(variance + epsilon)
    normal = centred * per_spread
    return normal * scale + shift, normal, per_spread, mean, variance


def sum_over_batch(d):
    # A product adds in blocks; np.sum(d, axis=0) adds row after row and drifts in float32.
    return np.ones_like(d[:, 0]) @ d


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


def relu_slope(z, a):
    return a > 0


def batch_norm_back(dy, normal, per_spread, scale, w):
    share = w / np.sum(w)
    dscale = sum_over_batch(dy * normal)
    dshift = sum_over_batch(dy)
    return scale * per_spread * (dy - share * dshift - share * normal * dscale), dscale, dshift


def running(old, new, momentum=0.1):
    return (1 - momentum) * old + momentum * new


def sgd_momentum(p, dp, velocity, learning_rate, momentum=0.9):
    velocity = momentum * velocity + dp
    return p - learning_rate * velocity, velocity


def batch_norm_predict(x, scale, shift, mean, variance, epsilon=1e-5):
    return (x - mean) / np.sqrt(variance + epsilon) * scale + shift
