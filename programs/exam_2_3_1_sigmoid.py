"""2-3-1 sigmoid, loss half_squared_error_sum, optimizer SGD(learning_rate=1.0): written out by
glassnet. Samples are rows; d + name is the derivative of the loss by that name.

Takes
    x              (m, 2)       a batch of m rows
    y              (m, 1)       what is wanted for each row
    w              (m, 1)       weight of each row: 1 where none is given
    W1             (2, 3)       trained
    W2             (3, 1)       trained
    learning_rate  ()           the size of a step
"""

import numpy as np


def step(x, y, w, W1, W2, learning_rate):
    # forward
    z1 = x @ W1                                   # (m, 3)    weighted sums of the inputs
    a1 = sigmoid(z1)                              # (m, 3)    squeezes every number between 0 and 1
    z2 = a1 @ W2                                  # (m, 1)    weighted sums of a1
    a2 = sigmoid(z2)                              # (m, 1)    squeezes every number between 0 and 1
    # loss
    loss = half_squared_error_sum(a2, y, w)       # ()        half the squared error, added up over all rows
    # backward
    da2 = half_squared_error_sum_slope(a2, y, w)  # (m, 1)    how the loss changes with each output
    dz2 = da2 * sigmoid_slope(z2, a2)             # (m, 1)    the error of the output layer
    dW2 = a1.T @ dz2                              # (3, 1)    the weights' part: inputs times error
    da1 = dz2 @ W2.T                              # (m, 3)    the error, handed back through the weights
    dz1 = da1 * sigmoid_slope(z1, a1)             # (m, 3)    the error of layer 1
    dW1 = x.T @ dz1                               # (2, 3)    the weights' part: inputs times error
    # update
    W1 = W1 - learning_rate * dW1                 # (2, 3)    a step against the gradient
    W2 = W2 - learning_rate * dW2                 # (3, 1)
    return loss, W1, W2


def predict(x, W1, W2):
    z1 = x @ W1
    a1 = sigmoid(z1)
    z2 = a1 @ W2
    a2 = sigmoid(z2)
    return a2


def gradients(x, y, w, W1, W2):
    z1 = x @ W1
    a1 = sigmoid(z1)
    z2 = a1 @ W2
    a2 = sigmoid(z2)
    loss = half_squared_error_sum(a2, y, w)
    da2 = half_squared_error_sum_slope(a2, y, w)
    dz2 = da2 * sigmoid_slope(z2, a2)
    dW2 = a1.T @ dz2
    da1 = dz2 @ W2.T
    dz1 = da1 * sigmoid_slope(z1, a1)
    dW1 = x.T @ dz1
    return loss, dW1, dW2


def update(W1, W2, dW1, dW2, learning_rate):
    W1 = W1 - learning_rate * dW1
    W2 = W2 - learning_rate * dW2
    return W1, W2


# The rules that it calls.


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never above 1: no overflow for any z
    return np.where(z >= 0, 1, e) / (1 + e)


def half_squared_error_sum(a, y, w):
    error = a - y
    return np.sum(w * error * error) / 2


def half_squared_error_sum_slope(a, y, w):
    return w * (a - y)


def sigmoid_slope(z, a):
    return a * (1 - a)
