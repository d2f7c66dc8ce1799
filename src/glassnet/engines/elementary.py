"""exp, expm1, log, log1p, tanh, arctan and erfc for the compiled engine: own polynomials.

Numba calls the C library for each element, and a loop with a call in it is not vectorised. These
are straight lines of arithmetic without a branch, so the loop around them is.

Each is at most 2 ulp from the true value, for every number of its type: right at ±0, ±inf and nan,
with subnormal arguments and results, and infinite exactly where the true value rounds to inf. The
same holds for float64, which is done with the same lines and longer polynomials: these too are
faster than the C library. It holds whether or not a product and a sum are rounded as one, so the
functions may also be run as plain Python (`.py_func` of each and of those it calls). sqrt is one
instruction of the processor and needs nothing of ours.

decay is exp for x ≤ 0, which is 0 where exp is subnormal: in a sigmoid and a softmax it is all that
is needed, and two products shorter.

erfc, and the exp(−x²) in it, are here for float32 only, at most 4 ulp from the true value. They do
what `glassnet.rules.erfc` does, for half as many digits and in a third of the time; for float64 the
rule itself is written into the loops.

`benchmarks/fit_polynomials.py` computes the coefficients.
"""

# Numba's decorators are not typed.
# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return"

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.engines.written import Written


# No freedom but to fuse a product and a sum. Regrouping would take `x + big - big`, which rounds x
# to a whole number, for x; without signed zeros −0 would be lost. Numba's own inlining would give
# these lines the freedoms of the caller; LLVM's, which is asked for here, leaves each its own.
def own(function):
    """Make a function whose lines stand where compiled code calls it, with this freedom only."""
    return Written(function, {"contract"}, within=True)


# -------------------------------------------------------- the polynomials, lowest power first

LOG2_32 = (0.693145751953125, 1.428606765330187e-06)
EXP_32 = tuple(
    np.float32(c)
    for c in (
        0.5,
        0.1666666716337204,
        0.041666463017463684,
        0.00833331048488617,
        0.0013933731243014336,
        0.000198910798644647,
    )
)
LOG_32 = tuple(
    np.float32(c)
    for c in (
        0.3333333432674408,
        -0.24999943375587463,
        0.19999948143959045,
        -0.1667332500219345,
        0.14291875064373016,
        -0.12288535386323929,
        0.10915482044219971,
        -0.12423323839902878,
        0.11331657320261002,
    )
)
ARCTAN_32 = tuple(
    np.float32(c)
    for c in (
        -0.3333333134651184,
        0.19999852776527405,
        -0.14280198514461517,
        0.11032117903232574,
        -0.08535382151603699,
        0.055670157074928284,
        -0.020581934601068497,
    )
)
ERF_32 = tuple(
    np.float32(c)
    for c in (
        0.12837916612625122,
        -0.3761262893676758,
        0.11283552646636963,
        -0.026845140382647514,
        0.005139740649610758,
        -0.0006962326006032526,
    )
)
ERFC_32 = tuple(
    np.float32(c)
    for c in (
        1.0740069150924683,
        -0.8833943605422974,
        0.5902277231216431,
        -0.3104717433452606,
        0.11953983455896378,
        -0.026779428124427795,
        -0.0012872895458713174,
        0.002840082161128521,
        -0.0003786665329243988,
    )
)
LOG2_64 = (0.693147180559663, 2.8235290563031577e-13)
EXP_64 = (
    0.5,
    0.1666666666666667,
    0.04166666666666667,
    0.008333333333326084,
    0.0013888888888883711,
    0.0001984126987500228,
    2.480158732567746e-05,
    2.755725517000089e-06,
    2.755727347871858e-07,
    2.5105312729622103e-08,
    2.09147553258932e-09,
)
LOG_64 = (
    0.3333333333333333,
    -0.24999999999999997,
    0.2000000000000732,
    -0.16666666666673693,
    0.14285714283546977,
    -0.1249999999791932,
    0.11111111359462587,
    -0.10000000238421107,
    0.09090894680418056,
    -0.08333319499380709,
    0.07692786089226493,
    -0.07143316383409912,
    0.06657054776098349,
    -0.06240773494936187,
    0.06000701233024038,
    -0.05669149137279501,
    0.043995272812352236,
    -0.04171185757282605,
    0.08083808271416626,
    -0.07732483743276287,
)
ARCTAN_64 = (
    -0.3333333333333333,
    0.1999999999999844,
    -0.1428571428544599,
    0.11111111092826537,
    -0.0909090843566427,
    0.07692293484122527,
    -0.06666464398889328,
    0.05880363351009989,
    -0.05249184282763868,
    0.04690366350802892,
    -0.040776328398586976,
    0.03242600596347498,
    -0.02122477080462464,
    0.009696488956022658,
    -0.002228389827975588,
)


