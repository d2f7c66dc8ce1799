"""What several commands take, and what it stands for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from numpy.typing import NDArray

    import glassnet as gn
    from glassnet.table import Table

SHOWN_ROWS = 3  # rows in the step that is shown or checked, where nothing else is said
OPTIMIZERS = ("sgd", "adam", "lbfgs")
ENGINES = ("auto", "numpy", "numba")

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def _options(*options: Decorator) -> Decorator:
    def put_on(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return put_on


seed_option = click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="First weights."
)
loss_option = click.option("--loss", default="", help="Loss; by default chosen by the last layer.")
data_options = _options(
    click.option("--data", help="Data set or CSV file; by default random numbers."),
    click.option("--target", help="Column that is wanted, for a CSV file."),
    click.option(
        "--rows",
        type=click.IntRange(1),
        default=SHOWN_ROWS,
        show_default=True,
        help="Rows of the batch, from the top.",
    ),
)
optimizer_options = _options(
    click.option(
        "--optimizer",
        type=click.Choice(OPTIMIZERS),
        default="sgd",
        show_default=True,
        help="What makes the update.",
    ),
    click.option("--learning-rate", type=float, help="Size of a step; by default the optimizer's."),
)


def optimizer_of(name: str, learning_rate: float | None) -> Any:
    """Give the optimizer of a name, with its own learning rate unless one is given."""
    import glassnet as gn

    if name == "lbfgs":
        if learning_rate is not None:
            raise click.UsageError("lbfgs has no learning rate: leave --learning-rate out")
        return gn.LBFGS()
    kind = {"sgd": gn.SGD, "adam": gn.Adam}[name]
    return kind() if learning_rate is None else kind(learning_rate)


def network_of(what: str, loss: str = "", seed: int = 0) -> gn.Network:
    """Give the network in a model file, or a new one from its short form."""
    import glassnet as gn

    if Path(what).suffix == ".safetensors":
        if loss:
            raise click.UsageError("a model file has a loss of its own: leave --loss out")
        return gn.load(what)
    return gn.Network(what, loss=loss, random_state=seed)


def batch_of(
    network: gn.Network, data: str | None, target: str | None, rows: int, seed: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Give the first rows of a data set or a CSV file; without a name, random ones that fit."""
    if data is None:
        return _random_batch(network, rows, seed)
    from glassnet.datasets import DATASETS, dataset
    from glassnet.table import Preparation, Table

    if data in DATASETS or not Path(data).suffix:
        X, y = dataset(data).make()
        return X[:rows], y[:rows]
    table = Table.read(data)
    preparation = network.preparation
    if preparation is None:
        preparation = Preparation.learn(table, target_of(table, target))
    return preparation.features_of(table)[:rows], preparation.targets_of(table)[:rows]


def _random_batch(network: gn.Network, rows: int, seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    import numpy as np

    random = np.random.RandomState(seed)
    description = network.description
    X = random.standard_normal((rows, description.inputs))
    if description.loss == "cross_entropy":
        return X, random.randint(0, description.outputs, rows)
    return X, random.randint(0, 2, (rows, description.outputs)).astype(np.float64)


def target_of(table: Table, target: str | None) -> str:
    """Give the name of the target column; raises an error that lists the columns."""
    if target is None:
        raise click.UsageError(f"name the column that is wanted: --target {'|'.join(table.names)}")
    table.column(target)  # raises with the nearest name
    return target


def many(count: int, what: str) -> str:
    """Give a count with its noun.

    >>> many(1, "row"), many(2000, "row")
    ('1 row', '2,000 rows')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"
