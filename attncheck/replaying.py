"""Violations on file, each with what is needed to see it again."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from pathlib import Path

import msgspec

from attncheck.claim import Case
from attncheck.errors import UsageError
from attncheck.job import Job
from attncheck.report import Finding, decode

SCHEMA = "attncheck.finding/1"
_LONGEST_ID = 64
_ID = re.compile("[0-9a-f]{8}")
"""What we call a violation: nothing else becomes the name of a file."""


class Stored(msgspec.Struct, kw_only=True):
    """One violation: the job that found it, narrowed to its claim and witness, and the finding."""

    schema: str = SCHEMA
    job: Job
    finding: Finding


def folder() -> Path:
    """Return where violations are stored: ``$ATTNCHECK_HOME``, or the user's cache folder."""
    if home := os.environ.get("ATTNCHECK_HOME"):
        return Path(home).expanduser() / "findings"
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "attncheck" / "findings"


def narrowed(job: Job, finding: Finding) -> Job:
    """Return the job that tries this finding's claim again, on its witness where it has one."""
    case = msgspec.convert(finding.witness.case, Case) if finding.witness else None
    return msgspec.structs.replace(job, claims=[finding.claim], case=case)


def store(job: Job, finding: Finding) -> None:
    """Keep a violation for ``attncheck replay``; a folder that cannot be written is no matter."""
    if not _ID.fullmatch(finding.id):
        return
    data = msgspec.json.encode(Stored(job=narrowed(job, finding), finding=finding))
    with contextlib.suppress(OSError):
        place = folder()
        place.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place, prefix=".")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(name, place / f"{finding.id}.json")


def find(text: str) -> Stored:
    """Return the violation that an id, the beginning of one, or ``report.json:ID`` names.

    Raises:
        UsageError: none does, or several do.
    """
    file, colon, name = text.rpartition(":")
    if colon and file.endswith(".json"):
        return _in_report(Path(file), name)
    name = text.strip().lower()
    if not name or len(name) > _LONGEST_ID or not name.isalnum():
        raise UsageError(
            f"'{text}' is no finding", instead="write the id that a report shows, such as 7c1f"
        )
    found = sorted(folder().glob(f"{name}*.json"))
    _one(name, [path.stem for path in found], "here; audit again to store it")
    try:
        return msgspec.json.decode(found[0].read_bytes(), type=Stored)
    except (OSError, msgspec.MsgspecError) as error:
        raise UsageError(
            f"the stored finding cannot be read: {error}",
            where=str(found[0]),
            instead="delete the file and audit again",
        ) from None


def _in_report(path: Path, name: str) -> Stored:
    try:
        report = decode(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read the report: {error.strerror}", where=str(path)) from None
    except msgspec.MsgspecError as error:
        raise UsageError(f"not a report: {error}", where=str(path)) from None
    known = {
        finding.id: (subject, finding)
        for subject in report.subjects
        for finding in subject.findings
        if finding.id
    }
    matching = [one for one in known if name and one.startswith(name)]
    _one(name, matching, f"in {path}; it holds: {', '.join(known) or 'none'}")
    subject, finding = known[matching[0]]
    try:
        job = msgspec.convert(subject.job, Job)
    except msgspec.ValidationError:
        raise UsageError(
            "the report does not say how its subjects were made",
            where=str(path),
            instead="write it again with this version: attncheck audit … -o report.json",
        ) from None
    job = msgspec.structs.replace(job, folder=str(Path.cwd()))
    return Stored(job=narrowed(job, finding), finding=finding)


def _one(name: str, found: list[str], where: str) -> None:
    if not found:
        raise UsageError(f"no finding '{name}' {where}")
    if len(found) > 1:
        raise UsageError(
            f"'{name}' is the beginning of {len(found)} findings",
            instead=f"write more of it: {', '.join(found[:8])}",
        )
