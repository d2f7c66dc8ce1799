"""The loops of 4-8-3 linear relu softmax BatchNorm(), written out by glassnet."""

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
def rows_1(m, w):
    t1 = 0.0
    for i in range(m):
        t1 += w[i]
    return real(t1)


@compiled
def rows_2(m, batch_mean1, n1, part_batch_mean1, w, t1, z1, b1, t2):
    for j in range(n1):
        batch_mean1[j] = real(0.0)
        part_batch_mean1[j] = real(0.0)
    for i in range(m):
        t2_i = (w[i] / t1)
        for j in range(n1):
            product1_ij = z1[i, j]
            z1_ij = (product1_ij + b1[j])
            z1[i, j] = z1_ij
            part_batch_mean1[j] += (t2_i * z1_ij)
        t2[i] = t2_i
        if i % 256 == 255 or i == m - 1:
            for j in range(n1):
                batch_mean1[j] += part_batch_mean1[j]
                part_batch_mean1[j] = real(0.0)


@compiled
def rows_3(m, batch_variance1, n1, part_batch_variance1, z1, batch_mean1, t4, t2):
    for j in range(n1):
        batch_variance1[j] = real(0.0)
        part_batch_variance1[j] = real(0.0)
    for i in range(m):
        for j in range(n1):
            t4_ij = (z1[i, j] - batch_mean1[j])
            t4[i, j] = t4_ij
            part_batch_variance1[j] += ((t2[i] * t4_ij) * t4_ij)
        if i % 256 == 255 or i == m - 1:
            for j in range(n1):
                batch_variance1[j] += part_batch_variance1[j]
                part_batch_variance1[j] = real(0.0)


@compiled
def rows_4(m, n1, t4, per_spread1, normal1, scale1, shift1, a1):
    for i in range(m):
        for j in range(n1):
            normal1_ij = (t4[i, j] * per_spread1[j])
            normal1[i, j] = normal1_ij
            a1_ij = greatest(((normal1_ij * scale1[j]) + shift1[j]), real(0.0))
            a1[i, j] = a1_ij


@compiled
def rows_5(m, n2, dz2, b2, y, t16):
    for i in range(m):
        t10_i = real(-np.inf)
        for j in range(n2):
            product2_ij = dz2[i, j]
            z2_ij = (product2_ij + b2[j])
            dz2[i, j] = z2_ij
            t10_i = greatest(t10_i, z2_ij)
        t16_i = real(0.0)
        for j in range(n2):
            z2_ij = dz2[i, j]
            t11_ij = (z2_ij - t10_i)
            dz2[i, j] = t11_ij
            t16_i += (t11_ij * y[i, j])
        t16[i] = t16_i


@compiled
def each_1(dz2):
    for q in range(dz2.size):
        dz2[q] = exp(dz2[q])


@compiled
def rows_6(m, db2, n2, part_db2, dz2, t13, w, y):
    for j in range(n2):
        db2[j] = real(0.0)
        part_db2[j] = real(0.0)
    for i in range(m):
        t13_i = real(0.0)
        for j in range(n2):
            t13_i += dz2[i, j]
        t13[i] = t13_i
        for j in range(n2):
            t12_ij = dz2[i, j]
            dz2_ij = (w[i] * ((t12_ij / t13_i) - y[i, j]))
            dz2[i, j] = dz2_ij
            part_db2[j] += dz2_ij
        if i % 256 == 255 or i == m - 1:
            for j in range(n2):
                db2[j] += part_db2[j]
                part_db2[j] = real(0.0)


@compiled
def each_2(t14, t13):
    for q in range(t14.size):
        t14[q] = log(t13[q])


@compiled
def rows_7(m, t14, t16, w):
    loss = 0.0
    for i in range(m):
        t17_i = (t14[i] - t16[i])
        t18_i = (w[i] * t17_i)
        loss += t18_i
    return real(loss)


