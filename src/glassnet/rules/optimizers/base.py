"""What every optimizer has: its rates, the line that it writes, and weight decay.

In a line, {p} is the parameter, d{p} its gradient, and {name} a state array of the parameter's own
shape, all zeros at first. Rates are numbers that change from step to step: the learning rate, and
whatever else `own_rates_at` gives. What stands around the update, such as decay, has lines of its
own: no rule of an optimizer knows of it.
"""

# ruff: noqa: D103 - each rule is described by the optimizer that writes it

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from glassnet.rules.averages import Average, average_from_json
from glassnet.rules.entry import (
    FRACTION,
    NONE_OR_POSITIVE,
    POSITIVE,
    Check,
    Entry,
    OptionRule,
    Template,
    option,
    usual_options,
)
from glassnet.rules.schedules import NOT_NEGATIVES, Schedule, schedule_of, with_schedules

# What a parameter is: a Dense layer's W or b, what a norm scales and shifts its numbers by, or an
# Embedding's table. A table is a kind of its own, and no weight, because decay shrinks a row at
# every step, and only the steps whose batch has its category raise it again: rare ones would fade.
PARAMETER_KINDS = ("weights", "biases", "scales", "embeddings")


def with_decay(dp, p, weight_decay):
    return dp + weight_decay * p


def shrunk(p, learning_rate, weight_decay):
    return p * (1 - learning_rate * weight_decay)


DECAYS = {
    decay.name: decay
    for decay in (
        OptionRule(
            "coupled",
            "dp ← dp + weight_decay · p",
            "a part of the gradient, which running means see: that of all but AdamW and Lion",
            "Krogh, Hertz: A Simple Weight Decay Can Improve Generalization (1991)",
        ),
        OptionRule(
            "decoupled",
            "p ← p · (1 − learning_rate · weight_decay)",
            "a part of the step, which no running mean sees: that of AdamW and Lion",
            "Loshchilov, Hutter: Decoupled Weight Decay Regularization (2019)",
        ),
    )
}


# What a schedule may give too: such an option is then a rate of its own name.
RATE = NOT_NEGATIVES
AVERAGED = Check(
    lambda v: v is None or isinstance(v, Average), "an average such as gn.EMA(0.999), or None"
)
AVERAGE = "average"  # the name of its state arrays
KINDS = Check(
    lambda v: isinstance(v, tuple) and all(kind in PARAMETER_KINDS for kind in v),
    f"some of {', '.join(map(repr, PARAMETER_KINDS))}",
)


@dataclass(frozen=True, repr=False)
class Optimizer(Entry):
    """How a gradient becomes a step."""

    state: ClassVar[tuple[str, ...]] = ()
    note: ClassVar[str] = ""
    source: ClassVar[str] = ""
    rate_notes: ClassVar[Mapping[str, str]] = {
        "learning_rate": "the size of a step",
        "momentum": "the part of the last velocity that goes on",
        "weight_decay": "how much of a decayed parameter is taken away",
        "average_share": "the part of this step's weights in their average",
    }

    @property
    def schedule(self) -> Schedule:
        """The learning rate as a schedule."""
        return schedule_of(getattr(self, "learning_rate", 1.0))

    @property
    def schedules(self) -> dict[str, Schedule]:
        """The options that are given as schedules, by name."""
        options = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return {name: v for name, v in options.items() if isinstance(v, Schedule)}

    @property
    def averaging(self) -> Average | None:
        """How the weights of all steps are averaged, or None."""
        return getattr(self, "average", None)

    def own_state(self) -> tuple[str, ...]:
        """Names of the state arrays that the update of one parameter has."""
        return self.state

    def state_names(self) -> tuple[str, ...]:
        """Names of all state arrays of one parameter."""
        return (*self.own_state(), *(() if self.averaging is None else (AVERAGE,)))

    def line(self) -> tuple[str, str] | None:
        """Give the template of the update line and its equation; None where there is none."""
        raise NotImplementedError

    def limits(self) -> Mapping[str, float]:
        """Give the limits on gradients that are asked for: some of clip_value and clip_norm."""
        return {}

    def decay_line(self, kind: str) -> Template | None:
        """Give the template of the line by which one kind of parameter decays, if it does."""
        return None

    def own_rates(self) -> tuple[str, ...]:
        """Names of the numbers in the update that change from step to step.

        Other options than the learning rate, given as schedules, are rates beside these.
        """
        return ("learning_rate",)

    def own_rates_at(self, step: Any, done: float) -> tuple[Any, ...]:
        """Give those numbers for a step, counted from 1, when a part `done` of the fit is over.

        For an array of steps, each number but the learning rate may be an array as well.
        """
        return (self.schedule.rate(done),)

    def rate_names(self) -> tuple[str, ...]:
        """Names of all numbers that change from step to step, the learning rate first."""
        return (*self.own_rates(), *(() if self.averaging is None else ("average_share",)))

    def rates_at(self, step: Any, done: float, steps: int = 1) -> tuple[Any, ...]:
        """Give all those numbers for a step, when a part `done` of the `steps` of a fit is over."""
        own, average = self.own_rates_at(step, done), self.averaging
        return own if average is None else (*own, average.share(step, round(done * steps), steps))

    def called(self, rule: Callable[..., Any]) -> str:
        """Write the call of a rule, with the options that differ from the rule's own defaults."""
        state = [f"{{{name}}}" for name in self.own_state()]
        usual = usual_options(rule)
        shown = [f"{k}={self.written(k)}" for k, v in usual.items() if getattr(self, k) != v]
        takes = ["{p}", "d{p}", *state, *self.own_rates(), *shown]
        return f"{', '.join(['{p}', *state])} = {rule.__name__}({', '.join(takes)})"

    def written(self, name: str) -> str:
        """Write an option as it stands in a line: a number in full, a schedule by its name."""
        value = getattr(self, name)
        return name if isinstance(value, Schedule) else repr(value)

    @classmethod
    def from_json(cls, data: Any) -> Any:
        """Make the optimizer again from plain data."""
        data = with_schedules(cls, data)
        if isinstance(data.get("average"), dict):
            data = {**data, "average": average_from_json(data["average"])}
        return super().from_json(data)