@own
def exp_rest_32(r):
    """Give (e^r − 1 − r) / r²."""
    c0, c1, c2, c3, c4, c5 = EXP_32
    z = r * r  # in pairs, that do not wait for each other
    return (c0 + r * c1) + z * ((c2 + r * c3) + z * (c4 + r * c5))


@own
def exp_rest_64(r):
    """Give (e^r − 1 − r) / r²."""
    c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10 = EXP_64
    high = c5 + r * (c6 + r * (c7 + r * (c8 + r * (c9 + r * c10))))
    return c0 + r * (c1 + r * (c2 + r * (c3 + r * (c4 + r * high))))


@own
def log_rest_32(f):
    """Give (log(1 + f) − f + f²/2) / f³."""
    c0, c1, c2, c3, c4, c5, c6, c7, c8 = LOG_32
    high = c4 + f * (c5 + f * (c6 + f * (c7 + f * c8)))
    return c0 + f * (c1 + f * (c2 + f * (c3 + f * high)))


@own
def log_rest_64(f):
    """Give (log(1 + f) − f + f²/2) / f³."""
    c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9 = LOG_64
    high = d4 + f * (d5 + f * (d6 + f * (d7 + f * (d8 + f * d9))))
    high = c9 + f * (d0 + f * (d1 + f * (d2 + f * (d3 + f * high))))
    high = c4 + f * (c5 + f * (c6 + f * (c7 + f * (c8 + f * high))))
    return c0 + f * (c1 + f * (c2 + f * (c3 + f * high)))


@own
def arctan_rest_32(z):
    """Give (arctan(t) − t) / t³ for z = t²."""
    c0, c1, c2, c3, c4, c5, c6 = ARCTAN_32
    return c0 + z * (c1 + z * (c2 + z * (c3 + z * (c4 + z * (c5 + z * c6)))))


@own
def arctan_rest_64(z):
    """Give (arctan(t) − t) / t³ for z = t²."""
    c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4 = ARCTAN_64
    high = d0 + z * (d1 + z * (d2 + z * (d3 + z * d4)))
    high = c5 + z * (c6 + z * (c7 + z * (c8 + z * (c9 + z * high))))
    return c0 + z * (c1 + z * (c2 + z * (c3 + z * (c4 + z * high))))


# ------------------------------------------------------------------- what the types differ in


@dataclass(frozen=True)
class Kind:
    """A type of numbers: its bits, where e^x leaves it, and its polynomials."""

    real: Any
    whole: Any  # the integers of the same length
    fraction: int  # bits after the point
    bias: int  # added to an exponent in its bits
    lowest: float  # e^x is 0 from here down
    highest: float  # e^x is inf from here up
    log2: tuple[float, float]
    exp_rest: Any
    log_rest: Any
    arctan_rest: Any


SINGLE = Kind(
    np.float32,
    np.int32,
    fraction=23,
    bias=127,
    lowest=-104.0,
    highest=89.0,
    log2=LOG2_32,
    exp_rest=exp_rest_32,
    log_rest=log_rest_32,
    arctan_rest=arctan_rest_32,
)
DOUBLE = Kind(
    np.float64,
    np.int64,
    fraction=52,
    bias=1023,
    lowest=-746.0,
    highest=710.0,
    log2=LOG2_64,
    exp_rest=exp_rest_64,
    log_rest=log_rest_64,
    arctan_rest=arctan_rest_64,
)


# ------------------------------------------------------------------------------ the functions
#
# Each is made once for each type. Numbers are made before the function, so that they are constants
# of the right type in it. Comparisons with nan are false, so each choice says where nan goes.


