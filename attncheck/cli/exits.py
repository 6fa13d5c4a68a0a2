"""Exit codes: nothing else in attncheck knows them."""

from __future__ import annotations

from enum import IntEnum

from msgspec import UnsetType

from attncheck.data.report import Report, Verdict


class Exit(IntEnum):
    """What a command's exit status means."""

    CONFORMS = 0
    VIOLATES = 1
    FAILED = 2
    UNDECIDED = 3


def exit_of(report: Report, *, strict: bool = False) -> Exit:
    """Return the exit code of a report; ``strict`` takes undecided, and variants, as violated.

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
    return Exit.VIOLATES if strict and Verdict.VARIANT in verdicts else Exit.CONFORMS


def exit_of_scan(report: Report, *, strict: bool = False) -> Exit:
    """Return the exit code of a scan: a violation outweighs what could not be audited.

    Of what no spec speaks nothing is claimed, and nothing is missing.
    """
    if report.partial or isinstance(report.scan, UnsetType):
        return Exit.FAILED
    if report.scan.unread and not (report.scan.files or report.scan.models):
        return Exit.FAILED
    code = exit_of(report, strict=strict)
    refused = report.scan.unread or any(group.refused for group in report.scan.groups)
    if code is Exit.CONFORMS and refused:
        return Exit.VIOLATES if strict else Exit.UNDECIDED
    return code


def exit_of_profile(report: Report) -> Exit:
    """Return 2 for work not done, 1 for a module that was not timed, 3 for doubtful figures."""
    if report.problems or report.partial or not report.subjects:
        return Exit.FAILED
    profiles = [subject.profile for subject in report.subjects if subject.profile]
    if any(profile.refused for profile in profiles):
        return Exit.VIOLATES
    doubtful = any(
        row.why or row.unpriced or any(timing.status == "undecided" for _, timing in row.timed)
        for profile in profiles
        for row in profile.rows
    )
    against = [profile.against for profile in profiles if profile.against]
    open_ = doubtful or any(one.answer == "undecided" for one in against)
    return Exit.UNDECIDED if open_ else Exit.CONFORMS
