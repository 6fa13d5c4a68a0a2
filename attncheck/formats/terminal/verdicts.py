"""The first lines of the screen: per spec its title, then a verdict per subject."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from attncheck.data.report import SubjectReport
from attncheck.formats.shared.wording import diagnosis, heading, labels, summary
from attncheck.formats.terminal.signs import HEADING, QUIET, VERDICT


def verdicts(subjects: Sequence[SubjectReport]) -> Iterator[RenderableType]:
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
        verdict = subject.verdict
        table.add_row(Text(label), Text(verdict.value, VERDICT[verdict]), said)
    yield Padding(table, (0, 0, 0, 2))
