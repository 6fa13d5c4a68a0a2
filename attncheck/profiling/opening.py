"""Open a subject at a small size, and find the dims of the points to measure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from attncheck.catalogue import load
from attncheck.counting.scaling import varied
from attncheck.job import Job
from attncheck.literals import from_json
from attncheck.profiling.measure import Measure, RowAsked
from attncheck.subject import Subject
from attncheck.target.calling import dims_of
from attncheck.target.inputs import parse_input
from attncheck.target.preparing import Request, prepare
from attncheck.target.raising import SubjectError
from attncheck.trial import Trial

_LARGE = 2**20
"""Elements of an input that is too large to find out by trial how a module is called."""
_SIZES = ("H", "W", "N", "M")


def opened(job: Job, measure: Measure) -> Subject:
    """Return the subject, called at a small size, or at the full one where it knows no other.

    Raises:
        TargetError: it cannot be imported or bound.
        SubjectError: it cannot be built or called.
    """
    subject, failure = prepare(load(job.spec).document, _request(job, job.inputs))
    if failure is not None and measure.inputs and measure.inputs != job.inputs:
        large = any(math.prod(parse_input(text).shape) > _LARGE for text in measure.inputs)
        request = _request(job, measure.inputs, "meta" if large else "cpu")
        subject, failure = prepare(load(job.spec).document, request)
    if failure is not None:
        raise failure
    return subject


def _request(job: Job, inputs: list[str], device: str = "cpu") -> Request:
    return Request(
        name=job.name,
        target=job.target,
        folder=Path(job.folder) if job.folder else None,
        arguments={name: from_json(value) for name, value in job.arguments.items()},
        dims=job.dims,
        inputs=[parse_input(text) for text in inputs],
        device=device,
    )


def dims_of_row(subject: Subject, measure: Measure, row: RowAsked) -> dict[str, int]:
    """Return the dims of one point: what is stated, then its size and batch.

    A size outside the spec's domain (a window must divide it) gives way to the next one inside.

    Raises:
        SubjectError: the module is made for other sizes, or the inputs contradict each other.
    """
    stated = dims_of(subject.convention, [parse_input(text) for text in measure.inputs])
    if stated is None:
        raise SubjectError(ValueError("the shapes of --input contradict each other"), "forward")
    stated |= measure.dims
    changes = {name: size for name, size in stated.items() if name in subject.dims}
    if row.batch and "B" in subject.variable:
        changes["B"] = row.batch
    if row.size is None:
        return subject.dims_with(**changes)
    names = sides(subject)
    if not names:
        raise SubjectError(ValueError("the module is made for one size"), "constructor")
    # A module that is made for one side takes it as a constructor argument.
    ties = sorted(subject.binding.follows - {*_SIZES, "B", "C"})
    for size in range(row.size, 2 * row.size + 1):
        for tied in ((), *((name,) for name in ties)):
            dims = subject.dims_with(**{**changes, **dict.fromkeys([*names, *tied], size)})
            if subject.in_domain(dims):
                return dims
    domain = " and ".join(subject.spec.domain.values())
    told = f"no size from {row.size} to {2 * row.size} is in the spec's domain, {domain}"
    raise SubjectError(ValueError(told), "constructor")


def size_of(subject: Subject, dims: Mapping[str, int]) -> int | None:
    """Return the side of a square map, or the number of tokens; None where there is no such."""
    sizes = {dims[name] for name in sides(subject)}
    return sizes.pop() if len(sizes) == 1 else None


def sides(subject: Subject) -> tuple[str, ...]:
    """Return the dims that a size stands for: both sides of a map, tokens, or keys alone."""
    return varied(subject) or (("M",) if "M" in subject.variable else ())


def input_text(trial: Trial) -> str:
    """Return the shapes of a call as ``--input`` takes them: ``8x256x64x64``, or several."""
    inputs = trial.subject.convention.inputs
    return " ".join("x".join(map(str, trial.sizes(axes))) for axes in inputs.values())
