"""Which subjects and claims a command line asks for."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence

import msgspec

from attncheck.asking import Asked
from attncheck.catalogue import Spec, load, spec_ids
from attncheck.claim import Claim
from attncheck.errors import UsageError, did_you_mean
from attncheck.execution.scheduling import Task
from attncheck.formula import Formula
from attncheck.job import Job
from attncheck.jobs import job_of_target, jobs_of_spec
from attncheck.target.binding import dims_in_order

Selection = tuple[Spec, Task]


def select(name: str, target: str, asked: Asked) -> list[Selection]:
    """Return the subjects to audit: the target, or those that the spec lists.

    Args:
        name: a spec, or ``SPEC@SUBJECT``.
        target: ``file.py:Class`` or ``package.module:Class``; "" for the listed ones.
        asked: the options.

    Raises:
        UsageError, SpecError, TargetError: the command line asks for what is not there.
    """
    asked.check()
    wanted, subject = _split(name)
    spec = _load(wanted, target)
    _check_dims(spec, asked)
    if target and subject:
        raise UsageError(
            f"'@{subject}' and '{target}' both name a subject", instead="give one of them"
        )
    jobs = [job_of_target(spec, target, asked)] if target else jobs_of_spec(spec, subject, asked)
    return _kept([(spec, _task(spec, job, asked)) for job in jobs], asked)


def select_all(asked: Asked) -> list[Selection]:
    """Return every subject of every shipped spec.

    Raises:
        UsageError: no claim of any is chosen, or options are given that are one subject's.
    """
    asked.check()
    if asked.arguments or asked.inputs or asked.dims:
        raise UsageError("--all takes no --init, --set or --input", instead="name one spec")
    specs = [load(name) for name in spec_ids()]
    listing = [spec for spec in specs if spec.document.reference or spec.document.subjects]
    found = [(s, _task(s, job, asked)) for s in listing for job in jobs_of_spec(s, "", asked)]
    return _kept(found, asked)


def _load(name: str, target: str) -> Spec:
    try:
        return load(name)
    except UsageError as error:
        if not target and ":" in name:
            raise UsageError(
                f"'{name}' is a target, and what it must meet is missing",
                instead=f"attncheck audit map {name}   for a feature map (B, C, H, W);\n"
                f"attncheck audit tokens {name}   for tokens (B, N, C);\n"
                "or the mechanism that it implements: attncheck list specs",
            ) from None
        raise error


def _split(name: str) -> tuple[str, str]:
    spec, at, subject = name.rpartition("@")
    plain = "/" not in subject and not subject.endswith(".toml")
    return (spec, subject) if at and plain else (name, "")


def _check_dims(spec: Spec, asked: Asked) -> None:
    """Complain about dims that the spec does not have, or for which it says nothing."""
    document = spec.document
    for name, size in asked.dims.items():
        if name not in document.dims:
            raise UsageError(
                f"'{spec.id}' has no dim '{name}'",
                where="--set",
                instead=did_you_mean(name, document.dims),
            )
        if size < 1:
            raise UsageError(f"{name}={size}: a dim is at least 1", where="--set")
    if asked.dims:
        dims = dims_in_order(document.dims, asked.dims)
        for text in document.domain.values():
            if not Formula(text).evaluate(dims):
                said = ", ".join(f"{n}={dims[n]}" for n in sorted(Formula(text).names))
                raise UsageError(
                    f"'{spec.id}' is defined where {text}, and here {said}", where="--set"
                )


def _task(spec: Spec, job: Job, asked: Asked) -> Task:
    """Return the job with its claims: those that a glob asks for and none leaves out."""
    chosen = {
        name: claim
        for name, claim in spec.claims_of(job.name).items()
        if (not asked.claims or _matches(name, claim, asked.claims))
        and not _matches(name, claim, asked.skips)
    }
    return Task(msgspec.structs.replace(job, claims=list(chosen)), chosen)


def _matches(name: str, claim: Claim, globs: Sequence[str]) -> bool:
    return any(
        fnmatch.fnmatchcase(name, glob) or fnmatch.fnmatchcase(claim.kind, glob) for glob in globs
    )


def _kept(selections: list[Selection], asked: Asked) -> list[Selection]:
    """Leave out subjects of which nothing is asked; complain where that leaves none.

    A glob that matches no claim at all is a mistake, not an audit that passes.
    """
    every = {
        word
        for spec, task in selections
        for name, claim in spec.claims_of(task.job.name).items()
        for word in (name, claim.kind)
    }
    for option, globs in (("--claim", asked.claims), ("--skip", asked.skips)):
        for glob in globs:
            if not fnmatch.filter(every, glob):
                raise UsageError(
                    f"'{glob}' matches no claim",
                    where=option,
                    instead=did_you_mean(glob, every),
                )
    kept = [(spec, task) for spec, task in selections if task.claims]
    if not kept:
        raise UsageError("no claim is left to check", where="--skip")
    return kept
