"""Accepted violations: reviewed, with a reason and an end; stale ones fail."""

from __future__ import annotations

import datetime
from pathlib import Path

import msgspec
import pytest

from attncheck.baseline import refusals
from attncheck.errors import UsageError
from attncheck.gate import Answer, read_accepted
from attncheck.report import Status

from .making import ENTRY, TODAY, copied, finding, found, judged, report, subject

FILE = """
[[accepted]]
subject = "gam@article"
claim = ["shape", "gate"]
reason = "the article's own mistake, kept"
expires = 2027-01-01
"""


def test_a_violation_is_let_through_with_its_reason() -> None:
    check = found(judged(report(), report()), "shape", "gam@article")
    assert check.answer is Answer.HOLDS
    assert check.reason == "accepted until 2027-01-01: the article's own mistake, kept"


def test_without_an_entry_the_baseline_does_not_excuse_a_violation() -> None:
    result = judged(report(), report(), [])
    assert found(result, "shape", "gam@article").answer is Answer.REGRESSED


def test_an_entry_holds_to_the_end_of_its_last_day() -> None:
    last = msgspec.structs.replace(ENTRY, expires=TODAY)
    assert judged(report(), report(), [last]).answer is Answer.HOLDS
    over = msgspec.structs.replace(ENTRY, expires=TODAY - datetime.timedelta(days=1))
    result = judged(report(), report(), [over])
    assert result.answer is Answer.REGRESSED
    assert "which is over" in found(result, "accepted").reason


@pytest.mark.parametrize(
    ("subject_", "claim"),
    [
        ("gam@article", "gate"),
        ("gam@article", "shapes"),
        ("gam@other", "shape"),
        ("gam@GAM", "batch-of-one"),
    ],
)
def test_an_entry_that_matches_nothing_fails(subject_: str, claim: str) -> None:
    stale = msgspec.structs.replace(ENTRY, subject=subject_, claim=claim)
    result = judged(report(), report(), [ENTRY, stale])
    assert result.answer is Answer.REGRESSED
    assert "delete the entry" in found(result, "accepted").resolve


def test_a_required_claim_that_cannot_be_decided_may_be_accepted_as_such() -> None:
    one = report(subject(findings=[finding("reach", Status.UNDECIDED, "random by design")]))
    assert judged(one, copied(one), []).answer is Answer.UNDECIDED
    entry = msgspec.structs.replace(ENTRY, subject="gam@GAM", claim="reach", status="undecided")
    assert judged(one, copied(one), [entry]).answer is Answer.HOLDS
    worse = report(subject(findings=[finding("reach", Status.VIOLATED, "reads the future")]))
    assert judged(worse, one, [entry]).answer is Answer.REGRESSED


def test_only_a_sound_report_becomes_a_baseline() -> None:
    assert not list(refusals(report(), [ENTRY], TODAY))
    assert "'shape' is violated" in next(refusals(report(), [], TODAY))
    half = report()
    half.partial = True
    assert "interrupted" in next(refusals(half, [ENTRY], TODAY))
    open_ = report(subject(findings=[finding("reach", Status.UNDECIDED)]))
    assert "'reach' is undecided" in next(refusals(open_, [], TODAY))
    assert "which is over" in next(refusals(report(), [ENTRY], datetime.date(2028, 1, 1)))


def test_the_file_is_read(tmp_path: Path) -> None:
    (path := tmp_path / "accepted.toml").write_text(FILE)
    (entry,) = read_accepted(path)
    assert entry.claims == ["shape", "gate"]
    assert entry.expires == datetime.date(2027, 1, 1)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("reason", "raeson", "did you mean 'reason'?"),
        ("[[accepted]]", "[[acepted]]", "did you mean 'accepted'?"),
        ("expires = 2027-01-01", "", "missing key 'expires'"),
        ("the article's own mistake, kept", "because", "length >= 15"),
        ("2027-01-01", '"soon"', "date"),
        ('"gate"]', '"shape"]', "accepted twice"),
        ('["shape", "gate"]', "[]", "length >= 1"),
        ("=", ":", "not TOML"),
    ],
)
def test_a_file_with_mistakes_is_refused(tmp_path: Path, old: str, new: str, what: str) -> None:
    (path := tmp_path / "accepted.toml").write_text(FILE.replace(old, new))
    with pytest.raises(UsageError) as refused:
        read_accepted(path)
    assert what in str(refused.value)
