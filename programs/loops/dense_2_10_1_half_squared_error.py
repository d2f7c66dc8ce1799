"""The loops of 2-10-1 sigmoid, written out by glassnet."""

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
        parameters[5], parameters[6], parameters[7], parameters[8], parameters[9],
        parameters[10], parameters[11], parameters[12], parameters[13], parameters[14],
        parameters[15], parameters[16], parameters[17], parameters[18], parameters[19],
        parameters[20], parameters[21], parameters[22], parameters[23], parameters[24],
        parameters[25], parameters[26], parameters[27], parameters[28], parameters[29],
        parameters[30], parameters[31], parameters[32], parameters[33], parameters[34],
        parameters[35], parameters[36], parameters[37], parameters[38], parameters[39],
        parameters[40],
    )
    memory = ()
    return numbers, memory


@merged
def put(numbers, memory, found, parameters, state, slopes):
    (
        parameters[0], parameters[1], parameters[2], parameters[3], parameters[4],
        parameters[5], parameters[6], parameters[7], parameters[8], parameters[9],
        parameters[10], parameters[11], parameters[12], parameters[13], parameters[14],
        parameters[15], parameters[16], parameters[17], parameters[18], parameters[19],
        parameters[20], parameters[21], parameters[22], parameters[23], parameters[24],
        parameters[25], parameters[26], parameters[27], parameters[28], parameters[29],
        parameters[30], parameters[31], parameters[32], parameters[33], parameters[34],
        parameters[35], parameters[36], parameters[37], parameters[38], parameters[39],
        parameters[40],
    ) = numbers
    (
        slopes[0], slopes[1], slopes[2], slopes[3], slopes[4], slopes[5], slopes[6],
        slopes[7], slopes[8], slopes[9], slopes[10], slopes[11], slopes[12], slopes[13],
        slopes[14], slopes[15], slopes[16], slopes[17], slopes[18], slopes[19],
        slopes[20], slopes[21], slopes[22], slopes[23], slopes[24], slopes[25],
        slopes[26], slopes[27], slopes[28], slopes[29], slopes[30], slopes[31],
        slopes[32], slopes[33], slopes[34], slopes[35], slopes[36], slopes[37],
        slopes[38], slopes[39], slopes[40],
    ) = found[1:]


@merged
def nothing():
    return (
        0.0, real(0.0), real(0.0), real(0.0), real(0.0), real(0.0), real(0.0), real(0.0),
        real(0.0), real(0.0), real(0.0), real(0.0), real(0.0), real(0.0), real(0.0),
        real(0.0), real(0.0), real(0.0), real(0.0), real(0.0), real(0.0), real(0.0),
        real(0.0), real(0.0), real(0.0), real(0.0), real(0.0), real(0.0), real(0.0),
        real(0.0), real(0.0), real(0.0), real(0.0), real(0.0), real(0.0), real(0.0),
        real(0.0), real(0.0), real(0.0), real(0.0), real(0.0), real(0.0),
    )


