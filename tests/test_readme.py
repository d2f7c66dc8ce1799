"""Every block of the two READMEs is run, and what they show is what comes out."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
READMES = ["README.md", "README.zh-CN.md"]
CHECKER = doctest.OutputChecker()


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its text, and the line that it starts on."""

    language: str
    text: str
    line: int


def blocks_of(text: str) -> list[Block]:
    """Give the fenced blocks of a Markdown text."""
    found = re.finditer(r"^```(\S*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [Block(m[1], m[2], text[: m.start()].count("\n") + 1) for m in found]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def python_of(block: Block) -> bool:
    return block.language == "python" and ">>> " in block.text


# --------------------------------------------------------------------- running each kind


def run_session(blocks: list[Block], name: str) -> str:
    """Run Python sessions one after the other, in one space of names; give what differed."""
    scope: dict[str, object] = {}
    report: list[str] = []
    for block in blocks:
        test = doctest.DocTestParser().get_doctest(block.text, scope, name, name, block.line)
        assert test.examples
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
        runner.run(test, out=report.append, clear_globs=False)
        scope = test.globs
    return "".join(report)


def run_console(block: Block, environment: dict[str, str]) -> str:
    """Run '$ glassnet …' lines and compare what follows each; give what differed."""
    report = []
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, wanted = part.partition("\n")
        words = shlex.split(command)
        assert words[0] == "glassnet", f"only glassnet is run here, not {words[0]!r}"
        run = subprocess.run(
            [sys.executable, "-m", "glassnet.cli", *words[1:]],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=environment,
        )
        same = CHECKER.check_output(timeless(wanted), timeless(run.stdout), doctest.ELLIPSIS)
        if run.returncode or not same:
            report.append(f"$ {command}\nwanted:\n{wanted}\ngot ({run.returncode}):\n{run.stdout}")
    return "\n".join(report)


def timeless(text: str) -> str:
    """Take out how long a training took: that differs from run to run."""
    return re.sub(r" in [0-9.]+ s(?=[,\n])", " in 0 s", text)


def wrong_shell_lines(block: Block) -> list[str]:
    """Give the lines that name a make target or an extra that does not exist, or anything else."""
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    extras = tomllib.loads(read("pyproject.toml"))["project"]["optional-dependencies"]
    wrong = []
    for line in block.text.splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["make"] and set(words[1:]) <= targets:
            continue
        if words[:2] == ["pip", "install"] and len(words) == 3:
            name, _, wanted = words[2].rstrip("]").partition("[")
            if name in ("glassnet", ".") and set(filter(None, wanted.split(","))) <= set(extras):
                continue
        if words:
            wrong.append(line)
    return wrong


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of its own with the data files in it, as in a fresh clone."""
    shutil.copytree(ROOT / "data", tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def environment():
    path = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, "COLUMNS": "100", "PYTHONUTF8": "1"}


# ------------------------------------------------------------------------------ the tests


@pytest.mark.parametrize("name", READMES)
def test_python_sessions_print_what_is_shown(name, folder):
    sessions = [block for block in blocks_of(read(name)) if python_of(block)]
    assert sessions
    assert run_session(sessions, name) == ""


@pytest.mark.parametrize("name", READMES)
def test_commands_print_what_is_shown(name, folder, environment):
    consoles = [block for block in blocks_of(read(name)) if block.language == "console"]
    assert consoles
    assert "\n".join(filter(None, (run_console(block, environment) for block in consoles))) == ""


@pytest.mark.parametrize("name", READMES)
def test_programs_are_shown_as_they_are_written(name):
    shown = [b for b in blocks_of(read(name)) if b.language == "python" and not python_of(b)]
    golden = [path.read_text(encoding="utf-8") for path in (ROOT / "programs").glob("*.py")]
    assert shown
    for block in shown:
        assert any(block.text in text for text in golden), f"line {block.line}"


@pytest.mark.parametrize("name", READMES)
def test_shell_lines_name_what_exists(name):
    for block in blocks_of(read(name)):
        if block.language == "sh":
            assert wrong_shell_lines(block) == []


@pytest.mark.parametrize("name", READMES)
def test_no_block_escapes(name):
    assert {block.language for block in blocks_of(read(name))} <= {"python", "console", "sh"}


@pytest.mark.parametrize("name", READMES)
def test_places_that_are_named_are_there(name):
    table = re.findall(r"^\| (`src/.*?) \|", read(name), re.MULTILINE)
    named = {
        part.removeprefix("src/glassnet/") for row in table for part in re.findall(r"`(.*?)`", row)
    }
    assert len(named) > 10
    for part in named:
        assert (ROOT / "src" / "glassnet" / part).exists(), part


@pytest.mark.parametrize("name", READMES)
def test_links_lead_somewhere(name):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", read(name))
    assert links
    for link in links:
        assert link.startswith("https://") or (ROOT / link).exists(), link


@pytest.mark.parametrize("name", READMES)
def test_every_picture_is_shown_and_small(name):
    pictures = sorted((ROOT / "docs" / "pictures").iterdir())
    assert pictures
    for picture in pictures:
        assert f"](docs/pictures/{picture.name})" in read(name), picture.name
        assert picture.stat().st_size < 150_000, picture.name


def test_both_languages_show_the_same_blocks():
    first, second = (
        [(block.language, block.text) for block in blocks_of(read(name))] for name in READMES
    )
    assert first == second


def test_a_wrong_output_is_found(folder, environment):
    wrong = Block("python", ">>> 1 + 1\n3\n", 1)
    assert "Got:" in run_session([wrong], "README.md")
    console = Block("console", "$ glassnet --version\nglassnet, version 99\n", 1)
    assert "wanted:" in run_console(console, environment)
    failing = Block("console", "$ glassnet fit nothing.csv --target y\n...\n", 1)
    assert "got (2)" in run_console(failing, environment)
    assert wrong_shell_lines(Block("sh", "make coffee\npip install 'glassnet[magic]'\n", 1))
