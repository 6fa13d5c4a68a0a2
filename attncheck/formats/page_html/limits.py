"""The table of limits of use: a row per subject, a column per limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from attncheck.data.report import Finding, Status, SubjectReport
from attncheck.formats.page_html.matrix import Matrix, matrix

_WORST = (Status.VIOLATED, Status.ERROR, Status.UNDECIDED, Status.HOLDS, Status.SKIPPED)


def limits(
    subjects: Sequence[tuple[str, SubjectReport]], places: Mapping[tuple[str, str], str]
) -> Matrix:
    """Return the table of the subjects' limits of use; of several claims of one, the worst.

    Args:
        subjects: each with its id.
        places: (subject's id, claim) -> id of what the page says of it; else the subject's.
    """
    found = [(name, subject, _worst(subject)) for name, subject in subjects]
    tried = [(name, subject, worst) for name, subject, worst in found if worst]
    there = {(n, f.limit): places.get((n, f.claim), n) for n, _, worst in tried for f in worst}
    rows = [(name, _narrowed(subject, worst)) for name, subject, worst in tried]
    return matrix(rows, there)


def _worst(subject: SubjectReport) -> list[Finding]:
    """Return the worst finding of each limit."""
    own = [finding for finding in subject.findings if finding.limit]
    own.sort(key=lambda finding: _WORST.index(finding.status), reverse=True)
    return list({finding.limit: finding for finding in own}.values())


def _narrowed(subject: SubjectReport, findings: Sequence[Finding]) -> SubjectReport:
    named = [msgspec.structs.replace(one, claim=one.limit) for one in findings]
    return msgspec.structs.replace(subject, findings=named)
