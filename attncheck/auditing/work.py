"""Audit one subject: a generator of findings, in the order of the spec's claims."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from attncheck.auditing.decide import decide
from attncheck.auditing.job import Job, Opening, name_finding
from attncheck.auditing.things import request_of
from attncheck.catalogue import Spec, load
from attncheck.data.report import UNASKED, Finding, Status
from attncheck.devices import check_device
from attncheck.errors import TargetError, UsageError, did_you_mean
from attncheck.execution.messages import Counted, Opened
from attncheck.instruments.attention.later import left_to_callers
from attncheck.signature.factories import AsItIs
from attncheck.signature.resolve import loaded_without
from attncheck.source.raised import where_raised
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim
from attncheck.subject.hinting import is_core, runs_elsewhere, stated_inputs, to_state
from attncheck.subject.layouts import answers, error_of
from attncheck.subject.prepare import prepare
from attncheck.subject.raising import SubjectError
from attncheck.subject.stating import outside
from attncheck.subject.subject import Subject
from attncheck.subject.suggestion import GuessableError


def open_subject(job: Job, spec: Spec) -> tuple[Subject, Opening, str]:
    """Import, bind and call the subject; the last value says why nothing runs, if so.

    Raises:
        TargetError: it cannot be imported or bound.
    """
    claims = spec.claims_of(job.name)
    try:
        subject, failure = prepare(spec.document, request_of(job))
    except GuessableError as error:
        subject, failure = _proven(error, claims), None
    if listed := _is_listed(job, spec):
        subject = _stated(subject)
    subject = meant(subject, claims)
    if listed:
        subject = _stated(subject)
    elif failure and subject.assumed:
        raise _refusal(job, subject, failure)
    elif is_core(subject):
        raise _core(job, subject)
    if job.dtype:
        subject = replace(subject, dtype=job.dtype)
    built = subject.binding.describe(subject.dims, subject.told)
    notes = [f"built as {built}"] if built else []
    notes += loaded_without(subject.factory)
    if subject.as_it_is:
        notes.append("an instance, audited as it is: its sizes stay, its parameters are drawn anew")
    if isinstance(subject.factory, AsItIs) and (given := subject.factory.called_at):
        notes.append(f"its model hands it {given}; smaller sizes do as well, and are tried")
    notes.append(f"called as {subject.convention.describe()}")
    if subject.gates:
        notes.append("returns its gate, its caller multiplies: audited as the input times it")
    if subject.dtype != "float64" and failure is None:
        reason = "as asked" if job.dtype else "it cannot compute in float64"
        notes.append(f"tried in {subject.dtype}: {reason}")
    if beyond := outside(subject):
        notes.append(beyond)
    if subject.tried:
        notes.append(f"tried at {subject.tried}: it raises at the spec's own sizes")
    return subject, Opening(subject.dims, notes), str(failure) if failure else ""


def _stated(subject: Subject) -> Subject:
    """Return the subject of which somebody says how it is called."""
    call = subject.convention
    return subject if call.stated else subject.called(replace(call, stated=True))


def meant(subject: Subject, claims: Mapping[str, Claim]) -> Subject:
    """Return the subject called in the way in which it computes its definition, if there is one."""
    settling = next((item for item in claims.items() if item[1].settles), None)
    masked = list(left_to_callers(subject)) if settling else []
    if settling is None or not (subject.others or masked):
        return subject
    first = decide(*settling, subject)
    if first.status is Status.HOLDS:
        return subject
    departs = bool(first.evidence.get("departure"))
    guessed = bool(subject.convention.masks)  # what they are filled with is our guess
    others = [one for one in subject.others if one.gates or guessed or not departs]
    best = subject, confirmed(first)
    for one in (*others, *masked):
        if error_of(one) is not None or not answers(one):
            continue
        found = decide(*settling, one)
        if found.status is Status.HOLDS:
            return one
        if (one.gates or guessed) and confirmed(found) > best[1]:
            best = one, confirmed(found)  # a gate, or a mask's use, with a mistake in it
    return best[0]


def _proven(error: GuessableError, claims: Mapping[str, Claim]) -> Subject:
    """Return the guess under which a module computes its definition.

    Raises:
        GuessableError: there is none, so nothing may be said that rests on a guess.
    """
    settling = next((item for item in claims.items() if item[1].settles), None)
    for guess in error.subjects if settling else ():
        subject = meant(guess, claims)
        if settling and decide(*settling, subject).status is Status.HOLDS:
            return subject
    raise error


def confirmed(finding: Finding) -> int:
    """Return how many of the definition's steps are made, where it is known which is not."""
    departure = finding.evidence.get("departure") or {}
    return int(departure.get("before", 0)) + int(departure.get("after", 0))


