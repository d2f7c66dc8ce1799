"""The complementary error function, which NumPy has not: 2/√π · ∫ exp(−t²) dt from x to ∞.

Below 0.7 it is 1 − erf(x), and erf(x) / x − 1 is a polynomial in x². Above, it is exp(−x²) / x
times a polynomial in t = (x − 2) / (x + 2). For x < 0, erfc(x) = 2 − erfc(−x). Both polynomials
were fitted with mpmath at Chebyshev points, the second up to x = 28.3, where float64 ends; they are
off by less than 4e-17. NumPy's exp alone may be off by more than 2 units in the last place; so what
else is rounded is kept as a second number beside the first: at every float32 there is, the result
is off by less than 4 units in the last place.
"""

# ruff: noqa: D103 - each rule is described above

from __future__ import annotations

import numpy as np


def bell_parts(near, short, square=1.0):  # exp(−near² · square) is whole · (1 + rest)
    # Rounding a square would cost exp as many digits as it is large; that of `short` is exact.
    rest = expm1_of_small((short - near) * (near + short) * square)
    return np.exp(-short * short * square), rest


def bell(x, square=1.0):
    near = np.minimum(np.abs(x), 40)  # beyond it all is 0; and no square overflows
    whole, rest = bell_parts(near, few_digits(near), square)
    return whole + whole * rest


def few_digits(x):  # so that its product with another such number is exact
    return np.rint(x * 128) / 128


def expm1_of_small(x):  # for |x| < 0.25, where eleven terms are exact to the last digit
    p = 1 / 39916800
    p = p * x + 1 / 3628800
    p = p * x + 1 / 362880
    p = p * x + 1 / 40320
    p = p * x + 1 / 5040
    p = p * x + 1 / 720
    p = p * x + 1 / 120
    p = p * x + 1 / 24
    p = p * x + 1 / 6
    p = p * x + 1 / 2
    return (p * x + 1) * x


def erf_beside(x):  # erf(x) − x, for |x| < 0.7
    s = x * x
    p = -9.819338727420245e-10
    p = p * s + 1.4501367298450848e-08
    p = p * s - 1.6343665448246152e-07
    p = p * s + 1.6461086058220226e-06
    p = p * s - 1.4925618740679735e-05
    p = p * s + 0.00012055332331770298
    p = p * s - 0.0008548327014641204
    p = p * s + 0.005223977625366426
    p = p * s - 0.026866170645127405
    p = p * s + 0.11283791670955115
    p = p * s - 0.37612638903183754
    p = p * s + 0.1283791670955126
    return p * x


def bell_share(x):  # erfc(x) · exp(x²) · x for x ≥ 0.7, as a sum of two
    t = (x - 2) / (x + 2)
    p = -6.712521558893528e-08
    p = p * t + 1.5477019135980033e-07
    p = p * t + 1.3131005771398776e-07
    p = p * t - 2.8209597031353587e-07
    p = p * t - 4.5783465277294944e-07
    p = p * t - 2.0697293420249157e-07
    p = p * t + 9.8630149020155e-07
    p = p * t + 2.7939372482768354e-06
    p = p * t + 1.2690438067738812e-06
    p = p * t - 8.616244889990189e-06
    p = p * t - 1.891145831291735e-05
    p = p * t + 6.225165485158842e-06
    p = p * t + 8.931031321981771e-05
    p = p * t + 8.942123032860196e-05
    p = p * t - 0.0003143510850648331
    p = p * t - 0.0007501847947386355
    p = p * t + 0.001126658001417819
    p = p * t + 0.004784898563973006
    p = p * t - 0.007515738410975186
    p = p * t - 0.02897644669819434
    p = p * t + 0.12151493052458945
    p = p * t - 0.20384429592887782
    p = p * t + 0.1672110104141062
    p = p * t - 8.710928200983403e-09
    whole = 0.5107913613319397 + p  # this constant is exact in float32 too
    return whole, (0.5107913613319397 - whole) + p


def erfc(x, stretch=1.0, square=1.0):  # of x · stretch, whose square is x² · square
    near = np.minimum(np.abs(x), 40)
    short = few_digits(near)
    few = (stretch + 26388279066624.0) - 26388279066624.0  # the stretch in 256ths
    high, low = short * few, (near - short) * few + near * (stretch - few)
    size = high + low
    side = np.sign(x)
    beside_0 = (1 - high * side) - (low + erf_beside(np.minimum(size, 0.7))) * side
    far = np.maximum(size, 0.7)
    most, lost = few_digits(far), (high - size) + low  # what rounding the size took away
    p, more = bell_share(far)
    whole, rest = bell_parts(near, short, square)
    first = np.rint(p / far * 4096) / 4096
    # What is left of p after first · (far + lost), each product exact or small beside it.
    left = p - first * most - first * (far - most + lost) + more
    above = whole * first + whole * ((left + p * rest) / far)  # erfc(|x|)
    return np.where(size < 0.7, beside_0, np.where(x < 0, 2 - above, above))
