"""What a reader of a profile must know: doubts, gaps, units and conventions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attncheck.data.counts import known
from attncheck.data.page import Section
from attncheck.data.report import SubjectReport
from attncheck.formats.shared.counting import counted

Row = Mapping[str, Any]

_MOST_NOTES = 40


def notes(subjects: Sequence[SubjectReport], pairs: Sequence[tuple[str, Row]]) -> Iterator[Section]:
    """Yield what is doubtful, claimed by papers, missing, and the conventions of all figures."""
    doubts = [
        f"{name} {row.get('input')} {mode}: {row[mode].get('why', '')}"
        for name, row in pairs
        for mode in ("forward", "backward")
        if (row.get(mode) or {}).get("status") == "undecided"
    ]
    if doubts:
        yield Section("Undecided times (marked ?)", [*dict.fromkeys(doubts)][:_MOST_NOTES])
    claimed = [
        f"{name_of(s)}: {finding.message}"
        + (f"; the paper: {finding.source}" if finding.source else "")
        for s in subjects
        for finding in s.findings
        if finding.evidence.get("mechanism") and finding.message
    ]
    if claimed:
        yield Section("Beside the paper", claimed[:_MOST_NOTES])
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
        f"{name_of(s)}: the counters differ: {known(counts.disagreement) or ''}"
        for s, counts in counted(subjects)
        if counts.agree is False
    ]
    if missing:
        yield Section("To know", [*dict.fromkeys(missing)][:_MOST_NOTES])
    if pairs:
        yield Section(paragraphs=[_conventions(subjects[0].profile, [row for _, row in pairs])])


def _conventions(about: Mapping[str, Any], rows: Sequence[Row]) -> str:
    """Return units and conventions, and what was left out of the tables as the same for all."""
    dtypes = {str(row.get("dtype")) for row in rows}
    told = [
        f"all in {dtypes.pop()}" if len(dtypes) == 1 else "",
        "one multiply-add = 1 MAC",
        "MACs/byte: parameters, inputs and outputs moved once",
        "peak: bytes above inputs and parameters"
        + (", kernels' own buffers left out" if about.get("device") == "meta" else ""),
    ]
    timings = [row[m] for row in rows for m in ("forward", "backward") if row.get(m)]
    if timings:
        processes = max(len(t.get("processes", [])) for t in timings)
        sure = max(t.get("confidence", 0) for t in timings)
        threads = about.get("threads")
        beside = sorted({t["beside"] for t in timings if t.get("beside")})
        told += [
            f"times: single calls in {processes} fresh process{'es' * (processes != 1)}, "
            f"{threads} thread{'s' * (threads != 1)} each, evaluation mode",
            "quickest: of all calls; what comes out most alike another day, and what samples/s and "
            "roofline are of",
            _ratio(" or ".join(beside), bool(about.get("against"))) if beside else "",
            f"between processes: holds the true median with {sure:.0%} confidence" if sure else "",
            "roofline: share of the best product and copy that this device did just before",
        ]
    return "; ".join(filter(None, told))


def _ratio(beside: str, pairs: bool) -> str:
    if pairs:
        return f"ratio: to {beside}, the median over the turns of two processes"
    return f"ratio: quickest hundredth to that of the {beside}, timed between"


def name_of(subject: SubjectReport) -> str:
    """Return ``gam@article``; of a reference, the spec alone."""
    return subject.spec if subject.subject == "reference" else f"{subject.spec}@{subject.subject}"
