"""Profile subjects: audit them, read off their costs, time them in fresh processes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec

from attncheck.auditing.assemble import counted_report
from attncheck.auditing.run import SubjectAudited, run
from attncheck.commands.profile.evidence import deadly, digests
from attncheck.commands.profile.questions import (
    Capable,
    CeilingTask,
    CostResult,
    CostTask,
    Measure,
    MeasureAsked,
    TimeResult,
    TimeTask,
)
from attncheck.commands.profile.wanted import Plan
from attncheck.execution.limits import Limits
from attncheck.execution.messages import Answered, Message, Started
from attncheck.execution.scheduling import run_all
from attncheck.execution.supervising import Result
from attncheck.execution.task import AnyTask
from attncheck.instruments.timing.partner import meetings
from attncheck.instruments.timing.summary import confirmed

_AGAIN = "once more"


class Listener(Protocol):
    """What is told how far the work is."""

    def began(self, what: str) -> None:
        """Something has begun."""
        ...

    def finished(self, steps: int = 1) -> None:
        """Steps have been finished."""
        ...


@dataclass(frozen=True)
class Often:
    """How often one point is timed.

    Attributes:
        processes: fresh ones, or pairs of them.
        most: as long as no two processes agree on the quickest call.
        patience: seconds that one side of a pair waits for the other.
    """

    processes: int
    most: int
    patience: float


@dataclass
class Measured:
    """Everything that children said of one subject.

    Attributes:
        costs: the result of the process that times nothing.
        times: one result for each process that times, in the order in which they ran.
        others: the same of the other side, pair by pair, where there is one.
        interrupted: whether it was cut short.
    """

    costs: CostResult = field(default_factory=Result)
    times: list[TimeResult] = field(default_factory=list)
    others: list[TimeResult] = field(default_factory=list)
    interrupted: bool = False


def audited(
    plans: Sequence[Plan], limits: Limits, workers: int, listener: Listener
) -> dict[bytes, SubjectAudited]:
    """Return an audit of every subject, each once.

    Raises:
        KeyboardInterrupt: it was cut short.
    """
    chosen = {key_of(plan): (plan.spec, plan.audit) for plan in plans}
    names = {id(plan.audit): plan.name for plan in plans}

    def listen(task: AnyTask, message: Message) -> None:
        if isinstance(message, Started):
            listener.began(f"auditing {names.get(id(task), task.question.name)}: {message.step}")

    audit = run([*chosen.values()], limits, workers, listen, store=False)
    if audit.report.partial:
        raise KeyboardInterrupt
    return dict(zip(chosen, audit.entries, strict=True))


def unaudited(plan: Plan) -> SubjectAudited:
    """Return what is said of a subject of which no claim is tried."""
    bare = counted_report(plan.spec, plan.audit, {}, None, [])
    return SubjectAudited(bare, None, Result())


def key_of(plan: Plan) -> bytes:
    """Return what an audit depends on."""
    return msgspec.json.encode(plan.audit.job, order="deterministic")


def ceilings(plans: Sequence[Plan], limits: Limits, listener: Listener) -> dict[str, Capable]:
    """Return what the device can do at best, by precision; none where it could not be asked.

    Raises:
        KeyboardInterrupt: it was cut short.
    """
    measure = plans[0].measure
    dtypes = list(dict.fromkeys(row.dtype for plan in plans for row in plan.measure.rows))
    listener.began("what the device can do at best")
    asked = MeasureAsked(Measure(device=measure.device, threads=measure.threads), dtypes)
    (result,), interrupted = run_all([CeilingTask(asked)], limits, 1)
    if interrupted:
        raise KeyboardInterrupt
    return result.answers


def measured(
    plan: Plan,
    other: Plan | None,
    often: Often,
    limits: Limits,
    listener: Listener,
    begun: Measured | None = None,
    keep: Callable[[Measured], None] | None = None,
) -> Measured:
    """Return what one subject costs; nothing else of ours runs meanwhile.

    Args:
        plan: the subject.
        other: the other side, if any.
        often: how often each point is timed.
        limits: of each process.
        listener: told how far the work is.
        begun: what an earlier run measured of it, before it was ended.
        keep: told what is measured so far after every process.
    """
    found = begun or Measured()
    if not found.costs.answers:
        task = CostTask(plan.asked(plan.measure.cost_steps()))
        heard = _heard(plan, listener, "costs")
        (found.costs,), found.interrupted = run_all([task], limits, 1, heard)
        listener.finished(len(task.steps))
        if found.interrupted or found.costs.refused is not None:
            return found
        if keep is not None:
            keep(found)
    with tempfile.TemporaryDirectory(prefix="attncheck-") as folder:
        for side, tasks in _order(plan, other, often, found, Path(folder)):
            heard = _heard(plan, listener, side)
            results, found.interrupted = run_all(tasks, limits, len(tasks), heard)
            found.times.append(results[0])
            found.others += results[1:]
            if side != _AGAIN:
                listener.finished(sum(len(task.steps) for task in tasks))
            if found.interrupted:
                break
            if keep is not None:
                keep(found)
    return found


def steps(plan: Plan, other: Plan | None, processes: int, computes: bool) -> int:
    """Return how many steps there are to be finished."""
    timed = len(plan.measure.time_steps()) * processes * (2 if other else 1)
    return len(plan.measure.cost_steps()) + (timed if computes else 0)


def _order(
    plan: Plan, other: Plan | None, often: Often, found: Measured, folder: Path
) -> Iterator[tuple[str, list[TimeTask]]]:
    """Yield the processes that time, one after the other; with another side, two at once in turns.

    A row on which a module hung or died is not tried again in every process.
    """
    if plan.measure.device == "meta":
        return
    for turn in range(len(found.times), often.most):
        dead = deadly([found.costs, *found.times, *found.others])
        left = plan.measure.time_steps(turn, dead)
        if turn >= often.processes:
            left = [s for s in left if not confirmed(digests(found.times, s))]
        if not left:
            return
        if other is None:
            yield _AGAIN * (turn >= often.processes), [TimeTask(plan.asked(left))]
            continue
        met = meetings(folder, turn, plan.measure.threads, often.patience)
        yield "", [TimeTask(p.asked(left, m)) for p, m in zip((plan, other), met, strict=True)]


def _heard(plan: Plan, listener: Listener, side: str) -> Callable[[AnyTask, Message], None]:
    def listen(task: AnyTask, message: Message) -> None:
        if isinstance(message, Started) and message.step.startswith("r"):
            row, mode = plan.measure.row(message.step)
            listener.began(" ".join(filter(None, (plan.name, row.words, mode, side))))
        elif isinstance(message, Answered):
            listener.finished(0)

    return listen
