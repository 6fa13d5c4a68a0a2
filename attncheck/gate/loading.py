"""Read what a gate compares, and refuse what contradicts itself."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from attncheck.errors import UsageError
from attncheck.report import Report, decode, encode, verdict_of

_SEAL = "seal"


def load_report(path: Path, *, audited: bool = False) -> Report:
    """Return the report of a file.

    Args:
        path: the file.
        audited: whether it must be what an audit wrote, and no baseline.

    Raises:
        UsageError: there is none, it is no report, it was edited after it was sealed, it
            contradicts itself, or it is a baseline where an audit's report is wanted.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"cannot read the report: {(error.strerror or str(error)).lower()}",
            where=str(path),
            instead="make it: attncheck audit SPEC -o report.json; "
            "a baseline of it: attncheck baseline report.json -o baseline.json",
        ) from None
    try:
        raw: Any = msgspec.json.decode(data)
        report = decode(data)
    except msgspec.MsgspecError as error:
        raise UsageError(f"no attncheck report: {error}", where=str(path)) from None
    if _SEAL in raw and raw[_SEAL] != _digest(raw):
        raise UsageError(
            "edited by hand: its seal does not fit its content",
            where=str(path),
            instead="promote a report again: attncheck baseline report.json -o baseline.json",
        )
    if audited and _SEAL in raw:
        raise UsageError(
            "this is a baseline, and not what an audit of now has found",
            where=str(path),
            instead="audit first: attncheck audit SPEC -o report.json --baseline BASE",
        )
    if what := contradiction(report):
        raise UsageError(what, where=str(path), instead="audit again")
    return report


def sealed(report: Report) -> bytes:
    """Return the report as a baseline's JSON: with a digest, so that an edit is noticed."""
    raw: dict[str, Any] = msgspec.json.decode(encode(report))
    raw[_SEAL] = _digest(raw)
    return msgspec.json.format(msgspec.json.encode(raw), indent=2) + b"\n"


def contradiction(report: Report) -> str:
    """Return what a report cannot say, or "" where it is sound."""
    if not report.subjects:
        return "it holds no subjects: there is nothing to compare"
    seen: set[bytes] = set()
    for subject in report.subjects:
        name = f"{subject.spec}@{subject.subject}"
        identity = msgspec.json.encode(
            [subject.spec, subject.subject, subject.target, subject.dims, subject.job],
            order="sorted",
        )
        if identity in seen:
            return f"{name} is in it twice"
        seen.add(identity)
        if not subject.findings:
            return f"{name} has no findings"
        claims = Counter(finding.claim for finding in subject.findings)
        if twice := [claim for claim, count in claims.items() if count > 1]:
            return f"{name} decides '{twice[0]}' twice"
        if verdict_of(subject.findings) is not subject.verdict:
            return f"the verdict of {name} does not follow from its findings"
    return ""


def _digest(raw: dict[str, Any]) -> str:
    content = {key: value for key, value in raw.items() if key != _SEAL}
    text = msgspec.json.encode(content, order="sorted")
    return f"sha256:{hashlib.sha256(text).hexdigest()}"
