"""Draw a page: headings, paragraphs and tables of ``list``, ``explain`` and ``env``."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from attncheck.data.page import Page, Section, Table
from attncheck.formats.terminal.canvas import NARROWEST, drawn

_GAP = 2
_LAST = 24
_NARROWEST = 8


def render_page(page: Page, *, color: bool, width: int) -> str:
    """Return the page for a terminal of ``width`` columns."""
    width = max(width, NARROWEST)
    return drawn(_parts(page, width), color=color, width=width)


def _parts(page: Page, width: int) -> Iterator[RenderableType]:
    if page.title:
        yield Text(page.title, "bold")
    for number, section in enumerate(page.sections):
        if number or page.title:
            yield ""
        yield from _section(section, width)


def _section(section: Section, width: int) -> Iterator[RenderableType]:
    indent = 2 if section.heading else 0
    if section.heading:
        yield Text(section.heading, "bold cyan")
    for number, paragraph in enumerate(section.paragraphs):
        if number:
            yield ""
        yield Padding(Text(paragraph), (0, 0, 0, indent))
    if section.code:
        yield Padding(Text(section.code), (0, 0, 0, indent + 2))
    if section.table is not None and section.table.rows:
        yield Padding(grid(section.table, width - indent), (0, 0, 0, indent))


def grid(table: Table, width: int) -> RenderableType:
    """Return a table without rules that fits into ``width`` columns."""
    found = Grid(
        box=None,
        show_header=bool(table.columns),
        header_style="dim",
        pad_edge=False,
        padding=(0, _GAP, 0, 0),
    )
    widths = column_widths(table, width)
    for index, header in enumerate(table.columns or [""] * len(widths)):
        style = "bold" if index == 0 else ""
        found.add_column(header, width=widths[index], overflow="fold", style=style)
    for row in table.rows:
        found.add_row(*(Text(cell) for cell in row))
    return found


def column_widths(table: Table, width: int) -> list[int]:
    """Return widths that fit: the last column wraps first, then the widest; words stay whole.

    Only where the words themselves do not fit are they broken.
    """
    lines = [*table.rows, *([table.columns] if table.columns else [])]
    columns = list(zip(*lines, strict=True))
    widths = [max(map(len, column)) for column in columns]
    words = [max(len(w) for cell in column for w in cell.split() or [""]) for column in columns]
    words[0] = widths[0]
    while sum(widths) + _GAP * (len(widths) - 1) > width and max(widths) > _NARROWEST:
        if widths[-1] > max(_LAST, words[-1]):
            widths[-1] -= 1
            continue
        spare = [i for i, wide in enumerate(widths) if wide > words[i]]
        widest = max(spare or range(len(widths)), key=lambda i: widths[i])
        widths[widest] -= 1
    return widths
