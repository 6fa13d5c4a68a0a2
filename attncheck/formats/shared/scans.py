"""A scan in lines: the worst first, then what could not be audited, then what nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from attncheck.data.report import Finding, Report, SubjectReport, Verdict
from attncheck.data.scan import KNOWN, Group, LiveModel, Scan
from attncheck.formats.shared.paths import shown
from attncheck.formats.shared.wording import changes, diagnosis, open_claims, plural, violations

REFUSED, UNKNOWN = "not judged", "unknown"
_ORDER = ["violates", "undecided", REFUSED, "variant", "conforms", "counted", UNKNOWN]


class ScanRow(NamedTuple):
    """One group as it is shown.

    Attributes:
        word: its verdict, ``not judged`` or ``unknown``.
        verdict: that of its audit.
        name: the class, and how often it is there.
        mechanism: which, and how that is known.
        place: the line to look at first.
        said: what is wrong with it.
        target: what to type to audit it.
        subject: the place of its audit among the report's subjects; -1 without one.
    """

    word: str
    verdict: Verdict | None
    name: str
    mechanism: str
    place: str
    said: str
    target: str
    subject: int = -1


def rows(report: Report, scan: Scan) -> list[ScanRow]:
    """Return the groups of a scan, the worst first."""
    found = [_row(group, _subject(report.subjects, group)) for group in scan.groups]
    return sorted(found, key=lambda row: _ORDER.index(row.word))


def beside(report: Report, scan: Scan) -> Report:
    """Return the report without what a scan's lines show: other audits that were merged with it."""
    shown = {group.subject for group in scan.groups}
    rest = [one for place, one in enumerate(report.subjects) if place not in shown]
    return msgspec.structs.replace(report, subjects=rest, scan=msgspec.UNSET)


class LiveBranch(NamedTuple):
    """A submodule of a live model as a tree shows it.

    Attributes:
        depth: how many hold it.
        name: its own, without those of what holds it.
        kind: its class.
        row: what is known of it; None where it holds no attention itself.
    """

    depth: int
    name: str
    kind: str
    row: ScanRow | None


def marks(report: Report, scan: Scan, model: LiveModel) -> dict[str, ScanRow]:
    """Return what is known of the submodules of a live model that hold an attention themselves."""
    return {
        place: _row(group, _subject(report.subjects, group))
        for group in scan.groups
        if group.target.startswith(f"{model.target}#")
        for place in group.places
    }


def branches(report: Report, scan: Scan, model: LiveModel) -> list[LiveBranch]:
    """Return the submodules on the way to an attention, and what stands beside them."""
    marked = marks(report, scan, model)
    held = {""}
    for place in marked:
        parts = place.split(".")
        held |= {".".join(parts[:end]) for end in range(len(parts))}
    return [
        LiveBranch(name.count(".") + 1, name.rpartition(".")[2], kind, marked.get(name))
        for name, kind in model.tree
        if name and name.rpartition(".")[0] in held
    ]


def headline(scan: Scan, found: Sequence[ScanRow]) -> str:
    """Return what was looked through, and what was found, in one line."""
    looked = []
    if scan.files:
        looked.append(f"{_many(scan.classes, 'class')} in {plural(scan.files, 'file')}")
    if scan.models:
        looked.append(plural(len(scan.models), "live model"))
    counts = {word: sum(row.word == word for row in found) for word in _ORDER}
    said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return f"{' and '.join(looked) or 'nothing'}: {said or 'no attention found'}"


def _subject(subjects: Sequence[SubjectReport], group: Group) -> SubjectReport | None:
    return subjects[group.subject] if 0 <= group.subject < len(subjects) else None


def _row(group: Group, subject: SubjectReport | None) -> ScanRow:
    name = group.name
    if group.places:
        count = f" ×{len(group.places)}" if len(group.places) > 1 else ""
        name = f"{name}{count} {group.places[0]}"
    known = KNOWN.get(group.known, "")
    spec = group.mechanism or (subject.spec if subject else "")
    mechanism = f"{spec}, {known}" if known else spec
    here = f"{shown(group.path)}:{group.line}" if group.path else group.target
    if subject is None:
        word = REFUSED if group.refused else UNKNOWN
        said = group.refused or group.said or _unknown(group)
        return ScanRow(word, None, name, mechanism, here, _one(said), group.target)
    worst = _worst(subject)
    if worst is not None and worst.location is not None:
        here = f"{shown(worst.location.path)}:{worst.location.line}"
    said = changes(subject) if subject.verdict is Verdict.VARIANT else ""
    if worst is not None and not subject.verdict.passes:
        said = (
            worst.message
            if worst.message == diagnosis(subject)
            else f"{worst.claim}: {worst.message}"
        )
    if group.named and not (worst and worst.claim == "name"):
        said = f"its name says {group.named}; {said}"
    told, at = _one(said), group.subject
    word = subject.verdict.value
    return ScanRow(word, subject.verdict, name, mechanism, here, told, group.target, at)


def _unknown(group: Group) -> str:
    what = "an attention" if group.kind == "attention" else "a gate"
    return f"{what} by its operators; no mechanism that we know"


def _worst(subject: SubjectReport) -> Finding | None:
    """Return the finding to look at first: a violation with a line, the identity before others."""
    broken = violations(subject)
    settling = [f for f in broken if f.message == diagnosis(subject)]
    placed = [f for f in [*settling, *broken] if f.location is not None]
    return next(iter([*placed, *settling, *broken, *open_claims(subject)]), None)


def _one(said: str) -> str:
    return " ".join(said.split())


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}es"
