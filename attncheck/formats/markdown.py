"""The report as Markdown: tables and fenced excerpts, ready for a pull request's comment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import UnsetType

from attncheck.data.report import Finding, Report, SubjectReport, Verdict
from attncheck.data.scan import Scan
from attncheck.formats.shared.counting import count_notes, count_rows, counted
from attncheck.formats.shared.excerpts import Excerpt, excerpts
from attncheck.formats.shared.markdown import (
    Markdown,
    code,
    escaped,
    fenced,
    page_blocks,
    table,
)
from attncheck.formats.shared.paths import shown
from attncheck.formats.shared.profiles import has_profiles, profile_page
from attncheck.formats.shared.reach import legend, reach_map
from attncheck.formats.shared.scans import headline, rows
from attncheck.formats.shared.wording import (
    advice,
    by_spec,
    contrast,
    diagnosis,
    heading,
    labels,
    not_for,
    notes,
    open_lines,
    problem_lines,
    summary,
    violations,
    witness,
)

_SIGN = {
    Verdict.CONFORMS: "✓",
    Verdict.VARIANT: "✓",
    Verdict.VIOLATES: "✗",
    Verdict.UNDECIDED: "?",
    Verdict.COUNTED: "#",
}


class MarkdownFormat:
    """The report as GitHub-flavoured Markdown."""

    name = "markdown"
    suffixes = (".md",)

    def render(self, report: Report, *, color: bool, width: int) -> str:
        """Return the report as Markdown; colour and width change nothing."""
        blocks = [] if isinstance(report.scan, UnsetType) else [*_scan(report, report.scan)]
        blocks += [b for subjects in by_spec(report.subjects) for b in _spec(subjects)]
        for problem in report.problems:
            blocks.append(f"### {escaped(f'{problem.spec} {problem.subject}')} was not audited")
            blocks.append(fenced(problem_lines(problem)))
        if has_profiles(report):
            blocks += page_blocks(profile_page(report))
        if report.partial:
            blocks.append("Interrupted: not every claim was tried.")
        return "\n\n".join(blocks) + "\n"


def _scan(report: Report, scan: Scan) -> Iterator[str]:
    """Yield what was looked through, a line for each group, and what could not be read."""
    found = rows(report, scan)
    yield f"## {escaped(headline(scan, found))}"
    if found:
        lines = [
            [
                Markdown(f"{_SIGN[row.verdict]} **{row.word}**") if row.verdict else row.word,
                row.name,
                row.mechanism,
                Markdown(code(row.place)),
                row.said,
            ]
            for row in found
        ]
        yield table(["verdict", "class", "mechanism", "look at", ""], lines)
    if scan.unread:
        yield "\n".join(f"- {code(one.place)} {escaped(one.what)}" for one in scan.unread)


def _spec(subjects: Sequence[SubjectReport]) -> Iterator[str]:
    yield f"## {escaped(' · '.join(heading(subjects[0])))}"
    rows = []
    for label, subject in zip(labels(subjects), subjects, strict=True):
        said = "; ".join(part for part in (summary(subject), diagnosis(subject)) if part)
        verdict = Markdown(f"{_SIGN[subject.verdict]} **{subject.verdict.value}**")
        rows.append([label, verdict, said])
    yield table(["subject", "verdict", ""], rows)
    for subject in subjects:
        yield from _subject(subject)
    if counts := count_rows(subjects):
        names = labels(subject for subject, _ in counted(subjects))
        yield table(["counts", *names], [[label, *cells] for label, cells in counts], numbers=True)
        yield "\n".join(f"- {escaped(note)}" for note in count_notes(subjects))


def _subject(subject: SubjectReport) -> Iterator[str]:
    broken, undecided, told = violations(subject), open_lines(subject), advice(subject)
    if not (broken or undecided or told or not_for(subject)):
        return
    yield f"### {escaped(subject.subject)} · {code(shown(subject.target))}"
    for finding in broken:
        yield from _violation(subject, finding)
    if undecided:
        yield table(["not decided", "why"], [[f.claim, f.message] for f in undecided])
    if told:
        yield table(["to know of, no fault", ""], [[f.claim, f.message] for f in told])
    if said := notes(subject):
        yield "\n".join(f"- {escaped(note)}" for note in said)


def _violation(subject: SubjectReport, finding: Finding) -> Iterator[str]:
    yield f"#### ✗ {escaped(finding.claim)}"
    if finding.message:
        yield escaped(finding.message)
    if pairs := contrast(finding):
        yield "\n".join(f"- {label}: {escaped(text)}" for label, text in pairs)
    if (found := reach_map(finding.evidence)) is not None:
        heads = f"claimed: {found.claimed_count}", f"seen: {found.seen_count}"
        wide = max(2 * len(found.claimed[0]), len(heads[0])) + 3
        lines = [heads[0].ljust(wide) + heads[1]]
        for left, right in zip(found.claimed, found.seen, strict=True):
            cells = [" ".join(cell.value for cell in row) for row in (left, right)]
            lines.append(cells[0].ljust(wide) + cells[1])
        yield fenced([*lines, "", *(f"{cell.value} {said}" for cell, said in legend(found))])
    for excerpt in excerpts(finding, subject):
        yield from _excerpt(excerpt)
    if said := witness(finding):
        yield f"<sub>{escaped(said)}</sub>"


def _excerpt(excerpt: Excerpt) -> Iterator[str]:
    yield code(f"{shown(excerpt.path)}:{excerpt.line}")
    lines: list[str] = []
    for line in excerpt.lines:
        if not line.number:
            lines.append("    …")
            continue
        lines.append(f"{line.number:>4} │ {line.text}".rstrip())
        if line.end > line.start or line.note:
            marks = " " * line.start + "─" * (line.end - line.start)
            lines.append(f"     │ {marks}  {line.note}".rstrip())
    if lines:
        yield fenced(lines)


FORMAT = MarkdownFormat()
