"""The private folder of compiled programs: used only if it is ours alone, and never fatal."""

from __future__ import annotations

import stat
import subprocess
import sys

import numpy as np
import pytest

from glassnet.description import Description
from glassnet.engines import code_cache
from glassnet.engines.numba import NumbaEngine
from glassnet.program import Program
from glassnet.rules.optimizers import SGD
from test_engines import first_values, rates_for, work_for

PROGRAM = Program(Description.read("3-2-2 tanh", dtype="float64"), SGD(0.125))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(code_cache.FOLDER_VARIABLE, str(tmp_path / "kept"))
    return tmp_path / "kept"


def train(engine: NumbaEngine) -> np.ndarray:
    values = first_values(PROGRAM)
    engine.train(work_for(PROGRAM), values, 0, 3, rates_for(PROGRAM, 3))
    return values.parameters


def fresh() -> NumbaEngine:
    """An engine as in a new process: no module of an earlier one is known."""
    for name in [name for name in sys.modules if name.startswith("glassnet_loops_")]:
        del sys.modules[name]
    return NumbaEngine(PROGRAM)


def test_folder_and_files_are_private(folder):
    train(fresh())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    compiled = list(folder.glob("*/__pycache__/*.train-*.nbc"))
    assert len(compiled) == 1


def test_a_second_process_takes_what_was_compiled(folder):
    wanted = train(fresh())
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "import test_code_cache as t\n"
        "engine = t.fresh(); found = t.train(engine)\n"
        "stats = engine._function.stats\n"
        "print(*(sum(s.values()) for s in (stats.cache_hits, stats.cache_misses)))\n"
        "print(found.tobytes().hex())"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["1", "0", wanted.tobytes().hex()]


def test_one_compiled_program_serves_all_sizes(folder):
    for sizes in ("5-20-3 tanh", "4-30-2 tanh"):
        program = Program(Description.read(sizes), SGD(0.125))
        engine = NumbaEngine(program)
        engine.train(work_for(program), first_values(program), 0, 3, rates_for(program, 3))
        assert sizes.split()[0] in engine.source
    assert len(list(folder.glob("*/__pycache__/*.train-*.nbc"))) == 1


def test_a_damaged_cache_is_dropped_with_a_note(folder):
    wanted = train(fresh())
    for damaged in folder.glob("*/__pycache__/*.nb*"):
        damaged.write_bytes(b"damaged")
    engine = fresh()
    assert train(engine).tobytes() == wanted.tobytes()
    assert "damaged" in engine.note
    assert train(fresh()).tobytes() == wanted.tobytes()


def test_a_text_that_is_not_ours_is_written_anew(folder):
    train(fresh())
    (text,) = folder.glob("*/*.py")
    text.write_text("raise SystemExit('foreign code was run')")
    train(fresh())
    assert "foreign" not in text.read_text()


def test_a_folder_that_others_can_write_is_not_used(folder):
    folder.mkdir()
    folder.chmod(0o777)
    engine = fresh()
    train(engine)
    assert "can be written by others" in engine.note
    assert not list(folder.iterdir())


def test_a_folder_that_cannot_be_made_is_no_hindrance(folder):
    folder.write_text("a file stands in its place")
    engine = fresh()
    train(engine)
    assert engine.note.startswith("compiled code is not kept")


def test_a_link_in_its_place_is_not_followed(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    engine = fresh()
    train(engine)
    assert "is not a folder" in engine.note
    assert not list((tmp_path / "elsewhere").iterdir())


def test_the_default_folder_is_in_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.delenv(code_cache.FOLDER_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert code_cache.cache_folder() == tmp_path / "glassnet"
