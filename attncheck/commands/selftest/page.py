"""Show a self-test as a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from attncheck.commands.selftest.results import KillTable, MutantRow, SelfTest
from attncheck.data.page import Page, Section, Table

_COLUMNS = [
    "spec", "made", "invalid", "equivalent", "alike", "distinct", "tried", "allowed", "passed",
    "killed", "by claims alone",
]  # fmt: skip
_LONGEST_LIST = 60
_EQUAL = ("allowed", "called equal")
_COUNTS = ("made", "invalid", "equivalent", "alike", "distinct", "tried", "allowed", "passed")


def page_of(found: SelfTest) -> Page:
    """Return the kill table, who noticed, and every survivor with its edit."""
    return Page("Mutants of the references, and who notices", [*_sections(found)])


def _sections(found: SelfTest) -> Iterator[Section]:
    tables = [table for table in found.tables if not table.problem]
    rows = [_row(table) for table in tables]
    if len(tables) > 1:
        rows.append(_total(tables))
    yield Section(table=Table(rows, _COLUMNS))
    told = [f"{t.spec}: {t.problem}" for t in found.tables if t.problem]
    told += [
        f"{t.spec}: the time is up, {t.out_of_time} mutants were not audited (--budget SECONDS)"
        for t in tables
        if t.out_of_time
    ]
    if told:
        yield Section("Not done", told)
    yield Section("First to notice", table=Table(_first(tables), ["claim", "mutants"]))
    how = Counter[str]()
    for table in tables:
        how.update(table.by_equivalence)
    answers = [[name, str(count)] for name, count in how.most_common()]
    yield Section("What comparing with the reference says", table=Table(answers))
    if found.full:
        counts = Counter[str]()
        for table in tables:
            counts.update(table.counts)
        pairs = sorted(counts.items(), key=lambda item: int(item[0]))
        yield Section("How many claims notice", table=Table([[n, str(k)] for n, k in pairs]))
    yield from _survivors(tables)


def _survivors(tables: list[KillTable]) -> Iterator[Section]:
    every = [(table, row) for table in tables for row in table.rows]
    groups = (
        ("Survived", [e for e in every if not e[1].killed and not e[1].allowed]),
        ("Survived the claims alone", [e for e in every if e[1].killed and not e[1].by_claims]),
        (
            "Allowed: another option, layout or name, or a design change",
            [e for e in every if e[1].allowed],
        ),
        (
            "Proven equal, and violating: a contradiction",
            [
                e
                for e in every
                if e[1].by_claims and e[1].equivalence in ("allowed", "called equal")
            ],
        ),
    )
    for heading, found in groups:
        if found:
            rows = [_survivor(table, row) for table, row in found[:_LONGEST_LIST]]
            more = len(found) - len(rows)
            note = [f"and {more} more: --format json shows all"] if more else []
            yield Section(f"{heading} ({len(found)})", note, Table(rows))


def _survivor(table: KillTable, row: MutantRow) -> list[str]:
    said = " · ".join(part for part in (row.setting, row.note) if part)
    return [f"{table.spec}.m{row.index}", row.operator, said or row.equivalence, _edit(row)]


def _edit(row: MutantRow) -> str:
    return " ".join(line.strip() for line in row.diff)


def _row(table: KillTable) -> list[str]:
    counts = [str(getattr(table, name)) for name in _COUNTS]
    shares = [_share(count, table.counted) for count in (table.killed, table.by_claims)]
    return [table.spec, *counts, *shares]


def _total(tables: list[KillTable]) -> list[str]:
    counts = [str(sum(getattr(table, name) for table in tables)) for name in _COUNTS]
    of = sum(table.counted for table in tables)
    killed = sum(table.killed for table in tables)
    return ["all", *counts, _share(killed, of), _share(sum(t.by_claims for t in tables), of)]


def _first(tables: list[KillTable]) -> list[list[str]]:
    first = Counter[str]()
    for table in tables:
        first.update(table.first)
    return [[name, str(count)] for name, count in first.most_common()]


def _share(count: int, of: int) -> str:
    return f"{count} ({100 * count / of:.1f} %)" if of else "–"
