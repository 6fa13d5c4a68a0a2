"""Draw one violation: the claim, what was expected and seen, where, and how to see it again."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from rich.text import Text

from attncheck.data.report import Finding, SubjectReport
from attncheck.formats.shared.excerpts import Excerpt, Line, excerpts
from attncheck.formats.shared.paths import shown
from attncheck.formats.shared.reach import reach_map
from attncheck.formats.shared.wording import contrast, witness
from attncheck.formats.terminal.maps import draw_map
from attncheck.formats.terminal.signs import NAME, QUIET, SIGN

INDENT = 4


class Violations:
    """Draws violations of one subject; source that was shown once is named from then on."""

    def __init__(self, subject: SubjectReport, names: int, width: int) -> None:
        self._subject = subject
        self._names = names
        self._width = width
        self._shown: set[tuple[str, tuple[object, ...]]] = set()

    def draw(self, finding: Finding) -> Iterator[Text]:
        """Yield the lines of one violation."""
        yield from entry(finding, self._names, self._width)
        margin = Text(" " * INDENT)
        for label, text in contrast(finding):
            for number, line in enumerate(textwrap.wrap(text, self._width - INDENT - 10)):
                head = f"{'' if number else label:<10}"
                yield margin + Text(head, QUIET) + Text(line)
        if (found := reach_map(finding.evidence)) is not None:
            yield from draw_map(found, INDENT + 2, self._width)
        for excerpt in excerpts(finding, self._subject):
            yield from self._excerpt(excerpt)
        if said := witness(finding):
            for line in textwrap.wrap(said, self._width - INDENT, break_on_hyphens=False):
                yield margin + Text(line, QUIET)

    def _excerpt(self, excerpt: Excerpt) -> Iterator[Text]:
        key = (excerpt.path, tuple(excerpt.lines))
        if excerpt.lines and key in self._shown:
            place = f"{shown(excerpt.path)}:{excerpt.line}"
            yield Text(f"{' ' * (INDENT + 2)}{place}, shown above", QUIET)
            return
        self._shown.add(key)
        yield from draw_excerpt(excerpt, self._width)


def entry(finding: Finding, names: int, width: int) -> Iterator[Text]:
    """Yield ``✗ claim  message``, the message wrapped beside the name or, if long, below it."""
    sign, style = SIGN[finding.status]
    head = Text(f"  {sign} ", style) + Text(finding.claim.ljust(names), NAME)
    message = " ".join(finding.message.split())
    beside = INDENT + names + 2
    if len(finding.claim) > names or width - beside < 30:
        yield head
        beside, rest = INDENT, textwrap.wrap(message, width - INDENT)
    else:
        first, *rest = textwrap.wrap(message, width - beside) or [""]
        yield head + Text(f"  {first}")
    for line in rest:
        yield Text(" " * beside + line)


_INDENT = 6
_NARROWEST_NOTE = 28


def draw_excerpt(excerpt: Excerpt, width: int) -> Iterator[Text]:
    """Yield the excerpt's lines, none wider than ``width``; its place alone without lines."""
    digits = max([len(str(line.number)) for line in excerpt.lines] or [1])
    yield Text(f"{' ' * _INDENT}{shown(excerpt.path)}:{excerpt.line}", QUIET)
    for line in excerpt.lines:
        yield from _line(line, digits, width)


def _line(line: Line, digits: int, width: int) -> Iterator[Text]:
    margin = " " * (_INDENT + digits)
    room = width - _INDENT - digits - 3
    if not line.number:
        yield Text(f"{margin[:-1]}⋮", QUIET)
        return
    text = line.text if len(line.text) <= room else line.text[: room - 1] + "…"
    numbered = Text(f"{line.number:>{digits}} │ ".rjust(_INDENT + digits + 3), QUIET)
    if not line.text and line.note:
        first, *rest = textwrap.wrap(line.note, max(room, 20)) or [""]
        yield numbered + Text(first, "red")
        for more in rest:
            yield Text(f"{margin} │ ", QUIET) + Text(more, "red")
        return
    yield numbered + Text(text)
    if line.start == line.end and not line.note:
        return
    start, end = min(line.start, room - 1), min(line.end, room)
    underline = "─" * (end - start)
    beside = room - end - 2
    bar = Text(f"{margin} │ ", QUIET)
    if beside >= min(_NARROWEST_NOTE, len(line.note)):
        first, *rest = textwrap.wrap(line.note, max(beside, 1)) or [""]
        yield bar + Text(" " * start) + Text(underline, "red") + Text(f"  {first}", "red")
        for more in rest:
            yield bar + Text(" " * (end + 2) + more, "red")
        return
    yield bar + Text(" " * start) + Text(underline, "red")
    for more in textwrap.wrap(line.note, max(room, 20)):
        yield bar + Text(more, "red")
