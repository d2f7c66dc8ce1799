"""The prediction of 4-8-3 linear relu softmax BatchNorm(), written out by glassnet."""

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
def rows_1(m, n1, a1, b1, mean1, t3, scale1, shift1):
    for i in range(m):
        for j in range(n1):
            product1_ij = a1[i, j]
            a1_ij = greatest((((((product1_ij + b1[j]) - mean1[j]) / t3[j]) * scale1[j]) + shift1[j]), real(0.0))
            a1[i, j] = a1_ij


@compiled
def rows_2(m, n2, outputs, b2):
    for i in range(m):
        t6_i = real(-np.inf)
        for j in range(n2):
            product2_ij = outputs[i, j]
            z2_ij = (product2_ij + b2[j])
            outputs[i, j] = z2_ij
            t6_i = greatest(t6_i, z2_ij)
        for j in range(n2):
            z2_ij = outputs[i, j]
            t7_ij = (z2_ij - t6_i)
            outputs[i, j] = t7_ij


@compiled
def each_1(outputs):
    for q in range(outputs.size):
        outputs[q] = exp(outputs[q])


@compiled
def rows_3(m, n2, outputs):
    for i in range(m):
        t9_i = real(0.0)
        for j in range(n2):
            t9_i += outputs[i, j]
        for j in range(n2):
            t8_ij = outputs[i, j]
            outputs_ij = (t8_ij / t9_i)
            outputs[i, j] = outputs_ij


@cached
def predict(x_all, parameters, statistics, sizes, outputs_all, block):
    n0 = sizes[0]
    n1 = sizes[1]
    n2 = sizes[2]
    at = 0
    W1 = matrix_in(parameters, at, n0, n1)
    at += n0 * n1
    b1 = numbers_in(parameters, at, n1)
    at += n1
    scale1 = numbers_in(parameters, at, n1)
    at += n1
    shift1 = numbers_in(parameters, at, n1)
    at += n1
    W2 = matrix_in(parameters, at, n1, n2)
    at += n1 * n2
    b2 = numbers_in(parameters, at, n2)
    at += n2
    at = 0
    mean1 = numbers_in(statistics, at, n1)
    at += n1
    variance1 = numbers_in(statistics, at, n1)
    at += n1
    rows = x_all.shape[0]
    most = rows if rows < block else block
    a1_most = new_matrix(most, n1, parameters)
    t2 = new_numbers(n1, parameters)
    t3 = new_numbers(n1, parameters)
    for start in range(0, rows, block):
        stop = start + block if start + block < rows else rows
        m = stop - start
        x = rows_between(x_all, start, stop)
        if not all_finite(x):
            return start
        outputs = rows_between(outputs_all, start, stop)
        a1 = rows_between(a1_most, 0, m)
        product(x, W1, a1)
        for j in range(n1):
            t2_j = (variance1[j] + real(1e-05))
            t2[j] = t2_j
            t3_j = np.sqrt(t2_j)
            t3[j] = t3_j
        rows_1(m, n1, a1, b1, mean1, t3, scale1, shift1)
        product(a1, W2, outputs)
        rows_2(m, n2, outputs, b2)
        each_1(numbers_of(outputs))
        rows_3(m, n2, outputs)
    return rows
