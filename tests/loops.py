"""The specification: every rule, and a whole step of training, in loops over plain numbers.

It shares nothing with the package and is slow on purpose. Each rule is said once, forward. No
derivative is written down: a Number remembers which numbers it was made of and how it changes with
each, and the chain rule then walks back from the loss, one operation at a time.
"""

from __future__ import annotations

import itertools
import math
import statistics

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


def expm1(x):
    return Number(math.expm1(x.value), ((x, math.exp(x.value)),))


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


def log_softmax(row):
    highest = max(z.value for z in row)
    powers = [exp(z - highest) for z in row]
    log_of_sum = log(sum(powers[1:], powers[0]))
    return [z - highest - log_of_sum for z in row]


def each(rule):
    """Make a rule of rows from a rule of one number."""
    return lambda row: [rule(z) for z in row]


# From the fixed point of mean 0 and variance 1, as published.
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def erfc_of(z):
    slope = -2 / math.sqrt(math.pi) * math.exp(-(min(abs(z.value), 30) ** 2))
    return Number(math.erfc(z.value), ((z, slope),))


def elu_of(z):
    return z if z.value > 0 else expm1(z)


def clipped(z, low, high):
    return number(min(max(z.value, low), high)) if not low < z.value < high else z


def gelu_tanh_of(z):
    # As it was published; below 0 tanh is near −1, and only its distance from it has digits.
    u = math.sqrt(2 / math.pi) * (z + 0.044715 * z * z * z)
    return z / (1 + exp(-2 * u)) if u.value > 0 else z * exp(2 * u) / (1 + exp(2 * u))


def mish_of(z):
    power = exp(z) if z.value < 0 else exp(-z)
    if z.value < 0:
        return z * (power * power + 2 * power) / (power * power + 2 * power + 2)
    return z * (1 + 2 * power) / (1 + 2 * power + 2 * power * power)


def ascending(row):
    rises, total = [], number(0)
    for z in row:
        total = total + log_of_1_plus_exp(z)
        rises.append(total)
    middle = number(0)
    for z, rise in zip(row, rises, strict=True):
        middle = middle + (z - rise) / len(row)
    return [middle + rise for rise in rises]


ACTIVATIONS = {
    "exp": each(exp),
    "ascending": ascending,
    "log_softmax": log_softmax,
    "step": each(lambda z: number(1.0 if z.value > 0 else 0.0)),
    "leaky_relu": each(lambda z: z if z.value > 0 else 0.01 * z),
    "elu": each(elu_of),
    "selu": each(lambda z: SELU_SCALE * z if z.value > 0 else SELU_SCALE * SELU_ALPHA * expm1(z)),
    "gelu": each(lambda z: z * erfc_of(-z / math.sqrt(2)) / 2),
    "gelu_tanh": each(gelu_tanh_of),
    "silu": each(lambda z: z * sigmoid_of(z)),
    "mish": each(mish_of),
    "softplus": each(lambda z: log_of_1_plus_exp(z)),
    "softsign": each(lambda z: z / (1 + z) if z.value > 0 else z / (1 - z)),
    "hard_sigmoid": each(lambda z: clipped((z + 3) / 6, 0, 1)),
    "hard_swish": each(lambda z: z * clipped((z + 3) / 6, 0, 1)),
    "linear": linear,
    "relu": relu,
    "tanh": tanh,
    "sigmoid": sigmoid,
    "softmax": softmax,
}


# ------------------------------------------------- losses: rows, targets, weights to a number


def by_row(rule):
    """Make a loss of the loss of one row: each counts by its weight."""

    def loss(rows, targets, weights, options):
        total = number(0)
        for row, target, weight in zip(rows, targets, weights, strict=True):
            total = total + weight * rule(row, target, options)
        return total

    return loss


def by_number(rule):
    """Make a loss of the loss of one number: the columns are averaged."""

    def of_row(row, target, options):
        total = number(0)
        for z, y in zip(row, target, strict=True):
            total = total + rule(z, y, options)
        return total / len(row)

    return by_row(of_row)


def squared_distance(row, target, options):
    total = number(0)
    for a, y in zip(row, target, strict=True):
        total = total + (a - y) * (a - y)
    return total


def size(x):
    return x if x.value > 0 else -x if x.value < 0 else x * 0


def power(x, exponent):
    return exp(exponent * log(x))


