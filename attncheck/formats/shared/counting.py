"""The counts of several subjects as rows of a table. One multiply-add is one MAC."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import UNSET

from attncheck.data.counts import Counts, known
from attncheck.data.report import SubjectReport

_ROWS = (
    ("parameters", "parameters"),
    ("macs", "MACs"),
    ("elementwise", "element-wise operations"),
)


def counted(subjects: Iterable[SubjectReport]) -> list[tuple[SubjectReport, Counts]]:
    """Return the subjects that have counts, with them."""
    return [(subject, subject.counts) for subject in subjects if subject.counts is not None]


def count_rows(subjects: Sequence[SubjectReport]) -> list[tuple[str, list[str]]]:
    """Return label and one cell per counted subject; nothing where nothing was counted."""
    every = [counts for _, counts in counted(subjects)]
    rows: list[tuple[str, list[str]]] = []
    for key, label in _ROWS:
        if any(getattr(counts, key) is not UNSET for counts in every):
            rows.append((label, [_cell(getattr(c, key), c, key) for c in every]))
    return rows


def _cell(value: object, counts: Counts, key: str) -> str:
    if not isinstance(value, int | float):
        return "–"
    sure = counts.agree is not False or key != "macs"
    return f"{value:,.0f}" if sure else f"{value:,.0f} ?"


def count_notes(subjects: Sequence[SubjectReport]) -> list[str]:
    """Return what a reader of the table must know: unit, case, and what is not settled."""
    every = [(subject.subject, counts, _case(subject)) for subject, counts in counted(subjects)]
    cases = {case for _, _, case in every}
    if not every:
        return []
    notes = ["one multiply-add = 1 MAC; element-wise work is counted apart"]
    if len(cases) == 1 and (case := cases.pop()):
        notes[0] += f"; for one call at {case}"
    elif len(cases) > 1:
        notes += [f"{name}: one call at {case}" for name, _, case in every]
    for name, counts, _ in every:
        if unpriced := known(counts.unpriced):
            notes.append(f"{name}: operators without a price: {', '.join(unpriced)}")
        if error := known(counts.error):
            notes.append(f"{name}: not counted: {error}")
        said = known(counts.disagreement) or known(counts.unavailable)
        if said and counts.agree is False:
            notes.append(f"{name}: MACs not settled: {said}")
        elif said:
            notes.append(f"{name}: counted once only: {said}")
    return notes


def _case(subject: SubjectReport) -> str:
    dims = (subject.counts and known(subject.counts.dims)) or subject.dims
    return " ".join(f"{name}={size}" for name, size in dims.items())
