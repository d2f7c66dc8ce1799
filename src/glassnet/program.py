"""Description → Program: a network written out as a short straight-line NumPy program.

This is the only place that knows the order of the steps. The text is the only statement of the
mathematics: the NumPy engine runs it, the symbol graph is made by calling it, the trace runs it
line by line, and a saved program is that text.
"""

from __future__ import annotations

import enum
import hashlib
import inspect
import linecache
import os
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from glassnet.allowlist import check_program
from glassnet.description import Description, Parameter
from glassnet.errors import DescriptionError
from glassnet.rules import activations, layers, losses, optimizers
from glassnet.rules.activations import ACTIVATIONS
from glassnet.rules.layers import Activation, Dense, Layer, Template
from glassnet.rules.losses import LOSSES, backward_rule
from glassnet.rules.optimizers import Optimizer

Axis = str | int  # "m" rows of the batch, "n0" inputs, "n1" neurons of layer 1, …, or a fixed size
Shape = tuple[Axis, ...]
MOST_BESIDE = 44  # a longer line has its comment above it, not beside it


class Phase(enum.Enum):
    """The part of a step that a line belongs to."""

    FORWARD = "forward"
    LOSS = "loss"
    BACKWARD = "backward"
    REMEMBER = "remember"
    UPDATE = "update"


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
class Line:
    """One line of a program: its text, the values it makes and their shapes, and what it means."""

    phase: Phase
    text: str
    outputs: tuple[str, ...]
    shapes: tuple[Shape, ...]
    equation: str
    note: str

    @cached_property
    def code(self) -> CodeType:
        """The line, compiled to be run alone."""
        return compile(self.text, f"<line {self.text!r}>", "exec")


@dataclass(frozen=True)
class Input:
    """One input of a program."""

    name: str
    role: Role
    shape: Shape
    note: str


@dataclass(frozen=True)
class Mask:
    """A random input: the place it has in the network, and how it is drawn."""

    name: str
    layer: int
    columns: Axis
    chance: float
    value: float


# ------------------------------------------------------------------------------ the lines


@dataclass(frozen=True)
class _Written:
    """A layer with its names: what goes in, what comes out, and the names of its own values."""

    layer: Layer
    block: int  # number of the Dense layer it belongs to, from 1; 0 before the first
    x: str
    y: str
    width_in: Axis
    width: Axis
    names: Mapping[str, str]


