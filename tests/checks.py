"""Checkers of programs: each takes a program and its inputs and asserts that one thing holds.

`test_checks_can_fail.py` shows for every one of them that it can fail.
"""

from __future__ import annotations

import copy
import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np

import loops
from glassnet.description import Description
from glassnet.lines import MEASURING, Line, Mask, Phase
from glassnet.program import Program, Role
from glassnet.rules.activations import ACTIVATIONS
from glassnet.rules.layers import LAYERS, Layer
from glassnet.rules.losses import Loss
from glassnet.rules.optimizers import Optimizer
from glassnet.rules.randomness import KEPT, NORMAL
from glassnet.rules.schedules import Schedule

STEP = 3  # the step of training that inputs are made for: corrections of Adam are not 1 there
DONE = 0.25
STEPS = 8  # of a fit
FAR = 1e-3  # samples keep this far from a kink
STEEPEST = 4.0  # and from rows and columns that a norm must stretch by more than this
TINY = 1e-30  # the complex step

Arrays = dict[str, Any]


# ------------------------------------------------------------------ inputs for a program


def inputs_for(
    program: Program, rows: int = 5, seed: int = 0, dtype: str = "", smooth: bool = True
) -> Arrays:
    """Give random inputs for a step; smooth ones are far from every kink and from a spread of 0."""
    for attempt in range(100):
        inputs = _draw(program, rows, np.random.RandomState(1000 * seed + attempt))
        if not smooth or is_smooth_at(program, inputs):
            return converted(inputs, dtype or program.description.dtype)
    raise AssertionError(f"no smooth inputs were found for {program!r}")


def _draw(program: Program, rows: int, random: np.random.RandomState) -> Arrays:
    initial = {p.name: p.initializer for p in (*program.parameters, *program.statistics)}
    loss = program.description.loss
    masks = {mask.name: mask for mask in program.masks}
    rates = program.rates_at(STEP, DONE, STEPS)
    inputs: Arrays = {}
    for item in program.inputs:
        shape = tuple(rows if a == "m" else program.sizes.get(str(a), a) for a in item.shape)
        if item.role is Role.RATE:
            inputs[item.name] = rates[item.name]
        elif item.name == "y":
            inputs["y"] = targets(loss.targets, shape, random)
        elif item.role is Role.WEIGHT:
            weights = random.uniform(0.5, 2, shape)
            inputs["w"] = weights / weights.sum() if loss.rows == "mean" else weights
        elif item.role is Role.RANDOM:
            inputs[item.name] = chance_numbers(masks[item.name], random, shape)
        elif item.role in (Role.STATE, Role.STATISTIC):
            inputs[item.name] = random.uniform(0.2, 1, shape)
        else:
            start = initial.get(item.name)
            middle = start if isinstance(start, float) else 0.0
            inputs[item.name] = middle + 0.8 * random.standard_normal(shape)
    with_categories(program.description, inputs["x"], random)
    return inputs


def chance_numbers(mask: Mask, random: np.random.RandomState, shape: tuple[int, ...]) -> Any:
    """Draw the numbers of a random input, by the schedule of its amount where it has one."""
    amount = mask.amount
    if isinstance(amount, Schedule):
        amount = loops.schedule(amount, DONE)
    if mask.draw is NORMAL:
        return amount * random.standard_normal(shape)
    assert mask.draw is KEPT
    return np.where(random.uniform(size=shape) < amount, 0.0, 1 / (1 - amount))


def at(optimizer: Optimizer, done: float) -> Optimizer:
    """Give an optimizer with the number of each schedule at some part of the training."""
    other = copy.copy(optimizer)
    for name, schedule in optimizer.schedules.items():
        object.__setattr__(other, name, loops.schedule(schedule, done))  # 0 may be no option
    return other


def targets(kind: str, shape: tuple[int, ...], random: np.random.RandomState) -> Any:
    """Draw wanted outputs of a kind of loss."""
    if kind == "classes":
        return np.eye(shape[1])[random.randint(0, shape[1], shape[0])]
    if kind == "zero_one":
        return random.randint(0, 2, shape).astype(float)
    if kind == "signs":
        return 2.0 * random.randint(0, 2, shape) - 1
    if kind == "counts":
        return random.poisson(2, shape).astype(float)
    return random.standard_normal(shape)


def converted(inputs: Mapping[str, Any], dtype: Any) -> Arrays:
    """Give the arrays as another type; rates stay plain numbers."""
    return {k: v.astype(dtype) if isinstance(v, np.ndarray) else v for k, v in inputs.items()}


