"""Run the self-test: screen each spec's mutants, then audit the distinct ones, in children."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from attncheck.commands.selftest.questions import (
    SCREENING,
    Judging,
    MutantsAsked,
    MutantsSorted,
    Screening,
)
from attncheck.commands.selftest.results import KillTable, MutantRow, SelfTest
from attncheck.data.environment import fingerprint
from attncheck.execution.limits import Limits
from attncheck.execution.messages import Message
from attncheck.execution.scheduling import default_workers, run_all
from attncheck.execution.supervising import Result
from attncheck.execution.task import AnyTask

Listen = Callable[[AnyTask, Message], None]


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
    sorting = [Screening(MutantsAsked(spec, [SCREENING])) for spec in asked.specs]
    screened, interrupted = run_all(sorting, limits, asked.workers, listen)
    tables, chosen = [], []
    for spec, result in zip(asked.specs, screened, strict=True):
        table, names = _table(spec, result, asked)
        tables.append(table)
        chosen.append(names)
    workers = asked.workers or default_workers()
    judged = [
        (table, Judging(MutantsAsked(table.spec, names[start::workers])))
        for table, names in zip(tables, chosen, strict=True)
        for start in range(min(workers, len(names)))
    ]
    results: list[Result[MutantRow, None, None]] = []
    if judged and not interrupted:
        limits = Limits(min(60.0, asked.seconds), asked.seconds, asked.memory)
        tasks = [task for _, task in judged]
        results, interrupted = run_all(tasks, limits, asked.workers, listen)
    rows: dict[str, list[MutantRow]] = {table.spec: [] for table in tables}
    for (table, task), told in zip(judged, results, strict=False):
        rows[table.spec] += [told.answers[n] for n in task.steps if n in told.answers]
    for table, names in zip(tables, chosen, strict=True):
        table.count(rows[table.spec])
        table.untried = table.distinct - table.tried
        table.out_of_time = len(names) - table.tried
    return SelfTest(environment=fingerprint(), full=asked.full, tables=tables, partial=interrupted)


def _table(
    spec: str, result: Result[MutantsSorted, None, None], asked: SelftestAsked
) -> tuple[KillTable, list[str]]:
    """Return the table as far as screening fills it, and the mutants to audit."""
    told = result.answers.get(SCREENING) or MutantsSorted([])
    mutants = told.mutants
    if not mutants:
        said = result.refused.what if result.refused else told.why
        why = "its reference is no definition that can be mutated"
        return KillTable(spec=spec, problem=said or why), []
    kinds = [one.kind for one in mutants]
    table = KillTable(
        spec=spec,
        made=len(kinds),
        invalid=kinds.count("invalid"),
        equivalent=kinds.count("equivalent"),
        alike=kinds.count("alike"),
        distinct=kinds.count("distinct"),
    )
    distinct = [one for one in mutants if one.kind == "distinct"]
    if asked.sample and asked.sample < len(distinct):
        distinct = random.Random(asked.seed).sample(distinct, asked.sample)
    end = "+" if asked.full else ""
    return table, [f"m{one.index}@{one.setting}{end}" for one in distinct]