def power_for(kind: Kind) -> Any:
    """Make 2^n, from its bits; n is a whole number for which 2^n is normal."""
    real, whole = kind.real, kind.whole
    fraction, bias = whole(kind.fraction), whole(kind.bias)

    @own
    def power(n):
        return whole(whole(n + bias) << fraction).view(real)

    return power


def reduction_for(kind: Kind) -> Any:
    """Make what takes x, between `lowest` and `highest`, apart: x = n·log 2 + r, |r| ≤ ½·log 2.

    It gives n, and r as a difference of two numbers, the first of which is exact.
    """
    real, whole = kind.real, kind.whole
    log2_high, log2_low = (real(part) for part in kind.log2)
    per_log2 = real(np.log2(np.e))
    # A number this large has no bits after the point: adding it rounds, and leaves n in the bits.
    large = real(1.5 * 2**kind.fraction)
    large_bits = large.view(whole)

    @own
    def reduced(x):
        near = x * per_log2 + large
        k = near - large
        return whole(real(near).view(whole) - large_bits), x - k * log2_high, k * log2_low

    return reduced


def exp_for(kind: Kind) -> Any:
    """Make e^x."""
    real, whole = kind.real, kind.whole
    lowest, highest = real(kind.lowest), real(kind.highest)
    reduced, power, rest = reduction_for(kind), power_for(kind), kind.exp_rest

    @own
    def exp(x):
        x = highest if x > highest else (lowest if x < lowest else x)
        n, high, low = reduced(x)
        r = high - low
        # 2^n in two factors: the first products are exact, so that a subnormal is rounded once. All
        # that does not need the polynomial is done beside it.
        half = whole(n >> whole(1))
        s = power(half)
        return ((s + s * r) + (s * (r * r)) * rest(r)) * power(whole(n - half))

    return exp


def decay_for(kind: Kind) -> Any:
    """Make e^x for x ≤ 0, which is 0 where it would be subnormal, as loops have it in any case.

    So one power of 2 does, and it is known before the polynomial: a step of a tiny network waits
    for little else. Nor does the polynomial wait for `low`: e^(r − low) is e^r · (1 − low), as low²
    is nothing beside 1.
    """
    real = kind.real
    one = real(1)
    lowest = real(-(kind.bias - 0.1) * np.log(2))  # here 2^n is a number of bits 0: it is 0
    reduced, power, rest = reduction_for(kind), power_for(kind), kind.exp_rest

    @own
    def decay(x):
        n, r, low = reduced(lowest if x < lowest else x)
        s = power(n)
        near = s + s * (r - low * (one + r))
        return near + ((s - s * low) * (r * r)) * rest(r)

    return decay


def expm1_for(kind: Kind) -> Any:
    """Make e^x − 1."""
    real, whole = kind.real, kind.whole
    # Below `lowest`, e^x is nothing beside 1, and 2^n would soon not be normal.
    lowest, highest, half = real(-2.0 * kind.fraction), real(kind.highest), real(0.5)
    tiny = real(2.0 ** -(kind.fraction + 2))
    reduced, power, rest = reduction_for(kind), power_for(kind), kind.exp_rest

    @own
    def expm1(x):
        a = highest if x > highest else (lowest if x < lowest else x)
        n, high, low = reduced(a)
        r = high - low
        s = power(whole(n - whole(1)))  # 2^n / 2, as 2^n alone may be too large
        # The small ones are added last, so that what cancels is exact.
        h = (r * r * rest(r) - low) * s + (high * s + (s - half))
        return x if abs(x) < tiny else h + h  # −0 and subnormals stay as they are

    return expm1


def tanh_for(kind: Kind) -> Any:
    """Make tanh(x) = (1 − e^−2|x|) / (1 + e^−2|x|), with the sign of x."""
    real = kind.real
    lowest, tiny = real(-2.0 * kind.fraction), real(2.0 ** -(kind.fraction + 2))
    half, one, twice = real(0.5), real(1), real(-2)
    reduced, power, rest = reduction_for(kind), power_for(kind), kind.exp_rest

    @own
    def tanh(x):
        a = abs(x) * twice
        n, high, low = reduced(lowest if a < lowest else a)
        r = high - low
        s = power(n)
        p = (r + r * r * rest(r)) * s  # e^−2|x| = s + p, where s alone would not be right near 0
        top = (one - s) - p
        bottom = (one + s) + p
        t = top / bottom
        # What the rounding of both took away; 1 / bottom is (1 + t) / 2.
        lost = (((one - s) - top) - p) - t * (((one + s) - bottom) + p)
        t = t + lost * (half + half * t)
        return x if abs(x) < tiny else (-t if x < tiny else t)

    return tanh


