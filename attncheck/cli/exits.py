"""Exit codes: nothing else in attncheck knows them."""

from __future__ import annotations

from enum import IntEnum

from attncheck.report import Report, Verdict


class Exit(IntEnum):
    """What a command's exit status means."""

    CONFORMS = 0
    VIOLATES = 1
    FAILED = 2
    UNDECIDED = 3


def exit_of(report: Report, *, strict: bool = False) -> Exit:
    """Return the exit code of a report; with ``strict``, undecided counts as violated.

    Work that could not be done says so before any verdict does: half an audit is no pass, and
    no mere violation either.
    """
    verdicts = {subject.verdict for subject in report.subjects}
    if report.problems or report.partial:
        return Exit.FAILED
    if Verdict.VIOLATES in verdicts:
        return Exit.VIOLATES
    if Verdict.UNDECIDED in verdicts:
        return Exit.VIOLATES if strict else Exit.UNDECIDED
    return Exit.CONFORMS
