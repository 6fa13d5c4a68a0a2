"""See one task through: children one after the other, until every step has an answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic

from msgspec.structs import replace

from attncheck.execution.child import SUBJECT
from attncheck.execution.deaths import Death
from attncheck.execution.inline import spoken
from attncheck.execution.limits import Limits
from attncheck.execution.listening import Ear
from attncheck.execution.messages import Answered, Counted, Message, Opened, Read, Refused
from attncheck.execution.starting import start
from attncheck.execution.task import A, N, O, Q, Task
from attncheck.execution.testimony import heard

UNABLE = "MachineError"
"""Kind of refusal: this machine does not let a child process run; no module is to blame."""
ALLOWED = "see what `ulimit -n`, `ulimit -u`, `df /tmp` and `free` allow, or take fewer --jobs"


@dataclass
class Result(Generic[A, O, N]):
    """Everything that became known of one task.

    Attributes:
        opened: what was known once the work could begin.
        answers: of the steps, by their names.
        counts: what belongs to no step.
        refused: why nothing could be said.
        interrupted: somebody stopped the work.
        read: the files that were read on behalf of the subject; None where none were noted.
        deaths: how children ended before they were done.
    """

    opened: O | None = None
    answers: dict[str, A] = field(default_factory=dict)
    counts: N | None = None
    refused: Refused | None = None
    interrupted: bool = False
    read: list[str] | None = None
    deaths: list[str] = field(default_factory=list)


def supervise(
    task: Task[Q, A, O, N],
    limits: Limits,
    listen: Callable[[Message], None] | None = None,
    stop: threading.Event | None = None,
    *,
    isolate: bool = True,
) -> Result[A, O, N]:
    """Return what becomes of a task, whatever the subject does to its process.

    A sudden death is confirmed by a second run; then, as a hang at once, the task says what it
    makes of the step that was being tried, and a fresh child goes on with the next one.

    Args:
        task: what is asked; its steps are tried in order.
        limits: time and memory.
        listen: told every message.
        stop: set by another thread to have the work end.
        isolate: in child processes; else in this one, whatever the subject does to it.
    """
    stop = stop or threading.Event()
    result: Result[A, O, N] = Result()
    deadline = time.monotonic() + limits.subject_seconds
    once: set[tuple[str, str]] = set()
    waiting = list(task.steps)
    while True:
        if isolate:
            death = _listen_once(task, waiting, limits, result, deadline, listen, stop)
        else:
            death = spoken(task, waiting, limits, lambda one: _take(one, result, listen))
        waiting = [step for step in waiting if step not in result.answers]
        result.deaths += [death.kind] if death is not None else []
        if death is not None and death.kind in ("unsound", "unready"):
            _refuse(death, result)
            break
        if death is not None and death.kind == "forged":
            waiting = waiting or list(task.steps)  # what it said before is no pass either
        if death is None or not waiting:
            break
        if death.kind == "patched" and limits.look_seconds:
            limits = replace(limits, look_seconds=0.0)  # at which step it happens
            continue
        key = (death.phase, death.step)
        if death.sudden and key not in once:
            once.add(key)
            continue
        waiting = _record(death, task, waiting, result)
        if not waiting:
            break
    # What did not leave before a death was answered after it.
    result.answers = {s: result.answers[s] for s in task.steps if s in result.answers}
    return result


def _listen_once(
    task: Task[Q, A, O, N],
    waiting: Sequence[str],
    limits: Limits,
    result: Result[A, O, N],
    deadline: float,
    listen: Callable[[Message], None] | None,
    stop: threading.Event,
) -> Death | None:
    """Run one child on the steps that are left, and return how it died, if it did."""
    if stop.is_set():
        result.interrupted = True
        return None
    try:
        child = start(task, waiting, limits)
    except (OSError, EOFError) as error:
        if stop.is_set():
            result.interrupted = True
            return None
        why = f"{type(error).__name__} {error}".strip()
        result.refused = Refused(UNABLE, f"no child process can be started: {why}", instead=ALLOWED)
        return None
    ear = Ear(
        child,
        lambda line: heard(line, task, waiting, limits),
        limits,
        deadline,
        stop,
        patience=task.patience,
    )
    for message in ear.messages():
        _take(message, result, listen)
    result.interrupted = ear.stopped
    return ear.death


def _take(
    message: Message, result: Result[A, O, N], listen: Callable[[Message], None] | None
) -> None:
    """Keep what a message says, and tell who listens."""
    match message:
        case Opened(about):
            result.opened = about if result.opened is None else result.opened
        case Answered(step, answer):
            result.answers[step] = answer
        case Counted(counts):
            result.counts = counts
        case Read(files):
            result.read = sorted({*(result.read or ()), *files})
        case Refused(kind=kind) if kind != SUBJECT:
            result.refused = message
    if listen is not None:
        listen(message)


def _refuse(death: Death, result: Result[A, O, N]) -> None:
    """Take nothing from a child that was not sound, or could not begin."""
    result.answers, result.counts = {}, None
    if death.kind == "unsound":
        result.refused = Refused("TargetError", f"the module {death.sentence()}")
    else:
        said = death.output.strip().rpartition("\n")[2][:300] or f"it ended ({death.number:g})"
        why = f"a child process could not be made ready: {said}"
        result.refused = Refused(UNABLE, why, instead=ALLOWED)


def _record(
    death: Death, task: Task[Q, A, O, N], waiting: list[str], result: Result[A, O, N]
) -> list[str]:
    """Take what the task makes of a death; return the steps that a fresh child should still try."""
    if death.phase == "import" and death.kind != "time":
        place = death.location()
        result.refused = Refused(
            "TargetError",
            f"importing it {death.sentence()}",
            f"{place.path}:{place.line}" if place else task.question.target,
            "--timeout SECONDS allows more time" if death.kind == "hang" else "",
        )
        return []
    decided = task.ended(death, waiting)
    result.answers |= {step: one for step, one in decided.items() if one is not None}
    left = [step for step in waiting if step not in decided]
    return left if len(left) < len(waiting) else []
