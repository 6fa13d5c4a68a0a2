"""What a scan knows while it works: its groups, what each is audited as, what became of that."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from attncheck.auditing.request import Asked
from attncheck.auditing.select import Selection, select
from attncheck.auditing.task import Audit
from attncheck.data.environment import fingerprint
from attncheck.data.identity import Identity
from attncheck.data.report import (
    Finding,
    Location,
    Problem,
    Report,
    Status,
    SubjectReport,
    Verdict,
    verdict_of,
)
from attncheck.data.scan import Group, Scan
from attncheck.errors import AttncheckError, UsageError

NAME = "name"
"""The claim that a module is what its name says, which a scan makes where it is not."""


class AskedOf(NamedTuple):
    """What a group is audited as, and with which options.

    Attributes:
        what: a target, or what Python code has at hand.
        asked: the options.
    """

    what: Any
    asked: Asked


Outcome = tuple[SubjectReport | None, Problem | None]
"""What became of a selection."""


@dataclass
class Found:
    """What is known so far.

    Attributes:
        scan: the groups as they were found.
        questions: of each group.
        selections: what is audited.
        audited: the group of each selection.
        known: what became of selections, by their places.
    """

    scan: Scan
    questions: list[AskedOf] = field(default_factory=list)
    selections: list[Selection] = field(default_factory=list)
    audited: list[int] = field(default_factory=list)
    known: dict[int, Outcome] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=fingerprint)

    def add(self, group: Group, question: AskedOf) -> None:
        """Take a group, and what it is audited as."""
        self.scan.groups.append(group)
        self.questions.append(question)

    def select(self, number: int) -> None:
        """Have a group audited as its mechanism; one that cannot be is told so.

        Raises:
            UsageError: an option is wrong whatever the class.
        """
        group = self.scan.groups[number]
        try:
            chosen = select(group.mechanism, *self.questions[number])
        except AttncheckError as error:
            if isinstance(error, UsageError) and not group.named:
                raise
            group.refused = error.what
            return
        self.selections += chosen
        self.audited += [number] * len(chosen)

    def unconfirmed(self) -> list[int]:
        """Return the groups of which an audit was to confirm what their names say, and did not."""
        found = []
        for place in sorted(self.known):
            task, (subject, _) = self.selections[place][1], self.known[place]
            asked = any(task.claims[name].settles for name in task.job.claims)
            if asked and (subject is None or not _known(subject, task)):
                found.append(self.audited[place])
        return found

    def rename(self, number: int, identity: Identity) -> None:
        """Take a group for what it computes, which is not what its name says; audit it as that."""
        assert identity.mechanism is not None
        group = self.scan.groups[number]
        group.named, group.mechanism = group.mechanism, identity.mechanism
        group.known, group.also = identity.known, list(identity.also)
        self.known = {at: one for at, one in self.known.items() if self.audited[at] != number}
        self.select(number)

    def report(self) -> Report:
        """Return the report so far, with what became of each group; none is a problem.

        A class that nobody can build alone is no failure of a scan: it is said in its line.
        """
        subjects: list[SubjectReport] = []
        groups = [msgspec.structs.replace(group) for group in self.scan.groups]
        for place in sorted(self.known):
            group, task = groups[self.audited[place]], self.selections[place][1]
            subject, problem = self.known[place]
            if problem is not None:
                group.refused = problem.what
            if subject is None:
                continue
            group.known = _known(subject, task) or group.known
            if group.known == "named" and subject.verdict is Verdict.VIOLATES:
                group.refused = _unconfirmed(subject)
            else:
                group.subject = len(subjects)
                subjects.append(_with_name(subject, group) if group.named else subject)
        scan = msgspec.structs.replace(self.scan, groups=groups)
        return Report(environment=dict(self.environment), subjects=subjects, scan=scan)


def _unconfirmed(subject: SubjectReport) -> str:
    """Return what is said of a module that has a mechanism's name and nothing else of it.

    A ``Bottleneck`` may be another paper's: what a name alone promises, nobody has broken.
    """
    broken = next(finding for finding in subject.findings if finding.counts)
    return f"nothing but its name says {subject.spec}: {broken.claim}: {broken.message}"


def _with_name(subject: SubjectReport, group: Group) -> SubjectReport:
    """Return the audit of what a module computes, with the finding that its name says otherwise.

    Which of the two is meant, nobody but its author knows: that is not decided.
    """
    place = subject.defined or (Location(group.path, group.line) if group.path else None)
    typed = shlex.join(["attncheck", "audit", group.named, group.target])
    finding = Finding(
        NAME,
        NAME,
        Status.UNDECIDED,
        f"its name says {group.named}, and it computes {group.mechanism}: which is meant?",
        expected=group.named,
        seen=group.mechanism,
        location=place,
        reproduce="" if group.target.startswith("<") else typed,
    )
    findings = [finding, *subject.findings]
    return msgspec.structs.replace(subject, findings=findings, verdict=verdict_of(findings))


def _known(subject: SubjectReport, task: Audit) -> str:
    """Return how the audit itself knows the mechanism, "" where it does not."""
    settling = [finding for finding in subject.findings if task.claims[finding.claim].settles]
    return next(filter(None, map(_said_by, settling)), "")


def _said_by(finding: Finding) -> str:
    if finding.status is Status.HOLDS:
        return "variant" if finding.changes else "proven"
    return "departs" if finding.evidence.get("departure") else ""