@merged
def over_rows(
    start, stop, begin, whole, weighted, shuffled, x_all, y_all, weights, order,
    numbers,
):
    (
        W1_0_0, W1_0_1, W1_0_2, W1_0_3, W1_0_4, W1_0_5, W1_0_6, W1_0_7, W1_0_8, W1_0_9,
        W1_1_0, W1_1_1, W1_1_2, W1_1_3, W1_1_4, W1_1_5, W1_1_6, W1_1_7, W1_1_8, W1_1_9,
        b1_0, b1_1, b1_2, b1_3, b1_4, b1_5, b1_6, b1_7, b1_8, b1_9, W2_0_0, W2_1_0,
        W2_2_0, W2_3_0, W2_4_0, W2_5_0, W2_6_0, W2_7_0, W2_8_0, W2_9_0, b2_0,
    ) = numbers
    (
        t14, dW1_0_0, dW1_0_1, dW1_0_2, dW1_0_3, dW1_0_4, dW1_0_5, dW1_0_6, dW1_0_7,
        dW1_0_8, dW1_0_9, dW1_1_0, dW1_1_1, dW1_1_2, dW1_1_3, dW1_1_4, dW1_1_5, dW1_1_6,
        dW1_1_7, dW1_1_8, dW1_1_9, db1_0, db1_1, db1_2, db1_3, db1_4, db1_5, db1_6, db1_7,
        db1_8, db1_9, dW2_0_0, dW2_1_0, dW2_2_0, dW2_3_0, dW2_4_0, dW2_5_0, dW2_6_0,
        dW2_7_0, dW2_8_0, dW2_9_0, db2_0,
    ) = nothing()
    for place in range(start, stop):
        row = order[place] if shuffled else place
        w = ((weights[row] if weighted else real(1.0)) / whole)
        x_0 = x_all[row, 0]
        x_1 = x_all[row, 1]
        y_0 = y_all[row, 0]
        product1_0 = ((x_0 * W1_0_0) + (x_1 * W1_1_0))
        product1_1 = ((x_0 * W1_0_1) + (x_1 * W1_1_1))
        product1_2 = ((x_0 * W1_0_2) + (x_1 * W1_1_2))
        product1_3 = ((x_0 * W1_0_3) + (x_1 * W1_1_3))
        product1_4 = ((x_0 * W1_0_4) + (x_1 * W1_1_4))
        product1_5 = ((x_0 * W1_0_5) + (x_1 * W1_1_5))
        product1_6 = ((x_0 * W1_0_6) + (x_1 * W1_1_6))
        product1_7 = ((x_0 * W1_0_7) + (x_1 * W1_1_7))
        product1_8 = ((x_0 * W1_0_8) + (x_1 * W1_1_8))
        product1_9 = ((x_0 * W1_0_9) + (x_1 * W1_1_9))
        z1_0 = (product1_0 + b1_0)
        z1_1 = (product1_1 + b1_1)
        z1_2 = (product1_2 + b1_2)
        z1_3 = (product1_3 + b1_3)
        z1_4 = (product1_4 + b1_4)
        z1_5 = (product1_5 + b1_5)
        z1_6 = (product1_6 + b1_6)
        z1_7 = (product1_7 + b1_7)
        z1_8 = (product1_8 + b1_8)
        z1_9 = (product1_9 + b1_9)
        t3_0 = decay((-abs(z1_0)))
        t3_1 = decay((-abs(z1_1)))
        t3_2 = decay((-abs(z1_2)))
        t3_3 = decay((-abs(z1_3)))
        t3_4 = decay((-abs(z1_4)))
        t3_5 = decay((-abs(z1_5)))
        t3_6 = decay((-abs(z1_6)))
        t3_7 = decay((-abs(z1_7)))
        t3_8 = decay((-abs(z1_8)))
        t3_9 = decay((-abs(z1_9)))
        a1_0 = ((real(1.0) if (z1_0 >= real(0.0)) else t3_0) / (real(1.0) + t3_0))
        a1_1 = ((real(1.0) if (z1_1 >= real(0.0)) else t3_1) / (real(1.0) + t3_1))
        a1_2 = ((real(1.0) if (z1_2 >= real(0.0)) else t3_2) / (real(1.0) + t3_2))
        a1_3 = ((real(1.0) if (z1_3 >= real(0.0)) else t3_3) / (real(1.0) + t3_3))
        a1_4 = ((real(1.0) if (z1_4 >= real(0.0)) else t3_4) / (real(1.0) + t3_4))
        a1_5 = ((real(1.0) if (z1_5 >= real(0.0)) else t3_5) / (real(1.0) + t3_5))
        a1_6 = ((real(1.0) if (z1_6 >= real(0.0)) else t3_6) / (real(1.0) + t3_6))
        a1_7 = ((real(1.0) if (z1_7 >= real(0.0)) else t3_7) / (real(1.0) + t3_7))
        a1_8 = ((real(1.0) if (z1_8 >= real(0.0)) else t3_8) / (real(1.0) + t3_8))
        a1_9 = ((real(1.0) if (z1_9 >= real(0.0)) else t3_9) / (real(1.0) + t3_9))
        product2_0 = ((a1_0 * W2_0_0) + (a1_1 * W2_1_0) + (a1_2 * W2_2_0) + (a1_3 * W2_3_0) + (a1_4 * W2_4_0) + (a1_5 * W2_5_0) + (a1_6 * W2_6_0) + (a1_7 * W2_7_0) + (a1_8 * W2_8_0) + (a1_9 * W2_9_0))
        z2_0 = (product2_0 + b2_0)
        t8_0 = decay((-abs(z2_0)))
        a2_0 = ((real(1.0) if (z2_0 >= real(0.0)) else t8_0) / (real(1.0) + t8_0))
        t11_0 = (a2_0 - y_0)
        t12_0 = (w * t11_0)
        t13_0 = (t12_0 * t11_0)
        dz2_0 = ((t12_0 / real(1)) * (a2_0 * (real(1.0) - a2_0)))
        da1_0 = (dz2_0 * W2_0_0)
        da1_1 = (dz2_0 * W2_1_0)
        da1_2 = (dz2_0 * W2_2_0)
        da1_3 = (dz2_0 * W2_3_0)
        da1_4 = (dz2_0 * W2_4_0)
        da1_5 = (dz2_0 * W2_5_0)
        da1_6 = (dz2_0 * W2_6_0)
        da1_7 = (dz2_0 * W2_7_0)
        da1_8 = (dz2_0 * W2_8_0)
        da1_9 = (dz2_0 * W2_9_0)
        dz1_0 = (da1_0 * (a1_0 * (real(1.0) - a1_0)))
        dz1_1 = (da1_1 * (a1_1 * (real(1.0) - a1_1)))
        dz1_2 = (da1_2 * (a1_2 * (real(1.0) - a1_2)))
        dz1_3 = (da1_3 * (a1_3 * (real(1.0) - a1_3)))
        dz1_4 = (da1_4 * (a1_4 * (real(1.0) - a1_4)))
        dz1_5 = (da1_5 * (a1_5 * (real(1.0) - a1_5)))
        dz1_6 = (da1_6 * (a1_6 * (real(1.0) - a1_6)))
        dz1_7 = (da1_7 * (a1_7 * (real(1.0) - a1_7)))
        dz1_8 = (da1_8 * (a1_8 * (real(1.0) - a1_8)))
        dz1_9 = (da1_9 * (a1_9 * (real(1.0) - a1_9)))
        t14 += t13_0
        dW1_0_0 += (x_0 * dz1_0)
        dW1_0_1 += (x_0 * dz1_1)
        dW1_0_2 += (x_0 * dz1_2)
        dW1_0_3 += (x_0 * dz1_3)
        dW1_0_4 += (x_0 * dz1_4)
        dW1_0_5 += (x_0 * dz1_5)
        dW1_0_6 += (x_0 * dz1_6)
        dW1_0_7 += (x_0 * dz1_7)
        dW1_0_8 += (x_0 * dz1_8)
        dW1_0_9 += (x_0 * dz1_9)
        dW1_1_0 += (x_1 * dz1_0)
        dW1_1_1 += (x_1 * dz1_1)
        dW1_1_2 += (x_1 * dz1_2)
        dW1_1_3 += (x_1 * dz1_3)
        dW1_1_4 += (x_1 * dz1_4)
        dW1_1_5 += (x_1 * dz1_5)
        dW1_1_6 += (x_1 * dz1_6)
        dW1_1_7 += (x_1 * dz1_7)
        dW1_1_8 += (x_1 * dz1_8)
        dW1_1_9 += (x_1 * dz1_9)
        db1_0 += dz1_0
        db1_1 += dz1_1
        db1_2 += dz1_2
        db1_3 += dz1_3
        db1_4 += dz1_4
        db1_5 += dz1_5
        db1_6 += dz1_6
        db1_7 += dz1_7
        db1_8 += dz1_8
        db1_9 += dz1_9
        dW2_0_0 += (a1_0 * dz2_0)
        dW2_1_0 += (a1_1 * dz2_0)
        dW2_2_0 += (a1_2 * dz2_0)
        dW2_3_0 += (a1_3 * dz2_0)
        dW2_4_0 += (a1_4 * dz2_0)
        dW2_5_0 += (a1_5 * dz2_0)
        dW2_6_0 += (a1_6 * dz2_0)
        dW2_7_0 += (a1_7 * dz2_0)
        dW2_8_0 += (a1_8 * dz2_0)
        dW2_9_0 += (a1_9 * dz2_0)
        db2_0 += dz2_0
    return (
        t14, dW1_0_0, dW1_0_1, dW1_0_2, dW1_0_3, dW1_0_4, dW1_0_5, dW1_0_6, dW1_0_7,
        dW1_0_8, dW1_0_9, dW1_1_0, dW1_1_1, dW1_1_2, dW1_1_3, dW1_1_4, dW1_1_5, dW1_1_6,
        dW1_1_7, dW1_1_8, dW1_1_9, db1_0, db1_1, db1_2, db1_3, db1_4, db1_5, db1_6, db1_7,
        db1_8, db1_9, dW2_0_0, dW2_1_0, dW2_2_0, dW2_3_0, dW2_4_0, dW2_5_0, dW2_6_0,
        dW2_7_0, dW2_8_0, dW2_9_0, db2_0,
    )


