"""Read what a gate compares, and refuse what contradicts itself."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec

from attncheck.data.report import Report, Verdict, verdict_of
from attncheck.data.report_file import read_report
from attncheck.errors import UsageError


def load_report(path: Path, *, audited: bool = False) -> Report:
    """Return the report of a file.

    Args:
        path: the file.
        audited: whether it must be what an audit wrote, and no baseline.

    Raises:
        UsageError: there is none, it is no report, it was edited after it was sealed, it
            contradicts itself, or it is a baseline where an audit's report is wanted.
    """
    report = read_report(path, audited=audited)
    if what := contradiction(report):
        raise UsageError(what, where=str(path), instead="audit again")
    return report


def contradiction(report: Report) -> str:
    """Return what a report cannot say, or "" where it is sound."""
    if not report.subjects:
        return "it holds no subjects: there is nothing to compare"
    seen: set[bytes] = set()
    for subject in report.subjects:
        name = f"{subject.spec}@{subject.subject}"
        identity = msgspec.json.encode(
            [subject.spec, subject.subject, subject.target, subject.dims, subject.job],
            order="sorted",
        )
        if identity in seen:
            return f"{name} is in it twice"
        seen.add(identity)
        if subject.verdict is Verdict.COUNTED and not subject.findings:
            return f"{name} was counted and not audited: no claim of it was tried"
        if not subject.findings:
            return f"{name} has no findings"
        claims = Counter(finding.claim for finding in subject.findings)
        if twice := [claim for claim, count in claims.items() if count > 1]:
            return f"{name} decides '{twice[0]}' twice"
        if verdict_of(subject.findings) is not subject.verdict:
            return f"the verdict of {name} does not follow from its findings"
    return ""