def log_parts_for(kind: Kind) -> Any:
    """Make what takes a normal x > 0 apart: x = 2^n · m, 2/3 ≤ m < 4/3."""
    real, whole = kind.real, kind.whole
    fraction, mask = whole(kind.fraction), whole(2**kind.fraction - 1)
    two_thirds = real(2 / 3).view(whole)

    @own
    def log_parts(x):
        above = whole(real(x).view(whole) - two_thirds)
        return whole(above >> fraction), whole((above & mask) + two_thirds).view(real)

    return log_parts


def log_sum_for(kind: Kind) -> Any:
    """Make k·log 2 + log(1 + f), for whole numbers k and |f| ≤ 1/3."""
    real, rest = kind.real, kind.log_rest
    log2_high, log2_low = (real(part) for part in kind.log2)
    half = real(0.5)

    @own
    def log_sum(k, f):
        z = f * f
        return k * log2_high + (f + (k * log2_low + (z * f * rest(f) - half * z)))

    return log_sum


def to_real_for(kind: Kind) -> Any:
    """Make a real number of a small whole one, with additions: not every processor converts."""
    real, whole = kind.real, kind.whole
    large = real(1.5 * 2**kind.fraction)
    large_bits = large.view(whole)

    @own
    def to_real(n):
        return whole(n + large_bits).view(real) - large

    return to_real


def log_for(kind: Kind) -> Any:
    """Make log(x)."""
    real = kind.real
    log_parts, log_sum, to_real = log_parts_for(kind), log_sum_for(kind), to_real_for(kind)
    zero, one, inf, nan = real(0), real(1), real(np.inf), real(np.nan)
    smallest = np.finfo(real).smallest_normal
    up, down = real(2.0 ** (kind.fraction + 1)), real(kind.fraction + 1)

    @own
    def log(x):
        subnormal = x < smallest
        n, m = log_parts(x * up if subnormal else x)
        y = log_sum(to_real(n) - (down if subnormal else zero), m - one)
        y = y if x < inf else x
        return y if x > zero else (-inf if x == zero else nan)

    return log


def log1p_for(kind: Kind) -> Any:
    """Make log(1 + x)."""
    real, whole = kind.real, kind.whole
    log_parts, log_sum, to_real = log_parts_for(kind), log_sum_for(kind), to_real_for(kind)
    power = power_for(kind)
    one, inf, nan = real(1), real(np.inf), real(np.nan)
    tiny, far = real(2.0 ** -(kind.fraction + 2)), real(2.0 ** (kind.fraction + 2))

    @own
    def log1p(x):
        u = one + x
        n, m = log_parts(u)
        # 1 + x was rounded; 2^−n·x is exact, and the sum is close to 0 where it matters.
        s = power(whole(-n))
        f = m - one if x > far else x * s + (s - one)
        y = log_sum(to_real(n), f)
        y = y if x < inf else x
        y = y if x > -one else (-inf if x == -one else nan)
        return x if abs(x) < tiny else y  # −0 and subnormals stay as they are

    return log1p


def arctan_for(kind: Kind) -> Any:
    """Make arctan(x), from the arctan of a number of at most 0.66 and a multiple of π/4."""
    real, rest = kind.real, kind.arctan_rest
    low, high = real(0.66), real(np.tan(3 * np.pi / 8))
    zero, one, quarter, half = real(0), real(1), real(np.pi / 4), real(np.pi / 2)

    @own
    def arctan(x):
        a = abs(x)
        above = -one if a > high else (a - one if a > low else a)
        below = a if a > high else (a + one if a > low else one)
        turned = half if a > high else (quarter if a > low else zero)
        t = above / below
        z = t * t
        y = turned + (t + t * z * rest(z))
        return y if x > zero else (-y if x < zero else x)

    return arctan


