"""1-2-1 sigmoid, loss mean_squared_error, optimizer SGD(learning_rate=0.03): written out by
glassnet. Samples are rows; d + name is the derivative of the loss by that name.

Takes
    x              (m, 1)       a batch of m rows
    y              (m, 1)       what is wanted for each row
    w              (m, 1)       weight of each row over the sum of weights: 1/m where none is given
    W1             (1, 2)       trained
    b1             (2,)         trained
    W2             (2, 1)       trained
    b2             (1,)         trained
    learning_rate  ()           the size of a step
"""

import numpy as np


def step(x, y, w, W1, b1, W2, b2, learning_rate):
    # forward
    z1 = x @ W1 + b1                          # (m, 2)    weighted sums of the inputs, plus a bias
    a1 = sigmoid(z1)                          # (m, 2)    squeezes every number between 0 and 1
    z2 = a1 @ W2 + b2                         # (m, 1)    weighted sums of a1, plus a bias
    a2 = sigmoid(z2)                          # (m, 1)    squeezes every number between 0 and 1
    # loss
    loss = mean_squared_error(a2, y, w)       # ()        squared distance to the target, averaged
    # backward
    da2 = mean_squared_error_slope(a2, y, w)  # (m, 1)    how the loss changes with each output
    dz2 = da2 * sigmoid_slope(z2, a2)         # (m, 1)    the error of the output layer
    dW2 = a1.T @ dz2                          # (2, 1)    the weights' part: inputs times error
    db2 = sum_over_batch(dz2)                 # (1,)      the biases' part: error, summed over the batch
    da1 = dz2 @ W2.T                          # (m, 2)    the error, handed back through the weights
    dz1 = da1 * sigmoid_slope(z1, a1)         # (m, 2)    the error of layer 1
    dW1 = x.T @ dz1                           # (1, 2)    the weights' part: inputs times error
    db1 = sum_over_batch(dz1)                 # (2,)      the biases' part: error, summed over the batch
    # update
    W1 = W1 - learning_rate * dW1             # (1, 2)    a step against the gradient
    b1 = b1 - learning_rate * db1             # (2,)
    W2 = W2 - learning_rate * dW2             # (2, 1)
    b2 = b2 - learning_rate * db2             # (1,)
    return loss, W1, b1, W2, b2


def predict(x, W1, b1, W2, b2):
    z1 = x @ W1 + b1
    a1 = sigmoid(z1)
    z2 = a1 @ W2 + b2
    a2 = sigmoid(z2)
    return a2


def gradients(x, y, w, W1, b1, W2, b2):
    z1 = x @ W1 + b1
    a1 = sigmoid(z1)
    z2 = a1 @ W2 + b2
    a2 = sigmoid(z2)
    loss = mean_squared_error(a2, y, w)
    da2 = mean_squared_error_slope(a2, y, w)
    dz2 = da2 * sigmoid_slope(z2, a2)
    dW2 = a1.T @ dz2
    db2 = sum_over_batch(dz2)
    da1 = dz2 @ W2.T
    dz1 = da1 * sigmoid_slope(z1, a1)
    dW1 = x.T @ dz1
    db1 = sum_over_batch(dz1)
    return loss, dW1, db1, dW2, db2


def update(W1, b1, W2, b2, dW1, db1, dW2, db2, learning_rate):
    W1 = W1 - learning_rate * dW1
    b1 = b1 - learning_rate * db1
    W2 = W2 - learning_rate * dW2
    b2 = b2 - learning_rate * db2
    return W1, b1, W2, b2


# The rules that it calls.


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never above 1: no overflow for any z
    return np.where(z >= 0, 1, e) / (1 + e)


def mean_squared_error(a, y, w):
    error = a - y
    return np.sum(w * error * error) / a.shape[1]


def mean_squared_error_slope(a, y, w):
    return 2 * w * (a - y) / a.shape[1]


def sigmoid_slope(z, a):
    return a * (1 - a)


def sum_over_batch(d):
    # A product adds in blocks; np.sum(d, axis=0) adds row after row and drifts in float32.
    return np.ones_like(d[:, 0]) @ d
