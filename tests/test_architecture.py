"""The way through the house, as docs/design.md draws it, and an import that stays light."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import glassnet

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "glassnet"
PUBLIC = {"glassnet", "errors", "datasets", "table"}  # what "the public API" stands for

HEAVY = """asyncio concurrent curses distutils doctest email ensurepip html http multiprocessing pdb
pydoc sqlite3 ssl tkinter unittest urllib.request venv xml""".split()


# ------------------------------------------------------------------------- reading the plan


@dataclass(frozen=True)
class Place:
    """One row of the plan: what a module may import, always and inside of functions only."""

    name: str
    imports: frozenset[str]
    on_demand: frozenset[str]


def read_plan(text: str) -> dict[str, Place]:
    """Read the table 'place | owns | may import'; a row may name several files."""
    plan: dict[str, Place] = {}
    rows = text.split("| place | owns | may import |")[1].split("\n\n")[0].splitlines()[2:]
    for row in rows:
        names, _, wanted = (cell.strip() for cell in row.strip().strip("|").split(" | "))
        always, on_demand = {"errors"}, set()
        for words in re.split(r"[,;]| and ", wanted):
            word = words.strip().strip("`")
            if word == "everything above":
                always |= set(plan)
            elif word.startswith("the public API"):
                always |= PUBLIC
            elif word.endswith(" on demand"):
                on_demand.add(word.removesuffix(" on demand").strip("`"))
            elif word != "nothing":
                always.add(word)
        for name in re.findall(r"`([a-z_]+)(?:\.py|/)`", names):
            plan[name] = Place(name, frozenset(always - {name}), frozenset(on_demand))
    return plan


PLAN = read_plan((ROOT / "docs" / "design.md").read_text(encoding="utf-8"))


def place_of(path: Path) -> str:
    """Give the name of the row that a file belongs to: its folder's, or its own."""
    first = path.relative_to(SOURCE).parts[0]
    return first.removesuffix(".py")


# ---------------------------------------------------------------------- reading the imports


@dataclass(frozen=True)
class Imported:
    """One import of a part of glassnet: where it stands, and whether loading the file makes it."""

    name: str
    line: int
    on_load: bool


def imports_in(text: str) -> Iterator[Imported]:
    """Give every import of glassnet in a text, those inside of functions too."""
    tree = ast.parse(text)
    later = {id(node) for part in ast.walk(tree) if _runs_later(part) for node in ast.walk(part)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found = [module]
            if module == "glassnet":
                found = [f"glassnet.{alias.name}" for alias in node.names]
        else:
            continue
        for name in found:
            first, *rest = name.split(".")
            if first in ("glassnet", ""):  # a relative import begins with a dot
                place = next(filter(None, rest), "glassnet")
                yield Imported(place, node.lineno, id(node) not in later)


def _runs_later(part: ast.AST) -> bool:
    """Whether a part runs only when it is called, or for the type checker alone."""
    if isinstance(part, ast.If):
        return isinstance(part.test, ast.Name) and part.test.id == "TYPE_CHECKING"
    return isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)


def breaches(name: str, text: str, plan: dict[str, Place]) -> list[str]:
    """Give every import in the text of a place that the plan does not allow."""
    assert name in plan, f"{name} stands in no row of the table in docs/design.md"
    place = plan[name]
    found = []
    for item in imports_in(text):
        if item.name == name or item.name in place.imports:
            continue
        if not item.on_load and item.name in place.on_demand:
            continue
        found.append(f"line {item.line}: {name} may not import {item.name}")
    return found