def is_smooth_at(program: Program, inputs: Mapping[str, Any]) -> bool:
    """Whether no kink is near and no spread so small that a difference would miss its bend."""
    found = {name: value for _, name, value in traced(program, inputs)}
    found["x"] = inputs["x"]
    kinks = {e.function.__name__: e.kinks for e in ACTIVATIONS.values() if e.function}
    kinks |= {rule_of(kind): kind.kinks for kind in LAYERS.values() if kind.kinks}
    for line in program.lines:
        call = re.fullmatch(r"\w+ = (\w+)\((\w+)(?:, \w+)*\)", line.text)
        if line.phase is Phase.FORWARD and call:
            for kink in kinks.get(call[1], ()):
                distance = np.abs(found[call[2]] - kink)
                # An exact 0 was put there by a mask or another relu, and stays.
                if np.any((distance < FAR) & (distance != 0)):
                    return False
        for rule, w in re.findall(r"(\w+)\((\w+),", line.text):
            if rule == "l1_penalty" and np.any((np.abs(inputs[w]) < FAR) & (inputs[w] != 0)):
                return False
    if not _loss_is_smooth_at(program, {**found, **inputs}):
        return False
    for name, value in found.items():
        if name.startswith("per_spread"):
            normal = found[name.replace("per_spread", "normal")]
            # Where all values are equal and cannot differ, normal is exactly 0.
            if np.any((value > STEEPEST) & (normal != 0)):
                return False
    return True


def _loss_is_smooth_at(program: Program, found: Mapping[str, Any]) -> bool:
    """Whether the slope of the loss does not jump where one column is moved a little."""
    loss = program.description.loss
    given = found[program.logits if loss.of == "logits" else program.outputs]
    slope = rule_of_loss(loss, loss.slope)
    for column in range(given.shape[1]):
        aside = FAR * (np.arange(given.shape[1]) == column)
        slopes = [slope(given + side * aside, found["y"], found["w"]) for side in (-1, 1)]
        steps = np.abs(slopes[1] - slopes[0]) * given.shape[1] / found["w"]
        if np.any(steps > 0.4 * (1 + np.max(np.abs(slopes)))):
            return False
    return True


def rule_of_loss(loss: Loss, rule: Callable[..., Any], numpy: Any = np) -> Callable[..., Any]:
    """Give a rule of a loss as its line calls it: with its options, of what is given, y and w."""
    rules = (*loss.rules, *loss.short.values(), *loss.beside)
    names = {each.__name__: with_numpy(each, numpy) for each in rules}
    code = compile(loss.called(rule, "given"), "<loss>", "eval")
    return lambda given, y, w: eval(code, {**names, "given": given, "y": y, "w": w})


def rule_of(kind: type[Layer]) -> str:
    """Name the rule that the first line of a kind of layer calls."""
    (name,) = re.findall(r"= (\w+)\(", kind.forward[0].text)
    return name


def with_categories(description: Description, x: Any, random: np.random.RandomState) -> Any:
    """Give x with numbers of categories in the columns that hold categories."""
    for column, count in description.categories.items():
        x[:, column] = random.randint(0, count, len(x))
    return x


# ------------------------------------------------------------------ running a program


def call(program: Program, name: str, inputs: Mapping[str, Any], functions: Any = None) -> Arrays:
    """Call a function of the program by the names of what it takes, and name what it gives."""
    function = (functions or program.functions)[name]
    given = [inputs[key] for key in inspect.signature(function).parameters]
    result = function(*given)
    names = gives(program, name)
    return dict(zip(names, result if len(names) > 1 else (result,), strict=True))


def gives(program: Program, name: str) -> tuple[str, ...]:
    """Give the names of what a function of the program gives back."""
    parameters = program.names(Role.PARAMETER)
    statistics, state = program.names(Role.STATISTIC), program.names(Role.STATE)
    return {
        "step": ("loss", *parameters, *statistics, *state),
        "predict": ("outputs",),
        "gradients": ("loss", *(f"d{p}" for p in parameters), *statistics),
        "update": (*parameters, *state),
    }[name]


def traced(
    program: Program, inputs: Mapping[str, Any], *phases: Phase
) -> Iterator[tuple[Line, str, Any]]:
    """Run the program line by line and give every value where it is made."""
    scope: Arrays = {**program.rules, "np": np, **inputs}
    for line in program.lines:
        if phases and line.phase not in phases:
            continue
        exec(line.code, scope)
        for name in line.outputs:
            yield line, name, scope[name]


# --------------------------------------------------------- the complex step: NumPy, stood in for


