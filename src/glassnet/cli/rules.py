"""`glassnet rules`: the tables of rules."""

from __future__ import annotations

import click


@click.command()
@click.argument("kind", required=False)
@click.argument("name", required=False)
def rules(kind: str | None, name: str | None) -> None:
    """List the rules: formulas, sources, lines and plots.

    \b
    glassnet rules                      every table in short
    glassnet rules losses               one table
    glassnet rules activations gelu     one entry, with its plot
    glassnet rules gelu                 the same
    """
    from glassnet.views import rules as view

    if kind is None:
        click.echo(view.overview())
    elif name is not None:
        click.echo(view.entry(kind, name))
    elif (found := view.kind_of(kind)) == kind:
        click.echo(view.listing(kind))
    else:
        click.echo(view.entry(found, kind))
