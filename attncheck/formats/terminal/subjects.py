"""Draw what is to be said of one subject below its verdict; nothing where all is well."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from rich.console import RenderableType
from rich.text import Text

from attncheck.data.report import Finding, SubjectReport
from attncheck.formats.shared.paths import shown
from attncheck.formats.shared.wording import (
    advice,
    not_for,
    notes,
    open_lines,
    violations,
)
from attncheck.formats.terminal.signs import HEADING, QUIET, SIGN
from attncheck.formats.terminal.violation import Violations, entry

_LONGEST_NAME = 20


def subject_parts(subject: SubjectReport, width: int, *, alone: bool) -> Iterator[RenderableType]:
    """Yield the subject's section; ``alone`` also says how a conforming one was called."""
    broken, undecided, told = violations(subject), open_lines(subject), advice(subject)
    conforms = subject.verdict.passes
    if not (broken or undecided or told or (alone and subject.notes)):
        return
    yield ""
    yield Text(f"{subject.subject} · {shown(subject.target)}", HEADING, overflow="fold")
    names = _name_width([*broken, *undecided, *told])
    lines = Violations(subject, names, width)
    for finding in broken:
        yield ""
        yield from lines.draw(finding)
    yield from _list("not decided", undecided, names, width)
    yield from _list("to know of, no fault", told, names, width)
    if not conforms or alone:
        yield from _asides(subject, width)


def _name_width(findings: Iterable[Finding]) -> int:
    widths = [len(f.claim) for f in findings if len(f.claim) <= _LONGEST_NAME]
    return max(widths, default=_LONGEST_NAME)


def _list(
    heading: str, findings: list[Finding], names: int, width: int
) -> Iterator[RenderableType]:
    if findings:
        yield ""
        yield Text(f"  {heading}", QUIET)
    for finding in findings:
        sign = "·" if finding.advice else None
        for number, line in enumerate(entry(finding, names, width)):
            if sign and not number:
                line = Text(f"  {sign} ", QUIET) + line[len(f"  {SIGN[finding.status][0]} ") :]
            yield line


def _asides(subject: SubjectReport, width: int) -> Iterator[RenderableType]:
    """Yield how the subject was built and called, and what was not tried and why."""
    limits = not_for(subject)  # stands beside the verdict
    said = [note for note in notes(subject) if note != limits]
    if said:
        yield ""
    for text in said:
        for line in textwrap.wrap(text, width - 2, subsequent_indent="  "):
            yield Text(f"  {line}", QUIET)
