"""The only training loop: batches, order, validation, callbacks, the guard.

options.py      what a fit may be asked for, checked
first_weights.py   initializers that look at the training rows
split.py        the rows that are kept for validation
evaluation.py   outputs, loss and metrics as prediction sees them
epochs.py       what happens after an epoch: validation, metrics, callbacks
rate_factor.py  what callbacks multiply the learning rate by
pace.py         how long the engine runs at a time, and how Ctrl-C is heard
guard.py        a loss or weight that became inf or nan: the step and the line that did it
loop.py         the loop
tape.py         what is kept of a training so that its steps can be done again
rate_finder.py  one short training with a growing rate
lbfgs.py        L-BFGS: SciPy makes the steps
stepping.py     a step at a time, on rows that come one after the other
nudged.py       gradients without calculus: training by nudging, and the gradient check
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from glassnet import engines
from glassnet.arrays import Rows
from glassnet.batches import Batches
from glassnet.callbacks import EarlyStopping
from glassnet.callbacks.protocol import Callbacks
from glassnet.engines import Choice, Engine, Work
from glassnet.engines.costs import costs_of_prediction
from glassnet.engines.threads import threads_for
from glassnet.errors import ProgramError
from glassnet.history import History, Tally
from glassnet.program import Program
from glassnet.rules.optimizers import Optimizer
from glassnet.training.epochs import AfterEpoch
from glassnet.training.evaluation import Evaluation
from glassnet.training.first_weights import fit_first_weights
from glassnet.training.lbfgs import Lbfgs
from glassnet.training.loop import Loop
from glassnet.training.nudged import NudgedEngine
from glassnet.training.options import Options, Unasked
from glassnet.training.run import Run
from glassnet.training.stepping import Stepper, check_steps
from glassnet.values import Values

EngineCache = dict[tuple[str, Optimizer], Engine]


def prepare(
    network: Any, values: Values, before: Tally, rows: Rows, held_out: Rows | None, options: Options
) -> Run:
    """Make a fit ready to be run.

    Nothing is changed yet, except that an engine may be kept, and that weights which wait for the
    data are fitted to the rows, if the network was never trained.

    Args:
        network: is handed to the callbacks; training changes its `values` and its `tally`.
        values: the network's, for a program with the optimizer of the options.
        before: how far the network is; no steps where the optimizer is a new one.
        rows: what it learns from; in float64 for nudged gradients.
        held_out: rows for validation, or None.
        options: how it is trained.

    Raises:
        DataError: the rows cannot be cut into such batches.
        DescriptionError: an engine that is not known.
        MissingExtraError: the engine or optimizer needs a library that is not installed.

    """
    if options.early_stopping is not None:
        first = EarlyStopping(options.early_stopping)
        options = replace(options, callbacks=(first, *options.callbacks))
    program = values.program
    work = work_for(program, rows, options, before)
    engine, choice = _engine(network.engines, values, work, options)
    threads, why = _threads(options, engine, work.batches.largest)
    work = replace(work, threads=threads)
    reason = f"{choice.reason}; {why}" if why else choice.reason
    better = {name: metric.larger_is_better for name, metric in options.metrics.items()}
    validated = held_out is not None
    rates = [name for name in program.schedules if name != "learning_rate"]
    history = History(
        choice.engine,
        reason,
        work.seed,
        better,
        threads=threads,
        validated=validated,
        rates=rates,
    )
    callbacks = Callbacks(options.callbacks, network, history)
    if not before.epochs:
        fit_first_weights(values, rows, work.seed)

    def publish(tally: Tally) -> None:
        network.tally = replace(tally)

    return (Loop if program.trains else Lbfgs)(
        engine=engine,
        values=values,
        work=work,
        before=before,
        history=history,
        after=AfterEpoch(
            _evaluation(program, choice, rows, held_out, options),
            values,
            history,
            rows,
            held_out,
            options,
            callbacks,
        ),
        options=options,
        publish=publish,
    )


def work_for(program: Program, rows: Rows, options: Options, before: Tally) -> Work:
    """Give the rows cut into batches, with the orders and masks that come next.

    Raises DataError where the rows cannot be cut into such batches.
    """
    size, seed = options.rows_in_batch(len(rows)), options.random_state
    ties = program.description.ties_rows
    batches = Batches(len(rows), size, options.shuffle, seed, merge_single=ties)
    return Work(rows.x, rows.y, rows.loss_weights, batches, seed, before.epochs)


def _evaluation(
    program: Program, choice: Choice, rows: Rows, held_out: Rows | None, options: Options
) -> Evaluation:
    """Give what judges the epochs: compiled if training is, and if all the epochs pay for it."""
    if choice.engine == "numpy":
        return Evaluation(program, "numpy")
    looked_at = (len(rows) if options.metrics else 0) + len(held_out or ())
    seconds = options.epochs * costs_of_prediction(program, looked_at).alone() if looked_at else 0.0
    return Evaluation(program, engines.choose_for_prediction("auto", program, seconds))


def _engine(
    kept: EngineCache, values: Values, work: Work, options: Options
) -> tuple[Engine, Choice]:
    """Give the engine, the one kept from an earlier fit if there is one, and why it was taken."""
    program = values.program
    rows, batch = len(work.x), work.batches.size
    choice = engines.choose(
        options.engine, program, rows, options.epochs, batch, options.time_limit
    )
    if options.gradients == "nudged":
        reason = "nudged gradients are the work of NumPy, in float64"
        return NudgedEngine(program, options.nudge), Choice("numpy", reason)
    try:
        return _kept(kept, choice.engine, program), choice
    except ProgramError as error:
        choice = Choice("numpy", f"{choice.engine} cannot run this program: {error}")
        return engines.make("numpy", program), choice


def _threads(options: Options, engine: Engine, rows: int) -> tuple[int | None, str]:
    """Give how many threads share a step, and why it is one where there could be more."""
    wanted = options.threads
    if engine.name == "numpy" and isinstance(wanted, Unasked):
        return None, ""
    return threads_for(wanted, engine, engine.program, rows)


def _kept(kept: EngineCache, name: str, program: Program) -> Engine:
    """Give the engine that was kept for a program, or make one and keep it."""
    key = (name, program.optimizer)
    if key in kept:
        return kept[key]
    engine = engines.make(name, program)
    for other in [k for k in kept if k[1] != program.optimizer]:
        del kept[other]  # made for an earlier optimizer
    kept[key] = engine
    return engine


def stepper(values: Values, kept: EngineCache, engine: str, threads: int | None = None) -> Stepper:
    """Make what does single steps, for as long as optimizer and engine stay the same.

    Args:
        values: the network's, for a program with the optimizer.
        kept: engines of earlier fits: "auto" takes one that is compiled, and else never waits for
            a compiler.
        engine: "auto", "numpy" or "numba".
        threads: how many share a step; None for what suits the rows given.

    Raises:
        DescriptionError: an engine that is not known, an optimizer that makes no single steps.
        MissingExtraError: the engine needs a library that is not installed.
        ProgramError: it cannot run this program.

    """
    program = values.program
    check_steps(program)
    name = engines.choose(engine, program, 1, 1, 1).engine
    if engine == "auto" and ("numba", program.optimizer) in kept:
        name = "numba"
    return Stepper(values, _kept(kept, name, program), threads)
