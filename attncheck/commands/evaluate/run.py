"""Evaluate: audit every entry as ``audit`` does, and hold what it says against what is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from attncheck.auditing.assemble import problem, subject_report
from attncheck.commands.evaluate.corpus import read
from attncheck.commands.evaluate.judge import Judged, compare_twins, judge
from attncheck.commands.evaluate.tally import EvaluationTally, tally
from attncheck.commands.evaluate.tasks import Planned, plan
from attncheck.data.environment import fingerprint
from attncheck.execution.limits import Limits
from attncheck.execution.messages import Message
from attncheck.execution.scheduling import run_all
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
) -> Evaluation:
    """Audit what is planned, each in a process of its own, and count how often it was right."""
    ready = [p for p in plans if p.task is not None]
    tasks = [p.task for p in ready if p.task is not None]
    results, interrupted = run_all(tasks, limits, workers, listen)
    found = dict(zip(map(id, ready), results, strict=True))
    judged: list[Judged] = []
    for p in plans:
        result = found.get(id(p))
        if p.spec is None or p.task is None or result is None:
            judged.append(judge(p, None, None))
            continue
        judged.append(
            judge(p, subject_report(p.spec, p.task, result), problem(p.spec, p.task, result))
        )
    compare_twins(judged)
    return Evaluation(
        environment=fingerprint(), tally=tally(judged), entries=judged, partial=interrupted
    )
