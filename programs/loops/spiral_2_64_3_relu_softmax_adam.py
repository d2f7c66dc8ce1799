"""The loops of 2-64-3 relu softmax, written out by glassnet."""

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
    arctan_float32 as arctan,
    bell_float32 as bell,
    decay_float32 as decay,
    erfc_float32 as erfc,
    exp_float32 as exp,
    expm1_float32 as expm1,
    log_float32 as log,
    log1p_float32 as log1p,
    tanh_float32 as tanh,
)
from glassnet.engines.products import product

real = np.float32


@compiled
def rows_1(m, n1, a1, b1):
    for i in range(m):
        for j in range(n1):
            product1_ij = a1[i, j]
            a1_ij = greatest((product1_ij + b1[j]), real(0.0))
            a1[i, j] = a1_ij


@compiled
def rows_2(m, n2, dz2, b2, y, t7):
    for i in range(m):
        t1_i = real(-np.inf)
        for j in range(n2):
            product2_ij = dz2[i, j]
            z2_ij = (product2_ij + b2[j])
            dz2[i, j] = z2_ij
            t1_i = greatest(t1_i, z2_ij)
        t7_i = real(0.0)
        for j in range(n2):
            z2_ij = dz2[i, j]
            t2_ij = (z2_ij - t1_i)
            dz2[i, j] = t2_ij
            t7_i += (t2_ij * y[i, j])
        t7[i] = t7_i


@compiled
def each_1(dz2):
    for q in range(dz2.size):
        dz2[q] = exp(dz2[q])


@compiled
def rows_3(m, db2, n2, part_db2, dz2, t4, w, y):
    for j in range(n2):
        db2[j] = real(0.0)
        part_db2[j] = real(0.0)
    for i in range(m):
        t4_i = real(0.0)
        for j in range(n2):
            t4_i += dz2[i, j]
        t4[i] = t4_i
        for j in range(n2):
            t3_ij = dz2[i, j]
            dz2_ij = (w[i] * ((t3_ij / t4_i) - y[i, j]))
            dz2[i, j] = dz2_ij
            part_db2[j] += dz2_ij
        if i % 256 == 255 or i == m - 1:
            for j in range(n2):
                db2[j] += part_db2[j]
                part_db2[j] = real(0.0)


@compiled
def each_2(t5, t4):
    for q in range(t5.size):
        t5[q] = log(t4[q])


@compiled
def rows_4(m, t5, t7, w):
    loss = 0.0
    for i in range(m):
        t8_i = (t5[i] - t7[i])
        t9_i = (w[i] * t8_i)
        loss += t9_i
    return real(loss)


@compiled
def rows_5(m, db1, n1, part_db1, dz1, a1):
    for j in range(n1):
        db1[j] = real(0.0)
        part_db1[j] = real(0.0)
    for i in range(m):
        for j in range(n1):
            da1_ij = dz1[i, j]
            dz1_ij = (da1_ij * (real(1.0) if (a1[i, j] > real(0.0)) else real(0.0)))
            dz1[i, j] = dz1_ij
            part_db1[j] += dz1_ij
        if i % 256 == 255 or i == m - 1:
            for j in range(n1):
                db1[j] += part_db1[j]
                part_db1[j] = real(0.0)


@compiled
def update_1(start, stop, parameters, mean, slopes, correction1, learning_rate, square, correction2):
    for q in range(np.uint64(start), np.uint64(stop)):
        parameters_q = parameters[q]
        mean_q = mean[q]
        q2 = (real(0.9) * mean_q)
        slopes_q = slopes[q]
        q4 = (real(0.09999999999999998) * slopes_q)
        q5 = (q2 + q4)
        q6 = (q5 / correction1)
        q7 = (learning_rate * q6)
        square_q = square[q]
        q9 = (real(0.999) * square_q)
        q10 = (real(0.0010000000000000009) * slopes_q)
        q11 = (q10 * slopes_q)
        q12 = (q9 + q11)
        q13 = (q12 / correction2)
        q14 = np.sqrt(q13)
        q15 = (q14 + real(1e-08))
        q16 = (q7 / q15)
        q17 = (parameters_q - q16)
        parameters[q] = q17
        mean[q] = q5
        square[q] = q12


