"""The command `glassnet`: the public API, one sub-command for each thing that people do with it.

Each reads options, calls the library and says what came out. Everything that takes long to load is
imported inside the command that uses it, so that `glassnet --help` answers at once.

    group.py     errors as one sentence, exit codes
    options.py   what several commands take, and what it stands for
    show.py … lesson.py   one command each
"""

from __future__ import annotations

import os

import click

from glassnet.cli.check import check
from glassnet.cli.data import data
from glassnet.cli.draw import draw
from glassnet.cli.fit import fit
from glassnet.cli.group import Group
from glassnet.cli.lesson import lesson
from glassnet.cli.predict import predict
from glassnet.cli.program import program
from glassnet.cli.rate import rate
from glassnet.cli.rules import rules
from glassnet.cli.show import show


def _version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        import glassnet as gn

        click.echo(f"glassnet {gn.__version__}")
        context.exit()


@click.group(cls=Group, invoke_without_command=True)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_version,
    help="Show the version.",
)
@click.pass_context
def main(context: click.Context) -> None:
    """Neural networks made of glass: look inside, train on a table, predict.

    \b
    glassnet show "2-3-1 sigmoid" --data exam        every number of one step
    glassnet fit data/iris.csv --target species      train, test, save
    glassnet predict iris.safetensors data/iris.csv  use what was saved
    glassnet lesson                                  learn how it works
    """
    if os.environ.get("NO_COLOR"):
        context.color = False
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for command in (show, draw, rate, fit, predict, program, check, data, rules, lesson):
    main.add_command(command)
