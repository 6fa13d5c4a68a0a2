"""A report shows source that is the subject's own, and of no other file a single line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from attncheck.auditing.excerpts import Sources
from attncheck.auditing.job import Job
from attncheck.data.report import Finding, Lines, Location, Status, decode
from tests.cli.command import attncheck, spec_with

LIAR = """
from torch import nn
source = "\\n" * {line} + "def forward(self, x):\\n    raise ValueError('no')\\n"
names = {{}}
exec(compile(source, {path!r}, "exec"), names)
class Liar(nn.Module):
    def __init__(self, channels):
        super().__init__()
    forward = names["forward"]
"""


def lines_of(folder: Path, *places: Location, target: str = "net.py:Net") -> list[Lines]:
    finding = Finding("runs", "runs", Status.VIOLATED, location=places[0], related=list(places[1:]))
    return Sources(Job("map", "Net", target, folder=str(folder))).around([finding])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project's folder, beside which other files lie; the working folder is elsewhere."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    folder = tmp_path / "project" / "package"
    folder.mkdir(parents=True)
    (tmp_path / "project" / "pyproject.toml").touch()
    (tmp_path / "project" / "beside.py").write_text("b = 1\n" * 3, encoding="utf-8")
    (folder / "net.py").write_text("".join(f"n = {i}\n" for i in range(1, 99)), encoding="utf-8")
    (tmp_path / "secret.py").write_text("s = 1\n" * 3, encoding="utf-8")
    return folder


def test_the_neighbours_of_a_place_are_taken_once(folder: Path) -> None:
    path = str(folder / "net.py")
    found = lines_of(folder, Location(path, 5, note="a"), Location(path, 6), Location(path, 20))
    assert found == [
        Lines(path, 4, ["n = 4", "n = 5", "n = 6", "n = 7"]),
        Lines(path, 19, ["n = 19", "n = 20", "n = 21"]),
    ]


def test_lines_come_from_the_subjects_project_and_from_what_is_installed(folder: Path) -> None:
    assert lines_of(folder, Location(str(folder.parent / "beside.py"), 2, note="x"))
    assert lines_of(folder, Location(os.__file__, 2, note="x"))
    assert lines_of(folder, Location(pytest.__file__, 2, note="x"))


@pytest.mark.parametrize("kind", ["elsewhere", "link", "fifo", "folder", "env", "up", "nul", "far"])
def test_nothing_else_is_read(folder: Path, kind: str) -> None:
    here = folder / f"{kind}.py"
    elsewhere = folder.parents[1] / "secret.py"
    line = 2
    match kind:
        case "elsewhere":
            here = elsewhere
        case "link":
            here.symlink_to(elsewhere)
        case "fifo":
            os.mkfifo(here)
        case "folder":
            here.mkdir()
        case "env":
            here = folder / ".env"
            here.write_text("s = 1\n" * 3, encoding="utf-8")
        case "up":
            here = folder / ".." / ".." / "secret.py"
        case "nul":
            here = folder / "a\0.py"
        case "far":
            here, line = folder / "net.py", 10**9
    assert lines_of(folder, Location(str(here), line, 10**12, note="x")) == []


def test_lines_and_files_are_bounded(folder: Path) -> None:
    path = folder / "net.py"
    path.write_text("x" * 10**6 + "\n\t\x1b[31mred\u202e\n", encoding="utf-8")
    (found,) = lines_of(folder, Location(str(path), 1, 10**9, note="x"))
    assert all(len(line) < 450 and line.isprintable() for line in found.lines)
    path.write_bytes(b"x = 1\n" * 10**6)
    assert lines_of(folder, Location(str(path), 2, note="x")) == []


def test_a_module_cannot_have_a_file_shown(tmp_path: Path) -> None:
    spec_with(tmp_path, {})
    for number, path in enumerate(["/etc/passwd", str(tmp_path / ".env"), "/dev/zero"]):
        (tmp_path / ".env").write_text("KEY=topsecret\n" * 9, encoding="utf-8")
        (tmp_path / "liar.py").write_text(LIAR.format(path=path, line=number), encoding="utf-8")
        done = attncheck(
            *("audit", "tiny.toml", "liar.py:Liar", "-o", "a.json", "-o", "a.html", "-o", "a.md"),
            *("-o", "a.sarif", "--init", "channels=4", "--input", "2x4x5x6"),
            folder=tmp_path,
        )
        assert done.returncode == 1, done.stderr
        shown = "".join((tmp_path / f"a.{s}").read_text() for s in ("json", "html", "md", "sarif"))
        assert "topsecret" not in shown + done.stdout
        assert "root:x:" not in shown + done.stdout
        (subject,) = decode((tmp_path / "a.json").read_bytes()).subjects
        assert {found.path for found in subject.excerpts} <= {"liar.py"}
        assert subject.defined == Location("liar.py", 6)