@dataclass(frozen=True, repr=False)
class Stepping(Optimizer):
    """An optimizer with a learning rate, and with lines around its update on request.

    Learning rate, weight decay, and momentum where there is one, are each a number or a schedule.
    Weight decay is *coupled*, as a part of the gradient (dp + weight_decay·p), or *decoupled*, as a
    part of the step that no running mean sees (p·(1 − learning_rate·weight_decay)).
    `decayed` says which kinds of parameters it is for: "weights" alone, unless told otherwise,
    since a bias or the scale of a norm does not make a network bend more by being large.

    `clip_value` cuts every number of a gradient to −clip_value … clip_value, and then `clip_norm`
    shortens all gradients alike, if as one vector they are longer, by PyTorch's formula
    clip_norm / (norm + 10⁻⁶). `average` keeps an average of the weights, such as `gn.EMA(0.999)`,
    which predicts once a fit is over.
    """

    learning_rate: float | Schedule = option(RATE, 0.01)
    _: KW_ONLY
    weight_decay: float | Schedule = option(RATE, 0.0)
    decayed: tuple[str, ...] = option(KINDS, ("weights",))
    clip_value: float | None = option(NONE_OR_POSITIVE, None, later=True)
    clip_norm: float | None = option(NONE_OR_POSITIVE, None, later=True)
    average: Average | None = option(AVERAGED, None, later=True)
    decoupled: ClassVar[bool] = False

    def __post_init__(self) -> None:
        kinds: Any = self.decayed
        if isinstance(kinds, str | list):  # one kind alone, or JSON's list of them
            kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds)
            object.__setattr__(self, "decayed", kinds)
        super().__post_init__()

    def limits(self) -> Mapping[str, float]:
        """Give the limits on gradients that are asked for."""
        asked = {"clip_value": self.clip_value, "clip_norm": self.clip_norm}
        return {name: limit for name, limit in asked.items() if limit is not None}

    def decay_line(self, kind: str) -> Template | None:
        """Give the template of the line by which one kind of parameter decays, if it does."""
        if not self.weight_decay or kind not in self.decayed:
            return None
        decay = self.written("weight_decay")
        if self.decoupled:
            return Template(
                f"{{p}} = shrunk({{p}}, learning_rate, {decay})",
                f"{{p}} ← {{p}} · (1 − learning_rate · {decay})",
                "what is large and not needed shrinks",
            )
        return Template(
            f"d{{p}} = with_decay(d{{p}}, {{p}}, {decay})",
            f"d{{p}} ← d{{p}} + {decay} · {{p}}",
            "what is large and not needed is drawn to 0",
        )


@dataclass(frozen=True, repr=False)
class ByMoments(Stepping):
    """What Adam's family shares: running means that begin at 0, and are corrected for that."""

    beta1: float = option(FRACTION, 0.9)
    beta2: float = option(FRACTION, 0.999)
    epsilon: float = option(POSITIVE, 1e-8)
    state: ClassVar[tuple[str, ...]] = ("mean", "square")
    rate_notes: ClassVar[Mapping[str, str]] = {
        **Optimizer.rate_notes,
        "correction1": "1 − beta1^t at step t = 1, 2, …",
        "correction2": "1 − beta2^t at step t = 1, 2, …",
    }

    def own_rates(self) -> tuple[str, ...]:
        """Give the learning rate and the two corrections for moments that began at 0."""
        return ("learning_rate", "correction1", "correction2")

    def own_rates_at(self, step: Any, done: float) -> tuple[Any, ...]:
        """Give rate, 1 − β1^t and 1 − β2^t."""
        return self.schedule.rate(done), 1 - self.beta1**step, 1 - self.beta2**step
