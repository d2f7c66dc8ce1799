"""The specification: every rule, and a whole step of training, in loops over plain numbers.

It shares nothing with the package and is slow on purpose. Each rule is said once, forward. No
derivative is written down: a Number remembers which numbers it was made of and how it changes with
each, and the chain rule then walks back from the loss, one operation at a time.
"""

from __future__ import annotations

import itertools
import math

# ------------------------------------------------------------------ numbers that remember


class Number:
    """A number, the numbers it was made of with its slope by each, and the loss's slope by it."""

    count = itertools.count()

    def __init__(self, value, made_of=()):
        self.value = float(value)
        self.made_of = made_of
        self.slope = 0.0
        self.age = next(Number.count)

    def __add__(self, other):
        other = number(other)
        return Number(self.value + other.value, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        other = number(other)
        return Number(self.value * other.value, ((self, other.value), (other, self.value)))

    def __truediv__(self, other):
        other = number(other)
        quotient = self.value / other.value
        return Number(quotient, ((self, 1 / other.value), (other, -quotient / other.value)))

    def __neg__(self):
        return Number(-self.value, ((self, -1.0),))

    def __sub__(self, other):
        return self + (-number(other))

    def __rsub__(self, other):
        return number(other) - self

    def __rtruediv__(self, other):
        return number(other) / self

    __radd__ = __add__
    __rmul__ = __mul__


def number(value):
    return value if isinstance(value, Number) else Number(value)


def exp(x):
    power = math.exp(x.value)
    return Number(power, ((x, power),))


def log(x):
    return Number(math.log(x.value), ((x, 1 / x.value),))


def log1p(x):
    return Number(math.log1p(x.value), ((x, 1 / (1 + x.value)),))


def sqrt(x):
    root = math.sqrt(x.value)
    return Number(root, ((x, 1 / (2 * root)),))


def walk_back(loss):
    """Give every number that the loss was made of its slope: the chain rule, youngest first."""
    found, waiting = {id(loss): loss}, [loss]
    while waiting:
        for part, _ in waiting.pop().made_of:
            if id(part) not in found:
                found[id(part)] = part
                waiting.append(part)
    loss.slope = 1.0
    for each in sorted(found.values(), key=lambda n: -n.age):
        for part, slope in each.made_of:
            part.slope += slope * each.slope


def numbers(nested):
    """Make Numbers of a number, or of lists of them."""
    if isinstance(nested, list):
        return [numbers(part) for part in nested]
    return Number(nested)


def values(nested):
    """Give the plain values of Numbers in lists."""
    if isinstance(nested, list):
        return [values(part) for part in nested]
    return nested.value


def slopes(nested):
    """Give the slopes of Numbers in lists."""
    if isinstance(nested, list):
        return [slopes(part) for part in nested]
    return nested.slope


# ------------------------------------------------------------- activations: a row to a row


def linear(row):
    return row


def relu(row):
    return [z if z.value > 0 else z * 0 for z in row]


def tanh(row):
    result = []
    for z in row:
        a = math.tanh(z.value)
        result.append(Number(a, ((z, 1 / math.cosh(min(abs(z.value), 300)) ** 2),)))
    return result


def sigmoid_of(z):
    if z.value >= 0:
        return 1 / (1 + exp(-z))
    e = exp(z)
    return e / (1 + e)


def sigmoid(row):
    return [sigmoid_of(z) for z in row]


def softmax(row):
    highest = max(z.value for z in row)
    powers = [exp(z - highest) for z in row]
    total = sum(powers[1:], powers[0])
    return [power / total for power in powers]


ACTIVATIONS = {
    "linear": linear,
    "relu": relu,
    "tanh": tanh,
    "sigmoid": sigmoid,
    "softmax": softmax,
}


# ------------------------------------------------- losses: rows, targets, weights to a number


def squared_distance(row, target):
    total = number(0)
    for a, y in zip(row, target, strict=True):
        total = total + (a - y) * (a - y)
    return total


def mean_squared_error(rows, targets, weights):
    total = number(0)
    for row, target, weight in zip(rows, targets, weights, strict=True):
        total = total + weight * (squared_distance(row, target) / len(row))
    return total


def half_squared_error(rows, targets, weights):
    return mean_squared_error(rows, targets, weights) / 2


def half_squared_error_sum(rows, targets, weights):
    total = number(0)
    for row, target, weight in zip(rows, targets, weights, strict=True):
        total = total + weight * squared_distance(row, target) / 2
    return total


def log_of_1_plus_exp(z):
    return z + log1p(exp(-z)) if z.value > 0 else log1p(exp(z))


def binary_cross_entropy(rows, targets, weights):
    """−y·log(a) − (1 − y)·log(1 − a) for a = sigmoid(z): log(a) = −log(1 + exp(−z))."""
    total = number(0)
    for row, target, weight in zip(rows, targets, weights, strict=True):
        for z, y in zip(row, target, strict=True):
            surprise = y * log_of_1_plus_exp(-z) + (1 - y) * log_of_1_plus_exp(z)
            total = total + weight * surprise / len(row)
    return total


def cross_entropy(rows, targets, weights):
    """−Σ y·log(a) for a = softmax(z): log(a_k) = z_k − log Σ exp(z)."""
    total = number(0)
    for row, target, weight in zip(rows, targets, weights, strict=True):
        highest = max(z.value for z in row)
        powers = [exp(z - highest) for z in row]
        log_of_sum = log(sum(powers[1:], powers[0]))
        for z, y in zip(row, target, strict=True):
            total = total + weight * y * (log_of_sum - (z - highest))
    return total


LOSSES = {
    "mean_squared_error": mean_squared_error,
    "half_squared_error": half_squared_error,
    "half_squared_error_sum": half_squared_error_sum,
    "binary_cross_entropy": binary_cross_entropy,
    "cross_entropy": cross_entropy,
}
READ_LOGITS = {"binary_cross_entropy", "cross_entropy"}


# ----------------------------------------------------------------- layers: rows to rows


class Batch:
    """What the layers of one pass take in turn, and what they leave for prediction."""

    def __init__(self, parameters, weights=(), masks=(), statistics=(), *, training=True):
        self.parameters = iter(parameters)
        self.weights = weights
        self.masks = iter(masks)
        self.statistics = iter(statistics)
        self.training = training
        self.remembered = []


def weighted_sums(rows, weights, biases):
    result = []
    for row in rows:
        sums = []
        for j, bias in enumerate(biases):
            total = number(bias)
            for i, x in enumerate(row):
                total = total + x * weights[i][j]
            sums.append(total)
        result.append(sums)
    return result


def dense(layer, rows, batch):
    weights = next(batch.parameters)
    biases = next(batch.parameters) if layer.bias else [0.0] * layer.units
    return weighted_sums(rows, weights, biases)


def activation(layer, rows, batch):
    return rows


def dropout(layer, rows, batch):
    if not batch.training:
        return rows
    mask = next(batch.masks)
    return [
        [x * keep for x, keep in zip(row, keeps, strict=True)]
        for row, keeps in zip(rows, mask, strict=True)
    ]


def weighted_mean(column, shares):
    total = number(0)
    for x, share in zip(column, shares, strict=True):
        total = total + x * share
    return total


def spread_of(column, mean, shares):
    return weighted_mean([(x - mean) * (x - mean) for x in column], shares)


def layer_norm(layer, rows, batch):
    scale, shift = next(batch.parameters), next(batch.parameters)
    result = []
    for row in rows:
        shares = [1 / len(row)] * len(row)
        mean = weighted_mean(row, shares)
        root = sqrt(spread_of(row, mean, shares) + layer.epsilon)
        result.append(
            [(x - mean) / root * s + t for x, s, t in zip(row, scale, shift, strict=True)]
        )
    return result


def batch_norm(layer, rows, batch):
    scale, shift = next(batch.parameters), next(batch.parameters)
    old_mean, old_variance = next(batch.statistics), next(batch.statistics)
    shares = [weight / sum(batch.weights) for weight in batch.weights]
    columns, means, variances = [], [], []
    for j, column in enumerate(zip(*rows, strict=True)):
        mean, variance = number(old_mean[j]), number(old_variance[j])
        if batch.training:
            mean = weighted_mean(column, shares)
            variance = spread_of(column, mean, shares)
        root = sqrt(variance + layer.epsilon)
        columns.append([(x - mean) / root * scale[j] + shift[j] for x in column])
        means.append(old_mean[j] + layer.momentum * (mean.value - old_mean[j]))
        variances.append(old_variance[j] + layer.momentum * (variance.value - old_variance[j]))
    batch.remembered += [means, variances]
    return [list(row) for row in zip(*columns, strict=True)]


LAYERS = {
    "Dense": dense,
    "Activation": activation,
    "Dropout": dropout,
    "LayerNorm": layer_norm,
    "BatchNorm": batch_norm,
}


def forward(layers, rows, batch):
    """Give what the last activation takes (the logits), and what it gives (the outputs)."""
    logits = rows
    for layer in layers:
        logits = LAYERS[type(layer).__name__](layer, rows, batch)
        rows = logits
        if hasattr(layer, "activation"):
            rows = [ACTIVATIONS[layer.activation](row) for row in logits]
    return logits, rows


def predict(layers, x, parameters, statistics):
    batch = Batch(numbers(parameters), statistics=statistics, training=False)
    _, outputs = forward(layers, numbers(x), batch)
    return values(outputs)


def gradients(layers, loss, x, y, weights, parameters, statistics=(), masks=()):
    """Give loss, the slope of it by every parameter, and the running statistics afterwards."""
    trained = numbers(parameters)
    batch = Batch(trained, weights, masks, statistics)
    logits, outputs = forward(layers, numbers(x), batch)
    total = LOSSES[loss](logits if loss in READ_LOGITS else outputs, y, weights)
    walk_back(total)
    return total.value, slopes(trained), batch.remembered


# ------------------------------- optimizers: one number, its slope and state to new ones


def sgd(options, p, slope, state, rate, step):
    if not options.momentum:
        return p - rate * slope, ()
    (velocity,) = state
    faster = slope + options.momentum * velocity
    if options.nesterov:  # the step that would follow, were the slope the same once more
        return p - rate * slope - rate * options.momentum * faster, (faster,)
    return p - rate * faster, (faster,)


def adam(options, p, slope, state, rate, step):
    mean, square = state
    mean += (1 - options.beta1) * (slope - mean)
    square += (1 - options.beta2) * (slope**2 - square)
    true_mean = mean / (1 - options.beta1**step)
    true_square = square / (1 - options.beta2**step)
    return p - rate * true_mean / (true_square**0.5 + options.epsilon), (mean, square)


OPTIMIZERS = {"SGD": sgd, "Adam": adam}


def update(optimizer, parameter, slope, state, rate, step):
    """Give the new value of one array and its new state, element by element."""
    if not isinstance(parameter, list):
        rule = OPTIMIZERS[type(optimizer).__name__]
        return rule(optimizer, parameter, slope, state, rate, step)
    new, kept = [], []
    for place, (p, dp) in enumerate(zip(parameter, slope, strict=True)):
        own = [array[place] for array in state]
        new_p, new_state = update(optimizer, p, dp, own, rate, step)
        new.append(new_p)
        kept.append(new_state)
    return new, [list(array) for array in zip(*kept, strict=True)]


# ------------------------------------------------------------- schedules: done to a rate


def constant(options, done):
    return options.value


def cosine(options, done):
    """The part of the way that is left is cos²(π·done / 2)."""
    left = math.cos(math.pi * done / 2) ** 2
    return left * options.start + (1 - left) * options.end


SCHEDULES = {"Constant": constant, "Cosine": cosine}


# ------------------------------------------- randomness: whole numbers of 32 bits, by hand

ORDER, MASK = 1, 2
BITS = 2**32 - 1


def mix(x):
    x = ((x ^ (x >> 16)) * 0x21F0AAAD) & BITS
    x = ((x ^ (x >> 15)) * 0xD35A2D97) & BITS
    return x ^ (x >> 15)


def key(seed, purpose, *place):
    result = mix((seed ^ 0x9E3779B9) & BITS)
    for part in (seed >> 32, purpose, *place):
        result = mix(result ^ mix((part + 0x7F4A7C15) & BITS))
    return result


def order_of_rows(seed, epoch, rows):
    place = key(seed, ORDER, epoch)
    return sorted(range(rows), key=lambda row: (mix(row ^ place), row))


def kept(seed, step, layer, row, column, chance):
    place = key(seed, MASK, step & BITS, step >> 32, layer)
    return mix(mix(row ^ place) ^ column) < chance * 2**32
