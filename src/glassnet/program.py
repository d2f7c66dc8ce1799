"""Description → Program: a network written out as a short straight-line NumPy program.

The text is the only statement of the mathematics: the NumPy engine runs it, the symbol graph is
made by calling it, the trace runs it line by line, and a saved program is that text.
"""

from __future__ import annotations

import dis
import enum
import hashlib
import inspect
import linecache
import os
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from glassnet.allowlist import check_program
from glassnet.description import Description
from glassnet.errors import DescriptionError, ProgramError
from glassnet.lines import MEASURING, Line, LineWriter, Phase, Shape, constraints_of, penalties_of
from glassnet.local_files import path_of, replace_file
from glassnet.rules import averages, limits
from glassnet.rules.activations import ACTIVATIONS
from glassnet.rules.layers import Activation, Dense
from glassnet.rules.optimizers import AVERAGE, Optimizer
from glassnet.rules.schedules import Schedule, schedule_of

MOST_BESIDE = 44  # a longer line has its comment above it, not beside it


class Role(enum.Enum):
    """What an input of a program is for."""

    DATA = "data"
    WEIGHT = "row weight"
    RANDOM = "random"
    PARAMETER = "parameter"
    STATISTIC = "running statistic"
    STATE = "optimizer state"
    RATE = "rate"


@dataclass(frozen=True)
class Input:
    """One input of a program."""

    name: str
    role: Role
    shape: Shape
    note: str


