"""Compute the polynomials of `glassnet.engines.elementary`, and print them.

Each function has its first terms written out (e^r = 1 + r + …) and a polynomial for the rest, which
is interpolated at Chebyshev nodes with forty digits: near enough to the best there is, in one call.
The degree is the lowest at which the error of the rest is lost in the rounding of the result.

    python -m benchmarks.fit_polynomials
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import mpmath
import numpy as np

DIGITS = 40


@dataclass(frozen=True)
class Fit:
    """What is to be fitted: the rest of a function after its first terms, and where it is used."""

    name: str
    function: Callable[[mpmath.mpf], mpmath.mpf]  # of the whole
    whole: Callable[[mpmath.mpf, mpmath.mpf], mpmath.mpf]  # of x and the value of the polynomial
    rest: Callable[[mpmath.mpf], mpmath.mpf]
    at_zero: mpmath.mpf  # the limit of the rest
    interval: tuple[float, float]  # of the polynomial's argument
    argument: Callable[[mpmath.mpf], mpmath.mpf]  # the polynomial's argument → x
    degrees: dict[str, int]
    bar: int = 2  # ulp that the function may be off


def _fits() -> tuple[Fit, ...]:
    half_log2 = float(mpmath.log(2) / 2) * 1.001  # a little wider: k is rounded from a rounded x
    return (
        Fit(
            "EXP",
            mpmath.expm1,
            lambda r, p: r + r * r * p,
            lambda r: (mpmath.expm1(r) - r) / r**2,
            mpmath.mpf(1) / 2,
            (-half_log2, half_log2),
            lambda r: r,
            {"float32": 5, "float64": 10},
        ),
        Fit(
            "LOG",
            mpmath.log1p,
            lambda f, p: f - f * f / 2 + f**3 * p,
            lambda f: (mpmath.log1p(f) - f + f * f / 2) / f**3,
            mpmath.mpf(1) / 3,
            (-0.3334, 0.3334),
            lambda f: f,
            {"float32": 8, "float64": 19},
        ),
        Fit(
            "ARCTAN",
            mpmath.atan,
            lambda t, p: t + t**3 * p,
            lambda t: (mpmath.atan(t) - t) / t**3,
            -mpmath.mpf(1) / 3,
            (0.0, 0.436),  # t² up to 0.66²
            mpmath.sqrt,
            {"float32": 6, "float64": 14},
        ),
        Fit(
            "ERF",
            mpmath.erfc,
            lambda a, p: 1 - a - a * p,
            lambda a: mpmath.erf(a) / a - 1,
            2 / mpmath.sqrt(mpmath.pi) - 1,
            (0.0, 0.49),  # a² up to 0.7²
            mpmath.sqrt,
            {"float32": 5},
            bar=4,
        ),
        Fit(
            "ERFC",
            mpmath.erfc,
            lambda a, p: p * mpmath.exp(-a * a) / (a + 3),
            lambda a: (a + 3) * mpmath.exp(a * a) * mpmath.erfc(a),
            6 * mpmath.exp(9) * mpmath.erfc(3),
            (-2.31 / 3.69, 7.3 / 13.3),  # (a − 3) / (a + 3) for a from 0.69 to 10.3
            lambda q: 3 * (1 + q) / (1 - q),
            {"float32": 8},
            bar=4,
        ),
    )


# mpmath gives the highest power first, and since 1.4 wants to be told so.
FALLING = {"asc": False} if "asc" in inspect.signature(mpmath.chebyfit).parameters else {}


def coefficients(fit: Fit, dtype: str) -> tuple[float, ...]:
    """Give the coefficients, that of the constant first, rounded to the type."""

    def rest(z: mpmath.mpf) -> mpmath.mpf:
        # So near to 0 the difference has lost its digits, and the limit is right to the last.
        return fit.at_zero if abs(z) < mpmath.mpf(10) ** -25 else fit.rest(fit.argument(z))

    with mpmath.workdps(3 * DIGITS):  # the first terms cancel
        terms = fit.degrees[dtype] + 1
        falling = mpmath.chebyfit(rest, list(fit.interval), terms, **FALLING)
    return tuple(float(np.dtype(dtype).type(float(c))) for c in falling[::-1])


def log2_in_parts(dtype: str) -> tuple[float, float]:
    """Give log 2 as a sum; the first number is so short that exponents times it are exact."""
    bits = {"float32": 15, "float64": 41}[dtype]
    with mpmath.workdps(DIGITS):
        high = mpmath.floor(mpmath.log(2) * 2**bits) / 2**bits
        low = mpmath.log(2) - high
    return float(high), float(np.dtype(dtype).type(float(low)))


def worst(fit: Fit, dtype: str, points: int = 400) -> float:
    """Give the greatest relative error of the function with this polynomial, in units of 1 ulp."""
    rising = [mpmath.mpf(c) for c in coefficients(fit, dtype)]
    errors = []
    with mpmath.workdps(DIGITS):
        for z in mpmath.linspace(*fit.interval, points):
            x = fit.argument(z)
            if x:
                whole = fit.whole(x, mpmath.fsum(c * z**k for k, c in enumerate(rising)))
                errors.append(abs(whole / fit.function(x) - 1))
    return float(max(errors) / float(np.finfo(dtype).eps))


def main() -> None:
    """Print every table."""
    for dtype in ("float32", "float64"):
        bits = dtype.removeprefix("float")
        print(f"LOG2_{bits} = {log2_in_parts(dtype)!r}")
        for fit in (fit for fit in FITS if dtype in fit.degrees):
            print(f"{fit.name}_{bits} = (  # {worst(fit, dtype):.3f} ulp")
            print("".join(f"    {c!r},\n" for c in coefficients(fit, dtype)) + ")")


FITS = _fits()

if __name__ == "__main__":
    main()
