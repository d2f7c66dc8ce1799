"""The run that is walked: a training, the place that is looked at, and what is seen from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassnet.callbacks.protocol import CallbackLike
from glassnet.class_weight import ClassWeight
from glassnet.errors import DataError, DescriptionError, NotFiniteError, TrainingError
from glassnet.explanation import Explanation
from glassnet.explanation.names import checked, parsed
from glassnet.history import History
from glassnet.lines import Line
from glassnet.network import Metrics, Network, RandomState
from glassnet.outside import explain_batch, explain_first_weight
from glassnet.program import Program
from glassnet.recording.figures import explain_recorded
from glassnet.recording.moments import Moment, Moves
from glassnet.recording.replay import Replay
from glassnet.rules.entry import is_integer
from glassnet.rules.optimizers import Optimizer
from glassnet.rules.optimizers import optimizer as optimizer_of
from glassnet.trace import Trace
from glassnet.training.guard import cause_of
from glassnet.training.loop import Loop
from glassnet.training.options import USUAL_BATCH, listed
from glassnet.training.tape import Tape

if TYPE_CHECKING:
    from glassnet.what_if import WhatIf

HISTORY = "history."


class Recording:
    """A training that can be walked by line, layer, phase, batch and epoch, forwards and back.

    It trains the network as `fit` does, and leaves it with the same weights and the same history,
    bit for bit. What is kept are copies of the weights: at most 64, or 256 MB, of them, as many
    again around the place that is looked at, and a few traces there. Any other step is done again
    from the copy behind it, by the engine of the run, with its rows, masks and rates. Only a step
    that is looked at is traced line by line.

    Epochs, batches and lines are counted from 1, as in messages; those of this fit. The place that
    is looked at is a line that has just been run: at first the first one. A training that ended
    with inf or nan raises nothing here: `error` says what happened, and the last step is the one
    that did it.

    The trace of a step is made by NumPy from the very weights that the step began with. Where the
    run was compiled, the last digits of what the lines make may differ from what the compiled step
    made; the next step again begins with the weights of the run.

    Args:
        network: is trained.
        X: (m, inputs).
        y: (m, outputs), or class numbers (m,).
        others: as in `fit`.

    Raises:
        DataError: arrays that do not fit.
        DescriptionError: an option out of its range; L-BFGS and nudged gradients, whose steps do
            not follow from lines of the program.

    Example:
        >>> import glassnet as gn
        >>> X, y = gn.datasets.exam()
        >>> net = gn.Network("2-3-1 sigmoid", random_state=0)
        >>> run = gn.Recording(net, X, y, epochs=20, batch_size=2, verbose=False)
        >>> run
        Recording(20 epochs, 40 steps; at epoch 1, batch 1, line 1: z1 = x @ W1 + b1)
        >>> run.go(epoch=3, batch=2, line="dW1")
        >>> run.line.text, run.rows.tolist(), run.values_made["dW1"].shape
        ('dW1 = x.T @ dz1', [2], (2, 3))
        >>> run.back(by="batch"), run.epoch, run.batch
        (True, 3, 1)

    """

    def __init__(
        self,
        network: Network,
        X: ArrayLike,
        y: ArrayLike,
        *,
        epochs: int = 100,
        batch_size: int | None = USUAL_BATCH,
        optimizer: str | Optimizer = "adam",
        validation: float | Sequence[ArrayLike] | None = None,
        early_stopping: int | None = None,
        metrics: Metrics = (),
        callbacks: Iterable[CallbackLike] | CallbackLike | None = (),
        sample_weight: ArrayLike | None = None,
        class_weight: ClassWeight = None,
        shuffle: bool = True,
        random_state: RandomState = None,
        gradients: str = "exact",
        engine: str = "auto",
        threads: int | None = None,
        time_limit: float | None = None,
        verbose: bool | None = None,
    ) -> None:
        _check(network, optimizer, gradients)
        self._made_with = network.seed  # its first weights
        tape = Tape()
        # Copies: what the caller does to these arrays later must not change what was recorded.
        X, y, sample_weight = deepcopy((X, y, sample_weight))
        self.error: NotFiniteError | None = None  # how it ended, where it ended badly
        try:
            network.fit(
                X,
                y,
                epochs=epochs,
                batch_size=batch_size,
                optimizer=optimizer,
                validation=validation,
                early_stopping=early_stopping,
                metrics=metrics,
                callbacks=(*listed(callbacks), tape),
                sample_weight=sample_weight,
                class_weight=class_weight,
                shuffle=shuffle,
                random_state=random_state,
                gradients=gradients,
                engine=engine,
                threads=threads,
                time_limit=time_limit,
                verbose=verbose,
            )
        except NotFiniteError as error:
            self.error = error
        assert isinstance(tape.run, Loop)
        self._loop = tape.run
        self._replay = Replay(self._loop, tape)
        self.history: History = self._loop.history
        self.program: Program = self._loop.values.program
        self.batches: int = self._loop.work.batches.per_epoch  # in an epoch
        self.note = ""  # why the last move led nowhere
        self._moves = Moves(self.program.lines, self._steps(), self.batches)
        self._at = Moment(0, 0)

    def _steps(self) -> int:
        """Count the steps that can be looked at; the one that failed is one of them."""
        steps = self._loop.step
        if self.error is not None:
            fault = self._loop.guard.fault
            steps = self._loop.step + 1 if fault is None else fault + 1
        if not steps:
            raise TrainingError(
                "training was stopped before its first step was done: there is nothing to walk"
            )
        return steps

    # ------------------------------------------------------------------------ where it stands

    def __len__(self) -> int:
        """Count the steps, one for each batch of each epoch."""
        return self._moves.steps

    @property
    def epochs(self) -> int:
        """Epochs that can be looked at, the last of which may not be whole."""
        return -(-len(self) // self.batches)

    @property
    def epoch(self) -> int:
        """The epoch, from 1."""
        return self._at.step // self.batches + 1

    @property
    def batch(self) -> int:
        """The batch within its epoch, from 1."""
        return self._at.step % self.batches + 1

    @property
    def step(self) -> int:
        """The step of the whole run, from 1."""
        return self._at.step + 1

    @property
    def line_number(self) -> int:
        """The number of the line in the program, from 1."""
        return self._at.line + 1

    @property
    def line(self) -> Line:
        """The line that has just been run."""
        return self.program.lines[self._at.line]

    @property
    def place(self) -> Moment:
        """The place, to come back to by `go_to`."""
        return self._at

    # ------------------------------------------------------------------------ to walk

    def next(self, by: str = "line") -> bool:
        """Go on; at the end stay there, with the reason in `note`, and give False.

        Args:
            by: "line", or the first line of the next "layer" or "phase", or the same line of the
                next "batch" or "epoch".

        Raises:
            DescriptionError: a kind of move that is not known.

        """
        return self._went(self._moves.next(self._at, by), by, "last", self._ending())

    def back(self, by: str = "line") -> bool:
        """Go back; at the beginning stay there, with the reason in `note`, and give False.

        Args:
            by: "line", "layer" or "phase" (to its first line, or else that of the one before it),
                "batch" or "epoch" (to the same line).

        Raises:
            DescriptionError: a kind of move that is not known.

        """
        return self._went(self._moves.back(self._at, by), by, "first", "the run begins here")

    def _went(self, place: Moment | None, by: str, end: str, why: str) -> bool:
        self.note = f"this is the {end} {by}: {why}" if place is None else ""
        if place is not None:
            self._at = place
        return place is not None

    def _ending(self) -> str:
        best = self.history.best_epoch
        kept = f"; the network was given the weights of epoch {best} back" if best else ""
        return f"the run ended here, {self.history.stopped}{kept}"

    def go(self, epoch: int = 1, batch: int = 1, line: int | str = 1) -> None:
        """Go to a line of a batch of an epoch.

        Args:
            epoch: from 1.
            batch: from 1.
            line: from 1, or a value that it makes, such as "dW1"; "W1'" is W1 after the update.

        Raises:
            DataError: there is no such epoch, batch or line.
            DescriptionError: no line makes a value of this name.

        """
        _check_within("epoch", epoch, self.epochs)
        last = len(self) - (epoch - 1) * self.batches
        _check_within(f"batch of epoch {epoch}", batch, min(self.batches, last))
        step = (epoch - 1) * self.batches + batch - 1
        if not isinstance(line, str):
            _check_within("line", line, len(self.program.lines))
            self.go_to(Moment(step, line - 1))
            return
        self.go_to(Moment(step, self._line_that_makes(line, step)))

    def go_to(self, place: Moment) -> None:
        """Go to a place where the run was looked at before."""
        self.note = ""
        self._at = place

    def _line_that_makes(self, name: str, step: int) -> int:
        trace = self._replay.trace(step)
        line = trace.line_of(name)
        if line is None:
            raise DescriptionError(
                f"no line makes {name}, which the step is given: go to the line that makes"
                f" {next(iter(self.program.lines)).outputs[0]}, or {name}' for what the step makes"
                f" of it"
            )
        return self._number_of(line)

    # ------------------------------------------------------------------------ what is seen

    @property
    def trace(self) -> Trace:
        """Every value of this step."""
        return self._replay.trace(self._at.step)

    @property
    def values_made(self) -> Mapping[str, NDArray[Any]]:
        """What the line has made, by name, as in the trace: W1' is the new W1."""
        names = made_by(self.trace, self.line)
        return MappingProxyType({name: self.trace[name] for name in names})

    @property
    def values_read(self) -> Mapping[str, NDArray[Any]]:
        """What the line has read, by name, as in the trace."""
        read = self.trace.read_as(made_by(self.trace, self.line)[0])
        names = [read[name] for name in self.line.code.co_names if name in read]
        return MappingProxyType({name: self.trace[name] for name in names})

    @property
    def weights(self) -> Mapping[str, NDArray[Any]]:
        """Parameters and running statistics by name, as they are when the line has been run.

        Where an average of the weights predicts, these are the weights under way.
        """
        newest = self._names_now()
        kept = (*self.program.parameters, *self.program.statistics)
        return MappingProxyType({p.name: self.trace[newest[p.name]] for p in kept})

    def _names_now(self) -> Mapping[str, str]:
        """Give the name in the trace of each value, as the next line could read it."""
        lines, trace = self.program.lines, self.trace
        if self._at.line + 1 < len(lines):
            return trace.read_as(made_by(trace, lines[self._at.line + 1])[0])
        return {name: trace.last_name_of(name) for name in trace if not name.endswith("'")}

    @property
    def rows(self) -> NDArray[np.int64]:
        """The rows of X that the batch takes, by their numbers from 0.

        Those held back for validation and those of weight 0 are never among them.
        """
        return self._replay.rows(self._at.step)

    @property
    def rates(self) -> Mapping[str, float]:
        """The learning rate of this step, and whatever else changes from step to step."""
        numbers = self._replay.rates(self._at.step).tolist()
        return MappingProxyType(dict(zip(self.program.all_rate_names, numbers, strict=True)))

    @property
    def loss(self) -> float:
        """The loss of this step's batch, before its update."""
        return float(self.trace["loss"])

    @property
    def fault(self) -> Moment:
        """Where the first inf or nan was made in a run that ended with one.

        Raises TrainingError where all numbers stayed finite.
        """
        if self.error is None:
            raise TrainingError("nothing became inf or nan in this run")
        step = len(self) - 1
        found = self.not_finite_in(step)
        return Moment(step, 0) if found is None else found[0]

    def not_finite_in(self, step: int) -> tuple[Moment, str] | None:
        """Give where a step, from 0, makes its first inf or nan, and what it is in words.

        None if all its numbers are finite. A step may make some and leave the weights finite.
        """
        trace = self._replay.trace(step)
        found = trace.first_not_finite()
        if found is None:
            return None
        line = found[0]
        return Moment(step, 0 if line is None else self._number_of(line)), cause_of(trace)

    def _number_of(self, line: Line) -> int:
        return next(n for n, other in enumerate(self.program.lines) if other is line)

    def explain(self, what: str) -> Explanation:
        """Explain a number: where it comes from, in letters, in numbers, and in words.

        Args:
            what: of this step, such as "dW1[0, 1]", "learning_rate" or "keep1[0, 2]"; or "rows" of
                the batch; or a figure of the history, such as "history.loss[0]", whose epochs are
                counted from 0.

        Raises:
            DescriptionError: there is no such number.

        """
        if what.strip() == "rows":
            work, numbers = self._loop.work, self._loop.after.rows.numbers
            epoch, position = divmod(self._at.step, self.batches)
            return explain_batch(work.batches, work.epochs_before + epoch, position, numbers)
        if what.startswith(HISTORY):
            return explain_recorded(self._replay, what.removeprefix(HISTORY))
        found = self.trace.explain(what)
        return self._with_first_weight(what, found)

    def _with_first_weight(self, what: str, found: Explanation) -> Explanation:
        """Say how a weight was drawn, in the step that begins with it as it was drawn."""
        name, index = parsed(what)
        new = not self._at.step and not self._loop.before.epochs
        if not new or index is None or name not in self.program.parameter_shapes:
            return found
        index = checked(self.trace, name, name, index)
        drawn = explain_first_weight(self.program, self._made_with, name, index)
        if self.trace[name].dtype.type(drawn.value) != self.trace[name][index]:
            return found  # it was set, fitted to the data, or drawn by another seed
        remarks = (*found.remarks, drawn.origin, *drawn.remarks)
        return replace(found, steps=drawn.steps, operands=drawn.operands, remarks=remarks)

    def what_if(self, changes: Mapping[str, Any]) -> WhatIf:
        """Run this step with other numbers, as in {"W1[0, 2]": 0.5}; see `Trace.what_if`.

        Raises DescriptionError and DataError for what cannot be changed so.
        """
        return self.trace.what_if(changes)

    # ------------------------------------------------------------------------ in print

    def __repr__(self) -> str:
        steps = len(self)
        epochs = f"{self.epochs} epoch{'s' if self.epochs != 1 else ''}"
        return (
            f"Recording({epochs}, {steps} step{'s' if steps != 1 else ''}; at epoch {self.epoch},"
            f" batch {self.batch}, line {self.line_number}: {self.line.text})"
        )


