"""`glassnet fit`: train on a table, test, save."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from glassnet.cli.drawn import ENDINGS, live_of, save_page
from glassnet.cli.group import INTERRUPTED
from glassnet.cli.job import class_weight_of, job_of, table_of
from glassnet.cli.options import (
    ENGINES,
    RATE,
    SEED,
    OptimizerName,
    Real,
    ScheduleName,
    Whole,
    many,
    optimizer_of,
    out_path,
    without_option,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    import glassnet as gn
    from glassnet.table import Preparation

USUAL_RATE = 0.01  # of Adam for small tables, where a hundred epochs are a few hundred steps
USUAL_BATCH = 32
WIDTH = 100  # letters of a printed line


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
@click.option(
    "--schedule",
    type=ScheduleName(),
    help="How the learning rate changes, from --learning-rate on or up to it.",
)
@click.option("--seed", type=SEED, default=0, show_default=True)
@click.option(
    "--held-out",
    type=Real("a number from 0 up to, not including, 1", min=0, max=1, max_open=True),
    default=0.2,
    show_default=True,
    help="Part of the rows that only tests; 0 for none.",
)
@click.option(
    "--folds",
    type=Whole(2),
    help="Train this many networks, each tested on its own part of the rows; saves none.",
)
@click.option(
    "--class-weight",
    "class_weights",
    metavar="balanced|LABEL=WEIGHT",
    multiple=True,
    help="What a class counts in the loss; LABEL=WEIGHT may be given more than once.",
)
@click.option("--log", type=click.Path(), help="A line an epoch, as .csv or .jsonl.")
@click.option(
    "--plot", type=click.Path(), help="Loss and held-out rows as .png, .svg or .pdf; or a .gif."
)
@click.option("--live", is_flag=True, help="Draw the loss while it is trained.")
@click.option("--report", type=click.Path(), help="A page about the run, as .html.")
@click.option("--engine", type=click.Choice(ENGINES), default="auto", show_default=True)
@click.option(
    "--threads", type=Whole(1), help="Threads that share a step; by default what suits the work."
)
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
    schedule: str | None,
    seed: int,
    held_out: float,
    folds: int | None,
    class_weights: tuple[str, ...],
    log: str | None,
    plot: str | None,
    live: bool,
    report: str | None,
    engine: str,
    threads: int | None,
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
    glassnet fit data/iris.csv --target species --folds 5
    glassnet fit houses.csv --target price --learning-rate 0.02 --schedule onecycle
    glassnet fit mail.csv --target spam --class-weight balanced --log history.csv
    glassnet fit data/iris.csv --target species --plot iris.png --live
    glassnet fit houses.csv --target price --report report.html
    """
    import glassnet as gn

    say = _silent if quiet else click.echo
    log_path = None if log is None else out_path(log, tuple(gn.callbacks.LOGS), "a log", data)
    plot_path = None if plot is None else out_path(plot, ENDINGS, "a plot", data)
    page_path = None if report is None else out_path(report, ".html", "a report", data)
    if folds is None:
        named = f"{Path(data).stem}.safetensors" if out is None else out
        path = out_path(named, ".safetensors", "a model", data)
    else:
        _refuse_beside_folds(context)
    rate = USUAL_RATE if learning_rate is None and optimizer == "adam" else learning_rate
    step = optimizer_of(optimizer, rate, schedule)
    rows_in_batch = _batch_size(batch_size, optimizer, all_rows=step.line() is None)
    if folds is not None:
        from glassnet.cli.folds import fit_folds

        trained = {"epochs": epochs, "batch_size": rows_in_batch, "optimizer": step}
        asked = table_of(data, target, without, short)
        options = {"engine": engine, **trained}
        fit_folds(context, asked, short, folds, seed, class_weights, options)
        return
    job = job_of(table_of(data, target, without, short), short, held_out, seed)
    network, preparation = job.network, job.preparation
    X, y, training, testing = job.X, job.y, job.training, job.testing
    class_weight = class_weight_of(class_weights, preparation)
    drawing = live_of(plot_path, live, epochs)
    for line in job.about():
        say(line)
    history = network.fit(
        X[training],
        y[training],
        epochs=epochs,
        batch_size=rows_in_batch,
        optimizer=step,
        random_state=seed,
        class_weight=class_weight,
        callbacks=[*_logs(log_path), *([] if drawing is None else [drawing])],
        engine=engine,
        threads=threads,
        verbose=False if quiet else None,
    )
    interrupted = history.stopped == "interrupted"
    if interrupted and not history.epochs:
        click.echo("interrupted in the first epoch: nothing is saved", err=True)
        raise click.Abort
    threads_used = f" on {history.threads} threads" if (history.threads or 1) > 1 else ""
    say(f"engine  {history.engine}{threads_used}: {history.engine_reason}")
    say(f"trained {many(history.epochs, 'epoch')} in {history.seconds:.2f} s, {_losses(history)}")
    if interrupted:
        say(f"note    interrupted before epoch {epochs:,}: what was learnt until then is kept")
    if len(testing):
        say(f"held out {_score(network, preparation, X[testing], y[testing], y[training])}")
    network.preparation = preparation
    for line in _health(network, X[training], y[training], history):
        say(line)
    network.save(path)
    say(f"saved   {path}")
    if log_path:
        say(f"log     {log_path}")
    if plot_path and Path(plot_path).suffix != ".gif":
        save_page(plot_path, network, history, X[testing], y[testing])
        say(f"plot    {plot_path}")
    if drawing is not None and drawing.saved:
        say(f"plot    {drawing.saved}")
    if page_path:
        held = (X[testing], y[testing])
        page = gn.report(
            *(network, X[training], y[training], history),
            held_out=held,
            table=job.table,
            rows=training,
            title=f"{preparation.target} from {Path(data).name}",
        )
        page.save(page_path)
        say(f"report  {page_path}")
    if interrupted:
        context.exit(INTERRUPTED)


