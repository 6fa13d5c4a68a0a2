"""How often attncheck is wrong: of whole audits, and by kind of claim."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from attncheck.commands.evaluate.page import page_of
from attncheck.commands.evaluate.run import Evaluation
from attncheck.data.page import Section, Table
from docs.site.claims import broken_by
from docs.site.markdown import plain, templates
from docs.site.shelf import kinds

STORED = Path(__file__).parents[2] / "reports" / "evaluation.json"
"""What ``nox -s selftest`` has found."""
_WRONG = ("Missed", "Accused", "Undecided", "Caught, and the line", "Left out")


def errors_page(stored: Path = STORED) -> str:
    """Return the page as Markdown; without a finished evaluation, what the tests say alone."""
    found = None
    if stored.is_file():
        read = msgspec.json.decode(stored.read_bytes(), type=Evaluation)
        found = None if read.partial else read
    sections = page_of(found).sections if found else []
    rows = list(_kinds(found))
    columns = ["claim kind", "in the tests", "faulty", "it alone", "correct, accused"]
    return (
        templates()
        .get_template("errors.md.j2")
        .render(
            evaluation=found,
            measured=_measured(found) if found else "",
            totals=_inert(sections[0].table if sections else None),
            lists=[
                (one.heading, _inert(one.table).rows)
                for one in sections
                if one.heading.startswith(_WRONG)
            ],
            classes=_inert(_named(sections, "By class of fault")),
            columns=columns if found else columns[:2],
            rows=[row for row in rows if any(row[1:])],
            rest=[row[0] for row in rows if not any(row[1:])],
        )
    )


def _measured(found: Evaluation) -> str:
    """Return with what it was measured, as far as the evaluation says so."""
    known = found.environment
    told = [f"{name} {known[name]}" for name in ("attncheck", "torch") if name in known]
    return f", here with {', '.join(told)}" if told else ""


def _kinds(found: Evaluation | None) -> Iterator[list[str]]:
    for name in kinds():
        counts = [str(len(broken_by(name)) or "")]
        if found:
            counts += [str(one or "") for one in found.tally.probes.get(name, [0, 0, 0])]
        yield [f"[{name}](claims/{name}.md)", *counts]


def _named(sections: list[Section], heading: str) -> Table | None:
    return next((one.table for one in sections if one.heading == heading), None)


def _inert(found: Table | None) -> Table:
    """Return a table whose cells are Markdown."""
    rows = [[plain(cell) for cell in row] for row in found.rows] if found else []
    return Table(rows, [plain(name) for name in found.columns] if found else [])