def bell_parts_for(kind: Kind) -> Any:
    """Make what gives exp(−near² · square) for near ≤ 16, as (1 + w) · s · t, and more.

    Rounding a square would cost exp as many digits as it is large: that of the first digits of
    `near`, which come back too, is exact, and the rest goes into the exponent by itself.
    """
    real, whole = kind.real, kind.whole
    reduced, power, rest = reduction_for(kind), power_for(kind), kind.exp_rest
    lowest = real(kind.lowest)
    large = real(1.5 * 2 ** (kind.fraction - 7))  # adding it rounds to 128ths

    @own
    def bell_parts(near, square):
        short = (near + large) - large
        y = -(short * short) * square
        n, high, low = reduced(lowest if y < lowest else y)
        r = (high - low) + (short - near) * (near + short) * square
        half = whole(n >> whole(1))
        return short, r + r * r * rest(r), power(half), power(whole(n - half))

    return bell_parts


def bell_for(kind: Kind) -> Any:
    """Make exp(−x² · square)."""
    real = kind.real
    bell_parts, one, most = bell_parts_for(kind), real(1), real(16)

    @own
    def bell(x, square):
        near = abs(x)
        _, w, s, t = bell_parts(most if near > most else near, square)
        return (one + w) * s * t

    return bell


def erfc_for(kind: Kind, near_0: tuple[Any, ...], far: tuple[Any, ...]) -> Any:
    """Make erfc(x · stretch), where the square of x · stretch is x² · square.

    With a = |x| · stretch: below 0.7 it is 1 − erf(a), and erf(a) / a − 1 is a polynomial in a².
    Above, it is exp(−a²) / (a + 3) times a polynomial in (a − 3) / (a + 3).
    """
    real = kind.real
    bell_parts = bell_parts_for(kind)
    one, two, three, six, most = (real(number) for number in (1, 2, 3, 6, 16))
    zero, near, slope_at_0 = real(0), real(0.7), real(2 / np.sqrt(np.pi))
    large = real(1.5 * 2 ** (kind.fraction - 8))
    e0, e1, e2, e3, e4, e5 = near_0
    c0, c1, c2, c3, c4, c5, c6, c7, c8 = far

    @own
    def erfc(x, stretch, square):
        size = abs(x)
        size = most if size > most else size
        short, w, s, t = bell_parts(size, square)
        # a = high + low, where high is exact.
        few = (stretch + large) - large
        high, low = short * few, (size - short) * few + size * (stretch - few)
        a = high + low
        z = a * a
        beside = a * (e0 + z * (e1 + z * (e2 + z * (e3 + z * (e4 + z * e5)))))
        side = -one if x < zero else one
        below = (one - high * side) - (low + beside) * side
        # d − 3 is what a became by rounding, exactly, and `lost` what it lacks.
        d = a + three
        lost = (high - (d - three)) + low
        r = one / d
        q = (d - six) * r
        rest = q * (c1 + q * (c2 + q * (c3 + q * (c4 + q * (c5 + q * (c6 + q * (c7 + q * c8)))))))
        p = c0 + rest
        g = p * r  # erfc(a) · exp(a²), whose slope is 2 · a · g − 2/√π
        more = ((c0 - p) + rest) * r + lost * (two * (d - three) * g - slope_at_0)
        above = (g + (g * w + (more + more * w))) * s * t
        return below if a < near else (two - above if x < zero else above)

    return erfc


exp_float32, exp_float64 = exp_for(SINGLE), exp_for(DOUBLE)
decay_float32, decay_float64 = decay_for(SINGLE), decay_for(DOUBLE)
expm1_float32, expm1_float64 = expm1_for(SINGLE), expm1_for(DOUBLE)
log_float32, log_float64 = log_for(SINGLE), log_for(DOUBLE)
log1p_float32, log1p_float64 = log1p_for(SINGLE), log1p_for(DOUBLE)
tanh_float32, tanh_float64 = tanh_for(SINGLE), tanh_for(DOUBLE)
arctan_float32, arctan_float64 = arctan_for(SINGLE), arctan_for(DOUBLE)
bell_float32 = bell_for(SINGLE)
erfc_float32 = erfc_for(SINGLE, ERF_32, ERFC_32)
