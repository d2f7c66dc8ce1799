"""What every entry of a rule table has in common: checked options, a printed form, a JSON form."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from glassnet.errors import DescriptionError


@dataclass(frozen=True)
class Check:
    """A condition on one option, with the words that say what would be right."""

    holds: Callable[[Any], bool]
    wanted: str

    def received(self, value: Any) -> str:
        """Say what was given instead."""
        return repr(value)


def is_number(value: object) -> bool:
    """Whether a value is a finite real number (a bool is not).

    >>> is_number(0.5), is_number(True), is_number(float("nan"))
    (True, False, False)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:  # an integer beyond every float
        return False


def is_integer(value: object) -> bool:
    """Whether a value is an integer (a bool is not)."""
    return isinstance(value, int) and not isinstance(value, bool)


NUMBER = Check(is_number, "a finite number")
POSITIVE = Check(lambda v: is_number(v) and v > 0, "a number above 0")
FRACTION = Check(lambda v: is_number(v) and 0 <= v < 1, "a number from 0 up to, not including, 1")
SHARE = Check(lambda v: is_number(v) and 0 < v < 1, "a number above 0 and below 1")
PART = Check(lambda v: is_number(v) and 0 < v <= 1, "a number above 0 and up to 1")
NOT_NEGATIVE = Check(lambda v: is_number(v) and v >= 0, "a number from 0 up")
NONE_OR_POSITIVE = Check(
    lambda v: v is None or (is_number(v) and v > 0), "a number above 0, or None"
)
WHOLE = Check(lambda v: is_integer(v) and v >= 0, "a whole number from 0 up")
COUNT = Check(lambda v: is_integer(v) and v >= 1, "a whole number from 1 up")
FLAG = Check(lambda v: isinstance(v, bool), "True or False")


@functools.cache
def usual_options(rule: Callable[..., Any]) -> dict[str, Any]:
    """Give the options of a rule with their defaults."""
    parameters = inspect.signature(rule).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def option(check: Check, default: Any = dataclasses.MISSING, *, later: bool = False) -> Any:
    """A dataclass field whose value is checked when the entry is made.

    One that came later than the first model files is left out of the JSON form where it has its
    default: so those files are read as ever.
    """
    return field(default=default, metadata={"check": check, "later": later})


@dataclass(frozen=True)
class OptionRule:
    """A rule that an option of a layer or of an optimizer adds to a program, under its name."""

    name: str
    formula: str
    note: str
    source: str


@dataclass(frozen=True)
class Template:
    """One line of a program before the names are put in, with what it means."""

    text: str
    equation: str
    note: str


def check_options(holder: Any, place: str = "") -> None:
    """Check every option of a dataclass, and make plain numbers of NumPy's.

    Raises DescriptionError, which begins with the place, when one is out of its range.
    """
    for f in dataclasses.fields(holder):
        value = getattr(holder, f.name)
        if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
            value = value.item()
            object.__setattr__(holder, f.name, value)
        check = f.metadata.get("check")
        if check is not None and not check.holds(value):
            raise DescriptionError(
                f"{place}{f.name} must be {check.wanted}, got {check.received(value)}"
            )


@dataclass(frozen=True)
class Entry:
    """One entry of a rule table: a frozen dataclass whose fields are its options.

    Raises DescriptionError when an option is out of its range.
    """

    kind: ClassVar[str] = "entry"

    def __post_init__(self) -> None:
        check_options(self, f"{type(self).__name__}: ")

    def __repr__(self) -> str:
        shown = []
        for f in dataclasses.fields(self):
            value = getattr(self, f.name)
            if f.default is dataclasses.MISSING:
                shown.append(repr(value))
            elif value != f.default:
                shown.append(f"{f.name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def to_json(self) -> dict[str, Any]:
        """The entry as plain data: its name and its options."""
        options = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        for f in dataclasses.fields(self):
            if f.metadata.get("later") and options[f.name] == f.default:
                del options[f.name]
        return {"name": type(self).__name__, **{k: _plain(v) for k, v in options.items()}}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Make the entry again from plain data; unknown options are an error."""
        known = {f.name for f in dataclasses.fields(cls)}
        for key in data:
            if key != "name" and key not in known:
                raise DescriptionError(f"{cls.__name__} has no option {key!r}: {sorted(known)}")
        for f in dataclasses.fields(cls):
            if f.default is dataclasses.MISSING and f.name not in data:
                raise DescriptionError(f"{cls.__name__} needs the option {f.name!r}")
        return cls(**{k: v for k, v in data.items() if k != "name"})


def plain(value: Any) -> Any:
    """Give an array of one number as a plain number, whose type no array takes over."""
    return float(value) if getattr(value, "ndim", None) == 0 else value


def _plain(value: Any) -> Any:
    """Give an option as JSON would give it back."""
    if isinstance(value, tuple):
        return list(value)
    return value.to_json() if isinstance(value, Entry) else value
