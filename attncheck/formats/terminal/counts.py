"""Draw the counts of a spec's subjects side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from attncheck.data.report import SubjectReport
from attncheck.formats.shared.counting import count_notes, count_rows, counted
from attncheck.formats.shared.wording import labels
from attncheck.formats.terminal.signs import HEADING, QUIET


def draw_counts(subjects: Sequence[SubjectReport]) -> Iterator[RenderableType]:
    """Yield the table of parameters, MACs and element-wise operations, and its notes."""
    rows, notes = count_rows(subjects), count_notes(subjects)
    if not notes:
        return
    yield ""
    yield Text("counts", HEADING)
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style=QUIET)
    table.add_column("")
    for label in labels(subject for subject, _ in counted(subjects)):
        table.add_column(Text(label), justify="right", no_wrap=True)
    for label, cells in rows:
        table.add_row(Text(label), *(Text(cell) for cell in cells))
    if rows:
        yield Padding(table, (0, 0, 0, 2))
    for note in notes:
        yield Padding(Text(note, QUIET), (0, 0, 0, 2))
