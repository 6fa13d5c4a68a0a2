"""Merging keeps every answer, the worse of two, and says where reports disagree."""

from __future__ import annotations

import msgspec

from attncheck.commands.report.merge import merge
from attncheck.data.counts import Counts
from attncheck.data.profile import Profile
from attncheck.data.report import Finding, Report, Status, SubjectReport, Verdict, verdict_of
from tests.formats import sample


def shard(*findings: Finding, subject: str = "mine", **fields: object) -> Report:
    of = SubjectReport("se", subject, "m.py:SE", verdict_of(list(findings)), list(findings))
    of = msgspec.structs.replace(of, **fields)
    return Report(environment={"torch": "2.13.0", "cores": 2}, subjects=[of])


def test_one_report_stays_what_it_is() -> None:
    report = sample.report()
    assert merge([("a", report)]).report is report


def test_subjects_of_several_shards_stand_together_in_their_order() -> None:
    first, second = shard(subject="one"), shard(subject="two")
    merged = merge([("a", first), ("b", second)])
    assert [subject.subject for subject in merged.report.subjects] == ["one", "two"]
    assert not merged.conflicts
    assert merged.report.environment == first.environment


def test_claims_of_one_subject_are_put_together_and_judged_anew() -> None:
    first = shard(sample.finding("shape"), counts=Counts(macs=7))
    second = shard(sample.finding("reach", Status.VIOLATED), profile=Profile(device="cpu"))
    merged = merge([("a", first), ("b", second)])
    (subject,) = merged.report.subjects
    assert [finding.claim for finding in subject.findings] == ["shape", "reach"]
    assert subject.verdict is Verdict.VIOLATES
    assert subject.counts == Counts(macs=7)
    assert subject.profile == Profile(device="cpu")
    assert not merged.conflicts


def test_a_disagreement_keeps_the_worse_answer_and_is_told() -> None:
    holds, broken = shard(sample.finding("shape")), shard(sample.finding("shape", Status.VIOLATED))
    for reports in ([("a", holds), ("b", broken)], [("b", broken), ("a", holds)]):
        merged = merge(reports)
        assert merged.report.subjects[0].verdict is Verdict.VIOLATES
        (told,) = merged.conflicts
        assert told.startswith("se@mine: shape ")
        assert "holds in a" in told
        assert "is violated in b" in told


def test_a_claim_that_one_shard_skipped_is_what_the_other_found() -> None:
    skipped = shard(sample.finding("shape", Status.SKIPPED))
    merged = merge([("a", skipped), ("b", shard(sample.finding("shape")))])
    assert merged.report.subjects[0].findings[0].status is Status.HOLDS
    assert not merged.conflicts


def test_other_counts_and_other_specs_are_conflicts() -> None:
    one = shard(sample.finding("shape"), counts=Counts(macs=7), spec_hash="x")
    two = shard(sample.finding("shape"), counts=Counts(macs=8), spec_hash="y")
    told = merge([("a", one), ("b", two)]).conflicts
    assert len(told) == 2
    assert "different specs" in told[0]
    assert "counts differ" in told[1]


def test_another_machine_is_noted_and_both_are_kept() -> None:
    other = shard(sample.finding("shape"), subject="two")
    other.environment["torch"] = "2.9.0"
    merged = merge([("a", shard(sample.finding("shape"))), ("b", other)])
    assert merged.report.environment == {"torch": ["2.13.0", "2.9.0"], "cores": 2}
    assert merged.notes == ["torch differs: 2.13.0, 2.9.0"]


def test_other_options_are_another_audit() -> None:
    one, two = shard(job={"dims": {"C": 8}}), shard(job={"dims": {"C": 64}})
    merged = merge([("a", one), ("b", two)])
    assert len(merged.report.subjects) == 2
    assert merged.notes == ["se@mine was audited with different options: kept apart"]


def test_problems_and_interruptions_are_not_lost() -> None:
    merged = merge([("a", shard()), ("b", sample.report()), ("c", sample.report())]).report
    assert merged.partial
    assert len(merged.problems) == 1


def test_the_reports_given_are_left_alone() -> None:
    first = shard(sample.finding("shape"))
    merge([("a", first), ("b", shard(sample.finding("reach")))])
    assert len(first.subjects[0].findings) == 1
