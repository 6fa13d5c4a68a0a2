"""A difference of two reports as a page, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attncheck.commands.report.diff import ReportDifference, SubjectChange, ValueChange
from attncheck.data.harmless import one_line
from attncheck.data.page import Page, Section, Table
from attncheck.formats.shared.markdown import escaped, table
from attncheck.formats.shared.wording import plural

_NONE = "–"
_LONGEST = 400


def page_of(found: ReportDifference) -> Page:
    """Return what changed as a page for a terminal."""
    return Page(summary(found), list(_sections(found)))


def summary(found: ReportDifference) -> str:
    """Return one line: how many subjects changed, and how many did not."""
    if not found.subjects and not found.environment:
        return f"nothing changed in {plural(found.same, 'subject')}"
    return f"{plural(len(found.subjects), 'subject')} changed, {found.same} did not"


def markdown_of(found: ReportDifference) -> str:
    """Return what changed as GitHub-flavoured Markdown."""
    blocks = [f"**{summary(found)}**"]
    for section in _sections(found):
        blocks.append(f"### {escaped(section.heading)}")
        if section.table:
            blocks.append(table(section.table.columns, section.table.rows))
    return "\n\n".join(blocks) + "\n"


def _sections(found: ReportDifference) -> Iterator[Section]:
    for subject in found.subjects:
        rows = [[c.claim, c.before or _NONE, c.after or _NONE, c.message] for c in subject.claims]
        rows += [_row(change) for change in subject.counts]
        table = Table(rows, ["", "before", "after", ""]) if rows else None
        yield Section(_heading(subject), table=table)
    if found.environment:
        rows = [_row(change)[:3] for change in found.environment]
        yield Section("environment", table=Table(rows, ["", "before", "after"]))


def _heading(subject: SubjectChange) -> str:
    title = f"{subject.subject} · {subject.target}"
    if not subject.before:
        return f"{title}: new, {subject.after}"
    if not subject.after:
        return f"{title}: gone, it was: {subject.before}"
    if subject.before == subject.after:
        return f"{title}: still {subject.after}"
    return f"{title}: {subject.before} → {subject.after}"


def _row(change: ValueChange) -> list[str]:
    return [change.name, _value(change.before), _value(change.after), _by(change)]


def _value(value: Any) -> str:
    match value:
        case None:
            return _NONE
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case list():
            return one_line(", ".join(map(str, value)), _LONGEST) or _NONE
    return one_line(str(value), _LONGEST)


def _by(change: ValueChange) -> str:
    """Return by how much a number changed, with its share: ``+1,024 (+12.5 %)``."""
    match change.before, change.after:
        case bool(), _:
            return ""
        case int(before), int(after):
            share = f" ({(after - before) / before:+.1%})".replace("%", " %") if before else ""
            return f"{after - before:+,}{share}"
    return ""
