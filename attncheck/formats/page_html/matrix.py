"""The verdict table: a row per subject, a column per claim, what is wrong first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from attncheck.data.report import Finding, Status, SubjectReport, Verdict
from attncheck.formats.page_html.names import Names

SIGN = {
    "violated": "✗",
    "undecided": "?",
    "error": "!",
    "advice": "i",
    "holds": "✓",
    "skipped": "–",
}
MEANING = {
    "violated": "violated",
    "undecided": "not decided",
    "error": "the probe broke",
    "advice": "to know of, no fault",
    "holds": "holds",
    "skipped": "not tried",
}
_LETTER = {name: name[0] for name in SIGN}
_WEIGHT = {"violated": 1_000_000, "error": 1_000, "undecided": 1_000, "advice": 1}
_WORST = (Verdict.VIOLATES, Verdict.UNDECIDED, Verdict.VARIANT, Verdict.CONFORMS, Verdict.COUNTED)


def said_of(finding: Finding) -> str:
    """Return what the table shows of a finding: a status, or ``advice``."""
    if finding.advice and finding.status is Status.VIOLATED:
        return "advice"
    return finding.status.value


@dataclass(frozen=True)
class Column:
    """One claim: its number of violations, and whether all is quiet in it."""

    claim: str
    broken: int
    quiet: bool


@dataclass(frozen=True)
class MatrixLine:
    """One subject's row; ``cells`` are its ``td`` elements, in the order of the columns."""

    name: str
    subject: SubjectReport
    broken: int
    undecided: int
    held: int
    cells: Markup


@dataclass(frozen=True)
class Matrix:
    """The whole table; ``loud`` says whether any column is not quiet."""

    columns: list[Column]
    lines: list[MatrixLine]
    loud: bool

    @property
    def height(self) -> float:
        """Room for the longest claim, written upwards; in the width of the text's size."""
        return _room(column.claim for column in self.columns)

    @property
    def loud_height(self) -> float:
        """The same where quiet columns are left out."""
        return _room(column.claim for column in self.columns if not column.quiet)


def _room(claims: Iterable[str]) -> float:
    longest = max((len(claim) for claim in claims), default=0)
    return min(max(round(0.44 * longest + 1.2, 1), 4.0), 10.5)


def named(subjects: Iterable[SubjectReport], names: Names) -> list[tuple[str, SubjectReport]]:
    """Return the subjects with an id each, those that violate first, otherwise in their order."""
    ordered = sorted(subjects, key=lambda subject: _WORST.index(subject.verdict))
    return [(names.new(subject.spec, subject.subject), subject) for subject in ordered]


def matrix(
    subjects: Sequence[tuple[str, SubjectReport]], places: Mapping[tuple[str, str], str]
) -> Matrix:
    """Return the table of these subjects, claims with most violations first.

    Args:
        subjects: each with its id.
        places: (subject's id, claim) -> id of what the page says of it; else the subject's.
    """
    columns = _columns([subject for _, subject in subjects])
    return Matrix(
        columns,
        [_line(name, subject, columns, places) for name, subject in subjects],
        any(not column.quiet for column in columns),
    )


def _columns(subjects: Sequence[SubjectReport]) -> list[Column]:
    weights: dict[str, int] = {}
    broken: Counter[str] = Counter()
    for subject in subjects:
        for finding in subject.findings:
            said = said_of(finding)
            weights[finding.claim] = weights.get(finding.claim, 0) + _WEIGHT.get(said, 0)
            broken[finding.claim] += said == "violated"
    loudest_first = sorted(weights, key=lambda claim: -weights[claim])
    return [Column(claim, broken[claim], weights[claim] == 0) for claim in loudest_first]


def _line(
    name: str,
    subject: SubjectReport,
    columns: Sequence[Column],
    places: Mapping[tuple[str, str], str],
) -> MatrixLine:
    by_claim = {finding.claim: finding for finding in subject.findings}
    said = Counter(said_of(finding) for finding in subject.findings)
    return MatrixLine(
        name,
        subject,
        broken=said["violated"],
        undecided=said["undecided"] + said["error"],
        held=said["holds"],
        cells=Markup("").join(
            _cell(places.get((name, c.claim), name), by_claim.get(c.claim), c) for c in columns
        ),
    )


def _cell(place: str, finding: Finding | None, column: Column) -> Markup:
    quiet = " q" if column.quiet else ""
    if finding is None:
        return Markup(f'<td role="cell" class="n{quiet}"></td>')
    said = said_of(finding)
    sign, class_ = SIGN[said], f"{_LETTER[said]}{quiet}"
    if said in ("holds", "skipped"):
        return Markup(f'<td role="cell" class="{class_}">{sign}</td>')
    full = " ".join(f"{finding.claim}: {MEANING[said]}. {finding.message}".split())
    short = full if len(full) <= 200 else full[:199] + "…"
    return Markup(
        f'<td role="cell" class="{class_}"><a href="#{place}" title="{escape(short)}" '
        f'aria-label="{escape(column.claim)}: {MEANING[said]}">{sign}</a></td>'
    )
