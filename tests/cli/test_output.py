"""Reports: on standard output, and in files that are written whole or not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from attncheck.data.report import decode
from tests.cli.command import FINE, attncheck, spec_with

SLEEPS = """
import pathlib, time
from tests_fine import Fine
class Sleeps(Fine):
    def forward(self, x):
        pathlib.Path("called").touch()
        time.sleep(100)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fine.py").write_text(FINE, encoding="utf-8")
    (tmp_path / "tests_fine.py").write_text(FINE, encoding="utf-8")
    (tmp_path / "sleeps.py").write_text(SLEEPS, encoding="utf-8")
    spec_with(tmp_path, {"fine": "fine.py:Fine", "pools": "fine.py:Pools"})
    return tmp_path


def test_files_are_written_by_suffix_and_the_screen_is_what_was_asked_for(folder: Path) -> None:
    done = attncheck("audit", "tiny.toml", "-o", "a.json", "-o", "a.md", folder=folder)
    assert done.returncode == 1, done.stderr
    assert "\x1b[" not in done.stdout
    report = decode((folder / "a.json").read_bytes())
    assert [subject.verdict.value for subject in report.subjects] == ["conforms", "violates"]
    assert "pools" in (folder / "a.md").read_text(encoding="utf-8")
    assert not list(folder.glob(".a.*")), "a temporary file was left"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_loses_neither_the_screen_nor_the_other_file(folder: Path) -> None:
    (folder / "full.json").symlink_to("/dev/full")
    done = attncheck(
        *("audit", "tiny.toml@fine", "-o", "full.json", "-o", "whole.json"),
        *("--format", "json"),
        folder=folder,
    )
    assert done.returncode == 2
    assert "full.json: cannot write it: no space left" in done.stderr
    assert decode(done.stdout.encode()) == decode((folder / "whole.json").read_bytes())


def test_what_stood_in_the_file_is_set_aside_where_nothing_could_be_audited(folder: Path) -> None:
    (folder / "old.json").write_text("old", encoding="utf-8")
    done = attncheck("audit", "tiny.toml", "fine.py:Nine", "-o", "old.json", folder=folder)
    assert done.returncode == 2
    assert (folder / "old.json.old").read_text(encoding="utf-8") == "old"
    assert not (folder / "old.json").exists()


def test_a_folder_that_may_not_be_written_is_told_before_any_work(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir()
    closed.chmod(0o500)
    if os.access(closed, os.W_OK):
        pytest.skip("this user may write anywhere")
    done = attncheck("audit", "tiny.toml", "-o", "closed/a.json", folder=folder)
    assert done.returncode == 2
    assert "closed/a.json: cannot write it" in done.stderr


def test_an_interrupted_audit_shows_what_is_finished_and_says_so(folder: Path) -> None:
    spec_with(folder, {"fine": "fine.py:Fine", "sleeps": "sleeps.py:Sleeps"})
    script = Path(sys.executable).parent / "attncheck"
    process = subprocess.Popen(
        [str(script), "audit", "tiny.toml", "--jobs", "1", "--format", "json", "-o", "a.json"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "ATTNCHECK_HOME": str(folder / "home")},
    )
    for _ in range(1200):
        if (folder / "called").exists():
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate(timeout=60)
    assert process.returncode == 2, errors
    assert "interrupted" in errors
    assert "Traceback" not in errors
    report = json.loads(printed)
    assert report["partial"] is True
    assert report["subjects"][0]["verdict"] == "conforms"
    assert all(one["verdict"] != "conforms" for one in report["subjects"][1:])
    assert json.loads((folder / "a.json").read_text(encoding="utf-8")) == report


def test_strict_makes_undecided_a_violation(folder: Path) -> None:
    (folder / "tiny.toml").write_text(
        (folder / "tiny.toml").read_text(encoding="utf-8").replace("[claims.runs]", ""),
        encoding="utf-8",
    )
    (folder / "raises.py").write_text(
        FINE + "class Raises(Fine):\n    def forward(self, x): raise ValueError('no')\n",
        encoding="utf-8",
    )
    stated = ("--init", "channels=4", "--input", "2x4x5x6")
    arguments = ("audit", "tiny.toml", "raises.py:Raises", "--claim", "shape", "-q", *stated)
    assert attncheck(*arguments, folder=folder).returncode == 3
    strict = attncheck(*arguments, "--strict", folder=folder)
    assert strict.returncode == 1
    assert strict.stdout == ""
