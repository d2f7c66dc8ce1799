"""What a lesson gives back: the numbers it compared and the pictures it saved."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One compared number or array: what the source prints, what glassnet gives, if they agree.

    `reason` is why they do not, where the source is wrong or where its number depends on a start
    that it does not give. `kind` is "source" for a number of a source, "check" for one number that
    was worked out in two ways.
    """

    what: str
    source: str
    ours: str
    agrees: bool
    reason: str = ""
    kind: str = "source"


@dataclass
class Result:
    """What a lesson gave: its compared rows, and the pictures that were saved."""

    lesson: str
    rows: list[Row] = field(default_factory=list)
    pictures: list[Path] = field(default_factory=list)

    @property
    def unexplained(self) -> list[Row]:
        """Rows that do not agree and have no reason: there should be none."""
        return [row for row in self.rows if not row.agrees and not row.reason]
