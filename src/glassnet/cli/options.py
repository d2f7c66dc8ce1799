"""What several commands take, and what it stands for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glassnet.errors import unknown_name
from glassnet.views.counts import many as many

if TYPE_CHECKING:
    from numpy.typing import NDArray

    import glassnet as gn
    from glassnet.table import Table

SHOWN_ROWS = 3  # rows in the step that is shown or checked, where nothing else is said
MOST_ROWS = 100_000  # in such a step, of which every value is kept
ENGINES = ("auto", "numpy", "numba")

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class OptimizerName(click.ParamType):  # type: ignore[type-arg]  # generic in new clicks only
    """A name from the table of optimizers, which is loaded only when it is needed."""

    name = "optimizer"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Give the name as the table has it; an unknown one fails with the nearest."""
        from glassnet.rules.optimizers import OPTIMIZERS

        if value.lower() not in OPTIMIZERS:
            self.fail(str(unknown_name("optimizer", value, OPTIMIZERS)), param, ctx)
        return value.lower()

    def get_metavar(self, *_: Any, **__: Any) -> str:
        """Give all names, for the help."""
        from glassnet.rules.optimizers import OPTIMIZERS

        return f"[{'|'.join(OPTIMIZERS)}]"


class ScheduleName(click.ParamType):  # type: ignore[type-arg]  # generic in new clicks only
    """A name from the table of schedules, which is loaded only when it is needed."""

    name = "schedule"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Give the name as the table has it; an unknown one fails with the nearest."""
        found = {name.lower(): name for name in _schedules()}
        if value.lower() not in found:
            self.fail(str(unknown_name("schedule", value, found)), param, ctx)
        return found[value.lower()]

    def get_metavar(self, *_: Any, **__: Any) -> str:
        """Give all names, for the help."""
        return f"[{'|'.join(name.lower() for name in _schedules())}]"


def _schedules() -> Sequence[str]:
    from glassnet.rules.schedules import SCHEDULES

    return tuple(SCHEDULES)


def _options(*options: Decorator) -> Decorator:
    def put_on(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return put_on


class Whole(click.IntRange):
    """Whole numbers in a range, refused in words."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Give the number; fails for text, and outside of the range."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            until = "up" if self.max is None else f"to {self.max}"
            self.fail(f"{str(value)!r} is not a whole number from {self.min} {until}", param, ctx)


