"""k-fold cross-validation: how good a network is on rows that it never saw.

splits.py   which rows each fold holds out
source.py   the rows of a fold as its network sees them, from arrays or a table
ways.py     how the folds are trained: side by side in one program, or one after the other
result.py   what was found
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from glassnet import metrics as metric_table
from glassnet.class_weight import ClassWeight
from glassnet.cross_validation.folds import Folds, each
from glassnet.cross_validation.result import CrossValidation, Fold
from glassnet.cross_validation.source import Arrays, Source, Tabular
from glassnet.cross_validation.splits import Split, check_shares, splits
from glassnet.description import Description
from glassnet.errors import DataError, DescriptionError
from glassnet.metrics import MetricFunction
from glassnet.network import Network, RandomState, seed_of
from glassnet.rules.entry import is_integer
from glassnet.rules.optimizers import Optimizer
from glassnet.rules.optimizers import optimizer as optimizer_of
from glassnet.training.options import USUAL_BATCH, Options
from glassnet.training.run import Silent, clock

__all__ = ["CrossValidation", "Fold", "cross_validate"]


def cross_validate(
    network: str | Description | Network,
    X: Any,
    y: Any,
    *,
    folds: int | Iterable[Sequence[ArrayLike]] = 5,
    groups: ArrayLike | None = None,
    metrics: Iterable[str | MetricFunction] | str | MetricFunction | None = (),
    epochs: int = 100,
    batch_size: int | None = USUAL_BATCH,
    optimizer: str | Optimizer = "adam",
    validation: float | str | None = None,
    early_stopping: int | None = None,
    sample_weight: ArrayLike | None = None,
    class_weight: ClassWeight = None,
    shuffle: bool = True,
    random_state: RandomState = None,
    features: Sequence[str] | None = None,
    engine: str = "auto",
    time_limit: float | None = None,
    verbose: bool | None = None,
) -> CrossValidation:
    """Train a network for each fold on the rows of the others, and score it on the fold's own.

    Every row is held out once, so every row has a prediction by a network that never saw it. Where
    a row belongs to a class, each fold has its share of every class. Each network is what it would
    be if its fold were trained alone: gn.Network(description, random_state=history.seed), fitted
    with the same options on the rows of `fold.train`. Small networks are trained side by side: each
    step is one call for all folds.

    Ctrl-C ends the training in good order, as in `fit`; folds not begun by then have no scores.

    Args:
        network: a short form as "4-16-3 relu softmax", or a Description; of a Network its
            description counts, not its weights, which may have seen the rows.
        X: (m, inputs); or a Table, whose columns each fold scales by its training rows alone.
        y: (m, outputs), (m,) or class numbers; for a Table the name of the target column.
        folds: how many; or pairs (train, held out) of row numbers, each row held out at most once.
        groups: (m,) rows of the same group are held out together; classes are not looked at then.
        metrics: names, or functions f(y, outputs) -> number, of the held-out rows; for a column of
            numbers of a Table they are taken in its own unit.
        epochs: how often each network sees its rows.
        batch_size: rows in a step; None takes all.
        optimizer: a name or an optimizer.
        validation: the fraction of each fold's training rows kept for validation; or "held_out" to
            watch the held-out rows themselves: good for curves, but with early stopping the scores
            are then too good, since these rows have had their say.
        early_stopping: stop a fold after so many epochs without a lower validation loss (training
            loss, if there is no validation).
        sample_weight: (m,) what each row counts, in training and in the loss of held-out rows.
        class_weight: as in `fit`, learnt from each fold's training rows; scores do not know of it.
        shuffle: whether each epoch visits the rows in an order of its own.
        random_state: decides folds, first weights, orders and masks: equal ones, equal results.
        features: names of the columns of a Table to learn from; by default all but the target.
        engine: "stacked" for folds side by side; "numpy" or "numba" for each alone; "auto" for the
            fastest, which `engine_reason` explains.
        time_limit: seconds for all folds.
        verbose: as in `fit`.

    Raises:
        DataError: arrays that do not fit, more folds than rows or groups, a class with fewer rows
            than folds, splits that cannot be.
        DescriptionError: an option out of its range, fewer than 2 folds.
        NotFiniteError: in one fold a loss or weight became inf or nan: the message names it.
        MissingExtraError: the engine or optimizer needs a library that is not installed.

    Example:
        >>> X = np.arange(12.0)[:, None] / 12
        >>> found = cross_validate(
        ...     "1-1 linear", X, 2 * X, folds=3, metrics="r2", optimizer="lbfgs", random_state=0
        ... )
        >>> found.scores["r2"].round(3), found.predictions.shape
        (array([1., 1., 1.]), (12, 1))

    """
    description = _described(network)
    seed = seed_of(random_state)
    asked = metric_table.by_name(
        metrics, loss=description.loss, activation=description.output_activation
    )
    options = Options(
        optimizer=optimizer_of(optimizer),
        epochs=epochs,
        batch_size=batch_size,
        early_stopping=early_stopping,
        shuffle=shuffle,
        random_state=seed,
        engine=engine,
        time_limit=time_limit,
        verbose=verbose,
    )
    folds = int(folds) if isinstance(folds, np.integer) else folds
    source = _source(X, y, features, sample_weight, description)
    chosen = _splits(folds, source, seed, groups)
    rows = list(each(source.fold, chosen))
    begun = Folds(description, rows, options, seed, validation, class_weight)
    from glassnet.views.progress import progress_for  # views stand above

    progress, started = progress_for(verbose, epochs) or Silent(), clock()
    try:
        begun.train(progress)
    finally:
        progress.close(begun.runs[0].history)
    seconds = clock() - started
    return CrossValidation(begun.scored(chosen, asked), source.rows, seed, seconds)


def _described(network: Any) -> Description:
    if isinstance(network, Network):
        return network.description
    if isinstance(network, Description):
        return network
    if isinstance(network, str):
        return Description.read(network)
    raise DescriptionError(
        "the network must be a short form as '4-16-3 relu softmax', a Description or a Network,"
        f" got {type(network).__name__}"
    )


def _source(
    X: Any,
    y: Any,
    features: Sequence[str] | None,
    weights: ArrayLike | None,
    description: Description,
) -> Source:
    if not hasattr(X, "lines"):  # no Table; the module that reads them need not be loaded
        if features is not None:
            raise DescriptionError("features are names of columns of a Table, got X as an array")
        return Arrays(X, y, weights, description)
    if not isinstance(y, str):
        raise DataError(f"y must be the name of the Table's target column, got {type(y).__name__}")
    return Tabular(X, y, features, weights, description)


def _splits(folds: Any, source: Source, seed: int, groups: ArrayLike | None) -> list[Split]:
    found = splits(folds, source.rows, seed, source.classes, groups)
    if source.classes is not None and groups is None and is_integer(folds):
        check_shares(source.classes, len(found), source.labels)
    return found
