"""Draw one violation: the claim, what was expected and seen, where, and how to see it again."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from rich.text import Text

from attncheck.data.report import Finding, SubjectReport
from attncheck.formats.shared.excerpts import Excerpt, excerpts
from attncheck.formats.shared.paths import shown
from attncheck.formats.shared.reach import reach_map
from attncheck.formats.shared.wording import contrast, witness
from attncheck.formats.terminal.excerpt import draw_excerpt
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
