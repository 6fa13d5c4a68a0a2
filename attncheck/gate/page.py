"""What a gate answered, for people: a page, Markdown, annotations for GitHub, plain text.

Plain text, for logs and pipes, loads no library and has no colours to leave out.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from attncheck.data.page import Page, Section, Table
from attncheck.formats.shared.commands import MOST, command, data
from attncheck.gate.result import Answer, Check, GateResult

_SIGN = {Answer.HOLDS: "✓", Answer.REGRESSED: "✗", Answer.UNDECIDED: "?"}
_LATENCY = ["subject", "latency", "", "change", "interval", "would find"]

_LEVELS = {Answer.REGRESSED: "error", Answer.UNDECIDED: "warning"}

_GAP = "  "
_LEAST, _NARROWEST = 24, 40


def summary(result: GateResult) -> str:
    """Return ``✗ regressed · 41 hold · 1 regressed · 2 undecided``."""
    counts = [f"{len(_with(result, Answer.HOLDS)):,} hold"]
    for answer in (Answer.REGRESSED, Answer.UNDECIDED):
        if found := _with(result, answer):
            counts.append(f"{len(found):,} {answer.value}")
    return " · ".join([f"{_SIGN[result.answer]} {result.answer.value}", *counts])


def page_of(result: GateResult) -> Page:
    """Return the page: what is wrong first, then the commands that settle it."""
    sections = [
        Section(heading, table=Table(rows, columns)) for heading, columns, rows in _tables(result)
    ]
    if commands := _commands(result):
        sections.append(Section("to settle it", code="\n".join(commands)))
    if result.notes:
        sections.append(Section(paragraphs=result.notes))
    return Page(f"gate  {summary(result)}", sections)


def markdown_of(result: GateResult) -> str:
    """Return the result as Markdown, for a pull request's comment or a job's summary."""
    from attncheck.formats.shared.markdown import escaped, fenced, table

    blocks = [f"## Gate: {summary(result)}"]
    for heading, columns, rows in _tables(result):
        blocks += [
            f"### {escaped(heading.capitalize())}",
            table(columns or [""] * len(rows[0]), rows),
        ]
    if commands := _commands(result):
        blocks += ["### To settle it", fenced(commands, "sh")]
    blocks += map(escaped, result.notes)
    return "\n\n".join(blocks) + "\n"


def _tables(result: GateResult) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """Yield heading, columns and rows of each part; no part is empty."""
    for answer in (Answer.REGRESSED, Answer.UNDECIDED):
        if found := _with(result, answer):
            rows = [[c.subject or "report", c.claim, _changed(c), c.reason] for c in found]
            yield answer.value, ["subject", "", "was → is", "why"], rows
    if timed := [c for c in result.checks if "interval" in c.evidence]:
        yield "latency", _LATENCY, [_latency(check) for check in timed]
    let = [c for c in _with(result, Answer.HOLDS) if c.reason and "interval" not in c.evidence]
    if let:
        yield "holds, because", [], [[c.subject, c.claim, c.reason] for c in let]


def _latency(check: Check) -> list[str]:
    low, high = check.evidence["interval"]
    least = check.evidence.get("detectable")
    return [
        check.subject,
        check.claim.removeprefix("latency "),
        check.answer.value,
        check.now,
        f"{low - 1:+.1%} to {high - 1:+.1%} ({check.evidence['confidence']:.2%})",
        f"{least:+.1%}" if least is not None else "",
    ]


def _changed(check: Check) -> str:
    if not check.before and not check.now:
        return ""
    if check.before == check.now:
        return check.now
    return f"{check.before or 'nothing'} → {check.now or 'nothing'}"


def _commands(result: GateResult) -> list[str]:
    """Return every command once, in the order of the checks."""
    found = [c for answer in (Answer.REGRESSED, Answer.UNDECIDED) for c in _with(result, answer)]
    return list(dict.fromkeys(check.resolve for check in found if check.resolve))


def _with(result: GateResult, answer: Answer) -> list[Check]:
    return [check for check in result.checks if check.answer is answer]


def annotated(result: GateResult) -> str:
    """Return one workflow command per line, and the summary as a notice."""
    lines: list[str] = []
    for answer, level in _LEVELS.items():
        found = [check for check in result.checks if check.answer is answer]
        shown = found if len(found) <= MOST else found[: MOST - 1]
        lines += [_command(level, check) for check in shown]
        if len(found) > len(shown):
            lines.append(f"::{level}::{len(found) - len(shown)} more are {answer.value}")
    lines.append(f"::notice title=attncheck gate::{data(summary(result))}")
    return "\n".join(lines) + "\n"


def _command(level: str, check: Check) -> str:
    properties = {"title": f"{check.subject or 'report'}: {check.claim}"}
    if check.path:
        properties = {"file": check.path, **properties}
        if check.line:
            properties["line"] = str(check.line)
    message = check.reason or check.answer.value
    if check.resolve:
        message += f"\n{check.resolve}"
    return f"::{level} {command(properties, message)}"


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