def huber_of(a, y, options):
    error = size(a - y)
    if error.value <= options.delta:
        return error * error / 2
    return options.delta * (error - options.delta / 2)


def log_cosh_of(a, y, options):
    error = size(a - y)
    return error + log1p(exp(-2 * error)) - math.log(2)


def pinball(a, y, level):
    return level * (y - a) if a.value < y else (1 - level) * (a - y)


def quantile_of(row, target, options):
    levels = options.quantiles
    if len(levels) == 1:
        levels, targets = levels * len(row), target
    else:
        targets = target * len(row)
    total = number(0)
    for a, y, level in zip(row, targets, levels, strict=True):
        total = total + pinball(a, y, level)
    return total / len(row)


def log_of_1_plus_exp(z):
    return z + log1p(exp(-z)) if z.value > 0 else log1p(exp(z))


def binary_cross_entropy_of(z, y, options):
    """−y·log(a) − (1 − y)·log(1 − a) for a = sigmoid(z): log(a) = −log(1 + exp(−z))."""
    y = (1 - options.label_smoothing) * y + options.label_smoothing / 2
    return y * log_of_1_plus_exp(-z) + (1 - y) * log_of_1_plus_exp(z)


def binary_focal_of(z, y, options):
    yes = power(sigmoid_of(-z), options.gamma) * log_of_1_plus_exp(-z)
    no = power(sigmoid_of(z), options.gamma) * log_of_1_plus_exp(z)
    return y * yes + (1 - y) * no


def hinge_of(z, y, options):
    lacking = 1 - z if y == 1 else 1 + z
    return lacking if lacking.value > 0 else lacking * 0


def cross_entropy_of(row, target, options):
    """−Σ y·log(a) for a = softmax(z): log(a_k) = z_k − log Σ exp(z)."""
    smoothing, total = options.label_smoothing, number(0)
    for log_share, y in zip(log_softmax(row), target, strict=True):
        total = total - ((1 - smoothing) * y + smoothing / len(row)) * log_share
    return total


def focal_of(row, target, options):
    missed, surprise = number(0), number(0)
    for share, log_share, y in zip(softmax(row), log_softmax(row), target, strict=True):
        missed = missed + (1 - y) * share
        surprise = surprise - y * log_share
    return power(missed, options.gamma) * surprise


def multiclass_hinge_of(row, target, options):
    true, total = row[target.index(1)], number(0)
    for z, y in zip(row, target, strict=True):
        lacking = 1 + z - true
        if y == 0 and lacking.value > 0:
            total = total + lacking
    return total / len(row)


LOSSES = {
    "mean_squared_error": by_number(lambda a, y, options: (a - y) * (a - y)),
    "half_squared_error": by_number(lambda a, y, options: (a - y) * (a - y) / 2),
    "half_squared_error_sum": by_row(lambda *given: squared_distance(*given) / 2),
    "mean_absolute_error": by_number(lambda a, y, options: size(a - y)),
    "huber": by_number(huber_of),
    "log_cosh": by_number(log_cosh_of),
    "quantile": by_row(quantile_of),
    "poisson": by_number(lambda z, y, options: exp(z) - y * z),
    "binary_cross_entropy": by_number(binary_cross_entropy_of),
    "binary_focal": by_number(binary_focal_of),
    "hinge": by_number(hinge_of),
    "cross_entropy": by_row(cross_entropy_of),
    "focal": by_row(focal_of),
    "multiclass_hinge": by_row(multiclass_hinge_of),
}
READ_LOGITS = set(
    "poisson binary_cross_entropy binary_focal hinge cross_entropy focal multiclass_hinge".split()
)


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
        self.known = {}  # the rows by their names, for layers that join
        self.block = 0

    def name(self, letter, rows):
        name, count = f"{letter}{self.block}", 1
        while name in self.known:
            count += 1
            name = f"{letter}{self.block}_{count}"
        self.known[name] = rows

    def value(self, name):
        return self.known[name if name in self.known else f"z{name[1:]}"]  # z, where it is linear


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


def prelu(layer, rows, batch):
    slope = next(batch.parameters)
    return [[x if x.value > 0 else x * s for x, s in zip(row, slope, strict=True)] for row in rows]


