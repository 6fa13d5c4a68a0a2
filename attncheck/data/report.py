"""The report: plain data, the same for every format. It only grows (``attncheck.report/1``)."""

from __future__ import annotations

import re
from enum import Enum
from typing import Any

import msgspec

from attncheck.data.counts import Counts
from attncheck.data.outside import decode_raw, plain
from attncheck.data.profile import Profile, check_profile
from attncheck.data.scan import Scan, check_scan

SCHEMA = "attncheck.report/1"
UNREAD = "unread"
"""In place of the hash of a reference whose source cannot be found."""
UNASKED = "it takes seconds: --limits all"
"""Why a limit of use was not tried."""

_ID = re.compile("[0-9a-f]{4,64}")
_LINES = 10_000_000


class Status(str, Enum):
    """What a probe decided of one claim."""

    HOLDS = "holds"
    VIOLATED = "violated"
    UNDECIDED = "undecided"
    SKIPPED = "skipped"
    ERROR = "error"


class Verdict(str, Enum):
    """What all claims together say of one subject."""

    CONFORMS = "conforms"
    VARIANT = "variant"
    """It equals the definition after design changes that are named: a pass."""
    VIOLATES = "violates"
    UNDECIDED = "undecided"
    COUNTED = "counted"
    """Nothing was claimed of it, so nothing is decided: ``counts`` is all there is."""

    @property
    def passes(self) -> bool:
        """Whether the subject is the mechanism, design changes included."""
        return self in (Verdict.CONFORMS, Verdict.VARIANT)


class Location(msgspec.Struct, frozen=True, omit_defaults=True):
    """Lines of the subject's source, and what stands there."""

    path: str
    line: int
    end_line: int = 0
    note: str = ""


class Lines(msgspec.Struct, frozen=True):
    """Neighbouring lines of one file, as they stood there when it was audited."""

    path: str
    first: int
    lines: list[str]


class Witness(msgspec.Struct, frozen=True, omit_defaults=True):
    """The smallest case that shows a violation; ``attncheck replay`` runs it again."""

    case: dict[str, Any]
    shape: list[int] = []
    confirmed: bool = False


class Finding(msgspec.Struct, omit_defaults=True):
    """What a probe returns of one claim on one subject.

    ``advice`` marks what users should know and what changes no verdict; ``limit`` names the use
    that a limitation stands in the way of;
    ``expected`` and ``seen`` are short texts; ``evidence`` is what a renderer can draw.
    """

    claim: str
    kind: str
    status: Status
    message: str = ""
    expected: str = ""
    seen: str = ""
    evidence: dict[str, Any] = {}
    location: Location | None = None
    related: list[Location] = []
    witness: Witness | None = None
    reproduce: str = ""
    id: str = ""
    advice: bool = False
    required: bool = True
    source: str = ""
    limit: str = ""

    @property
    def changes(self) -> list[str]:
        """The design changes under which it holds, in words, each with its source if it has one."""
        found = self.evidence.get("changes")
        return [_change(one) for one in found] if isinstance(found, list) else []

    @property
    def counts(self) -> bool:
        """Whether it makes its subject violate: a violation that is no mere advice."""
        return self.status is Status.VIOLATED and not self.advice


class SubjectReport(msgspec.Struct, omit_defaults=True):
    """Everything found out about one subject."""

    spec: str
    subject: str
    target: str
    verdict: Verdict
    findings: list[Finding] = []
    notes: list[str] = []
    counts: Counts | None = None
    diagnosis: dict[str, Any] = {}
    profile: Profile | None = None
    title: str = ""
    paper: str = ""
    dims: dict[str, int] = {}
    job: dict[str, Any] = {}
    """What was asked for, so that ``attncheck replay report.json:ID`` can ask for it again."""
    spec_hash: str = ""
    """Of what the spec demands: two reports with the same answer the same question."""
    reference_hash: str = ""
    """Of the source of the spec's reference, or :data:`UNREAD`; "" without one."""
    defined: Location | None = None
    """The line that defines the subject."""
    excerpts: list[Lines] = []
    """The source about its findings' places: whoever shows a report opens no file."""


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """A subject of which nothing can be said: it is not there, or cannot be imported or bound."""

    spec: str
    subject: str
    what: str
    where: str = ""
    instead: str = ""


