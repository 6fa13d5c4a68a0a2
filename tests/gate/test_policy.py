"""The policy: what pyproject.toml says, the strictest where it says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from attncheck.errors import UsageError
from attncheck.gate import Answer, Policy, read_policy
from tests.gate.reports import copied, found, judged, report, subject


def write(folder: Path, text: str) -> Path:
    (path := folder / "pyproject.toml").write_text(text)
    return path


def test_the_nearest_project_is_asked(tmp_path: Path) -> None:
    path = write(tmp_path, "[tool.attncheck.gate]\nslower = 0.1\n")
    (below := tmp_path / "a" / "b").mkdir(parents=True)
    assert read_policy(None, below) == (Policy(slower=0.1), str(path))


def test_a_project_without_the_table_has_the_defaults(tmp_path: Path) -> None:
    write(tmp_path, "[tool.attncheck.gate]\nslower = 0.1\n")
    (below := tmp_path / "a").mkdir()
    write(below, "[tool.ruff]\n")
    assert read_policy(None, below) == (Policy(), "defaults")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[tool.attncheck.gate]\nslwoer = 0.1\n", "did you mean 'slower'?"),
        ("[tool.attncheck.gat]\nslower = 0.1\n", "did you mean 'gate'?"),
        ("[tool.attncheck]\ngate = 3\n", "no table"),
        ("[tool.attncheck.gate]\nslower = 0\n", "> 0"),
        ("[tool.attncheck.gate]\nslower = nan\n", "slower"),
        ("[tool.attncheck.gate]\nslower = '5%'\n", "slower"),
        ("[tool.attncheck.gate]\nconfidence = 0.5\n", ">= 0.9"),
        ("[tool.attncheck.gate]\nimproved = 'pass'\n", "improved"),
        ("[tool.attncheck.gate]\nmacs = -1\n", ">= 0"),
        ("[tool.attncheck.gate\n", "not TOML"),
        ("[tool.ruff]\n", "no table [tool.attncheck.gate]"),
    ],
)
def test_a_policy_with_mistakes_is_refused(tmp_path: Path, text: str, what: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(UsageError) as refused:
        read_policy(path, tmp_path)
    assert what in str(refused.value)


def test_growth_may_be_allowed() -> None:
    now = copied(report(subject()))
    now.subjects[0].counts.macs = 1034
    assert judged(now, report(subject()), []).answer is Answer.REGRESSED
    result = judged(now, report(subject()), [], macs=0.01)
    assert result.answer is Answer.HOLDS
    assert "within the allowance" in found(result, "macs").reason


def test_less_and_new_may_be_allowed() -> None:
    now = copied(report(subject(), subject("Other")))
    now.subjects[0].counts.macs = 512
    assert judged(now, report(subject()), []).answer is Answer.UNDECIDED
    allowed = judged(now, report(subject()), [], improved="holds", new="holds")
    assert allowed.answer is Answer.HOLDS
