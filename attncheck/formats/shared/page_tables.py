"""The tables of a page for other programs and for papers: CSV, LaTeX, Markdown."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from attncheck.data.harmless import one_line
from attncheck.data.page import Page, Section
from attncheck.formats.shared.markdown import page_blocks

_NUMBER = re.compile(r"[+-]?\d+(,\d{3})*(\.\d+)?(e[+-]?\d+)?")
_FIGURE = re.compile(r"[+-]?[\d.,]+(e[+-]?\d+)?( ?[×%]| [A-Za-zµ/]+)?|–|")
_SIGNS = {
    "\\": r"\textbackslash{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "–": "--",
    "µ": r"\textmu{}",
    "²": r"$^2$",
    "³": r"$^3$",
    "→": r"$\to$",
    "≤": r"$\le$",
    "≥": r"$\ge$",
}
_RUNS = "=+-@"
"""What spreadsheets take for the beginning of a formula."""


def csv_of(page: Page) -> str:
    """Return the tables as CSV: a heading as a comment, numbers without separators, an empty line
    between two tables.
    """
    blocks = []
    for heading, section in _tables(page):
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        assert section.table is not None
        if section.table.columns:
            rows.writerow(map(_plain, section.table.columns))
        rows.writerows([_plain(cell) for cell in row] for row in section.table.rows)
        blocks.append((f"# {one_line(heading)}\n" if heading else "") + text.getvalue())
    return "\n".join(blocks)


def latex_of(page: Page) -> str:
    """Return the tables as ``tabular`` of the package booktabs, what is said beside as comments."""
    lines = ["% needs \\usepackage{booktabs}", *_comment(page.title)]
    for section in page.sections:
        lines += _comment(section.heading)
        lines += [line for told in section.paragraphs for line in _comment(told)]
        if section.table is None or not section.table.rows:
            continue
        columns, rows = section.table.columns, section.table.rows
        alignment = "".join(
            "r" if at and all(_FIGURE.fullmatch(row[at].strip()) for row in rows) else "l"
            for at in range(len(rows[0]))
        )
        head = [_row(columns), r"\midrule"] if any(columns) else []
        lines += [rf"\begin{{tabular}}{{{alignment}}}", r"\toprule", *head]
        lines += [*map(_row, rows), r"\bottomrule", r"\end{tabular}"]
    return "\n".join(lines) + "\n"


def markdown_of(page: Page) -> str:
    """Return the page as Markdown."""
    return "\n\n".join(page_blocks(page)) + "\n"


class PageFormat(NamedTuple):
    """One way of writing a page: the ending of its files, and what makes it."""

    suffix: str
    text: Callable[[Page], str]


PAGE_FORMATS: Mapping[str, PageFormat] = {
    "csv": PageFormat(".csv", csv_of),
    "latex": PageFormat(".tex", latex_of),
    "markdown": PageFormat(".md", markdown_of),
}


def _tables(page: Page) -> Iterator[tuple[str, Section]]:
    for section in page.sections:
        if section.table is not None and section.table.rows:
            yield section.heading, section


def _plain(cell: str) -> str:
    """Return a cell for a program: a number as one, a text that no spreadsheet runs."""
    text = one_line(cell)
    if _NUMBER.fullmatch(text.strip()):
        return text.strip().replace(",", "")
    return f"'{text}" if text[:1] in _RUNS and text else text


def _row(cells: list[str]) -> str:
    return " & ".join(map(_escaped, cells)) + r" \\"


def _escaped(cell: str) -> str:
    text = one_line(cell)
    deep = len(text) - len(text.lstrip(" "))
    return r"\quad " * (deep // 2) + "".join(_SIGNS.get(sign, sign) for sign in text.lstrip(" "))


def _comment(text: str) -> Iterator[str]:
    if text:
        yield f"% {one_line(text)}"