def _by_real_part(larger: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, b: np.where(larger(np.real(a), np.real(b)), a, b)


def _extreme(place: Callable[..., Any]) -> Callable[..., Any]:
    def along_rows(x: Any, axis: int, keepdims: bool) -> Any:
        assert axis == 1
        assert keepdims
        return np.take_along_axis(x, place(np.real(x), axis=1, keepdims=True), axis=1)

    return along_rows


# Functions that ask which number is larger look at the real part; the others know complex numbers.
COMPLEX_NUMPY = SimpleNamespace(
    abs=lambda z: np.where(np.real(z) < 0, -z, z),
    absolute=lambda z: np.where(np.real(z) < 0, -z, z),
    sign=lambda z: np.sign(np.real(z)),
    rint=lambda z: np.rint(np.real(z)),
    maximum=_by_real_part(np.greater_equal),
    minimum=_by_real_part(np.less_equal),
    max=_extreme(np.argmax),
    min=_extreme(np.argmin),
    intp=lambda z: np.intp(np.real(z)),
    zeros_like=lambda z: np.zeros(z.shape, complex),  # what is added to it may be complex
    add=np.add,
    **{
        name: getattr(np, name)
        for name in (
            "arctan cumsum exp expm1 full_like hstack log log1p ones_like sqrt sum tanh where"
        ).split()
    },
)


def with_numpy(rule: Callable[..., Any], numpy: Any) -> Callable[..., Any]:
    """Give the same rule, and every rule that it calls, with another module in NumPy's place."""
    scope = dict(rule.__globals__)
    scope["np"] = numpy
    for name in rule.__code__.co_names:
        if inspect.isfunction(scope.get(name)) and scope[name] is not rule:
            scope[name] = with_numpy(scope[name], numpy)
    return FunctionType(rule.__code__, scope, rule.__name__, rule.__defaults__)


def central_slope(function: Callable[[Any], float], x: Any, step: float = 1e-5) -> Any:
    """Give the slope of a function of one array by every entry, from two values beside it."""
    slope = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        before = x[place]
        x[place] = before + step
        above = function(x)
        x[place] = before - step
        slope[place] = (above - function(x)) / (2 * step)
        x[place] = before
    return slope


def complex_slope(function: Callable[[Any], complex], x: Any) -> Any:
    """Give the same from one value a tiny complex step away: no difference, so no cancellation."""
    slope = np.zeros_like(x)
    x = x.astype(complex)
    for place in np.ndindex(x.shape):
        x[place] += TINY * 1j
        slope[place] = np.imag(function(x)) / TINY
        x[place] = x[place].real
    return slope


# ----------------------------------------------------------------------------- the checkers


def distance(found: Any, wanted: Any) -> float:
    """Give the relative L2 distance."""
    size = float(np.linalg.norm(wanted))
    return float(np.linalg.norm(np.asarray(found) - wanted)) / (size or 1.0)


def assert_near(found: Any, wanted: Any, relative: float, floor: float, what: str = "") -> None:
    """Assert shape, and ‖found − wanted‖ ≤ relative·‖wanted‖ + floor·√size: a 0 has no ratio."""
    wanted = np.asarray(wanted)
    assert np.shape(found) == wanted.shape, f"{what}: {np.shape(found)} is not {wanted.shape}"
    gap = float(np.linalg.norm(np.asarray(found) - wanted))
    bar = relative * float(np.linalg.norm(wanted)) + floor * wanted.size**0.5
    assert gap <= bar, f"{what}: off by {gap:.3g}, at most {bar:.3g} is allowed"


def check_central(program: Program, inputs: Arrays, relative: float = 1e-8) -> None:
    """Check every entry of every gradient against central differences of the loss."""
    found = call(program, "gradients", inputs)
    bent = {**inputs}
    for name in program.names(Role.PARAMETER):
        bent[name] = inputs[name].copy()

        def loss(_: Any) -> float:
            return float(call(program, "gradients", bent)["loss"])

        wanted = central_slope(loss, bent[name])
        floor = 1e-10 * max(1.0, abs(float(found["loss"])))
        assert_near(found[f"d{name}"], wanted, relative, floor, f"d{name}")


def check_complex(program: Program, inputs: Arrays, relative: float = 1e-11) -> None:
    """Check every entry of every gradient against the complex step."""
    found = call(program, "gradients", inputs)
    functions = program.functions_with(COMPLEX_NUMPY)
    for name in program.names(Role.PARAMETER):

        def loss(x: Any, name: str = name) -> complex:
            return call(program, "gradients", {**inputs, name: x}, functions)["loss"]

        wanted = complex_slope(loss, inputs[name])
        floor = 1e-13 * max(1.0, abs(float(found["loss"])))
        assert_near(found[f"d{name}"], wanted, relative, floor, f"d{name}")


def check_loops(program: Program, inputs: Arrays, relative: float = 1e-11) -> None:
    """Check loss, gradients, update, statistics and prediction against the plain loops."""
    plain = {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in inputs.items()}
    parameters = [plain[p] for p in program.names(Role.PARAMETER)]
    statistics = [plain[s] for s in program.names(Role.STATISTIC)]
    layers, masks = program.description.layers, [plain[m] for m in program.names(Role.RANDOM)]
    weights = [row[0] for row in plain["w"]]
    loss, slopes, remembered = loops.gradients(
        layers, program.description.loss, plain["x"], plain["y"], weights, parameters, statistics,
        masks,
    )  # fmt: skip
    wanted = dict(zip(gives(program, "gradients"), (loss, *slopes, *remembered), strict=True))
    _compare(call(program, "gradients", inputs), wanted, relative)
    outputs = loops.predict(layers, plain["x"], parameters, statistics)
    _compare(call(program, "predict", inputs), {"outputs": outputs}, relative)
    if program.trains:
        new, state = _loops_update(program, plain, slopes)
        wanted = dict(zip(gives(program, "step"), (loss, *new, *remembered, *state), strict=True))
        _compare(call(program, "step", inputs), wanted, relative)


def _loops_update(program: Program, plain: Arrays, slopes: list[Any]) -> tuple[list, list]:
    optimizer, names = at(program.optimizer, DONE), program.names(Role.PARAMETER)
    states = [[plain[f"{kind}_{name}"] for kind in optimizer.state_names()] for name in names]
    new, kept = loops.update_all(
        program.description.layers, optimizer, names, [plain[name] for name in names], slopes,
        states, optimizer.learning_rate, STEP, plain.get("average_share"),
    )  # fmt: skip
    return new, [array for state in kept for array in state]


def _compare(found: Arrays, wanted: Arrays, relative: float) -> None:
    assert list(found) == list(wanted)
    for name, value in wanted.items():
        floor = 1e-13 * max(1.0, float(np.max(np.abs(wanted.get("loss", 1.0)))))
        assert_near(found[name], value, relative, floor, name)


def check_float32(program: Program, inputs: Arrays, relative: float = 2e-6) -> None:
    """Check the gradients in float32 against those in float64 of the same numbers."""
    rough = converted(inputs, "float32")
    found = call(program, "gradients", rough)
    wanted = call(program, "gradients", converted(rough, "float64"))
    # A sum whose parts cancel keeps their rounding: nothing is nearer than that to a 0.
    floor = 1e-6 * max(1.0, *(float(np.max(np.abs(value))) for value in wanted.values()))
    for name, value in wanted.items():
        assert_near(found[name], value, relative, floor, name)


def check_types(program: Program, inputs: Arrays) -> None:
    """Check that every value of a step has the network's type, its shape and a right name."""
    dtype = np.dtype(program.description.dtype)
    rows = len(inputs["x"])
    known = set(inputs)
    for line, name, value in traced(program, inputs):
        declared = line.shapes[line.outputs.index(name)]
        shape = tuple(rows if a == "m" else program.sizes.get(str(a), a) for a in declared)
        assert value.dtype == dtype, f"{name} is {value.dtype}"
        assert value.shape == shape, f"{name} is {value.shape}, declared {shape}"
        if line.phase is Phase.BACKWARD:
            assert name[0] == "d", f"{name} is no name of a gradient"
            of = name[1:].split("_by_")[0]  # the part that comes back by a layer
            assert of in known, f"{name} is the gradient of nothing"
            assert value.shape == np.shape(_found(program, inputs, of))
        known.add(name)


def _found(program: Program, inputs: Arrays, name: str) -> Any:
    if name in inputs:
        return inputs[name]
    return next(value for _, made, value in traced(program, inputs) if made == name)


def check_trace(program: Program, inputs: Arrays) -> None:
    """Check that running line by line gives the very bits that the functions give."""
    made = {name: value for _, name, value in traced(program, inputs)}
    carried = call(program, "step" if program.trains else "gradients", inputs)
    for name, value in carried.items():
        np.testing.assert_array_equal(made[name], value, err_msg=name)
    slopes = call(program, "gradients", inputs)
    # Lines of the update may change a gradient: those of `gradients` alone are its own.
    made = {name: value for _, name, value in traced(program, inputs, *MEASURING)}
    for name in program.names(Role.PARAMETER):
        np.testing.assert_array_equal(made[f"d{name}"], slopes[f"d{name}"], err_msg=name)


def check_all(program: Program, inputs: Arrays) -> None:
    """Run every checker that needs no loops."""
    check_central(program, inputs)
    check_complex(program, inputs)
    check_float32(program, inputs)
    check_types(program, inputs)
    check_trace(program, inputs)


# ------------------------------------------------------------------ entries of the tables


CANDIDATES = (3, "tanh", "x", 0.25)  # one of them is right for every option that has no default


def example(kind: type) -> Any:
    """Make an entry of a kind, with every option left at its default where it has one."""
    given = {}
    for field in dataclasses.fields(kind):
        if field.default is dataclasses.MISSING:
            check = field.metadata["check"]
            given[field.name] = next(c for c in CANDIDATES if check.holds(c))
    return kind(**given)
