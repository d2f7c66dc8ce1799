"""The user's own activations: checked when they are registered, and from then on like the others.

A function is called once with a symbol: what comes out is what every engine can do, or it is
refused. Where its text cannot stand in a program as it is (a lambda at a prompt has none), the
text is written anew from that graph.
"""

from __future__ import annotations

import inspect
import keyword
import linecache
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import numpy as np

from glassnet.allowlist import check_program
from glassnet.description import Description
from glassnet.errors import DescriptionError, ProgramError, unknown_name
from glassnet.graph import Symbol, activation_graph, in_order
from glassnet.program import Program
from glassnet.rules.activations import ACTIVATIONS, Activation, Rule
from glassnet.rules.layers import Dense
from glassnet.rules.optimizers import SGD

STEP = 1e-5  # of the central differences
FAR = 1e-3  # from a kink
NEAR_ENOUGH = 1e-7
SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "negative": "-"}
SIGNS |= {"greater": ">", "greater_equal": ">=", "less": "<", "less_equal": "<="}

_own: set[str] = set()  # names that this running program has registered


def register_activation(
    name: str,
    function: Callable[[Any], Any],
    slope: Callable[[Any, Any], Any],
    *,
    formula: str = "",
    note: str = "an activation of one's own",
    kinks: Sequence[float] = (),
    gain: Literal["he", "glorot", "lecun"] = "glorot",
) -> None:
    """Put an activation of your own into the table, for as long as this program runs.

    Args:
        name: what it is called in descriptions; a name registered before is replaced.
        function: function(z), of NumPy's functions that a program may call, element by element.
        slope: slope(z, a), da/dz where a = function(z).
        formula: how it is written in equations.
        note: what it does.
        kinks: where the slope jumps.
        gain: the initializer that keeps its signal's size, "he", "glorot" or "lecun".

    Raises:
        DescriptionError: the name is taken or no name, a function that not every engine can do,
            or a slope that is not that of the function.

    Example:
        >>> register_activation("bent", lambda z: z / (1 + z * z), lambda z, a: a / z - 2 * a * a)
        Traceback (most recent call last):
        glassnet.errors.DescriptionError: the slope of 'bent' is not a number at z = 0.0
        >>> register_activation("square", lambda z: z * z, lambda z, a: 2 * z)
        >>> Description.read("2-3-1 square").output_activation
        'square'
        >>> _ = ACTIVATIONS.pop("square")

    """
    _check_name(name)
    for what, given, count in (("function", function, 1), ("slope", slope, 2)):
        if not inspect.isroutine(given) or _arguments(given) != count:
            takes = "z" if count == 1 else "z and a"
            raise DescriptionError(f"the {what} of {name!r} must be a function of {takes}")
    if gain not in ("he", "glorot", "lecun"):
        raise unknown_name(f"gain of {name!r}", gain, ("he", "glorot", "lecun"))
    _check_slope(name, function, slope, tuple(map(float, kinks)))
    rules = [_as_rule(name, function, 1), _as_rule(f"{name}_slope", slope, 2)]
    entry = Activation(
        name,
        rules[0],
        f"a = {formula or f'{name}(z)'}",
        f"{name}_slope(z, a)",
        note,
        slope=rules[1],
        kinks=tuple(map(float, kinks)),
        gain=gain,
        source="registered by the running program",
    )
    _check_programs(entry)
    ACTIVATIONS[name] = entry
    _own.add(name)


def _check_name(name: str) -> None:
    plain = isinstance(name, str) and re.fullmatch(r"[a-z][a-z0-9_]*", name)
    if not plain or keyword.iskeyword(name):
        raise DescriptionError(
            f"an activation's name must be lower-case letters, digits and _, got {name!r}"
        )
    if name in ACTIVATIONS and name not in _own:
        raise DescriptionError(f"glassnet has an activation {name!r}: choose another name")


