"""The loops of 2-3-1 sigmoid, written out by glassnet."""

import numpy as np

from glassnet.engines.compiled import (
    all_finite,
    cached,
    compiled,
    fill_equal_shares,
    fill_shares,
    flush_subnormals,
    gather,
    greatest,
    is_finite,
    kept,
    least,
    matrix_in,
    merged,
    minus,
    mix,
    new_matrix,
    new_numbers,
    normal,
    numbers_in,
    numbers_of,
    over_root,
    plus,
    put_back,
    row_number,
    rows_between,
    sign_of,
    sort_rows,
    sum_of_weights,
)
from glassnet.engines.elementary import (
    arctan_float64 as arctan,
    decay_float64 as decay,
    exp_float64 as exp,
    expm1_float64 as expm1,
    log_float64 as log,
    log1p_float64 as log1p,
    tanh_float64 as tanh,
)

real = np.float64


@merged
def take(parameters, state):
    numbers = (
        parameters[0], parameters[1], parameters[2], parameters[3], parameters[4],
        parameters[5], parameters[6], parameters[7], parameters[8],
    )
    memory = ()
    return numbers, memory


@merged
def put(numbers, memory, found, parameters, state, slopes):
    (
        parameters[0], parameters[1], parameters[2], parameters[3], parameters[4],
        parameters[5], parameters[6], parameters[7], parameters[8],
    ) = numbers
    (
        slopes[0], slopes[1], slopes[2], slopes[3], slopes[4], slopes[5], slopes[6],
        slopes[7], slopes[8],
    ) = found[1:]


@merged
def nothing():
    return (
        0.0, real(0.0), real(0.0), real(0.0), real(0.0), real(0.0), real(0.0), real(0.0),
        real(0.0), real(0.0),
    )


@merged
def over_rows(
    start, stop, begin, whole, weighted, shuffled, x_all, y_all, weights, order,
    numbers,
):
    (W1_0_0, W1_0_1, W1_0_2, W1_1_0, W1_1_1, W1_1_2, W2_0_0, W2_1_0, W2_2_0) = numbers
    (
        t13, dW1_0_0, dW1_0_1, dW1_0_2, dW1_1_0, dW1_1_1, dW1_1_2, dW2_0_0, dW2_1_0,
        dW2_2_0,
    ) = nothing()
    for place in range(start, stop):
        row = order[place] if shuffled else place
        w = (weights[row] if weighted else real(1.0))
        x_0 = x_all[row, 0]
        x_1 = x_all[row, 1]
        y_0 = y_all[row, 0]
        z1_0 = ((x_0 * W1_0_0) + (x_1 * W1_1_0))
        z1_1 = ((x_0 * W1_0_1) + (x_1 * W1_1_1))
        z1_2 = ((x_0 * W1_0_2) + (x_1 * W1_1_2))
        t3_0 = decay((-abs(z1_0)))
        t3_1 = decay((-abs(z1_1)))
        t3_2 = decay((-abs(z1_2)))
        a1_0 = ((real(1.0) if (z1_0 >= real(0.0)) else t3_0) / (real(1.0) + t3_0))
        a1_1 = ((real(1.0) if (z1_1 >= real(0.0)) else t3_1) / (real(1.0) + t3_1))
        a1_2 = ((real(1.0) if (z1_2 >= real(0.0)) else t3_2) / (real(1.0) + t3_2))
        z2_0 = ((a1_0 * W2_0_0) + (a1_1 * W2_1_0) + (a1_2 * W2_2_0))
        t8_0 = decay((-abs(z2_0)))
        a2_0 = ((real(1.0) if (z2_0 >= real(0.0)) else t8_0) / (real(1.0) + t8_0))
        t11_0 = (a2_0 - y_0)
        da2_0 = (w * t11_0)
        t12_0 = (da2_0 * t11_0)
        dz2_0 = (da2_0 * (a2_0 * (real(1.0) - a2_0)))
        da1_0 = (dz2_0 * W2_0_0)
        da1_1 = (dz2_0 * W2_1_0)
        da1_2 = (dz2_0 * W2_2_0)
        dz1_0 = (da1_0 * (a1_0 * (real(1.0) - a1_0)))
        dz1_1 = (da1_1 * (a1_1 * (real(1.0) - a1_1)))
        dz1_2 = (da1_2 * (a1_2 * (real(1.0) - a1_2)))
        t13 += t12_0
        dW1_0_0 += (x_0 * dz1_0)
        dW1_0_1 += (x_0 * dz1_1)
        dW1_0_2 += (x_0 * dz1_2)
        dW1_1_0 += (x_1 * dz1_0)
        dW1_1_1 += (x_1 * dz1_1)
        dW1_1_2 += (x_1 * dz1_2)
        dW2_0_0 += (a1_0 * dz2_0)
        dW2_1_0 += (a1_1 * dz2_0)
        dW2_2_0 += (a1_2 * dz2_0)
    return (
        t13, dW1_0_0, dW1_0_1, dW1_0_2, dW1_1_0, dW1_1_1, dW1_1_2, dW2_0_0, dW2_1_0,
        dW2_2_0,
    )


