"""What stands beside a verdict says how sure it is."""

from attncheck.data.report import Finding, Status, SubjectReport, Verdict
from attncheck.formats.shared.wording import summary


def said(*statuses: Status, verdict: Verdict = Verdict.CONFORMS) -> str:
    findings = [Finding("equivalence", "equivalence", s, required=False) for s in statuses]
    return summary(SubjectReport("se", "s", "m:S", verdict, findings))


def test_what_only_its_claims_vouch_for_is_said_not_to_be_proven() -> None:
    assert said(Status.HOLDS) == "1 claim holds"
    assert said(Status.UNDECIDED) == "not proven equal to the definition"