class _Writer:
    """Writes the lines of one network."""

    def __init__(self, description: Description) -> None:
        self.description = description
        self.sizes: dict[str, int] = {"n0": description.inputs}
        self.training = self._named(training=True)
        self.predicting = self._named(training=False)

    def _named(self, *, training: bool) -> list[_Written]:
        written: list[_Written] = []
        used: set[str] = set()

        def unique(name: str) -> str:
            count, candidate = 1, name
            while candidate in used:
                count += 1
                candidate = f"{name}_{count}"
            used.add(candidate)
            return candidate

        x, block, width = "x", 0, "n0"
        for layer in self.description.layers:
            width_in = width
            if isinstance(layer, Dense):
                block += 1
                width = f"n{block}"
                self.sizes[width] = layer.units
                names = {"W": f"W{block}", "b": f"b{block}", "z": unique(f"z{block}")}
                y = names["z"] if layer.activation == "linear" else unique(f"a{block}")
            elif isinstance(layer, Activation):
                names = {}
                y = x if layer.activation == "linear" else unique(f"a{block}")
            else:
                own = [n for n, _ in (*layer.parameters, *layer.statistics, *layer.values)]
                names = {n: unique(f"{n}{block}") for n in (*own, *layer.random)}
                y = unique(f"h{block}")
                if not training and layer.predict == ():
                    y = x
            written.append(_Written(layer, block, x, y, width_in, width, names))
            x = y
        return written

    @property
    def outputs(self) -> str:
        """Name of the outputs."""
        return self.training[-1].y

    @property
    def logits(self) -> str:
        """Name of what the last activation is given."""
        last = self.training[-1]
        return last.names["z"] if isinstance(last.layer, Dense) else last.x

    def forward(self, *, training: bool) -> Iterator[Line]:
        for item in self.training if training else self.predicting:
            if isinstance(item.layer, Dense):
                yield self._weighted_sum(item, item.layer)
            if isinstance(item.layer, Dense | Activation):
                if item.layer.activation != "linear":
                    yield self._activation(item, item.layer.activation)
                continue
            templates = item.layer.forward
            if not training and item.layer.predict is not None:
                templates = item.layer.predict
            for template in templates:
                yield self._filled(Phase.FORWARD, template, item)

    def _weighted_sum(self, item: _Written, layer: Dense) -> Line:
        z, w, b = item.names["z"], item.names["W"], item.names["b"]
        bias = f" + {b}" if layer.bias else ""
        note = "weighted sums of the inputs" if item.x == "x" else f"weighted sums of {item.x}"
        return Line(
            Phase.FORWARD,
            f"{z} = {item.x} @ {w}{bias}",
            (z,),
            (("m", item.width),),
            f"{z} = {item.x} · {w}{bias}",
            note + (", plus a bias" if layer.bias else ""),
        )

    def _activation(self, item: _Written, name: str) -> Line:
        before = item.names.get("z", item.x)
        entry = ACTIVATIONS[name]
        equation = _rename(entry.formula, {"a": item.y, "z": before})
        text = f"{item.y} = {name}({before})"
        return Line(Phase.FORWARD, text, (item.y,), (("m", item.width),), equation, entry.note)

    def _filled(self, phase: Phase, template: Template, item: _Written) -> Line:
        """Put the names into a template of a layer, and find the shapes of what it makes."""
        layer = item.layer
        usual = {f.name: f.default for f in layer.__dataclass_fields__.values()}
        shown = {
            name: f", {name}={getattr(layer, name)!r}" if getattr(layer, name) != value else ""
            for name, value in usual.items()
        }
        fields = {
            **item.names,
            **{f"{name}_option": text for name, text in shown.items()},
            "options": "".join(shown[name] for name in layer.shown_options),
            "x": item.x,
            "y": item.y,
        }
        text = template.text.format(**fields)
        shapes: dict[str, Shape] = {item.y: ("m", item.width), f"d{item.x}": ("m", item.width)}
        for name, _ in (*layer.parameters, *layer.statistics):
            shapes[item.names[name]] = shapes[f"d{item.names[name]}"] = (item.width,)
        for name, shape in layer.values:
            axes = shape.strip("()").replace(" ", "").strip(",").split(",")
            shapes[item.names[name]] = tuple({"m": "m", "n": item.width, "1": 1}[a] for a in axes)
        outputs = tuple(part.strip() for part in text.split("=", 1)[0].split(","))
        return Line(
            phase,
            text,
            outputs,
            tuple(shapes[name] for name in outputs),
            template.equation.format(**fields),
            template.note,
        )

    def loss(self) -> Iterator[Line]:
        entry = LOSSES[self.description.loss]
        given = self.outputs if entry.of == "outputs" else self.logits
        names = {"a": self.outputs, "z": self.logits}
        yield Line(
            Phase.LOSS,
            f"loss = {entry.name}({given}, y, w)",
            ("loss",),
            ((),),
            f"loss = {_rename(entry.formula, names)}",
            entry.note,
        )

    def backward(self) -> Iterator[Line]:
        yield from self._error_of_last()
        for item in reversed(self.training):
            first = item is self.training[0]
            if isinstance(item.layer, Dense | Activation):
                if item is not self.training[-1] and item.layer.activation != "linear":
                    yield self._through_activation(item, item.layer.activation)
                if isinstance(item.layer, Dense):
                    yield from self._through_weights(item, item.layer, first=first)
                continue
            for template in item.layer.backward:
                if not first or item.layer.parameters:  # nothing asks for the error of the data
                    yield self._filled(Phase.BACKWARD, template, item)

    def _error_of_last(self) -> Iterator[Line]:
        entry, last = LOSSES[self.description.loss], self.training[-1]
        activation = self.description.output_activation
        names = {"a": self.outputs, "z": self.logits}
        shape = (("m", last.width),)
        if backward_rule(activation, entry.name) == "short":
            rule = entry.short[activation].__name__
            d = f"d{self.logits}"
            yield Line(
                Phase.BACKWARD,
                f"{d} = {rule}({self.outputs}, y, w)",
                (d,),
                shape,
                f"{d} = {_rename(entry.slope_formula, names)}",
                "the error of the output layer",
            )
            return
        d = f"d{self.outputs}"
        yield Line(
            Phase.BACKWARD,
            f"{d} = {entry.slope.__name__}({self.outputs}, y, w)",
            (d,),
            shape,
            f"{d} = {_rename(entry.slope_formula, names)}",
            "how the loss changes with each output",
        )
        yield self._through_activation(last, activation)

    def _through_activation(self, item: _Written, name: str) -> Line:
        before = item.names.get("z", item.x)
        entry, d, dy = ACTIVATIONS[name], f"d{before}", f"d{item.y}"
        names = {"a": item.y, "z": before, "da": dy, "dz": d}
        last = item is self.training[-1]
        if entry.back is not None:
            text = f"{d} = {entry.back.__name__}({dy}, {before}, {item.y})"
            equation = _rename(entry.slope_formula, names)
        else:
            assert entry.slope is not None
            text = f"{d} = {dy} * {entry.slope.__name__}({before}, {item.y})"
            slope = _rename(entry.slope_formula, names)
            equation = f"{d} = {dy} · ({slope})"
        note = f"the error of {'the output layer' if last else f'layer {item.block}'}"
        return Line(Phase.BACKWARD, text, (d,), (("m", item.width),), equation, note)

    def _through_weights(self, item: _Written, layer: Dense, *, first: bool) -> Iterator[Line]:
        dz, w, b = f"d{item.names['z']}", item.names["W"], item.names["b"]
        yield Line(
            Phase.BACKWARD,
            f"d{w} = {item.x}.T @ {dz}",
            (f"d{w}",),
            ((item.width_in, item.width),),
            f"d{w} = {item.x}ᵀ · {dz}",
            "the weights' part: inputs times error",
        )
        if layer.bias:
            yield Line(
                Phase.BACKWARD,
                f"d{b} = sum_over_batch({dz})",
                (f"d{b}",),
                ((item.width,),),
                f"d{b} = Σ {dz} over the batch",
                "the biases' part: error, summed over the batch",
            )
        if not first:
            yield Line(
                Phase.BACKWARD,
                f"d{item.x} = {dz} @ {w}.T",
                (f"d{item.x}",),
                (("m", item.width_in),),
                f"d{item.x} = {dz} · {w}ᵀ",
                "the error, handed back through the weights",
            )

    def remember(self) -> Iterator[Line]:
        for item in self.training:
            for template in item.layer.remember:
                yield self._filled(Phase.REMEMBER, template, item)

    def update(self, optimizer: Optimizer, parameters: Mapping[str, Shape]) -> Iterator[Line]:
        template = optimizer.line()
        if template is None:
            return
        for p, shape in parameters.items():
            names = {"p": p, **{s: f"{s}_{p}" for s in optimizer.state_names()}}
            text, equation = (part.format(**names) for part in template)
            outputs = (p, *(names[s] for s in optimizer.state_names()))
            shapes = (shape,) * len(outputs)
            yield Line(Phase.UPDATE, text, outputs, shapes, equation, optimizer.note)

    def parameters(self) -> Iterator[tuple[Parameter, Shape]]:
        for item in self.training:
            layer = item.layer
            if isinstance(layer, Dense):
                n = (self.sizes[str(item.width_in)], layer.units)
                weights, biases = layer.weight_initializer, layer.bias_initializer
                assert not isinstance(weights, str | None) and not isinstance(biases, str | None)
                yield Parameter(item.names["W"], n, weights), (item.width_in, item.width)
                if layer.bias:
                    yield Parameter(item.names["b"], n[1:], biases), (item.width,)
            for name, value in layer.parameters:
                shape = (self.sizes[str(item.width)],)
                yield Parameter(item.names[name], shape, value), (item.width,)

    def statistics(self) -> Iterator[tuple[Parameter, Shape]]:
        for item in self.training:
            for name, value in item.layer.statistics:
                shape = (self.sizes[str(item.width)],)
                yield Parameter(item.names[name], shape, value), (item.width,)

    def masks(self) -> Iterator[Mask]:
        for place, item in enumerate(self.training, start=1):
            for name in item.layer.random:
                yield Mask(item.names[name], place, item.width, *item.layer.random_scale(name))


