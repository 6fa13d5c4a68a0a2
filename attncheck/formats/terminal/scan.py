"""The screen of a scan: a line for each group, none of them wrapped."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import RenderableType
from rich.text import Text

from attncheck.data.report import Report
from attncheck.data.scan import Scan
from attncheck.formats.shared.scans import UNKNOWN, ScanRow, headline, rows
from attncheck.formats.terminal.canvas import NARROWEST, drawn
from attncheck.formats.terminal.signs import HEADING, NAME, QUIET, VERDICT

_GAP = 2
_WIDEST = (11, 22, 28, 24)


def render_scan(report: Report, scan: Scan, *, color: bool, width: int) -> str:
    """Return the screen of a scan for a terminal of ``width`` columns."""
    width = max(width, NARROWEST)
    return drawn(_parts(report, scan, width), color=color, width=width)


def _parts(report: Report, scan: Scan, width: int) -> Iterator[RenderableType]:
    found = rows(report, scan)
    yield Text(headline(scan, found), HEADING)
    for part in (
        [row for row in found if row.word != UNKNOWN],
        [row for row in found if row.word == UNKNOWN],
    ):
        if part:
            yield ""
            yield from _lines(part, width)
    if scan.unread:
        yield ""
        for one in scan.unread:
            yield _cut(Text(f"  {one.place} {one.what}", QUIET), width)
    if found and found[0].verdict is not None and not found[0].verdict.passes:
        typed = shlex.join(["attncheck", "audit", found[0].mechanism.partition(",")[0]])
        yield ""
        yield Text(f"to see why: {typed} {shlex.quote(found[0].target)}", QUIET)
    if report.partial:
        yield ""
        yield Text("interrupted: not every claim was tried", "yellow")


def _lines(found: Sequence[ScanRow], width: int) -> Iterator[Text]:
    cells = [(row.word, row.name, row.mechanism, row.place) for row in found]
    widths = [
        min(max(map(cell_len, column)), most)
        for column, most in zip(zip(*cells, strict=True), _WIDEST, strict=True)
    ]
    for row, own in zip(found, cells, strict=True):
        verdict = VERDICT[row.verdict] if row.verdict else QUIET
        line = Text("  ")
        for text, wide, style in zip(own, widths, (verdict, NAME, "", QUIET), strict=True):
            if wide:
                line.append(_fitted(text, wide) + " " * _GAP, style)
        line.append(row.said)
        yield _cut(line, width)


def _fitted(text: str, wide: int) -> str:
    if cell_len(text) <= wide:
        return set_cell_size(text, wide)
    if "/" in text:  # of a path the end says more
        return f"…{text[1 - wide :]}"
    return f"{text[: wide - 1]}…"


def _cut(line: Text, width: int) -> Text:
    line.truncate(width, overflow="ellipsis")
    line.no_wrap = True
    return line
