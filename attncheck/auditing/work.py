"""Audit one subject: a generator of findings, in the order of the spec's claims."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import msgspec

from attncheck.auditing.decide import decide
from attncheck.auditing.job import Job, Opening, name_finding
from attncheck.auditing.things import request_of
from attncheck.catalogue import Spec, load
from attncheck.data.report import Finding, Status
from attncheck.devices import check_device
from attncheck.errors import UsageError, did_you_mean
from attncheck.execution.messages import Counted, Opened
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim
from attncheck.subject.hinting import runs_elsewhere
from attncheck.subject.prepare import prepare
from attncheck.subject.stating import outside
from attncheck.subject.subject import Subject


def open_subject(job: Job, spec: Spec) -> tuple[Subject, Opening, str]:
    """Import, bind and call the subject; the last value says why nothing runs, if so.

    Raises:
        TargetError: it cannot be imported or bound.
    """
    subject, failure = prepare(spec.document, request_of(job))
    if job.dtype:
        subject = replace(subject, dtype=job.dtype)
    notes = (
        [f"built as {subject.binding.describe(subject.dims)}"]
        if subject.binding.arguments(subject.dims)
        else []
    )
    if subject.as_it_is:
        notes.append("an instance, audited as it is: its sizes stay, its parameters are drawn anew")
    notes.append(f"called as {subject.convention.describe()}")
    if subject.gates:
        notes.append("returns its gate, its caller multiplies: audited as the input times it")
    if subject.dtype != "float64" and failure is None:
        reason = "as asked" if job.dtype else "it cannot compute in float64"
        notes.append(f"tried in {subject.dtype}: {reason}")
    if beyond := outside(subject):
        notes.append(beyond)
    if failure and not job.inputs and (hint := runs_elsewhere(subject, failure)):
        notes.append(hint)
    return subject, Opening(subject.dims, notes), str(failure) if failure else ""


def audit(
    job: Job, note: Callable[[Case], None] | None = None
) -> Iterator[Opened[Opening] | str | Finding | Counted[dict[str, Any]]]:
    """Yield the opening, then for each claim its name and its finding, then the counts.

    Args:
        job: what to audit.
        note: told each case just before it is tried.

    Raises:
        SpecError, TargetError, DeviceError: nothing can be said of the subject.
        UsageError: the job names a claim that the spec does not make.
    """
    spec = load(job.spec)
    claims = spec.claims_of(job.name)
    for name in job.claims:
        if name not in claims:
            raise UsageError(
                f"'{name}' is no claim of '{spec.id}'", instead=did_you_mean(name, claims)
            )
    check_device(job.device)
    subject, opening, failure = open_subject(job, spec)
    yield Opened(opening)
    chosen = {name: claims[name] for name in job.claims or claims}
    told = any(claim.watches for claim in chosen.values())
    for name, claim in chosen.items():
        yield name
        if failure and claim.needs_call:
            # Skipped where another claim says so; else a lone claim would pass on nothing.
            yield Finding(
                claim=name,
                kind=claim.kind,
                status=Status.SKIPPED if told else Status.UNDECIDED,
                message="the module does not run" if told else failure,
                advice=claim.advice,
                required=claim.required,
            )
            continue
        finding = decide(name, claim, subject, _cases(job, claim, subject, note))
        if finding.status is Status.VIOLATED:
            name_finding(job, finding)
        yield finding
    if job.case is None and not failure:
        yield Counted(_counts(subject))


def _cases(
    job: Job, claim: Claim, subject: Subject, note: Callable[[Case], None] | None
) -> Iterator[Case]:
    """Yield the cases of a claim under the job's seed and device, telling each before it."""
    for case in [job.case] if job.case else claim.cases(subject):
        if job.case is None:
            changes: dict[str, Any] = {"seed": case.seed + job.seed}
            if case.device == "cpu":
                changes["device"] = job.device
            case = msgspec.structs.replace(case, **changes)
        if note is not None:
            note(case)
        yield case


def _counts(subject: Subject) -> dict[str, Any]:
    """Return parameters and MACs; nothing that goes wrong here may cost a finding."""
    try:
        from attncheck.instruments.counting.count import count

        counts: dict[str, Any] = msgspec.to_builtins(count(subject, subject.base()))
        return counts
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
