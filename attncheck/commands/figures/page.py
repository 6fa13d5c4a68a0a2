"""Show the comparison of figures as a page."""

from __future__ import annotations

from collections.abc import Iterator

from attncheck.commands.figures.compare import FigureCompared, RowCompared, decimals
from attncheck.commands.figures.run import FiguresCompared, Source, Totals
from attncheck.data.page import Page, Section, Table

_COLUMNS = ["", "backbone", "params", "counted", "FLOPs", "counted", ""]
_NONE = "–"
_MOST_EXPLAINED = 3


def page_of(found: FiguresCompared) -> Page:
    """Return a section for each published table, and one line of totals."""
    return Page("Published figures against counts", [*_sections(found)])


def _sections(found: FiguresCompared) -> Iterator[Section]:
    for table in found.tables:
        yield Section(_heading(table), [table.conventions], _table(table))
    lines = [summary(found.totals)]
    if len(found.by_status) > 1:
        lines += [f"{name}: {summary(each)}" for name, each in found.by_status.items()]
    yield Section("Totals", lines)


def _heading(table: Source) -> str:
    recalled = " (recalled: from memory, not seen)" if table.status == "recalled" else ""
    return f"{table.table} · {table.source}{recalled}"


def _table(table: Source) -> Table:
    return Table([_row(row) for row in table.rows], _COLUMNS)


def _row(row: RowCompared) -> list[str]:
    cells = [_plain(row.mechanism), row.backbone]
    for printed, part in zip(row.printed, (row.params, row.flops), strict=True):
        cells += [printed or _NONE, shown(part) if part else _NONE]
    return [*cells, said(row)]


def _plain(mechanism: str) -> str:
    return "plain" if mechanism == "none" else mechanism


def shown(part: FigureCompared) -> str:
    """Return a count in the published unit, with two digits more than were printed."""
    return f"{part.value:,.{decimals(part.printed) + 2}f}"


def said(row: RowCompared) -> str:
    """Return whether a row agrees, by how much it does not, and what would explain it."""
    if row.verdict == "not built":
        memory = f"; memory {row.memory}" if row.memory else ""
        return f"not built: {row.why}{memory}"
    text = row.verdict
    if row.verdict == "disagrees":
        wrong = [(n, p) for n, p in (("params", row.params), ("FLOPs", row.flops)) if p]
        text += ": " + "; ".join(_difference(n, p) for n, p in wrong if not p.agrees)
    return "; ".join(part for part in (text, row.note) if part)


def _difference(name: str, part: FigureCompared) -> str:
    text = f"{name} {part.difference:+.{decimals(part.printed) + 1}f}"
    if not part.explained:
        return text
    shown_here = " or ".join(part.explained[:_MOST_EXPLAINED])
    more = "…" if len(part.explained) > _MOST_EXPLAINED else ""
    return f"{text} (would agree {shown_here}{more})"


def summary(total: Totals) -> str:
    """Return one line: how many rows were built, agree, disagree, and were not built."""
    return (
        f"{total.rows} published rows: {total.built} built, {total.agree} agree within the printed "
        f"digits, {total.disagree} disagree ({total.explained} of them explained by another known "
        f"convention), {total.not_built} not built"
    )