@merged
def over_few(
    start, stop, begin, whole, weighted, shuffled, x_all, y_all, weights, order,
    numbers,
):
    (
        W1_0_0, W1_0_1, W1_0_2, W1_0_3, W1_0_4, W1_0_5, W1_0_6, W1_0_7, W1_0_8, W1_0_9,
        W1_1_0, W1_1_1, W1_1_2, W1_1_3, W1_1_4, W1_1_5, W1_1_6, W1_1_7, W1_1_8, W1_1_9,
        b1_0, b1_1, b1_2, b1_3, b1_4, b1_5, b1_6, b1_7, b1_8, b1_9, W2_0_0, W2_1_0,
        W2_2_0, W2_3_0, W2_4_0, W2_5_0, W2_6_0, W2_7_0, W2_8_0, W2_9_0, b2_0,
    ) = numbers
    (
        t14, dW1_0_0, dW1_0_1, dW1_0_2, dW1_0_3, dW1_0_4, dW1_0_5, dW1_0_6, dW1_0_7,
        dW1_0_8, dW1_0_9, dW1_1_0, dW1_1_1, dW1_1_2, dW1_1_3, dW1_1_4, dW1_1_5, dW1_1_6,
        dW1_1_7, dW1_1_8, dW1_1_9, db1_0, db1_1, db1_2, db1_3, db1_4, db1_5, db1_6, db1_7,
        db1_8, db1_9, dW2_0_0, dW2_1_0, dW2_2_0, dW2_3_0, dW2_4_0, dW2_5_0, dW2_6_0,
        dW2_7_0, dW2_8_0, dW2_9_0, db2_0,
    ) = nothing()
    for lane in range(4):
        place = min(start + lane, stop - 1)
        row = order[place] if shuffled else place
        w = ((weights[row] if weighted else real(1.0)) / whole)
        x_0 = x_all[row, 0]
        x_1 = x_all[row, 1]
        y_0 = y_all[row, 0]
        product1_0 = ((x_0 * W1_0_0) + (x_1 * W1_1_0))
        product1_1 = ((x_0 * W1_0_1) + (x_1 * W1_1_1))
        product1_2 = ((x_0 * W1_0_2) + (x_1 * W1_1_2))
        product1_3 = ((x_0 * W1_0_3) + (x_1 * W1_1_3))
        product1_4 = ((x_0 * W1_0_4) + (x_1 * W1_1_4))
        product1_5 = ((x_0 * W1_0_5) + (x_1 * W1_1_5))
        product1_6 = ((x_0 * W1_0_6) + (x_1 * W1_1_6))
        product1_7 = ((x_0 * W1_0_7) + (x_1 * W1_1_7))
        product1_8 = ((x_0 * W1_0_8) + (x_1 * W1_1_8))
        product1_9 = ((x_0 * W1_0_9) + (x_1 * W1_1_9))
        z1_0 = (product1_0 + b1_0)
        z1_1 = (product1_1 + b1_1)
        z1_2 = (product1_2 + b1_2)
        z1_3 = (product1_3 + b1_3)
        z1_4 = (product1_4 + b1_4)
        z1_5 = (product1_5 + b1_5)
        z1_6 = (product1_6 + b1_6)
        z1_7 = (product1_7 + b1_7)
        z1_8 = (product1_8 + b1_8)
        z1_9 = (product1_9 + b1_9)
        t3_0 = decay((-abs(z1_0)))
        t3_1 = decay((-abs(z1_1)))
        t3_2 = decay((-abs(z1_2)))
        t3_3 = decay((-abs(z1_3)))
        t3_4 = decay((-abs(z1_4)))
        t3_5 = decay((-abs(z1_5)))
        t3_6 = decay((-abs(z1_6)))
        t3_7 = decay((-abs(z1_7)))
        t3_8 = decay((-abs(z1_8)))
        t3_9 = decay((-abs(z1_9)))
        a1_0 = ((real(1.0) if (z1_0 >= real(0.0)) else t3_0) / (real(1.0) + t3_0))
        a1_1 = ((real(1.0) if (z1_1 >= real(0.0)) else t3_1) / (real(1.0) + t3_1))
        a1_2 = ((real(1.0) if (z1_2 >= real(0.0)) else t3_2) / (real(1.0) + t3_2))
        a1_3 = ((real(1.0) if (z1_3 >= real(0.0)) else t3_3) / (real(1.0) + t3_3))
        a1_4 = ((real(1.0) if (z1_4 >= real(0.0)) else t3_4) / (real(1.0) + t3_4))
        a1_5 = ((real(1.0) if (z1_5 >= real(0.0)) else t3_5) / (real(1.0) + t3_5))
        a1_6 = ((real(1.0) if (z1_6 >= real(0.0)) else t3_6) / (real(1.0) + t3_6))
        a1_7 = ((real(1.0) if (z1_7 >= real(0.0)) else t3_7) / (real(1.0) + t3_7))
        a1_8 = ((real(1.0) if (z1_8 >= real(0.0)) else t3_8) / (real(1.0) + t3_8))
        a1_9 = ((real(1.0) if (z1_9 >= real(0.0)) else t3_9) / (real(1.0) + t3_9))
        product2_0 = ((a1_0 * W2_0_0) + (a1_1 * W2_1_0) + (a1_2 * W2_2_0) + (a1_3 * W2_3_0) + (a1_4 * W2_4_0) + (a1_5 * W2_5_0) + (a1_6 * W2_6_0) + (a1_7 * W2_7_0) + (a1_8 * W2_8_0) + (a1_9 * W2_9_0))
        z2_0 = (product2_0 + b2_0)
        t8_0 = decay((-abs(z2_0)))
        a2_0 = ((real(1.0) if (z2_0 >= real(0.0)) else t8_0) / (real(1.0) + t8_0))
        t11_0 = (a2_0 - y_0)
        t12_0 = (w * t11_0)
        t13_0 = (t12_0 * t11_0)
        dz2_0 = ((t12_0 / real(1)) * (a2_0 * (real(1.0) - a2_0)))
        da1_0 = (dz2_0 * W2_0_0)
        da1_1 = (dz2_0 * W2_1_0)
        da1_2 = (dz2_0 * W2_2_0)
        da1_3 = (dz2_0 * W2_3_0)
        da1_4 = (dz2_0 * W2_4_0)
        da1_5 = (dz2_0 * W2_5_0)
        da1_6 = (dz2_0 * W2_6_0)
        da1_7 = (dz2_0 * W2_7_0)
        da1_8 = (dz2_0 * W2_8_0)
        da1_9 = (dz2_0 * W2_9_0)
        dz1_0 = (da1_0 * (a1_0 * (real(1.0) - a1_0)))
        dz1_1 = (da1_1 * (a1_1 * (real(1.0) - a1_1)))
        dz1_2 = (da1_2 * (a1_2 * (real(1.0) - a1_2)))
        dz1_3 = (da1_3 * (a1_3 * (real(1.0) - a1_3)))
        dz1_4 = (da1_4 * (a1_4 * (real(1.0) - a1_4)))
        dz1_5 = (da1_5 * (a1_5 * (real(1.0) - a1_5)))
        dz1_6 = (da1_6 * (a1_6 * (real(1.0) - a1_6)))
        dz1_7 = (da1_7 * (a1_7 * (real(1.0) - a1_7)))
        dz1_8 = (da1_8 * (a1_8 * (real(1.0) - a1_8)))
        dz1_9 = (da1_9 * (a1_9 * (real(1.0) - a1_9)))
        t14 += (t13_0 if start + lane < stop else real(0.0))
        dW1_0_0 += ((x_0 * dz1_0) if start + lane < stop else real(0.0))
        dW1_0_1 += ((x_0 * dz1_1) if start + lane < stop else real(0.0))
        dW1_0_2 += ((x_0 * dz1_2) if start + lane < stop else real(0.0))
        dW1_0_3 += ((x_0 * dz1_3) if start + lane < stop else real(0.0))
        dW1_0_4 += ((x_0 * dz1_4) if start + lane < stop else real(0.0))
        dW1_0_5 += ((x_0 * dz1_5) if start + lane < stop else real(0.0))
        dW1_0_6 += ((x_0 * dz1_6) if start + lane < stop else real(0.0))
        dW1_0_7 += ((x_0 * dz1_7) if start + lane < stop else real(0.0))
        dW1_0_8 += ((x_0 * dz1_8) if start + lane < stop else real(0.0))
        dW1_0_9 += ((x_0 * dz1_9) if start + lane < stop else real(0.0))
        dW1_1_0 += ((x_1 * dz1_0) if start + lane < stop else real(0.0))
        dW1_1_1 += ((x_1 * dz1_1) if start + lane < stop else real(0.0))
        dW1_1_2 += ((x_1 * dz1_2) if start + lane < stop else real(0.0))
        dW1_1_3 += ((x_1 * dz1_3) if start + lane < stop else real(0.0))
        dW1_1_4 += ((x_1 * dz1_4) if start + lane < stop else real(0.0))
        dW1_1_5 += ((x_1 * dz1_5) if start + lane < stop else real(0.0))
        dW1_1_6 += ((x_1 * dz1_6) if start + lane < stop else real(0.0))
        dW1_1_7 += ((x_1 * dz1_7) if start + lane < stop else real(0.0))
        dW1_1_8 += ((x_1 * dz1_8) if start + lane < stop else real(0.0))
        dW1_1_9 += ((x_1 * dz1_9) if start + lane < stop else real(0.0))
        db1_0 += (dz1_0 if start + lane < stop else real(0.0))
        db1_1 += (dz1_1 if start + lane < stop else real(0.0))
        db1_2 += (dz1_2 if start + lane < stop else real(0.0))
        db1_3 += (dz1_3 if start + lane < stop else real(0.0))
        db1_4 += (dz1_4 if start + lane < stop else real(0.0))
        db1_5 += (dz1_5 if start + lane < stop else real(0.0))
        db1_6 += (dz1_6 if start + lane < stop else real(0.0))
        db1_7 += (dz1_7 if start + lane < stop else real(0.0))
        db1_8 += (dz1_8 if start + lane < stop else real(0.0))
        db1_9 += (dz1_9 if start + lane < stop else real(0.0))
        dW2_0_0 += ((a1_0 * dz2_0) if start + lane < stop else real(0.0))
        dW2_1_0 += ((a1_1 * dz2_0) if start + lane < stop else real(0.0))
        dW2_2_0 += ((a1_2 * dz2_0) if start + lane < stop else real(0.0))
        dW2_3_0 += ((a1_3 * dz2_0) if start + lane < stop else real(0.0))
        dW2_4_0 += ((a1_4 * dz2_0) if start + lane < stop else real(0.0))
        dW2_5_0 += ((a1_5 * dz2_0) if start + lane < stop else real(0.0))
        dW2_6_0 += ((a1_6 * dz2_0) if start + lane < stop else real(0.0))
        dW2_7_0 += ((a1_7 * dz2_0) if start + lane < stop else real(0.0))
        dW2_8_0 += ((a1_8 * dz2_0) if start + lane < stop else real(0.0))
        dW2_9_0 += ((a1_9 * dz2_0) if start + lane < stop else real(0.0))
        db2_0 += (dz2_0 if start + lane < stop else real(0.0))
    return (
        t14, dW1_0_0, dW1_0_1, dW1_0_2, dW1_0_3, dW1_0_4, dW1_0_5, dW1_0_6, dW1_0_7,
        dW1_0_8, dW1_0_9, dW1_1_0, dW1_1_1, dW1_1_2, dW1_1_3, dW1_1_4, dW1_1_5, dW1_1_6,
        dW1_1_7, dW1_1_8, dW1_1_9, db1_0, db1_1, db1_2, db1_3, db1_4, db1_5, db1_6, db1_7,
        db1_8, db1_9, dW2_0_0, dW2_1_0, dW2_2_0, dW2_3_0, dW2_4_0, dW2_5_0, dW2_6_0,
        dW2_7_0, dW2_8_0, dW2_9_0, db2_0,
    )


