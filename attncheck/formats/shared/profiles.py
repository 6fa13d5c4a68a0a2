"""Profiles as a page: what each point costs, how long it takes, and how both grow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from attncheck.formats.page_html.units import count, duration, figures, plain, share, size
from attncheck.formats.shared.charts import chart
from attncheck.page import Page, Section, Table
from attncheck.report import Report, SubjectReport

Row = Mapping[str, Any]

SORTS: dict[str, Callable[[str, Row], Any]] = {
    "name": lambda name, row: name,
    "size": lambda name, row: _last(row.get("size")),
    "parameters": lambda name, row: _last(row.get("parameters")),
    "macs": lambda name, row: _last(row.get("macs")),
    "peak": lambda name, row: _last(row.get("peak_bytes")),
    "latency": lambda name, row: _last(_of(row, "forward", "p10")),
    "throughput": lambda name, row: -(row.get("throughput") or 0),
    "ratio": lambda name, row: _last(_of(row, "forward", "ratio")),
}
"""What rows can be sorted by: the cheapest first."""

_MOST_CHARTS = 4
_MOST_OPERATORS = 8


def profile_page(report: Report, sort: str = "") -> Page:
    """Return the profiles of a report as a page; rows sorted as asked, or as they were measured."""
    subjects = [subject for subject in report.subjects if subject.profile]
    pairs = [(_name(s), row) for s in subjects for row in s.profile.get("rows", [])]
    if sort:
        pairs.sort(key=lambda pair: SORTS[sort](*pair))
    sections = [*_warnings(subjects), *_tables(pairs), *_against(subjects)]
    if len(subjects) == 1 and pairs:
        sections += _operators(pairs[0][1])
    for subject in subjects[:_MOST_CHARTS]:
        sections += _growth(subject)
    sections += _notes(subjects, pairs)
    about = subjects[0].profile if subjects else {}
    title = " · ".join(
        filter(
            None,
            (
                f"Cost and speed on {about.get('device', '?')}",
                str(about.get("device_name", "")),
                f"torch {about.get('torch', '?')}",
                "partial: interrupted" if report.partial else "",
            ),
        )
    )
    return Page(title, sections)


def _tables(pairs: Sequence[tuple[str, Row]]) -> Iterator[Section]:
    if not pairs:
        return
    training = any(row.get("peak_backward_bytes") is not None for _, row in pairs)
    head = ["", "input", "dtype", "parameters", "MACs", "element-wise", "peak"]
    rows = [
        [
            name,
            *_point(row),
            plain(row.get("parameters")),
            plain(row.get("macs")),
            plain(row.get("elementwise")),
            size(row.get("peak_bytes")),
        ]
        for name, row in pairs
    ]
    if training:
        head += ["with backward", "saved"]
        for cells, (_, row) in zip(rows, pairs, strict=True):
            cells += [size(row.get("peak_backward_bytes")), size(row.get("saved_bytes"))]
    yield Section("Cost of one call", table=Table(rows, head))
    timed = [
        (name, row, mode)
        for name, row in pairs
        for mode in ("forward", "backward")
        if row.get(mode) is not None
    ]
    if timed:
        columns = ["", "input", "dtype", "pass", "p10", "median", "between processes", "beside"]
        columns += ["samples/s", "MACs/byte", "roofline", ""]
        yield Section("Time of one call", table=Table([_time(*one) for one in timed], columns))


def _time(name: str, row: Row, mode: str) -> list[str]:
    timing: Row = row[mode]
    interval = timing.get("interval")
    span = "–" if not interval else f"{duration(interval[0])} to {duration(interval[1])}"
    forward = mode == "forward"
    ratio, beside = timing.get("ratio"), timing.get("beside", "")
    named = {"reference": "reference", "fixed workload": "workload"}.get(beside, beside)
    return [
        name,
        *_point(row),
        mode,
        duration(timing.get("p10")),
        duration(timing.get("median")),
        span,
        "–" if ratio is None else f"{figures(ratio)} × {named}",
        count(row.get("throughput")) if forward else "",
        _number(row.get("intensity")) if forward else "",
        share(row.get("roofline")) if forward else "",
        "" if timing.get("status") == "trusted" else f"undecided: {timing.get('why', '')}",
    ]


def _point(row: Row) -> list[str]:
    ways = " compiled" * bool(row.get("compile")) + " channels-last" * bool(
        row.get("channels_last")
    )
    return [str(row.get("input", "")), f"{row.get('dtype', '')}{ways}"]


def _warnings(subjects: Sequence[SubjectReport]) -> Iterator[Section]:
    told = [f"{_name(s)}: {s.profile['warning']}" for s in subjects if s.profile.get("warning")]
    refused = [s for s in subjects if s.profile.get("refused")]
    if refused:
        told.append("--anyway measures them, and marks every figure")
    told += [f"{_name(s)}: {s.profile['disturbed']}" for s in subjects if s.profile["disturbed"]]
    if told:
        yield Section("Warning", told)


def _against(subjects: Sequence[SubjectReport]) -> Iterator[Section]:
    for subject in subjects:
        if not (found := subject.profile.get("against")):
            continue
        rows = []
        for row in found["rows"]:
            interval = row.get("interval")
            span = f"{figures(interval[0])} to {figures(interval[1])}" if interval else "–"
            sure = f"{row['confidence']:.1%} of {len(row['ratios'])} pairs" if interval else ""
            ratio = figures(row["ratio"]) if row["ratio"] else "–"
            told = row["answer"] + (f": {row['why']}" if row.get("why") else "")
            rows.append([*_point(row), row["mode"], ratio, span, sure, told])
        columns = ["input", "dtype", "pass", "ratio", "interval", "confidence", "answer"]
        heading = f"{_name(subject)} against {found['target']}: {found['answer']}"
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
            ("latency", "median", duration),
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
        yield Section(f"Growth of {_name(subject)}", told, code=chart(drawn) if drawn else "")


def _notes(
    subjects: Sequence[SubjectReport], pairs: Sequence[tuple[str, Row]]
) -> Iterator[Section]:
    missing = [
        f"{name} {row.get('input')} {row.get('dtype')}: {row['why']}"
        for name, row in pairs
        if row.get("why")
    ]
    missing += [
        f"{name} {row.get('input')}: no price is known for {', '.join(row['unpriced'])}"
        for name, row in pairs
        if row.get("unpriced")
    ]
    missing += [
        f"{_name(s)}: the counters differ: {s.counts.get('disagreement', '')}"
        for s in subjects
        if s.counts.get("agree") is False
    ]
    if missing:
        yield Section("To know", [*dict.fromkeys(missing)])
    if not pairs:
        return
    about = subjects[0].profile
    told = "one multiply-add = 1 MAC; peak: bytes above inputs and parameters at entry; "
    if about.get("device") == "meta":
        yield Section(paragraphs=[told + "predicted from shapes, kernels' own buffers left out"])
        return
    timings = [row[m] for _, row in pairs for m in ("forward", "backward") if row.get(m)]
    processes = max((len(t.get("processes", [])) for t in timings), default=0)
    sure = max((t.get("confidence", 0) for t in timings), default=0)
    told += (
        f"times: single calls in {processes} fresh processes, {about.get('threads')} "
        f"thread{'s' * (about.get('threads') != 1)} each, in turns with what stands in 'beside'; "
        f"the span between processes holds the true median with {sure:.0%} confidence; "
        "MACs/byte: bytes of parameters, inputs and outputs, each moved once; roofline: share of "
        "what this device did at best just before"
    )
    yield Section(paragraphs=[told])


def _number(value: float | None) -> str:
    return "–" if value is None else figures(value)


def _of(row: Row, mode: str, key: str) -> Any:
    return (row.get(mode) or {}).get(key)


def _last(value: float | None) -> float:
    return float("inf") if value is None else value


def _name(subject: SubjectReport) -> str:
    return f"{subject.spec}@{subject.subject}"
