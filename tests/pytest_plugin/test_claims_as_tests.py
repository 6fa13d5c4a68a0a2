"""Real pytest runs, in processes of their own: one test per claim, the findings of an audit."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import FINE, TINY, attncheck, spec_with

TEST = """
from attncheck.pytest_plugin import parametrize_with_claims

@parametrize_with_claims("tiny.toml", {target}{more})
def test_it(claim):
    claim.check()
"""
COUNTS = """
import os, pathlib
log = pathlib.Path({log!r})
log.write_text((log.read_text() if log.exists() else "") + "imported\\n")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fine.py").write_text(FINE, encoding="utf-8")
    spec_with(tmp_path, {"fine": "fine.py:Fine", "pools": "fine.py:Pools"})
    return tmp_path


def pytest_in(folder: Path, target: str, more: str = "", *words: str) -> tuple[int, str]:
    """Run pytest on one test of the target; return its exit status and what it printed."""
    text = TEST.format(target=target, more=f", {more}" if more else "")
    (folder / "test_tiny.py").write_text(text, encoding="utf-8")
    return run(folder, *words)


def run(folder: Path, *words: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", *words]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "COV_"))}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**clean, "COLUMNS": "200"},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    return done.returncode, done.stdout + done.stderr


def outcomes(out: str) -> dict[str, str]:
    """Return test id -> how pytest sums it up."""
    found = re.findall(r"^(PASSED|FAILED|SKIPPED|XFAIL|ERROR) \S*::test_it\[(.*?)\]", out, re.M)
    return {name: outcome for outcome, name in found}


def test_a_fine_module_passes_one_test_per_claim(folder: Path) -> None:
    code, out = pytest_in(folder, "'fine.py:Fine'", 'init={"channels": "C"}')
    assert code == 0, out
    names = re.findall(r"^\[claims\.(\S+)\]", TINY, re.M)
    assert outcomes(out) == dict.fromkeys(names, "PASSED")


def test_a_violated_claim_fails_with_what_the_audit_says(folder: Path) -> None:
    code, out = pytest_in(folder, "'fine.py:Pools'", 'init={"channels": "C"}')
    audit = attncheck(
        *("audit", "tiny.toml", "fine.py:Pools", "--init", "channels=C", "--format", "json"),
        folder=folder,
    )
    findings = json.loads(audit.stdout)["subjects"][0]["findings"]
    broken = [f for f in findings if f["status"] == "violated"]
    assert code == 1
    assert {n for n, o in outcomes(out).items() if o == "FAILED"} == {f["claim"] for f in broken}
    for finding in broken:
        assert finding["message"] in out
        assert finding["reproduce"] in out
    assert "Traceback" not in out


def test_every_listed_subject_is_tested_under_its_name(folder: Path) -> None:
    code, out = pytest_in(folder, "''")
    assert code == 1
    assert outcomes(out)["fine-shape"] == "PASSED"
    assert outcomes(out)["pools-shape"] == "FAILED"


def test_a_class_itself_can_be_given(folder: Path) -> None:
    (folder / "src").mkdir()
    (folder / "src" / "model.py").write_text(FINE, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = src\n", encoding="utf-8")
    code, out = pytest_in(folder, "__import__('model').Fine")
    assert code == 0, out
    code, out = pytest_in(folder, "'model:Fine'")
    assert code == 0, out


def test_a_path_is_found_from_the_folder_of_the_test(folder: Path) -> None:
    (folder / "tests").mkdir()
    text = TEST.format(target="'fine.py:Fine'", more="").replace("tiny.toml", "map")
    (folder / "tests" / "test_fine.py").write_text(text, encoding="utf-8")
    code, out = run(folder / "tests", "--collect-only")
    assert code == 0, out
    assert "test_it[shape]" in out


@pytest.mark.parametrize(
    ("target", "code", "said"),
    [("Pools", 0, "XFAIL"), ("Fine", 1, "XPASS(strict)")],
    ids=["a known violation", "one that is mended"],
)
def test_an_xfail_is_strict_and_says_its_reason(
    folder: Path, target: str, code: int, said: str
) -> None:
    more = 'xfail={"shape": "issue 12"}, claim="shape"'
    got, out = pytest_in(folder, f"'fine.py:{target}'", more)
    assert got == code, out
    assert said in out
    assert "issue 12" in out


def test_an_xfail_of_no_claim_or_without_a_reason_is_refused(folder: Path) -> None:
    for more in ('xfail={"shap": "x"}', 'xfail={"shape": " "}'):
        code, out = pytest_in(folder, "'fine.py:Fine'", more)
        assert code == 2
        assert "did you mean 'shape'" in out or "no reason is given" in out


def test_an_undecided_claim_fails_even_where_a_violation_is_accepted(folder: Path) -> None:
    (folder / "other.py").write_text(
        FINE.replace("return self.conv(x)\n", "raise SystemExit(3)\n", 1), encoding="utf-8"
    )
    more = 'xfail={"batch-independence": "known"}, claim="batch-independence"'
    code, out = pytest_in(folder, "'other.py:Fine'", more)
    assert code == 1, out
    assert "undecided" in out


def test_what_cannot_be_audited_fails_and_says_what_to_type(folder: Path) -> None:
    source = FINE.replace("self, channels", "self, channels, foo")
    (folder / "other.py").write_text(source, encoding="utf-8")
    code, out = pytest_in(folder, "'other.py:Fine'")
    assert code == 1
    assert "not audited" in out
    assert "foo" in out


@pytest.mark.parametrize("workers", [0, 2])
def test_a_subject_is_audited_once_whatever_the_workers(folder: Path, workers: int) -> None:
    log = folder / "log.txt"
    (folder / "counted.py").write_text(COUNTS.format(log=str(log)) + FINE, encoding="utf-8")
    words = ("-n", str(workers)) if workers else ()
    code, out = pytest_in(folder, "'counted.py:Fine'", "", *words)
    assert code == 0, out
    assert len(outcomes(out)) == 4
    assert log.read_text(encoding="utf-8") == "imported\n"


def test_collecting_imports_neither_torch_nor_the_module(folder: Path) -> None:
    (folder / "heavy.py").write_text("raise RuntimeError('imported')\n", encoding="utf-8")
    (folder / "conftest.py").write_text(
        "import sys\ndef pytest_sessionfinish():\n    assert 'torch' not in sys.modules\n",
        encoding="utf-8",
    )
    code, out = pytest_in(folder, "'heavy.py:Fine'", "", "--collect-only")
    assert code == 0, out
