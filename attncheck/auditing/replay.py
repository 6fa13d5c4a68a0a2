"""Violations on file, each with what is needed to see it again."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import msgspec

from attncheck.auditing.job import Carried, Job
from attncheck.data.harmless import one_line
from attncheck.data.own_folder import own_bytes, own_folder, write_own
from attncheck.data.report import Finding
from attncheck.data.report_file import read_report
from attncheck.errors import UsageError
from attncheck.subject.case import Case

SCHEMA = "attncheck.finding/1"
_ID = re.compile(r"[0-9a-f]{4,64}")
_MOST_BYTES = 64 * 2**20


class Stored(msgspec.Struct, kw_only=True):
    """One violation: the job that found it, narrowed to its claim and witness, and the finding.

    A job out of a report builds classes alone (``modules_only``): a stranger may have written it.
    """

    schema: str = SCHEMA
    job: Job
    finding: Finding


def folder() -> Path:
    """Return where violations are stored: ``$ATTNCHECK_HOME``, or the user's cache folder."""
    return own_folder() / "findings"


def narrowed(job: Job, finding: Finding) -> Job:
    """Return the job that tries this finding's claim again, on its witness where it has one."""
    case = msgspec.convert(finding.witness.case, Case) if finding.witness else None
    return msgspec.structs.replace(job, claims=[finding.claim], case=case)


def store(job: Job, finding: Finding) -> None:
    """Keep a violation for ``attncheck replay``; a folder that cannot be written is no matter.

    An id that is none is no file's name: nothing is kept under it. Of what was given as a Python
    object it is kept how it was asked for, and not the object.
    """
    if not _ID.fullmatch(finding.id):
        return
    if job.carried is not None:
        job = msgspec.structs.replace(job, carried=Carried(job.carried.call))
    data = msgspec.json.encode(Stored(job=narrowed(job, finding), finding=finding))
    with contextlib.suppress(OSError):
        write_own(folder() / f"{finding.id}.json", data)


def find(text: str) -> Stored:
    """Return the violation that an id, the beginning of one, or ``report.json:ID`` names.

    Raises:
        UsageError: none does, or several do.
    """
    file, colon, name = text.rpartition(":")
    if colon and file.endswith(".json"):
        return _in_report(Path(file), name)
    name = text.strip().lower()
    if not re.fullmatch(r"[0-9a-f]{1,64}", name):
        raise UsageError(
            f"'{text}' is no finding", instead="write the id that a report shows, such as 7c1f"
        )
    found = [path for path in sorted(folder().glob(f"{name}*.json")) if _ID.fullmatch(path.stem)]
    _one(name, [path.stem for path in found], "here; audit again to store it")
    try:
        return _named(msgspec.json.decode(own_bytes(found[0], _MOST_BYTES), type=Stored))
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UsageError(
            f"the stored finding cannot be read: {error}",
            where=str(found[0]),
            instead="delete the file and audit again",
        ) from None


def _named(stored: Stored) -> Stored:
    """Return what can be made again by its names.

    Raises:
        UsageError: it was a Python object: neither a file nor a report makes one again.
    """
    if stored.job.carried is not None:
        raise UsageError(
            f"{stored.finding.id} is of a Python object, which is gone with its program",
            instead=f"audit it there again: {one_line(stored.finding.reproduce, 400)}",
        )
    return stored


def _in_report(path: Path, name: str) -> Stored:
    report = read_report(path)
    known = {
        finding.id: (subject, finding)
        for subject in report.subjects
        for finding in subject.findings
        if finding.id
    }
    matching = [one for one in known if name and one.startswith(name)]
    shown = ", ".join([*list(known)[:8], *(["…"] if len(known) > 8 else [])])
    _one(name, matching, f"in {path}; it holds: {shown or 'none'}")
    subject, finding = known[matching[0]]
    try:
        job = msgspec.convert(subject.job, Job)
        job = msgspec.structs.replace(job, folder=str(Path.cwd()), modules_only=True, command="")
        return _named(Stored(job=narrowed(job, finding), finding=finding))
    except msgspec.ValidationError:
        raise UsageError(
            "the report does not say how its subjects were made",
            where=str(path),
            instead="write it again with this version: attncheck audit … -o report.json",
        ) from None


def _one(name: str, found: list[str], where: str) -> None:
    if not found:
        raise UsageError(f"no finding '{name}' {where}")
    if len(found) > 1:
        raise UsageError(
            f"'{name}' is the beginning of {len(found)} findings",
            instead=f"write more of it: {', '.join(found[:8])}",
        )
