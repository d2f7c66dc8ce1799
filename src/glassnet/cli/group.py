"""A command whose errors are one sentence, and its exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import click

FAILED = 1  # a check that was made and not passed
REFUSED = 2
INTERRUPTED = 130  # what a shell expects of a program that Ctrl-C has ended
READER_LEFT = 141  # … and of one that wrote into a pipe which nobody reads any more


class Group(click.Group):
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
            where = repr(error.filename) if error.filename else "a file"
            _refuse(f"cannot read or write {where}: {error.strerror or error}")
        except MemoryError:
            _refuse(
                "there is not enough memory for this: take fewer rows or samples, or a smaller"
                " network"
            )

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Read the words; a help text may go into a pipe too."""
        with _reader_may_leave():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        with _reader_may_leave():
            return super().invoke(ctx)


@contextmanager
def _reader_may_leave() -> Iterator[None]:
    """End quietly where the reader of a pipe has read enough, as `head` has."""
    try:
        yield
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # Python writes what is left when it ends
        sys.exit(READER_LEFT)


def _refuse(text: str) -> NoReturn:
    click.echo(f"glassnet: {' '.join(text.split())}", err=True)
    sys.exit(REFUSED)
