"""A page of plain text, for logs and pipes: no library to load, no colours to leave out."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from attncheck.page import Page, Table

_GAP = "  "
_LEAST, _NARROWEST = 24, 40


def plain_text(page: Page, width: int) -> str:
    """Return the page in columns; the last column of a table takes what is left of the width."""
    width = max(width, _NARROWEST)
    lines = [page.title]
    for section in page.sections:
        lines += ["", *([section.heading] if section.heading else [])]
        indent = "  " if section.heading else ""
        for paragraph in section.paragraphs:
            lines += textwrap.wrap(paragraph, width, initial_indent=indent)
        lines += [f"    {line}" for line in section.code.splitlines()]
        if section.table is not None:
            lines += [f"{indent}{line}".rstrip() for line in _rows(section.table, width - 2)]
    return "\n".join(lines) + "\n"


def _rows(table: Table, width: int) -> Iterator[str]:
    rows = [*([table.columns] if table.columns else []), *table.rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    before = sum(widths[:-1]) + len(_GAP) * (len(widths) - 1)
    last = max(_LEAST, width - before)
    for row in rows:
        start = _GAP.join(cell.ljust(wide) for cell, wide in zip(row[:-1], widths, strict=False))
        wrapped = textwrap.wrap(row[-1], last, break_long_words=False, break_on_hyphens=False)
        for number, line in enumerate(wrapped or [""]):
            yield f"{start if not number else ' ' * (before - len(_GAP))}{_GAP}{line}"
