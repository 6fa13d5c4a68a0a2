"""What a scan knows while it works: its groups, what each is audited as, what became of that."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from attncheck.auditing.request import Asked
from attncheck.auditing.run import SubjectAudited
from attncheck.auditing.select import Selection, select
from attncheck.auditing.task import Audit
from attncheck.catalogue import load
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
from attncheck.execution.cache import ResultCache
from attncheck.execution.limits import Limits
from attncheck.spec.kinship import is_layer, names_family

_TOKENS = "tokens"
"""The contract of what takes tokens: of a decoder that no spec knows."""
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


class GroupOutcome(msgspec.Struct, omit_defaults=True):
    """What became of the audit of a group.

    Attributes:
        subject, problem: as in a report.
        known: how the audit itself knows the mechanism, "" where it does not.
        settles: whether it was asked.
    """

    subject: SubjectReport | None = None
    problem: Problem | None = None
    known: str = ""
    settles: bool = False


@dataclass
class Found:
    """What is known so far.

    Attributes:
        scan: the groups as they were found.
        limits: of each audit.
        cache: what is known of earlier; None for nothing.
        questions: of each group.
        selections: what is still to be audited, and the group of each.
        known: what became of groups, by their places.
        decoding: the groups that decode in their model, by their places.
    """

    scan: Scan
    limits: Limits
    cache: ResultCache | None = None
    questions: list[AskedOf] = field(default_factory=list)
    selections: list[tuple[int, Selection]] = field(default_factory=list)
    known: dict[int, GroupOutcome] = field(default_factory=dict)
    decoding: set[int] = field(default_factory=set)
    environment: dict[str, Any] = field(default_factory=fingerprint)

    def add(self, group: Group, question: AskedOf) -> None:
        """Take a group, and what it is audited as."""
        self.scan.groups.append(group)
        self.questions.append(question)

    def select(self, number: int) -> None:
        """Have a group audited as its mechanism, if that is not known; say why it cannot be.

        Raises:
            UsageError: an option is wrong whatever the class.
        """
        group = self.scan.groups[number]
        if self.cache is not None and (asked := self._asked(number)) is not None:
            known = self.cache.recall(asked, GroupOutcome)
            if known is not None:
                self.known[number] = known
                return
        try:
            what, options = self.questions[number]
            if not group.mechanism:
                options = replace(options, claims=options.claims or _of_decoders())
            chosen = select(group.mechanism or _TOKENS, what, options)
        except AttncheckError as error:
            if isinstance(error, UsageError) and not group.named:
                raise
            group.refused = error.what
            return
        self.selections += [(number, one) for one in chosen]

    def take(self, place: int, subject: SubjectReport | None, problem: Problem | None) -> None:
        """Take what became of a selection."""
        number, (_, task) = self.selections[place]
        settles = any(task.claims[name].settles for name in task.job.claims)
        known = _known(subject, task) if subject is not None else ""
        self.known[number] = GroupOutcome(subject, problem, known, settles)

    def remember(self, entries: Sequence[SubjectAudited], began: int) -> None:
        """Keep what became of all selections, and select no more of them.

        Args:
            entries: of the selections, in their order.
            began: when they began, in nanoseconds.
        """
        for (number, (_, task)), entry in zip(self.selections, entries, strict=False):
            if self.cache is not None and (asked := self._asked(number)) is not None:
                self.cache.remember(asked, self.known[number], task, entry.result, began)
        self.selections = []

    def _asked(self, number: int) -> list[Any] | None:
        """Return what is known of an audit before it is selected; None for a Python object."""
        what, asked = self.questions[number]
        if not isinstance(what, str):
            return None
        mechanism = self.scan.groups[number].mechanism
        return ["audit", mechanism, what, asked, str(Path.cwd()), self.limits.memory_bytes]

    def doubtful(self) -> list[int]:
        """Return the groups of which an audit was to confirm what their names say, and did not.

        Also what departs from it, where the name is that of a whole family: it may be a member; not
        a layer that holds no attention, and has the name of one.
        """
        found = []
        for number, one in sorted(self.known.items()):
            group = self.scan.groups[number]
            member = group.known == "named" and names_family(group.mechanism)
            plain = not group.kind and is_layer(group.mechanism)
            if one.settles and not plain and (not one.known or (one.known == "departs" and member)):
                found.append(number)
        return found

    def rename(self, number: int, identity: Identity) -> None:
        """Take a group for what it computes, which is not what its name says; audit it as that."""
        assert identity.mechanism is not None
        group = self.scan.groups[number]
        group.named, group.mechanism = group.mechanism, identity.mechanism
        group.known, group.also = identity.known, list(identity.also)
        del self.known[number]
        self.select(number)

    def report(self) -> Report:
        """Return the report so far, with what became of each group; none is a problem.

        A class that nobody can build alone is no failure of a scan: it is said in its line.
        """
        subjects: list[SubjectReport] = []
        groups = [msgspec.structs.replace(group) for group in self.scan.groups]
        for number, outcome in sorted(self.known.items()):
            group, subject = groups[number], outcome.subject
            if _is_namesake(group, outcome):
                group.said = f"nothing but its name says {group.mechanism}"
                group.mechanism, group.known = "", "unknown"
                continue
            if outcome.problem is not None:
                group.refused = outcome.problem.what
            if subject is None:
                continue
            if not group.mechanism and subject.verdict is not Verdict.VIOLATES:
                continue  # a claim or two say nothing of what it is
            group.known = outcome.known or group.known
            told = _of_any_decoder(subject) if number in self.decoding else None
            if group.known == "named" and subject.verdict is Verdict.VIOLATES and told is None:
                group.refused = _unconfirmed(subject)
            else:
                group.subject = len(subjects)
                found = told if told is not None and group.known == "named" else subject
                subjects.append(_with_name(found, group) if group.named else found)
        scan = msgspec.structs.replace(self.scan, groups=groups)
        return Report(environment=dict(self.environment), subjects=subjects, scan=scan)


def _is_namesake(group: Group, outcome: GroupOutcome) -> bool:
    """Say whether a layer has the name of one that we know, and nothing else speaks for that."""
    settled = outcome.known or not (outcome.settles or outcome.problem)
    return group.known == "named" and not settled and is_layer(group.mechanism)


def _of_decoders() -> list[str]:
    """Return the claims on tokens that every layer meets which decodes in its model."""
    return [name for name, claim in load(_TOKENS).claims.items() if claim.of_decoders]


def _of_any_decoder(subject: SubjectReport) -> SubjectReport | None:
    """Return the audit with those of its violations alone that need no spec; None without one."""
    claims = _of_decoders()
    kept = [f for f in subject.findings if not f.counts or f.claim in claims]
    if not any(finding.counts for finding in kept):
        return None
    return msgspec.structs.replace(subject, findings=kept, verdict=verdict_of(kept))


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