def _core(job: Job, subject: Subject) -> TargetError:
    """Return why the core of a mechanism is not held against the whole of it."""
    inputs = [word for text in stated_inputs(subject) for word in ("--input", text)]
    typed = shlex.join(["attncheck", "audit", "seq2seq", job.target, *inputs])
    return TargetError(
        "it takes heads that are cut already: the projections of the definition are its caller's",
        where=job.target,
        instead=f"hold it against the contract of its inputs: {typed}",
    )


def _is_listed(job: Job, spec: Spec) -> bool:
    """Say whether the spec itself lists the subject, and so states how it is called."""
    entry = spec.document.subjects.get(job.name)
    return job.target == (entry.target if entry else spec.document.reference)


def _refusal(job: Job, subject: Subject, failure: SubjectError) -> TargetError:
    """Return why nothing is said of a module that only our guesses make fail."""
    built = subject.binding.describe(subject.dims, subject.told)
    tried = f"built as {built}, " if built else ""
    place = where_raised(failure.error)
    line = f" (line {place.line})" if place else ""
    elsewhere = runs_elsewhere(subject, failure)
    typed = " ".join(["attncheck audit", job.spec, shlex.quote(job.target), to_state(subject)])
    return TargetError(
        f"no call that we can think of works: {failure}{line}",
        where=job.target,
        instead=f"tried: {tried}called as {subject.convention.describe()}; "
        + (elsewhere or f"if this is how it is meant, say so, or state another call: {typed}"),
    )


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
    claims = spec.claims_of(job.name, job.binding)
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
        if claim.dear and claim.limit not in job.tried:
            yield claim.answer(name, Status.SKIPPED, UNASKED)
            continue
        if failure and claim.needs_call:
            # Skipped where another claim says so; else a lone claim would pass on nothing.
            yield claim.answer(
                name,
                Status.SKIPPED if told else Status.UNDECIDED,
                "the module does not run" if told else failure,
            )
            continue
        finding = decide(name, claim, subject, _cases(job, claim, subject, note))
        if finding.status is Status.VIOLATED:
            name_finding(job, finding)
        if claim.settles and finding.status is Status.HOLDS:
            subject = _as_proven(subject, finding)
        yield finding
    if job.case is None and not failure:
        yield Counted(_counts(subject))


def _as_proven(subject: Subject, finding: Finding) -> Subject:
    """Return the subject with those numbers of the spec that only the proof of it tells.

    A kernel that it is told by no name is what the tensors of its proof say, not the usual one.
    """
    options = finding.evidence.get("options", {})
    known = {axis for own in subject.convention.inputs.values() for axis in own}
    known |= subject.binding.follows | set(subject.binding.fixed)
    told = {
        name: size
        for name, size in options.items()
        if name in subject.spec.dims and name not in known and type(size) is int
    }
    return replace(subject, overrides={**told, **subject.overrides})


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

        own = subject.as_built
        own = own if own is subject or error_of(own) is None else subject
        counts: dict[str, Any] = msgspec.to_builtins(count(own, own.base()))
        return counts
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
