"""What was found: a Finding, and all of them as Health, as plain data and in print."""

from __future__ import annotations

import enum
import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

Evidence = Mapping[str, int | float | str]
WIDTH = 100  # letters of a printed line


class Severity(enum.StrEnum):
    """How much a finding matters: from what stops learning to what is good to know."""

    FAULT = "fault"
    WARNING = "warning"
    REMARK = "remark"


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Args:
        kind: what sort of thing it is, such as "dead neurons"; one rule, one kind.
        severity: "fault" keeps the network from learning, "warning" harms it or may do so,
            "remark" is good to know.
        what: what was found, in words.
        evidence: the numbers that say so, by name.
        read: where these numbers were read, such as "a1 of the trace".
        remedy: what can be done about it, in glassnet's words.
        layer: number of the layer, from 1; None where it is about no layer.

    Example:
        >>> found = Finding(
        ...     kind="dead neurons", severity=Severity.WARNING, layer=1,
        ...     what="7 of 10 relu neurons of layer 1 are 0 for every row",
        ...     evidence={"dead": 7, "neurons": 10, "rows": 150}, read="a1 of the trace",
        ...     remedy="try leaky_relu",
        ... )
        >>> print(found)
        warning  7 of 10 relu neurons of layer 1 are 0 for every row
                 evidence: dead 7, neurons 10, rows 150 (a1 of the trace)
                 remedy: try leaky_relu

    """

    kind: str
    severity: Severity
    what: str
    evidence: Evidence
    read: str
    remedy: str
    layer: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain data for JSON, which knows no inf and no nan: they are text there."""
        evidence = {
            name: str(value) if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in self.evidence.items()
        }
        return {
            "kind": self.kind,
            "severity": str(self.severity),
            "layer": self.layer,
            "what": self.what,
            "evidence": evidence,
            "read": self.read,
            "remedy": self.remedy,
        }

    def __str__(self) -> str:
        numbers = ", ".join(f"{name} {printed(value)}" for name, value in self.evidence.items())
        parts = self.what, f"evidence: {numbers} ({self.read})", f"remedy: {self.remedy}"
        margin = " " * 9
        text = "\n".join(
            textwrap.fill(part, WIDTH, initial_indent=margin, subsequent_indent=margin)
            for part in parts
        )
        return f"{self.severity:<9}" + text[len(margin) :]


@dataclass(frozen=True)
class Health(Sequence[Finding]):
    """What was found when a network was looked over, the worst first; empty if it is healthy.

    Args:
        findings: what was found.
        network: its short form.
        rows: how many rows were looked at,
        total: of so many.
        epochs: of the history that was read; 0 without one.

    Example:
        >>> import glassnet as gn
        >>> net = gn.Network([2, 3, 1], ["sigmoid", "sigmoid"], random_state=0)
        >>> print(net.health([[0.1, 0.2], [0.3, 0.1]], [300.0, 100.0]))
        1 finding in 2 rows of 2-3-1 sigmoid:
        <BLANKLINE>
        fault    the targets go from 100 to 300, but outputs of sigmoid lie between 0 and 1
                 evidence: lowest_target 100, highest_target 300, lowest_output 0, highest_output 1,
                 out_of_reach 2, targets 2 (y; sigmoid)
                 remedy: let the last layer be linear (gn.Dense(1)), or bring the targets between 0
                 and 1

    """

    findings: tuple[Finding, ...]
    network: str
    rows: int
    total: int
    epochs: int = 0

    @overload
    def __getitem__(self, place: int) -> Finding: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Finding, ...]: ...
    def __getitem__(self, place: int | slice) -> Finding | tuple[Finding, ...]:
        return self.findings[place]

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def as_dict(self) -> dict[str, Any]:
        """Give all of it as plain data for JSON."""
        return {
            "network": self.network,
            "rows": self.rows,
            "total": self.total,
            "epochs": self.epochs,
            "findings": [finding.as_dict() for finding in self],
        }

    @property
    def scope(self) -> str:
        """What was looked at: "150 rows", or "2,000 of 60,000 rows"."""
        rows = f"{self.total:,} row{'' if self.total == 1 else 's'}"
        return rows if self.rows == self.total else f"{self.rows:,} of {rows}"

    def __str__(self) -> str:
        what = f"{self.scope} of {self.network}"
        if self.epochs:
            what += f" and {self.epochs:,} epoch{'' if self.epochs == 1 else 's'}"
        if not self.findings:
            return f"nothing found in {what}"
        count = f"{len(self)} finding{'' if len(self) == 1 else 's'}"
        return "\n\n".join([f"{count} in {what}:", *map(str, self)])


def printed(value: object) -> str:
    """Give a number of the evidence with the digits that a reader wants.

    >>> printed(7), printed(12000), printed(1.23456e-9), printed(0.5), printed("a, b")
    ('7', '12,000', '1.23e-09', '0.5', 'a, b')
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