class Real(click.FloatRange):
    """Finite numbers in a range, which is also given in words."""

    def __init__(self, wanted: str, **limits: Any) -> None:
        super().__init__(**limits)
        self.wanted = wanted

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Give the number; fails for text, for inf and nan, and outside of the range."""
        try:
            number = super().convert(value, param, ctx)
        except click.BadParameter:
            number = math.nan
        if not math.isfinite(number):
            self.fail(f"{str(value)!r} is not {self.wanted}", param, ctx)
        return number


SEED = Whole(0, 2**32 - 1)
RATE = Real("a number above 0", min=0, min_open=True)

seed_option = click.option("--seed", type=SEED, default=0, show_default=True, help="First weights.")
loss_option = click.option("--loss", default="", help="Loss; by default chosen by the last layer.")
without_option = click.option(
    "--without",
    metavar="NAME",
    multiple=True,
    help="Column of the CSV file to leave out; may be given more than once.",
)
data_options = _options(
    click.option("--data", help="Data set or CSV file; by default random numbers."),
    click.option("--target", help="Column that is wanted, for a CSV file."),
    without_option,
    click.option(
        "--rows",
        type=Whole(1, MOST_ROWS),
        default=SHOWN_ROWS,
        show_default=True,
        help="Rows of the batch, from the top.",
    ),
)
optimizer_options = _options(
    click.option(
        "--optimizer",
        type=OptimizerName(),
        default="sgd",
        show_default=True,
        help="What makes the update.",
    ),
    click.option("--learning-rate", type=RATE, help="Size of a step; by default the optimizer's."),
)


def optimizer_of(name: str, learning_rate: float | None, schedule: str | None = None) -> Any:
    """Give the optimizer of a name, with its own learning rate unless one is given.

    A schedule begins with the rate, or comes up to it.
    """
    from glassnet.rules.optimizers import OPTIMIZERS, Stepping
    from glassnet.rules.schedules import SCHEDULES

    kind = OPTIMIZERS[name]
    if learning_rate is None and schedule is None:
        return kind()
    if not issubclass(kind, Stepping):
        asked = "--schedule" if learning_rate is None else "--learning-rate"
        raise click.UsageError(f"{name} has no learning rate: leave {asked} out")
    rate = kind().learning_rate if learning_rate is None else learning_rate
    schedules: Mapping[str, Callable[[Any], Any]] = SCHEDULES  # each begins with its rate
    return kind(rate if schedule is None else schedules[schedule](rate))


def network_of(what: str, loss: str = "", seed: int = 0) -> gn.Network:
    """Give the network in a model file, or a new one from its short form."""
    import glassnet as gn

    if Path(what).suffix == ".safetensors":
        if loss:
            raise click.UsageError("a model file has a loss of its own: leave --loss out")
        return gn.load(what)
    return gn.Network(what, loss=loss, random_state=seed)


@dataclass(frozen=True)
class Batch:
    """Rows for one step, and where they come from."""

    X: NDArray[Any]
    y: NDArray[Any]
    source: str


def batch_of(
    network: gn.Network,
    data: str | None,
    target: str | None,
    without: Sequence[str],
    rows: int,
    seed: int,
) -> Batch:
    """Give the first rows of a data set or a CSV file; without a name, random ones that fit."""
    from glassnet.datasets import DATASETS, dataset

    if data is not None and data not in DATASETS and Path(data).suffix:
        return _batch_of_table(network, data, target, without, rows)
    if without:
        raise click.UsageError("--without leaves out columns of a CSV file: name it with --data")
    if data is None:
        return _random_batch(network, rows, seed)
    X, y = dataset(data).make()
    if y.dtype.kind in "iu":
        check_classes(network.description, int(y.max()) + 1, data)
    return Batch(X[:rows], y[:rows], data)


def _batch_of_table(
    network: gn.Network, path: str, target: str | None, without: Sequence[str], rows: int
) -> Batch:
    from glassnet.table import Preparation, Table

    table = Table.read(path)
    preparation = network.preparation
    scaled = "columns scaled as in training"
    if preparation is None:
        name = target_of(table, target)
        features = features_of(table, name, without)
        preparation = Preparation.learn(table, name, features=features)
        scaled = "columns scaled to mean 0, spread 1"
    elif without:
        raise click.UsageError("the model needs its columns: leave --without out")
    if preparation.classes:
        place = f"{path}, column {preparation.target!r}"
        check_classes(network.description, len(preparation.classes), place)
    X, y = preparation.features_of(table), preparation.targets_of(table)
    return Batch(X[:rows], y[:rows], f"{path}, {scaled}")


def _random_batch(network: gn.Network, rows: int, seed: int) -> Batch:
    import numpy as np

    random = np.random.RandomState(seed)
    description = network.description
    X = random.standard_normal((rows, description.inputs))
    if description.loss.targets == "classes":
        return Batch(X, random.randint(0, description.outputs, rows), "random numbers")
    columns = description.loss.target_columns(description.outputs)
    y = random.randint(0, 2, (rows, columns)).astype(np.float64)
    return Batch(X, y, "random numbers")


def check_classes(description: gn.Description, classes: int, place: str) -> None:
    """Refuse one output for more than two classes, whose numbers mean nothing as numbers."""
    if description.outputs == 1 and classes > 2:
        raise click.UsageError(
            f"{place} has {classes} classes, which one output cannot tell apart: end the network in"
            f" {classes} and softmax, got {description.short()!r}"
        )


def features_of(table: Table, target: str, without: Sequence[str]) -> list[str]:
    """Give the columns to learn from: all but the target and those that are left out."""
    for name in without:
        table.column(name)  # raises with the nearest name
        if name == target:
            raise click.UsageError(f"{name!r} is the target, and cannot be left out")
    return [name for name in table.names if name != target and name not in without]


def target_of(table: Table, target: str | None) -> str:
    """Give the name of the target column; raises an error that lists the columns."""
    if target is None:
        raise click.UsageError(f"name the column that is wanted: --target {'|'.join(table.names)}")
    table.column(target)  # raises with the nearest name
    return target


def out_path(out: str, suffix: str | tuple[str, ...], what: str, *inputs: str | None) -> str:
    """Give the path of a file to write, refusing before any work what cannot or must not be."""
    path = Path(out)
    suffixes = (suffix,) if isinstance(suffix, str) else suffix
    if path.suffix not in suffixes:
        raise click.UsageError(f"{what} is saved as a {' or '.join(suffixes)} file, got {out!r}")
    if not path.parent.is_dir():
        raise click.UsageError(
            f"cannot write {out!r}: there is no folder {str(path.parent)!r}; make it, or choose"
            " another"
        )
    for given in inputs:
        if given and path.exists() and Path(given).exists() and path.samefile(given):
            raise click.UsageError(
                f"{out!r} would be written over {given!r}, which is read: choose another name"
            )
    return out