@compiled
def rows_8(m, dshift1, n1, part_dshift1, dscale1, part_dscale1, dh1, a1, normal1):
    for j in range(n1):
        dshift1[j] = real(0.0)
        part_dshift1[j] = real(0.0)
    for j in range(n1):
        dscale1[j] = real(0.0)
        part_dscale1[j] = real(0.0)
    for i in range(m):
        for j in range(n1):
            da1_ij = dh1[i, j]
            dh1_ij = (da1_ij * (real(1.0) if (a1[i, j] > real(0.0)) else real(0.0)))
            dh1[i, j] = dh1_ij
            part_dshift1[j] += dh1_ij
            part_dscale1[j] += (dh1_ij * normal1[i, j])
        if i % 256 == 255 or i == m - 1:
            for j in range(n1):
                dshift1[j] += part_dshift1[j]
                part_dshift1[j] = real(0.0)
            for j in range(n1):
                dscale1[j] += part_dscale1[j]
                part_dscale1[j] = real(0.0)


@compiled
def rows_9(m, db1, n1, part_db1, t19, dh1, t2, dshift1, normal1, dscale1, dz1):
    for j in range(n1):
        db1[j] = real(0.0)
        part_db1[j] = real(0.0)
    for i in range(m):
        for j in range(n1):
            dz1_ij = (t19[j] * ((dh1[i, j] - (t2[i] * dshift1[j])) - ((t2[i] * normal1[i, j]) * dscale1[j])))
            dz1[i, j] = dz1_ij
            part_db1[j] += dz1_ij
        if i % 256 == 255 or i == m - 1:
            for j in range(n1):
                db1[j] += part_db1[j]
                part_db1[j] = real(0.0)


