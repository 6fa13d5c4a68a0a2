"""Judge what an audit said of one entry by what is known of it.

Faults are known by classes, and claim kinds and mutation operators say which of them they name.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from attncheck.commands.evaluate.corpus import CorpusEntry
from attncheck.commands.evaluate.tasks import Planned
from attncheck.data.report import Finding, Location, Problem, Status, SubjectReport
from attncheck.mutation.operators import all_operators
from attncheck.probes import all_kinds, find_kind

LINES = ("first", "any", "near", "elsewhere", "none")
"""How well a fault's line was found: the first location of a violation is on it, any is, any is
beside it, all are elsewhere, there is no location."""


class ViolationSeen(msgspec.Struct, omit_defaults=True):
    """One violation, as the evaluation keeps it; ``by`` are the operators of a diagnosis."""

    claim: str
    kind: str
    message: str
    line: int = 0
    by: list[str] = []


class Judged(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What became of one entry.

    Attributes:
        id, role, mechanism, fault_class: as in the corpus.
        spec: what it was held against; ``own`` is False for a family in place of its own spec.
        verdict: the audit's, or "" where it could not be tried: ``reason`` says why.
        equivalence: ``proven equal``, ``by a mutant``, ``left over``, ``except`` (equal but on
            one probe), ``open``, or "" without a reference.
        violated, undecided: claims that count.
        line: one of ``LINES``, for a faulty entry that violates.
        named: whether a violated claim or the mutant names this class of fault; None where the
            class is unknown.
        told_apart: whether it violates a claim that its repaired twin does not; None without one.
        as_limit: whether its fault is a limit of use, and told as one.
        reason: of a miss, a false alarm, or of leaving it out.
    """

    id: str
    role: str
    mechanism: str = ""
    fault_class: str = ""
    spec: str = ""
    own: bool = True
    verdict: str = ""
    expected: str = ""
    equivalence: str = ""
    violated: list[ViolationSeen] = []
    undecided: list[str] = []
    line: str = ""
    named: bool | None = None
    told_apart: bool | None = None
    as_limit: bool = False
    reason: str = ""

    @property
    def caught(self) -> bool:
        """Whether it violates, or its fault is told as the limit of use that it is."""
        return self.verdict == "violates" or self.as_limit

    @property
    def by_mutant(self) -> bool:
        """Whether a mutant, a proof with one exception, or a parameter too many explains it."""
        return self.equivalence in ("by a mutant", "left over", "except")

    @property
    def should_violate(self) -> bool:
        """Whether a fault is known."""
        return self.role == "faulty" or self.expected == "faulty"

    @property
    def should_conform(self) -> bool:
        """Whether a violation is a false alarm."""
        return self.role in ("repaired", "good") or self.expected == "ok"


def judge(planned: Planned, report: SubjectReport | None, problem: Problem | None) -> Judged:
    """Return what an audit said of an entry, held against what is known of it."""
    entry = planned.entry
    judged = Judged(
        id=entry.id,
        role=entry.role,
        mechanism=entry.mechanism or entry.family,
        fault_class=entry.fault_class,
        spec=planned.spec.id if planned.spec else "",
        own=planned.own,
        expected=entry.verdict,
        reason=planned.left_out,
    )
    if report is None:
        if problem is not None:
            judged.reason = f"not audited: {problem.what}"
        return judged
    counted = [finding for finding in report.findings if not finding.advice]
    violations = [finding for finding in counted if finding.status is Status.VIOLATED]
    limits = [
        finding
        for finding in report.findings
        if finding.limit
        and finding.advice
        and finding.status is Status.VIOLATED
        and entry.fault_class in _faults(finding.kind)
    ]
    judged.as_limit, violations = bool(limits), violations + limits
    judged.verdict = report.verdict.value
    judged.violated = [_kept(finding) for finding in violations]
    judged.undecided = [
        f"{finding.claim}: {finding.message}"
        for finding in counted
        if finding.status in (Status.UNDECIDED, Status.ERROR)
        and (finding.required or finding.status is Status.ERROR)
    ]
    judged.equivalence = _equivalence(report.findings)
    if violations and entry.fault_class:
        judged.line = _line(violations, entry)
        judged.named = _named(violations, entry)
    return judged


def compare_twins(judged: list[Judged]) -> None:
    """Say of each faulty entry whether it is told apart from its repaired twin."""
    twins = {one.id: one for one in judged if one.role == "repaired" and one.verdict}
    for one in judged:
        twin = twins.get(one.id) if one.role == "faulty" else None
        if twin is not None and one.verdict:
            also = {found.claim for found in twin.violated}
            one.told_apart = any(found.claim not in also for found in one.violated)


def _kept(finding: Finding) -> ViolationSeen:
    line = finding.location.line if finding.location else 0
    return ViolationSeen(finding.claim, finding.kind, finding.message, line, _operators(finding))


def _diagnosis(finding: Finding) -> dict[str, Any]:
    found = finding.evidence.get("diagnosis")
    return found if isinstance(found, dict) else {}


def _operators(finding: Finding) -> list[str]:
    mutants = _diagnosis(finding).get("mutants", [])
    return list(dict.fromkeys(str(mutant["operator"]) for mutant in mutants))


def _equivalence(findings: list[Finding]) -> str:
    for finding in findings:
        if not _settles(finding.kind) or finding.status is Status.SKIPPED:
            continue
        if finding.status is Status.HOLDS:
            return "proven equal"
        if finding.status is not Status.VIOLATED:
            return "open"
        if _operators(finding):
            return "by a mutant"
        return "left over" if _diagnosis(finding) else "except"
    return ""


def _line(violations: list[Finding], entry: CorpusEntry) -> str:
    places = [
        [place for place in (finding.location, *finding.related) if place is not None]
        for finding in violations
    ]
    own = [[p for p in found if Path(p.path).name == Path(entry.file).name] for found in places]
    own = [found for found in own if found]
    if not own:
        return "none"
    if any(_on(found[0], entry.fault_lines, 0) for found in own):
        return "first"
    flat = [place for found in own for place in found]
    for answer, slack in (("any", 0), ("near", 1)):
        if any(_on(place, entry.fault_lines, slack) for place in flat):
            return answer
    return "elsewhere"


def _on(place: Location, lines: list[int], slack: int) -> bool:
    last = max(place.end_line, place.line)
    return any(place.line - slack <= line <= last + slack for line in lines)


def _named(violations: list[Finding], entry: CorpusEntry) -> bool | None:
    """Say whether any violation speaks of this fault, by its kind, its operator or its line."""
    names = frozenset(entry.named_by) or named_by(entry.fault_class)
    for finding in violations:
        if finding.kind in names or names & set(_operators(finding)):
            return True
        explained = _settles(finding.kind) and finding.location is not None
        if explained and finding.location and _on(finding.location, entry.fault_lines, 1):
            return True
    return False if names else None


@lru_cache
def named_by(fault_class: str) -> frozenset[str]:
    """Return the claim kinds and operators that name a class of fault; none for an unknown one."""
    kinds = {name for name in all_kinds() if fault_class in _faults(name)}
    return frozenset(kinds | {o.name for o in all_operators() if fault_class in o.faults})


def _faults(kind: str) -> tuple[str, ...]:
    found = find_kind(kind)
    return found.faults if found else ()


def _settles(kind: str) -> bool:
    found = find_kind(kind)
    return found is not None and found.settles
