"""Several reports as one: shards of a CI run put together, and where they contradict each other.

A claim that two reports decided differently keeps the worse answer, so that merging never turns a
violation into a pass; every such conflict is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from attncheck.commands.report.scans import merged_scan
from attncheck.data.report import (
    Finding,
    Report,
    Status,
    SubjectReport,
    identity,
    name_of,
    verdict_of,
)
from attncheck.data.scan import Scan

_WORST_FIRST = (Status.VIOLATED, Status.ERROR, Status.UNDECIDED, Status.HOLDS, Status.SKIPPED)


@dataclass
class Merged:
    """A report made of several.

    Attributes:
        report: all subjects, in the order in which they were first met.
        conflicts: claims on which two reports disagree, one sentence each.
        notes: what differs without contradicting, such as the machine.
    """

    report: Report
    conflicts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def merge(reports: Sequence[tuple[str, Report]]) -> Merged:
    """Return the reports as one.

    Args:
        reports: name of the file and its report, at least one.
    """
    if len(reports) == 1:
        return Merged(reports[0][1])
    merged = Merged(Report(environment={}, subjects=[]))
    found: dict[tuple[str, str, str, bytes], tuple[str, SubjectReport]] = {}
    scans: list[tuple[Scan, list[int]]] = []
    for name, report in reports:
        merged.report.partial |= report.partial
        merged.report.problems += [p for p in report.problems if p not in merged.report.problems]
        for subject in report.subjects:
            key = identity(subject)
            if key in found:
                _join(found[key], (name, subject), merged.conflicts)
            else:
                found[key] = name, msgspec.convert(msgspec.to_builtins(subject), SubjectReport)
        if isinstance(report.scan, Scan):
            places = {key: place for place, key in enumerate(found)}
            scans.append((report.scan, [places[identity(one)] for one in report.subjects]))
    merged.report.subjects = [subject for _, subject in found.values()]
    if scans:
        merged.report.scan = merged_scan(scans)
    merged.report.environment = _environments(reports, merged.notes)
    _tell_other_options(merged)
    return merged


def _join(
    mine: tuple[str, SubjectReport], other: tuple[str, SubjectReport], conflicts: list[str]
) -> None:
    """Take into the first subject what the second knows."""
    (first, kept), (second, added) = mine, other
    title = name_of(kept)
    known = {finding.claim: number for number, finding in enumerate(kept.findings)}
    for finding in added.findings:
        if finding.claim not in known:
            kept.findings.append(finding)
            continue
        number = known[finding.claim]
        before = kept.findings[number]
        if _contradict(before, finding):
            conflicts.append(
                f"{title}: {finding.claim} {_says(before)} in {first}, {_says(finding)} in {second}"
            )
        if _rank(finding) < _rank(before):
            kept.findings[number] = finding
    if (kept.spec_hash, kept.reference_hash) != (added.spec_hash, added.reference_hash):
        conflicts.append(f"{title}: {first} and {second} were audited against different specs")
    for part in ("counts", "profile", "diagnosis"):
        _join_table(part, mine, other, conflicts)
    kept.notes += [note for note in added.notes if note not in kept.notes]
    if kept.findings:
        kept.verdict = verdict_of(kept.findings)


def _join_table(
    part: str,
    mine: tuple[str, SubjectReport],
    other: tuple[str, SubjectReport],
    conflicts: list[str],
) -> None:
    (first, kept), (second, added) = mine, other
    before, after = getattr(kept, part), getattr(added, part)
    if not before:
        setattr(kept, part, after)
    elif after and before != after:
        conflicts.append(
            f"{name_of(kept)}: {part} differ in {first} and {second}; the first is kept"
        )


def _contradict(one: Finding, other: Finding) -> bool:
    """Say whether two answers cannot both be true; *skipped* is no answer."""
    return one.status is not other.status and Status.SKIPPED not in (one.status, other.status)


def _rank(finding: Finding) -> int:
    return _WORST_FIRST.index(finding.status)


def _says(finding: Finding) -> str:
    return finding.status.value if finding.status is Status.HOLDS else f"is {finding.status.value}"


def _environments(reports: Sequence[tuple[str, Report]], notes: list[str]) -> dict[str, Any]:
    """Return what all reports agree on, and a list of values where they do not."""
    merged: dict[str, Any] = {}
    every = [report.environment for _, report in reports]
    for name in dict.fromkeys(key for environment in every for key in environment):
        values: list[Any] = []
        for environment in every:
            if (value := environment.get(name)) not in values:
                values.append(value)
        merged[name] = values[0] if len(values) == 1 else values
        if len(values) > 1:
            notes.append(f"{name} differs: {', '.join(map(str, values))}")
    return merged


def _tell_other_options(merged: Merged) -> None:
    """Note the subjects that stand twice in the report, audited with different options."""
    seen: set[tuple[str, str, str]] = set()
    for subject in merged.report.subjects:
        key = identity(subject)[:3]
        if key in seen:
            merged.notes.append(
                f"{name_of(subject)} was audited with different options: kept apart"
            )
        seen.add(key)
