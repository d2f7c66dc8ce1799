"""Every value of one step, by name: the lines of a program, run one by one and written down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from glassnet.errors import DataError, DescriptionError, unknown_name
from glassnet.lines import Axis, Line
from glassnet.program import Input, Program, Role

if TYPE_CHECKING:
    from glassnet.explanation import Explanation
    from glassnet.views.drawing import Drawing

Default = TypeVar("Default")


def run_lines(program: Program, values: Mapping[str, Any]) -> Iterator[tuple[Line, dict[str, Any]]]:
    """Run the lines of a step one by one; give each line with what it makes, by name.

    Nothing that is given is changed, and a line is run only when it is asked for.

    Args:
        program: what is run.
        values: every input of a step by name, of the shapes in `program.inputs`.

    Raises:
        DataError: an input is missing, or its shape does not fit.

    Example:
        >>> from glassnet.description import Description
        >>> from glassnet.rules.optimizers import SGD
        >>> program = Program(Description.read("1-1 tanh"), SGD())
        >>> one = np.ones((1, 1))
        >>> given = {"x": one, "y": one, "w": one, "W1": one, "b1": one[0], "learning_rate": 0.1}
        >>> for line, made in run_lines(program, given):
        ...     print(line.text, made)
        ...     break
        z1 = x @ W1 + b1 {'z1': array([[2.]])}

    """
    _check_inputs(program, values)
    return _run(program, values)


def _run(program: Program, values: Mapping[str, Any]) -> Iterator[tuple[Line, dict[str, Any]]]:
    scope: dict[str, Any] = {"np": np, **program.rules}
    for given in program.inputs:
        value = values[given.name]
        # A plain number takes on the dtype of the arrays it meets; an array of no axes does not.
        scope[given.name] = float(value) if given.role is Role.RATE else value
    for line in program.lines:
        with np.errstate(all="ignore"):  # inf and nan are values to be shown, not warned of
            exec(line.code, scope)  # our own text: a line of a program
        yield line, {name: scope[name] for name in line.outputs}


def _check_inputs(program: Program, values: Mapping[str, Any]) -> None:
    missing = [i.name for i in program.inputs if i.name not in values]
    if missing:
        raise DataError(
            f"a step also takes {', '.join(missing)}: give an array for each of"
            f" {', '.join(i.name for i in program.inputs)}"
        )
    rows = np.shape(values["x"])[:1] or (0,)
    sizes: dict[Axis, int] = {"m": rows[0]}
    sizes.update(program.sizes)
    for given in program.inputs:
        shape = np.shape(values[given.name])
        if shape != tuple(sizes.get(axis, axis) for axis in given.shape):
            raise DataError(
                f"{given.name} must have the shape {program.shape_text(given.shape)}, got {shape}"
            )


def trace_step(program: Program, values: Mapping[str, Any]) -> Trace:
    """Run a step line by line and write down every value.

    Args:
        program: what is run.
        values: every input of a step by name, of the shapes in `program.inputs`.

    Raises:
        DataError: an input is missing, or its shape does not fit.

    Example:
        >>> from glassnet.description import Description
        >>> from glassnet.rules.optimizers import SGD
        >>> program = Program(Description.read("1-1 linear"), SGD())
        >>> one = np.ones((1, 1))
        >>> given = {"x": one, "y": one, "w": one, "W1": one, "b1": one[0], "learning_rate": 0.1}
        >>> trace = trace_step(program, given)
        >>> print(trace["z1"], trace["W1"], trace.after("W1"))
        [[2.]] [[1.]] [[0.8]]

    """
    return Trace(program, values, run_lines(program, values))


def prediction_values(program: Program, values: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Run the lines of a prediction one by one and give x and what they make, by name.

    Args:
        program: whose prediction is run.
        values: x (m, inputs), parameters and running statistics by name.

    Example:
        >>> from glassnet.description import Description
        >>> from glassnet.rules.optimizers import SGD
        >>> program = Program(Description.read("1-1 linear"), SGD())
        >>> one = np.ones((1, 1))
        >>> prediction_values(program, {"x": one, "W1": 2 * one, "b1": one[0]})["z1"]
        array([[3.]])

    """
    scope: dict[str, Any] = {"np": np, **program.rules, **values}
    found = {"x": np.asarray(values["x"])}
    for line in program.predict_lines:
        with np.errstate(all="ignore"):  # inf and nan are values to be shown, not warned of
            exec(line.code, scope)  # our own text: a line of a program
        found |= {name: np.asarray(scope[name]) for name in line.outputs}
    return found


