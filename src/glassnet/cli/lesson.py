"""`glassnet lesson`: the lessons."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
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
