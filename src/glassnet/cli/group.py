"""A command whose errors are one sentence, and its exit codes."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import click

FAILED = 1  # a check that was made and not passed
REFUSED = 2
INTERRUPTED = 130  # what a shell expects of a program that Ctrl-C has ended


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
            _refuse(f"{error.filename or 'a file'}: {error.strerror or error}")


def _refuse(text: str) -> NoReturn:
    click.echo(f"glassnet: {' '.join(text.split())}", err=True)
    sys.exit(REFUSED)