class Program:
    """A network, written out: lines with their shapes and meanings, inputs by role, the source.

    Args:
        description: the network.
        optimizer: what writes the update lines.

    Raises:
        DescriptionError: constraints on weights, and an optimizer that cannot keep them.

    Example:
        >>> from glassnet.rules.optimizers import SGD
        >>> program = Program(Description.read("2-1 sigmoid"), SGD(0.1))
        >>> for line in program.lines:
        ...     print(line.text)
        z1 = x @ W1 + b1
        a1 = sigmoid(z1)
        loss = mean_squared_error(a1, y, w)
        da1 = mean_squared_error_slope(a1, y, w)
        dz1 = da1 * sigmoid_slope(z1, a1)
        dW1 = x.T @ dz1
        db1 = sum_over_batch(dz1)
        W1 = W1 - learning_rate * dW1
        b1 = b1 - learning_rate * db1

    """

    def __init__(self, description: Description, optimizer: Optimizer) -> None:
        self.description = description
        self.optimizer = optimizer
        writer = LineWriter(description)
        self.sizes = dict(writer.sizes)
        found = list(writer.parameters())
        self.parameters = tuple(p for p, _ in found)
        self.parameter_shapes = {p.name: shape for p, shape in found}
        kept = list(writer.statistics())
        self.statistics = tuple(p for p, _ in kept)
        self.statistic_shapes = {p.name: shape for p, shape in kept}
        self.masks = tuple(writer.masks())
        self.state_shapes = {
            f"{kind}_{p}": shape
            for p, shape in self.parameter_shapes.items()
            for kind in optimizer.state_names()
        }
        self.state_names = tuple(self.state_shapes)
        own = optimizer.rate_names()
        self.rate_names = (*own, *(name for name in optimizer.schedules if name not in own))
        # What a schedule gives a random input is no input of the program: that is drawn outside.
        self.changing_masks = tuple(m for m in self.masks if isinstance(m.amount, Schedule))
        changing = {m.amount_name: schedule_of(m.amount) for m in self.changing_masks}
        self.all_rate_names = (*self.rate_names, *changing)
        self.schedules = optimizer.schedules | changing
        self.outputs = writer.outputs
        self.logits = writer.logits
        self.predict_outputs = writer.predicting[-1].y
        self.predict_lines = tuple(writer.forward(training=False))
        self.lines = (
            *writer.forward(training=True),
            *writer.loss(),
            *writer.backward(),
            *writer.remember(),
            *writer.update(optimizer),
        )

        if not self.trains:
            self._check_unconstrained()

    def _check_unconstrained(self) -> None:
        for layer in self.description.layers:
            for constraint, value in constraints_of(layer):
                raise DescriptionError(
                    f"{self.optimizer!r} makes its step outside of the program and cannot keep"
                    f" {constraint.name}={value!r} of {layer!r}: take another optimizer, such as"
                    " gn.Adam(), or leave the option out"
                )

    @property
    def trains(self) -> bool:
        """Whether the program makes the update itself (L-BFGS does it outside)."""
        return any(line.phase is Phase.UPDATE for line in self.lines)

    @cached_property
    def inputs(self) -> tuple[Input, ...]:
        """The inputs of a step, in the order in which it takes them."""
        loss = self.description.loss
        width = next(line.shapes[0][1] for line in self.lines if self.outputs in line.outputs)
        outputs = self.description.outputs
        wanted = loss.target_columns(outputs)
        columns = width if wanted == outputs else wanted
        weight = (
            "weight of each row: 1 where none is given"
            if loss.rows == "sum"
            else "weight of each row over the sum of weights: 1/m where none is given"
        )
        return (
            Input("x", Role.DATA, ("m", "n0"), "a batch of m rows"),
            Input("y", Role.DATA, ("m", columns), "what is wanted for each row"),
            Input("w", Role.WEIGHT, ("m", 1), weight),
            *(
                Input(
                    mask.name,
                    Role.RANDOM,
                    ("m", mask.columns),
                    mask.draw.said(mask.amount),
                )
                for mask in self.masks
            ),
            *(
                Input(p.name, Role.PARAMETER, self.parameter_shapes[p.name], "trained")
                for p in self.parameters
            ),
            *(
                Input(p.name, Role.STATISTIC, self.statistic_shapes[p.name], "for prediction")
                for p in self.statistics
            ),
            *(
                Input(name, Role.STATE, shape, self._state_note(name))
                for name, shape in self.state_shapes.items()
            ),
            *(Input(name, Role.RATE, (), self._rate_note(name)) for name in self.rate_names),
        )

    def _state_note(self, name: str) -> str:
        kind, _, parameter = name.partition("_")
        return f"starts as {parameter}" if kind == AVERAGE else "starts at 0"

    def _rate_note(self, name: str) -> str:
        return self.optimizer.rate_notes.get(name, "changes from step to step")

    def rates_at(self, step: Any, done: float, steps: int = 1) -> dict[str, Any]:
        """Give the numbers of `all_rate_names` for a step, counted from 1, by name.

        Args:
            step: of the optimizer, or an array of them.
            done: the part of the fit that is over.
            steps: of the fit in all.

        """
        own = self.optimizer.rates_at(step, done, steps)
        scheduled = {name: schedule.rate(done) for name, schedule in self.schedules.items()}
        return scheduled | dict(zip(self.optimizer.rate_names(), own, strict=True))

    def first_rates(self) -> list[float]:
        """Give the rates of the first step of a fit, in the order of `all_rate_names`."""
        rates = self.rates_at(1, 0.0)
        return [float(rates[name]) for name in self.all_rate_names]

    def amounts(self, rates: Sequence[float]) -> list[float]:
        """Give the amount of each random input, by the rates of a step."""
        given: dict[str, Any] = dict(zip(self.all_rate_names, rates, strict=True))
        return [given.get(mask.amount_name, mask.amount) for mask in self.masks]

    def names(self, *roles: Role) -> tuple[str, ...]:
        """Give the names of the inputs that have one of the roles, in order."""
        return tuple(i.name for i in self.inputs if i.role in roles)

    def shape_text(self, shape: Shape) -> str:
        """Give a shape with the sizes put in: '(m, 3)'."""
        parts = [str(self.sizes.get(str(axis), axis)) for axis in shape]
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"

    # -------------------------------------------------------------------------- the source

    @cached_property
    def source(self) -> str:
        """The program as Python text that needs NumPy only."""
        body = "\n\n\n".join([*self._functions_text(), *self._rules_text()])
        return f'"""{self._heading()}"""\n\nimport numpy as np\n\n\n{body}\n'

    def _heading(self) -> str:
        width = max(len(i.name) for i in self.inputs)
        rows = [
            f"    {i.name:<{width}}  {self.shape_text(i.shape):<12} {i.note}" for i in self.inputs
        ]
        where = "" if self.trains else " The optimizer makes its step outside of this program."
        opening = textwrap.fill(
            f"{ascii(self.description.short())[1:-1]}, loss {self.description.loss}, "
            f"optimizer {ascii(repr(self.optimizer))[1:-1]}: written out by glassnet."
            " Samples are rows; d + name is the derivative of the loss by that name." + where,
            96,
        )
        return "\n".join([opening, "", "Takes", *rows]) + "\n"

    def _functions_text(self) -> Iterator[str]:
        data = self.names(Role.DATA, Role.WEIGHT, Role.RANDOM)
        parameters, statistics = self.names(Role.PARAMETER), self.names(Role.STATISTIC)
        state, rates = self.names(Role.STATE), self.names(Role.RATE)
        slopes = tuple(f"d{p}" for p in parameters)
        before = [line for line in self.lines if line.phase in MEASURING]
        after = [line for line in self.lines if line.phase not in MEASURING]
        carried = (*parameters, *statistics, *state)
        if self.trains:
            yield self._function(
                "step", (*data, *carried, *rates), self.lines, ("loss", *carried), explained=True
            )
        yield self._function(
            "predict", ("x", *parameters, *statistics), self.predict_lines, (self.predict_outputs,)
        )
        yield self._function(
            "gradients",
            (*data, *parameters, *statistics),
            before,
            ("loss", *slopes, *statistics),
            explained=not self.trains,
        )
        if self.trains:
            taken = (*parameters, *slopes, *state, *rates)
            yield self._function("update", taken, after, (*parameters, *state))

    def _function(
        self,
        name: str,
        takes: Sequence[str],
        lines: Sequence[Line],
        gives: Sequence[str],
        *,
        explained: bool = False,
    ) -> str:
        """Print one function; the one to be read has shape and meaning beside every line."""
        short = [len(line.text) for line in lines if len(line.text) <= MOST_BESIDE]
        width = max(short, default=0)
        body: list[str] = []
        before: Line | None = None
        for line in lines:
            if explained and (before is None or line.phase is not before.phase):
                body.append(f"    # {line.phase.value}")
            again = before is not None and line.note == before.note
            comment = (
                f"# {self.shape_text(line.shapes[0]):<9} {'' if again else line.note}".rstrip()
            )
            if explained and len(line.text) <= MOST_BESIDE:
                body.append(f"    {line.text:<{width}}  {comment}")
            else:
                body += [f"    {comment}"] if explained and not again else []
                body.append(f"    {line.text}")
            before = line
        head = _wrapped(f"def {name}(", takes, "):", "    ")
        back = _wrapped("    return (", gives, ")", "        ")
        if len(back) == 1:
            several = ", ".join(gives) if len(gives) > 1 or name == "predict" else f"({gives[0]},)"
            back = [f"    return {several}"]
        return "\n".join([*head, *body, *back])

    @cached_property
    def rules(self) -> dict[str, Callable[..., Any]]:
        """The rules that the lines call, and those that these call, by name."""
        found: dict[str, Callable[..., Any]] = {}

        def add(code: CodeType, scopes: Sequence[Mapping[str, Any]]) -> None:
            for name in _names_read(code):
                rules = [scope[name] for scope in scopes if inspect.isfunction(scope.get(name))]
                if any(rule is not found.get(name, rules[0]) for rule in rules):
                    raise ProgramError(f"two rules are named {name!r}: give one another name")
                if rules and name not in found:
                    found[name] = rules[0]
                    add(rules[0].__code__, [rules[0].__globals__])

        scopes = list(self._scopes())
        for line in (*self.lines, *self.predict_lines):
            add(line.code, scopes)
        return found

    def _scopes(self) -> Iterator[Mapping[str, Any]]:
        """Where the rules are looked up: beside the entries that the program is made of."""
        of, loss = self.description, self.description.loss
        own = (kind for kind in type(self.optimizer).__mro__ if issubclass(kind, Optimizer))
        for kind in dict.fromkeys((Dense, *map(type, of.layers), *own)):
            yield vars(sys.modules[kind.__module__])
        rules: list[Callable[..., Any] | None] = [*loss.rules, *loss.short.values(), *loss.beside]
        for layer in of.layers:
            if isinstance(layer, Dense | Activation):
                entry = ACTIVATIONS[layer.activation]
                rules += [entry.function, entry.slope, entry.back]
            for penalty, _ in penalties_of(layer):
                rules += [penalty.function, penalty.slope]
            rules += [constraint.function for constraint, _ in constraints_of(layer)]
        yield {rule.__name__: rule for rule in rules if rule is not None}
        phases = {line.phase for line in self.lines}
        for phase, place in ((Phase.CLIP, limits), (Phase.AVERAGE, averages)):
            if phase in phases:
                yield vars(place)

    def _rules_text(self) -> Iterator[str]:
        first = True
        for rule in self.rules.values():
            text = textwrap.dedent(inspect.getsource(rule)).rstrip()
            yield f"# The rules that it calls.\n\n\n{text}" if first else text
            first = False

    @cached_property
    def digest(self) -> str:
        """A hash of the source."""
        return hashlib.sha256(self.source.encode()).hexdigest()

    @cached_property
    def filename(self) -> str:
        """The name under which tracebacks and debuggers show the program."""
        return f"<glassnet program {self.digest[:12]}>"

    @cached_property
    def functions(self) -> dict[str, Callable[..., Any]]:
        """The functions of the source, ready to be called with NumPy arrays."""
        return self.functions_with(np)

    def functions_with(self, numpy: Any) -> dict[str, Callable[..., Any]]:
        """Run the source with another module in NumPy's place and give its functions.

        Raises ProgramError if the text has anything in it that a program never has.
        """
        code = _checked_code(self.source, self.filename)
        lines = self.source.splitlines(keepends=True)
        linecache.cache[self.filename] = (len(self.source), None, lines, self.filename)
        # Of Python's builtins, a program needs only what its import calls.
        builtins = {"__import__": __import__}
        scope: dict[str, Any] = {"__name__": "glassnet_program", "__builtins__": builtins}
        exec(code, scope)  # our own text, checked just above
        if numpy is not np:
            scope["np"] = numpy
        return {k: v for k, v in scope.items() if inspect.isfunction(v)}

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the source to a stand-alone Python file that needs NumPy only.

        Raises DescriptionError where it cannot be written.
        """
        target = Path(path_of(path, DescriptionError))
        if target.suffix != ".py":
            raise DescriptionError(f"a program is saved as a .py file, got {str(target)!r}")
        replace_file(target, [self.source.encode()], DescriptionError)
        return target

    def source_for(self, engine: str) -> str:
        """Give the text that an engine runs: 'numpy', or the loops for 'numba'."""
        from glassnet.engines import source_for  # engines stand above the program

        return source_for(self, engine)

    def __repr__(self) -> str:
        return f"Program({self.description!r}, {self.optimizer!r}): {len(self.lines)} lines"

    def __str__(self) -> str:
        return self.source


@lru_cache(maxsize=64)
def _checked_code(text: str, filename: str) -> CodeType:
    """Check and compile a text; one fit asks several times, once for each engine's needs.

    Raises ProgramError if the text has anything in it that a program never has.
    """
    return compile(check_program(text), filename, "exec")


def _names_read(code: CodeType) -> list[str]:
    """Give the global names that a code reads; `np.tanh` reads np, and no rule called tanh."""
    loads = ("LOAD_NAME", "LOAD_GLOBAL")
    return [i.argval for i in dis.get_instructions(code) if i.opname in loads]


def _wrapped(start: str, names: Sequence[str], end: str, indent: str) -> list[str]:
    whole = start + ", ".join(names) + end
    if len(whole) <= 96:
        return [whole]
    rows = textwrap.wrap(", ".join(names) + ",", 96 - len(indent) - 4)
    closing = indent[4:] + end
    return [start, *(f"{indent}{row}" for row in rows), closing]
