"""Profiles as a page: what each point costs, how long it takes, and how both grow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from attncheck.data.page import Page, Section, Table
from attncheck.data.profile import Growth, Profile, Row
from attncheck.data.report import Report, SubjectReport
from attncheck.formats.shared.charts import chart
from attncheck.formats.shared.profile_notes import name_of, notes
from attncheck.formats.shared.profile_tables import point, tables
from attncheck.formats.shared.units import count, duration, factor, plain, share, size

_Subjects = Sequence[tuple[SubjectReport, Profile]]

SORTS: dict[str, Callable[[str, Row], Any]] = {
    "name": lambda name, row: name,
    "size": lambda name, row: _last(row.size),
    "parameters": lambda name, row: _last(row.parameters),
    "macs": lambda name, row: _last(row.macs),
    "peak": lambda name, row: _last(row.peak_bytes),
    "latency": lambda name, row: _last(row.forward.least if row.forward else None),
    "throughput": lambda name, row: -(row.throughput or 0),
    "ratio": lambda name, row: _last(row.forward.ratio if row.forward else None),
}
"""What rows can be sorted by: the cheapest first."""

_MOST_CHARTS = 4
_MOST_OPERATORS = 8


def has_profiles(report: Report) -> bool:
    """Say whether a report holds figures."""
    return any(subject.profile for subject in report.subjects)


def profile_page(report: Report, sort: str = "") -> Page:
    """Return the profiles of a report as a page; rows sorted as asked, or as they were measured."""
    subjects = [(s, s.profile) for s in report.subjects if s.profile]
    pairs = [(name_of(s), row) for s, profile in subjects for row in profile.rows]
    if sort:
        pairs.sort(key=lambda pair: SORTS[sort](*pair))
    sections: list[Section] = [*_warnings(subjects), *tables(pairs), *_against(subjects)]
    if len(subjects) == 1 and pairs:
        sections += _operators(pairs[0][1])
    for subject, profile in subjects[:_MOST_CHARTS]:
        sections += _growth(name_of(subject), profile.scaling)
    sections += notes(subjects, pairs)
    about = subjects[0][1] if subjects else Profile()
    title = " · ".join(
        filter(
            None,
            (
                name_of(subjects[0][0]) if len(subjects) == 1 else "",
                f"cost and speed on {about.device or '?'}",
                about.device_name,
                f"torch {about.torch or '?'}",
                "partial: interrupted" if report.partial else "",
            ),
        )
    )
    return Page(title, sections)


def _warnings(subjects: _Subjects) -> Iterator[Section]:
    told = [f"{name_of(s)}: {profile.warning}" for s, profile in subjects if profile.warning]
    if any(profile.refused for _, profile in subjects):
        told.append("--anyway tries no claim, and measures them")
    told += [f"{name_of(s)}: {profile.disturbed}" for s, profile in subjects if profile.disturbed]
    if told:
        yield Section("Warning", told)


def _against(subjects: _Subjects) -> Iterator[Section]:
    for subject, profile in subjects:
        if (found := profile.against) is None:
            continue
        rows = []
        for row in found.rows:
            span, sure = "–", ""
            if row.interval:
                span = f"{factor(row.interval[0])} to {factor(row.interval[1])}"
                sure = f"{row.confidence or 0:.1%} of {len(row.ratios)} pairs"
            ratio = factor(row.ratio) if row.ratio else "–"
            told = row.answer + (f": {row.why}" if row.why else "")
            rows.append([*point("", row)[1:3], row.mode, ratio, span, sure, told])
        columns = ["input", "dtype", "pass", "ratio", "interval", "confidence", "answer"]
        heading = f"{name_of(subject)} against {found.target}: {found.answer}"
        yield Section(heading, table=Table(rows, columns))


def _operators(row: Row) -> Iterator[Section]:
    """Yield where the MACs of a point go: a column that adds up."""
    operators = [*row.by_operator.items()]
    total = row.macs
    if not operators or not total:
        return
    shown, rest = operators[:_MOST_OPERATORS], operators[_MOST_OPERATORS:]
    if rest:
        shown.append((f"{len(rest)} others", sum(macs for _, macs in rest)))
    shown.append(("together", total))
    rows = [[name, plain(macs), share(macs / total)] for name, macs in shown]
    yield Section(f"MACs at {row.input}", table=Table(rows, ["operator", "MACs", "share"]))


def _growth(name: str, scaling: Mapping[str, Growth]) -> Iterator[Section]:
    drawn = {
        label: (scaling[of].points, written)
        for of, label, written in (
            ("macs", "MACs", count),
            ("memory", "peak", size),
            ("latency", "quickest", duration),
        )
        if of in scaling and len(scaling[of].points) > 1
    }
    told = [
        f"{label} = {scaling[of].polynomial}{unit}"
        for of, label, unit in (("macs", "MACs", ""), ("memory", "predicted peak", " bytes"))
        if of in scaling and scaling[of].polynomial
    ]
    if "latency" in scaling and (seen := scaling["latency"].exponent) is not None:
        told.append(f"time grows with the size to the power {seen:.2f}, as observed")
    if told or drawn:
        yield Section(f"Growth of {name}", told, code=chart(drawn) if drawn else "")


def _last(value: float | None) -> float:
    return float("inf") if value is None else value
