"""Evaluate: audit every entry as ``audit`` does, and hold what it says against what is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from attncheck.auditing.run import run
from attncheck.commands.evaluate.corpus import read
from attncheck.commands.evaluate.judge import Judged, compare_twins, judge
from attncheck.commands.evaluate.tally import EvaluationTally, tally
from attncheck.commands.evaluate.tasks import Planned, plan
from attncheck.execution.engines import Engine
from attncheck.execution.limits import Limits
from attncheck.execution.messages import Message
from attncheck.execution.task import AnyTask

SCHEMA = "attncheck.evaluation/1"


class Evaluation(msgspec.Struct, kw_only=True):
    """The measured error rate: what became of each entry, and the totals."""

    schema: str = SCHEMA
    environment: dict[str, Any]
    tally: EvaluationTally
    entries: list[Judged]
    partial: bool = False


def planned(
    paths: Sequence[Path],
    only: Callable[[str], bool] = lambda name: True,
    skips: Sequence[str] = (),
    seed: int = 0,
) -> list[Planned]:
    """Return what is to be audited.

    Raises:
        UsageError: a path is no corpus.
    """
    return [plan(entry, skips, seed) for entry in read(paths) if only(entry.id)]


def evaluate(
    plans: Sequence[Planned],
    limits: Limits,
    workers: int = 0,
    listen: Callable[[AnyTask, Message], None] | None = None,
    engine: Engine | None = None,
) -> Evaluation:
    """Audit what is planned, each in a process of its own, and count how often it was right."""
    ready = {id(p): (p.spec, p.task) for p in plans if p.spec is not None and p.task is not None}
    audit = run([*ready.values()], limits, workers, listen, store=False, engine=engine)
    found = dict(zip(ready, audit.entries, strict=True))
    judged: list[Judged] = []
    for p in plans:
        if (entry := found.get(id(p))) is None:
            judged.append(judge(p, None, None))
        else:
            judged.append(judge(p, entry.subject, entry.problem))
    compare_twins(judged)
    return Evaluation(
        environment=audit.report.environment,
        tally=tally(judged),
        entries=judged,
        partial=audit.report.partial,
    )
