"""Which subjects and claims a command line asks for, and the job that each becomes.

A job is made of a target that the user names, or of a subject that the spec lists.
"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from attncheck.auditing.job import Job
from attncheck.auditing.request import ALL, Asked
from attncheck.auditing.task import Audit
from attncheck.auditing.things import Thing, in_json, packed, thing_of
from attncheck.catalogue import Spec, load
from attncheck.data.formula import Formula
from attncheck.errors import SpecError, UsageError, did_you_mean
from attncheck.signature.constructor import dims_in_order
from attncheck.spec.shelf import spec_ids, specs_folder, split_subject
from attncheck.subject.claim import Claim

Selection = tuple[Spec, Audit]

_MOST = 10**9
"""Of a dim."""


def select(name: str, target: Any, asked: Asked) -> list[Selection]:
    """Return the subjects to audit: the target, or those that the spec lists.

    Args:
        name: a spec, or ``SPEC@SUBJECT``.
        target: ``file.py:Class`` or ``package.module:Class``, or a Python object that
            :func:`attncheck.auditing.things.thing_of` knows; "" for the listed ones.
        asked: the options.

    Raises:
        UsageError, SpecError, TargetError: the command line asks for what is not there.
    """
    return kept(gathered(name, target, asked), asked)


def gathered(name: str, target: str, asked: Asked) -> list[Selection]:
    """Return the same with subjects of which nothing is asked; :func:`kept` leaves them out.

    Raises:
        UsageError, SpecError, TargetError: there is no such spec, subject or target.
    """
    asked.check()
    wanted, subject = split_subject(name)
    spec = load(wanted)
    _check_dims(spec, asked)
    named = not isinstance(target, str) or bool(target)
    if named and subject:
        raise UsageError(
            f"'@{subject}' and '{target}' both name a subject", instead="give one of them"
        )
    jobs = [job_of_target(spec, target, asked)] if named else jobs_of_spec(spec, subject, asked)
    return [(spec, _task(spec, job, asked)) for job in jobs]


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
    return kept(found, asked)


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


def _task(spec: Spec, job: Job, asked: Asked) -> Audit:
    """Return the job with its claims: those that a glob asks for and none leaves out."""
    chosen = {
        name: claim
        for name, claim in settled_first(spec.claims_of(job.name, job.binding)).items()
        if (not asked.claims or _matches(name, claim, asked.claims))
        and not _matches(name, claim, asked.skips)
    }
    tried = sorted({c.limit for n, c in chosen.items() if c.dear and _is_asked(n, c, asked)})
    return Audit(msgspec.structs.replace(job, claims=list(chosen), tried=tried), chosen)


def _is_asked(name: str, claim: Claim, asked: Asked) -> bool:
    """Say whether a claim that takes seconds is asked for by itself: a glob does not mean it."""
    named = {name, claim.kind} & {*asked.claims}
    return bool(named) or ALL in asked.limits or claim.limit in {*asked.binding, *asked.limits}


def settled_first(claims: Mapping[str, Claim]) -> dict[str, Claim]:
    """Return the claims, what decides the identity before all that needs a call.

    What takes seconds comes last: little time must not cost the others.
    """

    def turn(claim: Claim) -> int:
        return 0 if not claim.needs_call else 1 if claim.settles else 3 if claim.dear else 2

    return {name: claims[name] for name in sorted(claims, key=lambda n: turn(claims[n]))}


def _matches(name: str, claim: Claim, globs: Sequence[str]) -> bool:
    return any(
        fnmatch.fnmatchcase(name, glob) or fnmatch.fnmatchcase(claim.kind, glob) for glob in globs
    )


def kept(selections: list[Selection], asked: Asked) -> list[Selection]:
    """Leave out subjects of which nothing is asked; complain where that leaves none.

    Raises:
        UsageError: a glob matches no claim of any: a mistake, not an audit that passes.
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


def job_of_target(spec: Spec, target: Any, asked: Asked) -> Job:
    """Return the job of a class or function, relative to the working folder.

    Raises:
        TargetError: the target names no class, or makes no module.
    """
    thing = thing_of(target)
    words = (_shown(spec), thing.target)
    return _job(spec, thing, asked, {}, {}, str(Path.cwd()), words)


def jobs_of_spec(spec: Spec, subject: str, asked: Asked) -> Iterator[Job]:
    """Yield the jobs of the spec's reference and listed subjects, or of the one that is named.

    Raises:
        UsageError: the spec lists none, or not this one, or several where one is meant.
    """
    document = spec.document
    names = (["reference"] if document.reference else []) + list(document.subjects)
    if not names:
        raise UsageError(
            f"'{spec.id}' lists no subjects: name the class to audit",
            instead=f"attncheck audit {_shown(spec)} path/to/file.py:Class",
        )
    if subject and subject not in names:
        raise UsageError(
            f"'{spec.id}' lists no subject '{subject}'", instead=did_you_mean(subject, names)
        )
    if (asked.arguments or asked.inputs) and not subject and len(names) > 1:
        raise UsageError(
            "--init and --input are meant for one subject",
            instead=f"name it: attncheck audit {_shown(spec)}@{names[-1]}, or give a TARGET",
        )
    for name in [subject] if subject else names:
        yield _listed(spec, name, asked)


def _listed(spec: Spec, name: str, asked: Asked) -> Job:
    document = spec.document
    target, arguments = document.reference, document.reference_arguments
    dims: dict[str, int] = {}
    if entry := document.subjects.get(name):
        target, arguments = entry.target, entry.arguments
        dims = _numbers(entry.dims, dims_in_order(document.dims, {}))
    folder = "" if _is_shipped(spec) else os.path.dirname(os.path.realpath(spec.path))
    thing = Thing(target, name, "", imported=True)
    return _job(spec, thing, asked, arguments, dims, folder, (f"{_shown(spec)}@{name}",))


def _job(
    spec: Spec,
    thing: Thing,
    asked: Asked,
    arguments: Mapping[str, Any],
    dims: Mapping[str, int],
    folder: str,
    words: tuple[str, ...],
) -> Job:
    carried = packed(thing, asked.arguments, asked.call(thing.written, words[0]))
    return Job(
        # A shipped spec is named alike on every machine.
        spec=spec.id if _is_shipped(spec) else os.path.realpath(spec.path),
        name=thing.name,
        target=thing.target,
        folder=folder,
        arguments={**arguments, **{n: in_json(v) for n, v in asked.arguments.items()}},
        dims={**dims, **asked.dims},
        inputs=list(asked.inputs),
        dtype=asked.dtype,
        device=asked.device,
        binding=list(asked.binding),
        seed=asked.seed,
        command="" if carried else asked.command(*words),
        carried=carried,
        plain=asked.plain,
    )


def _numbers(given: Mapping[str, Any], base: Mapping[str, int]) -> dict[str, int]:
    """Return a subject's own dims as numbers; formulas are over the spec's and earlier ones."""
    dims: dict[str, int] = {}
    for name, value in given.items():
        known = {**base, **dims}
        size = int(Formula(value).evaluate(known) if isinstance(value, str) else value)
        if abs(size) > _MOST:
            raise SpecError(f"'{name}' is too large a size", instead=f"write at most {_MOST}")
        dims[name] = size
    return dims


def _is_shipped(spec: Spec) -> bool:
    return os.path.dirname(os.path.realpath(spec.path)) == os.path.realpath(specs_folder())


def _shown(spec: Spec) -> str:
    return spec.id if _is_shipped(spec) else str(spec.path)
