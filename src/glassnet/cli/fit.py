"""`glassnet fit`: train on a table, test, save."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glassnet.cli.group import INTERRUPTED
from glassnet.cli.options import ENGINES, OPTIMIZERS, many, optimizer_of, target_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    import glassnet as gn
    from glassnet.table import Preparation, Table

USUAL_RATE = 0.01  # of Adam for small tables, where a hundred epochs are a few hundred steps


@click.command()
@click.argument("data", type=click.Path())
@click.option("--target", help="Column to be learnt.")
@click.option("--network", "short", help="Short form; by default chosen by the table.")
@click.option("--epochs", type=click.IntRange(1), default=100, show_default=True)
@click.option("--batch-size", type=click.IntRange(1), help="Rows of a step; by default 32.")
@click.option(
    "--optimizer",
    type=click.Choice(OPTIMIZERS),
    default="adam",
    show_default=True,
    help="What makes the update; lbfgs takes all rows at once.",
)
@click.option("--learning-rate", type=float, help="Size of a step; by default chosen for you.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@click.option(
    "--held-out",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.2,
    show_default=True,
    help="Part of the rows that only tests; 0 for none.",
)
@click.option("--engine", type=click.Choice(ENGINES), default="auto", show_default=True)
@click.option("--out", type=click.Path(), help="Model file; by default named like the table.")
@click.option("--quiet", is_flag=True, help="Print nothing.")
@click.pass_context
def fit(
    context: click.Context,
    data: str,
    target: str | None,
    short: str | None,
    epochs: int,
    batch_size: int | None,
    optimizer: str,
    learning_rate: float | None,
    seed: int,
    held_out: float,
    engine: str,
    out: str | None,
    quiet: bool,
) -> None:
    """Train on a CSV file, test, and save the model.

    Text columns and whole numbers of few kinds are told apart as classes; any other target is a
    number. All other columns must be numbers. The model file holds the weights, the labels and
    the scaling of the columns: all that `predict` needs.

    \b
    glassnet fit data/iris.csv --target species
    glassnet fit houses.csv --target price --network "12-64-64-1 relu linear" --epochs 300
    """
    from glassnet.table import Preparation, Table

    say = _silent if quiet else click.echo
    path = _model_path(out or f"{Path(data).stem}.safetensors")
    table = Table.read(data)
    name = target_of(table, target)
    training, testing = _parts(table, name, held_out, seed)
    preparation = Preparation.learn(table, name, training)
    for line in _about(table, preparation, len(training), len(testing)):
        say(line)
    network = _network_for(preparation, len(training), short, seed)
    description = network.description
    say(f"network {description.short()}, loss {description.loss}, {_size(network)} parameters")
    X, y = preparation.features_of(table), preparation.targets_of(table)
    rate = USUAL_RATE if learning_rate is None and optimizer == "adam" else learning_rate
    history = network.fit(
        X[training],
        y[training],
        epochs=epochs,
        batch_size=batch_size if batch_size or optimizer == "lbfgs" else 32,
        optimizer=optimizer_of(optimizer, rate),
        random_state=seed,
        engine=engine,
        verbose=False if quiet else None,
    )
    interrupted = history.stopped == "interrupted"
    if interrupted and not history.epochs:
        raise click.Abort
    say(f"engine  {history.engine}: {history.engine_reason}")
    say(f"trained {many(history.epochs, 'epoch')} in {history.seconds:.2f} s, {_losses(history)}")
    if len(testing):
        say(f"held out {_score(network, preparation, X[testing], y[testing], y[training])}")
    network.preparation = preparation
    network.save(path)
    say(f"saved   {path}")
    if interrupted:  # what was learnt until then is kept
        context.exit(INTERRUPTED)


def _model_path(path: str) -> str:
    """Give the path of a model file, refusing before hours of training what cannot be written."""
    if Path(path).suffix != ".safetensors":
        raise click.UsageError(f"a model is saved as a .safetensors file, got {path!r}")
    if not Path(path).parent.is_dir():
        raise click.UsageError(f"there is no folder {str(Path(path).parent)!r} to save {path!r} in")
    return path


def _silent(_text: str) -> None:
    """Say nothing."""


def _parts(
    table: Table, target: str, held_out: float, seed: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Choose the rows for training and those held out; of classes, a part of each is held out."""
    import numpy as np

    from glassnet.table import split

    if held_out == 0:
        return np.arange(table.rows), np.arange(0)
    labels = table.labels(target) if table.kind(target) == "classes" else None
    return split(table.rows, held_out, seed, labels)


def _about(table: Table, preparation: Preparation, training: int, testing: int) -> Iterator[str]:
    columns = many(len(preparation.features), "column")
    yield f"table   {table.source}: {many(table.rows, 'row')}, {columns} beside the target"
    wanted = "a number"
    if preparation.classes:
        wanted = f"{len(preparation.classes)} classes: {_few(preparation.classes)}"
    yield f"target  {preparation.target}, {wanted}"
    for name in preparation.constant:
        yield f"note    column {name} never changes, so nothing can be learnt from it"
    yield f"rows    {training} for training, {testing} held out"


def _few(labels: Sequence[object]) -> str:
    shown = ", ".join(map(str, labels[:5]))
    return shown if len(labels) <= 5 else f"{shown}, …"


def _network_for(preparation: Preparation, rows: int, short: str | None, seed: int) -> gn.Network:
    """Make the network that was asked for, or a usual one: the more rows, the larger."""
    import glassnet as gn

    classes = preparation.kind == "classes"
    inputs, outputs = len(preparation.features), preparation.outputs
    usual = "16" if rows < 1000 else "64-64"
    last = "softmax" if classes else "linear"
    short = short or f"{inputs}-{usual}-{outputs} relu {last}"
    network = gn.Network(short, random_state=seed)
    description = network.description
    if description.inputs != inputs:
        raise click.UsageError(
            f"the table has {many(inputs, 'column')} beside the target, but"
            f" {description.short()!r} takes {description.inputs}: begin it with {inputs}-"
        )
    single = len(preparation.classes) == 2 and description.output_activation == "sigmoid"
    if description.outputs == 1 and single:
        return gn.Network(short, loss="binary_cross_entropy", random_state=seed)
    if description.outputs != outputs or (classes and description.output_activation != "softmax"):
        raise click.UsageError(
            f"{preparation.target} needs a network that ends in {outputs} and {last},"
            f" got {description.short()!r}"
        )
    return network


def _size(network: gn.Network) -> str:
    return f"{sum(value.size for value in network.weights.values()):,}"


def _losses(history: gn.History) -> str:
    return f"loss {history.loss[0]:.3g} → {history.loss[-1]:.3g}"


def _score(
    network: gn.Network,
    preparation: Preparation,
    X: NDArray[Any],
    y: NDArray[Any],
    training: NDArray[Any],
) -> str:
    """Say how good the network is, and how good the simplest guess would be."""
    import numpy as np

    if preparation.kind == "classes":
        right = network.evaluate(X, y, metrics=["accuracy"])["accuracy"]
        usual = int(np.argmax(np.bincount(training)))
        guess = float(np.mean(y == usual))
        label = preparation.classes[usual]
        return f"accuracy {right:.1%} (always saying {label!r}: {guess:.1%})"
    found = network.evaluate(X, y, metrics=["r2", "rmse"])
    unit = preparation.target_scale
    guess = float(np.sqrt(np.mean((y - np.mean(training)) ** 2)))
    return (
        f"R² {found['r2']:.3f}, RMSE {found['rmse'] * unit:.4g}"
        f" (always saying the mean: {guess * unit:.4g})"
    )
