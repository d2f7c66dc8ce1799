"""The networks of all folds: begun as `fit` would begin each alone, trained, scored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from glassnet.arrays import Rows
from glassnet.class_weight import ClassWeight, with_class_weights
from glassnet.cross_validation.result import Fold
from glassnet.cross_validation.source import FoldRows
from glassnet.cross_validation.splits import FOLDS, Split
from glassnet.cross_validation.ways import choose, train
from glassnet.description import Description
from glassnet.errors import DescriptionError, GlassnetError, NotFiniteError
from glassnet.metrics import Metric, measured
from glassnet.network import Network
from glassnet.program import Program
from glassnet.rules.entry import is_number
from glassnet.rules.randomness import key
from glassnet.training import EngineCache
from glassnet.training.evaluation import Evaluation
from glassnet.training.options import ONE_EACH, Options
from glassnet.training.run import Progress, Run
from glassnet.training.split import split as split_off


def each(made: Callable[[Any], Any], folds: Sequence[Any]) -> Iterator[Any]:
    """Do something for each fold; an error says for which it was."""
    for number, fold in enumerate(folds, start=1):
        try:
            yield made(fold)
        except GlassnetError as error:
            raise type(error)(f"fold {number}: {error}") from None


def seed_of_fold(seed: int, number: int) -> int:
    """Give the seed of a fold, counted from 1: it decides first weights, orders and masks."""
    return key(seed, FOLDS, number)


class Folds:
    """The networks of all folds.

    Args:
        description: of each network.
        rows: of each fold.
        options: how each is trained.
        seed: decides the seed of each.
        validation: what is watched while a fold trains: a part of its training rows, its held-out
            rows ("held_out"), or None.
        class_weight: as in `fit`; learnt from the rows that a fold trains on.

    """

    def __init__(
        self,
        description: Description,
        rows: Sequence[FoldRows],
        options: Options,
        seed: int,
        validation: float | str | None,
        class_weight: ClassWeight = None,
    ) -> None:
        self.description = description
        self.rows = rows
        self.options = options
        self.program = Program(description, options.optimizer)
        self.evaluation = Evaluation(self.program, "auto")
        self.seeds = [seed_of_fold(seed, number) for number in range(1, len(rows) + 1)]
        watched = [
            with_class_weights(class_weight, *self._watched(*pair, validation), description)
            for pair in zip(rows, self.seeds, strict=True)
        ]
        self.way = choose(
            options.engine, self.program, [len(learnt) for learnt, _ in watched], options
        )
        engines: EngineCache = {}  # one for all
        self.networks = [self._network(engines, *p) for p in zip(rows, self.seeds, strict=True)]
        self.runs: list[Run] = list(each(self._run, list(zip(self.networks, watched, strict=True))))

    def _watched(
        self, rows: FoldRows, seed: int, validation: float | str | None
    ) -> tuple[Rows, Rows | None]:
        """Give the rows that a fold learns from, and those it is watched on, as `fit` does."""
        if validation is None:
            return rows.train, None
        if validation == "held_out":
            return rows.train, rows.held_out
        if is_number(validation):
            return split_off(rows.train, float(validation), self.description, seed)
        raise DescriptionError(
            f"validation must be a fraction, 'held_out' or None, got {validation!r}"
        )

    def _network(self, engines: EngineCache, rows: FoldRows, seed: int) -> Network:
        network = Network(self.description, random_state=seed)
        network.preparation = rows.preparation
        network.engines = engines
        return network

    def _run(self, fold: tuple[Network, tuple[Rows, Rows | None]]) -> Run:
        network, (learnt, held_out) = fold
        options = replace(
            self.options,
            engine=self.way.single_engine,
            threads=ONE_EACH,
            random_state=network.seed,
            time_limit=None,
        )
        run = network.begin_fit(learnt, held_out, options, self.program)
        run.after.evaluation = self.evaluation
        if run.history.engine == self.way.choice.engine:
            run.history.engine_reason = self.way.choice.reason
        return run

    def train(self, progress: Progress) -> None:
        """Train all of them; see `ways.train`.

        Raises NotFiniteError, which names the fold.
        """
        try:
            train(self.runs, self.way, self.options.time_limit, progress)
        except NotFiniteError as error:
            histories = [run.history for run in self.runs]
            number = next(n for n, h in enumerate(histories, start=1) if h is error.history)
            named = NotFiniteError(f"fold {number}: {error}")
            named.history = error.history
            raise named from None

    def scored(self, splits: Sequence[Split], metrics: Mapping[str, Metric]) -> tuple[Fold, ...]:
        """Give each fold with what its network scores on the rows that it held out."""
        together = zip(splits, self.rows, self.runs, self.networks, strict=True)
        return tuple(self._scored(*fold, metrics) for fold in together)

    def _scored(
        self,
        split: Split,
        rows: FoldRows,
        run: Run,
        network: Network,
        metrics: Mapping[str, Metric],
    ) -> Fold:
        with np.errstate(all="ignore"):  # a loss may be inf: the reader sees it
            outputs = self.evaluation.outputs(run.values, rows.x)
            on_rows = self.evaluation.outputs(run.values, rows.held_out.x)
        loss, _ = self.evaluation.judge(run.values, rows.held_out, {})
        y, given = rows.in_own_unit(rows.held_out.y), rows.in_own_unit(on_rows)
        scores = {"loss": loss}
        weights = rows.held_out.weights
        scores |= {name: measured(m, y, given, weights) for name, m in metrics.items()}
        fold = Fold(
            network, run.history, split.train, split.held_out, scores, rows.in_own_unit(outputs)
        )
        if not fold.trained:
            fold.scores.update(dict.fromkeys(scores, np.nan))
            fold.predictions[...] = np.nan
        return fold
