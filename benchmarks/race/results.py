"""The figures of all measures in one JSON file, with the machine that they hold for."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

LIBRARIES = (
    "glassnet numpy numba llvmlite scipy torch jax jaxlib optax keras scikit-learn onnxruntime"
).split()
INSTRUCTIONS = ("avx2", "avx512f", "asimd", "sve")  # those that decide how wide arithmetic is

Row = dict[str, Any]


def machine() -> dict[str, Any]:
    """Describe processor, cores and versions."""
    found = {}
    for library in LIBRARIES:
        try:
            found[library] = importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            found[library] = None
    if found["glassnet"] is None:  # run from a checkout
        import glassnet

        found["glassnet"] = glassnet.__version__
    processor, flags = _processor()
    return {
        "processor": processor,
        "instructions": [name for name in INSTRUCTIONS if name in flags],
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": found,
    }


def _processor() -> tuple[str, list[str]]:
    """Give its name and what it knows, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine(), []
    said = {}
    for line in lines:
        name, _, value = line.partition(":")
        said.setdefault(name.strip().lower(), value.strip())
    family = f"family {said.get('cpu family', '?')} model {said.get('model', '?')}"
    name = said.get("model name", platform.machine())
    return f"{name}, {family}", said.get("flags", said.get("features", "")).split()


class Results:
    """The JSON file of a folder: a section for each measure, written as soon as it is there.

    Sections that were measured earlier on this machine stay; those of another machine are dropped.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "race.json"
        folder.mkdir(parents=True, exist_ok=True)
        self.all: dict[str, Any] = {"machine": machine()}
        if self.file.exists():
            before = json.loads(self.file.read_text(encoding="utf-8"))
            if before.get("machine") == self.all["machine"]:
                self.all = before

    def rows(self, section: str) -> list[Row]:
        """Give what was measured so far."""
        found: list[Row] = self.all.get(section, [])
        return found

    def put(self, section: str, rows: Iterable[Row], keys: tuple[str, ...] = ()) -> None:
        """Put rows into a section; those with the same `keys` are replaced, without keys all."""
        rows = list(rows)
        fresh = {tuple(row[k] for k in keys) for row in rows}
        kept = [r for r in self.rows(section) if keys and tuple(r[k] for k in keys) not in fresh]
        self.all[section] = [*kept, *rows]
        text = json.dumps(self.all, indent=1, ensure_ascii=False)
        self.file.write_text(text + "\n", encoding="utf-8")
