"""How often points are timed, with children that say what they are told to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from attncheck.cli.progress import measuring_line
from attncheck.commands.profile import run as running
from attncheck.commands.profile.run import Measured, Often, measured
from attncheck.commands.profile.wanted import Plan, Wanted, plans
from attncheck.data.report import Finding, Status
from attncheck.execution.limits import Limits
from attncheck.execution.scheduling import Task
from attncheck.execution.supervising import Result
from attncheck.instruments.timing.samples import Samples


def digest(nanoseconds: float) -> Any:
    return msgspec.to_builtins(Samples(1, [round(nanoseconds)] * 9, [50] * 9).digest())


class Children:
    """Stand in for processes; the second size is never the same twice."""

    def __init__(self) -> None:
        self.tasks: list[list[Task]] = []

    def __call__(self, tasks: Sequence[Task], *limits: object) -> tuple[list[Result], bool]:
        self.tasks.append([*tasks])
        return [self.result(task) for task in tasks], False

    def result(self, task: Task) -> Result:
        found = Result()
        for step in task.job.claims:
            slower = 1.1 ** len(self.tasks) if step.startswith("r1") else 1.0
            evidence = {"digest": digest(1000 * slower), "turns": [1000 * slower] * 3}
            found.findings[step] = Finding(step, "measure", Status.HOLDS, evidence=evidence)
        return found


def run(monkeypatch: pytest.MonkeyPatch, often: Often, *, pairs: bool) -> tuple[Children, Measured]:
    children = Children()
    monkeypatch.setattr(running, "run_all", children)
    (plan,) = plans(["se"], Wanted(sizes=(8, 16)))
    other: Plan | None = plan if pairs else None
    with measuring_line(0, quiet=True) as listener:
        return children, measured(plan, other, often, Limits(), listener)


def test_points_are_timed_again_until_two_processes_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    children, found = run(monkeypatch, Often(3, 5, 1.0), pairs=False)
    asked = [sorted(task.job.claims) for (task,) in children.tasks[1:]]
    assert asked == [["r0:forward", "r1:forward"]] * 3 + [["r1:forward"]] * 2
    assert len(found.times) == 5


def test_a_stated_number_of_processes_is_kept_to(monkeypatch: pytest.MonkeyPatch) -> None:
    children, _ = run(monkeypatch, Often(2, 2, 1.0), pairs=False)
    assert len(children.tasks) == 1 + 2


def test_both_sides_of_a_pair_run_at_once_meet_and_share_a_core(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    children, found = run(monkeypatch, Often(4, 4, 7.0), pairs=True)
    assert (len(found.times), len(found.others)) == (4, 4)
    meetings = []
    for mine, theirs in children.tasks[1:]:
        one, other = mine.job.measure, theirs.job.measure
        assert one["partner"] == other["partner"]
        assert one.get("core") == other.get("core")
        assert one.get("first", False) is not other.get("first", False)
        meetings.append((one["partner"], one.get("first", False)))
    assert len({partner for partner, _ in meetings}) == 4
    assert [first for _, first in meetings] == [True, False, True, False]