@merged
def add(sums, more):
    return (
        sums[0] + more[0], sums[1] + more[1], sums[2] + more[2], sums[3] + more[3],
        sums[4] + more[4], sums[5] + more[5], sums[6] + more[6], sums[7] + more[7],
        sums[8] + more[8], sums[9] + more[9], sums[10] + more[10], sums[11] + more[11],
        sums[12] + more[12], sums[13] + more[13], sums[14] + more[14], sums[15] +
        more[15], sums[16] + more[16], sums[17] + more[17], sums[18] + more[18], sums[19]
        + more[19], sums[20] + more[20], sums[21] + more[21], sums[22] + more[22],
        sums[23] + more[23], sums[24] + more[24], sums[25] + more[25], sums[26] +
        more[26], sums[27] + more[27], sums[28] + more[28], sums[29] + more[29], sums[30]
        + more[30], sums[31] + more[31], sums[32] + more[32], sums[33] + more[33],
        sums[34] + more[34], sums[35] + more[35], sums[36] + more[36], sums[37] +
        more[37], sums[38] + more[38], sums[39] + more[39], sums[40] + more[40], sums[41]
        + more[41],
    )


@merged
def finish(sums, numbers):
    (
        W1_0_0, W1_0_1, W1_0_2, W1_0_3, W1_0_4, W1_0_5, W1_0_6, W1_0_7, W1_0_8, W1_0_9,
        W1_1_0, W1_1_1, W1_1_2, W1_1_3, W1_1_4, W1_1_5, W1_1_6, W1_1_7, W1_1_8, W1_1_9,
        b1_0, b1_1, b1_2, b1_3, b1_4, b1_5, b1_6, b1_7, b1_8, b1_9, W2_0_0, W2_1_0,
        W2_2_0, W2_3_0, W2_4_0, W2_5_0, W2_6_0, W2_7_0, W2_8_0, W2_9_0, b2_0,
    ) = numbers
    (
        t14, dW1_0_0, dW1_0_1, dW1_0_2, dW1_0_3, dW1_0_4, dW1_0_5, dW1_0_6, dW1_0_7,
        dW1_0_8, dW1_0_9, dW1_1_0, dW1_1_1, dW1_1_2, dW1_1_3, dW1_1_4, dW1_1_5, dW1_1_6,
        dW1_1_7, dW1_1_8, dW1_1_9, db1_0, db1_1, db1_2, db1_3, db1_4, db1_5, db1_6, db1_7,
        db1_8, db1_9, dW2_0_0, dW2_1_0, dW2_2_0, dW2_3_0, dW2_4_0, dW2_5_0, dW2_6_0,
        dW2_7_0, dW2_8_0, dW2_9_0, db2_0,
    ) = sums
    t14 = real(t14)
    loss = (t14 / (real(2.0) * real(1)))
    return (
        loss, dW1_0_0, dW1_0_1, dW1_0_2, dW1_0_3, dW1_0_4, dW1_0_5, dW1_0_6, dW1_0_7,
        dW1_0_8, dW1_0_9, dW1_1_0, dW1_1_1, dW1_1_2, dW1_1_3, dW1_1_4, dW1_1_5, dW1_1_6,
        dW1_1_7, dW1_1_8, dW1_1_9, db1_0, db1_1, db1_2, db1_3, db1_4, db1_5, db1_6, db1_7,
        db1_8, db1_9, dW2_0_0, dW2_1_0, dW2_2_0, dW2_3_0, dW2_4_0, dW2_5_0, dW2_6_0,
        dW2_7_0, dW2_8_0, dW2_9_0, db2_0,
    )


