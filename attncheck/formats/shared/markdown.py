"""Pieces of Markdown: tables, fences, and a page made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from attncheck.page import Page


def fenced(lines: Iterable[str], language: str = "text") -> str:
    """Return a fenced block whose fence is longer than any in the lines."""
    lines = list(lines)
    fence = "```"
    while any(fence in line for line in lines):
        fence += "`"
    return "\n".join([f"{fence}{language}", *lines, fence])


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: bool = False) -> str:
    """Return a table; with ``numbers`` every column but the first is aligned right."""
    rule = ["---", *(["---:" if numbers else "---"] * (len(head) - 1))]
    lines = [head, rule, *([escaped(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    plain = " ".join(text.split())
    return plain.replace("<", "&lt;").replace("|", "\\|")


def page_blocks(page: Page) -> Iterator[str]:
    """Yield a page as blocks of Markdown, one below the headings of a report's specs."""
    yield f"## {escaped(page.title)}"
    for section in page.sections:
        if section.heading:
            yield f"### {escaped(section.heading)}"
        if section.paragraphs:
            yield "\n".join(f"- {escaped(told)}" for told in section.paragraphs)
        if section.table:
            yield table(section.table.columns, section.table.rows)
        if section.code:
            yield fenced(section.code.splitlines())
