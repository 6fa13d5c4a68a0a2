"""Violations that people have reviewed and accepted, each with a reason and an end.

An entry names what was seen of each claim: another mistake in the same claim is not accepted. A
required claim that cannot be decided may be accepted too, with ``status = "undecided"``.

The file is TOML, a table per entry::

    [[accepted]]
    subject = "gam@article"
    reason = "the article's own mistake, kept to show that it is found"
    expires = 2027-06-30

    [accepted.seen]
    shape = "expected (B, C, H, W) = (2, 32, 7, 11), got (2, 32, 1, 1)"
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from attncheck.data.report import Finding, Report
from attncheck.data.toml_file import read_toml
from attncheck.errors import UsageError
from attncheck.gate.mistakes import alike, line, mistake
from attncheck.gate.policy import explained, nearest
from attncheck.gate.result import Answer, Check

Text = Annotated[str, msgspec.Meta(min_length=1)]
_LONGEST = datetime.timedelta(days=2 * 366)


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One subject's claims whose violation is accepted until a day.

    Attributes:
        seen: claim -> what is wrong with it, as the gate writes it.
        claim: claims of which that is not said yet; the gate shows the lines to add.
    """

    subject: Text
    reason: Annotated[str, msgspec.Meta(min_length=15)]
    expires: datetime.date
    seen: dict[Text, Text] = {}
    claim: Text | Annotated[list[Text], msgspec.Meta(min_length=1)] = ""
    status: Literal["violated", "undecided"] = "violated"

    @property
    def claims(self) -> list[str]:
        """The claims, however they are written."""
        named = [self.claim] if isinstance(self.claim, str) else self.claim
        return [*self.seen, *(claim for claim in named if claim and claim not in self.seen)]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    accepted: list[Entry] = []


def read_accepted(path: Path) -> list[Entry]:
    """Return the entries of a file.

    Raises:
        UsageError: it cannot be read, says something unknown, or names a violation twice.
    """
    raw = read_toml(path)[0]
    try:
        entries = msgspec.convert(raw, _File).accepted
    except msgspec.ValidationError as error:
        instead = nearest(error, Entry if "accepted" in raw else _File)
        raise UsageError(explained(error), where=str(path), instead=instead) from None
    seen: set[tuple[str, str]] = set()
    for entry in entries:
        if not entry.claims:
            what = f"{entry.subject}: an entry without claims accepts nothing"
            raise UsageError(what, where=str(path), instead='add [accepted.seen]: claim = "…"')
        for claim in entry.claims:
            if (entry.subject, claim) in seen:
                raise UsageError(f"{entry.subject}, {claim}: accepted twice", where=str(path))
            seen.add((entry.subject, claim))
    return entries


Decided = Mapping[tuple[str, str], Finding]
"""Subject and claim -> what was decided of it now; advice left out."""


def decided(report: Report) -> Decided:
    """Return everything that entries may be about, by the names that they use."""
    return {
        (f"{subject.spec}@{subject.subject}", finding.claim): finding
        for subject in report.subjects
        for finding in subject.findings
        if not finding.advice
    }


def standing(
    entries: Sequence[Entry],
    now: Decided,
    today: datetime.date,
    path: str,
) -> tuple[dict[tuple[str, str], Entry], list[Check]]:
    """Return the entries that let something through, and a regression for each that is wrong.

    An entry that is over or matches nothing would let through the next mistake of its name.

    Args:
        entries: what is accepted.
        now: what was decided.
        today: the day of the gate; an entry holds to the end of its last day.
        path: the file's, for messages.
    """
    valid: dict[tuple[str, str], Entry] = {}
    wrong: list[Check] = []
    for entry in entries:
        for claim in entry.claims:
            if found := _objection(entry, claim, now.get((entry.subject, claim)), today, path):
                why, resolve = found
                wrong.append(
                    Check(entry.subject, "accepted", Answer.REGRESSED, why, resolve, path=path)
                )
            else:
                valid[entry.subject, claim] = entry
    return valid, wrong


def _objection(
    entry: Entry, claim: str, finding: Finding | None, today: datetime.date, path: str
) -> tuple[str, str] | None:
    """Return why an entry does not accept what was found, and what to do; None if it does."""
    if finding is None or finding.status.value != entry.status:
        found = "no such claim was decided" if finding is None else f"it is {finding.status.value}"
        why = f"'{claim}' is accepted as {entry.status}, and {found}"
        return why, f"delete the entry in {path}"
    if entry.expires < today:
        why = f"'{claim}' was accepted until {entry.expires}, which is over"
        return why, f"mend it, or review the entry in {path}"
    if entry.expires > today + _LONGEST:
        why = f"'{claim}' is accepted until {entry.expires}: two years ahead is the most"
        return why, f"write a nearer day in {path}"
    seen = mistake(finding)
    paste = f"{line(claim, seen)}  # {entry.subject}: under [accepted.seen] in {path}"
    if (accepted := entry.seen.get(claim)) is None:
        return f"'{claim}' is accepted, and not what is wrong with it", paste
    if not alike(accepted, seen):
        return f"'{claim}' is accepted for another reason: '{accepted}'. Now: '{seen}'", paste
    return None