class Report(msgspec.Struct, kw_only=True):
    """What a command found: the content of every report file."""

    schema: str = SCHEMA
    environment: dict[str, Any]
    subjects: list[SubjectReport]
    problems: list[Problem] = []
    partial: bool = False
    """Whether the work was interrupted before every claim was tried."""
    scan: Scan | msgspec.UnsetType = msgspec.UNSET
    """What ``attncheck scan`` looked through; no other report holds it."""


def _change(said: Any) -> str:
    if not isinstance(said, dict):
        return str(said)
    what, source = str(said.get("what", "")), said.get("source")
    return f"{what}, {source}" if source else what


def verdict_of(findings: list[Finding]) -> Verdict:
    """Return ``violates`` if any claim is violated, else ``undecided`` if a required one is.

    A definition that holds after design changes makes a ``variant``.
    Where none holds, one that is not required leaves it undecided too: nothing vouches for it.
    """
    if any(finding.counts for finding in findings):
        return Verdict.VIOLATES
    open_ = (Status.UNDECIDED, Status.ERROR)
    nothing = not any(f.status is Status.HOLDS for f in findings)
    if any(f.status in open_ and (f.required or nothing) and not f.advice for f in findings):
        return Verdict.UNDECIDED
    changed = any(f.status is Status.HOLDS and f.changes for f in findings)
    return Verdict.VARIANT if changed else Verdict.CONFORMS


def encode(report: Report) -> bytes:
    """Return the report as JSON, two-space indented, ending in a newline, fields in order."""
    return msgspec.json.format(msgspec.json.encode(report, order="deterministic"), indent=2) + b"\n"


def decode(data: bytes) -> Report:
    """Return the report that this JSON holds, its text harmless and its numbers in bounds.

    Raises:
        msgspec.MsgspecError: the JSON is not an attncheck report.
    """
    return convert(decode_raw(data))


def convert(raw: Any) -> Report:
    """Return the report that decoded JSON holds; see :func:`decode`.

    Raises:
        msgspec.ValidationError: it is none.
    """
    report = msgspec.convert(plain(raw), Report)
    if report.schema != SCHEMA:
        raise msgspec.ValidationError(f"schema is '{report.schema}', expected '{SCHEMA}'")
    for number, subject in enumerate(report.subjects):
        try:
            check_subject(subject)
        except msgspec.ValidationError as error:
            place = f"$.subjects[{number}], {subject.spec}@{subject.subject}"
            raise msgspec.ValidationError(f"{error} - in {place}") from None
    if isinstance(report.scan, Scan):
        check_scan(report.scan, len(report.subjects))
    return report


def identity(subject: SubjectReport) -> tuple[str, str, str, bytes]:
    """Return what makes two audits audits of the same: subject, target and options."""
    asked = msgspec.json.encode(subject.job, order="deterministic")
    return subject.spec, subject.subject, subject.target, asked


def name_of(subject: SubjectReport) -> str:
    """Return ``SPEC@SUBJECT``, as the command line names it; the subject where no spec was said."""
    plain = subject.job.get("plain") is True
    return subject.subject if plain else f"{subject.spec}@{subject.subject}"


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
        msgspec.ValidationError: a place, an id, a profile or one of the open tables cannot be.
    """
    msgspec.convert(subject.diagnosis, _Diagnosis)
    if subject.profile is not None:
        check_profile(subject.profile)
    if subject.defined is not None:
        check_place(subject.defined)
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
        check_place(place)
    if finding.witness is not None:
        msgspec.convert(finding.witness.case, _Case)


def check_place(place: Location) -> None:
    """Complain about a line that no file has.

    Raises:
        msgspec.ValidationError: it is too large, or negative.
    """
    if not (0 <= place.line < _LINES and 0 <= place.end_line < _LINES):
        raise msgspec.ValidationError(f"'{place.line}' is no line of a file")