def _batch_size(asked: int | None, optimizer: str, *, all_rows: bool) -> int | None:
    """Give the rows of a step; None stands for all of them, which some optimizers need."""
    if not all_rows:
        return asked or USUAL_BATCH
    if asked is not None:
        raise click.UsageError(f"{optimizer} takes all rows at once: leave --batch-size out")
    return None


def _logs(path: str | None) -> list[gn.callbacks.CallbackLike]:
    """Give the callback that writes a log, in the form that its ending names."""
    import glassnet as gn

    return [] if path is None else [gn.callbacks.LOGS[Path(path).suffix](path)]


def _refuse_beside_folds(context: click.Context) -> None:
    """Refuse options that say nothing, or something else, where folds are asked for."""
    reasons = {
        "held_out": "each fold holds rows out itself",
        "out": "no model is saved",
        "quiet": "there is nothing but what is printed",
        "log": "no log is written",
        "plot": "there is no single network to be drawn",
        "live": "there is no single network to be drawn",
        "report": "no report is written",
        "threads": "each fold is trained on one thread",
    }
    for name, reason in reasons.items():
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            option = name.replace("_", "-")
            raise click.UsageError(f"with --folds {reason}: leave --{option} out")


def _health(
    network: gn.Network, X: NDArray[Any], y: NDArray[Any], history: gn.History
) -> Iterator[str]:
    """Say what is wrong with the network, and what can be done; nothing where nothing is.

    Columns that never change were named before training.
    """
    found = [f for f in network.health(X, y, history) if f.kind != "constant feature"]
    for finding in found:
        yield from _folded(f"health  {finding.severity}: {finding.what}")
        yield from _folded(f"        remedy: {finding.remedy}")


def _folded(line: str) -> list[str]:
    """Break a long line, below the place where its text begins."""
    return textwrap.wrap(line, WIDTH, subsequent_indent=" " * 8)


def _silent(_text: str) -> None:
    """Say nothing."""


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
