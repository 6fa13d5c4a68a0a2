"""Draw a source excerpt: numbered lines, the marked columns underlined, the note beside them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from rich.text import Text

from attncheck.formats.shared.excerpts import Excerpt, Line
from attncheck.formats.shared.paths import shown
from attncheck.formats.terminal.signs import QUIET

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
