"""`glassnet fit`: train on a table, test, save."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from glassnet.cli.drawn import ENDINGS, live_of, save_page
from glassnet.cli.group import INTERRUPTED
from glassnet.cli.job import Job, class_weight_of, job_of, table_of
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
    import glassnet as gn
    from glassnet.views.report.page import Report

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
    say = _silent if quiet else click.echo
    if folds is not None:
        _refuse_beside_folds(context)
    files = _files(data, log, plot, report, out)
    rate = USUAL_RATE if learning_rate is None and optimizer == "adam" else learning_rate
    step = optimizer_of(optimizer, rate, schedule)
    rows_in_batch = _batch_size(batch_size, optimizer, all_rows=step.line() is None)
    how = {"epochs": epochs, "batch_size": rows_in_batch, "optimizer": step, "engine": engine}
    asked = table_of(data, target, without, short)
    if folds is not None:
        from glassnet.cli.folds import fit_folds

        fit_folds(context, asked, short, folds, seed, class_weights, how)
        return
    job = job_of(asked, short, held_out, seed)
    how |= {"class_weight": class_weight_of(class_weights, job.preparation), "threads": threads}
    drawing = live_of(files.plot, live, epochs)
    for line in job.about():
        say(line)
    history = job.network.fit(
        job.X[job.training],
        job.y[job.training],
        random_state=seed,
        callbacks=[*_logs(files.log), *([] if drawing is None else [drawing])],
        verbose=False if quiet else None,
        **how,
    )
    interrupted = history.stopped == "interrupted"
    if interrupted and not history.epochs:
        click.echo("interrupted in the first epoch: nothing is saved", err=True)
        raise click.Abort
    job.network.preparation = job.preparation
    moving = "" if drawing is None else drawing.saved
    for line in chain(_results(job, history, epochs), _written(job, history, files, moving)):
        say(line)
    if interrupted:
        context.exit(INTERRUPTED)


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


@dataclass(frozen=True)
class _Files:
    """Where the model goes, and the files that were asked for."""

    model: str
    log: str | None
    plot: str | None
    report: str | None


def _files(
    data: str, log: str | None, plot: str | None, report: str | None, out: str | None
) -> _Files:
    """Check all files that will be written, before anything is trained."""
    import glassnet as gn

    named = f"{Path(data).stem}.safetensors" if out is None else out
    return _Files(
        log=None if log is None else out_path(log, tuple(gn.callbacks.LOGS), "a log", data),
        plot=None if plot is None else out_path(plot, ENDINGS, "a plot", data),
        report=None if report is None else out_path(report, ".html", "a report", data),
        model=out_path(named, ".safetensors", "a model", data),
    )


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


def _silent(_text: str) -> None:
    """Say nothing."""


# --------------------------------------------------------------------------- what has come of it


def _results(job: Job, history: gn.History, epochs: int) -> Iterator[str]:
    """Say how it was trained, how good it is, and what is wrong with it."""
    threads = f" on {history.threads} threads" if (history.threads or 1) > 1 else ""
    yield f"engine  {history.engine}{threads}: {history.engine_reason}"
    loss = f"loss {history.loss[0]:.3g} → {history.loss[-1]:.3g}"
    yield f"trained {many(history.epochs, 'epoch')} in {history.seconds:.2f} s, {loss}"
    if history.stopped == "interrupted":
        yield f"note    interrupted before epoch {epochs:,}: what was learnt until then is kept"
    if len(job.testing):
        yield f"held out {_score(job)}"
    yield from _health(job, history)


def _score(job: Job) -> str:
    """Say how good the network is, and how good the simplest guess would be."""
    import numpy as np

    X, y, training = job.X[job.testing], job.y[job.testing], job.y[job.training]
    if job.preparation.kind == "classes":
        right = job.network.evaluate(X, y, metrics=["accuracy"])["accuracy"]
        usual = int(np.argmax(np.bincount(training)))
        guess = float(np.mean(y == usual))
        label = job.preparation.classes[usual]
        return f"accuracy {right:.1%} (always saying {label!r}: {guess:.1%})"
    found = job.network.evaluate(X, y, metrics=["r2", "rmse"])
    unit = job.preparation.target_scale
    guess = float(np.sqrt(np.mean((y - np.mean(training)) ** 2)))
    return (
        f"R² {found['r2']:.3f}, RMSE {found['rmse'] * unit:.4g}"
        f" (always saying the mean: {guess * unit:.4g})"
    )


def _health(job: Job, history: gn.History) -> Iterator[str]:
    """Say what is wrong with the network, and what can be done; nothing where nothing is.

    Columns that never change were named before training.
    """
    X, y = job.X[job.training], job.y[job.training]
    for finding in job.network.health(X, y, history):
        if finding.kind == "constant feature":
            continue
        yield from _folded(f"health  {finding.severity}: {finding.what}")
        yield from _folded(f"        remedy: {finding.remedy}")


def _folded(line: str) -> list[str]:
    """Break a long line, below the place where its text begins."""
    return textwrap.wrap(line, WIDTH, subsequent_indent=" " * 8)


def _written(job: Job, history: gn.History, files: _Files, moving: str) -> Iterator[str]:
    """Write the model and the files that were asked for, and name each; `moving` is written."""
    job.network.save(files.model)
    yield f"saved   {files.model}"
    if files.log:
        yield f"log     {files.log}"
    if files.plot and Path(files.plot).suffix != ".gif":
        held = job.X[job.testing], job.y[job.testing]
        yield from save_page(files.plot, job.network, history, *held)
    if moving:
        yield f"plot    {moving}"
    if files.report:
        _report(job, history).save(files.report)
        yield f"report  {files.report}"


def _report(job: Job, history: gn.History) -> Report:
    """Make the page about the run."""
    import glassnet as gn

    return gn.report(
        *(job.network, job.X[job.training], job.y[job.training], history),
        held_out=(job.X[job.testing], job.y[job.testing]),
        table=job.table,
        rows=job.training,
        title=f"{job.preparation.target} from {Path(job.table.source).name}",
    )
