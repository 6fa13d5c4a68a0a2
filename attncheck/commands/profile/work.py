"""What child processes do for a profile: read off costs, time calls, find the device's limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from typing import Any

import msgspec

from attncheck.commands.profile.costs import costs_of_row, growth
from attncheck.commands.profile.point import Ready, dims_of_row, opened, ready, reference_of
from attncheck.commands.profile.wanted import FACTS, Measure
from attncheck.data.report import Finding, Status
from attncheck.devices import open_device
from attncheck.devices.shared.protocol import Device, described, disturbed
from attncheck.errors import AttncheckError, UsageError
from attncheck.execution.job import Job
from attncheck.execution.messages import Opened
from attncheck.instruments.timing.ceilings import ceiling
from attncheck.instruments.timing.partner import Partner, PartnerError, pin
from attncheck.instruments.timing.samples import Samples, Source, sampled, sampled_in_turns
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject

COSTS = "attncheck.commands.profile.work:costs"
TIMES = "attncheck.commands.profile.work:times"
CEILINGS = "attncheck.commands.profile.work:ceilings"

Events = Iterator[Opened | str | Finding]


def costs(job: Job, note: Callable[[Case], None] | None = None) -> Events:
    """Yield for each step what it costs; nothing is timed in this process."""

    def one(step: str, subject: Subject, measure: Measure, device: Device) -> dict[str, Any]:
        if step == FACTS:
            return {"growth": growth(subject, measure, measure.rows[0])}
        return costs_of_row(subject, measure, measure.row(step)[0], device)

    return _steps(job, one)


def times(job: Job, note: Callable[[Case], None] | None = None) -> Events:
    """Yield for each step the times of single calls, and of what was timed beside them."""
    measure = _settled(job)
    if not measure.partner:
        yield from _steps(job, _timed)
        return
    path, first = measure.partner, measure.first
    with closing(Partner(path, first=first, patience=measure.patience)) as partner:
        yield from _steps(job, partial(_timed_in_turns, partner))


def ceilings(job: Job, note: Callable[[Case], None] | None = None) -> Events:
    """Yield for each precision what the device can do at best."""
    measure = _settled(job)
    device = open_device(measure.device)
    yield Opened({})
    for dtype in job.claims:
        yield dtype
        try:
            found = msgspec.to_builtins(ceiling(device, device.name, dtype))
        except RuntimeError as error:
            found = {"why": str(error)}
        yield _told(dtype, {**found, **described(device)})


def _steps(job: Job, one: Callable[[str, Subject, Measure, Device], dict[str, Any]]) -> Events:
    measure = _settled(job)
    device = open_device(measure.device)
    failure = ""
    subject: Subject | None = None
    try:
        subject = opened(job, measure)
    except SubjectError as error:
        failure = str(error)
    yield Opened(subject.dims if subject else {})
    for step in job.claims:
        yield step
        if subject is None:
            yield _told(step, {"why": failure})
            continue
        try:
            yield _told(step, one(step, subject, measure, device))
        except (SubjectError, AttncheckError) as error:
            yield _told(step, {"why": str(error)})
        except (RuntimeError, NotImplementedError, MemoryError) as error:
            # What torch raises of a precision, a layout or a size that it cannot do.
            yield _told(step, {"why": f"{type(error).__name__}: {str(error)[:200]}"})
        except Exception as error:  # one point must not cost the others
            failed = f"attncheck itself failed: {type(error).__name__}: {str(error)[:200]}"
            yield _told(step, {"why": failed})


def _timed(step: str, subject: Subject, measure: Measure, device: Device) -> dict[str, Any]:
    row, mode = measure.row(step)
    made, own = _made(step, subject, measure, device)
    name, other = reference_of(subject, made, row, device.name, mode)
    before = device.condition()
    seen = sampled(device, own, other, measure.budget)
    return {**_sampled(seen), "name": name, "disturbed": disturbed(before, device.condition())}


def _timed_in_turns(
    partner: Partner, step: str, subject: Subject, measure: Measure, device: Device
) -> dict[str, Any]:
    try:
        _, own = _made(step, subject, measure, device)
        before = device.condition()
    except Exception as error:  # whatever it is: the other side must not wait for this one
        with suppress(PartnerError):
            partner.meet(step, 0, str(error)[:200])
        raise
    try:
        seen = sampled_in_turns(device, own, measure.budget, step, partner)
    except PartnerError:  # of this step alone, or the other side is gone
        raise
    except Exception:
        partner.close()  # in the middle of a turn
        raise
    after = device.condition()
    return {**_sampled(seen), "turns": seen.turns, "disturbed": disturbed(before, after)}


def _made(step: str, subject: Subject, measure: Measure, device: Device) -> tuple[Ready, Source]:
    if not device.computes:
        raise UsageError("nothing is timed on shapes alone")
    row, mode = measure.row(step)
    train = mode == "backward"
    made = ready(subject, dims_of_row(subject, measure, row), row, device.name, train=train)
    return made, made.backward if train else made.forward


def _sampled(seen: Samples) -> dict[str, Any]:
    return {"digest": msgspec.to_builtins(seen.digest()), "warm_up": seen.warm_up}


def _settled(job: Job) -> Measure:
    measure = msgspec.convert(job.measure, Measure)
    torch.set_num_threads(measure.threads)
    pin(measure.core)
    return measure


def _told(step: str, evidence: dict[str, Any]) -> Finding:
    return Finding(step, "measure", Status.HOLDS, evidence=evidence)