@compiled
def update_1(start, stop, parameters, velocity, slopes, learning_rate):
    for q in range(np.uint64(start), np.uint64(stop)):
        parameters_q = parameters[q]
        velocity_q = velocity[q]
        q2 = (real(0.9) * velocity_q)
        slopes_q = slopes[q]
        q4 = (q2 + slopes_q)
        q5 = (learning_rate * q4)
        q6 = (parameters_q - q5)
        parameters[q] = q6
        velocity[q] = q4


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
    at_scale1 = at
    scale1 = numbers_in(parameters, at, n1)
    dscale1 = numbers_in(slopes, at, n1)
    at += n1
    at_shift1 = at
    shift1 = numbers_in(parameters, at, n1)
    dshift1 = numbers_in(slopes, at, n1)
    at += n1
    at_W2 = at
    W2 = matrix_in(parameters, at, n1, n2)
    dW2 = matrix_in(slopes, at, n1, n2)
    at += n1 * n2
    at_b2 = at
    b2 = numbers_in(parameters, at, n2)
    db2 = numbers_in(slopes, at, n2)
    at += n2
    velocity = state[0]
    at = 0
    mean1 = numbers_in(statistics, at, n1)
    at += n1
    variance1 = numbers_in(statistics, at, n1)
    at += n1
    rows = x_all.shape[0]
    most = rows if rows <= batch else batch + 1
    z1_most = new_matrix(most, n1, parameters)
    z1 = rows_between(z1_most, 0, most)
    t2_most = new_numbers(most, parameters)
    t2 = rows_between(t2_most, 0, most)
    batch_mean1 = new_numbers(n1, parameters)
    t4_most = new_matrix(most, n1, parameters)
    t4 = rows_between(t4_most, 0, most)
    batch_variance1 = new_numbers(n1, parameters)
    t7 = new_numbers(n1, parameters)
    t8 = new_numbers(n1, parameters)
    per_spread1 = new_numbers(n1, parameters)
    normal1_most = new_matrix(most, n1, parameters)
    normal1 = rows_between(normal1_most, 0, most)
    a1_most = new_matrix(most, n1, parameters)
    a1 = rows_between(a1_most, 0, most)
    dz2_most = new_matrix(most, n2, parameters)
    dz2 = rows_between(dz2_most, 0, most)
    t13_most = new_numbers(most, parameters)
    t13 = rows_between(t13_most, 0, most)
    t14_most = new_numbers(most, parameters)
    t14 = rows_between(t14_most, 0, most)
    t16_most = new_numbers(most, parameters)
    t16 = rows_between(t16_most, 0, most)
    t19 = new_numbers(n1, parameters)
    dh1_most = new_matrix(most, n1, parameters)
    dh1 = rows_between(dh1_most, 0, most)
    dz1_most = new_matrix(most, n1, parameters)
    dz1 = rows_between(dz1_most, 0, most)
    t27 = new_numbers(n1, parameters)
    t28 = new_numbers(n1, parameters)
    t29 = new_numbers(n1, parameters)
    t30 = new_numbers(n1, parameters)
    part_batch_mean1 = new_numbers(n1, parameters)
    part_batch_variance1 = new_numbers(n1, parameters)
    part_db2 = new_numbers(n2, parameters)
    part_dshift1 = new_numbers(n1, parameters)
    part_dscale1 = new_numbers(n1, parameters)
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
            z1 = rows_between(z1_most, 0, m)
            t2 = rows_between(t2_most, 0, m)
            t4 = rows_between(t4_most, 0, m)
            normal1 = rows_between(normal1_most, 0, m)
            a1 = rows_between(a1_most, 0, m)
            dz2 = rows_between(dz2_most, 0, m)
            t13 = rows_between(t13_most, 0, m)
            t14 = rows_between(t14_most, 0, m)
            t16 = rows_between(t16_most, 0, m)
            dh1 = rows_between(dh1_most, 0, m)
            dz1 = rows_between(dz1_most, 0, m)
            w = rows_between(w_most, 0, m)
            fill_equal_shares(adds_up, w)
        if weights.size > 0:
            fill_shares(weights, order, start, shuffled, adds_up, w)
        product(x, W1, z1)
        for j in range(n1):
            t27_j = (real(0.9) * mean1[j])
            t27[j] = t27_j
            t29_j = (real(0.9) * variance1[j])
            t29[j] = t29_j
        t1 = rows_1(m, w)
        rows_2(m, batch_mean1, n1, part_batch_mean1, w, t1, z1, b1, t2)
        for j in range(n1):
            t28_j = (real(0.1) * batch_mean1[j])
            t28[j] = t28_j
        rows_3(m, batch_variance1, n1, part_batch_variance1, z1, batch_mean1, t4, t2)
        for j in range(n1):
            t7_j = (batch_variance1[j] + real(1e-05))
            t7[j] = t7_j
            t8_j = np.sqrt(t7_j)
            t8[j] = t8_j
            per_spread1_j = over_root(real(1.0), t8_j)
            per_spread1[j] = per_spread1_j
            t19_j = (scale1[j] * per_spread1_j)
            t19[j] = t19_j
            t30_j = (real(0.1) * batch_variance1[j])
            t30[j] = t30_j
        rows_4(m, n1, t4, per_spread1, normal1, scale1, shift1, a1)
        product(a1, W2, dz2)
        rows_5(m, n2, dz2, b2, y, t16)
        each_1(numbers_of(dz2))
        rows_6(m, db2, n2, part_db2, dz2, t13, w, y)
        product(dz2, W2.T, dh1)
        product(a1.T, dz2, dW2)
        each_2(numbers_of(t14), numbers_of(t13))
        loss = rows_7(m, t14, t16, w)
        rows_8(m, dshift1, n1, part_dshift1, dscale1, part_dscale1, dh1, a1, normal1)
        rows_9(m, db1, n1, part_db1, t19, dh1, t2, dshift1, normal1, dscale1, dz1)
        product(x.T, dz1, dW1)
        losses[number - first] = loss
        if not is_finite(loss):
            put_back(settings)
            return number - first + 1
        for j in range(n1):
            mean1_j = (t27[j] + t28[j])
            mean1[j] = mean1_j
            variance1_j = (t29[j] + t30[j])
            variance1[j] = variance1_j
        if not updating:
            put_back(settings)
            return number - first + 1
        learning_rate = real(rates[number - first if changing else 0, 0])
        update_1(at_W1, at_b2 + b2.size, parameters, velocity, slopes, learning_rate)
    put_back(settings)
    return last - first
