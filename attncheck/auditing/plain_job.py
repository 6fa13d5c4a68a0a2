"""What a job asks to be called as it is written, whatever its spec."""

from __future__ import annotations

from pathlib import Path

from attncheck.auditing.job import Job
from attncheck.auditing.things import unpacked
from attncheck.data.literals import from_json
from attncheck.signature.live_target import live_target
from attncheck.subject.plain import PlainAsked


def plain_asked(job: Job, device: str = "") -> PlainAsked:
    """Return what a job asks to be called as it is written, whatever its spec.

    Raises:
        TargetError: what it took along is not there, or cannot be made here.
    """
    factory, given = unpacked(job) if job.carried is not None else (None, {})
    plain = {name: from_json(v) for name, v in job.arguments.items() if name not in given}
    return PlainAsked(
        job.target,
        job.inputs,
        live_target(job.target) if factory is None else None,
        factory,
        Path(job.folder) if job.folder else None,
        {**plain, **given},
        device,
    )
