"""Run the self-test: screen each spec's mutants, then audit the distinct ones, in children."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from attncheck.commands.selftest.results import KillTable, MutantRow, SelfTest
from attncheck.commands.selftest.work import JUDGING, SCREENING
from attncheck.data.environment import fingerprint
from attncheck.data.report import Finding, Status
from attncheck.execution.job import Job
from attncheck.execution.limits import Limits
from attncheck.execution.messages import Message
from attncheck.execution.scheduling import Task, default_workers, run_all
from attncheck.execution.supervising import Result
from attncheck.subject.claim import Claim

Listen = Callable[[Task, Message], None]


@dataclass(frozen=True)
class SelftestAsked:
    """What the command line asks for.

    Attributes:
        specs: ids or paths.
        sample: audit so many mutants of each spec, 0 for all; ``seed`` draws them.
        full: try every claim on every mutant, not only up to the first that notices.
        seconds: time for the mutants of one spec.
        memory: bytes of a child process.
        workers: children at once; 0 for one per core.
    """

    specs: Sequence[str]
    sample: int = 0
    seed: int = 0
    full: bool = False
    seconds: float = 600.0
    memory: int = 4 * 2**30
    workers: int = 0


def selftest(asked: SelftestAsked, listen: Listen | None = None) -> SelfTest:
    """Return the kill table of every spec."""
    limits = Limits(asked.seconds, asked.seconds, asked.memory)
    tasks = [_task(spec, ["screening"], SCREENING) for spec in asked.specs]
    screened, interrupted = run_all(tasks, limits, asked.workers, listen)
    tables, chosen = [], []
    for spec, result in zip(asked.specs, screened, strict=True):
        table, names = _table(spec, result, asked)
        tables.append(table)
        chosen.append(names)
    workers = asked.workers or default_workers()
    judged = [
        (table, _task(table.spec, names[start::workers], JUDGING))
        for table, names in zip(tables, chosen, strict=True)
        for start in range(min(workers, len(names)))
    ]
    results: list[Result] = []
    if judged and not interrupted:
        limits = Limits(min(60.0, asked.seconds), asked.seconds, asked.memory)
        results, interrupted = run_all([t for _, t in judged], limits, asked.workers, listen)
    rows: dict[str, list[MutantRow]] = {table.spec: [] for table in tables}
    for (table, task), result in zip(judged, results, strict=False):
        rows[table.spec] += [row for name in task.job.claims if (row := _row(name, result))]
    for table, names in zip(tables, chosen, strict=True):
        table.count(rows[table.spec])
        table.untried = table.distinct - table.tried
        table.out_of_time = len(names) - table.tried
    return SelfTest(environment=fingerprint(), full=asked.full, tables=tables, partial=interrupted)


def _task(spec: str, names: list[str], work: str) -> Task:
    job = Job(spec=spec, name="mutants", target=f"mutants of {spec}", claims=names)
    return Task(job, dict.fromkeys(names, Claim()), work)


def _table(spec: str, result: Result, asked: SelftestAsked) -> tuple[KillTable, list[str]]:
    """Return the table as far as screening fills it, and the mutants to audit."""
    finding = result.findings.get("screening")
    mutants = finding.evidence.get("mutants") if finding else None
    if not mutants:
        said = result.refused.what if result.refused else finding.message if finding else ""
        why = "its reference is no definition that can be mutated"
        return KillTable(spec=spec, problem=said or why), []
    kinds = [one["kind"] for one in mutants]
    table = KillTable(
        spec=spec,
        made=len(kinds),
        invalid=kinds.count("invalid"),
        equivalent=kinds.count("equivalent"),
        alike=kinds.count("alike"),
        distinct=kinds.count("distinct"),
    )
    distinct = [one for one in mutants if one["kind"] == "distinct"]
    if asked.sample and asked.sample < len(distinct):
        distinct = random.Random(asked.seed).sample(distinct, asked.sample)
    end = "+" if asked.full else ""
    return table, [f"m{one['index']}@{one['setting']}{end}" for one in distinct]


def _row(name: str, result: Result) -> MutantRow | None:
    """Return what became of one mutant; None where its turn never came."""
    finding = result.findings.get(name)
    if finding is None:
        return None
    index = int(name[1:].partition("@")[0])
    if finding.evidence.get("operator") is None:
        return _crashed(index, finding)
    known = {key: v for key, v in finding.evidence.items() if key in MutantRow.__struct_fields__}
    return MutantRow(index=index, **known)


def _crashed(index: int, finding: Finding) -> MutantRow | None:
    """Return the row of a mutant that ended its process; None where only time was up."""
    death = finding.evidence.get("death")
    if death is None or finding.status is Status.SKIPPED:
        return None
    return MutantRow(index=index, crashed=finding.message or str(death))
