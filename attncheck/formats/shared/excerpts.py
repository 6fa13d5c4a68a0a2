"""The lines around a finding, with what is marked on them, as the report carries them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from attncheck.data.harmless import one_line
from attncheck.data.report import Finding, Location, SubjectReport

_NEAR = 6
_LONGEST = 12
_MOST_PLACES = 24
_DEFINES = re.compile(r"\s*(?:async\s+)?(?:def|class)\b|\s*@")


@dataclass(frozen=True)
class Line:
    """One line of an excerpt.

    Attributes:
        number: its line in the file; 0 stands for lines left out.
        text: its text, dedented with the others.
        start, end: the marked columns; equal where nothing is marked.
        note: what is said of the marked columns.
    """

    number: int
    text: str
    start: int = 0
    end: int = 0
    note: str = ""


@dataclass(frozen=True)
class Excerpt:
    """Neighbouring lines of one file."""

    path: str
    line: int
    lines: list[Line]


def excerpts(finding: Finding, subject: SubjectReport) -> list[Excerpt]:
    """Return the excerpts of a finding's location and related lines, nearby ones joined.

    No file is read: a place whose lines the subject's report does not hold keeps its notes.

    A location without a note on a ``def`` line says nothing that its line number does not, so it
    gets no lines.
    """
    if finding.location is None:
        return []
    groups: list[list[Location]] = []
    for place in [finding.location, *finding.related[:_MOST_PLACES]]:
        for group in groups:
            near = any(abs(place.line - other.line) <= _NEAR for other in group)
            if place.path == group[0].path and near:
                group.append(place)
                break
        else:
            groups.append([place])
    return [_excerpt(group, lines_of(subject, group[0].path)) for group in groups]


def lines_of(subject: SubjectReport, path: str) -> dict[int, str]:
    """Return the lines of a file that the subject's report holds, by number."""
    return {
        number: text
        for found in subject.excerpts
        if found.path == path
        for number, text in enumerate(found.lines, found.first)
    }


def _excerpt(places: Sequence[Location], source: Mapping[int, str]) -> Excerpt:
    path, line = places[0].path, places[0].line
    marks = {place.line: place for place in reversed(places)}
    if line not in source or _says_nothing(places, source):
        return Excerpt(path, line, [Line(p.line, "", note=p.note) for p in places if p.note])
    wanted = sorted(
        {
            number
            for place in places
            for number in range(place.line - 1, _last(place) + 2)
            if number in source
        }
    )
    wanted = _without_blank_ends(wanted, source, marks)
    if len(wanted) > _LONGEST:
        kept = {n for mark in marks for n in (mark - 1, mark, mark + 1)} | set(wanted[:_LONGEST])
        wanted = [number for number in wanted if number in kept]
    texts = textwrap.dedent(
        "\n".join(one_line(source[n].expandtabs(4).rstrip()) for n in wanted)
    ).split("\n")
    lines: list[Line] = []
    for number, text in zip(wanted, texts, strict=True):
        if lines and number > lines[-1].number + 1:
            lines.append(Line(0, ""))
        lines.append(_marked(number, text, marks.get(number)))
    return Excerpt(path, line, lines)


def _says_nothing(places: Sequence[Location], source: Mapping[int, str]) -> bool:
    only = places[0]
    return len(places) == 1 and not only.note and bool(_DEFINES.match(source[only.line]))


def _last(place: Location) -> int:
    return min(max(place.line, place.end_line), place.line + _LONGEST)


def _without_blank_ends(
    wanted: list[int], source: Mapping[int, str], marks: dict[int, Location]
) -> list[int]:
    while wanted and wanted[0] not in marks and not source[wanted[0]].strip():
        wanted = wanted[1:]
    while wanted and wanted[-1] not in marks and not source[wanted[-1]].strip():
        wanted = wanted[:-1]
    return wanted


def _marked(number: int, text: str, place: Location | None) -> Line:
    """Mark what the note quotes in backticks where the line has it, else the whole statement."""
    if place is None:
        return Line(number, text)
    for quoted in re.findall(r"`([^`]+)`", place.note):
        if (start := text.find(quoted)) >= 0:
            return Line(number, text, start, start + len(quoted), place.note)
    code = re.sub(r"\s+#.*$", "", text)
    start = len(code) - len(code.lstrip())
    start += len("return ") if code[start:].startswith("return ") else 0
    return Line(number, text, start, max(len(code), start + 1), place.note)
