"""The command `glassnet`: the public API, one sub-command for each thing that people do with it.

It reads options, calls the library and says what came out. Everything that takes long to load is
imported inside the command that uses it, so that `glassnet --help` answers at once.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from numpy.typing import NDArray

    import glassnet as gn
    from glassnet.table import Preparation, Table

REFUSED = 2
FAILED = 1  # a check that was made and not passed
INTERRUPTED = 130  # what a shell expects of a program that Ctrl-C has ended
SHOWN_ROWS = 3  # rows in the step that is shown or checked, where nothing else is said
MOST_LINES = 3  # of the numbers of one value
LISTED = 10  # rows of predictions that are listed in the terminal
CHECKED = 24  # gradients that are all listed; of more, only the worst of each array

OPTIMIZERS = ("sgd", "adam", "lbfgs")
ENGINES = ("auto", "numpy", "numba")


class Command(click.Group):
    """A group whose errors are one sentence on stderr and exit code 2, never a traceback."""

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Run the command and end the process."""
        from glassnet.errors import GlassnetError

        extra["standalone_mode"] = False
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")  # a terminal without → gets a ?
        try:
            sys.exit(super().main(*args, **extra) or 0)
        except click.Abort:
            sys.exit(INTERRUPTED)
        except click.UsageError as error:
            where = error.ctx.command_path if error.ctx else "glassnet"
            _refuse(f"{error.format_message().rstrip('.')}: see {where} --help")
        except click.ClickException as error:
            _refuse(error.format_message())
        except GlassnetError as error:
            _refuse(str(error))
        except OSError as error:
            _refuse(f"{error.filename or 'a file'}: {error.strerror or error}")


def _refuse(text: str) -> NoReturn:
    click.echo(f"glassnet: {' '.join(text.split())}", err=True)
    sys.exit(REFUSED)


def _version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        from glassnet import __version__

        click.echo(f"glassnet {__version__}")
        context.exit()


@click.group(cls=Command, invoke_without_command=True)
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


# --------------------------------------------------------------------------- shared options

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


def _optimizer(name: str, learning_rate: float | None) -> Any:
    import glassnet as gn

    if name == "lbfgs":
        if learning_rate is not None:
            raise click.UsageError("lbfgs has no learning rate: leave --learning-rate out")
        return gn.LBFGS()
    kind = {"sgd": gn.SGD, "adam": gn.Adam}[name]
    return kind() if learning_rate is None else kind(learning_rate)


def _network(what: str, loss: str = "", seed: int = 0) -> gn.Network:
    """Give the network in a model file, or a new one from its short form."""
    import glassnet as gn

    if Path(what).suffix == ".safetensors":
        if loss:
            raise click.UsageError("a model file has a loss of its own: leave --loss out")
        return gn.load(what)
    return gn.Network(what, loss=loss, random_state=seed)


