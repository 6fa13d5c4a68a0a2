"""The one use case: what is selected is audited, and becomes a report.

The command line, the API, the pytest plugin and whatever else audits comes here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from attncheck.auditing import replay
from attncheck.auditing.assemble import problem, subject_report
from attncheck.auditing.select import Selection
from attncheck.auditing.task import AuditResult
from attncheck.data.environment import fingerprint
from attncheck.data.report import Problem, Report, Status, SubjectReport
from attncheck.execution.cache import ResultCache
from attncheck.execution.cached import run_known
from attncheck.execution.engines import Engine
from attncheck.execution.limits import Limits
from attncheck.execution.messages import Message
from attncheck.execution.task import AnyTask

Checkpoint = Callable[[int, SubjectReport | None, Problem | None], None]


@dataclass(frozen=True)
class SubjectAudited:
    """What became of one subject: its report, why nothing or not all is known, and the rest."""

    subject: SubjectReport | None
    problem: Problem | None
    result: AuditResult


@dataclass(frozen=True)
class AuditRun:
    """The report, and what became of each selection, in their order."""

    report: Report
    entries: list[SubjectAudited]


def run(
    selections: Sequence[Selection],
    limits: Limits,
    workers: int = 0,
    listen: Callable[[AnyTask, Message], None] | None = None,
    checkpoint: Checkpoint | None = None,
    *,
    store: bool = True,
    isolate: bool = True,
    cache: ResultCache | None = None,
    engine: Engine | None = None,
) -> AuditRun:
    """Audit everything, each subject in processes of its own.

    An interrupt does not raise: the report is then ``partial``, with what was finished.

    Args:
        selections: the subjects with their claims.
        limits: what each may use.
        workers: how many at once; 0 for one per core.
        listen: told every message of every task, from several threads.
        checkpoint: told the place of each subject that is finished, and what became of it.
        store: keep violations for ``attncheck replay``.
        isolate: in child processes; else in this one, which nothing protects.
        cache: what is known of earlier; None for nothing.
        engine: where subjects are sent; None for this machine.
    """
    environment = fingerprint()
    found: dict[int, SubjectAudited] = {}

    def take(place: int, result: AuditResult) -> None:
        spec, task = selections[place]
        subject = subject_report(spec, task, result)
        found[place] = SubjectAudited(subject, problem(spec, task, result), result)
        for finding in subject.findings if subject and store else []:
            if finding.status is Status.VIOLATED:
                replay.store(task.job, finding)

    def done(place: int, result: AuditResult) -> None:
        take(place, result)
        if checkpoint is not None:
            checkpoint(place, found[place].subject, found[place].problem)

    tasks = [task for _, task in selections]
    results, interrupted = run_known(
        tasks, limits, workers, listen, cache, done, isolate=isolate, engine=engine
    )
    for place, result in enumerate(results):
        if place not in found:
            take(place, result)
    entries = [found[place] for place in sorted(found)]
    report = Report(
        environment=environment,
        subjects=[entry.subject for entry in entries if entry.subject is not None],
        problems=[entry.problem for entry in entries if entry.problem is not None],
        partial=interrupted,
    )
    return AuditRun(report, entries)