@merged
def update(numbers, memory, found, learning_rate):
    (
        W1_0_0, W1_0_1, W1_0_2, W1_0_3, W1_0_4, W1_0_5, W1_0_6, W1_0_7, W1_0_8, W1_0_9,
        W1_1_0, W1_1_1, W1_1_2, W1_1_3, W1_1_4, W1_1_5, W1_1_6, W1_1_7, W1_1_8, W1_1_9,
        b1_0, b1_1, b1_2, b1_3, b1_4, b1_5, b1_6, b1_7, b1_8, b1_9, W2_0_0, W2_1_0,
        W2_2_0, W2_3_0, W2_4_0, W2_5_0, W2_6_0, W2_7_0, W2_8_0, W2_9_0, b2_0,
    ) = numbers
    (
        loss, dW1_0_0, dW1_0_1, dW1_0_2, dW1_0_3, dW1_0_4, dW1_0_5, dW1_0_6, dW1_0_7,
        dW1_0_8, dW1_0_9, dW1_1_0, dW1_1_1, dW1_1_2, dW1_1_3, dW1_1_4, dW1_1_5, dW1_1_6,
        dW1_1_7, dW1_1_8, dW1_1_9, db1_0, db1_1, db1_2, db1_3, db1_4, db1_5, db1_6, db1_7,
        db1_8, db1_9, dW2_0_0, dW2_1_0, dW2_2_0, dW2_3_0, dW2_4_0, dW2_5_0, dW2_6_0,
        dW2_7_0, dW2_8_0, dW2_9_0, db2_0,
    ) = found
    new_W1_0_0 = (W1_0_0 - (learning_rate * dW1_0_0))
    new_W1_0_1 = (W1_0_1 - (learning_rate * dW1_0_1))
    new_W1_0_2 = (W1_0_2 - (learning_rate * dW1_0_2))
    new_W1_0_3 = (W1_0_3 - (learning_rate * dW1_0_3))
    new_W1_0_4 = (W1_0_4 - (learning_rate * dW1_0_4))
    new_W1_0_5 = (W1_0_5 - (learning_rate * dW1_0_5))
    new_W1_0_6 = (W1_0_6 - (learning_rate * dW1_0_6))
    new_W1_0_7 = (W1_0_7 - (learning_rate * dW1_0_7))
    new_W1_0_8 = (W1_0_8 - (learning_rate * dW1_0_8))
    new_W1_0_9 = (W1_0_9 - (learning_rate * dW1_0_9))
    new_W1_1_0 = (W1_1_0 - (learning_rate * dW1_1_0))
    new_W1_1_1 = (W1_1_1 - (learning_rate * dW1_1_1))
    new_W1_1_2 = (W1_1_2 - (learning_rate * dW1_1_2))
    new_W1_1_3 = (W1_1_3 - (learning_rate * dW1_1_3))
    new_W1_1_4 = (W1_1_4 - (learning_rate * dW1_1_4))
    new_W1_1_5 = (W1_1_5 - (learning_rate * dW1_1_5))
    new_W1_1_6 = (W1_1_6 - (learning_rate * dW1_1_6))
    new_W1_1_7 = (W1_1_7 - (learning_rate * dW1_1_7))
    new_W1_1_8 = (W1_1_8 - (learning_rate * dW1_1_8))
    new_W1_1_9 = (W1_1_9 - (learning_rate * dW1_1_9))
    new_b1_0 = (b1_0 - (learning_rate * db1_0))
    new_b1_1 = (b1_1 - (learning_rate * db1_1))
    new_b1_2 = (b1_2 - (learning_rate * db1_2))
    new_b1_3 = (b1_3 - (learning_rate * db1_3))
    new_b1_4 = (b1_4 - (learning_rate * db1_4))
    new_b1_5 = (b1_5 - (learning_rate * db1_5))
    new_b1_6 = (b1_6 - (learning_rate * db1_6))
    new_b1_7 = (b1_7 - (learning_rate * db1_7))
    new_b1_8 = (b1_8 - (learning_rate * db1_8))
    new_b1_9 = (b1_9 - (learning_rate * db1_9))
    new_W2_0_0 = (W2_0_0 - (learning_rate * dW2_0_0))
    new_W2_1_0 = (W2_1_0 - (learning_rate * dW2_1_0))
    new_W2_2_0 = (W2_2_0 - (learning_rate * dW2_2_0))
    new_W2_3_0 = (W2_3_0 - (learning_rate * dW2_3_0))
    new_W2_4_0 = (W2_4_0 - (learning_rate * dW2_4_0))
    new_W2_5_0 = (W2_5_0 - (learning_rate * dW2_5_0))
    new_W2_6_0 = (W2_6_0 - (learning_rate * dW2_6_0))
    new_W2_7_0 = (W2_7_0 - (learning_rate * dW2_7_0))
    new_W2_8_0 = (W2_8_0 - (learning_rate * dW2_8_0))
    new_W2_9_0 = (W2_9_0 - (learning_rate * dW2_9_0))
    new_b2_0 = (b2_0 - (learning_rate * db2_0))
    numbers = (
        new_W1_0_0, new_W1_0_1, new_W1_0_2, new_W1_0_3, new_W1_0_4, new_W1_0_5,
        new_W1_0_6, new_W1_0_7, new_W1_0_8, new_W1_0_9, new_W1_1_0, new_W1_1_1,
        new_W1_1_2, new_W1_1_3, new_W1_1_4, new_W1_1_5, new_W1_1_6, new_W1_1_7,
        new_W1_1_8, new_W1_1_9, new_b1_0, new_b1_1, new_b1_2, new_b1_3, new_b1_4,
        new_b1_5, new_b1_6, new_b1_7, new_b1_8, new_b1_9, new_W2_0_0, new_W2_1_0,
        new_W2_2_0, new_W2_3_0, new_W2_4_0, new_W2_5_0, new_W2_6_0, new_W2_7_0,
        new_W2_8_0, new_W2_9_0, new_b2_0,
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
        whole = real(stop - start)
        if weighted:
            whole = real(sum_of_weights(weights, order, start, stop, shuffled))
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
