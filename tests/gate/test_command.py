"""``attncheck gate`` and ``attncheck baseline`` as a script sees them: exit codes and files."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from attncheck.data.report import Report, Status, encode
from tests.gate.reports import SHAPE, finding, report, subject

ACCEPTED = f"""
[[accepted]]
subject = "gam@article"
reason = "the article's own mistake, kept"
expires = {datetime.date.today() + datetime.timedelta(days=300)}

[accepted.seen]
shape = "{SHAPE}"
"""


def attncheck(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the folder; it must not import torch."""
    code = (
        "import sys; sys.argv[0] = 'attncheck'; from attncheck.cli import main; code = main();"
        "assert 'torch' not in sys.modules; sys.exit(code)"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=folder,
        env={**os.environ, "COLUMNS": "120", "NO_COLOR": "1"},
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=60,
    )


def save(path: Path, one: Report) -> None:
    path.write_bytes(encode(one))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a report, what is accepted, and the baseline made of both."""
    save(tmp_path / "report.json", report())
    (tmp_path / "accepted.toml").write_text(ACCEPTED)
    done = attncheck(tmp_path, "baseline", "report.json", "-o", "baseline.json")
    assert done.returncode == 0, done.stderr
    return tmp_path


def test_the_same_holds(folder: Path) -> None:
    done = attncheck(folder, "gate", "report.json", "--baseline", "baseline.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("gate  ✓ holds")


def test_a_broken_module_is_a_regression(folder: Path) -> None:
    broken = report()
    broken.subjects[0] = subject(
        findings=[finding("shape", Status.VIOLATED, "got 2 axes", reproduce="attncheck audit x")]
    )
    save(folder / "report.json", broken)
    words = ("gate", "report.json", "--baseline", "baseline.json")
    done = attncheck(folder, *words, "-o", "gate.md", "-o", "gate.json")
    assert done.returncode == 1
    assert "got 2 axes" in done.stdout
    assert "attncheck audit x" in (folder / "gate.md").read_text(encoding="utf-8")
    assert json.loads((folder / "gate.json").read_text())["answer"] == "regressed"
    github = attncheck(folder, *words, "--format", "github").stdout
    assert "::error title=gam@GAM%3A shape::got 2 axes%0Aattncheck audit x" in github


def test_what_cannot_be_told_is_undecided_and_strict_makes_it_fail(folder: Path) -> None:
    other = report()
    other.environment["torch"] = "2.14.0"
    save(folder / "report.json", other)
    words = ("gate", "report.json", "--baseline", "baseline.json")
    assert attncheck(folder, *words).returncode == 3
    assert attncheck(folder, *words, "--strict").returncode == 1


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "no such file"),
        ("", "the file is empty"),
        ("{}", "it names no schema"),
        ("[1]", "it names no schema"),
        ('{"schema": "attncheck.report/1", "environment": {}, "subjects": []}', "no subjects"),
        ('{"schema": "attncheck.report/9", "environment": {}, "subjects": []}', "report/9"),
        ('{"schema": "attncheck.report/1", "environment": {}, "subjects": [NaN]}', "not JSON"),
    ],
)
@pytest.mark.parametrize("side", ["report.json", "baseline.json"])
def test_what_is_no_report_is_exit_2(
    folder: Path, side: str, content: str | None, what: str
) -> None:
    (folder / side).unlink()
    if content is not None:
        (folder / side).write_text(content)
    done = attncheck(folder, "gate", "report.json", "--baseline", "baseline.json")
    assert done.returncode == 2
    assert what in done.stderr
    assert "mistake in attncheck" not in done.stderr


def test_a_baseline_edited_by_hand_is_refused(folder: Path) -> None:
    path = folder / "baseline.json"
    path.write_text(path.read_text().replace('"macs": 1024', '"macs": 2048'))
    done = attncheck(folder, "gate", "report.json", "--baseline", "baseline.json")
    assert done.returncode == 2
    assert "edited by hand" in done.stderr


def test_a_budget_below_the_noise_floor_is_refused(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.attncheck.gate]\nslower = 0.01\n")
    done = attncheck(folder, "gate", "report.json", "--baseline", "baseline.json")
    assert done.returncode == 3
    assert "noise floor" in done.stdout


def test_a_violation_without_review_makes_no_baseline(tmp_path: Path) -> None:
    save(tmp_path / "report.json", report())
    done = attncheck(tmp_path, "baseline", "report.json", "-o", "baseline.json")
    assert done.returncode == 1
    assert "gam@article: 'shape' is violated, and not accepted" in done.stderr
    assert not (tmp_path / "baseline.json").exists()
