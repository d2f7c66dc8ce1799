"""What every loss has: its function, its slope, what it reads, and the call that it writes.

A loss takes what the network gives (its outputs a, or the logits z that the last activation has
not seen yet), the wanted y, both (m, n), and the row weights w of shape (m, 1), which add up to 1
(1/m each where nothing else was said). It returns one number. The slope is the derivative by the
outputs, or by the logits where a loss is computed from them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from glassnet.errors import DescriptionError
from glassnet.rules.activations import Rule
from glassnet.rules.entry import Entry, usual_options

# numbers; chances from 0 to 1; yes and no as 0 and 1 or −1 and 1; numbers from 0 up; classes
Targets = Literal["numbers", "zero_one", "signs", "counts", "classes"]


@dataclass(frozen=True, repr=False)
class Loss(Entry):
    """One loss: its rules, and which output activations it goes with.

    `rules` are the function and its slope; what they take beside a, y and w are fields of the
    entry, by the same names. `of` says what they read: the outputs of the network, or the logits
    before its last activation. `at_once` maps an output activation to a rule that makes dz of the
    last layer from the outputs, or to the slope of a loss of the logits. Without an entry there, a
    loss of the outputs goes through the full backward rule of the activation, and a loss of the
    logits refuses it, for the reason in `refused`.
    """

    rules: ClassVar[tuple[Rule, Rule]]
    formula: ClassVar[str]
    slope_formula: ClassVar[str]
    note: ClassVar[str]
    of: ClassVar[Literal["outputs", "logits"]] = "outputs"
    at_once: ClassVar[Mapping[str, Rule]] = {}
    refused: ClassVar[str] = ""
    rows: ClassVar[Literal["mean", "sum"]] = "mean"  # whether w adds up to 1, or is 1 for every row
    targets: ClassVar[Targets] = "numbers"
    beside: ClassVar[tuple[Rule, ...]] = ()  # other rules that its lines call
    source: ClassVar[str] = "Goodfellow, Bengio, Courville: Deep Learning (2016), section 6.2"

    @property
    def function(self) -> Rule:
        """What gives the loss."""
        return self.rules[0]

    @property
    def slope(self) -> Rule:
        """What gives its derivative by the outputs, or by the logits."""
        return self.rules[1]

    @property
    def short(self) -> Mapping[str, Rule]:
        """What makes dz of the last layer without the activation's slope, by activation."""
        return {**self.at_once, "linear": self.slope}

    @property
    def name(self) -> str:
        """Name of its function, under which it stands in the table."""
        return self.function.__name__

    @property
    def is_named(self) -> bool:
        """Whether its name alone says which loss it is: every option is the usual one."""
        return all(getattr(self, f.name) == f.default for f in dataclasses.fields(self))

    def __str__(self) -> str:
        return self.name if self.is_named else repr(self)

    @property
    def is_yes_or_no(self) -> bool:
        """Whether each column of y is a yes or no of its own."""
        return self.targets in ("zero_one", "signs")

    @property
    def wanted(self) -> str:
        """What its rules are given as y."""
        return "y"

    def called(self, rule: Rule, given: str) -> str:
        """Write the call of a rule, with the options that differ from the rule's own defaults."""
        usual = usual_options(rule)
        shown = [f"{k}={getattr(self, k)!r}" for k, v in usual.items() if getattr(self, k) != v]
        return f"{rule.__name__}({', '.join([given, self.wanted, 'w', *shown])})"

    def options(self) -> dict[str, str]:
        """Give the options as they are written."""
        return {f.name: repr(getattr(self, f.name)) for f in dataclasses.fields(self)}

    def equation(self, formula: str) -> str:
        """Give a formula with what is done to y before."""
        return formula

    def target_columns(self, outputs: int) -> int:
        """Number of columns of y for a number of outputs."""
        return outputs

    def check_outputs(self, outputs: int) -> None:
        """Raise DescriptionError for a number of outputs that the loss cannot take."""
        if self.targets == "classes" and outputs == 1:
            raise DescriptionError(
                f"{self} chooses between classes and needs at least 2 outputs, got 1:"
                " for yes and no use binary_cross_entropy"
            )

    def refuses(self, activation: str) -> str:
        """Say why it does not go with an output activation; nothing where it does."""
        return self.refused if self.of == "logits" and activation not in self.short else ""


def backward_rule(activation: str, loss: Loss) -> Literal["short", "full"]:
    """How the error of the last layer is made: at once, or through the activation's slope.

    Raises DescriptionError for a pair that cannot be, with its reason.

    Example:
        >>> from glassnet.rules.losses import LOSSES
        >>> backward_rule("softmax", LOSSES["cross_entropy"])
        'short'
        >>> backward_rule("tanh", LOSSES["mean_squared_error"])
        'full'

    """
    reason = loss.refuses(activation)
    if reason:
        raise DescriptionError(
            f"{loss} does not go with the output activation {activation!r}: {reason}"
        )
    return "short" if activation in loss.short else "full"
