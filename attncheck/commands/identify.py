"""Which mechanisms targets compute, asked in child processes, and what is said of it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from attncheck.auditing.assemble import portable_place
from attncheck.auditing.identify import STEP, task_of
from attncheck.auditing.request import Asked
from attncheck.data.identity import Identity
from attncheck.data.page import Page, Section, Table
from attncheck.data.report import Problem
from attncheck.execution.cache import ResultCache
from attncheck.execution.cached import run_known
from attncheck.execution.engines import Engine
from attncheck.execution.limits import Limits
from attncheck.execution.messages import Message
from attncheck.execution.task import AnyTask

HOW = {
    "proven": "equal to its definition",
    "variant": "its definition with design changes",
    "departs": "departs from its definition",
    "named": "named so, and nothing confirms it",
    "unknown": "",
}
NONE = "no mechanism that we know"
SCHEMA = "attncheck.identities/1"


class Identified(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one target: its identity, or why there is none."""

    target: str
    identity: Identity | None = None
    problem: Problem | None = None


class Identities(msgspec.Struct, kw_only=True):
    """What ``attncheck identify`` found: the content of its JSON."""

    schema: str = SCHEMA
    targets: list[Identified]
    partial: bool = False


def identities(
    targets: Sequence[Any],
    asked: Asked | Sequence[Asked],
    limits: Limits,
    jobs: int = 0,
    listen: Callable[[AnyTask, Message], None] | None = None,
    cache: ResultCache | None = None,
    engine: Engine | None = None,
) -> Identities:
    """Return what each target is, in their order.

    Args:
        targets: ``file.py:Class`` or ``package.module:Class``, or what Python code has at hand.
        asked: the options, of all or of each; claims say nothing here.
        limits: what each may use.
        jobs: how many at once; 0 for one per core.
        listen: told every message, from several threads.
        cache: what is known of earlier; None for nothing.
        engine: where targets are sent; None for this machine.

    Raises:
        UsageError, TargetError: an option cannot be read, or a target names no class.
    """
    each = [asked] * len(targets) if isinstance(asked, Asked) else asked
    tasks = [task_of(target, own) for target, own in zip(targets, each, strict=True)]
    results, interrupted = run_known(tasks, limits, jobs, listen, cache, engine=engine)
    found = []
    for task, result in zip(tasks, results, strict=True):
        target, refused = task.question.target, result.refused
        problem = None
        if refused is not None:
            name = task.question.name
            problem = Problem("", name, refused.what, refused.where, refused.instead)
        elif STEP not in result.answers:
            problem = Problem("", task.question.name, "not found out: interrupted")
        identity = result.answers.get(STEP)
        if identity is not None and identity.location is not None:
            place = portable_place(identity.location)
            identity = msgspec.structs.replace(identity, location=place)
        found.append(Identified(target, identity, problem))
    return Identities(targets=found, partial=interrupted)


def sentence(found: Identity) -> str:
    """Return in a line what a module is and how that is known."""
    if found.mechanism is None:
        return NONE if found.message in ("", NONE) else f"{NONE}; {found.message}"
    how = HOW[found.known]
    if found.changes:
        how = f"its definition with {', '.join(found.changes)}"
    return f"{found.mechanism}: {how}"


def page_of(found: Identities) -> Page:
    """Return a page of all targets, each with what to type next."""
    return Page(sections=[_section(one) for one in found.targets if one.identity is not None])


def _section(one: Identified) -> Section:
    identity = one.identity
    assert identity is not None
    rows = [["is", sentence(identity)]]
    if identity.known == "departs":
        place = identity.location
        rows.append(["departs at", identity.step or identity.message])
        rows += [["line", f"{place.path}:{place.line}"]] if place else []
        rows += [["there", identity.message]] if identity.step else []
    if identity.also:
        rows.append(["equals as well", ", ".join(identity.also)])
    if identity.named:
        rows.append(["its name says", f"{identity.named}, which it is not"])
    if identity.call:
        rows.append(["called as", identity.call])
    specs = [identity.mechanism] if identity.mechanism else identity.families
    typed = [f"attncheck audit {spec} {shlex.quote(one.target)}" for spec in specs]
    rows += [["judged by", line] for line in typed]
    return Section(one.target, table=Table(rows))