@merged
def over_few(
    start, stop, begin, whole, weighted, shuffled, x_all, y_all, weights, order,
    numbers,
):
    (W1_0_0, W1_0_1, W1_0_2, W1_1_0, W1_1_1, W1_1_2, W2_0_0, W2_1_0, W2_2_0) = numbers
    (
        t13, dW1_0_0, dW1_0_1, dW1_0_2, dW1_1_0, dW1_1_1, dW1_1_2, dW2_0_0, dW2_1_0,
        dW2_2_0,
    ) = nothing()
    for lane in range(4):
        place = min(start + lane, stop - 1)
        row = order[place] if shuffled else place
        w = (weights[row] if weighted else real(1.0))
        x_0 = x_all[row, 0]
        x_1 = x_all[row, 1]
        y_0 = y_all[row, 0]
        z1_0 = ((x_0 * W1_0_0) + (x_1 * W1_1_0))
        z1_1 = ((x_0 * W1_0_1) + (x_1 * W1_1_1))
        z1_2 = ((x_0 * W1_0_2) + (x_1 * W1_1_2))
        t3_0 = decay((-abs(z1_0)))
        t3_1 = decay((-abs(z1_1)))
        t3_2 = decay((-abs(z1_2)))
        a1_0 = ((real(1.0) if (z1_0 >= real(0.0)) else t3_0) / (real(1.0) + t3_0))
        a1_1 = ((real(1.0) if (z1_1 >= real(0.0)) else t3_1) / (real(1.0) + t3_1))
        a1_2 = ((real(1.0) if (z1_2 >= real(0.0)) else t3_2) / (real(1.0) + t3_2))
        z2_0 = ((a1_0 * W2_0_0) + (a1_1 * W2_1_0) + (a1_2 * W2_2_0))
        t8_0 = decay((-abs(z2_0)))
        a2_0 = ((real(1.0) if (z2_0 >= real(0.0)) else t8_0) / (real(1.0) + t8_0))
        t11_0 = (a2_0 - y_0)
        da2_0 = (w * t11_0)
        t12_0 = (da2_0 * t11_0)
        dz2_0 = (da2_0 * (a2_0 * (real(1.0) - a2_0)))
        da1_0 = (dz2_0 * W2_0_0)
        da1_1 = (dz2_0 * W2_1_0)
        da1_2 = (dz2_0 * W2_2_0)
        dz1_0 = (da1_0 * (a1_0 * (real(1.0) - a1_0)))
        dz1_1 = (da1_1 * (a1_1 * (real(1.0) - a1_1)))
        dz1_2 = (da1_2 * (a1_2 * (real(1.0) - a1_2)))
        t13 += (t12_0 if start + lane < stop else real(0.0))
        dW1_0_0 += ((x_0 * dz1_0) if start + lane < stop else real(0.0))
        dW1_0_1 += ((x_0 * dz1_1) if start + lane < stop else real(0.0))
        dW1_0_2 += ((x_0 * dz1_2) if start + lane < stop else real(0.0))
        dW1_1_0 += ((x_1 * dz1_0) if start + lane < stop else real(0.0))
        dW1_1_1 += ((x_1 * dz1_1) if start + lane < stop else real(0.0))
        dW1_1_2 += ((x_1 * dz1_2) if start + lane < stop else real(0.0))
        dW2_0_0 += ((a1_0 * dz2_0) if start + lane < stop else real(0.0))
        dW2_1_0 += ((a1_1 * dz2_0) if start + lane < stop else real(0.0))
        dW2_2_0 += ((a1_2 * dz2_0) if start + lane < stop else real(0.0))
    return (
        t13, dW1_0_0, dW1_0_1, dW1_0_2, dW1_1_0, dW1_1_1, dW1_1_2, dW2_0_0, dW2_1_0,
        dW2_2_0,
    )


@merged
def add(sums, more):
    return (
        sums[0] + more[0], sums[1] + more[1], sums[2] + more[2], sums[3] + more[3],
        sums[4] + more[4], sums[5] + more[5], sums[6] + more[6], sums[7] + more[7],
        sums[8] + more[8], sums[9] + more[9],
    )


