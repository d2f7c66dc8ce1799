"""`glassnet fit`: train on a table, test, save."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glassnet.cli.group import INTERRUPTED
from glassnet.cli.options import (
    ENGINES,
    RATE,
    SEED,
    OptimizerName,
    Real,
    Whole,
    features_of,
    many,
    optimizer_of,
    out_path,
    target_of,
    without_option,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    import glassnet as gn
    from glassnet.table import Preparation, Table

USUAL_RATE = 0.01  # of Adam for small tables, where a hundred epochs are a few hundred steps
USUAL_BATCH = 32
_WEIGHT = Real("a weight above 0", min=0, min_open=True)


@click.command()
@click.argument("data", type=click.Path())
@click.option("--target", help="Column to be learnt.")
@without_option
@click.option("--network", "short", help="Short form; by default chosen by the table.")
@click.option("--epochs", type=Whole(1), default=100, show_default=True)
@click.option("--batch-size", type=Whole(1), help="Rows of a step; by default 32.")
@click.option(
    "--optimizer",
    type=OptimizerName(),
    default="adam",
    show_default=True,
    help="What makes the update; lbfgs takes all rows at once.",
)
@click.option("--learning-rate", type=RATE, help="Size of a step; by default chosen for you.")
@click.option("--seed", type=SEED, default=0, show_default=True)
@click.option(
    "--held-out",
    type=Real("a number from 0 up to, not including, 1", min=0, max=1, max_open=True),
    default=0.2,
    show_default=True,
    help="Part of the rows that only tests; 0 for none.",
)
@click.option(
    "--class-weight",
    "class_weights",
    metavar="balanced|LABEL=WEIGHT",
    multiple=True,
    help="What a class counts in the loss; LABEL=WEIGHT may be given more than once.",
)
@click.option("--log", type=click.Path(), help="A line an epoch, as .csv or .jsonl.")
@click.option("--engine", type=click.Choice(ENGINES), default="auto", show_default=True)
@click.option("--out", type=click.Path(), help="Model file; by default named like the table.")
@click.option("--quiet", is_flag=True, help="Print nothing.")
@click.pass_context
def fit(
    context: click.Context,
    data: str,
    target: str | None,
    without: tuple[str, ...],
    short: str | None,
    epochs: int,
    batch_size: int | None,
    optimizer: str,
    learning_rate: float | None,
    seed: int,
    held_out: float,
    class_weights: tuple[str, ...],
    log: str | None,
    engine: str,
    out: str | None,
    quiet: bool,
) -> None:
    """Train on a CSV file, test, and save the model.

    Text columns and whole numbers of few kinds are told apart as classes; any other target is a
    number. All other columns must be numbers, or be left out with --without. The model file holds
    the weights, the labels and the scaling of the columns: all that `predict` needs.

    \b
    glassnet fit data/iris.csv --target species
    glassnet fit houses.csv --target price --network "12-64-64-1 relu linear" --epochs 300
    glassnet fit houses.csv --target price --without id --without street
    glassnet fit mail.csv --target spam --class-weight balanced --log history.csv
    """
    import glassnet as gn
    from glassnet.table import Preparation, Table

    say = _silent if quiet else click.echo
    named = f"{Path(data).stem}.safetensors" if out is None else out
    path = out_path(named, ".safetensors", "a model", data)
    log_path = None if log is None else out_path(log, tuple(gn.callbacks.LOGS), "a log", data)
    rate = USUAL_RATE if learning_rate is None and optimizer == "adam" else learning_rate
    step = optimizer_of(optimizer, rate)
    rows_in_batch = _batch_size(batch_size, optimizer, all_rows=step.line() is None)
    if short is not None:
        gn.Description.read(short)  # raises before a large table is read
    table = Table.read(data)
    name = target_of(table, target)
    features = features_of(table, name, without)
    training, testing = _parts(table, name, held_out, seed)
    preparation = Preparation.learn(table, name, training, features=features)
    network = _network_for(preparation, len(training), short, seed)
    class_weight = _class_weight(class_weights, preparation)
    X, y = preparation.features_of(table), preparation.targets_of(table)
    for line in _about(table, preparation, len(training), len(testing)):
        say(line)
    description = network.description
    say(f"network {description.short()}, loss {description.loss}, {_size(network)} parameters")
    history = network.fit(
        X[training],
        y[training],
        epochs=epochs,
        batch_size=rows_in_batch,
        optimizer=step,
        random_state=seed,
        class_weight=class_weight,
        callbacks=_logs(log_path),
        engine=engine,
        verbose=False if quiet else None,
    )
    interrupted = history.stopped == "interrupted"
    if interrupted and not history.epochs:
        click.echo("interrupted in the first epoch: nothing is saved", err=True)
        raise click.Abort
    say(f"engine  {history.engine}: {history.engine_reason}")
    say(f"trained {many(history.epochs, 'epoch')} in {history.seconds:.2f} s, {_losses(history)}")
    if interrupted:
        say(f"note    interrupted before epoch {epochs:,}: what was learnt until then is kept")
    if len(testing):
        say(f"held out {_score(network, preparation, X[testing], y[testing], y[training])}")
    network.preparation = preparation
    network.save(path)
    say(f"saved   {path}")
    if log_path:
        say(f"log     {log_path}")
    if interrupted:
        context.exit(INTERRUPTED)


def _batch_size(asked: int | None, optimizer: str, *, all_rows: bool) -> int | None:
    """Give the rows of a step; None stands for all of them, which some optimizers need."""
    if not all_rows:
        return asked or USUAL_BATCH
    if asked is not None:
        raise click.UsageError(f"{optimizer} takes all rows at once: leave --batch-size out")
    return None


def _class_weight(given: Sequence[str], preparation: Preparation) -> Any:
    """Give what `fit` takes: None, "balanced", or the weight of each class that was named."""
    if not given:
        return None
    if preparation.kind != "classes":
        raise click.UsageError(
            f"{preparation.target} is a number and has no classes: leave --class-weight out"
        )
    if given == ("balanced",):
        return "balanced"
    number_of = {str(label): number for number, label in enumerate(preparation.classes)}
    weights: dict[int, float] = {}
    for text in given:
        label, _, weight = text.rpartition("=")
        if label not in number_of:
            raise click.UsageError(
                f"--class-weight is balanced, or LABEL=WEIGHT with a label of {preparation.target}"
                f" ({_few(preparation.classes)}), got {text!r}"
            )
        weights[number_of[label]] = _WEIGHT.convert(weight, None, None)
    return weights


def _logs(path: str | None) -> list[gn.callbacks.CallbackLike]:
    """Give the callback that writes a log, in the form that its ending names."""
    import glassnet as gn

    return [] if path is None else [gn.callbacks.LOGS[Path(path).suffix](path)]


def _silent(_text: str) -> None:
    """Say nothing."""


def _parts(
    table: Table, target: str, held_out: float, seed: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Choose the rows for training and those held out; of classes, a part of each is held out."""
    import numpy as np

    from glassnet.errors import DataError, TableError
    from glassnet.table import split

    if held_out == 0:
        return np.arange(table.rows), np.arange(0)
    labels = table.labels(target) if table.kind(target) == "classes" else None
    if labels is not None and len(set(labels.tolist())) == table.rows > 1:
        raise TableError(
            f"{table.place(target)}: every class has one row only, so none can be held out; choose"
            " another target if this is an id column, or take --held-out 0"
        )
    try:
        return split(table.rows, held_out, seed, labels)
    except DataError as flaw:
        raise TableError(f"{table.source}: {flaw}") from None


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
    if short is None:
        short = f"{inputs}-{usual}-{outputs} relu {last}"
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
