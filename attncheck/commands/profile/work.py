"""What child processes do for a profile: read off costs, time calls, find the device's limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from typing import TypeVar

from attncheck.auditing.job import Job
from attncheck.commands.profile.costs import costs_of_row, growth
from attncheck.commands.profile.plain import plain_costs, plain_point
from attncheck.commands.profile.point import Ready, dims_of_row, opened, ready, reference_of
from attncheck.commands.profile.questions import (
    FACTS,
    Capable,
    Growths,
    Measure,
    MeasureAsked,
    RowCosts,
    Timed,
)
from attncheck.devices import open_device
from attncheck.devices.shared.protocol import Device, described, disturbed
from attncheck.errors import AttncheckError, UsageError
from attncheck.execution.messages import Opened
from attncheck.instruments.timing.ceilings import ceiling
from attncheck.instruments.timing.partner import Partner, PartnerError, pin
from attncheck.instruments.timing.samples import Source, sampled, sampled_in_turns
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject

T = TypeVar("T")
Note = Callable[[Case], None] | None
Events = Iterator[Opened[None] | str | T]
_Known = Subject | Job
"""What is measured: a subject, or the job of a module that no spec describes."""


def costs(asked: MeasureAsked, note: Note = None) -> Events[RowCosts | Growths]:
    """Yield for each step what it costs; nothing is timed in this process."""

    def one(step: str, subject: _Known, measure: Measure, device: Device) -> RowCosts | Growths:
        if isinstance(subject, Job):
            if step == FACTS:
                return Growths()
            return plain_costs(subject, measure, measure.row(step)[0], device)
        if step == FACTS:
            return Growths(growth=growth(subject, measure, measure.rows[0]))
        return costs_of_row(subject, measure, measure.row(step)[0], device)

    def lost(step: str, why: str) -> RowCosts | Growths:
        return (Growths if step == FACTS else RowCosts)(why=why)

    yield from _steps(asked, one, lost)


def times(asked: MeasureAsked, note: Note = None) -> Events[Timed]:
    """Yield for each step the times of single calls, and of what was timed beside them."""

    def lost(step: str, why: str) -> Timed:
        return Timed(why=why)

    meeting = asked.measure.meeting
    if meeting is None:
        yield from _steps(asked, _timed, lost)
        return
    pin(meeting.core)
    with closing(Partner(meeting)) as partner:
        yield from _steps(asked, partial(_timed_in_turns, partner), lost)


def ceilings(asked: MeasureAsked, note: Note = None) -> Events[Capable]:
    """Yield for each precision what the device can do at best."""
    torch.set_num_threads(asked.measure.threads)
    device = open_device(asked.measure.device)
    yield Opened(None)
    for dtype in asked.steps:
        yield dtype
        found = Capable(**described(device))
        try:
            found.ceiling = ceiling(device, device.name, dtype)
        except RuntimeError as error:
            found.why = str(error)
        yield found


def _steps(
    asked: MeasureAsked,
    one: Callable[[str, _Known, Measure, Device], T],
    lost: Callable[[str, str], T],
) -> Events[T]:
    """Yield each step and its answer; one that fails has a reason, and costs no other."""
    measure, failure = asked.measure, ""
    torch.set_num_threads(measure.threads)
    device = open_device(measure.device)
    subject: _Known | None = None
    try:
        assert asked.job is not None
        subject = asked.job if asked.job.plain else opened(asked.job, measure)
    except SubjectError as error:
        failure = str(error)
    yield Opened(None)
    for step in asked.steps:
        yield step
        if subject is None:
            yield lost(step, failure)
            continue
        try:
            answer = one(step, subject, measure, device)
        except (SubjectError, AttncheckError) as error:
            answer = lost(step, str(error))
        except (RuntimeError, NotImplementedError, MemoryError) as error:
            # What torch raises of a precision, a layout or a size that it cannot do.
            answer = lost(step, f"{type(error).__name__}: {str(error)[:200]}")
        except Exception as error:  # one point must not cost the others
            failed = f"attncheck itself failed: {type(error).__name__}: {str(error)[:200]}"
            answer = lost(step, failed)
        yield answer


def _timed(step: str, subject: _Known, measure: Measure, device: Device) -> Timed:
    row, mode = measure.row(step)
    made, own = _made(step, subject, measure, device)
    known = None if isinstance(subject, Job) else subject
    name, other = reference_of(known, made, row, device.name, mode)
    before = device.condition()
    seen = sampled(device, own, other, measure.budget)
    why = disturbed(before, device.condition())
    return Timed(digest=seen.digest(), warm_up=seen.warm_up, name=name, disturbed=why)


def _timed_in_turns(
    partner: Partner, step: str, subject: _Known, measure: Measure, device: Device
) -> Timed:
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
    why = disturbed(before, device.condition())
    return Timed(digest=seen.digest(), warm_up=seen.warm_up, turns=seen.turns, disturbed=why)


def _made(step: str, subject: _Known, measure: Measure, device: Device) -> tuple[Ready, Source]:
    if not device.computes:
        raise UsageError("nothing is timed on shapes alone")
    row, mode = measure.row(step)
    train = mode == "backward"
    if isinstance(subject, Job):
        made: Ready = plain_point(subject, row, device.name, train=train)
    else:
        made = ready(subject, dims_of_row(subject, measure, row), row, device.name, train=train)
    return made, made.backward if train else made.forward