def _rename(formula: str, names: Mapping[str, str]) -> str:
    """Put the names of a program's values in the place of a formula's letters."""
    out, word = [], ""
    for letter in formula + " ":
        if letter.isascii() and (letter.isalnum() or letter == "_"):
            word += letter
        else:
            out.append(names.get(word, word) + letter)
            word = ""
    return "".join(out)[:-1]


# ---------------------------------------------------------------------------- the program


class Program:
    """A network, written out: lines with their shapes and meanings, inputs by role, the source.

    Args:
        description: the network.
        optimizer: what writes the update lines.

    Example:
        >>> program = Program(Description.read("2-1 sigmoid"), optimizers.SGD(0.1))
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
        writer = _Writer(description)
        self.sizes = dict(writer.sizes)
        found = list(writer.parameters())
        self.parameters = tuple(p for p, _ in found)
        self.parameter_shapes = {p.name: shape for p, shape in found}
        kept = list(writer.statistics())
        self.statistics = tuple(p for p, _ in kept)
        self.statistic_shapes = {p.name: shape for p, shape in kept}
        self.masks = tuple(writer.masks())
        self.state_names = tuple(
            f"{s}_{p.name}" for p in self.parameters for s in optimizer.state_names()
        )
        self.rate_names = optimizer.rate_names()
        self.outputs = writer.outputs
        self.logits = writer.logits
        self.predict_outputs = writer.predicting[-1].y
        self.predict_lines = tuple(writer.forward(training=False))
        self.lines = (
            *writer.forward(training=True),
            *writer.loss(),
            *writer.backward(),
            *writer.remember(),
            *writer.update(optimizer, self.parameter_shapes),
        )

    @property
    def trains(self) -> bool:
        """Whether the program makes the update itself (L-BFGS does it outside)."""
        return any(line.phase is Phase.UPDATE for line in self.lines)

    @cached_property
    def inputs(self) -> tuple[Input, ...]:
        """The inputs of a step, in the order in which it takes them."""
        outputs = LOSSES[self.description.loss]
        width = next(line.shapes[0][1] for line in self.lines if self.outputs in line.outputs)
        weight = (
            "weight of each row: 1 where none is given"
            if outputs.rows == "sum"
            else "weight of each row over the sum of weights: 1/m where none is given"
        )
        return (
            Input("x", Role.DATA, ("m", "n0"), "a batch of m rows"),
            Input("y", Role.DATA, ("m", width), "what is wanted for each row"),
            Input("w", Role.WEIGHT, ("m", 1), weight),
            *(
                Input(
                    mask.name,
                    Role.RANDOM,
                    ("m", mask.columns),
                    f"{mask.value:.4g} with chance {mask.chance:.4g}, else 0",
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
                Input(name, Role.STATE, self.parameter_shapes[name.split("_", 1)[1]], "starts at 0")
                for name in self.state_names
            ),
            *(Input(name, Role.RATE, (), self._rate_note(name)) for name in self.rate_names),
        )

    @staticmethod
    def _rate_note(name: str) -> str:
        notes = {
            "learning_rate": "the size of a step",
            "correction1": "1 − beta1^t at step t = 1, 2, …",
            "correction2": "1 − beta2^t at step t = 1, 2, …",
        }
        return notes.get(name, "changes from step to step")

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
        before = [line for line in self.lines if line.phase is not Phase.UPDATE]
        after = [line for line in self.lines if line.phase is Phase.UPDATE]
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

        def add(code: CodeType, scope: Mapping[str, Any]) -> None:
            for name in code.co_names:
                rule = scope.get(name)
                if inspect.isfunction(rule) and name not in found:
                    found[name] = rule
                    add(rule.__code__, rule.__globals__)

        known = _known_rules()
        for line in (*self.lines, *self.predict_lines):
            add(line.code, known)
        return found

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
        tree = check_program(self.source)
        lines = self.source.splitlines(keepends=True)
        linecache.cache[self.filename] = (len(self.source), None, lines, self.filename)
        scope: dict[str, Any] = {"__name__": "glassnet_program"}
        exec(compile(tree, self.filename, "exec"), scope)  # our own text, checked just above
        if numpy is not np:
            scope["np"] = numpy
        return {k: v for k, v in scope.items() if inspect.isfunction(v)}

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the source to a stand-alone Python file that needs NumPy only."""
        target = Path(path)
        if target.suffix != ".py":
            raise DescriptionError(f"a program is saved as a .py file, got {str(target)!r}")
        target.write_text(self.source, encoding="utf-8")
        return target

    def source_for(self, engine: str) -> str:
        """Give the text that an engine runs: 'numpy', or the loops for 'numba'."""
        from glassnet.engines import source_for  # engines stand above the program

        return source_for(self, engine)

    def __repr__(self) -> str:
        return f"Program({self.description!r}, {self.optimizer!r}): {len(self.lines)} lines"

    def __str__(self) -> str:
        return self.source


def _known_rules() -> dict[str, Any]:
    return {
        name: rule
        for module in (activations, losses, layers, optimizers)
        for name, rule in vars(module).items()
        if inspect.isfunction(rule)
    }


def _wrapped(start: str, names: Sequence[str], end: str, indent: str) -> list[str]:
    whole = start + ", ".join(names) + end
    if len(whole) <= 96:
        return [whole]
    rows = textwrap.wrap(", ".join(names) + ",", 96 - len(indent) - 4)
    closing = indent[4:] + end
    return [start, *(f"{indent}{row}" for row in rows), closing]