FILES = sorted(p for p in SOURCE.rglob("*.py") if p != SOURCE / "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_module_imports_only_what_the_plan_allows(path):
    assert breaches(place_of(path), path.read_text(encoding="utf-8"), PLAN) == []


def test_the_plan_names_every_module_and_no_other():
    assert {place_of(path) for path in FILES} == set(PLAN)


def test_the_plan_goes_downwards_only():
    order = list(PLAN)
    for place in PLAN.values():
        for name in (place.imports & set(PLAN)) - {"errors"}:
            assert order.index(name) < order.index(place.name), f"{place.name} imports {name}"


@pytest.mark.parametrize(
    "text",
    [
        "import glassnet.network",
        "from glassnet.network import Network",
        "from glassnet import network",
        "import glassnet as gn",
        "def f():\n    from glassnet.network import Network",
        "def f():\n    def g():\n        import glassnet.network",
        "from .network import Network",
    ],
)
def test_an_import_that_goes_upwards_is_found(text):
    plan = read_plan(
        "| place | owns | may import |\n|---|---|---|\n| `rules/` | . | errors |\n"
        "| `program.py` | . | rules; network on demand |\n"
        "| `network.py` | . | everything above |\n\n"
    )
    assert breaches("rules", text, plan)


def test_an_import_on_demand_is_not_made_on_loading():
    plan = read_plan(
        "| place | owns | may import |\n|---|---|---|\n"
        "| `program.py` | . | nothing; network on demand |\n\n"
    )
    upwards = "import glassnet.network"
    assert breaches("program", f"def f():\n    {upwards}", plan) == []
    assert breaches("program", f"if TYPE_CHECKING:\n    {upwards}", plan) == []
    assert breaches("program", upwards, plan)
    assert breaches("program", f"if True:\n    {upwards}", plan)


# ---------------------------------------------------------------------- a light import


def modules_loaded_by(statement: str) -> set[str]:
    """Give the modules that a statement loads in a fresh process which has NumPy already."""
    code = (
        "import json, sys, numpy\n"
        "before = set(sys.modules)\n"
        f"{statement}\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE.parent)},
    )
    return set(json.loads(run.stdout))


def foreign(modules: set[str]) -> set[str]:
    """Give those that are neither NumPy's, nor the standard library's, nor glassnet's."""
    ours = {"glassnet", "numpy", "cython_runtime", *sys.stdlib_module_names}
    return {
        name
        for name in modules
        if name.split(".")[0] not in ours and not name.startswith("_cython_")  # in numpy.random
    }


def heavy(modules: set[str]) -> set[str]:
    """Give the parts of the standard library that take long to load."""
    return {m for m in modules if any(m == h or m.startswith(f"{h}.") for h in HEAVY)}


def test_import_loads_numpy_and_the_standard_library_only():
    loaded = modules_loaded_by("import glassnet")
    assert "glassnet" in loaded
    assert foreign(loaded) == set()


def test_import_stays_light():
    # A module of the standard library takes about a millisecond, these few much more; so their
    # names and their number hold the time down, on any machine and under any load.
    loaded = modules_loaded_by("import glassnet")
    assert heavy(loaded) == set()
    assert len({name for name in loaded if name.split(".")[0] in sys.stdlib_module_names}) <= 60


def test_every_public_name_is_there_without_any_other_library():
    loaded = modules_loaded_by("import glassnet; [getattr(glassnet, n) for n in glassnet.__all__]")
    assert "glassnet.network" in loaded
    assert foreign(loaded) == set()
    assert heavy(loaded) == set()


def test_a_network_is_made_without_any_other_library():
    loaded = modules_loaded_by("import glassnet; glassnet.Network('2-3-1 sigmoid')")
    assert foreign(loaded) == set()


def test_type_checkers_are_told_the_places_from_which_names_are_loaded():
    tree = ast.parse((SOURCE / "__init__.py").read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    told = {a.asname: node.module for node in block.body for a in node.names}
    places = {name: place for place, names in glassnet.PLACES.items() for name in names.split()}
    assert told == places | dict.fromkeys(glassnet.MODULES, "glassnet")
    assert set(glassnet.__all__) == set(told)


def test_the_command_starts_with_nothing_but_click():
    loaded = modules_loaded_by("import glassnet.cli")
    assert {name.split(".")[0] for name in foreign(loaded)} <= {"click", "colorama"}


def test_a_heavy_import_is_found():
    loaded = modules_loaded_by("import click, unittest.mock")
    assert "click" in foreign(loaded)
    assert "unittest.mock" in heavy(loaded)
