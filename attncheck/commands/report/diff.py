"""What changed from one report to another: subjects, verdicts, claims, counts, environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from attncheck.data.report import Finding, Report, SubjectReport, identity, name_of

SCHEMA = "attncheck.diff/1"
_COUNTS = {
    "parameters": "parameters",
    "macs": "macs",
    "other_ops": "elementwise",
    "unpriced": "unpriced",
    "agree": "agree",
}
"""As the JSON calls it -> as :class:`attncheck.data.counts.Counts` does."""


class ValueChange(msgspec.Struct, frozen=True):
    """A value that is another now; None where there was, or is, none."""

    name: str
    before: Any
    after: Any


class ClaimChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """A claim whose answer is another; "" where it was not, or is no longer, tried."""

    claim: str
    before: str
    after: str
    message: str = ""


class SubjectChange(msgspec.Struct, omit_defaults=True):
    """What changed of one subject; ``before`` or ``after`` is "" where it is in one report only."""

    subject: str
    target: str
    before: str
    after: str
    claims: list[ClaimChange] = []
    counts: list[ValueChange] = []

    @property
    def changed(self) -> bool:
        """Whether anything differs."""
        return bool(self.before != self.after or self.claims or self.counts)


class ReportDifference(msgspec.Struct, kw_only=True):
    """What differs between two reports; ``same`` counts the subjects that do not."""

    schema: str = SCHEMA
    subjects: list[SubjectChange]
    environment: list[ValueChange]
    same: int


def difference(before: Report, after: Report) -> ReportDifference:
    """Return what changed from the first report to the second."""
    pairs = list(_pairs(before.subjects, after.subjects))
    changes = [_subject(old, new) for old, new in pairs]
    return ReportDifference(
        subjects=[change for change in changes if change.changed],
        environment=list(_changes(before.environment, after.environment)),
        same=sum(not change.changed for change in changes),
    )


def _pairs(
    before: list[SubjectReport], after: list[SubjectReport]
) -> Iterator[tuple[SubjectReport | None, SubjectReport | None]]:
    """Yield which subjects belong together: of the same audit, else of the same name alone."""
    partner: dict[int, int] = {}
    for same in (identity, name_of):
        left: dict[Any, list[int]] = {}
        taken = set(partner.values())
        for number, old in enumerate(before):
            if number not in taken:
                left.setdefault(same(old), []).append(number)
        for number, new in enumerate(after):
            if number not in partner and (found := left.get(same(new))):
                partner[number] = found.pop(0)
    for number, new in enumerate(after):
        yield (before[partner[number]] if number in partner else None), new
    taken = set(partner.values())
    yield from ((old, None) for number, old in enumerate(before) if number not in taken)


def _subject(old: SubjectReport | None, new: SubjectReport | None) -> SubjectChange:
    one = new or old
    assert one is not None
    change = SubjectChange(
        subject=name_of(one),
        target=one.target,
        before=old.verdict.value if old else "",
        after=new.verdict.value if new else "",
    )
    if old and new:
        change.claims = list(_claims(old.findings, new.findings))
        change.counts = list(_changes(_counted(old), _counted(new)))
        for what, was, now in (
            ("spec", old.spec_hash, new.spec_hash),
            ("definition", old.reference_hash, new.reference_hash),
        ):
            if was != now:
                change.counts.append(ValueChange(what, was or None, now or None))
    return change


def _claims(before: list[Finding], after: list[Finding]) -> Iterator[ClaimChange]:
    old, new = ({f.claim: f for f in findings} for findings in (before, after))
    for name in dict.fromkeys([*new, *old]):
        was, now = _answer(old.get(name)), _answer(new.get(name))
        if was != now:
            message = new[name].message if name in new else ""
            yield ClaimChange(name, was, now, message)


def _answer(finding: Finding | None) -> str:
    if finding is None:
        return ""
    return f"{finding.status.value} (advice)" if finding.advice else finding.status.value


def _counted(subject: SubjectReport) -> dict[str, Any]:
    said = {name: getattr(subject.counts, of, UNSET) for name, of in _COUNTS.items()}
    return {name: value for name, value in said.items() if value is not UNSET}


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[ValueChange]:
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            yield ValueChange(name, before.get(name), after.get(name))
