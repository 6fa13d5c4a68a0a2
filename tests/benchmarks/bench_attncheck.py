"""Start-up, audits, the equivalence search, reach, counting, rendering; each beside a yardstick."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pytest

from attncheck.auditing.job import Job
from attncheck.auditing.work import audit, open_subject
from attncheck.catalogue import load
from attncheck.formats import find_format
from attncheck.instruments.counting.count import count_trial
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial
from tests.benchmarks.yardsticks import command, product, python, quickest
from tests.formats.sample import report

Measure = Callable[..., None]


@pytest.fixture
def measure(benchmark: Any) -> Measure:
    """Measure a call beside a yardstick that runs before and after it."""

    def run(call: Callable[[], object], yardstick: Callable[[], object], rounds: int = 7) -> None:
        before = quickest(yardstick)
        benchmark.pedantic(call, rounds=rounds, warmup_rounds=1)
        benchmark.extra_info["beside"] = min(before, quickest(yardstick))

    return run


@lru_cache
def subject(name: str) -> Subject:
    """Return a spec's reference, opened."""
    return open_subject(job(name), load(name))[0]


def job(name: str, *claims: str) -> Job:
    """Return the audit of a spec's reference."""
    document = load(name).document
    arguments = document.reference_arguments
    return Job(name, "reference", document.reference, arguments=arguments, claims=list(claims))


@pytest.mark.parametrize("words", ["--help", "list", "explain gam", "env"])
def test_start_up(measure: Measure, words: str) -> None:
    measure(command(*words.split()), python("import typer, rich.console"))


def test_audit_of_one(measure: Measure) -> None:
    measure(command("audit", "gam@reference"), python("import torch"), rounds=3)


@pytest.mark.skipif("ATTNCHECK_BENCH_ALL" not in os.environ, reason="minutes")
def test_audit_of_all(measure: Measure) -> None:
    measure(command("audit", "--all", "-q"), python("import torch"), rounds=1)


@pytest.mark.parametrize("name", ["se", "gam", "mha"])
def test_equivalence_search(measure: Measure, name: str) -> None:
    measure(lambda: list(audit(job(name, "equivalence"))), product())


@pytest.mark.parametrize(("name", "side"), [("cca", 32), ("cca", 64), ("pam", 32)])
def test_reach(measure: Measure, name: str, side: int) -> None:
    claim = load(name).claims["reach"]
    trial = Trial(subject(name), subject(name).base(dims={"H": side, "W": side}))
    measure(lambda: claim.check(trial), product(), rounds=3)


@pytest.mark.parametrize("counter", ["ours", "with fvcore"])
@pytest.mark.parametrize("name", ["gam", "swin"])
def test_counting(measure: Measure, name: str, counter: str) -> None:
    trial = Trial(subject(name), subject(name).base())
    measure(lambda: count_trial(trial, twice=counter == "with fvcore"), product())


@pytest.mark.parametrize("name", ["text", "json", "html", "markdown", "sarif"])
def test_rendering(measure: Measure, name: str) -> None:
    found = find_format(name)
    measure(lambda: found.render(report(), color=False, width=100), product())
