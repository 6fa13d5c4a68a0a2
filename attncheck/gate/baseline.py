"""Promote a report to the baseline of later gates: only one that may be trusted."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

from attncheck.data.report import Finding, Report, Status, name_of
from attncheck.gate.accepted import Entry, decided, standing


def refusals(report: Report, accepted: Sequence[Entry], today: datetime.date) -> Iterator[str]:
    """Yield why this report may not become a baseline; nothing where it may.

    Violations and undecided claims need an entry in the reviewed file, as in the gate.
    """
    if report.partial:
        yield "it was interrupted: audit to the end"
    for problem in report.problems:
        yield f"{problem.spec}@{problem.subject} could not be audited: {problem.what}"
    let, wrong = standing(accepted, decided(report), today, "the file of what is accepted")
    for check in wrong:
        yield f"{check.subject}: {check.reason}"
        if " = " in check.resolve:
            yield f"  {check.resolve}"
    for subject in report.subjects:
        name = f"{subject.spec}@{subject.subject}"
        if subject.verdict.passes:
            continue
        for finding in subject.findings:
            if _speaks_against(finding) and (name, finding.claim) not in let:
                yield f"{name}: '{finding.claim}' is {finding.status.value}, and not accepted"
    for subject in report.subjects:
        if (profile := subject.profile) is None:
            continue
        if not profile.complete:
            yield f"{name_of(subject)}: its profile was interrupted"
        elif profile.disturbed:
            yield f"{name_of(subject)} was measured on a disturbed machine: {profile.disturbed}"


def _speaks_against(finding: Finding) -> bool:
    if finding.advice:
        return False
    if finding.status is Status.VIOLATED:
        return True
    return finding.required and finding.status in (Status.UNDECIDED, Status.ERROR)
