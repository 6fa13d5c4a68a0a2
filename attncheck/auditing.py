"""Audit one subject: a generator of findings, in the order of the spec's claims."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from attncheck.catalogue import Spec, load_file
from attncheck.deciding import decide
from attncheck.job import Job
from attncheck.report import Finding, Status
from attncheck.subject import Subject
from attncheck.target.inputs import parse_input
from attncheck.target.preparing import Request, prepare


@dataclass
class Opening:
    """What is known of a subject before its claims are tried."""

    dims: dict[str, int]
    notes: list[str] = field(default_factory=list)


def open_subject(job: Job, spec: Spec) -> tuple[Subject, Opening, str]:
    """Import, bind and call the subject; the last value says why nothing runs, if so.

    Raises:
        TargetError: it cannot be imported or bound.
    """
    request = Request(
        name=job.name,
        target=job.target,
        folder=Path(job.folder) if job.folder else None,
        arguments=job.arguments,
        dims=job.dims,
        inputs=[parse_input(text) for text in job.inputs],
    )
    subject, failure = prepare(spec.document, request)
    notes = (
        [f"built as {subject.binding.describe(subject.dims)}"]
        if subject.binding.arguments(subject.dims)
        else []
    )
    notes.append(f"called as {subject.convention.describe()}")
    if subject.dtype != "float64" and failure is None:
        notes.append(f"tried in {subject.dtype}: it cannot compute in float64")
    return subject, Opening(subject.dims, notes), str(failure) if failure else ""


def audit(job: Job) -> Iterator[Opening | str | Finding]:
    """Yield the opening, then for each claim its name and its finding.

    Raises:
        SpecError, TargetError: nothing can be said of the subject.
    """
    spec = load_file(Path(job.spec))
    subject, opening, failure = open_subject(job, spec)
    yield opening
    claims = spec.claims_of(job.name)
    for name in job.claims or list(claims):
        claim = claims[name]
        yield name
        if failure and "runs" in claim.needs:
            yield Finding(
                claim=name,
                kind=claim.kind,
                status=Status.SKIPPED,
                message="the module does not run",
                advice=claim.advice,
                required=claim.required,
            )
            continue
        finding = decide(name, claim, subject, [job.case] if job.case else None)
        if finding.status is Status.VIOLATED:
            finding.id = finding_id(job, finding)
            finding.reproduce = f"{job.command} --claim '{name}'" if job.command else ""
        yield finding


def finding_id(job: Job, finding: Finding) -> str:
    """Return a short name of a violation: the same for the same spec, subject and witness."""
    content = msgspec.json.encode(
        [job.spec, job.target, job.arguments, job.inputs, finding.claim, finding.witness],
        order="deterministic",
    )
    return hashlib.sha256(content).hexdigest()[:8]