def dropout(layer, rows, batch):
    if not batch.training:
        return rows
    mask = next(batch.masks)
    return [
        [x * keep for x, keep in zip(row, keeps, strict=True)]
        for row, keeps in zip(rows, mask, strict=True)
    ]


def gaussian_noise(layer, rows, batch):
    if not batch.training:
        return rows
    return [
        [x + more for x, more in zip(row, noise, strict=True)]
        for row, noise in zip(rows, next(batch.masks), strict=True)
    ]


def scale(layer, rows, batch):
    factors = next(batch.parameters)
    return [[x * factor for x, factor in zip(row, factors, strict=True)] for row in rows]


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


def add(layer, rows, batch):
    other = batch.value(layer.value)
    return [[x + z for x, z in zip(*pair, strict=True)] for pair in zip(rows, other, strict=True)]


def concatenate(layer, rows, batch):
    return [[*row, *more] for row, more in zip(rows, batch.value(layer.value), strict=True)]


def embedding(layer, rows, batch):
    columns = layer.columns if isinstance(layer.columns, tuple) else (layer.columns,)
    tables = [next(batch.parameters) for _ in columns]
    result = []
    for row in rows:
        new = [x for place, x in enumerate(row) if place not in columns]
        for column, table in zip(columns, tables, strict=True):
            new += table[int(row[column].value)]
        result.append(new)
    return result


LAYERS = {
    "Add": add,
    "Concatenate": concatenate,
    "Embedding": embedding,
    "Dense": dense,
    "Activation": activation,
    "PReLU": prelu,
    "Dropout": dropout,
    "GaussianNoise": gaussian_noise,
    "Scale": scale,
    "LayerNorm": layer_norm,
    "BatchNorm": batch_norm,
}


def forward(layers, rows, batch):
    """Give what the last activation takes (the logits), and what it gives (the outputs)."""
    logits = rows
    batch.known["x"] = rows
    for layer in layers:
        kind = type(layer).__name__
        batch.block += kind == "Dense"
        logits = LAYERS[kind](layer, rows, batch)
        rows = logits
        if kind == "Dense":
            batch.name("z", rows)
        if hasattr(layer, "activation"):
            rows = [ACTIVATIONS[layer.activation](row) for row in logits]
            if layer.activation != "linear":
                batch.name("a", rows)
        else:
            batch.name("h", rows)
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
    total = LOSSES[loss.name](logits if loss.name in READ_LOGITS else outputs, y, weights, loss)
    total = total + penalties(layers, trained)
    walk_back(total)
    return total.value, slopes(trained), batch.remembered


# --------------------------------------- first weights that are fitted to the training rows

PARAMETERS = {"LayerNorm": 2, "BatchNorm": 2, "PReLU": 1}


def with_unit_variance(layers, x, parameters, statistics, weights):
    """Give the parameters with each neuron's weights over the deviation of what it adds up."""
    parameters, place = list(parameters), 0
    for count, layer in enumerate(layers, start=1):
        kind = type(layer).__name__
        if kind == "Dense" and type(layer.weight_initializer).__name__ == "UnitVariance":
            so_far = [one for one in layers[:count] if type(one).__name__ != "Dropout"]
            batch = Batch(numbers(parameters), weights, (), statistics)
            sums = values(forward(so_far, numbers(x), batch)[0])
            for j, column in enumerate(zip(*sums, strict=True)):
                deviation = deviation_of(column, weights)
                for row in parameters[place] if deviation > 1e-9 else ():
                    row[j] /= deviation
        place += 1 + layer.bias if kind == "Dense" else PARAMETERS.get(kind, 0)
    return parameters


def deviation_of(column, weights):
    mean = sum(w * z for w, z in zip(weights, column, strict=True)) / sum(weights)
    squares = sum(w * (z - mean) ** 2 for w, z in zip(weights, column, strict=True))
    return math.sqrt(squares / sum(weights))


def arrays_by_layer(layers, arrays):
    """Give each layer with its own of all arrays; a Dense's first is its weights."""
    rest = iter(arrays)
    for layer in layers:
        own = 1 + layer.bias if hasattr(layer, "bias") else len(layer.parameters)
        own += len(layer.lookups())
        yield layer, list(itertools.islice(rest, own))


