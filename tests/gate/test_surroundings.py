"""What the two reports were made with: what binds a claim, what binds a time, what is only told."""

from __future__ import annotations

import pytest

from attncheck.data.report import Status
from attncheck.gate import Answer
from tests.gate.reports import copied, finding, found, judged, report, subject


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("python", "CPython 3.11.9"),
        ("numpy", "2.4.0"),
        ("system", "Linux 5.15.0-azure"),
        ("msgspec", "0.23"),
        ("cores", 64),
    ],
)
def test_what_no_verdict_hangs_on_may_differ(entry: str, value: object) -> None:
    now = copied(report())
    now.environment[entry] = value
    assert judged(now, report()).answer is Answer.HOLDS


@pytest.mark.parametrize(
    ("entry", "value"),
    [("python", "CPython 3.12.0"), ("numpy", "1.26.4"), ("system", "Windows 11")],
)
def test_a_project_may_say_what_it_does_not_ask_for(entry: str, value: str) -> None:
    now = copied(report())
    now.environment[entry] = value
    check = found(judged(now, report()), "environment")
    assert check.answer is Answer.UNDECIDED
    assert "attncheck baseline report.json -o baseline.json" in check.resolve
    assert judged(now, report(), same=["torch", "attncheck"]).answer is Answer.HOLDS


def test_another_processor_binds_times_and_is_told_where_there_are_none() -> None:
    timed = copied(report())
    timed.environment["processor"] = "Apple M3"
    assert judged(timed, report()).answer is Answer.UNDECIDED
    assert judged(timed, report(), latency=False).answer is Answer.HOLDS
    plain, now = report(subject(profile=None)), report(subject(profile=None))
    now.environment["processor"] = "Apple M3"
    result = judged(now, plain, [])
    assert result.answer is Answer.HOLDS
    assert "another processor than the baseline's (AMD EPYC → Apple M3)" in result.notes[0]
    bound = judged(now, plain, [], same=["torch", "processor"])
    assert bound.answer is Answer.UNDECIDED
    assert not bound.notes


def test_a_baseline_without_hashes_of_definitions_says_so_once() -> None:
    old = report(subject(reference_hash=""), subject("Other", reference_hash=""))
    now = report(subject(), subject("Other"))
    result = judged(now, old, [])
    assert result.answer is Answer.HOLDS
    assert [note for note in result.notes if "did not hash" in note] == result.notes[-1:]
    assert not any("did not hash" in note for note in judged(now, now, []).notes)


def test_what_is_new_and_not_decided_never_holds() -> None:
    now = report(subject())
    now.subjects[0].findings.append(finding("later", Status.UNDECIDED, "no idea"))
    result = judged(now, report(subject()), [], new="holds")
    assert found(result, "later").answer is Answer.UNDECIDED
