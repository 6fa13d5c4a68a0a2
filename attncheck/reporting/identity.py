"""Which subjects of two reports are the same one."""

from __future__ import annotations

import msgspec

from attncheck.report import SubjectReport


def identity(subject: SubjectReport) -> tuple[str, str, str, bytes]:
    """Return what makes two audits audits of the same: subject, target and options."""
    asked = msgspec.json.encode(subject.job, order="deterministic")
    return subject.spec, subject.subject, subject.target, asked


def name_of(subject: SubjectReport) -> str:
    """Return ``SPEC@SUBJECT``, as the command line names it."""
    return f"{subject.spec}@{subject.subject}"