def penalties(layers, arrays):
    """Add up what the layers' weights cost; the size of a 0 does not change with it."""
    total = Number(0.0)
    for layer, own in arrays_by_layer(layers, arrays):
        for row in own[0] if hasattr(layer, "l1") else []:
            for w in row:
                sign = (w.value > 0) - (w.value < 0)
                total = total + layer.l1 * Number(abs(w.value), ((w, sign),)) + layer.l2 * w * w
    return total


# ------------------------------- optimizers: one number, its slope and state to new ones


def sgd(options, p, slope, state, rate, step):
    if not state:
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


def amsgrad(options, p, slope, state, rate, step):
    mean, square, largest = state
    mean = options.beta1 * mean + (1 - options.beta1) * slope
    square = options.beta2 * square + (1 - options.beta2) * slope**2
    largest = max(largest, square)
    root = math.sqrt(largest) / math.sqrt(1 - options.beta2**step)
    p -= rate * mean / (1 - options.beta1**step) / (root + options.epsilon)
    return p, (mean, square, largest)


def adamax(options, p, slope, state, rate, step):
    mean, size = state
    mean = options.beta1 * mean + (1 - options.beta1) * slope
    size = max(options.beta2 * size, abs(slope) + options.epsilon)
    return p - rate / (1 - options.beta1**step) * mean / size, (mean, size)


def nadam(options, p, slope, state, rate, step):
    mean, square = state
    mean = options.beta1 * mean + (1 - options.beta1) * slope
    square = options.beta2 * square + (1 - options.beta2) * slope**2
    product, momenta = 1.0, []
    for number in range(1, step + 2):
        momenta.append(options.beta1 * (1 - 0.96 ** (number * options.momentum_decay) / 2))
        product *= momenta[-1]
    so_far = product / momenta[-1] if momenta[-1] else 0.0
    root = math.sqrt(square / (1 - options.beta2**step)) + options.epsilon
    by_slope = (1 - momenta[-2]) / (1 - so_far) * slope
    by_mean = momenta[-1] / (1 - product) * mean
    return p - rate * by_slope / root - rate * by_mean / root, (mean, square)


def radam(options, p, slope, state, rate, step):
    mean, square = state
    mean = options.beta1 * mean + (1 - options.beta1) * slope
    square = options.beta2 * square + (1 - options.beta2) * slope**2
    true_mean = mean / (1 - options.beta1**step)
    most = 2 / (1 - options.beta2) - 1
    known = most - 2 * step * options.beta2**step / (1 - options.beta2**step)
    if known <= 5:
        return p - rate * true_mean, (mean, square)
    rectified = (known - 4) * (known - 2) * most / ((most - 4) * (most - 2) * known)
    per_size = math.sqrt(1 - options.beta2**step) / (math.sqrt(square) + options.epsilon)
    return p - rate * math.sqrt(rectified) * true_mean * per_size, (mean, square)


def adagrad(options, p, slope, state, rate, step):
    squares = state[0] + slope**2
    return p - rate * slope / (math.sqrt(squares) + options.epsilon), (squares,)


def adadelta(options, p, slope, state, rate, step):
    square, change = state
    square = options.rho * square + (1 - options.rho) * slope**2
    way = slope * math.sqrt((change + options.epsilon) / (square + options.epsilon))
    return p - rate * way, (square, options.rho * change + (1 - options.rho) * way**2)


def rmsprop(options, p, slope, state, rate, step):
    square, *rest = state
    square = options.alpha * square + (1 - options.alpha) * slope**2
    new, spread = [square], square
    if options.centered:
        mean = options.alpha * rest.pop(0) + (1 - options.alpha) * slope
        new.append(mean)
        spread = max(square - mean**2, 0.0)
    way = slope / (math.sqrt(spread) + options.epsilon)
    if rest:
        way += options.momentum * rest.pop(0)
        new.append(way)
    return p - rate * way, tuple(new)


def lion(options, p, slope, state, rate, step):
    (mean,) = state
    ahead = options.beta1 * mean + (1 - options.beta1) * slope
    new = options.beta2 * mean + (1 - options.beta2) * slope
    return p - rate * ((ahead > 0) - (ahead < 0)), (new,)


OPTIMIZERS = {
    "SGD": sgd,
    "Adam": adam,
    "AdamW": adam,
    "AMSGrad": amsgrad,
    "Adamax": adamax,
    "NAdam": nadam,
    "RAdam": radam,
    "Adagrad": adagrad,
    "Adadelta": adadelta,
    "RMSprop": rmsprop,
    "Lion": lion,
}
DECOUPLED = {"AdamW", "Lion"}


