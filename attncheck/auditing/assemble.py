"""Put together what the report says of one subject."""

from __future__ import annotations

import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from attncheck.auditing.deaths import left_out
from attncheck.auditing.excerpts import Sources
from attncheck.auditing.job import Carried
from attncheck.auditing.settle import settle
from attncheck.auditing.task import Audit, AuditResult
from attncheck.catalogue import Spec
from attncheck.data.counts import Counts
from attncheck.data.report import (
    Finding,
    Location,
    Problem,
    SubjectReport,
    Verdict,
    verdict_of,
)
from attncheck.spec.definition_hash import definition_hash
from attncheck.spec.hashing import spec_hash


def subject_report(spec: Spec, task: Audit, result: AuditResult) -> SubjectReport | None:
    """Return the report of one subject, or None where nothing became known of it.

    Claims that were not reached stay undecided: an interrupted audit must not look like a pass.
    """
    if not result.answers and (result.opened is None or result.refused is not None):
        return None
    why = "not tried: the audit was interrupted"
    if result.refused is not None:
        why = f"not tried: {result.refused.what}"
    findings = [
        result.answers.get(name) or left_out(name, task.claims[name], why, skipped=False)
        for name in task.job.claims
    ]
    settle(findings, task.claims)
    sources = Sources(task.job)
    defined = sources.defined()
    lines = sources.around(findings, defined)
    for finding in findings:
        _place(finding)
    job, document, opened = task.job, spec.document, result.opened
    entry = document.subjects.get(job.name)
    notes = [entry.note] if entry and entry.note else []
    return msgspec.structs.replace(
        _bare(spec, task),
        verdict=verdict_of(findings),
        findings=findings,
        notes=notes + (opened.notes if opened else []),
        counts=msgspec.convert(result.counts, Counts) if result.counts else None,
        diagnosis=_diagnosis(findings, task),
        dims=opened.dims if opened else {},
        defined=portable_place(defined) if defined else None,
        excerpts=[msgspec.structs.replace(one, path=portable_path(one.path)) for one in lines],
    )


def counted_report(
    spec: Spec, task: Audit, dims: Mapping[str, int], counts: Counts | None, notes: Sequence[str]
) -> SubjectReport:
    """Return the report of one subject that was counted, and of which nothing was claimed."""
    bare = _bare(spec, task)
    return msgspec.structs.replace(bare, dims=dict(dims), counts=counts, notes=[*notes])


def _bare(spec: Spec, task: Audit) -> SubjectReport:
    """Return what is known of a subject before anything is found out about it."""
    job, document = task.job, spec.document
    return SubjectReport(
        spec=spec.id,
        subject=job.name,
        target=_portable_target(job.target),
        verdict=Verdict.COUNTED,
        title=document.title,
        paper=document.paper,
        job=_portable(task),
        spec_hash=spec_hash(document, job.name),
        reference_hash=definition_hash(document.reference, spec.path.resolve().parent),
    )


def _place(finding: Finding) -> None:
    """Write a finding's paths as every machine would: relative to the packages that are installed,
    to the working folder or to where attncheck lies, so that equal findings are equal reports.
    """
    if finding.location is not None:
        finding.location = portable_place(finding.location)
    finding.related = [portable_place(where) for where in finding.related]


def _portable_target(target: str) -> str:
    """Return ``models/se.py:SE`` for the same file by a path from the root."""
    place, colon, name = target.rpartition(":")
    path = Path(place)
    if place.endswith(".py") and path.is_absolute() and path.is_relative_to(Path.cwd()):
        return f"{path.relative_to(Path.cwd()).as_posix()}{colon}{name}"
    return target


def portable_place(where: Location) -> Location:
    """Return a place as every machine would write it."""
    return msgspec.structs.replace(where, path=portable_path(where.path))


def portable_path(text: str) -> str:
    """Return a path as every machine writes it: relative to where its code is found."""
    path = Path(text)
    packages = Path(sysconfig.get_path("purelib"))
    for folder in (packages, Path.cwd(), Path(__file__).parents[2]):
        if path.is_absolute() and path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return text


def problem(spec: Spec, task: Audit, result: AuditResult) -> Problem | None:
    """Return why nothing, or not everything, could be said of the subject; None if it could."""
    if (refused := result.refused) is None:
        return None
    return Problem(spec.id, task.job.name, refused.what, refused.where, refused.instead)


def _diagnosis(findings: list[Finding], task: Audit) -> dict[str, Any]:
    """Return what the claim that settles the matter says, apart, where the spec makes one."""
    for finding in findings:
        if task.claims[finding.claim].settles and finding.message:
            return {"status": finding.status.value, "message": finding.message}
    return {}


def _portable(task: Audit) -> dict[str, Any]:
    """Return the job without this machine's folder and without what the findings name."""
    job = msgspec.structs.replace(task.job, folder="", claims=[], command="")
    if (known := job.carried) is not None:  # told, and not handed on
        told = Carried(known.call, portable_path(known.file))
        job = msgspec.structs.replace(job, carried=told)
    asked: dict[str, Any] = msgspec.to_builtins(job)
    return asked
