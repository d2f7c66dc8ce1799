r"""Names of a program's values in LaTeX: W1' as W_{1}', dW1 as \mathrm{d}W_{1}."""

from __future__ import annotations

import re

GREEK = {"β1": r"\beta_{1}", "β2": r"\beta_{2}", "ε": r"\varepsilon", "π": r"\pi"}
# Before the last underscore stands what is kept of a parameter, as in mean_W1; a norm's
# own values (per_spread1, batch_mean1) are no parameter's.
NAME = re.compile(
    r"(?P<kind>(?!per_|batch_)(?:[a-z]+_)*?)(?P<d>d?)(?P<base>[A-Za-zéΠμβ]+)(?P<number>\d*)(?P<again>_\d+)?"
)


def name_in_latex(name: str) -> str:
    r"""Write a name, with its primes and its index, as it stands in a formula.

    >>> name_in_latex("dW1[0, 2]"), name_in_latex("mean_W1'")
    ('\\mathrm{d}W_{1}[0,2]', "\\mathrm{mean}_{W_{1}}'")
    >>> name_in_latex("learning_rate"), name_in_latex("h1_2")
    ('\\mathrm{learning\\_rate}', 'h_{1,2}')
    """
    plain, bracket, index = name.partition("[")
    primes = "'" * (len(plain) - len(plain.rstrip("'")))
    return _plain(plain.rstrip("'")) + primes + (bracket + index).replace(" ", "")


def _plain(name: str) -> str:
    if name in GREEK:
        return GREEK[name]
    if len(name) == 1:
        return name
    found = NAME.fullmatch(name)
    if found is None or not found["number"]:
        return rf"\mathrm{{{escaped(name)}}}"
    base = found["base"] if len(found["base"]) == 1 else rf"\mathrm{{{found['base']}}}"
    number = found["number"] + (f",{found['again'][1:]}" if found["again"] else "")
    letter = f"{base}_{{{number}}}"
    letter = rf"\mathrm{{d}}{letter}" if found["d"] else letter
    kind = found["kind"].rstrip("_")
    return rf"\mathrm{{{escaped(kind)}}}_{{{letter}}}" if kind else letter


def escaped(text: str) -> str:
    r"""Give a text whose letters mean themselves, in \text{} or outside of formulas.

    >>> print(escaped("50% of W_1"))
    50\% of W\_1
    """
    known = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(known.get(c, f"\\{c}" if c in "#$%&_{}" else c) for c in text)