def decay_of(optimizer, name):
    """Give the weight decay of a parameter: W1 is weights, b1 biases, all others are scales."""
    kinds = {"W": "weights", "b": "biases", "E": "embeddings"}
    kind = kinds.get(name.rstrip("0123456789"), "scales")
    return optimizer.weight_decay if kind in optimizer.decayed else 0.0


def update(optimizer, name, parameter, slope, state, rate, step):
    """Give the new value of one array and its new state, element by element."""
    if not isinstance(parameter, list):
        rule = OPTIMIZERS[type(optimizer).__name__]
        decay = decay_of(optimizer, name) * parameter
        if type(optimizer).__name__ in DECOUPLED:
            return rule(optimizer, parameter - rate * decay, slope, state, rate, step)
        return rule(optimizer, parameter, slope + decay, state, rate, step)
    new, kept = [], []
    for place, (p, dp) in enumerate(zip(parameter, slope, strict=True)):
        own = [array[place] for array in state]
        new_p, new_state = update(optimizer, name, p, dp, own, rate, step)
        new.append(new_p)
        kept.append(new_state)
    return new, [list(array) for array in zip(*kept, strict=True)]


# ------------------------------------------- what stands around the update, array by array


def everywhere(rule, *nested):
    """Do something to every number of arrays of the same shape."""
    if not isinstance(nested[0], list):
        return rule(*nested)
    return [everywhere(rule, *parts) for parts in zip(*nested, strict=True)]


def flattened(nested):
    if not isinstance(nested, list):
        return [nested]
    return [number for part in nested for number in flattened(part)]


def within_limits(optimizer, slopes):
    """Cut every number, then shorten all of them together."""
    most = optimizer.clip_value
    if most is not None:
        slopes = [everywhere(lambda d: max(-most, min(d, most)), array) for array in slopes]
    if optimizer.clip_norm is not None:
        length = math.sqrt(math.fsum(d * d for d in flattened(slopes)))
        if length + 1e-6 > optimizer.clip_norm:
            share = optimizer.clip_norm / (length + 1e-6)
            slopes = [everywhere(lambda d: d * share, array) for array in slopes]
    return slopes


def allowed(layer, array):
    """Give weights as a layer allows them: each column by itself."""
    columns = [list(column) for column in zip(*array, strict=True)]
    for column in columns:
        if layer.non_negative:
            column[:] = [max(w, 0.0) for w in column]
        length = math.sqrt(math.fsum(w * w for w in column))
        if layer.max_norm is not None and length > layer.max_norm:
            column[:] = [w * layer.max_norm / length for w in column]
    return [list(row) for row in zip(*columns, strict=True)]


def share(average, step, place, steps):
    """Give the part of a step, from 1 over all fits, in the average of the weights."""
    if type(average).__name__ == "SWA":
        averaged = [k for k in range(place + 1) if k / steps >= average.start - 1e-12]
        return 1 / max(1, len(averaged))
    if average.debiased:
        return 1 / math.fsum(average.decay**age for age in range(step))
    return 1 - average.decay if step > 1 else 1.0


def update_all(layers, optimizer, names, parameters, slopes, states, rate, step, part=None):
    """Give all new arrays and their new state; an average is the last of a state."""
    slopes = within_limits(optimizer, slopes)
    found = []
    for name, p, d, state in zip(names, parameters, slopes, states, strict=True):
        own = state if optimizer.average is None else state[:-1]
        found.append(update(optimizer, name, p, d, own, rate, step))
    new = [p for p, _ in found]
    place = 0
    for layer, own in arrays_by_layer(layers, new):
        if hasattr(layer, "max_norm"):
            new[place] = allowed(layer, new[place])
        place += len(own)
    kept = [list(state) for _, state in found]
    if optimizer.average is not None:
        for p, state, before in zip(new, kept, states, strict=True):
            state.append(everywhere(lambda a, b: a + part * (b - a), before[-1], p))
    return new, kept


# ------------------------------------------------------------- schedules: done to a rate


def constant(options, done):
    return options.value


def cosine(options, done):
    """The part of the way that is left is cos²(π·done / 2)."""
    left = math.cos(math.pi * done / 2) ** 2
    return left * options.start + (1 - left) * options.end