class Trace(Mapping[str, NDArray[Any]]):
    """Every value of one step by name, in program order: first the inputs, then what lines make.

    Each line that changes a value gives its new one a prime: `trace["W1"]` is W1 before the step,
    `trace["W1'"]` after the first line that changes it, and so on; `trace.after("W1")` is W1 after
    the whole step. In the same way dW1 is what the backward lines make, and dW1' what clipping or
    weight decay then makes of it. A linear layer writes no line for its output, which is z;
    `trace["a2"]` still answers, with z2. All arrays are read-only.

    Args:
        program: what was run.
        values: the inputs of the step by name; they are copied.
        made: each line with what it made, by name.

    Raises:
        DescriptionError: for a name that is not there, with those that are.

    """

    def __init__(
        self,
        program: Program,
        values: Mapping[str, Any],
        made: Iterator[tuple[Line, dict[str, Any]]],
    ) -> None:
        self.program = program
        self._values = {i.name: _read_only(np.array(values[i.name])) for i in program.inputs}
        self._inputs = {i.name: i for i in program.inputs}
        self._lines: dict[str, Line] = {}
        self._reads: dict[str, Mapping[str, str]] = {}
        newest = {name: name for name in self._values}  # what a name stands for at this line
        for line, results in made:
            before = MappingProxyType(dict(newest))
            for name, value in results.items():
                newest[name] = newest[name] + "'" if name in newest else name
                self._values[newest[name]] = _read_only(np.asarray(value).view())
                self._lines[newest[name]] = line
                self._reads[newest[name]] = before
        self._aliases = self._names_of_linear_outputs()

    def _names_of_linear_outputs(self) -> dict[str, str]:
        pairs = {f"a{name[1:]}": name for name in self._values if name[0] == "z"}
        pairs |= {f"d{a}": f"d{z}" for a, z in pairs.items() if f"d{z}" in self._values}
        return {a: z for a, z in pairs.items() if a.removeprefix("d") not in self._values}

    # --------------------------------------------------------------------------- the values

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._values[self.name_of(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, name: object) -> bool:
        return name in self._values or name in self._aliases

    def get(  # type: ignore[override]
        self, name: str, default: Default | None = None
    ) -> NDArray[Any] | Default | None:
        """Give a value, or the default where there is none of this name."""
        if name not in self:
            return default
        return self[name]

    __eq__ = object.__eq__  # a comparison of all arrays would have no single answer
    __hash__ = object.__hash__

    def name_of(self, name: str) -> str:
        """Give the name under which the program knows a value: itself, but z2 for a linear a2.

        Raises DescriptionError if there is none.
        """
        known = self._aliases.get(name, name)
        if known not in self._values:
            raise unknown_name("value", name, self._values)
        return known

    def after(self, name: str) -> NDArray[Any]:
        """Give what a parameter, a running statistic or an optimizer's state is after the step.

        Raises DescriptionError for a name that the step does not change.
        """
        last = self.last_name_of(name)
        if last == self.name_of(name):
            names = dict.fromkeys(n.rstrip("'") for n in self._values if n.endswith("'"))
            raise DescriptionError(
                f"{name} is not changed by this step. Changed: {', '.join(names) or 'nothing'}"
            )
        return self._values[last]

    def last_name_of(self, name: str) -> str:
        """Give the name, with its primes, that a value has after the last line that changes it."""
        last = self.name_of(name)
        while last + "'" in self._values:
            last += "'"
        return last

    # ------------------------------------------------------------------- where they come from

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines, in the order in which they were run."""
        return self.program.lines

    def line_of(self, name: str) -> Line | None:
        """Give the line that made a value, or None for an input of the step."""
        return self._lines.get(self.name_of(name))

    def input_of(self, name: str) -> Input | None:
        """Give the input of the program that a value is, or None if a line made it."""
        return self._inputs.get(self.name_of(name))

    def read_as(self, name: str) -> Mapping[str, str]:
        """For a value that a line made: each name that the line could read, as named here."""
        return self._reads[self.name_of(name)]

    def first_not_finite(self) -> tuple[Line | None, str] | None:
        """Give the first value that has inf or nan in it, and its line (None for an input).

        None if all numbers of the step are finite.
        """
        for name, value in self._values.items():
            if not np.isfinite(value).all():
                return self._lines.get(name), name
        return None

    def explain(self, what: str) -> Explanation:
        """Explain one number, such as "dW1[0, 1]": its arithmetic, and where its parts were made.

        Raises DescriptionError if there is no such number.
        """
        from glassnet.explanation import explain  # it stands above, and is not always needed

        return explain(self, what)

    def draw(
        self,
        *,
        row: int = 0,
        gradients: bool = False,
        most: int = 16,
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
    ) -> Drawing:
        """Draw the network with one row of this step, and its gradients; see `Network.draw`.

        Raises DataError for a row that is not there, or names that are too few or too many.

        >>> import glassnet as gn
        >>> trace = gn.Network("2-3-1 tanh", random_state=0).trace([[1.0, -1.0]], [0.5])
        >>> trace.draw(gradients=True)
        Drawing('2-3-1 tanh', 6 neurons, 9 lines)
        """
        from glassnet.views.drawing import draw_trace  # it stands above, and is not always needed

        return draw_trace(
            self,
            row=row,
            gradients=gradients,
            most=most,
            input_names=input_names,
            output_names=output_names,
        )

    # ------------------------------------------------------------------------ in print

    def __repr__(self) -> str:
        rows = len(self._values["x"])
        return f"Trace({self.program.description.short()!r}, {rows} rows): {', '.join(self)}"

    def __str__(self) -> str:
        """Give a table: each value with its shape and the line that made it."""
        shapes = [str(value.shape) for value in self._values.values()]
        names, lengths = max(map(len, self)), max(map(len, shapes))
        return "\n".join(
            f"{name:<{names}}  {shape:<{lengths}}  {self._origin(name)}"
            for name, shape in zip(self, shapes, strict=True)
        )

    def _origin(self, name: str) -> str:
        if name in self._lines:
            return self._lines[name].text
        given = self._inputs[name]
        return f"{given.role.value}: {given.note}"


def _read_only(value: NDArray[Any]) -> NDArray[Any]:
    value.flags.writeable = False
    return value
