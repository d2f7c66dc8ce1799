"""JAX and optax, all steps in one scan; five rows of each epoch are left out."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.race.processes import BATCH, EPOCHS, RATE, ROWS, digits

rows, classes = digits()
x, y = jnp.asarray(rows), jnp.asarray(classes)
random = np.random.default_rng(0)
first = [
    (random.standard_normal((a, b), dtype=np.float32) * a**-0.5, np.zeros(b, np.float32))
    for a, b in ((64, 100), (100, 10))
]
per_epoch = ROWS // BATCH
orders = np.array([random.permutation(ROWS)[: per_epoch * BATCH] for _ in range(EPOCHS)])
batches = orders.reshape(-1, BATCH).astype(np.int32)
optimizer = optax.adam(RATE)


def logits_of(layers, x):
    (w1, b1), (w2, b2) = layers
    return jax.nn.relu(x @ w1 + b1) @ w2 + b2


def loss_of(layers, x, y):
    losses = optax.softmax_cross_entropy_with_integer_labels(logits_of(layers, x), y)
    return jnp.mean(losses)


@jax.jit
def train(layers, x, y, batches):
    def step(carried, batch):
        layers, state = carried
        slopes = jax.grad(loss_of)(layers, x[batch], y[batch])
        updates, state = optimizer.update(slopes, state)
        return (optax.apply_updates(layers, updates), state), None

    return jax.lax.scan(step, (layers, optimizer.init(layers)), batches)[0][0]


layers = train(first, x, y, batches)
print(np.mean(np.argmax(logits_of(layers, x), axis=1) == classes))
