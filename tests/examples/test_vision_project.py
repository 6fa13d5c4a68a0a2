"""The example project does what its README says: bad edits fail at the gate, good ones pass."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from attncheck.data.report import Verdict
from attncheck.gate import load_report
from tests.cli.command import attncheck

EXAMPLE = Path(__file__).parents[2] / "examples" / "vision-project"
MEAN = "x.mean((2, 3))"
RETURN = "return x * weights[:, :, None, None]"
AUDIT = ("audit", "se", "attention.py:SqueezeExcite", "-o", "attncheck.json")
GATE = ("gate", "attncheck.json", "--baseline", "reports/baseline.json")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy whose baseline was made here: another torch is another baseline."""
    folder = tmp_path_factory.mktemp("example") / "project"
    shutil.copytree(EXAMPLE, folder)
    assert attncheck(*AUDIT, folder=folder).returncode == 0
    done = attncheck("baseline", "attncheck.json", "-o", "reports/baseline.json", folder=folder)
    assert done.returncode == 0, done.stderr
    return folder


def edited(project: Path, folder: Path, before: str, after: str) -> Path:
    """Return another copy, with an edit of the module, audited."""
    copy = folder / "project"
    shutil.copytree(project, copy)
    module = copy / "attention.py"
    text = module.read_text(encoding="utf-8")
    assert before in text
    module.write_text(text.replace(before, after), encoding="utf-8")
    (copy / "attncheck.json").unlink()
    attncheck(*AUDIT, folder=copy)
    return copy


def test_the_committed_baseline_is_sealed_and_conforms() -> None:
    (subject,) = load_report(EXAMPLE / "reports" / "baseline.json").subjects
    assert (subject.spec, subject.target) == ("se", "attention.py:SqueezeExcite")
    assert subject.verdict is Verdict.CONFORMS


def test_nothing_changed_holds(project: Path) -> None:
    done = attncheck(*GATE, folder=project)
    assert done.returncode == 0, done.stdout


def test_the_one_command_of_its_readme_audits_and_gates(project: Path, tmp_path: Path) -> None:
    text = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^attncheck (audit .+)$", text, re.MULTILINE)
    copy = Path(shutil.copytree(project, tmp_path / "project"))
    assert attncheck(*command.split(), folder=copy).returncode == 0
    (copy / "attention.py").unlink()
    done = attncheck(*command.split(), folder=copy)
    assert done.returncode == 2
    assert (copy / "attncheck.json.old").is_file()
    assert not (copy / "attncheck.json").exists()


def test_a_bad_edit_is_regressed_and_on_its_line(project: Path, tmp_path: Path) -> None:
    gates = "weights[:, :, None, None]"
    copy = edited(project, tmp_path, RETURN, f"return {gates} * {gates}")
    done = attncheck(*GATE, "--format", "github", folder=copy)
    assert done.returncode == 1, done.stdout
    assert "file=attention.py" in done.stdout
    report = json.loads((copy / "attncheck.json").read_text(encoding="utf-8"))
    broken = [f["claim"] for f in report["subjects"][0]["findings"] if f["status"] == "violated"]
    assert "shape" in broken


def test_a_good_edit_holds(project: Path, tmp_path: Path) -> None:
    pooled = "nn.functional.adaptive_avg_pool2d(x, 1).flatten(1)"
    done = attncheck(*GATE, folder=edited(project, tmp_path, MEAN, pooled))
    assert done.returncode == 0, done.stdout


def test_an_edit_that_costs_is_regressed_by_parameters(project: Path, tmp_path: Path) -> None:
    copy = edited(project, tmp_path, "channels // reduction", "2 * (channels // reduction)")
    done = attncheck(*GATE, folder=copy)
    assert done.returncode == 1, done.stdout
    assert "parameters" in done.stdout
    shown = attncheck(
        "report", "attncheck.json", "--diff", "reports/baseline.json", folder=copy
    ).stdout
    assert re.search(r"parameters\s+580\s+1,0\d\d", shown), shown


def test_the_projects_own_tests_pass(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=project,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    assert re.search(r"3\d passed", done.stdout), done.stdout