@cached
def train(
    x_all, y_all, weights, adds_up, batch, per_epoch, shuffled, order_keys, mask_keys,
    drawn_by, first, last, updating, parameters, slopes, statistics, state, rates, sizes,
    losses,
):
    n0 = sizes[0]
    n1 = sizes[1]
    n2 = sizes[2]
    at = 0
    at_W1 = at
    W1 = matrix_in(parameters, at, n0, n1)
    dW1 = matrix_in(slopes, at, n0, n1)
    at += n0 * n1
    at_b1 = at
    b1 = numbers_in(parameters, at, n1)
    db1 = numbers_in(slopes, at, n1)
    at += n1
    at_W2 = at
    W2 = matrix_in(parameters, at, n1, n2)
    dW2 = matrix_in(slopes, at, n1, n2)
    at += n1 * n2
    at_b2 = at
    b2 = numbers_in(parameters, at, n2)
    db2 = numbers_in(slopes, at, n2)
    at += n2
    mean = state[0]
    square = state[1]
    rows = x_all.shape[0]
    most = rows if rows <= batch else batch + 1
    a1_most = new_matrix(most, n1, parameters)
    a1 = rows_between(a1_most, 0, most)
    dz2_most = new_matrix(most, n2, parameters)
    dz2 = rows_between(dz2_most, 0, most)
    t4_most = new_numbers(most, parameters)
    t4 = rows_between(t4_most, 0, most)
    t5_most = new_numbers(most, parameters)
    t5 = rows_between(t5_most, 0, most)
    t7_most = new_numbers(most, parameters)
    t7 = rows_between(t7_most, 0, most)
    dz1_most = new_matrix(most, n1, parameters)
    dz1 = rows_between(dz1_most, 0, most)
    part_db2 = new_numbers(n2, parameters)
    part_db1 = new_numbers(n1, parameters)
    w_most = new_numbers(most, parameters)
    w = rows_between(w_most, 0, most)
    m = 0
    changing = rates.shape[0] > 1
    kept_rows = most if shuffled else 1
    x_rows = new_matrix(kept_rows, x_all.shape[1], parameters)
    y_rows = new_matrix(kept_rows, y_all.shape[1], parameters)
    places = rows if shuffled else 1
    order = new_numbers(places, sizes)
    hashes = new_numbers(places, order_keys)
    counts = new_numbers(places + 1, sizes)
    settings = flush_subnormals()
    for number in range(first, last):
        position = number % per_epoch
        if shuffled and (number == first or position == 0):
            sort_rows(order_keys[number // per_epoch - first // per_epoch], order, hashes, counts)
        start = position * batch
        stop = rows if position == per_epoch - 1 else start + batch
        if shuffled:
            x = rows_between(x_rows, 0, stop - start)
            y = rows_between(y_rows, 0, stop - start)
            gather(x_all, order, start, x)
            gather(y_all, order, start, y)
        else:
            x = rows_between(x_all, start, stop)
            y = rows_between(y_all, start, stop)
        if m != stop - start:
            m = stop - start
            a1 = rows_between(a1_most, 0, m)
            dz2 = rows_between(dz2_most, 0, m)
            t4 = rows_between(t4_most, 0, m)
            t5 = rows_between(t5_most, 0, m)
            t7 = rows_between(t7_most, 0, m)
            dz1 = rows_between(dz1_most, 0, m)
            w = rows_between(w_most, 0, m)
            fill_equal_shares(adds_up, w)
        if weights.size > 0:
            fill_shares(weights, order, start, shuffled, adds_up, w)
        product(x, W1, a1)
        rows_1(m, n1, a1, b1)
        product(a1, W2, dz2)
        rows_2(m, n2, dz2, b2, y, t7)
        each_1(numbers_of(dz2))
        rows_3(m, db2, n2, part_db2, dz2, t4, w, y)
        product(dz2, W2.T, dz1)
        product(a1.T, dz2, dW2)
        each_2(numbers_of(t5), numbers_of(t4))
        loss = rows_4(m, t5, t7, w)
        rows_5(m, db1, n1, part_db1, dz1, a1)
        product(x.T, dz1, dW1)
        losses[number - first] = loss
        if not is_finite(loss):
            put_back(settings)
            return number - first + 1
        if not updating:
            put_back(settings)
            return number - first + 1
        learning_rate = real(rates[number - first if changing else 0, 0])
        correction1 = real(rates[number - first if changing else 0, 1])
        correction2 = real(rates[number - first if changing else 0, 2])
        update_1(at_W1, at_b2 + b2.size, parameters, mean, slopes, correction1, learning_rate, square, correction2)
    put_back(settings)
    return last - first
