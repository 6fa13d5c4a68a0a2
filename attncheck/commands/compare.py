"""Subjects side by side: claims held, parameters, MACs, memory, reach, growth.

What an audit does not count, memory and growth and reach, is measured in the same child, and stands
in the report's counts (``costs``).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

import msgspec

from attncheck.auditing.job import Job, Opening
from attncheck.auditing.request import Asked
from attncheck.auditing.select import Selection, select
from attncheck.auditing.task import Audit
from attncheck.auditing.work import audit, open_subject
from attncheck.catalogue import load
from attncheck.commands.count import called_with, difference
from attncheck.data.counts import Costs, Counts, known
from attncheck.data.page import Page, Section, Table
from attncheck.data.report import Finding, Report, Status, SubjectReport, name_of
from attncheck.execution.messages import Counted, Opened
from attncheck.instruments.behaviour.axes import indices, places_of
from attncheck.instruments.counting.growth import scaling
from attncheck.instruments.counting.predicted import predict
from attncheck.lazy import torch
from attncheck.signature.constructor import dims_in_order
from attncheck.spec.shelf import split_subject
from attncheck.subject.case import Case
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_DRAWS = 3


@dataclasses.dataclass(frozen=True)
class SubjectCompared:
    """One subject's figures; None where one is not known.

    Attributes:
        name, verdict: ``SPEC@SUBJECT``, and what its claims say together.
        held, claims: how many hold, of those that were tried and are no mere advice.
        shape: dims of the call.
        at: the call in words.
        parameters, macs, elementwise: of one call.
        limits: uses that it is not for, of those that were tried.
        memory, reach, positions, growth, order: see :class:`attncheck.data.counts.Costs`.
    """

    name: str
    verdict: str
    held: int
    claims: int
    shape: dict[str, int]
    at: str = ""
    parameters: int | float | None = None
    macs: int | float | None = None
    elementwise: int | float | None = None
    memory: int | float | None = None
    reach: int | None = None
    positions: int | None = None
    growth: str = ""
    limits: tuple[str, ...] = ()
    order: float | None = None


KEYS: dict[str, Callable[[SubjectCompared], Any]] = {
    "name": lambda row: row.name,
    "claims": lambda row: row.held - row.claims,
    "parameters": lambda row: _last(row.parameters),
    "macs": lambda row: _last(row.macs),
    "elementwise": lambda row: _last(row.elementwise),
    "memory": lambda row: _last(row.memory),
    "reach": lambda row: -(row.reach or 0) / (row.positions or 1),
    "growth": lambda row: _last(row.order),
}
"""What rows can be sorted by: the cheapest first, the widest reach first."""

_ALIKE = ("B", "C", "H", "W", "N")
"""Dims that the others take from the first, so that all stand at one shape."""
_SHAPE = ("B", "C", "H", "W", "N", "M")


def chosen(named: Iterable[tuple[str, Any]], asked: Asked) -> list[Selection]:
    """Return one subject for each spec and target, at the first one's shape.

    Args:
        named: a spec, or ``SPEC@SUBJECT``, and a target's text or a Python object; "" for none.
        asked: the dims of all.

    Raises:
        UsageError, SpecError, TargetError: one of them is not there.
    """
    found: list[Selection] = []
    shape: dict[str, int] = {}
    for name, target in named:
        spec = load(split_subject(name)[0])
        stated = {n: size for n, size in {**shape, **asked.dims}.items() if n in spec.document.dims}
        own = select(name, target, dataclasses.replace(asked, dims=stated))
        if not found:
            sizes = dims_in_order(spec.document.dims, stated)
            shape = {n: sizes[n] for n in _ALIKE if n in sizes}
        found += [(one, CostedAudit(task.job, task.claims)) for one, task in own]
    return found


def beside(report: Report, plain: Report) -> Report:
    """Return one report of what was audited, then of what was only counted."""
    subjects = [*report.subjects, *plain.subjects]
    problems = [*report.problems, *plain.problems]
    return msgspec.structs.replace(report, subjects=subjects, problems=problems)


def in_order(report: Report, sort: str = "") -> Report:
    """Return the report with its subjects sorted by one of :data:`KEYS`; "" leaves them."""
    if not sort:
        return report
    subjects = sorted(report.subjects, key=lambda subject: KEYS[sort](compared(subject)))
    return msgspec.structs.replace(report, subjects=subjects)


def _last(value: float | None) -> float:
    return float("inf") if value is None else value


def compared(subject: SubjectReport) -> SubjectCompared:
    """Return the figures of a subject whose job asked for costs."""
    judged = [f for f in subject.findings if not f.advice and f.status is not Status.SKIPPED]
    broken = [f for f in subject.findings if f.status is Status.VIOLATED]
    counts = subject.counts or Counts()
    costs = known(counts.costs) or Costs()
    axes = {axis for name in subject.dims for axis in [name] if name in _SHAPE}
    return SubjectCompared(
        name=name_of(subject),
        verdict=subject.verdict.value,
        held=sum(f.status is Status.HOLDS for f in judged),
        claims=len(judged),
        shape={n: subject.dims[n] for n in _SHAPE if n in axes},
        at=" ".join(f"{n}={subject.dims[n]}" for n in _SHAPE if n in axes) or called_with(subject),
        parameters=known(counts.parameters),
        macs=known(counts.macs),
        elementwise=known(counts.elementwise),
        memory=costs.memory,
        reach=costs.reach,
        positions=costs.positions,
        growth=costs.growth,
        limits=tuple(dict.fromkeys(f.limit for f in broken if f.limit)),
        order=costs.order,
    )


def page_of(report: Report) -> Page:
    """Return the subjects as a table, with the shape of each where they differ."""
    found = [compared(subject) for subject in report.subjects]
    shapes = {row.at for row in found}
    columns = ["", "verdict", "claims held", "parameters", "MACs", "element-wise", "memory"]
    columns += ["reach", "MACs in N"]
    one = len(shapes) == 1
    if not one:
        columns.append("at")
    rows = [_cells(row) + ([] if one else [row.at]) for row in found]
    notes = [f"{row.name} is not for: {', '.join(row.limits)}" for row in found if row.limits]
    notes += [f"one call at {found[0].at}"] if one else []
    notes.append(
        "one multiply-add = 1 MAC; memory: peak bytes of a forward pass in float32 above inputs "
        "and parameters; reach: input positions that change one output position; N: positions"
    )
    table, told = Section(table=Table(rows, columns)), Section(paragraphs=notes)
    apart = [*difference(*report.subjects)][:1] if len(found) == 2 else []
    return Page("Side by side", [table, *apart, told])


def _cells(row: SubjectCompared) -> list[str]:
    reach = "–" if row.reach is None else f"{row.reach} of {row.positions}"
    figures = [row.parameters, row.macs, row.elementwise, row.memory]
    return [
        row.name,
        row.verdict,
        f"{row.held} of {row.claims}" if row.claims else "–",
        *("–" if n is None else f"{n:,}" for n in figures),
        reach,
        row.growth or "–",
    ]


class CostedAudit(Audit):
    """An audit whose counts also hold what the subject costs."""

    runs = "attncheck.commands.compare:audit_and_cost"


def audit_and_cost(
    job: Job, note: Callable[[Case], None] | None = None
) -> Iterator[Opened[Opening] | str | Finding | Counted[dict[str, Any]]]:
    """Audit a job as :func:`attncheck.auditing.work.audit` does; its counts also hold ``costs``."""
    for event in audit(job, note):
        if isinstance(event, Counted):
            subject = open_subject(job, load(job.spec))[0].as_built
            yield Counted({**event.counts, "costs": costs_of(subject)})
        else:
            yield event


def costs_of(subject: Subject) -> dict[str, Any]:
    """Return the costs that ``attncheck compare`` shows, at the subject's own dims.

    Returns:
        ``memory``: peak bytes of a forward pass in float32 above inputs and parameters, read off
        shapes; ``growth``: MACs as a polynomial in the positions N, with its ``order``; ``reach``:
        input positions that change one output position, of ``positions``. What cannot be known
        is left out.
    """
    found: dict[str, Any] = {}
    with suppress(SubjectError):
        cost = predict(subject, subject.dims)
        if not cost.fused:
            found["memory"] = cost.memory
        if grown := scaling(subject):
            found["growth"], found["order"] = grown.words("macs"), grown.order("macs")
    with suppress(SubjectError):
        found |= _reach(Trial(subject, subject.base()))
    return {name: value for name, value in found.items() if value not in ("", None)}


def _reach(trial: Trial) -> dict[str, int]:
    """Count the input positions with a gradient into the middle output position, over draws."""
    places = places_of(trial.output_axes)
    if not places or places != places_of(trial.axes()):
        return {}
    reached: Any = None
    for seed in range(_DRAWS):
        module, inputs = trial.module(draw_seed=seed), trial.inputs(draw_seed=seed)
        given = inputs[trial.main].requires_grad_(True)
        output = trial.run(module, inputs)
        if output.shape != trial.sizes(trial.output_axes):
            return {}
        picked = output[0:1]
        for axis in indices(trial.output_axes, places):
            picked = picked.narrow(axis, picked.shape[axis] // 2, 1)
        weights = torch.randn_like(picked)
        (gradient,) = torch.autograd.grad((picked * weights).sum(), given, allow_unused=True)
        if gradient is None:
            return {}
        others = [i for i, axis in enumerate(trial.axes()) if axis not in places]
        seen = gradient.abs().sum(others) > 0
        reached = seen if reached is None else reached | seen
    return {"reach": int(reached.sum()), "positions": reached.numel()}
