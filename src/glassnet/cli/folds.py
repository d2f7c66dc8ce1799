"""`glassnet fit --folds`: how good a network would be, by cross-validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
import numpy as np

import glassnet as gn
from glassnet.cli.group import INTERRUPTED
from glassnet.cli.job import Asked, about, about_network, class_weight_of, network_for
from glassnet.cli.options import many
from glassnet.errors import TableError
from glassnet.table import Preparation

if TYPE_CHECKING:
    from glassnet.table import Table


def fit_folds(
    context: click.Context,
    asked: Asked,
    short: str | None,
    folds: int,
    seed: int,
    class_weights: Sequence[str],
    options: Mapping[str, Any],
) -> None:
    """Cross-validate on a table, and print the scores of each fold with mean and spread."""
    table, target, features = asked.table, asked.target, asked.features
    whole = Preparation.learn(table, target, features=features)  # for what is said, not trained
    network = network_for(whole, table.rows, short, seed)
    metrics = ["accuracy"] if whole.kind == "classes" else ["r2", "rmse"]
    try:
        found = gn.cross_validate(
            network.description,
            table,
            target,
            folds=folds,
            features=features,
            metrics=metrics,
            random_state=seed,
            class_weight=class_weight_of(class_weights, whole),
            **options,
        )
    except gn.TableError:
        raise
    except gn.DataError as flaw:
        raise TableError(f"{table.source}: {flaw}") from None
    for line in about(table, whole):
        click.echo(line)
    click.echo(about_network(network))
    click.echo(f"engine  {found.engine}: {found.engine_reason}")
    click.echo(f"trained {many(folds, 'network')} in {found.seconds:.2f} s")
    click.echo(f"\n{found}\n")
    click.echo(f"guess   {_guess(found, table, whole)}")
    if found.interrupted:
        click.echo("note    interrupted: some folds were trained less, or not at all")
        context.exit(INTERRUPTED)
    click.echo("note    no model is saved: without --folds one network is trained and saved")


def _guess(found: gn.CrossValidation, table: Table, whole: Preparation) -> str:
    """Say how good the simplest guess would be, on the same folds."""
    if whole.kind == "classes":
        wanted = whole.targets_of(table)
        usual = [np.argmax(np.bincount(wanted[fold.train])) for fold in found.folds]
        right = [
            np.mean(wanted[fold.held_out] == label)
            for fold, label in zip(found.folds, usual, strict=True)
        ]
        return f"accuracy {np.mean(right):.1%} by always saying the most frequent label"
    wanted = table.numbers(whole.target)
    errors = [
        np.sqrt(np.mean((wanted[fold.held_out] - np.mean(wanted[fold.train])) ** 2))
        for fold in found.folds
    ]
    return f"RMSE {np.mean(errors):.4g} by always saying the mean"
