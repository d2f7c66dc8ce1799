"""Network: a description, its weights, and everything that can be done with them."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from glassnet import metrics as metric_table
from glassnet.arrays import Rows, check_inputs, check_rows, is_in_form
from glassnet.batches import Batches
from glassnet.callbacks.protocol import CallbackLike
from glassnet.class_weight import ClassWeight, with_class_weights
from glassnet.description import Description
from glassnet.engines import Work
from glassnet.errors import DataError, DescriptionError
from glassnet.history import History, Tally
from glassnet.metrics import Metric, MetricFunction
from glassnet.program import Program
from glassnet.rules.entry import is_integer
from glassnet.rules.initializers import RandomSource
from glassnet.rules.layers import Activation, Dense, Layer
from glassnet.rules.losses import Loss
from glassnet.rules.losses import loss as loss_of
from glassnet.rules.optimizers import SGD, Adam, Optimizer
from glassnet.rules.optimizers import optimizer as optimizer_of
from glassnet.trace import Place, Trace, trace_step
from glassnet.training import EngineCache, prepare, stepper, work_for
from glassnet.training.evaluation import Evaluation
from glassnet.training.first_weights import (
    draw_first_weights,
    fit_first_weights,
    waiting_for_data,
)
from glassnet.training.guard import step_inputs
from glassnet.training.loop import rates_between
from glassnet.training.nudged import GradientCheck, check_gradients
from glassnet.training.options import NONE_OR_COUNT, USUAL_BATCH, Options, listed
from glassnet.training.rate_finder import RateFinding, RateSearch, find_rate
from glassnet.training.run import Run
from glassnet.training.split import split
from glassnet.training.stepping import Stepper
from glassnet.values import Values
from glassnet.weights import Weights

if TYPE_CHECKING:
    from glassnet.explanation import Explanation
    from glassnet.explanation.equations import Equations
    from glassnet.health import Health
    from glassnet.table import Preparation
    from glassnet.views.drawing import Drawing


class _Unasked(str):
    """A name that nobody asked for: it gives way to what a description says."""

    __slots__ = ()


USUAL_DTYPE = _Unasked("float32")

Metrics = Iterable[str | MetricFunction] | str | MetricFunction | None
RandomState = int | np.random.RandomState | np.random.Generator | None


class Network:
    """A fully connected network.

    Args:
        inputs: number of columns of X; or the short form "2-64-3 relu softmax"; or the sizes
            [2, 10, 1], with the activations after them; or a Description.
        layers: the layers, or the activations of sizes.
        loss: a name or a loss, such as gn.Huber(delta=2.0); by default cross_entropy after
            softmax, else mean_squared_error.
        dtype: "float32" or "float64". A Description says both itself.
        random_state: decides the first weights, and with them orders and masks. An int means
            NumPy's RandomState, whose numbers never change; a RandomState or Generator is drawn
            from in place; None draws anew each time.

    Raises:
        DescriptionError: a network that cannot be, with what would be right.

    Example:
        >>> net = Network("2-64-3 relu softmax", random_state=0)
        >>> print(net)
        2-64-3 relu softmax, loss cross_entropy, float32
        layer                            shape    activation  parameters
        1  Dense                         (m, 64)  relu               192
        2  Dense                         (m, 3)   softmax            195
                                                        total        387
        >>> net.predict([[0.0, 0.0]])
        array([[0.33333334, 0.33333334, 0.33333334]], dtype=float32)

    """

    def __init__(
        self,
        inputs: int | str | Sequence[int] | Description,
        *layers: Any,
        loss: Loss | str = "",
        dtype: DTypeLike = USUAL_DTYPE,
        random_state: RandomState = None,
    ) -> None:
        self._begin(_described(inputs, layers, loss, dtype))
        draw_first_weights(self.values, _random_source(random_state))
        own = _seed(random_state)
        self.seed = zlib.crc32(self.values.parameters.tobytes()) if own is None else own

    def _begin(
        self,
        description: Description,
        optimizer: Optimizer | None = None,
        tally: Tally | None = None,
        seed: int = 0,
        preparation: Preparation | None = None,
        arrays: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        """Set everything that a network has; without arrays all its numbers are 0."""
        self.description = description
        self.optimizer = optimizer  # of the last fit; its state is in `values`
        self.tally = tally or Tally()
        self.seed = seed
        self.preparation = preparation  # how a table became X and y
        self.engines: EngineCache = {}  # kept from fit to fit: some take seconds to make
        self._stepper: tuple[Any, Stepper] | None = None  # what was asked for, and what does it
        self.values: Values = Values(Program(description, optimizer or SGD()))
        for name, array in (arrays or {}).items():
            self.values.by_name[name][...] = array

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of all numbers in the network."""
        return self.values.dtype

    @property
    def weights(self) -> Weights:
        """Parameters and running statistics by name: to look at, and to set one by one."""
        return self._weights

    @cached_property
    def _weights(self) -> Weights:
        return Weights(lambda: self.values)

    @cached_property
    def _evaluation(self) -> Evaluation:
        return Evaluation(Program(self.description, SGD()), "auto")

    # ------------------------------------------------------------------------ to look inside

    def program(self, optimizer: str | Optimizer = "sgd") -> Program:
        """Give the network written out as a program, with an optimizer's update lines.

        >>> print(Network("1-1 linear").program("sgd").lines[-1].text)
        b1 = b1 - learning_rate * db1
        """
        return Program(self.description, optimizer_of(optimizer))

    def trace(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        optimizer: str | Optimizer = "sgd",
    ) -> Trace:
        """Do one step on all rows line by line and keep every value; the network does not change.

        Args:
            X: (m, inputs).
            y: (m, outputs), or class numbers (m,).
            sample_weight: (m,).
            optimizer: makes the update. Its state is the network's own if the last fit used an
                equal one, else zeros, and the step counts accordingly. One that averages goes on
                from the weights that it averages, not from the average that predicts.

        Raises:
            DataError: arrays that do not fit.

        Example:
            >>> net = Network("1-1 linear", random_state=0)
            >>> trace = net.trace([[1.0]], [2.0])
            >>> bool(trace["loss"] == (trace["a1"][0, 0] - 2.0) ** 2)
            True

        """
        own = optimizer_of(optimizer)
        rows = check_rows(X, y, sample_weight, self.description, self.dtype)
        values, equal = Values(Program(self.description, own)), own == self.optimizer
        values.take(self.values, state=equal)
        if equal:
            values.exchange_averages()
        else:
            values.begin_averages()
        work = self._whole(rows)
        steps = self.tally.steps if equal else 0
        rates = rates_between(values.program, steps, 1, 0, 1)[0]
        place = Place(self.seed, self.tally.epochs, step=steps + 1)
        return trace_step(values.program, step_inputs(values, work, 0, rates), place)

    def explain(self, what: str) -> Explanation:
        """Explain a first weight, such as "W1[0, 2]": seed, initializer, place in the stream.

        For a number of a step ask a trace: `net.trace(X, y).explain("dW1[0, 2]")`.

        Raises DescriptionError if the network has no such parameter.

        >>> net = Network("1-1 linear", random_state=0)
        >>> print(net.explain("b1[0]"))
        b1[0] = 0: first value by Zeros(); nothing is drawn for it
        """
        from glassnet.outside.first_weights import explain_weight_of

        return explain_weight_of(self.values, self.seed, self.tally.epochs, what)

    def equations(self, optimizer: str | Optimizer = "sgd") -> Equations:
        """Give the network as equations: forward, loss, backward, update, with the program's lines.

        >>> print(Network("1-1 linear").equations().text("backward"))
        dz1 = 2 · w · (z1 − y) / n
        dW1 = xᵀ · dz1
        db1 = Σ dz1 over the batch
        """
        from glassnet.explanation.equations import Equations

        return Equations(self.program(optimizer))

    def _whole(self, rows: Rows) -> Work:
        """Give work that takes all rows at once, with the masks that come next."""
        ties = self.description.ties_rows
        batches = Batches(len(rows), len(rows), merge_single=ties)
        return Work(rows.x, rows.y, rows.weights, batches, self.seed, self.tally.epochs)

    def draw(
        self,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
        *,
        row: int = 0,
        gradients: bool = False,
        most: int = 16,
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
    ) -> Drawing:
        """Draw the network as SVG: its weights, one row of X as it goes through, its gradients.

        With X alone the row is drawn as the network predicts it; with y too, as it is in a step of
        training on all rows (`trace`): dropout drops, batch norm takes the batch.

        Args:
            X: (m, inputs); without it only weights and biases are drawn.
            y: (m, outputs), or class numbers (m,).
            row: the row of X whose values fill the neurons, from 0.
            gradients: whether to draw those of weights, biases and neurons too; takes X and y.
            most: neurons of a layer that are drawn, up to 16; of more, the first and the last.
            input_names: beside the inputs; by default the columns of the network's table.
            output_names: beside the outputs; by default the classes of the network's table.

        Raises:
            DataError: arrays that do not fit, a row that is not there, names too few or too many.
            DescriptionError: a `most` that is out of its range.

        Example:
            >>> Network("2-3-1 sigmoid", random_state=0).draw([[1.0, 0.5]])
            Drawing('2-3-1 sigmoid', 6 neurons, 9 lines)

        """
        from glassnet.views.drawing import draw_network

        return draw_network(
            self,
            X,
            y,
            row=row,
            gradients=gradients,
            most=most,
            input_names=input_names,
            output_names=output_names,
        )

    def check_gradients(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> GradientCheck:
        """Compare the program's gradients with central differences, in float64.

        Raises DataError for arrays that do not fit.

        >>> net = Network("2-3-1 tanh", random_state=0)
        >>> net.check_gradients([[1.0, -1.0]], [0.5]).passed
        True
        """
        rows = check_rows(X, y, sample_weight, self.description, "float64")
        return check_gradients(self.values, self._whole(rows))

    # ------------------------------------------------------------------------ to train and use

    def initialize(self, X: ArrayLike) -> None:
        """Fit the first weights to the rows of X (m, inputs) now, and not when training begins.

        For initializers that look at the data, such as gn.UnitVariance. The first `fit` does so by
        itself, with its training rows by their weights; what was fitted to the same rows before
        stays as it is.

        Raises:
            DataError: an X that does not fit.
            DescriptionError: no initializer looks at the data, or the network was trained already.

        """
        if not waiting_for_data(self.values.program):
            raise DescriptionError(
                "no initializer of this network looks at the data: its weights are ready; for one"
                " that does, give a layer weight_initializer=gn.UnitVariance()"
            )
        if self.tally.epochs:
            raise DescriptionError(
                f"the network was trained for {self.tally.epochs} epochs already, and its weights"
                " are no first weights any more: make a new one"
            )
        x = check_inputs(X, self.description, self.dtype)
        fit_first_weights(self.values, Rows(x, x), self.seed)

    def fit(
        self,
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
        nudge: float = 1e-4,
        engine: str = "auto",
        threads: int | None = None,
        time_limit: float | None = None,
        verbose: bool | None = None,
    ) -> History:
        """Train. A second fit goes on from the first: 5 epochs twice are 10 epochs once.

        The optimizer's state is kept from fit to fit while the optimizer is equal. Three things do
        not go on: L-BFGS begins each fit without what it found out about the curvature, a schedule
        such as Cosine or Plateau (and the average SWA) runs over each fit anew, and a fit that was
        stopped within an epoch is followed by a new epoch, whose order and masks are its own.

        With an `average` in the optimizer, validation, early stopping, metrics, callbacks and the
        network after the fit see the averaged weights; `loss` is that of the weights under way. A
        further fit with an equal optimizer goes on from these, with another one from the average.
        Running statistics of batch norm are not averaged: they are those of the last steps.

        Ctrl-C stops after the steps under way and keeps what was learnt; a second one stops at
        once.

        Args:
            X: (m, inputs).
            y: (m, outputs), or (m, 1) for several quantiles; (m,) is taken as (m, 1), or as class
                numbers where the loss chooses between classes.
            epochs: how often each row is visited; for L-BFGS the most iterations.
            batch_size: rows in a step; None takes all.
            optimizer: a name or an optimizer, such as gn.SGD(0.1).
            validation: the fraction of rows kept for it, or (X, y), or (X, y, sample_weight).
            early_stopping: stop after so many epochs without a lower validation loss (training
                loss, if there is no validation); the best epoch's weights are kept in any case.
                To watch a metric, give gn.callbacks.EarlyStopping(10, "accuracy") as a callback.
            metrics: names, or functions f(y, outputs) -> number, taken after each epoch. A function
                with a parameter sample_weight is given the rows' weights, if there are any; its
                attribute larger_is_better says what of it is better.
            callbacks: each is called as callback(network, history) after an epoch, or after every
                `every` of them if it has such an attribute; returning True stops. What else they
                may have, and usual ones: see gn.callbacks.
            sample_weight: (m,) what each row counts, in loss and metrics; rows of weight 0 are left
                out.
            class_weight: "balanced", so that all classes count alike, or {class: weight}; for
                several columns of yes and no a list of such, which are multiplied. It is multiplied
                with sample_weight, and holds in the losses of training and validation rows alike
                ("balanced" being that of the training rows); metrics do not know of it.
            shuffle: whether each epoch visits the rows in an order of its own.
            random_state: decides orders, masks and validation rows; by default the network's.
            gradients: "exact", or "nudged": without calculus, each weight raised by `nudge`, in
                float64.
            nudge: how far.
            engine: "numpy", "numba", or "auto" for the faster one.
            threads: how many share each step; None for what suits the work: one for small networks,
                all cores for large ones, and for NumPy what its BLAS takes. Equal numbers, equal
                bits; another number may round otherwise.
            time_limit: seconds after which to stop, within an epoch if need be.
            verbose: None shows a bar in a terminal, elsewhere a few lines if it takes long; True
                shows in any case, False never.

        Raises:
            DataError: arrays that do not fit, with row and column.
            DescriptionError: an option out of its range.
            NotFiniteError: a loss or weight became inf or nan. The network goes back to its last
                weights with a finite loss, and the error's `history` holds the whole epochs that
                lie behind these; callbacks may have seen some more.
            MissingExtraError: the engine or optimizer needs a library that is not installed.

        Example:
            >>> net = Network("1-1 linear", random_state=0)
            >>> x = np.array([[1.0], [2.0], [3.0]])
            >>> history = net.fit(x, 2 * x[:, 0], epochs=200, optimizer="lbfgs", verbose=False)
            >>> net.predict([[10.0]]).round(3)
            array([[20.]], dtype=float32)

        """
        options = Options(
            optimizer=optimizer_of(optimizer),
            epochs=epochs,
            batch_size=batch_size,
            early_stopping=early_stopping,
            shuffle=shuffle,
            random_state=self._seed_of(random_state),
            gradients=gradients,
            nudge=nudge,
            engine=engine,
            threads=threads,
            time_limit=time_limit,
            verbose=verbose,
            metrics=self._metrics(metrics),
            callbacks=listed(callbacks),
        )
        dtype = self.dtype if gradients == "exact" else np.dtype("float64")
        rows = check_rows(X, y, sample_weight, self.description, dtype)
        rows, held_out = self._with_validation(rows, validation, options.random_state)
        rows, held_out = with_class_weights(class_weight, rows, held_out, self.description)
        run = self.begin_fit(rows, held_out, options)
        from glassnet.views.progress import progress_for  # views stand above

        run.progress = progress_for(options.verbose, options.epochs) or run.progress
        return run.run()

    def begin_fit(
        self, rows: Rows, held_out: Rows | None, options: Options, program: Program | None = None
    ) -> Run:
        """Make a fit on checked rows ready to be run; an equal program need not be made again."""
        values, before = self._ready_for(options.optimizer, program)
        run = prepare(self, values, before, rows, held_out, options)
        self._stepper = None  # a compiled engine may be there now
        as_it_was = self.values, self.optimizer, self.tally
        self.values, self.optimizer, self.tally = values, options.optimizer, before
        try:
            run.begin()
        except BaseException:
            self.values, self.optimizer, self.tally = as_it_was
            raise
        return run

    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        optimizer: str | Optimizer | None = None,
        sample_weight: ArrayLike | None = None,
        engine: str = "auto",
        threads: int | None = None,
    ) -> float:
        """Do one step with all rows given, from where the last one ended; for rows that stream in.

        It is what `fit` does in one epoch with batch_size=None, with little around it: no bar, no
        history, nothing made anew from call to call. So k calls with the same rows are one fit of
        k epochs.

        Args:
            X: (m, inputs).
            y: (m, outputs), or class numbers (m,).
            optimizer: by default the one of the last fit or step, or else Adam. Another one begins
                with a state of its own.
            sample_weight: (m,) what each row counts; rows of weight 0 are left out.
            engine: "numpy", "numba", or "auto": NumPy, unless the compiled engine is there already
                from an earlier fit.
            threads: how many share the step; None for what suits the rows.

        Returns:
            The loss of the rows before the step, as training sees it.

        Raises:
            DataError: arrays that do not fit, with row and column.
            DescriptionError: an optimizer that makes no single steps, as L-BFGS or one whose
                learning rate is a schedule, which needs an end.
            NotFiniteError: the loss or a weight became inf or nan; the network is as it was before.
            MissingExtraError: the engine needs a library that is not installed.

        Example:
            >>> net = Network("1-1 linear", random_state=0)
            >>> for _ in range(900):
            ...     loss = net.partial_fit([[1.0], [2.0]], [2.0, 4.0], optimizer=SGD(0.2))
            >>> net.predict([[10.0]]).round(3)
            array([[20.]], dtype=float32)

        """
        rows = check_rows(X, y, sample_weight, self.description, self.dtype)
        asked = (optimizer, engine, threads)
        if self._stepper is not None and self._stepper[0] == asked:
            steps, before = self._stepper[1], self.tally
        else:
            steps, before = self._new_stepper(optimizer, engine, threads)
        if not before.epochs:
            fit_first_weights(steps.values, rows, self.seed)
        loss = steps.step(rows, before, self.seed)
        self._stepper = asked, steps
        self.values, self.optimizer = steps.values, steps.optimizer
        self.tally = Tally(before.epochs + 1, before.steps + 1)
        return loss

    def _new_stepper(
        self, optimizer: str | Optimizer | None, engine: str, threads: int | None
    ) -> tuple[Stepper, Tally]:
        """Make what does single steps; give also how far the network is with that optimizer."""
        if not NONE_OR_COUNT.holds(threads):
            raise DescriptionError(f"threads must be {NONE_OR_COUNT.wanted}, got {threads!r}")
        kind = self.optimizer or Adam() if optimizer is None else optimizer_of(optimizer)
        values, tally = self._ready_for(kind)
        return stepper(values, self.engines, engine, threads), tally

    def find_learning_rate(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        optimizer: str | Optimizer = "adam",
        start: float = 1e-7,
        end: float = 10.0,
        steps: int = 100,
        batch_size: int | None = USUAL_BATCH,
        sample_weight: ArrayLike | None = None,
        shuffle: bool = True,
        random_state: RandomState = None,
        smoothing: float = 0.9,
        explosion: float = 4.0,
    ) -> RateFinding:
        """Train a copy with a rate that grows from step to step, and suggest one; see RateFinding.

        The network itself is not changed. `glassnet.plots.learning_rates` draws what was found.
        Source: Smith: WACV (2017).

        Args:
            X: (m, inputs).
            y: (m, outputs), or class numbers (m,).
            optimizer: makes the steps; its own learning rate is not used.
            start: the rate of the first step.
            end: the rate of the last step; each is the same factor above the one before it.
            steps: how many rates are tried, one step each.
            batch_size: rows in a step; None takes all.
            sample_weight: (m,).
            shuffle: whether each epoch visits the rows in an order of its own.
            random_state: decides orders and masks; by default the network's.
            smoothing: part of the running mean of the losses that each step keeps.
            explosion: it ends where the smoothed loss is so many times its lowest. It also ends,
                without an error, at a loss that is not finite.

        Raises:
            DataError: arrays that do not fit, with row and column.
            DescriptionError: an option out of its range, or an optimizer without a learning rate.

        Example:
            >>> X, y = np.linspace(-1, 1, 64)[:, None], np.linspace(2, 4, 64)
            >>> net = Network("1-16-1 tanh linear", random_state=0)
            >>> print(net.find_learning_rate(X, y))  # doctest: +NORMALIZE_WHITESPACE
            learning rate 0.031: the loss falls fastest there; it ended after 96 of 100 steps, as
            the loss grew to 4 times its lowest

        """
        search = RateSearch(start, end, steps, smoothing, explosion)
        seed = self._seed_of(random_state)
        growing = search.growing(optimizer_of(optimizer))
        options = Options(growing, batch_size=batch_size, shuffle=shuffle, random_state=seed)
        rows = check_rows(X, y, sample_weight, self.description, self.dtype)
        values = Values(Program(self.description, growing))
        values.take(self.values, state=False)
        values.begin_averages()
        if not self.tally.epochs:
            fit_first_weights(values, rows, seed)
        return find_rate(values, work_for(values.program, rows, options, self.tally), search)

    def _seed_of(self, random_state: RandomState) -> int:
        return self.seed if random_state is None else seed_of(random_state)

    def _metrics(self, metrics: Metrics) -> dict[str, Metric]:
        description = self.description
        return metric_table.by_name(
            metrics, loss=description.loss, activation=description.output_activation
        )

    def _with_validation(
        self, rows: Rows, validation: float | Sequence[ArrayLike] | None, seed: int
    ) -> tuple[Rows, Rows | None]:
        if validation is None:
            return rows, None
        if isinstance(validation, int | float | np.number):
            return split(rows, float(validation), self.description, seed)
        if not isinstance(validation, tuple | list) or len(validation) not in (2, 3):
            raise DataError(
                "validation must be a fraction, (X, y) or (X, y, sample_weight),"
                f" got {type(validation).__name__}"
            )
        X, y, *weights = validation
        names = ("validation X", "validation y", "validation sample_weight")
        given = weights[0] if weights else None
        return rows, check_rows(X, y, given, self.description, rows.x.dtype, names)

    def _ready_for(
        self, optimizer: Optimizer, program: Program | None = None
    ) -> tuple[Values, Tally]:
        """Give values for an optimizer: a new one has a state of zeros, and no steps behind it."""
        if optimizer == self.optimizer:
            return self.values, self.tally
        values = Values(program or Program(self.description, optimizer))
        values.parameters, values.statistics = self.values.parameters, self.values.statistics
        for name in self.weights:  # the same memory: views that someone holds stay true
            values.by_name[name] = self.values.by_name[name]
        values.begin_averages()
        return values, Tally(self.tally.epochs)

    def predict(self, X: ArrayLike, *, engine: str = "auto") -> NDArray[Any]:
        """Give the outputs (m, outputs) for X (m, inputs).

        Args:
            X: (m, inputs); quickest as an array of the network's dtype in C order.
            engine: "numpy", "numba", or "auto": compiled loops where they were made in this process
                before, or where the rows predicted so far would have paid for making them, else
                NumPy. The engines agree to rounding; name one for the same bits every time.

        Raises:
            DataError: an X that does not fit.
            DescriptionError: an unknown engine.
            MissingExtraError: the engine needs a library that is not installed.

        Example:
            >>> net = Network("1-2-1 relu linear", random_state=0)
            >>> net.predict([[0.5], [1.0]]).shape
            (2, 1)

        """
        prediction = self._evaluation.prediction
        if is_in_form(X, self.description, self.dtype):
            outputs = prediction.outputs_if_finite(self.values, X, engine)
            if outputs is not None:
                return outputs
        x = check_inputs(X, self.description, self.dtype)
        return prediction.outputs(self.values, x, engine)

    def evaluate(
        self,
        X: ArrayLike,
        y: ArrayLike,
        metrics: Metrics = (),
        sample_weight: ArrayLike | None = None,
    ) -> dict[str, float]:
        """Give the loss as prediction sees it, and metrics, by name; weights count in all of them.

        Raises DataError for arrays that do not fit, DescriptionError for an unknown metric.

        >>> net = Network("2-2 softmax", random_state=0)
        >>> list(net.evaluate([[0.0, 1.0]], [1], metrics=["accuracy"]))
        ['loss', 'accuracy']
        """
        rows = check_rows(X, y, sample_weight, self.description, self.dtype)
        loss, found = self._evaluation.judge(self.values, rows, self._metrics(metrics))
        return {"loss": loss, **found}

    def health(self, X: ArrayLike, y: ArrayLike, history: History | None = None) -> Health:
        """Look the network over, and say in words what is wrong with it; see glassnet.health.

        Of many rows some 2,000 are looked at, evenly spaced. The network does not change.

        Args:
            X: (m, inputs), best the rows that it was trained with.
            y: (m, outputs), or class numbers (m,).
            history: what its last fit gave; without it nothing is said of the loss's curve.

        Returns:
            A sequence of findings, the worst first, each with its evidence and a remedy; it is
            empty, and so false, where nothing was found.

        Raises:
            DataError: arrays that do not fit.

        Example:
            >>> net = Network("1-4-1 tanh sigmoid", random_state=0)
            >>> health = net.health([[1.0], [2.0]], [30.0, 10.0])
            >>> len(health), health[0].kind, health[0].evidence["highest_target"]
            (1, 'unreachable targets', 30.0)

        """
        from glassnet.health import examine  # most programs do without it

        return examine(self, X, y, history)

    # ------------------------------------------------------------------------ to keep

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a .safetensors file; `glassnet.load` gives a network that goes on exactly as this.

        Raises ModelFileError where it cannot be written.
        """
        from glassnet.files import check_model_path, write_model  # loads the reader of tables

        check_model_path(path)

        header = {
            "format": 1,
            "description": self.description.to_json(),
            "preparation": None if self.preparation is None else self.preparation.to_json(),
            "seed": self.seed,
            "epochs": self.tally.epochs,
            "steps": self.tally.steps,
            "optimizer": None if self.optimizer is None else self.optimizer.to_json(),
        }
        write_model(path, header, self.values.by_name)

    def __getstate__(self) -> dict[str, Any]:
        """Give what pickle and copy keep: no program, no engine, no view."""
        return {
            "description": self.description,
            "optimizer": self.optimizer,
            "tally": self.tally,
            "seed": self.seed,
            "preparation": self.preparation,
            "arrays": self.values.by_name,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._begin(**state)

    # ------------------------------------------------------------------------ in print

    def __repr__(self) -> str:
        return repr(self.description).replace("Description", "Network", 1)

    def __str__(self) -> str:
        """Give a table: each layer with its shape, activation and number of parameters."""
        counts = [str(count) for count in self.description.parameter_counts()]
        rows = [("layer", "shape", "activation", "parameters"), *self._layer_rows(counts)]
        rows.append(("", "", "total", str(self.values.parameters.size)))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:<{widths[2]}}  {d:>{widths[3]}}"
            for a, b, c, d in rows
        ]
        description = self.description
        title = f"{description.short()}, loss {description.loss}, {description.dtype}"
        return "\n".join([title, *lines])

    def _layer_rows(self, counts: list[str]) -> Iterator[tuple[str, str, str, str]]:
        block, description = 0, self.description
        for layer, width, count in zip(description.layers, description.widths, counts, strict=True):
            activation, name = "", f"   {layer!r}"
            if isinstance(layer, Dense):
                block, activation = block + 1, layer.activation
                name = f"{block}  Dense"
            elif isinstance(layer, Activation):
                activation, name = layer.activation, "   Activation"
            yield name, f"(m, {width})", activation, count


def load(path: str | os.PathLike[str]) -> Network:
    """Read a network from a model file, with its preparation if one was saved.

    Nothing in the file is run. Raises ModelFileError for anything that is wrong with it.
    """
    from glassnet.files import read_model  # loads the reader of tables
    from glassnet.rules.optimizers import OPTIMIZERS
    from glassnet.table import Preparation

    header, arrays = read_model(path)
    optimizer, preparation = header["optimizer"], header["preparation"]
    kinds = {kind.__name__: kind for kind in OPTIMIZERS.values()}
    network = Network.__new__(Network)
    network._begin(
        Description.from_json(header["description"]),
        None if optimizer is None else kinds[optimizer["name"]].from_json(optimizer),
        Tally(header["epochs"], header["steps"]),
        header["seed"],
        None if preparation is None else Preparation.from_json(preparation),
        arrays,
    )
    return network


# ---------------------------------------------------------------------------- the first weights


def _described(
    inputs: int | str | Sequence[int] | Description, layers: Sequence[Any], loss: Any, dtype: Any
) -> Description:
    """Read the forms in which a network may be given."""
    if isinstance(inputs, Description):
        return _said_already(inputs, layers, loss, dtype)
    dtype = _name_of(dtype)
    if isinstance(inputs, int | np.integer):
        return Description(int(inputs), tuple(layers), loss, dtype)
    if any(isinstance(layer, Layer) for layer in layers):
        raise DescriptionError(
            f"the sizes {inputs!r} take names of activations after them, got layers:"
            " with layers, give the number of inputs first, as in gn.Network(2, gn.Dense(3))"
        )
    activations = layers[0] if len(layers) == 1 else list(layers)
    return Description.read(inputs, activations or None, loss, dtype)


def _said_already(
    description: Description, layers: Sequence[Any], loss: Any, dtype: Any
) -> Description:
    """Give the description, unless what is given beside it is something else."""
    if layers:
        raise DescriptionError(f"layers are given by {description!r} already, got {layers!r} too")
    asked: dict[str, Any] = {"loss": loss_of(loss) if loss else description.loss}
    if not isinstance(dtype, _Unasked):
        asked["dtype"] = replace(description, dtype=_name_of(dtype)).dtype
    for name, value in asked.items():
        own = getattr(description, name)
        if value != own:
            raise DescriptionError(
                f"{name}={value!r} does not fit the description, which says {own!r}:"
                f" leave {name} out, or make the description with it"
            )
    return description


def _name_of(dtype: Any) -> Any:
    """Give the name of a dtype that is a type or NumPy's own object; else what was given."""
    return np.dtype(dtype).name if isinstance(dtype, type | np.dtype) else dtype


def _seed(random_state: object) -> int | None:
    """Give the seed if it is given as a whole number."""
    if is_integer(random_state) or isinstance(random_state, np.integer):
        return int(random_state)  # type: ignore[call-overload,no-any-return]
    return None


def seed_of(random_state: RandomState) -> int:
    """Give a seed: a whole number is one itself, anything else is drawn from.

    >>> seed_of(7), seed_of(np.random.RandomState(0))
    (7, 2357136044)
    """
    seed = _seed(random_state)
    if seed is not None:
        return seed
    random = _random_source(random_state)
    if isinstance(random, np.random.Generator):
        return int(random.integers(2**32))
    return int(random.randint(2**32, dtype=np.uint64))


def _random_source(random_state: RandomState) -> RandomSource:
    if isinstance(random_state, np.random.RandomState | np.random.Generator):
        return random_state
    if random_state is None:
        return np.random.RandomState()
    seed = _seed(random_state)
    if seed is not None and 0 <= seed < 2**32:
        return np.random.RandomState(seed)
    raise DescriptionError(
        "random_state must be a whole number from 0 to 2**32 - 1, a RandomState, a Generator or"
        f" None, got {random_state!r}"
    )