def time_decay(options, done):
    return 1 / (1 / options.start + options.decay / options.start * done)


def stair(options, done):
    rate = options.start
    for edge in range(1, options.count + 1):
        if done >= edge / options.count - 1e-9:
            rate *= options.factor
    return rate


def exponential(options, done):
    return math.exp((1 - done) * math.log(options.start) + done * math.log(options.end))


def polynomial(options, done):
    left = (1 - done) ** options.power
    return left * options.start + (1 - left) * options.end


def half_cosine(high, low, done):
    left = math.cos(math.pi * done / 2) ** 2
    return left * high + (1 - left) * low


def cosine_restarts(options, done):
    lengths = [options.longer**number for number in range(options.cycles)]
    begun = 0.0
    for length in lengths:
        share = length / sum(lengths)
        if done < begun + share - 1e-9:
            return half_cosine(options.start, options.end, max(0.0, (done - begun) / share))
        begun += share
    return options.end


def one_cycle(options, done):
    low, lowest = options.first * options.highest, options.last * options.highest
    if done < options.rise:
        return half_cosine(low, options.highest, done / options.rise)
    return half_cosine(options.highest, lowest, (done - options.rise) / (1 - options.rise))


def coslog4(options, done):
    """From 2^k − 1 to 2^(k + 1) − 1 fifteenths of the training is the wave k = 0, 1, 2, 3."""
    return options.highest * math.sin(math.pi * math.log(1 + 15 * done) / math.log(2)) ** 2


def flat_cosine(options, done):
    if done <= options.flat:
        return options.start
    return half_cosine(options.start, options.end, (done - options.flat) / (1 - options.flat))


def warm_up(options, done):
    then = options.then
    if done >= options.part:
        later = (done - options.part) / (1 - options.part)
        return then if isinstance(then, float | int) else schedule(then, later)
    high = then if isinstance(then, float | int) else schedule(then, 0)
    risen = done / options.part
    return high * options.first * (1 - risen) + high * risen


def plateau(options, losses):
    """Give the rate after epochs with these losses, looking back over all of them each time."""
    rate, counted_from, best_at, rest = options.start, 0, None, 0
    for epoch, loss in enumerate(losses):
        best = math.inf if best_at is None else losses[best_at]
        part = best * options.threshold if options.relative else options.threshold
        if loss < (best if math.isinf(best) else best - part):
            best_at = epoch
            counted_from = epoch + 1
        if rest:
            rest -= 1
            counted_from = epoch + 1
        if epoch + 1 - counted_from > options.patience:
            counted_from, rest = epoch + 1, options.cooldown
            lower = rate * options.factor
            lower = options.lowest if lower < options.lowest else lower
            if rate - lower > options.least:
                rate = lower
    return rate


SCHEDULES = {
    "Constant": constant,
    "TimeDecay": time_decay,
    "Step": stair,
    "Exponential": exponential,
    "Polynomial": polynomial,
    "Cosine": cosine,
    "CosineRestarts": cosine_restarts,
    "OneCycle": one_cycle,
    "CosLog4": coslog4,
    "FlatCosine": flat_cosine,
    "Plateau": lambda options, done: options.start,  # where no loss is known yet
    "WarmUp": warm_up,
}


def schedule(options, done):
    """Give the rate of a schedule."""
    return SCHEDULES[type(options).__name__](options, done)


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


def hash_of(seed, step, layer, row, column):
    place = key(seed, MASK, step & BITS, step >> 32, layer)
    return mix(mix(row ^ place) ^ column)


def kept(seed, step, layer, row, column, chance):
    return hash_of(seed, step, layer, row, column) < chance * 2**32


def part_of_normal(number, parts):
    """Give the mean of one of equally likely parts of a normal distribution, by its own slices."""
    slices = 64
    bell = statistics.NormalDist()
    return sum(bell.inv_cdf((number + (k + 0.5) / slices) / parts) for k in range(slices)) / slices


def normal(seed, step, layer, row, column):
    """Give a normal number: 0.8 of the one that 12 bits choose, and 0.6 of that of 12 more."""
    bits = hash_of(seed, step, layer, row, column)
    coarse, fine = bits >> 20, (bits >> 8) % 4096
    return 0.8 * part_of_normal(coarse, 4096) + 0.6 * part_of_normal(fine, 4096)