@merged
def finish(sums, numbers):
    (W1_0_0, W1_0_1, W1_0_2, W1_1_0, W1_1_1, W1_1_2, W2_0_0, W2_1_0, W2_2_0) = numbers
    (
        t13, dW1_0_0, dW1_0_1, dW1_0_2, dW1_1_0, dW1_1_1, dW1_1_2, dW2_0_0, dW2_1_0,
        dW2_2_0,
    ) = sums
    t13 = real(t13)
    loss = (t13 / real(2.0))
    return (
        loss, dW1_0_0, dW1_0_1, dW1_0_2, dW1_1_0, dW1_1_1, dW1_1_2, dW2_0_0, dW2_1_0,
        dW2_2_0,
    )


@merged
def update(numbers, memory, found, learning_rate):
    (W1_0_0, W1_0_1, W1_0_2, W1_1_0, W1_1_1, W1_1_2, W2_0_0, W2_1_0, W2_2_0) = numbers
    (
        loss, dW1_0_0, dW1_0_1, dW1_0_2, dW1_1_0, dW1_1_1, dW1_1_2, dW2_0_0, dW2_1_0,
        dW2_2_0,
    ) = found
    new_W1_0_0 = (W1_0_0 - (learning_rate * dW1_0_0))
    new_W1_0_1 = (W1_0_1 - (learning_rate * dW1_0_1))
    new_W1_0_2 = (W1_0_2 - (learning_rate * dW1_0_2))
    new_W1_1_0 = (W1_1_0 - (learning_rate * dW1_1_0))
    new_W1_1_1 = (W1_1_1 - (learning_rate * dW1_1_1))
    new_W1_1_2 = (W1_1_2 - (learning_rate * dW1_1_2))
    new_W2_0_0 = (W2_0_0 - (learning_rate * dW2_0_0))
    new_W2_1_0 = (W2_1_0 - (learning_rate * dW2_1_0))
    new_W2_2_0 = (W2_2_0 - (learning_rate * dW2_2_0))
    numbers = (
        new_W1_0_0, new_W1_0_1, new_W1_0_2, new_W1_1_0, new_W1_1_1, new_W1_1_2,
        new_W2_0_0, new_W2_1_0, new_W2_2_0,
    )
    memory = ()
    return numbers, memory


@cached
def train(
    x_all, y_all, weights, adds_up, batch, per_epoch, shuffled, order_keys, mask_keys,
    drawn_by, first, last, updating, parameters, slopes, statistics, state, rates, sizes,
    losses,
):
    rows = x_all.shape[0]
    weighted, changing = weights.size > 0, rates.shape[0] > 1
    places = rows if shuffled else 1
    order = new_numbers(places, sizes)
    hashes = new_numbers(places, order_keys)
    counts = new_numbers(places + 1, sizes)
    numbers, memory = take(parameters, state)
    settings = flush_subnormals()
    done = last - first
    position, epoch = first % per_epoch, 0
    if shuffled:
        sort_rows(order_keys[0], order, hashes, counts)
    for number in range(done):
        start = position * batch
        stop = rows if position == per_epoch - 1 else start + batch
        whole = real(1.0)
        if stop - start == 1:
            sums = over_rows(
                start, start + 1, start, whole, weighted, shuffled, x_all, y_all, weights, order,
                numbers,
            )
        else:
            sums = nothing()
            left = stop - (stop - start) % 8
            if stop - left == 1:
                left = stop
            for block in range(start, left, 256):
                until = block + 256 if block + 256 < left else left
                more = over_rows(
                    block, until, start, whole, weighted, shuffled, x_all, y_all, weights, order,
                    numbers,
                )
                sums = add(sums, more)
            for block in range(left, stop, 4):
                more = over_few(
                    block, stop, start, whole, weighted, shuffled, x_all, y_all, weights, order,
                    numbers,
                )
                sums = add(sums, more)
        found = finish(sums, numbers)
        losses[number] = found[0]
        if not is_finite(found[0]) or not updating:
            done = number + 1
            break
        learning_rate = real(rates[number if changing else 0, 0])
        numbers, memory = update(numbers, memory, found, learning_rate)
        position += 1
        if position == per_epoch:
            position, epoch = 0, epoch + 1
            if shuffled and number + 1 < done:
                sort_rows(order_keys[epoch], order, hashes, counts)
    put_back(settings)
    put(numbers, memory, found, parameters, state, slopes)
    return done
