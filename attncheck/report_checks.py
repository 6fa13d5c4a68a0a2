"""What the types of a report alone do not forbid: places, ids, and the tables that are open."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from attncheck.report import Finding, Location, SubjectReport

_ID = re.compile("[0-9a-f]{4,64}")
_LINES = 10_000_000


class _Counts(msgspec.Struct):
    """The counts that readers look at; others may stand beside them."""

    parameters: int | float | None = None
    macs: int | float | None = None
    other_ops: int | float | None = None
    agree: bool | None = None
    unpriced: list[str] | None = None
    dims: dict[str, int] | None = None
    error: str | None = None
    disagreement: str | None = None
    unavailable: str | None = None


class _Case(msgspec.Struct):
    """What readers look at in a witness's case."""

    dims: dict[str, int] = {}
    dtype: str = ""
    device: str = ""
    train: bool = False


class _Diagnosis(msgspec.Struct):
    message: str = ""


def check_subject(subject: SubjectReport) -> None:
    """Complain about what its types alone do not forbid.

    Raises:
        msgspec.ValidationError: a place, an id or one of the open tables cannot be.
    """
    msgspec.convert(subject.counts, _Counts)
    msgspec.convert(subject.diagnosis, _Diagnosis)
    if subject.defined is not None:
        _check_place(subject.defined)
    for finding in subject.findings:
        check_finding(finding)


def check_finding(finding: Finding) -> None:
    """Complain about what a finding's types alone do not forbid.

    Raises:
        msgspec.ValidationError: a place, the id or the witness's case cannot be.
    """
    if finding.id and not _ID.fullmatch(finding.id):
        raise msgspec.ValidationError(f"'{finding.id}' is no id of a finding")
    for place in [*([finding.location] if finding.location else []), *finding.related]:
        _check_place(place)
    if finding.witness is not None:
        msgspec.convert(finding.witness.case, _Case)


def _check_place(place: Location) -> None:
    if not (0 <= place.line < _LINES and 0 <= place.end_line < _LINES):
        raise msgspec.ValidationError(f"'{place.line}' is no line of a file")
