"""What a child process does for a self-test: screen all mutants of a spec, or judge some."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import msgspec

from attncheck.catalogue import load
from attncheck.commands.selftest.judge import judge
from attncheck.commands.selftest.screen import screen
from attncheck.commands.selftest.settings import settings_of
from attncheck.commands.selftest.targets import definition_of, mutated
from attncheck.data.report import Finding, Status
from attncheck.execution.job import Job
from attncheck.execution.messages import Opened
from attncheck.mutation.making import mutants_of
from attncheck.subject.case import Case

SCREENING = "attncheck.commands.selftest.work:screening"
JUDGING = "attncheck.commands.selftest.work:judging"


def screening(
    job: Job, note: Callable[[Case], None] | None = None
) -> Iterator[Opened | str | Finding]:
    """Sort a spec's mutants; the last finding's evidence holds them all."""
    yield Opened({})
    yield "screening"
    found = [msgspec.to_builtins(one) for one in screen(job.spec)]
    yield Finding("screening", "mutant", Status.HOLDS, evidence={"mutants": found})


def judging(
    job: Job, note: Callable[[Case], None] | None = None
) -> Iterator[Opened | str | Finding]:
    """Audit the mutants that the job names as claims: ``m17@2``, in setting 2, ``+`` for all."""
    yield Opened({})
    spec = load(job.spec)
    mechanism = definition_of(job.spec)
    if mechanism is None:
        return
    settings = settings_of(spec.document, mechanism)
    made = mutants_of(mechanism)
    for name in job.claims:
        yield name
        number, _, place = name.rstrip("+")[1:].partition("@")
        mutant, setting = made[int(number)], settings[int(place)]
        start = time.process_time()
        noticed = judge(spec, mutated(job.spec, int(number)), setting, full=name.endswith("+"))
        evidence = {
            **msgspec.to_builtins(noticed),
            "operator": mutant.operator,
            "mistake": mutant.mistake,
            "diff": mutant.diff,
            "line": mutant.line,
            "setting": setting.words(),
            "seconds": round(time.process_time() - start, 3),
        }
        yield Finding(name, "mutant", Status.HOLDS, evidence=evidence)
