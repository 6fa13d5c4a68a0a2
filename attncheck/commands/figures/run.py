"""Compare what was asked for, and add up what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec

from attncheck.commands.figures.compare import RowCompared, figure
from attncheck.commands.figures.counters import COUNTERS
from attncheck.commands.figures.rows import Published, published
from attncheck.commands.words import spec_of
from attncheck.errors import UsageError, did_you_mean
from attncheck.spec.shelf import find_path


class Totals(msgspec.Struct, frozen=True):
    """How many rows there are, and what became of them.

    Attributes:
        rows: all that were asked for.
        built: those that were built and compared.
        agree: those whose every figure agrees within its printed digits.
        disagree: the other built ones.
        explained: of these, those that another known convention explains figure by figure.
        not_built: those that say why.
    """

    rows: int
    built: int
    agree: int
    disagree: int
    explained: int
    not_built: int


class Source(msgspec.Struct, frozen=True):
    """One published table, its conventions in words, and its rows."""

    table: str
    source: str
    status: str
    conventions: str
    rows: list[RowCompared]


class FiguresCompared(msgspec.Struct, frozen=True):
    """Everything that was compared: totals over all rows, by status, and the tables."""

    totals: Totals
    by_status: dict[str, Totals]
    tables: list[Source]


def chosen(names: Sequence[str], status: str) -> list[Published]:
    """Return the rows about these specs or mechanisms, or of these tables; all without a name.

    Raises:
        UsageError: nothing is published under a name.
    """
    rows = [row for row in published() if status in ("", row.table.status)]
    if not names:
        return rows
    found: dict[str, Published] = {}
    for name in names:
        mine = [row for row in published() if name.lower() in _names(row)] or _of_spec(name)
        if not mine:
            known = sorted({each for row in published() for each in (*row.specs, table_of(row))})
            raise UsageError(f"no published figures of '{name}'", instead=did_you_mean(name, known))
        found |= {row.id: row for row in mine if row in rows}
    return [row for row in rows if row.id in found]


def _of_spec(name: str) -> list[Published]:
    spec = spec_of(name, "figures are of specs, tables and mechanisms")
    path = None if "/" in spec else find_path(spec)
    return [row for row in published() if (path.stem if path else spec) in row.specs]


def compared(rows: Iterable[Published], listen: Callable[[str], None]) -> FiguresCompared:
    """Build and compare rows, telling ``listen`` each row's id before it is built."""
    tables: dict[str, list[RowCompared]] = {}
    sources: dict[str, Published] = {}
    for row in rows:
        listen(row.id)
        tables.setdefault(table_of(row), []).append(figure(row))
        sources.setdefault(table_of(row), row)
    every = [each for found in tables.values() for each in found]
    statuses = dict.fromkeys(each.status for each in every)
    return FiguresCompared(
        totals=totals(every),
        by_status={name: totals([e for e in every if e.status == name]) for name in statuses},
        tables=[
            Source(
                name,
                sources[name].table.source,
                sources[name].table.status,
                conventions(sources[name]),
                found,
            )
            for name, found in tables.items()
        ],
    )


def totals(rows: Sequence[RowCompared]) -> Totals:
    """Add up rows by verdict."""
    count = Counter(row.verdict for row in rows)
    wrong = [row for row in rows if row.verdict == "disagrees"]
    explained = sum(all(part.agrees or part.explained for part in row.parts) for row in wrong)
    built = count["agrees"] + count["disagrees"]
    return Totals(
        len(rows), built, count["agrees"], count["disagrees"], explained, count["not built"]
    )


def table_of(row: Published) -> str:
    """Return the name of the row's table."""
    return row.id.split("/")[0]


def conventions(row: Published) -> str:
    """Return a table's units in words."""
    table = row.table
    million = "2²⁰" if table.million == 2**20 else "10⁶"
    unit = "2³⁰" if table.flops_unit == 2**30 else "10⁹"
    said = [f"params in {million}{', norms folded into convolutions' if table.folded else ''}"]
    if any(each.flops for each in table.rows):
        rule = (COUNTERS[table.counter].__doc__ or "").rstrip(".")
        said.append(f"FLOPs in {unit}, {table.per_mac} per multiply-add")
        said.append(f"counter {table.counter}: {rule[:1].lower()}{rule[1:]}")
    return "; ".join([*said, *([table.units] if table.units else [])])


def _names(row: Published) -> tuple[str, ...]:
    return row.id, table_of(row), row.row.mechanism.lower()
