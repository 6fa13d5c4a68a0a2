"""The example project, copied as it lies there, does what its README says: for good edits and bad.

Where what decides a verdict has changed: ``nox -s example``, and read the difference.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from attncheck.data.report import Verdict
from attncheck.gate import load_report
from tests.cli.command import attncheck

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "vision-project"
README = (EXAMPLE / "README.md").read_text(encoding="utf-8")
(COMMAND,) = re.findall(r"^attncheck (audit .+)$", README, re.MULTILINE)
SETTLES = re.findall(r"^attncheck ((?:report|baseline) .+)$", README, re.MULTILINE)

RETURN = "return x * weights[:, :, None, None]"
BAD = (RETURN, "return weights[:, :, None, None] * weights[:, :, None, None]")
GOOD = ("x.mean((2, 3))", "nn.functional.adaptive_avg_pool2d(x, 1).flatten(1)")
COSTS = ("reduction: int = 16", "reduction: int = 8")


def copied(folder: Path, before: str = "", after: str = "") -> Path:
    """Return a clean copy, with an edit of the module."""
    copy = Path(shutil.copytree(EXAMPLE, folder / "project"))
    module = copy / "attention.py"
    text = module.read_text(encoding="utf-8")
    assert before in text
    module.write_text(text.replace(before, after, 1), encoding="utf-8")
    return copy


def ran(copy: Path, command: str = COMMAND) -> subprocess.CompletedProcess[str]:
    return attncheck(*shlex.split(command), folder=copy)


def test_an_unmodified_copy_conforms_and_holds(tmp_path: Path) -> None:
    copy = copied(tmp_path)
    done = ran(copy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"gate .*holds", done.stdout), done.stdout
    (subject,) = load_report(copy / "attncheck.json").subjects
    assert subject.verdict is Verdict.CONFORMS
    assert "assumed" not in done.stdout, "what is guessed may be guessed otherwise after an edit"


def test_the_bad_edit_of_the_readme_is_regressed_and_on_its_line(tmp_path: Path) -> None:
    copy = copied(tmp_path, *BAD)
    assert BAD[1] in README
    done = ran(copy)
    assert done.returncode == 1, done.stdout
    assert re.search(r"gate .*regressed", done.stdout), done.stdout
    assert BAD[1] in done.stdout, "the line is shown"
    report = json.loads((copy / "attncheck.json").read_text(encoding="utf-8"))
    broken = [f["claim"] for f in report["subjects"][0]["findings"] if f["status"] == "violated"]
    assert "shape" in broken


def test_the_good_edit_of_the_readme_holds(tmp_path: Path) -> None:
    assert GOOD[1] in README
    done = ran(copied(tmp_path, *GOOD))
    assert done.returncode == 0, done.stdout
    assert re.search(r"gate .*holds", done.stdout), done.stdout


def test_the_edit_that_costs_is_regressed_by_its_figures_alone_and_can_be_promoted(
    tmp_path: Path,
) -> None:
    assert "Halve `reduction`" in README
    copy = copied(tmp_path, *COSTS)
    done = ran(copy)
    assert done.returncode == 1, done.stdout
    (subject,) = load_report(copy / "attncheck.json").subjects
    assert subject.verdict is Verdict.CONFORMS, "every claim still holds"
    regressed = done.stdout.partition("\nregressed\n")[2].partition("\n\n")[0]
    assert re.search(r"parameters +580 → 1,096 ", regressed), done.stdout
    assert re.search(r"macs +1,024 → 2,048 ", regressed), done.stdout
    shown, promoted = (ran(copy, command) for command in SETTLES)
    assert re.search(r"parameters\s+580\s+1,096", shown.stdout), shown.stdout
    assert promoted.returncode == 0, promoted.stderr
    assert ran(copy).returncode == 0


def test_a_module_that_is_gone_leaves_no_report_to_gate(tmp_path: Path) -> None:
    copy = copied(tmp_path)
    (copy / "attncheck.json").write_text("{}", encoding="utf-8")
    (copy / "attention.py").unlink()
    assert ran(copy).returncode == 2
    assert (copy / "attncheck.json.old").is_file()
    assert not (copy / "attncheck.json").exists()


def hook() -> list[str]:
    """Return what the project's pre-commit hook runs."""
    own = yaml.safe_load((EXAMPLE / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (chosen,) = own["repos"][0]["hooks"]
    offered = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    (found,) = (one for one in offered if one["id"] == chosen["id"])
    words = shlex.split(found["entry"])
    assert words[0] == "attncheck"
    return [*words[1:], *chosen["args"]]


def test_the_hook_before_a_commit_says_what_is_wrong(tmp_path: Path) -> None:
    done = attncheck(*hook(), folder=copied(tmp_path, *BAD))
    assert done.returncode == 1
    assert "violates" in done.stdout
    assert re.search(r"✗ shape .*expected \(B, C, H, W\)", done.stdout, re.DOTALL), done.stdout
    assert BAD[1] in done.stdout
    assert "\r" not in done.stderr, "no progress where nobody sees it move"


def test_both_hooks_and_the_workflow_say_what_the_readme_says() -> None:
    words = set(shlex.split(COMMAND)) - {"audit", "-o", "attncheck.json", "--baseline"}
    words -= {"reports/baseline.json"}
    assert words <= {*hook()}
    workflow = (EXAMPLE / ".github" / "workflows" / "attention.yml").read_text(encoding="utf-8")
    assert all(word in workflow for word in words)


@pytest.mark.parametrize(("edit", "passes"), [(("", ""), True), (BAD, False)])
def test_the_projects_own_tests_pass_and_fail_with_a_bad_edit(
    tmp_path: Path, edit: tuple[str, str], passes: bool
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=copied(tmp_path, *edit),
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    assert (done.returncode == 0) is passes, done.stdout
    assert re.search(r"\d+ passed", done.stdout), done.stdout
    assert passes or "FAILED tests/test_attention.py::test_squeeze_excite[shape]" in done.stdout
