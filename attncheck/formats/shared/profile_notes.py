"""What a reader of a profile must know: doubts, gaps, units and conventions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attncheck.data.counts import known
from attncheck.data.page import Section
from attncheck.data.profile import Profile, Row
from attncheck.data.report import SubjectReport
from attncheck.formats.shared.counting import counted

_MOST_NOTES = 40


def notes(
    subjects: Sequence[tuple[SubjectReport, Profile]], pairs: Sequence[tuple[str, Row]]
) -> Iterator[Section]:
    """Yield what is doubtful, claimed by papers, missing, and the conventions of all figures."""
    doubts = [
        f"{name} {row.input} {mode}: {timing.why}"
        for name, row in pairs
        for mode, timing in row.timed
        if timing.status == "undecided"
    ]
    if doubts:
        yield Section("Undecided times (marked ?)", [*dict.fromkeys(doubts)][:_MOST_NOTES])
    claimed = [
        f"{name_of(s)}: {finding.message}"
        + (f"; the paper: {finding.source}" if finding.source else "")
        for s, _ in subjects
        for finding in s.findings
        if finding.evidence.get("mechanism") and finding.message
    ]
    if claimed:
        yield Section("Beside the paper", claimed[:_MOST_NOTES])
    missing = [f"{name} {row.input} {row.dtype}: {row.why}" for name, row in pairs if row.why]
    missing += [
        f"{name} {row.input}: no price is known for {', '.join(row.unpriced)}"
        for name, row in pairs
        if row.unpriced
    ]
    missing += [
        f"{name_of(s)}: the counters differ: {known(counts.disagreement) or ''}"
        for s, counts in counted([s for s, _ in subjects])
        if counts.agree is False
    ]
    if missing:
        yield Section("To know", [*dict.fromkeys(missing)][:_MOST_NOTES])
    if pairs:
        yield Section(paragraphs=[_conventions(subjects[0][1], [row for _, row in pairs])])


def _conventions(about: Profile, rows: Sequence[Row]) -> str:
    """Return units and conventions, and what was left out of the tables as the same for all."""
    dtypes = {row.dtype for row in rows}
    told = [
        f"all in {dtypes.pop()}" if len(dtypes) == 1 else "",
        "one multiply-add = 1 MAC",
        "MACs/byte: parameters, inputs and outputs moved once",
        "peak: bytes above inputs and parameters"
        + (", kernels' own buffers left out" if about.device == "meta" else ""),
    ]
    timings = [timing for row in rows for _, timing in row.timed]
    if timings:
        processes = max(len(t.processes) for t in timings)
        sure = max(t.confidence for t in timings)
        threads = about.threads
        beside = sorted({t.beside for t in timings if t.beside})
        told += [
            f"times: single calls in {processes} fresh process{'es' * (processes != 1)}, "
            f"{threads} thread{'s' * (threads != 1)} each, evaluation mode",
            "quickest: of all calls; what comes out most alike another day, and what samples/s and "
            "roofline are of",
            _ratio(" or ".join(beside), about.against is not None) if beside else "",
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
