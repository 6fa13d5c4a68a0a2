"""Draw a page: headings, paragraphs and tables of ``list``, ``explain`` and ``env``."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from attncheck.formats.terminal.canvas import drawn
from attncheck.page import Page, Section, Table

_LAST = 24


def render_page(page: Page, *, color: bool, width: int) -> str:
    """Return the page for a terminal of ``width`` columns."""
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
    """Return a table without rules; the last column wraps first, the others only if they must."""
    found = Grid(
        box=None,
        show_header=bool(table.columns),
        header_style="dim",
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )
    lines = [*table.rows, *([table.columns] if table.columns else [])]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    fits = sum(width + 2 for width in widths[:-1]) + min(widths[-1], _LAST) <= width
    for index, header in enumerate(table.columns or [""] * len(widths)):
        last = index == len(widths) - 1
        found.add_column(
            header,
            no_wrap=index == 0 or (fits and not last),
            overflow="fold",
            style="bold" if index == 0 else "",
            ratio=1 if last else None,
        )
    for row in table.rows:
        found.add_row(*(Text(cell) for cell in row))
    return found
