"""The other side of ``--against``: another module, or a version of the same file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from attncheck.errors import UsageError
from attncheck.execution.scheduling import Task
from attncheck.profiling.revisions import check_out, split_revision
from attncheck.profiling.wanting import Plan, Wanted, named, plan


def opposed(
    plans: list[Plan], against: str, wanted: Wanted, folder: Path
) -> tuple[list[Plan], Plan | None]:
    """Return the plans of both sides.

    Args:
        plans: what is profiled.
        against: a spec, a target, or ``file.py@revision:Class``; "" for no other side.
        wanted: the options, which hold for both.
        folder: an empty one, for files of a revision.

    Raises:
        UsageError, TargetError: there is no such other side, or more than one of the one side.
    """
    if not against:
        return plans, None
    if len(plans) != 1:
        raise UsageError("--against compares one module with one other", where="--against")
    if wanted.device == "meta":
        raise UsageError("nothing is timed on meta", where="--against")
    mine = plans[0]
    target, revision = split_revision(against)
    other = _other(mine, target, wanted)
    if revision:
        job = msgspec.structs.replace(
            other.audit.job, folder=str(check_out(revision, Path.cwd(), folder))
        )
        other = replace(other, audit=Task(job, other.audit.claims))
    return plans, other


def _other(mine: Plan, target: str, wanted: Wanted) -> Plan:
    """A target is held against the same spec, where it is not given with another one."""
    words: Sequence[tuple[str, str]] = named([target], wanted.inputs)
    name, place = words[0]
    if ":" in target and "=" not in target:
        spec = mine.audit.job.spec
        return plan(spec, place, wanted)
    return plan(name, place, wanted)
