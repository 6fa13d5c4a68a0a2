"""Look through places, audit what is found, and put together one report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from attncheck.auditing.request import Asked
from attncheck.auditing.run import AuditRun, Checkpoint
from attncheck.auditing.select import Selection, select
from attncheck.auditing.task import Audit
from attncheck.commands.scan.classes import Candidate, candidates, read_classes
from attncheck.commands.scan.places import SourceFile, sources_of
from attncheck.data.report import Finding, Report, Status, SubjectReport
from attncheck.data.scan import Group, Scan, Unread
from attncheck.errors import AttncheckError, UsageError

Auditor = Callable[[list[Selection], Checkpoint | None], AuditRun]
"""Audits selections; told what became of each as it is known."""


@dataclass
class _Found:
    """What is known before anything is audited."""

    scan: Scan
    selections: list[Selection] = field(default_factory=list)
    audited: list[int] = field(default_factory=list)
    """The group of each selection."""


def scan(places: Sequence[str], asked: Asked, audit: Auditor) -> Report:
    """Return the report of every attention in places.

    Args:
        places: files, folders and packages.
        asked: the options of every audit.
        audit: audits what is selected.

    Raises:
        UsageError: a place is not there.
    """
    found = _Found(_read(places))
    for number, group in enumerate(found.scan.groups):
        if group.mechanism:
            _select(found, number, group, asked)
    run = audit(found.selections, None)
    return _report(found, run)


def _read(places: Sequence[str]) -> Scan:
    """Return the groups of classes, found by reading alone."""
    sources: dict[str, SourceFile] = {}
    for place in places:
        for source in sources_of(place):
            sources.setdefault(str(source.path.resolve()), source)
    files = [read_classes(source) for source in sources.values()]
    return Scan(
        list(places),
        [_group(one) for one in candidates(files)],
        files=len(files),
        classes=sum(len(file.classes) for file in files),
        unread=[Unread(str(file.source.path), file.wrong) for file in files if file.wrong],
    )


def _group(one: Candidate) -> Group:
    return Group(
        name=one.name,
        target=one.target,
        path=one.source.path.as_posix(),
        line=one.line,
        kind=one.kind,
        mechanism=one.mechanism,
        known="named" if one.mechanism else "unknown",
    )


def _select(found: _Found, number: int, group: Group, asked: Asked) -> None:
    try:
        chosen = select(group.mechanism, group.target, asked)
    except UsageError:
        raise  # of the options, whatever the class
    except AttncheckError as error:
        group.refused = error.what
        return
    found.selections += chosen
    found.audited += [number] * len(chosen)


def _report(found: _Found, run: AuditRun) -> Report:
    """Return the report of the audits, with what became of each group; none is a problem.

    A class that nobody can build alone is no failure of a scan: it is said in its line.
    """
    place = 0
    for number, (_, task), entry in zip(found.audited, found.selections, run.entries, strict=False):
        group = found.scan.groups[number]
        if entry.subject is not None:
            group.subject = place
            group.known = _known(entry.subject, task) or group.known
            place += 1
        if entry.problem is not None:
            group.refused = entry.problem.what
    return msgspec.structs.replace(run.report, problems=[], scan=found.scan)


def _known(subject: SubjectReport, task: Audit) -> str:
    """Return how the audit itself knows the mechanism, "" where it does not."""
    settling = [finding for finding in subject.findings if task.claims[finding.claim].settles]
    return next(filter(None, map(_said_by, settling)), "")


def _said_by(finding: Finding) -> str:
    if finding.status is Status.HOLDS:
        return "variant" if finding.changes else "proven"
    return "departs" if finding.evidence.get("departure") else ""
