"""Violations that people have reviewed and accepted, each with a reason and an end.

A required claim that cannot be decided may be accepted too, with ``status = "undecided"``.

The file is TOML, a table per entry::

    [[accepted]]
    subject = "gam@article"
    claim = ["shape", "gate"]
    reason = "the article's own mistake, kept to show that it is found"
    expires = 2027-06-30
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from attncheck.errors import UsageError
from attncheck.gate.policy import explained, nearest
from attncheck.gate.result import Answer, Check
from attncheck.report import Status
from attncheck.toml_file import read_toml

Text = Annotated[str, msgspec.Meta(min_length=1)]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One subject's claims whose violation is accepted until a day."""

    subject: Text
    claim: Text | Annotated[list[Text], msgspec.Meta(min_length=1)]
    reason: Annotated[str, msgspec.Meta(min_length=15)]
    expires: datetime.date
    status: Literal["violated", "undecided"] = "violated"

    @property
    def claims(self) -> list[str]:
        """The claims, however they are written."""
        return [self.claim] if isinstance(self.claim, str) else self.claim


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
        for claim in entry.claims:
            if (entry.subject, claim) in seen:
                raise UsageError(f"{entry.subject}, {claim}: accepted twice", where=str(path))
            seen.add((entry.subject, claim))
    return entries


def standing(
    entries: Sequence[Entry],
    statuses: Mapping[tuple[str, str], Status],
    today: datetime.date,
    path: str,
) -> tuple[dict[tuple[str, str], Entry], list[Check]]:
    """Return the entries that let something through, and a regression for each that is wrong.

    An entry that is over or matches nothing would let through the next mistake of its name.

    Args:
        entries: what is accepted.
        statuses: subject and claim -> what was decided now; advice left out.
        today: the day of the gate; an entry holds to the end of its last day.
        path: the file's, for messages.
    """
    valid: dict[tuple[str, str], Entry] = {}
    wrong: list[Check] = []
    for entry in entries:
        for claim in entry.claims:
            key = entry.subject, claim
            if (now := statuses.get(key)) is None or now.value != entry.status:
                found = "no such claim was decided" if now is None else f"it is {now.value}"
                why = f"'{claim}' is accepted as {entry.status}, and {found}"
                resolve = f"delete the entry in {path}"
            elif entry.expires < today:
                why = f"'{claim}' was accepted until {entry.expires}, which is over"
                resolve = f"mend it, or review the entry in {path}"
            else:
                valid[key] = entry
                continue
            wrong.append(
                Check(entry.subject, "accepted", Answer.REGRESSED, why, resolve, path=path)
            )
    return valid, wrong
