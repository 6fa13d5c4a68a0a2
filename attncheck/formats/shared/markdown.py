"""Pieces of Markdown: tables, fences, and a page made of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from attncheck.data.harmless import one_line
from attncheck.data.page import Page

_GAP = "&#8203;"
"""Of no width: what GitHub links by itself is no longer what it looks for."""
_SPECIAL = re.compile(r"[\\`*\[\]<>|~&]|(?<![^\W_])_|_(?![^\W_])|^#")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_LINKED = re.compile(
    r"@(?=\w)|#(?=\d)|\bGH-(?=\d)|:(?=//)|www(?=\.)|(?:mailto|xmpp)(?=:)", re.IGNORECASE
)


class Markdown(str):
    """Text of ours that is Markdown already."""

    __slots__ = ()


def fenced(lines: Iterable[str], language: str = "text") -> str:
    """Return a fenced block whose fence is longer than any in the lines."""
    lines = [one_line(line.replace("\t", "    ")) for line in lines]
    fence = "```"
    while any(fence in line for line in lines):
        fence += "`"
    return "\n".join([f"{fence}{language}", *lines, fence])


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: bool = False) -> str:
    """Return a table; with ``numbers`` every column but the first is aligned right."""
    rule = ["---", *(["---:" if numbers else "---"] * (len(head) - 1))]
    lines = [*map(_cells, [head]), rule, *map(_cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is, on one line: no tag, link, picture or mention."""
    plain = _SPECIAL.sub(_entity, one_line(" ".join(text.split())))
    plain = _LINKED.sub(lambda found: found[0] + _GAP, plain)
    return re.sub(r"^(\d*)([-+=.)])", r"\1\\\2", plain)


def code(text: str) -> str:
    """Return text as a span of code, in as many backticks as it needs, on one line."""
    plain = one_line(" ".join(text.split())) or " "
    longest = max(map(len, re.findall("`+", plain)), default=0)
    ticks = "`" * (longest + 1)
    inside = f" {plain} " if longest else plain
    return f"{ticks}{inside}{ticks}".replace("|", "\\|")


def _cells(row: Sequence[str]) -> list[str]:
    return [cell if isinstance(cell, Markdown) else escaped(cell) for cell in row]


def _entity(found: re.Match[str]) -> str:
    sign = found[0]
    return _ENTITIES.get(sign) or f"\\{sign}"


def page_blocks(page: Page) -> Iterator[str]:
    """Yield a page as blocks of Markdown, one below the headings of a report's specs."""
    if page.title:
        yield f"## {escaped(page.title)}"
    for section in page.sections:
        if section.heading:
            yield f"### {escaped(section.heading)}"
        if section.paragraphs:
            yield "\n".join(f"- {escaped(told)}" for told in section.paragraphs)
        if section.table and section.table.rows:
            columns = section.table.columns or [""] * len(section.table.rows[0])
            yield table(columns, section.table.rows)
        if section.code:
            yield fenced(section.code.splitlines())
