"""The counts of several subjects as rows of a table. One multiply-add is one MAC."""

from __future__ import annotations

from collections.abc import Sequence

from attncheck.data.report import SubjectReport

_ROWS = (
    ("parameters", "parameters"),
    ("macs", "MACs"),
    ("other_ops", "element-wise operations"),
)


def count_rows(subjects: Sequence[SubjectReport]) -> list[tuple[str, list[str]]]:
    """Return label and one cell per counted subject; nothing where nothing was counted."""
    counted = [subject for subject in subjects if subject.counts]
    rows: list[tuple[str, list[str]]] = []
    for key, label in _ROWS:
        if any(key in subject.counts for subject in counted):
            rows.append((label, [_cell(s.counts.get(key), s, key) for s in counted]))
    return rows


def _cell(value: object, subject: SubjectReport, key: str) -> str:
    if not isinstance(value, int | float):
        return "–"
    sure = subject.counts.get("agree") is not False or key != "macs"
    return f"{value:,.0f}" if sure else f"{value:,.0f} ?"


def count_notes(subjects: Sequence[SubjectReport]) -> list[str]:
    """Return what a reader of the table must know: unit, case, and what is not settled."""
    counted = [subject for subject in subjects if subject.counts]
    cases = {_case(subject) for subject in counted}
    if not counted:
        return []
    notes = ["one multiply-add = 1 MAC; element-wise work is counted apart"]
    if len(cases) == 1 and (case := cases.pop()):
        notes[0] += f"; for one call at {case}"
    elif len(cases) > 1:
        notes += [f"{subject.subject}: one call at {_case(subject)}" for subject in counted]
    for subject in counted:
        if unpriced := subject.counts.get("unpriced"):
            names = ", ".join(map(str, unpriced))
            notes.append(f"{subject.subject}: operators without a price: {names}")
        if error := subject.counts.get("error"):
            notes.append(f"{subject.subject}: not counted: {error}")
        said = subject.counts.get("disagreement") or subject.counts.get("unavailable")
        if said and subject.counts.get("agree") is False:
            notes.append(f"{subject.subject}: MACs not settled: {said}")
        elif said:
            notes.append(f"{subject.subject}: counted once only: {said}")
    return notes


def _case(subject: SubjectReport) -> str:
    dims = subject.counts.get("dims") or subject.dims
    return " ".join(f"{name}={size}" for name, size in dims.items())