def _batch(
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
        preparation = Preparation.learn(table, _target(table, target))
    return preparation.features_of(table)[:rows], preparation.targets_of(table)[:rows]


def _random_batch(network: gn.Network, rows: int, seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    import numpy as np

    random = np.random.RandomState(seed)
    description = network.description
    X = random.standard_normal((rows, description.inputs))
    if description.loss == "cross_entropy":
        return X, random.randint(0, description.outputs, rows)
    return X, random.randint(0, 2, (rows, description.outputs)).astype(np.float64)


def _target(table: Table, target: str | None) -> str:
    if target is None:
        raise click.UsageError(f"name the column that is wanted: --target {'|'.join(table.names)}")
    table.column(target)  # raises with the nearest name
    return target


# ------------------------------------------------------------------------------------ show


@main.command()
@click.argument("network")
@data_options
@click.option("--row", type=click.IntRange(0), default=0, show_default=True, help="Row shown.")
@click.option("--explain", "number", help="Number to explain, such as 'dW1[0, 1]'.")
@optimizer_options
@loss_option
@seed_option
def show(
    network: str,
    data: str | None,
    target: str | None,
    rows: int,
    row: int,
    number: str | None,
    optimizer: str,
    learning_rate: float | None,
    loss: str,
    seed: int,
) -> None:
    """Show one step, line by line, with its real numbers.

    NETWORK is a short form such as "2-3-1 sigmoid", or a model file. Of a value with a row for
    each sample one row is shown, of all others everything that fits.

    \b
    glassnet show "2-3-1 sigmoid" --data exam
    glassnet show "4-8-3 relu softmax" --data data/iris.csv --target species
    glassnet show "2-3-1 tanh" --optimizer adam --row 2 --explain "db2[0]"
    """
    made = _network(network, loss, seed)
    X, y = _batch(made, data, target, rows, seed)
    if row >= len(X):
        raise click.UsageError(f"there is no row {row}: the batch has the rows 0 to {len(X) - 1}")
    trace = made.trace(X, y, optimizer=_optimizer(optimizer, learning_rate))
    click.echo(_heading(made, data, len(X), row))
    for line in _listing(trace, row, shutil.get_terminal_size().columns):
        click.echo(line)
    click.echo()
    click.echo(str(trace.explain(number or _first_gradient(trace))))


def _heading(network: gn.Network, data: str | None, rows: int, row: int) -> str:
    description = network.description
    source = data or "random numbers"
    return (
        f"{description.short()}, loss {description.loss};"
        f" {_many(rows, 'row')} of {source}, row {row} shown"
    )


def _listing(trace: gn.Trace, row: int, width: int) -> Iterator[str]:
    """Give the inputs of a step and its lines, each with its shape and its numbers."""
    entries = list(_entries(trace))
    texts = [text for _, text, _, _ in entries]
    across = min(max(map(len, texts)), max(24, width // 2))
    shapes = max(len(str(trace[name].shape)) for _, _, name, _ in entries)
    before = ""
    for phase, text, name, of_rows in entries:
        if phase != before:
            yield click.style(phase, bold=True)
            before = phase
        value = trace[name]
        start = f"  {text:<{across}}  {value.shape!s:<{shapes}}  "
        if len(text) > across:
            yield f"  {text}"
            start = f"  {'':<{across}}  {value.shape!s:<{shapes}}  "
        for numbers in _numbers(value[row] if of_rows else value, max(12, width - len(start))):
            yield start + numbers
            start = " " * len(start)


def _entries(trace: gn.Trace) -> Iterator[tuple[str, str, str, bool]]:
    """Give phase, text and value of each entry, and whether the value has a row for each sample."""
    for given in trace.program.inputs:
        if given.role.name != "STATE":  # what an optimizer remembers
            yield "given", given.name, given.name, given.shape[:1] == ("m",)
    names: dict[str, list[str]] = {}
    for name in trace:
        line = trace.line_of(name)
        if line is not None:
            names.setdefault(line.text, []).append(name)
    for line in trace.lines:
        for place, (name, shape) in enumerate(zip(names[line.text], line.shapes, strict=True)):
            text = f"  {name}" if place else line.text
            yield line.phase.value, text, name, shape[:1] == ("m",)


def _numbers(value: NDArray[Any], room: int) -> list[str]:
    """Give the numbers of a value as far as there is room, in lines; a bar stands between rows.

    >>> import numpy as np
    >>> _numbers(np.array([[1, 2.5], [3, 4]]), 40), _numbers(np.arange(9), 12)
    (['1 2.5 | 3 4'], ['0 1 2 3 4 …'])
    >>> _numbers(np.array([[1, 2.5], [3, 4]]), 7)
    ['1 2.5 |', '3 4']
    """
    rows = value.reshape(-1, value.shape[-1]) if value.ndim else value.reshape(1, 1)
    texts = [" ".join(f"{number:.4g}" for number in row) for row in rows]
    whole = " | ".join(texts)
    if len(whole) > room and 1 < len(texts) <= MOST_LINES and len(rows[0]) > 1:
        barred = [f"{text} |" for text in texts[:-1]]
        return [_cut(text, room) for text in (*barred, texts[-1])]
    return [_cut(whole, room)]


def _cut(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    return text[: room - 1].rpartition(" ")[0].removesuffix(" |") + " …"


def _first_gradient(trace: gn.Trace) -> str:
    parameter = trace.program.parameters[0]
    return f"d{parameter.name}[{', '.join('0' for _ in parameter.shape)}]"


# ------------------------------------------------------------------------------------- fit


@main.command()
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
    import numpy as np

    from glassnet.table import Preparation, Table, split

    say = _silent if quiet else click.echo
    path = _model_path(out or f"{Path(data).stem}.safetensors")
    table = Table.read(data)
    name = _target(table, target)
    kind = table.kind(name)
    training, testing = np.arange(table.rows), np.arange(0)
    if held_out:
        labels = table.labels(name) if kind == "classes" else None
        training, testing = split(table.rows, held_out, seed, labels)
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
        optimizer=_optimizer(optimizer, rate),
        random_state=seed,
        engine=engine,
        verbose=False if quiet else None,
    )
    interrupted = history.stopped == "interrupted"
    if interrupted and not history.epochs:
        raise click.Abort
    say(f"engine  {history.engine}: {history.engine_reason}")
    say(f"trained {_many(history.epochs, 'epoch')} in {history.seconds:.2f} s, {_losses(history)}")
    if len(testing):
        say(f"held out {_score(network, preparation, X[testing], y[testing], y[training])}")
    network.preparation = preparation
    network.save(path)
    say(f"saved   {path}")
    if interrupted:  # what was learnt until then is kept
        context.exit(INTERRUPTED)


USUAL_RATE = 0.01  # of Adam for small tables, where a hundred epochs are a few hundred steps


def _model_path(path: str) -> str:
    """Give the path of a model file, refusing before hours of training what cannot be written."""
    if Path(path).suffix != ".safetensors":
        raise click.UsageError(f"a model is saved as a .safetensors file, got {path!r}")
    if not Path(path).parent.is_dir():
        raise click.UsageError(f"there is no folder {str(Path(path).parent)!r} to save {path!r} in")
    return path


def _silent(_text: str) -> None:
    """Say nothing."""


def _about(table: Table, preparation: Preparation, training: int, testing: int) -> Iterator[str]:
    columns = _many(len(preparation.features), "column")
    yield f"table   {table.source}: {_many(table.rows, 'row')}, {columns} beside the target"
    wanted = "a number"
    if preparation.classes:
        wanted = f"{len(preparation.classes)} classes: {_few(preparation.classes)}"
    yield f"target  {preparation.target}, {wanted}"
    for name in preparation.constant:
        yield f"note    column {name} never changes, so nothing can be learnt from it"
    yield f"rows    {training} for training, {testing} held out"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


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
            f"the table has {_many(inputs, 'column')} beside the target, but"
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


# --------------------------------------------------------------------------------- predict


@main.command()
@click.argument("model", type=click.Path())
@click.argument("data", type=click.Path())
@click.option("--out", type=click.Path(), help="CSV file for all predictions.")
def predict(model: str, data: str, out: str | None) -> None:
    """Predict for the rows of a CSV file with a saved model.

    The columns may stand in any order, and others beside them. Where the target is among them, the
    predictions are scored too.

    \b
    glassnet predict iris.safetensors data/iris.csv
    glassnet predict iris.safetensors new.csv --out predictions.csv
    """
    import glassnet as gn
    from glassnet.table import Table, write_csv

    network = gn.load(model)
    preparation = network.preparation
    if preparation is None:
        raise click.UsageError(
            f"{model} was saved without its table's preparation, so it cannot read a CSV file: use"
            " glassnet.load in Python"
        )
    table = Table.read(data)
    X = preparation.features_of(table)
    outputs = network.predict(X)
    columns: dict[str, Any] = {preparation.target: preparation.predictions(outputs)}
    if preparation.kind == "classes":
        columns["probability"] = _probability(outputs)
    if out is None:
        for line in _columns(columns):
            click.echo(line)
    else:
        write_csv(out, columns)
        click.echo(f"{_many(table.rows, 'prediction')} in {out}")
    if preparation.target in table.columns:
        click.echo(_scored(network, preparation, table, X))


def _probability(outputs: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    if outputs.shape[1] == 1:
        return np.asarray(np.maximum(outputs[:, 0], 1 - outputs[:, 0]))
    return np.asarray(outputs.max(axis=1))


def _columns(columns: dict[str, Any]) -> Iterator[str]:
    """Give the first rows as a table for people, and say how many there are beside them."""
    rows = len(next(iter(columns.values())))
    shown = [
        [name, *(f"{v:.4g}" if isinstance(v, float) else str(v) for v in values[:LISTED].tolist())]
        for name, values in {"row": _counted(rows), **columns}.items()
    ]
    widths = [max(map(len, column)) for column in shown]
    for cells in zip(*shown, strict=True):
        padded = (f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
        yield "  ".join(padded).rstrip()
    if rows > LISTED:
        yield f"… and {rows - LISTED} more: --out FILE writes all of them"


def _counted(rows: int) -> NDArray[Any]:
    import numpy as np

    return np.arange(1, rows + 1)


def _scored(network: gn.Network, preparation: Preparation, table: Table, X: NDArray[Any]) -> str:
    from glassnet.errors import TableError

    try:
        y = preparation.targets_of(table)
    except TableError as error:  # predictions need no target, so a bad one is no reason to stop
        return f"not scored: {error}"
    if preparation.kind == "classes":
        right = network.evaluate(X, y, metrics=["accuracy"])["accuracy"]
        return f"accuracy {right:.1%} on {_many(table.rows, 'row')}"
    found = network.evaluate(X, y, metrics=["r2", "rmse"])
    return f"R² {found['r2']:.3f}, RMSE {found['rmse'] * preparation.target_scale:.4g}"


# --------------------------------------------------------------------------------- program


@main.command()
@click.argument("network")
@optimizer_options
@loss_option
@click.option("--out", type=click.Path(), help="Python file to write.")
@click.option(
    "--for",
    "engine",
    type=click.Choice(ENGINES[1:]),
    default="numpy",
    show_default=True,
    help="The readable program, or the loops that are compiled from it.",
)
def program(
    network: str,
    optimizer: str,
    learning_rate: float | None,
    loss: str,
    out: str | None,
    engine: str,
) -> None:
    """Print the program of a network, or save it.

    A saved program is a Python file that needs NumPy only.

    \b
    glassnet program "2-3-1 sigmoid"
    glassnet program "784-64-10 relu softmax" --optimizer adam --out step.py
    glassnet program "2-3-1 sigmoid" --for numba
    """
    written = _network(network, loss).program(optimizer=_optimizer(optimizer, learning_rate))
    if out is None:
        click.echo(written.source_for(engine), nl=False)
        return
    if engine != "numpy":
        raise click.UsageError(
            "only the readable program can be written to a file: leave --for out"
        )
    click.echo(f"written to {written.save(out)}")


# ----------------------------------------------------------------------------------- check


@main.command()
@click.argument("network")
@data_options
@loss_option
@seed_option
@click.pass_context
def check(
    context: click.Context,
    network: str,
    data: str | None,
    target: str | None,
    rows: int,
    loss: str,
    seed: int,
) -> None:
    """Compare gradients with those found by nudging each weight.

    Exit code 0 if they agree, 1 if not. Of a large network only the worst number of each array is
    listed; all are compared.

    \b
    glassnet check "2-3-1 sigmoid" --data exam
    glassnet check "4-8-3 relu softmax" --data data/iris.csv --target species --rows 20
    """
    made = _network(network, loss, seed)
    X, y = _batch(made, data, target, rows, seed)
    report = made.check_gradients(X, y)
    click.echo(f"{made.description.short()}, loss {made.description.loss}; {_many(len(X), 'row')}")
    for line in _compared(report):
        click.echo(line)
    click.echo(str(report))
    click.echo("passed" if report.passed else "FAILED")
    context.exit(0 if report.passed else FAILED)


def _compared(report: Any) -> Iterator[str]:
    import numpy as np

    many = sum(value.size for value in report.exact.values()) > CHECKED
    cells = [("", "ours", "nudged", "difference")]
    for name, exact in report.exact.items():
        nudged = report.nudged[name]
        gaps = np.nan_to_num(np.abs(exact - nudged))  # nan where only a sample was nudged
        places = (
            [np.unravel_index(int(np.argmax(gaps)), gaps.shape)] if many else np.ndindex(gaps.shape)
        )
        for place in places:
            where = f"d{name}[{', '.join(map(str, place))}]"
            numbers = f"{exact[place]: .10g}", f"{nudged[place]: .10g}", f"{gaps[place]:.1e}"
            cells.append((where, *numbers))
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    for row in cells:
        yield "  ".join(
            f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)
        ).rstrip()


# ------------------------------------------------------------------------------------ data


@main.command()
@click.argument("name", required=False)
@click.option("--out", type=click.Path(), help="CSV file to write; by default it is printed.")
@click.option("--samples", type=click.IntRange(1), help="Size, for sets that are drawn.")
@click.option("--noise", type=float, help="Spread, for sets that are shaken.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="For sets that are drawn.")
def data(
    name: str | None, out: str | None, samples: int | None, noise: float | None, seed: int | None
) -> None:
    """Write a data set as CSV; without a name, list them.

    \b
    glassnet data
    glassnet data spiral --out spiral.csv
    glassnet data moons --samples 1000 --noise 0.2 --out moons.csv
    """
    from glassnet.datasets import DATASETS, dataset

    if name is None:
        for entry in DATASETS.values():
            click.echo(f"{entry.name:<8}  {entry.network:<22}  {entry.summary}")
        return
    entry = dataset(name)
    columns = _columns_of(entry, {"samples": samples, "noise": noise, "random_state": seed})
    if out is None:
        click.echo(",".join(columns))
        for row in zip(*columns.values(), strict=True):
            click.echo(",".join(map(str, row)))
        return
    from glassnet.table import write_csv

    write_csv(out, columns)
    click.echo(f"{_many(len(columns[entry.target]), 'row')} of {entry.name} in {out}")


def _columns_of(entry: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Make a data set with the options that were given, and give its columns by name."""
    import inspect

    takes = inspect.signature(entry.make).parameters
    given = {key: value for key, value in options.items() if value is not None}
    for key in given:
        if key not in takes:
            word = "seed" if key == "random_state" else key
            raise click.UsageError(f"the data set {entry.name} has no --{word}")
    X, y = entry.make(**given)
    columns = {name: X[:, place] for place, name in enumerate(entry.columns)}
    return {**columns, entry.target: y.reshape(len(X))}


# ---------------------------------------------------------------------------------- lesson


@main.command()
@click.argument("name", required=False)
@click.option("--lang", default="en", show_default=True, help="en, or zh for 简体中文.")
@click.option(
    "--pictures",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the pictures as files too.",
)
def lesson(name: str | None, lang: str, folder: Path | None) -> None:
    """Run a lesson; without a name, list them.

    \b
    glassnet lesson
    glassnet lesson beans
    glassnet lesson layers --lang zh --pictures pictures
    """
    from glassnet import lessons
    from glassnet.errors import unknown_name

    if name is not None:
        lessons.run(name, lang, picture_folder=folder)
        return
    if lang not in lessons.LANGUAGES:
        raise unknown_name("language", lang, lessons.LANGUAGES)
    for entry in lessons.LESSONS.values():
        click.echo(f"{entry.name:<8}  {entry.title(lang)}")


if __name__ == "__main__":
    main(prog_name="glassnet")
