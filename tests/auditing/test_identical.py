"""Equal findings are equal bytes: whatever the folder, the hash seed and the number of workers."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import FINE, attncheck


def audited(folder: Path, **environment: str) -> bytes:
    folder.mkdir()
    (folder / "fine.py").write_text(FINE, encoding="utf-8")
    words = ("audit", "map", "fine.py:Pools", "--init", "channels=C", "-q", "-o", "a.json")
    done = attncheck(*words, folder=folder, **environment)
    assert done.returncode == 1, done.stderr
    return (folder / "a.json").read_bytes()


def test_two_audits_in_two_folders_write_the_same_bytes(tmp_path: Path) -> None:
    first = audited(tmp_path / "one", PYTHONHASHSEED="1")
    second = audited(tmp_path / "two", PYTHONHASHSEED="2")
    assert str(tmp_path).encode() not in first
    assert first == second
