"""The lines of a program: what each layer, loss and optimizer contributes, in the order of a step.

This is the only place that knows that order. A `LineWriter` gives names to everything that a
network has (z1, a1, W1, …) and puts them into the templates of the rules' tables.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import CodeType
from typing import Any

from glassnet.description import Description, Parameter
from glassnet.naming import Axis as Axis
from glassnet.naming import Named, Names
from glassnet.rules import averages, limits
from glassnet.rules.activations import ACTIVATIONS
from glassnet.rules.entry import Template
from glassnet.rules.initializers import Initializer
from glassnet.rules.layers import Activation, Dense, Layer, suited
from glassnet.rules.limits import CONSTRAINTS, Constraint
from glassnet.rules.losses import backward_rule
from glassnet.rules.optimizers import Optimizer
from glassnet.rules.penalties import PENALTIES, Penalty
from glassnet.rules.randomness import Draw
from glassnet.rules.schedules import Schedule

Shape = tuple[Axis, ...]
DATA_LOSS = "data_loss"  # the loss without penalties, where there are some


class Phase(enum.Enum):
    """The part of a step that a line belongs to."""

    FORWARD = "forward"
    LOSS = "loss"
    PENALTY = "penalty"  # what layers add to the loss for the size of their weights
    BACKWARD = "backward"
    REMEMBER = "remember"
    CLIP = "clip"
    DECAY = "decay"
    UPDATE = "update"
    CONSTRAIN = "constrain"
    AVERAGE = "average"


# The phases of `gradients`, whose lines say what the loss is and how it changes; the others, those
# of `update`, say what follows from that.
MEASURING = (Phase.FORWARD, Phase.LOSS, Phase.PENALTY, Phase.BACKWARD, Phase.REMEMBER)


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
class Mask:
    """A random input: the place it has in the network, and how it is drawn.

    Args:
        name: in the program.
        layer: place of its layer, from 1.
        columns: its second axis.
        draw: how it is drawn.
        amount: of chance: a number, or a schedule that gives it for each step.
        amount_name: of the amount, where a schedule gives it.

    """

    name: str
    layer: int
    columns: Axis
    draw: Draw
    amount: float | Schedule
    amount_name: str


class LineWriter:
    """Writes the lines of one network."""

    def __init__(self, description: Description) -> None:
        self.description = description
        names = Names(description.inputs, description.layers, training=True)
        self.sizes = names.sizes
        self._names = names
        self.training = names.items
        self.predicting = Names(description.inputs, description.layers, training=False).items
        self._skipped: dict[str, list[str]] = {}  # by value: the errors that come back by skips

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
        """Give the forward lines, as they are while training or for prediction."""
        for item in self.training if training else self.predicting:
            if isinstance(item.layer, Dense):
                yield self._weighted_sum(item, item.layer)
            if isinstance(item.layer, Dense | Activation):
                if item.layer.activation != "linear":
                    yield self._activation(item, item.layer.activation)
                continue
            templates = item.layer.forward_lines(self._columns(item))
            if not training and item.layer.predict is not None:
                templates = item.layer.predict
            yield from self._filled(Phase.FORWARD, templates, item)

    def _weighted_sum(self, item: Named, layer: Dense) -> Line:
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

    def _activation(self, item: Named, name: str) -> Line:
        before = item.names.get("z", item.x)
        entry = ACTIVATIONS[name]
        equation = _rename(entry.formula, {"a": item.y, "z": before})
        assert entry.function is not None
        text = f"{item.y} = {entry.function.__name__}({before})"
        return Line(Phase.FORWARD, text, (item.y,), (("m", item.width),), equation, entry.note)

    def _columns(self, item: Named) -> int:
        """Give how many columns a layer is given."""
        return self._names.columns(item.width_in)

    def _filled(self, phase: Phase, templates: Iterable[Template], item: Named) -> Iterator[Line]:
        """Put the names into templates of a layer, and find the shapes of what they make."""
        fields, shapes = self._fields(item), self._shapes(item)
        for template in templates:
            text = template.text.format(**fields)
            outputs = tuple(part.strip() for part in text.split("=", 1)[0].split(","))
            yield Line(
                phase,
                text,
                outputs,
                tuple(shapes[name] for name in outputs),
                template.equation.format(**fields),
                template.note,
            )

    def _fields(self, item: Named) -> dict[str, Any]:
        """Give what may stand in a template of a layer."""
        layer = item.layer
        usual = {f.name: f.default for f in layer.__dataclass_fields__.values()}
        shown = {
            name: f", {name}={getattr(layer, name)!r}" if getattr(layer, name) != value else ""
            for name, value in usual.items()
        }
        return {
            **item.names,
            **{f"{name}_option": text for name, text in shown.items()},
            "options": "".join(shown[name] for name in layer.shown_options),
            "x": item.x,
            "y": item.y,
            "value": item.joined,
            "columns": self._columns(item),
        }

    def _shapes(self, item: Named) -> dict[str, Shape]:
        """Give the shapes of all that the lines of a layer make, by name."""
        layer = item.layer
        shapes: dict[str, Shape] = {item.y: ("m", item.width), f"d{item.x}": ("m", item.width_in)}
        for name, _ in (*layer.parameters, *layer.statistics):
            shapes[item.names[name]] = shapes[f"d{item.names[name]}"] = (item.width,)
        for name, shape in layer.values:
            axes = shape.strip("()").replace(" ", "").strip(",").split(",")
            shapes[item.names[name]] = tuple({"m": "m", "n": item.width, "1": 1}[a] for a in axes)
        for lookup in layer.lookups():
            rows, columns = (self._names.axis("", n) for n in (lookup.rows, lookup.columns))
            shapes[item.names[lookup.chosen]] = ("m", columns)
            shapes[f"d{item.names[lookup.name]}"] = (rows, columns)
        return shapes

    def loss(self) -> Iterator[Line]:
        """Give the line of the loss; after it, what the layers' penalties add."""
        entry = self.description.loss
        given = self.outputs if entry.of == "outputs" else self.logits
        names = {"a": self.outputs, "z": self.logits, **entry.options()}
        penalties = list(self._penalties())
        loss = DATA_LOSS if penalties else "loss"
        yield Line(
            Phase.LOSS,
            f"{loss} = {entry.called(entry.function, given)}",
            (loss,),
            ((),),
            f"{loss} = {entry.equation(_rename(entry.formula, names))}",
            entry.note,
        )
        if penalties:
            yield from penalties
            parts = " + ".join([DATA_LOSS, *(line.outputs[0] for line in penalties)])
            note = "what is made small: the data's loss and the penalties"
            yield Line(Phase.PENALTY, f"loss = {parts}", ("loss",), ((),), f"loss = {parts}", note)

    def _penalties(self) -> Iterator[Line]:
        """Give a line for each layer that adds a penalty to the loss."""
        for item in self.training:
            asked = penalties_of(item.layer)
            if asked:
                w, name = item.names["W"], f"penalty{item.block}"
                calls = (f"{p.function.__name__}({w}, {value!r})" for p, value in asked)
                formulas = (_rename(p.formula, {"p": w, p.name: repr(value)}) for p, value in asked)
                equation = f"{name} = {' + '.join(formulas)}"
                note = "what the size of the weights costs"
                text = f"{name} = {' + '.join(calls)}"
                yield Line(Phase.PENALTY, text, (name,), ((),), equation, note)

    def backward(self) -> Iterator[Line]:
        """Give the backward lines, from the last layer to the first that is trained."""
        yield from self._error_of_last()
        for place, item in reversed(list(enumerate(self.training))):
            # Nothing asks for the error of the data, or of what is only computed from it.
            hands_back = self._is_trained(place)
            if not hands_back and not item.is_trained:
                continue
            for line in self._through(item, hands_back=hands_back):
                yield from self._with_skipped(line, item)

    def _is_trained(self, layers: int) -> bool:
        """Whether there is anything to train in the first so many layers."""
        return any(item.is_trained for item in self.training[:layers])

    def _through(self, item: Named, *, hands_back: bool) -> Iterator[Line]:
        """Give the backward lines of one layer, without what comes back by skips."""
        if isinstance(item.layer, Dense | Activation):
            if item is not self.training[-1] and item.layer.activation != "linear":
                yield self._through_activation(item, item.layer.activation)
            if isinstance(item.layer, Dense):
                yield from self._through_weights(item, item.layer, hands_back=hands_back)
            return
        if item.layer.skip and self._has_error(item.made_at):
            skipped = item.layer.skip.format(y=item.y, columns=self._columns(item))
            self._skipped.setdefault(item.joined, []).append(skipped)
        templates = item.layer.backward_lines(self._columns(item))
        wanted = [t for t in templates if hands_back or t.text.split(" = ")[0] != "d{x}"]
        yield from self._filled(Phase.BACKWARD, wanted, item)

    def _has_error(self, place: int) -> bool:
        """Whether the error of the value that so many layers make stands in a line.

        Where nothing before it asks for it, it does so if a line of the next layer makes it along
        with something that is trained.
        """
        after = self.training[place]
        lines = () if isinstance(after.layer, Dense) else after.layer.backward_lines(1)
        beside = any("d{x}, " in line.text.split(" = ")[0] for line in lines)
        return self._is_trained(place) or (beside and after.is_trained)

    def _with_skipped(self, line: Line, item: Named) -> Iterator[Line]:
        """Add to the error of a value what comes back to it by skips.

        The layer right after a value is the last that hands an error back to it, so the sum is
        complete in its line.
        """
        for d in line.outputs:
            parts = self._skipped.pop(d[1:], ())
            if not parts:
                continue
            note = "the error, and what comes back by the skip"
            if len(line.outputs) == 1:
                more = "".join(f" + {part}" for part in parts)
                yield replace(line, text=line.text + more, equation=line.equation + more, note=note)
                return
            # The line makes more than this error: a line of its own adds it up.
            way = f"{d}_by_{item.y}"
            made, right = line.text.split(" = ", 1)
            outputs = tuple(way if name == d else name for name in line.outputs)
            assert made == ", ".join(line.outputs)
            yield replace(line, text=f"{', '.join(outputs)} = {right}", outputs=outputs)
            text = f"{d} = {' + '.join((way, *parts))}"
            shape = line.shapes[line.outputs.index(d)]
            yield Line(Phase.BACKWARD, text, (d,), (shape,), text, note)
            return
        yield line

    def _error_of_last(self) -> Iterator[Line]:
        entry, last = self.description.loss, self.training[-1]
        activation = self.description.output_activation
        names = {"a": self.outputs, "z": self.logits, **entry.options()}
        shape = (("m", last.width),)
        equation = entry.equation(_rename(entry.slope_formula, names))
        if backward_rule(activation, entry) == "short":
            rule = entry.short[activation]
            by_logits = entry.of == "logits" and rule is entry.slope
            d = f"d{self.logits}"
            yield Line(
                Phase.BACKWARD,
                f"{d} = {entry.called(rule, self.logits if by_logits else self.outputs)}",
                (d,),
                shape,
                f"{d} = {equation}",
                "the error of the output layer",
            )
            return
        d = f"d{self.outputs}"
        yield Line(
            Phase.BACKWARD,
            f"{d} = {entry.called(entry.slope, self.outputs)}",
            (d,),
            shape,
            f"{d} = {equation}",
            "how the loss changes with each output",
        )
        yield self._through_activation(last, activation)

    def _through_activation(self, item: Named, name: str) -> Line:
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

    def _through_weights(self, item: Named, layer: Dense, *, hands_back: bool) -> Iterator[Line]:
        dz, w, b = f"d{item.names['z']}", item.names["W"], item.names["b"]
        asked = penalties_of(layer)
        slopes = [f" + {p.slope.__name__}({w}, {value!r})" for p, value in asked]
        formulas = (
            f" + {_rename(p.slope_formula, {'p': w, p.name: repr(value)})}" for p, value in asked
        )
        yield Line(
            Phase.BACKWARD,
            f"d{w} = {item.x}.T @ {dz}{''.join(slopes)}",
            (f"d{w}",),
            ((item.width_in, item.width),),
            f"d{w} = {item.x}ᵀ · {dz}{''.join(formulas)}",
            f"the weights' part: inputs times error{', and the penalty' if asked else ''}",
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
        if hands_back:
            yield Line(
                Phase.BACKWARD,
                f"d{item.x} = {dz} @ {w}.T",
                (f"d{item.x}",),
                (("m", item.width_in),),
                f"d{item.x} = {dz} · {w}ᵀ",
                "the error, handed back through the weights",
            )

    def remember(self) -> Iterator[Line]:
        """Give the lines that bring running statistics forward."""
        for item in self.training:
            yield from self._filled(Phase.REMEMBER, item.layer.remember, item)

    def update(self, optimizer: Optimizer) -> Iterator[Line]:
        """Give the lines of the update and of what stands around it; none where there is no update.

        Gradients are clipped as PyTorch clips them, ahead of weight decay; constraints come after
        the step, and the average is one of weights that obey them.
        """
        template = optimizer.line()
        if template is None:
            return
        yield from self._clipped(optimizer.limits())
        for parameter, shape in self.parameters():
            decay = optimizer.decay_line(parameter.kind)
            if decay is not None:
                yield _line(Phase.DECAY, decay, shape, p=parameter.name)
        for parameter, shape in self.parameters():
            names = {"p": parameter.name}
            names |= {s: f"{s}_{parameter.name}" for s in optimizer.own_state()}
            yield _line(Phase.UPDATE, Template(*template, optimizer.note), shape, **names)
        yield from self._constrained()
        if optimizer.averaging is not None:
            for parameter, shape in self.parameters():
                yield _line(Phase.AVERAGE, averages.LINE, shape, p=parameter.name)

    def _clipped(self, asked: Mapping[str, float]) -> Iterator[Line]:
        """Give the lines that keep the gradients within limits: each number, then all together."""
        found = list(self.parameters())
        if "clip_value" in asked:
            for parameter, shape in found:
                names = {"p": parameter.name, "value": repr(asked["clip_value"])}
                yield _line(Phase.CLIP, limits.CLIP_VALUE, shape, **names)
        if "clip_norm" in asked:
            before = ""
            for parameter, _ in found:
                squares = limits.MORE_SQUARES if before else limits.FIRST_SQUARES
                yield _line(Phase.CLIP, squares, (), p=parameter.name, before=before)
                before = parameter.name
            yield _line(Phase.CLIP, limits.NORM, (), before=before)
            yield _line(Phase.CLIP, limits.SHARE, (), value=repr(asked["clip_norm"]))
            for parameter, shape in found:
                yield _line(Phase.CLIP, limits.CLIP_NORM, shape, p=parameter.name)

    def _constrained(self) -> Iterator[Line]:
        """Give the lines that keep weights within what their layers allow."""
        for item in self.training:
            for constraint, value in constraints_of(item.layer):
                w, shown = item.names["W"], "" if value is True else f", {value!r}"
                template = Template(
                    f"{{p}} = {constraint.function.__name__}({{p}}{shown})",
                    _rename(constraint.formula, {"p": "{p}", constraint.name: repr(value)}),
                    constraint.note,
                )
                yield _line(Phase.CONSTRAIN, template, (item.width_in, item.width), p=w)

    def parameters(self) -> Iterator[tuple[Parameter, Shape]]:
        """Give each parameter with its axes, in the order in which they are drawn."""
        for item in self.training:
            layer = item.layer
            if isinstance(layer, Dense):
                n = (self.sizes[str(item.width_in)], layer.units)
                weights, biases = layer.weight_initializer, layer.bias_initializer
                weights = weights or self._suited(item)
                assert not isinstance(weights, str) and not isinstance(biases, str | None)
                shape = (item.width_in, item.width)
                yield Parameter(item.names["W"], n, weights, "weights"), shape
                if layer.bias:
                    yield Parameter(item.names["b"], n[1:], biases, "biases"), (item.width,)
            for lookup in layer.lookups():
                n = (lookup.rows, lookup.columns)
                axes = tuple(self._names.axis("", size) for size in n)
                name = item.names[lookup.name]
                yield Parameter(name, n, lookup.initializer, "embeddings"), axes
            for name, value in layer.parameters:
                size = (self.sizes[str(item.width)],)
                yield Parameter(item.names[name], size, value), (item.width,)

    def _suited(self, item: Named) -> Initializer:
        """Give the weights' initializer by the first activation that follows."""
        for after in self.training[self.training.index(item) + 1 :]:
            if isinstance(after.layer, Dense):
                break
            if isinstance(after.layer, Activation) or after.layer.gain:
                return suited(after.layer)
        return suited(item.layer)

    def statistics(self) -> Iterator[tuple[Parameter, Shape]]:
        """Give each running statistic with its axes."""
        for item in self.training:
            for name, value in item.layer.statistics:
                shape = (self.sizes[str(item.width)],)
                yield Parameter(item.names[name], shape, value), (item.width,)

    def masks(self) -> Iterator[Mask]:
        """Give each random input."""
        for place, item in enumerate(self.training, start=1):
            for chance in item.layer.random:
                name, amount = item.names[chance.name], getattr(item.layer, chance.option)
                amount_name = f"{chance.option}_{name}"
                yield Mask(name, place, item.width, chance.draw, amount, amount_name)


def _line(phase: Phase, template: Template, shape: Shape, **names: str) -> Line:
    """Put names into a template whose values are all of one shape."""
    text = template.text.format(**names)
    outputs = tuple(part.strip() for part in text.split(" = ", 1)[0].split(","))
    shapes = (shape,) * len(outputs)
    return Line(phase, text, outputs, shapes, template.equation.format(**names), template.note)


def penalties_of(layer: Layer) -> list[tuple[Penalty, float]]:
    """Give the penalties that a layer asks for."""
    asked = ((penalty, getattr(layer, name, 0)) for name, penalty in PENALTIES.items())
    return [(penalty, value) for penalty, value in asked if value]


def constraints_of(layer: Layer) -> list[tuple[Constraint, float | bool]]:
    """Give the constraints that a layer asks for, in the order of their lines."""
    asked = ((constraint, getattr(layer, name, None)) for name, constraint in CONSTRAINTS.items())
    return [(constraint, value) for constraint, value in asked if value]


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
