"""How often points are timed, with children that say what they are told to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from attncheck.cli.progress import measuring_line
from attncheck.commands.profile import run as running
from attncheck.commands.profile.questions import RowCosts, Timed, TimeTask
from attncheck.commands.profile.run import Measured, Often, measured
from attncheck.commands.profile.wanted import Plan, Wanted, plans
from attncheck.execution.limits import Limits
from attncheck.execution.supervising import Result
from attncheck.execution.task import AnyTask
from attncheck.instruments.timing.samples import Samples


def timed(nanoseconds: int) -> Timed:
    digest = Samples(1, [nanoseconds] * 9, [50] * 9).digest()
    return Timed(digest=digest, turns=[nanoseconds] * 3)


class Children:
    """Stand in for processes; the second size is never the same twice."""

    def __init__(self) -> None:
        self.tasks: list[list[AnyTask]] = []

    def __call__(
        self, tasks: Sequence[AnyTask], *limits: object
    ) -> tuple[list[Result[Any, Any, Any]], bool]:
        self.tasks.append([*tasks])
        return [self.result(task) for task in tasks], False

    def result(self, task: AnyTask) -> Result[Any, Any, Any]:
        found: Result[Any, Any, Any] = Result()
        for step in task.steps:
            slower = 1.1 ** len(self.tasks) if step.startswith("r1") else 1.0
            times = isinstance(task, TimeTask)
            found.answers[step] = timed(round(1000 * slower)) if times else RowCosts()
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
    asked = [sorted(task.steps) for (task,) in children.tasks[1:]]
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
        one, other = mine.question.measure.meeting, theirs.question.measure.meeting
        assert one.path == other.path
        assert one.core == other.core
        assert one.first is not other.first
        meetings.append((one.path, one.first))
    assert len({path for path, _ in meetings}) == 4
    assert [first for _, first in meetings] == [True, False, True, False]
