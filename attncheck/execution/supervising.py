"""See one subject through: children one after the other, until every claim has a finding."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from attncheck.data.report import Finding, Status
from attncheck.execution.child import SUBJECT
from attncheck.execution.deaths import Death, finding_of, left_out
from attncheck.execution.job import Job, name_finding
from attncheck.execution.limits import Limits
from attncheck.execution.listening import Ear
from attncheck.execution.messages import Counted, Found, Message, Opened, Refused
from attncheck.execution.starting import start
from attncheck.execution.testimony import heard
from attncheck.subject.claim import Claim

UNABLE = "MachineError"
"""Kind of refusal: this machine does not let a child process run; no module is to blame."""
ALLOWED = "see what `ulimit -n`, `ulimit -u`, `df /tmp` and `free` allow, or take fewer --jobs"


@dataclass
class Result:
    """Everything that became known of one subject.

    ``refused`` says why nothing could be, and ``interrupted`` that somebody stopped the work.
    """

    opened: Opened | None = None
    findings: dict[str, Finding] = field(default_factory=dict)
    counts: dict[str, object] = field(default_factory=dict)
    refused: Refused | None = None
    interrupted: bool = False


def supervise(
    job: Job,
    claims: Mapping[str, Claim],
    limits: Limits,
    listen: Callable[[Message], None] | None = None,
    stop: threading.Event | None = None,
    *,
    work: str,
) -> Result:
    """Return what an audit of the job finds, whatever the subject does to its process.

    A sudden death is confirmed by a second run; then, as a hang at once, it is the finding of
    the claim that was being tried, and a fresh child goes on with the next one.

    Args:
        job: the subject; its ``claims`` name what is to be tried, in order.
        claims: the claims of these names.
        limits: time and memory.
        listen: told every message.
        stop: set by another thread to have the work end.
        work: the generator that children run, ``package.module:name``.
    """
    stop = stop or threading.Event()
    result = Result()
    deadline = time.monotonic() + limits.subject_seconds
    once: set[tuple[str, str]] = set()
    waiting = list(job.claims)
    while True:
        death = _listen_once(job, claims, waiting, limits, result, deadline, listen, stop, work)
        waiting = [name for name in waiting if name not in result.findings]
        if death is not None and death.kind in ("unsound", "unready"):
            _refuse(death, result)
            break
        if death is not None and death.kind == "forged":
            waiting = waiting or list(job.claims)  # what it said before is no pass either
        if death is None or not waiting:
            break
        key = (death.phase, death.claim)
        if death.sudden and key not in once:
            once.add(key)
            continue
        waiting = _record(death, job, claims, waiting, limits, result)
        if not waiting:
            break
    return result


def _listen_once(
    job: Job,
    claims: Mapping[str, Claim],
    waiting: list[str],
    limits: Limits,
    result: Result,
    deadline: float,
    listen: Callable[[Message], None] | None,
    stop: threading.Event,
    work: str,
) -> Death | None:
    """Run one child on the claims that are left, and return how it died, if it did."""
    asked = msgspec.structs.replace(job, claims=waiting)
    try:
        child = start(work, asked, limits)
    except (OSError, EOFError) as error:
        if stop.is_set():
            result.interrupted = True
            return None
        why = f"{type(error).__name__} {error}".strip()
        result.refused = Refused(UNABLE, f"no child process can be started: {why}", instead=ALLOWED)
        return None
    ear = Ear(child, lambda line: heard(line, asked, claims), limits, deadline, stop)
    for message in ear.messages():
        match message:
            case Opened():
                result.opened = result.opened or message
            case Found(finding):
                result.findings[finding.claim] = finding
            case Counted(counts):
                result.counts = counts
            case Refused(kind=kind) if kind != SUBJECT:
                result.refused = message
        if listen is not None:
            listen(message)
    result.interrupted = ear.stopped
    return ear.death


def _refuse(death: Death, result: Result) -> None:
    """Take nothing from a child that was not sound, or could not begin."""
    result.findings, result.counts = {}, {}
    if death.kind == "unsound":
        result.refused = Refused("TargetError", f"the module {death.sentence()}")
    else:
        said = death.output.strip().rpartition("\n")[2][:300] or f"it ended ({death.number:g})"
        why = f"a child process could not be made ready: {said}"
        result.refused = Refused(UNABLE, why, instead=ALLOWED)


def _record(
    death: Death,
    job: Job,
    claims: Mapping[str, Claim],
    waiting: list[str],
    limits: Limits,
    result: Result,
) -> list[str]:
    """Turn a death into findings; return the claims that a fresh child should still try."""
    if death.kind == "time":
        why = f"the time for one subject is up ({death.number:g} s)"
        _leave_out(waiting, claims, why, result, skipped=False)
        return []
    if death.phase == "import":
        place = death.location()
        result.refused = Refused(
            "TargetError",
            f"importing it {death.sentence()}",
            f"{place.path}:{place.line}" if place else job.target,
            "--timeout SECONDS allows more time" if death.kind == "hang" else "",
        )
        return []
    name = death.claim or _claim_of(death.phase, claims, waiting)
    forged = death.kind == "forged"
    if forged:  # whichever it is: what was found before is no pass either
        name = name or _claim_of(death.phase, claims, job.claims) or waiting[0]
    if name:
        finding = finding_of(death, name, claims[name])
        if finding.status is Status.VIOLATED:
            name_finding(job, finding)
        result.findings[name] = finding
    left = [other for other in waiting if other != name]
    essential = forged or not death.claim or claims[name].watches
    if not essential:
        return left
    why = f"the module {death.sentence()}"
    _leave_out(left, claims, why, result, skipped=bool(name))
    return []


def _claim_of(phase: str, claims: Mapping[str, Claim], waiting: list[str]) -> str:
    """Return the claim that speaks of being built and called, "" if none is to be tried."""
    watching = [name for name in waiting if claims[name].watches]
    built = phase == "constructor"
    same = (name for name in watching if (claims[name].watches == "constructor") is built)
    return next(same, watching[0] if watching else "")


def _leave_out(
    names: list[str], claims: Mapping[str, Claim], why: str, result: Result, *, skipped: bool
) -> None:
    for name in names:
        result.findings[name] = left_out(name, claims[name], why, skipped=skipped)
