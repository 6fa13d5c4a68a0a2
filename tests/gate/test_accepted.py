"""Accepted violations: reviewed, with a reason and an end; stale ones fail."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import msgspec
import pytest

from attncheck.data.report import Status
from attncheck.errors import UsageError
from attncheck.gate import Answer, read_accepted
from attncheck.gate.baseline import refusals
from tests.gate.reports import ENTRY, TODAY, copied, finding, found, judged, report, subject

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RANDOM = msgspec.structs.replace(
    ENTRY, subject="gam@GAM", seen={"reach": "random by design"}, status="undecided"
)
FILE = """
[[accepted]]
subject = "gam@article"
claim = ["shape", "gate"]
reason = "the article's own mistake, kept"
expires = 2027-01-01
seen = { runs = "forward raises" }
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
    stale = msgspec.structs.replace(ENTRY, subject=subject_, seen={claim: "no softmax"})
    result = judged(report(), report(), [ENTRY, stale])
    assert result.answer is Answer.REGRESSED
    assert "delete the entry" in found(result, "accepted").resolve


def test_an_acceptance_names_the_mistake_and_covers_no_other() -> None:
    """Same claim, same status, same witness: only what is seen differs."""
    other = copied(report())
    other.subjects[1].findings[0].message = "expected 4 axes, got 3"
    result = judged(other, report())
    assert result.answer is Answer.REGRESSED
    check = found(result, "accepted")
    assert check.reason == (
        "'shape' is accepted for another reason: 'expected 4 axes, got 2'. "
        "Now: 'expected 4 axes, got 3'"
    )
    assert any("'shape' is accepted for another" in why for why in refusals(other, [ENTRY], TODAY))


def test_an_acceptance_that_names_no_mistake_accepts_nothing_and_shows_the_line() -> None:
    bare = msgspec.structs.replace(ENTRY, seen={}, claim="shape")
    result = judged(report(), report(), [bare])
    assert result.answer is Answer.REGRESSED
    pasted = found(result, "accepted").resolve
    said = tomllib.loads(f"[[accepted]]\n[accepted.seen]\n{pasted}")["accepted"][0]["seen"]
    assert judged(report(), report(), [msgspec.structs.replace(bare, seen=said)]).answer is (
        Answer.HOLDS
    )
    assert pasted in "\n".join(refusals(report(), [bare], TODAY)).replace(
        "the file of what is accepted", "accepted.toml"
    )


def test_a_required_claim_undecided_for_another_reason_is_not_accepted() -> None:
    one = report(subject(findings=[finding("reach", Status.UNDECIDED, "random by design")]))
    other = report(subject(findings=[finding("reach", Status.UNDECIDED, "the process died")]))
    result = judged(other, one, [RANDOM])
    assert result.answer is Answer.REGRESSED
    assert found(result, "reach").answer is Answer.UNDECIDED


def test_nothing_is_accepted_for_ever() -> None:
    far = msgspec.structs.replace(ENTRY, expires=datetime.date(9999, 1, 1))
    result = judged(report(), report(), [far])
    assert result.answer is Answer.REGRESSED
    assert "two years ahead is the most" in found(result, "accepted").reason


def test_a_required_claim_that_cannot_be_decided_may_be_accepted_as_such() -> None:
    one = report(subject(findings=[finding("reach", Status.UNDECIDED, "random by design")]))
    assert judged(one, copied(one), []).answer is Answer.UNDECIDED
    assert judged(one, copied(one), [RANDOM]).answer is Answer.HOLDS
    worse = report(subject(findings=[finding("reach", Status.VIOLATED, "reads the future")]))
    assert judged(worse, one, [RANDOM]).answer is Answer.REGRESSED


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
    assert entry.claims == ["runs", "shape", "gate"]
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
        ('"forward raises"', '""', "length >= 1"),
        ('"forward raises"', "3", "str"),
        ('seen = { runs = "forward raises" }', "[accepted.sean]", "did you mean 'seen'?"),
        ("=", ":", "not TOML"),
    ],
)
def test_a_file_with_mistakes_is_refused(tmp_path: Path, old: str, new: str, what: str) -> None:
    (path := tmp_path / "accepted.toml").write_text(FILE.replace(old, new))
    with pytest.raises(UsageError) as refused:
        read_accepted(path)
    assert what in str(refused.value)
