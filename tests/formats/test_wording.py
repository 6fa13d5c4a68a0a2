"""What stands beside a verdict says how sure it is."""

from attncheck.data.report import Finding, Location, Status, SubjectReport, Verdict
from attncheck.formats.shared.wording import advice, not_for, summary


def said(*statuses: Status, verdict: Verdict = Verdict.CONFORMS) -> str:
    findings = [Finding("equivalence", "equivalence", s, required=False) for s in statuses]
    return summary(SubjectReport("se", "s", "m:S", verdict, findings))


def test_beside_a_pass_stands_what_was_not_decided() -> None:
    assert said(Status.HOLDS) == "1 claim holds"
    assert said(Status.HOLDS, Status.UNDECIDED) == "1 claim holds · 1 not decided"


def test_a_variant_names_its_design_changes_and_their_sources() -> None:
    change = {"what": "a hard sigmoid", "source": "MobileNetV3"}
    finding = Finding("equivalence", "equivalence", Status.HOLDS, evidence={"changes": [change]})
    subject = SubjectReport("se", "s", "m:S", Verdict.VARIANT, [finding])
    assert summary(subject) == "a hard sigmoid, MobileNetV3 · 1 claim holds"


def test_limits_of_use_are_one_line_beside_the_verdict() -> None:
    limits = [
        Finding("dtype", "dtype", Status.VIOLATED, advice=True, limit="half-precision"),
        Finding(
            "one-pixel",
            "one-pixel",
            Status.VIOLATED,
            advice=True,
            limit="one-pixel",
            location=Location("m.py", 16),
        ),
    ]
    subject = SubjectReport("se", "s", "m:S", Verdict.CONFORMS, limits)
    assert not_for(subject) == "not for: half precision, one pixel (line 16)"
    assert not advice(subject)
