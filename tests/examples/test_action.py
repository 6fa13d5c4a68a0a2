"""The GitHub Action's own shell, run by bash with inputs as the runner gives them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.command import FINE, attncheck, spec_with

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: dict[str, Any] = {step["name"]: step for step in ACTION["runs"]["steps"]}

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fine.py").write_text(FINE, encoding="utf-8")
    spec_with(tmp_path, {"fine": "fine.py:Fine"})
    return tmp_path


def run(name: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one step's script as the runner does: ``bash -e -o pipefail``."""
    given = {"FOLDER": ".", "ARGUMENTS": "", "TARGET": "", "BASELINE": "", "REPORT": "a.json"}
    environment = {
        **os.environ,
        **given,
        "SPEC": "tiny.toml",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "ATTNCHECK_HOME": str(folder / "home"),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        **variables,
    }
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", STEPS[name]["run"]],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )


def outputs(folder: Path) -> dict[str, str]:
    lines = (folder / "output").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_the_audit_writes_report_sarif_summary_and_outputs(folder: Path) -> None:
    done = run("Audit", folder, TARGET="fine.py:Fine", ARGUMENTS="--init 'channels=C' --jobs 1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "attncheck: 1 subject: 1 conforms"
    found = outputs(folder)
    assert found == {"status": "0", "report": "./a.json", "sarif": "./a.sarif"}
    assert (folder / "a.sarif").is_file()
    assert "tiny" in (folder / "summary.md").read_text(encoding="utf-8")


def test_without_a_baseline_a_violation_fails_the_audit(folder: Path) -> None:
    done = run("Audit", folder, TARGET="fine.py:Pools")
    assert done.returncode == 1
    assert "::error file=fine.py,line=" in done.stdout


def test_with_a_baseline_the_gate_decides(folder: Path) -> None:
    assert run("Audit", folder).returncode == 0
    attncheck("baseline", "a.json", "-o", "base.json", folder=folder)
    done = run("Gate", folder, BASELINE="base.json")
    assert done.returncode == 0, done.stdout
    assert "holds" in (folder / "summary.md").read_text(encoding="utf-8")
    (folder / "fine.py").write_text(
        FINE.replace("return self.conv(x)\n", "return self.conv(x).mean(1)\n", 1), encoding="utf-8"
    )
    assert run("Audit", folder, BASELINE="base.json").returncode == 0
    assert run("Gate", folder, BASELINE="base.json").returncode == 1


def test_work_that_could_not_be_done_fails_before_the_gate(folder: Path) -> None:
    (folder / "a.json").write_text("an old report", encoding="utf-8")
    done = run("Audit", folder, TARGET="gone.py:Fine", BASELINE="base.json")
    assert done.returncode == 2
    assert not (folder / "a.json").exists(), "an old report must not be gated on"


def test_inputs_are_data_and_never_run(folder: Path) -> None:
    run(
        "Audit",
        folder,
        TARGET="$(touch pwned)",
        ARGUMENTS="--init 'x=$(touch pwned);`touch pwned`'",
    )
    assert not (folder / "pwned").exists()
    for step in STEPS.values():
        assert "${{" not in step.get("run", ""), "inputs come as variables"


def test_every_input_is_used_and_every_output_is_set() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    for name in ACTION["inputs"]:
        assert f"inputs.{name}" in text
    for output in ACTION["outputs"].values():
        assert output["value"].startswith("${{ steps.audit.outputs.")


def test_the_hooks_name_commands_that_there_are(folder: Path) -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    for hook in hooks:
        program, *words = hook["entry"].split()
        assert program == "attncheck"
        done = attncheck(*words, "tiny.toml", "fine.py:Fine", folder=folder)
        assert done.returncode == 0, done.stderr
        assert "conforms" in done.stdout, "what is shown where it fails is shown"
