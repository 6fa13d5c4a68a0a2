"""The whole screen: verdicts first, then why, then the counts."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from attncheck.data.report import Report
from attncheck.formats.shared.wording import by_spec, problem_lines
from attncheck.formats.terminal.canvas import NARROWEST, drawn
from attncheck.formats.terminal.counts import draw_counts
from attncheck.formats.terminal.signs import HEADING
from attncheck.formats.terminal.subjects import subject_parts
from attncheck.formats.terminal.verdicts import verdicts


def render(report: Report, *, color: bool, width: int) -> str:
    """Return the screen of a report for a terminal of ``width`` columns."""
    width = max(width, NARROWEST)
    return drawn(_parts(report, width), color=color, width=width)


def _parts(report: Report, width: int) -> Iterator[RenderableType]:
    for number, subjects in enumerate(by_spec(report.subjects)):
        if number:
            yield ""
        yield from verdicts(subjects)
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
