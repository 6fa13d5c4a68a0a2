"""How a child died decides what is said, and whom it accuses."""

from __future__ import annotations

import signal
from pathlib import Path

import msgspec
import pytest

from attncheck.auditing.deaths import finding_of
from attncheck.data.report import Status
from attncheck.execution.deaths import Death
from attncheck.probes import find_kind
from attncheck.subject.case import Case

STACK = """Fatal Python error: Segmentation fault

Current thread 0x1 (most recent call first):
  File "{torch}/torch/nn/modules/conv.py", line 5 in forward
  File "{user}", line 7 in forward
  File "{user}", line 3 in other
"""


def claim(kind: str):
    found = find_kind(kind)
    assert found is not None
    return msgspec.convert({}, found)


@pytest.fixture
def stack(tmp_path: Path) -> str:
    user = tmp_path / "mine.py"
    user.write_text("", encoding="utf-8")
    return STACK.format(user=user, torch=tmp_path)


def test_a_crash_is_put_on_the_subject_s_innermost_line(stack: str) -> None:
    location = Death("signal", signal.SIGSEGV, "step", output=stack).location()
    assert location is not None
    assert (Path(location.path).name, location.line) == ("mine.py", 7)


def test_a_hang_accuses_only_where_the_claim_is_that_it_runs() -> None:
    death = Death("hang", 30, "step", "x")
    assert finding_of(death, "runs", claim("runs")).status is Status.VIOLATED
    assert finding_of(death, "shape", claim("shape")).status is Status.UNDECIDED


def test_a_crash_in_the_subject_s_code_accuses_and_one_in_torch_s_does_not(stack: str) -> None:
    own = Death("signal", signal.SIGSEGV, "step", "shape", output=stack)
    assert finding_of(own, "shape", claim("shape")).status is Status.VIOLATED
    torchs = Death("signal", signal.SIGSEGV, "step", "shape")
    assert finding_of(torchs, "shape", claim("shape")).status is Status.UNDECIDED


def test_being_killed_from_outside_accuses_nobody() -> None:
    death = Death("signal", signal.SIGKILL, "forward")
    finding = finding_of(death, "runs", claim("runs"))
    assert finding.status is Status.UNDECIDED
    assert "want of memory" in finding.message


def test_the_case_that_was_tried_is_the_witness() -> None:
    case = Case(dims={"C": 3})
    finding = finding_of(Death("exit", 1, "step", "runs", case), "runs", claim("runs"))
    assert finding.witness is not None
    assert finding.witness.case["dims"] == {"C": 3}
    assert finding.witness.confirmed


def test_a_sudden_death_is_confirmed_by_a_second_run_and_a_hang_is_not() -> None:
    assert Death("signal", 11, "forward").sudden
    assert not Death("hang", 30, "forward").sudden