def made_by(trace: Trace, line: Line) -> list[str]:
    """Give the names, as in a trace, of what a line made."""
    return [name for name in trace if trace.line_of(name) is line]


def _check(network: Any, asked: str | Optimizer, gradients: str) -> None:
    """Raise DescriptionError for what is no network, and for trainings without lines to walk."""
    if not isinstance(network, Network):
        raise DescriptionError(
            f"a recording trains a network, such as gn.Network('2-3-1 sigmoid'), got {network!r}"
        )
    optimizer = optimizer_of(asked)
    if optimizer.line() is None:
        raise DescriptionError(
            f"a recording does single steps again, and {optimizer!r} makes none: SciPy decides how"
            " far it goes, by the rows of all its steps before; take another optimizer, such as"
            " gn.Adam(), or look at one gradient with net.trace"
        )
    if gradients == "nudged":
        raise DescriptionError(
            "a recording shows the lines of the program at work, and nudged gradients come from no"
            " line: leave gradients out"
        )


def _check_within(what: str, number: Any, last: int) -> None:
    if isinstance(number, np.integer):
        number = int(number)
    if not is_integer(number) or not 1 <= number <= last:
        name = what.partition(" ")[0]
        raise DataError(f"there is no {what} {number!r}: {name} must be from 1 to {last}")
