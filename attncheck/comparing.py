"""Subjects side by side: claims held, parameters, MACs, memory, reach, growth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from attncheck.page import Page, Section, Table
from attncheck.report import Report, Status, SubjectReport


class Compared(msgspec.Struct, frozen=True, omit_defaults=True):
    """One subject's figures; None where one is not known."""

    name: str
    verdict: str
    held: int
    claims: int
    shape: dict[str, int]
    parameters: int | None = None
    macs: int | None = None
    elementwise: int | None = None
    memory: int | None = None
    """Peak bytes of a forward pass in float32 above inputs and parameters, read off shapes."""
    reach: int | None = None
    positions: int | None = None
    growth: str = ""
    order: float | None = None


class Comparison(msgspec.Struct, frozen=True):
    """What ``attncheck compare`` found, sorted as asked."""

    rows: list[Compared]
    sort: str
    environment: dict[str, Any]
    schema: str = "attncheck.comparison/1"


KEYS: dict[str, Callable[[Compared], Any]] = {
    "name": lambda row: row.name,
    "claims": lambda row: row.held - row.claims,
    "parameters": lambda row: _last(row.parameters),
    "macs": lambda row: _last(row.macs),
    "elementwise": lambda row: _last(row.elementwise),
    "memory": lambda row: _last(row.memory),
    "reach": lambda row: -(row.reach or 0) / (row.positions or 1),
    "growth": lambda row: _last(row.order),
}
"""What rows can be sorted by: the cheapest first, the widest reach first."""

_SHAPE = ("B", "C", "H", "W", "N", "M")


def compare(report: Report, sort: str = "") -> Comparison:
    """Return the rows of a report whose jobs asked for costs, in the order asked for."""
    rows = [_row(subject) for subject in report.subjects]
    if sort:
        rows.sort(key=KEYS[sort])
    return Comparison(rows, sort, report.environment)


def _last(value: float | None) -> float:
    return float("inf") if value is None else value


def _row(subject: SubjectReport) -> Compared:
    judged = [f for f in subject.findings if not f.advice and f.status is not Status.SKIPPED]
    counts = subject.counts
    costs = counts.get("costs", {})
    axes = {axis for name in subject.dims for axis in [name] if name in _SHAPE}
    return Compared(
        name=f"{subject.spec}@{subject.subject}",
        verdict=subject.verdict.value,
        held=sum(f.status is Status.HOLDS for f in judged),
        claims=len(judged),
        shape={n: subject.dims[n] for n in _SHAPE if n in axes},
        parameters=counts.get("parameters"),
        macs=counts.get("macs"),
        elementwise=counts.get("other_ops"),
        **costs,
    )


def page_of(found: Comparison) -> Page:
    """Return the comparison as a table, with the shape of each row where they differ."""
    shapes = {tuple(row.shape.items()) for row in found.rows}
    columns = ["", "verdict", "claims held", "parameters", "MACs", "element-wise", "memory"]
    columns += ["reach", "MACs in N"]
    one = len(shapes) == 1
    if not one:
        columns.append("at")
    rows = [_cells(row) + ([] if one else [_words(row.shape)]) for row in found.rows]
    notes = [f"one call at {_words(found.rows[0].shape)}"] if one and found.rows else []
    notes.append(
        "one multiply-add = 1 MAC; memory: peak bytes of a forward pass in float32 above inputs "
        "and parameters; reach: input positions that change one output position; N: positions"
    )
    return Page("Side by side", [Section(table=Table(rows, columns)), Section(paragraphs=notes)])


def _cells(row: Compared) -> list[str]:
    reach = "–" if row.reach is None else f"{row.reach} of {row.positions}"
    figures = [row.parameters, row.macs, row.elementwise, row.memory]
    return [
        row.name,
        row.verdict,
        f"{row.held} of {row.claims}",
        *("–" if n is None else f"{n:,}" for n in figures),
        reach,
        row.growth or "–",
    ]


def _words(shape: dict[str, int]) -> str:
    return " ".join(f"{name}={size}" for name, size in shape.items())