def _arguments(function: Callable[..., Any]) -> int:
    try:
        return len(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return -1


# ----------------------------------------------------------------------------- the slope


def _check_slope(name: str, function: Rule, slope: Rule, kinks: tuple[float, ...]) -> None:
    """Raise DescriptionError unless the slope is that of central differences."""
    z = np.concatenate([[0.0], np.random.RandomState(0).uniform(-6, 6, 400)])[:, None]
    for kink in kinks:
        z = z[np.abs(z[:, 0] - kink) > FAR]
    with np.errstate(all="ignore"):
        try:
            a, above, below = function(z), function(z + STEP), function(z - STEP)
            found = np.asarray(slope(z, a) * np.ones_like(z))
        except Exception as error:
            raise DescriptionError(f"{name!r} cannot be computed: {error}") from error
        wanted = (above - below) / (2 * STEP)
        bar = NEAR_ENOUGH * (1 + np.abs(a) + np.abs(wanted))
    for what, values in (("value", a), ("slope", found)):
        if np.shape(values) != z.shape:
            raise DescriptionError(f"the {what} of {name!r} must have the shape of z")
        for place in np.flatnonzero(~np.isfinite(values)):
            raise DescriptionError(
                f"the {what} of {name!r} is not a number at z = {z[place, 0]:.6}"
            )
    for place in np.flatnonzero(~(np.abs(found - wanted) <= bar)):
        raise DescriptionError(
            f"the slope of {name!r} is {found[place, 0]:.6g} at z = {z[place, 0]:.6}, and"
            f" differences of the function give {wanted[place, 0]:.6g} (name its kinks, if it"
            " has one there)"
        )
    single = z.astype(np.float32)
    a = function(single)
    if a.dtype != np.float32 or (single * slope(single, a)).dtype != np.float32:
        raise DescriptionError(
            f"{name!r} makes float64 of float32: np.where needs an array for one of its two values"
        )


# ------------------------------------------------------------------------------ the text


def _as_rule(name: str, function: Rule, arguments: int) -> Rule:
    """Give the function if its text can stand in a program, else one that is written anew."""
    try:
        graph = activation_graph(function, arguments)
    except ProgramError as error:
        raise DescriptionError(f"{name!r} cannot be done by every engine: {error}") from None
    except Exception as error:
        raise DescriptionError(f"{name!r} cannot be called with a symbol: {error}") from error
    return function if _stands_alone(function, name) else _written(name, graph, arguments)


def _stands_alone(function: Rule, name: str) -> bool:
    """Whether a function's own text, alone, is a whole program of this name."""
    try:
        text = textwrap.dedent(inspect.getsource(function))
        check_program(text if "import numpy" in text else f"import numpy as np\n\n\n{text}")
    except (OSError, TypeError, ProgramError):
        return False
    return function.__name__ == name and text.startswith(f"def {name}(")


def _written(name: str, graph: Symbol | float, arguments: int) -> Rule:
    """Write a graph as a function of NumPy text, and make that function."""
    body = "\n".join(f"    {line}" for line in _lines(graph))
    text = f"def {name}({', '.join('za'[:arguments])}):\n{body}\n"
    filename = f"<glassnet rule {name} {abs(hash(text)):x}>"
    lines = text.splitlines(keepends=True)
    linecache.cache[filename] = (len(text), None, lines, filename)
    check_program(f"import numpy as np\n\n\n{text}")
    scope: dict[str, Any] = {"np": np, "__name__": "glassnet_own_rules"}
    exec(compile(text, filename, "exec"), scope)  # our own text, checked just above
    rule: Rule = scope[name]
    return rule


def _lines(graph: Symbol | float) -> Iterator[str]:
    """Write each node as a line of its own, and give back the last."""
    if not isinstance(graph, Symbol):
        yield f"return 0 * z + {float(graph)!r}"
        return
    names: dict[int, str] = {}

    def text(part: Symbol | float) -> str:
        return names[id(part)] if isinstance(part, Symbol) else repr(float(part))

    for node in in_order([graph]):
        if node.op == "input":
            names[id(node)] = node.name
            continue
        names[id(node)] = f"v{len(names)}"
        yield f"{names[id(node)]} = {_operation(node, [text(part) for part in node.args])}"
    yield f"return {names[id(graph)]}"


def _operation(node: Symbol, parts: Sequence[str]) -> str:
    if node.name not in SIGNS:
        return f"np.{node.name}({', '.join(parts)})"
    if len(parts) == 1:
        return f"-{parts[0]}"
    return f"{parts[0]} {SIGNS[node.name]} {parts[1]}"


def _check_programs(entry: Activation) -> None:
    """Raise DescriptionError unless a program with the activation passes its own check."""
    before = ACTIVATIONS.get(entry.name)
    ACTIVATIONS[entry.name] = entry
    try:
        layers = (Dense(1, entry.name), Dense(1, entry.name))
        check_program(Program(Description(1, layers), SGD()).source)
    except ProgramError as error:
        raise DescriptionError(f"{entry.name!r} cannot stand in a program: {error}") from None
    finally:
        del ACTIVATIONS[entry.name]
        if before is not None:
            ACTIVATIONS[entry.name] = before
