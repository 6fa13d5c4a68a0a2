"""Compare what was decided of each claim: exactly, status by status."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attncheck.data.report import Finding, Status, SubjectReport, Verdict
from attncheck.gate.accepted import Entry
from attncheck.gate.policy import Policy
from attncheck.gate.remedies import Remedies
from attncheck.gate.result import Answer, Check

_EFFORT = ("cases", "draws", "probes", "outputs", "sizes")
"""Entries of the evidence that say how hard a claim that holds was tried."""
_OPEN = (Status.UNDECIDED, Status.ERROR)


Let = Mapping[tuple[str, str], Entry]
"""Subject and claim -> the reviewed entry that lets it through."""


def compare_claims(
    name: str,
    before: SubjectReport,
    now: SubjectReport,
    let: Let,
    policy: Policy,
    remedies: Remedies,
) -> Iterator[Check]:
    """Yield one check for every claim of either report, in the baseline's order."""
    old = {finding.claim: finding for finding in before.findings}
    new = {finding.claim: finding for finding in now.findings}
    for claim in [*old, *(claim for claim in new if claim not in old)]:
        was, finding = old.get(claim), new.get(claim)
        if finding is None:
            why = "the baseline decides this claim, the report does not mention it"
            said = was.status.value if was else ""
            yield Check(name, claim, Answer.UNDECIDED, why, remedies.audit, said)
            continue
        check = _compare(name, was, finding, let, policy, remedies.promote)
        if finding.location is not None:
            check.path, check.line = finding.location.path, finding.location.line
        if check.answer is not Answer.HOLDS and not check.resolve:
            check.resolve = finding.reproduce or remedies.audit
        yield check


def new_claims(
    name: str, now: SubjectReport, let: Let, policy: Policy, remedies: Remedies
) -> Iterator[Check]:
    """Yield the checks of a subject that the baseline does not know."""
    answer = _new(policy) if now.verdict is not Verdict.UNDECIDED else Answer.UNDECIDED
    yield Check(name, "subject", answer, "not in the baseline", remedies.promote)
    for finding in now.findings:
        if finding.counts:
            yield _violated(name, None, finding, let)


def _compare(
    name: str, before: Finding | None, now: Finding, let: Let, policy: Policy, promote: str
) -> Check:
    if now.counts:
        return _violated(name, before, now, let)
    check = Check(name, now.claim, Answer.HOLDS, now=now.status.value)
    if before is None:
        check.answer, check.reason, check.resolve = _new(policy), "not in the baseline", promote
        if now.status in _OPEN and now.required and not now.advice:
            check.answer = Answer.UNDECIDED
            check.reason = f"not in the baseline, and not decided: {now.message}"
        return check
    check.before = before.status.value
    check.answer, check.reason = _judge(before, now, let.get((name, now.claim)))
    if check.reason == _BETTER:
        check.resolve = promote
        if policy.improved == "holds":
            check.answer = Answer.HOLDS
    return check


_BETTER = "better than in the baseline: what made it so?"


def _judge(before: Finding, now: Finding, entry: Entry | None) -> tuple[Answer, str]:
    """Return the answer to a claim that is not violated now, advice aside."""
    if (before.kind, before.advice, before.required) != (now.kind, now.advice, now.required):
        return Answer.UNDECIDED, "the claim has another kind or weight than in the baseline"
    if now.status is Status.ERROR:
        return Answer.UNDECIDED, f"the probe broke: {now.message}"
    if now.status is Status.VIOLATED:  # advice
        if before.status is Status.VIOLATED:
            return Answer.HOLDS, ""
        return Answer.REGRESSED, f"a limitation that the baseline does not have: {now.message}"
    if now.status is Status.UNDECIDED:
        if before.status is Status.UNDECIDED and not now.required:
            return Answer.HOLDS, "undecided as in the baseline, and not required"
        if before.status is Status.UNDECIDED and entry is not None:
            return Answer.HOLDS, _accepted(entry)
        return Answer.UNDECIDED, now.message or "not decided"
    if now.status is Status.SKIPPED:
        if before.status is Status.SKIPPED and before.message == now.message:
            return Answer.HOLDS, ""
        return Answer.UNDECIDED, f"skipped: {now.message or 'no reason given'}"
    if before.status is not Status.HOLDS:
        return Answer.UNDECIDED, _BETTER
    if new := [change for change in now.changes if change not in before.changes]:
        return Answer.REGRESSED, f"a design change that the baseline does not have: {new[0]}"
    for what in _EFFORT:
        tried, wanted = _count(now, what), _count(before, what)
        if tried < wanted:
            return Answer.UNDECIDED, f"tried on {tried} {what}, in the baseline on {wanted}"
    return Answer.HOLDS, ""


def _violated(name: str, before: Finding | None, now: Finding, let: Let) -> Check:
    """Return the check of a violation: the baseline does not excuse it, only a reviewed entry."""
    was = before.status if before else None
    said = now.message or "violated"
    check = Check(name, now.claim, Answer.REGRESSED, said, now.reproduce)
    check.before, check.now = was.value if was else "", now.status.value
    entry = let.get((name, now.claim))
    if before is not None and was is Status.VIOLATED and _elsewhere(before, now):
        # An accepted mistake must not cover for another one in the same claim.
        check.reason = f"violated on another case than in the baseline: {said}"
        check.answer = Answer.UNDECIDED if entry else Answer.REGRESSED
    elif entry is not None:
        check.answer, check.reason, check.resolve = Answer.HOLDS, _accepted(entry), ""
    elif was is Status.VIOLATED:
        check.reason = f"violated in the baseline too, and not accepted: {said}"
    return check


def _accepted(entry: Entry) -> str:
    return f"accepted until {entry.expires}: {entry.reason}"


def _elsewhere(before: Finding, now: Finding) -> bool:
    """Say whether two violations of one claim have different witnesses."""
    return (before.witness and before.witness.case) != (now.witness and now.witness.case)


def _count(finding: Finding, what: str) -> int:
    found = finding.evidence.get(what, 0)
    if isinstance(found, list):
        return len(found)
    return found if isinstance(found, int) else 0


def _new(policy: Policy) -> Answer:
    return Answer.HOLDS if policy.new == "holds" else Answer.UNDECIDED
