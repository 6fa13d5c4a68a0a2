"""The hash of a definition: its source and what it imports of its own, read and never run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from attncheck.catalogue import load
from attncheck.data.report import UNREAD
from attncheck.spec.definition_hash import definition_hash
from attncheck.spec.shelf import spec_ids

DEFINITION = '''
import helper
from parts.steps import scale
from torch import nn

raise SystemExit("a definition that is read is not run")

def gate(x):
    """Its own gate."""
    return x * helper.weight(scale(x))  # as published
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (made := tmp_path / "specs").mkdir()
    (made / "definition.py").write_text(DEFINITION)
    (made / "helper.py").write_text("from parts import steps\ndef weight(x): return x\n")
    (made / "parts").mkdir()
    (made / "parts" / "__init__.py").write_text("")
    (made / "parts" / "steps.py").write_text("from .deep import half\ndef scale(x): return x\n")
    (made / "parts" / "deep.py").write_text("half = 0.5\n")
    (made / "stranger.py").write_text("one = 1\n")
    return made


def hashed(folder: Path, name: str = "gate") -> str:
    return definition_hash(f"{folder / 'definition.py'}:{name}", folder)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("definition.py", "x * helper", "x + helper"),
        ("helper.py", "return x", "return 2 * x"),
        ("parts/__init__.py", "", "import torch\n"),
        ("parts/steps.py", "return x", "return x.tanh()"),
        ("parts/deep.py", "0.5", "0.25"),
    ],
)
def test_a_change_of_what_is_run_changes_it(folder: Path, file: str, old: str, new: str) -> None:
    before = hashed(folder)
    path = folder / file
    path.write_text(path.read_text().replace(old, new, 1))
    assert hashed(folder) != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("definition.py", "# as published", "# equation 2"),
        ("definition.py", "def gate", "\n\ndef gate"),
        ("definition.py", "\n", "\r\n"),
        ("stranger.py", "1", "2"),
    ],
)
def test_what_is_not_run_does_not_change_it(folder: Path, file: str, old: str, new: str) -> None:
    before = hashed(folder)
    path = folder / file
    path.write_bytes(path.read_text().replace(old, new).encode())
    assert hashed(folder) == before


def test_neither_does_the_place_of_its_folder(folder: Path) -> None:
    before = hashed(folder)
    assert hashed(folder.rename(folder.with_name("elsewhere"))) == before


def test_another_name_in_the_file_is_another_definition(folder: Path) -> None:
    assert hashed(folder, "other") != hashed(folder)


def test_a_module_beside_the_spec_is_found(folder: Path) -> None:
    assert definition_hash("parts.steps:scale", folder) != UNREAD
    (folder / "parts" / "deep.py").write_text("half = 1\n")
    changed = definition_hash("parts.steps:scale", folder)
    (folder / "parts" / "deep.py").write_text("half = 0.125\n")
    assert definition_hash("parts.steps:scale", folder) != changed


def test_what_cannot_be_read_has_no_hash_that_looks_like_one(folder: Path) -> None:
    assert definition_hash("", folder) == ""
    assert definition_hash("no_such_package.at_all:gate", folder) == UNREAD
    assert definition_hash(f"{folder / 'gone.py'}:gate", folder) == UNREAD
    (folder / "definition.py").write_text("def gate(:\n")
    assert hashed(folder) not in ("", UNREAD)


def test_shipped_definitions_have_one_each_and_torch_stays_away() -> None:
    code = """if True:
        import sys
        from attncheck.catalogue import load; from attncheck.spec.shelf import spec_ids
        from attncheck.spec.definition_hash import definition_hash
        specs = [load(name) for name in spec_ids()]
        found = [definition_hash(s.document.reference, s.path.parent) for s in specs]
        assert 'torch' not in sys.modules and 'attncheck.reference' not in sys.modules
        print(*[hash for hash in found if hash])
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    hashes = done.stdout.split()
    assert len(hashes) == sum(bool(load(name).document.reference) for name in spec_ids())
    assert len(set(hashes)) == len(hashes)
    assert UNREAD not in hashes
