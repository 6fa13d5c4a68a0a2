"""Profiles as a page: what each point costs, how long it takes, and how both grow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from attncheck.data.page import Page, Section, Table
from attncheck.data.profile import read_profile
from attncheck.data.report import Report, SubjectReport
from attncheck.formats.shared.charts import chart
from attncheck.formats.shared.profile_notes import name_of, notes
from attncheck.formats.shared.profile_tables import point, tables
from attncheck.formats.shared.units import count, duration, factor, plain, share, size

Row = Mapping[str, Any]

SORTS: dict[str, Callable[[str, Row], Any]] = {
    "name": lambda name, row: name,
    "size": lambda name, row: _last(row.get("size")),
    "parameters": lambda name, row: _last(row.get("parameters")),
    "macs": lambda name, row: _last(row.get("macs")),
    "peak": lambda name, row: _last(row.get("peak_bytes")),
    "latency": lambda name, row: _last(_of(row, "forward", "least")),
    "throughput": lambda name, row: -(row.get("throughput") or 0),
    "ratio": lambda name, row: _last(_of(row, "forward", "ratio")),
}
"""What rows can be sorted by: the cheapest first."""

_MOST_CHARTS = 4
_MOST_OPERATORS = 8


def has_profiles(report: Report) -> bool:
    """Say whether a report holds figures that can be read."""
    return bool(_readable(report))


def _readable(report: Report) -> list[SubjectReport]:
    return [s for s in report.subjects if s.profile and read_profile(s.profile)[0]]


def profile_page(report: Report, sort: str = "") -> Page:
    """Return the profiles of a report as a page; rows sorted as asked, or as they were measured."""
    subjects = _readable(report)
    pairs = [(name_of(s), row) for s in subjects for row in s.profile.get("rows", [])]
    if sort:
        pairs.sort(key=lambda pair: SORTS[sort](*pair))
    sections: list[Section] = [*_warnings(subjects), *tables(pairs), *_against(subjects)]
    if len(subjects) == 1 and pairs:
        sections += _operators(pairs[0][1])
    for subject in subjects[:_MOST_CHARTS]:
        sections += _growth(subject)
    sections += notes(subjects, pairs)
    about = subjects[0].profile if subjects else {}
    title = " · ".join(
        filter(
            None,
            (
                name_of(subjects[0]) if len(subjects) == 1 else "",
                f"cost and speed on {about.get('device', '?')}",
                str(about.get("device_name", "")),
                f"torch {about.get('torch', '?')}",
                "partial: interrupted" if report.partial else "",
            ),
        )
    )
    return Page(title, sections)


def _warnings(subjects: Sequence[SubjectReport]) -> Iterator[Section]:
    told = [f"{name_of(s)}: {s.profile['warning']}" for s in subjects if s.profile.get("warning")]
    refused = [s for s in subjects if s.profile.get("refused")]
    if refused:
        told.append("--anyway measures them, and marks every figure")
    told += [
        f"{name_of(s)}: {s.profile['disturbed']}" for s in subjects if s.profile.get("disturbed")
    ]
    if told:
        yield Section("Warning", told)


def _against(subjects: Sequence[SubjectReport]) -> Iterator[Section]:
    for subject in subjects:
        if not (found := subject.profile.get("against")):
            continue
        rows = []
        for row in found.get("rows", []):
            interval = row.get("interval")
            span = f"{factor(interval[0])} to {factor(interval[1])}" if interval else "–"
            sure = (
                f"{row.get('confidence', 0.0):.1%} of {len(row['ratios'])} pairs"
                if interval
                else ""
            )
            ratio = factor(row["ratio"]) if row.get("ratio") else "–"
            told = row.get("answer", "–") + (f": {row['why']}" if row.get("why") else "")
            mode = row.get("mode", "forward")
            rows.append([*point("", row)[1:3], mode, ratio, span, sure, told])
        columns = ["input", "dtype", "pass", "ratio", "interval", "confidence", "answer"]
        heading = f"{name_of(subject)} against {found.get('target')}: {found.get('answer')}"
        yield Section(heading, table=Table(rows, columns))


def _operators(row: Row) -> Iterator[Section]:
    """Yield where the MACs of a point go: a column that adds up."""
    operators = [*row.get("by_operator", {}).items()]
    total = row.get("macs")
    if not operators or not total:
        return
    shown, rest = operators[:_MOST_OPERATORS], operators[_MOST_OPERATORS:]
    if rest:
        shown.append((f"{len(rest)} others", sum(macs for _, macs in rest)))
    shown.append(("together", total))
    rows = [[name, plain(macs), share(macs / total)] for name, macs in shown]
    yield Section(f"MACs at {row['input']}", table=Table(rows, ["operator", "MACs", "share"]))


def _growth(subject: SubjectReport) -> Iterator[Section]:
    scaling = subject.profile.get("scaling", {})
    drawn = {
        label: (scaling[of].get("points", []), written)
        for of, label, written in (
            ("macs", "MACs", count),
            ("memory", "peak", size),
            ("latency", "quickest", duration),
        )
        if len(scaling.get(of, {}).get("points", [])) > 1
    }
    told = [
        f"{label} = {scaling[of]['polynomial']}{unit}"
        for of, label, unit in (("macs", "MACs", ""), ("memory", "predicted peak", " bytes"))
        if scaling.get(of, {}).get("polynomial")
    ]
    if (seen := scaling.get("latency", {}).get("exponent")) is not None:
        told.append(f"time grows with the size to the power {seen:.2f}, as observed")
    if told or drawn:
        yield Section(f"Growth of {name_of(subject)}", told, code=chart(drawn) if drawn else "")


def _of(row: Row, mode: str, key: str) -> Any:
    return (row.get(mode) or {}).get(key)


def _last(value: float | None) -> float:
    return float("inf") if value is None else value
