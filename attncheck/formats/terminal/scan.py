"""The screen of a scan: a line for each group, none of them wrapped."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from msgspec import UnsetType
from rich.cells import cell_len, set_cell_size
from rich.console import RenderableType
from rich.text import Text

from attncheck.data.report import Report
from attncheck.data.scan import Scan
from attncheck.formats.shared.scans import UNKNOWN, ScanRow, branches, headline, rows
from attncheck.formats.terminal.canvas import NARROWEST, drawn
from attncheck.formats.terminal.signs import HEADING, NAME, QUIET, VERDICT

_GAP = 2
_WIDEST = (11, 34, 28, 24)


def render_scan(report: Report, scan: Scan, *, color: bool, width: int, tree: bool = False) -> str:
    """Return the screen of a scan for a terminal of ``width`` columns.

    Args:
        report: what was found.
        scan: where.
        color: whether ANSI colours may be used.
        width: columns; no line of a group is wider.
        tree: whether live models are shown with their submodules.
    """
    width = max(width, NARROWEST)
    parts = [*_parts(report, scan, width), *(_trees(report, scan, width) if tree else ())]
    return drawn(parts, color=color, width=width)


_SIGN = {"violates": "✗", "undecided": "?", "conforms": "✓", "variant": "✓"}


def _trees(report: Report, scan: Scan, width: int) -> Iterator[RenderableType]:
    """Yield each live model's submodules, those that hold an attention with their verdicts."""
    for model in scan.models:
        yield ""
        yield _cut(Text(f"{model.target}, called with {', '.join(model.inputs)}", HEADING), width)
        for branch in branches(report, scan, model):
            row = branch.row
            sign = _SIGN.get(row.word, "·") if row else " "
            style = VERDICT[row.verdict] if row and row.verdict else QUIET
            line = Text(f"  {sign} ", style) + Text("  " * (branch.depth - 1))
            line += Text(branch.name, NAME if row else "") + Text(f" {branch.kind}", QUIET)
            if row:
                line += Text(f"  {row.mechanism or row.word}", style)
            yield _cut(line, width)


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
    named = found and not found[0].target.startswith("<")  # what Python code had at hand
    if named and found[0].verdict is not None and not found[0].verdict.passes:
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


class Treed:
    """The screen of a scan with the trees of its live models."""

    name: str = "text"
    suffixes: tuple[str, ...] = ()

    def render(self, report: Report, *, color: bool, width: int) -> str:
        """Return the report of a scan for a terminal of this many columns."""
        assert not isinstance(report.scan, UnsetType)
        return render_scan(report, report.scan, color=color, width=width, tree=True)
