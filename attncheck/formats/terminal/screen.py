"""The whole screen: verdicts first, then why, then the counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from attncheck.data.report import Report, SubjectReport
from attncheck.formats.shared.wording import (
    by_spec,
    diagnosis,
    heading,
    labels,
    not_for,
    problem_lines,
    summary,
)
from attncheck.formats.terminal.canvas import NARROWEST, drawn
from attncheck.formats.terminal.counts import draw_counts
from attncheck.formats.terminal.signs import HEADING, QUIET, VERDICT
from attncheck.formats.terminal.subjects import subject_parts


def render(report: Report, *, color: bool, width: int) -> str:
    """Return the screen of a report for a terminal of ``width`` columns."""
    width = max(width, NARROWEST)
    return drawn(_parts(report, width), color=color, width=width)


def _parts(report: Report, width: int) -> Iterator[RenderableType]:
    for number, subjects in enumerate(by_spec(report.subjects)):
        if number:
            yield ""
        yield from _verdicts(subjects)
        for subject in subjects:
            yield from subject_parts(subject, width, alone=len(report.subjects) == 1)
        yield from draw_counts(subjects)
    for problem in report.problems:
        yield ""
        yield Text(f"{problem.spec} · {problem.subject} was not audited", HEADING)
        for line in problem_lines(problem):
            yield Padding(Text(line), (0, 0, 0, 2))
    if report.partial:
        yield ""
        yield Text("interrupted: not every claim was tried", "yellow")


def _verdicts(subjects: Sequence[SubjectReport]) -> Iterator[RenderableType]:
    """Yield the heading of one spec and its subjects' verdicts."""
    title = Text()
    for number, part in enumerate(heading(subjects[0])):
        title.append(f" · {part}" if number else part, HEADING if number < 2 else QUIET)
    yield title
    yield ""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(no_wrap=True, min_width=9)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    for label, subject in zip(labels(subjects), subjects, strict=True):
        said = Text(summary(subject))
        if sentence := diagnosis(subject):
            said.append(f"\n{sentence}", QUIET)
        if limits := not_for(subject):
            said.append(f"\n{limits}", QUIET)
        verdict = subject.verdict
        table.add_row(Text(label), Text(verdict.value, VERDICT[verdict]), said)
    yield Padding(table, (0, 0, 0, 2))
